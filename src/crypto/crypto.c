/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"

#include "base/assert.h"

#include <string.h>

/* ---- digests ----------------------------------------------------------- */

void tomte_sha256(const struct tomte_crypto *c, struct tomte_span data,
                  uint8_t digest[TOMTE_SHA256_BYTES])
{
    struct tomte_sha256 h;
    tomte_sha256_init(&h, c);
    tomte_sha256_update(&h, data);
    tomte_sha256_final(&h, digest);
}

void tomte_sha256_init(struct tomte_sha256 *h, const struct tomte_crypto *c)
{
    h->crypto = c;
    c->sha256_init(h->opaque);
}

void tomte_sha256_update(struct tomte_sha256 *h, struct tomte_span data)
{
    if (data.len > 0)
        h->crypto->sha256_update(h->opaque, data);
}

void tomte_sha256_final(struct tomte_sha256 *h,
                        uint8_t digest[TOMTE_SHA256_BYTES])
{
    h->crypto->sha256_final(h->opaque, digest);
    tomte_wipe(h, sizeof *h);
}

/* ---- message authentication -------------------------------------------- */

void tomte_hmac(const struct tomte_crypto *c, struct tomte_span key,
                struct tomte_span data, uint8_t tag[TOMTE_SHA256_BYTES])
{
    struct tomte_hmac m;
    tomte_hmac_init(&m, c, key);
    tomte_hmac_update(&m, data);
    tomte_hmac_final(&m, tag);
}

void tomte_hmac_init(struct tomte_hmac *m, const struct tomte_crypto *c,
                     struct tomte_span key)
{
    m->crypto = c;
    c->hmac_init(m->opaque, key);
}

void tomte_hmac_update(struct tomte_hmac *m, struct tomte_span data)
{
    if (data.len > 0)
        m->crypto->hmac_update(m->opaque, data);
}

void tomte_hmac_final(struct tomte_hmac *m, uint8_t tag[TOMTE_SHA256_BYTES])
{
    m->crypto->hmac_final(m->opaque, tag);
    tomte_wipe(m, sizeof *m);
}

/* ---- by algorithm number ----------------------------------------------- */

static bool is_mac(int64_t alg)
{
    return alg == TOMTE_ALG_HMAC_256_64 || alg == TOMTE_ALG_HMAC_256_256;
}

size_t tomte_alg_size(int64_t alg)
{
    struct tomte_aead_sizes aead;
    switch (alg) {
    case TOMTE_ALG_SHA_256_64:
    case TOMTE_ALG_HMAC_256_64:
        return 8;
    case TOMTE_ALG_SHA_256:
    case TOMTE_ALG_HMAC_256_256:
        return TOMTE_SHA256_BYTES;
    case TOMTE_ALG_SHA_384:
        return 48;
    case TOMTE_ALG_SHA_512:
    case TOMTE_ALG_ES256:
    case TOMTE_ALG_ESP256:
        return 64;
    case TOMTE_ALG_ES384:
    case TOMTE_ALG_ESP384:
        return 96;
    default:
        return tomte_aead_sizes(alg, &aead) ? aead.tag : 0;
    }
}

static bool is_short_digest(int64_t alg)
{
    return alg == TOMTE_ALG_SHA_256 || alg == TOMTE_ALG_SHA_256_64;
}

static bool is_long_digest(int64_t alg)
{
    return alg == TOMTE_ALG_SHA_384 || alg == TOMTE_ALG_SHA_512;
}

enum tomte_err tomte_hash_init(struct tomte_hash *h,
                               const struct tomte_crypto *c, int64_t alg)
{
    h->crypto = c;
    h->alg = alg;
    if (is_short_digest(alg))
        c->sha256_init(h->opaque);
    else if (is_long_digest(alg) && c->sha512_init != NULL)
        c->sha512_init(h->opaque, tomte_alg_size(alg));
    else
        return TOMTE_ERR_UNSUPPORTED;
    return TOMTE_OK;
}

void tomte_hash_update(struct tomte_hash *h, struct tomte_span data)
{
    if (data.len == 0)
        return;
    if (is_short_digest(h->alg))
        h->crypto->sha256_update(h->opaque, data);
    else
        h->crypto->sha512_update(h->opaque, data);
}

void tomte_hash_final(struct tomte_hash *h, struct tomte_buf out)
{
    uint8_t full[TOMTE_HASH_BYTES_MAX];
    size_t size = tomte_alg_size(h->alg);
    TOMTE_ASSERT(out.cap >= size);
    if (is_short_digest(h->alg))
        h->crypto->sha256_final(h->opaque, full);
    else
        h->crypto->sha512_final(h->opaque, full);
    memcpy(out.data, full, size);
    tomte_wipe(full, sizeof full);
    tomte_wipe(h, sizeof *h);
}

