/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper's part of a node that is one of several: the home's log is kept by
 * the replica that the port gave (home/replica.h). This file carries its frames
 * and its time, feeds the home with what it decides, and begins and ends the
 * leader's memory. */
#include "node/internal.h"

#include <string.h>

#define FRAME_TIMEOUT_MS 50u /* nobody answers a frame */

/* Terms of a group are above all boots of a keeper that was alone before. */
#define GROUP_TERMS ((uint64_t)1 << 40)

static void *ctx_of(const struct keeper_part *k)
{
    return k->replica->ctx;
}

/* ---- the state machine ---- */

static enum tomte_err host_apply(void *ctx, struct tomte_span command)
{
    struct tomte_node *n = ctx;
    struct keeper_part *k = n->keeper;
    k->report = (struct tomte_home_report){.err = TOMTE_OK};
    n->again = true;
    return tomte_home_apply(&k->home, command, &k->report);
}

static enum tomte_err host_snapshot(void *ctx, struct tomte_buf out,
                                    struct tomte_span *bytes)
{
    struct tomte_node *n = ctx;
    return tomte_home_snapshot_encode(&n->keeper->home, out, bytes);
}

static enum tomte_err host_restore(void *ctx, struct tomte_span bytes)
{
    struct tomte_node *n = ctx;
    struct tomte_home_report report;
    n->again = true;
    return tomte_home_snapshot_decode(&n->keeper->home, bytes, &report);
}

/* Comes from within the replica, which must not be called from here. */
static void host_decided(void *ctx, uint32_t token, enum tomte_err err)
{
    struct tomte_node *n = ctx;
    struct keeper_part *k = n->keeper;
    if (token != k->proposal)
        return;
    k->decided = true;
    k->decided_err = err;
    n->again = true;
}

/* ---- leading ---- */

static void begin_to_lead(struct tomte_node *n, uint64_t term)
{
    struct keeper_part *k = n->keeper;
    struct tomte_keeper_config config = {.home = &k->home,
                                         .term = GROUP_TERMS + term,
                                         .admit = true,
                                         .still = n->config.without.failover,
                                         .now_ms = n->now_ms};
    tomte_arena_release(&k->memory, 0);
    enum tomte_err err = tomte_keeper_init(&k->keeper, &config, &k->memory);
    TOMTE_ASSERT(err == TOMTE_OK);
    k->leads = true;
    k->led = term;
    k->decided = false;
    n->lease_now = true;
    node_log(n, TOMTE_LOG_INFO, "keeper: leads, waits for one lease");
}

static void cease_to_lead(struct tomte_node *n)
{
    struct keeper_part *k = n->keeper;
    k->leads = false;
    tomte_keeper_wipe(&k->keeper);
    for (unsigned i = 0; i < NODE_COMMANDS; i++) {
        if (k->commands[i] != 0)
            node_reply_error(n, k->commands[i], TOMTE_ERR_AGAIN,
                             "another keeper leads now: ask there what became "
                             "of it");
        k->commands[i] = 0;
    }
    node_log(n, TOMTE_LOG_INFO, "keeper: leads no more");
}

static void try_change(struct tomte_node *n)
{
    struct keeper_part *k = n->keeper;
    enum tomte_err err = k->replica->change(ctx_of(k), n->now_ms, true,
                                            k->newcomer, &k->newcomer_addr);
    if (err == TOMTE_ERR_AGAIN)
        return;
    k->newcomer = 0;
    if (err != TOMTE_OK)
        node_log_err(n, TOMTE_SPAN_LIT("keeper"), "cannot be added", err);
}

static void look(struct tomte_node *n)
{
    struct keeper_part *k = n->keeper;
    struct tomte_replica_status *s = &k->status;
    uint64_t leader = s->leader;
    k->replica->status(ctx_of(k), s);
    if (s->leader != 0 && s->leader != leader) {
        node_keepers_leader(n, &s->at);
        n->lease_now = true;
    }
    if (k->leads && (!s->leads || s->term != k->led))
        cease_to_lead(n);
    if (s->leads && !k->leads)
        begin_to_lead(n, s->term);
    if (k->leads && k->newcomer != 0 && !s->changing)
        try_change(n);
    if (k->decided && k->leads) {
        k->decided = false;
        node_keeper_applied(n, k->decided_err,
                            k->decided_err == TOMTE_OK || k->report.text[0] != 0
                                ? k->report.text
                                : tomte_err_text(k->decided_err));
    }
}

/* ---- set-up ---- */

enum tomte_err node_group_open(struct tomte_node *n, bool found)
{
    struct keeper_part *k = n->keeper;
    const struct tomte_replica *r = n->config.replica;
    struct tomte_replica_config config = {
        .store = &n->store,
        .host = {n, host_apply, host_snapshot, host_restore, host_decided},
        .id = n->store_id,
        .boot = n->boot,
        .addr = n->config.addr,
        .seed = tomte_random_next(&n->random),
        .now_ms = n->now_ms,
        .found = found,
    };
    k->replica = r;
    enum tomte_err err = r->open(r->ctx, &config);
    if (err != TOMTE_OK)
        k->replica = NULL;
    n->again = true;
    return err;
}

