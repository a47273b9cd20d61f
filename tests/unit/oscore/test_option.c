/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "coap/option.h"
#include "oscore/option.h"

static struct tomte_span hex(const char *text)
{
    static uint8_t memory[8][300];
    static size_t next;
    return test_hex(text, TOMTE_BUF_ARRAY(memory[next++ % 8]));
}

static struct tomte_oscore_option decode(const char *text)
{
    struct tomte_oscore_option o;
    CHECK_OK(tomte_oscore_option_decode(hex(text), &o));
    return o;
}

TEST(values_are_taken_apart_and_made_again)
{
    /* RFC 8613 section 6.3, and the longest parts */
    static const char *const values[] = {"",
                                         "090525",
                                         "0900",
                                         "19050544616c656b",
                                         "0107",
                                         "08",
                                         "0837",
                                         "1000",
                                         "1800",
                                         "05ffffffffff",
                                         "0100",
                                         "1001aa",
                                         "1801aabb",
                                         "0dffffffffff0102",
                                         "1d010000000001ee"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct tomte_oscore_option o = decode(values[i]);
        struct tomte_span again;
        uint8_t memory[300];
        CHECK_OK(
            tomte_oscore_option_encode(&o, TOMTE_BUF_ARRAY(memory), &again));
        CHECK_BYTES(hex(values[i]), again);
    }
    struct tomte_oscore_option o = decode("19050544616c656b");
    CHECK(o.has_piv && o.has_kid && o.has_kid_context);
    CHECK_EQ(5, o.piv);
    CHECK_EQ(0, o.kid.len);
    CHECK_BYTES(TOMTE_SPAN_LIT("Dalek"), o.kid_context);
    o = decode("090525");
    CHECK(o.has_piv && o.has_kid && !o.has_kid_context);
    CHECK_BYTES(hex("25"), o.kid);
    o = decode("05ffffffffff");
    CHECK_EQ(TOMTE_OSCORE_PIV_LIMIT - 1, o.piv);
    o = decode("");
    CHECK(!o.has_piv && !o.has_kid && !o.has_kid_context);
}

TEST(malformed_values_are_refused)
{
    static const char *const values[] = {"00",
                                         "20",
                                         "40",
                                         "80",
                                         "e9",
                                         "0e0102",
                                         "0f0102",
                                         "01",
                                         "020000",
                                         "020001",
                                         "0500ffffff",
                                         "05ffffffff",
                                         "010707",
                                         "10",
                                         "1001",
                                         "1002aa",
                                         "1000aa",
                                         "19",
                                         "1905",
                                         "0600",
                                         "0d0000000001",
                                         "0000",
                                         "0e010203040506",
                                         "0f01020304050607"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct tomte_oscore_option o;
        CHECK_EQ(TOMTE_ERR_MALFORMED,
                 tomte_oscore_option_decode(hex(values[i]), &o));
    }
    uint8_t large[256] = {0x08};
    struct tomte_oscore_option o;
    CHECK_OK(tomte_oscore_option_decode(TOMTE_SPAN(large, 255), &o));
    CHECK_EQ(TOMTE_ERR_MALFORMED,
             tomte_oscore_option_decode(TOMTE_SPAN(large, 256), &o));
}

TEST(what_does_not_fit_is_not_written)
{
    uint8_t memory[8], large[256] = {0};
    struct tomte_span value;
    struct tomte_oscore_option o = {
        .has_piv = true, .has_kid = true, .piv = 0x0102, .kid = hex("0304")};
    for (size_t cap = 0; cap < 5; cap++)
        CHECK_EQ(TOMTE_ERR_FULL, tomte_oscore_option_encode(
                                     &o, TOMTE_BUF(memory, cap), &value));
    CHECK_OK(tomte_oscore_option_encode(&o, TOMTE_BUF(memory, 5), &value));
    CHECK_BYTES(hex("0a01020304"), value);
    o.piv = TOMTE_OSCORE_PIV_LIMIT;
    CHECK_EQ(TOMTE_ERR_RANGE,
             tomte_oscore_option_encode(&o, TOMTE_BUF_ARRAY(memory), &value));
    o.piv = 0;
    o.kid = TOMTE_SPAN_ARRAY(large);
    CHECK_EQ(TOMTE_ERR_RANGE,
             tomte_oscore_option_encode(&o, TOMTE_BUF_ARRAY(memory), &value));
}

