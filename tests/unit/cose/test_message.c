/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

static const struct form {
    enum tomte_cose_kind kind;
    encode_fn *encode;
    const char *protected_map; /* the algorithm; of Encrypt0 the IV too */
} forms[] = {
    {TOMTE_COSE_SIGN1, tomte_cose_sign1_encode, "a10126"},
    {TOMTE_COSE_MAC0, tomte_cose_mac0_encode, "a10105"},
    {TOMTE_COSE_ENCRYPT0, tomte_cose_encrypt0_encode,
     "a2010a054d00112233445566778899aabbcc"},
};

#define FORMS (sizeof forms / sizeof *forms)

static const struct tomte_cose_key *maker(const struct rig *g,
                                          const struct form *f)
{
    return f->kind == TOMTE_COSE_SIGN1 ? &g->signer : &g->mac;
}

static struct tomte_span make(const struct rig *g, const struct form *f,
                              struct tomte_cose_draft draft,
                              struct tomte_buf out)
{
    struct tomte_span message;
    if (draft.protected_map.len == 0)
        draft.protected_map = hex(f->protected_map);
    if (draft.payload.data == NULL)
        draft.payload = TOMTE_SPAN_LIT("This is the content.");
    CHECK_OK(f->encode(fake, &draft, maker(g, f), out, &message));
    return message;
}

TEST(messages_of_each_kind_verify)
{
    struct rig g;
    rig_init(&g);
    for (size_t i = 0; i < 4 * FORMS; i++) {
        const struct form *f = &forms[i / 4];
        uint8_t memory[256];
        struct tomte_cose m;
        struct tomte_cose_draft draft = {
            .unprotected_map = i % 2 ? hex("a104423131") : TOMTE_SPAN_NONE,
            .untagged = i / 2 % 2 != 0};
        struct tomte_span in = make(&g, f, draft, TOMTE_BUF_ARRAY(memory));
        CHECK_OK(tomte_cose_decode(&m, f->kind, in));
        CHECK_EQ(!draft.untagged, m.tagged);
        CHECK_EQ(f->kind, m.kind);
        CHECK_BYTES(hex(f->protected_map), m.protected_map);
        CHECK_EQ(i % 2 ? 2 : 0, m.header.kid.len);
        CHECK_OK(rig_judge(&g, &m, NULL));
    }
}

/* Whatever bit is changed, whatever is cut off: no message of the kind, or
 * one that is not authentic. In the unprotected bucket, which nothing protects,
 * a change may pass. */
TEST(messages_do_not_survive_a_change)
{
    struct rig g;
    rig_init(&g);
    for (size_t i = 0; i < FORMS; i++) {
        uint8_t memory[256];
        struct tomte_cose m;
        struct tomte_cose_draft draft = {.untagged = false};
        struct tomte_span in =
            make(&g, &forms[i], draft, TOMTE_BUF_ARRAY(memory));
        for (size_t bit = 0; bit < 8 * in.len; bit++) {
            memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (tomte_cose_decode(&m, forms[i].kind, in) == TOMTE_OK)
                CHECK(rig_judge(&g, &m, NULL) != TOMTE_OK);
            else
                CHECK_EQ(0, m.kind);
            memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t len = 0; len < in.len; len++)
            CHECK(tomte_cose_decode(&m, forms[i].kind,
                                    TOMTE_SPAN(memory, len)) != TOMTE_OK);
        CHECK_OK(tomte_cose_decode(&m, forms[i].kind, in));
        CHECK_OK(rig_judge(&g, &m, NULL));
    }
}

TEST(messages_bind_external_data)
{
    struct rig g;
    rig_init(&g);
    for (size_t i = 0; i < FORMS; i++) {
        uint8_t memory[256];
        struct tomte_cose m;
        struct tomte_cose_draft draft = {.external_aad =
                                             TOMTE_SPAN_LIT("who speaks")};
        struct tomte_cose_context context = {.external_aad =
                                                 TOMTE_SPAN_LIT("who speaks")};
        CHECK_OK(tomte_cose_decode(
            &m, forms[i].kind,
            make(&g, &forms[i], draft, TOMTE_BUF_ARRAY(memory))));
        CHECK_OK(rig_judge(&g, &m, &context));
        CHECK_EQ(TOMTE_ERR_DENIED, rig_judge(&g, &m, NULL));
        context.external_aad.len--;
        CHECK_EQ(TOMTE_ERR_DENIED, rig_judge(&g, &m, &context));
    }
}

