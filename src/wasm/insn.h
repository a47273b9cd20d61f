/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/insn.h: one instruction with what follows it, section 5.4. */
#pragma once

#include "wasm/opinfo.h"
#include "wasm/reader.h"

struct wasm_insn {
    uint8_t op;     /* enum wasm_op */
    uint16_t info;  /* of the table: opinfo.h */
    bool by_type;   /* BLOCK: `a` is a type's index, not a byte */
    uint32_t a;     /* the first immediate: an index, a label, an alignment as
                       a power of two, a count, a value type's byte */
    uint32_t b;     /* the second: a table, an offset */
    uint64_t value; /* a constant's bits */
};

/* The byte of a block that takes and gives nothing (section 5.4.1). */
#define WASM_BLOCK_EMPTY 0x40

/* How many values a constant expression may have at once. */
#define WASM_CONST_STACK 16

/* Read one; on failure `op` is NOP. LABELS is read up to its count: the labels
 * follow. */
void wasm_read_insn(struct wasm_reader *r, struct wasm_insn *out);

/* How wide the access of a MEM1 to MEM8 is, as a power of two. */
static inline uint32_t wasm_access_shift(uint16_t info)
{
    return (uint32_t)(wasm_info_imm(info) - WASM_IMM_MEM1);
}
