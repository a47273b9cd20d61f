/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "cbor/internal.h"

#include <string.h>

static void fail(struct tomte_cbor_enc *e, enum tomte_err err)
{
    if (e->err == TOMTE_OK)
        e->err = err;
}

static void append(struct tomte_cbor_enc *e, struct tomte_span s)
{
    if (e->err != TOMTE_OK)
        return;
    if (s.len > TOMTE_CBOR_BYTES_MAX - e->len) {
        fail(e, TOMTE_ERR_TOO_LARGE);
        return;
    }
    if (e->data != NULL && s.len > e->cap - e->len) {
        fail(e, TOMTE_ERR_FULL);
        return;
    }
    if (e->data != NULL && s.len > 0)
        memcpy(e->data + e->len, s.data, s.len);
    e->len += (uint32_t)s.len;
}

/* An initial byte and its argument in `size` bytes: 0, 1, 2, 4, 8. */
static void put_argument(struct tomte_cbor_enc *e, unsigned major,
                         unsigned info, uint64_t argument, size_t size)
{
    uint8_t head[1 + 8];
    tomte_put_be64(head + 1, argument << (64 - 8 * size) % 64);
    head[0] = (uint8_t)(major << 5 | info);
    append(e, TOMTE_SPAN(head, 1 + size));
}

/* RFC 8949 section 4.2.1: as short as possible. */
static void put_head(struct tomte_cbor_enc *e, unsigned major, uint64_t v)
{
    if (v < INFO_1)
        put_argument(e, major, (unsigned)v, 0, 0);
    else if (v <= UINT8_MAX)
        put_argument(e, major, INFO_1, v, 1);
    else if (v <= UINT16_MAX)
        put_argument(e, major, INFO_2, v, 2);
    else if (v <= UINT32_MAX)
        put_argument(e, major, INFO_4, v, 4);
    else
        put_argument(e, major, INFO_8, v, 8);
}

/* An item is complete, and with it every container whose last one it is. */
static void end_item(struct tomte_cbor_enc *e)
{
    while (e->err == TOMTE_OK) {
        struct tomte_cbor_frame *f = &e->frames[e->depth];
        fail(e, tomte_cbor_frame_step(f, e->data, e->len));
        if (f->left > 0 || e->depth == 0)
            return;
        e->depth--;
    }
}

void tomte_cbor_encode_init(struct tomte_cbor_enc *e, struct tomte_buf out)
{
    size_t cap =
        out.cap < TOMTE_CBOR_BYTES_MAX ? out.cap : TOMTE_CBOR_BYTES_MAX;
    *e = (struct tomte_cbor_enc){.data = out.data, .cap = (uint32_t)cap};
    e->frames[0].left = CBOR_UNCOUNTED;
}

enum tomte_err tomte_cbor_encode_done_sequence(struct tomte_cbor_enc *e,
                                               struct tomte_span *items)
{
    /* A container that is still open, or a tag without its item. */
    if (e->depth > 0 || e->frames[0].item_at != e->len)
        fail(e, TOMTE_ERR_MISSING);
    *items = TOMTE_SPAN_NONE;
    if (e->err == TOMTE_OK)
        *items = TOMTE_SPAN(e->data, e->len);
    return e->err;
}

enum tomte_err tomte_cbor_encode_done(struct tomte_cbor_enc *e,
                                      struct tomte_span *item)
{
    uint32_t items = CBOR_UNCOUNTED - e->frames[0].left;
    if (items == 0)
        fail(e, TOMTE_ERR_MISSING);
    if (items > 1)
        fail(e, TOMTE_ERR_TRAILING);
    return tomte_cbor_encode_done_sequence(e, item);
}

void tomte_cbor_put_uint(struct tomte_cbor_enc *e, uint64_t v)
{
    put_head(e, MAJOR_UINT, v);
    end_item(e);
}

void tomte_cbor_put_negative(struct tomte_cbor_enc *e, uint64_t n)
{
    put_head(e, MAJOR_NEGATIVE, n);
    end_item(e);
}

