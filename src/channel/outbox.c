/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/outbox.h"

#include <string.h>

#include "channel/outbox_record.h"
#include "channel/origin.h"

static struct tomte_outbox_consumer *
find(struct tomte_outbox *o, const struct tomte_outbox_answer *answer);
static bool targets_differ(const struct tomte_outbox_target *t, size_t count);
static void drop_consumers(struct tomte_outbox *o,
                           const struct tomte_outbox_target *t, size_t count);
static void bind_consumer(struct tomte_outbox *o,
                          const struct tomte_outbox_target *target);
static bool may_send(const struct tomte_outbox *o,
                     const struct tomte_outbox_consumer *c, uint64_t now_ms);
static bool was_put(const struct tomte_outbox *o,
                    const struct tomte_outbox_answer *answer);
static uint64_t position(const struct tomte_outbox *o,
                         const struct tomte_outbox_answer *answer);
static void advance(struct tomte_outbox *o, struct tomte_outbox_consumer *c,
                    uint64_t cursor);
static void go_back(struct tomte_outbox_consumer *c,
                    const struct tomte_outbox_answer *answer, uint64_t now_ms);

void tomte_outbox_init(struct tomte_outbox *o, struct tomte_buf memory,
                       uint16_t count_max)
{
    if (count_max > TOMTE_LIMIT_OUTBOX)
        count_max = TOMTE_LIMIT_OUTBOX;
    memset(o, 0, sizeof *o);
    tomte_stream_init(&o->numbers);
    o->first = o->numbers.next;
    o->memory = memory;
    o->bytes_max = memory.cap < UINT32_MAX ? (uint32_t)memory.cap : UINT32_MAX;
    o->count_room = count_max;
    o->count_max = count_max;
}

enum tomte_err tomte_outbox_bind(struct tomte_outbox *o,
                                 const struct tomte_outbox_target *targets,
                                 size_t count)
{
    if (count > TOMTE_LIMIT_CONSUMERS)
        return TOMTE_ERR_FULL;
    if (!targets_differ(targets, count))
        return TOMTE_ERR_DUPLICATE;
    drop_consumers(o, targets, count);
    for (size_t i = 0; i < count; i++)
        bind_consumer(o, &targets[i]);
    tomte_outbox_release(o);
    return TOMTE_OK;
}

void tomte_outbox_open(struct tomte_outbox *o, uint64_t epoch)
{
    tomte_stream_open(&o->numbers, epoch);
}

bool tomte_outbox_has_room(const struct tomte_outbox *o, size_t count,
                           size_t bytes)
{
    if (o->consumers_len == 0)
        return true;
    size_t free_bytes = o->bytes_max - o->used;
    return count <= o->count_max - tomte_outbox_count(o) &&
           count * TOMTE_OUTBOX_OVERHEAD <= free_bytes &&
           bytes <= free_bytes - count * TOMTE_OUTBOX_OVERHEAD;
}

enum tomte_err tomte_outbox_put(struct tomte_outbox *o, uint16_t format,
                                struct tomte_span payload, uint64_t *sequence)
{
    if (o->numbers.stream == 0)
        return TOMTE_ERR_STATE;
    if (payload.len > TOMTE_LIMIT_MESSAGE_BYTES ||
        payload.len + TOMTE_OUTBOX_OVERHEAD > o->bytes_max)
        return TOMTE_ERR_TOO_LARGE;
    if (!tomte_outbox_has_room(o, 1, payload.len))
        return TOMTE_ERR_FULL;
    if (o->consumers_len > 0)
        tomte_outbox_append(o, &(struct tomte_outbox_record){
                                   .stream = o->numbers.stream,
                                   .format = format,
                                   .payload = payload,
                               });
    *sequence = tomte_stream_take(&o->numbers);
    tomte_outbox_release(o);
    return TOMTE_OK;
}

void tomte_outbox_drop(struct tomte_outbox *o)
{
    uint64_t oldest = o->first;
    TOMTE_ASSERT(tomte_outbox_count(o) > 0);
    for (size_t i = 0; i < o->consumers_len; i++)
        advance(o, &o->consumers[i], oldest);
}

