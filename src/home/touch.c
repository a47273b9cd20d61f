/* SPDX-License-Identifier: Apache-2.0 */
#include "home/touch.h"

static void touch(struct tomte_home *home, uint16_t node);
static void touch_owner(struct tomte_home *home, uint16_t port);
static void touch_ends(struct tomte_home *home,
                       const struct tomte_channel_name *channel);
static bool holds(const struct tomte_placement *p, uint16_t node);

void tomte_home_touch(struct tomte_home *home, uint16_t container)
{
    tomte_home_touch_holders(home, container);
    uint16_t port = home->containers[container].port;
    for (; port != NONE; port = home->ports[port].next)
        if (home->ports[port].channel.len > 0)
            touch_ends(home, &home->ports[port].channel);
}

void tomte_home_touch_holders(struct tomte_home *home, uint16_t container)
{
    const struct tomte_placement *p = &home->containers[container].placement;
    touch(home, p->owner);
    for (unsigned i = 0; i < p->standbys_len; i++)
        touch(home, p->standbys[i]);
    for (unsigned i = 0; i < p->insync_len; i++)
        touch(home, p->insync[i]);
}

void tomte_home_touch_node(struct tomte_home *home, uint16_t node)
{
    if (home->nodes[node].keeper) {
        tomte_home_touch_all(home);
        return;
    }
    touch(home, node);
    uint16_t r = home->nodes[node].resource;
    for (; r != NONE; r = home->resources[r].next)
        touch_ends(home, &home->resources[r].is.channel);
    for (unsigned i = 0; i < home->containers_len; i++)
        if (holds(&home->containers[home->container_order[i]].placement, node))
            tomte_home_touch(home, home->container_order[i]);
}

void tomte_home_touch_all(struct tomte_home *home)
{
    for (unsigned i = 0; i < home->nodes_len; i++)
        touch(home, home->node_order[i]);
}

static void touch(struct tomte_home *home, uint16_t node)
{
    if (node != NONE)
        home->nodes[node].view = home->version;
}

static void touch_owner(struct tomte_home *home, uint16_t port)
{
    if (port != NONE)
        touch(home,
              home->containers[home->ports[port].container].placement.owner);
}

/* The node that offers the channel, and the owners who write and read it. */
static void touch_ends(struct tomte_home *home,
                       const struct tomte_channel_name *channel)
{
    uint16_t r = tomte_home_find_resource(home, channel);
    if (r != NONE)
        touch(home, home->resources[r].node);
    touch_owner(home, tomte_home_writer(home, channel));
    uint16_t reader = tomte_home_first_reader(home, channel);
    for (; reader != NONE; reader = tomte_home_next_reader(home, reader))
        touch_owner(home, reader);
}

static bool holds(const struct tomte_placement *p, uint16_t node)
{
    return p->owner == node || tomte_home_is_standby(p, node) ||
           tomte_home_is_insync(p, node);
}
