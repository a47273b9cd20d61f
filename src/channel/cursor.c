/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/cursor.h"

#include <string.h>

static bool search(const struct tomte_cursors *t,
                   const struct tomte_channel_name *channel,
                   const struct tomte_name *producer, size_t *at);
static struct tomte_cursor *get(const struct tomte_cursors *t,
                                const struct tomte_channel_name *channel,
                                const struct tomte_name *producer);
static void judge(const struct tomte_cursor *c, const struct tomte_origin *o,
                  struct tomte_cursor_report *report);
static void judge_next(const struct tomte_cursor *c,
                       const struct tomte_origin *o,
                       struct tomte_cursor_report *report);
static bool behind(uint64_t stream, uint64_t sequence,
                   const struct tomte_origin *o);

void tomte_cursors_init(struct tomte_cursors *t, struct tomte_cursor *entries,
                        uint16_t cap)
{
    *t = (struct tomte_cursors){.entries = entries, .cap = cap};
}

enum tomte_err tomte_cursors_bind(struct tomte_cursors *t,
                                  const struct tomte_channel_name *channel,
                                  const struct tomte_name *producer,
                                  uint64_t epoch)
{
    size_t at;
    bool found = search(t, channel, producer, &at);
    if (!found && t->len == t->cap)
        return TOMTE_ERR_FULL;
    struct tomte_cursor *c = &t->entries[at];
    if (!found) {
        memmove(c + 1, c, (t->len - at) * sizeof *c);
        t->len++;
        *c = (struct tomte_cursor){.channel = *channel, .producer = *producer};
    }
    c->bound = true;
    c->placed = epoch != 0;
    if (epoch > c->epoch)
        c->epoch = epoch;
    return TOMTE_OK;
}

void tomte_cursors_unbind(struct tomte_cursors *t,
                          const struct tomte_channel_name *channel,
                          const struct tomte_name *producer)
{
    size_t at;
    if (!search(t, channel, producer, &at))
        return;
    t->len--;
    struct tomte_cursor *c = &t->entries[at];
    memmove(c, c + 1, (t->len - at) * sizeof *c);
}

struct tomte_cursor_report
tomte_cursors_check(const struct tomte_cursors *t,
                    const struct tomte_channel_name *channel,
                    const struct tomte_origin *origin)
{
    const struct tomte_cursor *c = get(t, channel, &origin->identity);
    struct tomte_cursor_report report = {.verdict = TOMTE_CURSOR_DENIED};
    if (!c || !c->bound)
        return report;
    report.stream = c->stream;
    report.sequence = c->sequence;
    report.held = c->epoch;
    judge(c, origin, &report);
    return report;
}

bool tomte_cursor_accepts(enum tomte_cursor_verdict verdict)
{
    return verdict == TOMTE_CURSOR_ACCEPT ||
           verdict == TOMTE_CURSOR_NEW_STREAM || verdict == TOMTE_CURSOR_GAP;
}

enum tomte_err tomte_cursor_verdict_err(enum tomte_cursor_verdict verdict)
{
    switch (verdict) {
    case TOMTE_CURSOR_HOLE:
        return TOMTE_ERR_STATE;
    case TOMTE_CURSOR_FENCED:
        return TOMTE_ERR_FENCED;
    case TOMTE_CURSOR_AHEAD:
        return TOMTE_ERR_AGAIN;
    case TOMTE_CURSOR_DENIED:
        return TOMTE_ERR_DENIED;
    default:
        return TOMTE_OK;
    }
}

const char *tomte_cursor_verdict_name(enum tomte_cursor_verdict verdict)
{
    static const char *const names[] = {
        [TOMTE_CURSOR_ACCEPT] = "accepted",
        [TOMTE_CURSOR_NEW_STREAM] = "new stream",
        [TOMTE_CURSOR_GAP] = "gap",
        [TOMTE_CURSOR_IN_PROGRESS] = "in progress",
        [TOMTE_CURSOR_DUPLICATE] = "duplicate",
        [TOMTE_CURSOR_HOLE] = "hole",
        [TOMTE_CURSOR_FENCED] = "fenced",
        [TOMTE_CURSOR_AHEAD] = "epoch not known yet",
        [TOMTE_CURSOR_DENIED] = "denied",
    };
    size_t i = (size_t)verdict;
    return i < sizeof names / sizeof *names ? names[i] : "?";
}

