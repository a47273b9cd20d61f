/* SPDX-License-Identifier: Apache-2.0 */
/* What must not reach the core of libraft 0.15, and what must not leave it.
 *
 * Known faults, and those that came to light here; each has a test that shows
 * what happens without its guard (tests/unit/keepers/test_guards.c):
 *
 *  vote      A candidate tells of entries that it has not stored yet
 *            (canonical/raft#386): no requests for votes while an append, or an
 *            install, is on its way to the disk. (Nor would one leave before
 *            the sync that stores the entries: keepers.c.)
 *  term      A new leader commits entries of older terms by counting them (the
 *            Raft paper's figure 8): no acknowledgement reaches the core before
 *            an entry of its own term is stored; core.c appends one at once.
 *  covered   A follower acknowledges all that it has stored, also what lies
 *            behind the entries it was asked about and may not match: its
 *            answer is cut to what the leader's messages of this term covered.
 *  change    A change of members that is cut off is rolled back from a log
 *            that may not have the one before any more, or not at all after a
 *            restart (#250): the log is cut here and the core starts anew from
 *            what is stored.
 *  snapshot  A snapshot has the members as they are, labelled with the index of
 *            the last committed ones (#250): none is taken until they are
 *            (core.c). And members change one at a time, with a barrier after
 *            it, while all that stay are heard of (change.c).
 *
 *  promoted  A member that has not heard yet that it votes refuses its vote to
 *            who knows that it does. When the first keeper makes the second one
 *            vote and falls before that hears of it, neither is ever elected.
 *            Who may vote is the candidate's to say (Raft's dissertation,
 *            section 4.2.1), and it counts no other votes: so it is asked as
 *            one that votes.
 *
 * The library is built without its assertions, so what would fail one is
 * dropped before. */
#include "keepers/private.h"

/* ---- the core's log, which its header shows but does not search ---- */

static size_t entries_of(const struct raft_log *l)
{
    return l->front <= l->back ? l->back - l->front
                               : l->size - l->front + l->back;
}

raft_index keepers_log_last(const struct raft_log *l)
{
    return l->offset + entries_of(l);
}

const struct raft_entry *keepers_entry_at(const struct raft *r,
                                          raft_index index)
{
    const struct raft_log *l = &r->log;
    if (index <= l->offset || index > l->offset + entries_of(l))
        return NULL;
    return &l->entries[(l->front + (size_t)(index - 1 - l->offset)) % l->size];
}

raft_term keepers_term_at(const struct raft *r, raft_index index)
{
    if (index != 0 && index == r->log.snapshot.last_index)
        return r->log.snapshot.last_term;
    const struct raft_entry *e = keepers_entry_at(r, index);
    return e == NULL ? 0 : e->term;
}

/* ---- what comes ---- */

static bool entries_are_plausible(const struct keepers *k,
                                  const struct raft_append_entries *a)
{
    const struct raft *r = &k->raft;
    raft_term term = a->prev_log_term;
    if ((a->prev_log_index == 0) != (a->prev_log_term == 0) ||
        a->prev_log_index > UINT64_MAX / 2)
        return false;
    for (unsigned i = 0; i < a->n_entries; i++) {
        if (a->entries[i].term < term)
            return false;
        term = a->entries[i].term;
    }
    if (term > a->term)
        return false;
    /* The core takes entries from the first one on for new when it has dropped
     * them itself. */
    if (a->prev_log_index == 0 && a->n_entries > 0 && r->log.offset > 0)
        return false;
    return !(r->state == RAFT_LEADER && a->term == r->current_term);
}

/* The core would fail an assertion on it, or worse. */
static bool is_plausible(const struct keepers *k, const struct raft_message *m)
{
    const struct raft *r = &k->raft;
    const struct raft_request_vote_result *v = &m->request_vote_result;
    switch (m->type) {
    case RAFT_IO_APPEND_ENTRIES:
        return entries_are_plausible(k, &m->append_entries);
    case RAFT_IO_INSTALL_SNAPSHOT:
        return !(r->state == RAFT_LEADER &&
                 m->install_snapshot.term == r->current_term);
    case RAFT_IO_REQUEST_VOTE_RESULT:
        return !(v->vote_granted && v->term > r->current_term + 1);
    default:
        return true;
    }
}

/* Nothing is stored yet of this leader's own term. */
static bool is_early(const struct keepers *k)
{
    const struct raft *r = &k->raft;
    return r->state == RAFT_LEADER &&
           keepers_term_at(r, r->last_stored) != r->current_term;
}

/* The first entry of ours that a change of members hangs on and that these
 * entries replace; 0: none. */
static raft_index cut_off(const struct keepers *k,
                          const struct raft_append_entries *a)
{
    const struct raft *r = &k->raft;
    raft_index at = 0;
    if (a->term < r->current_term)
        return 0;
    for (unsigned i = 0; i < a->n_entries && at == 0; i++) {
        raft_term term = keepers_term_at(r, a->prev_log_index + 1 + i);
        if (term != 0 && term != a->entries[i].term)
            at = a->prev_log_index + 1 + i;
    }
    if (at <= r->commit_index)
        return 0;
    for (raft_index i = at; i <= keepers_log_last(&r->log); i++) {
        const struct raft_entry *e = keepers_entry_at(r, i);
        if (e != NULL && e->type == RAFT_CHANGE)
            return at;
    }
    return 0;
}

