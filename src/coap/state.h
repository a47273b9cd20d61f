/* SPDX-License-Identifier: Apache-2.0 */
/* coap/state.h: the tables of an endpoint, for the room's own files.
 *
 *   endpoint.c  init, step, poll, deadline, wipe; what arrives goes where
 *   state.c     entries: handles, the ready queue, what is due
 *   pool.c      messages kept in chains of blocks
 *   peer.c      addresses, message IDs, who may still take an entry
 *   transmit.c  one message on its way: NSTART, repetition (section 4.2)
 *   request.c   the calls of a client
 *   exchange.c  requests of ours, and answers sent apart
 *   response.c  what answers them, observations of ours (RFC 7641 section 3)
 *   inbound.c   requests of others: duplicates, acknowledgements, answers
 *   observer.c  observers here (RFC 7641 section 4)
 *
 * Every entry of the three tables begins with struct tomte_coap_entry. An
 * entry with something to tell is in the ready queue, once; its `emit` bits
 * say what. So whatever a step or a call causes is bounded by the tables. */
#pragma once

#include "coap/endpoint.h"

#define TOMTE_COAP_NONE  UINT16_MAX
#define TOMTE_COAP_NEVER UINT64_MAX

#define TOMTE_COAP_BLOCK_BYTES 64

/* An id names an entry: its kind and its place. */
enum tomte_coap_kind {
    TOMTE_COAP_KIND_EXCHANGE = 1,
    TOMTE_COAP_KIND_INBOUND,
    TOMTE_COAP_KIND_OBSERVER,
};

#define TOMTE_COAP_ID(kind, index) ((uint16_t)((kind) << 12 | (index)))

enum tomte_coap_emit {
    TOMTE_COAP_EMIT_ACK = 1,   /* an empty acknowledgement */
    TOMTE_COAP_EMIT_SEND = 2,  /* the message */
    TOMTE_COAP_EMIT_STALE = 4, /* then what is for the application */
    TOMTE_COAP_EMIT_END = 8, /* FAILED, PONG or GONE; the entry is then free */
};

struct tomte_coap_entry {
    uint16_t next; /* in the ready queue */
    uint16_t generation;
    uint16_t peer;
    bool queued;
    uint8_t emit;
};

/* A peer may have nstart messages outstanding as our server and as our client
 * (RFC 7252 section 4.7, RFC 7641 section 4.5.1). */
enum tomte_coap_side { TOMTE_COAP_CLIENT, TOMTE_COAP_SERVER };

struct tomte_coap_peer {
    struct tomte_addr addr;
    bool used;
    bool link;
    bool pinned; /* scratch of the search for one to evict */
    uint8_t outstanding[2];
    uint16_t next_mid;
    uint16_t exchanges, inbound, observers; /* entries it holds */
    uint64_t used_ms;
    uint64_t probe_ms;   /* no NON request before, unless it is heard from */
    uint64_t free_ms[4]; /* when each quarter of the IDs may be used again */
};

enum tomte_coap_tx_state {
    TOMTE_COAP_TX_IDLE,
    TOMTE_COAP_TX_QUEUED, /* waits for others of its peer */
    TOMTE_COAP_TX_FLYING, /* a CON, until ACK, RST or timeout */
    TOMTE_COAP_TX_PACED,  /* a NON request, counted for one ACK_TIMEOUT */
};

struct tomte_coap_tx {
    uint64_t due_ms;
    uint32_t timeout_ms;
    uint32_t order; /* QUEUED: who waited longest goes first */
    uint16_t msg;   /* chain in the pool */
    uint16_t mid;
    uint8_t state;
    uint8_t repeats;
    bool held; /* QUEUED at some time because its peer was silent */
};

enum tomte_coap_role {
    TOMTE_COAP_FREE,
    TOMTE_COAP_ASKING,    /* a request of ours */
    TOMTE_COAP_PINGING,   /* an empty CON of ours */
    TOMTE_COAP_ANSWERING, /* a CON response to a request of theirs */
    TOMTE_COAP_ENDED,     /* until FAILED or PONG was polled */
};

