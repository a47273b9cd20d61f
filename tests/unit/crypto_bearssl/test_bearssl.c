/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/bearssl.h"

#include "../crypto/checks.h"
#include "../crypto/vectors.h"

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
