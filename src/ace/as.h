/* SPDX-License-Identifier: Apache-2.0 */
/* ace/as.h: the authorization server's part: making a token and the answer that
 * carries it (RFC 9200 section 5.8.2, profile coap_oscore of RFC 9203).
 *
 * What a client may do is not decided here: the keeper computes the scope from
 * the home's desired state, never from what the client asked for. This makes
 * the token of it, in the one form that can be revoked (RFC 9770 section 3):
 * tag 61, tag 16, every header protected.
 *
 * Pure: the caller brings time, key material and a nonce that comes once under
 * this key. Material for one client and one resource server is used for no
 * other pair. */
#pragma once

#include "ace/osc.h"
#include "cose/cwt.h"

#define TOMTE_AS_NONCE_BYTES 13 /* AES-CCM-16-64-128 */

/* Bytes of a token beside scope, names, kid and key material, at most. */
#define TOMTE_AS_OVERHEAD_BYTES 192

struct tomte_as_grant {
    struct tomte_span issuer;   /* this server's name */
    struct tomte_span audience; /* the resource server's */
    struct tomte_span scope;    /* ace/aif.h, not empty */
    uint64_t now_s;             /* iat; 0: this server does not know */
    uint32_t life_s;            /* exp is that much later, or exi */
    /* With exi: lives for life_s from when the resource server first sees it.
     * cti is then the server's name and a number that counts (section
     * 5.10.3). Needed when now_s is 0. */
    bool from_first_sight;
    struct tomte_span cti;
    struct tomte_span cnonce; /* the request's, copied; or NONE */
    /* The key: new material, or for an update of rights the id of the one that
     * both have, and then osc.ms is NONE (RFC 9203 section 3.2). */
    struct tomte_ace_osc osc;
};

/* The key that this server shares with the resource server: AES-CCM-16-64-128,
 * its kid, and a nonce. */
struct tomte_as_seal {
    struct tomte_span key, kid;
    const uint8_t *nonce; /* TOMTE_AS_NONCE_BYTES */
};

/* The token into `out`; `memory` holds the claims for the time of the call, and
 * is wiped. INVALID for a grant that makes no sense (no scope, no life, exi
 * without cti, no time without exi), errors of encoding, FULL. */
TOMTE_MUST_CHECK enum tomte_err
tomte_as_issue(const struct tomte_crypto *c, const struct tomte_as_grant *grant,
               const struct tomte_as_seal *seal, struct tomte_buf memory,
               struct tomte_buf out, struct tomte_span *token);

/* The answer: access_token, expires_in, cnf with the material (left out of an
 * update), profile. */
TOMTE_MUST_CHECK enum tomte_err
tomte_as_answer(const struct tomte_as_grant *grant, struct tomte_span token,
                struct tomte_buf out, struct tomte_span *answer);
