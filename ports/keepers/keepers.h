/* SPDX-License-Identifier: Apache-2.0 */
/* keepers/keepers.h: the home's command log on libraft.
 *
 * libraft's core decides: elections, what is committed, members. What it asks
 * of a machine is here, written once for Linux and the simulator: its log in
 * the node's store, its messages in frames between the keepers' nodes, its
 * clock the node's. This is a port and not core because libraft takes memory as
 * it likes; it is counted and bounded (heap.h).
 *
 * libraft 0.15 (Debian 12) has faults that its successors mended; which, and
 * what stands in their way here, is in guard.c and docs/design/0004-keepers.md.
 *
 *   struct keepers *k = keepers_new(&options);
 *   node_config.replica = keepers_replica(k);
 *   ...
 *   keepers_free(k);
 *
 * One keepers for one node, for all of its boots: open begins anew with what is
 * stored. Not thread-safe: libraft has one heap for the process. */
#pragma once

#include "home/replica.h"

struct keepers;

/* Guards that tests leave out, to show what they are for. */
enum keepers_without {
    KEEPERS_WITHOUT_NONE = 0,
    KEEPERS_WITHOUT_VOTE = 1,      /* votes wait for appends */
    KEEPERS_WITHOUT_TERM = 2,      /* counting begins with the own term */
    KEEPERS_WITHOUT_COVERED = 4,   /* an answer says what it was asked about */
    KEEPERS_WITHOUT_CHANGE = 8,    /* a change that is cut off starts anew */
    KEEPERS_WITHOUT_SNAPSHOT = 16, /* no snapshot of members not committed */
    KEEPERS_WITHOUT_ORDER = 32,    /* frames that were overtaken are dropped */
    KEEPERS_WITHOUT_PROMOTED = 64, /* who learns is asked for its vote */
};

struct keepers_options {
    uint32_t election_ms;        /* 1000; elections take one to two of it */
    uint32_t heartbeat_ms;       /* 100; less than half of the above */
    uint32_t snapshot_threshold; /* 2048 entries */
    uint32_t snapshot_trailing;  /* 256 entries stay for those who lag */
    size_t heap_bytes;           /* 48 MiB */
    unsigned without;            /* enum keepers_without */
};

struct keepers_options keepers_options_default(void);

/* NULL when memory is out. */
struct keepers *keepers_new(const struct keepers_options *options);
void keepers_free(struct keepers *k);

/* The table; it lives as long as the keepers. */
const struct tomte_replica *keepers_replica(struct keepers *k);

/* What the guards did, since new; for tests and for people. */
struct keepers_counts {
    uint64_t votes_lent;     /* asked of one that does not vote yet */
    uint64_t votes_held;     /* requests for votes that were not sent */
    uint64_t early_dropped;  /* answers before the own term's first entry */
    uint64_t answers_cut;    /* that said more than was asked */
    uint64_t changes_cut;    /* restarts because of a change that was cut off */
    uint64_t snapshots_held; /* not taken while members were not committed */
    uint64_t overtaken;      /* frames that came after newer ones */
    uint64_t implausible;    /* messages that would break the core */
    uint64_t put_longest;    /* bytes of a snapshot written in one step */
};
void keepers_counts(const struct keepers *k, struct keepers_counts *out);

/* For checkers. */
struct keepers_view {
    bool up;
    bool leader; /* as the core has it, without the wait for its own entry */
    uint64_t term;
    uint64_t commit, applied;
    uint64_t first, last; /* entries that are there */
    size_t heap_used, heap_high;
};
void keepers_look(const struct keepers *k, struct keepers_view *out);
/* Term of an entry; 0 when it is not there. */
uint64_t keepers_entry_term(const struct keepers *k, uint64_t index);
/* As if the core had given up: it starts anew, a second later. */
void keepers_fail(struct keepers *k);
