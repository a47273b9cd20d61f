/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/wasm.h: a WebAssembly engine whose running state can be stopped, put
 * into bytes and carried on elsewhere.
 *
 * WebAssembly 2.0 without vectors, with tail calls, extended constant
 * expressions and custom page sizes. Sections are those of the core
 * specification 2.0.
 *
 * Life of a module:    load -> (any number of instances).
 * Life of an instance: instantiate -> (start -> run* [-> resume -> run*]
 *                      [-> snapshot])* ; reset or restore at any time but from
 *                      inside a host function.
 *
 * Memory: a module borrows its bytes, which it never writes, and takes its
 * tables from an arena; an instance takes all it will ever need from an arena
 * when it is made. Nothing is freed but by releasing those arenas. Modules are
 * constant once loaded: any number of instances may share one. Nothing here is
 * thread-safe, but two stores share nothing that is written.
 *
 * Determinism: the same module, inputs and fuel give the same results, traps,
 * fuel use and snapshot bytes on every machine. A NaN that arithmetic makes is
 * the canonical one (section 4.3.3), positive. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

struct tomte_wasm_module;
struct tomte_wasm_instance;
struct tomte_wasm_store;

/* ---- values ----
 *
 * Values travel as 32-bit slots: i32, f32 and references are one slot; i64 and
 * f64 are two, the low half first. A float is its IEEE 754 bits. A reference
 * is 0 for null; any other funcref is an opaque number that is only good in
 * its own store; an externref is any number the host chose but 0. */

/* The bytes of section 5.3. */
enum tomte_wasm_valtype {
    TOMTE_WASM_I32 = 0x7f,
    TOMTE_WASM_I64 = 0x7e,
    TOMTE_WASM_F32 = 0x7d,
    TOMTE_WASM_F64 = 0x7c,
    TOMTE_WASM_FUNCREF = 0x70,
    TOMTE_WASM_EXTERNREF = 0x6f,
};

static inline uint64_t tomte_wasm_get64(const uint32_t *slots)
{
    return (uint64_t)slots[1] << 32 | slots[0];
}

static inline void tomte_wasm_put64(uint32_t *slots, uint64_t v)
{
    slots[0] = (uint32_t)v;
    slots[1] = (uint32_t)(v >> 32);
}

/* One enum tomte_wasm_valtype a byte, borrowed from the module's bytes. */
struct tomte_wasm_type {
    struct tomte_span params;
    struct tomte_span results;
};

/* How many slots the values of such a list take. */
uint32_t tomte_wasm_slots(struct tomte_span valtypes);

/* ---- modules ---- */

/* What a module may hold; more is TOMTE_ERR_TOO_LARGE. What is held in the
 * arena is bounded by the arena too (TOMTE_ERR_NO_MEMORY). */
struct tomte_wasm_limits {
    uint32_t types;
    uint32_t functions; /* imported ones too; at most 2^20 - 1 */
    uint32_t imports;
    uint32_t exports;
    uint32_t globals;
    uint32_t tables;
    uint32_t segments;       /* of elements and of data, each */
    uint32_t params;         /* and results, of one type */
    uint32_t frame_slots;    /* locals and operands of one function; <= 28672 */
    uint32_t block_depth;    /* nested blocks in one function */
    uint32_t branch_targets; /* of one br_table */
    uint32_t features;       /* TOMTE_WASM_FEATURE_*, or'ed */
};

/* Proposals beyond 2.0. Without its flag a module that uses one is refused as
 * 2.0 wants it refused. */
#define TOMTE_WASM_FEATURE_CUSTOM_PAGE_SIZES 0x1u
#define TOMTE_WASM_FEATURE_TAIL_CALL         0x2u
#define TOMTE_WASM_FEATURE_EXTENDED_CONST    0x4u
#define TOMTE_WASM_FEATURES_ALL              0x7u
/* Fit for what compilers make: a hub's and a microcontroller's bounds. */
extern const struct tomte_wasm_limits tomte_wasm_limits_hub;
extern const struct tomte_wasm_limits tomte_wasm_limits_mcu;

/* Where and why a module, an instance or a snapshot was refused. */
struct tomte_wasm_error {
    enum tomte_err err;
    uint32_t offset;  /* byte offset in the module or snapshot */
    const char *what; /* static text, "type mismatch"; never NULL */
};

