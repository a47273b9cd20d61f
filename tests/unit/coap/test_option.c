/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/base.h"
#include "coap/option.h"

#include <stdlib.h>

static uint8_t memory[2048];

static struct tomte_coap_options fresh(void)
{
    struct tomte_coap_options o;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    return o;
}

static struct tomte_span list_of(const struct tomte_coap_options *o)
{
    struct tomte_span list;
    CHECK_OK(tomte_coap_options_end(o, &list));
    return list;
}

static void check_list(const struct tomte_coap_options *o, const char *hex)
{
    uint8_t bytes[64];
    CHECK_BYTES(test_hex(hex, TOMTE_BUF_ARRAY(bytes)), list_of(o));
}

/* One option alone: section 3.1's three forms of each number. */
TEST(option_heads_have_the_form_their_size_demands)
{
    static const struct {
        uint16_t number;
        uint16_t len;
        const char *head;
    } rows[] = {
        {0, 0, "00"},       {12, 12, "cc"},           {13, 0, "d000"},
        {268, 0, "d0ff"},   {269, 0, "e00000"},       {65535, 0, "e0fef2"},
        {1, 13, "1d00"},    {1, 268, "1dff"},         {1, 269, "1e0000"},
        {13, 13, "dd0000"}, {300, 300, "ee001f001f"}, {11, 1024, "be02f3"},
    };
    static const uint8_t value[1024] = {1, 2, 3};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[8];
        struct tomte_span head = test_hex(rows[i].head, TOMTE_BUF_ARRAY(bytes));
        struct tomte_coap_options o = fresh();
        tomte_coap_put(&o, rows[i].number, TOMTE_SPAN(value, rows[i].len));
        struct tomte_span list = list_of(&o);
        CHECK_EQ(head.len + rows[i].len, list.len);
        CHECK_BYTES(head, tomte_span_slice(list, 0, head.len));

        struct tomte_coap_iter it;
        struct tomte_coap_option got;
        tomte_coap_iter_init(&it, list);
        CHECK(tomte_coap_iter_next(&it, &got));
        CHECK_EQ(rows[i].number, got.number);
        CHECK_BYTES(TOMTE_SPAN(value, rows[i].len), got.value);
        CHECK(!tomte_coap_iter_next(&it, &got));
    }
}

TEST(options_put_in_any_order_come_out_sorted_and_stable)
{
    struct tomte_coap_options o = fresh();
    tomte_coap_put(&o, TOMTE_COAP_OPT_SIZE1, TOMTE_SPAN_LIT("z"));
    tomte_coap_put(&o, TOMTE_COAP_OPT_URI_PATH, TOMTE_SPAN_LIT("a"));
    tomte_coap_put(&o, TOMTE_COAP_OPT_NO_RESPONSE, TOMTE_SPAN_LIT("n"));
    tomte_coap_put(&o, TOMTE_COAP_OPT_OBSERVE, TOMTE_SPAN_NONE);
    tomte_coap_put(&o, TOMTE_COAP_OPT_URI_PATH, TOMTE_SPAN_LIT("b"));
    tomte_coap_put(&o, TOMTE_COAP_OPT_CONTENT_FORMAT, TOMTE_SPAN_LIT("0"));
    /* 6, +5 'a', +0 'b', +1 '0', +48 'z', +198 'n' */
    check_list(&o, "60 5161 0162 1130 d1237a d1b96e");
}

/* Every list of up to four numbers, built in a random order, is the list that
 * a straightforward sorted build gives. */
