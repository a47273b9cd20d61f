/* SPDX-License-Identifier: Apache-2.0 */
/* Commands applied: what is refused and why, and what the others change. */
#include "rig.h"

static struct rig rig;

static const char *const hall_offer[] = {
    "/hall/lamp/power power actuator lamp hall",
    "/hall/motion/seen motion event motion hall", NULL};
static const char *const attic_offer[] = {
    "/attic/lamp/power power actuator lamp attic",
    "/attic/sensor/temp temperature state thermometer attic", NULL};

/* Two nodes and the container `light`, which is bound by roles. */
static void begin(void)
{
    rig_init(&rig, rig_limits(4, 4));
    CHECK_OK(rig_add_node(&rig, "hall", true, "hall", 4, hall_offer));
    CHECK_OK(rig_add_node(&rig, "attic", false, "attic", 4, attic_offer));
    struct tomte_manifest m = rig_manifest("light");
    m.standbys = 1;
    rig_port(&m, "lamp out state power lamp -");
    rig_port(&m, "seen in event motion motion -");
    CHECK_OK(rig_deploy(&rig, "light", 1, &m, NULL));
}

static bool says(const char *part)
{
    return strstr(rig.report.text, part) != NULL;
}

TEST(home_is_empty_after_init)
{
    rig_init(&rig, rig_limits(4, 4));
    CHECK_EQ(0, rig.home.version);
    CHECK_EQ(TOMTE_LEASE_MS_DEFAULT, rig.home.lease_ms);
    rig_check_snapshot(&rig);
    struct tomte_arena small;
    uint8_t memory[256];
    struct tomte_home home;
    tomte_arena_init(&small, memory, sizeof(memory));
    CHECK_EQ(TOMTE_ERR_NO_MEMORY,
             tomte_home_init(&home, &small, rig_limits(4, 4)));
}

TEST(home_refuses_garbage_and_says_where)
{
    begin();
    struct tomte_home_report report;
    CHECK_EQ(
        TOMTE_ERR_TYPE,
        tomte_home_apply(&rig.home, TOMTE_SPAN_LIT("\x82\x02\x05"), &report));
    CHECK(strcmp("command node remove, byte 2: a value of another type was "
                 "expected",
                 report.text) == 0);
    CHECK_EQ(TOMTE_ERR_TYPE,
             tomte_home_apply(&rig.home, TOMTE_SPAN_LIT("\x82\x02\x05"), NULL));
}

TEST(node_keeps_what_a_command_does_not_give)
{
    begin();
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_NODE, rig_name("attic"));
    c.has_keeper = c.keeper = true;
    uint64_t crc = rig.home.nodes[rig_node(&rig, "attic")].offer_crc;
    CHECK_OK(rig_apply(&rig, &c));
    const struct tomte_home_node *n = &rig.home.nodes[rig_node(&rig, "attic")];
    CHECK(n->keeper);
    CHECK_EQ(crc, n->offer_crc);
    CHECK_EQ(2, n->resources);
    CHECK(n->addr.port != 0);
    CHECK_EQ(2, tomte_home_keepers(&rig.home));
}

static enum tomte_err give_key(const char *node, uint8_t key)
{
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_NODE, rig_name(node));
    c.has_key = true;
    memset(c.key, key, sizeof c.key);
    return rig_apply(&rig, &c);
}

TEST(key_is_of_one_node_and_goes_with_it)
{
    begin();
    uint8_t seven[TOMTE_HOME_KEY_BYTES];
    memset(seven, 7, sizeof seven);
    CHECK_OK(give_key("attic", 7));
    CHECK_OK(give_key("attic", 7));
    CHECK_EQ(TOMTE_ERR_EXISTS, give_key("hall", 7));
    struct tomte_home_node *n = &rig.home.nodes[rig_node(&rig, "attic")];
    CHECK(n->has_key && memcmp(n->key, seven, sizeof seven) == 0);
    CHECK_OK(give_key("attic", 8));
    CHECK_OK(give_key("hall", 7)); /* it is free */
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_NODE_REMOVE, rig_name("attic"));
    uint16_t attic = rig_node(&rig, "attic");
    CHECK_OK(rig_apply(&rig, &c));
    CHECK(!rig.home.nodes[attic].has_key);
}

