/* SPDX-License-Identifier: Apache-2.0 */
/* Does a container need a new epoch, may it have one, and when may that act? */
#include "home/judge.h"

#include "channel/grant.h"
#include "home/lease.h"

static bool is_unfit(const struct tomte_home *home,
                     const struct tomte_observed *seen, uint16_t container);
static bool must_renew(const struct tomte_home_container *c);
static uint16_t unbound_port(const struct tomte_home *home, uint16_t container);
static uint16_t unheard_fence(const struct tomte_home *home,
                              const struct tomte_observed *seen,
                              uint16_t container);
static bool is_given_up(const struct tomte_home *home,
                        const struct tomte_observed *seen, uint16_t container);
static bool is_settling(const struct tomte_home *home,
                        const struct tomte_observed *seen, uint16_t container,
                        bool settled);
static bool is_proven_over(const struct tomte_home *home,
                           const struct tomte_observed *seen,
                           uint16_t container);
static bool is_quiet(const struct tomte_home *home,
                     const struct tomte_observed *seen, uint16_t container);
static struct tomte_plan_wait wait_for_old(const struct tomte_home *home,
                                           const struct tomte_observed *seen,
                                           uint16_t container);

struct tomte_plan_judgement tomte_plan_judge(const struct tomte_home *home,
                                             const struct tomte_observed *seen,
                                             uint16_t container, bool settled)
{
    const struct tomte_home_container *c = &home->containers[container];
    const struct tomte_placement *p = &c->placement;
    struct tomte_plan_judgement j = {
        .verdict = TOMTE_PLAN_FINE,
        .owner = NONE,
        .victim = NONE,
        .port = unbound_port(home, container),
        .resource = unheard_fence(home, seen, container),
    };
    if (c->stopped)
        j.verdict = TOMTE_PLAN_STOPPED;
    else if (is_settling(home, seen, container, settled))
        j.verdict = TOMTE_PLAN_SETTLING;
    else if (p->state == TOMTE_PLACEMENT_NONE && j.port != NONE)
        j.verdict = TOMTE_PLAN_ROLE;
    else if (p->state == TOMTE_PLACEMENT_NONE ||
             is_unfit(home, seen, container))
        j.verdict = j.resource == NONE ? TOMTE_PLAN_PLACE : TOMTE_PLAN_FENCE;
    if (j.verdict != TOMTE_PLAN_PLACE)
        return j;
    j.owner = tomte_plan_owner(home, seen, container, false);
    if (j.owner == NONE && is_given_up(home, seen, container)) {
        j.owner = tomte_plan_owner(home, seen, container, true);
        j.anew = true;
    }
    if (j.owner == NONE)
        j.victim = tomte_plan_victim(home, seen, container);
    if (j.owner == NONE)
        j.verdict = j.victim == NONE ? TOMTE_PLAN_NOWHERE : TOMTE_PLAN_SHED;
    else if (j.owner == p->owner && !must_renew(c))
        j.verdict = TOMTE_PLAN_FINE;
    return j;
}

struct tomte_plan_wait tomte_plan_waits_for(const struct tomte_home *home,
                                            const struct tomte_observed *seen,
                                            uint16_t container)
{
    const struct tomte_home_container *c = &home->containers[container];
    if (!is_proven_over(home, seen, container)) {
        struct tomte_plan_wait w = wait_for_old(home, seen, container);
        if (w.node != NONE)
            return w;
    }
    bool quiet = is_quiet(home, seen, container);
    /* whoever may be reached knows the new epoch before it acts; on its way to
     * the others is nothing any more that they would take */
    for (uint16_t at = c->port; at != NONE; at = home->ports[at].next) {
        uint16_t r = tomte_plan_driven(home, &home->ports[at]);
        if (r == NONE)
            continue;
        uint16_t node = home->resources[r].node;
        uint64_t confirmed = seen->nodes[node].confirmed;
        if (confirmed >= c->placement.granted)
            continue;
        if (standing(seen, node) != TOMTE_STANDING_OVER)
            return (struct tomte_plan_wait){node, r, false};
        if (confirmed < c->placement.ended && !quiet)
            return (struct tomte_plan_wait){node, r, true};
    }
    return (struct tomte_plan_wait){NONE, NONE, false};
}

