/* SPDX-License-Identifier: Apache-2.0 */
/* The table of home/replica.h. Each way in: libraft's heap is this keeper's,
 * time goes on, something happens, then what is due. */
#include "keepers/private.h"

#include <stdlib.h>
#include <string.h>

static void enter(struct keepers *k, uint64_t now_ms)
{
    keepers_heap_enter(&k->heap);
    if (k->now_ms < now_ms)
        k->now_ms = now_ms;
}

static void leave(struct keepers *k)
{
    if (k->up)
        keepers_settle(k);
    keepers_core_look(k);
    if (k->up) /* what looking set going */
        keepers_settle(k);
}

/* ---- life ---- */

/* The first keeper: its log begins with a snapshot of the state it has, as if
 * that had come from an entry 1 in which it was alone. */
static enum tomte_err found(struct keepers *k)
{
    char address[KEEPERS_ADDRESS_BYTES];
    const struct tomte_replica_host *h = &k->config.host;
    struct tomte_span bytes = TOMTE_SPAN_NONE;
    struct raft_snapshot s = {.index = 1, .term = 1, .configuration_index = 1};
    enum tomte_err err = h->snapshot(h->ctx, TOMTE_BUF(NULL, 0), &bytes);
    if (err != TOMTE_OK)
        return err;
    size_t cap = bytes.len;
    uint8_t *data = raft_malloc(cap);
    keepers_address_put(&k->config.addr, address);
    raft_configuration_init(&s.configuration);
    if (data == NULL || raft_configuration_add(&s.configuration, k->config.id,
                                               address, RAFT_VOTER) != 0)
        err = TOMTE_ERR_NO_MEMORY;
    if (err == TOMTE_OK)
        err = h->snapshot(h->ctx, TOMTE_BUF(data, cap), &bytes);
    if (err == TOMTE_OK)
        err = keepers_disk_snapshot_begin(&k->disk, &s, bytes.len);
    if (err == TOMTE_OK)
        err = keepers_disk_snapshot_write(&k->disk, bytes);
    if (err == TOMTE_OK)
        err = keepers_disk_snapshot_commit(&k->disk, &s);
    keepers_disk_snapshot_abort(&k->disk);
    if (err == TOMTE_OK)
        err = keepers_disk_clear(&k->disk, 2);
    if (err == TOMTE_OK)
        err = keepers_disk_set_vote(&k->disk, 1, k->config.id);
    raft_configuration_close(&s.configuration);
    raft_free(data);
    k->applied = 1;
    return err;
}

static void reset(struct keepers *k)
{
    if (k->opened)
        keepers_core_drop(k);
    k->opened = k->failing = k->change_due = false;
    memset(k->peers, 0, sizeof k->peers);
    k->frames_at = k->frames_len = 0;
    k->sequence = k->synced = k->snapshot_ms = k->restart_ms = 0;
    k->applied = 0;
    k->number = k->snapshots = k->restarts = 0;
    k->now_ms = 0;
}

static enum tomte_err replica_open(void *ctx,
                                   const struct tomte_replica_config *config)
{
    struct keepers *k = ctx;
    TOMTE_ASSERT(config->id != 0);
    keepers_heap_enter(&k->heap);
    reset(k);
    k->config = *config;
    k->now_ms = config->now_ms;
    tomte_random_init(&k->random, config->seed);
    bool first = config->found && !keepers_disk_exists(config->store);
    enum tomte_err err = keepers_disk_open(&k->disk, config->store, k->places);
    k->opened = true;
    if (err == TOMTE_OK && first)
        err = found(k);
    if (err == TOMTE_OK)
        err = keepers_core_start(k);
    if (err == TOMTE_OK)
        leave(k);
    return err;
}

static void replica_close(void *ctx)
{
    struct keepers *k = ctx;
    keepers_heap_enter(&k->heap);
    reset(k);
}

/* ---- in ---- */

static void replica_step(void *ctx, uint64_t now_ms)
{
    struct keepers *k = ctx;
    enter(k, now_ms);
    if (!k->up && k->now_ms >= k->restart_ms &&
        keepers_core_start(k) != TOMTE_OK)
        k->restart_ms = k->now_ms + KEEPERS_RESTART_MS;
    if (!k->up)
        return;
    if (k->now_ms >= k->tick_ms) {
        k->tick_ms = k->now_ms + k->options.heartbeat_ms;
        k->tick(&k->io);
    }
    keepers_put_work(k);
    keepers_link_work(k);
    leave(k);
}

