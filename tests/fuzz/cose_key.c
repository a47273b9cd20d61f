/* SPDX-License-Identifier: Apache-2.0 */
/* A key that decodes is encoded to itself, but for what is unknown in it; its
 * thumbprint does not change with what does not belong to it. */
#include "base/base.h"
#include "cose/key.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tomte_crypto *const fake = &tomte_crypto_fake;

static void check_thumbprint(const struct tomte_cose_key *key)
{
    uint8_t one[TOMTE_SHA256_BYTES], two[TOMTE_SHA256_BYTES];
    struct tomte_cose_key other = *key;
    TOMTE_ASSERT(tomte_cose_key_thumbprint(fake, key, one) == TOMTE_OK);
    other.kid = TOMTE_SPAN_LIT("another");
    other.alg = 77;
    if (key->kty != TOMTE_COSE_SYMMETRIC)
        other = tomte_cose_key_public(&other);
    TOMTE_ASSERT(tomte_cose_key_thumbprint(fake, &other, two) == TOMTE_OK);
    TOMTE_ASSERT(memcmp(one, two, sizeof one) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[65536];
    uint8_t point[TOMTE_PUBLIC_BYTES_MAX];
    struct tomte_cose_key key, back;
    struct tomte_span in = TOMTE_SPAN(data, size), again, third;
    if (size > sizeof memory / 2)
        return 0;
    if (tomte_cose_key_decode(&key, in) != TOMTE_OK) {
        TOMTE_ASSERT(key.kty == 0 && key.k.data == NULL && key.d.data == NULL);
        return 0;
    }
    check_thumbprint(&key);
    TOMTE_ASSERT(tomte_cose_key_point(&key, point).len <= sizeof point);
    if (key.ops == 1) /* a list of nothing that is known */
        return 0;
    TOMTE_ASSERT(tomte_cose_key_encode(&key, TOMTE_BUF(memory, size), &again) ==
                 TOMTE_OK);
    TOMTE_ASSERT(tomte_cose_key_decode(&back, again) == TOMTE_OK);
    TOMTE_ASSERT(back.kty == key.kty && back.curve == key.curve &&
                 back.alg == key.alg && back.ops == key.ops);
    TOMTE_ASSERT(tomte_cose_key_encode(&back, TOMTE_BUF(memory + size, size),
                                       &third) == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(again, third));
    return 0;
}
