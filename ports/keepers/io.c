/* SPDX-License-Identifier: Apache-2.0 */
/* libraft's raft_io. What it writes is durable after the node's next sync, and
 * the core is told then; what it sends leaves after that too (keepers.c). */
#include "keepers/private.h"

#include <string.h>

int keepers_raft_err(enum tomte_err err)
{
    switch (err) {
    case TOMTE_OK:
        return 0;
    case TOMTE_ERR_NO_SPACE:
    case TOMTE_ERR_FULL:
        return RAFT_NOSPACE;
    case TOMTE_ERR_NO_MEMORY:
        return RAFT_NOMEM;
    case TOMTE_ERR_CORRUPT:
        return RAFT_CORRUPT;
    case TOMTE_ERR_TOO_LARGE:
        return RAFT_TOOBIG;
    default:
        return RAFT_IOERR;
    }
}

static int io_init(struct raft_io *io, raft_id id, const char *address)
{
    (void)io;
    (void)id;
    (void)address;
    return 0;
}

/* Never called: a core is dropped with its memory, not closed. */
static void io_close(struct raft_io *io, raft_io_close_cb cb)
{
    if (cb != NULL)
        cb(io);
}

static bool votes_alone(const struct raft_configuration *c, uint64_t id)
{
    unsigned voters = 0;
    bool mine = false;
    for (unsigned i = 0; i < c->n; i++) {
        bool votes = c->servers[i].role == RAFT_VOTER;
        voters += votes;
        mine |= votes && c->servers[i].id == id;
    }
    return mine && voters == 1;
}

/* A keeper that votes alone elects itself without a new term; but each
 * leadership must have one of its own (keeper.h), so it begins here. */
static enum tomte_err begin_term(struct keepers *k, raft_term *term,
                                 raft_id *vote,
                                 const struct raft_snapshot *snapshot,
                                 const struct raft_entry *entries, size_t n)
{
    bool alone =
        snapshot != NULL && votes_alone(&snapshot->configuration, k->config.id);
    for (size_t i = 0; i < n; i++)
        if (entries[i].type == RAFT_CHANGE)
            alone = keepers_change_is_alone(
                TOMTE_SPAN(entries[i].buf.base, entries[i].buf.len),
                k->config.id);
    if (!alone)
        return TOMTE_OK;
    ++*term;
    *vote = k->config.id;
    return keepers_disk_set_vote(&k->disk, *term, *vote);
}

static bool are_sound(const struct raft_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (entries[i].type == RAFT_CHANGE &&
            !keepers_change_is_sound(
                TOMTE_SPAN(entries[i].buf.base, entries[i].buf.len)))
            return false;
    return true;
}

static int io_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
                   struct raft_snapshot **snapshot, raft_index *start_index,
                   struct raft_entry *entries[], size_t *n_entries)
{
    struct keepers *k = keepers_of(io);
    struct keepers_disk *d = &k->disk;
    *snapshot = NULL;
    *entries = NULL;
    enum tomte_err err = keepers_disk_vote(d, term, voted_for);
    if (err == TOMTE_OK)
        err = keepers_disk_snapshot_load(d, snapshot);
    if (err == TOMTE_OK)
        err = keepers_disk_load(d, entries);
    *n_entries = d->count;
    *start_index = d->first;
    if (err == TOMTE_OK && !are_sound(*entries, *n_entries))
        err = TOMTE_ERR_CORRUPT;
    if (err == TOMTE_OK)
        err = begin_term(k, term, voted_for, *snapshot, *entries, *n_entries);
    k->stored_term = *term;
    return keepers_raft_err(err);
}

static int io_start(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick,
                    raft_io_recv_cb recv)
{
    struct keepers *k = keepers_of(io);
    k->tick = tick;
    k->recv = recv;
    k->tick_ms = k->now_ms + msecs;
    return 0;
}

/* The first keeper begins with a snapshot instead (core.c); nobody recovers a
 * home by hand. */
static int io_refuse(struct raft_io *io, const struct raft_configuration *conf)
{
    (void)io;
    (void)conf;
    return RAFT_INVALID;
}

static int io_set_term(struct raft_io *io, raft_term term)
{
    struct keepers *k = keepers_of(io);
    enum tomte_err err = keepers_disk_set_vote(&k->disk, term, 0);
    if (err == TOMTE_OK)
        k->stored_term = term;
    return keepers_raft_err(err);
}

static int io_set_vote(struct raft_io *io, raft_id server_id)
{
    struct keepers *k = keepers_of(io);
    return keepers_raft_err(
        keepers_disk_set_vote(&k->disk, k->stored_term, server_id));
}

static int io_send(struct raft_io *io, struct raft_io_send *req,
                   const struct raft_message *message, raft_io_send_cb cb)
{
    struct keepers *k = keepers_of(io);
    struct raft_message m = *message;
    if (k->sents_len == KEEPERS_SENDS || !keepers_guard_send(k, &m))
        return RAFT_NOCONNECTION;
    struct keepers_sent sent = {.req = req, .to = m.server_id};
    sent.status = keepers_link_send(k, &m, &sent.next);
    req->cb = cb;
    k->sents[k->sents_len++] = sent;
    return 0;
}

