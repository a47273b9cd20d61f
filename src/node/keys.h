/* SPDX-License-Identifier: Apache-2.0 */
/* node/keys.h: who this node is, and whom it believes.
 *
 * Its key pair is drawn at the first start, kept in the store and never given
 * away; who has the store has the node. The charter (ace/charter.h) is its only
 * anchor: it comes with the config, a higher number wins and is stored before
 * it counts. A node without one is nobody's: it believes nobody and serves
 * nothing but /.well-known/core.
 *
 * Others are known by their public keys: the owner and the keepers from the
 * charter, the nodes, on a keeper, from the home. */
#pragma once

#include "ace/association.h"
#include "ace/charter.h"
#include "base/addr.h"

struct tomte_node;

/* What a key may ask for follows from whose it is. */
enum node_role {
    ROLE_NONE,
    ROLE_OWNER,
    ROLE_KEEPER,
    ROLE_NODE, /* known to this keeper */
};

struct node_known {
    enum node_role role;
    struct tomte_name name; /* of the node; the owner has none */
    uint8_t open[TOMTE_P256_PUBLIC_BYTES];
};

struct node_keys {
    struct tomte_key_pair own;
    bool has_charter;
    struct tomte_charter charter;
};

/* Before the first sync of a start: what is new is stored by it. */
TOMTE_MUST_CHECK enum tomte_err node_keys_init(struct tomte_node *n);

/* Whose key begins so (ace/association.h): ROLE_NONE when nobody's who may
 * speak here. */
struct node_known node_keys_find(const struct tomte_node *n,
                                 struct tomte_span begin);

/* Whether it is still so: names change their keys, and keys go. The role may
 * be another. */
bool node_keys_still(const struct tomte_node *n, struct node_known *peer);

/* A charter that comes while the node runs: DENIED, STALE and others as of
 * tomte_charter_follow; it counts from now on, and is stored by this step. */
TOMTE_MUST_CHECK enum tomte_err node_keys_take(struct tomte_node *n,
                                               struct tomte_span message);

/* The keeper at this address, by the config, the view, or a keeper's own home;
 * where the charter names one keeper only it is that. A node of the home. */
struct node_known node_keys_keeper(const struct tomte_node *n,
                                   const struct tomte_addr *addr);
struct node_known node_keys_node(const struct tomte_node *n,
                                 const struct tomte_name *name);
