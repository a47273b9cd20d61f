/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/slotcode.h: the second form of a function, which is executed faster.
 *
 * Slot code is code for a machine whose registers are the slots of the frame:
 * locals and operands where the interpreter has them too. What only brings
 * values to where others want them is gone; constants, comparisons and branches
 * are part of the instruction that uses them. docs/design/0003 has the reasons.
 *
 * Code is a string of 16-bit units without any address of memory. Each
 * instruction begins with its number times four. Then come, in this order:
 *
 *   a result      the slot it goes to, times four, from the frame's base
 *   or a branch   how many units from the instruction's first to the target
 *                 (in a table: from the unit before the entry)
 *   operands      slots times four, or constants of 16 bits with a sign (_K) or
 *                 of 32 bits, the low half first (_C)
 *   an offset     of memory; with _A it is the whole address, with _I a
 *                 constant that is added to the address without a carry
 *
 * A function is a header, its instructions, and a unit that ends them.
 *
 * Safepoints are where the function begins, behind a LOOP and behind a CALL. At
 * each, all values are in the slots in which the interpreter has them, and the
 * unit before it is the place in the module's bytes, counted from where the
 * function's instructions begin there. So a frame means the same in either
 * form, and can be changed from the one into the other. */
#pragma once

#include "wasm/module.h"
#include "wasm/operations.h"

/* Units of a function's header. */
enum wasm_slot_header {
    WASM_SLOT_ARGS,   /* slots of the parameters, */
    WASM_SLOT_LOCALS, /* of those and the locals, */
    WASM_SLOT_FRAME,  /* of those and the most operands */
    WASM_SLOT_COST,   /* of entering it: low half, then high */
    WASM_SLOT_COST_HIGH,
    WASM_SLOT_BEGIN, /* 0: where its instructions begin is a safepoint */
    WASM_SLOT_HEADER
};

/* What is not one of operations.h:
 *
 *   OP(name, units)
 *
 * UNREACHABLE; MOVE, MOVE64 dst a; CONST dst low high; CONST_K dst value;
 * CONST64 dst four units; ADDR dst a low high: a plus an offset that does not
 * fit a unit, a trap where that is above 2^32; GET, GET64 dst global; SET,
 * SET64 global a; SELECT, SELECT64 dst a b condition; REF_FUNC dst function;
 * BR target; BR_NZ, BR_Z target a; BR_TABLE a count, count + 1 targets;
 * LOOP cost slots place; CALL function args place; CALL_INDIRECT type table
 * args index place; RETURN_CALL and RETURN_CALL_INDIRECT as those, but no
 * safepoint is behind them; RETURN; RETURN1, RETURN2 a: slots of the result;
 * RETURN_N from slots; NUMERIC op top; BULK op a b top: operands end there.
 * `slots`, `args` and `top` are slots times four as well. */
#define WASM_SLOT_TABLE(OP)                                                    \
    OP(UNREACHABLE, 1)                                                         \
    OP(MOVE, 3)                                                                \
    OP(MOVE64, 3)                                                              \
    OP(CONST, 4)                                                               \
    OP(CONST_K, 3)                                                             \
    OP(CONST64, 6)                                                             \
    OP(ADDR, 5)                                                                \
    OP(GET, 3)                                                                 \
    OP(GET64, 3)                                                               \
    OP(SET, 3)                                                                 \
    OP(SET64, 3)                                                               \
    OP(SELECT, 5)                                                              \
    OP(SELECT64, 5)                                                            \
    OP(REF_FUNC, 3)                                                            \
    OP(BR, 2)                                                                  \
    OP(BR_NZ, 3)                                                               \
    OP(BR_Z, 3)                                                                \
    OP(BR_TABLE, 3)                                                            \
    OP(LOOP, 4)                                                                \
    OP(CALL, 4)                                                                \
    OP(CALL_INDIRECT, 6)                                                       \
    OP(RETURN_CALL, 4)                                                         \
    OP(RETURN_CALL_INDIRECT, 6)                                                \
    OP(RETURN, 1)                                                              \
    OP(RETURN1, 2)                                                             \
    OP(RETURN2, 2)                                                             \
    OP(RETURN_N, 3)                                                            \
    OP(NUMERIC, 3)                                                             \
    OP(BULK, 5)

