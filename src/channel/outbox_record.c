/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/outbox_record.h"

#include <string.h>

#define STREAM_AT 0
#define LEN_AT    8
#define FORMAT_AT 10

static size_t size_at(const struct tomte_outbox *o, size_t at)
{
    return TOMTE_OUTBOX_OVERHEAD + tomte_get_le16(o->memory.data + at + LEN_AT);
}

void tomte_outbox_find(const struct tomte_outbox *o, uint64_t sequence,
                       struct tomte_outbox_record *record)
{
    TOMTE_ASSERT(sequence >= o->first && sequence < o->numbers.next);
    size_t at = 0;
    for (uint64_t s = o->first; s < sequence; s++)
        at += size_at(o, at);
    const uint8_t *p = o->memory.data + at;
    record->stream = tomte_get_le64(p + STREAM_AT);
    record->format = tomte_get_le16(p + FORMAT_AT);
    record->payload =
        TOMTE_SPAN(p + TOMTE_OUTBOX_OVERHEAD, tomte_get_le16(p + LEN_AT));
}

void tomte_outbox_append(struct tomte_outbox *o,
                         const struct tomte_outbox_record *record)
{
    size_t len = record->payload.len;
    TOMTE_ASSERT(len <= UINT16_MAX);
    TOMTE_ASSERT(len + TOMTE_OUTBOX_OVERHEAD <= o->bytes_max - o->used);
    uint8_t *p = o->memory.data + o->used;
    tomte_put_le64(p + STREAM_AT, record->stream);
    tomte_put_le16(p + LEN_AT, (uint16_t)len);
    tomte_put_le16(p + FORMAT_AT, record->format);
    if (len > 0)
        memcpy(p + TOMTE_OUTBOX_OVERHEAD, record->payload.data, len);
    o->used += len + TOMTE_OUTBOX_OVERHEAD;
}

void tomte_outbox_release(struct tomte_outbox *o)
{
    uint64_t keep = o->numbers.next;
    for (size_t i = 0; i < o->consumers_len; i++)
        if (o->consumers[i].cursor + 1 < keep)
            keep = o->consumers[i].cursor + 1;
    size_t drop = 0;
    while (o->first < keep && drop < o->used) {
        drop += size_at(o, drop);
        o->first++;
    }
    o->first = keep; /* what was put for nobody was never written */
    o->used -= drop;
    if (drop > 0)
        memmove(o->memory.data, o->memory.data + drop, o->used);
}
