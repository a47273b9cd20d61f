/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/stream.h"

#include "base/assert.h"

#define EPOCH_SHIFT 16

static uint64_t max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void tomte_stream_init(struct tomte_stream *s)
{
    *s = (struct tomte_stream){.stream = 0, .next = 1};
}

void tomte_stream_open(struct tomte_stream *s, uint64_t epoch)
{
    s->stream = max(s->stream + 1, epoch << EPOCH_SHIFT);
}

uint64_t tomte_stream_take(struct tomte_stream *s)
{
    TOMTE_ASSERT(s->stream != 0);
    return s->next++;
}

uint64_t tomte_stream_stamp(struct tomte_stream *s, uint64_t boot,
                            uint64_t now_ms)
{
    s->stream = boot;
    s->next = max(s->next, now_ms + 1);
    return tomte_stream_take(s);
}
