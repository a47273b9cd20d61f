/* SPDX-License-Identifier: Apache-2.0 */
/* Slot code does what the module's bytes do, stop for stop and byte for byte;
 * tests/spec tries that on whole programs. */
#include "busy.h"

#define ROUNDS 3

static struct asm_module a;

/* An instance that executes slot code; all of its functions have some. */
static struct tomte_wasm_instance *
slots_instance(const struct tomte_wasm_module *m, uint32_t functions)
{
    struct tomte_wasm_instance *inst;
    struct tomte_wasm_config config = bench_config();
    CHECK_OK(tomte_wasm_translate(m, &bench, &config.code));
    CHECK_EQ(functions, tomte_wasm_translated(config.code));
    CHECK_OK(tomte_wasm_instantiate(m, &config, &bench, &inst, NULL));
    return inst;
}

static void move(const struct tomte_wasm_instance *from,
                 struct tomte_wasm_instance *to)
{
    CHECK_OK(
        tomte_wasm_restore(to, BUSY_ID, busy_snapshot(from, 0), &bench, NULL));
}

TEST(both_forms_stop_in_the_same_states)
{
    bench_reset();
    const struct tomte_wasm_module *m = busy_load();
    uint32_t n = ROUNDS;
    for (uint32_t slice = 0; slice < 40; slice++) {
        size_t mark = tomte_arena_mark(&bench);
        struct tomte_wasm_instance *bytes = busy_start(m, n);
        struct tomte_wasm_instance *slots = slots_instance(m, 2);
        CHECK_OK(tomte_wasm_start(slots, 1, &n, 1, 1000000));
        enum tomte_wasm_status status = TOMTE_WASM_READY;
        while (status != TOMTE_WASM_DONE) {
            status = tomte_wasm_run(bytes, slice);
            CHECK_EQ(status, tomte_wasm_run(slots, slice));
            CHECK_BYTES(busy_snapshot(bytes, 0), busy_snapshot(slots, 1));
            if (status == TOMTE_WASM_SUSPENDED) {
                busy_answer(bytes);
                busy_answer(slots);
            }
        }
        CHECK(bench_result64(bytes, 0) == bench_result64(slots, 0));
        tomte_arena_release(&bench, mark);
    }
}

/* There and back at every stop. */
TEST(a_call_moves_between_the_forms)
{
    bench_reset();
    const struct tomte_wasm_module *m = busy_load();
    struct tomte_wasm_instance *plain = busy_start(m, ROUNDS);
    CHECK_EQ(TOMTE_WASM_DONE, busy_finish(plain, UINT32_MAX));
    struct tomte_wasm_instance *pair[2] = {busy_start(m, ROUNDS),
                                           slots_instance(m, 2)};
    uint32_t at = 0;
    for (;;) {
        enum tomte_wasm_status status = tomte_wasm_run(pair[at], 1);
        if (status == TOMTE_WASM_DONE)
            break;
        move(pair[at], pair[!at]);
        tomte_wasm_abandon(pair[at]);
        at = !at;
        if (status == TOMTE_WASM_SUSPENDED)
            busy_answer(pair[at]);
    }
    CHECK(bench_result64(plain, 0) == bench_result64(pair[at], 0));
    CHECK(tomte_wasm_fuel_used(plain) == tomte_wasm_fuel_used(pair[at]));
}

/* Both forms trap in the same function at the same instruction. */
static void check_trap(struct tomte_span body, uint32_t arg,
                       enum tomte_wasm_trap_reason reason)
{
    bench_reset();
    asm_begin(&a);
    asm_type(&a, "i:i");
    asm_func(&a, 0);
    asm_memory(&a, B(0, 1));
    asm_export(&a, "f", TOMTE_WASM_FUNC, 0);
    asm_body(&a, body);
    asm_code(&a);
    const struct tomte_wasm_module *m = bench_load(asm_end(&a));
    struct tomte_wasm_instance *both[2] = {bench_instance(m),
                                           slots_instance(m, 1)};
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(TOMTE_WASM_TRAPPED, bench_call(both[i], "f", ARGS(arg)));
        CHECK_EQ(reason, tomte_wasm_trap(both[i])->reason);
        uint32_t func, offset;
        CHECK(tomte_wasm_backtrace(both[i], 0, &func, &offset));
        CHECK_EQ(tomte_wasm_trap(both[i])->offset, offset);
    }
    CHECK_EQ(tomte_wasm_trap(both[0])->func, tomte_wasm_trap(both[1])->func);
    CHECK_EQ(tomte_wasm_trap(both[0])->offset,
             tomte_wasm_trap(both[1])->offset);
    CHECK(tomte_wasm_fuel_used(both[0]) == tomte_wasm_fuel_used(both[1]));
}

