/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and responses, as transcripts (RFC 7252 section 4). */
#include "duo.h"

/* Section 4.2: doubling timeouts, four repetitions, then the end. */
TEST(request_without_an_answer_times_out)
{
    struct duo *d = duo_strangers();
    d->lose = ~0u;
    duo_ask(d, true, TOMTE_COAP_GET, "/x", -1, "");
    duo_elapse(d, 300000);
    TRACE(d, "     0 A> CON m1 GET t1 /x (lost)\n"
             "  2000 A> CON m1 GET t1 /x (lost)\n"
             "  6000 A> CON m1 GET t1 /x (lost)\n"
             " 14000 A> CON m1 GET t1 /x (lost)\n"
             " 30000 A> CON m1 GET t1 /x (lost)\n"
             " 62000 A: failed TIMEOUT\n");
    CHECK_EQ(1, d->ep[A].stats.timeouts);
    CHECK_EQ(d->ep[A].config.blocks, d->ep[A].pool.free);
}

TEST(request_acknowledged_but_never_answered_times_out)
{
    struct duo *d = duo_home();
    duo_ask(d, true, TOMTE_COAP_GET, "/x", -1, "");
    duo_elapse(d, 20000);
    TRACE(d, "     0 A> CON m1 GET t1 /x\n"
             "     0 B: request GET /x\n"
             "    75 B> ACK m1\n"
             "  8800 A: failed TIMEOUT\n");
    CHECK_EQ(1, d->ep[B].stats.unanswered);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, duo_answer(d, TOMTE_COAP_CONTENT, "late"));
}

TEST(request_with_a_timeout_of_its_own)
{
    struct duo *d = duo_strangers();
    uint32_t h;
    d->lose = ~0u;
    CHECK_OK(tomte_coap_request(
        &d->ep[A], d->now_ms,
        &(struct tomte_coap_request){.to = d->addr[B],
                                     .parts = {.code = TOMTE_COAP_GET},
                                     .timeout_ms = 2500,
                                     .confirmable = true},
        &h));
    duo_elapse(d, 10000);
    TRACE(d, "     0 A> CON m1 GET t1 / (lost)\n"
             "  2000 A> CON m1 GET t1 / (lost)\n"
             "  2500 A: failed TIMEOUT\n");
}

/* Section 5.2.2: a response implies the acknowledgement that was lost. */
TEST(separate_response_overtakes_its_acknowledgement)
{
    struct duo *d = duo_strangers();
    d->lose = 2;
    duo_ask(d, true, TOMTE_COAP_GET, "/x", -1, "");
    duo_elapse(d, 500);
    CHECK_OK(duo_answer(d, TOMTE_COAP_CONTENT, "1"));
    duo_elapse(d, 300000);
    TRACE(d, "     0 A> CON m1 GET t1 /x\n"
             "     0 B: request GET /x\n"
             "   500 B> ACK m1 (lost)\n"
             "   500 B> CON m2 2.05 t1 \"1\"\n"
             "   500 A> ACK m2\n"
             "   500 A: response 2.05 \"1\" last\n");
}

/* The ACK of a separate response is lost: it comes again, is acknowledged
 * again, and is not handed up again. */
TEST(separate_response_repeated)
{
    struct duo *d = duo_strangers();
    d->lose = 8;
    duo_ask(d, true, TOMTE_COAP_POST, "/x", -1, "");
    duo_elapse(d, 500);
    CHECK_OK(duo_answer(d, TOMTE_COAP_CHANGED, ""));
    duo_elapse(d, 300000);
    TRACE(d, "     0 A> CON m1 POST t1 /x\n"
             "     0 B: request POST /x\n"
             "   500 B> ACK m1\n"
             "   500 B> CON m2 2.04 t1\n"
             "   500 A> ACK m2 (lost)\n"
             "   500 A: response 2.04 last\n"
             "  2500 B> CON m2 2.04 t1\n"
             "  2500 A> ACK m2\n");
}

/* A duplicate of a request that is being worked on is acknowledged at once. */
TEST(duplicate_of_an_open_request)
{
    struct duo *d = duo_strangers();
    d->twice = 1;
    duo_ask(d, true, TOMTE_COAP_POST, "/x", -1, "");
    duo_settle(d);
    CHECK_OK(duo_answer(d, TOMTE_COAP_CHANGED, ""));
    duo_elapse(d, 300000);
    TRACE(d, "     0 A> CON m1 POST t1 /x (twice)\n"
             "     0 B: request POST /x\n"
             "     0 B> ACK m1\n"
             "     0 B> CON m2 2.04 t1\n"
             "     0 A> ACK m2\n"
             "     0 A: response 2.04 last\n");
}

