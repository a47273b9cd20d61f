/* SPDX-License-Identifier: Apache-2.0 */
/* The core's life: started from what is stored, dropped with all its memory,
 * started again; the state machine behind it; and when it leads. */
#include "keepers/private.h"

/* ---- the state machine ---- */

static struct keepers *keepers_of_fsm(struct raft_fsm *fsm)
{
    return fsm->data;
}

/* After a restart of the core the host is ahead of it for a while. */
static int fsm_apply(struct raft_fsm *fsm, const struct raft_buffer *buf,
                     void **result)
{
    struct keepers *k = keepers_of_fsm(fsm);
    raft_index index = k->raft.last_applied + 1;
    *result = NULL;
    if (index <= k->applied)
        return 0;
    const struct tomte_replica_host *h = &k->config.host;
    enum tomte_err err = h->apply(h->ctx, TOMTE_SPAN(buf->base, buf->len));
    k->applied = index;
    *result = (void *)(uintptr_t)err;
    return 0;
}

static int fsm_snapshot(struct raft_fsm *fsm, struct raft_buffer *bufs[],
                        unsigned *n_bufs)
{
    struct keepers *k = keepers_of_fsm(fsm);
    const struct tomte_replica_host *h = &k->config.host;
    struct tomte_span bytes = TOMTE_SPAN_NONE;
    bool open = k->raft.configuration_uncommitted_index != 0 ||
                k->change_step != KEEPERS_CHANGE_NONE;
    if (open && (k->options.without & KEEPERS_WITHOUT_SNAPSHOT) == 0) {
        k->counts.snapshots_held++;
        return RAFT_BUSY; /* it asks again after the next command */
    }
    if (k->applied > k->raft.last_applied + 1 || k->now_ms < k->snapshot_ms)
        return RAFT_BUSY;
    k->snapshot_ms = k->now_ms + KEEPERS_RESTART_MS;
    if (h->snapshot(h->ctx, TOMTE_BUF(NULL, 0), &bytes) != TOMTE_OK)
        return RAFT_BUSY;
    struct raft_buffer *b = raft_malloc(sizeof *b);
    uint8_t *data = raft_malloc(bytes.len);
    size_t cap = bytes.len;
    if (b == NULL || data == NULL ||
        h->snapshot(h->ctx, TOMTE_BUF(data, cap), &bytes) != TOMTE_OK) {
        raft_free(b);
        raft_free(data);
        return RAFT_BUSY;
    }
    *b = (struct raft_buffer){data, bytes.len};
    *bufs = b;
    *n_bufs = 1;
    return 0;
}

static int fsm_restore(struct raft_fsm *fsm, struct raft_buffer *buf)
{
    struct keepers *k = keepers_of_fsm(fsm);
    const struct tomte_replica_host *h = &k->config.host;
    enum tomte_err err = TOMTE_OK;
    if (k->disk.snapshot_index > k->applied) {
        err = h->restore(h->ctx, TOMTE_SPAN(buf->base, buf->len));
        if (err == TOMTE_OK)
            k->applied = k->disk.snapshot_index;
    }
    if (err != TOMTE_OK)
        return keepers_raft_err(err);
    raft_free(buf->base);
    return 0;
}

/* ---- start and end ---- */

enum tomte_err keepers_core_start(struct keepers *k)
{
    char address[KEEPERS_ADDRESS_BYTES];
    const struct keepers_options *o = &k->options;
    keepers_heap_enter(&k->heap);
    keepers_io_init(k);
    k->fsm = (struct raft_fsm){.version = 1,
                               .data = k,
                               .apply = fsm_apply,
                               .snapshot = fsm_snapshot,
                               .restore = fsm_restore};
    keepers_address_put(&k->config.addr, address);
    k->failing = false;
    int rv = raft_init(&k->raft, &k->io, &k->fsm, k->config.id, address);
    if (rv == 0) {
        raft_set_election_timeout(&k->raft, o->election_ms);
        raft_set_heartbeat_timeout(&k->raft, o->heartbeat_ms);
        raft_set_snapshot_threshold(&k->raft, o->snapshot_threshold);
        raft_set_snapshot_trailing(&k->raft, o->snapshot_trailing);
        raft_set_pre_vote(&k->raft, true);
        /* The answer to a snapshot is said once, and may be lost. */
        raft_set_install_snapshot_timeout(&k->raft, 2 * o->election_ms);
        /* A slow link may take this long for a snapshot. */
        raft_set_max_catch_up_round_duration(&k->raft, 30000);
        rv = raft_start(&k->raft);
    }
    if (rv != 0) {
        keepers_core_drop(k);
        return rv == RAFT_NOMEM   ? TOMTE_ERR_NO_MEMORY
               : rv == RAFT_IOERR ? TOMTE_ERR_IO
                                  : TOMTE_ERR_CORRUPT;
    }
    k->up = true;
    keepers_link_learn(k);
    return TOMTE_OK;
}

