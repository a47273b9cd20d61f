/* SPDX-License-Identifier: Apache-2.0 */
/* The node's side of leases: what it tells the keeper and how often. Every
 * request says which view this node acts by, so a new view is confirmed by
 * sending the next one at once. */
#include "node/internal.h"

#include <string.h>

#define ASK_TIMEOUT_MS 2000u

/* Drawn once for a store: a keeper sees by it that histories are gone. */
void node_control_store(struct tomte_node *n)
{
    const struct tomte_span key = TOMTE_SPAN_LIT("store");
    uint8_t value[8];
    size_t len = 0;
    if (tomte_store_get(&n->store, key, TOMTE_BUF_ARRAY(value), &len) ==
            TOMTE_OK &&
        len == sizeof value) {
        n->store_id = tomte_get_le64(value);
        return;
    }
    n->store_id = tomte_random_next(&n->random) >> 1 | 1;
    tomte_put_le64(value, n->store_id);
    enum tomte_err err =
        tomte_store_put(&n->store, key, TOMTE_SPAN_ARRAY(value));
    if (err != TOMTE_OK)
        node_log_err(n, TOMTE_SPAN_LIT("storage"), "has no room", err);
}

static struct tomte_resource offered(const struct tomte_node_resource *r)
{
    return (struct tomte_resource){.channel = r->channel,
                                   .type = r->type,
                                   .role = r->role,
                                   .place = r->place,
                                   .kind = r->kind == TOMTE_NODE_BUTTON
                                               ? TOMTE_PORT_EVENT
                                               : TOMTE_PORT_STATE,
                                   .actuator = r->kind == TOMTE_NODE_ACTUATOR};
}

/* Sorted by channel, as an offer wants them. */
static void encode_offer(struct tomte_node *n)
{
    struct tomte_resource list[TOMTE_LIMIT_RESOURCES];
    size_t count = n->config.resource_count;
    for (size_t i = 0; i < count; i++) {
        struct tomte_resource r = offered(&n->resources[i].is);
        size_t at = i;
        for (; at > 0 && tomte_span_compare(
                             tomte_channel_name_span(&list[at - 1].channel),
                             tomte_channel_name_span(&r.channel)) > 0;
             at--)
            list[at] = list[at - 1];
        list[at] = r;
    }
    struct tomte_offer offer = {
        .place = n->config.place,
        .containers = n->config.sizes.slots,
        .memory_kib = n->config.sizes.slot_bytes / 1024 * n->config.sizes.slots,
        .fuel_per_second = n->config.power.fuel_per_second,
        .flash_kib = n->config.power.flash_kib,
        .hops = n->config.power.hops,
        .battery = n->config.power.battery,
        .resources_len = (uint16_t)count};
    struct tomte_span bytes = TOMTE_SPAN_NONE;
    enum tomte_err err = tomte_offer_encode(
        &offer, list, TOMTE_BUF(n->offer, TOMTE_OFFER_BYTES_MAX), &bytes);
    if (err != TOMTE_OK)
        node_log_err(n, tomte_name_span(&n->config.name),
                     "its resources cannot be offered", err);
    n->offer_len = bytes.len;
    n->offer_crc = tomte_offer_crc(bytes);
}

void node_control_init(struct tomte_node *n)
{
    tomte_lease_init(&n->lease);
    node_keepers_load(n);
    n->lease_now = true;
    encode_offer(n);
    /* A peer of the home from the first datagram on: its own address too. */
    if (node_link_peer(n, &n->keeper_addr) != TOMTE_OK)
        node_log(n, TOMTE_LOG_ERROR, "no room for the link to the keeper");
}

bool node_control_leased(const struct tomte_node *n)
{
    return tomte_lease_held(&n->lease, n->now_ms);
}

/* ---- asking ---- */

static uint16_t report_slots(struct tomte_node *n,
                             struct tomte_lease_container *list)
{
    uint16_t len = 0;
    for (unsigned i = 0; i < n->config.sizes.slots; i++) {
        struct slot *s = &n->slots[i];
        if (s->phase == SLOT_FREE || s->part != TOMTE_VIEW_OWNER)
            continue;
        struct tomte_lease_container *c = &list[len++];
        *c = (struct tomte_lease_container){.identity = s->identity,
                                            .epoch = s->epoch,
                                            .state = node_slot_report_state(s)};
        if (c->state == TOMTE_REPORT_SPOILT)
            c->reason = tomte_span_slice(tomte_span_str(s->reason), 0,
                                         TOMTE_COMMAND_REASON_MAX);
        c->proposes = node_replicate_proposal(s, c);
    }
    return len;
}

