/* SPDX-License-Identifier: Apache-2.0 */
/* A small node: it renews its lease, follows its view, runs what it may, keeps
 * histories. Storing takes no time here. */
#include "world.h"

/* A standby that does not answer for so long is counted out. */
#define SILENT_MS 700

static void send_request(struct world *w, unsigned node);
static void run(struct world *w, unsigned node);

void world_node_format(struct world *w, unsigned node)
{
    struct world_node *n = &w->nodes[node];
    n->store = tomte_random_next(&w->random) | 1;
    n->boot = 0;
    n->confirmed = 0;
    n->view_len = 0;
    memset(n->cells, 0, sizeof(n->cells));
}

void world_node_start(struct world *w, unsigned node)
{
    struct world_node *n = &w->nodes[node];
    n->up = true;
    n->boot++;
    n->sequence = 0;
    n->term = 0;
    n->wanted = n->confirmed;
    n->settled_sequence = 0;
    tomte_lease_init(&n->lease);
    for (unsigned i = 0; i < WORLD_CONTAINERS; i++) {
        struct world_cell *c = &n->cells[i];
        c->running = false;
        memset(c->acked, 0, sizeof(c->acked));
        for (unsigned k = 0; k < WORLD_NODES; k++) {
            c->heard_ms[k] = w->now_ms;
            c->out_at[k] = 0;
        }
    }
}

void world_node_step(struct world *w, unsigned node)
{
    struct world_node *n = &w->nodes[node];
    if (tomte_lease_deadline(&n->lease) <= world_read(w, &n->clock))
        send_request(w, node);
    if (n->wanted != n->confirmed && n->fetch_ms <= w->now_ms) {
        struct world_message m = {
            .kind = FETCH, .node = (uint8_t)node, .boot = n->boot};
        n->fetch_ms = w->now_ms + 100;
        world_send(w, &m, TOMTE_SPAN_NONE);
    }
    if (w->now_ms / WORLD_STEP_MS % WORLD_NODES == node)
        run(w, node);
}

static bool standby_is_insync(const struct tomte_view_placement *p,
                              unsigned node)
{
    for (unsigned i = 0; i < p->standbys_len; i++)
        if (world_node_of(&p->standbys[i].name) == node)
            return p->standbys[i].insync;
    return false;
}

static bool has_standby(const struct tomte_view_placement *p, unsigned node)
{
    for (unsigned i = 0; i < p->standbys_len; i++)
        if (world_node_of(&p->standbys[i].name) == node)
            return true;
    return false;
}

/* What is said of one container: the set only while it is another than the
 * confirmed one. */
static struct tomte_lease_container report(const struct world *w,
                                           const struct world_node *n,
                                           const struct tomte_view_placement *p)
{
    const struct world_cell *c = &n->cells[world_container_of(&p->identity)];
    struct tomte_lease_container r = {.identity = p->identity,
                                      .epoch = p->epoch,
                                      .state = TOMTE_REPORT_RUNNING};
    if (p->trial && p->epoch % 3 != 0) { /* a verdict, or none for now */
        bool passed = p->epoch % 3 == 1;
        r.state = passed ? TOMTE_REPORT_PASSED : TOMTE_REPORT_SPOILT;
        r.reason = passed ? TOMTE_SPAN_NONE : TOMTE_SPAN_LIT("it was spoilt");
    }
    for (unsigned i = 0; i < p->standbys_len; i++) {
        unsigned other = world_node_of(&p->standbys[i].name);
        bool want = c->proposed[other];
        r.proposes |= want != p->standbys[i].insync;
        if (want)
            r.insync[r.insync_len++] = w->nodes[other].name;
    }
    return r;
}

static void send_request(struct world *w, unsigned node)
{
    struct world_node *n = &w->nodes[node];
    struct tomte_lease_container list[WORLD_CONTAINERS];
    struct tomte_lease_request r = {
        .name = n->name,
        .boot = n->boot,
        .sequence = ++n->sequence,
        .store = n->store,
        .term = n->term,
        .confirmed = n->confirmed,
        .offer_crc = tomte_offer_crc(TOMTE_SPAN(n->offer, n->offer_len)),
    };
    if (n->offer_wanted)
        r.offer = TOMTE_SPAN(n->offer, n->offer_len);
    uint16_t len = 0, next = 0;
    struct tomte_view_iter it;
    struct tomte_view_placement p;
    if (n->view_len > 0) {
        tomte_view_placements(&n->view, &it);
        while (tomte_view_next_placement(&it, &p))
            if (p.part == TOMTE_VIEW_OWNER &&
                n->cells[world_container_of(&p.identity)].running)
                list[len++] = report(w, n, &p);
    }
    uint8_t bytes[WORLD_VIEW_BYTES];
    struct tomte_span encoded;
    MUST(w, tomte_lease_request_encode(&r, list, len, &next,
                                       TOMTE_BUF_ARRAY(bytes),
                                       &encoded) == TOMTE_OK);
    MUST(w, next == 0);
    uint64_t now_ms = world_read(w, &n->clock);
    struct world_message m = {.kind = LEASE,
                              .node = (uint8_t)node,
                              .boot = n->boot,
                              .sent_ms = now_ms,
                              .sequence = r.sequence};
    tomte_lease_sent(&n->lease, now_ms);
    world_send(w, &m, encoded);
}

