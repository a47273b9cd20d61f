/* SPDX-License-Identifier: Apache-2.0 */
/* sim/person.h: what the files of the person share. */
#pragma once

#include "world.h"

#include "coap/endpoint.h"

#define DEPLOYS_MAX 512
#define PRESSES_MAX 32768

struct deploy {
    uint32_t lease_ms; /* not a container but this command, when not 0 */
    char identity[32];
    uint8_t *image;
    size_t len;
    struct person_bind binds[TOMTE_LIMIT_PORTS];
};

struct person {
    struct sim *w;
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

/* ---- person_deploy.c ---- */

/* Sends the next piece, when it is time. */
void person_go_on(struct person *p);
void person_deploy_answer(struct person *p, const struct tomte_coap_msg *msg);
void person_deploy_failed(struct person *p);
