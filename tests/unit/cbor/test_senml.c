/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "cbor/senml.h"
#include "test.h"

#include <math.h>

static uint8_t memory[256], other[256];
static struct tomte_senml r;

static struct tomte_span encode(const struct tomte_senml *record)
{
    struct tomte_span pack;
    CHECK_OK(tomte_senml_encode(record, TOMTE_BUF_ARRAY(memory), &pack));
    return pack;
}

static void check_encoding(const char *hex, const struct tomte_senml *record)
{
    CHECK_BYTES(test_hex(hex, TOMTE_BUF_ARRAY(other)), encode(record));
}

static enum tomte_err decode(const char *hex, unsigned flags)
{
    struct tomte_span pack = test_hex(hex, TOMTE_BUF_ARRAY(other));
    return tomte_senml_decode(pack, flags, &r);
}

static enum tomte_err decode_foreign(const char *hex)
{
    return decode(hex, TOMTE_CBOR_LENIENT);
}

TEST(senml_shortest_message)
{
    check_encoding("81 a1 02 f94d60",
                   &(struct tomte_senml){.value = tomte_senml_double(21.5)});
    CHECK_OK(decode("81 a1 02 f94d60", 0));
    CHECK_EQ(TOMTE_SENML_DOUBLE, r.value.type);
    CHECK(r.value.d == 21.5);
    CHECK_EQ(TOMTE_SENML_NONE, r.time.type);
    CHECK_EQ(0, r.name.len + r.base_name.len + r.unit.len);
}

TEST(senml_every_type_of_value)
{
    check_encoding("81 a1 02 14",
                   &(struct tomte_senml){.value = tomte_senml_int(20)});
    check_encoding("81 a1 04 f5",
                   &(struct tomte_senml){.value = tomte_senml_bool(true)});
    check_encoding(
        "81 a1 03 626f6e",
        &(struct tomte_senml){.value = tomte_senml_text(TOMTE_SPAN_LIT("on"))});
    check_encoding(
        "81 a1 08 42 0102",
        &(struct tomte_senml){.value = {.type = TOMTE_SENML_DATA,
                                        .s = TOMTE_SPAN_LIT("\x01\x02")}});
    CHECK_OK(decode("81 a1 02 14", 0));
    CHECK(r.value.type == TOMTE_SENML_INT && r.value.i == 20);
    CHECK_OK(decode("81 a1 04 f5", 0));
    CHECK(r.value.type == TOMTE_SENML_BOOL && r.value.b);
    CHECK_OK(decode("81 a1 03 626f6e", 0));
    CHECK_EQ(TOMTE_SENML_TEXT, r.value.type);
    CHECK_BYTES(TOMTE_SPAN_LIT("on"), r.value.s);
    CHECK_OK(decode("81 a1 08 42 0102", 0));
    CHECK_EQ(TOMTE_SENML_DATA, r.value.type);
    CHECK_BYTES(TOMTE_SPAN_LIT("\x01\x02"), r.value.s);
}

TEST(senml_whole_record_there_and_back)
{
    struct tomte_senml in = {
        .base_name = TOMTE_SPAN_LIT("kitchen/"),
        .name = TOMTE_SPAN_LIT("temp"),
        .unit = TOMTE_SPAN_LIT("Cel"),
        .value = tomte_senml_int(-5),
        .time = tomte_senml_double(1276020076.5),
    };
    check_encoding("81 a5 00 6474656d70 01 6343656c 02 24"
                   "06 fb41d303a15b200000 21 686b69746368656e2f",
                   &in);
    struct tomte_span pack = encode(&in), name;
    uint8_t room[12];
    CHECK_OK(tomte_senml_decode(pack, 0, &r));
    CHECK_BYTES(in.unit, r.unit);
    CHECK(r.value.type == TOMTE_SENML_INT && r.value.i == -5);
    CHECK(r.time.type == TOMTE_SENML_DOUBLE && r.time.d == 1276020076.5);
    CHECK_OK(tomte_senml_full_name(&r, TOMTE_BUF_ARRAY(room), &name));
    CHECK_BYTES(TOMTE_SPAN_LIT("kitchen/temp"), name);
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_senml_full_name(&r, TOMTE_BUF(room, 11), &name));
    CHECK_EQ(0, name.len);
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_senml_full_name(&r, TOMTE_BUF(room, 7), &name));
    r.name.len = 0;
    CHECK_OK(tomte_senml_full_name(&r, TOMTE_BUF(room, 8), &name));
    CHECK_BYTES(TOMTE_SPAN_LIT("kitchen/"), name);
    /* Data stands behind the time: 8 is greater than 6. */
    in = (struct tomte_senml){
        .value = {.type = TOMTE_SENML_DATA, .s = TOMTE_SPAN_LIT("x")},
        .time = tomte_senml_int(-1)};
    check_encoding("81 a2 06 20 08 4178", &in);
}

