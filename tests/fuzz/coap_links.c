/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a list of links: what is read lies in the text, a link's
 * parameters are well-formed once the link was accepted, and the link written
 * out again reads the same.
 *
 *   length of the query, the query, the text */
#include "base/base.h"
#include "coap/link_format.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void within(struct tomte_span part, struct tomte_span all)
{
    TOMTE_ASSERT(part.len == 0 || (part.data >= all.data &&
                                   part.data + part.len <= all.data + all.len));
}

static void check_params(const struct tomte_coap_link *link)
{
    struct tomte_span rest = link->params, value;
    struct tomte_coap_link_param p;
    while (tomte_coap_next_param(&rest, &p)) {
        within(p.name, link->params);
        within(p.value, link->params);
        TOMTE_ASSERT(p.name.len != 0);
        TOMTE_ASSERT(tomte_coap_link_param(link, p.name, &value));
    }
    TOMTE_ASSERT(rest.len == 0);
}

/* A link alone, with another one behind it. */
static void check_again(const struct tomte_coap_link *link)
{
    static uint8_t text[4096];
    struct tomte_coap_links it;
    struct tomte_coap_link again;
    size_t at = 0;
    text[at++] = '<';
    if (link->target.len != 0)
        memcpy(text + at, link->target.data, link->target.len);
    at += link->target.len;
    text[at++] = '>';
    if (link->params.len != 0)
        memcpy(text + at, link->params.data, link->params.len);
    at += link->params.len;
    memcpy(text + at, ",<x>", 4);
    tomte_coap_links(&it, TOMTE_SPAN(text, at + 4));
    TOMTE_ASSERT(tomte_coap_next_link(&it, &again));
    TOMTE_ASSERT(tomte_span_equal(link->target, again.target));
    TOMTE_ASSERT(tomte_span_equal(link->params, again.params));
    TOMTE_ASSERT(tomte_coap_next_link(&it, &again));
    TOMTE_ASSERT(!tomte_coap_next_link(&it, &again) && it.err == TOMTE_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 2048 || data[0] >= size)
        return 0;
    struct tomte_span query = TOMTE_SPAN(data + 1, data[0]);
    struct tomte_span text = TOMTE_SPAN(data + 1 + data[0], size - 1 - data[0]);
    struct tomte_coap_links it;
    struct tomte_coap_link link;
    tomte_coap_links(&it, text);
    while (tomte_coap_next_link(&it, &link)) {
        within(link.target, text);
        within(link.params, text);
        check_params(&link);
        check_again(&link);
        (void)tomte_coap_link_matches(&link, query);
    }
    return 0;
}
