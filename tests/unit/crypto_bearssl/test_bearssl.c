/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/bearssl.h"

#include "../crypto/aead_checks.h"
#include "../crypto/aead_vectors.h"
#include "../crypto/curve_checks.h"
#include "../crypto/curve_vectors.h"

TEST(bearssl_steps)
{
    check_steps(&tomte_crypto_bearssl);
    check_state_copies(&tomte_crypto_bearssl);
}

TEST(bearssl_algorithms)
{
    check_algorithms(&tomte_crypto_bearssl);
    check_verify(&tomte_crypto_bearssl);
}

TEST(bearssl_asserts_our_own_faults)
{
    check_panics(&tomte_crypto_bearssl);
}

TEST(bearssl_derivation_and_generator)
{
    check_derivation(&tomte_crypto_bearssl);
    check_generator(&tomte_crypto_bearssl);
}

TEST(bearssl_sha256_vectors)
{
    check_sha256_vectors(&tomte_crypto_bearssl);
    check_sha256_million(&tomte_crypto_bearssl);
    check_sha512_vectors(&tomte_crypto_bearssl);
}

TEST(bearssl_hmac_vectors)
{
    check_hmac_vectors(&tomte_crypto_bearssl);
}

TEST(bearssl_hkdf_vectors)
{
    check_hkdf_vectors(&tomte_crypto_bearssl);
}

TEST(bearssl_drbg_vectors)
{
    check_drbg_vectors(&tomte_crypto_bearssl);
}

TEST(bearssl_encryption)
{
    check_aead(&tomte_crypto_bearssl);
    check_aead_vectors(&tomte_crypto_bearssl);
}

/* The same where the processor has no AES instructions. */
TEST(bearssl_encryption_with_instructions)
{
    check_aead(tomte_crypto_bearssl_fastest());
    check_aead_vectors(tomte_crypto_bearssl_fastest());
}

TEST(bearssl_curves)
{
    check_curves(&tomte_crypto_bearssl);
    check_curve_vectors(&tomte_crypto_bearssl);
}
