/* SPDX-License-Identifier: Apache-2.0 */
/* Slot code, executed.
 *
 * As wasm_exec, one long function of short cases around a dozen of locals. All
 * it reads was written by translate.c from a module that is valid, so nothing
 * about it is checked again; what depends on values is. */
#include "wasm/instance.h"

#include "wasm/slotcode.h"

#include <string.h>

static enum tomte_wasm_trap_reason do_bulk(struct tomte_wasm_instance *inst,
                                           struct tomte_wasm_instance *cur,
                                           const uint16_t *pc, uint32_t *top,
                                           int32_t *fuel);

/* Operand n of the instruction: a slot, a slot and the next, a constant. */
#define R(n)   (*(uint32_t *)(void *)((uint8_t *)base + pc[n]))
#define R64(n) wasm_get64(&R(n))
#define K(n)   ((uint32_t)(int16_t)pc[n])
#define C(n)   ((uint32_t)pc[(n) + 1] << 16 | pc[n])
#define K64(n) ((uint64_t)(int16_t)pc[n])

#define CASE(name) op_##name:
#define DISPATCH()                                                             \
    goto **(const void *const *)(const void *)((const uint8_t *)labels +       \
                                               (size_t)*pc *                   \
                                                   (sizeof labels[0] / 4))
#define NEXT(units)                                                            \
    do {                                                                       \
        pc += (units);                                                         \
        DISPATCH();                                                            \
    } while (0)
/* Nearly half of the branches that are taken go back to a loop: a small machine
 * saves the jump through the table. A large one predicts that jump, and those
 * behind it the better. */
#if UINTPTR_MAX > UINT32_MAX
#define IS_LOOP() false
#else
#define IS_LOOP() (*pc == 4 * WASM_SLOT_LOOP)
#endif
#define BRANCH()                                                               \
    do {                                                                       \
        pc += (int16_t)pc[1];                                                  \
        if (IS_LOOP())                                                         \
            goto op_LOOP;                                                      \
        DISPATCH();                                                            \
    } while (0)

/* Between the locals here and the instance. */
#define SAVE(at)                                                               \
    do {                                                                       \
        fp->side = WASM_FRAME_SLOT_CODE | (uint32_t)((at)-units);              \
        inst->depth = depth;                                                   \
    } while (0)
#define SAVE_TOP(top) (inst->sp = (uint32_t)((top)-slots))
#define LOAD_MEMORY()                                                          \
    do {                                                                       \
        mem = cur->memory->data;                                               \
        mem_len = cur->memory->len;                                            \
    } while (0)
#define LOAD_FRAME()                                                           \
    do {                                                                       \
        base = slots + fp->base;                                               \
        pc = units + (fp->side & ~WASM_FRAME_SLOT_CODE);                       \
    } while (0)

/* The table of labels. */
#define NAME(name, ...)        [WASM_SLOT_##name] = &&op_##name,
#define NAME_K(name, ...)      [WASM_SLOT_##name##_K] = &&op_##name##_K,
#define NAME_A(name, ...)      [WASM_SLOT_##name##_A] = &&op_##name##_A,
#define NAME_C(name, ...)      [WASM_SLOT_##name##_C] = &&op_##name##_C,
#define NAME_BR_C(name, ...)   [WASM_SLOT_BR_##name##_C] = &&op_BR_##name##_C,
#define NAME_I(name, ...)      [WASM_SLOT_##name##_I] = &&op_##name##_I,
#define NAME_BR(name, ...)     [WASM_SLOT_BR_##name] = &&op_BR_##name,
#define NAME_BR_K(name, ...)   [WASM_SLOT_BR_##name##_K] = &&op_BR_##name##_K,
#define LIST(list, units)      list(NAME)
#define LIST_K(list, units)    list(NAME_K)
#define LIST_A(list, units)    list(NAME_A)
#define LIST_C(list, units)    list(NAME_C)
#define LIST_BR_C(list, units) list(NAME_BR_C)
#define LIST_I(list, units)    list(NAME_I)
#define LIST_BR(list, units)   list(NAME_BR)
#define LIST_BR_K(list, units) list(NAME_BR_K)