static void replica_receive(void *ctx, uint64_t now_ms,
                            const struct tomte_addr *from,
                            struct tomte_span frame)
{
    struct keepers *k = ctx;
    enter(k, now_ms);
    keepers_link_receive(k, from, frame);
    leave(k);
}

static void replica_synced(void *ctx, uint64_t now_ms)
{
    struct keepers *k = ctx;
    enter(k, now_ms);
    k->synced = k->disk.writes;
    if (k->up) {
        keepers_io_synced(k);
        keepers_put_synced(k);
    }
    leave(k);
}

static void on_applied(struct raft_apply *req, int status, void *result)
{
    struct keepers_proposal *p = req->data;
    struct keepers *k = p->keepers;
    const struct tomte_replica_host *h = &k->config.host;
    enum tomte_err err = TOMTE_ERR_AGAIN;
    if (status == 0)
        err = (enum tomte_err)(uintptr_t)result;
    p->keepers = NULL;
    h->decided(h->ctx, p->token, err);
}

static enum tomte_err propose(struct keepers *k, struct tomte_span command,
                              uint32_t token)
{
    struct keepers_proposal *p = k->proposals;
    while (p < k->proposals + KEEPERS_PROPOSALS && p->keepers != NULL)
        p++;
    if (!keepers_leads(k))
        return TOMTE_ERR_STATE;
    if (p == k->proposals + KEEPERS_PROPOSALS)
        return TOMTE_ERR_AGAIN;
    if (command.len == 0 || command.len > KEEPERS_MESSAGE_MAX / 2)
        return TOMTE_ERR_TOO_LARGE;
    if (!keepers_disk_has_room(&k->disk, command.len))
        return TOMTE_ERR_NO_SPACE;
    struct raft_buffer buf = {raft_malloc(command.len), command.len};
    if (buf.base == NULL)
        return TOMTE_ERR_NO_MEMORY;
    memcpy(buf.base, command.data, command.len);
    *p = (struct keepers_proposal){.keepers = k, .token = token};
    p->req.data = p;
    int rv = raft_apply(&k->raft, &p->req, &buf, 1, on_applied);
    if (rv == 0)
        return TOMTE_OK;
    /* The core may have it in its log or not: it starts anew. */
    p->keepers = NULL;
    keepers_core_fail(k);
    return TOMTE_ERR_NO_MEMORY;
}

static enum tomte_err replica_propose(void *ctx, uint64_t now_ms,
                                      struct tomte_span command, uint32_t token)
{
    struct keepers *k = ctx;
    enter(k, now_ms);
    enum tomte_err err = propose(k, command, token);
    leave(k);
    return err;
}

static enum tomte_err replica_change(void *ctx, uint64_t now_ms, bool add,
                                     uint64_t id, const struct tomte_addr *addr)
{
    struct keepers *k = ctx;
    enter(k, now_ms);
    enum tomte_err err = keepers_change(k, add, id, addr);
    leave(k);
    return err;
}

/* ---- out ---- */

static bool replica_poll(void *ctx, struct tomte_replica_frame *out)
{
    struct keepers *k = ctx;
    const struct keepers_queued *q = &k->frames[k->frames_at];
    if (k->frames_len == 0 || q->writes > k->synced)
        return false;
    *out = (struct tomte_replica_frame){q->to, TOMTE_SPAN(q->bytes, q->len)};
    k->frames_at = (k->frames_at + 1) % KEEPERS_FRAMES;
    k->frames_len--;
    return true;
}

static uint64_t replica_deadline(void *ctx)
{
    struct keepers *k = ctx;
    if (k->disk.writes > k->synced || (k->up && k->put.req != NULL))
        return k->now_ms;
    if (!k->up)
        return k->restart_ms;
    uint64_t at_ms = keepers_link_deadline(k);
    return at_ms < k->tick_ms ? at_ms : k->tick_ms;
}

