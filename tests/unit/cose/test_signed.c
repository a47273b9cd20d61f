/* SPDX-License-Identifier: Apache-2.0 */
/* The one form of what is signed: what it takes, and all that it does not. */
#include "cose/signed.h"
#include "rig.h"

#define TYPE "application/vnd.tomte.test+cose"

static uint8_t memory[512];

static struct tomte_key_pair pair(uint8_t seed)
{
    struct tomte_key_pair k;
    uint8_t random[32];
    memset(random, seed, sizeof random);
    CHECK_OK(tomte_key_pair_init(&k, fake, random));
    return k;
}

static struct tomte_span sign(const struct tomte_key_pair *k, uint64_t iat_s)
{
    struct tomte_span message;
    struct tomte_signed_draft draft = {.type = TYPE,
                                       .scope = TOMTE_SPAN_LIT("home"),
                                       .payload = TOMTE_SPAN_LIT("said"),
                                       .iat_s = iat_s};
    CHECK_OK(tomte_signed_encode(fake, &draft, k, TOMTE_BUF_ARRAY(memory),
                                 &message));
    CHECK(message.len <
          strlen(TYPE) + draft.payload.len + TOMTE_SIGNED_OVERHEAD_BYTES);
    return message;
}

TEST(signed_goes_there_and_back)
{
    struct tomte_key_pair k = pair(5), other = pair(6);
    struct tomte_signed s;
    uint8_t id[TOMTE_KEY_ID_BYTES];
    CHECK_OK(tomte_signed_decode(&s, TYPE, sign(&k, 1700000000)));
    tomte_key_id(fake, k.open, id);
    CHECK_BYTES(TOMTE_SPAN_ARRAY(id), TOMTE_SPAN_ARRAY(s.key_id));
    CHECK_BYTES(TOMTE_SPAN_LIT("said"), s.payload);
    CHECK(s.has_iat);
    CHECK_EQ(1700000000, s.iat_s);
    CHECK_OK(tomte_signed_verify(fake, &s, k.open, TOMTE_SPAN_LIT("home")));
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_signed_verify(fake, &s, k.open, TOMTE_SPAN_LIT("hom")));
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_signed_verify(fake, &s, k.open, TOMTE_SPAN_NONE));
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_signed_verify(fake, &s, other.open, TOMTE_SPAN_LIT("home")));
}

TEST(signed_without_a_time_says_so)
{
    struct tomte_key_pair k = pair(5);
    struct tomte_signed s;
    CHECK_OK(tomte_signed_decode(&s, TYPE, sign(&k, 0)));
    CHECK(!s.has_iat);
    CHECK_OK(tomte_signed_verify(fake, &s, k.open, TOMTE_SPAN_LIT("home")));
}

TEST(signed_of_another_type_is_nothing)
{
    struct tomte_key_pair k = pair(5);
    struct tomte_signed s;
    struct tomte_span m = sign(&k, 1);
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_signed_decode(&s, "application/vnd.tomte.view+cose", m));
    CHECK(s.payload.data == NULL);
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_signed_decode(&s, TYPE "x", m));
}

