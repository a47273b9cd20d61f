/* SPDX-License-Identifier: Apache-2.0 */
/* An outbox in a checkpoint:
 *
 *   [1, stream, next, count_max, bytes_max,
 *    [[stream, format, payload], ...],    messages held, the last is next - 1
 *    [[identity, cursor], ...]]           consumers, by identity
 */
#include "cbor/cbor.h"
#include "channel/origin.h"
#include "channel/outbox_record.h"

#define VERSION 1

static void put_messages(struct tomte_cbor_enc *e,
                         const struct tomte_outbox *o);
static void put_consumers(struct tomte_cbor_enc *e,
                          const struct tomte_outbox *o);
static void get_numbers(struct tomte_cbor_dec *d, struct tomte_outbox *o);
static void get_bounds(struct tomte_cbor_dec *d, struct tomte_outbox *o);
static void get_messages(struct tomte_cbor_dec *d, struct tomte_outbox *o);
static void get_message(struct tomte_cbor_dec *d, struct tomte_outbox *o,
                        uint64_t *stream);
static void get_consumers(struct tomte_cbor_dec *d, struct tomte_outbox *o);
static void get_consumer(struct tomte_cbor_dec *d, struct tomte_outbox *o);

enum tomte_err tomte_outbox_encode(const struct tomte_outbox *o,
                                   struct tomte_buf out,
                                   struct tomte_span *bytes)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, 7);
    tomte_cbor_put_uint(&e, VERSION);
    tomte_cbor_put_uint(&e, o->numbers.stream);
    tomte_cbor_put_uint(&e, o->numbers.next);
    tomte_cbor_put_uint(&e, o->count_max);
    tomte_cbor_put_uint(&e, o->bytes_max);
    put_messages(&e, o);
    put_consumers(&e, o);
    return tomte_cbor_encode_done(&e, bytes);
}

enum tomte_err tomte_outbox_decode(struct tomte_outbox *o,
                                   struct tomte_span bytes)
{
    struct tomte_cbor_dec d;
    uint16_t count_max = o->count_room;
    tomte_outbox_init(o, o->memory, count_max);
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_array(&d);
    if (tomte_cbor_get_uint(&d) != VERSION)
        tomte_cbor_fail(&d, TOMTE_ERR_VERSION);
    get_numbers(&d, o);
    get_bounds(&d, o);
    get_messages(&d, o);
    get_consumers(&d, o);
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err != TOMTE_OK)
        tomte_outbox_init(o, o->memory, count_max);
    return err;
}

static void put_messages(struct tomte_cbor_enc *e, const struct tomte_outbox *o)
{
    tomte_cbor_put_array(e, tomte_outbox_count(o));
    for (uint64_t s = o->first; s < o->numbers.next; s++) {
        struct tomte_outbox_record record;
        tomte_outbox_find(o, s, &record);
        tomte_cbor_put_array(e, 3);
        tomte_cbor_put_uint(e, record.stream);
        tomte_cbor_put_uint(e, record.format);
        tomte_cbor_put_bytes(e, record.payload);
    }
}

static void put_consumers(struct tomte_cbor_enc *e,
                          const struct tomte_outbox *o)
{
    tomte_cbor_put_array(e, o->consumers_len);
    for (size_t i = 0; i < o->consumers_len; i++) {
        tomte_cbor_put_array(e, 2);
        tomte_cbor_put_text(e, tomte_name_span(&o->consumers[i].identity));
        tomte_cbor_put_uint(e, o->consumers[i].cursor);
    }
}

static void get_numbers(struct tomte_cbor_dec *d, struct tomte_outbox *o)
{
    uint64_t stream = tomte_cbor_get_uint(d);
    uint64_t next = tomte_cbor_get_uint(d);
    if (stream > TOMTE_SEQUENCE_MAX || next - 1 >= TOMTE_SEQUENCE_MAX)
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    if (!tomte_cbor_ok(d))
        return;
    o->numbers.stream = stream;
    o->numbers.next = next;
    o->first = next;
}

