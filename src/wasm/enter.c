/* SPDX-License-Identifier: Apache-2.0 */
/* Frames, in either form: what both loops and those who start calls share. */
#include "wasm/instance.h"

#include "base/assert.h"
#include "wasm/slotcode.h"

#include <string.h>

static struct tomte_wasm_instance *bound(struct tomte_wasm_instance *callee,
                                         uint32_t *index);
static enum wasm_entered call_out(struct tomte_wasm_instance *inst,
                                  struct tomte_wasm_instance *caller,
                                  const struct tomte_wasm_instance *callee,
                                  uint32_t index, int32_t *fuel,
                                  uint32_t offset);
static void drop_frame(struct tomte_wasm_instance *inst, uint32_t base,
                       uint32_t params);
static bool fits(const struct tomte_wasm_instance *inst,
                 const struct wasm_func *f, uint32_t base, uint32_t depth);
static enum wasm_entered pay(struct tomte_wasm_instance *inst,
                             const struct tomte_wasm_instance *owner,
                             uint32_t index, int32_t *fuel);
static uint32_t slot_entry(const struct tomte_wasm_instance *owner,
                           uint32_t index);
static bool same_type(const struct tomte_wasm_instance *a, uint32_t type,
                      const struct tomte_wasm_instance *b, uint32_t func);

bool wasm_push_frame(struct tomte_wasm_instance *inst,
                     struct tomte_wasm_instance *owner, uint32_t index)
{
    const struct wasm_func *f = &owner->m->funcs[index];
    uint32_t base = inst->sp - owner->m->types[f->type].param_slots;
    if (!fits(inst, f, base, inst->depth))
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
    callee = bound(callee, &index);
    if (index < callee->m->imported.of[TOMTE_WASM_FUNC])
        return call_out(inst, caller, callee, index, fuel, offset);
    if (!wasm_push_frame(inst, callee, index))
        return WASM_ENTER_FULL;
    return pay(inst, callee, index, fuel);
}

/* The host is called with the frame still there, so that a trap in it has a
 * place; who waits in it has none. */
enum wasm_entered wasm_enter_tail(struct tomte_wasm_instance *inst,
                                  struct tomte_wasm_instance *caller,
                                  struct tomte_wasm_instance *callee,
                                  uint32_t index, int32_t *fuel,
                                  uint32_t offset)
{
    callee = bound(callee, &index);
    const struct wasm_func *f = &callee->m->funcs[index];
    uint32_t params = callee->m->types[f->type].param_slots;
    uint32_t base = wasm_frame(inst, inst->depth - 1)->base;
    if (index < callee->m->imported.of[TOMTE_WASM_FUNC]) {
        enum wasm_entered entered =
            call_out(inst, caller, callee, index, fuel, offset);
        if (entered == WASM_ENTER_STOPPED)
            drop_frame(inst, base, params);
        return entered;
    }
    if (!fits(inst, f, base, inst->depth - 1))
        return WASM_ENTER_FULL;
    drop_frame(inst, base, params);
    wasm_push_frame(inst, callee, index);
    return pay(inst, callee, index, fuel);
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

enum tomte_wasm_trap_reason
wasm_find_indirect(struct tomte_wasm_instance *from, uint32_t type,
                   uint32_t table, uint32_t entry,
                   struct tomte_wasm_instance **callee, uint32_t *index)
{
    const struct wasm_table_inst *t = from->tables[table];
    if (entry >= t->len)
        return TOMTE_WASM_TRAP_UNDEFINED;
    if (t->refs[entry] == 0)
        return TOMTE_WASM_TRAP_UNINITIALIZED;
    *callee = wasm_find_func(from, t->refs[entry] - 1, index);
    if (*callee == NULL || !same_type(from, type, *callee, *index))
        return TOMTE_WASM_TRAP_INDIRECT_TYPE;
    return TOMTE_WASM_TRAP_NONE;
}

/* The instance that has the function, or has its import from the host. */
static struct tomte_wasm_instance *bound(struct tomte_wasm_instance *callee,
                                         uint32_t *index)
{
    if (*index < callee->m->imported.of[TOMTE_WASM_FUNC] &&
        callee->bindings[*index].host == NULL)
        return wasm_owner_of(callee, callee->bindings[*index].func, index);
    return callee;
}

static enum wasm_entered call_out(struct tomte_wasm_instance *inst,
                                  struct tomte_wasm_instance *caller,
                                  const struct tomte_wasm_instance *callee,
                                  uint32_t index, int32_t *fuel,
                                  uint32_t offset)
{
    inst->pending = wasm_func_number(callee, index);
    if (wasm_call_host(inst, caller, fuel, offset))
        return WASM_ENTER_ANSWERED;
    wasm_settle(inst, *fuel);
    return inst->status == TOMTE_WASM_TRAPPED ? WASM_ENTER_FAILED
                                              : WASM_ENTER_STOPPED;
}

/* Leave the function on top, keeping what it handed over. */
static void drop_frame(struct tomte_wasm_instance *inst, uint32_t base,
                       uint32_t params)
{
    memmove(inst->slots + base, inst->slots + inst->sp - params,
            params * sizeof *inst->slots);
    inst->sp = base + params;
    inst->depth--;
}

/* There is room for a frame on top of `depth` others. */
static bool fits(const struct tomte_wasm_instance *inst,
                 const struct wasm_func *f, uint32_t base, uint32_t depth)
{
    size_t frames = ((size_t)depth + 1) * WASM_FRAME_WORDS;
    return depth < inst->depth_max &&
           base + f->frame_slots + frames <= inst->slot_count;
}

/* For the function whose frame is on top now. */
static enum wasm_entered pay(struct tomte_wasm_instance *inst,
                             const struct tomte_wasm_instance *owner,
                             uint32_t index, int32_t *fuel)
{
    const struct wasm_func *f = &owner->m->funcs[index];
    *fuel -= (int32_t)f->cost;
    bool used_up = *fuel < 0;
    *fuel = wasm_settle(inst, *fuel);
    if (inst->spent > inst->budget) {
        wasm_set_trap(inst, TOMTE_WASM_TRAP_FUEL,
                      tomte_wasm_trap_text(TOMTE_WASM_TRAP_FUEL), owner, index,
                      f->code);
        return WASM_ENTER_STOPPED;
    }
    return used_up && inst->slice == 0 ? WASM_ENTER_STOPPED : WASM_ENTER_FRAME;
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
