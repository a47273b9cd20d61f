/* SPDX-License-Identifier: Apache-2.0 */
/* home/evolve.h: a container's version on trial, and the one before. Private to
 * the room.
 *
 * While a version is on trial the home keeps what the one before needs, and its
 * ports, out of sight but with their channels reserved: so that going back
 * cannot fail. A trial ends with KEEP or ROLLBACK, which the keeper orders when
 * the owner has said how it went. */
#pragma once

#include "home/apply.h"

/* Puts what the container is now aside, as the version before. What is set next
 * is on trial. */
void tomte_home_begin_trial(struct tomte_home *home, uint16_t container);

/* Nothing is kept of the version before. */
void tomte_home_end_trial(struct tomte_home *home, uint16_t container);

/* The version before takes the place of the one on trial, for this reason;
 * counts and touches what that changes. */
void tomte_home_go_back(struct tomte_home *home, uint16_t container,
                        struct tomte_span reason);

/* Another container than this (NONE: any), on trial, that would write to the
 * channel again if it went back; NONE when there is none. */
uint16_t tomte_home_kept_writer(const struct tomte_home *home, uint16_t but,
                                const struct tomte_channel_name *channel);

/* How many ports would read the channel again, of other containers. */
unsigned tomte_home_kept_readers(const struct tomte_home *home, uint16_t but,
                                 const struct tomte_channel_name *channel);
