/* SPDX-License-Identifier: Apache-2.0 */
/* Bit rot, other versions, other geometries, no store at all. */
#include "model.h"

#include "test.h"

#include "base/bytes.h"
#include "base/crc.h"

#define SECTOR 4096u
#define KEYS   30u

static uint8_t memory[32768];

static struct tomte_disk *new_disk(uint32_t sectors)
{
    return tomte_disk_new(&(struct tomte_disk_config){.sector_bytes = SECTOR,
                                                      .sector_count = sectors,
                                                      .program_unit = 8,
                                                      .strict = true});
}

static enum tomte_err mount(struct tomte_store *s, struct tomte_disk *d,
                            struct tomte_store_report *r)
{
    struct tomte_arena arena;
    tomte_arena_init(&arena, memory, sizeof memory);
    struct tomte_store_config config = {.block = tomte_disk_block(d),
                                        .arena = &arena,
                                        .records_max = KEYS + 1,
                                        .logs_max = 2,
                                        .blobs_max = 2};
    return tomte_store_mount(s, &config, r);
}

static struct tomte_span key_of(uint32_t i)
{
    static uint8_t key[2];
    key[0] = (uint8_t)('a' + i);
    key[1] = (uint8_t)i;
    return TOMTE_SPAN_ARRAY(key);
}

static uint32_t len_of(uint32_t i)
{
    return 20 + i * 13;
}

/* Records, each put twice, a log of ten entries and a blob, over several
 * segments; then one more sync, and a record after it that may be torn. */
static struct tomte_disk *new_store(struct tomte_store *s)
{
    struct tomte_store_report report;
    struct tomte_store_writer w;
    struct tomte_disk *d = new_disk(12);
    struct tomte_block block = tomte_disk_block(d);
    uint32_t log;
    CHECK_OK(tomte_store_format(&block, 8));
    CHECK_OK(mount(s, d, &report));
    CHECK_OK(tomte_store_log_open(s, TOMTE_SPAN_LIT("log"), 4000, &log));
    for (uint32_t i = 0; i < 2 * KEYS; i++) {
        uint32_t k = i % KEYS;
        CHECK_OK(tomte_store_put(s, key_of(k),
                                 model_bytes(i < KEYS ? 5 : k, len_of(k))));
        if (i % 6 == 0)
            CHECK_OK(
                tomte_store_log_append(s, log, model_bytes(i / 6, 50), NULL));
        if (i % 7 == 0)
            CHECK_OK(tomte_store_sync(s));
    }
    CHECK_OK(tomte_store_blob_begin(s, &w, TOMTE_SPAN_LIT("blob"), 5000));
    CHECK_OK(tomte_store_blob_write(s, &w, model_bytes(9, 5000)));
    CHECK_OK(tomte_store_blob_commit(s, &w));
    CHECK_OK(tomte_store_sync(s));
    CHECK_OK(tomte_store_put(s, TOMTE_SPAN_LIT("last"), TOMTE_SPAN_NONE));
    CHECK_OK(tomte_store_sync(s));
    return d;
}

struct toll {
    uint32_t corrupt; /* answered CORRUPT */
    uint32_t missing; /* NOT_FOUND */
    uint32_t stale;   /* the older value */
};

static void count_records(struct tomte_store *s, struct toll *t)
{
    uint8_t bytes[1000];
    size_t len;
    for (uint32_t k = 0; k < KEYS; k++) {
        enum tomte_err err =
            tomte_store_get(s, key_of(k), TOMTE_BUF_ARRAY(bytes), &len);
        struct tomte_span value = TOMTE_SPAN(bytes, len);
        t->corrupt += err == TOMTE_ERR_CORRUPT;
        t->missing += err == TOMTE_ERR_NOT_FOUND;
        if (err != TOMTE_OK)
            continue;
        CHECK_EQ(len_of(k), len);
        if (tomte_span_equal(model_bytes(k, len_of(k)), value))
            continue;
        CHECK_BYTES(model_bytes(5, len_of(k)), value);
        t->stale++;
    }
}

