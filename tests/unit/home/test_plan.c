/* SPDX-License-Identifier: Apache-2.0 */
/* Where containers go, when they move, and when they do not. */
#include "channel/grant.h"
#include "stage.h"

static struct stage stage;

#define HOME (&stage.rig)

static const char *const lamp_a[] = {
    "/a/lamp/power power actuator lamp kitchen", NULL};
static const char *const lamp_b[] = {"/b/lamp/power power actuator lamp hall",
                                     NULL};

static void add(const char *name, const char *place, uint16_t containers,
                const char *const *resources)
{
    bool keeper = strcmp(name, "k") == 0;
    CHECK_OK(rig_add_node(HOME, name, keeper, place, containers, resources));
}

static void deploy(const char *identity, const struct tomte_manifest *m)
{
    CHECK_OK(rig_deploy(HOME, identity, 1, m, NULL));
}

/* A container without ports that stands by on `standbys` nodes. */
static struct tomte_manifest plain(uint8_t standbys)
{
    struct tomte_manifest m = rig_manifest("plain");
    m.standbys = standbys;
    m.without_keeper = TOMTE_WITHOUT_KEEPER_SAFE;
    return m;
}

static void in_sync(const char *identity, const char *standbys)
{
    stage_propose(&stage, identity, standbys);
    stage_run(&stage);
    stage.containers[rig_container(HOME, identity)].proposes = false;
}

TEST(container_waits_for_its_roles_and_then_comes_up)
{
    stage_init(&stage);
    add("k", "-", 4, NULL);
    struct tomte_manifest m = rig_manifest("light");
    rig_port(&m, "lamp out state power lamp -");
    deploy("light", &m);
    stage_held(&stage, "k");
    stage_run(&stage);
    CHECK_EQ(0, stage.steps);
    CHECK(stage_says(&stage, "light",
                     "light is nowhere. Port lamp needs a resource: state "
                     "power with role lamp; no node offers one."));
    add("a", "-", 4, lamp_a);
    stage_run(&stage);
    CHECK_EQ(0, stage.steps); /* a is known but has no lease */
    stage_held(&stage, "a");
    stage_run(&stage);
    CHECK_EQ(3, stage.steps); /* bind, place, activate */
    CHECK(stage_is(&stage, "light", "a 1 active"));
    stage_run(&stage);
    CHECK_EQ(0, stage.steps);
}

TEST(owner_with_a_lease_is_never_moved)
{
    stage_init(&stage);
    add("a", "-", 4, NULL);
    struct tomte_manifest m = plain(0);
    m.near = rig_name("hall");
    for (unsigned i = 0; i < 4; i++) {
        char name[] = {'c', (char)('0' + i), 0};
        deploy(name, &m);
    }
    stage_held(&stage, "a");
    stage_run(&stage);
    add("b", "hall", 4, NULL);
    stage_held(&stage, "b");
    stage_run(&stage);
    CHECK_EQ(0, stage.steps);
    CHECK(stage_is(&stage, "c3", "a 1 active"));
}

TEST(load_is_balanced_between_equals)
{
    stage_init(&stage);
    add("a", "-", 4, NULL);
    add("b", "-", 8, NULL);
    struct tomte_manifest m = plain(0);
    for (unsigned i = 0; i < 6; i++) {
        char name[] = {'c', (char)('0' + i), 0};
        deploy(name, &m);
    }
    stage_held(&stage, "a b");
    stage_run(&stage);
    CHECK_EQ(2, HOME->home.nodes[rig_node(HOME, "a")].containers);
    CHECK_EQ(4, HOME->home.nodes[rig_node(HOME, "b")].containers);
}

