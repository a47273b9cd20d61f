/* SPDX-License-Identifier: Apache-2.0 */
/* What a person asks of a node: GET /.tomte/status and /.tomte/logs. The forms
 * are in docs/spec/links.md; new keys may be added, known ones keep their
 * meaning. */
#include "node/internal.h"

#include <string.h>

static void put_name(struct tomte_cbor_enc *e, const struct tomte_name *name)
{
    tomte_cbor_put_text(e, tomte_name_span(name));
}

static void put_channel(struct tomte_cbor_enc *e,
                        const struct tomte_channel_name *name)
{
    tomte_cbor_put_text(e, tomte_channel_name_span(name));
}

/* ---- this node ---- */

static size_t count_slots(const struct tomte_node *n)
{
    size_t count = 0;
    for (unsigned i = 0; i < n->config.sizes.slots; i++)
        count += n->slots[i].phase != SLOT_FREE;
    return count;
}

/* [identity, epoch, part, phase, sequence, reason, denied, traps] */
static void put_slots(const struct tomte_node *n, struct tomte_cbor_enc *e)
{
    tomte_cbor_put_array(e, count_slots(n));
    for (unsigned i = 0; i < n->config.sizes.slots; i++) {
        const struct slot *s = &n->slots[i];
        if (s->phase == SLOT_FREE)
            continue;
        tomte_cbor_put_array(e, 8);
        put_name(e, &s->identity);
        tomte_cbor_put_uint(e, s->epoch);
        tomte_cbor_put_uint(e, s->part);
        tomte_cbor_put_str(e, node_slot_phase_name(s));
        tomte_cbor_put_uint(e, s->history_open ? tomte_history_held(&s->history)
                                               : 0);
        tomte_cbor_put_str(e, s->reason);
        tomte_cbor_put_uint(e, s->loaded ? s->container.denied : 0);
        tomte_cbor_put_uint(e, s->loaded ? s->container.traps : 0);
    }
}

static size_t count_cells(const struct tomte_node *n)
{
    size_t count = 0;
    for (unsigned i = 0; i < n->config.sizes.cells; i++)
        count += n->cells[i].source == CELL_RESOURCE ||
                 n->cells[i].source == CELL_PORT;
    return count;
}

/* [channel, writer, epoch, revision, age in ms, format, payload] */
static void put_cells(const struct tomte_node *n, struct tomte_cbor_enc *e)
{
    tomte_cbor_put_array(e, count_cells(n));
    for (unsigned i = 0; i < n->config.sizes.cells; i++) {
        const struct cell *c = &n->cells[i];
        struct tomte_span payload = TOMTE_SPAN_NONE;
        if (c->source != CELL_RESOURCE && c->source != CELL_PORT)
            continue;
        (void)tomte_state_get(&c->state, &payload);
        tomte_cbor_put_array(e, 7);
        put_channel(e, &c->channel);
        put_name(e, &c->state.origin.identity);
        tomte_cbor_put_uint(e, c->state.origin.epoch);
        tomte_cbor_put_uint(e, c->state.revision);
        tomte_cbor_put_uint(e, n->now_ms - c->state.received_ms);
        tomte_cbor_put_uint(e, c->state.format);
        tomte_cbor_put_bytes(e, payload);
    }
}

/* [channel, kind, driven by, override left in ms, stale writes, fences], fences
 * an array of [identity, epoch]; for what is no actuator zeros. */
