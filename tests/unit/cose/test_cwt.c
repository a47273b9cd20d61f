/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

/* RFC 8392 appendix A.1. */
#define CLAIMS_A1                                                              \
    "a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b770378"       \
    "18636f61703a2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0051a"       \
    "5610d9f0061a5610d9f007420b71"

TEST(claims_of_the_standard)
{
    uint8_t memory[128];
    struct tomte_cwt c;
    struct tomte_span out, in = hex(CLAIMS_A1);
    CHECK_OK(tomte_cwt_decode(&c, in));
    CHECK_BYTES(TOMTE_SPAN_LIT("coap://as.example.com"), c.iss);
    CHECK_BYTES(TOMTE_SPAN_LIT("erikw"), c.sub);
    CHECK(tomte_cwt_is_for(&c, TOMTE_SPAN_LIT("coap://light.example.com")));
    CHECK(!tomte_cwt_is_for(&c, TOMTE_SPAN_LIT("coap://light.example.co")));
    CHECK(!tomte_cwt_is_for(&c, TOMTE_SPAN_NONE));
    CHECK_EQ(1444064944, c.exp.seconds);
    CHECK_EQ(1443944944, c.nbf.seconds);
    CHECK_EQ(1443944944, c.iat.seconds);
    CHECK_BYTES(hex("0b71"), c.cti);
    CHECK(c.cnf.data == NULL);
    CHECK(!c.has_exi);
    CHECK_EQ(0, c.unknown);
    CHECK_OK(tomte_cwt_encode(&c, TOMTE_BUF_ARRAY(memory), &out));
    CHECK_BYTES(in, out);
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_cwt_encode(&c, TOMTE_BUF(memory, in.len - 1), &out));
}

TEST(claims_of_ace)
{
    uint8_t memory[128];
    struct tomte_cwt c;
    struct tomte_span out, in = hex("a7"
                                    "036161"
                                    "061a5610d9f0"
                                    "08a1034131"
                                    "0943010203"
                                    "182602"
                                    "182741aa"
                                    "18281a00015180");
    CHECK_OK(tomte_cwt_decode(&c, in));
    CHECK_BYTES(hex("010203"), c.scope);
    CHECK(!c.scope_is_text);
    CHECK(c.has_profile);
    CHECK_EQ(2, c.profile);
    CHECK_BYTES(hex("aa"), c.cnonce);
    CHECK(c.has_exi);
    CHECK_EQ(86400, c.exi);
    CHECK_OK(tomte_cwt_encode(&c, TOMTE_BUF_ARRAY(memory), &out));
    CHECK_BYTES(in, out);
    CHECK_OK(tomte_cwt_decode(&c, hex("a1096472656164")));
    CHECK(c.scope_is_text);
    CHECK_OK(tomte_cwt_encode(&c, TOMTE_BUF_ARRAY(memory), &out));
    CHECK_BYTES(hex("a1096472656164"), out);
}

/* Claims of others are passed over, and their number is told. */
TEST(claims_unknown)
{
    struct tomte_cwt c;
    CHECK_OK(tomte_cwt_decode(&c, hex("a4"
                                      "02617a"
                                      "0a8101"
                                      "3903e7a0"
                                      "6161617a")));
    CHECK_EQ(3, c.unknown);
    CHECK_BYTES(TOMTE_SPAN_LIT("z"), c.sub);
}

static void check_time(const char *text, uint64_t seconds, bool fraction)
{
    char claims[64] = "a104";
    struct tomte_cwt c;
    strcat(claims, text);
    CHECK_OK(tomte_cwt_decode(&c, hex(claims)));
    CHECK(c.exp.given);
    CHECK_EQ(seconds, c.exp.seconds);
    CHECK_EQ(fraction, c.exp.fraction);
}

static void check_no_time(enum tomte_err err, const char *text)
{
    char claims[64] = "a106";
    struct tomte_cwt c;
    strcat(claims, text);
    CHECK_EQ(err, tomte_cwt_decode(&c, hex(claims)));
    CHECK(!c.iat.given);
}

