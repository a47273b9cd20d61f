/* SPDX-License-Identifier: Apache-2.0 */
#include "coap/state.h"

#include "base/assert.h"
#include "coap/option_wire.h"

#include <string.h>

static struct tomte_coap_options rest_of(const struct tomte_coap *ep,
                                         struct tomte_span written);

struct tomte_coap_entry *tomte_coap_entry(const struct tomte_coap *ep,
                                          uint16_t id)
{
    uint16_t index = id & 0xfff;
    switch (id >> 12) {
    case TOMTE_COAP_KIND_EXCHANGE:
        return &ep->exchanges[index].entry;
    case TOMTE_COAP_KIND_INBOUND:
        return &ep->inbound[index].entry;
    default:
        TOMTE_ASSERT(id >> 12 == TOMTE_COAP_KIND_OBSERVER);
        return &ep->observers[index].entry;
    }
}

uint32_t tomte_coap_handle(const struct tomte_coap *ep, uint16_t id)
{
    return (uint32_t)tomte_coap_entry(ep, id)->generation << 16 | id;
}

uint16_t tomte_coap_index(const struct tomte_coap *ep, uint32_t handle,
                          enum tomte_coap_kind kind)
{
    uint16_t id = (uint16_t)handle;
    uint16_t index = id & 0xfff;
    uint16_t size = kind == TOMTE_COAP_KIND_EXCHANGE  ? ep->config.exchanges
                    : kind == TOMTE_COAP_KIND_INBOUND ? ep->config.inbound
                                                      : ep->config.observers;
    if (id >> 12 != kind || index >= size ||
        tomte_coap_entry(ep, id)->generation != handle >> 16)
        return TOMTE_COAP_NONE;
    return index;
}

void tomte_coap_emit(struct tomte_coap *ep, uint16_t id, uint8_t bits)
{
    struct tomte_coap_entry *e = tomte_coap_entry(ep, id);
    e->emit |= bits;
    if (e->queued)
        return;
    e->queued = true;
    e->next = TOMTE_COAP_NONE;
    if (ep->ready.head == TOMTE_COAP_NONE)
        ep->ready.head = id;
    else
        tomte_coap_entry(ep, ep->ready.tail)->next = id;
    ep->ready.tail = id;
}

void tomte_coap_unqueue(struct tomte_coap *ep, uint16_t id)
{
    struct tomte_coap_entry *e = tomte_coap_entry(ep, id);
    e->emit = 0;
    if (!e->queued)
        return;
    e->queued = false;
    if (ep->ready.head == id) {
        ep->ready.head = e->next;
        return;
    }
    uint16_t before = ep->ready.head;
    while (tomte_coap_entry(ep, before)->next != id)
        before = tomte_coap_entry(ep, before)->next;
    tomte_coap_entry(ep, before)->next = e->next;
    if (ep->ready.tail == id)
        ep->ready.tail = before;
}

uint16_t tomte_coap_next_ready(struct tomte_coap *ep)
{
    uint16_t id = ep->ready.head;
    if (id != TOMTE_COAP_NONE) {
        struct tomte_coap_entry *e = tomte_coap_entry(ep, id);
        ep->ready.head = e->next;
        e->queued = false;
    }
    return id;
}

void tomte_coap_tick(struct tomte_coap *ep, uint64_t now_ms)
{
    if (now_ms > ep->now_ms)
        ep->now_ms = now_ms;
}

void tomte_coap_wake(struct tomte_coap *ep, uint64_t at_ms)
{
    if (at_ms < ep->due_ms)
        ep->due_ms = at_ms;
}

void tomte_coap_reply(struct tomte_coap *ep, const struct tomte_addr *to,
                      enum tomte_coap_type type, uint16_t mid)
{
    struct tomte_coap_msg m = {.type = (uint8_t)type, .mid = mid};
    tomte_coap_reply_msg(ep, to, &m);
}

void tomte_coap_reply_msg(struct tomte_coap *ep, const struct tomte_addr *to,
                          const struct tomte_coap_msg *msg)
{
    struct tomte_span datagram;
    enum tomte_err err =
        tomte_coap_encode(msg, TOMTE_BUF_ARRAY(ep->reply.bytes), &datagram);
    TOMTE_ASSERT(err == TOMTE_OK && ep->reply.len == 0);
    ep->reply.to = *to;
    ep->reply.len = (uint8_t)datagram.len;
}

enum tomte_err tomte_coap_compose(struct tomte_coap *ep,
                                  const struct tomte_coap_msg *head,
                                  const struct tomte_coap_parts *parts,
                                  const uint32_t *observe,
                                  struct tomte_span *datagram)
{
    struct tomte_buf out = TOMTE_BUF(ep->out, TOMTE_LIMIT_DATAGRAM_BYTES);
    struct tomte_coap_msg m = *head;
    m.code = parts->code;
    if (observe == NULL) {
        m.options = parts->options;
        m.payload = parts->payload;
        return tomte_coap_encode(&m, out, datagram) == TOMTE_OK
                   ? TOMTE_OK
                   : TOMTE_ERR_TOO_LARGE;
    }
    m.options = m.payload = TOMTE_SPAN_NONE;
    if (tomte_coap_encode(&m, out, datagram) != TOMTE_OK)
        return TOMTE_ERR_TOO_LARGE;
    struct tomte_coap_options o = rest_of(ep, *datagram);
    struct tomte_coap_iter it;
    struct tomte_coap_option option;
    tomte_coap_iter_init(&it, parts->options);
    while (tomte_coap_iter_next(&it, &option))
        if (option.number != TOMTE_COAP_OPT_OBSERVE)
            tomte_coap_put(&o, option.number, option.value);
    tomte_coap_put_uint(&o, TOMTE_COAP_OPT_OBSERVE, *observe);
    size_t len = datagram->len + o.len;
    size_t payload = parts->payload.len;
    if (o.err != TOMTE_OK || payload + (payload != 0) > out.cap - len)
        return TOMTE_ERR_TOO_LARGE;
    if (payload != 0) {
        out.data[len++] = TOMTE_COAP_MARKER;
        memcpy(out.data + len, parts->payload.data, payload);
    }
    *datagram = TOMTE_SPAN(out.data, len + payload);
    return TOMTE_OK;
}

static struct tomte_coap_options rest_of(const struct tomte_coap *ep,
                                         struct tomte_span written)
{
    struct tomte_coap_options o;
    tomte_coap_options_init(
        &o, TOMTE_BUF(ep->out + written.len,
                      (size_t)TOMTE_LIMIT_DATAGRAM_BYTES - written.len));
    return o;
}
