/* SPDX-License-Identifier: Apache-2.0 */
#include "base/assert.h"
#include "cbor/head.h"

#include <string.h>

void tomte_cbor_decode_init(struct tomte_cbor_dec *d, struct tomte_span in,
                            unsigned flags)
{
    *d = (struct tomte_cbor_dec){.in = in, .flags = flags};
    d->frames[0].left = (flags & TOMTE_CBOR_SEQUENCE) ? CBOR_UNCOUNTED : 1;
    if (in.len > TOMTE_CBOR_BYTES_MAX)
        tomte_cbor_fail_here(d, TOMTE_ERR_TOO_LARGE);
}

enum tomte_err tomte_cbor_decode_done(struct tomte_cbor_dec *d)
{
    if (d->err != TOMTE_OK)
        return d->err;
    bool sequence = (d->flags & TOMTE_CBOR_SEQUENCE) != 0;
    if (d->depth > 0 || tomte_cbor_tagged(d) ||
        (!sequence && d->frames[0].left > 0))
        tomte_cbor_fail_here(d, TOMTE_ERR_MISSING);
    else if (d->at < d->in.len)
        tomte_cbor_fail_here(d, TOMTE_ERR_TRAILING);
    return d->err;
}

bool tomte_cbor_ok(const struct tomte_cbor_dec *d)
{
    return d->err == TOMTE_OK;
}

void tomte_cbor_fail(struct tomte_cbor_dec *d, enum tomte_err err)
{
    tomte_cbor_fail_at(d, err, d->last_at);
}

static enum tomte_cbor_type simple_type(const struct tomte_cbor_head *h)
{
    if (h->info > INFO_1)
        return TOMTE_CBOR_FLOAT;
    switch (h->argument) {
    case SIMPLE_FALSE:
    case SIMPLE_TRUE:
        return TOMTE_CBOR_BOOL;
    case SIMPLE_NULL:
        return TOMTE_CBOR_NULL;
    case SIMPLE_UNDEFINED:
        return TOMTE_CBOR_UNDEFINED;
    default:
        return TOMTE_CBOR_SIMPLE;
    }
}

enum tomte_cbor_type tomte_cbor_peek(struct tomte_cbor_dec *d)
{
    static const uint8_t type[] = {
        [MAJOR_UINT] = TOMTE_CBOR_UINT,
        [MAJOR_NEGATIVE] = TOMTE_CBOR_NEGATIVE,
        [MAJOR_BYTES] = TOMTE_CBOR_BYTES,
        [MAJOR_TEXT] = TOMTE_CBOR_TEXT,
        [MAJOR_ARRAY] = TOMTE_CBOR_ARRAY,
        [MAJOR_MAP] = TOMTE_CBOR_MAP,
        [MAJOR_TAG] = TOMTE_CBOR_TAG,
    };
    struct tomte_cbor_head h;
    if (!tomte_cbor_more(d) || !tomte_cbor_head_read(d, &h))
        return TOMTE_CBOR_END;
    if (h.major == MAJOR_SIMPLE)
        return simple_type(&h);
    return (enum tomte_cbor_type)type[h.major];
}

/* ---- containers -------------------------------------------------------- */

static size_t enter(struct tomte_cbor_dec *d, uint8_t major)
{
    struct tomte_cbor_head h;
    bool map = major == MAJOR_MAP;
    if (!tomte_cbor_head_expect(d, major, &h))
        return 0;
    if (d->depth == TOMTE_LIMIT_CBOR_DEPTH) {
        tomte_cbor_fail_here(d, TOMTE_ERR_TOO_LARGE);
        return 0;
    }
    bool indefinite = h.info == INFO_INDEFINITE;
    uint32_t count = (uint32_t)h.argument;
    d->at += h.len;
    d->frames[++d->depth] = (struct tomte_cbor_frame){
        .left = indefinite ? CBOR_UNCOUNTED
                : map      ? 2 * count
                           : count,
        .item_at = d->at,
        .map = map,
        .indefinite = indefinite,
    };
    return indefinite ? SIZE_MAX : count;
}

size_t tomte_cbor_enter_array(struct tomte_cbor_dec *d)
{
    return enter(d, MAJOR_ARRAY);
}

size_t tomte_cbor_enter_map(struct tomte_cbor_dec *d)
{
    return enter(d, MAJOR_MAP);
}

void tomte_cbor_leave(struct tomte_cbor_dec *d)
{
    if (d->err != TOMTE_OK)
        return;
    TOMTE_ASSERT(d->depth > 0);
    const struct tomte_cbor_frame *f = tomte_cbor_top(d);
    if (tomte_cbor_value_pending(d)) {
        tomte_cbor_fail_at(d, TOMTE_ERR_UNKNOWN, f->key_at);
        return;
    }
    if (tomte_cbor_more(d)) {
        tomte_cbor_fail_here(d,
                             f->map ? TOMTE_ERR_UNKNOWN : TOMTE_ERR_TRAILING);
        return;
    }
    d->depth--;
    tomte_cbor_item_pass(d, f->indefinite ? 1 : 0);
}

/* The place of a key, once the value before it is read. */
static bool at_key(struct tomte_cbor_dec *d)
{
    if (d->err != TOMTE_OK)
        return false;
    TOMTE_ASSERT(tomte_cbor_top(d)->map);
    if (tomte_cbor_value_pending(d))
        tomte_cbor_fail_at(d, TOMTE_ERR_UNKNOWN, tomte_cbor_top(d)->key_at);
    return tomte_cbor_more(d);
}

