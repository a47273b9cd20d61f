/* SPDX-License-Identifier: Apache-2.0 */
/* What every backend must do, whatever it computes. */
#pragma once

#include "base/base.h"
#include "crypto/crypto.h"
#include "test.h"

static inline void check_zero(const void *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        CHECK_EQ(0, ((const uint8_t *)data)[i]);
}

/* Every way to cut the input in three gives the digest and the tag of the
 * whole, and nothing is left of the state. */
static inline void check_steps(const struct tomte_crypto *c)
{
    uint8_t data[150], whole[32], tag[32], steps[32];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    struct tomte_span all = TOMTE_SPAN_ARRAY(data), key = TOMTE_SPAN_LIT("key");
    tomte_sha256(c, all, whole);
    tomte_hmac(c, key, all, tag);
    for (size_t a = 0; a <= sizeof data; a += 3) {
        for (size_t b = a; b <= sizeof data; b += 5) {
            struct tomte_sha256 h;
            struct tomte_hmac m;
            struct tomte_span parts[] = {tomte_span_slice(all, 0, a),
                                         tomte_span_slice(all, a, b - a),
                                         tomte_span_slice(all, b, SIZE_MAX)};
            tomte_sha256_init(&h, c);
            tomte_hmac_init(&m, c, key);
            for (size_t i = 0; i < 3; i++) {
                tomte_sha256_update(&h, parts[i]);
                tomte_hmac_update(&m, parts[i]);
            }
            tomte_sha256_final(&h, steps);
            CHECK_BYTES(TOMTE_SPAN_ARRAY(whole), TOMTE_SPAN_ARRAY(steps));
            tomte_hmac_final(&m, steps);
            CHECK_BYTES(TOMTE_SPAN_ARRAY(tag), TOMTE_SPAN_ARRAY(steps));
            check_zero(&h, sizeof h);
            check_zero(&m, sizeof m);
        }
    }
}

static inline void check_state_copies(const struct tomte_crypto *c)
{
    uint8_t one[32], two[32];
    struct tomte_sha256 h, copy;
    tomte_sha256_init(&h, c);
    tomte_sha256_update(&h, TOMTE_SPAN_LIT("prefix"));
    copy = h;
    tomte_sha256_final(&h, one);
    tomte_sha256_final(&copy, two);
    CHECK_BYTES(TOMTE_SPAN_ARRAY(one), TOMTE_SPAN_ARRAY(two));
}

static inline void check_algorithms(const struct tomte_crypto *c)
{
    uint8_t full[32], out[32], tag[32];
    struct tomte_span data = TOMTE_SPAN_LIT("data"), key = TOMTE_SPAN_LIT("k");
    struct tomte_buf room = TOMTE_BUF_ARRAY(out);
    CHECK_EQ(32, tomte_alg_size(TOMTE_ALG_SHA_256));
    CHECK_EQ(8, tomte_alg_size(TOMTE_ALG_SHA_256_64));
    CHECK_EQ(8, tomte_alg_size(TOMTE_ALG_HMAC_256_64));
    CHECK_EQ(32, tomte_alg_size(TOMTE_ALG_HMAC_256_256));
    CHECK_EQ(0, tomte_alg_size(-8));
    tomte_sha256(c, data, full);
    CHECK_OK(tomte_crypto_digest(c, TOMTE_ALG_SHA_256, data, room));
    CHECK_BYTES(TOMTE_SPAN_ARRAY(full), TOMTE_SPAN_ARRAY(out));
    memset(out, 0xdb, sizeof out);
    CHECK_OK(tomte_crypto_digest(c, TOMTE_ALG_SHA_256_64, data, room));
    CHECK_BYTES(TOMTE_SPAN(full, 8), TOMTE_SPAN(out, 8));
    CHECK_EQ(0xdb, out[8]);
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             tomte_crypto_digest(c, TOMTE_ALG_HMAC_256_64, data, room));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             tomte_crypto_mac(c, TOMTE_ALG_SHA_256, key, data, room));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             tomte_crypto_digest(c, ((int64_t)1 << 32) - 16, data, room));
    tomte_hmac(c, key, data, tag);
    CHECK_OK(tomte_crypto_mac(c, TOMTE_ALG_HMAC_256_64, key, data, room));
    CHECK_BYTES(TOMTE_SPAN(tag, 8), TOMTE_SPAN(out, 8));
}

