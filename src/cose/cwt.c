/* SPDX-License-Identifier: Apache-2.0 */
#include "cose/cwt.h"

#include "cose/internal.h"

/* ---- times ------------------------------------------------------------- */

/* A float of half, single or double precision as an integer, from its bits:
 * sign, exponent, fraction (IEEE 754). Infinities and what is no number have
 * the largest exponent, so they are out of range too. */
static void read_float(struct tomte_cbor_dec *d, struct tomte_cwt_time *t)
{
    struct tomte_span raw = tomte_cbor_get_raw(d);
    unsigned places = raw.len == 3 ? 10 : raw.len == 5 ? 23 : 52;
    unsigned width = raw.len == 3 ? 5 : raw.len == 5 ? 8 : 11;
    uint64_t bits = 0;
    for (size_t i = 1; i < raw.len; i++)
        bits = bits << 8 | raw.data[i];
    uint64_t magnitude = bits & (((uint64_t)1 << (width + places)) - 1);
    int exponent = (int)(magnitude >> places) - (1 << (width - 1)) + 1;
    uint64_t one = (uint64_t)1 << places;
    uint64_t whole = (magnitude & (one - 1)) | one;
    if (magnitude == 0) /* 0, also -0 */
        return;
    if (magnitude != bits || exponent > 62 || exponent == 1 << (width - 1)) {
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    } else if (exponent < 0) {
        t->fraction = true;
    } else if ((unsigned)exponent >= places) {
        t->seconds = whole << ((unsigned)exponent - places);
    } else {
        unsigned below = places - (unsigned)exponent;
        t->seconds = whole >> below;
        t->fraction = (whole & (((uint64_t)1 << below) - 1)) != 0;
    }
}

static void read_time(struct tomte_cbor_dec *d, struct tomte_cwt_time *t)
{
    t->given = true;
    if (tomte_cbor_peek(d) == TOMTE_CBOR_FLOAT) {
        read_float(d, t);
        return;
    }
    int64_t seconds = tomte_cbor_get_int(d);
    if (seconds < 0)
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    else
        t->seconds = (uint64_t)seconds;
}

/* ---- reading ----------------------------------------------------------- */

/* A text, or an array of one text or more (RFC 8392 section 3.1.3). */
static struct tomte_span read_audience(struct tomte_cbor_dec *d)
{
    struct tomte_cbor_dec items;
    struct tomte_span raw = tomte_cbor_get_raw(d);
    tomte_cbor_decode_init(&items, raw, 0);
    if (tomte_cbor_peek(&items) == TOMTE_CBOR_TEXT) {
        tomte_cbor_get_text(&items);
        return raw;
    }
    size_t n = tomte_cbor_enter_array(&items);
    while (tomte_cbor_more(&items))
        tomte_cbor_get_text(&items);
    tomte_cbor_fail(d, items.err);
    if (n == 0)
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    return raw;
}

static void read_scope(struct tomte_cbor_dec *d, struct tomte_cwt *c)
{
    c->scope_is_text = tomte_cbor_peek(d) == TOMTE_CBOR_TEXT;
    c->scope =
        c->scope_is_text ? tomte_cbor_get_text(d) : tomte_cbor_get_bytes(d);
}

static struct tomte_span read_map(struct tomte_cbor_dec *d)
{
    bool map = tomte_cbor_peek(d) == TOMTE_CBOR_MAP;
    struct tomte_span raw = tomte_cbor_get_raw(d);
    if (!map)
        tomte_cbor_fail(d, TOMTE_ERR_TYPE);
    return raw;
}

/* Those of RFC 9200. */
static void read_ace_claim(struct tomte_cbor_dec *d, int64_t key,
                           struct tomte_cwt *c)
{
    switch (key) {
    case TOMTE_CWT_SCOPE:
        read_scope(d, c);
        break;
    case TOMTE_CWT_ACE_PROFILE:
        c->profile = tomte_cbor_get_int(d);
        c->has_profile = true;
        break;
    case TOMTE_CWT_CNONCE:
        c->cnonce = tomte_cbor_get_bytes(d);
        break;
    case TOMTE_CWT_EXI:
        c->exi = tomte_cbor_get_uint(d);
        c->has_exi = true;
        break;
    default:
        c->unknown++;
        tomte_cbor_skip(d);
    }
}

static void read_claim(struct tomte_cbor_dec *d, int64_t key,
                       struct tomte_cwt *c)
{
    switch (key) {
    case TOMTE_CWT_ISS:
        c->iss = tomte_cbor_get_text(d);
        break;
    case TOMTE_CWT_SUB:
        c->sub = tomte_cbor_get_text(d);
        break;
    case TOMTE_CWT_AUD:
        c->aud = read_audience(d);
        break;
    case TOMTE_CWT_EXP:
        read_time(d, &c->exp);
        break;
    case TOMTE_CWT_NBF:
        read_time(d, &c->nbf);
        break;
    case TOMTE_CWT_IAT:
        read_time(d, &c->iat);
        break;
    case TOMTE_CWT_CTI:
        c->cti = tomte_cbor_get_bytes(d);
        break;
    case TOMTE_CWT_CNF:
        c->cnf = read_map(d);
        break;
    default:
        read_ace_claim(d, key, c);
    }
}

