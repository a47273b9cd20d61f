/* SPDX-License-Identifier: Apache-2.0 */
/* An origin that decodes is encoded to the same bytes. */
#include "base/base.h"
#include "channel/origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_origin o;
    struct tomte_span value = TOMTE_SPAN(data, size), again;
    if (tomte_origin_decode(value, &o) != TOMTE_OK) {
        TOMTE_ASSERT(o.epoch == 0 && o.identity.len == 0);
        return 0;
    }
    uint8_t memory[TOMTE_ORIGIN_BYTES_MAX];
    TOMTE_ASSERT(tomte_origin_encode(&o, TOMTE_BUF_ARRAY(memory), &again) ==
                 TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(value, again));
    TOMTE_ASSERT(tomte_origin_compare(&o, &o) == 0);
    TOMTE_ASSERT(o.base <= o.sequence && o.sequence + 1 > o.sequence);
    return 0;
}
