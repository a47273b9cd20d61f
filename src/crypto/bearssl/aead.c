/* SPDX-License-Identifier: Apache-2.0 */
/* AES-CCM (RFC 3610) and AES-GCM (SP 800-38D) with BearSSL. The software
 * ciphers are the bit-sliced ones: no table is looked up by a secret. */
#include "base/assert.h"
#include "backend.h"

#ifdef TOMTE_MCU
typedef br_aes_ct_ctrcbc_keys soft_keys;
#define soft_init br_aes_ct_ctrcbc_init
#else
typedef br_aes_ct64_ctrcbc_keys soft_keys;
#define soft_init br_aes_ct64_ctrcbc_init
#endif

static bool is_gcm(int64_t alg)
{
    return alg == TOMTE_ALG_A128GCM || alg == TOMTE_ALG_A256GCM;
}

/* Encrypts or decrypts `data` in place; `own` is the tag that belongs to the
 * plaintext. */
static void run_ccm(const br_block_ctrcbc_class **keys,
                    const struct tomte_aead *how, size_t tag_len, int encrypt,
                    struct tomte_buf data, uint8_t *own)
{
    br_ccm_context ccm;
    uint64_t aad_len = 0;
    for (size_t i = 0; i < how->aad_parts; i++)
        aad_len += how->aad[i].len;
    br_ccm_init(&ccm, keys);
    TOMTE_ASSERT(br_ccm_reset(&ccm, how->nonce.data, how->nonce.len, aad_len,
                              data.cap, tag_len) == 1);
    for (size_t i = 0; i < how->aad_parts; i++)
        if (how->aad[i].len > 0)
            br_ccm_aad_inject(&ccm, how->aad[i].data, how->aad[i].len);
    br_ccm_flip(&ccm);
    if (data.cap > 0)
        br_ccm_run(&ccm, encrypt, data.data, data.cap);
    br_ccm_get_tag(&ccm, own);
    tomte_wipe(&ccm, sizeof ccm);
}

#ifndef TOMTE_MCU
static void run_gcm(const struct tomte_aead *how, int encrypt,
                    struct tomte_buf data, uint8_t *own)
{
    br_aes_ct64_ctr_keys keys;
    br_gcm_context gcm;
    br_aes_ct64_ctr_init(&keys, how->key.data, how->key.len);
    br_gcm_init(&gcm, &keys.vtable, br_ghash_ctmul64);
    br_gcm_reset(&gcm, how->nonce.data, how->nonce.len);
    for (size_t i = 0; i < how->aad_parts; i++)
        if (how->aad[i].len > 0)
            br_gcm_aad_inject(&gcm, how->aad[i].data, how->aad[i].len);
    br_gcm_flip(&gcm);
    if (data.cap > 0)
        br_gcm_run(&gcm, encrypt, data.data, data.cap);
    br_gcm_get_tag(&gcm, own);
    tomte_wipe(&gcm, sizeof gcm);
    tomte_wipe(&keys, sizeof keys);
}
#endif

static enum tomte_err run(const struct tomte_aead *how, int encrypt,
                          struct tomte_buf data, uint8_t *own)
{
    if (is_gcm(how->alg)) {
#ifdef TOMTE_MCU
        return TOMTE_ERR_UNSUPPORTED;
#else
        run_gcm(how, encrypt, data, own);
        return TOMTE_OK;
#endif
    }
    soft_keys keys;
    soft_init(&keys, how->key.data, how->key.len);
    run_ccm(&keys.vtable, how, tomte_alg_size(how->alg), encrypt, data, own);
    tomte_wipe(&keys, sizeof keys);
    return TOMTE_OK;
}

/* The tag is compared after the data is decrypted, which the caller wipes when
 * this is not OK. */
static enum tomte_err judge(int64_t alg, uint8_t *own, const uint8_t *tag)
{
    size_t len = tomte_alg_size(alg);
    bool same = tomte_span_equal_ct(TOMTE_SPAN(own, len), TOMTE_SPAN(tag, len));
    tomte_wipe(own, len);
    return same ? TOMTE_OK : TOMTE_ERR_DENIED;
}

enum tomte_err bearssl_encrypt(const struct tomte_aead *how,
                               struct tomte_buf data, uint8_t *tag)
{
    return run(how, 1, data, tag);
}

enum tomte_err bearssl_decrypt(const struct tomte_aead *how,
                               struct tomte_buf data, const uint8_t *tag)
{
    uint8_t own[TOMTE_AEAD_TAG_BYTES_MAX];
    enum tomte_err err = run(how, 0, data, own);
    return err == TOMTE_OK ? judge(how->alg, own, tag) : err;
}

#ifndef TOMTE_MCU
static enum tomte_err run_ni(const struct tomte_aead *how, int encrypt,
                             struct tomte_buf data, uint8_t *own)
{
    if (is_gcm(how->alg))
        return run(how, encrypt, data, own);
    br_aes_x86ni_ctrcbc_keys keys;
    br_aes_x86ni_ctrcbc_init(&keys, how->key.data, how->key.len);
    run_ccm(&keys.vtable, how, tomte_alg_size(how->alg), encrypt, data, own);
    tomte_wipe(&keys, sizeof keys);
    return TOMTE_OK;
}

enum tomte_err bearssl_encrypt_ni(const struct tomte_aead *how,
                                  struct tomte_buf data, uint8_t *tag)
{
    return run_ni(how, 1, data, tag);
}

enum tomte_err bearssl_decrypt_ni(const struct tomte_aead *how,
                                  struct tomte_buf data, const uint8_t *tag)
{
    uint8_t own[TOMTE_AEAD_TAG_BYTES_MAX];
    enum tomte_err err = run_ni(how, 0, data, own);
    return err == TOMTE_OK ? judge(how->alg, own, tag) : err;
}
#endif
