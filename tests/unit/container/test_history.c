/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "container/history.h"
#include "unit/container/make.h"
#include "unit/container/rig.h"

#include <stdio.h>

#define LOG_BYTES 8192

static struct rig_store on;
static struct tomte_history h;
static uint8_t ring[LOG_BYTES];
static uint8_t bytes[TOMTE_RECORD_BYTES];
static uint8_t large[8192];

static enum tomte_err open_as(const char *identity, bool in_memory)
{
    struct tomte_history_config config = {.store = &on.store,
                                          .identity = make_name(identity),
                                          .log_bytes_max = LOG_BYTES};
    if (in_memory)
        config.ring = TOMTE_BUF_ARRAY(ring);
    return tomte_history_open(&h, &config);
}

static void fresh(bool in_memory)
{
    if (on.disk != NULL)
        rig_store_free(&on);
    rig_store_new(&on, 3);
    CHECK_OK(open_as("hall", in_memory));
}

/* A record whose payload tells its sequence and epoch. */
static struct tomte_span record(uint64_t epoch, uint64_t sequence, size_t size)
{
    char text[TOMTE_LIMIT_MESSAGE_BYTES] = {0};
    snprintf(text, sizeof(text), "%llu/%llu", (unsigned long long)epoch,
             (unsigned long long)sequence);
    struct tomte_record r = {.sequence = sequence,
                             .epoch = epoch,
                             .kind = TOMTE_EVENT_MESSAGE,
                             .unix_hi_ms = UINT64_MAX,
                             .payload = TOMTE_SPAN(text, size)};
    struct tomte_span out;
    CHECK_OK(tomte_record_encode(&r, TOMTE_BUF_ARRAY(bytes), &out));
    return out;
}

static enum tomte_err append(uint64_t epoch, uint64_t sequence)
{
    return tomte_history_append(&h, record(epoch, sequence, 40));
}

static enum tomte_err write_checkpoint(const char *identity, uint64_t epoch,
                                       uint64_t sequence, size_t piece)
{
    struct tomte_span all = make_checkpoint(identity, epoch, sequence, "part",
                                            TOMTE_BUF_ARRAY(large));
    CHECK_OK(tomte_history_checkpoint_begin(&h, (uint32_t)all.len));
    for (size_t at = 0; at < all.len; at += piece)
        CHECK_OK(tomte_history_checkpoint_write(
            &h, tomte_span_slice(all, at, piece)));
    return tomte_history_checkpoint_commit(&h);
}

/* The history holds exactly the records from `first` to `last`. */
static void holds(uint64_t epoch, uint64_t first, uint64_t last)
{
    struct tomte_history_cursor cursor;
    struct tomte_span out;
    uint8_t copy[TOMTE_RECORD_BYTES];
    CHECK_EQ(first - 1, tomte_history_base(&h));
    CHECK_EQ(last, tomte_history_held(&h));
    CHECK_EQ(epoch, tomte_history_epoch(&h));
    for (uint64_t from = first - 1; from <= last; from++) {
        CHECK_OK(tomte_history_seek(&h, from, &cursor));
        for (uint64_t s = from + 1; s <= last; s++) {
            CHECK_OK(
                tomte_history_next(&h, &cursor, TOMTE_BUF_ARRAY(copy), &out));
            CHECK_BYTES(record(epoch, s, 40), out);
        }
        CHECK_EQ(TOMTE_ERR_NOT_FOUND,
                 tomte_history_next(&h, &cursor, TOMTE_BUF_ARRAY(copy), &out));
    }
    if (first > 1)
        CHECK_EQ(TOMTE_ERR_STALE, tomte_history_seek(&h, first - 2, &cursor));
}

