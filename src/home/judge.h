/* SPDX-License-Identifier: Apache-2.0 */
/* home/judge.h: what plan.c decides by and why.c tells. Private to the room. */
#pragma once

#include "home/apply.h"
#include "home/plan.h"

/* Why a node cannot own a container or stand by for it. */
enum tomte_plan_no {
    TOMTE_PLAN_CAN,
    TOMTE_PLAN_NO_LEASE,
    TOMTE_PLAN_NO_HISTORY, /* there is one, and it does not hold it */
    TOMTE_PLAN_NO_APART,   /* what it must not be beside is there */
    TOMTE_PLAN_NO_SLOT,
    TOMTE_PLAN_NO_FLASH,
    TOMTE_PLAN_NO_MEMORY, /* this and the next: others could make room */
    TOMTE_PLAN_NO_FUEL,
    TOMTE_PLAN_NO_REFUSED, /* it said that it cannot run this image */
};

/* choose.c */
enum tomte_plan_no tomte_plan_may_own(const struct tomte_home *home,
                                      const struct tomte_observed *seen,
                                      uint16_t container, uint16_t node,
                                      bool anew);
enum tomte_plan_no tomte_plan_may_stand_by(const struct tomte_home *home,
                                           const struct tomte_observed *seen,
                                           uint16_t container, uint16_t node);

/* The best node to own it; NONE when there is none. */
uint16_t tomte_plan_owner(const struct tomte_home *home,
                          const struct tomte_observed *seen, uint16_t container,
                          bool anew);

/* The standbys that go with a new owner, best first. */
uint8_t tomte_plan_new_standbys(const struct tomte_home *home,
                                const struct tomte_observed *seen,
                                uint16_t container, uint16_t owner,
                                uint16_t standbys[TOMTE_HOME_STANDBYS_MAX]);

/* The standbys that the container should now have: those that it has, with as
 * little changed as possible. */
uint8_t tomte_plan_kept_standbys(const struct tomte_home *home,
                                 const struct tomte_observed *seen,
                                 uint16_t container,
                                 uint16_t standbys[TOMTE_HOME_STANDBYS_MAX]);

/* The node has been without a lease for ten of them. */
bool tomte_plan_is_gone(const struct tomte_home *home,
                        const struct tomte_observed *seen, uint16_t node);

/* When all has expired that this node sent to actuators before it confirmed
 * what it confirmed last. */
uint64_t tomte_plan_quiet_ms(const struct tomte_node_seen *runner);

/* judge.c: whether a container needs a new epoch, and what stands against it */
enum tomte_plan_verdict {
    TOMTE_PLAN_FINE,  /* it needs none */
    TOMTE_PLAN_PLACE, /* at judgement.owner */
    TOMTE_PLAN_STOPPED,
    TOMTE_PLAN_SETTLING, /* nodes may still be heard of */
    TOMTE_PLAN_ROLE,     /* a port has no resource: judgement.port */
    TOMTE_PLAN_FENCE,    /* hold: judgement.resource cannot be asked */
    TOMTE_PLAN_SHED,     /* judgement.victim goes first, to make room */
    TOMTE_PLAN_NOWHERE,  /* no node can own it */
};

struct tomte_plan_judgement {
    enum tomte_plan_verdict verdict;
    uint16_t owner;
    uint16_t port;
    uint16_t resource;
    uint16_t victim;
    bool anew; /* the history is given up */
};

/* `settled`: no node is of unsure standing, see tomte_plan_settled. */
struct tomte_plan_judgement tomte_plan_judge(const struct tomte_home *home,
                                             const struct tomte_observed *seen,
                                             uint16_t container, bool settled);

bool tomte_plan_settled(const struct tomte_home *home,
                        const struct tomte_observed *seen);

/* shed.c: when there is not room for all, `a` makes room before `b`. */
bool tomte_home_goes_before(const struct tomte_home *home, uint16_t a,
                            uint16_t b);

/* The container that is to make room first so that this one, which has
 * nowhere to go, can be placed; NONE when there is none. */
uint16_t tomte_plan_victim(const struct tomte_home *home,
                           const struct tomte_observed *seen,
                           uint16_t container);

/* choose.c: the two scores by which nodes are compared, for why.c. Each part in
 * the order in which it counts; higher is better. */
enum tomte_plan_wish {
    TOMTE_PLAN_WISH_PIN,
    TOMTE_PLAN_WISH_STAY,
    TOMTE_PLAN_WISH_AWAY,
    TOMTE_PLAN_WISH_NEAR,
    TOMTE_PLAN_WISH_MAINS,
    TOMTE_PLAN_WISH_CLOSE,
    TOMTE_PLAN_WISH_ROOM,
    TOMTE_PLAN_WISHES,
};
uint32_t tomte_plan_wish(const struct tomte_home *home, uint16_t container,
                         uint16_t node, enum tomte_plan_wish wish);

/* The resource that the port drives: granted by the views. NONE for an in port
 * and when it drives none. */
uint16_t tomte_plan_driven(const struct tomte_home *home,
                           const struct tomte_home_port *port);

/* The port keeps its resource, or has none that could be kept. */
bool tomte_plan_is_bound(const struct tomte_home *home,
                         const struct tomte_observed *seen,
                         const struct tomte_home_port *port);

static inline unsigned standing(const struct tomte_observed *seen,
                                uint16_t node)
{
    return seen->nodes[node].standing;
}