static void fill_member(const struct keepers *k, const struct raft_server *s,
                        struct tomte_replica_member *m)
{
    *m = (struct tomte_replica_member){.id = s->id,
                                       .role = s->role == RAFT_VOTER
                                                   ? TOMTE_REPLICA_VOTER
                                                   : TOMTE_REPLICA_LEARNS};
    if (!keepers_address_get(s->address, &m->addr))
        m->addr = (struct tomte_addr){0};
    if (s->id == k->config.id) {
        m->addr = k->config.addr;
        m->heard_ms = k->now_ms;
    }
    for (unsigned i = 0; i < KEEPERS_PEERS; i++) {
        if (k->peers[i].id != s->id)
            continue;
        m->addr = k->peers[i].addr;
        m->heard_ms = k->peers[i].heard_ms;
    }
}

static void replica_status(void *ctx, struct tomte_replica_status *out)
{
    struct keepers *k = ctx;
    const struct raft_configuration *c = &k->raft.configuration;
    *out = (struct tomte_replica_status){.snapshots = k->snapshots,
                                         .restarts = k->restarts};
    if (!k->up)
        return;
    out->leads = keepers_leads(k);
    out->changing = k->change_step != KEEPERS_CHANGE_NONE;
    out->term = k->raft.current_term;
    out->applied = k->raft.last_applied;
    out->confirmed_ms = keepers_confirmed(k);
    raft_id leader = 0;
    const char *address;
    raft_leader(&k->raft, &leader, &address);
    out->leader = leader;
    for (unsigned i = 0; i < c->n && i < TOMTE_REPLICA_MEMBERS_MAX; i++) {
        struct tomte_replica_member *m = &out->members[out->members_len++];
        fill_member(k, &c->servers[i], m);
        if (m->id == out->leader)
            out->at = m->addr;
    }
}

/* ---- making one ---- */

struct keepers_options keepers_options_default(void)
{
    return (struct keepers_options){.election_ms = 1000,
                                    .heartbeat_ms = 100,
                                    .snapshot_threshold = 2048,
                                    .snapshot_trailing = 256,
                                    .heap_bytes = 48u << 20};
}

struct keepers *keepers_new(const struct keepers_options *options)
{
    struct keepers *k = calloc(1, sizeof *k);
    if (k == NULL)
        return NULL;
    k->options = *options;
    k->places = calloc(KEEPERS_INDEX_MAX, sizeof *k->places);
    k->frames = calloc(KEEPERS_FRAMES, sizeof *k->frames);
    if (k->places == NULL || k->frames == NULL) {
        free(k->places);
        free(k->frames);
        free(k);
        return NULL;
    }
    keepers_heap_init(&k->heap, options->heap_bytes);
    k->replica = (struct tomte_replica){.ctx = k,
                                        .open = replica_open,
                                        .close = replica_close,
                                        .exists = keepers_disk_exists,
                                        .step = replica_step,
                                        .receive = replica_receive,
                                        .synced = replica_synced,
                                        .poll = replica_poll,
                                        .deadline = replica_deadline,
                                        .propose = replica_propose,
                                        .change = replica_change,
                                        .status = replica_status};
    return k;
}

void keepers_free(struct keepers *k)
{
    if (k == NULL)
        return;
    keepers_heap_drop(&k->heap);
    raft_heap_set_default();
    free(k->places);
    free(k->frames);
    free(k);
}

const struct tomte_replica *keepers_replica(struct keepers *k)
{
    return &k->replica;
}

/* ---- for tests ---- */

void keepers_counts(const struct keepers *k, struct keepers_counts *out)
{
    *out = k->counts;
}

void keepers_look(const struct keepers *k, struct keepers_view *out)
{
    *out = (struct keepers_view){.up = k->up,
                                 .heap_used = k->heap.used,
                                 .heap_high = k->heap.high,
                                 .first = k->disk.first,
                                 .last = keepers_disk_last(&k->disk)};
    if (!k->up)
        return;
    out->leader = k->raft.state == RAFT_LEADER;
    out->term = k->raft.current_term;
    out->commit = k->raft.commit_index;
    out->applied = k->raft.last_applied;
}

uint64_t keepers_entry_term(const struct keepers *k, uint64_t index)
{
    return keepers_disk_term(&k->disk, index);
}

void keepers_fail(struct keepers *k)
{
    keepers_core_fail(k);
}
