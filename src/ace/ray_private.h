/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the ray share: arithmetic with a clock that is wrong by up
 * to drift_ppm and shows whole milliseconds. */
#pragma once

#include "ace/ray.h"

/* The greatest time in seconds that is told apart; later ones are all as late
 * (some 35 million years), so that milliseconds do not overflow. */
#define RAY_TIME_MAX_S (UINT64_C(1) << 50)

static inline uint64_t ray_ms(uint64_t s)
{
    return (s < RAY_TIME_MAX_S ? s : RAY_TIME_MAX_S) * 1000;
}

/* now_ms, which never goes back. */
uint64_t ray_clock(const struct tomte_ray *r, uint64_t now_ms);

/* What truly passed while the clock counted `ms`: at least, at most. */
uint64_t ray_at_least(const struct tomte_ray *r, uint64_t ms);
uint64_t ray_at_most(const struct tomte_ray *r, uint64_t ms);

uint64_t ray_lo(const struct tomte_ray *r, const struct tomte_ray_bounds *b,
                uint64_t now_ms);
uint64_t ray_hi(const struct tomte_ray *r, const struct tomte_ray_bounds *b,
                uint64_t now_ms);

/* Running time since the last news, at most; TOMTE_RAY_NEVER. */
uint64_t ray_heard_age(const struct tomte_ray *r,
                       const struct tomte_ray_bounds *b, uint64_t now_ms);

/* What is left of an exi token, at least; 0: it has expired. */
uint64_t ray_exi_left(const struct tomte_ray *r, const struct tomte_ray_exi *x,
                      uint64_t now_ms);

/* The ray of a server, NULL when there is none. */
const struct tomte_ray_bounds *ray_server(const struct tomte_ray *r,
                                          const uint8_t *id);

/* Both rays together, in milliseconds; `server` may be NULL. */
struct ray_span {
    uint64_t lo_ms, hi_ms;
};
struct ray_span ray_both(const struct tomte_ray *r, uint64_t now_ms,
                         const struct tomte_ray_bounds *server);

/* Something is to be stored at once. */
static inline void ray_change(struct tomte_ray *r)
{
    r->revision++;
}

/* Entry i is no more. */
static inline void ray_drop_exi(struct tomte_ray *r, size_t i)
{
    r->exi[i] = r->exi[--r->exi_len];
}
