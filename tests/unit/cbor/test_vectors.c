/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 8949 appendix A (examples) and appendix F (not well-formed). */
#include "base/base.h"
#include "cbor/cbor.h"
#include "test.h"
#include "transcode.h"

#include <stdio.h>

struct example {
    const char *hex;
    const char *diag; /* bignums as the tagged bytes that they are */
};

/* Appendix A, those in deterministic form (section 4.2). */
static const struct example deterministic[] = {
    {"00", "0"},
    {"01", "1"},
    {"0a", "10"},
    {"17", "23"},
    {"1818", "24"},
    {"1819", "25"},
    {"1864", "100"},
    {"1903e8", "1000"},
    {"1a000f4240", "1000000"},
    {"1b000000e8d4a51000", "1000000000000"},
    {"1bffffffffffffffff", "18446744073709551615"},
    {"c249010000000000000000", "2(h'010000000000000000')"},
    {"3bffffffffffffffff", "-18446744073709551616"},
    {"c349010000000000000000", "3(h'010000000000000000')"},
    {"20", "-1"},
    {"29", "-10"},
    {"3863", "-100"},
    {"3903e7", "-1000"},
    {"f90000", "0.0"},
    {"f98000", "-0.0"},
    {"f93c00", "1.0"},
    {"fb3ff199999999999a", "1.1"},
    {"f93e00", "1.5"},
    {"f97bff", "65504.0"},
    {"fa47c35000", "100000.0"},
    {"fa7f7fffff", "3.4028234663852886e+38"},
    {"fb7e37e43c8800759c", "1.0e+300"},
    {"f90001", "5.960464477539063e-8"},
    {"f90400", "0.00006103515625"},
    {"f9c400", "-4.0"},
    {"fbc010666666666666", "-4.1"},
    {"f97c00", "Infinity"},
    {"f97e00", "NaN"},
    {"f9fc00", "-Infinity"},
    {"f4", "false"},
    {"f5", "true"},
    {"f6", "null"},
    {"f7", "undefined"},
    {"f0", "simple(16)"},
    {"f8ff", "simple(255)"},
    {"c074323031332d30332d32315432303a30343a30305a",
     "0(\"2013-03-21T20:04:00Z\")"},
    {"c11a514b67b0", "1(1363896240)"},
    {"c1fb41d452d9ec200000", "1(1363896240.5)"},
    {"d74401020304", "23(h'01020304')"},
    {"d818456449455446", "24(h'6449455446')"},
    {"d82076687474703a2f2f7777772e6578616d706c652e636f6d",
     "32(\"http://www.example.com\")"},
    {"40", "h''"},
    {"4401020304", "h'01020304'"},
    {"60", "\"\""},
    {"6161", "\"a\""},
    {"6449455446", "\"IETF\""},
    {"62225c", "\"\\\"\\\\\""},
    {"62c3bc", "\"\\u00fc\""},
    {"63e6b0b4", "\"\\u6c34\""},
    {"64f0908591", "\"\\ud800\\udd51\""},
    {"80", "[]"},
    {"83010203", "[1, 2, 3]"},
    {"8301820203820405", "[1, [2, 3], [4, 5]]"},
    {"98190102030405060708090a0b0c0d0e0f101112131415161718181819",
     "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, "
     "21, 22, 23, 24, 25]"},
    {"a0", "{}"},
    {"a201020304", "{1: 2, 3: 4}"},
    {"a26161016162820203", "{\"a\": 1, \"b\": [2, 3]}"},
    {"826161a161626163", "[\"a\", {\"b\": \"c\"}]"},
    {"a56161614161626142616361436164614461656145",
     "{\"a\": \"A\", \"b\": \"B\", \"c\": \"C\", \"d\": \"D\", \"e\": \"E\"}"},
};

/* Appendix A, the others: floats in a longer form, indefinite lengths. */
static const struct example lenient_only[] = {
    {"fa7f800000", "Infinity"},
    {"fa7fc00000", "NaN"},
    {"faff800000", "-Infinity"},
    {"fb7ff0000000000000", "Infinity"},
    {"fb7ff8000000000000", "NaN"},
    {"fbfff0000000000000", "-Infinity"},
    {"5f42010243030405ff", "(_ h'0102', h'030405')"},
    {"7f657374726561646d696e67ff", "(_ \"strea\", \"ming\")"},
    {"9fff", "[_ ]"},
    {"9f018202039f0405ffff", "[_ 1, [2, 3], [_ 4, 5]]"},
    {"9f01820203820405ff", "[_ 1, [2, 3], [4, 5]]"},
    {"83018202039f0405ff", "[1, [2, 3], [_ 4, 5]]"},
    {"83019f0203ff820405", "[1, [_ 2, 3], [4, 5]]"},
    {"9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff",
     "[_ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, "
     "20, 21, 22, 23, 24, 25]"},
    {"bf61610161629f0203ffff", "{_ \"a\": 1, \"b\": [_ 2, 3]}"},
    {"826161bf61626163ff", "[\"a\", {_ \"b\": \"c\"}]"},
    {"bf6346756ef563416d7421ff", "{_ \"Fun\": true, \"Amt\": -2}"},
};

