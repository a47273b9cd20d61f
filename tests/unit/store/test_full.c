/* SPDX-License-Identifier: Apache-2.0 */
/* Full: an error before anything is damaged, and a way on. */
#include "model.h"

#include "test.h"

#include "base/bytes.h"

static struct rig rig;
static uint8_t memory[65536];

/* A store of its own, with more records than the model's. */
static void mount_big(struct tomte_store *s, struct tomte_disk *d)
{
    struct tomte_store_report report;
    struct tomte_arena arena;
    tomte_arena_init(&arena, memory, sizeof memory);
    struct tomte_store_config config = {.block = tomte_disk_block(d),
                                        .arena = &arena,
                                        .records_max = 1000,
                                        .logs_max = 4,
                                        .blobs_max = 8};
    CHECK_OK(tomte_store_mount(s, &config, &report));
    CHECK_EQ(0, report.damaged);
}

static struct tomte_span number_key(uint32_t i)
{
    static uint8_t key[4];
    tomte_put_le32(key, i);
    return TOMTE_SPAN_ARRAY(key);
}

static struct tomte_disk *new_disk(struct tomte_store *s, uint32_t ring,
                                   uint32_t blobs, uint64_t seed)
{
    struct tomte_disk *d =
        tomte_disk_new(&(struct tomte_disk_config){.sector_bytes = 4096,
                                                   .sector_count = ring + blobs,
                                                   .program_unit = 8,
                                                   .strict = true,
                                                   .seed = seed});
    struct tomte_block block = tomte_disk_block(d);
    CHECK_OK(tomte_store_format(&block, ring));
    mount_big(s, d);
    return d;
}

/* Put; no call may clean more than its own eightfold and one entry. */
static enum tomte_err put(struct tomte_store *s, uint32_t i, uint32_t len)
{
    struct tomte_store_usage before, after;
    tomte_store_usage(s, &before);
    enum tomte_err err = tomte_store_put(s, number_key(i), model_bytes(i, len));
    tomte_store_usage(s, &after);
    uint32_t size = 32 + 4 + len + 8;
    CHECK(after.copied - before.copied <= 8 * size + s->entry_max);
    CHECK(after.erased - before.erased <= 2);
    return err;
}

/* Lengths that leave as much of a segment unused as can be, and others. */
static uint32_t length(struct tomte_random *r, uint32_t kind, uint32_t i)
{
    uint32_t wide = (uint32_t)tomte_random_below(r, 900);
    return kind == 0   ? wide
           : kind == 1 ? 810
           : kind == 2 ? 30 + i % 2 * 800
                       : 20;
}

/* To the brim with records that stay, then laps of others. */
static void fill(uint32_t ring, uint32_t kind, uint64_t seed)
{
    struct tomte_store s;
    struct tomte_store_usage usage;
    struct tomte_random r;
    struct tomte_disk *d = new_disk(&s, ring, 0, seed);
    tomte_random_init(&r, seed);
    uint32_t count = 0, len = 0, sizes[1000];
    for (; count < 1000; count++) {
        len = sizes[count] = length(&r, kind, count);
        if (put(&s, count, len) != TOMTE_OK)
            break;
    }
    tomte_store_usage(&s, &usage);
    CHECK(count == 1000 || usage.live_bytes + 48 + len > usage.live_max);
    CHECK_EQ(count == 1000 ? TOMTE_ERR_FULL : TOMTE_ERR_NO_SPACE,
             tomte_store_put(&s, number_key(2000), model_bytes(1, 900)));
    for (uint32_t i = 0; i < ring * 60; i++) { /* that fit by taking turns */
        uint32_t k = i % 2 == 0 ? 0 : (uint32_t)tomte_random_below(&r, count);
        CHECK_OK(put(&s, k, sizes[k]));
    }
    for (uint32_t i = 0; i < count; i += 2)
        CHECK_OK(tomte_store_remove(&s, number_key(i)));
    mount_big(&s, d);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t bytes[1000];
        size_t got;
        enum tomte_err err =
            tomte_store_get(&s, number_key(i), TOMTE_BUF_ARRAY(bytes), &got);
        CHECK_EQ(i % 2 == 0 ? TOMTE_ERR_NOT_FOUND : TOMTE_OK, err);
        if (i % 2 != 0)
            CHECK_BYTES(model_bytes(i, sizes[i]), TOMTE_SPAN(bytes, got));
    }
    tomte_disk_free(d);
}

