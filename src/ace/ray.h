/* SPDX-License-Identifier: Apache-2.0 */
/* ace/ray.h: what a node knows of time, for deciding whether a token may still
 * be used.
 *
 * Not a clock but an interval: true time is not before `lo` and not after `hi`.
 * Most of the time nothing is known of `hi`: then it is a ray. docs/internals/
 * ray.md says which rules are RFC 9200's, which the Raytime author's, and which
 * are ours.
 *
 * There is one ray for each authorization server, moved by what that server
 * says, and one of the node's own, moved by the owner and by the sources that
 * the owner trusts. A token is judged by what its server's ray and the node's
 * own say together; a server with a wrong clock spoils only its own tokens.
 *
 *   moves lo     the time of a verified statement: `iat` of a token, the time
 *                of a signed view, of firmware, of a revocation list; running
 *                time, with the drift of the node's clock taken off
 *   moves hi     only a live exchange: asked at one time, answered later; it
 *                then widens by the drift
 *   never        `exp` and `nbf` (they may lie in the future); anything not
 *                yet verified; creation hints; sources not trusted or not
 *                authenticated; the time that a node was switched off
 *
 * lo never goes back, but by a reset that the owner signed. hi is forgotten at
 * a restart, and whenever the clock may have stood still.
 *
 * Far-future poisoning. What a server says beyond the horizon is refused, and
 * in a day of running (or a boot) it moves lo by at most `step_max_s` more than
 * the time that passed. A lower lo is as true as a higher one, so nobody is
 * locked out by that, and the bound of the damage is known.
 *
 * Storage. lo, what is left of `exi` tokens and the age of the last news are
 * kept over power cuts: while `unstored`, encode, store, sync, and say stored;
 * before the answer to the statement or token that caused it leaves. A power
 * cut takes back at most `store_step_s` of lo. A start charges as much to
 * what is counted in running time, because that may have been lost.
 *
 * Time in: now_ms is a monotonic clock of this boot that also counts sleep
 * (else see gap). Times of tokens and statements are seconds since 1970 UTC
 * without leap seconds (RFC 8392 section 2, NumericDate; one with a fraction
 * is rounded down, nbf up). Pure, no pointers held.
 *
 * Life: init -> decode? -> add* -> (learn | challenge | take | admit ..., then
 * store while unstored)* -> wipe. */
#pragma once

#include "base/base.h"

/* Authorization servers that one node may have. The keepers of a home are one
 * (they share its name); others are a building's, a guest's. */
#define TOMTE_RAY_SERVERS_MAX 4

/* Tokens with `exi` that are alive at a time. */
#define TOMTE_RAY_EXI_MAX 8

/* Names a server, for as long as its ray is kept; the caller's choice, for
 * example the head of a key's thumbprint. */
#define TOMTE_RAY_ID_BYTES 8

#define TOMTE_RAY_NONCE_BYTES 8

/* Of an encoded ray, at most. */
#define TOMTE_RAY_BYTES_MAX 512

/* No upper bound; no time. */
#define TOMTE_RAY_NEVER UINT64_MAX

/* R(name, text): who says what time it is. */
#define TOMTE_RAY_SOURCE_TABLE(R)                                              \
    R(AS, "as")       /* an authorization server, with its key */              \
    R(OWNER, "owner") /* signed by the owner; firmware and its build time */   \
    R(GNSS, "gnss")                                                            \
    R(3GPP, "3gpp")                                                            \
    R(NTP, "ntp")                                                              \
    R(RTC, "rtc") /* a battery's clock inside the node */

enum tomte_ray_source {
#define R(name, text) TOMTE_RAY_SOURCE_##name,
    TOMTE_RAY_SOURCE_TABLE(R)
#undef R
        TOMTE_RAY_SOURCES
};

/* What the owner declares of a source. It counts only for statements that are
 * authenticated as well; servers and the owner are always trusted with both. */
enum tomte_ray_trust {
    TOMTE_RAY_TRUST_NONE, /* moves neither bound: an estimate for schedules */
    TOMTE_RAY_TRUST_PAST, /* its time has been: moves lo */
    TOMTE_RAY_TRUST_NOW,  /* its time is: moves both */
};

