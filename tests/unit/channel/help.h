/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of this room share. */
#pragma once

#include "base/base.h"
#include "channel/origin.h"
#include "test.h"

static inline struct tomte_name name(const char *text)
{
    struct tomte_name n;
    CHECK_OK(tomte_name_parse(tomte_span_str(text), &n));
    return n;
}

static inline struct tomte_channel_name channel_name(const char *text)
{
    struct tomte_channel_name n;
    CHECK_OK(tomte_channel_name_parse(tomte_span_str(text), &n));
    return n;
}

static inline struct tomte_origin origin(const char *identity, uint64_t epoch,
                                         uint64_t stream, uint64_t sequence)
{
    return (struct tomte_origin){.identity = name(identity),
                                 .epoch = epoch,
                                 .stream = stream,
                                 .sequence = sequence};
}
