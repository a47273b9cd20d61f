/* SPDX-License-Identifier: Apache-2.0 */
/* channel/grant.h: up to when an actuator may accept a `safe` writer's write.
 *
 * A write must not be accepted after the writer's lease ended, even one that
 * lay in a queue or in the network, and the two nodes share no clock. So the
 * actuator's answers carry its tick, and the writer notes how much of its lease
 * was left when one arrived. The tick is older than its arrival; so the tick
 * plus what was left comes, on the actuator's clock, before the lease ends on
 * the writer's. Both clocks may be wrong by 1 in 1,000: 2 in 1,000 are taken
 * off. Each answer brings a new grant.
 *
 * An actuator that restarted counts ticks above all earlier ones (actuator.h),
 * so what was granted before is over. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct tomte_grant {
    uint64_t not_after; /* tick of the actuator; 0: no tick was seen */
};

void tomte_grant_init(struct tomte_grant *g);

/* An answer arrived while `lease_left_ms` of this node's lease were left (as
 * the node counts: its clock, drift taken off). */
void tomte_grant_answered(struct tomte_grant *g, uint64_t tick,
                          uint64_t lease_left_ms);

/* For the origin of a `safe` container's next write. Without a tick it is
 * TOMTE_NOT_AFTER_PROBE, which is refused and answered with one. */
uint64_t tomte_grant_not_after(const struct tomte_grant *g);
