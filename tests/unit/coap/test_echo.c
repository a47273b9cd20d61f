/* SPDX-License-Identifier: Apache-2.0 */
/* Challenges: what passes, what is too old, what is another's. */
#include "test.h"

#include "base/base.h"
#include "base/bytes.h"
#include "coap/echo.h"

static struct tomte_coap_echo echo;
static struct tomte_coap_verified table[2];
static struct tomte_addr peer[4];

/* Not a MAC: every bit of what goes in changes what comes out. */
static void mac(void *ctx, struct tomte_span in, uint8_t out[8])
{
    uint64_t h = *(const uint64_t *)ctx;
    for (size_t i = 0; i < in.len; i++)
        h = (h ^ in.data[i]) * 0x100000001b3u;
    tomte_put_be64(out, h);
}

static void start(void)
{
    static uint64_t key = 77;
    memset(table, 0, sizeof table);
    for (int i = 0; i < 4; i++)
        peer[i] = tomte_addr_ipv4((uint8_t[]){10, 0, 0, (uint8_t)i}, 5683);
    tomte_coap_echo_init(&echo,
                         &(struct tomte_coap_echo_config){.mac = mac,
                                                          .mac_ctx = &key,
                                                          .fresh_ms = 10000,
                                                          .verified_ms = 60000,
                                                          .table = table,
                                                          .table_len = 2});
}

static enum tomte_err verify(uint64_t now_ms, int who, uint64_t context,
                             struct tomte_span value)
{
    uint8_t memory[64];
    struct tomte_coap_options o;
    struct tomte_span options;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put(&o, TOMTE_COAP_OPT_ECHO, value);
    CHECK_OK(tomte_coap_options_end(&o, &options));
    return tomte_coap_echo_verify(&echo, now_ms, &peer[who], context, options);
}

TEST(a_challenge_is_fresh_for_its_time)
{
    uint8_t value[TOMTE_COAP_ECHO_BYTES];
    start();
    for (uint64_t at = 5000; at < 5000 + 300; at++) {
        tomte_coap_echo_challenge(&echo, at, &peer[0], 1, value);
        CHECK_OK(verify(at, 0, 1, TOMTE_SPAN_ARRAY(value)));
        CHECK_OK(verify(at + 10000 - 256, 0, 1, TOMTE_SPAN_ARRAY(value)));
        /* never older than it is said to be */
        CHECK_EQ(TOMTE_ERR_STALE,
                 verify(at + 10001, 0, 1, TOMTE_SPAN_ARRAY(value)));
    }
    CHECK_EQ(300, echo.stats.stale);
    CHECK_EQ(600, echo.stats.fresh);
    CHECK_EQ(TOMTE_ERR_STALE, /* nor from the future */
             verify(1000, 0, 1, TOMTE_SPAN_ARRAY(value)));
}

TEST(a_challenge_survives_the_wrap_of_its_time)
{
    uint8_t value[TOMTE_COAP_ECHO_BYTES];
    uint64_t at = (1ull << 39) - 100;
    start();
    tomte_coap_echo_challenge(&echo, at, &peer[0], 1, value);
    CHECK_OK(verify(at + 5000, 0, 1, TOMTE_SPAN_ARRAY(value)));
}

TEST(a_challenge_is_one_senders)
{
    uint8_t value[TOMTE_COAP_ECHO_BYTES];
    start();
    tomte_coap_echo_challenge(&echo, 5000, &peer[0], 1, value);
    struct tomte_span v = TOMTE_SPAN_ARRAY(value);
    CHECK_EQ(TOMTE_ERR_DENIED, verify(5000, 1, 1, v));
    CHECK_EQ(TOMTE_ERR_DENIED, verify(5000, 0, 2, v));
    CHECK_EQ(TOMTE_ERR_DENIED, verify(5000, 0, 1, TOMTE_SPAN(value, 11)));
    for (size_t i = 0; i < sizeof value * 8; i++) {
        value[i / 8] ^= (uint8_t)(1 << i % 8);
        CHECK_EQ(TOMTE_ERR_DENIED, verify(5000, 0, 1, v));
        value[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    CHECK_EQ(TOMTE_ERR_MISSING,
             tomte_coap_echo_verify(&echo, 5000, &peer[0], 1, TOMTE_SPAN_NONE));
    CHECK(!tomte_coap_echo_verified(&echo, 5000, &peer[0]));
    CHECK_OK(verify(5000, 0, 1, v));
    CHECK(tomte_coap_echo_verified(&echo, 5000, &peer[0]));
}

TEST(answers_to_unverified_addresses_are_small)
{
    start();
    CHECK(tomte_coap_echo_may_answer(&echo, 0, &peer[0], 10, 136));
    CHECK(!tomte_coap_echo_may_answer(&echo, 0, &peer[0], 45, 137));
    CHECK(tomte_coap_echo_may_answer(&echo, 0, &peer[0], 46, 138));
    CHECK(!tomte_coap_echo_may_answer(&echo, 0, &peer[0], 46, 139));
    tomte_coap_echo_note(&echo, 0, &peer[0]);
    CHECK(tomte_coap_echo_may_answer(&echo, 59999, &peer[0], 10, 100000));
    CHECK(!tomte_coap_echo_may_answer(&echo, 60000, &peer[0], 10, 100000));
    CHECK(!tomte_coap_echo_may_answer(&echo, 0, &peer[1], 10, 137));
}

TEST(the_address_verified_longest_ago_is_forgotten)
{
    start();
    for (uint64_t i = 0; i < 2; i++)
        tomte_coap_echo_note(&echo, i, &peer[i]);
    tomte_coap_echo_note(&echo, 2, &peer[0]); /* again */
    tomte_coap_echo_note(&echo, 3, &peer[2]);
    CHECK(tomte_coap_echo_verified(&echo, 9, &peer[0]));
    CHECK(!tomte_coap_echo_verified(&echo, 9, &peer[1]));
    CHECK(tomte_coap_echo_verified(&echo, 9, &peer[2]));
    tomte_coap_echo_wipe(&echo);
    CHECK(!table[0].used && !table[1].used);
}
