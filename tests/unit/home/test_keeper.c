/* SPDX-License-Identifier: Apache-2.0 */
/* The leader: leases, order of requests, one command at a time, what is said
 * to whom. */
#include "leader.h"

#include <stdio.h>

#define LEASE_END 1502 /* 1500 ms and 2 for drift */

TEST(keeper_needs_its_memory)
{
    struct tomte_arena arena;
    uint8_t memory[64];
    rig_init(&leader.rig, rig_limits(2, 2));
    struct tomte_keeper_config config = {.home = &leader.rig.home, .term = 1};
    tomte_arena_init(&arena, memory, sizeof(memory));
    CHECK_EQ(TOMTE_ERR_NO_MEMORY,
             tomte_keeper_init(&leader.keeper, &config, &arena));
}

TEST(keeper_grants_a_lease_and_logs_nothing)
{
    leader_begin(false);
    leader_ask(leader_request("a"));
    CHECK_EQ(0, strcmp("A", leader.effects));
    CHECK_EQ(1500, leader.answer.lease_ms);
    CHECK_EQ(leader.rig.home.nodes[rig_node(&leader.rig, "a")].view,
             leader.answer.version);
    CHECK_EQ(1, leader.answer.term);
    CHECK(leader.answer.settled && !leader.answer.offer_wanted);
    for (unsigned i = 0; i < 100; i++) {
        leader.now += 500;
        leader_ask(leader_request("a"));
        CHECK(strchr(leader.effects, 'C') == NULL);
    }
    CHECK_EQ(TOMTE_STANDING_HELD,
             leader.keeper.seen.nodes[rig_node(&leader.rig, "a")].standing);
}

TEST(lease_ends_with_drift_added)
{
    leader_begin(false);
    leader_ask(leader_request("a"));
    leader_timer(LEASE_END - 1);
    CHECK_EQ(TOMTE_STANDING_HELD,
             leader.keeper.seen.nodes[rig_node(&leader.rig, "a")].standing);
    CHECK_EQ(leader.now + 1, tomte_keeper_deadline(&leader.keeper));
    leader_timer(1);
    CHECK_EQ(TOMTE_STANDING_OVER,
             leader.keeper.seen.nodes[rig_node(&leader.rig, "a")].standing);
    CHECK_EQ(
        0, strcmp("LL", leader.effects)); /* b, which was never heard of, too */
    CHECK_EQ(0, strcmp("node a: no lease, not heard of for 1502 ms\n"
                       "node b: no lease, not heard of for 1502 ms\n",
                       leader.lines));
    leader_ask(leader_request("a"));
    CHECK_EQ(0, strcmp("node a: has a lease\n", leader.lines));
}

TEST(stranger_is_refused_or_admitted)
{
    leader_begin(false);
    leader_ask(leader_request("c"));
    CHECK_EQ(0, strcmp("R", leader.effects));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, leader.refusal);
    leader_begin(true);
    struct tomte_lease_request r = leader_request("c");
    uint8_t offer[64];
    r.offer = rig_offer("hall", 4, 512, NULL, TOMTE_BUF_ARRAY(offer));
    r.offer_crc = tomte_offer_crc(r.offer);
    leader_ask(r);
    CHECK_EQ(0, strcmp("AC", leader.effects));
    CHECK_EQ(0, leader.answer.lease_ms);
    CHECK_EQ(0, leader.answer.version);
    CHECK(!leader.answer.offer_wanted);
    CHECK_EQ(1, leader_settle());
    const struct tomte_home_node *c =
        &leader.rig.home.nodes[rig_node(&leader.rig, "c")];
    CHECK_EQ(777, c->addr.port); /* where the datagram came from */
    CHECK_EQ(4, c->containers_max);
    CHECK_EQ(0, strcmp("node c\n", leader.lines));
    r = leader_request("c");
    r.confirmed = 0; /* it has no view yet: first that */
    leader_ask(r);
    CHECK_EQ(0, leader.answer.lease_ms);
    CHECK_EQ(c->view, leader.answer.version);
    leader_ask(leader_request("c"));
    CHECK_EQ(1500, leader.answer.lease_ms);
}

