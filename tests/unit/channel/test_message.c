/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/message.h"
#include "help.h"

/* Through a datagram and back. */
static struct tomte_coap_msg travel(const struct tomte_coap_parts *parts)
{
    static uint8_t memory[TOMTE_LIMIT_DATAGRAM_BYTES];
    struct tomte_coap_msg msg = {.type = TOMTE_COAP_CON,
                                 .code = parts->code,
                                 .options = parts->options,
                                 .payload = parts->payload};
    struct tomte_span datagram;
    CHECK_OK(tomte_coap_encode(&msg, TOMTE_BUF_ARRAY(memory), &datagram));
    CHECK_OK(tomte_coap_decode(datagram, &msg));
    return msg;
}

static struct tomte_channel_request request(enum tomte_channel_op op,
                                            const char *channel)
{
    return (struct tomte_channel_request){
        .op = op, .channel = channel_name(channel), .format = 112};
}

static void check_same(const struct tomte_channel_request *a,
                       const struct tomte_channel_request *b)
{
    CHECK_EQ(a->op, b->op);
    CHECK(tomte_channel_name_equal(&a->channel, &b->channel));
    CHECK_EQ(a->has_origin, b->has_origin);
    CHECK(memcmp(&a->origin, &b->origin, sizeof a->origin) == 0);
    CHECK_EQ(a->has_for, b->has_for);
    CHECK_EQ(a->for_s, b->for_s);
    CHECK_EQ(a->to.len, b->to.len);
    CHECK(a->to.len == 0 || tomte_name_equal(&a->to, &b->to));
    CHECK_BYTES(a->payload, b->payload);
}

TEST(requests_go_there_and_back)
{
    struct tomte_channel_request cases[] = {
        request(TOMTE_CHANNEL_READ, "/room/lamp/level"),
        request(TOMTE_CHANNEL_OBSERVE, "/a"),
        request(TOMTE_CHANNEL_FORGET, "/a/b"),
        request(TOMTE_CHANNEL_RELEASE, "/a/b/c/d"),
        request(TOMTE_CHANNEL_WRITE, "/room/heater"),
        request(TOMTE_CHANNEL_WRITE, "/room/heater"),
        request(TOMTE_CHANNEL_WRITE, "/room/heater"),
        request(TOMTE_CHANNEL_SEND, "/door/bell"),
    };
    cases[5].has_origin = true;
    cases[5].origin = origin("heating", 8, 3, 4);
    cases[5].origin.not_after = 99;
    cases[5].payload = TOMTE_SPAN_LIT("21.5");
    cases[6].has_for = true;
    cases[6].for_s = 600;
    cases[6].payload = TOMTE_SPAN_LIT("21.5");
    cases[7].has_origin = true;
    cases[7].origin = origin("button", 8, 3, 4);
    cases[7].origin.base = 2;
    cases[7].to = cases[5].origin.identity;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t options[TOMTE_CHANNEL_OPTIONS_MAX];
        struct tomte_coap_parts parts;
        struct tomte_channel_request back;
        CHECK_OK(tomte_channel_request_encode(
            &cases[i], TOMTE_BUF_ARRAY(options), &parts));
        struct tomte_coap_msg msg = travel(&parts);
        CHECK_OK(tomte_channel_request_decode(&msg, &back));
        check_same(&cases[i], &back);
    }
}

TEST(request_has_the_bytes_of_the_specification)
{
    struct tomte_channel_request r = request(TOMTE_CHANNEL_SEND, "/door/bell");
    r.has_origin = true;
    r.origin = origin("button", 2, 3, 4);
    r.origin.base = 4;
    r.to = origin("porter", 1, 1, 1).identity;
    uint8_t options[TOMTE_CHANNEL_OPTIONS_MAX], expected[64];
    struct tomte_coap_parts parts;
    CHECK_OK(
        tomte_channel_request_encode(&r, TOMTE_BUF_ARRAY(options), &parts));
    CHECK_EQ(TOMTE_COAP_POST, parts.code);
    CHECK_BYTES(test_hex("b4 646f6f72  04 62656c6c  11 70"
                         "39 746f3d706f72746572"
                         "ed fccc 00 86 66 627574746f6e 02 03 04 04 00",
                         TOMTE_BUF_ARRAY(expected)),
                parts.options);
}

