/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of this room share: a key of each kind, hexadecimal. */
#pragma once

#include "base/base.h"
#include "cose/cwt.h"
#include "test.h"

static const struct tomte_crypto *const fake = &tomte_crypto_fake;

/* Good until it was called 64 times more. */
static inline struct tomte_span hex(const char *text)
{
    static uint8_t memory[64][512];
    static size_t next;
    return test_hex(text, TOMTE_BUF_ARRAY(memory[next++ % 64]));
}

struct rig {
    uint8_t secret[32], open[64], shared[16];
    struct tomte_cose_key signer, verifier, mac, aead;
};

static inline void rig_init(struct rig *g)
{
    memset(g->secret, 5, sizeof g->secret);
    memset(g->shared, 6, sizeof g->shared);
    CHECK_OK(tomte_crypto_public(fake, TOMTE_CURVE_P256,
                                 TOMTE_SPAN_ARRAY(g->secret),
                                 TOMTE_BUF_ARRAY(g->open)));
    g->signer = tomte_cose_key_p256(g->open, TOMTE_SPAN_ARRAY(g->secret));
    g->verifier = tomte_cose_key_public(&g->signer);
    g->mac = tomte_cose_key_symmetric(0, TOMTE_SPAN_ARRAY(g->shared));
    g->aead = g->mac;
}

typedef enum tomte_err encode_fn(const struct tomte_crypto *,
                                 const struct tomte_cose_draft *,
                                 const struct tomte_cose_key *,
                                 struct tomte_buf, struct tomte_span *);

/* A message of any kind is authentic; of Encrypt0 the plaintext is dropped. */
static inline enum tomte_err rig_judge(const struct rig *g,
                                       const struct tomte_cose *m,
                                       const struct tomte_cose_context *context)
{
    uint8_t plain[256];
    struct tomte_span out;
    switch (m->kind) {
    case TOMTE_COSE_SIGN1:
        return tomte_cose_sign1_verify(fake, m, &g->verifier, context);
    case TOMTE_COSE_MAC0:
        return tomte_cose_mac0_verify(fake, m, &g->mac, context);
    default:
        return tomte_cose_encrypt0_decrypt(fake, m, &g->aead, context,
                                           TOMTE_BUF_ARRAY(plain), &out);
    }
}
