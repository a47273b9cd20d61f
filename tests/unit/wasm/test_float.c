/* SPDX-License-Identifier: Apache-2.0 */
/* Floating point without a mathematics library. */
#include "base/random.h"
#include "bench.h"
#include "wasm/numeric.h"

/* m * 2^e with m of 53 bits, for a normal number. */
static uint64_t split(double x, int *e)
{
    uint64_t bits = wasm_bits64(x);
    *e = (int)(bits >> 52 & 0x7ff) - 1075;
    return (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
}

struct wide {
    uint64_t high, low;
};

static struct wide square(uint64_t a)
{
    uint64_t low = (uint32_t)a, high = a >> 32, middle = low * high;
    struct wide w = {high * high + (middle >> 31), low * low};
    w.low += middle << 33;
    w.high += w.low < middle << 33;
    return w;
}

static struct wide shifted(uint64_t a, int by)
{
    return (struct wide){a >> (64 - by), a << by};
}

static bool less(struct wide a, struct wide b)
{
    return a.high < b.high || (a.high == b.high && a.low < b.low);
}

/* r is the nearest double to the root of x when x lies between the squares of
 * the points half-way to r's neighbours: in whole numbers, of 128 bits. */
static bool is_root(double x, double r)
{
    int ex, er;
    uint64_t mx = split(x, &ex), mr = split(r, &er);
    int shift = ex - 2 * er + 2; /* 4 x in units of 2^(2 er) */
    if (shift < 50 || shift > 60)
        return false;
    struct wide four_x = shifted(mx, shift);
    return less(square(2 * mr - 1), four_x) && less(four_x, square(2 * mr + 1));
}

TEST(square_roots_are_correctly_rounded)
{
    struct tomte_random random;
    tomte_random_init(&random, 1);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = tomte_random_next(&random) >> 1;
        double x = wasm_double(bits);
        if (bits >> 52 == 0 || bits >> 52 == 0x7ff)
            continue;
        CHECK(is_root(x, wasm_sqrt(x)));
    }
}

TEST(square_roots_of_the_odd_ones)
{
    CHECK(wasm_sqrt(4.0) == 2.0 && wasm_sqrt(2.25) == 1.5);
    CHECK(wasm_bits64(wasm_sqrt(-0.0)) == UINT64_C(1) << 63);
    CHECK(wasm_bits64(wasm_sqrt(-1.0)) == WASM_NAN64);
    double infinite = wasm_double(UINT64_C(0x7ff) << 52);
    CHECK(wasm_sqrt(infinite) == infinite);
    CHECK(wasm_sqrt(wasm_double(1)) == 0x1p-537);
    CHECK(wasm_sqrt(wasm_double(4)) == 0x1p-536);
    CHECK(wasm_bits64(wasm_sqrt(0x1.fffffffffffffp1023)) == 0x5fefffffffffffff);
}

TEST(rounding_keeps_the_sign_of_zero)
{
    static const struct {
        double x, trunc, nearest, floor, ceil;
    } cases[] = {
        {-0.5, -0.0, -0.0, -1.0, -0.0},
        {0.5, 0.0, 0.0, 0.0, 1.0},
        {-1.5, -1.0, -2.0, -2.0, -1.0},
        {2.5, 2.0, 2.0, 2.0, 3.0},
        {-0.0, -0.0, -0.0, -0.0, -0.0},
        {4.6, 4.0, 5.0, 4.0, 5.0},
        {0x1p60, 0x1p60, 0x1p60, 0x1p60, 0x1p60},
        {0x1.fffffffffffffp51, 0x1.ffffffffffffep51, 0x1p52,
         0x1.ffffffffffffep51, 0x1p52},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double x = cases[i].x;
        CHECK(wasm_bits64(wasm_trunc64(x)) == wasm_bits64(cases[i].trunc));
        CHECK(wasm_bits64(wasm_nearest64(x)) == wasm_bits64(cases[i].nearest));
        CHECK(wasm_bits64(wasm_floor64(x)) == wasm_bits64(cases[i].floor));
        CHECK(wasm_bits64(wasm_ceil64(x)) == wasm_bits64(cases[i].ceil));
        float y = (float)x;
        if ((double)y != x)
            continue;
        CHECK(wasm_bits32(wasm_trunc32(y)) ==
              wasm_bits32((float)cases[i].trunc));
        CHECK(wasm_bits32(wasm_nearest32(y)) ==
              wasm_bits32((float)cases[i].nearest));
        CHECK(wasm_bits32(wasm_floor32(y)) ==
              wasm_bits32((float)cases[i].floor));
        CHECK(wasm_bits32(wasm_ceil32(y)) == wasm_bits32((float)cases[i].ceil));
    }
}

TEST(conversions_have_edges)
{
    uint64_t out;
    CHECK_EQ(TOMTE_WASM_TRAP_NONE, wasm_to_int(-2147483648.9, WASM_S32, &out));
    CHECK_EQ(0x80000000u, (uint32_t)out);
    CHECK_EQ(TOMTE_WASM_TRAP_OVERFLOW,
             wasm_to_int(-2147483649.0, WASM_S32, &out));
    CHECK_EQ(TOMTE_WASM_TRAP_NONE, wasm_to_int(4294967295.9, WASM_U32, &out));
    CHECK_EQ(UINT32_MAX, (uint32_t)out);
    CHECK_EQ(TOMTE_WASM_TRAP_OVERFLOW, wasm_to_int(-1.0, WASM_U64, &out));
    CHECK_EQ(TOMTE_WASM_TRAP_NONE, wasm_to_int(-0x1p63, WASM_S64, &out));
    CHECK(out == UINT64_C(1) << 63);
    CHECK_EQ(TOMTE_WASM_TRAP_OVERFLOW, wasm_to_int(0x1p63, WASM_S64, &out));
    CHECK_EQ(TOMTE_WASM_TRAP_CONVERSION,
             wasm_to_int(wasm_double(WASM_NAN64), WASM_S32, &out));
    CHECK(wasm_to_int_sat(1e30, WASM_U64) == UINT64_MAX);
    CHECK(wasm_to_int_sat(-1e30, WASM_S32) == 0x80000000);
    CHECK(wasm_to_int_sat(wasm_double(WASM_NAN64), WASM_S64) == 0);
}

/* Bits go through loads, stores, constants and reinterpretation untouched;
 * arithmetic makes one NaN only. */
TEST(a_nan_of_arithmetic_is_the_canonical_one)
{
    static struct asm_module a;
    bench_reset();
    struct tomte_wasm_instance *inst = bench_instance(bench_load(bench_one(
        &a, "ff:iif",
        B(NO_LOCALS, GET(0), OP(F32_NEG), OP(I32_REINTERPRET_F32), GET(0),
          GET(1), OP(F32_ADD), OP(I32_REINTERPRET_F32), GET(0), END))));
    bench_call(inst, "f", ARGS(0xffa00001, 0x3f800000));
    CHECK_EQ(0x7fa00001, bench_result(inst, 0));
    CHECK_EQ(WASM_NAN32, bench_result(inst, 1));
    CHECK_EQ(0xffa00001, bench_result(inst, 2));
}
