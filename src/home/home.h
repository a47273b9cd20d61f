/* SPDX-License-Identifier: Apache-2.0 */
/* home/home.h: what a home wants and what was decided, as a state machine.
 *
 * Keepers replicate a log of commands (home/command.h). Each feeds the same
 * commands in the same order to its own struct tomte_home and so comes to the
 * same state: apply reads no clock, draws no random number and depends on
 * nothing but the state and the command's bytes. A command that is refused
 * changes nothing. The state is written out as a snapshot when the log is
 * compacted; a home decoded from it behaves as the one that was encoded.
 *
 * What is here decides nothing by itself: plan.h works out what should come
 * next, keeper.h feeds it with what the nodes say, view.h cuts out what one
 * node must know.
 *
 * Nodes and containers stand in tables. A slot number is valid while its node
 * or container exists, may be another in another keeper, and never leaves the
 * process; wherever an order can be seen it is that of the names.
 *
 * Life: init -> (apply | snapshot_decode | reading)*. Memory is taken from the
 * arena once, in init. Not thread-safe. */
#pragma once

#include "base/addr.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/name.h"
#include "base/span.h"
#include "container/manifest.h"
#include "home/command.h"
#include "home/offer.h"

#define TOMTE_HOME_NONE        0xffffu /* no slot */
#define TOMTE_HOME_KEEPERS_MAX 7u

/* Consumers of one event channel. */
#define TOMTE_HOME_PEERS_MAX 16u

#define TOMTE_LEASE_MS_DEFAULT 1500u
#define TOMTE_LEASE_MS_MIN     200u
#define TOMTE_LEASE_MS_MAX     600000u

/* A history whose holders have all been away for so many leases is given up
 * when the container is of durability none; a standby is then replaced. */
#define TOMTE_HOME_PATIENCE_LEASES 10u

struct tomte_home_limits {
    uint16_t nodes;
    uint16_t resources;
    uint16_t containers;
    uint16_t ports;
};

/* The values of base/limits.h. */
struct tomte_home_limits tomte_home_limits_default(void);

struct tomte_home_node {
    struct tomte_name name;
    struct tomte_name place;
    struct tomte_addr addr;
    bool used; /* the slot has a node */
    bool keeper;
    bool retired; /* removed, but an epoch of a container refers to it */
    bool battery; /* not on mains */
    uint8_t hops; /* by radio to where wires begin */
    bool has_key; /* else nobody can speak as this node */
    uint8_t key[TOMTE_HOME_KEY_BYTES];
    uint16_t containers_max;
    uint16_t containers; /* owned, stood by for, or history kept */
    uint32_t memory_max_kib;
    uint32_t memory_kib;    /* of the containers that it owns */
    uint32_t fuel_max;      /* per second; 0: without end */
    uint32_t fuel;          /* of those that it owns */
    uint32_t flash_max_kib; /* 0: without end */
    uint32_t flash_kib;     /* of the histories that it keeps */
    uint16_t owned;         /* the first that it owns, then next_owned */
    uint16_t order;         /* its place in node_order */
    uint16_t next_place;    /* of the same hash of its place */
    uint32_t offer_crc;     /* 0: has offered nothing yet */
    uint16_t resource;      /* the first, by channel */
    uint16_t resources;
    uint64_t store; /* see lease.h; 0: not known yet */
    uint64_t added; /* version that added it: tells reuse of a slot */
    uint64_t view;  /* version at which its view last changed */
};

struct tomte_home_resource {
    struct tomte_resource is;
    uint16_t node;
    uint16_t next; /* of the same node */
    uint16_t next_hash;
    uint16_t next_role;
    uint16_t next_place; /* of the same hash of its place, by channel */
    uint32_t hash;
};

/* How a port's channel is found. */
enum tomte_home_bound {
    TOMTE_HOME_BOUND_CHANNEL = 0, /* by name */
    TOMTE_HOME_BOUND_ROLE = 1,    /* a resource of its role; BIND says which */
};