uint64_t tomte_plan_quiet_ms(const struct tomte_node_seen *runner)
{
    return runner->confirmed_ms + TOMTE_WRITE_LIFE_MS +
           2 * tomte_lease_drift_ms(TOMTE_WRITE_LIFE_MS);
}

uint16_t tomte_plan_driven(const struct tomte_home *home,
                           const struct tomte_home_port *port)
{
    if (port->direction != TOMTE_PORT_OUT || port->channel.len == 0)
        return NONE;
    uint16_t r = tomte_home_find_resource(home, &port->channel);
    if (r == NONE || !tomte_home_fits(port, &home->resources[r].is))
        return NONE;
    return r;
}

bool tomte_plan_is_bound(const struct tomte_home *home,
                         const struct tomte_observed *seen,
                         const struct tomte_home_port *port)
{
    if (port->channel.len == 0)
        return false;
    uint16_t r = tomte_home_find_resource(home, &port->channel);
    return r != NONE && tomte_home_fits_role(port, &home->resources[r].is) &&
           standing(seen, home->resources[r].node) != TOMTE_STANDING_OVER;
}

/* The owner cannot stay it, or should not. */
static bool is_unfit(const struct tomte_home *home,
                     const struct tomte_observed *seen, uint16_t container)
{
    const struct tomte_home_container *c = &home->containers[container];
    const struct tomte_placement *p = &c->placement;
    if (home->nodes[p->owner].retired || must_renew(c))
        return true;
    if (!seen->still && standing(seen, p->owner) == TOMTE_STANDING_OVER)
        return true;
    enum tomte_plan_no no =
        tomte_plan_may_own(home, seen, container, p->owner, false);
    if (no == TOMTE_PLAN_NO_HISTORY || no == TOMTE_PLAN_NO_REFUSED ||
        no == TOMTE_PLAN_NO_APART)
        return true;
    return c->pin != NONE && c->pin != p->owner;
}

/* Even the same owner needs a new epoch: another image or actuator, or the
 * history that it had is lost. */
static bool must_renew(const struct tomte_home_container *c)
{
    return c->changed > c->placement.granted ||
           c->placement.ended > c->placement.granted;
}

static uint16_t unbound_port(const struct tomte_home *home, uint16_t container)
{
    uint16_t at = home->containers[container].port;
    while (at != NONE && home->ports[at].channel.len > 0)
        at = home->ports[at].next;
    return at;
}

/* Ending the epoch of a `hold` container whose owner is out of reach makes
 * sense only when every actuator that could go on obeying it can be reached:
 * otherwise nobody would drive those that can. The first that cannot; NONE when
 * there is none or it does not matter. */
static uint16_t unheard_fence(const struct tomte_home *home,
                              const struct tomte_observed *seen,
                              uint16_t container)
{
    const struct tomte_home_container *c = &home->containers[container];
    const struct tomte_placement *p = &c->placement;
    if (c->without_keeper != TOMTE_WITHOUT_KEEPER_HOLD ||
        p->state != TOMTE_PLACEMENT_ACTIVE || home->nodes[p->owner].retired ||
        standing(seen, p->owner) == TOMTE_STANDING_HELD)
        return NONE;
    for (unsigned i = 0; i < c->owed_len; i++)
        if (standing(seen, home->resources[c->owed[i]].node) !=
            TOMTE_STANDING_HELD)
            return c->owed[i];
    for (uint16_t at = c->port; at != NONE; at = home->ports[at].next) {
        uint16_t r = tomte_plan_driven(home, &home->ports[at]);
        if (r != NONE &&
            standing(seen, home->resources[r].node) != TOMTE_STANDING_HELD)
            return r;
    }
    return NONE;
}