bool wasm_exec_slots(struct tomte_wasm_instance *inst)
{
    static const void *const labels[WASM_SLOT_OPS] = {
#define OP(name, units) [WASM_SLOT_##name] = &&op_##name,
        WASM_SLOT_TABLE(OP)
#undef OP
            WASM_SLOT_LISTS(LIST, LIST_K, LIST_C, LIST_A, LIST_I, LIST_BR,
                            LIST_BR_K, LIST_BR_C)};
    uint32_t *const slots = inst->slots;
    uint32_t depth = inst->depth, index;
    struct wasm_frame *fp = wasm_frame(inst, depth - 1);
    struct tomte_wasm_instance *cur = wasm_owner_of(inst, fp->func, &index);
    struct tomte_wasm_instance *callee;
    const uint32_t *entries = cur->code->entries;
    const uint16_t *pc, *units = cur->code->units, *at = NULL;
    uint32_t *base;
    uint8_t *mem;
    size_t mem_len;
    int32_t fuel = inst->grant;
    enum tomte_wasm_trap_reason reason;

    LOAD_MEMORY();
    LOAD_FRAME();
    if (inst->spent > inst->budget)
        goto out_of_fuel;
    DISPATCH();

    CASE(UNREACHABLE)
    reason = TOMTE_WASM_TRAP_UNREACHABLE;
    goto trap;
    CASE(BR)
    BRANCH();
    CASE(BR_NZ)
    {
        if (R(2) != 0)
            BRANCH();
        NEXT(3);
    }
    CASE(BR_Z)
    {
        if (R(2) == 0)
            BRANCH();
        NEXT(3);
    }
    CASE(BR_TABLE)
    {
        uint32_t i = R(1), count = pc[2];
        pc += 2 + (i < count ? i : count);
        BRANCH();
    }
    CASE(LOOP)
    {
        fuel -= pc[1];
        if (fuel >= 0)
            NEXT(4);
        at = pc;
        SAVE(pc + 4);
        SAVE_TOP(&R(2));
        goto out_of_fuel;
    }
    CASE(CALL)
    {
        index = pc[1];
        fp->side = WASM_FRAME_SLOT_CODE | (uint32_t)(pc + 4 - units);
        callee = cur;
        if (entries[index] != 0) {
            base = &R(2);
            goto enter;
        }
        SAVE_TOP(&R(2));
        goto call_elsewhere;
    }
    CASE(CALL_INDIRECT)
    {
        const struct wasm_table_inst *t = cur->tables[pc[2]];
        uint32_t i = R(4);
        reason = TOMTE_WASM_TRAP_UNDEFINED;
        if (i >= t->len)
            goto trap;
        reason = wasm_find_typed(cur, t->refs[i], pc[1], &callee, &index);
        if (reason != TOMTE_WASM_TRAP_NONE)
            goto trap;
        fp->side = WASM_FRAME_SLOT_CODE | (uint32_t)(pc + 6 - units);
        if (callee == cur && entries[index] != 0) {
            base = &R(3);
            goto enter;
        }
        SAVE_TOP(&R(3));
        goto call_elsewhere;
    }
    CASE(RETURN)
    goto leave;
    CASE(RETURN1)
    {
        base[0] = R(1);
        goto leave;
    }
    CASE(RETURN2)
    {
        wasm_put64(base, R64(1));
        goto leave;
    }
    CASE(RETURN_N)
    {
        memmove(base, &R(1), pc[2] * sizeof *base);
        goto leave;
    }

#include "wasm/exec_slots_cases.inc"

enter : /* function `index` of this instance; its first local is at `base` */
{
    const uint16_t *h = units + entries[index];
    size_t room = (size_t)((const uint32_t *)(const void *)fp - base);
    reason = TOMTE_WASM_TRAP_STACK;
    if (room < h[WASM_SLOT_FRAME] + WASM_FRAME_WORDS ||
        depth >= inst->depth_max)
        goto trap;
    fp--;
    depth++;
    fp->func = wasm_func_number(cur, index);
    fp->base = (uint32_t)(base - slots);
    uint32_t *end = base + h[WASM_SLOT_LOCALS];
    for (uint32_t *p = base + h[WASM_SLOT_ARGS]; p < end;)
        *p++ = 0;
    fuel -=
        (int32_t)((uint32_t)h[WASM_SLOT_COST_HIGH] << 16 | h[WASM_SLOT_COST]);
    pc = h + WASM_SLOT_HEADER;
    if (fuel >= 0)
        DISPATCH();
    at = NULL;
    SAVE(pc);
    SAVE_TOP(end);
    goto out_of_fuel;
}

call_elsewhere : /* of the host, of another instance, or executed in place */
{
    int32_t left = fuel;
    inst->depth = depth;
    inst->sp += callee->m->types[callee->m->funcs[index].type].param_slots;
    enum wasm_entered entered =
        wasm_enter_any(inst, cur, callee, index, &left, 0);
    fuel = left;
    reason = TOMTE_WASM_TRAP_STACK;
    if (entered == WASM_ENTER_FULL)
        goto trap;
    if (entered == WASM_ENTER_ANSWERED) {
        LOAD_MEMORY();
        LOAD_FRAME();
        DISPATCH();
    }
    if (entered == WASM_ENTER_FAILED)
        inst->trap.offset = wasm_slot_origin(
            cur->code, fp->func & WASM_FUNC_MASK, (uint32_t)(pc - units));
    return entered == WASM_ENTER_FRAME;
}

leave: /* the function, results from `base` up */
    fp++;
    depth--;
    if (fp != wasm_frames_end(inst) && fp->func >> WASM_FUNC_BITS == cur->id &&
        (fp->side & WASM_FRAME_SLOT_CODE)) {
        LOAD_FRAME();
        DISPATCH();
    }
    index = fp[-1].func & WASM_FUNC_MASK;
    inst->sp = (uint32_t)(base - slots) +
               cur->m->types[cur->m->funcs[index].type].result_slots;
    inst->depth = depth;
    wasm_settle(inst, fuel);
    if (depth > 0)
        return true;
    inst->result_slots = inst->sp;
    inst->status = TOMTE_WASM_DONE;
    return false;

out_of_fuel: /* at a safepoint, saved; `at` is the loop, if it is one */
    fuel = wasm_settle(inst, fuel);
    LOAD_FRAME();
    if (inst->spent <= inst->budget) {
        if (inst->slice == 0)
            return false;
        DISPATCH();
    }
    reason = TOMTE_WASM_TRAP_FUEL;
    if (at != NULL)
        pc = at;
    else
        goto trap_place;

    goto trap;

trap_memory:
    reason = TOMTE_WASM_TRAP_MEMORY;
trap: /* in the instruction at `pc` */
    index = wasm_slot_origin(cur->code, fp->func & WASM_FUNC_MASK,
                             (uint32_t)(pc - units));
    goto trapped;
trap_place: /* at the safepoint `pc` */
    index = cur->m->funcs[fp->func & WASM_FUNC_MASK].code + pc[-1];
trapped:
    wasm_settle(inst, fuel);
    inst->depth = depth;
    fp->side = 0;
    fp->pc = index;
    wasm_set_trap(inst, reason, tomte_wasm_trap_text(reason), cur,
                  fp->func & WASM_FUNC_MASK, index);
    return false;
}

static enum tomte_wasm_trap_reason do_bulk(struct tomte_wasm_instance *inst,
                                           struct tomte_wasm_instance *cur,
                                           const uint16_t *pc, uint32_t *top,
                                           int32_t *fuel)
{
    return wasm_bulk(inst, cur, pc[1], pc[2], pc[3], &top, fuel);
}