enum tomte_err tomte_crypto_digest(const struct tomte_crypto *c, int64_t alg,
                                   struct tomte_span data, struct tomte_buf out)
{
    struct tomte_hash h;
    enum tomte_err err = tomte_hash_init(&h, c, alg);
    if (err != TOMTE_OK)
        return err;
    tomte_hash_update(&h, data);
    tomte_hash_final(&h, out);
    return TOMTE_OK;
}

/* The first bytes of `full`, as many as the algorithm gives; wipes it. */
static void truncate(int64_t alg, uint8_t full[TOMTE_SHA256_BYTES],
                     struct tomte_buf out)
{
    size_t size = tomte_alg_size(alg);
    TOMTE_ASSERT(out.cap >= size);
    memcpy(out.data, full, size);
    tomte_wipe(full, TOMTE_SHA256_BYTES);
}

enum tomte_err tomte_crypto_mac(const struct tomte_crypto *c, int64_t alg,
                                struct tomte_span key, struct tomte_span data,
                                struct tomte_buf out)
{
    uint8_t tag[TOMTE_SHA256_BYTES];
    if (!is_mac(alg))
        return TOMTE_ERR_UNSUPPORTED;
    tomte_hmac(c, key, data, tag);
    truncate(alg, tag, out);
    return TOMTE_OK;
}

enum tomte_err tomte_crypto_mac_verify(const struct tomte_crypto *c,
                                       int64_t alg, struct tomte_span key,
                                       struct tomte_span data,
                                       struct tomte_span tag)
{
    uint8_t own[TOMTE_SHA256_BYTES];
    enum tomte_err err =
        tomte_crypto_mac(c, alg, key, data, TOMTE_BUF_ARRAY(own));
    if (err != TOMTE_OK)
        return err;
    bool same = tomte_span_equal_ct(TOMTE_SPAN(own, tomte_alg_size(alg)), tag);
    tomte_wipe(own, sizeof own); /* the right tag of a forged message */
    return same ? TOMTE_OK : TOMTE_ERR_DENIED;
}

/* ---- derivation and randomness ----------------------------------------- */

void tomte_hkdf(const struct tomte_crypto *c, struct tomte_span salt,
                struct tomte_span secret, struct tomte_span info,
                struct tomte_buf out)
{
    uint8_t prk[TOMTE_SHA256_BYTES];
    tomte_hkdf_extract(c, salt, secret, prk);
    tomte_hkdf_expand(c, TOMTE_SPAN_ARRAY(prk), info, out);
    tomte_wipe(prk, sizeof prk);
}

/* No salt is a salt of zeros, and HMAC pads its key with zeros: the same. */
void tomte_hkdf_extract(const struct tomte_crypto *c, struct tomte_span salt,
                        struct tomte_span secret,
                        uint8_t prk[TOMTE_SHA256_BYTES])
{
    tomte_hmac(c, salt, secret, prk);
}

void tomte_hkdf_expand(const struct tomte_crypto *c, struct tomte_span prk,
                       struct tomte_span info, struct tomte_buf out)
{
    struct tomte_hmac keyed;
    uint8_t block[TOMTE_SHA256_BYTES], n = 0;
    TOMTE_ASSERT(out.cap <= TOMTE_HKDF_BYTES_MAX);
    tomte_hmac_init(&keyed, c, prk);
    for (size_t at = 0, len; at < out.cap; at += len) {
        struct tomte_hmac m = keyed;
        if (n++ > 0)
            tomte_hmac_update(&m, TOMTE_SPAN_ARRAY(block));
        tomte_hmac_update(&m, info);
        tomte_hmac_update(&m, TOMTE_SPAN(&n, 1));
        tomte_hmac_final(&m, block);
        len = out.cap - at < sizeof block ? out.cap - at : sizeof block;
        memcpy(out.data + at, block, len);
    }
    tomte_wipe(block, sizeof block);
    tomte_wipe(&keyed, sizeof keyed);
}

void tomte_drbg_init(struct tomte_drbg *r, const struct tomte_crypto *c,
                     struct tomte_span seed)
{
    TOMTE_ASSERT(seed.len >= TOMTE_SEED_BYTES);
    r->crypto = c;
    c->drbg_init(r->opaque, seed);
}

void tomte_drbg_reseed(struct tomte_drbg *r, struct tomte_span more)
{
    TOMTE_ASSERT(r->crypto != NULL);
    if (more.len > 0)
        r->crypto->drbg_reseed(r->opaque, more);
}

void tomte_drbg_fill(struct tomte_drbg *r, struct tomte_buf out)
{
    TOMTE_ASSERT(r->crypto != NULL);
    TOMTE_ASSERT(out.cap <= TOMTE_DRBG_BYTES_MAX);
    if (out.cap > 0)
        r->crypto->drbg_fill(r->opaque, out);
}

void tomte_drbg_wipe(struct tomte_drbg *r)
{
    tomte_wipe(r, sizeof *r);
}
