/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on a stream: frames byte by byte, and what a connection says. */
#include "test.h"

#include "base/base.h"
#include "base/bytes.h"
#include "coap/tcp.h"

#include <stdio.h>

static uint8_t frame[70000], payload[70000], back[70000];

/* Encoded with so much payload, a frame begins with these bytes; decoded, it
 * is the same message, and no part of it is one. */
static void check_frame(size_t payload_len, const char *hex)
{
    uint8_t begin[16];
    struct tomte_coap_msg m = {.code = TOMTE_COAP_POST,
                               .token_len = 2,
                               .token = {0xaa, 0xbb},
                               .options = TOMTE_SPAN_LIT("\xb1x"),
                               .payload = TOMTE_SPAN(payload, payload_len)};
    struct tomte_coap_msg d;
    struct tomte_span bytes, expected = test_hex(hex, TOMTE_BUF_ARRAY(begin));
    size_t used;
    CHECK_OK(tomte_coap_tcp_encode(&m, TOMTE_BUF_ARRAY(frame), &bytes));
    CHECK_BYTES(expected, tomte_span_slice(bytes, 0, expected.len));
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_coap_tcp_encode(&m, TOMTE_BUF(back, bytes.len - 1),
                                   &(struct tomte_span){0}));
    CHECK_OK(
        tomte_coap_tcp_decode(TOMTE_SPAN_ARRAY(frame), bytes.len, &d, &used));
    CHECK_EQ(bytes.len, used);
    CHECK_EQ(m.code, d.code);
    CHECK_BYTES(tomte_coap_token(&m), tomte_coap_token(&d));
    CHECK_BYTES(m.options, d.options);
    CHECK_BYTES(m.payload, d.payload);
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_coap_tcp_decode(bytes, bytes.len - 1, &d, &used));
    for (size_t n = 0; n < bytes.len; n += n < 16 ? 1 : 1 + bytes.len / 16) {
        CHECK_EQ(TOMTE_ERR_TRUNCATED,
                 tomte_coap_tcp_decode(TOMTE_SPAN(frame, n), sizeof frame, &d,
                                       &used));
        CHECK(used > n && used <= bytes.len);
    }
}

TEST(frames_of_every_length_form)
{
    check_frame(0, "22 02 aabb b178");
    check_frame(9, "c2 02 aabb b178 ff");  /* Len 12 */
    check_frame(10, "d2 00 02 aabb b178"); /* Len 13 */
    check_frame(265, "d2 ff 02 aabb");     /* Len 268 */
    check_frame(266, "e2 0000 02 aabb");   /* Len 269 */
    check_frame(65801, "e2 ffff 02 aabb"); /* Len 65804 */
    check_frame(65802, "f2 00000000 02 aabb");
}

TEST(frames_that_fit_to_the_byte)
{
    struct tomte_coap_msg m = {.code = TOMTE_COAP_GET, .token_len = 3};
    struct tomte_span bytes;
    CHECK_OK(tomte_coap_tcp_encode(&m, TOMTE_BUF(frame, 5), &bytes));
    CHECK_EQ(5, bytes.len);
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_coap_tcp_encode(&m, TOMTE_BUF(frame, 4), &bytes));
}

