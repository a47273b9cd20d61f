/* SPDX-License-Identifier: Apache-2.0 */
/* Writes to actuators of this node. channel/actuator.h decides; here its
 * verdicts are answered and logged, and what must survive a power cut is stored
 * before it has an effect: the fences of a view, a person's override. */
#include "node/internal.h"

#include <string.h>

static void key_of(const struct node_resource *r, uint8_t key[80], size_t *len)
{
    struct tomte_span name = tomte_channel_name_span(&r->is.channel);
    memcpy(key, "actuator", 8);
    memcpy(key + 8, name.data, name.len);
    *len = 8 + name.len;
}

void node_actuator_load(struct tomte_node *n, size_t resource)
{
    struct node_resource *r = &n->resources[resource];
    uint8_t key[80], value[TOMTE_ACTUATOR_BYTES_MAX];
    size_t key_len, len = 0;
    key_of(r, key, &key_len);
    enum tomte_err err = tomte_store_get(&n->store, TOMTE_SPAN(key, key_len),
                                         TOMTE_BUF_ARRAY(value), &len);
    if (err == TOMTE_ERR_NOT_FOUND)
        return;
    if (err == TOMTE_OK)
        err = tomte_actuator_decode(&r->actuator, TOMTE_SPAN(value, len),
                                    n->now_ms);
    if (err != TOMTE_OK)
        node_log_err(n, tomte_channel_name_span(&r->is.channel),
                     "its fences are not readable, it waits for a view", err);
}

void node_actuator_store(struct tomte_node *n)
{
    for (size_t i = 0; i < n->config.resource_count; i++) {
        struct node_resource *r = &n->resources[i];
        uint8_t key[80], value[TOMTE_ACTUATOR_BYTES_MAX];
        struct tomte_span bytes;
        size_t key_len;
        if (r->is.kind != TOMTE_NODE_ACTUATOR ||
            !tomte_actuator_unstored(&r->actuator))
            continue;
        key_of(r, key, &key_len);
        enum tomte_err err = tomte_actuator_encode(
            &r->actuator, n->now_ms, TOMTE_BUF_ARRAY(value), &bytes);
        if (err == TOMTE_OK)
            err = tomte_store_put(&n->store, TOMTE_SPAN(key, key_len), bytes);
        r->storing = err == TOMTE_OK;
        if (err != TOMTE_OK)
            node_log_err(n, tomte_channel_name_span(&r->is.channel),
                         "cannot be stored", err);
    }
}

static void tell_grants(const struct tomte_node *n, size_t resource)
{
    const struct tomte_fences *f = &n->resources[resource].actuator.fences;
    for (unsigned i = 0; n->witness.grant != NULL && i < f->len; i++)
        n->witness.grant(n->witness.ctx, resource, &f->list[i].identity,
                         f->list[i].epoch);
}

void node_actuator_synced(struct tomte_node *n)
{
    bool all = true;
    for (size_t i = 0; i < n->config.resource_count; i++) {
        struct node_resource *r = &n->resources[i];
        if (r->is.kind != TOMTE_NODE_ACTUATOR)
            continue;
        if (r->storing) {
            tomte_actuator_stored(&r->actuator, n->now_ms);
            tell_grants(n, i);
            n->again = true; /* an override is driven from now on */
        }
        r->storing = false;
        all = all && !tomte_actuator_unstored(&r->actuator);
    }
    n->fences_stored = all;
}

/* ---- writes ---- */

static void answer(struct tomte_node *n, uint32_t request, enum tomte_err err,
                   const struct tomte_write_report *report)
{
    uint8_t options[8], payload[TOMTE_CHANNEL_PAIR_BYTES_MAX];
    struct tomte_channel_pair pair = {.first = report->held,
                                      .second = report->tick};
    struct tomte_coap_parts parts;
    enum tomte_err made = tomte_channel_answer_encode(
        err, &pair, TOMTE_BUF_ARRAY(options), TOMTE_BUF_ARRAY(payload), &parts);
    TOMTE_ASSERT(made == TOMTE_OK);
    node_link_respond(n, request, &parts);
}

