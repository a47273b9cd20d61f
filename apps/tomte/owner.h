/* SPDX-License-Identifier: Apache-2.0 */
/* tomte/owner.h: the owner's key and what it vouches for, as files of a home's
 * directory:
 *
 *   DIR/owner.key     the owner's secret, mode 0600; never on a command line
 *   DIR/charter       what the owner signed last; a copy lies in each NODE/
 *   DIR/NODE/key.pub  the node's public key: written by the node, whose secret
 *                     stays in its storage
 *
 * Whoever has owner.key is the owner. */
#pragma once

#include "home_run.h"

#include "ace/charter.h"

struct owner_node {
    struct tomte_addr addr;
    bool known; /* else its key is not here yet */
    uint8_t open[TOMTE_P256_PUBLIC_BYTES];
};

struct owner {
    const struct tomte_crypto *crypto;
    struct tomte_key_pair pair;
    uint8_t home[TOMTE_HOME_ID_BYTES];
    size_t nodes_len;
    struct owner_node nodes[HOME_NODES_MAX]; /* as in the home file */
};

/* Before the nodes start: makes what is not there yet. Each node makes its own
 * key, and the owner signs a charter when the keepers are not those of the last
 * one. False: `error`. */
bool owner_prepare(const struct home_run *run, char error[256]);

/* These nodes of the home file are the keepers from now on: signed, kept, and
 * told to every node that answers; the others find it when they start. */
struct client;
bool owner_name_keepers(const struct home_run *run, struct client *c,
                        const struct tomte_name *names, size_t len,
                        char error[256]);

/* What owner_prepare has made, for asking nodes. */
bool owner_load(const struct home_run *run, struct owner *owner,
                char error[256]);

void owner_wipe(struct owner *owner);
