/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/opinfo.h"

/* The letters of SIG as 3-bit codes: 0x80 minus one is the type's byte. */
enum { T_o, T_i, T_I, T_f, T_F };

#define SIG(a, b, r) (T_##a << 8 | T_##b << 11 | T_##r << 5)
#define CHECKED      WASM_INFO_CHECKED

const uint16_t wasm_op_info[256] = {
#define OP(code, name, text, imm, types) [code] = WASM_IMM_##imm | (types),
    WASM_OP_TABLE(OP)
#undef OP
};
