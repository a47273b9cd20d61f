/* SPDX-License-Identifier: Apache-2.0 */
/* Header parameters (RFC 9052 section 3). */
#include "cose/internal.h"

#include "cbor/cbor.h"

#include <string.h>

/* ---- reading ----------------------------------------------------------- */

static void read_type(struct tomte_cbor_dec *d, struct tomte_cose_type *type)
{
    type->given = true;
    if (tomte_cbor_peek(d) == TOMTE_CBOR_TEXT)
        type->text = tomte_cbor_get_text(d);
    else
        type->number = (uint16_t)tomte_cbor_get_u32(d, 0, UINT16_MAX);
}

/* Zero is reserved, and means here that there is none. */
static void read_alg(struct tomte_cbor_dec *d, int64_t *alg)
{
    if (tomte_cbor_peek(d) == TOMTE_CBOR_TEXT) {
        tomte_cbor_get_text(d);
        tomte_cbor_fail(d, TOMTE_ERR_UNSUPPORTED);
        return;
    }
    *alg = tomte_cbor_get_int(d);
    if (*alg == 0)
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
}

/* An array of labels, one or more; whether they are understood is for later. */
static struct tomte_span read_crit(struct tomte_cbor_dec *d)
{
    struct tomte_cbor_dec items;
    struct tomte_span raw = tomte_cbor_get_raw(d);
    tomte_cbor_decode_init(&items, raw, 0);
    size_t n = tomte_cbor_enter_array(&items);
    while (tomte_cbor_more(&items))
        if (tomte_cbor_peek(&items) == TOMTE_CBOR_TEXT)
            tomte_cbor_get_text(&items);
        else
            tomte_cbor_get_int(&items);
    tomte_cbor_fail(d, items.err);
    if (n == 0)
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    return raw;
}

static struct tomte_span read_map(struct tomte_cbor_dec *d)
{
    bool map = tomte_cbor_peek(d) == TOMTE_CBOR_MAP;
    struct tomte_span raw = tomte_cbor_get_raw(d);
    if (!map)
        tomte_cbor_fail(d, TOMTE_ERR_TYPE);
    return raw;
}

/* What either bucket may hold. */
static void read_open(struct tomte_cbor_dec *d, int64_t label,
                      struct tomte_cose_header *h)
{
    switch (label) {
    case TOMTE_COSE_KID:
        h->kid = tomte_cbor_get_bytes(d);
        break;
    case TOMTE_COSE_IV:
        h->iv = tomte_cbor_get_bytes(d);
        break;
    case TOMTE_COSE_PARTIAL_IV:
        h->partial_iv = tomte_cbor_get_bytes(d);
        break;
    case TOMTE_COSE_KID_CONTEXT:
        h->kid_context = tomte_cbor_get_bytes(d);
        break;
    case TOMTE_COSE_CRIT:       /* section 3.1: protected, if at all */
    case TOMTE_COSE_CWT_CLAIMS: /* RFC 9597 section 2: the same */
        tomte_cbor_skip(d);
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
        break;
    default:
        tomte_cbor_skip(d);
    }
}

static void read_protected(struct tomte_cbor_dec *d, int64_t label,
                           struct tomte_cose_header *h)
{
    switch (label) {
    case TOMTE_COSE_ALG:
        read_alg(d, &h->alg);
        break;
    case TOMTE_COSE_CRIT:
        h->crit = read_crit(d);
        break;
    case TOMTE_COSE_CONTENT_TYPE:
        read_type(d, &h->content_type);
        break;
    case TOMTE_COSE_CWT_CLAIMS:
        h->claims = read_map(d);
        break;
    case TOMTE_COSE_TYP:
        read_type(d, &h->typ);
        break;
    default:
        read_open(d, label, h);
    }
}

