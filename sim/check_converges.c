/* SPDX-License-Identifier: Apache-2.0 */
/* Converges: when everything was healed, every container that was deployed runs
 * on exactly one node, and every node holds a lease. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

struct converges {
    struct sim *w;
};

static void *make(struct sim *w)
{
    struct converges *c = calloc(1, sizeof *c);
    TOMTE_ASSERT(c != NULL);
    c->w = w;
    return c;
}

static void check_node(struct converges *c, const struct sim_node *n)
{
    struct tomte_slot_report r;
    if (n->node == NULL || !tomte_node_leased(n->node, sim_node_ms(c->w, n)))
        sim_fail(c->w, "converges: node %.*s has no lease",
                 (int)n->config.name.len, n->config.name.text);
    for (size_t i = 0; n->node != NULL && tomte_node_slot(n->node, i, &r); i++)
        if (r.role == TOMTE_SLOT_OWNER && !r.running)
            sim_fail(c->w, "converges: %.*s on %.*s is %s: %s",
                     (int)r.identity->len, r.identity->text,
                     (int)n->config.name.len, n->config.name.text, r.state,
                     r.reason);
}

static unsigned owners_running(const struct converges *c)
{
    struct tomte_slot_report r;
    unsigned count = 0;
    for (unsigned n = 0; n < c->w->nodes_len; n++)
        for (size_t i = 0; c->w->nodes[n].node != NULL &&
                           tomte_node_slot(c->w->nodes[n].node, i, &r);
             i++)
            count += r.running;
    return count;
}

static void end(void *ctx)
{
    struct converges *c = ctx;
    for (unsigned n = 0; n < c->w->nodes_len; n++)
        check_node(c, &c->w->nodes[n]);
    unsigned wanted = person_deployed(c->w->person);
    unsigned running = owners_running(c);
    if (running != wanted)
        sim_fail(c->w, "converges: %u containers run, %u were deployed",
                 running, wanted);
}

const struct sim_check check_converges = {
    .name = "converges", .make = make, .end = end};
