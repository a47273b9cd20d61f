/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of COSE's maps: headers, keys and claims have them alike. */
#include "cose/internal.h"

bool cose_next_label(struct tomte_cbor_dec *d, int64_t *label)
{
    *label = 0;
    while (tomte_cbor_more(d)) {
        if (tomte_cbor_peek(d) != TOMTE_CBOR_TEXT) {
            *label = tomte_cbor_get_int(d);
            return tomte_cbor_ok(d);
        }
        tomte_cbor_get_text(d);
        tomte_cbor_skip(d);
    }
    return false;
}

void cose_put_text(struct tomte_cbor_enc *e, int64_t label,
                   struct tomte_span text)
{
    if (text.data == NULL)
        return;
    tomte_cbor_put_int(e, label);
    tomte_cbor_put_text(e, text);
}

void cose_put_bytes(struct tomte_cbor_enc *e, int64_t label,
                    struct tomte_span bytes)
{
    if (bytes.data == NULL)
        return;
    tomte_cbor_put_int(e, label);
    tomte_cbor_put_bytes(e, bytes);
}

void cose_put_raw(struct tomte_cbor_enc *e, int64_t label,
                  struct tomte_span item)
{
    if (item.data == NULL)
        return;
    tomte_cbor_put_int(e, label);
    tomte_cbor_put_raw(e, item);
}
