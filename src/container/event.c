/* SPDX-License-Identifier: Apache-2.0 */
/* One event: begin, run, commit. */
#include "container/internal.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "crypto/crypto.h"

#include <string.h>

static enum tomte_err check_event(const struct tomte_container *c,
                                  const struct tomte_event *event);
static void take_event(struct tomte_container *c, uint64_t now_ms,
                       const struct tomte_event *event);
static void finish(struct tomte_container *c);

bool tomte_container_needs_start(const struct tomte_container *c)
{
    return c->state == TOMTE_CONTAINER_READY && !c->started;
}

enum tomte_err tomte_container_begin(struct tomte_container *c, uint64_t now_ms,
                                     const struct tomte_event *event)
{
    enum tomte_err err = check_event(c, event);
    if (err != TOMTE_OK)
        return err;
    take_event(c, now_ms, event);
    c->state = TOMTE_CONTAINER_RUNNING;
    container_event_start(c);
    return TOMTE_OK;
}

enum tomte_run tomte_container_run(struct tomte_container *c, uint32_t fuel)
{
    TOMTE_ASSERT(c->state == TOMTE_CONTAINER_RUNNING);
    struct tomte_container_work *w = c->work;
    if (w->result == TOMTE_RUN_MORE &&
        container_event_run(c, fuel) == TOMTE_RUN_DONE)
        finish(c);
    return w->result;
}

enum tomte_err tomte_container_commit(struct tomte_container *c)
{
    TOMTE_ASSERT(c->state == TOMTE_CONTAINER_RUNNING);
    TOMTE_ASSERT(c->work->result == TOMTE_RUN_DONE);
    enum tomte_err err =
        tomte_history_append(c->config.history, c->work->encoded);
    if (err != TOMTE_OK)
        return err;
    c->sequence = c->work->record.sequence;
    c->state = c->ended ? TOMTE_CONTAINER_STOPPED : TOMTE_CONTAINER_READY;
    return TOMTE_OK;
}

size_t tomte_container_outputs(const struct tomte_container *c)
{
    return c->work->outputs_len;
}

struct tomte_output tomte_container_output(const struct tomte_container *c,
                                           size_t i)
{
    const struct tomte_container_work *w = c->work;
    TOMTE_ASSERT(i < w->outputs_len);
    const struct container_output *o = &w->outputs[i];
    return (struct tomte_output){
        .port = o->port,
        .payload = TOMTE_SPAN(w->output_bytes + o->at, o->len)};
}

const struct tomte_record *
tomte_container_record(const struct tomte_container *c)
{
    return &c->work->record;
}

struct tomte_span tomte_container_record_bytes(const struct tomte_container *c)
{
    return c->work->encoded;
}

struct tomte_span tomte_container_log(const struct tomte_container *c)
{
    return TOMTE_SPAN(c->work->log, c->work->log_used);
}

const char *tomte_container_notice(const struct tomte_container *c)
{
    return c->notice;
}

/* ---- begin ------------------------------------------------------------- */

static enum tomte_err check_port(const struct tomte_container *c,
                                 const struct tomte_event *event)
{
    const struct tomte_manifest *m = &c->work->manifest;
    switch (event->kind) {
    case TOMTE_EVENT_TICK:
    case TOMTE_EVENT_START:
        return event->port == 0 ? TOMTE_OK : TOMTE_ERR_RANGE;
    case TOMTE_EVENT_TIMER:
        if (event->port >= TOMTE_LIMIT_TIMERS)
            return TOMTE_ERR_RANGE;
        return c->timers[event->port] == UINT64_MAX ? TOMTE_ERR_STATE
                                                    : TOMTE_OK;
    case TOMTE_EVENT_MESSAGE:
    case TOMTE_EVENT_STATE:
        break;
    default:
        return TOMTE_ERR_RANGE;
    }
    unsigned kind =
        event->kind == TOMTE_EVENT_STATE ? TOMTE_PORT_STATE : TOMTE_PORT_EVENT;
    if (event->port >= m->ports_len ||
        m->ports[event->port].direction != TOMTE_PORT_IN ||
        m->ports[event->port].kind != kind)
        return TOMTE_ERR_RANGE;
    return TOMTE_OK;
}

