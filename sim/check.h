/* SPDX-License-Identifier: Apache-2.0 */
/* sim/check.h: the promises that are checked, one file each. */
#pragma once

#include "world.h"

/* No write is accepted after a newer grant reached that actuator, and none of a
 * `safe` container's after its node's lease ended, as the simulator sees it. */
extern const struct sim_check check_fenced;

/* Counters never go back, and what was acknowledged is not lost. */
extern const struct sim_check check_nothing_lost;

/* After healing every container runs, once. */
extern const struct sim_check check_converges;

void checks_make(struct sim *w);
void checks_end(struct sim *w);
void checks_free(struct sim *w);
