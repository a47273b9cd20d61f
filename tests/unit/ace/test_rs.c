/* SPDX-License-Identifier: Apache-2.0 */
#include "rs_rig.h"

TEST(rs_takes_a_token_and_grants_what_it_says)
{
    struct rig g;
    rig_init(&g);
    struct tomte_cwt c = good_claims('a');
    CHECK_EQ(TOMTE_RS_NO_TOKEN, get(&g, 0));
    CHECK_EQ(TOMTE_RS_GRANTED, post(&g, &c));
    CHECK_EQ(0, g.taken.slot);
    CHECK(!g.taken.replaced && !g.taken.evicted);
    CHECK_BYTES(TOMTE_SPAN_LIT("ms"), g.taken.osc.ms);
    CHECK_EQ(TOMTE_RS_GRANTED, get(&g, 0));
    CHECK_EQ(TOMTE_RS_METHOD, ask(&g, 0, 0, TOMTE_AIF_PUT, TOMTE_RAY_TOLERATE));
    CHECK_EQ(TOMTE_RS_NO_TOKEN, get(&g, 1));
    CHECK_EQ(TOMTE_RS_NO_TOKEN, get(&g, TOMTE_RS_NO_SLOT));
    CHECK_EQ(T0 + 3600, tomte_ray_get(&g.ray, 0, server).lo_s);
    struct tomte_span other = TOMTE_SPAN_LIT("lamps");
    struct tomte_aif_request r = {
        .segments = &other, .segment_count = 1, .method = TOMTE_AIF_GET};
    struct tomte_ray_decision d;
    CHECK_EQ(TOMTE_RS_PATH, tomte_rs_check(&g.rs, &g.ray, 0, 0,
                                           (struct tomte_ray_policy){
                                               .kind = TOMTE_RAY_TOLERATE},
                                           &r, &d));
    CHECK(d.admitted && d.uncertain);
    CHECK_EQ(2, g.rs.counts[TOMTE_RS_GRANTED]);
    CHECK_EQ(3, g.rs.counts[TOMTE_RS_NO_TOKEN]);
}

/* One fault each; the table below is in the order of the checks. */
typedef void break_fn(struct tomte_cwt *c);

static void no_aud(struct tomte_cwt *c)
{
    c->aud = TOMTE_SPAN_NONE;
}
static void no_scope(struct tomte_cwt *c)
{
    c->scope = TOMTE_SPAN_NONE;
}
static void no_exp(struct tomte_cwt *c)
{
    c->exp.given = false;
}
static void late_iat(struct tomte_cwt *c)
{
    c->iat.seconds = c->exp.seconds;
}
static void other_iss(struct tomte_cwt *c)
{
    c->iss = TOMTE_SPAN_LIT("keepers");
}
static void old_exp(struct tomte_cwt *c)
{
    c->exp.seconds = T0;
    c->iat.seconds = T0 - 9;
}
static void other_aud(struct tomte_cwt *c)
{
    c->aud = TOMTE_SPAN_LIT("\x64"
                            "barn");
}
static void text_scope(struct tomte_cwt *c)
{
    c->scope = TOMTE_SPAN_LIT("read");
    c->scope_is_text = true;
}
static void bad_scope(struct tomte_cwt *c)
{
    c->scope = TOMTE_SPAN_LIT("\x81\x01");
}
static void large_scope(struct tomte_cwt *c)
{
    static uint8_t scope[3 + 4 + 520] = {0x81, 0x82, 0x79, 2, 8, '/'};
    memset(scope + 6, 'x', 519);
    scope[525] = 1;
    c->scope = TOMTE_SPAN(scope, 526);
}
static void other_profile(struct tomte_cwt *c)
{
    c->profile = 1;
}
static void no_cnf(struct tomte_cwt *c)
{
    c->cnf = TOMTE_SPAN_NONE;
}
static void kid_cnf(struct tomte_cwt *c)
{
    c->cnf = TOMTE_SPAN_LIT("\xa1\x03\x41"
                            "a");
}
static void strange_osc(struct tomte_cwt *c)
{
    c->cnf = TOMTE_SPAN_LIT("\xa1\x04\xa3\x00\x41"
                            "a\x02\x41m\x07\x00");
}
static void long_id(struct tomte_cwt *c)
{
    c->cnf = TOMTE_SPAN_LIT("\xa1\x04\xa2\x00\x49"
                            "123456789\x02\x41m");
}
static void other_nonce(struct tomte_cwt *c)
{
    c->cnonce = TOMTE_SPAN_LIT("12345678");
}
static void far_iat(struct tomte_cwt *c)
{
    c->iat.seconds = T0 + UINT64_C(60) * 366 * 86400;
    c->exp.seconds = c->iat.seconds + 1;
}