struct tomte_ray_config {
    uint64_t build_s;      /* when the firmware was made: lo is never below */
    uint64_t horizon_s;    /* later than build by more: refused; 50 years */
    uint32_t step_max_s;   /* see far-future poisoning; 400 days */
    uint32_t store_step_s; /* what a power cut may take back; 10 minutes */
    uint32_t nonce_life_s; /* from challenge to token; 5 minutes */
    uint32_t drift_ppm;    /* of now_ms, worst case, below 10^6; 1000 */
    uint8_t trust[TOMTE_RAY_SOURCES]; /* enum tomte_ray_trust */
};

/* The values given above, nobody else trusted. */
struct tomte_ray_config tomte_ray_config_default(uint64_t build_s);

/* S(name, text) */
#define TOMTE_RAY_STAT_TABLE(S)                                                \
    S(tolerated, "requests let through although time was uncertain")           \
    S(graced, "requests let through in a time of grace")                       \
    S(challenged, "requests answered with a challenge: time was uncertain")    \
    S(refused, "requests refused because time was uncertain")                  \
    S(expired, "requests refused because their token was expired")             \
    S(early, "requests refused because their token was not valid yet")         \
    S(foreign, "requests refused because their token's server is not ours")    \
    S(untrusted, "statements that moved neither bound: nobody trusts them")    \
    S(far, "statements refused because they lie too far in the future")        \
    S(held, "statements that moved lo by the greatest step only")              \
    S(contradicted, "statements that contradict what the same source said")    \
    S(resets, "resets by the owner")

struct tomte_ray_stats {
#define S(name, text) uint32_t name;
    TOMTE_RAY_STAT_TABLE(S)
#undef S
};

/* In milliseconds since 1970; what was true at the moment `at_ms`. Private. */
struct tomte_ray_bounds {
    uint8_t id[TOMTE_RAY_ID_BYTES]; /* of a server */
    uint64_t lo_ms, lo_at_ms;
    uint64_t hi_ms, hi_at_ms; /* TOMTE_RAY_NEVER: none */
    uint64_t stored_ms;       /* lo that is safe from a power cut */
    uint64_t encoded_ms;      /* lo that was encoded last */
    uint64_t ceiling_ms;      /* lo may be moved up to here until ... */
    uint64_t ceiling_until_ms;
    uint64_t heard_age_ms, heard_at_ms; /* last news; TOMTE_RAY_NEVER: none */
    uint64_t news_s;      /* what is not later than this is no news */
    uint64_t exi_expired; /* highest number of an expired exi token, plus 1 */
};

/* One token with exi. Private. */
struct tomte_ray_exi {
    uint8_t server; /* its place in `servers` */
    bool encoded, stored;
    uint64_t sequence;
    uint64_t left_ms, left_at_ms; /* running time */
};

/* Fields are the room's own, but `stats` is there to be read. */
struct tomte_ray {
    struct tomte_ray_stats stats;
    struct tomte_ray_config config;
    uint64_t now_ms, gap_ms; /* gap: of the last one */
    uint64_t resets;         /* number of the last reset */
    struct tomte_ray_bounds own;
    struct tomte_ray_bounds servers[TOMTE_RAY_SERVERS_MAX]; /* by id */
    struct tomte_ray_exi exi[TOMTE_RAY_EXI_MAX];
    uint8_t servers_len, exi_len;
    bool settled;                       /* what the start costs is stored */
    uint32_t revision, encoded, stored; /* of what must be stored at once */
    struct {
        uint8_t bytes[TOMTE_RAY_NONCE_BYTES];
        uint64_t made_ms;                 /* TOMTE_RAY_NEVER: none */
    } nonces[2];                          /* the newest first */
    uint64_t estimate_ms, estimate_at_ms; /* TOMTE_RAY_NEVER: none */
    uint8_t estimate_source;
    bool estimate_trusted;
};

void tomte_ray_init(struct tomte_ray *r, const struct tomte_ray_config *config,
                    uint64_t now_ms);
void tomte_ray_wipe(struct tomte_ray *r);

/* A server whose tokens count here; one that is there already stays as it is.
 * FULL. Removing it forgets its ray: its tokens are then nobody's. */
