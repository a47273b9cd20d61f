/* SPDX-License-Identifier: Apache-2.0 */
#include "cose/internal.h"

#include "base/assert.h"
#include "cbor/cbor.h"

#include <string.h>

/* Labels of all keys (RFC 9052 table 4), and of the types (RFC 9053 tables 17,
 * 18, 19). */
enum {
    KEY_KTY = 1,
    KEY_KID = 2,
    KEY_ALG = 3,
    KEY_OPS = 4,
    KEY_BASE_IV = 5,
    KEY_CURVE = -1, /* of a symmetric key: k */
    KEY_X = -2,
    KEY_Y = -3,
    KEY_D = -4,
};

#define OP_MAX 10

/* 1 << 0, which is no operation: there is a list, and nothing known in it. */
#define OPS_NONE 1

/* Bytes of a coordinate and of a private key; 0: not read here. */
static size_t curve_size(int64_t kty, int64_t curve)
{
    if (kty == TOMTE_COSE_EC2)
        switch (curve) {
        case TOMTE_CURVE_P256:
            return 32;
        case TOMTE_CURVE_P384:
            return 48;
        case 3: /* P-521 */
            return 66;
        }
    if (kty == TOMTE_COSE_OKP &&
        (curve == TOMTE_CURVE_X25519 || curve == 6 /* Ed25519 */))
        return 32;
    return 0;
}

/* ---- reading ----------------------------------------------------------- */

/* key_ops: an array of numbers; texts and operations of others are allowed to
 * be there and allow nothing here. An empty one would allow nothing at all. */
static uint16_t read_ops(struct tomte_cbor_dec *d)
{
    uint16_t ops = OPS_NONE;
    if (tomte_cbor_enter_array(d) == 0)
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    while (tomte_cbor_more(d)) {
        if (tomte_cbor_peek(d) == TOMTE_CBOR_TEXT) {
            tomte_cbor_get_text(d);
            continue;
        }
        int64_t op = tomte_cbor_get_int(d);
        if (op > 0 && op <= OP_MAX)
            ops = (uint16_t)(ops | 1u << op);
    }
    tomte_cbor_leave(d);
    return ops;
}

static int64_t read_number(struct tomte_cbor_dec *d)
{
    if (tomte_cbor_peek(d) == TOMTE_CBOR_TEXT) {
        tomte_cbor_get_text(d);
        tomte_cbor_fail(d, TOMTE_ERR_UNSUPPORTED);
        return 0;
    }
    int64_t n = tomte_cbor_get_int(d);
    if (n == 0)
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    return n;
}

/* A y that is a bool stands for one of two points (RFC 9053 section 7.1.1). */
static struct tomte_span read_y(struct tomte_cbor_dec *d)
{
    if (tomte_cbor_peek(d) != TOMTE_CBOR_BOOL)
        return tomte_cbor_get_bytes(d);
    tomte_cbor_get_bool(d);
    tomte_cbor_fail(d, TOMTE_ERR_UNSUPPORTED);
    return TOMTE_SPAN_NONE;
}

/* Labels below zero mean what the type says; kty comes first in the order. */
static void read_typed(struct tomte_cbor_dec *d, int64_t label,
                       struct tomte_cose_key *key)
{
    bool symmetric = key->kty == TOMTE_COSE_SYMMETRIC;
    if (key->kty == 0)
        tomte_cbor_fail(d, TOMTE_ERR_MISSING);
    else if (label == KEY_CURVE && symmetric)
        key->k = tomte_cbor_get_bytes(d);
    else if (label == KEY_CURVE)
        key->curve = read_number(d);
    else if (label == KEY_X && !symmetric)
        key->x = tomte_cbor_get_bytes(d);
    else if (label == KEY_Y && key->kty == TOMTE_COSE_EC2)
        key->y = read_y(d);
    else if (label == KEY_D && !symmetric)
        key->d = tomte_cbor_get_bytes(d);
    else
        tomte_cbor_skip(d);
}

static void read_parameter(struct tomte_cbor_dec *d, int64_t label,
                           struct tomte_cose_key *key)
{
    switch (label) {
    case KEY_KTY:
        key->kty = read_number(d);
        break;
    case KEY_KID:
        key->kid = tomte_cbor_get_bytes(d);
        break;
    case KEY_ALG:
        key->alg = read_number(d);
        break;
    case KEY_OPS:
        key->ops = read_ops(d);
        break;
    case KEY_BASE_IV:
        key->base_iv = tomte_cbor_get_bytes(d);
        break;
    default:
        read_typed(d, label, key);
    }
}

