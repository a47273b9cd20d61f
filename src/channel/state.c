/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/state.h"

#include <string.h>

#include "channel/kept.h"

static enum tomte_state_verdict judge(const struct tomte_state *s,
                                      const struct tomte_state_put *put);
static bool holds(const struct tomte_state *s);
static uint64_t fresh_until(const struct tomte_state *s);

void tomte_state_init(struct tomte_state *s, struct tomte_buf memory)
{
    if (memory.cap > TOMTE_LIMIT_MESSAGE_BYTES)
        memory.cap = TOMTE_LIMIT_MESSAGE_BYTES;
    *s = (struct tomte_state){.memory = memory};
}

void tomte_state_bind(struct tomte_state *s, const struct tomte_name *writer,
                      uint64_t epoch)
{
    if (tomte_name_equal(&s->writer, writer) && epoch < s->epoch)
        return;
    s->writer = *writer;
    s->epoch = epoch;
}

enum tomte_state_verdict tomte_state_put(struct tomte_state *s,
                                         const struct tomte_state_put *put,
                                         uint64_t now_ms)
{
    enum tomte_state_verdict verdict = judge(s, put);
    if (verdict != TOMTE_STATE_TAKEN && verdict != TOMTE_STATE_SAME)
        return verdict;
    s->received_ms = now_ms;
    s->max_age_ms = put->max_age_ms;
    if (verdict == TOMTE_STATE_SAME)
        return verdict;
    s->origin = put->origin;
    s->format = put->format;
    s->len = (uint16_t)put->payload.len;
    if (s->len > 0)
        memcpy(s->memory.data, put->payload.data, s->len);
    s->revision++;
    return verdict;
}

bool tomte_state_get(const struct tomte_state *s, struct tomte_span *payload)
{
    *payload = holds(s) ? TOMTE_SPAN(s->memory.data, s->len) : TOMTE_SPAN_NONE;
    return holds(s);
}

bool tomte_state_fresh(const struct tomte_state *s, uint64_t now_ms)
{
    return holds(s) && now_ms < fresh_until(s);
}

uint32_t tomte_state_max_age_s(const struct tomte_state *s, uint64_t now_ms)
{
    if (!tomte_state_fresh(s, now_ms))
        return 0;
    if (s->max_age_ms == UINT32_MAX)
        return UINT32_MAX;
    return (uint32_t)((fresh_until(s) - now_ms) / 1000);
}

uint64_t tomte_state_deadline(const struct tomte_state *s, uint64_t now_ms)
{
    return tomte_state_fresh(s, now_ms) ? fresh_until(s) : UINT64_MAX;
}

enum tomte_err tomte_state_encode(const struct tomte_state *s,
                                  struct tomte_buf out,
                                  struct tomte_span *bytes)
{
    struct tomte_kept kept = {.known = holds(s), .format = s->format};
    (void)tomte_state_get(s, &kept.payload);
    return tomte_kept_encode(&kept, out, bytes);
}

enum tomte_err tomte_state_decode(struct tomte_span bytes,
                                  struct tomte_state_put *put, bool *known)
{
    struct tomte_kept kept;
    enum tomte_err err = tomte_kept_decode(bytes, &kept);
    if (err == TOMTE_OK && kept.payload.len > TOMTE_LIMIT_MESSAGE_BYTES)
        err = TOMTE_ERR_TOO_LARGE;
    *known = err == TOMTE_OK && kept.known;
    *put = (struct tomte_state_put){.max_age_ms = UINT32_MAX};
    if (*known) {
        put->format = kept.format;
        put->payload = kept.payload;
    }
    return err;
}

static enum tomte_state_verdict judge(const struct tomte_state *s,
                                      const struct tomte_state_put *put)
{
    const struct tomte_name *from = &put->origin.identity;
    if (s->writer.len > 0 && !tomte_name_equal(&s->writer, from))
        return TOMTE_STATE_DENIED;
    if (put->origin.epoch < s->epoch)
        return TOMTE_STATE_STALE;
    if (holds(s) && tomte_name_equal(&s->origin.identity, from)) {
        int order = tomte_origin_compare(&put->origin, &s->origin);
        if (order <= 0)
            return order < 0 ? TOMTE_STATE_STALE : TOMTE_STATE_SAME;
    }
    if (put->payload.len > s->memory.cap)
        return TOMTE_STATE_TOO_LARGE;
    return TOMTE_STATE_TAKEN;
}

static bool holds(const struct tomte_state *s)
{
    return s->revision > 0;
}

static uint64_t fresh_until(const struct tomte_state *s)
{
    if (s->max_age_ms == UINT32_MAX)
        return UINT64_MAX;
    return s->received_ms + s->max_age_ms;
}
