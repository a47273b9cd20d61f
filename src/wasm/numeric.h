/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/numeric.h: the numeric instructions that are not worth room in the
 * interpreter's loop, sections 4.3.2 to 4.3.4.
 *
 * Integers are as C has them; floats are done with the compiler's arithmetic,
 * which rounds to nearest, on values passed as bits. A NaN that an operation
 * makes is the positive canonical one, whatever the machine would make. */
#pragma once

#include "wasm/wasm.h"

/* Execute numeric instruction `op`; `*sp` is above the operands and is moved to
 * above the result. Returns a trap's reason or NONE. */
enum tomte_wasm_trap_reason wasm_numeric(uint32_t op, uint32_t **sp);

/* Correctly rounded; of a negative number, NaN. */
double wasm_sqrt(double x);

/* Towards zero, or to the nearest and of two the even one. */
float wasm_trunc32(float x);
double wasm_trunc64(double x);
float wasm_nearest32(float x);
double wasm_nearest64(double x);
float wasm_floor32(float x);
double wasm_floor64(double x);
float wasm_ceil32(float x);
double wasm_ceil64(double x);

/* To an integer, towards zero. */
enum wasm_int { WASM_S32, WASM_U32, WASM_S64, WASM_U64 };
enum tomte_wasm_trap_reason wasm_to_int(double x, enum wasm_int to,
                                        uint64_t *out);
uint64_t wasm_to_int_sat(double x, enum wasm_int to);

/* ---- floats as bits ---- */

#define WASM_NAN32 0x7fc00000u
#define WASM_NAN64 UINT64_C(0x7ff8000000000000)

static inline float wasm_float(uint32_t bits)
{
    union {
        uint32_t bits;
        float value;
    } u = {bits};
    return u.value;
}

static inline double wasm_double(uint64_t bits)
{
    union {
        uint64_t bits;
        double value;
    } u = {bits};
    return u.value;
}

/* The bits of a result: NaN is canonical. It is told from other numbers by its
 * bits, which is free where floats are done in software. */
static inline uint32_t wasm_bits32(float value)
{
    union {
        float value;
        uint32_t bits;
    } u = {value};
    return (u.bits & 0x7fffffffu) > 0x7f800000u ? WASM_NAN32 : u.bits;
}

static inline uint64_t wasm_bits64(double value)
{
    union {
        double value;
        uint64_t bits;
    } u = {value};
    return (u.bits & ~(UINT64_C(1) << 63)) > UINT64_C(0x7ff) << 52 ? WASM_NAN64
                                                                   : u.bits;
}
