/* SPDX-License-Identifier: Apache-2.0 */
/* A request or an answer that decodes is encoded to the same bytes. */
#include "base/assert.h"
#include "home/lease.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t again[65536];

static void request(struct tomte_span in)
{
    static struct tomte_lease_container containers[256];
    struct tomte_lease_request r;
    struct tomte_lease_iter it;
    struct tomte_span bytes;
    uint16_t len = 0, next = 0;
    if (tomte_lease_request_decode(in, &r) != TOMTE_OK)
        return;
    tomte_lease_iter_init(&it, &r);
    while (tomte_lease_next(&it, &containers[len]))
        TOMTE_ASSERT(++len <= 255);
    TOMTE_ASSERT(len == r.containers_len);
    /* an empty list, or more than is sent at once, is not what we encode */
    if (in.len > TOMTE_LEASE_BYTES_MAX || (len == 0 && r.containers.len > 0))
        return;
    TOMTE_ASSERT(tomte_lease_request_encode(&r, containers, len, &next,
                                            TOMTE_BUF_ARRAY(again),
                                            &bytes) == TOMTE_OK);
    if (next == 0)
        TOMTE_ASSERT(tomte_span_equal(bytes, in));
}

static void answer(struct tomte_span in)
{
    struct tomte_lease_answer a;
    struct tomte_span bytes;
    if (tomte_lease_answer_decode(in, &a) != TOMTE_OK)
        return;
    TOMTE_ASSERT(tomte_lease_answer_encode(&a, TOMTE_BUF_ARRAY(again),
                                           &bytes) == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(bytes, in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    request(TOMTE_SPAN(data, size));
    answer(TOMTE_SPAN(data, size));
    return 0;
}
