/* SPDX-License-Identifier: Apache-2.0 */
/* The whole state as bytes; the form is in docs/spec/home.md. Nodes are named,
 * not numbered: slots never leave the process. */
#include "home/snapshot.h"

static void put_node_of(struct tomte_cbor_enc *e, const struct tomte_home *home,
                        const struct tomte_home_node *n);
static void put_container(struct tomte_cbor_enc *e,
                          const struct tomte_home *home,
                          const struct tomte_home_container *c);
static void put_before(struct tomte_cbor_enc *e, const struct tomte_home *home,
                       const struct tomte_home_container *c);
static void put_port(struct tomte_cbor_enc *e, const struct tomte_home_port *p);
static void put_placement(struct tomte_cbor_enc *e,
                          const struct tomte_home *home,
                          const struct tomte_placement *p);
static void put_ref(struct tomte_cbor_enc *e, const struct tomte_home *home,
                    uint16_t node);
static void put_refs(struct tomte_cbor_enc *e, const struct tomte_home *home,
                     const uint16_t *nodes, uint8_t len);

enum tomte_err tomte_home_snapshot_encode(const struct tomte_home *home,
                                          struct tomte_buf out,
                                          struct tomte_span *bytes)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_map(&e, 7);
    tomte_cbor_put_int(&e, SNAPSHOT_FORMAT);
    tomte_cbor_put_uint(&e, SNAPSHOT_FORMAT_VERSION);
    tomte_cbor_put_int(&e, SNAPSHOT_VERSION);
    tomte_cbor_put_uint(&e, home->version);
    tomte_cbor_put_int(&e, SNAPSHOT_EPOCH_FLOOR);
    tomte_cbor_put_uint(&e, home->epoch_floor);
    tomte_cbor_put_int(&e, SNAPSHOT_LEASE);
    tomte_cbor_put_uint(&e, home->lease_ms);
    tomte_cbor_put_int(&e, SNAPSHOT_LEASE_LONGEST);
    tomte_cbor_put_uint(&e, home->lease_longest_ms);
    tomte_cbor_put_int(&e, SNAPSHOT_NODES);
    tomte_cbor_put_array(&e, home->nodes_len);
    for (unsigned i = 0; i < home->nodes_len; i++)
        put_node_of(&e, home, &home->nodes[home->node_order[i]]);
    tomte_cbor_put_int(&e, SNAPSHOT_CONTAINERS);
    tomte_cbor_put_array(&e, home->containers_len);
    for (unsigned i = 0; i < home->containers_len; i++)
        put_container(&e, home, &home->containers[home->container_order[i]]);
    return tomte_cbor_encode_done(&e, bytes);
}

static void put_node_of(struct tomte_cbor_enc *e, const struct tomte_home *home,
                        const struct tomte_home_node *n)
{
    tomte_cbor_put_array(e, 17);
    put_name(e, &n->name);
    put_name(e, &n->place);
    put_addr(e, &n->addr);
    tomte_cbor_put_bool(e, n->keeper);
    tomte_cbor_put_bool(e, n->retired);
    tomte_cbor_put_uint(e, n->containers_max);
    tomte_cbor_put_uint(e, n->memory_max_kib);
    tomte_cbor_put_uint(e, n->fuel_max);
    tomte_cbor_put_uint(e, n->flash_max_kib);
    tomte_cbor_put_uint(e, n->hops);
    tomte_cbor_put_bool(e, n->battery);
    tomte_cbor_put_uint(e, n->offer_crc);
    tomte_cbor_put_uint(e, n->store);
    tomte_cbor_put_bytes(e, TOMTE_SPAN(n->key, n->has_key ? sizeof n->key : 0));
    tomte_cbor_put_uint(e, n->added);
    tomte_cbor_put_uint(e, n->view);
    tomte_cbor_put_array(e, n->resources);
    for (uint16_t r = n->resource; r != NONE; r = home->resources[r].next)
        tomte_offer_put_resource(e, &home->resources[r].is);
}

static void put_names(struct tomte_cbor_enc *e, const struct tomte_name *list,
                      uint8_t len)
{
    tomte_cbor_put_array(e, len);
    for (unsigned i = 0; i < len; i++)
        put_name(e, &list[i]);
}

