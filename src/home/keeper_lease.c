/* SPDX-License-Identifier: Apache-2.0 */
/* The lease table: who holds one until when, and what it said on the way. */
#include "home/codec.h"
#include "home/keeper_private.h"

#include <string.h>

static void refuse(struct tomte_keeper_private *p, enum tomte_err err);
static void hear(struct tomte_keeper *k, uint16_t node,
                 const struct tomte_lease_request *r);
static bool note(struct tomte_keeper *k, uint16_t node,
                 const struct tomte_lease_request *r,
                 const struct tomte_addr *from);
static bool may_have_lease(const struct tomte_keeper *k, uint16_t node,
                           const struct tomte_lease_request *r);
static void grant(struct tomte_keeper *k, uint16_t node);
static void hear_container(struct tomte_keeper *k, uint16_t node,
                           const struct tomte_lease_request *r,
                           const struct tomte_lease_container *c);
static void hear_state(struct tomte_keeper *k, struct tomte_container_seen *s,
                       const struct tomte_lease_container *c);
static void hear_proposal(struct tomte_keeper *k, uint16_t container,
                          const struct tomte_lease_request *r,
                          const struct tomte_lease_container *c);
static void hear_refusal(struct tomte_keeper *k, uint16_t container,
                         uint16_t node);

void tomte_keeper_expire(struct tomte_keeper *k)
{
    struct tomte_keeper_private *p = k->p;
    if (p->now_ms < p->expiry_ms)
        return;
    p->expiry_ms = UINT64_MAX;
    for (unsigned i = 0; i < k->home->nodes_len; i++) {
        uint16_t node = k->home->node_order[i];
        struct tomte_node_seen *s = &p->seen[node];
        struct tomte_keeper_node *n = &p->nodes[node];
        if (s->standing == TOMTE_STANDING_OVER)
            continue;
        if (n->until_ms > p->now_ms) {
            if (p->expiry_ms > n->until_ms)
                p->expiry_ms = n->until_ms;
            continue;
        }
        s->standing = TOMTE_STANDING_OVER;
        s->over_ms = n->until_ms;
        p->say_left = (uint16_t)(p->say_left + !(n->say_lost || n->say_back));
        n->say_lost = true;
        n->say_back = false;
        tomte_plan_restart(&p->plan);
    }
}

void tomte_keeper_lease(struct tomte_keeper *k,
                        const struct tomte_lease_request *r,
                        const struct tomte_addr *from)
{
    struct tomte_keeper_private *p = k->p;
    uint16_t node = tomte_home_find_node(k->home, &r->name);
    struct tomte_lease_answer a = {.term = p->term, .settled = true};
    if (node == NONE) {
        if (!p->admit) {
            refuse(p, TOMTE_ERR_NOT_FOUND);
            return;
        }
        a.offer_wanted = !note(k, NONE, r, from);
    } else {
        const struct tomte_node_seen *s = &p->seen[node];
        if (s->heard && r->store == k->home->nodes[node].store &&
            (r->boot < s->boot ||
             (r->boot == s->boot && r->sequence <= s->sequence))) {
            refuse(p, TOMTE_ERR_STALE);
            return;
        }
        hear(k, node, r);
        a.offer_wanted = !note(k, node, r, from);
        a.version = k->home->nodes[node].view;
        a.settled = p->owner != node;
        if (may_have_lease(k, node, r)) {
            grant(k, node);
            a.lease_ms = k->home->lease_ms;
        }
        p->nodes[node].poked = a.version;
    }
    p->answer = a;
    p->has_answer = true;
}

void tomte_keeper_follow(struct tomte_keeper *k)
{
    const struct tomte_home *home = k->home;
    struct tomte_keeper_private *p = k->p;
    for (unsigned i = 0; i < home->limits.nodes; i++) {
        uint64_t added = home->nodes[i].used ? home->nodes[i].added : 0;
        struct tomte_keeper_node *n = &p->nodes[i];
        if (n->added == added)
            continue;
        p->say_left = (uint16_t)(p->say_left - (n->say_lost || n->say_back));
        *n = (struct tomte_keeper_node){.added = added, .was_lost = true};
        /* added while this keeper leads: nobody can have given it a lease */
        p->seen[i] = (struct tomte_node_seen){
            .standing = TOMTE_STANDING_OVER,
            .over_ms = p->now_ms,
        };
    }
    for (unsigned i = 0; i < home->limits.containers; i++) {
        const struct tomte_home_container *c = &home->containers[i];
        uint64_t added = c->used ? c->added : 0;
        if (p->reports_added[i] != added)
            p->reports[i] = (struct tomte_container_seen){0};
        p->reports_added[i] = added;
    }
}