static void story(bool in_memory)
{
    fresh(in_memory);
    CHECK(!tomte_history_has_checkpoint(&h));
    CHECK_EQ(TOMTE_ERR_STATE, append(1, 1));
    CHECK_OK(write_checkpoint("hall", 1, 0, 7));
    CHECK(tomte_history_has_checkpoint(&h));
    CHECK_EQ(TOMTE_ERR_MISSING, append(1, 2));
    for (uint64_t s = 1; s <= 10; s++)
        CHECK_OK(append(1, s));
    CHECK_EQ(TOMTE_ERR_STALE, append(1, 10));
    CHECK_EQ(TOMTE_ERR_MISSING, append(1, 12));
    CHECK_EQ(TOMTE_ERR_FENCED, append(2, 11));
    CHECK_EQ(TOMTE_ERR_STALE, append(0, 11));
    holds(1, 1, 10);
    /* a checkpoint of the same epoch keeps what is behind it */
    CHECK_OK(write_checkpoint("hall", 1, 6, 1000));
    holds(1, 7, 10);
    CHECK_EQ(TOMTE_ERR_STALE, write_checkpoint("hall", 1, 5, 1000));
    CHECK_EQ(TOMTE_ERR_STALE, write_checkpoint("hall", 0, 7, 1000));
    CHECK_EQ(TOMTE_ERR_DENIED, write_checkpoint("wall", 2, 7, 1000));
    holds(1, 7, 10);
    CHECK_OK(append(1, 11));
    /* one of a higher epoch nothing, though its sequence is lower */
    CHECK_OK(write_checkpoint("hall", 2, 9, 1000));
    holds(2, 10, 9);
    CHECK_OK(append(2, 10));
    holds(2, 10, 10);
    /* and one ahead of the log */
    CHECK_OK(write_checkpoint("hall", 2, 50, 1000));
    CHECK_OK(append(2, 51));
    holds(2, 51, 51);
}

TEST(history_in_the_store)
{
    story(false);
    CHECK_OK(tomte_store_sync(&on.store));
    rig_store_crash(&on);
    CHECK_OK(open_as("hall", false));
    holds(2, 51, 51);
    CHECK_OK(append(2, 52));
    holds(2, 51, 52);
}

TEST(history_in_memory)
{
    story(true);
    CHECK_OK(tomte_store_sync(&on.store));
    rig_store_crash(&on);
    CHECK_OK(open_as("hall", true));
    holds(2, 51, 50); /* the checkpoint is stored, the records were not */
}

static void bounded(bool in_memory)
{
    fresh(in_memory);
    CHECK_OK(write_checkpoint("hall", 1, 0, 1000));
    uint64_t s = 0;
    bool must = false;
    uint64_t must_at = 0;
    enum tomte_err err = TOMTE_OK;
    while (err == TOMTE_OK && s < 1000) {
        bool room = tomte_history_has_room(&h);
        err = append(1, s + 1);
        CHECK(err == TOMTE_OK || !room);
        s += err == TOMTE_OK;
        if (!must && tomte_history_must_checkpoint(&h))
            must_at = s;
        must = tomte_history_must_checkpoint(&h);
    }
    CHECK_EQ(TOMTE_ERR_FULL, err);
    CHECK(must_at > s / 3 && must_at < 2 * s / 3);
    holds(1, 1, s);
    CHECK_OK(write_checkpoint("hall", 1, s, 1000));
    CHECK(!tomte_history_must_checkpoint(&h));
    CHECK(tomte_history_has_room(&h));
    CHECK_OK(append(1, s + 1));
}

TEST(history_is_bounded_in_the_store)
{
    bounded(false);
}

TEST(history_is_bounded_in_memory)
{
    bounded(true);
}

/* Half of the least bound and one record of the largest size fit. */
TEST(history_takes_the_largest_record_before_it_must_checkpoint)
{
    fresh(false);
    h.log_bytes_max = TOMTE_LOG_BYTES_MIN;
    CHECK_OK(write_checkpoint("hall", 1, 0, 1000));
    for (uint64_t s = 1; !tomte_history_must_checkpoint(&h); s++) {
        CHECK(tomte_history_has_room(&h));
        CHECK_OK(tomte_history_append(&h, record(1, s, 512)));
    }
}