/* Every byte, changed in one bit: not decoded or not verified. */
TEST(signed_bears_no_change)
{
    struct tomte_key_pair k = pair(5);
    struct tomte_signed s;
    struct tomte_span m = sign(&k, 1700000000);
    for (size_t i = 0; i < m.len * 8; i++) {
        memory[i / 8] ^= (uint8_t)(1u << i % 8);
        if (tomte_signed_decode(&s, TYPE, m) == TOMTE_OK)
            CHECK_EQ(
                TOMTE_ERR_DENIED,
                tomte_signed_verify(fake, &s, k.open, TOMTE_SPAN_LIT("home")));
        memory[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    for (size_t len = 0; len < m.len; len++)
        CHECK(tomte_signed_decode(&s, TYPE, TOMTE_SPAN(m.data, len)) !=
              TOMTE_OK);
}

/* A message with other buckets, by the general encoder. */
static enum tomte_err decode_with(const char *header, const char *open_bucket,
                                  bool untagged, bool detached)
{
    struct rig g;
    struct tomte_signed s;
    struct tomte_span m;
    struct tomte_cose_draft draft = {.protected_map = hex(header),
                                     .unprotected_map = hex(open_bucket),
                                     .payload = TOMTE_SPAN_LIT("said"),
                                     .untagged = untagged,
                                     .detached = detached};
    rig_init(&g);
    CHECK_OK(tomte_cose_sign1_encode(fake, &draft, &g.signer,
                                     TOMTE_BUF_ARRAY(memory), &m));
    return tomte_signed_decode(&s, "t/t", m);
}

TEST(signed_leaves_nothing_open)
{
    /* {1: -7, 4: h'..8', 16: "t/t"} */
    const char *good = "a3 0126 0448 0102030405060708 10 63742f74";
    CHECK_OK(decode_with(good, "a0", false, false));
    CHECK_OK(decode_with("a3 0128 0448 0102030405060708 10 63742f74", "a0",
                         false, false)); /* ESP256 */
    CHECK_EQ(TOMTE_ERR_INVALID, decode_with(good, "a0", true, false));
    CHECK_EQ(TOMTE_ERR_INVALID, decode_with(good, "a0", false, true));
    CHECK_EQ(TOMTE_ERR_INVALID, decode_with(good, "a1 1863 00", false, false));
    /* kid outside, of another length, absent */
    CHECK_EQ(TOMTE_ERR_INVALID,
             decode_with("a2 0126 10 63742f74", "a1 0448 0102030405060708",
                         false, false));
    CHECK_EQ(TOMTE_ERR_INVALID,
             decode_with("a3 0126 0441 01 10 63742f74", "a0", false, false));
    CHECK_EQ(TOMTE_ERR_MISSING,
             decode_with("a2 0126 10 63742f74", "a0", false, false));
    /* no type, a number for one, one outside */
    CHECK_EQ(TOMTE_ERR_DENIED,
             decode_with("a2 0126 0448 0102030405060708", "a0", false, false));
    CHECK_EQ(TOMTE_ERR_DENIED, decode_with("a3 0126 0448 0102030405060708 1000",
                                           "a0", false, false));
    CHECK_EQ(TOMTE_ERR_INVALID, decode_with("a2 0126 0448 0102030405060708",
                                            "a1 10 63742f74", false, false));
}

TEST(signed_knows_all_its_labels)
{
    /* a content type, a label of nobody's, claims with more than iat */
    CHECK_EQ(TOMTE_ERR_MISSING,
             decode_with("a4 0126 0300 0448 0102030405060708 10 63742f74", "a0",
                         false, false));
    CHECK_EQ(TOMTE_ERR_UNKNOWN,
             decode_with("a4 0126 0448 0102030405060708 10 63742f74 1863 00",
                         "a0", false, false));
    CHECK_EQ(TOMTE_ERR_UNKNOWN,
             decode_with("a4 0126 0448 0102030405060708 0f a2 0601 0741 01"
                         "10 63742f74",
                         "a0", false, false));
    CHECK_EQ(TOMTE_ERR_MISSING,
             decode_with("a4 0126 0448 0102030405060708 0f a1 0401"
                         "10 63742f74",
                         "a0", false, false));
    CHECK_EQ(TOMTE_ERR_RANGE,
             decode_with("a4 0126 0448 0102030405060708"
                         "0f a1 06 1b 8000000000000000 10 63742f74",
                         "a0", false, false));
    CHECK_OK(decode_with("a4 0126 0448 0102030405060708 0f a1 0601"
                         "10 63742f74",
                         "a0", false, false));
}

TEST(signed_fits_or_is_full)
{
    struct tomte_key_pair k = pair(5);
    struct tomte_span whole = sign(&k, 7), m;
    struct tomte_signed_draft draft = {.type = TYPE,
                                       .scope = TOMTE_SPAN_LIT("home"),
                                       .payload = TOMTE_SPAN_LIT("said"),
                                       .iat_s = 7};
    for (size_t cap = 0; cap < whole.len; cap++)
        CHECK_EQ(
            TOMTE_ERR_FULL,
            tomte_signed_encode(fake, &draft, &k, TOMTE_BUF(memory, cap), &m));
}

TEST(signed_key_of_zeros_is_none)
{
    struct tomte_key_pair k;
    uint8_t zero[32] = {0};
    CHECK_EQ(TOMTE_ERR_INVALID, tomte_key_pair_init(&k, fake, zero));
}
