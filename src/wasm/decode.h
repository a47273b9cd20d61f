/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/decode.h: from bytes to struct tomte_wasm_module, section 5.5.
 *
 * tomte_wasm_load first walks the sections' headers, then decodes them in
 * order with these functions. Each reads its section from `r` to the end,
 * checks it, and fails through `r`. */
#pragma once

#include "wasm/module.h"

struct wasm_decoder {
    struct tomte_wasm_module *m;
    struct tomte_arena *arena;
    struct wasm_reader r;
};

void wasm_decode_types(struct wasm_decoder *d);
void wasm_decode_imports(struct wasm_decoder *d);
void wasm_decode_functions(struct wasm_decoder *d);
void wasm_decode_tables(struct wasm_decoder *d);
void wasm_decode_memories(struct wasm_decoder *d);
void wasm_decode_globals(struct wasm_decoder *d);
void wasm_decode_exports(struct wasm_decoder *d);
void wasm_decode_start(struct wasm_decoder *d);
void wasm_decode_elements(struct wasm_decoder *d);
void wasm_decode_data_count(struct wasm_decoder *d);
void wasm_decode_code(struct wasm_decoder *d);
void wasm_decode_data(struct wasm_decoder *d);

/* Take tables of this many of each kind; the first are the imported ones. */
void wasm_take_tables(struct wasm_decoder *d, const struct wasm_counts *all);

/* `count` zeroed items from the arena; NULL and NO_MEMORY when it is full. */
void *wasm_take(struct wasm_decoder *d, size_t count, size_t size);

/* Bytes from the arena's end, aligned to 8, not zeroed; NULL when it is full.
 * Who takes them saves arena->size before and puts it back after. */
void *wasm_scratch(struct tomte_arena *arena, size_t bytes);

/* For sets of names and of types: FNV-1a. */
uint32_t wasm_hash(struct tomte_span s);

/* The body of a function that is not imported: locals and code. */
struct tomte_span wasm_body_of(const struct tomte_wasm_module *m,
                               uint32_t func);

/* Read a constant expression (section 3.3.10) of this type. */
void wasm_check_const(struct wasm_decoder *d, uint8_t type);

/* Parts that several sections share. */
uint8_t wasm_read_valtype(struct wasm_reader *r);
uint8_t wasm_read_reftype(struct wasm_reader *r);
void wasm_read_table_type(struct wasm_reader *r, struct wasm_table *out);
void wasm_read_memory_type(struct wasm_reader *r, uint32_t features,
                           struct wasm_memory *out);
void wasm_read_global_type(struct wasm_reader *r, struct wasm_global *out);
