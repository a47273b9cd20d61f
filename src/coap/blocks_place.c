/* SPDX-License-Identifier: Apache-2.0 */
#include "coap/blocks_place.h"

#include <string.h>

/* What a peer may take: a free place while it is below its share; else one of
 * those that its share is made of. */
struct share {
    const struct tomte_coap_from *from;
    bool peer_full; /* the peer's own */
    bool open_full; /* that of all without a context */
};

static struct share share_of(const struct tomte_coap_blocks *b,
                             const struct tomte_coap_from *from);
static unsigned yields(const struct tomte_coap_blocks_place *p,
                       const struct share *s);
static bool is_from(const struct tomte_coap_blocks_place *p,
                    const struct tomte_coap_from *from);

void tomte_coap_place_tick(struct tomte_coap_blocks *b, uint64_t now_ms)
{
    if (now_ms > b->now_ms)
        b->now_ms = now_ms;
    for (uint16_t i = 0; i < b->config.places; i++) {
        struct tomte_coap_blocks_place *p = &b->places[i];
        if (p->state == TOMTE_COAP_PLACE_FREE || p->until_ms > b->now_ms)
            continue;
        b->stats.expired += p->state == TOMTE_COAP_PLACE_COMING;
        tomte_coap_place_free(b, p);
    }
}

struct tomte_coap_blocks_place *
tomte_coap_place_find(struct tomte_coap_blocks *b,
                      const struct tomte_coap_from *from, uint64_t operation)
{
    for (uint16_t i = 0; i < b->config.places; i++) {
        struct tomte_coap_blocks_place *p = &b->places[i];
        if (p->state != TOMTE_COAP_PLACE_FREE && p->operation == operation &&
            is_from(p, from))
            return p;
    }
    return NULL;
}

struct tomte_coap_blocks_place *
tomte_coap_place_claim(struct tomte_coap_blocks *b,
                       const struct tomte_coap_from *from, uint64_t operation)
{
    struct share share = share_of(b, from);
    unsigned best_yield = 0;
    struct tomte_coap_blocks_place *best = NULL;
    for (uint16_t i = 0; i < b->config.places; i++) {
        struct tomte_coap_blocks_place *p = &b->places[i];
        unsigned y = yields(p, &share);
        if (y > best_yield ||
            (y != 0 && y == best_yield && p->until_ms < best->until_ms)) {
            best = p;
            best_yield = y;
        }
    }
    if (best == NULL)
        return NULL;
    if (best->state == TOMTE_COAP_PLACE_GOING)
        b->stats.evicted++;
    if (best->state != TOMTE_COAP_PLACE_FREE)
        tomte_coap_place_free(b, best);
    best->from = *from;
    best->operation = operation;
    return best;
}

uint8_t *tomte_coap_place_bytes(struct tomte_coap_blocks *b,
                                const struct tomte_coap_blocks_place *p)
{
    return b->bytes + (size_t)(p - b->places) * b->config.body_bytes;
}

void tomte_coap_place_free(struct tomte_coap_blocks *b,
                           struct tomte_coap_blocks_place *p)
{
    tomte_wipe(tomte_coap_place_bytes(b, p), b->config.body_bytes);
    memset(p, 0, sizeof *p);
}

static struct share share_of(const struct tomte_coap_blocks *b,
                             const struct tomte_coap_from *from)
{
    unsigned own = 0, open = 0;
    for (uint16_t i = 0; i < b->config.places; i++) {
        const struct tomte_coap_blocks_place *p = &b->places[i];
        own += p->state != TOMTE_COAP_PLACE_FREE && is_from(p, from);
        open += p->state != TOMTE_COAP_PLACE_FREE && p->from.context == 0;
    }
    return (struct share){.from = from,
                          .peer_full = own >= b->config.per_peer,
                          .open_full =
                              from->context == 0 && open >= b->config.open};
}

/* How willingly a place is given away: 0 never, the highest first. */
static unsigned yields(const struct tomte_coap_blocks_place *p,
                       const struct share *s)
{
    bool own = is_from(p, s->from);
    if (p->state == TOMTE_COAP_PLACE_FREE)
        return s->peer_full || s->open_full ? 0 : 3;
    if ((s->peer_full && !own) || (s->open_full && p->from.context != 0))
        return 0;
    if (p->state == TOMTE_COAP_PLACE_FETCHED)
        return 2;
    return p->state == TOMTE_COAP_PLACE_GOING && own ? 1 : 0;
}

static bool is_from(const struct tomte_coap_blocks_place *p,
                    const struct tomte_coap_from *from)
{
    return p->from.context == from->context &&
           tomte_addr_equal(&p->from.peer, &from->peer);
}
