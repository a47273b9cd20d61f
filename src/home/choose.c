/* SPDX-License-Identifier: Apache-2.0 */
/* Which node: what is possible, and what of it is best. */
#include "home/judge.h"
#include "home/rank.h"

#include <string.h>

static enum tomte_plan_no may_hold(const struct tomte_home *home,
                                   const struct tomte_observed *seen,
                                   uint16_t container, uint16_t node);
static unsigned crowded(const struct tomte_home *home, uint16_t container,
                        uint16_t node);
static bool is_risky(const struct tomte_home *home, uint16_t container,
                     uint16_t node);
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

/* The best node so far. Nodes that something speaks for are asked one by one;
 * of all others only the best can be it, and that the ranks know. */
struct choice {
    const struct tomte_home *home;
    const struct tomte_observed *seen;
    uint16_t container;
    bool standby;        /* else it is to own it */
    bool anew;           /* an owner without the history */
    bool tidy;           /* no node that a wish speaks against */
    uint16_t owner;      /* of a standby: not that one, */
    const uint16_t *but; /* nor one of these */
    uint8_t but_len;
    uint16_t best;
    uint64_t score;
};

static bool is_possible(const struct choice *c, uint16_t node)
{
    if (!c->standby)
        return tomte_plan_may_own(c->home, c->seen, c->container, node,
                                  c->anew) == TOMTE_PLAN_CAN;
    return node != c->owner && !is_in(c->but, c->but_len, node) &&
           tomte_plan_may_stand_by(c->home, c->seen, c->container, node) ==
               TOMTE_PLAN_CAN;
}

static void consider(struct choice *c, uint16_t node)
{
    if (node == NONE || !is_possible(c, node))
        return;
    uint64_t score = c->standby
                         ? standby_score(c->home, c->seen, c->container, node)
                         : owner_score(c->home, c->container, node);
    if (c->best != NONE &&
        (score < c->score ||
         (score == c->score &&
          c->home->nodes[node].order >= c->home->nodes[c->best].order)))
        return;
    c->best = node;
    c->score = score;
}

static bool will_do(void *ctx, uint16_t node)
{
    const struct choice *c = ctx;
    if (c->tidy && (crowded(c->home, c->container, node) > 0 ||
                    (c->standby && is_risky(c->home, c->container, node))))
        return false;
    return is_possible(c, node);
}

static void consider_near(struct choice *c)
{
    const struct tomte_home *home = c->home;
    const struct tomte_name *near = &home->containers[c->container].near;
    if (near->len == 0)
        return;
    uint16_t at = tomte_home_first_node_at(home, near);
    for (; at != NONE; at = tomte_home_next_node_at(home, at))
        consider(c, at);
    at = tomte_home_first_at(home, near);
    for (; at != NONE; at = tomte_home_next_at(home, at))
        consider(c, home->resources[at].node);
}

static void consider_ports(struct choice *c)
{
    const struct tomte_home *home = c->home;
    uint16_t p = home->containers[c->container].port;
    for (; p != NONE; p = home->ports[p].next) {
        if (home->ports[p].channel.len == 0)
            continue;
        uint16_t r = tomte_home_find_resource(home, &home->ports[p].channel);
        if (r != NONE)
            consider(c, home->resources[r].node);
    }
}

static void consider_rest(struct choice *c)
{
    const struct tomte_home_container *k = &c->home->containers[c->container];
    struct tomte_home_left need = {k->memory_kib, k->fuel_per_second,
                                   k->flash_kib};
    c->tidy = true;
    uint16_t node = tomte_home_best(c->home, need, will_do, c);
    if (node == NONE) {
        c->tidy = false;
        node = tomte_home_best(c->home, need, will_do, c);
    }
    consider(c, node);
}

/* Those that something may speak for: a node with the history has no need of
 * free room, so ranks do not show it. */
static uint16_t choose(struct choice *c)
{
    const struct tomte_home_container *k = &c->home->containers[c->container];
    const struct tomte_placement *p = &k->placement;
    c->best = NONE;
    consider(c, k->pin);
    consider(c, p->owner);
    for (unsigned i = 0; i < p->standbys_len; i++)
        consider(c, p->standbys[i]);
    for (unsigned i = 0; i < p->insync_len; i++)
        consider(c, p->insync[i]);
    if (!c->standby && !c->anew && p->insync_len > 0)
        return c->best; /* nobody else may */
    consider_near(c);
    consider_ports(c);
    consider_rest(c);
    return c->best;
}

