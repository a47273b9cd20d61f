/* SPDX-License-Identifier: Apache-2.0 */
/* ace/rs.h: the resource server: which tokens count at this node, and what each
 * request may do (RFC 9200 sections 5.10.1 and 5.10.2, profile coap_oscore of
 * RFC 9203).
 *
 * A token arrives in a POST to /authz-info, is looked at in the order that RFC
 * 9200 gives, and is kept by the identifier of its OSCORE material: one token a
 * key, a newer one takes its place. Every request is then looked at again: the
 * token's time by the ray, its scope by path and method. What is not granted is
 * denied.
 *
 * Pure. Memory is the caller's: tokens in a table, hashes of revoked tokens in
 * another. A slot is a token's place in the table; the OSCORE context made of
 * it keeps the number. When a token goes its slot is told, and the context goes
 * too. In a full table those give way who have never shown that they have a
 * key, the eldest first: replayed posts push out nobody who is at work.
 *
 * Life: init -> (take | check | revoke | sweep)* -> wipe. */
#pragma once

#include "ace/aif.h"
#include "ace/osc.h"
#include "ace/ray.h"
#include "ace/revocation.h"
#include "cose/cwt.h"

/* The scope of one token. */
#ifdef TOMTE_MCU
#define TOMTE_RS_SCOPE_BYTES 192
#else
#define TOMTE_RS_SCOPE_BYTES 512
#endif

#define TOMTE_RS_ID_BYTES 8 /* of OSCORE's input material */

/* The post came without protection. */
#define TOMTE_RS_NO_SLOT UINT16_MAX

/* R(name, CoAP code, text): what comes of a post, and of a request. */
#define TOMTE_RS_TABLE(R)                                                      \
    R(GRANTED, TOMTE_COAP_CODE(2, 1), "granted")                               \
    R(CRYPTO, TOMTE_COAP_CODE(4, 1), "no server of ours made this token")      \
    R(REVOKED, TOMTE_COAP_CODE(4, 1), "the token is revoked")                  \
    R(CLAIMS, TOMTE_COAP_CODE(4, 0), "claims missing, malformed or unknown")   \
    R(ISSUER, TOMTE_COAP_CODE(4, 1), "another server's name")                  \
    R(EXPIRED, TOMTE_COAP_CODE(4, 1), "the token is expired")                  \
    R(EARLY, TOMTE_COAP_CODE(4, 1), "the token is not valid yet")              \
    R(AUDIENCE, TOMTE_COAP_CODE(4, 3), "the token is for somebody else")       \
    R(SCOPE, TOMTE_COAP_CODE(4, 0), "the scope is not understood")             \
    R(PROFILE, TOMTE_COAP_CODE(4, 0), "profile or key material not usable")    \
    R(NONCE, TOMTE_COAP_CODE(4, 1), "the challenge is not ours, or too old")   \
    R(FUTURE, TOMTE_COAP_CODE(4, 1), "issued too far in the future")           \
    R(KEY, TOMTE_COAP_CODE(4, 1), "not for the key that protects the post")    \
    R(STALE, TOMTE_COAP_CODE(4, 1), "a newer token for this key is here")      \
    R(FULL, TOMTE_COAP_CODE(5, 3), "no room for a token")                      \
    R(NO_TOKEN, TOMTE_COAP_CODE(4, 1), "no token")                             \
    R(UNCERTAIN, TOMTE_COAP_CODE(4, 1),                                        \
      "time is uncertain: fresh token, please")                                \
    R(PATH, TOMTE_COAP_CODE(4, 3), "not in the token's scope")                 \
    R(METHOD, TOMTE_COAP_CODE(4, 5), "method not in the token's scope")

enum tomte_rs_result {
#define R(name, code, text) TOMTE_RS_##name,
    TOMTE_RS_TABLE(R)
#undef R
        TOMTE_RS_RESULTS
};

unsigned tomte_rs_coap_code(enum tomte_rs_result result);
const char *tomte_rs_text(enum tomte_rs_result result);

