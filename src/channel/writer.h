/* SPDX-License-Identifier: Apache-2.0 */
/* channel/writer.h: the writer's side of an actuator: one value that is wanted,
 * written until it is accepted, and renewed before it falls to safe.
 *
 * Only the last value counts; one write is in flight at a time. Each write,
 * also one that repeats or renews, has a number of its own (stream.h, stamped),
 * so that a late one is told from a renewal.
 *
 * A refusal that time may heal (no answer, 5.03, an expired not_after) is tried
 * again after a wait that doubles; an expired not_after at once the first time,
 * since its answer brought the tick. FENCED and DENIED are not tried again: the
 * node learns from its view what is wrong, and says resume.
 *
 * Life: init -> decode? -> (put | next | answered | resume)*. */
#pragma once

#include "base/base.h"
#include "channel/grant.h"
#include "channel/stream.h"
#include "channel/value.h"

#define TOMTE_WRITER_RETRY_MS     500
#define TOMTE_WRITER_RETRY_MS_MAX 10000

struct tomte_writer {
    struct tomte_stream numbers;
    struct tomte_grant grant;
    struct tomte_value value;
    uint64_t boot;
    bool wants; /* there is a value */
    bool in_flight;
    bool newest;   /* the write in flight carries `value` */
    bool stopped;  /* fenced or denied */
    uint64_t sent; /* sequence of the write in flight */
    uint64_t due_ms;
    uint32_t renew_ms; /* 0: never renewed */
    uint32_t backoff_ms;
};

struct tomte_writer_send {
    uint64_t stream, sequence, not_after;
    struct tomte_span payload; /* borrowed until the next put */
    uint16_t format;
};

/* `renew_ms`: a third of the actuator's timeout is a good choice. `boot`: the
 * number of this boot. */
void tomte_writer_init(struct tomte_writer *w, uint32_t renew_ms,
                       uint64_t boot);

/* The container wants this now. TOO_LARGE; what was wanted before stays then.
 */
TOMTE_MUST_CHECK enum tomte_err tomte_writer_put(struct tomte_writer *w,
                                                 uint16_t format,
                                                 struct tomte_span payload,
                                                 uint64_t now_ms);

/* The write to send now; false when there is none. `lease_left_ms`: of the
 * lease that the container is bound to, UINT64_MAX when it is bound to none. */
bool tomte_writer_next(struct tomte_writer *w, uint64_t now_ms,
                       uint64_t lease_left_ms, struct tomte_writer_send *send);

/* When next has something at the latest; UINT64_MAX: not by time. */
uint64_t tomte_writer_deadline(const struct tomte_writer *w);

struct tomte_writer_answer {
    uint64_t sequence;  /* of the write */
    enum tomte_err err; /* as tomte_write_verdict_err; TIMEOUT also for no
                               answer at all */
    bool has_tick;      /* the answer carried one */
    uint64_t tick;
};

/* Ignored unless it answers the write in flight. */
void tomte_writer_answered(struct tomte_writer *w,
                           const struct tomte_writer_answer *answer,
                           uint64_t now_ms);

/* The actuator's binding changed: what was refused is tried again. It may be on
 * another node now, whose ticks are others, so the write in flight is forgotten
 * and a `safe` writer asks for a tick first. */
void tomte_writer_resume(struct tomte_writer *w, uint64_t now_ms);

/* ---- checkpoint ---- */

#define TOMTE_WRITER_BYTES_MAX (8 + TOMTE_VALUE_BYTES_MAX)

/* The value that is wanted: deterministic CBOR. */
TOMTE_MUST_CHECK enum tomte_err
tomte_writer_encode(const struct tomte_writer *w, struct tomte_buf out,
                    struct tomte_span *bytes);

/* Replaces the value, which is due at once; on an error nothing changes. */
TOMTE_MUST_CHECK enum tomte_err tomte_writer_decode(struct tomte_writer *w,
                                                    struct tomte_span bytes,
                                                    uint64_t now_ms);
