/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an image that opens lie inside it and make up the rest; put
 * together again they are the same image. */
#include "base/assert.h"
#include "container/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again[1 << 16];
    struct tomte_span bytes;
    struct tomte_image image;
    if (tomte_image_open(TOMTE_SPAN(data, size), &image) != TOMTE_OK)
        return 0;
    TOMTE_ASSERT(image.manifest.data > data);
    TOMTE_ASSERT(image.module.data > image.manifest.data + image.manifest.len);
    TOMTE_ASSERT(image.module.data + image.module.len == data + size);
    TOMTE_ASSERT(tomte_span_equal(image.bytes, TOMTE_SPAN(data, size)));
    if (size > sizeof again - TOMTE_IMAGE_OVERHEAD)
        return 0;
    TOMTE_ASSERT(tomte_image_build(image.manifest, image.module,
                                   TOMTE_BUF_ARRAY(again), &bytes) == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(bytes, image.bytes));
    return 0;
}