/* Decode and validate `bytes`, in one pass. That takes time in proportion to
 * their number, times limits->params at worst.
 *
 * `bytes` are borrowed for as long as the module or an instance of it lives;
 * they are only read, and may lie in flash. The module and its tables are taken
 * from `arena`; scratch memory is taken from its end and given back. On failure
 * the arena is as it was. `error` may be NULL.
 *
 *   MALFORMED    not in the binary format (section 5), or cut short
 *   INVALID      decodes, but breaks a rule of validation (section 3)
 *   TOO_LARGE    more than `limits` allow
 *   NO_MEMORY    the arena is too small
 */
TOMTE_MUST_CHECK enum tomte_err
tomte_wasm_load(struct tomte_span bytes, const struct tomte_wasm_limits *limits,
                struct tomte_arena *arena,
                const struct tomte_wasm_module **module,
                struct tomte_wasm_error *error);

/* The bytes it was loaded from. */
struct tomte_span tomte_wasm_bytes(const struct tomte_wasm_module *module);

/* The bytes of section 5.5.5. */
enum tomte_wasm_kind {
    TOMTE_WASM_FUNC = 0,
    TOMTE_WASM_TABLE = 1,
    TOMTE_WASM_MEMORY = 2,
    TOMTE_WASM_GLOBAL = 3,
};

struct tomte_wasm_export {
    struct tomte_span name;
    enum tomte_wasm_kind kind;
    uint32_t index; /* in the index space of its kind */
};

struct tomte_wasm_import {
    struct tomte_span module;
    struct tomte_span name;
    enum tomte_wasm_kind kind;
    uint32_t index; /* in the index space of its kind */
};

/* The i-th export or import in the module's order; false past the last. Both
 * read the module's bytes up to there: walking all of n costs n^2 / 2. */
bool tomte_wasm_export_at(const struct tomte_wasm_module *module, uint32_t i,
                          struct tomte_wasm_export *out);
bool tomte_wasm_import_at(const struct tomte_wasm_module *module, uint32_t i,
                          struct tomte_wasm_import *out);

/* The export of this name; false when there is none. */
bool tomte_wasm_export_find(const struct tomte_wasm_module *module,
                            struct tomte_span name,
                            struct tomte_wasm_export *out);

/* How many functions there are, imported ones first, and the type of one;
 * `func` must be below the count. */
uint32_t tomte_wasm_func_count(const struct tomte_wasm_module *module);
struct tomte_wasm_type
tomte_wasm_func_type(const struct tomte_wasm_module *module, uint32_t func);

/* The function's name in the name section, else that of its first export or
 * of its import; empty when it has none. For people: it may be any text. */
struct tomte_span tomte_wasm_func_name(const struct tomte_wasm_module *module,
                                       uint32_t func);

/* The content of the first custom section of this name; false if none. */
bool tomte_wasm_custom_find(const struct tomte_wasm_module *module,
                            struct tomte_span name, struct tomte_span *content);
/* Linear memory as the module declares it; all zero when it has none. */
struct tomte_wasm_memory_type {
    uint64_t min_bytes;
    uint64_t max_bytes;  /* what 32-bit addresses reach, when undeclared */
    uint32_t page_bytes; /* 65536, or 1 */
};

struct tomte_wasm_memory_type
tomte_wasm_memory_type(const struct tomte_wasm_module *module);

/* ---- slot code ----
 *
 * The same functions in another form, which runs two to three times as fast as
 * the bytes in place. What a program does, its traps, fuel and snapshots are
 * the same; a snapshot of the one form can be restored into the other. */

struct tomte_wasm_code;

/* Make it, from the arena, whose end lends scratch memory (that of loading, 4
 * KiB, and 12 bytes a block that may be nested). NO_MEMORY leaves the arena as
 * it was. A function above 64 KiB, 16383 slots or 256 operands at once, or with
 * branches over 64 KiB of slot code, stays as it is. */
TOMTE_MUST_CHECK enum tomte_err
tomte_wasm_translate(const struct tomte_wasm_module *module,
                     struct tomte_arena *arena,
                     const struct tomte_wasm_code **code);

/* How many functions have it, and its bytes. */
uint32_t tomte_wasm_translated(const struct tomte_wasm_code *code);
size_t tomte_wasm_code_bytes(const struct tomte_wasm_code *code);

/* ---- host functions ---- */

enum tomte_wasm_host_result {
    TOMTE_WASM_HOST_DONE,    /* results are written, go on */
    TOMTE_WASM_HOST_TRAP,    /* call->trap_text says why, trap */
    TOMTE_WASM_HOST_SUSPEND, /* no results yet: stop until tomte_wasm_resume */
};