TEST(options_agree_with_a_sorted_build)
{
    struct tomte_random r;
    tomte_random_init(&r, 11);
    for (int round = 0; round < 20000; round++) {
        uint16_t number[8];
        uint8_t value[8];
        size_t n = tomte_random_below(&r, 8) + 1;
        struct tomte_coap_options o = fresh();
        for (size_t i = 0; i < n; i++) {
            static const uint32_t scale[] = {16, 300, 600, 65536};
            number[i] = (uint16_t)tomte_random_below(
                &r, scale[tomte_random_below(&r, 4)]);
            value[i] = (uint8_t)i;
            tomte_coap_put(&o, number[i], TOMTE_SPAN(&value[i], 1));
        }
        struct tomte_coap_iter it;
        struct tomte_coap_option got;
        tomte_coap_iter_init(&it, list_of(&o));
        bool taken[8] = {false};
        for (size_t k = 0; k < n; k++) {
            size_t best = n;
            for (size_t i = 0; i < n; i++)
                if (!taken[i] && (best == n || number[i] < number[best]))
                    best = i;
            taken[best] = true;
            CHECK(tomte_coap_iter_next(&it, &got));
            CHECK_EQ(number[best], got.number);
            CHECK_EQ(1, got.value.len);
            CHECK_EQ(best, got.value.data[0]);
        }
        CHECK(!tomte_coap_iter_next(&it, &got));
    }
}

/* A smaller buffer: refused or right, never one byte outside. */
TEST(options_in_a_buffer_of_every_size)
{
    struct tomte_coap_options whole = fresh();
    tomte_coap_put_path(&whole, TOMTE_SPAN_LIT("/kitchen/lamp"));
    tomte_coap_put_uint(&whole, TOMTE_COAP_OPT_ACCEPT, 112);
    tomte_coap_put_uint(&whole, TOMTE_COAP_OPT_OBSERVE, 0);
    size_t need = list_of(&whole).len;
    for (size_t cap = 0; cap <= need; cap++) {
        uint8_t *exact = malloc(cap + 1);
        CHECK(exact != NULL);
        struct tomte_coap_options o;
        struct tomte_span list;
        tomte_coap_options_init(&o, TOMTE_BUF(cap ? exact : NULL, cap));
        tomte_coap_put_path(&o, TOMTE_SPAN_LIT("/kitchen/lamp"));
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_ACCEPT, 112);
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_OBSERVE, 0);
        enum tomte_err err = tomte_coap_options_end(&o, &list);
        CHECK_EQ(cap < need ? TOMTE_ERR_FULL : TOMTE_OK, err);
        CHECK_EQ(cap < need ? 0 : need, list.len);
        free(exact);
    }
}

TEST(options_find_values_and_uints)
{
    struct tomte_coap_options o = fresh();
    tomte_coap_put_uint(&o, TOMTE_COAP_OPT_MAX_AGE, 0);
    tomte_coap_put_uint(&o, TOMTE_COAP_OPT_SIZE2, 0x01020304);
    tomte_coap_put(&o, TOMTE_COAP_OPT_ETAG, TOMTE_SPAN_LIT("v1"));
    tomte_coap_put(&o, TOMTE_COAP_OPT_ACCEPT, TOMTE_SPAN("\0\7", 2));
    check_list(&o, "42 7631 a0 32 0007 b4 01020304");
    struct tomte_span list = list_of(&o), value;
    uint32_t v = 9;
    CHECK(tomte_coap_find_uint(list, TOMTE_COAP_OPT_MAX_AGE, &v));
    CHECK_EQ(0, v);
    CHECK(tomte_coap_find_uint(list, TOMTE_COAP_OPT_SIZE2, &v));
    CHECK_EQ(0x01020304, v);
    CHECK(tomte_coap_find_uint(list, TOMTE_COAP_OPT_ACCEPT, &v));
    CHECK_EQ(7, v); /* leading zeros are to be accepted, section 3.2 */
    CHECK(tomte_coap_find(list, TOMTE_COAP_OPT_ETAG, &value));
    CHECK_BYTES(TOMTE_SPAN_LIT("v1"), value);
    CHECK(!tomte_coap_find(list, TOMTE_COAP_OPT_URI_PATH, &value));
}