void tomte_cursors_take(struct tomte_cursors *t,
                        const struct tomte_channel_name *channel,
                        const struct tomte_origin *origin)
{
    struct tomte_cursor_report report = tomte_cursors_check(t, channel, origin);
    TOMTE_ASSERT(tomte_cursor_accepts(report.verdict));
    struct tomte_cursor *c = get(t, channel, &origin->identity);
    c->taken_stream = origin->stream;
    c->taken_sequence = origin->sequence;
    c->epoch = origin->epoch;
    if (report.lost > 0)
        c->gaps++;
    if (report.lost != TOMTE_CURSOR_LOST_UNKNOWN)
        c->lost += report.lost;
}

enum tomte_err tomte_cursors_commit(struct tomte_cursors *t,
                                    const struct tomte_channel_name *channel,
                                    const struct tomte_origin *origin)
{
    struct tomte_cursor *c = get(t, channel, &origin->identity);
    if (!c)
        return TOMTE_ERR_NOT_FOUND;
    if (behind(c->stream, c->sequence, origin)) {
        c->stream = origin->stream;
        c->sequence = origin->sequence;
    }
    if (behind(c->taken_stream, c->taken_sequence, origin)) {
        c->taken_stream = origin->stream;
        c->taken_sequence = origin->sequence;
    }
    if (!c->placed && origin->epoch > c->epoch)
        c->epoch = origin->epoch;
    return TOMTE_OK;
}

void tomte_cursors_rollback(struct tomte_cursors *t)
{
    for (size_t i = 0; i < t->len; i++) {
        t->entries[i].taken_stream = t->entries[i].stream;
        t->entries[i].taken_sequence = t->entries[i].sequence;
    }
}

const struct tomte_cursor *
tomte_cursors_find(const struct tomte_cursors *t,
                   const struct tomte_channel_name *channel,
                   const struct tomte_name *producer)
{
    return get(t, channel, producer);
}

/* Where the entry is, or where it belongs. */
static bool search(const struct tomte_cursors *t,
                   const struct tomte_channel_name *channel,
                   const struct tomte_name *producer, size_t *at)
{
    for (*at = 0; *at < t->len; ++*at) {
        const struct tomte_cursor *c = &t->entries[*at];
        int order = tomte_span_compare(tomte_channel_name_span(&c->channel),
                                       tomte_channel_name_span(channel));
        if (order == 0)
            order = tomte_span_compare(tomte_name_span(&c->producer),
                                       tomte_name_span(producer));
        if (order >= 0)
            return order == 0;
    }
    return false;
}

static struct tomte_cursor *get(const struct tomte_cursors *t,
                                const struct tomte_channel_name *channel,
                                const struct tomte_name *producer)
{
    size_t at;
    return search(t, channel, producer, &at) ? &t->entries[at] : NULL;
}

static void judge(const struct tomte_cursor *c, const struct tomte_origin *o,
                  struct tomte_cursor_report *report)
{
    if (o->epoch < c->epoch)
        report->verdict = TOMTE_CURSOR_FENCED;
    else if (c->placed && o->epoch > c->epoch)
        report->verdict = TOMTE_CURSOR_AHEAD;
    else if (!behind(c->stream, c->sequence, o))
        report->verdict = TOMTE_CURSOR_DUPLICATE;
    else if (!behind(c->taken_stream, c->taken_sequence, o))
        report->verdict = TOMTE_CURSOR_IN_PROGRESS;
    else
        judge_next(c, o, report);
}

/* A message that is not taken yet: the next one, or not? */
static void judge_next(const struct tomte_cursor *c,
                       const struct tomte_origin *o,
                       struct tomte_cursor_report *report)
{
    bool same_stream = o->stream == c->taken_stream;
    if (same_stream && o->sequence == c->taken_sequence + 1) {
        report->verdict = TOMTE_CURSOR_ACCEPT;
    } else if (o->sequence != o->base) {
        report->verdict = TOMTE_CURSOR_HOLE;
    } else if (same_stream) {
        report->verdict = TOMTE_CURSOR_GAP;
        report->lost = o->base - c->taken_sequence - 1;
    } else if (c->taken_stream == 0) {
        report->verdict = TOMTE_CURSOR_ACCEPT;
    } else {
        report->verdict = TOMTE_CURSOR_NEW_STREAM;
        report->lost = TOMTE_CURSOR_LOST_UNKNOWN;
    }
}

/* The position is before the message. */
static bool behind(uint64_t stream, uint64_t sequence,
                   const struct tomte_origin *o)
{
    if (stream != o->stream)
        return stream < o->stream;
    return sequence < o->sequence;
}
