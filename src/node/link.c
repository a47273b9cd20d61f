/* SPDX-License-Identifier: Apache-2.0 */
/* The node's one way to and from the CoAP endpoint: what comes up, and every
 * request, answer and notification that leaves. */
#include "node/internal.h"

static const uint16_t known_options[] = {
    TOMTE_COAP_OPT_URI_HOST,  TOMTE_COAP_OPT_URI_PORT, TOMTE_COAP_OPT_URI_PATH,
    TOMTE_COAP_OPT_URI_QUERY, TOMTE_COAP_OPT_ACCEPT,   TOMTE_COAP_OPT_BLOCK1,
    TOMTE_COAP_OPT_BLOCK2,    TOMTE_COAP_OPT_OSCORE};

/* Inside there is no OSCORE option. */
#define KNOWN_COUNT (sizeof known_options / sizeof known_options[0])
#define INNER_COUNT (KNOWN_COUNT - 1)

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
    config.known_count = KNOWN_COUNT;
    return config;
}

size_t node_link_memory(const struct tomte_node_config *config)
{
    struct tomte_coap_config coap = coap_config(config);
    size_t kept = (size_t)coap.exchanges + coap.inbound + coap.observers;
    return tomte_coap_memory(&coap) + kept * sizeof(struct kept) +
           2 * NODE_LINK_BYTES + 128;
}

enum tomte_err node_link_init(struct tomte_node *n)
{
    struct tomte_coap_config coap = coap_config(&n->config);
    struct node_link *l = &n->link;
    size_t size = sizeof(struct kept);
    l->asked = tomte_arena_take(n->arena, coap.exchanges * size, 16);
    l->served = tomte_arena_take(n->arena, coap.inbound * size, 16);
    l->observed = tomte_arena_take(n->arena, coap.observers * size, 16);
    l->in = tomte_arena_take(n->arena, NODE_LINK_BYTES, 16);
    l->out = tomte_arena_take(n->arena, NODE_LINK_BYTES, 16);
    if (l->out == NULL)
        return TOMTE_ERR_NO_MEMORY;
    l->observers = coap.observers;
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
    node_link_end_observers(n);
}

struct bond *node_link_bond_of(struct tomte_node *n, const struct kept *k)
{
    return k == NULL ? NULL : node_bond_find(n, k->bond);
}

const struct node_known *node_link_asker(struct tomte_node *n, uint32_t request)
{
    struct bond *b = node_link_bond_of(n, link_kept(n->link.served, request));
    return b == NULL ? NULL : &b->peer;
}

uint32_t node_link_bond(struct tomte_node *n, uint32_t request)
{
    const struct kept *k = link_kept(n->link.served, request);
    return k == NULL ? 0 : k->bond;
}

static struct tomte_coap_parts parts_of(const struct tomte_coap_msg *msg)
{
    return (struct tomte_coap_parts){
        .code = msg->code, .options = msg->options, .payload = msg->payload};
}

static struct tomte_coap_msg opened(const struct tomte_coap_msg *outer,
                                    const struct tomte_coap_parts *plain)
{
    struct tomte_coap_msg msg = *outer;
    msg.code = plain->code;
    msg.options = plain->options;
    msg.payload = plain->payload;
    return msg;
}

/* ---- requests that come ---- */

static void admit(struct tomte_node *n, const struct tomte_coap_effect *e,
                  const struct tomte_coap_msg *msg)
{
    enum tomte_err err = node_gate(n, node_link_asker(n, e->handle), msg);
    if (err != TOMTE_OK)
        node_reply_error(n, e->handle, err, NULL);
    else
        node_route_request(n, &e->peer, e->handle, msg);
}

static void refuse(struct tomte_node *n, uint32_t request, enum tomte_err err)
{
    uint8_t memory[8];
    struct tomte_coap_parts answer;
    tomte_oscore_refuse(err, TOMTE_BUF_ARRAY(memory), &answer);
    node_link_respond(n, request, &answer);
}

