/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of keepers in virtual time; more of them: tomte-sim-keepers. */
#include "keepers/group.h"

#include "test.h"

#include <stdio.h>

static struct group_config calm(unsigned size)
{
    return (struct group_config){.seed = 1,
                                 .size = size,
                                 .rates = {.delay_max_us = 2000,
                                           .state_bytes = 1000,
                                           .propose_every_ms = 100,
                                           .command_bytes_max = 200},
                                 .options = keepers_options_default()};
}

static void check(struct group *g, bool good)
{
    if (!good)
        printf("seed %u: %s\n", (unsigned)g->config.seed, g->failure);
    CHECK(good);
    group_free(g);
}

TEST(one_alone_leads_at_once_and_in_a_new_term_each_time)
{
    struct group_config c = calm(1);
    struct group *g = group_new(&c);
    struct tomte_replica_status s;
    uint64_t term = 0;
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ(0, group_leader(g));
        g->nodes[0].replica->status(g->nodes[0].replica->ctx, &s);
        CHECK(s.term > term);
        term = s.term;
        CHECK_OK(group_propose(g, 0, 20));
        CHECK_EQ(i + 1, g->acknowledged_len);
        group_crash(g, 0);
        group_start(g, 0);
    }
    check(g, true);
}

TEST(one_grows_to_three_and_five_while_it_runs)
{
    struct group_config c = calm(5);
    struct group *g = group_new(&c);
    struct tomte_replica_status s;
    CHECK(group_run(g, 20000000));
    unsigned leader = group_leader(g);
    CHECK(leader < 5);
    g->nodes[leader].replica->status(g->nodes[leader].replica->ctx, &s);
    CHECK_EQ(5, s.members_len);
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQ(TOMTE_REPLICA_VOTER, s.members[i].role);
    CHECK(g->acknowledged_len > 20);
    check(g, group_settle(g));
}

TEST(a_burnt_keeper_is_replaced)
{
    struct group_config c = calm(3);
    struct group *g = group_new(&c);
    CHECK(group_run(g, 10000000));
    unsigned leader = group_leader(g);
    CHECK(leader < 3);
    group_burn(g, leader);
    group_start(g, leader);
    check(g, group_settle(g));
}

TEST(without_a_majority_nothing_is_committed)
{
    struct group_config c = calm(3);
    struct group *g = group_new(&c);
    CHECK(group_run(g, 10000000));
    unsigned leader = group_leader(g);
    int sides[GROUP_MAX] = {0};
    sides[leader] = 1;
    group_split(g, sides);
    uint64_t old = leader;
    CHECK(group_run(g, g->now_us + 4000000));
    leader = group_leader(g);
    CHECK(leader < 3 && leader != old);
    CHECK_EQ(TOMTE_ERR_STATE, group_propose(g, (unsigned)old, 20));
    check(g, group_settle(g));
}

/* A snapshot of half a megabyte is written in small parts, and commands are
 * committed in between. */
TEST(snapshots_do_not_stall)
{
    struct group_config c = calm(3);
    struct keepers_counts counts;
    c.rates.state_bytes = 500000;
    c.rates.propose_every_ms = 0;
    c.options.snapshot_threshold = 50;
    struct group *g = group_new(&c);
    CHECK(group_run(g, 20000000));
    unsigned leader = group_leader(g);
    CHECK(leader < 3);
    uint64_t longest_us = 0;
    for (unsigned i = 0; i < 300; i++) {
        uint64_t began_us = g->now_us, acked = g->acknowledged_len;
        CHECK_OK(group_propose(g, leader, 40));
        while (g->acknowledged_len == acked && g->now_us - began_us < 1000000)
            CHECK(group_run(g, g->now_us + 100));
        if (g->now_us - began_us > longest_us)
            longest_us = g->now_us - began_us;
        CHECK(group_run(g, g->now_us + 15000));
    }
    struct tomte_replica_status s;
    g->nodes[leader].replica->status(g->nodes[leader].replica->ctx, &s);
    CHECK(s.snapshots >= 3);
    keepers_counts(g->nodes[leader].keepers, &counts);
    CHECK_EQ(16384, counts.put_longest);
    CHECK(longest_us < 30000);
    check(g, true);
}

TEST(a_seed_is_a_trace)
{
    uint64_t hash[2];
    for (unsigned i = 0; i < 2; i++) {
        struct group_config c = group_drawn(4, 3);
        struct group *g = group_new(&c);
        CHECK(group_run(g, 10000000));
        hash[i] = g->hash;
        group_free(g);
    }
    CHECK_EQ(hash[0], hash[1]);
}

TEST(some_seeds)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct group_config c = group_drawn(seed, seed % 3 == 0 ? 5 : 3);
        struct group *g = group_new(&c);
        bool good = group_run(g, 30000000) && group_settle(g);
        check(g, good);
    }
}
