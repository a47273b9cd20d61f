/* SPDX-License-Identifier: Apache-2.0 */
/* Traps, restarts, take-overs. */
#include "test.h"

#include "cbor/senml.h"
#include "unit/container/make.h"
#include "unit/container/rig.h"

static struct rig_store on;
static struct rig_store other;
static struct rig r;
static struct rig taker;

enum {
    IN,
    COUNT,
};

static void with(const char *module, unsigned durability)
{
    struct tomte_manifest m = make_manifest("x");
    make_port(&m, "in", TOMTE_PORT_IN, TOMTE_PORT_EVENT);
    make_port(&m, "count", TOMTE_PORT_OUT, TOMTE_PORT_STATE);
    m.durability = (uint8_t)durability;
    if (on.disk != NULL)
        rig_store_free(&on);
    rig_store_new(&on, 5);
    rig_image(&r, &m, rig_module(module));
    rig_start(&r, &on);
}

static void started(const char *module)
{
    with(module, TOMTE_DURABILITY_ASYNC);
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_START, 0, ""));
}

static enum tomte_run send(const char *payload)
{
    return rig_send(&r, TOMTE_EVENT_MESSAGE, IN, payload);
}

static void reason_is(const char *prefix)
{
    CHECK_BYTES(
        tomte_span_str(prefix),
        tomte_span_slice(tomte_span_str(r.c.reason), 0, strlen(prefix)));
}

/* ---- traps ------------------------------------------------------------- */

static void leaves_no_trace(const char *module, const char *payload,
                            const char *reason)
{
    started(module);
    send("a");
    rig_checkpoint(&r);
    send("b");
    struct rig_digest before = rig_digest(&r);
    uint64_t sequence = r.c.sequence;
    CHECK_EQ(TOMTE_RUN_TRAPPED, send(payload));
    CHECK(rig_digest_equal(before, rig_digest(&r)));
    CHECK_EQ(TOMTE_CONTAINER_READY, r.c.state);
    CHECK_EQ(sequence + 1, r.c.sequence); /* it is consumed */
    CHECK_EQ(sequence + 1, tomte_history_held(&r.history));
    reason_is(reason);
    CHECK_EQ(1, tomte_container_dead_letters(&r.c));
    const struct tomte_dead_letter *letter =
        tomte_container_dead_letter(&r.c, 0);
    CHECK_EQ(sequence + 1, letter->sequence);
    CHECK_EQ(TOMTE_EVENT_MESSAGE, letter->kind);
    CHECK_EQ(IN, letter->port);
    CHECK_BYTES(tomte_span_str(r.c.reason), tomte_span_str(letter->reason));
    CHECK_EQ(TOMTE_RUN_DONE, send("c"));
}

TEST(recover_trap_leaves_no_trace)
{
    leaves_no_trace("trapper", "trap", "unreachable in burst at 0x");
    leaves_no_trace("mixer", "trap", "unreachable in stir_event at 0x");
    leaves_no_trace("loop", "trap", "unreachable in stir_event at 0x");
}

TEST(recover_end_of_fuel_leaves_no_trace)
{
    leaves_no_trace("spinner", "spin", "all fuel used (100000) in spin at 0x");
}

TEST(recover_end_of_stack_leaves_no_trace)
{
    leaves_no_trace("trapper", "stack", "");
    CHECK(strstr(r.c.reason, " in dig at 0x") != NULL);
}

TEST(recover_event_given_up_half_way)
{
    started("spinner");
    struct rig_digest before = rig_digest(&r);
    struct tomte_event event = {.kind = TOMTE_EVENT_MESSAGE,
                                .port = IN,
                                .payload = TOMTE_SPAN_LIT("spin")};
    CHECK_OK(tomte_container_begin(&r.c, r.now_ms, &event));
    CHECK_EQ(TOMTE_RUN_MORE, tomte_container_run(&r.c, 100));
    CHECK_OK(tomte_container_undo(&r.c, r.now_ms, "too slow"));
    rig_replay(&r);
    CHECK(rig_digest_equal(before, rig_digest(&r)));
    CHECK_BYTES(TOMTE_SPAN_LIT("too slow"),
                tomte_span_str(tomte_container_dead_letter(&r.c, 0)->reason));
}

/* A restart finds the trap in the log and does not run into it again. */
TEST(recover_passes_over_a_trap)
{
    started("trapper");
    send("a");
    send("trap");
    send("b");
    struct rig_digest before = rig_digest(&r);
    CHECK_EQ(4, rig_recover(&r, &on, 1, 0));
    CHECK(rig_digest_equal(before, rig_digest(&r)));
    CHECK_EQ(1, tomte_container_dead_letters(&r.c));
    CHECK_EQ(3, tomte_container_dead_letter(&r.c, 0)->sequence);
}

