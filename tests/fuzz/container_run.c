/* SPDX-License-Identifier: Apache-2.0 */
/* Any module as a container, with any events: it loads or says why not; an
 * event that traps leaves no trace; and who takes over its history comes to the
 * same state.
 *
 *   durability:1  module length:2  module  then for each event:
 *   kind and port:1  payload length:1  payload */
#include "container_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rig owner, taker;
static uint8_t image_bytes[16384];
static uint64_t now_ms;

static enum tomte_run run_to_end(struct rig *r)
{
    enum tomte_run run;
    do
        run = tomte_container_run(&r->c, 500);
    while (run == TOMTE_RUN_MORE);
    return run;
}

/* Nothing but the letter tells of it. */
static bool undo(struct rig *r, const struct rig_digest *before)
{
    struct rig_digest after;
    uint64_t sequence = r->c.sequence;
    TOMTE_ASSERT(r->c.reason[0] != 0);
    enum tomte_err err = tomte_container_undo(&r->c, now_ms, NULL);
    if (err != TOMTE_OK)
        return false;
    TOMTE_ASSERT(rig_replay(r));
    TOMTE_ASSERT(r->c.sequence == sequence + 1);
    TOMTE_ASSERT(rig_digest(r, &after));
    TOMTE_ASSERT(memcmp(before, &after, sizeof after) == 0);
    return true;
}

/* The trap of a timer sets it again: that is seen in the state. */
static bool event(struct rig *r, uint8_t what, struct tomte_span payload)
{
    struct tomte_event e = {.kind = what & 7,
                            .port = what >> 3 & 7,
                            .payload = payload,
                            .seed = now_ms,
                            .unix_hi_ms = UINT64_MAX};
    struct rig_digest before;
    now_ms += 100;
    tomte_container_release(&r->c, now_ms);
    if (e.kind > TOMTE_EVENT_TIMER || !rig_digest(r, &before))
        return true;
    if (tomte_container_wants_checkpoint(&r->c, now_ms) &&
        tomte_container_checkpoint(&r->c, now_ms, TOMTE_SPAN_LIT("part")) !=
            TOMTE_OK)
        return false;
    if (tomte_container_begin(&r->c, now_ms, &e) != TOMTE_OK)
        return true;
    if (run_to_end(r) == TOMTE_RUN_DONE)
        return tomte_container_commit(&r->c) == TOMTE_OK;
    if (e.kind == TOMTE_EVENT_TIMER)
        return tomte_container_undo(&r->c, now_ms, NULL) == TOMTE_OK &&
               rig_replay(r);
    return undo(r, &before);
}

/* Not with durability none: there the records are the owner's alone. */
static void take_over(struct tomte_span image, uint8_t durability)
{
    struct rig_digest here, there;
    if (durability % 3 == TOMTE_DURABILITY_NONE || !rig_digest(&owner, &here))
        return;
    TOMTE_ASSERT(tomte_store_sync(&rig_store) == TOMTE_OK);
    TOMTE_ASSERT(rig_load(&taker, image, durability, 2));
    if (tomte_container_recover(&taker.c, 5, 0) != TOMTE_OK)
        tomte_panic(__FILE__, __LINE__, taker.c.reason);
    TOMTE_ASSERT(rig_replay(&taker));
    TOMTE_ASSERT(taker.c.sequence == owner.c.sequence);
    TOMTE_ASSERT(rig_digest(&taker, &there));
    TOMTE_ASSERT(memcmp(&here, &there, sizeof there) == 0);
}

static void run(struct tomte_span image, uint8_t durability,
                struct tomte_span in)
{
    now_ms = 1000;
    if (!rig_load(&owner, image, durability, 1))
        return;
    if (tomte_container_start(&owner.c, now_ms) != TOMTE_OK) {
        TOMTE_ASSERT(owner.c.reason[0] != 0);
        return;
    }
    for (unsigned i = 0; i < 30; i++) {
        uint8_t what = TOMTE_EVENT_START;
        struct tomte_span payload = TOMTE_SPAN_NONE;
        if (i > 0 && in.len < 2)
            break;
        if (i > 0) {
            what = in.data[0];
            payload = tomte_span_slice(in, 2, in.data[1]);
            in = tomte_span_slice(in, 2 + payload.len, in.len);
        }
        if (!event(&owner, what, payload))
            return; /* its store is full */
        TOMTE_ASSERT(owner.scratch.used == 0);
    }
    take_over(image, durability);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    size_t len = tomte_get_be16(data + 1);
    struct tomte_span in = TOMTE_SPAN(data + 3, size - 3);
    struct tomte_span module = tomte_span_slice(in, 0, len);
    if (module.len > 6000)
        return 0;
    struct tomte_span image =
        rig_image(data[0], module, TOMTE_BUF_ARRAY(image_bytes));
    rig_begin();
    run(image, data[0], tomte_span_slice(in, module.len, in.len));
    rig_end();
    return 0;
}
