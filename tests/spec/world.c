/* SPDX-License-Identifier: Apache-2.0 */
/* The modules of one test file, and what the tests expect of their host: the
 * module "spectest". */
#include "spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA_BYTES   ((size_t)1 << 30)
#define SCRATCH_BYTES ((size_t)16 << 20)
#define MEMORY_BYTES  (64u << 20)
#define TABLE_ENTRIES 16384
#define STACK_BYTES   (256u << 10)
#define CALL_DEPTH    4096
#define INSTANCES_MAX 1024
#define NAMES_MAX     256

/* What lives as long as the world: memory that is not there until it is
 * touched, or a file. */
struct spec_mapping {
    void *data;
    bool is_file; /* from the heap, where the sanitizer guards its ends */
    size_t size;
    struct spec_mapping *next;
};

static enum tomte_wasm_host_result print(struct tomte_wasm_call *call);
static void add_spectest(struct spec_world *w);
static void *map(struct spec_world *w, size_t size);
static bool host_only(const struct tomte_wasm_module *m);
static struct tomte_wasm_config config_for(struct spec_world *w,
                                           const struct tomte_wasm_module *m,
                                           bool alone, bool slots);
static const struct tomte_wasm_code *
code_for(struct spec_world *w, const struct tomte_wasm_module *m);
static struct spec_made instantiate(struct spec_world *w,
                                    const struct tomte_wasm_module *m,
                                    bool alone,
                                    struct tomte_wasm_instance **wasm);
static struct spec_made make_twin(struct spec_world *w,
                                  const struct tomte_wasm_module *m,
                                  const struct tomte_wasm_instance *plain,
                                  struct spec_twin *twin);
static void *must(void *p);

static const struct tomte_wasm_host_func host[] = {
    {"spectest", "print", ":", print, 0},
    {"spectest", "print_i32", "i:", print, 0},
    {"spectest", "print_i64", "I:", print, 0},
    {"spectest", "print_f32", "f:", print, 0},
    {"spectest", "print_f64", "F:", print, 0},
    {"spectest", "print_i32_f32", "if:", print, 0},
    {"spectest", "print_f64_f64", "FF:", print, 0},
    /* what generated modules call */
    {"fuzzing-support", "log-i32", "i:", print, 0},
    {"fuzzing-support", "log-i64", "I:", print, 0},
    {"fuzzing-support", "log-f32", "f:", print, 0},
    {"fuzzing-support", "log-f64", "F:", print, 0},
};

/* (module
 *   (table (export "table") 10 20 funcref)
 *   (memory (export "memory") 1 2)
 *   (global (export "global_i32") i32 (i32.const 666)) and so on) */
static const uint8_t spectest[] = "\0asm\1\0\0\0"
                                  "\x04\x05\1\x70\1\x0a\x14"
                                  "\x05\x04\1\1\1\2"
                                  "\x06\x21\4"
                                  "\x7f\0\x41\x9a\x05\x0b"
                                  "\x7e\0\x42\x9a\x05\x0b"
                                  "\x7d\0\x43\0\x80\x26\x44\x0b"
                                  "\x7c\0\x44\0\0\0\0\0\xd0\x84\x40\x0b"
                                  "\x07\x46\6"
                                  "\x0aglobal_i32\3\0"
                                  "\x0aglobal_i64\3\1"
                                  "\x0aglobal_f32\3\2"
                                  "\x0aglobal_f64\3\3"
                                  "\5table\1\0"
                                  "\6memory\2\0";

void spec_world_init(struct spec_world *w, struct spec_tally *tally,
                     struct spec_mode mode)
{
    *w = (struct spec_world){
        .tally = tally, .mode = mode, .budget = SPEC_BUDGET};
    tomte_arena_init(&w->arena, map(w, ARENA_BYTES), ARENA_BYTES);
    tomte_arena_init(&w->scratch, map(w, SCRATCH_BYTES), SCRATCH_BYTES);
    w->store = must(tomte_wasm_store_new(&w->arena, INSTANCES_MAX));
    w->names = must(calloc(NAMES_MAX, sizeof *w->names));
    add_spectest(w);
}

