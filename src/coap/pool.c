/* SPDX-License-Identifier: Apache-2.0 */
/* Messages kept for repetition, in chains of blocks of 64 bytes. Most messages
 * of a home fit one or two; a whole datagram of 1280 bytes for each would cost
 * twenty times as much.
 *
 *   first block   next:2  length:2  60 bytes
 *   others        next:2            62 bytes */
#include "coap/state.h"

#include "base/assert.h"
#include "base/bytes.h"

#include <string.h>

#define BLOCK TOMTE_COAP_BLOCK_BYTES
#define HEAD  4 /* of the first block */
#define NEXT  2 /* of the others */

static uint8_t *block(const struct tomte_coap *ep, uint16_t i);
static uint16_t next_of(const struct tomte_coap *ep, uint16_t i);
static bool make_room(struct tomte_coap *ep, size_t blocks, bool link);

void tomte_coap_pool_init(struct tomte_coap *ep)
{
    uint16_t count = ep->config.blocks;
    for (uint16_t i = 0; i < count; i++)
        tomte_put_le16(block(ep, i),
                       i + 1 < count ? (uint16_t)(i + 1) : TOMTE_COAP_NONE);
    ep->pool.first_free = 0;
    ep->pool.free = count;
}

uint16_t tomte_coap_pool_put(struct tomte_coap *ep, struct tomte_span message,
                             bool link)
{
    size_t blocks =
        (message.len + (HEAD - NEXT) + (BLOCK - NEXT - 1)) / (BLOCK - NEXT);
    if (!make_room(ep, blocks, link)) {
        ep->stats.blocks_full++;
        return TOMTE_COAP_NONE;
    }
    uint16_t chain = ep->pool.first_free;
    uint16_t i = chain;
    size_t at = 0, head = HEAD;
    for (size_t n = 1;; n++) {
        uint8_t *b = block(ep, i);
        size_t part = message.len - at;
        if (part > BLOCK - head)
            part = BLOCK - head;
        memcpy(b + head, message.data + at, part);
        at += part;
        head = NEXT;
        if (n == blocks) {
            ep->pool.first_free = next_of(ep, i);
            tomte_put_le16(b, TOMTE_COAP_NONE);
            break;
        }
        i = next_of(ep, i);
    }
    TOMTE_ASSERT(at == message.len);
    tomte_put_le16(block(ep, chain) + NEXT, (uint16_t)message.len);
    ep->pool.free = (uint16_t)(ep->pool.free - blocks);
    return chain;
}

size_t tomte_coap_pool_get(const struct tomte_coap *ep, uint16_t chain,
                           uint8_t *out)
{
    size_t len = tomte_get_le16(block(ep, chain) + NEXT);
    size_t at = 0, head = HEAD;
    for (uint16_t i = chain; at < len; i = next_of(ep, i)) {
        size_t part = len - at;
        if (part > BLOCK - head)
            part = BLOCK - head;
        memcpy(out + at, block(ep, i) + head, part);
        at += part;
        head = NEXT;
    }
    return len;
}

void tomte_coap_pool_free(struct tomte_coap *ep, uint16_t *chain)
{
    uint16_t i = *chain;
    while (i != TOMTE_COAP_NONE) {
        uint16_t next = next_of(ep, i);
        tomte_put_le16(block(ep, i), ep->pool.first_free);
        ep->pool.first_free = i;
        ep->pool.free++;
        i = next;
    }
    *chain = TOMTE_COAP_NONE;
}

size_t tomte_coap_pool_length(const struct tomte_coap *ep, uint16_t chain)
{
    return tomte_get_le16(block(ep, chain) + NEXT);
}

void tomte_coap_pool_stamp(struct tomte_coap *ep, uint16_t chain, uint8_t type,
                           uint16_t mid)
{
    uint8_t *message = block(ep, chain) + HEAD;
    message[0] = (uint8_t)((message[0] & 0xcf) | type << 4);
    tomte_put_be16(message + 2, mid);
}

static uint8_t *block(const struct tomte_coap *ep, uint16_t i)
{
    TOMTE_ASSERT(i < ep->config.blocks);
    return ep->pool.bytes + (size_t)i * BLOCK;
}

static uint16_t next_of(const struct tomte_coap *ep, uint16_t i)
{
    return tomte_get_le16(block(ep, i));
}

static bool enough(const struct tomte_coap *ep, size_t blocks, bool link)
{
    return blocks <= ep->pool.free &&
           tomte_coap_has_room(
               ep, ep->config.blocks,
               (uint16_t)(ep->config.blocks - ep->pool.free + blocks - 1),
               link);
}

/* Gives up remembered answers to requests that may be asked again, first those
 * out of date, then the oldest, until there is room. */
static bool make_room(struct tomte_coap *ep, size_t blocks, bool link)
{
    if (enough(ep, blocks, link))
        return true;
    tomte_coap_inbound_sweep(ep);
    while (!enough(ep, blocks, link)) {
        struct tomte_coap_inbound *oldest = NULL;
        for (uint16_t i = 0; i < ep->top.inbound; i++) {
            struct tomte_coap_inbound *in = &ep->inbound[i];
            if (tomte_coap_inbound_yields(in) && in->msg != TOMTE_COAP_NONE &&
                (oldest == NULL || in->expires_ms < oldest->expires_ms))
                oldest = in;
        }
        if (oldest == NULL)
            return false;
        tomte_coap_pool_free(ep, &oldest->msg);
        ep->stats.answers_dropped++;
    }
    return true;
}
