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
    *g = (struct tomte_grant){0};
}

void tomte_grant_answered(struct tomte_grant *g, uint64_t tick, uint64_t now_ms)
{
    *g = (struct tomte_grant){.tick = tick, .at_ms = now_ms};
}

uint64_t tomte_grant_not_after(const struct tomte_grant *g, uint64_t now_ms,
                               uint64_t lease_left_ms)
{
    uint64_t life = lease_left_ms < TOMTE_WRITE_LIFE_MS ? lease_left_ms
                                                        : TOMTE_WRITE_LIFE_MS;
    uint64_t passed = now_ms - g->at_ms;
    uint64_t off = (passed + life) / DRIFT_DIVISOR + 1 + GRAIN_MS;
    if (g->tick == 0 || life <= off)
        return TOMTE_NOT_AFTER_PROBE;
    return g->tick + passed + (life - off);
}