static void count_entries(struct tomte_store *s, struct toll *t)
{
    struct tomte_store_cursor c;
    uint8_t bytes[1000];
    uint64_t n, expected = 0;
    uint32_t log;
    size_t len;
    enum tomte_err err =
        tomte_store_log_open(s, TOMTE_SPAN_LIT("log"), 4000, &log);
    if (err == TOMTE_ERR_CORRUPT) {
        t->corrupt++;
        return;
    }
    CHECK_OK(err);
    CHECK_OK(tomte_store_log_seek(s, log, 0, &c));
    while ((err = tomte_store_log_next(s, &c, TOMTE_BUF_ARRAY(bytes), &len,
                                       &n)) != TOMTE_ERR_NOT_FOUND) {
        CHECK_EQ(expected, n);
        if (err == TOMTE_ERR_CORRUPT)
            t->corrupt += (uint32_t)(c.sequence - n);
        else
            CHECK_BYTES(model_bytes((uint32_t)n, 50), TOMTE_SPAN(bytes, len));
        expected = c.sequence;
    }
    t->missing += expected == 0 ? 1 : (uint32_t)(10 - expected);
}

static void count_blob(struct tomte_store *s, struct toll *t)
{
    struct tomte_store_blob_info info;
    enum tomte_err err =
        tomte_store_blob_find(s, TOMTE_SPAN_LIT("blob"), &info);
    if (err == TOMTE_OK)
        err = tomte_store_blob_check(s, &info);
    t->corrupt += err == TOMTE_ERR_CORRUPT;
    t->missing += err == TOMTE_ERR_NOT_FOUND;
    CHECK(err == TOMTE_OK || err == TOMTE_ERR_CORRUPT ||
          err == TOMTE_ERR_NOT_FOUND);
}

/* Whatever bit flips: at most one thing is wrong, and never in silence, but for
 * the one record that was written last. */
static void flip(uint32_t at, unsigned bit, struct toll *sum)
{
    struct tomte_store s;
    struct tomte_store_report r;
    struct toll t = {0, 0, 0};
    size_t len;
    struct tomte_disk *d = new_store(&s);
    uint32_t last = s.head * SECTOR + s.head_end - 40;
    tomte_disk_flip(d, at, bit);
    CHECK_OK(mount(&s, d, &r));
    count_records(&s, &t);
    count_entries(&s, &t);
    count_blob(&s, &t);
    CHECK(t.missing + t.stale <= r.lost);
    CHECK(t.corrupt <= 1 || at / SECTOR >= 8);
    CHECK(t.corrupt + t.missing + t.stale == 0 || r.damaged > 0 ||
          at / SECTOR >= 8);
    if (r.damaged > 0)
        CHECK(r.damaged_at <= at && r.damaged_at / SECTOR == at / SECTOR);
    if (tomte_store_get(&s, TOMTE_SPAN_LIT("last"), TOMTE_BUF(NULL, 0), &len) !=
        TOMTE_OK)
        CHECK(r.damaged > 0 || at >= last);
    CHECK_OK(tomte_store_put(&s, key_of(1), model_bytes(1, len_of(1))));
    CHECK_OK(tomte_store_sync(&s));
    sum->corrupt += t.corrupt;
    sum->missing += t.missing;
    sum->stale += t.stale;
    tomte_disk_free(d);
}

TEST(any_flipped_bit_is_found_and_costs_one_thing)
{
    struct toll sum = {0, 0, 0};
    for (uint32_t at = SECTOR, n = 0; at < 11 * SECTOR; at += 11, n++)
        flip(at, n % 8, &sum);
    CHECK(sum.corrupt > 500 && sum.stale + sum.missing > 50);
}

