/* SPDX-License-Identifier: Apache-2.0 */
/* What the endpoint promises, on networks that keep no promise: world.h. A
 * failure is found again with the seed that the test prints. */
#include "world.h"

#include <stdio.h>

static struct world world;

static void run(const struct tomte_coap_config *config, uint64_t seed,
                unsigned loss, bool small)
{
    printf("  seed %llu, loss %u\n", (unsigned long long)seed, loss);
    world_start(&world, config, seed);
    world.loss = loss;
    world.twice = loss / 2;
    world.delay_ms = (unsigned)tomte_random_below(&world.random, 400);
    world.busy = 20 + (unsigned)tomte_random_below(&world.random, 80);
    world.small = small;
    world_run(&world, 40000);
    world_calm(&world);
    world_end(&world);
}

/* Large enough for what the world does. */
static struct tomte_coap_config roomy(void)
{
    struct tomte_coap_config c = tomte_coap_config_default(1);
    c.peers = 2;
    c.exchanges = 64;
    c.inbound = c.inbound_per_peer = 256;
    c.observers = 4;
    c.blocks = 768;
    return c;
}

TEST(lossless_network)
{
    struct tomte_coap_config c = roomy();
    for (uint64_t seed = 1; seed <= 4; seed++) {
        run(&c, seed, 0, false);
        CHECK_EQ(0, world.lost);
        CHECK(world.ask_count > 100);
    }
}

TEST(lossy_networks)
{
    struct tomte_coap_config c = roomy();
    for (uint64_t seed = 1; seed <= 16; seed++)
        run(&c, seed, (unsigned)seed * 30, false);
}

/* The k-th entry, block, peer is not there: each table in turn has every small
 * size, the others are large. */
TEST(lossy_networks_with_tables_of_every_small_size)
{
    for (uint16_t table = 0; table < 5; table++)
        for (uint16_t size = 1; size <= 5; size++) {
            struct tomte_coap_config c = roomy();
            uint16_t *const tables[] = {&c.peers, &c.exchanges, &c.inbound,
                                        &c.observers, &c.blocks};
            *tables[table] = (uint16_t)(table == 4 ? size * 3 : size);
            run(&c, 100u * table + size, 150, table == 2 || table == 4);
        }
}

TEST(lossy_networks_with_everything_small)
{
    for (uint16_t size = 2; size <= 5; size++) {
        struct tomte_coap_config c = roomy();
        c.peers = c.observers = 1;
        c.exchanges = c.inbound = size;
        c.blocks = (uint16_t)(size * 2);
        run(&c, size, 150, true);
    }
}
