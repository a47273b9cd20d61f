/* SPDX-License-Identifier: Apache-2.0 */
/* What is known in a message is encoded to bytes that decode to the same; with
 * nothing unknown in it, to itself. Parameters, hints, OSCORE's material and
 * revocation lists. */
#include "ace/osc.h"
#include "ace/revocation.h"
#include "base/base.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t first[65536], second[65536];

static void check_params(struct tomte_span in)
{
    struct tomte_ace_params p, back;
    struct tomte_span a, b;
    if (tomte_ace_params_decode(&p, in) != TOMTE_OK) {
        TOMTE_ASSERT(p.access_token.data == NULL && !p.expires_in.given);
        return;
    }
    TOMTE_ASSERT(!(p.ace_profile.given && p.ace_profile.asked));
    TOMTE_ASSERT(tomte_ace_params_encode(&p, TOMTE_BUF_ARRAY(first), &a) ==
                 TOMTE_OK);
    TOMTE_ASSERT(a.len <= in.len);
    if (a.len == in.len)
        TOMTE_ASSERT(tomte_span_equal(a, in));
    TOMTE_ASSERT(tomte_ace_params_decode(&back, a) == TOMTE_OK);
    TOMTE_ASSERT(tomte_ace_params_encode(&back, TOMTE_BUF_ARRAY(second), &b) ==
                 TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(a, b));
}

static void check_hints(struct tomte_span in)
{
    struct tomte_ace_hints h;
    struct tomte_span a;
    if (tomte_ace_hints_decode(&h, in) != TOMTE_OK)
        return;
    TOMTE_ASSERT(tomte_ace_hints_encode(&h, TOMTE_BUF_ARRAY(first), &a) ==
                 TOMTE_OK);
    TOMTE_ASSERT(a.len < in.len || tomte_span_equal(a, in));
}

/* Nothing unknown is allowed here, so it is always itself. */
static void check_osc(struct tomte_span in)
{
    struct tomte_ace_osc osc;
    struct tomte_span a;
    if (tomte_ace_osc_decode(&osc, in) != TOMTE_OK)
        return;
    TOMTE_ASSERT(tomte_ace_osc_encode(&osc, TOMTE_BUF_ARRAY(first), &a) ==
                 TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(a, in));
    TOMTE_ASSERT(tomte_ace_osc_master_salt(&osc, osc.id, osc.ms,
                                           TOMTE_BUF_ARRAY(second),
                                           &a) == TOMTE_OK);
    TOMTE_ASSERT(a.len > osc.salt.len + osc.id.len + osc.ms.len + 2);
}

static void check_list(struct tomte_span in)
{
    uint8_t hashes[8][TOMTE_ACE_TOKEN_HASH_BYTES];
    size_t count;
    struct tomte_span a;
    if (tomte_ace_trl_decode(in, hashes, 8, &count) != TOMTE_OK)
        return;
    TOMTE_ASSERT(count <= 8);
    TOMTE_ASSERT(tomte_ace_trl_encode(
                     (const uint8_t(*)[TOMTE_ACE_TOKEN_HASH_BYTES])hashes,
                     count, TOMTE_BUF_ARRAY(first), &a) == TOMTE_OK);
    TOMTE_ASSERT(a.len < in.len || tomte_span_equal(a, in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_span in = TOMTE_SPAN(data, size);
    if (size > sizeof first / 2)
        return 0;
    check_params(in);
    check_hints(in);
    check_osc(in);
    check_list(in);
    return 0;
}