static void put_resources(const struct tomte_node *n, struct tomte_cbor_enc *e)
{
    tomte_cbor_put_array(e, n->config.resource_count);
    for (size_t i = 0; i < n->config.resource_count; i++) {
        const struct node_resource *r = &n->resources[i];
        const struct tomte_actuator *a = &r->actuator;
        bool actuator = r->is.kind == TOMTE_NODE_ACTUATOR;
        size_t fences = actuator ? a->fences.len : 0;
        tomte_cbor_put_array(e, 6);
        put_channel(e, &r->is.channel);
        tomte_cbor_put_uint(e, r->is.kind);
        tomte_cbor_put_uint(e, actuator ? a->driven.source : 0);
        tomte_cbor_put_uint(
            e, actuator ? tomte_actuator_override_left_ms(a, n->now_ms) : 0);
        tomte_cbor_put_uint(e, r->stale_writes);
        tomte_cbor_put_array(e, fences);
        for (size_t f = 0; f < fences; f++) {
            tomte_cbor_put_array(e, 2);
            put_name(e, &a->fences.list[f].identity);
            tomte_cbor_put_uint(e, a->fences.list[f].epoch);
        }
    }
}

/* ---- the home, at the keeper ---- */

/* [name, IPv6 bytes, port, standing, confirmed version, keeper] */
static void put_nodes(const struct keeper_part *k, struct tomte_cbor_enc *e)
{
    const struct tomte_home *h = &k->home;
    tomte_cbor_put_array(e, h->nodes_len);
    for (unsigned i = 0; i < h->nodes_len; i++) {
        uint16_t at = h->node_order[i];
        const struct tomte_home_node *node = &h->nodes[at];
        const struct tomte_node_seen *seen = &k->keeper.seen.nodes[at];
        tomte_cbor_put_array(e, 6);
        put_name(e, &node->name);
        tomte_cbor_put_bytes(e, TOMTE_SPAN_ARRAY(node->addr.ip));
        tomte_cbor_put_uint(e, node->addr.port);
        tomte_cbor_put_uint(e, seen->standing);
        tomte_cbor_put_uint(e, seen->confirmed);
        tomte_cbor_put_bool(e, node->keeper);
    }
}

static void put_slot_names(const struct tomte_home *h, struct tomte_cbor_enc *e,
                           const uint16_t *list, size_t len)
{
    tomte_cbor_put_array(e, len);
    for (size_t i = 0; i < len; i++)
        put_name(e, &h->nodes[list[i]].name);
}

/* [identity, state, epoch, owner or null, standbys, in sync, report, stopped,
 * digest, manifest version] */
static void put_containers(const struct keeper_part *k,
                           struct tomte_cbor_enc *e)
{
    const struct tomte_home *h = &k->home;
    tomte_cbor_put_array(e, h->containers_len);
    for (unsigned i = 0; i < h->containers_len; i++) {
        uint16_t at = h->container_order[i];
        const struct tomte_home_container *c = &h->containers[at];
        const struct tomte_placement *p = &c->placement;
        tomte_cbor_put_array(e, 10);
        put_name(e, &c->identity);
        tomte_cbor_put_uint(e, p->state);
        tomte_cbor_put_uint(e, p->epoch);
        if (p->owner == TOMTE_HOME_NONE)
            tomte_cbor_put_null(e);
        else
            put_name(e, &h->nodes[p->owner].name);
        put_slot_names(h, e, p->standbys, p->standbys_len);
        put_slot_names(h, e, p->insync, p->insync_len);
        tomte_cbor_put_uint(e, k->keeper.seen.containers[at].state);
        tomte_cbor_put_bool(e, c->stopped);
        tomte_cbor_put_bytes(e, TOMTE_SPAN_ARRAY(c->digest));
        tomte_cbor_put_uint(e, c->manifest_version);
    }
}

static void put_home(const struct keeper_part *k, struct tomte_cbor_enc *e)
{
    tomte_cbor_put_map(e, 4);
    tomte_cbor_put_uint(e, 0);
    tomte_cbor_put_uint(e, k->home.version);
    tomte_cbor_put_uint(e, 1);
    tomte_cbor_put_uint(e, k->home.lease_ms);
    tomte_cbor_put_uint(e, 2);
    put_nodes(k, e);
    tomte_cbor_put_uint(e, 3);
    put_containers(k, e);
}

