/* SPDX-License-Identifier: Apache-2.0 */
/* Key pairs and signatures: what every backend must do. */
#pragma once

#include "checks.h"

struct pair {
    uint8_t secret[32], open[64];
};

static inline void pair_init(const struct tomte_crypto *c, struct pair *p,
                             uint8_t seed)
{
    memset(p->secret, seed, sizeof p->secret);
    CHECK_OK(tomte_crypto_public(c, TOMTE_CURVE_P256,
                                 TOMTE_SPAN_ARRAY(p->secret),
                                 TOMTE_BUF_ARRAY(p->open)));
}

/* A signature verifies, and nothing does that differs from it in one bit. */
static inline void check_signatures(const struct tomte_crypto *c)
{
    struct pair own, other;
    uint8_t digest[32], bytes[64];
    struct tomte_span d = TOMTE_SPAN_ARRAY(digest), s = TOMTE_SPAN_ARRAY(bytes);
    struct tomte_span key = TOMTE_SPAN_ARRAY(own.open);
    pair_init(c, &own, 7);
    pair_init(c, &other, 8);
    tomte_sha256(c, TOMTE_SPAN_LIT("message"), digest);
    CHECK_OK(tomte_crypto_sign(c, TOMTE_ALG_ES256, TOMTE_SPAN_ARRAY(own.secret),
                               d, TOMTE_BUF_ARRAY(bytes)));
    CHECK_OK(tomte_crypto_verify(c, TOMTE_ALG_ES256, key, d, s));
    CHECK_OK(tomte_crypto_verify(c, TOMTE_ALG_ESP256, key, d, s));
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_crypto_verify(c, TOMTE_ALG_ES256,
                                 TOMTE_SPAN_ARRAY(other.open), d, s));
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit += 3) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_EQ(TOMTE_ERR_DENIED,
                 tomte_crypto_verify(c, TOMTE_ALG_ES256, key, d, s));
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof digest; bit += 5) {
        digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_EQ(TOMTE_ERR_DENIED,
                 tomte_crypto_verify(c, TOMTE_ALG_ES256, key, d, s));
        digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static inline void check_signature_errors(const struct tomte_crypto *c)
{
    struct pair own;
    uint8_t bytes[65] = {1}, zero[32] = {0}, digest[33] = {2};
    struct tomte_span d = TOMTE_SPAN(digest, 32), s = TOMTE_SPAN(bytes, 64);
    struct tomte_span key = TOMTE_SPAN_ARRAY(own.open);
    struct tomte_span secret = TOMTE_SPAN_ARRAY(own.secret);
    struct tomte_buf room = TOMTE_BUF_ARRAY(bytes);
    pair_init(c, &own, 9);
    CHECK_EQ(
        TOMTE_ERR_INVALID,
        tomte_crypto_sign(c, TOMTE_ALG_ES256, TOMTE_SPAN_ARRAY(zero), d, room));
    CHECK_EQ(TOMTE_ERR_INVALID,
             tomte_crypto_sign(c, TOMTE_ALG_ES256, TOMTE_SPAN(own.secret, 31),
                               d, room));
    CHECK_EQ(TOMTE_ERR_INVALID,
             tomte_crypto_sign(c, TOMTE_ALG_ES256, secret,
                               TOMTE_SPAN_ARRAY(digest), room));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             tomte_crypto_sign(c, TOMTE_ALG_ES384, secret, d, room));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, tomte_crypto_sign(c, -8, secret, d, room));
    CHECK_OK(tomte_crypto_sign(c, TOMTE_ALG_ES256, secret, d, room));
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_crypto_verify(c, TOMTE_ALG_ES256, key, d,
                                                   TOMTE_SPAN(bytes, 63)));
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_crypto_verify(c, TOMTE_ALG_ES256, key, d,
                                                   TOMTE_SPAN(bytes, 65)));
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_crypto_verify(c, TOMTE_ALG_ES256, key, d, TOMTE_SPAN_NONE));
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_crypto_verify(c, TOMTE_ALG_ES256, TOMTE_SPAN(own.open, 63),
                                 d, s));
    CHECK_EQ(TOMTE_ERR_INVALID, tomte_crypto_verify(c, TOMTE_ALG_ES256, key,
                                                    TOMTE_SPAN(digest, 31), s));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, tomte_crypto_verify(c, -36, key, d, s));
}

/* r and s outside of [1, n - 1], one after the other; in range again it is the
 * signature that it was. */
