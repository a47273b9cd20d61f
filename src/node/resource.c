/* SPDX-License-Identifier: Apache-2.0 */
/* What the port feeds and drives: sensors into cells, buttons into outboxes,
 * actuators out of what actuator.h decides. What an actuator does is a state
 * channel too, so that everyone can see it. */
#include "node/internal.h"

#include <string.h>

#define PRESS_WAIT_MS 5000u

/* Readings and presses are numbered in the stream of this boot. */
static struct tomte_origin origin_of(struct tomte_node *n,
                                     struct node_resource *r)
{
    return (struct tomte_origin){.identity = n->config.name,
                                 .epoch = 1,
                                 .stream = n->boot,
                                 .sequence = ++r->sequence};
}

size_t node_resource_memory(const struct tomte_node_config *config)
{
    size_t button = sizeof(struct tomte_outbox) + NODE_OUTBOX_BYTES +
                    TOMTE_LIMIT_CONSUMERS * sizeof(struct node_target) + 64;
    size_t size = config->resource_count * sizeof(struct node_resource) + 64;
    for (size_t i = 0; i < config->resource_count; i++)
        if (config->resources[i].kind == TOMTE_NODE_BUTTON)
            size += button;
    return size;
}

static void init_actuator(struct tomte_node *n, size_t i)
{
    struct node_resource *r = &n->resources[i];
    struct tomte_actuator_config config = {.timeout_ms = r->is.timeout_ms,
                                           .boot = n->boot};
    enum tomte_err err =
        tomte_value_set(&config.safe, TOMTE_FORMAT_SENML_CBOR,
                        TOMTE_SPAN(r->is.safe, r->is.safe_len));
    TOMTE_ASSERT(err == TOMTE_OK); /* 32 bytes at most */
    tomte_actuator_init(&r->actuator, &config);
    node_actuator_load(n, i);
}

static void init_button(struct tomte_node *n, struct node_resource *r)
{
    uint8_t *memory = tomte_arena_take(n->arena, NODE_OUTBOX_BYTES, 8);
    r->outbox = tomte_arena_take(n->arena, sizeof *r->outbox, 16);
    r->targets = tomte_arena_take(
        n->arena, TOMTE_LIMIT_CONSUMERS * sizeof *r->targets, 16);
    TOMTE_ASSERT(memory != NULL && r->outbox != NULL && r->targets != NULL);
    tomte_outbox_init(r->outbox, TOMTE_BUF(memory, NODE_OUTBOX_BYTES),
                      TOMTE_LIMIT_OUTBOX);
    /* What was pressed and not delivered before this boot is gone: a new
     * stream says so. */
    tomte_outbox_open(r->outbox, n->boot);
}

enum tomte_err node_resource_init(struct tomte_node *n)
{
    size_t count = n->config.resource_count;
    n->resources =
        tomte_arena_take(n->arena, (count + 1) * sizeof *n->resources, 16);
    if (n->resources == NULL)
        return TOMTE_ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        struct node_resource *r = &n->resources[i];
        r->is = n->config.resources[i];
        r->cell = NODE_CELL_NONE;
        if (node_resource_find(n, &r->is.channel) != (int)i)
            return TOMTE_ERR_DUPLICATE;
        if (r->is.kind == TOMTE_NODE_BUTTON) {
            init_button(n, r);
            continue;
        }
        r->cell = node_cell_make(n, &r->is.channel);
        if (r->cell == NODE_CELL_NONE)
            return TOMTE_ERR_FULL;
        n->cells[r->cell].source = CELL_RESOURCE;
        n->cells[r->cell].index = (uint16_t)i;
        if (r->is.kind == TOMTE_NODE_ACTUATOR)
            init_actuator(n, i);
    }
    n->config.resources = NULL; /* copied: not the caller's any more */
    return TOMTE_OK;
}

int node_resource_find(const struct tomte_node *n,
                       const struct tomte_channel_name *channel)
{
    for (size_t i = 0; i < n->config.resource_count; i++)
        if (tomte_channel_name_equal(&n->resources[i].is.channel, channel))
            return (int)i;
    return -1;
}

/* ---- in ---- */

static void put_cell(struct tomte_node *n, struct node_resource *r,
                     uint16_t format, struct tomte_span payload)
{
    struct tomte_state_put put = {.origin = origin_of(n, r),
                                  .format = format,
                                  .max_age_ms = UINT32_MAX,
                                  .payload = payload};
    node_cell_put(n, r->cell, &put);
}

