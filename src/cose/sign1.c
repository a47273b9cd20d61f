/* SPDX-License-Identifier: Apache-2.0 */
/* COSE_Sign1 (RFC 9052 section 4): the structure that is signed goes straight
 * into the digest. */
#include "cose/internal.h"

#include "base/assert.h"

static struct tomte_span aad_of(const struct tomte_cose_context *context)
{
    return context == NULL ? TOMTE_SPAN_NONE : context->external_aad;
}

/* A key of the algorithm's curve. */
static bool is_key_of(const struct tomte_cose_key *key, int64_t alg)
{
    return key->kty == TOMTE_COSE_EC2 && key->curve == tomte_alg_curve(alg);
}

/* ---- in steps ---------------------------------------------------------- */

enum tomte_err tomte_cose_stream_begin(struct tomte_cose_stream *s,
                                       const struct tomte_crypto *c,
                                       int64_t alg,
                                       struct tomte_span protected_map,
                                       struct tomte_span external_aad,
                                       size_t payload_len)
{
    struct cose_structure head;
    s->crypto = c;
    s->alg = alg;
    s->left = payload_len;
    if (tomte_alg_digest(alg) == 0)
        return TOMTE_ERR_UNSUPPORTED;
    enum tomte_err err = tomte_hash_init(&s->hash, c, tomte_alg_digest(alg));
    if (err != TOMTE_OK)
        return err;
    size_t n = cose_structure_init(&head, TOMTE_COSE_SIGN1, protected_map,
                                   external_aad, payload_len);
    for (size_t i = 0; i < n; i++)
        tomte_hash_update(&s->hash, head.parts[i]);
    return TOMTE_OK;
}

void tomte_cose_stream_update(struct tomte_cose_stream *s,
                              struct tomte_span part)
{
    TOMTE_ASSERT(part.len <= s->left);
    tomte_hash_update(&s->hash, part);
    s->left -= part.len;
}

static struct tomte_span finish(struct tomte_cose_stream *s,
                                uint8_t digest[TOMTE_HASH_BYTES_MAX])
{
    TOMTE_ASSERT(s->left == 0);
    size_t len = tomte_alg_size(s->hash.alg);
    tomte_hash_final(&s->hash, TOMTE_BUF(digest, TOMTE_HASH_BYTES_MAX));
    return TOMTE_SPAN(digest, len);
}

enum tomte_err tomte_cose_stream_sign(struct tomte_cose_stream *s,
                                      const struct tomte_cose_key *key,
                                      struct tomte_buf out)
{
    uint8_t memory[TOMTE_HASH_BYTES_MAX];
    struct tomte_span digest = finish(s, memory);
    if (!is_key_of(key, s->alg) ||
        !tomte_cose_key_fits(key, s->alg, TOMTE_COSE_OP_SIGN))
        return TOMTE_ERR_DENIED;
    if (out.cap < tomte_alg_size(s->alg))
        return TOMTE_ERR_FULL;
    return tomte_crypto_sign(s->crypto, s->alg, key->d, digest, out);
}

enum tomte_err tomte_cose_stream_verify(struct tomte_cose_stream *s,
                                        const struct tomte_cose_key *key,
                                        struct tomte_span signature)
{
    uint8_t memory[TOMTE_HASH_BYTES_MAX], point[TOMTE_PUBLIC_BYTES_MAX];
    struct tomte_span digest = finish(s, memory);
    if (!is_key_of(key, s->alg) ||
        !tomte_cose_key_fits(key, s->alg, TOMTE_COSE_OP_VERIFY))
        return TOMTE_ERR_DENIED;
    return tomte_crypto_verify(
        s->crypto, s->alg, tomte_cose_key_point(key, point), digest, signature);
}

/* ---- at once ----------------------------------------------------------- */

enum tomte_err tomte_cose_sign1_verify(const struct tomte_crypto *c,
                                       const struct tomte_cose *m,
                                       const struct tomte_cose_key *key,
                                       const struct tomte_cose_context *context)
{
    struct tomte_cose_stream s;
    struct tomte_span payload;
    int64_t alg;
    TOMTE_ASSERT(m->kind == TOMTE_COSE_SIGN1);
    enum tomte_err err = tomte_cose_accept(m, context, &alg);
    if (err == TOMTE_OK)
        err = cose_payload(m, context, &payload);
    if (err == TOMTE_OK)
        err = tomte_cose_stream_begin(&s, c, alg, m->protected_map,
                                      aad_of(context), payload.len);
    if (err != TOMTE_OK)
        return err;
    tomte_cose_stream_update(&s, payload);
    return tomte_cose_stream_verify(&s, key, m->signature);
}

enum tomte_err tomte_cose_sign1_encode(const struct tomte_crypto *c,
                                       const struct tomte_cose_draft *draft,
                                       const struct tomte_cose_key *key,
                                       struct tomte_buf out,
                                       struct tomte_span *message)
{
    struct cose_writer w = {.out = out};
    struct tomte_cose_header h;
    struct tomte_cose_stream s;
    uint8_t signature[TOMTE_SIGNATURE_BYTES_MAX];
    enum tomte_err err =
        cose_header_decode(&h, draft->protected_map, draft->unprotected_map);
    *message = TOMTE_SPAN_NONE;
    if (err == TOMTE_OK && h.alg == 0)
        err = TOMTE_ERR_MISSING;
    if (err == TOMTE_OK)
        err = tomte_cose_stream_begin(&s, c, h.alg, draft->protected_map,
                                      draft->external_aad, draft->payload.len);
    if (err != TOMTE_OK)
        return err;
    tomte_cose_stream_update(&s, draft->payload);
    err = tomte_cose_stream_sign(&s, key, TOMTE_BUF_ARRAY(signature));
    if (err != TOMTE_OK)
        return err;
    cose_write_begin(&w, TOMTE_COSE_SIGN1, draft);
    cose_write_payload(&w, draft);
    cose_write_bytes(&w, TOMTE_SPAN(signature, tomte_alg_size(h.alg)));
    return cose_write_done(&w, message);
}
