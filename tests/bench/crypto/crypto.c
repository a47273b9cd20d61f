/* SPDX-License-Identifier: Apache-2.0 */
/* What it costs to protect a message of 64 bytes, to sign and to verify, with
 * BearSSL; the peer is the same call with the OpenSSL backend. */
#include "bench.h"

#include "cose/cwt.h"
#include "crypto/bearssl.h"
#include "linux/crypto_openssl.h"

#include <string.h>

static const struct tomte_crypto *soft, *fast, *peer, *now;

static uint8_t secret[32], open[64], digest[32], signature[64], sealed[80];
static uint8_t shared[32], token[256];
static struct tomte_span sealed_span, token_span;

/* verb_soft and so on: `verb` with that backend. */
#define WITH(verb, backend)                                                    \
    static void verb##_##backend(void)                                         \
    {                                                                          \
        now = backend;                                                         \
        verb();                                                                \
    }
#define WITH_BOTH(verb) WITH(verb, soft) WITH(verb, peer)

/* As OSCORE does: 12 bytes of additional data around, a key of 16. */
static struct tomte_aead how(void)
{
    static const struct tomte_span aad = {(const uint8_t *)"additionally", 12};
    return (struct tomte_aead){.alg = TOMTE_ALG_CCM_16_64_128,
                               .key = TOMTE_SPAN(secret, 16),
                               .nonce = TOMTE_SPAN(secret, 13),
                               .aad = &aad,
                               .aad_parts = 1};
}

static void encrypt(void)
{
    struct tomte_aead h = how();
    BENCH_CHECK(tomte_crypto_encrypt(now, &h, TOMTE_SPAN(open, 64),
                                     TOMTE_BUF_ARRAY(sealed),
                                     &sealed_span) == TOMTE_OK);
}

static void decrypt(void)
{
    uint8_t out[80];
    struct tomte_span plain;
    struct tomte_aead h = how();
    BENCH_CHECK(tomte_crypto_decrypt(now, &h, sealed_span, TOMTE_BUF_ARRAY(out),
                                     &plain) == TOMTE_OK);
}

static void sha256(void)
{
    static uint8_t page[4096];
    tomte_sha256(now, TOMTE_SPAN_ARRAY(page), digest);
}

static void derive(void)
{
    uint8_t out[16];
    tomte_hkdf(now, TOMTE_SPAN(secret, 8), TOMTE_SPAN(secret, 16),
               TOMTE_SPAN(open, 10), TOMTE_BUF_ARRAY(out));
    bench_use(out[0]);
}

static void sign(void)
{
    BENCH_CHECK(tomte_crypto_sign(now, TOMTE_ALG_ES256,
                                  TOMTE_SPAN_ARRAY(secret),
                                  TOMTE_SPAN_ARRAY(digest),
                                  TOMTE_BUF_ARRAY(signature)) == TOMTE_OK);
}

static void verify(void)
{
    BENCH_CHECK(tomte_crypto_verify(now, TOMTE_ALG_ES256,
                                    TOMTE_SPAN_ARRAY(open),
                                    TOMTE_SPAN_ARRAY(digest),
                                    TOMTE_SPAN_ARRAY(signature)) == TOMTE_OK);
}

static void agree(void)
{
    BENCH_CHECK(tomte_crypto_agree(now, TOMTE_CURVE_P256,
                                   TOMTE_SPAN_ARRAY(secret),
                                   TOMTE_SPAN_ARRAY(open), shared) == TOMTE_OK);
}

/* A token from its bytes to its claims, without the signature. */
static void parse(void)
{
    struct tomte_cose m;
    struct tomte_cwt claims;
    BENCH_CHECK(tomte_cwt_open(&m, token_span, 0) == TOMTE_OK);
    BENCH_CHECK(tomte_cwt_decode(&claims, m.payload) == TOMTE_OK);
    bench_use((unsigned long)claims.exp.seconds);
}

WITH_BOTH(encrypt)
WITH(encrypt, fast)
WITH_BOTH(decrypt)
WITH(decrypt, fast)
WITH_BOTH(sha256)
WITH_BOTH(derive)
WITH_BOTH(sign)
WITH_BOTH(verify)
WITH_BOTH(agree)

static void make_token(void)
{
    uint8_t memory[128];
    struct tomte_cose_key key =
        tomte_cose_key_p256(open, TOMTE_SPAN_ARRAY(secret));
    struct tomte_cwt claims = {.aud = TOMTE_SPAN_LIT("\x64hall"),
                               .exp = {.given = true, .seconds = 1800000000},
                               .iat = {.given = true, .seconds = 1700000000},
                               .scope = TOMTE_SPAN(open, 40)};
    struct tomte_cose_draft draft = {.protected_map =
                                         TOMTE_SPAN_LIT("\xa1\x01\x26")};
    BENCH_CHECK(tomte_cwt_encode(&claims, TOMTE_BUF_ARRAY(memory),
                                 &draft.payload) == TOMTE_OK);
    BENCH_CHECK(tomte_cose_sign1_encode(soft, &draft, &key,
                                        TOMTE_BUF_ARRAY(token),
                                        &token_span) == TOMTE_OK);
}

int main(void)
{
    static const char openssl[] = "openssl";
    soft = &tomte_crypto_bearssl;
    fast = tomte_crypto_bearssl_fastest();
    peer = &tomte_crypto_openssl;
    memset(secret, 7, sizeof secret);
    BENCH_CHECK(tomte_crypto_public(soft, TOMTE_CURVE_P256,
                                    TOMTE_SPAN_ARRAY(secret),
                                    TOMTE_BUF_ARRAY(open)) == TOMTE_OK);
    make_token();
    bench_time("crypto/ccm_encrypt", encrypt_soft, openssl, encrypt_peer);
    bench_time("crypto/ccm_encrypt_ni", encrypt_fast, openssl, encrypt_peer);
    bench_time("crypto/ccm_decrypt", decrypt_soft, openssl, decrypt_peer);
    bench_time("crypto/ccm_decrypt_ni", decrypt_fast, openssl, decrypt_peer);
    bench_time("crypto/sha256_4096", sha256_soft, openssl, sha256_peer);
    bench_time("crypto/hkdf", derive_soft, openssl, derive_peer);
    bench_time("crypto/es256_sign", sign_soft, openssl, sign_peer);
    bench_time("crypto/es256_verify", verify_soft, openssl, verify_peer);
    bench_time("crypto/p256_agree", agree_soft, openssl, agree_peer);
    bench_time("cose/token_parse", parse, NULL, NULL);
    return 0;
}