/* Who has not acknowledged a press; NULL: nobody, it is delivered. */
static const struct tomte_name *lacking(const struct tomte_outbox *o,
                                        uint64_t sequence)
{
    for (size_t i = 0; i < o->consumers_len; i++)
        if (o->consumers[i].cursor < sequence)
            return &o->consumers[i].identity;
    return NULL;
}

static void answer_press(struct tomte_node *n, struct press_wait *w)
{
    char text[96];
    struct tomte_text t;
    const struct tomte_name *who =
        lacking(n->resources[w->resource].outbox, w->sequence);
    uint32_t request = w->request;
    w->request = 0;
    if (who == NULL) {
        node_reply_cbor(n, request, TOMTE_COAP_CHANGED, TOMTE_SPAN_NONE);
        return;
    }
    tomte_text_init(&t, text, sizeof text);
    tomte_text_span(&t, tomte_name_span(who));
    tomte_text_str(&t, " has not taken it yet");
    node_reply_error(n, request, TOMTE_ERR_TIMEOUT, text);
}

/* A consumer that is away may not keep a button from those who are there: the
 * oldest press makes room, and is a gap for who has not had it. */
static void give_up_oldest(struct tomte_node *n, size_t resource)
{
    struct node_resource *r = &n->resources[resource];
    uint64_t oldest = r->outbox->first;
    const struct tomte_name *who = lacking(r->outbox, oldest);
    char line[160];
    struct tomte_text t;
    tomte_text_init(&t, line, sizeof line);
    tomte_text_span(&t, tomte_channel_name_span(&r->is.channel));
    tomte_text_str(&t, ": a press is lost to ");
    tomte_text_span(&t, who == NULL ? TOMTE_SPAN_LIT("nobody")
                                    : tomte_name_span(who));
    tomte_text_str(&t, ", who was away too long");
    node_log(n, TOMTE_LOG_WARN, line);
    for (int i = 0; i < NODE_PRESS_WAITS; i++)
        if (n->presses[i].request != 0 && n->presses[i].resource == resource &&
            n->presses[i].sequence <= oldest)
            answer_press(n, &n->presses[i]);
    tomte_outbox_drop(r->outbox);
}

static enum tomte_err press(struct tomte_node *n, struct node_resource *r,
                            uint16_t format, struct tomte_span payload,
                            uint64_t *sequence)
{
    while (tomte_outbox_count(r->outbox) > 0 &&
           !tomte_outbox_has_room(r->outbox, 1, payload.len))
        give_up_oldest(n, (size_t)(r - n->resources));
    enum tomte_err err = tomte_outbox_put(r->outbox, format, payload, sequence);
    if (err != TOMTE_OK)
        node_log_err(n, tomte_channel_name_span(&r->is.channel),
                     "a press is lost", err);
    n->again = true;
    return err;
}

void node_resource_reading(struct tomte_node *n, size_t index,
                           struct tomte_span senml)
{
    uint64_t sequence;
    if (index >= n->config.resource_count ||
        senml.len > TOMTE_LIMIT_MESSAGE_BYTES)
        return;
    struct node_resource *r = &n->resources[index];
    if (r->is.kind == TOMTE_NODE_SENSOR)
        put_cell(n, r, TOMTE_FORMAT_SENML_CBOR, senml);
    else if (r->is.kind == TOMTE_NODE_BUTTON)
        (void)press(n, r, TOMTE_FORMAT_SENML_CBOR, senml, &sequence);
}

void node_resource_press(struct tomte_node *n, size_t index, uint32_t request,
                         const struct tomte_channel_request *channel)
{
    struct node_resource *r = &n->resources[index];
    struct press_wait *wait = NULL;
    for (int i = 0; i < NODE_PRESS_WAITS; i++)
        if (n->presses[i].request == 0)
            wait = &n->presses[i];
    uint64_t sequence = 0;
    enum tomte_err err = wait == NULL ? TOMTE_ERR_AGAIN : TOMTE_OK;
    if (err == TOMTE_OK && r->targets_len == 0)
        err = TOMTE_ERR_AGAIN; /* nobody would get it */
    if (err == TOMTE_OK)
        err = press(n, r, channel->format, channel->payload, &sequence);
    if (err != TOMTE_OK) {
        node_reply_error(n, request, err,
                         r->targets_len == 0 ? "nobody listens to it now"
                                             : NULL);
        return;
    }
    *wait = (struct press_wait){.request = request,
                                .resource = (uint16_t)index,
                                .sequence = sequence,
                                .until_ms = n->now_ms + PRESS_WAIT_MS};
}

/* ---- views ---- */