void spec_world_wipe(struct spec_world *w)
{
    while (w->instances != NULL) {
        struct spec_instance *i = w->instances;
        w->instances = i->next;
        free(i->name);
        free(i);
    }
    while (w->mappings != NULL) {
        struct spec_mapping *m = w->mappings;
        w->mappings = m->next;
        if (m->is_file)
            free(m->data);
        else
            munmap(m->data, m->size);
        free(m);
    }
    free(w->names);
}

struct spec_made spec_world_load(struct spec_world *w, const char *path,
                                 const struct tomte_wasm_module **module)
{
    struct tomte_wasm_error error;
    struct spec_made made = {SPEC_NOT_LOADED, TOMTE_ERR_NOT_FOUND, path};
    struct tomte_span bytes = spec_world_file(w, path);
    if (bytes.data == NULL)
        return made;
    made.err = tomte_wasm_load(bytes, &tomte_wasm_limits_hub, &w->arena, module,
                               &error);
    made.what = error.what;
    if (made.err == TOMTE_OK)
        made.stage = SPEC_MADE;
    return made;
}

struct spec_made spec_world_make(struct spec_world *w, const char *path,
                                 const char *name, bool alone)
{
    const struct tomte_wasm_module *m;
    struct tomte_wasm_instance *wasm;
    w->current = NULL;
    struct spec_made made = spec_world_load(w, path, &m);
    if (made.stage != SPEC_MADE)
        return made;
    alone = alone && host_only(m);
    made = instantiate(w, m, alone, &wasm);
    if (made.stage != SPEC_MADE)
        return made;
    struct spec_instance *i = must(calloc(1, sizeof *i));
    i->name = must(strdup(name == NULL ? "" : name));
    i->wasm = wasm;
    i->next = w->instances;
    w->instances = w->current = i;
    return alone && w->mode.snapshot ? make_twin(w, m, wasm, &i->twin) : made;
}

struct spec_instance *spec_world_find(struct spec_world *w, const char *name)
{
    if (name == NULL)
        return w->current;
    struct spec_instance *i = w->instances;
    while (i != NULL && strcmp(i->name, name) != 0)
        i = i->next;
    return i;
}

/* The latest of a name hides those before it. */
void spec_world_register(struct spec_world *w, struct spec_instance *instance,
                         const char *as)
{
    struct tomte_span name = tomte_span_str(as);
    size_t i = 0;
    while (i < w->name_count && !tomte_span_equal(w->names[i].name, name))
        i++;
    if (i == w->name_count) {
        if (i == NAMES_MAX)
            abort();
        w->name_count++;
    }
    w->names[i] = (struct tomte_wasm_namespace){name, instance->wasm};
}

struct tomte_span spec_world_file(struct spec_world *w, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return TOMTE_SPAN_NONE;
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    struct spec_mapping *m = must(calloc(1, sizeof *m));
    *m = (struct spec_mapping){
        .data = must(malloc(size > 0 ? size : 1)),
        .is_file = true,
        .size = size,
        .next = w->mappings,
    };
    w->mappings = m;
    size_t got = fread(m->data, 1, size, f);
    fclose(f);
    return got == size ? TOMTE_SPAN(m->data, size) : TOMTE_SPAN_NONE;
}

/* The tests do not look at what is printed. A twin waits in it. */
static enum tomte_wasm_host_result print(struct tomte_wasm_call *call)
{
    return call->user == NULL ? TOMTE_WASM_HOST_DONE : TOMTE_WASM_HOST_SUSPEND;
}

static void add_spectest(struct spec_world *w)
{
    const struct tomte_wasm_module *m;
    struct spec_instance *i = must(calloc(1, sizeof *i));
    i->name = must(strdup("spectest"));
    i->next = w->instances;
    w->instances = i;
    if (tomte_wasm_load(TOMTE_SPAN(spectest, sizeof spectest - 1),
                        &tomte_wasm_limits_hub, &w->arena, &m,
                        NULL) != TOMTE_OK ||
        instantiate(w, m, false, &i->wasm).stage != SPEC_MADE)
        abort();
    spec_world_register(w, i, i->name);
}

static void *map(struct spec_world *w, size_t size)
{
    struct spec_mapping *m = must(calloc(1, sizeof *m));
    m->size = size;
    m->data = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (m->data == MAP_FAILED)
        abort();
    m->next = w->mappings;
    w->mappings = m;
    return m->data;
}

