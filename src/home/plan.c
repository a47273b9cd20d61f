/* SPDX-License-Identifier: Apache-2.0 */
#include "home/plan.h"

#include "home/judge.h"
#include "home/lease.h"

#include <string.h>

/* A version that does not run after so many leases is silent. */
#define TRIAL_LEASES 20u

static uint64_t come_up_ms(const struct tomte_home *home,
                           const struct tomte_observed *seen,
                           uint16_t container);
static bool due(const struct tomte_plan *plan, const struct tomte_home *home,
                const struct tomte_observed *seen, uint16_t container,
                struct tomte_command *command);
static bool trial_due(const struct tomte_home *home,
                      const struct tomte_observed *seen, uint16_t container,
                      struct tomte_command *command);
static bool bind_due(const struct tomte_home *home,
                     const struct tomte_observed *seen, uint16_t container,
                     struct tomte_command *command);
static bool place_due(const struct tomte_plan *plan,
                      const struct tomte_home *home,
                      const struct tomte_observed *seen, uint16_t container,
                      struct tomte_command *command);
static bool activate_due(const struct tomte_home *home,
                         const struct tomte_observed *seen, uint16_t container,
                         struct tomte_command *command);
static bool insync_due(const struct tomte_home *home,
                       const struct tomte_observed *seen, uint16_t container,
                       struct tomte_command *command);
static bool standbys_due(const struct tomte_home *home,
                         const struct tomte_observed *seen, uint16_t container,
                         struct tomte_command *command);
static void begin(const struct tomte_home *home, uint16_t container,
                  enum tomte_command_op op, struct tomte_command *command);
static void name_nodes(const struct tomte_home *home, const uint16_t *nodes,
                       uint8_t len, struct tomte_command *command);

void tomte_plan_restart(struct tomte_plan *plan)
{
    *plan = (struct tomte_plan){0};
}

void tomte_plan_again(struct tomte_plan *plan)
{
    plan->quiet = 0;
}

bool tomte_plan_idle(const struct tomte_plan *plan,
                     const struct tomte_home *home)
{
    return plan->quiet >= home->containers_len;
}

bool tomte_plan_next(struct tomte_plan *plan, const struct tomte_home *home,
                     const struct tomte_observed *seen,
                     struct tomte_command *command)
{
    if (!plan->settled)
        plan->settled = tomte_plan_settled(home, seen);
    for (unsigned i = 0; i < TOMTE_PLAN_STRIDE; i++) {
        if (tomte_plan_idle(plan, home))
            return false;
        if (plan->at >= home->containers_len)
            plan->at = 0;
        if (due(plan, home, seen, home->priority_order[plan->at], command))
            return true;
        plan->at++;
        plan->quiet++;
    }
    return false;
}

uint64_t tomte_plan_deadline(const struct tomte_home *home,
                             const struct tomte_observed *seen)
{
    uint64_t first_ms = UINT64_MAX;
    uint64_t patience_ms =
        (uint64_t)TOMTE_HOME_PATIENCE_LEASES * home->lease_ms;
    for (unsigned i = 0; i < home->nodes_len; i++) {
        const struct tomte_node_seen *s = &seen->nodes[home->node_order[i]];
        uint64_t quiet_ms = s->heard ? tomte_plan_quiet_ms(s) : UINT64_MAX;
        uint64_t gone_ms = s->standing == TOMTE_STANDING_OVER
                               ? s->over_ms + patience_ms
                               : UINT64_MAX;
        if (quiet_ms > seen->now_ms && quiet_ms < first_ms)
            first_ms = quiet_ms;
        if (gone_ms > seen->now_ms && gone_ms < first_ms)
            first_ms = gone_ms;
    }
    for (uint16_t i = 0; home->trials > 0 && i < home->containers_len; i++) {
        uint64_t at_ms = come_up_ms(home, seen, home->container_order[i]);
        if (at_ms > seen->now_ms && at_ms < first_ms)
            first_ms = at_ms;
    }
    return first_ms;
}

static bool due(const struct tomte_plan *plan, const struct tomte_home *home,
                const struct tomte_observed *seen, uint16_t container,
                struct tomte_command *command)
{
    if (home->containers[container].stopped)
        return false;
    return trial_due(home, seen, container, command) ||
           bind_due(home, seen, container, command) ||
           place_due(plan, home, seen, container, command) ||
           activate_due(home, seen, container, command) ||
           insync_due(home, seen, container, command) ||
           standbys_due(home, seen, container, command);
}

/* When a version on trial that has not come up is given up. */
static uint64_t come_up_ms(const struct tomte_home *home,
                           const struct tomte_observed *seen,
                           uint16_t container)
{
    const struct tomte_home_container *c = &home->containers[container];
    const struct tomte_container_seen *s = &seen->containers[container];
    if (!c->trial || c->placement.state != TOMTE_PLACEMENT_ACTIVE ||
        s->epoch != c->placement.epoch || s->ran)
        return UINT64_MAX;
    return s->since_ms + (uint64_t)TRIAL_LEASES * home->lease_ms;
}