TEST(duplicate_of_a_nonconfirmable_request)
{
    struct duo *d = duo_strangers();
    d->twice = 3;
    duo_ask(d, false, TOMTE_COAP_POST, "/x", -1, "");
    duo_settle(d);
    CHECK_OK(duo_answer(d, TOMTE_COAP_CHANGED, ""));
    duo_elapse(d, 300000);
    TRACE(d, "     0 A> NON m1 POST t1 /x (twice)\n"
             "     0 B: request POST /x\n"
             "     0 B> NON m2 2.04 t1 (twice)\n"
             "     0 A: response 2.04 last\n"
             "     0 A> RST m2\n");
}

/* A message ID counts as new again after EXCHANGE_LIFETIME, 232 s with a random
 * factor of 1. */
TEST(duplicate_is_forgotten_after_its_lifetime)
{
    struct duo *d = duo_strangers();
    static const char request[] = "44027d35 01020304";
    CHECK_OK(duo_inject(d, B, &d->addr[A], request));
    CHECK_OK(duo_answer(d, TOMTE_COAP_CHANGED, ""));
    duo_elapse(d, 231999);
    CHECK_OK(duo_inject(d, B, &d->addr[A], request));
    duo_elapse(d, 1);
    CHECK_OK(duo_inject(d, B, &d->addr[A], request));
    TRACE(d, "     0 B: request POST /\n"
             "     0 B> ACK m1 2.04 t1\n"
             "231999 B> ACK m1 2.04 t1\n"
             "232000 B: request POST /\n");
}

/* Section 4.7: NSTART is 1 by default, 4 between the nodes of a home. */
TEST(requests_wait_for_their_turn)
{
    struct duo *d = duo_strangers();
    for (int i = 0; i < 3; i++)
        duo_ask(d, true, TOMTE_COAP_GET,
                i == 0   ? "/a"
                : i == 1 ? "/b"
                         : "/c",
                -1, "");
    for (int i = 0; i < 3; i++) {
        duo_settle(d);
        CHECK_OK(duo_answer(d, TOMTE_COAP_CONTENT, ""));
    }
    duo_settle(d);
    TRACE(d, "     0 A> CON m1 GET t1 /a\n"
             "     0 B: request GET /a\n"
             "     0 B> ACK m1 2.05 t1\n"
             "     0 A: response 2.05 last\n"
             "     0 A> CON m2 GET t2 /b\n"
             "     0 B: request GET /b\n"
             "     0 B> ACK m2 2.05 t2\n"
             "     0 A: response 2.05 last\n"
             "     0 A> CON m3 GET t3 /c\n"
             "     0 B: request GET /c\n"
             "     0 B> ACK m3 2.05 t3\n"
             "     0 A: response 2.05 last\n");
}

/* An empty ACK lets the next one go; so does a failure. */
TEST(requests_wait_for_an_acknowledgement_or_the_end)
{
    struct duo *d = duo_strangers();
    duo_ask(d, true, TOMTE_COAP_GET, "/a", -1, "");
    duo_ask(d, true, TOMTE_COAP_GET, "/b", -1, "");
    uint32_t c = duo_ask(d, true, TOMTE_COAP_GET, "/c", -1, "");
    duo_ask(d, true, TOMTE_COAP_GET, "/d", -1, "");
    tomte_coap_cancel(&d->ep[A], c);
    duo_elapse(d, 500);
    d->lose = ~0u;
    duo_elapse(d, 63000);
    TRACE(d, "     0 A> CON m1 GET t1 /a\n"
             "     0 B: request GET /a\n"
             "   500 B> ACK m1\n"
             "   500 A> CON m2 GET t2 /b\n"
             "   500 B: request GET /b\n"
             "  1000 B> ACK m2 (lost)\n"
             "  2500 A> CON m2 GET t2 /b (lost)\n"
             "  6500 A> CON m2 GET t2 /b (lost)\n"
             " 14500 A> CON m2 GET t2 /b (lost)\n"
             " 30500 A> CON m2 GET t2 /b (lost)\n"
             " 62500 A: failed TIMEOUT\n"
             " 62500 A> CON m3 GET t3 /d (lost)\n");
}

