/* SPDX-License-Identifier: Apache-2.0 */
/* A home in virtual time for the model test: one keeper and small nodes that do
 * just what the headers ask of a node, each with its own clock, over a network
 * that loses, delays and cuts. An all-knowing checker looks at every step.
 *
 * Promises checked here:
 *  - one owner per (identity, epoch), and epochs only rise;
 *  - a `safe` container runs on one node at a time;
 *  - no actuator obeys an epoch lower than the one that is active;
 *  - what a `sync` owner committed is in the history of whoever takes over;
 *  - no node holds a lease, by its own clock, that the keeper counts as over;
 *  - a channel has one writer;
 *  - a node's view has another content only under another version;
 *  - a home decoded from its snapshot is the same. */
#pragma once

#include "rig.h"

#include "base/random.h"
#include "home/lease.h"

#define WORLD_NODES      6
#define WORLD_CONTAINERS 6
#define WORLD_STEP_MS    5
#define WORLD_VIEW_BYTES 4096
#define WORLD_MESSAGES   256
#define WORLD_EPOCHS     4096
#define WORLD_KEEPER     WORLD_NODES /* as an end of a link */

/* Readings are true milliseconds, off by a start and by up to 1 in 1,000. */
struct world_clock {
    uint64_t offset_ms;
    int64_t ppm;
};

/* What a node has of one container. */
struct world_cell {
    /* stored */
    bool has_history;
    uint64_t born, epoch, sequence;
    bool counted[WORLD_NODES];    /* standbys that commits wait for */
    bool proposed[WORLD_NODES];   /* and that it wants in the set */
    uint64_t out_at[WORLD_NODES]; /* request that first left it out */
    /* lost with a restart */
    bool running;
    uint64_t acked[WORLD_NODES];
    uint64_t heard_ms[WORLD_NODES];
};

struct world_node {
    struct tomte_name name;
    bool up;
    bool gone; /* burnt: never comes back */
    uint64_t boot, sequence, store, term, confirmed;
    struct world_clock clock;
    struct tomte_lease lease;
    uint64_t wanted; /* version of the view that it should have */
    uint64_t fetch_ms;
    uint64_t settled, settled_sequence;
    bool offer_wanted;
    uint8_t offer[256];
    size_t offer_len;
    uint8_t view_bytes[WORLD_VIEW_BYTES];
    size_t view_len;
    struct tomte_view view; /* of view_bytes, when view_len > 0 */
    struct world_cell cells[WORLD_CONTAINERS];
};

enum world_message_kind { LEASE, LEASE_ANSWER, FETCH, VIEW, POKE };

struct world_message {
    bool full;
    uint8_t kind;
    uint8_t node; /* the end that is not the keeper */
    uint64_t at_ms;
    uint64_t boot;
    uint64_t sent_ms; /* by the node's clock, of a lease request */
    uint64_t sequence;
    uint64_t version;
    size_t len;
    uint8_t bytes[WORLD_VIEW_BYTES];
};

struct world {
    uint64_t seed;
    struct tomte_random random;
    uint64_t now_ms;
    unsigned loss; /* permille */
    unsigned delay_ms;
    bool cut[WORLD_NODES + 1][WORLD_NODES + 1];

    struct rig rig;
    bool keeper_up;
    uint64_t term;
    struct world_clock keeper_clock;
    struct tomte_keeper keeper;
    struct tomte_arena keeper_arena;
    uint8_t keeper_memory[1 << 17];
    bool appending; /* a command is on its way to the disk */
    uint64_t append_ms;
    size_t append_len;
    uint8_t append[TOMTE_COMMAND_BYTES_MAX];
    unsigned appended; /* commands in all */

    struct world_node nodes[WORLD_NODES];
    struct world_message messages[WORLD_MESSAGES];

    /* the checker's */
    unsigned life[WORLD_CONTAINERS]; /* counts removals */
    uint64_t last_epoch[WORLD_CONTAINERS];
    uint16_t owner_of[WORLD_CONTAINERS][WORLD_EPOCHS]; /* node + 1 */
    uint64_t active[WORLD_CONTAINERS];
    uint64_t born[WORLD_CONTAINERS];
    uint64_t committed[WORLD_CONTAINERS];
    unsigned takeovers, commits, writes, refused_writes;
};

/* Fails the test with the seed that shows it. */
#define MUST(w, cond)                                                          \
    ((cond) ? (void)0 : world_fail((w), __FILE__, __LINE__, #cond))
_Noreturn void world_fail(const struct world *w, const char *file, int line,
                          const char *what);

/* Nodes n0 to n5, containers c0 to c5, everything up and connected. */
void world_init(struct world *w, uint64_t seed);
void world_step(struct world *w);

/* The world's number of a node or container by its name. */
unsigned world_node_of(const struct tomte_name *name);
unsigned world_container_of(const struct tomte_name *identity);

uint64_t world_read(const struct world *w, const struct world_clock *clock);
bool world_linked(const struct world *w, unsigned a, unsigned b);
void world_send(struct world *w, const struct world_message *m,
                struct tomte_span bytes);

/* world_keeper.c */
void world_lead(struct world *w);
void world_keeper_down(struct world *w);
void world_keeper_step(struct world *w);
void world_keeper_receive(struct world *w, const struct world_message *m);
void world_person(struct world *w, const struct tomte_command *c);

/* world_node.c */
void world_node_start(struct world *w, unsigned node);
void world_node_format(struct world *w, unsigned node);
void world_node_step(struct world *w, unsigned node);
void world_node_receive(struct world *w, const struct world_message *m);

/* world_check.c */
void world_apply(struct world *w, struct tomte_span command);
void world_check_step(struct world *w);
void world_ran(struct world *w, unsigned node, unsigned container,
               uint64_t epoch, uint64_t born);
void world_accepted(struct world *w, unsigned container, uint64_t epoch);