/* The others: one for each of a list, of so many units; what can trap last,
 * which is counted on. */
#define WASM_SLOT_LISTS(LIST, LIST_K, LIST_C, LIST_A, LIST_I, LIST_BR,         \
                        LIST_BR_K, LIST_BR_C)                                  \
    LIST(WASM_UNARY32, 3)                                                      \
    LIST(WASM_BINARY32, 4)                                                     \
    LIST_K(WASM_BINARY32, 4)                                                   \
    LIST_C(WASM_MASK32, 5)                                                     \
    LIST(WASM_TEST32, 3)                                                       \
    LIST(WASM_COMPARE32, 4)                                                    \
    LIST_K(WASM_COMPARE32, 4)                                                  \
    LIST_BR(WASM_COMPARE32, 4)                                                 \
    LIST_BR_K(WASM_COMPARE32, 4)                                               \
    LIST_BR_C(WASM_COMPARE32, 5)                                               \
    LIST(WASM_UNARY64, 3)                                                      \
    LIST(WASM_BINARY64, 4)                                                     \
    LIST_K(WASM_BINARY64, 4)                                                   \
    LIST(WASM_TEST64, 3)                                                       \
    LIST(WASM_COMPARE64, 4)                                                    \
    LIST(WASM_WIDEN, 3)                                                        \
    LIST(WASM_FLOAT32, 4)                                                      \
    LIST_C(WASM_FLOAT32, 5)                                                    \
    LIST(WASM_COMPARE_F32, 4)                                                  \
    LIST(WASM_FLOAT64, 4)                                                      \
    LIST(WASM_COMPARE_F64, 4)                                                  \
    LIST(WASM_DIVIDE32, 4)                                                     \
    LIST(WASM_LOAD32, 4)                                                       \
    LIST_I(WASM_LOAD32, 4)                                                     \
    LIST_A(WASM_LOAD32, 3)                                                     \
    LIST(WASM_LOAD64, 4)                                                       \
    LIST_I(WASM_LOAD64, 4)                                                     \
    LIST_A(WASM_LOAD64, 3)                                                     \
    LIST(WASM_STORE32, 4)                                                      \
    LIST_I(WASM_STORE32, 4)                                                    \
    LIST_A(WASM_STORE32, 3)                                                    \
    LIST(WASM_STORE64, 4)                                                      \
    LIST_I(WASM_STORE64, 4)                                                    \
    LIST_A(WASM_STORE64, 3)

enum wasm_slot_op {
#define OP(name, units) WASM_SLOT_##name,
    WASM_SLOT_TABLE(OP)
#undef OP
#define NAME(name, ...)        WASM_SLOT_##name,
#define NAME_K(name, ...)      WASM_SLOT_##name##_K,
#define NAME_A(name, ...)      WASM_SLOT_##name##_A,
#define NAME_C(name, ...)      WASM_SLOT_##name##_C,
#define NAME_BR_C(name, ...)   WASM_SLOT_BR_##name##_C,
#define NAME_I(name, ...)      WASM_SLOT_##name##_I,
#define NAME_BR(name, ...)     WASM_SLOT_BR_##name,
#define NAME_BR_K(name, ...)   WASM_SLOT_BR_##name##_K,
#define LIST(list, units)      list(NAME)
#define LIST_K(list, units)    list(NAME_K)
#define LIST_A(list, units)    list(NAME_A)
#define LIST_C(list, units)    list(NAME_C)
#define LIST_BR_C(list, units) list(NAME_BR_C)
#define LIST_I(list, units)    list(NAME_I)
#define LIST_BR(list, units)   list(NAME_BR)
#define LIST_BR_K(list, units) list(NAME_BR_K)
        WASM_SLOT_LISTS(LIST, LIST_K, LIST_C, LIST_A, LIST_I, LIST_BR,
                        LIST_BR_K, LIST_BR_C)
#undef NAME
#undef NAME_K
#undef NAME_A
#undef NAME_I
#undef NAME_C
#undef NAME_BR_C
#undef NAME_BR
#undef NAME_BR_K
#undef LIST
#undef LIST_K
#undef LIST_A
#undef LIST_I
#undef LIST_C
#undef LIST_BR_C
#undef LIST_BR
#undef LIST_BR_K
            WASM_SLOT_OPS
};

