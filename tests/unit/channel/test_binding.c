/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/binding.h"
#include "help.h"

static struct tomte_binding row(const char *channel, unsigned kind,
                                unsigned role, const char *identity,
                                uint64_t epoch)
{
    struct tomte_binding b = {.channel = channel_name(channel),
                              .kind = (uint8_t)kind,
                              .role = (uint8_t)role,
                              .epoch = epoch};
    if (identity[0])
        b.identity = name(identity);
    return b;
}

#define STATE    TOMTE_CHANNEL_STATE
#define EVENT    TOMTE_CHANNEL_EVENT
#define ACTUATOR TOMTE_CHANNEL_ACTUATOR
#define OWNER    TOMTE_BINDING_OWNER
#define PEER     TOMTE_BINDING_PEER

TEST(bindings_are_found_whatever_order_they_came_in)
{
    struct tomte_binding rows[] = {
        row("/room/heater", ACTUATOR, PEER, "heating", 8),
        row("/door/bell", EVENT, PEER, "lights", 2),
        row("/room/temp", STATE, OWNER, "", 0),
        row("/door/bell", EVENT, PEER, "chime", 5),
        row("/door/bell", EVENT, OWNER, "", 0),
        row("/room/heater", ACTUATOR, OWNER, "", 0),
        row("/door/bell", EVENT, PEER, "doorman", 1),
    };
    enum { N = sizeof rows / sizeof *rows };
    struct tomte_random random;
    tomte_random_init(&random, 1);
    for (int round = 0; round < 50; round++) {
        for (size_t i = N - 1; i > 0; i--) {
            size_t j = tomte_random_below(&random, i + 1);
            struct tomte_binding swap = rows[i];
            rows[i] = rows[j];
            rows[j] = swap;
        }
        struct tomte_binding memory[N];
        struct tomte_bindings t;
        tomte_bindings_init(&t, memory, N);
        CHECK_OK(tomte_bindings_set(&t, rows, N));

        struct tomte_channel_name bell = channel_name("/door/bell");
        size_t count;
        const struct tomte_binding *peers =
            tomte_bindings_peers(&t, &bell, &count);
        CHECK_EQ(3, count);
        CHECK_EQ(5, peers[0].epoch);
        CHECK_EQ(1, peers[1].epoch);
        CHECK_EQ(2, peers[2].epoch);
        CHECK_EQ(EVENT, tomte_bindings_owner(&t, &bell)->kind);

        struct tomte_channel_name heater = channel_name("/room/heater");
        struct tomte_name heating = name("heating"), chime = name("chime");
        CHECK_EQ(8, tomte_bindings_peer(&t, &heater, &heating)->epoch);
        CHECK(!tomte_bindings_peer(&t, &heater, &chime));

        struct tomte_channel_name temp = channel_name("/room/temp");
        CHECK(tomte_bindings_owner(&t, &temp));
        CHECK(!tomte_bindings_peers(&t, &temp, &count));
        CHECK_EQ(0, count);
        struct tomte_channel_name none = channel_name("/room/tem");
        CHECK(!tomte_bindings_owner(&t, &none));
        CHECK(!tomte_bindings_peers(&t, &none, &count));
        CHECK(!tomte_bindings_peer(&t, &none, &chime));
    }
}

TEST(bindings_that_contradict_themselves_bind_nothing)
{
    const struct {
        struct tomte_binding rows[2];
        enum tomte_err err;
    } cases[] = {
        {{row("/a", STATE, OWNER, "x", 1), row("/a", STATE, OWNER, "y", 1)},
         TOMTE_ERR_DUPLICATE},
        {{row("/a", STATE, OWNER, "x", 1), row("/a", STATE, OWNER, "x", 1)},
         TOMTE_ERR_DUPLICATE},
        {{row("/a", EVENT, PEER, "x", 1), row("/b", EVENT, OWNER, "y", 1)},
         TOMTE_ERR_INVALID},
        {{row("/a", EVENT, OWNER, "x", 1), row("/a", STATE, PEER, "y", 1)},
         TOMTE_ERR_INVALID},
        {{row("/a", EVENT, OWNER, "x", 1), row("/a", EVENT, 2, "y", 1)},
         TOMTE_ERR_INVALID},
        {{row("/a", EVENT, OWNER, "x", 1), row("/a", EVENT, PEER, "x", 1)},
         TOMTE_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tomte_binding memory[2];
        struct tomte_bindings t;
        tomte_bindings_init(&t, memory, 2);
        CHECK_EQ(cases[i].err, tomte_bindings_set(&t, cases[i].rows, 2));
        CHECK_EQ(cases[i].err == TOMTE_OK ? 2 : 0, t.len);
    }
}

TEST(bindings_are_replaced_as_a_whole_and_bounded)
{
    struct tomte_binding memory[1];
    struct tomte_bindings t;
    tomte_bindings_init(&t, memory, 1);
    struct tomte_binding rows[] = {row("/a", STATE, OWNER, "x", 1),
                                   row("/b", STATE, OWNER, "x", 1)};
    struct tomte_channel_name a = channel_name("/a"), b = channel_name("/b");
    CHECK_OK(tomte_bindings_set(&t, &rows[0], 1));
    CHECK(tomte_bindings_owner(&t, &a));
    CHECK_OK(tomte_bindings_set(&t, &rows[1], 1));
    CHECK(!tomte_bindings_owner(&t, &a));
    CHECK(tomte_bindings_owner(&t, &b));
    CHECK_EQ(TOMTE_ERR_FULL, tomte_bindings_set(&t, rows, 2));
    CHECK(!tomte_bindings_owner(&t, &b));
}

TEST(channel_kinds_have_names)
{
    CHECK_BYTES(TOMTE_SPAN_LIT("event"),
                tomte_span_str(tomte_channel_kind_name(TOMTE_CHANNEL_EVENT)));
    CHECK_BYTES(TOMTE_SPAN_LIT("?"),
                tomte_span_str(tomte_channel_kind_name(7)));
}
