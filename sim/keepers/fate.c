/* SPDX-License-Identifier: Apache-2.0 */
/* Who proposes, who looks after the members, and what goes wrong. */
#include "keepers/group.h"

enum { CLIENT, OPERATOR, CRASH, PARTITION, HEAL, PAUSE, BURN, FAIL, CUT };

/* ---- who uses it, who looks after it ---- */

static void client(struct group *g)
{
    const struct group_rates *r = &g->config.rates;
    unsigned node = (unsigned)tomte_random_below(&g->user, g->config.size);
    struct tomte_replica_status s = {0};
    struct group_node *n = &g->nodes[node];
    if (n->on && n->paused_us <= g->now_us)
        n->replica->status(n->replica->ctx, &s);
    if (s.leads) {
        size_t bytes = 8 + tomte_random_below(&g->user, 120);
        if (tomte_random_chance(&g->user, 20))
            bytes = tomte_random_below(&g->user, r->command_bytes_max);
        (void)group_propose(g, node, bytes);
    }
    group_plan(g,
               g->now_us + 1000 * (1 + tomte_random_below(
                                           &g->user, 2 * r->propose_every_ms)),
               HAPPEN_FAULT, 0, CLIENT);
}

static bool is_wanted(const struct group *g, uint64_t id)
{
    for (unsigned i = 0; i < g->config.size; i++)
        if (g->nodes[i].id == id)
            return true;
    return false;
}

/* Removes what burned, then adds what is new. */
static void look_after(struct group *g, struct group_node *n,
                       const struct tomte_replica_status *s)
{
    const struct tomte_replica *r = n->replica;
    for (unsigned i = 0; i < s->members_len; i++) {
        if (is_wanted(g, s->members[i].id))
            continue;
        g->counts.changes += r->change(r->ctx, group_ms(g, n), false,
                                       s->members[i].id, NULL) == TOMTE_OK;
        return;
    }
    for (unsigned i = 0; i < g->config.size; i++) {
        struct tomte_addr addr = group_address(i);
        bool votes = false;
        for (unsigned j = 0; j < s->members_len; j++)
            votes |= s->members[j].id == g->nodes[i].id &&
                     s->members[j].role == TOMTE_REPLICA_VOTER;
        if (votes || !g->nodes[i].on)
            continue;
        g->counts.changes += r->change(r->ctx, group_ms(g, n), true,
                                       g->nodes[i].id, &addr) == TOMTE_OK;
        return;
    }
}

static void operate(struct group *g)
{
    unsigned leader = group_leader(g);
    group_plan(g, g->now_us + 700000, HAPPEN_FAULT, 0, OPERATOR);
    if (leader == GROUP_MAX)
        return;
    struct group_node *n = &g->nodes[leader];
    struct tomte_replica_status s;
    n->replica->status(n->replica->ctx, &s);
    if (n->paused_us > g->now_us || s.changing)
        return;
    look_after(g, n, &s);
    group_end_step(g, n);
}

/* ---- faults ---- */

static void again(struct group *g, uint64_t tag, uint32_t every_ms)
{
    if (every_ms == 0)
        return;
    group_plan(g,
               g->now_us +
                   1000 * (1 + tomte_random_below(&g->fate, 2ull * every_ms)),
               HAPPEN_FAULT, 0, tag);
}

/* All members are there and have all there is: one may be lost for good. */
static bool can_burn(struct group *g)
{
    unsigned leader = group_leader(g);
    struct tomte_replica_status s;
    if (leader == GROUP_MAX || g->config.size < 3)
        return false;
    struct group_node *n = &g->nodes[leader];
    n->replica->status(n->replica->ctx, &s);
    unsigned voters = 0;
    for (unsigned i = 0; i < s.members_len; i++)
        voters += s.members[i].role == TOMTE_REPLICA_VOTER &&
                  is_wanted(g, s.members[i].id);
    if (s.changing || voters != g->config.size ||
        s.members_len != g->config.size)
        return false;
    for (unsigned i = 0; i < g->config.size; i++)
        if (!g->nodes[i].on || g->nodes[i].side != 0 ||
            g->nodes[i].paused_us > g->now_us ||
            g->nodes[i].count != g->commands_len)
            return false;
    return true;
}

static void split(struct group *g)
{
    int sides[GROUP_MAX];
    for (unsigned i = 0; i < GROUP_MAX; i++)
        sides[i] = (int)tomte_random_below(&g->fate, 2);
    group_split(g, sides);
    g->counts.partitions++;
    group_trace(g, 0, "splits %d%d%d%d%d", sides[0], sides[1], sides[2],
                sides[3], sides[4]);
    group_plan(g, g->now_us + 1000 * tomte_random_below(&g->fate, 8000),
               HAPPEN_FAULT, 0, HEAL);
}

