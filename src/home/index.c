/* SPDX-License-Identifier: Apache-2.0 */
/* Resources and ports: the pools and the chains through them. */
#include "base/assert.h"
#include "home/table.h"

static uint16_t *bucket(const struct tomte_home *home, uint16_t *table,
                        uint32_t hash);
static void link_channel(struct tomte_home *home, uint16_t resource);
static void link_role(struct tomte_home *home, uint16_t resource);
static void unlink_role(struct tomte_home *home, uint16_t resource);
static void link_place(struct tomte_home *home, uint16_t resource);
static void unlink_place(struct tomte_home *home, uint16_t resource);
static void link_port(struct tomte_home *home, uint16_t port);
static void unlink_port(struct tomte_home *home, uint16_t port);
static void free_port(struct tomte_home *home, uint16_t port);
static uint16_t seek_port(const struct tomte_home *home, uint16_t port,
                          const struct tomte_channel_name *channel,
                          unsigned direction);

unsigned tomte_home_resources_left(const struct tomte_home *home)
{
    return (unsigned)home->limits.resources - home->resources_used;
}

unsigned tomte_home_ports_left(const struct tomte_home *home)
{
    return (unsigned)home->limits.ports - home->ports_used;
}

uint16_t tomte_home_resource_new(struct tomte_home *home, uint16_t node,
                                 const struct tomte_resource *r)
{
    uint16_t slot = home->resource_free;
    TOMTE_ASSERT(slot != NONE);
    struct tomte_home_resource *e = &home->resources[slot];
    home->resource_free = e->next;
    home->resources_used++;
    *e = (struct tomte_home_resource){
        .is = *r,
        .node = node,
        .hash = tomte_home_hash(tomte_channel_name_span(&r->channel)),
    };
    uint16_t *at = &home->nodes[node].resource;
    while (*at != NONE &&
           tomte_span_compare(
               tomte_channel_name_span(&home->resources[*at].is.channel),
               tomte_channel_name_span(&r->channel)) < 0)
        at = &home->resources[*at].next;
    e->next = *at;
    *at = slot;
    home->nodes[node].resources++;
    link_channel(home, slot);
    link_role(home, slot);
    link_place(home, slot);
    return slot;
}

void tomte_home_resource_free(struct tomte_home *home, uint16_t resource)
{
    struct tomte_home_resource *e = &home->resources[resource];
    uint16_t *at = &home->nodes[e->node].resource;
    while (*at != resource)
        at = &home->resources[*at].next;
    *at = e->next;
    home->nodes[e->node].resources--;
    at = bucket(home, home->resource_by_channel, e->hash);
    while (*at != resource)
        at = &home->resources[*at].next_hash;
    *at = e->next_hash;
    unlink_role(home, resource);
    unlink_place(home, resource);
    e->node = NONE;
    e->next = home->resource_free;
    home->resource_free = resource;
    home->resources_used--;
}

void tomte_home_resource_set(struct tomte_home *home, uint16_t resource,
                             const struct tomte_resource *r)
{
    unlink_role(home, resource);
    unlink_place(home, resource);
    home->resources[resource].is = *r;
    link_role(home, resource);
    link_place(home, resource);
}

uint16_t tomte_home_find_resource(const struct tomte_home *home,
                                  const struct tomte_channel_name *channel)
{
    uint32_t hash = tomte_home_hash(tomte_channel_name_span(channel));
    uint16_t at = *bucket(home, home->resource_by_channel, hash);
    while (at != NONE &&
           !tomte_channel_name_equal(&home->resources[at].is.channel, channel))
        at = home->resources[at].next_hash;
    return at;
}

uint16_t tomte_home_first_of_role(const struct tomte_home *home,
                                  const struct tomte_name *role)
{
    uint32_t hash = tomte_home_hash(tomte_name_span(role));
    uint16_t at = *bucket(home, home->resource_by_role, hash);
    while (at != NONE && !tomte_name_equal(&home->resources[at].is.role, role))
        at = home->resources[at].next_role;
    return at;
}

uint16_t tomte_home_next_of_role(const struct tomte_home *home,
                                 uint16_t resource)
{
    const struct tomte_name *role = &home->resources[resource].is.role;
    uint16_t at = home->resources[resource].next_role;
    while (at != NONE && !tomte_name_equal(&home->resources[at].is.role, role))
        at = home->resources[at].next_role;
    return at;
}

uint16_t tomte_home_first_at(const struct tomte_home *home,
                             const struct tomte_name *place)
{
    uint32_t hash = tomte_home_hash(tomte_name_span(place));
    uint16_t at = *bucket(home, home->resource_by_place, hash);
    while (at != NONE &&
           !tomte_name_equal(&home->resources[at].is.place, place))
        at = home->resources[at].next_place;
    return at;
}

uint16_t tomte_home_next_at(const struct tomte_home *home, uint16_t resource)
{
    const struct tomte_name *place = &home->resources[resource].is.place;
    uint16_t at = home->resources[resource].next_place;
    while (at != NONE &&
           !tomte_name_equal(&home->resources[at].is.place, place))
        at = home->resources[at].next_place;
    return at;
}

