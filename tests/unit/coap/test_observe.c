/* SPDX-License-Identifier: Apache-2.0 */
/* Observers, as transcripts (RFC 7641 section 4). */
#include "duo.h"

TEST(observe_and_be_notified_at_home)
{
    uint32_t ob, h;
    struct duo *d = duo_observing(true, &ob, &h);
    CHECK_OK(duo_notify(d, ob, "21", false));
    duo_settle(d);
    CHECK_OK(duo_notify(d, ob, "22", false));
    duo_elapse(d, 20000);
    TRACE(d, "     0 B> CON m2 2.05 t1 observe 2 \"21\"\n"
             "     0 A> ACK m2\n"
             "     0 A: response 2.05 observe 2 \"21\"\n"
             "     0 B> CON m3 2.05 t1 observe 3 \"22\"\n"
             "     0 A> ACK m3\n"
             "     0 A: response 2.05 observe 3 \"22\"\n");
}

/* Section 4.5: NON, but the fifth in a row is a CON, and so is one that comes
 * within 3 s (section 4.5.1), or when the application wants it. */
TEST(observe_mixes_non_and_con)
{
    uint32_t ob, h;
    struct duo *d = duo_observing(false, &ob, &h);
    for (int i = 0; i < 6; i++) {
        CHECK_OK(duo_notify(d, ob, "x", i == 5));
        duo_elapse(d, 5000);
    }
    TRACE(d, "     0 B> NON m2 2.05 t1 observe 2 \"x\"\n"
             "     0 A: response 2.05 observe 2 \"x\"\n"
             "  5000 B> NON m3 2.05 t1 observe 3 \"x\"\n"
             "  5000 A: response 2.05 observe 3 \"x\"\n"
             " 10000 B> NON m4 2.05 t1 observe 4 \"x\"\n"
             " 10000 A: response 2.05 observe 4 \"x\"\n"
             " 15000 B> NON m5 2.05 t1 observe 5 \"x\"\n"
             " 15000 A: response 2.05 observe 5 \"x\"\n"
             " 20000 B> CON m6 2.05 t1 observe 6 \"x\"\n"
             " 20000 A> ACK m6\n"
             " 20000 A: response 2.05 observe 6 \"x\"\n"
             " 25000 B> CON m7 2.05 t1 observe 7 \"x\"\n"
             " 25000 A> ACK m7\n"
             " 25000 A: response 2.05 observe 7 \"x\"\n");
    CHECK_OK(duo_notify(d, ob, "y", false));
    duo_elapse(d, 2999);
    CHECK_OK(duo_notify(d, ob, "z", false));
    duo_elapse(d, 1);
    TRACE(d, " 30000 B> NON m8 2.05 t1 observe 8 \"y\"\n"
             " 30000 A: response 2.05 observe 8 \"y\"\n"
             " 32999 B> CON m9 2.05 t1 observe 9 \"z\"\n"
             " 32999 A> ACK m9\n"
             " 32999 A: response 2.05 observe 9 \"z\"\n");
}

TEST(observe_confirms_at_least_once_a_day)
{
    struct tomte_coap_config c = duo_observe_config();
    c.params.notify_con_every = 1000;
    struct duo *d = duo_start(&c, false);
    duo_ask(d, true, TOMTE_COAP_GET, "/t", 0, "");
    duo_settle(d);
    uint32_t ob = duo_accept(d, "20");
    duo_settle(d);
    TRACE(d, d->text);
    d->now_ms += 86399999;
    CHECK_OK(duo_notify(d, ob, "x", false));
    duo_settle(d);
    d->now_ms += 5000;
    CHECK_OK(duo_notify(d, ob, "y", false));
    duo_settle(d);
    TRACE(d, "86399999 B> NON m2 2.05 t1 observe 2 \"x\"\n"
             "86399999 A: response 2.05 observe 2 \"x\"\n"
             "86404999 B> CON m3 2.05 t1 observe 3 \"y\"\n"
             "86404999 A> ACK m3\n"
             "86404999 A: response 2.05 observe 3 \"y\"\n");
}