static enum tomte_err read_bucket(struct tomte_span map,
                                  struct tomte_cose_header *h,
                                  void (*read)(struct tomte_cbor_dec *, int64_t,
                                               struct tomte_cose_header *))
{
    struct tomte_cbor_dec d;
    int64_t label;
    tomte_cbor_decode_init(&d, map, 0);
    tomte_cbor_enter_map(&d);
    while (cose_next_label(&d, &label))
        read(&d, label, h);
    tomte_cbor_leave(&d);
    return tomte_cbor_decode_done(&d);
}

/* Both maps are sorted by their labels' bytes: one walk finds a common one. */
static enum tomte_err check_disjoint(struct tomte_span a, struct tomte_span b)
{
    struct tomte_cbor_dec d[2];
    struct tomte_span label[2];
    tomte_cbor_decode_init(&d[0], a, 0);
    tomte_cbor_decode_init(&d[1], b, 0);
    for (int i = 0; i < 2; i++) {
        tomte_cbor_enter_map(&d[i]);
        label[i] = tomte_cbor_more(&d[i]) ? tomte_cbor_get_raw(&d[i])
                                          : TOMTE_SPAN_NONE;
    }
    while (label[0].len > 0 && label[1].len > 0) {
        int order = tomte_span_compare(label[0], label[1]);
        if (order == 0)
            return TOMTE_ERR_DUPLICATE;
        int i = order < 0 ? 0 : 1;
        tomte_cbor_skip(&d[i]);
        label[i] = tomte_cbor_more(&d[i]) ? tomte_cbor_get_raw(&d[i])
                                          : TOMTE_SPAN_NONE;
    }
    return TOMTE_OK;
}

enum tomte_err cose_header_decode(struct tomte_cose_header *h,
                                  struct tomte_span protected_map,
                                  struct tomte_span unprotected_map)
{
    enum tomte_err err = TOMTE_OK;
    *h = (struct tomte_cose_header){.alg = 0};
    if (protected_map.len > 0)
        err = read_bucket(protected_map, h, read_protected);
    if (err == TOMTE_OK && unprotected_map.len > 0)
        err = read_bucket(unprotected_map, h, read_open);
    if (err == TOMTE_OK && protected_map.len > 0 && unprotected_map.len > 0)
        err = check_disjoint(protected_map, unprotected_map);
    /* section 3.1: one or the other */
    if (err == TOMTE_OK && h->iv.data != NULL && h->partial_iv.data != NULL)
        err = TOMTE_ERR_INVALID;
    return err;
}

enum tomte_err tomte_cose_find(struct tomte_span map, int64_t label,
                               struct tomte_span *value)
{
    struct tomte_cbor_dec d;
    uint8_t memory[COSE_HEAD_BYTES];
    bool negative = label < 0;
    uint64_t n = negative ? ~(uint64_t)label : (uint64_t)label;
    struct tomte_span wanted =
        TOMTE_SPAN(memory, cose_head(memory, negative ? 1 : 0, n));
    *value = TOMTE_SPAN_NONE;
    if (map.len == 0)
        return TOMTE_ERR_NOT_FOUND;
    tomte_cbor_decode_init(&d, map, 0);
    tomte_cbor_enter_map(&d);
    while (tomte_cbor_more(&d)) {
        bool same = tomte_span_equal(wanted, tomte_cbor_get_raw(&d));
        struct tomte_span item = tomte_cbor_get_raw(&d);
        if (same)
            *value = item;
    }
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err != TOMTE_OK)
        *value = TOMTE_SPAN_NONE;
    else if (value->len == 0)
        err = TOMTE_ERR_NOT_FOUND;
    return err;
}

/* ---- what is critical -------------------------------------------------- */

static bool is_understood(int64_t label,
                          const struct tomte_cose_context *context)
{
    switch (label) {
    case TOMTE_COSE_ALG:
    case TOMTE_COSE_CRIT:
    case TOMTE_COSE_CONTENT_TYPE:
    case TOMTE_COSE_KID:
    case TOMTE_COSE_IV:
    case TOMTE_COSE_PARTIAL_IV:
    case TOMTE_COSE_KID_CONTEXT:
    case TOMTE_COSE_CWT_CLAIMS:
    case TOMTE_COSE_TYP:
        return true;
    default:
        break;
    }
    for (size_t i = 0; context != NULL && i < context->understood_count; i++)
        if (context->understood[i] == label)
            return true;
    return false;
}

