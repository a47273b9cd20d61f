/* SPDX-License-Identifier: Apache-2.0 */
/* The power is cut, or the device fails, at each operation of a script.
 *
 * The script makes laps of the ring before the part that is swept, so that
 * opening segments, cleaning, blobs and trims are all in it. After each cut the
 * store must hold one of the states since the last sync, must not call it
 * damage, and must go on working: through a second cut, too. */
#include "model.h"

#include "test.h"

struct script {
    uint32_t ring;
    uint32_t unit;
    bool crowded;
    uint32_t warm_up; /* operations before the sweep */
    uint64_t seed;
};

static const struct script scripts[] = {
    {6, 8, true, 160, 11},
    {6, 64, false, 220, 12},
    {9, 1, true, 170, 13},
    {7, 32, true, 60, 14},
};

#define SWEPT 24 /* operations of the store that are swept */

static struct rig rig;

static void start(const struct script *s)
{
    rig_init(&rig, s->ring, 12, s->unit, s->seed);
    rig.crowded = s->crowded;
    for (uint32_t i = 0; i < s->warm_up; i++)
        CHECK(rig_step(&rig, 100) != TOMTE_ERR_IO);
}

/* Some more operations, none of which may fail. */
static void live_on(void)
{
    for (int i = 0; i < 12; i++) {
        enum tomte_err err = rig_step(&rig, 200);
        CHECK(err == TOMTE_OK || err == TOMTE_ERR_NO_SPACE);
    }
    rig_check(&rig);
    CHECK_OK(rig_mount(&rig));
    rig_check(&rig);
}

static void come_back(void)
{
    tomte_disk_crash(rig.disk);
    CHECK_OK(rig_mount(&rig));
    CHECK_EQ(0, rig.report.damaged);
    CHECK_EQ(0, rig.report.lost);
    rig_settle(&rig);
}

/* Cut at the k-th operation of the device from here; false when the script
 * ended before. */
static bool cut(const struct script *s, uint64_t k, enum tomte_disk_fate fate)
{
    start(s);
    tomte_disk_set_fate(rig.disk, fate);
    tomte_disk_cut_at(rig.disk, k);
    for (int i = 0; i < SWEPT && !tomte_disk_is_off(rig.disk); i++)
        (void)rig_step(&rig, 100);
    if (!tomte_disk_is_off(rig.disk))
        return false;
    come_back();
    tomte_disk_cut_at(rig.disk, 1 + k % 5);
    while (!tomte_disk_is_off(rig.disk))
        (void)rig_step(&rig, 100);
    come_back();
    live_on();
    return true;
}

static void sweep(const struct script *s)
{
    for (int fate = TOMTE_DISK_KEPT; fate <= TOMTE_DISK_ANY; fate++) {
        uint64_t k = 1;
        while (cut(s, k, (enum tomte_disk_fate)fate))
            k++;
        CHECK(k > SWEPT);
    }
    rig_free(&rig);
}

TEST(power_cut_at_every_operation_first_script)
{
    sweep(&scripts[0]);
}

TEST(power_cut_at_every_operation_second_script)
{
    sweep(&scripts[1]);
}

TEST(power_cut_at_every_operation_third_script)
{
    sweep(&scripts[2]);
}

TEST(power_cut_at_every_operation_fourth_script)
{
    sweep(&scripts[3]);
}

/* ---- operations that fail --------------------------------------------- */

/* After an error the state is one of two; after a failed sync the store is
 * finished with, until it is mounted again. */
static void step_with_faults(void)
{
    enum tomte_err err = rig_step(&rig, 100);
    if (err == TOMTE_OK || err == TOMTE_ERR_NO_SPACE)
        return;
    CHECK_EQ(TOMTE_ERR_IO, err);
    if (tomte_store_clean(&rig.store, 0) == TOMTE_ERR_IO) {
        tomte_disk_crash(rig.disk);
        CHECK_OK(rig_mount(&rig));
        CHECK_EQ(0, rig.report.damaged);
    }
    rig_settle(&rig);
}

enum fault { WRITE_IO, WRITE_NO_SPACE, READ_IO };

/* NO_SPACE from the device is told from the store's own by the model, which
 * then holds the store to "nothing was changed". */