/* Section 4.5.2: while one is under way the newest one waits, and takes the
 * place of the one that would be repeated; the timeout goes on doubling. */
TEST(observe_latest_state_wins)
{
    uint32_t ob, h;
    struct duo *d = duo_observing(true, &ob, &h);
    d->lose = 7;
    for (const char *s = "12345"; *s != 0; s++) {
        char text[] = {*s, 0};
        CHECK_OK(duo_notify(d, ob, text, false));
        duo_settle(d);
    }
    duo_elapse(d, 300);
    CHECK_OK(duo_notify(d, ob, "6", false));
    duo_elapse(d, 20000);
    TRACE(d, "     0 B> CON m2 2.05 t1 observe 2 \"1\" (lost)\n"
             "   300 B> CON m3 2.05 t1 observe 6 \"5\" (lost)\n"
             "   900 B> CON m4 2.05 t1 observe 7 \"6\" (lost)\n"
             "  2100 B> CON m4 2.05 t1 observe 7 \"6\"\n"
             "  2100 A> ACK m4\n"
             "  2100 A: response 2.05 observe 7 \"6\"\n");
    CHECK_EQ(d->ep[B].config.blocks - 1, d->ep[B].pool.free);
}

/* The ACK is lost, and in the meantime there is a newer state. */
TEST(observe_newer_state_after_a_lost_acknowledgement)
{
    uint32_t ob, h;
    struct duo *d = duo_observing(true, &ob, &h);
    d->lose = 2;
    CHECK_OK(duo_notify(d, ob, "1", false));
    duo_elapse(d, 100);
    CHECK_OK(duo_notify(d, ob, "2", false));
    duo_elapse(d, 20000);
    TRACE(d, "     0 B> CON m2 2.05 t1 observe 2 \"1\"\n"
             "     0 A> ACK m2 (lost)\n"
             "     0 A: response 2.05 observe 2 \"1\"\n"
             "   300 B> CON m3 2.05 t1 observe 3 \"2\"\n"
             "   300 A> ACK m3\n"
             "   300 A: response 2.05 observe 3 \"2\"\n");
}

TEST(observe_two_notifications_before_a_poll)
{
    uint32_t ob, h;
    struct duo *d = duo_observing(false, &ob, &h);
    CHECK_OK(duo_notify(d, ob, "1", false));
    CHECK_OK(duo_notify(d, ob, "2", false));
    duo_elapse(d, 5000);
    TRACE(d, "     0 B> CON m2 2.05 t1 observe 3 \"2\"\n"
             "     0 A> ACK m2\n"
             "     0 A: response 2.05 observe 3 \"2\"\n");
    CHECK_EQ(d->ep[B].config.blocks - 1, d->ep[B].pool.free);
}

TEST(observer_that_is_silent_is_dropped)
{
    uint32_t ob, h;
    struct duo *d = duo_observing(true, &ob, &h);
    d->lose = ~0u;
    CHECK_OK(duo_notify(d, ob, "1", false));
    duo_elapse(d, 30000);
    TRACE(d, "     0 B> CON m2 2.05 t1 observe 2 \"1\" (lost)\n"
             "   300 B> CON m2 2.05 t1 observe 2 \"1\" (lost)\n"
             "   900 B> CON m2 2.05 t1 observe 2 \"1\" (lost)\n"
             "  2100 B> CON m2 2.05 t1 observe 2 \"1\" (lost)\n"
             "  4500 B> CON m2 2.05 t1 observe 2 \"1\" (lost)\n"
             "  9300 B: gone TIMEOUT\n");
    CHECK_EQ(ob, d->gone[B]);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, duo_notify(d, ob, "2", false));
    CHECK_EQ(0, tomte_coap_next_observer(&d->ep[B], 7, 0));
    CHECK_EQ(1, d->ep[B].stats.observers_lost);
    CHECK_EQ(0, d->ep[B].used.observers);
}