TEST(four_requests_are_outstanding_at_home)
{
    struct duo *d = duo_home();
    for (int i = 0; i < 6; i++)
        duo_ask(d, i % 2 == 0, TOMTE_COAP_GET, "/x", -1, "");
    d->lose = ~0u;
    duo_settle(d);
    TRACE(d, "     0 A> CON m1 GET t1 /x (lost)\n"
             "     0 A> NON m2 GET t2 /x (lost)\n"
             "     0 A> CON m3 GET t3 /x (lost)\n"
             "     0 A> NON m4 GET t4 /x (lost)\n");
    duo_elapse(d, 299);
    TRACE(d, "");
    duo_elapse(d, 1); /* a NON counts for one ACK_TIMEOUT */
    TRACE(d, "   300 A> CON m1 GET t1 /x (lost)\n"
             "   300 A> CON m5 GET t5 /x (lost)\n"
             "   300 A> CON m3 GET t3 /x (lost)\n"
             "   300 A> NON m6 GET t6 /x (lost)\n");
}

/* The last of those that wait to be polled is taken out, and another one comes
 * behind. */
TEST(request_cancelled_before_it_was_sent)
{
    struct duo *d = duo_home();
    d->lose = ~0u;
    duo_ask(d, true, TOMTE_COAP_GET, "/a", -1, "");
    uint32_t b = duo_ask(d, true, TOMTE_COAP_GET, "/b", -1, "");
    tomte_coap_cancel(&d->ep[A], b);
    duo_ask(d, true, TOMTE_COAP_GET, "/c", -1, "");
    duo_settle(d);
    TRACE(d, "     0 A> CON m1 GET t1 /a (lost)\n"
             "     0 A> CON m2 GET t2 /c (lost)\n");
}

TEST(ping_and_pong)
{
    struct duo *d = duo_strangers();
    CHECK_OK(tomte_coap_ping(&d->ep[A], d->now_ms, &d->addr[B], 5));
    duo_settle(d);
    TRACE(d, "     0 A> CON m1\n"
             "     0 B> RST m1\n"
             "     0 A: pong\n");
    d->lose = ~0u;
    CHECK_OK(tomte_coap_ping(&d->ep[A], d->now_ms, &d->addr[B], 6));
    duo_settle(d);
    TRACE(d, "     0 A> CON m2 (lost)\n");
    duo_elapse(d, 62000);
    CHECK_EQ(1, d->ep[A].stats.timeouts);
}

TEST(request_that_is_reset)
{
    struct duo *d = duo_strangers();
    struct tomte_coap_effect e;
    duo_ask(d, true, TOMTE_COAP_GET, "/x", -1, "");
    CHECK(tomte_coap_poll(&d->ep[A], &e));
    char hex[] = "7000xxxx";
    struct tomte_text t;
    char digits[8];
    tomte_text_init(&t, digits, sizeof digits);
    tomte_text_hex(&t, tomte_span_slice(e.bytes, 2, 2));
    memcpy(hex + 4, digits, 4);
    CHECK_OK(duo_inject(d, A, &d->addr[B], hex));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, duo_inject(d, A, &d->addr[B], hex));
    TRACE(d, "     0 A: failed RESET\n");
}

/* An answer is for who asked: another address or token changes nothing. */
TEST(forged_answers_are_ignored)
{
    struct duo *d = duo_strangers();
    struct tomte_coap_effect e;
    char hex[32] = "6445";
    duo_ask(d, true, TOMTE_COAP_GET, "/x", -1, "");
    CHECK(tomte_coap_poll(&d->ep[A], &e));
    struct tomte_text t;
    tomte_text_init(&t, hex + 4, sizeof hex - 4);
    tomte_text_hex(&t, tomte_span_slice(e.bytes, 2, 6));
    struct tomte_addr other = d->addr[B];
    other.port++;
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, duo_inject(d, A, &other, hex));
    char wrong[32];
    memcpy(wrong, hex, sizeof wrong);
    wrong[10] = wrong[10] == '0' ? '1' : '0'; /* in the token */
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, duo_inject(d, A, &d->addr[B], wrong));
    memcpy(wrong, hex, sizeof wrong);
    wrong[5] = wrong[5] == '0' ? '1' : '0'; /* in the message ID */
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, duo_inject(d, A, &d->addr[B], wrong));
    TRACE(d, "");
    CHECK_EQ(3, d->ep[A].stats.stray_responses);
    CHECK_OK(duo_inject(d, A, &d->addr[B], hex));
    TRACE(d, "     0 A: response 2.05 last\n");
}

