/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/validate.h"

#include "base/assert.h"

#include <string.h>

static void read_locals(struct wasm_validator *v);
static void add_local(struct wasm_validator *v, uint8_t type);
static void write_map(struct wasm_validator *v);
static void run(struct wasm_validator *v);
static void prefer_malformed(struct wasm_validator *v, struct tomte_span body);

void wasm_validator_init(struct wasm_validator *v,
                         const struct tomte_wasm_module *m,
                         struct tomte_arena *arena,
                         struct tomte_arena *side_arena)
{
    const struct tomte_wasm_limits *l = &m->limits;
    *v = (struct wasm_validator){.m = m, .stop = WASM_NONE};
    v->block_max = l->block_depth + 1;
    v->slot_max = l->frame_slots;
    v->r = wasm_reader_over(m->bytes, 0, 0);
    v->blocks = wasm_scratch(arena, v->block_max * sizeof *v->blocks);
    v->types = wasm_scratch(arena, v->slot_max + 1u);
    if (v->blocks == NULL || v->types == NULL)
        wasm_fail(&v->r, TOMTE_ERR_NO_MEMORY, "the arena is full");
    else
        wasm_side_init(&v->side, side_arena);
}

void wasm_validate_func(struct wasm_validator *v, struct tomte_span body,
                        struct wasm_func *f)
{
    if (v->r.err != TOMTE_OK)
        return;
    wasm_validate_begin(v, body, f);
    if (v->wide)
        write_map(v);
    f->code = v->code;
    f->side = wasm_side_begin(&v->side) & 0x7fffffffu;
    f->wide = v->wide;
    run(v);
    if (v->r.err == TOMTE_ERR_INVALID)
        prefer_malformed(v, body);
    if (v->side.err != TOMTE_OK)
        wasm_fail(&v->r, v->side.err, "the arena is full");
    f->end = wasm_offset(&v->r) - 1;
    f->cost = v->blocks[0].cost & WASM_COST_MAX;
    f->local_slots = (uint16_t)v->local_slots;
    f->frame_slots = (uint16_t)v->slots_most;
}

bool wasm_validate_until(struct wasm_validator *v, const struct wasm_func *f,
                         struct tomte_span body, uint32_t pc)
{
    if (v->r.err != TOMTE_OK)
        return false;
    wasm_validate_begin(v, body, f);
    wasm_side_init(&v->side, NULL);
    v->stop = pc;
    run(v);
    if (v->r.err != TOMTE_OK || v->block_count == 0 || wasm_offset(&v->r) != pc)
        return false;
    const struct wasm_block *b = &v->blocks[v->block_count - 1];
    return !b->dead && !b->unreachable;
}

void wasm_validate_begin(struct wasm_validator *v, struct tomte_span body,
                         const struct wasm_func *f)
{
    size_t from = (size_t)(body.data - v->m->bytes.data);
    v->r = wasm_reader_over(v->m->bytes, from, from + body.len);
    v->type = &v->m->types[f->type];
    v->type_count = v->local_count = 0;
    v->slots = v->local_slots = v->slots_most = 0;
    v->wide = false;
    struct tomte_wasm_type t = wasm_type_spans(v->m, f->type);
    for (size_t i = 0; i < t.params.len; i++)
        add_local(v, t.params.data[i]);
    read_locals(v);
    v->local_count = v->type_count;
    v->local_slots = v->slots;
    v->code = wasm_offset(&v->r);
    v->last = (struct wasm_insn){.op = WASM_OP_NOP};
    v->loop = 0;
    v->block_count = 1;
    v->blocks[0] = (struct wasm_block){
        .op = WASM_OP_END,
        .by_type = true,
        .type = f->type,
        .height = (uint16_t)v->type_count,
        .slots = (uint16_t)v->slots,
        .chain = WASM_SIDE_END,
        .entry = WASM_SIDE_END,
        .cost = 1 + v->local_slots / 8,
    };
}

/* Section 5.5.13: runs of locals of one type. */
static void read_locals(struct wasm_validator *v)
{
    struct wasm_reader *r = &v->r;
    uint64_t total = v->type->param_count;
    uint32_t runs = wasm_read_count(r, UINT32_MAX, "");
    struct wasm_reader ahead = *r;
    for (uint32_t i = 0; i < runs && ahead.err == TOMTE_OK; i++) {
        total += wasm_read_u32(&ahead);
        wasm_read_valtype(&ahead);
        if (total > UINT32_MAX)
            wasm_fail(&ahead, TOMTE_ERR_MALFORMED, "too many locals");
    }
    if (ahead.err != TOMTE_OK)
        wasm_fail_at(r, ahead.err_offset, ahead.err, ahead.what);
    for (uint32_t i = 0; i < runs && r->err == TOMTE_OK; i++) {
        uint32_t count = wasm_read_u32(r);
        uint8_t type = wasm_read_valtype(r);
        for (uint32_t k = 0; k < count && r->err == TOMTE_OK; k++)
            add_local(v, type);
    }
}

static void add_local(struct wasm_validator *v, uint8_t type)
{
    wasm_push(v, type);
    if (wasm_width(type) == 2)
        v->wide = true;
}

/* The last local first, so that local i is found from where the entries begin
 * without knowing how many there are: unit -1 - i. */
static void write_map(struct wasm_validator *v)
{
    uint32_t slot = v->local_slots;
    for (uint32_t i = v->local_count; i > 0; i--) {
        uint32_t width = wasm_width(v->types[i - 1]);
        slot -= width;
        uint32_t unit = width == 2 ? slot | WASM_LOCAL_WIDE : slot;
        wasm_side_map(&v->side, (uint16_t)unit);
    }
}