/* A message of one kind is none of another, with the tag or without. */
TEST(messages_of_another_kind_are_refused)
{
    struct rig g;
    rig_init(&g);
    for (size_t i = 0; i < FORMS; i++) {
        uint8_t memory[256];
        struct tomte_cose m;
        struct tomte_cose_draft draft = {.untagged = false};
        struct tomte_span in =
            make(&g, &forms[i], draft, TOMTE_BUF_ARRAY(memory));
        for (size_t j = 0; j < FORMS; j++)
            CHECK_EQ(j == i,
                     tomte_cose_decode(&m, forms[j].kind, in) == TOMTE_OK);
    }
    /* A Mac0 read as a Sign1: same shape, other context string. */
    uint8_t memory[256];
    struct tomte_cose m;
    struct tomte_cose_draft draft = {.untagged = true};
    struct tomte_span in = make(&g, &forms[0], draft, TOMTE_BUF_ARRAY(memory));
    struct tomte_cose_context context = {.alg = 0};
    CHECK_OK(tomte_cose_decode(&m, TOMTE_COSE_MAC0, in));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, rig_judge(&g, &m, &context));
}

TEST(messages_with_the_payload_elsewhere)
{
    struct rig g;
    rig_init(&g);
    for (size_t i = 0; i < 2; i++) {
        uint8_t memory[256];
        struct tomte_cose m;
        struct tomte_cose_draft draft = {.detached = true};
        struct tomte_cose_context context = {
            .detached = TOMTE_SPAN_LIT("This is the content.")};
        CHECK_OK(tomte_cose_decode(
            &m, forms[i].kind,
            make(&g, &forms[i], draft, TOMTE_BUF_ARRAY(memory))));
        CHECK(m.detached);
        CHECK_EQ(TOMTE_ERR_MISSING, rig_judge(&g, &m, NULL));
        CHECK_OK(rig_judge(&g, &m, &context));
        context.detached = TOMTE_SPAN_LIT("This is the context.");
        CHECK_EQ(TOMTE_ERR_DENIED, rig_judge(&g, &m, &context));
        draft.detached = false; /* two payloads: which one counts? */
        CHECK_OK(tomte_cose_decode(
            &m, forms[i].kind,
            make(&g, &forms[i], draft, TOMTE_BUF_ARRAY(memory))));
        CHECK_EQ(TOMTE_ERR_INVALID, rig_judge(&g, &m, &context));
    }
}

TEST(messages_need_the_right_key)
{
    struct rig g;
    uint8_t memory[256];
    struct tomte_cose m;
    struct tomte_cose_draft draft = {.untagged = false};
    rig_init(&g);
    CHECK_OK(
        tomte_cose_decode(&m, TOMTE_COSE_SIGN1,
                          make(&g, &forms[0], draft, TOMTE_BUF_ARRAY(memory))));
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_cose_sign1_verify(fake, &m, &g.mac, NULL));
    struct tomte_cose_key key = g.verifier;
    key.alg = TOMTE_ALG_ESP256; /* another name of ES256 */
    CHECK_OK(tomte_cose_sign1_verify(fake, &m, &key, NULL));
    key.alg = TOMTE_ALG_ES384;
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_cose_sign1_verify(fake, &m, &key, NULL));
    key.alg = 0;
    key.ops = 1 << TOMTE_COSE_OP_VERIFY;
    CHECK_OK(tomte_cose_sign1_verify(fake, &m, &key, NULL));
    key.ops = 1 << TOMTE_COSE_OP_SIGN;
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_cose_sign1_verify(fake, &m, &key, NULL));
    key = g.verifier;
    key.curve = TOMTE_CURVE_P384;
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_cose_sign1_verify(fake, &m, &key, NULL));

    CHECK_OK(
        tomte_cose_decode(&m, TOMTE_COSE_MAC0,
                          make(&g, &forms[1], draft, TOMTE_BUF_ARRAY(memory))));
    CHECK_EQ(TOMTE_ERR_DENIED,
             tomte_cose_mac0_verify(fake, &m, &g.verifier, NULL));
    key = g.mac;
    key.ops = 1 << TOMTE_COSE_OP_MAC_CREATE;
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_cose_mac0_verify(fake, &m, &key, NULL));
    key.ops = 1 << TOMTE_COSE_OP_MAC_VERIFY;
    key.alg = TOMTE_ALG_HMAC_256_64; /* a shorter tag */
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_cose_mac0_verify(fake, &m, &key, NULL));
    key.alg = TOMTE_ALG_HMAC_256_256;
    CHECK_OK(tomte_cose_mac0_verify(fake, &m, &key, NULL));
    key.k.len = 0;
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_cose_mac0_verify(fake, &m, &key, NULL));
}

