/* SPDX-License-Identifier: Apache-2.0 */
/* Any calls on any bytes: the getters in every order, as callers of all kinds
 * make them. The first byte gives the flags and the number of calls, then come
 * the calls, then what they read. */
#include "base/base.h"
#include "cbor/cbor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tomte_span in;

static void check_inside(struct tomte_span s)
{
    TOMTE_ASSERT(s.len <= in.len);
    if (s.len > 0)
        TOMTE_ASSERT(s.data >= in.data && s.data + s.len <= in.data + in.len);
}

static void get_strings(struct tomte_cbor_dec *d, unsigned call)
{
    uint8_t room[16];
    struct tomte_buf out = TOMTE_BUF_ARRAY(room);
    switch (call) {
    case 0:
        check_inside(tomte_cbor_get_bytes(d));
        break;
    case 1:
        check_inside(tomte_cbor_get_text(d));
        break;
    case 2:
        check_inside(tomte_cbor_get_raw(d));
        break;
    case 3:
        TOMTE_ASSERT(tomte_cbor_get_bytes_copy(d, out).len <= sizeof room);
        break;
    case 4:
        TOMTE_ASSERT(tomte_cbor_get_text_copy(d, out).len <= sizeof room);
        break;
    case 5:
        tomte_cbor_get_bytes_exact(d, room, 4);
        break;
    case 6:
        TOMTE_ASSERT(tomte_cbor_get_name(d).len <= TOMTE_NAME_MAX);
        break;
    default:
        TOMTE_ASSERT(tomte_cbor_get_channel_name(d).len <= TOMTE_CHANNEL_MAX);
    }
}

static void get_numbers(struct tomte_cbor_dec *d, unsigned call)
{
    switch (call) {
    case 0:
        tomte_cbor_get_uint(d);
        break;
    case 1:
        tomte_cbor_get_int(d);
        break;
    case 2:
        tomte_cbor_get_negative(d);
        break;
    case 3:
        TOMTE_ASSERT(tomte_cbor_get_u32(d, 5, 9) <= 9);
        break;
    case 4:
        tomte_cbor_get_simple(d);
        break;
    case 5:
        tomte_cbor_get_double(d);
        break;
    case 6:
        tomte_cbor_get_bool(d);
        break;
    default:
        tomte_cbor_get_tag(d);
    }
}

/* Those that assert that they are called at the right place are. */
static void move(struct tomte_cbor_dec *d, unsigned call)
{
    int64_t key;
    bool in_map = d->depth > 0 && d->frames[d->depth].map;
    bool lenient = (d->flags & TOMTE_CBOR_LENIENT) != 0;
    switch (call) {
    case 0:
        tomte_cbor_enter_array(d);
        break;
    case 1:
        tomte_cbor_enter_map(d);
        break;
    case 2:
        if (d->depth > 0)
            tomte_cbor_leave(d);
        break;
    case 3:
        if (in_map && !lenient)
            tomte_cbor_has_key(d, 1);
        break;
    case 4:
        if (in_map)
            tomte_cbor_next_key(d, &key);
        break;
    case 5:
        tomte_cbor_has_null(d);
        break;
    case 6:
        tomte_cbor_has_tag(d, 1);
        break;
    default:
        tomte_cbor_skip_rest(d);
    }
}

static void call_one(struct tomte_cbor_dec *d, uint8_t call)
{
    uint32_t at = d->at;
    bool ok = tomte_cbor_ok(d);
    if (call % 4 == 0)
        get_strings(d, call >> 2 & 7);
    else if (call % 4 == 1)
        get_numbers(d, call >> 2 & 7);
    else if (call % 4 == 2)
        move(d, call >> 2 & 7);
    else if (tomte_cbor_peek(d) != TOMTE_CBOR_END)
        tomte_cbor_skip(d);
    TOMTE_ASSERT(d->at >= at && d->at <= in.len && d->err_at <= in.len);
    TOMTE_ASSERT(d->depth <= TOMTE_LIMIT_CBOR_DEPTH);
    TOMTE_ASSERT(ok || (d->at == at && !tomte_cbor_more(d)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_cbor_dec d;
    if (size == 0 || size > 4096)
        return 0;
    size_t calls = data[0] >> 2;
    if (calls > size - 1)
        return 0;
    in = TOMTE_SPAN(data + 1 + calls, size - 1 - calls);
    tomte_cbor_decode_init(&d, in, data[0] & 3);
    for (size_t i = 0; i < calls; i++)
        call_one(&d, data[1 + i]);
    (void)(tomte_cbor_decode_done(&d) == TOMTE_OK);
    return 0;
}
