/* SPDX-License-Identifier: Apache-2.0 */
/* The examples of RFC 7252 appendix A, as transcripts. */
#include "duo.h"

/* Figures 16 and 17, byte for byte. */
TEST(appendix_a_piggybacked_bytes)
{
    struct duo *d = duo_strangers();
    static const char *const rows[][2] = {
        {"40017d34 bb74656d7065726174757265", "60457d34 ff32322e332043"},
        {"41017d35 20 bb74656d7065726174757265", "61457d35 20 ff32322e332043"},
    };
    for (size_t i = 0; i < 2; i++) {
        uint8_t bytes[32];
        struct tomte_coap_effect e;
        CHECK_OK(tomte_coap_step(
            &d->ep[B],
            &(struct tomte_coap_event){
                .kind = TOMTE_COAP_EVENT_DATAGRAM,
                .now_ms = d->now_ms,
                .from = d->addr[A],
                .bytes = test_hex(rows[i][0], TOMTE_BUF_ARRAY(bytes))}));
        CHECK(tomte_coap_poll(&d->ep[B], &e));
        CHECK_EQ(TOMTE_COAP_REQUEST, e.kind);
        CHECK_EQ(TOMTE_COAP_GET, e.msg.code);
        d->request[B] = e.handle;
        CHECK_OK(duo_answer(d, TOMTE_COAP_CONTENT, "22.3 C"));
        CHECK(tomte_coap_poll(&d->ep[B], &e));
        CHECK_EQ(TOMTE_COAP_SEND, e.kind);
        CHECK(tomte_addr_equal(&d->addr[A], &e.peer));
        CHECK_BYTES(test_hex(rows[i][1], TOMTE_BUF_ARRAY(bytes)), e.bytes);
        CHECK(!tomte_coap_poll(&d->ep[B], &e));
    }
}

/* Figure 17. */
TEST(appendix_a_piggybacked)
{
    struct duo *d = duo_strangers();
    duo_ask(d, true, TOMTE_COAP_GET, "/temperature", -1, "");
    duo_settle(d);
    CHECK_OK(duo_answer(d, TOMTE_COAP_CONTENT, "22.3 C"));
    duo_settle(d);
    duo_elapse(d, 300000);
    TRACE(d, "     0 A> CON m1 GET t1 /temperature\n"
             "     0 B: request GET /temperature\n"
             "     0 B> ACK m1 2.05 t1 \"22.3 C\"\n"
             "     0 A: response 2.05 \"22.3 C\" last\n");
}

/* Figure 18: the request is lost. */
TEST(appendix_a_request_retransmitted)
{
    struct duo *d = duo_strangers();
    d->lose = 1;
    duo_ask(d, true, TOMTE_COAP_GET, "/temperature", -1, "");
    duo_elapse(d, 2000);
    CHECK_OK(duo_answer(d, TOMTE_COAP_CONTENT, "22.3 C"));
    duo_elapse(d, 300000);
    TRACE(d, "     0 A> CON m1 GET t1 /temperature (lost)\n"
             "  2000 A> CON m1 GET t1 /temperature\n"
             "  2000 B: request GET /temperature\n"
             "  2000 B> ACK m1 2.05 t1 \"22.3 C\"\n"
             "  2000 A: response 2.05 \"22.3 C\" last\n");
    CHECK_EQ(1, d->ep[A].stats.retransmitted);
}

/* Figure 19: the response is lost; the duplicate gets it again. */
TEST(appendix_a_response_retransmitted)
{
    struct duo *d = duo_strangers();
    d->lose = 2;
    duo_ask(d, true, TOMTE_COAP_PUT, "/lamp", -1, "on");
    duo_settle(d);
    CHECK_OK(duo_answer(d, TOMTE_COAP_CHANGED, ""));
    duo_elapse(d, 300000);
    TRACE(d, "     0 A> CON m1 PUT t1 /lamp \"on\"\n"
             "     0 B: request PUT /lamp \"on\"\n"
             "     0 B> ACK m1 2.04 t1 (lost)\n"
             "  2000 A> CON m1 PUT t1 /lamp \"on\"\n"
             "  2000 B> ACK m1 2.04 t1\n"
             "  2000 A: response 2.04 last\n");
    CHECK_EQ(1, d->ep[B].stats.duplicates);
}

/* Figure 20: the answer takes longer than ack_delay_ms. */
TEST(appendix_a_separate_response)
{
    struct duo *d = duo_strangers();
    duo_ask(d, true, TOMTE_COAP_GET, "/humidity", -1, "");
    duo_elapse(d, 1000);
    CHECK_OK(duo_answer(d, TOMTE_COAP_CONTENT, "60%"));
    duo_elapse(d, 300000);
    TRACE(d, "     0 A> CON m1 GET t1 /humidity\n"
             "     0 B: request GET /humidity\n"
             "   500 B> ACK m1\n"
             "  1000 B> CON m2 2.05 t1 \"60%\"\n"
             "  1000 A> ACK m2\n"
             "  1000 A: response 2.05 \"60%\" last\n");
}

/* Figure 21: the client knows nothing of it, and says so. */
TEST(appendix_a_separate_response_unexpected)
{
    struct duo *d = duo_strangers();
    uint32_t h = duo_ask(d, true, TOMTE_COAP_GET, "/humidity", -1, "");
    duo_elapse(d, 500);
    tomte_coap_cancel(&d->ep[A], h);
    CHECK_OK(duo_answer(d, TOMTE_COAP_CONTENT, "60%"));
    duo_elapse(d, 300000);
    TRACE(d, "     0 A> CON m1 GET t1 /humidity\n"
             "     0 B: request GET /humidity\n"
             "   500 B> ACK m1\n"
             "   500 B> CON m2 2.05 t1 \"60%\"\n"
             "   500 A> RST m2\n");
    CHECK_EQ(1, d->ep[A].stats.stray_responses);
    CHECK_EQ(1, d->ep[B].stats.resets);
}

/* Figure 22. */
TEST(appendix_a_nonconfirmable)
{
    struct duo *d = duo_strangers();
    duo_ask(d, false, TOMTE_COAP_GET, "/temperature", -1, "");
    duo_settle(d);
    CHECK_OK(duo_answer(d, TOMTE_COAP_CONTENT, "22.3 C"));
    duo_elapse(d, 300000);
    TRACE(d, "     0 A> NON m1 GET t1 /temperature\n"
             "     0 B: request GET /temperature\n"
             "     0 B> NON m2 2.05 t1 \"22.3 C\"\n"
             "     0 A: response 2.05 \"22.3 C\" last\n");
}

/* Figure 23: a server may answer a NON with a CON. The token is what A drew.
 */
TEST(appendix_a_confirmable_response_to_nonconfirmable)
{
    struct duo *d = duo_strangers();
    struct tomte_coap_effect e;
    char hex[64] = "4445aa55 ";
    duo_ask(d, false, TOMTE_COAP_GET, "/temperature", -1, "");
    CHECK(tomte_coap_poll(&d->ep[A], &e));
    struct tomte_text t;
    tomte_text_init(&t, hex + 9, sizeof hex - 9);
    tomte_text_hex(&t, tomte_span_slice(e.bytes, 4, 4));
    tomte_text_str(&t, " ff3232");
    CHECK_OK(duo_inject(d, A, &d->addr[B], hex));
    CHECK_OK(duo_inject(d, A, &d->addr[B], hex));
    TRACE(d, "     0 A> ACK m1\n"
             "     0 A: response 2.05 \"22\" last\n"
             "     0 A> ACK m1\n");
    CHECK_EQ(1, d->ep[A].stats.duplicates);
}
