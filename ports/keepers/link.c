/* SPDX-License-Identifier: Apache-2.0 */
/* Frames between keepers. A datagram may be lost, repeated and overtaken; the
 * core was written for streams that break. So frames that come late are
 * dropped, and what it sees is a stream with holes. A message longer than a
 * frame goes in pieces, which the receiver asks for, a window at a time: one
 * such message to each peer. */
#include "keepers/private.h"

#include <string.h>

#define WINDOW     (16u * KEEPERS_PIECE_MAX)
#define ASK_MS     100u
#define GIVE_UP_MS 5000u

/* ---- peers ---- */

struct keepers_peer *keepers_peer(struct keepers *k, uint64_t id)
{
    for (unsigned i = 0; id != 0 && i < KEEPERS_PEERS; i++)
        if (k->peers[i].id == id)
            return &k->peers[i];
    return NULL;
}

static void forget_out(struct keepers_peer *p)
{
    raft_free(p->out.bytes.data);
    p->out = (struct keepers_outgoing){0};
}

static void forget_in(struct keepers_peer *p)
{
    raft_free(p->in.bytes.data);
    raft_free(p->in.got);
    p->in.bytes = TOMTE_BUF(NULL, 0);
    p->in.got = NULL;
}

static bool is_member(const struct keepers *k, uint64_t id)
{
    for (unsigned i = 0; k->up && i < k->raft.configuration.n; i++)
        if (k->raft.configuration.servers[i].id == id)
            return true;
    return false;
}

/* A free slot, or that of the stranger who was silent longest. */
static struct keepers_peer *make_peer(struct keepers *k, uint64_t id,
                                      const struct tomte_addr *addr)
{
    struct keepers_peer *slot = NULL;
    for (unsigned i = 0; i < KEEPERS_PEERS; i++) {
        struct keepers_peer *p = &k->peers[i];
        if (p->id != 0 && is_member(k, p->id))
            continue;
        if (slot == NULL || p->id == 0 ||
            (slot->id != 0 && p->heard_ms < slot->heard_ms))
            slot = p;
    }
    if (slot == NULL)
        return NULL;
    forget_out(slot);
    forget_in(slot);
    *slot = (struct keepers_peer){.id = id, .addr = *addr};
    return slot;
}

void keepers_link_learn(struct keepers *k)
{
    const struct raft_configuration *c = &k->raft.configuration;
    for (unsigned i = 0; i < c->n; i++) {
        struct tomte_addr addr;
        uint64_t id = c->servers[i].id;
        if (id != k->config.id && keepers_peer(k, id) == NULL &&
            keepers_address_get(c->servers[i].address, &addr))
            (void)make_peer(k, id, &addr);
    }
}

void keepers_link_forget(struct keepers *k)
{
    for (unsigned i = 0; i < KEEPERS_PEERS; i++) {
        k->peers[i].out = (struct keepers_outgoing){0};
        k->peers[i].in = (struct keepers_incoming){0};
        k->peers[i].followed_term = 0;
    }
}

/* ---- sending ---- */

static void put_frame(struct keepers *k, struct keepers_peer *p,
                      struct keepers_frame *f)
{
    if (k->frames_len == KEEPERS_FRAMES)
        return; /* as if the net had lost it */
    unsigned at = (k->frames_at + k->frames_len) % KEEPERS_FRAMES;
    struct keepers_queued *q = &k->frames[at];
    struct tomte_span bytes;
    f->to = p->id;
    f->from = k->config.id;
    f->boot = k->config.boot;
    f->sequence = ++k->sequence;
    f->stamp = k->now_ms;
    f->echo = p->stamp;
    enum tomte_err err =
        keepers_frame_encode(f, TOMTE_BUF_ARRAY(q->bytes), &bytes);
    TOMTE_ASSERT(err == TOMTE_OK);
    q->to = p->addr;
    q->len = (uint16_t)bytes.len;
    q->writes = k->disk.writes;
    k->frames_len++;
}

static void put_pieces(struct keepers *k, struct keepers_peer *p, uint32_t at)
{
    struct keepers_outgoing *o = &p->out;
    uint32_t total = (uint32_t)o->bytes.cap;
    uint32_t end = total - at < WINDOW ? total : at + WINDOW;
    while (at < end) {
        uint32_t n =
            end - at < KEEPERS_PIECE_MAX ? end - at : KEEPERS_PIECE_MAX;
        struct keepers_frame f = {.kind = KEEPERS_FRAME_PIECE,
                                  .number = o->number,
                                  .total = total,
                                  .at = at,
                                  .bytes = TOMTE_SPAN(o->bytes.data + at, n)};
        put_frame(k, p, &f);
        at += n;
    }
    o->end = end;
}

static void want(struct keepers *k, struct keepers_peer *p)
{
    struct keepers_frame f = {
        .kind = KEEPERS_FRAME_WANT, .number = p->in.number, .at = p->in.have};
    p->in.asked_ms = k->now_ms;
    p->in.end = p->in.have + WINDOW;
    put_frame(k, p, &f);
}