/* Section 4.2 and 4.3, as the endpoint does it. */
TEST(malformed_messages_are_reset_or_ignored)
{
    struct duo *d = duo_strangers();
    CHECK_EQ(TOMTE_ERR_MALFORMED,
             duo_inject(d, B, &d->addr[A], "49010001 010203040506070809"));
    CHECK_EQ(TOMTE_ERR_MALFORMED, duo_inject(d, B, &d->addr[A], "50010002 ff"));
    CHECK_EQ(TOMTE_ERR_VERSION, duo_inject(d, B, &d->addr[A], "80010003"));
    CHECK_EQ(TOMTE_ERR_TRUNCATED, duo_inject(d, B, &d->addr[A], "4001"));
    TRACE(d, "     0 B> RST m1\n");
    CHECK_EQ(4, d->ep[B].stats.malformed);
    static uint8_t big[TOMTE_LIMIT_DATAGRAM_BYTES + 1] = {0x40, 1, 0, 1, 0xff};
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_coap_step(&d->ep[B], &(struct tomte_coap_event){
                                            .now_ms = d->now_ms,
                                            .from = d->addr[A],
                                            .bytes = TOMTE_SPAN_ARRAY(big)}));
    CHECK_EQ(1, d->ep[B].stats.oversized);
    CHECK_EQ(0, d->ep[B].used.peers);
}

/* Section 5.4.1 on both sides. */
TEST(critical_options_that_nobody_understands)
{
    static const uint16_t known[] = {TOMTE_COAP_OPT_URI_PATH};
    struct tomte_coap_config c = duo_config();
    c.known = known;
    c.known_count = 1;
    struct duo *d = duo_start(&c, false);
    CHECK_EQ(TOMTE_ERR_OPTION, duo_inject(d, B, &d->addr[A], "41010001 aa 10"));
    CHECK_EQ(TOMTE_ERR_OPTION, duo_inject(d, B, &d->addr[A], "51010002 aa 10"));
    CHECK_OK(duo_inject(d, B, &d->addr[A], "41010003 aa b178"));
    TRACE(d, "     0 B> ACK m1 4.02 t1\n"
             "     0 B: request GET /x\n");
    uint32_t h = duo_ask(d, true, TOMTE_COAP_GET, "/x", -1, "");
    CHECK(h != 0);
    duo_settle(d);
    uint8_t if_match[1] = {0x10};
    CHECK_OK(tomte_coap_respond(
        &d->ep[B], d->now_ms, d->request[B],
        &(struct tomte_coap_parts){.code = TOMTE_COAP_CONTENT,
                                   .options = TOMTE_SPAN_ARRAY(if_match)}));
    duo_settle(d);
    TRACE(d, "     0 A> CON m2 GET t2 /x\n"
             "     0 B: request GET /x\n"
             "     0 B> ACK m2 2.05 t2\n"
             "     0 A: failed OPTION\n");
}

TEST(request_that_is_dropped)
{
    struct duo *d = duo_home();
    duo_ask(d, true, TOMTE_COAP_GET, "/x", -1, "");
    duo_settle(d);
    tomte_coap_drop(&d->ep[B], d->now_ms, d->request[B]);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, duo_answer(d, TOMTE_COAP_CONTENT, ""));
    duo_elapse(d, 20000);
    TRACE(d, "     0 A> CON m1 GET t1 /x\n"
             "     0 B: request GET /x\n"
             "     0 B> ACK m1\n"
             "  8800 A: failed TIMEOUT\n");
    CHECK_EQ(0, d->ep[B].stats.unanswered);
}

