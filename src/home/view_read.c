/* SPDX-License-Identifier: Apache-2.0 */
/* Views on the node's side: checked once, then walked through. The walks use
 * the readers of the check. */
#include "home/view.h"
#include "home/view_form.h"

static void get_view(struct tomte_cbor_dec *d, struct tomte_view *view);
static enum tomte_err check_keepers(struct tomte_view *view);
static enum tomte_err check_placements(struct tomte_view *view);
static enum tomte_err check_resources(struct tomte_view *view);
static enum tomte_err check_peers(struct tomte_span peers, unsigned max);
static struct tomte_view_node get_node(struct tomte_cbor_dec *d);
static void get_placement(struct tomte_cbor_dec *d,
                          struct tomte_view_placement *p);
static void get_port(struct tomte_cbor_dec *d, struct tomte_view_port *p);
static void get_resource(struct tomte_cbor_dec *d,
                         struct tomte_view_resource *r);
static void get_peer(struct tomte_cbor_dec *d, struct tomte_view_peer *p);
static void begin(struct tomte_view_iter *it, struct tomte_span list);

enum tomte_err tomte_view_open(struct tomte_span bytes, struct tomte_view *view)
{
    struct tomte_cbor_dec d;
    *view = (struct tomte_view){0};
    tomte_cbor_decode_init(&d, bytes, 0);
    get_view(&d, view);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err == TOMTE_OK)
        err = check_keepers(view);
    if (err == TOMTE_OK)
        err = check_placements(view);
    return err == TOMTE_OK ? check_resources(view) : err;
}

enum tomte_err tomte_view_find(const struct tomte_view *view,
                               const struct tomte_name *identity,
                               struct tomte_view_placement *placement)
{
    struct tomte_view_iter it;
    tomte_view_placements(view, &it);
    while (tomte_view_next_placement(&it, placement))
        if (tomte_name_equal(&placement->identity, identity))
            return TOMTE_OK;
    return TOMTE_ERR_NOT_FOUND;
}

void tomte_view_keepers(const struct tomte_view *view,
                        struct tomte_view_iter *it)
{
    begin(it, view->keepers);
}

bool tomte_view_next_keeper(struct tomte_view_iter *it,
                            struct tomte_view_node *node)
{
    if (!tomte_cbor_more(&it->dec))
        return false;
    *node = get_node(&it->dec);
    return tomte_cbor_ok(&it->dec);
}

void tomte_view_placements(const struct tomte_view *view,
                           struct tomte_view_iter *it)
{
    begin(it, view->placements);
}

bool tomte_view_next_placement(struct tomte_view_iter *it,
                               struct tomte_view_placement *placement)
{
    if (!tomte_cbor_more(&it->dec))
        return false;
    get_placement(&it->dec, placement);
    return tomte_cbor_ok(&it->dec);
}

void tomte_view_ports(const struct tomte_view_placement *placement,
                      struct tomte_view_iter *it)
{
    begin(it, placement->ports);
}

bool tomte_view_next_port(struct tomte_view_iter *it,
                          struct tomte_view_port *port)
{
    if (!tomte_cbor_more(&it->dec))
        return false;
    get_port(&it->dec, port);
    return tomte_cbor_ok(&it->dec);
}

void tomte_view_resources(const struct tomte_view *view,
                          struct tomte_view_iter *it)
{
    begin(it, view->resources);
}

bool tomte_view_next_resource(struct tomte_view_iter *it,
                              struct tomte_view_resource *resource)
{
    if (!tomte_cbor_more(&it->dec))
        return false;
    get_resource(&it->dec, resource);
    return tomte_cbor_ok(&it->dec);
}

void tomte_view_peers(struct tomte_span peers, struct tomte_view_iter *it)
{
    begin(it, peers);
}

bool tomte_view_next_peer(struct tomte_view_iter *it,
                          struct tomte_view_peer *peer)
{
    if (!tomte_cbor_more(&it->dec))
        return false;
    get_peer(&it->dec, peer);
    return tomte_cbor_ok(&it->dec);
}

static void begin(struct tomte_view_iter *it, struct tomte_span list)
{
    tomte_cbor_decode_init(&it->dec, list, 0);
    tomte_cbor_enter_array(&it->dec);
}

