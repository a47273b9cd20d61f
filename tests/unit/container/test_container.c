/* SPDX-License-Identifier: Apache-2.0 */
/* One container on one node: events, ports, timers, checkpoints. */
#include "test.h"

#include "cbor/senml.h"
#include "unit/container/make.h"
#include "unit/container/rig.h"
#include "wasm/wasm.h"

static struct rig_store on;
static struct rig r;

/* The ports that tests/containers use. */
enum {
    IN,
    COUNT,
    TEMP,
    OUT,
    STATE,
    RESULT,
};

static struct tomte_manifest a_manifest(void)
{
    struct tomte_manifest m = make_manifest("x");
    make_port(&m, "in", TOMTE_PORT_IN, TOMTE_PORT_EVENT);
    make_port(&m, "count", TOMTE_PORT_OUT, TOMTE_PORT_STATE);
    make_port(&m, "temp", TOMTE_PORT_IN, TOMTE_PORT_STATE);
    make_port(&m, "out", TOMTE_PORT_OUT, TOMTE_PORT_EVENT);
    make_port(&m, "state", TOMTE_PORT_OUT, TOMTE_PORT_STATE);
    make_port(&m, "result", TOMTE_PORT_OUT, TOMTE_PORT_EVENT);
    return m;
}

static void with(const char *module, const struct tomte_manifest *m)
{
    if (on.disk != NULL)
        rig_store_free(&on);
    rig_store_new(&on, 5);
    rig_image(&r, m, rig_module(module));
    rig_start(&r, &on);
}

static void started(const char *module)
{
    struct tomte_manifest m = a_manifest();
    with(module, &m);
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_START, 0, ""));
}

static double output_number(size_t i)
{
    struct tomte_senml senml;
    double v;
    CHECK_OK(tomte_senml_decode(rig_output(&r, i), 0, &senml));
    CHECK_OK(tomte_senml_number(&senml.value, &v));
    return v;
}

TEST(container_counts)
{
    struct tomte_manifest m = a_manifest();
    with("counter", &m);
    CHECK(tomte_container_needs_start(&r.c));
    struct tomte_event early = {.kind = TOMTE_EVENT_MESSAGE, .port = IN};
    CHECK_EQ(TOMTE_ERR_STATE, tomte_container_begin(&r.c, r.now_ms, &early));
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_START, 0, ""));
    CHECK_BYTES(TOMTE_SPAN_LIT("counting\n"), tomte_container_log(&r.c));
    CHECK(!tomte_container_needs_start(&r.c));
    struct tomte_event again = {.kind = TOMTE_EVENT_START};
    CHECK_EQ(TOMTE_ERR_STATE, tomte_container_begin(&r.c, r.now_ms, &again));
    for (int i = 1; i <= 3; i++) {
        CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_MESSAGE, IN, ""));
        CHECK_EQ(1, tomte_container_outputs(&r.c));
        CHECK_EQ(COUNT, tomte_container_output(&r.c, 0).port);
        CHECK_EQ(i, output_number(0));
        CHECK_EQ(i + 1, tomte_container_record(&r.c)->sequence);
    }
    CHECK_EQ(4, tomte_history_held(&r.history));
    CHECK_BYTES(TOMTE_SPAN_LIT(""), tomte_container_log(&r.c));
}

static double after(double step)
{
    uint8_t bytes[64];
    struct tomte_span pack;
    struct tomte_senml senml = {.value = tomte_senml_double(step)};
    CHECK_OK(tomte_senml_encode(&senml, TOMTE_BUF_ARRAY(bytes), &pack));
    struct tomte_event event = {
        .kind = TOMTE_EVENT_MESSAGE, .port = IN, .payload = pack};
    CHECK_EQ(TOMTE_RUN_DONE, rig_event(&r, &event));
    return output_number(0);
}

/* Numbers pass through the SDK and back; decode is strict, so this also says
 * that the SDK's form is the deterministic one. */
TEST(container_numbers_are_deterministic)
{
    started("counter");
    double sum = 0;
    static const double steps[] = {1,      0.5,     -3,      1000000, 0.1,
                                   1e300,  -1e300,  -999998, 0x1p-24, 65504,
                                   100000, 0x1p-14, -1.5};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        sum += steps[i];
        CHECK(after(steps[i]) == sum);
    }
}

