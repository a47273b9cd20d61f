/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#define X_11 "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff"
#define Y_11 "20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e"
#define D_11 "57c92077664146e876760c9520d054aa93c3afb04e306705db6090308507b4d3"

/* The key "11" of the working group's examples; RFC 9052 appendix C.7.2. */
#define KEY_11                                                                 \
    "a6"                                                                       \
    "0102"                                                                     \
    "02423131"                                                                 \
    "2001"                                                                     \
    "215820" X_11 "225820" Y_11 "235820" D_11

TEST(keys_are_read_and_written)
{
    static const char *const rows[] = {
        KEY_11,
        "a4"
        "0102"
        "2001"
        "215820" X_11 "225820" Y_11,
        "a3"
        "0101"
        "2004"
        "215820" X_11,
        "a4"
        "0101"
        "2006"
        "215820" X_11 "235820" D_11,
        "a2"
        "0104"
        "2050"
        "000102030405060708090a0b0c0d0e0f",
        "a6"
        "0104"
        "0240"
        "030a"
        "04820304"
        "054101"
        "2041ff",
    };
    uint8_t memory[160];
    struct tomte_cose_key key, again;
    struct tomte_span out;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tomte_span in = hex(rows[i]);
        CHECK_OK(tomte_cose_key_decode(&key, in));
        key.ops &= (uint16_t)~1u;
        CHECK_OK(tomte_cose_key_encode(&key, TOMTE_BUF_ARRAY(memory), &out));
        CHECK_BYTES(in, out);
        CHECK_OK(tomte_cose_key_decode(&again, out));
        CHECK(in.len <= TOMTE_COSE_KEY_BYTES + key.kid.len);
        CHECK_EQ(
            TOMTE_ERR_FULL,
            tomte_cose_key_encode(&key, TOMTE_BUF(memory, in.len - 1), &out));
    }
}

TEST(keys_have_parts)
{
    uint8_t point[TOMTE_PUBLIC_BYTES_MAX];
    struct tomte_cose_key key, open;
    CHECK_OK(tomte_cose_key_decode(&key, hex(KEY_11)));
    CHECK_EQ(TOMTE_COSE_EC2, key.kty);
    CHECK_EQ(TOMTE_CURVE_P256, key.curve);
    CHECK_BYTES(TOMTE_SPAN_LIT("11"), key.kid);
    CHECK_BYTES(hex(D_11), key.d);
    CHECK_BYTES(hex(X_11 Y_11), tomte_cose_key_point(&key, point));
    open = tomte_cose_key_public(&key);
    CHECK(open.d.data == NULL);
    CHECK_BYTES(hex(X_11), open.x);
    open = tomte_cose_key_p256(hex(X_11 Y_11).data, hex(D_11));
    CHECK_BYTES(key.y, open.y);
    open = tomte_cose_key_symmetric(TOMTE_ALG_HMAC_256_256, hex("aa"));
    EXPECT_PANIC(tomte_cose_key_public(&open));
    CHECK_EQ(0, tomte_cose_key_point(&open, point).len);
    /* P-521: read, but no point that src/crypto could take */
    open = (struct tomte_cose_key){.kty = TOMTE_COSE_EC2,
                                   .x = TOMTE_SPAN(point, 66),
                                   .y = TOMTE_SPAN(point, 66)};
    CHECK_EQ(0, tomte_cose_key_point(&open, point).len);
}

TEST(keys_fit_what_they_are_for)
{
    struct tomte_cose_key key;
    CHECK_OK(tomte_cose_key_decode(&key, hex("a30104030a2041ff")));
    CHECK(tomte_cose_key_fits(&key, 10, TOMTE_COSE_OP_ENCRYPT));
    CHECK(!tomte_cose_key_fits(&key, 30, TOMTE_COSE_OP_ENCRYPT));
    CHECK_OK(tomte_cose_key_decode(&key, hex("a3010404810a2041ff")));
    CHECK(tomte_cose_key_fits(&key, 5, TOMTE_COSE_OP_MAC_VERIFY));
    CHECK(!tomte_cose_key_fits(&key, 5, TOMTE_COSE_OP_MAC_CREATE));
    /* operations that nobody here knows: for those, and for nothing else */
    CHECK_OK(tomte_cose_key_decode(&key, hex("a30104048218636178"
                                             "2041ff")));
    CHECK(!tomte_cose_key_fits(&key, 5, TOMTE_COSE_OP_MAC_VERIFY));
    uint8_t memory[40];
    struct tomte_span out;
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             tomte_cose_key_encode(&key, TOMTE_BUF_ARRAY(memory), &out));
    key = (struct tomte_cose_key){.alg = TOMTE_ALG_ES256};
    CHECK(tomte_cose_key_fits(&key, TOMTE_ALG_ESP256, TOMTE_COSE_OP_SIGN));
    CHECK(!tomte_cose_key_fits(&key, TOMTE_ALG_ES384, TOMTE_COSE_OP_SIGN));
    CHECK(!tomte_cose_key_fits(&key, 5, TOMTE_COSE_OP_SIGN));
    key.alg = 99; /* none of ours is the same as another that is none of ours */
    CHECK(!tomte_cose_key_fits(&key, 98, TOMTE_COSE_OP_SIGN));
}

