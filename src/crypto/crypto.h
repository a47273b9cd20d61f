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
 *   tomte_crypto_openssl  ports/linux, for hubs: the same, several times faster
 *
 * Nothing here takes memory or draws randomness: keys, seeds, nonces come in.
 * What a message may carry (algorithm numbers, points, tags, lengths) is
 * answered with an error. What only our own code can get wrong is asserted: no
 * room for a fixed output, randomness before seeding.
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
    TOMTE_ALG_SHA_384 = -43,    /* not in builds for microcontrollers */
    TOMTE_ALG_SHA_512 = -44,    /* nor this */
    TOMTE_ALG_HMAC_256_64 = 4,  /* RFC 9053 section 3.1, first 8 bytes */
    TOMTE_ALG_HMAC_256_256 = 5,
    TOMTE_ALG_ES256 = -7,   /* RFC 9053 section 2.1; here with P-256 only */
    TOMTE_ALG_ESP256 = -9,  /* RFC 9864 section 2.1: the same, by its name */
    TOMTE_ALG_ES384 = -35,  /* P-384 only; not for microcontrollers */
    TOMTE_ALG_ESP384 = -51, /* the same */
    TOMTE_ALG_A128GCM = 1,  /* RFC 9053 section 4.1; not for those either */
    TOMTE_ALG_A256GCM = 3,  /* nor this */
    TOMTE_ALG_CCM_16_64_128 = 10,  /* RFC 9053 section 4.2: AES-CCM with ... */
    TOMTE_ALG_CCM_16_64_256 = 11,  /* 16 bits of length (nonce of 13 bytes), */
    TOMTE_ALG_CCM_64_64_128 = 12,  /* or 64 (nonce of 7); */
    TOMTE_ALG_CCM_64_64_256 = 13,  /* a tag of 64 or 128 bits; */
    TOMTE_ALG_CCM_16_128_128 = 30, /* a key of 128 or 256 */
    TOMTE_ALG_CCM_16_128_256 = 31,
    TOMTE_ALG_CCM_64_128_128 = 32,
    TOMTE_ALG_CCM_64_128_256 = 33,
};

/* IANA COSE Elliptic Curves. */
enum tomte_curve {
    TOMTE_CURVE_P256 = 1,
    TOMTE_CURVE_P384 = 2, /* verifying only; not for microcontrollers */
    TOMTE_CURVE_X25519 = 4,
};

#define TOMTE_SHA256_BYTES   32
#define TOMTE_HASH_BYTES_MAX 64 /* SHA-512 */

/* P-256: a private key; a public key, x and y one after the other; a
 * signature, r and s; an agreed secret, the x of the shared point. Integers
 * and coordinates are big-endian and of full length. */
#define TOMTE_P256_PRIVATE_BYTES   32
#define TOMTE_P256_PUBLIC_BYTES    64
#define TOMTE_P256_SIGNATURE_BYTES 64
#define TOMTE_AGREED_BYTES         32 /* X25519 too: all its keys have 32 */
#define TOMTE_PUBLIC_BYTES_MAX     96
#define TOMTE_SIGNATURE_BYTES_MAX  96

#define TOMTE_AEAD_TAG_BYTES_MAX 16

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

/* A digest by algorithm number. */
struct tomte_hash {
    const struct tomte_crypto *crypto;
    int64_t alg;
#ifdef TOMTE_MCU
    uint64_t opaque[16];
#else
    uint64_t opaque[27];
#endif
};

struct tomte_drbg {
    const struct tomte_crypto *crypto; /* NULL: not seeded */
    uint64_t opaque[20];
};

/* Lengths of an AEAD algorithm, in bytes; `data_max` is the most plaintext
 * that one nonce can protect. */
struct tomte_aead_sizes {
    uint8_t key, nonce, tag;
    uint32_t data_max;
};

/* What authenticated encryption needs beside the data. All borrowed. A nonce
 * never comes twice under one key: whoever calls sees to that. */
