/* SPDX-License-Identifier: Apache-2.0 */
/* The fewest decimal digits that give a double back, by the method of Steele
 * and White as refined by Burger and Dybvig (1996): exact arithmetic on big
 * integers, slow and small, for people only. */
#include "base/assert.h"
#include "cbor/internal.h"

#include <string.h>

/* 2^1075 and 10^324 times a few bits must fit: 1152 bits. */
#define WORDS 36

#define DIGITS_MAX 17

struct big {
    uint32_t word[WORDS]; /* least significant first */
};

/* A value r/s, and half the way to its neighbours above/s and below/s. */
struct interval {
    struct big r, s, above, below;
    bool closed; /* a bound itself still rounds to the value */
};

static void multiply(struct big *b, uint32_t by)
{
    uint64_t carry = 0;
    for (size_t i = 0; i < WORDS; i++) {
        carry += (uint64_t)b->word[i] * by;
        b->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    TOMTE_ASSERT(carry == 0);
}

/* v * 2^power */
static void set(struct big *b, uint64_t v, unsigned power)
{
    memset(b, 0, sizeof *b);
    b->word[0] = (uint32_t)v;
    b->word[1] = (uint32_t)(v >> 32);
    for (; power >= 16; power -= 16)
        multiply(b, 1u << 16);
    multiply(b, 1u << power);
}

static int compare(const struct big *a, const struct big *b)
{
    for (size_t i = WORDS; i-- > 0;)
        if (a->word[i] != b->word[i])
            return a->word[i] < b->word[i] ? -1 : 1;
    return 0;
}

static struct big sum(const struct big *a, const struct big *b)
{
    struct big out;
    uint64_t carry = 0;
    for (size_t i = 0; i < WORDS; i++) {
        carry += (uint64_t)a->word[i] + b->word[i];
        out.word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return out;
}

static void subtract(struct big *a, const struct big *b)
{
    uint64_t borrow = 0;
    for (size_t i = 0; i < WORDS; i++) {
        uint64_t difference = (uint64_t)a->word[i] - b->word[i] - borrow;
        a->word[i] = (uint32_t)difference;
        borrow = difference >> 63;
    }
}

/* For fraction * 2^power, both from a finite double above zero. */
static void set_interval(struct interval *v, uint64_t fraction, int power,
                         bool uneven)
{
    unsigned up = power > 0 ? (unsigned)power : 0;
    unsigned down = power < 0 ? (unsigned)-power : 0;
    /* Below a power of two the neighbour is only half as far. */
    unsigned extra = uneven ? 1 : 0;
    set(&v->r, fraction, up + 1 + extra);
    set(&v->s, 1, down + 1 + extra);
    set(&v->above, 1, up + extra);
    set(&v->below, 1, up);
    v->closed = fraction % 2 == 0;
}

static bool reaches(const struct interval *v, const struct big *bound)
{
    struct big high = sum(&v->r, &v->above);
    int order = compare(&high, bound);
    return v->closed ? order >= 0 : order > 0;
}

static void times_ten(struct interval *v)
{
    multiply(&v->r, 10);
    multiply(&v->above, 10);
    multiply(&v->below, 10);
}

static void times_power_of_ten(struct big *b, unsigned power)
{
    for (; power >= 9; power -= 9)
        multiply(b, 1000000000);
    while (power-- > 0)
        multiply(b, 10);
}

/* Scales the value to [1, 10), or a little less than 1 when it rounds up to 1;
 * the power of ten that was taken out, plus one. `guess` saves most steps and
 * may be wrong. */
static int normalise(struct interval *v, int guess)
{
    int point = guess + 1;
    unsigned down = guess > 0 ? (unsigned)guess : 0;
    unsigned up = guess < 0 ? (unsigned)-guess : 0;
    times_power_of_ten(&v->s, down);
    times_power_of_ten(&v->r, up);
    times_power_of_ten(&v->above, up);
    times_power_of_ten(&v->below, up);
    for (; reaches(v, &v->s); point++)
        multiply(&v->s, 10);
    do {
        times_ten(v);
        point--;
    } while (!reaches(v, &v->s));
    return point;
}

static unsigned take_digit(struct interval *v)
{
    unsigned digit = 0;
    for (; compare(&v->r, &v->s) >= 0; digit++)
        subtract(&v->r, &v->s);
    return digit;
}

/* Of two last digits that both give the value back; the even one in a tie. */
static bool nearer_above(const struct interval *v, unsigned digit)
{
    struct big twice = sum(&v->r, &v->r);
    int order = compare(&twice, &v->s);
    return order > 0 || (order == 0 && digit % 2 != 0);
}

static size_t generate(struct interval *v, char *digits)
{
    for (size_t n = 0;; times_ten(v)) {
        unsigned digit = take_digit(v);
        int order = compare(&v->r, &v->below);
        bool low = v->closed ? order <= 0 : order < 0;
        bool high = reaches(v, &v->s);
        if (low || high) {
            bool up = low && high ? nearer_above(v, digit) : high;
            digits[n++] = (char)('0' + digit + (up ? 1 : 0));
            return n;
        }
        TOMTE_ASSERT(n < DIGITS_MAX - 1);
        digits[n++] = (char)('0' + digit);
    }
}

static void put_digits(struct tomte_text *out, const char *digits, size_t n)
{
    tomte_text_span(out, TOMTE_SPAN(digits, n));
}

static void put_zeros(struct tomte_text *out, int n)
{
    while (n-- > 0)
        tomte_text_char(out, '0');
}

/* 0.DIGITS * 10^point in the manner of ECMAScript's Number::toString, but
 * always with a point, so that it is seen to be a float. */
static void put_decimal(struct tomte_text *out, const char *digits, size_t n,
                        int point)
{
    int count = (int)n;
    if (point > 21 || point <= -6) {
        put_digits(out, digits, 1);
        tomte_text_char(out, '.');
        put_digits(out, n > 1 ? digits + 1 : "0", n > 1 ? n - 1 : 1);
        tomte_text_str(out, point > 0 ? "e+" : "e");
        tomte_text_i64(out, point - 1);
    } else if (point <= 0) {
        tomte_text_str(out, "0.");
        put_zeros(out, -point);
        put_digits(out, digits, n);
    } else if (point < count) {
        put_digits(out, digits, (size_t)point);
        tomte_text_char(out, '.');
        put_digits(out, digits + point, (size_t)(count - point));
    } else {
        put_digits(out, digits, n);
        put_zeros(out, point - count);
        tomte_text_str(out, ".0");
    }
}

static void put_finite(struct tomte_text *out, uint64_t bits)
{
    char digits[DIGITS_MAX];
    uint64_t hidden = (uint64_t)1 << 52, fraction = bits & (hidden - 1);
    int exponent = (int)(bits >> 52 & 0x7ff);
    bool uneven = fraction == 0 && exponent > 1;
    if (exponent > 0)
        fraction |= hidden;
    else
        exponent = 1;
    struct interval v;
    set_interval(&v, fraction, exponent - 1075, uneven);
    int point = normalise(&v, (exponent - 1023) * 1233 / 4096); /* lg 2 */
    size_t n = generate(&v, digits);
    put_decimal(out, digits, n, point);
}

void tomte_cbor_diag_double(struct tomte_text *out, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    if (tomte_cbor_is_nan(bits)) {
        tomte_text_str(out, "NaN");
        return;
    }
    if (bits >> 63 != 0)
        tomte_text_char(out, '-');
    bits &= UINT64_MAX >> 1;
    if (bits == 0)
        tomte_text_str(out, "0.0");
    else if (bits >> 52 == 0x7ff)
        tomte_text_str(out, "Infinity");
    else
        put_finite(out, bits);
}