/* What the type requires is there, in the right lengths. */
static enum tomte_err check(const struct tomte_cose_key *key)
{
    if (key->kty == 0)
        return TOMTE_ERR_MISSING;
    if (key->kty == TOMTE_COSE_SYMMETRIC) {
        if (key->k.data == NULL)
            return TOMTE_ERR_MISSING;
        return key->k.len > 0 ? TOMTE_OK : TOMTE_ERR_INVALID;
    }
    if (key->kty != TOMTE_COSE_EC2 && key->kty != TOMTE_COSE_OKP)
        return TOMTE_ERR_UNSUPPORTED;
    size_t size = curve_size(key->kty, key->curve);
    bool pair = key->kty == TOMTE_COSE_EC2;
    if (key->curve == 0 || key->x.data == NULL || (pair && key->y.data == NULL))
        return TOMTE_ERR_MISSING;
    if (size == 0)
        return TOMTE_ERR_UNSUPPORTED;
    bool fits = key->x.len == size && (!pair || key->y.len == size) &&
                (key->d.data == NULL || key->d.len == size);
    return fits ? TOMTE_OK : TOMTE_ERR_INVALID;
}

enum tomte_err tomte_cose_key_decode(struct tomte_cose_key *key,
                                     struct tomte_span in)
{
    struct tomte_cbor_dec d;
    int64_t label;
    *key = (struct tomte_cose_key){.kty = 0};
    tomte_cbor_decode_init(&d, in, 0);
    tomte_cbor_enter_map(&d);
    while (cose_next_label(&d, &label))
        read_parameter(&d, label, key);
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err == TOMTE_OK)
        err = check(key);
    if (err != TOMTE_OK)
        *key = (struct tomte_cose_key){.kty = 0};
    return err;
}

/* ---- writing ----------------------------------------------------------- */

static void put_number(struct tomte_cbor_enc *e, int64_t label, int64_t n)
{
    if (n == 0)
        return;
    tomte_cbor_put_int(e, label);
    tomte_cbor_put_int(e, n);
}

static void put_ops(struct tomte_cbor_enc *e, uint16_t ops)
{
    size_t n = 0;
    for (unsigned op = 1; op <= OP_MAX; op++)
        n += ops >> op & 1;
    if (ops == 0)
        return;
    tomte_cbor_put_int(e, KEY_OPS);
    tomte_cbor_put_array(e, n);
    for (unsigned op = 1; op <= OP_MAX; op++)
        if (ops >> op & 1)
            tomte_cbor_put_uint(e, op);
}

static size_t count(const struct tomte_cose_key *key)
{
    return (size_t)1 + (key->kid.data != NULL) + (key->alg != 0) +
           (key->ops != 0) + (key->base_iv.data != NULL) + (key->curve != 0) +
           (key->x.data != NULL) + (key->y.data != NULL) +
           (key->d.data != NULL) + (key->k.data != NULL);
}

enum tomte_err tomte_cose_key_encode(const struct tomte_cose_key *key,
                                     struct tomte_buf out,
                                     struct tomte_span *encoded)
{
    struct tomte_cbor_enc e;
    enum tomte_err err = check(key);
    *encoded = TOMTE_SPAN_NONE;
    if (err == TOMTE_OK && key->ops == OPS_NONE)
        err = TOMTE_ERR_UNSUPPORTED;
    if (err != TOMTE_OK)
        return err;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_map(&e, count(key));
    put_number(&e, KEY_KTY, key->kty);
    cose_put_bytes(&e, KEY_KID, key->kid);
    put_number(&e, KEY_ALG, key->alg);
    put_ops(&e, key->ops);
    cose_put_bytes(&e, KEY_BASE_IV, key->base_iv);
    put_number(&e, KEY_CURVE, key->curve);
    cose_put_bytes(&e, KEY_CURVE, key->k);
    cose_put_bytes(&e, KEY_X, key->x);
    cose_put_bytes(&e, KEY_Y, key->y);
    cose_put_bytes(&e, KEY_D, key->d);
    return tomte_cbor_encode_done(&e, encoded);
}

/* ---- views ------------------------------------------------------------- */

struct tomte_cose_key tomte_cose_key_public(const struct tomte_cose_key *key)
{
    struct tomte_cose_key open = *key;
    TOMTE_ASSERT(key->kty != TOMTE_COSE_SYMMETRIC);
    open.d = TOMTE_SPAN_NONE;
    return open;
}

struct tomte_cose_key
tomte_cose_key_p256(const uint8_t open[TOMTE_P256_PUBLIC_BYTES],
                    struct tomte_span d)
{
    return (struct tomte_cose_key){.kty = TOMTE_COSE_EC2,
                                   .curve = TOMTE_CURVE_P256,
                                   .x = TOMTE_SPAN(open, 32),
                                   .y = TOMTE_SPAN(open + 32, 32),
                                   .d = d};
}

struct tomte_cose_key tomte_cose_key_symmetric(int64_t alg, struct tomte_span k)
{
    return (struct tomte_cose_key){
        .kty = TOMTE_COSE_SYMMETRIC, .alg = alg, .k = k};
}

