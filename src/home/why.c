/* SPDX-License-Identifier: Apache-2.0 */
/* Placement in plain words. It says what judge.c found, so it cannot say
 * anything else than what plan.c does. */
#include "base/text.h"
#include "home/codec.h"
#include "home/judge.h"
#include "home/rank.h"

/* Nodes that are listed one by one. */
#define LISTED_MAX 8u

struct why {
    const struct tomte_home *home;
    const struct tomte_observed *seen;
    uint16_t container;
    const struct tomte_home_container *c;
    struct tomte_text *t;
};

static void tell_where(const struct why *w);
static void tell_version(const struct why *w);
static void tell_reasons(const struct why *w);
static void tell_pending(const struct why *w);
static void tell_state(const struct why *w);
static void tell_standbys(const struct why *w);
static void tell_verdict(const struct why *w,
                         const struct tomte_plan_judgement *j);
static void tell_ports(const struct why *w);
static void tell_unbound(const struct why *w, uint16_t port);
static void tell_nowhere(const struct why *w);
static void tell_no(const struct why *w, uint16_t node, enum tomte_plan_no no);
static void tell_better(const struct why *w, uint16_t node);
static void tell_lease(const struct why *w, uint16_t node);
static void name(const struct why *w, uint16_t node);
static void str(const struct why *w, const char *text);
static void num(const struct why *w, uint64_t v);

enum tomte_err tomte_plan_why(const struct tomte_home *home,
                              const struct tomte_observed *seen,
                              const struct tomte_name *identity,
                              struct tomte_text *text)
{
    uint16_t container = tomte_home_find_container(home, identity);
    if (container == NONE)
        return TOMTE_ERR_NOT_FOUND;
    struct why w = {home, seen, container, &home->containers[container], text};
    struct tomte_plan_judgement j =
        tomte_plan_judge(home, seen, container, tomte_plan_settled(home, seen));
    tell_where(&w);
    tell_version(&w);
    tell_verdict(&w, &j);
    tell_ports(&w);
    tell_standbys(&w);
    return TOMTE_OK;
}

enum tomte_err tomte_plan_why_not(const struct tomte_home *home,
                                  const struct tomte_observed *seen,
                                  const struct tomte_name *identity,
                                  const struct tomte_name *node,
                                  struct tomte_text *text)
{
    uint16_t container = tomte_home_find_container(home, identity);
    uint16_t at = tomte_home_find_node(home, node);
    if (container == NONE || at == NONE)
        return TOMTE_ERR_NOT_FOUND;
    struct why w = {home, seen, container, &home->containers[container], text};
    const struct tomte_placement *p = &w.c->placement;
    tell_where(&w);
    if (p->owner == at)
        return TOMTE_OK;
    str(&w, " Node ");
    name(&w, at);
    enum tomte_plan_no no =
        tomte_plan_may_own(home, seen, container, at, false);
    if (no == TOMTE_PLAN_NO_LEASE)
        str(&w, " cannot have it");
    if (no != TOMTE_PLAN_CAN)
        tell_no(&w, at, no);
    else if (p->owner == NONE)
        str(&w, " could have it");
    else
        tell_better(&w, at);
    str(&w, ".");
    return TOMTE_OK;
}

static void tell_version(const struct why *w)
{
    const struct tomte_home_container *c = w->c;
    if (c->trial) {
        str(w, " Version ");
        num(w, c->manifest_version);
        str(w, " is on trial; before it was version ");
        num(w, c->before.manifest_version);
        str(w, ".");
    } else if (c->gave_up_len > 0) {
        str(w, " Version ");
        num(w, c->gave_up_version);
        str(w, " was given up: ");
        tomte_text_span(w->t, TOMTE_SPAN(c->gave_up, c->gave_up_len));
        str(w, ".");
    }
}

static void tell_where(const struct why *w)
{
    const struct tomte_placement *p = &w->c->placement;
    tomte_text_span(w->t, NAME(w->c->identity));
    switch (p->state) {
    case TOMTE_PLACEMENT_NONE:
        str(w, w->c->stopped ? " is stopped." : " is nowhere.");
        if (w->c->shed_for.len > 0) {
            str(w, " It was put aside, because ");
            tomte_text_span(w->t, NAME(w->c->shed_for));
            str(w, " matters more and there was not room for both.");
        }
        break;
    case TOMTE_PLACEMENT_PENDING:
        str(w, " goes to ");
        name(w, p->owner);
        str(w, " with epoch ");
        num(w, p->epoch);
        tell_pending(w);
        break;
    default:
        str(w, " is at ");
        name(w, p->owner);
        str(w, " with epoch ");
        num(w, p->epoch);
        tell_state(w);
        tell_reasons(w);
    }
}

