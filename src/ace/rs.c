/* SPDX-License-Identifier: Apache-2.0 */
#include "ace/rs.h"

#include "base/assert.h"

#include <string.h>

/* ---- results ----------------------------------------------------------- */

unsigned tomte_rs_coap_code(enum tomte_rs_result result)
{
    static const uint8_t codes[] = {
#define R(name, code, text) (code),
        TOMTE_RS_TABLE(R)
#undef R
    };
    return codes[result < TOMTE_RS_RESULTS ? result : TOMTE_RS_NO_TOKEN];
}

const char *tomte_rs_text(enum tomte_rs_result result)
{
    static const char *const texts[] = {
#define R(name, code, text) text,
        TOMTE_RS_TABLE(R)
#undef R
    };
    return result < TOMTE_RS_RESULTS ? texts[result] : "?";
}

/* ---- tables ------------------------------------------------------------ */

void tomte_rs_init(struct tomte_rs *rs, const struct tomte_rs_config *config)
{
    TOMTE_ASSERT(config->token_count < TOMTE_RS_NO_SLOT);
    *rs = (struct tomte_rs){.config = *config};
    memset(config->tokens, 0, config->token_count * sizeof *config->tokens);
}

void tomte_rs_wipe(struct tomte_rs *rs)
{
    tomte_wipe(rs->config.tokens,
               rs->config.token_count * sizeof *rs->config.tokens);
    tomte_wipe(rs, sizeof *rs);
}

static struct tomte_rs_token *at(struct tomte_rs *rs, uint16_t slot)
{
    bool there = slot < rs->config.token_count && rs->config.tokens[slot].used;
    return there ? &rs->config.tokens[slot] : NULL;
}

void tomte_rs_drop(struct tomte_rs *rs, uint16_t slot)
{
    struct tomte_rs_token *t = at(rs, slot);
    if (t != NULL)
        tomte_wipe(t, sizeof *t);
}

/* Two servers may have chosen the same id. */
static bool is_key_of(const struct tomte_rs_token *t, const uint8_t *server,
                      struct tomte_span id)
{
    return memcmp(t->time.id, server, TOMTE_RAY_ID_BYTES) == 0 &&
           tomte_span_equal(TOMTE_SPAN(t->id, t->id_len), id);
}

static uint16_t find_key(struct tomte_rs *rs, const uint8_t *server,
                         struct tomte_span id)
{
    for (uint16_t i = 0; i < rs->config.token_count; i++) {
        const struct tomte_rs_token *t = at(rs, i);
        if (t != NULL && is_key_of(t, server, id))
            return i;
    }
    return TOMTE_RS_NO_SLOT;
}

/* A free one, else that of the eldest who has not shown a key. */
static uint16_t find_room(struct tomte_rs *rs)
{
    uint16_t eldest = TOMTE_RS_NO_SLOT;
    for (uint16_t i = 0; i < rs->config.token_count; i++) {
        const struct tomte_rs_token *t = &rs->config.tokens[i];
        if (!t->used)
            return i;
        if (t->confirmed)
            continue;
        if (eldest == TOMTE_RS_NO_SLOT ||
            t->taken_ms < rs->config.tokens[eldest].taken_ms)
            eldest = i;
    }
    return eldest;
}

/* ---- revocation -------------------------------------------------------- */

static bool is_revoked(const struct tomte_rs *rs, const uint8_t *hash)
{
    for (uint16_t i = 0; i < rs->revoked_count; i++)
        if (memcmp(rs->config.revoked[i], hash, TOMTE_ACE_TOKEN_HASH_BYTES) ==
            0)
            return true;
    return false;
}

static void remember(struct tomte_rs *rs, const uint8_t *hash)
{
    if (rs->config.revoked_max == 0 || is_revoked(rs, hash))
        return;
    memcpy(rs->config.revoked[rs->revoked_next], hash,
           TOMTE_ACE_TOKEN_HASH_BYTES);
    rs->revoked_next =
        (uint16_t)((rs->revoked_next + 1u) % rs->config.revoked_max);
    if (rs->revoked_count < rs->config.revoked_max)
        rs->revoked_count++;
}

