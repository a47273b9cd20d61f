/* SPDX-License-Identifier: Apache-2.0 */
/* Random operations on the store and on a naive model of it. */
#include "model.h"

#include "test.h"

static struct rig rig;

/* Without faults: every answer is right at once, and after a mount. */
static void run(uint32_t ring, uint32_t unit, bool crowded, uint64_t seed)
{
    uint32_t no_space = 0;
    rig_init(&rig, ring, 12, unit, seed);
    rig.crowded = crowded;
    for (int i = 0; i < 3000; i++) {
        enum tomte_err err = rig_step(&rig, 100);
        CHECK(err == TOMTE_OK || err == TOMTE_ERR_NO_SPACE);
        no_space += err == TOMTE_ERR_NO_SPACE;
        if (i % 37 == 0)
            rig_check(&rig);
        if (i % 101 == 0) {
            CHECK_OK(rig_mount(&rig));
            CHECK_EQ(0, rig.report.damaged);
            CHECK_EQ(0, rig.report.torn_bytes);
            rig_check(&rig);
        }
    }
    struct tomte_store_usage usage;
    tomte_store_usage(&rig.store, &usage);
    CHECK(usage.live_bytes <= usage.live_max);
    CHECK(no_space > 0 || !crowded || ring > 10);
    rig_free(&rig);
}

TEST(random_operations_agree_with_the_model)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        run(6, 1, false, seed);
        run(7, 8, true, seed);
    }
    run(10, 16, true, 5);
    run(16, 64, false, 6);
    run(24, 4, true, 7);
}

/* The process ends and begins again; the power stays on. What was not synced is
 * there, and the mount makes it durable. */
static void restart(void)
{
    for (int i = 0; i < 5; i++)
        CHECK(rig_step(&rig, 0) != TOMTE_ERR_IO);
    CHECK_OK(rig_mount(&rig));
    rig.since_count = 0;
    rig.since[rig.since_count++] = rig.now;
    rig_settle(&rig);
}

/* With power cuts at random instants, again and again on the same device. */
static void run_cuts(uint32_t ring, uint32_t unit, bool crowded, uint64_t seed)
{
    rig_init(&rig, ring, 12, unit, seed);
    rig.crowded = crowded;
    for (int life = 0; life < 100; life++) {
        tomte_disk_cut_at(rig.disk, 1 + tomte_random_below(&rig.random, 60));
        while (!tomte_disk_is_off(rig.disk)) {
            enum tomte_err err = rig_step(&rig, 150);
            CHECK(err == TOMTE_OK || err == TOMTE_ERR_NO_SPACE ||
                  tomte_disk_is_off(rig.disk));
        }
        tomte_disk_crash(rig.disk);
        CHECK_OK(rig_mount(&rig));
        CHECK_EQ(0, rig.report.damaged);
        rig_settle(&rig);
        if (life % 3 == 0)
            restart();
    }
    rig_free(&rig);
}

TEST(random_power_cuts_leave_a_prefix)
{
    for (uint32_t seed = 1; seed <= 60; seed++)
        run_cuts(6 + seed % 5, 1u << seed % 7, seed % 2 != 0, seed);
}