enum tomte_err tomte_cwt_decode(struct tomte_cwt *claims, struct tomte_span in)
{
    struct tomte_cbor_dec d;
    *claims = (struct tomte_cwt){.unknown = 0};
    tomte_cbor_decode_init(&d, in, 0);
    tomte_cbor_enter_map(&d);
    while (tomte_cbor_more(&d)) {
        enum tomte_cbor_type type = tomte_cbor_peek(&d);
        if (type == TOMTE_CBOR_UINT || type == TOMTE_CBOR_NEGATIVE) {
            read_claim(&d, tomte_cbor_get_int(&d), claims);
        } else { /* a claim of another registry, by its name */
            tomte_cbor_get_text(&d);
            tomte_cbor_skip(&d);
            claims->unknown++;
        }
    }
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err != TOMTE_OK)
        *claims = (struct tomte_cwt){.unknown = 0};
    return err;
}

bool tomte_cwt_is_for(const struct tomte_cwt *claims,
                      struct tomte_span audience)
{
    struct tomte_cbor_dec d;
    bool found = false;
    if (claims->aud.data == NULL)
        return false;
    tomte_cbor_decode_init(&d, claims->aud, 0);
    if (tomte_cbor_peek(&d) == TOMTE_CBOR_TEXT)
        return tomte_span_equal(tomte_cbor_get_text(&d), audience);
    tomte_cbor_enter_array(&d);
    while (tomte_cbor_more(&d) && !found)
        found = tomte_span_equal(tomte_cbor_get_text(&d), audience);
    return found && tomte_cbor_ok(&d);
}

/* ---- writing ----------------------------------------------------------- */

static void put_time(struct tomte_cbor_enc *e, int64_t key,
                     const struct tomte_cwt_time *t)
{
    if (!t->given)
        return;
    tomte_cbor_put_int(e, key);
    tomte_cbor_put_uint(e, t->seconds);
}

static void put_number(struct tomte_cbor_enc *e, int64_t key, bool given,
                       int64_t n)
{
    if (!given)
        return;
    tomte_cbor_put_int(e, key);
    tomte_cbor_put_int(e, n);
}

static size_t count(const struct tomte_cwt *c)
{
    return (size_t)0 + (c->iss.data != NULL) + (c->sub.data != NULL) +
           (c->aud.data != NULL) + c->exp.given + c->nbf.given + c->iat.given +
           (c->cti.data != NULL) + (c->cnf.data != NULL) +
           (c->scope.data != NULL) + c->has_profile + (c->cnonce.data != NULL) +
           c->has_exi;
}

enum tomte_err tomte_cwt_encode(const struct tomte_cwt *claims,
                                struct tomte_buf out,
                                struct tomte_span *encoded)
{
    const struct tomte_cwt *c = claims;
    struct tomte_cbor_enc e;
    *encoded = TOMTE_SPAN_NONE;
    if (c->exp.fraction || c->nbf.fraction || c->iat.fraction ||
        c->exi > INT64_MAX)
        return TOMTE_ERR_INVALID;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_map(&e, count(c));
    cose_put_text(&e, TOMTE_CWT_ISS, c->iss);
    cose_put_text(&e, TOMTE_CWT_SUB, c->sub);
    cose_put_raw(&e, TOMTE_CWT_AUD, c->aud);
    put_time(&e, TOMTE_CWT_EXP, &c->exp);
    put_time(&e, TOMTE_CWT_NBF, &c->nbf);
    put_time(&e, TOMTE_CWT_IAT, &c->iat);
    cose_put_bytes(&e, TOMTE_CWT_CTI, c->cti);
    cose_put_raw(&e, TOMTE_CWT_CNF, c->cnf);
    if (c->scope_is_text)
        cose_put_text(&e, TOMTE_CWT_SCOPE, c->scope);
    else
        cose_put_bytes(&e, TOMTE_CWT_SCOPE, c->scope);
    put_number(&e, TOMTE_CWT_ACE_PROFILE, c->has_profile, c->profile);
    cose_put_bytes(&e, TOMTE_CWT_CNONCE, c->cnonce);
    put_number(&e, TOMTE_CWT_EXI, c->has_exi, (int64_t)c->exi);
    return tomte_cbor_encode_done(&e, encoded);
}

/* ---- confirmation ------------------------------------------------------ */

