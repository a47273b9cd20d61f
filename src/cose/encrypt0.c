/* SPDX-License-Identifier: Apache-2.0 */
/* COSE_Encrypt0 (RFC 9052 section 5) with AES-CCM and AES-GCM. */
#include "cose/internal.h"

#include "base/assert.h"

#include <string.h>

#define NONCE_BYTES_MAX 13

/* A Partial IV counts from the right, and is added to the Base IV without
 * carry (RFC 9052 section 3.1). */
enum tomte_err cose_nonce(const struct tomte_cose_header *h,
                          const struct tomte_cose_key *key, size_t len,
                          uint8_t *nonce)
{
    struct tomte_span part = h->partial_iv;
    if (h->iv.data != NULL) {
        if (h->iv.len != len)
            return TOMTE_ERR_INVALID;
        memcpy(nonce, h->iv.data, len);
        return TOMTE_OK;
    }
    if (part.data == NULL || key->base_iv.data == NULL)
        return TOMTE_ERR_MISSING;
    if (part.len > len || key->base_iv.len != len)
        return TOMTE_ERR_INVALID;
    memcpy(nonce, key->base_iv.data, len);
    for (size_t i = 0; i < part.len; i++)
        nonce[len - part.len + i] ^= part.data[i];
    return TOMTE_OK;
}

/* Everything that both directions need; `nonce` is its memory. */
static enum tomte_err prepare(struct tomte_aead *how, int64_t alg,
                              const struct tomte_cose_header *h,
                              const struct tomte_cose_key *key,
                              enum tomte_cose_op op,
                              uint8_t nonce[NONCE_BYTES_MAX])
{
    struct tomte_aead_sizes sizes;
    if (!tomte_aead_sizes(alg, &sizes))
        return TOMTE_ERR_UNSUPPORTED;
    if (key->kty != TOMTE_COSE_SYMMETRIC || !tomte_cose_key_fits(key, alg, op))
        return TOMTE_ERR_DENIED;
    enum tomte_err err = cose_nonce(h, key, sizes.nonce, nonce);
    *how = (struct tomte_aead){
        .alg = alg, .key = key->k, .nonce = TOMTE_SPAN(nonce, sizes.nonce)};
    return err;
}

static void add_aad(struct tomte_aead *how, struct cose_structure *s,
                    struct tomte_span protected_map,
                    struct tomte_span external_aad)
{
    how->aad_parts = cose_structure_init(s, TOMTE_COSE_ENCRYPT0, protected_map,
                                         external_aad, 0);
    how->aad = s->parts;
}

enum tomte_err tomte_cose_encrypt0_decrypt(
    const struct tomte_crypto *c, const struct tomte_cose *m,
    const struct tomte_cose_key *key, const struct tomte_cose_context *context,
    struct tomte_buf out, struct tomte_span *plain)
{
    struct tomte_aead how;
    struct cose_structure structure;
    struct tomte_span cipher, aad = TOMTE_SPAN_NONE;
    uint8_t nonce[NONCE_BYTES_MAX];
    int64_t alg;
    TOMTE_ASSERT(m->kind == TOMTE_COSE_ENCRYPT0);
    *plain = TOMTE_SPAN_NONE;
    if (context != NULL)
        aad = context->external_aad;
    enum tomte_err err = tomte_cose_accept(m, context, &alg);
    if (err == TOMTE_OK)
        err = cose_payload(m, context, &cipher);
    if (err == TOMTE_OK)
        err = prepare(&how, alg, &m->header, key, TOMTE_COSE_OP_DECRYPT, nonce);
    if (err != TOMTE_OK)
        return err;
    add_aad(&how, &structure, m->protected_map, aad);
    return tomte_crypto_decrypt(c, &how, cipher, out, plain);
}

/* The ciphertext is made where it belongs, behind a head of its length. */
static enum tomte_err write_cipher(const struct tomte_crypto *c,
                                   const struct tomte_aead *how,
                                   struct tomte_span plain,
                                   struct cose_writer *w)
{
    struct tomte_span cipher;
    cose_write_head(w, COSE_BYTES, plain.len + tomte_alg_size(how->alg));
    if (w->at > w->out.cap)
        return TOMTE_ERR_FULL;
    struct tomte_buf rest = TOMTE_BUF(w->out.data + w->at, w->out.cap - w->at);
    enum tomte_err err = tomte_crypto_encrypt(c, how, plain, rest, &cipher);
    w->at += cipher.len;
    return err;
}

enum tomte_err tomte_cose_encrypt0_encode(const struct tomte_crypto *c,
                                          const struct tomte_cose_draft *draft,
                                          const struct tomte_cose_key *key,
                                          struct tomte_buf out,
                                          struct tomte_span *message)
{
    struct cose_writer w = {.out = out};
    struct tomte_cose_header h;
    struct tomte_aead how;
    struct cose_structure structure;
    uint8_t nonce[NONCE_BYTES_MAX];
    TOMTE_ASSERT(!draft->detached);
    *message = TOMTE_SPAN_NONE;
    enum tomte_err err =
        cose_header_decode(&h, draft->protected_map, draft->unprotected_map);
    if (err == TOMTE_OK && h.alg == 0)
        err = TOMTE_ERR_MISSING;
    if (err == TOMTE_OK)
        err = prepare(&how, h.alg, &h, key, TOMTE_COSE_OP_ENCRYPT, nonce);
    if (err != TOMTE_OK)
        return err;
    add_aad(&how, &structure, draft->protected_map, draft->external_aad);
    cose_write_begin(&w, TOMTE_COSE_ENCRYPT0, draft);
    err = write_cipher(c, &how, draft->payload, &w);
    return err == TOMTE_OK ? cose_write_done(&w, message) : err;
}
