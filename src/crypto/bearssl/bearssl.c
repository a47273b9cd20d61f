/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/bearssl.h"

#include <bearssl.h>

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

static void hkdf(struct tomte_span salt, struct tomte_span secret,
                 struct tomte_span info, struct tomte_buf out)
{
    br_hkdf_context k;
    const void *salted = salt.len > 0 ? salt.data : BR_HKDF_NO_SALT;
    br_hkdf_init(&k, &br_sha256_vtable, salted, salt.len);
    br_hkdf_inject(&k, bytes(secret), secret.len);
    br_hkdf_flip(&k);
    br_hkdf_produce(&k, bytes(info), info.len, out.data, out.cap);
    tomte_wipe(&k, sizeof k);
}

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

const struct tomte_crypto tomte_crypto_bearssl = {
    .name = "bearssl",
    .sha256_init = sha256_init,
    .sha256_update = sha256_update,
    .sha256_final = sha256_final,
    .hmac_init = hmac_init,
    .hmac_update = hmac_update,
    .hmac_final = hmac_final,
    .hkdf = hkdf,
    .drbg_init = drbg_init,
    .drbg_reseed = drbg_reseed,
    .drbg_fill = drbg_fill,
};
