/* SPDX-License-Identifier: Apache-2.0 */
/* Commands and offers as bytes. */
#include "rig.h"

static struct tomte_span encode(const struct tomte_command *c)
{
    static uint8_t bytes[TOMTE_COMMAND_BYTES_MAX];
    struct tomte_span out;
    CHECK_OK(tomte_command_encode(c, TOMTE_BUF_ARRAY(bytes), &out));
    return out;
}

TEST(command_bytes_are_those_of_the_specification)
{
    struct tomte_command c;
    uint8_t expected[64];
    tomte_command_init(&c, TOMTE_COMMAND_PLACE, rig_name("fan"));
    c.epoch = 8;
    c.node = rig_name("hall");
    c.nodes_len = 1;
    c.nodes[0] = rig_name("attic");
    CHECK_BYTES(test_hex("86 11 6366616e 08 6468616c6c 81 656174746963 f4",
                         TOMTE_BUF_ARRAY(expected)),
                encode(&c));
    tomte_command_init(&c, TOMTE_COMMAND_LEASE, (struct tomte_name){0});
    c.lease_ms = 1500;
    CHECK_BYTES(test_hex("82 09 1905dc", TOMTE_BUF_ARRAY(expected)),
                encode(&c));
    tomte_command_init(&c, TOMTE_COMMAND_NODE, rig_name("hall"));
    c.has_keeper = c.keeper = true;
    CHECK_BYTES(
        test_hex("83 01 6468616c6c a1 01 f5", TOMTE_BUF_ARRAY(expected)),
        encode(&c));
}

TEST(command_decoder_is_strict)
{
    static const struct {
        const char *hex;
        enum tomte_err err;
    } table[] = {
        {"", TOMTE_ERR_TRUNCATED},
        {"80", TOMTE_ERR_MISSING},
        {"82 00 6161", TOMTE_ERR_RANGE},
        {"82 0a 6161", TOMTE_ERR_UNKNOWN},
        {"82 18 20 6161", TOMTE_ERR_UNKNOWN},
        {"81 02", TOMTE_ERR_MISSING},
        {"82 02 60", TOMTE_ERR_MISSING},     /* an empty name */
        {"82 02 6141", TOMTE_ERR_MALFORMED}, /* 'A' is not in names */
        {"83 02 6161 00", TOMTE_ERR_TRAILING},
        {"82 02 6161 00", TOMTE_ERR_TRAILING},
        {"82 1802 6161", TOMTE_ERR_NOT_CANONICAL},
        {"83 01 6161 a1 05 00", TOMTE_ERR_UNKNOWN},
        {"83 01 6161 a1 00 4100", TOMTE_ERR_RANGE}, /* address of 1 byte */
        {"83 01 6161 a1 04 4100", TOMTE_ERR_RANGE}, /* key of 1 byte */
        /* a standby twice; six standbys */
        {"84 14 6161 01 82 6162 6162", TOMTE_ERR_DUPLICATE},
        {"84 14 6161 01 86 6162 6163 6164 6165 6166 6167", TOMTE_ERR_RANGE},
        /* a port bound twice; to a channel and to a place */
        {"83 10 6161 82 82 6162 622f61 82 6162 622f62", TOMTE_ERR_DUPLICATE},
    };
    for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
        uint8_t bytes[64];
        struct tomte_command c;
        struct tomte_home_report report = {0};
        struct tomte_span in = test_hex(table[i].hex, TOMTE_BUF_ARRAY(bytes));
        CHECK_EQ(table[i].err, tomte_command_decode(in, &c, &report));
        CHECK_EQ(table[i].err, report.err);
        CHECK(strncmp(report.text, "command ", 8) == 0);
    }
}

TEST(command_says_who_may_give_it)
{
    for (unsigned op = 0; op < 32; op++)
        CHECK_EQ(op >= 1 && op <= 9, tomte_command_is_desire(op));
    CHECK(strcmp("node remove", tomte_command_op_name(2)) == 0);
    CHECK(strcmp("?", tomte_command_op_name(31)) == 0);
}

