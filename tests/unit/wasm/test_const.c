/* SPDX-License-Identifier: Apache-2.0 */
/* Constant expressions of several instructions: proposal extended-const. */
#include "bench.h"

static struct asm_module a;
static struct tomte_wasm_error error;

static enum tomte_err load(struct tomte_span global, uint32_t features)
{
    struct tomte_wasm_limits limits = tomte_wasm_limits_mcu;
    const struct tomte_wasm_module *m;
    bench_reset();
    limits.features = features;
    asm_begin(&a);
    asm_global(&a, global);
    return tomte_wasm_load(asm_end(&a), &limits, &bench, &m, &error);
}

static enum tomte_err all(struct tomte_span global)
{
    return load(global, TOMTE_WASM_FEATURES_ALL);
}

TEST(sums_and_products_are_constant)
{
    bench_reset();
    asm_begin(&a);
    asm_memory(&a, B(9, 16, 16, 0));
    asm_global(&a, B(I32, 0, CONST(7), CONST(1), CONST(3), OP(I32_SUB),
                     OP(I32_MUL), CONST(2), OP(I32_ADD), END));
    asm_global(&a, B(I64, 0, CONST64(-1), CONST64(-1), OP(I64_MUL), CONST64(2),
                     OP(I64_SUB), END));
    asm_data(&a, B(0, CONST(3), CONST(4), OP(I32_ADD), END, 1, 'x'));
    struct tomte_wasm_instance *inst = bench_instance(bench_load(asm_end(&a)));
    enum tomte_wasm_valtype type;
    uint32_t value[2];
    CHECK_OK(tomte_wasm_global_get(inst, 0, &type, value));
    CHECK_EQ(0xfffffff4, value[0]);
    CHECK_OK(tomte_wasm_global_get(inst, 1, &type, value));
    CHECK(value[0] == 0xffffffff && value[1] == 0xffffffff);
    CHECK_EQ('x', *tomte_wasm_memory_at(inst, 7, 1));
}

TEST(their_types_are_checked)
{
    struct tomte_span sum = B(I32, 0, CONST(1), CONST(1), OP(I32_ADD), END);
    CHECK_OK(all(sum));
    CHECK_EQ(TOMTE_ERR_INVALID, load(sum, 0));
    CHECK(strcmp("constant expression required", error.what) == 0);
    CHECK_EQ(TOMTE_ERR_INVALID, all(B(I32, 0, CONST(1), OP(I32_ADD), END)));
    CHECK_EQ(TOMTE_ERR_INVALID,
             all(B(I32, 0, CONST(1), CONST64(1), OP(I32_ADD), END)));
    CHECK_EQ(TOMTE_ERR_INVALID,
             all(B(I64, 0, CONST(1), CONST(1), OP(I32_ADD), END)));
    CHECK_EQ(TOMTE_ERR_INVALID, all(B(I32, 0, CONST(1), CONST(1), END)));
    CHECK_EQ(TOMTE_ERR_INVALID, all(B(I32, 0, END)));
    CHECK_EQ(TOMTE_ERR_INVALID,
             all(B(I32, 0, CONST(1), CONST(1), OP(I32_DIV_S), END)));
}

/* Sixteen values at once, not seventeen. */
TEST(they_are_bounded)
{
    for (size_t values = 16; values <= 17; values++) {
        uint8_t bytes[64] = {I32, 0};
        size_t len = 2;
        for (size_t i = 0; i < values; i++, len += 2)
            memcpy(bytes + len, ((const uint8_t[]){CONST(1)}), 2);
        for (size_t i = 1; i < values; i++)
            bytes[len++] = OP(I32_ADD);
        bytes[len++] = END;
        CHECK_EQ(values == 16 ? TOMTE_OK : TOMTE_ERR_TOO_LARGE,
                 all(TOMTE_SPAN(bytes, len)));
    }
}
