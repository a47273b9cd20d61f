/* SPDX-License-Identifier: Apache-2.0 */
/* The raft log over the store: what is durable after a sync is there after any
 * cut of the power, and of what came after it a prefix is. */
#include "keepers/disk.h"
#include "keepers/heap.h"
#include "keepers/message.h"
#include "sim/disk.h"

#include "test.h"

#define MEMORY (256u << 10)

static struct rig {
    struct tomte_disk *disk;
    struct tomte_block block;
    struct tomte_arena arena;
    struct tomte_store store;
    struct keepers_heap heap;
    struct keepers_disk log;
} rig;

static uint8_t memory[MEMORY];
static struct keepers_place places[KEEPERS_INDEX_MAX];

static enum tomte_err mount(void)
{
    struct tomte_store_report report;
    tomte_arena_init(&rig.arena, memory, sizeof memory);
    struct tomte_store_config c = {.block = rig.block,
                                   .arena = &rig.arena,
                                   .records_max = 16,
                                   .logs_max = 2,
                                   .blobs_max = 2};
    enum tomte_err err = tomte_store_mount(&rig.store, &c, &report);
    CHECK(err != TOMTE_OK || report.damaged == 0);
    return err == TOMTE_OK ? keepers_disk_open(&rig.log, &rig.store, places)
                           : err;
}

static void start(uint64_t seed)
{
    struct tomte_disk_config c = {.sector_bytes = 4096,
                                  .sector_count = 256,
                                  .program_unit = 8,
                                  .strict = true,
                                  .seed = seed};
    tomte_disk_free(rig.disk);
    keepers_heap_drop(&rig.heap);
    rig.disk = tomte_disk_new(&c);
    rig.block = tomte_disk_block(rig.disk);
    keepers_heap_init(&rig.heap, 8u << 20);
    keepers_heap_enter(&rig.heap);
    CHECK_OK(tomte_store_format(&rig.block, 200));
    CHECK_OK(mount());
}

/* An entry whose bytes tell its index and term. */
static uint8_t bytes[16384];

static struct raft_entry entry(raft_index index, raft_term term, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(index * 7 + term * 3 + i);
    return (struct raft_entry){
        .term = term, .type = RAFT_COMMAND, .buf = {bytes, len}};
}

static enum tomte_err append(raft_index index, raft_term term, size_t len)
{
    struct raft_entry e = entry(index, term, len);
    return keepers_disk_append(&rig.log, index, &e, 1);
}

/* All that is there reads as it was written. */
static void check_content(void)
{
    struct raft_entry *all;
    CHECK_OK(keepers_disk_load(&rig.log, &all));
    for (uint32_t i = 0; i < rig.log.count; i++) {
        raft_index index = rig.log.first + i;
        CHECK_EQ(keepers_disk_term(&rig.log, index), all[i].term);
        struct raft_entry e = entry(index, all[i].term, all[i].buf.len);
        CHECK_BYTES(TOMTE_SPAN(e.buf.base, e.buf.len),
                    TOMTE_SPAN(all[i].buf.base, all[i].buf.len));
    }
    if (all != NULL)
        raft_free(all[0].batch);
    raft_free(all);
}

TEST(empty_has_nothing)
{
    raft_term term;
    raft_id vote;
    start(1);
    CHECK(!keepers_disk_exists(&rig.store));
    CHECK_EQ(1, rig.log.first);
    CHECK_EQ(0, rig.log.count);
    CHECK_OK(keepers_disk_vote(&rig.log, &term, &vote));
    CHECK_EQ(0, term);
    CHECK_OK(keepers_disk_set_vote(&rig.log, 7, 42));
    CHECK_OK(tomte_store_sync(&rig.store));
    CHECK_OK(mount());
    CHECK(keepers_disk_exists(&rig.store));
    CHECK_OK(keepers_disk_vote(&rig.log, &term, &vote));
    CHECK_EQ(7, term);
    CHECK_EQ(42, vote);
}

