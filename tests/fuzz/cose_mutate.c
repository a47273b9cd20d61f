/* SPDX-License-Identifier: Apache-2.0 */
/* An authentic message with bytes changed, cut off or added: if it is still
 * authentic, all that is protected is what it was. The input: a byte for the
 * kind, one for the length of the payload, then pairs of place and change. */
#include "base/base.h"
#include "cose/cose.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tomte_crypto *const fake = &tomte_crypto_fake;

struct keys {
    uint8_t secret[32], open[64];
    struct tomte_cose_key pair, symmetric;
};

static void make_keys(struct keys *k)
{
    memset(k->secret, 0x2a, sizeof k->secret);
    TOMTE_ASSERT(tomte_crypto_public(fake, TOMTE_CURVE_P256,
                                     TOMTE_SPAN_ARRAY(k->secret),
                                     TOMTE_BUF_ARRAY(k->open)) == TOMTE_OK);
    k->pair = tomte_cose_key_p256(k->open, TOMTE_SPAN_ARRAY(k->secret));
    k->symmetric = tomte_cose_key_symmetric(0, TOMTE_SPAN(k->secret, 16));
}

static struct tomte_span make(const struct keys *k, enum tomte_cose_kind kind,
                              struct tomte_span payload, struct tomte_buf out)
{
    struct tomte_span message;
    struct tomte_cose_draft draft = {
        .protected_map = TOMTE_SPAN_LIT("\xa1\x01\x26"),
        .unprotected_map = TOMTE_SPAN_LIT("\xa1\x04\x41\x31"),
        .payload = payload};
    enum tomte_err err;
    if (kind == TOMTE_COSE_SIGN1) {
        err = tomte_cose_sign1_encode(fake, &draft, &k->pair, out, &message);
    } else if (kind == TOMTE_COSE_MAC0) {
        draft.protected_map = TOMTE_SPAN_LIT("\xa1\x01\x05");
        err =
            tomte_cose_mac0_encode(fake, &draft, &k->symmetric, out, &message);
    } else {
        draft.protected_map =
            TOMTE_SPAN_LIT("\xa2\x01\x18\x1e\x05\x4dnonce of 13 b");
        err = tomte_cose_encrypt0_encode(fake, &draft, &k->symmetric, out,
                                         &message);
    }
    TOMTE_ASSERT(err == TOMTE_OK);
    return message;
}

static bool is_authentic(const struct keys *k, const struct tomte_cose *m)
{
    uint8_t memory[512];
    struct tomte_span plain;
    struct tomte_buf out = TOMTE_BUF_ARRAY(memory);
    switch (m->kind) {
    case TOMTE_COSE_SIGN1:
        return tomte_cose_sign1_verify(fake, m, &k->pair, NULL) == TOMTE_OK;
    case TOMTE_COSE_MAC0:
        return tomte_cose_mac0_verify(fake, m, &k->symmetric, NULL) == TOMTE_OK;
    default:
        return tomte_cose_encrypt0_decrypt(fake, m, &k->symmetric, NULL, out,
                                           &plain) == TOMTE_OK;
    }
}

/* The changed length. Place 0xff: a byte more, 0xfe: one less. */
static size_t change(uint8_t *message, size_t len, size_t cap,
                     struct tomte_span changes)
{
    for (size_t i = 0; i + 1 < changes.len; i += 2) {
        uint8_t place = changes.data[i], value = changes.data[i + 1];
        if (place == 0xff && len < cap)
            message[len++] = value;
        else if (place == 0xfe && len > 0)
            len--;
        else if (len > 0)
            message[place % len] ^= value;
    }
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t payload[64] = "what was said";
    uint8_t memory[256], before[256];
    struct keys k;
    struct tomte_cose was, now;
    if (size < 2)
        return 0;
    enum tomte_cose_kind kind =
        (enum tomte_cose_kind)(TOMTE_COSE_ENCRYPT0 + data[0] % 3);
    make_keys(&k);
    struct tomte_span message = make(
        &k, kind, TOMTE_SPAN(payload, data[1] % 64), TOMTE_BUF_ARRAY(memory));
    memcpy(before, memory, sizeof before);
    TOMTE_ASSERT(tomte_cose_decode(
                     &was, kind, TOMTE_SPAN(before, message.len)) == TOMTE_OK);
    TOMTE_ASSERT(is_authentic(&k, &was));
    size_t len = change(memory, message.len, sizeof memory,
                        TOMTE_SPAN(data + 2, size - 2));
    if (tomte_cose_decode(&now, kind, TOMTE_SPAN(memory, len)) != TOMTE_OK ||
        !is_authentic(&k, &now))
        return 0;
    TOMTE_ASSERT(tomte_span_equal(was.protected_map, now.protected_map));
    TOMTE_ASSERT(tomte_span_equal(was.payload, now.payload));
    TOMTE_ASSERT(tomte_span_equal(was.signature, now.signature));
    return 0;
}