struct tomte_home_port {
    struct tomte_name name;
    struct tomte_name type;
    struct tomte_name role;
    struct tomte_name place;           /* wanted of the resource */
    struct tomte_channel_name channel; /* empty: none found yet */
    uint8_t direction;                 /* enum tomte_port_direction */
    uint8_t kind;                      /* enum tomte_port_kind */
    uint8_t bound;                     /* enum tomte_home_bound */
    uint8_t ordinal;                   /* in the manifest: its handle */
    uint16_t container;
    uint16_t next; /* of the same container, in the manifest's order */
    uint16_t next_hash;
    uint32_t hash;
};

enum tomte_placement_state {
    TOMTE_PLACEMENT_NONE = 0,    /* nowhere (yet), or stopped */
    TOMTE_PLACEMENT_PENDING = 1, /* the owner waits for ACTIVATE */
    TOMTE_PLACEMENT_ACTIVE = 2,
};

struct tomte_placement {
    uint64_t epoch;   /* of the latest PLACE; never falls */
    uint64_t born;    /* epoch that began the history; 0: there is none */
    uint64_t granted; /* version of the latest PLACE; lower than `ended`: this
                         epoch lost its history and must be followed */
    uint64_t ended;   /* version that ended the runner's epoch; 0: it runs */
    uint64_t elapsed_ms;
    uint64_t agreed; /* version of the latest change of insync */
    uint16_t owner;  /* NONE when the state is NONE */
    uint16_t runner; /* owner of the epoch that was active last */
    uint8_t state;   /* enum tomte_placement_state */
    uint8_t standbys_len;
    uint8_t insync_len;
    uint16_t standbys[TOMTE_HOME_STANDBYS_MAX];
    uint16_t insync[TOMTE_HOME_HOLDERS_MAX]; /* hold the history to its end */
};

/* What a version needs, kept while the one after it is on trial. */
struct tomte_home_before {
    uint8_t durability;
    uint8_t without_keeper;
    uint8_t standbys;
    uint8_t priority;
    uint8_t away_from_len;
    uint8_t apart_from_len;
    uint8_t ports_len;
    uint16_t port; /* the first; in no index */
    uint32_t memory_kib;
    uint32_t fuel_per_second;
    uint32_t flash_kib;
    struct tomte_name manifest_name;
    uint32_t manifest_version;
    uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES];
    struct tomte_name near;
    struct tomte_name away_from[TOMTE_AWAY_FROM_MAX];
    struct tomte_name apart_from[TOMTE_APART_FROM_MAX];
};

struct tomte_home_container {
    struct tomte_name identity;
    bool used;
    bool stopped;
    bool trial;  /* of this version; `before` is the one that it replaced */
    bool afresh; /* on trial: it takes no state over, its owner wants that */
    uint8_t durability;     /* enum tomte_durability */
    uint8_t without_keeper; /* enum tomte_without_keeper */
    uint8_t standbys;       /* wanted */
    uint8_t priority;
    uint8_t away_from_len;
    uint8_t apart_from_len;
    uint8_t ports_len;
    uint8_t owed_len;
    uint16_t port;       /* the first */
    uint16_t pin;        /* node slot or NONE */
    uint16_t next_owned; /* of the same owner */
    uint32_t memory_kib;
    uint32_t fuel_per_second; /* that its owner keeps for it */
    uint32_t flash_kib;       /* that each holder keeps for its history */
    uint64_t added;           /* version that added it: tells reuse of a slot */
    uint64_t changed; /* version that changed the image or an out port */
    struct tomte_name manifest_name;
    uint32_t manifest_version;
    uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES];
    struct tomte_name near;
    struct tomte_name away_from[TOMTE_AWAY_FROM_MAX];
    struct tomte_name apart_from[TOMTE_APART_FROM_MAX];
    uint32_t next_apart[TOMTE_APART_FROM_MAX]; /* see apart.c */
    struct tomte_name shed_for; /* nowhere because that matters more; empty: it
                                   is somewhere, or for another reason not */
    struct tomte_home_before before;
    uint32_t gave_up_version; /* the last that made room again */
    uint8_t gave_up_len;      /* 0: none did since */
    char gave_up[TOMTE_COMMAND_REASON_MAX];
    struct tomte_placement placement;
    /* actuators (resource slots) no longer bound that an epoch which is not
     * proven over may still drive */
    uint16_t owed[TOMTE_LIMIT_PORTS];
};

