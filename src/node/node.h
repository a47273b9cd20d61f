/* SPDX-License-Identifier: Apache-2.0 */
/* node/node.h: one device, from datagram to datagram.
 *
 * Wires the rooms together and owns the loop's step. Pure: what it reads and
 * writes are the events, the effects and the block device that it was given.
 * ports/linux drives it with sockets and clocks, ports/sim with virtual ones.
 *
 * Life: init -> (step -> poll until false)* -> wipe. `deadline` says when a
 * TIMER event is due at the latest. A crash is: forget the struct and the
 * arena, keep the block device, init again.
 *
 * What a node sends to itself goes the way of all other datagrams: the port
 * hands it back (a socket does), so a channel has one path, not two.
 *
 * Law (commit before you speak): a step ends with a sync of the store, and only
 * then does poll give SEND and DRIVE effects. Where that sync fails the node
 * turns `broken`: it gives no effect but a LOG line any more, and its leases
 * run out elsewhere; the port restarts it.
 *
 * Who owns bytes: those of an event are borrowed until step returns, but a
 * datagram until poll returned false; those of an effect until the next call.
 * The config, names of resources included, is copied; the block device, the
 * crypto backend and the arena stay the caller's and outlive the node. */
#pragma once

#include "base/base.h"
#include "crypto/crypto.h"
#include "store/block.h"

struct tomte_replica;
struct tomte_node; /* node/internal.h; taken from the arena */

/* ---- what a node offers: sensors, actuators, buttons ---- */

enum tomte_node_resource_kind {
    TOMTE_NODE_SENSOR,   /* a state channel that the port feeds */
    TOMTE_NODE_ACTUATOR, /* a state channel that drives the port */
    TOMTE_NODE_BUTTON,   /* an event channel that the port feeds */
};

struct tomte_node_resource {
    struct tomte_channel_name channel;
    struct tomte_name role;  /* "thermometer"; containers ask for it by this */
    struct tomte_name place; /* "room"; empty: the node's */
    struct tomte_name type;  /* "temperature" */
    enum tomte_node_resource_kind kind;

    /* Actuators: driven at boot, and when nothing was accepted for timeout_ms
     * (0: never times out). SenML in CBOR, at most 32 bytes. */
    uint8_t safe[32];
    uint8_t safe_len;
    uint32_t timeout_ms;
};

/* ---- set-up ---- */

/* Sizes; the node takes all of it from the arena at init. */
struct tomte_node_sizes {
    uint16_t slots;      /* containers, owned or stood by */
    uint32_t slot_bytes; /* memory of one: image, tables, stack, memory */
    uint16_t cells;      /* state channels known here */
    uint16_t log_lines;  /* recent log lines kept for `tomte logs` */
    uint32_t store_index_entries;
    /* The keeper's tables; 0 where this node will never be one. */
    uint16_t home_nodes;
    uint16_t home_containers;
};

/* What a placement should know of this machine (home/offer.h). */
struct tomte_node_power {
    uint32_t fuel_per_second; /* 0: not said, as the next */
    uint32_t flash_kib;
    uint8_t hops; /* by radio to where wires begin; 0: wired */
    bool battery; /* not on mains */
};

/* Parts left out to show what they are for; all false in a real home. */
struct tomte_node_without {
    bool failover; /* the keeper never re-places by itself */
    bool fencing;  /* actuators obey any epoch, and say how often it was old */
    bool history;  /* a container that moves starts anew */
};

struct tomte_node_config {
    struct tomte_name name;
    struct tomte_addr addr;        /* where others reach this node */
    struct tomte_addr keeper;      /* its own when it is the keeper */
    struct tomte_name keeper_name; /* may be empty where there is one only */
    /* A signed charter (ace/charter.h), needed during init only; empty: the one
     * that is stored, or none, and then this node belongs to nobody. The first
     * one is believed: who hands it in has checked that it is the right one. */
    struct tomte_span charter;
    bool is_keeper;
    struct tomte_name place; /* where the node stands; may be empty */
    uint64_t seed;           /* fresh for each boot, from a true source */
    /* The same, for keys and what must not be guessed; wiped in the node's own
     * copy after init. */
    uint8_t entropy[TOMTE_SEED_BYTES];
    /* Number of the first boot, should the storage be a new one: above those
     * that this node ever had, so that what it numbers with them goes on, as
     * minutes of a clock that survives do. 0: there is none; then a node whose
     * storage was replaced is taken for an older self for a while. */
    uint32_t first_boot;
    struct tomte_node_sizes sizes;
    struct tomte_node_power power;
    struct tomte_node_without without;
    const struct tomte_node_resource *resources;
    size_t resource_count; /* at most TOMTE_LIMIT_RESOURCES */
    /* Whose code may run here, as container/authors.h encodes it; the caller's,
     * for as long as the node lives. NONE: nobody's. */
    struct tomte_span authors;
    const struct tomte_block *block;
    const struct tomte_crypto *crypto;
    /* How several keepers keep one log (home/replica.h); it stays the caller's.
     * NULL: this node is the only keeper, or none. With it a node that has
     * sizes.home_nodes can be made a keeper while it runs. */
    const struct tomte_replica *replica;
};

