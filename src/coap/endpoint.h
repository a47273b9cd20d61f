/* SPDX-License-Identifier: Apache-2.0 */
/* coap/endpoint.h: one CoAP endpoint, client and server, as a pure state
 * machine over datagrams (RFC 7252 sections 4 and 5, RFC 7641).
 *
 * It numbers, acknowledges, repeats and deduplicates messages, matches
 * responses to requests, answers late requests apart, and keeps observations,
 * for many peers in bounded memory. It knows no paths, no blocks, no security:
 * whoever steps it does. Requests are made to one peer; those that came by
 * multicast are answered as RFC 7252 section 8 wants it.
 *
 * Life:
 *   init -> (step, then poll until false | a call, then poll until false)*
 *        -> wipe
 * `deadline` says when a TIMER event is due at the latest. Time is the now_ms
 * of events and calls, a monotonic clock in milliseconds; one that steps back
 * is held at its highest value.
 *
 * Memory is taken from the arena at init and never again. Who owns bytes:
 *  - what a call passes in (options, payload) is copied before it returns;
 *  - the datagram of a step is borrowed until poll returned false, because the
 *    message of a REQUEST or RESPONSE effect points into it;
 *  - the bytes of a SEND effect are borrowed until the next step, poll or
 *    call.
 * A step before the effects of the last one were drained is a fault of ours
 * and asserts. Calls may be made while draining; their effects come out of the
 * same loop, in order.
 *
 * Promises, as long as the tables have room (what they refuse is counted):
 *  - a request, CON or NON, is handed up once; a repetition of it gets the same
 *    answer again. Only under pressure, and counted, is one forgotten early
 *    that may be asked twice: a GET, a FETCH, one that was refused with 4.xx
 *    or told to go on with 2.31;
 *  - a request made here ends in exactly one of RESPONSE with `last`, FAILED
 *    or tomte_coap_cancel;
 *  - of the states that an observer is notified of with CON (all, between
 *    links) the last one arrives, or the observer is dropped. One lost with a
 *    NON is made up for when Max-Age runs out.
 *
 * Links. A peer marked with tomte_coap_link (a node of the home) is spoken to
 * with the `link` parameters, is never forgotten to make room, and a quarter
 * of every table is kept for links: strangers may not fill it. Without a
 * marked peer nothing is kept back.
 *
 * Randomness (message IDs, tokens, jitter) comes from the seed: seed it from a
 * true source. 32 bits of token keep off a stranger who cannot see the
 * traffic; against one who can there is OSCORE.
 *
 * Tables are scanned from end to end: a step costs one pass over the peers and
 * one over another table, a request that finds the inbound table full two
 * more. At a hub's sizes that is some 7 us for a request and its answer. */
#pragma once

#include "base/addr.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/span.h"
#include "coap/message.h"
#include "coap/params.h"

/* ---- set-up ---- */

struct tomte_coap_config {
    struct tomte_coap_params params; /* towards strangers */
    struct tomte_coap_params link;   /* towards peers marked as links */
    uint64_t seed;

    /* Sizes of the tables; each 1 to 4096, `blocks` to 32768. */
    uint16_t peers;     /* addresses with any state */
    uint16_t exchanges; /* own requests, and answers that wait for an ACK */
    uint16_t inbound;   /* requests received, remembered for a lifetime */
    uint16_t observers; /* registrations of others here */
    uint16_t blocks;    /* memory for messages, in blocks of 64 bytes */

    /* What one peer may hold of a table, at most. */
    uint16_t exchanges_per_peer;
    uint16_t inbound_per_peer;
    uint16_t observers_per_peer;

    /* Options that the application understands. A request with another
     * critical one is answered here with 4.02, such a response is rejected
     * and its request FAILED(OPTION). NULL: the application checks. Borrowed
     * for the life of the endpoint. */
    const uint16_t *known;
    size_t known_count;
};

/* RFC 7252's and the HOME profile, no `known`, and sizes for a hub (64 peers,
 * 256 exchanges, 512 inbound, 128 observers, 2048 blocks: 193 KiB) or, with
 * TOMTE_MCU defined, a tenth of them (20 KiB). */
