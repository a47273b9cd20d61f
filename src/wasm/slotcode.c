/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/slotcode.h"

#include "base/assert.h"
#include "wasm/insn.h"

static bool can_trap(uint8_t op);
static bool slot_can_trap(uint32_t op);
static bool ends_block(uint8_t op);

static const uint8_t lengths[WASM_SLOT_OPS] = {
#define OP(name, units) [WASM_SLOT_##name] = (units),
    WASM_SLOT_TABLE(OP)
#undef OP
#define LENGTH3(name, ...)     [WASM_SLOT_##name] = 3,
#define LENGTH4(name, ...)     [WASM_SLOT_##name] = 4,
#define LENGTH_K4(name, ...)   [WASM_SLOT_##name##_K] = 4,
#define LENGTH_A3(name, ...)   [WASM_SLOT_##name##_A] = 3,
#define LENGTH_I4(name, ...)   [WASM_SLOT_##name##_I] = 4,
#define LENGTH_C5(name, ...)   [WASM_SLOT_##name##_C] = 5,
#define LENGTH_BRC5(name, ...) [WASM_SLOT_BR_##name##_C] = 5,
#define LENGTH_BR4(name, ...)  [WASM_SLOT_BR_##name] = 4,
#define LENGTH_BRK4(name, ...) [WASM_SLOT_BR_##name##_K] = 4,
#define LIST(list, units)      list(LENGTH##units)
#define LIST_K(list, units)    list(LENGTH_K##units)
#define LIST_A(list, units)    list(LENGTH_A##units)
#define LIST_C(list, units)    list(LENGTH_C##units)
#define LIST_BR_C(list, units) list(LENGTH_BRC##units)
#define LIST_I(list, units)    list(LENGTH_I##units)
#define LIST_BR(list, units)   list(LENGTH_BR##units)
#define LIST_BR_K(list, units) list(LENGTH_BRK##units)
        WASM_SLOT_LISTS(LIST, LIST_K, LIST_C, LIST_A, LIST_I, LIST_BR,
                        LIST_BR_K, LIST_BR_C)};

#define CLASSES                                                                \
    WASM_UNARY32(UNARY)                                                        \
    WASM_TEST32(UNARY)                                                         \
    WASM_UNARY64(UNARY)                                                        \
    WASM_TEST64(UNARY)                                                         \
    WASM_WIDEN(UNARY)                                                          \
    WASM_BINARY32(BINARY32)                                                    \
    WASM_COMPARE32(COMPARE32)                                                  \
    WASM_BINARY64(BINARY64)                                                    \
    WASM_COMPARE64(BINARY)                                                     \
    WASM_FLOAT32(FLOAT)                                                        \
    WASM_COMPARE_F32(BINARY)                                                   \
    WASM_FLOAT64(BINARY)                                                       \
    WASM_COMPARE_F64(BINARY)                                                   \
    WASM_LOAD32(LOAD32)                                                        \
    WASM_LOAD64(LOAD64)                                                        \
    WASM_STORE32(STORE32)                                                      \
    WASM_STORE64(STORE64)

const uint8_t wasm_op_class[256] = {
#define UNARY(name, ...)     [WASM_OP_##name] = WASM_CLASS_UNARY,
#define BINARY32(name, ...)  [WASM_OP_##name] = WASM_CLASS_BINARY32,
#define COMPARE32(name, ...) [WASM_OP_##name] = WASM_CLASS_COMPARE32,
#define FLOAT(name, ...)     [WASM_OP_##name] = WASM_CLASS_FLOAT32,
#define BINARY64(name, ...)  [WASM_OP_##name] = WASM_CLASS_BINARY64,
#define BINARY(name, ...)    [WASM_OP_##name] = WASM_CLASS_BINARY,
#define LOAD32(name, ...)    [WASM_OP_##name] = WASM_CLASS_LOAD32,
#define LOAD64(name, ...)    [WASM_OP_##name] = WASM_CLASS_LOAD64,
#define STORE32(name, ...)   [WASM_OP_##name] = WASM_CLASS_STORE32,
#define STORE64(name, ...)   [WASM_OP_##name] = WASM_CLASS_STORE64,
#define SAME(name, ...)      [WASM_OP_##name] = WASM_CLASS_SAME,
#define DIVIDE(name, ...)    [WASM_OP_##name] = WASM_CLASS_DIVIDE,
#define ALIAS(name, other)   [WASM_OP_##name] = WASM_CLASS_OF_##other,
#define NUMERIC(name)        [WASM_OP_##name] = WASM_CLASS_NUMERIC,
#define BULK(name)           [WASM_OP_##name] = WASM_CLASS_BULK,
    CLASSES WASM_DIVIDE32(DIVIDE) WASM_ALIAS(ALIAS) WASM_NARROW(SAME)
        WASM_REINTERPRET(SAME) WASM_NUMERIC(NUMERIC) WASM_BULK(BULK)};
#undef UNARY
#undef BINARY32
#undef COMPARE32
#undef FLOAT
#undef BINARY64
#undef BINARY
#undef LOAD32
#undef LOAD64
#undef STORE32
#undef STORE64