struct tomte_aead {
    int64_t alg;
    struct tomte_span key;
    struct tomte_span nonce;
    const struct tomte_span *aad; /* parts, taken as if they were joined */
    size_t aad_parts;
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
    /* `size` is 48 or 64; NULL: the backend has neither. */
    void (*sha512_init)(void *state, size_t size);
    void (*sha512_update)(void *state, struct tomte_span data);
    void (*sha512_final)(void *state, uint8_t *digest);
    /* In place. UNSUPPORTED, or DENIED by decrypt. */
    enum tomte_err (*encrypt)(const struct tomte_aead *how,
                              struct tomte_buf data, uint8_t *tag);
    enum tomte_err (*decrypt)(const struct tomte_aead *how,
                              struct tomte_buf data, const uint8_t *tag);
    /* Lengths and ranges are checked; whether a point is on its curve is not.
     * UNSUPPORTED, INVALID for a key, DENIED for a signature. */
    enum tomte_err (*public_key)(enum tomte_curve curve,
                                 const uint8_t *private_key,
                                 uint8_t *public_key);
    enum tomte_err (*agree)(enum tomte_curve curve, const uint8_t *private_key,
                            const uint8_t *public_key, uint8_t *secret);
    enum tomte_err (*sign)(enum tomte_curve curve, const uint8_t *private_key,
                           struct tomte_span digest, uint8_t *signature);
    enum tomte_err (*verify)(enum tomte_curve curve, const uint8_t *public_key,
                             struct tomte_span digest,
                             const uint8_t *signature);
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

/* Bytes of what an algorithm gives: a digest, a tag or a signature; 0 when it
 * is none that is known here. */
size_t tomte_alg_size(int64_t alg);

/* A digest in steps: init -> update* -> final, which writes tomte_alg_size(alg)
 * bytes into `out` and wipes. UNSUPPORTED when `alg` is not a digest that the
 * backend has. */
TOMTE_MUST_CHECK enum tomte_err tomte_hash_init(struct tomte_hash *h,
                                                const struct tomte_crypto *c,
                                                int64_t alg);
void tomte_hash_update(struct tomte_hash *h, struct tomte_span data);
void tomte_hash_final(struct tomte_hash *h, struct tomte_buf out);

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

/* The two halves (sections 2.2 and 2.3). `prk` is of TOMTE_SHA256_BYTES bytes
 * or more. */
void tomte_hkdf_extract(const struct tomte_crypto *c, struct tomte_span salt,
                        struct tomte_span secret,
                        uint8_t prk[TOMTE_SHA256_BYTES]);
void tomte_hkdf_expand(const struct tomte_crypto *c, struct tomte_span prk,
                       struct tomte_span info, struct tomte_buf out);

/* ---- authenticated encryption ------------------------------------------ */

/* The lengths that `alg` asks for; false when it is no AEAD known here. */
bool tomte_aead_sizes(int64_t alg, struct tomte_aead_sizes *sizes);

/* `plain` encrypted, followed by the tag, into `out`; *cipher is what was
 * written, plain.len and the tag's bytes. out.data may be plain.data, else they
 * do not overlap. UNSUPPORTED (algorithm), INVALID (length of key or nonce),
 * TOO_LARGE (more than data_max), FULL (out). */
TOMTE_MUST_CHECK enum tomte_err
tomte_crypto_encrypt(const struct tomte_crypto *c, const struct tomte_aead *how,
                     struct tomte_span plain, struct tomte_buf out,
                     struct tomte_span *cipher);

/* The way back: `cipher` ends with the tag, `out` needs room for the plaintext
 * only and may begin where `cipher` does. DENIED when the message is not
 * authentic, which includes one too short to be; nothing of it is then left in
 * `out`. */
TOMTE_MUST_CHECK enum tomte_err
tomte_crypto_decrypt(const struct tomte_crypto *c, const struct tomte_aead *how,
                     struct tomte_span cipher, struct tomte_buf out,
                     struct tomte_span *plain);

/* ---- key pairs --------------------------------------------------------- */

/* Bytes of a curve's private and public keys; 0 when it is not known here. */
size_t tomte_curve_private_size(int64_t curve);
size_t tomte_curve_public_size(int64_t curve);

/* The public key of a private one, tomte_curve_public_size(curve) bytes into
 * `out`, which has room for them. This is also how a private key is made: the
 * caller draws its bytes at random and draws again while the answer is INVALID
 * (for P-256 the integer must be in [1, n - 1]; one draw in 2^32 is not). */
TOMTE_MUST_CHECK enum tomte_err
tomte_crypto_public(const struct tomte_crypto *c, int64_t curve,
                    struct tomte_span private_key, struct tomte_buf out);

/* ECDH (SP 800-56A section 5.7.1.2, RFC 7748 section 6.1) on P-256 or X25519.
 * The secret is an x coordinate, not a key: derive from it. INVALID when the
 * private key is out of range, the public key no point of the curve, in
 * another form than the canonical one, or (X25519) of small order. */
TOMTE_MUST_CHECK enum tomte_err
tomte_crypto_agree(const struct tomte_crypto *c, int64_t curve,
                   struct tomte_span private_key, struct tomte_span public_key,
                   uint8_t secret[TOMTE_AGREED_BYTES]);

/* ---- signatures -------------------------------------------------------- */

/* The digest that a signature algorithm signs and the curve of its keys; 0 for
 * what is no signature algorithm known here. */
int64_t tomte_alg_digest(int64_t alg);
int64_t tomte_alg_curve(int64_t alg);

/* ECDSA over a digest of the algorithm's own length (else INVALID), with k by
 * RFC 6979: no randomness needed, the same input gives the same signature.
 * INVALID private key, UNSUPPORTED algorithm (only ES256 and ESP256 sign). */
TOMTE_MUST_CHECK enum tomte_err tomte_crypto_sign(const struct tomte_crypto *c,
                                                  int64_t alg,
                                                  struct tomte_span private_key,
                                                  struct tomte_span digest,
                                                  struct tomte_buf signature);

/* DENIED unless it is the signature: also for r or s out of [1, n - 1], another
 * length, or a public key that is no point. (r, n - s) verifies too, as with
 * all of ECDSA: never take a signature for an identifier. */
TOMTE_MUST_CHECK enum tomte_err
tomte_crypto_verify(const struct tomte_crypto *c, int64_t alg,
                    struct tomte_span public_key, struct tomte_span digest,
                    struct tomte_span signature);

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
