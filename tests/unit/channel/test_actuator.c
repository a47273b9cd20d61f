/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/actuator.h"
#include "help.h"

#define TIMEOUT_MS 60000

static struct tomte_value value(const char *text)
{
    struct tomte_value v = {.len = 0};
    CHECK_OK(tomte_value_set(&v, 112, tomte_span_str(text)));
    return v;
}

static void store(struct tomte_actuator *a, uint64_t now_ms)
{
    uint8_t bytes[TOMTE_ACTUATOR_BYTES_MAX];
    struct tomte_span encoded;
    CHECK_OK(
        tomte_actuator_encode(a, now_ms, TOMTE_BUF_ARRAY(bytes), &encoded));
    tomte_actuator_stored(a, now_ms);
}

static void view(struct tomte_actuator *a, const char *who, uint64_t epoch)
{
    struct tomte_fence grant = {name(who), epoch};
    CHECK_OK(tomte_actuator_view(a, &grant, 1));
}

static struct tomte_actuator fresh(void)
{
    struct tomte_actuator a;
    struct tomte_actuator_config config = {
        .safe = value("off"), .timeout_ms = TIMEOUT_MS, .boot = 2};
    tomte_actuator_init(&a, &config);
    view(&a, "heating", 8);
    store(&a, 0);
    return a;
}

static struct tomte_write_report write(struct tomte_actuator *a, uint64_t epoch,
                                       uint64_t sequence, const char *text,
                                       uint64_t now_ms)
{
    struct tomte_origin o = origin("heating", epoch, 1, sequence);
    struct tomte_value v = value(text);
    return tomte_actuator_write(a, &o, &v, now_ms);
}

static void check_drive(struct tomte_actuator *a,
                        enum tomte_drive_source source, const char *text)
{
    struct tomte_drive d;
    CHECK(tomte_actuator_poll(a, &d));
    CHECK_EQ(source, d.source);
    CHECK_BYTES(tomte_span_str(text), tomte_value_span(&d.value));
    CHECK(!tomte_actuator_poll(a, &d));
}

static void check_no_drive(struct tomte_actuator *a)
{
    struct tomte_drive d;
    CHECK(!tomte_actuator_poll(a, &d));
}

TEST(actuator_write_verdicts)
{
    const uint64_t boot = (uint64_t)2 << 40;
    const struct {
        const char *who;
        uint64_t epoch, sequence, not_after;
        enum tomte_write_verdict verdict;
        uint64_t held;
    } steps[] = {
        {"cooling", 8, 1, 0, TOMTE_WRITE_DENIED, 0},
        {"heating", 7, 9, 0, TOMTE_WRITE_FENCED, 8},
        {"heating", 9, 1, 0, TOMTE_WRITE_UNKNOWN_EPOCH, 8},
        {"heating", 8, 5, 0, TOMTE_WRITE_ACCEPTED, 8},
        {"heating", 8, 5, 0, TOMTE_WRITE_ACCEPTED, 8},
        {"heating", 8, 4, 0, TOMTE_WRITE_STALE, 8},
        {"heating", 8, 6, boot + 999, TOMTE_WRITE_EXPIRED, 8},
        {"heating", 8, 6, boot + 1000, TOMTE_WRITE_ACCEPTED, 8},
        {"heating", 8, 7, TOMTE_NOT_AFTER_PROBE, TOMTE_WRITE_EXPIRED, 8},
        {"heating", 8, 7, 999999, TOMTE_WRITE_EXPIRED, 8}, /* earlier boot */
        {"heating", 7, 9, 1, TOMTE_WRITE_FENCED, 8}, /* fence before time */
    };
    struct tomte_actuator a = fresh();
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct tomte_origin o =
            origin(steps[i].who, steps[i].epoch, 1, steps[i].sequence);
        o.not_after = steps[i].not_after;
        struct tomte_value v = value("on");
        struct tomte_write_report r = tomte_actuator_write(&a, &o, &v, 1000);
        CHECK_EQ(steps[i].verdict, r.verdict);
        CHECK_EQ(steps[i].held, r.held);
        CHECK_EQ(steps[i].epoch, r.epoch);
        CHECK_EQ(boot + 1000, r.tick);
    }
}

