/* SPDX-License-Identifier: Apache-2.0 */
/* What a node keeps for a container beside its Wasm state: ports, with the
 * streams, unacknowledged events, wanted values and cursors that belong to
 * them. It is the node's part of each checkpoint:
 *
 *   part = [1, bstr cursors, [* [port, what, bstr]]]
 *
 * with one entry for each out port that holds something: an outbox (0), the
 * value that an actuator should have (1), or the last representation of a
 * state (2). */
#include "node/internal.h"

#include <string.h>

#define PART_VERSION 1

enum part_what { PART_OUTBOX, PART_WANTED, PART_STATE };

/* ---- ports of a loaded container ---- */

static void *take(struct slot *s, size_t count, size_t size)
{
    return tomte_arena_take(&s->arena, count * size, 16);
}

static bool init_outbox(struct slot *s, struct slot_port *p)
{
    uint8_t *memory = take(s, 1, NODE_OUTBOX_BYTES);
    p->outbox = take(s, 1, sizeof *p->outbox);
    if (memory == NULL || p->outbox == NULL)
        return false;
    tomte_outbox_init(p->outbox, TOMTE_BUF(memory, NODE_OUTBOX_BYTES),
                      TOMTE_LIMIT_OUTBOX);
    return true;
}

static bool init_port(struct tomte_node *n, struct slot *s, unsigned i,
                      const struct tomte_port *port)
{
    struct slot_port *p = &s->ports[i];
    p->direction = port->direction;
    p->kind = port->kind;
    p->cell = NODE_CELL_NONE;
    tomte_stream_init(&p->numbers);
    if (port->direction == TOMTE_PORT_IN)
        return true;
    if (port->kind == TOMTE_PORT_EVENT)
        return init_outbox(s, p);
    tomte_writer_init(&p->writer, NODE_RENEW_MS, n->boot);
    p->last = take(s, 1, TOMTE_LIMIT_MESSAGE_BYTES);
    return p->last != NULL;
}

enum tomte_err node_part_ports(struct tomte_node *n, struct slot *s)
{
    const struct tomte_manifest *m = tomte_container_manifest(&s->container);
    uint16_t cursors = 2; /* each in port: its producer, and one before it */
    s->ports = take(s, m->ports_len + 1u, sizeof *s->ports);
    s->inbox_cap = TOMTE_LIMIT_INBOX;
    s->inbox_head = s->inbox_len = 0;
    s->inbox = take(s, s->inbox_cap, sizeof *s->inbox);
    if (s->ports == NULL || s->inbox == NULL)
        return TOMTE_ERR_NO_MEMORY;
    s->ports_len = m->ports_len;
    for (unsigned i = 0; i < m->ports_len; i++) {
        if (!init_port(n, s, i, &m->ports[i]))
            return TOMTE_ERR_NO_MEMORY;
        cursors = (uint16_t)(cursors + 2);
    }
    struct tomte_cursor *entries = take(s, cursors, sizeof *entries);
    if (entries == NULL)
        return TOMTE_ERR_NO_MEMORY;
    tomte_cursors_init(&s->cursors, entries, cursors);
    return TOMTE_OK;
}

/* ---- bindings of the view in force ---- */

static bool first_peer(const struct tomte_view_port *port,
                       struct tomte_view_peer *peer)
{
    struct tomte_view_iter it;
    tomte_view_peers(port->peers, &it);
    return tomte_view_next_peer(&it, peer);
}

static void bind_in(struct tomte_node *n, struct slot *s, struct slot_port *p,
                    const struct tomte_view_port *port)
{
    struct tomte_view_peer peer;
    bool has_peer = first_peer(port, &peer);
    if (p->kind == TOMTE_PORT_STATE) {
        uint16_t cell = node_cell_want(n, &p->channel, has_peer ? &peer : NULL);
        if (cell != p->cell)
            p->seen_revision = 0;
        p->cell = cell;
        return;
    }
    if (!has_peer)
        return;
    bool placed = peer.identity.len > 0;
    enum tomte_err err = tomte_cursors_bind(
        &s->cursors, &p->channel, placed ? &peer.identity : &peer.node.name,
        placed ? peer.epoch : 0);
    if (err != TOMTE_OK)
        node_log_err(n, tomte_name_span(&s->identity),
                     "too many producers to listen to", err);
}

