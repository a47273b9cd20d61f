/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks, branches, calls, and what needs all operands in their places.
 *
 * A branch whose target is not known yet is a link of a chain: where its
 * displacement will be is how far from the function's header the one before it
 * begins. */
#include "wasm/translate.h"

#include "base/assert.h"

static void begin_block(struct wasm_translator *t, const struct wasm_insn *in);
static void end_arm(struct wasm_translator *t);
static void end_block(struct wasm_translator *t);
static void branch_if(struct wasm_translator *t, uint32_t depth);
static void branch_table(struct wasm_translator *t, uint32_t count);
static void call(struct wasm_translator *t, const struct wasm_insn *in);
static void call_indirect(struct wasm_translator *t,
                          const struct wasm_insn *in);
static void bulk(struct wasm_translator *t, const struct wasm_insn *in);

static void branch(struct wasm_translator *t, uint32_t depth);
static void branch_on(struct wasm_translator *t, const struct wasm_operand *c,
                      bool when, uint32_t begin, uint32_t *chain);
static bool must_move(const struct wasm_translator *t, uint32_t block,
                      uint32_t *count);
static void link(struct wasm_translator *t, uint32_t at, uint32_t begin,
                 uint32_t *chain);
static void resolve(struct wasm_translator *t, uint32_t *chain);
static void leave(struct wasm_translator *t);
static uint16_t place(struct wasm_translator *t);
static uint16_t unit(struct wasm_translator *t, uint32_t v);

void wasm_translate_control(struct wasm_translator *t,
                            const struct wasm_insn *in)
{
    if (in->op == WASM_OP_END)
        end_block(t);
    else if (in->op == WASM_OP_ELSE)
        end_arm(t);
    if (!wasm_is_live(t))
        return;
    switch (in->op) {
    case WASM_OP_END:
    case WASM_OP_ELSE:
        break;
    case WASM_OP_UNREACHABLE:
        wasm_emit(t, WASM_SLOT_UNREACHABLE, NULL, 0);
        break;
    case WASM_OP_BLOCK:
    case WASM_OP_LOOP:
    case WASM_OP_IF:
        begin_block(t, in);
        break;
    case WASM_OP_BR:
        branch(t, in->a);
        break;
    case WASM_OP_BR_IF:
        branch_if(t, in->a);
        break;
    case WASM_OP_BR_TABLE:
        branch_table(t, in->a);
        break;
    case WASM_OP_RETURN:
        leave(t);
        break;
    case WASM_OP_CALL:
    case WASM_OP_RETURN_CALL:
        call(t, in);
        break;
    case WASM_OP_CALL_INDIRECT:
    case WASM_OP_RETURN_CALL_INDIRECT:
        call_indirect(t, in);
        break;
    default:
        TOMTE_ASSERT(wasm_op_class[in->op] == WASM_CLASS_BULK);
        bulk(t, in);
        break;
    }
}

/* What is on the stack now is at home: from a block's first operand up, where
 * one has ended, else all of it. */
void wasm_translate_after(struct wasm_translator *t, const struct wasm_insn *in)
{
    const struct wasm_validator *v = &t->v;
    uint32_t from = t->height;
    if (v->block_count == 0 || !wasm_is_live(t) ||
        wasm_info_imm(in->info) == WASM_IMM_BLOCK || in->op == WASM_OP_BR_IF)
        return;
    if (in->op != WASM_OP_END && in->op != WASM_OP_ELSE)
        from = 0;
    uint32_t making = t->making;
    t->operand_count = from;
    for (uint32_t i = v->local_count + from; i < v->type_count; i++)
        wasm_give(t, WASM_HOME, 0, wasm_width(v->types[i]) == 2);
    t->making = making;
}

static void begin_block(struct wasm_translator *t, const struct wasm_insn *in)
{
    struct wasm_labels *l = &t->labels[t->v.block_count];
    if (t->v.block_count >= t->v.block_max) {
        t->failed = true;
        return;
    }
    *l = (struct wasm_labels){0};
    if (in->op == WASM_OP_IF) {
        struct wasm_operand c = wasm_take_operand(t);
        wasm_settle_operands(t, 0);
        branch_on(t, &c, false, 0, &l->other);
        return;
    }
    wasm_settle_operands(t, 0);
    if (in->op == WASM_OP_LOOP) {
        l->begin = t->count;
        WASM_EMIT(t, WASM_SLOT_LOOP, 0, (uint16_t)(4 * wasm_next_home(t)),
                  place(t));
        t->last = 0;
    }
}

static void end_arm(struct wasm_translator *t)
{
    uint32_t top = t->v.block_count - 1;
    const struct wasm_block *b = &t->v.blocks[top];
    struct wasm_labels *l = &t->labels[top];
    t->height = b->height - t->v.local_count;
    if (b->dead)
        return;
    if (!b->unreachable) {
        wasm_settle_operands(t, t->height);
        WASM_EMIT(t, WASM_SLOT_BR, 0);
        link(t, t->last, 0, &l->end);
    }
    resolve(t, &l->other);
    t->last = t->making = 0;
}