uint16_t tomte_rs_revoke(struct tomte_rs *rs,
                         const uint8_t hash[TOMTE_ACE_TOKEN_HASH_BYTES])
{
    remember(rs, hash);
    for (uint16_t i = 0; i < rs->config.token_count; i++) {
        const struct tomte_rs_token *t = at(rs, i);
        if (t != NULL && memcmp(t->hash, hash, sizeof t->hash) == 0) {
            tomte_rs_drop(rs, i);
            return i;
        }
    }
    return TOMTE_RS_NO_SLOT;
}

uint16_t tomte_rs_sweep(struct tomte_rs *rs, const struct tomte_ray *ray,
                        uint64_t now_ms)
{
    for (uint16_t i = 0; i < rs->config.token_count; i++) {
        const struct tomte_rs_token *t = at(rs, i);
        if (t == NULL)
            continue;
        enum tomte_ray_verdict v = tomte_ray_judge(ray, now_ms, &t->time);
        if (v == TOMTE_RAY_EXPIRED || v == TOMTE_RAY_FOREIGN) {
            tomte_rs_drop(rs, i);
            return i;
        }
    }
    return TOMTE_RS_NO_SLOT;
}

/* ---- one token, check by check ----------------------------------------- */

struct view {
    struct tomte_cwt claims;
    struct tomte_cwt_cnf cnf;
    struct tomte_ray_token time;
    uint8_t hash[TOMTE_ACE_TOKEN_HASH_BYTES];
};

static enum tomte_rs_result open_claims(struct tomte_rs *rs,
                                        const struct tomte_rs_post *post,
                                        struct tomte_buf memory, struct view *v)
{
    struct tomte_cose m;
    struct tomte_span plain;
    const struct tomte_crypto *c = rs->config.crypto;
    tomte_ace_token_hash(c, post->token, v->hash);
    if (is_revoked(rs, v->hash))
        return TOMTE_RS_REVOKED;
    if (post->key == NULL ||
        tomte_cwt_open(&m, post->token,
                       TOMTE_CWT_WRAPPED | TOMTE_CWT_PROTECTED) != TOMTE_OK ||
        m.kind != TOMTE_COSE_ENCRYPT0 ||
        tomte_cose_encrypt0_decrypt(c, &m, post->key, NULL, memory, &plain) !=
            TOMTE_OK)
        return TOMTE_RS_CRYPTO;
    if (tomte_cwt_decode(&v->claims, plain) != TOMTE_OK)
        return TOMTE_RS_CLAIMS;
    return TOMTE_RS_GRANTED;
}

/* cti of a token with exi: who we are, then the number, big-endian. */
static bool read_sequence(const struct tomte_rs *rs, struct tomte_span cti,
                          uint64_t *number)
{
    struct tomte_span self = rs->config.self;
    *number = 0;
    if (cti.len <= self.len || cti.len - self.len > 8 ||
        !tomte_span_equal(tomte_span_slice(cti, 0, self.len), self))
        return false;
    for (size_t i = self.len; i < cti.len; i++)
        *number = *number << 8 | cti.data[i];
    return *number < UINT64_MAX; /* the ray keeps the next one */
}

/* What we need is there, and nothing that we do not know (RFC 9203 section
 * 4.2). A token with neither exp nor exi would live for ever. */