TEST(history_refuses_a_damaged_checkpoint_and_keeps_the_old)
{
    fresh(false);
    CHECK_OK(write_checkpoint("hall", 1, 0, 1000));
    CHECK_OK(append(1, 1));
    struct tomte_span all =
        make_checkpoint("hall", 1, 1, "part", TOMTE_BUF_ARRAY(large));
    for (size_t i = 0; i < all.len; i++) {
        large[i] ^= 1;
        CHECK_OK(tomte_history_checkpoint_begin(&h, (uint32_t)all.len));
        CHECK_OK(tomte_history_checkpoint_write(&h, all));
        CHECK(tomte_history_checkpoint_commit(&h) != TOMTE_OK);
        large[i] ^= 1;
    }
    CHECK_OK(tomte_history_checkpoint_begin(&h, (uint32_t)all.len));
    CHECK_OK(tomte_history_checkpoint_write(&h, tomte_span_slice(all, 0, 20)));
    CHECK_EQ(TOMTE_ERR_TRUNCATED, tomte_history_checkpoint_commit(&h));
    CHECK_EQ(TOMTE_ERR_STATE, tomte_history_checkpoint_commit(&h));
    CHECK_OK(tomte_history_checkpoint_begin(&h, 20));
    CHECK_EQ(TOMTE_ERR_TOO_LARGE, tomte_history_checkpoint_write(&h, all));
    tomte_history_checkpoint_abort(&h);
    holds(1, 1, 1);
}

TEST(history_gives_the_checkpoint_in_pieces)
{
    uint8_t out[50];
    struct tomte_span piece;
    fresh(false);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, tomte_history_checkpoint_read(
                                      &h, 0, TOMTE_BUF_ARRAY(out), &piece));
    CHECK_OK(write_checkpoint("hall", 1, 0, 3));
    struct tomte_span all =
        make_checkpoint("hall", 1, 0, "part", TOMTE_BUF_ARRAY(large));
    CHECK_EQ(all.len, tomte_history_checkpoint_size(&h));
    for (uint32_t at = 0; at < all.len; at += sizeof(out)) {
        CHECK_OK(tomte_history_checkpoint_read(&h, at, TOMTE_BUF_ARRAY(out),
                                               &piece));
        CHECK_BYTES(tomte_span_slice(all, at, sizeof(out)), piece);
    }
    CHECK_EQ(TOMTE_ERR_RANGE,
             tomte_history_checkpoint_read(&h, (uint32_t)all.len + 1,
                                           TOMTE_BUF_ARRAY(out), &piece));
}

TEST(history_is_removed)
{
    fresh(false);
    CHECK_OK(write_checkpoint("hall", 1, 0, 1000));
    CHECK_OK(append(1, 1));
    CHECK_OK(tomte_history_remove(&h));
    CHECK(!tomte_history_has_checkpoint(&h));
    CHECK_EQ(TOMTE_ERR_STATE, append(1, 1));
    CHECK_OK(tomte_history_remove(&h));
    CHECK_OK(open_as("hall", false));
    CHECK(!tomte_history_has_checkpoint(&h));
    CHECK_OK(write_checkpoint("hall", 1, 5, 1000));
    CHECK_OK(append(1, 6));
    holds(1, 6, 6);
}

/* Two identities in one store do not meet. */
TEST(history_of_another_is_another)
{
    fresh(false);
    CHECK_OK(write_checkpoint("hall", 1, 0, 1000));
    CHECK_OK(append(1, 1));
    CHECK_OK(open_as("wall", false));
    CHECK(!tomte_history_has_checkpoint(&h));
    CHECK_OK(write_checkpoint("wall", 4, 9, 1000));
    CHECK_OK(open_as("hall", false));
    holds(1, 1, 1);
}

/* A new epoch's checkpoint is in force, then the power is cut before the old
 * epoch's records are trimmed: they must not be taken for the new one's. */
