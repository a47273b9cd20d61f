/* SPDX-License-Identifier: Apache-2.0 */
/* An endpoint of src/coap on a UDP socket of 127.0.0.1, for coap_test.py. */
#pragma once

#include "coap/endpoint.h"

struct peer {
    struct tomte_coap ep;
    int fd;
    int group; /* the socket of All CoAP Nodes, or below 0 */
    uint16_t port;
    unsigned sent;
    uint8_t szx;   /* largest block, 0 to 6 */
    unsigned lose; /* bit n: the n-th datagram that would go is lost */
    uint8_t datagram[TOMTE_LIMIT_DATAGRAM_BYTES + 1]; /* of the last step */
};

/* Any free port for 0. `known`: as in struct tomte_coap_config. */
void peer_open(struct peer *p, uint16_t port, const uint16_t *known,
               size_t known_count);

/* Hears what is sent to 224.0.1.187, at the same port (RFC 7252 section 8). */
void peer_join(struct peer *p);

/* Waits for one datagram or the deadline, `until_ms` at most, and steps. */
void peer_wait(struct peer *p, uint64_t until_ms);

/* The next effect for the application; what is to be sent has been. */
bool peer_poll(struct peer *p, struct tomte_coap_effect *effect);

uint64_t peer_now_ms(void);
_Noreturn void peer_fail(const char *what);

/* coap_serve.c, coap_ask.c: the two sides; arguments as coap_peer.c says. */
void serve(struct peer *p);
int ask(struct peer *p, int argc, char **argv);