void node_resource_view_begin(struct tomte_node *n)
{
    for (size_t i = 0; i < n->config.resource_count; i++)
        n->resources[i].targets_len = 0;
}

static void view_actuator(struct tomte_node *n, struct node_resource *r,
                          const struct tomte_view_resource *resource)
{
    struct tomte_fence grants[TOMTE_ACTUATOR_GRANTS_MAX];
    size_t count = 0;
    struct tomte_view_iter it;
    struct tomte_view_peer peer;
    tomte_view_peers(resource->peers, &it);
    while (count < TOMTE_ACTUATOR_GRANTS_MAX &&
           tomte_view_next_peer(&it, &peer))
        grants[count++] = (struct tomte_fence){.identity = peer.identity,
                                               .epoch = peer.epoch};
    enum tomte_err err = tomte_actuator_view(&r->actuator, grants, count);
    if (err != TOMTE_OK)
        node_log_err(n, tomte_channel_name_span(&r->is.channel),
                     "its grants are not usable", err);
}

void node_resource_view(struct tomte_node *n,
                        const struct tomte_view_resource *resource)
{
    int i = node_resource_find(n, &resource->channel);
    if (i < 0)
        return; /* offered once, not any more: the keeper will hear */
    struct node_resource *r = &n->resources[i];
    if (r->is.kind == TOMTE_NODE_ACTUATOR) {
        view_actuator(n, r, resource);
        return;
    }
    struct tomte_view_iter it;
    struct tomte_view_peer peer;
    tomte_view_peers(resource->peers, &it);
    while (r->is.kind == TOMTE_NODE_BUTTON &&
           r->targets_len < TOMTE_LIMIT_CONSUMERS &&
           tomte_view_next_peer(&it, &peer))
        r->targets[r->targets_len++] =
            (struct node_target){.identity = peer.identity,
                                 .epoch = peer.epoch,
                                 .addr = peer.node.addr};
}

void node_resource_view_end(struct tomte_node *n)
{
    struct tomte_outbox_target targets[TOMTE_LIMIT_CONSUMERS];
    for (size_t i = 0; i < n->config.resource_count; i++) {
        struct node_resource *r = &n->resources[i];
        if (r->is.kind != TOMTE_NODE_BUTTON)
            continue;
        for (unsigned t = 0; t < r->targets_len; t++)
            targets[t] =
                (struct tomte_outbox_target){.identity = r->targets[t].identity,
                                             .epoch = r->targets[t].epoch};
        enum tomte_err err =
            tomte_outbox_bind(r->outbox, targets, r->targets_len);
        if (err != TOMTE_OK)
            node_log_err(n, tomte_channel_name_span(&r->is.channel),
                         "its consumers are not usable", err);
    }
}

/* ---- out ---- */

static void step_actuator(struct tomte_node *n, size_t i)
{
    struct node_resource *r = &n->resources[i];
    struct tomte_drive drive;
    tomte_actuator_step(&r->actuator, n->now_ms);
    if (!tomte_actuator_poll(&r->actuator, &drive))
        return;
    n->drives |= (uint64_t)1 << i;
    put_cell(n, r, drive.value.format, tomte_value_span(&drive.value));
}

struct tomte_span node_resource_drive(struct tomte_node *n, size_t index)
{
    return tomte_value_span(&n->resources[index].actuator.driven.value);
}

static void answer_presses(struct tomte_node *n)
{
    for (int i = 0; i < NODE_PRESS_WAITS; i++) {
        struct press_wait *w = &n->presses[i];
        if (w->request != 0 &&
            (w->until_ms <= n->now_ms ||
             lacking(n->resources[w->resource].outbox, w->sequence) == NULL))
            answer_press(n, w);
    }
}

void node_resource_work(struct tomte_node *n)
{
    for (size_t i = 0; i < n->config.resource_count; i++)
        if (n->resources[i].is.kind == TOMTE_NODE_ACTUATOR)
            step_actuator(n, i);
    answer_presses(n);
}

uint64_t node_resource_deadline(const struct tomte_node *n)
{
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; i < n->config.resource_count; i++) {
        uint64_t due = n->resources[i].is.kind == TOMTE_NODE_ACTUATOR
                           ? tomte_actuator_deadline(&n->resources[i].actuator)
                           : UINT64_MAX;
        at = due < at ? due : at;
    }
    for (int i = 0; i < NODE_PRESS_WAITS; i++)
        if (n->presses[i].request != 0 && n->presses[i].until_ms < at)
            at = n->presses[i].until_ms;
    return at;
}
