/* SPDX-License-Identifier: Apache-2.0 */
#include "ace/fields.h"

#include "cbor/cbor.h"

#include <string.h>

/* ---- reading ----------------------------------------------------------- */

static void read_number(struct tomte_cbor_dec *d, struct tomte_ace_number *n,
                        bool may_be_asked)
{
    if (may_be_asked && tomte_cbor_has_null(d)) {
        n->asked = true;
        return;
    }
    if (tomte_cbor_peek(d) == TOMTE_CBOR_TEXT) {
        tomte_cbor_get_text(d);
        tomte_cbor_fail(d, TOMTE_ERR_UNSUPPORTED);
        return;
    }
    n->given = true;
    n->value = tomte_cbor_get_int(d);
}

static void read_scope(struct tomte_cbor_dec *d, struct tomte_ace_scope *s)
{
    s->is_text = tomte_cbor_peek(d) == TOMTE_CBOR_TEXT;
    s->value = s->is_text ? tomte_cbor_get_text(d) : tomte_cbor_get_bytes(d);
}

static struct tomte_span read_span(struct tomte_cbor_dec *d, enum ace_kind kind)
{
    if (kind == ACE_TEXT)
        return tomte_cbor_get_text(d);
    if (kind == ACE_BYTES)
        return tomte_cbor_get_bytes(d);
    bool map = tomte_cbor_peek(d) == TOMTE_CBOR_MAP;
    struct tomte_span raw = tomte_cbor_get_raw(d);
    if (!map)
        tomte_cbor_fail(d, TOMTE_ERR_TYPE);
    return raw;
}

static void read_field(struct tomte_cbor_dec *d, const struct ace_field *f,
                       uint8_t *out)
{
    void *to = out + f->at;
    switch ((enum ace_kind)f->kind) {
    case ACE_NUMBER:
    case ACE_ASKED:
        read_number(d, to, f->kind == ACE_ASKED);
        break;
    case ACE_SCOPE:
        read_scope(d, to);
        break;
    default:
        *(struct tomte_span *)to = read_span(d, (enum ace_kind)f->kind);
    }
}

static const struct ace_field *find(const struct ace_field *fields,
                                    size_t count, int64_t label)
{
    for (size_t i = 0; i < count; i++)
        if (fields[i].label == label)
            return &fields[i];
    return NULL;
}

enum tomte_err ace_fields_decode(const struct ace_field *fields, size_t count,
                                 bool closed, struct tomte_span in, void *out,
                                 size_t out_size)
{
    struct tomte_cbor_dec d;
    int64_t label;
    memset(out, 0, out_size);
    tomte_cbor_decode_init(&d, in, 0);
    tomte_cbor_enter_map(&d);
    while (tomte_cbor_next_key(&d, &label)) {
        const struct ace_field *f = find(fields, count, label);
        if (f != NULL)
            read_field(&d, f, out);
        else
            tomte_cbor_skip(&d);
        if (f == NULL && closed)
            tomte_cbor_fail(&d, TOMTE_ERR_UNKNOWN);
    }
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err != TOMTE_OK)
        memset(out, 0, out_size);
    return err;
}

/* ---- writing ----------------------------------------------------------- */

static bool is_given(const struct ace_field *f, const uint8_t *from)
{
    const void *at = from + f->at;
    const struct tomte_ace_number *n = at;
    const struct tomte_ace_scope *scope = at;
    const struct tomte_span *span = at;
    switch ((enum ace_kind)f->kind) {
    case ACE_NUMBER:
        return n->given;
    case ACE_ASKED:
        return n->given || n->asked;
    case ACE_SCOPE:
        return scope->value.data != NULL;
    default:
        return span->data != NULL;
    }
}

static void put_scope(struct tomte_cbor_enc *e, const struct tomte_ace_scope *s)
{
    if (s->is_text)
        tomte_cbor_put_text(e, s->value);
    else
        tomte_cbor_put_bytes(e, s->value);
}

static void put_field(struct tomte_cbor_enc *e, const struct ace_field *f,
                      const uint8_t *from)
{
    const void *at = from + f->at;
    const struct tomte_ace_number *n = at;
    const struct tomte_span *span = at;
    switch ((enum ace_kind)f->kind) {
    case ACE_NUMBER:
    case ACE_ASKED:
        if (n->given)
            tomte_cbor_put_int(e, n->value);
        else
            tomte_cbor_put_null(e);
        break;
    case ACE_SCOPE:
        put_scope(e, at);
        break;
    case ACE_TEXT:
        tomte_cbor_put_text(e, *span);
        break;
    case ACE_BYTES:
        tomte_cbor_put_bytes(e, *span);
        break;
    case ACE_MAP:
        tomte_cbor_put_raw(e, *span);
        break;
    }
}

enum tomte_err ace_fields_encode(const struct ace_field *fields, size_t count,
                                 const void *from, struct tomte_buf out,
                                 struct tomte_span *encoded)
{
    struct tomte_cbor_enc e;
    size_t given = 0;
    for (size_t i = 0; i < count; i++)
        given += is_given(&fields[i], from);
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_map(&e, given);
    for (size_t i = 0; i < count; i++) {
        if (!is_given(&fields[i], from))
            continue;
        tomte_cbor_put_uint(&e, fields[i].label);
        put_field(&e, &fields[i], from);
    }
    return tomte_cbor_encode_done(&e, encoded);
}
