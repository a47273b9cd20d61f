/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/origin.h"
#include "channel/stream.h"
#include "channel/value.h"
#include "coap/option.h"
#include "help.h"

static const struct tomte_origin *largest(void)
{
    static struct tomte_origin o;
    o = origin("a123456789012345678901234567890", TOMTE_SEQUENCE_MAX,
               TOMTE_SEQUENCE_MAX, TOMTE_SEQUENCE_MAX);
    o.base = TOMTE_SEQUENCE_MAX;
    o.not_after = UINT64_MAX;
    return &o;
}

TEST(option_is_elective_and_safe_to_forward)
{
    CHECK(!tomte_coap_is_critical(TOMTE_OPTION_ORIGIN));
    CHECK(!tomte_coap_is_unsafe(TOMTE_OPTION_ORIGIN));
    CHECK(!tomte_coap_is_no_cache_key(TOMTE_OPTION_ORIGIN));
}

TEST(origin_has_the_bytes_of_the_specification)
{
    struct tomte_origin o = origin("heating", 8, 524288, 300);
    o.base = 299;
    o.not_after = 1000000;
    uint8_t memory[TOMTE_ORIGIN_BYTES_MAX], expected[64];
    struct tomte_span value;
    CHECK_OK(tomte_origin_encode(&o, TOMTE_BUF_ARRAY(memory), &value));
    CHECK_BYTES(test_hex("86 67 68656174696e67 08 1a00080000 19012c 19012b"
                         "1a000f4240",
                         TOMTE_BUF_ARRAY(expected)),
                value);
    struct tomte_origin back;
    CHECK_OK(tomte_origin_decode(value, &back));
    CHECK(memcmp(&o, &back, sizeof o) == 0);
}

TEST(largest_origin_fits_exactly)
{
    uint8_t memory[TOMTE_ORIGIN_BYTES_MAX];
    struct tomte_span value;
    CHECK_OK(tomte_origin_encode(largest(), TOMTE_BUF_ARRAY(memory), &value));
    CHECK_EQ(TOMTE_ORIGIN_BYTES_MAX, value.len);
    struct tomte_buf small = TOMTE_BUF(memory, TOMTE_ORIGIN_BYTES_MAX - 1);
    CHECK_EQ(TOMTE_ERR_FULL, tomte_origin_encode(largest(), small, &value));
}

TEST(origin_refuses_what_is_not_one)
{
    static const struct {
        const char *hex;
        enum tomte_err err;
    } cases[] = {
        {"86 6161 01 01 01 00 00", TOMTE_OK},
        {"86 6161 01 01 01 01 00", TOMTE_OK},
        {"", TOMTE_ERR_TRUNCATED},
        {"86 6161 01 01 01 00", TOMTE_ERR_TRUNCATED},
        {"85 6161 01 01 01 00", TOMTE_ERR_MISSING},
        {"87 6161 01 01 01 00 00 00", TOMTE_ERR_TRAILING},
        {"86 6161 01 01 01 00 00 00", TOMTE_ERR_TRAILING},
        {"86 6161 00 01 01 00 00", TOMTE_ERR_RANGE}, /* epoch 0 */
        {"86 6161 01 00 01 00 00", TOMTE_ERR_RANGE}, /* stream 0 */
        {"86 6161 01 01 00 00 00", TOMTE_ERR_RANGE}, /* sequence 0 */
        {"86 6161 01 01 01 02 00", TOMTE_ERR_RANGE}, /* base above it */
        {"86 6161 01 01 1bffffffffffffffff 00 00", TOMTE_ERR_RANGE},
        {"86 6161 1b8000000000000000 01 01 00 00", TOMTE_ERR_RANGE},
        {"86 6161 1801 01 01 00 00", TOMTE_ERR_NOT_CANONICAL},
        {"86 6161 20 01 01 00 00", TOMTE_ERR_TYPE},
        {"86 4161 01 01 01 00 00", TOMTE_ERR_TYPE},
        {"86 6141 01 01 01 00 00", TOMTE_ERR_MALFORMED}, /* not a name */
        {"86 60 01 01 01 00 00", TOMTE_ERR_MISSING},
        {"9f 6161 01 01 01 00 00 ff", TOMTE_ERR_NOT_CANONICAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t memory[64];
        struct tomte_origin o;
        struct tomte_span value =
            test_hex(cases[i].hex, TOMTE_BUF_ARRAY(memory));
        CHECK_EQ(cases[i].err, tomte_origin_decode(value, &o));
        if (cases[i].err != TOMTE_OK)
            CHECK_EQ(0, o.epoch | o.stream | o.sequence | o.identity.len);
    }
}

TEST(origin_is_not_encoded_when_nobody_would_decode_it)
{
    uint8_t memory[TOMTE_ORIGIN_BYTES_MAX];
    struct tomte_span value;
    struct tomte_origin o = origin("a", 1, 1, 0);
    CHECK_EQ(TOMTE_ERR_RANGE,
             tomte_origin_encode(&o, TOMTE_BUF_ARRAY(memory), &value));
    o = (struct tomte_origin){.epoch = 1, .stream = 1, .sequence = 1};
    CHECK_EQ(TOMTE_ERR_RANGE,
             tomte_origin_encode(&o, TOMTE_BUF_ARRAY(memory), &value));
}

TEST(origin_orders_by_epoch_then_stream_then_sequence)
{
    static const uint64_t rising[][3] = {
        {1, 1, 1}, {1, 1, 2}, {1, 2, 1}, {2, 1, 1}, {2, 1, 5}, {3, 1, 1},
    };
    size_t n = sizeof rising / sizeof *rising;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            struct tomte_origin a =
                origin("a", rising[i][0], rising[i][1], rising[i][2]);
            struct tomte_origin b =
                origin("a", rising[j][0], rising[j][1], rising[j][2]);
            int expected = i < j ? -1 : i > j;
            CHECK_EQ(expected, tomte_origin_compare(&a, &b));
        }
}

