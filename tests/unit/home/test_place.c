/* SPDX-License-Identifier: Apache-2.0 */
/* Placements in the replicated state: epochs, standbys, in-sync sets, and what
 * is left of nodes and containers that are removed. */
#include "rig.h"

static struct rig rig;

static const char *const a_offer[] = {"/a/lamp/power power actuator lamp -",
                                      NULL};
static const char *const b_offer[] = {"/b/lamp/power power actuator lamp -",
                                      NULL};

/* Nodes a, b, c (a keeps), container `light` on a's lamp. */
static void begin(unsigned durability)
{
    rig_init(&rig, rig_limits(6, 4));
    CHECK_OK(rig_add_node(&rig, "a", true, "-", 4, a_offer));
    CHECK_OK(rig_add_node(&rig, "b", false, "-", 4, b_offer));
    CHECK_OK(rig_add_node(&rig, "c", false, "-", 4, NULL));
    struct tomte_manifest m = rig_manifest("light");
    m.standbys = 1;
    m.durability = (uint8_t)durability;
    rig_port(&m, "lamp out state power lamp -");
    CHECK_OK(rig_deploy(&rig, "light", 1, &m, NULL));
    CHECK_OK(rig_bind(&rig, "light", "lamp", "/a/lamp/power"));
}

/* ... active at a with epoch 1, b in sync. */
static void begin_active(unsigned durability)
{
    begin(durability);
    CHECK_OK(rig_place(&rig, "light", 1, "a", "b", false));
    CHECK_OK(rig_activate(&rig, "light", 1));
    CHECK_OK(rig_insync(&rig, "light", 1, "a b"));
}

TEST(place_then_activate)
{
    begin(TOMTE_DURABILITY_SYNC);
    const struct tomte_placement *p = rig_placement(&rig, "light");
    CHECK_EQ(TOMTE_ERR_STALE, rig_place(&rig, "light", 2, "a", "", false));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, rig_place(&rig, "light", 1, "x", "", false));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, rig_place(&rig, "dark", 1, "a", "", false));
    CHECK_EQ(TOMTE_ERR_INVALID, rig_place(&rig, "light", 1, "a", "b a", false));
    CHECK_EQ(TOMTE_ERR_STALE, rig_activate(&rig, "light", 1));
    CHECK_OK(rig_place(&rig, "light", 1, "a", "b", false));
    CHECK_EQ(TOMTE_PLACEMENT_PENDING, p->state);
    CHECK_EQ(rig.home.version, p->granted);
    CHECK_EQ(TOMTE_ERR_STATE, rig_insync(&rig, "light", 1, "a"));
    CHECK_EQ(TOMTE_ERR_STATE, rig_standbys(&rig, "light", 1, "c"));
    CHECK_EQ(TOMTE_ERR_STALE, rig_activate(&rig, "light", 2));
    CHECK_OK(rig_activate(&rig, "light", 1));
    CHECK_EQ(TOMTE_PLACEMENT_ACTIVE, p->state);
    CHECK_EQ(1, p->born);
    CHECK_EQ(7, p->elapsed_ms);
    CHECK_EQ(1, p->insync_len);
    CHECK_EQ(p->owner, p->insync[0]);
    CHECK_EQ(TOMTE_ERR_STATE, rig_activate(&rig, "light", 1));
    rig_check_snapshot(&rig);
}

TEST(who_owns_holds_the_history)
{
    begin_active(TOMTE_DURABILITY_SYNC);
    const struct tomte_placement *p = rig_placement(&rig, "light");
    CHECK_EQ(TOMTE_ERR_DENIED, rig_place(&rig, "light", 2, "c", "", false));
    CHECK_EQ(TOMTE_ERR_DENIED, rig_place(&rig, "light", 2, "c", "", true));
    CHECK_OK(rig_place(&rig, "light", 2, "b", "c", false));
    /* until it is active the old set still says who has the history */
    CHECK_EQ(2, p->insync_len);
    CHECK_EQ(rig_node(&rig, "a"), p->runner);
    CHECK_EQ(p->granted, p->ended);
    CHECK_OK(rig_place(&rig, "light", 3, "a", "c", false));
    CHECK(p->ended < p->granted);
    CHECK_OK(rig_place(&rig, "light", 4, "b", "c", false));
    CHECK_OK(rig_activate(&rig, "light", 4));
    CHECK_EQ(1, p->insync_len);
    CHECK_EQ(rig_node(&rig, "b"), p->insync[0]);
    CHECK_EQ(1, p->born);
    CHECK_EQ(0, p->ended);
    rig_check_snapshot(&rig);
}