TEST(node_cannot_offer_what_another_offers)
{
    static const char *const same[] = {
        "/attic/sensor/temp temperature state - -", NULL};
    begin();
    CHECK_EQ(TOMTE_ERR_EXISTS, rig_add_node(&rig, "shed", false, "-", 4, same));
    CHECK(says("/attic/sensor/temp of node shed is offered already, by node "
               "attic"));
    /* its own it may offer again, changed */
    CHECK_OK(rig_add_node(&rig, "attic", false, "attic", 4, same));
    struct tomte_channel_name lamp = rig_channel("/attic/lamp/power");
    CHECK_EQ(NONE, tomte_home_find_resource(&rig.home, &lamp));
    rig_check_snapshot(&rig);
}

TEST(node_cannot_offer_a_sensor_that_a_container_writes)
{
    static const char *const sensor[] = {"/x/y/z power state - -", NULL};
    static const char *const actuator[] = {"/x/y/z power actuator - -", NULL};
    begin();
    struct tomte_manifest m = rig_manifest("calc");
    rig_port(&m, "out out state power - /x/y/z");
    CHECK_OK(rig_deploy(&rig, "calc", 2, &m, NULL));
    CHECK_EQ(TOMTE_ERR_EXISTS,
             rig_add_node(&rig, "shed", false, "-", 4, sensor));
    CHECK(says("/x/y/z of node shed is written by container calc"));
    CHECK_OK(rig_add_node(&rig, "shed", false, "-", 4, actuator));
}

TEST(keepers_are_bounded_and_never_none)
{
    begin();
    CHECK_EQ(TOMTE_ERR_STATE,
             rig_simple(&rig, TOMTE_COMMAND_NODE_REMOVE, "hall"));
    CHECK(says("hall is the only keeper"));
    CHECK_EQ(TOMTE_ERR_STATE,
             rig_add_node(&rig, "hall", false, "hall", 4, hall_offer));
    rig_init(&rig, rig_limits(8, 4));
    for (unsigned i = 0; i < 7; i++) {
        char name[] = {'n', (char)('a' + i), 0};
        CHECK_OK(rig_add_node(&rig, name, true, "-", 1, NULL));
    }
    CHECK_EQ(TOMTE_ERR_FULL, rig_add_node(&rig, "nh", true, "-", 1, NULL));
}

TEST(tables_are_bounded)
{
    static const char *const five[] = {
        "/n/a/a t state - -", "/n/a/b t state - -", "/n/a/c t state - -",
        "/n/a/d t state - -", "/n/a/e t state - -", NULL};
    struct tomte_manifest m = rig_manifest("c");
    rig_init(&rig, (struct tomte_home_limits){1, 4, 1, 1});
    CHECK_EQ(TOMTE_ERR_FULL, rig_add_node(&rig, "a", true, "-", 1, five));
    CHECK_OK(rig_add_node(&rig, "a", true, "-", 1, five + 1));
    CHECK_OK(rig_add_node(&rig, "a", true, "-", 1, five + 2));
    CHECK_EQ(TOMTE_ERR_FULL, rig_add_node(&rig, "b", false, "-", 1, NULL));
    rig_port(&m, "x out state t - -");
    CHECK_OK(rig_deploy(&rig, "c", 1, &m, NULL));
    CHECK_EQ(TOMTE_ERR_FULL, rig_deploy(&rig, "d", 1, &m, NULL));
    rig_port(&m, "y out state t - -");
    CHECK_EQ(TOMTE_ERR_FULL, rig_deploy(&rig, "c", 2, &m, NULL));
    CHECK_OK(rig_simple(&rig, TOMTE_COMMAND_CONTAINER_REMOVE, "c"));
    rig_check_snapshot(&rig);
}

