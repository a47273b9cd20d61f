/* SPDX-License-Identifier: Apache-2.0 */
/* Calling out. */
#include "wasm/instance.h"

#include "base/assert.h"

#include <string.h>

const struct tomte_wasm_host_func *
wasm_pending_host(const struct tomte_wasm_instance *inst,
                  const struct wasm_type **type)
{
    uint32_t index;
    struct tomte_wasm_instance *self = (struct tomte_wasm_instance *)inst;
    struct tomte_wasm_instance *owner =
        wasm_find_func(self, inst->pending, &index);
    TOMTE_ASSERT(owner != NULL &&
                 index < owner->m->imported.of[TOMTE_WASM_FUNC]);
    *type = &owner->m->types[owner->m->funcs[index].type];
    return owner->bindings[index].host;
}

bool wasm_call_host(struct tomte_wasm_instance *inst,
                    struct tomte_wasm_instance *caller, int32_t *fuel,
                    uint32_t offset)
{
    const struct wasm_type *type;
    const struct tomte_wasm_host_func *host = wasm_pending_host(inst, &type);
    uint32_t func = WASM_NONE;
    if (inst->depth != 0)
        func = wasm_frame(inst, inst->depth - 1)->func & WASM_FUNC_MASK;
    enum tomte_wasm_trap_reason reason = TOMTE_WASM_TRAP_HOST;
    size_t used = inst->sp + (size_t)inst->depth * WASM_FRAME_WORDS;
    struct tomte_wasm_call call = {
        .instance = caller,
        .user = caller->user,
        .func = host,
        .args = inst->slots + inst->sp - type->param_slots,
        .results = inst->slots + inst->sp,
        .trap_text = tomte_wasm_trap_text(reason),
    };
    if (used + type->result_slots > inst->slot_count) {
        reason = TOMTE_WASM_TRAP_STACK;
        goto trap;
    }
    memset(call.results, 0, type->result_slots * sizeof *call.results);
    enum tomte_wasm_host_result result = host->fn(&call);
    if (result == TOMTE_WASM_HOST_TRAP)
        goto trap;
    if (!wasm_charge(inst, fuel, call.fuel)) {
        reason = TOMTE_WASM_TRAP_FUEL;
        goto trap;
    }
    if (result == TOMTE_WASM_HOST_SUSPEND) {
        inst->status = TOMTE_WASM_SUSPENDED;
        return false;
    }
    memmove(inst->slots + inst->sp - type->param_slots, call.results,
            type->result_slots * sizeof *call.results);
    inst->sp = inst->sp - type->param_slots + type->result_slots;
    inst->pending = WASM_NONE;
    return true;
trap:
    if (reason != TOMTE_WASM_TRAP_HOST)
        call.trap_text = tomte_wasm_trap_text(reason);
    wasm_set_trap(inst, reason, call.trap_text, caller, func, offset);
    return false;
}