static enum tomte_err encode_error(const struct tomte_senml *record)
{
    struct tomte_span pack;
    return tomte_senml_encode(record, TOMTE_BUF_ARRAY(memory), &pack);
}

static enum tomte_err name_error(const char *base, const char *name)
{
    struct tomte_senml in = {.base_name = tomte_span_str(base),
                             .name = tomte_span_str(name),
                             .value = tomte_senml_int(1)};
    return encode_error(&in);
}

TEST(senml_encode_refuses)
{
    struct tomte_span pack;
    struct tomte_senml in = {0};
    CHECK_EQ(TOMTE_ERR_MISSING, encode_error(&in));
    in.value = tomte_senml_double((double)NAN);
    CHECK_EQ(TOMTE_ERR_INVALID, encode_error(&in));
    in.value = tomte_senml_double((double)-INFINITY);
    CHECK_EQ(TOMTE_ERR_INVALID, encode_error(&in));
    in.value = tomte_senml_int(1);
    in.time = tomte_senml_bool(true);
    CHECK_EQ(TOMTE_ERR_TYPE, encode_error(&in));
    in.time = tomte_senml_double((double)INFINITY);
    CHECK_EQ(TOMTE_ERR_INVALID, encode_error(&in));
    in.time = tomte_senml_int(1);
    CHECK_OK(encode_error(&in));
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_senml_encode(&in, TOMTE_BUF(memory, 5), &pack));
    /* Section 4.5.1. */
    CHECK_OK(name_error("", "A-:./_z9Za0"));
    CHECK_OK(name_error("a", "/b"));
    CHECK_EQ(TOMTE_ERR_INVALID, name_error("", "/b"));
    CHECK_EQ(TOMTE_ERR_INVALID, name_error("-", "b"));
    CHECK_EQ(TOMTE_ERR_INVALID, name_error("", "a b"));
    CHECK_EQ(TOMTE_ERR_INVALID, name_error("a\x7f", "b"));
}

/* RFC 8428 section 6, the example; its first record. */
TEST(senml_example_of_the_rfc)
{
    const char *hex =
        "87 a7 21 781b 75726e3a6465763a6f773a313065323037336130313038303036"
        "3a 22 fb41d303a15b001062 23 6141 20 05 00 67766f6c74616765 01 6156"
        "02 fb405e066666666666 a3 00 6763757272656e74 06 24 02"
        "fb3ff3333333333333 a3 00 6763757272656e74 06 23 02"
        "fb3ff4cccccccccccd a3 00 6763757272656e74 06 22 02"
        "fb3ff6666666666666 a3 00 6763757272656e74 06 21 02 f93e00 a3 00"
        "6763757272656e74 06 20 02 fb3ff999999999999a a3 00"
        "6763757272656e74 06 00 02 fb3ffb333333333333";
    CHECK_EQ(TOMTE_ERR_NOT_CANONICAL, decode(hex, 0));
    CHECK_EQ(TOMTE_SENML_NONE, r.value.type);
    CHECK_OK(decode_foreign(hex));
    CHECK_BYTES(TOMTE_SPAN_LIT("urn:dev:ow:10e2073a0108006:"), r.base_name);
    CHECK_BYTES(TOMTE_SPAN_LIT("voltage"), r.name);
    CHECK_BYTES(TOMTE_SPAN_LIT("V"), r.unit);
    CHECK(r.value.type == TOMTE_SENML_DOUBLE && r.value.d == 120.1);
    CHECK(r.time.type == TOMTE_SENML_DOUBLE && r.time.d == 1276020076.001);
}

