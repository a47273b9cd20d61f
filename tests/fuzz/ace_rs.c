/* SPDX-License-Identifier: Apache-2.0 */
/* What a server that has gone mad may put into its tokens: the input is the
 * claims. A token is taken only with an audience, a scope, an end and a key; a
 * refused one leaves the ray alone; the input itself is never a token. */
#include "ace/rs.h"
#include "base/base.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define T0 UINT64_C(1700000000)

static const struct tomte_crypto *const fake = &tomte_crypto_fake;
static const uint8_t server[TOMTE_RAY_ID_BYTES] = "server 1";

static struct tomte_rs rs;
static struct tomte_ray ray;
static struct tomte_rs_token tokens[2];

static void init(void)
{
    static uint8_t revoked[1][TOMTE_ACE_TOKEN_HASH_BYTES];
    static struct tomte_span hall;
    struct tomte_ray_config time = tomte_ray_config_default(T0);
    hall = TOMTE_SPAN_LIT("hall");
    tomte_ray_init(&ray, &time, 0);
    TOMTE_ASSERT(tomte_ray_add(&ray, server) == TOMTE_OK);
    struct tomte_rs_config c = {.crypto = fake,
                                .tokens = tokens,
                                .token_count = 2,
                                .revoked = revoked,
                                .revoked_max = 1,
                                .audiences = &hall,
                                .audience_count = 1,
                                .self = TOMTE_SPAN_LIT("hall")};
    tomte_rs_init(&rs, &c);
}

static struct tomte_span seal(const struct tomte_cose_key *key,
                              struct tomte_span claims, struct tomte_buf out)
{
    struct tomte_span message;
    struct tomte_cose_draft draft = {
        .protected_map = TOMTE_SPAN_LIT("\xa2\x01\x0a\x05\x4dnonce of 13 b"),
        .payload = claims};
    memcpy(out.data, "\xd8\x3d", 2);
    TOMTE_ASSERT(tomte_cose_encrypt0_encode(
                     fake, &draft, key, TOMTE_BUF(out.data + 2, out.cap - 2),
                     &message) == TOMTE_OK);
    return TOMTE_SPAN(out.data, message.len + 2);
}

static void check_taken(struct tomte_span in)
{
    struct tomte_cwt c;
    struct tomte_span lamp = TOMTE_SPAN_LIT("lamp");
    struct tomte_aif_request r = {
        .segments = &lamp, .segment_count = 1, .method = TOMTE_AIF_GET};
    struct tomte_ray_policy policy = {.kind = TOMTE_RAY_TOLERATE};
    struct tomte_ray_decision d;
    TOMTE_ASSERT(tomte_cwt_decode(&c, in) == TOMTE_OK);
    TOMTE_ASSERT(tomte_cwt_is_for(&c, TOMTE_SPAN_LIT("hall")));
    TOMTE_ASSERT(c.unknown == 0 && (c.exp.given || c.has_exi));
    TOMTE_ASSERT(!c.exp.given || c.exp.seconds > T0);
    TOMTE_ASSERT(tokens[0].used && tokens[0].id_len <= TOMTE_RS_ID_BYTES);
    enum tomte_rs_result got = tomte_rs_check(&rs, &ray, 0, 0, policy, &r, &d);
    TOMTE_ASSERT(got != TOMTE_RS_NO_TOKEN);
    bool allowed = tomte_aif_allows(c.scope, &r) == TOMTE_OK;
    TOMTE_ASSERT(got != TOMTE_RS_GRANTED || (allowed && d.admitted));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t token[4096], memory[4096];
    static const uint8_t secret[16] = "server's for us";
    struct tomte_cose_key key =
        tomte_cose_key_symmetric(0, TOMTE_SPAN_ARRAY(secret));
    struct tomte_span in = TOMTE_SPAN(data, size);
    struct tomte_rs_taken taken;
    struct tomte_rs_post p = {.token = in,
                              .key = &key,
                              .server = server,
                              .issuer = TOMTE_SPAN_LIT("keeper"),
                              .slot = TOMTE_RS_NO_SLOT};
    struct tomte_buf room = TOMTE_BUF_ARRAY(memory);
    if (size > sizeof token - 64)
        return 0;
    init();
    TOMTE_ASSERT(tomte_rs_take(&rs, &ray, 0, &p, room, &taken) !=
                 TOMTE_RS_GRANTED);
    p.token = seal(&key, in, TOMTE_BUF_ARRAY(token));
    if (tomte_rs_take(&rs, &ray, 0, &p, room, &taken) == TOMTE_RS_GRANTED) {
        check_taken(in);
    } else {
        TOMTE_ASSERT(!tokens[0].used && taken.slot == TOMTE_RS_NO_SLOT);
        TOMTE_ASSERT(tomte_ray_get(&ray, 0, server).lo_s == T0);
    }
    return 0;
}
