/* SPDX-License-Identifier: Apache-2.0 */
/* A home with 300 nodes and 600 containers: how much one decision makes the
 * others do. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#define NODES      300
#define CONTAINERS 600

static struct tomte_home home;
static struct tomte_keeper keeper;
static uint64_t now;
static unsigned commands, pokes, concerned, most_concerned;

static struct tomte_name numbered(const char *form, unsigned number)
{
    char text[32];
    snprintf(text, sizeof(text), form, number);
    return rig_name(text);
}

static void apply(struct tomte_span command)
{
    struct tomte_home_report report;
    struct tomte_command c;
    if (tomte_home_apply(&home, command, &report) != TOMTE_OK)
        test_fail(__FILE__, __LINE__, report.text);
    CHECK_OK(tomte_command_decode(command, &c, NULL));
    unsigned n = 0;
    for (unsigned i = 0; i < home.nodes_len; i++)
        n += home.nodes[home.node_order[i]].view == home.version;
    if (c.op == TOMTE_COMMAND_PLACE) {
        concerned += n;
        most_concerned = n > most_concerned ? n : most_concerned;
    }
}

static void apply_struct(const struct tomte_command *c)
{
    static uint8_t bytes[TOMTE_COMMAND_BYTES_MAX];
    struct tomte_span command;
    CHECK_OK(tomte_command_encode(c, TOMTE_BUF_ARRAY(bytes), &command));
    apply(command);
}

static void add_node(unsigned number)
{
    static uint8_t offer[512];
    char lamp[64], temp[64];
    const char *list[] = {lamp, temp, NULL};
    struct tomte_command c;
    snprintf(lamp, sizeof(lamp), "/r%u/lamp/power power actuator lamp r%u",
             number, number);
    snprintf(temp, sizeof(temp), "/r%u/sensor/temp temp state thermometer r%u",
             number, number);
    tomte_command_init(&c, TOMTE_COMMAND_NODE, numbered("n%u", number));
    c.has_addr = c.has_keeper = c.has_store = c.has_offer = true;
    c.keeper = number == 0;
    c.addr = tomte_addr_ipv4((const uint8_t[]){10, 0, 0, 1},
                             (uint16_t)(1000 + number));
    c.store = 1;
    c.offer = rig_offer("-", 16, 4096, list, TOMTE_BUF_ARRAY(offer));
    apply_struct(&c);
}

/* Half of them drive the lamp of a room, the other half watch those. */
static void add_container(unsigned number)
{
    static uint8_t manifest[TOMTE_MANIFEST_BYTES_MAX];
    struct tomte_manifest m = rig_manifest("large");
    struct tomte_command c;
    char port[64];
    m.standbys = 1;
    tomte_command_init(&c, TOMTE_COMMAND_CONTAINER, numbered("c%u", number));
    if (number % 2 == 0) {
        rig_port(&m, "lamp out state power lamp -");
        rig_port(&m, "temp in state temp thermometer -");
        rig_port(&m, "done out event note - -");
        c.binds_len = 2;
        c.binds[0].port = rig_name("lamp");
        c.binds[1].port = rig_name("temp");
        c.binds[0].place = c.binds[1].place = numbered("r%u", number / 2);
    } else {
        snprintf(port, sizeof(port), "done in event note - /c%u/done",
                 number - 1);
        rig_port(&m, port);
    }
    CHECK_OK(tomte_manifest_encode(&m, TOMTE_BUF_ARRAY(manifest), &c.manifest,
                                   NULL));
    apply_struct(&c);
}

static void drain(void)
{
    struct tomte_keeper_effect e;
    while (tomte_keeper_poll(&keeper, &e)) {
        struct tomte_keeper_event done = {.kind = TOMTE_KEEPER_APPLIED};
        pokes += e.kind == TOMTE_KEEPER_POKE;
        if (e.kind != TOMTE_KEEPER_APPEND)
            continue;
        commands++;
        apply(e.u.append);
        done.now_ms = now;
        tomte_keeper_step(&keeper, &done);
    }
}

