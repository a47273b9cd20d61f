/* SPDX-License-Identifier: Apache-2.0 */
/* A message that decodes, put together again, is the same bytes; its header,
 * when nothing in it is unknown, is too. None is authentic under keys that
 * nobody had. */
#include "base/base.h"
#include "cbor/cbor.h"
#include "cose/cose.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tomte_crypto *const fake = &tomte_crypto_fake;

static uint8_t memory[65536 + 16];

static void check_whole(const struct tomte_cose *m, struct tomte_span in)
{
    struct tomte_cbor_enc e;
    struct tomte_span again;
    bool encrypted = m->kind == TOMTE_COSE_ENCRYPT0;
    tomte_cbor_encode_init(&e, TOMTE_BUF_ARRAY(memory));
    if (m->tagged)
        tomte_cbor_put_tag(&e, (uint64_t)m->kind);
    tomte_cbor_put_array(&e, encrypted ? 3 : 4);
    tomte_cbor_put_bytes(&e, m->protected_map);
    tomte_cbor_put_raw(&e, m->unprotected_map);
    if (m->detached)
        tomte_cbor_put_null(&e);
    else
        tomte_cbor_put_bytes(&e, m->payload);
    if (!encrypted)
        tomte_cbor_put_bytes(&e, m->signature);
    TOMTE_ASSERT(tomte_cbor_encode_done(&e, &again) == TOMTE_OK);
    /* a protected map without content may be written in two ways */
    if (m->protected_map.len == 0 && again.len + 1 == in.len)
        return;
    TOMTE_ASSERT(tomte_span_equal(in, again));
}

static void check_header(const struct tomte_cose *m)
{
    struct tomte_span map;
    TOMTE_ASSERT(m->header.iv.data == NULL ||
                 m->header.partial_iv.data == NULL);
    if (m->unprotected_map.len > 1)
        return;
    TOMTE_ASSERT(tomte_cose_header_encode(&m->header, NULL, 0,
                                          TOMTE_BUF_ARRAY(memory),
                                          &map) == TOMTE_OK);
    TOMTE_ASSERT(map.len <= m->protected_map.len || m->protected_map.len == 0);
    if (map.len == m->protected_map.len)
        TOMTE_ASSERT(tomte_span_equal(map, m->protected_map));
}

/* What a label's value is says find too. */
static void check_find(const struct tomte_cose *m)
{
    struct tomte_span value;
    enum tomte_err err =
        tomte_cose_find(m->protected_map, TOMTE_COSE_ALG, &value);
    TOMTE_ASSERT((err == TOMTE_OK) == (m->header.alg != 0));
    err = tomte_cose_find(m->unprotected_map, TOMTE_COSE_CRIT, &value);
    TOMTE_ASSERT(err == TOMTE_ERR_NOT_FOUND);
}

static void check_refused(const struct tomte_cose *m)
{
    static const uint8_t secret[64] = {0x73, 0x65, 0x63, 0x72, 0x65, 0x74};
    struct tomte_span plain;
    struct tomte_cose_key pair = tomte_cose_key_p256(secret, TOMTE_SPAN_NONE);
    for (int len = 16; len <= 32; len += 16) {
        struct tomte_cose_key key =
            tomte_cose_key_symmetric(0, TOMTE_SPAN(secret, (size_t)len));
        enum tomte_err err =
            m->kind == TOMTE_COSE_SIGN1
                ? tomte_cose_sign1_verify(fake, m, &pair, NULL)
            : m->kind == TOMTE_COSE_MAC0
                ? tomte_cose_mac0_verify(fake, m, &key, NULL)
                : tomte_cose_encrypt0_decrypt(fake, m, &key, NULL,
                                              TOMTE_BUF_ARRAY(memory), &plain);
        TOMTE_ASSERT(err != TOMTE_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_span in = TOMTE_SPAN(data, size);
    if (size > 65536)
        return 0;
    for (int kind = TOMTE_COSE_ENCRYPT0; kind <= TOMTE_COSE_SIGN1; kind++) {
        struct tomte_cose m;
        if (tomte_cose_decode(&m, (enum tomte_cose_kind)kind, in) != TOMTE_OK) {
            TOMTE_ASSERT(m.kind == 0 && m.payload.data == NULL);
            continue;
        }
        check_whole(&m, in);
        check_header(&m);
        check_find(&m);
        check_refused(&m);
    }
    return 0;
}
