/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors in a checkpoint:
 *
 *   [1, [[channel, producer, epoch, stream, sequence], ...]]
 *
 * sorted by channel, then producer; what is taken and not committed is left
 * out. */
#include "cbor/cbor.h"
#include "channel/cursor.h"

#define VERSION 1

static void put_cursor(struct tomte_cbor_enc *e, const struct tomte_cursor *c);
static void get_cursor(struct tomte_cbor_dec *d, struct tomte_cursors *t);
static int compare(const struct tomte_cursor *a, const struct tomte_cursor *b);

enum tomte_err tomte_cursors_encode(const struct tomte_cursors *t,
                                    struct tomte_buf out,
                                    struct tomte_span *bytes)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, 2);
    tomte_cbor_put_uint(&e, VERSION);
    tomte_cbor_put_array(&e, t->len);
    for (size_t i = 0; i < t->len; i++)
        put_cursor(&e, &t->entries[i]);
    return tomte_cbor_encode_done(&e, bytes);
}

enum tomte_err tomte_cursors_decode(struct tomte_cursors *t,
                                    struct tomte_span bytes)
{
    struct tomte_cbor_dec d;
    t->len = 0;
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_array(&d);
    if (tomte_cbor_get_uint(&d) != VERSION)
        tomte_cbor_fail(&d, TOMTE_ERR_VERSION);
    if (tomte_cbor_enter_array(&d) > t->cap)
        tomte_cbor_fail(&d, TOMTE_ERR_FULL);
    while (tomte_cbor_more(&d))
        get_cursor(&d, t);
    tomte_cbor_leave(&d);
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err != TOMTE_OK)
        t->len = 0;
    return err;
}

static void put_cursor(struct tomte_cbor_enc *e, const struct tomte_cursor *c)
{
    tomte_cbor_put_array(e, 5);
    tomte_cbor_put_text(e, tomte_channel_name_span(&c->channel));
    tomte_cbor_put_text(e, tomte_name_span(&c->producer));
    tomte_cbor_put_uint(e, c->epoch);
    tomte_cbor_put_uint(e, c->stream);
    tomte_cbor_put_uint(e, c->sequence);
}

static void get_cursor(struct tomte_cbor_dec *d, struct tomte_cursors *t)
{
    struct tomte_cursor c = {.bound = false};
    tomte_cbor_enter_array(d);
    c.channel = tomte_cbor_get_channel_name(d);
    c.producer = tomte_cbor_get_name(d);
    c.epoch = tomte_cbor_get_uint(d);
    c.stream = tomte_cbor_get_uint(d);
    c.sequence = tomte_cbor_get_uint(d);
    tomte_cbor_leave(d);
    c.taken_stream = c.stream;
    c.taken_sequence = c.sequence;
    if (c.epoch > TOMTE_SEQUENCE_MAX || c.stream > TOMTE_SEQUENCE_MAX ||
        c.sequence > TOMTE_SEQUENCE_MAX)
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    if ((c.stream == 0) != (c.sequence == 0))
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    if (t->len > 0) {
        int order = compare(&t->entries[t->len - 1], &c);
        if (order >= 0)
            tomte_cbor_fail(d, order == 0 ? TOMTE_ERR_DUPLICATE
                                          : TOMTE_ERR_NOT_CANONICAL);
    }
    if (tomte_cbor_ok(d))
        t->entries[t->len++] = c;
}

static int compare(const struct tomte_cursor *a, const struct tomte_cursor *b)
{
    int order = tomte_span_compare(tomte_channel_name_span(&a->channel),
                                   tomte_channel_name_span(&b->channel));
    if (order == 0)
        order = tomte_span_compare(tomte_name_span(&a->producer),
                                   tomte_name_span(&b->producer));
    return order;
}