static bool trial_due(const struct tomte_home *home,
                      const struct tomte_observed *seen, uint16_t container,
                      struct tomte_command *command)
{
    const struct tomte_home_container *c = &home->containers[container];
    const struct tomte_container_seen *s = &seen->containers[container];
    struct tomte_span why = TOMTE_SPAN(s->reason, s->reason_len);
    if (!c->trial || c->placement.owner == NONE ||
        s->epoch != c->placement.epoch)
        return false;
    bool passed = s->state == TOMTE_REPORT_PASSED;
    if (s->state == TOMTE_REPORT_REFUSED)
        why = TOMTE_SPAN_LIT("its node cannot run it");
    else if (come_up_ms(home, seen, container) <= seen->now_ms)
        why = TOMTE_SPAN_LIT("it does not come up");
    else if (!passed && s->state != TOMTE_REPORT_SPOILT)
        return false;
    begin(home, container, passed ? TOMTE_COMMAND_KEEP : TOMTE_COMMAND_ROLLBACK,
          command);
    command->epoch = c->placement.epoch;
    if (!passed)
        command->reason = why;
    return true;
}

static bool could_have(const struct tomte_home *home,
                       const struct tomte_observed *seen,
                       const struct tomte_home_port *port, uint16_t resource)
{
    const struct tomte_home_resource *e = &home->resources[resource];
    return standing(seen, e->node) == TOMTE_STANDING_HELD &&
           tomte_home_fits_role(port, &e->is) &&
           tomte_home_is_free_for(home, port, &e->is.channel);
}

static uint16_t resource_at(const struct tomte_home *home,
                            const struct tomte_observed *seen,
                            const struct tomte_home_port *port,
                            const struct tomte_name *place)
{
    uint16_t r = tomte_home_first_at(home, place);
    while (r != NONE && !could_have(home, seen, port, r))
        r = tomte_home_next_at(home, r);
    return r;
}

/* The first resource, by channel, that the port could have now; one in the
 * place that the container wants to be near goes first. */
static uint16_t resource_for(const struct tomte_home *home,
                             const struct tomte_observed *seen,
                             const struct tomte_home_port *port)
{
    const struct tomte_name *near = &home->containers[port->container].near;
    if (port->place.len > 0)
        return resource_at(home, seen, port, &port->place);
    uint16_t r = NONE;
    if (near->len > 0)
        r = resource_at(home, seen, port, near);
    if (r != NONE)
        return r;
    r = tomte_home_first_of_role(home, &port->role);
    while (r != NONE && !could_have(home, seen, port, r))
        r = tomte_home_next_of_role(home, r);
    return r;
}

static bool bind_due(const struct tomte_home *home,
                     const struct tomte_observed *seen, uint16_t container,
                     struct tomte_command *command)
{
    const struct tomte_home_container *c = &home->containers[container];
    const struct tomte_placement *p = &c->placement;
    /* the actuators of a `hold` container that may be running out of reach stay
     * as they are: it would go on with the old ones */
    bool frozen = c->without_keeper == TOMTE_WITHOUT_KEEPER_HOLD &&
                  p->state == TOMTE_PLACEMENT_ACTIVE &&
                  standing(seen, p->owner) != TOMTE_STANDING_HELD;
    for (uint16_t at = c->port; at != NONE; at = home->ports[at].next) {
        const struct tomte_home_port *port = &home->ports[at];
        if (port->bound != TOMTE_HOME_BOUND_ROLE ||
            tomte_plan_is_bound(home, seen, port) ||
            (frozen && port->direction == TOMTE_PORT_OUT))
            continue;
        uint16_t r = resource_for(home, seen, port);
        if (r == NONE)
            continue;
        begin(home, container, TOMTE_COMMAND_BIND, command);
        command->binds_len = 1;
        command->binds[0].port = port->name;
        command->binds[0].channel = home->resources[r].is.channel;
        return true;
    }
    return false;
}

static void shed(const struct tomte_home *home, uint16_t victim,
                 uint16_t container, struct tomte_command *command)
{
    begin(home, victim, TOMTE_COMMAND_SHED, command);
    command->epoch = home->containers[victim].placement.epoch;
    command->node = home->containers[container].identity;
}

static bool place_due(const struct tomte_plan *plan,
                      const struct tomte_home *home,
                      const struct tomte_observed *seen, uint16_t container,
                      struct tomte_command *command)
{
    struct tomte_plan_judgement j =
        tomte_plan_judge(home, seen, container, plan->settled);
    if (j.verdict == TOMTE_PLAN_SHED)
        shed(home, j.victim, container, command);
    if (j.verdict != TOMTE_PLAN_PLACE)
        return j.verdict == TOMTE_PLAN_SHED;
    uint16_t standbys[TOMTE_HOME_STANDBYS_MAX];
    uint8_t len =
        tomte_plan_new_standbys(home, seen, container, j.owner, standbys);
    begin(home, container, TOMTE_COMMAND_PLACE, command);
    command->epoch = home->containers[container].placement.epoch + 1;
    command->node = home->nodes[j.owner].name;
    command->anew = j.anew;
    name_nodes(home, standbys, len, command);
    return true;
}

