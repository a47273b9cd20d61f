/* SPDX-License-Identifier: Apache-2.0 */
/* A call that is taken away and carried on elsewhere ends as it would have. */
#include "base/crc.h"
#include "busy.h"

#define ROUNDS 3

static const struct tomte_wasm_module *busy;

/* What a run that nobody disturbs comes to. */
struct outcome {
    uint64_t result;
    uint64_t fuel;
    uint32_t state; /* a checksum of the last snapshot */
};

static struct outcome outcome_of(const struct tomte_wasm_instance *inst)
{
    CHECK_EQ(TOMTE_WASM_DONE, tomte_wasm_status(inst));
    return (struct outcome){bench_result64(inst, 0), tomte_wasm_fuel_used(inst),
                            tomte_crc32c(0, busy_snapshot(inst, 0))};
}

static struct outcome undisturbed(void)
{
    bench_reset();
    busy = busy_load();
    struct tomte_wasm_instance *inst = busy_start(busy, ROUNDS);
    busy_finish(inst, UINT32_MAX);
    return outcome_of(inst);
}

static void check_same(struct outcome expected,
                       const struct tomte_wasm_instance *inst)
{
    struct outcome o = outcome_of(inst);
    CHECK(expected.result == o.result);
    CHECK_EQ(expected.fuel, o.fuel);
    CHECK_EQ(expected.state, o.state);
}

/* Move the state into another instance, which then is in the same. */
static void move(struct tomte_wasm_instance *from,
                 struct tomte_wasm_instance *to)
{
    struct tomte_span s = busy_snapshot(from, 0);
    size_t used = bench.used, size = bench.size;
    CHECK_OK(tomte_wasm_restore(to, BUSY_ID, s, &bench, NULL));
    CHECK(used == bench.used && size == bench.size);
    CHECK_EQ(tomte_wasm_status(from), tomte_wasm_status(to));
    CHECK_BYTES(s, busy_snapshot(to, 1));
}

TEST(the_program_does_what_it_should)
{
    struct outcome o = undisturbed();
    CHECK(o.fuel > 100);
    uint64_t sum = 0, x = UINT64_MAX;
    for (uint32_t n = ROUNDS; n > 0; n--) {
        uint64_t deep = sum + 1;
        for (uint32_t i = 0; i < n; i++)
            deep = (3 + deep) * sum;
        sum = deep;
        x ^= sum;
    }
    CHECK(o.result == sum + x);
}

/* Moved once, after every amount of fuel that it can stop at. */
TEST(a_snapshot_after_any_slice_goes_on_elsewhere)
{
    struct outcome expected = undisturbed();
    size_t mark = tomte_arena_mark(&bench);
    for (uint32_t slice = 0; slice < expected.fuel; slice++) {
        tomte_arena_release(&bench, mark);
        struct tomte_wasm_instance *inst = busy_start(busy, ROUNDS);
        struct tomte_wasm_instance *other = bench_instance(busy);
        uint32_t used = 0;
        while (tomte_wasm_run(inst, slice - used) == TOMTE_WASM_SUSPENDED &&
               tomte_wasm_fuel_used(inst) < slice) {
            busy_answer(inst);
            used = (uint32_t)tomte_wasm_fuel_used(inst);
        }
        move(inst, other);
        if (tomte_wasm_status(other) == TOMTE_WASM_SUSPENDED)
            busy_answer(other);
        if (tomte_wasm_status(other) == TOMTE_WASM_READY) {
            busy_finish(other, UINT32_MAX);
            check_same(expected, other);
        }
    }
}

/* Over the bytes of every snapshot that the test below takes. A machine with
 * another result is not in the same states. */
#define ALL_SNAPSHOTS 3068179408u

/* Moved at every stop, there and back, for every length of slice. */
TEST(snapshots_at_every_stop_change_nothing)
{
    struct outcome expected = undisturbed();
    size_t mark = tomte_arena_mark(&bench);
    uint32_t all = 0;
    for (uint32_t slice = 0; slice < 50; slice++) {
        tomte_arena_release(&bench, mark);
        struct tomte_wasm_instance *inst = busy_start(busy, ROUNDS);
        struct tomte_wasm_instance *other = bench_instance(busy);
        for (;;) {
            enum tomte_wasm_status status = tomte_wasm_run(inst, slice);
            if (status == TOMTE_WASM_DONE)
                break;
            move(inst, other);
            all = tomte_crc32c(all, busy_snapshot(other, 0));
            tomte_wasm_abandon(inst);
            struct tomte_wasm_instance *swap = inst;
            inst = other;
            other = swap;
            if (status == TOMTE_WASM_SUSPENDED) {
                busy_answer(inst);
                move(inst, other); /* just behind a call */
            }
        }
        check_same(expected, inst);
    }
    CHECK_EQ(ALL_SNAPSHOTS, all);
}

TEST(a_host_function_started_from_outside_is_kept)
{
    bench_reset();
    busy = busy_load();
    struct tomte_wasm_instance *inst = bench_instance(busy);
    struct tomte_wasm_instance *other = bench_instance(busy);
    uint32_t arg = 6;
    CHECK_OK(tomte_wasm_start(inst, 0, &arg, 1, 100));
    move(inst, other);
    CHECK_EQ(TOMTE_WASM_SUSPENDED, tomte_wasm_run(other, 100));
    move(other, inst);
    busy_answer(inst);
    CHECK_EQ(TOMTE_WASM_DONE, tomte_wasm_status(inst));
    CHECK_EQ(43, bench_result(inst, 0));
}

