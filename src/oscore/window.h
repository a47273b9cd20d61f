/* SPDX-License-Identifier: Apache-2.0 */
/* oscore/window.h: which requests were received before (RFC 8613 section 7.4),
 * a sliding window of 32 (section 3.2.2) as of RFC 6347 section 4.1.2.6.
 *
 * Check before decrypting, take after it, nothing in between: a forged message
 * must not move the window. */
#pragma once

#include "base/span.h"

#define TOMTE_OSCORE_WINDOW 32

struct tomte_oscore_window {
    uint64_t next; /* the highest that was taken, plus 1; 0: none */
    uint32_t seen; /* bit n: next - 1 - n was taken */
};

/* Not taken before, and not too old to tell. */
static inline bool tomte_oscore_window_check(struct tomte_oscore_window w,
                                             uint64_t number)
{
    if (number >= w.next)
        return true;
    uint64_t age = w.next - 1 - number;
    return age < TOMTE_OSCORE_WINDOW && (w.seen >> age & 1) == 0;
}

static inline void tomte_oscore_window_take(struct tomte_oscore_window *w,
                                            uint64_t number)
{
    if (number >= w->next) {
        uint64_t by = number + 1 - w->next;
        w->seen = by < TOMTE_OSCORE_WINDOW ? w->seen << by : 0;
        w->seen |= 1;
        w->next = number + 1;
    } else {
        w->seen |= UINT32_C(1) << (w->next - 1 - number);
    }
}

/* Everything up to this one counts as taken. */
static inline void tomte_oscore_window_start(struct tomte_oscore_window *w,
                                             uint64_t number)
{
    w->next = number + 1;
    w->seen = UINT32_MAX;
}
