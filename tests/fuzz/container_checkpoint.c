/* SPDX-License-Identifier: Apache-2.0 */
/* Head and body of a checkpoint that decodes are encoded to the same bytes. The
 * checksum is set right first, or the fuzzer would never get past it. */
#include "base/assert.h"
#include "base/crc.h"
#include "container/checkpoint.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t bytes[16384];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_checkpoint c;
    uint8_t part[TOMTE_CHECKPOINT_BODY_BYTES];
    if (size < TOMTE_CHECKPOINT_TAIL_BYTES || size > sizeof(bytes))
        return 0;
    size_t front = size - TOMTE_CHECKPOINT_TAIL_BYTES;
    memcpy(bytes, data, front);
    tomte_checkpoint_tail_encode(tomte_crc32c(0, TOMTE_SPAN(data, front)),
                                 bytes + front);
    if (tomte_checkpoint_decode(TOMTE_SPAN(bytes, size), &c) != TOMTE_OK)
        return 0;
    struct tomte_span head =
        tomte_checkpoint_head_encode(&c.head, TOMTE_BUF_ARRAY(part));
    TOMTE_ASSERT(memcmp(head.data, bytes, head.len) == 0);
    size_t at = head.len;
    struct tomte_span body =
        tomte_checkpoint_body_encode(&c.body, TOMTE_BUF_ARRAY(part));
    TOMTE_ASSERT(memcmp(body.data, bytes + at, body.len) == 0);
    return 0;
}