TEST(long_entries_are_whole)
{
    start(2);
    CHECK_OK(append(1, 1, 10));
    CHECK_OK(append(2, 1, 15000));
    CHECK_OK(append(3, 2, 4072));
    CHECK_OK(append(4, 2, 4073));
    check_content();
    CHECK_OK(mount());
    CHECK_EQ(4, rig.log.count);
    check_content();
}

TEST(a_cut_ends_what_is_behind_it)
{
    start(3);
    for (raft_index i = 1; i <= 9; i++)
        CHECK_OK(append(i, 1, 20));
    CHECK_OK(keepers_disk_cut(&rig.log, 6));
    CHECK_EQ(5, keepers_disk_last(&rig.log));
    CHECK_OK(mount());
    CHECK_EQ(5, keepers_disk_last(&rig.log));
    CHECK_OK(append(6, 2, 30));
    CHECK_OK(mount());
    CHECK_EQ(6, keepers_disk_last(&rig.log));
    CHECK_EQ(2, keepers_disk_term(&rig.log, 6));
    check_content();
    CHECK_EQ(TOMTE_ERR_RANGE, append(8, 2, 10)); /* would leave a hole */
}

TEST(trimmed_in_front)
{
    start(4);
    CHECK_OK(append(1, 1, 10));
    CHECK_OK(append(2, 1, 10));
    CHECK_OK(keepers_disk_cut(&rig.log, 2));
    for (raft_index i = 2; i <= 9; i++)
        CHECK_OK(append(i, 2, 5000));
    struct raft_snapshot s = {.index = 8, .term = 2, .configuration_index = 1};
    raft_configuration_init(&s.configuration);
    CHECK_EQ(0, raft_configuration_add(&s.configuration, 5,
                                       "000000000000000000000000000000011633",
                                       RAFT_VOTER));
    CHECK_OK(keepers_disk_snapshot_begin(&rig.log, &s, 6));
    CHECK_OK(keepers_disk_snapshot_write(&rig.log, TOMTE_SPAN_LIT("state!")));
    CHECK_OK(keepers_disk_snapshot_commit(&rig.log, &s));
    CHECK_OK(keepers_disk_trim(&rig.log, 5));
    CHECK_OK(tomte_store_sync(&rig.store));
    CHECK_OK(mount());
    CHECK_EQ(5, rig.log.first);
    CHECK_EQ(9, keepers_disk_last(&rig.log));
    CHECK_EQ(8, rig.log.snapshot_index);
    check_content();
    struct raft_snapshot *found;
    CHECK_OK(keepers_disk_snapshot_load(&rig.log, &found));
    CHECK_EQ(8, found->index);
    CHECK_EQ(1, found->configuration.n);
    CHECK_BYTES(TOMTE_SPAN_LIT("state!"),
                TOMTE_SPAN(found->bufs[0].base, found->bufs[0].len));
}

/* Room ends before anything is written, and a reserve is left. */
TEST(full_says_so)
{
    start(5);
    raft_index i = 1;
    while (keepers_disk_has_room(&rig.log, 1000))
        CHECK_OK(append(i++, 1, 1000));
    CHECK(i > 50);
    CHECK(keepers_disk_fill(&rig.log) > 900);
    enum tomte_err err = TOMTE_OK;
    while (err == TOMTE_OK) {
        err = append(i, 1, 1000);
        i += err == TOMTE_OK;
    }
    CHECK_EQ(TOMTE_ERR_NO_SPACE, err);
    CHECK_OK(mount());
    CHECK_EQ(i - 1, keepers_disk_last(&rig.log));
    CHECK_OK(keepers_disk_trim(&rig.log, 20));
    CHECK(keepers_disk_has_room(&rig.log, 1000));
}

/* ---- the power is cut at every operation ---- */

/* A script with everything in it. `synced_*` is what the last sync covered,
 * `least` the least that may be there since. */
struct model {
    raft_index last, least;
    raft_term term, synced_term;
    raft_index snapshot, synced_snapshot;
};

static bool sync(struct model *m)
{
    if (tomte_store_sync(&rig.store) != TOMTE_OK)
        return false;
    m->least = m->last;
    m->synced_term = m->term;
    m->synced_snapshot = m->snapshot;
    return true;
}

