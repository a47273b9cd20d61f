/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a module: decode, validate, instantiate, run every export with
 * little fuel, take a snapshot at the end of each slice and restore it. */
#include "base/base.h"
#include "wasm/wasm.h"

#include <string.h>

static enum tomte_wasm_host_result nothing(struct tomte_wasm_call *call)
{
    (void)call;
    return TOMTE_WASM_HOST_DONE;
}

static enum tomte_wasm_host_result wait(struct tomte_wasm_call *call)
{
    (void)call;
    return TOMTE_WASM_HOST_SUSPEND;
}

/* Short names, which a fuzzer finds, and those of the unit tests' modules. */
static const struct tomte_wasm_host_func host[] = {
    {"", "n", ":", nothing, 0},
    {"", "i", "i:i", nothing, 0},
    {"", "w", "i:i", wait, 0},
    {"", "W", ":I", wait, 0},
    {"host", "add", "ii:i", nothing, 0},
    {"host", "fail", ":", nothing, 0},
    {"host", "wait", "i:i", wait, 0},
    {"host", "wait64", "I:Ir", wait, 0},
    {"host", "costly", "i:", nothing, 0},
    {"host", "peek", "i:i", nothing, 0},
};

static void require(bool ok)
{
    if (!ok)
        tomte_panic(__FILE__, __LINE__, "the engine contradicts itself");
}

static void copy_state(struct tomte_wasm_instance *inst,
                       struct tomte_arena *scratch)
{
    static uint8_t first[1 << 18], second[1 << 18];
    struct tomte_span a, b;
    if (tomte_wasm_status(inst) == TOMTE_WASM_TRAPPED)
        return;
    enum tomte_err err = tomte_wasm_snapshot_encode(inst, TOMTE_SPAN_NONE,
                                                    TOMTE_BUF_ARRAY(first), &a);
    if (err == TOMTE_ERR_NO_SPACE)
        return;
    require(err == TOMTE_OK);
    err = tomte_wasm_restore(inst, TOMTE_SPAN_NONE, a, scratch, NULL);
    if (err == TOMTE_ERR_NO_MEMORY)
        return;
    require(err == TOMTE_OK);
    err = tomte_wasm_snapshot_encode(inst, TOMTE_SPAN_NONE,
                                     TOMTE_BUF_ARRAY(second), &b);
    require(err == TOMTE_OK && tomte_span_equal(a, b));
}

static void run(struct tomte_wasm_instance *inst, struct tomte_arena *scratch)
{
    static const uint32_t answers[3] = {1, 2, 0};
    for (int i = 0; i < 4; i++) {
        enum tomte_wasm_status status = tomte_wasm_run(inst, 300);
        copy_state(inst, scratch);
        struct tomte_wasm_pending p;
        if (status == TOMTE_WASM_SUSPENDED && tomte_wasm_pending(inst, &p))
            require(tomte_wasm_resume(inst, answers, p.result_slots) ==
                    TOMTE_OK);
    }
    if (tomte_wasm_status(inst) == TOMTE_WASM_READY ||
        tomte_wasm_status(inst) == TOMTE_WASM_SUSPENDED)
        tomte_wasm_abandon(inst);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint64_t memory[1 << 16];
    struct tomte_arena arena;
    tomte_arena_init(&arena, memory, sizeof memory);
    const struct tomte_wasm_module *m;
    struct tomte_wasm_error error;
    if (tomte_wasm_load(TOMTE_SPAN(data, size), &tomte_wasm_limits_mcu, &arena,
                        &m, &error) != TOMTE_OK)
        return 0;
    struct tomte_wasm_config config = {
        .stack_bytes = 2048,
        .call_depth = 16,
        .memory_bytes = 65536,
        .table_entries = 32,
        .host = host,
        .host_count = sizeof host / sizeof host[0],
    };
    struct tomte_wasm_instance *inst;
    enum tomte_err err =
        tomte_wasm_instantiate(m, &config, &arena, &inst, &error);
    if (err != TOMTE_OK)
        return 0;
    tomte_wasm_set_budget(inst, 2000);
    run(inst, &arena);
    struct tomte_wasm_export e;
    for (uint32_t i = 0; tomte_wasm_export_at(m, i, &e) && i < 8; i++) {
        static const uint32_t args[64] = {3, 0, 7, 1};
        if (e.kind != TOMTE_WASM_FUNC)
            continue;
        struct tomte_wasm_type t = tomte_wasm_func_type(m, e.index);
        tomte_wasm_func_name(m, e.index);
        if (tomte_wasm_start(inst, e.index, args, tomte_wasm_slots(t.params),
                             2000) == TOMTE_OK)
            run(inst, &arena);
    }
    return 0;
}
