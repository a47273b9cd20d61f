/* SPDX-License-Identifier: Apache-2.0 */
/* The ray against true time, over random histories: the node's clock runs
 * wrong by up to what was declared, power is cut at any instant and for any
 * time, an attacker keeps every token and says what time it is.
 *
 * True time is in milliseconds. What is checked, all the time:
 *  - true time is inside of the interval;
 *  - a token that has truly expired passes under neither `deny` nor
 *    `require-fresh`;
 *  - one that has not passes under `tolerate`, and under all policies while a
 *    live exchange of this boot bounds the error;
 *  - once something newer was seen and a power cut cannot take it back, an
 *    expired token passes under no policy;
 *  - an exi token passes for no more running time than it has. */
#include "test.h"

#include "ace/ray.h"

#define SEEDS     2000
#define STEPS     600
#define TOKENS    64
#define BUILD_S   UINT64_C(1700000000)
#define STEP_MS   UINT64_C(600000) /* store_step_s of the default */
#define DRIFT_PPM 1000

static const uint8_t as_id[TOMTE_RAY_ID_BYTES] = "the home";

struct token {
    uint64_t iat_ms; /* true time */
    struct tomte_ray_token says;
    uint64_t exi_s, passed_ms; /* running time of the first pass; exi only */
    bool passed;
};

struct world {
    struct tomte_random random;
    uint64_t true_ms;
    int64_t wrong_ppm;
    uint64_t boot_true_ms; /* of this boot */
    uint64_t clock_offset_ms;
    uint64_t running_ms; /* of all boots before this one */
    struct tomte_ray ray;
    uint8_t flash[TOMTE_RAY_BYTES_MAX];
    size_t flash_len;

    struct token tokens[TOKENS];
    unsigned token_count, exi_count;
    uint64_t heard_ms; /* newest time that was said, in this boot */
    uint64_t safe_ms;  /* and what no power cut takes back */
    bool live;         /* an exchange in this boot: when, and how wide
                                 it left the interval */
    uint64_t live_at_ms, live_error_ms;
    unsigned refused_expired, passed, tolerated, cuts, exi_passed;
};

static uint64_t below(struct world *w, uint64_t bound)
{
    return tomte_random_below(&w->random, bound);
}

/* What the node's clock shows. */
static uint64_t clock_ms(const struct world *w)
{
    int64_t ran = (int64_t)(w->true_ms - w->boot_true_ms);
    return w->clock_offset_ms + (uint64_t)(ran + ran * w->wrong_ppm / 1000000);
}

static uint64_t running_ms(const struct world *w)
{
    return w->running_ms + (w->true_ms - w->boot_true_ms);
}

static void boot(struct world *w)
{
    struct tomte_ray_config c = tomte_ray_config_default(BUILD_S);
    static const int64_t wrong[] = {-DRIFT_PPM, DRIFT_PPM, 0, -400, 999};
    c.drift_ppm = DRIFT_PPM;
    w->boot_true_ms = w->true_ms;
    w->clock_offset_ms = below(w, 5000);
    w->wrong_ppm = wrong[below(w, 5)];
    w->live = false;
    w->heard_ms = 0;
    tomte_ray_init(&w->ray, &c, clock_ms(w));
    if (w->flash_len != 0)
        CHECK_OK(tomte_ray_decode(&w->ray, TOMTE_SPAN(w->flash, w->flash_len)));
    CHECK_OK(tomte_ray_add(&w->ray, as_id));
}

static void cut_power(struct world *w)
{
    static const uint64_t off[] = {0, 1000, 3600000, 86400000,
                                   40 * 86400000ull};
    w->running_ms = running_ms(w);
    w->cuts++;
    w->true_ms += below(w, off[below(w, 5)] + 1);
    boot(w);
}

/* As a node does while it is due; now and then the power is cut before the
 * store says that it is safe, with either content. */
static bool store(struct world *w)
{
    uint8_t memory[TOMTE_RAY_BYTES_MAX];
    struct tomte_span bytes;
    if (!tomte_ray_unstored(&w->ray, clock_ms(w)))
        return true;
    CHECK_OK(tomte_ray_encode(&w->ray, clock_ms(w), TOMTE_BUF_ARRAY(memory),
                              &bytes));
    bool cut = below(w, 20) == 0;
    if (!cut || below(w, 2) == 0) {
        memcpy(w->flash, bytes.data, bytes.len);
        w->flash_len = bytes.len;
    }
    if (cut) {
        cut_power(w);
        return false;
    }
    tomte_ray_stored(&w->ray);
    CHECK(!tomte_ray_unstored(&w->ray, clock_ms(w)));
    if (w->heard_ms > w->safe_ms + STEP_MS)
        w->safe_ms = w->heard_ms - STEP_MS;
    return true;
}