static void lose_proposals(struct keepers *k)
{
    const struct tomte_replica_host *h = &k->config.host;
    for (unsigned i = 0; i < KEEPERS_PROPOSALS; i++) {
        struct keepers_proposal *p = &k->proposals[i];
        if (p->keepers == NULL)
            continue;
        p->keepers = NULL;
        h->decided(h->ctx, p->token, TOMTE_ERR_AGAIN);
    }
}

void keepers_core_drop(struct keepers *k)
{
    k->up = false;
    k->led = k->barrier_term = 0;
    k->change_step = KEEPERS_CHANGE_NONE;
    keepers_io_forget(k);
    keepers_link_forget(k);
    keepers_heap_drop(&k->heap);
    lose_proposals(k);
}

void keepers_core_fail(struct keepers *k)
{
    k->failing = true;
}

/* ---- leading ---- */

static void on_barrier(struct raft_barrier *req, int status)
{
    struct keepers *k = req->data;
    if (status == 0)
        k->led = k->barrier_term;
    k->barrier_term = 0;
}

/* A leader's first act is an entry of its own: when that is committed all that
 * came before is, and it was applied here. */
static void begin_to_lead(struct keepers *k)
{
    raft_term term = k->raft.current_term;
    if (k->led == term || k->barrier_term != 0)
        return;
    k->barrier.data = k;
    k->barrier_term = term;
    if (raft_barrier(&k->raft, &k->barrier, on_barrier) != 0)
        k->barrier_term = 0; /* tried again with the next tick */
}

static void set_thresholds(struct keepers *k)
{
    const struct keepers_options *o = &k->options;
    if (k->put.req != NULL)
        return;
    bool full = keepers_disk_fill(&k->disk) > 500;
    k->raft.snapshot.threshold = full ? 32 : o->snapshot_threshold;
    k->raft.snapshot.trailing = full ? 16 : o->snapshot_trailing;
}

void keepers_core_look(struct keepers *k)
{
    if (!k->up)
        return;
    if (k->failing || k->heap.over ||
        raft_state(&k->raft) == RAFT_UNAVAILABLE) {
        keepers_core_drop(k);
        k->restarts++;
        k->restart_ms = k->now_ms + KEEPERS_RESTART_MS;
        return;
    }
    if (raft_state(&k->raft) == RAFT_LEADER)
        begin_to_lead(k);
    else
        k->led = 0;
    keepers_change_look(k);
    set_thresholds(k);
}

bool keepers_leads(const struct keepers *k)
{
    return k->up && k->raft.state == RAFT_LEADER && k->led != 0 &&
           k->led == k->raft.current_term;
}

/* When a majority of those who vote followed for the last time. */
uint64_t keepers_confirmed(const struct keepers *k)
{
    uint64_t times[TOMTE_REPLICA_MEMBERS_MAX];
    const struct raft_configuration *c = &k->raft.configuration;
    unsigned n = 0;
    for (unsigned i = 0; i < c->n && n < TOMTE_REPLICA_MEMBERS_MAX; i++) {
        uint64_t id = c->servers[i].id, at_ms = 0;
        if (c->servers[i].role != RAFT_VOTER)
            continue;
        for (unsigned j = 0; j < KEEPERS_PEERS; j++)
            if (k->peers[j].id == id &&
                k->peers[j].followed_term == k->raft.current_term)
                at_ms = k->peers[j].followed_ms;
        if (id == k->config.id)
            at_ms = k->now_ms;
        unsigned at = n++;
        for (; at > 0 && times[at - 1] < at_ms; at--)
            times[at] = times[at - 1];
        times[at] = at_ms;
    }
    return keepers_leads(k) && n > 0 ? times[n / 2] : 0;
}