static enum tomte_rs_result read_claims(const struct tomte_rs *rs,
                                        const struct tomte_rs_post *post,
                                        struct view *v)
{
    const struct tomte_cwt *c = &v->claims;
    uint64_t exp = c->exp.seconds;
    if (c->unknown > 0 || c->aud.data == NULL || c->scope.data == NULL ||
        (!c->exp.given && !c->has_exi))
        return TOMTE_RS_CLAIMS;
    if (c->exp.given && c->iat.given && c->iat.seconds >= exp)
        return TOMTE_RS_CLAIMS;
    v->time = (struct tomte_ray_token){.has_exp = c->exp.given,
                                       .exp_s = exp,
                                       .has_nbf = c->nbf.given,
                                       .nbf_s = c->nbf.seconds +
                                                (c->nbf.fraction ? 1 : 0)};
    memcpy(v->time.id, post->server, TOMTE_RAY_ID_BYTES);
    if (c->has_exi && !read_sequence(rs, c->cti, &v->time.exi_sequence))
        return TOMTE_RS_CLAIMS;
    return TOMTE_RS_GRANTED;
}

/* exi begins to count when the token is taken, so it is left out here. */
static enum tomte_rs_result check_time(const struct tomte_ray *ray,
                                       uint64_t now_ms, const struct view *v)
{
    switch (tomte_ray_judge(ray, now_ms, &v->time)) {
    case TOMTE_RAY_EXPIRED:
        return TOMTE_RS_EXPIRED;
    case TOMTE_RAY_EARLY:
        return TOMTE_RS_EARLY;
    case TOMTE_RAY_FOREIGN:
        return TOMTE_RS_ISSUER;
    default:
        return TOMTE_RS_GRANTED;
    }
}

static bool is_for_us(const struct tomte_rs *rs, const struct tomte_cwt *c)
{
    for (size_t i = 0; i < rs->config.audience_count; i++)
        if (tomte_cwt_is_for(c, rs->config.audiences[i]))
            return true;
    return false;
}

static bool is_scope(const struct tomte_cwt *c)
{
    struct tomte_aif_iter it;
    struct tomte_aif_entry entry;
    if (c->scope_is_text || c->scope.len > TOMTE_RS_SCOPE_BYTES)
        return false;
    tomte_aif_iter_init(&it, c->scope);
    while (tomte_aif_next(&it, &entry))
        ;
    return tomte_aif_done(&it) == TOMTE_OK;
}

/* The key: new material, or by name the one that protects the post. */
static enum tomte_rs_result check_key(struct tomte_rs *rs,
                                      const struct tomte_rs_post *post,
                                      struct view *v,
                                      struct tomte_rs_taken *taken)
{
    const struct tomte_cwt *c = &v->claims;
    const struct tomte_rs_token *own = at(rs, post->slot);
    if (c->has_profile && c->profile != TOMTE_ACE_PROFILE_OSCORE)
        return TOMTE_RS_PROFILE;
    if (c->cnf.data == NULL ||
        tomte_cwt_cnf_decode(&v->cnf, c->cnf) != TOMTE_OK)
        return TOMTE_RS_PROFILE;
    if (post->slot != TOMTE_RS_NO_SLOT) {
        bool same =
            own != NULL && v->cnf.osc.data == NULL &&
            v->cnf.cose_key.data == NULL && v->cnf.kid.data != NULL &&
            tomte_span_equal(TOMTE_SPAN(own->id, own->id_len), v->cnf.kid);
        return same ? TOMTE_RS_GRANTED : TOMTE_RS_KEY;
    }
    if (v->cnf.osc.data == NULL ||
        tomte_ace_osc_decode(&taken->osc, v->cnf.osc) != TOMTE_OK ||
        taken->osc.id.len > TOMTE_RS_ID_BYTES)
        return TOMTE_RS_PROFILE;
    return TOMTE_RS_GRANTED;
}

