/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/base.h"
#include "coap/endpoint.h"

static struct tomte_coap ep;
static uint8_t memory[1 << 16];

static struct tomte_coap_config config(void)
{
    struct tomte_coap_config c = tomte_coap_config_default(5);
    c.peers = c.exchanges = c.inbound = c.observers = 16;
    c.blocks = 64;
    return c;
}

TEST(init_takes_what_it_says)
{
    struct tomte_coap_config c = config();
    size_t need = tomte_coap_memory(&c);
    struct tomte_arena arena;
    for (size_t offset = 0; offset < 16; offset++) {
        tomte_arena_init(&arena, memory + offset, need);
        CHECK_OK(tomte_coap_init(&ep, &c, &arena));
    }
    size_t used = arena.used;
    for (size_t size = 0; size < used; size += 7) {
        tomte_arena_init(&arena, memory + 15, size);
        CHECK_EQ(TOMTE_ERR_NO_MEMORY, tomte_coap_init(&ep, &c, &arena));
        CHECK_EQ(0, arena.used);
        tomte_coap_wipe(&ep);
    }
}

TEST(init_is_as_large_as_the_header_says)
{
    struct tomte_coap_config c = tomte_coap_config_default(1);
    CHECK(tomte_coap_memory(&c) < 220 * 1024);
}

TEST(init_refuses_configs_that_make_no_sense)
{
    for (int i = 0; i < 10; i++) {
        struct tomte_coap_config c = config();
        switch (i) {
        case 0:
            c.params.ack_timeout_ms = 0;
            break;
        case 1:
            c.params.random_permille = 999;
            break;
        case 2:
            c.link.max_retransmit = 9;
            break;
        case 3:
            c.link.nstart = 0;
            break;
        case 4:
            c.params.ack_delay_ms = c.params.ack_timeout_ms;
            break;
        case 5:
            c.peers = 0;
            break;
        case 6:
            c.inbound = 4097;
            break;
        case 7:
            c.blocks = 32769;
            break;
        case 8:
            c.observers_per_peer = 0;
            break;
        case 9:
            c.link.stale_max_ms = c.link.stale_min_ms - 1;
            break;
        }
        struct tomte_arena arena;
        tomte_arena_init(&arena, memory, sizeof memory);
        CHECK_EQ(TOMTE_ERR_RANGE, tomte_coap_init(&ep, &c, &arena));
        CHECK_EQ(0, arena.used);
    }
}

TEST(wipe_leaves_nothing)
{
    struct tomte_coap_config c = config();
    size_t size = tomte_coap_memory(&c);
    struct tomte_arena arena;
    uint32_t handle;
    tomte_arena_init(&arena, memory, size);
    CHECK_OK(tomte_coap_init(&ep, &c, &arena));
    struct tomte_coap_request secret = {
        .parts = {.code = TOMTE_COAP_PUT,
                  .payload = TOMTE_SPAN_LIT("the key is under the mat")}};
    CHECK_OK(tomte_coap_request(&ep, 1, &secret, &handle));
    tomte_coap_wipe(&ep);
    for (size_t i = 0; i < size; i++)
        CHECK_EQ(0, memory[i]);
    static const struct tomte_coap zero;
    CHECK(memcmp(&zero, &ep, sizeof ep) == 0);
}
