/* SPDX-License-Identifier: Apache-2.0 */
/* home/plan.h: what should be decided next, and why.
 *
 * A pure function of what is wanted and decided (home.h) and of what the nodes
 * are known to do (struct tomte_observed). It gives one command at a time; when
 * that was applied it is asked again, until it has none. It never moves what
 * works: feasible first, then least movement, then what the manifest wishes
 * (away from, near), then balance.
 *
 * The rules, in the order in which a container is looked at:
 *
 * - A port with a role keeps its resource while the node of that may hold a
 *   lease. After that the first resource that fits, by name, whose node holds
 *   one. The first placement waits until each role has a resource.
 * - A new epoch is due when the owner's lease is over for certain, when an
 *   update or another actuator asks for it, or when a pin can be followed. Who
 *   may own: holds a lease, has room, did not refuse this image, and is in the
 *   in-sync set when there is a history.
 * - `hold` is re-placed only when all that could still obey the old epoch can
 *   be asked: see tomte_plan_waits_for.
 * - An epoch is activated when every earlier one is over or fenced off.
 * - A version on trial is kept when its owner says that it passed, and makes
 *   room for the one before when it failed, is refused, or does not come up.
 * - Standbys are added at once and replaced after ten leases; never on the
 *   owner's node; for `sync` rather not on the node of the only keeper.
 *
 * - What has nowhere to go for want of memory or fuel gets the room of what
 *   matters less: that is shed, aloud, and comes back when there is room.
 *
 * `near` and `away_from` are wishes: a home that runs beats a tidy one. Then
 * mains count more than a battery, a short way by radio to what the container
 * uses more than a long one, and much room more than little. `apart_from` is
 * none of these: it decides what is feasible. */
#pragma once

#include "home/home.h"

/* What the leader knows of a node's lease. */
enum tomte_standing {
    TOMTE_STANDING_OVER = 0,   /* for certain no lease */
    TOMTE_STANDING_UNSURE = 1, /* not heard of, an earlier one may last */
    TOMTE_STANDING_HELD = 2,   /* renewed, and not over */
};

struct tomte_node_seen {
    uint8_t standing; /* enum tomte_standing */
    bool heard;       /* since this leader began */
    uint64_t boot;    /* of its last request, as: */
    uint64_t sequence;
    uint64_t confirmed;    /* version of the view that it stored and acts by */
    uint64_t confirmed_ms; /* since when this leader knows that */
    uint64_t renewed_ms;   /* last request, when heard */
    uint64_t over_ms;      /* when its lease is over for certain */
};

/* What the owner last said about a container. */
enum tomte_report_state {
    TOMTE_REPORT_NONE = 0,     /* nothing yet */
    TOMTE_REPORT_STARTING = 1, /* fetches, verifies, loads, replays */
    TOMTE_REPORT_RUNNING = 2,
    TOMTE_REPORT_FAILED = 3,  /* in quarantine, will be tried again */
    TOMTE_REPORT_REFUSED = 4, /* this node cannot run this image */
    TOMTE_REPORT_PASSED = 5,  /* runs, and its trial is over */
    TOMTE_REPORT_SPOILT = 6,  /* failed in its trial; the reason says why */
};

struct tomte_container_seen {
    uint64_t epoch;    /* what was said is about this one */
    uint64_t since_ms; /* when the first was said about it */
    uint8_t state;     /* enum tomte_report_state */
    bool ran;          /* in this epoch */
    uint8_t reason_len;
    char reason[TOMTE_COMMAND_REASON_MAX]; /* SPOILT */
    bool proposes; /* the in-sync standbys that the owner proposes: */
    uint8_t proposed_len;
    uint16_t proposed[TOMTE_HOME_STANDBYS_MAX];
    uint64_t proposed_at; /* version of the view that the owner then had */
    /* nodes that refused the image of this version of the container */
    uint64_t refused_changed;
    uint8_t refused_len;
    uint16_t refused[TOMTE_HOME_HOLDERS_MAX];
};

/* Tables by the slots of home.h, as long as its limits. */
struct tomte_observed {
    uint64_t now_ms;   /* the leader's monotonic clock */
    uint64_t start_ms; /* when this leader began */
    bool still;        /* nothing moves but what a person moves: for showing
                          what fail-over is for */
    const struct tomte_node_seen *nodes;
    const struct tomte_container_seen *containers;
};

/* Where a round over the containers stands. One call looks at most at
 * TOMTE_PLAN_STRIDE of them. */
#define TOMTE_PLAN_STRIDE 64u

struct tomte_plan {
    uint16_t at;    /* place in the order of the round */
    uint16_t quiet; /* looked at since something changed */
    bool settled;   /* no node is of unsure standing */
};

/* Something changed that was observed: look at all again from the start. */
void tomte_plan_restart(struct tomte_plan *plan);

/* A command was applied, or a node confirmed a view: look at all again, from
 * here on. */
void tomte_plan_again(struct tomte_plan *plan);

/* There is nothing to do until something changes. */
bool tomte_plan_idle(const struct tomte_plan *plan,
                     const struct tomte_home *home);

/* The next command that is due, true when there is one. False with the plan
 * not idle: call again for the next containers. */
bool tomte_plan_next(struct tomte_plan *plan, const struct tomte_home *home,
                     const struct tomte_observed *seen,
                     struct tomte_command *command);

/* When, though nothing changes, something will be due because time passes (a
 * standby to be replaced, a history to be given up, what an owner sent before
 * it stopped to expire); UINT64_MAX for never. */
uint64_t tomte_plan_deadline(const struct tomte_home *home,
                             const struct tomte_observed *seen);

/* For what a container in state PENDING waits. */
struct tomte_plan_wait {
    uint16_t node;     /* that must confirm; NONE: for nobody */
    uint16_t resource; /* its actuator; NONE: it ran the container before */
    bool quiet;        /* not for its word, which is out of reach: until what
                          the old owner sent to it has expired */
};

struct tomte_plan_wait tomte_plan_waits_for(const struct tomte_home *home,
                                            const struct tomte_observed *seen,
                                            uint16_t container);

/* The same for one node: what keeps the container from it, or what speaks for
 * another one. NOT_FOUND when there is no such container or node. */
TOMTE_MUST_CHECK enum tomte_err
tomte_plan_why_not(const struct tomte_home *home,
                   const struct tomte_observed *seen,
                   const struct tomte_name *identity,
                   const struct tomte_name *node, struct tomte_text *text);

/* Where a container is and why, or why it is nowhere and what would help, in
 * plain words of one or more lines. NOT_FOUND when there is none. */
TOMTE_MUST_CHECK enum tomte_err
tomte_plan_why(const struct tomte_home *home, const struct tomte_observed *seen,
               const struct tomte_name *identity, struct tomte_text *text);