static void bind_events(struct tomte_node *n, struct slot *s,
                        struct slot_port *p, const struct tomte_view_port *port)
{
    struct tomte_outbox_target targets[TOMTE_LIMIT_CONSUMERS];
    struct tomte_view_iter it;
    struct tomte_view_peer peer;
    p->targets_len = 0;
    tomte_view_peers(port->peers, &it);
    while (p->targets_len < TOMTE_LIMIT_CONSUMERS &&
           tomte_view_next_peer(&it, &peer)) {
        targets[p->targets_len] = (struct tomte_outbox_target){
            .identity = peer.identity, .epoch = peer.epoch};
        p->targets[p->targets_len++] =
            (struct node_target){.identity = peer.identity,
                                 .epoch = peer.epoch,
                                 .addr = peer.node.addr};
    }
    enum tomte_err err = tomte_outbox_bind(p->outbox, targets, p->targets_len);
    if (err != TOMTE_OK)
        node_log_err(n, tomte_name_span(&s->identity),
                     "consumers are not usable", err);
}

static void bind_out_state(struct tomte_node *n, struct slot *s,
                           struct slot_port *p,
                           const struct tomte_view_port *port)
{
    struct tomte_view_peer peer;
    bool was = p->actuator;
    p->actuator = first_peer(port, &peer);
    p->has_addr = p->actuator;
    if (!p->actuator) {
        p->cell = node_cell_serve(n, &p->channel, s);
        return;
    }
    bool same = was && tomte_addr_equal(&p->addr, &peer.node.addr);
    p->addr = peer.node.addr;
    /* A refusal may have been the old view's; a tick is one actuator's. */
    if (!same || p->writer.stopped)
        tomte_writer_resume(&p->writer, n->now_ms);
}

static void bind_port(struct tomte_node *n, struct slot *s,
                      const struct tomte_view_port *port)
{
    const struct tomte_manifest *m = tomte_container_manifest(&s->container);
    int i = tomte_manifest_port(m, tomte_name_span(&port->name));
    if (i < 0)
        return; /* of another version of the image than is loaded */
    struct slot_port *p = &s->ports[i];
    p->channel = port->channel;
    if (p->channel.len == 0)
        return;
    if (p->direction == TOMTE_PORT_IN)
        bind_in(n, s, p, port);
    else if (p->kind == TOMTE_PORT_EVENT)
        bind_events(n, s, p, port);
    else
        bind_out_state(n, s, p, port);
}

void node_part_bind(struct tomte_node *n, struct slot *s)
{
    struct tomte_view_placement placement;
    struct tomte_view_iter it;
    struct tomte_view_port port;
    if (tomte_view_find(&n->view, &s->identity, &placement) != TOMTE_OK)
        return;
    tomte_view_ports(&placement, &it);
    while (tomte_view_next_port(&it, &port))
        bind_port(n, s, &port);
    s->rebind = true;
    n->again = true;
}

void node_part_bind_container(struct slot *s)
{
    s->rebind = false;
    for (unsigned i = 0; i < s->ports_len; i++)
        if (tomte_container_bind(&s->container, i, &s->ports[i].channel) !=
            TOMTE_OK)
            s->rebind = true;
}

/* ---- checkpoints ---- */

static bool holds_something(const struct slot_port *p)
{
    if (p->direction == TOMTE_PORT_IN)
        return false;
    if (p->kind == TOMTE_PORT_EVENT)
        return true;
    return p->actuator ? p->writer.wants : p->has_last;
}

static enum part_what what_of(const struct slot_port *p)
{
    if (p->kind == TOMTE_PORT_EVENT)
        return PART_OUTBOX;
    return p->actuator ? PART_WANTED : PART_STATE;
}

static enum tomte_err encode_port(const struct slot_port *p,
                                  struct tomte_buf out,
                                  struct tomte_span *bytes)
{
    if (p->kind == TOMTE_PORT_EVENT)
        return tomte_outbox_encode(p->outbox, out, bytes);
    if (p->actuator)
        return tomte_writer_encode(&p->writer, out, bytes);
    *bytes = TOMTE_SPAN(p->last, p->last_len);
    return TOMTE_OK;
}