struct tomte_coap_exchange {
    struct tomte_coap_entry entry;
    uint8_t role;
    uint8_t token_len;
    bool confirmable;
    bool registers; /* the request asked to observe */
    bool observing; /* and was accepted */
    bool started;   /* was sent at least once */
    bool ordered;   /* `seq` holds */
    bool pong;
    uint8_t token[TOMTE_COAP_TOKEN_MAX];
    struct tomte_coap_tx tx;
    uint64_t cookie;
    uint64_t until_ms; /* no answer: give up; observing: stale */
    uint32_t timeout_ms;
    uint32_t max_age_s;
    uint32_t seq; /* of the last notification, and when it came */
    uint64_t seq_ms;
    enum tomte_err err;
};

enum tomte_coap_inbound_state {
    TOMTE_COAP_IN_FREE,
    TOMTE_COAP_IN_OPEN,     /* handed up, to be answered */
    TOMTE_COAP_IN_ANSWERED, /* remembered for duplicates */
};

struct tomte_coap_inbound {
    struct tomte_coap_entry entry;
    uint8_t state;
    uint8_t token_len;
    bool confirmable;
    bool acked;    /* an empty ACK went out: answer apart */
    bool safe : 1; /* GET, FETCH */
    bool registers : 1;
    bool repeatable : 1; /* may be forgotten early: inbound.c says which */
    bool multicast : 1;
    uint8_t unwanted; /* classes of answers, as bits */
    uint8_t token[TOMTE_COAP_TOKEN_MAX];
    uint16_t mid;
    uint16_t msg;      /* the answer, as long as it may be asked for again */
    uint32_t observer; /* handle, when accepted */
    uint64_t ack_ms;   /* OPEN: of the empty ACK; ANSWERED: of a held answer */
    uint64_t expires_ms;
};

enum tomte_coap_observer_state {
    TOMTE_COAP_OB_FREE,
    TOMTE_COAP_OB_PENDING, /* accepted, the answer not yet given */
    TOMTE_COAP_OB_LIVE,
    TOMTE_COAP_OB_GONE, /* until GONE was polled */
};

struct tomte_coap_observer {
    struct tomte_coap_entry entry;
    uint8_t state;
    uint8_t token_len;
    uint8_t token[TOMTE_COAP_TOKEN_MAX];
    bool sent;    /* tx.mid is that of the last notification */
    bool confirm; /* the one that waits wants to be a CON */
    bool ends;    /* the one that waits is the last */
    bool ending;  /* the one in flight is the last */
    uint32_t resource;
    uint32_t since_con; /* NON since the last CON */
    uint64_t cookie;
    uint64_t con_ms;  /* when the last CON went, or the registration came */
    uint64_t sent_ms; /* when the last notification went */
    struct tomte_coap_tx tx;
    uint16_t waiting; /* the newest state, not yet on its way */
    enum tomte_err err;
};

/* ---- state.c ---- */

struct tomte_coap_entry *tomte_coap_entry(const struct tomte_coap *ep,
                                          uint16_t id);
uint32_t tomte_coap_handle(const struct tomte_coap *ep, uint16_t id);

/* The place of the entry a handle names, or NONE when it is no more. */
uint16_t tomte_coap_index(const struct tomte_coap *ep, uint32_t handle,
                          enum tomte_coap_kind kind);

/* Queues an entry for poll; takes it out again. */
void tomte_coap_emit(struct tomte_coap *ep, uint16_t id, uint8_t bits);
void tomte_coap_unqueue(struct tomte_coap *ep, uint16_t id);
uint16_t tomte_coap_next_ready(struct tomte_coap *ep);

/* Time moves on; something is due then. */
void tomte_coap_tick(struct tomte_coap *ep, uint64_t now_ms);
void tomte_coap_wake(struct tomte_coap *ep, uint64_t at_ms);

/* An empty ACK or Reset, to be sent at once. */
void tomte_coap_reply(struct tomte_coap *ep, const struct tomte_addr *to,
                      enum tomte_coap_type type, uint16_t mid);
void tomte_coap_reply_msg(struct tomte_coap *ep, const struct tomte_addr *to,
                          const struct tomte_coap_msg *msg);

/* Puts a message together in ep->out. `observe` adds or replaces the Observe
 * option; NULL leaves the options as they are. TOO_LARGE. */
enum tomte_err tomte_coap_compose(struct tomte_coap *ep,
                                  const struct tomte_coap_msg *head,
                                  const struct tomte_coap_parts *parts,
                                  const uint32_t *observe,
                                  struct tomte_span *datagram);

/* ---- pool.c ---- */

void tomte_coap_pool_init(struct tomte_coap *ep);

/* A chain that holds a copy, or NONE (counted). For it remembered answers are
 * given up, to requests that may be asked again. Links may take the last
 * quarter. */