TEST(recover_dead_letters_are_the_last_ones)
{
    started("trapper");
    for (int i = 0; i < TOMTE_DEAD_LETTERS + 3; i++) {
        r.now_ms += 20000; /* no quarantine */
        send("trap");
    }
    CHECK_EQ(TOMTE_DEAD_LETTERS, tomte_container_dead_letters(&r.c));
    CHECK_EQ(5, tomte_container_dead_letter(&r.c, 0)->sequence);
    CHECK_EQ(12, tomte_container_dead_letter(&r.c, 7)->sequence);
}

TEST(recover_start_that_traps_is_tried_again)
{
    with("trapper", TOMTE_DURABILITY_ASYNC);
    struct tomte_event start = {.kind = TOMTE_EVENT_START};
    CHECK_OK(tomte_container_begin(&r.c, r.now_ms, &start));
    CHECK_OK(tomte_container_undo(&r.c, r.now_ms, "as if"));
    rig_replay(&r);
    CHECK(tomte_container_needs_start(&r.c));
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_START, 0, ""));
    CHECK_EQ(2, r.c.sequence);
    CHECK_EQ(TOMTE_RUN_DONE, send(""));
}

/* A timer whose event trapped has not fired: it comes again. */
TEST(recover_timer_that_traps_fires_again)
{
    started("trapper");
    send("timer"); /* the count is 1: its event will trap */
    r.now_ms += 100;
    CHECK_EQ(3, tomte_container_due(&r.c, r.now_ms));
    CHECK_EQ(TOMTE_RUN_TRAPPED, rig_send(&r, TOMTE_EVENT_TIMER, 3, ""));
    CHECK_EQ(-1, tomte_container_due(&r.c, r.now_ms));
    CHECK_EQ(r.now_ms + TOMTE_TIMER_RETRY_MS,
             tomte_container_deadline_ms(&r.c));
    rig_recover(&r, &on, 1, 0); /* the retry is in the history as well */
    r.now_ms += TOMTE_TIMER_RETRY_MS;
    CHECK_EQ(3, tomte_container_due(&r.c, r.now_ms));
    send("a"); /* now the count is 2 */
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_TIMER, 3, ""));
    CHECK_EQ(-1, tomte_container_due(&r.c, UINT32_MAX));
}

TEST(recover_quarantine_backs_off)
{
    started("trapper");
    uint32_t expected = TOMTE_QUARANTINE_MIN_MS;
    for (int round = 0; round < 9; round++) {
        for (int i = 0; i < TOMTE_TRAPS_MAX; i++) {
            CHECK_EQ(TOMTE_CONTAINER_READY, r.c.state);
            r.now_ms += 10;
            send("trap");
            if (tomte_container_wants_checkpoint(&r.c, r.now_ms))
                rig_checkpoint(&r);
        }
        CHECK_EQ(TOMTE_CONTAINER_QUARANTINED, r.c.state);
        CHECK_EQ(r.now_ms + expected, tomte_container_deadline_ms(&r.c));
        struct tomte_event event = {.kind = TOMTE_EVENT_MESSAGE, .port = IN};
        CHECK_EQ(TOMTE_ERR_STATE,
                 tomte_container_begin(&r.c, r.now_ms, &event));
        tomte_container_release(&r.c, r.now_ms + expected - 1);
        CHECK_EQ(TOMTE_CONTAINER_QUARANTINED, r.c.state);
        r.now_ms += expected;
        tomte_container_release(&r.c, r.now_ms);
        expected = expected * 2 < TOMTE_QUARANTINE_MAX_MS
                       ? expected * 2
                       : TOMTE_QUARANTINE_MAX_MS;
        if (tomte_container_wants_checkpoint(&r.c, r.now_ms))
            rig_checkpoint(&r);
    }
    CHECK_EQ(TOMTE_QUARANTINE_MAX_MS, expected);
    r.now_ms += TOMTE_QUARANTINE_MAX_MS + TOMTE_QUARANTINE_RESET_MS + 1;
    for (int i = 0; i < TOMTE_TRAPS_MAX; i++)
        send("trap");
    CHECK_EQ(r.now_ms + TOMTE_QUARANTINE_MIN_MS,
             tomte_container_deadline_ms(&r.c));
}

TEST(recover_three_traps_far_apart_are_no_quarantine)
{
    started("trapper");
    for (int i = 0; i < 10; i++) {
        send("trap");
        CHECK_EQ(TOMTE_CONTAINER_READY, r.c.state);
        r.now_ms += TOMTE_TRAPS_WINDOW_MS / 2 + 1;
    }
}

/* ---- restarts ---------------------------------------------------------- */