static enum tomte_err put_ports(const struct slot *s, struct tomte_buf memory,
                                struct tomte_cbor_enc *e)
{
    size_t count = 0;
    for (unsigned i = 0; i < s->ports_len; i++)
        count += holds_something(&s->ports[i]);
    tomte_cbor_put_array(e, count);
    for (unsigned i = 0; i < s->ports_len; i++) {
        struct tomte_span bytes;
        if (!holds_something(&s->ports[i]))
            continue;
        enum tomte_err err = encode_port(&s->ports[i], memory, &bytes);
        if (err != TOMTE_OK)
            return err;
        tomte_cbor_put_array(e, 3);
        tomte_cbor_put_uint(e, i);
        tomte_cbor_put_uint(e, what_of(&s->ports[i]));
        tomte_cbor_put_bytes(e, bytes);
    }
    return TOMTE_OK;
}

enum tomte_err node_part_encode(struct tomte_node *n, const struct slot *s,
                                struct tomte_buf out, struct tomte_span *bytes)
{
    struct tomte_cbor_enc e;
    struct tomte_span cursors;
    size_t mark = tomte_arena_mark(&n->scratch);
    size_t cap = 2 * NODE_OUTBOX_BYTES;
    uint8_t *memory = tomte_arena_take(&n->scratch, cap, 1);
    if (memory == NULL)
        return TOMTE_ERR_NO_MEMORY;
    enum tomte_err err =
        tomte_cursors_encode(&s->cursors, TOMTE_BUF(memory, cap), &cursors);
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, 3);
    tomte_cbor_put_uint(&e, PART_VERSION);
    if (err == TOMTE_OK) {
        tomte_cbor_put_bytes(&e, cursors);
        err = put_ports(s, TOMTE_BUF(memory, cap), &e);
    }
    tomte_arena_release(&n->scratch, mark);
    return err != TOMTE_OK ? err : tomte_cbor_encode_done(&e, bytes);
}

/* A port that was bound to an actuator and is to a channel of its own now, or
 * the other way round, starts without a value. */
static enum tomte_err decode_port(struct tomte_node *n, struct slot *s,
                                  uint64_t port, uint64_t what,
                                  struct tomte_span bytes)
{
    if (port >= s->ports_len || s->ports[port].direction == TOMTE_PORT_IN)
        return TOMTE_ERR_RANGE;
    struct slot_port *p = &s->ports[port];
    if ((what == PART_OUTBOX) != (p->kind == TOMTE_PORT_EVENT))
        return TOMTE_ERR_INVALID;
    if (what == PART_OUTBOX)
        return tomte_outbox_decode(p->outbox, bytes);
    if (what == PART_WANTED)
        return tomte_writer_decode(&p->writer, bytes, n->now_ms);
    if (what != PART_STATE || bytes.len > TOMTE_LIMIT_MESSAGE_BYTES)
        return TOMTE_ERR_RANGE;
    memcpy(p->last, bytes.data, bytes.len);
    p->last_len = (uint16_t)bytes.len;
    p->has_last = true;
    return TOMTE_OK;
}

enum tomte_err node_part_decode(struct tomte_node *n, struct slot *s,
                                struct tomte_span bytes, const uint8_t *map)
{
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_array(&d);
    if (tomte_cbor_get_uint(&d) != PART_VERSION && tomte_cbor_ok(&d))
        return TOMTE_ERR_VERSION;
    struct tomte_span cursors = tomte_cbor_get_bytes(&d);
    if (tomte_cbor_ok(&d))
        tomte_cbor_fail(&d, tomte_cursors_decode(&s->cursors, cursors));
    tomte_cbor_enter_array(&d);
    while (tomte_cbor_more(&d)) {
        tomte_cbor_enter_array(&d);
        uint64_t port = tomte_cbor_get_uint(&d);
        uint64_t what = tomte_cbor_get_uint(&d);
        struct tomte_span one = tomte_cbor_get_bytes(&d);
        tomte_cbor_leave(&d);
        if (tomte_cbor_ok(&d) && map != NULL && port < TOMTE_LIMIT_PORTS)
            port = map[port];
        if (tomte_cbor_ok(&d) && (map == NULL || port != TOMTE_PORT_GONE))
            tomte_cbor_fail(&d, decode_port(n, s, port, what, one));
    }
    tomte_cbor_leave(&d);
    tomte_cbor_leave(&d);
    return tomte_cbor_decode_done(&d);
}

