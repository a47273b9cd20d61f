/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens with exi, and what a power cut leaves. */
#include "help.h"

/* ---- exi ---- */

static struct tomte_ray_token exi_token(uint64_t sequence)
{
    struct tomte_ray_token t = token(as_1, 0);
    t.has_exp = false;
    t.has_exi = true;
    t.exi_sequence = sequence;
    return t;
}

static enum tomte_ray_verdict judge_exi(uint64_t now_ms, uint64_t sequence)
{
    struct tomte_ray_token t = exi_token(sequence);
    return tomte_ray_judge(&ray, now_ms, &t);
}

TEST(exi_counts_from_when_it_was_first_seen_and_is_stored_before_it_counts)
{
    start();
    CHECK_EQ(TOMTE_RAY_EXPIRED, judge_exi(0, 5));
    CHECK_OK(tomte_ray_take_exi(&ray, 0, as_1, 5, 1000));
    CHECK_EQ(TOMTE_RAY_EXPIRED, judge_exi(0, 5));
    CHECK(tomte_ray_unstored(&ray, 0));
    store();
    CHECK_EQ(TOMTE_RAY_VALID, judge_exi(0, 5));
    /* seen again: the first time stands */
    CHECK_OK(tomte_ray_take_exi(&ray, 900 * S, as_1, 5, 1000));
    CHECK_EQ(TOMTE_RAY_VALID, judge_exi(990 * S, 5));
    CHECK_EQ(TOMTE_RAY_EXPIRED, judge_exi(1000 * S, 5));
    CHECK_EQ(TOMTE_ERR_STALE, tomte_ray_take_exi(&ray, 1000 * S, as_1, 5, 9));
    CHECK_EQ(TOMTE_ERR_STALE, tomte_ray_take_exi(&ray, 1000 * S, as_1, 4, 9));
    CHECK_OK(tomte_ray_take_exi(&ray, 1000 * S, as_1, 6, 9));
    CHECK_OK(tomte_ray_take_exi(&ray, 1000 * S, as_2, 5, 9));
    CHECK_EQ(TOMTE_ERR_RANGE,
             tomte_ray_take_exi(&ray, 1000 * S, as_1, UINT64_MAX, 9));
}

TEST(a_lower_exi_expires_with_a_higher_one)
{
    start();
    CHECK_OK(tomte_ray_take_exi(&ray, 0, as_1, 1, 5000));
    CHECK_OK(tomte_ray_take_exi(&ray, 0, as_1, 2, 1000));
    CHECK_OK(tomte_ray_take_exi(&ray, 0, as_1, 3, 5000));
    store();
    CHECK_EQ(TOMTE_RAY_VALID, judge_exi(900 * S, 1));
    CHECK_EQ(TOMTE_RAY_EXPIRED, judge_exi(1000 * S, 1));
    CHECK_EQ(TOMTE_RAY_VALID, judge_exi(1000 * S, 3));
    struct tomte_ray_token t = exi_token(1);
    tomte_ray_admit(&ray, 1000 * S, &t, (struct tomte_ray_policy){0});
    CHECK_EQ(1, ray.exi_len);
    CHECK_EQ(TOMTE_RAY_EXPIRED, judge_exi(1000 * S, 1));
}

TEST(exi_and_its_counters_survive_a_start_which_costs)
{
    start();
    CHECK_OK(tomte_ray_take_exi(&ray, 0, as_2, 9, 100));
    CHECK_OK(tomte_ray_take_exi(&ray, 0, as_1, 5, 2000));
    store();
    CHECK_EQ(TOMTE_ERR_STALE, tomte_ray_take_exi(&ray, 200 * S, as_2, 9, 100));
    restart();
    CHECK_EQ(TOMTE_ERR_STALE, tomte_ray_take_exi(&ray, 0, as_2, 9, 100));
    CHECK_EQ(TOMTE_RAY_EXPIRED, judge_exi(0, 5)); /* the start is not stored */
    store();
    CHECK_EQ(TOMTE_RAY_VALID, judge_exi(0, 5));
    CHECK_EQ(TOMTE_RAY_VALID, judge_exi(1190 * S, 5));
    CHECK_EQ(TOMTE_RAY_EXPIRED, judge_exi(1200 * S, 5));
}

