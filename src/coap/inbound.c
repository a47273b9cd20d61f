/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of others (RFC 7252 sections 4.2, 4.3, 4.5, 5.2).
 *
 *   FREE -> OPEN: handed up -> ANSWERED: remembered -> FREE, a lifetime later
 *
 * An entry may be forgotten early when its place is needed, the oldest first,
 * if asking the application twice does no harm: its method is safe (GET,
 * FETCH), or it is sealed, and OSCORE's replay window knows it (RFC 8613
 * section 7.4), or the application knows it by a number of its own, or it was
 * refused (4.xx), as what a forger sends in a peer's name is, or it was a block
 * that is not the last (2.31), of which a body has hundreds.
 * Any other one stays its whole lifetime; when only those are left, a request
 * of a stranger is answered 5.03. One of a link is dropped: its repetition is
 * the back-pressure. */
#include "coap/state.h"

#include "base/assert.h"
#include "coap/condition.h"

#include <string.h>

static struct tomte_coap_inbound *claim(struct tomte_coap *ep,
                                        struct tomte_coap_peer *peer,
                                        const struct tomte_coap_msg *msg);
static bool repeat(struct tomte_coap *ep, struct tomte_coap_inbound *in);
static void hand_up(struct tomte_coap *ep, struct tomte_coap_inbound *in,
                    const struct tomte_coap_msg *msg, bool multicast);
static bool is_wanted(const struct tomte_coap_inbound *in, uint8_t code);
static void bad_option(struct tomte_coap *ep, const struct tomte_addr *from,
                       const struct tomte_coap_msg *msg);
static void refuse(struct tomte_coap *ep, const struct tomte_addr *to,
                   const struct tomte_coap_msg *msg, uint8_t code);
static enum tomte_err send_answer(struct tomte_coap *ep,
                                  struct tomte_coap_inbound *in,
                                  struct tomte_span datagram);
static struct tomte_coap_inbound *get_open(struct tomte_coap *ep,
                                           uint32_t handle);
static uint16_t id_of(const struct tomte_coap *ep,
                      const struct tomte_coap_inbound *in);

enum tomte_err tomte_coap_take_request(struct tomte_coap *ep,
                                       const struct tomte_addr *from,
                                       const struct tomte_coap_msg *msg,
                                       bool multicast)
{
    if (ep->config.known != NULL &&
        tomte_coap_options_check(msg->options, ep->config.known,
                                 ep->config.known_count, NULL) != TOMTE_OK) {
        bad_option(ep, from, msg);
        return TOMTE_ERR_OPTION;
    }
    struct tomte_coap_peer *peer = tomte_coap_peer_get(ep, from, false);
    if (peer == NULL)
        return TOMTE_ERR_FULL;
    tomte_coap_peer_heard(ep, peer);
    struct tomte_coap_inbound *in =
        tomte_coap_inbound_find(ep, tomte_coap_peer_index(ep, peer), msg);
    if (in != NULL) {
        ep->stats.duplicates++;
        if (repeat(ep, in))
            return TOMTE_OK;
        tomte_coap_inbound_free(ep, in); /* its answer had to be given up */
    }
    in = claim(ep, peer, msg);
    if (in == NULL) {
        ep->stats.inbound_full++;
        if (!peer->link && !multicast)
            refuse(ep, from, msg, TOMTE_COAP_SERVICE_UNAVAILABLE);
        return TOMTE_ERR_FULL;
    }
    hand_up(ep, in, msg, multicast);
    return TOMTE_OK;
}

struct tomte_coap_inbound *
tomte_coap_inbound_find(struct tomte_coap *ep, uint16_t peer,
                        const struct tomte_coap_msg *msg)
{
    for (uint16_t i = 0; i < ep->top.inbound; i++) {
        struct tomte_coap_inbound *in = &ep->inbound[i];
        if (in->state == TOMTE_COAP_IN_FREE || in->entry.peer != peer ||
            in->mid != msg->mid || in->token_len != msg->token_len ||
            memcmp(in->token, msg->token, in->token_len) != 0)
            continue;
        if (in->expires_ms > ep->now_ms)
            return in;
        tomte_coap_inbound_free(ep, in);
        return NULL;
    }
    return NULL;
}

void tomte_coap_inbound_note(struct tomte_coap *ep,
                             struct tomte_coap_peer *peer,
                             const struct tomte_coap_msg *msg)
{
    struct tomte_coap_inbound *in = claim(ep, peer, msg);
    if (in == NULL)
        return; /* a duplicate will be reset: no harm, its sender stops */
    in->state = TOMTE_COAP_IN_ANSWERED;
    in->repeatable = true;
    in->acked = true;
}

