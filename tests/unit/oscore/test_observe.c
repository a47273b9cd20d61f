/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications (RFC 8613 sections 4.1.3.5 and 7.4.1), and requests after a
 * restart (appendix B.1.2). */
#include "pair.h"

static struct pair p;
static struct list list, list2;
static struct note sent, got, heard, n[4];

static void register_observation(void)
{
    struct tomte_coap_parts plain = get(&list, 0);
    pair_make(&p);
    CHECK_OK(ask(&p.client, &plain, &sent));
    CHECK_EQ(TOMTE_COAP_FETCH, sent.parts.code);
    CHECK_OK(serve(&p.server, &sent, &got));
    CHECK(got.x.observe && sent.x.observe);
}

static void notify(struct note *out, const char *text, int observe)
{
    struct tomte_coap_parts reply = content(&list2, text, observe);
    CHECK_OK(answer(&p.server, &got.x, &reply, out));
}

TEST(notifications_are_numbered_and_ordered_by_their_numbers)
{
    uint32_t value;
    struct tomte_span inner;
    register_observation();
    notify(&n[0], "zero", 7);
    notify(&n[1], "one", 8);
    notify(&n[2], "two", 3); /* whatever stands outside */
    notify(&n[3], "three", 9);
    CHECK_EQ(TOMTE_COAP_CONTENT, n[1].parts.code);
    CHECK(tomte_coap_find_uint(n[1].parts.options, TOMTE_COAP_OPT_OBSERVE,
                               &value));
    CHECK_EQ(8, value);
    CHECK_EQ(-1, number_of(&n[0]));
    CHECK_EQ(0, number_of(&n[1]));
    CHECK_EQ(2, number_of(&n[3]));

    CHECK_OK(hear(&p.client, &sent.x, &n[0], &heard));
    CHECK(tomte_coap_find(heard.parts.options, TOMTE_COAP_OPT_OBSERVE, &inner));
    CHECK_EQ(0, inner.len);
    CHECK_EQ(TOMTE_ERR_STALE, hear(&p.client, &sent.x, &n[0], &heard));
    CHECK_OK(hear(&p.client, &sent.x, &n[2], &heard));
    CHECK_BYTES(TOMTE_SPAN_LIT("two"), heard.parts.payload);
    CHECK_EQ(TOMTE_ERR_STALE, hear(&p.client, &sent.x, &n[1], &heard));
    CHECK_EQ(TOMTE_ERR_STALE, hear(&p.client, &sent.x, &n[2], &heard));
    CHECK_OK(hear(&p.client, &sent.x, &n[3], &heard));
}

TEST(the_first_one_without_a_number_is_the_oldest)
{
    register_observation();
    notify(&n[0], "zero", 1);
    notify(&n[1], "one", 2);
    CHECK_OK(hear(&p.client, &sent.x, &n[1], &heard));
    CHECK_EQ(TOMTE_ERR_STALE, hear(&p.client, &sent.x, &n[0], &heard));
}

TEST(a_forgery_does_not_end_an_observation)
{
    register_observation();
    notify(&n[0], "zero", 1);
    notify(&n[1], "one", 2);
    struct note forged = n[1];
    forged.bytes[forged.parts.options.len] ^= 1;
    forged.parts.payload.data = forged.bytes + forged.parts.options.len;
    CHECK_OK(hear(&p.client, &sent.x, &n[0], &heard));
    CHECK_EQ(TOMTE_ERR_DENIED, hear(&p.client, &sent.x, &forged, &heard));
    CHECK_OK(hear(&p.client, &sent.x, &n[1], &heard));
}

TEST(notifications_belong_to_one_registration)
{
    register_observation();
    struct tomte_oscore_exchange first = got.x;
    notify(&n[0], "zero", 1);
    struct tomte_coap_parts plain = get(&list, 0);
    CHECK_OK(ask(&p.client, &plain, &sent)); /* registers again */
    CHECK_OK(serve(&p.server, &sent, &got));
    struct tomte_coap_parts late = content(&list2, "late", 2);
    CHECK_OK(answer(&p.server, &first, &late, &n[1]));
    notify(&n[2], "new", 3);
    CHECK_EQ(TOMTE_ERR_DENIED, hear(&p.client, &sent.x, &n[1], &heard));
    CHECK_OK(hear(&p.client, &sent.x, &n[2], &heard));
}

