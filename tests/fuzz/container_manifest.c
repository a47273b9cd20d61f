/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest that decodes is encoded to the same bytes. */
#include "base/assert.h"
#include "container/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_manifest m;
    struct tomte_manifest_report report;
    uint8_t again[TOMTE_MANIFEST_BYTES_MAX];
    struct tomte_span bytes;
    enum tomte_err err =
        tomte_manifest_decode(TOMTE_SPAN(data, size), &m, &report);
    TOMTE_ASSERT(err == report.err);
    if (err != TOMTE_OK)
        return 0;
    err = tomte_manifest_encode(&m, TOMTE_BUF_ARRAY(again), &bytes, NULL);
    TOMTE_ASSERT(err == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(bytes, TOMTE_SPAN(data, size)));
    return 0;
}
