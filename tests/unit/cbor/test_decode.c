/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "cbor/cbor.h"
#include "test.h"

static uint8_t memory[256];
static struct tomte_cbor_dec d;

static void begin(const char *hex, unsigned flags)
{
    tomte_cbor_decode_init(&d, test_hex(hex, TOMTE_BUF_ARRAY(memory)), flags);
}

static void check_error(enum tomte_err err, uint32_t at)
{
    CHECK_EQ(err, tomte_cbor_decode_done(&d));
    CHECK_EQ(at, d.err_at);
}

TEST(decode_straight_on)
{
    begin("8a 1bffffffffffffffff 3b7fffffffffffffff 40 6161 d8184101 f5 f6"
          "f8ff f94d60 a10180",
          0);
    CHECK_EQ(TOMTE_CBOR_ARRAY, tomte_cbor_peek(&d));
    CHECK_EQ(10, tomte_cbor_enter_array(&d));
    CHECK(tomte_cbor_get_uint(&d) == UINT64_MAX);
    CHECK(tomte_cbor_get_int(&d) == INT64_MIN);
    CHECK_EQ(0, tomte_cbor_get_bytes(&d).len);
    CHECK_BYTES(TOMTE_SPAN_LIT("a"), tomte_cbor_get_text(&d));
    CHECK_EQ(TOMTE_CBOR_TAG, tomte_cbor_peek(&d));
    CHECK_EQ(24, tomte_cbor_get_tag(&d));
    CHECK_BYTES(TOMTE_SPAN_LIT("\x01"), tomte_cbor_get_bytes(&d));
    CHECK(tomte_cbor_get_bool(&d));
    tomte_cbor_get_null(&d);
    CHECK_EQ(255, tomte_cbor_get_simple(&d));
    CHECK(tomte_cbor_get_double(&d) == 21.5);
    CHECK_EQ(1, tomte_cbor_enter_map(&d));
    tomte_cbor_need_key(&d, 1);
    CHECK_EQ(0, tomte_cbor_enter_array(&d));
    CHECK(!tomte_cbor_more(&d));
    tomte_cbor_leave(&d);
    tomte_cbor_leave(&d);
    CHECK_EQ(TOMTE_CBOR_END, tomte_cbor_peek(&d));
    CHECK(tomte_cbor_ok(&d));
    tomte_cbor_leave(&d);
    CHECK_OK(tomte_cbor_decode_done(&d));
}

TEST(decode_keeps_its_first_error_and_its_place)
{
    begin("83 01 6161 02", 0);
    tomte_cbor_enter_array(&d);
    CHECK_EQ(1, tomte_cbor_get_uint(&d));
    CHECK_EQ(0, tomte_cbor_get_uint(&d)); /* a text */
    CHECK_EQ(0, tomte_cbor_get_uint(&d));
    CHECK_EQ(0, tomte_cbor_get_text(&d).len);
    CHECK_EQ(0, tomte_cbor_enter_map(&d));
    CHECK(!tomte_cbor_more(&d));
    CHECK_EQ(TOMTE_CBOR_END, tomte_cbor_peek(&d));
    tomte_cbor_fail(&d, TOMTE_ERR_RANGE);
    tomte_cbor_leave(&d);
    check_error(TOMTE_ERR_TYPE, 2);
}

TEST(decode_caller_can_refuse)
{
    begin("82 01 6161", 0);
    tomte_cbor_enter_array(&d);
    tomte_cbor_get_uint(&d);
    tomte_cbor_get_text(&d);
    tomte_cbor_fail(&d, TOMTE_OK);
    CHECK(tomte_cbor_ok(&d));
    tomte_cbor_fail(&d, TOMTE_ERR_STALE);
    tomte_cbor_leave(&d);
    check_error(TOMTE_ERR_STALE, 2);
    begin("01", 0);
    CHECK_EQ(0, tomte_cbor_get_u32(&d, 2, 5));
    check_error(TOMTE_ERR_RANGE, 0);
}

