/* SPDX-License-Identifier: Apache-2.0 */
/* Published vectors, for every backend that computes the real thing. */
#pragma once

#include "base/base.h"
#include "crypto/crypto.h"
#include "test.h"

/* Examples of FIPS 180-2 appendices B.1 and B.2, and of nothing. */
static inline void check_sha256_vectors(const struct tomte_crypto *c)
{
    static const struct {
        const char *text, *digest;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb924"
             "27ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223"
                "b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039"
         "a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t expected[32], digest[32];
        tomte_sha256(c, tomte_span_str(rows[i].text), digest);
        CHECK_BYTES(test_hex(rows[i].digest, TOMTE_BUF_ARRAY(expected)),
                    TOMTE_SPAN_ARRAY(digest));
    }
}

/* FIPS 180-2 appendix B.3: a million times "a". */
static inline void check_sha256_million(const struct tomte_crypto *c)
{
    uint8_t block[1000], expected[32], digest[32];
    struct tomte_sha256 h;
    memset(block, 'a', sizeof block);
    tomte_sha256_init(&h, c);
    for (int i = 0; i < 1000; i++)
        tomte_sha256_update(&h, TOMTE_SPAN_ARRAY(block));
    tomte_sha256_final(&h, digest);
    CHECK_BYTES(test_hex("cdc76e5c9914fb9281a1c7e284d73e67"
                         "f1809a48a497200e046d39ccc7112cd0",
                         TOMTE_BUF_ARRAY(expected)),
                TOMTE_SPAN_ARRAY(digest));
}

/* FIPS 180-2 appendices C.1 and D.1: "abc"; RFC 6234 has the same. */
static inline void check_sha512_vectors(const struct tomte_crypto *c)
{
    uint8_t expected[64], digest[64];
    struct tomte_hash h;
    CHECK_OK(tomte_crypto_digest(c, TOMTE_ALG_SHA_384, TOMTE_SPAN_LIT("abc"),
                                 TOMTE_BUF_ARRAY(digest)));
    CHECK_BYTES(test_hex("cb00753f45a35e8bb5a03d699ac65007"
                         "272c32ab0eded1631a8b605a43ff5bed"
                         "8086072ba1e7cc2358baeca134c825a7",
                         TOMTE_BUF_ARRAY(expected)),
                TOMTE_SPAN(digest, 48));
    CHECK_OK(tomte_hash_init(&h, c, TOMTE_ALG_SHA_512));
    tomte_hash_update(&h, TOMTE_SPAN_LIT("a"));
    tomte_hash_update(&h, TOMTE_SPAN_NONE);
    tomte_hash_update(&h, TOMTE_SPAN_LIT("bc"));
    tomte_hash_final(&h, TOMTE_BUF_ARRAY(digest));
    CHECK_BYTES(test_hex("ddaf35a193617abacc417349ae204131"
                         "12e6fa4e89a97ea20a9eeee64b55d39a"
                         "2192992a274fc1a836ba3c23a3feebbd"
                         "454d4423643ce80e2a9ac94fa54ca49f",
                         TOMTE_BUF_ARRAY(expected)),
                TOMTE_SPAN_ARRAY(digest));
}

/* `len` times `byte`, or the bytes from `byte` on when `step` is 1. */
static inline struct tomte_span fill(struct tomte_buf out, uint8_t byte,
                                     size_t len, uint8_t step)
{
    CHECK(len <= out.cap);
    for (size_t i = 0; i < len; i++)
        out.data[i] = (uint8_t)(byte + i * step);
    return TOMTE_SPAN(out.data, len);
}

struct hmac_row {
    struct tomte_span key, data;
    const char *tag; /* of case 5 the first 16 bytes */
};

