/* SPDX-License-Identifier: Apache-2.0 */
/* One ray with two servers, for the tests of its rules. A second of now_ms is a
 * second of truth here; wrong clocks are the model's (test_ray_model.c). */
#pragma once

#include "test.h"

#include "ace/ray.h"

#define BUILD UINT64_C(1700000000)
#define DAY   UINT64_C(86400)
#define S     UINT64_C(1000) /* a second of now_ms */

static const uint8_t as_1[TOMTE_RAY_ID_BYTES] = "server 1";
static const uint8_t as_2[TOMTE_RAY_ID_BYTES] = "server 2";

static struct tomte_ray ray;

static inline void start(void)
{
    struct tomte_ray_config c = tomte_ray_config_default(BUILD);
    tomte_ray_init(&ray, &c, 0);
    CHECK_OK(tomte_ray_add(&ray, as_1));
    CHECK_OK(tomte_ray_add(&ray, as_2));
}

static inline struct tomte_ray_statement past(const uint8_t *id, uint64_t at_s)
{
    return (struct tomte_ray_statement){.source = TOMTE_RAY_SOURCE_AS,
                                        .id = id,
                                        .authenticated = true,
                                        .at_s = at_s};
}

static inline enum tomte_err learn(uint64_t now_ms, const uint8_t *id,
                                   uint64_t at_s)
{
    struct tomte_ray_statement s = past(id, at_s);
    return tomte_ray_learn(&ray, now_ms, &s);
}

static inline enum tomte_err learn_live(uint64_t now_ms, const uint8_t *id,
                                        uint64_t at_s, uint64_t asked_ms)
{
    struct tomte_ray_statement s = past(id, at_s);
    s.live = true;
    s.asked_ms = asked_ms;
    return tomte_ray_learn(&ray, now_ms, &s);
}

static inline struct tomte_ray_token token(const uint8_t *id, uint64_t exp_s)
{
    struct tomte_ray_token t = {.has_exp = true, .exp_s = exp_s};
    memcpy(t.id, id, sizeof t.id);
    return t;
}

static inline enum tomte_ray_verdict judge(uint64_t now_ms, const uint8_t *id,
                                           uint64_t exp_s)
{
    struct tomte_ray_token t = token(id, exp_s);
    return tomte_ray_judge(&ray, now_ms, &t);
}

static inline struct tomte_ray_decision admit(uint64_t now_ms, uint64_t exp_s,
                                              uint8_t kind, uint32_t grace_s)
{
    struct tomte_ray_token t = token(as_1, exp_s);
    return tomte_ray_admit(
        &ray, now_ms, &t,
        (struct tomte_ray_policy){.kind = kind, .grace_s = grace_s});
}

/* Power off, power on: what was stored comes back. */
static inline void restart(void)
{
    static uint8_t memory[TOMTE_RAY_BYTES_MAX];
    struct tomte_span bytes;
    struct tomte_ray_config c = ray.config;
    CHECK_OK(
        tomte_ray_encode(&ray, ray.now_ms, TOMTE_BUF_ARRAY(memory), &bytes));
    tomte_ray_init(&ray, &c, 0);
    CHECK_OK(tomte_ray_decode(&ray, bytes));
}

static inline void store(void)
{
    uint8_t memory[TOMTE_RAY_BYTES_MAX];
    struct tomte_span bytes;
    CHECK_OK(
        tomte_ray_encode(&ray, ray.now_ms, TOMTE_BUF_ARRAY(memory), &bytes));
    tomte_ray_stored(&ray);
}
