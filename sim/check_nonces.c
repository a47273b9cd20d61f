/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces: no key encrypts twice with one nonce, whoever has the key, whatever
 * crashes when and whatever a disk forgets. All encryption of the simulated
 * nodes goes by here; each pair of key and nonce is remembered, by 64 bits of a
 * digest, for as long as the world lasts. */
#include "check.h"

#include "crypto/crypto.h"

#include <stdlib.h>
#include <string.h>

/* Two of so many pairs have one digest once in a million worlds. */
#define PAIRS_MAX (UINT32_C(1) << 26)

static struct {
    struct tomte_crypto crypto;
    uint64_t *pairs; /* open addressing; 0: free */
    uint32_t cap, len;
    uint64_t twice;
} seen;

static bool add(uint64_t *pairs, uint32_t cap, uint64_t pair)
{
    uint32_t at = (uint32_t)(pair >> 20) & (cap - 1);
    for (; pairs[at] != 0; at = (at + 1) & (cap - 1))
        if (pairs[at] == pair)
            return false;
    pairs[at] = pair;
    return true;
}

static void grow(void)
{
    uint32_t cap = seen.cap == 0 ? 1u << 16 : 2 * seen.cap;
    uint64_t *pairs = calloc(cap, sizeof *pairs);
    TOMTE_ASSERT(pairs != NULL && cap <= PAIRS_MAX);
    for (uint32_t i = 0; i < seen.cap; i++)
        if (seen.pairs[i] != 0)
            (void)add(pairs, cap, seen.pairs[i]);
    free(seen.pairs);
    seen.pairs = pairs;
    seen.cap = cap;
}

static uint64_t digest(const struct tomte_aead *how)
{
    uint8_t whole[TOMTE_SHA256_BYTES];
    struct tomte_sha256 h;
    tomte_sha256_init(&h, &tomte_crypto_fake);
    tomte_sha256_update(&h, how->key);
    tomte_sha256_update(&h, how->nonce);
    tomte_sha256_final(&h, whole);
    return tomte_get_le64(whole) | 1;
}

static enum tomte_err encrypt(const struct tomte_aead *how,
                              struct tomte_buf data, uint8_t *tag)
{
    if (2 * seen.len >= seen.cap)
        grow();
    if (add(seen.pairs, seen.cap, digest(how)))
        seen.len++;
    else
        seen.twice++;
    return tomte_crypto_fake.encrypt(how, data, tag);
}

const struct tomte_crypto *check_nonces_crypto(void)
{
    free(seen.pairs);
    seen.pairs = NULL;
    seen.cap = seen.len = 0;
    seen.twice = 0;
    seen.crypto = tomte_crypto_fake;
    seen.crypto.encrypt = encrypt;
    return &seen.crypto;
}

/* ---- the check ---- */

struct nonces {
    struct sim *w;
};

static void *make(struct sim *w)
{
    struct nonces *c = calloc(1, sizeof *c);
    TOMTE_ASSERT(c != NULL);
    c->w = w;
    return c;
}

static void step(void *ctx, uint16_t node)
{
    struct nonces *c = ctx;
    if (seen.twice > 0)
        sim_fail(c->w, "nonces: by %.*s or the person: a key and a nonce twice",
                 (int)c->w->nodes[node].config.name.len,
                 c->w->nodes[node].config.name.text);
}

static void end(void *ctx)
{
    struct nonces *c = ctx;
    c->w->counts.encrypted = seen.len;
    if (seen.len == 0)
        sim_fail(c->w, "nonces: nothing was encrypted");
}

const struct sim_check check_nonces = {
    .name = "nonces", .make = make, .step = step, .end = end};