TEST(largest_request_fits)
{
    struct tomte_channel_request r =
        request(TOMTE_CHANNEL_SEND, "/a23456789012345678901234567890/b/c/"
                                    "d23456789012345678901234567");
    CHECK_EQ(TOMTE_CHANNEL_MAX, r.channel.len);
    uint8_t payload[TOMTE_LIMIT_MESSAGE_BYTES + 1] = {0};
    r.payload = TOMTE_SPAN(payload, TOMTE_LIMIT_MESSAGE_BYTES);
    r.has_origin = true;
    r.format = UINT16_MAX;
    r.origin = origin("a123456789012345678901234567890", TOMTE_SEQUENCE_MAX,
                      TOMTE_SEQUENCE_MAX, TOMTE_SEQUENCE_MAX);
    r.origin.base = TOMTE_SEQUENCE_MAX;
    r.origin.not_after = UINT64_MAX;
    r.to = r.origin.identity;
    uint8_t options[TOMTE_CHANNEL_OPTIONS_MAX];
    struct tomte_coap_parts parts;
    CHECK_OK(
        tomte_channel_request_encode(&r, TOMTE_BUF_ARRAY(options), &parts));
    struct tomte_coap_msg msg = travel(&parts);
    CHECK_OK(tomte_channel_request_decode(&msg, &r));
    r.payload = TOMTE_SPAN_ARRAY(payload);
    CHECK_EQ(TOMTE_ERR_TOO_LARGE, tomte_channel_request_encode(
                                      &r, TOMTE_BUF_ARRAY(options), &parts));
}

TEST(requests_that_make_no_sense_are_not_made)
{
    struct tomte_channel_request cases[] = {
        request(TOMTE_CHANNEL_SEND, "/a"),  /* for a time */
        request(TOMTE_CHANNEL_READ, "/a"),  /* with one */
        request(TOMTE_CHANNEL_READ, "/a"),  /* with a payload */
        request(TOMTE_CHANNEL_WRITE, "/a"), /* a container, for a time */
        request(TOMTE_CHANNEL_RELEASE, "/a"),
        request(TOMTE_CHANNEL_SEND, "/a"),  /* a container, to nobody */
        request(TOMTE_CHANNEL_SEND, "/a"),  /* a person, to somebody */
        request(TOMTE_CHANNEL_WRITE, "/a"), /* to somebody */
    };
    cases[5].has_origin = true;
    cases[5].origin = origin("x", 1, 1, 1);
    cases[6].to = cases[7].to = cases[5].origin.identity;
    cases[1].has_origin = cases[3].has_origin = true;
    cases[1].origin = cases[3].origin = origin("x", 1, 1, 1);
    cases[2].payload = TOMTE_SPAN_LIT("x");
    cases[0].has_for = cases[3].has_for = cases[4].has_for = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t options[TOMTE_CHANNEL_OPTIONS_MAX];
        struct tomte_coap_parts parts;
        CHECK_EQ(TOMTE_ERR_INVALID,
                 tomte_channel_request_encode(
                     &cases[i], TOMTE_BUF_ARRAY(options), &parts));
    }
}

#define GET    TOMTE_COAP_GET
#define PUT    TOMTE_COAP_PUT
#define POST   TOMTE_COAP_POST
#define DELETE TOMTE_COAP_DELETE

