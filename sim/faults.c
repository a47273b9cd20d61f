/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong, when, and how it heals. Every rate is drawn from the seed;
 * each class of faults is wholly off in some seeds, so that rare ones are not
 * always drowned by common ones (swarm testing). */
#include "world.h"

#include "node/internal.h" /* who holds what, in the keeper's log */

enum fault {
    CRASH,
    RESTART,
    PARTITION,
    MEND,
    PAUSE,
    REPLACE,
    ROT,
    NATURE,
    PRESS
};

#define S 1000000u

static uint64_t draw(struct sim *w, uint64_t low, uint64_t high)
{
    return low + tomte_random_below(&w->fate, high - low + 1);
}

/* A class is off in a quarter of the seeds. */
static uint32_t maybe(struct sim *w, uint64_t low, uint64_t high)
{
    uint32_t v = (uint32_t)draw(w, low, high);
    return tomte_random_chance(&w->fate, 250) ? 0 : v;
}

void faults_draw(struct sim *w)
{
    struct sim_rates *r = &w->rates;
    r->loss_permille = maybe(w, 5, 150);
    r->repeat_permille = maybe(w, 5, 150);
    r->delay_min_us = (uint32_t)draw(w, 300, 3000);
    r->delay_max_us = r->delay_min_us + (uint32_t)draw(w, 1000, 40000);
    r->slow_permille = maybe(w, 1, 50);
    r->crash_every_s = maybe(w, 60, 600);
    r->down_max_s = (uint32_t)draw(w, 5, 120);
    /* Never off: see counts() in main.c. */
    r->partition_every_s = (uint32_t)draw(w, 120, 900);
    r->partition_max_s = (uint32_t)draw(w, 20, 120);
    r->pause_every_s = maybe(w, 120, 900);
    r->pause_max_s = (uint32_t)draw(w, 1, 60);
    r->drift_ppm = maybe(w, 10, 1000);
    r->replace_every_s = maybe(w, 300, 1200);
    r->rot_every_s = maybe(w, 600, 2400);
}

void faults_print(const struct sim *w, FILE *out)
{
    const struct sim_rates *r = &w->rates;
    fprintf(out,
            "seed %llu: lease %u ms, loss %u/1000, repeat %u/1000, delay %u-%u "
            "us, slow "
            "%u/1000, crash every %u s down <= %u s, partition every %u s for "
            "<= %u s, pause every %u s for <= %u s, replace every %u s, rot "
            "every %u s, drift "
            "<= %u ppm\n",
            (unsigned long long)w->seed, w->lease_ms, r->loss_permille,
            r->repeat_permille, r->delay_min_us, r->delay_max_us,
            r->slow_permille, r->crash_every_s, r->down_max_s,
            r->partition_every_s, r->partition_max_s, r->pause_every_s,
            r->pause_max_s, r->replace_every_s, r->rot_every_s, r->drift_ppm);
}

static void plan(struct sim *w, enum fault fault, uint16_t node,
                 uint64_t after_us)
{
    queue_put(&w->queue, (struct happening){.at_us = w->now_us + after_us,
                                            .kind = HAPPEN_FAULT,
                                            .node = node,
                                            .tag = (uint64_t)fault});
}

/* Around the mean, never twice at the same moment. */
static void plan_next(struct sim *w, enum fault fault, uint32_t every_s)
{
    if (every_s > 0)
        plan(w, fault, 0, draw(w, 1, 2 * (uint64_t)every_s * S));
}

void faults_begin(struct sim *w)
{
    plan_next(w, CRASH, w->rates.crash_every_s);
    plan_next(w, PARTITION, w->rates.partition_every_s);
    plan_next(w, PAUSE, w->rates.pause_every_s);
    plan_next(w, REPLACE, w->rates.replace_every_s);
    plan_next(w, ROT, w->rates.rot_every_s);
    plan(w, NATURE, 0, S);
    plan(w, PRESS, 0, 20 * S);
}

static void crash(struct sim *w)
{
    uint16_t node = (uint16_t)draw(w, 0, w->nodes_len - 1u);
    plan_next(w, CRASH, w->rates.crash_every_s);
    if (w->nodes[node].node == NULL)
        return;
    sim_crash(w, node);
    plan(w, RESTART, node, draw(w, S / 10, (uint64_t)w->rates.down_max_s * S));
}

static void partition(struct sim *w)
{
    plan_next(w, PARTITION, w->rates.partition_every_s);
    w->counts.partitions++;
    for (unsigned i = 0; i < w->nodes_len; i++)
        w->nodes[i].group = (int)draw(w, 0, 1);
    sim_trace(w, SIM_NODES_MAX, "partition");
    plan(w, MEND, 0, draw(w, S, (uint64_t)w->rates.partition_max_s * S));
}

static void mend(struct sim *w)
{
    for (unsigned i = 0; i < w->nodes_len; i++)
        w->nodes[i].group = 0;
    sim_trace(w, SIM_NODES_MAX, "partition mended");
}

static void pause_one(struct sim *w)
{
    uint16_t node = (uint16_t)draw(w, 0, w->nodes_len - 1u);
    plan_next(w, PAUSE, w->rates.pause_every_s);
    if (w->nodes[node].node == NULL)
        return;
    w->counts.pauses++;
    w->nodes[node].paused_until_us =
        w->now_us + draw(w, S / 2, (uint64_t)w->rates.pause_max_s * S);
    sim_trace(w, node, "pauses");
}

/* What rotted is found when the node starts, and got from others then. */
#define MENDED_S 10