/* Authentic, but perhaps of before this start. */
static void challenge(struct tomte_node *n, uint32_t request, struct bond *b,
                      struct tomte_oscore_exchange *x)
{
    struct tomte_coap_parts answer;
    enum tomte_err err = node_bond_challenge(
        n, b, x, TOMTE_BUF(n->link.out, NODE_LINK_BYTES), &answer);
    if (err == TOMTE_OK)
        node_link_respond(n, request, &answer); /* sealed already */
    else
        node_link_drop(n, request);
}

/* What is authentic is answered by its bond, whatever else is wrong. */
static void on_authentic(struct tomte_node *n,
                         const struct tomte_coap_effect *e, struct bond *b,
                         const struct tomte_oscore_exchange *x,
                         const struct tomte_coap_parts *plain,
                         enum tomte_err err)
{
    struct kept *k = &n->link.served[tomte_coap_place(e->handle)];
    *k = (struct kept){.handle = e->handle, .bond = b->number, .x = *x};
    if (err == TOMTE_OK)
        err = tomte_coap_options_check(plain->options, known_options,
                                       INNER_COUNT, NULL);
    if (err != TOMTE_OK) {
        node_reply_error(n, e->handle, err, NULL);
        return;
    }
    struct tomte_coap_msg msg = opened(&e->msg, plain);
    admit(n, e, &msg);
}

static void on_protected(struct tomte_node *n,
                         const struct tomte_coap_effect *e,
                         const struct tomte_oscore_option *option)
{
    struct tomte_coap_parts outer = parts_of(&e->msg), plain = {0};
    struct tomte_oscore_exchange x;
    struct bond *b = node_bond_for(n, option);
    if (b == NULL) {
        refuse(n, e->handle, TOMTE_ERR_NOT_FOUND);
        return;
    }
    enum tomte_err err = tomte_oscore_unprotect_request(
        &b->o, &outer, TOMTE_BUF(n->link.in, NODE_LINK_BYTES), &x, &plain);
    switch (err) {
    case TOMTE_ERR_MALFORMED:
    case TOMTE_ERR_NOT_FOUND:
    case TOMTE_ERR_STALE:
    case TOMTE_ERR_DENIED:
        refuse(n, e->handle, err);
        break;
    case TOMTE_ERR_FULL:
        node_link_drop(n, e->handle);
        break;
    case TOMTE_ERR_AGAIN:
        challenge(n, e->handle, node_bond_keep(n, b), &x);
        break;
    default:
        on_authentic(n, e, node_bond_keep(n, b), &x, &plain, err);
    }
}

static void on_request(struct tomte_node *n, const struct tomte_coap_effect *e)
{
    struct tomte_oscore_option option;
    enum tomte_err err = tomte_oscore_find(e->msg.options, &option);
    n->link.served[tomte_coap_place(e->handle)].handle = 0;
    if (err == TOMTE_ERR_NOT_FOUND)
        admit(n, e, &e->msg);
    else if (err == TOMTE_OK)
        on_protected(n, e, &option);
    else
        refuse(n, e->handle, TOMTE_ERR_MALFORMED);
}

/* ---- answers that come ---- */

static void failed(struct tomte_node *n, uint32_t handle, uint64_t cookie)
{
    struct kept *k = link_kept(n->link.asked, handle);
    if (k != NULL)
        k->handle = 0;
    node_route_failed(n, cookie);
}

/* Whether it is the last is for what was inside to say: an error ends an
 * observation, and so does an answer that is no notification. */
static bool is_last(const struct tomte_coap_effect *e,
                    const struct tomte_coap_parts *plain)
{
    struct tomte_span observe;
    return e->last || tomte_coap_class(plain->code) != 2 ||
           !tomte_coap_find(plain->options, TOMTE_COAP_OPT_OBSERVE, &observe);
}

static void on_opened(struct tomte_node *n, const struct tomte_coap_effect *e,
                      struct kept *k, struct bond *b,
                      const struct tomte_coap_parts *plain)
{
    uint32_t max_age_s = TOMTE_COAP_MAX_AGE_DEFAULT_S;
    bool last = is_last(e, plain);
    if (last)
        k->handle = 0;
    if (last && !e->last)
        tomte_coap_cancel(&n->coap, e->handle);
    if (!last) {
        (void)tomte_coap_find_uint(plain->options, TOMTE_COAP_OPT_MAX_AGE,
                                   &max_age_s);
        tomte_coap_set_max_age(&n->coap, n->now_ms, e->handle, max_age_s);
    }
    struct tomte_coap_msg msg = opened(&e->msg, plain);
    if (node_bond_challenged(b, plain))
        node_route_challenged(n, e->cookie);
    else if (tomte_coap_options_check(plain->options, known_options,
                                      INNER_COUNT, NULL) == TOMTE_OK)
        node_route_response(n, e->cookie, &msg, last);
    else if (last)
        node_route_failed(n, e->cookie);
}

