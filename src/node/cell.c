/* SPDX-License-Identifier: Apache-2.0 */
/* State channels: one cell for each that is known here.
 *
 *   RESOURCE  fed by the port or by what an actuator does
 *   PORT      fed by a container that this node owns
 *   REMOTE    fed by observing the node that serves it
 *
 * Readers are ports of containers, which compare revisions, and observers,
 * which are notified. Only RESOURCE and PORT cells are served to others: who
 * asks the wrong node is told so and asks its keeper. */
#include "node/internal.h"

#include <string.h>

#define RETRY_MS  1000u
#define MAX_AGE_S 60u

/* RFC 7641 registers and deregisters by GET. */
static enum tomte_err observe_parts(const struct cell *c,
                                    enum tomte_channel_op op,
                                    struct tomte_buf options,
                                    struct tomte_coap_parts *parts)
{
    struct tomte_channel_request request = {.op = op, .channel = c->channel};
    return tomte_channel_request_encode(&request, options, parts);
}

void node_cell_init(struct tomte_node *n)
{
    for (unsigned i = 0; i < n->config.sizes.cells; i++) {
        struct cell *c = &n->cells[i];
        c->source = CELL_FREE;
        tomte_state_init(&c->state, TOMTE_BUF_ARRAY(c->memory));
    }
}

uint16_t node_cell_find(const struct tomte_node *n,
                        const struct tomte_channel_name *channel)
{
    for (uint16_t i = 0; i < n->config.sizes.cells; i++)
        if (n->cells[i].source != CELL_FREE &&
            tomte_channel_name_equal(&n->cells[i].channel, channel))
            return i;
    return NODE_CELL_NONE;
}

uint16_t node_cell_make(struct tomte_node *n,
                        const struct tomte_channel_name *channel)
{
    uint16_t at = node_cell_find(n, channel);
    for (uint16_t i = 0; at == NODE_CELL_NONE && i < n->config.sizes.cells; i++)
        if (n->cells[i].source == CELL_FREE)
            at = i;
    if (at == NODE_CELL_NONE) {
        node_log_err(n, tomte_channel_name_span(channel), "no room for it",
                     TOMTE_ERR_FULL);
        return at;
    }
    struct cell *c = &n->cells[at];
    if (c->source == CELL_FREE) {
        memset(c, 0, sizeof *c);
        c->channel = *channel;
        c->source = CELL_REMOTE;
        c->retry_ms = UINT64_MAX;
        tomte_state_init(&c->state, TOMTE_BUF_ARRAY(c->memory));
    }
    return at;
}

/* ---- what a view changes ---- */

void node_cell_view_begin(struct tomte_node *n)
{
    for (unsigned i = 0; i < n->config.sizes.cells; i++)
        n->cells[i].wanted = n->cells[i].served = false;
}

static void stop_observing(struct tomte_node *n, struct cell *c)
{
    if (c->handle == 0)
        return;
    node_link_cancel(n, c->handle);
    c->handle = 0;
}

uint16_t node_cell_want(struct tomte_node *n,
                        const struct tomte_channel_name *channel,
                        const struct tomte_view_peer *writer)
{
    uint16_t at = node_cell_make(n, channel);
    if (at == NODE_CELL_NONE)
        return at;
    struct cell *c = &n->cells[at];
    c->wanted = true;
    if (writer == NULL || c->source == CELL_RESOURCE)
        return at;
    if (!c->served)
        tomte_state_bind(&c->state, &writer->identity, writer->epoch);
    if (tomte_addr_equal(&c->addr, &writer->node.addr) &&
        c->source == CELL_REMOTE && c->retry_ms != UINT64_MAX)
        return at;
    stop_observing(n, c);
    c->addr = writer->node.addr;
    c->retry_ms = n->now_ms;
    n->again = true;
    return at;
}

uint16_t node_cell_serve(struct tomte_node *n,
                         const struct tomte_channel_name *channel,
                         const struct slot *slot)
{
    uint16_t at = node_cell_make(n, channel);
    if (at == NODE_CELL_NONE)
        return at;
    struct cell *c = &n->cells[at];
    if (c->source == CELL_RESOURCE)
        return NODE_CELL_NONE; /* a keeper would not have granted that */
    stop_observing(n, c);
    c->source = CELL_PORT;
    c->served = true;
    c->index = slot->index;
    tomte_state_bind(&c->state, &slot->identity, slot->epoch);
    return at;
}

/* Whoever observes here what is elsewhere now is told, and asks anew. */
static void drop_observers(struct tomte_node *n, uint16_t at)
{
    struct tomte_coap_parts gone = {.code = TOMTE_COAP_NOT_FOUND};
    node_link_notify(n, at, &gone, true);
}

void node_cell_view_end(struct tomte_node *n)
{
    for (uint16_t i = 0; i < n->config.sizes.cells; i++) {
        struct cell *c = &n->cells[i];
        if (c->source == CELL_FREE || c->source == CELL_RESOURCE || c->served)
            continue;
        if (c->source == CELL_PORT)
            drop_observers(n, i);
        c->source = CELL_REMOTE;
        if (c->wanted)
            continue;
        stop_observing(n, c);
        c->source = CELL_FREE;
    }
}

/* ---- new representations ---- */

void node_cell_put(struct tomte_node *n, uint16_t cell,
                   const struct tomte_state_put *put)
{
    if (cell == NODE_CELL_NONE)
        return;
    TOMTE_ASSERT(cell < n->config.sizes.cells);
    struct cell *c = &n->cells[cell];
    if (tomte_state_put(&c->state, put, n->now_ms) == TOMTE_STATE_TAKEN)
        n->again = true;
}