/* ---- nodes by place ---- */

void tomte_home_set_place(struct tomte_home *home, uint16_t node,
                          const struct tomte_name *place)
{
    struct tomte_home_node *n = &home->nodes[node];
    if (n->place.len > 0) {
        uint16_t *at = bucket(home, home->node_by_place,
                              tomte_home_hash(tomte_name_span(&n->place)));
        while (*at != node)
            at = &home->nodes[*at].next_place;
        *at = n->next_place;
    }
    n->place = *place;
    if (place->len == 0)
        return;
    uint16_t *at = bucket(home, home->node_by_place,
                          tomte_home_hash(tomte_name_span(place)));
    n->next_place = *at;
    *at = node;
}

static uint16_t seek_node(const struct tomte_home *home, uint16_t at,
                          const struct tomte_name *place)
{
    while (at != NONE && !tomte_name_equal(&home->nodes[at].place, place))
        at = home->nodes[at].next_place;
    return at;
}

uint16_t tomte_home_first_node_at(const struct tomte_home *home,
                                  const struct tomte_name *place)
{
    uint32_t hash = tomte_home_hash(tomte_name_span(place));
    return seek_node(home, *bucket(home, home->node_by_place, hash), place);
}

uint16_t tomte_home_next_node_at(const struct tomte_home *home, uint16_t node)
{
    const struct tomte_home_node *n = &home->nodes[node];
    return seek_node(home, n->next_place, &n->place);
}

/* ---- ports ---- */

uint16_t tomte_home_port_new(struct tomte_home *home, uint16_t container,
                             const struct tomte_home_port *port)
{
    uint16_t slot = home->port_free;
    TOMTE_ASSERT(slot != NONE);
    struct tomte_home_port *e = &home->ports[slot];
    home->port_free = e->next;
    home->ports_used++;
    *e = *port;
    e->container = container;
    e->next = NONE;
    e->next_hash = NONE;
    uint16_t *at = &home->containers[container].port;
    while (*at != NONE)
        at = &home->ports[*at].next;
    *at = slot;
    e->ordinal = home->containers[container].ports_len++;
    link_port(home, slot);
    return slot;
}

void tomte_home_ports_free(struct tomte_home *home, uint16_t container)
{
    struct tomte_home_container *c = &home->containers[container];
    while (c->port != NONE) {
        uint16_t port = c->port;
        unlink_port(home, port);
        c->port = home->ports[port].next;
        free_port(home, port);
    }
    c->ports_len = 0;
}

static void free_port(struct tomte_home *home, uint16_t port)
{
    home->ports[port].container = NONE;
    home->ports[port].next = home->port_free;
    home->port_free = port;
    home->ports_used--;
}

void tomte_home_ports_park(struct tomte_home *home, uint16_t container)
{
    struct tomte_home_container *c = &home->containers[container];
    TOMTE_ASSERT(c->before.port == NONE);
    for (uint16_t p = c->port; p != NONE; p = home->ports[p].next)
        unlink_port(home, p);
    c->before.port = c->port;
    c->before.ports_len = c->ports_len;
    c->port = NONE;
    c->ports_len = 0;
}

void tomte_home_ports_unpark(struct tomte_home *home, uint16_t container)
{
    struct tomte_home_container *c = &home->containers[container];
    tomte_home_ports_free(home, container);
    c->port = c->before.port;
    c->ports_len = c->before.ports_len;
    c->before.port = NONE;
    c->before.ports_len = 0;
    for (uint16_t p = c->port; p != NONE; p = home->ports[p].next)
        link_port(home, p);
}

void tomte_home_parked_free(struct tomte_home *home, uint16_t container)
{
    struct tomte_home_container *c = &home->containers[container];
    while (c->before.port != NONE) {
        uint16_t port = c->before.port;
        c->before.port = home->ports[port].next;
        free_port(home, port);
    }
    c->before.ports_len = 0;
}

void tomte_home_port_parked(struct tomte_home *home, uint16_t container,
                            const struct tomte_home_port *port)
{
    struct tomte_home_container *c = &home->containers[container];
    uint16_t slot = home->port_free;
    TOMTE_ASSERT(slot != NONE);
    struct tomte_home_port *e = &home->ports[slot];
    home->port_free = e->next;
    home->ports_used++;
    *e = *port;
    e->container = container;
    e->next = e->next_hash = NONE;
    uint16_t *at = &c->before.port;
    while (*at != NONE)
        at = &home->ports[*at].next;
    *at = slot;
    e->ordinal = c->before.ports_len++;
}

void tomte_home_port_set(struct tomte_home *home, uint16_t port,
                         const struct tomte_channel_name *channel)
{
    unlink_port(home, port);
    home->ports[port].channel = *channel;
    link_port(home, port);
}

uint16_t tomte_home_writer(const struct tomte_home *home,
                           const struct tomte_channel_name *channel)
{
    uint32_t hash = tomte_home_hash(tomte_channel_name_span(channel));
    return seek_port(home, *bucket(home, home->port_by_channel, hash), channel,
                     TOMTE_PORT_OUT);
}

