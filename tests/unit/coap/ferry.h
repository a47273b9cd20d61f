/* SPDX-License-Identifier: Apache-2.0 */
/* Long representations over networks that keep no promise, from a seed: three
 * clients observe one resource of a server, which is as long as its version
 * makes it, and change it with bodies as long as their number makes them.
 *
 * While it runs the ferry checks
 *  - that what a client has put together is one version, whole, and never an
 *    older one than it had (RFC 7641 section 4.5, RFC 7959 section 2.6);
 *  - that a body which the server was given is one that a client sent, whole;
 *  - that nobody has more outstanding than NSTART, and no observer gets a NON
 *    within 3 seconds of the last notification (section 4.5.1).
 * ferry_calm stops losses and changes and checks
 *  - that each client has the last version: eventual consistency. */
#pragma once

#include "test.h"

#include "base/base.h"
#include "base/bytes.h"
#include "coap/blocks.h"
#include "coap/endpoint.h"
#include "coap/transfer.h"

#define FERRY_CLIENTS 3
#define FERRY_SERVER  FERRY_CLIENTS
#define FERRY_BYTES   2500 /* of a body, at most */
#define FERRY_PACKETS 512

struct ferry_packet {
    uint64_t at_ms;
    uint8_t from, to;
    uint16_t len;
    uint8_t bytes[TOMTE_LIMIT_DATAGRAM_BYTES];
};

/* A transfer that is under way, and the request that belongs to it. */
struct ferry_trip {
    struct tomte_coap_transfer transfer;
    bool busy;
    uint32_t handle; /* 0: none */
    uint8_t memory[160], body[FERRY_BYTES];
    uint32_t len;    /* received so far */
    uint32_t number; /* an upload's */
};

struct ferry_client {
    struct ferry_trip down, up;
    uint32_t observation; /* handle; 0: none */
    uint64_t register_ms;
    uint32_t seen; /* version */
    unsigned whole, restarts, failed, uploads;
};

struct ferry {
    struct tomte_random random;
    uint64_t now_ms;
    struct tomte_coap ep[FERRY_CLIENTS + 1];
    struct tomte_addr addr[FERRY_CLIENTS + 1];
    uint8_t *memory[FERRY_CLIENTS + 1];
    struct ferry_client client[FERRY_CLIENTS];

    struct tomte_coap_blocks blocks; /* the server's */
    uint8_t *block_memory;
    uint32_t version;
    bool dirty; /* not all observers have been notified */
    unsigned changes;
    uint64_t notified_ms[FERRY_CLIENTS];
    uint32_t notified_mid[FERRY_CLIENTS];

    unsigned loss, twice; /* in a thousand */
    unsigned delay_ms;
    unsigned busy;    /* changes in a hundred thousand steps */
    uint32_t numbers; /* of uploads so far */
    struct ferry_packet wire[FERRY_PACKETS];
    int on_wire;
};

void ferry_start(struct ferry *f, const struct tomte_coap_config *config,
                 uint16_t places, uint8_t szx, uint64_t seed);
void ferry_run(struct ferry *f, uint64_t ms);
void ferry_calm(struct ferry *f);
void ferry_end(struct ferry *f);

/* ferry_client.c */
void ferry_client_effect(struct ferry *f, int who,
                         const struct tomte_coap_effect *e);
void ferry_client_act(struct ferry *f, int who);

/* A body by its number: how long it is, and each byte. */
static inline uint32_t ferry_len(uint32_t number)
{
    return number * 733 % (FERRY_BYTES - 8) + 8;
}

static inline uint8_t ferry_byte(uint32_t number, uint32_t at)
{
    if (at < 4)
        return (uint8_t)(number >> (8 * at));
    return (uint8_t)(number * 31 + at * 7 + at / 256);
}

void ferry_check_body(struct tomte_span body, uint32_t *number);
