/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/opinfo.h: the table of opcodes.h in two bytes an opcode.
 *
 * Bits 0-4 the immediate, 5-7 the result, 8-10 and 11-13 the operands' types,
 * 15 CHECKED. */
#pragma once

#include <stdint.h>

#include "wasm/opcodes.h"

#define WASM_INFO_CHECKED 0x8000

extern const uint16_t wasm_op_info[256];

static inline enum wasm_imm wasm_info_imm(uint16_t info)
{
    return (enum wasm_imm)(info & 31);
}

/* A value type's byte, or 0 for none. */
static inline uint8_t wasm_info_type(unsigned code)
{
    return code == 0 ? 0 : (uint8_t)(0x80 - code);
}

static inline uint8_t wasm_info_result(uint16_t info)
{
    return wasm_info_type(info >> 5 & 7);
}

static inline uint8_t wasm_info_first(uint16_t info)
{
    return wasm_info_type(info >> 8 & 7);
}

static inline uint8_t wasm_info_second(uint16_t info)
{
    return wasm_info_type(info >> 11 & 7);
}

/* The opcode's name in the text format; "?" when there is none. */
const char *wasm_op_name(uint8_t op);