static void log_verdict(struct tomte_node *n, const struct node_resource *r,
                        const struct tomte_write_report *report)
{
    char line[160];
    struct tomte_text t;
    if (report->verdict != TOMTE_WRITE_FENCED &&
        report->verdict != TOMTE_WRITE_DENIED)
        return;
    tomte_text_init(&t, line, sizeof line);
    tomte_write_report_text(&t, tomte_channel_name_span(&r->is.channel),
                            report);
    node_log(n, TOMTE_LOG_WARN, line);
}

/* Shown beside a real home, never in one: what happens when epochs are not
 * checked. The write is taken as if it were of the fence's own epoch. */
static struct tomte_write_report
write_unfenced(struct tomte_node *n, struct node_resource *r,
               const struct tomte_channel_request *c,
               const struct tomte_value *value)
{
    struct tomte_origin origin = c->origin;
    struct tomte_actuator *a = &r->actuator;
    uint64_t newest = 0;
    for (unsigned i = 0; i < a->fences.len; i++)
        if (a->fences.list[i].epoch > newest)
            newest = a->fences.list[i].epoch;
    if (origin.epoch < newest) {
        r->stale_writes++;
        origin.epoch = newest;
    }
    origin.stream = n->boot;
    origin.sequence = n->now_ms + 1;
    origin.not_after = 0;
    return tomte_actuator_write(a, &origin, value, n->now_ms);
}

static void container_write(struct tomte_node *n, size_t resource,
                            uint32_t request,
                            const struct tomte_channel_request *c,
                            const struct tomte_value *value)
{
    struct node_resource *r = &n->resources[resource];
    struct tomte_write_report report =
        n->config.without.fencing
            ? write_unfenced(n, r, c, value)
            : tomte_actuator_write(&r->actuator, &c->origin, value, n->now_ms);
    enum tomte_err err = tomte_write_verdict_err(report.verdict);
    if (n->witness.write != NULL)
        n->witness.write(n->witness.ctx, resource, &c->origin.identity,
                         c->origin.epoch, err);
    if (report.verdict == TOMTE_WRITE_UNKNOWN_EPOCH)
        node_control_stale(n);
    log_verdict(n, r, &report);
    answer(n, request, err, &report);
    n->again = true;
}

static void person_write(struct tomte_node *n, struct node_resource *r,
                         uint32_t request,
                         const struct tomte_channel_request *c,
                         const struct tomte_value *value)
{
    enum tomte_err err = tomte_actuator_override(
        &r->actuator, value, c->has_for ? (uint64_t)c->for_s * 1000 : 0,
        n->now_ms);
    if (err != TOMTE_OK) {
        node_reply_error(n, request, err, "for at most a week");
        return;
    }
    char line[120];
    struct tomte_text t;
    tomte_text_init(&t, line, sizeof line);
    tomte_text_span(&t, tomte_channel_name_span(&r->is.channel));
    tomte_text_str(&t, ": a person's value is driven");
    node_log(n, TOMTE_LOG_INFO, line);
    node_reply_cbor(n, request, TOMTE_COAP_CHANGED, TOMTE_SPAN_NONE);
    n->again = true;
}

void node_actuator_write(struct tomte_node *n, size_t resource,
                         uint32_t request,
                         const struct tomte_channel_request *channel)
{
    struct tomte_value value;
    enum tomte_err err =
        tomte_value_set(&value, channel->format, channel->payload);
    if (err != TOMTE_OK)
        node_reply_error(n, request, err, NULL);
    else if (channel->has_origin)
        container_write(n, resource, request, channel, &value);
    else
        person_write(n, &n->resources[resource], request, channel, &value);
}

void node_actuator_release(struct tomte_node *n, size_t resource,
                           uint32_t request)
{
    tomte_actuator_release(&n->resources[resource].actuator);
    node_reply_cbor(n, request, TOMTE_COAP_DELETED, TOMTE_SPAN_NONE);
    n->again = true;
}
