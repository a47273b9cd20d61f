/* SPDX-License-Identifier: Apache-2.0 */
/* ECDH and ECDSA with OpenSSL. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "linux/crypto_openssl_internal.h"

#include "base/assert.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdh.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <string.h>

static BIGNUM *number(const uint8_t *bytes, size_t len)
{
    BIGNUM *n = BN_bin2bn(bytes, (int)len, NULL);
    TOMTE_ASSERT(n != NULL);
    return n;
}

static EC_KEY *new_key(enum tomte_curve curve)
{
    int id = curve == TOMTE_CURVE_P384 ? NID_secp384r1 : NID_X9_62_prime256v1;
    EC_KEY *key = EC_KEY_new_by_curve_name(id);
    TOMTE_ASSERT(key != NULL);
    return key;
}

/* NULL when it is no point of the curve. */
static EC_KEY *public_of(enum tomte_curve curve, const uint8_t *public_key)
{
    uint8_t bytes[1 + TOMTE_PUBLIC_BYTES_MAX] = {4};
    size_t size = tomte_curve_public_size(curve);
    EC_KEY *key = new_key(curve);
    memcpy(bytes + 1, public_key, size);
    if (EC_KEY_oct2key(key, bytes, 1 + size, NULL) == 1)
        return key;
    EC_KEY_free(key);
    return NULL;
}

static EC_KEY *private_of(const uint8_t *private_key)
{
    EC_KEY *key = new_key(TOMTE_CURVE_P256);
    OPENSSL_MUST(EC_KEY_oct2priv(key, private_key, 32));
    return key;
}

/* The point k * G. */
static EC_POINT *times_generator(const EC_GROUP *group, const BIGNUM *k)
{
    EC_POINT *p = EC_POINT_new(group);
    TOMTE_ASSERT(p != NULL);
    OPENSSL_MUST(EC_POINT_mul(group, p, k, NULL, NULL, NULL));
    return p;
}

/* ---- X25519 ------------------------------------------------------------ */

static EVP_PKEY *x25519_private(const uint8_t *key)
{
    EVP_PKEY *p = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, key, 32);
    TOMTE_ASSERT(p != NULL);
    return p;
}

static void x25519_public(const uint8_t *private_key, uint8_t *public_key)
{
    size_t len = 32;
    EVP_PKEY *own = x25519_private(private_key);
    OPENSSL_MUST(EVP_PKEY_get_raw_public_key(own, public_key, &len));
    EVP_PKEY_free(own);
}

/* Fails for points of small order. */
static enum tomte_err x25519_agree(const uint8_t *private_key,
                                   const uint8_t *public_key, uint8_t *secret)
{
    size_t len = 32;
    EVP_PKEY *own = x25519_private(private_key);
    EVP_PKEY *peer =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, public_key, 32);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
    TOMTE_ASSERT(peer != NULL && ctx != NULL);
    OPENSSL_MUST(EVP_PKEY_derive_init(ctx));
    bool good = EVP_PKEY_derive_set_peer(ctx, peer) > 0 &&
                EVP_PKEY_derive(ctx, secret, &len) > 0;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(own);
    return good ? TOMTE_OK : TOMTE_ERR_INVALID;
}

/* ---- key pairs --------------------------------------------------------- */

enum tomte_err openssl_public_key(enum tomte_curve curve,
                                  const uint8_t *private_key,
                                  uint8_t *public_key)
{
    uint8_t bytes[1 + TOMTE_P256_PUBLIC_BYTES];
    if (curve == TOMTE_CURVE_X25519) {
        x25519_public(private_key, public_key);
        return TOMTE_OK;
    }
    EC_KEY *own = private_of(private_key);
    const EC_GROUP *group = EC_KEY_get0_group(own);
    EC_POINT *p = times_generator(group, EC_KEY_get0_private_key(own));
    OPENSSL_MUST(EC_POINT_point2oct(group, p, POINT_CONVERSION_UNCOMPRESSED,
                                    bytes, sizeof bytes, NULL));
    memcpy(public_key, bytes + 1, TOMTE_P256_PUBLIC_BYTES);
    EC_POINT_free(p);
    EC_KEY_free(own);
    return TOMTE_OK;
}

enum tomte_err openssl_agree(enum tomte_curve curve, const uint8_t *private_key,
                             const uint8_t *public_key, uint8_t *secret)
{
    if (curve == TOMTE_CURVE_X25519)
        return x25519_agree(private_key, public_key, secret);
    EC_KEY *peer = public_of(curve, public_key);
    if (peer == NULL)
        return TOMTE_ERR_INVALID;
    EC_KEY *own = private_of(private_key);
    int len =
        ECDH_compute_key(secret, 32, EC_KEY_get0_public_key(peer), own, NULL);
    EC_KEY_free(own);
    EC_KEY_free(peer);
    return len == 32 ? TOMTE_OK : TOMTE_ERR_INVALID;
}

