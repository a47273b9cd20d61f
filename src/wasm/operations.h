/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/operations.h: what the instructions do that make a number of one or two
 * others, or move one between the stack and memory.
 *
 * Said here once, for every loop that executes them; a loop says where operands
 * come from and where the result goes. `a` and `b` are operands as bits, `x`
 * and `y` the same as floats, `p` points at the bytes accessed, `v` is what is
 * stored. Sections 4.3.2 to 4.3.4 and 4.4.7. */
#pragma once

#include "base/bytes.h"
#include "wasm/numeric.h"

#include <string.h>

/* Words of memory. A machine that cannot access them anywhere does it byte by
 * byte, though nearly all are aligned: there it looks first. */
#if defined(__riscv) && !defined(__riscv_misaligned_fast) &&                   \
    !defined(__OPTIMIZE_SIZE__)
#define WASM_ALIGNED(p) __builtin_expect(((uintptr_t)(p)&3) == 0, 1)
#else
#define WASM_ALIGNED(p) false
#endif

static inline uint32_t wasm_read32(const uint8_t *p)
{
    uint32_t v;
    if (!WASM_ALIGNED(p))
        return tomte_get_le32(p);
    memcpy(&v, __builtin_assume_aligned(p, 4), sizeof v);
    return v;
}

static inline void wasm_write32(uint8_t *p, uint32_t v)
{
    if (!WASM_ALIGNED(p))
        tomte_put_le32(p, v);
    else
        memcpy(__builtin_assume_aligned(p, 4), &v, sizeof v);
}

static inline uint64_t wasm_read64(const uint8_t *p)
{
    if (!WASM_ALIGNED(p))
        return tomte_get_le64(p);
    return (uint64_t)wasm_read32(p + 4) << 32 | wasm_read32(p);
}

static inline void wasm_write64(uint8_t *p, uint64_t v)
{
    if (!WASM_ALIGNED(p)) {
        tomte_put_le64(p, v);
    } else {
        wasm_write32(p, (uint32_t)v);
        wasm_write32(p + 4, (uint32_t)(v >> 32));
    }
}

/* clang-format off */

/* OP(name, result): one operand of 32 bits, or two, and such a result. */
#define WASM_UNARY32(OP)                                                       \
    OP(I32_EXTEND8_S, (uint32_t)(int8_t)a)                                     \
    OP(I32_EXTEND16_S, (uint32_t)(int16_t)a)                                   \
    OP(F32_ABS, a & 0x7fffffffu)                                               \
    OP(F32_NEG, a ^ 0x80000000u)                                               \
    OP(F32_CONVERT_I32_S, wasm_bits32((float)(int32_t)a))                      \
    OP(F32_CONVERT_I32_U, wasm_bits32((float)a))

/* Those that compilers give constants of more than 16 bits. */
#define WASM_MASK32(OP)                                                        \
    OP(I32_ADD, a + b)                                                         \
    OP(I32_AND, a & b)

#define WASM_BINARY32(OP)                                                      \
    WASM_MASK32(OP)                                                            \
    OP(I32_SUB, a - b)                                                         \
    OP(I32_MUL, a * b)                                                         \
    OP(I32_OR, a | b)                                                          \
    OP(I32_XOR, a ^ b)                                                         \
    OP(I32_SHL, a << (b & 31))                                                 \
    OP(I32_SHR_S, (uint32_t)((int32_t)a >> (b & 31)))                          \
    OP(I32_SHR_U, a >> (b & 31))                                               \
    OP(I32_ROTL, a << (b & 31) | a >> (-b & 31))                               \
    OP(I32_ROTR, a >> (b & 31) | a << (-b & 31))

/* OP(name, condition): two operands of 32 bits. */
#define WASM_COMPARE32(OP)                                                     \
    OP(I32_EQ, a == b)                                                         \
    OP(I32_NE, a != b)                                                         \
    OP(I32_LT_S, (int32_t)a < (int32_t)b)                                      \
    OP(I32_LT_U, a < b)                                                        \
    OP(I32_GT_S, (int32_t)a > (int32_t)b)                                      \
    OP(I32_GT_U, a > b)                                                        \
    OP(I32_LE_S, (int32_t)a <= (int32_t)b)                                     \
    OP(I32_LE_U, a <= b)                                                       \
    OP(I32_GE_S, (int32_t)a >= (int32_t)b)                                     \
    OP(I32_GE_U, a >= b)

/* OP(name, condition): one operand of 32 bits. */
#define WASM_TEST32(OP)                                                        \
    OP(I32_EQZ, a == 0)

/* The same of 64 bits. */
#define WASM_UNARY64(OP)                                                       \
    OP(I64_EXTEND8_S, (uint64_t)(int8_t)a)                                     \
    OP(I64_EXTEND16_S, (uint64_t)(int16_t)a)                                   \
    OP(I64_EXTEND32_S, (uint64_t)(int32_t)a)                                   \
    OP(F64_ABS, a & ~(UINT64_C(1) << 63))                                      \
    OP(F64_NEG, a ^ UINT64_C(1) << 63)

