/* SPDX-License-Identifier: Apache-2.0 */
/* What decides between nodes: what must not be together, what fits, power and
 * distance; and who makes room when not everything fits. */
#include "home/rank.h"
#include "stage.h"

#include <stdio.h>
#include <stdlib.h>

static struct stage stage;

#define HOME (&stage.rig)

static void add(const char *name, const char *place)
{
    bool keeper = strcmp(name, "k") == 0;
    CHECK_OK(rig_add_node(HOME, name, keeper, place, 8, NULL));
}

static struct tomte_manifest plain(uint8_t priority)
{
    struct tomte_manifest m = rig_manifest("plain");
    m.priority = priority;
    m.without_keeper = TOMTE_WITHOUT_KEEPER_SAFE;
    return m;
}

static void deploy(const char *identity, const struct tomte_manifest *m)
{
    CHECK_OK(rig_deploy(HOME, identity, 1, m, NULL));
}

static void run_on(const char *nodes)
{
    stage_held(&stage, nodes);
    stage_run(&stage);
}

static struct tomte_offer room(uint32_t memory_kib)
{
    return (struct tomte_offer){.containers = 8, .memory_kib = memory_kib};
}

/* ---- apart ---- */

TEST(heater_and_its_cut_off_are_never_at_one_node)
{
    stage_init(&stage);
    add("k", "-");
    struct tomte_manifest cutoff = plain(9), heater = plain(1);
    cutoff.apart_from[cutoff.apart_from_len++] = rig_name("heater");
    deploy("cutoff", &cutoff);
    deploy("heater", &heater); /* does not say it, and is bound by it */
    run_on("k");
    CHECK(stage_is(&stage, "cutoff", "k 1 active"));
    CHECK(stage_is(&stage, "heater", "- 0 none"));
    CHECK(stage_says(&stage, "heater",
                     "heater is nowhere. No node can run it: k has cutoff, "
                     "which it must never be beside."));
    add("a", "-");
    run_on("a");
    CHECK(stage_is(&stage, "heater", "a 1 active"));
    /* nor when a keeper orders it all the same */
    CHECK_EQ(TOMTE_ERR_DENIED, rig_place(HOME, "heater", 2, "k", "", false));
}

TEST(standby_is_not_kept_where_it_could_not_take_over)
{
    stage_init(&stage);
    add("k", "-");
    add("a", "-");
    add("b", "-");
    struct tomte_manifest cutoff = plain(9), heater = plain(1);
    heater.standbys = 2;
    heater.apart_from[heater.apart_from_len++] = rig_name("cutoff");
    deploy("cutoff", &cutoff);
    deploy("heater", &heater);
    run_on("k a b");
    CHECK(stage_is(&stage, "cutoff", "a 1 active"));
    CHECK(stage_is(&stage, "heater", "b 1 active"));
    CHECK(stage_standbys(&stage, "heater", "k"));
}

/* ---- what fits ---- */

TEST(fuel_and_flash_are_counted_where_a_node_says_them)
{
    stage_init(&stage);
    add("k", "-");
    struct tomte_offer o = room(4096);
    o.fuel_per_second = 1000;
    CHECK_OK(rig_offers(HOME, "k", &o));
    struct tomte_manifest m = plain(1);
    m.fuel_per_second = 600;
    deploy("x", &m);
    deploy("y", &m);
    run_on("k");
    CHECK(stage_is(&stage, "x", "k 1 active"));
    CHECK(stage_says(&stage, "y",
                     "y is nowhere. No node can run it: k has too little time "
                     "to compute (400 of 600 fuel a second)."));
    o.fuel_per_second = 0; /* not said: without end */
    o.flash_kib = 200;     /* one history of 68 KiB takes 2 x 68 + 16 */
    CHECK_OK(rig_offers(HOME, "k", &o));
    stage_run(&stage);
    CHECK(stage_says(&stage, "y",
                     "y is nowhere. No node can run it: k has too little flash "
                     "(48 of 152 KiB)."));
    o.flash_kib = 304;
    CHECK_OK(rig_offers(HOME, "k", &o));
    stage_run(&stage);
    CHECK(stage_is(&stage, "y", "k 1 active"));
}