TEST(decode_wrong_types)
{
    begin("20", 0);
    CHECK_EQ(0, tomte_cbor_get_uint(&d));
    check_error(TOMTE_ERR_TYPE, 0);
    begin("00", 0);
    CHECK(!tomte_cbor_get_bool(&d));
    check_error(TOMTE_ERR_TYPE, 0);
    begin("f6", 0);
    CHECK(!tomte_cbor_get_bool(&d));
    check_error(TOMTE_ERR_TYPE, 0);
    begin("f4", 0);
    tomte_cbor_get_null(&d);
    check_error(TOMTE_ERR_TYPE, 0);
    begin("01", 0);
    CHECK(tomte_cbor_get_double(&d) == 0);
    check_error(TOMTE_ERR_TYPE, 0);
    begin("f4", 0);
    CHECK(tomte_cbor_get_double(&d) == 0);
    check_error(TOMTE_ERR_TYPE, 0);
    begin("f93c00", 0);
    CHECK_EQ(0, tomte_cbor_get_simple(&d));
    check_error(TOMTE_ERR_TYPE, 0);
    begin("c101", 0);
    CHECK_EQ(0, tomte_cbor_get_uint(&d));
    check_error(TOMTE_ERR_TYPE, 0);
}

TEST(decode_ranges)
{
    begin("1b8000000000000000", 0);
    CHECK_EQ(0, tomte_cbor_get_int(&d));
    check_error(TOMTE_ERR_RANGE, 0);
    begin("3b8000000000000000", 0);
    CHECK_EQ(0, tomte_cbor_get_int(&d));
    check_error(TOMTE_ERR_RANGE, 0);
    begin("3b8000000000000000", 0);
    CHECK(tomte_cbor_get_negative(&d) == 0x8000000000000000);
    CHECK_OK(tomte_cbor_decode_done(&d));
    begin("1affffffff", 0);
    CHECK(tomte_cbor_get_u32(&d, 0, UINT32_MAX) == UINT32_MAX);
    CHECK_OK(tomte_cbor_decode_done(&d));
    begin("05", 0);
    CHECK_EQ(5, tomte_cbor_get_u32(&d, 5, 5));
    CHECK_OK(tomte_cbor_decode_done(&d));
    begin("06", 0);
    CHECK_EQ(0, tomte_cbor_get_u32(&d, 5, 5));
    check_error(TOMTE_ERR_RANGE, 0);
    begin("1b0000000100000000", 0);
    CHECK_EQ(0, tomte_cbor_get_u32(&d, 0, UINT32_MAX));
    check_error(TOMTE_ERR_RANGE, 0);
}

TEST(decode_reads_the_end_of_containers)
{
    begin("82 81 01 02", 0);
    tomte_cbor_enter_array(&d);
    tomte_cbor_enter_array(&d);
    tomte_cbor_get_uint(&d);
    tomte_cbor_get_uint(&d); /* the 2 belongs to the outer array */
    check_error(TOMTE_ERR_MISSING, 3);
    begin("82 01 02", 0);
    tomte_cbor_enter_array(&d);
    tomte_cbor_get_uint(&d);
    tomte_cbor_leave(&d);
    check_error(TOMTE_ERR_TRAILING, 2);
    begin("82 01 02", 0);
    tomte_cbor_enter_array(&d);
    tomte_cbor_get_uint(&d);
    tomte_cbor_skip_rest(&d);
    tomte_cbor_leave(&d);
    CHECK_OK(tomte_cbor_decode_done(&d));
    begin("80", 0);
    CHECK_EQ(TOMTE_ERR_MISSING, tomte_cbor_decode_done(&d));
    begin("80", 0);
    tomte_cbor_enter_array(&d);
    CHECK_EQ(TOMTE_ERR_MISSING, tomte_cbor_decode_done(&d));
    begin("00", 0);
    tomte_cbor_skip(&d);
    tomte_cbor_skip(&d);
    check_error(TOMTE_ERR_MISSING, 1);
    begin("80", 0);
    tomte_cbor_enter_array(&d);
    CHECK(!tomte_cbor_get_bool(&d));
    check_error(TOMTE_ERR_MISSING, 1);
    begin("80", 0);
    EXPECT_PANIC(tomte_cbor_leave(&d));
    EXPECT_PANIC(tomte_cbor_has_key(&d, 1));
}

