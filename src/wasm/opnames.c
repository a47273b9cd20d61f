/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from opcodes.c, so that a firmware that prints no names has none. */
#include "wasm/opinfo.h"

const char *wasm_op_name(uint8_t op)
{
    switch (op) {
#define OP(code, name, text, imm, types)                                       \
    case code:                                                                 \
        return text;
        WASM_OP_TABLE(OP)
#undef OP
    default:
        return "?";
    }
}
