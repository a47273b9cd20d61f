/* SPDX-License-Identifier: Apache-2.0 */
/* One real keeper, of storage 1; the test says what the others, 2 and up, say.
 * Each event is followed by a sync while `sync` is set. */
#pragma once

#include "keepers/keepers.h"
#include "keepers/message.h"
#include "sim/disk.h"
#include "store/store.h"

#define ONE_MEMORY   (256u << 10)
#define ONE_MESSAGES 128u

struct one {
    struct keepers_options options;
    struct tomte_disk *disk;
    struct tomte_block block;
    struct tomte_arena arena;
    struct tomte_store store;
    struct keepers *keepers;
    const struct tomte_replica *replica;
    uint64_t boot, now_ms, sequence;
    bool sync;
    unsigned count; /* commands applied */
    uint8_t memory[ONE_MEMORY];

    /* what it sent, newest last; without entries and snapshots */
    struct raft_message sent[ONE_MESSAGES];
    uint64_t sent_to[ONE_MESSAGES];
    unsigned sent_len;
};

/* A log with one snapshot, index 1 of term 1, of `voters` members. */
void one_start(struct one *o, unsigned voters, unsigned without);
/* The same where 1 learns and 2 votes, and 2 was heard of. */
void one_start_learner(struct one *o, unsigned without);
void one_restart(struct one *o);
void one_end(struct one *o);
void one_wait(struct one *o, uint64_t ms);
void one_clear(struct one *o); /* what it sent */

struct one_entries {
    raft_index prev;
    raft_term prev_term;
    raft_index commit; /* 0: 1 */
    unsigned n;
    raft_term terms[8];
};
void one_entries(struct one *o, uint64_t from, raft_term term,
                 struct one_entries entries);
/* An entry at `index` that makes `voters` members, after one of prev_term. */
void one_change(struct one *o, uint64_t from, raft_term term, raft_index index,
                raft_term prev_term, unsigned voters);
void one_answer(struct one *o, uint64_t from, raft_term term,
                raft_index rejected, raft_index last);
void one_ask_vote(struct one *o, uint64_t from, raft_term term, raft_index last,
                  raft_term last_term);
/* 2 gives it its vote until it leads. */
void one_elect(struct one *o);

unsigned one_count(const struct one *o, unsigned type);
const struct raft_message *one_last(const struct one *o, unsigned type);
unsigned one_members(struct one *o);