/* {1: "n", 2: [7], -1: null} */
#define SAMPLE_MAP "a3 01 616e 02 81 07 20 f6"

static uint64_t read_sample(const char *hex)
{
    uint64_t sum = 0;
    begin(hex, 0);
    tomte_cbor_enter_map(&d);
    tomte_cbor_need_key(&d, 1);
    sum += tomte_cbor_get_text(&d).len;
    if (tomte_cbor_has_key(&d, 2)) {
        tomte_cbor_enter_array(&d);
        while (tomte_cbor_more(&d))
            sum += tomte_cbor_get_uint(&d);
        tomte_cbor_leave(&d);
    }
    if (tomte_cbor_has_key(&d, -1))
        tomte_cbor_get_null(&d);
    tomte_cbor_leave(&d);
    return sum;
}

TEST(decode_keys_in_order)
{
    CHECK_EQ(8, read_sample(SAMPLE_MAP));
    CHECK_OK(tomte_cbor_decode_done(&d));
    CHECK_EQ(1, read_sample("a1 01 616e"));
    CHECK_OK(tomte_cbor_decode_done(&d));
    CHECK_EQ(1, read_sample("a2 01 616e 20 f6"));
    CHECK_OK(tomte_cbor_decode_done(&d));
    read_sample("a1 02 8107"); /* key 1 is needed */
    check_error(TOMTE_ERR_MISSING, 1);
    read_sample("a0");
    check_error(TOMTE_ERR_MISSING, 1);
    read_sample("a3 01 616e 03 00 20 f6"); /* nobody knows key 3 */
    check_error(TOMTE_ERR_UNKNOWN, 4);
    read_sample("a2 01 616e 6178 00"); /* a text as key */
    check_error(TOMTE_ERR_UNKNOWN, 4);
    read_sample("a2 20 f6 01 616e");
    CHECK(tomte_cbor_decode_done(&d) != TOMTE_OK);
    begin("a3 00 00 1818 01 20 02", 0);
    tomte_cbor_enter_map(&d);
    CHECK(!tomte_cbor_has_key(&d, -1) && tomte_cbor_has_key(&d, 0));
    tomte_cbor_skip(&d);
    CHECK(!tomte_cbor_has_key(&d, 25) && tomte_cbor_has_key(&d, 24));
    tomte_cbor_skip(&d);
    CHECK(!tomte_cbor_has_key(&d, 0) && tomte_cbor_has_key(&d, -1));
    tomte_cbor_skip(&d);
    tomte_cbor_leave(&d);
    CHECK_OK(tomte_cbor_decode_done(&d));
    begin("a1 01 02", TOMTE_CBOR_LENIENT);
    tomte_cbor_enter_map(&d);
    EXPECT_PANIC(tomte_cbor_has_key(&d, 1));
}

TEST(decode_keys_in_any_order)
{
    int64_t key;
    begin("bf 20 01 02 03 ff", TOMTE_CBOR_LENIENT);
    CHECK(tomte_cbor_enter_map(&d) == SIZE_MAX);
    CHECK(tomte_cbor_next_key(&d, &key));
    CHECK_EQ(-1, key);
    CHECK_EQ(1, tomte_cbor_get_uint(&d));
    CHECK(tomte_cbor_next_key(&d, &key));
    CHECK_EQ(2, key);
    tomte_cbor_skip(&d);
    CHECK(!tomte_cbor_next_key(&d, &key));
    tomte_cbor_leave(&d);
    CHECK_OK(tomte_cbor_decode_done(&d));
}