/* The unit behind a function's last instruction. */
#define WASM_SLOT_END 0xffffu

/* With more slots a function has no slot code. */
#define WASM_SLOT_SLOTS_MAX 0x3fffu

struct tomte_wasm_instance;

/* The functions are here so that a program that never translates is linked
 * without the loop and what belongs to it. */
struct tomte_wasm_code {
    bool (*exec)(struct tomte_wasm_instance *inst); /* wasm_exec_slots */
    uint32_t (*find)(const struct tomte_wasm_code *code, uint32_t func,
                     uint32_t pc); /* wasm_slot_find */
    const struct tomte_wasm_module *m;
    const uint16_t *units;
    const uint32_t *entries; /* of each function: its header's unit, or 0 */
    uint32_t unit_count;
    uint32_t translated; /* functions that have slot code */
};

/* How many units the instruction at `at` has. */
uint32_t wasm_slot_units(const uint16_t *at);

/* The safepoint of function `func` whose place in the module is `pc`: its unit;
 * 0 when it has no slot code or none is there. */
uint32_t wasm_slot_find(const struct tomte_wasm_code *code, uint32_t func,
                        uint32_t pc);

/* The place in the module of the instruction of `func` that was translated to
 * the one that begins at unit `at`, which can trap. */
uint32_t wasm_slot_origin(const struct tomte_wasm_code *code, uint32_t func,
                          uint32_t at);

/* ---- how an instruction of the module is treated ---- */

enum wasm_class {
    WASM_CLASS_OTHER,
    WASM_CLASS_UNARY,
    WASM_CLASS_BINARY32,
    WASM_CLASS_COMPARE32,
    WASM_CLASS_BINARY64,
    WASM_CLASS_FLOAT32,
    WASM_CLASS_BINARY, /* no form with a constant */
    WASM_CLASS_SAME,   /* the slot, or its first half, is the result */
    WASM_CLASS_LOAD32,
    WASM_CLASS_LOAD64,
    WASM_CLASS_STORE32,
    WASM_CLASS_STORE64,
    WASM_CLASS_DIVIDE,
    WASM_CLASS_NUMERIC,
    WASM_CLASS_BULK,
};

/* Of those that are the same as another (WASM_ALIAS). */
#define WASM_CLASS_OF_I32_EQZ   WASM_CLASS_UNARY
#define WASM_CLASS_OF_I32_LOAD  WASM_CLASS_LOAD32
#define WASM_CLASS_OF_I64_LOAD  WASM_CLASS_LOAD64
#define WASM_CLASS_OF_I32_STORE WASM_CLASS_STORE32
#define WASM_CLASS_OF_I64_STORE WASM_CLASS_STORE64

/* Of each opcode: its class, and its instruction where it has one. */
extern const uint8_t wasm_op_class[256];
extern const uint8_t wasm_op_slot[256];

/* From the forms with slots only to the others. */
#define WASM_SLOT_K32     (WASM_SLOT_I32_ADD_K - WASM_SLOT_I32_ADD)
#define WASM_SLOT_K64     (WASM_SLOT_I64_ADD_K - WASM_SLOT_I64_ADD)
#define WASM_SLOT_K_COMP  (WASM_SLOT_I32_EQ_K - WASM_SLOT_I32_EQ)
#define WASM_SLOT_BR_COMP (WASM_SLOT_BR_I32_EQ - WASM_SLOT_I32_EQ)
#define WASM_SLOT_BR_C    (WASM_SLOT_BR_I32_EQ_C - WASM_SLOT_I32_EQ)
#define WASM_SLOT_C32     (WASM_SLOT_I32_ADD_C - WASM_SLOT_I32_ADD)
#define WASM_SLOT_C_FLOAT (WASM_SLOT_F32_ADD_C - WASM_SLOT_F32_ADD)
