/* SPDX-License-Identifier: Apache-2.0 */
/* Authenticated encryption: what every backend does, whatever it computes. */
#pragma once

#include "checks.h"

static const int64_t aead_algs[] = {
    TOMTE_ALG_A128GCM,        TOMTE_ALG_A256GCM,
    TOMTE_ALG_CCM_16_64_128,  TOMTE_ALG_CCM_16_64_256,
    TOMTE_ALG_CCM_64_64_128,  TOMTE_ALG_CCM_64_64_256,
    TOMTE_ALG_CCM_16_128_128, TOMTE_ALG_CCM_16_128_256,
    TOMTE_ALG_CCM_64_128_128, TOMTE_ALG_CCM_64_128_256};

#define AEAD_ALGS (sizeof aead_algs / sizeof *aead_algs)

/* A key and a nonce of the right lengths, additional data in two parts. */
struct aead_rig {
    uint8_t key[32], nonce[13];
    struct tomte_span parts[3];
    struct tomte_aead how;
    size_t tag;
};

static inline void aead_rig_init(struct aead_rig *g, int64_t alg)
{
    struct tomte_aead_sizes sizes;
    CHECK(tomte_aead_sizes(alg, &sizes));
    CHECK_EQ(sizes.tag, tomte_alg_size(alg));
    for (size_t i = 0; i < sizeof g->key; i++)
        g->key[i] = (uint8_t)(i + 1);
    memset(g->nonce, 0x5a, sizeof g->nonce);
    g->parts[0] = TOMTE_SPAN_LIT("additional ");
    g->parts[1] = TOMTE_SPAN_NONE;
    g->parts[2] = TOMTE_SPAN_LIT("data");
    g->how = (struct tomte_aead){.alg = alg,
                                 .key = TOMTE_SPAN(g->key, sizes.key),
                                 .nonce = TOMTE_SPAN(g->nonce, sizes.nonce),
                                 .aad = g->parts,
                                 .aad_parts = 3};
    g->tag = sizes.tag;
}

/* There and back for lengths around the blocks, elsewhere and in place. */
static inline void check_aead_lengths(const struct tomte_crypto *c)
{
    for (size_t a = 0; a < AEAD_ALGS; a++) {
        struct aead_rig g;
        aead_rig_init(&g, aead_algs[a]);
        for (size_t len = 0; len <= 50; len++) {
            uint8_t text[50], sealed[66], opened[50], place[66];
            struct tomte_span in = TOMTE_SPAN(text, len), out, back;
            memset(text, (int)len, sizeof text);
            CHECK_OK(tomte_crypto_encrypt(
                c, &g.how, in, TOMTE_BUF(sealed, len + g.tag), &out));
            CHECK_EQ(len + g.tag, out.len);
            CHECK(len < 16 || memcmp(sealed, text, len) != 0);
            CHECK_OK(tomte_crypto_decrypt(c, &g.how, out,
                                          TOMTE_BUF(opened, len), &back));
            CHECK_BYTES(in, back);
            memcpy(place, text, len);
            CHECK_OK(tomte_crypto_encrypt(c, &g.how, TOMTE_SPAN(place, len),
                                          TOMTE_BUF_ARRAY(place), &back));
            CHECK_BYTES(out, back);
            CHECK_OK(tomte_crypto_decrypt(c, &g.how, back,
                                          TOMTE_BUF_ARRAY(place), &back));
            CHECK_BYTES(in, back);
        }
    }
}

static inline void check_refused(const struct tomte_crypto *c,
                                 const struct tomte_aead *how,
                                 struct tomte_span sealed)
{
    uint8_t out[64], zero[64] = {0};
    struct tomte_span plain;
    memset(out, 0, sizeof out);
    CHECK_EQ(
        TOMTE_ERR_DENIED,
        tomte_crypto_decrypt(c, how, sealed, TOMTE_BUF_ARRAY(out), &plain));
    CHECK_EQ(0, plain.len);
    CHECK_BYTES(TOMTE_SPAN_ARRAY(zero), TOMTE_SPAN_ARRAY(out));
}

/* One bit anywhere, a shorter or a longer message, another key, nonce or
 * additional data: refused, and nothing of the plaintext is left. */
