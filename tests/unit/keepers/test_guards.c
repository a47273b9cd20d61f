/* SPDX-License-Identifier: Apache-2.0 */
/* The known faults of libraft 0.15, one test each: what happens without the
 * guard, and that it does not happen with it. One keeper is real; what the
 * others say is made here, message by message. */
#include "one.h"

#include "keepers/disk.h"
#include "keepers/heap.h"
#include "test.h"

static struct one one;
static struct keepers_place places[KEEPERS_INDEX_MAX];

/* ---- vote (canonical/raft#386) ---- */

/* A follower that has not stored yet what it was sent stands for election. Two
 * things are in the way of its request: the guard, and that no frame leaves
 * before the sync which also stores the entries. */
static uint64_t votes_held(unsigned without)
{
    struct keepers_counts c;
    one_start(&one, 3, without);
    one_entries(
        &one, 2, 2,
        (struct one_entries){.prev = 1, .prev_term = 1, .n = 1, .terms = {2}});
    one.sync = false; /* the disk is slow */
    one_entries(
        &one, 2, 2,
        (struct one_entries){.prev = 2, .prev_term = 2, .n = 1, .terms = {2}});
    one_wait(&one, 3000);
    CHECK_EQ(0, one_count(&one, RAFT_IO_REQUEST_VOTE));
    keepers_counts(one.keepers, &c);
    one.sync = true;
    one_wait(&one, 3000);
    CHECK(one_count(&one, RAFT_IO_REQUEST_VOTE) > 0);
    one_end(&one);
    return c.votes_held;
}

TEST(no_votes_are_asked_while_an_append_is_in_flight)
{
    CHECK(votes_held(0) > 0);
    CHECK_EQ(0, votes_held(KEEPERS_WITHOUT_VOTE));
}

/* ---- term (the Raft paper's figure 8) ---- */

/* A leader of term 4 whose log ends with an entry of term 2: it must not commit
 * that by counting before one of its own term is stored. */
static uint64_t committed_by_count(unsigned without)
{
    struct keepers_view v;
    one_start(&one, 3, without);
    one_entries(
        &one, 2, 2,
        (struct one_entries){.prev = 1, .prev_term = 1, .n = 1, .terms = {2}});
    one_elect(&one); /* its own first entry is not stored yet */
    keepers_look(one.keepers, &v);
    CHECK(v.leader);
    CHECK_EQ(1, v.commit);
    one_answer(&one, 2, v.term, 0, 2);
    keepers_look(one.keepers, &v);
    uint64_t commit = v.commit;
    one_end(&one);
    return commit;
}

TEST(entries_of_older_terms_are_not_committed_by_counting)
{
    CHECK_EQ(1, committed_by_count(0));
    CHECK_EQ(2, committed_by_count(KEEPERS_WITHOUT_TERM));
}

/* ---- covered ---- */

/* A follower with entries 2 to 4 of an old leader; the new one asks about what
 * comes after 2. The answer must not speak of 3 and 4. */
static uint64_t acknowledged(unsigned without)
{
    one_start(&one, 3, without);
    one_entries(&one, 2, 2,
                (struct one_entries){
                    .prev = 1, .prev_term = 1, .n = 3, .terms = {2, 2, 2}});
    one_clear(&one);
    one_entries(&one, 3, 3, (struct one_entries){.prev = 2, .prev_term = 2});
    const struct raft_message *m =
        one_last(&one, RAFT_IO_APPEND_ENTRIES_RESULT);
    CHECK(m != NULL);
    CHECK_EQ(0, m->append_entries_result.rejected);
    uint64_t last = m->append_entries_result.last_log_index;
    one_end(&one);
    return last;
}

TEST(an_answer_says_no_more_than_it_was_asked)
{
    CHECK_EQ(2, acknowledged(0));
    CHECK_EQ(4, acknowledged(KEEPERS_WITHOUT_COVERED));
}

/* ---- change (canonical/raft#250) ---- */