TEST(recover_after_a_power_cut_is_as_before)
{
    started("counter");
    for (int i = 0; i < 5; i++)
        send("");
    struct rig_digest before = rig_digest(&r);
    rig_store_crash(&on);
    CHECK_EQ(6, rig_recover(&r, &on, 1, 0));
    CHECK(rig_digest_equal(before, rig_digest(&r)));
    CHECK_EQ(6, r.c.sequence);
    CHECK(!tomte_container_wants_checkpoint(&r.c, r.now_ms));
    CHECK_EQ(TOMTE_RUN_DONE, send(""));
}

/* The outputs of a replay are those of the first time, for the outboxes. */
TEST(recover_hands_out_outputs_again)
{
    started("counter");
    send("");
    uint8_t first[64];
    struct tomte_span out = rig_output(&r, 0);
    memcpy(first, out.data, out.len);
    CHECK_OK(rig_load(&r, &on, 1));
    CHECK_OK(tomte_container_recover(&r.c, r.now_ms, 0));
    enum tomte_run run;
    unsigned seen = 0;
    while ((run = tomte_container_replay(&r.c, 50)) != TOMTE_RUN_RECOVERED) {
        CHECK(run == TOMTE_RUN_MORE || run == TOMTE_RUN_REPLAYED);
        if (run == TOMTE_RUN_REPLAYED &&
            tomte_container_record(&r.c)->sequence == 2) {
            CHECK_BYTES(TOMTE_SPAN(first, out.len), rig_output(&r, 0));
            CHECK_BYTES(TOMTE_SPAN_LIT(""), tomte_container_log(&r.c));
            seen++;
        }
    }
    CHECK_EQ(1, seen);
}

TEST(recover_with_durability_none_goes_back_to_the_checkpoint)
{
    with("counter", TOMTE_DURABILITY_NONE);
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_START, 0, ""));
    send("");
    rig_checkpoint(&r);
    struct rig_digest before = rig_digest(&r);
    send("");
    CHECK_EQ(3, tomte_history_held(&r.history));
    rig_store_crash(&on);
    CHECK_EQ(0, rig_recover(&r, &on, 1, 0));
    CHECK(rig_digest_equal(before, rig_digest(&r)));
    CHECK_EQ(2, r.c.sequence);
}

TEST(recover_with_durability_none_still_undoes_traps)
{
    with("trapper", TOMTE_DURABILITY_NONE);
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_START, 0, ""));
    send("a");
    struct rig_digest before = rig_digest(&r);
    CHECK_EQ(TOMTE_RUN_TRAPPED, send("trap"));
    CHECK(rig_digest_equal(before, rig_digest(&r)));
}

/* ---- what cannot be recovered ------------------------------------------ */

TEST(recover_needs_a_checkpoint_of_this_image)
{
    started("counter");
    struct tomte_manifest m = make_manifest("x");
    rig_image(&r, &m, rig_module("spinner"));
    CHECK_OK(rig_load(&r, &on, 1));
    CHECK_EQ(TOMTE_ERR_EXISTS, tomte_container_start(&r.c, r.now_ms));
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_container_recover(&r.c, r.now_ms, 0));
    CHECK_EQ(TOMTE_CONTAINER_FAILED, r.c.state);
    reason_is("cannot restore the checkpoint: not granted");
}

TEST(recover_without_any_history)
{
    started("counter");
    CHECK_OK(tomte_history_remove(&r.history));
    CHECK_OK(rig_load(&r, &on, 1));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, tomte_container_recover(&r.c, r.now_ms, 0));
}

/* The record of an event that went another way: appended in place of the one
 * that ran, with another payload, another digest, another get. */
static void diverges(const struct tomte_record *forged, const char *reason)
{
    uint8_t bytes[TOMTE_RECORD_BYTES];
    struct tomte_span out;
    CHECK_OK(tomte_record_encode(forged, TOMTE_BUF_ARRAY(bytes), &out));
    CHECK_OK(tomte_history_append(&r.history, out));
    CHECK_OK(rig_load(&r, &on, 1));
    CHECK_OK(tomte_container_recover(&r.c, r.now_ms, 0));
    enum tomte_run run;
    do {
        run = tomte_container_replay(&r.c, RIG_FUEL);
    } while (run == TOMTE_RUN_MORE || run == TOMTE_RUN_REPLAYED);
    CHECK_EQ(TOMTE_RUN_FAILED, run);
    CHECK_EQ(TOMTE_CONTAINER_FAILED, r.c.state);
    CHECK_BYTES(tomte_span_str(reason), tomte_span_str(r.c.reason));
}