static void get_view(struct tomte_cbor_dec *d, struct tomte_view *view)
{
    tomte_cbor_enter_map(d);
    tomte_cbor_need_key(d, VIEW_FORMAT);
    if (tomte_cbor_get_uint(d) != TOMTE_VIEW_VERSION)
        tomte_cbor_fail(d, TOMTE_ERR_VERSION);
    tomte_cbor_need_key(d, VIEW_NODE);
    view->node = tomte_cbor_get_name(d);
    tomte_cbor_need_key(d, VIEW_STORE);
    view->store = tomte_cbor_get_uint(d);
    tomte_cbor_need_key(d, VIEW_VERSION);
    view->version = tomte_cbor_get_uint(d);
    tomte_cbor_need_key(d, VIEW_LEASE);
    view->lease_ms =
        tomte_cbor_get_u32(d, TOMTE_LEASE_MS_MIN, TOMTE_LEASE_MS_MAX);
    tomte_cbor_need_key(d, VIEW_KEEPERS);
    view->keepers = tomte_cbor_get_raw(d);
    tomte_cbor_need_key(d, VIEW_PLACEMENTS);
    view->placements = tomte_cbor_get_raw(d);
    tomte_cbor_need_key(d, VIEW_RESOURCES);
    view->resources = tomte_cbor_get_raw(d);
    tomte_cbor_leave(d);
}

static enum tomte_err check_keepers(struct tomte_view *view)
{
    struct tomte_view_iter it;
    tomte_view_keepers(view, &it);
    while (more_of(&it.dec, view->keepers_len, TOMTE_HOME_KEEPERS_MAX)) {
        (void)get_node(&it.dec);
        view->keepers_len++;
    }
    tomte_cbor_leave(&it.dec);
    return tomte_cbor_decode_done(&it.dec);
}

static enum tomte_err check_ports(struct tomte_view_placement *p)
{
    struct tomte_view_iter it;
    uint8_t len = 0;
    tomte_view_ports(p, &it);
    while (more_of(&it.dec, len, TOMTE_LIMIT_PORTS)) {
        struct tomte_view_port port;
        get_port(&it.dec, &port);
        bool many =
            port.direction == TOMTE_PORT_OUT && port.kind == TOMTE_PORT_EVENT;
        if (tomte_cbor_ok(&it.dec))
            tomte_cbor_fail(
                &it.dec,
                check_peers(port.peers, many ? TOMTE_HOME_PEERS_MAX : 1));
        len++;
    }
    tomte_cbor_leave(&it.dec);
    return tomte_cbor_decode_done(&it.dec);
}

static enum tomte_err check_placements(struct tomte_view *view)
{
    struct tomte_view_iter it;
    struct tomte_name last = {0};
    tomte_view_placements(view, &it);
    while (more_of(&it.dec, view->placements_len, VIEW_PLACEMENTS_MAX)) {
        struct tomte_view_placement p;
        get_placement(&it.dec, &p);
        if (tomte_span_compare(NAME(last), NAME(p.identity)) >= 0)
            tomte_cbor_fail(&it.dec, TOMTE_ERR_NOT_CANONICAL);
        if (tomte_cbor_ok(&it.dec))
            tomte_cbor_fail(&it.dec, check_ports(&p));
        last = p.identity;
        view->placements_len++;
    }
    tomte_cbor_leave(&it.dec);
    return tomte_cbor_decode_done(&it.dec);
}

static enum tomte_err check_resources(struct tomte_view *view)
{
    struct tomte_view_iter it;
    struct tomte_channel_name last = {0};
    tomte_view_resources(view, &it);
    while (more_of(&it.dec, view->resources_len, TOMTE_LIMIT_RESOURCES)) {
        struct tomte_view_resource r;
        get_resource(&it.dec, &r);
        if (tomte_span_compare(CHAN(last), CHAN(r.channel)) >= 0)
            tomte_cbor_fail(&it.dec, TOMTE_ERR_NOT_CANONICAL);
        if (tomte_cbor_ok(&it.dec))
            tomte_cbor_fail(
                &it.dec,
                check_peers(r.peers, r.actuator ? 1 : TOMTE_HOME_PEERS_MAX));
        last = r.channel;
        view->resources_len++;
    }
    tomte_cbor_leave(&it.dec);
    return tomte_cbor_decode_done(&it.dec);
}