static enum tomte_err check_event(const struct tomte_container *c,
                                  const struct tomte_event *event)
{
    const struct tomte_history *h = c->config.history;
    if (c->state != TOMTE_CONTAINER_READY || c->rebound ||
        !tomte_history_has_checkpoint(h) || tomte_history_damaged(h) ||
        tomte_history_epoch(h) != c->config.epoch)
        return TOMTE_ERR_STATE;
    bool start = event->kind == TOMTE_EVENT_START;
    if (event->kind != TOMTE_EVENT_TICK && start == c->started)
        return TOMTE_ERR_STATE;
    if (event->payload.len > TOMTE_LIMIT_MESSAGE_BYTES ||
        event->origin.len > TOMTE_RECORD_ORIGIN_MAX)
        return TOMTE_ERR_TOO_LARGE;
    enum tomte_err err = check_port(c, event);
    if (err == TOMTE_OK && !tomte_history_has_room(h))
        err = TOMTE_ERR_FULL;
    return err;
}

static struct tomte_span copy(uint8_t *out, struct tomte_span in)
{
    if (in.len != 0)
        memcpy(out, in.data, in.len);
    return TOMTE_SPAN(out, in.len);
}

/* What values of `get` may take of the record: what the event leaves, less the
 * list's own head and, for each port that can be asked, an error. */
static uint32_t gets_room(const struct tomte_container_work *w)
{
    size_t taken = tomte_record_size(&w->record) + 3;
    for (size_t i = 0; i < w->manifest.ports_len; i++)
        if (w->manifest.ports[i].direction == TOMTE_PORT_IN &&
            w->manifest.ports[i].kind == TOMTE_PORT_STATE)
            taken += 2;
    return taken < TOMTE_RECORD_BYTES ? (uint32_t)(TOMTE_RECORD_BYTES - taken)
                                      : 0;
}

static void take_event(struct tomte_container *c, uint64_t now_ms,
                       const struct tomte_event *event)
{
    struct tomte_container_work *w = c->work;
    w->record = (struct tomte_record){
        .sequence = c->sequence + 1,
        .epoch = c->config.epoch,
        .kind = (uint8_t)event->kind,
        .port = (uint8_t)event->port,
        .time_ms = tomte_container_time_ms(c, now_ms),
        .unix_lo_ms = event->unix_lo_ms,
        .unix_hi_ms = event->unix_hi_ms,
        .seed = event->seed,
        .payload = copy(w->payload, event->payload),
        .origin = copy(w->origin, event->origin),
    };
    w->encoded = TOMTE_SPAN_NONE;
    w->replay = false;
    w->gets_used = 0;
    w->gets_room = gets_room(w);
}

/* ---- run --------------------------------------------------------------- */

static enum tomte_err call_reactor(struct tomte_container *c)
{
    const struct tomte_record *r = &c->work->record;
    uint32_t args[5] = {r->kind, r->port, (uint32_t)r->payload.len};
    tomte_wasm_put64(args + 3, r->time_ms);
    return tomte_wasm_start(c->instance, c->entry, args, 5,
                            c->work->manifest.fuel_per_event);
}

/* Answers the `wait` that the loop is in. */
static enum tomte_err resume_loop(struct tomte_container *c)
{
    const struct tomte_record *r = &c->work->record;
    struct tomte_wasm_pending pending;
    if (!tomte_wasm_pending(c->instance, &pending))
        return TOMTE_ERR_STATE;
    uint8_t *out = tomte_wasm_memory_at(c->instance, pending.args[0],
                                        TOMTE_ABI_EVENT_BYTES);
    if (out == NULL)
        return TOMTE_ERR_RANGE;
    tomte_put_le32(out, r->kind);
    tomte_put_le32(out + 4, r->port);
    tomte_put_le32(out + 8, (uint32_t)r->payload.len);
    tomte_put_le32(out + 12, 0);
    tomte_put_le64(out + 16, r->time_ms);
    uint32_t result = 0;
    enum tomte_err err = tomte_wasm_resume(c->instance, &result, 1);
    tomte_wasm_set_budget(c->instance, tomte_wasm_fuel_used(c->instance) +
                                           c->work->manifest.fuel_per_event);
    return err;
}

