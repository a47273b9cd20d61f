/* SPDX-License-Identifier: Apache-2.0 */
/* A node with room for three tokens, and a server that makes them. */
#pragma once

#include "ace/rs.h"
#include "base/base.h"
#include "test.h"

#define T0 UINT64_C(1700000000) /* when the firmware was made */

static const uint8_t server[TOMTE_RAY_ID_BYTES] = "server 1";
static const struct tomte_crypto *const fake = &tomte_crypto_fake;

struct rig {
    struct tomte_rs rs;
    struct tomte_ray ray;
    struct tomte_rs_token tokens[3];
    uint8_t revoked[2][TOMTE_ACE_TOKEN_HASH_BYTES];
    struct tomte_span audiences[2];
    struct tomte_cose_key key;
    uint8_t memory[1024]; /* claims of the token that came last */
    struct tomte_rs_taken taken;
};

static inline void rig_init(struct rig *g)
{
    static const uint8_t key[16] = "server's for us";
    struct tomte_ray_config time = tomte_ray_config_default(T0);
    memset(g, 0, sizeof *g);
    g->audiences[0] = TOMTE_SPAN_LIT("hall");
    g->audiences[1] = TOMTE_SPAN_LIT("all");
    g->key = tomte_cose_key_symmetric(0, TOMTE_SPAN_ARRAY(key));
    tomte_ray_init(&g->ray, &time, 0);
    CHECK_OK(tomte_ray_add(&g->ray, server));
    struct tomte_rs_config c = {.crypto = fake,
                                .tokens = g->tokens,
                                .token_count = 3,
                                .revoked = g->revoked,
                                .revoked_max = 2,
                                .audiences = g->audiences,
                                .audience_count = 2,
                                .self = TOMTE_SPAN_LIT("hall")};
    tomte_rs_init(&g->rs, &c);
}

/* cnf: {4: {0: id, 2: "ms"}} */
static inline struct tomte_span osc_cnf(uint8_t id)
{
    static uint8_t memory[16][16];
    static size_t next;
    uint8_t *m = memory[next++ % 16];
    memcpy(m, "\xa1\x04\xa2\x00\x41?\x02\x42ms", 10);
    m[5] = id;
    return TOMTE_SPAN(m, 10);
}

/* Claims as they should be: GET on /lamp, for a day. */
static inline struct tomte_cwt good_claims(uint8_t id)
{
    return (struct tomte_cwt){.iss = TOMTE_SPAN_LIT("keeper"),
                              .aud = TOMTE_SPAN_LIT("\x64hall"),
                              .exp = {.given = true, .seconds = T0 + 90000},
                              .iat = {.given = true, .seconds = T0 + 3600},
                              .cnf = osc_cnf(id),
                              .scope = TOMTE_SPAN_LIT("\x81\x82\x65/lamp\x01"),
                              .has_profile = true,
                              .profile = TOMTE_ACE_PROFILE_OSCORE};
}

static inline struct tomte_span
seal(const struct rig *g, struct tomte_span claims, struct tomte_buf out)
{
    struct tomte_span message;
    struct tomte_cose_draft draft = {
        .protected_map = TOMTE_SPAN_LIT("\xa3\x01\x0a\x04\x41k\x05\x4dnonce of "
                                        "13 b"),
        .payload = claims};
    out.data[0] = 0xd8;
    out.data[1] = TOMTE_CWT_TAG;
    CHECK_OK(tomte_cose_encrypt0_encode(
        fake, &draft, &g->key, TOMTE_BUF(out.data + 2, out.cap - 2), &message));
    return TOMTE_SPAN(out.data, message.len + 2);
}

/* The token of these claims. */
static inline struct tomte_span
make(const struct rig *g, const struct tomte_cwt *c, struct tomte_buf out)
{
    uint8_t memory[1024];
    struct tomte_span claims;
    CHECK_OK(tomte_cwt_encode(c, TOMTE_BUF_ARRAY(memory), &claims));
    return seal(g, claims, out);
}

static inline enum tomte_rs_result post_token(struct rig *g,
                                              struct tomte_span token,
                                              uint64_t now_ms, uint16_t slot)
{
    struct tomte_rs_post p = {.token = token,
                              .key = &g->key,
                              .server = server,
                              .issuer = TOMTE_SPAN_LIT("keeper"),
                              .slot = slot};
    return tomte_rs_take(&g->rs, &g->ray, now_ms, &p,
                         TOMTE_BUF_ARRAY(g->memory), &g->taken);
}

/* A post of these claims without protection, at once. */
static inline enum tomte_rs_result post(struct rig *g,
                                        const struct tomte_cwt *c)
{
    uint8_t memory[1100];
    return post_token(g, make(g, c, TOMTE_BUF_ARRAY(memory)), 0,
                      TOMTE_RS_NO_SLOT);
}

/* A request for /lamp. */
static inline enum tomte_rs_result ask(struct rig *g, uint64_t now_ms,
                                       uint16_t slot, uint64_t method,
                                       enum tomte_ray_policy_kind kind)
{
    struct tomte_span segment = TOMTE_SPAN_LIT("lamp");
    struct tomte_aif_request r = {
        .segments = &segment, .segment_count = 1, .method = method};
    struct tomte_ray_policy policy = {.kind = (uint8_t)kind};
    struct tomte_ray_decision d;
    return tomte_rs_check(&g->rs, &g->ray, now_ms, slot, policy, &r, &d);
}

static inline enum tomte_rs_result get(struct rig *g, uint16_t slot)
{
    return ask(g, 0, slot, TOMTE_AIF_GET, TOMTE_RAY_TOLERATE);
}