/* ---- what is better ---- */

TEST(mains_before_battery_then_the_shorter_way)
{
    stage_init(&stage);
    add("k", "-");
    add("a", "-");
    add("b", "-");
    struct tomte_offer o = room(4096);
    o.battery = true;
    CHECK_OK(rig_offers(HOME, "a", &o));
    o.battery = false;
    o.hops = 2;
    CHECK_OK(rig_offers(HOME, "b", &o));
    o.hops = 3;
    CHECK_OK(rig_offers(HOME, "k", &o));
    struct tomte_manifest m = plain(1);
    deploy("x", &m);
    run_on("a b k");
    CHECK(stage_is(&stage, "x", "b 1 active"));
    CHECK(stage_says_not(&stage, "x", "a",
                         "x is at b with epoch 1. It is there because it has "
                         "its history there. Node a does not hold its "
                         "history."));
    /* near is a wish that counts more */
    CHECK_OK(rig_simple(HOME, TOMTE_COMMAND_CONTAINER_REMOVE, "x"));
    add("c", "hall");
    o.battery = true;
    o.place = rig_name("hall");
    CHECK_OK(rig_offers(HOME, "c", &o));
    m.near = rig_name("hall");
    deploy("x", &m);
    run_on("c");
    CHECK(stage_is(&stage, "x", "c 2 active"));
}

TEST(why_not_there_names_the_first_difference)
{
    stage_init(&stage);
    add("k", "-");
    add("a", "-");
    struct tomte_offer o = room(4096);
    o.battery = true;
    struct tomte_manifest m = plain(1);
    m.standbys = 1;
    deploy("x", &m);
    run_on("k a");
    CHECK(stage_is(&stage, "x", "a 1 active"));
    stage_propose(&stage, "x", "k");
    stage_run(&stage);
    CHECK(stage_says_not(&stage, "x", "k",
                         "x is at a with epoch 1. It is there because it has "
                         "its history there. Node k could have it, but what "
                         "works is not moved; it is at a."));
    CHECK_OK(rig_offers(HOME, "k", &o));
    CHECK(stage_says_not(&stage, "x", "k",
                         "x is at a with epoch 1. It is there because it has "
                         "its history there. Node k could have it, but on a "
                         "battery, unlike a."));
    stage_over(&stage, "k");
    CHECK(stage_says_not(&stage, "x", "k",
                         "x is at a with epoch 1. It is there because it has "
                         "its history there. Node k cannot have it (without a "
                         "lease for 0 ms)."));
}

/* ---- who makes room ---- */

/* k has room for two of 68 KiB. */
static void begin_full(void)
{
    stage_init(&stage);
    add("k", "-");
    struct tomte_offer o = room(2 * 68 + 60);
    CHECK_OK(rig_offers(HOME, "k", &o));
    struct tomte_manifest low = plain(1), middle = plain(5);
    deploy("low", &low);
    deploy("middle", &middle);
    run_on("k");
    CHECK(stage_is(&stage, "low", "k 1 active"));
    CHECK(stage_is(&stage, "middle", "k 1 active"));
}

TEST(what_matters_less_makes_room_and_comes_back)
{
    begin_full();
    struct tomte_manifest high = plain(9);
    deploy("high", &high);
    stage_run(&stage);
    CHECK(stage_is(&stage, "high", "k 1 active"));
    CHECK(stage_is(&stage, "middle", "k 1 active"));
    CHECK(stage_is(&stage, "low", "- 1 none"));
    CHECK(stage_says(&stage, "low",
                     "low is nowhere. It was put aside, because high matters "
                     "more and there was not room for both. No node that holds "
                     "its history can run it: k has too little memory (60 of "
                     "68 KiB)."));
    unsigned before = stage.steps;
    stage_run(&stage);
    CHECK(before > 0);
    CHECK_EQ(0, stage.steps); /* it does not go to and fro */
    CHECK_OK(rig_simple(HOME, TOMTE_COMMAND_CONTAINER_REMOVE, "high"));
    stage_run(&stage);
    CHECK(stage_is(&stage, "low", "k 2 active"));
}

