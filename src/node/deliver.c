/* SPDX-License-Identifier: Apache-2.0 */
/* What containers and buttons put, on its way out: states into cells, events
 * from outboxes to the nodes of their consumers, writes to the nodes of their
 * actuators. Called for released outputs only (run.c), so whatever is here may
 * be seen by others once the step is synced. */
#include "node/internal.h"

#include <string.h>

static struct tomte_origin origin_of(const struct slot *s)
{
    return (struct tomte_origin){.identity = s->identity, .epoch = s->epoch};
}

void node_deliver_state(struct tomte_node *n, struct slot *s,
                        struct slot_port *p)
{
    struct tomte_state_put put = {.origin = origin_of(s),
                                  .format = TOMTE_FORMAT_SENML_CBOR,
                                  .max_age_ms = UINT32_MAX,
                                  .payload = TOMTE_SPAN(p->last, p->last_len)};
    if (!p->has_last)
        return;
    put.origin.sequence = tomte_stream_stamp(&p->numbers, n->boot, n->now_ms);
    put.origin.stream = p->numbers.stream;
    node_cell_put(n, p->cell, &put);
}

static void put_state(struct tomte_node *n, struct slot *s, struct slot_port *p,
                      struct tomte_span payload)
{
    TOMTE_ASSERT(payload.len <= TOMTE_LIMIT_MESSAGE_BYTES); /* the ABI's */
    memcpy(p->last, payload.data, payload.len);
    p->last_len = (uint16_t)payload.len;
    p->has_last = true;
    node_deliver_state(n, s, p);
}

void node_deliver_output(struct tomte_node *n, struct slot *s, unsigned port,
                         struct tomte_span payload)
{
    struct slot_port *p = &s->ports[port];
    enum tomte_err err = TOMTE_OK;
    uint64_t sequence;
    n->again = true;
    if (p->kind == TOMTE_PORT_EVENT)
        err = tomte_outbox_put(p->outbox, TOMTE_FORMAT_SENML_CBOR, payload,
                               &sequence);
    else if (p->actuator)
        err = tomte_writer_put(&p->writer, TOMTE_FORMAT_SENML_CBOR, payload,
                               n->now_ms);
    else
        put_state(n, s, p, payload);
    if (err != TOMTE_OK)
        node_log_err(n, tomte_name_span(&s->identity), "an output is lost",
                     err);
}

bool node_deliver_has_room(const struct slot *s)
{
    for (unsigned i = 0; i < s->ports_len; i++)
        if (s->ports[i].outbox != NULL &&
            !tomte_outbox_has_room(s->ports[i].outbox, TOMTE_LIMIT_OUTPUTS,
                                   TOMTE_EVENT_OUTPUT_BYTES))
            return false;
    return true;
}

/* ---- events ---- */

static struct send *free_send(struct tomte_node *n)
{
    for (int i = 0; i < NODE_SENDS; i++)
        if (!n->sends[i].used)
            return &n->sends[i];
    return NULL;
}

static const struct node_target *target_of(const struct node_target *targets,
                                           size_t len,
                                           const struct tomte_name *identity)
{
    for (size_t i = 0; i < len; i++)
        if (tomte_name_equal(&targets[i].identity, identity))
            return &targets[i];
    return NULL;
}

/* An event channel that has something to send: a port's or a button's. */
struct source {
    struct tomte_outbox *outbox;
    const struct node_target *targets;
    size_t targets_len;
    struct tomte_channel_request request;
    struct send about; /* what its sends are */
};

