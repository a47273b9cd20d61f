/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/translate.h"

#include "base/assert.h"
#include "wasm/instance.h"

#include <string.h>

static bool begin(struct wasm_translator *t, struct tomte_wasm_code *code,
                  uint32_t *entries, struct tomte_arena *arena);
static uint32_t translate(struct wasm_translator *t, uint32_t func,
                          struct tomte_span body);
static void write_header(struct wasm_translator *t);
static void run(struct wasm_translator *t);
static uint16_t *more(struct wasm_translator *t, uint32_t count);

enum tomte_err tomte_wasm_translate(const struct tomte_wasm_module *module,
                                    struct tomte_arena *arena,
                                    const struct tomte_wasm_code **out)
{
    const struct tomte_wasm_module *m = module;
    size_t mark = tomte_arena_mark(arena), size = arena->size;
    uint32_t functions = m->all.of[TOMTE_WASM_FUNC];
    uint32_t imported = m->imported.of[TOMTE_WASM_FUNC];
    struct tomte_wasm_code *code =
        tomte_arena_take(arena, sizeof *code, _Alignof(struct tomte_wasm_code));
    uint32_t *entries =
        tomte_arena_take(arena, functions * sizeof *entries, sizeof *entries);
    struct wasm_translator t = {.m = m, .arena = arena};
    *out = NULL;
    if (code != NULL && entries != NULL && begin(&t, code, entries, arena)) {
        struct wasm_reader r = wasm_section_reader(m, WASM_SECTION_CODE);
        wasm_read_u32(&r);
        for (uint32_t i = imported; i < functions && !t.full; i++) {
            struct tomte_span body = wasm_read_bytes(&r, wasm_read_u32(&r));
            entries[i] = translate(&t, i, body);
            code->translated += entries[i] != 0;
        }
        code->unit_count = t.count;
    } else {
        t.full = true;
    }
    arena->size = size;
    if (t.full) {
        tomte_arena_release(arena, mark);
        return TOMTE_ERR_NO_MEMORY;
    }
    *out = code;
    return TOMTE_OK;
}

uint32_t tomte_wasm_translated(const struct tomte_wasm_code *code)
{
    return code->translated;
}

size_t tomte_wasm_code_bytes(const struct tomte_wasm_code *code)
{
    return code->unit_count * sizeof *code->units;
}

static bool begin(struct wasm_translator *t, struct tomte_wasm_code *code,
                  uint32_t *entries, struct tomte_arena *arena)
{
    const struct tomte_wasm_module *m = t->m;
    memset(entries, 0, m->all.of[TOMTE_WASM_FUNC] * sizeof *entries);
    wasm_validator_init(&t->v, m, arena, NULL);
    t->operands =
        wasm_scratch(arena, WASM_TRANSLATE_OPERANDS * sizeof *t->operands);
    t->labels = wasm_scratch(arena, t->v.block_max * sizeof *t->labels);
    if (t->v.r.err != TOMTE_OK || t->operands == NULL || t->labels == NULL)
        return false;
    t->units = tomte_arena_take(arena, 0, sizeof *t->units);
    *code = (struct tomte_wasm_code){
        .exec = wasm_exec_slots,
        .find = wasm_slot_find,
        .m = m,
        .units = t->units,
        .entries = entries,
    };
    /* No header is at 0, which says that there is none. */
    return t->units != NULL && more(t, 1) != NULL;
}

/* The function's header, or 0 when it stays as it is. */
static uint32_t translate(struct wasm_translator *t, uint32_t func,
                          struct tomte_span body)
{
    size_t mark = tomte_arena_mark(t->arena);
    uint32_t header = t->header = t->count;
    t->f = &t->m->funcs[func];
    t->failed = t->f->frame_slots > WASM_SLOT_SLOTS_MAX ||
                t->f->end - t->f->code > UINT16_MAX || func > UINT16_MAX;
    if (!t->failed) {
        t->operand_count = t->making = t->last = t->constant = 0;
        t->labels[0] = (struct wasm_labels){0};
        wasm_validate_begin(&t->v, body, t->f);
        write_header(t);
        run(t);
    }
    if (!t->failed || t->full)
        return header;
    tomte_arena_release(t->arena, mark);
    t->count = header;
    return 0;
}

static void write_header(struct wasm_translator *t)
{
    const struct wasm_func *f = t->f;
    uint16_t *h = more(t, WASM_SLOT_HEADER);
    if (h == NULL)
        return;
    h[WASM_SLOT_ARGS] = t->m->types[f->type].param_slots;
    h[WASM_SLOT_LOCALS] = f->local_slots;
    h[WASM_SLOT_FRAME] = f->frame_slots;
    h[WASM_SLOT_COST] = (uint16_t)f->cost;
    h[WASM_SLOT_COST_HIGH] = (uint16_t)(f->cost >> 16);
    h[WASM_SLOT_BEGIN] = 0;
}

static void run(struct wasm_translator *t)
{
    struct wasm_validator *v = &t->v;
    while (v->block_count != 0 && !t->failed) {
        uint32_t at = wasm_offset(&v->r);
        struct wasm_insn in;
        wasm_read_insn(&v->r, &in);
        bool control = !wasm_is_live(t) || !wasm_translate_plain(t, &in);
        if (control)
            wasm_translate_control(t, &in);
        wasm_check_insn(v, &in, at);
        TOMTE_ASSERT(v->r.err == TOMTE_OK);
        if (control)
            wasm_translate_after(t, &in);
    }
    uint16_t *end = more(t, 1);
    if (end != NULL)
        *end = WASM_SLOT_END;
}

