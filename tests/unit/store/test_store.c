/* SPDX-License-Identifier: Apache-2.0 */
/* What each call answers. */
#include "model.h"

#include "test.h"

static struct tomte_disk *disk;
static struct tomte_store s;
static uint8_t memory[8192];

static void mount(void)
{
    struct tomte_store_report report;
    struct tomte_arena arena;
    struct tomte_store_config config = {.block = tomte_disk_block(disk),
                                        .arena = &arena,
                                        .records_max = 20,
                                        .logs_max = 4,
                                        .blobs_max = 4};
    CHECK(tomte_store_memory(&config) <= sizeof memory);
    tomte_arena_init(&arena, memory, tomte_store_memory(&config));
    CHECK_OK(tomte_store_mount(&s, &config, &report));
    CHECK_EQ(0, report.damaged);
}

static void setup(bool mappable)
{
    tomte_disk_free(disk);
    disk = tomte_disk_new(&(struct tomte_disk_config){.sector_bytes = 4096,
                                                      .sector_count = 16,
                                                      .program_unit = 16,
                                                      .strict = true,
                                                      .mappable = mappable});
    struct tomte_block block = tomte_disk_block(disk);
    CHECK_OK(tomte_store_format(&block, 8));
    mount();
}

static void teardown(void)
{
    tomte_disk_free(disk);
    disk = NULL;
}

#define KEY(text) TOMTE_SPAN_LIT(text)

TEST(records_are_put_replaced_and_removed)
{
    uint8_t bytes[1000];
    size_t len;
    setup(false);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             tomte_store_get(&s, KEY("a"), TOMTE_BUF_ARRAY(bytes), &len));
    CHECK_OK(tomte_store_put(&s, KEY("a"), KEY("one")));
    CHECK_OK(tomte_store_put(&s, KEY("ab"), KEY("")));
    CHECK_OK(tomte_store_put(&s, KEY("a"), KEY("three")));
    for (int i = 0; i < 2; i++) {
        CHECK_OK(tomte_store_get(&s, KEY("a"), TOMTE_BUF_ARRAY(bytes), &len));
        CHECK_BYTES(KEY("three"), TOMTE_SPAN(bytes, len));
        CHECK_OK(tomte_store_get(&s, KEY("ab"), TOMTE_BUF(NULL, 0), &len));
        CHECK_EQ(0, len);
        CHECK_EQ(TOMTE_ERR_TOO_LARGE,
                 tomte_store_get(&s, KEY("a"), TOMTE_BUF(bytes, 4), &len));
        CHECK_EQ(5, len);
        mount();
    }
    CHECK_OK(tomte_store_remove(&s, KEY("a")));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, tomte_store_remove(&s, KEY("a")));
    mount();
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             tomte_store_get(&s, KEY("a"), TOMTE_BUF_ARRAY(bytes), &len));
    teardown();
}

TEST(keys_and_values_have_bounds)
{
    uint8_t key[128] = {1}, bytes[1000] = {2};
    setup(false);
    CHECK_EQ(TOMTE_ERR_MALFORMED,
             tomte_store_put(&s, TOMTE_SPAN_NONE, KEY("x")));
    CHECK_EQ(TOMTE_ERR_MALFORMED,
             tomte_store_put(&s, TOMTE_SPAN(key, 128), KEY("x")));
    CHECK_OK(tomte_store_put(&s, TOMTE_SPAN(key, 127), KEY("x")));
    uint32_t max = tomte_store_value_max(&s, 1);
    CHECK(max >= 900 && max < sizeof bytes);
    CHECK_OK(tomte_store_put(&s, KEY("k"), TOMTE_SPAN(bytes, max)));
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_store_put(&s, KEY("k"), TOMTE_SPAN(bytes, max + 1)));
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_store_put(&s, KEY("k"), TOMTE_SPAN(bytes, 1u << 31)));
    teardown();
}