static void timers(void)
{
    while (tomte_keeper_deadline(&keeper) <= now) {
        struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_TIMER,
                                       .now_ms = now};
        tomte_keeper_step(&keeper, &e);
        drain();
    }
}

/* All nodes but one renew their lease. */
static void renew_all_but(unsigned but)
{
    static uint64_t sequence;
    now += 500;
    sequence++;
    for (unsigned i = 0; i < NODES; i++) {
        const struct tomte_home_node *n = &home.nodes[i];
        struct tomte_lease_request r = {.name = n->name,
                                        .boot = 1,
                                        .sequence = sequence,
                                        .store = 1,
                                        .term = 1,
                                        .confirmed = n->view,
                                        .offer_crc = n->offer_crc,
                                        .has_addr = true,
                                        .addr = n->addr};
        struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_LEASE_REQUEST,
                                       .now_ms = now};
        e.u.lease.request = &r;
        if (i == but)
            continue;
        tomte_keeper_step(&keeper, &e);
        drain();
    }
    timers();
}

static unsigned active(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < home.containers_len; i++)
        n += home.containers[home.container_order[i]].placement.state ==
             TOMTE_PLACEMENT_ACTIVE;
    return n;
}

/* Containers that the node owns and that drive nothing: those can move. */
static unsigned owned_without_lamp(uint16_t node)
{
    unsigned n = 0;
    for (unsigned i = 0; i < home.containers_len; i++)
        n += home.containers[i].placement.owner == node &&
             home.containers[i].ports_len == 1;
    return n;
}

static void begin(void)
{
    static uint8_t memory[8 << 20];
    struct tomte_arena arena;
    struct tomte_keeper_config config = {.home = &home, .term = 1};
    struct tomte_home_limits limits = {512, 1024, 1024, 4096};
    tomte_arena_init(&arena, memory, sizeof(memory));
    CHECK_OK(tomte_home_init(&home, &arena, limits));
    for (unsigned i = 0; i < NODES; i++)
        add_node(i);
    for (unsigned i = 0; i < CONTAINERS; i++)
        add_container(i);
    now = config.now_ms = 100000;
    commands = pokes = concerned = most_concerned = 0;
    CHECK_OK(tomte_keeper_init(&keeper, &config, &arena));
}

TEST(large_home_comes_up_and_one_loss_concerns_few)
{
    begin();
    for (unsigned i = 0; i < 6; i++)
        renew_all_but(NODES);
    CHECK_EQ(CONTAINERS, active());
    /* two roles each in half of them, a placement, an activation */
    CHECK_EQ(CONTAINERS / 2 * 2 + CONTAINERS * 2, commands);
    CHECK(most_concerned <= 8);
    CHECK(pokes < 4 * NODES); /* not one for each of 1800 commands */
    CHECK(concerned < 5 * CONTAINERS);

    unsigned before = commands;
    for (unsigned i = 0; i < 20; i++)
        renew_all_but(NODES);
    CHECK_EQ(before, commands);

    /* the histories are in sync; then node 7 is lost */
    for (unsigned i = 0; i < home.containers_len; i++) {
        struct tomte_placement *p = &home.containers[i].placement;
        CHECK_EQ(1, p->standbys_len);
        p->insync[p->insync_len++] = p->standbys[0];
    }
    unsigned movable = owned_without_lamp(7);
    CHECK(movable > 0);
    commands = pokes = 0;
    for (unsigned i = 0; i < 6; i++)
        renew_all_but(7);
    /* what drives its own lamp stays with it; the others are elsewhere */
    CHECK_EQ(0, owned_without_lamp(7));
    CHECK_EQ(CONTAINERS, active());
    CHECK(commands >= 2 * movable); /* place and activate each, */
    CHECK(commands <= 3 * home.nodes[7].containers_max); /* standbys, roles */
    CHECK(pokes <= 5 * home.nodes[7].containers_max);
}