/* Until the function's last `end` or the place to stop at. */
static void run(struct wasm_validator *v)
{
    struct wasm_reader *r = &v->r;
    while (v->block_count != 0 && r->err == TOMTE_OK) {
        uint32_t at = wasm_offset(r);
        if (at >= v->stop)
            return;
        struct wasm_insn in;
        wasm_read_insn(r, &in);
        if (r->err == TOMTE_OK)
            wasm_check_insn(v, &in, at);
        v->last = in;
    }
    if (r->err == TOMTE_OK && r->at != r->end)
        wasm_fail(r, TOMTE_ERR_MALFORMED, "section size mismatch");
}

/* A body that breaks rules may not even be in the format, which is the graver
 * fault: decode it again, without looking at types. */
static void prefer_malformed(struct wasm_validator *v, struct tomte_span body)
{
    size_t from = (size_t)(body.data - v->m->bytes.data);
    struct wasm_reader r =
        wasm_reader_over(v->m->bytes, v->code, from + body.len);
    for (uint32_t depth = 1; depth > 0 && r.err == TOMTE_OK;) {
        struct wasm_insn in;
        wasm_read_insn(&r, &in);
        if (in.op == WASM_OP_BR_TABLE)
            for (uint32_t i = 0; i <= in.a; i++)
                wasm_read_u32(&r);
        if (wasm_info_imm(in.info) == WASM_IMM_BLOCK)
            depth++;
        else if (in.op == WASM_OP_END)
            depth--;
    }
    if (r.err != TOMTE_OK || r.at != r.end) {
        v->r = r;
        wasm_fail(&v->r, TOMTE_ERR_MALFORMED, "section size mismatch");
    }
}

void wasm_push(struct wasm_validator *v, uint8_t type)
{
    uint32_t width = wasm_width(type);
    if (v->slots + width > v->slot_max || v->type_count >= v->slot_max) {
        wasm_fail(&v->r, TOMTE_ERR_TOO_LARGE, "too many locals and operands");
        return;
    }
    v->types[v->type_count++] = type;
    v->slots += width;
    if (v->slots > v->slots_most)
        v->slots_most = v->slots;
}

void wasm_push_all(struct wasm_validator *v, struct tomte_span types)
{
    for (size_t i = 0; i < types.len; i++)
        wasm_push(v, types.data[i]);
}

uint8_t wasm_pop_any(struct wasm_validator *v)
{
    const struct wasm_block *b = &v->blocks[v->block_count - 1];
    if (v->type_count == b->height) {
        if (!b->unreachable)
            wasm_invalid(v, "type mismatch");
        return 0;
    }
    uint8_t type = v->types[--v->type_count];
    v->slots -= wasm_width(type);
    return type;
}

void wasm_pop(struct wasm_validator *v, uint8_t type)
{
    uint8_t actual = wasm_pop_any(v);
    if (actual != type && actual != 0)
        wasm_invalid(v, "type mismatch");
}

void wasm_pop_all(struct wasm_validator *v, struct tomte_span types)
{
    for (size_t i = types.len; i > 0; i--)
        wasm_pop(v, types.data[i - 1]);
}

void wasm_open(struct wasm_validator *v, uint8_t op, const struct wasm_insn *in)
{
    const struct wasm_block *around = &v->blocks[v->block_count - 1];
    struct wasm_block b = {
        .op = op,
        .dead = around->dead || around->unreachable,
        .by_type = in->by_type,
        .outer = (uint16_t)v->loop,
        .type = in->a,
        .chain = WASM_SIDE_END,
        .entry = WASM_SIDE_END,
    };
    if (b.by_type && b.type >= v->m->type_count) {
        wasm_invalid(v, "unknown type");
        return;
    }
    if (v->block_count >= v->block_max) {
        wasm_fail(&v->r, TOMTE_ERR_TOO_LARGE, "blocks nested too deep");
        return;
    }
    wasm_pop_all(v, wasm_block_params(v, &b));
    b.height = (uint16_t)v->type_count;
    b.slots = (uint16_t)v->slots;
    v->blocks[v->block_count++] = b;
    wasm_push_all(v, wasm_block_params(v, &b));
}

struct wasm_block wasm_close(struct wasm_validator *v)
{
    struct wasm_block b = v->blocks[v->block_count - 1];
    wasm_pop_all(v, wasm_block_results(v, &b));
    if (v->type_count != b.height)
        wasm_invalid(v, "type mismatch");
    v->block_count--;
    return b;
}

struct tomte_span wasm_block_params(const struct wasm_validator *v,
                                    const struct wasm_block *b)
{
    if (b->by_type && b->op != WASM_OP_END)
        return wasm_type_spans(v->m, b->type).params;
    return TOMTE_SPAN_NONE;
}

struct tomte_span wasm_block_results(const struct wasm_validator *v,
                                     const struct wasm_block *b)
{
    /* Every value type's byte, for a list of just one of them. */
    static const uint8_t types[] = {0x6f, 0x70, 0x71, 0x72, 0x73, 0x74,
                                    0x75, 0x76, 0x77, 0x78, 0x79, 0x7a,
                                    0x7b, 0x7c, 0x7d, 0x7e, 0x7f};
    if (b->by_type)
        return wasm_type_spans(v->m, b->type).results;
    if (b->type == WASM_BLOCK_EMPTY)
        return TOMTE_SPAN_NONE;
    return TOMTE_SPAN(&types[b->type - types[0]], 1);
}

void wasm_invalid(struct wasm_validator *v, const char *what)
{
    wasm_fail(&v->r, TOMTE_ERR_INVALID, what);
}