TEST(partial_ivs_are_as_short_as_can_be)
{
    static const struct {
        uint64_t piv;
        const char *bytes;
    } rows[] = {{0, "00"},
                {1, "01"},
                {255, "ff"},
                {256, "0100"},
                {65535, "ffff"},
                {65536, "010000"},
                {1 << 24, "01000000"},
                {UINT64_C(1) << 32, "0100000000"},
                {TOMTE_OSCORE_PIV_LIMIT - 1, "ffffffffff"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[TOMTE_OSCORE_PIV_BYTES];
        uint8_t n = tomte_oscore_piv_encode(rows[i].piv, bytes);
        CHECK_BYTES(hex(rows[i].bytes), TOMTE_SPAN(bytes, n));
    }
    uint8_t bytes[TOMTE_OSCORE_PIV_BYTES];
    EXPECT_PANIC(tomte_oscore_piv_encode(TOMTE_OSCORE_PIV_LIMIT, bytes));
}

/* A new option of src/coap must be decided on here. */
TEST(every_option_has_a_class)
{
    static const struct {
        uint16_t number;
        char class; /* RFC 8613 figure 5; b: both, by the original's value */
    } rows[] = {
        {TOMTE_COAP_OPT_IF_MATCH, 'E'},
        {TOMTE_COAP_OPT_URI_HOST, 'U'},
        {TOMTE_COAP_OPT_ETAG, 'E'},
        {TOMTE_COAP_OPT_IF_NONE_MATCH, 'E'},
        {TOMTE_COAP_OPT_OBSERVE, 'b'},
        {TOMTE_COAP_OPT_URI_PORT, 'U'},
        {TOMTE_COAP_OPT_LOCATION_PATH, 'E'},
        {TOMTE_COAP_OPT_OSCORE, 'U'},
        {TOMTE_COAP_OPT_URI_PATH, 'E'},
        {TOMTE_COAP_OPT_CONTENT_FORMAT, 'E'},
        {TOMTE_COAP_OPT_MAX_AGE, 'E'},
        {TOMTE_COAP_OPT_URI_QUERY, 'E'},
        {TOMTE_COAP_OPT_HOP_LIMIT, 'U'},
        {TOMTE_COAP_OPT_ACCEPT, 'E'},
        {TOMTE_COAP_OPT_LOCATION_QUERY, 'E'},
        {TOMTE_COAP_OPT_EDHOC, 'U'},
        {TOMTE_COAP_OPT_BLOCK2, 'E'},
        {TOMTE_COAP_OPT_BLOCK1, 'E'},
        {TOMTE_COAP_OPT_SIZE2, 'E'},
        {TOMTE_COAP_OPT_PROXY_URI, 'U'},
        {TOMTE_COAP_OPT_PROXY_SCHEME, 'U'},
        {TOMTE_COAP_OPT_SIZE1, 'E'},
        {TOMTE_COAP_OPT_ECHO, 'E'},
        {TOMTE_COAP_OPT_NO_RESPONSE, 'E'},
        {TOMTE_COAP_OPT_REQUEST_TAG, 'E'},
    };
    static const uint16_t known[] = {
#define O(name, number, shortest, longest, repeat) number,
        TOMTE_COAP_OPTION_TABLE(O)
#undef O
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t at = 0;
        while (at < sizeof rows / sizeof rows[0] && rows[at].number != known[i])
            at++;
        CHECK(at < sizeof rows / sizeof rows[0]);
        CHECK_EQ(rows[at].class == 'E'   ? TOMTE_OSCORE_INNER
                 : rows[at].class == 'U' ? TOMTE_OSCORE_OUTER
                                         : TOMTE_OSCORE_BOTH,
                 tomte_oscore_class(known[i]));
    }
    CHECK_EQ(TOMTE_OSCORE_INNER, tomte_oscore_class(65000));
    CHECK_EQ(TOMTE_OSCORE_INNER, tomte_oscore_class(2049));
}
