/* SPDX-License-Identifier: Apache-2.0 */
/* Exchanges: what we sent and wait for. Three roles end in the same way.
 *
 *   ASKING     CON: FLYING until an ACK, then until a response comes
 *              NON: until a response comes
 *              with Observe: until the observation ends
 *   PINGING    until the Reset that is its answer
 *   ANSWERING  a CON response, until its ACK */
#include "coap/state.h"

#include "base/assert.h"

#include <string.h>

static struct tomte_coap_peer *peer_of(struct tomte_coap *ep,
                                       const struct tomte_coap_exchange *ex);
static uint16_t id_of(const struct tomte_coap *ep,
                      const struct tomte_coap_exchange *ex);
static struct tomte_coap_exchange *by_mid(struct tomte_coap *ep, uint16_t peer,
                                          uint16_t mid);

enum tomte_err tomte_coap_exchange_answer(struct tomte_coap *ep,
                                          const struct tomte_coap_inbound *in,
                                          struct tomte_span datagram)
{
    struct tomte_coap_peer *peer = &ep->peers[in->entry.peer];
    struct tomte_coap_exchange *ex = tomte_coap_exchange_open(ep, peer);
    if (ex == NULL)
        return TOMTE_ERR_FULL;
    ex->token_len = in->token_len;
    memcpy(ex->token, in->token, sizeof ex->token);
    ex->role = TOMTE_COAP_ANSWERING;
    ex->confirmable = true;
    ex->tx.msg = tomte_coap_pool_put(ep, datagram, peer->link);
    enum tomte_err err = TOMTE_OK;
    if (ex->tx.msg == TOMTE_COAP_NONE)
        err = TOMTE_ERR_FULL;
    else if (!tomte_coap_tx_may_begin(ep, peer, TOMTE_COAP_SERVER))
        tomte_coap_tx_queue(ep, &ex->tx);
    else if (!tomte_coap_exchange_start(ep, ex))
        err = TOMTE_ERR_AGAIN;
    if (err != TOMTE_OK)
        tomte_coap_exchange_free(ep, ex);
    return err;
}

struct tomte_coap_exchange *
tomte_coap_exchange_open(struct tomte_coap *ep, struct tomte_coap_peer *peer)
{
    if (peer->exchanges >= ep->config.exchanges_per_peer ||
        !tomte_coap_has_room(ep, ep->config.exchanges, ep->used.exchanges,
                             peer->link)) {
        ep->stats.exchanges_full++;
        return NULL;
    }
    struct tomte_coap_exchange *ex = ep->exchanges;
    while (ex->role != TOMTE_COAP_FREE)
        ex++;
    uint16_t generation = ex->entry.generation;
    *ex = (struct tomte_coap_exchange){
        .entry = {.generation = generation,
                  .peer = tomte_coap_peer_index(ep, peer)},
        .tx = {.msg = TOMTE_COAP_NONE, .due_ms = TOMTE_COAP_NEVER},
        .until_ms = TOMTE_COAP_NEVER};
    peer->exchanges++;
    ep->used.exchanges++;
    if (ex >= ep->exchanges + ep->top.exchanges)
        ep->top.exchanges = (uint16_t)(ex - ep->exchanges + 1);
    return ex;
}

bool tomte_coap_exchange_start(struct tomte_coap *ep,
                               struct tomte_coap_exchange *ex)
{
    struct tomte_coap_peer *peer = peer_of(ep, ex);
    if (!tomte_coap_tx_begin(ep, peer, &ex->tx, tomte_coap_exchange_side(ex),
                             ex->confirmable)) {
        ex->tx.due_ms =
            ep->now_ms + tomte_coap_peer_params(ep, peer)->ack_timeout_ms;
        tomte_coap_wake(ep, ex->tx.due_ms);
        return false;
    }
    if (ex->role == TOMTE_COAP_ASKING && !ex->started && ex->timeout_ms == 0) {
        ex->until_ms = ep->now_ms + tomte_coap_exchange_lifetime(
                                        tomte_coap_peer_params(ep, peer));
        tomte_coap_wake(ep, ex->until_ms);
    }
    ex->started = true;
    if (!ex->confirmable)
        tomte_coap_peer_probed(ep, peer,
                               tomte_coap_pool_length(ep, ex->tx.msg));
    tomte_coap_emit(ep, id_of(ep, ex), TOMTE_COAP_EMIT_SEND);
    return true;
}

