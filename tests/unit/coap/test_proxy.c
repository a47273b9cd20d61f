/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to a proxy, and what it asks: "coap host port /path?query hops N",
 * or the code of a refusal. */
#include "test.h"

#include "base/base.h"
#include "coap/proxy.h"

#include <stdio.h>

static uint8_t memory[256], out_memory[256];

static const char *parse(const char *text)
{
    static char line[256];
    struct tomte_coap_uri u;
    if (tomte_coap_uri_parse(tomte_span_str(text), &u) != TOMTE_OK)
        return "!";
    (void)snprintf(line, sizeof line, "%.*s %s%.*s %u%s %.*s ? %.*s",
                   (int)u.scheme.len, u.scheme.data, u.literal ? "6:" : "",
                   (int)u.host.len, u.host.data, u.port, u.has_port ? "!" : "",
                   (int)u.path.len, (const char *)u.path.data, (int)u.query.len,
                   (const char *)u.query.data);
    return line;
}

static void check_text(int line, const char *expected, const char *got)
{
    if (strcmp(expected, got) == 0)
        return;
    printf("  %s\n", got);
    test_fail(__FILE__, line, expected);
}
#define TEXT(expected, got) check_text(__LINE__, (expected), (got))

TEST(uris_are_taken_apart)
{
    TEXT("coap a 5683  ? ", parse("coap://a"));
    TEXT("coap a 5683 / ? ", parse("coap://a/"));
    TEXT("coap a 5683  ? ", parse("coap://a:"));
    TEXT("coap a.b-c 61616! /x/y ? q=1&r",
         parse("coap://a.b-c:61616/x/y?q=1&r"));
    TEXT("coap a 5683  ? q/r?", parse("coap://a?q/r?"));
    TEXT("coap 6:2001:db8::1 5683 /x ? ", parse("coap://[2001:db8::1]/x"));
    TEXT("coap 6:::1 7! /x ? ", parse("coap://[::1]:7/x"));
    TEXT("HTTP h 80! /:@ ? ", parse("HTTP://h:80/:@"));
}

