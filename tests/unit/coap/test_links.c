/* SPDX-License-Identifier: Apache-2.0 */
/* Reading links, filters, and a list that is served in windows. */
#include "test.h"

#include "coap/link_format.h"
#include "coap/option.h"

#include <stdio.h>

/* The targets of the links that match, apart by a space; "!" when malformed.
 * An empty query matches all. */
static const char *targets(const char *text, const char *query)
{
    static char out[256];
    struct tomte_coap_links it;
    struct tomte_coap_link link;
    out[0] = 0;
    tomte_coap_links(&it, tomte_span_str(text));
    while (tomte_coap_next_link(&it, &link)) {
        CHECK_OK(it.err);
        if (query[0] == 0 ||
            tomte_coap_link_matches(&link, tomte_span_str(query)))
            (void)snprintf(out + strlen(out), sizeof out - strlen(out),
                           "%s%.*s", out[0] == 0 ? "" : " ",
                           (int)link.target.len, link.target.data);
    }
    if (it.err != TOMTE_OK)
        return "!";
    return out;
}

static void check_targets(int line, const char *expected, const char *text,
                          const char *query)
{
    const char *got = targets(text, query);
    if (strcmp(expected, got) == 0)
        return;
    printf("  %s ? %s: %s\n", text, query, got);
    test_fail(__FILE__, line, "other links");
}
#define TARGETS(expected, text, query)                                         \
    check_targets(__LINE__, (expected), (text), (query))

/* From section 5 of RFC 6690, with its line breaks undone. */
static const char example[] =
    "</sensors>;ct=40;title=\"Sensor Index\","
    "</sensors/temp>;rt=\"temperature-c\";if=\"sensor\","
    "</sensors/light>;rt=\"light-lux core.sen-light\";if=\"sensor\";obs,"
    "<http://www.example.com/sensors/t123>;anchor=\"/sensors/temp\""
    ";rel=\"describedby alternate\","
    "</t>;anchor=\"/sensors/temp\";rel=alternate;x*=y";

TEST(links_are_read)
{
    TARGETS("", "", "");
    TARGETS("/sensors /sensors/temp /sensors/light "
            "http://www.example.com/sensors/t123 /t",
            example, "");
    TARGETS("/a /b", "</a>,</b>;x", "");
    TARGETS("/a", "</a>;t=\"a;b,<c>\\\"d\"", "");
    TARGETS("", "<>", ""); /* the empty reference */
}

TEST(links_are_filtered)
{
    TARGETS("/sensors/light", example, "rt=light-lux");
    TARGETS("/sensors/light", example, "rt=core.sen-light");
    TARGETS("/sensors/light", example, "rt=core.sen*");
    TARGETS("", example, "rt=light-lux core.sen-light");
    TARGETS("", example, "rt=light");
    TARGETS("/sensors/temp /sensors/light", example, "rt=*");
    TARGETS("/sensors/temp /sensors/light", example, "if=sensor");
    TARGETS("/sensors/temp /sensors/light", example, "href=/sensors/*");
    TARGETS("/sensors", example, "href=/sensors");
    TARGETS("/sensors", example, "title=Sensor Index");
    TARGETS("", example, "title=Sensor");
    TARGETS("/sensors", example, "ct=40");
    TARGETS("http://www.example.com/sensors/t123 /t", example,
            "anchor=/sensors/temp");
    TARGETS("http://www.example.com/sensors/t123 /t", example, "rel=alternate");
    TARGETS("/sensors/light", example, "obs");
    TARGETS("", example, "obs=1");
    TARGETS("", example, "rt=");
}

