/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/opcodes.h: the one table of instructions.
 *
 * What the decoder, the validator, the interpreter and traces know about an
 * opcode in common is said here and nowhere else:
 *
 *   OP(code, NAME, text, immediate, types)
 *
 * Codes are those of section 5.4; one behind the prefix 0xfc is moved up to
 * WASM_PREFIXED + code, where no single byte is in use. `immediate` says what
 * follows the opcode (below). `types` is SIG(first operand, second, result) in
 * the letters o (none), i, I, f, F for i32, i64, f32, f64, or CHECKED: the
 * validator has code of its own for it. */
#pragma once

#define WASM_PREFIX   0xfc
#define WASM_PREFIXED 0xe0

/* What follows an opcode. MEM1 to MEM8 are alignment and offset of an access
 * that is 1 to 8 bytes wide. */
enum wasm_imm {
    WASM_IMM_ILLEGAL, /* no such opcode */
    WASM_IMM_NONE,
    WASM_IMM_BLOCK,
    WASM_IMM_LABEL,
    WASM_IMM_LABELS,
    WASM_IMM_FUNC,
    WASM_IMM_TYPE_TABLE,
    WASM_IMM_VALTYPES,
    WASM_IMM_REFTYPE,
    WASM_IMM_LOCAL,
    WASM_IMM_GLOBAL,
    WASM_IMM_TABLE,
    WASM_IMM_TABLE_TABLE,
    WASM_IMM_ELEM,
    WASM_IMM_ELEM_TABLE,
    WASM_IMM_DATA,
    WASM_IMM_DATA_MEMORY,
    WASM_IMM_MEMORY,
    WASM_IMM_MEMORY_MEMORY,
    WASM_IMM_MEM1,
    WASM_IMM_MEM2,
    WASM_IMM_MEM4,
    WASM_IMM_MEM8,
    WASM_IMM_I32,
    WASM_IMM_I64,
    WASM_IMM_F32,
    WASM_IMM_F64,
};