/* A damaged record stays damaged through any cleaning, until it is put. */
TEST(damage_is_not_forgotten)
{
    struct tomte_store s;
    struct tomte_store_report r;
    uint8_t bytes[1000];
    size_t len;
    struct tomte_disk *d = new_store(&s);
    uint32_t at = 0;
    for (uint32_t i = 0; i <= s.slot_mask; i++) /* one whose value is long */
        if (s.slots[i].size > 300)
            at = s.slots[i].at;
    tomte_disk_flip(d, at + 100, 3);
    CHECK_OK(mount(&s, d, &r));
    CHECK_EQ(1, r.damaged);
    CHECK_EQ(at, r.damaged_at);
    CHECK_EQ(0, r.lost);
    for (int i = 0; i < 2000; i++)
        CHECK_OK(
            tomte_store_put(&s, TOMTE_SPAN_LIT("last"), model_bytes(3, 40)));
    for (int mounted = 0; mounted < 2; mounted++) {
        uint32_t corrupt = 0;
        for (uint32_t k = 0; k < KEYS; k++) {
            enum tomte_err err =
                tomte_store_get(&s, key_of(k), TOMTE_BUF_ARRAY(bytes), &len);
            if (err == TOMTE_OK)
                continue;
            CHECK_EQ(TOMTE_ERR_CORRUPT, err);
            corrupt++;
            if (mounted) {
                CHECK_OK(tomte_store_put(&s, key_of(k), TOMTE_SPAN_NONE));
                CHECK_OK(tomte_store_get(&s, key_of(k), TOMTE_BUF_ARRAY(bytes),
                                         &len));
            }
        }
        CHECK_EQ(1, corrupt);
        CHECK_OK(mount(&s, d, &r));
        CHECK_EQ(0, r.damaged); /* what is kept is the mark */
    }
    tomte_disk_free(d);
}

/* Rot while the store is mounted is found by the read. */
TEST(rot_is_found_at_each_read)
{
    struct tomte_store s;
    uint8_t bytes[1000];
    size_t len;
    struct tomte_disk *d = new_store(&s);
    for (uint32_t i = 0; i <= s.slot_mask; i++)
        if (s.slots[i].at != 0)
            tomte_disk_flip(d, s.slots[i].at + 33, 0); /* in the key */
    for (uint32_t k = 0; k < KEYS; k++) {
        CHECK_EQ(TOMTE_ERR_CORRUPT,
                 tomte_store_get(&s, key_of(k), TOMTE_BUF_ARRAY(bytes), &len));
        CHECK_OK(k % 2 == 0 ? tomte_store_remove(&s, key_of(k))
                            : tomte_store_put(&s, key_of(k), TOMTE_SPAN_NONE));
        CHECK_EQ(k % 2 == 0 ? TOMTE_ERR_NOT_FOUND : TOMTE_OK,
                 tomte_store_get(&s, key_of(k), TOMTE_BUF_ARRAY(bytes), &len));
    }
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             tomte_store_get(&s, key_of(40), TOMTE_BUF_ARRAY(bytes), &len));
    tomte_disk_free(d);
}

/* Cleaning drops a damaged entry of a log; its number stays a gap. */
TEST(a_damaged_entry_is_a_gap)
{
    struct tomte_store s;
    struct tomte_store_cursor c;
    struct tomte_store_log_range before, after;
    uint8_t bytes[100];
    uint64_t n;
    uint32_t log;
    size_t len;
    struct tomte_disk *d = new_store(&s);
    CHECK_OK(tomte_store_log_open(&s, TOMTE_SPAN_LIT("log"), 4000, &log));
    CHECK_OK(tomte_store_log_append(&s, log, model_bytes(10, 50), &n));
    CHECK_OK(tomte_store_sync(&s));
    tomte_disk_flip(d, s.head * SECTOR + s.head_end - 20, 0);
    CHECK_OK(tomte_store_log_append(&s, log, model_bytes(11, 50), &n));
    CHECK_OK(tomte_store_log_range(&s, log, &before));
    for (int i = 0; i < 2000; i++)
        CHECK_OK(
            tomte_store_put(&s, TOMTE_SPAN_LIT("last"), model_bytes(3, 40)));
    CHECK_OK(tomte_store_log_range(&s, log, &after));
    CHECK_EQ(before.bytes - 88, after.bytes);
    CHECK_OK(tomte_store_log_seek(&s, log, 9, &c));
    enum tomte_err expected[] = {TOMTE_OK, TOMTE_ERR_CORRUPT, TOMTE_OK,
                                 TOMTE_ERR_NOT_FOUND};
    for (uint64_t i = 0; i < 4; i++) {
        CHECK_EQ(expected[i], tomte_store_log_next(
                                  &s, &c, TOMTE_BUF_ARRAY(bytes), &len, &n));
        CHECK_EQ(9 + i, n);
    }
    tomte_disk_free(d);
}

