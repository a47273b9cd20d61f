/* SPDX-License-Identifier: Apache-2.0 */
/* What an instance costs, and a thousand of them in one process. */
#include "busy.h"

#include <stdlib.h>

#define INSTANCES 1000
#define STACK     1024

static struct tomte_wasm_config small(void)
{
    struct tomte_wasm_config c = bench_config();
    c.stack_bytes = STACK;
    c.call_depth = 16;
    c.memory_bytes = 512;
    c.table_entries = 5;
    return c;
}

/* Beside its stack, memory and tables: less than 1 KiB, also for a program that
 * has some of everything. */
TEST(an_instance_takes_less_than_a_kilobyte)
{
    bench_reset();
    const struct tomte_wasm_module *m = busy_load();
    struct tomte_wasm_config c = small();
    size_t before = tomte_arena_mark(&bench);
    struct tomte_wasm_instance *inst;
    CHECK_OK(tomte_wasm_instantiate(m, &c, &bench, &inst, NULL));
    size_t took = tomte_arena_mark(&bench) - before;
    CHECK(took <= tomte_wasm_instance_bytes(m, &c));
    size_t working = STACK + 512 + 5 * 4;
    CHECK(took > working && took < working + 1024);
}

/* They share the module and its slot code; each waits in the middle of its own
 * call, every other one in slot code, and none disturbs another. */
TEST(a_thousand_instances_run_side_by_side)
{
    static struct tomte_wasm_instance *all[INSTANCES];
    struct tomte_arena arena;
    struct tomte_wasm_config c = small();
    const struct tomte_wasm_code *code;
    bench_reset();
    const struct tomte_wasm_module *m = busy_load();
    CHECK_OK(tomte_wasm_translate(m, &bench, &code));
    size_t size = INSTANCES * (STACK + 512 + 1024 + 20);
    void *memory = malloc(size);
    CHECK(memory != NULL);
    tomte_arena_init(&arena, memory, size);
    for (uint32_t i = 0; i < INSTANCES; i++) {
        uint32_t rounds = i % 7 + 1;
        c.code = i % 2 == 0 ? NULL : code;
        CHECK_OK(tomte_wasm_instantiate(m, &c, &arena, &all[i], NULL));
        CHECK_OK(tomte_wasm_start(all[i], 1, &rounds, 1, 1000000));
        CHECK_EQ(TOMTE_WASM_SUSPENDED, tomte_wasm_run(all[i], UINT32_MAX));
    }
    for (uint32_t i = 0; i < INSTANCES; i++) {
        size_t mark = tomte_arena_mark(&bench);
        struct tomte_wasm_instance *alone = busy_start(m, i % 7 + 1);
        CHECK_EQ(TOMTE_WASM_DONE, busy_finish(alone, UINT32_MAX));
        busy_answer(all[i]);
        CHECK_EQ(TOMTE_WASM_DONE, busy_finish(all[i], 10));
        CHECK(bench_result64(alone, 0) == bench_result64(all[i], 0));
        CHECK(tomte_wasm_fuel_used(alone) == tomte_wasm_fuel_used(all[i]));
        tomte_arena_release(&bench, mark);
    }
    free(memory);
}
