/* SPDX-License-Identifier: Apache-2.0 */
/* Who may say what time it is, and what becomes of lies. */
#include "help.h"

/* ---- sources ---- */

TEST(a_spoofed_satellite_moves_neither_bound)
{
    static const uint64_t said[] = {0, BUILD - DAY, BUILD + 1,
                                    BUILD + 40 * 365 * DAY};
    struct tomte_ray_config c = tomte_ray_config_default(BUILD);
    /* the owner trusts satellites, but this signal is not authenticated; or it
     * is, and the owner does not */
    for (int trusts = 0; trusts < 2; trusts++)
        for (int source = TOMTE_RAY_SOURCE_GNSS; source < TOMTE_RAY_SOURCES;
             source++)
            for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
                c.trust[source] =
                    trusts ? TOMTE_RAY_TRUST_NOW : TOMTE_RAY_TRUST_NONE;
                tomte_ray_init(&ray, &c, 0);
                CHECK_OK(tomte_ray_add(&ray, as_1));
                struct tomte_ray_statement s = {
                    .source = (enum tomte_ray_source)source,
                    .authenticated = !trusts,
                    .at_s = said[i],
                    .live = true};
                CHECK_EQ(TOMTE_ERR_DENIED, tomte_ray_learn(&ray, 0, &s));
                struct tomte_ray_interval t = tomte_ray_get(&ray, 0, as_1);
                CHECK_EQ(BUILD, t.lo_s);
                CHECK(t.hi_s == TOMTE_RAY_NEVER);
                CHECK_EQ(1, ray.stats.untrusted);
            }
}

TEST(a_statement_of_a_server_counts_only_when_verified)
{
    start();
    struct tomte_ray_statement s = past(as_1, BUILD + DAY);
    s.authenticated = false;
    s.live = true;
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_ray_learn(&ray, 0, &s));
    CHECK_EQ(BUILD, tomte_ray_get(&ray, 0, as_1).lo_s);
}

TEST(a_trusted_source_moves_what_the_owner_declared)
{
    struct tomte_ray_config c = tomte_ray_config_default(BUILD);
    c.trust[TOMTE_RAY_SOURCE_RTC] = TOMTE_RAY_TRUST_PAST;
    c.trust[TOMTE_RAY_SOURCE_NTP] = TOMTE_RAY_TRUST_NOW;
    tomte_ray_init(&ray, &c, 0);
    CHECK_OK(tomte_ray_add(&ray, as_1));
    struct tomte_ray_statement s = {.source = TOMTE_RAY_SOURCE_RTC,
                                    .authenticated = true,
                                    .at_s = BUILD + DAY,
                                    .live = true};
    CHECK_OK(tomte_ray_learn(&ray, 0, &s));
    CHECK_EQ(BUILD + DAY, tomte_ray_get(&ray, 0, as_1).lo_s);
    CHECK(tomte_ray_get(&ray, 0, as_1).hi_s == TOMTE_RAY_NEVER);
    s.source = TOMTE_RAY_SOURCE_NTP;
    s.at_s = BUILD + 2 * DAY;
    s.error_s = 1;
    CHECK_OK(tomte_ray_learn(&ray, 0, &s));
    CHECK_EQ(BUILD + 2 * DAY - 1, tomte_ray_get(&ray, 0, as_1).lo_s);
    CHECK_EQ(BUILD + 2 * DAY + 3, tomte_ray_get(&ray, 0, as_1).hi_s);
}

TEST(estimates_stay_inside_and_prefer_who_is_trusted)
{
    enum tomte_ray_source source;
    start();
    CHECK_EQ(BUILD, tomte_ray_estimate(&ray, 0, as_1, &source));
    CHECK_EQ(TOMTE_RAY_SOURCES, source);
    struct tomte_ray_statement s = {.source = TOMTE_RAY_SOURCE_GNSS,
                                    .at_s = BUILD + 1000};
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_ray_learn(&ray, 0, &s));
    CHECK_EQ(BUILD + 1010, tomte_ray_estimate(&ray, 10 * S, as_1, &source));
    CHECK_EQ(TOMTE_RAY_SOURCE_GNSS, source);
    /* the interval is stronger */
    CHECK_OK(learn_live(20 * S, as_1, BUILD + 5000, 20 * S));
    CHECK_EQ(BUILD + 5000, tomte_ray_estimate(&ray, 20 * S, as_1, &source));
    CHECK_EQ(TOMTE_RAY_SOURCE_AS, source);
    s.at_s = BUILD + 9000;
    CHECK_EQ(TOMTE_ERR_DENIED, tomte_ray_learn(&ray, 20 * S, &s));
    CHECK_EQ(BUILD + 5000, tomte_ray_estimate(&ray, 20 * S, as_1, &source));
}