static void get_bounds(struct tomte_cbor_dec *d, struct tomte_outbox *o)
{
    uint64_t count_max = tomte_cbor_get_uint(d);
    uint64_t bytes_max = tomte_cbor_get_uint(d);
    if (count_max > o->count_max || bytes_max > o->bytes_max)
        tomte_cbor_fail(d, TOMTE_ERR_FULL);
    if (!tomte_cbor_ok(d))
        return;
    o->count_max = (uint16_t)count_max;
    o->bytes_max = (uint32_t)bytes_max;
}

static void get_messages(struct tomte_cbor_dec *d, struct tomte_outbox *o)
{
    size_t count = tomte_cbor_enter_array(d);
    if (count > o->count_max)
        tomte_cbor_fail(d, TOMTE_ERR_FULL);
    if (count >= o->numbers.next)
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    uint64_t stream = 1; /* of the message before */
    for (size_t i = 0; i < count && tomte_cbor_ok(d); i++)
        get_message(d, o, &stream);
    tomte_cbor_leave(d);
    if (tomte_cbor_ok(d))
        o->first = o->numbers.next - count;
}

static void get_message(struct tomte_cbor_dec *d, struct tomte_outbox *o,
                        uint64_t *stream)
{
    struct tomte_outbox_record record;
    tomte_cbor_enter_array(d);
    record.stream = tomte_cbor_get_uint(d);
    record.format = (uint16_t)tomte_cbor_get_u32(d, 0, UINT16_MAX);
    record.payload = tomte_cbor_get_bytes(d);
    tomte_cbor_leave(d);
    if (record.stream < *stream || record.stream > o->numbers.stream)
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    if (record.payload.len > TOMTE_LIMIT_MESSAGE_BYTES)
        tomte_cbor_fail(d, TOMTE_ERR_TOO_LARGE);
    if (record.payload.len + TOMTE_OUTBOX_OVERHEAD > o->bytes_max - o->used)
        tomte_cbor_fail(d, TOMTE_ERR_FULL);
    if (!tomte_cbor_ok(d))
        return;
    *stream = record.stream;
    tomte_outbox_append(o, &record);
}

static void get_consumers(struct tomte_cbor_dec *d, struct tomte_outbox *o)
{
    if (tomte_cbor_enter_array(d) > TOMTE_LIMIT_CONSUMERS)
        tomte_cbor_fail(d, TOMTE_ERR_FULL);
    while (tomte_cbor_more(d))
        get_consumer(d, o);
    tomte_cbor_leave(d);
    /* Each message is held for someone. */
    uint64_t slowest = o->numbers.next - 1;
    for (size_t i = 0; i < o->consumers_len; i++)
        if (o->consumers[i].cursor < slowest)
            slowest = o->consumers[i].cursor;
    if (slowest + 1 != o->first)
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
}

static void get_consumer(struct tomte_cbor_dec *d, struct tomte_outbox *o)
{
    tomte_cbor_enter_array(d);
    struct tomte_name identity = tomte_cbor_get_name(d);
    uint64_t cursor = tomte_cbor_get_uint(d);
    tomte_cbor_leave(d);
    if (cursor + 1 < o->first || cursor >= o->numbers.next)
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    if (o->consumers_len > 0) {
        const struct tomte_name *before =
            &o->consumers[o->consumers_len - 1].identity;
        int order = tomte_span_compare(tomte_name_span(before),
                                       tomte_name_span(&identity));
        if (order >= 0)
            tomte_cbor_fail(d, order == 0 ? TOMTE_ERR_DUPLICATE
                                          : TOMTE_ERR_NOT_CANONICAL);
    }
    if (!tomte_cbor_ok(d))
        return;
    o->consumers[o->consumers_len++] = (struct tomte_outbox_consumer){
        .identity = identity, .cursor = cursor, .sent = cursor};
}