/* One call of a host function; lives as long as the callback runs. */
struct tomte_wasm_call {
    struct tomte_wasm_instance *instance; /* the caller */
    void *user;                           /* of the instance's config */
    const struct tomte_wasm_host_func *func;
    const uint32_t *args;  /* slots, by the function's type */
    uint32_t *results;     /* to be written when DONE; apart from args */
    const char *trap_text; /* to be set when TRAP: static text */
    uint32_t fuel;         /* to be set: charged on top, for work by length */
};

/* A callback may read and write the instance's memory and ask about it; it
 * must not start, run, reset or restore an instance of the same store. */
typedef enum tomte_wasm_host_result (*tomte_wasm_host_fn)(
    struct tomte_wasm_call *call);

/* One function that a host offers; the table may be constant, in flash, and
 * must outlive the instances. */
struct tomte_wasm_host_func {
    const char *module;
    const char *name;
    /* "iI:i": parameters, ':', results, in letters "iIfFre" for i32 i64 f32
     * f64 funcref externref. */
    const char *type;
    tomte_wasm_host_fn fn;
    uint32_t tag; /* the host's own: tells functions that share `fn` apart */
};

/* ---- stores and instances ----
 *
 * An instance alone needs no store. Instances that import from each other are
 * made in one store, and live until the whole store is dropped. Such linked
 * instances run, but none of them can be made a snapshot of: see below. */

/* A store for up to `instances` (at most 4095), from `arena`; NULL: no room. */
struct tomte_wasm_store *tomte_wasm_store_new(struct tomte_arena *arena,
                                              uint32_t instances);

/* An instance and the module name under which others import its exports. */
struct tomte_wasm_namespace {
    struct tomte_span name;
    struct tomte_wasm_instance *instance; /* of the same store */
};

struct tomte_wasm_config {
    uint32_t stack_bytes;   /* values and frames, in one block; 16 a frame */
    uint32_t call_depth;    /* nested calls at most */
    uint32_t memory_bytes;  /* linear memory at most */
    uint32_t table_entries; /* of each table at most */

    /* When not empty, linear memory lies here (8-byte aligned, any content,
     * borrowed as long as the instance lives), else in the arena; either way,
     * room for memory_bytes or the declared maximum is set aside at once. */
    struct tomte_buf memory;
    void *user; /* handed to host functions */

    /* Imports are looked for among host functions first, then among the
     * exports of other instances, in order. */
    const struct tomte_wasm_host_func *host;
    size_t host_count;
    const struct tomte_wasm_namespace *namespaces;
    size_t namespace_count;
    struct tomte_wasm_store *store;     /* NULL: alone, no namespaces */
    const struct tomte_wasm_code *code; /* of this module, borrowed; or NULL */
};

/* Make an instance: resolve imports, set up memory, tables and globals, and
 * copy the active segments (section 4.5.4). All it will ever need is taken from
 * `arena`, which then must outlive it. `error` may be NULL.
 *
 * A module with a start function comes out READY to run it: tomte_wasm_run
 * until it is DONE, before anything else is started.
 *
 *   NOT_FOUND   an import that nobody offers   } error->offset is that
 *   TYPE        an import of another type      } of the import
 *   NO_MEMORY   the arena is too small, or a minimum is above the config
 *   FULL        the store is full
 *   TRAP        a segment does not fit; `*instance` is set, its trap says why.
 *               In a store it stays there: others may hold its functions. */
TOMTE_MUST_CHECK enum tomte_err tomte_wasm_instantiate(
    const struct tomte_wasm_module *module,
    const struct tomte_wasm_config *config, struct tomte_arena *arena,
    struct tomte_wasm_instance **instance, struct tomte_wasm_error *error);

/* How many bytes of arena tomte_wasm_instantiate takes at most. */
uint64_t tomte_wasm_instance_bytes(const struct tomte_wasm_module *module,
                                   const struct tomte_wasm_config *config);
const struct tomte_wasm_module *
tomte_wasm_module_of(const struct tomte_wasm_instance *instance);
void *tomte_wasm_user_of(const struct tomte_wasm_instance *instance);

/* Back to what instantiate gave: memory, tables, globals, segments and the
 * start function. UNSUPPORTED when linked, STATE inside a host
 * function; TRAP as above. Costs about the memory's size. */
TOMTE_MUST_CHECK enum tomte_err
tomte_wasm_reset(struct tomte_wasm_instance *instance);

/* ---- running ---- */

enum tomte_wasm_status {
    TOMTE_WASM_IDLE,      /* nothing was started */
    TOMTE_WASM_READY,     /* started, or the slice is out: run goes on */
    TOMTE_WASM_SUSPENDED, /* in a host call: resume, then run */
    TOMTE_WASM_DONE,      /* returned: results are there until the next start */
    TOMTE_WASM_TRAPPED,   /* tomte_wasm_trap says why; memory is as it was */
};