static const struct {
    enum tomte_err err;
    const char *text;
} bad_keys[] = {
    {TOMTE_ERR_MISSING, "a0"},
    {TOMTE_ERR_MISSING, "a12041ff"}, /* no kty */
    {TOMTE_ERR_MISSING, "a10104"},   /* no k */
    {TOMTE_ERR_MISSING, "a20102"
                        "2001"}, /* no x */
    {TOMTE_ERR_MISSING, "a30102"
                        "2001"
                        "215820" X_11}, /* no y */
    {TOMTE_ERR_MISSING, "a20101"
                        "215820" X_11}, /* no curve */
    {TOMTE_ERR_INVALID, "a201042040"},  /* k of no bytes */
    {TOMTE_ERR_INVALID, "a30101"
                        "2004"
                        "2141aa"},
    {TOMTE_ERR_INVALID, "a50102"
                        "2001"
                        "215820" X_11 "225820" Y_11 "2341aa"},
    {TOMTE_ERR_INVALID, "a40102"
                        "2001"
                        "215820" X_11 "2241aa"},
    {TOMTE_ERR_INVALID, "a30104"
                        "0300"
                        "2041ff"}, /* alg 0 */
    {TOMTE_ERR_INVALID, "a30104"
                        "0480"
                        "2041ff"}, /* key_ops [] */
    {TOMTE_ERR_INVALID, "a20100"
                        "2041ff"}, /* kty 0 */
    {TOMTE_ERR_UNSUPPORTED, "a40102"
                            "2001"
                            "215820" X_11 "22f5"},
    {TOMTE_ERR_UNSUPPORTED, "a40102"
                            "2008"
                            "215820" X_11 "225820" Y_11},
    {TOMTE_ERR_UNSUPPORTED, "a40102"
                            "2004"
                            "215820" X_11 "225820" Y_11},
    {TOMTE_ERR_UNSUPPORTED, "a30101"
                            "2001"
                            "215820" X_11},
    {TOMTE_ERR_UNSUPPORTED, "a101"
                            "03"}, /* RSA */
    {TOMTE_ERR_UNSUPPORTED, "a201"
                            "63454332"
                            "2041ff"}, /* "EC2" */
    {TOMTE_ERR_TYPE, "a20104"
                     "2061ff"},
    {TOMTE_ERR_TYPE, "8101"},
    {TOMTE_ERR_NOT_CANONICAL, "a302413101042041ff"},
    {TOMTE_ERR_DUPLICATE, "a301040104"
                          "2041ff"},
    {TOMTE_ERR_TRAILING, "a201042041ff00"},
};

TEST(keys_malformed)
{
    struct tomte_cose_key key;
    for (size_t i = 0; i < sizeof bad_keys / sizeof *bad_keys; i++) {
        CHECK_EQ(bad_keys[i].err,
                 tomte_cose_key_decode(&key, hex(bad_keys[i].text)));
        CHECK_EQ(0, key.kty);
    }
}

/* RFC 9679 section 6: the thumbprint does not hang on kid or d. */
TEST(keys_have_thumbprints_of_their_own)
{
    struct tomte_cose_key key;
    uint8_t a[32], b[32], direct[32];
    CHECK_OK(tomte_cose_key_decode(&key, hex(KEY_11)));
    CHECK_OK(tomte_cose_key_thumbprint(fake, &key, a));
    tomte_sha256(fake,
                 hex("a4"
                     "0102"
                     "2001"
                     "215820" X_11 "225820" Y_11),
                 direct);
    CHECK_BYTES(TOMTE_SPAN_ARRAY(direct), TOMTE_SPAN_ARRAY(a));
    key = tomte_cose_key_public(&key);
    key.kid = TOMTE_SPAN_NONE;
    CHECK_OK(tomte_cose_key_thumbprint(fake, &key, b));
    CHECK_BYTES(TOMTE_SPAN_ARRAY(a), TOMTE_SPAN_ARRAY(b));
    CHECK_OK(tomte_cose_key_decode(&key, hex("a301012006215820" X_11)));
    CHECK_OK(tomte_cose_key_thumbprint(fake, &key, a));
    tomte_sha256(fake, hex("a301012006215820" X_11), direct);
    CHECK_BYTES(TOMTE_SPAN_ARRAY(direct), TOMTE_SPAN_ARRAY(a));
    CHECK_OK(tomte_cose_key_decode(&key, hex("a3010402413120"
                                             "41ff")));
    CHECK_OK(tomte_cose_key_thumbprint(fake, &key, a));
    tomte_sha256(fake, hex("a201042041ff"), direct);
    CHECK_BYTES(TOMTE_SPAN_ARRAY(direct), TOMTE_SPAN_ARRAY(a));
    key.kty = 0;
    CHECK_EQ(TOMTE_ERR_MISSING, tomte_cose_key_thumbprint(fake, &key, a));
}