/* Section 3.6: the client forgot; its Reset ends it, of a CON and a NON. */
TEST(observer_that_resets_is_dropped)
{
    for (int con = 0; con < 2; con++) {
        uint32_t ob, h;
        struct duo *d = duo_observing(false, &ob, &h);
        tomte_coap_cancel(&d->ep[A], h);
        CHECK_OK(duo_notify(d, ob, "1", con));
        duo_elapse(d, 5000);
        TRACE(d, con ? "     0 B> CON m2 2.05 t1 observe 2 \"1\"\n"
                       "     0 A> RST m2\n"
                       "     0 B: gone RESET\n"
                     : "     0 B> NON m2 2.05 t1 observe 2 \"1\"\n"
                       "     0 A> RST m2\n"
                       "     0 B: gone RESET\n");
        CHECK_EQ(0, d->ep[B].used.observers);
        CHECK_EQ(0, d->ep[A].used.exchanges);
    }
}

TEST(observer_that_deregisters)
{
    uint32_t ob, h;
    struct duo *d = duo_observing(true, &ob, &h);
    CHECK_OK(duo_renew(d, h, 1));
    duo_settle(d);
    CHECK_OK(duo_answer(d, TOMTE_COAP_CONTENT, "20"));
    duo_settle(d);
    TRACE(d, "     0 A> CON m2 GET t1 /t observe 1\n"
             "     0 B: request GET /t observe 1\n"
             "     0 B> ACK m2 2.05 t1 \"20\"\n"
             "     0 B: gone OK\n"
             "     0 A: response 2.05 \"20\" last\n");
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, duo_renew(d, h, 0));
    CHECK_EQ(0, d->ep[A].used.exchanges);
}

TEST(observe_ends_with_an_error_notification)
{
    uint32_t ob, h;
    struct duo *d = duo_observing(false, &ob, &h);
    CHECK_OK(tomte_coap_notify(
        &d->ep[B], d->now_ms, ob,
        &(struct tomte_coap_parts){.code = TOMTE_COAP_NOT_FOUND}, false));
    CHECK_EQ(TOMTE_ERR_STATE, duo_notify(d, ob, "late", false));
    duo_settle(d);
    TRACE(d, "     0 B> CON m2 4.04 t1\n"
             "     0 A> ACK m2\n"
             "     0 A: response 4.04 last\n"
             "     0 B: gone OK\n");
    CHECK_EQ(0, d->ep[B].used.observers + d->ep[A].used.exchanges);
}

TEST(observe_refused_is_an_ordinary_answer)
{
    struct tomte_coap_config c = duo_observe_config();
    struct duo *d = duo_start(&c, true);
    uint32_t ob;
    duo_ask(d, true, TOMTE_COAP_GET, "/t", 0, "");
    duo_settle(d);
    CHECK_OK(duo_answer(d, TOMTE_COAP_CONTENT, "20"));
    duo_settle(d);
    duo_ask(d, true, TOMTE_COAP_GET, "/t", 0, "");
    duo_settle(d);
    CHECK_OK(tomte_coap_observe(&d->ep[B], d->request[B], 7, 0, &ob));
    CHECK_EQ(TOMTE_ERR_STATE, duo_notify(d, ob, "early", false));
    CHECK_OK(duo_answer(d, TOMTE_COAP_NOT_FOUND, ""));
    duo_settle(d);
    TRACE(d, "     0 A> CON m1 GET t1 /t observe 0\n"
             "     0 B: request GET /t observe 0\n"
             "     0 B> ACK m1 2.05 t1 \"20\"\n"
             "     0 A: response 2.05 \"20\" last\n"
             "     0 A> CON m2 GET t2 /t observe 0\n"
             "     0 B: request GET /t observe 0\n"
             "     0 B> ACK m2 4.04 t2\n"
             "     0 A: response 4.04 last\n");
    CHECK_EQ(0, d->ep[B].used.observers + d->ep[A].used.exchanges);
    duo_ask(d, true, TOMTE_COAP_GET, "/t", -1, "");
    duo_settle(d);
    CHECK_EQ(TOMTE_ERR_STATE,
             tomte_coap_observe(&d->ep[B], d->request[B], 7, 0, &ob));
}

