/* SPDX-License-Identifier: Apache-2.0 */
#include "audit.h"

#include "test.h"

#include "base/bytes.h"
#include "coap/state.h"

/* Per peer. */
static unsigned exchanges[4096], inbound[4096], observers[4096];
static unsigned outstanding[2][4096];
static uint8_t block_seen[32768];

static unsigned chain(const struct tomte_coap *ep, uint16_t i)
{
    unsigned n = 0;
    for (; i != TOMTE_COAP_NONE; n++) {
        CHECK(i < ep->config.blocks);
        CHECK_EQ(0, block_seen[i]);
        block_seen[i] = 1;
        i = tomte_get_le16(ep->pool.bytes + (size_t)i * 64);
    }
    return n;
}

static unsigned count_exchanges(const struct tomte_coap *ep)
{
    unsigned blocks = 0, used = 0;
    for (uint16_t i = 0; i < ep->config.exchanges; i++) {
        const struct tomte_coap_exchange *ex = &ep->exchanges[i];
        if (ex->role == TOMTE_COAP_FREE) {
            CHECK(!ex->entry.queued);
            continue;
        }
        used++;
        exchanges[ex->entry.peer]++;
        if (ex->tx.state > TOMTE_COAP_TX_QUEUED)
            outstanding[tomte_coap_exchange_side(ex)][ex->entry.peer]++;
        CHECK(ex->role != TOMTE_COAP_ENDED || ex->entry.queued);
        blocks += chain(ep, ex->tx.msg);
    }
    CHECK_EQ(used, ep->used.exchanges);
    return blocks;
}

static unsigned count_inbound(const struct tomte_coap *ep)
{
    unsigned blocks = 0, used = 0;
    for (uint16_t i = 0; i < ep->config.inbound; i++) {
        const struct tomte_coap_inbound *in = &ep->inbound[i];
        if (in->state == TOMTE_COAP_IN_FREE) {
            CHECK(!in->entry.queued);
            continue;
        }
        used++;
        inbound[in->entry.peer]++;
        blocks += chain(ep, in->msg);
    }
    CHECK_EQ(used, ep->used.inbound);
    return blocks;
}

static unsigned count_observers(const struct tomte_coap *ep)
{
    unsigned blocks = 0, used = 0;
    for (uint16_t i = 0; i < ep->config.observers; i++) {
        const struct tomte_coap_observer *ob = &ep->observers[i];
        if (ob->state == TOMTE_COAP_OB_FREE) {
            CHECK(!ob->entry.queued);
            continue;
        }
        used++;
        observers[ob->entry.peer]++;
        if (ob->tx.state > TOMTE_COAP_TX_QUEUED)
            outstanding[TOMTE_COAP_SERVER][ob->entry.peer]++;
        /* a state that waits, waits for something */
        CHECK(ob->waiting == TOMTE_COAP_NONE ||
              ob->tx.state != TOMTE_COAP_TX_IDLE);
        blocks += chain(ep, ob->tx.msg) + chain(ep, ob->waiting);
    }
    CHECK_EQ(used, ep->used.observers);
    return blocks;
}

static void check_peers(const struct tomte_coap *ep)
{
    unsigned used = 0, links = 0;
    for (uint16_t i = 0; i < ep->config.peers; i++) {
        const struct tomte_coap_peer *p = &ep->peers[i];
        used += p->used;
        links += p->used && p->link;
        if (!p->used) {
            CHECK_EQ(0, exchanges[i] + inbound[i] + observers[i]);
            continue;
        }
        CHECK_EQ(exchanges[i], p->exchanges);
        CHECK_EQ(inbound[i], p->inbound);
        CHECK_EQ(observers[i], p->observers);
        CHECK(inbound[i] <= ep->config.inbound_per_peer);
        CHECK(exchanges[i] <= ep->config.exchanges_per_peer);
        CHECK(observers[i] <= ep->config.observers_per_peer);
        for (int side = 0; side < 2; side++) {
            CHECK_EQ(outstanding[side][i], p->outstanding[side]);
            CHECK(p->outstanding[side] <=
                  tomte_coap_peer_params(ep, p)->nstart);
        }
    }
    CHECK_EQ(used, ep->used.peers);
    CHECK_EQ(links, ep->used.links);
}

void audit(const struct tomte_coap *ep)
{
    memset(exchanges, 0, sizeof exchanges[0] * ep->config.peers);
    memset(inbound, 0, sizeof inbound[0] * ep->config.peers);
    memset(observers, 0, sizeof observers[0] * ep->config.peers);
    for (int side = 0; side < 2; side++)
        memset(outstanding[side], 0,
               sizeof outstanding[0][0] * ep->config.peers);
    memset(block_seen, 0, ep->config.blocks);
    unsigned blocks = chain(ep, ep->pool.first_free);
    CHECK_EQ(blocks, ep->pool.free);
    blocks += count_exchanges(ep) + count_inbound(ep) + count_observers(ep);
    CHECK_EQ(ep->config.blocks, blocks);
    check_peers(ep);
}
