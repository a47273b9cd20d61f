/* SPDX-License-Identifier: Apache-2.0 */
#include "ace/as.h"

#include "cbor/cbor.h"

#define CNF_BYTES (TOMTE_ACE_OSC_BYTES + 64)

static bool is_update(const struct tomte_as_grant *g)
{
    return g->osc.ms.data == NULL;
}

static bool makes_sense(const struct tomte_as_grant *g)
{
    if (g->scope.len == 0 || g->life_s == 0 || g->audience.len == 0 ||
        g->osc.id.data == NULL)
        return false;
    if (g->from_first_sight)
        return g->cti.len > 0;
    return g->now_s > 0 && g->now_s <= (uint64_t)INT64_MAX - g->life_s;
}

/* {4: material}, or {3: id} of the key that is there already. */
static enum tomte_err make_cnf(const struct tomte_as_grant *g,
                               struct tomte_buf out, struct tomte_span *cnf)
{
    uint8_t memory[CNF_BYTES];
    struct tomte_cwt_cnf methods = {.kid = g->osc.id};
    enum tomte_err err = TOMTE_OK;
    if (!is_update(g)) {
        methods.kid = TOMTE_SPAN_NONE;
        err = tomte_ace_osc_encode(&g->osc, TOMTE_BUF_ARRAY(memory),
                                   &methods.osc);
    }
    if (err == TOMTE_OK)
        err = tomte_cwt_cnf_encode(&methods, out, cnf);
    tomte_wipe(memory, sizeof memory);
    return err;
}

/* aud is one text, as an encoded item. */
static enum tomte_err make_aud(struct tomte_span name, struct tomte_buf out,
                               struct tomte_span *aud)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_text(&e, name);
    return tomte_cbor_encode_done(&e, aud);
}

static enum tomte_err make_claims(const struct tomte_as_grant *g,
                                  struct tomte_buf out,
                                  struct tomte_span *claims)
{
    uint8_t cnf[CNF_BYTES], aud[80];
    struct tomte_cwt c = {.iss = g->issuer,
                          .cti = g->cti,
                          .scope = g->scope,
                          .cnonce = g->cnonce,
                          .has_profile = true,
                          .profile = TOMTE_ACE_PROFILE_OSCORE};
    enum tomte_err err = make_cnf(g, TOMTE_BUF_ARRAY(cnf), &c.cnf);
    if (err == TOMTE_OK)
        err = make_aud(g->audience, TOMTE_BUF_ARRAY(aud), &c.aud);
    c.iat.given = g->now_s > 0;
    c.iat.seconds = g->now_s;
    c.has_exi = g->from_first_sight;
    c.exi = g->life_s;
    c.exp.given = !g->from_first_sight;
    c.exp.seconds = g->now_s + g->life_s;
    if (err == TOMTE_OK)
        err = tomte_cwt_encode(&c, out, claims);
    tomte_wipe(cnf, sizeof cnf);
    return err;
}

/* 61(16([<< {1: 10, 4: kid, 5: nonce} >>, {}, ciphertext])): the tag 61 goes in
 * front of what src/cose writes. */
static enum tomte_err seal_claims(const struct tomte_crypto *c,
                                  const struct tomte_as_seal *seal,
                                  struct tomte_span claims,
                                  struct tomte_buf out,
                                  struct tomte_span *token)
{
    uint8_t memory[64];
    struct tomte_span message;
    struct tomte_cose_header h = {
        .alg = TOMTE_ALG_CCM_16_64_128,
        .kid = seal->kid,
        .iv = TOMTE_SPAN(seal->nonce, TOMTE_AS_NONCE_BYTES)};
    struct tomte_cose_key key = tomte_cose_key_symmetric(h.alg, seal->key);
    struct tomte_cose_draft draft = {.payload = claims};
    enum tomte_err err = tomte_cose_header_encode(
        &h, NULL, 0, TOMTE_BUF_ARRAY(memory), &draft.protected_map);
    if (err != TOMTE_OK)
        return err;
    if (out.cap < 2)
        return TOMTE_ERR_FULL;
    out.data[0] = 0xc0 | 24; /* a tag, its number in the next byte */
    out.data[1] = TOMTE_CWT_TAG;
    err = tomte_cose_encrypt0_encode(
        c, &draft, &key, TOMTE_BUF(out.data + 2, out.cap - 2), &message);
    if (err == TOMTE_OK)
        *token = TOMTE_SPAN(out.data, message.len + 2);
    return err;
}

enum tomte_err tomte_as_issue(const struct tomte_crypto *c,
                              const struct tomte_as_grant *grant,
                              const struct tomte_as_seal *seal,
                              struct tomte_buf memory, struct tomte_buf out,
                              struct tomte_span *token)
{
    struct tomte_span claims;
    *token = TOMTE_SPAN_NONE;
    if (!makes_sense(grant))
        return TOMTE_ERR_INVALID;
    enum tomte_err err = make_claims(grant, memory, &claims);
    if (err == TOMTE_OK)
        err = seal_claims(c, seal, claims, out, token);
    tomte_wipe(memory.data, memory.cap);
    return err;
}

enum tomte_err tomte_as_answer(const struct tomte_as_grant *grant,
                               struct tomte_span token, struct tomte_buf out,
                               struct tomte_span *answer)
{
    uint8_t cnf[CNF_BYTES];
    struct tomte_ace_params p = {
        .access_token = token,
        .expires_in = {.given = true, .value = grant->life_s},
        .ace_profile = {.given = true, .value = TOMTE_ACE_PROFILE_OSCORE}};
    enum tomte_err err = TOMTE_OK;
    *answer = TOMTE_SPAN_NONE;
    if (!is_update(grant))
        err = make_cnf(grant, TOMTE_BUF_ARRAY(cnf), &p.cnf);
    if (err == TOMTE_OK)
        err = tomte_ace_params_encode(&p, out, answer);
    tomte_wipe(cnf, sizeof cnf);
    return err;
}