/* A registration that is answered apart, and whose answer nobody takes. */
TEST(observe_answered_apart_to_one_who_forgot)
{
    struct tomte_coap_config c = duo_observe_config();
    struct duo *d = duo_start(&c, true);
    uint32_t h = duo_ask(d, true, TOMTE_COAP_GET, "/t", 0, "");
    duo_elapse(d, 75);
    tomte_coap_cancel(&d->ep[A], h);
    duo_accept(d, "20");
    duo_settle(d);
    TRACE(d, "     0 A> CON m1 GET t1 /t observe 0\n"
             "     0 B: request GET /t observe 0\n"
             "    75 B> ACK m1\n"
             "    75 B> CON m2 2.05 t1 observe 1 \"20\"\n"
             "    75 A> RST m2\n"
             "    75 B: gone RESET\n");
}

/* RFC 7641 section 4.5.1: at most nstart CON to one client; the observer that
 * waited longest is next. */
TEST(observers_of_one_peer_take_turns)
{
    struct tomte_coap_config c = duo_observe_config();
    struct duo *d = duo_start(&c, false);
    uint32_t ob[3];
    for (int i = 0; i < 3; i++) {
        duo_ask(d, true, TOMTE_COAP_GET, "/t", 0, "");
        duo_settle(d);
        ob[i] = duo_accept(d, "0");
        duo_settle(d);
    }
    TRACE(d, d->text);
    for (int i = 2; i >= 0; i--)
        CHECK_OK(duo_notify(d, ob[i], "1", true));
    CHECK_OK(duo_notify(d, ob[1], "2", true));
    duo_settle(d);
    TRACE(d, "     0 B> CON m4 2.05 t3 observe 4 \"1\"\n"
             "     0 A> ACK m4\n"
             "     0 A: response 2.05 observe 4 \"1\"\n"
             "     0 B> CON m5 2.05 t2 observe 7 \"2\"\n"
             "     0 A> ACK m5\n"
             "     0 A: response 2.05 observe 7 \"2\"\n"
             "     0 B> CON m6 2.05 t1 observe 6 \"1\"\n"
             "     0 A> ACK m6\n"
             "     0 A: response 2.05 observe 6 \"1\"\n");
}

TEST(observers_are_found_by_resource)
{
    struct tomte_coap_config c = duo_observe_config();
    struct duo *d = duo_start(&c, true);
    uint32_t ob[4];
    for (uint32_t i = 0; i < 4; i++) {
        duo_ask(d, true, TOMTE_COAP_GET, "/t", 0, "");
        duo_settle(d);
        CHECK_OK(tomte_coap_observe(&d->ep[B], d->request[B], i % 2, 100 + i,
                                    &ob[i]));
        CHECK_OK(duo_answer(d, TOMTE_COAP_CONTENT, ""));
        duo_settle(d);
    }
    uint32_t at = tomte_coap_next_observer(&d->ep[B], 1, 0);
    CHECK_EQ(ob[1], at);
    tomte_coap_unobserve(&d->ep[B], at); /* in the middle of the walk */
    at = tomte_coap_next_observer(&d->ep[B], 1, at);
    CHECK_EQ(ob[3], at);
    CHECK_EQ(0, tomte_coap_next_observer(&d->ep[B], 1, at));
    struct tomte_addr peer;
    uint64_t cookie;
    CHECK(tomte_coap_observer(&d->ep[B], at, &peer, &cookie));
    CHECK_EQ(103, cookie);
    CHECK(tomte_addr_equal(&peer, &d->addr[A]));
    CHECK(!tomte_coap_observer(&d->ep[B], ob[1], &peer, &cookie));
}