bool tomte_coap_exchange_may_start(struct tomte_coap *ep,
                                   struct tomte_coap_exchange *ex)
{
    uint64_t at = peer_of(ep, ex)->probe_ms;
    if (ex->confirmable || at <= ep->now_ms)
        return true;
    ep->stats.probes_held += !ex->tx.held;
    ex->tx.held = true;
    ex->tx.due_ms = at;
    tomte_coap_wake(ep, at);
    return false;
}

enum tomte_coap_side
tomte_coap_exchange_side(const struct tomte_coap_exchange *ex)
{
    return ex->role == TOMTE_COAP_ANSWERING ? TOMTE_COAP_SERVER
                                            : TOMTE_COAP_CLIENT;
}

void tomte_coap_exchange_free(struct tomte_coap *ep,
                              struct tomte_coap_exchange *ex)
{
    struct tomte_coap_peer *peer = peer_of(ep, ex);
    tomte_coap_unqueue(ep, id_of(ep, ex));
    tomte_coap_tx_end(ep, peer, &ex->tx, tomte_coap_exchange_side(ex));
    ex->role = TOMTE_COAP_FREE;
    ex->entry.generation++;
    peer->exchanges--;
    ep->used.exchanges--;
    while (ep->top.exchanges > 0 &&
           ep->exchanges[ep->top.exchanges - 1].role == TOMTE_COAP_FREE)
        ep->top.exchanges--;
}

void tomte_coap_exchange_fail(struct tomte_coap *ep,
                              struct tomte_coap_exchange *ex,
                              enum tomte_err err)
{
    enum tomte_coap_side side = tomte_coap_exchange_side(ex);
    uint16_t peer = ex->entry.peer;
    if (side == TOMTE_COAP_SERVER) {
        /* An answer that opened an observation and was not taken ends it. */
        struct tomte_coap_observer *ob =
            tomte_coap_observer_find(ep, peer, ex->token, ex->token_len);
        tomte_coap_exchange_free(ep, ex);
        if (ob != NULL)
            tomte_coap_observer_end(ep, ob, err);
    } else {
        tomte_coap_unqueue(ep, id_of(ep, ex));
        tomte_coap_tx_end(ep, peer_of(ep, ex), &ex->tx, side);
        ex->role = TOMTE_COAP_ENDED;
        ex->observing = false;
        ex->until_ms = TOMTE_COAP_NEVER;
        ex->err = err;
        tomte_coap_emit(ep, id_of(ep, ex), TOMTE_COAP_EMIT_END);
    }
    tomte_coap_tx_next(ep, peer, side);
}

/* An empty ACK: the message arrived. A request's answer will come apart
 * (section 5.2.2). */
bool tomte_coap_exchange_acked(struct tomte_coap *ep, uint16_t peer,
                               uint16_t mid)
{
    struct tomte_coap_exchange *ex = by_mid(ep, peer, mid);
    if (ex == NULL || ex->tx.state != TOMTE_COAP_TX_FLYING ||
        ex->role == TOMTE_COAP_PINGING)
        return false;
    enum tomte_coap_side side = tomte_coap_exchange_side(ex);
    ex->ordered = false; /* what answers a renewal need not be newer */
    if (ex->role == TOMTE_COAP_ANSWERING)
        tomte_coap_exchange_free(ep, ex);
    else
        tomte_coap_tx_end(ep, peer_of(ep, ex), &ex->tx, side);
    tomte_coap_tx_next(ep, peer, side);
    return true;
}

bool tomte_coap_exchange_reset(struct tomte_coap *ep, uint16_t peer,
                               uint16_t mid)
{
    struct tomte_coap_exchange *ex = by_mid(ep, peer, mid);
    if (ex == NULL)
        return false;
    ex->pong = ex->role == TOMTE_COAP_PINGING;
    ep->stats.resets += !ex->pong;
    tomte_coap_exchange_fail(ep, ex, TOMTE_ERR_RESET);
    return true;
}

void tomte_coap_exchange_fresh(struct tomte_coap *ep,
                               struct tomte_coap_exchange *ex,
                               uint32_t max_age_s)
{
    const struct tomte_coap_params *p =
        tomte_coap_peer_params(ep, peer_of(ep, ex));
    uint64_t spread = (uint64_t)p->stale_max_ms - p->stale_min_ms;
    ex->max_age_s = max_age_s;
    ex->until_ms = ep->now_ms + (uint64_t)max_age_s * 1000 + p->stale_min_ms +
                   tomte_random_below(&ep->random, spread + 1);
    tomte_coap_wake(ep, ex->until_ms);
}