static bool out_is_alive(const struct keepers *k, const struct keepers_peer *p,
                         raft_term term)
{
    return p->out.bytes.data != NULL && p->out.term == term &&
           k->now_ms - p->out.asked_ms < GIVE_UP_MS;
}

static int put_message(struct keepers *k, struct keepers_peer *p,
                       const struct raft_message *m, unsigned entries)
{
    struct tomte_buf bytes;
    enum tomte_err err = keepers_message_encode(m, entries, &bytes);
    if (err != TOMTE_OK)
        return keepers_raft_err(err);
    if (bytes.cap <= KEEPERS_PIECE_MAX) {
        struct keepers_frame f = {.kind = KEEPERS_FRAME_WHOLE,
                                  .bytes = TOMTE_SPAN(bytes.data, bytes.cap)};
        put_frame(k, p, &f);
        raft_free(bytes.data);
        return 0;
    }
    forget_out(p);
    p->out = (struct keepers_outgoing){.bytes = bytes,
                                       .number = ++k->number,
                                       .type = m->type,
                                       .term = m->append_entries.term,
                                       .asked_ms = k->now_ms};
    put_pieces(k, p, 0);
    return 0;
}

/* Entries as many as fit. The core takes all of them for sent; `*next` is where
 * it should go on. What is in pieces counts as not sent: until it has come the
 * peer gets heartbeats. */
static int send_entries(struct keepers *k, struct keepers_peer *p,
                        struct raft_message *m, raft_index *next)
{
    struct raft_append_entries *a = &m->append_entries;
    unsigned n = keepers_message_entries(m);
    bool busy = out_is_alive(k, p, a->term);
    if (busy)
        n = 0;
    if (a->leader_commit > a->prev_log_index + n)
        a->leader_commit = a->prev_log_index + n;
    int rv = put_message(k, p, m, n);
    bool pieces = !busy && p->out.bytes.data != NULL;
    *next = a->prev_log_index + 1 + (pieces ? 0 : n);
    return rv;
}

int keepers_link_send(struct keepers *k, const struct raft_message *message,
                      raft_index *next)
{
    struct raft_message m = *message;
    struct keepers_peer *p = keepers_peer(k, m.server_id);
    *next = 0;
    if (p == NULL) {
        keepers_link_learn(k);
        p = keepers_peer(k, m.server_id);
    }
    if (p == NULL)
        return RAFT_NOCONNECTION;
    if (m.type == RAFT_IO_APPEND_ENTRIES)
        return send_entries(k, p, &m, next);
    if (m.type == RAFT_IO_INSTALL_SNAPSHOT && p->out.type == m.type &&
        out_is_alive(k, p, m.install_snapshot.term))
        return 0; /* this one or an older one is on its way: that one first */
    return put_message(k, p, &m, 0);
}

/* ---- receiving ---- */

static void deliver(struct keepers *k, struct keepers_peer *p,
                    struct tomte_span bytes, uint64_t echo)
{
    struct raft_message m;
    enum tomte_err err = keepers_message_decode(bytes, p->id, &m);
    if (err != TOMTE_OK) {
        k->counts.implausible += err != TOMTE_ERR_NO_MEMORY;
        return;
    }
    const struct raft_append_entries_result *r = &m.append_entries_result;
    if (m.type == RAFT_IO_APPEND_ENTRIES_RESULT && k->up &&
        r->term == k->raft.current_term && echo <= k->now_ms) {
        if (p->followed_term != r->term || p->followed_ms < echo)
            p->followed_ms = echo;
        p->followed_term = r->term;
    }
    keepers_guard_receive(k, &m);
}

/* Those who are no members, as far as is known here, share one room: a leader
 * whom a newcomer has not heard of yet is among them. */
static void forget_strangers(struct keepers *k)
{
    for (unsigned i = 0; i < KEEPERS_PEERS; i++)
        if (!is_member(k, k->peers[i].id))
            forget_in(&k->peers[i]);
}

/* A new message in pieces: there is room for it, and a mark for each piece. */
static void begin_pieces(struct keepers *k, struct keepers_peer *p,
                         const struct keepers_frame *f)
{
    uint32_t pieces = (f->total - 1) / KEEPERS_PIECE_MAX + 1;
    forget_in(p);
    p->in = (struct keepers_incoming){
        .bytes = TOMTE_BUF(raft_malloc(f->total), f->total),
        .got = raft_calloc(pieces, 1),
        .boot = f->boot,
        .number = f->number,
        .end = WINDOW,
        .asked_ms = k->now_ms};
}

/* Is it one of the pieces that the message is cut into? */
static bool is_piece(const struct keepers_incoming *in,
                     const struct keepers_frame *f)
{
    uint32_t left = f->total - f->at;
    return f->total == in->bytes.cap && f->at % KEEPERS_PIECE_MAX == 0 &&
           f->bytes.len ==
               (left < KEEPERS_PIECE_MAX ? left : KEEPERS_PIECE_MAX);
}

