/* SPDX-License-Identifier: Apache-2.0 */
/* channel/outbox.h: the producer's side of an event channel.
 *
 * Holds what one out port has put until every consumer has acknowledged it.
 * Bounded in messages and bytes; full is FULL: nothing is ever dropped in
 * silence, and what to do about a slow consumer is the node's decision (it does
 * not run the container while there is no room for another event's outputs).
 *
 * Consumers acknowledge after their own commit, cumulatively. To each of them
 * the messages go in order, TOMTE_OUTBOX_WINDOW of them at most in flight; what
 * is not answered, or answered with a hole, goes out again from the cursor.
 *
 *                cursor          sent          next
 *   --------------|---------------|-------------|
 *    acknowledged   in flight      not yet sent
 *
 * `base`, in the origin of each message, is the oldest one of its stream that
 * is still held for this consumer. By it a consumer tells a hole (go back) from
 * a gap (gone for good: it fell behind its own acknowledgements, or was away).
 *
 * Streams (stream.h). After a take-over that opens a new one the messages of
 * the old one which are still held go out first, under their old numbers: old
 * and new owner made them from the same events, so consumers see which of them
 * they have. Then the first of the new stream, and with it the gap.
 *
 * Restart. Decode the checkpoint, bind the consumers, replay the events, each
 * output through tomte_outbox_replay; then send. Consumers must be bound before
 * the replay, else what it brings back is held for nobody. A replay may bring
 * back more than is held at a time, since acknowledgements are not replayed:
 * the oldest then make room. They were acknowledged, or there would have been
 * no room for the newest when it was put first. For this the bounds are part of
 * the checkpoint and stay with the container, wherever it goes.
 *
 * Life: init -> decode? -> bind -> (put | replay | next | acknowledged | hole
 * | failed | bind | open)*. Memory is the caller's and must outlive the outbox.
 */
#pragma once

#include "base/base.h"
#include "channel/stream.h"

/* In flight to one consumer. */
#define TOMTE_OUTBOX_WINDOW 4

/* What the memory holds beside each payload. */
#define TOMTE_OUTBOX_OVERHEAD 12

/* First and longest wait before a failed delivery is tried again; it doubles
 * from one to the next. */
#define TOMTE_OUTBOX_RETRY_MS     500
#define TOMTE_OUTBOX_RETRY_MS_MAX 30000

struct tomte_outbox_consumer {
    struct tomte_name identity;
    uint64_t epoch;    /* of its placement, as bound */
    uint64_t cursor;   /* acknowledged up to here */
    uint64_t sent;     /* sent up to here; at least cursor */
    uint64_t retry_ms; /* nothing is sent before that */
    uint32_t backoff_ms;
};

struct tomte_outbox {
    struct tomte_stream numbers; /* of the message that is put next */
    uint64_t first;              /* oldest held; numbers.next when empty */
    struct tomte_buf memory;     /* records of the messages held, in order */
    size_t used;
    uint16_t count_room; /* what init allowed; */
    uint16_t count_max;  /* what is used of it, */
    uint32_t bytes_max;  /* and of memory.cap */
    uint8_t consumers_len;
    struct tomte_outbox_consumer consumers[TOMTE_LIMIT_CONSUMERS];
};

/* At most `count_max` messages (itself at most TOMTE_LIMIT_OUTBOX) are held,
 * and what fits `memory`: each takes its length and TOMTE_OUTBOX_OVERHEAD. */
void tomte_outbox_init(struct tomte_outbox *o, struct tomte_buf memory,
                       uint16_t count_max);

/* ---- who gets it ---- */

struct tomte_outbox_target {
    struct tomte_name identity;
    uint64_t epoch;
};

/* The consumers as the view has them now. A new one gets what is put from now
 * on; one that is gone holds up nothing any more; one with a new epoch is sent
 * again what it has not acknowledged. FULL when there are more than
 * TOMTE_LIMIT_CONSUMERS, DUPLICATE when one is named twice; nothing is changed
 * then. */
TOMTE_MUST_CHECK enum tomte_err
tomte_outbox_bind(struct tomte_outbox *o,
                  const struct tomte_outbox_target *targets, size_t count);

/* ---- what goes in ---- */

