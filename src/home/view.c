/* SPDX-License-Identifier: Apache-2.0 */
#include "home/view.h"

#include "home/apply.h"
#include "home/view_form.h"

static void put_keepers(struct tomte_cbor_enc *e,
                        const struct tomte_home *home);
static void put_placements(struct tomte_cbor_enc *e,
                           const struct tomte_home *home, uint16_t node);
static void put_placement(struct tomte_cbor_enc *e,
                          const struct tomte_home *home, uint16_t container,
                          uint16_t node);
static void put_port(struct tomte_cbor_enc *e, const struct tomte_home *home,
                     const struct tomte_home_port *p);
static void put_resources(struct tomte_cbor_enc *e,
                          const struct tomte_home *home, uint16_t node);
static void put_node(struct tomte_cbor_enc *e, const struct tomte_home *home,
                     uint16_t node);
static void put_container_peer(struct tomte_cbor_enc *e,
                               const struct tomte_home *home, uint16_t port);
static void put_consumers(struct tomte_cbor_enc *e,
                          const struct tomte_home *home,
                          const struct tomte_channel_name *channel);

enum tomte_err tomte_view_encode(const struct tomte_home *home, uint16_t node,
                                 struct tomte_buf out, struct tomte_span *bytes)
{
    const struct tomte_home_node *n = &home->nodes[node];
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_map(&e, 8);
    tomte_cbor_put_int(&e, VIEW_FORMAT);
    tomte_cbor_put_uint(&e, TOMTE_VIEW_VERSION);
    tomte_cbor_put_int(&e, VIEW_NODE);
    put_name(&e, &n->name);
    tomte_cbor_put_int(&e, VIEW_STORE);
    tomte_cbor_put_uint(&e, n->store);
    tomte_cbor_put_int(&e, VIEW_VERSION);
    tomte_cbor_put_uint(&e, n->view);
    tomte_cbor_put_int(&e, VIEW_LEASE);
    tomte_cbor_put_uint(&e, home->lease_ms);
    tomte_cbor_put_int(&e, VIEW_KEEPERS);
    put_keepers(&e, home);
    tomte_cbor_put_int(&e, VIEW_PLACEMENTS);
    put_placements(&e, home, node);
    tomte_cbor_put_int(&e, VIEW_RESOURCES);
    put_resources(&e, home, node);
    return tomte_cbor_encode_done(&e, bytes);
}

static void put_keepers(struct tomte_cbor_enc *e, const struct tomte_home *home)
{
    tomte_cbor_put_array(e, tomte_home_keepers(home));
    for (unsigned i = 0; i < home->nodes_len; i++)
        if (home->nodes[home->node_order[i]].keeper)
            put_node(e, home, home->node_order[i]);
}

/* What the node is to the container; -1 when it has nothing to do with it. */
static int part_of(const struct tomte_placement *p, uint16_t node)
{
    if (p->owner == node)
        return TOMTE_VIEW_OWNER;
    if (tomte_home_is_standby(p, node))
        return TOMTE_VIEW_STANDBY;
    return tomte_home_is_insync(p, node) ? TOMTE_VIEW_HOLDER : -1;
}

static void put_placements(struct tomte_cbor_enc *e,
                           const struct tomte_home *home, uint16_t node)
{
    /* each is counted at the node, see tomte_home_count */
    tomte_cbor_put_array(e, home->nodes[node].containers);
    for (unsigned i = 0; i < home->containers_len; i++) {
        uint16_t slot = home->container_order[i];
        if (part_of(&home->containers[slot].placement, node) >= 0)
            put_placement(e, home, slot, node);
    }
}

static void put_placement(struct tomte_cbor_enc *e,
                          const struct tomte_home *home, uint16_t container,
                          uint16_t node)
{
    const struct tomte_home_container *c = &home->containers[container];
    const struct tomte_placement *p = &c->placement;
    bool owner = p->owner == node;
    tomte_cbor_put_array(e, VIEW_PLACEMENT_ITEMS);
    put_name(e, &c->identity);
    tomte_cbor_put_uint(e, (uint64_t)part_of(p, node));
    tomte_cbor_put_uint(e, p->state);
    tomte_cbor_put_uint(e, c->durability);
    tomte_cbor_put_uint(e, c->without_keeper);
    tomte_cbor_put_uint(e, p->epoch);
    tomte_cbor_put_uint(e, p->born);
    tomte_cbor_put_uint(e, p->elapsed_ms);
    tomte_cbor_put_bytes(e, TOMTE_SPAN_ARRAY(c->digest));
    tomte_cbor_put_bool(e, c->afresh);
    if (c->trial)
        tomte_cbor_put_bytes(e, TOMTE_SPAN_ARRAY(c->before.digest));
    else
        tomte_cbor_put_null(e);
    if (p->owner == NONE)
        tomte_cbor_put_null(e);
    else
        put_node(e, home, p->owner);
    tomte_cbor_put_array(e, p->standbys_len);
    for (unsigned i = 0; i < p->standbys_len; i++) {
        tomte_cbor_put_array(e, 2);
        put_node(e, home, p->standbys[i]);
        tomte_cbor_put_bool(e, tomte_home_is_insync(p, p->standbys[i]));
    }
    tomte_cbor_put_array(e, owner ? c->ports_len : 0);
    for (uint16_t at = c->port; owner && at != NONE; at = home->ports[at].next)
        put_port(e, home, &home->ports[at]);
}

