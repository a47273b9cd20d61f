/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the size of an event, appended one by one, each on the disk before
 * the next: what `sync` costs.
 *
 * Peers: SQLite in WAL mode with synchronous=FULL, one INSERT a transaction,
 * and the least that any file can do, write and fdatasync. All three wait for
 * the same disk, so its own speed cancels out of the ratios; the figures
 * themselves say as much about the disk as about anybody. SQLite also keeps a
 * tree that can be queried; ours also cleans up as it goes.
 *
 * Many in one go with one sync, per second of the processor, show what the two
 * cost themselves. */
#include "bench.h"

#include "linux/block_file.h"
#include "store/store.h"

#include <fcntl.h>
#include <unistd.h>

#ifdef HAVE_PEER
#include <sqlite3.h>
#endif

#define RUNS    5
#define RECORDS 100   /* in a run, synced one by one */
#define BATCH   20000 /* in a run, synced once */
#define BYTES   96
#define SECTORS 64
#define KEEP    (1u << 20) /* bytes that the log holds */

static uint8_t record[BYTES];
static unsigned next; /* makes each record another */

static void fill(void)
{
    next++;
    for (size_t i = 0; i < sizeof record; i++)
        record[i] = (uint8_t)(next * 31 + i);
}

static double per_second(unsigned records, double start_ns)
{
    return records / ((bench_now_ns() - start_ns) / 1e9);
}

static double per_cpu_second(double start_ns)
{
    return BATCH / ((bench_cpu_ns() - start_ns) / 1e9);
}

/* ---- ours -------------------------------------------------------------- */

static struct tomte_block_file file;
static struct tomte_store store;
static uint32_t log_handle;

static void ours_open(void)
{
    static uint8_t memory[1 << 16];
    struct tomte_arena arena;
    struct tomte_store_report report;
    struct tomte_store_config config = {
        .arena = &arena, .records_max = 16, .logs_max = 4, .blobs_max = 4};
    tomte_arena_init(&arena, memory, sizeof memory);
    BENCH_CHECK(tomte_block_file_open(&file, bench_file("store"), SECTORS,
                                      SECTORS) == TOMTE_OK);
    config.block = tomte_block_file_block(&file);
    BENCH_CHECK(tomte_store_format(&config.block, SECTORS) == TOMTE_OK);
    BENCH_CHECK(tomte_store_mount(&store, &config, &report) == TOMTE_OK);
    BENCH_CHECK(tomte_store_log_open(&store, TOMTE_SPAN_LIT("events"), KEEP,
                                     &log_handle) == TOMTE_OK);
}

/* Makes room as a container's history does: after a checkpoint, all at once. */
static void ours_append(void)
{
    uint64_t sequence;
    fill();
    enum tomte_err err = tomte_store_log_append(
        &store, log_handle, TOMTE_SPAN_ARRAY(record), &sequence);
    if (err == TOMTE_ERR_FULL) {
        struct tomte_store_log_range r;
        BENCH_CHECK(tomte_store_log_range(&store, log_handle, &r) == TOMTE_OK);
        BENCH_CHECK(tomte_store_log_trim(&store, log_handle, r.next) ==
                    TOMTE_OK);
        err = tomte_store_log_append(&store, log_handle,
                                     TOMTE_SPAN_ARRAY(record), &sequence);
    }
    BENCH_CHECK(err == TOMTE_OK);
}

static double ours_synced(void)
{
    double start = bench_now_ns();
    for (int i = 0; i < RECORDS; i++) {
        ours_append();
        BENCH_CHECK(tomte_store_sync(&store) == TOMTE_OK);
    }
    return per_second(RECORDS, start);
}

static double ours_batch(void)
{
    double start = bench_cpu_ns();
    for (int i = 0; i < BATCH; i++)
        ours_append();
    BENCH_CHECK(tomte_store_sync(&store) == TOMTE_OK);
    return per_cpu_second(start);
}

/* ---- a plain file ------------------------------------------------------ */

static int plain;

static double plain_synced(void)
{
    double start = bench_now_ns();
    for (int i = 0; i < RECORDS; i++) {
        fill();
        BENCH_CHECK(write(plain, record, sizeof record) == sizeof record);
        BENCH_CHECK(fdatasync(plain) == 0);
    }
    return per_second(RECORDS, start);
}

/* ---- SQLite ------------------------------------------------------------ */

#ifdef HAVE_PEER
static const char *const peer = "SQLite WAL";
static sqlite3 *db;
static sqlite3_stmt *insert;

static void run_sql(const char *text)
{
    BENCH_CHECK(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK);
}

static void peer_open(void)
{
    BENCH_CHECK(sqlite3_open(bench_file("sqlite"), &db) == SQLITE_OK);
    run_sql("PRAGMA journal_mode=WAL");
    run_sql("PRAGMA synchronous=FULL");
    run_sql("CREATE TABLE log (sequence INTEGER PRIMARY KEY, entry BLOB)");
    BENCH_CHECK(sqlite3_prepare_v2(db, "INSERT INTO log (entry) VALUES (?)", -1,
                                   &insert, NULL) == SQLITE_OK);
}

static void peer_append(void)
{
    fill();
    BENCH_CHECK(sqlite3_bind_blob(insert, 1, record, sizeof record,
                                  SQLITE_STATIC) == SQLITE_OK);
    BENCH_CHECK(sqlite3_step(insert) == SQLITE_DONE);
    BENCH_CHECK(sqlite3_reset(insert) == SQLITE_OK);
}

static double peer_synced(void)
{
    double start = bench_now_ns();
    for (int i = 0; i < RECORDS; i++)
        peer_append();
    return per_second(RECORDS, start);
}

static double peer_batch(void)
{
    double start = bench_cpu_ns();
    run_sql("BEGIN");
    for (int i = 0; i < BATCH; i++)
        peer_append();
    run_sql("COMMIT");
    return per_cpu_second(start);
}

static void peer_close(void)
{
    sqlite3_finalize(insert);
    BENCH_CHECK(sqlite3_close(db) == SQLITE_OK);
}
#else
static const char *const peer = NULL;
#define peer_open()
#define peer_close()
#define peer_synced NULL
#define peer_batch  NULL
#endif

int main(void)
{
    ours_open();
    peer_open();
    plain = open(bench_file("plain"), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC,
                 0600);
    BENCH_CHECK(plain >= 0);
    bench_runs("store/append_synced", "records/s", RUNS, ours_synced, peer,
               peer_synced);
    bench_runs("store/append_synced_file", "records/s", RUNS, ours_synced,
               "write+fdatasync", plain_synced);
    bench_runs("store/append_batch", "records/s", RUNS, ours_batch, peer,
               peer_batch);
    peer_close();
    close(plain);
    tomte_block_file_close(&file);
    return 0;
}