TEST(frames_that_are_none)
{
    static const struct {
        const char *hex;
        enum tomte_err err;
    } bad[] = {
        {"09 01", TOMTE_ERR_MALFORMED}, /* a token of 9 */
        {"0f 01", TOMTE_ERR_MALFORMED},
        {"00 20", TOMTE_ERR_MALFORMED}, /* classes 1, 3, 6 */
        {"00 60", TOMTE_ERR_MALFORMED},
        {"00 c0", TOMTE_ERR_MALFORMED},
        {"10 01 ff", TOMTE_ERR_MALFORMED}, /* a marker and nothing */
        {"10 01 f0", TOMTE_ERR_MALFORMED},
        {"f0 ffffffff 01", TOMTE_ERR_TOO_LARGE}, /* 4 GiB and more */
        {"e8 ffff 01", TOMTE_ERR_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tomte_coap_msg m;
        size_t used;
        CHECK_EQ(bad[i].err, tomte_coap_tcp_decode(
                                 test_hex(bad[i].hex, TOMTE_BUF_ARRAY(frame)),
                                 1000, &m, &used));
    }
}

/* ---- one connection ---- */

static struct tomte_coap_tcp tcp;
static uint8_t in[256], out[256];

/* Takes bytes, a few at a time, and notes what follows, in hexadecimal:
 * "> bytes", "message code", "pong", "release", "close ERROR". */
static const char *take(const char *hex, size_t step)
{
    static char line[1024];
    uint8_t bytes[512];
    struct tomte_span s = test_hex(hex, TOMTE_BUF_ARRAY(bytes));
    struct tomte_text t;
    struct tomte_coap_tcp_effect e;
    tomte_text_init(&t, line, sizeof line);
    for (size_t at = 0; at == 0 || at < s.len; at += step) {
        if (s.len != 0)
            tomte_coap_tcp_take(&tcp, tomte_span_slice(s, at, step));
        while (tomte_coap_tcp_poll(&tcp, &e)) {
            tomte_text_str(&t, t.len == 0 ? "" : ", ");
            if (e.kind == TOMTE_COAP_TCP_SEND) {
                tomte_text_str(&t, "> ");
                tomte_text_hex(&t, e.bytes);
            } else if (e.kind == TOMTE_COAP_TCP_MESSAGE) {
                tomte_text_str(&t, "message ");
                tomte_text_str(&t, tomte_coap_code_name(e.msg.code));
            } else if (e.kind == TOMTE_COAP_TCP_PONG) {
                tomte_text_str(&t, "pong");
            } else if (e.kind == TOMTE_COAP_TCP_RELEASED) {
                tomte_text_str(&t, "release ");
                tomte_text_u64(&t, e.hold_off_s);
            } else {
                CHECK_EQ(TOMTE_COAP_TCP_CLOSE, e.kind);
                tomte_text_str(&t, "close ");
                tomte_text_str(&t, tomte_err_name(e.err));
            }
        }
    }
    return line;
}

static void check_said(int line, const char *expected, const char *got)
{
    if (strcmp(expected, got) == 0)
        return;
    printf("  %s\n", got);
    test_fail(__FILE__, line, expected);
}
#define SAID(expected, hex) check_said(__LINE__, (expected), take((hex), 512))

/* Greeted by both: our Max-Message-Size is 256, with block-wise. */
static void start(void)
{
    struct tomte_coap_tcp_config c = {.in = TOMTE_BUF_ARRAY(in),
                                      .out = TOMTE_BUF_ARRAY(out),
                                      .block_wise = true};
    CHECK_OK(tomte_coap_tcp_init(&tcp, &c));
    SAID("> 40e122010020", "");
    SAID("", "00e1");
}

TEST(connections_greet)
{
    bool block_wise;
    start();
    CHECK_EQ(1152, tomte_coap_tcp_peer(&tcp, &block_wise));
    CHECK(!block_wise);
    SAID("", "40e1 22 0800 20");
    CHECK_EQ(2048, tomte_coap_tcp_peer(&tcp, &block_wise));
    CHECK(block_wise);
    SAID("", "20e1 d0ff"); /* an elective option that nobody knows */
    CHECK_EQ(2048, tomte_coap_tcp_peer(&tcp, &block_wise));
    CHECK(block_wise); /* what was said once stays (section 5.3) */
}

TEST(messages_come_in_any_pieces)
{
    static const char stream[] = "02 01 0101" /* GET with a token of 2 */
                                 "d1 01 45 07 ff 0102030405060708090a0b0c0d"
                                 "00 00"    /* empty */
                                 "01 e2 09" /* ping */
                                 "21 44 07 ff31";
    for (size_t step = 1; step < 40; step++) {
        start();
        check_said(__LINE__,
                   "message GET, message Content, > 01e309, message Changed",
                   take(stream, step));
    }
}

TEST(signals)
{
    start();
    struct tomte_coap_msg ping = {
        .code = TOMTE_COAP_SIGNAL_PING, .token_len = 1, .token = {5}};
    CHECK_OK(tomte_coap_tcp_send(&tcp, &ping));
    SAID("> 01e205", "");
    SAID("pong", "01e305");
    SAID("release 0", "00e4");
    SAID("release 600", "30e4 420258");
    SAID("", "00e9"); /* a signal that nobody knows */
    SAID("close RESET", "00e5");
    SAID("", "0001"); /* nothing behind the end */
    CHECK_EQ(TOMTE_ERR_STATE, tomte_coap_tcp_send(&tcp, &ping));
}

TEST(connections_that_are_aborted)
{
    struct tomte_coap_tcp_config c = {.in = TOMTE_BUF_ARRAY(in),
                                      .out = TOMTE_BUF_ARRAY(out)};
    CHECK_OK(tomte_coap_tcp_init(&tcp, &c));
    SAID("> 30e1220100", "");
    CHECK(strstr(take("0001", 9), "close STATE") != NULL); /* no CSM first */
    start();
    /* Bad-CSM-Option 3; a critical option of a ping */
    CHECK(strncmp(take("10e1 30", 9), "> d014e52103ff", 14) == 0);
    start();
    CHECK(strstr(take("10e2 30", 9), "close OPTION") != NULL);
    start();
    CHECK(strstr(take("0901", 9), "close MALFORMED") != NULL);
    start();
    CHECK(strstr(take("e0000001", 9), "close TOO_LARGE") != NULL);
}

TEST(streams_that_end)
{
    start();
    tomte_coap_tcp_take(&tcp, TOMTE_SPAN_NONE);
    SAID("close OK", "");
    start();
    SAID("", "10");
    tomte_coap_tcp_take(&tcp, TOMTE_SPAN_NONE);
    SAID("close TRUNCATED", "");
    start();
    SAID("message GET", "0001");
    tomte_coap_tcp_take(&tcp, TOMTE_SPAN_NONE);
    SAID("close OK", "");
}

TEST(messages_the_peer_would_not_take)
{
    struct tomte_coap_msg m = {.code = TOMTE_COAP_POST,
                               .payload = TOMTE_SPAN(payload, 60)};
    start();
    SAID("", "20e1 2140"); /* 64 bytes */
    CHECK_EQ(64, tcp.peer_max);
    m.payload.len = 61;
    CHECK_EQ(TOMTE_ERR_TOO_LARGE, tomte_coap_tcp_send(&tcp, &m));
    m.payload.len = 60;
    for (int i = 0; i < 4; i++)
        CHECK_OK(tomte_coap_tcp_send(&tcp, &m));
    CHECK_EQ(TOMTE_ERR_FULL, tomte_coap_tcp_send(&tcp, &m));
}

TEST(buffers_that_are_too_small)
{
    struct tomte_coap_tcp_config c = {.in = TOMTE_BUF(in, 63),
                                      .out = TOMTE_BUF_ARRAY(out)};
    CHECK_EQ(TOMTE_ERR_RANGE, tomte_coap_tcp_init(&tcp, &c));
    start();
    tomte_coap_tcp_wipe(&tcp);
    for (size_t i = 0; i < sizeof out; i++)
        CHECK_EQ(0, in[i] | out[i]);
}
