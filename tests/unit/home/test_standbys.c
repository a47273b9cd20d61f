/* SPDX-License-Identifier: Apache-2.0 */
/* Who stands by, how a container is moved by hand, and what happens to it when
 * nobody who holds its history is left. */
#include "stage.h"

static struct stage stage;

#define HOME (&stage.rig)

static void add(const char *name, uint16_t containers)
{
    bool keeper = strcmp(name, "k") == 0;
    CHECK_OK(rig_add_node(HOME, name, keeper, "-", containers, NULL));
}

static struct tomte_manifest plain(uint8_t standbys, unsigned durability)
{
    struct tomte_manifest m = rig_manifest("plain");
    m.standbys = standbys;
    m.durability = (uint8_t)durability;
    m.without_keeper = TOMTE_WITHOUT_KEEPER_SAFE;
    return m;
}

static void deploy(const char *identity, uint8_t standbys, unsigned durability)
{
    struct tomte_manifest m = plain(standbys, durability);
    CHECK_OK(rig_deploy(HOME, identity, 1, &m, NULL));
}

static void in_sync(const char *identity, const char *standbys)
{
    stage_propose(&stage, identity, standbys);
    stage_run(&stage);
    stage.containers[rig_container(HOME, identity)].proposes = false;
}

static void pass(uint64_t ms)
{
    stage.seen.now_ms += ms;
}

TEST(sync_standby_is_rather_not_the_only_keeper)
{
    stage_init(&stage);
    add("a", 4);
    add("k", 8);
    add("z", 2);
    stage_held(&stage, "a k z");
    deploy("sync", 1, TOMTE_DURABILITY_SYNC);
    deploy("async", 1, TOMTE_DURABILITY_ASYNC);
    CHECK_OK(rig_pin(HOME, "sync", "a"));
    CHECK_OK(rig_pin(HOME, "async", "a"));
    stage_run(&stage);
    CHECK(stage_standbys(&stage, "sync", "z"));
    CHECK(stage_standbys(&stage, "async", "k"));
    stage_over(&stage, "z"); /* rather that than none */
    pass(TOMTE_HOME_PATIENCE_LEASES * 1500);
    stage_run(&stage);
    CHECK(stage_standbys(&stage, "sync", "k"));
}

TEST(standby_is_added_at_once_and_replaced_after_ten_leases)
{
    stage_init(&stage);
    add("a", 4);
    add("b", 4);
    add("c", 4);
    stage_held(&stage, "a");
    deploy("x", 1, TOMTE_DURABILITY_SYNC);
    stage_run(&stage);
    CHECK(stage_standbys(&stage, "x", ""));
    CHECK(stage_says(&stage, "x",
                     "x is at a with epoch 1. It is there because it has its "
                     "history there. It wants 1 standbys and has 0: no other "
                     "node with a lease has room."));
    stage_held(&stage, "b");
    stage_run(&stage);
    CHECK(stage_standbys(&stage, "x", "b"));
    in_sync("x", "b");
    stage_held(&stage, "c");
    stage_over(&stage, "b");
    uint64_t due = stage.seen.now_ms + 10 * 1500;
    pass(9 * 1500); /* orders that were on their way have expired long since */
    CHECK_EQ(due, tomte_plan_deadline(&HOME->home, &stage.seen));
    pass(1500 - 1);
    stage_run(&stage);
    CHECK_EQ(0, stage.steps);
    pass(1);
    stage_run(&stage);
    CHECK(stage_standbys(&stage, "x", "c"));
    CHECK_EQ(1, rig_placement(HOME, "x")->insync_len);
}

TEST(gone_standby_stays_when_there_is_no_other)
{
    stage_init(&stage);
    add("a", 4);
    add("b", 4);
    stage_held(&stage, "a b");
    deploy("x", 1, TOMTE_DURABILITY_SYNC);
    stage_run(&stage);
    stage_over(&stage, "b");
    pass(100000);
    stage_run(&stage);
    CHECK_EQ(0, stage.steps);
    CHECK(stage_standbys(&stage, "x", "b"));
}