static void tell_pending(const struct why *w)
{
    const struct tomte_placement *p = &w->c->placement;
    if (p->ended > p->granted) {
        str(w, ", which lost its history.");
        return;
    }
    if (standing(w->seen, p->owner) != TOMTE_STANDING_HELD) {
        str(w, ", which needs a lease first.");
        return;
    }
    struct tomte_plan_wait wait =
        tomte_plan_waits_for(w->home, w->seen, w->container);
    if (wait.node == NONE) {
        str(w, ", any moment now.");
        return;
    }
    str(w, ": waits for node ");
    name(w, wait.node);
    if (wait.resource != NONE) {
        str(w, ", which owns ");
        tomte_text_span(w->t,
                        CHAN(w->home->resources[wait.resource].is.channel));
        str(w, wait.quiet ? ", until no order of the old owner is on its way"
                          : ", to confirm epoch ");
        if (!wait.quiet)
            num(w, p->epoch);
    } else {
        str(w, ", which ran it before, to confirm that it stopped");
    }
    tell_lease(w, wait.node);
    str(w, ".");
}

static void tell_state(const struct why *w)
{
    static const char *const words[] = {
        [TOMTE_REPORT_NONE] = "",
        [TOMTE_REPORT_STARTING] = ", where it is starting",
        [TOMTE_REPORT_RUNNING] = ", where it is running",
        [TOMTE_REPORT_FAILED] = ", where it failed and will be tried again",
        [TOMTE_REPORT_REFUSED] = ", which says it cannot run it",
        [TOMTE_REPORT_PASSED] = ", where it is running",
        [TOMTE_REPORT_SPOILT] = ", where it failed in its trial",
    };
    const struct tomte_container_seen *s = &w->seen->containers[w->container];
    if (s->epoch == w->c->placement.epoch && s->state <= TOMTE_REPORT_SPOILT)
        str(w, words[s->state]);
    tell_lease(w, w->c->placement.owner);
    str(w, ".");
}

/* What speaks for its owner, in the order in which it counts. */
static void tell_reasons(const struct why *w)
{
    const struct tomte_placement *p = &w->c->placement;
    const struct tomte_home_node *n = &w->home->nodes[p->owner];
    unsigned resources = 0;
    uint16_t at = w->c->port;
    for (; at != NONE; at = w->home->ports[at].next) {
        if (w->home->ports[at].channel.len == 0)
            continue;
        uint16_t r =
            tomte_home_find_resource(w->home, &w->home->ports[at].channel);
        resources += r != NONE && w->home->resources[r].node == p->owner;
    }
    str(w, " It is there because");
    if (w->c->pin == p->owner)
        str(w, " it was moved there, and");
    str(w, " it has its history there");
    if (w->c->near.len > 0 && tomte_name_equal(&n->place, &w->c->near)) {
        str(w, ", near ");
        tomte_text_span(w->t, NAME(w->c->near));
    }
    if (resources > 0) {
        str(w, ", with ");
        num(w, resources);
        str(w, " of its resources");
    }
    if (n->battery)
        str(w, ", though that runs on a battery");
    str(w, ".");
    if (w->c->pin != NONE && w->c->pin != p->owner) {
        str(w, " It moves to ");
        name(w, w->c->pin);
        str(w, " when that holds the history");
        tell_lease(w, w->c->pin);
        str(w, ".");
    }
}

static void tell_verdict(const struct why *w,
                         const struct tomte_plan_judgement *j)
{
    switch (j->verdict) {
    case TOMTE_PLAN_PLACE:
        str(w, " A new epoch at ");
        name(w, j->owner);
        str(w, " is due.");
        break;
    case TOMTE_PLAN_SETTLING:
        str(w, " The keeper has just begun and waits to hear of all nodes.");
        break;
    case TOMTE_PLAN_FENCE:
        str(w, " It is not moved: ");
        tomte_text_span(w->t, CHAN(w->home->resources[j->resource].is.channel));
        str(w, " of node ");
        name(w, w->home->resources[j->resource].node);
        str(w, " may go on obeying it");
        tell_lease(w, w->home->resources[j->resource].node);
        str(w, "; when that node is back, or is removed, it moves.");
        break;
    case TOMTE_PLAN_SHED:
        str(w, " ");
        tomte_text_span(w->t, NAME(w->home->containers[j->victim].identity));
        str(w, " is about to make room for it.");
        break;
    case TOMTE_PLAN_NOWHERE:
        tell_nowhere(w);
        break;
    default: /* fine, stopped; roles are told with the ports */
        break;
    }
}

