/* SPDX-License-Identifier: Apache-2.0 */
/* home/command.h: the orders that change a home, as bytes.
 *
 * A command is one CBOR array in deterministic form, [op, ...], described in
 * docs/spec/home.md. People give the first eight kinds; the others are the
 * keeper's own, and are refused when they come from a person.
 *
 * This header only turns structs into bytes and back; home.h says whether a
 * command is possible and applies it. */
#pragma once

#include "base/addr.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/name.h"
#include "base/span.h"
#include "container/image.h"
#include "container/manifest.h"

/* What stands by at most: what a manifest may ask for, and one more while a
 * container moves. */
#define TOMTE_HOME_STANDBYS_MAX (TOMTE_STANDBYS_MAX + 1)

/* Owner and standbys. */
#define TOMTE_HOME_HOLDERS_MAX (TOMTE_HOME_STANDBYS_MAX + 1)

/* Why a version was given up. */
#define TOMTE_COMMAND_REASON_MAX 96

/* A node's public key: a point of P-256, x and y. Whoever keeps the home says
 * who it is by it; here it is only remembered. */
#define TOMTE_HOME_KEY_BYTES 64

/* An encoded command is not larger. */
#define TOMTE_COMMAND_BYTES_MAX                                                \
    (TOMTE_MANIFEST_BYTES_MAX + TOMTE_LIMIT_RESOURCES * 176 + 4096)

enum tomte_command_op {
    /* A node is added, or what is given of it is changed. */
    TOMTE_COMMAND_NODE = 1,
    TOMTE_COMMAND_NODE_REMOVE = 2,
    /* A container is deployed or updated; a node restarts it under a new epoch
     * from its last committed state. */
    TOMTE_COMMAND_CONTAINER = 3,
    TOMTE_COMMAND_CONTAINER_REMOVE = 4,
    /* Stopped or started again; the history stays. */
    TOMTE_COMMAND_STOP = 5,
    TOMTE_COMMAND_START = 6,
    /* `move`: it shall run on this node whenever that is possible. */
    TOMTE_COMMAND_PIN = 7,
    TOMTE_COMMAND_UNPIN = 8,
    /* How long a lease is. */
    TOMTE_COMMAND_LEASE = 9,

    /* A port with a role gets the channel of a resource. */
    TOMTE_COMMAND_BIND = 16,
    /* A new epoch with its owner; the owner waits for ACTIVATE. */
    TOMTE_COMMAND_PLACE = 17,
    /* Every earlier epoch is over or fenced off: the owner may act. */
    TOMTE_COMMAND_ACTIVATE = 18,
    /* The nodes that hold the history, as the owner proposed them. */
    TOMTE_COMMAND_INSYNC = 19,
    /* Other standbys under the same epoch. */
    TOMTE_COMMAND_STANDBYS = 20,
    /* Taken from where it is: something of higher priority needs the room. */
    TOMTE_COMMAND_SHED = 21,
    /* The version on trial stays, or makes room for the one before. */
    TOMTE_COMMAND_KEEP = 22,
    TOMTE_COMMAND_ROLLBACK = 23,
};

/* To what a port is bound, in CONTAINER and BIND. Neither channel nor place:
 * a resource of the port's role anywhere. */
struct tomte_bind {
    struct tomte_name port;
    struct tomte_channel_name channel; /* empty: by role */
    struct tomte_name place;           /* of the resource; empty: anywhere */
};

/* Which fields a kind uses is said with each; the others are zero. */
struct tomte_command {
    uint8_t op;             /* enum tomte_command_op */
    struct tomte_name name; /* NODE*: the node; else the identity */

    /* NODE: what has_ is false for stays as it was */
    bool has_addr;
    bool has_keeper;
    bool has_offer;
    bool has_store;
    bool has_key;
    bool keeper;
    uint64_t store; /* see lease.h; another one: its histories are lost */
    struct tomte_addr addr;
    struct tomte_span offer; /* encoded, see offer.h */
    uint8_t key[TOMTE_HOME_KEY_BYTES];

    /* CONTAINER */
    uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES];
    struct tomte_span manifest; /* encoded, see container/manifest.h */
    bool afresh;                /* a new version takes no state over */

    /* CONTAINER, BIND (there with channels only) */
    uint8_t binds_len;
    struct tomte_bind binds[TOMTE_LIMIT_PORTS];

    /* LEASE */
    uint32_t lease_ms;

    /* PLACE, ACTIVATE, INSYNC, STANDBYS, SHED, KEEP, ROLLBACK */
    uint64_t epoch;
    /* PIN: where to; PLACE: the owner; SHED: the container it makes room for */
    struct tomte_name node;
    /* PLACE, STANDBYS: the standbys; INSYNC: all that hold the history */
    uint8_t nodes_len;
    struct tomte_name nodes[TOMTE_HOME_HOLDERS_MAX];
    /* PLACE: from nothing, the history is given up */
    bool anew;
    /* ACTIVATE: since the last lease request of who ran it before */
    uint64_t elapsed_ms;
    /* ROLLBACK: for people, at most TOMTE_COMMAND_REASON_MAX bytes */
    struct tomte_span reason;
};

/* A zeroed command of this kind for this node or container. */
void tomte_command_init(struct tomte_command *c, enum tomte_command_op op,
                        struct tomte_name name);

/* `*bytes` is borrowed from `out`; FULL when it is too small. */
TOMTE_MUST_CHECK enum tomte_err
tomte_command_encode(const struct tomte_command *c, struct tomte_buf out,
                     struct tomte_span *bytes);

/* Where in a command something is wrong, and what, for people: "ports: named
 * twice". */
struct tomte_home_report {
    enum tomte_err err;
    char text[160]; /* NUL-terminated; empty when err is OK */
};

/* Strict; offer and manifest are borrowed from `bytes` and only known to be
 * byte strings. `report` may be NULL. On an error `*c` is unspecified. */
TOMTE_MUST_CHECK enum tomte_err
tomte_command_decode(struct tomte_span bytes, struct tomte_command *c,
                     struct tomte_home_report *report);

/* A person may give this kind of command. */
bool tomte_command_is_desire(enum tomte_command_op op);

/* "place", "node remove": for logs; "?" for a value outside the enum. */
const char *tomte_command_op_name(unsigned op);
