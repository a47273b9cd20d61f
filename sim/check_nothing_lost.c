/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing lost: the sequence of a container's committed events never goes back
 * below what was released. For `sync` containers that holds through every
 * take-over; for the others within one node's epoch. */
#include "check.h"

#include <stdlib.h>

#define TRACKS_MAX 1024

struct track {
    struct tomte_name identity;
    uint64_t epoch, sequence;
    uint64_t first; /* event of this epoch */
    bool sync;
};

struct lost {
    struct sim *w;
    size_t len;
    struct track tracks[TRACKS_MAX];
};

static void *make(struct sim *w)
{
    struct lost *c = calloc(1, sizeof *c);
    TOMTE_ASSERT(c != NULL);
    c->w = w;
    return c;
}

static struct track *track_of(struct lost *c, const struct tomte_name *identity)
{
    for (size_t i = 0; i < c->len; i++)
        if (tomte_name_equal(&c->tracks[i].identity, identity))
            return &c->tracks[i];
    TOMTE_ASSERT(c->len < TRACKS_MAX);
    struct track *t = &c->tracks[c->len++];
    t->identity = *identity;
    t->sync = home_is_sync(identity);
    return t;
}

static void commit(void *ctx, uint16_t node, const struct tomte_name *identity,
                   uint64_t epoch, uint64_t sequence)
{
    struct lost *c = ctx;
    struct track *t = track_of(c, identity);
    (void)node;
    bool lost = t->sync ? sequence <= t->sequence
                        : epoch == t->epoch && sequence <= t->sequence;
    if (lost && epoch >= t->epoch)
        sim_fail(c->w,
                 "nothing lost: %.*s released event %llu in epoch %llu after "
                 "event %llu in epoch %llu",
                 (int)identity->len, identity->text,
                 (unsigned long long)sequence, (unsigned long long)epoch,
                 (unsigned long long)t->sequence, (unsigned long long)t->epoch);
    /* What the old owner releases late, the new one took over. */
    if (t->sync && epoch < t->epoch && sequence >= t->first)
        sim_fail(c->w,
                 "nothing lost: %.*s released event %llu in epoch %llu, but "
                 "epoch %llu began with event %llu",
                 (int)identity->len, identity->text,
                 (unsigned long long)sequence, (unsigned long long)epoch,
                 (unsigned long long)t->epoch, (unsigned long long)t->first);
    if (epoch > t->epoch || (epoch == t->epoch && sequence > t->sequence)) {
        if (epoch > t->epoch)
            t->first = sequence;
        t->epoch = epoch;
        t->sequence = sequence;
    }
}

const struct sim_check check_nothing_lost = {
    .name = "nothing lost", .make = make, .commit = commit};
