/* SPDX-License-Identifier: Apache-2.0 */
/* keepers/message.h: what keepers say to each other, as bytes.
 *
 * CBOR in deterministic form. A frame is what one CoAP request carries:
 *
 *   frame = [1, to, from, boot, sequence, stamp, echo, kind, ...]
 *     kind 0  bstr message
 *     kind 1  number, total, offset, bstr: a piece of a message that is longer
 *     kind 2  number, offset: what the receiver of pieces lacks next; offset =
 *             total: it has all
 *   message = [1, term, prev index, prev term, commit, [* [term, type, bstr]]]
 *           / [2, term, rejected, last]
 *           / [3, term, last index, last term, disrupt, pre-vote]
 *           / [4, term, granted, pre-vote: 0 unknown, 1 yes, 2 no]
 *           / [5, term, last index, last term, conf index, conf, bstr]
 *           / [6, term, last index, last term]
 *   conf = [* [id, address, role]]
 *
 * `to` and `from` are the identifiers of storages. `boot` and `sequence` put
 * what one keeper sends in order. `stamp` is the sender's clock, `echo` the
 * newest stamp that it had of the receiver. Message types are libraft's.
 *
 * Decoding is strict and bounded; what it allocates comes from raft_malloc and
 * is freed by the core or by keepers_message_free. */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "home/replica.h"

#include <raft.h>

#define KEEPERS_FRAME_VERSION 1

/* What a frame has beside the bytes in it, at most. */
#define KEEPERS_FRAME_HEAD 96u
#define KEEPERS_PIECE_MAX  (TOMTE_REPLICA_FRAME_MAX - KEEPERS_FRAME_HEAD)

/* Entries of one message: as many as fit into so many bytes, but one always. */
#define KEEPERS_ENTRIES_BYTES 16384u
#define KEEPERS_ENTRIES_MAX   256u
/* A message is not longer, so no snapshot is. */
#define KEEPERS_MESSAGE_MAX (8u << 20)

#define KEEPERS_ADDRESS_BYTES 37 /* of a member's address as text, with NUL */

enum keepers_frame_kind {
    KEEPERS_FRAME_WHOLE,
    KEEPERS_FRAME_PIECE,
    KEEPERS_FRAME_WANT,
};

struct keepers_frame {
    uint64_t to, from;
    uint64_t boot, sequence;
    uint64_t stamp, echo;
    uint8_t kind;            /* enum keepers_frame_kind */
    uint32_t number;         /* of the message in pieces, per sender and boot */
    uint32_t total;          /* its length */
    uint32_t at;             /* offset */
    struct tomte_span bytes; /* borrowed */
};

/* FULL when `out` is too small. */
TOMTE_MUST_CHECK enum tomte_err
keepers_frame_encode(const struct keepers_frame *f, struct tomte_buf out,
                     struct tomte_span *bytes);
TOMTE_MUST_CHECK enum tomte_err keepers_frame_decode(struct tomte_span bytes,
                                                     struct keepers_frame *f);

/* `*bytes` from raft_malloc, the caller frees it; NO_MEMORY, TOO_LARGE. Of the
 * entries the first `entries` are taken. */
TOMTE_MUST_CHECK enum tomte_err
keepers_message_encode(const struct raft_message *m, unsigned entries,
                       struct tomte_buf *bytes);

/* How many entries of the message go into one. */
unsigned keepers_message_entries(const struct raft_message *m);

/* `m->server_id` and the candidate become `from`. */
TOMTE_MUST_CHECK enum tomte_err keepers_message_decode(struct tomte_span bytes,
                                                       uint64_t from,
                                                       struct raft_message *m);

/* What decode allocated, when the core did not get it. */
void keepers_message_free(struct raft_message *m);

/* A configuration on its own, as snapshots have it. */
TOMTE_MUST_CHECK enum tomte_err
keepers_conf_encode(const struct raft_configuration *c, struct tomte_buf out,
                    struct tomte_span *bytes);
TOMTE_MUST_CHECK enum tomte_err
keepers_conf_decode(struct tomte_span bytes, struct raft_configuration *c);

/* An entry of type RAFT_CHANGE has libraft's own form, which the core decodes
 * without looking: a version byte 1, the number of servers (8 bytes, little-
 * endian), then each: id (8), address with NUL, role (1). */
bool keepers_change_is_sound(struct tomte_span entry);

/* Of a sound one: this member votes, and no other. */
bool keepers_change_is_alone(struct tomte_span entry, uint64_t id);

/* A member's address as the core knows it: IPv6 address and port in 36
 * hexadecimal digits, and back. */
void keepers_address_put(const struct tomte_addr *addr,
                         char text[KEEPERS_ADDRESS_BYTES]);
TOMTE_MUST_CHECK bool keepers_address_get(const char *text,
                                          struct tomte_addr *addr);
