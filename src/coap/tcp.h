/* SPDX-License-Identifier: Apache-2.0 */
/* coap/tcp.h: CoAP messages on a stream (RFC 8323).
 *
 *    | Len : 4 | TKL : 4 | extended Len : 0-4 | Code | Token | Options ...
 *                                                  | 0xff | Payload ... |
 *
 * Len counts what is behind the token. A nibble of 13, 14 or 15 stands for an
 * extension of 1, 2 or 4 bytes, less 13, 269 or 65805, in network order. There
 * are no message IDs, types or repetitions: the stream is reliable, so `type`
 * and `mid` of a message are 0 and mean nothing.
 *
 * Two layers: a codec of plain functions, and the state of one connection, a
 * pure state machine that greets (CSM), answers pings, and says when and why
 * the connection is to be closed. Requests and answers pass through it; tokens
 * are the caller's. */
#pragma once

#include "coap/message.h"

/* Signaling codes (section 5), beside those of coap/message.h. */
enum tomte_coap_signal {
    TOMTE_COAP_SIGNAL_CSM = TOMTE_COAP_CODE(7, 1),
    TOMTE_COAP_SIGNAL_PING = TOMTE_COAP_CODE(7, 2),
    TOMTE_COAP_SIGNAL_PONG = TOMTE_COAP_CODE(7, 3),
    TOMTE_COAP_SIGNAL_RELEASE = TOMTE_COAP_CODE(7, 4),
    TOMTE_COAP_SIGNAL_ABORT = TOMTE_COAP_CODE(7, 5),
};

/* Their options; each code has numbers of its own. */
enum tomte_coap_signal_option {
    TOMTE_COAP_CSM_MAX_MESSAGE_SIZE = 2, /* uint, 0 to 4 bytes */
    TOMTE_COAP_CSM_BLOCK_WISE = 4,       /* empty */
    TOMTE_COAP_PING_CUSTODY = 2,         /* empty; pings and pongs */
    TOMTE_COAP_RELEASE_ADDRESS = 2,      /* string, 1 to 255 bytes */
    TOMTE_COAP_RELEASE_HOLD_OFF = 4,     /* uint, 0 to 3 bytes, seconds */
    TOMTE_COAP_ABORT_BAD_OPTION = 2,     /* uint, 0 to 2 bytes */
};

/* What may be sent before the peer's CSM has come (section 5.3.1). */
#define TOMTE_COAP_TCP_MESSAGE_DEFAULT 1152

/* The longest head: Len and TKL, extended Len, Code. */
#define TOMTE_COAP_TCP_HEAD_MAX 6

/* ---- codec ---- */

/* The first message of a stream's bytes; `used` is how many are its own. `msg`
 * borrows from them.
 *
 *   TRUNCATED  it is not there as a whole yet; *used says how many bytes it has
 *              at least, more than there are
 *   TOO_LARGE  it is longer than `max` bytes; so too is what it would need
 *   MALFORMED  a token longer than 8, a reserved class, options that are none
 *
 * Behind an error nothing more can be read: the connection is over. */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_tcp_decode(struct tomte_span stream, size_t max,
                      struct tomte_coap_msg *msg, size_t *used);

/* Writes a message; FULL when it does not fit into `out`. */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_tcp_encode(const struct tomte_coap_msg *msg, struct tomte_buf out,
                      struct tomte_span *bytes);

/* ---- one connection ----
 *
 * Life: init -> (take | send -> poll until false)* -> wipe
 *
 * Opens with our CSM. Both buffers are the caller's: `in` holds the message
 * that is coming, so it bounds what a peer may send; `out` what was not polled
 * yet. */

struct tomte_coap_tcp_config {
    struct tomte_buf in;  /* its cap is our Max-Message-Size; 64 or more */
    struct tomte_buf out; /* 64 bytes or more beyond the longest message */
    bool block_wise;      /* we do block-wise transfer (section 5.3.2) */
};

enum tomte_coap_tcp_kind {
    TOMTE_COAP_TCP_SEND = 1, /* `bytes` to the peer, in order */
    TOMTE_COAP_TCP_MESSAGE,  /* a request or an answer */
    TOMTE_COAP_TCP_PONG,     /* the ping with msg.token was answered */
    TOMTE_COAP_TCP_RELEASED, /* the peer wants to end: send no new request, and
                                close when all is answered; `hold_off_s` until
                                it wants to see us again */
    TOMTE_COAP_TCP_CLOSE,    /* close now, after what was sent; `err`:
                                RESET       the peer aborted
                                TRUNCATED   the stream ended within a message
                                others      what was wrong with the peer */
};

struct tomte_coap_tcp_effect {
    enum tomte_coap_tcp_kind kind;
    struct tomte_span bytes;   /* SEND: borrowed until the next call */
    struct tomte_coap_msg msg; /* MESSAGE, PONG: borrowed until the next poll
                                   or call */
    uint32_t hold_off_s;       /* RELEASED */
    enum tomte_err err;        /* CLOSE */
};

/* Fields are the module's own. */
struct tomte_coap_tcp {
    struct tomte_coap_tcp_config config;
    struct tomte_span rest; /* of the bytes that were taken last */
    size_t in_len, out_len;
    bool whole; /* `in` is a message that was handed on */
    uint32_t peer_max;
    bool greeted; /* the peer's CSM came */
    bool peer_block_wise;
    bool closed, closing;
    enum tomte_err err;
};

/* RANGE when a buffer is too small. */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_tcp_init(struct tomte_coap_tcp *t,
                    const struct tomte_coap_tcp_config *config);
void tomte_coap_tcp_wipe(struct tomte_coap_tcp *t);

/* Bytes came; they are borrowed until poll returned false. Empty: the stream
 * has ended. */
void tomte_coap_tcp_take(struct tomte_coap_tcp *t, struct tomte_span bytes);

/* A request, an answer, a PING or a RELEASE. TOO_LARGE for what the peer would
 * not take, FULL when `out` has no room now, STATE when it is closed. */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_tcp_send(struct tomte_coap_tcp *t, const struct tomte_coap_msg *msg);

bool tomte_coap_tcp_poll(struct tomte_coap_tcp *t,
                         struct tomte_coap_tcp_effect *effect);

/* What the peer takes; at least the default. `block_wise`: whether it does
 * transfers in blocks, and then in blocks of size exponent 7 (section 6). */
uint32_t tomte_coap_tcp_peer(const struct tomte_coap_tcp *t, bool *block_wise);