TEST(a_proxy_makes_no_notification_of_an_answer)
{
    struct tomte_coap_parts plain = get(&list, -1);
    pair_make(&p);
    CHECK_OK(ask(&p.client, &plain, &sent));
    CHECK_OK(serve(&p.server, &sent, &got));
    notify(&n[0], "zero", -1);
    struct list more;
    list_start(&more);
    tomte_coap_put_all(&more.o, n[0].parts.options);
    tomte_coap_put_uint(&more.o, TOMTE_COAP_OPT_OBSERVE, 5);
    n[0].parts.options = list_end(&more);
    CHECK_OK(hear(&p.client, &sent.x, &n[0], &heard));
    struct tomte_span found;
    CHECK(
        !tomte_coap_find(heard.parts.options, TOMTE_COAP_OPT_OBSERVE, &found));
    /* nor does a server answer with one where nobody registered */
    CHECK_OK(ask(&p.client, &plain, &sent));
    CHECK_OK(serve(&p.server, &sent, &got));
    notify(&n[0], "zero", 1);
    CHECK_EQ(TOMTE_ERR_INVALID, hear(&p.client, &sent.x, &n[0], &heard));
}

TEST(removing_the_outer_observe_does_not_change_the_request)
{
    struct tomte_coap_parts plain = get(&list, 0);
    pair_make(&p);
    CHECK_OK(ask(&p.client, &plain, &sent));
    struct tomte_span value;
    CHECK(tomte_coap_find(sent.parts.options, TOMTE_COAP_OPT_OSCORE, &value));
    struct list less;
    list_start(&less);
    tomte_coap_put(&less.o, TOMTE_COAP_OPT_OSCORE, value);
    sent.parts.options = list_end(&less);
    CHECK_OK(serve(&p.server, &sent, &got));
    CHECK(got.x.observe);
}

TEST(a_cancellation_is_no_registration)
{
    struct tomte_coap_parts plain = get(&list, 1);
    uint32_t value = 9;
    pair_make(&p);
    CHECK_OK(ask(&p.client, &plain, &sent));
    CHECK(tomte_coap_find_uint(sent.parts.options, TOMTE_COAP_OPT_OBSERVE,
                               &value));
    CHECK_EQ(1, value);
    CHECK_OK(serve(&p.server, &sent, &got));
    CHECK(!got.x.observe && !sent.x.observe);
}

/* ---- after a restart ---- */

static void restart_server(void)
{
    struct tomte_oscore_config c = pair_config(false);
    c.volatile_keys = false;
    c.restarted = true;
    c.stored = 1000;
    memcpy(c.echo, "random!!", sizeof c.echo);
    CHECK_OK(tomte_oscore_init(&p.server, &tomte_crypto_fake, &c));
}

static void let_store(struct tomte_oscore *o)
{
    struct tomte_oscore_effect e;
    while (tomte_oscore_poll(o, &e))
        tomte_oscore_stored(o, e.sequence);
}

/* GET /t with the Echo of a challenge. */
static void ask_again(const struct tomte_coap_parts *challenge)
{
    struct tomte_span echo;
    CHECK_EQ(TOMTE_COAP_UNAUTHORIZED, challenge->code);
    CHECK_EQ(0, challenge->payload.len);
    CHECK(tomte_coap_find(challenge->options, TOMTE_COAP_OPT_ECHO, &echo));
    list_start(&list);
    tomte_coap_put_path(&list.o, TOMTE_SPAN_LIT("/t"));
    tomte_coap_put(&list.o, TOMTE_COAP_OPT_ECHO, echo);
    struct tomte_coap_parts plain = {.code = TOMTE_COAP_GET,
                                     .options = list_end(&list)};
    CHECK_OK(ask(&p.client, &plain, &sent));
}

