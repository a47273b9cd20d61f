/* SPDX-License-Identifier: Apache-2.0 */
/* container/checkpoint.h: the bytes of a checkpoint; private to the room.
 *
 * A CBOR sequence (RFC 8742) of five or six items in deterministic form
 * (docs/spec/checkpoint.md):
 *
 *   head        map: format, identity, image digest, epoch, sequence
 *   body        map: container time, timers, flags, bindings of ports
 *   node part   byte string, the node's own
 *   snapshot    byte string, the engine's
 *   fallback    byte string, only on trial: the version to go back to
 *   checksum    byte string, CRC-32C of all before it, little-endian
 *
 * The head comes first and is short, so that who receives a checkpoint in
 * pieces knows at once whose it is. */
#pragma once

#include "base/err.h"
#include "base/limits.h"
#include "base/name.h"
#include "base/span.h"
#include "container/image.h"

#define TOMTE_CHECKPOINT_VERSION 1
#define TOMTE_CHECKPOINT_TRIAL   2 /* with a fallback */

/* An encoded head, and an encoded body, are not longer. */
#define TOMTE_CHECKPOINT_HEAD_BYTES 96
#define TOMTE_CHECKPOINT_BODY_BYTES                                            \
    (128 + TOMTE_LIMIT_PORTS * (TOMTE_CHANNEL_MAX + 2))

/* The checksum with the head of its byte string. */
#define TOMTE_CHECKPOINT_TAIL_BYTES 5

/* The head of a fallback, and an encoded body, are not longer. */
#define TOMTE_FALLBACK_HEAD_BYTES 64

struct tomte_checkpoint_head {
    bool fallback; /* there is one: format TRIAL */
    struct tomte_name identity;
    uint8_t image[TOMTE_IMAGE_DIGEST_BYTES];
    uint64_t epoch;
    uint64_t sequence;
};

struct tomte_checkpoint_body {
    uint64_t time_ms;
    uint64_t timers[TOMTE_LIMIT_TIMERS]; /* UINT64_MAX: unset */
    bool started;
    bool ended;
    uint8_t ports_len;
    struct tomte_channel_name bound[TOMTE_LIMIT_PORTS]; /* empty: none */
};

struct tomte_checkpoint {
    struct tomte_checkpoint_head head;
    struct tomte_checkpoint_body body;
    struct tomte_span node_part; /* borrowed */
    struct tomte_span snapshot;  /* borrowed */
    struct tomte_span fallback;  /* borrowed; empty: none */
};

/* The version before, as it was at the switch, and the events since: a CBOR
 * sequence of [image, sequence, switched_ms], body, snapshot as a byte string,
 * and the records. */
struct tomte_fallback {
    uint8_t image[TOMTE_IMAGE_DIGEST_BYTES];
    uint64_t sequence;    /* of the last event that version handled */
    uint64_t switched_ms; /* container time of the switch */
    struct tomte_checkpoint_body body;
    struct tomte_span whole; /* all but the records; borrowed, as these: */
    struct tomte_span snapshot;
    struct tomte_span records; /* one after the other */
};

/* `out` has room for what is at most TOMTE_CHECKPOINT_..._BYTES. */
struct tomte_span
tomte_checkpoint_head_encode(const struct tomte_checkpoint_head *head,
                             struct tomte_buf out);
struct tomte_span
tomte_checkpoint_body_encode(const struct tomte_checkpoint_body *body,
                             struct tomte_buf out);

/* The head of a byte string of `len` bytes, at most 5 of them. */
struct tomte_span tomte_checkpoint_string_head(uint32_t len, uint8_t out[5]);

/* The tail: the checksum of all the bytes before it, as an item. */
struct tomte_span
tomte_checkpoint_tail_encode(uint32_t crc,
                             uint8_t out[TOMTE_CHECKPOINT_TAIL_BYTES]);

/* The head of a checkpoint of which `prefix` is the beginning: all of it, or
 * TOMTE_CHECKPOINT_HEAD_BYTES. */
TOMTE_MUST_CHECK enum tomte_err
tomte_checkpoint_head_decode(struct tomte_span prefix,
                             struct tomte_checkpoint_head *head);

/* The first item of a fallback, into `out` of TOMTE_FALLBACK_HEAD_BYTES. */
struct tomte_span tomte_fallback_head_encode(const struct tomte_fallback *f,
                                             struct tomte_buf out);

TOMTE_MUST_CHECK enum tomte_err tomte_fallback_decode(struct tomte_span bytes,
                                                      struct tomte_fallback *f);

/* The whole. CORRUPT when the checksum does not match. */
TOMTE_MUST_CHECK enum tomte_err
tomte_checkpoint_decode(struct tomte_span bytes, struct tomte_checkpoint *c);