static void read_method(struct tomte_cbor_dec *d, int64_t key,
                        struct tomte_cwt_cnf *cnf)
{
    switch (key) {
    case TOMTE_CWT_COSE_KEY:
        cnf->cose_key = read_map(d);
        break;
    case TOMTE_CWT_ENCRYPTED_COSE_KEY:
        cnf->encrypted = tomte_cbor_get_raw(d);
        break;
    case TOMTE_CWT_KID:
        cnf->kid = tomte_cbor_get_bytes(d);
        break;
    case TOMTE_CWT_OSC:
        cnf->osc = read_map(d);
        break;
    case TOMTE_CWT_CKT:
        cnf->ckt = tomte_cbor_get_bytes(d);
        break;
    default:
        tomte_cbor_skip(d);
    }
}

/* RFC 8747 section 3.1: one key, and here one that can be used. */
static enum tomte_err check_cnf(const struct tomte_cwt_cnf *cnf)
{
    int keys = (cnf->cose_key.data != NULL) + (cnf->encrypted.data != NULL) +
               (cnf->osc.data != NULL);
    if (keys > 1)
        return TOMTE_ERR_INVALID;
    if (cnf->ckt.data != NULL && cnf->ckt.len != TOMTE_SHA256_BYTES)
        return TOMTE_ERR_INVALID;
    if (keys == 0 && cnf->kid.data == NULL && cnf->ckt.data == NULL)
        return TOMTE_ERR_UNSUPPORTED;
    return TOMTE_OK;
}

enum tomte_err tomte_cwt_cnf_decode(struct tomte_cwt_cnf *cnf,
                                    struct tomte_span in)
{
    struct tomte_cbor_dec d;
    int64_t label;
    *cnf = (struct tomte_cwt_cnf){.kid = TOMTE_SPAN_NONE};
    tomte_cbor_decode_init(&d, in, 0);
    tomte_cbor_enter_map(&d);
    while (cose_next_label(&d, &label))
        read_method(&d, label, cnf);
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err == TOMTE_OK)
        err = check_cnf(cnf);
    if (err != TOMTE_OK)
        *cnf = (struct tomte_cwt_cnf){.kid = TOMTE_SPAN_NONE};
    return err;
}

enum tomte_err tomte_cwt_cnf_encode(const struct tomte_cwt_cnf *cnf,
                                    struct tomte_buf out,
                                    struct tomte_span *encoded)
{
    struct tomte_cbor_enc e;
    enum tomte_err err = check_cnf(cnf);
    *encoded = TOMTE_SPAN_NONE;
    if (err != TOMTE_OK)
        return err;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_map(
        &e, (size_t)0 + (cnf->cose_key.data != NULL) +
                (cnf->encrypted.data != NULL) + (cnf->kid.data != NULL) +
                (cnf->osc.data != NULL) + (cnf->ckt.data != NULL));
    cose_put_raw(&e, TOMTE_CWT_COSE_KEY, cnf->cose_key);
    cose_put_raw(&e, TOMTE_CWT_ENCRYPTED_COSE_KEY, cnf->encrypted);
    cose_put_bytes(&e, TOMTE_CWT_KID, cnf->kid);
    cose_put_raw(&e, TOMTE_CWT_OSC, cnf->osc);
    cose_put_bytes(&e, TOMTE_CWT_CKT, cnf->ckt);
    return tomte_cbor_encode_done(&e, encoded);
}

/* ---- the token --------------------------------------------------------- */

static bool is_kind(uint64_t tag)
{
    return tag >= TOMTE_COSE_ENCRYPT0 && tag <= TOMTE_COSE_SIGN1;
}

enum tomte_err tomte_cwt_open(struct tomte_cose *m, struct tomte_span in,
                              unsigned flags)
{
    struct tomte_cbor_dec d;
    *m = (struct tomte_cose){.kind = 0};
    tomte_cbor_decode_init(&d, in, 0);
    bool wrapped = tomte_cbor_has_tag(&d, TOMTE_CWT_TAG);
    if ((flags & TOMTE_CWT_WRAPPED) != 0 && !wrapped)
        tomte_cbor_fail(&d, TOMTE_ERR_INVALID);
    uint32_t at = d.at;
    uint64_t kind = tomte_cbor_get_tag(&d);
    if (!is_kind(kind))
        tomte_cbor_fail(&d, TOMTE_ERR_TYPE);
    if (!tomte_cbor_ok(&d))
        return d.err;
    enum tomte_err err = tomte_cose_decode(
        m, (enum tomte_cose_kind)kind, tomte_span_slice(in, at, in.len - at));
    bool sealed = m->unprotected_map.len <= 1; /* a0 */
    if (err == TOMTE_OK && (flags & TOMTE_CWT_PROTECTED) != 0 && !sealed)
        err = TOMTE_ERR_INVALID;
    if (err != TOMTE_OK)
        *m = (struct tomte_cose){.kind = 0};
    return err;
}