TEST(history_of_durability_none_may_be_given_up)
{
    begin_active(TOMTE_DURABILITY_NONE);
    const struct tomte_placement *p = rig_placement(&rig, "light");
    CHECK_EQ(TOMTE_ERR_DENIED, rig_place(&rig, "light", 2, "c", "", false));
    CHECK_OK(rig_place(&rig, "light", 2, "c", "", true));
    CHECK_EQ(0, p->insync_len);
    CHECK_OK(rig_activate(&rig, "light", 2));
    CHECK_EQ(2, p->born);
}

TEST(insync_set_is_of_owner_and_standbys)
{
    begin_active(TOMTE_DURABILITY_SYNC);
    const struct tomte_placement *p = rig_placement(&rig, "light");
    CHECK_EQ(TOMTE_ERR_INVALID, rig_insync(&rig, "light", 1, "a c"));
    CHECK_EQ(TOMTE_ERR_INVALID, rig_insync(&rig, "light", 1, "b"));
    CHECK_EQ(TOMTE_ERR_STALE, rig_insync(&rig, "light", 2, "a"));
    CHECK_OK(rig_insync(&rig, "light", 1, "a"));
    CHECK_EQ(rig.home.version, p->agreed);
    CHECK_OK(rig_insync(&rig, "light", 1, "b a"));
    CHECK_EQ(p->owner, p->insync[0]); /* whatever the order was */
    CHECK_OK(rig_standbys(&rig, "light", 1, "c"));
    CHECK_EQ(1, p->insync_len);
    CHECK_EQ(rig_node(&rig, "c"), p->standbys[0]);
}

TEST(stopped_container_keeps_history_and_epoch)
{
    begin_active(TOMTE_DURABILITY_SYNC);
    const struct tomte_placement *p = rig_placement(&rig, "light");
    CHECK_EQ(1, rig.home.nodes[rig_node(&rig, "a")].containers);
    CHECK_OK(rig_simple(&rig, TOMTE_COMMAND_STOP, "light"));
    CHECK_EQ(TOMTE_PLACEMENT_NONE, p->state);
    CHECK_EQ(NONE, p->owner);
    CHECK_EQ(2, p->insync_len);
    /* they keep its history, so it takes room, but no memory */
    CHECK_EQ(1, rig.home.nodes[rig_node(&rig, "a")].containers);
    CHECK_EQ(0, rig.home.nodes[rig_node(&rig, "a")].memory_kib);
    CHECK_EQ(TOMTE_ERR_STATE, rig_place(&rig, "light", 2, "a", "", false));
    rig_check_snapshot(&rig);
    CHECK_OK(rig_simple(&rig, TOMTE_COMMAND_START, "light"));
    CHECK_OK(rig_place(&rig, "light", 2, "b", "", false));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, rig_simple(&rig, TOMTE_COMMAND_STOP, "dark"));
}

TEST(identity_that_comes_back_goes_on_above_its_epochs)
{
    begin_active(TOMTE_DURABILITY_SYNC);
    CHECK_OK(rig_place(&rig, "light", 2, "b", "", false));
    CHECK_OK(rig_simple(&rig, TOMTE_COMMAND_CONTAINER_REMOVE, "light"));
    struct tomte_manifest m = rig_manifest("light");
    CHECK_OK(rig_deploy(&rig, "light", 1, &m, NULL));
    CHECK_EQ(2, rig_placement(&rig, "light")->epoch);
    CHECK_EQ(TOMTE_ERR_STALE, rig_place(&rig, "light", 1, "a", "", false));
    rig_check_snapshot(&rig);
}

TEST(removed_node_stays_while_its_epoch_may_run)
{
    begin_active(TOMTE_DURABILITY_SYNC);
    CHECK_OK(rig_place(&rig, "light", 2, "b", "", false));
    CHECK_OK(rig_activate(&rig, "light", 2));
    CHECK_OK(rig_simple(&rig, TOMTE_COMMAND_NODE_REMOVE, "b"));
    const struct tomte_placement *p = rig_placement(&rig, "light");
    CHECK_EQ(3, rig.home.nodes_len);
    CHECK(rig.home.nodes[p->owner].retired);
    CHECK_EQ(0, p->insync_len); /* a person said that it is gone */
    struct tomte_name b = rig_name("b");
    CHECK_EQ(NONE, tomte_home_find_node(&rig.home, &b));
    rig_check_snapshot(&rig);
    CHECK_OK(rig_place(&rig, "light", 3, "c", "", false));
    CHECK_EQ(3, rig.home.nodes_len); /* it ran last */
    CHECK_OK(rig_activate(&rig, "light", 3));
    CHECK_EQ(2, rig.home.nodes_len);
    CHECK_EQ(3, p->born);
    rig_check_snapshot(&rig);
}

