/* SPDX-License-Identifier: Apache-2.0 */
/* channel/state.h: a state cell: the latest representation of one thing.
 *
 * On the consumer's side it is filled by notifications, which may be skipped,
 * repeated and out of order: what is older than what is held is refused, and
 * the last one stays. On the producer's side it holds what the port put last;
 * encode and decode keep it over a restart and a take-over: the new owner puts
 * it again under its own epoch, before the container has put anything.
 *
 * A cell belongs to a channel, not to its writer. When the channel gets another
 * writer (bind with another identity) the representation stays until the new
 * writer's first, whose numbers are not compared with those of the old one.
 *
 * `revision` rises with each change of the representation: a reader keeps the
 * revision it saw last and knows by it whether there is news.
 *
 * Life: init -> (bind | put | get | ...)*. The payload's memory is the
 * caller's and must outlive the cell. */
#pragma once

#include "base/base.h"
#include "channel/origin.h"

struct tomte_state {
    struct tomte_name writer;   /* who may fill it; empty: anyone */
    uint64_t epoch;             /* the writer's by the view, 0: not known */
    struct tomte_origin origin; /* of the representation; epoch 0: none held */
    uint64_t revision;          /* 0: nothing was ever put */
    uint64_t received_ms;       /* when it was last confirmed */
    uint32_t max_age_ms;        /* fresh for that long; UINT32_MAX: for ever */
    uint16_t format;
    uint16_t len;
    struct tomte_buf memory;
};

/* A Max-Age in seconds as this file takes it; what is too long is for ever. */
static inline uint32_t tomte_state_max_age_ms(uint32_t max_age_s)
{
    return max_age_s < UINT32_MAX / 1000 ? max_age_s * 1000 : UINT32_MAX;
}

enum tomte_state_verdict {
    TOMTE_STATE_TAKEN,  /* newer: now held */
    TOMTE_STATE_SAME,   /* the one that is held: only its age is new */
    TOMTE_STATE_STALE,  /* older, or of an epoch below the bound one */
    TOMTE_STATE_DENIED, /* of an identity that is not the writer */
    TOMTE_STATE_TOO_LARGE,
};

/* `memory.cap` bounds the payload; at most TOMTE_LIMIT_MESSAGE_BYTES count. */
void tomte_state_init(struct tomte_state *s, struct tomte_buf memory);

/* The writer and its epoch as the view has them. An epoch lower than the one
 * bound for the same writer changes nothing. */
void tomte_state_bind(struct tomte_state *s, const struct tomte_name *writer,
                      uint64_t epoch);

struct tomte_state_put {
    struct tomte_origin origin;
    uint16_t format;
    uint32_t max_age_ms;
    struct tomte_span payload; /* copied */
};

enum tomte_state_verdict tomte_state_put(struct tomte_state *s,
                                         const struct tomte_state_put *put,
                                         uint64_t now_ms);

/* The payload, borrowed until the next put; false when none is held. Whether
 * it is still fresh is another question. */
bool tomte_state_get(const struct tomte_state *s, struct tomte_span *payload);

/* Held, and confirmed within its Max-Age. */
bool tomte_state_fresh(const struct tomte_state *s, uint64_t now_ms);

/* Max-Age in seconds that is left, for an answer; 0 when not fresh. */
uint32_t tomte_state_max_age_s(const struct tomte_state *s, uint64_t now_ms);

/* When freshness ends; UINT64_MAX: never, or nothing is held or fresh. */
uint64_t tomte_state_deadline(const struct tomte_state *s, uint64_t now_ms);

/* ---- checkpoint ---- */

#define TOMTE_STATE_BYTES_MAX (8 + TOMTE_LIMIT_MESSAGE_BYTES)

/* The representation without its origin: deterministic CBOR. */
TOMTE_MUST_CHECK enum tomte_err tomte_state_encode(const struct tomte_state *s,
                                                   struct tomte_buf out,
                                                   struct tomte_span *bytes);

/* What encode gave: format and payload are set in `put`, fresh for ever, the
 * rest is the caller's to fill in before it puts. `*known` is false when the
 * cell held nothing. The payload is borrowed from `bytes`. */
TOMTE_MUST_CHECK enum tomte_err tomte_state_decode(struct tomte_span bytes,
                                                   struct tomte_state_put *put,
                                                   bool *known);