/* Without an algorithm in the protected bucket the application names it. */
TEST(messages_name_their_algorithm_or_the_context_does)
{
    struct rig g;
    uint8_t memory[256];
    struct tomte_cose m;
    struct tomte_cose_context context = {.alg = TOMTE_ALG_HMAC_256_256};
    struct tomte_cose_draft draft = {.protected_map = hex("a1044131"),
                                     .payload = TOMTE_SPAN_LIT("x")};
    struct tomte_span message;
    rig_init(&g);
    for (size_t i = 0; i < FORMS; i++)
        CHECK_EQ(TOMTE_ERR_MISSING,
                 forms[i].encode(fake, &draft, maker(&g, &forms[i]),
                                 TOMTE_BUF_ARRAY(memory), &message));
    draft.protected_map = TOMTE_SPAN_NONE;
    CHECK_OK(
        tomte_cose_decode(&m, TOMTE_COSE_MAC0,
                          make(&g, &forms[1], draft, TOMTE_BUF_ARRAY(memory))));
    CHECK_OK(rig_judge(&g, &m, &context));
    context.alg = TOMTE_ALG_HMAC_256_64;
    CHECK_EQ(TOMTE_ERR_INVALID, rig_judge(&g, &m, &context));
    /* [h'', {1: 5}, 'x', tag]: an algorithm that nothing protects */
    struct tomte_span bare = hex("8440a101054178"
                                 "5820000102030405060708090a0b0c0d0e0f"
                                 "101112131415161718191a1b1c1d1e1f");
    CHECK_OK(tomte_cose_decode(&m, TOMTE_COSE_MAC0, bare));
    CHECK_EQ(0, m.header.alg);
    CHECK_EQ(TOMTE_ERR_MISSING, rig_judge(&g, &m, NULL));
    context.alg = TOMTE_ALG_HMAC_256_256;
    CHECK_EQ(TOMTE_ERR_DENIED, rig_judge(&g, &m, &context));
    context.alg = TOMTE_ALG_ES256;
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, rig_judge(&g, &m, &context));
}

TEST(messages_that_do_not_fit)
{
    struct rig g;
    rig_init(&g);
    for (size_t i = 0; i < FORMS; i++) {
        uint8_t memory[256], again[256];
        struct tomte_cose_draft draft = {
            .protected_map = hex(forms[i].protected_map),
            .payload = TOMTE_SPAN_LIT("This is the content.")};
        struct tomte_span whole, out;
        whole = make(&g, &forms[i], draft, TOMTE_BUF_ARRAY(memory));
        CHECK(whole.len <= draft.protected_map.len + draft.payload.len +
                               TOMTE_COSE_OVERHEAD_BYTES);
        for (size_t cap = 0; cap < whole.len; cap++) {
            memset(again, 0xdb, sizeof again);
            CHECK_EQ(TOMTE_ERR_FULL,
                     forms[i].encode(fake, &draft, maker(&g, &forms[i]),
                                     TOMTE_BUF(again, cap), &out));
            CHECK_EQ(0, out.len);
            CHECK_EQ(0xdb, again[cap]);
        }
        CHECK_OK(forms[i].encode(fake, &draft, maker(&g, &forms[i]),
                                 TOMTE_BUF(again, whole.len), &out));
        CHECK_BYTES(whole, out);
    }
}

