/* SPDX-License-Identifier: Apache-2.0 */
/* The interval, tokens against it, and what policies make of that. */
#include "help.h"

TEST(nothing_is_known_but_when_the_firmware_was_made)
{
    start();
    struct tomte_ray_interval t = tomte_ray_get(&ray, 0, as_1);
    CHECK_EQ(BUILD, t.lo_s);
    CHECK(t.hi_s == TOMTE_RAY_NEVER);
    CHECK_EQ(TOMTE_RAY_EXPIRED, judge(0, as_1, BUILD));
    CHECK_EQ(TOMTE_RAY_UNCERTAIN, judge(0, as_1, BUILD + 1));
    CHECK_EQ(TOMTE_RAY_UNCERTAIN, judge(0, as_1, UINT64_MAX));
}

TEST(a_token_of_no_server_of_ours_is_foreign)
{
    static const uint8_t other[TOMTE_RAY_ID_BYTES] = "server 3";
    start();
    CHECK_EQ(TOMTE_RAY_FOREIGN, judge(0, other, BUILD + DAY));
    struct tomte_ray_token t = token(other, BUILD + DAY);
    struct tomte_ray_policy p = {.kind = TOMTE_RAY_TOLERATE};
    CHECK(!tomte_ray_admit(&ray, 0, &t, p).admitted);
    CHECK_EQ(1, ray.stats.foreign);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, learn(0, other, BUILD));
}

TEST(a_verified_time_moves_lo_and_never_back)
{
    start();
    CHECK_OK(learn(0, as_1, BUILD + DAY));
    CHECK_EQ(BUILD + DAY, tomte_ray_get(&ray, 0, as_1).lo_s);
    CHECK_OK(learn(0, as_1, BUILD + 5));
    CHECK_EQ(BUILD + DAY, tomte_ray_get(&ray, 0, as_1).lo_s);
    CHECK_EQ(TOMTE_RAY_EXPIRED, judge(0, as_1, BUILD + DAY));
    CHECK_EQ(TOMTE_RAY_UNCERTAIN, judge(0, as_1, BUILD + DAY + 1));
    /* nor by a clock that steps back */
    CHECK_OK(learn(100 * S, as_1, BUILD + DAY));
    CHECK(tomte_ray_get(&ray, 50 * S, as_1).lo_s >= BUILD + DAY + 99);
}

TEST(servers_do_not_move_each_other)
{
    start();
    CHECK_OK(learn(0, as_1, BUILD + 300 * DAY));
    CHECK_EQ(BUILD, tomte_ray_get(&ray, 0, as_2).lo_s);
    CHECK_EQ(BUILD, tomte_ray_get(&ray, 0, NULL).lo_s);
    CHECK_EQ(TOMTE_RAY_EXPIRED, judge(0, as_1, BUILD + DAY));
    CHECK_EQ(TOMTE_RAY_UNCERTAIN, judge(0, as_2, BUILD + DAY));
}

TEST(the_owner_moves_all)
{
    start();
    struct tomte_ray_statement s = past(NULL, BUILD + DAY);
    s.source = TOMTE_RAY_SOURCE_OWNER;
    CHECK_OK(tomte_ray_learn(&ray, 0, &s));
    CHECK_EQ(BUILD + DAY, tomte_ray_get(&ray, 0, as_1).lo_s);
    CHECK_EQ(BUILD + DAY, tomte_ray_get(&ray, 0, as_2).lo_s);
}

TEST(running_time_moves_lo_by_less_than_passed_and_hi_by_more)
{
    start();
    CHECK_OK(learn_live(0, as_1, BUILD + DAY, 0));
    struct tomte_ray_interval t = tomte_ray_get(&ray, 10000 * S, as_1);
    CHECK_EQ(BUILD + DAY + 9989, t.lo_s);
    CHECK_EQ(BUILD + DAY + 1 + 10000 + 11, t.hi_s);
}

