/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/decode.h"

#include <string.h>

static void decode(struct wasm_decoder *d);
static void check_preamble(struct wasm_reader *r);
static void index_sections(struct wasm_decoder *d);
static void index_section(struct wasm_decoder *d, unsigned *rank);
static void decode_section(struct wasm_decoder *d, enum wasm_section id,
                           void (*decoder)(struct wasm_decoder *));
static void check_together(struct wasm_decoder *d);
static bool limits_ok(const struct tomte_wasm_limits *l);

const struct tomte_wasm_limits tomte_wasm_limits_hub = {
    .types = 4096,
    .functions = 65536,
    .imports = 1024,
    .exports = 1024,
    .globals = 4096,
    .tables = 64,
    .segments = 4096,
    .params = 1000,
    .frame_slots = 16384,
    .block_depth = 1024,
    .branch_targets = 65536,
    .features = TOMTE_WASM_FEATURES_ALL,
};

const struct tomte_wasm_limits tomte_wasm_limits_mcu = {
    .types = 128,
    .functions = 1024,
    .imports = 64,
    .exports = 64,
    .globals = 64,
    .tables = 4,
    .segments = 64,
    .params = 32,
    .frame_slots = 1024,
    .block_depth = 128,
    .branch_targets = 1024,
    .features = TOMTE_WASM_FEATURES_ALL,
};

enum tomte_err tomte_wasm_load(struct tomte_span bytes,
                               const struct tomte_wasm_limits *limits,
                               struct tomte_arena *arena,
                               const struct tomte_wasm_module **module,
                               struct tomte_wasm_error *error)
{
    size_t mark = tomte_arena_mark(arena), size = arena->size;
    struct wasm_decoder d = {.arena = arena};
    *module = NULL;
    d.r = wasm_reader_over(bytes, 0, bytes.len);
    d.m = tomte_arena_take(arena, sizeof *d.m,
                           _Alignof(struct tomte_wasm_module));
    if (!limits_ok(limits) || bytes.len > UINT32_MAX - 1) {
        wasm_fail(&d.r, TOMTE_ERR_TOO_LARGE, "more than any module may hold");
    } else if (d.m == NULL) {
        wasm_fail(&d.r, TOMTE_ERR_NO_MEMORY, "the arena is full");
    } else {
        d.m->bytes = bytes;
        d.m->limits = *limits;
        d.m->start = WASM_NONE;
        decode(&d);
    }
    arena->size = size;
    if (error != NULL)
        *error = (struct tomte_wasm_error){d.r.err, d.r.err_offset, d.r.what};
    if (d.r.err != TOMTE_OK)
        tomte_arena_release(arena, mark);
    else
        *module = d.m;
    return d.r.err;
}

void *wasm_take(struct wasm_decoder *d, size_t count, size_t size)
{
    if (d->r.err != TOMTE_OK)
        return NULL;
    void *p = NULL;
    if (count <= SIZE_MAX / size)
        p = tomte_arena_take(d->arena, count * size, sizeof(void *));
    if (p == NULL)
        wasm_fail(&d->r, TOMTE_ERR_NO_MEMORY, "the arena is full");
    return p;
}

void *wasm_scratch(struct tomte_arena *arena, size_t bytes)
{
    size_t room = arena->size - arena->used;
    uintptr_t end = (uintptr_t)arena->base + arena->size;
    if (bytes > room)
        return NULL;
    size_t cut = bytes + (size_t)((end - bytes) & 7);
    if (cut > room)
        return NULL;
    arena->size -= cut;
    return arena->base + arena->size;
}

uint32_t wasm_hash(struct tomte_span s)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ s.data[i]) * 16777619u;
    return h;
}