/* ---- signatures -------------------------------------------------------- */

/* k of RFC 6979 section 3.2, where the first output is below the order (step h;
 * of P-256's k one in 2^32 is not: then the next). */
static BIGNUM *deterministic_k(const uint8_t *private_key,
                               struct tomte_span digest, const BIGNUM *order)
{
    uint8_t seed[64], bytes[32];
    struct tomte_drbg r = {.crypto = &tomte_crypto_openssl};
    BIGNUM *h = number(digest.data, digest.len), *k = NULL;
    if (BN_cmp(h, order) >= 0) /* less than twice the order */
        OPENSSL_MUST(BN_sub(h, h, order));
    memcpy(seed, private_key, 32);
    OPENSSL_MUST(BN_bn2binpad(h, seed + 32, 32));
    tomte_drbg_init(&r, r.crypto, TOMTE_SPAN_ARRAY(seed));
    do {
        BN_clear_free(k);
        tomte_drbg_fill(&r, TOMTE_BUF_ARRAY(bytes));
        k = number(bytes, sizeof bytes);
    } while (BN_is_zero(k) || BN_cmp(k, order) >= 0);
    BN_set_flags(k, BN_FLG_CONSTTIME);
    BN_free(h);
    tomte_wipe(seed, sizeof seed);
    tomte_wipe(bytes, sizeof bytes);
    tomte_drbg_wipe(&r);
    return k;
}

/* 1 / k mod the order by Fermat, which takes the same time for each k. */
static BIGNUM *inverse(const BIGNUM *k, const EC_GROUP *group, BN_CTX *ctx)
{
    const BIGNUM *order = EC_GROUP_get0_order(group);
    BIGNUM *e = BN_dup(order), *out = BN_new();
    TOMTE_ASSERT(e != NULL && out != NULL);
    OPENSSL_MUST(BN_sub_word(e, 2));
    BN_set_flags(e, BN_FLG_CONSTTIME);
    OPENSSL_MUST(BN_mod_exp_mont_consttime(out, k, e, order, ctx,
                                           EC_GROUP_get_mont_data(group)));
    BN_free(e);
    return out;
}

enum tomte_err openssl_sign(enum tomte_curve curve, const uint8_t *private_key,
                            struct tomte_span digest, uint8_t *signature)
{
    if (curve != TOMTE_CURVE_P256)
        return TOMTE_ERR_UNSUPPORTED;
    EC_KEY *own = private_of(private_key);
    const EC_GROUP *group = EC_KEY_get0_group(own);
    const BIGNUM *order = EC_GROUP_get0_order(group);
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *r = BN_new();
    TOMTE_ASSERT(ctx != NULL && r != NULL);
    BIGNUM *k = deterministic_k(private_key, digest, order);
    EC_POINT *p = times_generator(group, k);
    OPENSSL_MUST(EC_POINT_get_affine_coordinates(group, p, r, NULL, ctx));
    OPENSSL_MUST(BN_nnmod(r, r, order, ctx));
    BIGNUM *over = inverse(k, group, ctx);
    ECDSA_SIG *sig =
        ECDSA_do_sign_ex(digest.data, (int)digest.len, over, r, own);
    if (sig != NULL) {
        OPENSSL_MUST(BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, 32));
        OPENSSL_MUST(BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + 32, 32));
    }
    enum tomte_err err = sig != NULL ? TOMTE_OK : TOMTE_ERR_INVALID;
    ECDSA_SIG_free(sig);
    BN_clear_free(over);
    BN_clear_free(k);
    BN_free(r);
    EC_POINT_clear_free(p);
    BN_CTX_free(ctx);
    EC_KEY_free(own);
    return err;
}

enum tomte_err openssl_verify(enum tomte_curve curve, const uint8_t *public_key,
                              struct tomte_span digest,
                              const uint8_t *signature)
{
    size_t size = tomte_curve_private_size(curve);
    EC_KEY *key = public_of(curve, public_key);
    if (key == NULL)
        return TOMTE_ERR_DENIED;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    TOMTE_ASSERT(sig != NULL);
    OPENSSL_MUST(ECDSA_SIG_set0(sig, number(signature, size),
                                number(signature + size, size)));
    int good = ECDSA_do_verify(digest.data, (int)digest.len, sig, key);
    ECDSA_SIG_free(sig);
    EC_KEY_free(key);
    return good == 1 ? TOMTE_OK : TOMTE_ERR_DENIED;
}
