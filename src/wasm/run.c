/* SPDX-License-Identifier: Apache-2.0 */
/* Starting, slicing and answering calls. */
#include "wasm/instance.h"

#include "base/assert.h"

#include <string.h>

static bool set_busy(struct tomte_wasm_instance *inst, bool busy);
static bool refs_ok(struct tomte_wasm_instance *inst, struct tomte_span types,
                    const uint32_t *values);
static void go_on(struct tomte_wasm_instance *inst);
static void finish(struct tomte_wasm_instance *inst);

#define GRANT_MAX (1 << 30)

enum tomte_err tomte_wasm_start(struct tomte_wasm_instance *instance,
                                uint32_t func, const uint32_t *args,
                                uint32_t arg_slots, uint64_t budget)
{
    struct tomte_wasm_instance *inst = instance;
    if (inst->busy || inst->status == TOMTE_WASM_READY ||
        inst->status == TOMTE_WASM_SUSPENDED)
        return TOMTE_ERR_STATE;
    if (func >= inst->m->all.of[TOMTE_WASM_FUNC])
        return TOMTE_ERR_NOT_FOUND;
    const struct wasm_type *type = &inst->m->types[inst->m->funcs[func].type];
    if (arg_slots != type->param_slots ||
        !refs_ok(inst, tomte_wasm_func_type(inst->m, func).params, args))
        return TOMTE_ERR_TYPE;
    if (arg_slots > inst->slot_count)
        return TOMTE_ERR_NO_MEMORY;
    tomte_wasm_abandon(inst);
    if (arg_slots != 0)
        memcpy(inst->slots, args, arg_slots * sizeof *args);
    inst->sp = arg_slots;
    inst->spent = 0;
    inst->budget = budget;
    wasm_enter_first(inst, func);
    return TOMTE_OK;
}

void tomte_wasm_set_budget(struct tomte_wasm_instance *instance,
                           uint64_t budget)
{
    instance->budget = budget;
}

enum tomte_wasm_status tomte_wasm_run(struct tomte_wasm_instance *instance,
                                      uint32_t slice)
{
    struct tomte_wasm_instance *inst = instance;
    if (inst->status != TOMTE_WASM_READY || !set_busy(inst, true))
        return inst->status;
    inst->slice = slice;
    inst->grant = 0;
    go_on(inst);
    set_busy(inst, false);
    return inst->status;
}

enum tomte_wasm_status
tomte_wasm_status(const struct tomte_wasm_instance *instance)
{
    return instance->status;
}

const uint32_t *tomte_wasm_results(const struct tomte_wasm_instance *instance,
                                   uint32_t *slots)
{
    bool done = instance->status == TOMTE_WASM_DONE;
    *slots = done ? instance->result_slots : 0;
    return instance->slots;
}

uint64_t tomte_wasm_fuel_used(const struct tomte_wasm_instance *instance)
{
    return instance->spent;
}

void tomte_wasm_abandon(struct tomte_wasm_instance *instance)
{
    TOMTE_ASSERT(!instance->busy);
    instance->status = TOMTE_WASM_IDLE;
    instance->sp = instance->depth = instance->result_slots = 0;
    instance->pending = WASM_NONE;
    instance->trap = (struct tomte_wasm_trap){
        .text = tomte_wasm_trap_text(TOMTE_WASM_TRAP_NONE)};
}

bool tomte_wasm_pending(const struct tomte_wasm_instance *instance,
                        struct tomte_wasm_pending *out)
{
    if (instance->status != TOMTE_WASM_SUSPENDED)
        return false;
    struct tomte_wasm_type type;
    out->func = wasm_pending_host(instance, &type);
    out->arg_slots = tomte_wasm_slots(type.params);
    out->result_slots = tomte_wasm_slots(type.results);
    out->args = instance->slots + instance->sp - out->arg_slots;
    return true;
}

enum tomte_err tomte_wasm_resume(struct tomte_wasm_instance *instance,
                                 const uint32_t *results, uint32_t result_slots)
{
    struct tomte_wasm_pending p;
    if (instance->busy || !tomte_wasm_pending(instance, &p))
        return TOMTE_ERR_STATE;
    struct tomte_wasm_type type;
    wasm_pending_host(instance, &type);
    if (result_slots != p.result_slots ||
        !refs_ok(instance, type.results, results))
        return TOMTE_ERR_TYPE;
    uint32_t at = instance->sp - p.arg_slots;
    if (result_slots != 0)
        memcpy(instance->slots + at, results, result_slots * sizeof *results);
    instance->sp = at + result_slots;
    instance->pending = WASM_NONE;
    instance->status = TOMTE_WASM_READY;
    if (instance->depth == 0)
        finish(instance);
    return TOMTE_OK;
}