#define WASM_BINARY64(OP)                                                      \
    OP(I64_ADD, a + b)                                                         \
    OP(I64_SUB, a - b)                                                         \
    OP(I64_MUL, a * b)                                                         \
    OP(I64_AND, a & b)                                                         \
    OP(I64_OR, a | b)                                                          \
    OP(I64_XOR, a ^ b)                                                         \
    OP(I64_SHL, a << (b & 63))                                                 \
    OP(I64_SHR_S, (uint64_t)((int64_t)a >> (b & 63)))                          \
    OP(I64_SHR_U, a >> (b & 63))                                               \
    OP(I64_ROTL, a << (b & 63) | a >> (-b & 63))                               \
    OP(I64_ROTR, a >> (b & 63) | a << (-b & 63))

#define WASM_COMPARE64(OP)                                                     \
    OP(I64_EQ, a == b)                                                         \
    OP(I64_NE, a != b)                                                         \
    OP(I64_LT_S, (int64_t)a < (int64_t)b)                                      \
    OP(I64_LT_U, a < b)                                                        \
    OP(I64_GT_S, (int64_t)a > (int64_t)b)                                      \
    OP(I64_GT_U, a > b)                                                        \
    OP(I64_LE_S, (int64_t)a <= (int64_t)b)                                     \
    OP(I64_LE_U, a <= b)                                                       \
    OP(I64_GE_S, (int64_t)a >= (int64_t)b)                                     \
    OP(I64_GE_U, a >= b)

#define WASM_TEST64(OP)                                                        \
    OP(I64_EQZ, a == 0)

/* OP(name, result): an operand of 32 bits, a result of 64; and the reverse. */
#define WASM_WIDEN(OP)                                                         \
    OP(I64_EXTEND_I32_S, (uint64_t)(int32_t)a)                                 \
    OP(I64_EXTEND_I32_U, a)                                                    \
    OP(F64_PROMOTE_F32, wasm_bits64((double)wasm_float(a)))                    \
    OP(F64_CONVERT_I32_S, wasm_bits64((double)(int32_t)a))                     \
    OP(F64_CONVERT_I32_U, wasm_bits64((double)a))

#define WASM_NARROW(OP)                                                        \
    OP(I32_WRAP_I64, (uint32_t)a)

/* OP(name, result or condition): two floats. */
#define WASM_FLOAT32(OP)                                                       \
    OP(F32_ADD, x + y)                                                         \
    OP(F32_SUB, x - y)                                                         \
    OP(F32_MUL, x * y)                                                         \
    OP(F32_DIV, x / y)

#define WASM_COMPARE_F32(OP)                                                   \
    OP(F32_EQ, x == y)                                                         \
    OP(F32_NE, x != y)                                                         \
    OP(F32_LT, x < y)                                                          \
    OP(F32_GT, x > y)                                                          \
    OP(F32_LE, x <= y)                                                         \
    OP(F32_GE, x >= y)

#define WASM_FLOAT64(OP)                                                       \
    OP(F64_ADD, x + y)                                                         \
    OP(F64_SUB, x - y)                                                         \
    OP(F64_MUL, x * y)                                                         \
    OP(F64_DIV, x / y)

#define WASM_COMPARE_F64(OP)                                                   \
    OP(F64_EQ, x == y)                                                         \
    OP(F64_NE, x != y)                                                         \
    OP(F64_LT, x < y)                                                          \
    OP(F64_GT, x > y)                                                          \
    OP(F64_LE, x <= y)                                                         \
    OP(F64_GE, x >= y)

/* OP(name): the bits stay as they are. */
#define WASM_REINTERPRET(OP)                                                   \
    OP(I32_REINTERPRET_F32)                                                    \
    OP(I64_REINTERPRET_F64)                                                    \
    OP(F32_REINTERPRET_I32)                                                    \
    OP(F64_REINTERPRET_I64)

/* OP(name, bytes, value): into 32 bits, into 64. */
#define WASM_LOAD32(OP)                                                        \
    OP(I32_LOAD, 4, wasm_read32(p))                                            \
    OP(I32_LOAD8_S, 1, (uint32_t)(int8_t)*p)                                   \
    OP(I32_LOAD8_U, 1, *p)                                                     \
    OP(I32_LOAD16_S, 2, (uint32_t)(int16_t)tomte_get_le16(p))                  \
    OP(I32_LOAD16_U, 2, tomte_get_le16(p))

#define WASM_LOAD64(OP)                                                        \
    OP(I64_LOAD, 8, wasm_read64(p))                                            \
    OP(I64_LOAD8_S, 1, (uint64_t)(int8_t)*p)                                   \
    OP(I64_LOAD8_U, 1, *p)                                                     \
    OP(I64_LOAD16_S, 2, (uint64_t)(int16_t)tomte_get_le16(p))                  \
    OP(I64_LOAD16_U, 2, tomte_get_le16(p))                                     \
    OP(I64_LOAD32_S, 4, (uint64_t)(int32_t)wasm_read32(p))                     \
    OP(I64_LOAD32_U, 4, wasm_read32(p))