static void end_block(struct wasm_translator *t)
{
    uint32_t top = t->v.block_count - 1;
    const struct wasm_block *b = &t->v.blocks[top];
    struct wasm_labels *l = &t->labels[top];
    t->height = b->height - t->v.local_count;
    if (b->dead)
        return;
    if (top == 0) {
        if (!b->unreachable)
            leave(t);
        return;
    }
    if (!b->unreachable)
        wasm_settle_operands(t, t->height);
    if (b->op == WASM_OP_LOOP && !t->failed)
        t->units[l->begin + 1] = unit(t, b->cost);
    resolve(t, &l->other);
    resolve(t, &l->end);
}

/* A branch that has to move values first, or leaves the function, is passed
 * over when it is not taken. */
static void branch_if(struct wasm_translator *t, uint32_t depth)
{
    struct wasm_operand c = wasm_take_operand(t);
    uint32_t block = t->v.block_count - 1 - depth, count, skip = 0;
    bool moves = must_move(t, block, &count);
    if (!moves || (block == 0 && count > 1))
        wasm_settle_operands(t, t->operand_count - count);
    if (!moves) {
        struct wasm_labels *l = &t->labels[block];
        branch_on(t, &c, true, l->begin, &l->end);
        return;
    }
    branch_on(t, &c, false, 0, &skip);
    branch(t, depth);
    resolve(t, &skip);
}

/* Entries for what needs more than a jump lead to code for it, behind. */
static void branch_table(struct wasm_translator *t, uint32_t count)
{
    struct wasm_operand index = wasm_take_operand(t);
    struct wasm_reader r = t->v.r, again = t->v.r;
    uint32_t unused;
    wasm_settle_operands(t, 0);
    uint16_t slot = wasm_use(t, &index);
    WASM_EMIT(t, WASM_SLOT_BR_TABLE, slot, unit(t, count));
    uint32_t entry = t->count;
    for (uint32_t i = 0; i <= count && !t->failed; i++)
        wasm_emit_units(t, 1);
    for (uint32_t i = 0; i <= count && !t->failed; i++) {
        uint32_t block = t->v.block_count - 1 - wasm_read_u32(&r);
        struct wasm_labels *l = &t->labels[block];
        if (!must_move(t, block, &unused))
            link(t, entry + i - 1, l->begin, &l->end);
    }
    for (uint32_t i = 0; i <= count && !t->failed; i++) {
        uint32_t depth = wasm_read_u32(&again);
        uint32_t here = t->count;
        if (!must_move(t, t->v.block_count - 1 - depth, &unused))
            continue;
        branch(t, depth);
        link(t, entry + i - 1, here, NULL);
    }
}

static void call(struct wasm_translator *t, const struct wasm_insn *in)
{
    const struct wasm_type *type = &t->m->types[t->m->funcs[in->a].type];
    bool tail = in->op == WASM_OP_RETURN_CALL;
    wasm_settle_operands(t, 0);
    uint32_t args = wasm_next_home(t) - (uint32_t)type->param_slots;
    WASM_EMIT(t, tail ? WASM_SLOT_RETURN_CALL : WASM_SLOT_CALL, unit(t, in->a),
              (uint16_t)(4 * args), place(t));
    t->last = 0;
}

static void call_indirect(struct wasm_translator *t, const struct wasm_insn *in)
{
    struct wasm_operand index = wasm_take_operand(t);
    wasm_settle_operands(t, 0);
    uint32_t args =
        wasm_next_home(t) - (uint32_t)t->m->types[in->a].param_slots;
    uint16_t slot = wasm_use(t, &index);
    bool tail = in->op == WASM_OP_RETURN_CALL_INDIRECT;
    WASM_EMIT(
        t, tail ? WASM_SLOT_RETURN_CALL_INDIRECT : WASM_SLOT_CALL_INDIRECT,
        unit(t, in->a), unit(t, in->b), (uint16_t)(4 * args), slot, place(t));
    t->last = 0;
}

static void bulk(struct wasm_translator *t, const struct wasm_insn *in)
{
    wasm_settle_operands(t, 0);
    WASM_EMIT(t, WASM_SLOT_BULK, in->op, unit(t, in->a), unit(t, in->b),
              (uint16_t)(4 * wasm_next_home(t)));
}

/* The operands that a branch to the block takes along: how many. They are not
 * where the block wants them: other operands are below; or the function is to
 * be left. */
static bool must_move(const struct wasm_translator *t, uint32_t block,
                      uint32_t *count)
{
    const struct wasm_block *b = &t->v.blocks[block];
    struct tomte_span types = b->op == WASM_OP_LOOP
                                  ? wasm_block_params(&t->v, b)
                                  : wasm_block_results(&t->v, b);
    *count = (uint32_t)types.len;
    if (block == 0)
        return true;
    return types.len != 0 &&
           t->operands[t->operand_count - types.len].home != b->slots;
}

