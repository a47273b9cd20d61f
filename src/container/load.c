/* SPDX-License-Identifier: Apache-2.0 */
/* From an image to an instance: manifest, module, imports, memory. */
#include "container/container.h"

#include "base/assert.h"
#include "base/text.h"
#include "container/checkpoint.h"
#include "container/internal.h"

#include <string.h>

static struct tomte_wasm_config instance_config(const struct tomte_manifest *m,
                                                struct tomte_container *c);
static enum tomte_err check_imports(struct tomte_container *c);
static enum tomte_err find_entry(struct tomte_container *c);

/* "import wasi_snapshot_preview1.fd_write: nobody offers it" */
static enum tomte_err fail_named(struct tomte_container *c, enum tomte_err err,
                                 const char *before, struct tomte_span name,
                                 const char *after)
{
    struct tomte_text t;
    c->state = TOMTE_CONTAINER_FAILED;
    tomte_text_init(&t, c->reason, sizeof(c->reason));
    tomte_text_str(&t, before);
    tomte_text_span(&t, name);
    tomte_text_str(&t, after);
    return err;
}

static enum tomte_err fail_wasm(struct tomte_container *c, const char *what,
                                const struct tomte_wasm_error *error)
{
    struct tomte_text t;
    c->state = TOMTE_CONTAINER_FAILED;
    tomte_text_init(&t, c->reason, sizeof(c->reason));
    tomte_text_str(&t, what);
    tomte_text_str(&t, ": ");
    tomte_text_str(&t, error->what);
    tomte_text_str(&t, " at byte ");
    tomte_text_u64(&t, error->offset);
    return error->err;
}

static enum tomte_err load_manifest(struct tomte_container *c,
                                    struct tomte_span bytes)
{
    struct tomte_manifest_report report;
    c->work = tomte_arena_take(c->config.arena, sizeof(*c->work),
                               _Alignof(struct tomte_container_work));
    if (c->work == NULL)
        return container_fail(c, TOMTE_ERR_NO_MEMORY, "no memory", NULL);
    enum tomte_err err =
        tomte_manifest_decode(bytes, &c->work->manifest, &report);
    if (err != TOMTE_OK)
        return container_fail(c, err, "manifest", report.text);
    return TOMTE_OK;
}

static enum tomte_err load_module(struct tomte_container *c,
                                  struct tomte_span bytes)
{
    struct tomte_wasm_error error = {0};
    struct tomte_wasm_config config = instance_config(&c->work->manifest, c);
    enum tomte_err err = tomte_wasm_load(bytes, c->config.wasm_limits,
                                         c->config.arena, &c->module, &error);
    if (err != TOMTE_OK)
        return fail_wasm(c, "module", &error);
    err = check_imports(c);
    if (err == TOMTE_OK)
        err = find_entry(c);
    if (err != TOMTE_OK)
        return err;
    err = tomte_wasm_instantiate(c->module, &config, c->config.arena,
                                 &c->instance, &error);
    return err == TOMTE_OK ? err : fail_wasm(c, "module", &error);
}

enum tomte_err tomte_container_load(struct tomte_container *c,
                                    struct tomte_span bytes)
{
    struct tomte_image image;
    if (c->state != TOMTE_CONTAINER_EMPTY)
        return TOMTE_ERR_STATE;
    enum tomte_err err = tomte_image_open(bytes, &image);
    if (err != TOMTE_OK)
        return container_fail(c, err, "image", tomte_err_text(err));
    err = load_manifest(c, image.manifest);
    if (err == TOMTE_OK)
        err = load_module(c, image.module);
    if (err != TOMTE_OK)
        return err;
    tomte_image_digest(c->config.crypto, bytes, c->digest);
    c->state = TOMTE_CONTAINER_LOADED;
    return TOMTE_OK;
}

/* ---- memory ------------------------------------------------------------ */

static struct tomte_wasm_config instance_config(const struct tomte_manifest *m,
                                                struct tomte_container *c)
{
    return (struct tomte_wasm_config){
        .stack_bytes = m->stack_bytes,
        .call_depth = m->stack_bytes / CONTAINER_FRAME_BYTES,
        .memory_bytes = m->memory_bytes,
        .table_entries = CONTAINER_TABLE_ENTRIES,
        .user = c,
        .host = container_host,
        .host_count = container_host_len,
    };
}

/* What aligning three things in an arena may cost: work, module, instance. */
#define ALIGN_BYTES (3 * 16)

/* A bound of what a checkpoint of this instance takes, without the node part:
 * a snapshot holds what the instance does, and a head for each run of bytes. */
static size_t checkpoint_bytes(size_t instance_bytes)
{
    return instance_bytes + instance_bytes / 8 + TOMTE_CHECKPOINT_BODY_BYTES +
           TOMTE_CHECKPOINT_HEAD_BYTES + 1024;
}

/* What the engine borrows while it checks the frames of a snapshot: as much as
 * for validating a function, and the frames (see tomte_wasm_restore). */
static size_t check_bytes(const struct tomte_wasm_limits *limits,
                          const struct tomte_manifest *m)
{
    return (limits->block_depth + 1u) * 32u + limits->frame_slots + 1u +
           2u * m->stack_bytes + ALIGN_BYTES;
}

