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

static const struct wasm_frame *
frames_floor(const struct tomte_wasm_instance *inst);

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

/* What few cases need is kept in memory, to leave the registers to the others:
 * its address is given away, so that the compiler cannot but do so. */
struct kept {
    uint32_t *slots;                /* the stack's first */
    const struct wasm_frame *end;   /* behind the frame of the outermost call */
    const struct wasm_frame *floor; /* the last frame that there may be */
    struct tomte_wasm_instance *callee;
    const struct wasm_func *fn; /* the function's: */
    const uint8_t *bytes;       /* its module */
    const uint8_t *code;        /* its first instruction */
    const struct wasm_side *side;
    const uint8_t *at; /* the instruction that calls or traps */
    uint32_t index;
    uint32_t limit2, limit8;
};

/* Every instruction has a label, and where the top operand may be pending a
 * second one. */
#define ALL_OPS(OP) WASM_OP_TABLE(OP) OP(WASM_PREFIX, PREFIXED, , , )
#ifdef __OPTIMIZE_SIZE__
#define LABELS 256
#define PENDING_OPS(OP)
#else
#define LABELS          512
#define PENDING_OPS(OP) ALL_OPS(OP)
#endif

bool wasm_exec_bytes(struct tomte_wasm_instance *inst)
{
    static const void *const narrow_labels[LABELS] = {
#define OP(code, name, text, imm, types) [code] = &&op_##name,
        ALL_OPS(OP)
#undef OP
#define OP(code, name, text, imm, types) [256 + (code)] = &&pend_##name,
            PENDING_OPS(OP)
#undef OP
    };
    static const void *const wide_labels[LABELS] = {
#define OP(code, name, text, imm, types) [code] = &&wide_##name,
        ALL_OPS(OP)
#undef OP
#define OP(code, name, text, imm, types) [256 + (code)] = &&pend_wide_##name,
            PENDING_OPS(OP)
#undef OP
    };
    struct kept k = {.slots = inst->slots,
                     .end = wasm_frames_end(inst),
                     .floor = frames_floor(inst)};
    struct wasm_frame *fp = wasm_frame(inst, inst->depth - 1);
    struct tomte_wasm_instance *cur;
    const void *const *labels;
    const uint8_t *pc, *last;
    const struct wasm_side *st;
    uint32_t *sp, *base, tos, index, op, limit1, limit4;
#ifndef __OPTIMIZE_SIZE__
    uint32_t val = 0;
#endif
    uint8_t *mem;
    int32_t fuel = inst->grant;
    enum tomte_wasm_trap_reason reason;

    __asm__ volatile("" : : "r"(&k) : "memory");
    LOAD_OWNER();
    LOAD_FRAME();
    LOAD_STACK(k.slots + inst->sp);
    k.at = pc;
    if (inst->spent > inst->budget)
        goto out_of_fuel;
    NEXT();

#include "wasm/exec_control.inc"

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

#ifndef __OPTIMIZE_SIZE__
#include "wasm/exec_pending.inc"
#endif

op_PREFIXED:
wide_PREFIXED : {
    const uint8_t *next = pc;
    k.at = pc - 1;
    LEB(op);
    pc = next;
    op += WASM_PREFIXED;
    if (op < WASM_OP_MEMORY_INIT)
        goto numeric;
    goto bulk;
}

    WASM_NUMERIC(CASE)
    k.at = pc - 1;
    op = *k.at;

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
    k.at = pc - 1;
    op = *k.at;

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

branch_table : /* to label `index` of those at `pc` */
{
    const uint8_t *next = pc;
    uint32_t count;
    LEB(count);
    st += index < count ? index : count;
}

branch: /* as the entry `st` says */
    if (st->slots != 0) {
        if (st->slots == WASM_SIDE_BACK)
            goto branch_back;
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
        st = SIDE_AT(far.side);
        GO(k.code + far.pc);
    }
    pc = k.code + st->pc;
    st = SIDE_AT(st->side);
    NEXT();
branch_back: /* a small machine saves the jump through the table */
    pc = k.code + st->pc;
    st = SIDE_AT(st->side);
#if UINTPTR_MAX > UINT32_MAX
    NEXT();
#else
    pc++;
    goto op_LOOP;
#endif

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
    RELOAD();
    NEXT();

trap_memory: /* in the instruction that was just begun */
    reason = TOMTE_WASM_TRAP_MEMORY;
trap_here:
    k.at = pc - 1;
trap:
    pc = k.at;
    SAVE();
    wasm_settle(inst, fuel);
    wasm_set_trap(inst, reason, tomte_wasm_trap_text(reason), cur,
                  (uint32_t)(k.fn - cur->m->funcs), (uint32_t)(k.at - k.bytes));
    return false;
}

/* Where the last frame is that the depth of calls allows. */
static const struct wasm_frame *
frames_floor(const struct tomte_wasm_instance *inst)
{
    size_t fit = inst->slot_count / WASM_FRAME_WORDS;
    return wasm_frames_end(inst) -
           (inst->depth_max < fit ? inst->depth_max : fit);
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