/* Of what is served here, to one who asked or observes. */
static enum tomte_err content_parts(const struct cell *c,
                                    struct tomte_buf options,
                                    struct tomte_coap_parts *parts)
{
    struct tomte_channel_content content = {.has_origin = true,
                                            .origin = c->state.origin,
                                            .format = c->state.format,
                                            .max_age_s = MAX_AGE_S};
    if (!tomte_state_get(&c->state, &content.payload))
        return TOMTE_ERR_NOT_FOUND;
    return tomte_channel_content_encode(&content, options, parts);
}

void node_cell_get(struct tomte_node *n, const struct tomte_addr *from,
                   uint32_t request,
                   const struct tomte_channel_request *channel)
{
    uint8_t options[TOMTE_CHANNEL_OPTIONS_MAX];
    struct tomte_coap_parts parts;
    uint16_t at = node_cell_find(n, &channel->channel);
    struct cell *c = at == NODE_CELL_NONE ? NULL : &n->cells[at];
    (void)from;
    if (c == NULL || c->source == CELL_REMOTE) {
        node_reply_error(n, request, TOMTE_ERR_NOT_FOUND,
                         "no state channel of this name here");
        return;
    }
    enum tomte_err err = content_parts(c, TOMTE_BUF_ARRAY(options), &parts);
    if (err != TOMTE_OK) {
        node_reply_error(n, request, err, "it has no value yet");
        return;
    }
    /* A full table of observers: answered as if it had not been asked. */
    if (channel->op == TOMTE_CHANNEL_OBSERVE &&
        node_link_observe(n, request, at) != TOMTE_OK)
        n->again = true;
    node_link_respond(n, request, &parts);
}

static void notify(struct tomte_node *n, uint16_t at)
{
    struct cell *c = &n->cells[at];
    uint8_t options[TOMTE_CHANNEL_OPTIONS_MAX];
    struct tomte_coap_parts parts;
    if (content_parts(c, TOMTE_BUF_ARRAY(options), &parts) != TOMTE_OK)
        return;
    c->told_revision = c->state.revision;
    node_link_notify(n, at, &parts, false);
}

/* ---- observing ---- */

static void register_at(struct tomte_node *n, uint16_t at)
{
    struct cell *c = &n->cells[at];
    uint8_t options[TOMTE_CHANNEL_OPTIONS_MAX];
    struct tomte_coap_request request = {
        .to = c->addr,
        .cookie = cookie(COOKIE_OBSERVE, at, (uint32_t)c->addr.port),
        .confirmable = true};
    enum tomte_err err = observe_parts(
        c, TOMTE_CHANNEL_OBSERVE, TOMTE_BUF_ARRAY(options), &request.parts);
    if (err == TOMTE_OK)
        err = node_link_request(n, NULL, &request, &c->handle);
    if (err != TOMTE_OK)
        c->handle = 0;
    c->retry_ms = n->now_ms + RETRY_MS;
}

static bool to_register(const struct cell *c)
{
    return c->source == CELL_REMOTE && c->wanted && c->handle == 0;
}

void node_cell_work(struct tomte_node *n)
{
    for (uint16_t i = 0; i < n->config.sizes.cells; i++) {
        struct cell *c = &n->cells[i];
        if (to_register(c) && c->retry_ms <= n->now_ms)
            register_at(n, i);
        else if ((c->source == CELL_RESOURCE || c->source == CELL_PORT) &&
                 c->told_revision != c->state.revision)
            notify(n, i);
    }
}

uint64_t node_cell_deadline(const struct tomte_node *n)
{
    uint64_t at = UINT64_MAX;
    for (unsigned i = 0; i < n->config.sizes.cells; i++) {
        const struct cell *c = &n->cells[i];
        if (to_register(c) && c->retry_ms < at)
            at = c->retry_ms;
    }
    return at;
}

/* The cell that a cookie of an observation means, while it means it. */
static struct cell *of_cookie(struct tomte_node *n, uint64_t c)
{
    unsigned at = cookie_a(c);
    if (at >= n->config.sizes.cells || n->cells[at].handle == 0 ||
        n->cells[at].addr.port != cookie_b(c))
        return NULL;
    return &n->cells[at];
}

void node_cell_answer(struct tomte_node *n, uint64_t c,
                      const struct tomte_coap_msg *msg, bool last)
{
    struct cell *cell = of_cookie(n, c);
    struct tomte_channel_content content;
    if (cell == NULL)
        return;
    if (last) {
        cell->handle = 0;
        cell->retry_ms = n->now_ms + RETRY_MS;
    }
    if (tomte_channel_content_decode(msg, &content) != TOMTE_OK ||
        !content.has_origin)
        return;
    struct tomte_state_put put = {.origin = content.origin,
                                  .format = content.format,
                                  .max_age_ms = content.max_age_s * 1500u,
                                  .payload = content.payload};
    node_cell_put(n, (uint16_t)(cell - n->cells), &put);
}

void node_cell_failed(struct tomte_node *n, uint64_t c)
{
    struct cell *cell = of_cookie(n, c);
    if (cell == NULL)
        return;
    cell->handle = 0;
    cell->retry_ms = n->now_ms + RETRY_MS;
}

void node_cell_stale(struct tomte_node *n, uint64_t c)
{
    struct cell *cell = of_cookie(n, c);
    uint8_t options[TOMTE_CHANNEL_OPTIONS_MAX];
    struct tomte_coap_parts parts;
    if (cell == NULL)
        return;
    enum tomte_err err = observe_parts(cell, TOMTE_CHANNEL_OBSERVE,
                                       TOMTE_BUF_ARRAY(options), &parts);
    if (err == TOMTE_OK)
        err = node_link_renew(n, cell->handle, &parts);
    if (err == TOMTE_OK)
        return;
    stop_observing(n, cell);
    cell->retry_ms = n->now_ms;
}
