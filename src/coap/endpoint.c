/* SPDX-License-Identifier: Apache-2.0 */
#include "coap/endpoint.h"

#include "base/assert.h"
#include "coap/state.h"

#include <stdalign.h>
#include <string.h>

#define TABLE_MAX 4096

static bool is_sensible(const struct tomte_coap_config *c);
static enum tomte_err receive(struct tomte_coap *ep,
                              const struct tomte_addr *from,
                              struct tomte_span datagram, bool multicast);
static void run_timers(struct tomte_coap *ep);
static bool emit(struct tomte_coap *ep, uint16_t id,
                 struct tomte_coap_effect *effect);

struct tomte_coap_config tomte_coap_config_default(uint64_t seed)
{
    struct tomte_coap_config c = {.params = TOMTE_COAP_DEFAULT,
                                  .link = TOMTE_COAP_HOME,
                                  .seed = seed,
#ifdef TOMTE_MCU
                                  .peers = 8,
                                  .exchanges = 24,
                                  .inbound = 48,
                                  .observers = 12,
                                  .blocks = 192,
                                  .exchanges_per_peer = 8,
                                  .inbound_per_peer = 24,
                                  .observers_per_peer = 6
#else
                                  .peers = 64,
                                  .exchanges = 256,
                                  .inbound = 512,
                                  .observers = 128,
                                  .blocks = 2048,
                                  .exchanges_per_peer = 32,
                                  .inbound_per_peer = 128,
                                  .observers_per_peer = 32
#endif
    };
    return c;
}

/* What init takes, in this order; each aligned for any of the structs. */
enum part { PEERS, EXCHANGES, INBOUND, OBSERVERS, BLOCKS, OUT, PARTS };

#define ALIGN alignof(max_align_t)

static size_t part_size(const struct tomte_coap_config *c, enum part part)
{
    switch (part) {
    case PEERS:
        return c->peers * sizeof(struct tomte_coap_peer);
    case EXCHANGES:
        return c->exchanges * sizeof(struct tomte_coap_exchange);
    case INBOUND:
        return c->inbound * sizeof(struct tomte_coap_inbound);
    case OBSERVERS:
        return c->observers * sizeof(struct tomte_coap_observer);
    case BLOCKS:
        return c->blocks * (size_t)TOMTE_COAP_BLOCK_BYTES;
    default:
        return TOMTE_LIMIT_DATAGRAM_BYTES;
    }
}

size_t tomte_coap_memory(const struct tomte_coap_config *config)
{
    size_t total = ALIGN;
    for (int part = PEERS; part < PARTS; part++)
        total +=
            (part_size(config, (enum part)part) + ALIGN - 1) / ALIGN * ALIGN;
    return total;
}

enum tomte_err tomte_coap_init(struct tomte_coap *ep,
                               const struct tomte_coap_config *config,
                               struct tomte_arena *arena)
{
    memset(ep, 0, sizeof *ep);
    if (!is_sensible(config))
        return TOMTE_ERR_RANGE;
    size_t mark = tomte_arena_mark(arena);
    void *parts[PARTS];
    for (int part = PEERS; part < PARTS; part++) {
        parts[part] =
            tomte_arena_take(arena, part_size(config, (enum part)part), ALIGN);
        if (parts[part] == NULL) {
            tomte_arena_release(arena, mark);
            return TOMTE_ERR_NO_MEMORY;
        }
    }
    ep->config = *config;
    ep->peers = parts[PEERS];
    ep->exchanges = parts[EXCHANGES];
    ep->inbound = parts[INBOUND];
    ep->observers = parts[OBSERVERS];
    ep->pool.bytes = parts[BLOCKS];
    ep->out = parts[OUT];
    ep->due_ms = TOMTE_COAP_NEVER;
    ep->ready.head = TOMTE_COAP_NONE;
    tomte_random_init(&ep->random, config->seed);
    tomte_coap_pool_init(ep);
    return TOMTE_OK;
}