/* What others send need not be in the shortest form, nor the first record the
 * one with the value. The counter adds it; 1 when it finds no number. */
TEST(container_reads_numbers_of_others)
{
    static const struct {
        const char *hex;
        double value;
    } packs[] = {
        {"81 a1 02 f9 3800", 0.5},
        {"81 a1 02 f9 8001", -0x1p-24},
        {"81 a1 02 fa 41ac0000", 21.5},
        {"81 a1 02 fb 4035800000000000", 21.5},
        {"81 a1 02 1b 0000000000000007", 7},
        {"81 a1 02 38 63", -100},
        {"81 a1 04 f5", 1},
        {"81 a1 04 f4", 0},
        {"82 a1 24 05 a1 02 0a", 15}, /* a base value, then a value */
        {"81 a4 00 6161 01 63 43656c 63 666f6f 82 01 a1 02 03 02 18 2a", 42},
        {"81 a2 08 43 010203 02 09", 9},
        {"81 a1 03 62 6f6e", 1}, /* a text */
        {"81 a1 02 f9 38", 1},   /* cut */
        {"81 a1 03 7f", 1},
        {"81 bf", 1},
        {"9b ffffffffffffffff", 1},
        {"a0", 1},
        {"", 1},
    };
    double sum = 0;
    started("counter");
    for (size_t i = 0; i < sizeof(packs) / sizeof(packs[0]); i++) {
        uint8_t bytes[64];
        struct tomte_event event = {
            .kind = TOMTE_EVENT_MESSAGE,
            .port = IN,
            .payload = test_hex(packs[i].hex, TOMTE_BUF_ARRAY(bytes))};
        CHECK_EQ(TOMTE_RUN_DONE, rig_event(&r, &event));
        sum += packs[i].value;
        CHECK(output_number(0) == sum);
    }
}

TEST(container_is_told_what_it_may_not)
{
    struct tomte_manifest m = a_manifest();
    with("greedy", &m);
    struct tomte_channel_name lamp = make_channel("/hall/lamp/on");
    CHECK_OK(tomte_container_bind(&r.c, OUT, &lamp));
    rig_checkpoint(&r);
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_START, 0, ""));
    CHECK_BYTES(TOMTE_SPAN_LIT(""),
                tomte_span_str(tomte_container_notice(&r.c)));
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_MESSAGE, IN, "twelve"));
    static const int expected[] = {-1, OUT, -1, -5, -4, -5, -5, -1,
                                   -5, -5,  -4, -6, -5, -4, 0};
    CHECK_EQ(17 - 1, tomte_container_outputs(&r.c));
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        size_t at = i + (i == 14); /* behind the 512 bytes that it reports */
        CHECK_EQ(expected[i], output_number(at));
    }
    CHECK_BYTES(
        TOMTE_SPAN_LIT("container it named /hall/door/lock, which it was not "
                       "granted"),
        tomte_span_str(tomte_container_notice(&r.c)));
    CHECK_EQ(3, r.c.denied);
    CHECK_BYTES(TOMTE_SPAN_LIT("full\n"), tomte_container_log(&r.c));
}

TEST(container_refuses_events_that_do_not_fit)
{
    started("counter");
    static uint8_t big[TOMTE_LIMIT_MESSAGE_BYTES + 1];
    struct {
        struct tomte_event event;
        enum tomte_err err;
    } cases[] = {
        {{.kind = TOMTE_EVENT_MESSAGE, .port = TEMP}, TOMTE_ERR_RANGE},
        {{.kind = TOMTE_EVENT_MESSAGE, .port = COUNT}, TOMTE_ERR_RANGE},
        {{.kind = TOMTE_EVENT_MESSAGE, .port = 99}, TOMTE_ERR_RANGE},
        {{.kind = TOMTE_EVENT_STATE, .port = IN}, TOMTE_ERR_RANGE},
        {{.kind = TOMTE_EVENT_STATE, .port = STATE}, TOMTE_ERR_RANGE},
        {{.kind = TOMTE_EVENT_TIMER, .port = 8}, TOMTE_ERR_RANGE},
        {{.kind = TOMTE_EVENT_TIMER, .port = 0}, TOMTE_ERR_STATE},
        {{.kind = TOMTE_EVENT_TICK, .port = 1}, TOMTE_ERR_RANGE},
        {{.kind = TOMTE_EVENT_MESSAGE,
          .port = IN,
          .payload = TOMTE_SPAN_ARRAY(big)},
         TOMTE_ERR_TOO_LARGE},
        {{.kind = TOMTE_EVENT_MESSAGE,
          .port = IN,
          .origin = TOMTE_SPAN(big, TOMTE_RECORD_ORIGIN_MAX + 1)},
         TOMTE_ERR_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_EQ(cases[i].err,
                 tomte_container_begin(&r.c, r.now_ms, &cases[i].event));
    CHECK_EQ(TOMTE_CONTAINER_READY, r.c.state);
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_STATE, TEMP, "x"));
}

