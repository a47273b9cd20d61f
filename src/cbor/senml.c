/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/senml.h"

#include "cbor/senml_number.h"

#include <string.h>

/* RFC 8428 section 6, table 4. */
enum {
    LABEL_BASE_SUM = -6,
    LABEL_BASE_VALUE = -5,
    LABEL_BASE_UNIT = -4,
    LABEL_BASE_TIME = -3,
    LABEL_BASE_NAME = -2,
    LABEL_BASE_VERSION = -1,
    LABEL_NAME = 0,
    LABEL_UNIT = 1,
    LABEL_VALUE = 2,
    LABEL_TEXT_VALUE = 3,
    LABEL_BOOL_VALUE = 4,
    LABEL_SUM = 5,
    LABEL_TIME = 6,
    LABEL_UPDATE_TIME = 7,
    LABEL_DATA_VALUE = 8,
};

#define SENML_VERSION 10 /* section 4.2 */

struct tomte_senml_value tomte_senml_int(int64_t v)
{
    return (struct tomte_senml_value){.type = TOMTE_SENML_INT, .i = v};
}

struct tomte_senml_value tomte_senml_double(double v)
{
    return (struct tomte_senml_value){.type = TOMTE_SENML_DOUBLE, .d = v};
}

struct tomte_senml_value tomte_senml_whole(double v)
{
    const double bound = 9007199254740992.0; /* 2^53 */
    if (v > -bound && v < bound && v == (double)(int64_t)v)
        return tomte_senml_int((int64_t)v);
    return tomte_senml_double(v);
}

struct tomte_senml_value tomte_senml_bool(bool v)
{
    return (struct tomte_senml_value){.type = TOMTE_SENML_BOOL, .b = v};
}

struct tomte_senml_value tomte_senml_text(struct tomte_span utf8)
{
    return (struct tomte_senml_value){.type = TOMTE_SENML_TEXT, .s = utf8};
}

/* ---- names (section 4.5.1) --------------------------------------------- */

static bool letter_or_digit(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

static bool name_char(uint8_t c)
{
    return letter_or_digit(c) || c == '-' || c == ':' || c == '.' || c == '/' ||
           c == '_';
}

static bool name_chars(struct tomte_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!name_char(s.data[i]))
            return false;
    return true;
}

static bool name_valid(const struct tomte_senml *r)
{
    struct tomte_span first = r->base_name.len > 0 ? r->base_name : r->name;
    if (first.len > 0 && !letter_or_digit(first.data[0]))
        return false;
    return name_chars(r->base_name) && name_chars(r->name);
}

enum tomte_err tomte_senml_full_name(const struct tomte_senml *r,
                                     struct tomte_buf out,
                                     struct tomte_span *name)
{
    *name = TOMTE_SPAN_NONE;
    if (r->base_name.len > out.cap || r->name.len > out.cap - r->base_name.len)
        return TOMTE_ERR_TOO_LARGE;
    if (r->base_name.len > 0)
        memcpy(out.data, r->base_name.data, r->base_name.len);
    if (r->name.len > 0)
        memcpy(out.data + r->base_name.len, r->name.data, r->name.len);
    *name = TOMTE_SPAN(out.data, r->base_name.len + r->name.len);
    return TOMTE_OK;
}

/* ---- encode ------------------------------------------------------------ */

static bool is_finite(const struct tomte_senml_value *v)
{
    return v->type != TOMTE_SENML_DOUBLE || tomte_senml_is_finite(v->d);
}

static enum tomte_err check_record(const struct tomte_senml *r)
{
    if (r->value.type == TOMTE_SENML_NONE)
        return TOMTE_ERR_MISSING;
    if (r->time.type != TOMTE_SENML_NONE && !tomte_senml_is_number(&r->time))
        return TOMTE_ERR_TYPE;
    if (!is_finite(&r->value) || !is_finite(&r->time) || !name_valid(r))
        return TOMTE_ERR_INVALID;
    return TOMTE_OK;
}

static void put_label_text(struct tomte_cbor_enc *e, int64_t label,
                           struct tomte_span text)
{
    if (text.len == 0)
        return;
    tomte_cbor_put_int(e, label);
    tomte_cbor_put_text(e, text);
}