TEST(removed_node_that_comes_back_has_no_history)
{
    begin_active(TOMTE_DURABILITY_SYNC);
    CHECK_OK(rig_add_node(&rig, "d", true, "-", 4, NULL));
    CHECK_OK(rig_pin(&rig, "light", "a"));
    CHECK_OK(rig_simple(&rig, TOMTE_COMMAND_NODE_REMOVE, "a"));
    CHECK_EQ(NONE, rig.home.containers[0].pin);
    CHECK_OK(rig_add_node(&rig, "a", false, "-", 4, a_offer));
    const struct tomte_placement *p = rig_placement(&rig, "light");
    CHECK_EQ(rig_node(&rig, "a"), p->owner);
    CHECK_EQ(1, p->insync_len);
    CHECK_EQ(rig_node(&rig, "b"), p->insync[0]);
    /* its epoch is over, and does not come back by saying so */
    CHECK_EQ(TOMTE_PLACEMENT_PENDING, p->state);
    CHECK_EQ(TOMTE_ERR_STATE, rig_insync(&rig, "light", 1, "a b"));
    CHECK_EQ(TOMTE_ERR_STATE, rig_activate(&rig, "light", 1));
    CHECK_OK(rig_place(&rig, "light", 2, "b", "a", false));
    CHECK_OK(rig_activate(&rig, "light", 2));
    rig_check_snapshot(&rig);
}

TEST(another_store_has_no_history)
{
    begin_active(TOMTE_DURABILITY_SYNC);
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_NODE, rig_name("b"));
    c.has_store = true;
    c.store = 2;
    CHECK_OK(rig_apply(&rig, &c));
    const struct tomte_placement *p = rig_placement(&rig, "light");
    CHECK_EQ(1, p->insync_len);
    CHECK_EQ(0, p->standbys_len);
    CHECK_EQ(rig.home.version, p->agreed);
    uint64_t view = rig.home.nodes[rig_node(&rig, "b")].view;
    CHECK_EQ(rig.home.version, view);
    CHECK_OK(rig_apply(&rig, &c)); /* the same store is no news */
    CHECK_EQ(view, rig.home.nodes[rig_node(&rig, "b")].view);
}

TEST(actuator_left_behind_is_owed_until_the_next_epoch_acts)
{
    begin_active(TOMTE_DURABILITY_SYNC);
    const struct tomte_home_container *c = &rig.home.containers[0];
    struct tomte_channel_name lamp = rig_channel("/a/lamp/power");
    CHECK_EQ(0, c->owed_len);
    CHECK_OK(rig_bind(&rig, "light", "lamp", "/b/lamp/power"));
    CHECK_EQ(1, c->owed_len);
    CHECK_EQ(tomte_home_find_resource(&rig.home, &lamp), c->owed[0]);
    CHECK_OK(rig_bind(&rig, "light", "lamp", "/a/lamp/power"));
    CHECK_OK(rig_bind(&rig, "light", "lamp", "/b/lamp/power"));
    CHECK_EQ(2, c->owed_len); /* a's and b's, each once */
    rig_check_snapshot(&rig);
    /* an update that drops the port owes it, too */
    struct tomte_manifest m = rig_manifest("light");
    CHECK_OK(rig_deploy(&rig, "light", 2, &m, NULL));
    CHECK_EQ(2, c->owed_len);
    /* what is offered no more cannot be driven by anybody */
    CHECK_OK(rig_add_node(&rig, "b", false, "-", 4, NULL));
    CHECK_EQ(1, c->owed_len);
    CHECK_OK(rig_place(&rig, "light", 2, "a", "", false));
    CHECK_EQ(1, c->owed_len);
    CHECK_OK(rig_activate(&rig, "light", 2));
    CHECK_EQ(0, c->owed_len);
}

TEST(room_is_counted)
{
    begin_active(TOMTE_DURABILITY_SYNC);
    const struct tomte_home_node *a = &rig.home.nodes[rig_node(&rig, "a")];
    const struct tomte_home_node *b = &rig.home.nodes[rig_node(&rig, "b")];
    CHECK_EQ(68, a->memory_kib); /* memory and stack */
    CHECK_EQ(1, a->containers);
    CHECK_EQ(0, b->memory_kib);
    CHECK_EQ(1, b->containers);
    struct tomte_manifest m = rig_manifest("light");
    m.memory_bytes = 131072;
    CHECK_OK(rig_deploy(&rig, "light", 2, &m, NULL));
    CHECK_EQ(132, a->memory_kib);
    CHECK_OK(rig_place(&rig, "light", 2, "b", "", false));
    CHECK_EQ(0, a->memory_kib);
    CHECK_EQ(1, a->containers); /* holds the history yet */
    CHECK_OK(rig_activate(&rig, "light", 2));
    CHECK_EQ(0, a->containers);
    CHECK_EQ(132, b->memory_kib);
    CHECK_OK(rig_simple(&rig, TOMTE_COMMAND_CONTAINER_REMOVE, "light"));
    CHECK_EQ(0, b->containers);
    CHECK_EQ(0, b->memory_kib);
}