/* A token that counts. Private. */
struct tomte_rs_token {
    bool used, confirmed; /* confirmed: a request has come under its key */
    uint8_t id_len;
    uint8_t id[TOMTE_RS_ID_BYTES];
    uint8_t hash[TOMTE_ACE_TOKEN_HASH_BYTES];
    uint64_t taken_ms, iat_s;
    struct tomte_ray_token time;
    uint16_t scope_len;
    uint8_t scope[TOMTE_RS_SCOPE_BYTES];
};

struct tomte_rs_config {
    const struct tomte_crypto *crypto;
    struct tomte_rs_token *tokens; /* the caller's, for as long as this lives */
    uint16_t token_count;
    uint8_t (*revoked)[TOMTE_ACE_TOKEN_HASH_BYTES];
    uint16_t revoked_max;
    const struct tomte_span *audiences; /* names of this node; borrowed */
    size_t audience_count;
    struct tomte_span self; /* what cti begins with in tokens with exi */
};

struct tomte_rs {
    struct tomte_rs_config config;
    uint16_t revoked_count, revoked_next;
    uint32_t counts[TOMTE_RS_RESULTS]; /* of each result; to be read */
};

void tomte_rs_init(struct tomte_rs *rs, const struct tomte_rs_config *config);
void tomte_rs_wipe(struct tomte_rs *rs);

/* ---- /authz-info ------------------------------------------------------- */

/* A token that came in; key, server and issuer are what the caller knows by the
 * kid in its header (tomte_cwt_open). */
struct tomte_rs_post {
    struct tomte_span token;
    const struct tomte_cose_key *key; /* NULL: nobody is known by this kid */
    const uint8_t *server;    /* its name in the ray, TOMTE_RAY_ID_BYTES */
    struct tomte_span issuer; /* its name in tokens; iss, if there, is this */
    uint16_t slot; /* of the context that protected the post; or NO_SLOT */
};

struct tomte_rs_taken {
    uint16_t slot;
    bool replaced; /* there was a token of this key: its context goes once the
                      new one is used */
    bool evicted;  /* there was another token: its context goes now */
    struct tomte_ace_osc osc; /* for a new context; in `memory` */
};

/* Looks at a token and keeps it. `memory` is for its claims, as long as the
 * token; the caller wipes it when the context is made. Without a slot the token
 * brings OSCORE material (RFC 9203 section 4.2); with one it names the key of
 * that slot by kid, and takes the place of what was there (section 4.2.1; the
 * answer to a refusal is then 4.01, whatever the result's code). A token that
 * RFC 9770 would not let be revoked (tomte_cwt_open) is CRYPTO, one that was
 * issued before the one that is here for the same key is STALE: who lost rights
 * does not get them back with it.
 *
 * Order: revoked, crypto, claims, issuer, time (by the ray as it was before),
 * audience, scope, profile and key, challenge. Only then the ray learns `iat`:
 * sweep after it. */
enum tomte_rs_result tomte_rs_take(struct tomte_rs *rs, struct tomte_ray *ray,
                                   uint64_t now_ms,
                                   const struct tomte_rs_post *post,
                                   struct tomte_buf memory,
                                   struct tomte_rs_taken *taken);

/* ---- requests ---------------------------------------------------------- */

/* A request under the context of `slot` (NO_SLOT: under none). *decision is the
 * ray's, for the log and the challenge; zero without a token. */
enum tomte_rs_result tomte_rs_check(struct tomte_rs *rs, struct tomte_ray *ray,
                                    uint64_t now_ms, uint16_t slot,
                                    struct tomte_ray_policy policy,
                                    const struct tomte_aif_request *request,
                                    struct tomte_ray_decision *decision);

/* ---- what goes --------------------------------------------------------- */

/* A hash of the server's list. It is kept, the eldest gives way to it; a token
 * of this hash goes. The slot that is now free, or NO_SLOT. */
uint16_t tomte_rs_revoke(struct tomte_rs *rs,
                         const uint8_t hash[TOMTE_ACE_TOKEN_HASH_BYTES]);

/* The slot of a token that is certainly expired, which goes with this; NO_SLOT
 * when there is none left. Call after time moved, until NO_SLOT. */
uint16_t tomte_rs_sweep(struct tomte_rs *rs, const struct tomte_ray *ray,
                        uint64_t now_ms);

/* The context is gone for another reason (its numbers are used up). */
void tomte_rs_drop(struct tomte_rs *rs, uint16_t slot);