TEST(links_that_are_none)
{
    static const char *const bad[] = {"/a",
                                      "<",
                                      "</a",
                                      "</a>,",
                                      ",</a>",
                                      "</a> ",
                                      "</a>;",
                                      "</a>;=1",
                                      "</a>;rt=",
                                      "</a>;rt=\"",
                                      "</a>;rt=\"x",
                                      "</a>;x=\"\\",
                                      "</a>;x=\"\\\"",
                                      "</a>;r t=1",
                                      "</a>;x=\"a\"b",
                                      "</a><b>",
                                      "<a<b>",
                                      "</a>;x=\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        TARGETS("!", bad[i], "");
}

TEST(parameters_are_found)
{
    struct tomte_coap_links it;
    struct tomte_coap_link link;
    struct tomte_span v;
    tomte_coap_links(&it, TOMTE_SPAN_LIT("</a>;obs;ct=40;rt=\"x y\";ct=41"));
    CHECK(tomte_coap_next_link(&it, &link));
    CHECK(tomte_coap_link_param(&link, TOMTE_SPAN_LIT("ct"), &v));
    CHECK_BYTES(TOMTE_SPAN_LIT("40"), v);
    CHECK(tomte_coap_link_param(&link, TOMTE_SPAN_LIT("rt"), &v));
    CHECK_BYTES(TOMTE_SPAN_LIT("x y"), v);
    CHECK(tomte_coap_link_param(&link, TOMTE_SPAN_LIT("obs"), &v));
    CHECK_EQ(0, v.len);
    CHECK(!tomte_coap_link_param(&link, TOMTE_SPAN_LIT("c"), &v));
    CHECK(!tomte_coap_next_link(&it, &link));
    CHECK_OK(it.err);
}

static void put_all(struct tomte_coap_link_format *w)
{
    char path[16];
    for (int i = 0; i < 30; i++) {
        (void)snprintf(path, sizeof path, "/%d", i);
        tomte_coap_link_format_put(
            w, &(struct tomte_coap_link_attrs){
                   .path = tomte_span_str(path),
                   .type = i % 2 == 0 ? TOMTE_SPAN_LIT("even small")
                                      : TOMTE_SPAN_LIT("odd"),
                   .content_format = i % 3 == 0 ? 60 : -1,
                   .size = i == 4 ? 4096 : 0,
                   .observable = i % 5 == 0});
    }
}

/* What is written with a filter, in windows of each size. */
static void check_written(const char *expected, const char *query)
{
    uint8_t memory[64], whole[2048];
    struct tomte_coap_options o;
    struct tomte_coap_link_format w, count;
    struct tomte_span options, text;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_query(&o, tomte_span_str(query));
    CHECK_OK(tomte_coap_options_end(&o, &options));
    tomte_coap_link_format_init(&w, TOMTE_BUF_ARRAY(whole));
    tomte_coap_link_format_filter(&w, options);
    put_all(&w);
    CHECK_OK(tomte_coap_link_format_end(&w, &text));
    TARGETS(expected, (whole[text.len] = 0, (const char *)whole), "");
    tomte_coap_link_format_window(&count, TOMTE_BUF(NULL, 0), 0);
    tomte_coap_link_format_filter(&count, options);
    put_all(&count);
    CHECK_EQ(text.len, count.total);
    CHECK_EQ(w.etag, count.etag);
    for (uint32_t size = 1; size <= 64; size += 7)
        for (uint32_t at = 0; at < text.len; at += size) {
            uint8_t part[64];
            struct tomte_span got;
            tomte_coap_link_format_window(&w, TOMTE_BUF(part, size), at);
            tomte_coap_link_format_filter(&w, options);
            put_all(&w);
            CHECK_OK(tomte_coap_link_format_end(&w, &got));
            CHECK_BYTES(tomte_span_slice(text, at, size), got);
        }
}

TEST(etags_change_with_the_text)
{
    uint8_t bytes[64];
    uint32_t etags[2];
    for (int i = 0; i < 2; i++) {
        struct tomte_coap_link_format w;
        struct tomte_coap_link_attrs link = {.path = TOMTE_SPAN_LIT("/a"),
                                             .interface =
                                                 TOMTE_SPAN_LIT("two words"),
                                             .content_format = i};
        struct tomte_span text;
        tomte_coap_link_format_init(&w, TOMTE_BUF_ARRAY(bytes));
        tomte_coap_link_format_put(&w, &link);
        CHECK_OK(tomte_coap_link_format_end(&w, &text));
        etags[i] = w.etag;
    }
    CHECK(etags[0] != etags[1]);
}

TEST(lists_are_written_filtered_and_in_windows)
{
    check_written("/0 /1 /2 /3 /4 /5 /6 /7 /8 /9 /10 /11 /12 /13 /14 /15 /16 "
                  "/17 /18 /19 /20 /21 /22 /23 /24 /25 /26 /27 /28 /29",
                  "");
    check_written("/1 /10 /11 /12 /13 /14 /15 /16 /17 /18 /19", "href=/1*");
    check_written("/5 /15 /25", "rt=odd&obs");
    check_written("/0 /6 /12 /18 /24", "rt=sm*&ct=60");
    check_written("/4", "sz=4096");
    check_written("", "if=*");
    check_written("", "nothing=x");
}