static void refuse(struct tomte_keeper_private *p, enum tomte_err err)
{
    p->has_refusal = true;
    p->refusal = err;
}

static void hear(struct tomte_keeper *k, uint16_t node,
                 const struct tomte_lease_request *r)
{
    struct tomte_keeper_private *p = k->p;
    struct tomte_node_seen *s = &p->seen[node];
    /* a view of another home, or of one that was lost, is none */
    uint64_t confirmed = r->confirmed > k->home->version ? 0 : r->confirmed;
    if (confirmed != s->confirmed)
        tomte_plan_again(&p->plan);
    if (!s->heard || confirmed > s->confirmed ||
        confirmed >= k->home->nodes[node].view)
        p->nodes[node].behind_ms = p->now_ms;
    if (!s->heard || confirmed != s->confirmed)
        s->confirmed_ms = p->now_ms;
    s->heard = true;
    s->boot = r->boot;
    s->sequence = r->sequence;
    s->confirmed = confirmed;
    s->renewed_ms = p->now_ms;
    struct tomte_lease_iter it;
    struct tomte_lease_container c;
    tomte_lease_iter_init(&it, r);
    while (tomte_lease_next(&it, &c))
        hear_container(k, node, r, &c);
}

/* What the home should know of the node goes to the log, if it is news. False
 * when that needs the offer, which is not in this request. */
static bool note(struct tomte_keeper *k, uint16_t node,
                 const struct tomte_lease_request *r,
                 const struct tomte_addr *from)
{
    struct tomte_keeper_private *p = k->p;
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_NODE, r->name);
    c.addr = r->has_addr ? r->addr : *from;
    c.store = r->store;
    c.has_addr = c.has_store = true;
    bool offer = r->offer_crc != 0;
    if (node != NONE) {
        const struct tomte_home_node *n = &k->home->nodes[node];
        c.has_addr = !tomte_addr_equal(&c.addr, &n->addr);
        c.has_store = c.store != n->store;
        offer &= r->offer_crc != n->offer_crc;
    }
    c.has_offer =
        offer && r->offer.len > 0 && tomte_offer_crc(r->offer) == r->offer_crc;
    c.offer = r->offer;
    bool refused = node != NONE && p->nodes[node].refused == k->home->version &&
                   p->nodes[node].refused_crc == r->offer_crc;
    bool complete = c.has_offer || !offer;
    if (!(c.has_addr || c.has_store || c.has_offer) || refused)
        return complete || refused;
    if (p->joining.full) /* it comes again with the next request */
        return complete;
    struct tomte_span bytes;
    if (tomte_command_encode(&c, TOMTE_BUF_ARRAY(p->joining.bytes), &bytes) !=
        TOMTE_OK)
        return complete;
    p->joining.full = true;
    p->joining.len = bytes.len;
    p->joining.token = r->offer_crc;
    p->joining.node = node;
    return complete;
}

/* A node that was away must first act by what was decided meanwhile: with an
 * old view it would go on with what was taken from it. One that has its lease
 * keeps it while it fetches, but not for ever. */
static bool may_have_lease(const struct tomte_keeper *k, uint16_t node,
                           const struct tomte_lease_request *r)
{
    const struct tomte_keeper_private *p = k->p;
    const struct tomte_home_node *n = &k->home->nodes[node];
    if (r->store != n->store)
        return false;
    if (p->seen[node].confirmed >= n->view)
        return true;
    uint64_t patience_ms =
        (uint64_t)TOMTE_HOME_PATIENCE_LEASES * k->home->lease_ms;
    return p->seen[node].standing == TOMTE_STANDING_HELD &&
           p->now_ms - p->nodes[node].behind_ms < patience_ms;
}