enum tomte_err tomte_outbox_replay(struct tomte_outbox *o, uint16_t format,
                                   struct tomte_span payload)
{
    uint64_t sequence;
    while (tomte_outbox_count(o) > 0 &&
           !tomte_outbox_has_room(o, 1, payload.len))
        tomte_outbox_drop(o);
    return tomte_outbox_put(o, format, payload, &sequence);
}

bool tomte_outbox_next(struct tomte_outbox *o, uint64_t now_ms,
                       struct tomte_outbox_send *send)
{
    for (size_t i = 0; i < o->consumers_len; i++) {
        struct tomte_outbox_consumer *c = &o->consumers[i];
        if (!may_send(o, c, now_ms))
            continue;
        struct tomte_outbox_record record;
        c->sent++;
        tomte_outbox_find(o, c->sent, &record);
        *send = (struct tomte_outbox_send){
            .to = c->identity,
            .epoch = c->epoch,
            .stream = record.stream,
            .sequence = c->sent,
            .base = c->cursor + 1,
            .format = record.format,
            .payload = record.payload,
        };
        return true;
    }
    return false;
}

uint64_t tomte_outbox_deadline(const struct tomte_outbox *o, uint64_t now_ms)
{
    uint64_t deadline = UINT64_MAX;
    for (size_t i = 0; i < o->consumers_len; i++) {
        const struct tomte_outbox_consumer *c = &o->consumers[i];
        if (c->retry_ms > now_ms && c->retry_ms < deadline &&
            may_send(o, c, c->retry_ms))
            deadline = c->retry_ms;
    }
    return deadline;
}

enum tomte_err
tomte_outbox_acknowledged(struct tomte_outbox *o,
                          const struct tomte_outbox_answer *answer,
                          uint64_t now_ms)
{
    struct tomte_outbox_consumer *c = find(o, answer);
    if (!c)
        return TOMTE_OK;
    if (!was_put(o, answer)) {
        go_back(c, answer, now_ms);
        return TOMTE_ERR_RANGE;
    }
    advance(o, c, position(o, answer));
    if (answer->sent > c->cursor)
        go_back(c, answer, now_ms); /* answered, and yet not committed */
    return TOMTE_OK;
}

void tomte_outbox_hole(struct tomte_outbox *o,
                       const struct tomte_outbox_answer *answer,
                       uint64_t now_ms)
{
    struct tomte_outbox_consumer *c = find(o, answer);
    if (!c)
        return;
    uint64_t at = was_put(o, answer) ? position(o, answer) : c->cursor;
    struct tomte_outbox_record record;
    if (at < c->cursor) {
        /* A cursor in another stream does not say where in this one it is. */
        tomte_outbox_find(o, at + 1, &record);
        if (record.stream == answer->stream) {
            c->cursor = at;
            c->sent = at;
            return;
        }
    }
    advance(o, c, at);
    go_back(c, answer, now_ms);
}

void tomte_outbox_failed(struct tomte_outbox *o,
                         const struct tomte_outbox_answer *answer,
                         uint64_t now_ms)
{
    struct tomte_outbox_consumer *c = find(o, answer);
    if (c)
        go_back(c, answer, now_ms);
}

size_t tomte_outbox_count(const struct tomte_outbox *o)
{
    return (size_t)(o->numbers.next - o->first);
}

/* The consumer in that very placement. */
static struct tomte_outbox_consumer *
find(struct tomte_outbox *o, const struct tomte_outbox_answer *answer)
{
    for (size_t i = 0; i < o->consumers_len; i++) {
        struct tomte_outbox_consumer *c = &o->consumers[i];
        if (tomte_name_equal(&c->identity, &answer->from))
            return c->epoch == answer->epoch ? c : NULL;
    }
    return NULL;
}

static bool targets_differ(const struct tomte_outbox_target *t, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (tomte_name_equal(&t[i].identity, &t[j].identity))
                return false;
    return true;
}

