/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "cbor/cbor.h"
#include "test.h"

static uint8_t memory[256];
static struct tomte_cbor_enc e;
static struct tomte_span out;

static void begin(void)
{
    tomte_cbor_encode_init(&e, TOMTE_BUF_ARRAY(memory));
}

static void check_done(const char *hex)
{
    uint8_t bytes[256];
    CHECK_OK(tomte_cbor_encode_done(&e, &out));
    CHECK_BYTES(test_hex(hex, TOMTE_BUF_ARRAY(bytes)), out);
}

static void check_error(enum tomte_err err)
{
    CHECK_EQ(err, tomte_cbor_encode_done(&e, &out));
    CHECK_EQ(0, out.len);
}

TEST(encode_every_kind_in_one_item)
{
    begin();
    tomte_cbor_put_array(&e, 12);
    tomte_cbor_put_uint(&e, UINT64_MAX);
    tomte_cbor_put_int(&e, INT64_MIN);
    tomte_cbor_put_negative(&e, UINT64_MAX);
    tomte_cbor_put_bytes(&e, TOMTE_SPAN_NONE);
    tomte_cbor_put_str(&e, "a");
    tomte_cbor_put_tag(&e, 24);
    tomte_cbor_put_bytes(&e, TOMTE_SPAN_LIT("\x01"));
    tomte_cbor_put_bool(&e, true);
    tomte_cbor_put_null(&e);
    tomte_cbor_put_undefined(&e);
    tomte_cbor_put_simple(&e, 255);
    tomte_cbor_put_double(&e, 21.5);
    tomte_cbor_put_map(&e, 1);
    tomte_cbor_put_int(&e, -1);
    tomte_cbor_put_array(&e, 0);
    check_done("8c 1bffffffffffffffff 3b7fffffffffffffff 3bffffffffffffffff"
               "40 6161 d8184101 f5 f6 f7 f8ff f94d60 a12080");
}

TEST(encode_floats_in_their_shortest_form)
{
    static const struct {
        double v;
        const char *hex;
    } rows[] = {
        {5.9604644775390625e-8, "f90001"},     /* smallest half */
        {6.097555160522461e-5, "f903ff"},      /* largest half subnormal */
        {2.9802322387695312e-8, "fa33000000"}, /* 2^-25: too small */
        {65504.0, "f97bff"},
        {65505.0, "fa477fe100"},
        {65536.0, "fa47800000"},
        {1.401298464324817e-45, "fa00000001"},  /* smallest single */
        {1.1754942106924411e-38, "fa007fffff"}, /* largest single subnormal */
        {7.006492321624085e-46, "fb3690000000000000"},
        {3.4028234663852886e+38, "fa7f7fffff"},
        {3.4028236692093846e+38, "fb47f0000000000000"}, /* 2^128 */
        {5e-324, "fb0000000000000001"},
        {1.7976931348623157e+308, "fb7fefffffffffffff"},
        {-0.0, "f98000"},
        {16777217.0, "fb4170000010000000"},         /* 2^24 + 1 */
        {1.0000000000000002, "fb3ff0000000000001"}, /* the last bit */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin();
        tomte_cbor_put_double(&e, rows[i].v);
        check_done(rows[i].hex);
        struct tomte_cbor_dec d;
        tomte_cbor_decode_init(&d, out, 0);
        double v = tomte_cbor_get_double(&d);
        CHECK_OK(tomte_cbor_decode_done(&d));
        CHECK(memcmp(&v, &rows[i].v, sizeof v) == 0);
    }
}