TEST(a_trapped_instance_has_no_snapshot)
{
    bench_reset();
    struct tomte_wasm_instance *inst = busy_start(busy_load(), ROUNDS);
    size_t size;
    while (tomte_wasm_run(inst, 100) == TOMTE_WASM_READY)
        continue;
    CHECK_OK(tomte_wasm_resume_trap(inst, "late"));
    CHECK_EQ(TOMTE_ERR_STATE, tomte_wasm_snapshot_size(inst, BUSY_ID, &size));
    tomte_wasm_abandon(inst);
    CHECK_OK(tomte_wasm_snapshot_size(inst, BUSY_ID, &size));
    static uint8_t id[65];
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_wasm_snapshot_size(inst, TOMTE_SPAN_ARRAY(id), &size));
}

TEST(a_snapshot_needs_its_room)
{
    bench_reset();
    struct tomte_wasm_instance *inst = busy_start(busy_load(), ROUNDS);
    static uint8_t out[4096];
    struct tomte_span s;
    size_t size;
    CHECK_OK(tomte_wasm_snapshot_size(inst, BUSY_ID, &size));
    for (size_t cap = 0; cap < size; cap++)
        CHECK_EQ(
            TOMTE_ERR_NO_SPACE,
            tomte_wasm_snapshot_encode(inst, BUSY_ID, TOMTE_BUF(out, cap), &s));
    CHECK_OK(
        tomte_wasm_snapshot_encode(inst, BUSY_ID, TOMTE_BUF(out, size), &s));
}

TEST(a_reset_gives_the_first_state_back)
{
    bench_reset();
    struct tomte_wasm_instance *inst = bench_instance(busy_load());
    struct tomte_span first = busy_snapshot(inst, 0);
    uint32_t n = ROUNDS;
    for (uint32_t slice = 1; slice < 400; slice += 13) {
        CHECK_OK(tomte_wasm_start(inst, 1, &n, 1, 1000000));
        while (tomte_wasm_run(inst, slice) == TOMTE_WASM_SUSPENDED)
            busy_answer(inst);
        CHECK_OK(tomte_wasm_reset(inst));
        CHECK_BYTES(first, busy_snapshot(inst, 1));
    }
}

/* Zero memory is left out: a snapshot of much of it is small. */
TEST(zero_memory_is_left_out)
{
    static struct asm_module a;
    bench_reset();
    asm_begin(&a);
    asm_memory(&a, B(0, 1));
    struct tomte_wasm_instance *inst = bench_instance(bench_load(asm_end(&a)));
    CHECK_EQ(35, busy_snapshot(inst, 0).len);
    *tomte_wasm_memory_at(inst, 100, 1) = 1;
    *tomte_wasm_memory_at(inst, 130, 1) = 1;
    *tomte_wasm_memory_at(inst, 65535, 1) = 1;
    CHECK_EQ(35 + 8 + 64 + 8 + 32, busy_snapshot(inst, 0).len);
}

/* The format byte for byte, as docs/spec/snapshot.md has it; the same on every
 * machine that runs this test. */
TEST(the_format_stays_as_it_is)
{
    static struct asm_module a;
    static uint8_t expected[128], out[128];
    bench_reset();
    asm_begin(&a);
    asm_type(&a, "I:i");
    asm_type(&a, "i:i");
    asm_import(&a, "host", "wait", B(TOMTE_WASM_FUNC, 1));
    asm_func(&a, 0);
    asm_table(&a, B(FUNCREF, 0, 2));
    asm_memory(&a, B(8, 40, 0));
    asm_global(&a, B(I64, 1, CONST64(-2), END));
    asm_elem(&a, B(0, CONST(1), END, 1, 1));
    asm_body(&a, B(NO_LOCALS, CONST(5), CONST(6), CALL(0), OP(I32_ADD), END));
    asm_code(&a);
    asm_data(&a, B(0, CONST(33), END, 2, 0xaa, 0xbb));
    struct tomte_wasm_instance *inst = bench_instance(bench_load(asm_end(&a)));
    const uint32_t args[2] = {0x11223344, 0x55667788};
    CHECK_OK(tomte_wasm_start(inst, 1, args, 2, 100));
    CHECK_EQ(TOMTE_WASM_SUSPENDED, tomte_wasm_run(inst, 50));
    struct tomte_span s;
    CHECK_OK(tomte_wasm_snapshot_encode(inst, TOMTE_SPAN_LIT("id"),
                                        TOMTE_BUF_ARRAY(out), &s));
    const char *hex = "5457534e 01 02 02 6964" /* head */
                      "28000000"               /* memory: 40 pages */
                      "20000000 08000000 00aabb00 00000000" /* one run of it */
                      "28000000 00000000"                   /* no more */
                      "feffffff ffffffff"                   /* global */
                      "02000000 00000000 02000000"          /* table */
                      "01 01"                             /* dropped segments */
                      "6400000000000000 0500000000000000" /* budget, spent */
                      "00000000 01000000 04000000"        /* pending, counts */
                      "01000000 50000000"                 /* frame */
                      "44332211 88776655 05000000 06000000"; /* slots */
    struct tomte_span e = test_hex(hex, TOMTE_BUF_ARRAY(expected));
    CHECK_BYTES(e, tomte_span_slice(s, 0, s.len - 4));
}
