/* SPDX-License-Identifier: Apache-2.0 */
#include "ray_private.h"

#include <string.h>

#define DAY_MS UINT64_C(86400000)

static struct tomte_ray_bounds *find(struct tomte_ray *r, const uint8_t *id);
static void start_bounds(struct tomte_ray_bounds *b, uint64_t lo_ms,
                         uint64_t now_ms);
static bool trusted(const struct tomte_ray *r,
                    const struct tomte_ray_statement *s, bool *now);
static void note_estimate(struct tomte_ray *r,
                          const struct tomte_ray_statement *s, bool is_trusted);
static void note_news(struct tomte_ray_bounds *b, uint64_t at_s,
                      uint64_t now_ms);
static void move_lo(struct tomte_ray *r, struct tomte_ray_bounds *b,
                    uint64_t to_ms, bool limited);
static bool beyond_horizon(const struct tomte_ray *r, uint64_t at_s);

struct tomte_ray_config tomte_ray_config_default(uint64_t build_s)
{
    return (struct tomte_ray_config){
        .build_s = build_s,
        .horizon_s = UINT64_C(50) * 365 * 86400,
        .step_max_s = 400u * 86400,
        .store_step_s = 600,
        .nonce_life_s = 300,
        .drift_ppm = 1000,
        .trust = {[TOMTE_RAY_SOURCE_AS] = TOMTE_RAY_TRUST_NOW,
                  [TOMTE_RAY_SOURCE_OWNER] = TOMTE_RAY_TRUST_NOW}};
}

void tomte_ray_init(struct tomte_ray *r, const struct tomte_ray_config *config,
                    uint64_t now_ms)
{
    TOMTE_ASSERT(config->drift_ppm < 1000000);
    TOMTE_ASSERT(config->build_s < RAY_TIME_MAX_S / 2);
    TOMTE_ASSERT(config->horizon_s < RAY_TIME_MAX_S / 4);
    TOMTE_ASSERT(config->nonce_life_s > 0);
    *r = (struct tomte_ray){.config = *config,
                            .now_ms = now_ms,
                            .settled = true,
                            .estimate_ms = TOMTE_RAY_NEVER};
    r->nonces[0].made_ms = r->nonces[1].made_ms = TOMTE_RAY_NEVER;
    r->config.trust[TOMTE_RAY_SOURCE_AS] = TOMTE_RAY_TRUST_NOW;
    r->config.trust[TOMTE_RAY_SOURCE_OWNER] = TOMTE_RAY_TRUST_NOW;
    start_bounds(&r->own, ray_ms(config->build_s), now_ms);
}

void tomte_ray_wipe(struct tomte_ray *r)
{
    tomte_wipe(r, sizeof *r);
}

/* ---- servers ---- */

enum tomte_err tomte_ray_add(struct tomte_ray *r,
                             const uint8_t id[TOMTE_RAY_ID_BYTES])
{
    size_t at = 0;
    if (find(r, id) != NULL)
        return TOMTE_OK;
    if (r->servers_len == TOMTE_RAY_SERVERS_MAX)
        return TOMTE_ERR_FULL;
    while (at < r->servers_len &&
           memcmp(r->servers[at].id, id, TOMTE_RAY_ID_BYTES) < 0)
        at++;
    for (size_t i = r->servers_len++; i > at; i--)
        r->servers[i] = r->servers[i - 1];
    for (size_t i = 0; i < r->exi_len; i++)
        if (r->exi[i].server >= at)
            r->exi[i].server++;
    start_bounds(&r->servers[at], ray_ms(r->config.build_s), r->now_ms);
    memcpy(r->servers[at].id, id, TOMTE_RAY_ID_BYTES);
    ray_change(r);
    return TOMTE_OK;
}

void tomte_ray_remove(struct tomte_ray *r, const uint8_t id[TOMTE_RAY_ID_BYTES])
{
    struct tomte_ray_bounds *b = find(r, id);
    if (b == NULL)
        return;
    size_t at = (size_t)(b - r->servers);
    for (size_t i = r->exi_len; i-- > 0;) {
        if (r->exi[i].server == at)
            ray_drop_exi(r, i);
        else if (r->exi[i].server > at)
            r->exi[i].server--;
    }
    r->servers_len--;
    for (size_t i = at; i < r->servers_len; i++)
        r->servers[i] = r->servers[i + 1];
    ray_change(r);
}

static struct tomte_ray_bounds *find(struct tomte_ray *r, const uint8_t *id)
{
    const struct tomte_ray_bounds *b = ray_server(r, id);
    return b == NULL ? NULL : &r->servers[b - r->servers];
}

const struct tomte_ray_bounds *ray_server(const struct tomte_ray *r,
                                          const uint8_t *id)
{
    for (size_t i = 0; i < r->servers_len; i++)
        if (memcmp(r->servers[i].id, id, TOMTE_RAY_ID_BYTES) == 0)
            return &r->servers[i];
    return NULL;
}