static void tell_ports(const struct why *w)
{
    for (uint16_t at = w->c->port; at != NONE; at = w->home->ports[at].next) {
        const struct tomte_home_port *p = &w->home->ports[at];
        if (p->bound == TOMTE_HOME_BOUND_ROLE) {
            if (!tomte_plan_is_bound(w->home, w->seen, p))
                tell_unbound(w, at);
            continue;
        }
        uint16_t r = tomte_home_find_resource(w->home, &p->channel);
        if (r == NONE || tomte_home_fits(p, &w->home->resources[r].is))
            continue;
        str(w, " Port ");
        tomte_text_span(w->t, NAME(p->name));
        str(w, " does not fit ");
        tomte_text_span(w->t, CHAN(p->channel));
        str(w, ", which is ");
        str(w, tomte_port_kind_name(w->home->resources[r].is.kind));
        str(w, " ");
        tomte_text_span(w->t, NAME(w->home->resources[r].is.type));
        str(w, ".");
    }
}

/* Which resource would do, if it were free and its node had a lease. */
static void tell_unbound(const struct why *w, uint16_t port)
{
    const struct tomte_home_port *p = &w->home->ports[port];
    str(w, " Port ");
    tomte_text_span(w->t, NAME(p->name));
    str(w, p->channel.len > 0 ? " has lost its resource and needs "
                              : " needs a resource: ");
    str(w, tomte_port_kind_name(p->kind));
    str(w, " ");
    tomte_text_span(w->t, NAME(p->type));
    str(w, " with role ");
    tomte_text_span(w->t, NAME(p->role));
    if (p->place.len > 0) {
        str(w, " in ");
        tomte_text_span(w->t, NAME(p->place));
    }
    unsigned listed = 0;
    uint16_t r = tomte_home_first_of_role(w->home, &p->role);
    for (; r != NONE; r = tomte_home_next_of_role(w->home, r)) {
        const struct tomte_home_resource *e = &w->home->resources[r];
        if (!tomte_home_fits_role(p, &e->is) || listed++ >= LISTED_MAX)
            continue;
        str(w, listed == 1 ? "; " : ", ");
        tomte_text_span(w->t, CHAN(e->is.channel));
        str(w, " of node ");
        name(w, e->node);
        if (!tomte_home_is_free_for(w->home, p, &e->is.channel))
            str(w, " is taken");
        tell_lease(w, e->node);
    }
    if (listed == 0)
        str(w, "; no node offers one");
    str(w, ".");
}

static void tell_short(const struct why *w, const char *of, uint32_t left,
                       uint32_t needed, const char *unit)
{
    str(w, " has too little ");
    str(w, of);
    str(w, " (");
    num(w, left);
    str(w, " of ");
    num(w, needed);
    str(w, unit);
    str(w, ")");
}

static void tell_no(const struct why *w, uint16_t node, enum tomte_plan_no no)
{
    const struct tomte_home_node *n = &w->home->nodes[node];
    struct tomte_home_left left = tomte_home_left(n);
    switch (no) {
    case TOMTE_PLAN_NO_LEASE:
        tell_lease(w, node);
        break;
    case TOMTE_PLAN_NO_HISTORY:
        str(w, " does not hold its history");
        break;
    case TOMTE_PLAN_NO_APART:
        str(w, " has ");
        tomte_text_span(
            w->t,
            NAME(
                w->home
                    ->containers[tomte_home_beside(w->home, w->container, node)]
                    .identity));
        str(w, ", which it must never be beside");
        break;
    case TOMTE_PLAN_NO_SLOT:
        str(w, " has no room (");
        num(w, n->containers);
        str(w, " of ");
        num(w, n->containers_max);
        str(w, " containers)");
        break;
    case TOMTE_PLAN_NO_MEMORY:
        tell_short(w, "memory", left.memory_kib, w->c->memory_kib, " KiB");
        break;
    case TOMTE_PLAN_NO_FLASH:
        tell_short(w, "flash", left.flash_kib, w->c->flash_kib, " KiB");
        break;
    case TOMTE_PLAN_NO_FUEL:
        tell_short(w, "time to compute", left.fuel_per_second,
                   w->c->fuel_per_second, " fuel a second");
        break;
    case TOMTE_PLAN_NO_REFUSED:
        str(w, " says it cannot run it");
        break;
    default:
        str(w, " could");
    }
}

