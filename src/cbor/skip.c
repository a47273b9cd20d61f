/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/head.h"

static void skip_string(struct tomte_cbor_dec *d)
{
    struct tomte_cbor_head h;
    if (!tomte_cbor_head_read(d, &h))
        return;
    if (h.info != INFO_INDEFINITE) {
        if (h.major == MAJOR_TEXT)
            tomte_cbor_get_text(d);
        else
            tomte_cbor_get_bytes(d);
        return;
    }
    struct tomte_span chunk;
    uint32_t at = d->at + h.len;
    while (tomte_cbor_next_chunk(d, h.major, &at, &chunk))
        ;
    if (d->err == TOMTE_OK)
        tomte_cbor_item_pass(d, at - d->at);
}

static void skip_head(struct tomte_cbor_dec *d)
{
    struct tomte_cbor_head h;
    if (tomte_cbor_head_read(d, &h))
        tomte_cbor_item_pass(d, h.len);
}

/* The next item, of a container only its head, or a tag. */
static void skip_token(struct tomte_cbor_dec *d)
{
    switch (tomte_cbor_peek(d)) {
    case TOMTE_CBOR_BYTES:
    case TOMTE_CBOR_TEXT:
        skip_string(d);
        break;
    case TOMTE_CBOR_ARRAY:
        tomte_cbor_enter_array(d);
        break;
    case TOMTE_CBOR_MAP:
        tomte_cbor_enter_map(d);
        break;
    case TOMTE_CBOR_TAG:
        tomte_cbor_get_tag(d);
        break;
    default: /* the head is all there is, or nothing is there: an error */
        skip_head(d);
    }
}

void tomte_cbor_skip(struct tomte_cbor_dec *d)
{
    unsigned outside = d->depth;
    do {
        if (d->depth > outside && !tomte_cbor_more(d))
            tomte_cbor_leave(d);
        else
            skip_token(d);
    } while (d->err == TOMTE_OK &&
             (d->depth > outside || tomte_cbor_tagged(d)));
}

void tomte_cbor_skip_rest(struct tomte_cbor_dec *d)
{
    while (tomte_cbor_more(d))
        tomte_cbor_skip(d);
}

struct tomte_span tomte_cbor_get_raw(struct tomte_cbor_dec *d)
{
    uint32_t begin = tomte_cbor_top(d)->item_at;
    tomte_cbor_skip(d);
    if (d->err != TOMTE_OK)
        return TOMTE_SPAN_NONE;
    return tomte_span_slice(d->in, begin, d->at - begin);
}

enum tomte_err tomte_cbor_check(struct tomte_span item, unsigned depth)
{
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, item, 0);
    d.frames[depth] = d.frames[0];
    d.depth = depth;
    tomte_cbor_skip(&d);
    if (d.err == TOMTE_OK && d.at < item.len)
        return TOMTE_ERR_TRAILING;
    return d.err;
}