uint16_t tomte_plan_owner(const struct tomte_home *home,
                          const struct tomte_observed *seen, uint16_t container,
                          bool anew)
{
    struct choice c = {
        .home = home, .seen = seen, .container = container, .anew = anew};
    return choose(&c);
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
        if (i < len && !tomte_plan_is_gone(home, seen, list[i]) &&
            tomte_home_beside(home, container, list[i]) == NONE)
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

/* What the node has left beside what it holds of this container already. */
static struct tomte_home_left left_for(const struct tomte_home *home,
                                       uint16_t container, uint16_t node)
{
    const struct tomte_home_container *c = &home->containers[container];
    struct tomte_home_node n = home->nodes[node];
    if (c->placement.owner == node) {
        n.memory_kib -= c->memory_kib;
        n.fuel -= c->fuel_per_second;
    }
    return tomte_home_left(&n);
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
    if (tomte_home_beside(home, container, node) != NONE)
        return TOMTE_PLAN_NO_APART;
    bool holds = p->owner == node || tomte_home_is_standby(p, node) ||
                 tomte_home_is_insync(p, node);
    struct tomte_home_left left = left_for(home, container, node);
    if (!holds && n->containers >= n->containers_max)
        return TOMTE_PLAN_NO_SLOT;
    if (!holds && left.flash_kib < c->flash_kib)
        return TOMTE_PLAN_NO_FLASH;
    if (left.memory_kib < c->memory_kib)
        return TOMTE_PLAN_NO_MEMORY;
    if (left.fuel_per_second < c->fuel_per_second)
        return TOMTE_PLAN_NO_FUEL;
    return TOMTE_PLAN_CAN;
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

#define CLOSE_MAX 1023u

/* Steps by radio to what its channels are bound to, and to the wires: CLOSE_MAX
 * is next to all of it, 0 far away. */
static uint32_t close_to(const struct tomte_home *home, uint16_t container,
                         uint16_t node)
{
    uint32_t hops = home->nodes[node].hops;
    uint32_t steps = hops;
    uint16_t p = home->containers[container].port;
    for (; p != NONE; p = home->ports[p].next) {
        if (home->ports[p].channel.len == 0)
            continue;
        uint16_t r = tomte_home_find_resource(home, &home->ports[p].channel);
        if (r != NONE && home->resources[r].node != node)
            steps += 1 + hops + home->nodes[home->resources[r].node].hops;
    }
    return steps < CLOSE_MAX ? CLOSE_MAX - steps : 0;
}

uint32_t tomte_plan_wish(const struct tomte_home *home, uint16_t container,
                         uint16_t node, enum tomte_plan_wish wish)
{
    const struct tomte_home_container *c = &home->containers[container];
    switch (wish) {
    case TOMTE_PLAN_WISH_PIN:
        return c->pin == node;
    case TOMTE_PLAN_WISH_STAY:
        return c->placement.owner == node;
    case TOMTE_PLAN_WISH_AWAY:
        return TOMTE_AWAY_FROM_MAX - crowded(home, container, node);
    case TOMTE_PLAN_WISH_NEAR:
        return is_near(home, container, node);
    case TOMTE_PLAN_WISH_MAINS:
        return !home->nodes[node].battery;
    case TOMTE_PLAN_WISH_CLOSE:
        return close_to(home, container, node);
    default:
        return tomte_home_room(&home->nodes[node]);
    }
}

/* Higher is better; the first difference counts. */
static uint64_t wishes_from(const struct tomte_home *home, uint16_t container,
                            uint16_t node, enum tomte_plan_wish first)
{
    static const uint8_t bits[TOMTE_PLAN_WISHES] = {1, 1, 3, 1, 1, 10, 16};
    uint64_t score = 0;
    for (unsigned w = first; w < TOMTE_PLAN_WISHES; w++)
        score = score << bits[w] |
                tomte_plan_wish(home, container, node, (enum tomte_plan_wish)w);
    return score;
}

static uint64_t owner_score(const struct tomte_home *home, uint16_t container,
                            uint16_t node)
{
    return wishes_from(home, container, node, TOMTE_PLAN_WISH_PIN);
}

/* Without the only keeper nobody can let a sync owner go on alone. */
static bool is_risky(const struct tomte_home *home, uint16_t container,
                     uint16_t node)
{
    return home->containers[container].durability == TOMTE_DURABILITY_SYNC &&
           home->nodes[node].keeper && tomte_home_keepers(home) == 1;
}

static uint64_t standby_score(const struct tomte_home *home,
                              const struct tomte_observed *seen,
                              uint16_t container, uint16_t node)
{
    const struct tomte_home_container *c = &home->containers[container];
    uint64_t score = standing(seen, node) == TOMTE_STANDING_HELD;
    score = score << 1 | (c->pin == node);
    score = score << 1 | tomte_home_is_insync(&c->placement, node);
    score = score << 1 | !is_risky(home, container, node);
    return score << 31 |
           wishes_from(home, container, node, TOMTE_PLAN_WISH_AWAY);
}

static uint16_t best_standby(const struct tomte_home *home,
                             const struct tomte_observed *seen,
                             uint16_t container, uint16_t owner,
                             const uint16_t *but, uint8_t len)
{
    struct choice c = {.home = home,
                       .seen = seen,
                       .container = container,
                       .standby = true,
                       .owner = owner,
                       .but = but,
                       .but_len = len};
    return choose(&c);
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
