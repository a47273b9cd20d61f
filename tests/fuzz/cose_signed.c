/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken is signed again, with the time and payload that it had, to the
 * same bytes but for its algorithm, kid and signature. */
#include "base/base.h"
#include "cose/signed.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FAKE (&tomte_crypto_fake)
#define TYPE "t/t"

static uint8_t memory[65536 + 256];

static void check_again(const struct tomte_signed *s, struct tomte_span in)
{
    struct tomte_key_pair k;
    struct tomte_signed back;
    struct tomte_span m;
    uint8_t random[32] = {1};
    struct tomte_signed_draft draft = {
        .type = TYPE, .payload = s->payload, .iat_s = s->iat_s};
    enum tomte_err err = tomte_key_pair_init(&k, FAKE, random);
    TOMTE_ASSERT(err == TOMTE_OK);
    err = tomte_signed_encode(FAKE, &draft, &k, TOMTE_BUF_ARRAY(memory), &m);
    TOMTE_ASSERT(err == TOMTE_OK);
    if (s->message.signature.len == 64 && (!s->has_iat || s->iat_s != 0))
        TOMTE_ASSERT(m.len == in.len);
    err = tomte_signed_decode(&back, TYPE, m);
    TOMTE_ASSERT(err == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(back.payload, s->payload));
    TOMTE_ASSERT(back.iat_s == s->iat_s);
    err = tomte_signed_verify(FAKE, &back, k.open, TOMTE_SPAN_NONE);
    TOMTE_ASSERT(err == TOMTE_OK);
    err = tomte_signed_verify(FAKE, &back, k.open, TOMTE_SPAN_LIT("x"));
    TOMTE_ASSERT(err == TOMTE_ERR_DENIED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_signed s;
    struct tomte_span in = TOMTE_SPAN(data, size);
    if (size > 65536)
        return 0;
    if (tomte_signed_decode(&s, TYPE, in) != TOMTE_OK) {
        TOMTE_ASSERT(s.payload.data == NULL);
        return 0;
    }
    check_again(&s, in);
    return 0;
}