/* Integers, and floats of each width, rounded down. */
TEST(claims_have_times)
{
    uint8_t memory[32];
    struct tomte_cwt c;
    struct tomte_span out;
    check_time("00", 0, false);
    check_time("1b7fffffffffffffff", INT64_MAX, false);
    check_time("f90000", 0, false);              /* 0.0 */
    check_time("f98000", 0, false);              /* -0.0 */
    check_time("f93c00", 1, false);              /* 1.0 */
    check_time("f93e00", 1, true);               /* 1.5 */
    check_time("f90001", 0, true);               /* 5.96e-8 */
    check_time("fa4eac21b4", 1443944960, false); /* a float of 24 bits */
    check_time("fb41d5843673ffffff", 1443944911, true);
    check_time("fb41d5843679000000", 1443944932, false);
    check_time("fb43dfffffffffffff", 0x7ffffffffffffc00, false);
    check_time("fb4330000000000001", 4503599627370497, false); /* 2^52 + 1 */
    check_time("fb432ffffffffffffd", 4503599627370494, true);
    check_no_time(TOMTE_ERR_RANGE, "20");                 /* -1 */
    check_no_time(TOMTE_ERR_RANGE, "1b8000000000000000"); /* 2^63 */
    check_no_time(TOMTE_ERR_RANGE, "fa5f000000");         /* 2^63 */
    check_no_time(TOMTE_ERR_RANGE, "f9b800");             /* -0.5 */
    check_no_time(TOMTE_ERR_RANGE, "f97c00");             /* Infinity */
    check_no_time(TOMTE_ERR_RANGE, "f97e00");             /* NaN */
    check_no_time(TOMTE_ERR_RANGE, "f9fc00");             /* -Infinity */
    check_no_time(TOMTE_ERR_TYPE, "6131");
    check_no_time(TOMTE_ERR_TYPE, "c101"); /* RFC 8392 section 2: no tag */
    CHECK_OK(tomte_cwt_decode(&c, hex("a104f93e00")));
    CHECK_EQ(TOMTE_ERR_INVALID,
             tomte_cwt_encode(&c, TOMTE_BUF_ARRAY(memory), &out));
}

TEST(claims_have_audiences)
{
    struct tomte_cwt c;
    CHECK_OK(tomte_cwt_decode(&c, hex("a1038361616162"
                                      "6163")));
    CHECK(tomte_cwt_is_for(&c, TOMTE_SPAN_LIT("a")));
    CHECK(tomte_cwt_is_for(&c, TOMTE_SPAN_LIT("c")));
    CHECK(!tomte_cwt_is_for(&c, TOMTE_SPAN_LIT("d")));
    CHECK(!tomte_cwt_is_for(&c, TOMTE_SPAN_LIT("")));
    CHECK_OK(tomte_cwt_decode(&c, hex("a0")));
    CHECK(!tomte_cwt_is_for(&c, TOMTE_SPAN_LIT("")));
}

TEST(claims_malformed)
{
    static const struct {
        enum tomte_err err;
        const char *text;
    } rows[] = {
        {TOMTE_ERR_INVALID, "a10380"},
        {TOMTE_ERR_TYPE, "a1038101"},
        {TOMTE_ERR_TYPE, "a10301"},
        {TOMTE_ERR_TYPE, "a10101"},
        {TOMTE_ERR_TYPE, "a1076131"},
        {TOMTE_ERR_TYPE, "a10840"},
        {TOMTE_ERR_TYPE, "a10901"},
        {TOMTE_ERR_TYPE, "a1182820"},
        {TOMTE_ERR_TYPE, "a14101"
                         "01"},
        {TOMTE_ERR_TYPE, "80"},
        {TOMTE_ERR_DUPLICATE, "a204010402"},
        {TOMTE_ERR_NOT_CANONICAL, "a205010402"},
        {TOMTE_ERR_TRAILING, "a000"},
        {TOMTE_ERR_TRUNCATED, "a104"},
    };
    struct tomte_cwt c;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_EQ(rows[i].err, tomte_cwt_decode(&c, hex(rows[i].text)));
}

