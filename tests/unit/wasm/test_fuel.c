/* SPDX-License-Identifier: Apache-2.0 */
/* What code costs, and that slicing it changes nothing. */
#include "bench.h"

static struct asm_module a;

/* Function 0 counts n down in a loop, function 1 calls it. */
static struct tomte_wasm_instance *example(void)
{
    bench_reset();
    asm_begin(&a);
    asm_type(&a, "i:i");
    asm_func(&a, 0);
    asm_func(&a, 0);
    asm_memory(&a, B(0, 2));
    asm_export(&a, "count", TOMTE_WASM_FUNC, 0);
    asm_export(&a, "f", TOMTE_WASM_FUNC, 1);
    asm_body(&a, B(NO_LOCALS, OP(LOOP), VOID, GET(0), CONST(1), OP(I32_SUB),
                   TEE(0), BR_IF(0), END, GET(0), END));
    asm_body(&a, B(NO_LOCALS, CONST(0), CONST(5), GET(0), PREFIXED(MEMORY_FILL),
                   0, GET(0), CALL(0), END));
    asm_code(&a);
    return bench_instance(bench_load(asm_end(&a)));
}

/* Entering costs 1 and the 1 instruction outside the loop; a round of the loop
 * costs the loop and the 5 instructions in it. */
TEST(code_has_a_price)
{
    struct tomte_wasm_instance *inst = example();
    for (uint32_t n = 1; n < 50; n++) {
        bench_call(inst, "count", ARGS(n));
        CHECK_EQ(2 + 6 * n, tomte_wasm_fuel_used(inst));
        bench_call(inst, "f", ARGS(n));
        CHECK_EQ(7 + n / 16 + 2 + 6 * n, tomte_wasm_fuel_used(inst));
    }
}

TEST(locals_have_a_price)
{
    bench_reset();
    struct tomte_wasm_instance *inst = bench_instance(
        bench_load(bench_one(&a, ":", B(2, 10, I32, 35, I64, END))));
    bench_call(inst, "f", NO_ARGS);
    CHECK_EQ(1 + 80 / 8, tomte_wasm_fuel_used(inst));
}

/* However it is sliced, a call gives the same result for the same fuel. */
TEST(slices_change_nothing)
{
    struct tomte_wasm_instance *inst = example();
    const uint32_t n = 40;
    bench_call(inst, "f", ARGS(n));
    uint64_t fuel = tomte_wasm_fuel_used(inst);
    for (uint32_t slice = 0; slice < fuel + 2; slice++) {
        CHECK_OK(tomte_wasm_start(inst, 1, &n, 1, fuel));
        uint32_t runs = 0;
        while (tomte_wasm_run(inst, slice) == TOMTE_WASM_READY)
            runs++;
        CHECK_EQ(TOMTE_WASM_DONE, tomte_wasm_status(inst));
        CHECK_EQ(0, bench_result(inst, 0));
        CHECK_EQ(fuel, tomte_wasm_fuel_used(inst));
        /* Entering the first function is charged when it is started. */
        CHECK(slice + 7 < fuel ? runs > 0 : runs == 0);
    }
}

/* A budget of one less than needed traps, in the same place for every slice. */
TEST(a_budget_ends_a_call)
{
    struct tomte_wasm_instance *inst = example();
    const uint32_t n = 20;
    bench_call(inst, "f", ARGS(n));
    uint64_t fuel = tomte_wasm_fuel_used(inst);
    for (uint64_t budget = 0; budget < fuel; budget++) {
        struct tomte_wasm_trap first = {0};
        for (uint32_t slice = 0; slice < 12; slice++) {
            CHECK_OK(tomte_wasm_start(inst, 1, &n, 1, budget));
            while (tomte_wasm_run(inst, slice) == TOMTE_WASM_READY)
                continue;
            CHECK_EQ(TOMTE_WASM_TRAPPED, tomte_wasm_status(inst));
            const struct tomte_wasm_trap *t = tomte_wasm_trap(inst);
            CHECK_EQ(TOMTE_WASM_TRAP_FUEL, t->reason);
            CHECK(tomte_wasm_fuel_used(inst) > budget);
            if (slice == 0)
                first = *t;
            CHECK(first.func == t->func && first.offset == t->offset);
        }
    }
}

/* What is not paid for is not done. */
TEST(bulk_work_is_paid_for_first)
{
    struct tomte_wasm_instance *inst = example();
    uint32_t n = 4096;
    CHECK_OK(tomte_wasm_start(inst, 1, &n, 1, 100));
    CHECK_EQ(TOMTE_WASM_TRAPPED, tomte_wasm_run(inst, UINT32_MAX));
    CHECK_EQ(TOMTE_WASM_TRAP_FUEL, tomte_wasm_trap(inst)->reason);
    CHECK_EQ(0, *tomte_wasm_memory_at(inst, 0, 1));
    CHECK_OK(tomte_wasm_start(inst, 1, &n, 1, 300));
    while (tomte_wasm_run(inst, 1) == TOMTE_WASM_READY)
        continue;
    CHECK_EQ(TOMTE_WASM_TRAP_FUEL, tomte_wasm_trap(inst)->reason);
    CHECK_EQ(5, *tomte_wasm_memory_at(inst, 4095, 1));
}
