/* SPDX-License-Identifier: Apache-2.0 */
/* Full tables and hostile peers: bounded, counted, and never at the cost of
 * what a link has under way. */
#include "test.h"

#include "audit.h"
#include "base/base.h"
#include "coap/endpoint.h"

static struct tomte_coap ep;
static uint64_t now_ms;
static uint8_t memory[1 << 19];

/* What the application did since the last start. */
static unsigned requests, answers;
static enum tomte_err answer_err, observe_err;
static uint32_t last_request;
static bool answering, numbering; /* at once, with `answer_len` bytes */
static size_t answer_len;
static uint8_t answer_code;
static struct tomte_addr last_to;
static uint8_t last_sent[TOMTE_LIMIT_DATAGRAM_BYTES];
static size_t last_sent_len;

static struct tomte_coap_config small_config(void)
{
    struct tomte_coap_config c = tomte_coap_config_default(5);
    c.peers = 16;
    c.exchanges = 16;
    c.inbound = 64;
    c.observers = 16;
    c.blocks = 64;
    c.exchanges_per_peer = 4;
    c.inbound_per_peer = 16;
    c.observers_per_peer = 4;
    return c;
}

static void start(const struct tomte_coap_config *c)
{
    struct tomte_arena arena;
    tomte_arena_init(&arena, memory, sizeof memory);
    CHECK_OK(tomte_coap_init(&ep, c, &arena));
    now_ms = requests = answers = 0;
    answering = true, numbering = false;
    answer_len = 0;
    answer_code = TOMTE_COAP_CONTENT;
}

/* n: which; links have other numbers than strangers. */
static struct tomte_addr address(unsigned n)
{
    return tomte_addr_ipv4(
        (uint8_t[]){10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n},
        5683);
}

#define LINK 0xff0000u

static void on_request(const struct tomte_coap_effect *e)
{
    static uint8_t payload[TOMTE_LIMIT_DATAGRAM_BYTES];
    uint32_t observer = 0, seq;
    requests++;
    last_request = e->handle;
    if (!answering)
        return;
    if (tomte_coap_find_uint(e->msg.options, TOMTE_COAP_OPT_OBSERVE, &seq) &&
        seq == 0)
        observe_err = tomte_coap_observe(&ep, e->handle, 1, 0, &observer);
    if (numbering)
        tomte_coap_numbered(&ep, e->handle);
    answer_err = tomte_coap_respond(
        &ep, now_ms, e->handle,
        &(struct tomte_coap_parts){.code = answer_code,
                                   .payload = TOMTE_SPAN(payload, answer_len)});
    answers += answer_err == TOMTE_OK;
}

static void drain(void)
{
    struct tomte_coap_effect e;
    last_sent_len = 0;
    while (tomte_coap_poll(&ep, &e)) {
        if (e.kind == TOMTE_COAP_REQUEST)
            on_request(&e);
        if (e.kind != TOMTE_COAP_SEND)
            continue;
        last_to = e.peer;
        last_sent_len = e.bytes.len;
        memcpy(last_sent, e.bytes.data, e.bytes.len);
    }
    audit(&ep);
}

static enum tomte_err feed(unsigned from, struct tomte_span bytes)
{
    enum tomte_err err = tomte_coap_step(
        &ep, &(struct tomte_coap_event){.kind = TOMTE_COAP_EVENT_DATAGRAM,
                                        .now_ms = now_ms,
                                        .from = address(from),
                                        .bytes = bytes});
    drain();
    return err;
}

/* A request without options; its token is its message ID. */
static enum tomte_err feed_request(unsigned from, uint8_t code, unsigned mid)
{
    uint8_t m = (uint8_t)mid, h = (uint8_t)(mid >> 8);
    const uint8_t bytes[] = {0x42, code, h, m, h, m};
    return feed(from, TOMTE_SPAN_ARRAY(bytes));
}

static enum tomte_err feed_observe(unsigned from, unsigned mid)
{
    uint8_t m = (uint8_t)mid, h = (uint8_t)(mid >> 8);
    const uint8_t bytes[] = {0x42, TOMTE_COAP_GET, h, m, h, m, 0x60};
    return feed(from, TOMTE_SPAN_ARRAY(bytes));
}