static inline void check_verify(const struct tomte_crypto *c)
{
    uint8_t tag[32];
    struct tomte_span data = TOMTE_SPAN_LIT("data"), key = TOMTE_SPAN_LIT("k");
    const int64_t algs[] = {TOMTE_ALG_HMAC_256_64, TOMTE_ALG_HMAC_256_256};
    for (size_t i = 0; i < 2; i++) {
        int64_t alg = algs[i];
        size_t size = tomte_alg_size(alg);
        struct tomte_span s = TOMTE_SPAN(tag, size);
        CHECK_OK(tomte_crypto_mac(c, alg, key, data, TOMTE_BUF_ARRAY(tag)));
        CHECK_OK(tomte_crypto_mac_verify(c, alg, key, data, s));
        for (size_t bit = 0; bit < 8 * size; bit++) {
            tag[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CHECK_EQ(TOMTE_ERR_DENIED,
                     tomte_crypto_mac_verify(c, alg, key, data, s));
            tag[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        CHECK_EQ(TOMTE_ERR_DENIED,
                 tomte_crypto_mac_verify(c, alg, key, data,
                                         TOMTE_SPAN(tag, size - 1)));
        CHECK_EQ(TOMTE_ERR_DENIED,
                 tomte_crypto_mac_verify(c, alg, key, data, TOMTE_SPAN_NONE));
        CHECK_EQ(TOMTE_ERR_DENIED,
                 tomte_crypto_mac_verify(c, alg, TOMTE_SPAN_LIT("l"), data, s));
        CHECK_EQ(TOMTE_ERR_DENIED,
                 tomte_crypto_mac_verify(c, alg, key, TOMTE_SPAN_NONE, s));
    }
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             tomte_crypto_mac_verify(c, 99, key, data, TOMTE_SPAN(tag, 8)));
}

/* The two halves are the whole, at every length around the blocks. */
static inline void check_halves(const struct tomte_crypto *c)
{
    uint8_t prk[TOMTE_SHA256_BYTES], whole[100], halves[100];
    struct tomte_span salt = TOMTE_SPAN_LIT("salt"), info = TOMTE_SPAN_LIT("i");
    tomte_hkdf(c, salt, TOMTE_SPAN_LIT("k"), info, TOMTE_BUF_ARRAY(whole));
    tomte_hkdf_extract(c, salt, TOMTE_SPAN_LIT("k"), prk);
    for (size_t len = 0; len <= sizeof whole; len++) {
        memset(halves, 0xdb, sizeof halves);
        tomte_hkdf_expand(c, TOMTE_SPAN_ARRAY(prk), info,
                          TOMTE_BUF(halves, len));
        CHECK_BYTES(TOMTE_SPAN(whole, len), TOMTE_SPAN(halves, len));
        CHECK(len == sizeof halves || halves[len] == 0xdb);
    }
}

/* Derivations differ when any of their inputs does, also where they meet. */
static inline void check_derivation(const struct tomte_crypto *c)
{
    static const char *const inputs[][3] = {
        {"", "", ""},     {"s", "k", "i"},  {"sk", "", "i"}, {"s", "ki", ""},
        {"", "sk", "i"},  {"t", "k", "i"},  {"s", "l", "i"}, {"s", "k", "j"},
        {"s", "k", "ii"}, {"ss", "k", "i"},
    };
    uint8_t out[sizeof inputs / sizeof *inputs][48];
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        tomte_hkdf(c, tomte_span_str(inputs[i][0]),
                   tomte_span_str(inputs[i][1]), tomte_span_str(inputs[i][2]),
                   TOMTE_BUF_ARRAY(out[i]));
        for (size_t j = 0; j < i; j++)
            CHECK(memcmp(out[i], out[j], 16) != 0);
    }
    tomte_hkdf(c, TOMTE_SPAN_NONE, TOMTE_SPAN_NONE, TOMTE_SPAN_NONE,
               TOMTE_BUF(NULL, 0));
    check_halves(c);
}

static inline void check_generator(const struct tomte_crypto *c)
{
    uint8_t seed[TOMTE_SEED_BYTES] = {1}, a[64], b[64];
    struct tomte_span s = TOMTE_SPAN_ARRAY(seed);
    struct tomte_drbg r, q;
    tomte_drbg_init(&r, c, s);
    tomte_drbg_init(&q, c, s);
    tomte_drbg_fill(&r, TOMTE_BUF_ARRAY(a));
    tomte_drbg_fill(&q, TOMTE_BUF_ARRAY(b));
    CHECK(memcmp(a, b, sizeof a) == 0); /* the same seed */
    tomte_drbg_fill(&q, TOMTE_BUF_ARRAY(b));
    CHECK(memcmp(a, b, sizeof a) != 0); /* but not the same bytes again */
    tomte_drbg_fill(&r, TOMTE_BUF_ARRAY(a));
    CHECK(memcmp(a, b, sizeof a) == 0);
    tomte_drbg_reseed(&r, TOMTE_SPAN_LIT("more"));
    tomte_drbg_fill(&r, TOMTE_BUF_ARRAY(a));
    tomte_drbg_fill(&q, TOMTE_BUF_ARRAY(b));
    CHECK(memcmp(a, b, sizeof a) != 0);
    tomte_drbg_wipe(&r);
    check_zero(&r, sizeof r);
}

/* Our own faults. */
static inline void check_panics(const struct tomte_crypto *c)
{
    static uint8_t bytes[TOMTE_SEED_BYTES];
    static struct tomte_drbg r;
    const struct tomte_span none = TOMTE_SPAN_NONE;
    EXPECT_PANIC(CHECK_OK(
        tomte_crypto_digest(c, TOMTE_ALG_SHA_256, none, TOMTE_BUF(bytes, 31))));
    EXPECT_PANIC(tomte_hkdf(c, none, none, none,
                            TOMTE_BUF(bytes, TOMTE_HKDF_BYTES_MAX + 1)));
    EXPECT_PANIC(tomte_drbg_fill(&r, TOMTE_BUF(bytes, 1)));
    EXPECT_PANIC(tomte_drbg_reseed(&r, TOMTE_SPAN_ARRAY(bytes)));
    EXPECT_PANIC(
        tomte_drbg_init(&r, c, TOMTE_SPAN(bytes, TOMTE_SEED_BYTES - 1)));
    tomte_drbg_init(&r, c, TOMTE_SPAN_ARRAY(bytes));
    EXPECT_PANIC(
        tomte_drbg_fill(&r, TOMTE_BUF(bytes, TOMTE_DRBG_BYTES_MAX + 1)));
}
