/* SPDX-License-Identifier: Apache-2.0 */
/* The sections from types to globals, 5.5.4 to 5.5.9. */
#include "wasm/decode.h"

#include <string.h>

static void read_type(struct wasm_decoder *d, struct wasm_type *t);
static uint16_t read_types(struct wasm_decoder *d, uint32_t *at,
                           uint16_t *slots);
static uint16_t first_equal(const struct tomte_wasm_module *m, uint16_t *set,
                            uint32_t mask, uint32_t type);
static void read_limits(struct wasm_reader *r, uint32_t flags, uint32_t *min,
                        uint32_t *max);

void wasm_decode_types(struct wasm_decoder *d)
{
    struct tomte_wasm_module *m = d->m;
    uint32_t count = wasm_read_count(&d->r, m->limits.types, "too many types");
    m->types = wasm_take(d, count, sizeof *m->types);
    uint32_t mask = 1;
    while (mask < 2 * count)
        mask = mask << 1 | 1;
    size_t size = d->arena->size, bytes = (mask + 1) * sizeof(uint16_t);
    uint16_t *set = wasm_scratch(d->arena, bytes);
    if (set == NULL)
        wasm_fail(&d->r, TOMTE_ERR_NO_MEMORY, "the arena is full");
    else
        memset(set, 0xff, bytes);
    for (uint32_t i = 0; i < count && d->r.err == TOMTE_OK; i++) {
        read_type(d, &m->types[i]);
        m->type_count = i + 1;
        if (d->r.err == TOMTE_OK)
            m->types[i].same = first_equal(m, set, mask, i);
    }
    d->arena->size = size;
}

void wasm_decode_functions(struct wasm_decoder *d)
{
    struct tomte_wasm_module *m = d->m;
    uint32_t count = wasm_read_count(&d->r, UINT32_MAX, "");
    for (uint32_t i = 0; i < count && d->r.err == TOMTE_OK; i++) {
        uint32_t type = wasm_read_u32(&d->r);
        if (type >= m->type_count)
            wasm_fail(&d->r, TOMTE_ERR_INVALID, "unknown type");
        else
            wasm_set_type(m, m->imported.of[TOMTE_WASM_FUNC] + i, type);
    }
}

void wasm_decode_tables(struct wasm_decoder *d)
{
    struct tomte_wasm_module *m = d->m;
    uint32_t count = wasm_read_count(&d->r, UINT32_MAX, "");
    for (uint32_t i = 0; i < count && d->r.err == TOMTE_OK; i++)
        wasm_read_table_type(&d->r,
                             &m->tables[m->imported.of[TOMTE_WASM_TABLE] + i]);
}

void wasm_decode_memories(struct wasm_decoder *d)
{
    struct tomte_wasm_module *m = d->m;
    uint32_t count = wasm_read_count(&d->r, UINT32_MAX, "");
    for (uint32_t i = 0; i < count && d->r.err == TOMTE_OK; i++) {
        if (m->memory.present)
            wasm_fail(&d->r, TOMTE_ERR_INVALID, "multiple memories");
        wasm_read_memory_type(&d->r, m->limits.features, &m->memory);
        m->memory.present = true;
    }
}

void wasm_decode_globals(struct wasm_decoder *d)
{
    struct tomte_wasm_module *m = d->m;
    uint32_t count = wasm_read_count(&d->r, UINT32_MAX, "");
    for (uint32_t i = 0; i < count && d->r.err == TOMTE_OK; i++) {
        struct wasm_global *g =
            &m->globals[m->imported.of[TOMTE_WASM_GLOBAL] + i];
        wasm_read_global_type(&d->r, g);
        g->init = wasm_offset(&d->r);
        wasm_check_const(d, g->type);
    }
}

void wasm_set_type(struct tomte_wasm_module *m, uint32_t func, uint32_t type)
{
    const struct wasm_type *t = &m->types[type];
    struct wasm_func *f = &m->funcs[func];
    f->type = (uint16_t)type;
    f->param_slots =
        (uint8_t)(t->param_slots < WASM_MANY ? t->param_slots : WASM_MANY);
    f->result_slots =
        (uint8_t)(t->result_slots < WASM_MANY ? t->result_slots : WASM_MANY);
}

void wasm_take_tables(struct wasm_decoder *d, const struct wasm_counts *all)
{
    struct tomte_wasm_module *m = d->m;
    const struct tomte_wasm_limits *l = &m->limits;
    m->all = *all;
    if (all->of[TOMTE_WASM_FUNC] > l->functions)
        wasm_fail(&d->r, TOMTE_ERR_TOO_LARGE, "too many functions");
    if (all->of[TOMTE_WASM_TABLE] > l->tables)
        wasm_fail(&d->r, TOMTE_ERR_TOO_LARGE, "too many tables");
    if (all->of[TOMTE_WASM_GLOBAL] > l->globals)
        wasm_fail(&d->r, TOMTE_ERR_TOO_LARGE, "too many globals");
    m->funcs = wasm_take(d, all->of[TOMTE_WASM_FUNC], sizeof *m->funcs);
    m->tables = wasm_take(d, all->of[TOMTE_WASM_TABLE], sizeof *m->tables);
    m->globals = wasm_take(d, all->of[TOMTE_WASM_GLOBAL], sizeof *m->globals);
}