TEST(port_gets_its_channel_in_the_documented_order)
{
    static const char *const binds[] = {"a /by/bind -", "b - attic", NULL};
    begin();
    struct tomte_manifest m = rig_manifest("all");
    rig_port(&m, "a in state temperature thermometer /by/default");
    rig_port(&m, "b in state temperature thermometer /by/default");
    rig_port(&m, "c in state temperature - /by/default");
    rig_port(&m, "d out state number - -");
    CHECK_OK(rig_deploy(&rig, "all", 2, &m, binds));
    static const char *const expected[] = {"/by/bind", "", "/by/default",
                                           "/all/d"};
    uint16_t at = rig.home.containers[rig_container(&rig, "all")].port;
    for (unsigned i = 0; i < 4; i++, at = rig.home.ports[at].next)
        CHECK_BYTES(tomte_span_str(expected[i]),
                    tomte_channel_name_span(&rig.home.ports[at].channel));
    CHECK_EQ(NONE, at);
}

TEST(container_refusals_name_the_port)
{
    static const char *const unknown[] = {"x /a/b -", NULL};
    static const char *const place[] = {"c - attic", NULL};
    begin();
    struct tomte_manifest m = rig_manifest("all");
    rig_port(&m, "c in state temperature - -");
    CHECK_EQ(TOMTE_ERR_MISSING, rig_deploy(&rig, "all", 2, &m, NULL));
    CHECK(says("port c of container all is bound to nothing"));
    CHECK_EQ(TOMTE_ERR_UNKNOWN, rig_deploy(&rig, "all", 2, &m, unknown));
    CHECK(says("container all has no port x"));
    CHECK_EQ(TOMTE_ERR_INVALID, rig_deploy(&rig, "all", 2, &m, place));
    CHECK(says("no role"));
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_CONTAINER, rig_name("all"));
    c.manifest = TOMTE_SPAN_LIT("\xa0");
    CHECK(rig_apply(&rig, &c) != TOMTE_OK);
    CHECK(says("manifest of container all, "));
}

TEST(channel_has_one_writer_and_both_are_named)
{
    static const char *const lamp[] = {"lamp /hall/lamp/power -", NULL};
    static const char *const sensor[] = {"lamp /attic/sensor/temp -", NULL};
    begin();
    CHECK_OK(rig_bind(&rig, "light", "lamp", "/hall/lamp/power"));
    struct tomte_manifest m = rig_manifest("other");
    rig_port(&m, "lamp out state power - -");
    CHECK_EQ(TOMTE_ERR_EXISTS, rig_deploy(&rig, "other", 2, &m, lamp));
    CHECK(says("/hall/lamp/power is written by container light, so container "
               "other cannot write it, too"));
    CHECK_EQ(TOMTE_ERR_EXISTS, rig_deploy(&rig, "other", 2, &m, sensor));
    CHECK(says("/attic/sensor/temp is a sensor of node attic, so container "
               "other cannot write it"));
    rig_port(&m, "lamp2 out state power - /other/lamp");
    CHECK_EQ(TOMTE_ERR_DUPLICATE, rig_deploy(&rig, "other", 2, &m, NULL));
    CHECK(says("ports lamp and lamp2 of container other both write "
               "/other/lamp"));
    /* the same by role: the binding is refused */
    m = rig_manifest("other");
    rig_port(&m, "lamp out state power lamp -");
    CHECK_OK(rig_deploy(&rig, "other", 2, &m, NULL));
    CHECK_EQ(TOMTE_ERR_EXISTS,
             rig_bind(&rig, "other", "lamp", "/hall/lamp/power"));
    CHECK_OK(rig_bind(&rig, "other", "lamp", "/attic/lamp/power"));
    rig_check_snapshot(&rig);
}

TEST(both_ends_of_a_channel_have_one_type)
{
    static const char *const temp[] = {"in /attic/sensor/temp -", NULL};
    begin();
    struct tomte_manifest m = rig_manifest("reader");
    rig_port(&m, "in in state humidity - /made/up");
    CHECK_EQ(TOMTE_ERR_TYPE, rig_deploy(&rig, "reader", 2, &m, temp));
    CHECK(says("port in of container reader wants state humidity, "
               "/attic/sensor/temp is state temperature"));
    CHECK_OK(rig_deploy(&rig, "reader", 2, &m, NULL));
    m = rig_manifest("writer");
    rig_port(&m, "out out event humidity - /made/up");
    CHECK_EQ(TOMTE_ERR_TYPE, rig_deploy(&rig, "writer", 3, &m, NULL));
    CHECK(says("port out of container writer wants event humidity, port in "
               "of container reader state humidity"));
}

