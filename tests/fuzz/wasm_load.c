/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a module: decode, validate, instantiate, run every export with
 * little fuel, take a snapshot at the end of each slice and restore it. All of
 * that in place and as slot code, which must not differ. */
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

/* Both forms are in the same state. */
static void compare(struct tomte_wasm_instance *a,
                    struct tomte_wasm_instance *b)
{
    static uint8_t first[1 << 18], second[1 << 18];
    struct tomte_span x = TOMTE_SPAN_NONE, y = TOMTE_SPAN_NONE;
    require(tomte_wasm_status(a) == tomte_wasm_status(b));
    require(tomte_wasm_fuel_used(a) == tomte_wasm_fuel_used(b));
    const struct tomte_wasm_trap *s = tomte_wasm_trap(a);
    const struct tomte_wasm_trap *t = tomte_wasm_trap(b);
    require(s->reason == t->reason && s->func == t->func &&
            s->offset == t->offset);
    if (tomte_wasm_status(a) == TOMTE_WASM_TRAPPED)
        return;
    enum tomte_err err = tomte_wasm_snapshot_encode(a, TOMTE_SPAN_NONE,
                                                    TOMTE_BUF_ARRAY(first), &x);
    require(err == tomte_wasm_snapshot_encode(b, TOMTE_SPAN_NONE,
                                              TOMTE_BUF_ARRAY(second), &y));
    require(tomte_span_equal(x, y));
}

static void run(struct tomte_wasm_instance *inst,
                struct tomte_wasm_instance *slots, struct tomte_arena *scratch)
{
    static const uint32_t answers[3] = {1, 2, 0};
    for (int i = 0; i < 4; i++) {
        enum tomte_wasm_status status = tomte_wasm_run(inst, 300);
        tomte_wasm_run(slots, 300);
        compare(inst, slots);
        copy_state(inst, scratch);
        copy_state(slots, scratch);
        compare(inst, slots);
        struct tomte_wasm_pending p;
        if (status == TOMTE_WASM_SUSPENDED && tomte_wasm_pending(inst, &p))
            require(
                tomte_wasm_resume(inst, answers, p.result_slots) == TOMTE_OK &&
                tomte_wasm_resume(slots, answers, p.result_slots) == TOMTE_OK);
    }
    if (tomte_wasm_status(inst) == TOMTE_WASM_READY ||
        tomte_wasm_status(inst) == TOMTE_WASM_SUSPENDED) {
        tomte_wasm_abandon(inst);
        tomte_wasm_abandon(slots);
    }
}

/* Start a function in both. */
static void call(struct tomte_wasm_instance *inst,
                 struct tomte_wasm_instance *slots, uint32_t func,
                 struct tomte_arena *scratch)
{
    static const uint32_t args[64] = {3, 0, 7, 1};
    const struct tomte_wasm_module *m = tomte_wasm_module_of(inst);
    uint32_t count = tomte_wasm_slots(tomte_wasm_func_type(m, func).params);
    enum tomte_err err = tomte_wasm_start(inst, func, args, count, 2000);
    require(err == tomte_wasm_start(slots, func, args, count, 2000));
    tomte_wasm_func_name(m, func);
    if (err == TOMTE_OK)
        run(inst, slots, scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint64_t memory[1 << 17];
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
    struct tomte_wasm_instance *inst, *slots;
    enum tomte_err err =
        tomte_wasm_instantiate(m, &config, &arena, &inst, &error);
    if (err != TOMTE_OK ||
        tomte_wasm_translate(m, &arena, &config.code) != TOMTE_OK ||
        tomte_wasm_instantiate(m, &config, &arena, &slots, &error) != TOMTE_OK)
        return 0;
    tomte_wasm_set_budget(inst, 2000);
    tomte_wasm_set_budget(slots, 2000);
    run(inst, slots, &arena);
    struct tomte_wasm_export e;
    for (uint32_t i = 0; tomte_wasm_export_at(m, i, &e) && i < 8; i++)
        if (e.kind == TOMTE_WASM_FUNC)
            call(inst, slots, e.index, &arena);
    return 0;
}
