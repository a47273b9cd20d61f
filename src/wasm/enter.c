/* SPDX-License-Identifier: Apache-2.0 */
/* Frames, in either form: what both loops and those who start calls share. */
#include "wasm/instance.h"

#include "base/assert.h"
#include "wasm/slotcode.h"

static uint32_t slot_entry(const struct tomte_wasm_instance *owner,
                           uint32_t index);
static bool same_type(const struct tomte_wasm_instance *a, uint32_t type,
                      const struct tomte_wasm_instance *b, uint32_t func);

bool wasm_push_frame(struct tomte_wasm_instance *inst,
                     struct tomte_wasm_instance *owner, uint32_t index)
{
    const struct wasm_func *f = &owner->m->funcs[index];
    uint32_t base = inst->sp - owner->m->types[f->type].param_slots;
    size_t frames = ((size_t)inst->depth + 1) * WASM_FRAME_WORDS;
    if (inst->depth >= inst->depth_max ||
        base + f->frame_slots + frames > inst->slot_count)
        return false;
    for (; inst->sp < base + f->local_slots; inst->sp++)
        inst->slots[inst->sp] = 0;
    uint32_t entry = slot_entry(owner, index);
    *wasm_frame(inst, inst->depth++) = (struct wasm_frame){
        .func = wasm_func_number(owner, index),
        .pc = f->code,
        .side = entry != 0 ? entry | WASM_FRAME_SLOT_CODE : 0,
        .base = base,
    };
    return true;
}

enum wasm_entered wasm_enter_any(struct tomte_wasm_instance *inst,
                                 struct tomte_wasm_instance *caller,
                                 struct tomte_wasm_instance *callee,
                                 uint32_t index, int32_t *fuel, uint32_t offset)
{
    if (index < callee->m->imported.of[TOMTE_WASM_FUNC]) {
        const struct wasm_binding *b = &callee->bindings[index];
        if (b->host != NULL) {
            inst->pending = wasm_func_number(callee, index);
            if (wasm_call_host(inst, caller, fuel, offset))
                return WASM_ENTER_ANSWERED;
            wasm_settle(inst, *fuel);
            return inst->status == TOMTE_WASM_TRAPPED ? WASM_ENTER_FAILED
                                                      : WASM_ENTER_STOPPED;
        }
        callee = wasm_owner_of(callee, b->func, &index);
    }
    if (!wasm_push_frame(inst, callee, index))
        return WASM_ENTER_FULL;
    const struct wasm_func *f = &callee->m->funcs[index];
    *fuel -= (int32_t)f->cost;
    bool used_up = *fuel < 0;
    *fuel = wasm_settle(inst, *fuel);
    if (inst->spent > inst->budget) {
        wasm_set_trap(inst, TOMTE_WASM_TRAP_FUEL,
                      tomte_wasm_trap_text(TOMTE_WASM_TRAP_FUEL), callee, index,
                      f->code);
        return WASM_ENTER_STOPPED;
    }
    return used_up && inst->slice == 0 ? WASM_ENTER_STOPPED : WASM_ENTER_FRAME;
}

uint32_t wasm_frame_pc(const struct tomte_wasm_instance *inst,
                       const struct wasm_frame *f)
{
    uint32_t index;
    if ((f->side & WASM_FRAME_SLOT_CODE) == 0)
        return f->pc;
    const struct tomte_wasm_instance *owner =
        wasm_owner_of((struct tomte_wasm_instance *)inst, f->func, &index);
    return owner->m->funcs[index].code +
           owner->code->units[(f->side & ~WASM_FRAME_SLOT_CODE) - 1];
}

void wasm_adopt_frames(struct tomte_wasm_instance *inst)
{
    uint32_t func = WASM_NONE, pc = 0, unit = 0;
    for (uint32_t i = 0; i < inst->depth && inst->code != NULL; i++) {
        struct wasm_frame *f = wasm_frame(inst, i);
        /* Recursion leaves many frames in the same place. */
        if (f->func != func || f->pc != pc)
            unit =
                inst->code->find(inst->code, f->func & WASM_FUNC_MASK, f->pc);
        func = f->func;
        pc = f->pc;
        if (unit != 0)
            f->side = unit | WASM_FRAME_SLOT_CODE;
    }
}

struct tomte_wasm_instance *wasm_owner_of(struct tomte_wasm_instance *from,
                                          uint32_t func, uint32_t *index)
{
    struct tomte_wasm_instance *owner = wasm_find_func(from, func, index);
    TOMTE_ASSERT(owner != NULL);
    return owner;
}

enum tomte_wasm_trap_reason wasm_find_typed(struct tomte_wasm_instance *from,
                                            uint32_t ref, uint32_t type,
                                            struct tomte_wasm_instance **callee,
                                            uint32_t *index)
{
    if (ref == 0)
        return TOMTE_WASM_TRAP_UNINITIALIZED;
    *callee = wasm_find_func(from, ref - 1, index);
    if (*callee == NULL || !same_type(from, type, *callee, *index))
        return TOMTE_WASM_TRAP_INDIRECT_TYPE;
    return TOMTE_WASM_TRAP_NONE;
}

/* Where its slot code begins; 0 when it has none. */
static uint32_t slot_entry(const struct tomte_wasm_instance *owner,
                           uint32_t index)
{
    if (owner->code == NULL || owner->code->entries[index] == 0)
        return 0;
    return owner->code->entries[index] + WASM_SLOT_HEADER;
}

static bool same_type(const struct tomte_wasm_instance *a, uint32_t type,
                      const struct tomte_wasm_instance *b, uint32_t func)
{
    uint32_t actual = b->m->funcs[func].type;
    if (a->m == b->m)
        return a->m->types[type].same == b->m->types[actual].same;
    return wasm_type_equal(a->m, type, b->m, actual);
}
