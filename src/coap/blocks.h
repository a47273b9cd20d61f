/* SPDX-License-Identifier: Apache-2.0 */
/* coap/blocks.h: a server's memory for bodies that come or go in blocks
 * (RFC 7959 sections 2.4, 2.5, 2.7; RFC 9175 section 3).
 *
 * A bounded number of places, each for one body at a time: first a request's,
 * while its blocks come; then, if it is long, the answer's, while its blocks
 * are fetched. It stands between the endpoint (or OSCORE) and the application,
 * which then sees whole requests and gives whole answers.
 *
 * Life:
 *   init -> (take -> [the application] -> answer)* -> wipe
 *
 * For each request call `take`. It says
 *   PASS    not in blocks, or nothing to add: the application's, as it is
 *   WHOLE   the last block came; `body` is the whole
 *   ANSWER  `parts` is the answer: 2.31, an error, a further block of a kept
 *           answer. The application sees nothing of it.
 * To what it was given with PASS or WHOLE the application answers through
 * `answer`, which cuts the first block and keeps the rest. A representation
 * that need not be kept, since any part of it can be made at any time, is
 * better answered with tomte_coap_slice alone.
 *
 * Representation changes under way: a kept answer does not change, its client
 * gets all of one state. Block 0 asked for again is a new request. When the
 * place of a kept answer was needed, a GET or FETCH of a further block is
 * PASSed on and cut from the answer of now, whose ETag tells the client; any
 * other method gets 4.08, for it may not be carried out twice.
 *
 * Concurrency: operations are told apart by peer, method and options,
 * Request-Tag among them. A peer holds `per_peer` places at most. Without a
 * free place a new upload gets 5.03 with Max-Age (RFC 9175 section 3.3). An
 * answer that was fetched to its end, or else one of the peer's own, gives way
 * to what is new; an upload under way does not, before `kept_ms` without a
 * block.
 *
 * Identity of a peer: address, and `context`, a number of the caller for what
 * protects the message (0: nothing). Blocks of two contexts never mix (RFC
 * 8613 section 4.1.3.4). */
#pragma once

#include "base/addr.h"
#include "base/arena.h"
#include "coap/block.h"

/* Options of a kept answer, without Block2. */
#define TOMTE_COAP_BLOCKS_OPTIONS_MAX 64

struct tomte_coap_blocks_config {
    uint16_t places;     /* 1 to 256 */
    uint16_t per_peer;   /* 1 to places */
    uint16_t open;       /* that peers of context 0 may hold together */
    uint32_t body_bytes; /* of one place; longer bodies get 4.13 */
    uint32_t kept_ms;    /* without a sign of the peer */
    uint8_t szx;         /* largest block that we send or ask for, 0 to 6 */
};

/* 4 places of 4 KiB, with TOMTE_MCU 2 of 1 KiB; 30 s; 1024 bytes. */
struct tomte_coap_blocks_config tomte_coap_blocks_config_default(void);

enum tomte_coap_blocks_kind {
    TOMTE_COAP_BLOCKS_PASS = 1,
    TOMTE_COAP_BLOCKS_WHOLE,
    TOMTE_COAP_BLOCKS_ANSWER,
};

struct tomte_coap_blocks_result {
    enum tomte_coap_blocks_kind kind;
    struct tomte_span body;        /* PASS, WHOLE: of the request */
    struct tomte_coap_parts parts; /* ANSWER */
};

struct tomte_coap_blocks_stats {
    uint32_t refused;    /* uploads, for want of a place */
    uint32_t incomplete; /* answered 4.08 */
    uint32_t too_large;  /* answered 4.13 */
    uint32_t expired;    /* uploads that were not gone on with */
    uint32_t evicted;    /* kept answers that gave way unfetched */
};

struct tomte_coap_blocks_place; /* coap/blocks.c */

/* Fields are the module's own, but `stats` is there to be read. */
struct tomte_coap_blocks {
    struct tomte_coap_blocks_stats stats;
    struct tomte_coap_blocks_config config;
    struct tomte_coap_blocks_place *places;
    uint8_t *bytes;
    uint64_t now_ms;
    uint8_t options[TOMTE_COAP_BLOCKS_OPTIONS_MAX + 24]; /* of an ANSWER */
};

/* What init will take from an arena, at most. */
size_t tomte_coap_blocks_memory(const struct tomte_coap_blocks_config *config);

/* NO_MEMORY; RANGE when the config is not sensible. */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_blocks_init(struct tomte_coap_blocks *b,
                       const struct tomte_coap_blocks_config *config,
                       struct tomte_arena *arena);

struct tomte_coap_from {
    struct tomte_addr peer;
    uint64_t context;
};

/* One request. What the result has is borrowed until the next call. */
void tomte_coap_blocks_take(struct tomte_coap_blocks *b, uint64_t now_ms,
                            const struct tomte_coap_from *from,
                            const struct tomte_coap_msg *msg,
                            struct tomte_coap_blocks_result *result);

/* The answer to the request `msg`, which take gave as PASS or WHOLE: `whole`
 * becomes `first`, what is to be sent now, which is borrowed from `whole` and
 * until the next call. Its payload may be longer than a datagram, and longer
 * than a place when no part of it has to be kept.
 *
 * An ETag is the caller's to put; without one a client cannot tell that an
 * answer was made anew. FULL when there is no place for it, TOO_LARGE when it
 * or its options do not fit in one: `first` is then a 5.03, a 5.00. */
enum tomte_err tomte_coap_blocks_answer(struct tomte_coap_blocks *b,
                                        uint64_t now_ms,
                                        const struct tomte_coap_from *from,
                                        const struct tomte_coap_msg *msg,
                                        const struct tomte_coap_parts *whole,
                                        struct tomte_coap_parts *first);

/* The same for a notification (RFC 7959 section 2.6): what was kept of an older
 * state for this observer gives way. `operation` is that of its registration,
 * tomte_coap_blocks_operation, and `szx` what that asked for; the application
 * remembers both with the observer. */
enum tomte_err tomte_coap_blocks_notify(struct tomte_coap_blocks *b,
                                        uint64_t now_ms,
                                        const struct tomte_coap_from *from,
                                        uint64_t operation, uint8_t szx,
                                        const struct tomte_coap_parts *whole,
                                        struct tomte_coap_parts *first);

/* tomte_coap_operation, and the payload of a FETCH that is not in blocks, which
 * is part of what it asks (RFC 8132 section 2). */
uint64_t tomte_coap_blocks_operation(const struct tomte_coap_msg *msg);

/* When something expires; UINT64_MAX for never. Nothing needs to be done then:
 * take and answer look at the time. */
uint64_t tomte_coap_blocks_deadline(const struct tomte_coap_blocks *b);

/* Bodies may hold secrets. */
void tomte_coap_blocks_wipe(struct tomte_coap_blocks *b);