void tomte_cbor_put_int(struct tomte_cbor_enc *e, int64_t v)
{
    if (v < 0)
        tomte_cbor_put_negative(e, ~(uint64_t)v);
    else
        tomte_cbor_put_uint(e, (uint64_t)v);
}

void tomte_cbor_put_bytes(struct tomte_cbor_enc *e, struct tomte_span bytes)
{
    put_head(e, MAJOR_BYTES, bytes.len);
    append(e, bytes);
    end_item(e);
}

void tomte_cbor_put_text(struct tomte_cbor_enc *e, struct tomte_span utf8)
{
    if (!tomte_cbor_utf8_valid(utf8))
        fail(e, TOMTE_ERR_MALFORMED);
    put_head(e, MAJOR_TEXT, utf8.len);
    append(e, utf8);
    end_item(e);
}

void tomte_cbor_put_str(struct tomte_cbor_enc *e, const char *utf8)
{
    tomte_cbor_put_text(e, tomte_span_str(utf8));
}

static void open_frame(struct tomte_cbor_enc *e, unsigned major, size_t count)
{
    bool map = major == MAJOR_MAP;
    if (count > TOMTE_CBOR_BYTES_MAX / 2 || e->depth == TOMTE_LIMIT_CBOR_DEPTH)
        fail(e, TOMTE_ERR_TOO_LARGE);
    put_head(e, major, count);
    if (e->err != TOMTE_OK)
        return;
    if (count == 0) {
        end_item(e);
        return;
    }
    e->frames[++e->depth] = (struct tomte_cbor_frame){
        .left = (uint32_t)(map ? 2 * count : count),
        .item_at = e->len,
        .map = map,
    };
}

void tomte_cbor_put_array(struct tomte_cbor_enc *e, size_t items)
{
    open_frame(e, MAJOR_ARRAY, items);
}

void tomte_cbor_put_map(struct tomte_cbor_enc *e, size_t pairs)
{
    open_frame(e, MAJOR_MAP, pairs);
}

void tomte_cbor_put_tag(struct tomte_cbor_enc *e, uint64_t tag)
{
    put_head(e, MAJOR_TAG, tag);
}

void tomte_cbor_put_simple(struct tomte_cbor_enc *e, uint8_t v)
{
    if (v >= 24 && v < 32)
        fail(e, TOMTE_ERR_RANGE);
    put_head(e, MAJOR_SIMPLE, v);
    end_item(e);
}

void tomte_cbor_put_bool(struct tomte_cbor_enc *e, bool v)
{
    tomte_cbor_put_simple(e, v ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void tomte_cbor_put_null(struct tomte_cbor_enc *e)
{
    tomte_cbor_put_simple(e, SIMPLE_NULL);
}

void tomte_cbor_put_undefined(struct tomte_cbor_enc *e)
{
    tomte_cbor_put_simple(e, SIMPLE_UNDEFINED);
}

void tomte_cbor_put_double(struct tomte_cbor_enc *e, double v)
{
    uint64_t bits;
    uint32_t narrow;
    memcpy(&bits, &v, sizeof bits);
    if (tomte_cbor_is_nan(bits))
        put_argument(e, MAJOR_SIMPLE, INFO_2, CBOR_HALF_NAN, 2);
    else if (tomte_cbor_narrow(bits, &tomte_cbor_half, &narrow))
        put_argument(e, MAJOR_SIMPLE, INFO_2, narrow, 2);
    else if (tomte_cbor_narrow(bits, &tomte_cbor_single, &narrow))
        put_argument(e, MAJOR_SIMPLE, INFO_4, narrow, 4);
    else
        put_argument(e, MAJOR_SIMPLE, INFO_8, bits, 8);
    end_item(e);
}

void tomte_cbor_put_raw(struct tomte_cbor_enc *e, struct tomte_span item)
{
    fail(e, tomte_cbor_check(item, e->depth));
    append(e, item);
    end_item(e);
}