/* clang-format off */
#define WASM_OP_TABLE(OP)                                                      \
    OP(0x00, UNREACHABLE, "unreachable", NONE, CHECKED)                        \
    OP(0x01, NOP, "nop", NONE, SIG(o, o, o))                                   \
    OP(0x02, BLOCK, "block", BLOCK, CHECKED)                                   \
    OP(0x03, LOOP, "loop", BLOCK, CHECKED)                                     \
    OP(0x04, IF, "if", BLOCK, CHECKED)                                         \
    OP(0x05, ELSE, "else", NONE, CHECKED)                                      \
    OP(0x0b, END, "end", NONE, CHECKED)                                        \
    OP(0x0c, BR, "br", LABEL, CHECKED)                                         \
    OP(0x0d, BR_IF, "br_if", LABEL, CHECKED)                                   \
    OP(0x0e, BR_TABLE, "br_table", LABELS, CHECKED)                            \
    OP(0x0f, RETURN, "return", NONE, CHECKED)                                  \
    OP(0x10, CALL, "call", FUNC, CHECKED)                                      \
    OP(0x11, CALL_INDIRECT, "call_indirect", TYPE_TABLE, CHECKED)              \
    OP(0x12, RETURN_CALL, "return_call", FUNC, CHECKED)                        \
    OP(0x13, RETURN_CALL_INDIRECT, "return_call_indirect", TYPE_TABLE, CHECKED)\
    OP(0x1a, DROP, "drop", NONE, CHECKED)                                      \
    OP(0x1b, SELECT, "select", NONE, CHECKED)                                  \
    OP(0x1c, SELECT_T, "select", VALTYPES, CHECKED)                            \
    OP(0x20, LOCAL_GET, "local.get", LOCAL, CHECKED)                           \
    OP(0x21, LOCAL_SET, "local.set", LOCAL, CHECKED)                           \
    OP(0x22, LOCAL_TEE, "local.tee", LOCAL, CHECKED)                           \
    OP(0x23, GLOBAL_GET, "global.get", GLOBAL, CHECKED)                        \
    OP(0x24, GLOBAL_SET, "global.set", GLOBAL, CHECKED)                        \
    OP(0x25, TABLE_GET, "table.get", TABLE, CHECKED)                           \
    OP(0x26, TABLE_SET, "table.set", TABLE, CHECKED)                           \
    OP(0x28, I32_LOAD, "i32.load", MEM4, SIG(i, o, i))                         \
    OP(0x29, I64_LOAD, "i64.load", MEM8, SIG(i, o, I))                         \
    OP(0x2a, F32_LOAD, "f32.load", MEM4, SIG(i, o, f))                         \
    OP(0x2b, F64_LOAD, "f64.load", MEM8, SIG(i, o, F))                         \
    OP(0x2c, I32_LOAD8_S, "i32.load8_s", MEM1, SIG(i, o, i))                   \
    OP(0x2d, I32_LOAD8_U, "i32.load8_u", MEM1, SIG(i, o, i))                   \
    OP(0x2e, I32_LOAD16_S, "i32.load16_s", MEM2, SIG(i, o, i))                 \
    OP(0x2f, I32_LOAD16_U, "i32.load16_u", MEM2, SIG(i, o, i))                 \
    OP(0x30, I64_LOAD8_S, "i64.load8_s", MEM1, SIG(i, o, I))                   \
    OP(0x31, I64_LOAD8_U, "i64.load8_u", MEM1, SIG(i, o, I))                   \
    OP(0x32, I64_LOAD16_S, "i64.load16_s", MEM2, SIG(i, o, I))                 \
    OP(0x33, I64_LOAD16_U, "i64.load16_u", MEM2, SIG(i, o, I))                 \
    OP(0x34, I64_LOAD32_S, "i64.load32_s", MEM4, SIG(i, o, I))                 \
    OP(0x35, I64_LOAD32_U, "i64.load32_u", MEM4, SIG(i, o, I))                 \
    OP(0x36, I32_STORE, "i32.store", MEM4, SIG(i, i, o))                       \
    OP(0x37, I64_STORE, "i64.store", MEM8, SIG(i, I, o))                       \
    OP(0x38, F32_STORE, "f32.store", MEM4, SIG(i, f, o))                       \
    OP(0x39, F64_STORE, "f64.store", MEM8, SIG(i, F, o))                       \
    OP(0x3a, I32_STORE8, "i32.store8", MEM1, SIG(i, i, o))                     \
    OP(0x3b, I32_STORE16, "i32.store16", MEM2, SIG(i, i, o))                   \
    OP(0x3c, I64_STORE8, "i64.store8", MEM1, SIG(i, I, o))                     \
    OP(0x3d, I64_STORE16, "i64.store16", MEM2, SIG(i, I, o))                   \
    OP(0x3e, I64_STORE32, "i64.store32", MEM4, SIG(i, I, o))                   \
    OP(0x3f, MEMORY_SIZE, "memory.size", MEMORY, SIG(o, o, i))                 \
    OP(0x40, MEMORY_GROW, "memory.grow", MEMORY, SIG(i, o, i))                 \
    OP(0x41, I32_CONST, "i32.const", I32, SIG(o, o, i))                        \
    OP(0x42, I64_CONST, "i64.const", I64, SIG(o, o, I))                        \
    OP(0x43, F32_CONST, "f32.const", F32, SIG(o, o, f))                        \
    OP(0x44, F64_CONST, "f64.const", F64, SIG(o, o, F))                        \
    OP(0x45, I32_EQZ, "i32.eqz", NONE, SIG(i, o, i))                           \
    OP(0x46, I32_EQ, "i32.eq", NONE, SIG(i, i, i))                             \
    OP(0x47, I32_NE, "i32.ne", NONE, SIG(i, i, i))                             \
    OP(0x48, I32_LT_S, "i32.lt_s", NONE, SIG(i, i, i))                         \
    OP(0x49, I32_LT_U, "i32.lt_u", NONE, SIG(i, i, i))                         \
    OP(0x4a, I32_GT_S, "i32.gt_s", NONE, SIG(i, i, i))                         \
    OP(0x4b, I32_GT_U, "i32.gt_u", NONE, SIG(i, i, i))                         \
    OP(0x4c, I32_LE_S, "i32.le_s", NONE, SIG(i, i, i))                         \
    OP(0x4d, I32_LE_U, "i32.le_u", NONE, SIG(i, i, i))                         \
    OP(0x4e, I32_GE_S, "i32.ge_s", NONE, SIG(i, i, i))                         \
    OP(0x4f, I32_GE_U, "i32.ge_u", NONE, SIG(i, i, i))                         \
    OP(0x50, I64_EQZ, "i64.eqz", NONE, SIG(I, o, i))                           \
    OP(0x51, I64_EQ, "i64.eq", NONE, SIG(I, I, i))                             \
    OP(0x52, I64_NE, "i64.ne", NONE, SIG(I, I, i))                             \
    OP(0x53, I64_LT_S, "i64.lt_s", NONE, SIG(I, I, i))                         \
    OP(0x54, I64_LT_U, "i64.lt_u", NONE, SIG(I, I, i))                         \
    OP(0x55, I64_GT_S, "i64.gt_s", NONE, SIG(I, I, i))                         \
    OP(0x56, I64_GT_U, "i64.gt_u", NONE, SIG(I, I, i))                         \
    OP(0x57, I64_LE_S, "i64.le_s", NONE, SIG(I, I, i))                         \
    OP(0x58, I64_LE_U, "i64.le_u", NONE, SIG(I, I, i))                         \
    OP(0x59, I64_GE_S, "i64.ge_s", NONE, SIG(I, I, i))                         \
    OP(0x5a, I64_GE_U, "i64.ge_u", NONE, SIG(I, I, i))                         \
    OP(0x5b, F32_EQ, "f32.eq", NONE, SIG(f, f, i))                             \
    OP(0x5c, F32_NE, "f32.ne", NONE, SIG(f, f, i))                             \
    OP(0x5d, F32_LT, "f32.lt", NONE, SIG(f, f, i))                             \
    OP(0x5e, F32_GT, "f32.gt", NONE, SIG(f, f, i))                             \
    OP(0x5f, F32_LE, "f32.le", NONE, SIG(f, f, i))                             \
    OP(0x60, F32_GE, "f32.ge", NONE, SIG(f, f, i))                             \
    OP(0x61, F64_EQ, "f64.eq", NONE, SIG(F, F, i))                             \
    OP(0x62, F64_NE, "f64.ne", NONE, SIG(F, F, i))                             \
    OP(0x63, F64_LT, "f64.lt", NONE, SIG(F, F, i))                             \
    OP(0x64, F64_GT, "f64.gt", NONE, SIG(F, F, i))                             \
    OP(0x65, F64_LE, "f64.le", NONE, SIG(F, F, i))                             \
    OP(0x66, F64_GE, "f64.ge", NONE, SIG(F, F, i))                             \
    OP(0x67, I32_CLZ, "i32.clz", NONE, SIG(i, o, i))                           \
    OP(0x68, I32_CTZ, "i32.ctz", NONE, SIG(i, o, i))                           \
    OP(0x69, I32_POPCNT, "i32.popcnt", NONE, SIG(i, o, i))                     \
    OP(0x6a, I32_ADD, "i32.add", NONE, SIG(i, i, i))                           \
    OP(0x6b, I32_SUB, "i32.sub", NONE, SIG(i, i, i))                           \
    OP(0x6c, I32_MUL, "i32.mul", NONE, SIG(i, i, i))                           \
    OP(0x6d, I32_DIV_S, "i32.div_s", NONE, SIG(i, i, i))                       \
    OP(0x6e, I32_DIV_U, "i32.div_u", NONE, SIG(i, i, i))                       \
    OP(0x6f, I32_REM_S, "i32.rem_s", NONE, SIG(i, i, i))                       \
    OP(0x70, I32_REM_U, "i32.rem_u", NONE, SIG(i, i, i))                       \
    OP(0x71, I32_AND, "i32.and", NONE, SIG(i, i, i))                           \
    OP(0x72, I32_OR, "i32.or", NONE, SIG(i, i, i))                             \
    OP(0x73, I32_XOR, "i32.xor", NONE, SIG(i, i, i))                           \
    OP(0x74, I32_SHL, "i32.shl", NONE, SIG(i, i, i))                           \
    OP(0x75, I32_SHR_S, "i32.shr_s", NONE, SIG(i, i, i))                       \
    OP(0x76, I32_SHR_U, "i32.shr_u", NONE, SIG(i, i, i))                       \
    OP(0x77, I32_ROTL, "i32.rotl", NONE, SIG(i, i, i))                         \
    OP(0x78, I32_ROTR, "i32.rotr", NONE, SIG(i, i, i))                         \
    OP(0x79, I64_CLZ, "i64.clz", NONE, SIG(I, o, I))                           \
    OP(0x7a, I64_CTZ, "i64.ctz", NONE, SIG(I, o, I))                           \
    OP(0x7b, I64_POPCNT, "i64.popcnt", NONE, SIG(I, o, I))                     \
    OP(0x7c, I64_ADD, "i64.add", NONE, SIG(I, I, I))                           \
    OP(0x7d, I64_SUB, "i64.sub", NONE, SIG(I, I, I))                           \
    OP(0x7e, I64_MUL, "i64.mul", NONE, SIG(I, I, I))                           \
    OP(0x7f, I64_DIV_S, "i64.div_s", NONE, SIG(I, I, I))                       \
    OP(0x80, I64_DIV_U, "i64.div_u", NONE, SIG(I, I, I))                       \
    OP(0x81, I64_REM_S, "i64.rem_s", NONE, SIG(I, I, I))                       \
    OP(0x82, I64_REM_U, "i64.rem_u", NONE, SIG(I, I, I))                       \
    OP(0x83, I64_AND, "i64.and", NONE, SIG(I, I, I))                           \
    OP(0x84, I64_OR, "i64.or", NONE, SIG(I, I, I))                             \
    OP(0x85, I64_XOR, "i64.xor", NONE, SIG(I, I, I))                           \
    OP(0x86, I64_SHL, "i64.shl", NONE, SIG(I, I, I))                           \
    OP(0x87, I64_SHR_S, "i64.shr_s", NONE, SIG(I, I, I))                       \
    OP(0x88, I64_SHR_U, "i64.shr_u", NONE, SIG(I, I, I))                       \
    OP(0x89, I64_ROTL, "i64.rotl", NONE, SIG(I, I, I))                         \
    OP(0x8a, I64_ROTR, "i64.rotr", NONE, SIG(I, I, I))                         \
    OP(0x8b, F32_ABS, "f32.abs", NONE, SIG(f, o, f))                           \
    OP(0x8c, F32_NEG, "f32.neg", NONE, SIG(f, o, f))                           \
    OP(0x8d, F32_CEIL, "f32.ceil", NONE, SIG(f, o, f))                         \
    OP(0x8e, F32_FLOOR, "f32.floor", NONE, SIG(f, o, f))                       \
    OP(0x8f, F32_TRUNC, "f32.trunc", NONE, SIG(f, o, f))                       \
    OP(0x90, F32_NEAREST, "f32.nearest", NONE, SIG(f, o, f))                   \
    OP(0x91, F32_SQRT, "f32.sqrt", NONE, SIG(f, o, f))                         \
    OP(0x92, F32_ADD, "f32.add", NONE, SIG(f, f, f))                           \
    OP(0x93, F32_SUB, "f32.sub", NONE, SIG(f, f, f))                           \
    OP(0x94, F32_MUL, "f32.mul", NONE, SIG(f, f, f))                           \
    OP(0x95, F32_DIV, "f32.div", NONE, SIG(f, f, f))                           \
    OP(0x96, F32_MIN, "f32.min", NONE, SIG(f, f, f))                           \
    OP(0x97, F32_MAX, "f32.max", NONE, SIG(f, f, f))                           \
    OP(0x98, F32_COPYSIGN, "f32.copysign", NONE, SIG(f, f, f))                 \
    OP(0x99, F64_ABS, "f64.abs", NONE, SIG(F, o, F))                           \
    OP(0x9a, F64_NEG, "f64.neg", NONE, SIG(F, o, F))                           \
    OP(0x9b, F64_CEIL, "f64.ceil", NONE, SIG(F, o, F))                         \
    OP(0x9c, F64_FLOOR, "f64.floor", NONE, SIG(F, o, F))                       \
    OP(0x9d, F64_TRUNC, "f64.trunc", NONE, SIG(F, o, F))                       \
    OP(0x9e, F64_NEAREST, "f64.nearest", NONE, SIG(F, o, F))                   \
    OP(0x9f, F64_SQRT, "f64.sqrt", NONE, SIG(F, o, F))                         \
    OP(0xa0, F64_ADD, "f64.add", NONE, SIG(F, F, F))                           \
    OP(0xa1, F64_SUB, "f64.sub", NONE, SIG(F, F, F))                           \
    OP(0xa2, F64_MUL, "f64.mul", NONE, SIG(F, F, F))                           \
    OP(0xa3, F64_DIV, "f64.div", NONE, SIG(F, F, F))                           \
    OP(0xa4, F64_MIN, "f64.min", NONE, SIG(F, F, F))                           \
    OP(0xa5, F64_MAX, "f64.max", NONE, SIG(F, F, F))                           \
    OP(0xa6, F64_COPYSIGN, "f64.copysign", NONE, SIG(F, F, F))                 \
    OP(0xa7, I32_WRAP_I64, "i32.wrap_i64", NONE, SIG(I, o, i))                 \
    OP(0xa8, I32_TRUNC_F32_S, "i32.trunc_f32_s", NONE, SIG(f, o, i))           \
    OP(0xa9, I32_TRUNC_F32_U, "i32.trunc_f32_u", NONE, SIG(f, o, i))           \
    OP(0xaa, I32_TRUNC_F64_S, "i32.trunc_f64_s", NONE, SIG(F, o, i))           \
    OP(0xab, I32_TRUNC_F64_U, "i32.trunc_f64_u", NONE, SIG(F, o, i))           \
    OP(0xac, I64_EXTEND_I32_S, "i64.extend_i32_s", NONE, SIG(i, o, I))         \
    OP(0xad, I64_EXTEND_I32_U, "i64.extend_i32_u", NONE, SIG(i, o, I))         \
    OP(0xae, I64_TRUNC_F32_S, "i64.trunc_f32_s", NONE, SIG(f, o, I))           \
    OP(0xaf, I64_TRUNC_F32_U, "i64.trunc_f32_u", NONE, SIG(f, o, I))           \
    OP(0xb0, I64_TRUNC_F64_S, "i64.trunc_f64_s", NONE, SIG(F, o, I))           \
    OP(0xb1, I64_TRUNC_F64_U, "i64.trunc_f64_u", NONE, SIG(F, o, I))           \
    OP(0xb2, F32_CONVERT_I32_S, "f32.convert_i32_s", NONE, SIG(i, o, f))       \
    OP(0xb3, F32_CONVERT_I32_U, "f32.convert_i32_u", NONE, SIG(i, o, f))       \
    OP(0xb4, F32_CONVERT_I64_S, "f32.convert_i64_s", NONE, SIG(I, o, f))       \
    OP(0xb5, F32_CONVERT_I64_U, "f32.convert_i64_u", NONE, SIG(I, o, f))       \
    OP(0xb6, F32_DEMOTE_F64, "f32.demote_f64", NONE, SIG(F, o, f))             \
    OP(0xb7, F64_CONVERT_I32_S, "f64.convert_i32_s", NONE, SIG(i, o, F))       \
    OP(0xb8, F64_CONVERT_I32_U, "f64.convert_i32_u", NONE, SIG(i, o, F))       \
    OP(0xb9, F64_CONVERT_I64_S, "f64.convert_i64_s", NONE, SIG(I, o, F))       \
    OP(0xba, F64_CONVERT_I64_U, "f64.convert_i64_u", NONE, SIG(I, o, F))       \
    OP(0xbb, F64_PROMOTE_F32, "f64.promote_f32", NONE, SIG(f, o, F))           \
    OP(0xbc, I32_REINTERPRET_F32, "i32.reinterpret_f32", NONE, SIG(f, o, i))   \
    OP(0xbd, I64_REINTERPRET_F64, "i64.reinterpret_f64", NONE, SIG(F, o, I))   \
    OP(0xbe, F32_REINTERPRET_I32, "f32.reinterpret_i32", NONE, SIG(i, o, f))   \
    OP(0xbf, F64_REINTERPRET_I64, "f64.reinterpret_i64", NONE, SIG(I, o, F))   \
    OP(0xc0, I32_EXTEND8_S, "i32.extend8_s", NONE, SIG(i, o, i))               \
    OP(0xc1, I32_EXTEND16_S, "i32.extend16_s", NONE, SIG(i, o, i))             \
    OP(0xc2, I64_EXTEND8_S, "i64.extend8_s", NONE, SIG(I, o, I))               \
    OP(0xc3, I64_EXTEND16_S, "i64.extend16_s", NONE, SIG(I, o, I))             \
    OP(0xc4, I64_EXTEND32_S, "i64.extend32_s", NONE, SIG(I, o, I))             \
    OP(0xd0, REF_NULL, "ref.null", REFTYPE, CHECKED)                           \
    OP(0xd1, REF_IS_NULL, "ref.is_null", NONE, CHECKED)                        \
    OP(0xd2, REF_FUNC, "ref.func", FUNC, CHECKED)                              \
    OP(0xe0, I32_TRUNC_SAT_F32_S, "i32.trunc_sat_f32_s", NONE, SIG(f, o, i))   \
    OP(0xe1, I32_TRUNC_SAT_F32_U, "i32.trunc_sat_f32_u", NONE, SIG(f, o, i))   \
    OP(0xe2, I32_TRUNC_SAT_F64_S, "i32.trunc_sat_f64_s", NONE, SIG(F, o, i))   \
    OP(0xe3, I32_TRUNC_SAT_F64_U, "i32.trunc_sat_f64_u", NONE, SIG(F, o, i))   \
    OP(0xe4, I64_TRUNC_SAT_F32_S, "i64.trunc_sat_f32_s", NONE, SIG(f, o, I))   \
    OP(0xe5, I64_TRUNC_SAT_F32_U, "i64.trunc_sat_f32_u", NONE, SIG(f, o, I))   \
    OP(0xe6, I64_TRUNC_SAT_F64_S, "i64.trunc_sat_f64_s", NONE, SIG(F, o, I))   \
    OP(0xe7, I64_TRUNC_SAT_F64_U, "i64.trunc_sat_f64_u", NONE, SIG(F, o, I))   \
    OP(0xe8, MEMORY_INIT, "memory.init", DATA_MEMORY, CHECKED)                 \
    OP(0xe9, DATA_DROP, "data.drop", DATA, CHECKED)                            \
    OP(0xea, MEMORY_COPY, "memory.copy", MEMORY_MEMORY, CHECKED)               \
    OP(0xeb, MEMORY_FILL, "memory.fill", MEMORY, CHECKED)                      \
    OP(0xec, TABLE_INIT, "table.init", ELEM_TABLE, CHECKED)                    \
    OP(0xed, ELEM_DROP, "elem.drop", ELEM, CHECKED)                            \
    OP(0xee, TABLE_COPY, "table.copy", TABLE_TABLE, CHECKED)                   \
    OP(0xef, TABLE_GROW, "table.grow", TABLE, CHECKED)                         \
    OP(0xf0, TABLE_SIZE, "table.size", TABLE, CHECKED)                         \
    OP(0xf1, TABLE_FILL, "table.fill", TABLE, CHECKED)
/* clang-format on */

enum wasm_op {
#define OP(code, name, text, imm, types) WASM_OP_##name = (code),
    WASM_OP_TABLE(OP)
#undef OP
};
