/* SPDX-License-Identifier: Apache-2.0 */
/* Which node: what is possible, and what of it is best. */
#include "home/judge.h"

#include <string.h>

static enum tomte_plan_no may_hold(const struct tomte_home *home,
                                   const struct tomte_observed *seen,
                                   uint16_t container, uint16_t node);
static uint64_t owner_score(const struct tomte_home *home, uint16_t container,
                            uint16_t node);
static uint64_t standby_score(const struct tomte_home *home,
                              const struct tomte_observed *seen,
                              uint16_t container, uint16_t node);
static uint16_t best_standby(const struct tomte_home *home,
                             const struct tomte_observed *seen,
                             uint16_t container, uint16_t owner,
                             const uint16_t *but, uint8_t len);
static uint8_t wanted(const struct tomte_home *home,
                      const struct tomte_observed *seen, uint16_t container,
                      uint16_t owner);
static bool attracts(const struct tomte_home *home,
                     const struct tomte_observed *seen, uint16_t container,
                     uint16_t owner);
static bool is_in(const uint16_t *nodes, uint8_t len, uint16_t node);

enum tomte_plan_no tomte_plan_may_own(const struct tomte_home *home,
                                      const struct tomte_observed *seen,
                                      uint16_t container, uint16_t node,
                                      bool anew)
{
    const struct tomte_placement *p = &home->containers[container].placement;
    if (!anew && p->insync_len > 0 && !tomte_home_is_insync(p, node))
        return TOMTE_PLAN_NO_HISTORY;
    return may_hold(home, seen, container, node);
}

enum tomte_plan_no tomte_plan_may_stand_by(const struct tomte_home *home,
                                           const struct tomte_observed *seen,
                                           uint16_t container, uint16_t node)
{
    return may_hold(home, seen, container, node);
}

uint16_t tomte_plan_owner(const struct tomte_home *home,
                          const struct tomte_observed *seen, uint16_t container,
                          bool anew)
{
    uint16_t best = NONE;
    uint64_t best_score = 0;
    for (unsigned i = 0; i < home->nodes_len; i++) {
        uint16_t node = home->node_order[i];
        if (tomte_plan_may_own(home, seen, container, node, anew) !=
            TOMTE_PLAN_CAN)
            continue;
        uint64_t score = owner_score(home, container, node);
        if (best == NONE || score > best_score) {
            best = node;
            best_score = score;
        }
    }
    return best;
}

uint8_t tomte_plan_new_standbys(const struct tomte_home *home,
                                const struct tomte_observed *seen,
                                uint16_t container, uint16_t owner,
                                uint16_t standbys[TOMTE_HOME_STANDBYS_MAX])
{
    uint8_t len = 0, want = wanted(home, seen, container, owner);
    while (len < want) {
        uint16_t node =
            best_standby(home, seen, container, owner, standbys, len);
        if (node == NONE)
            break;
        standbys[len++] = node;
    }
    return len;
}

uint8_t tomte_plan_kept_standbys(const struct tomte_home *home,
                                 const struct tomte_observed *seen,
                                 uint16_t container,
                                 uint16_t standbys[TOMTE_HOME_STANDBYS_MAX])
{
    const struct tomte_home_container *c = &home->containers[container];
    const struct tomte_placement *p = &c->placement;
    uint16_t list[TOMTE_HOME_STANDBYS_MAX + 1];
    uint8_t len = p->standbys_len;
    uint8_t want = wanted(home, seen, container, p->owner);
    memcpy(list, p->standbys, sizeof(p->standbys));
    if (attracts(home, seen, container, p->owner) && !is_in(list, len, c->pin))
        list[len++] = c->pin;
    while (len > want) {
        uint8_t worst = 0;
        for (uint8_t i = 1; i < len; i++)
            if (standby_score(home, seen, container, list[i]) <=
                standby_score(home, seen, container, list[worst]))
                worst = i;
        memmove(&list[worst], &list[worst + 1],
                (size_t)(len - worst - 1) * sizeof(*list));
        len--;
    }
    for (uint8_t i = 0; i < want; i++) {
        if (i < len && !tomte_plan_is_gone(home, seen, list[i]))
            continue;
        uint16_t node =
            best_standby(home, seen, container, p->owner, list, len);
        if (node == NONE)
            break;
        list[i] = node;
        if (i == len)
            len++;
    }
    memcpy(standbys, list, len * sizeof(*list));
    return len;
}

bool tomte_plan_is_gone(const struct tomte_home *home,
                        const struct tomte_observed *seen, uint16_t node)
{
    const struct tomte_node_seen *s = &seen->nodes[node];
    uint64_t patience_ms =
        (uint64_t)TOMTE_HOME_PATIENCE_LEASES * home->lease_ms;
    return s->standing == TOMTE_STANDING_OVER &&
           seen->now_ms - s->over_ms >= patience_ms;
}