static void put_value(struct tomte_cbor_enc *e,
                      const struct tomte_senml_value *v)
{
    switch (v->type) {
    case TOMTE_SENML_INT:
        tomte_cbor_put_int(e, v->i);
        break;
    case TOMTE_SENML_DOUBLE:
        tomte_cbor_put_double(e, v->d);
        break;
    case TOMTE_SENML_BOOL:
        tomte_cbor_put_bool(e, v->b);
        break;
    case TOMTE_SENML_TEXT:
        tomte_cbor_put_text(e, v->s);
        break;
    case TOMTE_SENML_DATA:
        tomte_cbor_put_bytes(e, v->s);
        break;
    case TOMTE_SENML_NONE:
        break;
    }
}

static int64_t value_label(const struct tomte_senml_value *v)
{
    switch (v->type) {
    case TOMTE_SENML_BOOL:
        return LABEL_BOOL_VALUE;
    case TOMTE_SENML_TEXT:
        return LABEL_TEXT_VALUE;
    case TOMTE_SENML_DATA:
        return LABEL_DATA_VALUE;
    default:
        return LABEL_VALUE;
    }
}

static void put_value_if(struct tomte_cbor_enc *e, bool yes,
                         const struct tomte_senml_value *v)
{
    if (!yes)
        return;
    tomte_cbor_put_int(e, value_label(v));
    put_value(e, v);
}

static void put_time(struct tomte_cbor_enc *e, const struct tomte_senml *r)
{
    if (r->time.type == TOMTE_SENML_NONE)
        return;
    tomte_cbor_put_int(e, LABEL_TIME);
    put_value(e, &r->time);
}

void tomte_senml_put(struct tomte_cbor_enc *e, const struct tomte_senml *r)
{
    bool timed = r->time.type != TOMTE_SENML_NONE;
    bool data = r->value.type == TOMTE_SENML_DATA;
    if (e->err == TOMTE_OK)
        e->err = check_record(r);
    tomte_cbor_put_array(e, 1);
    tomte_cbor_put_map(e, 1u + (r->name.len > 0) + (r->unit.len > 0) + timed +
                              (r->base_name.len > 0));
    /* In the order of the encoded labels; only data stands behind the time. */
    put_label_text(e, LABEL_NAME, r->name);
    put_label_text(e, LABEL_UNIT, r->unit);
    put_value_if(e, !data, &r->value);
    put_time(e, r);
    put_value_if(e, data, &r->value);
    put_label_text(e, LABEL_BASE_NAME, r->base_name);
}

enum tomte_err tomte_senml_encode(const struct tomte_senml *r,
                                  struct tomte_buf out, struct tomte_span *pack)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_senml_put(&e, r);
    return tomte_cbor_encode_done(&e, pack);
}

/* ---- decode ------------------------------------------------------------ */

struct unpack {
    struct tomte_cbor_dec d;
    struct tomte_senml record;
    struct tomte_span base_unit;
    struct tomte_senml_value base_value, base_time;
    uint32_t seen; /* labels of this record, bit label - LABEL_BASE_SUM */
};

static void set_value(struct unpack *u, struct tomte_senml_value v)
{
    /* Section 4.2: exactly one of the value fields. */
    if (u->record.value.type != TOMTE_SENML_NONE)
        tomte_cbor_fail(&u->d, TOMTE_ERR_DUPLICATE);
    u->record.value = v;
}

/* Section 4.4: a larger version must not be used. */
static void read_version(struct tomte_cbor_dec *d)
{
    if (tomte_cbor_get_uint(d) > SENML_VERSION)
        tomte_cbor_fail(d, TOMTE_ERR_VERSION);
}