/* ---- steps ---- */

bool node_group_is_member(const struct tomte_node *n)
{
    return n->keeper != NULL && n->keeper->replica != NULL;
}

void node_group_work(struct tomte_node *n)
{
    struct keeper_part *k = n->keeper;
    if (k->replica->deadline(ctx_of(k)) <= n->now_ms)
        k->replica->step(ctx_of(k), n->now_ms);
    look(n);
}

void node_group_synced(struct tomte_node *n)
{
    struct keeper_part *k = n->keeper;
    struct tomte_replica_frame f;
    uint32_t handle;
    k->replica->synced(ctx_of(k), n->now_ms);
    while (k->replica->poll(ctx_of(k), &f)) {
        struct node_ask ask = {.to = f.to,
                               .code = TOMTE_COAP_POST,
                               .bond = node_bond_to_keeper(n, &f.to),
                               .path = "/.tomte/raft",
                               .timeout_ms = FRAME_TIMEOUT_MS,
                               .payload = f.bytes,
                               .cookie = cookie(COOKIE_POKE, 0, 0)};
        /* No room for it: as if the net had lost it. */
        if (ask.bond == NULL || node_link_peer(n, &f.to) != TOMTE_OK ||
            node_ask(n, &ask, &handle) != TOMTE_OK)
            k->unsent++;
    }
}

uint64_t node_group_deadline(const struct tomte_node *n)
{
    const struct keeper_part *k = n->keeper;
    return k->replica->deadline(ctx_of(k));
}

/* A command of the leader's memory; what became of it comes later. */
void node_group_propose(struct tomte_node *n, struct tomte_span command)
{
    struct keeper_part *k = n->keeper;
    k->report = (struct tomte_home_report){.err = TOMTE_OK};
    enum tomte_err err =
        k->replica->propose(ctx_of(k), n->now_ms, command, ++k->proposal);
    if (err == TOMTE_OK)
        return;
    k->decided = true;
    k->decided_err = err;
    n->again = true;
}

/* What is left of a lease that counts from when a majority last followed. */
uint32_t node_group_lease_ms(const struct tomte_node *n, uint32_t lease_ms)
{
    const struct keeper_part *k = n->keeper;
    struct tomte_replica_status s;
    k->replica->status(ctx_of(k), &s);
    if (s.confirmed_ms == 0 || s.confirmed_ms > n->now_ms)
        return 0;
    uint64_t age_ms = n->now_ms - s.confirmed_ms;
    age_ms += age_ms / 1000 + 1; /* the drift of this clock */
    return age_ms < lease_ms ? lease_ms - (uint32_t)age_ms : 0;
}

/* ---- requests ---- */

/* A frame makes a node that could be a keeper one: it is told all there is. */
static bool become_keeper(struct tomte_node *n)
{
    if (n->keeper != NULL)
        return n->keeper->replica != NULL;
    if (n->spare == NULL)
        return false;
    n->keeper = n->spare;
    enum tomte_err err = node_group_open(n, false);
    if (err == TOMTE_OK)
        return true;
    n->keeper = NULL;
    node_log_err(n, TOMTE_SPAN_LIT("keeper"), "cannot become one", err);
    return false;
}

void node_group_frame(struct tomte_node *n, const struct tomte_addr *from,
                      uint32_t request, const struct tomte_coap_msg *msg)
{
    if (become_keeper(n)) {
        struct keeper_part *k = n->keeper;
        k->replica->receive(ctx_of(k), n->now_ms, from, msg->payload);
        look(n);
    }
    node_link_drop(n, request);
}

static void put_member(const struct tomte_node *n, struct tomte_cbor_enc *e,
                       const struct tomte_replica_member *m)
{
    const struct tomte_home *home = &n->keeper->home;
    struct tomte_span name = TOMTE_SPAN_NONE;
    for (unsigned i = 0; i < home->nodes_len; i++)
        if (home->nodes[home->node_order[i]].store == m->id)
            name = tomte_name_span(&home->nodes[home->node_order[i]].name);
    tomte_cbor_put_array(e, 6);
    tomte_cbor_put_uint(e, m->id);
    tomte_cbor_put_text(e, name);
    tomte_cbor_put_bytes(e, TOMTE_SPAN_ARRAY(m->addr.ip));
    tomte_cbor_put_uint(e, m->addr.port);
    tomte_cbor_put_uint(e, m->role);
    tomte_cbor_put_uint(e, m->heard_ms == 0 ? 0 : n->now_ms - m->heard_ms + 1);
}

/* [term, id of the leader, changing, [* [id, name, IPv6 address, port, role,
 * heard of so many ms ago + 1; 0: not yet]]] */
