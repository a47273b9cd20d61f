/* SPDX-License-Identifier: Apache-2.0 */
/* The network of a simulated home: datagrams are lost, repeated, delayed past
 * each other, and kept from the other side of a partition. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#define PORT 5683

/* Datagrams that wait before one node: what the receive buffer of a socket
 * holds, so what a process that was stopped hears of the time it was not. */
#define SOCKET_MAX 600

struct tomte_addr sim_addr(uint16_t node)
{
    uint8_t ip[4] = {127, 1, (uint8_t)(node >> 8), (uint8_t)node};
    return tomte_addr_ipv4(ip, PORT);
}

static int node_at(const struct tomte_addr *a)
{
    return a->port == PORT && a->ip[13] == 1 ? a->ip[14] << 8 | a->ip[15] : -1;
}

static uint64_t delay(struct sim *w)
{
    const struct sim_rates *r = &w->rates;
    uint64_t us =
        r->delay_min_us +
        tomte_random_below(&w->net, r->delay_max_us - r->delay_min_us + 1);
    if (!w->healed && tomte_random_chance(&w->net, r->slow_permille))
        us += tomte_random_below(&w->net, 1000000);
    return us;
}

static void arrive(struct sim *w, uint16_t node, uint64_t tag,
                   const struct tomte_addr *from, struct tomte_span bytes,
                   uint64_t after_us)
{
    if (node < w->nodes_len && w->nodes[node].waiting >= SOCKET_MAX) {
        w->counts.lost++;
        return;
    }
    struct happening h = {.at_us = w->now_us + after_us,
                          .kind = HAPPEN_DATAGRAM,
                          .node = node,
                          .tag = tag,
                          .from = *from,
                          .bytes = malloc(bytes.len + 1),
                          .len = (uint16_t)bytes.len};
    TOMTE_ASSERT(h.bytes != NULL);
    memcpy(h.bytes, bytes.data, bytes.len);
    if (node < w->nodes_len)
        w->nodes[node].waiting++;
    queue_put(&w->queue, h);
}

static bool is_lost(struct sim *w, uint16_t from, uint16_t to)
{
    bool person = from == SIM_NODES_MAX || to == SIM_NODES_MAX;
    if (!person && w->nodes[from].group != w->nodes[to].group)
        return true;
    return !w->healed && tomte_random_chance(&w->net, w->rates.loss_permille);
}

void sim_send(struct sim *w, uint16_t from, const struct tomte_addr *to,
              struct tomte_span bytes)
{
    int target = node_at(to);
    struct tomte_addr source = sim_addr(from);
    w->counts.datagrams++;
    if (bytes.len > w->counts.longest)
        w->counts.longest = (uint32_t)bytes.len;
    if (target < 0 || (target >= w->nodes_len && target != SIM_NODES_MAX))
        return;
    if (target == from) { /* loopback: always and soon */
        arrive(w, from, 0, &source, bytes, 20);
        return;
    }
    if (is_lost(w, from, (uint16_t)target)) {
        w->counts.lost++;
        return;
    }
    arrive(w, (uint16_t)target, 0, &source, bytes, delay(w));
    if (!w->healed && tomte_random_chance(&w->net, w->rates.repeat_permille))
        arrive(w, (uint16_t)target, 0, &source, bytes, delay(w));
}