/* Section 3.1: each label in crit is understood and in the protected bucket. */
static enum tomte_err check_crit(const struct tomte_cose *m,
                                 const struct tomte_cose_context *context)
{
    struct tomte_cbor_dec d;
    struct tomte_span value;
    if (m->header.crit.data == NULL)
        return TOMTE_OK;
    tomte_cbor_decode_init(&d, m->header.crit, 0);
    tomte_cbor_enter_array(&d);
    while (tomte_cbor_more(&d)) {
        if (tomte_cbor_peek(&d) == TOMTE_CBOR_TEXT)
            return TOMTE_ERR_UNSUPPORTED;
        int64_t label = tomte_cbor_get_int(&d);
        if (!is_understood(label, context))
            return TOMTE_ERR_UNSUPPORTED;
        if (tomte_cose_find(m->protected_map, label, &value) != TOMTE_OK)
            return TOMTE_ERR_INVALID;
    }
    tomte_cbor_leave(&d);
    return tomte_cbor_decode_done(&d);
}

enum tomte_err tomte_cose_accept(const struct tomte_cose *m,
                                 const struct tomte_cose_context *context,
                                 int64_t *alg)
{
    int64_t named = context == NULL ? 0 : context->alg;
    enum tomte_err err = check_crit(m, context);
    *alg = m->header.alg != 0 ? m->header.alg : named;
    if (err != TOMTE_OK)
        return err;
    if (*alg == 0)
        return TOMTE_ERR_MISSING;
    return named == 0 || named == *alg ? TOMTE_OK : TOMTE_ERR_INVALID;
}

/* ---- writing ----------------------------------------------------------- */

static void put_type(struct tomte_cbor_enc *e, int64_t label,
                     const struct tomte_cose_type *type)
{
    if (!type->given)
        return;
    tomte_cbor_put_int(e, label);
    if (type->text.data != NULL)
        tomte_cbor_put_text(e, type->text);
    else
        tomte_cbor_put_uint(e, type->number);
}

enum tomte_err tomte_cose_header_encode(const struct tomte_cose_header *h,
                                        const struct tomte_cose_entry *more,
                                        size_t more_count, struct tomte_buf out,
                                        struct tomte_span *map)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_map(&e, more_count + (h->alg != 0) + (h->crit.data != NULL) +
                               h->content_type.given + (h->kid.data != NULL) +
                               (h->iv.data != NULL) +
                               (h->partial_iv.data != NULL) +
                               (h->kid_context.data != NULL) +
                               (h->claims.data != NULL) + h->typ.given);
    if (h->alg != 0) {
        tomte_cbor_put_int(&e, TOMTE_COSE_ALG);
        tomte_cbor_put_int(&e, h->alg);
    }
    cose_put_raw(&e, TOMTE_COSE_CRIT, h->crit);
    put_type(&e, TOMTE_COSE_CONTENT_TYPE, &h->content_type);
    cose_put_bytes(&e, TOMTE_COSE_KID, h->kid);
    cose_put_bytes(&e, TOMTE_COSE_IV, h->iv);
    cose_put_bytes(&e, TOMTE_COSE_PARTIAL_IV, h->partial_iv);
    cose_put_bytes(&e, TOMTE_COSE_KID_CONTEXT, h->kid_context);
    cose_put_raw(&e, TOMTE_COSE_CWT_CLAIMS, h->claims);
    put_type(&e, TOMTE_COSE_TYP, &h->typ);
    for (size_t i = 0; i < more_count; i++)
        cose_put_raw(&e, more[i].label, more[i].value);
    return tomte_cbor_encode_done(&e, map);
}