TEST(encode_integers_in_their_shortest_form)
{
    static const struct {
        uint64_t v;
        const char *hex;
    } rows[] = {
        {23, "17"},
        {24, "1818"},
        {0xff, "18ff"},
        {0x100, "190100"},
        {0xffff, "19ffff"},
        {0x10000, "1a00010000"},
        {0xffffffff, "1affffffff"},
        {0x100000000, "1b0000000100000000"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tomte_cbor_dec d;
        begin();
        tomte_cbor_put_uint(&e, rows[i].v);
        check_done(rows[i].hex);
        tomte_cbor_decode_init(&d, out, 0);
        CHECK(tomte_cbor_get_uint(&d) == rows[i].v);
        CHECK_OK(tomte_cbor_decode_done(&d));
    }
}

TEST(encode_every_half_and_back)
{
    for (uint32_t half = 0; half <= UINT16_MAX; half++) {
        const uint8_t in[] = {0xf9, (uint8_t)(half >> 8), (uint8_t)half};
        struct tomte_cbor_dec d;
        tomte_cbor_decode_init(&d, TOMTE_SPAN_ARRAY(in), TOMTE_CBOR_LENIENT);
        begin();
        tomte_cbor_put_double(&e, tomte_cbor_get_double(&d));
        CHECK_OK(tomte_cbor_decode_done(&d));
        CHECK_OK(tomte_cbor_encode_done(&e, &out));
        bool nan = (half & 0x7c00) == 0x7c00 && (half & 0x3ff) != 0;
        CHECK_BYTES(nan ? TOMTE_SPAN_LIT("\xf9\x7e\x00") : TOMTE_SPAN_ARRAY(in),
                    out);
    }
}

static void put_sample(void)
{
    tomte_cbor_put_map(&e, 2);
    tomte_cbor_put_int(&e, 1);
    tomte_cbor_put_array(&e, 2);
    tomte_cbor_put_str(&e, "kitchen");
    tomte_cbor_put_double(&e, 1.1);
    tomte_cbor_put_int(&e, -1);
    tomte_cbor_put_bytes(&e, TOMTE_SPAN_LIT("0123456789"));
}

TEST(encode_counts_without_a_buffer)
{
    begin();
    put_sample();
    CHECK_OK(tomte_cbor_encode_done(&e, &out));
    size_t size = out.len;
    tomte_cbor_encode_init(&e, TOMTE_BUF(NULL, 0));
    put_sample();
    CHECK_OK(tomte_cbor_encode_done(&e, &out));
    CHECK_EQ(size, out.len);
    CHECK(out.data == NULL);
}

TEST(encode_never_writes_past_a_small_buffer)
{
    begin();
    put_sample();
    CHECK_OK(tomte_cbor_encode_done(&e, &out));
    size_t size = out.len;
    for (size_t cap = 0; cap < size; cap++) {
        memset(memory, 0xdb, sizeof memory);
        tomte_cbor_encode_init(&e, TOMTE_BUF(memory, cap));
        put_sample();
        check_error(TOMTE_ERR_FULL);
        for (size_t i = cap; i < sizeof memory; i++)
            CHECK_EQ(0xdb, memory[i]);
    }
    tomte_cbor_encode_init(&e, TOMTE_BUF(memory, size));
    put_sample();
    CHECK_OK(tomte_cbor_encode_done(&e, &out));
}

TEST(encode_counts_items)
{
    begin();
    check_error(TOMTE_ERR_MISSING);
    begin();
    tomte_cbor_put_array(&e, 2);
    tomte_cbor_put_uint(&e, 1);
    check_error(TOMTE_ERR_MISSING);
    begin();
    tomte_cbor_put_map(&e, 1);
    tomte_cbor_put_uint(&e, 1);
    check_error(TOMTE_ERR_MISSING);
    begin();
    tomte_cbor_put_tag(&e, 1);
    check_error(TOMTE_ERR_MISSING);
    begin();
    tomte_cbor_put_array(&e, 1);
    tomte_cbor_put_uint(&e, 1);
    tomte_cbor_put_uint(&e, 2);
    check_error(TOMTE_ERR_TRAILING);
    begin();
    tomte_cbor_put_uint(&e, 1);
    tomte_cbor_put_tag(&e, 1);
    check_error(TOMTE_ERR_MISSING);
}

TEST(encode_sequences)
{
    begin();
    CHECK_OK(tomte_cbor_encode_done_sequence(&e, &out));
    CHECK_EQ(0, out.len);
    tomte_cbor_put_uint(&e, 1);
    tomte_cbor_put_str(&e, "b");
    CHECK_OK(tomte_cbor_encode_done_sequence(&e, &out));
    CHECK_BYTES(TOMTE_SPAN_LIT("\x01\x61\x62"), out);
}

TEST(encode_wants_sorted_unique_keys)
{
    begin();
    tomte_cbor_put_map(&e, 3);
    tomte_cbor_put_int(&e, 24), tomte_cbor_put_null(&e);
    tomte_cbor_put_int(&e, -1), tomte_cbor_put_null(&e);
    tomte_cbor_put_str(&e, ""), tomte_cbor_put_null(&e);
    check_done("a3 1818f6 20f6 60f6");
    begin();
    tomte_cbor_put_map(&e, 2);
    tomte_cbor_put_int(&e, -1), tomte_cbor_put_null(&e);
    tomte_cbor_put_int(&e, 24), tomte_cbor_put_null(&e);
    check_error(TOMTE_ERR_NOT_CANONICAL);
    begin();
    tomte_cbor_put_map(&e, 2);
    tomte_cbor_put_str(&e, "x"), tomte_cbor_put_null(&e);
    tomte_cbor_put_str(&e, "x"), tomte_cbor_put_null(&e);
    check_error(TOMTE_ERR_DUPLICATE);
    /* A container as a key is compared as a whole, when it is complete. */
    begin();
    tomte_cbor_put_map(&e, 2);
    tomte_cbor_put_array(&e, 2);
    tomte_cbor_put_int(&e, 1), tomte_cbor_put_int(&e, 3);
    tomte_cbor_put_null(&e);
    tomte_cbor_put_array(&e, 2);
    tomte_cbor_put_int(&e, 1), tomte_cbor_put_int(&e, 2);
    tomte_cbor_put_null(&e);
    check_error(TOMTE_ERR_NOT_CANONICAL);
}

TEST(encode_nests_to_the_limit)
{
    begin();
    for (int i = 0; i < TOMTE_LIMIT_CBOR_DEPTH; i++)
        tomte_cbor_put_array(&e, 1);
    tomte_cbor_put_null(&e);
    CHECK_OK(tomte_cbor_encode_done(&e, &out));
    CHECK_EQ(TOMTE_LIMIT_CBOR_DEPTH + 1, out.len);
    begin();
    for (int i = 0; i < TOMTE_LIMIT_CBOR_DEPTH; i++)
        tomte_cbor_put_array(&e, 1);
    tomte_cbor_put_array(&e, 0);
    check_error(TOMTE_ERR_TOO_LARGE);
    begin();
    tomte_cbor_put_array(&e, SIZE_MAX);
    check_error(TOMTE_ERR_TOO_LARGE);
    begin();
    tomte_cbor_put_map(&e, TOMTE_CBOR_BYTES_MAX);
    check_error(TOMTE_ERR_TOO_LARGE);
}

TEST(encode_counts_up_to_its_limit)
{
    static const uint8_t nothing[1];
    tomte_cbor_encode_init(&e, TOMTE_BUF(NULL, 0));
    tomte_cbor_put_bytes(&e, TOMTE_SPAN(nothing, TOMTE_CBOR_BYTES_MAX - 5));
    CHECK_OK(tomte_cbor_encode_done(&e, &out));
    CHECK(out.len == TOMTE_CBOR_BYTES_MAX);
    tomte_cbor_encode_init(&e, TOMTE_BUF(NULL, 0));
    tomte_cbor_put_bytes(&e, TOMTE_SPAN(nothing, TOMTE_CBOR_BYTES_MAX - 4));
    check_error(TOMTE_ERR_TOO_LARGE);
}

static void put_raw(const char *hex)
{
    uint8_t bytes[64];
    tomte_cbor_put_raw(&e, test_hex(hex, TOMTE_BUF_ARRAY(bytes)));
}

TEST(encode_raw_items_are_checked)
{
    begin();
    tomte_cbor_put_array(&e, 2);
    put_raw("a10182 0203");
    put_raw("c101");
    check_done("82 a101820203 c101");
    static const struct {
        const char *hex;
        enum tomte_err err;
    } rows[] = {
        {"", TOMTE_ERR_TRUNCATED},         {"82 01", TOMTE_ERR_TRUNCATED},
        {"01 02", TOMTE_ERR_TRAILING},     {"1817", TOMTE_ERR_NOT_CANONICAL},
        {"9fff", TOMTE_ERR_NOT_CANONICAL}, {"1c", TOMTE_ERR_MALFORMED},
        {"c1", TOMTE_ERR_TRUNCATED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin();
        put_raw(rows[i].hex);
        check_error(rows[i].err);
    }
    /* The depth around it counts. */
    begin();
    for (int i = 0; i < TOMTE_LIMIT_CBOR_DEPTH; i++)
        tomte_cbor_put_array(&e, 1);
    put_raw("80");
    check_error(TOMTE_ERR_TOO_LARGE);
}

TEST(encode_refuses_what_no_decoder_takes)
{
    begin();
    tomte_cbor_put_text(&e, TOMTE_SPAN_LIT("\xff"));
    check_error(TOMTE_ERR_MALFORMED);
    begin();
    tomte_cbor_put_simple(&e, 24);
    check_error(TOMTE_ERR_RANGE);
    begin();
    tomte_cbor_put_simple(&e, 31);
    check_error(TOMTE_ERR_RANGE);
    begin();
    tomte_cbor_put_simple(&e, 32);
    check_done("f820");
}

TEST(encode_keeps_its_first_error)
{
    begin();
    tomte_cbor_put_simple(&e, 24);
    tomte_cbor_put_text(&e, TOMTE_SPAN_LIT("\xff"));
    tomte_cbor_put_uint(&e, 1);
    check_error(TOMTE_ERR_RANGE);
    check_error(TOMTE_ERR_RANGE);
}
