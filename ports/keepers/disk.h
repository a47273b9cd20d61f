/* SPDX-License-Identifier: Apache-2.0 */
/* keepers/disk.h: the raft log, term, vote and snapshot in the node's store.
 *
 * Nothing here syncs: the node's step ends with one sync for all, and what the
 * core is told to be stored (io.c) it is told after that. Of what was not
 * synced a power cut leaves a prefix (store.h), and every prefix of what is
 * written here is a state that raft allows:
 *
 *   record "raft/vote"      term, vote, 8 bytes each, little-endian
 *   log    "raft"           entries and cuts, in order; below
 *   blob   "raft/snapshot"  head and state; below
 *
 * The store's log only grows at its end, so a truncation is an entry itself: a
 * cut at index i, or an entry with index i, ends the life of all entries from i
 * on. A raft entry may be longer than one of the store and is then in pieces.
 *
 *   piece = flags (1): 1 more to come, 2 goes on; then, in the first one,
 *           kind (1): 0 entry, 1 cut; type (1); zero (5); term (8); index (8);
 *           then bytes of the entry
 *   snapshot = "tomteraf", version 1 (4), bytes of conf (4), index (8), term
 *           (8), conf index (8), conf, state
 *
 * A snapshot is committed first, and the log trimmed after it. When a cut falls
 * between, the log may end before an installed snapshot, or disagree with it:
 * then the log does not count.
 *
 * Memory: an index of the entries, from the caller. */
#pragma once

#include "base/err.h"
#include "store/store.h"

#include <raft.h>

#define KEEPERS_LOG_BYTES (512u << 10) /* on the device */
#define KEEPERS_INDEX_MAX 8192u        /* entries of the log */
/* Kept free for what ends a trouble: cuts, and the entry of a new leader. */
#define KEEPERS_LOG_RESERVE 8192u

/* Where an entry lies. */
struct keepers_place {
    uint64_t sequence; /* of its first piece in the store's log */
    uint64_t term;
    uint32_t size;
    uint16_t type;
};

struct keepers_disk {
    struct tomte_store *store;
    uint32_t log;
    raft_index first;             /* the oldest entry that is there */
    uint32_t count;               /* entries, without a hole */
    struct keepers_place *places; /* a ring: index i is at i % INDEX_MAX */
    raft_index snapshot_index;    /* 0: there is none */
    raft_term snapshot_term;
    uint64_t writes; /* counts what was written: is there something to sync? */

    /* the snapshot that is being written */
    bool writing;
    struct tomte_store_writer writer;
};

/* Something of this is in the store. */
bool keepers_disk_exists(struct tomte_store *store);

/* `places` has room for KEEPERS_INDEX_MAX. Finds what is stored; CORRUPT when
 * the log has a hole. A log that does not count any more is trimmed. */
TOMTE_MUST_CHECK enum tomte_err keepers_disk_open(struct keepers_disk *d,
                                                  struct tomte_store *store,
                                                  struct keepers_place *places);

static inline raft_index keepers_disk_last(const struct keepers_disk *d)
{
    return d->first + d->count - 1;
}

/* Term of an entry; 0 when it is not there. */
raft_term keepers_disk_term(const struct keepers_disk *d, raft_index index);

TOMTE_MUST_CHECK enum tomte_err
keepers_disk_vote(struct keepers_disk *d, raft_term *term, raft_id *vote);
TOMTE_MUST_CHECK enum tomte_err
keepers_disk_set_vote(struct keepers_disk *d, raft_term term, raft_id vote);

/* Entries from `first` on; what was there from then on counts no more. FULL or
 * NO_SPACE before anything was written. */
TOMTE_MUST_CHECK enum tomte_err
keepers_disk_append(struct keepers_disk *d, raft_index first,
                    const struct raft_entry *entries, unsigned n);

/* Entries from `from` on count no more. */
TOMTE_MUST_CHECK enum tomte_err keepers_disk_cut(struct keepers_disk *d,
                                                 raft_index from);

/* Room for an entry of `bytes` beside the reserve; and how full it is, in
 * permille. */
bool keepers_disk_has_room(const struct keepers_disk *d, size_t bytes);
unsigned keepers_disk_fill(const struct keepers_disk *d);

/* All entries, from raft_malloc, in one batch; NULL when there are none. */
TOMTE_MUST_CHECK enum tomte_err keepers_disk_load(struct keepers_disk *d,
                                                  struct raft_entry **entries);

/* A snapshot: begin, then pieces of its state, then commit; or abort. */
TOMTE_MUST_CHECK enum tomte_err
keepers_disk_snapshot_begin(struct keepers_disk *d,
                            const struct raft_snapshot *s, size_t state_bytes);
TOMTE_MUST_CHECK enum tomte_err
keepers_disk_snapshot_write(struct keepers_disk *d, struct tomte_span piece);
TOMTE_MUST_CHECK enum tomte_err
keepers_disk_snapshot_commit(struct keepers_disk *d,
                             const struct raft_snapshot *s);
void keepers_disk_snapshot_abort(struct keepers_disk *d);

/* Entries before `first` go; the ones that are there stay in order. */
TOMTE_MUST_CHECK enum tomte_err keepers_disk_trim(struct keepers_disk *d,
                                                  raft_index first);

/* All go; the next one to come is `next`. */
TOMTE_MUST_CHECK enum tomte_err keepers_disk_clear(struct keepers_disk *d,
                                                   raft_index next);

/* Which snapshot is stored; OK also when there is none. */
TOMTE_MUST_CHECK enum tomte_err
keepers_disk_snapshot_find(struct keepers_disk *d);

/* The stored snapshot, from raft_malloc, NULL when there is none. */
TOMTE_MUST_CHECK enum tomte_err
keepers_disk_snapshot_load(struct keepers_disk *d, struct raft_snapshot **s);
