/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/instance.h"

const char *tomte_wasm_trap_text(enum tomte_wasm_trap_reason reason)
{
    static const char *const texts[TOMTE_WASM_TRAP_COUNT] = {
#define T(name, text) [TOMTE_WASM_TRAP_##name] = text,
        TOMTE_WASM_TRAP_TABLE(T)
#undef T
    };
    return reason < TOMTE_WASM_TRAP_COUNT ? texts[reason] : "?";
}

const struct tomte_wasm_trap *
tomte_wasm_trap(const struct tomte_wasm_instance *instance)
{
    return &instance->trap;
}

bool tomte_wasm_backtrace(const struct tomte_wasm_instance *instance,
                          uint32_t depth, uint32_t *func, uint32_t *offset)
{
    if (depth >= instance->depth)
        return false;
    const struct wasm_frame *f =
        wasm_frame(instance, instance->depth - 1 - depth);
    *func = f->func & WASM_FUNC_MASK;
    *offset = wasm_frame_pc(instance, f);
    return true;
}

void wasm_set_trap(struct tomte_wasm_instance *inst,
                   enum tomte_wasm_trap_reason reason, const char *text,
                   const struct tomte_wasm_instance *where, uint32_t func,
                   uint32_t offset)
{
    inst->status = TOMTE_WASM_TRAPPED;
    inst->pending = WASM_NONE;
    inst->trap = (struct tomte_wasm_trap){
        .reason = reason,
        .text = text,
        .instance = where,
        .func = func,
        .offset = offset,
    };
}
