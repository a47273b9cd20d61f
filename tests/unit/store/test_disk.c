/* SPDX-License-Identifier: Apache-2.0 */
/* The disk with faults keeps its own promises. */
#include "sim/disk.h"

#include "test.h"

#include "base/random.h"

static struct tomte_disk *disk;
static struct tomte_block block;

static void setup(bool strict, uint64_t seed)
{
    tomte_disk_free(disk);
    disk = tomte_disk_new(&(struct tomte_disk_config){.sector_bytes = 4096,
                                                      .sector_count = 4,
                                                      .program_unit = 8,
                                                      .strict = strict,
                                                      .seed = seed});
    CHECK(disk != NULL);
    block = tomte_disk_block(disk);
}

static void teardown(void)
{
    tomte_disk_free(disk);
    disk = NULL;
}

static void fill(uint8_t *bytes, uint8_t value)
{
    memset(bytes, value, 64);
}

static void program(uint32_t at, uint8_t value)
{
    uint8_t bytes[64];
    fill(bytes, value);
    CHECK_OK(block.program(block.ctx, at, TOMTE_SPAN_ARRAY(bytes)));
}

/* The bytes at `at`: all of one value, or -1. */
static int value_at(uint32_t at)
{
    uint8_t bytes[64];
    CHECK_OK(block.read(block.ctx, at, TOMTE_BUF_ARRAY(bytes)));
    for (int i = 1; i < 64; i++)
        if (bytes[i] != bytes[0])
            return -1;
    return bytes[0];
}

TEST(what_is_synced_stays)
{
    setup(true, 1);
    tomte_disk_set_fate(disk, TOMTE_DISK_DROPPED);
    CHECK_EQ(0xff, value_at(4096));
    program(4096, 0x11);
    CHECK_OK(block.sync(block.ctx));
    program(4160, 0x22);
    CHECK_OK(block.erase(block.ctx, 1));
    CHECK_EQ(0xff, value_at(4096));
    program(4096, 0x33);
    tomte_disk_crash(disk);
    CHECK_EQ(0x11, value_at(4096));
    CHECK_EQ(0xff, value_at(4160));
    program(4160, 0x44); /* is blank again, so may be programmed */
    teardown();
}

TEST(each_write_meets_its_own_fate)
{
    uint32_t kept = 0, dropped = 0, mixed = 0;
    setup(true, 7);
    for (int round = 0; round < 100; round++) {
        for (uint32_t i = 0; i < 4; i++)
            CHECK_OK(block.erase(block.ctx, i));
        CHECK_OK(block.sync(block.ctx));
        for (uint32_t i = 0; i < 4; i++)
            program(i * 4096, 0x42);
        CHECK_OK(block.erase(block.ctx, 3));
        tomte_disk_crash(disk);
        for (uint32_t i = 0; i < 3; i++) {
            int v = value_at(i * 4096);
            kept += v == 0x42;
            dropped += v == 0xff; /* or torn before its first unit */
            mixed += v == -1;
        }
    }
    CHECK(kept > 100 && dropped > 30 && mixed > 50);
    CHECK_EQ(300, kept + dropped + mixed);
    teardown();
}

TEST(a_torn_write_is_a_prefix_of_units)
{
    uint8_t bytes[64];
    uint32_t lengths = 0;
    setup(true, 3);
    tomte_disk_set_fate(disk, TOMTE_DISK_TORN);
    for (int round = 0; round < 60; round++) {
        CHECK_OK(block.erase(block.ctx, 0));
        CHECK_OK(block.sync(block.ctx));
        program(0, 0x42);
        tomte_disk_crash(disk);
        CHECK_OK(block.read(block.ctx, 0, TOMTE_BUF_ARRAY(bytes)));
        int n = 0;
        while (n < 64 && bytes[n] == 0x42)
            n++;
        CHECK(n < 64 && n % 8 == 0);
        lengths |= 1u << n / 8;
        for (; n < 64; n++)
            CHECK_EQ(0xff, bytes[n]);
    }
    CHECK_EQ(0xff, lengths);
    teardown();
}