/* ---- poisoning, contradictions, resets ---- */

TEST(the_far_future_is_refused_and_a_great_step_is_bounded)
{
    start();
    uint64_t horizon = BUILD + UINT64_C(50) * 365 * DAY;
    CHECK_EQ(TOMTE_ERR_RANGE, learn(0, as_1, horizon + 1));
    CHECK_EQ(1, ray.stats.far);
    CHECK_EQ(BUILD, tomte_ray_get(&ray, 0, as_1).lo_s);
    CHECK_OK(learn(0, as_1, horizon));
    CHECK_EQ(BUILD + 400 * DAY, tomte_ray_get(&ray, 0, as_1).lo_s);
    /* again does not help for a day of running */
    CHECK_OK(learn(0, as_1, horizon));
    CHECK_OK(learn(3600 * S, as_1, horizon));
    CHECK_EQ(3, ray.stats.held);
    CHECK(tomte_ray_get(&ray, 3600 * S, as_1).lo_s <= BUILD + 400 * DAY + 3600);
    CHECK_OK(learn(DAY * S, as_1, horizon));
    CHECK(tomte_ray_get(&ray, DAY * S, as_1).lo_s <= BUILD + 801 * DAY);
    CHECK(tomte_ray_get(&ray, DAY * S, as_1).lo_s > BUILD + 799 * DAY);
    /* many small steps are no way around */
    start();
    for (uint64_t day = 1; day < 2000; day++)
        CHECK_OK(learn(day, as_1, BUILD + day * DAY));
    CHECK_EQ(BUILD + 400 * DAY, tomte_ray_get(&ray, 2000, as_1).lo_s);
}

TEST(a_source_that_contradicts_itself_is_noticed)
{
    start();
    CHECK_OK(learn_live(0, as_1, BUILD + DAY, 0));
    /* its clock went back */
    CHECK_EQ(TOMTE_ERR_STALE, learn_live(10 * S, as_1, BUILD, 10 * S));
    CHECK_EQ(1, ray.stats.contradicted);
    CHECK(tomte_ray_get(&ray, 10 * S, as_1).hi_s != TOMTE_RAY_NEVER);
    /* it went forward: what it said of the upper bound was wrong */
    CHECK_OK(learn(10 * S, as_1, BUILD + 2 * DAY));
    CHECK_EQ(2, ray.stats.contradicted);
    CHECK_EQ(BUILD + 2 * DAY, tomte_ray_get(&ray, 10 * S, as_1).lo_s);
    CHECK(tomte_ray_get(&ray, 10 * S, as_1).hi_s == TOMTE_RAY_NEVER);
}

TEST(two_sources_that_contradict_each_other_leave_no_upper_bound)
{
    start();
    CHECK_OK(learn_live(0, as_1, BUILD + DAY, 0));
    struct tomte_ray_statement s = {.source = TOMTE_RAY_SOURCE_OWNER,
                                    .authenticated = true,
                                    .at_s = BUILD + 2 * DAY};
    CHECK_OK(tomte_ray_learn(&ray, 0, &s));
    CHECK_EQ(BUILD + 2 * DAY, tomte_ray_get(&ray, 0, as_1).lo_s);
    CHECK(tomte_ray_get(&ray, 0, as_1).hi_s == TOMTE_RAY_NEVER);
    CHECK_EQ(TOMTE_RAY_UNCERTAIN, judge(0, as_1, BUILD + 3 * DAY));
}

TEST(only_a_new_reset_moves_lo_back)
{
    start();
    CHECK_OK(learn(0, as_1, BUILD + 300 * DAY));
    CHECK_OK(tomte_ray_reset(&ray, 0, 7, as_1, BUILD + DAY));
    CHECK_EQ(BUILD + DAY, tomte_ray_get(&ray, 0, as_1).lo_s);
    CHECK_OK(learn(0, as_1, BUILD + 2 * DAY));
    CHECK_EQ(TOMTE_ERR_STALE, tomte_ray_reset(&ray, 0, 7, as_1, BUILD + DAY));
    CHECK_EQ(TOMTE_ERR_STALE, tomte_ray_reset(&ray, 0, 6, as_1, BUILD + DAY));
    CHECK_EQ(BUILD + 2 * DAY, tomte_ray_get(&ray, 0, as_1).lo_s);
    restart();
    CHECK_EQ(BUILD + 2 * DAY, tomte_ray_get(&ray, 0, as_1).lo_s);
    CHECK_EQ(TOMTE_ERR_STALE, tomte_ray_reset(&ray, 0, 7, as_1, BUILD + DAY));
    /* not before the firmware, not beyond the horizon */
    CHECK_OK(tomte_ray_reset(&ray, 0, 8, as_1, 5));
    CHECK_EQ(BUILD, tomte_ray_get(&ray, 0, as_1).lo_s);
    CHECK_EQ(TOMTE_ERR_RANGE, tomte_ray_reset(&ray, 0, 9, NULL, UINT64_MAX));
}

