/* SPDX-License-Identifier: Apache-2.0 */
/* Tail calls: the frame of who makes one is gone, in both forms of code and in
 * snapshots; tests/spec has what they give. */
#include "base/bytes.h"
#include "busy.h"

static struct asm_module a;
static const struct tomte_wasm_module *m;
static struct tomte_wasm_instance *both[2]; /* in place, in slot code */

#define TAIL(f) WASM_OP_RETURN_CALL, (f)
#define TAIL_INDIRECT(type)                                                    \
    WASM_OP_RETURN_CALL_INDIRECT, (type), 0 /* of table 0 */

static struct tomte_wasm_instance *
instance_of(const struct tomte_wasm_code *code)
{
    struct tomte_wasm_config config = bench_config();
    struct tomte_wasm_instance *inst;
    config.code = code;
    CHECK_OK(tomte_wasm_instantiate(m, &config, &bench, &inst, NULL));
    return inst;
}

/* Imports 0 wait, 1 fail; 2 down(n, sum) adds n to sum and calls itself with
 * n - 1, or 3, which waits with the sum; 4 and 5 call those, not in a tail; 6
 * fails in a tail; 7 has more locals than there is stack, 8 calls it. */
static void make(void)
{
    const struct tomte_wasm_code *code;
    bench_reset();
    asm_begin(&a);
    asm_type(&a, "i:i");
    asm_type(&a, "ii:i");
    asm_type(&a, ":");
    asm_import(&a, "host", "wait", B(TOMTE_WASM_FUNC, 0));
    asm_import(&a, "host", "fail", B(TOMTE_WASM_FUNC, 2));
    asm_func(&a, 1);
    asm_func(&a, 0);
    asm_func(&a, 0);
    asm_func(&a, 1);
    asm_func(&a, 2);
    asm_func(&a, 0);
    asm_func(&a, 0);
    asm_table(&a, B(FUNCREF, 1, 3, 3));
    asm_export(&a, "down", TOMTE_WASM_FUNC, 2);
    asm_export(&a, "waits", TOMTE_WASM_FUNC, 4);
    asm_export(&a, "outer", TOMTE_WASM_FUNC, 5);
    asm_export(&a, "fails", TOMTE_WASM_FUNC, 6);
    asm_export(&a, "large", TOMTE_WASM_FUNC, 8);
    asm_elem(&a, B(0, CONST(0), END, 2, 2, 3));
    asm_body(&a, B(NO_LOCALS, CONST(9), GET(0), OP(IF), VOID, /* 9: dropped */
                   GET(0), CONST(1), OP(I32_SUB), GET(0), GET(1), OP(I32_ADD),
                   CONST(0), TAIL_INDIRECT(1), END, /**/
                   GET(1), CONST(1), TAIL_INDIRECT(0), END));
    asm_body(&a, B(NO_LOCALS, GET(0), TAIL(0), END));
    asm_body(&a, B(NO_LOCALS, CONST(5), GET(0), CALL(3), OP(I32_ADD), END));
    asm_body(&a,
             B(NO_LOCALS, CONST(7), GET(0), GET(1), CALL(2), OP(I32_ADD), END));
    asm_body(&a, B(NO_LOCALS, OP(NOP), TAIL(1), END));
    asm_body(&a, B(1, 0xfe, 0x03, I64, GET(0), END));
    asm_body(&a, B(NO_LOCALS, GET(0), TAIL(7), END));
    asm_code(&a);
    m = bench_load(asm_end(&a));
    CHECK_OK(tomte_wasm_translate(m, &bench, &code));
    CHECK_EQ(7, tomte_wasm_translated(code));
    both[0] = instance_of(NULL);
    both[1] = instance_of(code);
}

/* How many frames a call has now. */
static uint32_t frames(const struct tomte_wasm_instance *inst)
{
    uint32_t depth = 0, func, offset;
    while (tomte_wasm_backtrace(inst, depth, &func, &offset))
        depth++;
    return depth;
}

/* 200,000 calls with room for 64. */
TEST(tail_calls_take_no_stack)
{
    make();
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(TOMTE_WASM_SUSPENDED,
                 bench_call(both[i], "outer", ARGS(200000, 3)));
        CHECK_EQ(1, frames(both[i]));
        busy_answer(both[i]);
        CHECK_EQ(TOMTE_WASM_DONE, tomte_wasm_run(both[i], UINT32_MAX));
        CHECK_EQ(7 + 7 * (200000u / 2 * 200001u + 3) + 1,
                 bench_result(both[i], 0));
    }
    CHECK(tomte_wasm_fuel_used(both[0]) == tomte_wasm_fuel_used(both[1]));
}

