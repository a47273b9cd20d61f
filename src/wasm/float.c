/* SPDX-License-Identifier: Apache-2.0 */
/* Rounding, square root and conversion, without a mathematics library. */
#include "wasm/numeric.h"

#include <float.h>

_Static_assert(FLT_EVAL_METHOD == 0, "float operations round to their type");

#define SIGN32 0x80000000u
#define SIGN64 UINT64_C(0x8000000000000000)

static float with_sign32(float x, float sign)
{
    uint32_t bits = wasm_bits32(x) & ~SIGN32;
    return wasm_float(bits | (wasm_bits32(sign) & SIGN32));
}

static double with_sign64(double x, double sign)
{
    uint64_t bits = wasm_bits64(x) & ~SIGN64;
    return wasm_double(bits | (wasm_bits64(sign) & SIGN64));
}

/* From here up every number is whole. */
#define WHOLE32 8388608.0f
#define WHOLE64 4503599627370496.0

static float abs32(float x)
{
    return wasm_float(wasm_bits32(x) & ~SIGN32);
}

static double abs64(double x)
{
    return wasm_double(wasm_bits64(x) & ~SIGN64);
}

/* Zeros, infinities and NaN pass all of these unchanged but for the NaN's
 * bits, which the caller sees to. A result of zero has the operand's sign. */
float wasm_trunc32(float x)
{
    return abs32(x) < WHOLE32 ? with_sign32((float)(int32_t)x, x) : x;
}

double wasm_trunc64(double x)
{
    return abs64(x) < WHOLE64 ? with_sign64((double)(int64_t)x, x) : x;
}

/* Adding makes the rounding of arithmetic do it. */
float wasm_nearest32(float x)
{
    if (!(abs32(x) < WHOLE32))
        return x;
    float rounded = abs32(x) + WHOLE32;
    return with_sign32(rounded - WHOLE32, x);
}

double wasm_nearest64(double x)
{
    if (!(abs64(x) < WHOLE64))
        return x;
    double rounded = abs64(x) + WHOLE64;
    return with_sign64(rounded - WHOLE64, x);
}

float wasm_floor32(float x)
{
    float t = wasm_trunc32(x);
    return t > x ? t - 1.0f : t;
}

double wasm_floor64(double x)
{
    double t = wasm_trunc64(x);
    return t > x ? t - 1.0 : t;
}

float wasm_ceil32(float x)
{
    float t = wasm_trunc32(x);
    return t < x ? with_sign32(t + 1.0f, x) : t;
}

double wasm_ceil64(double x)
{
    double t = wasm_trunc64(x);
    return t < x ? with_sign64(t + 1.0, x) : t;
}

/* Bit by bit: x = m * 2^e, e even, m of 53 or 54 bits. The root of m * 2^54 has
 * 54 bits, one more than a double holds, which rounds it: it is never just in
 * the middle, since the square of an odd number is odd. */
static double root(uint64_t m, int e)
{
    uint64_t q = 0, rest = 0;
    for (int i = 0; i < 54; i++) {
        rest = rest << 2 | (m >> 52 & 3);
        m = m << 2 & ((UINT64_C(1) << 54) - 1);
        uint64_t trial = q << 2 | 1;
        q <<= 1;
        if (rest >= trial) {
            rest -= trial;
            q |= 1;
        }
    }
    /* The leading bit of the significand counts one up in the exponent. */
    uint64_t exponent = (uint64_t)((e - 54) / 2 + 1 + 52 + 1023 - 1);
    return wasm_double((exponent << 52) + (q >> 1) + (q & 1));
}

double wasm_sqrt(double x)
{
    if (!(x > 0.0) || x > DBL_MAX)
        return x < 0.0 ? wasm_double(WASM_NAN64) : x;
    uint64_t bits = wasm_bits64(x);
    int e = (int)(bits >> 52) - 1023 - 52;
    uint64_t m = bits & ((UINT64_C(1) << 52) - 1);
    if (bits >> 52 == 0)
        e++;
    else
        m |= UINT64_C(1) << 52;
    while (m >> 52 == 0) {
        m <<= 1;
        e--;
    }
    if (e & 1) {
        m <<= 1;
        e--;
    }
    return root(m, e);
}

/* What lies strictly between truncates into the type. */
static const struct {
    double low, high;
    uint64_t least, most;
} ranges[] = {
    [WASM_S32] = {-2147483649.0, 2147483648.0, 0x80000000, 0x7fffffff},
    [WASM_U32] = {-1.0, 4294967296.0, 0, 0xffffffff},
    [WASM_S64] = {-9223372036854777856.0, 9223372036854775808.0, SIGN64,
                  SIGN64 - 1},
    [WASM_U64] = {-1.0, 18446744073709551616.0, 0, UINT64_MAX},
};

enum tomte_wasm_trap_reason wasm_to_int(double x, enum wasm_int to,
                                        uint64_t *out)
{
    if (x != x)
        return TOMTE_WASM_TRAP_CONVERSION;
    if (!(x > ranges[to].low && x < ranges[to].high))
        return TOMTE_WASM_TRAP_OVERFLOW;
    *out = to == WASM_U64 ? (uint64_t)x : (uint64_t)(int64_t)x;
    return TOMTE_WASM_TRAP_NONE;
}

uint64_t wasm_to_int_sat(double x, enum wasm_int to)
{
    uint64_t out = 0;
    if (wasm_to_int(x, to, &out) == TOMTE_WASM_TRAP_OVERFLOW)
        out = x < 0.0 ? ranges[to].least : ranges[to].most;
    return out;
}