TEST(offer_goes_round)
{
    static const char *const resources[] = {
        "/hall/button/press press event bell -",
        "/hall/lamp/power power actuator lamp hall", NULL};
    uint8_t bytes[512];
    struct tomte_span offer =
        rig_offer("hall", 4, 512, resources, TOMTE_BUF_ARRAY(bytes));
    struct tomte_offer o;
    struct tomte_offer_iter it;
    struct tomte_resource r;
    CHECK_OK(tomte_offer_decode(offer, &o));
    CHECK_EQ(4, o.containers);
    CHECK_EQ(512, o.memory_kib);
    CHECK_EQ(2, o.resources_len);
    tomte_offer_iter_init(&it, &o);
    for (unsigned i = 0; i < 2; i++) {
        struct tomte_resource expected = rig_resource(resources[i]);
        CHECK(tomte_offer_next(&it, &r));
        CHECK(tomte_channel_name_equal(&expected.channel, &r.channel));
        CHECK(tomte_name_equal(&expected.role, &r.role));
        CHECK(tomte_name_equal(&expected.place, &r.place));
        CHECK_EQ(expected.kind, r.kind);
        CHECK_EQ(expected.actuator, r.actuator);
    }
    CHECK(!tomte_offer_next(&it, &r));
    CHECK(tomte_offer_crc(offer) != 0);
}

TEST(offer_needs_order_and_no_event_actuator)
{
    struct tomte_resource r[2] = {rig_resource("/b t state - -"),
                                  rig_resource("/a t state - -")};
    struct tomte_offer o = {.resources_len = 2};
    struct tomte_span bytes;
    uint8_t out[256];
    CHECK_EQ(TOMTE_ERR_NOT_CANONICAL,
             tomte_offer_encode(&o, r, TOMTE_BUF_ARRAY(out), &bytes));
    r[1] = r[0];
    CHECK_EQ(TOMTE_ERR_DUPLICATE,
             tomte_offer_encode(&o, r, TOMTE_BUF_ARRAY(out), &bytes));
    o.resources_len = 1;
    CHECK_OK(tomte_offer_encode(&o, r, TOMTE_BUF_ARRAY(out), &bytes));
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_offer_encode(&o, r, TOMTE_BUF(out, bytes.len - 1), &bytes));
    r[0].actuator = true;
    r[0].kind = TOMTE_PORT_EVENT;
    CHECK_EQ(TOMTE_ERR_INVALID,
             tomte_offer_encode(&o, r, TOMTE_BUF_ARRAY(out), &bytes));
}

TEST(offer_says_power_and_distance_only_when_there_is_something_to_say)
{
    uint8_t out[64];
    struct tomte_span bytes;
    struct tomte_offer o = {.containers = 1}, back;
    CHECK_OK(tomte_offer_encode(&o, NULL, TOMTE_BUF_ARRAY(out), &bytes));
    CHECK_EQ(7, bytes.len);
    o.fuel_per_second = 1000;
    o.flash_kib = 256;
    o.hops = 2;
    o.battery = true;
    CHECK_OK(tomte_offer_encode(&o, NULL, TOMTE_BUF_ARRAY(out), &bytes));
    CHECK_OK(tomte_offer_decode(bytes, &back));
    CHECK_EQ(1000, back.fuel_per_second);
    CHECK_EQ(256, back.flash_kib);
    CHECK_EQ(2, back.hops);
    CHECK(back.battery);
    static const char *const other_forms[] = {"a4 01 01 02 00 03 80 06 00",
                                              "a4 01 01 02 00 03 80 07 f4"};
    for (unsigned i = 0; i < 2; i++)
        CHECK(tomte_offer_decode(test_hex(other_forms[i], TOMTE_BUF_ARRAY(out)),
                                 &back) != TOMTE_OK);
}

TEST(offer_of_the_largest_size_fits_its_bound)
{
    static uint8_t out[TOMTE_OFFER_BYTES_MAX];
    static struct tomte_resource r[TOMTE_LIMIT_RESOURCES];
    struct tomte_name longest;
    memset(longest.text, 'x', TOMTE_NAME_MAX);
    longest.len = TOMTE_NAME_MAX;
    struct tomte_offer o = {.place = longest,
                            .containers = UINT16_MAX,
                            .memory_kib = UINT32_MAX,
                            .fuel_per_second = UINT32_MAX,
                            .flash_kib = UINT32_MAX,
                            .hops = UINT8_MAX,
                            .battery = true,
                            .resources_len = TOMTE_LIMIT_RESOURCES};
    for (unsigned i = 0; i < TOMTE_LIMIT_RESOURCES; i++) {
        r[i].type = r[i].role = r[i].place = longest;
        r[i].actuator = true;
        memset(r[i].channel.text, 'y', TOMTE_CHANNEL_MAX);
        r[i].channel.len = TOMTE_CHANNEL_MAX;
        r[i].channel.text[0] = r[i].channel.text[31] = '/';
        r[i].channel.text[1] = (char)('a' + i / 26);
        r[i].channel.text[2] = (char)('a' + i % 26);
    }
    struct tomte_span bytes;
    CHECK_OK(tomte_offer_encode(&o, r, TOMTE_BUF_ARRAY(out), &bytes));
}
