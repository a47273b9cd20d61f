/* SPDX-License-Identifier: Apache-2.0 */
/* COSE_Mac0 (RFC 9052 section 6) with HMAC (RFC 9053 section 3.1). */
#include "cose/internal.h"

#include "base/assert.h"

static bool is_mac(int64_t alg)
{
    return alg == TOMTE_ALG_HMAC_256_64 || alg == TOMTE_ALG_HMAC_256_256;
}

/* The tag over MAC_structure. */
static enum tomte_err tag_of(const struct tomte_crypto *c, int64_t alg,
                             const struct tomte_cose_key *key,
                             struct tomte_span protected_map,
                             struct tomte_span external_aad,
                             struct tomte_span payload,
                             uint8_t tag[TOMTE_SHA256_BYTES])
{
    struct cose_structure head;
    struct tomte_hmac mac;
    if (!is_mac(alg))
        return TOMTE_ERR_UNSUPPORTED;
    if (key->kty != TOMTE_COSE_SYMMETRIC || key->k.len == 0)
        return TOMTE_ERR_DENIED;
    size_t n = cose_structure_init(&head, TOMTE_COSE_MAC0, protected_map,
                                   external_aad, payload.len);
    tomte_hmac_init(&mac, c, key->k);
    for (size_t i = 0; i < n; i++)
        tomte_hmac_update(&mac, head.parts[i]);
    tomte_hmac_update(&mac, payload);
    tomte_hmac_final(&mac, tag);
    return TOMTE_OK;
}

enum tomte_err tomte_cose_mac0_verify(const struct tomte_crypto *c,
                                      const struct tomte_cose *m,
                                      const struct tomte_cose_key *key,
                                      const struct tomte_cose_context *context)
{
    uint8_t own[TOMTE_SHA256_BYTES];
    struct tomte_span payload, aad = TOMTE_SPAN_NONE;
    int64_t alg;
    TOMTE_ASSERT(m->kind == TOMTE_COSE_MAC0);
    if (context != NULL)
        aad = context->external_aad;
    enum tomte_err err = tomte_cose_accept(m, context, &alg);
    if (err == TOMTE_OK)
        err = cose_payload(m, context, &payload);
    if (err == TOMTE_OK)
        err = tag_of(c, alg, key, m->protected_map, aad, payload, own);
    if (err != TOMTE_OK)
        return err;
    bool same = tomte_span_equal_ct(TOMTE_SPAN(own, tomte_alg_size(alg)),
                                    m->signature) &&
                tomte_cose_key_fits(key, alg, TOMTE_COSE_OP_MAC_VERIFY);
    tomte_wipe(own, sizeof own); /* the right tag of a forged message */
    return same ? TOMTE_OK : TOMTE_ERR_DENIED;
}

enum tomte_err tomte_cose_mac0_encode(const struct tomte_crypto *c,
                                      const struct tomte_cose_draft *draft,
                                      const struct tomte_cose_key *key,
                                      struct tomte_buf out,
                                      struct tomte_span *message)
{
    struct cose_writer w = {.out = out};
    struct tomte_cose_header h;
    uint8_t tag[TOMTE_SHA256_BYTES];
    enum tomte_err err =
        cose_header_decode(&h, draft->protected_map, draft->unprotected_map);
    *message = TOMTE_SPAN_NONE;
    if (err == TOMTE_OK && h.alg == 0)
        err = TOMTE_ERR_MISSING;
    if (err == TOMTE_OK &&
        !tomte_cose_key_fits(key, h.alg, TOMTE_COSE_OP_MAC_CREATE))
        err = TOMTE_ERR_DENIED;
    if (err == TOMTE_OK)
        err = tag_of(c, h.alg, key, draft->protected_map, draft->external_aad,
                     draft->payload, tag);
    if (err != TOMTE_OK)
        return err;
    cose_write_begin(&w, TOMTE_COSE_MAC0, draft);
    cose_write_payload(&w, draft);
    cose_write_bytes(&w, TOMTE_SPAN(tag, tomte_alg_size(h.alg)));
    return cose_write_done(&w, message);
}