TEST(decode_a_value_nobody_reads_is_unknown)
{
    int64_t key;
    begin(SAMPLE_MAP, 0);
    tomte_cbor_enter_map(&d);
    while (tomte_cbor_next_key(&d, &key))
        if (key == 1)
            tomte_cbor_get_text(&d);
    CHECK_EQ(0, key);
    tomte_cbor_leave(&d);
    check_error(TOMTE_ERR_UNKNOWN, 4);
    /* The last one too. */
    begin("a1 07 00", 0);
    tomte_cbor_enter_map(&d);
    CHECK(tomte_cbor_next_key(&d, &key));
    tomte_cbor_leave(&d);
    check_error(TOMTE_ERR_UNKNOWN, 1);
}

TEST(decode_optional_items)
{
    begin("83 f6 c1 05 06", 0);
    tomte_cbor_enter_array(&d);
    CHECK(!tomte_cbor_has_tag(&d, 1));
    CHECK(tomte_cbor_has_null(&d));
    CHECK(!tomte_cbor_has_null(&d));
    CHECK(!tomte_cbor_has_tag(&d, 2));
    CHECK(tomte_cbor_has_tag(&d, 1));
    CHECK_EQ(5, tomte_cbor_get_uint(&d));
    CHECK(!tomte_cbor_has_tag(&d, 1));
    CHECK_EQ(6, tomte_cbor_get_uint(&d));
    CHECK(!tomte_cbor_has_null(&d));
    tomte_cbor_leave(&d);
    CHECK_OK(tomte_cbor_decode_done(&d));
}

TEST(decode_raw_items_with_their_tags)
{
    begin("83 01 c1 a1 01 f6 40", 0);
    tomte_cbor_enter_array(&d);
    tomte_cbor_skip(&d);
    CHECK_BYTES(TOMTE_SPAN_LIT("\xc1\xa1\x01\xf6"), tomte_cbor_get_raw(&d));
    CHECK_BYTES(TOMTE_SPAN_LIT("\x40"), tomte_cbor_get_raw(&d));
    CHECK_EQ(0, tomte_cbor_get_raw(&d).len);
    check_error(TOMTE_ERR_MISSING, 7);
}

TEST(decode_exact_bytes)
{
    uint8_t out[4] = {9, 9, 9, 9};
    begin("82 44 01020304 43 010203", 0);
    tomte_cbor_enter_array(&d);
    tomte_cbor_get_bytes_exact(&d, out, 4);
    CHECK_BYTES(TOMTE_SPAN_LIT("\1\2\3\4"), TOMTE_SPAN_ARRAY(out));
    tomte_cbor_get_bytes_exact(&d, out, 4);
    CHECK_BYTES(TOMTE_SPAN_LIT("\0\0\0\0"), TOMTE_SPAN_ARRAY(out));
    check_error(TOMTE_ERR_RANGE, 6);
    begin("40", 0);
    tomte_cbor_get_bytes_exact(&d, out, 0);
    CHECK_OK(tomte_cbor_decode_done(&d));
}

TEST(decode_strings_in_chunks_by_copy)
{
    uint8_t out[3];
    begin("7f 62 6162 60 61 63 ff", TOMTE_CBOR_LENIENT);
    CHECK_BYTES(TOMTE_SPAN_LIT("abc"),
                tomte_cbor_get_text_copy(&d, TOMTE_BUF_ARRAY(out)));
    CHECK_OK(tomte_cbor_decode_done(&d));
    begin("43 616263", 0);
    CHECK_BYTES(TOMTE_SPAN_LIT("abc"),
                tomte_cbor_get_bytes_copy(&d, TOMTE_BUF_ARRAY(out)));
    CHECK_OK(tomte_cbor_decode_done(&d));
    begin("7f 62 6162 61 63 ff", TOMTE_CBOR_LENIENT);
    CHECK_EQ(0, tomte_cbor_get_text(&d).len);
    check_error(TOMTE_ERR_UNSUPPORTED, 0);
    begin("5f 43 616263 41 64 ff", TOMTE_CBOR_LENIENT);
    CHECK_EQ(0, tomte_cbor_get_bytes_copy(&d, TOMTE_BUF_ARRAY(out)).len);
    check_error(TOMTE_ERR_TOO_LARGE, 0);
    begin("44 61626364", 0);
    CHECK_EQ(0, tomte_cbor_get_bytes_copy(&d, TOMTE_BUF_ARRAY(out)).len);
    check_error(TOMTE_ERR_TOO_LARGE, 0);
    begin("5f 41 61 61 62 ff", TOMTE_CBOR_LENIENT);
    CHECK_EQ(0, tomte_cbor_get_bytes_copy(&d, TOMTE_BUF_ARRAY(out)).len);
    check_error(TOMTE_ERR_MALFORMED, 3);
}