static void start_bounds(struct tomte_ray_bounds *b, uint64_t lo_ms,
                         uint64_t now_ms)
{
    *b = (struct tomte_ray_bounds){.lo_ms = lo_ms,
                                   .lo_at_ms = now_ms,
                                   .hi_ms = TOMTE_RAY_NEVER,
                                   .stored_ms = lo_ms,
                                   .encoded_ms = lo_ms,
                                   .heard_age_ms = TOMTE_RAY_NEVER,
                                   .news_s = lo_ms / 1000};
}

/* ---- statements ---- */

enum tomte_err tomte_ray_learn(struct tomte_ray *r, uint64_t now_ms,
                               const struct tomte_ray_statement *s)
{
    struct tomte_ray_bounds *b = &r->own;
    bool may_now;
    r->now_ms = now_ms = ray_clock(r, now_ms);
    if (beyond_horizon(r, s->at_s)) {
        r->stats.far++;
        return TOMTE_ERR_RANGE;
    }
    if (!trusted(r, s, &may_now)) {
        r->stats.untrusted++;
        note_estimate(r, s, false);
        return TOMTE_ERR_DENIED;
    }
    if (s->source == TOMTE_RAY_SOURCE_AS && (b = find(r, s->id)) == NULL)
        return TOMTE_ERR_NOT_FOUND;

    uint64_t lo = ray_lo(r, b, now_ms), hi = ray_hi(r, b, now_ms);
    uint64_t error = ray_ms(s->error_s), at = ray_ms(s->at_s), latest = hi;
    uint64_t earliest = at > error ? at - error : 0;
    uint64_t asked = s->asked_ms < now_ms ? s->asked_ms : now_ms;
    bool live = s->live && may_now && asked >= r->gap_ms;
    if (live) {
        /* at_s is rounded down: up to a second later */
        latest = at + 1000 + error + ray_at_most(r, now_ms - asked);
        if (latest < lo) {
            r->stats.contradicted++;
            return TOMTE_ERR_STALE;
        }
    }
    if (earliest > hi) { /* it lies, or lied when it gave us hi */
        r->stats.contradicted++;
        b->hi_ms = hi = TOMTE_RAY_NEVER;
    }
    if (live && latest < hi) {
        b->hi_ms = latest;
        b->hi_at_ms = now_ms;
    }
    if (live || (s->at_s > b->news_s && s->at_s >= lo / 1000))
        note_news(b, s->at_s, now_ms);
    move_lo(r, b, earliest, s->source != TOMTE_RAY_SOURCE_OWNER);
    note_estimate(r, s, true);
    return TOMTE_OK;
}

static bool beyond_horizon(const struct tomte_ray *r, uint64_t at_s)
{
    return at_s > r->config.build_s + r->config.horizon_s;
}

/* `now`: with both bounds. */
static bool trusted(const struct tomte_ray *r,
                    const struct tomte_ray_statement *s, bool *now)
{
    TOMTE_ASSERT(s->source < TOMTE_RAY_SOURCES);
    TOMTE_ASSERT(s->source != TOMTE_RAY_SOURCE_AS || s->id != NULL);
    uint8_t trust = r->config.trust[s->source];
    *now = trust == TOMTE_RAY_TRUST_NOW;
    return s->authenticated && trust != TOMTE_RAY_TRUST_NONE;
}

static void note_estimate(struct tomte_ray *r,
                          const struct tomte_ray_statement *s, bool is_trusted)
{
    bool has = r->estimate_ms != TOMTE_RAY_NEVER;
    if (has && r->estimate_trusted && !is_trusted)
        return;
    r->estimate_ms = ray_ms(s->at_s);
    r->estimate_at_ms = r->now_ms;
    r->estimate_source = (uint8_t)s->source;
    r->estimate_trusted = is_trusted;
}

/* For grace: somebody trusted was heard, and it is not an old statement again.
 * After a start the stored lo stands for the last one. */
static void note_news(struct tomte_ray_bounds *b, uint64_t at_s,
                      uint64_t now_ms)
{
    b->heard_age_ms = 0;
    b->heard_at_ms = now_ms;
    if (at_s > b->news_s)
        b->news_s = at_s;
}

/* Not further than the ceiling, which is raised once a day of running. */
static void move_lo(struct tomte_ray *r, struct tomte_ray_bounds *b,
                    uint64_t to_ms, bool limited)
{
    uint64_t lo = ray_lo(r, b, r->now_ms);
    if (to_ms <= lo)
        return;
    if (limited && r->now_ms >= b->ceiling_until_ms) {
        b->ceiling_ms = lo + ray_ms(r->config.step_max_s);
        b->ceiling_until_ms = r->now_ms + DAY_MS;
    }
    if (limited && to_ms > b->ceiling_ms) {
        r->stats.held++;
        to_ms = b->ceiling_ms > lo ? b->ceiling_ms : lo;
    }
    b->lo_ms = to_ms;
    b->lo_at_ms = r->now_ms;
}

