/* SPDX-License-Identifier: Apache-2.0 */
/* Protected requests, notifications and restarts between two endpoints:
 * link.h. A failure is found again with the seed that the test prints. */
#include "link.h"

#include <stdio.h>

static struct link w;

TEST(a_request_an_observation_and_a_restart)
{
    link_start(&w, 1);
    link_post(&w);
    link_run(&w, 1000);
    CHECK_EQ(1, w.answers);
    CHECK_EQ(1, w.notifications); /* the answer to the registration */
    w.busy = 100;
    link_run(&w, 1000);
    w.busy = 0;
    link_run(&w, 1000);
    CHECK(w.ask_count > 1);
    CHECK_EQ(w.ask_count, w.answers);
    CHECK_EQ(w.counter, w.seen);
    CHECK_EQ(0, w.challenges + w.refusals);

    link_restart(&w);
    link_post(&w);
    link_run(&w, 1000);
    CHECK_EQ(1, w.challenges); /* and with the Echo it passed */
    CHECK_EQ(w.ask_count, w.answers);
    CHECK_EQ(1, w.asks[w.ask_count - 1].try);
    link_post(&w);
    link_run(&w, 1000);
    CHECK_EQ(1, w.challenges);
    CHECK_EQ(w.ask_count, w.answers);
    link_calm(&w);
    link_end(&w);
}

static void run(uint64_t seed, unsigned loss, unsigned restart)
{
    printf("  seed %llu, loss %u, restart %u\n", (unsigned long long)seed, loss,
           restart);
    link_start(&w, seed);
    w.loss = loss;
    w.twice = loss / 2;
    w.delay_ms = (unsigned)tomte_random_below(&w.random, 400);
    w.busy = 20 + (unsigned)tomte_random_below(&w.random, 60);
    w.restart = restart;
    link_run(&w, 60000);
    link_calm(&w);
    CHECK(w.ask_count > 50 && w.answers * 3 > w.ask_count);
    CHECK(w.notifications > 20);
    CHECK_EQ(w.restarts > 0, w.challenges > 0);
    link_end(&w);
}

TEST(lossy_networks)
{
    for (uint64_t seed = 1; seed <= 8; seed++)
        run(seed, (unsigned)(seed - 1) * 30, 0);
}

TEST(lossy_networks_and_restarts)
{
    for (uint64_t seed = 11; seed <= 20; seed++)
        run(seed, (unsigned)(seed - 11) * 20, 1000);
}