TEST(keys_are_walked_by_prefix)
{
    uint8_t key[TOMTE_STORE_KEY_MAX];
    uint32_t cursor = 0, count = 0;
    size_t len;
    setup(false);
    for (uint32_t i = 0; i < 20; i++) {
        uint8_t name[] = {'f', '/', (uint8_t)('a' + i)};
        name[0] = i < 7 ? 'f' : 'g';
        CHECK_OK(tomte_store_put(&s, TOMTE_SPAN_ARRAY(name), KEY("v")));
    }
    while (tomte_store_next(&s, KEY("f/"), &cursor, key, &len) == TOMTE_OK) {
        CHECK_EQ(3, len);
        CHECK(key[0] == 'f' && key[2] >= 'a' && key[2] < 'a' + 7);
        count++;
    }
    CHECK_EQ(7, count);
    cursor = 0;
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             tomte_store_next(&s, KEY("f/a/longer"), &cursor, key, &len));
    teardown();
}

/* ---- logs ------------------------------------------------------------- */

static void expect_next(struct tomte_store_cursor *c, uint64_t sequence,
                        struct tomte_span entry)
{
    uint8_t bytes[100];
    uint64_t n;
    size_t len;
    CHECK_OK(tomte_store_log_next(&s, c, TOMTE_BUF_ARRAY(bytes), &len, &n));
    CHECK_EQ(sequence, n);
    CHECK_BYTES(entry, TOMTE_SPAN(bytes, len));
}

TEST(logs_are_numbered_read_and_trimmed)
{
    struct tomte_store_cursor c;
    struct tomte_store_log_range range;
    uint8_t bytes[100];
    uint64_t n;
    uint32_t log, other;
    size_t len;
    setup(false);
    CHECK_OK(tomte_store_log_open(&s, KEY("log"), 1000, &log));
    CHECK_OK(tomte_store_log_open(&s, KEY("other"), 1000, &other));
    CHECK(log != other);
    CHECK_OK(tomte_store_log_append(&s, log, KEY("zero"), &n));
    CHECK_EQ(0, n);
    CHECK_OK(tomte_store_log_append(&s, other, KEY("else"), &n));
    CHECK_EQ(0, n);
    CHECK_OK(tomte_store_log_append(&s, log, KEY("one"), NULL));
    CHECK_OK(tomte_store_log_append(&s, log, KEY(""), &n));
    CHECK_EQ(2, n);
    CHECK_OK(tomte_store_log_seek(&s, log, 0, &c));
    expect_next(&c, 0, KEY("zero"));
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_store_log_next(&s, &c, TOMTE_BUF(bytes, 2), &len, &n));
    CHECK_EQ(3, len);
    expect_next(&c, 1, KEY("one"));
    expect_next(&c, 2, KEY(""));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             tomte_store_log_next(&s, &c, TOMTE_BUF_ARRAY(bytes), &len, &n));
    CHECK_OK(tomte_store_log_append(&s, log, KEY("three"), NULL));
    expect_next(&c, 3, KEY("three")); /* a cursor at the end goes on */

    CHECK_OK(tomte_store_log_seek(&s, log, 0, &c));
    CHECK_OK(tomte_store_log_trim(&s, log, 3));
    CHECK_OK(tomte_store_log_trim(&s, log, 1)); /* nothing more to drop */
    expect_next(&c, 3, KEY("three")); /* its place is gone: the first kept */
    CHECK_OK(tomte_store_log_trim(&s, log, 4));
    mount();
    CHECK_OK(tomte_store_log_open(&s, KEY("log"), 1000, &other));
    CHECK_EQ(log, other);
    CHECK_OK(tomte_store_log_range(&s, log, &range));
    CHECK_EQ(4, range.first);
    CHECK_EQ(4, range.next);
    CHECK_EQ(0, range.bytes);
    CHECK_OK(tomte_store_log_append(&s, log, KEY("four"), &n));
    CHECK_EQ(4, n);
    teardown();
}

