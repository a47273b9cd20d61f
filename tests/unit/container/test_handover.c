/* SPDX-License-Identifier: Apache-2.0 */
/* From one version to another and back, and the power cut in between. */
#include "test.h"

#include "cbor/senml.h"
#include "unit/container/make.h"
#include "unit/container/rig.h"

enum {
    IN,
    COUNT,
    SAID,
};

static struct rig_store on;
static struct rig was, next;
static uint8_t saved[1024];

static struct tomte_manifest manifest(uint32_t version)
{
    struct tomte_manifest m = make_manifest("tally");
    m.version = version;
    make_port(&m, "in", TOMTE_PORT_IN, TOMTE_PORT_EVENT);
    make_port(&m, "count", TOMTE_PORT_OUT, TOMTE_PORT_STATE);
    make_port(&m, "said", TOMTE_PORT_OUT, TOMTE_PORT_EVENT);
    return m;
}

/* The first version has handled a start and `messages`. */
static void begin(unsigned messages)
{
    struct tomte_manifest m = manifest(1);
    if (on.disk != NULL)
        rig_store_free(&on);
    rig_store_new(&on, 4);
    rig_image(&was, &m, rig_module("tally1"));
    rig_start(&was, &on);
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&was, TOMTE_EVENT_START, 0, ""));
    for (unsigned i = 0; i < messages; i++)
        CHECK_EQ(TOMTE_RUN_DONE, rig_send(&was, TOMTE_EVENT_MESSAGE, IN, "x"));
}

static void load_next(const char *module, struct tomte_manifest *m,
                      uint64_t epoch)
{
    rig_image(&next, m, rig_module(module));
    if (rig_load(&next, &on, epoch) != TOMTE_OK)
        test_fail(__FILE__, __LINE__, next.c.reason);
    next.c.config.trial = true;
    next.now_ms = was.now_ms;
}

/* Old: recovered under the new epoch, whole; then the new one takes over. */
static enum tomte_err hand_over(const char *module, struct tomte_manifest *m,
                                bool afresh)
{
    struct tomte_carry carry;
    rig_recover(&was, &on, 2, 0);
    rig_checkpoint(&was);
    tomte_container_carry(&was.c, &carry);
    enum tomte_hand_over how = tomte_container_how(m, carry.version, afresh);
    if (how == TOMTE_HAND_OVER_STATE)
        CHECK_OK(
            tomte_container_save(&was.c, TOMTE_BUF_ARRAY(saved), &carry.saved));
    load_next(module, m, 2);
    return tomte_container_take(&next.c, how, &carry);
}

static void switch_over(void)
{
    struct tomte_manifest m = manifest(2);
    if (hand_over("tally2", &m, false) != TOMTE_OK)
        test_fail(__FILE__, __LINE__, next.c.reason);
    rig_checkpoint(&next);
}

static double number(struct rig *r, const char *payload)
{
    struct tomte_senml s;
    double v = -1;
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(r, TOMTE_EVENT_MESSAGE, IN, payload));
    CHECK_OK(tomte_senml_decode(rig_output(r, 0), 0, &s));
    CHECK_OK(tomte_senml_number(&s.value, &v));
    return v;
}

/* The new version gives way: its history is made whole under another epoch,
 * then the old one goes on. */
static void go_back(void)
{
    uint8_t map[TOMTE_LIMIT_PORTS];
    struct tomte_manifest m1 = manifest(1), m2 = manifest(2);
    rig_load(&next, &on, 3);
    next.c.config.trial = true;
    CHECK_OK(tomte_container_recover(&next.c, next.now_ms, 0));
    rig_replay(&next);
    rig_checkpoint(&next);
    uint64_t time_base = next.c.time_base;
    CHECK_OK(rig_load(&was, &on, 3));
    was.now_ms = next.now_ms;
    tomte_container_map_ports(&m2, &m1, map);
    if (tomte_container_fall_back(&was.c, time_base, map) != TOMTE_OK)
        test_fail(__FILE__, __LINE__, was.c.reason);
    enum tomte_run run;
    while ((run = tomte_container_replay(&was.c, RIG_FUEL)) == TOMTE_RUN_MORE)
        CHECK_EQ(0, tomte_container_outputs(&was.c));
    CHECK_EQ(TOMTE_RUN_RECOVERED, run);
    rig_checkpoint(&was);
}