TEST(stream_rises_whatever_was_forgotten)
{
    struct tomte_stream s;
    tomte_stream_init(&s);
    EXPECT_PANIC(tomte_stream_take(&s));
    tomte_stream_open(&s, 3);
    CHECK_EQ(1, tomte_stream_take(&s));
    CHECK_EQ(2, tomte_stream_take(&s));
    uint64_t first = s.stream;
    tomte_stream_open(&s, 3);
    CHECK(s.stream > first);
    CHECK_EQ(3, tomte_stream_take(&s));

    /* Epoch 4 starts from what epoch 3 had stored before its second stream. */
    struct tomte_stream standby = {.stream = first, .next = 2};
    tomte_stream_open(&standby, 4);
    CHECK(standby.stream > s.stream);

    /* Someone who knows nothing any more. */
    struct tomte_stream anew;
    tomte_stream_init(&anew);
    tomte_stream_open(&anew, 5);
    CHECK(anew.stream > standby.stream);
}

TEST(stamps_rise_within_and_across_boots)
{
    struct tomte_stream s;
    tomte_stream_init(&s);
    uint64_t a = tomte_stream_stamp(&s, 7, 1000);
    uint64_t b = tomte_stream_stamp(&s, 7, 1000);
    uint64_t c = tomte_stream_stamp(&s, 7, 2000);
    CHECK(a < b && b < c);
    struct tomte_stream again; /* the slot was loaded anew, same boot */
    tomte_stream_init(&again);
    CHECK(tomte_stream_stamp(&again, 7, 2001) > c);
    CHECK_EQ(7, again.stream);
}

TEST(value_is_bounded_and_compared_by_format_too)
{
    uint8_t bytes[TOMTE_VALUE_BYTES_MAX + 1] = {1, 2, 3};
    struct tomte_value a = {.len = 0}, b = {.len = 0};
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_value_set(&a, 112, TOMTE_SPAN_ARRAY(bytes)));
    CHECK_OK(
        tomte_value_set(&a, 112, TOMTE_SPAN(bytes, TOMTE_VALUE_BYTES_MAX)));
    CHECK_OK(tomte_value_set(&a, 112, TOMTE_SPAN(bytes, 3)));
    CHECK_BYTES(TOMTE_SPAN(bytes, 3), tomte_value_span(&a));
    CHECK_OK(tomte_value_set(&b, 112, TOMTE_SPAN(bytes, 3)));
    CHECK(tomte_value_equal(&a, &b));
    b.format = 60;
    CHECK(!tomte_value_equal(&a, &b));
    CHECK_OK(tomte_value_set(&b, 112, TOMTE_SPAN_NONE));
    CHECK(!tomte_value_equal(&a, &b));
}
