/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

struct tomte_arena bench;

void bench_reset(void)
{
    static uint64_t memory[1 << 17];
    tomte_arena_init(&bench, memory, sizeof memory);
}

static enum tomte_wasm_host_result host_add(struct tomte_wasm_call *call)
{
    call->results[0] = call->args[0] + call->args[1];
    return TOMTE_WASM_HOST_DONE;
}

static enum tomte_wasm_host_result host_fail(struct tomte_wasm_call *call)
{
    call->trap_text = "no heating oil";
    return TOMTE_WASM_HOST_TRAP;
}

static enum tomte_wasm_host_result host_wait(struct tomte_wasm_call *call)
{
    (void)call;
    return TOMTE_WASM_HOST_SUSPEND;
}

static enum tomte_wasm_host_result host_costly(struct tomte_wasm_call *call)
{
    call->fuel = call->args[0];
    return TOMTE_WASM_HOST_DONE;
}

static enum tomte_wasm_host_result host_peek(struct tomte_wasm_call *call)
{
    const uint8_t *p = tomte_wasm_memory_at(call->instance, call->args[0], 1);
    call->results[0] = p != NULL ? *p : UINT32_MAX;
    return TOMTE_WASM_HOST_DONE;
}

const struct tomte_wasm_host_func bench_host[] = {
    {"host", "add", "ii:i", host_add, 0},
    {"host", "fail", ":", host_fail, 0},
    {"host", "wait", "i:i", host_wait, 7},
    {"host", "wait64", "I:Ir", host_wait, 8},
    {"host", "costly", "i:", host_costly, 0},
    {"host", "peek", "i:i", host_peek, 0},
};
const size_t bench_host_count = sizeof bench_host / sizeof bench_host[0];

const struct tomte_wasm_module *bench_load(struct tomte_span bytes)
{
    const struct tomte_wasm_module *m;
    struct tomte_wasm_error error;
    enum tomte_err err =
        tomte_wasm_load(bytes, &tomte_wasm_limits_mcu, &bench, &m, &error);
    if (err != TOMTE_OK)
        test_fail(__FILE__, (int)error.offset, error.what);
    return m;
}

struct tomte_wasm_config bench_config(void)
{
    return (struct tomte_wasm_config){
        .stack_bytes = 4096,
        .call_depth = 64,
        .memory_bytes = 131072,
        .table_entries = 64,
        .host = bench_host,
        .host_count = bench_host_count,
    };
}

struct tomte_wasm_instance *bench_instance(const struct tomte_wasm_module *m)
{
    struct tomte_wasm_config config = bench_config();
    struct tomte_wasm_instance *inst;
    CHECK_OK(tomte_wasm_instantiate(m, &config, &bench, &inst, NULL));
    return inst;
}

enum tomte_err bench_refused(struct tomte_span bytes,
                             struct tomte_wasm_error *error)
{
    const struct tomte_wasm_module *m = NULL;
    size_t used = tomte_arena_mark(&bench), size = bench.size;
    enum tomte_err err =
        tomte_wasm_load(bytes, &tomte_wasm_limits_mcu, &bench, &m, error);
    CHECK(err != TOMTE_OK);
    CHECK(m == NULL);
    CHECK_EQ(err, error->err);
    CHECK(error->what != NULL && error->offset <= bytes.len);
    CHECK_EQ(used, tomte_arena_mark(&bench));
    CHECK_EQ(size, bench.size);
    return err;
}

enum tomte_wasm_status bench_call(struct tomte_wasm_instance *inst,
                                  const char *name, struct tomte_span args)
{
    struct tomte_wasm_export e;
    uint32_t slots[16];
    CHECK(args.len <= sizeof slots);
    if (args.len != 0)
        memcpy(slots, args.data, args.len);
    CHECK(tomte_wasm_export_find(tomte_wasm_module_of(inst),
                                 tomte_span_str(name), &e));
    CHECK_OK(tomte_wasm_start(inst, e.index, slots, (uint32_t)(args.len / 4),
                              UINT64_MAX));
    return tomte_wasm_run(inst, UINT32_MAX);
}

uint32_t bench_result(const struct tomte_wasm_instance *inst, uint32_t slot)
{
    uint32_t slots;
    const uint32_t *results = tomte_wasm_results(inst, &slots);
    CHECK(slot < slots);
    return results[slot];
}

uint64_t bench_result64(const struct tomte_wasm_instance *inst, uint32_t slot)
{
    return (uint64_t)bench_result(inst, slot + 1) << 32 |
           bench_result(inst, slot);
}

struct tomte_span bench_one(struct asm_module *a, const char *type,
                            struct tomte_span body)
{
    asm_begin(a);
    asm_type(a, type);
    asm_func(a, 0);
    asm_export(a, "f", TOMTE_WASM_FUNC, 0);
    asm_body(a, body);
    asm_code(a);
    return asm_end(a);
}