static enum tomte_err make_status(struct tomte_node *n, void *ctx,
                                  struct tomte_buf out,
                                  struct tomte_span *bytes)
{
    struct tomte_cbor_enc e;
    (void)ctx;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_map(&e, node_keeper_leads(n) ? 10 : 9);
    tomte_cbor_put_uint(&e, 0);
    tomte_cbor_put_uint(&e, 1); /* version of this form */
    tomte_cbor_put_uint(&e, 1);
    put_name(&e, &n->config.name);
    tomte_cbor_put_uint(&e, 2);
    tomte_cbor_put_uint(&e, n->boot);
    tomte_cbor_put_uint(&e, 3);
    tomte_cbor_put_uint(&e, n->now_ms);
    tomte_cbor_put_uint(&e, 4);
    tomte_cbor_put_bool(&e, node_control_leased(n));
    tomte_cbor_put_uint(&e, 5);
    tomte_cbor_put_uint(&e, n->confirmed);
    tomte_cbor_put_uint(&e, 6);
    put_slots(n, &e);
    tomte_cbor_put_uint(&e, 7);
    put_cells(n, &e);
    tomte_cbor_put_uint(&e, 8);
    put_resources(n, &e);
    if (node_keeper_leads(n)) {
        tomte_cbor_put_uint(&e, 9);
        put_home(n->keeper, &e);
    }
    return tomte_cbor_encode_done(&e, bytes);
}

void node_status_get(struct tomte_node *n, const struct tomte_addr *from,
                     uint32_t request, const struct tomte_coap_msg *msg)
{
    node_reply_page(n, request, from, msg, PAGE_STATUS, make_status, NULL);
}

/* ---- logs ---- */

static size_t count_lines(const struct tomte_node *n, uint64_t since)
{
    size_t count = 0;
    for (unsigned i = 0; i < n->config.sizes.log_lines; i++)
        count += n->lines[i].number > since;
    return count;
}

/* [number, at ms, level, repeats, text], oldest first */
static enum tomte_err make_logs(struct tomte_node *n, void *ctx,
                                struct tomte_buf out, struct tomte_span *bytes)
{
    uint64_t since = *(const uint64_t *)ctx;
    uint64_t kept = n->config.sizes.log_lines;
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, count_lines(n, since));
    uint64_t first = n->line_next > kept ? n->line_next - kept : 1;
    for (uint64_t i = first; i < n->line_next; i++) {
        const struct log_line *line = &n->lines[i % kept];
        if (line->number <= since)
            continue;
        tomte_cbor_put_array(&e, 5);
        tomte_cbor_put_uint(&e, line->number);
        tomte_cbor_put_uint(&e, line->at_ms);
        tomte_cbor_put_uint(&e, line->level);
        tomte_cbor_put_uint(&e, line->repeats);
        tomte_cbor_put_str(&e, line->text);
    }
    return tomte_cbor_encode_done(&e, bytes);
}

/* "since=N", or all. */
static uint64_t since_of(const struct tomte_coap_msg *msg)
{
    uint8_t memory[64];
    struct tomte_span query, prefix = TOMTE_SPAN_LIT("since=");
    uint64_t since = 0;
    if (tomte_coap_get_query(msg->options, TOMTE_BUF_ARRAY(memory), &query) !=
            TOMTE_OK ||
        !tomte_span_equal(tomte_span_slice(query, 0, prefix.len), prefix))
        return 0;
    for (size_t i = prefix.len; i < query.len && i < prefix.len + 18; i++) {
        if (query.data[i] < '0' || query.data[i] > '9')
            return 0;
        since = since * 10 + (query.data[i] - '0');
    }
    return since;
}

void node_logs_get(struct tomte_node *n, const struct tomte_addr *from,
                   uint32_t request, const struct tomte_coap_msg *msg)
{
    uint64_t since = since_of(msg);
    node_reply_page(n, request, from, msg, PAGE_LOGS, make_logs, &since);
}
