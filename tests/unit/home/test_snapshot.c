/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots from elsewhere: whole or not at all. */
#include "rig.h"

#include "home/command.h"

static struct rig rig, other;
static uint8_t bytes[16384];

static const char *const offers[] = {"/a/lamp/power power actuator lamp -",
                                     "/a/sensor/temp temp state thermometer -",
                                     NULL};

/* A home that has something of everything. */
static struct tomte_span begin(void)
{
    rig_init(&rig, rig_limits(4, 4));
    CHECK_OK(rig_add_node(&rig, "a", true, "hall", 4, offers));
    CHECK_OK(rig_add_node(&rig, "b", false, "-", 4, NULL));
    struct tomte_manifest m = rig_manifest("light");
    m.standbys = 1;
    m.near = rig_name("hall");
    m.away_from_len = 1;
    m.away_from[0] = rig_name("other");
    rig_port(&m, "lamp out state power lamp -");
    rig_port(&m, "temp in state temp thermometer -");
    rig_port(&m, "done out event note - -");
    CHECK_OK(rig_deploy(&rig, "light", 1, &m, NULL));
    CHECK_OK(rig_bind(&rig, "light", "lamp", "/a/lamp/power"));
    CHECK_OK(rig_pin(&rig, "light", "b"));
    CHECK_OK(rig_place(&rig, "light", 1, "b", "a", false));
    CHECK_OK(rig_activate(&rig, "light", 1));
    CHECK_OK(rig_insync(&rig, "light", 1, "b a"));
    m = rig_manifest("idle");
    CHECK_OK(rig_deploy(&rig, "idle", 2, &m, NULL));
    CHECK_OK(rig_deploy(&rig, "light", 3, &m, NULL)); /* owes the lamp */
    struct tomte_span snapshot = rig_snapshot(&rig.home);
    CHECK(snapshot.len <= sizeof(bytes));
    memcpy(bytes, snapshot.data, snapshot.len);
    rig_init(&other, rig_limits(4, 4));
    return TOMTE_SPAN(bytes, snapshot.len);
}

TEST(snapshot_gives_the_same_home)
{
    struct tomte_span snapshot = begin();
    CHECK_OK(tomte_home_snapshot_decode(&other.home, snapshot, NULL));
    CHECK_BYTES(snapshot, rig_snapshot(&other.home));
    CHECK_EQ(rig.home.version, other.home.version);
    /* and it goes on as the first does, from other slots */
    const char *const names[] = {"z", "c"};
    for (unsigned i = 0; i < 2; i++) {
        CHECK_OK(rig_add_node(&rig, names[i], false, "-", 4, NULL));
        CHECK_OK(rig_add_node(&other, names[i], false, "-", 4, NULL));
    }
    CHECK_OK(rig_place(&rig, "light", 2, "a", "c z", false));
    CHECK_OK(rig_place(&other, "light", 2, "a", "c z", false));
    CHECK_OK(rig_simple(&rig, TOMTE_COMMAND_CONTAINER_REMOVE, "idle"));
    CHECK_OK(rig_simple(&other, TOMTE_COMMAND_CONTAINER_REMOVE, "idle"));
    struct tomte_span first = rig_snapshot(&rig.home);
    memcpy(bytes, first.data, first.len);
    first.data = bytes;
    CHECK_BYTES(first, rig_snapshot(&other.home));
}

TEST(snapshot_that_is_cut_leaves_nothing)
{
    struct tomte_span snapshot = begin();
    struct tomte_home_report report;
    for (size_t len = 0; len < snapshot.len; len++) {
        CHECK(tomte_home_snapshot_decode(&other.home, TOMTE_SPAN(bytes, len),
                                         &report) != TOMTE_OK);
        CHECK(strncmp(report.text, "snapshot, byte ", 15) == 0);
        CHECK_EQ(0, other.home.version);
        CHECK_EQ(0, other.home.nodes_len);
        CHECK_EQ(0, other.home.containers_len);
    }
    bytes[snapshot.len] = 0;
    snapshot.len++;
    CHECK_EQ(TOMTE_ERR_TRAILING,
             tomte_home_snapshot_decode(&other.home, snapshot, NULL));
    snapshot.len--;
    bytes[2] = 23; /* the format's version */
    CHECK_EQ(TOMTE_ERR_VERSION,
             tomte_home_snapshot_decode(&other.home, snapshot, NULL));
}

TEST(snapshot_needs_its_room)
{
    struct tomte_span snapshot = begin();
    static const struct tomte_home_limits small[] = {
        {1, 4, 4, 4}, {4, 1, 4, 4}, {4, 4, 1, 4}};
    for (unsigned i = 0; i < 3; i++) {
        rig_init(&other, small[i]);
        CHECK_EQ(TOMTE_ERR_FULL,
                 tomte_home_snapshot_decode(&other.home, snapshot, NULL));
    }
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_home_snapshot_encode(
                 &rig.home, TOMTE_BUF(bytes, snapshot.len - 1), &snapshot));
}

/* What cannot have come about by commands is refused: each change below breaks
 * one promise between the parts. */
TEST(snapshot_that_contradicts_itself_is_refused)
{
    (void)begin();
    struct tomte_home_container *c =
        &rig.home.containers[rig_container(&rig, "light")];
    const struct tomte_home_container good = *c;
    uint16_t a = rig_node(&rig, "a");
    for (unsigned i = 0; i < 9; i++) {
        *c = good;
        if (i == 0)
            c->stopped = true;
        else if (i == 1)
            c->placement.state = TOMTE_PLACEMENT_NONE;
        else if (i == 2)
            c->placement.runner = a;
        else if (i == 3)
            c->placement.ended = 1;
        else if (i == 4)
            c->placement.state = TOMTE_PLACEMENT_PENDING;
        else if (i == 5)
            c->placement.owner = c->placement.runner = a; /* stands by, too */
        else if (i == 6)
            c->placement.insync[0] = c->placement.insync[1];
        else if (i == 7)
            c->changed = rig.home.version + 1;
        else
            c->placement.born = c->placement.epoch + 1;
        struct tomte_span snapshot = rig_snapshot(&rig.home);
        CHECK(tomte_home_snapshot_decode(&other.home, snapshot, NULL) !=
              TOMTE_OK);
    }
}
