/* SPDX-License-Identifier: Apache-2.0 */
#include "container/checkpoint.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/crc.h"
#include "cbor/cbor.h"

/* Keys; docs/spec/checkpoint.md has the table. */
enum {
    HEAD_FORMAT = 0,
    HEAD_IDENTITY = 1,
    HEAD_IMAGE = 2,
    HEAD_EPOCH = 3,
    HEAD_SEQUENCE = 4,

    BODY_TIME = 0,
    BODY_TIMERS = 1,
    BODY_STARTED = 2,
    BODY_ENDED = 3,
    BODY_BOUND = 4,
};

/* Every failure here is a fault of ours: the buffer is large enough. */
static struct tomte_span done(struct tomte_cbor_enc *e)
{
    struct tomte_span bytes = TOMTE_SPAN_NONE;
    enum tomte_err err = tomte_cbor_encode_done(e, &bytes);
    TOMTE_ASSERT(err == TOMTE_OK);
    return bytes;
}

struct tomte_span
tomte_checkpoint_head_encode(const struct tomte_checkpoint_head *head,
                             struct tomte_buf out)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_map(&e, 5);
    tomte_cbor_put_int(&e, HEAD_FORMAT);
    tomte_cbor_put_uint(&e, head->fallback ? TOMTE_CHECKPOINT_TRIAL
                                           : TOMTE_CHECKPOINT_VERSION);
    tomte_cbor_put_int(&e, HEAD_IDENTITY);
    tomte_cbor_put_text(&e, tomte_name_span(&head->identity));
    tomte_cbor_put_int(&e, HEAD_IMAGE);
    tomte_cbor_put_bytes(&e, TOMTE_SPAN_ARRAY(head->image));
    tomte_cbor_put_int(&e, HEAD_EPOCH);
    tomte_cbor_put_uint(&e, head->epoch);
    tomte_cbor_put_int(&e, HEAD_SEQUENCE);
    tomte_cbor_put_uint(&e, head->sequence);
    return done(&e);
}

static void read_head(struct tomte_cbor_dec *d,
                      struct tomte_checkpoint_head *head)
{
    *head = (struct tomte_checkpoint_head){0};
    tomte_cbor_enter_map(d);
    tomte_cbor_need_key(d, HEAD_FORMAT);
    uint64_t format = tomte_cbor_get_uint(d);
    if (format != TOMTE_CHECKPOINT_VERSION && format != TOMTE_CHECKPOINT_TRIAL)
        tomte_cbor_fail(d, TOMTE_ERR_VERSION);
    head->fallback = format == TOMTE_CHECKPOINT_TRIAL;
    tomte_cbor_need_key(d, HEAD_IDENTITY);
    head->identity = tomte_cbor_get_name(d);
    tomte_cbor_need_key(d, HEAD_IMAGE);
    tomte_cbor_get_bytes_exact(d, head->image, sizeof(head->image));
    tomte_cbor_need_key(d, HEAD_EPOCH);
    head->epoch = tomte_cbor_get_uint(d);
    tomte_cbor_need_key(d, HEAD_SEQUENCE);
    head->sequence = tomte_cbor_get_uint(d);
    tomte_cbor_leave(d);
}

enum tomte_err tomte_checkpoint_head_decode(struct tomte_span prefix,
                                            struct tomte_checkpoint_head *head)
{
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, prefix, TOMTE_CBOR_SEQUENCE);
    read_head(&d, head);
    return tomte_cbor_ok(&d) ? TOMTE_OK : d.err; /* the rest comes later */
}

struct tomte_span
tomte_checkpoint_body_encode(const struct tomte_checkpoint_body *body,
                             struct tomte_buf out)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_map(&e, 5);
    tomte_cbor_put_int(&e, BODY_TIME);
    tomte_cbor_put_uint(&e, body->time_ms);
    tomte_cbor_put_int(&e, BODY_TIMERS);
    tomte_cbor_put_array(&e, TOMTE_LIMIT_TIMERS);
    for (size_t i = 0; i < TOMTE_LIMIT_TIMERS; i++) {
        if (body->timers[i] == UINT64_MAX)
            tomte_cbor_put_null(&e);
        else
            tomte_cbor_put_uint(&e, body->timers[i]);
    }
    tomte_cbor_put_int(&e, BODY_STARTED);
    tomte_cbor_put_bool(&e, body->started);
    tomte_cbor_put_int(&e, BODY_ENDED);
    tomte_cbor_put_bool(&e, body->ended);
    tomte_cbor_put_int(&e, BODY_BOUND);
    tomte_cbor_put_array(&e, body->ports_len);
    for (size_t i = 0; i < body->ports_len; i++) {
        if (body->bound[i].len == 0)
            tomte_cbor_put_null(&e);
        else
            tomte_cbor_put_text(&e, tomte_channel_name_span(&body->bound[i]));
    }
    return done(&e);
}

