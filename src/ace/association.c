/* SPDX-License-Identifier: Apache-2.0 */
#include "ace/association.h"

#include "base/assert.h"
#include "cbor/cbor.h"

#include <string.h>

/* Heads, the name, a label, two keys. */
#define INFO_BYTES (48 + 2 * TOMTE_P256_PUBLIC_BYTES)

static void expand(const struct tomte_crypto *c, struct tomte_span prk,
                   const char *label, const uint8_t *a, const uint8_t *b,
                   struct tomte_buf out);

enum tomte_err tomte_association_agree(
    struct tomte_association *out, const struct tomte_crypto *c,
    const uint8_t home[TOMTE_HOME_ID_BYTES], const struct tomte_key_pair *own,
    const uint8_t peer[TOMTE_P256_PUBLIC_BYTES])
{
    uint8_t agreed[TOMTE_AGREED_BYTES], prk[TOMTE_SHA256_BYTES];
    memset(out, 0, sizeof *out);
    enum tomte_err err =
        tomte_crypto_agree(c, TOMTE_CURVE_P256, TOMTE_SPAN_ARRAY(own->secret),
                           TOMTE_SPAN(peer, TOMTE_P256_PUBLIC_BYTES), agreed);
    if (err != TOMTE_OK)
        return err;
    tomte_hkdf_extract(c, TOMTE_SPAN(home, TOMTE_HOME_ID_BYTES),
                       TOMTE_SPAN_ARRAY(agreed), prk);
    expand(c, TOMTE_SPAN_ARRAY(prk), "oscore", own->open, peer,
           TOMTE_BUF_ARRAY(out->secret));
    expand(c, TOMTE_SPAN_ARRAY(prk), "token", own->open, peer,
           TOMTE_BUF_ARRAY(out->seal));
    tomte_wipe(agreed, sizeof agreed);
    tomte_wipe(prk, sizeof prk);
    return TOMTE_OK;
}

static void expand(const struct tomte_crypto *c, struct tomte_span prk,
                   const char *label, const uint8_t *a, const uint8_t *b,
                   struct tomte_buf out)
{
    uint8_t memory[INFO_BYTES];
    struct tomte_cbor_enc e;
    struct tomte_span info;
    bool sorted = memcmp(a, b, TOMTE_P256_PUBLIC_BYTES) <= 0;
    tomte_cbor_encode_init(&e, TOMTE_BUF_ARRAY(memory));
    tomte_cbor_put_array(&e, 4);
    tomte_cbor_put_str(&e, "tomte association 1");
    tomte_cbor_put_str(&e, label);
    tomte_cbor_put_bytes(&e,
                         TOMTE_SPAN(sorted ? a : b, TOMTE_P256_PUBLIC_BYTES));
    tomte_cbor_put_bytes(&e,
                         TOMTE_SPAN(sorted ? b : a, TOMTE_P256_PUBLIC_BYTES));
    enum tomte_err err = tomte_cbor_encode_done(&e, &info);
    TOMTE_ASSERT(err == TOMTE_OK);
    tomte_hkdf_expand(c, prk, info, out);
}

void tomte_association_wipe(struct tomte_association *a)
{
    tomte_wipe(a, sizeof *a);
}
