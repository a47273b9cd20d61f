/* SPDX-License-Identifier: Apache-2.0 */
#include "container/record.h"

#include "cbor/cbor.h"

/* Keys; docs/spec/checkpoint.md has the table. */
enum {
    KEY_SEQUENCE = 0,
    KEY_EPOCH = 1,
    KEY_KIND = 2,
    KEY_PORT = 3,
    KEY_TIME = 4,
    KEY_SEED = 5,
    KEY_UNIX = 6,    /* absent: nothing known */
    KEY_PAYLOAD = 7, /* absent: empty */
    KEY_ORIGIN = 8,  /* absent: empty */
    KEY_GETS = 9,    /* absent: none */
    KEY_DIGEST = 10, /* one of these two */
    KEY_REASON = 11,
};

static void write_record(struct tomte_cbor_enc *e, const struct tomte_record *r,
                         uint8_t gets_len);
static void read_record(struct tomte_cbor_dec *d, struct tomte_record *r);

enum tomte_err tomte_record_encode(const struct tomte_record *r,
                                   struct tomte_buf out,
                                   struct tomte_span *bytes)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    write_record(&e, r, r->gets_len);
    enum tomte_err err = tomte_cbor_encode_done(&e, bytes);
    if (err == TOMTE_OK && bytes->len > TOMTE_RECORD_BYTES)
        return TOMTE_ERR_TOO_LARGE;
    return err;
}

enum tomte_err tomte_record_decode(struct tomte_span bytes,
                                   struct tomte_record *r)
{
    if (bytes.len > TOMTE_RECORD_BYTES)
        return TOMTE_ERR_TOO_LARGE;
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, bytes, 0);
    *r = (struct tomte_record){.unix_hi_ms = UINT64_MAX};
    read_record(&d, r);
    tomte_cbor_leave(&d);
    return tomte_cbor_decode_done(&d);
}

size_t tomte_record_size(const struct tomte_record *r)
{
    struct tomte_cbor_enc e;
    struct tomte_span size = TOMTE_SPAN_NONE;
    tomte_cbor_encode_init(&e, TOMTE_BUF(NULL, 0));
    write_record(&e, r, 0);
    return tomte_cbor_encode_done(&e, &size) == TOMTE_OK ? size.len : SIZE_MAX;
}

/* ---- encoding ---------------------------------------------------------- */

static bool unix_known(const struct tomte_record *r)
{
    return r->unix_lo_ms != 0 || r->unix_hi_ms != UINT64_MAX;
}

static void put_uint(struct tomte_cbor_enc *e, int64_t key, uint64_t v)
{
    tomte_cbor_put_int(e, key);
    tomte_cbor_put_uint(e, v);
}

static void put_bytes(struct tomte_cbor_enc *e, int64_t key,
                      struct tomte_span bytes)
{
    if (bytes.len == 0)
        return;
    tomte_cbor_put_int(e, key);
    tomte_cbor_put_bytes(e, bytes);
}

/* [port, value or error, port, ...] */
static void put_gets(struct tomte_cbor_enc *e, const struct tomte_record *r,
                     uint8_t gets_len)
{
    if (gets_len == 0)
        return;
    tomte_cbor_put_int(e, KEY_GETS);
    tomte_cbor_put_array(e, 2u * gets_len);
    for (size_t i = 0; i < gets_len; i++) {
        tomte_cbor_put_uint(e, r->gets[i].port);
        if (r->gets[i].error != 0)
            tomte_cbor_put_int(e, r->gets[i].error);
        else
            tomte_cbor_put_bytes(e, r->gets[i].value);
    }
}

static void write_record(struct tomte_cbor_enc *e, const struct tomte_record *r,
                         uint8_t gets_len)
{
    tomte_cbor_put_map(e, 7u + unix_known(r) + (r->payload.len != 0) +
                              (r->origin.len != 0) + (gets_len != 0));
    put_uint(e, KEY_SEQUENCE, r->sequence);
    put_uint(e, KEY_EPOCH, r->epoch);
    put_uint(e, KEY_KIND, r->kind);
    put_uint(e, KEY_PORT, r->port);
    put_uint(e, KEY_TIME, r->time_ms);
    put_uint(e, KEY_SEED, r->seed);
    if (unix_known(r)) {
        tomte_cbor_put_int(e, KEY_UNIX);
        tomte_cbor_put_array(e, 2);
        tomte_cbor_put_uint(e, r->unix_lo_ms);
        tomte_cbor_put_uint(e, r->unix_hi_ms);
    }
    put_bytes(e, KEY_PAYLOAD, r->payload);
    put_bytes(e, KEY_ORIGIN, r->origin);
    put_gets(e, r, gets_len);
    tomte_cbor_put_int(e, r->trapped ? KEY_REASON : KEY_DIGEST);
    if (r->trapped)
        tomte_cbor_put_text(e, r->reason);
    else
        tomte_cbor_put_bytes(e, TOMTE_SPAN_ARRAY(r->digest));
}

/* ---- decoding ---------------------------------------------------------- */