TEST(a_full_ring_goes_on_within_its_pace)
{
    static const uint32_t rings[] = {6, 7, 8, 12, 20};
    for (uint32_t kind = 0; kind < 4; kind++)
        for (uint32_t i = 0; i < 5; i++)
            fill(rings[i], kind, kind * 10 + i);
}

TEST(wear_is_even)
{
    struct tomte_store s;
    struct tomte_disk *d = new_disk(&s, 8, 16, 1);
    struct tomte_disk_stats stats;
    for (uint32_t i = 0; i < 4000; i++)
        CHECK_OK(put(&s, i % 10, 100));
    for (uint32_t i = 0; i < 400; i++) {
        struct tomte_store_writer w;
        uint32_t len = 1000 + i * 37 % 8000;
        CHECK_OK(tomte_store_blob_begin(&s, &w, number_key(i % 2), len));
        CHECK_OK(tomte_store_blob_write(&s, &w, model_bytes(i, len)));
        CHECK_OK(tomte_store_blob_commit(&s, &w));
    }
    tomte_disk_stats(d, 0, 8, &stats);
    CHECK(stats.erases_min > 10 && stats.erases_max <= stats.erases_min + 2);
    tomte_disk_stats(d, 8, 24, &stats);
    CHECK(stats.erases_min > 30 && stats.erases_max < stats.erases_min * 2);
    tomte_disk_free(d);
}

TEST(a_full_log_is_told_apart_and_trims)
{
    struct tomte_store s;
    struct tomte_disk *d = new_disk(&s, 8, 0, 1);
    struct tomte_store_log_range range;
    uint64_t n = 0, expected = 0;
    uint32_t log;
    CHECK_OK(tomte_store_log_open(&s, TOMTE_SPAN_LIT("e"), 1000, &log));
    for (int round = 0; round < 50; round++) {
        enum tomte_err err;
        while ((err = tomte_store_log_append(&s, log, model_bytes(7, 68),
                                             &n)) == TOMTE_OK)
            CHECK_EQ(expected++, n);
        CHECK_EQ(TOMTE_ERR_FULL, err);
        CHECK_OK(tomte_store_log_range(&s, log, &range));
        CHECK_EQ(936, range.bytes); /* nine entries of 104 */
        uint64_t before = round % 2 == 0 ? range.next : range.first + 5;
        CHECK_OK(tomte_store_log_trim(&s, log, before));
        CHECK_OK(tomte_store_log_range(&s, log, &range));
        CHECK_EQ(round % 2 == 0 ? 0 : 416, range.bytes);
        CHECK_EQ(TOMTE_ERR_RANGE,
                 tomte_store_log_trim(&s, log, range.next + 1));
    }
    tomte_disk_free(d);
}

TEST(tables_are_full_one_by_one)
{
    struct tomte_store s;
    struct tomte_store_writer w;
    struct tomte_disk *d = new_disk(&s, 32, 16, 1);
    uint32_t log;
    for (uint32_t i = 0; i < 4; i++)
        CHECK_OK(tomte_store_log_open(&s, number_key(i), 100, &log));
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_store_log_open(&s, number_key(5), 100, &log));
    CHECK_OK(tomte_store_log_remove(&s, number_key(2)));
    CHECK_OK(tomte_store_log_open(&s, number_key(5), 100, &log));
    for (uint32_t i = 0; i < 8; i++) {
        CHECK_OK(tomte_store_blob_begin(&s, &w, number_key(i), 10));
        CHECK_OK(tomte_store_blob_commit(&s, &w));
    }
    CHECK_EQ(TOMTE_ERR_FULL, tomte_store_blob_begin(&s, &w, number_key(8), 10));
    CHECK_OK(tomte_store_blob_begin(&s, &w, number_key(7), 10));
    CHECK_OK(tomte_store_blob_commit(&s, &w));
    for (uint32_t i = 0; i < 1000; i++)
        CHECK_OK(tomte_store_put(&s, number_key(i), TOMTE_SPAN_NONE));
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_store_put(&s, number_key(1000), TOMTE_SPAN_NONE));
    CHECK_OK(tomte_store_put(&s, number_key(999), TOMTE_SPAN_NONE));
    mount_big(&s, d);
    tomte_disk_free(d);
}