static bool snapshot(struct model *m, raft_index index, bool install)
{
    struct raft_snapshot s = {
        .index = index, .term = m->term, .configuration_index = 1};
    raft_configuration_init(&s.configuration);
    CHECK_EQ(0, raft_configuration_add(&s.configuration, 5,
                                       "000000000000000000000000000000011633",
                                       RAFT_VOTER));
    enum tomte_err err = keepers_disk_snapshot_begin(&rig.log, &s, 3000);
    if (err == TOMTE_OK)
        err = keepers_disk_snapshot_write(&rig.log, TOMTE_SPAN(bytes, 3000));
    if (err == TOMTE_OK)
        err = keepers_disk_snapshot_commit(&rig.log, &s);
    raft_configuration_close(&s.configuration);
    m->snapshot = index;
    if (err == TOMTE_OK && install)
        err = keepers_disk_clear(&rig.log, index + 1);
    else if (err == TOMTE_OK)
        err = keepers_disk_trim(&rig.log, index - 3);
    if (err == TOMTE_OK && install)
        m->last = index;
    return err == TOMTE_OK;
}

static bool script(struct model *m)
{
    for (unsigned round = 0; round < 3; round++) {
        m->term++;
        if (keepers_disk_set_vote(&rig.log, m->term, 9) != TOMTE_OK)
            return false;
        for (unsigned i = 0; i < 6; i++) {
            if (append(m->last + 1, m->term, i == 2 ? 9000 : 40) != TOMTE_OK)
                return false;
            m->last++;
            if (i % 2 == 1 && !sync(m))
                return false;
        }
        m->least = m->last - 2;
        if (keepers_disk_cut(&rig.log, m->last - 1) != TOMTE_OK)
            return false;
        m->last -= 2;
        if (!sync(m) || !snapshot(m, m->last - 1, false) || !sync(m) ||
            (round == 1 && (!snapshot(m, m->last + 40, true) || !sync(m))))
            return false;
    }
    return true;
}

static void come_back(const struct model *m)
{
    raft_term term;
    raft_id vote;
    tomte_disk_crash(rig.disk);
    keepers_disk_snapshot_abort(&rig.log);
    CHECK_OK(mount());
    CHECK_OK(keepers_disk_vote(&rig.log, &term, &vote));
    CHECK(term >= m->synced_term && term <= m->term);
    CHECK(rig.log.snapshot_index >= m->synced_snapshot);
    /* Nothing that was synced is missing, but what was cut since. */
    raft_index last = keepers_disk_last(&rig.log);
    CHECK(last >= m->least);
    CHECK(last >= rig.log.snapshot_index);
    CHECK(rig.log.first <= rig.log.snapshot_index + 1);
    check_content();
    CHECK_OK(append(last + 1, m->term + 1, 5000)); /* and it goes on */
    CHECK_OK(tomte_store_sync(&rig.store));
    CHECK_OK(mount());
    CHECK_EQ(last + 1, keepers_disk_last(&rig.log));
    check_content();
}

static void sweep(enum tomte_disk_fate fate)
{
    unsigned cuts = 0;
    for (uint64_t k = 1;; k++) {
        struct model m = {0};
        start(k);
        tomte_disk_set_fate(rig.disk, fate);
        tomte_disk_cut_at(rig.disk, k);
        bool whole = script(&m);
        CHECK(whole == !tomte_disk_is_off(rig.disk));
        if (whole)
            break;
        come_back(&m);
        cuts++;
    }
    CHECK(cuts > 80);
}

TEST(cut_at_every_write_kept)
{
    sweep(TOMTE_DISK_KEPT);
}

TEST(cut_at_every_write_lost)
{
    sweep(TOMTE_DISK_DROPPED);
}

TEST(cut_at_every_write_torn)
{
    sweep(TOMTE_DISK_TORN);
}

TEST(cut_at_every_write_any)
{
    sweep(TOMTE_DISK_ANY);
}
