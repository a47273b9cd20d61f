/* SPDX-License-Identifier: Apache-2.0 */
/* cose/cwt.h: the claims of a CBOR Web Token (RFC 8392) and its confirmation
 * claim (RFC 8747).
 *
 * Codec only. Whether a time has come is for the ray to say (src/ace), whether
 * an audience is us and what a scope means for who knows that. A claim counts
 * after the message that carries it was verified.
 *
 * Stricter than the standards: deterministic CBOR, a claim once, no time before
 * 1970, one audience or a list of texts, one confirmation key. */
#pragma once

#include "cose/cose.h"

#define TOMTE_CWT_TAG 61 /* RFC 8392 section 6 */

/* IANA CBOR Web Token Claims. */
enum tomte_cwt_claim {
    TOMTE_CWT_ISS = 1,
    TOMTE_CWT_SUB = 2,
    TOMTE_CWT_AUD = 3,
    TOMTE_CWT_EXP = 4,
    TOMTE_CWT_NBF = 5,
    TOMTE_CWT_IAT = 6,
    TOMTE_CWT_CTI = 7,
    TOMTE_CWT_CNF = 8,
    TOMTE_CWT_SCOPE = 9,        /* RFC 9200 section 5.10 */
    TOMTE_CWT_ACE_PROFILE = 38, /* the same */
    TOMTE_CWT_CNONCE = 39,      /* the same */
    TOMTE_CWT_EXI = 40,         /* the same */
};

/* Confirmation methods (RFC 8747 section 3.1; osc RFC 9203 section 3.2.1; ckt
 * RFC 9679 section 5.6). */
enum tomte_cwt_method {
    TOMTE_CWT_COSE_KEY = 1,
    TOMTE_CWT_ENCRYPTED_COSE_KEY = 2,
    TOMTE_CWT_KID = 3,
    TOMTE_CWT_OSC = 4,
    TOMTE_CWT_CKT = 5,
};

/* A NumericDate: seconds since 1970. One with a fraction (a float) is rounded
 * down and says so; the moment is then after `seconds`, before the next. Down
 * is the safe side for exp and for iat, for nbf add the second. */
struct tomte_cwt_time {
    bool given;
    bool fraction;
    uint64_t seconds; /* at most INT64_MAX */
};

/* What confirms the holder. What is not there has a NULL pointer. At most one
 * of the first three; kid and ckt may name that same key, or be all there is.
 */
struct tomte_cwt_cnf {
    struct tomte_span cose_key;  /* an encoded map: cose/key.h */
    struct tomte_span encrypted; /* an encoded COSE_Encrypt0 */
    struct tomte_span osc;       /* an encoded OSCORE_Input_Material */
    struct tomte_span kid;
    struct tomte_span ckt; /* a thumbprint with SHA-256 */
};

/* A set of claims. Spans are borrowed; what is not there has a NULL pointer or
 * is not `given`. */
struct tomte_cwt {
    struct tomte_span iss, sub; /* texts */
    struct tomte_span aud;      /* encoded: a text, or an array of texts */
    struct tomte_cwt_time exp, nbf, iat;
    struct tomte_span cti;
    struct tomte_span cnf; /* encoded: tomte_cwt_cnf_decode */
    struct tomte_span scope;
    bool scope_is_text; /* else bytes, as AIF has it (RFC 9237) */
    bool has_exi, has_profile;
    int64_t profile; /* ace_profile */
    struct tomte_span cnonce;
    uint64_t exi;   /* seconds from when the token was first seen */
    size_t unknown; /* claims that were passed over */
};

/* The claims in `in`, one encoded map. Errors of cbor/cbor.h; TYPE, RANGE (a
 * time that is no time), DUPLICATE, INVALID (an empty list of audiences). What
 * is unknown is passed over (RFC 8392 section 3) and counted. */
TOMTE_MUST_CHECK enum tomte_err tomte_cwt_decode(struct tomte_cwt *claims,
                                                 struct tomte_span in);

/* The map. Times are written as integers: INVALID for one with a fraction. */
TOMTE_MUST_CHECK enum tomte_err tomte_cwt_encode(const struct tomte_cwt *claims,
                                                 struct tomte_buf out,
                                                 struct tomte_span *encoded);

/* `audience` is one of those that the token is for; false when it names none.
 */
bool tomte_cwt_is_for(const struct tomte_cwt *claims,
                      struct tomte_span audience);

/* What is in claims.cnf. UNSUPPORTED when it holds no method known here,
 * INVALID for two keys or a ckt of another length. */
TOMTE_MUST_CHECK enum tomte_err tomte_cwt_cnf_decode(struct tomte_cwt_cnf *cnf,
                                                     struct tomte_span in);
TOMTE_MUST_CHECK enum tomte_err
tomte_cwt_cnf_encode(const struct tomte_cwt_cnf *cnf, struct tomte_buf out,
                     struct tomte_span *encoded);

/* ---- the token around them --------------------------------------------- */

/* Require the tag 61 in front, which is optional otherwise. */
#define TOMTE_CWT_WRAPPED 1u

/* Require that the unprotected bucket is empty. With TOMTE_CWT_WRAPPED what
 * RFC 9770 asks of a token that can be revoked: nothing in it can be changed
 * without breaking it, so it has one hash. */
#define TOMTE_CWT_PROTECTED 2u

/* A token taken apart: 61(16(...)), 61(17(...)), 61(18(...)); the kind's tag is
 * required (RFC 8392 section 7.2 step 3), m->kind says which. INVALID when a
 * flag's demand is not met, TYPE for another tag. */
TOMTE_MUST_CHECK enum tomte_err
tomte_cwt_open(struct tomte_cose *m, struct tomte_span in, unsigned flags);