TEST(senml_base_fields_apply)
{
    /* {-4: "Cel", -5: 20, 2: 1.5, -3: 1000, 6: 5} */
    CHECK_OK(
        decode_foreign("81 a5 23 6343656c 24 14 02 f93e00 22 1903e8 0605"));
    CHECK_BYTES(TOMTE_SPAN_LIT("Cel"), r.unit);
    CHECK(r.value.type == TOMTE_SENML_DOUBLE && r.value.d == 21.5);
    CHECK(r.time.type == TOMTE_SENML_INT && r.time.i == 1005);
    /* Integers stay integers as long as the sum is one. */
    CHECK_OK(decode_foreign("81 a2 24 14 02 01"));
    CHECK(r.value.type == TOMTE_SENML_INT && r.value.i == 21);
    CHECK_OK(decode_foreign("81 a2 24 1b7fffffffffffffff 02 01"));
    CHECK(r.value.type == TOMTE_SENML_DOUBLE && r.value.d == 0x1p63);
    CHECK_OK(decode_foreign("81 a2 24 3b7fffffffffffffff 02 20"));
    CHECK(r.value.type == TOMTE_SENML_DOUBLE && r.value.d == -0x1p63);
    CHECK_OK(decode_foreign("81 a2 24 1b7ffffffffffffffe 02 01"));
    CHECK(r.value.type == TOMTE_SENML_INT && r.value.i == INT64_MAX);
    CHECK_OK(decode_foreign("81 a2 24 3b7ffffffffffffffe 02 20"));
    CHECK(r.value.type == TOMTE_SENML_INT && r.value.i == INT64_MIN);
    CHECK_OK(decode_foreign("81 a2 24 00 02 3b7fffffffffffffff"));
    CHECK(r.value.type == TOMTE_SENML_INT && r.value.i == INT64_MIN);
    /* A base value is no base for a text. */
    CHECK_OK(decode_foreign("81 a2 24 14 03 6161"));
    CHECK_EQ(TOMTE_SENML_TEXT, r.value.type);
    /* The sum leaves the doubles. */
    CHECK_EQ(TOMTE_ERR_INVALID, decode_foreign("81 a2 24 fb7fefffffffffffff"
                                               "02 fb7fefffffffffffff"));
    /* Section 5.1.7: base fields in a record of their own. */
    CHECK_OK(
        decode_foreign("83 a1 21 626b2f a2 00 6161 02 01 a2 0061 6202 02"));
    CHECK_BYTES(TOMTE_SPAN_LIT("k/"), r.base_name);
    CHECK_BYTES(TOMTE_SPAN_LIT("a"), r.name);
    CHECK_EQ(1, r.value.i);
}

TEST(senml_other_forms_of_numbers)
{
    CHECK_OK(decode_foreign("9f bf 02 fa41ac0000 ff ff")); /* 21.5f */
    CHECK(r.value.d == 21.5);
    /* Decimal fractions: 4([-1, 215]), 4([3, -2]), 4([-22, 1]). */
    CHECK_OK(decode("81 a1 02 c4 82 20 18d7", 0));
    CHECK(r.value.type == TOMTE_SENML_DOUBLE && r.value.d == 21.5);
    CHECK_OK(decode("81 a1 02 c4 82 03 21", 0));
    CHECK(r.value.d == -2000.0);
    CHECK_OK(decode("81 a1 02 c4 82 35 01", 0));
    CHECK(r.value.d == 1e-22);
    CHECK_OK(decode("81 a1 02 c4 82 16 1b0020000000000000", 0));
    CHECK(r.value.d == 0x1p53 * 1e22);
    CHECK_OK(decode("81 a1 02 c4 82 00 3b001fffffffffffff", 0));
    CHECK(r.value.d == -0x1p53);
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             decode("81 a1 02 c4 82 00 3b0020000000000000", 0));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, decode("81 a1 02 c4 82 17 01", 0));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, decode("81 a1 02 c4 82 36 01", 0));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             decode("81 a1 02 c4 82 00 1b0020000000000001", 0));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             decode("81 a1 02 c4 82 3b7fffffffffffffff 01", 0));
    CHECK_EQ(TOMTE_ERR_TRAILING, decode("81 a1 02 c4 83 00 01 02", 0));
    CHECK_EQ(TOMTE_ERR_MISSING, decode("81 a1 02 c4 81 00", 0));
    CHECK_EQ(TOMTE_ERR_RANGE, decode("81 a1 02 1b8000000000000000", 0));
    CHECK_EQ(TOMTE_ERR_TYPE, decode("81 a1 02 6131", 0));
    CHECK_EQ(TOMTE_ERR_TYPE, decode("81 a1 02 c5 82 00 01", 0));
    CHECK_EQ(TOMTE_ERR_INVALID, decode("81 a1 02 f97e00", 0));
    CHECK_EQ(TOMTE_ERR_INVALID, decode("81 a2 02 01 06 f97c00", 0));
}

