/* SPDX-License-Identifier: Apache-2.0 */
/* Results and traps. The specification's own tests go through every
 * instruction; these are about what is this engine's: the side table, slots of
 * two widths, and where a trap is said to be. */
#include "bench.h"

static struct asm_module a;

static struct tomte_wasm_instance *one(const char *type, struct tomte_span body)
{
    bench_reset();
    return bench_instance(bench_load(bench_one(&a, type, body)));
}

/* Locals, operands, drop and select of both widths side by side. */
TEST(wide_and_narrow_values_mix)
{
    struct tomte_wasm_instance *inst =
        one("iIi:Ii", B(1, 1, I64, GET(1), SET(3),          /* wide local */
                        GET(3), GET(0), OP(DROP), OP(DROP), /* both drops */
                        GET(1), CONST64(9), GET(2), OP(SELECT), GET(0), GET(2),
                        GET(2), OP(SELECT), END));
    bench_call(inst, "f", ARGS(11, 0x55555555, 0x66666666, 1));
    CHECK(bench_result64(inst, 0) == 0x6666666655555555);
    CHECK_EQ(11, bench_result(inst, 2));
    bench_call(inst, "f", ARGS(11, 5, 6, 0));
    CHECK_EQ(9, bench_result64(inst, 0));
    CHECK_EQ(0, bench_result(inst, 2));
}

/* A branch out of a block keeps its operand and drops what lies below. */
TEST(branches_keep_and_drop)
{
    struct tomte_wasm_instance *inst =
        one("i:I", B(NO_LOCALS, OP(BLOCK), I64, CONST(1), CONST64(2), CONST(3),
                     CONST64(42), GET(0), BR_IF(0), OP(DROP), OP(DROP),
                     OP(DROP), OP(DROP), CONST64(7), END, END));
    bench_call(inst, "f", ARGS(1));
    CHECK_EQ(42, bench_result64(inst, 0));
    bench_call(inst, "f", ARGS(0));
    CHECK_EQ(7, bench_result64(inst, 0));
}

TEST(a_branch_table_picks_its_label)
{
    struct tomte_wasm_instance *inst = one(
        "i:i", B(NO_LOCALS, OP(BLOCK), VOID, OP(BLOCK), VOID, OP(BLOCK), VOID,
                 GET(0), OP(BR_TABLE), 2, 0, 1, 2, END, CONST(10), OP(RETURN),
                 END, CONST(11), OP(RETURN), END, CONST(12), END));
    static const uint32_t expected[] = {10, 11, 12, 12};
    for (uint32_t i = 0; i < 4; i++) {
        bench_call(inst, "f", ARGS(i));
        CHECK_EQ(expected[i], bench_result(inst, 0));
    }
    bench_call(inst, "f", ARGS(UINT32_MAX));
    CHECK_EQ(12, bench_result(inst, 0));
}

/* So many operands under a branch that its entry cannot hold them. */
TEST(far_branches_work)
{
    static uint8_t body[400];
    size_t n = 0;
    memcpy(body, (uint8_t[]){NO_LOCALS, OP(BLOCK), 1}, 3);
    for (n = 3; n < 3 + 2 * 20; n += 2) /* twenty to drop */
        memcpy(body + n, (uint8_t[]){CONST(1)}, 2);
    for (uint8_t i = 0; i < 16; i++, n += 2) /* sixteen to keep */
        memcpy(body + n, (uint8_t[]){CONST(i)}, 2);
    memcpy(body + n, (uint8_t[]){BR(0), END}, 3);
    n += 3;
    for (int i = 0; i < 15; i++)
        body[n++] = OP(I32_SUB);
    body[n++] = END;
    bench_reset();
    asm_begin(&a);
    asm_type(&a, ":i");
    asm_type(&a, ":iiiiiiiiiiiiiiii");
    asm_func(&a, 0);
    asm_export(&a, "f", TOMTE_WASM_FUNC, 0);
    asm_body(&a, TOMTE_SPAN(body, n));
    asm_code(&a);
    struct tomte_wasm_instance *inst = bench_instance(bench_load(asm_end(&a)));
    bench_call(inst, "f", NO_ARGS);
    CHECK_EQ((uint32_t)-8, bench_result(inst, 0));
}

