/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/crypto_hub.h"
#include "linux/crypto_openssl.h"

#include "../crypto/aead_checks.h"
#include "../crypto/aead_vectors.h"
#include "../crypto/curve_checks.h"
#include "../crypto/curve_vectors.h"

static const struct tomte_crypto *const openssl = &tomte_crypto_openssl;

TEST(openssl_steps)
{
    check_steps(openssl);
    check_state_copies(openssl);
}

TEST(openssl_algorithms)
{
    check_algorithms(openssl);
    check_verify(openssl);
}

TEST(openssl_asserts_our_own_faults)
{
    check_panics(openssl);
}

TEST(openssl_derivation_and_generator)
{
    check_derivation(openssl);
    check_generator(openssl);
}

TEST(openssl_digest_vectors)
{
    check_sha256_vectors(openssl);
    check_sha256_million(openssl);
    check_sha512_vectors(openssl);
}

TEST(openssl_keyed_vectors)
{
    check_hmac_vectors(openssl);
    check_hkdf_vectors(openssl);
    check_drbg_vectors(openssl);
}

TEST(openssl_encryption)
{
    check_aead(openssl);
    check_aead_vectors(openssl);
}

TEST(openssl_curves)
{
    check_curves(openssl);
    check_curve_vectors(openssl);
}

/* Put together of two, and still one. */
TEST(hub_is_a_backend)
{
    const struct tomte_crypto *hub = tomte_crypto_hub();
    CHECK(hub == tomte_crypto_hub());
    check_steps(hub);
    check_aead(hub);
    check_aead_vectors(hub);
    check_curves(hub);
    check_curve_vectors(hub);
}