static enum tomte_err measure(const struct tomte_image *image,
                              const struct tomte_wasm_limits *limits,
                              struct tomte_manifest *m,
                              struct tomte_arena *scratch, size_t *arena_bytes,
                              size_t *scratch_bytes)
{
    const struct tomte_wasm_module *module;
    enum tomte_err err = tomte_manifest_decode(image->manifest, m, NULL);
    size_t mark = tomte_arena_mark(scratch);
    if (err == TOMTE_OK)
        err = tomte_wasm_load(image->module, limits, scratch, &module, NULL);
    if (err != TOMTE_OK)
        return err;
    struct tomte_wasm_config config = instance_config(m, NULL);
    uint64_t instance = tomte_wasm_instance_bytes(module, &config);
    size_t tables = tomte_arena_mark(scratch) - mark;
    if (instance > SIZE_MAX / 4)
        return TOMTE_ERR_NO_MEMORY;
    *arena_bytes = sizeof(struct tomte_container_work) + tables +
                   (size_t)instance + ALIGN_BYTES;
    if (m->durability == TOMTE_DURABILITY_NONE)
        *arena_bytes += m->log_bytes_max;
    *scratch_bytes =
        checkpoint_bytes((size_t)instance) + check_bytes(limits, m);
    return TOMTE_OK;
}

enum tomte_err tomte_container_memory(struct tomte_span bytes,
                                      const struct tomte_wasm_limits *limits,
                                      struct tomte_arena *scratch,
                                      size_t *arena_bytes,
                                      size_t *scratch_bytes)
{
    struct tomte_image image;
    enum tomte_err err = tomte_image_open(bytes, &image);
    if (err != TOMTE_OK)
        return err;
    size_t mark = tomte_arena_mark(scratch);
    struct tomte_manifest *m =
        tomte_arena_take(scratch, sizeof(*m), _Alignof(struct tomte_manifest));
    err = m == NULL
              ? TOMTE_ERR_NO_MEMORY
              : measure(&image, limits, m, scratch, arena_bytes, scratch_bytes);
    tomte_arena_release(scratch, mark);
    return err;
}

/* ---- imports and exports ----------------------------------------------- */

static bool list_matches(struct tomte_span valtypes, const char *letters,
                         size_t len)
{
    static const char known[] = "iIfF"; /* 0x7f downwards, section 5.3.1 */
    if (valtypes.len != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned kind = 0x7fu - valtypes.data[i];
        if (kind >= sizeof(known) - 1 || known[kind] != letters[i])
            return false;
    }
    return true;
}

/* `letters` as in struct tomte_wasm_host_func: "iI:i". */
bool container_type_matches(struct tomte_wasm_type type, const char *letters)
{
    size_t params = 0;
    while (letters[params] != ':')
        params++;
    const char *results = letters + params + 1;
    return list_matches(type.params, letters, params) &&
           list_matches(type.results, results, strlen(results));
}

static const struct tomte_wasm_host_func *
find_host(const struct tomte_wasm_import *import)
{
    if (!tomte_span_equal(import->module, TOMTE_SPAN_LIT(TOMTE_ABI_MODULE)))
        return NULL;
    for (size_t i = 0; i < container_host_len; i++)
        if (tomte_span_equal(import->name,
                             tomte_span_str(container_host[i].name)))
            return &container_host[i];
    return NULL;
}

static enum tomte_err check_import(struct tomte_container *c,
                                   const struct tomte_wasm_import *import)
{
    char name[64];
    struct tomte_text t;
    tomte_text_init(&t, name, sizeof(name));
    tomte_text_span(&t, import->module);
    tomte_text_char(&t, '.');
    tomte_text_span(&t, import->name);
    struct tomte_span full = TOMTE_SPAN(name, t.len);
    const struct tomte_wasm_host_func *host = find_host(import);
    if (host == NULL || import->kind != TOMTE_WASM_FUNC)
        return fail_named(c, TOMTE_ERR_UNKNOWN, "import ", full,
                          ": not offered");
    if (!container_type_matches(tomte_wasm_func_type(c->module, import->index),
                                host->type))
        return fail_named(c, TOMTE_ERR_TYPE, "import ", full,
                          ": of another type");
    return TOMTE_OK;
}

static enum tomte_err check_imports(struct tomte_container *c)
{
    struct tomte_wasm_import import;
    for (uint32_t i = 0; tomte_wasm_import_at(c->module, i, &import); i++) {
        enum tomte_err err = check_import(c, &import);
        if (err != TOMTE_OK)
            return err;
    }
    return TOMTE_OK;
}

/* A reactor exports tomte_event, a plain loop _start; not both. */
static enum tomte_err find_entry(struct tomte_container *c)
{
    struct tomte_wasm_export reactor;
    struct tomte_wasm_export loop;
    bool has_reactor = tomte_wasm_export_find(
        c->module, TOMTE_SPAN_LIT("tomte_event"), &reactor);
    bool has_loop =
        tomte_wasm_export_find(c->module, TOMTE_SPAN_LIT("_start"), &loop);
    if (has_reactor == has_loop)
        return container_fail(
            c, TOMTE_ERR_MISSING, "module",
            "exports neither or both of tomte_event and _start");
    const struct tomte_wasm_export *entry = has_loop ? &loop : &reactor;
    if (entry->kind != TOMTE_WASM_FUNC ||
        !container_type_matches(tomte_wasm_func_type(c->module, entry->index),
                                has_loop ? ":" : "iiiI:"))
        return fail_named(c, TOMTE_ERR_TYPE, "export ", entry->name,
                          ": of another type");
    c->loop = has_loop;
    c->entry = entry->index;
    return TOMTE_OK;
}
