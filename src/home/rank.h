/* SPDX-License-Identifier: Apache-2.0 */
/* home/rank.h: the nodes in the order in which containers without a wish go to
 * them. Private to the room.
 *
 * A tournament: the leaves are the nodes by name, each pair's parent has the
 * best of both. So the best node with enough of everything is found by looking
 * at few of ten thousand, and a node whose load changes climbs some fourteen
 * steps. It is kept by the tables (table.c) and depends on nothing but the
 * home's state; who holds a lease is for the one that asks.
 *
 * The order: mains before battery, then fewer radio hops, then more room. A
 * node that is removed, full, or has offered nothing yet has rank 0. */
#pragma once

#include "home/home.h"

/* What a node has left; what it did not say is without end. */
struct tomte_home_left {
    uint32_t memory_kib;
    uint32_t fuel_per_second;
    uint32_t flash_kib;
};

/* Of a node, or the most of each in one half of a tournament. */
struct tomte_home_rank {
    uint32_t rank;
    struct tomte_home_left left;
};

/* As many as a tournament of that many nodes has. */
size_t tomte_home_ranks(uint16_t nodes);

struct tomte_home_left tomte_home_left(const struct tomte_home_node *n);

/* The part of its room that is free, in 65535ths; 0: none. */
uint32_t tomte_home_room(const struct tomte_home_node *n);

/* The load of one node changed; nodes came or went. */
void tomte_home_rank_node(struct tomte_home *home, uint16_t node);
void tomte_home_rank_all(struct tomte_home *home);

/* Asked about a node that has enough: whether it will do. */
typedef bool tomte_home_will_do(void *ctx, uint16_t node);

/* The best of the nodes that have this much left and will do; NONE when there
 * is none. Among equals the first by name. */
uint16_t tomte_home_best(const struct tomte_home *home,
                         struct tomte_home_left need, tomte_home_will_do *will,
                         void *ctx);