/* What the node's part of a checkpoint takes at most: for each port its cursors
 * or what it holds, with heads. */
static size_t part_bytes(const struct slot *s)
{
    size_t bytes = 1024;
    for (unsigned i = 0; i < s->ports_len; i++)
        bytes += 1024u + (s->ports[i].outbox != NULL ? NODE_OUTBOX_BYTES : 0u);
    return bytes;
}

bool node_part_checkpoint(struct tomte_node *n, struct slot *s)
{
    struct tomte_span part = TOMTE_SPAN_NONE;
    size_t mark = tomte_arena_mark(&n->scratch);
    size_t cap = part_bytes(s);
    uint8_t *memory = tomte_arena_take(&n->scratch, cap, 1);
    enum tomte_err err =
        memory == NULL ? TOMTE_ERR_NO_MEMORY
                       : node_part_encode(n, s, TOMTE_BUF(memory, cap), &part);
    if (err == TOMTE_OK)
        err = tomte_container_checkpoint(&s->container, n->now_ms, part);
    tomte_arena_release(&n->scratch, mark);
    if (err == TOMTE_OK)
        return true;
    node_log_err(n, tomte_name_span(&s->identity), "no checkpoint", err);
    s->retry_ms = n->now_ms + 1000;
    return false;
}

/* ---- recovery ---- */

static void replay_output(struct tomte_node *n, struct slot *s,
                          const struct tomte_output *o)
{
    struct slot_port *p = &s->ports[o->port];
    enum tomte_err err = TOMTE_OK;
    if (p->kind == TOMTE_PORT_EVENT) {
        err =
            tomte_outbox_replay(p->outbox, TOMTE_FORMAT_SENML_CBOR, o->payload);
    } else if (p->actuator) {
        err = tomte_writer_put(&p->writer, TOMTE_FORMAT_SENML_CBOR, o->payload,
                               n->now_ms);
    } else {
        memcpy(p->last, o->payload.data, o->payload.len);
        p->last_len = (uint16_t)o->payload.len;
        p->has_last = true;
    }
    if (err != TOMTE_OK)
        node_log_err(n, tomte_name_span(&s->identity),
                     "a replayed output is lost", err);
}

void node_part_replayed(struct tomte_node *n, struct slot *s)
{
    const struct tomte_record *r = tomte_container_record(&s->container);
    struct tomte_origin origin;
    if (r->kind == TOMTE_EVENT_MESSAGE && r->port < s->ports_len &&
        tomte_origin_decode(r->origin, &origin) == TOMTE_OK &&
        tomte_cursors_commit(&s->cursors, &s->ports[r->port].channel,
                             &origin) != TOMTE_OK)
        n->again = true; /* a producer that is not listened to any more */
    for (size_t i = 0; i < tomte_container_outputs(&s->container); i++) {
        struct tomte_output o = tomte_container_output(&s->container, i);
        replay_output(n, s, &o);
    }
}

void node_part_open_streams(struct slot *s, bool fresh)
{
    bool taken_over = tomte_history_epoch(&s->history) != s->epoch;
    bool open = fresh || s->durability == TOMTE_DURABILITY_NONE ||
                (taken_over && s->durability != TOMTE_DURABILITY_SYNC);
    for (unsigned i = 0; i < s->ports_len; i++) {
        struct slot_port *p = &s->ports[i];
        if (p->outbox != NULL && (open || p->outbox->numbers.stream == 0))
            tomte_outbox_open(p->outbox, s->epoch);
    }
}

void node_part_show_states(struct tomte_node *n, struct slot *s)
{
    for (unsigned i = 0; i < s->ports_len; i++)
        if (s->ports[i].last != NULL && !s->ports[i].actuator)
            node_deliver_state(n, s, &s->ports[i]);
}