TEST(exi_tokens_are_bounded)
{
    start();
    for (uint64_t i = 0; i < TOMTE_RAY_EXI_MAX; i++)
        CHECK_OK(tomte_ray_take_exi(&ray, 0, as_1, i, 10));
    CHECK_EQ(TOMTE_ERR_FULL, tomte_ray_take_exi(&ray, 0, as_1, 99, 10));
    CHECK_OK(tomte_ray_take_exi(&ray, 11 * S, as_1, 99, 10));
    CHECK_EQ(1, ray.exi_len);
}

/* ---- storage ---- */

TEST(it_is_stored_when_it_grew_and_the_deadline_says_when)
{
    start();
    CHECK(tomte_ray_unstored(&ray, 0)); /* servers were added */
    store();
    CHECK(!tomte_ray_unstored(&ray, 0));
    uint64_t due = tomte_ray_deadline(&ray);
    CHECK(due > 600 * S && due < 602 * S);
    CHECK(!tomte_ray_unstored(&ray, 600 * S));
    CHECK(tomte_ray_unstored(&ray, due));
    CHECK_OK(learn(due, as_1, BUILD + DAY));
    CHECK_EQ(due, tomte_ray_deadline(&ray));
    store();
    CHECK(!tomte_ray_unstored(&ray, due));
    CHECK_OK(learn(due, as_1, BUILD + DAY + 599));
    CHECK(!tomte_ray_unstored(&ray, due));
    CHECK_OK(learn(due, as_1, BUILD + DAY + 600));
    CHECK(tomte_ray_unstored(&ray, due));
}

TEST(what_changed_after_encoding_is_not_stored)
{
    uint8_t memory[TOMTE_RAY_BYTES_MAX];
    struct tomte_span bytes;
    start();
    CHECK_OK(tomte_ray_encode(&ray, 0, TOMTE_BUF_ARRAY(memory), &bytes));
    CHECK_OK(tomte_ray_take_exi(&ray, 0, as_1, 1, 1000));
    tomte_ray_stored(&ray);
    CHECK(tomte_ray_unstored(&ray, 0));
    CHECK_EQ(TOMTE_RAY_EXPIRED, judge_exi(0, 1));
    store();
    CHECK(!tomte_ray_unstored(&ray, 0));
    CHECK_EQ(TOMTE_RAY_VALID, judge_exi(0, 1));
}

TEST(an_expired_token_replayed_after_a_power_cut_is_refused)
{
    start();
    CHECK_OK(learn(0, as_1, BUILD + 3 * DAY));
    restart(); /* off for any time */
    CHECK_EQ(TOMTE_RAY_EXPIRED, judge(0, as_1, BUILD + 3 * DAY));
    CHECK(tomte_ray_get(&ray, 0, as_1).hi_s == TOMTE_RAY_NEVER);
    CHECK(!admit(0, BUILD + 3 * DAY, TOMTE_RAY_TOLERATE, 0).admitted);
    CHECK(admit(0, BUILD + 4 * DAY, TOMTE_RAY_TOLERATE, 0).admitted);
}

TEST(newer_firmware_raises_lo)
{
    start();
    ray.config.build_s = BUILD + 5 * DAY;
    restart();
    CHECK_EQ(BUILD + 5 * DAY, tomte_ray_get(&ray, 0, as_1).lo_s);
}

TEST(a_removed_server_is_forgotten_with_its_exi)
{
    start();
    CHECK_OK(tomte_ray_take_exi(&ray, 0, as_1, 1, 1000));
    CHECK_OK(tomte_ray_take_exi(&ray, 0, as_2, 2, 1000));
    CHECK_OK(learn(0, as_1, BUILD + DAY));
    tomte_ray_remove(&ray, as_1);
    CHECK_EQ(1, ray.exi_len);
    CHECK_EQ(TOMTE_RAY_FOREIGN, judge(0, as_1, BUILD + DAY));
    store();
    struct tomte_ray_token t = exi_token(2);
    memcpy(t.id, as_2, sizeof t.id);
    CHECK_EQ(TOMTE_RAY_VALID, tomte_ray_judge(&ray, 0, &t));
    CHECK_OK(tomte_ray_add(&ray, as_1));
    CHECK_EQ(BUILD, tomte_ray_get(&ray, 0, as_1).lo_s);
    CHECK_EQ(TOMTE_RAY_VALID, tomte_ray_judge(&ray, 0, &t));
}