static void drop_consumers(struct tomte_outbox *o,
                           const struct tomte_outbox_target *t, size_t count)
{
    uint8_t kept = 0;
    for (size_t i = 0; i < o->consumers_len; i++) {
        size_t j = 0;
        while (j < count &&
               !tomte_name_equal(&o->consumers[i].identity, &t[j].identity))
            j++;
        if (j < count)
            o->consumers[kept++] = o->consumers[i];
    }
    o->consumers_len = kept;
}

static void bind_consumer(struct tomte_outbox *o,
                          const struct tomte_outbox_target *target)
{
    struct tomte_span name = tomte_name_span(&target->identity);
    size_t at = 0;
    while (at < o->consumers_len &&
           tomte_span_compare(tomte_name_span(&o->consumers[at].identity),
                              name) < 0)
        at++;
    struct tomte_outbox_consumer *c = &o->consumers[at];
    if (at == o->consumers_len ||
        !tomte_name_equal(&c->identity, &target->identity)) {
        memmove(c + 1, c, (o->consumers_len - at) * sizeof *c);
        o->consumers_len++;
        *c = (struct tomte_outbox_consumer){.identity = target->identity,
                                            .cursor = o->numbers.next - 1};
    }
    if (c->epoch != target->epoch) {
        c->epoch = target->epoch;
        c->retry_ms = 0;
        c->backoff_ms = 0;
        c->sent = c->cursor;
    }
}

/* Within one stream up to the window; a new stream waits until the old one is
 * acknowledged, for what comes after its first message is never taken. */
static bool may_send(const struct tomte_outbox *o,
                     const struct tomte_outbox_consumer *c, uint64_t now_ms)
{
    if (now_ms < c->retry_ms || c->sent + 1 == o->numbers.next ||
        c->sent - c->cursor >= TOMTE_OUTBOX_WINDOW)
        return false;
    if (c->sent == c->cursor)
        return true;
    struct tomte_outbox_record oldest, next;
    tomte_outbox_find(o, c->cursor + 1, &oldest);
    tomte_outbox_find(o, c->sent + 1, &next);
    return oldest.stream == next.stream;
}

/* The cursor is one that an honest consumer can have. */
static bool was_put(const struct tomte_outbox *o,
                    const struct tomte_outbox_answer *answer)
{
    if (answer->stream != o->numbers.stream)
        return answer->stream < o->numbers.stream;
    return answer->sequence < o->numbers.next;
}

/* The last message that the answer's cursor covers, by (stream, sequence). When
 * it covers none of those held: the last one that is held no more. */
static uint64_t position(const struct tomte_outbox *o,
                         const struct tomte_outbox_answer *answer)
{
    uint64_t sequence = o->first;
    while (sequence < o->numbers.next) {
        struct tomte_outbox_record record;
        tomte_outbox_find(o, sequence, &record);
        if (record.stream > answer->stream ||
            (record.stream == answer->stream && sequence > answer->sequence))
            break;
        sequence++;
    }
    return sequence - 1;
}

static void advance(struct tomte_outbox *o, struct tomte_outbox_consumer *c,
                    uint64_t cursor)
{
    if (cursor <= c->cursor)
        return;
    c->cursor = cursor;
    if (c->sent < cursor)
        c->sent = cursor;
    c->retry_ms = 0;
    c->backoff_ms = 0;
    tomte_outbox_release(o);
}

/* Unless it is not in flight any more: covered, or gone back from already. */
static void go_back(struct tomte_outbox_consumer *c,
                    const struct tomte_outbox_answer *answer, uint64_t now_ms)
{
    if (answer->sent <= c->cursor || answer->sent > c->sent)
        return;
    c->sent = c->cursor;
    c->backoff_ms *= 2;
    if (c->backoff_ms == 0)
        c->backoff_ms = TOMTE_OUTBOX_RETRY_MS;
    if (c->backoff_ms > TOMTE_OUTBOX_RETRY_MS_MAX)
        c->backoff_ms = TOMTE_OUTBOX_RETRY_MS_MAX;
    c->retry_ms = now_ms + c->backoff_ms;
}