TEST(offer_is_asked_for_when_it_is_another)
{
    leader_begin(false);
    struct tomte_lease_request r = leader_request("b");
    uint8_t offer[64];
    struct tomte_span bytes =
        rig_offer("hall", 7, 512, NULL, TOMTE_BUF_ARRAY(offer));
    r.offer_crc = tomte_offer_crc(bytes);
    leader_ask(r);
    CHECK_EQ(0, strcmp("A", leader.effects));
    CHECK(leader.answer.offer_wanted);
    CHECK_EQ(1500, leader.answer.lease_ms); /* no reason to lose its lease */
    r.sequence = ++leader.sequence;
    r.offer = bytes;
    r.offer_crc++; /* not that of the offer: as if there were none */
    leader_ask(r);
    CHECK(leader.answer.offer_wanted);
    CHECK_EQ(0, strcmp("A", leader.effects));
    r.sequence = ++leader.sequence;
    r.offer_crc--;
    leader_ask(r);
    CHECK_EQ(0, strcmp("AC", leader.effects));
    CHECK(!leader.answer.offer_wanted);
    CHECK_EQ(1, leader_settle());
    CHECK_EQ(7,
             leader.rig.home.nodes[rig_node(&leader.rig, "b")].containers_max);
}

TEST(offer_that_the_home_refuses_is_said_once)
{
    static const char *const mine[] = {"/x t state - -", NULL};
    leader_begin(false);
    CHECK_OK(rig_add_node(&leader.rig, "a", true, "-", 4, mine));
    leader_lead(false, 2);
    struct tomte_lease_request r = leader_request("b");
    uint8_t offer[64];
    r.offer = rig_offer("hall", 4, 512, mine, TOMTE_BUF_ARRAY(offer));
    r.offer_crc = tomte_offer_crc(r.offer);
    leader_ask(r);
    CHECK_EQ(0, strcmp("AL", leader.effects));
    CHECK_EQ(0, strcmp("/x of node b is offered already, by node a\n",
                       leader.lines));
    r.sequence = ++leader.sequence;
    leader_ask(r);
    CHECK_EQ(0, strcmp("A", leader.effects));
    CHECK(!leader.answer.offer_wanted);
}

TEST(overtaken_request_counts_no_more)
{
    leader_begin(false);
    struct tomte_lease_request old = leader_request("a");
    leader_ask(leader_request("a"));
    leader_ask(old);
    CHECK_EQ(0, strcmp("R", leader.effects));
    CHECK_EQ(TOMTE_ERR_STALE, leader.refusal);
    struct tomte_lease_request r = leader_request("a");
    r.boot = 2;
    r.sequence = 1;
    leader_ask(r);
    CHECK_EQ(0, strcmp("A", leader.effects));
    leader_ask(leader_request("a")); /* of the boot before */
    CHECK_EQ(TOMTE_ERR_STALE, leader.refusal);
    /* a new store counts its boots anew */
    r.boot = 1;
    r.store = 2;
    leader_ask(r);
    CHECK_EQ(0, strcmp("AC", leader.effects));
    CHECK_EQ(0, leader.answer.lease_ms);
    CHECK_EQ(1, leader_settle());
    CHECK_EQ(2, leader.rig.home.nodes[rig_node(&leader.rig, "a")].store);
}

TEST(node_that_was_away_first_gets_its_view)
{
    leader_begin(false);
    struct tomte_lease_request r = leader_request("a");
    r.confirmed--;
    leader_ask(r);
    CHECK_EQ(0, leader.answer.lease_ms);
    CHECK_EQ(r.confirmed + 1, leader.answer.version);
    leader_ask(leader_request("a"));
    CHECK_EQ(1500, leader.answer.lease_ms);
    /* one that has its lease keeps it while it fetches, for ten leases */
    uint64_t end = leader.now + 10 * 1500;
    for (; leader.now < end; leader.now += 500) {
        r = leader_request("a");
        r.confirmed--;
        leader_ask(r);
        CHECK_EQ(1500, leader.answer.lease_ms);
    }
    r.sequence = ++leader.sequence;
    leader_ask(r);
    CHECK_EQ(0, leader.answer.lease_ms);
    /* a view from nowhere is none */
    r = leader_request("b");
    r.confirmed = leader.rig.home.version + 1;
    leader_ask(r);
    CHECK_EQ(0, leader.answer.lease_ms);
    CHECK_EQ(0, leader.keeper.seen.nodes[rig_node(&leader.rig, "b")].confirmed);
}

TEST(keeper_places_confirms_and_pokes)
{
    leader_begin(false);
    leader_ask(leader_request("a"));
    leader_ask(leader_request("b"));
    leader_deploy("x", 1);
    leader_lead(false, 2);
    leader_ask(leader_request("a"));
    CHECK_EQ(0, strcmp("A", leader.effects)); /* b may be heard of yet */
    leader_ask(leader_request("b"));
    CHECK_EQ(0, strcmp("AC", leader.effects));
    CHECK_OK(leader_apply()); /* place */
    CHECK_EQ(0, strcmp("LC", leader.effects));
    CHECK_EQ(0, strcmp("x: epoch 1 goes to a\n", leader.lines));
    CHECK_OK(leader_apply()); /* activate: nobody had to be asked */
    CHECK_EQ(0, strcmp("x: epoch 1 is active at a\n", leader.lines));
    CHECK_EQ(0, strcmp("a b ", leader.poked));
    CHECK_EQ(0, strcmp("LPP", leader.effects));
    leader_timer(1);
    CHECK_EQ(0, strcmp("", leader.effects)); /* told once */
}