/* Opens a new stream, see stream.h. */
void tomte_outbox_open(struct tomte_outbox *o, uint64_t epoch);

/* Room for `count` more messages with `bytes` of payload together. */
bool tomte_outbox_has_room(const struct tomte_outbox *o, size_t count,
                           size_t bytes);

/* Numbers and holds one message; the payload is copied. FULL; TOO_LARGE over
 * TOMTE_LIMIT_MESSAGE_BYTES or all of the memory; STATE when no stream was
 * opened. Without consumers it is numbered and gone. */
TOMTE_MUST_CHECK enum tomte_err tomte_outbox_put(struct tomte_outbox *o,
                                                 uint16_t format,
                                                 struct tomte_span payload,
                                                 uint64_t *sequence);

/* The oldest message is given up: whoever has not had it will see a gap. For a
 * producer that nobody may hold up; there must be one. */
void tomte_outbox_drop(struct tomte_outbox *o);

/* The same for an output that a replay brings back, each in its turn: it gets
 * the number that it had, and the oldest make room for it. */
TOMTE_MUST_CHECK enum tomte_err tomte_outbox_replay(struct tomte_outbox *o,
                                                    uint16_t format,
                                                    struct tomte_span payload);

/* ---- what goes out ---- */

struct tomte_outbox_send {
    struct tomte_name to; /* consumer */
    uint64_t epoch;       /* its epoch: hand it back with the answer */
    uint64_t stream, sequence, base;
    uint16_t format;
    struct tomte_span payload; /* borrowed until the next call */
};

/* The next message to send, which then counts as in flight; false when there
 * is none for now. */
bool tomte_outbox_next(struct tomte_outbox *o, uint64_t now_ms,
                       struct tomte_outbox_send *send);

/* When next may have something that it had not at `now_ms`: a retry. */
uint64_t tomte_outbox_deadline(const struct tomte_outbox *o, uint64_t now_ms);

/* ---- what comes back ---- */

/* To which send, and the cursor [stream, sequence] in it, if any. */
struct tomte_outbox_answer {
    struct tomte_name from;
    uint64_t epoch; /* as it was sent */
    uint64_t sent;  /* sequence */
    uint64_t stream, sequence;
};

/* An answer of a placement that is no more counts for nothing, since its
 * successor may know less; nor does one of who is no consumer (any more).
 *
 * 2.04: the consumer has committed up to the cursor. RANGE when the cursor is
 * beyond anything that was put: counts for nothing, and is worth a log line. */
TOMTE_MUST_CHECK enum tomte_err
tomte_outbox_acknowledged(struct tomte_outbox *o,
                          const struct tomte_outbox_answer *answer,
                          uint64_t now_ms);

/* 4.09: it lacks something before what it was sent. Goes back to the cursor, or
 * as far as messages are held: at once when it lies behind what had been
 * acknowledged, else after a wait, since the missing one may be on its way. */
void tomte_outbox_hole(struct tomte_outbox *o,
                       const struct tomte_outbox_answer *answer,
                       uint64_t now_ms);

/* Another answer, or none: goes back after a wait. */
void tomte_outbox_failed(struct tomte_outbox *o,
                         const struct tomte_outbox_answer *answer,
                         uint64_t now_ms);

/* Messages held: not acknowledged by all. */
size_t tomte_outbox_count(const struct tomte_outbox *o);

/* ---- checkpoint ---- */

/* Deterministic CBOR: equal outboxes give equal bytes. What is in flight is no
 * part of it: after a decode all that is not acknowledged is sent again. With
 * out.data NULL only the size is found. */
TOMTE_MUST_CHECK enum tomte_err
tomte_outbox_encode(const struct tomte_outbox *o, struct tomte_buf out,
                    struct tomte_span *bytes);

/* Replaces all of it; consumers are to be bound again. Strict: besides those of
 * cbor/cbor.h the errors are FULL (its bounds, which are taken over, are more
 * than this memory has), and INVALID (a part that contradicts another). On an
 * error the outbox is as after init. */
TOMTE_MUST_CHECK enum tomte_err tomte_outbox_decode(struct tomte_outbox *o,
                                                    struct tomte_span bytes);
