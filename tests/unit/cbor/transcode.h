/* SPDX-License-Identifier: Apache-2.0 */
/* Reads items token by token through the public getters and writes them again
 * through the public putters: what a strict decoder accepts must come out as
 * the same bytes. Shared by the unit tests, the fuzz targets and the interop
 * peer, so it checks with a return value and not with CHECK. */
#pragma once

#include "cbor/cbor.h"

static inline void transcode_token(struct tomte_cbor_dec *d,
                                   struct tomte_cbor_enc *e)
{
    switch (tomte_cbor_peek(d)) {
    case TOMTE_CBOR_UINT:
        tomte_cbor_put_uint(e, tomte_cbor_get_uint(d));
        break;
    case TOMTE_CBOR_NEGATIVE:
        tomte_cbor_put_negative(e, tomte_cbor_get_negative(d));
        break;
    case TOMTE_CBOR_BYTES:
        tomte_cbor_put_bytes(e, tomte_cbor_get_bytes(d));
        break;
    case TOMTE_CBOR_TEXT:
        tomte_cbor_put_text(e, tomte_cbor_get_text(d));
        break;
    case TOMTE_CBOR_ARRAY:
        tomte_cbor_put_array(e, tomte_cbor_enter_array(d));
        break;
    case TOMTE_CBOR_MAP:
        tomte_cbor_put_map(e, tomte_cbor_enter_map(d));
        break;
    case TOMTE_CBOR_TAG:
        tomte_cbor_put_tag(e, tomte_cbor_get_tag(d));
        break;
    case TOMTE_CBOR_BOOL:
        tomte_cbor_put_bool(e, tomte_cbor_get_bool(d));
        break;
    case TOMTE_CBOR_NULL:
        tomte_cbor_get_null(d);
        tomte_cbor_put_null(e);
        break;
    case TOMTE_CBOR_FLOAT:
        tomte_cbor_put_double(e, tomte_cbor_get_double(d));
        break;
    case TOMTE_CBOR_UNDEFINED:
    case TOMTE_CBOR_SIMPLE:
        tomte_cbor_put_simple(e, tomte_cbor_get_simple(d));
        break;
    case TOMTE_CBOR_END: /* in a container, or an error */
        tomte_cbor_leave(d);
        break;
    }
}

/* Definite lengths only. `*out` is empty on an error. */
static inline enum tomte_err transcode(struct tomte_span in, unsigned flags,
                                       struct tomte_buf buf,
                                       struct tomte_span *out)
{
    struct tomte_cbor_dec d;
    struct tomte_cbor_enc e;
    tomte_cbor_decode_init(&d, in, flags);
    tomte_cbor_encode_init(&e, buf);
    do
        transcode_token(&d, &e);
    while (tomte_cbor_ok(&d) && (d.depth > 0 || tomte_cbor_more(&d)));
    enum tomte_err err = tomte_cbor_decode_done(&d);
    enum tomte_err encoded = tomte_cbor_encode_done(&e, out);
    if (err == TOMTE_OK)
        return encoded;
    *out = TOMTE_SPAN_NONE;
    return err;
}