static void put_port(struct tomte_cbor_enc *e, const struct tomte_home *home,
                     const struct tomte_home_port *p)
{
    tomte_cbor_put_array(e, 5);
    put_name(e, &p->name);
    put_channel(e, &p->channel);
    tomte_cbor_put_uint(e, p->direction);
    tomte_cbor_put_uint(e, p->kind);
    bool in = p->direction == TOMTE_PORT_IN;
    uint16_t r = NONE, writer = NONE;
    if (p->channel.len > 0) {
        r = tomte_home_find_resource(home, &p->channel);
        writer = tomte_home_writer(home, &p->channel);
    }
    if (r != NONE) { /* its node serves the channel, whoever writes to it */
        bool fits = tomte_home_fits(p, &home->resources[r].is);
        tomte_cbor_put_array(e, fits);
        if (fits) {
            tomte_cbor_put_array(e, 3);
            tomte_cbor_put_str(e, "");
            tomte_cbor_put_uint(e, 0);
            put_node(e, home, home->resources[r].node);
        }
    } else if (in) {
        bool is =
            writer != NONE &&
            home->containers[home->ports[writer].container].placement.owner !=
                NONE;
        tomte_cbor_put_array(e, is);
        if (is)
            put_container_peer(e, home, writer);
    } else if (p->kind == TOMTE_PORT_EVENT) {
        put_consumers(e, home, &p->channel);
    } else {
        tomte_cbor_put_array(e, 0);
    }
}

static bool is_listed(const struct tomte_resource *r)
{
    return r->actuator || r->kind == TOMTE_PORT_EVENT;
}

static void put_resources(struct tomte_cbor_enc *e,
                          const struct tomte_home *home, uint16_t node)
{
    size_t len = 0;
    uint16_t r = home->nodes[node].resource;
    for (uint16_t at = r; at != NONE; at = home->resources[at].next)
        len += is_listed(&home->resources[at].is);
    tomte_cbor_put_array(e, len);
    for (; r != NONE; r = home->resources[r].next) {
        const struct tomte_resource *is = &home->resources[r].is;
        if (!is_listed(is))
            continue;
        tomte_cbor_put_array(e, 3);
        put_channel(e, &is->channel);
        tomte_cbor_put_bool(e, is->actuator);
        if (!is->actuator) {
            put_consumers(e, home, &is->channel);
            continue;
        }
        uint16_t w = tomte_home_writer(home, &is->channel);
        bool granted =
            w != NONE && tomte_home_fits(&home->ports[w], is) &&
            home->containers[home->ports[w].container].placement.owner != NONE;
        tomte_cbor_put_array(e, granted);
        if (granted)
            put_container_peer(e, home, w);
    }
}

static void put_node(struct tomte_cbor_enc *e, const struct tomte_home *home,
                     uint16_t node)
{
    tomte_cbor_put_array(e, 2);
    put_name(e, &home->nodes[node].name);
    put_addr(e, &home->nodes[node].addr);
}

static void put_container_peer(struct tomte_cbor_enc *e,
                               const struct tomte_home *home, uint16_t port)
{
    const struct tomte_home_container *c =
        &home->containers[home->ports[port].container];
    tomte_cbor_put_array(e, 3);
    put_name(e, &c->identity);
    tomte_cbor_put_uint(e, c->placement.epoch);
    put_node(e, home, c->placement.owner);
}

static bool is_consumer(const struct tomte_home *home, uint16_t port)
{
    const struct tomte_home_port *p = &home->ports[port];
    return p->kind == TOMTE_PORT_EVENT &&
           home->containers[p->container].placement.owner != NONE;
}

static void put_consumers(struct tomte_cbor_enc *e,
                          const struct tomte_home *home,
                          const struct tomte_channel_name *channel)
{
    size_t len = 0;
    uint16_t first = tomte_home_first_reader(home, channel);
    for (uint16_t at = first; at != NONE; at = tomte_home_next_reader(home, at))
        len += is_consumer(home, at);
    tomte_cbor_put_array(e, len);
    for (uint16_t at = first; at != NONE; at = tomte_home_next_reader(home, at))
        if (is_consumer(home, at))
            put_container_peer(e, home, at);
}