/* A body so long that a branch over it is beyond 16 bits. */
TEST(long_branches_work)
{
    static uint8_t module[70200];
    uint8_t head[] = {0,  'a',  's',  'm',  1,   0,    0,    0,   1,
                      6,  1,    0x60, 1,    I32, 1,    I32,  3,   2,
                      1,  0,    7,    5,    1,   1,    'f',  0,   0,
                      10, 0xf6, 0xa2, 0x04, 1,   0xf2, 0xa2, 0x04};
    uint8_t begin[] = {NO_LOCALS, OP(LOOP), VOID,        GET(0), OP(IF), VOID,
                       GET(0),    CONST(1), OP(I32_SUB), SET(0), BR(1),  END};
    size_t n = sizeof head;
    memcpy(module, head, n);
    size_t body = n;
    memcpy(module + n, begin, sizeof begin);
    n += sizeof begin;
    memcpy(module + n, (uint8_t[]){GET(0), OP(IF), VOID}, 4);
    n += 4;
    memset(module + n, OP(NOP), 70002 - 27);
    n += 70002 - 27;
    memcpy(module + n, (uint8_t[]){OP(UNREACHABLE), END, END, CONST(33), END},
           6);
    n += 6;
    CHECK_EQ(70002, n - body);
    bench_reset();
    struct tomte_wasm_instance *inst =
        bench_instance(bench_load(TOMTE_SPAN(module, n)));
    CHECK_EQ(TOMTE_WASM_DONE, bench_call(inst, "f", ARGS(3)));
    CHECK_EQ(33, bench_result(inst, 0));
}

/* Two types are the same when they list the same, however that is encoded. */
TEST(types_are_compared_by_what_they_say)
{
    bench_reset();
    asm_begin(&a);
    asm_raw(&a, 1, B(2, 0x60, 0, 1, I32, 0x60, 0x80, 0, 0x81, 0, I32));
    asm_func(&a, 0);
    asm_func(&a, 0);
    asm_table(&a, B(FUNCREF, 0, 1));
    asm_export(&a, "f", TOMTE_WASM_FUNC, 0);
    asm_elem(&a, B(0, CONST(0), END, 1, 1));
    asm_body(&a, B(NO_LOCALS, CONST(0), OP(CALL_INDIRECT), 1, 0, END));
    asm_body(&a, B(NO_LOCALS, CONST(9), END));
    asm_code(&a);
    struct tomte_wasm_instance *inst = bench_instance(bench_load(asm_end(&a)));
    CHECK_EQ(TOMTE_WASM_DONE, bench_call(inst, "f", NO_ARGS));
    CHECK_EQ(9, bench_result(inst, 0));
}

TEST(a_trap_says_why_and_where)
{
    struct tomte_wasm_instance *inst =
        one("ii:i", B(NO_LOCALS, GET(0), GET(1), OP(I32_DIV_S), END));
    uint32_t at = (uint32_t)a.len - 2;
    CHECK_EQ(TOMTE_WASM_TRAPPED, bench_call(inst, "f", ARGS(1, 0)));
    const struct tomte_wasm_trap *t = tomte_wasm_trap(inst);
    CHECK_EQ(TOMTE_WASM_TRAP_DIVIDE_BY_ZERO, t->reason);
    CHECK(strcmp("integer divide by zero", t->text) == 0);
    CHECK(t->instance == inst && t->func == 0);
    CHECK_EQ(at, t->offset);
    CHECK_EQ(TOMTE_WASM_TRAPPED, tomte_wasm_run(inst, 100));
    bench_call(inst, "f", ARGS(0x80000000, UINT32_MAX));
    CHECK_EQ(TOMTE_WASM_TRAP_OVERFLOW, tomte_wasm_trap(inst)->reason);
    CHECK_EQ(TOMTE_WASM_DONE, bench_call(inst, "f", ARGS(12, 4)));
    CHECK_EQ(TOMTE_WASM_TRAP_NONE, tomte_wasm_trap(inst)->reason);
    CHECK_EQ(3, bench_result(inst, 0));
}