/* Room for units at the end; NULL and `failed` when there is none. */
static uint16_t *more(struct wasm_translator *t, uint32_t count)
{
    uint16_t *p =
        tomte_arena_take(t->arena, count * sizeof *p, sizeof *t->units);
    if (p == NULL) {
        t->full = t->failed = true;
        return NULL;
    }
    TOMTE_ASSERT(p == t->units + t->count);
    t->count += count;
    return p;
}

void wasm_emit(struct wasm_translator *t, uint32_t op, const uint16_t *rest,
               uint32_t count)
{
    t->last = t->count;
    t->making = 0;
    uint16_t *p = more(t, 1 + count);
    if (p == NULL)
        return;
    *p++ = (uint16_t)(4 * op);
    for (uint32_t i = 0; i < count; i++)
        *p++ = rest[i];
}

void wasm_emit_units(struct wasm_translator *t, uint32_t count)
{
    uint16_t *p = more(t, count);
    if (p != NULL)
        memset(p, 0, count * sizeof *p);
}

void wasm_unemit(struct wasm_translator *t)
{
    size_t bytes = (t->count - t->last) * sizeof *t->units;
    tomte_arena_release(t->arena, tomte_arena_mark(t->arena) - bytes);
    t->count = t->last;
    t->last = t->making = 0;
}

void wasm_redirect(struct wasm_translator *t, uint16_t slot4)
{
    t->units[t->last + 1] = slot4;
    t->making = 0;
}

bool wasm_is_made(const struct wasm_translator *t, const struct wasm_operand *o)
{
    return !t->failed && t->making != 0 && o->where == WASM_HOME &&
           t->making == t->operand_count + 1;
}

/* In the table's order: eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u. */
uint32_t wasm_opposite(uint32_t op)
{
    static const uint8_t opposite[] = {1, 0, 8, 9, 6, 7, 4, 5, 2, 3};
    uint32_t first =
        op >= WASM_SLOT_I32_EQ_K ? WASM_SLOT_I32_EQ_K : WASM_SLOT_I32_EQ;
    return first + opposite[op - first];
}

struct wasm_operand wasm_take_operand(struct wasm_translator *t)
{
    TOMTE_ASSERT(t->operand_count > 0);
    return t->operands[--t->operand_count];
}

void wasm_put(struct wasm_translator *t, const struct wasm_operand *o,
              uint16_t slot4)
{
    uint64_t from = o->where == WASM_LOCAL ? o->value : o->home;
    uint32_t low = (uint32_t)o->value;
    if (o->where != WASM_CONST)
        WASM_EMIT(t, o->wide ? WASM_SLOT_MOVE64 : WASM_SLOT_MOVE, slot4,
                  (uint16_t)(4 * from));
    else if (o->wide)
        WASM_EMIT(t, WASM_SLOT_CONST64, slot4, (uint16_t)low,
                  (uint16_t)(low >> 16), (uint16_t)(o->value >> 32),
                  (uint16_t)(o->value >> 48));
    else if ((uint32_t)(int16_t)low == low)
        WASM_EMIT(t, WASM_SLOT_CONST_K, slot4, (uint16_t)low);
    else
        WASM_EMIT(t, WASM_SLOT_CONST, slot4, (uint16_t)low,
                  (uint16_t)(low >> 16));
}

uint16_t wasm_use(struct wasm_translator *t, const struct wasm_operand *o)
{
    uint16_t home = (uint16_t)(4 * o->home);
    if (o->where == WASM_LOCAL)
        return (uint16_t)(4 * o->value);
    if (o->where == WASM_CONST)
        wasm_put(t, o, home);
    return home;
}

uint16_t wasm_next_home(const struct wasm_translator *t)
{
    if (t->operand_count == 0)
        return t->f->local_slots;
    const struct wasm_operand *top = &t->operands[t->operand_count - 1];
    return (uint16_t)(top->home + 1 + top->wide);
}

void wasm_give(struct wasm_translator *t, enum wasm_where where, uint64_t value,
               bool wide)
{
    if (t->operand_count == WASM_TRANSLATE_OPERANDS) {
        t->failed = true;
        return;
    }
    uint16_t home = wasm_next_home(t);
    t->operands[t->operand_count++] =
        (struct wasm_operand){value, home, (uint8_t)where, wide};
}

void wasm_give_made(struct wasm_translator *t, bool wide)
{
    wasm_give(t, WASM_HOME, 0, wide);
    t->making = t->operand_count;
}

void wasm_settle_operands(struct wasm_translator *t, uint32_t from)
{
    for (uint32_t i = from; i < t->operand_count; i++)
        wasm_settle_operand(t, i);
}

void wasm_settle_operand(struct wasm_translator *t, uint32_t i)
{
    struct wasm_operand *o = &t->operands[i];
    if (o->where != WASM_HOME)
        wasm_put(t, o, (uint16_t)(4 * o->home));
    o->where = WASM_HOME;
}

bool wasm_is_live(const struct wasm_translator *t)
{
    const struct wasm_block *b = &t->v.blocks[t->v.block_count - 1];
    return !b->dead && !b->unreachable;
}
