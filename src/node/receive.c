/* SPDX-License-Identifier: Apache-2.0 */
/* Events on their way in. A message is taken into the inbox of its container
 * when it is the next of its stream; it is answered when the container has
 * committed it, so an acknowledgement is a promise. */
#include "node/internal.h"

#include <string.h>

struct slot *node_receive_find(struct tomte_node *n,
                               const struct tomte_name *to,
                               const struct tomte_channel_name *channel,
                               unsigned *port)
{
    for (unsigned i = 0; i < n->config.sizes.slots; i++) {
        struct slot *s = &n->slots[i];
        if (s->phase == SLOT_FREE || s->part != TOMTE_VIEW_OWNER || !s->loaded)
            continue;
        if (to->len > 0 && !tomte_name_equal(&s->identity, to))
            continue;
        for (unsigned p = 0; p < s->ports_len; p++) {
            const struct slot_port *it = &s->ports[p];
            if (it->direction != TOMTE_PORT_IN ||
                it->kind != TOMTE_PORT_EVENT ||
                !tomte_channel_name_equal(&it->channel, channel))
                continue;
            *port = p;
            return s;
        }
    }
    return NULL;
}

static void answer(struct tomte_node *n, uint32_t request, enum tomte_err err,
                   uint64_t stream, uint64_t sequence)
{
    uint8_t options[8], payload[TOMTE_CHANNEL_PAIR_BYTES_MAX];
    struct tomte_channel_pair pair = {.first = stream, .second = sequence};
    struct tomte_coap_parts parts;
    if (request == 0)
        return;
    enum tomte_err made = tomte_channel_answer_encode(
        err, &pair, TOMTE_BUF_ARRAY(options), TOMTE_BUF_ARRAY(payload), &parts);
    TOMTE_ASSERT(made == TOMTE_OK);
    node_link_respond(n, request, &parts);
}

static struct inbox_entry *push(struct slot *s, unsigned port, uint32_t request,
                                const struct tomte_channel_request *c)
{
    unsigned at = (unsigned)(s->inbox_head + s->inbox_len) % s->inbox_cap;
    struct inbox_entry *e = &s->inbox[at];
    e->port = (uint8_t)port;
    e->request = request;
    e->has_origin = c->has_origin;
    e->origin = c->origin;
    e->format = c->format;
    e->len = (uint16_t)c->payload.len;
    if (e->len > 0)
        memcpy(e->payload, c->payload.data, e->len);
    s->inbox_len++;
    return e;
}

/* The producer asks again for what is still on its way: the newer request is
 * the one that gets the answer. */
static void replace_request(struct tomte_node *n, struct slot *s, unsigned port,
                            uint32_t request, const struct tomte_origin *origin)
{
    for (unsigned i = 0; i < s->inbox_len; i++) {
        struct inbox_entry *e =
            &s->inbox[(unsigned)(s->inbox_head + i) % s->inbox_cap];
        if (e->port != port || !e->has_origin ||
            !tomte_name_equal(&e->origin.identity, &origin->identity) ||
            tomte_origin_compare(&e->origin, origin) != 0)
            continue;
        if (e->request != 0)
            node_link_drop(n, e->request);
        e->request = request;
        return;
    }
    node_link_drop(n, request);
}

static void log_gap(struct tomte_node *n, const struct slot *s,
                    const struct tomte_channel_request *c,
                    const struct tomte_cursor_report *report)
{
    char line[160];
    struct tomte_text t;
    tomte_text_init(&t, line, sizeof line);
    tomte_text_span(&t, tomte_name_span(&s->identity));
    tomte_text_str(&t, ": ");
    tomte_text_span(&t, tomte_channel_name_span(&c->channel));
    tomte_text_str(&t, ": ");
    if (report->lost == TOMTE_CURSOR_LOST_UNKNOWN)
        tomte_text_str(&t, "a new stream begins, messages may be lost");
    else {
        tomte_text_u64(&t, report->lost);
        tomte_text_str(&t, " messages are lost");
    }
    node_log(n, TOMTE_LOG_WARN, line);
}

static void from_producer(struct tomte_node *n, struct slot *s, unsigned port,
                          uint32_t request,
                          const struct tomte_channel_request *c)
{
    struct tomte_cursor_report report;
    report = tomte_cursors_check(&s->cursors, &c->channel, &c->origin);
    if (report.verdict == TOMTE_CURSOR_IN_PROGRESS) {
        replace_request(n, s, port, request, &c->origin);
        return;
    }
    if (report.verdict == TOMTE_CURSOR_AHEAD)
        node_control_stale(n);
    /* These answers tell the cursor, and the producer forgets what is below:
     * not before it is safe. */
    if (s->recovered != 0 && (report.verdict == TOMTE_CURSOR_DUPLICATE ||
                              report.verdict == TOMTE_CURSOR_HOLE)) {
        node_reply_error(n, request, TOMTE_ERR_AGAIN, NULL);
        return;
    }
    if (!tomte_cursor_accepts(report.verdict)) {
        answer(n, request, tomte_cursor_verdict_err(report.verdict),
               report.stream, report.sequence);
        return;
    }
    if (report.lost > 0)
        log_gap(n, s, c, &report);
    tomte_cursors_take(&s->cursors, &c->channel, &c->origin);
    push(s, port, request, c);
    n->again = true;
}

void node_receive_message(struct tomte_node *n, struct slot *s, unsigned port,
                          uint32_t request,
                          const struct tomte_channel_request *channel)
{
    if (!node_slot_acts(n, s)) {
        node_reply_error(n, request, TOMTE_ERR_AGAIN, NULL);
    } else if (channel->payload.len > TOMTE_LIMIT_MESSAGE_BYTES) {
        node_reply_error(n, request, TOMTE_ERR_TOO_LARGE, NULL);
    } else if (s->inbox_len == s->inbox_cap) {
        node_reply_error(n, request, TOMTE_ERR_AGAIN, "the inbox is full");
    } else if (channel->has_origin) {
        from_producer(n, s, port, request, channel);
    } else {
        push(s, port, request, channel); /* a person's */
        n->again = true;
    }
}

void node_receive_committed(struct tomte_node *n, struct slot *s,
                            struct inbox_entry *e)
{
    const struct tomte_channel_name *channel = &s->ports[e->port].channel;
    uint64_t stream = 0, sequence = 0;
    if (e->has_origin) {
        /* Not listened to any more: nobody waits for this answer. */
        if (tomte_cursors_commit(&s->cursors, channel, &e->origin) != TOMTE_OK)
            n->again = true;
        stream = e->origin.stream;
        sequence = e->origin.sequence;
    }
    answer(n, e->request, TOMTE_OK, stream, sequence);
    e->request = 0;
}

void node_receive_drop_all(struct tomte_node *n, struct slot *s)
{
    for (; s->inbox_len > 0; s->inbox_len--) {
        struct inbox_entry *e = &s->inbox[s->inbox_head];
        if (e->request != 0)
            node_reply_error(n, e->request, TOMTE_ERR_AGAIN, NULL);
        s->inbox_head = (uint16_t)((s->inbox_head + 1u) % s->inbox_cap);
    }
}