TEST(blobs_without_a_run_of_sectors)
{
    struct tomte_store s;
    struct tomte_store_usage usage;
    struct tomte_store_writer w[4];
    struct tomte_disk *d = new_disk(&s, 6, 8, 1);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_OK(tomte_store_blob_begin(&s, &w[i], number_key(i), 8192));
        CHECK_OK(tomte_store_blob_write(&s, &w[i], model_bytes(i, 8192)));
    }
    struct tomte_store_writer more;
    CHECK_EQ(TOMTE_ERR_NO_SPACE,
             tomte_store_blob_begin(&s, &more, number_key(5), 1));
    for (uint32_t i = 0; i < 4; i++)
        CHECK_OK(tomte_store_blob_commit(&s, &w[i]));
    CHECK_OK(tomte_store_blob_remove(&s, number_key(0)));
    CHECK_OK(tomte_store_blob_remove(&s, number_key(2)));
    tomte_store_usage(&s, &usage);
    CHECK_EQ(4, usage.blob_free);
    CHECK_EQ(2, usage.blob_run);
    CHECK_EQ(TOMTE_ERR_NO_SPACE,
             tomte_store_blob_begin(&s, &more, number_key(5), 8193));
    CHECK_OK(tomte_store_blob_begin(&s, &more, number_key(5), 8192));
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_store_blob_write(&s, &more, model_bytes(1, 8193)));
    tomte_store_blob_abort(&s, &more);
    tomte_disk_free(d);
}

/* A file on a disk that is full: what needs no new space goes on. */
TEST(a_full_disk_stops_what_grows)
{
    struct tomte_store s;
    struct tomte_disk *d = new_disk(&s, 8, 4, 1);
    struct tomte_store_writer w;
    uint8_t bytes[200];
    size_t len;
    tomte_disk_set_space(d, 2);
    enum tomte_err err = TOMTE_OK;
    uint32_t i = 0;
    while (err == TOMTE_OK)
        err = put(&s, i++ % 10, 100);
    CHECK_EQ(TOMTE_ERR_NO_SPACE, err);
    CHECK_OK(tomte_store_blob_begin(&s, &w, number_key(1), 100));
    CHECK_EQ(TOMTE_ERR_NO_SPACE,
             tomte_store_blob_write(&s, &w, model_bytes(1, 100)));
    CHECK_EQ(TOMTE_ERR_IO, tomte_store_blob_commit(&s, &w));
    tomte_store_blob_abort(&s, &w);
    CHECK_OK(tomte_store_sync(&s));
    for (uint32_t k = 0; k < 10; k++)
        CHECK_OK(
            tomte_store_get(&s, number_key(k), TOMTE_BUF_ARRAY(bytes), &len));
    tomte_disk_set_space(d, 100);
    for (i = 0; i < 500; i++)
        CHECK_OK(put(&s, i % 10, 100));
    mount_big(&s, d);
    tomte_disk_free(d);
}

static void put_and_cut(struct tomte_store *s, struct tomte_disk *d, uint64_t k)
{
    tomte_disk_cut_at(d, k);
    if (tomte_store_clean(s, 1) == TOMTE_OK &&
        tomte_store_sync(s) == TOMTE_OK &&
        tomte_store_put(s, number_key(9), model_bytes(1, 500)) == TOMTE_OK)
        (void)!tomte_store_sync(s);
}

