/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an image that opens lie inside it and make up the rest. */
#include "base/assert.h"
#include "container/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_image image;
    if (tomte_image_open(TOMTE_SPAN(data, size), &image) != TOMTE_OK)
        return 0;
    TOMTE_ASSERT(image.manifest.data > data);
    TOMTE_ASSERT(image.module.data > image.manifest.data + image.manifest.len);
    TOMTE_ASSERT(image.module.data + image.module.len == data + size);
    return 0;
}