TEST(a_removed_log_begins_anew)
{
    struct tomte_store_cursor c;
    uint64_t n;
    uint32_t log, again;
    setup(false);
    CHECK_OK(tomte_store_log_open(&s, KEY("log"), 1000, &log));
    for (int i = 0; i < 5; i++)
        CHECK_OK(tomte_store_log_append(&s, log, KEY("old"), &n));
    CHECK_OK(tomte_store_log_remove(&s, KEY("log")));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, tomte_store_log_remove(&s, KEY("log")));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             tomte_store_log_append(&s, log, KEY("x"), &n));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, tomte_store_log_seek(&s, log, 0, &c));
    mount();
    CHECK_OK(tomte_store_log_open(&s, KEY("log"), 1000, &again));
    CHECK(again != log);
    CHECK_OK(tomte_store_log_append(&s, again, KEY("new"), &n));
    CHECK_EQ(0, n);
    mount();
    CHECK_OK(tomte_store_log_seek(&s, again, 0, &c));
    expect_next(&c, 0, KEY("new"));
    teardown();
}

/* Entries that stay while others make laps: cleaning mixes their order. */
TEST(old_entries_are_read_in_order_after_many_laps)
{
    struct tomte_store_cursor c;
    struct tomte_disk_stats before, after;
    uint32_t log;
    setup(false);
    CHECK_OK(tomte_store_log_open(&s, KEY("log"), 100000, &log));
    for (uint32_t i = 0; i < 40; i++) {
        CHECK_OK(tomte_store_log_append(&s, log, model_bytes(i, 60), NULL));
        for (int k = 0; k < 60; k++)
            CHECK_OK(tomte_store_put(&s, KEY("busy"), model_bytes(1, 400)));
    }
    for (int i = 0; i < 2; i++) {
        CHECK_OK(tomte_store_log_seek(&s, log, 0, &c));
        for (uint32_t n = 0; n < 40; n++)
            expect_next(&c, n, model_bytes(n, 60));
        mount();
    }
    CHECK_OK(tomte_store_log_trim(&s, log, 39));
    CHECK_OK(tomte_store_log_seek(&s, log, 0, &c));
    tomte_disk_stats(disk, 0, 1, &before);
    expect_next(&c, 39, model_bytes(39, 60));
    tomte_disk_stats(disk, 0, 1, &after);
    CHECK(after.reads - before.reads < 6); /* it knows where that one is */
    teardown();
}

/* ---- blobs ------------------------------------------------------------ */

static void write_blob(struct tomte_span name, uint32_t tag, uint32_t len)
{
    struct tomte_store_writer w;
    CHECK_OK(tomte_store_blob_begin(&s, &w, name, len));
    struct tomte_span rest = model_bytes(tag, len);
    for (size_t n = 1; rest.len > 0; n = n * 2 + 1) {
        CHECK_OK(tomte_store_blob_write(&s, &w, tomte_span_slice(rest, 0, n)));
        rest = tomte_span_slice(rest, n, rest.len);
    }
    CHECK_OK(tomte_store_blob_commit(&s, &w));
    tomte_store_blob_abort(&s, &w); /* does nothing */
}

