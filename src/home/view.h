/* SPDX-License-Identifier: Apache-2.0 */
/* home/view.h: what one node must know of its home, and no more.
 *
 * A keeper encodes it from the home's state for one node; the node checks it
 * once, stores the bytes, and reads them again after a restart. Decoded parts
 * borrow nothing but the bytes: a node walks through them and fills the tables
 * of its other rooms. The form, deterministic CBOR, is in docs/spec/home.md.
 *
 * The version of a node's view is the home's version at which its content last
 * changed (tomte_home_node.view): a command raises it only for the nodes that
 * it concerns, so one placement among 300 nodes makes a handful fetch.
 *
 *   tomte_view_open(bytes, &view);
 *   struct tomte_view_iter it;
 *   tomte_view_placements(&view, &it);
 *   while (tomte_view_next_placement(&it, &placement)) {
 *       struct tomte_view_iter jt;
 *       tomte_view_ports(&placement, &jt);
 *       while (tomte_view_next_port(&jt, &port))
 *           ...
 *   } */
#pragma once

#include "home/home.h"

#define TOMTE_VIEW_VERSION 2

struct tomte_view {
    struct tomte_name node; /* whose view it is */
    uint64_t store; /* that the home knows this node by: a node with another
                       one does not act by this view, which believes that it
                       holds histories; the next has its own */
    uint64_t version;
    uint32_t lease_ms;
    uint8_t keepers_len;
    uint16_t placements_len;
    uint16_t resources_len;
    struct tomte_span keepers; /* encoded, as those below */
    struct tomte_span placements;
    struct tomte_span resources;
};

/* What the node is to a container. */
enum tomte_view_part {
    TOMTE_VIEW_OWNER = 0,
    TOMTE_VIEW_STANDBY = 1,
    TOMTE_VIEW_HOLDER = 2, /* keeps the history, which may be needed yet */
};

/* A node and how to reach it. */
struct tomte_view_node {
    struct tomte_name name;
    struct tomte_addr addr;
    bool insync; /* of a standby: is in the confirmed in-sync set */
};

struct tomte_view_placement {
    struct tomte_name identity;
    uint8_t part;           /* enum tomte_view_part */
    uint8_t state;          /* enum tomte_placement_state; NONE: stopped */
    uint8_t durability;     /* enum tomte_durability */
    uint8_t without_keeper; /* enum tomte_without_keeper */
    uint64_t epoch;
    uint64_t born; /* a history of a lower epoch is of another life: drop it */
    uint64_t elapsed_ms; /* when active: since the last lease request of the
                            node that ran it before */
    uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES];
    bool trial;  /* of this image: the one before is kept until it is over */
    bool afresh; /* it takes no state over */
    uint8_t before[TOMTE_IMAGE_DIGEST_BYTES]; /* on trial */
    bool has_owner;
    struct tomte_view_node owner;
    uint8_t standbys_len;
    struct tomte_view_node standbys[TOMTE_HOME_STANDBYS_MAX];
    uint8_t ports_len; /* the owner's view only, in the manifest's order */
    struct tomte_span ports;
};

/* Who is at the other end of a channel. */
struct tomte_view_peer {
    struct tomte_name identity; /* the container; empty: a resource */
    uint64_t epoch;             /* of the container */
    struct tomte_view_node node;
};

/* A port of a container that the node owns. Its peers: of an in port who
 * serves or sends it (none or one); of an out port the actuator, or who
 * consumes the events. Who reads a state comes by itself and is not listed. */
struct tomte_view_port {
    struct tomte_name name;
    struct tomte_channel_name channel; /* empty: bound to nothing */
    uint8_t direction;                 /* enum tomte_port_direction */
    uint8_t kind;                      /* enum tomte_port_kind */
    uint8_t peers_len;
    struct tomte_span peers;
};

/* A resource of this node that others write to or get events from. An actuator
 * has at most one peer: the container that may write, and the epoch below which
 * it is refused, also while that epoch is not active yet. No peer: nobody may.
 * A resource of kind event lists its consumers. Others are not in the view. */
struct tomte_view_resource {
    struct tomte_channel_name channel;
    bool actuator;
    uint8_t peers_len;
    struct tomte_span peers;
};

/* The view of the node in this slot; `*bytes` is borrowed from `out`. FULL when
 * it is too small; with out.data NULL only the size is counted. */
TOMTE_MUST_CHECK enum tomte_err tomte_view_encode(const struct tomte_home *home,
                                                  uint16_t node,
                                                  struct tomte_buf out,
                                                  struct tomte_span *bytes);

/* Checks all of it, to the last peer; `view` borrows from `bytes`. VERSION for
 * another format; RANGE when it has more than base/limits.h allows. */
TOMTE_MUST_CHECK enum tomte_err tomte_view_open(struct tomte_span bytes,
                                                struct tomte_view *view);

/* Walking through an opened view: begin a walk, then next until false. */
struct tomte_view_iter {
    struct tomte_cbor_dec dec;
};

void tomte_view_keepers(const struct tomte_view *view,
                        struct tomte_view_iter *it);
bool tomte_view_next_keeper(struct tomte_view_iter *it,
                            struct tomte_view_node *node);

void tomte_view_placements(const struct tomte_view *view,
                           struct tomte_view_iter *it);
bool tomte_view_next_placement(struct tomte_view_iter *it,
                               struct tomte_view_placement *placement);

void tomte_view_ports(const struct tomte_view_placement *placement,
                      struct tomte_view_iter *it);
bool tomte_view_next_port(struct tomte_view_iter *it,
                          struct tomte_view_port *port);

void tomte_view_resources(const struct tomte_view *view,
                          struct tomte_view_iter *it);
bool tomte_view_next_resource(struct tomte_view_iter *it,
                              struct tomte_view_resource *resource);

/* The peers of a port or a resource. */
void tomte_view_peers(struct tomte_span peers, struct tomte_view_iter *it);
bool tomte_view_next_peer(struct tomte_view_iter *it,
                          struct tomte_view_peer *peer);

/* The placement of one container; NOT_FOUND when it is not in the view. */
TOMTE_MUST_CHECK enum tomte_err
tomte_view_find(const struct tomte_view *view,
                const struct tomte_name *identity,
                struct tomte_view_placement *placement);