static void decode(struct wasm_decoder *d)
{
    check_preamble(&d->r);
    index_sections(d);
    decode_section(d, WASM_SECTION_TYPE, wasm_decode_types);
    decode_section(d, WASM_SECTION_IMPORT, wasm_decode_imports);
    decode_section(d, WASM_SECTION_FUNCTION, wasm_decode_functions);
    decode_section(d, WASM_SECTION_TABLE, wasm_decode_tables);
    decode_section(d, WASM_SECTION_MEMORY, wasm_decode_memories);
    decode_section(d, WASM_SECTION_GLOBAL, wasm_decode_globals);
    decode_section(d, WASM_SECTION_EXPORT, wasm_decode_exports);
    decode_section(d, WASM_SECTION_START, wasm_decode_start);
    decode_section(d, WASM_SECTION_ELEMENT, wasm_decode_elements);
    decode_section(d, WASM_SECTION_DATA_COUNT, wasm_decode_data_count);
    decode_section(d, WASM_SECTION_CODE, wasm_decode_code);
    decode_section(d, WASM_SECTION_DATA, wasm_decode_data);
    check_together(d);
}

static void check_preamble(struct wasm_reader *r)
{
    struct tomte_span magic = wasm_read_bytes(r, 4);
    if (r->err == TOMTE_OK && memcmp(magic.data, "\0asm", 4) != 0)
        wasm_fail_at(r, 0, TOMTE_ERR_MALFORMED, "magic header not detected");
    uint32_t version = wasm_read_fixed32(r);
    if (version != 1)
        wasm_fail_at(r, 4, TOMTE_ERR_MALFORMED, "unknown binary version");
}

static void index_sections(struct wasm_decoder *d)
{
    unsigned rank = 0;
    while (wasm_left(&d->r) != 0)
        index_section(d, &rank);
}

/* The order of section 5.5.2: by id, but the data count before the code. */
static const uint8_t section_rank[WASM_SECTION_COUNT] = {0, 1, 2, 3,  4,  5, 6,
                                                         7, 8, 9, 11, 12, 10};

static void index_section(struct wasm_decoder *d, unsigned *rank)
{
    struct wasm_reader *r = &d->r;
    uint32_t at = wasm_offset(r);
    uint8_t id = wasm_read_u8(r);
    if (id >= WASM_SECTION_COUNT)
        wasm_fail_at(r, at, TOMTE_ERR_MALFORMED, "malformed section id");
    struct tomte_span content = wasm_read_bytes(r, wasm_read_u32(r));
    if (r->err != TOMTE_OK)
        return;
    if (id == WASM_SECTION_CUSTOM) {
        size_t from = (size_t)(content.data - d->m->bytes.data);
        struct wasm_reader name =
            wasm_reader_over(d->m->bytes, from, from + content.len);
        wasm_read_name(&name);
        if (name.err != TOMTE_OK)
            wasm_fail_at(r, name.err_offset, name.err, name.what);
        return;
    }
    if (section_rank[id] <= *rank)
        wasm_fail_at(r, at, TOMTE_ERR_MALFORMED,
                     "unexpected content after last section");
    *rank = section_rank[id];
    d->m->sections[id] = content;
}

/* An absent section is as one with no items, so that each decoder sees that
 * its tables are taken. */
static void decode_section(struct wasm_decoder *d, enum wasm_section id,
                           void (*decoder)(struct wasm_decoder *))
{
    if (d->r.err != TOMTE_OK)
        return;
    bool there = d->m->sections[id].data != NULL;
    if (!there && id != WASM_SECTION_IMPORT)
        return;
    if (there)
        d->r = wasm_section_reader(d->m, id);
    decoder(d);
    if (there && d->r.at != d->r.end)
        wasm_fail(&d->r, TOMTE_ERR_MALFORMED, "section size mismatch");
}

static void check_together(struct wasm_decoder *d)
{
    const struct tomte_wasm_module *m = d->m;
    if (m->all.of[TOMTE_WASM_FUNC] != m->imported.of[TOMTE_WASM_FUNC] &&
        m->sections[WASM_SECTION_CODE].data == NULL)
        wasm_fail(&d->r, TOMTE_ERR_MALFORMED,
                  "function and code section have inconsistent lengths");
    if (m->data_count != 0 && m->sections[WASM_SECTION_DATA].data == NULL)
        wasm_fail(&d->r, TOMTE_ERR_MALFORMED,
                  "data count and data section have inconsistent lengths");
}

/* What the tables' fields can hold. */
static bool limits_ok(const struct tomte_wasm_limits *l)
{
    return l->types <= 65535 && l->functions < 1u << 20 && l->params <= 32767 &&
           l->frame_slots <= WASM_FRAME_SLOTS_MAX && l->block_depth <= 65535;
}
