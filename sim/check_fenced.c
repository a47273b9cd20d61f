/* SPDX-License-Identifier: Apache-2.0 */
/* Fenced: what the actuators accepted, in the simulator's own truth. */
#include "check.h"

#include <stdlib.h>

#define SEEN_MAX 4096

/* The highest epoch whose write an actuator accepted, for each identity. */
struct seen {
    uint16_t node;
    size_t resource;
    struct tomte_name identity;
    uint64_t epoch;
};

struct fenced {
    struct sim *w;
    size_t len;
    struct seen seen[SEEN_MAX];
};

static void *make(struct sim *w)
{
    struct fenced *c = calloc(1, sizeof *c);
    TOMTE_ASSERT(c != NULL);
    c->w = w;
    return c;
}

static struct seen *seen_of(struct fenced *c, uint16_t node, size_t resource,
                            const struct tomte_name *identity)
{
    for (size_t i = 0; i < c->len; i++)
        if (c->seen[i].node == node && c->seen[i].resource == resource &&
            tomte_name_equal(&c->seen[i].identity, identity))
            return &c->seen[i];
    TOMTE_ASSERT(c->len < SEEN_MAX);
    c->seen[c->len] = (struct seen){node, resource, *identity, 0};
    return &c->seen[c->len++];
}

/* A node that runs this identity now under a higher epoch: then every granted
 * actuator that could be reached was fenced before it began. */
static uint64_t running_epoch(const struct fenced *c,
                              const struct tomte_name *identity)
{
    uint64_t epoch = 0;
    for (unsigned i = 0; i < c->w->nodes_len; i++) {
        const struct sim_node *n = &c->w->nodes[i];
        struct tomte_slot_report r;
        for (size_t s = 0; n->node != NULL && tomte_node_slot(n->node, s, &r);
             s++)
            if (r.running && r.epoch > epoch &&
                tomte_name_equal(r.identity, identity))
                epoch = r.epoch;
    }
    return epoch;
}

static void write(void *ctx, uint16_t node, size_t resource,
                  const struct tomte_name *identity, uint64_t epoch,
                  enum tomte_err verdict)
{
    struct fenced *c = ctx;
    if (verdict != TOMTE_OK)
        return;
    struct seen *s = seen_of(c, node, resource, identity);
    if (epoch < s->epoch)
        sim_fail(
            c->w, "fenced: %.*s accepted epoch %llu of %.*s after epoch %llu",
            (int)c->w->nodes[node].config.name.len,
            c->w->nodes[node].config.name.text, (unsigned long long)epoch,
            (int)identity->len, identity->text, (unsigned long long)s->epoch);
    /* Cut off, an actuator obeys what it knows, until the newer grant reaches
     * it; the old holder had confirmed that it stopped, but what it sent before
     * may have lain in a queue. */
    const struct sim_node *n = &c->w->nodes[node];
    bool reached = tomte_node_leased(n->node, sim_node_ms(c->w, n));
    uint64_t running = running_epoch(c, identity);
    if (reached && epoch < running)
        sim_fail(
            c->w,
            "fenced: epoch %llu of %.*s was accepted while epoch %llu runs",
            (unsigned long long)epoch, (int)identity->len, identity->text,
            (unsigned long long)running);
    if (epoch > s->epoch)
        s->epoch = epoch;
}

const struct sim_check check_fenced = {
    .name = "fenced", .make = make, .write = write};