uint16_t tomte_home_first_reader(const struct tomte_home *home,
                                 const struct tomte_channel_name *channel)
{
    uint32_t hash = tomte_home_hash(tomte_channel_name_span(channel));
    return seek_port(home, *bucket(home, home->port_by_channel, hash), channel,
                     TOMTE_PORT_IN);
}

uint16_t tomte_home_next_reader(const struct tomte_home *home, uint16_t port)
{
    const struct tomte_home_port *p = &home->ports[port];
    return seek_port(home, p->next_hash, &p->channel, TOMTE_PORT_IN);
}

static uint16_t seek_port(const struct tomte_home *home, uint16_t port,
                          const struct tomte_channel_name *channel,
                          unsigned direction)
{
    while (port != NONE &&
           (home->ports[port].direction != direction ||
            !tomte_channel_name_equal(&home->ports[port].channel, channel)))
        port = home->ports[port].next_hash;
    return port;
}

/* FNV-1a. */
uint32_t tomte_home_hash(struct tomte_span name)
{
    uint32_t h = 0x811c9dc5u;
    for (size_t i = 0; i < name.len; i++)
        h = (h ^ name.data[i]) * 0x01000193u;
    return h ^ h >> 16;
}

static uint16_t *bucket(const struct tomte_home *home, uint16_t *table,
                        uint32_t hash)
{
    return &table[hash & (uint32_t)(home->buckets - 1)];
}

static void link_channel(struct tomte_home *home, uint16_t resource)
{
    struct tomte_home_resource *e = &home->resources[resource];
    uint16_t *at = bucket(home, home->resource_by_channel, e->hash);
    e->next_hash = *at; /* channels differ: no order can be seen */
    *at = resource;
}

static void link_role(struct tomte_home *home, uint16_t resource)
{
    struct tomte_home_resource *e = &home->resources[resource];
    if (e->is.role.len == 0)
        return;
    uint16_t *at = bucket(home, home->resource_by_role,
                          tomte_home_hash(tomte_name_span(&e->is.role)));
    while (*at != NONE &&
           tomte_span_compare(
               tomte_channel_name_span(&home->resources[*at].is.channel),
               tomte_channel_name_span(&e->is.channel)) < 0)
        at = &home->resources[*at].next_role;
    e->next_role = *at;
    *at = resource;
}

static void unlink_role(struct tomte_home *home, uint16_t resource)
{
    struct tomte_home_resource *e = &home->resources[resource];
    if (e->is.role.len == 0)
        return;
    uint16_t *at = bucket(home, home->resource_by_role,
                          tomte_home_hash(tomte_name_span(&e->is.role)));
    while (*at != resource)
        at = &home->resources[*at].next_role;
    *at = e->next_role;
}

static void link_place(struct tomte_home *home, uint16_t resource)
{
    struct tomte_home_resource *e = &home->resources[resource];
    if (e->is.place.len == 0)
        return;
    uint16_t *at = bucket(home, home->resource_by_place,
                          tomte_home_hash(tomte_name_span(&e->is.place)));
    while (*at != NONE &&
           tomte_span_compare(
               tomte_channel_name_span(&home->resources[*at].is.channel),
               tomte_channel_name_span(&e->is.channel)) < 0)
        at = &home->resources[*at].next_place;
    e->next_place = *at;
    *at = resource;
}

static void unlink_place(struct tomte_home *home, uint16_t resource)
{
    struct tomte_home_resource *e = &home->resources[resource];
    if (e->is.place.len == 0)
        return;
    uint16_t *at = bucket(home, home->resource_by_place,
                          tomte_home_hash(tomte_name_span(&e->is.place)));
    while (*at != resource)
        at = &home->resources[*at].next_place;
    *at = e->next_place;
}

/* The port stands before that other one. */
static bool before(const struct tomte_home *home, uint16_t port, uint16_t other)
{
    const struct tomte_home_port *p = &home->ports[port];
    const struct tomte_home_port *o = &home->ports[other];
    if (p->container == o->container)
        return p->ordinal < o->ordinal;
    return tomte_span_compare(
               tomte_name_span(&home->containers[p->container].identity),
               tomte_name_span(&home->containers[o->container].identity)) < 0;
}

static void link_port(struct tomte_home *home, uint16_t port)
{
    struct tomte_home_port *e = &home->ports[port];
    if (e->channel.len == 0)
        return;
    e->hash = tomte_home_hash(tomte_channel_name_span(&e->channel));
    uint16_t *at = bucket(home, home->port_by_channel, e->hash);
    while (*at != NONE && before(home, *at, port))
        at = &home->ports[*at].next_hash;
    e->next_hash = *at;
    *at = port;
}

static void unlink_port(struct tomte_home *home, uint16_t port)
{
    struct tomte_home_port *e = &home->ports[port];
    if (e->channel.len == 0)
        return;
    uint16_t *at = bucket(home, home->port_by_channel, e->hash);
    while (*at != port)
        at = &home->ports[*at].next_hash;
    *at = e->next_hash;
}