/* In steps of any size it is the same signature. */
TEST(messages_signed_in_steps)
{
    struct rig g;
    uint8_t memory[256], payload[200], signature[64];
    struct tomte_cose m;
    struct tomte_span map = hex("a10126"), aad = TOMTE_SPAN_LIT("aad");
    rig_init(&g);
    memset(payload, 9, sizeof payload);
    struct tomte_cose_draft draft = {.protected_map = map,
                                     .payload = TOMTE_SPAN_ARRAY(payload),
                                     .external_aad = aad,
                                     .detached = true};
    CHECK_OK(
        tomte_cose_decode(&m, TOMTE_COSE_SIGN1,
                          make(&g, &forms[0], draft, TOMTE_BUF_ARRAY(memory))));
    for (size_t step = 1; step <= sizeof payload; step += 13) {
        struct tomte_cose_stream s[2];
        for (int i = 0; i < 2; i++)
            CHECK_OK(tomte_cose_stream_begin(&s[i], fake, TOMTE_ALG_ES256, map,
                                             aad, sizeof payload));
        for (size_t at = 0; at < sizeof payload; at += step)
            for (int i = 0; i < 2; i++)
                tomte_cose_stream_update(
                    &s[i],
                    tomte_span_slice(TOMTE_SPAN_ARRAY(payload), at, step));
        CHECK_OK(tomte_cose_stream_sign(&s[0], &g.signer,
                                        TOMTE_BUF_ARRAY(signature)));
        CHECK_BYTES(m.signature, TOMTE_SPAN_ARRAY(signature));
        CHECK_OK(tomte_cose_stream_verify(&s[1], &g.verifier, m.signature));
    }
    struct tomte_cose_stream s;
    CHECK_EQ(
        TOMTE_ERR_UNSUPPORTED,
        tomte_cose_stream_begin(&s, fake, TOMTE_ALG_HMAC_256_256, map, aad, 0));
    CHECK_OK(tomte_cose_stream_begin(&s, fake, TOMTE_ALG_ES256, map, aad, 1));
    EXPECT_PANIC(tomte_cose_stream_update(&s, TOMTE_SPAN(payload, 2)));
    EXPECT_PANIC(CHECK_OK(
        tomte_cose_stream_sign(&s, &g.signer, TOMTE_BUF_ARRAY(signature))));
}

static enum tomte_err decrypt_with(const struct rig *g, const char *map,
                                   const char *base_iv)
{
    uint8_t memory[256], plain[32];
    struct tomte_cose m;
    struct tomte_span out, message;
    struct tomte_cose_key key = g->aead;
    struct tomte_cose_draft draft = {.protected_map = hex(map),
                                     .payload = TOMTE_SPAN_LIT("text")};
    if (base_iv != NULL)
        key.base_iv = hex(base_iv);
    enum tomte_err err = tomte_cose_encrypt0_encode(
        fake, &draft, &key, TOMTE_BUF_ARRAY(memory), &message);
    if (err != TOMTE_OK)
        return err;
    CHECK_OK(tomte_cose_decode(&m, TOMTE_COSE_ENCRYPT0, message));
    err = tomte_cose_encrypt0_decrypt(fake, &m, &key, NULL,
                                      TOMTE_BUF_ARRAY(plain), &out);
    if (err == TOMTE_OK)
        CHECK_BYTES(draft.payload, out);
    return err;
}

/* Partial IV 14 with Base IV ...7c is the nonce ...68 (RFC 8613 appendix C.4,
 * with an empty identifier). */
