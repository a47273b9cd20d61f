/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/wasm/asm.h: modules put together byte by byte.
 *
 * Call asm_begin, then the parts of the sections in the binary format's order;
 * parts that follow each other in one section are counted. asm_end gives the
 * bytes. Code is written with the instructions' names. */
#pragma once

#include "wasm/opcodes.h"
#include "wasm/wasm.h"

struct asm_module {
    uint8_t bytes[4096];
    size_t len;
    uint8_t section[2048]; /* the section being written */
    size_t section_len;
    uint8_t id;
    unsigned count;
    uint8_t code[2048]; /* the bodies, until the code section */
    size_t code_len;
    unsigned code_count;
};

void asm_begin(struct asm_module *m);
struct tomte_span asm_end(struct asm_module *m);

/* "iI:f", as for host functions. */
void asm_type(struct asm_module *m, const char *type);

/* An import: `desc` are the bytes from the kind on. */
void asm_import(struct asm_module *m, const char *module, const char *name,
                struct tomte_span desc);
void asm_table(struct asm_module *m, struct tomte_span desc);
void asm_memory(struct asm_module *m, struct tomte_span desc);
void asm_global(struct asm_module *m, struct tomte_span desc);
void asm_export(struct asm_module *m, const char *name, uint8_t kind,
                uint8_t index);
void asm_start(struct asm_module *m, uint8_t func);
void asm_elem(struct asm_module *m, struct tomte_span desc);
void asm_data(struct asm_module *m, struct tomte_span desc);

/* Functions: types first (asm_func, in the function section's place), bodies
 * with their local declarations; asm_code writes them all. */
void asm_func(struct asm_module *m, uint8_t type);
void asm_body(struct asm_module *m, struct tomte_span body);
void asm_code(struct asm_module *m);

/* A section of any content. */
void asm_raw(struct asm_module *m, uint8_t id, struct tomte_span content);

#define B(...)                                                                 \
    TOMTE_SPAN(((const uint8_t[]){__VA_ARGS__}),                               \
               sizeof((const uint8_t[]){__VA_ARGS__}))

#define I32       TOMTE_WASM_I32
#define I64       TOMTE_WASM_I64
#define F32       TOMTE_WASM_F32
#define F64       TOMTE_WASM_F64
#define FUNCREF   TOMTE_WASM_FUNCREF
#define EXTERNREF TOMTE_WASM_EXTERNREF
#define VOID      0x40

#define NO_LOCALS      0
#define GET(i)         WASM_OP_LOCAL_GET, (i)
#define SET(i)         WASM_OP_LOCAL_SET, (i)
#define TEE(i)         WASM_OP_LOCAL_TEE, (i)
#define GGET(i)        WASM_OP_GLOBAL_GET, (i)
#define GSET(i)        WASM_OP_GLOBAL_SET, (i)
#define CONST(v)       WASM_OP_I32_CONST, ((v)&0x7f)
#define CONST64(v)     WASM_OP_I64_CONST, ((v)&0x7f)
#define CALL(f)        WASM_OP_CALL, (f)
#define BR(l)          WASM_OP_BR, (l)
#define BR_IF(l)       WASM_OP_BR_IF, (l)
#define OP(name)       WASM_OP_##name
#define END            WASM_OP_END
#define PREFIXED(name) WASM_PREFIX, (WASM_OP_##name - WASM_PREFIXED)
