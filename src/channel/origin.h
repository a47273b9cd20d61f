/* SPDX-License-Identifier: Apache-2.0 */
/* channel/origin.h: who sent a message on a channel, and which one it is.
 *
 * Travels in CoAP option 65000 as a deterministic CBOR array of six:
 *
 *   [identity: text, epoch, stream, sequence, base, not_after: uint]
 *
 * What the option's number says (RFC 7252 section 5.4.6). 65000 is 0xfde8, its
 * low bits 01000: bit 0 clear, elective: a client or server that does not know
 * it goes on without. Bit 1 clear, safe to forward: a proxy that does not know
 * it passes it on. Bits 1 to 4 are not 1110, so it is not NoCacheKey: it would
 * be part of a cache key. It never decides one, though: only a GET may be
 * answered from a cache (section 5.6), a GET does not carry it, and the options
 * of a response are no part of a key.
 *
 * Order. Within one stream by sequence; a new stream has a higher number than
 * any before it (stream.h); a new placement of the identity a higher epoch. So
 * what is newer is told by (epoch, stream, sequence), the first that differs.
 * Only numbers of one identity are ever compared.
 *
 * The option proves nothing by itself: whoever carries it says so. That the
 * sender may speak for the identity is checked against the signed view. */
#pragma once

#include "base/err.h"
#include "base/name.h"
#include "base/span.h"

#define TOMTE_OPTION_ORIGIN 65000

/* Of the option's value: 1 + (2 + 31) + 5 * 9. */
#define TOMTE_ORIGIN_BYTES_MAX 79

/* Epochs, streams and sequences run from 1 to this: one more never wraps. */
#define TOMTE_SEQUENCE_MAX (UINT64_MAX >> 1)

struct tomte_origin {
    struct tomte_name identity;
    uint64_t epoch;     /* of the sender's placement */
    uint64_t stream;    /* numbering that the sequence belongs to */
    uint64_t sequence;  /* from 1, rising by one */
    uint64_t base;      /* events: oldest sequence of this stream that is still
                           held for this consumer; else 0 */
    uint64_t not_after; /* writes to actuators: the last tick at which it may
                           be accepted, see grant.h; else 0 */
};

/* Into `out`; `*value` is borrowed from it. FULL when it has no room:
 * TOMTE_ORIGIN_BYTES_MAX bytes are always enough. RANGE as decode. */
TOMTE_MUST_CHECK enum tomte_err
tomte_origin_encode(const struct tomte_origin *origin, struct tomte_buf out,
                    struct tomte_span *value);

/* Strict: the errors of cbor/cbor.h and base/name.h; RANGE for an epoch, stream
 * or sequence outside [1, TOMTE_SEQUENCE_MAX], or a base above the sequence.
 * On an error `out` is zeroed. */
TOMTE_MUST_CHECK enum tomte_err tomte_origin_decode(struct tomte_span value,
                                                    struct tomte_origin *out);

/* By (epoch, stream, sequence): -1 when `a` is older than `b`, 0, 1. */
int tomte_origin_compare(const struct tomte_origin *a,
                         const struct tomte_origin *b);
