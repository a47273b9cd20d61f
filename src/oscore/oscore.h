/* SPDX-License-Identifier: Apache-2.0 */
/* oscore/oscore.h: CoAP messages that nobody on the way can read, change,
 * repeat or answer (OSCORE, RFC 8613): one security context, and the messages
 * that it protects.
 *
 * A pure state machine between whoever makes requests and answers and the CoAP
 * endpoint. It has no time and no peers' addresses; what it sends and receives
 * are the parts of messages. All memory is the caller's.
 *
 *   client                                       server
 *   protect_request   --- POST, OSCORE --->      find, is_for, then
 *     (keeps an exchange)                        unprotect_request
 *                                                  (keeps an exchange)
 *   unprotect_response <-- 2.04, OSCORE ---      protect_response
 *
 * An endpoint may be both with one context. The exchange (24 bytes) binds a
 * response to its request (section 7.1): beside each protected request that is
 * open both sides keep one, for an observation as long as it lives.
 *
 * Nonces. A key and a nonce are never used twice, whatever crashes when
 * (section 7.2, appendix B.1.1): a sender's number is used only when a higher
 * one is known to be on stable storage, and after a start numbers go on from
 * the stored one. So, when protect says AGAIN, or at any time poll has
 * something:
 *
 *   while (tomte_oscore_poll(o, &e))
 *       ... store e.sequence for this context ...
 *       tomte_oscore_stored(o, e.sequence);
 *
 * and what was protected since leaves only after that is safe: either call
 * stored after the sync, or let no datagram pass before it. A context whose
 * keys die with the memory (`volatile_keys`) needs none of this.
 *
 * Replays. Requests pass a window of 32. After a start the window is lost: then
 * the first request is refused with AGAIN, `challenge` makes the answer (4.01
 * with Echo, appendix B.1.2), and a request that brings the Echo back sets the
 * window anew.
 *
 * Observe. A notification has a number of its own; the client takes only those
 * higher than the last (section 4.1.3.5.2), whatever the outer Observe option
 * says. Its loss or forgery never ends an observation.
 *
 * Blocks. Inner ones are options like others: cut first, then protect. Outer
 * ones, which only a proxy makes, are put together first (coap/transfer.h, at
 * most TOMTE_OSCORE_UNFRAGMENTED_MAX), then unprotected.
 *
 * What stays visible: Uri-Host, Uri-Port, Proxy-Scheme, Hop-Limit, that it is a
 * registration, lengths, and who talks to whom. Proxy-Uri is not split here
 * (section 4.1.3.3): give Proxy-Scheme and Uri-Host instead.
 *
 * Life: init -> (protect | unprotect | poll | stored)* -> wipe. */
#pragma once

#include "base/base.h"
#include "coap/endpoint.h"
#include "crypto/crypto.h"
#include "oscore/option.h"
#include "oscore/window.h"

#define TOMTE_OSCORE_KEY_MAX     32
#define TOMTE_OSCORE_NONCE_MAX   13
#define TOMTE_OSCORE_ID_MAX      7 /* nonce less 6 (section 3.3) */
#define TOMTE_OSCORE_CONTEXT_MAX 16
#define TOMTE_OSCORE_ECHO_BYTES  8

/* MAX_UNFRAGMENTED_SIZE (section 4.1.3.4.2): what the sender must cut into
 * inner blocks instead. */
#define TOMTE_OSCORE_UNFRAGMENTED_MAX TOMTE_LIMIT_DATAGRAM_BYTES

/* What protecting adds to options and payload, at most: the OSCORE option (2 +
 * 1 + 5 + 1 + 16 + 7), an outer Observe, code, marker, tag. */
#define TOMTE_OSCORE_OVERHEAD_BYTES 60

/* Sequence numbers that one store makes free, unless said. */
#define TOMTE_OSCORE_STEP 256u

/* Where keys come from (section 3.2). Borrowed during init; the caller wipes
 * the secret. (Master Secret, Salt, ID Context) is used for one pair of
 * endpoints only, with different IDs. */
struct tomte_oscore_config {
    struct tomte_span master_secret;
    struct tomte_span master_salt; /* may be empty */
    struct tomte_span sender_id, recipient_id;
    struct tomte_span id_context;
    bool has_id_context;
    bool send_id_context; /* in requests, as kid context (section 5.1) */
    int64_t alg;          /* 0: AES-CCM-16-64-128; the hash is SHA-256 */
    bool volatile_keys;   /* never derived again after a restart */
    bool restarted;       /* these keys may have been used before */
    uint64_t stored;      /* the sequence that was stored last; 0: none */
    uint32_t step;        /* 0: TOMTE_OSCORE_STEP */
    /* With `restarted`: random, new at each start. */
    uint8_t echo[TOMTE_OSCORE_ECHO_BYTES];
};

struct tomte_oscore {
    const struct tomte_crypto *crypto;
    uint64_t next;  /* our next sequence number */
    uint64_t limit; /* below this they may be used */
    uint64_t asked; /* what poll asked to store */
    struct tomte_oscore_window window;
    uint32_t step; /* 0: nothing is stored */
    uint8_t sender_key[TOMTE_OSCORE_KEY_MAX];
    uint8_t recipient_key[TOMTE_OSCORE_KEY_MAX];
    uint8_t common_iv[TOMTE_OSCORE_NONCE_MAX];
    uint8_t sender_id[TOMTE_OSCORE_ID_MAX];
    uint8_t recipient_id[TOMTE_OSCORE_ID_MAX];
    uint8_t id_context[TOMTE_OSCORE_CONTEXT_MAX];
    uint8_t echo[TOMTE_OSCORE_ECHO_BYTES];
    uint8_t alg; /* those of src/crypto fit */
    uint8_t key_len, nonce_len;
    uint8_t sender_id_len, recipient_id_len, id_context_len;
    bool has_id_context : 1;
    bool send_id_context : 1;
    bool window_lost : 1;
    bool has_echo : 1;
    bool needs : 1; /* a number was wanted and not there */
    bool used : 1;  /* one was used in this life */
};