/* OP(name, bytes, action): of 32 bits, of 64. */
#define WASM_STORE32(OP)                                                       \
    OP(I32_STORE, 4, wasm_write32(p, v))                                       \
    OP(I32_STORE8, 1, *p = (uint8_t)v)                                         \
    OP(I32_STORE16, 2, tomte_put_le16(p, (uint16_t)v))

#define WASM_STORE64(OP)                                                       \
    OP(I64_STORE, 8, wasm_write64(p, v))                                       \
    OP(I64_STORE8, 1, *p = (uint8_t)v)                                         \
    OP(I64_STORE16, 2, tomte_put_le16(p, (uint16_t)v))                         \
    OP(I64_STORE32, 4, wasm_write32(p, (uint32_t)v))

/* OP(name, other): the same as another instruction. */
#define WASM_ALIAS(OP)                                                         \
    OP(REF_IS_NULL, I32_EQZ)                                                   \
    OP(F32_LOAD, I32_LOAD)                                                     \
    OP(F64_LOAD, I64_LOAD)                                                     \
    OP(F32_STORE, I32_STORE)                                                   \
    OP(F64_STORE, I64_STORE)

/* OP(name, result, fault): a division, and what is wrong with its operands. */
#define WASM_DIVIDE32(OP)                                                      \
    OP(I32_DIV_S, (uint32_t)((int32_t)a / (int32_t)b),                         \
       b == 0 ? TOMTE_WASM_TRAP_DIVIDE_BY_ZERO                                 \
       : a == 0x80000000u && b == UINT32_MAX ? TOMTE_WASM_TRAP_OVERFLOW        \
                                             : TOMTE_WASM_TRAP_NONE)           \
    OP(I32_DIV_U, a / b,                                                       \
       b == 0 ? TOMTE_WASM_TRAP_DIVIDE_BY_ZERO : TOMTE_WASM_TRAP_NONE)         \
    OP(I32_REM_S, b == UINT32_MAX ? 0 : (uint32_t)((int32_t)a % (int32_t)b),   \
       b == 0 ? TOMTE_WASM_TRAP_DIVIDE_BY_ZERO : TOMTE_WASM_TRAP_NONE)         \
    OP(I32_REM_U, a % b,                                                       \
       b == 0 ? TOMTE_WASM_TRAP_DIVIDE_BY_ZERO : TOMTE_WASM_TRAP_NONE)

/* OP(name): wasm_numeric does it. */
#define WASM_NUMERIC(OP)                                                       \
    OP(I32_CLZ) OP(I32_CTZ) OP(I32_POPCNT)                                     \
    OP(I64_CLZ) OP(I64_CTZ) OP(I64_POPCNT)                                     \
    OP(I64_DIV_S) OP(I64_DIV_U) OP(I64_REM_S) OP(I64_REM_U)                    \
    OP(F32_CEIL) OP(F32_FLOOR)                                                 \
    OP(F32_TRUNC) OP(F32_NEAREST) OP(F32_SQRT)                                 \
    OP(F32_MIN) OP(F32_MAX) OP(F32_COPYSIGN)                                   \
    OP(F64_CEIL) OP(F64_FLOOR)                                                 \
    OP(F64_TRUNC) OP(F64_NEAREST) OP(F64_SQRT)                                 \
    OP(F64_MIN) OP(F64_MAX) OP(F64_COPYSIGN)                                   \
    OP(I32_TRUNC_F32_S) OP(I32_TRUNC_F32_U)                                    \
    OP(I32_TRUNC_F64_S) OP(I32_TRUNC_F64_U)                                    \
    OP(I64_TRUNC_F32_S) OP(I64_TRUNC_F32_U)                                    \
    OP(I64_TRUNC_F64_S) OP(I64_TRUNC_F64_U)                                    \
    OP(F32_CONVERT_I64_S) OP(F32_CONVERT_I64_U) OP(F32_DEMOTE_F64)             \
    OP(F64_CONVERT_I64_S) OP(F64_CONVERT_I64_U)                                \
    OP(I32_TRUNC_SAT_F32_S) OP(I32_TRUNC_SAT_F32_U)                            \
    OP(I32_TRUNC_SAT_F64_S) OP(I32_TRUNC_SAT_F64_U)                            \
    OP(I64_TRUNC_SAT_F32_S) OP(I64_TRUNC_SAT_F32_U)                            \
    OP(I64_TRUNC_SAT_F64_S) OP(I64_TRUNC_SAT_F64_U)

/* OP(name): wasm_bulk does it; the first four have no prefix. */
#define WASM_BULK(OP)                                                          \
    OP(TABLE_GET) OP(TABLE_SET) OP(MEMORY_SIZE) OP(MEMORY_GROW)                \
    OP(MEMORY_INIT) OP(DATA_DROP) OP(MEMORY_COPY) OP(MEMORY_FILL)              \
    OP(TABLE_INIT) OP(ELEM_DROP) OP(TABLE_COPY) OP(TABLE_GROW)                 \
    OP(TABLE_SIZE) OP(TABLE_FILL)
/* clang-format on */