TEST(proposals_are_logged_once_and_only_when_they_are_of_now)
{
    stage_init(&stage);
    add("a", 4);
    add("b", 4);
    stage_held(&stage, "a b");
    deploy("x", 1, TOMTE_DURABILITY_SYNC);
    stage_run(&stage);
    stage_propose(&stage, "x", "b a");
    stage_run(&stage);
    CHECK_EQ(1, stage.steps);
    CHECK_EQ(2, rig_placement(HOME, "x")->insync_len);
    stage_run(&stage); /* it is still proposed: no news */
    CHECK_EQ(0, stage.steps);
    struct tomte_container_seen *c =
        &stage.containers[rig_container(HOME, "x")];
    c->proposed_len = 0;
    c->proposed_at = rig_placement(HOME, "x")->agreed - 1;
    stage_run(&stage); /* said before it knew of the last change */
    CHECK_EQ(0, stage.steps);
    c->proposed_at++;
    c->epoch--; /* said in another epoch */
    stage_run(&stage);
    CHECK_EQ(0, stage.steps);
    c->epoch++;
    stage_run(&stage);
    CHECK_EQ(1, stage.steps);
    CHECK_EQ(1, rig_placement(HOME, "x")->insync_len);
}

TEST(moved_container_is_held_there_first)
{
    stage_init(&stage);
    add("a", 4);
    add("b", 4);
    add("c", 4);
    stage_held(&stage, "a b c");
    deploy("x", 1, TOMTE_DURABILITY_SYNC);
    stage_run(&stage);
    in_sync("x", "b");
    CHECK_OK(rig_pin(HOME, "x", "c"));
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "a 1 active"));
    CHECK(stage_standbys(&stage, "x", "b c"));
    CHECK(stage_says(&stage, "x",
                     "x is at a with epoch 1. It is there because it has its "
                     "history there. It moves to c when that holds the "
                     "history. Standbys: b (in sync), c (not in sync)."));
    in_sync("x", "b c");
    CHECK(stage_is(&stage, "x", "c 2 active"));
    CHECK(stage_standbys(&stage, "x", "a"));
    CHECK_OK(rig_simple(HOME, TOMTE_COMMAND_UNPIN, "x"));
    stage_run(&stage);
    CHECK_EQ(0, stage.steps);
}

TEST(pinned_container_goes_elsewhere_and_comes_back)
{
    stage_init(&stage);
    add("a", 4);
    add("b", 4);
    stage_held(&stage, "a b");
    deploy("x", 1, TOMTE_DURABILITY_SYNC);
    CHECK_OK(rig_pin(HOME, "x", "a"));
    stage_run(&stage);
    in_sync("x", "b");
    stage_over(&stage, "a");
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 2 active"));
    CHECK(stage_standbys(&stage, "x", ""));
    stage_held(&stage, "a");
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 2 active"));
    CHECK(stage_standbys(&stage, "x", "a"));
    in_sync("x", "a");
    CHECK(stage_is(&stage, "x", "a 3 active"));
    CHECK(stage_standbys(&stage, "x", "b"));
}

TEST(pin_that_is_away_costs_no_standby)
{
    stage_init(&stage);
    add("a", 4);
    add("b", 4);
    add("c", 4);
    stage_held(&stage, "a b c");
    deploy("x", 1, TOMTE_DURABILITY_SYNC);
    stage_run(&stage);
    in_sync("x", "b");
    CHECK_OK(rig_pin(HOME, "x", "c"));
    stage_run(&stage);
    CHECK(stage_standbys(&stage, "x", "b c"));
    stage_over(&stage, "c");
    stage_run(&stage);
    CHECK(stage_standbys(&stage, "x", "b"));
}

TEST(node_that_refuses_the_image_is_passed_over)
{
    stage_init(&stage);
    add("a", 4);
    add("b", 4);
    stage_held(&stage, "a b");
    deploy("x", 1, TOMTE_DURABILITY_ASYNC);
    stage_run(&stage);
    in_sync("x", "b");
    struct tomte_container_seen *c =
        &stage.containers[rig_container(HOME, "x")];
    c->refused_changed = HOME->home.containers[0].changed;
    c->refused_len = 1;
    c->refused[0] = rig_node(HOME, "a");
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 2 active"));
    CHECK(stage_standbys(&stage, "x", ""));
    /* another image is another try */
    struct tomte_manifest m = plain(1, TOMTE_DURABILITY_ASYNC);
    CHECK_OK(rig_deploy(HOME, "x", 2, &m, NULL));
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 3 active"));
    CHECK(stage_standbys(&stage, "x", "a"));
}

