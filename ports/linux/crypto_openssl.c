/* SPDX-License-Identifier: Apache-2.0 */
/* Digests, HMAC, HMAC-DRBG and AEAD with OpenSSL. States are by value, which
 * its newer interface does not know: hence the older one for digests. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "linux/crypto_openssl_internal.h"

#include "base/assert.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

/* ---- digests ----------------------------------------------------------- */

static void sha256_init(void *state)
{
    OPENSSL_MUST(SHA256_Init(state));
}

static void sha256_update(void *state, struct tomte_span data)
{
    OPENSSL_MUST(SHA256_Update(state, data.data, data.len));
}

static void sha256_final(void *state, uint8_t digest[TOMTE_SHA256_BYTES])
{
    OPENSSL_MUST(SHA256_Final(digest, state));
}

static void sha512_init(void *state, size_t size)
{
    if (size == SHA384_DIGEST_LENGTH)
        OPENSSL_MUST(SHA384_Init(state));
    else
        OPENSSL_MUST(SHA512_Init(state));
}

static void sha512_update(void *state, struct tomte_span data)
{
    OPENSSL_MUST(SHA512_Update(state, data.data, data.len));
}

static void sha512_final(void *state, uint8_t *digest)
{
    OPENSSL_MUST(SHA512_Final(digest, state)); /* knows its length */
}

/* ---- HMAC (RFC 2104) --------------------------------------------------- */

struct hmac {
    SHA256_CTX inner, outer;
};

_Static_assert(sizeof(SHA256_CTX) <= sizeof((struct tomte_sha256){0}.opaque),
               "state of a digest");
_Static_assert(sizeof(SHA512_CTX) <= sizeof((struct tomte_hash){0}.opaque),
               "state of a long digest");
_Static_assert(sizeof(struct hmac) <= sizeof((struct tomte_hmac){0}.opaque),
               "state of a mac");

static void hmac_init(void *state, struct tomte_span key)
{
    struct hmac *m = state;
    uint8_t block[SHA256_CBLOCK] = {0};
    if (key.len > sizeof block)
        SHA256(key.data, key.len, block);
    else if (key.len > 0)
        memcpy(block, key.data, key.len);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] ^= 0x36;
    sha256_init(&m->inner);
    sha256_update(&m->inner, TOMTE_SPAN_ARRAY(block));
    for (size_t i = 0; i < sizeof block; i++)
        block[i] ^= 0x36 ^ 0x5c;
    sha256_init(&m->outer);
    sha256_update(&m->outer, TOMTE_SPAN_ARRAY(block));
    tomte_wipe(block, sizeof block);
}

static void hmac_update(void *state, struct tomte_span data)
{
    sha256_update(&((struct hmac *)state)->inner, data);
}

static void hmac_final(void *state, uint8_t tag[TOMTE_SHA256_BYTES])
{
    struct hmac *m = state;
    sha256_final(&m->inner, tag);
    sha256_update(&m->outer, TOMTE_SPAN(tag, TOMTE_SHA256_BYTES));
    sha256_final(&m->outer, tag);
}

/* ---- HMAC-DRBG (SP 800-90A section 10.1.2) ----------------------------- */

struct drbg {
    uint8_t key[32], value[32];
};

_Static_assert(sizeof(struct drbg) <= sizeof((struct tomte_drbg){0}.opaque),
               "state of a generator");

static void drbg_step(struct drbg *r, const uint8_t *mark,
                      struct tomte_span seed, uint8_t out[32])
{
    struct hmac m;
    hmac_init(&m, TOMTE_SPAN_ARRAY(r->key));
    hmac_update(&m, TOMTE_SPAN_ARRAY(r->value));
    if (mark != NULL)
        hmac_update(&m, TOMTE_SPAN(mark, 1));
    if (seed.len > 0)
        hmac_update(&m, seed);
    hmac_final(&m, out);
    tomte_wipe(&m, sizeof m);
}

static void drbg_reseed(void *state, struct tomte_span seed)
{
    struct drbg *r = state;
    for (uint8_t mark = 0; mark < (seed.len > 0 ? 2 : 1); mark++) {
        drbg_step(r, &mark, seed, r->key);
        drbg_step(r, NULL, TOMTE_SPAN_NONE, r->value);
    }
}

static void drbg_init(void *state, struct tomte_span seed)
{
    struct drbg *r = state;
    memset(r->key, 0, sizeof r->key);
    memset(r->value, 1, sizeof r->value);
    drbg_reseed(r, seed);
}

static void drbg_fill(void *state, struct tomte_buf out)
{
    struct drbg *r = state;
    for (size_t at = 0, len; at < out.cap; at += len) {
        drbg_step(r, NULL, TOMTE_SPAN_NONE, r->value);
        len = out.cap - at < 32 ? out.cap - at : 32;
        memcpy(out.data + at, r->value, len);
    }
    drbg_reseed(r, TOMTE_SPAN_NONE);
}

