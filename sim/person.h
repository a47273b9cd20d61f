/* SPDX-License-Identifier: Apache-2.0 */
/* sim/person.h: what the files of the person share. */
#pragma once

#include "world.h"

#include "coap/endpoint.h"
#include "node/person.h"

#define DEPLOYS_MAX 4096
#define PRESSES_MAX 32768

struct deploy {
    uint32_t lease_ms; /* not a container but this command, when not 0 */
    bool admit;        /* nor that, but this: the node `node` with its key */
    uint16_t node;
    char identity[32];
    uint8_t *image;
    size_t len;
    struct person_bind binds[TOMTE_LIMIT_PORTS];
};

#define PERSON_TIMEOUT_MS 8000

struct person_bond {
    bool used;
    uint8_t open[TOMTE_P256_PUBLIC_BYTES];
    struct tomte_oscore o;
};

/* A request that is open: what it said, and what binds the answer to it. */
struct person_asked {
    uint32_t handle;
    uint16_t node;
    uint64_t cookie;
    bool challenged; /* said again already */
    uint8_t code;
    uint16_t options_len, payload_len;
    struct tomte_oscore_exchange x;
    uint8_t bytes[TOMTE_LIMIT_DATAGRAM_BYTES];
};

struct person {
    struct sim *w;
    struct tomte_random random;
    struct person_bond bonds[SIM_NODES_MAX];
    struct person_asked *asked; /* beside the exchanges of `coap` */
    struct tomte_coap coap;
    struct tomte_arena arena;
    void *memory;
    struct deploy deploys[DEPLOYS_MAX];
    unsigned count, at;
    bool commanding; /* the image is there */
    uint32_t block;
    bool in_flight;
    uint64_t retry_us;
    uint64_t timer_us;
    struct press presses[PRESSES_MAX];
    unsigned presses_len;
    struct look look;
};

/* Low byte of a cookie; of a press, its index above. */
enum { COOKIE_DEPLOY = 1, COOKIE_PRESS, COOKIE_LOOK };

/* ---- person.c ---- */

uint64_t person_now_ms(const struct person *p);
void person_drain(struct person *p);

/* ---- person_link.c ---- */

bool person_send(struct person *p, uint16_t node,
                 const struct tomte_coap_parts *parts, uint64_t cookie);

enum person_heard {
    PERSON_HEARD,        /* the effect's message is what was inside */
    PERSON_ASKED_AGAIN,  /* the answer comes later */
    PERSON_HEARD_NOBODY, /* not by the node that was asked */
};
/* Of a RESPONSE; what was inside goes into `room`. */
enum person_heard person_open(struct person *p, struct tomte_coap_effect *e,
                              struct tomte_buf room);

/* ---- person_deploy.c ---- */

/* Sends the next piece, when it is time. */
void person_go_on(struct person *p);
void person_deploy_answer(struct person *p, const struct tomte_coap_msg *msg);
void person_deploy_failed(struct person *p);