TEST(history_is_given_up_for_none_only)
{
    stage_init(&stage);
    add("a", 4);
    add("b", 4);
    stage_held(&stage, "a");
    deploy("none", 0, TOMTE_DURABILITY_NONE);
    deploy("async", 0, TOMTE_DURABILITY_ASYNC);
    stage_run(&stage);
    stage_held(&stage, "b");
    stage_over(&stage, "a");
    pass(10 * 1500 - 1);
    stage_run(&stage);
    CHECK_EQ(0, stage.steps);
    pass(1);
    stage_run(&stage);
    CHECK(stage_is(&stage, "none", "b 2 active"));
    CHECK_EQ(2, rig_placement(HOME, "none")->born);
    CHECK(stage_is(&stage, "async", "a 1 active"));
    stage_held(&stage, "a"); /* it is back with the history and goes on */
    stage_run(&stage);
    CHECK_EQ(0, stage.steps);
}

TEST(owner_that_lost_its_store_hands_over)
{
    stage_init(&stage);
    add("a", 4);
    add("b", 4);
    stage_held(&stage, "a b");
    deploy("x", 1, TOMTE_DURABILITY_SYNC);
    deploy("y", 0, TOMTE_DURABILITY_SYNC);
    CHECK_OK(rig_pin(HOME, "y", "a"));
    stage_run(&stage);
    CHECK_OK(rig_simple(HOME, TOMTE_COMMAND_UNPIN, "y"));
    in_sync("x", "b");
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_NODE, rig_name("a"));
    c.has_store = true;
    c.store = 99;
    CHECK_OK(rig_apply(HOME, &c));
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "b 2 active"));
    CHECK_EQ(1, rig_placement(HOME, "x")->born);
    CHECK_EQ(2, rig_placement(HOME, "y")->epoch); /* nobody has it: anew */
    CHECK_EQ(2, rig_placement(HOME, "y")->born);
}

TEST(new_leader_waits_until_it_knows)
{
    stage_init(&stage);
    add("a", 4);
    add("b", 4);
    add("c", 4);
    stage_held(&stage, "a b");
    deploy("x", 1, TOMTE_DURABILITY_SYNC);
    stage_run(&stage);
    in_sync("x", "b");
    CHECK_OK(rig_pin(HOME, "x", "c"));
    stage_unsure(&stage, "a b c");
    deploy("y", 0, TOMTE_DURABILITY_SYNC);
    stage_run(&stage);
    CHECK_EQ(0, stage.steps);
    CHECK(stage_says(&stage, "y",
                     "y is nowhere. The keeper has just begun and waits to "
                     "hear of all nodes."));
    stage_held(&stage, "a c");
    stage_run(&stage); /* c could stand by, but b is not heard of yet */
    CHECK_EQ(0, stage.steps);
    stage_over(&stage, "b");
    stage_run(&stage);
    CHECK(stage_is(&stage, "y", "a 1 active"));
    CHECK(stage_standbys(&stage, "x", "b c"));
}

TEST(stopped_container_is_left_alone)
{
    stage_init(&stage);
    add("a", 4);
    stage_held(&stage, "a");
    deploy("x", 0, TOMTE_DURABILITY_SYNC);
    stage_run(&stage);
    CHECK_OK(rig_simple(HOME, TOMTE_COMMAND_STOP, "x"));
    stage_run(&stage);
    CHECK_EQ(0, stage.steps);
    CHECK(stage_says(&stage, "x", "x is stopped."));
    CHECK_OK(rig_simple(HOME, TOMTE_COMMAND_START, "x"));
    stage_run(&stage);
    CHECK(stage_is(&stage, "x", "a 2 active"));
    CHECK_EQ(1, rig_placement(HOME, "x")->born);
}

TEST(why_needs_a_container)
{
    char text[64];
    struct tomte_text t;
    struct tomte_name name = rig_name("nobody");
    stage_init(&stage);
    tomte_text_init(&t, text, sizeof(text));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             tomte_plan_why(&HOME->home, &stage.seen, &name, &t));
}