TOMTE_MUST_CHECK enum tomte_err
tomte_ray_add(struct tomte_ray *r, const uint8_t id[TOMTE_RAY_ID_BYTES]);
void tomte_ray_remove(struct tomte_ray *r,
                      const uint8_t id[TOMTE_RAY_ID_BYTES]);

/* ---- what is said about time ---- */

struct tomte_ray_statement {
    enum tomte_ray_source source;
    const uint8_t *id;  /* AS: which, TOMTE_RAY_ID_BYTES */
    bool authenticated; /* its origin is proven: by key, or by enclosure */
    uint64_t at_s;      /* the time it says */
    uint32_t error_s;   /* how far off it may be by its own account */
    bool live;          /* made after asked_ms, which is now_ms of ours: "it is
                           at_s", not only "at_s has been" */
    uint64_t asked_ms;
};

/* Only after all checks of what carries it: signature, issuer, audience, and
 * the token's own exp against the ray as it was before (RFC 9200 section
 * 5.10.1.1).
 *
 *   DENIED     not trusted or not authenticated: neither bound moved, kept as
 *              an estimate
 *   RANGE      beyond the horizon; nothing changed
 *   NOT_FOUND  no such server
 *   STALE      live, but before what is known to be past: the source's clock
 *              went back. Nothing changed; tell the owner */
TOMTE_MUST_CHECK enum tomte_err
tomte_ray_learn(struct tomte_ray *r, uint64_t now_ms,
                const struct tomte_ray_statement *s);

/* The monotonic clock may have stood still (a sleep it does not count): upper
 * bounds and challenges are forgotten, and what was asked before is not live.
 */
void tomte_ray_gap(struct tomte_ray *r, uint64_t now_ms);

/* The owner sets lo of one server's ray (NULL: the node's own), also back.
 * `number` is in what the owner signed and rises, or an old reset would be a
 * way back in time: STALE. NOT_FOUND; RANGE beyond the horizon. */
TOMTE_MUST_CHECK enum tomte_err
tomte_ray_reset(struct tomte_ray *r, uint64_t now_ms, uint64_t number,
                const uint8_t *id, uint64_t at_s);

/* ---- challenges (cnonce, RFC 9200 section 5.3.1) ---- */

/* The nonce for creation hints, valid until the next call. All clients of half
 * a lifetime get the same one, so asking often takes nobody else's away; what
 * it proves is that a token is younger than the nonce, and whose token it is
 * the key says. `random` is fresh with each call, used or not. */
struct tomte_span
tomte_ray_challenge(struct tomte_ray *r, uint64_t now_ms,
                    const uint8_t random[TOMTE_RAY_NONCE_BYTES]);

/* A token carries this nonce: it was made after `asked_ms`, so its iat is a
 * live statement. False when the nonce is not ours or too old. */
bool tomte_ray_fresh(const struct tomte_ray *r, uint64_t now_ms,
                     struct tomte_span nonce, uint64_t *asked_ms);

/* ---- tokens with exi (RFC 9200 section 5.10.3) ---- */

/* A verified token with the claim exi comes in for the first time, or again
 * (then the time that it was first seen stands). `sequence` is from its cti.
 * STALE: it, or one of a higher number, has expired. FULL: too many alive.
 * NOT_FOUND: no such server. RANGE: `sequence` is UINT64_MAX. It is not
 * admitted until stored. */
TOMTE_MUST_CHECK enum tomte_err
tomte_ray_take_exi(struct tomte_ray *r, uint64_t now_ms, const uint8_t *id,
                   uint64_t sequence, uint64_t exi_s);

/* ---- judging ---- */

/* What becomes of a request when it is not certain that its token is valid. */
enum tomte_ray_policy_kind {
    TOMTE_RAY_REQUIRE_FRESH, /* challenge: come back with a fresh token */
    TOMTE_RAY_TOLERATE,      /* let it through; the owner opted in */
    TOMTE_RAY_DENY,          /* refuse, and do not challenge */
    TOMTE_RAY_GRACE,         /* let it through for grace_s of running time
                                after the server was heard last; a start
                                costs store_step_s of it */
};

struct tomte_ray_policy {
    uint8_t kind; /* enum tomte_ray_policy_kind; of a zeroed one the default */
    uint32_t grace_s;
};

