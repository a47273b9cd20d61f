/* SPDX-License-Identifier: Apache-2.0 */
/* BearSSL and OpenSSL against each other: the same random question, the same
 * answer. */
#include "crypto/bearssl.h"
#include "linux/crypto_openssl.h"

#include "base/base.h"
#include "test.h"

static const struct tomte_crypto *const bear = &tomte_crypto_bearssl;
static const struct tomte_crypto *const open = &tomte_crypto_openssl;

static struct tomte_random dice;

static struct tomte_span random_bytes(uint8_t *out, size_t len)
{
    tomte_random_fill(&dice, TOMTE_BUF(out, len));
    return TOMTE_SPAN(out, len);
}

TEST(against_digests_and_derivation)
{
    tomte_random_init(&dice, 1);
    for (int i = 0; i < 2000; i++) {
        uint8_t data[300], key[200], a[100], b[100];
        struct tomte_span d =
            random_bytes(data, tomte_random_below(&dice, 300));
        struct tomte_span k = random_bytes(key, tomte_random_below(&dice, 200));
        static const int64_t algs[] = {TOMTE_ALG_SHA_256, TOMTE_ALG_SHA_384,
                                       TOMTE_ALG_SHA_512};
        int64_t alg = algs[i % 3];
        size_t len = tomte_alg_size(alg);
        CHECK_OK(tomte_crypto_digest(bear, alg, d, TOMTE_BUF_ARRAY(a)));
        CHECK_OK(tomte_crypto_digest(open, alg, d, TOMTE_BUF_ARRAY(b)));
        CHECK_BYTES(TOMTE_SPAN(a, len), TOMTE_SPAN(b, len));
        tomte_hkdf(bear, k, d, k, TOMTE_BUF_ARRAY(a));
        tomte_hkdf(open, k, d, k, TOMTE_BUF_ARRAY(b));
        CHECK_BYTES(TOMTE_SPAN_ARRAY(a), TOMTE_SPAN_ARRAY(b));
    }
}

TEST(against_generators)
{
    tomte_random_init(&dice, 2);
    for (int i = 0; i < 200; i++) {
        uint8_t seed[80], a[150], b[150];
        struct tomte_drbg r, q;
        struct tomte_span s = random_bytes(
            seed, TOMTE_SEED_BYTES + tomte_random_below(&dice, 33));
        tomte_drbg_init(&r, bear, s);
        tomte_drbg_init(&q, open, s);
        for (int step = 0; step < 5; step++) {
            size_t len = 1 + tomte_random_below(&dice, sizeof a);
            tomte_drbg_fill(&r, TOMTE_BUF(a, len));
            tomte_drbg_fill(&q, TOMTE_BUF(b, len));
            CHECK_BYTES(TOMTE_SPAN(a, len), TOMTE_SPAN(b, len));
            s = random_bytes(seed, tomte_random_below(&dice, 40));
            tomte_drbg_reseed(&r, s);
            tomte_drbg_reseed(&q, s);
        }
    }
}

static void check_encryption(const struct tomte_crypto *c,
                             const struct tomte_aead *how,
                             struct tomte_span plain)
{
    uint8_t a[316], b[316];
    struct tomte_span sealed, other, back;
    CHECK_OK(tomte_crypto_encrypt(c, how, plain, TOMTE_BUF_ARRAY(a), &sealed));
    CHECK_OK(
        tomte_crypto_encrypt(open, how, plain, TOMTE_BUF_ARRAY(b), &other));
    CHECK_BYTES(sealed, other);
    CHECK_OK(tomte_crypto_decrypt(c, how, other, TOMTE_BUF_ARRAY(a), &back));
    CHECK_BYTES(plain, back);
    b[tomte_random_below(&dice, other.len)] ^= 0x10;
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_crypto_decrypt(c, how, other, TOMTE_BUF_ARRAY(a), &back));
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_crypto_decrypt(open, how, other, TOMTE_BUF_ARRAY(a), &back));
}

TEST(against_encryption)
{
    static const int64_t algs[] = {1, 3, 10, 11, 12, 13, 30, 31, 32, 33};
    tomte_random_init(&dice, 3);
    for (int i = 0; i < 3000; i++) {
        uint8_t key[32], nonce[13], data[300], aad[3][100];
        struct tomte_aead_sizes sizes;
        struct tomte_span parts[3];
        int64_t alg = algs[tomte_random_below(&dice, 10)];
        CHECK(tomte_aead_sizes(alg, &sizes));
        for (size_t p = 0; p < 3; p++)
            parts[p] = random_bytes(aad[p], tomte_random_below(&dice, 100));
        struct tomte_aead how = {.alg = alg,
                                 .key = random_bytes(key, sizes.key),
                                 .nonce = random_bytes(nonce, sizes.nonce),
                                 .aad = parts,
                                 .aad_parts = tomte_random_below(&dice, 4)};
        check_encryption(i % 2 == 0 ? bear : tomte_crypto_bearssl_fastest(),
                         &how,
                         random_bytes(data, tomte_random_below(&dice, 300)));
    }
}