TEST(owner_reports_and_proposes)
{
    leader_begin(false);
    leader_deploy("x", 1);
    leader_lead(false, 2);
    leader_ask(leader_request("a"));
    leader_ask(leader_request("b"));
    leader_settle();
    struct tomte_lease_container x = {.identity = rig_name("x"),
                                      .epoch = 1,
                                      .state = TOMTE_REPORT_RUNNING,
                                      .proposes = true,
                                      .insync_len = 1,
                                      .insync = {rig_name("b")}};
    uint8_t bytes[256];
    uint16_t next = 0;
    struct tomte_span encoded;
    struct tomte_lease_request r = leader_request("a"), decoded;
    CHECK_OK(tomte_lease_request_encode(&r, &x, 1, &next,
                                        TOMTE_BUF_ARRAY(bytes), &encoded));
    CHECK_OK(tomte_lease_request_decode(encoded, &decoded));
    leader_ask(decoded); /* term 1: said to the leader before */
    CHECK_EQ(0, strcmp("A", leader.effects));
    CHECK_EQ(
        TOMTE_REPORT_RUNNING,
        leader.keeper.seen.containers[rig_container(&leader.rig, "x")].state);
    decoded.term = 2;
    decoded.sequence = ++leader.sequence;
    leader_ask(decoded);
    CHECK_EQ(0, strcmp("AC", leader.effects));
    CHECK(leader.answer
              .settled); /* when it was answered nothing was on its way */
    decoded.sequence = ++leader.sequence;
    leader_ask(decoded);
    CHECK(!leader.answer.settled);
    CHECK_OK(leader_apply());
    CHECK_EQ(0, strcmp("x: the history is held by a, b\n", leader.lines));
    decoded.sequence = ++leader.sequence;
    leader_ask(decoded);
    CHECK(leader.answer.settled);
    CHECK_EQ(0, strcmp("A", leader.effects));
    /* what it said before it knew of this is not what it means now */
    x.insync_len = 0;
    CHECK_OK(tomte_lease_request_encode(&r, &x, 1, &next,
                                        TOMTE_BUF_ARRAY(bytes), &encoded));
    CHECK_OK(tomte_lease_request_decode(encoded, &decoded));
    decoded.term = 2;
    decoded.sequence = ++leader.sequence;
    CHECK(decoded.confirmed < rig_placement(&leader.rig, "x")->agreed);
    leader_ask(decoded);
    CHECK(!leader.keeper.seen.containers[rig_container(&leader.rig, "x")]
               .proposes);
    decoded.confirmed = rig_placement(&leader.rig, "x")->agreed;
    decoded.sequence = ++leader.sequence;
    leader_ask(decoded);
    CHECK_EQ(0, strcmp("AC", leader.effects));
}

TEST(owner_that_is_lost_is_followed)
{
    leader_begin(false);
    leader_deploy("x", 1);
    leader_lead(false, 2);
    leader_ask(leader_request("a"));
    leader_ask(leader_request("b"));
    leader_settle();
    CHECK_OK(rig_insync(&leader.rig, "x", 1, "a b"));
    uint64_t until = leader.now + LEASE_END;
    while (leader.now + 400 < until) {
        leader.now += 400;
        leader_ask(leader_request("b"));
    }
    leader_timer(until - leader.now);
    CHECK_EQ(0, strcmp("CL", leader.effects));
    CHECK_EQ(0, strcmp("node a: no lease, not heard of for 1502 ms; its "
                       "containers move if they can\n",
                       leader.lines));
    CHECK_OK(leader_apply());
    CHECK_EQ(0, strcmp("x: epoch 2 goes to b\n", leader.lines));
    CHECK_OK(leader_apply());
    CHECK_EQ(0, strcmp("x: epoch 2 is active at b\n", leader.lines));
    CHECK_EQ(1500, rig_placement(&leader.rig, "x")->elapsed_ms);
    CHECK_EQ(0, strcmp("b ", leader.poked));
}

