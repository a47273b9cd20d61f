/* SPDX-License-Identifier: Apache-2.0 */
/* engine.h: the engine as the benchmark's programs use it, on any machine. */
#pragma once

#include "base/base.h"
#include "wasm/wasm.h"

#include <stdlib.h>

/* Kernels are small; programs with a library are not (ENGINE_LARGE). */
#ifdef ENGINE_LARGE
#define ENGINE_LIMITS       tomte_wasm_limits_hub
#define ENGINE_TABLES_BYTES (8u << 20)
#define ENGINE_MEMORY_BYTES (16u << 20)
#else
#define ENGINE_LIMITS       tomte_wasm_limits_mcu
#define ENGINE_TABLES_BYTES (128u << 10)
#define ENGINE_MEMORY_BYTES (64u << 10)
#endif

struct engine {
    struct tomte_wasm_instance *instance;
    struct tomte_wasm_export run;
    size_t table_bytes; /* what loading took from the arena */
};

/* `bytes` are borrowed. Tier 0 executes them in place, tier 1 slot code. */
static bool engine_load(struct engine *e, struct tomte_span bytes, int tier)
{
    static uint64_t tables[ENGINE_TABLES_BYTES / 8];
    static uint64_t memory[ENGINE_MEMORY_BYTES / 8];
    struct tomte_wasm_config config = {
        .stack_bytes = 16384,
        .call_depth = 512,
        .memory_bytes = sizeof memory,
        .table_entries = 64,
        .memory = {(uint8_t *)memory, sizeof memory},
    };
    struct tomte_arena arena;
    const struct tomte_wasm_module *m;
    tomte_arena_init(&arena, tables, sizeof tables);
    if (tomte_wasm_load(bytes, &ENGINE_LIMITS, &arena, &m, NULL) != TOMTE_OK)
        return false;
    if (tier == 1 && tomte_wasm_translate(m, &arena, &config.code) != TOMTE_OK)
        return false;
    e->table_bytes = tomte_arena_mark(&arena);
    if (tomte_wasm_instantiate(m, &config, &arena, &e->instance, NULL) !=
        TOMTE_OK)
        return false;
    while (tomte_wasm_run(e->instance, UINT32_MAX) == TOMTE_WASM_READY) {
    }
    return tomte_wasm_export_find(m, TOMTE_SPAN_LIT("run"), &e->run);
}

static uint32_t engine_run(struct engine *e, uint32_t n)
{
    uint32_t slots;
    if (tomte_wasm_start(e->instance, e->run.index, &n, 1, UINT64_MAX) !=
        TOMTE_OK)
        abort();
    while (tomte_wasm_run(e->instance, UINT32_MAX) == TOMTE_WASM_READY) {
    }
    const uint32_t *results = tomte_wasm_results(e->instance, &slots);
    if (slots != 1)
        abort();
    return results[0];
}