static const struct {
    break_fn *break_it;
    enum tomte_rs_result result;
    unsigned code;
} faults[] = {
    {no_aud, TOMTE_RS_CLAIMS, 0x80},
    {no_scope, TOMTE_RS_CLAIMS, 0x80},
    {no_exp, TOMTE_RS_CLAIMS, 0x80},
    {late_iat, TOMTE_RS_CLAIMS, 0x80},
    {other_iss, TOMTE_RS_ISSUER, 0x81},
    {old_exp, TOMTE_RS_EXPIRED, 0x81},
    {other_aud, TOMTE_RS_AUDIENCE, 0x83},
    {text_scope, TOMTE_RS_SCOPE, 0x80},
    {bad_scope, TOMTE_RS_SCOPE, 0x80},
    {large_scope, TOMTE_RS_SCOPE, 0x80},
    {other_profile, TOMTE_RS_PROFILE, 0x80},
    {no_cnf, TOMTE_RS_PROFILE, 0x80},
    {kid_cnf, TOMTE_RS_PROFILE, 0x80},
    {strange_osc, TOMTE_RS_PROFILE, 0x80},
    {long_id, TOMTE_RS_PROFILE, 0x80},
    {other_nonce, TOMTE_RS_NONCE, 0x81},
    {far_iat, TOMTE_RS_FUTURE, 0x81},
};

#define FAULTS (sizeof faults / sizeof *faults)

static void check_untouched(struct rig *g)
{
    for (uint16_t i = 0; i < 3; i++)
        CHECK_EQ(TOMTE_RS_NO_TOKEN, get(g, i));
    CHECK_EQ(T0, tomte_ray_get(&g->ray, 0, server).lo_s);
    CHECK_EQ(TOMTE_RS_NO_SLOT, g->taken.slot);
    CHECK(g->taken.osc.ms.data == NULL);
}

/* Nothing of a refused token is left: no token, no time, no key. */
TEST(rs_refuses_each_fault)
{
    struct rig g;
    rig_init(&g);
    for (size_t i = 0; i < FAULTS; i++) {
        struct tomte_cwt c = good_claims('a');
        faults[i].break_it(&c);
        CHECK_EQ(faults[i].result, post(&g, &c));
        CHECK_EQ(faults[i].code, tomte_rs_coap_code(faults[i].result));
        check_untouched(&g);
    }
}

/* Of two faults the earlier check answers (RFC 9200 section 5.10.1.1). */
TEST(rs_checks_in_order)
{
    struct rig g;
    rig_init(&g);
    for (size_t i = 0; i < FAULTS; i++) {
        for (size_t j = i + 1; j < FAULTS; j++) {
            struct tomte_cwt c = good_claims('a');
            if (faults[i].break_it == late_iat ||
                faults[j].break_it == far_iat || faults[i].break_it == no_exp)
                continue; /* they need what the other takes */
            faults[j].break_it(&c);
            faults[i].break_it(&c);
            CHECK_EQ(faults[i].result, post(&g, &c));
        }
    }
    check_untouched(&g);
}

