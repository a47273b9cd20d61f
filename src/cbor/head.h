/* SPDX-License-Identifier: Apache-2.0 */
/* cbor/head.h: the walk over items, below the getters; not for other rooms.
 *
 * head.c knows the encoding and keeps frames and errors; decode.c knows what
 * callers want. */
#pragma once

#include "cbor/internal.h"

/* What stands before an item's content. */
struct tomte_cbor_head {
    uint8_t major;
    uint8_t info;
    uint8_t len;       /* of the head itself, in bytes */
    uint64_t argument; /* 0 when the length is indefinite */
};

static inline struct tomte_cbor_frame *tomte_cbor_top(struct tomte_cbor_dec *d)
{
    return &d->frames[d->depth];
}

/* The next item's head, checked but not passed. False after an error and at
 * the end of the container, which is the error MISSING. */
bool tomte_cbor_head_read(struct tomte_cbor_dec *d, struct tomte_cbor_head *h);

/* The same, and TYPE when the next item is not of this major type. */
bool tomte_cbor_head_expect(struct tomte_cbor_dec *d, uint8_t major,
                            struct tomte_cbor_head *h);

/* The next item is `bytes` long and is done with. */
void tomte_cbor_item_pass(struct tomte_cbor_dec *d, size_t bytes);

/* An error about the item that begins here. */
void tomte_cbor_fail_at(struct tomte_cbor_dec *d, enum tomte_err err,
                        uint32_t at);
void tomte_cbor_fail_here(struct tomte_cbor_dec *d, enum tomte_err err);

/* A tag was read and what it tags was not. */
bool tomte_cbor_tagged(struct tomte_cbor_dec *d);

/* A key was read and its value was not. */
bool tomte_cbor_value_pending(struct tomte_cbor_dec *d);