/* Does it import nothing but functions of the host? */
static bool host_only(const struct tomte_wasm_module *m)
{
    struct tomte_wasm_import import;
    for (uint32_t i = 0; tomte_wasm_import_at(m, i, &import); i++)
        if (import.kind != TOMTE_WASM_FUNC ||
            (!tomte_span_equal(import.module, TOMTE_SPAN_LIT("spectest")) &&
             !tomte_span_equal(import.module,
                               TOMTE_SPAN_LIT("fuzzing-support"))))
            return false;
    return true;
}

static struct tomte_wasm_config config_for(struct spec_world *w,
                                           const struct tomte_wasm_module *m,
                                           bool alone, bool slots)
{
    uint64_t min = tomte_wasm_memory_type(m).min_bytes;
    uint32_t bytes = min < MEMORY_BYTES ? MEMORY_BYTES : (uint32_t)min;
    struct tomte_wasm_config config = {
        .stack_bytes = STACK_BYTES,
        .call_depth = CALL_DEPTH,
        .memory_bytes = bytes,
        .table_entries = TABLE_ENTRIES,
        .memory = TOMTE_BUF(map(w, bytes), bytes),
        .host = host,
        .host_count = sizeof host / sizeof host[0],
        .code = slots ? code_for(w, m) : NULL,
    };
    if (!alone) {
        config.store = w->store;
        config.namespaces = w->names;
        config.namespace_count = w->name_count;
    }
    return config;
}

static const struct tomte_wasm_code *code_for(struct spec_world *w,
                                              const struct tomte_wasm_module *m)
{
    const struct tomte_wasm_code *code;
    struct tomte_wasm_import import;
    if (tomte_wasm_translate(m, &w->arena, &code) != TOMTE_OK)
        abort();
    w->tally->functions += tomte_wasm_func_count(m);
    for (uint32_t i = 0; tomte_wasm_import_at(m, i, &import); i++)
        w->tally->functions -= import.kind == TOMTE_WASM_FUNC;
    w->tally->translated += tomte_wasm_translated(code);
    return code;
}

static struct spec_made instantiate(struct spec_world *w,
                                    const struct tomte_wasm_module *m,
                                    bool alone,
                                    struct tomte_wasm_instance **wasm)
{
    struct tomte_wasm_error error;
    /* With snapshots, linked modules of both forms call each other. */
    bool slots = w->mode.slots || (!alone && w->mode.snapshot && w->made++ & 1);
    struct tomte_wasm_config config = config_for(w, m, alone, slots);
    struct spec_made made = {SPEC_MADE, TOMTE_OK, ""};
    made.err = tomte_wasm_instantiate(m, &config, &w->arena, wasm, &error);
    if (made.err != TOMTE_OK && made.err != TOMTE_ERR_TRAP) {
        made.stage = SPEC_NOT_LINKED;
        made.what = error.what;
        return made;
    }
    tomte_wasm_set_budget(*wasm, SPEC_BUDGET);
    spec_run(w, *wasm);
    if (tomte_wasm_status(*wasm) == TOMTE_WASM_TRAPPED) {
        made.stage = SPEC_TRAPPED;
        made.what = tomte_wasm_trap(*wasm)->text;
    }
    return made;
}

static struct spec_made make_twin(struct spec_world *w,
                                  const struct tomte_wasm_module *m,
                                  const struct tomte_wasm_instance *plain,
                                  struct spec_twin *twin)
{
    struct spec_made made = {SPEC_MADE, TOMTE_OK, ""};
    for (int i = 0; i < 2; i++) {
        struct tomte_wasm_error error;
        struct tomte_wasm_config config = config_for(w, m, true, i == 1);
        config.user = twin;
        made.err = tomte_wasm_instantiate(m, &config, &w->arena, &twin->pair[i],
                                          &error);
        made.what = error.what;
        if (made.err != TOMTE_OK) {
            made.stage = SPEC_NOT_LINKED;
            return made;
        }
        tomte_wasm_set_budget(twin->pair[i], SPEC_BUDGET);
    }
    const char *differs = spec_twin_run(w, twin, plain);
    if (differs != NULL)
        made = (struct spec_made){SPEC_TRAPPED, TOMTE_ERR_TRAP, differs};
    return made;
}

static void *must(void *p)
{
    if (p == NULL)
        abort();
    return p;
}
