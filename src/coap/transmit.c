/* SPDX-License-Identifier: Apache-2.0 */
/* One message on its way (RFC 7252 sections 4.2, 4.7).
 *
 *          queue            begin(CON)            end: ACK, RST, timeout
 *   IDLE ---------> QUEUED ------------> FLYING -------------------------> IDLE
 *                          begin(NON request)        end: response, due
 *                          ------------> PACED  -------------------------> IDLE
 *
 * A NON answer or notification stays IDLE: nothing waits for it. */
#include "coap/state.h"

#include "base/assert.h"

static bool start_oldest(struct tomte_coap *ep, struct tomte_coap_peer *peer,
                         enum tomte_coap_side side);

bool tomte_coap_tx_may_begin(const struct tomte_coap *ep,
                             const struct tomte_coap_peer *peer,
                             enum tomte_coap_side side)
{
    return peer->outstanding[side] < tomte_coap_peer_params(ep, peer)->nstart;
}

bool tomte_coap_tx_begin(struct tomte_coap *ep, struct tomte_coap_peer *peer,
                         struct tomte_coap_tx *tx, enum tomte_coap_side side,
                         bool confirmable)
{
    TOMTE_ASSERT(tx->msg != TOMTE_COAP_NONE);
    TOMTE_ASSERT(tx->state <= TOMTE_COAP_TX_QUEUED);
    if (!tomte_coap_peer_mid(ep, peer, &tx->mid))
        return false;
    tomte_coap_pool_stamp(
        ep, tx->msg, confirmable ? TOMTE_COAP_CON : TOMTE_COAP_NON, tx->mid);
    tx->state = TOMTE_COAP_TX_IDLE;
    tx->due_ms = TOMTE_COAP_NEVER;
    if (!confirmable && side == TOMTE_COAP_SERVER)
        return true;

    const struct tomte_coap_params *p = tomte_coap_peer_params(ep, peer);
    uint64_t spread =
        (uint64_t)p->ack_timeout_ms * (p->random_permille - 1000u) / 1000;
    tx->timeout_ms = p->ack_timeout_ms +
                     (uint32_t)tomte_random_below(&ep->random, spread + 1);
    tx->state = confirmable ? TOMTE_COAP_TX_FLYING : TOMTE_COAP_TX_PACED;
    tx->repeats = 0;
    tx->due_ms = ep->now_ms + tx->timeout_ms;
    tomte_coap_wake(ep, tx->due_ms);
    peer->outstanding[side]++;
    return true;
}

void tomte_coap_tx_queue(struct tomte_coap *ep, struct tomte_coap_tx *tx)
{
    if (tx->state != TOMTE_COAP_TX_QUEUED)
        tx->order = ep->order++;
    tx->state = TOMTE_COAP_TX_QUEUED;
}

bool tomte_coap_tx_repeat(struct tomte_coap *ep, struct tomte_coap_peer *peer,
                          struct tomte_coap_tx *tx)
{
    TOMTE_ASSERT(tx->state == TOMTE_COAP_TX_FLYING);
    if (tx->repeats >= tomte_coap_peer_params(ep, peer)->max_retransmit)
        return false;
    tx->repeats++;
    tx->timeout_ms *= 2;
    tx->due_ms = ep->now_ms + tx->timeout_ms;
    tomte_coap_wake(ep, tx->due_ms);
    ep->stats.retransmitted++;
    return true;
}

void tomte_coap_tx_end(struct tomte_coap *ep, struct tomte_coap_peer *peer,
                       struct tomte_coap_tx *tx, enum tomte_coap_side side)
{
    if (tx->state > TOMTE_COAP_TX_QUEUED) {
        TOMTE_ASSERT(peer->outstanding[side] != 0);
        peer->outstanding[side]--;
    }
    tx->state = TOMTE_COAP_TX_IDLE;
    tx->due_ms = TOMTE_COAP_NEVER;
    tomte_coap_pool_free(ep, &tx->msg);
}

/* A queued message that could not start, for want of a message ID, is tried
 * again after a while. */
void tomte_coap_tx_next(struct tomte_coap *ep, uint16_t peer,
                        enum tomte_coap_side side)
{
    struct tomte_coap_peer *p = &ep->peers[peer];
    while (tomte_coap_tx_may_begin(ep, p, side) && start_oldest(ep, p, side)) {
    }
}

static bool is_older(const struct tomte_coap_tx *tx,
                     const struct tomte_coap_tx *than)
{
    return tx->state == TOMTE_COAP_TX_QUEUED &&
           (than == NULL || (int32_t)(tx->order - than->order) < 0);
}

static bool start_oldest(struct tomte_coap *ep, struct tomte_coap_peer *peer,
                         enum tomte_coap_side side)
{
    uint16_t of = tomte_coap_peer_index(ep, peer);
    const struct tomte_coap_tx *oldest = NULL;
    struct tomte_coap_exchange *ex = NULL;
    struct tomte_coap_observer *ob = NULL;
    for (uint16_t i = 0; i < ep->top.exchanges; i++) {
        struct tomte_coap_exchange *e = &ep->exchanges[i];
        if (e->role != TOMTE_COAP_FREE && e->entry.peer == of &&
            tomte_coap_exchange_side(e) == side && is_older(&e->tx, oldest) &&
            tomte_coap_exchange_may_start(ep, e)) {
            ex = e;
            oldest = &e->tx;
        }
    }
    for (uint16_t i = 0; side == TOMTE_COAP_SERVER && i < ep->top.observers;
         i++) {
        struct tomte_coap_observer *o = &ep->observers[i];
        if (o->state == TOMTE_COAP_OB_LIVE && o->entry.peer == of &&
            is_older(&o->tx, oldest)) {
            ob = o;
            oldest = &o->tx;
        }
    }
    if (oldest == NULL)
        return false;
    if (ob != NULL)
        tomte_coap_observer_start(ep, ob);
    else
        tomte_coap_exchange_start(ep, ex);
    return oldest->state != TOMTE_COAP_TX_QUEUED;
}
