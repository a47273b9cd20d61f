/* SPDX-License-Identifier: Apache-2.0 */
/* node/bond.h: security contexts (oscore/oscore.h), each for one direction of
 * asking between this node and one peer.
 *
 * An association (ace/association.h) is derived from static keys when it is
 * first needed, by who asks or by who is asked, and given up for another one
 * when the table is full: it can be derived again. So its keys outlive a start
 * and an eviction, and its sequence numbers must, too.
 *
 * One number is stored for all of them: `reserve`. No context ever uses a
 * number at or above it before it is on stable storage; a context that is
 * derived begins at `begin`, above all that any context used before this start
 * or before it was evicted. A step's one sync makes new numbers free, and
 * datagrams leave after it: law 3 needs no second line.
 *
 * A person's programs come and go, several at a time: each draws an ID context
 * (RFC 8613 section 3.1), so that its keys are its own and die with it. Anybody
 * can name a new one: such a context gets a place only when its first message
 * is authentic, and takes it from another of a person.
 *
 * What a storage that lost names may have forgotten is skipped by NODE_LOST
 * numbers, more than a node uses in a year; a storage that is a new one has a
 * new key. */
#pragma once

#include "node/keys.h"
#include "oscore/oscore.h"

#define NODE_ECHO_MAX 40 /* RFC 9175 section 2.2.1 */

struct tomte_node_config;

struct bond {
    bool used;
    bool client;     /* it asks; else it is asked */
    bool passing;    /* of a person's program: has an ID context */
    uint32_t number; /* tells who has the place later; never comes again */
    uint64_t used_ms;
    struct node_known peer;
    uint8_t echo_len; /* client: what the peer wants to see again */
    uint8_t echo[NODE_ECHO_MAX];
    struct tomte_oscore o;
};

struct node_bonds {
    struct bond *list;
    struct bond guest;              /* of a person, not yet authentic */
    struct tomte_association owner; /* with the owner's key */
    bool has_owner;
    uint8_t owner_open[TOMTE_P256_PUBLIC_BYTES];
    uint16_t len;
    uint32_t last;    /* number that was given last */
    uint64_t begin;   /* where contexts that are derived now begin */
    bool fresh;       /* no key of this node was ever used before this start,
                          none was evicted */
    uint64_t reserve; /* stored: numbers below are free */
    uint64_t wanted;  /* to be stored by this step */
    uint64_t storing; /* written, not synced */
    uint64_t challenge_ms; /* of the second that is counted */
    uint16_t challenges;
};

size_t node_bond_memory(const struct tomte_node_config *config);

/* Before the first sync of a start. */
TOMTE_MUST_CHECK enum tomte_err node_bond_init(struct tomte_node *n);

/* The association by which this node asks that one; NULL when its key is not
 * known. Derived when there is none yet. */
struct bond *node_bond_to(struct tomte_node *n, const struct node_known *peer);

/* To the keeper at this address. */
struct bond *node_bond_to_keeper(struct tomte_node *n,
                                 const struct tomte_addr *addr);

/* The one that a request with this option is for; NULL. When the request was
 * authentic, whatever else was wrong with it: node_bond_keep, which gives where
 * the bond is from then on. */
struct bond *node_bond_for(struct tomte_node *n,
                           const struct tomte_oscore_option *option);
struct bond *node_bond_keep(struct tomte_node *n, struct bond *b);

/* The bond of this number; NULL when it is no more. */
struct bond *node_bond_find(struct tomte_node *n, uint32_t number);

/* As of oscore/oscore.h. AGAIN is settled here where numbers are stored. A
 * request brings back the Echo that the peer asked for. */
TOMTE_MUST_CHECK enum tomte_err
node_bond_request(struct tomte_node *n, struct bond *b,
                  const struct tomte_coap_parts *plain, struct tomte_buf out,
                  struct tomte_oscore_exchange *x,
                  struct tomte_coap_parts *message);
TOMTE_MUST_CHECK enum tomte_err
node_bond_response(struct tomte_node *n, struct bond *b,
                   struct tomte_oscore_exchange *x,
                   const struct tomte_coap_parts *plain, struct tomte_buf out,
                   struct tomte_coap_parts *message);
/* AGAIN also when too many were made in this second: each costs a number. */
TOMTE_MUST_CHECK enum tomte_err
node_bond_challenge(struct tomte_node *n, struct bond *b,
                    struct tomte_oscore_exchange *x, struct tomte_buf out,
                    struct tomte_coap_parts *message);

/* The peer has answered with an Echo: true, and it is remembered. */
bool node_bond_challenged(struct bond *b, const struct tomte_coap_parts *plain);

/* Before the sync of a step, and after it. */
void node_bond_store(struct tomte_node *n);
void node_bond_synced(struct tomte_node *n);