TEST(senml_refusals)
{
    CHECK_EQ(TOMTE_ERR_MISSING, decode("80", 0));
    CHECK_EQ(TOMTE_ERR_MISSING, decode("81 a0", 0));
    CHECK_EQ(TOMTE_ERR_MISSING, decode("81 a1 00 6161", 0));
    CHECK_EQ(TOMTE_ERR_TYPE, decode("a1 02 01", 0));
    CHECK_EQ(TOMTE_ERR_TYPE, decode("81 02", 0));
    CHECK_EQ(TOMTE_ERR_DUPLICATE, decode("81 a2 02 01 04 f5", 0));
    CHECK_EQ(TOMTE_ERR_DUPLICATE, decode("81 a2 02 01 02 02", 0));
    CHECK_EQ(TOMTE_ERR_DUPLICATE, decode_foreign("81 a2 02 01 02 02"));
    CHECK_EQ(TOMTE_ERR_DUPLICATE,
             decode_foreign("81 a3 00 6161 02 01 00 6161"));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, decode("81 a2 02 01 05 01", 0));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, decode("81 a2 02 01 25 01", 0));
    CHECK_EQ(TOMTE_ERR_VERSION, decode("81 a2 02 01 20 0b", 0));
    CHECK_OK(decode("81 a2 02 01 20 0a", 0));
    CHECK_EQ(TOMTE_ERR_TYPE, decode("81 a2 02 01 20 20", 0));
    CHECK_EQ(TOMTE_ERR_TRAILING, decode("81 a1 02 01 00", 0));
    CHECK_EQ(TOMTE_ERR_INVALID, decode("81 a2 00 612f 02 01", 0));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, /* a name in chunks */
             decode_foreign("81 a2 00 7f 6161 ff 02 01"));
    /* What follows the first record is still checked. */
    CHECK_EQ(TOMTE_ERR_TRUNCATED, decode("82 a1 02 01", 0));
    CHECK_EQ(TOMTE_ERR_MALFORMED, decode("82 a1 02 01 1c", 0));
}

TEST(senml_labels_not_known)
{
    /* {2: 1, 7: 60, 9: [1], "x": {}} */
    CHECK_OK(decode("81 a4 02 01 07 183c 09 8101 6178 a0", 0));
    CHECK_EQ(1, r.value.i);
    CHECK_OK(decode("81 a3 02 01 1903e8 00 26 00", 0));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, decode("81 a2 02 01 62785f a0", 0));
    CHECK_OK(decode("81 a2 02 01 60 a0", 0));
}

TEST(senml_numbers_as_doubles)
{
    struct tomte_senml_value v = tomte_senml_int(-3);
    double d;
    CHECK_OK(tomte_senml_number(&v, &d));
    CHECK(d == -3);
    v = tomte_senml_double(0.5);
    CHECK_OK(tomte_senml_number(&v, &d));
    CHECK(d == 0.5);
    v = tomte_senml_bool(true);
    CHECK_EQ(TOMTE_ERR_TYPE, tomte_senml_number(&v, &d));
    CHECK(d == 0);
}

TEST(senml_whole_numbers)
{
    CHECK_EQ(TOMTE_SENML_INT, tomte_senml_whole(0).type);
    CHECK_EQ(-21, tomte_senml_whole(-21).i);
    CHECK_EQ(9007199254740991, tomte_senml_whole(9007199254740991.0).i);
    CHECK_EQ(TOMTE_SENML_DOUBLE, tomte_senml_whole(21.5).type);
    CHECK_EQ(TOMTE_SENML_DOUBLE, tomte_senml_whole(1e300).type);
    CHECK_EQ(TOMTE_SENML_DOUBLE, tomte_senml_whole(-1e300).type);
    CHECK_EQ(TOMTE_SENML_DOUBLE, tomte_senml_whole((double)NAN).type);
}