TEST(a_trap_is_found_behind_what_is_never_reached)
{
    struct tomte_span body =
        B(NO_LOCALS, GET(0), OP(I32_LOAD), 2, 0, OP(DROP), /* in bounds */
          OP(BLOCK), VOID, BR(0), CONST(0), OP(I32_LOAD), 2, 0, OP(DROP),
          OP(LOOP), VOID, OP(UNREACHABLE), END, END,              /**/
          GET(0), OP(IF), I32, CONST(7), OP(ELSE), CONST(9), END, /**/
          GET(0), CONST(4), OP(I32_SUB), OP(I32_DIV_S), END);
    check_trap(body, 4, TOMTE_WASM_TRAP_DIVIDE_BY_ZERO);
    check_trap(body, 65533, TOMTE_WASM_TRAP_MEMORY);
}

/* An offset above 16 bits, and one that carries the address over 2^32. */
TEST(a_far_offset_traps_where_the_access_is)
{
    struct tomte_span body =
        B(NO_LOCALS, GET(0), OP(I32_LOAD), 2, 0x80, 0x80, 0x04, END);
    check_trap(body, 0, TOMTE_WASM_TRAP_MEMORY);
    check_trap(body, 0xffffffff, TOMTE_WASM_TRAP_MEMORY);
}

/* Adding to an address wraps round, an offset does not. */
TEST(an_index_wraps_round)
{
    bench_reset();
    asm_begin(&a);
    asm_type(&a, "i:i");
    asm_func(&a, 0);
    asm_memory(&a, B(0, 1));
    asm_export(&a, "f", TOMTE_WASM_FUNC, 0);
    asm_body(&a, B(NO_LOCALS, GET(0), CONST(16), OP(I32_ADD), GET(0),
                   OP(I32_STORE), 2, 0, /**/
                   GET(0), CONST(16), OP(I32_ADD), OP(I32_LOAD), 2, 0, END));
    asm_code(&a);
    struct tomte_wasm_instance *inst =
        slots_instance(bench_load(asm_end(&a)), 1);
    CHECK_EQ(TOMTE_WASM_DONE, bench_call(inst, "f", ARGS(0xfffffff8)));
    CHECK_EQ(0xfffffff8, bench_result(inst, 0));
    CHECK_EQ(0xf8, *tomte_wasm_memory_at(inst, 8, 1));
    CHECK_EQ(TOMTE_WASM_TRAPPED, bench_call(inst, "f", ARGS(0xffffffec)));
}

/* Function 0 has more operands than slot code allows and calls 1, which calls
 * 2: the forms alternate. */
TEST(functions_of_both_forms_call_each_other)
{
    static uint8_t body[1200];
    size_t len = 0;
    bench_reset();
    asm_begin(&a);
    asm_type(&a, "i:i");
    for (int i = 0; i < 3; i++)
        asm_func(&a, 0);
    asm_export(&a, "f", TOMTE_WASM_FUNC, 1);
    body[len++] = NO_LOCALS;
    for (int i = 0; i < 257; i++, len += 2)
        memcpy(body + len, ((const uint8_t[]){CONST(1)}), 2);
    for (int i = 0; i < 256; i++)
        body[len++] = OP(I32_ADD);
    memcpy(body + len, ((const uint8_t[]){GET(0), OP(I32_ADD), CALL(2), END}),
           6);
    asm_body(&a, TOMTE_SPAN(body, len + 6));
    asm_body(&a, B(NO_LOCALS, GET(0), CALL(0), CONST(1), OP(I32_ADD), END));
    asm_body(&a, B(NO_LOCALS, GET(0), CONST(2), OP(I32_MUL), END));
    asm_code(&a);
    const struct tomte_wasm_module *m = bench_load(asm_end(&a));
    struct tomte_wasm_instance *bytes = bench_instance(m);
    struct tomte_wasm_instance *slots = slots_instance(m, 2);
    for (uint32_t slice = 0; slice < 3; slice++) {
        const uint32_t arg = 5;
        bench_call(bytes, "f", ARGS(arg));
        CHECK_OK(tomte_wasm_start(slots, 1, &arg, 1, UINT64_MAX));
        while (tomte_wasm_run(slots, slice) == TOMTE_WASM_READY)
            continue;
        CHECK_EQ(2 * (257 + 5) + 1, bench_result(slots, 0));
        CHECK_EQ(bench_result(bytes, 0), bench_result(slots, 0));
        CHECK(tomte_wasm_fuel_used(bytes) == tomte_wasm_fuel_used(slots));
    }
}

TEST(translation_needs_its_room)
{
    bench_reset();
    const struct tomte_wasm_module *m = busy_load();
    static uint64_t memory[1 << 12];
    const struct tomte_wasm_code *code = NULL;
    enum tomte_err err = TOMTE_ERR_NO_MEMORY;
    size_t room = 0;
    for (; err != TOMTE_OK && room <= sizeof memory; room += 8) {
        struct tomte_arena arena;
        tomte_arena_init(&arena, memory, room);
        err = tomte_wasm_translate(m, &arena, &code);
        CHECK_EQ(room, arena.size);
        CHECK(err == TOMTE_OK || err == TOMTE_ERR_NO_MEMORY);
        CHECK(err == TOMTE_OK || (code == NULL && arena.used == 0));
    }
    CHECK_OK(err);
    CHECK_EQ(2, tomte_wasm_translated(code));
    CHECK(tomte_wasm_code_bytes(code) > 100 &&
          tomte_wasm_code_bytes(code) < 1000);
}