/* Section 5.4.3: a length out of range makes an option unrecognised. */
TEST(options_of_a_wrong_length_are_not_found)
{
    struct tomte_coap_options o = fresh();
    uint32_t v;
    struct tomte_span s;
    tomte_coap_put(&o, TOMTE_COAP_OPT_OBSERVE, TOMTE_SPAN_LIT("1234"));
    tomte_coap_put(&o, TOMTE_COAP_OPT_ETAG, TOMTE_SPAN_LIT("123456789"));
    tomte_coap_put(&o, TOMTE_COAP_OPT_CONTENT_FORMAT, TOMTE_SPAN_LIT("123"));
    CHECK(!tomte_coap_find_uint(list_of(&o), TOMTE_COAP_OPT_OBSERVE, &v));
    CHECK(!tomte_coap_find(list_of(&o), TOMTE_COAP_OPT_ETAG, &s));
    CHECK(
        !tomte_coap_find_uint(list_of(&o), TOMTE_COAP_OPT_CONTENT_FORMAT, &v));
}

TEST(options_check_finds_what_a_server_does_not_understand)
{
    static const uint16_t known[] = {TOMTE_COAP_OPT_URI_PATH,
                                     TOMTE_COAP_OPT_ACCEPT,
                                     TOMTE_COAP_OPT_URI_HOST, 2049};
    static const struct {
        const char *hex;
        uint16_t bad; /* 0: none */
    } rows[] = {
        {"", 0},
        {"b161 0162", 0},           /* Uri-Path twice: repeatable */
        {"10", 1},                  /* If-Match: not known */
        {"60", 0},                  /* Observe: elective, not known */
        {"d1 04 00", 0},            /* Accept */
        {"d1 04 00 01 00", 17},     /* Accept twice */
        {"d3 04 000000", 17},       /* Accept, three bytes */
        {"30", 3},                  /* Uri-Host, empty */
        {"e0 06f4", 0},             /* 2049, critical, known, no format */
        {"e0 06f6", 2051},          /* 2051, critical, not known */
        {"e0 06f5", 0},             /* 2050, elective */
        {"61 61 02 6161 51 61", 0}, /* Observe twice: elective */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[16];
        uint16_t bad = 0;
        enum tomte_err err = tomte_coap_options_check(
            test_hex(rows[i].hex, TOMTE_BUF_ARRAY(bytes)), known,
            sizeof known / sizeof known[0], &bad);
        CHECK_EQ(rows[i].bad, bad);
        CHECK_EQ(bad == 0 ? TOMTE_OK : TOMTE_ERR_OPTION, err);
    }
    uint8_t bytes[4];
    CHECK_EQ(TOMTE_ERR_OPTION,
             tomte_coap_options_check(test_hex("10", TOMTE_BUF_ARRAY(bytes)),
                                      NULL, 0, NULL));
}

/* Figure 10 of section 5.4.6, and table 4. */
TEST(option_numbers_say_critical_unsafe_no_cache_key)
{
    CHECK(tomte_coap_is_critical(TOMTE_COAP_OPT_IF_MATCH));
    CHECK(!tomte_coap_is_critical(TOMTE_COAP_OPT_ETAG));
    CHECK(tomte_coap_is_unsafe(TOMTE_COAP_OPT_URI_HOST));
    CHECK(tomte_coap_is_unsafe(TOMTE_COAP_OPT_MAX_AGE));
    CHECK(!tomte_coap_is_unsafe(TOMTE_COAP_OPT_CONTENT_FORMAT));
    CHECK(tomte_coap_is_no_cache_key(TOMTE_COAP_OPT_SIZE1));
    CHECK(tomte_coap_is_no_cache_key(TOMTE_COAP_OPT_SIZE2));
    CHECK(!tomte_coap_is_no_cache_key(TOMTE_COAP_OPT_ETAG));
}