/* Stored, and acted by from now on: so it is confirmed. */
static void take_view(struct world *w, struct world_node *n,
                      const struct world_message *m)
{
    struct tomte_view view;
    MUST(w, tomte_view_open(TOMTE_SPAN(m->bytes, m->len), &view) == TOMTE_OK);
    if (view.version < n->confirmed || view.store != n->store)
        return;
    memcpy(n->view_bytes, m->bytes, m->len);
    n->view_len = m->len;
    MUST(w, tomte_view_open(TOMTE_SPAN(n->view_bytes, n->view_len), &n->view) ==
                TOMTE_OK);
    n->confirmed = view.version;
    bool listed[WORLD_CONTAINERS] = {false};
    struct tomte_view_iter it;
    struct tomte_view_placement p;
    tomte_view_placements(&n->view, &it);
    while (tomte_view_next_placement(&it, &p)) {
        struct world_cell *c = &n->cells[world_container_of(&p.identity)];
        listed[world_container_of(&p.identity)] = true;
        if (c->has_history && c->epoch < p.born)
            c->has_history = false; /* of another life */
        c->running &= p.part == TOMTE_VIEW_OWNER && p.epoch == c->epoch &&
                      p.state == TOMTE_PLACEMENT_ACTIVE;
        for (unsigned i = 0; i < WORLD_NODES && c->running; i++)
            if (standby_is_insync(&p, i))
                c->counted[i] = true;
    }
    for (unsigned i = 0; i < WORLD_CONTAINERS; i++)
        if (!listed[i])
            memset(&n->cells[i], 0, sizeof(n->cells[i]));
}

void world_node_receive(struct world *w, const struct world_message *m)
{
    struct world_node *n = &w->nodes[m->node];
    if (m->kind == POKE) {
        if (n->wanted < m->version)
            n->wanted = m->version;
        return;
    }
    if (m->boot != n->boot) /* the request was lost with the restart */
        return;
    if (m->kind == VIEW) {
        take_view(w, n, m);
        send_request(w, m->node);
        return;
    }
    struct tomte_lease_answer a;
    MUST(w, tomte_lease_answer_decode(TOMTE_SPAN(m->bytes, m->len), &a) ==
                TOMTE_OK);
    tomte_lease_granted(&n->lease, m->sent_ms, a.lease_ms);
    n->term = a.term;
    n->offer_wanted = a.offer_wanted;
    if (a.version > 0)
        n->wanted = a.version;
    if (a.settled && n->settled_sequence < m->sequence) {
        n->settled_sequence = m->sequence;
        n->settled = a.version;
    }
}

static void begin_epoch(struct world *w, unsigned node,
                        const struct tomte_view_placement *p)
{
    unsigned id = world_container_of(&p->identity);
    struct world_cell *c = &w->nodes[node].cells[id];
    bool again = c->has_history && c->epoch == p->epoch;
    if (!c->has_history) {
        c->has_history = true;
        c->sequence = 0;
        c->born = p->born;
    }
    c->epoch = p->epoch;
    c->running = true;
    for (unsigned i = 0; i < WORLD_NODES; i++) {
        c->counted[i] = standby_is_insync(p, i) || (again && c->counted[i]);
        c->proposed[i] = standby_is_insync(p, i) || (again && c->proposed[i]);
        c->acked[i] = 0;
        c->heard_ms[i] = w->now_ms;
        c->out_at[i] = 0;
    }
    world_ran(w, node, id, p->epoch, p->born);
}

