/* SPDX-License-Identifier: Apache-2.0 */
#include "large.h"

#include "bench.h"
#include "home/plan.h"
#include "unit/home/rig.h"

#include <stdlib.h>

#define NODES      10000u
#define CONTAINERS 20000u
#define LOST       4321u

static struct tomte_home home;
static struct tomte_node_seen nodes[NODES];
static struct tomte_container_seen containers[CONTAINERS];
static struct tomte_observed seen = {
    .now_ms = 100000, .nodes = nodes, .containers = containers};
static struct tomte_plan plan;

static struct tomte_name numbered(const char *form, unsigned number)
{
    char text[32];
    snprintf(text, sizeof text, form, number);
    return rig_name(text);
}

static void order(const struct tomte_command *c)
{
    static uint8_t bytes[TOMTE_COMMAND_BYTES_MAX];
    struct tomte_home_report report;
    struct tomte_span command;
    BENCH_CHECK(tomte_command_encode(c, TOMTE_BUF_ARRAY(bytes), &command) ==
                TOMTE_OK);
    BENCH_CHECK(tomte_home_apply(&home, command, &report) == TOMTE_OK);
}

/* Every tenth is a hub, half of the others run on batteries; four in a room
 * with one lamp. */
static void add_node(unsigned number)
{
    uint8_t bytes[512];
    struct tomte_command c;
    struct tomte_name room = numbered("r%u", number / 4);
    struct tomte_resource lamp = {.type = rig_name("power"),
                                  .role = rig_name("lamp"),
                                  .place = room,
                                  .kind = TOMTE_PORT_STATE,
                                  .actuator = true};
    char channel[64];
    bool hub = number % 10 == 0;
    struct tomte_offer o = {.place = room,
                            .containers = hub ? 32 : 8,
                            .memory_kib = hub ? 4096 : 256,
                            .fuel_per_second = hub ? 0 : 1000000,
                            .hops = (uint8_t)(hub ? 0 : 1 + number % 3),
                            .battery = number % 2 == 1,
                            .resources_len = number % 4 == 0};
    snprintf(channel, sizeof channel, "/r%u/lamp/power", number / 4);
    lamp.channel = rig_channel(channel);
    tomte_command_init(&c, TOMTE_COMMAND_NODE, numbered("n%u", number));
    c.has_addr = c.has_keeper = c.has_store = c.has_offer = true;
    c.keeper = number == 0;
    c.addr = tomte_addr_ipv4((const uint8_t[]){10, 0, 0, 1},
                             (uint16_t)(1000 + number));
    c.store = 1;
    BENCH_CHECK(tomte_offer_encode(&o, &lamp, TOMTE_BUF_ARRAY(bytes),
                                   &c.offer) == TOMTE_OK);
    order(&c);
}

/* One of eight drives the lamp of a room, two want to be near one, one must not
 * be beside the one before it; all but the first have a standby. */
static void add_container(unsigned number)
{
    static uint8_t manifest[TOMTE_MANIFEST_BYTES_MAX];
    struct tomte_manifest m = rig_manifest("bench");
    struct tomte_command c;
    m.memory_bytes = 16384;
    m.standbys = number % 8 != 0;
    m.priority = (uint8_t)(number % 5);
    m.fuel_per_second = 100000;
    tomte_command_init(&c, TOMTE_COMMAND_CONTAINER, numbered("c%u", number));
    if (number % 8 == 0) {
        rig_port(&m, "lamp out state power lamp -");
        c.binds_len = 1;
        c.binds[0].port = rig_name("lamp");
        c.binds[0].place = numbered("r%u", number / 8);
    } else if (number % 8 < 3) {
        m.near = numbered("r%u", number / 8);
    } else if (number % 8 == 3) {
        m.apart_from[m.apart_from_len++] = numbered("c%u", number - 1);
    }
    BENCH_CHECK(tomte_manifest_encode(&m, TOMTE_BUF_ARRAY(manifest),
                                      &c.manifest, NULL) == TOMTE_OK);
    order(&c);
}

static void confirm(void)
{
    for (unsigned i = 0; i < NODES; i++)
        if (nodes[i].standing == TOMTE_STANDING_HELD)
            nodes[i].confirmed = home.version;
}

/* All that is due is decided, encoded and applied; nodes confirm each round. */
static void decide(void)
{
    struct tomte_command c;
    bool any = true;
    while (any) {
        any = false;
        confirm();
        tomte_plan_again(&plan);
        while (!tomte_plan_idle(&plan, &home)) {
            if (!tomte_plan_next(&plan, &home, &seen, &c))
                continue;
            order(&c);
            any = true;
        }
    }
}

static void in_sync(void)
{
    for (unsigned i = 0; i < CONTAINERS; i++) {
        struct tomte_placement *p = &home.containers[i].placement;
        BENCH_CHECK(p->state == TOMTE_PLACEMENT_ACTIVE);
        for (unsigned k = 0; k < p->standbys_len; k++) {
            containers[i].epoch = p->epoch;
            containers[i].proposes = true;
            containers[i].proposed_at = home.version;
            containers[i].proposed[k] = p->standbys[k];
            containers[i].proposed_len = (uint8_t)(k + 1);
        }
    }
    decide();
}

double large_come_up(void)
{
    static uint8_t memory[96 << 20];
    struct tomte_arena arena;
    struct tomte_home_limits limits = {NODES, NODES, CONTAINERS, CONTAINERS};
    tomte_arena_init(&arena, memory, sizeof memory);
    BENCH_CHECK(tomte_home_init(&home, &arena, limits) == TOMTE_OK);
    memset(containers, 0, sizeof containers);
    for (unsigned i = 0; i < NODES; i++) {
        add_node(i);
        nodes[i] = (struct tomte_node_seen){.standing = TOMTE_STANDING_HELD,
                                            .heard = true};
    }
    for (unsigned i = 0; i < CONTAINERS; i++)
        add_container(i);
    tomte_plan_restart(&plan);
    double before = bench_cpu_ns();
    decide();
    double ms = (bench_cpu_ns() - before) / 1e6;
    for (unsigned i = 0; i < CONTAINERS; i++)
        BENCH_CHECK(home.containers[i].placement.state ==
                    TOMTE_PLACEMENT_ACTIVE);
    return ms;
}

double large_loss(void)
{
    (void)large_come_up();
    in_sync();
    struct tomte_name name = numbered("n%u", LOST - LOST % 10); /* a hub */
    uint16_t lost = tomte_home_find_node(&home, &name);
    BENCH_CHECK(home.nodes[lost].owned != NONE);
    nodes[lost].standing = TOMTE_STANDING_OVER;
    nodes[lost].over_ms = seen.now_ms;
    tomte_plan_restart(&plan);
    double before = bench_cpu_ns();
    decide();
    double ms = (bench_cpu_ns() - before) / 1e6;
    for (uint16_t c = home.nodes[lost].owned; c != NONE;
         c = home.containers[c].next_owned)
        BENCH_CHECK(home.containers[c].placement.insync_len == 1);
    return ms;
}
