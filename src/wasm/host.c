/* SPDX-License-Identifier: Apache-2.0 */
/* Calling out. */
#include "wasm/instance.h"

#include "base/assert.h"

#include <string.h>

static enum tomte_wasm_trap_reason answer(struct tomte_wasm_instance *inst,
                                          struct tomte_wasm_call *call,
                                          int32_t *fuel);

const struct tomte_wasm_host_func *
wasm_pending_host(const struct tomte_wasm_instance *inst,
                  struct tomte_wasm_type *type)
{
    uint32_t index;
    struct tomte_wasm_instance *self = (struct tomte_wasm_instance *)inst;
    struct tomte_wasm_instance *owner =
        wasm_find_func(self, inst->pending, &index);
    TOMTE_ASSERT(owner != NULL &&
                 index < owner->m->imported.of[TOMTE_WASM_FUNC]);
    *type = tomte_wasm_func_type(owner->m, index);
    return owner->bindings[index].host;
}

bool wasm_call_host(struct tomte_wasm_instance *inst,
                    struct tomte_wasm_instance *caller, int32_t *fuel,
                    uint32_t offset)
{
    struct tomte_wasm_call call = {.instance = caller, .user = caller->user};
    uint32_t func = WASM_NONE;
    if (inst->depth != 0)
        func = wasm_frame(inst, inst->depth - 1)->func & WASM_FUNC_MASK;
    enum tomte_wasm_trap_reason reason = answer(inst, &call, fuel);
    if (reason == TOMTE_WASM_TRAP_NONE)
        return inst->status == TOMTE_WASM_READY;
    if (reason != TOMTE_WASM_TRAP_HOST || call.trap_text == NULL)
        call.trap_text = tomte_wasm_trap_text(reason);
    wasm_set_trap(inst, reason, call.trap_text, caller, func, offset);
    return false;
}

/* Results are written above the arguments, then moved over them. */
static enum tomte_wasm_trap_reason answer(struct tomte_wasm_instance *inst,
                                          struct tomte_wasm_call *call,
                                          int32_t *fuel)
{
    struct tomte_wasm_type type;
    call->func = wasm_pending_host(inst, &type);
    uint32_t params = tomte_wasm_slots(type.params);
    uint32_t results = tomte_wasm_slots(type.results);
    size_t frames = inst->depth * WASM_FRAME_WORDS;
    if (results > inst->slot_count - frames - inst->sp)
        return TOMTE_WASM_TRAP_STACK;
    call->args = inst->slots + inst->sp - params;
    call->results = inst->slots + inst->sp;
    memset(call->results, 0, results * sizeof *call->results);
    enum tomte_wasm_host_result result = call->func->fn(call);
    if (result == TOMTE_WASM_HOST_TRAP)
        return TOMTE_WASM_TRAP_HOST;
    if (!wasm_charge(inst, fuel, call->fuel))
        return TOMTE_WASM_TRAP_FUEL;
    if (result == TOMTE_WASM_HOST_SUSPEND) {
        inst->status = TOMTE_WASM_SUSPENDED;
        return TOMTE_WASM_TRAP_NONE;
    }
    inst->sp -= params;
    memmove(inst->slots + inst->sp, call->results,
            results * sizeof *call->results);
    inst->sp += results;
    inst->pending = WASM_NONE;
    return TOMTE_WASM_TRAP_NONE;
}