/* Appendix B of RFC 7252, and the corners of sections 6.4 and 6.5. */
TEST(paths_to_options_and_back)
{
    static const struct {
        const char *text;
        const char *hex;
        const char *back; /* NULL: the same */
    } rows[] = {
        {"", "", "/"},
        {"/", "", NULL},
        {"/.well-known/core", "bb2e77656c6c2d6b6e6f776e04636f7265", NULL},
        {"/a/", "b16100", NULL},
        {"//", "b000", NULL},
        {"//a", "b00161", NULL},
        {"/%E3%81%93", "b3e38193", NULL},
        {"/%2f%41", "b22f41", "/%2FA"},
        {"/a%2Fb/c", "b3612f620163", NULL},
        {"/a=b&c;d:e@f", "bb613d6226633b643a654066", NULL},
        {"/a b", "b3612062", "/a%20b"},
        {"/...", "b32e2e2e", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tomte_coap_options o = fresh();
        tomte_coap_put_path(&o, tomte_span_str(rows[i].text));
        check_list(&o, rows[i].hex);
        uint8_t text[64];
        struct tomte_span back;
        CHECK_OK(
            tomte_coap_get_path(list_of(&o), TOMTE_BUF_ARRAY(text), &back));
        CHECK_BYTES(
            tomte_span_str(rows[i].back != NULL ? rows[i].back : rows[i].text),
            back);
    }
}

TEST(paths_that_are_refused)
{
    static const struct {
        const char *text;
        enum tomte_err err;
    } rows[] = {
        {"a", TOMTE_ERR_MALFORMED},       {"/%", TOMTE_ERR_MALFORMED},
        {"/%4", TOMTE_ERR_MALFORMED},     {"/%4g", TOMTE_ERR_MALFORMED},
        {"/a/./b", TOMTE_ERR_INVALID},    {"/..", TOMTE_ERR_INVALID},
        {"/%2e%2E/b", TOMTE_ERR_INVALID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tomte_coap_options o = fresh();
        struct tomte_span list;
        tomte_coap_put_path(&o, tomte_span_str(rows[i].text));
        CHECK_EQ(rows[i].err, tomte_coap_options_end(&o, &list));
        CHECK_EQ(0, list.len);
    }
    uint8_t longest[257] = {'/'};
    memset(longest + 1, 'x', 256);
    struct tomte_coap_options o = fresh();
    tomte_coap_put_path(&o, TOMTE_SPAN(longest, 256));
    CHECK_EQ(TOMTE_OK, o.err);
    tomte_coap_put_path(&o, TOMTE_SPAN(longest, 257));
    CHECK_EQ(TOMTE_ERR_TOO_LARGE, o.err);
}

TEST(path_options_that_have_no_text)
{
    static const struct {
        const char *hex;
        enum tomte_err err;
    } rows[] = {
        {"b12e", TOMTE_ERR_INVALID},       /* "." */
        {"b161022e2e", TOMTE_ERR_INVALID}, /* "a", ".." */
        {"b0", TOMTE_ERR_INVALID},         /* "", reads as none */
        {"b9616263646566676869", TOMTE_ERR_FULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[16], text[8];
        struct tomte_span out;
        CHECK_EQ(rows[i].err, tomte_coap_get_path(
                                  test_hex(rows[i].hex, TOMTE_BUF_ARRAY(bytes)),
                                  TOMTE_BUF_ARRAY(text), &out));
        CHECK_EQ(0, out.len);
    }
    struct tomte_span out;
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_coap_get_path(TOMTE_SPAN_NONE, TOMTE_BUF(NULL, 0), &out));
}

TEST(queries_to_options_and_back)
{
    static const char *const same[] = {"",     "a",      "a=1&b=2", "&",
                                       "a&&b", "x=/?:@", "%26=%23"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        struct tomte_coap_options o = fresh();
        tomte_coap_put_query(&o, tomte_span_str(same[i]));
        uint8_t text[32];
        struct tomte_span back;
        CHECK_OK(
            tomte_coap_get_query(list_of(&o), TOMTE_BUF_ARRAY(text), &back));
        CHECK_BYTES(tomte_span_str(same[i]), back);
        size_t len = back.len;
        CHECK_OK(
            tomte_coap_get_query(list_of(&o), TOMTE_BUF(text, len), &back));
        CHECK(len == 0 || back.data == text);
        if (len != 0)
            CHECK_EQ(TOMTE_ERR_FULL,
                     tomte_coap_get_query(list_of(&o), TOMTE_BUF(text, len - 1),
                                          &back));
    }
    uint8_t empty[2], one[8];
    struct tomte_span none;
    CHECK_EQ(TOMTE_ERR_INVALID,
             tomte_coap_get_query(test_hex("d002", TOMTE_BUF_ARRAY(empty)),
                                  TOMTE_BUF_ARRAY(one), &none));
    struct tomte_coap_options o = fresh();
    tomte_coap_put_query(&o, TOMTE_SPAN_LIT("a=1&b"));
    check_list(&o, "d302613d310162");
}

/* Section 2.2 of RFC 7959. */
TEST(blocks_to_options_and_back)
{
    static const struct {
        struct tomte_coap_block block;
        const char *hex; /* Block2 alone */
        unsigned size;
    } rows[] = {
        {{0, false, 0}, "d00a", 16},
        {{0, true, 6}, "d10a0e", 1024},
        {{1, false, 2}, "d10a12", 64},
        {{16, true, 2}, "d20a010a", 64},
        {{0xfffff, false, 5}, "d30afffff5", 512},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tomte_coap_options o = fresh();
        struct tomte_coap_block got;
        tomte_coap_put_block(&o, TOMTE_COAP_OPT_BLOCK2, &rows[i].block);
        check_list(&o, rows[i].hex);
        CHECK_OK(
            tomte_coap_find_block(list_of(&o), TOMTE_COAP_OPT_BLOCK2, &got));
        CHECK_EQ(rows[i].block.num, got.num);
        CHECK_EQ(rows[i].block.more, got.more);
        CHECK_EQ(rows[i].block.szx, got.szx);
        CHECK_EQ(rows[i].size, tomte_coap_block_size(&got));
    }
}

TEST(blocks_out_of_range)
{
    struct tomte_coap_block b;
    uint8_t bytes[4];
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             tomte_coap_find_block(TOMTE_SPAN_NONE, TOMTE_COAP_OPT_BLOCK1, &b));
    CHECK_EQ(TOMTE_ERR_MALFORMED,
             tomte_coap_find_block(test_hex("d10a07", TOMTE_BUF_ARRAY(bytes)),
                                   TOMTE_COAP_OPT_BLOCK2, &b));
    struct tomte_coap_options o = fresh();
    b = (struct tomte_coap_block){.num = 1u << 20};
    tomte_coap_put_block(&o, TOMTE_COAP_OPT_BLOCK1, &b);
    CHECK_EQ(TOMTE_ERR_RANGE, o.err);
    o = fresh();
    b = (struct tomte_coap_block){.szx = 7};
    tomte_coap_put_block(&o, TOMTE_COAP_OPT_BLOCK1, &b);
    CHECK_EQ(TOMTE_ERR_RANGE, o.err);
    CHECK_EQ(0, o.len);
}

/* An iterator on bytes that nobody checked ends, and stays inside. */
TEST(iterator_survives_any_bytes)
{
    struct tomte_random r;
    tomte_random_init(&r, 3);
    for (int round = 0; round < 50000; round++) {
        size_t len = tomte_random_below(&r, 24);
        uint8_t *exact = malloc(len + 1);
        CHECK(exact != NULL);
        tomte_random_fill(&r, TOMTE_BUF(exact, len));
        struct tomte_coap_iter it;
        struct tomte_coap_option o;
        tomte_coap_iter_init(&it, TOMTE_SPAN(exact, len));
        size_t seen = 0;
        while (tomte_coap_iter_next(&it, &o)) {
            seen += 1 + o.value.len;
            CHECK(o.value.data >= exact);
            CHECK(o.value.data + o.value.len <= exact + len);
        }
        CHECK(seen <= len);
        free(exact);
    }
}