/* What a token says of its time. */
struct tomte_ray_token {
    uint8_t id[TOMTE_RAY_ID_BYTES]; /* of its server */
    bool has_exp, has_nbf, has_exi;
    uint64_t exp_s, nbf_s;
    uint64_t exi_sequence;
};

enum tomte_ray_verdict {
    TOMTE_RAY_VALID,     /* certain; also with neither exp nor exi, which is
                            for the caller to allow */
    TOMTE_RAY_UNCERTAIN, /* may be expired, or early: the policy decides */
    TOMTE_RAY_EARLY,     /* certainly before nbf */
    TOMTE_RAY_EXPIRED,   /* certain; exi: also not taken or not stored */
    TOMTE_RAY_FOREIGN,   /* its server is not one of this node's */
};

/* In seconds; lo rounded down, hi up, TOMTE_RAY_NEVER when there is none. */
struct tomte_ray_interval {
    uint64_t lo_s, hi_s;
};

/* The answer, and all that a log line needs. */
struct tomte_ray_decision {
    bool admitted;
    bool uncertain; /* admitted under uncertainty: this must be logged */
    bool challenge; /* refused; hints may carry a nonce */
    uint8_t verdict;
    struct tomte_ray_policy policy;
    struct tomte_ray_interval time;
    uint64_t exp_s; /* TOMTE_RAY_NEVER: has none */
};

/* On every request, before its scope is looked at. Counts. */
struct tomte_ray_decision tomte_ray_admit(struct tomte_ray *r, uint64_t now_ms,
                                          const struct tomte_ray_token *token,
                                          struct tomte_ray_policy policy);

/* The verdict alone: for sweeping tables. Counts nothing. */
enum tomte_ray_verdict tomte_ray_judge(const struct tomte_ray *r,
                                       uint64_t now_ms,
                                       const struct tomte_ray_token *token);

/* ---- looking ---- */

/* By this server and the node's own sources; NULL: by the latter alone. When
 * the two contradict each other there is no upper bound. */
struct tomte_ray_interval tomte_ray_get(const struct tomte_ray *r,
                                        uint64_t now_ms, const uint8_t *id);

/* A guess at the time in seconds, inside of the interval; for schedules, never
 * for tokens. From whoever was heard last; those who are not trusted count
 * until one who is has spoken. The lower bound, and source TOMTE_RAY_SOURCES,
 * when nobody said anything in this boot. */
uint64_t tomte_ray_estimate(const struct tomte_ray *r, uint64_t now_ms,
                            const uint8_t *id, enum tomte_ray_source *source);

const char *tomte_ray_source_name(enum tomte_ray_source source);
const char *tomte_ray_verdict_name(enum tomte_ray_verdict verdict);
const char *tomte_ray_policy_name(enum tomte_ray_policy_kind kind);

/* "tolerate: token until 1444064944, time 1443944944 or later". */
void tomte_ray_decision_text(struct tomte_text *t,
                             const struct tomte_ray_decision *d);

/* ---- storage ---- */

/* Something is to be stored, now. */
bool tomte_ray_unstored(const struct tomte_ray *r, uint64_t now_ms);

/* When it will be, if nothing happens; TOMTE_RAY_NEVER. */
uint64_t tomte_ray_deadline(const struct tomte_ray *r);

/* Deterministic CBOR, at most TOMTE_RAY_BYTES_MAX:
 *
 *   [1, resets, own lo, [* [id, lo, heard, exi expired]],
 *    [* [server, sequence, left]]]
 *
 * in seconds; heard is an age in running time or null; servers sorted by id,
 * exi by (server, sequence), server being the place in the list. */
TOMTE_MUST_CHECK enum tomte_err tomte_ray_encode(struct tomte_ray *r,
                                                 uint64_t now_ms,
                                                 struct tomte_buf out,
                                                 struct tomte_span *bytes);

/* What was encoded last is safe. */
void tomte_ray_stored(struct tomte_ray *r);

/* After init, with what was stored; it is then to be stored again, because a
 * start costs. On an error (VERSION, NOT_CANONICAL, RANGE, ...) the ray is as
 * after init: the caller tells the owner, since expired tokens can be used
 * again until something newer is heard. */
TOMTE_MUST_CHECK enum tomte_err tomte_ray_decode(struct tomte_ray *r,
                                                 struct tomte_span bytes);