TEST(uris_that_are_none)
{
    static const char *const bad[] = {
        "",           "coap",        "coap:",          "coap:/a",
        "/a",         "://a",        "coap://",        "coap:///x",
        "coap://a#f", "coap://u@a/", "coap://[::1",    "coap://[]",
        "coap://a:x", "coap://a:0",  "coap://a:65536", "coap://[::1]x",
        "coap://:7",  "co/ap://a",   "coap://a%41",    "coap://a b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        TEXT("!", parse(bad[i]));
}

/* Options in the order in which they are to be put. */
struct entry {
    uint16_t number;
    const char *value;
};

static struct tomte_span list(const struct entry *e)
{
    struct tomte_coap_options o;
    struct tomte_span options;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    for (; e->number != 0; e++)
        tomte_coap_put(&o, e->number, tomte_span_str(e->value));
    CHECK_OK(tomte_coap_options_end(&o, &options));
    return options;
}

#define URI(v)                                                                 \
    {                                                                          \
        TOMTE_COAP_OPT_PROXY_URI, (v)                                          \
    }
#define SCHEME(v)                                                              \
    {                                                                          \
        TOMTE_COAP_OPT_PROXY_SCHEME, (v)                                       \
    }
#define HOST(v)                                                                \
    {                                                                          \
        TOMTE_COAP_OPT_URI_HOST, (v)                                           \
    }
#define PATH(v)                                                                \
    {                                                                          \
        TOMTE_COAP_OPT_URI_PATH, (v)                                           \
    }
#define QUERY(v)                                                               \
    {                                                                          \
        TOMTE_COAP_OPT_URI_QUERY, (v)                                          \
    }
#define HOPS(v)                                                                \
    {                                                                          \
        TOMTE_COAP_OPT_HOP_LIMIT, (v)                                          \
    }

static const char *forward(const struct entry *entries)
{
    static char line[256];
    uint8_t path[64], query[64];
    struct tomte_coap_forward f;
    struct tomte_coap_msg m = {.code = TOMTE_COAP_GET,
                               .options = list(entries)};
    struct tomte_span p, q, host = TOMTE_SPAN_LIT("-");
    uint32_t hops = 0;
    uint8_t code =
        tomte_coap_proxy_request(&m, TOMTE_BUF_ARRAY(out_memory), &f);
    if (code != 0) {
        (void)snprintf(line, sizeof line, "%u.%02u", code >> 5, code & 31u);
        return line;
    }
    CHECK(!tomte_coap_is_for_proxy(f.options));
    CHECK(!tomte_coap_find(f.options, TOMTE_COAP_OPT_URI_PORT, &p));
    CHECK_OK(tomte_coap_get_path(f.options, TOMTE_BUF_ARRAY(path), &p));
    CHECK_OK(tomte_coap_get_query(f.options, TOMTE_BUF_ARRAY(query), &q));
    (void)tomte_coap_find(f.options, TOMTE_COAP_OPT_URI_HOST, &host);
    (void)tomte_coap_find_uint(f.options, TOMTE_COAP_OPT_HOP_LIMIT, &hops);
    (void)snprintf(line, sizeof line, "%.*s:%u %.*s %.*s ? %.*s, %u",
                   (int)f.to.host.len, f.to.host.data, f.to.port, (int)host.len,
                   host.data, (int)p.len, p.data, (int)q.len,
                   (const char *)q.data, hops);
    return line;
}
#define FORWARD(expected, ...)                                                 \
    TEXT(expected, forward((const struct entry[]){__VA_ARGS__, {0, NULL}}))

TEST(requests_with_a_uri_are_forwarded)
{
    FORWARD("lamp.home:5683 lamp.home /x/y%20z ? a=1&b, 16",
            URI("coap://lamp.home/x/y%20z?a=1&b"));
    FORWARD("10.0.0.1:7 - / ? , 16", URI("COAP://10.0.0.1:7"));
    FORWARD("2001:db8::1:5683 - /x ? , 16", URI("coap://[2001:db8::1]/x"));
    /* it takes precedence */
    FORWARD("a:5683 a /b ? , 16", HOST("h"), PATH("p"), QUERY("q"),
            URI("coap://a/b"));
}

TEST(requests_with_a_scheme_are_forwarded)
{
    FORWARD("h:5683 h /p ? q, 16", SCHEME("coap"), HOST("h"), PATH("p"),
            QUERY("q"));
    FORWARD("lamp:5683 lamp / ? , 16", SCHEME("coap"), HOST("lamp"));
    FORWARD("h:258 h / ? , 16", SCHEME("coap"), HOST("h"),
            {TOMTE_COAP_OPT_URI_PORT, "\1\2"});
    FORWARD("::1:5683 - / ? , 16", SCHEME("coap"), HOST("[::1]"));
    FORWARD("4.00", SCHEME("coap"), PATH("p")); /* where to? */
}

TEST(requests_that_a_proxy_refuses)
{
    FORWARD("4.00", PATH("p")); /* not for a proxy */
    FORWARD("4.00", URI("coap:///x"));
    FORWARD("4.00", URI("coap://a/%"));
    FORWARD("4.00", URI("coap://a/../x"));
    FORWARD("5.05", URI("http://a/"));
    FORWARD("5.05", SCHEME("coaps"), HOST("h"));
    /* unsafe and unknown; safe and unknown, critical or not */
    FORWARD("4.02", URI("coap://a"), {2050, "x"});
    FORWARD("4.02", URI("coap://a"), {2051, "x"});
    FORWARD("a:5683 a / ? , 16", URI("coap://a"), {2049, "x"});
    FORWARD("a:5683 a / ? , 16", URI("coap://a"), {2048, "x"});
}

TEST(hops_run_out)
{
    FORWARD("a:5683 a / ? , 1", URI("coap://a"), HOPS("\2"));
    FORWARD("5.08", URI("coap://a"), HOPS("\1"));
    FORWARD("a:5683 a / ? , 254", URI("coap://a"), HOPS("\377"));
    struct tomte_coap_forward f;
    struct tomte_coap_msg m = {.options = TOMTE_SPAN_LIT("\xd1\x03\x00\xd8\x06"
                                                         "coap://a")};
    CHECK_EQ(TOMTE_COAP_BAD_REQUEST,
             tomte_coap_proxy_request(&m, TOMTE_BUF_ARRAY(out_memory), &f));
}

TEST(what_is_safe_goes_along)
{
    static const struct entry entries[] = {{TOMTE_COAP_OPT_OBSERVE, ""},
                                           {TOMTE_COAP_OPT_BLOCK2, "\x26"},
                                           {TOMTE_COAP_OPT_ECHO, "e"},
                                           {TOMTE_COAP_OPT_OSCORE, "o"},
                                           {TOMTE_COAP_OPT_ETAG, "t"},
                                           {TOMTE_COAP_OPT_REQUEST_TAG, "r"},
                                           URI("coap://a"),
                                           {0, NULL}};
    struct tomte_coap_forward f;
    struct tomte_coap_msg m = {.options = list(entries)};
    CHECK_EQ(0, tomte_coap_proxy_request(&m, TOMTE_BUF_ARRAY(out_memory), &f));
    for (size_t i = 0; i < 6; i++) {
        struct tomte_span v;
        CHECK(tomte_coap_find(f.options, entries[i].number, &v));
        CHECK_BYTES(tomte_span_str(entries[i].value), v);
    }
    CHECK_EQ(TOMTE_COAP_REQUEST_ENTITY_TOO_LARGE,
             tomte_coap_proxy_request(&m, TOMTE_BUF(out_memory, 4), &f));
}

TEST(answers_go_back)
{
    static const struct entry safe[] = {
        {TOMTE_COAP_OPT_MAX_AGE, "\5"}, {TOMTE_COAP_OPT_ETAG, "t"}, {0, NULL}};
    static const struct entry unsafe[] = {{2050, "x"}, {0, NULL}};
    struct tomte_coap_parts p;
    struct tomte_coap_msg m = {.code = TOMTE_COAP_CONTENT,
                               .options = list(safe),
                               .payload = TOMTE_SPAN_LIT("hub2")};
    struct tomte_span name = TOMTE_SPAN_LIT("hub1");
    tomte_coap_proxy_answer(&m, name, TOMTE_BUF_ARRAY(out_memory), &p);
    CHECK_EQ(TOMTE_COAP_CONTENT, p.code);
    CHECK_BYTES(m.options, p.options);
    CHECK_BYTES(m.payload, p.payload);
    m.code = TOMTE_COAP_HOP_LIMIT_REACHED;
    tomte_coap_proxy_answer(&m, name, TOMTE_BUF_ARRAY(out_memory), &p);
    CHECK_BYTES(TOMTE_SPAN_LIT("hub1 hub2"), p.payload);
    tomte_coap_proxy_answer(&m, name, TOMTE_BUF(out_memory, 8), &p);
    CHECK_BYTES(m.payload, p.payload);
    m.payload.len = 0;
    tomte_coap_proxy_answer(&m, name, TOMTE_BUF(out_memory, 8), &p);
    CHECK_BYTES(name, p.payload);
    m.options = list(unsafe);
    tomte_coap_proxy_answer(&m, name, TOMTE_BUF_ARRAY(out_memory), &p);
    CHECK_EQ(TOMTE_COAP_BAD_GATEWAY, p.code);
    CHECK_EQ(0, p.options.len + p.payload.len);
}