/* A change of members that only this follower has is cut off by a new leader,
 * after a restart in which the core forgot that it was not committed. */
static unsigned members_after(unsigned without)
{
    one_start(&one, 3, without);
    one_change(&one, 2, 2, 2, 1, 4); /* entry 2: four members */
    CHECK_EQ(4, one_members(&one));
    one_restart(&one);
    CHECK_EQ(4, one_members(&one));
    for (int i = 0; i < 3; i++) /* the leader says it until it is heard */
        one_entries(&one, 3, 3,
                    (struct one_entries){
                        .prev = 1, .prev_term = 1, .n = 1, .terms = {3}});
    CHECK_EQ(3, keepers_entry_term(one.keepers, 2));
    unsigned n = one_members(&one);
    one_end(&one);
    return n;
}

TEST(a_change_that_is_cut_off_is_undone)
{
    CHECK_EQ(3, members_after(0));
    CHECK_EQ(4, members_after(KEEPERS_WITHOUT_CHANGE));
}

/* ---- snapshot (canonical/raft#250) ---- */

/* Commands are committed before a change of members that is not: how many
 * members has the snapshot that is due then? */
static unsigned members_of_snapshot(unsigned without)
{
    struct raft_snapshot *found = NULL;
    struct keepers_disk d;
    struct keepers_heap heap;
    one_start(&one, 3, without);
    one_entries(&one, 2, 2,
                (struct one_entries){.prev = 1,
                                     .prev_term = 1,
                                     .n = 8,
                                     .terms = {2, 2, 2, 2, 2, 2, 2, 2}});
    one_change(&one, 2, 2, 10, 2, 4);
    one_entries(&one, 2, 2,
                (struct one_entries){.prev = 10, .prev_term = 2, .commit = 9});
    CHECK_EQ(8, one.count);
    one_wait(&one, 100);
    one.replica->close(one.replica->ctx);
    keepers_heap_init(&heap, 1u << 20);
    keepers_heap_enter(&heap);
    CHECK_OK(keepers_disk_open(&d, &one.store, places));
    CHECK_OK(keepers_disk_snapshot_load(&d, &found));
    unsigned n = found->configuration.n;
    keepers_heap_drop(&heap);
    one_end(&one);
    return n;
}

TEST(no_snapshot_has_members_that_are_not_committed)
{
    CHECK_EQ(3, members_of_snapshot(0));
    CHECK_EQ(4, members_of_snapshot(KEEPERS_WITHOUT_SNAPSHOT));
}

/* ---- promoted ---- */

/* It learns; who made it vote asks for its vote before it has heard of that. */
static bool gives_its_vote(unsigned without)
{
    one_start_learner(&one, without);
    one_wait(&one, 2000); /* its leader is gone */
    one_clear(&one);
    one_ask_vote(&one, 2, 9, 5, 2);
    const struct raft_message *m = one_last(&one, RAFT_IO_REQUEST_VOTE_RESULT);
    bool granted = m != NULL && m->request_vote_result.vote_granted;
    one_end(&one);
    return granted;
}

TEST(who_learns_gives_its_vote_to_who_knows_better)
{
    CHECK_EQ(1, gives_its_vote(0));
    CHECK_EQ(0, gives_its_vote(KEEPERS_WITHOUT_PROMOTED));
}

/* ---- what would fail an assertion that the library was built without ---- */

TEST(a_leader_takes_no_entries_of_its_own_term)
{
    struct keepers_view v;
    one_start(&one, 3, 0);
    one_elect(&one);
    one.sync = true;
    one_wait(&one, 1);
    keepers_look(one.keepers, &v);
    CHECK(v.leader);
    uint64_t last = v.last;
    one_entries(
        &one, 3, v.term,
        (struct one_entries){
            .prev = last, .prev_term = v.term, .n = 1, .terms = {v.term}});
    keepers_look(one.keepers, &v);
    CHECK(v.leader);
    CHECK_EQ(last, v.last);
    one_end(&one);
}