static enum tomte_err check_peers(struct tomte_span peers, unsigned max)
{
    struct tomte_view_iter it;
    unsigned len = 0;
    tomte_view_peers(peers, &it);
    while (more_of(&it.dec, len, max)) {
        struct tomte_view_peer peer;
        get_peer(&it.dec, &peer);
        len++;
    }
    tomte_cbor_leave(&it.dec);
    return tomte_cbor_decode_done(&it.dec);
}

static struct tomte_view_node get_node(struct tomte_cbor_dec *d)
{
    struct tomte_view_node n = {0};
    tomte_cbor_enter_array(d);
    n.name = tomte_cbor_get_name(d);
    n.addr = get_addr(d);
    tomte_cbor_leave(d);
    return n;
}

/* A list that is read later: its raw bytes and how many it has. */
static struct tomte_span get_list(struct tomte_cbor_dec *d, uint8_t *len)
{
    struct tomte_span raw = tomte_cbor_get_raw(d);
    struct tomte_cbor_dec list;
    tomte_cbor_decode_init(&list, raw, 0);
    size_t n = tomte_cbor_enter_array(&list);
    if (tomte_cbor_ok(d) && !tomte_cbor_ok(&list))
        tomte_cbor_fail(d, TOMTE_ERR_TYPE);
    if (n > UINT8_MAX)
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    *len = (uint8_t)n;
    return raw;
}

static void get_placement(struct tomte_cbor_dec *d,
                          struct tomte_view_placement *p)
{
    *p = (struct tomte_view_placement){0};
    tomte_cbor_enter_array(d);
    p->identity = tomte_cbor_get_name(d);
    p->part = (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_VIEW_HOLDER);
    p->state = (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_PLACEMENT_ACTIVE);
    p->durability = (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_DURABILITY_SYNC);
    p->without_keeper =
        (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_WITHOUT_KEEPER_SAFE);
    p->epoch = tomte_cbor_get_uint(d);
    p->born = tomte_cbor_get_uint(d);
    p->elapsed_ms = tomte_cbor_get_uint(d);
    tomte_cbor_get_bytes_exact(d, p->digest, sizeof(p->digest));
    p->afresh = tomte_cbor_get_bool(d);
    p->trial = !tomte_cbor_has_null(d);
    if (p->trial)
        tomte_cbor_get_bytes_exact(d, p->before, sizeof(p->before));
    if (p->afresh && !p->trial)
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    p->has_owner = !tomte_cbor_has_null(d);
    if (p->has_owner)
        p->owner = get_node(d);
    tomte_cbor_enter_array(d);
    while (more_of(d, p->standbys_len, TOMTE_HOME_STANDBYS_MAX)) {
        struct tomte_view_node *n = &p->standbys[p->standbys_len++];
        tomte_cbor_enter_array(d);
        *n = get_node(d);
        n->insync = tomte_cbor_get_bool(d);
        tomte_cbor_leave(d);
    }
    tomte_cbor_leave(d);
    p->ports = get_list(d, &p->ports_len);
    if (p->has_owner != (p->state != TOMTE_PLACEMENT_NONE))
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    tomte_cbor_leave(d);
}

static void get_port(struct tomte_cbor_dec *d, struct tomte_view_port *p)
{
    *p = (struct tomte_view_port){0};
    tomte_cbor_enter_array(d);
    p->name = tomte_cbor_get_name(d);
    p->channel = get_optional_channel(d);
    p->direction = (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_PORT_OUT);
    p->kind = (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_PORT_EVENT);
    p->peers = get_list(d, &p->peers_len);
    tomte_cbor_leave(d);
}

static void get_resource(struct tomte_cbor_dec *d,
                         struct tomte_view_resource *r)
{
    *r = (struct tomte_view_resource){0};
    tomte_cbor_enter_array(d);
    r->channel = tomte_cbor_get_channel_name(d);
    r->actuator = tomte_cbor_get_bool(d);
    r->peers = get_list(d, &r->peers_len);
    tomte_cbor_leave(d);
}

static void get_peer(struct tomte_cbor_dec *d, struct tomte_view_peer *p)
{
    *p = (struct tomte_view_peer){0};
    tomte_cbor_enter_array(d);
    p->identity = get_optional_name(d);
    p->epoch = tomte_cbor_get_uint(d);
    p->node = get_node(d);
    tomte_cbor_leave(d);
}
