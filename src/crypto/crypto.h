/* SPDX-License-Identifier: Apache-2.0 */
/* crypto/crypto.h: what Tomte asks of a cryptographic library.
 *
 * Not a general interface: only what COSE and the home need, in the numbers of
 * the IANA COSE Algorithms registry. The work is done by a backend, a table
 * that is handed in at init of whatever needs it:
 *
 *   tomte_crypto_fake     here; deterministic and fast, protects NOTHING: for
 *                         the simulator and for tests
 *   tomte_crypto_bearssl  crypto/bearssl.h, library tomte_crypto_bearssl
 *
 * Nothing here takes memory or can fail on what the other side sent. What a
 * function cannot do is a fault of ours and is asserted: a wrong length of an
 * output, randomness before seeding.
 *
 * The state of an unfinished hash or mac, and a generator, hold secrets. final
 * wipes them; a state that is given up before is wiped by tomte_wipe, a
 * generator by tomte_drbg_wipe. A hash or mac state may be copied,
 * and both go on. */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* IANA COSE Algorithms; the values are what COSE messages carry. */
enum tomte_alg {
    TOMTE_ALG_SHA_256 = -16,    /* RFC 9054 section 3.2 */
    TOMTE_ALG_SHA_256_64 = -15, /* the same, first 8 bytes */
    TOMTE_ALG_HMAC_256_64 = 4,  /* RFC 9053 section 3.1, first 8 bytes */
    TOMTE_ALG_HMAC_256_256 = 5,
};

#define TOMTE_SHA256_BYTES 32

/* The least that a generator starts from: 256 bits of entropy and a nonce of
 * 128 (SP 800-90A sections 8.6.7 and 10.1, table 2). */
#define TOMTE_SEED_BYTES 48

/* The most that it gives in one call (the same table). */
#define TOMTE_DRBG_BYTES_MAX 65536

/* HKDF gives at most 255 hashes (RFC 5869 section 2.3). */
#define TOMTE_HKDF_BYTES_MAX (255 * TOMTE_SHA256_BYTES)

struct tomte_crypto;

/* States by value, so that no heap is needed; a backend keeps its own state in
 * `opaque` and asserts at compile time that it fits. */
struct tomte_sha256 {
    const struct tomte_crypto *crypto;
    uint64_t opaque[16];
};

struct tomte_hmac {
    const struct tomte_crypto *crypto;
    uint64_t opaque[36];
};

struct tomte_drbg {
    const struct tomte_crypto *crypto; /* NULL: not seeded */
    uint64_t opaque[20];
};

/* What a backend provides; the states are the `opaque` of those above, the
 * lengths are checked. Users call the functions below instead. */
struct tomte_crypto {
    const char *name; /* "bearssl" */
    void (*sha256_init)(void *state);
    void (*sha256_update)(void *state, struct tomte_span data);
    void (*sha256_final)(void *state, uint8_t digest[TOMTE_SHA256_BYTES]);
    void (*hmac_init)(void *state, struct tomte_span key);
    void (*hmac_update)(void *state, struct tomte_span data);
    void (*hmac_final)(void *state, uint8_t tag[TOMTE_SHA256_BYTES]);
    void (*hkdf)(struct tomte_span salt, struct tomte_span secret,
                 struct tomte_span info, struct tomte_buf out);
    void (*drbg_init)(void *state, struct tomte_span seed);
    void (*drbg_reseed)(void *state, struct tomte_span seed);
    void (*drbg_fill)(void *state, struct tomte_buf out);
};

extern const struct tomte_crypto tomte_crypto_fake;

/* ---- digests ----------------------------------------------------------- */

/* SHA-256 (FIPS 180-4): at once, or init -> update* -> final. */
void tomte_sha256(const struct tomte_crypto *c, struct tomte_span data,
                  uint8_t digest[TOMTE_SHA256_BYTES]);
void tomte_sha256_init(struct tomte_sha256 *h, const struct tomte_crypto *c);
void tomte_sha256_update(struct tomte_sha256 *h, struct tomte_span data);
void tomte_sha256_final(struct tomte_sha256 *h,
                        uint8_t digest[TOMTE_SHA256_BYTES]);

/* Bytes of what an algorithm gives: a digest or a tag; 0 when it is none that
 * is implemented, or gives no fixed length. */
size_t tomte_alg_size(int64_t alg);

/* The digest `alg` of `data`, tomte_alg_size(alg) bytes, into `out`, which has
 * room for them. UNSUPPORTED when `alg`, which may come from a message, is not
 * a digest known here. */
TOMTE_MUST_CHECK enum tomte_err
tomte_crypto_digest(const struct tomte_crypto *c, int64_t alg,
                    struct tomte_span data, struct tomte_buf out);

/* ---- message authentication -------------------------------------------- */

/* HMAC-SHA-256 (RFC 2104), any key length: at once, or in steps. */
void tomte_hmac(const struct tomte_crypto *c, struct tomte_span key,
                struct tomte_span data, uint8_t tag[TOMTE_SHA256_BYTES]);
void tomte_hmac_init(struct tomte_hmac *m, const struct tomte_crypto *c,
                     struct tomte_span key);
void tomte_hmac_update(struct tomte_hmac *m, struct tomte_span data);
void tomte_hmac_final(struct tomte_hmac *m, uint8_t tag[TOMTE_SHA256_BYTES]);

/* The tag `alg` of `data` into `out`, as tomte_crypto_digest. */
TOMTE_MUST_CHECK enum tomte_err tomte_crypto_mac(const struct tomte_crypto *c,
                                                 int64_t alg,
                                                 struct tomte_span key,
                                                 struct tomte_span data,
                                                 struct tomte_buf out);

/* Compares in constant time: OK, DENIED when the tag does not match, or
 * UNSUPPORTED. */
TOMTE_MUST_CHECK enum tomte_err
tomte_crypto_mac_verify(const struct tomte_crypto *c, int64_t alg,
                        struct tomte_span key, struct tomte_span data,
                        struct tomte_span tag);

/* ---- derivation -------------------------------------------------------- */

/* HKDF-SHA-256 (RFC 5869), extract and expand, fills all of `out`, at most
 * TOMTE_HKDF_BYTES_MAX bytes. An empty salt is a salt of zeros. */
void tomte_hkdf(const struct tomte_crypto *c, struct tomte_span salt,
                struct tomte_span secret, struct tomte_span info,
                struct tomte_buf out);

/* ---- randomness -------------------------------------------------------- */

/* Random bytes for keys, nonces and salts: HMAC-DRBG over SHA-256 (SP 800-90A
 * section 10.1.2). The core draws no randomness: the port seeds it from the
 * hardware or the operating system with at least TOMTE_SEED_BYTES bytes of full
 * entropy, once per start, or stops. A copy of a generator gives the same bytes
 * again: never copy one. For jitter and simulation there is base/random.h.
 *
 * Life: init -> (fill | reseed)* -> wipe. */
void tomte_drbg_init(struct tomte_drbg *r, const struct tomte_crypto *c,
                     struct tomte_span seed);
void tomte_drbg_reseed(struct tomte_drbg *r, struct tomte_span more);
void tomte_drbg_fill(struct tomte_drbg *r, struct tomte_buf out);
void tomte_drbg_wipe(struct tomte_drbg *r);
