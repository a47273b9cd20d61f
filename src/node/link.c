/* SPDX-License-Identifier: Apache-2.0 */
/* The node's one way to and from the CoAP endpoint: what comes up, and every
 * request, answer and notification that leaves. */
#include "node/internal.h"

static const uint16_t known_options[] = {
    TOMTE_COAP_OPT_URI_HOST,  TOMTE_COAP_OPT_URI_PORT, TOMTE_COAP_OPT_URI_PATH,
    TOMTE_COAP_OPT_URI_QUERY, TOMTE_COAP_OPT_ACCEPT,   TOMTE_COAP_OPT_BLOCK1,
    TOMTE_COAP_OPT_BLOCK2};

static struct tomte_coap_config coap_config(const struct tomte_node_config *c)
{
    struct tomte_coap_config config = tomte_coap_config_default(c->seed);
    config.params.ack_delay_ms = TOMTE_COAP_HOME.ack_delay_ms;
    /* People's programs are in the home too: what they leave behind lasts for
     * 51 s, not for the four minutes of the open Internet. */
    config.params.max_latency_ms = TOMTE_COAP_HOME.max_latency_ms;
#ifndef TOMTE_MCU
    /* What a request leaves behind lasts some ten seconds. A node answers its
     * own containers on one peer entry, its own; a keeper hears of every node
     * two to six times a second. */
    uint32_t inbound = 1024u + 32u * c->sizes.home_nodes;
    config.inbound = (uint16_t)(inbound < 4096 ? inbound : 4096);
    config.inbound_per_peer = 512;
    config.exchanges = 512;
    config.exchanges_per_peer = 128;
    /* A node that joins is a stranger, who may not take the last quarter. */
    config.peers = (uint16_t)(256u + 4u * c->sizes.home_nodes / 3u);
    config.blocks = (uint16_t)(4096u + 32u * c->sizes.home_nodes);
    config.observers = 256;
    config.observers_per_peer = 128;
#endif
    config.known = known_options;
    config.known_count = sizeof known_options / sizeof known_options[0];
    return config;
}

size_t node_link_memory(const struct tomte_node_config *config)
{
    struct tomte_coap_config coap = coap_config(config);
    return tomte_coap_memory(&coap);
}

enum tomte_err node_link_init(struct tomte_node *n)
{
    struct tomte_coap_config coap = coap_config(&n->config);
    return tomte_coap_init(&n->coap, &coap, n->arena);
}

enum tomte_err node_link_peer(struct tomte_node *n,
                              const struct tomte_addr *peer)
{
    return tomte_coap_link(&n->coap, n->now_ms, peer);
}

/* ---- in ---- */

void node_link_step(struct tomte_node *n, const struct tomte_node_event *event)
{
    struct tomte_coap_event e = {.kind = TOMTE_COAP_EVENT_TIMER,
                                 .now_ms = n->now_ms};
    if (event->kind == TOMTE_NODE_DATAGRAM) {
        e.kind = TOMTE_COAP_EVENT_DATAGRAM;
        e.from = event->from;
        e.bytes = event->bytes;
    }
    /* A datagram that is refused was counted there; noise is no news. */
    (void)tomte_coap_step(&n->coap, &e);
}

static void up(struct tomte_node *n, const struct tomte_coap_effect *e)
{
    switch (e->kind) {
    case TOMTE_COAP_REQUEST:
        node_route_request(n, &e->peer, e->handle, &e->msg);
        break;
    case TOMTE_COAP_RESPONSE:
        node_route_response(n, e->cookie, &e->msg, e->last);
        break;
    case TOMTE_COAP_FAILED:
        node_route_failed(n, e->cookie);
        break;
    case TOMTE_COAP_STALE:
        node_cell_stale(n, e->cookie);
        break;
    case TOMTE_COAP_SEND:
    case TOMTE_COAP_PONG:
    case TOMTE_COAP_GONE:
        break;
    }
}

void node_link_drain(struct tomte_node *n)
{
    struct tomte_coap_effect e;
    while (tomte_coap_poll_up(&n->coap, &e))
        up(n, &e);
}

bool node_link_poll(struct tomte_node *n, struct tomte_node_effect *out)
{
    struct tomte_coap_effect e;
    while (tomte_coap_poll(&n->coap, &e)) {
        if (e.kind != TOMTE_COAP_SEND) {
            up(n, &e);
            continue;
        }
        *out = (struct tomte_node_effect){
            .kind = TOMTE_NODE_SEND, .to = e.peer, .bytes = e.bytes};
        return true;
    }
    return false;
}

uint64_t node_link_deadline(const struct tomte_node *n)
{
    return tomte_coap_deadline(&n->coap);
}

/* ---- requests ---- */

enum tomte_err node_link_request(struct tomte_node *n,
                                 const struct tomte_coap_request *request,
                                 uint32_t *handle)
{
    return tomte_coap_request(&n->coap, n->now_ms, request, handle);
}

enum tomte_err node_link_renew(struct tomte_node *n, uint32_t handle,
                               const struct tomte_coap_parts *parts)
{
    return tomte_coap_renew(&n->coap, n->now_ms, handle, parts);
}

void node_link_cancel(struct tomte_node *n, uint32_t handle)
{
    tomte_coap_cancel(&n->coap, handle);
}

/* ---- answers ---- */

void node_link_respond(struct tomte_node *n, uint32_t request,
                       const struct tomte_coap_parts *parts)
{
    if (tomte_coap_respond(&n->coap, n->now_ms, request, parts) != TOMTE_OK)
        node_link_drop(n, request);
}

void node_link_drop(struct tomte_node *n, uint32_t request)
{
    tomte_coap_drop(&n->coap, n->now_ms, request);
}

/* ---- observers ---- */

enum tomte_err node_link_observe(struct tomte_node *n, uint32_t request,
                                 uint32_t resource)
{
    uint32_t observer;
    return tomte_coap_observe(&n->coap, request, resource + 1u, resource,
                              &observer);
}

void node_link_notify(struct tomte_node *n, uint32_t resource,
                      const struct tomte_coap_parts *parts, bool last)
{
    uint32_t observer = 0;
    while ((observer = tomte_coap_next_observer(&n->coap, resource + 1u,
                                                observer)) != 0)
        if (tomte_coap_notify(&n->coap, n->now_ms, observer, parts, last) !=
            TOMTE_OK)
            tomte_coap_unobserve(&n->coap, observer);
}