TEST(confirmations_are_one_key)
{
    static const struct {
        enum tomte_err err;
        const char *text;
    } rows[] = {
        {TOMTE_OK, "a101a201042041ff"},
        {TOMTE_OK, "a102d08340a040"},
        {TOMTE_OK, "a1034131"},
        {TOMTE_OK, "a2034131"
                   "04a10041aa"},
        {TOMTE_OK, "a1055820"
                   "000102030405060708090a0b0c0d0e0f"
                   "101112131415161718191a1b1c1d1e1f"},
        {TOMTE_ERR_INVALID, "a201a004a0"},
        {TOMTE_ERR_INVALID, "a201a0028340a040"},
        {TOMTE_ERR_INVALID, "a1054101"},
        {TOMTE_ERR_UNSUPPORTED, "a0"},
        {TOMTE_ERR_UNSUPPORTED, "a10e41aa"},
        {TOMTE_ERR_UNSUPPORTED, "a1617841aa"},
        {TOMTE_ERR_TYPE, "a10140"},
        {TOMTE_ERR_TYPE, "a10301"},
        {TOMTE_ERR_TYPE, "a1044141"},
        {TOMTE_ERR_TYPE, "40"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t memory[64];
        struct tomte_cwt_cnf cnf;
        struct tomte_span out, in = hex(rows[i].text);
        CHECK_EQ(rows[i].err, tomte_cwt_cnf_decode(&cnf, in));
        CHECK_EQ(rows[i].err == TOMTE_OK ? TOMTE_OK : TOMTE_ERR_UNSUPPORTED,
                 tomte_cwt_cnf_encode(&cnf, TOMTE_BUF_ARRAY(memory), &out));
        if (rows[i].err == TOMTE_OK)
            CHECK_BYTES(in, out);
    }
    struct tomte_cwt_cnf cnf;
    CHECK_OK(tomte_cwt_cnf_decode(&cnf, hex("a2034131"
                                            "0e41aa")));
    CHECK_BYTES(TOMTE_SPAN_LIT("1"), cnf.kid); /* others are passed over */
}

TEST(tokens_are_wrapped_and_sealed)
{
    const unsigned wrapped = TOMTE_CWT_WRAPPED, sealed = TOMTE_CWT_PROTECTED;
    static const char bare[] = "d08343a1010aa040";
    static const char full[] = "d83dd08343a1010aa040";
    static const char open[] = "d83dd08343a1010aa10541aa40";
    struct tomte_cose m;
    CHECK_OK(tomte_cwt_open(&m, hex(bare), 0));
    CHECK_EQ(TOMTE_COSE_ENCRYPT0, m.kind);
    CHECK_OK(tomte_cwt_open(&m, hex(bare), sealed));
    CHECK_EQ(TOMTE_ERR_INVALID, tomte_cwt_open(&m, hex(bare), wrapped));
    CHECK_EQ(0, m.kind);
    CHECK_OK(tomte_cwt_open(&m, hex(full), wrapped | sealed));
    CHECK_OK(tomte_cwt_open(&m, hex(open), wrapped));
    CHECK_EQ(TOMTE_ERR_INVALID,
             tomte_cwt_open(&m, hex(open), wrapped | sealed));
    CHECK_OK(tomte_cwt_open(&m, hex("d28443a10126a04040"), 0));
    CHECK_EQ(TOMTE_COSE_SIGN1, m.kind);
    CHECK_OK(tomte_cwt_open(&m, hex("d18443a10105a04040"), 0));
    /* no kind; another tag; 61 twice; in another form */
    CHECK_EQ(TOMTE_ERR_TYPE, tomte_cwt_open(&m, hex("8343a1010aa040"), 0));
    CHECK_EQ(TOMTE_ERR_TYPE, tomte_cwt_open(&m, hex("d8608340a040"), 0));
    CHECK_EQ(TOMTE_ERR_TYPE,
             tomte_cwt_open(&m, hex("d83dd83dd08343a1010aa040"), 0));
    CHECK_EQ(TOMTE_ERR_NOT_CANONICAL,
             tomte_cwt_open(&m, hex("d9003dd08343a1010aa040"), 0));
    CHECK_EQ(TOMTE_ERR_TRUNCATED, tomte_cwt_open(&m, hex("d83d"), 0));
    CHECK_EQ(TOMTE_ERR_TRAILING, tomte_cwt_open(&m, hex("d08340a04000"), 0));
}