TEST(a_stack_has_an_end)
{
    struct tomte_wasm_instance *inst =
        one("i:i", B(NO_LOCALS, GET(0), CALL(0), END));
    CHECK_EQ(TOMTE_WASM_TRAPPED, bench_call(inst, "f", ARGS(1)));
    CHECK_EQ(TOMTE_WASM_TRAP_STACK, tomte_wasm_trap(inst)->reason);
    uint32_t func, offset, depth = 0;
    while (tomte_wasm_backtrace(inst, depth, &func, &offset))
        depth++;
    CHECK_EQ(bench_config().call_depth, depth);

    const struct tomte_wasm_module *m = tomte_wasm_module_of(inst);
    for (uint32_t bytes = 0; bytes <= 256; bytes += 4) {
        struct tomte_wasm_config config = bench_config();
        config.stack_bytes = bytes;
        CHECK_OK(tomte_wasm_instantiate(m, &config, &bench, &inst, NULL));
        uint32_t arg = 1;
        enum tomte_err err = tomte_wasm_start(inst, 0, &arg, 1, UINT64_MAX);
        CHECK_EQ(bytes < 4 ? TOMTE_ERR_NO_MEMORY : TOMTE_OK, err);
        if (err == TOMTE_OK)
            CHECK_EQ(TOMTE_WASM_TRAPPED, tomte_wasm_run(inst, 1000));
    }
}

TEST(memory_is_bounded)
{
    bench_reset();
    asm_begin(&a);
    asm_type(&a, "ii:");
    asm_type(&a, "i:I");
    asm_func(&a, 0);
    asm_func(&a, 1);
    asm_memory(&a, B(9, 10, 20, 0)); /* pages of one byte */
    asm_export(&a, "put", TOMTE_WASM_FUNC, 0);
    asm_export(&a, "get", TOMTE_WASM_FUNC, 1);
    asm_body(&a, B(NO_LOCALS, GET(0), GET(1), OP(I32_STORE16), 1, 0, END));
    asm_body(&a, B(NO_LOCALS, GET(0), OP(I64_LOAD), 3, 2, END));
    asm_code(&a);
    struct tomte_wasm_instance *inst = bench_instance(bench_load(asm_end(&a)));
    CHECK_EQ(10, tomte_wasm_memory(inst).cap);
    CHECK_EQ(TOMTE_WASM_DONE, bench_call(inst, "put", ARGS(8, 0xabcd)));
    CHECK_EQ(TOMTE_WASM_TRAPPED, bench_call(inst, "put", ARGS(9, 1)));
    CHECK_EQ(TOMTE_WASM_TRAP_MEMORY, tomte_wasm_trap(inst)->reason);
    bench_call(inst, "get", ARGS(0));
    CHECK(bench_result64(inst, 0) == 0xabcd000000000000);
    CHECK_EQ(TOMTE_WASM_TRAPPED, bench_call(inst, "get", ARGS(1)));
    /* An address and an offset that add up to more than 32 bits. */
    CHECK_EQ(TOMTE_WASM_TRAPPED, bench_call(inst, "get", ARGS(0xfffffffe)));
    CHECK_EQ(TOMTE_WASM_TRAPPED, bench_call(inst, "get", ARGS(0xfffffff8)));
}