/* It could be there; the first wish in which where it is is better. */
static void tell_better(const struct why *w, uint16_t node)
{
    static const char *const words[TOMTE_PLAN_WISHES] = {
        [TOMTE_PLAN_WISH_PIN] = " could have it, but it was moved to ",
        [TOMTE_PLAN_WISH_STAY] = " could have it, but what works is not moved;"
                                 " it is at ",
        [TOMTE_PLAN_WISH_AWAY] = " could have it, but has what it should be"
                                 " away from, unlike ",
        [TOMTE_PLAN_WISH_NEAR] = " could have it, but is not near, as is ",
        [TOMTE_PLAN_WISH_MAINS] = " could have it, but on a battery, unlike ",
        [TOMTE_PLAN_WISH_CLOSE] = " could have it, but is farther by radio from"
                                  " what it uses than ",
        [TOMTE_PLAN_WISH_ROOM] = " could have it, but has less room than ",
    };
    uint16_t owner = w->c->placement.owner;
    unsigned first = TOMTE_PLAN_WISHES;
    for (unsigned i = 0; i < TOMTE_PLAN_WISHES; i++) {
        enum tomte_plan_wish wish = (enum tomte_plan_wish)i;
        uint32_t there = tomte_plan_wish(w->home, w->container, node, wish);
        uint32_t here = tomte_plan_wish(w->home, w->container, owner, wish);
        /* that it is there already is the last thing to say of it */
        if (wish != TOMTE_PLAN_WISH_STAY && there != here) {
            first = there < here ? i : TOMTE_PLAN_WISH_STAY;
            break;
        }
    }
    str(w, words[first < TOMTE_PLAN_WISHES ? first : TOMTE_PLAN_WISH_STAY]);
    name(w, owner);
}

/* Each node that would own it if one thing were otherwise. */
static void tell_nowhere(const struct why *w)
{
    const struct tomte_placement *p = &w->c->placement;
    bool history = p->insync_len > 0;
    str(w, history ? " No node that holds its history can run it:"
                   : " No node can run it:");
    unsigned listed = 0, others = 0;
    for (unsigned i = 0; i < w->home->nodes_len; i++) {
        uint16_t node = w->home->node_order[i];
        enum tomte_plan_no no =
            tomte_plan_may_own(w->home, w->seen, w->container, node, false);
        if (w->home->nodes[node].retired || no == TOMTE_PLAN_NO_HISTORY)
            continue;
        if (listed == LISTED_MAX) {
            others++;
            continue;
        }
        str(w, listed++ == 0 ? " " : ", ");
        name(w, node);
        tell_no(w, node, no);
    }
    if (listed == 0)
        str(w, " there is none");
    if (others > 0) {
        str(w, " and ");
        num(w, others);
        str(w, " more");
    }
    str(w, ".");
}

static void tell_standbys(const struct why *w)
{
    const struct tomte_placement *p = &w->c->placement;
    if (p->state == TOMTE_PLACEMENT_NONE)
        return;
    for (unsigned i = 0; i < p->standbys_len; i++) {
        str(w, i == 0 ? " Standbys: " : ", ");
        name(w, p->standbys[i]);
        str(w, tomte_home_is_insync(p, p->standbys[i]) ? " (in sync)"
                                                       : " (not in sync)");
        tell_lease(w, p->standbys[i]);
    }
    if (p->standbys_len > 0)
        str(w, ".");
    if (p->standbys_len < w->c->standbys) {
        str(w, " It wants ");
        num(w, w->c->standbys);
        str(w, " standbys and has ");
        num(w, p->standbys_len);
        str(w, ": no other node with a lease has room.");
    }
}

static void tell_lease(const struct why *w, uint16_t node)
{
    const struct tomte_node_seen *s = &w->seen->nodes[node];
    if (s->standing == TOMTE_STANDING_HELD)
        return;
    if (s->standing == TOMTE_STANDING_UNSURE) {
        str(w, " (not heard of yet)");
        return;
    }
    str(w, " (without a lease for ");
    num(w, w->seen->now_ms - s->over_ms);
    str(w, " ms)");
}

static void name(const struct why *w, uint16_t node)
{
    tomte_text_span(w->t, NAME(w->home->nodes[node].name));
}

static void str(const struct why *w, const char *text)
{
    tomte_text_str(w->t, text);
}

static void num(const struct why *w, uint64_t v)
{
    tomte_text_u64(w->t, v);
}
