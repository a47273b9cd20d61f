/* SPDX-License-Identifier: Apache-2.0 */
/* What two static keys come to, with BearSSL: the keys are RFC 5903's (section
 * 8.1), what is derived from them was computed with another library (HKDF and
 * ECDH of python3-cryptography), the CBOR written by hand. */
#include "test.h"

#include "ace/association.h"
#include "crypto/bearssl.h"

static const uint8_t home[TOMTE_HOME_ID_BYTES] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                  8, 9, 10, 11, 12, 13, 14, 15};

static struct tomte_key_pair pair(const char *hex, const char *open)
{
    struct tomte_key_pair pair;
    uint8_t secret[TOMTE_P256_PRIVATE_BYTES], expected[64];
    test_hex(hex, TOMTE_BUF_ARRAY(secret));
    CHECK_OK(tomte_key_pair_init(&pair, &tomte_crypto_bearssl, secret));
    CHECK_BYTES(test_hex(open, TOMTE_BUF_ARRAY(expected)),
                TOMTE_SPAN_ARRAY(pair.open));
    return pair;
}

static struct tomte_key_pair initiator(void)
{
    return pair(
        "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
        "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
        "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3");
}

static struct tomte_key_pair responder(void)
{
    return pair(
        "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
        "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
        "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab");
}

static void check(const struct tomte_association *a, const char *secret,
                  const char *seal)
{
    uint8_t memory[TOMTE_ASSOCIATION_SECRET_BYTES];
    CHECK_BYTES(test_hex(secret, TOMTE_BUF_ARRAY(memory)),
                TOMTE_SPAN_ARRAY(a->secret));
    CHECK_BYTES(test_hex(seal, TOMTE_BUF_ARRAY(memory)),
                TOMTE_SPAN_ARRAY(a->seal));
}

TEST(association_is_what_another_library_says)
{
    struct tomte_association a;
    struct tomte_key_pair i = initiator(), r = responder();
    const char *secret =
        "2e81df32209ecc12374ee8ac2bc0273273538e3e6904ff4175d2aa131476f04b";
    const char *seal = "bf501774079f8ada36e1c9efb945b6f9";
    CHECK_OK(
        tomte_association_agree(&a, &tomte_crypto_bearssl, home, &i, r.open));
    check(&a, secret, seal);
    CHECK_OK(
        tomte_association_agree(&a, &tomte_crypto_bearssl, home, &r, i.open));
    check(&a, secret, seal);
}

/* A keeper asks itself for a lease, too. */
TEST(association_with_oneself)
{
    struct tomte_association a;
    struct tomte_key_pair i = initiator();
    CHECK_OK(
        tomte_association_agree(&a, &tomte_crypto_bearssl, home, &i, i.open));
    check(&a,
          "dceb3869067b6233b7a0d8e018a7c55d1ac7498cfe6079033c1dbe52301bc527",
          "23a462dbc343f977e78b0203a8f0ed32");
}
