/* SPDX-License-Identifier: Apache-2.0 */
/* container/record.h: one entry of a container's event log.
 *
 * A record is what it takes to run an event again, anywhere, to the same end:
 * the event, what `get` answered during it, and the digest of what it put. It
 * is encoded in deterministic CBOR (docs/spec/checkpoint.md) and is never
 * longer than TOMTE_RECORD_BYTES.
 *
 * A record with `trapped` stands for an event that left no trace but this: it
 * took its sequence number and its message, and `reason` says why. A replay
 * passes over it.
 *
 * The spans are borrowed: from the bytes after decode. */
#pragma once

#include "base/err.h"
#include "base/limits.h"
#include "base/span.h"
#include "container/abi.h"

/* Fits into a datagram, and into an entry of a store with 4 KiB sectors. */
#define TOMTE_RECORD_BYTES 896

#define TOMTE_RECORD_DIGEST_BYTES 8

/* Where a message came from: the node's own format, kept here unread. */
#define TOMTE_RECORD_ORIGIN_MAX 128

#define TOMTE_REASON_MAX 96

/* What `get` answered on one port, the same for the whole event. */
struct tomte_record_get {
    uint8_t port;
    int8_t error; /* enum tomte_abi_error, or 0: `value` */
    struct tomte_span value;
};

struct tomte_record {
    uint64_t sequence; /* from 1, without holes over all epochs */
    uint64_t epoch;    /* in which the event ran */
    uint8_t kind;      /* enum tomte_event_kind */
    uint8_t port;      /* handle of a port, or id of a timer; else 0 */
    bool trapped;
    uint64_t time_ms;    /* container time */
    uint64_t unix_lo_ms; /* Unix time was in [lo, hi] */
    uint64_t unix_hi_ms;
    uint64_t seed; /* of the event's random numbers */
    struct tomte_span payload;
    struct tomte_span origin;
    uint8_t gets_len; /* in the order of first use */
    struct tomte_record_get gets[TOMTE_LIMIT_PORTS];
    uint8_t digest[TOMTE_RECORD_DIGEST_BYTES]; /* of outputs and timers set;
                                                  zero when trapped */
    struct tomte_span reason; /* when trapped; at most TOMTE_REASON_MAX */
};

/* FULL when `out` is too small, TOO_LARGE when the record is longer than
 * TOMTE_RECORD_BYTES; `*bytes` is borrowed from `out`. */
TOMTE_MUST_CHECK enum tomte_err
tomte_record_encode(const struct tomte_record *r, struct tomte_buf out,
                    struct tomte_span *bytes);

TOMTE_MUST_CHECK enum tomte_err tomte_record_decode(struct tomte_span bytes,
                                                    struct tomte_record *r);

/* Only whose turn it is: sequence and epoch, without a look at the rest. */
TOMTE_MUST_CHECK enum tomte_err
tomte_record_turn_decode(struct tomte_span bytes, uint64_t *sequence,
                         uint64_t *epoch);

/* The bytes that a record of this event has when it records no `get`. */
size_t tomte_record_size(const struct tomte_record *r);