TEST(actuator_is_safe_at_boot_and_after_the_timeout)
{
    struct tomte_actuator a = fresh();
    check_drive(&a, TOMTE_DRIVE_SAFE, "off");
    CHECK_EQ(UINT64_MAX, tomte_actuator_deadline(&a));
    write(&a, 8, 1, "21.5", 1000);
    check_drive(&a, TOMTE_DRIVE_CONTAINER, "21.5");
    CHECK_EQ(1000 + TIMEOUT_MS, tomte_actuator_deadline(&a));
    write(&a, 8, 2, "21.5", 2000); /* renewed: nothing new to drive */
    check_no_drive(&a);
    tomte_actuator_step(&a, 2000 + TIMEOUT_MS - 1);
    check_no_drive(&a);
    tomte_actuator_step(&a, 2000 + TIMEOUT_MS);
    check_drive(&a, TOMTE_DRIVE_SAFE, "off");
    CHECK_EQ(3, a.revision);
}

TEST(actuator_is_not_renewed_by_a_repetition)
{
    struct tomte_actuator a = fresh();
    write(&a, 8, 1, "on", 1000);
    write(&a, 8, 1, "on", 50000);
    CHECK_EQ(1000 + TIMEOUT_MS, tomte_actuator_deadline(&a));
}

TEST(actuator_without_timeout_holds)
{
    struct tomte_actuator a = fresh();
    a.config.timeout_ms = 0;
    write(&a, 8, 1, "on", 0);
    check_drive(&a, TOMTE_DRIVE_CONTAINER, "on");
    CHECK_EQ(UINT64_MAX, tomte_actuator_deadline(&a));
    tomte_actuator_step(&a, UINT64_MAX / 2);
    check_no_drive(&a);
}

TEST(actuator_fence_counts_only_when_stored)
{
    struct tomte_actuator a = fresh();
    view(&a, "heating", 9);
    CHECK(tomte_actuator_unstored(&a));
    CHECK_EQ(TOMTE_WRITE_ACCEPTED, write(&a, 8, 1, "on", 0).verdict);
    CHECK_EQ(TOMTE_WRITE_UNKNOWN_EPOCH, write(&a, 9, 1, "on", 0).verdict);
    EXPECT_PANIC(tomte_actuator_stored(&a, 0)); /* was not encoded */
    store(&a, 0);
    CHECK(!tomte_actuator_unstored(&a));
    CHECK_EQ(TOMTE_WRITE_FENCED, write(&a, 8, 2, "on", 0).verdict);
    CHECK_EQ(TOMTE_WRITE_ACCEPTED, write(&a, 9, 1, "on", 0).verdict);
}

TEST(actuator_fence_never_goes_down)
{
    struct tomte_actuator a = fresh();
    view(&a, "heating", 7);
    CHECK(!tomte_actuator_unstored(&a));
    CHECK_EQ(TOMTE_WRITE_FENCED, write(&a, 7, 1, "on", 0).verdict);
}

TEST(actuator_sequences_begin_again_in_a_new_epoch)
{
    struct tomte_actuator a = fresh();
    CHECK_EQ(TOMTE_WRITE_ACCEPTED, write(&a, 8, 900, "on", 0).verdict);
    view(&a, "heating", 9);
    store(&a, 0);
    CHECK_EQ(TOMTE_WRITE_ACCEPTED, write(&a, 9, 1, "on", 0).verdict);
    CHECK_EQ(TOMTE_WRITE_ACCEPTED, write(&a, 9, 2, "on", 0).verdict);
    /* Another grant beside it does not lose what this one has reached. */
    struct tomte_fence both[] = {{name("heating"), 9}, {name("arbiter"), 1}};
    CHECK_OK(tomte_actuator_view(&a, both, 2));
    store(&a, 0);
    CHECK_EQ(TOMTE_WRITE_STALE, write(&a, 9, 1, "on", 0).verdict);
}

TEST(actuator_grants_are_bounded_and_differ)
{
    struct tomte_actuator a = fresh();
    struct tomte_fence g[] = {{name("a"), 1},
                              {name("b"), 1},
                              {name("c"), 1},
                              {name("d"), 1},
                              {name("e"), 1}};
    CHECK_EQ(TOMTE_ERR_FULL, tomte_actuator_view(&a, g, 5));
    g[2] = g[0];
    CHECK_EQ(TOMTE_ERR_DUPLICATE, tomte_actuator_view(&a, g, 4));
    CHECK(!tomte_actuator_unstored(&a));
    CHECK_OK(tomte_actuator_view(&a, NULL, 0));
    store(&a, 0);
    CHECK_EQ(TOMTE_WRITE_DENIED, write(&a, 8, 1, "on", 0).verdict);
}