/* Options in hexadecimal: b1 61 is the path /a, 11 70 format 112 behind it. */
TEST(requests_of_others_are_checked)
{
    static const struct {
        uint8_t code;
        const char *options;
        enum tomte_err err;
        enum tomte_channel_op op;
    } cases[] = {
        {GET, "b1 61", TOMTE_OK, TOMTE_CHANNEL_READ},
        {GET, "60 51 61", TOMTE_OK, TOMTE_CHANNEL_OBSERVE},
        {GET, "61 01 51 61", TOMTE_OK, TOMTE_CHANNEL_FORGET},
        {GET, "61 02 51 61", TOMTE_OK, TOMTE_CHANNEL_READ},
        {GET, "b1 61 61 70", TOMTE_OK, TOMTE_CHANNEL_READ}, /* Accept 112 */
        {GET, "b1 61 61 32", TOMTE_ERR_FORMAT, 0},          /* JSON */
        {GET, "31 68 81 61", TOMTE_OK, TOMTE_CHANNEL_READ}, /* Uri-Host */
        {GET, "", TOMTE_ERR_NOT_FOUND, 0},
        {GET, "b1 41", TOMTE_ERR_NOT_FOUND, 0},
        {GET, "b6 2e746f6d7465", TOMTE_ERR_NOT_FOUND, 0}, /* /.tomte */
        {GET, "b1 61 01 62 01 63 01 64 01 65", TOMTE_ERR_NOT_FOUND, 0},
        {GET, "b1 61 00", TOMTE_ERR_NOT_FOUND, 0}, /* /a/ */
        {GET, "11 65 a1 61", TOMTE_ERR_OPTION, 0}, /* If-Match */
        {TOMTE_COAP_FETCH, "b1 61", TOMTE_ERR_METHOD, 0},
        {PUT, "b1 61 11 70", TOMTE_OK, TOMTE_CHANNEL_WRITE},
        {PUT, "b1 61", TOMTE_ERR_FORMAT, 0},
        {PUT, "b1 61 11 70 35 666f723d39", TOMTE_OK, TOMTE_CHANNEL_WRITE},
        {PUT, "b1 61 11 70 34 666f723d", TOMTE_ERR_USAGE, 0},
        {PUT, "b1 61 11 70 35 666f723d78", TOMTE_ERR_USAGE, 0},
        {PUT, "b1 61 11 70 35 6e6f773d39", TOMTE_ERR_USAGE, 0},
        {PUT, "b1 61 11 70 3d01 666f723d31303030303030303030", TOMTE_ERR_USAGE,
         0},
        {PUT, "b1 61 11 70 3d00 666f723d313030303030303030", TOMTE_OK,
         TOMTE_CHANNEL_WRITE},
        {POST, "b1 61 11 70", TOMTE_OK, TOMTE_CHANNEL_SEND},
        {POST, "b1 61 11 70 e6 fccf 86 6162 01 01 01", TOMTE_ERR_TRUNCATED, 0},
        {POST, "b1 61 11 70 34 746f3d63 e8 fccc 86 6162 01 01 01 01 00",
         TOMTE_OK, TOMTE_CHANNEL_SEND},
        /* from a container to nobody, from a person to somebody, to no name */
        {POST, "b1 61 11 70 e8 fccf 86 6162 01 01 01 01 00", TOMTE_ERR_USAGE,
         0},
        {POST, "b1 61 11 70 34 746f3d63", TOMTE_ERR_USAGE, 0},
        {POST, "b1 61 11 70 34 746f3d41 e8 fccc 86 6162 01 01 01 01 00",
         TOMTE_ERR_USAGE, 0},
        {PUT, "b1 61 11 70 34 746f3d63", TOMTE_ERR_USAGE, 0},
        /* a container's write is not for a time */
        {PUT, "b1 61 11 70 35 666f723d39 e8 fccc 86 6162 01 01 01 01 00",
         TOMTE_ERR_USAGE, 0},
        {DELETE, "b1 61", TOMTE_OK, TOMTE_CHANNEL_RELEASE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t memory[64];
        struct tomte_coap_msg msg = {
            .code = cases[i].code,
            .options = test_hex(cases[i].options, TOMTE_BUF_ARRAY(memory))};
        struct tomte_channel_request r;
        CHECK_EQ(cases[i].err, tomte_channel_request_decode(&msg, &r));
        if (cases[i].err == TOMTE_OK)
            CHECK_EQ(cases[i].op, r.op);
    }
}

TEST(content_goes_there_and_back)
{
    struct tomte_channel_content c = {.has_origin = true,
                                      .origin = origin("thermo", 8, 3, 4),
                                      .format = 112,
                                      .max_age_s = 90,
                                      .payload = TOMTE_SPAN_LIT("21.5")};
    uint8_t options[TOMTE_CHANNEL_OPTIONS_MAX];
    struct tomte_coap_parts parts;
    struct tomte_channel_content back;
    CHECK_OK(
        tomte_channel_content_encode(&c, TOMTE_BUF_ARRAY(options), &parts));
    struct tomte_coap_msg msg = travel(&parts);
    CHECK_OK(tomte_channel_content_decode(&msg, &back));
    CHECK(memcmp(&c.origin, &back.origin, sizeof c.origin) == 0);
    CHECK_EQ(112, back.format);
    CHECK_EQ(90, back.max_age_s);
    CHECK_BYTES(c.payload, back.payload);

    msg.code = TOMTE_COAP_CHANGED;
    CHECK_EQ(TOMTE_ERR_STATE, tomte_channel_content_decode(&msg, &back));
    msg.code = TOMTE_COAP_CONTENT;
    msg.options = TOMTE_SPAN_LIT("\xc1\x70"); /* Content-Format 112 alone */
    CHECK_OK(tomte_channel_content_decode(&msg, &back));
    CHECK(!back.has_origin);
    CHECK_EQ(TOMTE_COAP_MAX_AGE_DEFAULT_S, back.max_age_s);
    msg.options = TOMTE_SPAN_NONE;
    CHECK_EQ(TOMTE_ERR_FORMAT, tomte_channel_content_decode(&msg, &back));
}

TEST(answers_go_there_and_back)
{
    static const struct {
        enum tomte_err err, back;
        bool has_pair;
    } cases[] = {
        {TOMTE_OK, TOMTE_OK, true},
        {TOMTE_ERR_STATE, TOMTE_ERR_STATE, true},
        {TOMTE_ERR_STALE, TOMTE_ERR_STATE, true},
        {TOMTE_ERR_FENCED, TOMTE_ERR_FENCED, true},
        {TOMTE_ERR_AGAIN, TOMTE_ERR_AGAIN, true},
        {TOMTE_ERR_TIMEOUT, TOMTE_ERR_TIMEOUT, true},
        {TOMTE_ERR_DENIED, TOMTE_ERR_DENIED, false},
        {TOMTE_ERR_NOT_FOUND, TOMTE_ERR_NOT_FOUND, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tomte_channel_pair pair = {UINT64_MAX, UINT64_MAX - i};
        uint8_t options[8], payload[TOMTE_CHANNEL_PAIR_BYTES_MAX];
        struct tomte_coap_parts parts;
        struct tomte_channel_answer back;
        CHECK_OK(tomte_channel_answer_encode(
            cases[i].err, cases[i].has_pair ? &pair : NULL,
            TOMTE_BUF_ARRAY(options), TOMTE_BUF_ARRAY(payload), &parts));
        struct tomte_coap_msg msg = travel(&parts);
        CHECK_OK(tomte_channel_answer_decode(&msg, &back));
        CHECK_EQ(cases[i].back, back.err);
        CHECK_EQ(cases[i].has_pair, back.has_pair);
        if (cases[i].has_pair)
            CHECK(back.pair.first == pair.first &&
                  back.pair.second == pair.second);
    }
}

TEST(answer_with_a_bad_pair_is_none)
{
    struct tomte_channel_answer back;
    struct tomte_coap_msg msg = {.code = TOMTE_COAP_CHANGED,
                                 .options = TOMTE_SPAN_LIT("\xc1\x3c"),
                                 .payload = TOMTE_SPAN_LIT("\x81\x01")};
    CHECK_EQ(TOMTE_ERR_MISSING, tomte_channel_answer_decode(&msg, &back));
    CHECK(!back.has_pair);
    msg.options = TOMTE_SPAN_LIT("\xc0"); /* text/plain: a diagnostic */
    CHECK_OK(tomte_channel_answer_decode(&msg, &back));
    CHECK(!back.has_pair);
}
