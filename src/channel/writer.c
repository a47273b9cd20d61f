/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/writer.h"

#include "channel/kept.h"

static void settle(struct tomte_writer *w, enum tomte_err err, bool has_tick,
                   uint64_t now_ms);
static uint32_t wait_longer(struct tomte_writer *w);

void tomte_writer_init(struct tomte_writer *w, uint32_t renew_ms, uint64_t boot)
{
    *w = (struct tomte_writer){.renew_ms = renew_ms, .boot = boot};
    tomte_stream_init(&w->numbers);
    tomte_grant_init(&w->grant);
}

enum tomte_err tomte_writer_put(struct tomte_writer *w, uint16_t format,
                                struct tomte_span payload, uint64_t now_ms)
{
    enum tomte_err err = tomte_value_set(&w->value, format, payload);
    if (err != TOMTE_OK)
        return err;
    w->wants = true;
    w->newest = false;
    w->due_ms = now_ms;
    return TOMTE_OK;
}

bool tomte_writer_next(struct tomte_writer *w, uint64_t now_ms,
                       uint64_t lease_left_ms, struct tomte_writer_send *send)
{
    if (now_ms < tomte_writer_deadline(w))
        return false;
    w->sent = tomte_stream_stamp(&w->numbers, w->boot, now_ms);
    w->in_flight = true;
    w->newest = true;
    *send = (struct tomte_writer_send){
        .stream = w->numbers.stream,
        .sequence = w->sent,
        .not_after = tomte_grant_not_after(&w->grant, now_ms, lease_left_ms),
        .payload = tomte_value_span(&w->value),
        .format = w->value.format,
    };
    return true;
}

uint64_t tomte_writer_deadline(const struct tomte_writer *w)
{
    bool idle = !w->wants || w->in_flight || w->stopped;
    return idle ? UINT64_MAX : w->due_ms;
}

void tomte_writer_answered(struct tomte_writer *w,
                           const struct tomte_writer_answer *answer,
                           uint64_t now_ms)
{
    if (!w->in_flight || answer->sequence != w->sent)
        return;
    w->in_flight = false;
    if (answer->has_tick)
        tomte_grant_answered(&w->grant, answer->tick, now_ms);
    settle(w, answer->err, answer->has_tick, now_ms);
}

void tomte_writer_resume(struct tomte_writer *w, uint64_t now_ms)
{
    tomte_grant_init(&w->grant);
    w->in_flight = false;
    w->stopped = false;
    w->backoff_ms = 0;
    w->due_ms = now_ms;
}

enum tomte_err tomte_writer_encode(const struct tomte_writer *w,
                                   struct tomte_buf out,
                                   struct tomte_span *bytes)
{
    struct tomte_kept kept = {.known = w->wants,
                              .format = w->value.format,
                              .payload = tomte_value_span(&w->value)};
    return tomte_kept_encode(&kept, out, bytes);
}

enum tomte_err tomte_writer_decode(struct tomte_writer *w,
                                   struct tomte_span bytes, uint64_t now_ms)
{
    struct tomte_kept kept;
    enum tomte_err err = tomte_kept_decode(bytes, &kept);
    if (err != TOMTE_OK || !kept.known)
        return err;
    return tomte_writer_put(w, kept.format, kept.payload, now_ms);
}

/* When the value is due again. */
static void settle(struct tomte_writer *w, enum tomte_err err, bool has_tick,
                   uint64_t now_ms)
{
    switch (err) {
    case TOMTE_OK:
        w->backoff_ms = 0;
        if (!w->newest)
            w->due_ms = now_ms;
        else
            w->due_ms = w->renew_ms ? now_ms + w->renew_ms : UINT64_MAX;
        return;
    case TOMTE_ERR_FENCED:
    case TOMTE_ERR_DENIED:
        w->stopped = true;
        return;
    default: {
        bool expired = err == TOMTE_ERR_TIMEOUT && has_tick;
        bool first = w->backoff_ms == 0;
        uint32_t wait = wait_longer(w);
        w->due_ms = expired && first ? now_ms : now_ms + wait;
    }
    }
}

static uint32_t wait_longer(struct tomte_writer *w)
{
    uint32_t doubled = w->backoff_ms * 2;
    if (doubled == 0)
        doubled = TOMTE_WRITER_RETRY_MS;
    if (doubled > TOMTE_WRITER_RETRY_MS_MAX)
        doubled = TOMTE_WRITER_RETRY_MS_MAX;
    w->backoff_ms = doubled;
    return doubled;
}