static inline void check_signature_ranges(const struct tomte_crypto *c)
{
    static const char *const bad[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    struct pair own;
    uint8_t good[64], bytes[64], digest[32] = {3};
    struct tomte_span d = TOMTE_SPAN_ARRAY(digest);
    pair_init(c, &own, 10);
    CHECK_OK(tomte_crypto_sign(c, TOMTE_ALG_ES256, TOMTE_SPAN_ARRAY(own.secret),
                               d, TOMTE_BUF_ARRAY(good)));
    for (size_t i = 0; i < 2 * sizeof bad / sizeof *bad; i++) {
        memcpy(bytes, good, sizeof bytes);
        test_hex(bad[i / 2], TOMTE_BUF(bytes + i % 2 * 32, 32));
        CHECK_EQ(TOMTE_ERR_DENIED,
                 tomte_crypto_verify(c, TOMTE_ALG_ES256,
                                     TOMTE_SPAN_ARRAY(own.open), d,
                                     TOMTE_SPAN_ARRAY(bytes)));
        EXPECT_PANIC(CHECK_OK(tomte_crypto_sign(c, TOMTE_ALG_ES256,
                                                TOMTE_SPAN_ARRAY(own.secret), d,
                                                TOMTE_BUF(bytes, 63))));
        CHECK_EQ(TOMTE_ERR_INVALID,
                 tomte_crypto_public(c, TOMTE_CURVE_P256,
                                     TOMTE_SPAN(bytes + i % 2 * 32, 32),
                                     TOMTE_BUF_ARRAY(bytes)));
    }
}

/* Both sides get the same secret, and another one with anybody else. */
static inline void check_agreement(const struct tomte_crypto *c)
{
    static const int64_t curves[] = {TOMTE_CURVE_P256, TOMTE_CURVE_X25519};
    for (size_t i = 0; i < 2; i++) {
        uint8_t secret[3][32], open[3][64], shared[3][32];
        size_t size = tomte_curve_public_size(curves[i]);
        for (size_t k = 0; k < 3; k++) {
            memset(secret[k], (int)(k + 1), 32);
            CHECK_OK(tomte_crypto_public(c, curves[i],
                                         TOMTE_SPAN(secret[k], 32),
                                         TOMTE_BUF_ARRAY(open[k])));
        }
        for (size_t k = 0; k < 3; k++) /* 0 with 1, 1 with 0, 2 with 0 */
            CHECK_OK(tomte_crypto_agree(c, curves[i], TOMTE_SPAN(secret[k], 32),
                                        TOMTE_SPAN(open[k == 0], size),
                                        shared[k]));
        CHECK(memcmp(shared[0], shared[1], 32) == 0);
        CHECK(memcmp(shared[0], shared[2], 32) != 0);
        CHECK_EQ(TOMTE_ERR_INVALID,
                 tomte_crypto_agree(c, curves[i], TOMTE_SPAN(secret[0], 32),
                                    TOMTE_SPAN(open[1], size - 1), shared[0]));
        CHECK_EQ(TOMTE_ERR_INVALID,
                 tomte_crypto_agree(c, curves[i], TOMTE_SPAN(secret[0], 31),
                                    TOMTE_SPAN(open[1], size), shared[0]));
    }
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             tomte_crypto_agree(c, TOMTE_CURVE_P384, TOMTE_SPAN_NONE,
                                TOMTE_SPAN_NONE, NULL));
}

/* A point with one bit changed is none; half of the xs have no y. */
static inline void check_points(const struct tomte_crypto *c)
{
    struct pair own, other;
    uint8_t shared[32], zero[32] = {0};
    pair_init(c, &own, 11);
    pair_init(c, &other, 12);
    for (size_t bit = 0; bit < 8 * sizeof other.open; bit += 7) {
        other.open[bit / 8] ^= (uint8_t)(1u << bit % 8);
        memset(shared, 1, sizeof shared);
        CHECK_EQ(TOMTE_ERR_INVALID,
                 tomte_crypto_agree(c, TOMTE_CURVE_P256,
                                    TOMTE_SPAN_ARRAY(own.secret),
                                    TOMTE_SPAN_ARRAY(other.open), shared));
        other.open[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    memset(other.open, 0, sizeof other.open); /* the point at infinity */
    CHECK_EQ(TOMTE_ERR_INVALID,
             tomte_crypto_agree(c, TOMTE_CURVE_P256,
                                TOMTE_SPAN_ARRAY(own.secret),
                                TOMTE_SPAN_ARRAY(other.open), shared));
    CHECK_BYTES(TOMTE_SPAN_ARRAY(zero), TOMTE_SPAN_ARRAY(shared));
}

static inline void check_curves(const struct tomte_crypto *c)
{
    CHECK_EQ(32, tomte_curve_private_size(TOMTE_CURVE_P256));
    CHECK_EQ(64, tomte_curve_public_size(TOMTE_CURVE_P256));
    CHECK_EQ(96, tomte_curve_public_size(TOMTE_CURVE_P384));
    CHECK_EQ(32, tomte_curve_public_size(TOMTE_CURVE_X25519));
    CHECK_EQ(0, tomte_curve_public_size(6));
    CHECK_EQ(0, tomte_alg_digest(TOMTE_ALG_HMAC_256_256));
    check_signatures(c);
    check_signature_errors(c);
    check_signature_ranges(c);
    check_agreement(c);
    check_points(c);
}