/* The last free sector is filled with copies to the brim, and what comes next
 * needs another: the ring must first say that the tail is clean. A cut at the
 * k-th operation, then one at the j-th while that sector is given back. */
static bool cut_in_reserve(uint64_t k, uint64_t j, uint64_t seed)
{
    struct tomte_store s;
    struct tomte_disk *d = new_disk(&s, 6, 0, seed);
    uint8_t bytes[1000];
    size_t len;
    for (uint32_t i = 0; i < 7; i++) /* 1000 bytes each, four to a segment */
        CHECK_OK(tomte_store_put(&s, number_key(i), model_bytes(i, 964)));
    CHECK_OK(tomte_store_sync(&s));
    tomte_disk_set_fate(d, TOMTE_DISK_GARBAGE);
    for (uint32_t burnt = s.head; burnt < 6; burnt++) {
        CHECK_OK(tomte_store_put(&s, number_key(9), TOMTE_SPAN_NONE));
        CHECK_OK(tomte_store_sync(&s));
        CHECK_EQ(burnt, s.head);
        tomte_disk_cut_at(d, 1);
        CHECK_EQ(TOMTE_ERR_IO,
                 tomte_store_put(&s, number_key(9), TOMTE_SPAN_NONE));
        tomte_disk_crash(d);
        mount_big(&s, d);
    }
    tomte_disk_set_fate(d, TOMTE_DISK_ANY);
    put_and_cut(&s, d, k);
    bool was_cut = tomte_disk_is_off(d);
    tomte_disk_crash(d);
    mount_big(&s, d);
    tomte_disk_set_fate(d, seed % 2 == 0 ? TOMTE_DISK_TORN : TOMTE_DISK_ANY);
    put_and_cut(&s, d, j);
    tomte_disk_crash(d);
    mount_big(&s, d);
    for (uint32_t i = 0; i < 7; i++) {
        CHECK_OK(
            tomte_store_get(&s, number_key(i), TOMTE_BUF_ARRAY(bytes), &len));
        CHECK_BYTES(model_bytes(i, 964), TOMTE_SPAN(bytes, len));
    }
    CHECK_OK(tomte_store_put(&s, number_key(9), model_bytes(2, 500)));
    tomte_disk_free(d);
    return was_cut;
}

TEST(power_cut_at_every_operation_in_the_reserve)
{
    for (uint64_t j = 1; j <= 24; j++) {
        uint64_t k = 1;
        while (cut_in_reserve(k, 1 + j % 8, j * 100 + k))
            k++;
        CHECK(k > 12);
    }
}

/* A brown-out loop: each boot gets as far as its first write, which is torn.
 * However often that happens and however full the store is, the day the power
 * stays on it goes on. */
static void brown_out(uint64_t seed, enum tomte_disk_fate fate)
{
    rig_init(&rig, 6, 12, 8, seed);
    rig.crowded = true;
    for (int i = 0; i < 150; i++)
        CHECK(rig_step(&rig, 100) != TOMTE_ERR_IO);
    for (int boot = 0; boot < 60; boot++) {
        tomte_disk_set_fate(rig.disk, fate);
        tomte_disk_cut_at(rig.disk, 1 + seed % 4);
        while (!tomte_disk_is_off(rig.disk))
            (void)rig_step(&rig, 0);
        tomte_disk_crash(rig.disk);
        CHECK_OK(rig_mount(&rig));
        CHECK_EQ(0, rig.report.damaged);
        rig_settle(&rig);
    }
    for (int i = 0; i < 150; i++) {
        enum tomte_err err = rig_step(&rig, 100);
        CHECK(err == TOMTE_OK || err == TOMTE_ERR_NO_SPACE);
    }
    rig_check(&rig);
    rig_free(&rig);
}

TEST(no_number_of_cuts_uses_up_the_reserve)
{
    for (uint64_t seed = 1; seed <= 40; seed++)
        brown_out(seed, seed % 2 == 0 ? TOMTE_DISK_GARBAGE : TOMTE_DISK_ANY);
}