/* That a record was removed is known by the hash of its key, too. */
TEST(a_damaged_removal_still_removes)
{
    struct tomte_store s;
    struct tomte_store_report r;
    size_t len;
    struct tomte_disk *d = new_store(&s);
    CHECK_OK(tomte_store_remove(&s, key_of(3)));
    uint32_t at = s.head * SECTOR + s.head_end - 8; /* its key, padded */
    CHECK_OK(tomte_store_sync(&s));
    CHECK_OK(tomte_store_put(&s, TOMTE_SPAN_LIT("last"), TOMTE_SPAN_NONE));
    CHECK_OK(tomte_store_sync(&s));
    tomte_disk_flip(d, at, 1);
    CHECK_OK(mount(&s, d, &r));
    CHECK_EQ(1, r.damaged);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             tomte_store_get(&s, key_of(3), TOMTE_BUF(NULL, 0), &len));
    tomte_disk_free(d);
}

/* ---- headers of segments ---------------------------------------------- */

TEST(a_lost_header_does_not_lose_its_segment)
{
    struct tomte_store s;
    struct tomte_store_report r;
    struct tomte_disk *d = new_store(&s);
    uint32_t segments = s.head;
    CHECK(segments > 3);
    tomte_disk_free(d);
    for (uint32_t n = 1; n <= segments; n++) {
        struct toll t = {0, 0, 0};
        d = new_store(&s);
        tomte_disk_poke(d, n * SECTOR, model_bytes(n, 64));
        CHECK_OK(mount(&s, d, &r));
        CHECK_EQ(1, r.damaged);
        CHECK_EQ(n * SECTOR, r.damaged_at);
        CHECK_EQ(segments, s.head);
        count_records(&s, &t);
        count_entries(&s, &t);
        count_blob(&s, &t);
        CHECK_EQ(0, t.corrupt + t.missing + t.stale);
        tomte_disk_free(d);
    }
}

/* A header like that of the store, but of another version, stops everything. */
TEST(an_unknown_version_is_refused_and_left_alone)
{
    struct tomte_store s;
    struct tomte_store_report r;
    struct tomte_disk_stats before, after;
    uint8_t header[64];
    struct tomte_disk *d = new_store(&s);
    struct tomte_block block = tomte_disk_block(d);
    CHECK_OK(block.read(d, SECTOR, TOMTE_BUF_ARRAY(header)));
    tomte_put_le32(header + 8, 2);
    uint32_t crc = tomte_crc32c(0, TOMTE_SPAN(header, 60));
    tomte_put_le32(header + 60, crc);
    tomte_disk_poke(d, SECTOR, TOMTE_SPAN_ARRAY(header));
    tomte_disk_stats(d, 0, 12, &before);
    CHECK_EQ(TOMTE_ERR_VERSION, mount(&s, d, &r));
    tomte_disk_stats(d, 0, 12, &after);
    CHECK_EQ(before.operations, after.operations);
    CHECK_OK(tomte_store_format(&block, 8)); /* only by order */
    CHECK_OK(mount(&s, d, &r));
    CHECK_EQ(0, r.records);
    tomte_disk_free(d);
}