/* ---- AEAD -------------------------------------------------------------- */

static const EVP_CIPHER *cipher(const struct tomte_aead *how)
{
    bool wide = how->key.len == 32;
    if (how->alg == TOMTE_ALG_A128GCM || how->alg == TOMTE_ALG_A256GCM)
        return wide ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
    return wide ? EVP_aes_256_ccm() : EVP_aes_128_ccm();
}

/* CCM takes the additional data in one piece, and no NULL for none of data. */
static void add_data(EVP_CIPHER_CTX *ctx, const struct tomte_aead *how)
{
    size_t total = 0, at = 0;
    int len;
    for (size_t i = 0; i < how->aad_parts; i++)
        total += how->aad[i].len;
    if (total == 0)
        return;
    uint8_t *joined = malloc(total);
    TOMTE_ASSERT(joined != NULL);
    for (size_t i = 0; i < how->aad_parts; at += how->aad[i++].len)
        if (how->aad[i].len > 0)
            memcpy(joined + at, how->aad[i].data, how->aad[i].len);
    OPENSSL_MUST(EVP_CipherUpdate(ctx, NULL, &len, joined, (int)total));
    free(joined);
}

/* Ready for the data. `tag` is what decryption expects, NULL to encrypt. */
static EVP_CIPHER_CTX *begin(const struct tomte_aead *how, size_t data_len,
                             const uint8_t *tag)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int encrypt = tag == NULL, len, tag_len = (int)tomte_alg_size(how->alg);
    bool ccm = EVP_CIPHER_get_mode(cipher(how)) == EVP_CIPH_CCM_MODE;
    TOMTE_ASSERT(ctx != NULL);
    OPENSSL_MUST(
        EVP_CipherInit_ex(ctx, cipher(how), NULL, NULL, NULL, encrypt));
    OPENSSL_MUST(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN,
                                     (int)how->nonce.len, NULL));
    if (ccm || !encrypt)
        OPENSSL_MUST(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, tag_len,
                                         (void *)(uintptr_t)tag));
    OPENSSL_MUST(EVP_CipherInit_ex(ctx, NULL, NULL, how->key.data,
                                   how->nonce.data, encrypt));
    if (ccm)
        OPENSSL_MUST(EVP_CipherUpdate(ctx, NULL, &len, NULL, (int)data_len));
    add_data(ctx, how);
    return ctx;
}

static enum tomte_err encrypt(const struct tomte_aead *how,
                              struct tomte_buf data, uint8_t *tag)
{
    uint8_t none[16];
    uint8_t *at = data.cap > 0 ? data.data : none;
    int len;
    EVP_CIPHER_CTX *ctx = begin(how, data.cap, NULL);
    OPENSSL_MUST(EVP_CipherUpdate(ctx, at, &len, at, (int)data.cap));
    OPENSSL_MUST(EVP_CipherFinal_ex(ctx, none, &len));
    OPENSSL_MUST(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG,
                                     (int)tomte_alg_size(how->alg), tag));
    EVP_CIPHER_CTX_free(ctx);
    return TOMTE_OK;
}

/* CCM says with the data whether the tag was right, GCM at the end. */
static enum tomte_err decrypt(const struct tomte_aead *how,
                              struct tomte_buf data, const uint8_t *tag)
{
    uint8_t none[16];
    uint8_t *at = data.cap > 0 ? data.data : none;
    int len;
    EVP_CIPHER_CTX *ctx = begin(how, data.cap, tag);
    bool good = EVP_CipherUpdate(ctx, at, &len, at, (int)data.cap) > 0;
    if (good && EVP_CIPHER_CTX_get_mode(ctx) == EVP_CIPH_GCM_MODE)
        good = EVP_CipherFinal_ex(ctx, none, &len) > 0;
    EVP_CIPHER_CTX_free(ctx);
    return good ? TOMTE_OK : TOMTE_ERR_DENIED;
}

const struct tomte_crypto tomte_crypto_openssl = {
    .name = "openssl",
    .sha256_init = sha256_init,
    .sha256_update = sha256_update,
    .sha256_final = sha256_final,
    .hmac_init = hmac_init,
    .hmac_update = hmac_update,
    .hmac_final = hmac_final,
    .sha512_init = sha512_init,
    .sha512_update = sha512_update,
    .sha512_final = sha512_final,
    .encrypt = encrypt,
    .decrypt = decrypt,
    .public_key = openssl_public_key,
    .agree = openssl_agree,
    .sign = openssl_sign,
    .verify = openssl_verify,
    .drbg_init = drbg_init,
    .drbg_reseed = drbg_reseed,
    .drbg_fill = drbg_fill,
};