static void on_piece(struct keepers *k, struct keepers_peer *p,
                     const struct keepers_frame *f)
{
    struct keepers_incoming *in = &p->in;
    bool known = in->boot == f->boot && in->number >= f->number;
    if (known && (in->number > f->number || in->bytes.data == NULL)) {
        if (in->number == f->number)
            want(k, p); /* it has not heard that this one is complete */
        return;
    }
    if (!known && !is_member(k, p->id))
        forget_strangers(k);
    if (!known)
        begin_pieces(k, p, f);
    if (!is_piece(in, f))
        return;
    memcpy(in->bytes.data + f->at, f->bytes.data, f->bytes.len);
    in->got[f->at / KEEPERS_PIECE_MAX] = 1;
    uint32_t total = (uint32_t)in->bytes.cap;
    while (in->have < total && in->got[in->have / KEEPERS_PIECE_MAX] != 0)
        in->have += total - in->have < KEEPERS_PIECE_MAX ? total - in->have
                                                         : KEEPERS_PIECE_MAX;
    if (in->have == total) {
        struct tomte_buf all = in->bytes;
        in->bytes = TOMTE_BUF(NULL, 0);
        forget_in(p);
        uint32_t restarts = k->restarts;
        want(k, p);
        deliver(k, p, TOMTE_SPAN(all.data, all.cap), 0);
        if (k->restarts == restarts) /* else it went with the rest */
            raft_free(all.data);
    } else if (in->have >= in->end) {
        want(k, p);
    }
}

static void on_want(struct keepers *k, struct keepers_peer *p,
                    const struct keepers_frame *f)
{
    struct keepers_outgoing *o = &p->out;
    if (o->bytes.data == NULL || o->number != f->number ||
        f->at > o->bytes.cap || f->boot != p->boot)
        return;
    o->asked_ms = k->now_ms;
    if (f->at == o->bytes.cap)
        forget_out(p);
    else
        put_pieces(k, p, f->at);
}

/* Newer than all that came from this peer. */
static bool is_in_order(struct keepers *k, struct keepers_peer *p,
                        const struct keepers_frame *f)
{
    bool newer =
        f->boot > p->boot || (f->boot == p->boot && f->sequence > p->sequence);
    if (f->boot > p->boot) {
        p->stamp = 0;
        forget_in(p);
    }
    if (newer) {
        p->boot = f->boot;
        p->sequence = f->sequence;
        p->stamp = f->stamp;
    }
    if (newer || (k->options.without & KEEPERS_WITHOUT_ORDER) != 0)
        return true;
    k->counts.overtaken++;
    return false;
}

void keepers_link_receive(struct keepers *k, const struct tomte_addr *from,
                          struct tomte_span bytes)
{
    struct keepers_frame f;
    if (keepers_frame_decode(bytes, &f) != TOMTE_OK || f.to != k->config.id ||
        f.from == 0 || f.from == k->config.id || !k->up)
        return;
    struct keepers_peer *p = keepers_peer(k, f.from);
    if (p == NULL)
        p = make_peer(k, f.from, from);
    if (p == NULL)
        return;
    /* Pieces have an order of their own. */
    bool ordered = is_in_order(k, p, &f);
    if (f.boot != p->boot || (!ordered && f.kind == KEEPERS_FRAME_WHOLE))
        return;
    if (ordered)
        p->addr = *from;
    p->heard_ms = k->now_ms;
    switch (f.kind) {
    case KEEPERS_FRAME_WHOLE:
        deliver(k, p, f.bytes, f.echo);
        break;
    case KEEPERS_FRAME_PIECE:
        on_piece(k, p, &f);
        break;
    default:
        on_want(k, p, &f);
        break;
    }
}

/* ---- time ---- */

void keepers_link_work(struct keepers *k)
{
    for (unsigned i = 0; i < KEEPERS_PEERS; i++) {
        struct keepers_peer *p = &k->peers[i];
        if (p->in.bytes.data != NULL && k->now_ms - p->heard_ms > GIVE_UP_MS)
            forget_in(p);
        if (p->in.bytes.data != NULL && k->now_ms - p->in.asked_ms >= ASK_MS)
            want(k, p);
        if (p->out.bytes.data != NULL &&
            k->now_ms - p->out.asked_ms >= GIVE_UP_MS)
            forget_out(p);
    }
}

uint64_t keepers_link_deadline(const struct keepers *k)
{
    uint64_t at_ms = UINT64_MAX;
    for (unsigned i = 0; i < KEEPERS_PEERS; i++) {
        const struct keepers_peer *p = &k->peers[i];
        if (p->in.bytes.data != NULL && p->in.asked_ms + ASK_MS < at_ms)
            at_ms = p->in.asked_ms + ASK_MS;
    }
    return at_ms;
}