/* How an event is sliced is not part of what happens. */
TEST(container_does_the_same_in_slices_of_any_size)
{
    struct rig_digest digests[3];
    static const uint32_t slices[] = {1, 97, UINT32_MAX};
    for (int i = 0; i < 3; i++) {
        started("mixer");
        struct tomte_event event = {.kind = TOMTE_EVENT_MESSAGE,
                                    .port = IN,
                                    .payload = TOMTE_SPAN_LIT("hello")};
        CHECK_OK(tomte_container_begin(&r.c, r.now_ms, &event));
        unsigned runs = 0;
        while (tomte_container_run(&r.c, slices[i]) == TOMTE_RUN_MORE)
            runs++;
        CHECK(i == 2 ? runs == 0 : runs > 0);
        CHECK_EQ(TOMTE_RUN_DONE, tomte_container_run(&r.c, 1));
        CHECK_OK(tomte_container_commit(&r.c));
        digests[i] = rig_digest(&r);
        CHECK(rig_digest_equal(digests[0], digests[i]));
    }
}

/* ---- get --------------------------------------------------------------- */

static void set_state(unsigned port, uint8_t byte, int32_t len)
{
    memset(r.state[port], byte, sizeof(r.state[port]));
    r.state_len[port] = len;
}

TEST(container_get_is_asked_once_per_event_and_recorded)
{
    started("mixer");
    set_state(TEMP, 'a', 5);
    r.gets = 0;
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_MESSAGE, IN, "x"));
    CHECK_EQ(1, r.gets); /* the mixer asks twice */
    const struct tomte_record *record = tomte_container_record(&r.c);
    CHECK_EQ(1, record->gets_len);
    CHECK_EQ(TEMP, record->gets[0].port);
    CHECK_BYTES(TOMTE_SPAN_LIT("aaaaa"), record->gets[0].value);
    r.state_len[TEMP] = TOMTE_ABI_NOT_FOUND;
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_MESSAGE, IN, "x"));
    CHECK_EQ(TOMTE_ABI_NOT_FOUND, tomte_container_record(&r.c)->gets[0].error);
}

/* The largest event leaves little room in its record: a value that does not fit
 * is refused, and a replay refuses it too. */
TEST(container_get_has_the_room_that_the_record_has)
{
    static uint8_t big[TOMTE_LIMIT_MESSAGE_BYTES] = "full";
    started("mixer");
    bool fitted = false, refused = false;
    for (int32_t len = 0; len <= TOMTE_LIMIT_MESSAGE_BYTES; len += 7) {
        set_state(TEMP, 'b', len);
        struct tomte_event event = {
            .kind = TOMTE_EVENT_MESSAGE,
            .port = IN,
            .payload = TOMTE_SPAN_ARRAY(big),
            .origin = TOMTE_SPAN(big, TOMTE_RECORD_ORIGIN_MAX),
            .seed = UINT64_MAX,
            .unix_lo_ms = UINT64_MAX,
            .unix_hi_ms = UINT64_MAX - 1};
        CHECK_EQ(TOMTE_RUN_DONE, rig_event(&r, &event));
        const struct tomte_record *record = tomte_container_record(&r.c);
        if (record->gets[0].error == 0)
            fitted = true;
        else
            refused = true;
        CHECK(!(refused && record->gets[0].error == 0)); /* one limit */
        CHECK(tomte_container_record_bytes(&r.c).len <= TOMTE_RECORD_BYTES);
        if (tomte_container_wants_checkpoint(&r.c, r.now_ms))
            rig_checkpoint(&r);
    }
    CHECK(fitted && refused);
    struct rig_digest before = rig_digest(&r);
    CHECK(rig_recover(&r, &on, 1, 0) > 0);
    CHECK(rig_digest_equal(before, rig_digest(&r)));
}