/* The message was the old core's memory; the leader sends it again. */
static void start_without(struct keepers *k, raft_index from)
{
    k->counts.changes_cut++;
    if (keepers_disk_cut(&k->disk, from) != TOMTE_OK) {
        keepers_core_fail(k);
        return;
    }
    keepers_core_drop(k);
    k->restarts++;
    k->restart_ms = k->now_ms;
    if (keepers_core_start(k) != TOMTE_OK)
        k->restart_ms = k->now_ms + KEEPERS_RESTART_MS;
}

/* What the core may say in answer. */
static void expect(struct keepers *k, const struct raft_message *m)
{
    k->answering_term = 0;
    if (m->type == RAFT_IO_APPEND_ENTRIES) {
        k->answering_term = m->append_entries.term;
        k->answering_index =
            m->append_entries.prev_log_index + m->append_entries.n_entries;
    } else if (m->type == RAFT_IO_INSTALL_SNAPSHOT) {
        k->answering_term = m->install_snapshot.term;
        k->answering_index = m->install_snapshot.last_index;
    }
}

static struct raft_server *self(struct keepers *k)
{
    struct raft_configuration *c = &k->raft.configuration;
    for (unsigned i = 0; i < c->n; i++)
        if (c->servers[i].id == k->config.id)
            return &c->servers[i];
    return NULL;
}

/* A request for a vote changes no members, so what is found stays there. */
static void vote(struct keepers *k, struct raft_message *m)
{
    struct raft_server *me = self(k);
    if (me == NULL || me->role == RAFT_VOTER ||
        (k->options.without & KEEPERS_WITHOUT_PROMOTED) != 0) {
        k->recv(&k->io, m);
        return;
    }
    /* Only who votes gives a leader up that it has not heard of for long. */
    struct raft *r = &k->raft;
    if (r->state == RAFT_FOLLOWER &&
        k->now_ms - r->election_timer_start >= r->election_timeout)
        r->follower_state.current_leader.id = 0;
    int role = me->role;
    me->role = RAFT_VOTER;
    k->counts.votes_lent++;
    k->recv(&k->io, m);
    me->role = role;
}

void keepers_guard_receive(struct keepers *k, struct raft_message *m)
{
    unsigned without = k->options.without;
    struct raft_append_entries *a = &m->append_entries;
    bool entries = m->type == RAFT_IO_APPEND_ENTRIES;
    if (!is_plausible(k, m)) {
        k->counts.implausible++;
        keepers_message_free(m);
        return;
    }
    if (m->type == RAFT_IO_APPEND_ENTRIES_RESULT && is_early(k) &&
        (without & KEEPERS_WITHOUT_TERM) == 0) {
        k->counts.early_dropped++;
        return;
    }
    raft_index cut = entries ? cut_off(k, a) : 0;
    if (cut > 0 && (without & KEEPERS_WITHOUT_CHANGE) == 0) {
        start_without(k, cut);
        return;
    }
    if (entries && a->leader_commit > a->prev_log_index + a->n_entries)
        a->leader_commit = a->prev_log_index + a->n_entries;
    expect(k, m);
    if (m->type == RAFT_IO_REQUEST_VOTE)
        vote(k, m);
    else
        k->recv(&k->io, m);
    k->answering_term = 0;
}

/* ---- what goes ---- */

/* The message at hand was found to match: so far does our log follow. */
void keepers_guard_took(struct keepers *k)
{
    if (k->answering_term == 0)
        return;
    if (k->covered_term != k->answering_term)
        k->covered_index = 0;
    k->covered_term = k->answering_term;
    if (k->covered_index < k->answering_index)
        k->covered_index = k->answering_index;
}

static bool may_answer(struct keepers *k, struct raft_append_entries_result *r)
{
    if (k->answering_term == 0 && k->raft.state != RAFT_FOLLOWER)
        return false; /* there is no leader to whom */
    if (r->rejected != 0)
        return true;
    if (k->answering_term == r->term)
        keepers_guard_took(k);
    raft_index most = k->covered_term == r->term ? k->covered_index : 0;
    if (r->last_log_index <= most ||
        (k->options.without & KEEPERS_WITHOUT_COVERED) != 0)
        return true;
    k->counts.answers_cut++;
    r->last_log_index = most;
    return true;
}

static bool may_ask(struct keepers *k)
{
    if ((k->appends_len == 0 && !keepers_put_installs(k)) ||
        (k->options.without & KEEPERS_WITHOUT_VOTE) != 0)
        return true;
    k->counts.votes_held++;
    return false;
}

bool keepers_guard_send(struct keepers *k, struct raft_message *m)
{
    if (m->type == RAFT_IO_REQUEST_VOTE)
        return may_ask(k);
    if (m->type == RAFT_IO_APPEND_ENTRIES_RESULT)
        return may_answer(k, &m->append_entries_result);
    return true;
}
