/* SPDX-License-Identifier: Apache-2.0 */
/* sim/keepers/group.h: a group of keepers in virtual time, and nothing else.
 *
 * What ships (ports/keepers over src/store) between disks that tear and a
 * network that loses, repeats, delays, reorders and partitions; keepers crash,
 * stop for a while, start anew, burn and are replaced while the group grows and
 * shrinks. The state machine is a counter and a hash over all
 * commands, so one lost, repeated or reordered command is seen. One seed, one
 * trace.
 *
 * Checked after every step: one leader a term; the nth command is the same
 * wherever it is applied; what was acknowledged is applied; a leader that has
 * waited one lease is the only one whose leases still run. Checked at the end,
 * when all has healed: there is a leader, it commits, and all states are equal.
 *
 * Life: group_new -> (group_run | faults)* -> group_settle -> group_free. */
#pragma once

#include "keepers/keepers.h"
#include "queue.h"
#include "sim/disk.h"
#include "store/store.h"

#define GROUP_MAX      7u
#define GROUP_LEASE_MS 1500u

struct group_rates {
    unsigned loss_permille, repeat_permille, slow_permille;
    uint32_t delay_max_us;
    unsigned late_sync_permille; /* a sync comes some steps later */
    uint32_t crash_every_ms, partition_every_ms, pause_every_ms;
    uint32_t burn_every_ms, fail_every_ms, cut_every_ms; /* 0: never */
    uint32_t propose_every_ms;
    uint32_t command_bytes_max;
    uint32_t state_bytes; /* of a snapshot */
};

struct group_config {
    uint64_t seed;
    unsigned size; /* keepers, at most GROUP_MAX */
    struct group_rates rates;
    struct keepers_options options;
    bool trace;
};

/* Drawn from the seed: each class of faults is off in some seeds. */
struct group_config group_drawn(uint64_t seed, unsigned size);

struct group_node {
    struct group *group;
    unsigned index;
    struct tomte_disk *disk;
    struct tomte_block block;
    uint8_t *memory;
    struct tomte_arena arena;
    struct tomte_store store;
    struct keepers *keepers;
    const struct tomte_replica *replica;
    uint64_t id; /* of the storage it has now */
    uint64_t boot;
    bool on;
    bool due; /* a sync is still to come */
    bool found;
    uint64_t started_us, paused_us;
    int side; /* of a partition */
    uint64_t timer_us;

    /* the state machine */
    uint64_t count, hash;

    /* the checkers' */
    uint64_t led_term, led_us;
    uint64_t leases_us; /* until when leases run that it may have granted ... */
    uint64_t leases_term; /* ... in this term at the latest */
};

struct group_counts {
    uint64_t steps, frames, lost, crashes, partitions, pauses, burns, cuts;
    uint64_t leaders, commits, acknowledged, changes, snapshots, restarts;
    uint64_t longest_us; /* without a leader that commits, while healthy */
};

struct group {
    struct group_config config;
    uint64_t now_us;
    struct queue queue;
    struct group_node nodes[GROUP_MAX];
    struct tomte_random net, fate, user;
    bool healed;
    uint64_t hash; /* of the trace */
    struct group_counts counts;
    uint64_t next_command;

    /* what the nth command was, and the hash after it */
    uint64_t *commands, *hashes;
    uint64_t commands_len, commands_cap;
    uint64_t *acknowledged;
    uint64_t acknowledged_len, acknowledged_cap;
    uint16_t *leader_of; /* by term: node + 1 */

    bool failed;
    char failure[200];
};

struct group *group_new(const struct group_config *config);
void group_free(struct group *g);

/* Until then; false when a check failed. */
bool group_run(struct group *g, uint64_t until_us);

/* All faults end; all must come to the same state, in good time. */
bool group_settle(struct group *g);

/* Faults by hand, for tests. */
void group_crash(struct group *g, unsigned node);
void group_start(struct group *g, unsigned node);
void group_burn(struct group *g, unsigned node);
/* 0 or 1 for each node: frames go within a side only. */
void group_split(struct group *g, const int sides[GROUP_MAX]);
/* The node that leads; GROUP_MAX: none does. */
unsigned group_leader(struct group *g);
/* A command at this node; what it said. */
enum tomte_err group_propose(struct group *g, unsigned node, size_t bytes);

__attribute__((format(printf, 2, 3))) void group_fail(struct group *g,
                                                      const char *format, ...);
__attribute__((format(printf, 3, 4))) void
group_trace(struct group *g, unsigned node, const char *format, ...);

/* ---- between the files of this folder ---- */

enum {
    GROUP_SYNC = 100,
    GROUP_BACK = 101
}; /* tags of happenings; fate.c's
                                                are lower */
void group_plan(struct group *g, uint64_t at_us, uint8_t kind, unsigned node,
                uint64_t tag);
uint64_t group_ms(const struct group *g, const struct group_node *n);
struct tomte_addr group_address(unsigned node);
/* After each event; sometimes the sync is for some steps together. */
void group_end_step(struct group *g, struct group_node *n);

/* fate.c */
void group_fate(struct group *g, const struct happening *h);
void group_plan_faults(struct group *g);

/* check.c */
void group_check_applied(struct group *g, unsigned node, uint64_t command);
void group_check_acknowledged(struct group *g, uint64_t command);
void group_check_step(struct group *g, unsigned node);
void group_check_end(struct group *g);