/* ---- time -------------------------------------------------------------- */

TEST(container_time_begins_at_zero_and_never_goes_back)
{
    started("counter");
    CHECK_EQ(0, tomte_container_record(&r.c)->time_ms);
    r.now_ms += 250;
    rig_send(&r, TOMTE_EVENT_MESSAGE, IN, "");
    CHECK_EQ(250, tomte_container_record(&r.c)->time_ms);
    r.now_ms -= 100;
    rig_send(&r, TOMTE_EVENT_MESSAGE, IN, "");
    CHECK_EQ(250, tomte_container_record(&r.c)->time_ms);
}

TEST(container_tick_moves_its_time_and_nothing_else)
{
    started("mixer");
    struct rig_digest before = rig_digest(&r);
    r.now_ms += 60000;
    rig_send(&r, TOMTE_EVENT_TICK, 0, "");
    CHECK(rig_digest_equal(before, rig_digest(&r)));
    CHECK(tomte_container_record_bytes(&r.c).len < 40);
    CHECK_EQ(2, rig_recover(&r, &on, 1, 5000));
    CHECK_EQ(65000, tomte_container_time_ms(&r.c, r.now_ms));
}

TEST(container_timer_fires_once_when_it_is_due)
{
    started("trapper");
    CHECK_EQ(-1, tomte_container_due(&r.c, r.now_ms));
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_MESSAGE, IN, ""));
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_MESSAGE, IN, "timer"));
    CHECK_EQ(r.now_ms + 100, tomte_container_deadline_ms(&r.c));
    CHECK_EQ(-1, tomte_container_due(&r.c, r.now_ms + 99));
    CHECK_EQ(3, tomte_container_due(&r.c, r.now_ms + 100));
    r.now_ms += 100;
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_TIMER, 3, ""));
    CHECK_EQ(3, output_number(0));
    CHECK_EQ(-1, tomte_container_due(&r.c, r.now_ms + 100000));
}

/* ---- checkpoints ------------------------------------------------------- */

TEST(container_runs_nothing_before_its_first_checkpoint)
{
    struct tomte_manifest m = a_manifest();
    if (on.disk != NULL)
        rig_store_free(&on);
    rig_store_new(&on, 5);
    rig_image(&r, &m, rig_module("counter"));
    CHECK_OK(rig_load(&r, &on, 1));
    CHECK_OK(tomte_container_start(&r.c, r.now_ms));
    CHECK(tomte_container_wants_checkpoint(&r.c, r.now_ms));
    struct tomte_event start = {.kind = TOMTE_EVENT_START};
    CHECK_EQ(TOMTE_ERR_STATE, tomte_container_begin(&r.c, r.now_ms, &start));
    rig_checkpoint(&r);
    CHECK(!tomte_container_wants_checkpoint(&r.c, r.now_ms));
    CHECK_OK(tomte_container_begin(&r.c, r.now_ms, &start));
}

TEST(container_wants_a_checkpoint_by_size_and_by_age)
{
    started("counter");
    unsigned events = 0;
    while (!tomte_container_wants_checkpoint(&r.c, r.now_ms)) {
        rig_send(&r, TOMTE_EVENT_MESSAGE, IN, "a message of some length");
        CHECK(++events < 1000);
    }
    CHECK(events > 20);
    rig_checkpoint(&r);
    CHECK_EQ(UINT64_MAX, tomte_container_deadline_ms(&r.c));
    uint64_t taken_ms = r.now_ms;
    r.now_ms += 10000000; /* nothing has happened, nothing is wanted */
    CHECK(!tomte_container_wants_checkpoint(&r.c, r.now_ms));
    r.now_ms = taken_ms + 1000;
    rig_send(&r, TOMTE_EVENT_MESSAGE, IN, "");
    CHECK(!tomte_container_wants_checkpoint(&r.c, taken_ms + 599999));
    CHECK(tomte_container_wants_checkpoint(&r.c, taken_ms + 600000));
    CHECK_EQ(taken_ms + 600000, tomte_container_deadline_ms(&r.c));
}

