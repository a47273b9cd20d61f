/* SPDX-License-Identifier: Apache-2.0 */
/* Calls out of the sandbox, and waiting in one. */
#include "bench.h"

static struct asm_module a;

/* Imports 0 add, 1 fail, 2 wait, 3 wait64, 4 costly, 5 peek; then functions
 * that call them, exported by the same names. */
static struct tomte_wasm_instance *example(void)
{
    static const char *const types[] = {"ii:i", ":",  "i:i",
                                        "I:Ir", "i:", "i:i"};
    bench_reset();
    asm_begin(&a);
    for (size_t i = 0; i < 6; i++)
        asm_type(&a, types[i]);
    for (uint8_t i = 0; i < 6; i++)
        asm_import(&a, "host", bench_host[i].name, B(TOMTE_WASM_FUNC, i));
    for (uint8_t i = 0; i < 6; i++)
        asm_func(&a, i);
    asm_memory(&a, B(0, 1));
    for (uint8_t i = 0; i < 6; i++)
        asm_export(&a, bench_host[i].name, TOMTE_WASM_FUNC, 6 + i);
    asm_export(&a, "direct", TOMTE_WASM_FUNC, 3);
    asm_body(&a, B(NO_LOCALS, GET(0), GET(1), CALL(0), END));
    asm_body(&a, B(NO_LOCALS, CALL(1), END));
    asm_body(&a,
             B(NO_LOCALS, CONST(100 - 128), GET(0), CALL(2), OP(I32_ADD), END));
    asm_body(&a, B(NO_LOCALS, GET(0), CALL(3), END));
    asm_body(&a, B(NO_LOCALS, GET(0), CALL(4), END));
    asm_body(&a, B(NO_LOCALS, GET(0), CALL(5), END));
    asm_code(&a);
    asm_data(&a, B(0, CONST(9), END, 1, 77));
    return bench_instance(bench_load(asm_end(&a)));
}

TEST(a_host_function_gives_results)
{
    struct tomte_wasm_instance *inst = example();
    CHECK_EQ(TOMTE_WASM_DONE, bench_call(inst, "add", ARGS(40, 2)));
    CHECK_EQ(42, bench_result(inst, 0));
    bench_call(inst, "peek", ARGS(9));
    CHECK_EQ(77, bench_result(inst, 0));
    bench_call(inst, "peek", ARGS(65536));
    CHECK_EQ(UINT32_MAX, bench_result(inst, 0));
}

TEST(a_host_function_may_trap)
{
    struct tomte_wasm_instance *inst = example();
    CHECK_EQ(TOMTE_WASM_TRAPPED, bench_call(inst, "fail", NO_ARGS));
    const struct tomte_wasm_trap *t = tomte_wasm_trap(inst);
    CHECK_EQ(TOMTE_WASM_TRAP_HOST, t->reason);
    CHECK(strcmp("no heating oil", t->text) == 0);
    CHECK_EQ(7, t->func);
}

TEST(a_host_function_may_wait)
{
    struct tomte_wasm_instance *inst = example();
    struct tomte_wasm_pending p;
    uint32_t answer = 5;
    CHECK(!tomte_wasm_pending(inst, &p));
    CHECK_EQ(TOMTE_ERR_STATE, tomte_wasm_resume(inst, &answer, 1));
    CHECK_EQ(TOMTE_WASM_SUSPENDED, bench_call(inst, "wait", ARGS(1234)));
    CHECK_EQ(TOMTE_WASM_SUSPENDED, tomte_wasm_run(inst, 1000));
    CHECK_EQ(TOMTE_ERR_STATE, tomte_wasm_start(inst, 6, NULL, 0, 1));
    CHECK(tomte_wasm_pending(inst, &p));
    CHECK(p.func == &bench_host[2] && p.func->tag == 7);
    CHECK(p.arg_slots == 1 && p.args[0] == 1234 && p.result_slots == 1);
    CHECK_EQ(TOMTE_ERR_TYPE, tomte_wasm_resume(inst, &answer, 2));
    CHECK_OK(tomte_wasm_resume(inst, &answer, 1));
    CHECK_EQ(TOMTE_WASM_READY, tomte_wasm_status(inst));
    CHECK_EQ(TOMTE_WASM_DONE, tomte_wasm_run(inst, 1000));
    CHECK_EQ((uint32_t)-23, bench_result(inst, 0));
}

TEST(a_wait_may_fail)
{
    struct tomte_wasm_instance *inst = example();
    CHECK_EQ(TOMTE_ERR_STATE, tomte_wasm_resume_trap(inst, "late"));
    bench_call(inst, "wait", ARGS(1));
    CHECK_OK(tomte_wasm_resume_trap(inst, "late"));
    CHECK_EQ(TOMTE_WASM_TRAPPED, tomte_wasm_status(inst));
    CHECK(strcmp("late", tomte_wasm_trap(inst)->text) == 0);
    CHECK_EQ(8, tomte_wasm_trap(inst)->func);
}

/* More results than arguments, and a funcref that must be one. */
TEST(an_answer_is_checked)
{
    struct tomte_wasm_instance *inst = example();
    CHECK_EQ(TOMTE_WASM_SUSPENDED, bench_call(inst, "wait64", ARGS(1, 2)));
    uint32_t answer[3] = {7, 8, 999};
    CHECK_EQ(TOMTE_ERR_TYPE, tomte_wasm_resume(inst, answer, 3));
    answer[2] = 0;
    CHECK_OK(tomte_wasm_resume(inst, answer, 3));
    CHECK_EQ(TOMTE_WASM_DONE, tomte_wasm_run(inst, 1000));
    CHECK(bench_result64(inst, 0) == 0x800000007);
}

TEST(a_host_function_may_be_called_from_outside)
{
    struct tomte_wasm_instance *inst = example();
    CHECK_EQ(TOMTE_WASM_SUSPENDED, bench_call(inst, "direct", ARGS(1, 2)));
    uint32_t answer[3] = {7, 8, 0};
    CHECK_OK(tomte_wasm_resume(inst, answer, 3));
    CHECK_EQ(TOMTE_WASM_DONE, tomte_wasm_status(inst));
    CHECK(bench_result64(inst, 0) == 0x800000007);
}

TEST(a_host_function_charges_fuel)
{
    struct tomte_wasm_instance *inst = example();
    bench_call(inst, "costly", ARGS(0));
    uint64_t cheap = tomte_wasm_fuel_used(inst);
    bench_call(inst, "costly", ARGS(4000000000u));
    CHECK_EQ(4000000000u, tomte_wasm_fuel_used(inst) - cheap);
    uint32_t arg = 1000;
    CHECK_OK(tomte_wasm_start(inst, 10, &arg, 1, 999 + cheap));
    CHECK_EQ(TOMTE_WASM_TRAPPED, tomte_wasm_run(inst, UINT32_MAX));
    CHECK_EQ(TOMTE_WASM_TRAP_FUEL, tomte_wasm_trap(inst)->reason);
    CHECK_OK(tomte_wasm_start(inst, 10, &arg, 1, 1000 + cheap));
    CHECK_EQ(TOMTE_WASM_DONE, tomte_wasm_run(inst, UINT32_MAX));
}