TEST(history_never_mixes_epochs)
{
    for (uint64_t cut = 1; cut < 40; cut++) {
        fresh(false);
        CHECK_OK(write_checkpoint("hall", 7, 100, 1000));
        for (uint64_t s = 101; s <= 120; s++)
            CHECK_OK(append(7, s));
        CHECK_OK(tomte_store_sync(&on.store));
        tomte_disk_cut_at(on.disk, cut);
        struct tomte_span all =
            make_checkpoint("hall", 8, 118, "part", TOMTE_BUF_ARRAY(large));
        if (tomte_history_checkpoint_begin(&h, (uint32_t)all.len) == TOMTE_OK &&
            tomte_history_checkpoint_write(&h, all) == TOMTE_OK &&
            tomte_history_checkpoint_commit(&h) == TOMTE_OK)
            (void)!tomte_store_sync(&on.store);
        rig_store_crash(&on);
        CHECK_OK(open_as("hall", false));
        if (tomte_history_epoch(&h) == 7) {
            holds(7, 101, 120);
        } else {
            holds(8, 119, 118);
            CHECK_OK(append(8, 119));
            holds(8, 119, 119);
        }
    }
}

TEST(history_with_bit_rot_in_its_log_ends_before_it)
{
    fresh(false);
    CHECK_OK(write_checkpoint("hall", 1, 0, 1000));
    for (uint64_t s = 1; s <= 5; s++)
        CHECK_OK(append(1, s));
    CHECK_OK(tomte_store_sync(&on.store));
    for (uint64_t s = 6; s <= 9; s++)
        CHECK_OK(append(1, s));
    CHECK_OK(tomte_store_sync(&on.store));
    /* find "1/4" on the disk and flip a bit of it */
    struct tomte_block block = tomte_disk_block(on.disk);
    bool found = false;
    for (uint32_t at = 0; at + 3 < 24 * 4096 && !found; at++) {
        uint8_t text[3];
        CHECK_OK(block.read(block.ctx, at, TOMTE_BUF_ARRAY(text)));
        found = memcmp(text, "1/4", 3) == 0;
        if (found)
            tomte_disk_flip(on.disk, at, 3);
    }
    CHECK(found);
    rig_store_mount(&on);
    CHECK_OK(open_as("hall", false));
    CHECK(tomte_history_damaged(&h));
    CHECK_EQ(3, tomte_history_held(&h));
    CHECK_EQ(TOMTE_ERR_CORRUPT, append(1, 4));
    CHECK_OK(write_checkpoint("hall", 1, 9, 1000));
    CHECK(!tomte_history_damaged(&h));
    CHECK_OK(append(1, 10));
    holds(1, 10, 10);
}

/* Random operations with power cuts: what was synced is there, what came after
 * it is there up to some point, and it always fits together. */
static void sweep(uint64_t seed)
{
    struct tomte_random rnd;
    tomte_random_init(&rnd, seed);
    uint64_t epoch = 1, base = 0, held = 0;
    uint64_t synced_epoch = 1, synced_held = 0, synced_base = 0;
    fresh(false);
    CHECK_OK(write_checkpoint("hall", 1, 0, 1000));
    CHECK_OK(tomte_store_sync(&on.store));
    for (int step = 0; step < 60; step++) {
        switch (tomte_random_below(&rnd, 8)) {
        case 0:
            base = base + tomte_random_below(&rnd, held - base + 1);
            CHECK_OK(write_checkpoint("hall", epoch, base, 1000));
            break;
        case 1:
            base = held;
            CHECK_OK(write_checkpoint("hall", ++epoch, base, 1000));
            break;
        case 2:
            CHECK_OK(tomte_store_sync(&on.store));
            synced_epoch = epoch, synced_held = held, synced_base = base;
            break;
        case 3:
            rig_store_crash(&on);
            CHECK_OK(open_as("hall", false));
            epoch = tomte_history_epoch(&h);
            base = tomte_history_base(&h);
            held = tomte_history_held(&h);
            CHECK(epoch > synced_epoch ||
                  (epoch == synced_epoch && held >= synced_held));
            CHECK(epoch > synced_epoch || base >= synced_base);
            break;
        default:
            if (!tomte_history_has_room(&h))
                break;
            CHECK_OK(append(epoch, ++held));
        }
        holds(epoch, base + 1, held);
    }
}

TEST(history_survives_power_cuts)
{
    for (uint64_t seed = 1; seed <= 40; seed++)
        sweep(seed);
}
