/* SPDX-License-Identifier: Apache-2.0 */
/* Imports, exports and the start function, sections 5.5.5, 5.5.10, 5.5.11. */
#include "wasm/decode.h"

#include <string.h>

static void count_imports(struct wasm_decoder *d, struct wasm_counts *out);
static void keep_imports(struct wasm_decoder *d);
static void keep_import(struct wasm_decoder *d,
                        const struct wasm_import_entry *e, uint32_t at);
static uint32_t own_count(const struct tomte_wasm_module *m,
                          enum wasm_section id);
static void check_export(struct wasm_decoder *d,
                         const struct tomte_wasm_export *e);

/* The tables hold imported items first, so their sizes are known when this
 * section and the counts of the others have been read. */
void wasm_decode_imports(struct wasm_decoder *d)
{
    struct tomte_wasm_module *m = d->m;
    if (m->sections[WASM_SECTION_IMPORT].data != NULL)
        count_imports(d, &m->imported);
    struct wasm_counts all = m->imported;
    all.of[TOMTE_WASM_FUNC] += own_count(m, WASM_SECTION_FUNCTION);
    all.of[TOMTE_WASM_TABLE] += own_count(m, WASM_SECTION_TABLE);
    all.of[TOMTE_WASM_GLOBAL] += own_count(m, WASM_SECTION_GLOBAL);
    all.of[TOMTE_WASM_MEMORY] += own_count(m, WASM_SECTION_MEMORY);
    wasm_take_tables(d, &all);
    if (m->sections[WASM_SECTION_IMPORT].data != NULL)
        keep_imports(d);
}

void wasm_read_import(struct wasm_reader *r, uint32_t features,
                      struct wasm_import_entry *out)
{
    *out = (struct wasm_import_entry){.type = WASM_NONE};
    out->module = wasm_read_name(r);
    out->name = wasm_read_name(r);
    out->kind = wasm_read_u8(r);
    switch (out->kind) {
    case TOMTE_WASM_FUNC:
        out->type = wasm_read_u32(r);
        break;
    case TOMTE_WASM_TABLE:
        wasm_read_table_type(r, &out->table);
        break;
    case TOMTE_WASM_MEMORY:
        wasm_read_memory_type(r, features, &out->memory);
        out->memory.present = out->memory.imported = true;
        break;
    case TOMTE_WASM_GLOBAL:
        wasm_read_global_type(r, &out->global);
        break;
    default:
        wasm_fail(r, TOMTE_ERR_MALFORMED, "malformed import kind");
    }
}

void wasm_read_export(struct wasm_reader *r, struct tomte_wasm_export *out)
{
    out->name = wasm_read_name(r);
    uint8_t kind = wasm_read_u8(r);
    if (kind > TOMTE_WASM_GLOBAL)
        wasm_fail(r, TOMTE_ERR_MALFORMED, "malformed export kind");
    out->kind = (enum tomte_wasm_kind)(kind & 3);
    out->index = wasm_read_u32(r);
}

/* A set of names seen so far: offsets of export entries by hash. */
struct names {
    uint32_t *slots;
    uint32_t mask;
};

static bool add_name(struct wasm_decoder *d, struct names *set,
                     struct tomte_span name, uint32_t entry)
{
    for (uint32_t i = wasm_hash(name);; i++) {
        uint32_t *slot = &set->slots[i & set->mask];
        if (*slot == 0) {
            *slot = entry;
            return true;
        }
        struct wasm_reader r =
            wasm_reader_over(d->m->bytes, *slot, d->m->bytes.len);
        if (tomte_span_equal(wasm_read_bytes(&r, wasm_read_u32(&r)), name))
            return false;
    }
}

