/* SPDX-License-Identifier: Apache-2.0 */
/* A home of two nodes, keeper "attic" and "hall", and everybody who is not of
 * it: whoever can send a datagram, with whatever keys. Virtual time; datagrams
 * between the nodes arrive, in order. */
#pragma once

#include "test.h"

#include "node/internal.h"
#include "node/person.h"
#include "sim/disk.h"

enum { ATTIC, HALL, STRANGER, RIG_NODES = 2 };

#define fake (&tomte_crypto_fake)

struct rig_node {
    struct tomte_node_config config;
    struct tomte_node_resource lamp;
    struct tomte_disk *disk;
    struct tomte_block block;
    struct tomte_arena arena;
    uint8_t memory[24 << 20];
    struct tomte_node *node;
    uint8_t open[TOMTE_P256_PUBLIC_BYTES];
};

struct rig {
    uint64_t now_ms;
    struct rig_node nodes[RIG_NODES];
    uint8_t home[TOMTE_HOME_ID_BYTES];
    struct tomte_key_pair owner;
    struct tomte_charter charter;
    uint8_t message[TOMTE_CHARTER_BYTES_MAX]; /* the charter, signed */
    size_t message_len;
    uint16_t mid;
    bool heard; /* the stranger: the last answer */
    struct tomte_coap_msg answer;
    uint8_t bytes[TOMTE_LIMIT_DATAGRAM_BYTES];
};

extern struct rig rig;

/* Both run; the charter names attic. Hall is not admitted yet. */
void rig_begin(void);
void rig_start(unsigned node);
void rig_pass(uint64_t ms);

struct tomte_key_pair rig_pair(uint8_t seed);
struct tomte_addr rig_addr(unsigned node);

/* From the stranger's address, as it is; the answer's code, 0: none. */
uint8_t rig_say(unsigned to, const struct tomte_coap_parts *parts);
/* "/path", without protection. */
uint8_t rig_plain(unsigned to, uint8_t code, const char *path);

/* Under a context. What was inside is in *plain, in static memory. A challenge
 * is answered. */
uint8_t rig_sealed(unsigned to, struct tomte_oscore *o, uint8_t code,
                   const char *path, const char *query,
                   struct tomte_span payload);
/* The context of whoever has this key with a node: of a person's program, or
 * of a node that asks. */
struct tomte_oscore rig_person(const struct tomte_key_pair *pair,
                               unsigned node);
struct tomte_oscore rig_asker(const struct tomte_key_pair *pair, unsigned node);

/* The owner tells the keeper hall's key. */
void rig_admit(void);
