/* SPDX-License-Identifier: Apache-2.0 */
/* A server among many (RFC 7252 section 8), answers nobody wants (RFC 7967),
 * and requests into silence (RFC 7252 section 4.7). */
#include "duo.h"

#include "audit.h"

#include <stdio.h>

/* A NON GET for /a with message ID `mid` to the group of B; what is handed up
 * is not polled. */
static void to_group(struct duo *d, uint16_t mid, const char *options)
{
    char hex[128];
    uint8_t bytes[64];
    (void)snprintf(hex, sizeof hex, "5101%04x 07 b161 %s", mid, options);
    (void)tomte_coap_step(&d->ep[B],
                          &(struct tomte_coap_event){
                              .kind = TOMTE_COAP_EVENT_DATAGRAM,
                              .now_ms = d->now_ms,
                              .from = d->addr[A],
                              .bytes = test_hex(hex, TOMTE_BUF_ARRAY(bytes)),
                              .multicast = true});
}

static bool handed_up(struct duo *d, uint32_t *handle)
{
    struct tomte_coap_effect e;
    if (!tomte_coap_poll(&d->ep[B], &e))
        return false;
    CHECK_EQ(TOMTE_COAP_REQUEST, e.kind);
    CHECK(e.multicast);
    *handle = e.handle;
    return true;
}

static enum tomte_err answer(struct duo *d, uint32_t handle, uint8_t code)
{
    return tomte_coap_respond(
        &d->ep[B], d->now_ms, handle,
        &(struct tomte_coap_parts){.code = code,
                                   .payload = TOMTE_SPAN_LIT("x")});
}

/* When B next sends, or 0; until the deadlines run out. */
static uint64_t sends_at(struct duo *d, struct tomte_coap_effect *e)
{
    for (;;) {
        while (tomte_coap_poll(&d->ep[B], e))
            if (e->kind == TOMTE_COAP_SEND)
                return d->now_ms;
        uint64_t at = tomte_coap_deadline(&d->ep[B]);
        audit(&d->ep[B]);
        if (at == UINT64_MAX)
            return 0;
        d->now_ms = at;
        (void)tomte_coap_step(
            &d->ep[B], &(struct tomte_coap_event){
                           .kind = TOMTE_COAP_EVENT_TIMER, .now_ms = at});
    }
}

TEST(answers_to_many_are_spread_over_the_leisure)
{
    uint64_t first = UINT64_MAX, last = 0;
    for (uint16_t i = 0; i < 40; i++) {
        struct tomte_coap_config c = duo_config();
        struct tomte_coap_effect e;
        struct tomte_coap_msg m;
        uint32_t handle;
        c.seed = i + 1u;
        struct duo *d = duo_start(&c, false);
        to_group(d, 1, "");
        CHECK(handed_up(d, &handle));
        CHECK_OK(answer(d, handle, TOMTE_COAP_CONTENT));
        CHECK(!tomte_coap_poll(&d->ep[B], &e)); /* not at once */
        uint64_t at = sends_at(d, &e) - 1000;
        CHECK_OK(tomte_coap_decode(e.bytes, &m));
        CHECK_EQ(TOMTE_COAP_NON, m.type);
        CHECK_EQ(TOMTE_COAP_CONTENT, m.code);
        CHECK_EQ(7, m.token[0]);
        first = at < first ? at : first;
        last = at > last ? at : last;
        CHECK_EQ(0, sends_at(d, &e)); /* and not again */
    }
    CHECK(first < 1000 && last > 4000 && last <= 5000);
}

TEST(errors_are_not_told_to_many)
{
    struct duo *d = duo_strangers();
    struct tomte_coap_effect e;
    uint32_t handle;
    to_group(d, 1, "");
    CHECK(handed_up(d, &handle));
    CHECK_OK(answer(d, handle, TOMTE_COAP_NOT_FOUND));
    CHECK_EQ(0, sends_at(d, &e));
    CHECK_EQ(1, d->ep[B].stats.unwanted);
    to_group(d, 2, "d1ea00"); /* No-Response 0: all answers, please */
    CHECK(handed_up(d, &handle));
    CHECK_OK(answer(d, handle, TOMTE_COAP_NOT_FOUND));
    CHECK(sends_at(d, &e) != 0);
    to_group(d, 3, "d1ea02"); /* all but successes */
    CHECK(handed_up(d, &handle));
    CHECK_OK(answer(d, handle, TOMTE_COAP_CONTENT));
    CHECK_EQ(0, sends_at(d, &e));
    to_group(d, 4, "");
    CHECK(handed_up(d, &handle));
    tomte_coap_drop(&d->ep[B], d->now_ms, handle);
    CHECK_EQ(0, sends_at(d, &e));
}

/* A group is joined on two links, or by two sockets: one answer. */
TEST(a_request_that_came_twice_is_answered_once)
{
    struct duo *d = duo_strangers();
    struct tomte_coap_effect e;
    uint32_t handle, again;
    to_group(d, 1, "");
    CHECK(handed_up(d, &handle));
    to_group(d, 1, "");
    CHECK(!handed_up(d, &again));
    CHECK_OK(answer(d, handle, TOMTE_COAP_CONTENT));
    to_group(d, 1, "");
    CHECK(!handed_up(d, &again));
    CHECK(sends_at(d, &e) != 0);
    to_group(d, 1, "");
    CHECK(!handed_up(d, &again));
    CHECK_EQ(0, sends_at(d, &e));
    CHECK_EQ(3, d->ep[B].stats.duplicates);
}

