/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of a client: coap/endpoint.h. */
#include "coap/state.h"

#include "base/assert.h"
#include "base/bytes.h"

#include <string.h>

#define TOKEN_LEN 4 /* RFC 7252 section 5.3.1: 32 bits of chance */

static enum tomte_err launch(struct tomte_coap *ep,
                             struct tomte_coap_exchange *ex,
                             const struct tomte_coap_parts *parts);
static struct tomte_coap_exchange *get(struct tomte_coap *ep, uint32_t handle);
static void draw_token(struct tomte_coap *ep, struct tomte_coap_exchange *ex);

enum tomte_err tomte_coap_request(struct tomte_coap *ep, uint64_t now_ms,
                                  const struct tomte_coap_request *request,
                                  uint32_t *handle)
{
    TOMTE_ASSERT(tomte_coap_is_request(request->parts.code));
    tomte_coap_tick(ep, now_ms);
    struct tomte_coap_peer *peer = tomte_coap_peer_get(ep, &request->to, false);
    if (peer == NULL)
        return TOMTE_ERR_FULL;
    struct tomte_coap_exchange *ex = tomte_coap_exchange_open(ep, peer);
    if (ex == NULL)
        return TOMTE_ERR_FULL;
    uint32_t observe;
    ex->role = TOMTE_COAP_ASKING;
    ex->confirmable = request->confirmable;
    ex->cookie = request->cookie;
    ex->timeout_ms = request->timeout_ms;
    ex->registers = tomte_coap_find_uint(request->parts.options,
                                         TOMTE_COAP_OPT_OBSERVE, &observe) &&
                    observe == 0;
    ex->until_ms = TOMTE_COAP_NEVER;
    if (ex->timeout_ms != 0) {
        ex->until_ms = ep->now_ms + ex->timeout_ms;
        tomte_coap_wake(ep, ex->until_ms);
    }
    draw_token(ep, ex);
    enum tomte_err err = launch(ep, ex, &request->parts);
    if (err == TOMTE_OK)
        *handle = tomte_coap_handle(
            ep, TOMTE_COAP_ID(TOMTE_COAP_KIND_EXCHANGE, ex - ep->exchanges));
    else
        tomte_coap_exchange_free(ep, ex);
    return err;
}

enum tomte_err tomte_coap_renew(struct tomte_coap *ep, uint64_t now_ms,
                                uint32_t handle,
                                const struct tomte_coap_parts *parts)
{
    TOMTE_ASSERT(tomte_coap_is_request(parts->code));
    tomte_coap_tick(ep, now_ms);
    struct tomte_coap_exchange *ex = get(ep, handle);
    if (ex == NULL)
        return TOMTE_ERR_NOT_FOUND;
    if (!ex->observing || ex->tx.state != TOMTE_COAP_TX_IDLE)
        return TOMTE_ERR_STATE;
    return launch(ep, ex, parts);
}

void tomte_coap_set_max_age(struct tomte_coap *ep, uint64_t now_ms,
                            uint32_t handle, uint32_t max_age_s)
{
    tomte_coap_tick(ep, now_ms);
    struct tomte_coap_exchange *ex = get(ep, handle);
    if (ex != NULL && ex->observing)
        tomte_coap_exchange_fresh(ep, ex, max_age_s);
}

void tomte_coap_cancel(struct tomte_coap *ep, uint32_t handle)
{
    struct tomte_coap_exchange *ex = get(ep, handle);
    if (ex == NULL)
        return;
    uint16_t peer = ex->entry.peer;
    tomte_coap_exchange_free(ep, ex);
    tomte_coap_tx_next(ep, peer, TOMTE_COAP_CLIENT);
}

enum tomte_err tomte_coap_ping(struct tomte_coap *ep, uint64_t now_ms,
                               const struct tomte_addr *to, uint64_t cookie)
{
    tomte_coap_tick(ep, now_ms);
    struct tomte_coap_peer *peer = tomte_coap_peer_get(ep, to, false);
    if (peer == NULL)
        return TOMTE_ERR_FULL;
    struct tomte_coap_exchange *ex = tomte_coap_exchange_open(ep, peer);
    if (ex == NULL)
        return TOMTE_ERR_FULL;
    ex->role = TOMTE_COAP_PINGING;
    ex->confirmable = true;
    ex->cookie = cookie;
    enum tomte_err err =
        launch(ep, ex, &(struct tomte_coap_parts){.code = TOMTE_COAP_EMPTY});
    if (err != TOMTE_OK)
        tomte_coap_exchange_free(ep, ex);
    return err;
}

/* Composes, keeps and starts or queues a message of ours. */
static enum tomte_err launch(struct tomte_coap *ep,
                             struct tomte_coap_exchange *ex,
                             const struct tomte_coap_parts *parts)
{
    struct tomte_coap_peer *peer = &ep->peers[ex->entry.peer];
    struct tomte_coap_msg head = {.token_len = ex->token_len};
    struct tomte_span datagram;
    memcpy(head.token, ex->token, sizeof head.token);
    enum tomte_err err = tomte_coap_compose(ep, &head, parts, NULL, &datagram);
    if (err != TOMTE_OK)
        return err;
    ex->tx.msg = tomte_coap_pool_put(ep, datagram, peer->link);
    if (ex->tx.msg == TOMTE_COAP_NONE)
        return TOMTE_ERR_FULL;
    if (!tomte_coap_tx_may_begin(ep, peer, TOMTE_COAP_CLIENT) ||
        !tomte_coap_exchange_may_start(ep, ex)) {
        tomte_coap_tx_queue(ep, &ex->tx);
        return TOMTE_OK;
    }
    if (tomte_coap_exchange_start(ep, ex))
        return TOMTE_OK;
    tomte_coap_tx_end(ep, peer, &ex->tx, TOMTE_COAP_CLIENT);
    return TOMTE_ERR_AGAIN;
}

static struct tomte_coap_exchange *get(struct tomte_coap *ep, uint32_t handle)
{
    uint16_t i = tomte_coap_index(ep, handle, TOMTE_COAP_KIND_EXCHANGE);
    return i == TOMTE_COAP_NONE ? NULL : &ep->exchanges[i];
}

/* One that no other request to this peer has. */
static void draw_token(struct tomte_coap *ep, struct tomte_coap_exchange *ex)
{
    bool taken;
    do {
        tomte_put_be32(ex->token, (uint32_t)tomte_random_next(&ep->random));
        taken = false;
        for (uint16_t i = 0; i < ep->top.exchanges; i++) {
            const struct tomte_coap_exchange *other = &ep->exchanges[i];
            taken |= other != ex && other->role != TOMTE_COAP_FREE &&
                     other->entry.peer == ex->entry.peer &&
                     memcmp(other->token, ex->token, TOKEN_LEN) == 0;
        }
    } while (taken);
    ex->token_len = TOKEN_LEN;
}
