/* SPDX-License-Identifier: Apache-2.0 */
/* keepers/private.h: one keeper's log over libraft. Private to the room.
 *
 *   keepers.c   the table of home/replica.h: every way in
 *   core.c      the core's life: start, restart, leadership, state machine
 *   io.c        libraft's raft_io: what the core asks of disk, links and clock
 *   put.c       its snapshots, written a little in each step
 *   link.c      frames: order, pieces, who was heard of
 *   guard.c     what must not reach the core: the known faults of 0.15
 *   change.c    members
 *   disk*.c, message.c, heap.c   as their headers say
 *
 * The core calls back from within its own functions and must not be entered
 * again from there; so what is done (a send, a read snapshot) is told to it by
 * keepers_settle, at the end of each way in. */
#pragma once

#include "base/base.h"
#include "keepers/disk.h"
#include "keepers/heap.h"
#include "keepers/keepers.h"
#include "keepers/message.h"

#define KEEPERS_PEERS      (TOMTE_REPLICA_MEMBERS_MAX + 3u)
#define KEEPERS_APPENDS    64u
#define KEEPERS_SENDS      128u
#define KEEPERS_FRAMES     256u
#define KEEPERS_PROPOSALS  8u
#define KEEPERS_PUT_BYTES  16384u /* of a snapshot, written in one step */
#define KEEPERS_RESTART_MS 1000u  /* after the core gave up */

/* A message of more than a frame, on its way to a peer. */
struct keepers_outgoing {
    struct tomte_buf bytes; /* data NULL: none */
    uint32_t number;
    uint16_t type;
    raft_term term;
    uint32_t end;      /* up to where pieces were sent */
    uint64_t asked_ms; /* when the peer last wanted some */
};

struct keepers_incoming {
    struct tomte_buf bytes; /* data NULL: none, or complete */
    uint8_t *got;           /* which pieces */
    uint64_t boot;
    uint32_t number;
    uint32_t have; /* without a hole */
    uint32_t end;  /* up to where pieces were asked for */
    uint64_t asked_ms;
};

struct keepers_peer {
    uint64_t id; /* 0: free */
    struct tomte_addr addr;
    uint64_t boot, sequence; /* of the newest frame */
    uint64_t stamp;          /* newest one of its clock */
    uint64_t heard_ms;
    raft_term followed_term; /* it followed us in this term ... */
    uint64_t followed_ms;    /* ... at this time of our clock, or later */
    struct keepers_outgoing out;
    struct keepers_incoming in;
};

struct keepers_queued {
    struct tomte_addr to;
    uint64_t writes; /* disk writes that came before it */
    uint16_t len;
    uint8_t bytes[TOMTE_REPLICA_FRAME_MAX];
};

struct keepers_append {
    struct raft_io_append *req;
    uint64_t writes;
};

struct keepers_sent {
    struct raft_io_send *req;
    int status;
    raft_id to;
    raft_index next; /* 0, or where to go on */
};

struct keepers_put {
    struct raft_io_snapshot_put *req; /* NULL: none */
    const struct raft_snapshot *snapshot;
    unsigned trailing;
    size_t at; /* bytes of the state that are written */
    bool begun, committed;
    uint64_t writes; /* once committed */
    int status;
};

struct keepers_proposal {
    struct raft_apply req;
    struct keepers *keepers; /* NULL: free */
    uint32_t token;
};

enum keepers_change_step {
    KEEPERS_CHANGE_NONE,
    KEEPERS_CHANGE_ADD,
    KEEPERS_CHANGE_ADDED, /* the barrier after it */
    KEEPERS_CHANGE_ASSIGN,
    KEEPERS_CHANGE_REMOVE,
    KEEPERS_CHANGE_LAST, /* the barrier after the last one */
};

struct keepers {
    struct tomte_replica replica;
    struct keepers_options options;
    struct tomte_replica_config config;
    bool opened;
    uint64_t now_ms;
    struct tomte_random random;
    struct keepers_heap heap;
    struct keepers_disk disk;
    struct keepers_place *places;

    struct raft raft;
    struct raft_io io;
    struct raft_fsm fsm;
    bool up;      /* the core runs */
    bool failing; /* ... and is not to go on */
    uint64_t restart_ms;
    uint64_t snapshot_ms; /* no other one before */
    raft_index
        applied; /* by the host; the core may be behind after a restart */

