/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/internal.h"

#define DOUBLE_FRACTION_BITS 52
#define DOUBLE_BIAS          1023
#define DOUBLE_EXPONENT_MAX  0x7ff
#define DOUBLE_HIDDEN_BIT    ((uint64_t)1 << DOUBLE_FRACTION_BITS)
#define DOUBLE_FRACTION      (DOUBLE_HIDDEN_BIT - 1)

const struct tomte_cbor_format tomte_cbor_half = {5, 10};
const struct tomte_cbor_format tomte_cbor_single = {8, 23};

static int exponent_max(const struct tomte_cbor_format *f)
{
    return (1 << f->exponent_bits) - 1;
}

static int exponent(uint64_t bits)
{
    return (int)(bits >> DOUBLE_FRACTION_BITS & DOUBLE_EXPONENT_MAX);
}

bool tomte_cbor_is_nan(uint64_t bits)
{
    return exponent(bits) == DOUBLE_EXPONENT_MAX &&
           (bits & DOUBLE_FRACTION) != 0;
}

/* `fraction` without its last `drop` bits, behind a biased exponent. */
static bool join(uint64_t fraction, unsigned drop, int biased,
                 const struct tomte_cbor_format *to, uint32_t *out)
{
    if ((fraction & (((uint64_t)1 << drop) - 1)) != 0)
        return false;
    *out |=
        (uint32_t)biased << to->fraction_bits | (uint32_t)(fraction >> drop);
    return true;
}

bool tomte_cbor_narrow(uint64_t bits, const struct tomte_cbor_format *to,
                       uint32_t *out)
{
    int bias = exponent_max(to) / 2, power = exponent(bits) - DOUBLE_BIAS;
    uint64_t fraction = bits & DOUBLE_FRACTION;
    unsigned drop = DOUBLE_FRACTION_BITS - to->fraction_bits;
    *out = (uint32_t)(bits >> 63) << (to->exponent_bits + to->fraction_bits);
    if (exponent(bits) == DOUBLE_EXPONENT_MAX)
        return join(fraction, drop, exponent_max(to), to, out);
    if (exponent(bits) == 0)
        return fraction == 0; /* a double's subnormals are too small */
    if (power > bias)
        return false;
    if (power > -bias)
        return join(fraction, drop, power + bias, to, out);
    /* A subnormal: the hidden bit moves into the fraction. */
    int shift = 1 - bias - power;
    if (shift > (int)to->fraction_bits)
        return false;
    return join(fraction | DOUBLE_HIDDEN_BIT, drop + (unsigned)shift, 0, to,
                out);
}

uint64_t tomte_cbor_widen(uint32_t bits, const struct tomte_cbor_format *from)
{
    int bias = exponent_max(from) / 2;
    int exp = (int)(bits >> from->fraction_bits) & exponent_max(from);
    uint64_t hidden = (uint64_t)1 << from->fraction_bits;
    uint64_t fraction = bits & (hidden - 1);
    uint64_t sign = bits >> (from->exponent_bits + from->fraction_bits) & 1;
    int wide = exp - bias + DOUBLE_BIAS;
    if (exp == exponent_max(from)) {
        wide = DOUBLE_EXPONENT_MAX;
    } else if (exp == 0 && fraction == 0) {
        wide = 0;
    } else if (exp == 0) { /* a subnormal becomes normal */
        for (wide++; (fraction & hidden) == 0; wide--)
            fraction <<= 1;
        fraction &= hidden - 1;
    }
    return sign << 63 | (uint64_t)wide << DOUBLE_FRACTION_BITS |
           fraction << (DOUBLE_FRACTION_BITS - from->fraction_bits);
}
