/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens against the ray: exp, nbf, exi, and what the policy makes of it. */
#include "ray_private.h"

static struct tomte_ray_exi *find_exi(struct tomte_ray *r, size_t server,
                                      uint64_t sequence);
static void sweep_exi(struct tomte_ray *r);
static bool exi_alive(const struct tomte_ray *r, uint64_t now_ms, size_t server,
                      uint64_t sequence);
static bool in_grace(const struct tomte_ray *r,
                     const struct tomte_ray_bounds *server, uint32_t grace_s);
static void count_refusal(struct tomte_ray *r, enum tomte_ray_verdict verdict);
static void apply_policy(struct tomte_ray *r, struct tomte_ray_decision *d,
                         const struct tomte_ray_bounds *server);

/* ---- exi ---- */

enum tomte_err tomte_ray_take_exi(struct tomte_ray *r, uint64_t now_ms,
                                  const uint8_t *id, uint64_t sequence,
                                  uint64_t exi_s)
{
    const struct tomte_ray_bounds *b = ray_server(r, id);
    if (b == NULL)
        return TOMTE_ERR_NOT_FOUND;
    if (sequence == UINT64_MAX)
        return TOMTE_ERR_RANGE;
    size_t server = (size_t)(b - r->servers);
    r->now_ms = ray_clock(r, now_ms);
    sweep_exi(r);
    if (sequence < b->exi_expired)
        return TOMTE_ERR_STALE;
    if (find_exi(r, server, sequence) != NULL)
        return TOMTE_OK;
    if (r->exi_len == TOMTE_RAY_EXI_MAX)
        return TOMTE_ERR_FULL;
    r->exi[r->exi_len++] = (struct tomte_ray_exi){.server = (uint8_t)server,
                                                  .sequence = sequence,
                                                  .left_ms = ray_ms(exi_s),
                                                  .left_at_ms = r->now_ms};
    ray_change(r);
    return TOMTE_OK;
}

static struct tomte_ray_exi *find_exi(struct tomte_ray *r, size_t server,
                                      uint64_t sequence)
{
    for (size_t i = 0; i < r->exi_len; i++)
        if (r->exi[i].server == server && r->exi[i].sequence == sequence)
            return &r->exi[i];
    return NULL;
}

/* RFC 9200 section 5.10.3: the highest number of an expired token is kept, and
 * with it all lower ones have expired. */
static void sweep_exi(struct tomte_ray *r)
{
    for (size_t i = 0; i < r->exi_len; i++) {
        const struct tomte_ray_exi *x = &r->exi[i];
        struct tomte_ray_bounds *b = &r->servers[x->server];
        if (ray_exi_left(r, x, r->now_ms) == 0 &&
            b->exi_expired <= x->sequence) {
            b->exi_expired = x->sequence + 1;
            ray_change(r);
        }
    }
    for (size_t i = r->exi_len; i-- > 0;)
        if (r->exi[i].sequence < r->servers[r->exi[i].server].exi_expired)
            ray_drop_exi(r, i);
}

static bool exi_alive(const struct tomte_ray *r, uint64_t now_ms, size_t server,
                      uint64_t sequence)
{
    bool alive = false;
    for (size_t i = 0; i < r->exi_len; i++) {
        const struct tomte_ray_exi *x = &r->exi[i];
        if (x->server != server || x->sequence < sequence)
            continue;
        if (ray_exi_left(r, x, now_ms) == 0)
            return false;
        if (x->sequence == sequence)
            alive = x->stored && r->settled;
    }
    return alive;
}

/* ---- verdict ---- */

enum tomte_ray_verdict tomte_ray_judge(const struct tomte_ray *r,
                                       uint64_t now_ms,
                                       const struct tomte_ray_token *token)
{
    const struct tomte_ray_bounds *b = ray_server(r, token->id);
    if (b == NULL)
        return TOMTE_RAY_FOREIGN;
    struct ray_span t = ray_both(r, now_ms, b);
    uint64_t exp = ray_ms(token->exp_s), nbf = ray_ms(token->nbf_s);
    if (token->has_exp && exp <= t.lo_ms)
        return TOMTE_RAY_EXPIRED;
    if (token->has_exi &&
        !exi_alive(r, now_ms, (size_t)(b - r->servers), token->exi_sequence))
        return TOMTE_RAY_EXPIRED;
    if (token->has_nbf && nbf > t.hi_ms)
        return TOMTE_RAY_EARLY;
    if ((token->has_exp && exp <= t.hi_ms) || (token->has_nbf && nbf > t.lo_ms))
        return TOMTE_RAY_UNCERTAIN;
    return TOMTE_RAY_VALID;
}