/* After a node burned no other fails until the keeper must have noticed. */
static uint64_t spared_us(const struct sim *w)
{
    return (uint64_t)w->lease_ms * 2000 + 2 * S;
}

static struct sim_node *node_named(struct sim *w, const struct tomte_name *name)
{
    for (unsigned i = 0; i < w->nodes_len; i++)
        if (tomte_name_equal(&w->nodes[i].config.name, name))
            return &w->nodes[i];
    return NULL;
}

/* In the set of the keeper's log, on, connected, holding a lease as the keeper
 * sees it (who has none is away, for whatever reason), and none that burned
 * without the keeper knowing yet. */
static bool is_holder(struct sim *w, const struct tomte_home *home, uint16_t it)
{
    const struct tomte_observed *seen = &w->nodes[0].node->keeper->keeper.seen;
    if (seen->nodes[it].standing != TOMTE_STANDING_HELD)
        return false;
    struct sim_node *n = node_named(w, &home->nodes[it].name);
    if (n == NULL || n->node == NULL || n->paused_until_us > w->now_us ||
        n->group != w->nodes[0].group)
        return false;
    return !n->burned || n->node->store_id == home->nodes[it].store;
}

/* Nothing that was acknowledged is lost while at most the standby count of its
 * holders fail: each container that this node holds has another holder. One
 * that is away has failed, be it for a minute: the keeper may replace it. */
static bool may_burn(struct sim *w, uint16_t node)
{
    const struct tomte_node *keeper = w->nodes[0].node;
    if (node == 0 || keeper == NULL || w->nodes[node].node == NULL ||
        w->nodes[0].paused_until_us > w->now_us)
        return false;
    const struct tomte_home *home = &keeper->keeper->home;
    uint16_t it = tomte_home_find_node(home, &w->nodes[node].config.name);
    for (unsigned i = 0; i < home->containers_len; i++) {
        const struct tomte_placement *p =
            &home->containers[home->container_order[i]].placement;
        unsigned others = 0;
        for (unsigned k = 0; k < p->insync_len; k++)
            others += p->insync[k] != it && is_holder(w, home, p->insync[k]);
        if (tomte_home_is_insync(p, it) && others < 1)
            return false;
    }
    return true;
}

/* Its disk is gone, or is not what it was: a holder less. */
static void lose_disk(struct sim *w, enum fault fault)
{
    uint16_t node = (uint16_t)draw(w, 0, w->nodes_len - 1u);
    if (!may_burn(w, node)) {
        plan(w, fault, 0, S);
        return;
    }
    w->spared_until_us = w->now_us + spared_us(w);
    if (fault == REPLACE) {
        plan_next(w, REPLACE, w->rates.replace_every_s);
        sim_replace(w, node);
    } else {
        plan_next(w, ROT, w->rates.rot_every_s);
        sim_rot(w, node);
    }
    uint64_t down_us = draw(w, S / 10, (uint64_t)w->rates.down_max_s * S);
    if (fault == ROT) {
        down_us = draw(w, S / 10, (uint64_t)w->lease_ms * 2000);
        w->spared_until_us += down_us + MENDED_S * (uint64_t)S;
    }
    plan(w, RESTART, node, down_us);
}

/* Sensors read something new now and then. */
static void nature(struct sim *w)
{
    plan(w, NATURE, 0, 5 * S);
    for (uint16_t i = 0; i < w->nodes_len; i++) {
        struct sim_node *n = &w->nodes[i];
        for (size_t r = 0; r < n->config.resource_count; r++)
            if (n->node != NULL && n->resources[r].kind == TOMTE_NODE_SENSOR)
                sim_reading(w, i, r, (double)draw(w, 150, 250) / 10.0);
    }
}

/* A person presses a random button of a node, on or off. */
static void press(struct sim *w)
{
    plan(w, PRESS, 0, draw(w, S / 10, 3 * S));
    uint16_t node = (uint16_t)draw(w, 0, w->nodes_len - 1u);
    struct sim_node *n = &w->nodes[node];
    for (size_t r = 0; r < n->config.resource_count; r++) {
        char channel[TOMTE_CHANNEL_MAX + 1] = {0};
        if (n->resources[r].kind != TOMTE_NODE_BUTTON)
            continue;
        struct tomte_span name =
            tomte_channel_name_span(&n->resources[r].channel);
        for (size_t k = 0; k < name.len; k++)
            channel[k] = (char)name.data[k];
        person_press(w->person, node, channel);
        return;
    }
}

void faults_happen(struct sim *w, const struct happening *h)
{
    enum fault fault = (enum fault)h->tag;
    if (fault == NATURE) {
        nature(w);
    } else if (fault == RESTART) {
        if (w->nodes[h->node].node == NULL)
            sim_start(w, h->node);
    } else if (fault == MEND) {
        mend(w);
    } else if (w->healed) {
        return;
    } else if (fault != PRESS && w->now_us < w->spared_until_us) {
        plan(w, fault, 0, spared_us(w));
    } else if (fault == CRASH) {
        crash(w);
    } else if (fault == PARTITION) {
        partition(w);
    } else if (fault == PAUSE) {
        pause_one(w);
    } else if (fault == REPLACE || fault == ROT) {
        lose_disk(w, fault);
    } else {
        press(w);
    }
}

void faults_heal(struct sim *w)
{
    w->healed = true;
    w->healed_us = w->now_us;
    mend(w);
    for (uint16_t i = 0; i < w->nodes_len; i++) {
        if (w->nodes[i].paused_until_us > w->now_us)
            w->nodes[i].paused_until_us = w->now_us;
        if (w->nodes[i].node == NULL)
            sim_start(w, i);
    }
}