TEST(wishes_count_in_their_order)
{
    stage_init(&stage);
    add("a", "-", 8, NULL);
    add("b", "hall", 8, NULL);
    add("c", "-", 8, lamp_a);
    struct tomte_manifest m = plain(0);
    stage_held(&stage, "a b c");
    m.near = rig_name("hall");
    deploy("near", &m);
    stage_run(&stage);
    CHECK(stage_is(&stage, "near", "b 1 active"));
    m.away_from_len = 1;
    m.away_from[0] = rig_name("near");
    deploy("shy", &m); /* away weighs more than near */
    stage_run(&stage);
    CHECK(stage_is(&stage, "shy", "a 1 active"));
    m = plain(0);
    rig_port(&m, "lamp out state power lamp -");
    deploy("light", &m); /* beside its lamp */
    stage_run(&stage);
    CHECK(stage_is(&stage, "light", "c 1 active"));
    CHECK(stage_says(&stage, "light",
                     "light is at c with epoch 1. It is there because it has "
                     "its history there, with 1 of its resources."));
    m = plain(0);
    m.near = rig_name("kitchen");
    deploy("cook", &m); /* a resource may be near, too */
    stage_run(&stage);
    CHECK(stage_is(&stage, "cook", "c 1 active"));
    stage_over(&stage, "b c");
    m.near = rig_name("hall");
    deploy("last", &m); /* a wish only */
    stage_run(&stage);
    CHECK(stage_is(&stage, "last", "a 1 active"));
}

TEST(higher_priority_is_placed_first)
{
    stage_init(&stage);
    add("a", "-", 1, NULL);
    struct tomte_manifest m = plain(0);
    deploy("aaa", &m);
    m.priority = 9;
    deploy("zzz", &m);
    stage_held(&stage, "a");
    stage_run(&stage);
    CHECK(stage_is(&stage, "zzz", "a 1 active"));
    CHECK(stage_is(&stage, "aaa", "- 0 none"));
    CHECK(stage_says(&stage, "aaa",
                     "aaa is nowhere. No node can run it: a has no room (1 "
                     "of 1 containers)."));
    CHECK_OK(rig_simple(HOME, TOMTE_COMMAND_CONTAINER_REMOVE, "zzz"));
    stage_run(&stage);
    CHECK(stage_is(&stage, "aaa", "a 1 active"));
}

TEST(memory_is_a_bound)
{
    stage_init(&stage);
    add("a", "-", 4, NULL); /* 4096 KiB */
    struct tomte_manifest m = plain(0);
    m.memory_bytes = 3u << 20;
    deploy("big", &m);
    deploy("huge", &m);
    stage_held(&stage, "a");
    stage_run(&stage);
    CHECK(stage_is(&stage, "big", "a 1 active"));
    CHECK(stage_says(&stage, "huge",
                     "huge is nowhere. No node can run it: a has too little "
                     "memory (1020 of 3076 KiB)."));
}

TEST(safe_container_moves_when_the_lease_is_over)
{
    stage_init(&stage);
    add("a", "-", 4, NULL);
    add("b", "-", 4, NULL);
    add("c", "-", 4, NULL);
    struct tomte_manifest m = plain(1);
    stage_held(&stage, "a b");
    deploy("x", &m);
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "a 1 active"));
    CHECK(stage_standbys(&stage, "x", "b"));
    /* b does not hold the history yet: nobody can take over */
    stage_held(&stage, "c");
    stage_over(&stage, "a");
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "a 1 active"));
    CHECK(stage_says(&stage, "x",
                     "x is at a with epoch 1 (without a lease for 0 ms). It "
                     "is there because it has its history there. No node "
                     "that holds its history can run it: a (without a lease "
                     "for 0 ms). Standbys: b (not in sync)."));
    stage_held(&stage, "a");
    in_sync("x", "b");
    stage_over(&stage, "a");
    stage.seen.now_ms += 1000;
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 2 active"));
    CHECK(stage_standbys(&stage, "x", "c"));
    CHECK_EQ(998, rig_placement(HOME, "x")->elapsed_ms);
}

TEST(pending_epoch_waits_for_those_who_can_be_reached)
{
    stage_init(&stage);
    add("a", "-", 4, lamp_a);
    add("b", "-", 4, NULL);
    add("c", "-", 4, NULL);
    struct tomte_manifest m = plain(2);
    rig_port(&m, "lamp out state power lamp -");
    deploy("x", &m);
    stage_held(&stage, "a b c");
    stage_run(&stage);
    in_sync("x", "b c");
    CHECK(stage_is(&stage, "x", "a 1 active"));
    CHECK_OK(rig_pin(HOME, "x", "b"));
    stage.confirm = false;
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 2 pending"));
    CHECK(stage_says(&stage, "x",
                     "x goes to b with epoch 2: waits for node a, which ran "
                     "it before, to confirm that it stopped. Standbys: a (in "
                     "sync), c (in sync)."));
    stage_over(&stage, "a"); /* safe: its lease was what it ran on */
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 2 active"));
}