static void put_container(struct tomte_cbor_enc *e,
                          const struct tomte_home *home,
                          const struct tomte_home_container *c)
{
    tomte_cbor_put_array(e, 25);
    put_name(e, &c->identity);
    tomte_cbor_put_bool(e, c->stopped);
    tomte_cbor_put_bytes(e, TOMTE_SPAN_ARRAY(c->digest));
    put_name(e, &c->manifest_name);
    tomte_cbor_put_uint(e, c->manifest_version);
    tomte_cbor_put_uint(e, c->durability);
    tomte_cbor_put_uint(e, c->without_keeper);
    tomte_cbor_put_uint(e, c->standbys);
    tomte_cbor_put_uint(e, c->priority);
    tomte_cbor_put_uint(e, c->memory_kib);
    tomte_cbor_put_uint(e, c->fuel_per_second);
    tomte_cbor_put_uint(e, c->flash_kib);
    put_name(e, &c->near);
    put_names(e, c->away_from, c->away_from_len);
    put_names(e, c->apart_from, c->apart_from_len);
    put_name(e, &c->shed_for);
    put_ref(e, home, c->pin);
    tomte_cbor_put_uint(e, c->added);
    tomte_cbor_put_uint(e, c->changed);
    tomte_cbor_put_array(e, c->ports_len);
    for (uint16_t p = c->port; p != NONE; p = home->ports[p].next)
        put_port(e, &home->ports[p]);
    put_placement(e, home, &c->placement);
    tomte_cbor_put_array(e, c->owed_len);
    for (unsigned i = 0; i < c->owed_len; i++)
        put_channel(e, &home->resources[c->owed[i]].is.channel);
    tomte_cbor_put_uint(e, c->gave_up_version);
    tomte_cbor_put_text(e, TOMTE_SPAN(c->gave_up, c->gave_up_len));
    put_before(e, home, c);
}

/* Empty when nothing is on trial. */
static void put_before(struct tomte_cbor_enc *e, const struct tomte_home *home,
                       const struct tomte_home_container *c)
{
    const struct tomte_home_before *b = &c->before;
    tomte_cbor_put_array(e, c->trial ? 15 : 0);
    if (!c->trial)
        return;
    tomte_cbor_put_bool(e, c->afresh);
    tomte_cbor_put_bytes(e, TOMTE_SPAN_ARRAY(b->digest));
    put_name(e, &b->manifest_name);
    tomte_cbor_put_uint(e, b->manifest_version);
    tomte_cbor_put_uint(e, b->durability);
    tomte_cbor_put_uint(e, b->without_keeper);
    tomte_cbor_put_uint(e, b->standbys);
    tomte_cbor_put_uint(e, b->priority);
    tomte_cbor_put_uint(e, b->memory_kib);
    tomte_cbor_put_uint(e, b->fuel_per_second);
    tomte_cbor_put_uint(e, b->flash_kib);
    put_name(e, &b->near);
    put_names(e, b->away_from, b->away_from_len);
    put_names(e, b->apart_from, b->apart_from_len);
    tomte_cbor_put_array(e, b->ports_len);
    for (uint16_t p = b->port; p != NONE; p = home->ports[p].next)
        put_port(e, &home->ports[p]);
}

static void put_port(struct tomte_cbor_enc *e, const struct tomte_home_port *p)
{
    tomte_cbor_put_array(e, 8);
    put_name(e, &p->name);
    put_name(e, &p->type);
    put_name(e, &p->role);
    put_name(e, &p->place);
    put_channel(e, &p->channel);
    tomte_cbor_put_uint(e, p->direction);
    tomte_cbor_put_uint(e, p->kind);
    tomte_cbor_put_uint(e, p->bound);
}

static void put_placement(struct tomte_cbor_enc *e,
                          const struct tomte_home *home,
                          const struct tomte_placement *p)
{
    tomte_cbor_put_array(e, 11);
    tomte_cbor_put_uint(e, p->state);
    tomte_cbor_put_uint(e, p->epoch);
    tomte_cbor_put_uint(e, p->born);
    tomte_cbor_put_uint(e, p->granted);
    tomte_cbor_put_uint(e, p->ended);
    tomte_cbor_put_uint(e, p->elapsed_ms);
    tomte_cbor_put_uint(e, p->agreed);
    put_ref(e, home, p->owner);
    put_ref(e, home, p->runner);
    put_refs(e, home, p->standbys, p->standbys_len);
    put_refs(e, home, p->insync, p->insync_len);
}

static void put_ref(struct tomte_cbor_enc *e, const struct tomte_home *home,
                    uint16_t node)
{
    if (node == NONE)
        tomte_cbor_put_str(e, "");
    else
        put_name(e, &home->nodes[node].name);
}

static void put_refs(struct tomte_cbor_enc *e, const struct tomte_home *home,
                     const uint16_t *nodes, uint8_t len)
{
    tomte_cbor_put_array(e, len);
    for (unsigned i = 0; i < len; i++)
        put_ref(e, home, nodes[i]);
}