enum tomte_err tomte_coap_respond(struct tomte_coap *ep, uint64_t now_ms,
                                  uint32_t handle,
                                  const struct tomte_coap_parts *parts)
{
    TOMTE_ASSERT(tomte_coap_is_response(parts->code));
    tomte_coap_tick(ep, now_ms);
    struct tomte_coap_inbound *in = get_open(ep, handle);
    if (in == NULL)
        return TOMTE_ERR_NOT_FOUND;
    bool ok = tomte_coap_class(parts->code) == 2;
    if (!is_wanted(in, parts->code)) {
        ep->stats.unwanted++;
        in->repeatable |= tomte_coap_class(parts->code) == 4;
        tomte_coap_drop(ep, now_ms, handle);
        return TOMTE_OK;
    }
    bool piggybacked = in->confirmable && !in->acked;
    struct tomte_coap_msg head = {.type = piggybacked ? TOMTE_COAP_ACK
                                                      : TOMTE_COAP_NON,
                                  .mid = in->mid,
                                  .token_len = in->token_len};
    memcpy(head.token, in->token, sizeof head.token);
    uint32_t seq = tomte_coap_observe_seq(ep);
    bool observed = ok && tomte_coap_observer_accepted(ep, in) != NULL;
    struct tomte_span datagram;
    enum tomte_err err =
        tomte_coap_compose(ep, &head, parts, observed ? &seq : NULL, &datagram);
    if (err == TOMTE_OK)
        err = send_answer(ep, in, datagram);
    if (err != TOMTE_OK)
        return err;
    in->state = TOMTE_COAP_IN_ANSWERED;
    if (!in->multicast)
        in->ack_ms = TOMTE_COAP_NEVER;
    in->repeatable |= tomte_coap_class(parts->code) == 4 ||
                      parts->code == TOMTE_COAP_CONTINUE;
    if (observed)
        ep->observe_seq = seq;
    tomte_coap_observer_answered(ep, in, ok);
    return TOMTE_OK;
}

void tomte_coap_drop(struct tomte_coap *ep, uint64_t now_ms, uint32_t handle)
{
    tomte_coap_tick(ep, now_ms);
    struct tomte_coap_inbound *in = get_open(ep, handle);
    if (in == NULL)
        return;
    if (in->confirmable && !in->acked)
        tomte_coap_emit(ep, id_of(ep, in), TOMTE_COAP_EMIT_ACK);
    in->acked = true;
    in->ack_ms = TOMTE_COAP_NEVER;
    in->state = TOMTE_COAP_IN_ANSWERED;
    tomte_coap_observer_unanswered(ep, in);
}

void tomte_coap_numbered(struct tomte_coap *ep, uint32_t handle)
{
    struct tomte_coap_inbound *in = get_open(ep, handle);
    if (in != NULL)
        in->repeatable = true;
}

void tomte_coap_inbound_free(struct tomte_coap *ep,
                             struct tomte_coap_inbound *in)
{
    if (in->state == TOMTE_COAP_IN_OPEN) {
        ep->stats.unanswered++;
        tomte_coap_observer_unanswered(ep, in);
    }
    tomte_coap_unqueue(ep, id_of(ep, in));
    tomte_coap_pool_free(ep, &in->msg);
    in->state = TOMTE_COAP_IN_FREE;
    in->entry.generation++;
    ep->peers[in->entry.peer].inbound--;
    ep->used.inbound--;
    while (ep->top.inbound > 0 &&
           ep->inbound[ep->top.inbound - 1].state == TOMTE_COAP_IN_FREE)
        ep->top.inbound--;
}

void tomte_coap_inbound_sweep(struct tomte_coap *ep)
{
    for (uint16_t i = 0; i < ep->top.inbound; i++) {
        struct tomte_coap_inbound *in = &ep->inbound[i];
        if (in->state != TOMTE_COAP_IN_FREE && in->expires_ms <= ep->now_ms)
            tomte_coap_inbound_free(ep, in);
    }
}

bool tomte_coap_inbound_yields(const struct tomte_coap_inbound *in)
{
    return in->state == TOMTE_COAP_IN_ANSWERED && in->repeatable &&
           !in->entry.queued && in->ack_ms == TOMTE_COAP_NEVER;
}

/* Section 5.2.2: the answer takes longer than the peer will wait. Section 8.2:
 * the leisure of an answer is over. */
void tomte_coap_inbound_due(struct tomte_coap *ep,
                            struct tomte_coap_inbound *in)
{
    if (in->ack_ms > ep->now_ms)
        return;
    bool open = in->state == TOMTE_COAP_IN_OPEN;
    in->acked |= open;
    in->ack_ms = TOMTE_COAP_NEVER;
    tomte_coap_emit(ep, id_of(ep, in),
                    open ? TOMTE_COAP_EMIT_ACK : TOMTE_COAP_EMIT_SEND);
}

