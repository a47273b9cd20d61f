/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter: the module's bytes executed in place.
 *
 * wasm_exec_bytes is one long function, because all of it works on a dozen of
 * locals, which the compiler is to keep in registers: it is a flat table of
 * short cases, one for each instruction, and behind it the few places that
 * several of them go to. Each case jumps to the next by a table of labels that
 * is made from opcodes.h: an instruction without a case does not compile. What
 * is rare or long is in functions of its own (numeric.c, bulk.c, host.c).
 *
 * The code was validated: operands, locals, labels and entries of the side
 * table are there, so nothing about them is checked again. What depends on
 * values is checked: addresses, divisors, table entries, the stack's end. */
#include "wasm/instance.h"

#include "wasm/operations.h"
#include "wasm/opinfo.h"
#include "wasm/slotcode.h"

#include <string.h>

#ifdef __OPTIMIZE_SIZE__
static const uint8_t *leb_rest(const uint8_t *pc, uint32_t *v);
#endif

#include "wasm/exec_words.inc"

void wasm_exec(struct tomte_wasm_instance *inst)
{
    bool again = true;
    while (again) {
        const struct wasm_frame *f = wasm_frame(inst, inst->depth - 1);
        uint32_t index;
        if (f->side & WASM_FRAME_SLOT_CODE)
            again = wasm_owner_of(inst, f->func, &index)->code->exec(inst);
        else
            again = wasm_exec_bytes(inst);
    }
}

bool wasm_exec_bytes(struct tomte_wasm_instance *inst)
{
    static const void *const narrow_labels[256] = {
#define OP(code, name, text, imm, types) [code] = &&op_##name,
        WASM_OP_TABLE(OP)
#undef OP
            [WASM_PREFIX] = &&op_PREFIXED,
    };
    static const void *const wide_labels[256] = {
#define OP(code, name, text, imm, types) [code] = &&wide_##name,
        WASM_OP_TABLE(OP)
#undef OP
            [WASM_PREFIX] = &&op_PREFIXED,
    };
    const void *const *labels;
    uint32_t *const slots = inst->slots;
    struct wasm_frame *fp = wasm_frame(inst, inst->depth - 1);
    uint32_t *sp, *base, tos;
    int32_t fuel = inst->grant;

    struct tomte_wasm_instance *cur, *callee;
    uint32_t op, index;
    const uint8_t *bytes, *code, *pc, *at, *last;
    uint8_t *mem;
    uint32_t mem_len;
    const struct wasm_func *fn;
    const struct wasm_side *side, *st;
    enum tomte_wasm_trap_reason reason;

    LOAD_INSTANCE(wasm_owner_of(inst, fp->func, &index));
    LOAD_FRAME();
    LOAD_STACK(slots + inst->sp);
    at = pc;
    if (inst->spent > inst->budget)
        goto out_of_fuel;
    NEXT();

#include "wasm/exec_control.inc"

    CASE(DROP)
    {
        if (IS_WIDE()) {
            st++;
            sp--;
        }
        POP();
        NEXT();
    }
    CASE(SELECT_T)
    {
        pc += 2;
        if (wasm_width(pc[-1]) == 2)
            goto select_wide;
        goto select_narrow;
    }
    CASE(SELECT)
    {
        if (IS_WIDE()) {
            st++;
            goto select_wide;
        }
        goto select_narrow;
    }
select_narrow:
    sp -= 2;
    tos = tos != 0 ? sp[0] : sp[1];
    NEXT();
select_wide:
    sp -= 3;
    if (tos == 0) {
        sp[-1] = sp[1];
        tos = sp[2];
    } else {
        tos = sp[0];
    }
    NEXT();

compared: /* the result is `tos` */
    if (*pc == WASM_OP_BR_IF) {
        pc++;
        goto op_BR_IF;
    }
    if (*pc == WASM_OP_IF) {
        pc++;
        goto op_IF;
    }
    NEXT();

#include "wasm/exec_cases.inc"

op_PREFIXED : {
    const uint8_t *next = pc;
    at = pc - 1;
    LEB(op);
    pc = next;
    op += WASM_PREFIXED;
    if (op < WASM_OP_MEMORY_INIT)
        goto numeric;
    goto bulk;
}

    WASM_NUMERIC(CASE)
    at = pc - 1;
    op = *at;

numeric : /* what numeric.c does */
{
    uint32_t *top = sp + 1;
    SAVE();
    reason = wasm_numeric(op, &top);
    LOAD_FRAME();
    LOAD_MEMORY();
    LOAD_STACK(top);
    if (reason != TOMTE_WASM_TRAP_NONE)
        goto trap;
    NEXT();
}

    WASM_BULK(CASE)
    at = pc - 1;
    op = *at;

bulk : /* what bulk.c does */
{
    const uint8_t *next = pc;
    enum wasm_imm imm = wasm_info_imm(wasm_op_info[op]);
    uint32_t a, b = 0, *top = sp + 1;
    int32_t left = fuel;
    LEB(a);
    if (imm == WASM_IMM_TABLE_TABLE || imm == WASM_IMM_ELEM_TABLE ||
        imm == WASM_IMM_DATA_MEMORY || imm == WASM_IMM_MEMORY_MEMORY)
        LEB(b);
    pc = next;
    SAVE();
    reason = wasm_bulk(inst, cur, op, a, b, &top, &left);
    LOAD_FRAME();
    LOAD_MEMORY();
    LOAD_STACK(top);
    fuel = left;
    if (reason != TOMTE_WASM_TRAP_NONE)
        goto trap;
    NEXT();
}

branch: /* as the entry `st` says */
    if (st->slots != 0) {
        struct wasm_far far = {st->pc, st->side, st->slots >> 12,
                               st->slots & 0xfff};
        if (st->slots >= WASM_SIDE_MARKS)
            far = cur->m->side.far[-1 - (int32_t)wasm_side_word(st)];
        *sp = tos;
        const uint32_t *from = sp + 1 - far.keep;
        sp += 1 - (int32_t)(far.keep + far.drop);
        for (; far.keep > 0; far.keep--)
            *sp++ = *from++;
        LOAD_STACK(sp);
        st = side + far.side;
        GO(code + far.pc);
    }
    pc = code + st->pc;
    st = side + st->side;
    NEXT();

#include "wasm/exec_calls.inc"

out_of_fuel:
    SAVE();
    fuel = wasm_settle(inst, fuel);
    if (inst->spent > inst->budget) {
        reason = TOMTE_WASM_TRAP_FUEL;
        goto trap;
    }
    if (inst->slice == 0)
        return false;
    LOAD_FRAME();
    LOAD_MEMORY();
    LOAD_STACK(slots + inst->sp);
    NEXT();

trap_memory: /* in the instruction that was just begun */
    reason = TOMTE_WASM_TRAP_MEMORY;
trap_here:
    at = pc - 1;
trap:
    pc = at;
    SAVE();
    wasm_settle(inst, fuel);
    wasm_set_trap(inst, reason, tomte_wasm_trap_text(reason), cur,
                  (uint32_t)(fn - cur->m->funcs), (uint32_t)(at - bytes));
    return false;
}

#ifdef __OPTIMIZE_SIZE__
/* The bytes after the first of an unsigned number of 32 bits. */
__attribute__((noinline)) static const uint8_t *leb_rest(const uint8_t *pc,
                                                         uint32_t *v)
{
    uint32_t value = *v & 0x7f;
    unsigned shift = 7;
    uint8_t byte;
    do {
        byte = *pc++;
        value |= (uint32_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    *v = value;
    return pc;
}
#endif
