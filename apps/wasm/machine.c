/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/machine.h"

#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STACK_BYTES   (4u << 20)
#define CALL_DEPTH    65536u
#define TABLE_ENTRIES (1u << 20)

static int find_entry(struct machine *m);
static void say_exports(const struct wasm_file *f);
static int take_args(struct machine *m);
static bool parse(const char *text, uint8_t type, uint32_t *slots);
static enum tomte_wasm_status finish(struct machine *m);
static void say_import(const struct machine *m, uint32_t offset,
                       enum tomte_err err);

int machine_init(struct machine *m, struct wasm_file *f,
                 const struct wasm_run_options *o)
{
    *m = (struct machine){.file = f, .options = o};
    if (o->argc > MACHINE_ARGS_MAX) {
        fprintf(stderr, "tomte: more than %d arguments\n", MACHINE_ARGS_MAX);
        return 100;
    }
    m->argv[0] = f->path;
    for (int i = 0; i < o->argc; i++)
        m->argv[i + 1] = o->argv[i];
    m->wasi.argc = o->invoke == NULL ? o->argc + 1 : 1;
    m->wasi.argv = m->argv;
    int status = find_entry(m);
    return status != 0 || o->invoke == NULL ? status : take_args(m);
}

int machine_make(struct machine *m, const struct tomte_wasm_code *code)
{
    struct tomte_wasm_error error;
    struct tomte_wasm_config config = {
        .stack_bytes = STACK_BYTES,
        .call_depth = CALL_DEPTH,
        .memory_bytes = m->options->memory_bytes,
        .table_entries = TABLE_ENTRIES,
        .user = &m->wasi,
        .host = wasi_functions,
        .host_count = WASI_FUNCTIONS,
        .code = code,
    };
    enum tomte_err err = tomte_wasm_instantiate(
        m->file->module, &config, &m->file->arena, &m->wasm, &error);
    if (err == TOMTE_OK || err == TOMTE_ERR_TRAP) {
        tomte_wasm_set_budget(m->wasm, m->options->fuel);
        return 0;
    }
    if (err == TOMTE_ERR_NOT_FOUND || err == TOMTE_ERR_TYPE)
        say_import(m, error.offset, err);
    else
        fprintf(stderr, "tomte: cannot make an instance of %s: %s: %s\n",
                m->file->path, tomte_err_text(err), error.what);
    return tomte_err_exit_status(err);
}

bool machine_begin(struct machine *m)
{
    struct tomte_wasm_export e;
    enum tomte_wasm_status status = finish(m);
    if (status == TOMTE_WASM_TRAPPED)
        return false;
    if (m->options->invoke == NULL ||
        !tomte_wasm_export_find(m->file->module, TOMTE_SPAN_LIT("_initialize"),
                                &e) ||
        e.kind != TOMTE_WASM_FUNC ||
        tomte_wasm_start(m->wasm, e.index, NULL, 0, m->options->fuel) !=
            TOMTE_OK)
        return true;
    return finish(m) == TOMTE_WASM_DONE;
}

enum tomte_wasm_status machine_call(struct machine *m)
{
    if (tomte_wasm_start(m->wasm, m->entry.index, m->args, m->arg_slots,
                         m->options->fuel) != TOMTE_OK)
        return TOMTE_WASM_IDLE;
    return finish(m);
}

static enum tomte_wasm_status finish(struct machine *m)
{
    while (tomte_wasm_status(m->wasm) == TOMTE_WASM_READY)
        tomte_wasm_run(m->wasm, UINT32_MAX);
    return tomte_wasm_status(m->wasm);
}

static int find_entry(struct machine *m)
{
    const char *name =
        m->options->invoke != NULL ? m->options->invoke : "_start";
    if (tomte_wasm_export_find(m->file->module, tomte_span_str(name),
                               &m->entry) &&
        m->entry.kind == TOMTE_WASM_FUNC)
        return 0;
    fprintf(stderr, "tomte: %s exports no function %s", m->file->path, name);
    say_exports(m->file);
    return 2;
}

