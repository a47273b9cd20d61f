/* SPDX-License-Identifier: Apache-2.0 */
/* Observers here (RFC 7641 section 4).
 *
 *               observe()         answered 2.xx        reset, timeout, end
 *   FREE -----------------> PENDING ----------> LIVE ---------------> GONE
 *                              | answered otherwise                   | polled
 *                              +------------> FREE <------------------+
 *
 * One notification is outstanding at most. The newest state that is not yet
 * under way waits in `waiting`, and each newer one takes its place (section
 * 4.5.2); so what arrives last is the last state. */
#include "coap/state.h"

#include "base/assert.h"

#include <string.h>

static struct tomte_coap_observer *get(const struct tomte_coap *ep,
                                       uint32_t handle);
static uint16_t id_of(const struct tomte_coap *ep,
                      const struct tomte_coap_observer *ob);
static struct tomte_coap_peer *peer_of(const struct tomte_coap *ep,
                                       const struct tomte_coap_observer *ob);
static struct tomte_coap_observer *open_one(struct tomte_coap *ep,
                                            struct tomte_coap_inbound *in);
static struct tomte_coap_observer *by_mid(struct tomte_coap *ep, uint16_t peer,
                                          uint16_t mid);
static bool wants_con(const struct tomte_coap *ep,
                      const struct tomte_coap_observer *ob);
static void under_way(const struct tomte_coap *ep,
                      struct tomte_coap_observer *ob, bool con);
static void replace_in_flight(struct tomte_coap *ep,
                              struct tomte_coap_observer *ob);

enum tomte_err tomte_coap_observe(struct tomte_coap *ep,
                                  uint32_t request_handle, uint32_t resource,
                                  uint64_t cookie, uint32_t *handle)
{
    uint16_t i = tomte_coap_index(ep, request_handle, TOMTE_COAP_KIND_INBOUND);
    if (i == TOMTE_COAP_NONE || ep->inbound[i].state != TOMTE_COAP_IN_OPEN)
        return TOMTE_ERR_NOT_FOUND;
    struct tomte_coap_inbound *in = &ep->inbound[i];
    if (!in->registers)
        return TOMTE_ERR_STATE;
    struct tomte_coap_observer *ob =
        tomte_coap_observer_find(ep, in->entry.peer, in->token, in->token_len);
    if (ob == NULL)
        ob = open_one(ep, in);
    if (ob == NULL) {
        ep->stats.observers_full++;
        return TOMTE_ERR_FULL;
    }
    ob->resource = resource;
    ob->cookie = cookie;
    in->observer = *handle = tomte_coap_handle(ep, id_of(ep, ob));
    return TOMTE_OK;
}

enum tomte_err tomte_coap_notify(struct tomte_coap *ep, uint64_t now_ms,
                                 uint32_t handle,
                                 const struct tomte_coap_parts *parts,
                                 bool confirm)
{
    TOMTE_ASSERT(tomte_coap_is_response(parts->code));
    tomte_coap_tick(ep, now_ms);
    struct tomte_coap_observer *ob = get(ep, handle);
    if (ob == NULL)
        return TOMTE_ERR_NOT_FOUND;
    if (ob->state != TOMTE_COAP_OB_LIVE || ob->ends || ob->ending)
        return TOMTE_ERR_STATE;
    struct tomte_coap_msg head = {.token_len = ob->token_len};
    memcpy(head.token, ob->token, sizeof head.token);
    bool ends = tomte_coap_class(parts->code) != 2;
    uint32_t seq = tomte_coap_observe_seq(ep);
    struct tomte_span datagram;
    enum tomte_err err =
        tomte_coap_compose(ep, &head, parts, ends ? NULL : &seq, &datagram);
    if (err != TOMTE_OK)
        return err;
    uint16_t msg = tomte_coap_pool_put(ep, datagram, peer_of(ep, ob)->link);
    if (msg == TOMTE_COAP_NONE)
        return TOMTE_ERR_FULL;
    ep->observe_seq = seq;
    tomte_coap_pool_free(ep, &ob->waiting);
    ob->waiting = msg;
    ob->confirm |= confirm;
    ob->ends = ends;
    if (ob->tx.state == TOMTE_COAP_TX_IDLE)
        tomte_coap_observer_start(ep, ob);
    return TOMTE_OK;
}

uint32_t tomte_coap_next_observer(const struct tomte_coap *ep,
                                  uint32_t resource, uint32_t after)
{
    uint16_t i = after == 0 ? 0 : (uint16_t)((after & 0xfff) + 1);
    for (; i < ep->top.observers; i++)
        if (ep->observers[i].state == TOMTE_COAP_OB_LIVE &&
            ep->observers[i].resource == resource)
            return tomte_coap_handle(ep, id_of(ep, &ep->observers[i]));
    return 0;
}