void tomte_ray_gap(struct tomte_ray *r, uint64_t now_ms)
{
    r->now_ms = r->gap_ms = ray_clock(r, now_ms);
    r->own.hi_ms = TOMTE_RAY_NEVER;
    for (size_t i = 0; i < r->servers_len; i++)
        r->servers[i].hi_ms = TOMTE_RAY_NEVER;
    r->nonces[0].made_ms = r->nonces[1].made_ms = TOMTE_RAY_NEVER;
    r->estimate_ms = TOMTE_RAY_NEVER;
}

enum tomte_err tomte_ray_reset(struct tomte_ray *r, uint64_t now_ms,
                               uint64_t number, const uint8_t *id,
                               uint64_t at_s)
{
    struct tomte_ray_bounds *b = id == NULL ? &r->own : find(r, id);
    if (b == NULL)
        return TOMTE_ERR_NOT_FOUND;
    if (number <= r->resets)
        return TOMTE_ERR_STALE;
    if (beyond_horizon(r, at_s))
        return TOMTE_ERR_RANGE;
    r->now_ms = ray_clock(r, now_ms);
    r->resets = number;
    r->stats.resets++;
    if (at_s < r->config.build_s)
        at_s = r->config.build_s;
    b->lo_ms = b->stored_ms = ray_ms(at_s);
    b->lo_at_ms = r->now_ms;
    b->hi_ms = TOMTE_RAY_NEVER;
    b->ceiling_until_ms = 0;
    b->news_s = at_s;
    note_news(b, at_s, r->now_ms);
    r->estimate_ms = TOMTE_RAY_NEVER;
    ray_change(r);
    return TOMTE_OK;
}

/* ---- challenges ---- */

struct tomte_span
tomte_ray_challenge(struct tomte_ray *r, uint64_t now_ms,
                    const uint8_t random[TOMTE_RAY_NONCE_BYTES])
{
    uint64_t half = ray_ms(r->config.nonce_life_s) / 2;
    r->now_ms = now_ms = ray_clock(r, now_ms);
    if (r->nonces[0].made_ms == TOMTE_RAY_NEVER ||
        now_ms - r->nonces[0].made_ms >= half) {
        r->nonces[1] = r->nonces[0];
        memcpy(r->nonces[0].bytes, random, TOMTE_RAY_NONCE_BYTES);
        r->nonces[0].made_ms = now_ms;
    }
    return TOMTE_SPAN_ARRAY(r->nonces[0].bytes);
}

bool tomte_ray_fresh(const struct tomte_ray *r, uint64_t now_ms,
                     struct tomte_span nonce, uint64_t *asked_ms)
{
    now_ms = ray_clock(r, now_ms);
    for (size_t i = 0; i < 2; i++) {
        uint64_t made = r->nonces[i].made_ms;
        if (made == TOMTE_RAY_NEVER ||
            now_ms - made > ray_ms(r->config.nonce_life_s))
            continue;
        if (tomte_span_equal_ct(nonce, TOMTE_SPAN_ARRAY(r->nonces[i].bytes))) {
            *asked_ms = made;
            return true;
        }
    }
    return false;
}

/* ---- looking ---- */

struct tomte_ray_interval tomte_ray_get(const struct tomte_ray *r,
                                        uint64_t now_ms, const uint8_t *id)
{
    struct ray_span t =
        ray_both(r, now_ms, id == NULL ? NULL : ray_server(r, id));
    return (struct tomte_ray_interval){.lo_s = t.lo_ms / 1000,
                                       .hi_s = t.hi_ms == TOMTE_RAY_NEVER
                                                   ? TOMTE_RAY_NEVER
                                                   : (t.hi_ms - 1) / 1000 + 1};
}

uint64_t tomte_ray_estimate(const struct tomte_ray *r, uint64_t now_ms,
                            const uint8_t *id, enum tomte_ray_source *source)
{
    struct ray_span t =
        ray_both(r, now_ms, id == NULL ? NULL : ray_server(r, id));
    *source = TOMTE_RAY_SOURCES;
    if (r->estimate_ms == TOMTE_RAY_NEVER)
        return t.lo_ms / 1000;
    *source = (enum tomte_ray_source)r->estimate_source;
    uint64_t ms = r->estimate_ms + (ray_clock(r, now_ms) - r->estimate_at_ms);
    if (ms < t.lo_ms)
        ms = t.lo_ms;
    return (ms < t.hi_ms ? ms : t.hi_ms) / 1000;
}