static bool is_given_up(const struct tomte_home *home,
                        const struct tomte_observed *seen, uint16_t container)
{
    const struct tomte_home_container *c = &home->containers[container];
    const struct tomte_placement *p = &c->placement;
    if (c->durability != TOMTE_DURABILITY_NONE || p->insync_len == 0)
        return false;
    for (unsigned i = 0; i < p->insync_len; i++)
        if (!tomte_plan_is_gone(home, seen, p->insync[i]))
            return false;
    return true;
}

/* A new leader has not yet heard of all: of its owner, or when it has none, of
 * a node that could be the better one. */
static bool is_settling(const struct tomte_home *home,
                        const struct tomte_observed *seen, uint16_t container,
                        bool settled)
{
    uint16_t owner = home->containers[container].placement.owner;
    if (owner == NONE)
        return !settled;
    return !home->nodes[owner].retired &&
           standing(seen, owner) == TOMTE_STANDING_UNSURE;
}

bool tomte_plan_settled(const struct tomte_home *home,
                        const struct tomte_observed *seen)
{
    for (unsigned i = 0; i < home->nodes_len; i++)
        if (standing(seen, home->node_order[i]) == TOMTE_STANDING_UNSURE)
            return false;
    return true;
}

/* Nothing runs under an earlier epoch any more, wherever it may be: nothing
 * ever did; who did is removed from the home; it confirmed a view in which the
 * epoch is over; or it is bound to its lease and that is over. */
static bool is_proven_over(const struct tomte_home *home,
                           const struct tomte_observed *seen,
                           uint16_t container)
{
    const struct tomte_home_container *c = &home->containers[container];
    const struct tomte_placement *p = &c->placement;
    if (p->runner == NONE || home->nodes[p->runner].retired)
        return true;
    if (seen->nodes[p->runner].confirmed >= p->ended)
        return true;
    return c->without_keeper == TOMTE_WITHOUT_KEEPER_SAFE &&
           standing(seen, p->runner) == TOMTE_STANDING_OVER;
}

/* All that was sent under an earlier epoch has expired: a `safe` container's
 * writes end with its lease, others live TOMTE_WRITE_LIFE_MS, and none was sent
 * after its end was confirmed. */
static bool is_quiet(const struct tomte_home *home,
                     const struct tomte_observed *seen, uint16_t container)
{
    const struct tomte_home_container *c = &home->containers[container];
    uint16_t runner = c->placement.runner;
    if (runner == NONE || home->nodes[runner].retired)
        return true;
    if (c->without_keeper == TOMTE_WITHOUT_KEEPER_SAFE &&
        standing(seen, runner) == TOMTE_STANDING_OVER)
        return true;
    return seen->now_ms >= tomte_plan_quiet_ms(&seen->nodes[runner]);
}

/* Who ran it is to confirm that it is over, while it may be reached; after
 * that, for `hold`, every actuator that may obey it. */
static struct tomte_plan_wait wait_for_old(const struct tomte_home *home,
                                           const struct tomte_observed *seen,
                                           uint16_t container)
{
    const struct tomte_home_container *c = &home->containers[container];
    const struct tomte_placement *p = &c->placement;
    if (standing(seen, p->runner) != TOMTE_STANDING_OVER)
        return (struct tomte_plan_wait){p->runner, NONE, false};
    for (unsigned i = 0; i < c->owed_len; i++) {
        uint16_t node = home->resources[c->owed[i]].node;
        if (seen->nodes[node].confirmed < p->ended)
            return (struct tomte_plan_wait){node, c->owed[i], false};
    }
    for (uint16_t at = c->port; at != NONE; at = home->ports[at].next) {
        uint16_t r = tomte_plan_driven(home, &home->ports[at]);
        if (r == NONE)
            continue;
        uint16_t node = home->resources[r].node;
        if (seen->nodes[node].confirmed < p->ended)
            return (struct tomte_plan_wait){node, r, false};
    }
    return (struct tomte_plan_wait){NONE, NONE, false};
}
