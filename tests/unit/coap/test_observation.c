/* SPDX-License-Identifier: Apache-2.0 */
/* What a client observes, as transcripts (RFC 7641 section 3). */
#include "duo.h"

/* Section 3.3.1: no news within Max-Age and the grace after it. */
TEST(observation_goes_stale_and_is_renewed)
{
    uint32_t ob, h, again;
    struct duo *d = duo_observing(true, &ob, &h);
    duo_elapse(d, 60099);
    TRACE(d, "");
    duo_elapse(d, 1);
    TRACE(d, " 60100 A: stale\n");
    CHECK_OK(duo_renew(d, h, 0));
    CHECK_EQ(TOMTE_ERR_STATE, duo_renew(d, h, 0)); /* one at a time */
    duo_settle(d);
    CHECK_OK(tomte_coap_observe(&d->ep[B], d->request[B], 7, 70, &again));
    CHECK_EQ(ob, again); /* the same peer and token: section 4.1 */
    CHECK_OK(duo_answer(d, TOMTE_COAP_CONTENT, "30"));
    duo_settle(d);
    TRACE(d, " 60100 A> CON m2 GET t1 /t observe 0\n"
             " 60100 B: request GET /t observe 0\n"
             " 60100 B> ACK m2 2.05 t1 observe 2 \"30\"\n"
             " 60100 A: response 2.05 observe 2 \"30\"\n");
    CHECK_OK(duo_notify(d, ob, "31", false));
    duo_settle(d);
    TRACE(d, " 60100 B> CON m3 2.05 t1 observe 3 \"31\"\n"
             " 60100 A> ACK m3\n"
             " 60100 A: response 2.05 observe 3 \"31\"\n");
    tomte_coap_set_max_age(&d->ep[A], d->now_ms, h, 5);
    duo_elapse(d, 5100);
    TRACE(d, " 65200 A: stale\n");
}

/* The server restarted: its numbers begin again, and what answers a renewal is
 * taken all the same. */
TEST(observation_is_renewed_after_a_restart_of_the_server)
{
    uint32_t ob, h;
    struct duo *d = duo_observing(true, &ob, &h);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(duo_notify(d, ob, "x", false));
        duo_settle(d);
    }
    struct tomte_coap_config c = d->ep[B].config;
    struct tomte_arena arena;
    c.seed = 99;
    tomte_arena_init(&arena, d->memory[B], tomte_coap_memory(&c));
    tomte_coap_wipe(&d->ep[B]);
    CHECK_OK(tomte_coap_init(&d->ep[B], &c, &arena));
    TRACE(d, d->text);
    CHECK_OK(duo_renew(d, h, 0));
    duo_elapse(d, 600);
    ob = duo_accept(d, "1");
    duo_settle(d);
    TRACE(d, "     0 A> CON m5 GET t1 /t observe 0\n"
             "     0 B: request GET /t observe 0\n"
             "   300 A> CON m5 GET t1 /t observe 0\n"
             "   300 B> ACK m5\n"
             "   600 B> CON m6 2.05 t1 observe 1 \"1\"\n"
             "   600 A> ACK m6\n"
             "   600 A: response 2.05 observe 1 \"1\"\n");
}

/* The same, with the answer in the acknowledgement. */
TEST(observation_renewed_at_once_after_a_restart)
{
    uint32_t ob, h;
    struct duo *d = duo_observing(true, &ob, &h);
    d->ep[B].observe_seq = 0xfffff0; /* as if it had begun again */
    CHECK_OK(duo_renew(d, h, 0));
    duo_settle(d);
    CHECK_EQ(ob, duo_accept(d, "1"));
    duo_settle(d);
    TRACE(d, "     0 A> CON m2 GET t1 /t observe 0\n"
             "     0 B: request GET /t observe 0\n"
             "     0 B> ACK m2 2.05 t1 observe 16777201 \"1\"\n"
             "     0 A: response 2.05 observe 16777201 \"1\"\n");
}