static enum tomte_err ask(unsigned to, uint32_t *handle)
{
    struct tomte_addr a = address(to);
    enum tomte_err err = tomte_coap_request(
        &ep, now_ms,
        &(struct tomte_coap_request){
            .to = a, .parts = {.code = TOMTE_COAP_GET}, .confirmable = true},
        handle);
    drain();
    return err;
}

static void mark_link(unsigned n)
{
    struct tomte_addr a = address(LINK + n);
    CHECK_OK(tomte_coap_link(&ep, now_ms, &a));
}

/* A stranger that asks and asks takes its share and no more; what it is told
 * to remember longest is its own. */
TEST(flood_of_safe_requests_from_one_stranger)
{
    struct tomte_coap_config c = small_config();
    start(&c);
    CHECK_OK(feed_request(2, TOMTE_COAP_POST, 7));
    for (unsigned i = 0; i < 1000; i++)
        CHECK_OK(feed_request(1, TOMTE_COAP_GET, i));
    CHECK_EQ(1001, requests);
    CHECK_EQ(17, ep.used.inbound);
    CHECK_EQ(1000 - 16, ep.stats.inbound_evicted);
    CHECK_OK(feed_request(2, TOMTE_COAP_POST, 7)); /* still remembered */
    CHECK_EQ(1001, requests);
    CHECK_EQ(6, last_sent_len);
}

/* One that changes things cannot be forgotten early: it has to wait, and is
 * told so. */
TEST(flood_of_unsafe_requests_from_one_stranger)
{
    struct tomte_coap_config c = small_config();
    start(&c);
    for (unsigned i = 0; i < 100; i++) {
        CHECK_EQ(i < 16 ? TOMTE_OK : TOMTE_ERR_FULL,
                 feed_request(1, TOMTE_COAP_POST, i));
        if (i < 16)
            continue;
        const uint8_t want[] = {0x62, 0xa3, 0, (uint8_t)i, 0, (uint8_t)i};
        CHECK_BYTES(TOMTE_SPAN_ARRAY(want),
                    TOMTE_SPAN(last_sent, last_sent_len));
    }
    CHECK_EQ(16, requests);
    CHECK_EQ(84, ep.stats.inbound_full);
    CHECK_OK(feed_request(2, TOMTE_COAP_POST, 0));
    now_ms += tomte_coap_exchange_lifetime(&c.params);
    CHECK_OK(feed_request(1, TOMTE_COAP_POST, 100));
}

/* All POST on the outside; their replay window remembers them. */
TEST(flood_of_sealed_requests_from_one_stranger)
{
    struct tomte_coap_config c = small_config();
    start(&c);
    for (unsigned i = 0; i < 100; i++) {
        uint8_t m = (uint8_t)i;
        const uint8_t bytes[] = {0x42, TOMTE_COAP_POST, 0, m, 0, m, 0x90};
        CHECK_OK(feed(1, TOMTE_SPAN_ARRAY(bytes)));
    }
    CHECK_EQ(100, requests);
    CHECK_EQ(16, ep.used.inbound);
}

/* A link is not told: its next repetition finds room. */
TEST(flood_of_unsafe_requests_from_a_link)
{
    struct tomte_coap_config c = small_config();
    start(&c), mark_link(0);
    for (unsigned i = 0; i < 16; i++)
        CHECK_OK(feed_request(LINK, TOMTE_COAP_POST, i));
    CHECK_EQ(TOMTE_ERR_FULL, feed_request(LINK, TOMTE_COAP_POST, 16));
    CHECK_EQ(0, last_sent_len);
}

/* What the application numbers, it also knows again: a link may go on. */
TEST(flood_of_numbered_requests_from_a_link)
{
    struct tomte_coap_config c = small_config();
    start(&c);
    mark_link(0);
    numbering = true;
    for (unsigned i = 0; i < 100; i++)
        CHECK_OK(feed_request(LINK, TOMTE_COAP_POST, i));
    CHECK_EQ(100, requests);
    CHECK_EQ(16, ep.used.inbound);
    CHECK_OK(feed_request(LINK, TOMTE_COAP_POST, 99)); /* remembered here */
    CHECK_OK(feed_request(LINK, TOMTE_COAP_POST, 0));  /* and there */
    CHECK_EQ(101, requests);
}

/* What was refused changed nothing: forged requests in a peer's name, which the
 * application refuses, do not use up what is kept for that peer. */