void wasm_decode_exports(struct wasm_decoder *d)
{
    uint32_t count =
        wasm_read_count(&d->r, d->m->limits.exports, "too many exports");
    struct names set = {.mask = 1};
    while (set.mask < 2 * count)
        set.mask = set.mask << 1 | 1;
    size_t size = d->arena->size, bytes = (set.mask + 1) * sizeof *set.slots;
    set.slots = wasm_scratch(d->arena, bytes);
    if (set.slots == NULL)
        wasm_fail(&d->r, TOMTE_ERR_NO_MEMORY, "the arena is full");
    else
        memset(set.slots, 0, bytes);
    for (uint32_t i = 0; i < count && d->r.err == TOMTE_OK; i++) {
        uint32_t at = wasm_offset(&d->r);
        struct tomte_wasm_export e;
        wasm_read_export(&d->r, &e);
        if (d->r.err == TOMTE_OK && !add_name(d, &set, e.name, at))
            wasm_fail_at(&d->r, at, TOMTE_ERR_INVALID, "duplicate export name");
        check_export(d, &e);
    }
    d->arena->size = size;
}

void wasm_decode_start(struct wasm_decoder *d)
{
    struct tomte_wasm_module *m = d->m;
    uint32_t func = wasm_read_u32(&d->r);
    if (d->r.err != TOMTE_OK)
        return;
    if (func >= m->all.of[TOMTE_WASM_FUNC]) {
        wasm_fail(&d->r, TOMTE_ERR_INVALID, "unknown function");
        return;
    }
    const struct wasm_type *t = &m->types[m->funcs[func].type];
    if (t->param_count != 0 || t->result_count != 0)
        wasm_fail(&d->r, TOMTE_ERR_INVALID, "start function");
    m->start = func;
}

static void count_imports(struct wasm_decoder *d, struct wasm_counts *out)
{
    uint32_t count =
        wasm_read_count(&d->r, d->m->limits.imports, "too many imports");
    for (uint32_t i = 0; i < count && d->r.err == TOMTE_OK; i++) {
        struct wasm_import_entry e;
        wasm_read_import(&d->r, d->m->limits.features, &e);
        if (e.kind == TOMTE_WASM_FUNC && e.type >= d->m->type_count)
            wasm_fail(&d->r, TOMTE_ERR_INVALID, "unknown type");
        out->of[e.kind & 3]++;
    }
}

static void keep_imports(struct wasm_decoder *d)
{
    struct wasm_counts seen = {{0}};
    struct wasm_reader r = wasm_section_reader(d->m, WASM_SECTION_IMPORT);
    uint32_t count = wasm_read_u32(&r);
    for (uint32_t i = 0; i < count && d->r.err == TOMTE_OK; i++) {
        uint32_t at = wasm_offset(&r);
        struct wasm_import_entry e;
        wasm_read_import(&r, d->m->limits.features, &e);
        keep_import(d, &e, seen.of[e.kind]);
        if (e.kind == TOMTE_WASM_MEMORY && seen.of[TOMTE_WASM_MEMORY] != 0)
            wasm_fail_at(&d->r, at, TOMTE_ERR_INVALID, "multiple memories");
        seen.of[e.kind]++;
    }
}

static void keep_import(struct wasm_decoder *d,
                        const struct wasm_import_entry *e, uint32_t at)
{
    struct tomte_wasm_module *m = d->m;
    if (e->kind == TOMTE_WASM_FUNC)
        wasm_set_type(m, at, e->type);
    else if (e->kind == TOMTE_WASM_TABLE)
        m->tables[at] = e->table;
    else if (e->kind == TOMTE_WASM_GLOBAL)
        m->globals[at] = e->global;
    else
        m->memory = e->memory;
}

/* How many items a section claims; what is wrong with the claim comes out when
 * the section is decoded. */
static uint32_t own_count(const struct tomte_wasm_module *m,
                          enum wasm_section id)
{
    if (m->sections[id].data == NULL)
        return 0;
    struct wasm_reader r = wasm_section_reader(m, id);
    return wasm_read_count(&r, UINT32_MAX, "");
}

static void check_export(struct wasm_decoder *d,
                         const struct tomte_wasm_export *e)
{
    static const char *const unknown[] = {"unknown function", "unknown table",
                                          "unknown memory", "unknown global"};
    if (d->r.err != TOMTE_OK)
        return;
    uint32_t count = d->m->all.of[e->kind];
    if (e->index >= count)
        wasm_fail(&d->r, TOMTE_ERR_INVALID, unknown[e->kind]);
    else if (e->kind == TOMTE_WASM_FUNC)
        d->m->funcs[e->index].declared = true;
}
