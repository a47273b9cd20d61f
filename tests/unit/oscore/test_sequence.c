/* SPDX-License-Identifier: Apache-2.0 */
/* When sequence numbers may be used, and when they are to be stored. */
#include "pair.h"

static struct tomte_oscore o;
static struct note out;
static struct list list;

static void start(uint64_t stored, uint32_t step)
{
    struct tomte_oscore_config c = pair_config(true);
    c.volatile_keys = false;
    c.stored = stored;
    c.step = step;
    CHECK_OK(tomte_oscore_init(&o, &tomte_crypto_fake, &c));
}

static enum tomte_err send(void)
{
    struct tomte_coap_parts plain = get(&list, -1);
    return ask(&o, &plain, &out);
}

TEST(no_number_is_used_before_a_higher_one_is_stored)
{
    struct tomte_oscore_effect e;
    start(0, 10);
    CHECK(!tomte_oscore_poll(&o, &e)); /* who sends nothing stores nothing */
    CHECK_EQ(TOMTE_ERR_AGAIN, send());
    CHECK(tomte_oscore_poll(&o, &e));
    CHECK_EQ(10, e.sequence);
    CHECK_EQ(TOMTE_ERR_AGAIN, send()); /* asked is not stored */
    CHECK(tomte_oscore_poll(&o, &e));
    CHECK_EQ(10, e.sequence);
    tomte_oscore_stored(&o, 10);
    CHECK(!tomte_oscore_poll(&o, &e));
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(i > 4, tomte_oscore_poll(&o, &e));
        CHECK_OK(send());
        CHECK_EQ(i, number_of(&out));
    }
    CHECK_EQ(20, e.sequence); /* asked while half of the step was left */
    CHECK_EQ(TOMTE_ERR_AGAIN, send());
    tomte_oscore_stored(&o, 20);
    CHECK_OK(send());
    CHECK_EQ(10, number_of(&out));
}

TEST(a_restart_goes_on_from_what_was_stored)
{
    struct tomte_oscore_effect e;
    start(0, 10);
    CHECK_EQ(TOMTE_ERR_AGAIN, send());
    CHECK(tomte_oscore_poll(&o, &e));
    tomte_oscore_stored(&o, e.sequence);
    CHECK_OK(send());
    start(10, 10);
    CHECK_EQ(TOMTE_ERR_AGAIN, send());
    CHECK(tomte_oscore_poll(&o, &e));
    CHECK_EQ(20, e.sequence);
    tomte_oscore_stored(&o, e.sequence);
    CHECK_OK(send());
    CHECK_EQ(10, number_of(&out));
}

TEST(what_nobody_asked_for_is_not_stored)
{
    start(0, 10);
    EXPECT_PANIC(tomte_oscore_stored(&o, 11));
    tomte_oscore_stored(&o, 0);
    CHECK_EQ(TOMTE_ERR_AGAIN, send());
}

TEST(the_numbers_end)
{
    struct tomte_oscore_effect e;
    start(TOMTE_OSCORE_PIV_LIMIT - 3, 10);
    CHECK_EQ(TOMTE_ERR_AGAIN, send());
    CHECK(tomte_oscore_poll(&o, &e));
    CHECK_EQ(TOMTE_OSCORE_PIV_LIMIT, e.sequence);
    tomte_oscore_stored(&o, e.sequence);
    for (int i = 0; i < 3; i++)
        CHECK_OK(send());
    CHECK_EQ(TOMTE_OSCORE_PIV_LIMIT - 1, number_of(&out));
    CHECK_EQ(TOMTE_ERR_STATE, send());
    CHECK(!tomte_oscore_poll(&o, &e));
}

TEST(keys_that_die_with_the_memory_need_no_store)
{
    struct tomte_oscore_effect e;
    struct pair p;
    struct tomte_coap_parts plain = get(&list, -1);
    pair_make(&p);
    for (int i = 0; i < 1000; i++)
        CHECK_OK(ask(&p.client, &plain, &out));
    CHECK_EQ(999, number_of(&out));
    CHECK(!tomte_oscore_poll(&p.client, &e));
    p.client.next = TOMTE_OSCORE_PIV_LIMIT;
    CHECK_EQ(TOMTE_ERR_STATE, ask(&p.client, &plain, &out));
}

/* An answer to a request that was taken needs no number. */
TEST(the_first_answer_waits_for_no_store)
{
    struct tomte_oscore_config c = pair_config(false);
    struct pair p;
    struct note sent, got;
    struct tomte_coap_parts plain = get(&list, -1);
    pair_make(&p);
    c.volatile_keys = false;
    CHECK_OK(tomte_oscore_init(&p.server, &tomte_crypto_fake, &c));
    CHECK_OK(ask(&p.client, &plain, &sent));
    CHECK_OK(serve(&p.server, &sent, &got));
    plain = content(&list, "text", -1);
    CHECK_OK(answer(&p.server, &got.x, &plain, &out));
    CHECK_EQ(TOMTE_ERR_AGAIN, answer(&p.server, &got.x, &plain, &out));
}
