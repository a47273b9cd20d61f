/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/state.h"
#include "help.h"

static uint8_t memory[TOMTE_LIMIT_MESSAGE_BYTES];

static enum tomte_state_verdict put(struct tomte_state *s, const char *who,
                                    uint64_t epoch, uint64_t sequence,
                                    const char *payload, uint64_t now_ms)
{
    struct tomte_state_put p = {.origin = origin(who, epoch, 1, sequence),
                                .format = 112,
                                .max_age_ms = 5000,
                                .payload = tomte_span_str(payload)};
    return tomte_state_put(s, &p, now_ms);
}

static void check_payload(const struct tomte_state *s, const char *expected)
{
    struct tomte_span payload;
    CHECK(tomte_state_get(s, &payload));
    CHECK_BYTES(tomte_span_str(expected), payload);
}

TEST(state_verdicts)
{
    struct tomte_name thermo = name("thermo");
    struct tomte_state s;
    tomte_state_init(&s, TOMTE_BUF_ARRAY(memory));
    tomte_state_bind(&s, &thermo, 3);
    static const struct {
        const char *who;
        uint64_t epoch, sequence;
        enum tomte_state_verdict verdict;
    } steps[] = {
        {"other", 3, 1, TOMTE_STATE_DENIED},
        {"thermo", 2, 9, TOMTE_STATE_STALE},
        {"thermo", 3, 5, TOMTE_STATE_TAKEN},
        {"thermo", 3, 5, TOMTE_STATE_SAME},
        {"thermo", 3, 4, TOMTE_STATE_STALE},
        {"thermo", 3, 9, TOMTE_STATE_TAKEN},
        {"thermo", 3, 6, TOMTE_STATE_STALE},
        {"thermo", 4, 1, TOMTE_STATE_TAKEN},
        {"thermo", 3, 99, TOMTE_STATE_STALE},
        {"thermo", 4, 1, TOMTE_STATE_SAME},
    };
    uint64_t revision = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        CHECK_EQ(steps[i].verdict, put(&s, steps[i].who, steps[i].epoch,
                                       steps[i].sequence, "x", 0));
        revision += steps[i].verdict == TOMTE_STATE_TAKEN;
        CHECK_EQ(revision, s.revision);
    }
}

TEST(state_is_empty_until_the_first_put)
{
    struct tomte_state s;
    tomte_state_init(&s, TOMTE_BUF_ARRAY(memory));
    struct tomte_span payload;
    CHECK(!tomte_state_get(&s, &payload));
    CHECK(!tomte_state_fresh(&s, 0));
    CHECK_EQ(UINT64_MAX, tomte_state_deadline(&s, 0));
    CHECK_EQ(TOMTE_STATE_TAKEN, put(&s, "anyone", 1, 1, "", 0));
    CHECK(tomte_state_get(&s, &payload));
    CHECK_EQ(0, payload.len);
}

TEST(state_survives_its_writer_until_the_next_ones_first)
{
    struct tomte_name old = name("old"), next = name("next");
    struct tomte_state s;
    tomte_state_init(&s, TOMTE_BUF_ARRAY(memory));
    tomte_state_bind(&s, &old, 50);
    CHECK_EQ(TOMTE_STATE_TAKEN, put(&s, "old", 50, 700, "warm", 0));
    tomte_state_bind(&s, &next, 1);
    check_payload(&s, "warm");
    CHECK_EQ(TOMTE_STATE_DENIED, put(&s, "old", 51, 1, "late", 0));
    CHECK_EQ(TOMTE_STATE_TAKEN, put(&s, "next", 1, 1, "cold", 0));
    check_payload(&s, "cold");
}

TEST(state_epoch_of_a_writer_never_goes_down)
{
    struct tomte_name thermo = name("thermo");
    struct tomte_state s;
    tomte_state_init(&s, TOMTE_BUF_ARRAY(memory));
    tomte_state_bind(&s, &thermo, 8);
    tomte_state_bind(&s, &thermo, 7);
    CHECK_EQ(TOMTE_STATE_STALE, put(&s, "thermo", 7, 1, "x", 0));
}

