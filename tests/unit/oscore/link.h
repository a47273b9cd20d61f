/* SPDX-License-Identifier: Apache-2.0 */
/* A client and a server, each a CoAP endpoint with OSCORE in front of it, as a
 * node has them, on a network that loses, repeats and reorders, from a seed.
 *
 * The client posts numbered messages and observes a counter of the server; all
 * of it is protected. The server restarts now and then: endpoint, window and
 * exchanges are gone, what it stored is there.
 *
 * While it runs:
 *  - a protected request is handed to the server's application at most once,
 *    restarts included, and is what the client sent;
 *  - an answer is the one to that request; each request ends exactly once;
 *  - what the client believes of the counter never goes back within one
 *    registration.
 * link_calm stops the losses; then all requests end and the counter's last
 * value arrives. */
#pragma once

#include "pair.h"

#define LINK_ASKS    1024
#define LINK_PACKETS 256
#define LINK_TRIES   4 /* of one message, each with a number of its own */

struct link_side {
    struct tomte_coap ep;
    struct tomte_oscore o;
    struct tomte_addr addr;
    uint8_t *memory;
    uint64_t flash;
    bool started;
};

struct link_ask {
    uint32_t handle;
    struct tomte_oscore_exchange x;
    uint8_t try;
    uint8_t delivered[LINK_TRIES];
    uint8_t ended; /* how often; 1 at the end */
    bool answered;
};

struct link_packet {
    uint64_t at_ms;
    uint8_t to;
    size_t len;
    uint8_t bytes[TOMTE_LIMIT_DATAGRAM_BYTES];
};

struct link {
    struct tomte_random random;
    uint64_t now_ms;
    struct link_side side[2]; /* client, server */
    unsigned loss, twice;     /* in a thousand */
    unsigned delay_ms;        /* at most */
    unsigned busy, restart;   /* in a thousand steps, in a million */
    struct link_packet wire[LINK_PACKETS];
    int on_wire;

    struct link_ask asks[LINK_ASKS];
    uint32_t ask_count;

    uint32_t counter, seen;
    uint32_t observation; /* the client's handle; 0: none */
    struct tomte_oscore_exchange registration;
    uint32_t registered_seen; /* by this registration */
    struct {
        uint32_t handle; /* the server's observer; 0: none */
        struct tomte_oscore_exchange x;
    } observer;

    unsigned challenges, refusals, notifications, answers, restarts;
};

void link_start(struct link *w, uint64_t seed);
void link_run(struct link *w, uint64_t ms);
void link_calm(struct link *w);
void link_end(struct link *w);

/* The server is switched off and on. */
void link_restart(struct link *w);

/* The client posts the next message. */
void link_post(struct link *w);
