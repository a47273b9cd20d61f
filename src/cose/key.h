/* SPDX-License-Identifier: Apache-2.0 */
/* cose/key.h: COSE_Key (RFC 9052 section 7, RFC 9053 section 7) and its
 * thumbprint (RFC 9679).
 *
 * A key is a view: all spans are borrowed from the encoding that it was decoded
 * from, or from wherever the caller has its parts. Secrets in there are the
 * owner's to wipe. Unknown parameters are passed over. Points are written out:
 * a compressed one (y as a sign) is UNSUPPORTED, since no backend of ours can
 * take the root. */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "crypto/crypto.h"

/* IANA COSE Key Types. */
enum tomte_cose_kty {
    TOMTE_COSE_OKP = 1,
    TOMTE_COSE_EC2 = 2,
    TOMTE_COSE_SYMMETRIC = 4,
};

/* key_ops (RFC 9052 table 5). */
enum tomte_cose_op {
    TOMTE_COSE_OP_SIGN = 1,
    TOMTE_COSE_OP_VERIFY = 2,
    TOMTE_COSE_OP_ENCRYPT = 3,
    TOMTE_COSE_OP_DECRYPT = 4,
    TOMTE_COSE_OP_DERIVE_KEY = 7,
    TOMTE_COSE_OP_DERIVE_BITS = 8,
    TOMTE_COSE_OP_MAC_CREATE = 9,
    TOMTE_COSE_OP_MAC_VERIFY = 10,
};

/* A part that is not there has a NULL pointer. */
struct tomte_cose_key {
    int64_t kty;
    int64_t alg;   /* 0: any that fits */
    int64_t curve; /* OKP, EC2: IANA COSE Elliptic Curves */
    uint16_t ops;  /* 1 << op for each that is allowed; 0: all */
    struct tomte_span kid;
    struct tomte_span base_iv;
    struct tomte_span x, y; /* y of EC2 only */
    struct tomte_span d;    /* the private part */
    struct tomte_span k;    /* a symmetric key */
};

/* The largest encoding of a key of ours (P-256 with d), but for kid and Base
 * IV. */
#define TOMTE_COSE_KEY_BYTES 128

/* Strict, as all of this room. x, y and d have the length that the curve asks
 * for (P-256, P-384, P-521, X25519, Ed25519; others are UNSUPPORTED, as are
 * other types), whether they are a point shows when they are used. INVALID
 * (length, alg 0), MISSING (no type, no x and so on); on an error *key is zero.
 * Private keys are read too: d or k tells. */
TOMTE_MUST_CHECK enum tomte_err
tomte_cose_key_decode(struct tomte_cose_key *key, struct tomte_span in);

/* With d or k, when they are there: use tomte_cose_key_public before to give
 * a key away. */
TOMTE_MUST_CHECK enum tomte_err
tomte_cose_key_encode(const struct tomte_cose_key *key, struct tomte_buf out,
                      struct tomte_span *encoded);

/* The same key without its private part. Not for symmetric keys (asserted). */
struct tomte_cose_key tomte_cose_key_public(const struct tomte_cose_key *key);

/* A view of a key of P-256: its public part, as src/crypto has it, and the
 * private one or NONE. */
struct tomte_cose_key
tomte_cose_key_p256(const uint8_t open[TOMTE_P256_PUBLIC_BYTES],
                    struct tomte_span d);

/* A public key of P-256 as one map {1: 2, -1: 1, -2: x, -3: y} and nothing
 * else, so one key has one encoding. put raises an encoder's error as any put;
 * get raises the errors of tomte_cose_key_decode, UNSUPPORTED for another curve
 * or type, INVALID for further parameters. */
struct tomte_cbor_enc;
struct tomte_cbor_dec;
void tomte_cose_put_p256(struct tomte_cbor_enc *e,
                         const uint8_t open[TOMTE_P256_PUBLIC_BYTES]);
void tomte_cose_get_p256(struct tomte_cbor_dec *d,
                         uint8_t open[TOMTE_P256_PUBLIC_BYTES]);

/* A view of a symmetric key for one algorithm (0: any). */
struct tomte_cose_key tomte_cose_key_symmetric(int64_t alg,
                                               struct tomte_span k);

/* The thumbprint with SHA-256 (RFC 9679 sections 3 and 4): of the type's
 * required public parameters, so the same for a private key and its public one.
 * That of a symmetric key tells it to whoever can guess it (section 7). */
TOMTE_MUST_CHECK enum tomte_err
tomte_cose_key_thumbprint(const struct tomte_crypto *c,
                          const struct tomte_cose_key *key,
                          uint8_t thumbprint[TOMTE_SHA256_BYTES]);

/* May be used for `op` with `alg`: key_ops and alg allow it. ES256 and ESP256
 * are the same here, as are ES384 and ESP384. */
bool tomte_cose_key_fits(const struct tomte_cose_key *key, int64_t alg,
                         enum tomte_cose_op op);

/* x and y, one after the other, as src/crypto takes a public key; the length is
 * 0 when the key is none of OKP or EC2. */
struct tomte_span tomte_cose_key_point(const struct tomte_cose_key *key,
                                       uint8_t memory[TOMTE_PUBLIC_BYTES_MAX]);
