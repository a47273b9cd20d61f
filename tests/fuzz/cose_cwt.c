/* SPDX-License-Identifier: Apache-2.0 */
/* Claims that decode are encoded, but for what is unknown, and not with a time
 * that has a fraction; decoded again they are encoded to the same bytes.
 * Confirmations and tokens likewise. */
#include "base/base.h"
#include "cose/cwt.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t memory[65536 + 32], second[65536 + 32];

static void check_claims(struct tomte_span in)
{
    struct tomte_cwt c, back;
    struct tomte_span again, third;
    if (tomte_cwt_decode(&c, in) != TOMTE_OK) {
        TOMTE_ASSERT(c.aud.data == NULL && !c.exp.given && !c.has_exi);
        return;
    }
    TOMTE_ASSERT(c.exp.seconds <= INT64_MAX && c.iat.seconds <= INT64_MAX);
    TOMTE_ASSERT(c.aud.data != NULL || !tomte_cwt_is_for(&c, TOMTE_SPAN_NONE));
    bool fraction = c.exp.fraction || c.nbf.fraction || c.iat.fraction;
    enum tomte_err err = tomte_cwt_encode(&c, TOMTE_BUF_ARRAY(memory), &again);
    TOMTE_ASSERT((err == TOMTE_OK) == (!fraction && c.exi <= INT64_MAX));
    if (err != TOMTE_OK)
        return;
    TOMTE_ASSERT(tomte_cwt_decode(&back, again) == TOMTE_OK);
    TOMTE_ASSERT(back.exp.seconds == c.exp.seconds && back.unknown == 0);
    TOMTE_ASSERT(again.len <= in.len || c.exp.given || c.nbf.given ||
                 c.iat.given); /* a float may be shorter than an integer */
    TOMTE_ASSERT(tomte_cwt_encode(&back, TOMTE_BUF_ARRAY(second), &third) ==
                 TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(again, third));
}

static void check_cnf(struct tomte_span in)
{
    struct tomte_cwt_cnf cnf, back;
    struct tomte_span again;
    if (tomte_cwt_cnf_decode(&cnf, in) != TOMTE_OK)
        return;
    TOMTE_ASSERT(cnf.cose_key.data == NULL || cnf.osc.data == NULL);
    TOMTE_ASSERT(tomte_cwt_cnf_encode(&cnf, TOMTE_BUF_ARRAY(memory), &again) ==
                 TOMTE_OK);
    TOMTE_ASSERT(again.len <= in.len);
    TOMTE_ASSERT(tomte_cwt_cnf_decode(&back, again) == TOMTE_OK);
}

/* A token that cannot be changed unseen is one in each weaker sense. */
static void check_token(struct tomte_span in)
{
    struct tomte_cose m, strict;
    if (tomte_cwt_open(&strict, in, TOMTE_CWT_WRAPPED | TOMTE_CWT_PROTECTED) !=
        TOMTE_OK)
        return;
    TOMTE_ASSERT(in.data[0] == 0xd8 && in.data[1] == TOMTE_CWT_TAG);
    TOMTE_ASSERT(strict.unprotected_map.len == 1 && strict.tagged);
    TOMTE_ASSERT(tomte_cwt_open(&m, in, 0) == TOMTE_OK);
    TOMTE_ASSERT(m.kind == strict.kind);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_span in = TOMTE_SPAN(data, size);
    if (size > 65536)
        return 0;
    check_claims(in);
    check_cnf(in);
    check_token(in);
    return 0;
}