bool tomte_coap_inbound_emit(struct tomte_coap *ep, uint16_t index,
                             struct tomte_coap_effect *effect)
{
    struct tomte_coap_inbound *in = &ep->inbound[index];
    effect->kind = TOMTE_COAP_SEND;
    effect->peer = ep->peers[in->entry.peer].addr;
    if (in->entry.emit & TOMTE_COAP_EMIT_ACK) {
        struct tomte_coap_msg ack = {.type = TOMTE_COAP_ACK, .mid = in->mid};
        in->entry.emit &= (uint8_t)~TOMTE_COAP_EMIT_ACK;
        enum tomte_err err = tomte_coap_encode(
            &ack, TOMTE_BUF(ep->out, TOMTE_LIMIT_DATAGRAM_BYTES),
            &effect->bytes);
        TOMTE_ASSERT(err == TOMTE_OK);
        return true;
    }
    in->entry.emit &= (uint8_t)~TOMTE_COAP_EMIT_SEND;
    TOMTE_ASSERT(in->msg != TOMTE_COAP_NONE);
    effect->bytes =
        TOMTE_SPAN(ep->out, tomte_coap_pool_get(ep, in->msg, ep->out));
    if (!in->confirmable)
        tomte_coap_pool_free(ep, &in->msg); /* a NON is not asked for again */
    return true;
}

/* A free entry for this message, by what the head of this file says. */
static struct tomte_coap_inbound *choose(struct tomte_coap *ep,
                                         const struct tomte_coap_peer *peer)
{
    uint16_t own = tomte_coap_peer_index(ep, peer);
    bool capped = peer->inbound >= ep->config.inbound_per_peer;
    bool room = tomte_coap_has_room(ep, ep->config.inbound, ep->used.inbound,
                                    peer->link);
    struct tomte_coap_inbound *best = NULL;
    for (uint16_t i = 0; i < ep->top.inbound; i++) {
        struct tomte_coap_inbound *in = &ep->inbound[i];
        if (in->state == TOMTE_COAP_IN_FREE) {
            if (!capped && room)
                return in;
            continue;
        }
        bool mine = in->entry.peer == own;
        bool strangers = !ep->peers[in->entry.peer].link;
        if (!tomte_coap_inbound_yields(in) || !(mine || (!capped && strangers)))
            continue;
        if (best == NULL || in->expires_ms < best->expires_ms)
            best = in;
    }
    if (!capped && room && ep->top.inbound < ep->config.inbound)
        return &ep->inbound[ep->top.inbound];
    if (best != NULL) {
        ep->stats.inbound_evicted++;
        tomte_coap_inbound_free(ep, best);
    }
    return best;
}

static struct tomte_coap_inbound *claim(struct tomte_coap *ep,
                                        struct tomte_coap_peer *peer,
                                        const struct tomte_coap_msg *msg)
{
    if (peer->inbound >= ep->config.inbound_per_peer ||
        !tomte_coap_has_room(ep, ep->config.inbound, ep->used.inbound,
                             peer->link))
        tomte_coap_inbound_sweep(ep);
    struct tomte_coap_inbound *in = choose(ep, peer);
    if (in == NULL)
        return NULL;
    const struct tomte_coap_params *p = tomte_coap_peer_params(ep, peer);
    uint16_t generation = in->entry.generation;
    bool confirmable = msg->type == TOMTE_COAP_CON;
    *in = (struct tomte_coap_inbound){
        .entry = {.generation = generation,
                  .peer = tomte_coap_peer_index(ep, peer)},
        .state = TOMTE_COAP_IN_OPEN,
        .confirmable = confirmable,
        .token_len = msg->token_len,
        .mid = msg->mid,
        .msg = TOMTE_COAP_NONE,
        .ack_ms = TOMTE_COAP_NEVER,
        .expires_ms =
            ep->now_ms + (confirmable ? tomte_coap_exchange_lifetime(p)
                                      : tomte_coap_non_lifetime(p))};
    memcpy(in->token, msg->token, sizeof in->token);
    peer->inbound++;
    ep->used.inbound++;
    if (in >= ep->inbound + ep->top.inbound)
        ep->top.inbound = (uint16_t)(in - ep->inbound + 1);
    return in;
}

static void hand_up(struct tomte_coap *ep, struct tomte_coap_inbound *in,
                    const struct tomte_coap_msg *msg, bool multicast)
{
    struct tomte_coap_peer *peer = &ep->peers[in->entry.peer];
    struct tomte_span sealed;
    uint32_t observe;
    in->multicast = multicast;
    in->safe = msg->code == TOMTE_COAP_GET || msg->code == TOMTE_COAP_FETCH;
    in->repeatable =
        in->safe ||
        tomte_coap_find(msg->options, TOMTE_COAP_OPT_OSCORE, &sealed);
    in->registers =
        in->safe && !multicast &&
        tomte_coap_find_uint(msg->options, TOMTE_COAP_OPT_OBSERVE, &observe) &&
        observe == 0;
    in->unwanted =
        in->registers ? 0 : tomte_coap_unwanted(msg->options, multicast);
    if (in->confirmable)
        in->ack_ms =
            ep->now_ms + tomte_coap_peer_params(ep, peer)->ack_delay_ms;
    tomte_coap_wake(ep, in->confirmable ? in->ack_ms : in->expires_ms);
    ep->up = (struct tomte_coap_effect){
        .kind = TOMTE_COAP_REQUEST,
        .peer = peer->addr,
        .msg = *msg,
        .handle = tomte_coap_handle(ep, id_of(ep, in)),
        .multicast = multicast};
}