TEST(messages_make_their_nonce)
{
    struct rig g;
    uint8_t memory[64], plain[32];
    struct tomte_cose m;
    struct tomte_span message, out;
    rig_init(&g);
    CHECK_OK(decrypt_with(&g, "a2010a064114", "4622d4dd6d944168eefb54987c"));
    CHECK_EQ(TOMTE_ERR_MISSING, decrypt_with(&g, "a2010a064114", NULL));
    CHECK_EQ(TOMTE_ERR_MISSING, decrypt_with(&g, "a1010a", "46"));
    CHECK_EQ(TOMTE_ERR_INVALID, decrypt_with(&g, "a2010a064114", "4622"));
    CHECK_EQ(TOMTE_ERR_INVALID,
             decrypt_with(&g, "a2010a064e0102030405060708090a0b0c0d0e",
                          "4622d4dd6d944168eefb54987c"));
    CHECK_EQ(TOMTE_ERR_INVALID, decrypt_with(&g, "a2010a05420102", NULL));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             decrypt_with(&g, "a20118180541aa", NULL)); /* ChaCha20 */

    struct tomte_cose_key key = g.aead;
    struct tomte_cose_draft draft = {.protected_map = hex("a2010a064114"),
                                     .payload = TOMTE_SPAN_LIT("text")};
    key.base_iv = hex("4622d4dd6d944168eefb54987c");
    CHECK_OK(tomte_cose_encrypt0_encode(fake, &draft, &key,
                                        TOMTE_BUF_ARRAY(memory), &message));
    CHECK_OK(tomte_cose_decode(&m, TOMTE_COSE_ENCRYPT0, message));
    struct tomte_span aad = hex("8368456e63727970743046a2010a06411440");
    struct tomte_aead how = {.alg = TOMTE_ALG_CCM_16_64_128,
                             .key = g.aead.k,
                             .nonce = hex("4622d4dd6d944168eefb549868"),
                             .aad = &aad,
                             .aad_parts = 1};
    CHECK_OK(tomte_crypto_decrypt(fake, &how, m.payload, TOMTE_BUF_ARRAY(plain),
                                  &out));
    CHECK_BYTES(TOMTE_SPAN_LIT("text"), out);
}

/* The plaintext may take the place of the ciphertext. */
TEST(messages_decrypt_in_place)
{
    struct rig g;
    uint8_t memory[256];
    struct tomte_cose m;
    struct tomte_span out;
    struct tomte_cose_draft draft = {.untagged = false};
    rig_init(&g);
    CHECK_OK(
        tomte_cose_decode(&m, TOMTE_COSE_ENCRYPT0,
                          make(&g, &forms[2], draft, TOMTE_BUF_ARRAY(memory))));
    size_t at = (size_t)(m.payload.data - memory);
    CHECK_OK(tomte_cose_encrypt0_decrypt(fake, &m, &g.aead, NULL,
                                         TOMTE_BUF(memory + at, 20), &out));
    CHECK_BYTES(TOMTE_SPAN_LIT("This is the content."), out);
}

static void check_malformed(enum tomte_err expected, enum tomte_cose_kind kind,
                            const char *text)
{
    struct tomte_cose m;
    CHECK_EQ(expected, tomte_cose_decode(&m, kind, hex(text)));
    CHECK_EQ(0, m.kind);
    CHECK(m.payload.data == NULL);
}

TEST(messages_malformed)
{
    enum tomte_cose_kind s = TOMTE_COSE_SIGN1, e = TOMTE_COSE_ENCRYPT0;
    check_malformed(TOMTE_ERR_TRUNCATED, s, "");
    check_malformed(TOMTE_ERR_TYPE, s, "a0");
    check_malformed(TOMTE_ERR_INVALID, s, "8340a040");
    check_malformed(TOMTE_ERR_INVALID, s, "8540a0404040");
    check_malformed(TOMTE_ERR_INVALID, e, "8440a04040");
    check_malformed(TOMTE_ERR_TYPE, s, "84a0a04040");   /* map for bytes */
    check_malformed(TOMTE_ERR_TYPE, s, "8440404040");   /* bytes for map */
    check_malformed(TOMTE_ERR_TYPE, s, "8440a06040");   /* text payload */
    check_malformed(TOMTE_ERR_TYPE, s, "8440a040f6");   /* no signature */
    check_malformed(TOMTE_ERR_TYPE, s, "d14440a04040"); /* another's tag */
    check_malformed(TOMTE_ERR_TRAILING, s, "8440a0404000");
    check_malformed(TOMTE_ERR_NOT_CANONICAL, s, "9f40a04040ff");
    check_malformed(TOMTE_ERR_NOT_CANONICAL, s, "845800a04040");
    check_malformed(TOMTE_ERR_TYPE, s, "844101a04040"); /* bucket: no map */
    check_malformed(TOMTE_ERR_TRAILING, s, "8442a000a04040");
    check_malformed(TOMTE_ERR_NOT_CANONICAL, s, "8444a1180126a04040");
    check_malformed(TOMTE_ERR_DUPLICATE, s, "8445a201260126a04040");
}
