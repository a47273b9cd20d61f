/* SPDX-License-Identifier: Apache-2.0 */
/* tomte/keepers_of.h: who keeps a home, as its keepers say. */
#pragma once

#include "client.h"
#include "home/replica.h"
#include "home_run.h"

struct keeper_of {
    uint64_t id; /* of its storage */
    char name[TOMTE_NAME_MAX + 1];
    struct tomte_addr addr;
    bool votes;
    uint64_t heard_ms; /* ago; UINT64_MAX: not yet */
};

struct keepers_of {
    uint64_t term;
    uint64_t leader; /* id; 0: not known */
    bool changing;
    unsigned len;
    struct keeper_of all[TOMTE_REPLICA_MEMBERS_MAX];
};

/* The answer of one node to GET /.tomte/keepers. */
enum tomte_err keepers_of_decode(struct tomte_span bytes, struct keepers_of *k);
enum tomte_err keepers_of_get(struct client *c, const struct tomte_addr *node,
                              struct keepers_of *k);

/* Asks the home's nodes until one knows who leads; the leader's own answer.
 * NOT_FOUND when none does. */
enum tomte_err keepers_of_find(struct home_run *run, struct client *c,
                               struct keepers_of *k);

const struct keeper_of *keepers_of_leader(const struct keepers_of *k);