static enum tomte_plan_no may_hold(const struct tomte_home *home,
                                   const struct tomte_observed *seen,
                                   uint16_t container, uint16_t node)
{
    const struct tomte_home_container *c = &home->containers[container];
    const struct tomte_home_node *n = &home->nodes[node];
    const struct tomte_container_seen *s = &seen->containers[container];
    const struct tomte_placement *p = &c->placement;
    if (n->retired || standing(seen, node) != TOMTE_STANDING_HELD)
        return TOMTE_PLAN_NO_LEASE;
    if (s->refused_changed == c->changed &&
        is_in(s->refused, s->refused_len, node))
        return TOMTE_PLAN_NO_REFUSED;
    bool holds = p->owner == node || tomte_home_is_standby(p, node) ||
                 tomte_home_is_insync(p, node);
    if (!holds && n->containers >= n->containers_max)
        return TOMTE_PLAN_NO_SLOT;
    uint32_t others_kib = n->memory_kib;
    if (p->owner == node)
        others_kib -= c->memory_kib;
    if (n->memory_max_kib < others_kib ||
        n->memory_max_kib - others_kib < c->memory_kib)
        return TOMTE_PLAN_NO_MEMORY;
    return TOMTE_PLAN_CAN;
}

/* The part of its room that is free, in 65535ths. */
static uint64_t room(const struct tomte_home_node *n)
{
    if (n->containers >= n->containers_max)
        return 0;
    return 65535 - (uint64_t)n->containers * 65535 / n->containers_max;
}

static bool is_near(const struct tomte_home *home, uint16_t container,
                    uint16_t node)
{
    const struct tomte_name *near = &home->containers[container].near;
    if (near->len == 0 || tomte_name_equal(&home->nodes[node].place, near))
        return true;
    uint16_t r = home->nodes[node].resource;
    for (; r != NONE; r = home->resources[r].next)
        if (tomte_name_equal(&home->resources[r].is.place, near))
            return true;
    return false;
}

/* Owners of what it should be away from that are this node. */
static unsigned crowded(const struct tomte_home *home, uint16_t container,
                        uint16_t node)
{
    const struct tomte_home_container *c = &home->containers[container];
    unsigned n = 0;
    for (unsigned i = 0; i < c->away_from_len; i++) {
        uint16_t other = tomte_home_find_container(home, &c->away_from[i]);
        n += other != NONE && other != container &&
             home->containers[other].placement.owner == node;
    }
    return n;
}

/* How many of its channels have their resource on this node. */
static unsigned local(const struct tomte_home *home, uint16_t container,
                      uint16_t node)
{
    unsigned n = 0;
    uint16_t p = home->containers[container].port;
    for (; p != NONE; p = home->ports[p].next) {
        if (home->ports[p].channel.len == 0)
            continue;
        uint16_t r = tomte_home_find_resource(home, &home->ports[p].channel);
        n += r != NONE && home->resources[r].node == node;
    }
    return n;
}

/* Higher is better; the first difference counts. */
static uint64_t owner_score(const struct tomte_home *home, uint16_t container,
                            uint16_t node)
{
    const struct tomte_home_container *c = &home->containers[container];
    uint64_t score = c->pin == node;
    score = score << 1 | (c->placement.owner == node);
    score = score << 3 | (TOMTE_AWAY_FROM_MAX - crowded(home, container, node));
    score = score << 1 | is_near(home, container, node);
    score = score << 5 | local(home, container, node);
    return score << 16 | room(&home->nodes[node]);
}

static uint64_t standby_score(const struct tomte_home *home,
                              const struct tomte_observed *seen,
                              uint16_t container, uint16_t node)
{
    const struct tomte_home_container *c = &home->containers[container];
    const struct tomte_home_node *n = &home->nodes[node];
    /* without the only keeper nobody can let a sync owner go on alone */
    bool risky = c->durability == TOMTE_DURABILITY_SYNC && n->keeper &&
                 tomte_home_keepers(home) == 1;
    uint64_t score = standing(seen, node) == TOMTE_STANDING_HELD;
    score = score << 1 | (c->pin == node);
    score = score << 1 | tomte_home_is_insync(&c->placement, node);
    score = score << 1 | !risky;
    score = score << 3 | (TOMTE_AWAY_FROM_MAX - crowded(home, container, node));
    score = score << 1 | is_near(home, container, node);
    return score << 16 | room(n);
}

static uint16_t best_standby(const struct tomte_home *home,
                             const struct tomte_observed *seen,
                             uint16_t container, uint16_t owner,
                             const uint16_t *but, uint8_t len)
{
    uint16_t best = NONE;
    uint64_t best_score = 0;
    for (unsigned i = 0; i < home->nodes_len; i++) {
        uint16_t node = home->node_order[i];
        if (node == owner || is_in(but, len, node) ||
            tomte_plan_may_stand_by(home, seen, container, node) !=
                TOMTE_PLAN_CAN)
            continue;
        uint64_t score = standby_score(home, seen, container, node);
        if (best == NONE || score > best_score) {
            best = node;
            best_score = score;
        }
    }
    return best;
}

static uint8_t wanted(const struct tomte_home *home,
                      const struct tomte_observed *seen, uint16_t container,
                      uint16_t owner)
{
    return (uint8_t)(home->containers[container].standbys +
                     attracts(home, seen, container, owner));
}

/* It is to move to another node than this owner, which has to hold the history
 * first. */
static bool attracts(const struct tomte_home *home,
                     const struct tomte_observed *seen, uint16_t container,
                     uint16_t owner)
{
    uint16_t pin = home->containers[container].pin;
    return pin != NONE && pin != owner &&
           tomte_plan_may_stand_by(home, seen, container, pin) ==
               TOMTE_PLAN_CAN;
}

static bool is_in(const uint16_t *nodes, uint8_t len, uint16_t node)
{
    for (uint8_t i = 0; i < len; i++)
        if (nodes[i] == node)
            return true;
    return false;
}
