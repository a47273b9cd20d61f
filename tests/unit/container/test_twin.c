/* SPDX-License-Identifier: Apache-2.0 */
/* The promise as a property: a container that is checkpointed, crashed, undone
 * and recovered at random is at every moment what its twin is, to whom nothing
 * ever happened but the same events. */
#include "test.h"

#include "unit/container/make.h"
#include "unit/container/rig.h"

static struct rig_store calm_store;
static struct rig_store rough_store;
static struct rig calm;
static struct rig rough;
static struct tomte_random rnd;
static unsigned crashes, traps, timers, gets;

enum {
    IN,
    OUT,
    TEMP,
    STATE,
};

static struct tomte_manifest a_manifest(void)
{
    struct tomte_manifest m = make_manifest("x");
    make_port(&m, "in", TOMTE_PORT_IN, TOMTE_PORT_EVENT);
    make_port(&m, "out", TOMTE_PORT_OUT, TOMTE_PORT_EVENT);
    make_port(&m, "temp", TOMTE_PORT_IN, TOMTE_PORT_STATE);
    make_port(&m, "state", TOMTE_PORT_OUT, TOMTE_PORT_STATE);
    return m;
}

static unsigned below(unsigned bound)
{
    return (unsigned)tomte_random_below(&rnd, bound);
}

static void both_start(const char *module, uint64_t seed)
{
    struct tomte_manifest m = a_manifest();
    if (calm_store.disk != NULL) {
        rig_store_free(&calm_store);
        rig_store_free(&rough_store);
    }
    rig_store_new(&calm_store, seed);
    rig_store_new(&rough_store, seed + 1);
    rig_image(&calm, &m, rig_module(module));
    rig_image(&rough, &m, rig_module(module));
    rig_start(&calm, &calm_store);
    rig_start(&rough, &rough_store);
    tomte_random_init(&rnd, seed);
}

/* ---- events ------------------------------------------------------------ */

static uint8_t payload[TOMTE_LIMIT_MESSAGE_BYTES];
static uint8_t origin[TOMTE_RECORD_ORIGIN_MAX];

static struct tomte_event any_event(void)
{
    int due = tomte_container_due(&calm.c, calm.now_ms);
    struct tomte_event event = {
        .kind = TOMTE_EVENT_MESSAGE,
        .port = IN,
        .seed = tomte_random_next(&rnd),
        .unix_lo_ms = tomte_random_next(&rnd),
        .unix_hi_ms = tomte_random_next(&rnd),
    };
    if (tomte_container_needs_start(&calm.c)) {
        event.kind = TOMTE_EVENT_START;
        return event;
    }
    if (due >= 0 && below(2) == 0) {
        event.kind = TOMTE_EVENT_TIMER;
        event.port = (unsigned)due;
        timers++;
        return event;
    }
    if (below(8) == 0) {
        event.kind = TOMTE_EVENT_TICK;
        return event;
    }
    tomte_random_fill(&rnd, TOMTE_BUF_ARRAY(payload));
    tomte_random_fill(&rnd, TOMTE_BUF_ARRAY(origin));
    payload[0] = below(6) == 0 ? 't' : 'm'; /* a sixth of them trap */
    event.payload = TOMTE_SPAN(payload, 1 + below(sizeof(payload)));
    event.origin = TOMTE_SPAN(origin, below(sizeof(origin) + 1));
    if (below(4) == 0) {
        event.kind = TOMTE_EVENT_STATE;
        event.port = TEMP;
    }
    return event;
}

static void new_state(void)
{
    calm.state_len[TEMP] = (int32_t)below(TOMTE_LIMIT_MESSAGE_BYTES + 2) - 2;
    tomte_random_fill(&rnd, TOMTE_BUF_ARRAY(calm.state[TEMP]));
    memcpy(rough.state[TEMP], calm.state[TEMP], sizeof(calm.state[TEMP]));
    rough.state_len[TEMP] = calm.state_len[TEMP];
}

/* ---- what happens to the rough one -------------------------------------- */

/* Back from a power cut. The twins share a clock, so that their times can be
 * compared; recover's own reckoning has its tests elsewhere. */
static void come_back(void)
{
    uint64_t time_base = calm.c.time_base;
    rig_store_crash(&rough_store);
    rig_recover(&rough, &rough_store, rough.epoch, 0);
    rough.c.time_base = time_base;
    crashes++;
}

