/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/origin.h"

#include <string.h>

#include "cbor/cbor.h"

#define FIELDS 6

static bool in_range(const struct tomte_origin *o);
static int compare(uint64_t a, uint64_t b);

enum tomte_err tomte_origin_encode(const struct tomte_origin *origin,
                                   struct tomte_buf out,
                                   struct tomte_span *value)
{
    *value = TOMTE_SPAN_NONE;
    if (!in_range(origin))
        return TOMTE_ERR_RANGE;
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, FIELDS);
    tomte_cbor_put_text(&e, tomte_name_span(&origin->identity));
    tomte_cbor_put_uint(&e, origin->epoch);
    tomte_cbor_put_uint(&e, origin->stream);
    tomte_cbor_put_uint(&e, origin->sequence);
    tomte_cbor_put_uint(&e, origin->base);
    tomte_cbor_put_uint(&e, origin->not_after);
    return tomte_cbor_encode_done(&e, value);
}

enum tomte_err tomte_origin_decode(struct tomte_span value,
                                   struct tomte_origin *out)
{
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, value, 0);
    tomte_cbor_enter_array(&d);
    out->identity = tomte_cbor_get_name(&d);
    out->epoch = tomte_cbor_get_uint(&d);
    out->stream = tomte_cbor_get_uint(&d);
    out->sequence = tomte_cbor_get_uint(&d);
    out->base = tomte_cbor_get_uint(&d);
    out->not_after = tomte_cbor_get_uint(&d);
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err == TOMTE_OK && !in_range(out))
        err = TOMTE_ERR_RANGE;
    if (err != TOMTE_OK)
        memset(out, 0, sizeof *out);
    return err;
}

int tomte_origin_compare(const struct tomte_origin *a,
                         const struct tomte_origin *b)
{
    int order = compare(a->epoch, b->epoch);
    if (order == 0)
        order = compare(a->stream, b->stream);
    if (order == 0)
        order = compare(a->sequence, b->sequence);
    return order;
}

static bool in_range(const struct tomte_origin *o)
{
    /* 0 - 1 wraps to above the maximum */
    return o->identity.len > 0 && o->epoch - 1 < TOMTE_SEQUENCE_MAX &&
           o->stream - 1 < TOMTE_SEQUENCE_MAX &&
           o->sequence - 1 < TOMTE_SEQUENCE_MAX && o->base <= o->sequence;
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}