static int io_append(struct raft_io *io, struct raft_io_append *req,
                     const struct raft_entry entries[], unsigned n,
                     raft_io_append_cb cb)
{
    struct keepers *k = keepers_of(io);
    if (k->appends_len == KEEPERS_APPENDS)
        return RAFT_TOOMANY;
    /* The core appends at the end of its own log, which these are in. */
    const struct raft_log *log = &k->raft.log;
    raft_index last = keepers_log_last(log);
    enum tomte_err err =
        keepers_disk_append(&k->disk, last - n + 1, entries, n);
    if (err != TOMTE_OK)
        return keepers_raft_err(err);
    keepers_guard_took(k);
    req->cb = cb;
    k->appends[k->appends_len++] = (struct keepers_append){req, k->disk.writes};
    return 0;
}

static int io_truncate(struct raft_io *io, raft_index index)
{
    struct keepers *k = keepers_of(io);
    return keepers_raft_err(keepers_disk_cut(&k->disk, index));
}

static int io_snapshot_put(struct raft_io *io, unsigned trailing,
                           struct raft_io_snapshot_put *req,
                           const struct raft_snapshot *snapshot,
                           raft_io_snapshot_put_cb cb)
{
    return keepers_put_begin(keepers_of(io), trailing, req, snapshot, cb);
}

static int io_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *req,
                           raft_io_snapshot_get_cb cb)
{
    struct keepers *k = keepers_of(io);
    if (k->get != NULL)
        return RAFT_BUSY;
    req->cb = cb;
    k->get = req;
    return 0;
}

static raft_time io_time(struct raft_io *io)
{
    return keepers_of(io)->now_ms;
}

static int io_random(struct raft_io *io, int min, int max)
{
    struct keepers *k = keepers_of(io);
    return min + (int)tomte_random_below(&k->random, (uint64_t)(max - min));
}

void keepers_io_init(struct keepers *k)
{
    k->io = (struct raft_io){.version = 1,
                             .impl = k,
                             .init = io_init,
                             .close = io_close,
                             .load = io_load,
                             .start = io_start,
                             .bootstrap = io_refuse,
                             .recover = io_refuse,
                             .set_term = io_set_term,
                             .set_vote = io_set_vote,
                             .send = io_send,
                             .append = io_append,
                             .truncate = io_truncate,
                             .snapshot_put = io_snapshot_put,
                             .snapshot_get = io_snapshot_get,
                             .time = io_time,
                             .random = io_random};
}

void keepers_io_forget(struct keepers *k)
{
    keepers_disk_snapshot_abort(&k->disk);
    k->tick = NULL;
    k->recv = NULL;
    k->appends_len = k->sents_len = 0;
    k->put = (struct keepers_put){0};
    k->get = NULL;
    k->answering_term = k->covered_term = 0;
}

void keepers_io_synced(struct keepers *k)
{
    unsigned n = 0;
    while (n < k->appends_len && k->appends[n].writes <= k->synced)
        n++;
    for (unsigned i = 0; i < n; i++) {
        struct raft_io_append *req = k->appends[0].req;
        k->appends_len--;
        memmove(&k->appends[0], &k->appends[1],
                k->appends_len * sizeof k->appends[0]);
        req->cb(req, 0);
    }
}

static void tell_snapshot(struct keepers *k)
{
    struct raft_io_snapshot_get *req = k->get;
    struct raft_snapshot *snapshot = NULL;
    k->get = NULL;
    enum tomte_err err = keepers_disk_snapshot_load(&k->disk, &snapshot);
    if (err == TOMTE_OK && snapshot == NULL)
        err = TOMTE_ERR_NOT_FOUND;
    req->cb(req, snapshot, keepers_raft_err(err));
}

/* A peer that keeps up is sent entries ahead of its answers; the core counts
 * those that did not fit as sent. Its header shows the count. (A send that
 * fails would have the core begin at the last known match: in a new leader at
 * 1, with a whole snapshot.) */
static void rewind_to(struct keepers *k, raft_id id, raft_index next)
{
    enum { PIPELINE = 1 };
    const struct raft_configuration *c = &k->raft.configuration;
    for (unsigned i = 0; i < c->n && k->raft.state == RAFT_LEADER; i++) {
        struct raft_progress *p = &k->raft.leader_state.progress[i];
        if (c->servers[i].id == id && p->state == PIPELINE &&
            p->next_index > next)
            p->next_index = next > p->match_index ? next : p->match_index + 1;
    }
}

void keepers_settle(struct keepers *k)
{
    while (k->sents_len > 0 || k->get != NULL) {
        if (k->get != NULL)
            tell_snapshot(k);
        if (k->sents_len == 0)
            continue;
        struct keepers_sent done = k->sents[0];
        k->sents_len--;
        memmove(&k->sents[0], &k->sents[1], k->sents_len * sizeof k->sents[0]);
        if (done.next != 0)
            rewind_to(k, done.to, done.next);
        if (done.req->cb != NULL)
            done.req->cb(done.req, done.status);
    }
}
