/* SPDX-License-Identifier: Apache-2.0 */
/* The authorization server, with the resource server as the judge. */
#include "ace/as.h"
#include "rs_rig.h"

static const uint8_t nonce[TOMTE_AS_NONCE_BYTES] = "nonce of 13b";

static struct tomte_as_grant good_grant(void)
{
    return (struct tomte_as_grant){
        .issuer = TOMTE_SPAN_LIT("keeper"),
        .audience = TOMTE_SPAN_LIT("hall"),
        .scope = TOMTE_SPAN_LIT("\x81\x82\x65/lamp\x01"),
        .now_s = T0 + 3600,
        .life_s = 86400,
        .osc = {.id = TOMTE_SPAN_LIT("a"),
                .ms = TOMTE_SPAN_LIT("master secret 16"),
                .salt = TOMTE_SPAN_LIT("salt of 8")}};
}

static enum tomte_err issue(const struct rig *g, const struct tomte_as_grant *a,
                            struct tomte_buf out, struct tomte_span *token)
{
    uint8_t memory[512], zero[512] = {0};
    struct tomte_as_seal seal = {
        .key = g->key.k, .kid = TOMTE_SPAN_LIT("k"), .nonce = nonce};
    enum tomte_err err =
        tomte_as_issue(fake, a, &seal, TOMTE_BUF_ARRAY(memory), out, token);
    if (err != TOMTE_ERR_INVALID) /* the claims hold the key */
        CHECK_BYTES(TOMTE_SPAN_ARRAY(zero), TOMTE_SPAN_ARRAY(memory));
    return err;
}

TEST(as_issues_what_the_resource_server_takes)
{
    struct rig g;
    uint8_t memory[512], more[640];
    struct tomte_span token, answer;
    struct tomte_ace_params p;
    struct tomte_cwt_cnf cnf;
    struct tomte_ace_osc osc;
    rig_init(&g);
    struct tomte_as_grant a = good_grant();
    CHECK_OK(issue(&g, &a, TOMTE_BUF_ARRAY(memory), &token));
    CHECK(token.len < TOMTE_AS_OVERHEAD_BYTES + a.scope.len + 50);
    CHECK_EQ(TOMTE_RS_GRANTED, post_token(&g, token, 0, TOMTE_RS_NO_SLOT));
    CHECK_EQ(TOMTE_RS_GRANTED, get(&g, 0));
    CHECK_BYTES(a.osc.ms, g.taken.osc.ms);

    CHECK_OK(tomte_as_answer(&a, token, TOMTE_BUF_ARRAY(more), &answer));
    CHECK_OK(tomte_ace_params_decode(&p, answer));
    CHECK_BYTES(token, p.access_token);
    CHECK_EQ(86400, p.expires_in.value);
    CHECK_EQ(TOMTE_ACE_PROFILE_OSCORE, p.ace_profile.value);
    CHECK_OK(tomte_cwt_cnf_decode(&cnf, p.cnf));
    CHECK_OK(tomte_ace_osc_decode(&osc, cnf.osc));
    /* the client gets the same material as the resource server */
    CHECK_BYTES(g.taken.osc.id, osc.id);
    CHECK_BYTES(g.taken.osc.ms, osc.ms);
    CHECK_BYTES(g.taken.osc.salt, osc.salt);
}

TEST(as_updates_rights)
{
    struct rig g;
    uint8_t memory[512], more[640];
    struct tomte_span token, answer;
    struct tomte_ace_params p;
    rig_init(&g);
    struct tomte_as_grant a = good_grant();
    CHECK_OK(issue(&g, &a, TOMTE_BUF_ARRAY(memory), &token));
    CHECK_EQ(TOMTE_RS_GRANTED, post_token(&g, token, 0, TOMTE_RS_NO_SLOT));
    a.osc = (struct tomte_ace_osc){.id = a.osc.id};
    a.scope = TOMTE_SPAN_LIT("\x81\x82\x65/lamp\x04");
    CHECK_OK(issue(&g, &a, TOMTE_BUF_ARRAY(memory), &token));
    CHECK_EQ(TOMTE_RS_PROFILE, post_token(&g, token, 0, TOMTE_RS_NO_SLOT));
    CHECK_EQ(TOMTE_RS_GRANTED, post_token(&g, token, 0, 0));
    CHECK_EQ(TOMTE_RS_METHOD, get(&g, 0));
    CHECK_OK(tomte_as_answer(&a, token, TOMTE_BUF_ARRAY(more), &answer));
    CHECK_OK(tomte_ace_params_decode(&p, answer));
    CHECK(p.cnf.data == NULL);
}