/* What has passed for certain since the node that ran it was heard of last. */
static uint64_t elapsed_ms(const struct tomte_observed *seen, uint16_t runner)
{
    if (runner == NONE)
        return 0;
    const struct tomte_node_seen *s = &seen->nodes[runner];
    uint64_t since_ms = s->heard ? s->renewed_ms : seen->start_ms;
    uint64_t span_ms = seen->now_ms - since_ms;
    uint64_t drift_ms = tomte_lease_drift_ms(span_ms);
    return span_ms > drift_ms ? span_ms - drift_ms : 0;
}

static bool activate_due(const struct tomte_home *home,
                         const struct tomte_observed *seen, uint16_t container,
                         struct tomte_command *command)
{
    const struct tomte_placement *p = &home->containers[container].placement;
    if (p->state != TOMTE_PLACEMENT_PENDING || home->nodes[p->owner].retired ||
        p->ended > p->granted ||
        tomte_plan_may_own(home, seen, container, p->owner, false) ==
            TOMTE_PLAN_NO_HISTORY ||
        standing(seen, p->owner) != TOMTE_STANDING_HELD ||
        tomte_plan_waits_for(home, seen, container).node != NONE)
        return false;
    begin(home, container, TOMTE_COMMAND_ACTIVATE, command);
    command->epoch = p->epoch;
    command->elapsed_ms = elapsed_ms(seen, p->runner);
    return true;
}

static bool insync_due(const struct tomte_home *home,
                       const struct tomte_observed *seen, uint16_t container,
                       struct tomte_command *command)
{
    const struct tomte_placement *p = &home->containers[container].placement;
    const struct tomte_container_seen *s = &seen->containers[container];
    if (p->state != TOMTE_PLACEMENT_ACTIVE || !s->proposes ||
        s->epoch != p->epoch || s->proposed_at < p->agreed)
        return false;
    uint16_t set[TOMTE_HOME_HOLDERS_MAX] = {p->owner};
    uint8_t len = 1;
    for (unsigned i = 0; i < p->standbys_len; i++)
        for (unsigned k = 0; k < s->proposed_len; k++)
            if (s->proposed[k] == p->standbys[i]) {
                set[len++] = p->standbys[i];
                break;
            }
    if (len == p->insync_len && memcmp(set, p->insync, len * sizeof(*set)) == 0)
        return false;
    begin(home, container, TOMTE_COMMAND_INSYNC, command);
    command->epoch = p->epoch;
    name_nodes(home, set, len, command);
    return true;
}

/* A new leader has not yet heard of a standby, or of where it shall move. */
static bool may_be_heard(const struct tomte_home *home,
                         const struct tomte_observed *seen, uint16_t container)
{
    const struct tomte_home_container *c = &home->containers[container];
    const struct tomte_placement *p = &c->placement;
    for (unsigned i = 0; i < p->standbys_len; i++)
        if (standing(seen, p->standbys[i]) == TOMTE_STANDING_UNSURE)
            return true;
    return c->pin != NONE && standing(seen, c->pin) == TOMTE_STANDING_UNSURE;
}

static bool standbys_due(const struct tomte_home *home,
                         const struct tomte_observed *seen, uint16_t container,
                         struct tomte_command *command)
{
    const struct tomte_placement *p = &home->containers[container].placement;
    if (p->state != TOMTE_PLACEMENT_ACTIVE ||
        standing(seen, p->owner) != TOMTE_STANDING_HELD ||
        may_be_heard(home, seen, container))
        return false;
    uint16_t list[TOMTE_HOME_STANDBYS_MAX];
    uint8_t len = tomte_plan_kept_standbys(home, seen, container, list);
    if (len == p->standbys_len &&
        memcmp(list, p->standbys, len * sizeof(*list)) == 0)
        return false;
    begin(home, container, TOMTE_COMMAND_STANDBYS, command);
    command->epoch = p->epoch;
    name_nodes(home, list, len, command);
    return true;
}

static void begin(const struct tomte_home *home, uint16_t container,
                  enum tomte_command_op op, struct tomte_command *command)
{
    tomte_command_init(command, op, home->containers[container].identity);
}

static void name_nodes(const struct tomte_home *home, const uint16_t *nodes,
                       uint8_t len, struct tomte_command *command)
{
    for (uint8_t i = 0; i < len; i++)
        command->nodes[i] = home->nodes[nodes[i]].name;
    command->nodes_len = len;
}
