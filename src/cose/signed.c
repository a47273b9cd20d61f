/* SPDX-License-Identifier: Apache-2.0 */
#include "cose/signed.h"

#include "base/assert.h"
#include "cbor/cbor.h"
#include "cose/cwt.h"

#include <string.h>

/* alg, kid, iat with its map, typ; their heads. */
#define HEADER_BYTES (TOMTE_SIGNED_TYPE_MAX + 48)

/* ---- keys -------------------------------------------------------------- */

enum tomte_err
tomte_key_pair_init(struct tomte_key_pair *pair, const struct tomte_crypto *c,
                    const uint8_t random[TOMTE_P256_PRIVATE_BYTES])
{
    memmove(pair->secret, random, sizeof pair->secret);
    return tomte_crypto_public(c, TOMTE_CURVE_P256,
                               TOMTE_SPAN_ARRAY(pair->secret),
                               TOMTE_BUF_ARRAY(pair->open));
}

void tomte_key_id(const struct tomte_crypto *c,
                  const uint8_t open[TOMTE_P256_PUBLIC_BYTES],
                  uint8_t id[TOMTE_KEY_ID_BYTES])
{
    uint8_t thumbprint[TOMTE_SHA256_BYTES];
    struct tomte_cose_key key = tomte_cose_key_p256(open, TOMTE_SPAN_NONE);
    enum tomte_err err = tomte_cose_key_thumbprint(c, &key, thumbprint);
    TOMTE_ASSERT(err == TOMTE_OK);
    memcpy(id, thumbprint, TOMTE_KEY_ID_BYTES);
}

/* ---- reading ----------------------------------------------------------- */

static bool is_type(const struct tomte_cose_type *typ, const char *type)
{
    return typ->given && typ->text.data != NULL &&
           tomte_span_equal(typ->text, tomte_span_str(type));
}

/* All labels of the bucket are those that tomte_signed_encode writes. */
static enum tomte_err check_labels(struct tomte_span map)
{
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, map, 0);
    tomte_cbor_enter_map(&d);
    tomte_cbor_need_key(&d, TOMTE_COSE_ALG);
    tomte_cbor_skip(&d);
    tomte_cbor_need_key(&d, TOMTE_COSE_KID);
    tomte_cbor_skip(&d);
    if (tomte_cbor_has_key(&d, TOMTE_COSE_CWT_CLAIMS))
        tomte_cbor_skip(&d);
    tomte_cbor_need_key(&d, TOMTE_COSE_TYP);
    tomte_cbor_skip(&d);
    tomte_cbor_leave(&d);
    return tomte_cbor_decode_done(&d);
}

static enum tomte_err read_iat(struct tomte_signed *s, struct tomte_span claims)
{
    struct tomte_cbor_dec d;
    if (claims.data == NULL)
        return TOMTE_OK;
    tomte_cbor_decode_init(&d, claims, 0);
    tomte_cbor_enter_map(&d);
    tomte_cbor_need_key(&d, TOMTE_CWT_IAT);
    s->iat_s = tomte_cbor_get_uint(&d);
    s->has_iat = true;
    if (s->iat_s > INT64_MAX)
        tomte_cbor_fail(&d, TOMTE_ERR_RANGE);
    tomte_cbor_leave(&d);
    return tomte_cbor_decode_done(&d);
}

static enum tomte_err read(struct tomte_signed *s, const char *type,
                           struct tomte_span in)
{
    const struct tomte_cose_header *h = &s->message.header;
    enum tomte_err err = tomte_cose_decode(&s->message, TOMTE_COSE_SIGN1, in);
    if (err != TOMTE_OK)
        return err;
    if (!s->message.tagged || s->message.detached ||
        s->message.unprotected_map.len != 1)
        return TOMTE_ERR_INVALID;
    if (!is_type(&h->typ, type) ||
        (h->alg != TOMTE_ALG_ES256 && h->alg != TOMTE_ALG_ESP256))
        return TOMTE_ERR_DENIED;
    err = check_labels(s->message.protected_map);
    if (err != TOMTE_OK)
        return err;
    if (h->kid.len != TOMTE_KEY_ID_BYTES)
        return TOMTE_ERR_INVALID;
    memcpy(s->key_id, h->kid.data, TOMTE_KEY_ID_BYTES);
    s->payload = s->message.payload;
    return read_iat(s, h->claims);
}

enum tomte_err tomte_signed_decode(struct tomte_signed *s, const char *type,
                                   struct tomte_span in)
{
    *s = (struct tomte_signed){0};
    enum tomte_err err = read(s, type, in);
    if (err != TOMTE_OK)
        *s = (struct tomte_signed){0};
    return err;
}

enum tomte_err tomte_signed_verify(const struct tomte_crypto *c,
                                   const struct tomte_signed *s,
                                   const uint8_t open[TOMTE_P256_PUBLIC_BYTES],
                                   struct tomte_span scope)
{
    struct tomte_cose_key key = tomte_cose_key_p256(open, TOMTE_SPAN_NONE);
    struct tomte_cose_context context = {.external_aad = scope};
    return tomte_cose_sign1_verify(c, &s->message, &key, &context);
}

/* ---- writing ----------------------------------------------------------- */

static enum tomte_err encode_header(const struct tomte_signed_draft *draft,
                                    const uint8_t id[TOMTE_KEY_ID_BYTES],
                                    struct tomte_buf out,
                                    struct tomte_span *map)
{
    uint8_t memory[16];
    struct tomte_cwt claims = {
        .iat = {.given = draft->iat_s != 0, .seconds = draft->iat_s}};
    struct tomte_cose_header h = {
        .alg = TOMTE_ALG_ES256,
        .kid = TOMTE_SPAN(id, TOMTE_KEY_ID_BYTES),
        .typ = {.given = true, .text = tomte_span_str(draft->type)}};
    TOMTE_ASSERT(h.typ.text.len <= TOMTE_SIGNED_TYPE_MAX);
    if (draft->iat_s != 0) {
        enum tomte_err err =
            tomte_cwt_encode(&claims, TOMTE_BUF_ARRAY(memory), &h.claims);
        if (err != TOMTE_OK)
            return err;
    }
    return tomte_cose_header_encode(&h, NULL, 0, out, map);
}

enum tomte_err tomte_signed_encode(const struct tomte_crypto *c,
                                   const struct tomte_signed_draft *draft,
                                   const struct tomte_key_pair *signer,
                                   struct tomte_buf out,
                                   struct tomte_span *message)
{
    uint8_t id[TOMTE_KEY_ID_BYTES], header[HEADER_BYTES];
    struct tomte_cose_draft d = {.payload = draft->payload,
                                 .external_aad = draft->scope};
    struct tomte_cose_key key =
        tomte_cose_key_p256(signer->open, TOMTE_SPAN_ARRAY(signer->secret));
    *message = TOMTE_SPAN_NONE;
    tomte_key_id(c, signer->open, id);
    enum tomte_err err =
        encode_header(draft, id, TOMTE_BUF_ARRAY(header), &d.protected_map);
    if (err != TOMTE_OK)
        return err;
    return tomte_cose_sign1_encode(c, &d, &key, out, message);
}
