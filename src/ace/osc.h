/* SPDX-License-Identifier: Apache-2.0 */
/* ace/osc.h: OSCORE_Input_Material and what both sides make of it (RFC 9203
 * sections 3.2.1 and 4.3).
 *
 * The server puts the same material into the client's `cnf` and into the
 * token's; client and resource server exchange nonces and identifiers, and each
 * derives the security context, whose first message proves the possession. */
#pragma once

#include "ace/params.h"
#include "crypto/crypto.h"

#define TOMTE_ACE_NONCE_BYTES 8 /* RFC 9203 section 4.1: 64 bits recommended */

/* Spans are borrowed; NULL or not `given` when absent, then OSCORE's defaults
 * hold (RFC 8613 section 3.2). */
struct tomte_ace_osc {
    struct tomte_span id;            /* 0: names the material */
    struct tomte_ace_number version; /* 1; 1 is the default and the only one */
    struct tomte_span ms;            /* 2: Master Secret */
    struct tomte_ace_number hkdf;    /* 3: an HMAC's number; default 5 */
    struct tomte_ace_number alg;     /* 4: an AEAD's number; default 10 */
    struct tomte_span salt;          /* 5 */
    struct tomte_span context_id;    /* 6 */
};

/* Room for the encoding of ours: id 8, ms 16, salt 8, context_id 8. */
#define TOMTE_ACE_OSC_BYTES 64

/* The map. UNKNOWN for a parameter that is not above (section 4.2: such a token
 * is refused), MISSING without id or ms, UNSUPPORTED for another version, hkdf
 * or alg than those that this build has. */
TOMTE_MUST_CHECK enum tomte_err tomte_ace_osc_decode(struct tomte_ace_osc *osc,
                                                     struct tomte_span in);
TOMTE_MUST_CHECK enum tomte_err
tomte_ace_osc_encode(const struct tomte_ace_osc *osc, struct tomte_buf out,
                     struct tomte_span *encoded);

/* Master Salt: the encodings of salt, nonce1 and nonce2 as byte strings, one
 * after the other (section 4.3). An absent salt is the empty string. FULL. */
TOMTE_MUST_CHECK enum tomte_err
tomte_ace_osc_master_salt(const struct tomte_ace_osc *osc,
                          struct tomte_span nonce1, struct tomte_span nonce2,
                          struct tomte_buf out, struct tomte_span *salt);

/* May be the two sides' Recipient IDs: they differ, and fit the algorithm
 * (RFC 8613 section 3.3: at most the nonce's length less 6). */
bool tomte_ace_osc_ids_fit(const struct tomte_ace_osc *osc,
                           struct tomte_span client, struct tomte_span server);