/* Every step of it may be where the power goes. */
static enum tomte_err try_event(const struct tomte_event *event)
{
    enum tomte_run run = rig_run(&rough, event);
    enum tomte_err err;
    if (run == TOMTE_RUN_DONE) {
        err = tomte_container_commit(&rough.c);
    } else {
        err = tomte_container_undo(&rough.c, rough.now_ms, NULL);
        if (err == TOMTE_OK)
            rig_replay(&rough);
    }
    if (err == TOMTE_OK)
        err = tomte_store_sync(&rough_store.store);
    return err;
}

static void rough_event(const struct tomte_event *event)
{
    uint64_t sequence = rough.c.sequence;
    if (below(5) == 0)
        tomte_disk_cut_at(rough_store.disk, 1 + below(6));
    if (try_event(event) == TOMTE_OK) {
        if (tomte_disk_is_off(rough_store.disk) || below(30) == 0)
            come_back();
        tomte_disk_cut_at(rough_store.disk, 0);
        CHECK_EQ(sequence + 1, rough.c.sequence); /* synced: it is there */
        return;
    }
    come_back();
    CHECK(rough.c.sequence == sequence || rough.c.sequence == sequence + 1);
    if (rough.c.sequence == sequence) /* not acknowledged: it comes again */
        CHECK_OK(try_event(event));
}

static void rough_checkpoint(void)
{
    if (below(3) == 0)
        tomte_disk_cut_at(rough_store.disk, 1 + below(30));
    enum tomte_err err = tomte_container_checkpoint(
        &rough.c, rough.now_ms, TOMTE_SPAN_LIT("node part"));
    if (err == TOMTE_OK)
        err = tomte_store_sync(&rough_store.store);
    tomte_disk_cut_at(rough_store.disk, 0);
    if (err != TOMTE_OK || tomte_disk_is_off(rough_store.disk))
        come_back();
}

/* Another node takes over, on the same disk for this purpose. */
static void take_over(void)
{
    rough.epoch++;
    come_back();
    rig_checkpoint(&rough);
}

/* ---- the property ------------------------------------------------------ */

static void same(void)
{
    CHECK_EQ(calm.c.sequence, rough.c.sequence);
    CHECK_EQ(calm.c.state, rough.c.state);
    CHECK(rig_digest_equal(rig_digest(&calm), rig_digest(&rough)));
}

static void release_both(void)
{
    if (calm.c.state != TOMTE_CONTAINER_QUARANTINED &&
        rough.c.state != TOMTE_CONTAINER_QUARANTINED)
        return;
    calm.now_ms += TOMTE_QUARANTINE_MAX_MS;
    rough.now_ms = calm.now_ms;
    tomte_container_release(&calm.c, calm.now_ms);
    tomte_container_release(&rough.c, rough.now_ms);
}

static void life(const char *module, uint64_t seed, int events)
{
    both_start(module, seed);
    for (int i = 0; i < events; i++) {
        calm.now_ms += below(3) == 0 ? below(2000) : below(20);
        rough.now_ms = calm.now_ms;
        if (below(3) == 0)
            new_state();
        if (tomte_container_wants_checkpoint(&calm.c, calm.now_ms))
            rig_checkpoint(&calm);
        while (tomte_container_wants_checkpoint(&rough.c, rough.now_ms) ||
               below(10) == 0)
            rough_checkpoint();
        if (below(40) == 0)
            take_over();
        struct tomte_event event = any_event();
        traps += rig_event(&calm, &event) == TOMTE_RUN_TRAPPED;
        rough_event(&event);
        release_both();
        same();
    }
    gets += calm.gets;
}

TEST(twin_reactor)
{
    crashes = traps = timers = gets = 0;
    for (uint64_t seed = 1; seed <= 12; seed++)
        life("mixer", seed, 150);
    CHECK(crashes > 100 && traps > 100 && timers > 50 && gets > 500);
}

TEST(twin_loop)
{
    crashes = traps = timers = gets = 0;
    for (uint64_t seed = 101; seed <= 112; seed++)
        life("loop", seed, 150);
    CHECK(crashes > 100 && traps > 100 && timers > 50 && gets > 500);
}
