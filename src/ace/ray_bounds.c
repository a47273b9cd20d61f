/* SPDX-License-Identifier: Apache-2.0 */
/* What is true now of bounds that were true some time ago.
 *
 * A clock that is wrong by d parts (d = drift_ppm / 10^6) counts between
 * (1 - d) and (1 + d) times what passed; a difference of two readings in whole
 * milliseconds is off by one more. So, of `ms` counted, at least
 * ms (1 - d) - 1 and at most ms / (1 - d) + 1 have passed. */
#include "ray_private.h"

#define MILLION 1000000u

/* ms * parts / whole, rounded down, without overflow for parts < 2^20 and
 * whole < 2^32. */
static uint64_t scale(uint64_t ms, uint32_t parts, uint32_t whole)
{
    return ms / whole * parts + ms % whole * parts / whole;
}

uint64_t ray_clock(const struct tomte_ray *r, uint64_t now_ms)
{
    return now_ms > r->now_ms ? now_ms : r->now_ms;
}

uint64_t ray_at_least(const struct tomte_ray *r, uint64_t ms)
{
    uint64_t off = scale(ms, r->config.drift_ppm, MILLION) + 2;
    return ms > off ? ms - off : 0;
}

uint64_t ray_at_most(const struct tomte_ray *r, uint64_t ms)
{
    uint32_t ppm = r->config.drift_ppm;
    uint64_t more = scale(ms, ppm, MILLION - ppm) + 2;
    return ms < TOMTE_RAY_NEVER - more ? ms + more : TOMTE_RAY_NEVER;
}

uint64_t ray_lo(const struct tomte_ray *r, const struct tomte_ray_bounds *b,
                uint64_t now_ms)
{
    return b->lo_ms + ray_at_least(r, ray_clock(r, now_ms) - b->lo_at_ms);
}

uint64_t ray_hi(const struct tomte_ray *r, const struct tomte_ray_bounds *b,
                uint64_t now_ms)
{
    if (b->hi_ms == TOMTE_RAY_NEVER)
        return TOMTE_RAY_NEVER;
    uint64_t more = ray_at_most(r, ray_clock(r, now_ms) - b->hi_at_ms);
    return more < TOMTE_RAY_NEVER - b->hi_ms ? b->hi_ms + more
                                             : TOMTE_RAY_NEVER;
}

uint64_t ray_heard_age(const struct tomte_ray *r,
                       const struct tomte_ray_bounds *b, uint64_t now_ms)
{
    if (b->heard_age_ms == TOMTE_RAY_NEVER)
        return TOMTE_RAY_NEVER;
    uint64_t more = ray_at_most(r, ray_clock(r, now_ms) - b->heard_at_ms);
    return more < TOMTE_RAY_NEVER - b->heard_age_ms ? b->heard_age_ms + more
                                                    : TOMTE_RAY_NEVER;
}

uint64_t ray_exi_left(const struct tomte_ray *r, const struct tomte_ray_exi *x,
                      uint64_t now_ms)
{
    uint64_t gone = ray_at_most(r, ray_clock(r, now_ms) - x->left_at_ms);
    return x->left_ms > gone ? x->left_ms - gone : 0;
}

struct ray_span ray_both(const struct tomte_ray *r, uint64_t now_ms,
                         const struct tomte_ray_bounds *server)
{
    struct ray_span t = {ray_lo(r, &r->own, now_ms),
                         ray_hi(r, &r->own, now_ms)};
    if (server != NULL) {
        uint64_t lo = ray_lo(r, server, now_ms), hi = ray_hi(r, server, now_ms);
        t.lo_ms = lo > t.lo_ms ? lo : t.lo_ms;
        t.hi_ms = hi < t.hi_ms ? hi : t.hi_ms;
    }
    if (t.hi_ms < t.lo_ms)
        t.hi_ms = TOMTE_RAY_NEVER;
    return t;
}