const uint8_t wasm_op_slot[256] = {
#define SLOT(name, ...)         [WASM_OP_##name] = WASM_SLOT_##name,
#define UNARY                   SLOT
#define BINARY32                SLOT
#define COMPARE32               SLOT
#define FLOAT                   SLOT
#define BINARY64                SLOT
#define BINARY                  SLOT
#define LOAD32                  SLOT
#define LOAD64                  SLOT
#define STORE32                 SLOT
#define STORE64                 SLOT
#define ALIAS_SLOT(name, other) [WASM_OP_##name] = WASM_SLOT_##other,
    CLASSES WASM_DIVIDE32(SLOT) WASM_ALIAS(ALIAS_SLOT)};

_Static_assert(WASM_SLOT_OPS <= 256, "an instruction's number fits a byte");

uint32_t wasm_slot_units(const uint16_t *at)
{
    uint32_t op = at[0] / 4;
    TOMTE_ASSERT(op < WASM_SLOT_OPS);
    return lengths[op] + (op == WASM_SLOT_BR_TABLE ? at[2] + 1u : 0);
}

uint32_t wasm_slot_find(const struct tomte_wasm_code *code, uint32_t func,
                        uint32_t pc)
{
    uint32_t header = code->entries[func];
    uint32_t place = pc - code->m->funcs[func].code;
    if (header == 0)
        return 0;
    const uint16_t *at = code->units + header + WASM_SLOT_HEADER;
    if (place == 0)
        return header + WASM_SLOT_HEADER;
    while (at[0] != WASM_SLOT_END) {
        uint32_t op = at[0] / 4;
        at += wasm_slot_units(at);
        if ((op == WASM_SLOT_LOOP || op == WASM_SLOT_CALL ||
             op == WASM_SLOT_CALL_INDIRECT) &&
            at[-1] == place)
            return (uint32_t)(at - code->units);
    }
    return 0;
}

/* Translation keeps what can trap, in its order, and drops what cannot be
 * reached: the n-th here is the n-th there. */
uint32_t wasm_slot_origin(const struct tomte_wasm_code *code, uint32_t func,
                          uint32_t at)
{
    const struct wasm_func *f = &code->m->funcs[func];
    const uint16_t *u = code->units + code->entries[func] + WASM_SLOT_HEADER;
    uint32_t before = 0, depth = 0;
    bool dead = false;
    for (; u < code->units + at; u += wasm_slot_units(u))
        before += slot_can_trap(u[0] / 4);
    struct wasm_reader r =
        wasm_reader_over(code->m->bytes, f->code, f->end + 1u);
    for (;;) {
        uint32_t offset = wasm_offset(&r);
        struct wasm_insn in;
        wasm_read_insn(&r, &in);
        TOMTE_ASSERT(r.err == TOMTE_OK);
        if (in.op == WASM_OP_BR_TABLE)
            for (uint32_t i = 0; i <= in.a; i++)
                wasm_read_u32(&r);
        if (!dead) {
            if (can_trap(in.op) && before-- == 0)
                return offset;
            dead = ends_block(in.op);
            depth = 0;
        } else if (wasm_info_imm(in.info) == WASM_IMM_BLOCK) {
            depth++;
        } else if (in.op == WASM_OP_END && depth > 0) {
            depth--;
        } else if ((in.op == WASM_OP_END || in.op == WASM_OP_ELSE) &&
                   depth == 0) {
            dead = false;
        }
    }
}

static bool can_trap(uint8_t op)
{
    switch (wasm_op_class[op]) {
    case WASM_CLASS_LOAD32:
    case WASM_CLASS_LOAD64:
    case WASM_CLASS_STORE32:
    case WASM_CLASS_STORE64:
    case WASM_CLASS_DIVIDE:
    case WASM_CLASS_NUMERIC:
    case WASM_CLASS_BULK:
        return true;
    default:
        return op == WASM_OP_UNREACHABLE || op == WASM_OP_LOOP ||
               (op >= WASM_OP_CALL && op <= WASM_OP_RETURN_CALL_INDIRECT);
    }
}

static bool slot_can_trap(uint32_t op)
{
    switch (op) {
    case WASM_SLOT_UNREACHABLE:
    case WASM_SLOT_LOOP:
    case WASM_SLOT_CALL:
    case WASM_SLOT_CALL_INDIRECT:
    case WASM_SLOT_RETURN_CALL:
    case WASM_SLOT_RETURN_CALL_INDIRECT:
    case WASM_SLOT_NUMERIC:
    case WASM_SLOT_BULK:
        return true;
    default:
        return op >= WASM_SLOT_I32_DIV_S;
    }
}

static bool ends_block(uint8_t op)
{
    return op == WASM_OP_UNREACHABLE || op == WASM_OP_BR ||
           op == WASM_OP_BR_TABLE || op == WASM_OP_RETURN ||
           op == WASM_OP_RETURN_CALL || op == WASM_OP_RETURN_CALL_INDIRECT;
}
