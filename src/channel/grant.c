/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/grant.h"

#include "channel/actuator.h"

/* Two clocks, each wrong by 1 in 1,000 at most. */
#define DRIFT_DIVISOR 500

/* Both clocks are read in whole milliseconds: either may be up to one ahead of
 * what it shows. */
#define GRAIN_MS 2

void tomte_grant_init(struct tomte_grant *g)
{
    g->not_after = 0;
}

void tomte_grant_answered(struct tomte_grant *g, uint64_t tick,
                          uint64_t lease_left_ms)
{
    uint64_t off = lease_left_ms / DRIFT_DIVISOR + 1 + GRAIN_MS;
    g->not_after = lease_left_ms > off ? tick + (lease_left_ms - off) : 0;
}

uint64_t tomte_grant_not_after(const struct tomte_grant *g)
{
    return g->not_after > TOMTE_NOT_AFTER_PROBE ? g->not_after
                                                : TOMTE_NOT_AFTER_PROBE;
}
