/* SPDX-License-Identifier: Apache-2.0 */
/* home/lease.h: the messages that renew a lease, and a node's side of it.
 *
 * A node sends a request every third of a lease to the keeper that leads:
 *
 *   request = {0: 1, 1: name, 2: boot, 3: sequence, 4: store, 5: term,
 *              6: view version, 7: offer CRC, ? 8: bstr .cbor offer,
 *              ? 9: address, ? 10: [* container]}
 *   container = [identity, epoch, state, ? [* standby in sync]]
 *   answer = {0: 1, 1: lease in ms, 2: view version, 3: term,
 *             4: settled, ? 5: offer wanted, ? 6: [name, address] of leader}
 *
 * The version in the request is that of the view which the node has stored and
 * acts by: whatever an older view granted it and this one does not, it has
 * stopped. That is how fences are confirmed, so a node stops and stores first.
 *
 * A lease of 0 is none: the node has to fetch the view first (it was away and
 * has an older one than the answer's; it asks again as soon as it acts by the
 * new one), or it asked a keeper that does not lead and says who does.
 *
 * Boot and sequence put the requests of a node in order, the term ties them to
 * one leader: a proposal that was overtaken counts no more. An owner that wants
 * to count out a standby which it has proposed and which its view does not list
 * as in sync may do so when a later request, in which it said so, was answered
 * as settled and with the version of that same view.
 *
 * The node counts a lease from the moment it sent the request that was
 * answered, the keeper from the moment it received it, both with 1 in 1,000 for
 * the drift of their clocks; so the node's end comes before the keeper's. */
#pragma once

#include "home/home.h"
#include "home/plan.h"

#define TOMTE_LEASE_VERSION 1

/* A request without an offer is made not larger than this: what does not fit
 * of the containers is in a later one. */
#define TOMTE_LEASE_BYTES_MAX 1024u

/* What the owner says about one container. */
struct tomte_lease_container {
    struct tomte_name identity;
    uint64_t epoch;
    uint8_t state;            /* enum tomte_report_state */
    struct tomte_span reason; /* SPOILT: borrowed text, at most
                                 TOMTE_COMMAND_REASON_MAX bytes */
    bool proposes; /* only while it differs from the set in the view */
    uint8_t insync_len;
    struct tomte_name insync[TOMTE_HOME_STANDBYS_MAX]; /* standbys */
};

struct tomte_lease_request {
    struct tomte_name name;
    uint64_t boot;      /* counts the starts of this node */
    uint64_t sequence;  /* counts the requests of this boot */
    uint64_t store;     /* drawn when the node's store was formatted: another
                           one means that it holds no history any more */
    uint64_t term;      /* of the answer that came last; 0: none came */
    uint64_t confirmed; /* version of its view; 0: has none */
    uint32_t offer_crc;
    bool has_addr; /* else: where the datagram came from */
    struct tomte_addr addr;
    struct tomte_span offer; /* empty: not sent */
    uint16_t containers_len;
    struct tomte_span containers; /* encoded, of a decoded request */
};

/* Encodes a request with those of `containers` that fit, beginning at index
 * `*next` and going round; `*next` is then where the next request begins.
 * `offer` and `containers` of the request itself: the offer is taken, the
 * containers are ignored. Those fit that keep it within out.cap, and without an
 * offer within TOMTE_LEASE_BYTES_MAX. FULL when not even none fit. */
TOMTE_MUST_CHECK enum tomte_err
tomte_lease_request_encode(const struct tomte_lease_request *request,
                           const struct tomte_lease_container *containers,
                           uint16_t containers_len, uint16_t *next,
                           struct tomte_buf out, struct tomte_span *bytes);

/* Checks all of it, also the offer. Spans are borrowed from `bytes`. */
TOMTE_MUST_CHECK enum tomte_err
tomte_lease_request_decode(struct tomte_span bytes,
                           struct tomte_lease_request *request);

/* The containers of a decoded request: init once, next until false. */
struct tomte_lease_iter {
    struct tomte_cbor_dec dec;
};

void tomte_lease_iter_init(struct tomte_lease_iter *it,
                           const struct tomte_lease_request *request);
bool tomte_lease_next(struct tomte_lease_iter *it,
                      struct tomte_lease_container *c);

struct tomte_lease_answer {
    uint32_t lease_ms; /* 0: no lease from me; see leader */
    uint64_t version;  /* of the view that the node should have */
    uint64_t term;     /* of this leader, not 0 */
    bool settled;      /* what this node proposed before is in the view of
                          this version, or dropped; not on its way to the log */
    bool offer_wanted;
    bool has_leader;
    struct tomte_name leader;
    struct tomte_addr leader_addr;
};

TOMTE_MUST_CHECK enum tomte_err
tomte_lease_answer_encode(const struct tomte_lease_answer *answer,
                          struct tomte_buf out, struct tomte_span *bytes);
TOMTE_MUST_CHECK enum tomte_err
tomte_lease_answer_decode(struct tomte_span bytes,
                          struct tomte_lease_answer *answer);

/* ---- the node's side --------------------------------------------------- */

/* All times on the node's own monotonic clock. Life: init -> (sent | granted |
 * held | remaining | deadline)*. A reboot begins with init: what was granted
 * before it is gone. */
struct tomte_lease {
    uint64_t until_ms; /* 0: none was granted */
    uint64_t sent_ms;
    uint32_t lease_ms; /* last granted; 0: none ever */
    bool asked;
    bool waiting; /* for the answer to the last request */
};

void tomte_lease_init(struct tomte_lease *lease);

/* A request leaves now. */
void tomte_lease_sent(struct tomte_lease *lease, uint64_t now_ms);

/* The request that was sent at `sent_ms` was answered with this lease. Answers
 * may come late and in any order. */
void tomte_lease_granted(struct tomte_lease *lease, uint64_t sent_ms,
                         uint32_t lease_ms);

bool tomte_lease_held(const struct tomte_lease *lease, uint64_t now_ms);

/* 0 when none is held. */
uint64_t tomte_lease_remaining_ms(const struct tomte_lease *lease,
                                  uint64_t now_ms);

/* When the next request should leave: a third of a lease after the last, a
 * sixth when that was not answered. */
uint64_t tomte_lease_deadline(const struct tomte_lease *lease);

/* The drift of a clock that is allowed for: 1 in 1,000, rounded up. */
static inline uint64_t tomte_lease_drift_ms(uint64_t span_ms)
{
    return span_ms / 1000 + 1;
}