bool tomte_coap_observer(const struct tomte_coap *ep, uint32_t handle,
                         struct tomte_addr *peer, uint64_t *cookie)
{
    const struct tomte_coap_observer *ob = get(ep, handle);
    if (ob == NULL)
        return false;
    *peer = peer_of(ep, ob)->addr;
    *cookie = ob->cookie;
    return true;
}

void tomte_coap_unobserve(struct tomte_coap *ep, uint32_t handle)
{
    struct tomte_coap_observer *ob = get(ep, handle);
    if (ob == NULL)
        return;
    uint16_t peer = ob->entry.peer;
    tomte_coap_observer_free(ep, ob);
    tomte_coap_tx_next(ep, peer, TOMTE_COAP_SERVER);
}

struct tomte_coap_observer *tomte_coap_observer_find(struct tomte_coap *ep,
                                                     uint16_t peer,
                                                     const uint8_t *token,
                                                     uint8_t token_len)
{
    for (uint16_t i = 0; i < ep->top.observers; i++) {
        struct tomte_coap_observer *ob = &ep->observers[i];
        if ((ob->state == TOMTE_COAP_OB_LIVE ||
             ob->state == TOMTE_COAP_OB_PENDING) &&
            ob->entry.peer == peer && ob->token_len == token_len &&
            memcmp(ob->token, token, token_len) == 0)
            return ob;
    }
    return NULL;
}

struct tomte_coap_observer *
tomte_coap_observer_accepted(struct tomte_coap *ep,
                             const struct tomte_coap_inbound *in)
{
    return in->observer == 0 ? NULL : get(ep, in->observer);
}

/* A success that does not accept a registration under this token ends the one
 * there is (RFC 7641 section 4.1): the client deregistered, or has reused the
 * token. An error proves nothing about who asked: it ends none but the one
 * that was accepted for this request. */
void tomte_coap_observer_answered(struct tomte_coap *ep,
                                  struct tomte_coap_inbound *in, bool ok)
{
    struct tomte_coap_observer *ob = tomte_coap_observer_accepted(ep, in);
    if (ob != NULL && ok) {
        ob->state = TOMTE_COAP_OB_LIVE;
    } else if (ob != NULL) {
        tomte_coap_unobserve(ep, in->observer);
    } else if (ok && in->safe) {
        ob = tomte_coap_observer_find(ep, in->entry.peer, in->token,
                                      in->token_len);
        if (ob != NULL)
            tomte_coap_observer_end(ep, ob, TOMTE_OK);
    }
}

void tomte_coap_observer_unanswered(struct tomte_coap *ep,
                                    const struct tomte_coap_inbound *in)
{
    struct tomte_coap_observer *ob = tomte_coap_observer_accepted(ep, in);
    if (ob != NULL && ob->state == TOMTE_COAP_OB_PENDING)
        tomte_coap_observer_free(ep, ob);
}

void tomte_coap_observer_start(struct tomte_coap *ep,
                               struct tomte_coap_observer *ob)
{
    struct tomte_coap_peer *peer = peer_of(ep, ob);
    bool con = wants_con(ep, ob);
    if (con && !tomte_coap_tx_may_begin(ep, peer, TOMTE_COAP_SERVER)) {
        tomte_coap_tx_queue(ep, &ob->tx);
        return;
    }
    tomte_coap_pool_free(ep, &ob->tx.msg); /* a NON that was not yet polled */
    ob->tx.msg = ob->waiting;
    ob->waiting = TOMTE_COAP_NONE;
    if (!tomte_coap_tx_begin(ep, peer, &ob->tx, TOMTE_COAP_SERVER, con)) {
        ob->waiting = ob->tx.msg;
        ob->tx.msg = TOMTE_COAP_NONE;
        tomte_coap_tx_queue(ep, &ob->tx);
        ob->tx.due_ms =
            ep->now_ms + tomte_coap_peer_params(ep, peer)->ack_timeout_ms;
        tomte_coap_wake(ep, ob->tx.due_ms);
        return;
    }
    under_way(ep, ob, con);
    tomte_coap_emit(ep, id_of(ep, ob), TOMTE_COAP_EMIT_SEND);
}