TEST(servers_are_bounded)
{
    uint8_t id[TOMTE_RAY_ID_BYTES] = {0};
    start();
    for (; ray.servers_len < TOMTE_RAY_SERVERS_MAX; id[0]++)
        CHECK_OK(tomte_ray_add(&ray, id));
    CHECK_EQ(TOMTE_ERR_FULL, tomte_ray_add(&ray, id));
    CHECK_OK(tomte_ray_add(&ray, as_1));
}

TEST(the_largest_ray_fits)
{
    static uint8_t memory[TOMTE_RAY_BYTES_MAX];
    struct tomte_ray_config c = tomte_ray_config_default(BUILD << 12);
    struct tomte_span bytes;
    uint8_t id[TOMTE_RAY_ID_BYTES] = {0};
    tomte_ray_init(&ray, &c, 0);
    for (; id[0] < TOMTE_RAY_SERVERS_MAX; id[0]++) {
        CHECK_OK(tomte_ray_add(&ray, id));
        CHECK_OK(learn(0, id, (BUILD << 12) + DAY));
        ray.servers[id[0]].exi_expired = UINT64_MAX - 100;
    }
    CHECK_OK(tomte_ray_reset(&ray, 1, UINT64_MAX, NULL, BUILD << 12));
    for (uint64_t i = 0; i < TOMTE_RAY_EXI_MAX; i++)
        CHECK_OK(tomte_ray_take_exi(&ray, 1, ray.servers[0].id,
                                    UINT64_MAX - 1 - i, UINT64_MAX));
    CHECK_OK(tomte_ray_encode(&ray, UINT32_MAX * UINT64_C(1000),
                              TOMTE_BUF_ARRAY(memory), &bytes));
    CHECK(bytes.len <= 400);
    restart();
    CHECK_EQ(TOMTE_RAY_EXI_MAX, ray.exi_len);
}

TEST(what_is_no_ray_is_refused_and_leaves_a_new_one)
{
    static const struct {
        const char *hex;
        enum tomte_err err;
    } bad[] = {
        {"", TOMTE_ERR_TRUNCATED},
        {"85020000 80 80", TOMTE_ERR_VERSION},
        {"85010000 80", TOMTE_ERR_TRUNCATED},
        {"85010000 80 80 00", TOMTE_ERR_TRAILING},
        {"8501001b00040000000000008080", TOMTE_ERR_RANGE},
        {"85010000 8184480000000000000000 00f6", TOMTE_ERR_TRUNCATED},
        {"85010000 8284480000000000000001 00f600"
         "84480000000000000001 00f600 80",
         TOMTE_ERR_DUPLICATE},
        {"85010000 8284480000000000000002 00f600"
         "84480000000000000001 00f600 80",
         TOMTE_ERR_NOT_CANONICAL},
        {"85010000 80 81830000 00", TOMTE_ERR_RANGE},
        {"85010000 8184480000000000000001 00f600 82 83000100 83000100",
         TOMTE_ERR_NOT_CANONICAL},
        {"85010000 85 8080808080 80", TOMTE_ERR_FULL},
    };
    uint8_t memory[128];
    start();
    CHECK_OK(learn(0, as_1, BUILD + DAY));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_EQ(bad[i].err,
                 tomte_ray_decode(
                     &ray, test_hex(bad[i].hex, TOMTE_BUF_ARRAY(memory))));
        CHECK_EQ(0, ray.servers_len + ray.exi_len);
        CHECK_EQ(BUILD, tomte_ray_get(&ray, 0, NULL).lo_s);
    }
}

/* The greatest age and bound that are decoded: time goes on, and what is stored
 * then can be read as well. */
TEST(what_was_stored_at_the_end_of_time_is_read_again)
{
    uint8_t memory[128];
    start();
    CHECK_OK(tomte_ray_decode(
        &ray, test_hex("8501001b0003000000000000"
                       "8184480000000000000001 1b0003000000000000"
                       " 1b0004000000000000 00 80",
                       TOMTE_BUF_ARRAY(memory))));
    store();
    restart();
    CHECK_EQ(1, ray.servers_len);
    struct tomte_span bytes;
    uint8_t more[128];
    CHECK_OK(tomte_ray_encode(&ray, 3600000, TOMTE_BUF_ARRAY(more), &bytes));
    CHECK_OK(tomte_ray_decode(&ray, bytes));
    CHECK_EQ(1, ray.servers_len);
}