TEST(recover_says_which_event_diverged)
{
    started("trapper");
    struct tomte_record forged = *tomte_container_record(&r.c);
    forged.sequence = 2;
    forged.kind = TOMTE_EVENT_MESSAGE;
    diverges(&forged, "event 2: came out differently when it was replayed");
    started("trapper");
    forged.payload = TOMTE_SPAN_LIT("trap");
    diverges(&forged, "event 2: trapped when it was replayed");
    started("trapper");
    send("");
    forged = *tomte_container_record(&r.c);
    forged.sequence = 3;
    forged.time_ms = 0;
    r.now_ms += 10;
    send("");
    forged.sequence = 4;
    diverges(&forged, "event 4: the record does not fit the one before");
}

/* ---- take-over --------------------------------------------------------- */

static struct tomte_history standby;

static void open_standby(void)
{
    struct tomte_history_config config = {.store = &other.store,
                                          .identity = make_name("it"),
                                          .log_bytes_max =
                                              r.history.log_bytes_max};
    CHECK_OK(tomte_history_open(&standby, &config));
}

/* What nodes do over the network: checkpoint in blocks, records in order. */
static void ship_checkpoint(void)
{
    uint8_t block[64];
    struct tomte_span piece;
    uint32_t size = tomte_history_checkpoint_size(&r.history);
    CHECK_OK(tomte_history_checkpoint_begin(&standby, size));
    for (uint32_t at = 0; at < size; at += sizeof(block)) {
        CHECK_OK(tomte_history_checkpoint_read(&r.history, at,
                                               TOMTE_BUF_ARRAY(block), &piece));
        CHECK_OK(tomte_history_checkpoint_write(&standby, piece));
    }
    CHECK_OK(tomte_history_checkpoint_commit(&standby));
}

static void ship_records(void)
{
    uint8_t bytes[TOMTE_RECORD_BYTES];
    struct tomte_span record;
    struct tomte_history_cursor cursor;
    enum tomte_err err =
        tomte_history_seek(&r.history, tomte_history_held(&standby), &cursor);
    while (err == TOMTE_OK) {
        err = tomte_history_next(&r.history, &cursor, TOMTE_BUF_ARRAY(bytes),
                                 &record);
        if (err == TOMTE_OK)
            CHECK_OK(tomte_history_append(&standby, record));
    }
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, err);
    CHECK_OK(tomte_store_sync(&other.store));
}

static void a_standby(void)
{
    if (other.disk != NULL)
        rig_store_free(&other);
    rig_store_new(&other, 6);
    open_standby();
    ship_checkpoint();
    ship_records();
}

TEST(recover_on_another_node)
{
    started("trapper");
    a_standby();
    send("a");
    send("trap");
    r.now_ms += 400;
    send("timer");
    ship_records();
    struct rig_digest before = rig_digest(&r);

    /* the owner dies; its standby was started at another time */
    taker = r;
    taker.now_ms = 77;
    CHECK_EQ(4, rig_recover(&taker, &other, 2, 5000));
    CHECK(rig_digest_equal(before, rig_digest(&taker)));
    CHECK_EQ(5400, tomte_container_time_ms(&taker.c, 77));
    CHECK(tomte_container_wants_checkpoint(&taker.c, 77));
    struct tomte_event event = {.kind = TOMTE_EVENT_MESSAGE, .port = IN};
    CHECK_EQ(TOMTE_ERR_STATE, tomte_container_begin(&taker.c, 77, &event));
    rig_checkpoint(&taker);
    CHECK_EQ(2, tomte_history_epoch(&taker.history));
    /* the timer is overdue and fires once */
    CHECK_EQ(3, tomte_container_due(&taker.c, 77));
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&taker, TOMTE_EVENT_TIMER, 3, ""));
    CHECK_EQ(-1, tomte_container_due(&taker.c, UINT32_MAX));
    CHECK_EQ(5, taker.c.sequence);

    /* the old owner's records are of no use to the new one's standby */
    open_standby();
    CHECK_EQ(TOMTE_OK,
             rig_send(&r, TOMTE_EVENT_MESSAGE, IN, "late") == TOMTE_RUN_DONE
                 ? TOMTE_OK
                 : TOMTE_ERR_TRAP);
    CHECK_EQ(
        TOMTE_ERR_STALE,
        tomte_history_append(&standby, tomte_container_record_bytes(&r.c)));
}

/* Time in the container goes on with what is known to have passed. */
TEST(recover_overdue_timer_before_the_nodes_time_began)
{
    started("trapper");
    send("");
    send("timer");
    a_standby();
    taker = r;
    taker.now_ms = 0;
    rig_recover(&taker, &other, 2, 1000000);
    CHECK_EQ(0, tomte_container_deadline_ms(&taker.c));
    CHECK_EQ(3, tomte_container_due(&taker.c, 0));
}