uint8_t wasm_read_valtype(struct wasm_reader *r)
{
    uint8_t type = wasm_read_u8(r);
    if (!wasm_is_valtype(type))
        wasm_fail(r, TOMTE_ERR_MALFORMED, "malformed value type");
    return type;
}

uint8_t wasm_read_reftype(struct wasm_reader *r)
{
    uint8_t type = wasm_read_u8(r);
    if (!wasm_is_ref(type))
        wasm_fail(r, TOMTE_ERR_MALFORMED, "malformed reference type");
    return type;
}

void wasm_read_table_type(struct wasm_reader *r, struct wasm_table *out)
{
    out->type = wasm_read_reftype(r);
    uint8_t flags = wasm_read_u8(r);
    if (flags > 1)
        wasm_fail(r, TOMTE_ERR_MALFORMED, "malformed limits flags");
    out->has_max = flags & 1;
    read_limits(r, flags, &out->min, &out->max);
}

#define MEMORY_HAS_MAX  0x01u
#define MEMORY_HAS_PAGE 0x08u /* proposal custom-page-sizes */

void wasm_read_memory_type(struct wasm_reader *r, uint32_t features,
                           struct wasm_memory *out)
{
    uint8_t flags = wasm_read_u8(r);
    uint32_t known = MEMORY_HAS_MAX;
    if (features & TOMTE_WASM_FEATURE_CUSTOM_PAGE_SIZES)
        known |= MEMORY_HAS_PAGE;
    if ((flags & ~known) != 0)
        wasm_fail(r, TOMTE_ERR_MALFORMED, "malformed limits flags");
    out->has_max = flags & MEMORY_HAS_MAX;
    out->page_shift = 16;
    read_limits(r, flags, &out->min, &out->max);
    if (flags & MEMORY_HAS_PAGE) {
        uint32_t shift = wasm_read_u32(r);
        if (shift > 64)
            wasm_fail(r, TOMTE_ERR_MALFORMED, "invalid custom page size");
        else if (shift != 0 && shift != 16)
            wasm_fail(r, TOMTE_ERR_INVALID, "invalid custom page size");
        out->page_shift = (uint8_t)shift;
    }
    if (out->page_shift == 16) {
        if (out->min > 65536 || (out->has_max && out->max > 65536))
            wasm_fail(r, TOMTE_ERR_INVALID,
                      "memory size must be at most 65536 pages (4GiB)");
        if (!out->has_max)
            out->max = 65536;
    }
}

void wasm_read_global_type(struct wasm_reader *r, struct wasm_global *out)
{
    out->type = wasm_read_valtype(r);
    uint8_t flags = wasm_read_u8(r);
    if (flags > 1)
        wasm_fail(r, TOMTE_ERR_MALFORMED, "malformed mutability");
    out->is_mutable = flags == 1;
}

static void read_limits(struct wasm_reader *r, uint32_t flags, uint32_t *min,
                        uint32_t *max)
{
    *min = wasm_read_u32(r);
    *max = flags & 1 ? wasm_read_u32(r) : UINT32_MAX;
    if (*min > *max)
        wasm_fail(r, TOMTE_ERR_INVALID,
                  "size minimum must not be greater than maximum");
}

static void read_type(struct wasm_decoder *d, struct wasm_type *t)
{
    if (wasm_read_u8(&d->r) != 0x60)
        wasm_fail(&d->r, TOMTE_ERR_MALFORMED, "malformed function type");
    t->param_count = read_types(d, &t->params, &t->param_slots);
    t->result_count = read_types(d, &t->results, &t->result_slots);
}

static uint16_t read_types(struct wasm_decoder *d, uint32_t *at,
                           uint16_t *slots)
{
    uint32_t count = wasm_read_count(&d->r, d->m->limits.params,
                                     "too many parameters or results");
    uint32_t width = 0;
    *at = wasm_offset(&d->r);
    for (uint32_t i = 0; i < count; i++)
        width += wasm_width(wasm_read_valtype(&d->r));
    *slots = (uint16_t)width;
    return (uint16_t)count;
}

/* `set` has the types that differ, by hash; 0xffff is a free place. */
static uint16_t first_equal(const struct tomte_wasm_module *m, uint16_t *set,
                            uint32_t mask, uint32_t type)
{
    struct tomte_wasm_type t = wasm_type_spans(m, type);
    uint32_t at = 31 * wasm_hash(t.params) + wasm_hash(t.results);
    for (;; at++) {
        uint16_t *place = &set[at & mask];
        if (*place == 0xffff)
            *place = (uint16_t)type;
        if (wasm_type_equal(m, *place, m, type))
            return *place;
    }
}