TEST(nobody_makes_room_for_an_equal_or_in_vain)
{
    begin_full();
    struct tomte_manifest equal = plain(1), giant = plain(200);
    deploy("alike", &equal);
    giant.memory_bytes = 1 << 20;
    deploy("giant", &giant);
    stage_run(&stage);
    CHECK(stage_is(&stage, "low", "k 1 active"));
    CHECK(stage_is(&stage, "middle", "k 1 active"));
    CHECK(stage_is(&stage, "alike", "- 0 none"));
    CHECK(stage_is(&stage, "giant", "- 0 none"));
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_SHED, rig_name("low"));
    c.epoch = 1;
    c.node = rig_name("alike");
    CHECK_EQ(TOMTE_ERR_DENIED, rig_apply(HOME, &c));
    c.node = rig_name("middle");
    c.epoch = 2;
    CHECK_EQ(TOMTE_ERR_STALE, rig_apply(HOME, &c));
}

/* ---- ranks ---- */

static bool not_these(void *ctx, uint16_t node)
{
    return ((const char *)ctx)[node] == 0;
}

/* The tournament finds what a look at every node finds. */
TEST(best_is_the_best_of_all)
{
    static struct rig rig;
    char no[64] = {0};
    rig_init(&rig, rig_limits(64, 4));
    srand(7);
    for (unsigned round = 0; round < 400; round++) {
        char name[8];
        snprintf(name, sizeof(name), "n%u", (unsigned)rand() % 50);
        struct tomte_name n = rig_name(name);
        if (rand() % 4 == 0 && tomte_home_find_node(&rig.home, &n) != NONE)
            (void)rig_simple(&rig, TOMTE_COMMAND_NODE_REMOVE, name);
        else
            CHECK_OK(rig_add_node(&rig, name, false, "-", 4, NULL));
        struct tomte_offer o = {.containers = (uint16_t)(rand() % 3),
                                .memory_kib = (uint32_t)rand() % 200,
                                .fuel_per_second = (uint32_t)rand() % 3 * 50,
                                .hops = (uint8_t)(rand() % 3),
                                .battery = rand() % 2};
        if (tomte_home_find_node(&rig.home, &n) != NONE)
            CHECK_OK(rig_offers(&rig, name, &o));
        struct tomte_home_left need = {(uint32_t)rand() % 200,
                                       (uint32_t)rand() % 100, 0};
        for (unsigned i = 0; i < sizeof(no); i++)
            no[i] = rand() % 3 == 0;
        uint16_t best = NONE;
        uint32_t rank = 0;
        for (unsigned i = 0; i < rig.home.nodes_len; i++) {
            uint16_t at = rig.home.node_order[i];
            const struct tomte_home_node *k = &rig.home.nodes[at];
            struct tomte_home_left left = tomte_home_left(k);
            uint32_t r = (uint32_t)!k->battery << 31 |
                         (uint32_t)(255 - k->hops) << 16 | tomte_home_room(k);
            if (!no[at] && k->containers_max > 0 && r > rank &&
                left.memory_kib >= need.memory_kib &&
                left.fuel_per_second >= need.fuel_per_second) {
                best = at;
                rank = r;
            }
        }
        uint16_t found = tomte_home_best(&rig.home, need, not_these, no);
        CHECK_EQ(best == NONE, found == NONE);
        if (best == NONE)
            continue;
        const struct tomte_home_node *k = &rig.home.nodes[found];
        CHECK_EQ(rank, (uint32_t)!k->battery << 31 |
                           (uint32_t)(255 - k->hops) << 16 |
                           tomte_home_room(k));
        CHECK(no[found] == 0);
    }
}