void tomte_coap_observer_free(struct tomte_coap *ep,
                              struct tomte_coap_observer *ob)
{
    struct tomte_coap_peer *peer = peer_of(ep, ob);
    tomte_coap_unqueue(ep, id_of(ep, ob));
    tomte_coap_tx_end(ep, peer, &ob->tx, TOMTE_COAP_SERVER);
    tomte_coap_pool_free(ep, &ob->waiting);
    ob->state = TOMTE_COAP_OB_FREE;
    ob->entry.generation++;
    peer->observers--;
    ep->used.observers--;
    while (ep->top.observers > 0 &&
           ep->observers[ep->top.observers - 1].state == TOMTE_COAP_OB_FREE)
        ep->top.observers--;
}

void tomte_coap_observer_end(struct tomte_coap *ep,
                             struct tomte_coap_observer *ob, enum tomte_err err)
{
    tomte_coap_unqueue(ep, id_of(ep, ob));
    tomte_coap_tx_end(ep, peer_of(ep, ob), &ob->tx, TOMTE_COAP_SERVER);
    tomte_coap_pool_free(ep, &ob->waiting);
    ob->state = TOMTE_COAP_OB_GONE;
    ob->err = err;
    ep->stats.observers_lost += err != TOMTE_OK;
    tomte_coap_emit(ep, id_of(ep, ob), TOMTE_COAP_EMIT_END);
    tomte_coap_tx_next(ep, ob->entry.peer, TOMTE_COAP_SERVER);
}

bool tomte_coap_observer_acked(struct tomte_coap *ep, uint16_t peer,
                               uint16_t mid)
{
    struct tomte_coap_observer *ob = by_mid(ep, peer, mid);
    if (ob == NULL || ob->tx.state != TOMTE_COAP_TX_FLYING)
        return false;
    if (ob->ending) {
        tomte_coap_observer_end(ep, ob, TOMTE_OK);
        return true;
    }
    tomte_coap_tx_end(ep, peer_of(ep, ob), &ob->tx, TOMTE_COAP_SERVER);
    if (ob->waiting != TOMTE_COAP_NONE)
        tomte_coap_tx_queue(ep, &ob->tx);
    tomte_coap_tx_next(ep, peer, TOMTE_COAP_SERVER);
    return true;
}

bool tomte_coap_observer_reset(struct tomte_coap *ep, uint16_t peer,
                               uint16_t mid)
{
    struct tomte_coap_observer *ob = by_mid(ep, peer, mid);
    if (ob == NULL)
        return false;
    ep->stats.resets++;
    tomte_coap_observer_end(ep, ob, TOMTE_ERR_RESET);
    return true;
}

void tomte_coap_observer_due(struct tomte_coap *ep,
                             struct tomte_coap_observer *ob)
{
    if (ob->tx.due_ms > ep->now_ms)
        return;
    if (ob->tx.state != TOMTE_COAP_TX_FLYING) {
        ob->tx.due_ms = TOMTE_COAP_NEVER;
        tomte_coap_tx_next(ep, ob->entry.peer, TOMTE_COAP_SERVER);
        return;
    }
    if (!tomte_coap_tx_repeat(ep, peer_of(ep, ob), &ob->tx)) {
        ep->stats.timeouts++;
        tomte_coap_observer_end(ep, ob, TOMTE_ERR_TIMEOUT);
        return;
    }
    if (ob->waiting != TOMTE_COAP_NONE)
        replace_in_flight(ep, ob);
    tomte_coap_emit(ep, id_of(ep, ob), TOMTE_COAP_EMIT_SEND);
}

bool tomte_coap_observer_emit(struct tomte_coap *ep, uint16_t index,
                              struct tomte_coap_effect *effect)
{
    struct tomte_coap_observer *ob = &ep->observers[index];
    effect->peer = peer_of(ep, ob)->addr;
    if (ob->entry.emit & TOMTE_COAP_EMIT_SEND) {
        ob->entry.emit &= (uint8_t)~TOMTE_COAP_EMIT_SEND;
        if (ob->tx.msg == TOMTE_COAP_NONE)
            return false; /* acknowledged in the meantime */
        effect->kind = TOMTE_COAP_SEND;
        effect->bytes =
            TOMTE_SPAN(ep->out, tomte_coap_pool_get(ep, ob->tx.msg, ep->out));
        if (ob->tx.state == TOMTE_COAP_TX_IDLE)
            tomte_coap_pool_free(ep, &ob->tx.msg); /* a NON */
        return true;
    }
    TOMTE_ASSERT(ob->state == TOMTE_COAP_OB_GONE);
    effect->kind = TOMTE_COAP_GONE;
    effect->handle = tomte_coap_handle(ep, id_of(ep, ob));
    effect->cookie = ob->cookie;
    effect->err = ob->err;
    tomte_coap_observer_free(ep, ob);
    return true;
}