TEST(blobs_are_whole_or_not_there)
{
    struct tomte_store_blob_info info;
    struct tomte_store_writer w;
    struct tomte_span mapped;
    uint8_t bytes[300], key[TOMTE_STORE_KEY_MAX];
    uint32_t cursor = 0;
    size_t len;
    setup(false);
    write_blob(KEY("image"), 7, 8999);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(tomte_store_blob_find(&s, KEY("image"), &info));
        CHECK_EQ(8999, info.size);
        CHECK_OK(tomte_store_blob_check(&s, &info));
        CHECK_OK(
            tomte_store_blob_read(&s, &info, 4000, TOMTE_BUF_ARRAY(bytes)));
        CHECK_BYTES(tomte_span_slice(model_bytes(7, 8999), 4000, 300),
                    TOMTE_SPAN_ARRAY(bytes));
        CHECK_EQ(TOMTE_ERR_RANGE, tomte_store_blob_read(
                                      &s, &info, 8700, TOMTE_BUF_ARRAY(bytes)));
        CHECK_OK(tomte_store_blob_read(&s, &info, 8999, TOMTE_BUF(NULL, 0)));
        CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
                 tomte_store_blob_map(&s, &info, &mapped));
        mount();
    }
    CHECK_OK(tomte_store_blob_begin(&s, &w, KEY("image"), 100));
    CHECK_OK(tomte_store_blob_write(&s, &w, model_bytes(8, 100)));
    tomte_store_blob_abort(&s, &w);
    CHECK_OK(tomte_store_blob_find(&s, KEY("image"), &info));
    CHECK_OK(tomte_store_blob_check(&s, &info));
    CHECK_EQ(8999, info.size);
    write_blob(KEY("image"), 9, 40);
    CHECK_OK(tomte_store_blob_find(&s, KEY("image"), &info));
    CHECK_EQ(40, info.size);
    CHECK_OK(tomte_store_blob_next(&s, KEY("im"), &cursor, key, &len));
    CHECK_BYTES(KEY("image"), TOMTE_SPAN(key, len));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             tomte_store_blob_next(&s, KEY("im"), &cursor, key, &len));
    CHECK_OK(tomte_store_blob_remove(&s, KEY("image")));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             tomte_store_blob_find(&s, KEY("image"), &info));
    teardown();
}

TEST(blobs_are_read_in_place)
{
    struct tomte_store_blob_info info;
    struct tomte_span mapped;
    setup(true);
    write_blob(KEY("image"), 7, 8999);
    write_blob(KEY("empty"), 7, 0);
    CHECK_OK(tomte_store_blob_find(&s, KEY("image"), &info));
    CHECK_OK(tomte_store_blob_map(&s, &info, &mapped));
    CHECK_BYTES(model_bytes(7, 8999), mapped);
    CHECK_OK(tomte_store_blob_find(&s, KEY("empty"), &info));
    CHECK_OK(tomte_store_blob_check(&s, &info));
    CHECK_EQ(0, info.size);
    teardown();
}

/* ---- sync and clean --------------------------------------------------- */

TEST(sync_costs_nothing_when_nothing_was_written)
{
    struct tomte_disk_stats stats;
    setup(false);
    CHECK_OK(tomte_store_put(&s, KEY("a"), KEY("1")));
    tomte_disk_stats(disk, 0, 1, &stats);
    uint64_t syncs = stats.syncs;
    for (int i = 0; i < 5; i++)
        CHECK_OK(tomte_store_sync(&s));
    tomte_disk_stats(disk, 0, 1, &stats);
    CHECK_EQ(syncs + 1, stats.syncs);
    teardown();
}

TEST(a_small_put_is_one_program_and_its_sync)
{
    struct tomte_disk_stats before, after;
    setup(false);
    CHECK_OK(tomte_store_sync(&s));
    tomte_disk_stats(disk, 0, 1, &before);
    CHECK_OK(tomte_store_put(&s, KEY("fence"), KEY("0123456789")));
    CHECK_OK(tomte_store_sync(&s));
    tomte_disk_stats(disk, 0, 1, &after);
    CHECK_EQ(2, after.operations - before.operations);
    CHECK_EQ(48, after.programmed_bytes - before.programmed_bytes);
    teardown();
}

/* What idle time did, a put need not wait for. */
TEST(cleaning_ahead_spares_the_erase)
{
    struct tomte_disk_stats before, after;
    setup(false);
    for (int i = 0; i < 400; i++) {
        CHECK_OK(tomte_store_put(&s, KEY("a"), model_bytes(1, 300)));
        CHECK_OK(tomte_store_clean(&s, 20000));
        CHECK_OK(tomte_store_sync(&s));
        tomte_disk_stats(disk, 0, 1, &before);
        CHECK_OK(tomte_store_put(&s, KEY("b"), model_bytes(2, 300)));
        tomte_disk_stats(disk, 0, 1, &after);
        CHECK_EQ(before.erases, after.erases);
    }
    teardown();
}