TEST(persons_command_is_logged_and_answered)
{
    leader_begin(false);
    leader_deploy("x", 0);
    leader_lead(false, 2);
    leader_person_says(TOMTE_COMMAND_STOP, "x", 77);
    CHECK_EQ(0, strcmp("C", leader.effects));
    leader_person_says(TOMTE_COMMAND_START, "x", 78);
    CHECK_EQ(0, strcmp("", leader.effects)); /* waits its turn */
    leader_person_says(TOMTE_COMMAND_STOP, "x", 79);
    CHECK_EQ(0, strcmp("Y", leader.effects));
    CHECK_EQ(79, leader.reply_token);
    CHECK_EQ(TOMTE_ERR_AGAIN, leader.reply_err);
    CHECK_OK(leader_apply());
    CHECK_EQ(0, strcmp("YCL", leader.effects));
    CHECK_EQ(77, leader.reply_token);
    CHECK_EQ(TOMTE_OK, leader.reply_err);
    CHECK_EQ(0, strcmp("stop x\n", leader.lines));
    CHECK_OK(leader_apply());
    CHECK_EQ(78, leader.reply_token);
    CHECK(!leader.rig.home.containers[0].stopped);
}

TEST(persons_command_that_is_impossible_is_not_logged)
{
    leader_begin(false);
    leader_deploy("x", 0);
    leader_lead(false, 2);
    leader_person_says(TOMTE_COMMAND_STOP, "y", 1);
    CHECK_EQ(0, strcmp("Y", leader.effects));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, leader.reply_err);
    CHECK_EQ(0, strcmp("there is no container y", leader.reply_text));
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_PLACE, rig_name("x"));
    c.epoch = 1;
    c.node = rig_name("a");
    leader_person(&c, 2);
    CHECK_EQ(TOMTE_ERR_DENIED, leader.reply_err);
    /* it was possible when it came, and is not when its turn comes */
    leader_person_says(TOMTE_COMMAND_CONTAINER_REMOVE, "x", 3);
    CHECK_EQ(0, strcmp("C", leader.effects));
    leader_person_says(TOMTE_COMMAND_STOP, "x", 4);
    CHECK_EQ(0, strcmp("", leader.effects));
    struct tomte_keeper_effect e;
    struct tomte_keeper_event done = {.kind = TOMTE_KEEPER_APPLIED,
                                      .now_ms = leader.now};
    CHECK_OK(tomte_home_apply(&leader.rig.home,
                              TOMTE_SPAN(leader.appended, leader.appended_len),
                              NULL));
    tomte_keeper_step(&leader.keeper, &done);
    CHECK(tomte_keeper_poll(&leader.keeper, &e));
    CHECK_EQ(TOMTE_KEEPER_REPLY, e.kind);
    CHECK_EQ(3, e.u.reply.token);
    leader_drain();
    CHECK_EQ(0, strcmp("YL", leader.effects));
    CHECK_EQ(4, leader.reply_token);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, leader.reply_err);
}

TEST(own_command_that_is_refused_is_not_repeated_at_once)
{
    leader_begin(false);
    leader_deploy("x", 0);
    leader_lead(false, 2);
    leader_ask(leader_request("a"));
    leader_ask(leader_request("b"));
    CHECK_EQ(0, strcmp("AC", leader.effects));
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_APPLIED};
    e.u.applied.err = TOMTE_ERR_NO_SPACE;
    e.u.applied.text = "the log is full";
    leader_step(&e);
    CHECK_EQ(0, strcmp("L", leader.effects));
    CHECK_EQ(0, strcmp("x: epoch 1 goes to a: refused: the log is full\n",
                       leader.lines));
    leader_timer(999);
    CHECK_EQ(0, strcmp("", leader.effects));
    CHECK_EQ(leader.now + 1, tomte_keeper_deadline(&leader.keeper));
    leader_timer(1);
    CHECK_EQ(0, strcmp("C", leader.effects));
}

TEST(node_that_is_removed_loses_its_lease)
{
    leader_begin(false);
    leader_ask(leader_request("b"));
    leader_person_says(TOMTE_COMMAND_NODE_REMOVE, "b", 1);
    CHECK_EQ(1, leader_settle());
    struct tomte_lease_request r = {.name = rig_name("b"),
                                    .boot = 1,
                                    .sequence = ++leader.sequence,
                                    .store = 1};
    leader_ask(r);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, leader.refusal);
    leader_timer(LEASE_END);
    CHECK(strstr(leader.lines, "node b") == NULL);
}

TEST(keeper_can_be_wiped)
{
    leader_begin(false);
    leader_ask(leader_request("a"));
    tomte_keeper_wipe(&leader.keeper);
    CHECK(leader.keeper.home == NULL && leader.keeper.p == NULL);
}
