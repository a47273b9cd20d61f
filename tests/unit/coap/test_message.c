/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/base.h"
#include "coap/message.h"
#include "coap/params.h"

#include <stdlib.h>

static struct tomte_span encode(const struct tomte_coap_msg *m)
{
    static uint8_t bytes[256];
    struct tomte_span out;
    CHECK_OK(tomte_coap_encode(m, TOMTE_BUF_ARRAY(bytes), &out));
    return out;
}

/* Section 3: what each kind of bad datagram is, and what answers it. */
static const struct {
    const char *hex;
    enum tomte_err err;
    bool reset;
} refused[] = {
    /* shorter than a header */
    {"", TOMTE_ERR_TRUNCATED, false},
    {"40", TOMTE_ERR_TRUNCATED, false},
    {"400100", TOMTE_ERR_TRUNCATED, false},
    /* other versions: silence, whatever the type */
    {"00010001", TOMTE_ERR_VERSION, false},
    {"80010001", TOMTE_ERR_VERSION, false},
    {"c0010001", TOMTE_ERR_VERSION, false},
    /* token length 9 to 15; token cut short */
    {"49010001 010203040506070809", TOMTE_ERR_MALFORMED, true},
    {"4f010001 010203040506070809", TOMTE_ERR_MALFORMED, true},
    {"59010001 010203040506070809", TOMTE_ERR_MALFORMED, false},
    {"48010001 01020304050607", TOMTE_ERR_MALFORMED, true},
    {"41010001", TOMTE_ERR_MALFORMED, true},
    /* Empty with more than a header */
    {"41000001 aa", TOMTE_ERR_MALFORMED, true},
    {"40000001 b0", TOMTE_ERR_MALFORMED, true},
    {"61000001 aa", TOMTE_ERR_MALFORMED, false},
    {"70000001 ff01", TOMTE_ERR_MALFORMED, false},
    /* reserved classes 1, 6, 7; class 3 is unassigned */
    {"40200001", TOMTE_ERR_MALFORMED, true},
    {"40c00001", TOMTE_ERR_MALFORMED, true},
    {"40e10001", TOMTE_ERR_MALFORMED, true},
    {"40610001", TOMTE_ERR_MALFORMED, true},
    {"50200001", TOMTE_ERR_MALFORMED, false},
    {"60e10001", TOMTE_ERR_MALFORMED, false},
    /* what a type may not carry: table 1 */
    {"50000001", TOMTE_ERR_MALFORMED, false}, /* NON Empty */
    {"60010001", TOMTE_ERR_MALFORMED, false}, /* ACK request */
    {"70010001", TOMTE_ERR_MALFORMED, false}, /* RST request */
    {"70450001", TOMTE_ERR_MALFORMED, false}, /* RST response */
    /* marker without payload */
    {"40010001 ff", TOMTE_ERR_MALFORMED, true},
    {"40010001 b161 ff", TOMTE_ERR_MALFORMED, true},
    /* nibble 15; extension or value cut short; number over 65535 */
    {"40010001 f0", TOMTE_ERR_MALFORMED, true},
    {"40010001 0f", TOMTE_ERR_MALFORMED, true},
    {"40010001 d0", TOMTE_ERR_MALFORMED, true},
    {"40010001 e000", TOMTE_ERR_MALFORMED, true},
    {"40010001 0d", TOMTE_ERR_MALFORMED, true},
    {"40010001 0e00", TOMTE_ERR_MALFORMED, true},
    {"40010001 b261", TOMTE_ERR_MALFORMED, true},
    {"40010001 bd0061", TOMTE_ERR_MALFORMED, true},
    {"40010001 e0ffff", TOMTE_ERR_MALFORMED, true},
    {"40010001 e0fef2 10", TOMTE_ERR_MALFORMED, true},
    {"50010001 b261", TOMTE_ERR_MALFORMED, false},
    {"60450001 b261", TOMTE_ERR_MALFORMED, false},
    /* and beside each of them a good one */
    {"40000001", TOMTE_OK, false},
    {"60000001", TOMTE_OK, false},
    {"70000001", TOMTE_OK, false},
    {"48010001 0102030405060708", TOMTE_OK, false},
    {"60450001", TOMTE_OK, false},
    {"401f0001", TOMTE_OK, false}, /* a method nobody knows */
    {"40010001 e0fef2 00", TOMTE_OK, false},
    {"40010001 ff00", TOMTE_OK, false},
    {"40010001 ffff", TOMTE_OK, false},
};

TEST(message_refuses_what_section_3_refuses)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        uint8_t bytes[32];
        struct tomte_span d = test_hex(refused[i].hex, TOMTE_BUF_ARRAY(bytes));
        struct tomte_coap_msg m;
        enum tomte_err err = tomte_coap_decode(d, &m);
        CHECK_EQ(refused[i].err, err);
        CHECK_EQ(refused[i].reset, tomte_coap_wants_reset(err, &m));
        if (err == TOMTE_ERR_MALFORMED)
            CHECK_EQ(1, m.mid);
        if (err == TOMTE_OK)
            CHECK_BYTES(d, encode(&m));
    }
}