TEST(memory_grows_to_its_maximum)
{
    bench_reset();
    asm_begin(&a);
    asm_type(&a, "i:ii");
    asm_func(&a, 0);
    asm_memory(&a, B(9, 10, 20, 0));
    asm_export(&a, "grow", TOMTE_WASM_FUNC, 0);
    asm_body(&a,
             B(NO_LOCALS, GET(0), OP(MEMORY_GROW), 0, OP(MEMORY_SIZE), 0, END));
    asm_code(&a);
    struct tomte_wasm_instance *inst = bench_instance(bench_load(asm_end(&a)));
    static const uint32_t cases[][3] = {
        {0, 10, 10}, {11, UINT32_MAX, 10}, {UINT32_MAX, UINT32_MAX, 10},
        {7, 10, 17}, {3, 17, 20},          {1, UINT32_MAX, 20}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench_call(inst, "grow", ARGS(cases[i][0]));
        CHECK_EQ(cases[i][1], bench_result(inst, 0));
        CHECK_EQ(cases[i][2], bench_result(inst, 1));
    }
    CHECK_OK(tomte_wasm_reset(inst));
    CHECK_EQ(10, tomte_wasm_memory(inst).cap);
}

TEST(a_call_must_be_possible)
{
    struct tomte_wasm_instance *inst = one("i:i", B(NO_LOCALS, GET(0), END));
    uint32_t arg = 1;
    CHECK_EQ(TOMTE_WASM_IDLE, tomte_wasm_run(inst, 1));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, tomte_wasm_start(inst, 1, &arg, 1, 1));
    CHECK_EQ(TOMTE_ERR_TYPE, tomte_wasm_start(inst, 0, &arg, 0, 1));
    CHECK_OK(tomte_wasm_start(inst, 0, &arg, 1, 100));
    CHECK_EQ(TOMTE_ERR_STATE, tomte_wasm_start(inst, 0, &arg, 1, 1));
    tomte_wasm_abandon(inst);
    CHECK_EQ(TOMTE_WASM_IDLE, tomte_wasm_status(inst));
    uint32_t slots;
    tomte_wasm_results(inst, &slots);
    CHECK_EQ(0, slots);
}

TEST(a_start_function_runs_before_anything_else)
{
    bench_reset();
    asm_begin(&a);
    asm_type(&a, ":");
    asm_func(&a, 0);
    asm_global(&a, B(I32, 1, CONST(1), END));
    asm_start(&a, 0);
    asm_body(&a, B(NO_LOCALS, GGET(0), CONST(1), OP(I32_ADD), GSET(0), END));
    asm_code(&a);
    struct tomte_wasm_instance *inst = bench_instance(bench_load(asm_end(&a)));
    enum tomte_wasm_valtype type;
    uint32_t value[2];
    for (int round = 0; round < 2; round++) {
        CHECK_EQ(TOMTE_WASM_READY, tomte_wasm_status(inst));
        CHECK_EQ(TOMTE_ERR_STATE, tomte_wasm_start(inst, 0, NULL, 0, 1));
        CHECK_EQ(TOMTE_WASM_DONE, tomte_wasm_run(inst, 100));
        CHECK_OK(tomte_wasm_global_get(inst, 0, &type, value));
        CHECK_EQ(2, value[0]);
        CHECK_OK(tomte_wasm_reset(inst));
    }
}

/* A segment that does not fit is a trap, and a reset meets it again. */
TEST(segments_must_fit)
{
    bench_reset();
    asm_begin(&a);
    asm_memory(&a, B(8, 4, 0));
    asm_data(&a, B(0, CONST(0), END, 2, 'a', 'b'));
    asm_data(&a, B(0, CONST(3), END, 2, 'c', 'd'));
    const struct tomte_wasm_module *m = bench_load(asm_end(&a));
    struct tomte_wasm_config config = bench_config();
    struct tomte_wasm_instance *inst;
    struct tomte_wasm_error error;
    CHECK_EQ(TOMTE_ERR_TRAP,
             tomte_wasm_instantiate(m, &config, &bench, &inst, &error));
    CHECK(strcmp("out of bounds memory access", error.what) == 0);
    CHECK_EQ(TOMTE_WASM_TRAPPED, tomte_wasm_status(inst));
    CHECK_BYTES(B('a', 'b', 0, 0), TOMTE_SPAN(tomte_wasm_memory(inst).data, 4));
    CHECK_EQ(TOMTE_ERR_TRAP, tomte_wasm_reset(inst));
}
