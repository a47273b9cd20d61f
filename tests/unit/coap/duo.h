/* SPDX-License-Identifier: Apache-2.0 */
/* Two endpoints, A and B, and the wire between them: a test is the transcript
 * of what they say. Message IDs and tokens are named m1, t1... in the order in
 * which they appear, so a transcript does not depend on the seed:
 *
 *        0 A> CON m1 GET t1 /temperature
 *        0 B: request GET /temperature
 *        0 B> ACK m1 2.05 t1 "22.3 C"
 *        0 A: response 2.05 "22.3 C" last
 *
 * `>` is a datagram on the wire, with `(lost)` or `(twice)` when the test
 * wanted it so; `:` is an effect for the application. */
#pragma once

#include "test.h"

#include "base/base.h"
#include "coap/endpoint.h"

enum { A, B };

struct duo_packet {
    int to;
    size_t len;
    uint8_t bytes[TOMTE_LIMIT_DATAGRAM_BYTES];
};

struct duo {
    struct tomte_coap ep[2];
    struct tomte_addr addr[2];
    uint64_t now_ms;

    struct duo_packet wire[64];
    int on_wire;
    unsigned lose;  /* bit n: the n-th datagram from now on is lost */
    unsigned twice; /* bit n: it arrives twice */

    /* of the last effect of its kind */
    uint32_t request[2], response[2], gone[2];

    uint16_t mids[64];
    uint8_t tokens[64][9];
    int mid_count, token_count;
    char text[16384];
    struct tomte_text log;
    uint8_t *memory[2];
};

/* Sizes of a hub; ACK_RANDOM_FACTOR 1, so that times can be written down. */
struct tomte_coap_config duo_config(void);
struct duo *duo_strangers(void);
struct duo *duo_home(void);

/* A static duo, fresh. Both know each other as links when `home`. */
struct duo *duo_start(const struct tomte_coap_config *config, bool home);

/* Everything on the wire arrives, and what that causes, at this instant. */
void duo_settle(struct duo *d);

/* Time passes; timers run at their deadlines. */
void duo_elapse(struct duo *d, uint64_t ms);

/* What happened since the last check, line by line. */
void duo_check(struct duo *d, const char *file, int line, const char *expected);
#define TRACE(d, expected) duo_check((d), __FILE__, __LINE__, (expected))

/* A asks B. `observe` below 0: without that option. */
uint32_t duo_ask(struct duo *d, bool confirmable, uint8_t code,
                 const char *path, int observe, const char *payload);

/* B answers its last request. */
enum tomte_err duo_answer(struct duo *d, uint8_t code, const char *payload);

/* B accepts its last request as an observer of resource 7, and answers. */
uint32_t duo_accept(struct duo *d, const char *payload);

/* B notifies. */
enum tomte_err duo_notify(struct duo *d, uint32_t observer, const char *payload,
                          bool confirm);

/* The same, and no chance in when an observation goes stale. A observes B's
 * resource 7; the transcript of that is checked and gone. */
struct tomte_coap_config duo_observe_config(void);
struct duo *duo_observing(bool home, uint32_t *observer, uint32_t *handle);

/* A registers again, or with 1 deregisters. */
enum tomte_err duo_renew(struct duo *d, uint32_t handle, uint32_t observe);

/* Raw bytes from an address to an endpoint; its effects are logged. */
enum tomte_err duo_inject(struct duo *d, int to, const struct tomte_addr *from,
                          const char *hex);