TEST(a_gap_forgets_upper_bounds_and_challenges)
{
    static const uint8_t random[TOMTE_RAY_NONCE_BYTES] = "01234567";
    uint64_t asked;
    start();
    CHECK_OK(learn_live(0, as_1, BUILD + DAY, 0));
    struct tomte_span nonce = tomte_ray_challenge(&ray, 0, random);
    CHECK(tomte_ray_fresh(&ray, 0, nonce, &asked));
    tomte_ray_gap(&ray, 5 * S);
    CHECK(tomte_ray_get(&ray, 5 * S, as_1).hi_s == TOMTE_RAY_NEVER);
    CHECK_EQ(BUILD + DAY + 4, tomte_ray_get(&ray, 5 * S, as_1).lo_s);
    CHECK(!tomte_ray_fresh(&ray, 5 * S, TOMTE_SPAN_ARRAY(random), &asked));
    /* what was asked before the gap is not live */
    CHECK_OK(learn_live(6 * S, as_1, BUILD + DAY + 6, 4 * S));
    CHECK(tomte_ray_get(&ray, 6 * S, as_1).hi_s == TOMTE_RAY_NEVER);
    CHECK_OK(learn_live(7 * S, as_1, BUILD + DAY + 7, 5 * S));
    CHECK(tomte_ray_get(&ray, 7 * S, as_1).hi_s != TOMTE_RAY_NEVER);
}

/* ---- challenges ---- */

TEST(a_nonce_lives_its_time_and_is_shared)
{
    uint8_t random[TOMTE_RAY_NONCE_BYTES] = {1};
    uint8_t first[TOMTE_RAY_NONCE_BYTES];
    uint64_t asked;
    start();
    memcpy(first, tomte_ray_challenge(&ray, 10 * S, random).data, sizeof first);
    /* a flood of others does not take it away */
    for (uint64_t i = 0; i < 10000; i++) {
        random[0]++;
        tomte_ray_challenge(&ray, 10 * S + i * 14, random);
    }
    CHECK(tomte_ray_fresh(&ray, 310 * S, TOMTE_SPAN_ARRAY(first), &asked));
    CHECK_EQ(10 * S, asked);
    CHECK(!tomte_ray_fresh(&ray, 310 * S + 1, TOMTE_SPAN_ARRAY(first), &asked));
    random[0] = 77;
    memcpy(random, tomte_ray_challenge(&ray, 400 * S, random).data, 8);
    CHECK_EQ(77, random[0]);
    CHECK(tomte_ray_fresh(&ray, 400 * S, TOMTE_SPAN_ARRAY(random), &asked));
    CHECK_EQ(400 * S, asked);
    CHECK(!tomte_ray_fresh(&ray, 400 * S, TOMTE_SPAN(random, 7), &asked));
    CHECK(!tomte_ray_fresh(&ray, 400 * S, TOMTE_SPAN_NONE, &asked));
}

TEST(a_fresh_token_makes_a_node_without_a_clock_certain)
{
    static const uint8_t random[TOMTE_RAY_NONCE_BYTES] = "01234567";
    uint64_t asked;
    start();
    CHECK(admit(0, BUILD + 2 * DAY, TOMTE_RAY_REQUIRE_FRESH, 0).challenge);
    struct tomte_span nonce = tomte_ray_challenge(&ray, 0, random);
    /* 30 s later the client is back with a token issued at BUILD + DAY */
    CHECK(tomte_ray_fresh(&ray, 30 * S, nonce, &asked));
    CHECK_OK(learn_live(30 * S, as_1, BUILD + DAY, asked));
    CHECK(admit(30 * S, BUILD + 2 * DAY, TOMTE_RAY_REQUIRE_FRESH, 0).admitted);
    /* and until shortly before it expires */
    CHECK(admit((DAY - 180) * S, BUILD + 2 * DAY, TOMTE_RAY_DENY, 0).admitted);
    CHECK(!admit((DAY + 100) * S, BUILD + 2 * DAY, TOMTE_RAY_DENY, 0).admitted);
}