void tomte_coap_wipe(struct tomte_coap *ep)
{
    void *const parts[PARTS] = {ep->peers,     ep->exchanges,  ep->inbound,
                                ep->observers, ep->pool.bytes, ep->out};
    for (int part = PEERS; part < PARTS; part++)
        if (parts[part] != NULL)
            tomte_wipe(parts[part], part_size(&ep->config, (enum part)part));
    tomte_wipe(ep, sizeof *ep);
}

enum tomte_err tomte_coap_step(struct tomte_coap *ep,
                               const struct tomte_coap_event *event)
{
    TOMTE_ASSERT(ep->up.kind == 0 && ep->reply.len == 0);
    tomte_coap_tick(ep, event->now_ms);
    switch (event->kind) {
    case TOMTE_COAP_EVENT_DATAGRAM:
        return receive(ep, &event->from, event->bytes, event->multicast);
    case TOMTE_COAP_EVENT_TIMER:
        if (ep->due_ms <= ep->now_ms)
            run_timers(ep);
        return TOMTE_OK;
    }
    return TOMTE_ERR_INVALID;
}

uint64_t tomte_coap_deadline(const struct tomte_coap *ep)
{
    return ep->due_ms;
}

bool tomte_coap_poll(struct tomte_coap *ep, struct tomte_coap_effect *effect)
{
    memset(effect, 0, sizeof *effect);
    uint16_t id;
    if (ep->reply.len != 0) {
        effect->kind = TOMTE_COAP_SEND;
        effect->peer = ep->reply.to;
        effect->bytes = TOMTE_SPAN(ep->reply.bytes, ep->reply.len);
        ep->reply.len = 0;
        ep->stats.sent++;
        return true;
    }
    if (tomte_coap_poll_up(ep, effect))
        return true;
    while ((id = tomte_coap_next_ready(ep)) != TOMTE_COAP_NONE)
        if (emit(ep, id, effect)) {
            ep->stats.sent += effect->kind == TOMTE_COAP_SEND;
            return true;
        }
    return false;
}

bool tomte_coap_poll_up(struct tomte_coap *ep, struct tomte_coap_effect *effect)
{
    if (ep->up.kind == 0)
        return false;
    *effect = ep->up;
    ep->up.kind = 0;
    return true;
}

static bool are_sensible(const struct tomte_coap_params *p)
{
    return p->ack_timeout_ms != 0 && p->ack_timeout_ms <= 60000 &&
           p->random_permille >= 1000 && p->random_permille <= 10000 &&
           p->max_retransmit <= 8 && p->nstart != 0 &&
           p->ack_delay_ms < p->ack_timeout_ms &&
           p->stale_min_ms <= p->stale_max_ms && p->notify_con_every != 0;
}

static bool is_size(uint16_t n)
{
    return n != 0 && n <= TABLE_MAX;
}

static bool is_sensible(const struct tomte_coap_config *c)
{
    return are_sensible(&c->params) && are_sensible(&c->link) &&
           is_size(c->peers) && is_size(c->exchanges) && is_size(c->inbound) &&
           is_size(c->observers) && c->blocks != 0 && c->blocks <= 32768 &&
           is_size(c->exchanges_per_peer) && is_size(c->inbound_per_peer) &&
           is_size(c->observers_per_peer);
}

static enum tomte_err malformed(struct tomte_coap *ep,
                                const struct tomte_addr *from,
                                const struct tomte_coap_msg *msg,
                                enum tomte_err err)
{
    ep->stats.malformed++;
    if (tomte_coap_wants_reset(err, msg))
        tomte_coap_reply(ep, from, TOMTE_COAP_RST, msg->mid);
    return err;
}