TEST(what_may_not_be_multicast_is_ignored)
{
    static const char *const bad[] = {
        "41010001 07 b161",  /* CON */
        "40000001",          /* ping: no Reset to a forged address */
        "51450001 07",       /* a response */
        "70000001",          /* Reset */
        "51010001 07 f0",    /* malformed */
        "61010001 07 b161"}; /* a request in an ACK */
    struct duo *d = duo_strangers();
    struct tomte_coap_effect e;
    uint8_t bytes[64];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(tomte_coap_step(
                  &d->ep[B],
                  &(struct tomte_coap_event){
                      .kind = TOMTE_COAP_EVENT_DATAGRAM,
                      .now_ms = d->now_ms,
                      .from = d->addr[A],
                      .bytes = test_hex(bad[i], TOMTE_BUF_ARRAY(bytes)),
                      .multicast = true}) != TOMTE_OK);
        CHECK(!tomte_coap_poll(&d->ep[B], &e));
        CHECK_EQ(i + 1, d->ep[B].stats.bad_multicast);
    }
    CHECK_EQ(0, d->ep[B].used.peers);
}

/* Nobody is observed through a group. */
TEST(a_multicast_request_registers_nothing)
{
    struct duo *d = duo_strangers();
    uint32_t handle, observer;
    to_group(d, 1, "");
    CHECK(handed_up(d, &handle));
    CHECK_EQ(TOMTE_ERR_STATE,
             tomte_coap_observe(&d->ep[B], handle, 1, 0, &observer));
}

TEST(held_answers_are_not_given_up_for_others)
{
    struct tomte_coap_config c = duo_config();
    struct tomte_coap_effect e;
    uint32_t handle;
    c.inbound = c.inbound_per_peer = 1;
    struct duo *d = duo_start(&c, false);
    to_group(d, 1, "");
    CHECK(handed_up(d, &handle));
    CHECK_OK(answer(d, handle, TOMTE_COAP_CONTENT));
    to_group(d, 2, "");
    CHECK(!handed_up(d, &handle));
    CHECK_EQ(1, d->ep[B].stats.inbound_full);
    CHECK(sends_at(d, &e) != 0);
    to_group(d, 3, "");
    CHECK(handed_up(d, &handle));
}

static void ask_quietly(struct duo *d, bool confirmable, unsigned classes)
{
    uint8_t memory[16];
    uint32_t handle;
    struct tomte_coap_options o;
    struct tomte_coap_request r = {.to = d->addr[B],
                                   .parts = {.code = TOMTE_COAP_PUT},
                                   .confirmable = confirmable};
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_path(&o, TOMTE_SPAN_LIT("/a"));
    tomte_coap_put_uint(&o, TOMTE_COAP_OPT_NO_RESPONSE, classes);
    CHECK_OK(tomte_coap_options_end(&o, &r.parts.options));
    CHECK_OK(tomte_coap_request(&d->ep[A], d->now_ms, &r, &handle));
    duo_settle(d);
}

TEST(unwanted_answers_are_not_sent)
{
    struct duo *d = duo_strangers();
    ask_quietly(d, true, 2);
    CHECK_OK(duo_answer(d, TOMTE_COAP_CHANGED, ""));
    duo_settle(d);
    TRACE(d, "     0 A> CON m1 PUT t1 /a\n"
             "     0 B: request PUT /a\n"
             "     0 B> ACK m1\n"); /* it arrived, and no more is said */
    ask_quietly(d, true, 2);
    CHECK_OK(duo_answer(d, TOMTE_COAP_NOT_FOUND, ""));
    duo_settle(d);
    TRACE(d, "     0 A> CON m2 PUT t2 /a\n"
             "     0 B: request PUT /a\n"
             "     0 B> ACK m2 4.04 t2\n"
             "     0 A: response 4.04 last\n");
    ask_quietly(d, false, 26);
    CHECK_OK(duo_answer(d, TOMTE_COAP_NOT_FOUND, ""));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, duo_answer(d, TOMTE_COAP_NOT_FOUND, ""));
    duo_settle(d);
    TRACE(d, "     0 A> NON m3 PUT t3 /a\n"
             "     0 B: request PUT /a\n");
    CHECK_EQ(2, d->ep[B].stats.unwanted);
    duo_elapse(d, 5000);
    TRACE(d, "");
}

/* Section 4.7: bytes into silence are few; a sign of life ends it. */
TEST(requests_into_silence_are_slow)
{
    struct duo *d = duo_strangers();
    d->lose = ~0u;
    for (int i = 0; i < 3; i++) /* 9 bytes each, so 9 seconds */
        duo_ask(d, false, TOMTE_COAP_GET, "/", -1, "");
    duo_elapse(d, 30000);
    TRACE(d, "     0 A> NON m1 GET t1 / (lost)\n"
             "  8000 A> NON m2 GET t2 / (lost)\n"
             " 16000 A> NON m3 GET t3 / (lost)\n");
    CHECK_EQ(2, d->ep[A].stats.probes_held);
}

TEST(silence_ends_with_a_sign_of_life)
{
    struct duo *d = duo_strangers();
    duo_ask(d, false, TOMTE_COAP_GET, "/a", -1, "");
    duo_ask(d, false, TOMTE_COAP_GET, "/b", -1, "");
    duo_ask(d, true, TOMTE_COAP_GET, "/c", -1, "");
    duo_elapse(d, 3000);
    TRACE(d, "     0 A> NON m1 GET t1 /a\n"
             "     0 B: request GET /a\n"
             "  2000 A> CON m2 GET t2 /c\n" /* which is not held */
             "  2000 B: request GET /c\n"
             "  2500 B> ACK m2\n"
             "  2500 A> NON m3 GET t3 /b\n"
             "  2500 B: request GET /b\n");
}
