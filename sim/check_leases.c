/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: a write of a `safe` container is not accepted after the lease of the
 * node that wrote it ended, however long it lay in a queue and whatever became
 * of that node: crashed, its lease goes on to its end; paused, it is over when
 * the node's own clock says so. */
#include "check.h"

#include "home/home.h"

#include <stdlib.h>

#define HOLDERS_MAX 65536

struct holder {
    struct tomte_name identity;
    uint64_t epoch;
    uint16_t node;
};

struct leases {
    struct sim *w;
    uint64_t over_us[SIM_NODES_MAX]; /* of the last boot that ended */
    size_t len;
    struct holder holders[HOLDERS_MAX];
};

static void *make(struct sim *w)
{
    struct leases *c = calloc(1, sizeof *c);
    TOMTE_ASSERT(c != NULL);
    c->w = w;
    return c;
}

static const struct holder *
find(const struct leases *c, const struct tomte_name *identity, uint64_t epoch)
{
    for (size_t i = c->len; i-- > 0;)
        if (c->holders[i].epoch == epoch &&
            tomte_name_equal(&c->holders[i].identity, identity))
            return &c->holders[i];
    return NULL;
}

/* Who runs what, as the node says itself. */
static void look_at(struct leases *c, uint16_t node)
{
    const struct sim_node *n = &c->w->nodes[node];
    struct tomte_slot_report r;
    for (size_t i = 0; n->node != NULL && tomte_node_slot(n->node, i, &r);
         i++) {
        if (!r.running || !home_is_safe(r.identity) ||
            find(c, r.identity, r.epoch) != NULL)
            continue;
        TOMTE_ASSERT(c->len < HOLDERS_MAX);
        c->holders[c->len++] = (struct holder){*r.identity, r.epoch, node};
    }
}

/* The end of its lease is the node's secret; it can be asked for any time. */
static void crash(void *ctx, uint16_t node)
{
    struct leases *c = ctx;
    const struct sim_node *n = &c->w->nodes[node];
    uint64_t low = sim_node_ms(c->w, n), high = low + TOMTE_LEASE_MS_MAX;
    look_at(c, node);
    if (!tomte_node_leased(n->node, low))
        return;
    while (high - low > 1) {
        uint64_t mid = low + (high - low) / 2;
        if (tomte_node_leased(n->node, mid))
            low = mid;
        else
            high = mid;
    }
    uint64_t over = sim_world_us(n, high);
    if (over > c->over_us[node])
        c->over_us[node] = over;
}

static void write(void *ctx, uint16_t node, size_t resource,
                  const struct tomte_name *identity, uint64_t epoch,
                  enum tomte_err verdict)
{
    struct leases *c = ctx;
    (void)node, (void)resource;
    if (!home_is_safe(identity))
        return;
    c->w->counts.expired += verdict == TOMTE_ERR_TIMEOUT;
    if (verdict != TOMTE_OK)
        return;
    const struct holder *h = find(c, identity, epoch);
    for (uint16_t i = 0; h == NULL && i < c->w->nodes_len; i++) {
        look_at(c, i);
        h = find(c, identity, epoch);
    }
    if (h == NULL) {
        sim_fail(c->w, "leases: %.*s wrote in epoch %llu, nobody ran it",
                 (int)identity->len, identity->text, (unsigned long long)epoch);
        return;
    }
    const struct sim_node *n = &c->w->nodes[h->node];
    bool leased =
        n->node != NULL && tomte_node_leased(n->node, sim_node_ms(c->w, n));
    if (!leased && c->w->now_us > c->over_us[h->node])
        sim_fail(c->w,
                 "leases: a write of %.*s was accepted after the lease of %.*s",
                 (int)identity->len, identity->text, (int)n->config.name.len,
                 n->config.name.text);
}

const struct sim_check check_leases = {
    .name = "leases", .make = make, .crash = crash, .write = write};