TEST(actuator_override_is_driven_once_stored_until_it_ends)
{
    struct tomte_actuator a = fresh();
    struct tomte_value high = value("high");
    write(&a, 8, 1, "low", 0);
    check_drive(&a, TOMTE_DRIVE_CONTAINER, "low");
    CHECK_OK(tomte_actuator_override(&a, &high, 0, 1000));
    check_no_drive(&a);
    store(&a, 1000);
    check_drive(&a, TOMTE_DRIVE_PERSON, "high");
    CHECK_EQ(TOMTE_OVERRIDE_MS, tomte_actuator_override_left_ms(&a, 1000));

    CHECK_EQ(TOMTE_WRITE_OVERRIDDEN, write(&a, 8, 2, "mid", 2000).verdict);
    check_no_drive(&a);
    tomte_actuator_release(&a);
    CHECK(tomte_actuator_unstored(&a)); /* else a restart revives it */
    check_drive(&a, TOMTE_DRIVE_CONTAINER, "mid");

    CHECK_OK(tomte_actuator_override(&a, &high, 90000, 3000));
    store(&a, 3000);
    check_drive(&a, TOMTE_DRIVE_PERSON, "high");
    tomte_actuator_step(&a, 92999);
    check_no_drive(&a);
    tomte_actuator_step(&a, 93000);
    check_drive(&a, TOMTE_DRIVE_SAFE, "off"); /* "mid" ran out meanwhile */
    CHECK_EQ(TOMTE_ERR_RANGE,
             tomte_actuator_override(&a, &high, TOMTE_OVERRIDE_MS_MAX + 1, 0));
}

TEST(actuator_restart_keeps_fences_and_override_only)
{
    uint8_t bytes[TOMTE_ACTUATOR_BYTES_MAX];
    struct tomte_span encoded;
    struct tomte_actuator a = fresh();
    struct tomte_value high = value("high");
    write(&a, 8, 1, "low", 0);
    CHECK_OK(tomte_actuator_override(&a, &high, 100000, 1000));
    CHECK_OK(tomte_actuator_encode(&a, 1000, TOMTE_BUF_ARRAY(bytes), &encoded));
    tomte_actuator_stored(&a, 1000);

    struct tomte_actuator back;
    tomte_actuator_init(&back, &a.config);
    CHECK_OK(tomte_actuator_decode(&back, encoded, 5));
    CHECK(!tomte_actuator_unstored(&back));
    check_drive(&back, TOMTE_DRIVE_PERSON, "high");
    CHECK_EQ(TOMTE_WRITE_FENCED, write(&back, 7, 1, "on", 5).verdict);
    CHECK_EQ(TOMTE_WRITE_OVERRIDDEN, write(&back, 8, 1, "on", 5).verdict);
    tomte_actuator_step(&back, 100004);
    check_no_drive(&back);
    tomte_actuator_step(&back, 100005);
    check_drive(&back, TOMTE_DRIVE_SAFE, "off");
}

TEST(actuator_stores_the_rest_of_an_override_now_and_then)
{
    struct tomte_actuator a = fresh();
    struct tomte_value high = value("high");
    CHECK_OK(tomte_actuator_override(&a, &high, 0, 0));
    store(&a, 0);
    CHECK_EQ(TOMTE_OVERRIDE_STORE_MS, tomte_actuator_deadline(&a));
    tomte_actuator_step(&a, TOMTE_OVERRIDE_STORE_MS);
    CHECK(tomte_actuator_unstored(&a));
    check_drive(&a, TOMTE_DRIVE_PERSON, "high"); /* meanwhile it goes on */
    store(&a, TOMTE_OVERRIDE_STORE_MS + 10);
    CHECK_EQ(2 * TOMTE_OVERRIDE_STORE_MS + 10, tomte_actuator_deadline(&a));
}