static enum tomte_err enter(struct tomte_container *c)
{
    if (!c->loop)
        return call_reactor(c);
    if (c->work->record.kind != TOMTE_EVENT_START)
        return resume_loop(c);
    return tomte_wasm_start(c->instance, c->entry, NULL, 0,
                            c->work->manifest.fuel_per_event);
}

void container_event_start(struct tomte_container *c)
{
    struct tomte_container_work *w = c->work;
    const struct tomte_record *r = &w->record;
    w->outputs_len = 0;
    w->outputs_used = 0;
    w->log_used = 0;
    w->diverged = false;
    w->result = TOMTE_RUN_MORE;
    c->notice[0] = 0;
    c->time_ms = r->time_ms;
    if (r->kind == TOMTE_EVENT_TICK)
        return;
    if (r->kind == TOMTE_EVENT_TIMER)
        c->timers[r->port] = UINT64_MAX;
    if (r->kind == TOMTE_EVENT_START)
        c->started = true;
    tomte_random_init(&w->random, r->seed);
    w->event = true;
    enum tomte_err err = enter(c);
    if (err == TOMTE_OK)
        return;
    w->event = false;
    w->result = TOMTE_RUN_TRAPPED;
    container_reason(c, "cannot enter the container", tomte_err_text(err));
}

enum tomte_run container_event_run(struct tomte_container *c, uint32_t fuel)
{
    struct tomte_container_work *w = c->work;
    if (w->result != TOMTE_RUN_MORE)
        return w->result;
    if (w->record.kind == TOMTE_EVENT_TICK)
        return w->result = TOMTE_RUN_DONE;
    switch (tomte_wasm_run(c->instance, fuel)) {
    case TOMTE_WASM_READY:
        return TOMTE_RUN_MORE;
    case TOMTE_WASM_TRAPPED:
        container_trap_reason(c);
        w->result = TOMTE_RUN_TRAPPED;
        break;
    case TOMTE_WASM_DONE:
        c->ended = c->loop;
        w->result = TOMTE_RUN_DONE;
        break;
    default: /* a loop in its wait */
        w->result = TOMTE_RUN_DONE;
        break;
    }
    w->event = false;
    return w->result;
}

void container_effects_digest(const struct tomte_container *c,
                              uint8_t digest[TOMTE_RECORD_DIGEST_BYTES])
{
    const struct tomte_container_work *w = c->work;
    uint8_t whole[TOMTE_SHA256_BYTES];
    struct tomte_sha256 h;
    tomte_sha256_init(&h, c->config.crypto);
    for (size_t i = 0; i < w->outputs_len; i++) {
        struct tomte_output o = tomte_container_output(c, i);
        uint8_t head[3] = {o.port};
        tomte_put_le16(head + 1, (uint16_t)o.payload.len);
        tomte_sha256_update(&h, TOMTE_SPAN_ARRAY(head));
        tomte_sha256_update(&h, o.payload);
    }
    for (size_t i = 0; i < TOMTE_LIMIT_TIMERS; i++) {
        uint8_t due[8];
        tomte_put_le64(due, c->timers[i]);
        tomte_sha256_update(&h, TOMTE_SPAN_ARRAY(due));
    }
    tomte_sha256_final(&h, whole);
    memcpy(digest, whole, TOMTE_RECORD_DIGEST_BYTES);
}

/* The live event came to its end: its record is complete. */
static void finish(struct tomte_container *c)
{
    struct tomte_container_work *w = c->work;
    container_effects_digest(c, w->record.digest);
    enum tomte_err err =
        tomte_record_encode(&w->record, TOMTE_BUF_ARRAY(w->bytes), &w->encoded);
    TOMTE_ASSERT(err == TOMTE_OK); /* gets_room saw to that */
}
