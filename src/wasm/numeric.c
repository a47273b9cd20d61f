/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/numeric.h"

#include "base/assert.h"
#include "wasm/opcodes.h"

typedef enum tomte_wasm_trap_reason reason;

static uint32_t count32(uint32_t op, uint32_t x);
static reason integer64(uint32_t op, uint32_t **sp);
static void float32(uint32_t op, uint32_t **sp);
static void float64(uint32_t op, uint32_t **sp);
static reason convert(uint32_t op, uint32_t **sp);
static reason to_int(uint32_t op, uint32_t **sp);

reason wasm_numeric(uint32_t op, uint32_t **sp)
{
    if (op >= WASM_OP_I32_CLZ && op <= WASM_OP_I32_POPCNT)
        (*sp)[-1] = count32(op, (*sp)[-1]);
    else if (op >= WASM_OP_I64_CLZ && op <= WASM_OP_I64_REM_U)
        return integer64(op, sp);
    else if (op >= WASM_OP_F32_ABS && op <= WASM_OP_F32_COPYSIGN)
        float32(op, sp);
    else if (op >= WASM_OP_F64_ABS && op <= WASM_OP_F64_COPYSIGN)
        float64(op, sp);
    else
        return convert(op, sp);
    return TOMTE_WASM_TRAP_NONE;
}

static uint32_t popcount(uint32_t x)
{
    x -= x >> 1 & 0x55555555u;
    x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
    return ((x + (x >> 4)) & 0x0f0f0f0fu) * 0x01010101u >> 24;
}

static uint32_t leading_zeros(uint32_t x)
{
    return x == 0 ? 32 : (uint32_t)__builtin_clz(x);
}

/* Zeros below the lowest one: the ones in what borrowing from it makes. */
static uint32_t trailing_zeros(uint32_t x)
{
    return popcount((x & (0u - x)) - 1);
}

static uint32_t count32(uint32_t op, uint32_t x)
{
    if (op == WASM_OP_I32_CLZ)
        return leading_zeros(x);
    return op == WASM_OP_I32_CTZ ? trailing_zeros(x) : popcount(x);
}

static uint64_t count64(uint32_t op, uint64_t x)
{
    uint32_t low = (uint32_t)x, high = (uint32_t)(x >> 32);
    if (op == WASM_OP_I64_POPCNT)
        return popcount(low) + popcount(high);
    if (op == WASM_OP_I64_CLZ)
        return high != 0 ? leading_zeros(high) : 32 + leading_zeros(low);
    return low != 0 ? trailing_zeros(low) : 32 + trailing_zeros(high);
}

static reason integer64(uint32_t op, uint32_t **sp)
{
    bool unary = op <= WASM_OP_I64_POPCNT;
    uint32_t *s = *sp -= unary ? 0 : 2;
    uint64_t a = tomte_wasm_get64(s - 2);
    uint64_t b = unary ? 0 : tomte_wasm_get64(s);
    if (op >= WASM_OP_I64_DIV_S && op <= WASM_OP_I64_REM_U && b == 0)
        return TOMTE_WASM_TRAP_DIVIDE_BY_ZERO;
    bool overflows = a == UINT64_C(1) << 63 && b == UINT64_MAX;
    switch (op) {
    case WASM_OP_I64_CLZ:
    case WASM_OP_I64_CTZ:
    case WASM_OP_I64_POPCNT:
        a = count64(op, a);
        break;
    case WASM_OP_I64_DIV_S:
        if (overflows)
            return TOMTE_WASM_TRAP_OVERFLOW;
        a = (uint64_t)((int64_t)a / (int64_t)b);
        break;
    case WASM_OP_I64_DIV_U:
        a /= b;
        break;
    case WASM_OP_I64_REM_S:
        a = overflows ? 0 : (uint64_t)((int64_t)a % (int64_t)b);
        break;
    case WASM_OP_I64_REM_U:
        a %= b;
        break;
    default:
        TOMTE_ASSERT(false);
    }
    tomte_wasm_put64(s - 2, a);
    return TOMTE_WASM_TRAP_NONE;
}

/* Of equal operands only zeros can differ, in their sign. */
#define LEAST(a, b, x, y)                                                      \
    (x != x || y != y ? NAN_OF(a) : x == y ? (a | b) : x < y ? a : b)
#define GREATEST(a, b, x, y)                                                   \
    (x != x || y != y ? NAN_OF(a) : x == y ? (a & b) : x > y ? a : b)
#define NAN_OF(a) (sizeof(a) == 4 ? WASM_NAN32 : WASM_NAN64)

