/* SPDX-License-Identifier: Apache-2.0 */
/* The checker: it sees the home, all nodes and true time at once. */
#include "world.h"

#include "base/crc.h"

/* What each node's view says, but for its version. */
struct views {
    uint64_t version[WORLD_NODES + 4];
    uint32_t crc[WORLD_NODES + 4];
    uint64_t added[WORLD_NODES + 4];
};

static void read_views(struct world *w, struct views *v)
{
    static uint8_t bytes[WORLD_VIEW_BYTES];
    memset(v, 0, sizeof(*v));
    for (unsigned i = 0; i < w->rig.home.limits.nodes; i++) {
        struct tomte_home_node *n = &w->rig.home.nodes[i];
        struct tomte_span view;
        if (!n->used || n->retired)
            continue;
        uint64_t version = n->view;
        n->view = 0;
        MUST(w, tomte_view_encode(&w->rig.home, (uint16_t)i,
                                  TOMTE_BUF_ARRAY(bytes), &view) == TOMTE_OK);
        n->view = version;
        v->version[i] = version;
        v->added[i] = n->added;
        v->crc[i] = tomte_crc32c(0, view);
    }
}

static void check_views(struct world *w, const struct views *before)
{
    struct views after;
    read_views(w, &after);
    for (unsigned i = 0; i < WORLD_NODES + 4; i++) {
        if (after.added[i] == 0 || after.added[i] != before->added[i])
            continue;
        MUST(w, after.crc[i] == before->crc[i] ||
                    after.version[i] == w->rig.home.version);
        MUST(w, after.version[i] >= before->version[i]);
    }
}

static void check_writers(struct world *w)
{
    const struct tomte_home *h = &w->rig.home;
    for (unsigned i = 0; i < h->limits.ports; i++) {
        const struct tomte_home_port *a = &h->ports[i];
        if (a->container == NONE || a->direction != TOMTE_PORT_OUT ||
            a->channel.len == 0)
            continue;
        for (unsigned k = 0; k < i; k++) {
            const struct tomte_home_port *b = &h->ports[k];
            /* a version on trial and the one before write to the same */
            bool trial = b->container == a->container &&
                         h->containers[a->container].trial;
            MUST(w, b->container == NONE || trial ||
                        b->direction != TOMTE_PORT_OUT ||
                        !tomte_channel_name_equal(&a->channel, &b->channel));
        }
    }
}

static void check_placements(struct world *w)
{
    const struct tomte_home *h = &w->rig.home;
    for (unsigned i = 0; i < h->containers_len; i++) {
        const struct tomte_home_container *c =
            &h->containers[h->container_order[i]];
        const struct tomte_placement *p = &c->placement;
        unsigned id = world_container_of(&c->identity);
        MUST(w, p->epoch >= w->last_epoch[id]);
        MUST(w, p->epoch < WORLD_EPOCHS);
        w->last_epoch[id] = p->epoch;
        if (p->owner != NONE) {
            uint16_t owner =
                (uint16_t)(world_node_of(&h->nodes[p->owner].name) + 1);
            uint16_t *known = &w->owner_of[id][p->epoch];
            MUST(w, *known == 0 || *known == owner);
            *known = owner;
        }
        if (p->state == TOMTE_PLACEMENT_ACTIVE && w->active[id] < p->epoch)
            w->active[id] = p->epoch;
        if (p->born != w->born[id] && p->born != 0) {
            w->born[id] = p->born;
            w->committed[id] = 0;
        }
    }
}

void world_apply(struct world *w, struct tomte_span command)
{
    struct views before;
    struct tomte_command c;
    read_views(w, &before);
    MUST(w, tomte_command_decode(command, &c, NULL) == TOMTE_OK);
    enum tomte_err err =
        tomte_home_apply(&w->rig.home, command, &w->rig.report);
    /* whatever is appended was possible */
    MUST(w, err == TOMTE_OK);
    if (c.op == TOMTE_COMMAND_CONTAINER_REMOVE)
        w->life[world_container_of(&c.name)]++;
    check_views(w, &before);
    check_placements(w);
    check_writers(w);
    if (tomte_random_chance(&w->random, 50))
        rig_check_snapshot(&w->rig);
}

void world_ran(struct world *w, unsigned node, unsigned container,
               uint64_t epoch, uint64_t born)
{
    const struct world_cell *c = &w->nodes[node].cells[container];
    MUST(w, w->owner_of[container][epoch] == node + 1);
    MUST(w, c->born == born);
    if (born != w->born[container])
        return; /* of a life that is over, and it has not heard */
    w->takeovers++;
    if (epoch == w->active[container])
        MUST(w, c->sequence >= w->committed[container]);
}

void world_accepted(struct world *w, unsigned container, uint64_t epoch)
{
    MUST(w, epoch >= w->active[container]);
}

/* Who runs a `safe` container now. */
static void check_one_at_a_time(struct world *w)
{
    for (unsigned id = 0; id < WORLD_CONTAINERS; id++) {
        struct tomte_name name = rig_name("c0");
        name.text[1] = (char)('0' + id);
        unsigned running = 0;
        for (unsigned i = 0; i < WORLD_NODES; i++) {
            const struct world_node *n = &w->nodes[i];
            struct tomte_view_placement p;
            if (n->up && n->cells[id].running &&
                tomte_lease_held(&n->lease, world_read(w, &n->clock)) &&
                tomte_view_find(&n->view, &name, &p) == TOMTE_OK)
                running += p.born == w->born[id] &&
                           p.without_keeper == TOMTE_WITHOUT_KEEPER_SAFE;
        }
        MUST(w, running <= 1);
    }
}

void world_check_step(struct world *w)
{
    check_one_at_a_time(w);
    for (unsigned i = 0; i < WORLD_NODES && w->keeper_up; i++) {
        const struct world_node *n = &w->nodes[i];
        uint16_t slot = tomte_home_find_node(&w->rig.home, &n->name);
        if (slot == NONE || !n->up)
            continue;
        MUST(w, w->keeper.seen.nodes[slot].standing != TOMTE_STANDING_OVER ||
                    !tomte_lease_held(&n->lease, world_read(w, &n->clock)));
    }
}