/* The order of RFC 9200 section 5.10.1.1. */
static enum tomte_rs_result
check_token(struct tomte_rs *rs, const struct tomte_ray *ray, uint64_t now_ms,
            const struct tomte_rs_post *post, struct tomte_buf memory,
            struct view *v, struct tomte_rs_taken *taken)
{
    enum tomte_rs_result r = open_claims(rs, post, memory, v);
    if (r == TOMTE_RS_GRANTED)
        r = read_claims(rs, post, v);
    if (r != TOMTE_RS_GRANTED)
        return r;
    if (v->claims.iss.data != NULL &&
        !tomte_span_equal(v->claims.iss, post->issuer))
        return TOMTE_RS_ISSUER;
    r = check_time(ray, now_ms, v);
    if (r != TOMTE_RS_GRANTED)
        return r;
    if (!is_for_us(rs, &v->claims))
        return TOMTE_RS_AUDIENCE;
    if (!is_scope(&v->claims))
        return TOMTE_RS_SCOPE;
    return check_key(rs, post, v, taken);
}

/* ---- keeping it -------------------------------------------------------- */

/* With a challenge that is ours iat says what time it is, not only what time it
 * has been. What the ray holds against it but the horizon refuses no token. */
static enum tomte_rs_result learn(struct tomte_ray *ray, uint64_t now_ms,
                                  const struct tomte_rs_post *post,
                                  const struct tomte_cwt *c)
{
    struct tomte_ray_statement s = {.source = TOMTE_RAY_SOURCE_AS,
                                    .id = post->server,
                                    .authenticated = true,
                                    .at_s = c->iat.seconds};
    if (c->cnonce.data != NULL) {
        if (!tomte_ray_fresh(ray, now_ms, c->cnonce, &s.asked_ms))
            return TOMTE_RS_NONCE;
        s.live = true;
    }
    if (!c->iat.given)
        return TOMTE_RS_GRANTED;
    enum tomte_err err = tomte_ray_learn(ray, now_ms, &s);
    return err == TOMTE_ERR_RANGE ? TOMTE_RS_FUTURE : TOMTE_RS_GRANTED;
}

static enum tomte_rs_result count_exi(struct tomte_ray *ray, uint64_t now_ms,
                                      struct view *v)
{
    if (!v->claims.has_exi)
        return TOMTE_RS_GRANTED;
    v->time.has_exi = true;
    switch (tomte_ray_take_exi(ray, now_ms, v->time.id, v->time.exi_sequence,
                               v->claims.exi)) {
    case TOMTE_OK:
        return TOMTE_RS_GRANTED;
    case TOMTE_ERR_FULL:
        return TOMTE_RS_FULL;
    case TOMTE_ERR_STALE:
        return TOMTE_RS_EXPIRED;
    default:
        return TOMTE_RS_CLAIMS;
    }
}

static void keep(struct tomte_rs_token *t, const struct view *v,
                 struct tomte_span id, uint64_t now_ms, bool confirmed)
{
    struct tomte_rs_token now = {.used = true,
                                 .confirmed = confirmed,
                                 .id_len = (uint8_t)id.len,
                                 .taken_ms = now_ms,
                                 .iat_s = v->claims.iat.seconds,
                                 .time = v->time,
                                 .scope_len = (uint16_t)v->claims.scope.len};
    if (id.len > 0)
        memcpy(now.id, id.data, id.len);
    memcpy(now.hash, v->hash, sizeof now.hash);
    if (now.scope_len > 0)
        memcpy(now.scope, v->claims.scope.data, now.scope_len);
    *t = now;
}

/* Where it goes: in the place of the token that its key had, else elsewhere. */
static enum tomte_rs_result find_place(struct tomte_rs *rs,
                                       const struct tomte_rs_post *post,
                                       struct tomte_span id,
                                       const struct view *v,
                                       struct tomte_rs_taken *taken)
{
    taken->slot = find_key(rs, post->server, id);
    taken->replaced = taken->slot != TOMTE_RS_NO_SLOT;
    if (!taken->replaced)
        taken->slot = find_room(rs);
    const struct tomte_rs_token *t = at(rs, taken->slot);
    taken->evicted = t != NULL && !taken->replaced;
    if (taken->slot == TOMTE_RS_NO_SLOT)
        return TOMTE_RS_FULL;
    if (taken->replaced && v->claims.iat.seconds < t->iat_s)
        return TOMTE_RS_STALE;
    return TOMTE_RS_GRANTED;
}