/* The function that waits in a tail is left before the wait: nothing is left
 * of a call that was started with it. */
TEST(who_waits_in_a_tail_is_gone)
{
    make();
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(TOMTE_WASM_SUSPENDED, bench_call(both[i], "down", ARGS(4, 0)));
        CHECK_EQ(0, frames(both[i]));
        struct tomte_span s = busy_snapshot(both[i], 0);
        tomte_wasm_abandon(both[i]);
        CHECK_OK(tomte_wasm_restore(both[!i], BUSY_ID, s, &bench, NULL));
        busy_answer(both[!i]);
        CHECK_EQ(TOMTE_WASM_DONE, tomte_wasm_status(both[!i]));
        CHECK_EQ(7 * 10 + 1, bench_result(both[!i], 0));
    }
}

/* At every stop the two forms are in the same state, and each can go on from
 * the other's. */
TEST(a_replaced_frame_moves_between_the_forms)
{
    for (uint32_t slice = 0; slice < 6; slice++) {
        make();
        const uint32_t args[] = {6, 1};
        enum tomte_wasm_status status = TOMTE_WASM_READY;
        CHECK_OK(tomte_wasm_start(both[0], 5, args, 2, 1000));
        for (int at = 0; status != TOMTE_WASM_DONE; at = !at) {
            status = tomte_wasm_run(both[at], slice);
            if (status == TOMTE_WASM_SUSPENDED)
                busy_answer(both[at]);
            if (status == TOMTE_WASM_DONE) {
                CHECK_EQ(7 + 7 * 22 + 1, bench_result(both[at], 0));
                break;
            }
            CHECK(frames(both[at]) <= 2);
            CHECK_OK(tomte_wasm_restore(
                both[!at], BUSY_ID, busy_snapshot(both[at], 0), &bench, NULL));
            CHECK_BYTES(busy_snapshot(both[at], 0),
                        busy_snapshot(both[!at], 1));
        }
    }
}

/* A frame in another's place has the results that are waited for. Function 6
 * has none; but for that, the stack is as it should be: its caller's
 * four slots, one of them the result that it waits for, and none of its own. */
TEST(a_frame_is_replaced_by_one_of_its_results)
{
    make();
    const uint32_t args[] = {6, 1};
    bench_call(both[0], "fails", NO_ARGS);
    uint32_t begin = tomte_wasm_trap(both[0])->offset - 1;
    CHECK_OK(tomte_wasm_start(both[0], 5, args, 2, 1000));
    CHECK_EQ(TOMTE_WASM_READY, tomte_wasm_run(both[0], 5));
    struct tomte_span s = busy_snapshot(both[0], 0);
    uint8_t *data = (uint8_t *)(uintptr_t)s.data;
    CHECK_OK(tomte_wasm_restore(both[1], BUSY_ID, s, &bench, NULL));
    /* How many slots; two frames; five slots; the checksum. */
    size_t at = s.len - 4 - 4 * 5 - 2 * 8 - 4;
    CHECK_EQ(5, tomte_get_le32(data + at));
    CHECK_EQ(2, tomte_get_le32(data + at + 12));
    tomte_put_le32(data + at, 4);
    tomte_put_le32(data + at + 12, 6);
    tomte_put_le32(data + at + 16, begin);
    s.len -= 4;
    busy_seal(TOMTE_BUF(data, s.len));
    CHECK_EQ(TOMTE_ERR_INVALID,
             tomte_wasm_restore(both[1], BUSY_ID, s, &bench, NULL));
}

