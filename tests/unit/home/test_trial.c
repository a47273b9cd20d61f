/* SPDX-License-Identifier: Apache-2.0 */
/* A new version of a container: on trial, kept, or gone back from. */
#include "stage.h"

static struct stage stage;

#define HOME (&stage.rig)

static const char *const things[] = {"/k/fan/power power actuator fan hall",
                                     "/k/lamp/power power actuator lamp hall",
                                     NULL};

static struct tomte_manifest version(uint32_t number, const char *port)
{
    struct tomte_manifest m = rig_manifest("light");
    m.version = number;
    m.priority = (uint8_t)number;
    rig_port(&m, port);
    return m;
}

static const struct tomte_home_container *light(void)
{
    return &stage.rig.home.containers[rig_container(HOME, "light")];
}

/* Version 1 drives the lamp, version 2 the fan; that is on trial. */
static void begin(void)
{
    stage_init(&stage);
    CHECK_OK(rig_add_node(HOME, "k", true, "-", 8, things));
    struct tomte_manifest m = version(1, "out out state power lamp -");
    CHECK_OK(rig_deploy(HOME, "light", 1, &m, NULL));
    stage_held(&stage, "k");
    stage_run(&stage);
    CHECK(stage_is(&stage, "light", "k 1 active"));
    m = version(2, "out out state power fan -");
    CHECK_OK(rig_deploy(HOME, "light", 2, &m, NULL));
    CHECK(light()->trial);
    stage_run(&stage);
    CHECK(stage_is(&stage, "light", "k 2 active"));
}

static void owner_says(unsigned state, const char *reason)
{
    struct tomte_container_seen *s =
        &stage.containers[rig_container(HOME, "light")];
    s->epoch = light()->placement.epoch;
    s->since_ms = stage.seen.now_ms;
    s->state = (uint8_t)state;
    s->ran = state != TOMTE_REPORT_STARTING;
    s->reason_len = (uint8_t)strlen(reason);
    memcpy(s->reason, reason, strlen(reason));
    stage_run(&stage);
}

static bool drives(const char *channel)
{
    struct tomte_channel_name c = rig_channel(channel);
    uint16_t port = tomte_home_writer(&stage.rig.home, &c);
    return port != NONE &&
           stage.rig.home.ports[port].container == rig_container(HOME, "light");
}

TEST(trial_is_in_the_view_and_ends_with_keep)
{
    begin();
    struct tomte_view v = rig_view(HOME, "k");
    struct tomte_view_placement p;
    struct tomte_name name = rig_name("light");
    CHECK_OK(tomte_view_find(&v, &name, &p));
    CHECK(p.trial && !p.afresh);
    CHECK_EQ(2, p.digest[0]);
    CHECK_EQ(1, p.before[0]);
    owner_says(TOMTE_REPORT_RUNNING, "");
    CHECK_EQ(0, stage.steps);
    owner_says(TOMTE_REPORT_PASSED, "");
    CHECK(!light()->trial);
    CHECK(stage_is(&stage, "light", "k 2 active")); /* no new epoch for that */
    v = rig_view(HOME, "k");
    CHECK_OK(tomte_view_find(&v, &name, &p));
    CHECK(!p.trial);
    CHECK_EQ(0, stage.rig.home.trials);
    CHECK_EQ(1, stage.rig.home.ports_used);
}

TEST(trial_that_is_spoilt_brings_all_of_the_old_version_back)
{
    begin();
    CHECK(drives("/k/fan/power") && !drives("/k/lamp/power"));
    owner_says(TOMTE_REPORT_SPOILT, "unreachable in burst");
    CHECK(stage_is(&stage, "light", "k 3 active"));
    CHECK(!light()->trial);
    CHECK_EQ(1, light()->digest[0]);
    CHECK_EQ(1, light()->manifest_version);
    CHECK_EQ(1, light()->priority);
    CHECK(drives("/k/lamp/power") && !drives("/k/fan/power"));
    CHECK_EQ(1, stage.rig.home.ports_used);
    CHECK(stage_says(&stage, "light",
                     "light is at k with epoch 3. It is there because it has "
                     "its history there, with 1 of its resources. Version 2 "
                     "was given up: unreachable in burst."));
    stage_run(&stage);
    CHECK_EQ(0, stage.steps);
}

TEST(trial_keeps_the_old_version_s_channels_for_it)
{
    begin();
    struct tomte_manifest m = version(1, "out out state power - /k/lamp/power");
    CHECK_EQ(TOMTE_ERR_EXISTS, rig_deploy(HOME, "thief", 7, &m, NULL));
    m = version(1, "out out state power lamp -");
    CHECK_OK(rig_deploy(HOME, "second", 7, &m, NULL));
    stage_run(&stage);
    CHECK(stage_is(&stage, "second", "- 0 none")); /* the lamp is not free */
    owner_says(TOMTE_REPORT_PASSED, "");
    stage_run(&stage);
    CHECK(stage_is(&stage, "second", "k 1 active"));
}

TEST(trial_of_a_third_version_waits_and_the_first_ends_it)
{
    begin();
    struct tomte_manifest m = version(3, "out out state power lamp -");
    CHECK_EQ(TOMTE_ERR_STATE, rig_deploy(HOME, "light", 3, &m, NULL));
    m = version(1, "out out state power lamp -");
    CHECK_OK(rig_deploy(HOME, "light", 1, &m, NULL));
    CHECK(!light()->trial);
    stage_run(&stage);
    CHECK(stage_is(&stage, "light", "k 3 active"));
    CHECK(drives("/k/lamp/power"));
}

TEST(trial_of_what_does_not_come_up_ends)
{
    begin();
    owner_says(TOMTE_REPORT_STARTING, "");
    CHECK_EQ(0, stage.steps);
    uint64_t due = stage.seen.now_ms + 20u * stage.rig.home.lease_ms;
    stage.seen.now_ms += 10000; /* orders on their way have expired */
    CHECK_EQ(due, tomte_plan_deadline(&stage.rig.home, &stage.seen));
    stage.seen.now_ms = due - 1;
    stage_run(&stage);
    CHECK(light()->trial);
    stage.seen.now_ms = due;
    stage_run(&stage);
    CHECK_EQ(1, light()->digest[0]);
    CHECK(stage_is(&stage, "light", "k 3 active"));

    begin();
    owner_says(TOMTE_REPORT_REFUSED, "");
    CHECK_EQ(1, light()->digest[0]);
}

TEST(trial_is_only_where_there_is_a_history)
{
    stage_init(&stage);
    CHECK_OK(rig_add_node(HOME, "k", true, "-", 8, things));
    struct tomte_manifest m = version(1, "out out state power lamp -");
    CHECK_OK(rig_deploy(HOME, "light", 1, &m, NULL));
    m.version = 2;
    CHECK_OK(rig_deploy(HOME, "light", 2, &m, NULL));
    CHECK(!light()->trial);
    CHECK_OK(rig_simple(HOME, TOMTE_COMMAND_CONTAINER_REMOVE, "light"));
    begin();
    CHECK_OK(rig_simple(HOME, TOMTE_COMMAND_CONTAINER_REMOVE, "light"));
    CHECK_EQ(0, stage.rig.home.trials);
    CHECK_EQ(0, stage.rig.home.ports_used);
    rig_check_snapshot(HOME);
}