bool tomte_cbor_has_key(struct tomte_cbor_dec *d, int64_t key)
{
    struct tomte_cbor_head h;
    TOMTE_ASSERT((d->flags & TOMTE_CBOR_LENIENT) == 0);
    if (!at_key(d) || !tomte_cbor_head_read(d, &h))
        return false;
    uint8_t major = key < 0 ? MAJOR_NEGATIVE : MAJOR_UINT;
    uint64_t argument = key < 0 ? ~(uint64_t)key : (uint64_t)key;
    if (h.major != major || h.argument != argument)
        return false;
    tomte_cbor_item_pass(d, h.len);
    return d->err == TOMTE_OK;
}

void tomte_cbor_need_key(struct tomte_cbor_dec *d, int64_t key)
{
    if (!tomte_cbor_has_key(d, key))
        tomte_cbor_fail_here(d, TOMTE_ERR_MISSING);
}

bool tomte_cbor_next_key(struct tomte_cbor_dec *d, int64_t *key)
{
    *key = 0;
    if (at_key(d))
        *key = tomte_cbor_get_int(d);
    else
        return false;
    return d->err == TOMTE_OK;
}

/* ---- numbers and simple values ----------------------------------------- */

static uint64_t get_argument(struct tomte_cbor_dec *d, uint8_t major)
{
    struct tomte_cbor_head h;
    if (!tomte_cbor_head_expect(d, major, &h))
        return 0;
    tomte_cbor_item_pass(d, h.len);
    return d->err == TOMTE_OK ? h.argument : 0;
}

uint64_t tomte_cbor_get_uint(struct tomte_cbor_dec *d)
{
    return get_argument(d, MAJOR_UINT);
}

uint64_t tomte_cbor_get_negative(struct tomte_cbor_dec *d)
{
    return get_argument(d, MAJOR_NEGATIVE);
}

int64_t tomte_cbor_get_int(struct tomte_cbor_dec *d)
{
    bool negative = tomte_cbor_peek(d) == TOMTE_CBOR_NEGATIVE;
    uint64_t n = get_argument(d, negative ? MAJOR_NEGATIVE : MAJOR_UINT);
    if (n > INT64_MAX) {
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
        return 0;
    }
    if (d->err != TOMTE_OK)
        return 0;
    return negative ? -1 - (int64_t)n : (int64_t)n;
}

uint32_t tomte_cbor_get_u32(struct tomte_cbor_dec *d, uint32_t min,
                            uint32_t max)
{
    uint64_t v = get_argument(d, MAJOR_UINT);
    if (v < min || v > max) {
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
        return 0;
    }
    return (uint32_t)v;
}

uint8_t tomte_cbor_get_simple(struct tomte_cbor_dec *d)
{
    if (tomte_cbor_peek(d) != TOMTE_CBOR_FLOAT)
        return (uint8_t)get_argument(d, MAJOR_SIMPLE);
    tomte_cbor_fail_here(d, TOMTE_ERR_TYPE);
    return 0;
}

static uint8_t expect_simple(struct tomte_cbor_dec *d,
                             enum tomte_cbor_type type)
{
    if (tomte_cbor_peek(d) == type)
        return tomte_cbor_get_simple(d);
    bool end = d->err == TOMTE_OK && !tomte_cbor_more(d);
    tomte_cbor_fail_here(d, end ? TOMTE_ERR_MISSING : TOMTE_ERR_TYPE);
    return 0;
}

bool tomte_cbor_get_bool(struct tomte_cbor_dec *d)
{
    return expect_simple(d, TOMTE_CBOR_BOOL) == SIMPLE_TRUE;
}

void tomte_cbor_get_null(struct tomte_cbor_dec *d)
{
    expect_simple(d, TOMTE_CBOR_NULL);
}

bool tomte_cbor_has_null(struct tomte_cbor_dec *d)
{
    if (tomte_cbor_peek(d) != TOMTE_CBOR_NULL)
        return false;
    tomte_cbor_get_null(d);
    return d->err == TOMTE_OK;
}

double tomte_cbor_get_double(struct tomte_cbor_dec *d)
{
    struct tomte_cbor_head h;
    double v = 0;
    if (!tomte_cbor_head_expect(d, MAJOR_SIMPLE, &h))
        return v;
    if (h.info < INFO_2) {
        tomte_cbor_fail_here(d, TOMTE_ERR_TYPE);
        return v;
    }
    uint64_t bits = h.argument;
    if (h.info == INFO_2)
        bits = tomte_cbor_widen((uint32_t)bits, &tomte_cbor_half);
    if (h.info == INFO_4)
        bits = tomte_cbor_widen((uint32_t)bits, &tomte_cbor_single);
    tomte_cbor_item_pass(d, h.len);
    if (d->err == TOMTE_OK)
        memcpy(&v, &bits, sizeof v);
    return v;
}

/* A tag is passed without a step: the item is not complete. */
uint64_t tomte_cbor_get_tag(struct tomte_cbor_dec *d)
{
    struct tomte_cbor_head h;
    if (!tomte_cbor_head_expect(d, MAJOR_TAG, &h))
        return 0;
    d->last_at = d->at;
    d->at += h.len;
    return h.argument;
}

bool tomte_cbor_has_tag(struct tomte_cbor_dec *d, uint64_t tag)
{
    struct tomte_cbor_head h;
    if (tomte_cbor_peek(d) != TOMTE_CBOR_TAG || !tomte_cbor_head_read(d, &h))
        return false;
    if (h.argument != tag)
        return false;
    tomte_cbor_get_tag(d);
    return true;
}
