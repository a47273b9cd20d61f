/* SPDX-License-Identifier: Apache-2.0 */
/* Members: one change at a time. Adding is two (a member that learns, then one
 * that votes); after each comes a barrier, so that the next one begins only
 * when the last is applied. */
#include "keepers/private.h"

#include <string.h>

static void on_change(struct raft_change *req, int status);

static void on_barrier(struct raft_barrier *req, int status)
{
    struct keepers *k = req->data;
    bool added = k->change_step == KEEPERS_CHANGE_ADDED;
    k->change_step = KEEPERS_CHANGE_NONE;
    if (status == 0 && added) {
        k->change_step = KEEPERS_CHANGE_ASSIGN;
        k->change_due = true;
    }
}

static void on_change(struct raft_change *req, int status)
{
    struct keepers *k = req->data;
    enum keepers_change_step step = k->change_step;
    k->change_step = KEEPERS_CHANGE_NONE;
    if (status != 0)
        return;
    k->change_step =
        step == KEEPERS_CHANGE_ADD ? KEEPERS_CHANGE_ADDED : KEEPERS_CHANGE_LAST;
    k->change_due = true;
}

/* The core breaks off some failed changes with its tables half changed: it
 * starts anew from what is stored. */
static enum tomte_err begun(struct keepers *k, int rv)
{
    if (rv == 0)
        return TOMTE_OK;
    k->change_step = KEEPERS_CHANGE_NONE;
    switch (rv) {
    case RAFT_NOTLEADER:
        return TOMTE_ERR_STATE;
    case RAFT_CANTCHANGE:
        return TOMTE_ERR_AGAIN;
    case RAFT_BADID:
    case RAFT_NOTFOUND:
        return TOMTE_ERR_NOT_FOUND;
    case RAFT_BADROLE:
    case RAFT_DUPLICATEID:
    case RAFT_DUPLICATEADDRESS:
        return TOMTE_ERR_EXISTS;
    default:
        keepers_core_fail(k);
        return TOMTE_ERR_NO_MEMORY;
    }
}

static enum tomte_err assign(struct keepers *k)
{
    k->change_step = KEEPERS_CHANGE_ASSIGN;
    k->change.data = k;
    return begun(k, raft_assign(&k->raft, &k->change, k->change_id, RAFT_VOTER,
                                on_change));
}

void keepers_change_look(struct keepers *k)
{
    bool due = k->change_due;
    k->change_due = false;
    if (!keepers_leads(k)) { /* the next leader sees how far it came */
        k->change_step = KEEPERS_CHANGE_NONE;
        return;
    }
    if (!due || k->change_step == KEEPERS_CHANGE_NONE)
        return;
    if (k->change_step == KEEPERS_CHANGE_ASSIGN) {
        if (assign(k) != TOMTE_OK)
            k->change_step = KEEPERS_CHANGE_NONE;
        return;
    }
    k->change_barrier.data = k;
    if (raft_barrier(&k->raft, &k->change_barrier, on_barrier) != 0)
        k->change_due = true; /* with the next tick */
}

static const struct raft_server *member(const struct keepers *k, uint64_t id)
{
    const struct raft_configuration *c = &k->raft.configuration;
    for (unsigned i = 0; i < c->n; i++)
        if (c->servers[i].id == id)
            return &c->servers[i];
    return NULL;
}

/* All that vote and stay were heard of just now. */
static bool all_are_here(struct keepers *k, uint64_t leaves)
{
    const struct raft_configuration *c = &k->raft.configuration;
    for (unsigned i = 0; i < c->n; i++) {
        const struct raft_server *s = &c->servers[i];
        if (s->id == k->config.id || s->id == leaves || s->role != RAFT_VOTER)
            continue;
        const struct keepers_peer *p = keepers_peer(k, s->id);
        if (p == NULL || p->followed_term != k->raft.current_term ||
            k->now_ms - p->followed_ms > k->options.election_ms)
            return false;
    }
    return true;
}

static bool address_is_taken(const struct keepers *k, const char *address)
{
    const struct raft_configuration *c = &k->raft.configuration;
    for (unsigned i = 0; i < c->n; i++)
        if (memcmp(c->servers[i].address, address, KEEPERS_ADDRESS_BYTES) == 0)
            return true;
    return false;
}

static enum tomte_err add(struct keepers *k, uint64_t id,
                          const struct tomte_addr *addr)
{
    char address[KEEPERS_ADDRESS_BYTES];
    const struct raft_server *s = member(k, id);
    k->change_id = id;
    if (s != NULL)
        return s->role == RAFT_VOTER ? TOMTE_ERR_EXISTS : assign(k);
    if (k->raft.configuration.n >= TOMTE_REPLICA_MEMBERS_MAX)
        return TOMTE_ERR_FULL;
    keepers_address_put(addr, address);
    if (address_is_taken(k, address))
        return TOMTE_ERR_EXISTS;
    k->change_step = KEEPERS_CHANGE_ADD;
    k->change.data = k;
    return begun(k, raft_add(&k->raft, &k->change, id, address, on_change));
}

enum tomte_err keepers_change(struct keepers *k, bool adds, uint64_t id,
                              const struct tomte_addr *addr)
{
    if (!keepers_leads(k))
        return TOMTE_ERR_STATE;
    if (k->change_step != KEEPERS_CHANGE_NONE ||
        k->raft.configuration_uncommitted_index != 0 ||
        !all_are_here(k, adds ? 0 : id))
        return TOMTE_ERR_AGAIN;
    if (!keepers_disk_has_room(&k->disk, 1024))
        return TOMTE_ERR_NO_SPACE;
    if (adds)
        return add(k, id, addr);
    const struct raft_server *s = member(k, id);
    if (s == NULL)
        return TOMTE_ERR_NOT_FOUND;
    if (k->raft.configuration.n == 1)
        return TOMTE_ERR_STATE;
    k->change_id = id;
    k->change_step = KEEPERS_CHANGE_REMOVE;
    k->change.data = k;
    return begun(k, raft_remove(&k->raft, &k->change, id, on_change));
}
