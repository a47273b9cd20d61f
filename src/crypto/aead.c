/* SPDX-License-Identifier: Apache-2.0 */
/* Authenticated encryption: what does not depend on the backend. */
#include "base/assert.h"
#include "crypto/crypto.h"

#include <string.h>

#define DATA_16 0xffffu     /* a length field of 16 bits, or of 64: */
#define DATA_64 0x7fffffffu /* more than any message here */

static const struct row {
    uint8_t alg;
    struct tomte_aead_sizes sizes;
} rows[] = {
#ifndef TOMTE_MCU
    {TOMTE_ALG_A128GCM, {16, 12, 16, DATA_64}},
    {TOMTE_ALG_A256GCM, {32, 12, 16, DATA_64}},
#endif
    {TOMTE_ALG_CCM_16_64_128, {16, 13, 8, DATA_16}},
    {TOMTE_ALG_CCM_16_64_256, {32, 13, 8, DATA_16}},
    {TOMTE_ALG_CCM_64_64_128, {16, 7, 8, DATA_64}},
    {TOMTE_ALG_CCM_64_64_256, {32, 7, 8, DATA_64}},
    {TOMTE_ALG_CCM_16_128_128, {16, 13, 16, DATA_16}},
    {TOMTE_ALG_CCM_16_128_256, {32, 13, 16, DATA_16}},
    {TOMTE_ALG_CCM_64_128_128, {16, 7, 16, DATA_64}},
    {TOMTE_ALG_CCM_64_128_256, {32, 7, 16, DATA_64}},
};

bool tomte_aead_sizes(int64_t alg, struct tomte_aead_sizes *sizes)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].alg == alg) {
            *sizes = rows[i].sizes;
            return true;
        }
    }
    return false;
}

static enum tomte_err check(const struct tomte_crypto *c,
                            const struct tomte_aead *how,
                            struct tomte_aead_sizes *sizes)
{
    if (!tomte_aead_sizes(how->alg, sizes) || c->encrypt == NULL)
        return TOMTE_ERR_UNSUPPORTED;
    bool fit = how->key.len == sizes->key && how->nonce.len == sizes->nonce;
    return fit ? TOMTE_OK : TOMTE_ERR_INVALID;
}

enum tomte_err tomte_crypto_encrypt(const struct tomte_crypto *c,
                                    const struct tomte_aead *how,
                                    struct tomte_span plain,
                                    struct tomte_buf out,
                                    struct tomte_span *cipher)
{
    struct tomte_aead_sizes sizes;
    enum tomte_err err = check(c, how, &sizes);
    *cipher = TOMTE_SPAN_NONE;
    if (err != TOMTE_OK)
        return err;
    if (plain.len > sizes.data_max)
        return TOMTE_ERR_TOO_LARGE;
    if (out.cap < plain.len || out.cap - plain.len < sizes.tag)
        return TOMTE_ERR_FULL;
    if (plain.len > 0 && out.data != plain.data)
        memcpy(out.data, plain.data, plain.len);
    err = c->encrypt(how, TOMTE_BUF(out.data, plain.len), out.data + plain.len);
    if (err != TOMTE_OK) {
        tomte_wipe(out.data, plain.len);
        return err;
    }
    *cipher = TOMTE_SPAN(out.data, plain.len + sizes.tag);
    return TOMTE_OK;
}

enum tomte_err tomte_crypto_decrypt(const struct tomte_crypto *c,
                                    const struct tomte_aead *how,
                                    struct tomte_span cipher,
                                    struct tomte_buf out,
                                    struct tomte_span *plain)
{
    struct tomte_aead_sizes sizes;
    uint8_t tag[TOMTE_AEAD_TAG_BYTES_MAX];
    enum tomte_err err = check(c, how, &sizes);
    *plain = TOMTE_SPAN_NONE;
    if (err != TOMTE_OK)
        return err;
    if (cipher.len < sizes.tag)
        return TOMTE_ERR_DENIED;
    size_t len = cipher.len - sizes.tag;
    if (len > sizes.data_max)
        return TOMTE_ERR_DENIED;
    if (out.cap < len)
        return TOMTE_ERR_FULL;
    memcpy(tag, cipher.data + len, sizes.tag); /* `out` may lie over it */
    if (len > 0 && out.data != cipher.data)
        memcpy(out.data, cipher.data, len);
    err = c->decrypt(how, TOMTE_BUF(out.data, len), tag);
    if (err != TOMTE_OK) {
        tomte_wipe(out.data, len);
        return err;
    }
    *plain = TOMTE_SPAN(out.data, len);
    return TOMTE_OK;
}