TEST(message_cut_at_every_byte_is_refused_or_shorter)
{
    uint8_t bytes[32];
    struct tomte_span whole = test_hex(
        "44027d34 a1a2a3a4 b474656d70 d10a0e ff 0102", TOMTE_BUF_ARRAY(bytes));
    struct tomte_coap_msg m;
    CHECK_OK(tomte_coap_decode(whole, &m));
    CHECK_EQ(8, m.options.len);
    CHECK_EQ(2, m.payload.len);
    for (size_t len = 0; len < whole.len; len++) {
        uint8_t *exact = malloc(len + 1);
        CHECK(exact != NULL);
        memcpy(exact, whole.data, len);
        enum tomte_err err = tomte_coap_decode(TOMTE_SPAN(exact, len), &m);
        /* whole again behind the token, each option, and half the payload */
        bool good = len == 8 || len == 13 || len == 16 || len == 18;
        CHECK_EQ(good      ? TOMTE_OK
                 : len < 4 ? TOMTE_ERR_TRUNCATED
                           : TOMTE_ERR_MALFORMED,
                 err);
        free(exact);
    }
}

TEST(message_encode_into_every_size)
{
    struct tomte_coap_msg m = {.type = TOMTE_COAP_NON,
                               .code = TOMTE_COAP_CONTENT,
                               .mid = 0xbeef,
                               .token_len = 3,
                               .token = {1, 2, 3},
                               .options = TOMTE_SPAN_LIT("\xc0"),
                               .payload = TOMTE_SPAN_LIT("22.5 C")};
    struct tomte_span whole = encode(&m);
    CHECK_EQ(15, whole.len);
    for (size_t cap = 0; cap <= whole.len; cap++) {
        uint8_t *exact = malloc(cap + 1);
        struct tomte_span out;
        CHECK(exact != NULL);
        enum tomte_err err = tomte_coap_encode(&m, TOMTE_BUF(exact, cap), &out);
        CHECK_EQ(cap < whole.len ? TOMTE_ERR_FULL : TOMTE_OK, err);
        if (err == TOMTE_OK)
            CHECK_BYTES(whole, out);
        free(exact);
    }
}

TEST(message_fields_are_where_the_figure_puts_them)
{
    struct tomte_coap_msg m = {.type = TOMTE_COAP_ACK,
                               .code = TOMTE_COAP_CHANGED,
                               .mid = 0x0102,
                               .token_len = 2,
                               .token = {0xaa, 0xbb}};
    uint8_t bytes[8];
    CHECK_BYTES(test_hex("62 44 0102 aabb", TOMTE_BUF_ARRAY(bytes)),
                encode(&m));
}

TEST(message_body_of_an_oscore_plaintext)
{
    uint8_t bytes[16];
    struct tomte_span options, payload;
    CHECK_EQ(TOMTE_ERR_MALFORMED,
             tomte_coap_split(test_hex("b47476 31", TOMTE_BUF_ARRAY(bytes)),
                              &options, &payload));
    CHECK_OK(tomte_coap_split(test_hex("b3747631 ff31", TOMTE_BUF_ARRAY(bytes)),
                              &options, &payload));
    CHECK_EQ(4, options.len);
    CHECK_BYTES(TOMTE_SPAN_LIT("1"), payload);
    CHECK_OK(tomte_coap_split(TOMTE_SPAN_NONE, &options, &payload));
    CHECK_EQ(0, options.len + payload.len);
}

TEST(code_names)
{
    CHECK(strcmp("GET", tomte_coap_code_name(TOMTE_COAP_GET)) == 0);
    CHECK(strcmp("Content", tomte_coap_code_name(0x45)) == 0);
    CHECK(strcmp("Empty", tomte_coap_code_name(0)) == 0);
    CHECK(strcmp("?", tomte_coap_code_name(0xff)) == 0);
    CHECK_EQ(0x84, TOMTE_COAP_NOT_FOUND);
    CHECK_EQ(0x5f, TOMTE_COAP_CONTINUE);
    CHECK(!tomte_coap_is_request(0));
    CHECK(tomte_coap_is_request(0x1f));
    CHECK(!tomte_coap_is_request(0x20));
    CHECK(!tomte_coap_is_response(0x60));
    CHECK(tomte_coap_is_response(0xbf));
}

/* Table 3 of section 4.8.2. */
TEST(params_derive_the_times_of_the_rfc)
{
    struct tomte_coap_params p = TOMTE_COAP_DEFAULT;
    CHECK_EQ(45000, tomte_coap_max_transmit_span(&p));
    CHECK_EQ(93000, tomte_coap_max_transmit_wait(&p));
    CHECK_EQ(202000, tomte_coap_max_rtt(&p));
    CHECK_EQ(247000, tomte_coap_exchange_lifetime(&p));
    CHECK_EQ(145000, tomte_coap_non_lifetime(&p));
}

TEST(params_home_is_what_its_header_says)
{
    struct tomte_coap_params p = TOMTE_COAP_HOME;
    CHECK_EQ(6750, tomte_coap_max_transmit_span(&p));
    CHECK_EQ(13950, tomte_coap_max_transmit_wait(&p));
    CHECK_EQ(11050, tomte_coap_exchange_lifetime(&p));
    CHECK_EQ(8750, tomte_coap_non_lifetime(&p));
    CHECK_EQ(5930, 65536 * 1000 / tomte_coap_exchange_lifetime(&p));
    CHECK_EQ(7489, 65536 * 1000 / tomte_coap_non_lifetime(&p));
}