static void send_request(struct tomte_node *n)
{
    struct tomte_lease_container list[TOMTE_LIMIT_CONTAINERS];
    uint8_t
        memory[TOMTE_LIMIT_DATAGRAM_BYTES - 64 - TOMTE_OSCORE_OVERHEAD_BYTES];
    struct tomte_lease_request request = {.name = n->config.name,
                                          .boot = n->boot,
                                          .sequence = ++n->lease_sequence,
                                          .store = n->store_id,
                                          .term = n->term,
                                          .confirmed = n->confirmed,
                                          .offer_crc = n->offer_crc,
                                          .has_addr = true,
                                          .addr = n->config.addr};
    struct node_ask ask = {.to = n->keeper_addr,
                           .code = TOMTE_COAP_POST,
                           .path = "/.tomte/lease",
                           .timeout_ms = ASK_TIMEOUT_MS,
                           .cookie = cookie(COOKIE_LEASE, 0, 0)};
    if (n->offer_wanted)
        request.offer = TOMTE_SPAN(n->offer, n->offer_len);
    uint16_t count = report_slots(n, list);
    enum tomte_err err =
        tomte_lease_request_encode(&request, list, count, &n->lease_next,
                                   TOMTE_BUF_ARRAY(memory), &ask.payload);
    ask.bond = node_bond_to_keeper(n, &ask.to);
    if (err == TOMTE_OK && ask.bond == NULL)
        err = TOMTE_ERR_NOT_FOUND;
    if (err == TOMTE_OK)
        err = node_ask(n, &ask, &n->lease_handle);
    if (err != TOMTE_OK)
        node_log_err(n, TOMTE_SPAN_LIT("keeper"), "cannot be asked", err);
    tomte_lease_sent(&n->lease, n->now_ms);
    n->lease_sent_ms = n->now_ms;
    n->lease_now = false;
}

static void tell_lease(struct tomte_node *n)
{
    bool leased = node_control_leased(n);
    if (leased == n->was_leased)
        return;
    n->was_leased = leased;
    node_log(n, leased ? TOMTE_LOG_INFO : TOMTE_LOG_WARN,
             leased ? "holds a lease" : "lease is over: the keeper is silent");
}

void node_control_work(struct tomte_node *n)
{
    tell_lease(n);
    if (!n->keys.has_charter)
        return;
    if (!n->lease_now && tomte_lease_deadline(&n->lease) > n->now_ms)
        return;
    /* A lease request is never repeated: a newer one says more. */
    if (n->lease_handle != 0)
        node_link_cancel(n, n->lease_handle);
    n->lease_handle = 0;
    node_keepers_asking(n);
    send_request(n);
}

uint64_t node_control_deadline(const struct tomte_node *n)
{
    if (!n->keys.has_charter)
        return UINT64_MAX;
    uint64_t at = n->lease_now ? n->now_ms : tomte_lease_deadline(&n->lease);
    return n->was_leased && n->lease.until_ms < at ? n->lease.until_ms : at;
}

/* ---- answers ---- */

static void fetch_view(struct tomte_node *n)
{
    for (int i = 0; i < NODE_FETCHES; i++)
        if (n->fetches[i].kind == FETCH_VIEW)
            return;
    char query[48];
    struct tomte_text t;
    tomte_text_init(&t, query, sizeof query);
    tomte_text_str(&t, "node=");
    tomte_text_span(&t, tomte_name_span(&n->config.name));
    (void)node_fetch_begin(n, FETCH_VIEW, 0, &n->keeper_addr, "/.tomte/view",
                           query);
}

static void want_view(struct tomte_node *n, uint64_t version)
{
    if (version > n->view_wanted)
        n->view_wanted = version;
    uint64_t have = n->to_confirm > n->confirmed ? n->to_confirm : n->confirmed;
    if (n->view_wanted > have || !n->has_view)
        fetch_view(n);
}

void node_control_answer(struct tomte_node *n, const struct tomte_coap_msg *msg)
{
    struct tomte_lease_answer answer;
    n->lease_handle = 0;
    if (tomte_err_from_coap_code(msg->code) != TOMTE_OK) {
        node_log_err(n, TOMTE_SPAN_LIT("keeper"), "refuses a lease",
                     tomte_err_from_coap_code(msg->code));
        node_keepers_refused(n);
        return;
    }
    if (tomte_lease_answer_decode(msg->payload, &answer) != TOMTE_OK) {
        node_log(n, TOMTE_LOG_WARN, "keeper: its answer is not understood");
        return;
    }
    node_keepers_answered(n);
    if (answer.has_leader && answer.lease_ms == 0) {
        node_keepers_leader(n, &answer.leader_addr);
        n->lease_now = true;
        return;
    }
    n->term = answer.term;
    if (n->keepers_term != n->term) {
        n->keepers_term = n->term;
        node_keepers_ask(n);
    }
    n->offer_wanted = answer.offer_wanted;
    n->lease_now = answer.offer_wanted;
    if (answer.settled) {
        n->settled = answer.version;
        n->settled_sequence = n->lease_sequence;
    }
    if (answer.lease_ms > 0)
        tomte_lease_granted(&n->lease, n->lease_sent_ms, answer.lease_ms);
    /* A keeper that was restored from an older state counts from there. */
    if (answer.version < n->view_wanted && answer.version > 0)
        n->view_wanted = answer.version;
    if (answer.version != n->confirmed && answer.version != n->to_confirm)
        want_view(n, answer.version);
}

void node_control_failed(struct tomte_node *n)
{
    n->lease_handle = 0;
}

void node_control_poke(struct tomte_node *n, uint32_t request,
                       const struct tomte_coap_msg *msg)
{
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, msg->payload, 0);
    uint64_t version = tomte_cbor_get_uint(&d);
    if (tomte_cbor_decode_done(&d) != TOMTE_OK) {
        node_reply_error(n, request, TOMTE_ERR_MALFORMED, NULL);
        return;
    }
    node_link_drop(n, request);
    if (version > n->confirmed)
        want_view(n, version);
}

void node_control_stale(struct tomte_node *n)
{
    fetch_view(n);
}