TEST(a_live_answer_makes_validity_certain)
{
    start();
    CHECK_OK(learn_live(20 * S, as_1, BUILD + DAY, 10 * S));
    /* within [at, at + 1 + 10 and drift] */
    CHECK_EQ(TOMTE_RAY_EXPIRED, judge(20 * S, as_1, BUILD + DAY));
    CHECK_EQ(TOMTE_RAY_UNCERTAIN, judge(20 * S, as_1, BUILD + DAY + 1));
    CHECK_EQ(TOMTE_RAY_UNCERTAIN, judge(20 * S, as_1, BUILD + DAY + 11));
    CHECK_EQ(TOMTE_RAY_VALID, judge(20 * S, as_1, BUILD + DAY + 12));
    /* hi itself may be the time */
    CHECK_OK(learn_live(20 * S, as_2, BUILD + DAY, 20 * S));
    CHECK_EQ(TOMTE_RAY_VALID, judge(20 * S + 995, as_2, BUILD + DAY + 2));
    CHECK_EQ(TOMTE_RAY_UNCERTAIN, judge(20 * S + 996, as_2, BUILD + DAY + 2));
    /* a later, narrower one narrows; a wider one does not widen */
    CHECK_OK(learn_live(30 * S, as_1, BUILD + DAY + 19, 30 * S));
    CHECK_EQ(BUILD + DAY + 21, tomte_ray_get(&ray, 30 * S, as_1).hi_s);
    CHECK_OK(learn_live(30 * S, as_1, BUILD + DAY + 15, 5 * S));
    CHECK_EQ(BUILD + DAY + 21, tomte_ray_get(&ray, 30 * S, as_1).hi_s);
    CHECK_EQ(BUILD + DAY + 19, tomte_ray_get(&ray, 30 * S, as_1).lo_s);
}

TEST(the_error_that_a_source_admits_is_taken_off_and_added)
{
    start();
    struct tomte_ray_statement s = past(as_1, BUILD + DAY);
    s.live = true;
    s.error_s = 100;
    CHECK_OK(tomte_ray_learn(&ray, 0, &s));
    CHECK_EQ(BUILD + DAY - 100, tomte_ray_get(&ray, 0, as_1).lo_s);
    CHECK_EQ(BUILD + DAY + 102, tomte_ray_get(&ray, 0, as_1).hi_s);
}

TEST(nbf_in_the_future_is_uncertain_on_a_ray_and_early_below_hi)
{
    start();
    struct tomte_ray_token t = token(as_1, BUILD + 9 * DAY);
    t.has_nbf = true;
    t.nbf_s = BUILD + 100;
    CHECK_EQ(TOMTE_RAY_UNCERTAIN, tomte_ray_judge(&ray, 0, &t));
    CHECK_OK(learn_live(0, as_1, BUILD + 50, 0));
    CHECK_EQ(TOMTE_RAY_EARLY, tomte_ray_judge(&ray, 0, &t));
    CHECK(
        !tomte_ray_admit(&ray, 0, &t,
                         (struct tomte_ray_policy){.kind = TOMTE_RAY_TOLERATE})
             .admitted);
    CHECK_EQ(1, ray.stats.early);
    CHECK_EQ(TOMTE_RAY_VALID, tomte_ray_judge(&ray, 60 * S, &t));
}

TEST(neither_exp_nor_nbf_is_a_statement_so_a_token_without_them_is_valid)
{
    start();
    struct tomte_ray_token t = token(as_1, 0);
    t.has_exp = false;
    CHECK_EQ(TOMTE_RAY_VALID, tomte_ray_judge(&ray, 0, &t));
}

/* ---- policies ---- */

TEST(a_policy_that_nobody_set_requires_freshness)
{
    start();
    struct tomte_ray_token t = token(as_1, BUILD + DAY);
    struct tomte_ray_policy unset = {0};
    struct tomte_ray_decision d = tomte_ray_admit(&ray, 0, &t, unset);
    CHECK(!d.admitted && d.challenge && !d.uncertain);
    CHECK_EQ(1, ray.stats.challenged);
}