/* Appendix F, in the order of its subsections. */
static const char *const not_well_formed[] = {
    /* F.1 end of input in a head */
    "18", "19", "1a", "1b", "1901", "1a0102", "1b01020304050607", "38", "58",
    "78", "98", "9a01ff00", "b8", "d8", "f8", "f900", "fa0000", "fb000000",
    /* definite strings with short data */
    "41", "61", "5affffffff00", "5bffffffffffffffff010203", "7affffffff00",
    "7b7fffffffffffffff010203",
    /* definite maps and arrays not closed with enough items */
    "81", "818181818181818181", "8200", "a1", "a20102", "a100", "a2000000",
    /* a tag that is not followed by its content */
    "c0",
    /* indefinite strings, maps and arrays not closed by a break */
    "5f4100", "7f6100", "9f", "9f0102", "bf", "bf01020102", "819f", "9f8000",
    "9f9f9f9f9fffffffff", "9f819f819f9fffffff",
    /* subkind 1: reserved additional information */
    "1c", "1d", "1e", "3c", "3d", "3e", "5c", "5d", "5e", "7c", "7d", "7e",
    "9c", "9d", "9e", "bc", "bd", "be", "dc", "dd", "de", "fc", "fd", "fe",
    /* subkind 2: reserved two-byte encodings of simple values */
    "f800", "f801", "f818", "f81f",
    /* subkind 3: chunks of a wrong type, or not definite */
    "5f00ff", "5f21ff", "5f6100ff", "5f80ff", "5fa0ff", "5fc000ff", "5fe0ff",
    "7f4100ff", "5f5f4100ffff", "7f7f6100ffff",
    /* subkind 4: a break where it must not be */
    "ff", "81ff", "8200ff", "a1ff", "a1ff00", "a100ff", "a20000ff", "9f81ff",
    "9f829f819f9fffffffff", "bf00ff", "bf000000ff",
    /* subkind 5: major types 0, 1, 6 with an indefinite length */
    "1f", "3f", "df",
    /* and a tag before a break */
    "9fc1ff", "bf00c1ff"};

static enum tomte_err skip_all(struct tomte_span in, unsigned flags)
{
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, in, flags);
    tomte_cbor_skip(&d);
    return tomte_cbor_decode_done(&d);
}

static void check_diag(const struct example *x, struct tomte_span in)
{
    char line[256];
    struct tomte_text t;
    tomte_text_init(&t, line, sizeof line);
    tomte_cbor_diag(&t, in);
    CHECK_BYTES(tomte_span_str(x->diag), tomte_span_str(line));
}

TEST(appendix_a_deterministic_comes_out_as_it_went_in)
{
    uint8_t bytes[64], again[64];
    struct tomte_span out;
    for (size_t i = 0; i < sizeof deterministic / sizeof *deterministic; i++) {
        const struct example *x = &deterministic[i];
        struct tomte_span in = test_hex(x->hex, TOMTE_BUF_ARRAY(bytes));
        CHECK_OK(skip_all(in, 0));
        CHECK_OK(skip_all(in, TOMTE_CBOR_LENIENT));
        CHECK_OK(transcode(in, 0, TOMTE_BUF_ARRAY(again), &out));
        CHECK_BYTES(in, out);
        check_diag(x, in);
    }
}

TEST(appendix_a_other_forms_only_leniently)
{
    uint8_t bytes[64];
    for (size_t i = 0; i < sizeof lenient_only / sizeof *lenient_only; i++) {
        const struct example *x = &lenient_only[i];
        struct tomte_span in = test_hex(x->hex, TOMTE_BUF_ARRAY(bytes));
        CHECK_EQ(TOMTE_ERR_NOT_CANONICAL, skip_all(in, 0));
        CHECK_OK(skip_all(in, TOMTE_CBOR_LENIENT));
        check_diag(x, in);
    }
}

TEST(appendix_f_is_refused_in_both_modes)
{
    uint8_t bytes[64];
    size_t n = sizeof not_well_formed / sizeof *not_well_formed;
    for (size_t i = 0; i < n; i++) {
        struct tomte_span in =
            test_hex(not_well_formed[i], TOMTE_BUF_ARRAY(bytes));
        enum tomte_err err = skip_all(in, TOMTE_CBOR_LENIENT);
        if (err != TOMTE_ERR_TRUNCATED && err != TOMTE_ERR_MALFORMED) {
            printf("  %s: %s\n", not_well_formed[i], tomte_err_name(err));
            CHECK(false);
        }
        CHECK(skip_all(in, 0) != TOMTE_OK);
    }
}

