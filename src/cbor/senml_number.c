/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/senml_number.h"

#include "cbor/internal.h"

#include <string.h>

#define TAG_DECIMAL_FRACTION 4 /* RFC 8949 section 3.4.4 */

bool tomte_senml_is_number(const struct tomte_senml_value *v)
{
    return v->type == TOMTE_SENML_INT || v->type == TOMTE_SENML_DOUBLE;
}

bool tomte_senml_is_finite(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return (bits >> 52 & 0x7ff) != 0x7ff;
}

static double as_double(const struct tomte_senml_value *v)
{
    if (v->type == TOMTE_SENML_DOUBLE)
        return v->d;
    return v->type == TOMTE_SENML_INT ? (double)v->i : 0;
}

enum tomte_err tomte_senml_number(const struct tomte_senml_value *v,
                                  double *out)
{
    *out = as_double(v);
    return tomte_senml_is_number(v) ? TOMTE_OK : TOMTE_ERR_TYPE;
}

static bool add_integers(int64_t a, int64_t b, int64_t *out)
{
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b)
        return false;
    *out = a + b;
    return true;
}

enum tomte_err tomte_senml_add(const struct tomte_senml_value *a,
                               const struct tomte_senml_value *b,
                               struct tomte_senml_value *out)
{
    int64_t i;
    if (a->type == TOMTE_SENML_NONE || b->type == TOMTE_SENML_NONE)
        *out = a->type == TOMTE_SENML_NONE ? *b : *a;
    else if (a->type == TOMTE_SENML_INT && b->type == TOMTE_SENML_INT &&
             add_integers(a->i, b->i, &i))
        *out = tomte_senml_int(i);
    else
        *out = tomte_senml_double(as_double(a) + as_double(b));
    bool finite =
        out->type != TOMTE_SENML_DOUBLE || tomte_senml_is_finite(out->d);
    return finite ? TOMTE_OK : TOMTE_ERR_INVALID;
}

/* mantissa * 10^exponent where both are exact as doubles: then one operation
 * rounds once and the result is the nearest double. Beyond that it would need
 * big integers: UNSUPPORTED. */
static enum tomte_err scale(int64_t mantissa, int64_t exponent, double *out)
{
    const int64_t exact = (int64_t)1 << 53, power_max = 22;
    if (mantissa > exact || mantissa < -exact || exponent > power_max ||
        exponent < -power_max)
        return TOMTE_ERR_UNSUPPORTED;
    double power = 1;
    for (int64_t i = exponent < 0 ? -exponent : exponent; i > 0; i--)
        power *= 10;
    *out = exponent < 0 ? (double)mantissa / power : (double)mantissa * power;
    return TOMTE_OK;
}

static struct tomte_senml_value get_decimal(struct tomte_cbor_dec *d)
{
    double v = 0;
    tomte_cbor_enter_array(d);
    int64_t exponent = tomte_cbor_get_int(d);
    int64_t mantissa = tomte_cbor_get_int(d);
    tomte_cbor_leave(d);
    if (tomte_cbor_ok(d))
        tomte_cbor_fail(d, scale(mantissa, exponent, &v));
    return tomte_senml_double(v);
}

struct tomte_senml_value tomte_senml_get_number(struct tomte_cbor_dec *d)
{
    if (tomte_cbor_has_tag(d, TAG_DECIMAL_FRACTION))
        return get_decimal(d);
    if (tomte_cbor_peek(d) != TOMTE_CBOR_FLOAT)
        return tomte_senml_int(tomte_cbor_get_int(d));
    double v = tomte_cbor_get_double(d);
    if (!tomte_senml_is_finite(v))
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    return tomte_senml_double(v);
}

enum tomte_err tomte_senml_milli(const struct tomte_senml_value *v,
                                 int64_t *out)
{
    *out = 0;
    if (v->type == TOMTE_SENML_INT) {
        if (v->i > INT64_MAX / 1000 || v->i < INT64_MIN / 1000)
            return TOMTE_ERR_RANGE;
        *out = v->i * 1000;
        return TOMTE_OK;
    }
    if (v->type != TOMTE_SENML_DOUBLE)
        return TOMTE_ERR_TYPE;
    if (!(v->d > -9e15 && v->d < 9e15))
        return TOMTE_ERR_RANGE;
    *out = (int64_t)(v->d * 1000);
    return TOMTE_OK;
}