TEST(container_is_full_when_nobody_checkpoints)
{
    started("counter");
    struct tomte_event event = {.kind = TOMTE_EVENT_MESSAGE, .port = IN};
    for (int i = 0; i < 1000; i++) {
        enum tomte_err err = tomte_container_begin(&r.c, r.now_ms, &event);
        if (err == TOMTE_ERR_FULL)
            break;
        CHECK_OK(err);
        CHECK_EQ(TOMTE_RUN_DONE, tomte_container_run(&r.c, UINT32_MAX));
        CHECK_OK(tomte_container_commit(&r.c)); /* there is always room */
    }
    CHECK_EQ(TOMTE_ERR_FULL, tomte_container_begin(&r.c, r.now_ms, &event));
    rig_checkpoint(&r);
    CHECK_OK(tomte_container_begin(&r.c, r.now_ms, &event));
}

TEST(container_keeps_the_node_part)
{
    uint8_t out[64];
    struct tomte_span part;
    started("counter");
    CHECK_OK(tomte_container_node_part(&r.c, TOMTE_BUF_ARRAY(out), &part));
    CHECK_BYTES(TOMTE_SPAN_LIT("node part"), part);
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_container_node_part(&r.c, TOMTE_BUF(out, 3), &part));
}

TEST(container_binding_is_in_its_history)
{
    struct tomte_channel_name lamp = make_channel("/hall/lamp/on");
    started("greedy");
    CHECK_OK(tomte_container_bind(&r.c, OUT, &lamp));
    CHECK(tomte_container_wants_checkpoint(&r.c, r.now_ms));
    struct tomte_event event = {.kind = TOMTE_EVENT_MESSAGE, .port = IN};
    CHECK_EQ(TOMTE_ERR_STATE, tomte_container_begin(&r.c, r.now_ms, &event));
    rig_checkpoint(&r);
    CHECK_OK(tomte_container_bind(&r.c, OUT, &lamp));
    CHECK(!tomte_container_wants_checkpoint(&r.c, r.now_ms));
    rig_send(&r, TOMTE_EVENT_MESSAGE, IN, "");
    CHECK_EQ(OUT, output_number(1));
    CHECK_EQ(1, rig_recover(&r, &on, 1, 0)); /* would diverge without it */
    CHECK_EQ(TOMTE_ERR_RANGE, tomte_container_bind(&r.c, 99, &lamp));
}

/* The store says no in the middle: the event is there, and commits later. */
TEST(container_commits_again_when_the_store_failed)
{
    started("counter");
    struct tomte_event event = {.kind = TOMTE_EVENT_MESSAGE, .port = IN};
    CHECK_EQ(TOMTE_RUN_DONE, rig_run(&r, &event));
    tomte_disk_fail_at(on.disk, 1, TOMTE_ERR_IO);
    CHECK_EQ(TOMTE_ERR_IO, tomte_container_commit(&r.c));
    CHECK_EQ(TOMTE_CONTAINER_RUNNING, r.c.state);
    CHECK_EQ(1, output_number(0));
    CHECK_OK(tomte_container_commit(&r.c));
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_MESSAGE, IN, ""));
    CHECK_EQ(2, output_number(0));
    CHECK_EQ(3, rig_recover(&r, &on, 1, 0));
}

TEST(container_loop_keeps_its_stack_and_ends)
{
    started("loop");
    CHECK_EQ(1, tomte_container_due(&r.c, r.now_ms + 50)); /* set before wait */
    rig_send(&r, TOMTE_EVENT_MESSAGE, IN, "xy");
    rig_checkpoint(&r); /* in its wait, two calls deep */
    rig_send(&r, TOMTE_EVENT_MESSAGE, IN, "z");
    struct rig_digest before = rig_digest(&r);
    CHECK_EQ(1, rig_recover(&r, &on, 1, 0));
    CHECK(rig_digest_equal(before, rig_digest(&r)));
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&r, TOMTE_EVENT_MESSAGE, IN, "e"));
    CHECK_BYTES(TOMTE_SPAN_LIT("the end\n"), tomte_container_log(&r.c));
    CHECK_EQ(TOMTE_CONTAINER_STOPPED, r.c.state);
    struct tomte_event event = {.kind = TOMTE_EVENT_MESSAGE, .port = IN};
    CHECK_EQ(TOMTE_ERR_STATE, tomte_container_begin(&r.c, r.now_ms, &event));
    rig_recover(&r, &on, 1, 0);
    CHECK_EQ(TOMTE_CONTAINER_STOPPED, r.c.state);
}