struct tomte_home_rank;

struct tomte_home {
    struct tomte_home_limits limits;
    uint64_t version;     /* counts the applied commands */
    uint64_t epoch_floor; /* of removed containers: an identity that comes
                             back goes on above it */
    uint32_t lease_ms;
    uint32_t lease_longest_ms; /* ever set: what a new leader waits */
    uint16_t nodes_len;
    uint16_t containers_len;
    struct tomte_home_node *nodes;
    struct tomte_home_container *containers;
    struct tomte_home_resource *resources;
    struct tomte_home_port *ports;
    uint16_t *node_order;      /* slots by name, nodes_len of them */
    uint16_t *container_order; /* slots by identity, containers_len of them */
    uint16_t *priority_order;  /* the same by priority, highest first */
    /* private to the room */
    uint16_t resource_free;
    uint16_t port_free;
    uint16_t resources_used;
    uint16_t ports_used;
    uint16_t buckets; /* a power of two */
    uint16_t retired; /* nodes */
    uint16_t trials;  /* containers on trial */
    uint16_t *resource_by_channel;
    uint16_t *resource_by_role;
    uint16_t *resource_by_place;
    uint16_t *node_by_place;
    uint16_t *port_by_channel;
    uint32_t *apart_by_name;       /* see apart.c */
    struct tomte_home_rank *ranks; /* see rank.h */
};

/* Bytes that init takes from an arena. */
size_t tomte_home_bytes(struct tomte_home_limits limits);

/* An empty home, version 0. NO_MEMORY when the arena is too small. */
TOMTE_MUST_CHECK enum tomte_err
tomte_home_init(struct tomte_home *home, struct tomte_arena *arena,
                struct tomte_home_limits limits);

/* Applies one command. On an error nothing has changed and `report` (may be
 * NULL) says what was wrong, and where. `command` is not kept. */
TOMTE_MUST_CHECK enum tomte_err
tomte_home_apply(struct tomte_home *home, struct tomte_span command,
                 struct tomte_home_report *report);

/* What apply would say now; changes nothing. */
TOMTE_MUST_CHECK enum tomte_err
tomte_home_check(const struct tomte_home *home, struct tomte_span command,
                 struct tomte_home_report *report);

/* The whole state as one CBOR item in deterministic form; `*bytes` is borrowed
 * from `out`. FULL when it is too small; with out.data NULL only the size is
 * counted. */
TOMTE_MUST_CHECK enum tomte_err
tomte_home_snapshot_encode(const struct tomte_home *home, struct tomte_buf out,
                           struct tomte_span *bytes);

/* Replaces the state. On an error the home is empty, as after init. VERSION
 * for a format of another version; FULL when it has more than the limits. */
TOMTE_MUST_CHECK enum tomte_err
tomte_home_snapshot_decode(struct tomte_home *home, struct tomte_span bytes,
                           struct tomte_home_report *report);

/* ---- reading ----------------------------------------------------------- */

/* Slots by name; NONE when there is none (a retired node is none). */
uint16_t tomte_home_find_node(const struct tomte_home *home,
                              const struct tomte_name *name);
uint16_t tomte_home_find_container(const struct tomte_home *home,
                                   const struct tomte_name *identity);

/* The resource with this channel; NONE when no node offers one. */
uint16_t tomte_home_find_resource(const struct tomte_home *home,
                                  const struct tomte_channel_name *channel);

/* The out port that writes to this channel, and the in ports that read it:
 * first, then next until NONE; by identity, then in the manifest's order. Ports
 * of stopped containers are among them. */
uint16_t tomte_home_writer(const struct tomte_home *home,
                           const struct tomte_channel_name *channel);
uint16_t tomte_home_first_reader(const struct tomte_home *home,
                                 const struct tomte_channel_name *channel);
uint16_t tomte_home_next_reader(const struct tomte_home *home, uint16_t port);

/* The node holds the history to its end. */
bool tomte_home_is_insync(const struct tomte_placement *p, uint16_t node);
bool tomte_home_is_standby(const struct tomte_placement *p, uint16_t node);

/* How many nodes are keepers. */
unsigned tomte_home_keepers(const struct tomte_home *home);