struct tomte_span tomte_cose_key_point(const struct tomte_cose_key *key,
                                       uint8_t memory[TOMTE_PUBLIC_BYTES_MAX])
{
    size_t len = key->x.len + key->y.len;
    if (key->x.len == 0 || len > TOMTE_PUBLIC_BYTES_MAX)
        return TOMTE_SPAN(memory, 0);
    memcpy(memory, key->x.data, key->x.len);
    if (key->y.len > 0)
        memcpy(memory + key->x.len, key->y.data, key->y.len);
    return TOMTE_SPAN(memory, len);
}

/* Two names of one algorithm have the same curve, digest and size. */
static bool is_same(int64_t a, int64_t b)
{
    return a == b || (tomte_alg_curve(a) != 0 &&
                      tomte_alg_curve(a) == tomte_alg_curve(b));
}

bool tomte_cose_key_fits(const struct tomte_cose_key *key, int64_t alg,
                         enum tomte_cose_op op)
{
    bool alg_fits = key->alg == 0 || is_same(key->alg, alg);
    bool op_fits = key->ops == 0 || (key->ops >> op & 1) != 0;
    return alg_fits && op_fits;
}

/* ---- thumbprints ------------------------------------------------------- */

static void hash_head(struct tomte_sha256 *h, unsigned major, uint64_t n)
{
    uint8_t head[COSE_HEAD_BYTES];
    tomte_sha256_update(h, TOMTE_SPAN(head, cose_head(head, major, n)));
}

static void hash_number(struct tomte_sha256 *h, int64_t n)
{
    hash_head(h, n < 0 ? 1 : 0, n < 0 ? ~(uint64_t)n : (uint64_t)n);
}

static void hash_bytes(struct tomte_sha256 *h, int64_t label,
                       struct tomte_span bytes)
{
    hash_number(h, label);
    hash_head(h, COSE_BYTES, bytes.len);
    tomte_sha256_update(h, bytes);
}

enum tomte_err tomte_cose_key_thumbprint(const struct tomte_crypto *c,
                                         const struct tomte_cose_key *key,
                                         uint8_t thumbprint[TOMTE_SHA256_BYTES])
{
    struct tomte_sha256 h;
    enum tomte_err err = check(key);
    if (err != TOMTE_OK)
        return err;
    bool symmetric = key->kty == TOMTE_COSE_SYMMETRIC;
    bool pair = key->kty == TOMTE_COSE_EC2;
    tomte_sha256_init(&h, c);
    hash_head(&h, COSE_MAP, symmetric ? 2 : pair ? 4 : 3);
    hash_number(&h, KEY_KTY);
    hash_number(&h, key->kty);
    if (symmetric) {
        hash_bytes(&h, KEY_CURVE, key->k);
    } else {
        hash_number(&h, KEY_CURVE);
        hash_number(&h, key->curve);
        hash_bytes(&h, KEY_X, key->x);
    }
    if (pair)
        hash_bytes(&h, KEY_Y, key->y);
    tomte_sha256_final(&h, thumbprint);
    return TOMTE_OK;
}

/* ---- one form of a public key ------------------------------------------ */

void tomte_cose_put_p256(struct tomte_cbor_enc *e,
                         const uint8_t open[TOMTE_P256_PUBLIC_BYTES])
{
    uint8_t memory[TOMTE_COSE_KEY_BYTES];
    struct tomte_span encoded;
    struct tomte_cose_key key = tomte_cose_key_p256(open, TOMTE_SPAN_NONE);
    enum tomte_err err =
        tomte_cose_key_encode(&key, TOMTE_BUF_ARRAY(memory), &encoded);
    TOMTE_ASSERT(err == TOMTE_OK);
    tomte_cbor_put_raw(e, encoded);
}

void tomte_cose_get_p256(struct tomte_cbor_dec *d,
                         uint8_t open[TOMTE_P256_PUBLIC_BYTES])
{
    uint8_t memory[TOMTE_COSE_KEY_BYTES];
    struct tomte_span raw = tomte_cbor_get_raw(d), again;
    struct tomte_cose_key key, plain;
    if (!tomte_cbor_ok(d))
        return;
    enum tomte_err err = tomte_cose_key_decode(&key, raw);
    if (err == TOMTE_OK &&
        (key.kty != TOMTE_COSE_EC2 || key.curve != TOMTE_CURVE_P256))
        err = TOMTE_ERR_UNSUPPORTED;
    if (err != TOMTE_OK) {
        tomte_cbor_fail(d, err);
        return;
    }
    memcpy(open, key.x.data, key.x.len);
    memcpy(open + key.x.len, key.y.data, key.y.len);
    plain = tomte_cose_key_p256(open, TOMTE_SPAN_NONE);
    err = tomte_cose_key_encode(&plain, TOMTE_BUF_ARRAY(memory), &again);
    if (err != TOMTE_OK || !tomte_span_equal(raw, again))
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
}