static void settle(struct world *w)
{
    while (!store(w))
        ;
}

static void check_interval(struct world *w)
{
    struct tomte_ray_interval t = tomte_ray_get(&w->ray, clock_ms(w), as_id);
    CHECK(t.lo_s * 1000 <= w->true_ms);
    CHECK(t.hi_s == TOMTE_RAY_NEVER || t.hi_s * 1000 >= w->true_ms);
}

/* Time passes; the node stores when it is due. */
static void run(struct world *w, uint64_t ms)
{
    uint64_t end = w->true_ms + ms;
    while (w->true_ms < end) {
        uint64_t rest = end - w->true_ms;
        w->true_ms += rest < 60000 ? rest : 60000;
        uint64_t before = w->cuts;
        settle(w);
        if (w->cuts != before)
            return;
    }
}

static void issue(struct world *w)
{
    static const uint64_t lives[] = {5, 600, 3600, 86400, 30 * 86400};
    struct token *t = &w->tokens[w->token_count % TOKENS];
    *t = (struct token){.iat_ms = w->true_ms};
    memcpy(t->says.id, as_id, sizeof as_id);
    if (below(w, 5) == 0 && w->token_count < TOKENS) {
        t->says.has_exi = true;
        t->says.exi_sequence = w->exi_count++;
        t->exi_s = 1 + lives[below(w, 4)];
    } else {
        t->says.has_exp = true;
        t->says.exp_s = w->true_ms / 1000 + 1 + lives[below(w, 5)];
        t->says.has_nbf = below(w, 3) == 0;
        t->says.nbf_s = w->true_ms / 1000;
    }
    w->token_count++;
}

static struct token *some_token(struct world *w)
{
    unsigned n = w->token_count < TOKENS ? w->token_count : TOKENS;
    return n == 0 ? NULL : &w->tokens[below(w, n)];
}

/* Somebody brings a token, old or new: its iat is learnt. */
static void upload(struct world *w, struct token *t)
{
    struct tomte_ray_statement s = {.source = TOMTE_RAY_SOURCE_AS,
                                    .id = as_id,
                                    .authenticated = true,
                                    .at_s = t->iat_ms / 1000};
    CHECK_OK(tomte_ray_learn(&w->ray, clock_ms(w), &s));
    if (s.at_s * 1000 > w->heard_ms)
        w->heard_ms = s.at_s * 1000;
    if (t->says.has_exi) {
        enum tomte_err err = tomte_ray_take_exi(&w->ray, clock_ms(w), as_id,
                                                t->says.exi_sequence, t->exi_s);
        CHECK(err == TOMTE_OK || err == TOMTE_ERR_STALE ||
              err == TOMTE_ERR_FULL);
    }
    settle(w);
}

/* Challenge, a way to the server and back, upload. */
static void fetch_fresh(struct world *w)
{
    uint8_t random[TOMTE_RAY_NONCE_BYTES], nonce[TOMTE_RAY_NONCE_BYTES];
    tomte_random_fill(&w->random, TOMTE_BUF_ARRAY(random));
    memcpy(nonce, tomte_ray_challenge(&w->ray, clock_ms(w), random).data,
           sizeof nonce);
    unsigned cuts = w->cuts;
    run(w, below(w, 40000));
    issue(w);
    struct token *t = &w->tokens[(w->token_count - 1) % TOKENS];
    uint64_t asked;
    run(w, below(w, 40000));
    bool fresh =
        tomte_ray_fresh(&w->ray, clock_ms(w), TOMTE_SPAN_ARRAY(nonce), &asked);
    CHECK(cuts == w->cuts ? fresh : !fresh);
    if (!fresh)
        return;
    struct tomte_ray_statement s = {.source = TOMTE_RAY_SOURCE_AS,
                                    .id = as_id,
                                    .authenticated = true,
                                    .at_s = t->iat_ms / 1000,
                                    .live = true,
                                    .asked_ms = asked};
    CHECK_OK(tomte_ray_learn(&w->ray, clock_ms(w), &s));
    w->live = true;
    w->live_at_ms = w->true_ms;
    w->live_error_ms = 2000 + 2 * (clock_ms(w) - asked);
    if (s.at_s * 1000 > w->heard_ms)
        w->heard_ms = s.at_s * 1000;
    settle(w);
}