TEST(as_issues_without_knowing_the_time)
{
    struct rig g;
    uint8_t memory[512], ray[TOMTE_RAY_BYTES_MAX];
    struct tomte_span token, stored;
    rig_init(&g);
    struct tomte_as_grant a = good_grant();
    a.now_s = 0;
    CHECK_EQ(TOMTE_ERR_INVALID, issue(&g, &a, TOMTE_BUF_ARRAY(memory), &token));
    a.from_first_sight = true;
    CHECK_EQ(TOMTE_ERR_INVALID, issue(&g, &a, TOMTE_BUF_ARRAY(memory), &token));
    a.cti = TOMTE_SPAN_LIT("hall\x07");
    a.life_s = 60;
    CHECK_OK(issue(&g, &a, TOMTE_BUF_ARRAY(memory), &token));
    CHECK_EQ(TOMTE_RS_GRANTED, post_token(&g, token, 0, TOMTE_RS_NO_SLOT));
    CHECK_OK(tomte_ray_encode(&g.ray, 0, TOMTE_BUF_ARRAY(ray), &stored));
    tomte_ray_stored(&g.ray);
    CHECK_EQ(TOMTE_RS_GRANTED, get(&g, 0));
    CHECK_EQ(TOMTE_RS_EXPIRED,
             ask(&g, 61000, 0, TOMTE_AIF_GET, TOMTE_RAY_TOLERATE));
}

TEST(as_copies_the_challenge)
{
    struct rig g;
    uint8_t memory[512];
    const uint8_t random[TOMTE_RAY_NONCE_BYTES] = "random!";
    struct tomte_span token;
    rig_init(&g);
    struct tomte_as_grant a = good_grant();
    a.cnonce = tomte_ray_challenge(&g.ray, 0, random);
    CHECK_OK(issue(&g, &a, TOMTE_BUF_ARRAY(memory), &token));
    CHECK_EQ(TOMTE_RS_GRANTED, post_token(&g, token, 0, TOMTE_RS_NO_SLOT));
    CHECK_EQ(TOMTE_RS_GRANTED,
             ask(&g, 0, 0, TOMTE_AIF_GET, TOMTE_RAY_REQUIRE_FRESH));
}

TEST(as_refuses_grants_that_make_no_sense)
{
    struct rig g;
    uint8_t memory[512];
    struct tomte_span token;
    rig_init(&g);
    for (int i = 0; i < 5; i++) {
        struct tomte_as_grant a = good_grant();
        if (i == 0)
            a.scope.len = 0;
        if (i == 1)
            a.life_s = 0;
        if (i == 2)
            a.audience.len = 0;
        if (i == 3)
            a.osc.id = TOMTE_SPAN_NONE;
        if (i == 4)
            a.now_s = INT64_MAX;
        CHECK_EQ(TOMTE_ERR_INVALID,
                 issue(&g, &a, TOMTE_BUF_ARRAY(memory), &token));
        CHECK_EQ(0, token.len);
    }
    struct tomte_as_grant a = good_grant();
    CHECK_OK(issue(&g, &a, TOMTE_BUF_ARRAY(memory), &token));
    for (size_t cap = 0, len = token.len; cap < len; cap++) {
        CHECK_EQ(TOMTE_ERR_FULL, issue(&g, &a, TOMTE_BUF(memory, cap), &token));
        CHECK_EQ(0, token.len);
    }
    a.osc.alg.given = true;
    a.osc.alg.value = 24;
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             issue(&g, &a, TOMTE_BUF_ARRAY(memory), &token));
}