TEST(handover_state_goes_from_save_to_load)
{
    begin(3);
    uint64_t sequence = was.c.sequence, timer = was.c.timers[0];
    switch_over();
    CHECK_EQ(sequence + 1, next.c.sequence);
    CHECK_EQ(timer, next.c.timers[0]);
    CHECK(!tomte_container_needs_start(&next.c));
    CHECK(tomte_history_has_fallback(&next.history));
    CHECK_BYTES(TOMTE_SPAN_ARRAY(next.c.digest),
                TOMTE_SPAN(tomte_history_image(&next.history),
                           TOMTE_IMAGE_DIGEST_BYTES));
    CHECK(number(&next, "x") == 13);
    CHECK(number(&next, "x") == 23);
    /* and after a restart, too */
    rig_recover(&next, &on, 2, 0);
    CHECK(number(&next, "x") == 33);
}

TEST(handover_by_memory_and_afresh)
{
    begin(2);
    struct tomte_manifest m = manifest(2);
    m.memory_from = 1;
    CHECK_OK(hand_over("tally1", &m, false)); /* the same code, another image */
    rig_checkpoint(&next);
    CHECK(number(&next, "x") == 3);

    begin(2);
    m.memory_from = 0;
    CHECK_OK(hand_over("tally2", &m, true));
    rig_checkpoint(&next);
    CHECK_EQ(UINT64_MAX, next.c.timers[0]);
    CHECK(tomte_container_needs_start(&next.c));
    CHECK_EQ(TOMTE_RUN_DONE, rig_send(&next, TOMTE_EVENT_START, 0, ""));
    CHECK(number(&next, "x") == 10);
}

TEST(handover_that_fails_leaves_the_old_version)
{
    struct tomte_manifest m = manifest(2);
    begin(13); /* load traps at thirteen */
    CHECK_EQ(TOMTE_ERR_TRAP, hand_over("tally2", &m, false));
    CHECK(strstr(next.c.reason, "unreachable in ") == next.c.reason);
    CHECK_EQ(TOMTE_CONTAINER_FAILED, next.c.state);
    rig_recover(&was, &on, 3, 0);
    rig_checkpoint(&was);
    CHECK(number(&was, "x") == 14);

    begin(1);
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, hand_over("counter", &m, false));
    CHECK_BYTES(tomte_span_str("its state cannot be handed over, it lacks: "
                               "tomte_load"),
                tomte_span_str(next.c.reason));
}

TEST(handover_back_replays_what_the_trial_had)
{
    begin(3);
    uint64_t timer = was.c.timers[0];
    switch_over();
    next.now_ms += 100;
    CHECK(number(&next, "x") == 13);
    rig_checkpoint(&next); /* what it held goes into the fallback */
    CHECK(number(&next, "x") == 23);
    CHECK(number(&next, "x") == 33);
    CHECK(next.c.timers[1] != UINT64_MAX);
    uint64_t sequence = next.c.sequence;
    go_back();
    CHECK_EQ(UINT64_MAX, was.c.timers[1]); /* the new one's timer is gone */
    CHECK_EQ(timer + 100, was.c.timers[0]);
    CHECK_EQ(sequence + 1, was.c.sequence);
    CHECK(!tomte_history_has_fallback(&was.history));
    CHECK(number(&was, "x") == 7); /* three, the trial's three, and this */
}

TEST(handover_back_leaves_out_what_the_old_version_cannot_do)
{
    begin(1);
    switch_over();
    CHECK(number(&next, "x") == 11);
    CHECK(number(&next, "old") == 21);
    CHECK(number(&next, "x") == 31);
    go_back();
    CHECK(number(&was, "x") == 4);
}

TEST(handover_trial_keeps_no_more_than_a_log)
{
    begin(1);
    switch_over();
    for (unsigned i = 0; i < 2000 && !next.c.trial_full; i++) {
        CHECK_EQ(TOMTE_RUN_DONE, rig_send(&next, TOMTE_EVENT_MESSAGE, IN, "x"));
        if (tomte_container_wants_checkpoint(&next.c, next.now_ms))
            rig_checkpoint(&next);
    }
    CHECK(next.c.trial_full);
    CHECK(!tomte_history_has_fallback(&next.history));
    CHECK_OK(rig_load(&was, &on, 3));
    uint8_t map[TOMTE_LIMIT_PORTS] = {0};
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_container_fall_back(&was.c, 0, map));
}