uint16_t tomte_coap_pool_put(struct tomte_coap *ep, struct tomte_span message,
                             bool link);
size_t tomte_coap_pool_get(const struct tomte_coap *ep, uint16_t chain,
                           uint8_t *out);
/* Gives the chain back; sets *chain to NONE. NONE is allowed. */
void tomte_coap_pool_free(struct tomte_coap *ep, uint16_t *chain);
/* Type and message ID of a message that was composed without. */
size_t tomte_coap_pool_length(const struct tomte_coap *ep, uint16_t chain);
void tomte_coap_pool_stamp(struct tomte_coap *ep, uint16_t chain, uint8_t type,
                           uint16_t mid);

/* ---- peer.c ---- */

struct tomte_coap_peer *tomte_coap_peer_find(struct tomte_coap *ep,
                                             const struct tomte_addr *addr);
/* Finds or makes one; NULL when there is no room (counted). */
struct tomte_coap_peer *tomte_coap_peer_get(struct tomte_coap *ep,
                                            const struct tomte_addr *addr,
                                            bool link);
uint16_t tomte_coap_peer_index(const struct tomte_coap *ep,
                               const struct tomte_coap_peer *peer);
const struct tomte_coap_params *
tomte_coap_peer_params(const struct tomte_coap *ep,
                       const struct tomte_coap_peer *peer);
/* A message ID that was not used for an EXCHANGE_LIFETIME (section 4.4);
 * false when there is none (counted). */
bool tomte_coap_peer_mid(struct tomte_coap *ep, struct tomte_coap_peer *peer,
                         uint16_t *mid);
/* A message of this peer came: it is not silent. NULL is allowed. */
void tomte_coap_peer_heard(struct tomte_coap *ep, struct tomte_coap_peer *peer);
/* A NON request of so many bytes went to it (section 4.7). */
void tomte_coap_peer_probed(const struct tomte_coap *ep,
                            struct tomte_coap_peer *peer, size_t bytes);
/* Whether a table of `size` with `used` entries has one for such a peer. */
bool tomte_coap_has_room(const struct tomte_coap *ep, uint16_t size,
                         uint16_t used, bool link);

/* ---- transmit.c ---- */

/* Puts tx->msg on its way with a new message ID, stamped CON or NON. False
 * when no ID is to be had: nothing changed. */
bool tomte_coap_tx_begin(struct tomte_coap *ep, struct tomte_coap_peer *peer,
                         struct tomte_coap_tx *tx, enum tomte_coap_side side,
                         bool confirmable);
bool tomte_coap_tx_may_begin(const struct tomte_coap *ep,
                             const struct tomte_coap_peer *peer,
                             enum tomte_coap_side side);
/* Lets it wait for its turn. */
void tomte_coap_tx_queue(struct tomte_coap *ep, struct tomte_coap_tx *tx);
/* The next repetition; false when they are used up. */
bool tomte_coap_tx_repeat(struct tomte_coap *ep, struct tomte_coap_peer *peer,
                          struct tomte_coap_tx *tx);
/* No longer outstanding. The message goes, the message ID stays. */
void tomte_coap_tx_end(struct tomte_coap *ep, struct tomte_coap_peer *peer,
                       struct tomte_coap_tx *tx, enum tomte_coap_side side);
/* Starts what waited for this side of the peer, as far as nstart allows. */
void tomte_coap_tx_next(struct tomte_coap *ep, uint16_t peer,
                        enum tomte_coap_side side);

/* ---- exchange.c ---- */

struct tomte_coap_exchange *
tomte_coap_exchange_open(struct tomte_coap *ep, struct tomte_coap_peer *peer);
bool tomte_coap_exchange_start(struct tomte_coap *ep,
                               struct tomte_coap_exchange *ex);
/* A NON request waits while its peer is silent. */
bool tomte_coap_exchange_may_start(struct tomte_coap *ep,
                                   struct tomte_coap_exchange *ex);
enum tomte_coap_side
tomte_coap_exchange_side(const struct tomte_coap_exchange *ex);
void tomte_coap_exchange_free(struct tomte_coap *ep,
                              struct tomte_coap_exchange *ex);
void tomte_coap_exchange_fail(struct tomte_coap *ep,
                              struct tomte_coap_exchange *ex,
                              enum tomte_err err);