TEST(flood_of_refused_requests_in_a_links_name)
{
    struct tomte_coap_config c = small_config();
    start(&c);
    mark_link(0);
    CHECK_OK(feed_request(LINK, TOMTE_COAP_POST, 9999));
    answer_code = TOMTE_COAP_UNAUTHORIZED;
    for (unsigned i = 0; i < 1000; i++)
        CHECK_OK(feed_request(LINK, TOMTE_COAP_POST, i));
    answer_code = TOMTE_COAP_CHANGED;
    CHECK_OK(feed_request(LINK, TOMTE_COAP_POST, 1000));
    CHECK_EQ(1002, requests);
    CHECK_OK(feed_request(LINK, TOMTE_COAP_POST, 9999));
    CHECK_OK(feed_request(LINK, TOMTE_COAP_POST, 1000));
    CHECK_EQ(1002, requests);
}

/* A thousand forged addresses. The link's answers and observation stand, and
 * the link is served, and so is a link that comes later. */
static void forged_addresses(uint8_t code)
{
    struct tomte_coap_config c = small_config();
    start(&c);
    mark_link(0);
    CHECK_OK(feed_request(LINK, TOMTE_COAP_POST, 1));
    CHECK_OK(feed_observe(LINK, 2));
    CHECK_EQ(1, ep.used.observers);
    for (unsigned i = 1; i <= 1000; i++) {
        (void)feed_request(i, code, i);
        if (i % 3 == 0)
            (void)feed_observe(i, i + 1);
    }
    CHECK(ep.used.peers <= 12 + 1 && ep.used.inbound <= 48 + 2);
    unsigned so_far = requests;
    CHECK_OK(feed_request(LINK, TOMTE_COAP_POST, 1));
    CHECK_EQ(so_far, requests);
    CHECK_EQ(6, last_sent_len);
    CHECK_OK(feed_request(LINK, TOMTE_COAP_POST, 3));
    CHECK_EQ(so_far + 1, requests);
    mark_link(1);
    CHECK_OK(feed_request(LINK + 1, TOMTE_COAP_POST, 1));
    CHECK_EQ(so_far + 2, requests);
    CHECK(tomte_coap_next_observer(&ep, 1, 0) != 0);
}

TEST(flood_of_forged_addresses_with_safe_requests)
{
    forged_addresses(TOMTE_COAP_GET);
    CHECK(ep.stats.peers_evicted > 0);
}

TEST(flood_of_forged_addresses_with_unsafe_requests)
{
    forged_addresses(TOMTE_COAP_POST);
    CHECK(ep.stats.peers_full > 0);
}

/* What a link asked is not forgotten for what strangers ask, nor the link. */
TEST(flood_does_not_push_out_what_a_link_asked)
{
    struct tomte_coap_config c = small_config();
    start(&c);
    mark_link(0);
    mark_link(1); /* silent, and older than every stranger */
    CHECK_OK(feed_request(LINK, TOMTE_COAP_GET, 1));
    now_ms = 1;
    for (unsigned i = 1; i <= 200; i++)
        CHECK_OK(feed_request(i, TOMTE_COAP_GET, i));
    CHECK_EQ(201, requests);
    for (unsigned i = 1; i <= 200; i++)
        CHECK_OK(feed_request(i % 8, TOMTE_COAP_GET, 1000 + i));
    CHECK_EQ(401, requests);
    CHECK_OK(feed_request(LINK, TOMTE_COAP_GET, 1));
    CHECK_EQ(401, requests);
    CHECK_EQ(2, ep.used.links);
}

/* A forged message with the ID of a true one does not stand in its way. */
TEST(forged_request_does_not_hide_a_true_one)
{
    struct tomte_coap_config c = small_config();
    start(&c);
    static const uint8_t forged[] = {0x42, TOMTE_COAP_POST, 0, 7, 'x', 'x'};
    CHECK_OK(feed(1, TOMTE_SPAN_ARRAY(forged)));
    CHECK_OK(feed_request(1, TOMTE_COAP_POST, 7));
    CHECK_EQ(2, requests);
    CHECK_OK(feed_request(1, TOMTE_COAP_POST, 7));
    CHECK_EQ(2, requests);
}

/* The answer to a NON is not asked for again, so it is not kept. */
TEST(answer_to_a_nonconfirmable_request_is_not_kept)
{
    struct tomte_coap_config c = small_config();
    start(&c);
    static const uint8_t non[] = {0x50, TOMTE_COAP_POST, 0, 7};
    CHECK_OK(feed(1, TOMTE_SPAN_ARRAY(non)));
    CHECK_EQ(1, answers);
    CHECK_EQ(4, last_sent_len);
    CHECK_EQ(c.blocks, ep.pool.free);
}