/* Why a call ended early. Texts are those of the specification's tests.
 *   T(name, text) */
#define TOMTE_WASM_TRAP_TABLE(T)                                               \
    T(NONE, "no trap")                                                         \
    T(UNREACHABLE, "unreachable")                                              \
    T(DIVIDE_BY_ZERO, "integer divide by zero")                                \
    T(OVERFLOW, "integer overflow")                                            \
    T(CONVERSION, "invalid conversion to integer")                             \
    T(MEMORY, "out of bounds memory access")                                   \
    T(TABLE, "out of bounds table access")                                     \
    T(UNDEFINED, "undefined element")                                          \
    T(UNINITIALIZED, "uninitialized element")                                  \
    T(INDIRECT_TYPE, "indirect call type mismatch")                            \
    T(STACK, "call stack exhausted")                                           \
    T(FUEL, "all fuel used")                                                   \
    T(HOST, "the host refused")

enum tomte_wasm_trap_reason {
#define T(name, text) TOMTE_WASM_TRAP_##name,
    TOMTE_WASM_TRAP_TABLE(T)
#undef T
        TOMTE_WASM_TRAP_COUNT
};

struct tomte_wasm_trap {
    enum tomte_wasm_trap_reason reason;
    const char *text;                           /* static, or the host's own */
    const struct tomte_wasm_instance *instance; /* where, if several linked */
    uint32_t func;   /* the function it happened in; UINT32_MAX: in none */
    uint32_t offset; /* of the instruction, in the module's bytes */
};

const char *tomte_wasm_trap_text(enum tomte_wasm_trap_reason reason);
/* Fuel. Entering a function costs one, one for every instruction of it that is
 * in no loop, and one per 8 slots of its parameters and locals. Beginning a
 * loop, or beginning it again, costs one and one for every instruction in it
 * that is not in an inner loop. (block, end, else and nop cost nothing.) On top
 * of that, what works on many bytes of memory or entries of a table costs one
 * per 16 bytes (an entry is 4), and table.init one per item passed over or
 * copied. So what a call costs depends on the module and its inputs alone.
 *
 * The budget is what a call may use in all; where it runs out, the call traps
 * with FUEL. A slice is what one tomte_wasm_run may use; where it runs out,
 * that returns READY. A slice may be overrun by one charge, so that each gets
 * on; how a call is sliced changes nothing it does. */

/* Start a call of function `func`: args are its parameters, in slots. What a
 * call before it left (results, a trap) is dropped.
 *
 *   STATE      a call is under way (READY or SUSPENDED)
 *   NOT_FOUND  no such function
 *   TYPE       arg_slots is not what its parameters take, or `args` holds a
 *              funcref that is none
 *   NO_MEMORY  the stack cannot hold the arguments
 *
 * Where it holds those but no frame, the call begins TRAPPED. */
TOMTE_MUST_CHECK enum tomte_err
tomte_wasm_start(struct tomte_wasm_instance *instance, uint32_t func,
                 const uint32_t *args, uint32_t arg_slots, uint64_t budget);

/* The budget of what instantiate, reset or restore made READY; the start
 * function has no bound until it is given. */
void tomte_wasm_set_budget(struct tomte_wasm_instance *instance,
                           uint64_t budget);

/* Go on for `slice` units of fuel. In a state other than READY it does nothing.
 * Returns the state reached. */
enum tomte_wasm_status tomte_wasm_run(struct tomte_wasm_instance *instance,
                                      uint32_t slice);

enum tomte_wasm_status
tomte_wasm_status(const struct tomte_wasm_instance *instance);
/* When DONE: the results. Else 0 slots. */
const uint32_t *tomte_wasm_results(const struct tomte_wasm_instance *instance,
                                   uint32_t *slots);

/* When TRAPPED: why and where; else reason NONE. */
const struct tomte_wasm_trap *
tomte_wasm_trap(const struct tomte_wasm_instance *instance);

/* Fuel used by the current or last call. */
uint64_t tomte_wasm_fuel_used(const struct tomte_wasm_instance *instance);
/* Give a call up, READY or SUSPENDED: the instance is IDLE, its memory as the
 * call left it. */
void tomte_wasm_abandon(struct tomte_wasm_instance *instance);

/* The function and the offset in the module at `depth` calls up from the
 * innermost (0); false above the outermost. In every state but IDLE and DONE.*/