bool tomte_coap_exchange_acked(struct tomte_coap *ep, uint16_t peer,
                               uint16_t mid);
bool tomte_coap_exchange_reset(struct tomte_coap *ep, uint16_t peer,
                               uint16_t mid);
/* The state an observation of ours has is good for so long. */
void tomte_coap_exchange_fresh(struct tomte_coap *ep,
                               struct tomte_coap_exchange *ex,
                               uint32_t max_age_s);
void tomte_coap_exchange_due(struct tomte_coap *ep,
                             struct tomte_coap_exchange *ex);
bool tomte_coap_exchange_emit(struct tomte_coap *ep, uint16_t index,
                              struct tomte_coap_effect *effect);
/* Sends the answer to a request apart, as a CON of its own. */
enum tomte_err tomte_coap_exchange_answer(struct tomte_coap *ep,
                                          const struct tomte_coap_inbound *in,
                                          struct tomte_span datagram);

/* ---- response.c ---- */

enum tomte_err tomte_coap_take_response(struct tomte_coap *ep,
                                        struct tomte_coap_peer *peer,
                                        const struct tomte_addr *from,
                                        const struct tomte_coap_msg *msg);

/* ---- inbound.c ---- */

enum tomte_err tomte_coap_take_request(struct tomte_coap *ep,
                                       const struct tomte_addr *from,
                                       const struct tomte_coap_msg *msg,
                                       bool multicast);
/* What this message is a duplicate of. The token is compared beside the message
 * ID: a forged message then cannot stand in the way of a true one, unless its
 * token was known too. */
struct tomte_coap_inbound *
tomte_coap_inbound_find(struct tomte_coap *ep, uint16_t peer,
                        const struct tomte_coap_msg *msg);
/* Remembers a CON response, so that its duplicates are acknowledged. */
void tomte_coap_inbound_note(struct tomte_coap *ep,
                             struct tomte_coap_peer *peer,
                             const struct tomte_coap_msg *msg);
void tomte_coap_inbound_free(struct tomte_coap *ep,
                             struct tomte_coap_inbound *in);
/* Frees what has expired. */
void tomte_coap_inbound_sweep(struct tomte_coap *ep);
/* It may be forgotten before its time: asking the application again does no
 * harm (section 4.5). */
bool tomte_coap_inbound_yields(const struct tomte_coap_inbound *in);
void tomte_coap_inbound_due(struct tomte_coap *ep,
                            struct tomte_coap_inbound *in);
bool tomte_coap_inbound_emit(struct tomte_coap *ep, uint16_t index,
                             struct tomte_coap_effect *effect);

/* ---- observer.c ---- */

struct tomte_coap_observer *tomte_coap_observer_find(struct tomte_coap *ep,
                                                     uint16_t peer,
                                                     const uint8_t *token,
                                                     uint8_t token_len);
void tomte_coap_observer_start(struct tomte_coap *ep,
                               struct tomte_coap_observer *ob);
void tomte_coap_observer_free(struct tomte_coap *ep,
                              struct tomte_coap_observer *ob);
void tomte_coap_observer_end(struct tomte_coap *ep,
                             struct tomte_coap_observer *ob,
                             enum tomte_err err);
/* The registration that a request asked for and the application accepted. */
struct tomte_coap_observer *
tomte_coap_observer_accepted(struct tomte_coap *ep,
                             const struct tomte_coap_inbound *in);
/* What the answer to a request does to a registration; `ok`: a 2.xx code. */
void tomte_coap_observer_answered(struct tomte_coap *ep,
                                  struct tomte_coap_inbound *in, bool ok);
/* It will never be answered. */
void tomte_coap_observer_unanswered(struct tomte_coap *ep,
                                    const struct tomte_coap_inbound *in);
bool tomte_coap_observer_acked(struct tomte_coap *ep, uint16_t peer,
                               uint16_t mid);
bool tomte_coap_observer_reset(struct tomte_coap *ep, uint16_t peer,
                               uint16_t mid);
void tomte_coap_observer_due(struct tomte_coap *ep,
                             struct tomte_coap_observer *ob);
bool tomte_coap_observer_emit(struct tomte_coap *ep, uint16_t index,
                              struct tomte_coap_effect *effect);

/* The Observe value to use next (RFC 7641 section 4.4): with 24 bits it may not
 * grow by 2^23 within 256 seconds, so all observers share 32768 a second. */
uint32_t tomte_coap_observe_seq(const struct tomte_coap *ep);