    /* what the core wants */
    raft_io_tick_cb tick;
    raft_io_recv_cb recv;
    uint64_t tick_ms;
    raft_term stored_term; /* as the core set it last */
    struct keepers_append appends[KEEPERS_APPENDS];
    unsigned appends_len;
    struct keepers_sent sents[KEEPERS_SENDS];
    unsigned sents_len;
    struct keepers_put put;
    struct raft_io_snapshot_get *get;
    uint64_t synced; /* disk writes that are durable */

    /* the message that the core is at, and what it has agreed to (guard.c) */
    raft_term answering_term; /* 0: none that could be answered so */
    raft_index answering_index;
    raft_term covered_term;
    raft_index covered_index;

    /* leadership */
    raft_term led; /* term in which all is applied here; 0: does not lead */
    struct raft_barrier barrier;
    raft_term barrier_term; /* 0: none is on its way */
    struct keepers_proposal proposals[KEEPERS_PROPOSALS];
    enum keepers_change_step change_step;
    bool change_due; /* the step begins as soon as the core has returned */
    uint64_t change_id;
    struct raft_change change;
    struct raft_barrier change_barrier;

    struct keepers_peer peers[KEEPERS_PEERS];
    uint64_t sequence;
    uint32_t number;
    struct keepers_queued *frames; /* a ring */
    unsigned frames_at, frames_len;
    uint32_t snapshots, restarts;
    struct keepers_counts counts;
};

/* The keeper behind a raft_io. */
static inline struct keepers *keepers_of(struct raft_io *io)
{
    return io->impl;
}

/* core.c */
TOMTE_MUST_CHECK enum tomte_err keepers_core_start(struct keepers *k);
void keepers_core_drop(struct keepers *k); /* all its memory, at once */
void keepers_core_fail(struct keepers *k); /* start anew, a little later */
void keepers_core_look(struct keepers *k); /* has something changed? */
bool keepers_leads(const struct keepers *k);
uint64_t keepers_confirmed(const struct keepers *k);

/* io.c */
void keepers_io_init(struct keepers *k);
void keepers_io_forget(struct keepers *k); /* the core was dropped */
void keepers_io_synced(struct keepers *k); /* tells of what is durable now */
void keepers_settle(struct keepers *k);
int keepers_raft_err(enum tomte_err err);

/* put.c */
int keepers_put_begin(struct keepers *k, unsigned trailing,
                      struct raft_io_snapshot_put *req,
                      const struct raft_snapshot *snapshot,
                      raft_io_snapshot_put_cb cb);
void keepers_put_work(struct keepers *k);   /* writes on */
void keepers_put_synced(struct keepers *k); /* tells when it is durable */
/* An install replaces the log: what the core says of its log is not so yet. */
bool keepers_put_installs(const struct keepers *k);

/* link.c */
struct keepers_peer *keepers_peer(struct keepers *k, uint64_t id);
void keepers_link_learn(struct keepers *k); /* the configuration's addresses */
/* 0, or an error of libraft's: the message goes nowhere. `*next`: the entry at
 * which the peer should be sent more; 0: as the core thinks. */
int keepers_link_send(struct keepers *k, const struct raft_message *m,
                      raft_index *next);
void keepers_link_receive(struct keepers *k, const struct tomte_addr *from,
                          struct tomte_span bytes);
void keepers_link_work(struct keepers *k);
uint64_t keepers_link_deadline(const struct keepers *k);
void keepers_link_forget(struct keepers *k);

/* guard.c */
/* A message for the core came; it gets it, or not. */
void keepers_guard_receive(struct keepers *k, struct raft_message *m);
/* A message of the core goes; false: it must not. `m` may be changed. */
bool keepers_guard_send(struct keepers *k, struct raft_message *m);
/* The core appends, or installs, what the message at hand brought. */
void keepers_guard_took(struct keepers *k);
raft_index keepers_log_last(const struct raft_log *l);
raft_term keepers_term_at(const struct raft *r, raft_index index);
const struct raft_entry *keepers_entry_at(const struct raft *r,
                                          raft_index index);

/* change.c */
TOMTE_MUST_CHECK enum tomte_err keepers_change(struct keepers *k, bool add,
                                               uint64_t id,
                                               const struct tomte_addr *addr);
void keepers_change_look(struct keepers *k);
