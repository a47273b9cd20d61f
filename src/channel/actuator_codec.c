/* SPDX-License-Identifier: Apache-2.0 */
/* What an actuator must not forget:
 *
 *   [1, [[identity, epoch], ...], override]      fences by identity
 *   override = null / [format, value, left_ms]
 */
#include "cbor/cbor.h"
#include "channel/actuator.h"

#define VERSION 1

static void put_fences(struct tomte_cbor_enc *e, const struct tomte_fences *f);
static void put_override(struct tomte_cbor_enc *e,
                         const struct tomte_actuator *a, uint64_t now_ms);
static void get_fences(struct tomte_cbor_dec *d, struct tomte_fences *out);
static void get_override(struct tomte_cbor_dec *d, struct tomte_actuator *a,
                         uint64_t now_ms);

enum tomte_err tomte_actuator_encode(struct tomte_actuator *a, uint64_t now_ms,
                                     struct tomte_buf out,
                                     struct tomte_span *bytes)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, 3);
    tomte_cbor_put_uint(&e, VERSION);
    put_fences(&e, &a->pending);
    put_override(&e, a, now_ms);
    enum tomte_err err = tomte_cbor_encode_done(&e, bytes);
    if (err == TOMTE_OK)
        a->encoded = true;
    return err;
}

enum tomte_err tomte_actuator_decode(struct tomte_actuator *a,
                                     struct tomte_span bytes, uint64_t now_ms)
{
    struct tomte_actuator_config config = a->config;
    struct tomte_cbor_dec d;
    tomte_actuator_init(a, &config);
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_array(&d);
    if (tomte_cbor_get_uint(&d) != VERSION)
        tomte_cbor_fail(&d, TOMTE_ERR_VERSION);
    get_fences(&d, &a->fences);
    if (!tomte_cbor_has_null(&d))
        get_override(&d, a, now_ms);
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err != TOMTE_OK)
        tomte_actuator_init(a, &config);
    else
        a->pending = a->fences;
    return err;
}

static void put_fences(struct tomte_cbor_enc *e, const struct tomte_fences *f)
{
    tomte_cbor_put_array(e, f->len);
    for (size_t i = 0; i < f->len; i++) {
        tomte_cbor_put_array(e, 2);
        tomte_cbor_put_text(e, tomte_name_span(&f->list[i].identity));
        tomte_cbor_put_uint(e, f->list[i].epoch);
    }
}

static void put_override(struct tomte_cbor_enc *e,
                         const struct tomte_actuator *a, uint64_t now_ms)
{
    uint64_t left_ms = tomte_actuator_override_left_ms(a, now_ms);
    if (left_ms == 0) {
        tomte_cbor_put_null(e);
        return;
    }
    tomte_cbor_put_array(e, 3);
    tomte_cbor_put_uint(e, a->override_value.format);
    tomte_cbor_put_bytes(e, tomte_value_span(&a->override_value));
    tomte_cbor_put_uint(e, left_ms);
}

static void get_fences(struct tomte_cbor_dec *d, struct tomte_fences *out)
{
    if (tomte_cbor_enter_array(d) > TOMTE_ACTUATOR_GRANTS_MAX)
        tomte_cbor_fail(d, TOMTE_ERR_FULL);
    while (tomte_cbor_more(d)) {
        struct tomte_fence f;
        tomte_cbor_enter_array(d);
        f.identity = tomte_cbor_get_name(d);
        f.epoch = tomte_cbor_get_uint(d);
        tomte_cbor_leave(d);
        int order = -1;
        if (out->len > 0)
            order = tomte_span_compare(
                tomte_name_span(&out->list[out->len - 1].identity),
                tomte_name_span(&f.identity));
        if (order >= 0)
            tomte_cbor_fail(d, order == 0 ? TOMTE_ERR_DUPLICATE
                                          : TOMTE_ERR_NOT_CANONICAL);
        if (tomte_cbor_ok(d))
            out->list[out->len++] = f;
    }
    tomte_cbor_leave(d);
}

static void get_override(struct tomte_cbor_dec *d, struct tomte_actuator *a,
                         uint64_t now_ms)
{
    tomte_cbor_enter_array(d);
    uint16_t format = (uint16_t)tomte_cbor_get_u32(d, 0, UINT16_MAX);
    struct tomte_span value = tomte_cbor_get_bytes(d);
    uint32_t left_ms = tomte_cbor_get_u32(d, 1, TOMTE_OVERRIDE_MS_MAX);
    tomte_cbor_leave(d);
    tomte_cbor_fail(d, tomte_value_set(&a->override_value, format, value));
    a->override = true;
    a->override_stored = true;
    a->override_until_ms = now_ms + left_ms;
    a->store_ms = now_ms + TOMTE_OVERRIDE_STORE_MS;
}
