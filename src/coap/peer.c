/* SPDX-License-Identifier: Apache-2.0 */
#include "coap/state.h"

#include "base/assert.h"

static struct tomte_coap_peer *evict(struct tomte_coap *ep);
static void forget_inbound(struct tomte_coap *ep, uint16_t peer);

struct tomte_coap_peer *tomte_coap_peer_find(struct tomte_coap *ep,
                                             const struct tomte_addr *addr)
{
    for (uint16_t i = 0; i < ep->config.peers; i++)
        if (ep->peers[i].used && tomte_addr_equal(&ep->peers[i].addr, addr))
            return &ep->peers[i];
    return NULL;
}

struct tomte_coap_peer *tomte_coap_peer_get(struct tomte_coap *ep,
                                            const struct tomte_addr *addr,
                                            bool link)
{
    struct tomte_coap_peer *p = tomte_coap_peer_find(ep, addr);
    if (p != NULL) {
        p->used_ms = ep->now_ms;
        return p;
    }
    if (tomte_coap_has_room(ep, ep->config.peers, ep->used.peers, link))
        for (p = ep->peers; p->used;)
            p++;
    else
        p = evict(ep);
    if (p == NULL) {
        ep->stats.peers_full++;
        return NULL;
    }
    ep->used.peers++;
    *p = (struct tomte_coap_peer){.addr = *addr,
                                  .used = true,
                                  .used_ms = ep->now_ms,
                                  .next_mid =
                                      (uint16_t)tomte_random_next(&ep->random)};
    return p;
}

uint16_t tomte_coap_peer_index(const struct tomte_coap *ep,
                               const struct tomte_coap_peer *peer)
{
    return (uint16_t)(peer - ep->peers);
}

const struct tomte_coap_params *
tomte_coap_peer_params(const struct tomte_coap *ep,
                       const struct tomte_coap_peer *peer)
{
    return peer->link ? &ep->config.link : &ep->config.params;
}

/* IDs go up by one. That none comes back too early is watched by the quarter:
 * one is entered again when the last ID taken from it has run out. */
bool tomte_coap_peer_mid(struct tomte_coap *ep, struct tomte_coap_peer *peer,
                         uint16_t *mid)
{
    unsigned quarter = peer->next_mid >> 14;
    bool enters = (peer->next_mid & 0x3fff) == 0;
    if (enters && ep->now_ms < peer->free_ms[quarter]) {
        ep->stats.mids_exhausted++;
        return false;
    }
    *mid = peer->next_mid++;
    peer->free_ms[quarter] = ep->now_ms + tomte_coap_exchange_lifetime(
                                              tomte_coap_peer_params(ep, peer));
    return true;
}

void tomte_coap_peer_heard(struct tomte_coap *ep, struct tomte_coap_peer *peer)
{
    if (peer == NULL || peer->probe_ms == 0)
        return;
    bool waited = peer->probe_ms > ep->now_ms;
    peer->probe_ms = 0;
    if (waited)
        tomte_coap_tx_next(ep, tomte_coap_peer_index(ep, peer),
                           TOMTE_COAP_CLIENT);
}

void tomte_coap_peer_probed(const struct tomte_coap *ep,
                            struct tomte_coap_peer *peer, size_t bytes)
{
    uint32_t rate = tomte_coap_peer_params(ep, peer)->probing_rate;
    if (rate == 0)
        return;
    if (peer->probe_ms < ep->now_ms)
        peer->probe_ms = ep->now_ms;
    peer->probe_ms += ((uint64_t)bytes * 1000 + rate - 1) / rate;
}

bool tomte_coap_has_room(const struct tomte_coap *ep, uint16_t size,
                         uint16_t used, bool link)
{
    bool reserved = ep->used.links != 0 && !link;
    return size - used > (reserved ? size / 4 : 0);
}

enum tomte_err tomte_coap_link(struct tomte_coap *ep, uint64_t now_ms,
                               const struct tomte_addr *peer)
{
    tomte_coap_tick(ep, now_ms);
    struct tomte_coap_peer *p = tomte_coap_peer_get(ep, peer, true);
    if (p == NULL)
        return TOMTE_ERR_FULL;
    if (!p->link)
        ep->used.links++;
    p->link = true;
    return TOMTE_OK;
}

void tomte_coap_unlink(struct tomte_coap *ep, const struct tomte_addr *peer)
{
    struct tomte_coap_peer *p = tomte_coap_peer_find(ep, peer);
    if (p == NULL || !p->link)
        return;
    p->link = false;
    ep->used.links--;
}

/* The stranger that was silent longest, among those with nothing under way and
 * no request that must be remembered. */
static struct tomte_coap_peer *evict(struct tomte_coap *ep)
{
    tomte_coap_inbound_sweep(ep);
    for (uint16_t i = 0; i < ep->config.peers; i++) {
        struct tomte_coap_peer *p = &ep->peers[i];
        p->pinned =
            !p->used || p->link || p->exchanges != 0 || p->observers != 0;
    }
    for (uint16_t i = 0; i < ep->top.inbound; i++) {
        const struct tomte_coap_inbound *in = &ep->inbound[i];
        if (in->state != TOMTE_COAP_IN_FREE && !tomte_coap_inbound_yields(in))
            ep->peers[in->entry.peer].pinned = true;
    }
    struct tomte_coap_peer *oldest = NULL;
    for (uint16_t i = 0; i < ep->config.peers; i++) {
        struct tomte_coap_peer *p = &ep->peers[i];
        if (!p->pinned && (oldest == NULL || p->used_ms < oldest->used_ms))
            oldest = p;
    }
    if (oldest == NULL)
        return NULL;
    forget_inbound(ep, tomte_coap_peer_index(ep, oldest));
    TOMTE_ASSERT(oldest->inbound == 0);
    ep->stats.peers_evicted++;
    ep->used.peers--;
    oldest->used = false;
    return oldest;
}

static void forget_inbound(struct tomte_coap *ep, uint16_t peer)
{
    for (uint16_t i = 0; i < ep->top.inbound; i++) {
        struct tomte_coap_inbound *in = &ep->inbound[i];
        if (in->state != TOMTE_COAP_IN_FREE && in->entry.peer == peer) {
            tomte_coap_inbound_free(ep, in);
            ep->stats.inbound_evicted++;
        }
    }
}