static void read_timers(struct tomte_cbor_dec *d,
                        struct tomte_checkpoint_body *body)
{
    tomte_cbor_need_key(d, BODY_TIMERS);
    tomte_cbor_enter_array(d);
    for (size_t i = 0; i < TOMTE_LIMIT_TIMERS; i++) {
        body->timers[i] = UINT64_MAX;
        if (tomte_cbor_has_null(d))
            continue;
        body->timers[i] = tomte_cbor_get_uint(d);
        if (body->timers[i] == UINT64_MAX)
            tomte_cbor_fail(d, TOMTE_ERR_NOT_CANONICAL);
    }
    tomte_cbor_leave(d);
}

static void read_bound(struct tomte_cbor_dec *d,
                       struct tomte_checkpoint_body *body)
{
    tomte_cbor_need_key(d, BODY_BOUND);
    tomte_cbor_enter_array(d);
    while (body->ports_len < TOMTE_LIMIT_PORTS && tomte_cbor_more(d)) {
        if (!tomte_cbor_has_null(d))
            body->bound[body->ports_len] = tomte_cbor_get_channel_name(d);
        body->ports_len++;
    }
    tomte_cbor_leave(d);
}

static void read_body(struct tomte_cbor_dec *d,
                      struct tomte_checkpoint_body *body)
{
    *body = (struct tomte_checkpoint_body){0};
    tomte_cbor_enter_map(d);
    tomte_cbor_need_key(d, BODY_TIME);
    body->time_ms = tomte_cbor_get_uint(d);
    read_timers(d, body);
    tomte_cbor_need_key(d, BODY_STARTED);
    body->started = tomte_cbor_get_bool(d);
    tomte_cbor_need_key(d, BODY_ENDED);
    body->ended = tomte_cbor_get_bool(d);
    read_bound(d, body);
    tomte_cbor_leave(d);
}

struct tomte_span tomte_checkpoint_string_head(uint32_t len, uint8_t out[5])
{
    if (len < 24) {
        out[0] = (uint8_t)(0x40 + len);
        return TOMTE_SPAN(out, 1);
    }
    if (len < 0x100) {
        out[0] = 0x58;
        out[1] = (uint8_t)len;
        return TOMTE_SPAN(out, 2);
    }
    if (len < 0x10000) {
        out[0] = 0x59;
        tomte_put_be16(out + 1, (uint16_t)len);
        return TOMTE_SPAN(out, 3);
    }
    out[0] = 0x5a;
    tomte_put_be32(out + 1, len);
    return TOMTE_SPAN(out, 5);
}

struct tomte_span
tomte_checkpoint_tail_encode(uint32_t crc,
                             uint8_t out[TOMTE_CHECKPOINT_TAIL_BYTES])
{
    out[0] = 0x44;
    tomte_put_le32(out + 1, crc);
    return TOMTE_SPAN(out, TOMTE_CHECKPOINT_TAIL_BYTES);
}

struct tomte_span tomte_fallback_head_encode(const struct tomte_fallback *f,
                                             struct tomte_buf out)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, 3);
    tomte_cbor_put_bytes(&e, TOMTE_SPAN_ARRAY(f->image));
    tomte_cbor_put_uint(&e, f->sequence);
    tomte_cbor_put_uint(&e, f->switched_ms);
    return done(&e);
}

enum tomte_err tomte_fallback_decode(struct tomte_span bytes,
                                     struct tomte_fallback *f)
{
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, bytes, TOMTE_CBOR_SEQUENCE);
    tomte_cbor_enter_array(&d);
    tomte_cbor_get_bytes_exact(&d, f->image, sizeof(f->image));
    f->sequence = tomte_cbor_get_uint(&d);
    f->switched_ms = tomte_cbor_get_uint(&d);
    tomte_cbor_leave(&d);
    read_body(&d, &f->body);
    f->snapshot = tomte_cbor_get_bytes(&d);
    if (!tomte_cbor_ok(&d))
        return d.err;
    size_t at = (size_t)(f->snapshot.data - bytes.data) + f->snapshot.len;
    f->whole = tomte_span_slice(bytes, 0, at);
    f->records = tomte_span_slice(bytes, at, bytes.len);
    return TOMTE_OK;
}

enum tomte_err tomte_checkpoint_decode(struct tomte_span bytes,
                                       struct tomte_checkpoint *c)
{
    if (bytes.len < TOMTE_CHECKPOINT_TAIL_BYTES)
        return TOMTE_ERR_TRUNCATED;
    struct tomte_span front =
        tomte_span_slice(bytes, 0, bytes.len - TOMTE_CHECKPOINT_TAIL_BYTES);
    uint8_t sum[4];
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, bytes, TOMTE_CBOR_SEQUENCE);
    read_head(&d, &c->head);
    read_body(&d, &c->body);
    c->node_part = tomte_cbor_get_bytes(&d);
    c->snapshot = tomte_cbor_get_bytes(&d);
    c->fallback = c->head.fallback ? tomte_cbor_get_bytes(&d) : TOMTE_SPAN_NONE;
    tomte_cbor_get_bytes_exact(&d, sum, sizeof(sum));
    if (tomte_cbor_ok(&d) && tomte_get_le32(sum) != tomte_crc32c(0, front))
        return TOMTE_ERR_CORRUPT;
    if (tomte_cbor_more(&d))
        tomte_cbor_fail(&d, TOMTE_ERR_TRAILING);
    return tomte_cbor_decode_done(&d);
}
