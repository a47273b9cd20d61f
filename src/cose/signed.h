/* SPDX-License-Identifier: Apache-2.0 */
/* cose/signed.h: the one form of what is signed in a home: the owner's charter,
 * a keeper's view, an author's image.
 *
 * A COSE_Sign1 (RFC 9052 section 4.2) of which nothing is left open: ES256 or
 * its twin ESP256 on P-256; the tag 18 in front; every header protected, the
 * other bucket empty; a type that says what it is (typ, RFC 9596), so that one
 * kind never passes for another; the signing key's identifier (kid); when it
 * was signed, if the signer knows (CWT claim iat, RFC 9597); the payload in it.
 * `scope` is signed but not sent (external_aad): both sides know it, a home's
 * identifier for instance, and what was signed for one is nothing in another.
 *
 * The header says nothing that is not said here: alg, kid, typ and claims are
 * there and no other label, of the claims iat only.
 *
 * Plain functions, spans in, spans out. A signature is checked by
 * tomte_signed_verify alone; before it the fields are claims, good for finding
 * a key. (r, n - s) verifies where (r, s) does: a message's bytes are no name
 * for it, its payload's digest is. */
#pragma once

#include "cose/cose.h"

/* The first bytes of a key's thumbprint (RFC 9679). It finds a key and proves
 * nothing. */
#define TOMTE_KEY_ID_BYTES 8

/* What a message has more than type and payload, at most. */
#define TOMTE_SIGNED_OVERHEAD_BYTES 128

/* The longest media type. */
#define TOMTE_SIGNED_TYPE_MAX 63

/* A P-256 key pair. Secret: the owner of this wipes it. */
struct tomte_key_pair {
    uint8_t open[TOMTE_P256_PUBLIC_BYTES];
    uint8_t secret[TOMTE_P256_PRIVATE_BYTES];
};

/* The pair of these 32 random bytes. INVALID once in 2^32: draw again. */
TOMTE_MUST_CHECK enum tomte_err
tomte_key_pair_init(struct tomte_key_pair *pair, const struct tomte_crypto *c,
                    const uint8_t random[TOMTE_P256_PRIVATE_BYTES]);

void tomte_key_id(const struct tomte_crypto *c,
                  const uint8_t open[TOMTE_P256_PUBLIC_BYTES],
                  uint8_t id[TOMTE_KEY_ID_BYTES]);

/* Borrowed from the message that it was decoded from. */
struct tomte_signed {
    uint8_t key_id[TOMTE_KEY_ID_BYTES];
    bool has_iat;
    uint64_t iat_s; /* seconds since 1970 */
    struct tomte_span payload;
    struct tomte_cose message; /* what verify looks at */
};

/* `type` is the only type that is taken. DENIED for another type or none, or an
 * algorithm that is not one of the two; MISSING; INVALID for what is not as
 * said above; UNKNOWN for a further label; errors of decoding. On an error *s
 * is zero. */
TOMTE_MUST_CHECK enum tomte_err tomte_signed_decode(struct tomte_signed *s,
                                                    const char *type,
                                                    struct tomte_span in);

/* DENIED when this key did not sign it for this scope. */
TOMTE_MUST_CHECK enum tomte_err
tomte_signed_verify(const struct tomte_crypto *c, const struct tomte_signed *s,
                    const uint8_t open[TOMTE_P256_PUBLIC_BYTES],
                    struct tomte_span scope);

/* What is to be signed. */
struct tomte_signed_draft {
    const char *type;
    struct tomte_span scope, payload;
    uint64_t iat_s; /* 0: the signer does not know */
};

/* FULL, or INVALID for a private key that is none. */
TOMTE_MUST_CHECK enum tomte_err
tomte_signed_encode(const struct tomte_crypto *c,
                    const struct tomte_signed_draft *draft,
                    const struct tomte_key_pair *signer, struct tomte_buf out,
                    struct tomte_span *message);