static void float32(uint32_t op, uint32_t **sp)
{
    bool unary = op <= WASM_OP_F32_SQRT;
    uint32_t *s = *sp -= unary ? 0 : 1;
    uint32_t a = s[-1], b = unary ? 0 : s[0], sign = 0x80000000u;
    float x = wasm_float(a), y = wasm_float(b);
#define CASE(name, bits)                                                       \
    case WASM_OP_F32_##name:                                                   \
        a = (uint32_t)(bits);                                                  \
        break;
    switch (op) {
        CASE(COPYSIGN, (a & ~sign) | (b & sign))
        CASE(CEIL, wasm_bits32(wasm_ceil32(x)))
        CASE(FLOOR, wasm_bits32(wasm_floor32(x)))
        CASE(TRUNC, wasm_bits32(wasm_trunc32(x)))
        CASE(NEAREST, wasm_bits32(wasm_nearest32(x)))
        /* The root of a double is exact enough to be rounded once more. */
        CASE(SQRT, wasm_bits32((float)wasm_sqrt((double)x)))
        CASE(MIN, LEAST(a, b, x, y))
        CASE(MAX, GREATEST(a, b, x, y))
    }
#undef CASE
    s[-1] = a;
}

static void float64(uint32_t op, uint32_t **sp)
{
    bool unary = op <= WASM_OP_F64_SQRT;
    uint32_t *s = *sp -= unary ? 0 : 2;
    uint64_t a = tomte_wasm_get64(s - 2), sign = UINT64_C(1) << 63;
    uint64_t b = unary ? 0 : tomte_wasm_get64(s);
    double x = wasm_double(a), y = wasm_double(b);
#define CASE(name, bits)                                                       \
    case WASM_OP_F64_##name:                                                   \
        a = bits;                                                              \
        break;
    switch (op) {
        CASE(COPYSIGN, (a & ~sign) | (b & sign))
        CASE(CEIL, wasm_bits64(wasm_ceil64(x)))
        CASE(FLOOR, wasm_bits64(wasm_floor64(x)))
        CASE(TRUNC, wasm_bits64(wasm_trunc64(x)))
        CASE(NEAREST, wasm_bits64(wasm_nearest64(x)))
        CASE(SQRT, wasm_bits64(wasm_sqrt(x)))
        CASE(MIN, LEAST(a, b, x, y))
        CASE(MAX, GREATEST(a, b, x, y))
    }
#undef CASE
    tomte_wasm_put64(s - 2, a);
}

/* From 64 bits; what makes an integer of a float is done below. */
static reason convert(uint32_t op, uint32_t **sp)
{
    uint32_t *s = *sp - 2;
    uint64_t a;
    switch (op) {
    case WASM_OP_F32_CONVERT_I64_S:
        a = wasm_bits32((float)(int64_t)tomte_wasm_get64(s));
        break;
    case WASM_OP_F32_CONVERT_I64_U:
        a = wasm_bits32((float)tomte_wasm_get64(s));
        break;
    case WASM_OP_F32_DEMOTE_F64:
        a = wasm_bits32((float)wasm_double(tomte_wasm_get64(s)));
        break;
    case WASM_OP_F64_CONVERT_I64_S:
        a = wasm_bits64((double)(int64_t)tomte_wasm_get64(s));
        break;
    case WASM_OP_F64_CONVERT_I64_U:
        a = wasm_bits64((double)tomte_wasm_get64(s));
        break;
    default:
        return to_int(op, sp);
    }
    *s++ = (uint32_t)a;
    if (op >= WASM_OP_F64_CONVERT_I64_S)
        *s++ = (uint32_t)(a >> 32);
    *sp = s;
    return TOMTE_WASM_TRAP_NONE;
}

/* From a float, 16 instructions alike in pairs: what to, what from, and whether
 * what does not fit traps. */
static reason to_int(uint32_t op, uint32_t **sp)
{
    enum { FROM64 = 2, TO64 = 4, SATURATE = 8 };
    uint32_t how;
    if (op >= WASM_OP_I32_TRUNC_SAT_F32_S)
        how = SATURATE | (op - WASM_OP_I32_TRUNC_SAT_F32_S);
    else if (op >= WASM_OP_I64_TRUNC_F32_S)
        how = TO64 | (op - WASM_OP_I64_TRUNC_F32_S);
    else
        how = op - WASM_OP_I32_TRUNC_F32_S;
    uint32_t *s = *sp - (how & FROM64 ? 2 : 1);
    double x = how & FROM64 ? wasm_double(tomte_wasm_get64(s))
                            : (double)wasm_float(s[0]);
    enum wasm_int to =
        (enum wasm_int)((how & TO64 ? WASM_S64 : WASM_S32) + (how & 1));
    uint64_t out = 0;
    if (how & SATURATE) {
        out = wasm_to_int_sat(x, to);
    } else {
        reason r = wasm_to_int(x, to, &out);
        if (r != TOMTE_WASM_TRAP_NONE)
            return r;
    }
    *s++ = (uint32_t)out;
    if (how & TO64)
        *s++ = (uint32_t)(out >> 32);
    *sp = s;
    return TOMTE_WASM_TRAP_NONE;
}
