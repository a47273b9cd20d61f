/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots that do not stall: the core hands over one whole, and each step
 * writes a little of it between the appends of others; so a commit waits for a
 * sync with so much more in it and not for all of the snapshot. */
#include "keepers/private.h"

bool keepers_put_installs(const struct keepers *k)
{
    return k->put.req != NULL && k->put.trailing == 0;
}

int keepers_put_begin(struct keepers *k, unsigned trailing,
                      struct raft_io_snapshot_put *req,
                      const struct raft_snapshot *snapshot,
                      raft_io_snapshot_put_cb cb)
{
    if (k->put.req != NULL)
        return RAFT_BUSY;
    if (snapshot->n_bufs != 1)
        return RAFT_INVALID;
    req->cb = cb;
    k->put = (struct keepers_put){
        .req = req, .snapshot = snapshot, .trailing = trailing};
    if (trailing == 0)
        keepers_guard_took(k);
    return 0;
}

static enum tomte_err write_on(struct keepers *k)
{
    struct keepers_put *p = &k->put;
    const struct raft_buffer *state = &p->snapshot->bufs[0];
    enum tomte_err err = TOMTE_OK;
    if (!p->begun)
        err = keepers_disk_snapshot_begin(&k->disk, p->snapshot, state->len);
    p->begun = true;
    size_t n = state->len - p->at;
    if (n > KEEPERS_PUT_BYTES)
        n = KEEPERS_PUT_BYTES;
    if (err == TOMTE_OK && n > 0)
        err = keepers_disk_snapshot_write(
            &k->disk, TOMTE_SPAN((const uint8_t *)state->base + p->at, n));
    if (k->counts.put_longest < n)
        k->counts.put_longest = n;
    p->at += n;
    return err;
}

/* The snapshot is the store's; then what it covers is not needed. */
static enum tomte_err finish(struct keepers *k)
{
    const struct raft_snapshot *s = k->put.snapshot;
    enum tomte_err err = keepers_disk_snapshot_commit(&k->disk, s);
    if (err != TOMTE_OK)
        return err;
    k->put.committed = true;
    if (k->put.trailing == 0)
        return keepers_disk_clear(&k->disk, s->index + 1);
    /* The same entries as the core drops from its cache. */
    raft_index keep = s->index - k->put.trailing;
    if (s->index <= k->put.trailing || keep < k->disk.first)
        return TOMTE_OK;
    return keepers_disk_trim(&k->disk, keep + 1);
}

void keepers_put_work(struct keepers *k)
{
    struct keepers_put *p = &k->put;
    if (p->req == NULL || p->committed || p->status != 0)
        return;
    bool all = p->begun && p->at == p->snapshot->bufs[0].len;
    enum tomte_err err = all ? finish(k) : write_on(k);
    if (err != TOMTE_OK)
        keepers_disk_snapshot_abort(&k->disk);
    p->status = keepers_raft_err(err);
    p->writes = k->disk.writes;
}

void keepers_put_synced(struct keepers *k)
{
    struct keepers_put done = k->put;
    if (done.req == NULL || (!done.committed && done.status == 0) ||
        done.writes > k->synced)
        return;
    k->put = (struct keepers_put){0};
    if (done.status == 0)
        k->snapshots++;
    done.req->cb(done.req, done.status);
    /* The core's log is that of the snapshot, its state is not: start anew. */
    if (done.trailing == 0 && done.status != 0)
        keepers_core_fail(k);
}
