/* SPDX-License-Identifier: Apache-2.0 */
/* An offer that decodes is encoded to the same bytes, and its resources come in
 * the order of their channels, each once. */
#include "base/assert.h"
#include "container/manifest.h"
#include "home/offer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tomte_resource list[TOMTE_LIMIT_RESOURCES + 1];

static void walk(const struct tomte_offer *offer)
{
    struct tomte_offer_iter it;
    unsigned len = 0;
    tomte_offer_iter_init(&it, offer);
    while (tomte_offer_next(&it, &list[len])) {
        struct tomte_span channel = tomte_channel_name_span(&list[len].channel);
        if (len > 0)
            TOMTE_ASSERT(tomte_span_compare(
                             tomte_channel_name_span(&list[len - 1].channel),
                             channel) < 0);
        TOMTE_ASSERT(
            list[len].kind == TOMTE_PORT_STATE ||
            (list[len].kind == TOMTE_PORT_EVENT && !list[len].actuator));
        TOMTE_ASSERT(++len <= TOMTE_LIMIT_RESOURCES);
    }
    TOMTE_ASSERT(len == offer->resources_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again[TOMTE_OFFER_BYTES_MAX];
    struct tomte_span in = TOMTE_SPAN(data, size), bytes;
    struct tomte_offer offer;
    if (tomte_offer_decode(in, &offer) != TOMTE_OK)
        return 0;
    walk(&offer);
    TOMTE_ASSERT(in.len <= TOMTE_OFFER_BYTES_MAX);
    TOMTE_ASSERT(tomte_offer_encode(&offer, list, TOMTE_BUF_ARRAY(again),
                                    &bytes) == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(bytes, in));
    TOMTE_ASSERT(tomte_offer_crc(bytes) == tomte_offer_crc(in));
    return 0;
}