/* Of long additional data CCM writes the length in another form. */
TEST(against_long_additional_data)
{
    static uint8_t aad[70000];
    static const size_t lens[] = {0xfeff, 0xff00, 0xffff, 0x10000, 70000};
    uint8_t key[16], nonce[13];
    tomte_random_init(&dice, 4);
    random_bytes(aad, sizeof aad);
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct tomte_span part = TOMTE_SPAN(aad, lens[i]);
        struct tomte_aead how = {.alg = TOMTE_ALG_CCM_16_64_128,
                                 .key = random_bytes(key, sizeof key),
                                 .nonce = random_bytes(nonce, sizeof nonce),
                                 .aad = &part,
                                 .aad_parts = 1};
        check_encryption(bear, &how, TOMTE_SPAN_LIT("text"));
    }
}

/* Digests at the edges too: those are reduced by the order. */
TEST(against_signatures)
{
    tomte_random_init(&dice, 5);
    for (int i = 0; i < 40; i++) {
        uint8_t secret[32], q[64], q2[64], digest[32], a[64], b[64];
        struct tomte_span d = random_bytes(secret, 32);
        struct tomte_span h = random_bytes(digest, 32);
        if (i % 4 == 3)
            memset(digest, 0xff, i % 8 == 3 ? 32 : 4);
        CHECK_OK(
            tomte_crypto_public(bear, TOMTE_CURVE_P256, d, TOMTE_BUF_ARRAY(q)));
        CHECK_OK(tomte_crypto_public(open, TOMTE_CURVE_P256, d,
                                     TOMTE_BUF_ARRAY(q2)));
        CHECK_BYTES(TOMTE_SPAN_ARRAY(q), TOMTE_SPAN_ARRAY(q2));
        CHECK_OK(
            tomte_crypto_sign(bear, TOMTE_ALG_ES256, d, h, TOMTE_BUF_ARRAY(a)));
        CHECK_OK(
            tomte_crypto_sign(open, TOMTE_ALG_ES256, d, h, TOMTE_BUF_ARRAY(b)));
        CHECK_BYTES(TOMTE_SPAN_ARRAY(a), TOMTE_SPAN_ARRAY(b));
        CHECK_OK(tomte_crypto_verify(open, TOMTE_ALG_ES256, TOMTE_SPAN_ARRAY(q),
                                     h, TOMTE_SPAN_ARRAY(a)));
        CHECK_OK(tomte_crypto_verify(bear, TOMTE_ALG_ES256, TOMTE_SPAN_ARRAY(q),
                                     h, TOMTE_SPAN_ARRAY(a)));
    }
}

/* Where they differ, and nobody can get: a digest that is zero modulo the order
 * (docs/internals/crypto.md). */
TEST(against_a_digest_of_zero)
{
    uint8_t q[64], zero[32] = {0}, s[64];
    struct tomte_span key = test_hex(
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
        TOMTE_BUF_ARRAY(q));
    struct tomte_span sig = test_hex(
        "f9ebe464147cc102d92324d099d927c1a50e42d57a08a116ffec0a29819d8c65"
        "0a5c2bb08ee99a0fc8acc09f4d617a3665d8ca3588fc5638e3f2ffb3235b0871",
        TOMTE_BUF_ARRAY(s));
    CHECK_OK(tomte_crypto_verify(open, TOMTE_ALG_ES256, key,
                                 TOMTE_SPAN_ARRAY(zero), sig));
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_crypto_verify(bear, TOMTE_ALG_ES256, key,
                                 TOMTE_SPAN_ARRAY(zero), sig));
}

TEST(against_agreement)
{
    static const int64_t curves[] = {TOMTE_CURVE_P256, TOMTE_CURVE_X25519};
    tomte_random_init(&dice, 6);
    for (int i = 0; i < 60; i++) {
        int64_t curve = curves[i % 2];
        uint8_t own[32], peer[32], q[64], a[32], b[32];
        struct tomte_span d = random_bytes(own, 32);
        struct tomte_span e = random_bytes(peer, 32);
        struct tomte_span k = TOMTE_SPAN(q, tomte_curve_public_size(curve));
        CHECK_OK(tomte_crypto_public(open, curve, e, TOMTE_BUF_ARRAY(q)));
        CHECK_OK(tomte_crypto_agree(bear, curve, d, k, a));
        CHECK_OK(tomte_crypto_agree(open, curve, d, k, b));
        CHECK_BYTES(TOMTE_SPAN_ARRAY(a), TOMTE_SPAN_ARRAY(b));
        /* Any 32 bytes are a key of X25519, nearly none a point of P-256. */
        random_bytes(q, sizeof q);
        enum tomte_err bears = tomte_crypto_agree(bear, curve, d, k, a);
        CHECK_EQ(bears, tomte_crypto_agree(open, curve, d, k, b));
        CHECK_EQ(curve == TOMTE_CURVE_P256 ? TOMTE_ERR_INVALID : TOMTE_OK,
                 bears);
        if (bears == TOMTE_OK)
            CHECK_BYTES(TOMTE_SPAN_ARRAY(a), TOMTE_SPAN_ARRAY(b));
    }
}