/* A peer that observes everything, and many that observe something. */
TEST(flood_of_observers)
{
    struct tomte_coap_config c = small_config();
    start(&c);
    mark_link(0);
    for (unsigned i = 0; i < 10; i++)
        CHECK_OK(feed_observe(1, i));
    CHECK_EQ(4, ep.used.observers);
    CHECK_EQ(6, ep.stats.observers_full);
    CHECK_EQ(TOMTE_ERR_FULL, observe_err);
    for (unsigned i = 2; i < 12; i++)
        for (unsigned k = 0; k < 2; k++)
            (void)feed_observe(i, k);
    CHECK_EQ(12, ep.used.observers);
    CHECK_OK(feed_observe(LINK, 1));
    CHECK_EQ(13, ep.used.observers);
}

/* Acknowledgements and resets with every message ID, but from elsewhere. */
TEST(flood_of_forged_acknowledgements)
{
    struct tomte_coap_config c = small_config();
    start(&c);
    uint32_t handle;
    CHECK_OK(ask(1, &handle));
    CHECK_OK(feed_observe(2, 1));
    uint32_t observer = tomte_coap_next_observer(&ep, 1, 0);
    CHECK_OK(tomte_coap_notify(
        &ep, now_ms, observer,
        &(struct tomte_coap_parts){.code = TOMTE_COAP_CONTENT}, true));
    drain();
    for (unsigned mid = 0; mid < 65536; mid += 3) {
        const uint8_t bytes[] = {mid & 1 ? 0x60 : 0x70, 0, (uint8_t)(mid >> 8),
                                 (uint8_t)mid};
        (void)tomte_coap_step(
            &ep, &(struct tomte_coap_event){.kind = TOMTE_COAP_EVENT_DATAGRAM,
                                            .from = address(3),
                                            .bytes = TOMTE_SPAN_ARRAY(bytes)});
    }
    drain();
    CHECK_EQ(21846, ep.stats.stray_acks);
    CHECK_EQ(1, ep.used.exchanges);
    CHECK_EQ(1, ep.used.observers);
    CHECK_EQ(2, ep.used.peers); /* a stray makes no peer */
}

/* Requests that the application never answers run out by themselves. */
TEST(requests_without_answers_are_bounded)
{
    struct tomte_coap_config c = small_config();
    start(&c);
    answering = false;
    for (unsigned i = 0; i < 40; i++)
        (void)feed_request(1, TOMTE_COAP_GET, i);
    CHECK_EQ(16, requests); /* open ones do not yield */
    CHECK_EQ(16, ep.used.inbound);
    now_ms += tomte_coap_exchange_lifetime(&c.params);
    CHECK(tomte_coap_deadline(&ep) <= now_ms);
    (void)tomte_coap_step(
        &ep, &(struct tomte_coap_event){.kind = TOMTE_COAP_EVENT_TIMER,
                                        .now_ms = now_ms});
    drain();
    CHECK_EQ(0, ep.used.inbound);
    CHECK_EQ(16, ep.stats.unanswered);
    CHECK_EQ(UINT64_MAX, tomte_coap_deadline(&ep));
}

/* 64 blocks: remembered answers to safe requests give way, those to others do
 * not; a quarter is left to links. */
TEST(answers_share_the_pool)
{
    struct tomte_coap_config c = small_config();
    start(&c);
    answer_len = 600; /* ten blocks */
    for (unsigned i = 0; i < 15; i++)
        CHECK_OK(feed_request(i % 3, TOMTE_COAP_GET, i));
    CHECK_EQ(15, answers);
    CHECK_EQ(9, ep.stats.answers_dropped);
    CHECK_OK(feed_request(0, TOMTE_COAP_GET, 0));
    CHECK_EQ(16, requests); /* its answer was dropped: asked again */

    start(&c);
    mark_link(0);
    answer_len = 600;
    for (unsigned i = 0; i < 6; i++) {
        CHECK_OK(feed_request(i % 3, TOMTE_COAP_PUT, i));
        CHECK_EQ(i < 4 ? TOMTE_OK : TOMTE_ERR_FULL, answer_err);
    }
    CHECK_EQ(2, ep.stats.blocks_full);
    CHECK_OK(feed_request(LINK, TOMTE_COAP_PUT, 1));
    CHECK_OK(feed_request(LINK, TOMTE_COAP_PUT, 2));
    CHECK_EQ(6, answers);
    CHECK_OK(feed_request(LINK, TOMTE_COAP_PUT, 3));
    CHECK_EQ(TOMTE_ERR_FULL, answer_err);
    answer_len = 8; /* a shorter one still fits */
    CHECK_OK(tomte_coap_respond(
        &ep, now_ms, last_request,
        &(struct tomte_coap_parts){.code = TOMTE_COAP_CHANGED}));
    drain();
}