struct tomte_coap_config tomte_coap_config_default(uint64_t seed);

/* What init will take from an arena, at most. */
size_t tomte_coap_memory(const struct tomte_coap_config *config);

/* S(name, text): what was refused, lost or found strange, and some totals. */
#define TOMTE_COAP_STAT_TABLE(S)                                               \
    S(received, "datagrams received")                                          \
    S(sent, "datagrams sent")                                                  \
    S(retransmitted, "messages sent again for want of an acknowledgement")     \
    S(duplicates, "messages received again")                                   \
    S(malformed, "datagrams that are no CoAP message")                         \
    S(oversized, "datagrams over the limit")                                   \
    S(bad_options, "messages with a critical option not understood")           \
    S(stray_acks, "acknowledgements and resets that match nothing")            \
    S(stray_responses, "responses that match no request")                      \
    S(old_notifications, "notifications older than the last one")              \
    S(timeouts, "requests and answers given up without a sign of the peer")    \
    S(resets, "messages that a peer reset")                                    \
    S(unanswered, "requests that the application never answered")              \
    S(peers_full, "refused for want of a peer entry")                          \
    S(peers_evicted, "strangers forgotten for another stranger")               \
    S(exchanges_full, "refused for want of an exchange")                       \
    S(inbound_full, "requests refused for want of an inbound entry")           \
    S(inbound_evicted, "harmless requests forgotten before their lifetime")    \
    S(observers_full, "observers refused")                                     \
    S(observers_lost, "observers dropped: reset, or no acknowledgement")       \
    S(blocks_full, "messages refused for want of blocks")                      \
    S(answers_dropped, "remembered answers to harmless requests given up")     \
    S(mids_exhausted, "messages refused for want of a free message ID")        \
    S(unwanted, "answers that the client did not want to get")                 \
    S(bad_multicast, "multicast messages that are no request without ACK")     \
    S(probes_held, "requests that waited because the peer is silent")

struct tomte_coap_stats {
#define S(name, text) uint32_t name;
    TOMTE_COAP_STAT_TABLE(S)
#undef S
};

/* ---- events in ---- */

enum tomte_coap_event_kind {
    TOMTE_COAP_EVENT_DATAGRAM,
    TOMTE_COAP_EVENT_TIMER, /* the deadline has come; harmless when early */
};

struct tomte_coap_event {
    enum tomte_coap_event_kind kind;
    uint64_t now_ms;
    struct tomte_addr from;  /* DATAGRAM */
    struct tomte_span bytes; /* DATAGRAM */
    bool multicast;          /* DATAGRAM: it was sent to a group */
};

/* ---- effects out ---- */

enum tomte_coap_effect_kind {
    /* Send `bytes` to `peer`. */
    TOMTE_COAP_SEND = 1,

    /* `msg` from `peer` wants an answer: tomte_coap_respond(handle), or
     * tomte_coap_drop(handle), now or later. With `multicast` drop what is
     * not for this node, or has nothing to say (section 8.2): an answer goes
     * out within the leisure, an error not at all. */
    TOMTE_COAP_REQUEST,

    /* `msg` from `peer` answers the request `handle`, `cookie`. Without `last`
     * it is the first or another notification and the handle lives on. */
    TOMTE_COAP_RESPONSE,

    /* The request `handle`, `cookie` ended: TIMEOUT, RESET, or OPTION. */
    TOMTE_COAP_FAILED,

    /* The ping `cookie` was answered. */
    TOMTE_COAP_PONG,

    /* The observation `handle`, `cookie` got no news within Max-Age. It still
     * stands; register again with tomte_coap_renew, or tomte_coap_cancel. Asked
     * again after another Max-Age. (The endpoint cannot repeat the request by
     * itself: one that OSCORE protected must be protected anew.) */
    TOMTE_COAP_STALE,