TEST(actuator_bytes_are_those_of_the_specification_and_fit)
{
    uint8_t bytes[TOMTE_ACTUATOR_BYTES_MAX], expected[64];
    struct tomte_span encoded;
    struct tomte_actuator a = fresh();
    struct tomte_value high = value("high");
    CHECK_OK(tomte_actuator_override(&a, &high, 1000, 0));
    CHECK_OK(tomte_actuator_encode(&a, 0, TOMTE_BUF_ARRAY(bytes), &encoded));
    CHECK_BYTES(test_hex("83 01 81 82 67 68656174696e67 08"
                         "83 1870 4468696768 1903e8",
                         TOMTE_BUF_ARRAY(expected)),
                encoded);

    struct tomte_fence g[TOMTE_ACTUATOR_GRANTS_MAX];
    for (size_t i = 0; i < TOMTE_ACTUATOR_GRANTS_MAX; i++) {
        g[i] = (struct tomte_fence){name("a123456789012345678901234567890"),
                                    TOMTE_SEQUENCE_MAX};
        g[i].identity.text[30] = (char)('a' + (char)i);
    }
    CHECK_OK(tomte_actuator_view(&a, g, TOMTE_ACTUATOR_GRANTS_MAX));
    struct tomte_value large = {.format = UINT16_MAX,
                                .len = TOMTE_VALUE_BYTES_MAX};
    CHECK_OK(tomte_actuator_override(&a, &large, TOMTE_OVERRIDE_MS_MAX, 0));
    CHECK_OK(tomte_actuator_encode(&a, 0, TOMTE_BUF_ARRAY(bytes), &encoded));
    CHECK(encoded.len > TOMTE_ACTUATOR_BYTES_MAX - 8);
}

TEST(actuator_refuses_other_bytes_and_then_everyone)
{
    static const struct {
        const char *hex;
        enum tomte_err err;
    } cases[] = {
        {"83 01 80 f6", TOMTE_OK},
        {"83 01 81 82 6161 05 83 00 40 01", TOMTE_OK},
        {"83 02 80 f6", TOMTE_ERR_VERSION},
        {"83 01 81 82 6161 05 83 00 40 00", TOMTE_ERR_RANGE},
        {"83 01 81 82 6161 05 83 00 40 1a240c8401", TOMTE_ERR_RANGE},
        {"83 01 82 82 6161 05 82 6161 05 f6", TOMTE_ERR_DUPLICATE},
        {"83 01 82 82 6162 05 82 6161 05 f6", TOMTE_ERR_NOT_CANONICAL},
        {"83 01 85", TOMTE_ERR_TRUNCATED},
        {"83 01 81 82 6161 05 f6 00", TOMTE_ERR_TRAILING},
        {"83 01 81 82 6161 05 f7", TOMTE_ERR_TYPE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[64];
        struct tomte_actuator a = fresh();
        struct tomte_actuator_config config = a.config;
        tomte_actuator_init(&a, &config);
        struct tomte_span in = test_hex(cases[i].hex, TOMTE_BUF_ARRAY(bytes));
        CHECK_EQ(cases[i].err, tomte_actuator_decode(&a, in, 0));
        CHECK(cases[i].err == TOMTE_OK || (a.fences.len == 0 && !a.override));
    }
}

TEST(actuator_reports_read_well)
{
    static const struct {
        enum tomte_write_verdict verdict;
        const char *text;
        unsigned code;
    } cases[] = {
        {TOMTE_WRITE_ACCEPTED, "heater accepted epoch 7",
         TOMTE_COAP_CODE(2, 4)},
        {TOMTE_WRITE_OVERRIDDEN,
         "heater accepted epoch 7, a person's value is driven",
         TOMTE_COAP_CODE(2, 4)},
        {TOMTE_WRITE_DENIED, "heater refused heating, not granted",
         TOMTE_COAP_CODE(4, 3)},
        {TOMTE_WRITE_FENCED, "heater refused epoch 7, holds 8",
         TOMTE_COAP_CODE(4, 12)},
        {TOMTE_WRITE_UNKNOWN_EPOCH, "heater refused epoch 7, knows only 8",
         TOMTE_COAP_CODE(5, 3)},
        {TOMTE_WRITE_EXPIRED, "heater refused epoch 7, past its lease",
         TOMTE_COAP_CODE(5, 4)},
        {TOMTE_WRITE_STALE, "heater refused epoch 7, older than one accepted",
         TOMTE_COAP_CODE(4, 9)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tomte_write_report r = {.verdict = cases[i].verdict,
                                       .identity = name("heating"),
                                       .epoch = 7,
                                       .held = 8};
        char memory[80];
        struct tomte_text text;
        tomte_text_init(&text, memory, sizeof memory);
        tomte_write_report_text(&text, TOMTE_SPAN_LIT("heater"), &r);
        CHECK_BYTES(tomte_span_str(cases[i].text), tomte_span_str(memory));
        CHECK_EQ(cases[i].code, tomte_err_coap_code(
                                    tomte_write_verdict_err(cases[i].verdict)));
    }
}