/* What a context may take of a microcontroller's memory. */
_Static_assert(sizeof(struct tomte_oscore) < 400, "memory per peer");

/* One protected request, on either side. Fields to read: */
struct tomte_oscore_exchange {
    uint64_t piv;          /* of the request */
    uint64_t notification; /* client: number of the last one */
    bool client;
    bool observe;  /* the request registers (Observe 0) */
    bool fresh;    /* server: it brought our Echo back */
    bool answered; /* the request's nonce is used up, or must not be used */
    bool notified; /* client: `notification` is set */
};

/* INVALID (no secret, IDs equal), TOO_LARGE (an ID or ID context), UNSUPPORTED
 * (algorithm). On an error *o is wiped. */
TOMTE_MUST_CHECK enum tomte_err
tomte_oscore_init(struct tomte_oscore *o, const struct tomte_crypto *c,
                  const struct tomte_oscore_config *config);
void tomte_oscore_wipe(struct tomte_oscore *o);

/* ---- storage ----------------------------------------------------------- */

struct tomte_oscore_effect {
    uint64_t sequence; /* to be stored for this context */
};

/* True until `stored` says that it is. */
bool tomte_oscore_poll(struct tomte_oscore *o, struct tomte_oscore_effect *e);
void tomte_oscore_stored(struct tomte_oscore *o, uint64_t sequence);

/* ---- client ------------------------------------------------------------ */

/* The message into `out`, which overlaps nothing of `plain` and has room for
 * its options and payload and TOMTE_OSCORE_OVERHEAD_BYTES; `message` points
 * there.
 *
 *   AGAIN   no sequence number is free: poll, store, try again
 *   STATE   the numbers are used up for good: derive another context
 *   OPTION  has an OSCORE, EDHOC or Proxy-Uri option
 *   FULL, TOO_LARGE */
TOMTE_MUST_CHECK enum tomte_err tomte_oscore_protect_request(
    struct tomte_oscore *o, const struct tomte_coap_parts *plain,
    struct tomte_buf out, struct tomte_oscore_exchange *x,
    struct tomte_coap_parts *message);

/* The answer to `x`; `out` has room for the message's payload and options, and
 * may be the memory of the payload. On an error the answer is to be ignored as
 * if it had not come: MALFORMED, DENIED (not authentic), STALE (a second
 * answer, a notification older than the last), INVALID (authentic, but no
 * response), NOT_FOUND (no OSCORE option: not protected, believe nothing). */
TOMTE_MUST_CHECK enum tomte_err tomte_oscore_unprotect_response(
    struct tomte_oscore *o, struct tomte_oscore_exchange *x,
    const struct tomte_coap_parts *message, struct tomte_buf out,
    struct tomte_coap_parts *plain);

/* ---- server ------------------------------------------------------------ */

/* The OSCORE option of a message: NOT_FOUND when it has none, MALFORMED (also
 * when it comes twice). */
TOMTE_MUST_CHECK enum tomte_err
tomte_oscore_find(struct tomte_span options, struct tomte_oscore_option *out);

/* A request with this option is for this context. */
bool tomte_oscore_is_for(const struct tomte_oscore *o,
                         const struct tomte_oscore_option *option);

/* `out` as above; twice that when options for proxies (Uri-Host ...) are
 * outside, which then join the inner ones.
 *
 *   MALFORMED, STALE (a replay), DENIED (not authentic): `refuse` makes the
 *   answer, or there is none
 *   AGAIN   authentic, but perhaps a replay from before the start: `challenge`
 *           makes the answer
 *   INVALID, OPTION (authentic, but no request, or with options that belong
 *           outside): answer as to any request, protected
 *   FULL    nothing was taken */
TOMTE_MUST_CHECK enum tomte_err tomte_oscore_unprotect_request(
    struct tomte_oscore *o, const struct tomte_coap_parts *message,
    struct tomte_buf out, struct tomte_oscore_exchange *x,
    struct tomte_coap_parts *plain);

/* An answer or notification; one with an Observe option is a notification.
 * Errors as of protect_request; without a number of its own, which is the first
 * answer of each exchange, it is never AGAIN or STATE. */
TOMTE_MUST_CHECK enum tomte_err tomte_oscore_protect_response(
    struct tomte_oscore *o, struct tomte_oscore_exchange *x,
    const struct tomte_coap_parts *plain, struct tomte_buf out,
    struct tomte_coap_parts *message);

/* 4.01 with nothing but an Echo; x->fresh of the request that brings it back
 * is true. STATE when there is no Echo value. */
TOMTE_MUST_CHECK enum tomte_err
tomte_oscore_challenge(struct tomte_oscore *o, struct tomte_oscore_exchange *x,
                       struct tomte_buf out, struct tomte_coap_parts *message);

/* A new Echo value, random: for whoever wants a fresh request though there was
 * no restart (section 7.3), or after one was brought back, which uses it up. */
void tomte_oscore_set_echo(struct tomte_oscore *o,
                           const uint8_t echo[TOMTE_OSCORE_ECHO_BYTES]);

/* The unprotected answer to a request that cannot be unprotected (section 8.2):
 * MALFORMED, NOT_FOUND (no context), STALE, DENIED. Max-Age 0. `out` has 2
 * bytes or more. */
void tomte_oscore_refuse(enum tomte_err err, struct tomte_buf out,
                         struct tomte_coap_parts *answer);
