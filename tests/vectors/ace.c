/* SPDX-License-Identifier: Apache-2.0 */
/* The examples of the ACE specifications that need the real SHA-256. */
#include "ace/revocation.h"
#include "cose/cwt.h"
#include "crypto/bearssl.h"
#include "test.h"

/* RFC 9770 section 3 has the token, section 4 says how it is hashed but not
 * what comes out: that was computed with Python's base64 and hashlib. */
TEST(token_hash_of_the_example)
{
    static const char token[] =
        "d83dd0835820a3010a044c53796d6d6574726963313238054d99a0d7846e762c49"
        "ffe8a63e0ba05858b918a11fd81e438b7f973d9e2e119bcb22424ba0f38a80f275"
        "62f400ee1d0d6c0fdb559c02421fd384fc2ebe22d7071378b0ea7428fff157444d"
        "45f7e6afcda1aae5f6495830c58627087fc5b4974f319a8707a635dd643b";
    uint8_t bytes[160], expected[33], hash[TOMTE_ACE_TOKEN_HASH_BYTES];
    struct tomte_span in = test_hex(token, TOMTE_BUF_ARRAY(bytes));
    struct tomte_cose m;
    tomte_ace_token_hash(&tomte_crypto_bearssl, in, hash);
    CHECK_BYTES(test_hex("011a06427bcbe5d29385202b8255820b"
                         "8370ae481065a1e94017c0185bfbd51707",
                         TOMTE_BUF_ARRAY(expected)),
                TOMTE_SPAN_ARRAY(hash));
    CHECK_OK(tomte_cwt_open(&m, in, TOMTE_CWT_WRAPPED | TOMTE_CWT_PROTECTED));
    CHECK_EQ(TOMTE_ALG_CCM_16_64_128, m.header.alg);
    CHECK_BYTES(TOMTE_SPAN_LIT("Symmetric128"), m.header.kid);
    CHECK_EQ(13, m.header.iv.len);
}
