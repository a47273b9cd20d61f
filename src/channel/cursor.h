/* SPDX-License-Identifier: Apache-2.0 */
/* channel/cursor.h: the consumer's side of event channels: what of each has
 * been taken, so that nothing is taken twice.
 *
 * One cursor for each (producer identity, channel) that a container listens to.
 * It has two positions:
 *
 *   committed   the container's commit covers everything up to here; this is
 *               what answers say, and what a checkpoint keeps
 *   taken       up to here messages are in the inbox, not committed yet: the
 *               same message again is IN_PROGRESS, neither taken twice nor
 *               acknowledged too early
 *
 * Use: check; when the verdict accepts and the inbox has room, take; after the
 * container's commit, commit, and answer with the cursor. A full inbox: do not
 * take, answer 5.03. When the inbox is lost but not the node (a restart of
 * the container): rollback.
 *
 * Restart: decode the checkpoint, bind, then commit the origin of each event
 * that is replayed; one that the checkpoint covers already does no harm.
 *
 * Epochs. A producer that is placed by the keeper is bound with the epoch of
 * the view: a lower one is FENCED, a higher one AHEAD (ask for a newer view). A
 * producer that is not placed, such as a button of a node, is bound with 0:
 * then the highest epoch that was taken is the fence.
 *
 * Life: init -> decode? -> bind -> (check | take | commit | rollback | bind)*.
 * The entries' memory is the caller's. */
#pragma once

#include "base/base.h"
#include "channel/origin.h"

struct tomte_cursor {
    struct tomte_channel_name channel;
    struct tomte_name producer;
    uint64_t epoch; /* fence: the bound one, or the highest taken */
    bool placed;    /* bound with an epoch */
    bool bound;     /* in this life; an unbound one accepts nothing */
    uint64_t stream, sequence;             /* committed; stream 0: nothing */
    uint64_t taken_stream, taken_sequence; /* at least the committed ones */
    uint64_t gaps; /* how often messages were missing, in this life */
    uint64_t lost; /* how many, as far as is known */
};

struct tomte_cursors {
    struct tomte_cursor *entries; /* sorted by channel, then producer */
    uint16_t len, cap;
};

enum tomte_cursor_verdict {
    TOMTE_CURSOR_ACCEPT,      /* the next one */
    TOMTE_CURSOR_NEW_STREAM,  /* accept: the first of a new stream; how many
                                 of the old one are missing nobody knows */
    TOMTE_CURSOR_GAP,         /* accept: the next one that there is */
    TOMTE_CURSOR_IN_PROGRESS, /* taken, not committed: answer after that */
    TOMTE_CURSOR_DUPLICATE,   /* committed, or of a stream that was left
                                 behind: acknowledge again (2.04) */
    TOMTE_CURSOR_HOLE,        /* one before it is missing (4.09) */
    TOMTE_CURSOR_FENCED,      /* a newer epoch is known (4.12) */
    TOMTE_CURSOR_AHEAD,       /* its epoch is not known here yet (5.03) */
    TOMTE_CURSOR_DENIED,      /* not a producer that is listened to (4.03) */
};

#define TOMTE_CURSOR_LOST_UNKNOWN UINT64_MAX

struct tomte_cursor_report {
    enum tomte_cursor_verdict verdict;
    uint64_t stream, sequence; /* committed: the answer's payload */
    uint64_t held;             /* FENCED, AHEAD: the epoch that is known */
    uint64_t lost;             /* NEW_STREAM, GAP: how many; else 0 */
};

void tomte_cursors_init(struct tomte_cursors *t, struct tomte_cursor *entries,
                        uint16_t cap);

/* Listen to `producer` on `channel`, `epoch` 0 when it is not placed. An epoch
 * never goes down. Another producer of the same channel may stay beside it
 * (its late messages are still known as such) until unbind. FULL. */
TOMTE_MUST_CHECK enum tomte_err
tomte_cursors_bind(struct tomte_cursors *t,
                   const struct tomte_channel_name *channel,
                   const struct tomte_name *producer, uint64_t epoch);

/* Listen no more; all that was known is forgotten. */
void tomte_cursors_unbind(struct tomte_cursors *t,
                          const struct tomte_channel_name *channel,
                          const struct tomte_name *producer);

/* What to do with a message; changes nothing. */
struct tomte_cursor_report
tomte_cursors_check(const struct tomte_cursors *t,
                    const struct tomte_channel_name *channel,
                    const struct tomte_origin *origin);

/* The verdict accepts: ACCEPT, NEW_STREAM or GAP. */
bool tomte_cursor_accepts(enum tomte_cursor_verdict verdict);

/* OK for what is acknowledged (or will be), else the error whose CoAP code
 * answers the verdict. */
enum tomte_err tomte_cursor_verdict_err(enum tomte_cursor_verdict verdict);

/* "new stream", for a log line. */
const char *tomte_cursor_verdict_name(enum tomte_cursor_verdict verdict);

/* The message that check accepted is in the inbox. Asserts that it was. */
void tomte_cursors_take(struct tomte_cursors *t,
                        const struct tomte_channel_name *channel,
                        const struct tomte_origin *origin);

/* The container has committed this message, and with it all before it. A
 * position that is behind the committed one changes nothing. NOT_FOUND when its
 * producer is not known. */
TOMTE_MUST_CHECK enum tomte_err
tomte_cursors_commit(struct tomte_cursors *t,
                     const struct tomte_channel_name *channel,
                     const struct tomte_origin *origin);

/* Everything taken and not committed is forgotten: it comes again. */
void tomte_cursors_rollback(struct tomte_cursors *t);

/* The cursor, for a look; NULL when there is none. */
const struct tomte_cursor *
tomte_cursors_find(const struct tomte_cursors *t,
                   const struct tomte_channel_name *channel,
                   const struct tomte_name *producer);

/* What is committed, for a checkpoint: deterministic CBOR. With out.data NULL
 * only the size is found. */
TOMTE_MUST_CHECK enum tomte_err
tomte_cursors_encode(const struct tomte_cursors *t, struct tomte_buf out,
                     struct tomte_span *bytes);

/* Replaces all of it; what is listened to is to be bound again. FULL;
 * NOT_CANONICAL when not sorted, DUPLICATE. On an error the table is empty. */
TOMTE_MUST_CHECK enum tomte_err tomte_cursors_decode(struct tomte_cursors *t,
                                                     struct tomte_span bytes);