static void read_field(struct unpack *u, int64_t label)
{
    struct tomte_cbor_dec *d = &u->d;
    switch (label) {
    case LABEL_BASE_VERSION:
        read_version(d);
        break;
    case LABEL_BASE_NAME:
        u->record.base_name = tomte_cbor_get_text(d);
        break;
    case LABEL_BASE_TIME:
        u->base_time = tomte_senml_get_number(d);
        break;
    case LABEL_BASE_UNIT:
        u->base_unit = tomte_cbor_get_text(d);
        break;
    case LABEL_BASE_VALUE:
        u->base_value = tomte_senml_get_number(d);
        break;
    case LABEL_NAME:
        u->record.name = tomte_cbor_get_text(d);
        break;
    case LABEL_UNIT:
        u->record.unit = tomte_cbor_get_text(d);
        break;
    case LABEL_VALUE:
        set_value(u, tomte_senml_get_number(d));
        break;
    case LABEL_TEXT_VALUE:
        set_value(u, tomte_senml_text(tomte_cbor_get_text(d)));
        break;
    case LABEL_BOOL_VALUE:
        set_value(u, tomte_senml_bool(tomte_cbor_get_bool(d)));
        break;
    case LABEL_DATA_VALUE:
        set_value(u, (struct tomte_senml_value){.type = TOMTE_SENML_DATA,
                                                .s = tomte_cbor_get_bytes(d)});
        break;
    case LABEL_TIME:
        u->record.time = tomte_senml_get_number(d);
        break;
    case LABEL_SUM:
    case LABEL_BASE_SUM:
        tomte_cbor_fail(d, TOMTE_ERR_UNSUPPORTED);
        break;
    default: /* update time, or not known: ignored (section 4.4) */
        tomte_cbor_skip(d);
    }
}

/* Lenient decoding does not see a key that comes twice. */
static void mark_seen(struct unpack *u, int64_t label)
{
    if (label < LABEL_BASE_SUM || label > LABEL_DATA_VALUE)
        return;
    uint32_t bit = (uint32_t)1 << (label - LABEL_BASE_SUM);
    if ((u->seen & bit) != 0)
        tomte_cbor_fail(&u->d, TOMTE_ERR_DUPLICATE);
    u->seen |= bit;
}

/* Section 4.4: labels that end in "_" must be understood, other ones not. */
static void read_text_label(struct tomte_cbor_dec *d)
{
    struct tomte_span label = tomte_cbor_get_text(d);
    if (label.len > 0 && label.data[label.len - 1] == '_')
        tomte_cbor_fail(d, TOMTE_ERR_UNSUPPORTED);
    tomte_cbor_skip(d);
}

static void read_record(struct unpack *u)
{
    u->seen = 0;
    tomte_cbor_enter_map(&u->d);
    while (tomte_cbor_more(&u->d)) {
        if (tomte_cbor_peek(&u->d) == TOMTE_CBOR_TEXT) {
            read_text_label(&u->d);
            continue;
        }
        int64_t label = tomte_cbor_get_int(&u->d);
        mark_seen(u, label);
        if (tomte_cbor_ok(&u->d))
            read_field(u, label);
    }
    tomte_cbor_leave(&u->d);
    /* Section 5.1.7: a record may hold base fields only. */
    if (u->record.value.type == TOMTE_SENML_NONE &&
        u->seen >> (LABEL_NAME - LABEL_BASE_SUM) != 0)
        tomte_cbor_fail(&u->d, TOMTE_ERR_MISSING);
}

/* Section 4.6. */
static enum tomte_err resolve(struct unpack *u)
{
    struct tomte_senml *r = &u->record;
    enum tomte_err err = TOMTE_OK;
    if (r->unit.len == 0)
        r->unit = u->base_unit;
    if (tomte_senml_is_number(&r->value))
        err = tomte_senml_add(&u->base_value, &r->value, &r->value);
    if (err == TOMTE_OK)
        err = tomte_senml_add(&u->base_time, &r->time, &r->time);
    if (err == TOMTE_OK)
        err = check_record(r);
    return err;
}

enum tomte_err tomte_senml_decode(struct tomte_span pack, unsigned flags,
                                  struct tomte_senml *r)
{
    struct unpack u = {0};
    tomte_cbor_decode_init(&u.d, pack, flags);
    tomte_cbor_enter_array(&u.d);
    while (tomte_cbor_more(&u.d) && u.record.value.type == TOMTE_SENML_NONE)
        read_record(&u);
    tomte_cbor_skip_rest(&u.d);
    tomte_cbor_leave(&u.d);
    if (tomte_cbor_ok(&u.d))
        tomte_cbor_fail(&u.d, resolve(&u));
    enum tomte_err err = tomte_cbor_decode_done(&u.d);
    *r = err == TOMTE_OK ? u.record : (struct tomte_senml){0};
    return err;
}
