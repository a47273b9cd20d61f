/* SPDX-License-Identifier: Apache-2.0 */
/* sim/world.h: a whole home in one process, in virtual time.
 *
 * The nodes are the shipping code (node/node.h) over disks that tear
 * (ports/sim/disk.h) and a network that loses, repeats, delays, reorders and
 * partitions. Everything that is drawn comes from one seed, each concern from a
 * stream of its own, so that a new draw in one does not shift the others. Same
 * seed, same trace hash, whatever compiler.
 *
 * A crash: the node's memory is filled with 0xdb and given back, what its disk
 * had not synced meets its fate, and it starts again from nothing but that. */
#pragma once

#include "ace/charter.h"
#include "node/node.h"
#include "queue.h"
#include "sim/disk.h"

#include <stdio.h>

#define SIM_NODES_MAX     512
#define SIM_RESOURCES_MAX 8

/* Behind each node's memory. */
#define SIM_GUARD       0xa5
#define SIM_GUARD_BYTES 64

/* Rates; each seed turns some classes wholly off (faults.c). */
struct sim_rates {
    unsigned loss_permille;
    unsigned repeat_permille;
    uint32_t delay_min_us, delay_max_us;
    unsigned slow_permille; /* delayed by up to a second more: reordering */
    uint32_t crash_every_s; /* mean, over the whole home; 0: never */
    uint32_t down_max_s;
    uint32_t partition_every_s;
    uint32_t partition_max_s;
    uint32_t pause_every_s; /* a node that stops and goes on later */
    uint32_t pause_max_s;
    uint32_t replace_every_s; /* a node that burns, where that may be */
    uint32_t rot_every_s;     /* bits of one node's disk, likewise */
    uint32_t drift_ppm;       /* clocks are wrong by up to this; at most 1000 */
};

struct sim_node {
    struct tomte_node_config config;
    uint8_t open[TOMTE_P256_PUBLIC_BYTES]; /* its public key */
    struct tomte_node_resource resources[SIM_RESOURCES_MAX];
    struct tomte_block block;
    struct tomte_disk *disk;
    uint8_t *memory;
    size_t memory_bytes;
    struct tomte_arena arena;
    struct tomte_node *node; /* NULL: it is off */
    uint64_t boot;           /* counts starts: what was meant for an earlier
                                one does not arrive */
    uint64_t started_us;
    int32_t drift_ppm;
    uint64_t timer_us; /* earliest TIMER that is planned; UINT64_MAX: none */
    uint64_t paused_until_us;         /* 0: it runs */
    int group;                        /* of a partition */
    double driven[SIM_RESOURCES_MAX]; /* what actuators do */
    bool burned;                      /* and the keeper may not know */
    bool rotted;                      /* and not started since */
    size_t memory_used;               /* after its start */
    uint32_t waiting;                 /* datagrams on their way to it */
    uint32_t steps;                   /* by its timer, within ... */
    uint64_t steps_second;            /* ... this second */
};

struct sim;

/* A promise that is checked: each file check_*.c defines one. `crash` is called
 * while the node still is, `second` once a second between steps, `end` when
 * everything had time to converge; it may let the world go on. */
struct sim_check {
    const char *name;
    void *(*make)(struct sim *w);
    void (*write)(void *ctx, uint16_t node, size_t resource,
                  const struct tomte_name *identity, uint64_t epoch,
                  enum tomte_err verdict);
    void (*grant)(void *ctx, uint16_t node, size_t resource,
                  const struct tomte_name *identity, uint64_t epoch);
    void (*commit)(void *ctx, uint16_t node, const struct tomte_name *identity,
                   uint64_t epoch, uint64_t sequence);
    void (*crash)(void *ctx, uint16_t node);
    void (*step)(void *ctx, uint16_t node); /* after each step of a node */
    void (*second)(void *ctx);
    void (*end)(void *ctx);
};

struct sim_counts {
    uint64_t steps, datagrams, lost, crashes, partitions, pauses, replaced,
        rotted;
    uint64_t takeovers; /* epochs above 1 that came to run */
    uint64_t commits, writes, refused;
    uint64_t pressed, acknowledged;
    uint64_t encrypted;     /* pairs of key and nonce */
    uint64_t made, expired; /* numbers of sources; writes of `safe` too late */
    uint32_t longest;       /* datagram */
    uint32_t waiting_max, steps_max; /* of one node: see check_bounds.c */
    uint32_t converged_s;            /* after healing; 0: never */
};

struct sim {
    uint64_t seed;
    uint64_t now_us;
    struct queue queue;
    struct sim_node nodes[SIM_NODES_MAX];
    uint16_t nodes_len;
    struct sim_rates rates;
    uint32_t lease_ms; /* of this home: drawn */
    bool healed;       /* faults are over */
    uint64_t healed_us;
    uint64_t spared_until_us; /* no node fails before that */
    struct tomte_random net, crash, disk, user, clock, fate;
    const struct tomte_crypto *crypto;
    uint8_t home_id[TOMTE_HOME_ID_BYTES];
    struct tomte_key_pair owner;
    uint8_t charter[TOMTE_CHARTER_BYTES_MAX];
    size_t charter_len; /* 0: the keeper's key is not known yet */
    uint64_t hash;      /* of the trace */
    bool verbose;
    struct sim_counts counts;
    const struct sim_check *const *checks;
    void *check_ctx[16];
    const char *containers; /* folder with *.image */
    struct person *person;
    bool failed;
    char failure[200];
};

