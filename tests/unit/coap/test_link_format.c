/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/base.h"
#include "coap/link_format.h"

#include <stdlib.h>

static void put_two(struct tomte_coap_link_format *w)
{
    tomte_coap_link_format_put(w,
                               &(struct tomte_coap_link_attrs){
                                   .path = TOMTE_SPAN_LIT("/room/lamp/level"),
                                   .type = TOMTE_SPAN_LIT("tomte.state light"),
                                   .interface = TOMTE_SPAN_LIT("core.a"),
                                   .content_format = 112,
                                   .observable = true});
    tomte_coap_link_format_put(
        w, &(struct tomte_coap_link_attrs){.path = TOMTE_SPAN_LIT("/t%20x"),
                                           .content_format = -1});
}

static const char two[] =
    "</room/lamp/level>;rt=\"tomte.state light\";if=\"core.a\";ct=112;obs,"
    "</t%20x>";

TEST(links_are_written_as_rfc_6690_writes_them)
{
    uint8_t bytes[128];
    struct tomte_coap_link_format w;
    struct tomte_span text;
    tomte_coap_link_format_init(&w, TOMTE_BUF_ARRAY(bytes));
    CHECK_OK(tomte_coap_link_format_end(&w, &text));
    CHECK_EQ(0, text.len);
    put_two(&w);
    CHECK_OK(tomte_coap_link_format_end(&w, &text));
    CHECK_BYTES(tomte_span_str(two), text);
}

TEST(links_into_every_size)
{
    for (size_t cap = 0; cap < sizeof two; cap++) {
        uint8_t *exact = malloc(cap + 1);
        CHECK(exact != NULL);
        struct tomte_coap_link_format w;
        struct tomte_span text;
        tomte_coap_link_format_init(&w, TOMTE_BUF(cap ? exact : NULL, cap));
        put_two(&w);
        CHECK_EQ(cap + 1 < sizeof two ? TOMTE_ERR_FULL : TOMTE_OK,
                 tomte_coap_link_format_end(&w, &text));
        CHECK_EQ(cap + 1 < sizeof two ? 0 : sizeof two - 1, text.len);
        free(exact);
    }
}

TEST(links_cannot_be_broken_out_of)
{
    static const struct {
        const char *path, *type;
        int32_t format;
    } rows[] = {
        {"", "x", -1},     {"lamp", "x", -1},     {"/a>", "x", -1},
        {"/a<", "x", -1},  {"/a b", "x", -1},     {"/a\"", "x", -1},
        {"/a\n", "x", -1}, {"/a", "x\",ct=1", 0}, {"/a", "x\\", 0},
        {"/a", "\x7f", 0}, {"/a", "\xc3\xa5", 0}, {"/a", "x", 65536},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[64];
        struct tomte_coap_link_format w;
        struct tomte_span text;
        tomte_coap_link_format_init(&w, TOMTE_BUF_ARRAY(bytes));
        tomte_coap_link_format_put(&w, &(struct tomte_coap_link_attrs){
                                           .path = tomte_span_str(rows[i].path),
                                           .type = tomte_span_str(rows[i].type),
                                           .content_format = rows[i].format});
        CHECK_EQ(TOMTE_ERR_INVALID, tomte_coap_link_format_end(&w, &text));
        CHECK_EQ(0, text.len);
    }
}
