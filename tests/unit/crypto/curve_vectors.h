/* SPDX-License-Identifier: Apache-2.0 */
/* Published vectors of ECDSA and ECDH, and cases at the edges. */
#pragma once

#include "vectors.h"

/* RFC 6979 appendix A.2.5 (P-256, SHA-256): key pair, signatures of "sample"
 * and of "test". */
#define A25_SECRET                                                             \
    "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
#define A25_PUBLIC                                                             \
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"         \
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"

static inline void check_es256_vectors(const struct tomte_crypto *c)
{
    static const struct {
        const char *message, *signature;
    } rows[] = {
        {"sample",
         "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
         "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
        {"test",
         "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
         "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
    };
    uint8_t secret[32], open[64], own[64], digest[32], expected[64], out[64];
    struct tomte_span d = TOMTE_SPAN_ARRAY(secret);
    struct tomte_span q = test_hex(A25_PUBLIC, TOMTE_BUF_ARRAY(open));
    test_hex(A25_SECRET, TOMTE_BUF_ARRAY(secret));
    CHECK_OK(tomte_crypto_public(c, TOMTE_CURVE_P256, d, TOMTE_BUF_ARRAY(own)));
    CHECK_BYTES(q, TOMTE_SPAN_ARRAY(own));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tomte_span e =
            test_hex(rows[i].signature, TOMTE_BUF_ARRAY(expected));
        tomte_sha256(c, tomte_span_str(rows[i].message), digest);
        CHECK_OK(tomte_crypto_sign(c, TOMTE_ALG_ES256, d,
                                   TOMTE_SPAN_ARRAY(digest),
                                   TOMTE_BUF_ARRAY(out)));
        CHECK_BYTES(e, TOMTE_SPAN_ARRAY(out));
        CHECK_OK(tomte_crypto_verify(c, TOMTE_ALG_ES256, q,
                                     TOMTE_SPAN_ARRAY(digest), e));
    }
}

/* RFC 6979 appendix A.2.6 (P-384, SHA-384), "sample". */
static inline void check_es384_vector(const struct tomte_crypto *c)
{
    uint8_t open[96], sig[96], digest[48];
    struct tomte_span q = test_hex(
        "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64"
        "def8f0ea9055866064a254515480bc13"
        "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1"
        "288b231c3ae0d4fe7344fd2533264720",
        TOMTE_BUF_ARRAY(open));
    struct tomte_span s = test_hex(
        "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c"
        "81a648152e44acf96e36dd1e80fabe46"
        "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f"
        "a329c145786e679e7b82c71a38628ac8",
        TOMTE_BUF_ARRAY(sig));
    struct tomte_span d = TOMTE_SPAN_ARRAY(digest);
    CHECK_OK(tomte_crypto_digest(c, TOMTE_ALG_SHA_384, TOMTE_SPAN_LIT("sample"),
                                 TOMTE_BUF_ARRAY(digest)));
    CHECK_OK(tomte_crypto_verify(c, TOMTE_ALG_ES384, q, d, s));
    CHECK_OK(tomte_crypto_verify(c, TOMTE_ALG_ESP384, q, d, s));
    for (size_t bit = 0; bit < 8 * sizeof sig; bit += 50) {
        sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_EQ(TOMTE_ERR_DENIED,
                 tomte_crypto_verify(c, TOMTE_ALG_ES384, q, d, s));
        sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    memset(sig, 0xff, 48);
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_crypto_verify(c, TOMTE_ALG_ES384, q, d, s));
}

static inline void check_verify_row(const struct tomte_crypto *c,
                                    enum tomte_err expected, const char *key,
                                    const char *digest, const char *sig)
{
    uint8_t q[64], d[32], s[64];
    CHECK_EQ(expected, tomte_crypto_verify(c, TOMTE_ALG_ES256,
                                           test_hex(key, TOMTE_BUF_ARRAY(q)),
                                           test_hex(digest, TOMTE_BUF_ARRAY(d)),
                                           test_hex(sig, TOMTE_BUF_ARRAY(s))));
}

/* Made for this test with the key above: the digest is r * d, so that both
 * summands of the verification are the same point and the sum a doubling. */
static inline void check_es256_edges(const struct tomte_crypto *c)
{
    static const char e[] =
        "2c2dc56d83f7b4c6cf3a56741c848f473a7f39a98922bc7225e7c308d6a3dc4f";
    static const char sig[] =
        "f9ebe464147cc102d92324d099d927c1a50e42d57a08a116ffec0a29819d8c65"
        "14b857611dd3341f9159813e9ac2f46ccbb1946b11f8ac71c7e5ff6646b610e2";
    check_verify_row(c, TOMTE_OK, A25_PUBLIC, e, sig);
    /* The opposite point: the sum is at infinity. */
    check_verify_row(
        c, TOMTE_ERR_DENIED,
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "86fc01eef74743675be51616a9d7439b0d0e4df4d28160ae885c3d6b2bb9dd66",
        e, sig);
}

static inline void check_agreed(const struct tomte_crypto *c, int64_t curve,
                                const char *secret, const char *peer,
                                const char *expected)
{
    uint8_t d[32], q[64], e[32], out[32];
    struct tomte_span own = test_hex(secret, TOMTE_BUF_ARRAY(d));
    struct tomte_span open = test_hex(peer, TOMTE_BUF_ARRAY(q));
    enum tomte_err err = tomte_crypto_agree(c, curve, own, open, out);
    CHECK_EQ(expected == NULL ? TOMTE_ERR_INVALID : TOMTE_OK, err);
    if (expected != NULL)
        CHECK_BYTES(test_hex(expected, TOMTE_BUF_ARRAY(e)),
                    TOMTE_SPAN_ARRAY(out));
}

/* RFC 5903 section 8.1, from both sides; then points at the edges. */
static inline void check_p256_agreement(const struct tomte_crypto *c)
{
    static const char i[] =
        "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433";
    static const char shared[] =
        "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de";
    check_agreed(
        c, TOMTE_CURVE_P256, i,
        "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
        "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
        shared);
    check_agreed(
        c, TOMTE_CURVE_P256,
        "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
        "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
        "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
        shared);
    /* x = 0 has a y; as its own x the prime does not do. */
    static const char y0[] =
        "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4";
    char point[129] =
        "0000000000000000000000000000000000000000000000000000000000000000";
    memcpy(point + 64, y0, 65);
    check_agreed(
        c, TOMTE_CURVE_P256,
        "0000000000000000000000000000000000000000000000000000000000000001",
        point,
        "0000000000000000000000000000000000000000000000000000000000000000");
    memcpy(point,
           "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
           64);
    check_agreed(c, TOMTE_CURVE_P256, i, point, NULL);
    /* y = 5 is on the curve with this x; y + p is the same number, written in
     * another way. */
    memcpy(point,
           "d7325d7646cd60d80a92738ceb345f844cffaf35841022cab176f692de8de1d7"
           "ffffffff00000001000000000000000000000001000000000000000000000004",
           128);
    check_agreed(c, TOMTE_CURVE_P256, i, point, NULL);
    memcpy(point + 64,
           "0000000000000000000000000000000000000000000000000000000000000005",
           64);
    uint8_t d[32], q[64], out[32];
    CHECK_OK(tomte_crypto_agree(c, TOMTE_CURVE_P256,
                                test_hex(i, TOMTE_BUF_ARRAY(d)),
                                test_hex(point, TOMTE_BUF_ARRAY(q)), out));
    point[127] ^= 1; /* and a point beside the curve */
    memset(point, '0', 64);
    check_agreed(c, TOMTE_CURVE_P256, i, point, NULL);
}

/* RFC 7748 section 6.1, from both sides; then 0, 1, p and p - 1, which have
 * small order. */
static inline void check_x25519_agreement(const struct tomte_crypto *c)
{
    static const char *const small[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    static const char a[] =
        "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
    static const char a_open[] =
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
    static const char shared[] =
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
    uint8_t secret[32], open[32], expected[32];
    CHECK_OK(tomte_crypto_public(c, TOMTE_CURVE_X25519,
                                 test_hex(a, TOMTE_BUF_ARRAY(secret)),
                                 TOMTE_BUF_ARRAY(open)));
    CHECK_BYTES(test_hex(a_open, TOMTE_BUF_ARRAY(expected)),
                TOMTE_SPAN_ARRAY(open));
    check_agreed(
        c, TOMTE_CURVE_X25519, a,
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
        shared);
    check_agreed(
        c, TOMTE_CURVE_X25519,
        "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
        a_open, shared);
    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        check_agreed(c, TOMTE_CURVE_X25519, a, small[i], NULL);
}

static inline void check_curve_vectors(const struct tomte_crypto *c)
{
    check_es256_vectors(c);
    check_es256_edges(c);
    check_es384_vector(c);
    check_p256_agreement(c);
    check_x25519_agreement(c);
}
