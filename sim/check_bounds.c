/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds: a node takes memory when it starts and none after, and writes nowhere
 * else; no datagram is longer than the limit; nobody floods anybody; a node
 * that has nothing to do does nothing. */
#include "check.h"

#include <stdlib.h>

/* Datagrams on their way to one node: network.c keeps more from it. Steps of
 * one node that no datagram asked for, in a second: many times what the busiest
 * seeds have. */
#define WAITING_MAX 600
#define STEPS_MAX   3000

struct bounds {
    struct sim *w;
};

static void *make(struct sim *w)
{
    struct bounds *c = calloc(1, sizeof *c);
    TOMTE_ASSERT(c != NULL);
    c->w = w;
    return c;
}

static void check_memory(struct bounds *c, const struct sim_node *n)
{
    if (n->node == NULL)
        return;
    if (n->arena.used != n->memory_used)
        sim_fail(c->w, "bounds: %.*s took %zu bytes at its start, has %zu",
                 (int)n->config.name.len, n->config.name.text, n->memory_used,
                 n->arena.used);
    for (size_t i = 0; i < SIM_GUARD_BYTES; i++)
        if (n->memory[n->memory_bytes + i] != SIM_GUARD)
            sim_fail(c->w, "bounds: %.*s wrote behind its memory",
                     (int)n->config.name.len, n->config.name.text);
}

static void crash(void *ctx, uint16_t node)
{
    struct bounds *c = ctx;
    check_memory(c, &c->w->nodes[node]);
}

static void step(void *ctx, uint16_t node)
{
    struct bounds *c = ctx;
    struct sim *w = c->w;
    struct sim_node *n = &w->nodes[node];
    if (n->waiting > w->counts.waiting_max)
        w->counts.waiting_max = n->waiting;
    if (n->steps > w->counts.steps_max)
        w->counts.steps_max = n->steps;
    if (n->waiting > WAITING_MAX || n->steps > STEPS_MAX)
        sim_fail(w,
                 "bounds: %.*s has %u datagrams before it, and took %u "
                 "steps this second",
                 (int)n->config.name.len, n->config.name.text, n->waiting,
                 n->steps);
    if (w->counts.longest > TOMTE_LIMIT_DATAGRAM_BYTES)
        sim_fail(w, "bounds: a datagram had %u bytes", w->counts.longest);
}

static void end(void *ctx)
{
    struct bounds *c = ctx;
    for (unsigned i = 0; i < c->w->nodes_len; i++)
        check_memory(c, &c->w->nodes[i]);
}

const struct sim_check check_bounds = {
    .name = "bounds", .make = make, .crash = crash, .step = step, .end = end};
