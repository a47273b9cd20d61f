/* SPDX-License-Identifier: Apache-2.0 */
/* When not everything fits: what makes room for what. */
#include "home/judge.h"
#include "home/rank.h"

/* What a node has left, and would have without some of what it owns. */
struct room {
    uint64_t memory_kib;
    uint64_t fuel;
};

bool tomte_home_goes_before(const struct tomte_home *home, uint16_t a,
                            uint16_t b)
{
    const struct tomte_home_container *ca = &home->containers[a];
    const struct tomte_home_container *cb = &home->containers[b];
    if (ca->priority != cb->priority)
        return ca->priority < cb->priority;
    return tomte_span_compare(tomte_name_span(&ca->identity),
                              tomte_name_span(&cb->identity)) > 0;
}

static bool fits(struct room r, const struct tomte_home_container *c)
{
    return r.memory_kib >= c->memory_kib && r.fuel >= c->fuel_per_second;
}

/* The next to go from this node: the lowest priority, then the last by name;
 * after `last` in that order. NONE when no other matters less than `c`. */
static uint16_t next_out(const struct tomte_home *home,
                         const struct tomte_home_container *c, uint16_t node,
                         uint16_t last)
{
    uint16_t found = NONE;
    uint16_t at = home->nodes[node].owned;
    for (; at != NONE; at = home->containers[at].next_owned) {
        if (home->containers[at].priority >= c->priority ||
            (last != NONE && !tomte_home_goes_before(home, last, at)))
            continue;
        if (found == NONE || tomte_home_goes_before(home, at, found))
            found = at;
    }
    return found;
}

/* The first that would go if the container came to this node, and how much the
 * one that matters most of them does; NONE when all together are not enough. */
static uint16_t first_out(const struct tomte_home *home, uint16_t container,
                          uint16_t node, uint8_t *price)
{
    const struct tomte_home_container *c = &home->containers[container];
    struct tomte_home_left left = tomte_home_left(&home->nodes[node]);
    struct room r = {left.memory_kib, left.fuel_per_second};
    uint16_t first = NONE, last = NONE;
    while (!fits(r, c)) {
        last = next_out(home, c, node, last);
        if (last == NONE)
            return NONE;
        if (first == NONE)
            first = last;
        r.memory_kib += home->containers[last].memory_kib;
        r.fuel += home->containers[last].fuel_per_second;
        *price = home->containers[last].priority;
    }
    return first;
}

uint16_t tomte_plan_victim(const struct tomte_home *home,
                           const struct tomte_observed *seen,
                           uint16_t container)
{
    const struct tomte_home_container *c = &home->containers[container];
    uint16_t least = home->priority_order[home->containers_len - 1];
    uint16_t victim = NONE;
    uint8_t best = UINT8_MAX;
    if (home->containers[least].priority >= c->priority)
        return NONE;
    for (unsigned i = 0; i < home->nodes_len; i++) {
        uint16_t node = home->node_order[i];
        uint8_t price = 0;
        enum tomte_plan_no no =
            tomte_plan_may_own(home, seen, container, node, false);
        if (no != TOMTE_PLAN_NO_MEMORY && no != TOMTE_PLAN_NO_FUEL)
            continue;
        uint16_t first = first_out(home, container, node, &price);
        if (first == NONE || (victim != NONE && price >= best))
            continue;
        victim = first;
        best = price;
    }
    return victim;
}
