/* SPDX-License-Identifier: Apache-2.0 */
/* What a node gets to know: its part, its peers, its fences, and no more. */
#include "rig.h"

static struct rig rig;

static const char *const hall_offer[] = {
    "/hall/button/press press event bell hall",
    "/hall/lamp/power power actuator lamp hall", NULL};
static const char *const attic_offer[] = {
    "/attic/sensor/temp temperature state thermometer attic", NULL};

/* `light` at attic, with hall standing by: button to lamp, and a log of it that
 * `diary` at shed reads. */
static void begin(void)
{
    static const char *const light[] = {"press /hall/button/press -",
                                        "lamp /hall/lamp/power -",
                                        "temp /attic/sensor/temp -", NULL};
    static const char *const diary[] = {"in /light/done -", NULL};
    rig_init(&rig, rig_limits(6, 6));
    CHECK_OK(rig_add_node(&rig, "hall", true, "hall", 4, hall_offer));
    CHECK_OK(rig_add_node(&rig, "attic", false, "attic", 4, attic_offer));
    CHECK_OK(rig_add_node(&rig, "shed", false, "-", 4, NULL));
    CHECK_OK(rig_add_node(&rig, "well", false, "-", 4, NULL));
    struct tomte_manifest m = rig_manifest("light");
    m.standbys = 1;
    m.without_keeper = TOMTE_WITHOUT_KEEPER_SAFE;
    m.durability = TOMTE_DURABILITY_SYNC;
    rig_port(&m, "press in event press - -");
    rig_port(&m, "lamp out state power - -");
    rig_port(&m, "temp in state temperature - -");
    rig_port(&m, "done out event note - -");
    CHECK_OK(rig_deploy(&rig, "light", 7, &m, light));
    m = rig_manifest("diary");
    rig_port(&m, "in in event note - -");
    CHECK_OK(rig_deploy(&rig, "diary", 8, &m, diary));
    CHECK_OK(rig_place(&rig, "light", 1, "attic", "hall", false));
    CHECK_OK(rig_activate(&rig, "light", 1));
    CHECK_OK(rig_place(&rig, "diary", 1, "shed", "", false));
}

static struct tomte_view_placement placement(const struct tomte_view *view,
                                             const char *identity)
{
    struct tomte_view_placement p;
    struct tomte_name name = rig_name(identity);
    CHECK_OK(tomte_view_find(view, &name, &p));
    return p;
}

static struct tomte_view_port port(const struct tomte_view_placement *p,
                                   const char *name)
{
    struct tomte_view_iter it;
    struct tomte_view_port found;
    struct tomte_name n = rig_name(name);
    tomte_view_ports(p, &it);
    while (tomte_view_next_port(&it, &found))
        if (tomte_name_equal(&found.name, &n))
            return found;
    test_fail(__FILE__, __LINE__, name);
}

/* The only peer is this container (or "-" for a resource) at this node. */
static bool peer_is(struct tomte_span peers, const char *identity,
                    uint64_t epoch, const char *node)
{
    struct tomte_view_iter it;
    struct tomte_view_peer peer, other;
    struct tomte_name at = rig_name(node);
    struct tomte_name who = {0};
    if (strcmp(identity, "-") != 0)
        who = rig_name(identity);
    tomte_view_peers(peers, &it);
    return tomte_view_next_peer(&it, &peer) &&
           !tomte_view_next_peer(&it, &other) &&
           tomte_name_equal(&peer.identity, &who) && peer.epoch == epoch &&
           tomte_name_equal(&peer.node.name, &at) &&
           tomte_addr_equal(&peer.node.addr,
                            &rig.home.nodes[rig_node(&rig, node)].addr);
}

TEST(view_of_an_owner)
{
    begin();
    struct tomte_view v = rig_view(&rig, "attic");
    struct tomte_name attic = rig_name("attic");
    CHECK(tomte_name_equal(&attic, &v.node));
    CHECK_EQ(rig.home.nodes[rig_node(&rig, "attic")].view, v.version);
    CHECK_EQ(1500, v.lease_ms);
    CHECK_EQ(1, v.placements_len);
    CHECK_EQ(0, v.resources_len); /* its sensor has readers, not writers */
    struct tomte_view_placement p = placement(&v, "light");
    CHECK_EQ(TOMTE_VIEW_OWNER, p.part);
    CHECK_EQ(TOMTE_PLACEMENT_ACTIVE, p.state);
    CHECK_EQ(TOMTE_DURABILITY_SYNC, p.durability);
    CHECK_EQ(TOMTE_WITHOUT_KEEPER_SAFE, p.without_keeper);
    CHECK_EQ(1, p.epoch);
    CHECK_EQ(1, p.born);
    CHECK_EQ(7, p.elapsed_ms);
    CHECK_EQ(7, p.digest[31]);
    CHECK(p.has_owner && tomte_name_equal(&attic, &p.owner.name));
    CHECK_EQ(1, p.standbys_len);
    CHECK(!p.standbys[0].insync);
    CHECK_EQ(4, p.ports_len);
    CHECK(peer_is(port(&p, "press").peers, "-", 0, "hall"));
    CHECK(peer_is(port(&p, "lamp").peers, "-", 0, "hall"));
    CHECK(peer_is(port(&p, "temp").peers, "-", 0, "attic"));
    CHECK(peer_is(port(&p, "done").peers, "diary", 1, "shed"));
}