TEST(decode_copies_of_other_types)
{
    uint8_t out[4];
    begin("82 01 61ff", 0);
    tomte_cbor_enter_array(&d);
    CHECK_EQ(0, tomte_cbor_get_text_copy(&d, TOMTE_BUF_ARRAY(out)).len);
    check_error(TOMTE_ERR_TYPE, 1);
    begin("61ff", 0);
    CHECK_EQ(0, tomte_cbor_get_text_copy(&d, TOMTE_BUF_ARRAY(out)).len);
    check_error(TOMTE_ERR_MALFORMED, 0);
    begin("01", 0);
    memset(out, 9, sizeof out);
    tomte_cbor_get_bytes_exact(&d, out, 4);
    CHECK_BYTES(TOMTE_SPAN_LIT("\0\0\0\0"), TOMTE_SPAN_ARRAY(out));
    check_error(TOMTE_ERR_TYPE, 0);
}

TEST(decode_refuses_what_offsets_cannot_reach)
{
    size_t len = (size_t)TOMTE_CBOR_BYTES_MAX + 1;
    tomte_cbor_decode_init(&d, TOMTE_SPAN(memory, len), 0); /* never read */
    tomte_cbor_skip(&d);
    check_error(TOMTE_ERR_TOO_LARGE, 0);
}

TEST(decode_names)
{
    begin("82 64 6c616d70 6c 2f68616c6c2f6c616d702f6f", 0);
    tomte_cbor_enter_array(&d);
    struct tomte_name name = tomte_cbor_get_name(&d);
    struct tomte_channel_name channel = tomte_cbor_get_channel_name(&d);
    tomte_cbor_leave(&d);
    CHECK_OK(tomte_cbor_decode_done(&d));
    CHECK_BYTES(TOMTE_SPAN_LIT("lamp"), tomte_name_span(&name));
    CHECK_BYTES(TOMTE_SPAN_LIT("/hall/lamp/o"),
                tomte_channel_name_span(&channel));
    begin("60", 0);
    CHECK_EQ(0, tomte_cbor_get_name(&d).len);
    check_error(TOMTE_ERR_MISSING, 0);
    begin("62 6c21", 0);
    CHECK_EQ(0, tomte_cbor_get_name(&d).len);
    check_error(TOMTE_ERR_MALFORMED, 0);
}

TEST(decode_sequences)
{
    begin("01 6162 80", TOMTE_CBOR_SEQUENCE);
    CHECK_EQ(1, tomte_cbor_get_uint(&d));
    CHECK(tomte_cbor_more(&d));
    tomte_cbor_skip(&d);
    tomte_cbor_skip(&d);
    CHECK(!tomte_cbor_more(&d));
    CHECK_OK(tomte_cbor_decode_done(&d));
    begin("", TOMTE_CBOR_SEQUENCE);
    CHECK(!tomte_cbor_more(&d));
    CHECK_OK(tomte_cbor_decode_done(&d));
    begin("01 02", TOMTE_CBOR_SEQUENCE);
    tomte_cbor_skip(&d);
    check_error(TOMTE_ERR_TRAILING, 1);
    begin("01", TOMTE_CBOR_SEQUENCE);
    tomte_cbor_skip(&d);
    tomte_cbor_skip(&d);
    check_error(TOMTE_ERR_MISSING, 1);
    begin("c1", TOMTE_CBOR_SEQUENCE);
    CHECK_EQ(1, tomte_cbor_get_tag(&d));
    check_error(TOMTE_ERR_MISSING, 1);
}

