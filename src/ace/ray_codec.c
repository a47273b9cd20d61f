/* SPDX-License-Identifier: Apache-2.0 */
/* The ray on flash; the form is in ray.h. */
#include "cbor/cbor.h"
#include "ray_private.h"

#include <string.h>

#define VERSION 1

/* What is decoded is not above; what is encoded stops there, and so can always
 * be decoded. */
#define LO_MAX_S  (RAY_TIME_MAX_S / 4 * 3)
#define AGE_MAX_S RAY_TIME_MAX_S

static void put_server(const struct tomte_ray *r, struct tomte_cbor_enc *e,
                       struct tomte_ray_bounds *b, uint64_t now_ms);
static void sort_exi(struct tomte_ray *r);
static uint64_t get_time(struct tomte_ray *r, struct tomte_cbor_dec *d);
static void get_server(struct tomte_ray *r, struct tomte_cbor_dec *d);
static void get_exi(struct tomte_ray *r, struct tomte_cbor_dec *d);
static bool exi_before(const struct tomte_ray_exi *a,
                       const struct tomte_ray_exi *b);

static uint64_t encode_lo(const struct tomte_ray *r, struct tomte_ray_bounds *b)
{
    uint64_t s = ray_lo(r, b, r->now_ms) / 1000;
    s = s < LO_MAX_S ? s : LO_MAX_S;
    b->encoded_ms = ray_ms(s);
    return s;
}

enum tomte_err tomte_ray_encode(struct tomte_ray *r, uint64_t now_ms,
                                struct tomte_buf out, struct tomte_span *bytes)
{
    struct tomte_cbor_enc e;
    r->now_ms = now_ms = ray_clock(r, now_ms);
    r->encoded = r->revision;
    sort_exi(r);
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, 5);
    tomte_cbor_put_uint(&e, VERSION);
    tomte_cbor_put_uint(&e, r->resets);
    tomte_cbor_put_uint(&e, encode_lo(r, &r->own));
    tomte_cbor_put_array(&e, r->servers_len);
    for (size_t i = 0; i < r->servers_len; i++)
        put_server(r, &e, &r->servers[i], now_ms);
    tomte_cbor_put_array(&e, r->exi_len);
    for (size_t i = 0; i < r->exi_len; i++) {
        struct tomte_ray_exi *x = &r->exi[i];
        x->encoded = true;
        tomte_cbor_put_array(&e, 3);
        tomte_cbor_put_uint(&e, x->server);
        tomte_cbor_put_uint(&e, x->sequence);
        tomte_cbor_put_uint(&e, ray_exi_left(r, x, now_ms) / 1000);
    }
    return tomte_cbor_encode_done(&e, bytes);
}

static void put_server(const struct tomte_ray *r, struct tomte_cbor_enc *e,
                       struct tomte_ray_bounds *b, uint64_t now_ms)
{
    uint64_t age = ray_heard_age(r, b, now_ms);
    tomte_cbor_put_array(e, 4);
    tomte_cbor_put_bytes(e, TOMTE_SPAN_ARRAY(b->id));
    tomte_cbor_put_uint(e, encode_lo(r, b));
    if (age == TOMTE_RAY_NEVER)
        tomte_cbor_put_null(e);
    else if (age > ray_ms(AGE_MAX_S))
        tomte_cbor_put_uint(e, AGE_MAX_S);
    else
        tomte_cbor_put_uint(e, (age + 999) / 1000);
    tomte_cbor_put_uint(e, b->exi_expired);
}

static void sort_exi(struct tomte_ray *r)
{
    for (size_t i = 1; i < r->exi_len; i++) {
        struct tomte_ray_exi x = r->exi[i];
        size_t at = i;
        for (; at > 0 && exi_before(&x, &r->exi[at - 1]); at--)
            r->exi[at] = r->exi[at - 1];
        r->exi[at] = x;
    }
}

static bool exi_before(const struct tomte_ray_exi *a,
                       const struct tomte_ray_exi *b)
{
    return a->server != b->server ? a->server < b->server
                                  : a->sequence < b->sequence;
}

void tomte_ray_stored(struct tomte_ray *r)
{
    r->stored = r->encoded;
    r->settled = true;
    r->own.stored_ms = r->own.encoded_ms;
    for (size_t i = 0; i < r->servers_len; i++)
        r->servers[i].stored_ms = r->servers[i].encoded_ms;
    for (size_t i = 0; i < r->exi_len; i++)
        r->exi[i].stored |= r->exi[i].encoded;
}

/* ---- when ---- */

/* How long lo may still grow until it is to be stored. */
static uint64_t room(const struct tomte_ray *r,
                     const struct tomte_ray_bounds *b, uint64_t now_ms)
{
    uint64_t lo = ray_lo(r, b, now_ms);
    uint64_t limit = b->stored_ms + ray_ms(r->config.store_step_s);
    return limit > lo ? limit - lo : 0;
}