static uint64_t need_uint(struct tomte_cbor_dec *d, int64_t key)
{
    tomte_cbor_need_key(d, key);
    return tomte_cbor_get_uint(d);
}

static uint8_t need_u8(struct tomte_cbor_dec *d, int64_t key, uint32_t max)
{
    tomte_cbor_need_key(d, key);
    return (uint8_t)tomte_cbor_get_u32(d, 0, max);
}

/* What is absent when empty is never there and empty: one record, one form. */
static struct tomte_span maybe_bytes(struct tomte_cbor_dec *d, int64_t key,
                                     size_t max)
{
    if (!tomte_cbor_has_key(d, key))
        return TOMTE_SPAN_NONE;
    struct tomte_span bytes = tomte_cbor_get_bytes(d);
    if (bytes.len == 0)
        tomte_cbor_fail(d, TOMTE_ERR_NOT_CANONICAL);
    if (bytes.len > max)
        tomte_cbor_fail(d, TOMTE_ERR_TOO_LARGE);
    return bytes;
}

static void read_unix(struct tomte_cbor_dec *d, struct tomte_record *r)
{
    if (!tomte_cbor_has_key(d, KEY_UNIX))
        return;
    tomte_cbor_enter_array(d);
    r->unix_lo_ms = tomte_cbor_get_uint(d);
    r->unix_hi_ms = tomte_cbor_get_uint(d);
    if (!unix_known(r))
        tomte_cbor_fail(d, TOMTE_ERR_NOT_CANONICAL);
    tomte_cbor_leave(d);
}

static void read_get(struct tomte_cbor_dec *d, struct tomte_record *r)
{
    struct tomte_record_get *g = &r->gets[r->gets_len];
    g->port = (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_LIMIT_PORTS - 1);
    for (size_t i = 0; i < r->gets_len; i++)
        if (r->gets[i].port == g->port)
            tomte_cbor_fail(d, TOMTE_ERR_DUPLICATE);
    if (tomte_cbor_peek(d) == TOMTE_CBOR_NEGATIVE) {
        int64_t error = tomte_cbor_get_int(d);
        if (error < TOMTE_ABI_CLOSED)
            tomte_cbor_fail(d, TOMTE_ERR_RANGE);
        g->error = (int8_t)error;
    } else {
        g->value = tomte_cbor_get_bytes(d);
        if (g->value.len > TOMTE_LIMIT_MESSAGE_BYTES)
            tomte_cbor_fail(d, TOMTE_ERR_TOO_LARGE);
    }
    r->gets_len++;
}

static void read_gets(struct tomte_cbor_dec *d, struct tomte_record *r)
{
    if (!tomte_cbor_has_key(d, KEY_GETS))
        return;
    tomte_cbor_enter_array(d);
    if (!tomte_cbor_more(d))
        tomte_cbor_fail(d, TOMTE_ERR_NOT_CANONICAL);
    while (r->gets_len < TOMTE_LIMIT_PORTS && tomte_cbor_more(d))
        read_get(d, r);
    tomte_cbor_leave(d);
}

static void read_turn(struct tomte_cbor_dec *d, uint64_t *sequence,
                      uint64_t *epoch)
{
    tomte_cbor_enter_map(d);
    *sequence = need_uint(d, KEY_SEQUENCE);
    if (*sequence == 0)
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    *epoch = need_uint(d, KEY_EPOCH);
}

enum tomte_err tomte_record_turn_decode(struct tomte_span bytes,
                                        uint64_t *sequence, uint64_t *epoch)
{
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, bytes, 0);
    read_turn(&d, sequence, epoch);
    return tomte_cbor_ok(&d) ? TOMTE_OK : d.err; /* the rest is not read */
}

static void read_record(struct tomte_cbor_dec *d, struct tomte_record *r)
{
    read_turn(d, &r->sequence, &r->epoch);
    r->kind = need_u8(d, KEY_KIND, TOMTE_EVENT_TIMER);
    r->port = need_u8(d, KEY_PORT, UINT8_MAX);
    if (r->kind == TOMTE_EVENT_TIMER && r->port >= TOMTE_LIMIT_TIMERS)
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    if (r->port >= TOMTE_LIMIT_PORTS)
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    r->time_ms = need_uint(d, KEY_TIME);
    r->seed = need_uint(d, KEY_SEED);
    read_unix(d, r);
    r->payload = maybe_bytes(d, KEY_PAYLOAD, TOMTE_LIMIT_MESSAGE_BYTES);
    r->origin = maybe_bytes(d, KEY_ORIGIN, TOMTE_RECORD_ORIGIN_MAX);
    read_gets(d, r);
    if (tomte_cbor_has_key(d, KEY_DIGEST)) {
        tomte_cbor_get_bytes_exact(d, r->digest, sizeof(r->digest));
        return;
    }
    tomte_cbor_need_key(d, KEY_REASON);
    r->trapped = true;
    r->reason = tomte_cbor_get_text(d);
    if (r->reason.len > TOMTE_REASON_MAX)
        tomte_cbor_fail(d, TOMTE_ERR_TOO_LARGE);
}