void sim_init(struct sim *w, uint64_t seed);
void sim_free(struct sim *w);

/* A node of this name; resources are added before it is started. */
struct sim_node *sim_add_node(struct sim *w, const char *name, bool keeper);
void sim_add_resource(struct sim_node *n, const char *channel,
                      enum tomte_node_resource_kind kind, const char *role,
                      const char *type, const char *place, uint32_t timeout_ms);

uint16_t sim_index(const struct sim *w, const struct sim_node *n);
struct tomte_addr sim_addr(uint16_t node);

void sim_start(struct sim *w, uint16_t node);
void sim_crash(struct sim *w, uint16_t node);
/* The device burns: what stands in its place has its name and an empty disk. */
void sim_replace(struct sim *w, uint16_t node);
/* It crashes, and bits on its disk have flipped when it comes back. */
void sim_rot(struct sim *w, uint16_t node);

/* One event into a node, and all its effects out. */
void sim_step(struct sim *w, uint16_t node,
              const struct tomte_node_event *event);

/* A datagram leaves for `to`; node SIM_NODES_MAX is the person. */
void sim_send(struct sim *w, uint16_t from, const struct tomte_addr *to,
              struct tomte_span bytes);

/* A reading of a sensor of a node that is on. */
void sim_reading(struct sim *w, uint16_t node, size_t resource, double value);

/* Lets the world go on until then. False when a check has failed. */
bool sim_run(struct sim *w, uint64_t until_us);

/* A promise was broken: the first one is kept. */
__attribute__((format(printf, 2, 3))) void sim_fail(struct sim *w,
                                                    const char *format, ...);

/* Folds into the trace hash, and is printed when verbose. */
__attribute__((format(printf, 3, 4))) void
sim_trace(struct sim *w, uint16_t node, const char *format, ...);

/* The node's own clock; and when it will show so much: not earlier. */
uint64_t sim_node_ms(const struct sim *w, const struct sim_node *n);
uint64_t sim_world_us(const struct sim_node *n, uint64_t node_ms);

/* Where the highest epoch of an identity runs; NULL: nowhere. */
struct sim_node *sim_runner(struct sim *w, const char *identity,
                            uint64_t *epoch);

/* ---- keys.c ---- */

void keys_init(struct sim *w);
/* A node has started: its key is remembered, and a new one is told to the
 * person. True when it was the first, the keeper: then there is a charter now,
 * and it starts again with it. */
bool keys_meet(struct sim *w, uint16_t node);

/* ---- person.c: who deploys, presses and looks ---- */

struct person *person_new(struct sim *w, uint64_t seed);
void person_free(struct person *p);
/* Sends an image and then a container command, one after the other, until they
 * were accepted. `binds` ends with a port of NULL. */
struct person_bind {
    const char *port, *channel, *place;
};
void person_deploy(struct person *p, const char *identity, const char *image,
                   const struct person_bind *binds);
/* Tells the keeper a node's key. */
void person_admit(struct person *p, uint16_t node);
/* Has the keeper grant leases of this length. */
void person_lease(struct person *p, uint32_t lease_ms);
/* Everything that was asked for has been accepted. */
bool person_done(const struct person *p);
unsigned person_deployed(const struct person *p); /* how many */
/* Of the i-th thing that was asked for; empty when that is no container. */
const char *person_identity(const struct person *p, unsigned i);

/* A press of a button, by POST. Each press of one button has a number of its
 * own, from 0, as its value. */
void person_press(struct person *p, uint16_t node, const char *channel);

struct press {
    uint16_t node;
    uint16_t number;
    bool open;         /* no answer yet */
    bool acknowledged; /* 2.04 */
    bool refused;      /* any other answer: it may come all the same */
    uint64_t boot;     /* of the node, when it was pressed ... */
    uint64_t boot_end; /* ... and answered */
};
const struct press *person_presses(const struct person *p, unsigned *count);

/* GET of a state channel on a node, one at a time. */
struct look {
    bool open, found;
    uint16_t len;
    uint64_t epoch; /* of what was found */
    uint8_t bytes[TOMTE_LIMIT_MESSAGE_BYTES];
};
void person_look(struct person *p, uint16_t node, const char *channel);
const struct look *person_seen(const struct person *p);

void person_datagram(struct person *p, const struct tomte_addr *from,
                     struct tomte_span bytes);
void person_timer(struct person *p);

/* ---- faults.c ---- */

void faults_draw(struct sim *w);  /* this seed's rates */
void faults_begin(struct sim *w); /* plans the first of each kind */
void faults_happen(struct sim *w, const struct happening *h);
void faults_heal(struct sim *w); /* all on, all connected, nothing lost */
void faults_print(const struct sim *w, FILE *out);