TEST(actuator_that_can_be_reached_knows_the_epoch_before_it_acts)
{
    stage_init(&stage);
    add("a", "-", 4, lamp_a);
    add("b", "-", 4, NULL);
    struct tomte_manifest m = plain(0);
    rig_port(&m, "lamp out state power lamp -");
    deploy("x", &m);
    CHECK_OK(rig_pin(HOME, "x", "b"));
    stage_held(&stage, "a b");
    stage.confirm = false;
    stage_run(&stage);
    CHECK(stage_says(&stage, "x",
                     "x goes to b with epoch 1: waits for node a, which owns "
                     "/a/lamp/power, to confirm epoch 1."));
    stage_unsure(&stage, "a");
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 1 pending"));
    stage_over(&stage, "a"); /* nobody ran it: a has nothing to obey */
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 1 active"));
}

/* A container that ran at a and drives lamps at b and c. A hold container is
 * taken over only when both know the new epoch. */
static void begin_driving(enum tomte_without_keeper without_keeper)
{
    static const char *const lamp_c[] = {
        "/c/lamp/power power actuator lamp cellar", NULL};
    stage_init(&stage);
    add("a", "-", 4, NULL);
    add("b", "-", 4, lamp_b);
    add("c", "-", 4, lamp_c);
    struct tomte_manifest m = rig_manifest("light");
    m.standbys = 2;
    m.without_keeper = (uint8_t)without_keeper;
    rig_port(&m, "one out state power - /b/lamp/power");
    rig_port(&m, "two out state power - /c/lamp/power");
    deploy("x", &m);
    CHECK_OK(rig_pin(HOME, "x", "a"));
    stage_held(&stage, "a b c");
    stage_run(&stage);
    in_sync("x", "b c");
    CHECK(stage_is(&stage, "x", "a 1 active"));
}

TEST(hold_container_is_moved_when_all_its_actuators_know)
{
    begin_driving(TOMTE_WITHOUT_KEEPER_HOLD);
    stage_over(&stage, "a");
    stage.confirm = false;
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 2 pending"));
    CHECK(stage_says(&stage, "x",
                     "x goes to b with epoch 2: waits for node b, which owns "
                     "/b/lamp/power, to confirm epoch 2. Standbys: c (in "
                     "sync). It wants 2 standbys and has 1: no other node "
                     "with a lease has room."));
    uint64_t granted = rig_placement(HOME, "x")->granted;
    stage.nodes[rig_node(HOME, "b")].confirmed = granted;
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 2 pending"));
    stage_over(&stage, "c"); /* it cannot be asked, so it may still obey */
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 2 pending"));
    CHECK(stage_says(&stage, "x",
                     "x goes to b with epoch 2: waits for node c, which owns "
                     "/c/lamp/power, to confirm epoch 2 (without a lease for "
                     "0 ms). Standbys: c (in sync) (without a lease for 0 "
                     "ms). It wants 2 standbys and has 1: no other node with "
                     "a lease has room."));
    stage.nodes[rig_node(HOME, "c")].confirmed = granted;
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 2 active"));
}

TEST(hold_container_stays_while_an_actuator_is_out_of_reach)
{
    begin_driving(TOMTE_WITHOUT_KEEPER_HOLD);
    stage_over(&stage, "a c");
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "a 1 active"));
    CHECK(stage_says(&stage, "x",
                     "x is at a with epoch 1 (without a lease for 0 ms). It "
                     "is there because it was moved there, and it has its "
                     "history there. It is not moved: /c/lamp/power of node "
                     "c may go on obeying it (without a lease for 0 ms); "
                     "when that node is back, or is removed, it moves. "
                     "Standbys: b (in sync), c (in sync) (without a lease "
                     "for 0 ms)."));
    CHECK_OK(rig_add_node(HOME, "k", true, "-", 4, NULL));
    CHECK_OK(rig_simple(HOME, TOMTE_COMMAND_NODE_REMOVE, "c"));
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 2 active"));
}