bool tomte_wasm_backtrace(const struct tomte_wasm_instance *instance,
                          uint32_t depth, uint32_t *func, uint32_t *offset);

/* ---- the pending host call, when SUSPENDED ---- */

struct tomte_wasm_pending {
    const struct tomte_wasm_host_func *func;
    const uint32_t *args;
    uint32_t arg_slots;
    uint32_t result_slots;
};

/* False when not SUSPENDED. A restored instance has it as well, with the
 * arguments, so that the host can take the wait up again. */
bool tomte_wasm_pending(const struct tomte_wasm_instance *instance,
                        struct tomte_wasm_pending *out);

/* Answer it; the instance is READY, or DONE when the host function itself was
 * what was started. STATE when not SUSPENDED, TYPE when the number of slots is
 * not the function's or a funcref among them is none. */
TOMTE_MUST_CHECK enum tomte_err
tomte_wasm_resume(struct tomte_wasm_instance *instance, const uint32_t *results,
                  uint32_t result_slots);

/* Fail it: the instance is TRAPPED with reason HOST and this static text. */
TOMTE_MUST_CHECK enum tomte_err
tomte_wasm_resume_trap(struct tomte_wasm_instance *instance, const char *text);

/* ---- memory and globals ---- */

/* Bytes [at, at + len) of linear memory, or NULL when not all inside; for len
 * 0 a pointer that is not NULL when `at` is inside or at its end. Good until
 * the instance is next run, reset or restored. */
uint8_t *tomte_wasm_memory_at(struct tomte_wasm_instance *instance, uint32_t at,
                              uint32_t len);

/* The whole of it; an empty buf when there is none. */
struct tomte_buf tomte_wasm_memory(struct tomte_wasm_instance *instance);

/* A global's value, in slots, and its type; NOT_FOUND past the last. */
TOMTE_MUST_CHECK enum tomte_err
tomte_wasm_global_get(const struct tomte_wasm_instance *instance,
                      uint32_t global, enum tomte_wasm_valtype *type,
                      uint32_t value[2]);

/* Number of entries of a table, and one of them; NOT_FOUND outside. */
TOMTE_MUST_CHECK enum tomte_err
tomte_wasm_table_size(const struct tomte_wasm_instance *instance,
                      uint32_t table, uint32_t *entries);
TOMTE_MUST_CHECK enum tomte_err
tomte_wasm_table_get(const struct tomte_wasm_instance *instance, uint32_t table,
                     uint32_t entry, uint32_t *ref);

/* ---- snapshots ----
 *
 * docs/spec/snapshot.md has the format. A snapshot holds memory, mutable
 * globals, tables, dropped segments and the call under way with its fuel: all
 * that the future of the instance depends on but the module, the config and
 * what the host keeps. `module_id` tells which module it belongs to (a digest
 * of its bytes, at most 64 of them); the caller has computed it.
 *
 * Taken when IDLE, READY, SUSPENDED or DONE (results are not kept: the restored
 * instance is IDLE). STATE when TRAPPED or inside a host function; UNSUPPORTED
 * when linked: it imports from another instance, another imports from it, or
 * it is not the first of its store. */
TOMTE_MUST_CHECK enum tomte_err
tomte_wasm_snapshot_size(const struct tomte_wasm_instance *instance,
                         struct tomte_span module_id, size_t *size);

/* NO_SPACE when `out` is smaller than its size. */
TOMTE_MUST_CHECK enum tomte_err
tomte_wasm_snapshot_encode(const struct tomte_wasm_instance *instance,
                           struct tomte_span module_id, struct tomte_buf out,
                           struct tomte_span *snapshot);

/* Put an instance of the same module into the state of a snapshot. Everything
 * is checked before anything is changed: on failure the instance is as it was.
 * After it, no input can make the instance do what its module could not.
 * `scratch` lends memory for the checks (as much as tomte_wasm_load needs for
 * its scratch) and is as it was afterwards. `error` may be NULL.
 *
 *   CORRUPT     the checksum does not match
 *   VERSION     a format not known here
 *   DENIED      another module's (module_id differs)
 *   MALFORMED   ends early or late, or fields contradict each other
 *   INVALID     a state that the module cannot be in
 *   NO_MEMORY   more memory, table entries or stack than the instance has
 *   UNSUPPORTED, STATE as above */
TOMTE_MUST_CHECK enum tomte_err
tomte_wasm_restore(struct tomte_wasm_instance *instance,
                   struct tomte_span module_id, struct tomte_span snapshot,
                   struct tomte_arena *scratch, struct tomte_wasm_error *error);