static uint64_t least_room(const struct tomte_ray *r, uint64_t now_ms)
{
    uint64_t least = room(r, &r->own, now_ms);
    for (size_t i = 0; i < r->servers_len; i++) {
        uint64_t ms = room(r, &r->servers[i], now_ms);
        least = ms < least ? ms : least;
    }
    return least;
}

bool tomte_ray_unstored(const struct tomte_ray *r, uint64_t now_ms)
{
    return r->revision != r->stored || least_room(r, now_ms) == 0;
}

uint64_t tomte_ray_deadline(const struct tomte_ray *r)
{
    if (tomte_ray_unstored(r, r->now_ms))
        return r->now_ms;
    uint64_t wait = ray_at_most(r, least_room(r, r->now_ms));
    return wait < TOMTE_RAY_NEVER - r->now_ms ? r->now_ms + wait
                                              : TOMTE_RAY_NEVER;
}

/* ---- decode ---- */

enum tomte_err tomte_ray_decode(struct tomte_ray *r, struct tomte_span bytes)
{
    struct tomte_cbor_dec d;
    struct tomte_ray_config config = r->config;
    tomte_ray_init(r, &config, r->now_ms);
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_array(&d);
    if (tomte_cbor_get_uint(&d) != VERSION)
        tomte_cbor_fail(&d, TOMTE_ERR_VERSION);
    r->resets = tomte_cbor_get_uint(&d);
    r->own.lo_ms = r->own.stored_ms = get_time(r, &d);
    r->own.news_s = r->own.lo_ms / 1000;
    if (tomte_cbor_enter_array(&d) > TOMTE_RAY_SERVERS_MAX)
        tomte_cbor_fail(&d, TOMTE_ERR_FULL);
    while (tomte_cbor_more(&d))
        get_server(r, &d);
    tomte_cbor_leave(&d);
    if (tomte_cbor_enter_array(&d) > TOMTE_RAY_EXI_MAX)
        tomte_cbor_fail(&d, TOMTE_ERR_FULL);
    while (tomte_cbor_more(&d))
        get_exi(r, &d);
    tomte_cbor_leave(&d);
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err != TOMTE_OK) {
        tomte_ray_init(r, &config, r->now_ms);
        return err;
    }
    r->settled = false;
    ray_change(r);
    return TOMTE_OK;
}

/* A lower bound: firmware that is newer than what was stored raises it. */
static uint64_t get_time(struct tomte_ray *r, struct tomte_cbor_dec *d)
{
    uint64_t s = tomte_cbor_get_uint(d);
    if (s > LO_MAX_S)
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    return ray_ms(s > r->config.build_s ? s : r->config.build_s);
}

static void get_server(struct tomte_ray *r, struct tomte_cbor_dec *d)
{
    struct tomte_ray_bounds b = {.lo_at_ms = r->now_ms,
                                 .hi_ms = TOMTE_RAY_NEVER,
                                 .heard_age_ms = TOMTE_RAY_NEVER,
                                 .heard_at_ms = r->now_ms};
    tomte_cbor_enter_array(d);
    tomte_cbor_get_bytes_exact(d, b.id, sizeof b.id);
    b.lo_ms = b.stored_ms = b.encoded_ms = get_time(r, d);
    b.news_s = b.lo_ms / 1000;
    if (!tomte_cbor_has_null(d)) {
        uint64_t age = tomte_cbor_get_uint(d);
        if (age > AGE_MAX_S)
            tomte_cbor_fail(d, TOMTE_ERR_RANGE);
        b.heard_age_ms = ray_ms(age) + ray_ms(r->config.store_step_s);
    }
    b.exi_expired = tomte_cbor_get_uint(d);
    tomte_cbor_leave(d);
    if (r->servers_len > 0) {
        int order =
            memcmp(r->servers[r->servers_len - 1].id, b.id, TOMTE_RAY_ID_BYTES);
        if (order >= 0)
            tomte_cbor_fail(d, order == 0 ? TOMTE_ERR_DUPLICATE
                                          : TOMTE_ERR_NOT_CANONICAL);
    }
    if (tomte_cbor_ok(d))
        r->servers[r->servers_len++] = b;
}

static void get_exi(struct tomte_ray *r, struct tomte_cbor_dec *d)
{
    struct tomte_ray_exi x = {
        .encoded = true, .stored = true, .left_at_ms = r->now_ms};
    tomte_cbor_enter_array(d);
    uint64_t server = tomte_cbor_get_uint(d);
    x.sequence = tomte_cbor_get_uint(d);
    uint64_t left = tomte_cbor_get_uint(d), step = r->config.store_step_s;
    tomte_cbor_leave(d);
    if (server >= r->servers_len || x.sequence == UINT64_MAX ||
        left > RAY_TIME_MAX_S) {
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
        return;
    }
    x.server = (uint8_t)server;
    x.left_ms = left > step ? ray_ms(left - step) : 0;
    if (r->exi_len > 0 && !exi_before(&r->exi[r->exi_len - 1], &x))
        tomte_cbor_fail(d, TOMTE_ERR_NOT_CANONICAL);
    if (tomte_cbor_ok(d))
        r->exi[r->exi_len++] = x;
}
