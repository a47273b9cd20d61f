/* SPDX-License-Identifier: Apache-2.0 */
#include "backend.h"

_Static_assert(sizeof(br_sha256_context) <=
                   sizeof((struct tomte_sha256){0}.opaque),
               "state of a digest");
_Static_assert(sizeof(br_hmac_context) <= sizeof((struct tomte_hmac){0}.opaque),
               "state of a mac");
_Static_assert(sizeof(br_hmac_drbg_context) <=
                   sizeof((struct tomte_drbg){0}.opaque),
               "state of a generator");

static void sha256_init(void *state)
{
    br_sha256_init(state);
}

static void sha256_update(void *state, struct tomte_span data)
{
    br_sha256_update(state, data.data, data.len);
}

static void sha256_final(void *state, uint8_t digest[TOMTE_SHA256_BYTES])
{
    br_sha256_out(state, digest);
}

/* BearSSL copies zero bytes from where an empty span points: not from NULL. */
static const void *bytes(struct tomte_span s)
{
    return s.len > 0 ? s.data : (const void *)"";
}

static void hmac_init(void *state, struct tomte_span key)
{
    br_hmac_key_context k;
    br_hmac_key_init(&k, &br_sha256_vtable, bytes(key), key.len);
    br_hmac_init(state, &k, 0);
    tomte_wipe(&k, sizeof k);
}

static void hmac_update(void *state, struct tomte_span data)
{
    br_hmac_update(state, data.data, data.len);
}

static void hmac_final(void *state, uint8_t tag[TOMTE_SHA256_BYTES])
{
    br_hmac_out(state, tag);
}

#ifndef TOMTE_MCU
_Static_assert(sizeof(struct sha512) <= sizeof((struct tomte_hash){0}.opaque),
               "state of a long digest");

static void sha512_init(void *state, size_t size)
{
    struct sha512 *s = state;
    s->size = size;
    if (size == br_sha384_SIZE)
        br_sha384_init(&s->context);
    else
        br_sha512_init(&s->context);
}

static void sha512_update(void *state, struct tomte_span data)
{
    br_sha512_update(&((struct sha512 *)state)->context, data.data, data.len);
}

static void sha512_final(void *state, uint8_t *digest)
{
    struct sha512 *s = state;
    if (s->size == br_sha384_SIZE)
        br_sha384_out(&s->context, digest);
    else
        br_sha512_out(&s->context, digest);
}
#endif

static void drbg_init(void *state, struct tomte_span seed)
{
    br_hmac_drbg_init(state, &br_sha256_vtable, seed.data, seed.len);
}

static void drbg_reseed(void *state, struct tomte_span more)
{
    br_hmac_drbg_update(state, more.data, more.len);
}

static void drbg_fill(void *state, struct tomte_buf out)
{
    br_hmac_drbg_generate(state, out.data, out.cap);
}

#ifdef TOMTE_MCU
#define LONG_DIGESTS .sha512_init = NULL
#else
#define LONG_DIGESTS                                                           \
    .sha512_init = sha512_init, .sha512_update = sha512_update,                \
    .sha512_final = sha512_final
#endif

#define TABLE(title, encryption, decryption)                                   \
    {                                                                          \
        .name = (title), .sha256_init = sha256_init,                           \
        .sha256_update = sha256_update, .sha256_final = sha256_final,          \
        .hmac_init = hmac_init, .hmac_update = hmac_update,                    \
        .hmac_final = hmac_final, LONG_DIGESTS, .encrypt = (encryption),       \
        .decrypt = (decryption), .public_key = bearssl_public_key,             \
        .agree = bearssl_agree, .sign = bearssl_sign,                          \
        .verify = bearssl_verify, .drbg_init = drbg_init,                      \
        .drbg_reseed = drbg_reseed, .drbg_fill = drbg_fill,                    \
    }

const struct tomte_crypto tomte_crypto_bearssl =
    TABLE("bearssl", bearssl_encrypt, bearssl_decrypt);

#ifndef TOMTE_MCU
const struct tomte_crypto *tomte_crypto_bearssl_fastest(void)
{
    static const struct tomte_crypto with_aes_ni =
        TABLE("bearssl, AES-NI", bearssl_encrypt_ni, bearssl_decrypt_ni);
    bool has = br_aes_x86ni_ctrcbc_get_vtable() != NULL;
    return has ? &with_aes_ni : &tomte_crypto_bearssl;
}
#endif
