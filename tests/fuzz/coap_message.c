/* SPDX-License-Identifier: Apache-2.0 */
/* Any datagram: what decodes encodes to the same bytes, and its options, put
 * one by one, are the same list. */
#include "base/base.h"
#include "coap/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_options(struct tomte_span options)
{
    uint8_t bytes[4096], text[4096];
    struct tomte_coap_options o;
    struct tomte_span again;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(bytes));
    tomte_coap_put_all(&o, options);
    TOMTE_ASSERT(tomte_coap_options_end(&o, &again) == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(options, again));

    struct tomte_coap_block b;
    static const uint16_t known[] = {TOMTE_COAP_OPT_URI_PATH};
    (void)tomte_coap_find_block(options, TOMTE_COAP_OPT_BLOCK2, &b);
    (void)tomte_coap_options_check(options, known, 1, NULL);

    struct tomte_span path;
    if (tomte_coap_get_path(options, TOMTE_BUF_ARRAY(text), &path) != TOMTE_OK)
        return;
    uint8_t back_bytes[4096], text2[4096];
    struct tomte_span back, path2;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(back_bytes));
    tomte_coap_put_path(&o, path);
    if (tomte_coap_options_end(&o, &back) != TOMTE_OK)
        return; /* a segment over 255 bytes */
    TOMTE_ASSERT(tomte_coap_get_path(back, TOMTE_BUF_ARRAY(text2), &path2) ==
                 TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(path, path2));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_coap_msg m;
    uint8_t bytes[1300];
    struct tomte_span again;
    if (size > sizeof bytes)
        return 0;
    enum tomte_err err = tomte_coap_decode(TOMTE_SPAN(data, size), &m);
    if (err != TOMTE_OK) {
        (void)tomte_coap_wants_reset(err, &m);
        return 0;
    }
    TOMTE_ASSERT(tomte_coap_encode(&m, TOMTE_BUF_ARRAY(bytes), &again) ==
                 TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(TOMTE_SPAN(data, size), again));
    check_options(m.options);
    return 0;
}