struct border {
    const char *hex;
    enum tomte_err strict, lenient;
};

/* Section 4.2.1, one rule after the other; and validity, section 5.3. */
static const struct border borders[] = {
    {"1817", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},
    {"1900ff", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},
    {"1a0000ffff", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},
    {"1b00000000ffffffff", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},
    {"3800", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},
    {"580100", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},
    {"780161", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},
    {"980100", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},
    {"b8010000", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},
    {"d80100", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},
    {"fa3fc00000", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},         /* 1.5 */
    {"fb3ff8000000000000", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK}, /* 1.5 */
    {"fb40f86a0000000000", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK}, /* 100000.0 */
    {"fa33800000", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},         /* 2^-24 */
    {"f97e01", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},             /* a NaN */
    {"f9fe00", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},             /* a NaN */
    {"fa7fc00001", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},         /* a NaN */
    {"fb7ff8000000000001", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK}, /* a NaN */
    {"a202000100", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},
    {"a220001818 00", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},  /* RFC 7049 order */
    {"a2616200616100", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK}, /* "b", "a" */
    {"81a202000100", TOMTE_ERR_NOT_CANONICAL, TOMTE_OK},
    {"a201000100", TOMTE_ERR_DUPLICATE, TOMTE_OK},
    {"a2810100810100", TOMTE_ERR_DUPLICATE, TOMTE_OK}, /* [1] twice */
    {"a2c10100c10100", TOMTE_ERR_DUPLICATE, TOMTE_OK}, /* 1(1) twice */
    {"0000", TOMTE_ERR_TRAILING, TOMTE_ERR_TRAILING},
    {"", TOMTE_ERR_TRUNCATED, TOMTE_ERR_TRUNCATED},
    {"61ff", TOMTE_ERR_MALFORMED, TOMTE_ERR_MALFORMED},
    {"62c080", TOMTE_ERR_MALFORMED, TOMTE_ERR_MALFORMED},     /* overlong */
    {"63e08080", TOMTE_ERR_MALFORMED, TOMTE_ERR_MALFORMED},   /* overlong */
    {"64f0808080", TOMTE_ERR_MALFORMED, TOMTE_ERR_MALFORMED}, /* overlong */
    {"63eda080", TOMTE_ERR_MALFORMED, TOMTE_ERR_MALFORMED},   /* surrogate */
    {"64f4908080", TOMTE_ERR_MALFORMED, TOMTE_ERR_MALFORMED}, /* 0x110000 */
    {"61c3", TOMTE_ERR_MALFORMED, TOMTE_ERR_MALFORMED},       /* cut */
    {"62c3c3", TOMTE_ERR_MALFORMED, TOMTE_ERR_MALFORMED},
    {"6180", TOMTE_ERR_MALFORMED, TOMTE_ERR_MALFORMED},
    {"617f", TOMTE_OK, TOMTE_OK},
    {"63ed9fbf", TOMTE_OK, TOMTE_OK},                       /* 0xd7ff */
    {"63edbfbf", TOMTE_ERR_MALFORMED, TOMTE_ERR_MALFORMED}, /* 0xdfff */
    {"63ee8080", TOMTE_OK, TOMTE_OK},                       /* 0xe000 */
    {"64f48fbfbf", TOMTE_OK, TOMTE_OK},                     /* 0x10ffff */
    {"f820", TOMTE_OK, TOMTE_OK},
    {"5f4201", TOMTE_ERR_NOT_CANONICAL, TOMTE_ERR_TRUNCATED},
    {"5f42ff", TOMTE_ERR_NOT_CANONICAL, TOMTE_ERR_TRUNCATED},
    {"7f7a0000001061ff", TOMTE_ERR_NOT_CANONICAL, TOMTE_ERR_TRUNCATED},
    {"7f61c361bcff", TOMTE_ERR_NOT_CANONICAL, TOMTE_ERR_MALFORMED},
};

TEST(borders_of_deterministic_and_of_valid)
{
    uint8_t bytes[64];
    size_t n = sizeof borders / sizeof *borders;
    for (size_t i = 0; i < n; i++) {
        const struct border *x = &borders[i];
        struct tomte_span in = test_hex(x->hex, TOMTE_BUF_ARRAY(bytes));
        CHECK_EQ(x->strict, skip_all(in, 0));
        CHECK_EQ(x->lenient, skip_all(in, TOMTE_CBOR_LENIENT));
    }
}