enum tomte_err tomte_wasm_resume_trap(struct tomte_wasm_instance *instance,
                                      const char *text)
{
    if (instance->busy || instance->status != TOMTE_WASM_SUSPENDED)
        return TOMTE_ERR_STATE;
    uint32_t func = WASM_NONE, offset = 0;
    tomte_wasm_backtrace(instance, 0, &func, &offset);
    wasm_set_trap(instance, TOMTE_WASM_TRAP_HOST, text, instance, func, offset);
    return TOMTE_OK;
}

void wasm_enter_first(struct tomte_wasm_instance *inst, uint32_t func)
{
    inst->status = TOMTE_WASM_READY;
    uint32_t index = func, number = wasm_func_number(inst, func);
    struct tomte_wasm_instance *owner = inst;
    if (func < inst->m->imported.of[TOMTE_WASM_FUNC]) {
        if (inst->bindings[func].host != NULL) {
            inst->pending = number;
            return;
        }
        number = inst->bindings[func].func;
        owner = wasm_find_func(inst, number, &index);
    }
    const struct wasm_func *f = &owner->m->funcs[index];
    if (!wasm_push_frame(inst, owner, index)) {
        wasm_set_trap(inst, TOMTE_WASM_TRAP_STACK,
                      tomte_wasm_trap_text(TOMTE_WASM_TRAP_STACK), owner, index,
                      f->code);
        return;
    }
    inst->spent += f->cost;
}

int32_t wasm_settle(struct tomte_wasm_instance *inst, int32_t fuel)
{
    uint32_t used = (uint32_t)inst->grant - (uint32_t)fuel;
    inst->spent += used;
    inst->slice = used < inst->slice ? inst->slice - used : 0;
    uint64_t grant = inst->slice;
    if (inst->spent >= inst->budget)
        grant = 0;
    else if (grant > inst->budget - inst->spent)
        grant = inst->budget - inst->spent;
    inst->grant = grant < GRANT_MAX ? (int32_t)grant : GRANT_MAX;
    return inst->grant;
}

bool wasm_charge(struct tomte_wasm_instance *inst, int32_t *fuel, uint32_t cost)
{
    if (cost <= (uint32_t)*fuel) {
        *fuel -= (int32_t)cost;
        return true;
    }
    wasm_settle(inst, *fuel);
    inst->spent += cost;
    inst->slice = cost < inst->slice ? inst->slice - cost : 0;
    inst->grant = 0;
    *fuel = wasm_settle(inst, 0);
    return inst->spent <= inst->budget;
}

/* An instance's store is busy with it, and it with itself. */
static bool set_busy(struct tomte_wasm_instance *inst, bool busy)
{
    if (busy && (inst->busy || (inst->store != NULL && inst->store->busy)))
        return false;
    inst->busy = busy;
    if (inst->store != NULL)
        inst->store->busy = busy;
    return true;
}

static bool refs_ok(struct tomte_wasm_instance *inst, struct tomte_span types,
                    const uint32_t *values)
{
    for (size_t i = 0; i < types.len; i++) {
        if (types.data[i] == TOMTE_WASM_FUNCREF && !wasm_ref_ok(inst, *values))
            return false;
        values += wasm_width(types.data[i]);
    }
    return true;
}

/* A call of a host function from outside has no frame. */
static void go_on(struct tomte_wasm_instance *inst)
{
    int32_t fuel = wasm_settle(inst, 0);
    if (inst->depth == 0 && inst->pending != WASM_NONE) {
        bool answered = wasm_call_host(inst, inst, &fuel, 0);
        wasm_settle(inst, fuel);
        if (!answered)
            return;
    }
    if (inst->depth == 0)
        finish(inst);
    else
        wasm_exec(inst);
}

static void finish(struct tomte_wasm_instance *inst)
{
    inst->result_slots = inst->sp;
    inst->status = TOMTE_WASM_DONE;
}
