/* SPDX-License-Identifier: Apache-2.0 */
/* Resources and ports: the pools and the chains through them. */
#include "base/assert.h"
#include "home/table.h"

static uint32_t hash_of(struct tomte_span name);
static uint16_t *bucket(const struct tomte_home *home, uint16_t *table,
                        uint32_t hash);
static void link_channel(struct tomte_home *home, uint16_t resource);
static void link_role(struct tomte_home *home, uint16_t resource);
static void unlink_role(struct tomte_home *home, uint16_t resource);
static void link_place(struct tomte_home *home, uint16_t resource);
static void unlink_place(struct tomte_home *home, uint16_t resource);
static void link_port(struct tomte_home *home, uint16_t port);
static void unlink_port(struct tomte_home *home, uint16_t port);
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
        .hash = hash_of(tomte_channel_name_span(&r->channel)),
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
    uint32_t hash = hash_of(tomte_channel_name_span(channel));
    uint16_t at = *bucket(home, home->resource_by_channel, hash);
    while (at != NONE &&
           !tomte_channel_name_equal(&home->resources[at].is.channel, channel))
        at = home->resources[at].next_hash;
    return at;
}

uint16_t tomte_home_first_of_role(const struct tomte_home *home,
                                  const struct tomte_name *role)
{
    uint32_t hash = hash_of(tomte_name_span(role));
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
    uint32_t hash = hash_of(tomte_name_span(place));
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
                              hash_of(tomte_name_span(&n->place)));
        while (*at != node)
            at = &home->nodes[*at].next_place;
        *at = n->next_place;
    }
    n->place = *place;
    if (place->len == 0)
        return;
    uint16_t *at =
        bucket(home, home->node_by_place, hash_of(tomte_name_span(place)));
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
    uint32_t hash = hash_of(tomte_name_span(place));
    return seek_node(home, *bucket(home, home->node_by_place, hash), place);
}

uint16_t tomte_home_next_node_at(const struct tomte_home *home, uint16_t node)
{
    const struct tomte_home_node *n = &home->nodes[node];
    return seek_node(home, n->next_place, &n->place);
}

/* ---- who must not be beside whom ----
 *
 * A link is container * TOMTE_APART_FROM_MAX + place in its list. */

#define NO_LINK UINT32_MAX

static const struct tomte_name *apart_name(const struct tomte_home *home,
                                           uint32_t link)
{
    return &home->containers[link / TOMTE_APART_FROM_MAX]
                .apart_from[link % TOMTE_APART_FROM_MAX];
}

static uint32_t *apart_next(struct tomte_home *home, uint32_t link)
{
    return &home->containers[link / TOMTE_APART_FROM_MAX]
                .next_apart[link % TOMTE_APART_FROM_MAX];
}

static uint32_t *apart_head(const struct tomte_home *home,
                            const struct tomte_name *name)
{
    uint32_t hash = hash_of(tomte_name_span(name));
    return &home->apart_by_name[hash & (uint32_t)(home->buckets - 1)];
}

void tomte_home_set_apart(struct tomte_home *home, uint16_t container,
                          const struct tomte_name *list, uint8_t len)
{
    struct tomte_home_container *c = &home->containers[container];
    uint32_t link = (uint32_t)container * TOMTE_APART_FROM_MAX;
    for (uint8_t i = 0; i < c->apart_from_len; i++) {
        uint32_t *at = apart_head(home, &c->apart_from[i]);
        while (*at != link + i)
            at = apart_next(home, *at);
        *at = c->next_apart[i];
    }
    c->apart_from_len = len;
    for (uint8_t i = 0; i < len; i++) {
        c->apart_from[i] = list[i];
        uint32_t *head = apart_head(home, &list[i]);
        c->next_apart[i] = *head;
        *head = link + i;
    }
}

static uint16_t seek_apart(const struct tomte_home *home, uint32_t link,
                           const struct tomte_name *identity, uint32_t *at)
{
    while (link != NO_LINK &&
           !tomte_name_equal(apart_name(home, link), identity))
        link = home->containers[link / TOMTE_APART_FROM_MAX]
                   .next_apart[link % TOMTE_APART_FROM_MAX];
    *at = link;
    return link == NO_LINK ? NONE : (uint16_t)(link / TOMTE_APART_FROM_MAX);
}

uint16_t tomte_home_first_apart(const struct tomte_home *home,
                                const struct tomte_name *identity, uint32_t *at)
{
    return seek_apart(home, *apart_head(home, identity), identity, at);
}

uint16_t tomte_home_next_apart(const struct tomte_home *home,
                               const struct tomte_name *identity, uint32_t *at)
{
    uint32_t next = home->containers[*at / TOMTE_APART_FROM_MAX]
                        .next_apart[*at % TOMTE_APART_FROM_MAX];
    return seek_apart(home, next, identity, at);
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
        home->ports[port].container = NONE;
        home->ports[port].next = home->port_free;
        home->port_free = port;
        home->ports_used--;
    }
    c->ports_len = 0;
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
    uint32_t hash = hash_of(tomte_channel_name_span(channel));
    return seek_port(home, *bucket(home, home->port_by_channel, hash), channel,
                     TOMTE_PORT_OUT);
}

uint16_t tomte_home_first_reader(const struct tomte_home *home,
                                 const struct tomte_channel_name *channel)
{
    uint32_t hash = hash_of(tomte_channel_name_span(channel));
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
static uint32_t hash_of(struct tomte_span name)
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
                          hash_of(tomte_name_span(&e->is.role)));
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
                          hash_of(tomte_name_span(&e->is.role)));
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
                          hash_of(tomte_name_span(&e->is.place)));
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
                          hash_of(tomte_name_span(&e->is.place)));
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
    e->hash = hash_of(tomte_channel_name_span(&e->channel));
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