static bool fail(const struct script *s, uint64_t k, enum fault fault)
{
    struct tomte_disk_stats before, after;
    start(s);
    tomte_disk_stats(rig.disk, 0, 1, &before);
    if (fault == READ_IO)
        tomte_disk_fail_read_at(rig.disk, k);
    else
        tomte_disk_fail_at(
            rig.disk, k, fault == WRITE_IO ? TOMTE_ERR_IO : TOMTE_ERR_NO_SPACE);
    for (int i = 0; i < SWEPT; i++)
        step_with_faults();
    tomte_disk_stats(rig.disk, 0, 1, &after);
    tomte_disk_fail_at(rig.disk, 0, TOMTE_OK);
    tomte_disk_fail_read_at(rig.disk, 0);
    while (rig.store.head_closed) /* until then a failed write may come true */
        CHECK(rig_step(&rig, 0) != TOMTE_ERR_IO);
    CHECK_OK(tomte_store_sync(&rig.store));
    tomte_disk_crash(rig.disk);
    CHECK_OK(rig_mount(&rig));
    rig_check(&rig); /* what a sync said is durable, whatever failed before */
    live_on();
    return fault == READ_IO ? k <= after.reads - before.reads
                            : k <= after.operations - before.operations;
}

static void sweep_faults(enum fault fault, uint64_t stride)
{
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
        for (uint64_t k = 1; fail(&scripts[i], k, fault); k += stride)
            ;
    rig_free(&rig);
}

TEST(every_write_may_fail)
{
    sweep_faults(WRITE_IO, 1);
}

TEST(every_write_may_find_the_disk_full)
{
    sweep_faults(WRITE_NO_SPACE, 1);
}

TEST(every_read_may_fail)
{
    sweep_faults(READ_IO, 7);
}

/* ---- an attempt that was undone --------------------------------------- */

static uint8_t memory[8192];

static void mount_on(struct tomte_store *s, struct tomte_disk *d)
{
    struct tomte_store_report report;
    struct tomte_arena arena;
    tomte_arena_init(&arena, memory, sizeof memory);
    struct tomte_store_config config = {
        .block = tomte_disk_block(d), .arena = &arena, .records_max = 4};
    CHECK_OK(tomte_store_mount(s, &config, &report));
    CHECK_EQ(0, report.damaged);
}

static struct tomte_span get(struct tomte_store *s)
{
    static uint8_t bytes[1000];
    size_t len;
    CHECK_OK(
        tomte_store_get(s, TOMTE_SPAN_LIT("k"), TOMTE_BUF_ARRAY(bytes), &len));
    return TOMTE_SPAN(bytes, len);
}

/* A cut lost the header of a new segment but kept an entry in it: that put was
 * undone. The next put opens the segment again. Whatever another cut does to
 * its erase, its header and its entry, the first one must not come back. */
TEST(an_undone_put_stays_undone)
{
    const struct tomte_span old = TOMTE_SPAN_LIT("old");
    for (uint64_t seed = 0; seed < 800; seed++) {
        struct tomte_store s;
        struct tomte_disk *d = tomte_disk_new(&(struct tomte_disk_config){
            .sector_bytes = 4096,
            .sector_count = 6,
            .program_unit = 1,
            .seed = seed}); /* a file: writes may overwrite */
        struct tomte_block block = tomte_disk_block(d);
        CHECK_OK(tomte_store_format(&block, 6));
        mount_on(&s, d);
        CHECK_OK(tomte_store_put(&s, TOMTE_SPAN_LIT("k"), old));
        while (s.head_end < 3200)
            CHECK_OK(
                tomte_store_put(&s, TOMTE_SPAN_LIT("x"), model_bytes(1, 900)));
        CHECK_OK(tomte_store_put(&s, TOMTE_SPAN_LIT("k"), model_bytes(2, 800)));
        CHECK_OK(tomte_store_sync(&s));
        CHECK_EQ(2, s.head);
        tomte_disk_poke(d, 2 * 4096, model_bytes(3, 64));
        mount_on(&s, d);
        CHECK_BYTES(old, get(&s));
        CHECK_OK(tomte_store_put(&s, TOMTE_SPAN_LIT("k"), model_bytes(4, 900)));
        tomte_disk_crash(d);
        mount_on(&s, d);
        struct tomte_span now = get(&s);
        if (!tomte_span_equal(old, now))
            CHECK_BYTES(model_bytes(4, 900), now);
        tomte_disk_free(d);
    }
}