uint32_t tomte_coap_observe_seq(const struct tomte_coap *ep)
{
    return (ep->observe_seq + 1) & 0xffffff;
}

static struct tomte_coap_observer *get(const struct tomte_coap *ep,
                                       uint32_t handle)
{
    uint16_t i = tomte_coap_index(ep, handle, TOMTE_COAP_KIND_OBSERVER);
    if (i == TOMTE_COAP_NONE)
        return NULL;
    struct tomte_coap_observer *ob = &ep->observers[i];
    bool is =
        ob->state == TOMTE_COAP_OB_LIVE || ob->state == TOMTE_COAP_OB_PENDING;
    return is ? ob : NULL;
}

static uint16_t id_of(const struct tomte_coap *ep,
                      const struct tomte_coap_observer *ob)
{
    return TOMTE_COAP_ID(TOMTE_COAP_KIND_OBSERVER, ob - ep->observers);
}

static struct tomte_coap_peer *peer_of(const struct tomte_coap *ep,
                                       const struct tomte_coap_observer *ob)
{
    return &ep->peers[ob->entry.peer];
}

static struct tomte_coap_observer *open_one(struct tomte_coap *ep,
                                            struct tomte_coap_inbound *in)
{
    struct tomte_coap_peer *peer = &ep->peers[in->entry.peer];
    if (peer->observers >= ep->config.observers_per_peer ||
        !tomte_coap_has_room(ep, ep->config.observers, ep->used.observers,
                             peer->link))
        return NULL;
    struct tomte_coap_observer *ob = ep->observers;
    while (ob->state != TOMTE_COAP_OB_FREE)
        ob++;
    uint16_t generation = ob->entry.generation;
    *ob = (struct tomte_coap_observer){
        .entry = {.generation = generation, .peer = in->entry.peer},
        .state = TOMTE_COAP_OB_PENDING,
        .token_len = in->token_len,
        .tx = {.msg = TOMTE_COAP_NONE, .due_ms = TOMTE_COAP_NEVER},
        .waiting = TOMTE_COAP_NONE,
        .con_ms = ep->now_ms};
    memcpy(ob->token, in->token, sizeof ob->token);
    peer->observers++;
    ep->used.observers++;
    if (ob >= ep->observers + ep->top.observers)
        ep->top.observers = (uint16_t)(ob - ep->observers + 1);
    return ob;
}

/* A CON in flight, or the last NON, which can only be reset. */
static struct tomte_coap_observer *by_mid(struct tomte_coap *ep, uint16_t peer,
                                          uint16_t mid)
{
    for (uint16_t i = 0; i < ep->top.observers; i++) {
        struct tomte_coap_observer *ob = &ep->observers[i];
        if (ob->state == TOMTE_COAP_OB_LIVE && ob->sent &&
            ob->entry.peer == peer && ob->tx.mid == mid)
            return ob;
    }
    return NULL;
}

static bool wants_con(const struct tomte_coap *ep,
                      const struct tomte_coap_observer *ob)
{
    const struct tomte_coap_params *p =
        tomte_coap_peer_params(ep, peer_of(ep, ob));
    return ob->confirm || ob->ends ||
           ob->since_con + 1 >= p->notify_con_every ||
           ep->now_ms - ob->con_ms >= p->notify_con_ms ||
           (ob->sent && ep->now_ms - ob->sent_ms < p->notify_gap_ms);
}

static void under_way(const struct tomte_coap *ep,
                      struct tomte_coap_observer *ob, bool con)
{
    ob->sent = true;
    ob->sent_ms = ep->now_ms;
    ob->since_con = con ? 0 : ob->since_con + 1;
    if (con)
        ob->con_ms = ep->now_ms;
    ob->ending = ob->ends;
    ob->ends = ob->confirm = false;
}

/* RFC 7641 section 4.5.2: the newer state takes the place of the one that is
 * to be repeated, with an ID of its own; the count of attempts and the timeout
 * go on. Without a free ID the old one is repeated. */
static void replace_in_flight(struct tomte_coap *ep,
                              struct tomte_coap_observer *ob)
{
    uint16_t mid;
    if (!tomte_coap_peer_mid(ep, peer_of(ep, ob), &mid))
        return;
    tomte_coap_pool_free(ep, &ob->tx.msg);
    ob->tx.msg = ob->waiting;
    ob->tx.mid = mid;
    ob->waiting = TOMTE_COAP_NONE;
    tomte_coap_pool_stamp(ep, ob->tx.msg, TOMTE_COAP_CON, mid);
    under_way(ep, ob, true);
}
