/* SPDX-License-Identifier: Apache-2.0 */
/* channel/grant.h: up to when an actuator may accept a container's write.
 *
 * A write lies in queues and in the network, and its writer may be replaced
 * meanwhile. So each says up to when it may be accepted: TOMTE_WRITE_LIFE_MS
 * from when it is sent, and for a `safe` container not longer than its node's
 * lease. After that nothing of the old owner is on its way to an actuator that
 * could not be told of the new one: docs/spec/lease.pml.
 *
 * The two nodes share no clock. The actuator's answers carry its tick, which is
 * older than its arrival here; what passed here since then is added, and so the
 * writer knows a tick which the actuator has reached for certain. Both clocks
 * may be wrong by 1 in 1,000: 2 in 1,000 are taken off. Each answer brings a
 * new tick.
 *
 * An actuator that restarted counts ticks above all earlier ones (actuator.h),
 * so what was granted before is over. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TOMTE_WRITE_LIFE_MS 5000u

struct tomte_grant {
    uint64_t tick;  /* of the actuator; 0: none was seen */
    uint64_t at_ms; /* when it arrived, on this node's clock */
};

void tomte_grant_init(struct tomte_grant *g);

/* An answer arrived. */
void tomte_grant_answered(struct tomte_grant *g, uint64_t tick,
                          uint64_t now_ms);

/* For the origin of a write that is sent now, with this much left of the
 * lease that its container is bound to (UINT64_MAX: to none). Without a tick,
 * with one that is too old, or with nothing left it is TOMTE_NOT_AFTER_PROBE,
 * which is refused and answered with a tick. */
uint64_t tomte_grant_not_after(const struct tomte_grant *g, uint64_t now_ms,
                               uint64_t lease_left_ms);
