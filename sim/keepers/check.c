/* SPDX-License-Identifier: Apache-2.0 */
/* The promises of a group of keepers. */
#include "keepers/group.h"

#include <stdlib.h>

static void push(uint64_t **all, uint64_t len, uint64_t *cap, uint64_t value)
{
    if (len == *cap) {
        *cap = *cap == 0 ? 256 : 2 * *cap;
        *all = realloc(*all, *cap * sizeof **all);
        TOMTE_ASSERT(*all != NULL);
    }
    (*all)[len] = value;
}

/* The nth command is the same wherever it is applied. */
void group_check_applied(struct group *g, unsigned node, uint64_t command)
{
    struct group_node *n = &g->nodes[node];
    uint64_t at = n->count - 1;
    if (at > g->commands_len) {
        group_fail(g, "node %u applies command %llu after a hole", node,
                   (unsigned long long)at);
        return;
    }
    if (at == g->commands_len) {
        uint64_t cap = g->commands_cap;
        push(&g->commands, at, &g->commands_cap, command);
        push(&g->hashes, at, &cap, n->hash);
        g->commands_len++;
        g->counts.commits++;
    }
    if (g->commands[at] != command || g->hashes[at] != n->hash)
        group_fail(g, "node %u applies %llu as the %llu-th where another was",
                   node, (unsigned long long)command, (unsigned long long)at);
}

/* What is acknowledged was applied, and applied once. */
void group_check_acknowledged(struct group *g, uint64_t command)
{
    unsigned times = 0;
    for (uint64_t i = 0; i < g->commands_len; i++)
        times += g->commands[i] == command;
    if (times != 1)
        group_fail(g, "%llu is acknowledged and applied %u times",
                   (unsigned long long)command, times);
    push(&g->acknowledged, g->acknowledged_len, &g->acknowledged_cap, command);
    g->acknowledged_len++;
    g->counts.acknowledged++;
}

/* One leader a term. */
static void check_leader(struct group *g, unsigned node)
{
    struct keepers_view v;
    keepers_look(g->nodes[node].keepers, &v);
    if (!v.leader || v.term >= 1u << 16)
        return;
    if (g->leader_of[v.term] != 0 && g->leader_of[v.term] != node + 1)
        group_fail(g, "term %llu has two leaders, %u and %u",
                   (unsigned long long)v.term, g->leader_of[v.term] - 1u, node);
    if (g->leader_of[v.term] == 0) {
        g->counts.leaders++;
        group_trace(g, node, "is elected, term %llu",
                    (unsigned long long)v.term);
    }
    g->leader_of[v.term] = (uint16_t)(node + 1);
}

/* A leader may grant a lease at any time, which runs from when a majority last
 * followed. One that waited a whole lease may take those of its predecessors
 * for over; of what a successor grants it need not know, it commits nothing. */
static void check_leases(struct group *g, unsigned node)
{
    struct group_node *n = &g->nodes[node];
    struct tomte_replica_status s;
    n->replica->status(n->replica->ctx, &s);
    if (!s.leads) {
        n->led_term = 0;
        return;
    }
    if (n->led_term != s.term) {
        n->led_term = s.term;
        n->led_us = g->now_us;
    }
    uint64_t at_us = (s.confirmed_ms - 1000 * n->index) * 1000 + n->started_us;
    if (s.confirmed_ms != 0 && at_us + GROUP_LEASE_MS * 1000 > n->leases_us)
        n->leases_us = at_us + GROUP_LEASE_MS * 1000;
    n->leases_term = s.term;
    if (g->now_us < n->led_us + GROUP_LEASE_MS * 1000 + 1000)
        return;
    for (unsigned i = 0; i < g->config.size; i++)
        if (i != node && g->nodes[i].leases_us > g->now_us &&
            g->nodes[i].leases_term < s.term)
            group_fail(g, "node %u waited a lease; one of %u's runs %llu us on",
                       node, i,
                       (unsigned long long)(g->nodes[i].leases_us - g->now_us));
}

void group_check_step(struct group *g, unsigned node)
{
    if (!g->nodes[node].on)
        return;
    check_leader(g, node);
    check_leases(g, node);
}

void group_check_end(struct group *g)
{
    if (group_leader(g) == GROUP_MAX) {
        group_fail(g, "nobody leads after all has healed");
        return;
    }
    for (unsigned i = 0; i < g->config.size; i++) {
        struct group_node *n = &g->nodes[i];
        struct tomte_replica_status s;
        n->replica->status(n->replica->ctx, &s);
        g->counts.snapshots += s.snapshots;
        g->counts.restarts += s.restarts;
        if (n->count != g->commands_len)
            group_fail(g, "node %u has applied %llu of %llu commands", i,
                       (unsigned long long)n->count,
                       (unsigned long long)g->commands_len);
        if (s.members_len != g->config.size)
            group_fail(g, "node %u knows %u members", i, s.members_len);
    }
}