TEST(the_rules_of_flash_are_held)
{
    uint8_t bytes[8] = {0};
    setup(true, 1);
    program(0, 0x11);
    EXPECT_PANIC(block.program(block.ctx, 0, TOMTE_SPAN_ARRAY(bytes)));
    EXPECT_PANIC(block.program(block.ctx, 68, TOMTE_SPAN_ARRAY(bytes)));
    EXPECT_PANIC(block.program(block.ctx, 128, TOMTE_SPAN(bytes, 4)));
    EXPECT_PANIC(block.program(block.ctx, 4096 * 4, TOMTE_SPAN_ARRAY(bytes)));
    EXPECT_PANIC(block.erase(block.ctx, 4));
    setup(false, 1);
    program(0, 0x11);
    program(0, 0xee); /* a file does not mind */
    CHECK_EQ(0xee, value_at(0));
    teardown();
}

TEST(power_is_cut_at_the_nth_operation)
{
    setup(true, 1);
    tomte_disk_set_fate(disk, TOMTE_DISK_DROPPED);
    tomte_disk_cut_at(disk, 3);
    program(0, 1);
    program(64, 2);
    CHECK_EQ(TOMTE_ERR_IO, block.sync(block.ctx));
    CHECK(tomte_disk_is_off(disk));
    uint8_t byte[1];
    CHECK_EQ(TOMTE_ERR_IO, block.read(block.ctx, 0, TOMTE_BUF_ARRAY(byte)));
    CHECK_EQ(TOMTE_ERR_IO, block.erase(block.ctx, 0));
    tomte_disk_crash(disk);
    CHECK(!tomte_disk_is_off(disk));
    CHECK_EQ(0xff, value_at(0));
    teardown();
}

TEST(the_nth_operation_fails_once)
{
    uint8_t bytes[64] = {0};
    setup(true, 1);
    tomte_disk_fail_at(disk, 2, TOMTE_ERR_NO_SPACE);
    program(0, 1);
    CHECK_EQ(TOMTE_ERR_NO_SPACE,
             block.program(block.ctx, 64, TOMTE_SPAN_ARRAY(bytes)));
    program(128, 1);
    tomte_disk_fail_read_at(disk, 1);
    CHECK_EQ(TOMTE_ERR_IO, block.read(block.ctx, 0, TOMTE_BUF_ARRAY(bytes)));
    CHECK_EQ(1, value_at(0));
    teardown();
}

/* What a failed sync lost shows until the power is cut, whatever sync says
 * later. */
TEST(a_failed_sync_may_lose_what_it_shows)
{
    setup(true, 1);
    tomte_disk_set_fate(disk, TOMTE_DISK_DROPPED);
    program(0, 1);
    tomte_disk_fail_at(disk, 1, TOMTE_ERR_IO);
    CHECK_EQ(TOMTE_ERR_IO, block.sync(block.ctx));
    program(64, 2);
    CHECK_OK(block.sync(block.ctx));
    CHECK_EQ(1, value_at(0));
    tomte_disk_crash(disk);
    CHECK_EQ(0xff, value_at(0));
    CHECK_EQ(2, value_at(64));
    teardown();
}

static uint64_t run(uint64_t seed)
{
    uint64_t hash = 0;
    setup(true, seed);
    for (uint32_t i = 0; i < 40; i++)
        program(i * 64, (uint8_t)i);
    CHECK_OK(block.erase(block.ctx, 1));
    tomte_disk_crash(disk);
    for (uint32_t i = 0; i < 4 * 64; i++)
        hash = hash * 31 + (uint64_t)(value_at(i * 64) + 1);
    teardown();
    return hash;
}

TEST(one_seed_one_behaviour)
{
    CHECK(run(5) == run(5));
    CHECK(run(5) != run(6));
}