static void burn_one(struct group *g)
{
    if (!can_burn(g))
        return;
    unsigned node = (unsigned)tomte_random_below(&g->fate, g->config.size);
    group_burn(g, node);
    group_start(g, node);
}

static void fault(struct group *g, const struct happening *h)
{
    const struct group_rates *r = &g->config.rates;
    static const int together[GROUP_MAX];
    unsigned node = (unsigned)tomte_random_below(&g->fate, g->config.size);
    struct group_node *n = &g->nodes[node];
    switch (h->tag & 0xff) {
    case CRASH:
        again(g, CRASH, r->crash_every_ms);
        if (!n->on)
            return;
        g->counts.crashes++;
        group_crash(g, node);
        group_plan(g, g->now_us + 1000 * tomte_random_below(&g->fate, 4000),
                   HAPPEN_FAULT, node, GROUP_BACK);
        return;
    case PARTITION:
        again(g, PARTITION, r->partition_every_ms);
        split(g);
        return;
    case HEAL:
        group_split(g, together);
        return;
    case PAUSE:
        again(g, PAUSE, r->pause_every_ms);
        g->counts.pauses++;
        n->paused_us = g->now_us + 1000 * tomte_random_below(&g->fate, 5000);
        return;
    case BURN:
        again(g, BURN, r->burn_every_ms);
        burn_one(g);
        return;
    case FAIL:
        again(g, FAIL, r->fail_every_ms);
        keepers_fail(n->keepers);
        return;
    default:
        again(g, CUT, r->cut_every_ms);
        g->counts.cuts++;
        tomte_disk_cut_at(n->disk, 1 + tomte_random_below(&g->fate, 12));
        return;
    }
}

void group_fate(struct group *g, const struct happening *h)
{
    uint64_t tag = h->tag & 0xff;
    if (tag == CLIENT)
        client(g);
    else if (tag == OPERATOR)
        operate(g);
    else if (!g->healed || tag == HEAL)
        fault(g, h);
}

struct group_config group_drawn(uint64_t seed, unsigned size)
{
    struct tomte_random r;
    tomte_random_init(&r, seed * 31 + size);
    struct group_config c = {.seed = seed, .size = size};
    bool calm[10];
    for (unsigned i = 0; i < 10; i++)
        calm[i] = tomte_random_chance(&r, 300);
    c.rates = (struct group_rates){
        .loss_permille = calm[0] ? 0 : (unsigned)tomte_random_below(&r, 250),
        .repeat_permille = calm[1] ? 0 : 50,
        .slow_permille = calm[2] ? 0 : (unsigned)tomte_random_below(&r, 60),
        .delay_max_us = (uint32_t)tomte_random_below(&r, 60000),
        .late_sync_permille = calm[3] ? 0 : 300,
        .crash_every_ms = calm[4] ? 0 : 4000,
        .partition_every_ms = calm[5] ? 0 : 8000,
        .pause_every_ms = calm[6] ? 0 : 9000,
        .burn_every_ms = calm[7] ? 0 : 5000,
        .fail_every_ms = calm[8] ? 0 : 20000,
        .cut_every_ms = calm[9] ? 0 : 15000,
        .propose_every_ms = 20 + (uint32_t)tomte_random_below(&r, 80),
        .command_bytes_max = 20000,
        .state_bytes = (uint32_t)tomte_random_below(&r, 150000),
    };
    c.options = keepers_options_default();
    c.options.snapshot_threshold = 20 + (unsigned)tomte_random_below(&r, 200);
    c.options.snapshot_trailing = 8 + (unsigned)tomte_random_below(&r, 40);
    return c;
}

void group_plan_faults(struct group *g)
{
    const struct group_rates *r = &g->config.rates;
    again(g, CRASH, r->crash_every_ms);
    again(g, PARTITION, r->partition_every_ms);
    again(g, PAUSE, r->pause_every_ms);
    again(g, BURN, r->burn_every_ms);
    again(g, FAIL, r->fail_every_ms);
    again(g, CUT, r->cut_every_ms);
    group_plan(g, 100000, HAPPEN_FAULT, 0, OPERATOR);
    if (r->propose_every_ms > 0)
        group_plan(g, 100000, HAPPEN_FAULT, 0, CLIENT);
}