TEST(state_freshness_counts_from_the_last_confirmation)
{
    struct tomte_state s;
    tomte_state_init(&s, TOMTE_BUF_ARRAY(memory));
    CHECK_EQ(TOMTE_STATE_TAKEN, put(&s, "a", 1, 1, "x", 1000));
    CHECK(tomte_state_fresh(&s, 5999));
    CHECK(!tomte_state_fresh(&s, 6000));
    CHECK_EQ(6000, tomte_state_deadline(&s, 1000));
    CHECK_EQ(4, tomte_state_max_age_s(&s, 2000));
    CHECK_EQ(0, tomte_state_max_age_s(&s, 9000));
    CHECK_EQ(TOMTE_STATE_SAME, put(&s, "a", 1, 1, "x", 7000));
    CHECK(tomte_state_fresh(&s, 11999));
    CHECK_EQ(UINT64_MAX, tomte_state_deadline(&s, 12000));
}

TEST(state_too_large_leaves_what_was)
{
    uint8_t small[4];
    struct tomte_state s;
    tomte_state_init(&s, TOMTE_BUF_ARRAY(small));
    CHECK_EQ(TOMTE_STATE_TAKEN, put(&s, "a", 1, 1, "four", 0));
    CHECK_EQ(TOMTE_STATE_TOO_LARGE, put(&s, "a", 1, 2, "fiver", 0));
    check_payload(&s, "four");
    CHECK_EQ(1, s.origin.sequence);
}

TEST(state_max_age_saturates)
{
    CHECK_EQ(60000, tomte_state_max_age_ms(60));
    CHECK_EQ(UINT32_MAX, tomte_state_max_age_ms(UINT32_MAX));
    CHECK_EQ(UINT32_MAX, tomte_state_max_age_ms(UINT32_MAX / 1000));
    CHECK_EQ(4294966000u, tomte_state_max_age_ms(UINT32_MAX / 1000 - 1));
}

TEST(state_checkpoint_gives_the_representation_back)
{
    uint8_t bytes[TOMTE_STATE_BYTES_MAX];
    struct tomte_span encoded;
    struct tomte_state_put back;
    bool known;
    struct tomte_state s;
    tomte_state_init(&s, TOMTE_BUF_ARRAY(memory));
    CHECK_OK(tomte_state_encode(&s, TOMTE_BUF_ARRAY(bytes), &encoded));
    CHECK_OK(tomte_state_decode(encoded, &back, &known));
    CHECK(!known);

    char big[TOMTE_LIMIT_MESSAGE_BYTES + 1];
    memset(big, 'y', sizeof big - 1);
    big[sizeof big - 1] = 0;
    CHECK_EQ(TOMTE_STATE_TAKEN, put(&s, "a", 1, 1, big, 0));
    CHECK_OK(tomte_state_encode(&s, TOMTE_BUF_ARRAY(bytes), &encoded));
    CHECK_OK(tomte_state_decode(encoded, &back, &known));
    CHECK(known);
    CHECK_EQ(112, back.format);
    CHECK_EQ(UINT32_MAX, back.max_age_ms);
    CHECK_BYTES(tomte_span_str(big), back.payload);
    back.origin = origin("a", 2, 1, 1);
    CHECK_EQ(TOMTE_STATE_TAKEN, tomte_state_put(&s, &back, 0));
}

TEST(state_checkpoint_refuses_other_bytes)
{
    static const struct {
        const char *hex;
        enum tomte_err err;
    } cases[] = {
        {"81 01", TOMTE_OK},
        {"83 01 1870 41ff", TOMTE_OK},
        {"81 02", TOMTE_ERR_VERSION},
        {"80", TOMTE_ERR_MISSING},
        {"82 01 1870", TOMTE_ERR_MISSING},
        {"83 01 1a00010000 40", TOMTE_ERR_RANGE},
        {"84 01 1870 40 00", TOMTE_ERR_TRAILING},
        {"83 01 1870 6161", TOMTE_ERR_TYPE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[16];
        struct tomte_state_put back;
        bool known;
        CHECK_EQ(
            cases[i].err,
            tomte_state_decode(test_hex(cases[i].hex, TOMTE_BUF_ARRAY(bytes)),
                               &back, &known));
        CHECK(cases[i].err == TOMTE_OK || !known);
    }
}