/* Every byte changed: what is not refused can be run. */
TEST(lies_about_replaced_frames_are_survived)
{
    unsigned accepted = 0, tried = 0;
    make();
    const uint32_t args[] = {6, 1};
    CHECK_OK(tomte_wasm_start(both[0], 5, args, 2, 1000));
    CHECK_EQ(TOMTE_WASM_READY, tomte_wasm_run(both[0], 5));
    struct tomte_span s = busy_snapshot(both[0], 0);
    struct tomte_buf lie = TOMTE_BUF((uint8_t *)(uintptr_t)s.data, s.len);
    for (size_t i = 0; i < lie.cap - 4; i++) {
        for (unsigned change = 1; change < 256; change++, tried++) {
            lie.data[i] ^= (uint8_t)change;
            busy_seal(lie);
            enum tomte_err err =
                tomte_wasm_restore(both[1], BUSY_ID, s, &bench, NULL);
            lie.data[i] ^= (uint8_t)change;
            if (err != TOMTE_OK)
                continue;
            accepted++;
            tomte_wasm_set_budget(both[1], 500);
            for (int runs = 0; runs < 4; runs++)
                if (tomte_wasm_run(both[1], 200) == TOMTE_WASM_SUSPENDED)
                    busy_answer(both[1]);
            tomte_wasm_abandon(both[1]);
        }
    }
    CHECK(accepted > 0 && accepted < tried);
}

TEST(a_tail_call_traps_where_it_is)
{
    static const struct {
        const char *name;
        uint32_t arg;
        enum tomte_wasm_trap_reason reason;
    } cases[] = {{"fails", 0, TOMTE_WASM_TRAP_HOST},
                 {"large", 1, TOMTE_WASM_TRAP_STACK}};
    make();
    for (size_t i = 0; i < 2; i++) {
        for (int k = 0; k < 2; k++) {
            struct tomte_span args =
                cases[i].arg != 0 ? ARGS(cases[i].arg) : NO_ARGS;
            CHECK_EQ(TOMTE_WASM_TRAPPED,
                     bench_call(both[k], cases[i].name, args));
            const struct tomte_wasm_trap *t = tomte_wasm_trap(both[k]);
            CHECK_EQ(cases[i].reason, t->reason);
            CHECK_EQ(WASM_OP_RETURN_CALL, tomte_wasm_bytes(m).data[t->offset]);
            CHECK_EQ(1, frames(both[k]));
        }
        CHECK_EQ(tomte_wasm_trap(both[0])->offset,
                 tomte_wasm_trap(both[1])->offset);
    }
}

/* Arguments that take more slots than the parameters they replace, and fewer
 * operands than locals: all of them end where the next function begins. */
TEST(arguments_move_to_where_the_frame_began)
{
    bench_reset();
    asm_begin(&a);
    asm_type(&a, "i:I");
    asm_type(&a, "IiI:I");
    asm_func(&a, 0);
    asm_func(&a, 1);
    asm_export(&a, "f", TOMTE_WASM_FUNC, 0);
    asm_body(&a, B(1, 3, I64, GET(0), OP(I64_EXTEND_I32_U), GET(0), CONST64(-1),
                   TAIL(1), END));
    asm_body(&a, B(NO_LOCALS, GET(0), GET(1), OP(I64_EXTEND_I32_U), OP(I64_MUL),
                   GET(2), OP(I64_ADD), END));
    asm_code(&a);
    m = bench_load(asm_end(&a));
    const struct tomte_wasm_code *code;
    CHECK_OK(tomte_wasm_translate(m, &bench, &code));
    for (int i = 0; i < 2; i++) {
        struct tomte_wasm_instance *inst = instance_of(i == 0 ? NULL : code);
        CHECK_EQ(TOMTE_WASM_DONE, bench_call(inst, "f", ARGS(100000)));
        CHECK(bench_result64(inst, 0) == UINT64_C(9999999999));
    }
}

TEST(a_tail_call_has_the_results_of_its_function)
{
    struct tomte_wasm_error error;
    struct tomte_span body = B(NO_LOCALS, TAIL(0), END);
    bench_reset();
    bench_load(bench_one(&a, ":", body));
    struct tomte_wasm_limits limits = tomte_wasm_limits_mcu;
    limits.features &= ~TOMTE_WASM_FEATURE_TAIL_CALL;
    CHECK_EQ(TOMTE_ERR_MALFORMED,
             tomte_wasm_load(asm_end(&a), &limits, &bench, &m, &error));
    CHECK(strcmp("illegal opcode", error.what) == 0);
    asm_begin(&a);
    asm_type(&a, ":i");
    asm_type(&a, ":I");
    asm_func(&a, 0);
    asm_func(&a, 1);
    asm_body(&a, B(NO_LOCALS, CONST(1), END));
    asm_body(&a, B(NO_LOCALS, TAIL(0), END));
    asm_code(&a);
    CHECK_EQ(TOMTE_ERR_INVALID, bench_refused(asm_end(&a), &error));
}
