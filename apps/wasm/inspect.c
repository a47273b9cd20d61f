/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "wasm/disasm.h"
#include "wasm/module.h"
#include "wasm/tools.h"

#include <inttypes.h>
#include <stdlib.h>

#define LARGEST 5

struct large {
    struct module_body bodies[LARGEST];
    uint32_t count;
};

static void inspect_text(struct wasm_file *f, const struct large *l);
static void inspect_json(struct wasm_file *f, const struct large *l);
static void find_largest(const struct wasm_file *f, struct large *l);
static void print_name(struct tomte_span name);
static void print_type(struct tomte_wasm_type type);

static const char *const kinds[] = {"func", "table", "memory", "global"};

int wasm_inspect(struct wasm_file *f, bool json)
{
    struct large l = {.count = 0};
    find_largest(f, &l);
    if (json)
        inspect_json(f, &l);
    else
        inspect_text(f, &l);
    return 0;
}

int wasm_disassemble(struct wasm_file *f, const char *which, bool json)
{
    bool broken;
    char *text = NULL;
    size_t size = 0;
    FILE *out = json ? open_memstream(&text, &size) : stdout;
    if (out == NULL)
        return 4;
    uint32_t count = disasm_module(out, &f->map, which, &broken);
    if (json) {
        fclose(out);
        printf("{\"functions\":%u,\"text\":", count);
        wasm_json_text(stdout, TOMTE_SPAN(text, size));
        puts("}");
        free(text);
    }
    if (which != NULL && count == 0) {
        fprintf(stderr, "tomte: %s has no body of a function %s\n", f->path,
                which);
        return 2;
    }
    return broken ? 3 : 0;
}

static size_t taken(const struct wasm_file *f)
{
    return tomte_arena_mark(&f->arena);
}

static void inspect_text(struct wasm_file *f, const struct large *l)
{
    struct tomte_wasm_memory_type memory = tomte_wasm_memory_type(f->module);
    struct tomte_wasm_import i;
    struct tomte_wasm_export e;
    printf("%s: valid, %zu bytes; its tables take %zu more\n", f->path,
           f->bytes.len, taken(f));
    for (uint32_t k = 0; k < f->map.section_count; k++) {
        const struct module_section *s = &f->map.sections[k];
        char text[64];
        printf("section   0x%06x  %8u bytes  %s\n", s->at, s->len,
               module_section_text(s, text, sizeof text));
    }
    if (memory.page_bytes != 0)
        printf("memory    %" PRIu64 " bytes, at most %" PRIu64
               ", in pages of %u\n",
               memory.min_bytes, memory.max_bytes, memory.page_bytes);
    for (uint32_t k = 0; tomte_wasm_import_at(f->module, k, &i); k++) {
        printf("import    %-6s %4u  ", kinds[i.kind & 3], i.index);
        print_name(i.module);
        putchar('.');
        print_name(i.name);
        if (i.kind == TOMTE_WASM_FUNC)
            print_type(tomte_wasm_func_type(f->module, i.index));
        putchar('\n');
    }
    for (uint32_t k = 0; tomte_wasm_export_at(f->module, k, &e); k++) {
        printf("export    %-6s %4u  ", kinds[e.kind & 3], e.index);
        print_name(e.name);
        if (e.kind == TOMTE_WASM_FUNC)
            print_type(tomte_wasm_func_type(f->module, e.index));
        putchar('\n');
    }
    printf("functions %u, %u of them imported; the largest:\n",
           tomte_wasm_func_count(f->module), f->map.imported);
    for (uint32_t k = 0; k < l->count; k++) {
        const struct module_body *b = &l->bodies[k];
        printf("          %8u bytes  %4u  ", b->to - b->from, b->func);
        print_name(tomte_wasm_func_name(f->module, b->func));
        putchar('\n');
    }
}

static void json_entry(const char *before, const char *kind, uint32_t index,
                       struct tomte_span module, struct tomte_span name)
{
    printf("%s{\"kind\":\"%s\",\"index\":%u,\"name\":", before, kind, index);
    wasm_json_text(stdout, name);
    if (module.data != NULL) {
        printf(",\"module\":");
        wasm_json_text(stdout, module);
    }
    printf("}");
}

static void inspect_json(struct wasm_file *f, const struct large *l)
{
    struct tomte_wasm_memory_type memory = tomte_wasm_memory_type(f->module);
    struct tomte_wasm_import i;
    struct tomte_wasm_export e;
    printf("{\"bytes\":%zu,\"tables_bytes\":%zu,\"functions\":%u,"
           "\"memory\":{\"min\":%" PRIu64 ",\"max\":%" PRIu64
           ",\"page\":%u},\"sections\":[",
           f->bytes.len, taken(f), tomte_wasm_func_count(f->module),
           memory.min_bytes, memory.max_bytes, memory.page_bytes);
    for (uint32_t k = 0; k < f->map.section_count; k++) {
        const struct module_section *s = &f->map.sections[k];
        char text[64];
        printf("%s{\"name\":", k == 0 ? "" : ",");
        wasm_json_text(
            stdout, tomte_span_str(module_section_text(s, text, sizeof text)));
        printf(",\"offset\":%u,\"bytes\":%u}", s->at, s->len);
    }
    printf("],\"imports\":[");
    for (uint32_t k = 0; tomte_wasm_import_at(f->module, k, &i); k++)
        json_entry(k == 0 ? "" : ",", kinds[i.kind & 3], i.index, i.module,
                   i.name);
    printf("],\"exports\":[");
    for (uint32_t k = 0; tomte_wasm_export_at(f->module, k, &e); k++)
        json_entry(k == 0 ? "" : ",", kinds[e.kind & 3], e.index,
                   TOMTE_SPAN_NONE, e.name);
    printf("],\"largest\":[");
    for (uint32_t k = 0; k < l->count; k++) {
        const struct module_body *b = &l->bodies[k];
        printf("%s{\"function\":%u,\"bytes\":%u,\"name\":", k == 0 ? "" : ",",
               b->func, b->to - b->from);
        wasm_json_text(stdout, tomte_wasm_func_name(f->module, b->func));
        printf("}");
    }
    puts("]}");
}

/* In order of size, the larger first. */
static void find_largest(const struct wasm_file *f, struct large *l)
{
    struct wasm_reader r = module_bodies(&f->map);
    struct module_body b = {.func = f->map.imported - 1};
    while (module_bodies_next(&r, &b)) {
        uint32_t at = l->count < LARGEST ? l->count++ : LARGEST;
        for (; at > 0; at--) {
            const struct module_body *above = &l->bodies[at - 1];
            if (above->to - above->from >= b.to - b.from)
                break;
            if (at < LARGEST)
                l->bodies[at] = *above;
        }
        if (at < LARGEST)
            l->bodies[at] = b;
    }
}

static void print_name(struct tomte_span name)
{
    char text[128];
    struct tomte_text t;
    tomte_text_init(&t, text, sizeof text);
    tomte_text_span(&t, name);
    fputs(text, stdout);
}

static void print_type(struct tomte_wasm_type type)
{
    printf(" (");
    wasm_types_print(stdout, type.params);
    printf(")");
    if (type.results.len != 0) {
        printf(" -> ");
        wasm_types_print(stdout, type.results);
    }
}