TEST(view_of_a_standby_that_offers_resources)
{
    begin();
    CHECK_OK(rig_insync(&rig, "light", 1, "attic hall"));
    struct tomte_view v = rig_view(&rig, "hall");
    struct tomte_view_placement p = placement(&v, "light");
    CHECK_EQ(TOMTE_VIEW_STANDBY, p.part);
    CHECK(p.standbys[0].insync);
    CHECK_EQ(0, p.ports_len);
    struct tomte_view_iter it;
    struct tomte_view_resource r;
    tomte_view_resources(&v, &it);
    CHECK(tomte_view_next_resource(&it, &r));
    CHECK(!r.actuator && r.peers_len == 1);
    CHECK(peer_is(r.peers, "light", 1, "attic"));
    CHECK(tomte_view_next_resource(&it, &r));
    CHECK(r.actuator && r.peers_len == 1);
    CHECK(peer_is(r.peers, "light", 1, "attic"));
    CHECK(!tomte_view_next_resource(&it, &r));
    struct tomte_view_node keeper;
    struct tomte_name hall = rig_name("hall");
    tomte_view_keepers(&v, &it);
    CHECK(tomte_view_next_keeper(&it, &keeper));
    CHECK(tomte_name_equal(&hall, &keeper.name));
    CHECK(!tomte_view_next_keeper(&it, &keeper));
}

TEST(fence_rises_with_the_placement_before_it_is_active)
{
    begin();
    CHECK_OK(rig_insync(&rig, "light", 1, "attic hall"));
    CHECK_OK(rig_place(&rig, "light", 2, "hall", "", false));
    struct tomte_view v = rig_view(&rig, "hall");
    struct tomte_view_iter it;
    struct tomte_view_resource r;
    tomte_view_resources(&v, &it);
    (void)tomte_view_next_resource(&it, &r);
    CHECK(tomte_view_next_resource(&it, &r));
    CHECK(peer_is(r.peers, "light", 2, "hall"));
    CHECK_EQ(TOMTE_PLACEMENT_PENDING, placement(&v, "light").state);
    /* who ran it keeps the history until that is over */
    v = rig_view(&rig, "attic");
    CHECK_EQ(TOMTE_VIEW_HOLDER, placement(&v, "light").part);
    CHECK_OK(rig_activate(&rig, "light", 2));
    v = rig_view(&rig, "attic");
    CHECK_EQ(0, v.placements_len);
}

TEST(stopped_container_is_granted_nothing)
{
    begin();
    CHECK_OK(rig_simple(&rig, TOMTE_COMMAND_STOP, "light"));
    struct tomte_view v = rig_view(&rig, "hall");
    struct tomte_view_iter it;
    struct tomte_view_resource r;
    tomte_view_resources(&v, &it);
    while (tomte_view_next_resource(&it, &r))
        CHECK_EQ(0, r.peers_len);
    v = rig_view(&rig, "attic");
    struct tomte_view_placement p = placement(&v, "light");
    CHECK_EQ(TOMTE_VIEW_HOLDER, p.part);
    CHECK_EQ(TOMTE_PLACEMENT_NONE, p.state);
    CHECK(!p.has_owner);
    v = rig_view(&rig, "shed");
    p = placement(&v, "diary");
    CHECK_EQ(0, port(&p, "in").peers_len);
}

TEST(resource_of_another_type_has_no_peer)
{
    static const char *const changed[] = {
        "/hall/button/press press event bell hall",
        "/hall/lamp/power dimming actuator lamp hall", NULL};
    begin();
    CHECK_OK(rig_add_node(&rig, "hall", true, "hall", 4, changed));
    struct tomte_view v = rig_view(&rig, "attic");
    struct tomte_view_placement p = placement(&v, "light");
    CHECK_EQ(0, port(&p, "lamp").peers_len);
    CHECK_EQ(1, port(&p, "press").peers_len);
}

TEST(version_rises_only_for_those_who_are_concerned)
{
    begin();
    uint64_t well = rig.home.nodes[rig_node(&rig, "well")].view;
    CHECK_OK(rig_insync(&rig, "light", 1, "attic hall"));
    CHECK_EQ(rig.home.version, rig.home.nodes[rig_node(&rig, "hall")].view);
    CHECK_EQ(rig.home.version, rig.home.nodes[rig_node(&rig, "attic")].view);
    CHECK(rig.home.version > rig.home.nodes[rig_node(&rig, "shed")].view);
    CHECK_OK(rig_place(&rig, "light", 2, "hall", "", false));
    CHECK_EQ(rig.home.version, rig.home.nodes[rig_node(&rig, "shed")].view);
    CHECK_OK(rig_pin(&rig, "light", "well"));
    CHECK_EQ(well, rig.home.nodes[rig_node(&rig, "well")].view);
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_LEASE, (struct tomte_name){0});
    c.lease_ms = 2000;
    CHECK_OK(rig_apply(&rig, &c));
    CHECK_EQ(rig.home.version, rig.home.nodes[rig_node(&rig, "well")].view);
}

TEST(view_decoder_is_strict)
{
    static uint8_t bytes[4096];
    struct tomte_span view;
    struct tomte_view v;
    begin();
    CHECK_OK(tomte_view_encode(&rig.home, rig_node(&rig, "attic"),
                               TOMTE_BUF_ARRAY(bytes), &view));
    for (size_t len = 0; len < view.len; len++)
        CHECK(tomte_view_open(TOMTE_SPAN(bytes, len), &v) != TOMTE_OK);
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_view_encode(&rig.home, rig_node(&rig, "attic"),
                               TOMTE_BUF(bytes, view.len - 1), &view));
    CHECK_OK(tomte_view_encode(&rig.home, rig_node(&rig, "attic"),
                               TOMTE_BUF_ARRAY(bytes), &view));
    bytes[2] = 1;
    CHECK_EQ(TOMTE_ERR_VERSION, tomte_view_open(view, &v));
    bytes[2] = 2;
    bytes[view.len] = 0;
    CHECK_EQ(TOMTE_ERR_TRAILING,
             tomte_view_open(TOMTE_SPAN(bytes, view.len + 1), &v));
}
