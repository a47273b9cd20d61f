/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots that lie. */
#include "base/bytes.h"
#include "busy.h"

static const struct tomte_wasm_module *busy;
static struct tomte_wasm_instance *target;
static uint8_t bytes[4096];

/* A target and a snapshot of a call that was run for so many slices. */
static struct tomte_buf taken(uint32_t slice, int stops)
{
    bench_reset();
    busy = busy_load();
    target = bench_instance(busy);
    struct tomte_wasm_instance *inst = busy_start(busy, 3);
    for (int i = 0; i < stops; i++) {
        enum tomte_wasm_status status = tomte_wasm_run(inst, slice);
        if (status == TOMTE_WASM_SUSPENDED && i + 1 < stops)
            busy_answer(inst);
    }
    struct tomte_span s = busy_snapshot(inst, 0);
    memcpy(bytes, s.data, s.len);
    return TOMTE_BUF(bytes, s.len);
}

static enum tomte_err restore(struct tomte_buf s)
{
    struct tomte_wasm_error error;
    size_t used = bench.used, size = bench.size;
    enum tomte_err err = tomte_wasm_restore(
        target, BUSY_ID, TOMTE_SPAN(s.data, s.cap), &bench, &error);
    CHECK(used == bench.used && size == bench.size);
    CHECK(error.err == err && error.offset <= s.cap);
    return err;
}

/* What is refused changes nothing. */
static enum tomte_err refused(struct tomte_buf s)
{
    struct tomte_span before = busy_snapshot(target, 0);
    enum tomte_err err = restore(s);
    CHECK(err != TOMTE_OK);
    CHECK_BYTES(before, busy_snapshot(target, 1));
    return err;
}

TEST(a_snapshot_is_of_one_module_and_version)
{
    struct tomte_buf s = taken(10, 3);
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_wasm_restore(target, TOMTE_SPAN_LIT("another"),
                                TOMTE_SPAN(s.data, s.cap), &bench, NULL));
    s.data[4] = 2;
    CHECK_EQ(TOMTE_ERR_VERSION, refused(s));
    s.data[0] = 't';
    CHECK_EQ(TOMTE_ERR_MALFORMED, refused(s));
}

TEST(any_changed_bit_is_noticed)
{
    struct tomte_buf s = taken(10, 5);
    for (size_t i = 0; i < s.cap; i++) {
        s.data[i] ^= (uint8_t)(1u << i % 8);
        enum tomte_err err = refused(s);
        CHECK_EQ(i < 4    ? TOMTE_ERR_MALFORMED
                 : i == 4 ? TOMTE_ERR_VERSION
                          : TOMTE_ERR_CORRUPT,
                 err);
        s.data[i] ^= (uint8_t)(1u << i % 8);
    }
    CHECK_OK(restore(s));
}

TEST(any_cut_is_noticed)
{
    struct tomte_buf s = taken(10, 5);
    static uint8_t cut[4096];
    for (size_t len = 0; len < s.cap; len++) {
        memcpy(cut, s.data, len);
        struct tomte_buf c = TOMTE_BUF(cut, len);
        if (len > 4)
            busy_seal(c);
        CHECK(refused(c) != TOMTE_ERR_CORRUPT);
    }
    /* Nor may it go on after its end. */
    memcpy(cut, s.data, s.cap);
    struct tomte_buf longer = TOMTE_BUF(cut, s.cap + 1);
    busy_seal(longer);
    CHECK_EQ(TOMTE_ERR_MALFORMED, refused(longer));
}

/* Every byte changed to several values, the checksum made right again: what is
 * not refused must be a state that can be run. */
static void survive(struct tomte_buf s)
{
    static const uint8_t changes[] = {0x01, 0x02, 0x04, 0x08, 0x10,
                                      0x20, 0x40, 0x80, 0xff, 0x7f};
    unsigned accepted = 0, tried = 0;
    for (size_t i = 0; i < s.cap - 4; i++) {
        for (size_t k = 0; k < sizeof changes; k++) {
            s.data[i] ^= changes[k];
            busy_seal(s);
            tried++;
            if (restore(s) == TOMTE_OK) {
                accepted++;
                for (int runs = 0; runs < 20; runs++)
                    if (tomte_wasm_run(target, 50) == TOMTE_WASM_SUSPENDED)
                        busy_answer(target);
                tomte_wasm_abandon(target);
            }
            s.data[i] ^= changes[k];
        }
    }
    /* Values of memory, numbers and fuel may be anything. */
    CHECK(accepted > 0 && accepted < tried);
    busy_seal(s);
    CHECK_OK(restore(s));
}

TEST(lies_in_a_waiting_call_are_survived)
{
    survive(taken(1000, 1));
}

