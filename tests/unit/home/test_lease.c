/* SPDX-License-Identifier: Apache-2.0 */
/* Lease messages, and what a node makes of the answers. */
#include "rig.h"

#include "home/lease.h"

static struct tomte_lease_request request(void)
{
    return (struct tomte_lease_request){
        .name = rig_name("hall"),
        .boot = 3,
        .sequence = 70,
        .store = 0x1122334455667788,
        .term = 5,
        .confirmed = 41,
        .offer_crc = 0xdeadbeef,
    };
}

static struct tomte_lease_container container(unsigned number)
{
    struct tomte_lease_container c = {.identity = rig_name("light-aa"),
                                      .epoch = number,
                                      .state = TOMTE_REPORT_RUNNING};
    c.identity.text[6] = (char)('a' + number / 26);
    c.identity.text[7] = (char)('a' + number % 26);
    return c;
}

TEST(lease_request_goes_round)
{
    struct tomte_lease_request r = request(), got;
    struct tomte_lease_container c[3] = {container(0), container(1),
                                         container(2)};
    struct tomte_offer offer = {.containers = 4};
    uint8_t bytes[600], offered[64];
    struct tomte_span encoded;
    uint16_t next = 0;
    r.has_addr = true;
    r.addr = tomte_addr_ipv4((const uint8_t[]){10, 1, 2, 3}, 5683);
    CHECK_OK(
        tomte_offer_encode(&offer, NULL, TOMTE_BUF_ARRAY(offered), &r.offer));
    c[1].proposes = c[2].proposes = true;
    c[2].insync_len = 2;
    c[2].insync[0] = rig_name("attic");
    c[2].insync[1] = rig_name("shed");
    CHECK_OK(tomte_lease_request_encode(&r, c, 3, &next, TOMTE_BUF_ARRAY(bytes),
                                        &encoded));
    CHECK_EQ(0, next);
    CHECK_OK(tomte_lease_request_decode(encoded, &got));
    CHECK(tomte_name_equal(&r.name, &got.name));
    CHECK_EQ(r.boot, got.boot);
    CHECK_EQ(r.sequence, got.sequence);
    CHECK_EQ(r.store, got.store);
    CHECK_EQ(r.term, got.term);
    CHECK_EQ(r.confirmed, got.confirmed);
    CHECK_EQ(r.offer_crc, got.offer_crc);
    CHECK(got.has_addr && tomte_addr_equal(&r.addr, &got.addr));
    CHECK_BYTES(r.offer, got.offer);
    CHECK_EQ(3, got.containers_len);
    struct tomte_lease_iter it;
    struct tomte_lease_container one;
    tomte_lease_iter_init(&it, &got);
    for (unsigned i = 0; i < 3; i++) {
        CHECK(tomte_lease_next(&it, &one));
        CHECK_EQ(0, memcmp(&c[i], &one, sizeof(one)));
    }
    CHECK(!tomte_lease_next(&it, &one));
}

TEST(lease_request_without_containers_has_none)
{
    struct tomte_lease_request r = request(), got;
    struct tomte_lease_container one;
    struct tomte_lease_iter it;
    uint8_t bytes[128];
    struct tomte_span encoded;
    uint16_t next = 9;
    CHECK_OK(tomte_lease_request_encode(&r, NULL, 0, &next,
                                        TOMTE_BUF_ARRAY(bytes), &encoded));
    CHECK_OK(tomte_lease_request_decode(encoded, &got));
    tomte_lease_iter_init(&it, &got);
    CHECK(!tomte_lease_next(&it, &one));
    CHECK_EQ(TOMTE_ERR_FULL, tomte_lease_request_encode(
                                 &r, NULL, 0, &next,
                                 TOMTE_BUF(bytes, encoded.len - 1), &encoded));
}

/* A node with more containers than fit reports each again and again. */
TEST(lease_requests_take_turns)
{
    struct tomte_lease_container c[100], one;
    struct tomte_lease_request r = request(), got;
    struct tomte_lease_iter it;
    uint8_t bytes[4096];
    struct tomte_span encoded;
    unsigned seen[100] = {0};
    uint16_t next = 0;
    for (unsigned i = 0; i < 100; i++)
        c[i] = container(i);
    for (unsigned n = 0; n < 4; n++) {
        CHECK_OK(tomte_lease_request_encode(&r, c, 100, &next,
                                            TOMTE_BUF_ARRAY(bytes), &encoded));
        CHECK(encoded.len <= TOMTE_LEASE_BYTES_MAX);
        CHECK(encoded.len > TOMTE_LEASE_BYTES_MAX - 32); /* and not wasted */
        CHECK_OK(tomte_lease_request_decode(encoded, &got));
        tomte_lease_iter_init(&it, &got);
        while (tomte_lease_next(&it, &one))
            seen[one.epoch]++;
    }
    for (unsigned i = 0; i < 100; i++)
        CHECK(seen[i] >= 2);
}

