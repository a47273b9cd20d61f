/* SPDX-License-Identifier: Apache-2.0 */
/* Published vectors of AES-CCM and AES-GCM. */
#pragma once

#include "vectors.h"

/* RFC 3610 section 8, packet vectors 1 to 6: key C0 to CF, 13 bytes of nonce,
 * 8 of tag; the packet counts up from 0 and begins with `aad` bytes that are
 * authenticated only. */
static inline void check_ccm_vectors(const struct tomte_crypto *c)
{
    static const struct {
        const char *nonce;
        size_t aad, total;
        const char *sealed;
    } rows[] = {
        {"00000003020100a0a1a2a3a4a5", 8, 31,
         "588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417"
         "e8d12cfdf926e0"},
        {"00000004030201a0a1a2a3a4a5", 8, 32,
         "72c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3b"
         "a091d56e10400916"},
        {"00000005040302a0a1a2a3a4a5", 8, 33,
         "51b1e5f44a197d1da46b0f8e2d282ae871e838bb64da8596"
         "574adaa76fbd9fb0c5"},
        {"00000006050403a0a1a2a3a4a5", 12, 31,
         "a28c6865939a9a79faaa5c4c2a9d4a91cdac8c96c861b9c9e61ef1"},
        {"00000007060504a0a1a2a3a4a5", 12, 32,
         "dcf1fb7b5d9e23fb9d4e131253658ad86ebdca3e51e83f077d9c2d93"},
        {"00000008070605a0a1a2a3a4a5", 12, 33,
         "6fc1b011f006568b5171a42d953d469b2570a4bd87405a0443ac91cb94"},
    };
    uint8_t key[16], packet[33], nonce[13], expected[41], out[41];
    fill(TOMTE_BUF_ARRAY(packet), 0, sizeof packet, 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tomte_span aad = TOMTE_SPAN(packet, rows[i].aad), sealed, back;
        struct tomte_span plain =
            TOMTE_SPAN(packet + aad.len, rows[i].total - aad.len);
        struct tomte_aead how = {
            .alg = TOMTE_ALG_CCM_16_64_128,
            .key = fill(TOMTE_BUF_ARRAY(key), 0xc0, 16, 1),
            .nonce = test_hex(rows[i].nonce, TOMTE_BUF_ARRAY(nonce)),
            .aad = &aad,
            .aad_parts = 1};
        CHECK_OK(tomte_crypto_encrypt(c, &how, plain, TOMTE_BUF_ARRAY(out),
                                      &sealed));
        CHECK_BYTES(test_hex(rows[i].sealed, TOMTE_BUF_ARRAY(expected)),
                    sealed);
        CHECK_OK(
            tomte_crypto_decrypt(c, &how, sealed, TOMTE_BUF_ARRAY(out), &back));
        CHECK_BYTES(plain, back);
    }
}

/* SP 800-38C appendix C, example 1: 7 bytes of nonce, but 4 of tag, which COSE
 * does not have; the ciphertext does not depend on the tag's length. */
static inline void check_ccm_short_nonce(const struct tomte_crypto *c)
{
    uint8_t key[16], nonce[7], aad_bytes[8], plain[4], out[12], expected[4];
    struct tomte_span aad = fill(TOMTE_BUF_ARRAY(aad_bytes), 0, 8, 1), sealed;
    struct tomte_aead how = {.alg = TOMTE_ALG_CCM_64_64_128,
                             .key = fill(TOMTE_BUF_ARRAY(key), 0x40, 16, 1),
                             .nonce = fill(TOMTE_BUF_ARRAY(nonce), 0x10, 7, 1),
                             .aad = &aad,
                             .aad_parts = 1};
    CHECK_OK(tomte_crypto_encrypt(c, &how,
                                  fill(TOMTE_BUF_ARRAY(plain), 0x20, 4, 1),
                                  TOMTE_BUF_ARRAY(out), &sealed));
    CHECK_BYTES(test_hex("7162015b", TOMTE_BUF_ARRAY(expected)),
                TOMTE_SPAN(out, 4));
}

/* The GCM specification (McGrew, Viega) appendix B, test cases 2 and 13: a key
 * and a nonce of zeros, a block of zeros; nothing at all. */
static inline void check_gcm_vectors(const struct tomte_crypto *c)
{
    static const uint8_t zero[32];
    uint8_t out[32], expected[32];
    struct tomte_span sealed;
    struct tomte_aead how = {.alg = TOMTE_ALG_A128GCM,
                             .key = TOMTE_SPAN(zero, 16),
                             .nonce = TOMTE_SPAN(zero, 12)};
    CHECK_OK(tomte_crypto_encrypt(c, &how, TOMTE_SPAN(zero, 16),
                                  TOMTE_BUF_ARRAY(out), &sealed));
    CHECK_BYTES(test_hex("0388dace60b6a392f328c2b971b2fe78"
                         "ab6e47d42cec13bdf53a67b21257bddf",
                         TOMTE_BUF_ARRAY(expected)),
                sealed);
    how.alg = TOMTE_ALG_A256GCM;
    how.key = TOMTE_SPAN(zero, 32);
    CHECK_OK(tomte_crypto_encrypt(c, &how, TOMTE_SPAN_NONE,
                                  TOMTE_BUF_ARRAY(out), &sealed));
    CHECK_BYTES(
        test_hex("530f8afbc74536b9a963b4f1c4cb738b", TOMTE_BUF_ARRAY(expected)),
        sealed);
}

static inline void check_aead_vectors(const struct tomte_crypto *c)
{
    check_ccm_vectors(c);
    check_ccm_short_nonce(c);
    check_gcm_vectors(c);
}
