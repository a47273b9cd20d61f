/* SPDX-License-Identifier: Apache-2.0 */
/* Two endpoints on a network that loses, repeats and reorders, from a seed.
 *
 * Both ask each other; node 0 observes a counter of node 1. While it runs the
 * world checks, at every delivery:
 *  - a POST is handed to the application at most once;
 *  - an answer is the one to that request, and a request ends exactly once;
 *  - the books of both endpoints are right (audit.h).
 * world_calm then stops the losses and checks
 *  - that every request has ended;
 *  - that the last state of the counter has arrived. */
#pragma once

#include "test.h"

#include "base/base.h"
#include "coap/endpoint.h"

#define WORLD_ASKS    4096
#define WORLD_PACKETS 512

struct world_ask {
    uint32_t handle;
    uint8_t from;
    bool safe; /* a GET: may be delivered twice when tables are small */
    uint8_t delivered, answered, failed, cancelled;
};

struct world_packet {
    uint64_t at_ms;
    uint8_t to;
    size_t len;
    uint8_t bytes[TOMTE_LIMIT_DATAGRAM_BYTES];
};

struct world_answer {
    uint64_t at_ms;
    uint32_t handle, id;
};

struct world {
    struct tomte_random random;
    uint64_t now_ms;
    struct tomte_coap ep[2];
    struct tomte_addr addr[2];
    uint8_t *memory[2];

    unsigned loss, twice; /* in a thousand */
    unsigned delay_ms;    /* at most */
    unsigned busy;        /* actions in a thousand steps */
    bool small;           /* tables so small that a GET may come twice */
    struct world_packet wire[WORLD_PACKETS];
    int on_wire;
    unsigned lost, repeated;

    struct world_ask asks[WORLD_ASKS];
    uint32_t ask_count;
    struct world_answer answers[2][256]; /* promised for later */
    int answer_count[2];

    uint32_t counter, seen; /* node 1's, and what node 0 knows of it */
    bool dirty;             /* a notification was refused: try again */
    uint32_t observation;   /* node 0's handle; 0: none */
};

void world_start(struct world *w, const struct tomte_coap_config *config,
                 uint64_t seed);
void world_run(struct world *w, uint64_t ms);
void world_calm(struct world *w);
void world_end(struct world *w);