static inline void check_aead_mutations(const struct tomte_crypto *c)
{
    for (size_t a = 0; a < AEAD_ALGS; a++) {
        struct aead_rig g;
        uint8_t sealed[64];
        struct tomte_span out;
        aead_rig_init(&g, aead_algs[a]);
        CHECK_OK(tomte_crypto_encrypt(c, &g.how, TOMTE_SPAN_LIT("a secret"),
                                      TOMTE_BUF_ARRAY(sealed), &out));
        for (size_t bit = 0; bit < 8 * out.len; bit++) {
            sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
            check_refused(c, &g.how, out);
            sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t len = 0; len < out.len; len++)
            check_refused(c, &g.how, TOMTE_SPAN(sealed, len));
        sealed[out.len] = 0;
        check_refused(c, &g.how, TOMTE_SPAN(sealed, out.len + 1));
        g.key[0] ^= 1;
        check_refused(c, &g.how, out);
        g.key[0] ^= 1;
        g.nonce[6] ^= 1;
        check_refused(c, &g.how, out);
        g.nonce[6] ^= 1;
        g.parts[2] = TOMTE_SPAN_LIT("date");
        check_refused(c, &g.how, out);
        g.how.aad_parts = 0;
        check_refused(c, &g.how, out);
    }
}

/* Parts are taken as if they were joined. */
static inline void check_aead_parts(const struct tomte_crypto *c)
{
    uint8_t one[32], two[32];
    struct aead_rig g;
    struct tomte_span a, b, whole = TOMTE_SPAN_LIT("additional data");
    aead_rig_init(&g, TOMTE_ALG_CCM_16_64_128);
    CHECK_OK(tomte_crypto_encrypt(c, &g.how, TOMTE_SPAN_LIT("text"),
                                  TOMTE_BUF_ARRAY(one), &a));
    g.how.aad = &whole;
    g.how.aad_parts = 1;
    CHECK_OK(tomte_crypto_encrypt(c, &g.how, TOMTE_SPAN_LIT("text"),
                                  TOMTE_BUF_ARRAY(two), &b));
    CHECK_BYTES(a, b);
}

static inline void check_aead_errors(const struct tomte_crypto *c)
{
    static uint8_t large[65536 + 8];
    struct aead_rig g;
    struct tomte_span out, text = TOMTE_SPAN_LIT("text");
    struct tomte_buf room = TOMTE_BUF_ARRAY(large);
    aead_rig_init(&g, TOMTE_ALG_CCM_16_64_128);
    CHECK_OK(
        tomte_crypto_encrypt(c, &g.how, TOMTE_SPAN(large, 65535), room, &out));
    CHECK_OK(tomte_crypto_decrypt(c, &g.how, out, room, &out));
    CHECK_EQ(
        TOMTE_ERR_TOO_LARGE,
        tomte_crypto_encrypt(c, &g.how, TOMTE_SPAN(large, 65536), room, &out));
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_crypto_decrypt(c, &g.how, TOMTE_SPAN(large, 65536 + 8), room,
                                  &out));
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_crypto_encrypt(c, &g.how, text, TOMTE_BUF(large, 11), &out));
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_crypto_encrypt(c, &g.how, text, TOMTE_BUF(large, 3), &out));
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_crypto_decrypt(c, &g.how, TOMTE_SPAN(large, 12),
                                  TOMTE_BUF(large, 3), &out));
    g.how.key.len--;
    CHECK_EQ(TOMTE_ERR_INVALID,
             tomte_crypto_encrypt(c, &g.how, text, room, &out));
    CHECK_EQ(TOMTE_ERR_INVALID,
             tomte_crypto_decrypt(c, &g.how, text, room, &out));
    g.how.key.len++;
    g.how.nonce.len--;
    CHECK_EQ(TOMTE_ERR_INVALID,
             tomte_crypto_encrypt(c, &g.how, text, room, &out));
    g.how.nonce.len++;
    g.how.alg = TOMTE_ALG_ES256;
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             tomte_crypto_encrypt(c, &g.how, text, room, &out));
    g.how.alg = ((int64_t)1 << 32) + TOMTE_ALG_CCM_16_64_128;
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             tomte_crypto_decrypt(c, &g.how, text, room, &out));
}

static inline void check_aead(const struct tomte_crypto *c)
{
    check_aead_lengths(c);
    check_aead_mutations(c);
    check_aead_parts(c);
    check_aead_errors(c);
}
