/* SPDX-License-Identifier: Apache-2.0 */
/* home/replica.h: the home's command log, however many keepers hold it.
 *
 * A table that the node is handed at init, beside the block device and the
 * crypto backend. Without one the only keeper keeps its log alone in its store
 * (src/node/keeper.c) and needs no set-up; ports/keepers implements it over
 * libraft. The state machine behind it is home.h: commands come in one order,
 * the same on every keeper, and only when they can no longer be lost.
 *
 * Time and datagrams come in, frames go out; the store is the node's own. The
 * node ends each of its steps with one sync of that store and then calls
 * `synced`: what the log has promised to others it gives out only after that
 * (commit before you speak). What `synced` wrote is covered by the next sync,
 * which `deadline` asks for at once.
 *
 * Leading. A leader `leads` when all that was ever committed is applied here:
 * then its memory (keeper.h) begins, and not before. It goes on leading until
 * it hears of another one or misses a majority for an election timeout, so for
 * a moment there may be two. `confirmed_ms` is what a lease may be counted
 * from: at that instant of this node's clock a majority still followed, so
 * whoever leads next was elected later.
 *
 * Life: open -> (step | receive | propose | change, then synced, then poll
 * until false)* -> close. Callbacks of the host come from within open, step,
 * receive, propose and synced. */
#pragma once

#include "base/addr.h"
#include "base/err.h"
#include "base/span.h"

struct tomte_store; /* store/store.h */

#define TOMTE_REPLICA_MEMBERS_MAX 7u

/* A frame is a datagram's worth: it travels in one CoAP request. */
#define TOMTE_REPLICA_FRAME_MAX 1024u

/* The state machine, and who is told. */
struct tomte_replica_host {
    void *ctx;
    /* The next command in order; borrowed. What the state machine says of it
     * goes to `decided`; a refusal changes nothing and is the same everywhere.
     */
    enum tomte_err (*apply)(void *ctx, struct tomte_span command);
    /* The whole state; with out.data NULL its size is counted only. */
    enum tomte_err (*snapshot)(void *ctx, struct tomte_buf out,
                               struct tomte_span *bytes);
    /* Replaces the state. */
    enum tomte_err (*restore)(void *ctx, struct tomte_span bytes);
    /* What became of a proposal: what apply said; NO_SPACE; or AGAIN: this node
     * leads no more, and the next leader knows whether it came through. */
    void (*decided)(void *ctx, uint32_t token, enum tomte_err err);
};

struct tomte_replica_config {
    struct tomte_store *store; /* mounted; outlives the replica */
    struct tomte_replica_host host;
    uint64_t id;   /* of this storage (lease.h); never 0, never used again: a
                      keeper whose storage is gone is another one */
    uint64_t boot; /* higher than at every earlier start of this storage */
    struct tomte_addr addr; /* where the others reach this node */
    uint64_t seed;
    uint64_t now_ms;
    bool found; /* when nothing is stored: this node alone, with the state that
                   host.snapshot gives. Else it waits to be added */
};

enum tomte_replica_role {
    TOMTE_REPLICA_VOTER,
    TOMTE_REPLICA_LEARNS, /* is being added: holds the log, does not vote yet */
};

struct tomte_replica_member {
    uint64_t id;
    struct tomte_addr addr;
    uint8_t role;      /* enum tomte_replica_role */
    uint64_t heard_ms; /* last frame from it; 0: none; itself: now */
};

struct tomte_replica_status {
    bool leads;
    bool changing;         /* a change of members is under way */
    uint64_t term;         /* rises with each leader */
    uint64_t leader;       /* id; 0: not known */
    struct tomte_addr at;  /* the leader's, when known */
    uint64_t applied;      /* index */
    uint64_t confirmed_ms; /* 0: never; see above */
    uint32_t snapshots;    /* taken or installed since open */
    uint32_t restarts;     /* of the core since open */
    uint8_t members_len;   /* 0: waits to be added */
    struct tomte_replica_member members[TOMTE_REPLICA_MEMBERS_MAX];
};

/* Borrowed until the next call. */
struct tomte_replica_frame {
    struct tomte_addr to;
    struct tomte_span bytes;
};

struct tomte_replica {
    void *ctx; /* first argument of every function */

    /* CORRUPT: what is stored has a hole; NO_MEMORY; and the store's. */
    enum tomte_err (*open)(void *ctx,
                           const struct tomte_replica_config *config);
    void (*close)(void *ctx);

    /* Something is stored: this node was a keeper. */
    bool (*exists)(struct tomte_store *store);

    void (*step)(void *ctx, uint64_t now_ms);
    /* Bytes of anybody: what is not a frame for this node from a keeper is
     * dropped. */
    void (*receive)(void *ctx, uint64_t now_ms, const struct tomte_addr *from,
                    struct tomte_span frame);
    void (*synced)(void *ctx, uint64_t now_ms);
    bool (*poll)(void *ctx, struct tomte_replica_frame *out);
    uint64_t (*deadline)(void *ctx);

    /* OK: `decided` follows, possibly within the call. STATE: does not lead;
     * AGAIN: too many are on their way; NO_SPACE, TOO_LARGE, NO_MEMORY. */
    enum tomte_err (*propose)(void *ctx, uint64_t now_ms,
                              struct tomte_span command, uint32_t token);

    /* Adds or removes one keeper; it is done when status.changing is false
     * again, and then the members tell what came of it. STATE: does not lead;
     * AGAIN: another change is under way, or a keeper that stays was not heard
     * of just now; EXISTS; NOT_FOUND; FULL: there are as many as can be. */
    enum tomte_err (*change)(void *ctx, uint64_t now_ms, bool add, uint64_t id,
                             const struct tomte_addr *addr);

    void (*status)(void *ctx, struct tomte_replica_status *out);
};