void node_group_get(struct tomte_node *n, uint32_t request)
{
    uint8_t memory[900];
    struct tomte_cbor_enc e;
    struct tomte_span bytes;
    struct keeper_part *k = n->keeper;
    struct tomte_replica_status s = {.leader = n->store_id, .members_len = 1};
    s.members[0] = (struct tomte_replica_member){
        .id = n->store_id, .addr = n->config.addr, .heard_ms = n->now_ms};
    if (k->replica != NULL)
        k->replica->status(ctx_of(k), &s);
    tomte_cbor_encode_init(&e, TOMTE_BUF_ARRAY(memory));
    tomte_cbor_put_array(&e, 4);
    tomte_cbor_put_uint(&e, s.term);
    tomte_cbor_put_uint(&e, s.leader);
    tomte_cbor_put_bool(&e, s.changing || k->newcomer != 0);
    tomte_cbor_put_array(&e, s.members_len);
    for (unsigned i = 0; i < s.members_len; i++)
        put_member(n, &e, &s.members[i]);
    enum tomte_err err = tomte_cbor_encode_done(&e, &bytes);
    TOMTE_ASSERT(err == TOMTE_OK);
    node_reply_cbor(n, request, TOMTE_COAP_CONTENT, bytes);
}

/* The only keeper becomes the first of several, with the state it has. */
static enum tomte_err found(struct tomte_node *n)
{
    if (n->config.replica == NULL)
        return TOMTE_ERR_UNSUPPORTED;
    enum tomte_err err = node_group_open(n, true);
    if (err != TOMTE_OK)
        return err;
    cease_to_lead(n);
    err = node_keeper_forget_log(n);
    if (err != TOMTE_OK)
        node_log_err(n, TOMTE_SPAN_LIT("keeper"), "the old log stays", err);
    return TOMTE_OK;
}

static enum tomte_err change(struct tomte_node *n, bool adds,
                             const struct tomte_name *name)
{
    struct keeper_part *k = n->keeper;
    uint16_t at = tomte_home_find_node(&k->home, name);
    if (at == TOMTE_HOME_NONE || k->home.nodes[at].store == 0)
        return TOMTE_ERR_NOT_FOUND;
    uint64_t id = k->home.nodes[at].store;
    struct tomte_addr addr = k->home.nodes[at].addr;
    if (k->replica != NULL)
        return k->replica->change(ctx_of(k), n->now_ms, adds, id, &addr);
    if (!adds || id == n->store_id)
        return adds ? TOMTE_ERR_EXISTS : TOMTE_ERR_STATE;
    enum tomte_err err = found(n);
    if (err != TOMTE_OK)
        return err;
    k->newcomer = id;
    k->newcomer_addr = addr;
    return TOMTE_OK;
}

/* By identifier, so that one goes whose storage burned: [false, id]. */
static enum tomte_err remove_id(struct tomte_node *n, uint64_t id)
{
    struct keeper_part *k = n->keeper;
    if (k->replica == NULL)
        return TOMTE_ERR_STATE;
    return k->replica->change(ctx_of(k), n->now_ms, false, id, NULL);
}

/* [add, name] or [false, id]; it has begun when that is answered. */
void node_group_post(struct tomte_node *n, uint32_t request,
                     const struct tomte_coap_msg *msg)
{
    struct tomte_cbor_dec d;
    struct tomte_name name = {0};
    uint64_t id = 0;
    tomte_cbor_decode_init(&d, msg->payload, 0);
    tomte_cbor_enter_array(&d);
    bool adds = tomte_cbor_get_bool(&d);
    if (!adds && tomte_cbor_peek(&d) == TOMTE_CBOR_UINT)
        id = tomte_cbor_get_uint(&d);
    else
        name = tomte_cbor_get_name(&d);
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err == TOMTE_OK && !n->keeper->leads)
        err = TOMTE_ERR_AGAIN;
    if (err == TOMTE_OK)
        err = id != 0 ? remove_id(n, id) : change(n, adds, &name);
    n->again = true;
    if (err == TOMTE_OK)
        node_reply_cbor(n, request, TOMTE_COAP_CHANGED, TOMTE_SPAN_NONE);
    else
        node_reply_error(n, request, err, NULL);
}

/* Asked for a lease while another one leads: who that is. */
void node_group_hint(struct tomte_node *n, uint32_t request)
{
    struct keeper_part *k = n->keeper;
    struct tomte_lease_answer a = {.term = GROUP_TERMS + k->status.term};
    for (unsigned i = 0; i < k->home.nodes_len; i++) {
        const struct tomte_home_node *node =
            &k->home.nodes[k->home.node_order[i]];
        if (k->status.leader == 0 || node->store != k->status.leader)
            continue;
        a.has_leader = true;
        a.leader = node->name;
        a.leader_addr = k->status.at;
    }
    if (a.has_leader && k->status.leader != n->store_id)
        node_keeper_answer_lease(n, request, &a);
    else
        node_reply_error(n, request, TOMTE_ERR_AGAIN, NULL);
}
