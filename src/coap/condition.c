/* SPDX-License-Identifier: Apache-2.0 */
#include "coap/condition.h"

static bool any(struct tomte_span options, uint16_t number,
                struct tomte_span etag, bool empty_matches);

enum tomte_err tomte_coap_precondition(struct tomte_span options, bool exists,
                                       struct tomte_span etag)
{
    struct tomte_span value;
    bool match = tomte_coap_find(options, TOMTE_COAP_OPT_IF_MATCH, &value);
    if (tomte_coap_find(options, TOMTE_COAP_OPT_IF_NONE_MATCH, &value) &&
        exists)
        return TOMTE_ERR_FENCED;
    if (match && !(exists && any(options, TOMTE_COAP_OPT_IF_MATCH, etag, true)))
        return TOMTE_ERR_FENCED;
    return TOMTE_OK;
}

bool tomte_coap_has_etag(struct tomte_span options, struct tomte_span etag)
{
    return any(options, TOMTE_COAP_OPT_ETAG, etag, false);
}

uint8_t tomte_coap_unwanted(struct tomte_span options, bool multicast)
{
    const uint32_t errors = 1u << 4 | 1u << 5;
    uint32_t value; /* 2 for class 2, 8 for class 4, 16 for class 5 */
    if (!tomte_coap_find_uint(options, TOMTE_COAP_OPT_NO_RESPONSE, &value))
        return multicast ? (uint8_t)errors : 0;
    return (uint8_t)(value << 1 & (1u << 2 | errors));
}

static bool any(struct tomte_span options, uint16_t number,
                struct tomte_span etag, bool empty_matches)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option o;
    tomte_coap_iter_init(&it, options);
    while (tomte_coap_iter_next(&it, &o)) {
        if (o.number != number)
            continue;
        if (o.value.len == 0 ? empty_matches : tomte_span_equal(o.value, etag))
            return true;
    }
    return false;
}