/* Sizes of a hub, or, with TOMTE_MCU defined, of a microcontroller. */
struct tomte_node_sizes tomte_node_sizes_default(void);

/* What init takes from an arena, at most. */
size_t tomte_node_memory(const struct tomte_node_config *config);

/* Mounts the store and takes up what it says: the boot counter is raised, the
 * stored view is put into force, containers that hold without a keeper
 * recover in the steps that follow.
 *
 *   NO_MEMORY  the arena has less than tomte_node_memory()
 *   RANGE      a config that is not sensible
 *   VERSION    the store was written by a version not known here
 *   others     as tomte_store_mount */
TOMTE_MUST_CHECK enum tomte_err
tomte_node_init(struct tomte_node **node,
                const struct tomte_node_config *config,
                struct tomte_arena *arena, uint64_t now_ms);

/* Secrets and state are overwritten; the store stays. */
void tomte_node_wipe(struct tomte_node *node);

/* ---- events in ---- */

enum tomte_node_event_kind {
    TOMTE_NODE_DATAGRAM, /* `bytes` came from `from` */
    TOMTE_NODE_READING,  /* resource `resource` has the value `bytes` (SenML) */
    TOMTE_NODE_TIMER,    /* the deadline has come; harmless when early */
};

struct tomte_node_event {
    enum tomte_node_event_kind kind;
    uint64_t now_ms; /* monotonic since boot or longer, never back */
    struct tomte_addr from;
    size_t resource; /* index in the config */
    struct tomte_span bytes;
};

/* One event, bounded work. Errors are dealt with and logged inside. */
void tomte_node_step(struct tomte_node *node,
                     const struct tomte_node_event *event);

/* When to step a TIMER at the latest; not after now_ms: at once. */
uint64_t tomte_node_deadline(const struct tomte_node *node);

/* ---- effects out ---- */

enum tomte_node_effect_kind {
    TOMTE_NODE_SEND = 1, /* `bytes` to `to` */
    TOMTE_NODE_DRIVE,    /* actuator `resource` to the value `bytes` (SenML) */
    TOMTE_NODE_LOG,      /* `text` for people, `level` */
};

enum tomte_log_level {
    TOMTE_LOG_INFO,
    TOMTE_LOG_WARN, /* something was refused or lost */
    TOMTE_LOG_ERROR /* this node cannot do its part */
};

struct tomte_node_effect {
    enum tomte_node_effect_kind kind;
    struct tomte_addr to;
    size_t resource;
    struct tomte_span bytes;
    enum tomte_log_level level;
    const char *text;
};

/* The next effect, in order; false when there is none left. */
bool tomte_node_poll(struct tomte_node *node, struct tomte_node_effect *out);

/* ---- questions, for ports and checkers ---- */

/* True after a sync failed: restart the node. */
bool tomte_node_broken(const struct tomte_node *node);

/* What the simulator's checkers compare with their own truth. Names are
 * borrowed until the next call. */
enum tomte_slot_role { TOMTE_SLOT_OWNER, TOMTE_SLOT_STANDBY };

struct tomte_slot_report {
    const struct tomte_name *identity;
    uint64_t epoch;
    enum tomte_slot_role role;
    bool running;       /* owner: takes events now */
    uint64_t sequence;  /* of the last event committed or held */
    const char *state;  /* "running", "recovering", "quarantined" ... */
    const char *reason; /* why, when not running; may be "" */
};

/* The i-th container here; false past the last. */
bool tomte_node_slot(const struct tomte_node *node, size_t i,
                     struct tomte_slot_report *out);

/* This node's public key: x and y. It is made at the first start and stays with
 * the storage. */
void tomte_node_key(const struct tomte_node *node,
                    uint8_t open[TOMTE_P256_PUBLIC_BYTES]);

/* Whether this node holds a lease now. */
bool tomte_node_leased(const struct tomte_node *node, uint64_t now_ms);

/* What happened, for the checkers: called from within step for each write to an
 * actuator here, for each epoch that an actuator here has stored and obeys from
 * now on, and for each event that was committed here and released, when set.
 * The core itself takes no decision by it. */
struct tomte_node_witness {
    void *ctx;
    void (*write)(void *ctx, size_t resource, const struct tomte_name *identity,
                  uint64_t epoch, enum tomte_err verdict);
    void (*grant)(void *ctx, size_t resource, const struct tomte_name *identity,
                  uint64_t epoch);
    void (*commit)(void *ctx, const struct tomte_name *identity, uint64_t epoch,
                   uint64_t sequence);
};

void tomte_node_set_witness(struct tomte_node *node,
                            const struct tomte_node_witness *witness);