TEST(rs_refuses_what_is_not_a_token_of_its_server)
{
    struct rig g;
    uint8_t memory[1100], other[16] = {1};
    rig_init(&g);
    struct tomte_cwt c = good_claims('a');
    struct tomte_span token = make(&g, &c, TOMTE_BUF_ARRAY(memory));
    for (size_t bit = 0; bit < 8 * token.len; bit += 3) {
        memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_EQ(TOMTE_RS_CRYPTO, post_token(&g, token, 0, TOMTE_RS_NO_SLOT));
        memory[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    /* without the tag 61 it would have another hash */
    CHECK_EQ(TOMTE_RS_CRYPTO,
             post_token(&g, TOMTE_SPAN(memory + 2, token.len - 2), 0,
                        TOMTE_RS_NO_SLOT));
    struct tomte_cose_key right = g.key;
    g.key = tomte_cose_key_symmetric(0, TOMTE_SPAN_ARRAY(other));
    CHECK_EQ(TOMTE_RS_CRYPTO, post_token(&g, token, 0, TOMTE_RS_NO_SLOT));
    struct tomte_rs_post nobody = {
        .token = token, .server = server, .slot = TOMTE_RS_NO_SLOT};
    CHECK_EQ(TOMTE_RS_CRYPTO,
             tomte_rs_take(&g.rs, &g.ray, 0, &nobody, TOMTE_BUF_ARRAY(g.memory),
                           &g.taken));
    check_untouched(&g);
    g.key = right;
    CHECK_EQ(TOMTE_RS_CLAIMS, /* unknown: claim 10 */
             post_token(&g,
                        seal(&g, TOMTE_SPAN_LIT("\xa1\x0a\x01"),
                             TOMTE_BUF_ARRAY(memory)),
                        0, TOMTE_RS_NO_SLOT));
    CHECK_EQ(TOMTE_RS_CLAIMS,
             post_token(
                 &g, seal(&g, TOMTE_SPAN_LIT("\x01"), TOMTE_BUF_ARRAY(memory)),
                 0, TOMTE_RS_NO_SLOT));
    check_untouched(&g);
}

/* Time moves on with a token that was seen, not with one that was refused. */
TEST(rs_refuses_an_old_token_once_it_saw_a_newer)
{
    struct rig g;
    rig_init(&g);
    struct tomte_cwt old = good_claims('a'), new = good_claims('b');
    CHECK_EQ(TOMTE_RS_GRANTED, post(&g, &old));
    new.iat.seconds = old.exp.seconds;
    new.exp.seconds = old.exp.seconds + 100;
    new.aud = TOMTE_SPAN_LIT("\x64"
                             "barn");
    CHECK_EQ(TOMTE_RS_AUDIENCE, post(&g, &new));
    CHECK_EQ(TOMTE_RS_GRANTED, get(&g, 0));
    new.aud = TOMTE_SPAN_LIT("\x82\x61x\x63"
                             "all");
    CHECK_EQ(TOMTE_RS_GRANTED, post(&g, &new));
    CHECK_EQ(TOMTE_RS_EXPIRED, get(&g, 0));
    CHECK_EQ(TOMTE_RS_EXPIRED, post(&g, &old));
    CHECK_EQ(0, tomte_rs_sweep(&g.rs, &g.ray, 0));
    CHECK_EQ(TOMTE_RS_NO_SLOT, tomte_rs_sweep(&g.rs, &g.ray, 0));
    CHECK_EQ(TOMTE_RS_NO_TOKEN, get(&g, 0));
    CHECK_EQ(TOMTE_RS_GRANTED, get(&g, 1));
}

TEST(rs_asks_for_a_fresh_token)
{
    struct rig g;
    uint8_t memory[1100];
    const uint8_t random[TOMTE_RAY_NONCE_BYTES] = "random!";
    rig_init(&g);
    struct tomte_cwt c = good_claims('a');
    CHECK_EQ(TOMTE_RS_GRANTED, post(&g, &c));
    CHECK_EQ(TOMTE_RS_UNCERTAIN,
             ask(&g, 0, 0, TOMTE_AIF_GET, TOMTE_RAY_REQUIRE_FRESH));
    CHECK_EQ(TOMTE_RS_UNCERTAIN, ask(&g, 0, 0, TOMTE_AIF_GET, TOMTE_RAY_DENY));
    c.cnonce = tomte_ray_challenge(&g.ray, 1000, random);
    c.iat.seconds += 100;
    CHECK_EQ(TOMTE_RS_GRANTED,
             post_token(&g, make(&g, &c, TOMTE_BUF_ARRAY(memory)), 5000,
                        TOMTE_RS_NO_SLOT));
    CHECK(g.taken.replaced);
    CHECK_EQ(TOMTE_RS_GRANTED,
             ask(&g, 5000, 0, TOMTE_AIF_GET, TOMTE_RAY_REQUIRE_FRESH));
    CHECK(tomte_ray_get(&g.ray, 5000, server).hi_s < T0 + 3600 + 110);
}

/* ---- one token a key --------------------------------------------------- */

TEST(rs_keeps_one_token_a_key)
{
    struct rig g;
    rig_init(&g);
    struct tomte_cwt c = good_claims('a'), older = c;
    CHECK_EQ(TOMTE_RS_GRANTED, post(&g, &c));
    CHECK_EQ(TOMTE_RS_GRANTED,
             post(&g, &c)); /* after a restart of the client */
    CHECK(g.taken.replaced && !g.taken.evicted);
    CHECK_EQ(0, g.taken.slot);
    older.iat.seconds--;
    older.scope = TOMTE_SPAN_LIT("\x81\x82\x65/lamp\x05");
    CHECK_EQ(TOMTE_RS_STALE, post(&g, &older));
    CHECK_EQ(TOMTE_RS_METHOD, ask(&g, 0, 0, TOMTE_AIF_PUT, TOMTE_RAY_TOLERATE));
    older.iat.seconds += 2;
    CHECK_EQ(TOMTE_RS_GRANTED, post(&g, &older));
    CHECK_EQ(TOMTE_RS_GRANTED,
             ask(&g, 0, 0, TOMTE_AIF_PUT, TOMTE_RAY_TOLERATE));
    CHECK_EQ(TOMTE_RS_NO_TOKEN, get(&g, 1));
}

/* Rights are changed under the key's own protection (RFC 9203 section 4.2.1).
 */
TEST(rs_updates_rights)
{
    struct rig g;
    uint8_t memory[1100];
    struct tomte_buf out = TOMTE_BUF_ARRAY(memory);
    rig_init(&g);
    struct tomte_cwt a = good_claims('a'), b = good_claims('b'), update = a;
    CHECK_EQ(TOMTE_RS_GRANTED, post(&g, &a));
    CHECK_EQ(TOMTE_RS_GRANTED, post(&g, &b));
    update.scope = TOMTE_SPAN_LIT("\x81\x82\x65/lamp\x04");
    CHECK_EQ(TOMTE_RS_KEY, post_token(&g, make(&g, &update, out), 0, 0));
    update.cnf = TOMTE_SPAN_LIT("\xa1\x03\x41"
                                "a");
    CHECK_EQ(TOMTE_RS_KEY, post_token(&g, make(&g, &update, out), 0, 1));
    CHECK_EQ(TOMTE_RS_KEY, post_token(&g, make(&g, &update, out), 0, 2));
    CHECK_EQ(TOMTE_RS_GRANTED, get(&g, 0));
    CHECK_EQ(TOMTE_RS_GRANTED, post_token(&g, make(&g, &update, out), 0, 0));
    CHECK_EQ(0, g.taken.slot);
    CHECK_EQ(TOMTE_RS_METHOD, get(&g, 0));
    CHECK_EQ(TOMTE_RS_GRANTED,
             ask(&g, 0, 0, TOMTE_AIF_PUT, TOMTE_RAY_TOLERATE));
    CHECK_EQ(TOMTE_RS_GRANTED, get(&g, 1));
}

/* Posts can be replayed by anybody: they push out nobody who has a key. */
TEST(rs_gives_way_for_the_unconfirmed_only)
{
    struct rig g;
    rig_init(&g);
    struct tomte_cwt c;
    for (uint8_t i = 0; i < 3; i++) {
        c = good_claims((uint8_t)('a' + i));
        CHECK_EQ(TOMTE_RS_GRANTED, post(&g, &c));
    }
    CHECK_EQ(TOMTE_RS_GRANTED, get(&g, 0));
    CHECK_EQ(TOMTE_RS_GRANTED, get(&g, 2));
    c = good_claims('d');
    CHECK_EQ(TOMTE_RS_GRANTED, post(&g, &c));
    CHECK_EQ(1, g.taken.slot);
    CHECK(g.taken.evicted && !g.taken.replaced);
    CHECK_EQ(TOMTE_RS_GRANTED, get(&g, 1));
    c = good_claims('a'); /* replayed: still confirmed */
    CHECK_EQ(TOMTE_RS_GRANTED, post(&g, &c));
    c = good_claims('e');
    CHECK_EQ(TOMTE_RS_FULL, post(&g, &c));
    tomte_rs_drop(&g.rs, 2);
    CHECK_EQ(TOMTE_RS_NO_TOKEN, get(&g, 2));
    CHECK_EQ(TOMTE_RS_GRANTED, post(&g, &c));
    CHECK_EQ(2, g.taken.slot);
    tomte_rs_wipe(&g.rs);
    for (size_t i = 0; i < sizeof g.tokens; i++)
        CHECK_EQ(0, ((const uint8_t *)g.tokens)[i]);
}

/* ---- revocation and exi ------------------------------------------------ */

TEST(rs_forgets_no_revoked_token)
{
    struct rig g;
    uint8_t memory[1100], hash[3][TOMTE_ACE_TOKEN_HASH_BYTES];
    rig_init(&g);
    struct tomte_cwt c = good_claims('a');
    struct tomte_span token = make(&g, &c, TOMTE_BUF_ARRAY(memory));
    tomte_ace_token_hash(fake, token, hash[0]);
    memset(hash[1], 1, sizeof hash[1]);
    memset(hash[2], 2, sizeof hash[2]);
    CHECK_EQ(TOMTE_RS_GRANTED, post_token(&g, token, 0, TOMTE_RS_NO_SLOT));
    CHECK_EQ(0, tomte_rs_revoke(&g.rs, hash[0]));
    CHECK_EQ(TOMTE_RS_NO_TOKEN, get(&g, 0));
    CHECK_EQ(TOMTE_RS_REVOKED, post_token(&g, token, 0, TOMTE_RS_NO_SLOT));
    for (int i = 0; i < 5; i++) /* told again: it takes no further room */
        CHECK_EQ(TOMTE_RS_NO_SLOT, tomte_rs_revoke(&g.rs, hash[0]));
    CHECK_EQ(TOMTE_RS_NO_SLOT, tomte_rs_revoke(&g.rs, hash[1]));
    CHECK_EQ(TOMTE_RS_REVOKED, post_token(&g, token, 0, TOMTE_RS_NO_SLOT));
    /* there is room for two: the eldest gives way */
    CHECK_EQ(TOMTE_RS_NO_SLOT, tomte_rs_revoke(&g.rs, hash[2]));
    CHECK_EQ(TOMTE_RS_GRANTED, post_token(&g, token, 0, TOMTE_RS_NO_SLOT));
}

TEST(rs_counts_exi)
{
    struct rig g;
    uint8_t memory[TOMTE_RAY_BYTES_MAX];
    struct tomte_span stored;
    rig_init(&g);
    struct tomte_cwt c = good_claims('a');
    c.exp.given = false;
    c.has_exi = true;
    c.exi = 60;
    CHECK_EQ(TOMTE_RS_CLAIMS, post(&g, &c)); /* no cti */
    c.cti = TOMTE_SPAN_LIT("barn\x01");
    CHECK_EQ(TOMTE_RS_CLAIMS, post(&g, &c));
    c.cti = TOMTE_SPAN_LIT("hall");
    CHECK_EQ(TOMTE_RS_CLAIMS, post(&g, &c));
    c.cti = TOMTE_SPAN_LIT("hall123456789");
    CHECK_EQ(TOMTE_RS_CLAIMS, post(&g, &c));
    c.cti = TOMTE_SPAN_LIT("hall\xff\xff\xff\xff\xff\xff\xff\xff");
    CHECK_EQ(TOMTE_RS_CLAIMS, post(&g, &c));
    check_untouched(&g);
    c.cti = TOMTE_SPAN_LIT("hall\x01\x02");
    CHECK_EQ(TOMTE_RS_GRANTED, post(&g, &c));
    CHECK_EQ(TOMTE_RS_EXPIRED, get(&g, 0)); /* not before it is stored */
    CHECK_OK(tomte_ray_encode(&g.ray, 0, TOMTE_BUF_ARRAY(memory), &stored));
    tomte_ray_stored(&g.ray);
    CHECK_EQ(TOMTE_RS_GRANTED, get(&g, 0));
    CHECK_EQ(TOMTE_RS_GRANTED,
             ask(&g, 50000, 0, TOMTE_AIF_GET, TOMTE_RAY_REQUIRE_FRESH));
    CHECK_EQ(TOMTE_RS_EXPIRED,
             ask(&g, 61000, 0, TOMTE_AIF_GET, TOMTE_RAY_TOLERATE));
    CHECK_EQ(0, tomte_rs_sweep(&g.rs, &g.ray, 61000));
    uint8_t again[1100];
    CHECK_EQ(TOMTE_RS_EXPIRED,
             post_token(&g, make(&g, &c, TOMTE_BUF_ARRAY(again)), 62000,
                        TOMTE_RS_NO_SLOT));
}

/* ---- ids --------------------------------------------------------------- */

/* Another server's token of the same id is another key. */
TEST(rs_tells_servers_apart)
{
    static const uint8_t second[TOMTE_RAY_ID_BYTES] = "server 2";
    struct rig g;
    uint8_t memory[1100];
    rig_init(&g);
    CHECK_OK(tomte_ray_add(&g.ray, second));
    struct tomte_cwt c = good_claims('a');
    CHECK_EQ(TOMTE_RS_GRANTED, post(&g, &c));
    struct tomte_rs_post p = {.token = make(&g, &c, TOMTE_BUF_ARRAY(memory)),
                              .key = &g.key,
                              .server = second,
                              .issuer = TOMTE_SPAN_LIT("keeper"),
                              .slot = TOMTE_RS_NO_SLOT};
    CHECK_EQ(TOMTE_RS_GRANTED,
             tomte_rs_take(&g.rs, &g.ray, 0, &p, TOMTE_BUF_ARRAY(g.memory),
                           &g.taken));
    CHECK_EQ(1, g.taken.slot);
    tomte_ray_remove(&g.ray, second);
    CHECK_EQ(TOMTE_RS_NO_TOKEN, get(&g, 1));
    CHECK_EQ(TOMTE_RS_ISSUER,
             tomte_rs_take(&g.rs, &g.ray, 0, &p, TOMTE_BUF_ARRAY(g.memory),
                           &g.taken));
    CHECK_EQ(1, tomte_rs_sweep(&g.rs, &g.ray, 0));
    CHECK_EQ(TOMTE_RS_GRANTED, get(&g, 0));
}

TEST(rs_results_have_codes_and_texts)
{
    for (int r = 0; r < TOMTE_RS_RESULTS; r++)
        CHECK(strlen(tomte_rs_text((enum tomte_rs_result)r)) > 4);
    CHECK_EQ(TOMTE_COAP_CODE(2, 1), tomte_rs_coap_code(TOMTE_RS_GRANTED));
    CHECK_EQ(TOMTE_COAP_CODE(4, 5), tomte_rs_coap_code(TOMTE_RS_METHOD));
    CHECK_EQ(TOMTE_COAP_CODE(4, 1), tomte_rs_coap_code(TOMTE_RS_RESULTS));
    CHECK(strcmp("?", tomte_rs_text(TOMTE_RS_RESULTS)) == 0);
}