TEST(decode_nests_to_the_limit)
{
    uint8_t deep[TOMTE_LIMIT_CBOR_DEPTH + 2];
    memset(deep, 0x81, sizeof deep);
    deep[TOMTE_LIMIT_CBOR_DEPTH] = 0xf6;
    tomte_cbor_decode_init(&d, TOMTE_SPAN(deep, TOMTE_LIMIT_CBOR_DEPTH + 1), 0);
    tomte_cbor_skip(&d);
    CHECK_OK(tomte_cbor_decode_done(&d));
    deep[TOMTE_LIMIT_CBOR_DEPTH] = 0x80;
    tomte_cbor_decode_init(&d, TOMTE_SPAN(deep, TOMTE_LIMIT_CBOR_DEPTH + 1), 0);
    tomte_cbor_skip(&d);
    check_error(TOMTE_ERR_TOO_LARGE, TOMTE_LIMIT_CBOR_DEPTH);
}

TEST(decode_passes_many_tags_without_depth)
{
    uint8_t tags[200];
    memset(tags, 0xc1, sizeof tags);
    tags[199] = 0x00;
    tomte_cbor_decode_init(&d, TOMTE_SPAN_ARRAY(tags), 0);
    tomte_cbor_skip(&d);
    CHECK_OK(tomte_cbor_decode_done(&d));
}

TEST(decode_checks_what_it_skips)
{
    begin("82 a2 02 00 01 00 05", 0);
    tomte_cbor_enter_array(&d);
    tomte_cbor_skip(&d);
    check_error(TOMTE_ERR_NOT_CANONICAL, 4);
}

static void check_diag(const char *expected, const char *hex, size_t cap)
{
    char line[80];
    struct tomte_text t;
    tomte_text_init(&t, line, cap);
    tomte_cbor_diag(&t, test_hex(hex, TOMTE_BUF_ARRAY(memory)));
    CHECK_BYTES(tomte_span_str(expected), tomte_span_str(line));
}

TEST(diag_says_where_it_is_not_cbor)
{
    check_diag("", "", 80);
    check_diag("1, 2", "01 02", 80);
    check_diag("!TRUNCATED at 0", "82 01", 80); /* no room for two items */
    check_diag("[1, !TRUNCATED at 2", "82 01 18", 80);
    check_diag("{1: !MALFORMED at 2", "a1 01 1c", 80);
    check_diag("!MALFORMED at 0", "61 ff", 80);
    check_diag("1(2(3([4(5)])))", "c1 c2 c3 81 c4 05", 80);
    check_diag("{1(2): 3(4), 5: {}}", "a2 c1 02 c3 04 05 a0", 80);
    check_diag("[''_, \"\"_, {_ }]", "83 5fff 7fff bfff", 80);
    check_diag("\"\\u0000\\n\\u007f\"", "63 000a7f", 80);
    check_diag("[1, 2, ...", "85 0102030405", 11);
}

TEST(diag_doubles_in_the_fewest_digits)
{
    static const struct {
        double v;
        const char *text;
    } rows[] = {
        {21.5, "21.5"},
        {0.1, "0.1"},
        {0.3, "0.3"},
        {1.0 / 3, "0.3333333333333333"},
        {100, "100.0"},
        {123456789012345680000.0, "123456789012345680000.0"},
        {1e21, "1.0e+21"},
        {1e22, "1.0e+22"},
        {1e23, "1.0e+23"},
        {9007199254740993.0, "9007199254740992.0"},
        {0.000001, "0.000001"},
        {0.0000001, "1.0e-7"},
        {1.5e-7, "1.5e-7"},
        {5e-324, "5.0e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {2.2250738585072011e-308, "2.225073858507201e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {-273.15, "-273.15"},
        {4.35, "4.35"},
        {9.5367431640625e-7, "9.5367431640625e-7"},
        {9.999999999999997e22, "9.999999999999997e+22"},
        {2.98023223876953125e-8, "2.9802322387695312e-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[40];
        struct tomte_text t;
        tomte_text_init(&t, line, sizeof line);
        tomte_cbor_diag_double(&t, rows[i].v);
        CHECK_BYTES(tomte_span_str(rows[i].text), tomte_span_str(line));
    }
}
