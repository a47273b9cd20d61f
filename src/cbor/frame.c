/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/internal.h"

/* RFC 8949 section 4.2.1: bytewise lexicographic order of the encodings. */
static enum tomte_err check_order(struct tomte_span last, struct tomte_span key)
{
    int order = tomte_span_compare(last, key);
    if (order == 0)
        return TOMTE_ERR_DUPLICATE;
    return order < 0 ? TOMTE_OK : TOMTE_ERR_NOT_CANONICAL;
}

enum tomte_err tomte_cbor_frame_step(struct tomte_cbor_frame *f,
                                     const uint8_t *data, uint32_t at)
{
    enum tomte_err err = TOMTE_OK;
    if (f->map && f->left % 2 == 0) {
        uint32_t len = at - f->item_at;
        if (data != NULL) /* the first key is greater than nothing */
            err = check_order(TOMTE_SPAN(data + f->key_at, f->key_len),
                              TOMTE_SPAN(data + f->item_at, len));
        f->key_at = f->item_at;
        f->key_len = len;
    }
    f->left--;
    f->item_at = at;
    return err;
}