TEST(no_store_and_another_geometry)
{
    struct tomte_store s;
    struct tomte_store_report r;
    struct tomte_disk *d = new_disk(12);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, mount(&s, d, &r));
    for (uint32_t i = 0; i < 12; i++)
        tomte_disk_poke(d, i * SECTOR, model_bytes(i, 4096));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, mount(&s, d, &r));
    tomte_disk_free(d);

    d = new_store(&s);
    struct tomte_block block = tomte_disk_block(d);
    struct tomte_arena arena;
    tomte_arena_init(&arena, memory, sizeof memory);
    struct tomte_store_config config = {.block = block, .arena = &arena};
    CHECK_EQ(TOMTE_ERR_FULL, tomte_store_mount(&s, &config, &r));
    config.block.sector_bytes = 2 * SECTOR;
    config.block.sector_count = 6;
    CHECK_EQ(TOMTE_ERR_INVALID, tomte_store_mount(&s, &config, &r));
    config.block = block;
    config.block.program_unit = 16; /* entries begin at multiples of 8 */
    CHECK_EQ(TOMTE_ERR_INVALID, tomte_store_mount(&s, &config, &r));
    config.block = block;
    config.block.sector_count = 7; /* part of the ring is missing */
    CHECK_EQ(TOMTE_ERR_INVALID, tomte_store_mount(&s, &config, &r));
    config.block = block;
    config.records_max = 1000000;
    CHECK_EQ(TOMTE_ERR_NO_MEMORY, tomte_store_mount(&s, &config, &r));

    CHECK_EQ(TOMTE_ERR_RANGE, tomte_store_format(&block, 5));
    CHECK_EQ(TOMTE_ERR_RANGE, tomte_store_format(&block, 13));
    block.sector_bytes = 5000;
    CHECK_EQ(TOMTE_ERR_RANGE, tomte_store_format(&block, 8));
    tomte_disk_free(d);
}

/* A format that a cut stopped leaves no half store that mounts as a whole one
 * with what was there before. */
TEST(format_can_be_cut_and_done_again)
{
    for (uint64_t k = 1;; k++) {
        struct tomte_store s;
        struct tomte_store_report r;
        struct tomte_disk *d = new_store(&s);
        struct tomte_block block = tomte_disk_block(d);
        tomte_disk_cut_at(d, k);
        enum tomte_err err = tomte_store_format(&block, 8);
        tomte_disk_crash(d);
        if (err != TOMTE_OK)
            CHECK_OK(tomte_store_format(&block, 8));
        CHECK_OK(mount(&s, d, &r));
        CHECK_EQ(0, r.records + r.logs + r.blobs + r.damaged);
        tomte_disk_free(d);
        if (err == TOMTE_OK)
            return;
    }
}

/* Bytes of a whole store inside a value: never taken for entries, even when the
 * header around them rots. */
TEST(a_store_inside_a_value_stays_a_value)
{
    struct tomte_store s;
    struct tomte_store_report r;
    uint8_t inside[900];
    size_t len;
    struct tomte_disk *d = new_store(&s);
    struct tomte_block block = tomte_disk_block(d);
    CHECK_OK(block.read(d, s.head * SECTOR + 64, TOMTE_BUF_ARRAY(inside)));
    CHECK_OK(
        tomte_store_put(&s, TOMTE_SPAN_LIT("last"), TOMTE_SPAN_ARRAY(inside)));
    CHECK_OK(tomte_store_sync(&s));
    uint32_t at = s.head * SECTOR + s.head_end - 936;
    CHECK_OK(tomte_store_put(&s, key_of(2), model_bytes(2, len_of(2))));
    CHECK_OK(tomte_store_sync(&s));
    tomte_disk_flip(d, at, 7);
    CHECK_OK(mount(&s, d, &r));
    CHECK_EQ(1, r.lost);
    CHECK_EQ(at, r.damaged_at);
    CHECK_OK(tomte_store_get(&s, TOMTE_SPAN_LIT("last"), TOMTE_BUF(NULL, 0),
                             &len)); /* the older one: hence `lost` */
    CHECK_EQ(0, len);
    tomte_disk_free(d);
}