    /* The observer `handle`, `cookie` of `peer` is no more: OK when it
     * deregistered or was told an error, RESET, TIMEOUT. */
    TOMTE_COAP_GONE,
};

struct tomte_coap_effect {
    enum tomte_coap_effect_kind kind;
    struct tomte_addr peer;
    struct tomte_span bytes;
    struct tomte_coap_msg msg;
    uint32_t handle;
    uint64_t cookie;
    bool last;
    bool multicast;
    enum tomte_err err;
};

/* ---- the endpoint ---- */

/* The tables' entries, defined in coap/state.h for the room itself. */
struct tomte_coap_peer;
struct tomte_coap_exchange;
struct tomte_coap_inbound;
struct tomte_coap_observer;

/* Fields are the room's own, but `stats` is there to be read. */
struct tomte_coap {
    struct tomte_coap_stats stats;
    struct tomte_coap_config config;
    struct tomte_random random;
    uint64_t now_ms;
    uint64_t due_ms; /* nothing is due before */

    struct tomte_coap_peer *peers;
    struct tomte_coap_exchange *exchanges;
    struct tomte_coap_inbound *inbound;
    struct tomte_coap_observer *observers;
    struct {
        uint16_t peers, exchanges, inbound, observers, links;
    } used;
    struct {
        uint16_t exchanges, inbound, observers;
    } top; /* behind the last entry in use: what searches look at */
    struct {
        uint8_t *bytes;
        uint16_t first_free, free;
    } pool;
    uint8_t *out; /* TOMTE_LIMIT_DATAGRAM_BYTES, where messages are made */

    struct {
        uint16_t head, tail; /* entries that have effects, oldest first */
    } ready;
    struct tomte_coap_effect up; /* what the last datagram hands up, if any */
    struct {
        struct tomte_addr to;
        uint8_t len;
        uint8_t bytes[4 + TOMTE_COAP_TOKEN_MAX];
    } reply; /* what it sends back at once: an ACK, a Reset, a 4.02 */

    uint32_t observe_seq; /* of the last notification, any observer's */
    uint32_t order;       /* of the last message that had to wait */
};

/* NO_MEMORY when the arena has not tomte_coap_memory() bytes, RANGE when the
 * config is not sensible. The config is copied. */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_init(struct tomte_coap *ep, const struct tomte_coap_config *config,
                struct tomte_arena *arena);

/* Forgets everything, and overwrites it: messages may hold secrets. */
void tomte_coap_wipe(struct tomte_coap *ep);

/* The error says why a datagram was refused, for a log line; it was counted
 * and dealt with. */
enum tomte_err tomte_coap_step(struct tomte_coap *ep,
                               const struct tomte_coap_event *event);

/* When to step a TIMER at the latest; UINT64_MAX for never. */
uint64_t tomte_coap_deadline(const struct tomte_coap *ep);

/* The next effect; false when there is none left. */
bool tomte_coap_poll(struct tomte_coap *ep, struct tomte_coap_effect *effect);

/* Only what the last datagram hands up, REQUEST or RESPONSE, ahead of anything
 * that is to be sent: for who must store before anything leaves. False when it
 * handed up nothing (more). The rest comes from poll. */
bool tomte_coap_poll_up(struct tomte_coap *ep,
                        struct tomte_coap_effect *effect);

/* ---- calls ----
 *
 * Handles name an entry and its generation: one that is no more gives
 * NOT_FOUND, never another's entry. TOO_LARGE: the message exceeds
 * TOMTE_LIMIT_DATAGRAM_BYTES. FULL: a table or the peer's share of it is full,
 * nothing happened. AGAIN: message IDs to this peer have run out for now. */

/* The place of a handle's entry in its table, for who keeps something beside
 * each: below the config's `exchanges`, `inbound` or `observers`. Two handles
 * that have one place are not of one time. */
static inline uint16_t tomte_coap_place(uint32_t handle)
{
    return (uint16_t)(handle & 0xfff);
}