static enum tomte_rs_result take(struct tomte_rs *rs, struct tomte_ray *ray,
                                 uint64_t now_ms,
                                 const struct tomte_rs_post *post,
                                 struct tomte_buf memory,
                                 struct tomte_rs_taken *taken)
{
    struct view v = {.hash = {0}};
    enum tomte_rs_result r =
        check_token(rs, ray, now_ms, post, memory, &v, taken);
    bool update = post->slot != TOMTE_RS_NO_SLOT;
    struct tomte_span id = update ? v.cnf.kid : taken->osc.id;
    if (r == TOMTE_RS_GRANTED)
        r = find_place(rs, post, id, &v, taken);
    if (r == TOMTE_RS_GRANTED)
        r = learn(ray, now_ms, post, &v.claims);
    if (r == TOMTE_RS_GRANTED)
        r = count_exi(ray, now_ms, &v);
    if (r != TOMTE_RS_GRANTED)
        return r;
    /* who has shown the key stays so: a replay of the post changes nothing */
    struct tomte_rs_token *t = &rs->config.tokens[taken->slot];
    keep(t, &v, id, now_ms, update || (taken->replaced && t->confirmed));
    return r;
}

enum tomte_rs_result tomte_rs_take(struct tomte_rs *rs, struct tomte_ray *ray,
                                   uint64_t now_ms,
                                   const struct tomte_rs_post *post,
                                   struct tomte_buf memory,
                                   struct tomte_rs_taken *taken)
{
    *taken = (struct tomte_rs_taken){.slot = TOMTE_RS_NO_SLOT};
    enum tomte_rs_result r = take(rs, ray, now_ms, post, memory, taken);
    rs->counts[r]++;
    if (r != TOMTE_RS_GRANTED)
        *taken = (struct tomte_rs_taken){.slot = TOMTE_RS_NO_SLOT};
    return r;
}

/* ---- requests ---------------------------------------------------------- */

static enum tomte_rs_result check(struct tomte_rs *rs, struct tomte_ray *ray,
                                  uint64_t now_ms, uint16_t slot,
                                  struct tomte_ray_policy policy,
                                  const struct tomte_aif_request *request,
                                  struct tomte_ray_decision *decision)
{
    struct tomte_rs_token *t = at(rs, slot);
    if (t == NULL)
        return TOMTE_RS_NO_TOKEN;
    t->confirmed = true;
    *decision = tomte_ray_admit(ray, now_ms, &t->time, policy);
    if (!decision->admitted) {
        switch ((enum tomte_ray_verdict)decision->verdict) {
        case TOMTE_RAY_EXPIRED:
            return TOMTE_RS_EXPIRED;
        case TOMTE_RAY_EARLY:
            return TOMTE_RS_EARLY;
        case TOMTE_RAY_FOREIGN:
            return TOMTE_RS_NO_TOKEN;
        default:
            return TOMTE_RS_UNCERTAIN;
        }
    }
    switch (tomte_aif_allows(TOMTE_SPAN(t->scope, t->scope_len), request)) {
    case TOMTE_OK:
        return TOMTE_RS_GRANTED;
    case TOMTE_ERR_METHOD:
        return TOMTE_RS_METHOD;
    default:
        return TOMTE_RS_PATH;
    }
}

enum tomte_rs_result tomte_rs_check(struct tomte_rs *rs, struct tomte_ray *ray,
                                    uint64_t now_ms, uint16_t slot,
                                    struct tomte_ray_policy policy,
                                    const struct tomte_aif_request *request,
                                    struct tomte_ray_decision *decision)
{
    *decision = (struct tomte_ray_decision){.admitted = false};
    enum tomte_rs_result r =
        check(rs, ray, now_ms, slot, policy, request, decision);
    rs->counts[r]++;
    return r;
}