/* One that is not authentic is nobody's word: as if it had not come, but that
 * the endpoint may have ended the exchange by it. */
static void on_response(struct tomte_node *n, const struct tomte_coap_effect *e)
{
    struct kept *k = link_kept(n->link.asked, e->handle);
    struct bond *b = node_link_bond_of(n, k);
    struct tomte_coap_parts outer = parts_of(&e->msg), plain;
    enum tomte_err err = TOMTE_ERR_NOT_FOUND;
    if (k == NULL) {
        node_route_response(n, e->cookie, &e->msg, e->last);
        return;
    }
    if (b != NULL)
        err = tomte_oscore_unprotect_response(
            &b->o, &k->x, &outer, TOMTE_BUF(n->link.in, NODE_LINK_BYTES),
            &plain);
    if (err == TOMTE_OK)
        on_opened(n, e, k, b, &plain);
    else if (e->last)
        failed(n, e->handle, e->cookie);
}

static void up(struct tomte_node *n, const struct tomte_coap_effect *e)
{
    switch (e->kind) {
    case TOMTE_COAP_REQUEST:
        on_request(n, e);
        break;
    case TOMTE_COAP_RESPONSE:
        on_response(n, e);
        break;
    case TOMTE_COAP_FAILED:
        failed(n, e->handle, e->cookie);
        break;
    case TOMTE_COAP_STALE:
        node_cell_stale(n, e->cookie);
        break;
    case TOMTE_COAP_GONE:
        node_link_gone(n, e->handle);
        break;
    case TOMTE_COAP_SEND:
    case TOMTE_COAP_PONG:
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

enum tomte_err node_link_request(struct tomte_node *n, struct bond *b,
                                 const struct tomte_coap_request *request,
                                 uint32_t *handle)
{
    struct tomte_coap_request r = *request;
    struct kept k = {.handle = 0};
    *handle = 0;
    if (b != NULL) {
        k.bond = b->number;
        enum tomte_err err = node_bond_request(
            n, b, &request->parts, TOMTE_BUF(n->link.out, NODE_LINK_BYTES),
            &k.x, &r.parts);
        if (err != TOMTE_OK)
            return err;
    }
    enum tomte_err err = tomte_coap_request(&n->coap, n->now_ms, &r, handle);
    if (err != TOMTE_OK)
        return err;
    k.handle = b != NULL ? *handle : 0;
    n->link.asked[tomte_coap_place(*handle)] = k;
    return TOMTE_OK;
}

/* Under a number of its own: what is notified from its answer on is bound to
 * it. What is still on its way is not, and is made up for by the answer. */
enum tomte_err node_link_renew(struct tomte_node *n, uint32_t handle,
                               const struct tomte_coap_parts *parts)
{
    struct kept *k = link_kept(n->link.asked, handle);
    struct bond *b = node_link_bond_of(n, k);
    struct tomte_coap_parts sealed = *parts;
    struct tomte_oscore_exchange x = {.client = true};
    if (k != NULL && b == NULL)
        return TOMTE_ERR_STATE;
    enum tomte_err err = TOMTE_OK;
    if (b != NULL)
        err = node_bond_request(
            n, b, parts, TOMTE_BUF(n->link.out, NODE_LINK_BYTES), &x, &sealed);
    if (err == TOMTE_OK)
        err = tomte_coap_renew(&n->coap, n->now_ms, handle, &sealed);
    if (err == TOMTE_OK && k != NULL)
        k->x = x;
    return err;
}

void node_link_cancel(struct tomte_node *n, uint32_t handle)
{
    struct kept *k = link_kept(n->link.asked, handle);
    if (k != NULL)
        k->handle = 0;
    tomte_coap_cancel(&n->coap, handle);
}