static enum tomte_err post(struct tomte_node *n, struct source *from,
                           const struct tomte_outbox_send *out,
                           const struct node_target *target, struct send *send)
{
    uint8_t options[TOMTE_CHANNEL_OPTIONS_MAX];
    struct tomte_channel_request r = from->request;
    unsigned index = (unsigned)(send - n->sends);
    struct tomte_coap_request request = {.to = target->addr,
                                         .confirmable = true};
    r.origin.stream = out->stream;
    r.origin.sequence = out->sequence;
    r.origin.base = out->base;
    r.to = target->identity;
    r.format = out->format;
    r.payload = out->payload;
    enum tomte_err err = tomte_channel_request_encode(
        &r, TOMTE_BUF_ARRAY(options), &request.parts);
    request.cookie = cookie(COOKIE_SEND, index, send->generation);
    if (err == TOMTE_OK)
        err = node_link_request(n, NULL, &request, &send->handle);
    return err;
}

static struct tomte_outbox_answer no_answer(const struct send *send)
{
    return (struct tomte_outbox_answer){
        .from = send->consumer, .epoch = send->epoch, .sent = send->sequence};
}

/* All that is due of one channel; how many were sent. */
static int send_due(struct tomte_node *n, struct source *from, int budget)
{
    struct tomte_outbox_send out;
    int sent = 0;
    for (; sent < budget; sent++) {
        struct send *send = free_send(n);
        if (send == NULL || !tomte_outbox_next(from->outbox, n->now_ms, &out))
            break;
        const struct node_target *target =
            target_of(from->targets, from->targets_len, &out.to);
        uint32_t generation = send->generation + 1;
        *send = from->about;
        send->used = true;
        send->generation = generation;
        send->consumer = out.to;
        send->epoch = out.epoch;
        send->sequence = out.sequence;
        if (target == NULL || post(n, from, &out, target, send) != TOMTE_OK) {
            send->used = false;
            struct tomte_outbox_answer none = no_answer(send);
            tomte_outbox_failed(from->outbox, &none, n->now_ms);
        }
    }
    return sent;
}

static struct source source_of_port(struct slot *s, unsigned port)
{
    struct slot_port *p = &s->ports[port];
    return (struct source){.outbox = p->outbox,
                           .targets = p->targets,
                           .targets_len = p->targets_len,
                           .request = {.op = TOMTE_CHANNEL_SEND,
                                       .channel = p->channel,
                                       .has_origin = true,
                                       .origin = origin_of(s)},
                           .about = {.from = s->index,
                                     .port = (uint8_t)port,
                                     .slot_epoch = s->epoch}};
}

static struct source source_of_button(struct tomte_node *n, uint16_t i)
{
    struct node_resource *r = &n->resources[i];
    return (struct source){
        .outbox = r->outbox,
        .targets = r->targets,
        .targets_len = r->targets_len,
        .request = {.op = TOMTE_CHANNEL_SEND,
                    .channel = r->is.channel,
                    .has_origin = true,
                    .origin = {.identity = n->config.name, .epoch = 1}},
        .about = {.press = true, .from = i}};
}

/* The outbox that a send came from; NULL when that life is over. */
static struct tomte_outbox *outbox_of(struct tomte_node *n,
                                      const struct send *send)
{
    if (send->press)
        return n->resources[send->from].outbox;
    struct slot *s = &n->slots[send->from];
    if (s->phase != SLOT_RUNNING || s->epoch != send->slot_epoch)
        return NULL;
    return s->ports[send->port].outbox;
}

static struct send *take_send(struct tomte_node *n, uint64_t c)
{
    struct send *send = &n->sends[cookie_a(c) % NODE_SENDS];
    if (!send->used || send->generation != cookie_b(c))
        return NULL;
    send->used = false;
    n->again = true;
    return send;
}