TEST(messages_too_large_to_send)
{
    struct duo *d = duo_strangers();
    static uint8_t big[TOMTE_LIMIT_DATAGRAM_BYTES];
    uint32_t h;
    struct tomte_coap_request r = {.to = d->addr[B],
                                   .parts = {.code = TOMTE_COAP_PUT},
                                   .confirmable = true};
    r.parts.payload = TOMTE_SPAN(big, sizeof big - 8); /* and the marker */
    CHECK_EQ(TOMTE_ERR_TOO_LARGE,
             tomte_coap_request(&d->ep[A], d->now_ms, &r, &h));
    CHECK_EQ(0, d->ep[A].used.exchanges);
    r.parts.payload.len--;
    CHECK_OK(tomte_coap_request(&d->ep[A], d->now_ms, &r, &h));
    struct tomte_coap_effect e;
    CHECK(tomte_coap_poll(&d->ep[A], &e));
    CHECK_EQ(TOMTE_LIMIT_DATAGRAM_BYTES, e.bytes.len);
}

/* Section 4.4: an ID is used again after EXCHANGE_LIFETIME, not before. */
TEST(message_ids_are_not_used_twice_in_a_lifetime)
{
    struct duo *d = duo_home();
    static uint8_t seen[65536 / 8];
    memset(seen, 0, sizeof seen);
    struct tomte_coap_effect e;
    unsigned sent = 0;
    enum tomte_err err;
    for (;;) {
        uint32_t h;
        err = tomte_coap_request(
            &d->ep[A], d->now_ms,
            &(struct tomte_coap_request){.to = d->addr[B],
                                         .parts = {.code = TOMTE_COAP_GET}},
            &h);
        if (err != TOMTE_OK)
            break;
        CHECK(tomte_coap_poll(&d->ep[A], &e));
        unsigned mid = (unsigned)(e.bytes.data[2] << 8 | e.bytes.data[3]);
        CHECK((seen[mid / 8] >> mid % 8 & 1) == 0);
        seen[mid / 8] |= (uint8_t)(1 << mid % 8);
        tomte_coap_cancel(&d->ep[A], h);
        sent++;
    }
    CHECK_EQ(TOMTE_ERR_AGAIN, err);
    CHECK(sent > 49152 && sent <= 65536);
    CHECK_EQ(1, d->ep[A].stats.mids_exhausted);
    d->now_ms += 8800;
    duo_ask(d, false, TOMTE_COAP_GET, "/x", -1, "");
}

/* Who must store before it speaks takes the message first, then the ACK. */
TEST(what_is_handed_up_can_be_taken_first)
{
    struct duo *d = duo_strangers();
    static const uint8_t get[] = {0x40, 1, 0, 1};
    struct tomte_coap_event event = {.now_ms = d->now_ms,
                                     .from = d->addr[A],
                                     .bytes = TOMTE_SPAN_ARRAY(get)};
    struct tomte_coap_effect e;
    CHECK_OK(tomte_coap_step(&d->ep[B], &event));
    CHECK(tomte_coap_poll_up(&d->ep[B], &e));
    CHECK_EQ(TOMTE_COAP_REQUEST, e.kind);
    d->request[B] = e.handle;
    CHECK(!tomte_coap_poll_up(&d->ep[B], &e));
    CHECK_OK(duo_answer(d, TOMTE_COAP_CONTENT, ""));
    CHECK(!tomte_coap_poll_up(&d->ep[B], &e));
    CHECK(tomte_coap_poll(&d->ep[B], &e));
    CHECK_EQ(TOMTE_COAP_SEND, e.kind);
}

/* A step before the effects of the last one were polled would lose them. */
TEST(undrained_effects_are_our_fault)
{
    struct duo *d = duo_strangers();
    static const uint8_t get[] = {0x40, 1, 0, 1};
    struct tomte_coap_event event = {.now_ms = d->now_ms,
                                     .from = d->addr[A],
                                     .bytes = TOMTE_SPAN_ARRAY(get)};
    CHECK_OK(tomte_coap_step(&d->ep[B], &event));
    EXPECT_PANIC((void)tomte_coap_step(&d->ep[B], &event));
}

/* Time that steps back is held. */
TEST(time_that_steps_back)
{
    struct duo *d = duo_strangers();
    d->lose = ~0u;
    duo_ask(d, true, TOMTE_COAP_GET, "/x", -1, "");
    duo_settle(d);
    CHECK_EQ(3000, tomte_coap_deadline(&d->ep[A]));
    tomte_coap_step(&d->ep[A],
                    &(struct tomte_coap_event){.kind = TOMTE_COAP_EVENT_TIMER,
                                               .now_ms = 10});
    CHECK_EQ(3000, tomte_coap_deadline(&d->ep[A]));
    CHECK_EQ(1000, d->ep[A].now_ms);
}
