/* SPDX-License-Identifier: Apache-2.0 */
/* coap/transfer.h: one request and its answer, each of any length, as a
 * client sees them (RFC 7959 sections 2.4, 2.5, 2.7; RFC 9175).
 *
 * A pure state machine between an application and whatever sends requests: the
 * endpoint, or OSCORE in front of it. It never touches a body: it says which
 * part of the request's body goes into the next request, and hands on what
 * came of the answer's, so neither needs to be in memory.
 *
 * Life:
 *   init -> poll until false -> (step -> poll until false)* -> wipe
 *
 *   ASK      make this request; its answer goes into `step`. One is under way
 *            at most: another ASK takes the place of the one before, whose
 *            request is to be cancelled.
 *   PIECE    bytes of the answer's body, in order, from offset `at`.
 *   RESTART  what came in PIECEs is void: the representation has changed
 *            meanwhile, and comes again from its beginning.
 *   DONE     the answer, of any class. Success: its body has come in PIECEs.
 *            An error: its payload is a diagnostic (RFC 7252 section 5.5.2).
 *   FAILED   there is no answer that makes sense; `err` says why.
 *
 * After DONE or FAILED nothing more comes. It has no deadline of its own: a
 * request that ends without an answer is its sender's to tell; the application
 * then asks again, tomte_coap_transfer_again, or gives up.
 *
 * Block sizes: `szx` is the largest block sent or asked for; a smaller one that
 * the server prefers is kept to from then on (sections 2.3, 2.4).
 *
 * Changes under way: two blocks are of one representation when they have the
 * same code and ETag. If not, a GET or FETCH begins again, `restarts` times at
 * most; any other method FAILED(AGAIN), for to repeat it is the application's
 * decision. The same limit holds for 4.08 to an upload (the server lost what
 * it had) and 4.13 with a smaller size; and, for each request, for challenges
 * by Echo (RFC 9175 section 2.3), which are answered here. */
#pragma once

#include "coap/block.h"

/* What an ASK adds to the options: Block1, Block2, Size1, Request-Tag, Echo. */
#define TOMTE_COAP_TRANSFER_OPTIONS_BYTES 80

struct tomte_coap_transfer_config {
    uint8_t code;              /* of the request */
    struct tomte_span options; /* without Block options; borrowed for the life
                                  of the transfer */
    uint32_t body_len;         /* of the request */
    uint32_t answer_max;       /* longer: FAILED(TOO_LARGE) */
    uint8_t szx;               /* 0 to 6 */
    uint8_t restarts;
    bool early;   /* ask for `szx` in the first request (section 2.4); a
                       server without Block2 answers 4.02 */
    uint64_t tag; /* Request-Tag of an upload in blocks; 0: none. This one
                       and the `restarts` numbers behind it are used, and may
                       not have been before towards this server. With OSCORE it
                       keeps blocks of two bodies apart (RFC 9175 section
                       3.5.1); it lets one client have several uploads under
                       way at one resource (section 3.5.2). */
};

enum tomte_coap_transfer_kind {
    TOMTE_COAP_TRANSFER_ASK = 1,
    TOMTE_COAP_TRANSFER_PIECE,
    TOMTE_COAP_TRANSFER_RESTART,
    TOMTE_COAP_TRANSFER_DONE,
    TOMTE_COAP_TRANSFER_FAILED,
};

struct tomte_coap_transfer_effect {
    enum tomte_coap_transfer_kind kind;
    uint8_t code;               /* ASK, DONE */
    struct tomte_span options;  /* ASK: borrowed until the next step or poll.
                                    DONE: as `bytes` */
    uint32_t body_at, body_len; /* ASK: the payload is this part of the body */
    uint32_t at;                /* PIECE: offset; DONE: the body's length */
    uint32_t size;              /* PIECE: what Size2 announced, or 0 */
    struct tomte_span bytes;    /* PIECE, DONE with an error: borrowed from the
                                    message of the step */
    enum tomte_err err;         /* FAILED */
};

/* Fields are the module's own. */
struct tomte_coap_transfer {
    struct tomte_coap_transfer_config config;
    struct tomte_buf memory;
    uint8_t phase;
    uint8_t emit;
    uint8_t szx;
    uint8_t restarts;
    uint8_t challenges; /* by Echo, of the request under way */
    uint32_t sent;      /* of the request's body: acknowledged */
    uint32_t sending;   /* and under way behind that */
    uint32_t got;       /* of the answer's */
    uint32_t size;      /* Size2, or 0 */
    uint8_t code;       /* of the first block of the answer */
    uint8_t etag_len, echo_len;
    uint8_t etag[TOMTE_COAP_ETAG_MAX];
    uint8_t echo[40];
    bool follows;      /* a notification: never registers */
    bool asked_block2; /* the request under way has Block2 */
    bool in_blocks;    /* the request's body goes in blocks */
    struct tomte_coap_transfer_effect piece, end;
};

/* `memory` is where the options of an ASK are put together: room for those of
 * the config and TOMTE_COAP_TRANSFER_OPTIONS_BYTES more. */
void tomte_coap_transfer_init(struct tomte_coap_transfer *t,
                              const struct tomte_coap_transfer_config *config,
                              struct tomte_buf memory);

/* The same, for an answer whose first block is there already: a notification
 * (section 2.6). The rest is asked for without Observe. May be called again
 * with each newer notification, whatever is under way. */
void tomte_coap_transfer_follow(struct tomte_coap_transfer *t,
                                const struct tomte_coap_msg *notification);

/* The answer to the last ASK. `msg` is borrowed until poll returned false. */
void tomte_coap_transfer_step(struct tomte_coap_transfer *t,
                              const struct tomte_coap_msg *msg);

/* The last ASK once more. */
void tomte_coap_transfer_again(struct tomte_coap_transfer *t);

bool tomte_coap_transfer_poll(struct tomte_coap_transfer *t,
                              struct tomte_coap_transfer_effect *effect);

void tomte_coap_transfer_wipe(struct tomte_coap_transfer *t);
