/* SPDX-License-Identifier: Apache-2.0 */
/* The writing half of coap/option.h. */
#include "base/bytes.h"
#include "coap/option.h"
#include "coap/option_wire.h"

#include <string.h>

static void refuse(struct tomte_coap_options *o, enum tomte_err err);
static struct tomte_span tail(const struct tomte_coap_options *o, size_t at);
static size_t place_for(const struct tomte_coap_options *o, uint16_t number,
                        uint32_t *before);

void tomte_coap_options_init(struct tomte_coap_options *o, struct tomte_buf buf)
{
    *o = (struct tomte_coap_options){.buf = buf};
}

/* The new option splits the delta of the one behind it. That one's head never
 * grows by it, so making room first and writing both heads after is safe. */
void tomte_coap_put(struct tomte_coap_options *o, uint16_t number,
                    struct tomte_span value)
{
    if (o->err != TOMTE_OK)
        return;
    if (value.len > TOMTE_COAP_EXTENDED_MAX) {
        refuse(o, TOMTE_ERR_TOO_LARGE);
        return;
    }
    uint32_t before;
    size_t at = place_for(o, number, &before);
    uint32_t delta = number - before;
    uint32_t len = (uint32_t)value.len;
    struct tomte_coap_head next = {0};
    struct tomte_span behind = tail(o, at);
    bool last = !tomte_coap_head_read(behind, &next);
    uint32_t next_delta = next.delta - (last ? 0 : delta);
    uint8_t head = tomte_coap_head_size(delta, len);
    uint8_t next_head = last ? 0 : tomte_coap_head_size(next_delta, next.len);
    size_t grown = o->len + head + len + next_head - (last ? 0 : next.size);
    if (grown > o->buf.cap) {
        refuse(o, TOMTE_ERR_FULL);
        return;
    }
    uint8_t *p = o->buf.data + at;
    if (!last) {
        memmove(p + head + len + next_head, p + next.size,
                behind.len - next.size);
        tomte_coap_head_write(p + head + len, next_delta, next.len);
    }
    tomte_coap_head_write(p, delta, len);
    if (len != 0)
        memcpy(p + head, value.data, len);
    o->len = grown;
}

void tomte_coap_put_uint(struct tomte_coap_options *o, uint16_t number,
                         uint32_t value)
{
    uint8_t bytes[4];
    size_t zeros = 0;
    tomte_put_be32(bytes, value);
    while (zeros < 4 && bytes[zeros] == 0)
        zeros++;
    tomte_coap_put(o, number, TOMTE_SPAN(bytes + zeros, 4 - zeros));
}

void tomte_coap_put_all(struct tomte_coap_options *o, struct tomte_span options)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option option;
    tomte_coap_iter_init(&it, options);
    while (tomte_coap_iter_next(&it, &option))
        tomte_coap_put(o, option.number, option.value);
}

void tomte_coap_put_block(struct tomte_coap_options *o, uint16_t number,
                          const struct tomte_coap_block *b)
{
    if (b->num >= 1u << 20 || b->szx > 6)
        refuse(o, TOMTE_ERR_RANGE);
    tomte_coap_put_uint(o, number, b->num << 4 | (b->more ? 8u : 0u) | b->szx);
}

enum tomte_err tomte_coap_options_end(const struct tomte_coap_options *o,
                                      struct tomte_span *options)
{
    *options =
        o->err == TOMTE_OK ? TOMTE_SPAN(o->buf.data, o->len) : TOMTE_SPAN_NONE;
    return o->err;
}

static void refuse(struct tomte_coap_options *o, enum tomte_err err)
{
    if (o->err == TOMTE_OK)
        o->err = err;
}

static struct tomte_span tail(const struct tomte_coap_options *o, size_t at)
{
    return tomte_span_slice(TOMTE_SPAN(o->buf.data, o->len), at, SIZE_MAX);
}

/* Where an option of that number goes: behind all that are not greater.
 * `before` is the number of the one in front of that place. */
static size_t place_for(const struct tomte_coap_options *o, uint16_t number,
                        uint32_t *before)
{
    size_t at = 0;
    struct tomte_coap_head head;
    *before = 0;
    while (tomte_coap_head_read(tail(o, at), &head) &&
           *before + head.delta <= number) {
        *before += head.delta;
        at += head.size + head.len;
    }
    return at;
}