void tomte_coap_exchange_due(struct tomte_coap *ep,
                             struct tomte_coap_exchange *ex)
{
    uint16_t peer = ex->entry.peer;
    enum tomte_coap_side side = tomte_coap_exchange_side(ex);
    if (ex->until_ms <= ep->now_ms) {
        if (ex->observing) {
            tomte_coap_exchange_fresh(ep, ex, ex->max_age_s);
            tomte_coap_emit(ep, id_of(ep, ex), TOMTE_COAP_EMIT_STALE);
        } else {
            ep->stats.timeouts++;
            tomte_coap_exchange_fail(ep, ex, TOMTE_ERR_TIMEOUT);
            return;
        }
    }
    if (ex->tx.due_ms > ep->now_ms)
        return;
    if (ex->tx.state == TOMTE_COAP_TX_FLYING) {
        if (tomte_coap_tx_repeat(ep, peer_of(ep, ex), &ex->tx)) {
            tomte_coap_emit(ep, id_of(ep, ex), TOMTE_COAP_EMIT_SEND);
        } else {
            ep->stats.timeouts++;
            tomte_coap_exchange_fail(ep, ex, TOMTE_ERR_TIMEOUT);
        }
        return;
    }
    if (ex->tx.state == TOMTE_COAP_TX_PACED)
        tomte_coap_tx_end(ep, peer_of(ep, ex), &ex->tx, side);
    ex->tx.due_ms = TOMTE_COAP_NEVER;
    tomte_coap_tx_next(ep, peer, side);
}

bool tomte_coap_exchange_emit(struct tomte_coap *ep, uint16_t index,
                              struct tomte_coap_effect *effect)
{
    struct tomte_coap_exchange *ex = &ep->exchanges[index];
    effect->peer = peer_of(ep, ex)->addr;
    effect->handle = tomte_coap_handle(ep, id_of(ep, ex));
    effect->cookie = ex->cookie;
    effect->err = ex->err;
    if (ex->entry.emit & TOMTE_COAP_EMIT_SEND) {
        ex->entry.emit &= (uint8_t)~TOMTE_COAP_EMIT_SEND;
        if (ex->tx.msg == TOMTE_COAP_NONE)
            return false; /* acknowledged in the meantime */
        effect->kind = TOMTE_COAP_SEND;
        effect->bytes =
            TOMTE_SPAN(ep->out, tomte_coap_pool_get(ep, ex->tx.msg, ep->out));
        if (!ex->confirmable)
            tomte_coap_pool_free(ep, &ex->tx.msg);
        return true;
    }
    if (ex->entry.emit & TOMTE_COAP_EMIT_STALE) {
        ex->entry.emit &= (uint8_t)~TOMTE_COAP_EMIT_STALE;
        effect->kind = TOMTE_COAP_STALE;
        return true;
    }
    TOMTE_ASSERT(ex->role == TOMTE_COAP_ENDED);
    effect->kind = ex->pong ? TOMTE_COAP_PONG : TOMTE_COAP_FAILED;
    tomte_coap_exchange_free(ep, ex);
    return true;
}

static struct tomte_coap_peer *peer_of(struct tomte_coap *ep,
                                       const struct tomte_coap_exchange *ex)
{
    return &ep->peers[ex->entry.peer];
}

static uint16_t id_of(const struct tomte_coap *ep,
                      const struct tomte_coap_exchange *ex)
{
    return TOMTE_COAP_ID(TOMTE_COAP_KIND_EXCHANGE, ex - ep->exchanges);
}

/* By the last message ID it was sent with. A request that was acknowledged may
 * still be reset; a registration that stands has its token, no ID. */
static struct tomte_coap_exchange *by_mid(struct tomte_coap *ep, uint16_t peer,
                                          uint16_t mid)
{
    for (uint16_t i = 0; i < ep->top.exchanges; i++) {
        struct tomte_coap_exchange *ex = &ep->exchanges[i];
        if (ex->role == TOMTE_COAP_FREE || ex->role == TOMTE_COAP_ENDED ||
            ex->entry.peer != peer || ex->tx.mid != mid)
            continue;
        bool asking = ex->role == TOMTE_COAP_ASKING && ex->started;
        if (ex->tx.state > TOMTE_COAP_TX_QUEUED || (asking && !ex->observing))
            return ex;
    }
    return NULL;
}
