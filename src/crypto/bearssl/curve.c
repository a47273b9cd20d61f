/* SPDX-License-Identifier: Apache-2.0 */
/* ECDH and ECDSA with BearSSL.
 *
 * On microcontrollers the m15 code, whose multiplications take constant time
 * also where the wide ones do not (a Cortex-M3's umull ends early). */
#include "base/assert.h"
#include "backend.h"

#include <string.h>

#ifdef TOMTE_MCU
#define p256             (&br_ec_p256_m15)
#define c25519           (&br_ec_c25519_m15)
#define ecdsa_sign_raw   br_ecdsa_i15_sign_raw
#define ecdsa_verify_raw br_ecdsa_i15_vrfy_raw
#else
#define p256             (&br_ec_p256_m31)
#define c25519           (&br_ec_c25519_m31)
#define ecdsa_sign_raw   br_ecdsa_i31_sign_raw
#define ecdsa_verify_raw br_ecdsa_i31_vrfy_raw
#endif

/* How BearSSL has a point: 4, x, y (SEC 1 section 2.3.3); X25519: x. */
struct point {
    uint8_t bytes[1 + TOMTE_PUBLIC_BYTES_MAX];
    size_t len;
};

static void from_key(struct point *p, enum tomte_curve curve,
                     const uint8_t *key)
{
    size_t size = tomte_curve_public_size(curve);
    size_t at = curve != TOMTE_CURVE_X25519;
    p->bytes[0] = 4;
    memcpy(p->bytes + at, key, size);
    p->len = at + size;
}

static const br_ec_impl *implementation(enum tomte_curve curve, int *id)
{
    *id = curve == TOMTE_CURVE_X25519 ? BR_EC_curve25519 : BR_EC_secp256r1;
    return curve == TOMTE_CURVE_X25519 ? c25519 : p256;
}

/* X25519's private keys stay as they are: little-endian (RFC 7748 section 5),
 * whatever BearSSL's header says of multipliers. */
enum tomte_err bearssl_public_key(enum tomte_curve curve,
                                  const uint8_t *private_key,
                                  uint8_t *public_key)
{
    struct point p;
    int id;
    size_t size = tomte_curve_public_size(curve);
    const br_ec_impl *impl = implementation(curve, &id);
    p.len = impl->mulgen(p.bytes, private_key, 32, id);
    TOMTE_ASSERT(p.len >= size);
    memcpy(public_key, p.bytes + p.len - size, size);
    return TOMTE_OK;
}

enum tomte_err bearssl_agree(enum tomte_curve curve, const uint8_t *private_key,
                             const uint8_t *public_key, uint8_t *secret)
{
    struct point p;
    int id;
    size_t len;
    const br_ec_impl *impl = implementation(curve, &id);
    from_key(&p, curve, public_key);
    uint32_t good = impl->mul(p.bytes, p.len, private_key, 32, id);
    size_t at = impl->xoff(id, &len);
    TOMTE_ASSERT(len == TOMTE_AGREED_BYTES);
    memcpy(secret, p.bytes + at, TOMTE_AGREED_BYTES);
    tomte_wipe(&p, sizeof p);
    return good == 1 ? TOMTE_OK : TOMTE_ERR_INVALID;
}

/* BearSSL takes private keys through a pointer to what it does not change. */
enum tomte_err bearssl_sign(enum tomte_curve curve, const uint8_t *private_key,
                            struct tomte_span digest, uint8_t *signature)
{
    uint8_t copy[TOMTE_P256_PRIVATE_BYTES];
    br_ec_private_key key = {BR_EC_secp256r1, copy, sizeof copy};
    (void)digest.len; /* that of SHA-256 */
    if (curve != TOMTE_CURVE_P256)
        return TOMTE_ERR_UNSUPPORTED;
    memcpy(copy, private_key, sizeof copy);
    size_t len =
        ecdsa_sign_raw(p256, &br_sha256_vtable, digest.data, &key, signature);
    tomte_wipe(copy, sizeof copy);
    return len == TOMTE_P256_SIGNATURE_BYTES ? TOMTE_OK : TOMTE_ERR_INVALID;
}

enum tomte_err bearssl_verify(enum tomte_curve curve, const uint8_t *public_key,
                              struct tomte_span digest,
                              const uint8_t *signature)
{
    struct point p;
    from_key(&p, curve, public_key);
    br_ec_public_key key = {BR_EC_secp256r1, p.bytes, p.len};
    const br_ec_impl *impl = p256;
    if (curve != TOMTE_CURVE_P256) {
#ifdef TOMTE_MCU
        return TOMTE_ERR_UNSUPPORTED;
#else
        key.curve = BR_EC_secp384r1;
        impl = &br_ec_prime_i31;
#endif
    }
    uint32_t good = ecdsa_verify_raw(impl, digest.data, digest.len, &key,
                                     signature, p.len - 1);
    return good == 1 ? TOMTE_OK : TOMTE_ERR_DENIED;
}
