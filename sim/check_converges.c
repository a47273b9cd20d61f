/* SPDX-License-Identifier: Apache-2.0 */
/* Converges: within two minutes of healing every container that was deployed
 * runs on exactly one node, and every node holds a lease; and so it stays. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#define BOUND_S 120

struct converges {
    struct sim *w;
    char why[160]; /* not yet */
};

static void *make(struct sim *w)
{
    struct converges *c = calloc(1, sizeof *c);
    TOMTE_ASSERT(c != NULL);
    c->w = w;
    return c;
}

static bool node_settled(struct converges *c, const struct sim_node *n)
{
    struct tomte_slot_report r;
    int len = (int)n->config.name.len;
    if (n->node == NULL || !tomte_node_leased(n->node, sim_node_ms(c->w, n))) {
        snprintf(c->why, sizeof c->why, "node %.*s has no lease", len,
                 n->config.name.text);
        return false;
    }
    for (size_t i = 0; tomte_node_slot(n->node, i, &r); i++) {
        if (r.role != TOMTE_SLOT_OWNER || r.running)
            continue;
        snprintf(c->why, sizeof c->why, "%.*s on %.*s is %s: %.60s",
                 (int)r.identity->len, r.identity->text, len,
                 n->config.name.text, r.state, r.reason);
        return false;
    }
    return true;
}

static unsigned runs(const struct converges *c, const char *identity)
{
    struct tomte_slot_report r;
    size_t len = strlen(identity);
    unsigned count = 0;
    for (unsigned n = 0; n < c->w->nodes_len; n++)
        for (size_t i = 0; c->w->nodes[n].node != NULL &&
                           tomte_node_slot(c->w->nodes[n].node, i, &r);
             i++)
            count += r.running && r.identity->len == len &&
                     memcmp(r.identity->text, identity, len) == 0;
    return count;
}

static bool settled(struct converges *c)
{
    for (unsigned n = 0; n < c->w->nodes_len; n++)
        if (!node_settled(c, &c->w->nodes[n]))
            return false;
    for (unsigned i = 0; i < person_deployed(c->w->person); i++) {
        const char *identity = person_identity(c->w->person, i);
        unsigned count = runs(c, identity);
        if (count == 1 || identity[0] == 0)
            continue;
        snprintf(c->why, sizeof c->why, "%s runs on %u nodes", identity, count);
        return false;
    }
    return true;
}

static void second(void *ctx)
{
    struct converges *c = ctx;
    struct sim *w = c->w;
    if (!w->healed)
        return;
    uint32_t since_s = (uint32_t)((w->now_us - w->healed_us) / 1000000);
    if (w->counts.converged_s == 0 && settled(c))
        w->counts.converged_s = since_s == 0 ? 1 : since_s;
    else if (w->counts.converged_s == 0 && since_s >= BOUND_S)
        sim_fail(w, "converges: %u s after healing: %s", since_s, c->why);
}

static void end(void *ctx)
{
    struct converges *c = ctx;
    if (!settled(c))
        sim_fail(c->w, "converges: at the end: %s", c->why);
}

const struct sim_check check_converges = {
    .name = "converges", .make = make, .second = second, .end = end};
