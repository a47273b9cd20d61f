/* SPDX-License-Identifier: Apache-2.0 */
/* What answers a request of ours (RFC 7252 section 5.3.2), once or, when it
 * observes, again and again (RFC 7641 section 3). */
#include "coap/state.h"

#include <string.h>

static struct tomte_coap_exchange *match(struct tomte_coap *ep, uint16_t peer,
                                         const struct tomte_coap_msg *msg);
static enum tomte_err accept(struct tomte_coap *ep,
                             struct tomte_coap_exchange *ex,
                             const struct tomte_coap_msg *msg);
static bool is_newer(const struct tomte_coap *ep,
                     const struct tomte_coap_exchange *ex, uint32_t seq);
static void observe(struct tomte_coap *ep, struct tomte_coap_exchange *ex,
                    const struct tomte_coap_msg *msg, uint32_t seq);

enum tomte_err tomte_coap_take_response(struct tomte_coap *ep,
                                        struct tomte_coap_peer *peer,
                                        const struct tomte_addr *from,
                                        const struct tomte_coap_msg *msg)
{
    bool con = msg->type == TOMTE_COAP_CON;
    tomte_coap_peer_heard(ep, peer);
    uint16_t p =
        peer == NULL ? TOMTE_COAP_NONE : tomte_coap_peer_index(ep, peer);
    if (con && tomte_coap_inbound_find(ep, p, msg) != NULL) {
        ep->stats.duplicates++;
        tomte_coap_reply(ep, from, TOMTE_COAP_ACK, msg->mid);
        return TOMTE_OK;
    }
    struct tomte_coap_exchange *ex = match(ep, p, msg);
    if (ex == NULL) {
        /* Section 4.2 demands the Reset of a CON; RFC 7641 section 3.6 makes a
         * NON notification that nobody wants end by it. */
        ep->stats.stray_responses++;
        if (msg->type != TOMTE_COAP_ACK)
            tomte_coap_reply(ep, from, TOMTE_COAP_RST, msg->mid);
        return TOMTE_ERR_NOT_FOUND;
    }
    if (ep->config.known != NULL &&
        tomte_coap_options_check(msg->options, ep->config.known,
                                 ep->config.known_count, NULL) != TOMTE_OK) {
        ep->stats.bad_options++;
        if (con)
            tomte_coap_reply(ep, from, TOMTE_COAP_RST, msg->mid);
        tomte_coap_exchange_fail(ep, ex, TOMTE_ERR_OPTION);
        return TOMTE_ERR_OPTION;
    }
    if (con) {
        tomte_coap_reply(ep, from, TOMTE_COAP_ACK, msg->mid);
        tomte_coap_inbound_note(ep, peer, msg);
    }
    return accept(ep, ex, msg);
}

/* A piggybacked response has the message ID and the token of its request, any
 * other one the token alone. */
static struct tomte_coap_exchange *match(struct tomte_coap *ep, uint16_t peer,
                                         const struct tomte_coap_msg *msg)
{
    bool piggybacked = msg->type == TOMTE_COAP_ACK;
    for (uint16_t i = 0; i < ep->top.exchanges; i++) {
        struct tomte_coap_exchange *ex = &ep->exchanges[i];
        if (ex->role != TOMTE_COAP_ASKING || !ex->started ||
            ex->entry.peer != peer || ex->token_len != msg->token_len ||
            memcmp(ex->token, msg->token, ex->token_len) != 0)
            continue;
        bool flying =
            ex->tx.state == TOMTE_COAP_TX_FLYING && ex->tx.mid == msg->mid;
        return !piggybacked || flying ? ex : NULL;
    }
    return NULL;
}

/* A first response also says that the request arrived. While a registration is
 * renewed a notification says nothing about the renewal, only its ACK does. */
static enum tomte_err accept(struct tomte_coap *ep,
                             struct tomte_coap_exchange *ex,
                             const struct tomte_coap_msg *msg)
{
    uint32_t seq;
    uint16_t peer = ex->entry.peer;
    bool piggybacked = msg->type == TOMTE_COAP_ACK;
    bool notifies =
        ex->registers && tomte_coap_class(msg->code) == 2 &&
        tomte_coap_find_uint(msg->options, TOMTE_COAP_OPT_OBSERVE, &seq);
    if (notifies && !piggybacked && !is_newer(ep, ex, seq)) {
        ep->stats.old_notifications++;
        return TOMTE_ERR_STALE;
    }
    if (!ex->observing || piggybacked || ex->tx.state == TOMTE_COAP_TX_PACED)
        tomte_coap_tx_end(ep, &ep->peers[peer], &ex->tx, TOMTE_COAP_CLIENT);
    ep->up = (struct tomte_coap_effect){
        .kind = TOMTE_COAP_RESPONSE,
        .peer = ep->peers[peer].addr,
        .msg = *msg,
        .handle = tomte_coap_handle(
            ep, TOMTE_COAP_ID(TOMTE_COAP_KIND_EXCHANGE, ex - ep->exchanges)),
        .cookie = ex->cookie,
        .last = !notifies};
    if (notifies)
        observe(ep, ex, msg, seq);
    else
        tomte_coap_exchange_free(ep, ex);
    tomte_coap_tx_next(ep, peer, TOMTE_COAP_CLIENT);
    return TOMTE_OK;
}

/* RFC 7641 section 3.4: 24-bit serial numbers, good for 128 seconds. */
static bool is_newer(const struct tomte_coap *ep,
                     const struct tomte_coap_exchange *ex, uint32_t seq)
{
    if (!ex->observing || !ex->ordered)
        return true;
    uint32_t ahead = (seq - ex->seq) & 0xffffff;
    return (ahead != 0 && ahead < 1u << 23) || ep->now_ms > ex->seq_ms + 128000;
}

static void observe(struct tomte_coap *ep, struct tomte_coap_exchange *ex,
                    const struct tomte_coap_msg *msg, uint32_t seq)
{
    uint32_t max_age_s = TOMTE_COAP_MAX_AGE_DEFAULT_S;
    (void)tomte_coap_find_uint(msg->options, TOMTE_COAP_OPT_MAX_AGE,
                               &max_age_s);
    ex->observing = true;
    ex->ordered = true;
    ex->seq = seq;
    ex->seq_ms = ep->now_ms;
    tomte_coap_exchange_fresh(ep, ex, max_age_s);
}