TEST(event_channel_has_sixteen_consumers_at_most)
{
    rig_init(&rig, rig_limits(2, 20));
    struct tomte_manifest m = rig_manifest("c");
    rig_port(&m, "in in event press - /a/b");
    for (unsigned i = 0; i < TOMTE_HOME_PEERS_MAX; i++) {
        char name[] = {'c', (char)('a' + i), 0};
        CHECK_OK(rig_deploy(&rig, name, 1, &m, NULL));
    }
    CHECK_EQ(TOMTE_ERR_FULL, rig_deploy(&rig, "cz", 1, &m, NULL));
    CHECK_OK(rig_deploy(&rig, "ca", 2, &m, NULL)); /* is one of them */
    m.ports[0].kind = TOMTE_PORT_STATE;
    m.ports[0].channel = rig_channel("/a/c");
    CHECK_OK(rig_deploy(&rig, "cz", 1, &m, NULL));
    rig_check_snapshot(&rig);
}

TEST(bind_takes_only_what_fits)
{
    begin();
    CHECK_EQ(TOMTE_ERR_INVALID,
             rig_bind(&rig, "light", "lamp", "/attic/sensor/temp"));
    CHECK_EQ(TOMTE_ERR_INVALID, rig_bind(&rig, "light", "lamp", "/no/such"));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             rig_bind(&rig, "light", "x", "/hall/lamp/power"));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             rig_bind(&rig, "dark", "x", "/hall/lamp/power"));
    uint64_t changed = rig.home.containers[0].changed;
    CHECK_OK(rig_bind(&rig, "light", "seen", "/hall/motion/seen"));
    CHECK_EQ(changed, rig.home.containers[0].changed);
    CHECK_OK(rig_bind(&rig, "light", "lamp", "/hall/lamp/power"));
    CHECK_EQ(rig.home.version, rig.home.containers[0].changed);
}

TEST(deploying_the_same_again_changes_nothing)
{
    begin();
    CHECK_OK(rig_bind(&rig, "light", "lamp", "/hall/lamp/power"));
    struct tomte_home_container before = rig.home.containers[0];
    uint64_t view = rig.home.nodes[rig_node(&rig, "hall")].view;
    struct tomte_manifest m = rig_manifest("light");
    m.standbys = 1;
    rig_port(&m, "lamp out state power lamp -");
    rig_port(&m, "seen in event motion motion -");
    CHECK_OK(rig_deploy(&rig, "light", 1, &m, NULL));
    CHECK_EQ(0, memcmp(&before, &rig.home.containers[0], sizeof(before)));
    CHECK_EQ(view, rig.home.nodes[rig_node(&rig, "hall")].view);
    CHECK_OK(rig_deploy(&rig, "light", 2, &m, NULL));
    CHECK_EQ(rig.home.version, rig.home.containers[0].changed);
    /* the binding by role survives the update */
    CHECK_EQ(16, rig.home.ports[rig.home.containers[0].port].channel.len);
}

TEST(lease_has_bounds_and_the_longest_is_kept)
{
    begin();
    struct tomte_command c;
    tomte_command_init(&c, TOMTE_COMMAND_LEASE, (struct tomte_name){0});
    c.lease_ms = TOMTE_LEASE_MS_MIN - 1;
    CHECK_EQ(TOMTE_ERR_RANGE, rig_apply(&rig, &c));
    c.lease_ms = TOMTE_LEASE_MS_MAX + 1;
    CHECK_EQ(TOMTE_ERR_RANGE, rig_apply(&rig, &c));
    c.lease_ms = 5000;
    CHECK_OK(rig_apply(&rig, &c));
    c.lease_ms = 300;
    CHECK_OK(rig_apply(&rig, &c));
    CHECK_EQ(300, rig.home.lease_ms);
    CHECK_EQ(5000, rig.home.lease_longest_ms);
    rig_check_snapshot(&rig);
}
