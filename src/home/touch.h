/* SPDX-License-Identifier: Apache-2.0 */
/* home/touch.h: whose views a change concerns. Private to the room.
 *
 * A node whose view may have another content than before gets the home's
 * version as its view's. A command touches before and after it changes the
 * tables, so that those are found who lose something and those who gain it.
 * Touching too many costs a fetch, touching too few is a fault: the model test
 * compares the contents. */
#pragma once

#include "home/table.h"

/* Those whose views name this container: its holders, the nodes of its
 * channels' resources, and the owners at the other ends of its channels. */
void tomte_home_touch(struct tomte_home *home, uint16_t container);

/* Owner, standbys, and who holds the history: what they know of each other. */
void tomte_home_touch_holders(struct tomte_home *home, uint16_t container);

/* The node, and those whose views name it. */
void tomte_home_touch_node(struct tomte_home *home, uint16_t node);

void tomte_home_touch_all(struct tomte_home *home);