static void say_exports(const struct wasm_file *f)
{
    struct tomte_wasm_export e;
    const char *between = ", but: ";
    for (uint32_t i = 0; tomte_wasm_export_at(f->module, i, &e); i++) {
        char text[128];
        struct tomte_text t;
        if (e.kind != TOMTE_WASM_FUNC)
            continue;
        tomte_text_init(&t, text, sizeof text);
        tomte_text_span(&t, e.name);
        fprintf(stderr, "%s%s", between, text);
        between = ", ";
    }
    fputs(between[2] == 0 ? " (--invoke NAME)\n" : "\n", stderr);
}

static int take_args(struct machine *m)
{
    struct tomte_span types =
        tomte_wasm_func_type(m->file->module, m->entry.index).params;
    if (types.len != (size_t)m->options->argc) {
        fprintf(stderr, "tomte: %s takes %zu arguments", m->options->invoke,
                types.len);
        if (types.len != 0) {
            fputs(": ", stderr);
            wasm_types_print(stderr, types);
        }
        fputc('\n', stderr);
        return 100;
    }
    for (size_t i = 0; i < types.len; i++) {
        if (!parse(m->options->argv[i], types.data[i],
                   m->args + m->arg_slots)) {
            fprintf(stderr, "tomte: '%s' is no %s\n", m->options->argv[i],
                    module_type_text(types.data[i]));
            return 100;
        }
        m->arg_slots += tomte_wasm_slots(tomte_span_slice(types, i, 1));
    }
    return 0;
}

/* A whole number of `bits` bits, signed or not. */
static bool parse_integer(const char *text, unsigned bits, uint64_t *out)
{
    char *end;
    bool negative = text[0] == '-';
    errno = 0;
    unsigned long long v = strtoull(text + negative, &end, 0);
    uint64_t most = bits == 64 ? UINT64_MAX : UINT32_MAX;
    if (negative)
        most = most / 2 + 1;
    if (*end != 0 || end == text + negative || errno != 0 || v > most ||
        text[negative] == '-' || text[negative] == '+')
        return false;
    *out = negative ? 0 - (uint64_t)v : v;
    return true;
}

static bool parse(const char *text, uint8_t type, uint32_t *slots)
{
    uint64_t v = 0;
    char *end;
    float f;
    double d;
    switch (type) {
    case TOMTE_WASM_I32:
    case TOMTE_WASM_I64:
        if (!parse_integer(text, type == TOMTE_WASM_I32 ? 32 : 64, &v))
            return false;
        break;
    case TOMTE_WASM_F32:
        f = strtof(text, &end);
        memcpy(&v, &f, sizeof f);
        if (*end != 0 || end == text)
            return false;
        break;
    case TOMTE_WASM_F64:
        d = strtod(text, &end);
        memcpy(&v, &d, sizeof d);
        if (*end != 0 || end == text)
            return false;
        break;
    default:
        slots[0] = 0;
        return strcmp(text, "null") == 0;
    }
    slots[0] = (uint32_t)v;
    if (type == TOMTE_WASM_I64 || type == TOMTE_WASM_F64)
        slots[1] = (uint32_t)(v >> 32);
    return true;
}

/* The import that is at `offset`. */
static void say_import(const struct machine *m, uint32_t offset,
                       enum tomte_err err)
{
    struct tomte_wasm_import i;
    const uint8_t *at = m->file->bytes.data + offset;
    for (uint32_t k = 0; tomte_wasm_import_at(m->file->module, k, &i); k++) {
        char text[256];
        struct tomte_text t;
        if (i.name.data + i.name.len < at)
            continue;
        tomte_text_init(&t, text, sizeof text);
        tomte_text_span(&t, i.module);
        tomte_text_char(&t, '.');
        tomte_text_span(&t, i.name);
        fprintf(stderr, "tomte: %s imports %s, which %s\n", m->file->path, text,
                err == TOMTE_ERR_TYPE ? "is of another type here"
                                      : "nobody offers: only WASI is here");
        return;
    }
}