static enum tomte_err empty(struct tomte_coap *ep,
                            const struct tomte_addr *from,
                            const struct tomte_coap_msg *msg)
{
    if (msg->type == TOMTE_COAP_CON) { /* a ping, section 4.3 */
        tomte_coap_reply(ep, from, TOMTE_COAP_RST, msg->mid);
        return TOMTE_OK;
    }
    struct tomte_coap_peer *peer = tomte_coap_peer_find(ep, from);
    tomte_coap_peer_heard(ep, peer);
    uint16_t p =
        peer == NULL ? TOMTE_COAP_NONE : tomte_coap_peer_index(ep, peer);
    bool known = msg->type == TOMTE_COAP_ACK
                     ? tomte_coap_exchange_acked(ep, p, msg->mid) ||
                           tomte_coap_observer_acked(ep, p, msg->mid)
                     : tomte_coap_exchange_reset(ep, p, msg->mid) ||
                           tomte_coap_observer_reset(ep, p, msg->mid);
    if (known)
        return TOMTE_OK;
    ep->stats.stray_acks++;
    return TOMTE_ERR_NOT_FOUND;
}

static enum tomte_err receive(struct tomte_coap *ep,
                              const struct tomte_addr *from,
                              struct tomte_span datagram, bool multicast)
{
    struct tomte_coap_msg msg;
    ep->stats.received++;
    if (datagram.len > TOMTE_LIMIT_DATAGRAM_BYTES) {
        ep->stats.oversized++;
        return TOMTE_ERR_TOO_LARGE;
    }
    enum tomte_err err = tomte_coap_decode(datagram, &msg);
    if (multicast && (err != TOMTE_OK || msg.type != TOMTE_COAP_NON ||
                      !tomte_coap_is_request(msg.code))) {
        ep->stats.bad_multicast++; /* section 8.1; never a Reset to many */
        return err != TOMTE_OK ? err : TOMTE_ERR_INVALID;
    }
    if (err != TOMTE_OK)
        return malformed(ep, from, &msg, err);
    if (msg.code == TOMTE_COAP_EMPTY)
        return empty(ep, from, &msg);
    if (tomte_coap_is_request(msg.code))
        return tomte_coap_take_request(ep, from, &msg, multicast);
    return tomte_coap_take_response(ep, tomte_coap_peer_find(ep, from), from,
                                    &msg);
}

/* What is due, and when the next is. An entry that comes due by what is done
 * here, another's message that may now start, has told tomte_coap_wake. */
static void run_timers(struct tomte_coap *ep)
{
    tomte_coap_inbound_sweep(ep);
    ep->due_ms = TOMTE_COAP_NEVER;
    for (uint16_t i = 0; i < ep->top.exchanges; i++) {
        struct tomte_coap_exchange *ex = &ep->exchanges[i];
        if (ex->role == TOMTE_COAP_FREE || ex->role == TOMTE_COAP_ENDED)
            continue;
        tomte_coap_exchange_due(ep, ex);
        tomte_coap_wake(ep, ex->until_ms);
        tomte_coap_wake(ep, ex->tx.due_ms);
    }
    for (uint16_t i = 0; i < ep->top.observers; i++) {
        struct tomte_coap_observer *ob = &ep->observers[i];
        if (ob->state != TOMTE_COAP_OB_LIVE)
            continue;
        tomte_coap_observer_due(ep, ob);
        tomte_coap_wake(ep, ob->tx.due_ms);
    }
    for (uint16_t i = 0; i < ep->top.inbound; i++) {
        struct tomte_coap_inbound *in = &ep->inbound[i];
        if (in->state == TOMTE_COAP_IN_FREE)
            continue;
        tomte_coap_inbound_due(ep, in);
        tomte_coap_wake(ep, in->ack_ms);
        if (in->state == TOMTE_COAP_IN_OPEN)
            tomte_coap_wake(ep, in->expires_ms);
    }
}

/* One of the entry's effects; it goes back to the queue while it has more. */
static bool emit(struct tomte_coap *ep, uint16_t id,
                 struct tomte_coap_effect *effect)
{
    uint16_t index = id & 0xfff;
    bool told = id >> 12 == TOMTE_COAP_KIND_EXCHANGE
                    ? tomte_coap_exchange_emit(ep, index, effect)
                : id >> 12 == TOMTE_COAP_KIND_INBOUND
                    ? tomte_coap_inbound_emit(ep, index, effect)
                    : tomte_coap_observer_emit(ep, index, effect);
    if (tomte_coap_entry(ep, id)->emit != 0)
        tomte_coap_emit(ep, id, 0);
    return told;
}