TEST(after_a_restart_nothing_passes_without_the_echo)
{
    struct tomte_coap_parts plain = get(&list, -1);
    pair_make(&p);
    CHECK_OK(ask(&p.client, &plain, &n[0])); /* recorded by an attacker */
    CHECK_OK(serve(&p.server, &n[0], &got));
    CHECK_OK(ask(&p.client, &plain, &n[1])); /* never arrived, neither */
    restart_server();
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(TOMTE_ERR_AGAIN, serve(&p.server, &n[0], &got));
        CHECK_EQ(TOMTE_ERR_AGAIN, serve(&p.server, &n[1], &got));
    }
    /* the challenge has a number of its own, which must be stored first */
    CHECK_EQ(TOMTE_ERR_AGAIN,
             tomte_oscore_challenge(&p.server, &got.x,
                                    TOMTE_BUF_ARRAY(n[2].bytes), &n[2].parts));
    let_store(&p.server);
    CHECK_OK(tomte_oscore_challenge(&p.server, &got.x,
                                    TOMTE_BUF_ARRAY(n[2].bytes), &n[2].parts));
    CHECK_EQ(1000, number_of(&n[2]));
    CHECK_OK(hear(&p.client, &n[1].x, &n[2], &heard));
    ask_again(&heard.parts);
    CHECK_OK(serve(&p.server, &sent, &got));
    CHECK(got.x.fresh);
    /* the window goes on from there */
    CHECK_EQ(TOMTE_ERR_STALE, serve(&p.server, &sent, &got));
    CHECK_EQ(TOMTE_ERR_STALE, serve(&p.server, &n[1], &got));
    CHECK_EQ(TOMTE_ERR_STALE, serve(&p.server, &n[0], &got));
    plain = get(&list, -1);
    CHECK_OK(ask(&p.client, &plain, &sent));
    CHECK_OK(serve(&p.server, &sent, &got));
    CHECK(!got.x.fresh);
}

/* Whatever is answered to what may be a replay has a number of its own: the
 * request's nonce may have been used before the restart. */
TEST(another_answer_than_the_challenge)
{
    struct tomte_coap_parts plain = get(&list, -1);
    struct tomte_coap_parts reply = content(&list2, "busy", -1);
    pair_make(&p);
    restart_server();
    CHECK_OK(ask(&p.client, &plain, &sent));
    CHECK_EQ(TOMTE_ERR_AGAIN, serve(&p.server, &sent, &got));
    CHECK_EQ(TOMTE_ERR_AGAIN, answer(&p.server, &got.x, &reply, &n[0]));
    let_store(&p.server);
    CHECK_OK(answer(&p.server, &got.x, &reply, &n[0]));
    CHECK_EQ(1000, number_of(&n[0]));
    CHECK_OK(hear(&p.client, &sent.x, &n[0], &heard));
}

/* The same Echo value serves once; after the next restart there is another. */
TEST(an_old_echo_is_of_no_use)
{
    struct tomte_coap_parts plain = get(&list, -1);
    pair_make(&p);
    restart_server();
    CHECK_OK(ask(&p.client, &plain, &n[0]));
    CHECK_EQ(TOMTE_ERR_AGAIN, serve(&p.server, &n[0], &got));
    CHECK_EQ(TOMTE_ERR_AGAIN,
             tomte_oscore_challenge(&p.server, &got.x,
                                    TOMTE_BUF_ARRAY(n[2].bytes), &n[2].parts));
    let_store(&p.server);
    CHECK_OK(tomte_oscore_challenge(&p.server, &got.x,
                                    TOMTE_BUF_ARRAY(n[2].bytes), &n[2].parts));
    CHECK_OK(hear(&p.client, &n[0].x, &n[2], &heard));
    ask_again(&heard.parts);
    CHECK_OK(serve(&p.server, &sent, &got));
    CHECK_EQ(TOMTE_ERR_STATE,
             tomte_oscore_challenge(&p.server, &got.x,
                                    TOMTE_BUF_ARRAY(n[2].bytes), &n[2].parts));
    restart_server();
    tomte_oscore_set_echo(&p.server, (const uint8_t *)"another!");
    CHECK_EQ(TOMTE_ERR_AGAIN, serve(&p.server, &sent, &got));
    CHECK(!got.x.fresh);
}

/* For actuators: a fresh request without any restart (section 7.3). */
TEST(a_challenge_at_any_time)
{
    struct tomte_coap_parts plain = get(&list, -1);
    pair_make(&p);
    tomte_oscore_set_echo(&p.server, (const uint8_t *)"at once.");
    CHECK_OK(ask(&p.client, &plain, &sent));
    CHECK_OK(serve(&p.server, &sent, &got));
    CHECK(!got.x.fresh);
    CHECK_OK(tomte_oscore_challenge(&p.server, &got.x,
                                    TOMTE_BUF_ARRAY(n[0].bytes), &n[0].parts));
    CHECK_EQ(0, number_of(&n[0]));
    CHECK_OK(hear(&p.client, &sent.x, &n[0], &heard));
    ask_again(&heard.parts);
    CHECK_OK(serve(&p.server, &sent, &got));
    CHECK(got.x.fresh);
}
