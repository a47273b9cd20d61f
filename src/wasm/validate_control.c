/* SPDX-License-Identifier: Apache-2.0 */
/* Control instructions, section 3.3.8: types, and where branches go. */
#include "wasm/validate.h"

static void check_loop(struct wasm_validator *v, const struct wasm_insn *in,
                       uint32_t at);
static void check_if(struct wasm_validator *v, const struct wasm_insn *in);
static void check_else(struct wasm_validator *v);
static void check_end(struct wasm_validator *v, uint32_t at);
static void check_branch_if(struct wasm_validator *v, uint32_t depth);
static void check_branch_table(struct wasm_validator *v, uint32_t count);
static void check_return(struct wasm_validator *v);
static void check_call(struct wasm_validator *v, uint32_t func);
static void check_call_indirect(struct wasm_validator *v,
                                const struct wasm_insn *in);
static void check_tail_call(struct wasm_validator *v,
                            const struct wasm_insn *in, uint32_t at);

static struct wasm_block *label(struct wasm_validator *v, uint32_t depth);
static struct tomte_span label_types(const struct wasm_validator *v,
                                     const struct wasm_block *b);
static void check_top(struct wasm_validator *v, struct tomte_span types);
static void emit(struct wasm_validator *v, struct wasm_block *b);
static void unreachable(struct wasm_validator *v);
static uint32_t here(const struct wasm_validator *v);

void wasm_check_control(struct wasm_validator *v, const struct wasm_insn *in,
                        uint32_t at)
{
    struct wasm_block *b;
    switch (in->op) {
    case WASM_OP_UNREACHABLE:
        unreachable(v);
        break;
    case WASM_OP_BLOCK:
        wasm_open(v, WASM_OP_BLOCK, in);
        break;
    case WASM_OP_LOOP:
        check_loop(v, in, at);
        break;
    case WASM_OP_IF:
        check_if(v, in);
        break;
    case WASM_OP_ELSE:
        check_else(v);
        break;
    case WASM_OP_END:
        check_end(v, at);
        break;
    case WASM_OP_BR:
        b = label(v, in->a);
        wasm_pop_all(v, label_types(v, b));
        wasm_push_all(v, label_types(v, b));
        emit(v, b);
        unreachable(v);
        break;
    case WASM_OP_BR_IF:
        check_branch_if(v, in->a);
        break;
    case WASM_OP_BR_TABLE:
        check_branch_table(v, in->a);
        break;
    case WASM_OP_RETURN:
        check_return(v);
        break;
    case WASM_OP_CALL:
        check_call(v, in->a);
        break;
    case WASM_OP_CALL_INDIRECT:
        check_call_indirect(v, in);
        break;
    case WASM_OP_RETURN_CALL:
    case WASM_OP_RETURN_CALL_INDIRECT:
        check_tail_call(v, in, at);
        break;
    default:
        break;
    }
}

/* A branch back executes `loop` again, which charges its fuel. */
static void check_loop(struct wasm_validator *v, const struct wasm_insn *in,
                       uint32_t at)
{
    uint32_t entry = wasm_side_at(&v->side);
    wasm_side_mark(&v->side, WASM_SIDE_LOOP, 0);
    wasm_open(v, WASM_OP_LOOP, in);
    if (v->r.err != TOMTE_OK)
        return;
    v->loop = v->block_count - 1;
    struct wasm_block *b = &v->blocks[v->loop];
    b->chain = at - v->code;
    b->entry = entry;
    b->cost = 1;
}

static void check_if(struct wasm_validator *v, const struct wasm_insn *in)
{
    uint32_t chain = WASM_SIDE_END;
    wasm_pop(v, TOMTE_WASM_I32);
    wasm_side_forward(&v->side, 0, 0, &chain);
    wasm_open(v, WASM_OP_IF, in);
    v->blocks[v->block_count - 1].entry = chain;
}

static void check_else(struct wasm_validator *v)
{
    struct wasm_block b = wasm_close(v);
    if (b.op != WASM_OP_IF) {
        wasm_fail(&v->r, TOMTE_ERR_MALFORMED, "else without if");
        return;
    }
    /* The first arm ends in a jump over the second. */
    wasm_side_forward(&v->side, 0, 0, &b.chain);
    wasm_side_resolve(&v->side, b.entry, here(v), wasm_side_at(&v->side));
    b.op = WASM_OP_ELSE;
    b.unreachable = false;
    v->blocks[v->block_count++] = b;
    wasm_push_all(v, wasm_block_params(v, &b));
}

static void check_end(struct wasm_validator *v, uint32_t at)
{
    struct wasm_block b = wasm_close(v);
    struct tomte_span results = wasm_block_results(v, &b);
    if (b.op == WASM_OP_IF) {
        if (!tomte_span_equal(wasm_block_params(v, &b), results))
            wasm_invalid(v, "type mismatch");
        wasm_side_resolve(&v->side, b.entry, here(v), wasm_side_at(&v->side));
    }
    if (b.op == WASM_OP_LOOP) {
        wasm_side_set_word(&v->side, b.entry, b.cost);
        v->loop = b.outer;
    } else {
        /* To leave the function is to execute its last instruction. */
        uint32_t pc = b.op == WASM_OP_END ? at - v->code : here(v);
        wasm_side_resolve(&v->side, b.chain, pc, wasm_side_at(&v->side));
    }
    if (b.op != WASM_OP_END)
        wasm_push_all(v, results);
}

