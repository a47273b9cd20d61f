/* SPDX-License-Identifier: Apache-2.0 */
/* What it costs that a thermostat is a container.
 *
 *   event       one tick of its timer: two values read, three put, recorded in
 *               the history, checkpoints included as they come due; on a file,
 *               not synced (store/append_synced is what a sync costs). The peer
 *               is the same source compiled for this machine, on a host that
 *               copies values and keeps no history.
 *   checkpoint  its whole state to the store, one sync of the disk included
 *   recover     from a checkpoint, with the image loaded, without events
 *   replay      each event since the checkpoint, once more: with `recover` this
 *               is the computer's share of a fail-over
 */
#include "bench.h"
#include "native.h"

#include "container/container.h"
#include "crypto/bearssl.h"
#include "crypto/crypto.h"
#include "linux/block_file.h"
#include "wasm/wasm.h"

#include <string.h>

#define RUNS    7
#define SECTORS 64
#define SLICE   100000u /* of fuel: enough for an event */
#define EVENTS  500     /* in the log that is replayed */

/* 20.5 degrees and 12 o'clock, in SenML. */
static const uint8_t celsius[] = {0x81, 0xa1, 0x02, 0xf9, 0x4d, 0x20};
static const uint8_t hour[] = {0x81, 0xa1, 0x02, 0x0c};

static struct tomte_block_file file;
static struct tomte_store store;
static struct tomte_history history;
static struct tomte_container container;
static struct tomte_span image;
static uint64_t now_ms = 1000;
static uint64_t replayed;

static int32_t get_state(void *ctx, unsigned port, struct tomte_buf out)
{
    struct tomte_span value = native_state[port];
    (void)ctx;
    BENCH_CHECK(value.len != 0 && value.len <= out.cap);
    memcpy(out.data, value.data, value.len);
    return (int32_t)value.len;
}

static void open_store(void)
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
    BENCH_CHECK(tomte_store_format(&config.block, SECTORS / 2) == TOMTE_OK);
    BENCH_CHECK(tomte_store_mount(&store, &config, &report) == TOMTE_OK);
}

static void read_image(void)
{
    static uint8_t bytes[1 << 16];
    FILE *f = fopen(THERMOSTAT_IMAGE, "rb");
    BENCH_CHECK(f != NULL);
    image = TOMTE_SPAN(bytes, fread(bytes, 1, sizeof bytes, f));
    fclose(f);
}

/* LOADED, from nothing or with a history. */
static void load(void)
{
    static uint8_t memory[1 << 18], scratch_memory[1 << 18];
    static struct tomte_arena arena, scratch;
    struct tomte_history_config hc = {.store = &store,
                                      .log_bytes_max = 256 * 1024};
    BENCH_CHECK(tomte_name_parse(TOMTE_SPAN_LIT("thermostat"), &hc.identity) ==
                TOMTE_OK);
    tomte_arena_init(&arena, memory, sizeof memory);
    tomte_arena_init(&scratch, scratch_memory, sizeof scratch_memory);
    BENCH_CHECK(tomte_history_open(&history, &hc) == TOMTE_OK);
    struct tomte_container_config c = {.identity = hc.identity,
                                       .epoch = 1,
                                       .crypto = &tomte_crypto_bearssl,
                                       .wasm_limits = &tomte_wasm_limits_hub,
                                       .arena = &arena,
                                       .scratch = &scratch,
                                       .history = &history,
                                       .get_state = get_state};
    tomte_container_init(&container, &c);
    BENCH_CHECK(tomte_container_load(&container, image) == TOMTE_OK);
}

static void checkpoint(void)
{
    BENCH_CHECK(tomte_container_checkpoint(&container, now_ms,
                                           TOMTE_SPAN_NONE) == TOMTE_OK);
}

static void event(enum tomte_event_kind kind)
{
    struct tomte_event e = {.kind = kind, .unix_hi_ms = UINT64_MAX};
    now_ms++; /* a checkpoint is due when the log fills, none by age */
    if (tomte_container_wants_checkpoint(&container, now_ms))
        checkpoint();
    BENCH_CHECK(tomte_container_begin(&container, now_ms, &e) == TOMTE_OK);
    BENCH_CHECK(tomte_container_run(&container, SLICE) == TOMTE_RUN_DONE);
    BENCH_CHECK(tomte_container_commit(&container) == TOMTE_OK);
}

static void tick(void)
{
    event(TOMTE_EVENT_TIMER);
    BENCH_CHECK(tomte_container_outputs(&container) >= 3);
}

static void peer_tick(void)
{
    native_tick(0);
}

/* The container does what the native code does: after as many ticks from the
 * start the last value put is the same. */
static void check_alike(void)
{
    native_start();
    event(TOMTE_EVENT_START);
    for (int i = 0; i < 100; i++) {
        native_tick(0);
        tick();
        struct tomte_output o = tomte_container_output(
            &container, tomte_container_outputs(&container) - 1);
        BENCH_CHECK(o.payload.len == native_last_len &&
                    memcmp(o.payload.data, native_last, native_last_len) == 0);
    }
}

/* ---- fail-over --------------------------------------------------------- */

static void recover(void)
{
    load();
    BENCH_CHECK(tomte_container_recover(&container, now_ms, 0) == TOMTE_OK);
}

static double run_checkpoint(void)
{
    double start = bench_now_ns();
    checkpoint();
    return (bench_now_ns() - start) / 1e6;
}

static double run_recover(void)
{
    double start = bench_cpu_ns();
    recover();
    return (bench_cpu_ns() - start) / 1e3;
}

static double run_replay(void)
{
    enum tomte_run run;
    recover();
    double start = bench_cpu_ns();
    for (replayed = 0; (run = tomte_container_replay(&container, SLICE)) !=
                       TOMTE_RUN_RECOVERED;
         replayed += run == TOMTE_RUN_REPLAYED)
        BENCH_CHECK(run != TOMTE_RUN_FAILED);
    BENCH_CHECK(replayed == EVENTS);
    return (bench_cpu_ns() - start) / EVENTS / 1e3;
}

static void failover(void)
{
    checkpoint();
    for (int i = 0; i < EVENTS; i++)
        tick();
    bench_runs("container/recover", "us", RUNS, run_recover, NULL, NULL);
    bench_runs("container/replay", "us/event", RUNS, run_replay, NULL, NULL);
}

int main(void)
{
    native_state[0] = TOMTE_SPAN_ARRAY(celsius);
    native_state[1] = TOMTE_SPAN_ARRAY(hour);
    open_store();
    read_image();
    load();
    BENCH_CHECK(tomte_container_start(&container, now_ms) == TOMTE_OK);
    checkpoint();
    check_alike();
    bench_time("container/event", tick, "native, no host", peer_tick);
    bench_runs("container/checkpoint", "ms", RUNS, run_checkpoint, NULL, NULL);
    failover();
    tomte_block_file_close(&file);
    return 0;
}
