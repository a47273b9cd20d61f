/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>

void world_fail(const struct world *w, const char *file, int line,
                const char *what)
{
    fprintf(stderr, "seed %llu at %llu ms\n", (unsigned long long)w->seed,
            (unsigned long long)w->now_ms);
    test_fail(file, line, what);
}

static struct world_clock any_clock(struct world *w)
{
    return (struct world_clock){
        .offset_ms = tomte_random_below(&w->random, 1000000),
        .ppm = (int64_t)tomte_random_below(&w->random, 2001) - 1000,
    };
}

void world_init(struct world *w, uint64_t seed)
{
    memset(w, 0, sizeof(*w));
    w->seed = seed;
    tomte_random_init(&w->random, seed);
    w->now_ms = 1000;
    w->delay_ms = 10;
    rig_init(&w->rig, rig_limits(WORLD_NODES + 4, WORLD_CONTAINERS));
    w->keeper_clock = any_clock(w);
    for (unsigned i = 0; i < WORLD_NODES; i++) {
        struct world_node *n = &w->nodes[i];
        n->name = rig_name("n0");
        n->name.text[1] = (char)('0' + i);
        n->clock = any_clock(w);
        world_node_format(w, i);
        world_node_start(w, i);
    }
    world_lead(w);
}

void world_step(struct world *w)
{
    w->now_ms += WORLD_STEP_MS;
    for (unsigned i = 0; i < WORLD_MESSAGES; i++) {
        struct world_message *m = &w->messages[i];
        if (!m->full || m->at_ms > w->now_ms)
            continue;
        m->full = false;
        if (!world_linked(w, m->node, WORLD_KEEPER))
            continue;
        if (m->kind == LEASE || m->kind == FETCH)
            world_keeper_receive(w, m);
        else
            world_node_receive(w, m);
    }
    world_keeper_step(w);
    for (unsigned i = 0; i < WORLD_NODES; i++)
        if (w->nodes[i].up)
            world_node_step(w, i);
    world_check_step(w);
}

unsigned world_node_of(const struct tomte_name *name)
{
    return (unsigned)(name->text[1] - '0');
}

unsigned world_container_of(const struct tomte_name *identity)
{
    return (unsigned)(identity->text[1] - '0');
}

uint64_t world_read(const struct world *w, const struct world_clock *clock)
{
    int64_t drift = (int64_t)w->now_ms * clock->ppm / 1000000;
    return clock->offset_ms + (uint64_t)((int64_t)w->now_ms + drift);
}

bool world_linked(const struct world *w, unsigned a, unsigned b)
{
    if (a < WORLD_NODES && !w->nodes[a].up)
        return false;
    if (b < WORLD_NODES && !w->nodes[b].up)
        return false;
    return !w->cut[a][b] && !w->cut[b][a];
}

void world_send(struct world *w, const struct world_message *m,
                struct tomte_span bytes)
{
    if (tomte_random_chance(&w->random, w->loss))
        return;
    for (unsigned i = 0; i < WORLD_MESSAGES; i++) {
        struct world_message *slot = &w->messages[i];
        if (slot->full)
            continue;
        *slot = *m;
        slot->full = true;
        slot->at_ms =
            w->now_ms + 1 + tomte_random_below(&w->random, w->delay_ms);
        slot->len = bytes.len;
        MUST(w, bytes.len <= sizeof(slot->bytes));
        if (bytes.len > 0)
            memcpy(slot->bytes, bytes.data, bytes.len);
        return;
    }
}
