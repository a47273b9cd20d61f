/* SPDX-License-Identifier: Apache-2.0 */
/* Any message to a proxy: what it would ask is a well-formed list without
 * proxy options, and forwarding what it would ask as a path to the same target
 * is refused, for it names no proxy. */
#include "base/base.h"
#include "coap/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct tomte_span options)
{
    uint8_t bytes[2048];
    struct tomte_coap_options o;
    struct tomte_span again;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(bytes));
    tomte_coap_put_all(&o, options);
    TOMTE_ASSERT(tomte_coap_options_end(&o, &again) == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(options, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t memory[1300], other[64];
    struct tomte_coap_forward f;
    struct tomte_coap_parts p;
    struct tomte_coap_uri u;
    uint32_t hops;
    if (size < 1 || size > 1280)
        return 0;
    (void)tomte_coap_uri_parse(TOMTE_SPAN(data, size), &u);
    struct tomte_coap_msg m = {.code = data[0]};
    if (tomte_coap_split(TOMTE_SPAN(data + 1, size - 1), &m.options,
                         &m.payload) != TOMTE_OK)
        return 0;
    uint8_t code = tomte_coap_proxy_request(&m, TOMTE_BUF_ARRAY(memory), &f);
    if (code == 0) {
        check(f.options);
        TOMTE_ASSERT(f.to.host.len != 0);
        TOMTE_ASSERT(!tomte_coap_is_for_proxy(f.options));
        TOMTE_ASSERT(
            tomte_coap_find_uint(f.options, TOMTE_COAP_OPT_HOP_LIMIT, &hops) &&
            hops != 0);
        struct tomte_coap_msg asked = {.code = m.code, .options = f.options};
        TOMTE_ASSERT(tomte_coap_proxy_request(&asked, TOMTE_BUF_ARRAY(other),
                                              &f) == TOMTE_COAP_BAD_REQUEST);
    } else {
        TOMTE_ASSERT(tomte_coap_class(code) >= 4);
    }
    tomte_coap_proxy_answer(&m, TOMTE_SPAN_LIT("me"), TOMTE_BUF_ARRAY(other),
                            &p);
    check(p.options);
    return 0;
}
