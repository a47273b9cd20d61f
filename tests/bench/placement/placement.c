/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper of a campus cell: 300 nodes with a lamp each, 600 containers, half
 * of them drive the lamp of their room.
 *
 *   come_up   from no placement to all containers active: each decision is
 *             found, encoded, applied; per decision
 *   loss      one node's leases run out: until its containers are placed
 *             elsewhere; the clock is virtual, this is the computer's share
 *   renewal   one node renews its lease while nothing changes: what a home
 *             costs its keeper at rest
 *   10000_... the same two of a campus, without the leases: large.h
 *
 * There is no peer: other schedulers decide through a database and a network;
 * a figure of a part of one would not be of the same work. */
#include "bench.h"
#include "large.h"
#include "unit/home/rig.h"

#include <stdlib.h>

#define NODES      300
#define CONTAINERS 600
#define RUNS       5
#define LOST       7

static struct tomte_home home;
static struct tomte_keeper keeper;
static uint64_t now_ms, sequence;
static unsigned decisions;

static struct tomte_name numbered(const char *form, unsigned number)
{
    char text[32];
    snprintf(text, sizeof text, form, number);
    return rig_name(text);
}

static void apply(struct tomte_span command)
{
    struct tomte_home_report report;
    BENCH_CHECK(tomte_home_apply(&home, command, &report) == TOMTE_OK);
}

static void order(const struct tomte_command *c)
{
    static uint8_t bytes[TOMTE_COMMAND_BYTES_MAX];
    struct tomte_span command;
    BENCH_CHECK(tomte_command_encode(c, TOMTE_BUF_ARRAY(bytes), &command) ==
                TOMTE_OK);
    apply(command);
}

static void add_node(unsigned number)
{
    uint8_t offer[512];
    char lamp[64];
    const char *list[] = {lamp, NULL};
    struct tomte_command c;
    snprintf(lamp, sizeof lamp, "/r%u/lamp/power power actuator lamp r%u",
             number, number);
    tomte_command_init(&c, TOMTE_COMMAND_NODE, numbered("n%u", number));
    c.has_addr = c.has_keeper = c.has_store = c.has_offer = true;
    c.keeper = number == 0;
    c.addr = tomte_addr_ipv4((const uint8_t[]){10, 0, 0, 1},
                             (uint16_t)(1000 + number));
    c.store = 1;
    c.offer = rig_offer("-", 16, 4096, list, TOMTE_BUF_ARRAY(offer));
    order(&c);
}

static void add_container(unsigned number)
{
    uint8_t manifest[TOMTE_MANIFEST_BYTES_MAX];
    struct tomte_manifest m = rig_manifest("bench");
    struct tomte_command c;
    m.standbys = 1;
    tomte_command_init(&c, TOMTE_COMMAND_CONTAINER, numbered("c%u", number));
    if (number % 2 == 0) {
        rig_port(&m, "lamp out state power lamp -");
        c.binds_len = 1;
        c.binds[0].port = rig_name("lamp");
        c.binds[0].place = numbered("r%u", number / 2);
    }
    BENCH_CHECK(tomte_manifest_encode(&m, TOMTE_BUF_ARRAY(manifest),
                                      &c.manifest, NULL) == TOMTE_OK);
    order(&c);
}

static void drain(void)
{
    struct tomte_keeper_effect e;
    while (tomte_keeper_poll(&keeper, &e)) {
        struct tomte_keeper_event done = {.kind = TOMTE_KEEPER_APPLIED};
        if (e.kind != TOMTE_KEEPER_APPEND)
            continue;
        decisions++;
        apply(e.u.append);
        done.now_ms = now_ms;
        tomte_keeper_step(&keeper, &done);
    }
}