static void grant(struct tomte_keeper *k, uint16_t node)
{
    struct tomte_keeper_private *p = k->p;
    struct tomte_node_seen *s = &p->seen[node];
    struct tomte_keeper_node *n = &p->nodes[node];
    uint32_t lease_ms = k->home->lease_ms;
    uint64_t until_ms = p->now_ms + lease_ms + tomte_lease_drift_ms(lease_ms);
    if (n->until_ms < until_ms)
        n->until_ms = until_ms;
    if (p->expiry_ms > n->until_ms)
        p->expiry_ms = n->until_ms;
    if (s->standing == TOMTE_STANDING_HELD)
        return;
    s->standing = TOMTE_STANDING_HELD;
    tomte_plan_restart(&p->plan);
    if (!n->was_lost && !n->say_lost)
        return;
    p->say_left = (uint16_t)(p->say_left + !(n->say_lost || n->say_back));
    n->say_back = true;
    n->say_lost = false;
}

static void hear_container(struct tomte_keeper *k, uint16_t node,
                           const struct tomte_lease_request *r,
                           const struct tomte_lease_container *c)
{
    struct tomte_keeper_private *p = k->p;
    uint16_t slot = tomte_home_find_container(k->home, &c->identity);
    if (slot == NONE)
        return;
    const struct tomte_placement *at = &k->home->containers[slot].placement;
    if (at->owner != node || at->epoch != c->epoch)
        return;
    struct tomte_container_seen *s = &p->reports[slot];
    if (s->epoch != c->epoch) {
        s->since_ms = p->now_ms;
        s->ran = false;
    }
    s->epoch = c->epoch;
    hear_state(k, s, c);
    hear_proposal(k, slot, r, c);
    if (c->state == TOMTE_REPORT_REFUSED)
        hear_refusal(k, slot, node);
}

static void hear_state(struct tomte_keeper *k, struct tomte_container_seen *s,
                       const struct tomte_lease_container *c)
{
    bool verdict =
        c->state == TOMTE_REPORT_PASSED || c->state == TOMTE_REPORT_SPOILT;
    s->ran |=
        c->state == TOMTE_REPORT_RUNNING || c->state == TOMTE_REPORT_PASSED;
    s->reason_len = (uint8_t)c->reason.len;
    if (c->reason.len > 0)
        memcpy(s->reason, c->reason.data, c->reason.len);
    if (verdict && s->state != c->state)
        tomte_plan_again(&k->p->plan);
    s->state = c->state;
}

/* Only what the owner says knowing the set as it is now, and to this leader:
 * else an overtaken request could count somebody in who was counted out. */
static void hear_proposal(struct tomte_keeper *k, uint16_t container,
                          const struct tomte_lease_request *r,
                          const struct tomte_lease_container *c)
{
    const struct tomte_placement *at =
        &k->home->containers[container].placement;
    struct tomte_container_seen *s = &k->p->reports[container];
    s->proposes =
        c->proposes && r->term == k->p->term && r->confirmed >= at->agreed;
    s->proposed_at = r->confirmed;
    s->proposed_len = 0;
    for (unsigned i = 0; s->proposes && i < c->insync_len; i++) {
        uint16_t node = tomte_home_find_node(k->home, &c->insync[i]);
        if (node != NONE)
            s->proposed[s->proposed_len++] = node;
    }
    if (s->proposes)
        tomte_plan_again(&k->p->plan);
}

static void hear_refusal(struct tomte_keeper *k, uint16_t container,
                         uint16_t node)
{
    struct tomte_container_seen *s = &k->p->reports[container];
    uint64_t changed = k->home->containers[container].changed;
    if (s->refused_changed != changed)
        s->refused_len = 0;
    s->refused_changed = changed;
    for (unsigned i = 0; i < s->refused_len; i++)
        if (s->refused[i] == node)
            return;
    if (s->refused_len == TOMTE_HOME_HOLDERS_MAX) { /* the oldest gives way */
        memmove(&s->refused[0], &s->refused[1],
                (TOMTE_HOME_HOLDERS_MAX - 1) * sizeof(s->refused[0]));
        s->refused_len--;
    }
    s->refused[s->refused_len++] = node;
    tomte_plan_again(&k->p->plan);
}
