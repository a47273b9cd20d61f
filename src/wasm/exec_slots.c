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

#include "wasm/exec_slots_control.inc"

#include "wasm/exec_slots_cases.inc"

#include "wasm/exec_slots_calls.inc"

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
