/* SPDX-License-Identifier: Apache-2.0 */
/* A record that decodes is encoded to the same bytes. */
#include "base/assert.h"
#include "container/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_record r;
    uint8_t again[TOMTE_RECORD_BYTES];
    struct tomte_span bytes;
    if (tomte_record_decode(TOMTE_SPAN(data, size), &r) != TOMTE_OK)
        return 0;
    enum tomte_err err =
        tomte_record_encode(&r, TOMTE_BUF_ARRAY(again), &bytes);
    TOMTE_ASSERT(err == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(bytes, TOMTE_SPAN(data, size)));
    TOMTE_ASSERT(tomte_record_size(&r) <= size);
    return 0;
}
