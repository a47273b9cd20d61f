/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/insn.h"

#include "wasm/decode.h"

static void read_immediate(struct wasm_reader *r, struct wasm_insn *out);
static void read_block_type(struct wasm_reader *r, struct wasm_insn *out);
static void read_valtypes(struct wasm_reader *r, struct wasm_insn *out);
static void read_memories(struct wasm_reader *r, int count);

void wasm_read_insn(struct wasm_reader *r, struct wasm_insn *out)
{
    uint32_t at = wasm_offset(r);
    uint32_t op = wasm_read_u8(r);
    if (op == WASM_PREFIX) {
        uint32_t second = wasm_read_u32(r);
        op = second < 0x100 - WASM_PREFIXED ? WASM_PREFIXED + second
                                            : WASM_PREFIX;
    } else if (op >= WASM_PREFIXED) {
        op = WASM_PREFIX;
    }
    *out = (struct wasm_insn){
        .op = (uint8_t)op,
        .info = wasm_op_info[op],
    };
    if (wasm_info_imm(out->info) == WASM_IMM_ILLEGAL)
        wasm_fail_at(r, at, TOMTE_ERR_MALFORMED, "illegal opcode");
    else
        read_immediate(r, out);
    if (r->err != TOMTE_OK)
        *out = (struct wasm_insn){.op = WASM_OP_NOP,
                                  .info = wasm_op_info[WASM_OP_NOP]};
}

static void read_immediate(struct wasm_reader *r, struct wasm_insn *out)
{
    switch (wasm_info_imm(out->info)) {
    case WASM_IMM_BLOCK:
        read_block_type(r, out);
        break;
    case WASM_IMM_LABEL:
    case WASM_IMM_FUNC:
    case WASM_IMM_LOCAL:
    case WASM_IMM_GLOBAL:
    case WASM_IMM_TABLE:
    case WASM_IMM_ELEM:
    case WASM_IMM_DATA:
        out->a = wasm_read_u32(r);
        break;
    case WASM_IMM_LABELS:
        out->a = wasm_read_count(r, UINT32_MAX, "");
        break;
    case WASM_IMM_TYPE_TABLE:
    case WASM_IMM_TABLE_TABLE:
    case WASM_IMM_ELEM_TABLE:
    case WASM_IMM_MEM1:
    case WASM_IMM_MEM2:
    case WASM_IMM_MEM4:
    case WASM_IMM_MEM8:
        out->a = wasm_read_u32(r);
        out->b = wasm_read_u32(r);
        break;
    case WASM_IMM_VALTYPES:
        read_valtypes(r, out);
        break;
    case WASM_IMM_REFTYPE:
        out->a = wasm_read_reftype(r);
        break;
    case WASM_IMM_DATA_MEMORY:
        out->a = wasm_read_u32(r);
        read_memories(r, 1);
        break;
    case WASM_IMM_MEMORY_MEMORY:
        read_memories(r, 2);
        break;
    case WASM_IMM_MEMORY:
        read_memories(r, 1);
        break;
    case WASM_IMM_I32:
        out->value = (uint32_t)wasm_read_s32(r);
        break;
    case WASM_IMM_I64:
        out->value = (uint64_t)wasm_read_s64(r);
        break;
    case WASM_IMM_F32:
        out->value = wasm_read_fixed32(r);
        break;
    case WASM_IMM_F64:
        out->value = wasm_read_fixed64(r);
        break;
    default:
        break;
    }
}

/* A type index is a positive number of 33 bits; a value type or the empty type
 * is one byte that reads as a negative one. */
static void read_block_type(struct wasm_reader *r, struct wasm_insn *out)
{
    int64_t n = wasm_read_s33(r);
    if (n >= 0) {
        out->by_type = true;
        out->a = (uint32_t)n;
        return;
    }
    out->a = n >= -64 ? (uint32_t)(n + 128) : 0;
    if (out->a != WASM_BLOCK_EMPTY && !wasm_is_valtype((uint8_t)out->a))
        wasm_fail(r, TOMTE_ERR_MALFORMED, "malformed block type");
}

/* The list that select carries; only one type is allowed so far, which is for
 * validation to say (section 3.3.4.2): `a` is that type, 0 if not just one. */
static void read_valtypes(struct wasm_reader *r, struct wasm_insn *out)
{
    uint32_t count = wasm_read_count(r, UINT32_MAX, "");
    for (uint32_t i = 0; i < count && r->err == TOMTE_OK; i++)
        out->a = wasm_read_valtype(r);
    if (count != 1)
        out->a = 0;
}

/* Only memory 0 is allowed so far, as a byte. */
static void read_memories(struct wasm_reader *r, int count)
{
    while (count-- > 0)
        if (wasm_read_u8(r) != 0)
            wasm_fail(r, TOMTE_ERR_MALFORMED, "zero byte expected");
}
