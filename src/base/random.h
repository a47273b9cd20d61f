/* SPDX-License-Identifier: Apache-2.0 */
/* base/random.h: a deterministic stream of numbers from a seed.
 *
 * For jitter, the simulator and the random numbers of containers (their seed is
 * logged with the event, so a replay sees the same). xoshiro256** seeded by
 * splitmix64. Not for keys. */
#pragma once

#include "base/span.h"

struct tomte_random {
    uint64_t s[4];
};

void tomte_random_init(struct tomte_random *r, uint64_t seed);
uint64_t tomte_random_next(struct tomte_random *r);

/* Uniform in [0, bound); bound 0 gives 0. */
uint64_t tomte_random_below(struct tomte_random *r, uint64_t bound);

/* True `permille` times in a thousand. */
bool tomte_random_chance(struct tomte_random *r, unsigned permille);

void tomte_random_fill(struct tomte_random *r, struct tomte_buf out);