static bool is_wanted(const struct tomte_coap_inbound *in, uint8_t code)
{
    return (in->unwanted >> tomte_coap_class(code) & 1) == 0;
}

/* What a duplicate gets: what its original got (section 4.2). False when that
 * is no longer known. A duplicate whose original is still open shows that the
 * peer has lost patience. */
static bool repeat(struct tomte_coap *ep, struct tomte_coap_inbound *in)
{
    if (!in->confirmable)
        return true;
    if (in->state == TOMTE_COAP_IN_OPEN || in->acked) {
        in->acked = true;
        in->ack_ms = TOMTE_COAP_NEVER;
        tomte_coap_reply(ep, &ep->peers[in->entry.peer].addr, TOMTE_COAP_ACK,
                         in->mid);
        return true;
    }
    if (in->msg == TOMTE_COAP_NONE)
        return false;
    tomte_coap_emit(ep, id_of(ep, in), TOMTE_COAP_EMIT_SEND);
    return true;
}

/* Section 5.4.1: a CON is answered 4.02, a NON is rejected in silence. */
static void bad_option(struct tomte_coap *ep, const struct tomte_addr *from,
                       const struct tomte_coap_msg *msg)
{
    ep->stats.bad_options++;
    refuse(ep, from, msg, TOMTE_COAP_BAD_OPTION);
}

/* Answers a CON, with no more bytes than it had. Nothing is remembered: a
 * duplicate gets the same by itself. A 5.03 without Max-Age asks the client to
 * wait for 60 seconds (sections 5.9.3.4 and 5.10.5). */
static void refuse(struct tomte_coap *ep, const struct tomte_addr *to,
                   const struct tomte_coap_msg *msg, uint8_t code)
{
    if (msg->type != TOMTE_COAP_CON)
        return;
    struct tomte_coap_msg answer = *msg;
    answer.type = TOMTE_COAP_ACK;
    answer.code = code;
    answer.options = answer.payload = TOMTE_SPAN_NONE;
    tomte_coap_reply_msg(ep, to, &answer);
}

/* In the acknowledgement, as a NON, or as a CON of its own. */
static enum tomte_err send_answer(struct tomte_coap *ep,
                                  struct tomte_coap_inbound *in,
                                  struct tomte_span datagram)
{
    struct tomte_coap_peer *peer = &ep->peers[in->entry.peer];
    if (in->confirmable && in->acked)
        return tomte_coap_exchange_answer(ep, in, datagram);
    uint16_t mid = in->mid;
    if (!in->confirmable && !tomte_coap_peer_mid(ep, peer, &mid))
        return TOMTE_ERR_AGAIN;
    in->msg = tomte_coap_pool_put(ep, datagram, peer->link);
    if (in->msg == TOMTE_COAP_NONE)
        return TOMTE_ERR_FULL;
    if (!in->confirmable)
        tomte_coap_pool_stamp(ep, in->msg, TOMTE_COAP_NON, mid);
    if (in->multicast) {
        uint32_t leisure = tomte_coap_peer_params(ep, peer)->leisure_ms;
        in->ack_ms =
            ep->now_ms + tomte_random_below(&ep->random, (uint64_t)leisure + 1);
        tomte_coap_wake(ep, in->ack_ms);
        return TOMTE_OK;
    }
    tomte_coap_emit(ep, id_of(ep, in), TOMTE_COAP_EMIT_SEND);
    return TOMTE_OK;
}

static struct tomte_coap_inbound *get_open(struct tomte_coap *ep,
                                           uint32_t handle)
{
    uint16_t i = tomte_coap_index(ep, handle, TOMTE_COAP_KIND_INBOUND);
    if (i == TOMTE_COAP_NONE)
        return NULL;
    struct tomte_coap_inbound *in = &ep->inbound[i];
    bool open = in->state == TOMTE_COAP_IN_OPEN && in->expires_ms > ep->now_ms;
    return open ? in : NULL;
}

static uint16_t id_of(const struct tomte_coap *ep,
                      const struct tomte_coap_inbound *in)
{
    return TOMTE_COAP_ID(TOMTE_COAP_KIND_INBOUND, in - ep->inbound);
}
