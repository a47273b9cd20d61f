/* SPDX-License-Identifier: Apache-2.0 */
/* coap/echo.h: is this request fresh, and does its sender hear us (RFC 9175
 * section 2, RFC 7252 section 11.3)?
 *
 * A server challenges with 4.01 and an Echo option; the client makes the same
 * request again with that value (coap/transfer.h does it by itself). The value
 * here is a time and a MAC over it (appendix A, method 2), so a challenge costs
 * the server no memory:
 *
 *    | time : 4 | MAC over time, sender and context : 8 |
 *
 * The time is in units of 128 ms of the clock of the events, big-endian, and
 * wraps after 17 years. The MAC is the caller's (HMAC-SHA-256 cut to 8 bytes)
 * with a key that is drawn anew at each start, since the clock starts anew.
 *
 * Two uses. Freshness: the request is younger than the challenge; only what is
 * authenticated has a use for it, and the Echo option is then an inner one.
 * Reachability: the sender receives what is sent to its address; before that
 * is known an answer may not be much larger than what asked for it. An outer
 * Echo says nothing about freshness.
 *
 * Whose address was verified is kept in a table of the caller's memory. */
#pragma once

#include "base/addr.h"
#include "coap/message.h"

#define TOMTE_COAP_ECHO_BYTES 12

/* Sizes that need no verified address: so many times what was received, and
 * what three times a smallest request over IPv6 comes to (RFC 9175 section 2.4,
 * item 3). */
#define TOMTE_COAP_AMPLIFY_FACTOR 3
#define TOMTE_COAP_AMPLIFY_BYTES  136

/* `in` and 8 bytes out; `ctx` is the caller's. */
typedef void tomte_coap_mac_fn(void *ctx, struct tomte_span in, uint8_t mac[8]);

struct tomte_coap_verified {
    struct tomte_addr peer;
    bool used;
    uint64_t until_ms;
};

struct tomte_coap_echo_config {
    tomte_coap_mac_fn *mac;
    void *mac_ctx;
    uint32_t fresh_ms;    /* how old a challenge may be, at least 256 */
    uint32_t verified_ms; /* how long an address stays verified */
    struct tomte_coap_verified *table; /* the caller's, zeroed, for its life */
    uint16_t table_len;                /* at least 1; the oldest is replaced */
};

struct tomte_coap_echo {
    struct tomte_coap_echo_config config;
    struct {
        uint32_t challenges; /* values given out */
        uint32_t fresh, stale, forged;
    } stats;
};

void tomte_coap_echo_init(struct tomte_coap_echo *e,
                          const struct tomte_coap_echo_config *config);
void tomte_coap_echo_wipe(struct tomte_coap_echo *e);

/* The value of a challenge to this sender. `context` is a number of the caller
 * that binds it further, to a security context for example. */
void tomte_coap_echo_challenge(struct tomte_coap_echo *e, uint64_t now_ms,
                               const struct tomte_addr *peer, uint64_t context,
                               uint8_t value[TOMTE_COAP_ECHO_BYTES]);

/* Of a request's options:
 *   OK       it carries a challenge of ours to this sender, not older than
 *            fresh_ms: it is that fresh, and the address is verified now
 *   MISSING  it carries none: challenge
 *   STALE    one that is too old: challenge again
 *   DENIED   one that is not ours, or another sender's: challenge again */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_echo_verify(struct tomte_coap_echo *e, uint64_t now_ms,
                       const struct tomte_addr *peer, uint64_t context,
                       struct tomte_span options);

/* The peer was heard from in a way that only its address allows: an
 * authenticated message, the answer to a request of ours. */
void tomte_coap_echo_note(struct tomte_coap_echo *e, uint64_t now_ms,
                          const struct tomte_addr *peer);

bool tomte_coap_echo_verified(struct tomte_coap_echo *e, uint64_t now_ms,
                              const struct tomte_addr *peer);

/* Whether an answer of `answer_bytes`, all its messages together, may go to
 * this peer for a request of `request_bytes`; else challenge. Send the
 * challenge in the acknowledgement or as a NON, never as a CON of its own: that
 * would be repeated. */
bool tomte_coap_echo_may_answer(struct tomte_coap_echo *e, uint64_t now_ms,
                                const struct tomte_addr *peer,
                                size_t request_bytes, size_t answer_bytes);