TEST(policies_when_time_is_uncertain)
{
    start();
    struct tomte_ray_decision d = admit(0, BUILD + DAY, TOMTE_RAY_TOLERATE, 0);
    CHECK(d.admitted && d.uncertain && !d.challenge);
    CHECK_EQ(1, ray.stats.tolerated);
    d = admit(0, BUILD + DAY, TOMTE_RAY_DENY, 0);
    CHECK(!d.admitted && !d.uncertain && !d.challenge);
    CHECK_EQ(1, ray.stats.refused);
    /* nobody was heard yet: no grace */
    d = admit(0, BUILD + DAY, TOMTE_RAY_GRACE, UINT32_MAX);
    CHECK(!d.admitted && d.challenge);
}

TEST(no_policy_lets_an_expired_token_in_and_all_let_in_a_valid_one)
{
    start();
    CHECK_OK(learn_live(0, as_1, BUILD + DAY, 0));
    for (uint8_t kind = 0; kind <= TOMTE_RAY_GRACE; kind++) {
        CHECK(!admit(0, BUILD + DAY, kind, 1000).admitted);
        struct tomte_ray_decision d = admit(0, BUILD + 2 * DAY, kind, 1000);
        CHECK(d.admitted && !d.uncertain);
    }
    CHECK_EQ(4, ray.stats.expired);
    CHECK_EQ(0, ray.stats.tolerated + ray.stats.graced);
}

TEST(grace_runs_from_the_last_news_and_a_start_costs)
{
    start();
    CHECK_OK(learn(0, as_1, BUILD + DAY));
    CHECK(admit(0, BUILD + 2 * DAY, TOMTE_RAY_GRACE, 1000).uncertain);
    CHECK(admit(990 * S, BUILD + 2 * DAY, TOMTE_RAY_GRACE, 1000).admitted);
    CHECK(!admit(1000 * S, BUILD + 2 * DAY, TOMTE_RAY_GRACE, 1000).admitted);
    /* the same statement again is no news */
    CHECK_OK(learn(1001 * S, as_1, BUILD + DAY));
    CHECK(!admit(1001 * S, BUILD + 2 * DAY, TOMTE_RAY_GRACE, 1000).admitted);
    CHECK_OK(learn(1002 * S, as_1, BUILD + DAY + 1001));
    CHECK(admit(1002 * S, BUILD + 2 * DAY, TOMTE_RAY_GRACE, 1000).admitted);
    restart();
    CHECK(!admit(0, BUILD + 2 * DAY, TOMTE_RAY_GRACE, 1000).admitted);
    store(); /* what the start costs, 600 s */
    CHECK(admit(0, BUILD + 2 * DAY, TOMTE_RAY_GRACE, 1000).admitted);
    restart();
    store();
    CHECK(!admit(0, BUILD + 2 * DAY, TOMTE_RAY_GRACE, 1000).admitted);
}

/* Power on, the same old token, power off: each time a little. */
TEST(an_old_statement_after_a_start_is_no_news)
{
    start();
    CHECK_OK(learn(0, as_1, BUILD + DAY));
    for (int i = 0; i < 3; i++) {
        restart();
        store();
        CHECK_OK(learn(0, as_1, BUILD + DAY));
    }
    CHECK(!admit(0, BUILD + 2 * DAY, TOMTE_RAY_GRACE, 1800).admitted);
    CHECK_OK(learn(0, as_1, BUILD + DAY + 1));
    CHECK(admit(0, BUILD + 2 * DAY, TOMTE_RAY_GRACE, 1800).admitted);
}

TEST(a_tolerated_request_leaves_a_line_for_the_log)
{
    char line[160];
    struct tomte_text t;
    start();
    struct tomte_ray_decision d = admit(0, BUILD + DAY, TOMTE_RAY_TOLERATE, 0);
    tomte_text_init(&t, line, sizeof line);
    tomte_ray_decision_text(&t, &d);
    CHECK(strcmp(line, "admitted, uncertain, policy tolerate: token until "
                       "1700086400, time 1700000000 or later") == 0);
    CHECK_OK(learn_live(0, as_1, BUILD + DAY, 0));
    d = admit(0, BUILD + DAY, TOMTE_RAY_GRACE, 5);
    tomte_text_init(&t, line, sizeof line);
    tomte_ray_decision_text(&t, &d);
    CHECK(strcmp(line, "refused, expired, policy grace(5): token until "
                       "1700086400, time 1700086400 to 1700086402") == 0);
}