struct tomte_coap_request {
    struct tomte_addr to;
    struct tomte_coap_parts parts;
    uint64_t cookie;     /* comes back with every effect of this request */
    uint32_t timeout_ms; /* for the answer; 0: the exchange lifetime */
    bool confirmable;
};

/* Sends a request, or lets it wait while nstart others are outstanding. With
 * an Observe option of 0 it registers: the exchange then goes on as long as
 * notifications may come. */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_request(struct tomte_coap *ep, uint64_t now_ms,
                   const struct tomte_coap_request *request, uint32_t *handle);

/* Registers an observation again, or with an Observe option of 1 deregisters,
 * under the token it has. STATE when it is not one, or is being renewed. */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_renew(struct tomte_coap *ep, uint64_t now_ms, uint32_t handle,
                 const struct tomte_coap_parts *parts);

/* How long the last notification stays fresh, when the endpoint cannot see it
 * (OSCORE hides Max-Age). */
void tomte_coap_set_max_age(struct tomte_coap *ep, uint64_t now_ms,
                            uint32_t handle, uint32_t max_age_s);

/* Ends a request or observation of ours without a sign: no more effects. A
 * late response is reset, which ends the observation there (RFC 7641 section
 * 3.6). */
void tomte_coap_cancel(struct tomte_coap *ep, uint32_t handle);

/* An empty CON, which any CoAP endpoint resets (section 4.3): PONG or FAILED.
 */
TOMTE_MUST_CHECK enum tomte_err tomte_coap_ping(struct tomte_coap *ep,
                                                uint64_t now_ms,
                                                const struct tomte_addr *to,
                                                uint64_t cookie);

/* Answers a REQUEST: in its acknowledgement when that has not been sent, else
 * apart, as reliably as the request was. An answer that the client did not want
 * (No-Response, RFC 7967) is not sent, which is no error: it is then as if
 * dropped. That option is not heeded where it asks to observe. */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_respond(struct tomte_coap *ep, uint64_t now_ms, uint32_t handle,
                   const struct tomte_coap_parts *parts);

/* Leaves a REQUEST without answer; a CON is still acknowledged. */
void tomte_coap_drop(struct tomte_coap *ep, uint64_t now_ms, uint32_t handle);

/* The application itself knows this REQUEST when it comes again, by a number in
 * it, and takes it but once: its entry may give way to others before its
 * lifetime is over. To be said before it is answered. */
void tomte_coap_numbered(struct tomte_coap *ep, uint32_t handle);

/* Accepts the registration that a REQUEST with Observe 0 asks for, before it
 * is answered: an answer 2.xx then carries Observe, another one undoes the
 * registration. `resource` and `cookie` are the application's. The same peer
 * and token again is the same observer. STATE when the request asks for none.
 */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_observe(struct tomte_coap *ep, uint32_t request_handle,
                   uint32_t resource, uint64_t cookie, uint32_t *handle);

/* Tells one observer the new state. What is still waiting to be sent to it is
 * replaced: the latest state wins. `confirm`: as a CON in any case. A code
 * other than 2.xx ends the observation. */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_notify(struct tomte_coap *ep, uint64_t now_ms, uint32_t handle,
                  const struct tomte_coap_parts *parts, bool confirm);

/* The observers of a resource one by one: start with 0, 0 at the end. */
uint32_t tomte_coap_next_observer(const struct tomte_coap *ep,
                                  uint32_t resource, uint32_t after);

/* Whose it is; false when the handle is no more. */
bool tomte_coap_observer(const struct tomte_coap *ep, uint32_t handle,
                         struct tomte_addr *peer, uint64_t *cookie);

/* Removes an observer without a sign, and without a GONE. */
void tomte_coap_unobserve(struct tomte_coap *ep, uint32_t handle);

/* Marks a peer as a node of the home, or takes the mark away. FULL when all
 * peers are links or have work. */
TOMTE_MUST_CHECK enum tomte_err tomte_coap_link(struct tomte_coap *ep,
                                                uint64_t now_ms,
                                                const struct tomte_addr *peer);
void tomte_coap_unlink(struct tomte_coap *ep, const struct tomte_addr *peer);