TEST(lies_deep_in_recursion_are_survived)
{
    for (int stops = 1; stops < 24; stops += 5)
        survive(taken(1, stops));
}

TEST(lies_of_an_idle_instance_are_survived)
{
    survive(taken(0, 0));
    struct tomte_wasm_instance *inst = busy_start(busy, 2);
    CHECK_EQ(TOMTE_WASM_DONE, busy_finish(inst, 1000));
    struct tomte_span s = busy_snapshot(inst, 0);
    memcpy(bytes, s.data, s.len);
    survive(TOMTE_BUF(bytes, s.len));
    CHECK_EQ(TOMTE_WASM_IDLE, tomte_wasm_status(target));
}

/* Where the parts of this program's snapshot are when it waits. */
enum {
    AT_STATUS = 5,
    FROM_END_SLOTS = 4 + 4 * 5, /* checksum; n, sum in two, g0, n */
    FROM_END_FRAMES = FROM_END_SLOTS + 8,
    FROM_END_COUNTS = FROM_END_FRAMES + 12,
};

TEST(a_call_must_be_possible_to_be_in)
{
    static const struct {
        size_t from_end;
        uint32_t value;
    } lies[] = {
        {FROM_END_FRAMES, 0},     /* the frame of an import */
        {FROM_END_FRAMES, 2},     /* of another function */
        {FROM_END_FRAMES, 3},     /* of none */
        {FROM_END_FRAMES - 4, 0}, /* outside of the code */
        {FROM_END_COUNTS, 1},     /* waits for a function of its own */
        {FROM_END_COUNTS, 99},    /* waits for none */
        {FROM_END_COUNTS, UINT32_MAX}, {FROM_END_COUNTS - 4, 0}, /* no frames */
        {FROM_END_COUNTS - 4, 65}, /* more than there may be */
        {FROM_END_COUNTS - 8, 3},  /* a slot less */
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct tomte_buf s = taken(1000, 1);
        CHECK_EQ(1, tomte_get_le32(s.data + s.cap - FROM_END_FRAMES));
        tomte_put_le32(s.data + s.cap - lies[i].from_end, lies[i].value);
        busy_seal(s);
        refused(s);
    }
}

/* Only safepoints are places to go on from. */
TEST(a_frame_stands_only_at_a_safepoint)
{
    struct tomte_buf s = taken(1000, 1);
    uint8_t *pc = s.data + s.cap - FROM_END_FRAMES + 4;
    uint32_t right = tomte_get_le32(pc), accepted = 0;
    for (uint32_t at = 0; at < 400; at++) {
        tomte_put_le32(pc, at);
        busy_seal(s);
        if (restore(s) != TOMTE_OK)
            continue;
        CHECK_EQ(right, at);
        accepted++;
    }
    CHECK_EQ(1, accepted);
}

TEST(a_snapshot_must_fit_the_instance)
{
    struct tomte_buf s = taken(1000, 1);
    struct tomte_wasm_config config = bench_config();
    config.call_depth = 0;
    CHECK_OK(tomte_wasm_instantiate(busy, &config, &bench, &target, NULL));
    CHECK_EQ(TOMTE_ERR_NO_MEMORY, refused(s));
    config = bench_config();
    config.stack_bytes = 40;
    CHECK_OK(tomte_wasm_instantiate(busy, &config, &bench, &target, NULL));
    CHECK(refused(s) != TOMTE_OK);
    config = bench_config();
    config.memory_bytes = 256; /* it has grown to 257 */
    CHECK_OK(tomte_wasm_instantiate(busy, &config, &bench, &target, NULL));
    CHECK_EQ(TOMTE_ERR_NO_MEMORY, refused(s));
    config = bench_config();
    config.table_entries = 3; /* to 4 */
    CHECK_OK(tomte_wasm_instantiate(busy, &config, &bench, &target, NULL));
    CHECK_EQ(TOMTE_ERR_NO_MEMORY, refused(s));
}

TEST(restoring_needs_scratch_memory)
{
    static uint64_t memory[1024];
    struct tomte_buf s = taken(1000, 1);
    bool restored = false;
    for (size_t size = 0; size < sizeof memory; size += 64) {
        struct tomte_arena scratch;
        tomte_arena_init(&scratch, memory, size);
        enum tomte_err err = tomte_wasm_restore(
            target, BUSY_ID, TOMTE_SPAN(s.data, s.cap), &scratch, NULL);
        CHECK(err == TOMTE_OK || (err == TOMTE_ERR_NO_MEMORY && !restored));
        restored = err == TOMTE_OK;
        CHECK(scratch.used == 0 && scratch.size == size);
    }
    CHECK(restored);
}