/* RFC 4231 sections 4.2 to 4.8, test cases 1 to 7. */
static inline void check_hmac_vectors(const struct tomte_crypto *c)
{
    uint8_t k1[20], k3[20], k4[25], k5[20], k6[131], d3[50], d4[50];
    struct tomte_span long_key = fill(TOMTE_BUF_ARRAY(k6), 0xaa, 131, 0);
    const struct hmac_row rows[] = {
        {fill(TOMTE_BUF_ARRAY(k1), 0x0b, 20, 0), TOMTE_SPAN_LIT("Hi There"),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {TOMTE_SPAN_LIT("Jefe"), TOMTE_SPAN_LIT("what do ya want for nothing?"),
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {fill(TOMTE_BUF_ARRAY(k3), 0xaa, 20, 0),
         fill(TOMTE_BUF_ARRAY(d3), 0xdd, 50, 0),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {fill(TOMTE_BUF_ARRAY(k4), 0x01, 25, 1),
         fill(TOMTE_BUF_ARRAY(d4), 0xcd, 50, 0),
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {fill(TOMTE_BUF_ARRAY(k5), 0x0c, 20, 0),
         TOMTE_SPAN_LIT("Test With Truncation"),
         "a3b6167473100ee06e0c796c2955552b"},
        {long_key,
         TOMTE_SPAN_LIT("Test Using Larger Than Block-Size Key - Hash Key "
                        "First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {long_key,
         TOMTE_SPAN_LIT("This is a test using a larger than block-size key and "
                        "a larger than block-size data. The key needs to be "
                        "hashed before being used by the HMAC algorithm."),
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t expected[32], tag[32];
        struct tomte_span e = test_hex(rows[i].tag, TOMTE_BUF_ARRAY(expected));
        tomte_hmac(c, rows[i].key, rows[i].data, tag);
        CHECK_BYTES(e, TOMTE_SPAN(tag, e.len));
    }
}

static inline void check_hkdf(const struct tomte_crypto *c,
                              struct tomte_span salt, struct tomte_span secret,
                              struct tomte_span info, const char *hex)
{
    uint8_t expected[82], out[82];
    struct tomte_span e = test_hex(hex, TOMTE_BUF_ARRAY(expected));
    tomte_hkdf(c, salt, secret, info, TOMTE_BUF(out, e.len));
    CHECK_BYTES(e, TOMTE_SPAN(out, e.len));
}

/* RFC 5869 appendices A.1 to A.3. */
static inline void check_hkdf_vectors(const struct tomte_crypto *c)
{
    uint8_t secret[80], salt[80], info[80];
    struct tomte_span short_secret = fill(TOMTE_BUF_ARRAY(secret), 0x0b, 22, 0);
    check_hkdf(
        c, fill(TOMTE_BUF_ARRAY(salt), 0x00, 13, 1), short_secret,
        fill(TOMTE_BUF_ARRAY(info), 0xf0, 10, 1),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
        "34007208d5b887185865");
    check_hkdf(
        c, TOMTE_SPAN_NONE, short_secret, TOMTE_SPAN_NONE,
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
        "9d201395faa4b61a96c8");
    check_hkdf(
        c, fill(TOMTE_BUF_ARRAY(salt), 0x60, 80, 1),
        fill(TOMTE_BUF_ARRAY(secret), 0x00, 80, 1),
        fill(TOMTE_BUF_ARRAY(info), 0xb0, 80, 1),
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
        "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
        "cc30c58179ec3e87c14c01d5c1f3434f1d87");
}

/* RFC 6979 makes ECDSA's k by HMAC-DRBG from the key and the digest of the
 * message (its section 3.2 is SP 800-90A 10.1.2): appendix A.2.5, P-256 with
 * SHA-256. Where the first output is below the group's order, it is k. */
static inline void check_drbg_vectors(const struct tomte_crypto *c)
{
    static const struct {
        const char *message, *k;
    } rows[] = {
        {"sample",
         "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60"},
        {"test",
         "d16b6ae827f17175e040871a1c7ec3500192c4c92677336ec2537acaee0008e0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t seed[64], out[32], expected[32];
        struct tomte_drbg r;
        test_hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b"
                 "120f6721",
                 TOMTE_BUF(seed, 32));
        tomte_sha256(c, tomte_span_str(rows[i].message), seed + 32);
        tomte_drbg_init(&r, c, TOMTE_SPAN_ARRAY(seed));
        tomte_drbg_fill(&r, TOMTE_BUF_ARRAY(out));
        CHECK_BYTES(test_hex(rows[i].k, TOMTE_BUF_ARRAY(expected)),
                    TOMTE_SPAN_ARRAY(out));
        tomte_drbg_wipe(&r);
    }
}