/* It has its token then; a Reset of the request it began with is late. */
TEST(observation_outlives_a_reset_of_its_first_request)
{
    uint32_t ob, h;
    struct duo *d = duo_observing(true, &ob, &h);
    char hex[9] = "7000";
    struct tomte_text t;
    uint8_t mid[2] = {(uint8_t)(d->mids[0] >> 8), (uint8_t)d->mids[0]};
    tomte_text_init(&t, hex + 4, 5);
    tomte_text_hex(&t, TOMTE_SPAN_ARRAY(mid));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, duo_inject(d, A, &d->addr[B], hex));
    TRACE(d, "");
    CHECK_EQ(1, d->ep[A].used.exchanges);
}

TEST(renewing_what_is_no_observation)
{
    struct duo *d = duo_home();
    uint32_t h = duo_ask(d, false, TOMTE_COAP_GET, "/t", 0, "");
    duo_elapse(d, 1000); /* no longer counted, not yet answered */
    CHECK_EQ(TOMTE_ERR_STATE, duo_renew(d, h, 0));
}

TEST(observation_whose_renewal_fails)
{
    uint32_t ob, h;
    struct duo *d = duo_observing(true, &ob, &h);
    CHECK_OK(duo_renew(d, h, 0));
    d->lose = ~0u;
    duo_elapse(d, 9300);
    CHECK_EQ(1, d->ep[A].stats.timeouts);
    CHECK_EQ(0, d->ep[A].used.exchanges);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, duo_renew(d, h, 0));
}

/* While the renewal is under way a notification is just that: the renewal is
 * repeated until it is acknowledged itself. */
TEST(observation_is_notified_while_it_is_renewed)
{
    uint32_t ob, h;
    struct duo *d = duo_observing(true, &ob, &h);
    d->lose = 1;
    CHECK_OK(duo_renew(d, h, 0));
    duo_settle(d);
    CHECK_OK(duo_notify(d, ob, "1", false));
    duo_elapse(d, 300);
    CHECK_EQ(ob, duo_accept(d, "2"));
    duo_settle(d);
    TRACE(d, "     0 A> CON m2 GET t1 /t observe 0 (lost)\n"
             "     0 B> CON m3 2.05 t1 observe 2 \"1\"\n"
             "     0 A> ACK m3\n"
             "     0 A: response 2.05 observe 2 \"1\"\n"
             "   300 A> CON m2 GET t1 /t observe 0\n"
             "   300 B: request GET /t observe 0\n"
             "   300 B> ACK m2 2.05 t1 observe 3 \"2\"\n"
             "   300 A: response 2.05 observe 3 \"2\"\n");
}

/* Section 3.4: which of two is newer. */
TEST(notifications_are_ordered_by_24_bits_and_128_seconds)
{
    static const struct {
        uint32_t first, second;
        uint32_t later_ms;
        bool newer;
    } rows[] = {
        {1, 2, 0, true},         {2, 1, 0, false},
        {2, 2, 0, false},        {0xffffff, 0, 0, true},
        {0, 0xffffff, 0, false}, {0, 0x7fffff, 0, true},
        {0, 0x800000, 0, false}, {0x800001, 0, 0, true},
        {0x800000, 0, 0, false}, {9, 3, 128000, false},
        {9, 3, 128001, true},    {9, 9, 128001, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t ob, h;
        struct duo *d = duo_observing(true, &ob, &h);
        struct tomte_coap *b = &d->ep[B];
        tomte_coap_cancel(&d->ep[A], h);
        h = duo_ask(d, true, TOMTE_COAP_GET, "/t", 0, "");
        duo_settle(d);
        b->observe_seq = rows[i].first - 1;
        ob = duo_accept(d, "1");
        duo_settle(d);
        tomte_coap_set_max_age(&d->ep[A], d->now_ms, h, 100000);
        duo_elapse(d, rows[i].later_ms);
        TRACE(d, d->text);
        b->observe_seq = rows[i].second - 1;
        CHECK_OK(duo_notify(d, ob, "2", false));
        duo_settle(d);
        CHECK_EQ(!rows[i].newer, d->ep[A].stats.old_notifications);
        CHECK_EQ(rows[i].newer, strstr(d->text, "A: response") != NULL);
    }
}