/* ---- decision ---- */

struct tomte_ray_decision tomte_ray_admit(struct tomte_ray *r, uint64_t now_ms,
                                          const struct tomte_ray_token *token,
                                          struct tomte_ray_policy policy)
{
    TOMTE_ASSERT(policy.kind <= TOMTE_RAY_GRACE);
    r->now_ms = ray_clock(r, now_ms);
    sweep_exi(r);
    enum tomte_ray_verdict verdict = tomte_ray_judge(r, r->now_ms, token);
    struct tomte_ray_decision d = {
        .verdict = (uint8_t)verdict,
        .policy = policy,
        .time = tomte_ray_get(r, r->now_ms, token->id),
        .exp_s = token->has_exp ? token->exp_s : TOMTE_RAY_NEVER};
    if (verdict == TOMTE_RAY_VALID)
        d.admitted = true;
    else if (verdict == TOMTE_RAY_UNCERTAIN)
        apply_policy(r, &d, ray_server(r, token->id));
    else
        count_refusal(r, verdict);
    return d;
}

static void apply_policy(struct tomte_ray *r, struct tomte_ray_decision *d,
                         const struct tomte_ray_bounds *server)
{
    if (d->policy.kind == TOMTE_RAY_TOLERATE) {
        d->admitted = d->uncertain = true;
        r->stats.tolerated++;
    } else if (d->policy.kind == TOMTE_RAY_GRACE &&
               in_grace(r, server, d->policy.grace_s)) {
        d->admitted = d->uncertain = true;
        r->stats.graced++;
    } else if (d->policy.kind == TOMTE_RAY_DENY) {
        r->stats.refused++;
    } else {
        d->challenge = true;
        r->stats.challenged++;
    }
}

/* What a start costs must be stored, or starts would cost nothing. */
static bool in_grace(const struct tomte_ray *r,
                     const struct tomte_ray_bounds *server, uint32_t grace_s)
{
    uint64_t theirs = ray_heard_age(r, server, r->now_ms);
    uint64_t own = ray_heard_age(r, &r->own, r->now_ms);
    uint64_t age = own < theirs ? own : theirs;
    return r->settled && age <= ray_ms(grace_s);
}

static void count_refusal(struct tomte_ray *r, enum tomte_ray_verdict verdict)
{
    if (verdict == TOMTE_RAY_EXPIRED)
        r->stats.expired++;
    else if (verdict == TOMTE_RAY_EARLY)
        r->stats.early++;
    else
        r->stats.foreign++;
}

/* ---- for people ---- */

const char *tomte_ray_source_name(enum tomte_ray_source source)
{
    static const char *const names[] = {
#define R(name, text) text,
        TOMTE_RAY_SOURCE_TABLE(R)
#undef R
    };
    return source < TOMTE_RAY_SOURCES ? names[source] : "none";
}

const char *tomte_ray_verdict_name(enum tomte_ray_verdict verdict)
{
    static const char *const names[] = {"valid", "uncertain", "early",
                                        "expired", "foreign"};
    return names[verdict];
}

const char *tomte_ray_policy_name(enum tomte_ray_policy_kind kind)
{
    static const char *const names[] = {"require-fresh", "tolerate", "deny",
                                        "grace"};
    return names[kind];
}

void tomte_ray_decision_text(struct tomte_text *t,
                             const struct tomte_ray_decision *d)
{
    tomte_text_str(t, d->admitted ? "admitted" : "refused");
    tomte_text_str(t, ", ");
    tomte_text_str(t,
                   tomte_ray_verdict_name((enum tomte_ray_verdict)d->verdict));
    tomte_text_str(t, ", policy ");
    tomte_text_str(
        t, tomte_ray_policy_name((enum tomte_ray_policy_kind)d->policy.kind));
    if (d->policy.kind == TOMTE_RAY_GRACE) {
        tomte_text_str(t, "(");
        tomte_text_u64(t, d->policy.grace_s);
        tomte_text_str(t, ")");
    }
    if (d->exp_s != TOMTE_RAY_NEVER) {
        tomte_text_str(t, ": token until ");
        tomte_text_u64(t, d->exp_s);
    }
    tomte_text_str(t, ", time ");
    tomte_text_u64(t, d->time.lo_s);
    if (d->time.hi_s == TOMTE_RAY_NEVER) {
        tomte_text_str(t, " or later");
    } else {
        tomte_text_str(t, " to ");
        tomte_text_u64(t, d->time.hi_s);
    }
}