TEST(handover_kept_drops_the_fallback)
{
    begin(1);
    switch_over();
    CHECK(!tomte_container_wants_checkpoint(&next.c, next.now_ms));
    CHECK_EQ(0, tomte_container_trial_ms(&next.c, next.now_ms));
    CHECK_EQ(500, tomte_container_trial_ms(&next.c, next.now_ms + 500));
    next.c.config.trial = false;
    CHECK(tomte_container_wants_checkpoint(&next.c, next.now_ms));
    rig_checkpoint(&next);
    CHECK(!tomte_history_has_fallback(&next.history));
    rig_recover(&next, &on, 2, 0);
    CHECK(number(&next, "x") == 11);
}

/* ---- the power is cut --------------------------------------------------- */

static bool is_of(const struct tomte_history *h, const struct rig *r)
{
    return memcmp(tomte_history_image(h), r->c.digest, sizeof(r->c.digest)) ==
           0;
}

/* After a cut: the history is whole, of one version or the other, and that one
 * goes on from where the old one was. */
static bool is_new_after_crash(uint64_t epoch)
{
    struct tomte_history h;
    struct tomte_history_config config = {.store = &on.store,
                                          .identity = make_name("it"),
                                          .log_bytes_max = 16384};
    rig_store_crash(&on);
    CHECK_OK(tomte_history_open(&h, &config));
    CHECK(tomte_history_has_checkpoint(&h));
    bool is_new = is_of(&h, &next);
    CHECK(is_new || is_of(&h, &was));
    struct rig *r = is_new ? &next : &was;
    r->c.config.trial = is_new;
    rig_recover(r, &on, epoch, 0);
    r->c.config.trial = is_new;
    rig_checkpoint(r);
    return is_new;
}

static bool cut_checkpoint(struct rig *r, uint64_t cut)
{
    tomte_disk_cut_at(on.disk, cut);
    bool done = tomte_container_checkpoint(
                    &r->c, r->now_ms, TOMTE_SPAN_LIT("part")) == TOMTE_OK &&
                tomte_store_sync(&on.store) == TOMTE_OK;
    tomte_disk_cut_at(on.disk, 0);
    return done;
}

TEST(handover_cut_anywhere_is_the_old_or_the_new_version)
{
    unsigned news = 0, olds = 0;
    bool done = false;
    for (uint64_t cut = 1; !done && cut < 400; cut++) {
        struct tomte_manifest m = manifest(2);
        begin(3);
        CHECK_OK(hand_over("tally2", &m, false));
        done = cut_checkpoint(&next, cut);
        bool is_new = is_new_after_crash(3);
        news += is_new;
        olds += !is_new;
        CHECK(is_new || !done);
        CHECK(number(is_new ? &next : &was, "x") == (is_new ? 13 : 4));
        if (!is_new) { /* it is tried again, and comes out the same */
            CHECK_EQ(1u, was.c.started);
            continue;
        }
        CHECK(tomte_history_has_fallback(&next.history));
    }
    CHECK(done && news > 0 && olds > 3);
}

TEST(handover_back_cut_anywhere_is_the_one_or_the_other)
{
    unsigned news = 0, olds = 0;
    bool done = false;
    for (uint64_t cut = 1; !done && cut < 400; cut++) {
        uint8_t map[TOMTE_LIMIT_PORTS];
        struct tomte_manifest m1 = manifest(1), m2 = manifest(2);
        begin(3);
        switch_over();
        CHECK(number(&next, "x") == 13);
        rig_checkpoint(&next);
        CHECK_OK(rig_load(&was, &on, 2));
        tomte_container_map_ports(&m2, &m1, map);
        CHECK_OK(tomte_container_fall_back(&was.c, next.c.time_base, map));
        while (tomte_container_replay(&was.c, RIG_FUEL) == TOMTE_RUN_MORE)
            ;
        done = cut_checkpoint(&was, cut);
        bool is_new = is_new_after_crash(3);
        news += is_new;
        olds += !is_new;
        CHECK(!is_new || !done);
        /* what the trial took is in either: ten more, or one more */
        CHECK(number(is_new ? &next : &was, "x") == (is_new ? 23 : 5));
    }
    CHECK(done && olds > 0 && news > 3);
}