TEST(lease_request_decoder_is_strict)
{
    struct tomte_lease_request r = request(), got;
    uint8_t bytes[128];
    struct tomte_span encoded;
    uint16_t next = 0;
    CHECK_OK(tomte_lease_request_encode(&r, NULL, 0, &next,
                                        TOMTE_BUF_ARRAY(bytes), &encoded));
    for (size_t len = 0; len < encoded.len; len++)
        CHECK(tomte_lease_request_decode(TOMTE_SPAN(bytes, len), &got) !=
              TOMTE_OK);
    bytes[2] = 2;
    CHECK_EQ(TOMTE_ERR_VERSION, tomte_lease_request_decode(encoded, &got));
    bytes[2] = 1;
    bytes[encoded.len] = 0;
    encoded.len++;
    CHECK_EQ(TOMTE_ERR_TRAILING, tomte_lease_request_decode(encoded, &got));
}

TEST(lease_answer_goes_round)
{
    struct tomte_lease_answer a = {.lease_ms = 1500,
                                   .version = 9,
                                   .term = 2,
                                   .settled = true},
                              got;
    uint8_t bytes[128], expected[32];
    struct tomte_span encoded;
    CHECK_OK(tomte_lease_answer_encode(&a, TOMTE_BUF_ARRAY(bytes), &encoded));
    CHECK_BYTES(
        test_hex("a5 0001 011905dc 0209 0302 04f5", TOMTE_BUF_ARRAY(expected)),
        encoded);
    a.offer_wanted = a.has_leader = true;
    a.leader = rig_name("cellar");
    a.leader_addr = tomte_addr_ipv4((const uint8_t[]){10, 0, 0, 9}, 5683);
    CHECK_OK(tomte_lease_answer_encode(&a, TOMTE_BUF_ARRAY(bytes), &encoded));
    CHECK_OK(tomte_lease_answer_decode(encoded, &got));
    CHECK(got.offer_wanted && got.has_leader && got.settled);
    CHECK(tomte_name_equal(&a.leader, &got.leader));
    CHECK(tomte_addr_equal(&a.leader_addr, &got.leader_addr));
    CHECK_EQ(a.term, got.term);
    for (size_t len = 0; len < encoded.len; len++)
        CHECK(tomte_lease_answer_decode(TOMTE_SPAN(bytes, len), &got) !=
              TOMTE_OK);
}

TEST(lease_is_counted_from_when_it_was_asked_for)
{
    struct tomte_lease l;
    tomte_lease_init(&l);
    CHECK(!tomte_lease_held(&l, 0));
    CHECK_EQ(0, tomte_lease_deadline(&l));
    tomte_lease_sent(&l, 10000);
    CHECK_EQ(10250, tomte_lease_deadline(&l)); /* a sixth: not answered yet */
    tomte_lease_granted(&l, 10000, 1500);
    CHECK_EQ(10500, tomte_lease_deadline(&l));
    CHECK(tomte_lease_held(&l, 11497)); /* 1500 - 2 of drift */
    CHECK(!tomte_lease_held(&l, 11498));
    CHECK_EQ(498, tomte_lease_remaining_ms(&l, 11000));
    CHECK_EQ(0, tomte_lease_remaining_ms(&l, 12000));
}

TEST(lease_answers_may_come_late_and_in_any_order)
{
    struct tomte_lease l;
    tomte_lease_init(&l);
    tomte_lease_sent(&l, 1000);
    tomte_lease_sent(&l, 1500);
    tomte_lease_granted(&l, 1500, 1500);
    tomte_lease_granted(&l, 1000, 1500);
    CHECK(tomte_lease_held(&l, 2997));
    CHECK_EQ(2000, tomte_lease_deadline(&l));
    /* none is granted: what was granted goes on to its end */
    tomte_lease_sent(&l, 2000);
    tomte_lease_granted(&l, 2000, 0);
    CHECK(tomte_lease_held(&l, 2997));
    CHECK(!tomte_lease_held(&l, 2998));
    EXPECT_PANIC(tomte_lease_granted(&l, 2001, 1500));
}
