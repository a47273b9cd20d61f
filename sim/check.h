/* SPDX-License-Identifier: Apache-2.0 */
/* sim/check.h: the promises that are checked, one file each. */
#pragma once

#include "homes.h"
#include "world.h"

/* No actuator accepts a write after a newer grant reached it. */
extern const struct sim_check check_fenced;

/* No write of a `safe` container is accepted after its holder's lease. */
extern const struct sim_check check_leases;

/* In an epoch one node acts, and events are released once and in order. */
extern const struct sim_check check_actors;

/* What a `sync` container released is not taken back by a take-over. */
extern const struct sim_check check_nothing_lost;

/* What was acknowledged, to a person or to a container, is in its consumer's
 * state at the end, once; and what is seen of that state never goes back. */
extern const struct sim_check check_accounts;

/* After healing every container that was deployed runs, once, soon. */
extern const struct sim_check check_converges;

/* Memory, queues, datagrams and work stay within their bounds. */
extern const struct sim_check check_bounds;

/* No key and nonce encrypt twice. What nodes encrypt by, so that it is seen;
 * asked for again, it forgets what it saw of another world. */
extern const struct sim_check check_nonces;
const struct tomte_crypto *check_nonces_crypto(void);

void checks_make(struct sim *w);
void checks_second(struct sim *w);
void checks_end(struct sim *w);
void checks_free(struct sim *w);
