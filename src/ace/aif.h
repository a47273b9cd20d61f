/* SPDX-License-Identifier: Apache-2.0 */
/* ace/aif.h: what a token allows (RFC 9237, AIF-REST): a list of paths, each
 * with methods. What is not listed is denied.
 *
 *   [["/s/temp", 1], ["/a/led", 5]]     GET; GET and PUT
 *
 * The list is the content of the byte string `scope`. A path stands for exactly
 * one resource: no patterns, no prefix. It begins with "/", its segments and
 * queries are those of the request's options (Uri-Path, Uri-Query) as bytes;
 * percent-encoding is not read, so a segment with a "/", "%" or "?" in it, or a
 * query with "&" or "%", is denied whatever the list says. */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "cbor/cbor.h"

/* Methods as bits (section 3); from bit 32 on the Dynamic ones, which concern
 * resources that the subject makes, and which nothing here grants. */
enum tomte_aif_method {
    TOMTE_AIF_GET = 1 << 0,
    TOMTE_AIF_POST = 1 << 1,
    TOMTE_AIF_PUT = 1 << 2,
    TOMTE_AIF_DELETE = 1 << 3,
    TOMTE_AIF_FETCH = 1 << 4,
    TOMTE_AIF_PATCH = 1 << 5,
    TOMTE_AIF_IPATCH = 1 << 6,
};

#define TOMTE_AIF_DYNAMIC(method) ((uint64_t)(method) << 32)

/* The bit of a CoAP request code (0.01 to 0.07); 0: none. */
uint64_t tomte_aif_method_of(unsigned code);

struct tomte_aif_entry {
    struct tomte_span path;
    uint64_t methods;
};

TOMTE_MUST_CHECK enum tomte_err
tomte_aif_encode(const struct tomte_aif_entry *entries, size_t count,
                 struct tomte_buf out, struct tomte_span *scope);

/* The entries, one after the other: init -> next* until false -> done. Borrows
 * `scope`. What next gave counts when done is OK: errors of cbor/cbor.h, strict
 * mode; INVALID for a path that does not begin with "/". */
struct tomte_aif_iter {
    struct tomte_cbor_dec d;
};
void tomte_aif_iter_init(struct tomte_aif_iter *it, struct tomte_span scope);
bool tomte_aif_next(struct tomte_aif_iter *it, struct tomte_aif_entry *entry);
TOMTE_MUST_CHECK enum tomte_err tomte_aif_done(struct tomte_aif_iter *it);

/* What a request wants. */
struct tomte_aif_request {
    const struct tomte_span *segments; /* Uri-Path options */
    size_t segment_count;
    const struct tomte_span *queries; /* Uri-Query options */
    size_t query_count;
    uint64_t method; /* one bit */
};

/* OK, DENIED (4.03: the resource is not listed), METHOD (4.05: it is, without
 * this method), or the scope is malformed. Entries of one path add up. */
TOMTE_MUST_CHECK enum tomte_err
tomte_aif_allows(struct tomte_span scope, const struct tomte_aif_request *r);
