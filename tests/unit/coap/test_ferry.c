/* SPDX-License-Identifier: Apache-2.0 */
/* Long bodies over lossy networks: ferry.h. A failure is found again with the
 * seed that the test prints. */
#include "ferry.h"

#include <stdio.h>

static struct ferry ferry;

static struct tomte_coap_config config(void)
{
    struct tomte_coap_config c = tomte_coap_config_default(1);
    c.peers = 4;
    c.exchanges = 32;
    c.inbound = 256;
    c.inbound_per_peer = 64;
    c.observers = 4;
    c.blocks = 768;
    return c;
}

static void run(const struct tomte_coap_config *c, uint16_t places, uint8_t szx,
                unsigned loss, uint64_t seed)
{
    ferry_start(&ferry, c, places, szx, seed);
    ferry.loss = loss;
    ferry.twice = loss / 2;
    ferry.delay_ms = loss * 3;
    ferry.busy = 150;
    ferry_run(&ferry, 200000);
    unsigned whole = 0, uploads = 0, restarts = 0;
    for (int i = 0; i < FERRY_CLIENTS; i++) {
        whole += ferry.client[i].whole;
        uploads += ferry.client[i].uploads;
        restarts += ferry.client[i].restarts;
    }
    printf("  seed %llu, loss %u, szx %u, %u places: %u versions, %u uploads, "
           "%u seen whole, %u restarts\n",
           (unsigned long long)seed, loss, szx, places, ferry.version, uploads,
           whole, restarts);
    ferry_calm(&ferry);
    CHECK(ferry.changes != 0 && whole != 0);
    ferry_end(&ferry);
}

TEST(long_states_arrive_over_a_good_network)
{
    struct tomte_coap_config c = config();
    for (uint8_t szx = 2; szx <= 6; szx += 2)
        run(&c, 8, szx, 0, szx);
}

TEST(long_states_arrive_over_bad_networks)
{
    struct tomte_coap_config c = config();
    for (uint64_t seed = 1; seed <= 5; seed++)
        run(&c, 8, 5, (unsigned)seed * 50, seed);
}

TEST(long_states_arrive_with_few_places)
{
    struct tomte_coap_config c = config();
    for (uint16_t places = 1; places <= 3; places++)
        run(&c, places, 5, 80, places);
}

TEST(long_states_arrive_between_links)
{
    struct tomte_coap_config c = config();
    c.params = c.link;
    c.params.notify_con_every = 3; /* the pace of NON is checked, too */
    c.params.notify_gap_ms = 3000;
    for (uint64_t seed = 1; seed <= 3; seed++)
        run(&c, 8, 6, (unsigned)seed * 60, seed);
}