static void check_branch_if(struct wasm_validator *v, uint32_t depth)
{
    wasm_pop(v, TOMTE_WASM_I32);
    struct wasm_block *b = label(v, depth);
    wasm_pop_all(v, label_types(v, b));
    wasm_push_all(v, label_types(v, b));
    emit(v, b);
}

static void check_branch_table(struct wasm_validator *v, uint32_t count)
{
    if (count > v->m->limits.branch_targets)
        wasm_fail(&v->r, TOMTE_ERR_TOO_LARGE, "too many branch targets");
    wasm_pop(v, TOMTE_WASM_I32);
    const struct wasm_block *same = NULL;
    size_t arity = 0;
    for (uint32_t i = 0; i <= count && v->r.err == TOMTE_OK; i++) {
        struct wasm_block *b = label(v, wasm_read_u32(&v->r));
        struct tomte_span types = label_types(v, b);
        if (i == 0)
            arity = types.len;
        if (types.len != arity)
            wasm_invalid(v, "type mismatch");
        if (b != same)
            check_top(v, types);
        same = b;
        emit(v, b);
    }
    unreachable(v);
}

static void check_return(struct wasm_validator *v)
{
    wasm_pop_all(v, wasm_block_results(v, &v->blocks[0]));
    unreachable(v);
}

static void check_call(struct wasm_validator *v, uint32_t func)
{
    if (func >= v->m->all.of[TOMTE_WASM_FUNC]) {
        wasm_invalid(v, "unknown function");
        return;
    }
    struct tomte_wasm_type t = wasm_type_spans(v->m, v->m->funcs[func].type);
    wasm_pop_all(v, t.params);
    wasm_push_all(v, t.results);
}

static void check_call_indirect(struct wasm_validator *v,
                                const struct wasm_insn *in)
{
    if (in->b >= v->m->all.of[TOMTE_WASM_TABLE]) {
        wasm_invalid(v, "unknown table");
        return;
    }
    if (in->a >= v->m->type_count) {
        wasm_invalid(v, "unknown type");
        return;
    }
    if (v->m->tables[in->b].type != TOMTE_WASM_FUNCREF)
        wasm_invalid(v, "type mismatch");
    struct tomte_wasm_type t = wasm_type_spans(v->m, in->a);
    wasm_pop(v, TOMTE_WASM_I32);
    wasm_pop_all(v, t.params);
    wasm_push_all(v, t.results);
}

/* Proposal tail-call: a call whose results are the function's own. */
static void check_tail_call(struct wasm_validator *v,
                            const struct wasm_insn *in, uint32_t at)
{
    if ((v->m->limits.features & TOMTE_WASM_FEATURE_TAIL_CALL) == 0)
        wasm_fail_at(&v->r, at, TOMTE_ERR_MALFORMED, "illegal opcode");
    else if (in->op == WASM_OP_RETURN_CALL)
        check_call(v, in->a);
    else
        check_call_indirect(v, in);
    if (v->r.err != TOMTE_OK)
        return;
    uint32_t type =
        in->op == WASM_OP_RETURN_CALL ? v->m->funcs[in->a].type : in->a;
    struct tomte_span results = wasm_block_results(v, &v->blocks[0]);
    if (!tomte_span_equal(wasm_type_spans(v->m, type).results, results))
        wasm_invalid(v, "type mismatch");
    v->tail_calls = true;
    unreachable(v);
}

/* The block that a label names; the function's own after a failure. */
static struct wasm_block *label(struct wasm_validator *v, uint32_t depth)
{
    if (depth < v->block_count)
        return &v->blocks[v->block_count - 1 - depth];
    wasm_invalid(v, "unknown label");
    return &v->blocks[0];
}

static struct tomte_span label_types(const struct wasm_validator *v,
                                     const struct wasm_block *b)
{
    return b->op == WASM_OP_LOOP ? wasm_block_params(v, b)
                                 : wasm_block_results(v, b);
}

/* The operands on top are of these types; they stay. */
static void check_top(struct wasm_validator *v, struct tomte_span types)
{
    const struct wasm_block *b = &v->blocks[v->block_count - 1];
    size_t own = v->type_count - b->height;
    for (size_t i = 0; i < types.len; i++) {
        uint8_t actual = 0;
        if (i < own)
            actual = v->types[v->type_count - 1 - i];
        else if (!b->unreachable)
            actual = WASM_BLOCK_EMPTY;
        if (actual != types.data[types.len - 1 - i] && actual != 0)
            wasm_invalid(v, "type mismatch");
    }
}

/* An entry for a branch to `b` with its operands on top of the stack. */
static void emit(struct wasm_validator *v, struct wasm_block *b)
{
    uint32_t keep = tomte_wasm_slots(label_types(v, b));
    uint32_t below = b->slots + keep;
    uint32_t drop = v->slots > below ? v->slots - below : 0;
    /* Where all operands stay, or a return takes them from the top anyway,
     * nothing needs to move. */
    if (drop == 0 || b->op == WASM_OP_END)
        keep = drop = 0;
    if (b->op == WASM_OP_LOOP)
        wasm_side_target(&v->side, keep, drop, b->chain, b->entry);
    else
        wasm_side_forward(&v->side, keep, drop, &b->chain);
}

static void unreachable(struct wasm_validator *v)
{
    struct wasm_block *b = &v->blocks[v->block_count - 1];
    v->type_count = b->height;
    v->slots = b->slots;
    b->unreachable = true;
}

/* The offset in the code of the next instruction. */
static uint32_t here(const struct wasm_validator *v)
{
    return wasm_offset(&v->r) - v->code;
}