void node_deliver_send_answer(struct tomte_node *n, uint64_t c,
                              const struct tomte_coap_msg *msg)
{
    struct send *send = take_send(n, c);
    struct tomte_outbox *o = send == NULL ? NULL : outbox_of(n, send);
    struct tomte_channel_answer a;
    if (o == NULL)
        return;
    enum tomte_err err = tomte_channel_answer_decode(msg, &a);
    struct tomte_outbox_answer answer = no_answer(send);
    bool has_cursor = err == TOMTE_OK && a.has_pair;
    if (has_cursor) {
        answer.stream = a.pair.first;
        answer.sequence = a.pair.second;
    }
    if (has_cursor && a.err == TOMTE_OK) {
        err = tomte_outbox_acknowledged(o, &answer, n->now_ms);
        if (err != TOMTE_OK)
            node_log_err(n, tomte_name_span(&send->consumer),
                         "acknowledged what was never sent", err);
    } else if (has_cursor && a.err == TOMTE_ERR_STATE) {
        tomte_outbox_hole(o, &answer, n->now_ms);
    } else {
        tomte_outbox_failed(o, &answer, n->now_ms);
    }
}

void node_deliver_send_failed(struct tomte_node *n, uint64_t c)
{
    struct send *send = take_send(n, c);
    struct tomte_outbox *o = send == NULL ? NULL : outbox_of(n, send);
    if (o == NULL)
        return;
    struct tomte_outbox_answer none = no_answer(send);
    tomte_outbox_failed(o, &none, n->now_ms);
}

void node_deliver_forget(struct tomte_node *n, const struct slot *s)
{
    for (int i = 0; i < NODE_SENDS; i++)
        if (n->sends[i].used && !n->sends[i].press &&
            n->sends[i].from == s->index) {
            node_link_cancel(n, n->sends[i].handle);
            n->sends[i].used = false;
        }
    for (unsigned i = 0; i < s->ports_len; i++)
        if (s->ports[i].actuator && s->ports[i].writer.in_flight)
            node_link_cancel(n, s->ports[i].write_handle);
}

/* ---- writes to actuators ---- */

/* Of the lease that the container is bound to. */
static uint64_t lease_left(const struct tomte_node *n, const struct slot *s)
{
    return s->without_keeper == TOMTE_WITHOUT_KEEPER_HOLD
               ? UINT64_MAX
               : tomte_lease_remaining_ms(&n->lease, n->now_ms);
}

static void write_due(struct tomte_node *n, struct slot *s, unsigned port)
{
    struct slot_port *p = &s->ports[port];
    uint8_t options[TOMTE_CHANNEL_OPTIONS_MAX];
    struct tomte_writer_send w;
    struct tomte_coap_request request = {.to = p->addr, .confirmable = true};
    if (!p->has_addr ||
        !tomte_writer_next(&p->writer, n->now_ms, lease_left(n, s), &w))
        return;
    struct tomte_channel_request r = {.op = TOMTE_CHANNEL_WRITE,
                                      .channel = p->channel,
                                      .has_origin = true,
                                      .origin = origin_of(s),
                                      .format = w.format,
                                      .payload = w.payload};
    r.origin.stream = w.stream;
    r.origin.sequence = w.sequence;
    r.origin.not_after = w.not_after;
    request.cookie = cookie(COOKIE_WRITE, (unsigned)s->index << 8 | port,
                            (uint32_t)w.sequence);
    enum tomte_err err = tomte_channel_request_encode(
        &r, TOMTE_BUF_ARRAY(options), &request.parts);
    if (err == TOMTE_OK)
        err = node_link_request(n, NULL, &request, &p->write_handle);
    if (err == TOMTE_OK)
        return;
    struct tomte_writer_answer none = {.sequence = w.sequence,
                                       .err = TOMTE_ERR_TIMEOUT};
    tomte_writer_answered(&p->writer, &none, n->now_ms);
}

/* The port whose write a cookie means, while its writer waits for it. */
static struct slot_port *port_of_write(struct tomte_node *n, uint64_t c,
                                       struct slot **slot)
{
    unsigned index = cookie_a(c) >> 8, port = cookie_a(c) & 0xff;
    if (index >= n->config.sizes.slots)
        return NULL;
    struct slot *s = *slot = &n->slots[index];
    if (s->phase != SLOT_RUNNING || port >= s->ports_len ||
        !s->ports[port].actuator ||
        (uint32_t)s->ports[port].writer.sent != cookie_b(c))
        return NULL;
    return &s->ports[port];
}

