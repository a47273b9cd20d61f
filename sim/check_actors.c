/* SPDX-License-Identifier: Apache-2.0 */
/* Actors: an epoch belongs to one node, and in it each event is released once,
 * in order. */
#include "check.h"

#include <stdlib.h>

#define ACTORS_MAX 65536

struct actor {
    struct tomte_name identity;
    uint64_t epoch, sequence;
    uint16_t node;
};

struct actors {
    struct sim *w;
    size_t len;
    struct actor list[ACTORS_MAX];
};

static void *make(struct sim *w)
{
    struct actors *c = calloc(1, sizeof *c);
    TOMTE_ASSERT(c != NULL);
    c->w = w;
    return c;
}

static struct actor *actor_of(struct actors *c, uint16_t node,
                              const struct tomte_name *identity, uint64_t epoch)
{
    for (size_t i = c->len; i-- > 0;)
        if (c->list[i].epoch == epoch &&
            tomte_name_equal(&c->list[i].identity, identity))
            return &c->list[i];
    TOMTE_ASSERT(c->len < ACTORS_MAX);
    c->w->counts.takeovers += epoch > 1;
    c->list[c->len] =
        (struct actor){.identity = *identity, .epoch = epoch, .node = node};
    return &c->list[c->len++];
}

static void commit(void *ctx, uint16_t node, const struct tomte_name *identity,
                   uint64_t epoch, uint64_t sequence)
{
    struct actors *c = ctx;
    struct actor *a = actor_of(c, node, identity, epoch);
    if (a->node != node)
        sim_fail(c->w, "actors: %.*s acts in epoch %llu on two nodes",
                 (int)identity->len, identity->text, (unsigned long long)epoch);
    /* What a crash took, unsynced, was not seen by anybody; `none` and `async`
     * make it anew. Released means synced. */
    if (sequence <= a->sequence)
        sim_fail(c->w, "actors: %.*s released event %llu after %llu",
                 (int)identity->len, identity->text,
                 (unsigned long long)sequence, (unsigned long long)a->sequence);
    a->sequence = sequence;
}

const struct sim_check check_actors = {
    .name = "actors", .make = make, .commit = commit};