TEST(requests_of_ours_are_bounded)
{
    struct tomte_coap_config c = small_config();
    start(&c);
    uint32_t h[5];
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQ(i < 4 ? TOMTE_OK : TOMTE_ERR_FULL, ask(1, &h[i]));
    CHECK_EQ(1, ep.stats.exchanges_full);
    tomte_coap_cancel(&ep, h[0]);
    drain();
    tomte_coap_cancel(&ep, h[0]); /* a handle that is no more */
    CHECK_EQ(3, ep.used.exchanges);
    CHECK_OK(ask(1, &h[0]));
    for (unsigned i = 5; i < 17; i++) /* one exchange each */
        CHECK_OK(ask(i, &h[1]));
    CHECK_EQ(16, ep.used.exchanges);
    CHECK_EQ(TOMTE_ERR_FULL, ask(17, &h[1]));
}

/* Every peer has something under way: no room for another. */
TEST(peers_are_bounded)
{
    struct tomte_coap_config c = small_config();
    start(&c);
    uint32_t h;
    for (unsigned i = 0; i < 16; i++)
        CHECK_OK(ask(i, &h));
    CHECK_EQ(TOMTE_ERR_FULL, ask(16, &h));
    CHECK_EQ(TOMTE_ERR_FULL, feed_request(17, TOMTE_COAP_GET, 1));
    CHECK_EQ(2, ep.stats.peers_full);
    struct tomte_addr a = address(LINK);
    CHECK_EQ(TOMTE_ERR_FULL, tomte_coap_link(&ep, now_ms, &a));
    tomte_coap_cancel(&ep, h);
    drain();
    CHECK_OK(tomte_coap_link(&ep, now_ms, &a));
    CHECK_EQ(1, ep.stats.peers_evicted);
    tomte_coap_unlink(&ep, &a);
    tomte_coap_unlink(&ep, &a);
    CHECK_EQ(0, ep.used.links);
    CHECK_OK(ask(16, &h)); /* an idle stranger gives way again */
}

/* Datagrams that are nearly right, from a few peers, for a while. */
TEST(storm_of_nearly_good_datagrams)
{
    struct tomte_coap_config c = small_config();
    struct tomte_random r;
    tomte_random_init(&r, 77);
    start(&c);
    mark_link(0);
    for (int i = 0; i < 30000; i++) {
        static const uint8_t codes[] = {0, 0, 1, 1, 2, 3, 0x45, 0x84, 0x20};
        uint8_t bytes[24];
        tomte_random_fill(&r, TOMTE_BUF_ARRAY(bytes));
        bytes[0] = (uint8_t)(0x40 | (bytes[0] & 0x31));
        bytes[1] = codes[tomte_random_below(&r, sizeof codes)];
        bytes[2] = 0;
        bytes[3] &= 15;
        bytes[4] &= 3;
        size_t len = bytes[1] == 0 ? 4 : 4 + (bytes[0] & 1);
        if (tomte_random_chance(&r, 300))
            len += tomte_random_below(&r, 20);
        uint64_t from = tomte_random_below(&r, 8);
        (void)feed(from == 0 ? LINK : (unsigned)from, TOMTE_SPAN(bytes, len));
        now_ms += tomte_random_below(&r, 300);
        if (tomte_coap_deadline(&ep) <= now_ms)
            (void)tomte_coap_step(
                &ep, &(struct tomte_coap_event){.kind = TOMTE_COAP_EVENT_TIMER,
                                                .now_ms = now_ms});
        drain();
        answering = tomte_random_chance(&r, 900);
    }
    CHECK(requests > 1000 && ep.stats.malformed > 1000);
    CHECK(ep.stats.duplicates > 100 && ep.stats.stray_acks > 100);
}