void node_deliver_write_answer(struct tomte_node *n, uint64_t c,
                               const struct tomte_coap_msg *msg)
{
    struct slot *s;
    struct slot_port *p = port_of_write(n, c, &s);
    struct tomte_channel_answer a;
    if (p == NULL)
        return;
    enum tomte_err err = tomte_channel_answer_decode(msg, &a);
    struct tomte_writer_answer answer = {
        .sequence = p->writer.sent,
        .err = err == TOMTE_OK ? a.err : TOMTE_ERR_TIMEOUT,
        .has_tick = err == TOMTE_OK && a.has_pair};
    if (answer.has_tick)
        answer.tick = a.pair.second;
    tomte_writer_answered(&p->writer, &answer, n->now_ms);
    n->again = true;
    if (answer.err == TOMTE_ERR_FENCED && answer.has_tick &&
        a.pair.first > s->epoch && !n->config.without.fencing)
        node_slot_fenced(n, s, a.pair.first);
}

void node_deliver_write_failed(struct tomte_node *n, uint64_t c)
{
    struct slot *s;
    struct slot_port *p = port_of_write(n, c, &s);
    if (p == NULL)
        return;
    struct tomte_writer_answer none = {.sequence = p->writer.sent,
                                       .err = TOMTE_ERR_TIMEOUT};
    tomte_writer_answered(&p->writer, &none, n->now_ms);
}

/* ---- all of it ---- */

static int slot_work(struct tomte_node *n, struct slot *s, int budget)
{
    for (unsigned i = 0; i < s->ports_len; i++) {
        struct slot_port *p = &s->ports[i];
        if (p->outbox != NULL) {
            struct source from = source_of_port(s, i);
            budget -= send_due(n, &from, budget);
        } else if (p->actuator) {
            write_due(n, s, i);
        }
    }
    return budget;
}

/* What it has put may leave: it acts, and what it recovered is safe. */
static bool speaks(const struct tomte_node *n, const struct slot *s)
{
    return node_slot_acts(n, s) && s->recovered == 0;
}

void node_deliver_work(struct tomte_node *n)
{
    int budget = NODE_SENDS_A_STEP;
    for (unsigned i = 0; i < n->config.sizes.slots; i++)
        if (speaks(n, &n->slots[i]))
            budget = slot_work(n, &n->slots[i], budget);
    for (uint16_t i = 0; i < n->config.resource_count; i++) {
        if (n->resources[i].is.kind != TOMTE_NODE_BUTTON)
            continue;
        struct source from = source_of_button(n, i);
        budget -= send_due(n, &from, budget);
    }
    if (budget <= 0)
        n->again = true;
}

static uint64_t slot_deadline(const struct tomte_node *n, const struct slot *s)
{
    uint64_t at = UINT64_MAX;
    for (unsigned i = 0; i < s->ports_len; i++) {
        const struct slot_port *p = &s->ports[i];
        uint64_t due = UINT64_MAX;
        if (p->outbox != NULL)
            due = tomte_outbox_deadline(p->outbox, n->now_ms);
        else if (p->actuator && p->has_addr)
            due = tomte_writer_deadline(&p->writer);
        at = due < at ? due : at;
    }
    return at;
}

uint64_t node_deliver_deadline(const struct tomte_node *n)
{
    uint64_t at = UINT64_MAX;
    for (unsigned i = 0; i < n->config.sizes.slots; i++) {
        const struct slot *s = &n->slots[i];
        uint64_t due = speaks(n, s) ? slot_deadline(n, s) : UINT64_MAX;
        at = due < at ? due : at;
    }
    for (size_t i = 0; i < n->config.resource_count; i++) {
        const struct node_resource *r = &n->resources[i];
        if (r->is.kind != TOMTE_NODE_BUTTON)
            continue;
        uint64_t due = tomte_outbox_deadline(r->outbox, n->now_ms);
        at = due < at ? due : at;
    }
    return at;
}