TEST(hold_container_is_over_when_its_owner_says_so)
{
    begin_driving(TOMTE_WITHOUT_KEEPER_HOLD);
    stage_over(&stage, "c");
    CHECK_OK(rig_pin(HOME, "x", "b"));
    stage_run(&stage);
    /* a confirmed that it stopped; what it sent to c before may still come */
    CHECK(stage_is(&stage, "x", "b 2 pending"));
    CHECK(stage_says(&stage, "x",
                     "x goes to b with epoch 2: waits for node c, which owns "
                     "/c/lamp/power, until no order of the old owner is on "
                     "its way (without a lease for 0 ms). Standbys: a (in "
                     "sync). It wants 2 standbys and has 1: no other node "
                     "with a lease has room."));
    uint64_t quiet_ms = tomte_plan_deadline(&HOME->home, &stage.seen);
    CHECK(quiet_ms > stage.seen.now_ms + TOMTE_WRITE_LIFE_MS);
    stage.seen.now_ms = quiet_ms - 1;
    tomte_plan_restart(&stage.plan);
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 2 pending"));
    stage.seen.now_ms = quiet_ms;
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 2 active"));
}

TEST(safe_container_is_over_with_its_lease_and_nothing_is_on_its_way)
{
    begin_driving(TOMTE_WITHOUT_KEEPER_SAFE);
    stage_over(&stage, "c");
    CHECK_OK(rig_pin(HOME, "x", "b"));
    stage_run(&stage); /* a says that it stopped, its lease goes on */
    CHECK(stage_is(&stage, "x", "b 2 pending"));
    stage_over(&stage, "a");
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 2 active"));
}

TEST(removed_owner_is_over)
{
    begin_driving(TOMTE_WITHOUT_KEEPER_HOLD);
    stage_over(&stage, "a c");
    CHECK_OK(rig_add_node(HOME, "k", true, "-", 4, NULL));
    CHECK_OK(rig_simple(HOME, TOMTE_COMMAND_NODE_REMOVE, "a"));
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 2 active"));
}

TEST(rebinding_an_actuator_takes_a_new_epoch)
{
    stage_init(&stage);
    add("a", "-", 4, lamp_a);
    add("b", "-", 4, lamp_b);
    add("c", "-", 4, NULL);
    struct tomte_manifest m = rig_manifest("light");
    rig_port(&m, "lamp out state power lamp -");
    deploy("x", &m);
    CHECK_OK(rig_pin(HOME, "x", "c"));
    stage_held(&stage, "a b c");
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "c 1 active"));
    CHECK_EQ('a',
             HOME->home.ports[HOME->home.containers[0].port].channel.text[1]);
    stage_over(&stage, "a");
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "c 2 active"));
    CHECK_EQ('b',
             HOME->home.ports[HOME->home.containers[0].port].channel.text[1]);
    stage_held(&stage, "a"); /* no flapping back */
    stage_run(&stage);
    CHECK_EQ(0, stage.steps);
    /* out of reach with its owner: the lamps of `hold` stay as they are */
    stage_over(&stage, "b c");
    stage_run(&stage);
    CHECK_EQ(0, stage.steps);
}

TEST(sensor_that_is_gone_is_replaced_in_the_same_epoch)
{
    static const char *const t1[] = {"/a/s/t temp state thermometer hall",
                                     NULL};
    static const char *const t2[] = {"/b/s/t temp state thermometer hall",
                                     NULL};
    static const char *const binds[] = {"in - hall", NULL};
    stage_init(&stage);
    add("a", "-", 4, t1);
    add("b", "-", 4, t2);
    struct tomte_manifest m = plain(0);
    rig_port(&m, "in in state temp thermometer -");
    CHECK_OK(rig_deploy(HOME, "x", 1, &m, binds));
    CHECK_OK(rig_pin(HOME, "x", "b"));
    stage_held(&stage, "a b");
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 1 active"));
    stage_over(&stage, "a");
    stage_run(&stage);
    CHECK_EQ(1, stage.steps);
    CHECK(stage_is(&stage, "x", "b 1 active"));
    CHECK_EQ('b',
             HOME->home.ports[HOME->home.containers[0].port].channel.text[1]);
}

TEST(update_is_a_new_epoch_at_the_same_owner)
{
    stage_init(&stage);
    add("a", "-", 4, NULL);
    add("b", "-", 8, NULL);
    struct tomte_manifest m = plain(1);
    deploy("x", &m);
    stage_held(&stage, "a");
    stage_run(&stage);
    stage_held(&stage, "b");
    stage_run(&stage);
    in_sync("x", "b");
    CHECK_OK(rig_deploy(HOME, "x", 2, &m, NULL));
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "a 2 active"));
    CHECK(stage_standbys(&stage, "x", "b"));
    CHECK_EQ(2, rig_placement(HOME, "x")->insync_len);
}
