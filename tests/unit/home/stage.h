/* SPDX-License-Identifier: Apache-2.0 */
/* A rig with what is observed of its nodes, set by hand, for plan.h. */
#pragma once

#include "rig.h"

struct stage {
    struct rig rig;
    struct tomte_node_seen nodes[16];
    struct tomte_container_seen containers[16];
    struct tomte_observed seen;
    struct tomte_plan plan;
    unsigned steps; /* commands of the last run */
    bool confirm;   /* nodes that hold a lease confirm at once */
};

/* 8 nodes and 8 containers at most; nobody holds a lease. */
void stage_init(struct stage *s);

/* These nodes ("a b") hold a lease from now on, or their lease is over, or
 * nothing is known of it. */
void stage_held(struct stage *s, const char *nodes);
void stage_over(struct stage *s, const char *nodes);
void stage_unsure(struct stage *s, const char *nodes);

/* Applies what is due until nothing is; the test fails when that takes more
 * than 100 commands or one is refused. */
void stage_run(struct stage *s);

/* The owner's report: it proposes these standbys as in sync. */
void stage_propose(struct stage *s, const char *identity, const char *nodes);

/* "a 3 active" : owner, epoch, state; "- 0 none". */
bool stage_is(const struct stage *s, const char *identity,
              const char *expected);

/* "b c": the standbys, in order. */
bool stage_standbys(const struct stage *s, const char *identity,
                    const char *expected);

/* `why IDENTITY NODE` says this, word for word. */
bool stage_says_not(const struct stage *s, const char *identity,
                    const char *node, const char *expected);

/* `why` says this, word for word. */
bool stage_says(const struct stage *s, const char *identity,
                const char *expected);
