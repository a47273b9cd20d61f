/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/kept.h"

#include "cbor/cbor.h"

#define VERSION 1

enum tomte_err tomte_kept_encode(const struct tomte_kept *kept,
                                 struct tomte_buf out, struct tomte_span *bytes)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, kept->known ? 3 : 1);
    tomte_cbor_put_uint(&e, VERSION);
    if (kept->known) {
        tomte_cbor_put_uint(&e, kept->format);
        tomte_cbor_put_bytes(&e, kept->payload);
    }
    return tomte_cbor_encode_done(&e, bytes);
}

enum tomte_err tomte_kept_decode(struct tomte_span bytes,
                                 struct tomte_kept *kept)
{
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_array(&d);
    if (tomte_cbor_get_uint(&d) != VERSION)
        tomte_cbor_fail(&d, TOMTE_ERR_VERSION);
    *kept = (struct tomte_kept){.known = tomte_cbor_more(&d)};
    if (kept->known) {
        kept->format = (uint16_t)tomte_cbor_get_u32(&d, 0, UINT16_MAX);
        kept->payload = tomte_cbor_get_bytes(&d);
    }
    tomte_cbor_leave(&d);
    return tomte_cbor_decode_done(&d);
}
