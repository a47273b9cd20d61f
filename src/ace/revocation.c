/* SPDX-License-Identifier: Apache-2.0 */
#include "ace/revocation.h"

#include "cbor/cbor.h"

#include <string.h>

#define SHA_256_SUITE 1
#define TRL_FULL_SET  0

/* ---- the hash ---------------------------------------------------------- */

/* Up to three bytes as digits of six bits, without padding; their number. */
static size_t digits(struct tomte_span bytes, uint8_t out[4])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
                                  "qrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    for (size_t i = 0; i < 3; i++)
        bits = bits << 8 | (i < bytes.len ? bytes.data[i] : 0u);
    for (size_t i = 0; i < 4; i++)
        out[i] = (uint8_t)letters[bits >> (18 - 6 * i) & 63];
    return bytes.len + 1;
}

void tomte_ace_token_hash(const struct tomte_crypto *c, struct tomte_span token,
                          uint8_t hash[TOMTE_ACE_TOKEN_HASH_BYTES])
{
    struct tomte_sha256 h;
    uint8_t text[4];
    tomte_sha256_init(&h, c);
    for (size_t at = 0; at < token.len; at += 3) {
        size_t n = digits(tomte_span_slice(token, at, 3), text);
        tomte_sha256_update(&h, TOMTE_SPAN(text, n));
    }
    hash[0] = SHA_256_SUITE;
    tomte_sha256_final(&h, hash + 1);
}

/* ---- the list ---------------------------------------------------------- */

enum tomte_err
tomte_ace_trl_encode(const uint8_t (*hashes)[TOMTE_ACE_TOKEN_HASH_BYTES],
                     size_t count, struct tomte_buf out,
                     struct tomte_span *encoded)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_map(&e, 1);
    tomte_cbor_put_uint(&e, TRL_FULL_SET);
    tomte_cbor_put_array(&e, count);
    for (size_t i = 0; i < count; i++)
        tomte_cbor_put_bytes(&e, TOMTE_SPAN_ARRAY(hashes[i]));
    return tomte_cbor_encode_done(&e, encoded);
}

static void read_set(struct tomte_cbor_dec *d,
                     uint8_t (*hashes)[TOMTE_ACE_TOKEN_HASH_BYTES], size_t max,
                     size_t *count)
{
    uint8_t hash[TOMTE_ACE_TOKEN_HASH_BYTES];
    tomte_cbor_enter_array(d);
    while (tomte_cbor_more(d)) {
        tomte_cbor_get_bytes_exact(d, hash, sizeof hash);
        if (tomte_cbor_ok(d) && hash[0] != SHA_256_SUITE)
            tomte_cbor_fail(d, TOMTE_ERR_UNSUPPORTED);
        if (!tomte_cbor_ok(d))
            return;
        if (*count < max)
            memcpy(hashes[*count], hash, sizeof hash);
        ++*count;
    }
    tomte_cbor_leave(d);
}

enum tomte_err
tomte_ace_trl_decode(struct tomte_span in,
                     uint8_t (*hashes)[TOMTE_ACE_TOKEN_HASH_BYTES], size_t max,
                     size_t *count)
{
    struct tomte_cbor_dec d;
    int64_t label;
    bool found = false;
    *count = 0;
    tomte_cbor_decode_init(&d, in, 0);
    tomte_cbor_enter_map(&d);
    while (tomte_cbor_next_key(&d, &label)) {
        if (label == TRL_FULL_SET)
            read_set(&d, hashes, max, count);
        else
            tomte_cbor_skip(&d);
        found |= label == TRL_FULL_SET;
    }
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err != TOMTE_OK) {
        *count = 0;
        return err;
    }
    if (!found)
        return TOMTE_ERR_MISSING;
    return *count > max ? TOMTE_ERR_FULL : TOMTE_OK;
}
