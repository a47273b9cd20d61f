/* SPDX-License-Identifier: Apache-2.0 */
/* ace/params.h: what client, authorization server and resource server say to
 * each other (RFC 9200, RFC 9201, RFC 9203), as application/ace+cbor.
 *
 *   client -> server    POST /token        audience, scope, ...
 *   server -> client    2.01               access_token, cnf, ...; or error
 *   client -> resource  POST /authz-info   access_token, nonce1, recipient id
 *   resource -> client  2.01               nonce2, recipient id
 *   resource -> client  4.01               struct tomte_ace_hints
 *
 * The first four share one registry of labels, so they are one struct and one
 * codec; which parameters have to be there is for those who read it. Codec
 * only, spans in, spans out; all borrowed. Unknown parameters are passed over.
 *
 * Errors: those of cbor/cbor.h, strict mode; UNSUPPORTED for a number that is
 * written as a text. */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* Content-Format application/ace+cbor (RFC 9200 section 8). */
#define TOMTE_ACE_CONTENT_FORMAT 19

struct tomte_ace_number {
    bool given;
    bool asked; /* ace_profile only: null, "please say" */
    int64_t value;
};

/* Bytes: AIF (ace/aif.h) or another format that both know; or a text. */
struct tomte_ace_scope {
    struct tomte_span value; /* NULL when absent */
    bool is_text;
};

/* Values of parameters (RFC 9200 sections 5.8.3, 5.8.4). */
enum tomte_ace_error {
    TOMTE_ACE_INVALID_REQUEST = 1,
    TOMTE_ACE_INVALID_CLIENT = 2,
    TOMTE_ACE_INVALID_GRANT = 3,
    TOMTE_ACE_UNAUTHORIZED_CLIENT = 4,
    TOMTE_ACE_UNSUPPORTED_GRANT_TYPE = 5,
    TOMTE_ACE_INVALID_SCOPE = 6,
    TOMTE_ACE_UNSUPPORTED_POP_KEY = 7,
    TOMTE_ACE_INCOMPATIBLE_PROFILES = 8,
};

#define TOMTE_ACE_GRANT_CLIENT_CREDENTIALS 2 /* also when absent */
#define TOMTE_ACE_TOKEN_POP                2 /* also when absent */
#define TOMTE_ACE_PROFILE_OSCORE           2 /* coap_oscore */

/* Text, bytes, or an encoded map, by what the comment says; NULL when absent.
 * The number is the label. */
struct tomte_ace_params {
    struct tomte_span access_token;      /* 1 bytes: a CWT (cose/cwt.h) */
    struct tomte_ace_number expires_in;  /* 2 seconds */
    struct tomte_span req_cnf;           /* 4 map: cose/cwt.h, cnf */
    struct tomte_span audience;          /* 5 text */
    struct tomte_span cnf;               /* 8 map */
    struct tomte_ace_scope scope;        /* 9 */
    struct tomte_span client_id;         /* 24 text */
    struct tomte_ace_number error;       /* 30 enum tomte_ace_error */
    struct tomte_span error_description; /* 31 text */
    struct tomte_ace_number grant_type;  /* 33 */
    struct tomte_ace_number token_type;  /* 34 */
    struct tomte_ace_number ace_profile; /* 38 */
    struct tomte_span cnonce;            /* 39 bytes */
    struct tomte_span nonce1;            /* 40 bytes */
    struct tomte_span rs_cnf;            /* 41 map */
    struct tomte_span nonce2;            /* 42 bytes */
    struct tomte_span client_id_osc;     /* 43 bytes: client's Recipient ID */
    struct tomte_span server_id_osc;     /* 44 bytes: server's Recipient ID */
};

/* On an error *p is zero. */
TOMTE_MUST_CHECK enum tomte_err
tomte_ace_params_decode(struct tomte_ace_params *p, struct tomte_span in);
TOMTE_MUST_CHECK enum tomte_err
tomte_ace_params_encode(const struct tomte_ace_params *p, struct tomte_buf out,
                        struct tomte_span *encoded);

/* AS Request Creation Hints (RFC 9200 section 5.3): what a resource server says
 * with 4.01 to who has no token. Nothing protects them: whether that server may
 * speak for this resource is for the client to know. */
struct tomte_ace_hints {
    struct tomte_span as;         /* 1 text: its URI */
    struct tomte_span kid;        /* 2 bytes */
    struct tomte_span audience;   /* 5 text */
    struct tomte_ace_scope scope; /* 9 */
    struct tomte_span cnonce;     /* 39 bytes */
};

TOMTE_MUST_CHECK enum tomte_err
tomte_ace_hints_decode(struct tomte_ace_hints *h, struct tomte_span in);
TOMTE_MUST_CHECK enum tomte_err
tomte_ace_hints_encode(const struct tomte_ace_hints *h, struct tomte_buf out,
                       struct tomte_span *encoded);
