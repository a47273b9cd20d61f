/* SPDX-License-Identifier: Apache-2.0 */
#include "aead_checks.h"
#include "curve_checks.h"

#include <stdlib.h>

static const struct tomte_crypto *const fake = &tomte_crypto_fake;

TEST(fake_steps)
{
    check_steps(fake);
    check_state_copies(fake);
}

TEST(fake_algorithms)
{
    check_algorithms(fake);
    check_verify(fake);
}

TEST(fake_asserts_our_own_faults)
{
    check_panics(fake);
}

TEST(fake_derivation_and_generator)
{
    check_derivation(fake);
    check_generator(fake);
}

TEST(fake_encryption)
{
    check_aead(fake);
}

TEST(fake_curves)
{
    check_curves(fake);
}

/* What it lacks it says. */
TEST(fake_has_no_long_digests)
{
    struct tomte_hash h;
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             tomte_hash_init(&h, fake, TOMTE_ALG_SHA_384));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, tomte_hash_init(&h, fake, TOMTE_ALG_ES256));
}

TEST(fake_says_that_it_is)
{
    CHECK(strcmp("fake", fake->name) == 0);
}

/* Pinned: simulations must replay on every machine and with later versions. */
TEST(fake_is_the_same_everywhere)
{
    uint8_t digest[32], expected[32];
    tomte_sha256(fake, TOMTE_SPAN_LIT("abcdefghijk"), digest);
    CHECK_BYTES(test_hex("815e1f1c7771c0a162b4b20cc07ec640"
                         "0533e2ea47662435652559299945e8f5",
                         TOMTE_BUF_ARRAY(expected)),
                TOMTE_SPAN_ARRAY(digest));
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, 8);
}

/* 2^17 inputs that differ little, from none to 16 bytes: 8 bytes of the digest
 * alone, anywhere in it, tell them apart (chance of a collision: 2^-31). */
TEST(fake_digests_do_not_collide)
{
    enum { N = 1 << 17 };
    static uint8_t parts[4][N][8];
    for (uint32_t i = 0; i < N; i++) {
        uint8_t in[16] = {0}, digest[32];
        tomte_put_le32(in + i % 13, i);
        tomte_sha256(fake, TOMTE_SPAN(in, 4 + i % 13), digest);
        for (size_t p = 0; p < 4; p++)
            memcpy(parts[p][i], digest + 8 * p, 8);
    }
    for (size_t p = 0; p < 4; p++) {
        qsort(parts[p], N, 8, compare);
        for (size_t i = 1; i < N; i++)
            CHECK(memcmp(parts[p][i], parts[p][i - 1], 8) != 0);
    }
}

/* One changed bit of the input changes about half of the digest's bits. */
TEST(fake_digests_spread_every_bit)
{
    uint8_t in[40] = {0}, before[32], after[32];
    tomte_sha256(fake, TOMTE_SPAN_ARRAY(in), before);
    for (size_t bit = 0; bit < 8 * sizeof in; bit++) {
        unsigned changed = 0;
        in[bit / 8] ^= (uint8_t)(1u << bit % 8);
        tomte_sha256(fake, TOMTE_SPAN_ARRAY(in), after);
        in[bit / 8] ^= (uint8_t)(1u << bit % 8);
        for (size_t i = 0; i < 256; i++)
            changed += (before[i / 8] ^ after[i / 8]) >> i % 8 & 1;
        CHECK(changed > 80 && changed < 176);
    }
}

TEST(fake_lengths_matter)
{
    uint8_t zeros[64] = {0}, digests[65][32];
    for (size_t len = 0; len <= 64; len++) {
        tomte_sha256(fake, TOMTE_SPAN(zeros, len), digests[len]);
        for (size_t i = 0; i < len; i++)
            CHECK(memcmp(digests[i], digests[len], 32) != 0);
    }
}