static void branch(struct wasm_translator *t, uint32_t depth)
{
    uint32_t block = t->v.block_count - 1 - depth, count;
    if (block == 0) {
        leave(t);
        return;
    }
    /* From the lowest up: each goes down or stays, so none is overwritten. */
    bool moves = must_move(t, block, &count);
    uint32_t slot = t->v.blocks[block].slots;
    for (uint32_t i = t->operand_count - count; i < t->operand_count; i++) {
        const struct wasm_operand *o = &t->operands[i];
        if (moves)
            wasm_put(t, o, (uint16_t)(4 * slot));
        else
            wasm_settle_operands(t, i);
        slot += 1u + o->wide;
    }
    WASM_EMIT(t, WASM_SLOT_BR, 0);
    link(t, t->last, t->labels[block].begin, &t->labels[block].end);
}

/* Branch when the condition is, or is not, zero. A comparison that was just
 * made becomes part of it. */
static void branch_on(struct wasm_translator *t, const struct wasm_operand *c,
                      bool when, uint32_t begin, uint32_t *chain)
{
    uint32_t op = WASM_SLOT_OPS;
    const uint16_t *last = &t->units[t->last];
    if (wasm_is_made(t, c))
        op = last[0] / 4;
    if (op == WASM_SLOT_I32_EQZ) {
        uint16_t a = last[2];
        wasm_unemit(t);
        WASM_EMIT(t, when ? WASM_SLOT_BR_Z : WASM_SLOT_BR_NZ, 0, a);
    } else if (op >= WASM_SLOT_I32_EQ && op <= WASM_SLOT_I32_GE_U &&
               t->constant == t->last && t->constant != 0) {
        /* CONST comes before it, for its second operand. */
        uint16_t a = last[2], low = last[-2], high = last[-1];
        if (!when)
            op = wasm_opposite(op);
        wasm_unemit(t);
        t->last = t->count - 4;
        wasm_unemit(t);
        WASM_EMIT(t, op + WASM_SLOT_BR_C, 0, a, low, high);
    } else if (op >= WASM_SLOT_I32_EQ && op <= WASM_SLOT_I32_GE_U_K) {
        uint16_t a = last[2], b = last[3];
        if (!when)
            op = wasm_opposite(op);
        wasm_unemit(t);
        WASM_EMIT(t, op + WASM_SLOT_BR_COMP, 0, a, b);
    } else {
        uint16_t a = wasm_use(t, c);
        WASM_EMIT(t, when ? WASM_SLOT_BR_NZ : WASM_SLOT_BR_Z, 0, a);
    }
    link(t, t->last, begin, chain);
}

/* The branch at `at` goes to `begin`, or 0: to where the chain will end. */
static void link(struct wasm_translator *t, uint32_t at, uint32_t begin,
                 uint32_t *chain)
{
    if (t->failed)
        return;
    if (begin != 0) {
        int32_t distance = (int32_t)(begin - at);
        t->units[at + 1] = (uint16_t)distance;
        t->failed = distance > INT16_MAX || distance < INT16_MIN;
    } else {
        t->units[at + 1] = (uint16_t)*chain;
        *chain = at - t->header;
        t->failed = *chain > UINT16_MAX;
    }
}

/* The chain's target is here. */
static void resolve(struct wasm_translator *t, uint32_t *chain)
{
    if (*chain == 0)
        return;
    while (*chain != 0 && !t->failed) {
        uint32_t at = t->header + *chain;
        *chain = t->units[at + 1];
        link(t, at, t->count, NULL);
    }
    t->last = t->making = 0;
}

/* Return, with the results from the top of the stack. */
static void leave(struct wasm_translator *t)
{
    const struct wasm_type *type = &t->m->types[t->f->type];
    uint32_t count = type->result_count;
    uint32_t first = t->operand_count - count;
    if (count == 0) {
        wasm_emit(t, WASM_SLOT_RETURN, NULL, 0);
    } else if (count == 1) {
        const struct wasm_operand *o = &t->operands[first];
        uint16_t slot = wasm_use(t, o);
        WASM_EMIT(t, o->wide ? WASM_SLOT_RETURN2 : WASM_SLOT_RETURN1, slot);
    } else {
        wasm_settle_operands(t, first);
        WASM_EMIT(t, WASM_SLOT_RETURN_N,
                  (uint16_t)(4 * t->operands[first].home), type->result_slots);
    }
}

/* Where in the function the next instruction of the module is. */
static uint16_t place(struct wasm_translator *t)
{
    return unit(t, wasm_offset(&t->v.r) - t->f->code);
}

/* What must fit a unit. */
static uint16_t unit(struct wasm_translator *t, uint32_t v)
{
    t->failed = t->failed || v > UINT16_MAX;
    return (uint16_t)v;
}