static void renew(unsigned i)
{
    const struct tomte_home_node *n = &home.nodes[i];
    struct tomte_lease_request r = {.name = n->name,
                                    .boot = 1,
                                    .sequence = ++sequence,
                                    .store = 1,
                                    .term = 1,
                                    .confirmed = n->view,
                                    .offer_crc = n->offer_crc,
                                    .has_addr = true,
                                    .addr = n->addr};
    struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_LEASE_REQUEST,
                                   .now_ms = now_ms};
    e.u.lease.request = &r;
    tomte_keeper_step(&keeper, &e);
    drain();
}

/* A third of a lease passes: all but one renew, and the keeper looks about. */
static void pass_time(unsigned but)
{
    now_ms += 500;
    for (unsigned i = 0; i < NODES; i++)
        if (i != but)
            renew(i);
    while (tomte_keeper_deadline(&keeper) <= now_ms) {
        struct tomte_keeper_event e = {.kind = TOMTE_KEEPER_TIMER,
                                       .now_ms = now_ms};
        tomte_keeper_step(&keeper, &e);
        drain();
    }
}

static unsigned active(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < home.containers_len; i++)
        n += home.containers[i].placement.state == TOMTE_PLACEMENT_ACTIVE;
    return n;
}

/* Those without a lamp can go elsewhere. */
static unsigned movable_on(uint16_t node)
{
    unsigned n = 0;
    for (unsigned i = 0; i < home.containers_len; i++)
        n += home.containers[i].placement.owner == node &&
             home.containers[i].ports_len == 0;
    return n;
}

static void begin(void)
{
    static uint8_t memory[8 << 20];
    struct tomte_arena arena;
    struct tomte_keeper_config config = {.home = &home, .term = 1};
    struct tomte_home_limits limits = {512, 1024, 1024, 4096};
    tomte_arena_init(&arena, memory, sizeof memory);
    BENCH_CHECK(tomte_home_init(&home, &arena, limits) == TOMTE_OK);
    for (unsigned i = 0; i < NODES; i++)
        add_node(i);
    for (unsigned i = 0; i < CONTAINERS; i++)
        add_container(i);
    now_ms = config.now_ms = 100000;
    decisions = 0;
    BENCH_CHECK(tomte_keeper_init(&keeper, &config, &arena) == TOMTE_OK);
}

static double come_up(void)
{
    begin();
    double start = bench_cpu_ns();
    for (unsigned i = 0; i < 6; i++)
        pass_time(NODES);
    double ns = bench_cpu_ns() - start;
    BENCH_CHECK(active() == CONTAINERS && decisions >= 2 * CONTAINERS);
    return ns / decisions / 1e3;
}

/* Each standby holds the history by now. */
static void in_sync(void)
{
    for (unsigned i = 0; i < home.containers_len; i++) {
        struct tomte_placement *p = &home.containers[i].placement;
        if (p->insync_len == 1 && p->standbys_len == 1)
            p->insync[p->insync_len++] = p->standbys[0];
    }
}

static double loss(void)
{
    come_up();
    in_sync();
    BENCH_CHECK(movable_on(LOST) > 0);
    double start = bench_cpu_ns();
    for (unsigned i = 0; i < 6; i++)
        pass_time(LOST);
    double ns = bench_cpu_ns() - start;
    BENCH_CHECK(movable_on(LOST) == 0 && active() == CONTAINERS);
    return ns / 1e6;
}

static void renewal(void)
{
    static unsigned i;
    unsigned before = decisions;
    i = (i + 1) % NODES;
    now_ms += i == 0; /* leases last; a run is no longer than one */
    renew(i);
    BENCH_CHECK(decisions == before);
}

int main(void)
{
    bench_runs("placement/come_up", "us/decision", RUNS, come_up, NULL, NULL);
    bench_runs("placement/loss", "ms", RUNS, loss, NULL, NULL);
    come_up();
    in_sync();
    for (unsigned i = 0; i < 20; i++)
        pass_time(NODES);
    bench_time("placement/renewal", renewal, NULL, NULL);
    bench_runs("placement/10000_come_up", "ms", 3, large_come_up, NULL, NULL);
    bench_runs("placement/10000_loss", "ms", 3, large_loss, NULL, NULL);
    return 0;
}
