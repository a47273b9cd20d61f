/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/wasm/bench.h: what tests of the engine have in common. */
#pragma once

#include "asm.h"
#include "test.h"

/* One megabyte that is emptied by bench_reset. */
extern struct tomte_arena bench;
void bench_reset(void);

/* The host functions every test's instance is offered, module "host":
 *   add    ii:i   the sum
 *   fail   :      traps, "no heating oil"
 *   wait   i:i    suspends
 *   wait64 I:Ir   suspends
 *   costly i:     charges its argument in fuel
 *   peek   i:i    the byte of memory at that address, or -1 */
extern const struct tomte_wasm_host_func bench_host[];
extern const size_t bench_host_count;

/* Load and instantiate, which must succeed. */
const struct tomte_wasm_module *bench_load(struct tomte_span bytes);
struct tomte_wasm_instance *bench_instance(const struct tomte_wasm_module *m);
struct tomte_wasm_config bench_config(void);

/* What loading these bytes fails with. */
enum tomte_err bench_refused(struct tomte_span bytes,
                             struct tomte_wasm_error *error);

/* Call an export with 32-bit arguments, to its end. */
enum tomte_wasm_status bench_call(struct tomte_wasm_instance *inst,
                                  const char *name, struct tomte_span args);
#define ARGS(...)                                                              \
    TOMTE_SPAN((const uint8_t *)((const uint32_t[]){__VA_ARGS__}),             \
               sizeof((const uint32_t[]){__VA_ARGS__}))
#define NO_ARGS TOMTE_SPAN_NONE

/* A slot of the results. */
uint32_t bench_result(const struct tomte_wasm_instance *inst, uint32_t slot);
uint64_t bench_result64(const struct tomte_wasm_instance *inst, uint32_t slot);

/* A module of one exported function "f" of this type. */
struct tomte_span bench_one(struct asm_module *a, const char *type,
                            struct tomte_span body);
