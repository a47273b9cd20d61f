/* SPDX-License-Identifier: Apache-2.0 */
/* container/manifest.h: what a container may use and what it needs.
 *
 * One CBOR map in deterministic form with integer keys (docs/spec/manifest.md),
 * the first part of an image. The decoder is strict: an unknown key, a value
 * out of its range, a name used twice is an error that names the key, so that
 * a manifest never grants more, or other things, than its author could read in
 * it. Equal manifests are equal bytes.
 *
 * Everything is held by value in a struct of fixed size; nothing is borrowed
 * from the bytes. A port's place in the manifest is its handle: the number that
 * `port` of the ABI gives to the container. */
#pragma once

#include "base/err.h"
#include "base/limits.h"
#include "base/name.h"
#include "base/span.h"

#define TOMTE_MANIFEST_VERSION 1

/* An encoded manifest is not larger. */
#define TOMTE_MANIFEST_BYTES_MAX 4096

#define TOMTE_AUTHOR_MAX     63
#define TOMTE_AWAY_FROM_MAX  4
#define TOMTE_APART_FROM_MAX 4
#define TOMTE_STANDBYS_MAX   4
#define TOMTE_HEALTH_MAX     4

/* Bounds of what a manifest may ask for; a node grants what it has. */
#define TOMTE_MEMORY_BYTES_MAX (16u << 20)
#define TOMTE_STACK_BYTES_MIN  512u
#define TOMTE_STACK_BYTES_MAX  (256u << 10)
#define TOMTE_FUEL_MAX         1000000000u
#define TOMTE_LOG_BYTES_MIN    2048u
#define TOMTE_LOG_BYTES_MAX    (1u << 20)
#define TOMTE_AGE_MS_MIN       1000u
#define TOMTE_AGE_MS_MAX       86400000u
#define TOMTE_TRIAL_MS_MAX     3600000u
#define TOMTE_TRIAL_MS_DEFAULT 30000u

enum tomte_port_direction {
    TOMTE_PORT_IN = 0,
    TOMTE_PORT_OUT = 1,
};

enum tomte_port_kind {
    TOMTE_PORT_STATE = 0, /* the latest representation counts */
    TOMTE_PORT_EVENT = 1, /* every message counts */
};

enum tomte_durability {
    TOMTE_DURABILITY_NONE = 0,  /* checkpoints now and then */
    TOMTE_DURABILITY_ASYNC = 1, /* stored at the owner before outputs leave */
    TOMTE_DURABILITY_SYNC = 2,  /* and at every in-sync standby */
};

enum tomte_without_keeper {
    TOMTE_WITHOUT_KEEPER_HOLD = 0, /* goes on */
    TOMTE_WITHOUT_KEEPER_SAFE = 1, /* stops when its node's lease ends */
};

struct tomte_port {
    struct tomte_name name;
    struct tomte_name type;            /* of what is sent: "temperature" */
    struct tomte_name role;            /* of the resource meant; empty: none */
    struct tomte_channel_name channel; /* default; empty: none */
    uint8_t direction;                 /* enum tomte_port_direction */
    uint8_t kind;                      /* enum tomte_port_kind */
};

/* What an out port must do while a new version is on trial. */
struct tomte_health {
    uint8_t port; /* its handle */
    bool has_min;
    bool has_max;
    uint32_t within_ms; /* it puts something so often at least; 0: no rule */
    int64_t min_milli;  /* every number put is not below, in thousandths */
    int64_t max_milli;
};

struct tomte_manifest {
    struct tomte_name name; /* of the container, not of an identity */
    uint32_t version;       /* of the container; from 1 */
    uint8_t author_len;
    char author[TOMTE_AUTHOR_MAX]; /* UTF-8 without control characters */

    uint32_t memory_bytes; /* linear memory, at most */
    uint32_t stack_bytes;  /* the engine's stack */
    uint32_t fuel_per_event;

    uint8_t ports_len;
    struct tomte_port ports[TOMTE_LIMIT_PORTS];

    struct tomte_name near; /* a place; empty: anywhere */
    uint8_t away_from_len;
    struct tomte_name away_from[TOMTE_AWAY_FROM_MAX]; /* identities */
    uint8_t apart_from_len;
    struct tomte_name apart_from[TOMTE_APART_FROM_MAX]; /* never on one node */
    uint8_t standbys;
    uint8_t priority;         /* 0 lowest, the default; 255 highest */
    uint32_t fuel_per_second; /* of its node, kept for it; 0: not said */

    uint8_t durability;     /* enum tomte_durability */
    uint8_t without_keeper; /* enum tomte_without_keeper */
    uint32_t log_bytes_max; /* of the event log, see history.h */
    uint32_t age_ms_max;    /* of the last checkpoint */

    uint32_t trial_ms;    /* how long a new version is on trial */
    uint32_t memory_from; /* versions from this one on have the same memory; 0:
                             state goes from save to load */
    uint8_t health_len;
    struct tomte_health health[TOMTE_HEALTH_MAX];
};

/* What is wrong with a manifest, for people: "key 7[2].name: named twice".
 * `offset` is that of the item in the bytes that were decoded; 0 when it was a
 * struct. */
struct tomte_manifest_report {
    enum tomte_err err;
    uint32_t offset;
    char text[80]; /* NUL-terminated */
};

/* A manifest with the defaults of the specification: no ports, no needs,
 * durability async, hold, a log of 16 KiB, checkpoints every 10 minutes, a
 * trial of 30 s; the name, version, author and limits are still to be set. */
void tomte_manifest_init(struct tomte_manifest *m);

/* Decodes and checks. `report` may be NULL; on an error `*m` is unspecified. */
TOMTE_MUST_CHECK enum tomte_err
tomte_manifest_decode(struct tomte_span bytes, struct tomte_manifest *m,
                      struct tomte_manifest_report *report);

/* Checks what decode checks (so that nobody ships what no node takes), then
 * encodes into `out`; `*bytes` is borrowed from it. FULL when it is too small;
 * TOMTE_MANIFEST_BYTES_MAX is always enough. */
TOMTE_MUST_CHECK enum tomte_err
tomte_manifest_encode(const struct tomte_manifest *m, struct tomte_buf out,
                      struct tomte_span *bytes,
                      struct tomte_manifest_report *report);

/* The handle of the port of this name; -1 when there is none. */
int tomte_manifest_port(const struct tomte_manifest *m, struct tomte_span name);

/* "state", "in" ...: the words of the home file and of messages; "?" for a
 * value outside the enum. */
const char *tomte_port_direction_name(unsigned direction);
const char *tomte_port_kind_name(unsigned kind);
const char *tomte_durability_name(unsigned durability);
const char *tomte_without_keeper_name(unsigned without_keeper);
