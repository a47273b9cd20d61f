/* SPDX-License-Identifier: Apache-2.0 */
/* Any value of the OSCORE option: what decodes encodes to the same bytes. */
#include "base/base.h"
#include "oscore/option.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_oscore_option o;
    struct tomte_span again, in = TOMTE_SPAN(data, size);
    uint8_t memory[TOMTE_OSCORE_OPTION_MAX];
    if (tomte_oscore_option_decode(in, &o) != TOMTE_OK)
        return 0;
    enum tomte_err err =
        tomte_oscore_option_encode(&o, TOMTE_BUF_ARRAY(memory), &again);
    TOMTE_ASSERT(err == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(in, again));
    return 0;
}