/* Satellites, NTP: wherever they like, signed or not; nobody trusts them. And
 * the server's name on what nobody signed. */
static void spoof(struct world *w)
{
    struct tomte_ray_statement s = {
        .source = (enum tomte_ray_source)below(w, TOMTE_RAY_SOURCES),
        .id = as_id,
        .at_s = below(w, 2) == 0 ? below(w, BUILD_S * 2)
                                 : w->true_ms / 1000 + below(w, 100000),
        .live = below(w, 2) == 0};
    s.authenticated = s.source > TOMTE_RAY_SOURCE_OWNER && below(w, 2) == 0;
    enum tomte_err err = tomte_ray_learn(&w->ray, clock_ms(w), &s);
    CHECK(err == TOMTE_ERR_DENIED || err == TOMTE_ERR_RANGE);
}

static void check_exi(struct world *w, struct token *t, bool admitted)
{
    if (!admitted)
        return;
    if (!t->passed)
        t->passed_ms = running_ms(w);
    t->passed = true;
    CHECK(running_ms(w) - t->passed_ms < t->exi_s * 1000);
    w->exi_passed++;
}

static void use(struct world *w, struct token *t)
{
    struct tomte_ray_policy p = {.kind = (uint8_t)below(w, 4),
                                 .grace_s = (uint32_t)below(w, 5000)};
    struct tomte_ray_decision d =
        tomte_ray_admit(&w->ray, clock_ms(w), &t->says, p);
    w->passed += d.admitted;
    w->tolerated += d.uncertain;
    CHECK(!(d.admitted && d.challenge));
    if (t->says.has_exi) {
        check_exi(w, t, d.admitted);
        return;
    }
    uint64_t exp_ms = t->says.exp_s * 1000;
    bool strict = p.kind == TOMTE_RAY_DENY || p.kind == TOMTE_RAY_REQUIRE_FRESH;
    if (exp_ms <= w->true_ms) {
        CHECK(!(strict && d.admitted));
        CHECK(!(exp_ms <= w->safe_ms && d.admitted));
        CHECK(!(exp_ms <= w->heard_ms && d.admitted));
        w->refused_expired += !d.admitted;
        return;
    }
    if (p.kind == TOMTE_RAY_TOLERATE)
        CHECK(d.admitted);
    if (w->live) {
        uint64_t wide = w->live_error_ms + (w->true_ms - w->live_at_ms) / 400;
        if (exp_ms > w->true_ms + wide && t->iat_ms + 1000 < w->heard_ms)
            CHECK(d.admitted && !d.uncertain);
    }
}

static void step(struct world *w)
{
    uint64_t choice = below(w, 100);
    struct token *t = some_token(w);
    if (choice < 15)
        issue(w);
    else if (choice < 30 && t != NULL)
        upload(w, t);
    else if (choice < 36)
        fetch_fresh(w);
    else if (choice < 42)
        spoof(w);
    else if (choice < 45)
        cut_power(w);
    else if (choice < 60)
        run(w, below(w, choice < 50 ? 20000000 : 100000));
    else if (t != NULL)
        use(w, t);
    check_interval(w);
}

TEST(random_histories_against_true_time)
{
    static struct world w;
    unsigned refused = 0, passed = 0, tolerated = 0, cuts = 0, exi = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        memset(&w, 0, sizeof w);
        tomte_random_init(&w.random, seed);
        w.true_ms = BUILD_S * 1000 + below(&w, 86400000);
        boot(&w);
        for (int i = 0; i < STEPS; i++)
            step(&w);
        refused += w.refused_expired;
        passed += w.passed;
        tolerated += w.tolerated;
        cuts += w.cuts;
        exi += w.exi_passed;
        CHECK_EQ(0, w.ray.stats.contradicted + w.ray.stats.held);
    }
    /* the histories are not empty */
    CHECK(refused > SEEDS * 10 && passed > SEEDS * 20);
    CHECK(tolerated > SEEDS * 5 && cuts > SEEDS * 10 && exi > SEEDS / 4);
}
