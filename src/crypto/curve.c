/* SPDX-License-Identifier: Apache-2.0 */
/* Elliptic curves: lengths and ranges, so that no backend sees a number that is
 * out of range. Constants: SP 800-186 sections 3.2.1.3 and 3.2.1.4. */
#include "base/assert.h"
#include "crypto/crypto.h"

#include <string.h>

static const uint8_t p256_order[32] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
    0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
static const uint8_t p256_prime[32] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

#ifndef TOMTE_MCU
static const uint8_t p384_order[48] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2,
    0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73};
static const uint8_t p384_prime[48] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff};
#endif

/* A curve whose coordinates have `size` bytes. */
static const struct curve {
    uint8_t id, size;
    bool signs;
    const uint8_t *order, *prime; /* NULL: X25519, every integer is good */
} curves[] = {
    {TOMTE_CURVE_P256, 32, true, p256_order, p256_prime},
#ifndef TOMTE_MCU
    {TOMTE_CURVE_P384, 48, false, p384_order, p384_prime},
#endif
    {TOMTE_CURVE_X25519, 32, false, NULL, NULL},
};

static const struct curve *find(int64_t id)
{
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if (curves[i].id == id)
            return &curves[i];
    return NULL;
}

size_t tomte_curve_private_size(int64_t curve)
{
    const struct curve *v = find(curve);
    return v == NULL ? 0 : v->size;
}

size_t tomte_curve_public_size(int64_t curve)
{
    const struct curve *v = find(curve);
    if (v == NULL)
        return 0;
    return v->order == NULL ? v->size : 2 * (size_t)v->size;
}

/* a < b and a > 0, both big-endian, in a time that depends on `size` only. */
static bool below(const uint8_t *a, const uint8_t *b, size_t size)
{
    unsigned borrow = 0, any = 0;
    for (size_t i = size; i-- > 0;) {
        borrow = ((unsigned)a[i] - b[i] - borrow) >> 8 & 1;
        any |= a[i];
    }
    return borrow & ((any + 0xff) >> 8 & 1);
}

/* Coordinates may be zero; `below` with the prime asks for more than that. */
static bool is_coordinate(const struct curve *v, const uint8_t *x)
{
    unsigned borrow = 0;
    for (size_t i = v->size; i-- > 0;)
        borrow = ((unsigned)x[i] - v->prime[i] - borrow) >> 8 & 1;
    return borrow != 0;
}

static bool private_fits(const struct curve *v, struct tomte_span key)
{
    if (key.len != v->size)
        return false;
    return v->order == NULL || below(key.data, v->order, v->size);
}

static bool public_fits(const struct curve *v, struct tomte_span key)
{
    if (key.len != tomte_curve_public_size(v->id))
        return false;
    return v->prime == NULL ||
           (is_coordinate(v, key.data) && is_coordinate(v, key.data + v->size));
}

enum tomte_err tomte_crypto_public(const struct tomte_crypto *c, int64_t curve,
                                   struct tomte_span private_key,
                                   struct tomte_buf out)
{
    const struct curve *v = find(curve);
    if (v == NULL || v->id == TOMTE_CURVE_P384 || c->public_key == NULL)
        return TOMTE_ERR_UNSUPPORTED;
    TOMTE_ASSERT(out.cap >= tomte_curve_public_size(curve));
    if (!private_fits(v, private_key))
        return TOMTE_ERR_INVALID;
    return c->public_key((enum tomte_curve)v->id, private_key.data, out.data);
}

enum tomte_err tomte_crypto_agree(const struct tomte_crypto *c, int64_t curve,
                                  struct tomte_span private_key,
                                  struct tomte_span public_key,
                                  uint8_t secret[TOMTE_AGREED_BYTES])
{
    static const uint8_t zero[TOMTE_AGREED_BYTES];
    const struct curve *v = find(curve);
    if (v == NULL || v->size != TOMTE_AGREED_BYTES || c->agree == NULL)
        return TOMTE_ERR_UNSUPPORTED;
    if (!private_fits(v, private_key) || !public_fits(v, public_key))
        return TOMTE_ERR_INVALID;
    enum tomte_err err = c->agree((enum tomte_curve)v->id, private_key.data,
                                  public_key.data, secret);
    /* RFC 7748 section 6.1: the peer's point was of small order. On P-256 zero
     * is the x of a good point. */
    if (err == TOMTE_OK && v->order == NULL &&
        tomte_span_equal_ct(TOMTE_SPAN(secret, sizeof zero),
                            TOMTE_SPAN_ARRAY(zero)))
        err = TOMTE_ERR_INVALID;
    if (err != TOMTE_OK)
        tomte_wipe(secret, TOMTE_AGREED_BYTES);
    return err;
}

int64_t tomte_alg_digest(int64_t alg)
{
    switch (alg) {
    case TOMTE_ALG_ES256:
    case TOMTE_ALG_ESP256:
        return TOMTE_ALG_SHA_256;
    case TOMTE_ALG_ES384:
    case TOMTE_ALG_ESP384:
        return TOMTE_ALG_SHA_384;
    default:
        return 0;
    }
}

int64_t tomte_alg_curve(int64_t alg)
{
    switch (tomte_alg_digest(alg)) {
    case TOMTE_ALG_SHA_256:
        return TOMTE_CURVE_P256;
    case TOMTE_ALG_SHA_384:
        return TOMTE_CURVE_P384;
    default:
        return 0;
    }
}

enum tomte_err tomte_crypto_sign(const struct tomte_crypto *c, int64_t alg,
                                 struct tomte_span private_key,
                                 struct tomte_span digest,
                                 struct tomte_buf signature)
{
    const struct curve *v = find(tomte_alg_curve(alg));
    if (v == NULL || !v->signs || c->sign == NULL)
        return TOMTE_ERR_UNSUPPORTED;
    TOMTE_ASSERT(signature.cap >= tomte_alg_size(alg));
    if (digest.len != tomte_alg_size(tomte_alg_digest(alg)) ||
        !private_fits(v, private_key))
        return TOMTE_ERR_INVALID;
    return c->sign((enum tomte_curve)v->id, private_key.data, digest,
                   signature.data);
}

enum tomte_err tomte_crypto_verify(const struct tomte_crypto *c, int64_t alg,
                                   struct tomte_span public_key,
                                   struct tomte_span digest,
                                   struct tomte_span signature)
{
    const struct curve *v = find(tomte_alg_curve(alg));
    if (v == NULL || c->verify == NULL)
        return TOMTE_ERR_UNSUPPORTED;
    if (digest.len != tomte_alg_size(tomte_alg_digest(alg)))
        return TOMTE_ERR_INVALID;
    if (!public_fits(v, public_key) || signature.len != tomte_alg_size(alg) ||
        !below(signature.data, v->order, v->size) ||
        !below(signature.data + v->size, v->order, v->size))
        return TOMTE_ERR_DENIED;
    return c->verify((enum tomte_curve)v->id, public_key.data, digest,
                     signature.data);
}