/* The standby stores what the owner has, if its view says that it should. */
static bool replicate(struct world *w, unsigned node, unsigned other,
                      const struct tomte_view_placement *p)
{
    struct world_node *n = &w->nodes[other];
    struct tomte_view_placement at;
    if (!world_linked(w, node, other) || n->view_len == 0 ||
        tomte_view_find(&n->view, &p->identity, &at) != TOMTE_OK ||
        at.part != TOMTE_VIEW_STANDBY || at.epoch != p->epoch)
        return false;
    unsigned id = world_container_of(&p->identity);
    const struct world_cell *from = &w->nodes[node].cells[id];
    struct world_cell *to = &n->cells[id];
    to->has_history = true;
    to->born = from->born;
    to->epoch = from->epoch;
    to->sequence = from->sequence;
    return true;
}

static void follow_standby(struct world *w, unsigned node, unsigned other,
                           const struct tomte_view_placement *p)
{
    struct world_node *n = &w->nodes[node];
    struct world_cell *c = &n->cells[world_container_of(&p->identity)];
    if (has_standby(p, other) && replicate(w, node, other, p)) {
        c->acked[other] = c->sequence;
        c->heard_ms[other] = w->now_ms;
        c->counted[other] = c->proposed[other] = true;
        c->out_at[other] = 0;
        return;
    }
    if (c->proposed[other] && w->now_ms - c->heard_ms[other] > SILENT_MS) {
        c->proposed[other] = false;
        c->out_at[other] = n->sequence + 1;
    }
    if (!has_standby(p, other))
        c->proposed[other] = false;
    bool dropped =
        !has_standby(p, other) ||
        (c->out_at[other] > 0 && n->settled_sequence >= c->out_at[other] &&
         n->settled == n->confirmed);
    if (c->counted[other] && !standby_is_insync(p, other) && dropped)
        c->counted[other] = false;
}

static void drive(struct world *w, unsigned node,
                  const struct tomte_view_placement *p)
{
    struct tomte_view_iter it, jt;
    struct tomte_view_port port;
    struct tomte_view_peer peer, granted;
    struct tomte_view_resource r;
    tomte_view_ports(p, &it);
    while (tomte_view_next_port(&it, &port)) {
        tomte_view_peers(port.peers, &jt);
        if (port.direction != TOMTE_PORT_OUT ||
            !tomte_view_next_peer(&jt, &peer) || peer.identity.len > 0)
            continue;
        unsigned other = world_node_of(&peer.node.name);
        if (!world_linked(w, node, other) || w->nodes[other].view_len == 0)
            continue;
        bool obeys = false;
        tomte_view_resources(&w->nodes[other].view, &jt);
        while (tomte_view_next_resource(&jt, &r)) {
            struct tomte_view_iter kt;
            if (!tomte_channel_name_equal(&r.channel, &port.channel))
                continue;
            tomte_view_peers(r.peers, &kt);
            obeys = tomte_view_next_peer(&kt, &granted) &&
                    tomte_name_equal(&granted.identity, &p->identity) &&
                    granted.epoch == p->epoch;
        }
        if (obeys)
            world_accepted(w, world_container_of(&p->identity), p->epoch);
        w->writes += obeys;
        w->refused_writes += !obeys;
    }
}

static void run_one(struct world *w, unsigned node,
                    const struct tomte_view_placement *p)
{
    unsigned id = world_container_of(&p->identity);
    struct world_node *n = &w->nodes[node];
    struct world_cell *c = &n->cells[id];
    if (p->without_keeper == TOMTE_WITHOUT_KEEPER_SAFE &&
        !tomte_lease_held(&n->lease, world_read(w, &n->clock))) {
        c->running = false;
        return;
    }
    if (!c->running)
        begin_epoch(w, node, p);
    c->sequence += tomte_random_chance(&w->random, 300);
    uint64_t committed = c->sequence;
    for (unsigned i = 0; i < WORLD_NODES; i++) {
        if (i == node)
            continue;
        follow_standby(w, node, i, p);
        if (c->counted[i] && committed > c->acked[i])
            committed = c->acked[i];
    }
    if (p->durability == TOMTE_DURABILITY_SYNC && c->born == w->born[id] &&
        w->committed[id] < committed) {
        w->committed[id] = committed;
        w->commits++;
    }
    drive(w, node, p);
}

static void run(struct world *w, unsigned node)
{
    struct world_node *n = &w->nodes[node];
    struct tomte_view_iter it;
    struct tomte_view_placement p;
    if (n->view_len == 0)
        return;
    tomte_view_placements(&n->view, &it);
    while (tomte_view_next_placement(&it, &p))
        if (p.part == TOMTE_VIEW_OWNER && p.state == TOMTE_PLACEMENT_ACTIVE)
            run_one(w, node, &p);
}
