/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/exec_cases.h: the cases of wasm_exec's switch that only move numbers
 * between the stack and memory or combine two of them.
 *
 * Included once, inside that switch. They use its locals: `pc` the next byte,
 * `sp` above the top operand, `mem` and `mem_len` the linear memory, and go to
 * `trap` with `reason` set. */

/* What a load or store of n bytes at address `base` touches: `p`. */
#define ADDRESS(base, n)                                                       \
    SKIP_LEB()                                                                 \
    uint32_t offset_;                                                          \
    LEB(offset_);                                                              \
    uint32_t at_ = (base) + offset_;                                           \
    if (at_ < offset_ || mem_len < (n) || at_ > mem_len - (n)) {               \
        reason = TOMTE_WASM_TRAP_MEMORY;                                       \
        goto trap;                                                             \
    }                                                                          \
    uint8_t *p = mem + at_

#define LOAD32(op, n, value)                                                   \
    case WASM_OP_##op: {                                                       \
        ADDRESS(sp[-1], n);                                                    \
        sp[-1] = (uint32_t)(value);                                            \
        continue;                                                              \
    }
#define LOAD64(op, n, value)                                                   \
    case WASM_OP_##op: {                                                       \
        ADDRESS(sp[-1], n);                                                    \
        tomte_wasm_put64(sp - 1, (uint64_t)(value));                           \
        sp++;                                                                  \
        continue;                                                              \
    }
#define STORE32(op, n, put)                                                    \
    case WASM_OP_##op: {                                                       \
        ADDRESS(sp[-2], n);                                                    \
        uint32_t v = sp[-1];                                                   \
        put;                                                                   \
        sp -= 2;                                                               \
        continue;                                                              \
    }
#define STORE64(op, n, put)                                                    \
    case WASM_OP_##op: {                                                       \
        ADDRESS(sp[-3], n);                                                    \
        uint64_t v = tomte_wasm_get64(sp - 2);                                 \
        put;                                                                   \
        sp -= 3;                                                               \
        continue;                                                              \
    }

/* i32 and i64 instructions of two operands, and comparisons. */
#define BINARY32(op, value)                                                    \
    case WASM_OP_##op: {                                                       \
        uint32_t a = sp[-2], b = sp[-1];                                       \
        sp--;                                                                  \
        sp[-1] = (uint32_t)(value);                                            \
        continue;                                                              \
    }
#define BINARY64(op, value)                                                    \
    case WASM_OP_##op: {                                                       \
        uint64_t a = tomte_wasm_get64(sp - 4), b = tomte_wasm_get64(sp - 2);   \
        sp -= 2;                                                               \
        tomte_wasm_put64(sp - 2, (uint64_t)(value));                           \
        continue;                                                              \
    }
#define COMPARE64(op, value)                                                   \
    case WASM_OP_##op: {                                                       \
        uint64_t a = tomte_wasm_get64(sp - 4), b = tomte_wasm_get64(sp - 2);   \
        sp -= 3;                                                               \
        sp[-1] = (value);                                                      \
        continue;                                                              \
    }
#define WIDEN(op, value)                                                       \
    case WASM_OP_##op: {                                                       \
        uint32_t a = sp[-1];                                                   \
        tomte_wasm_put64(sp - 1, (uint64_t)(value));                           \
        sp++;                                                                  \
        continue;                                                              \
    }
#define UNARY64(op, value)                                                     \
    case WASM_OP_##op: {                                                       \
        uint32_t a = sp[-2];                                                   \
        tomte_wasm_put64(sp - 2, (uint64_t)(value));                           \
        continue;                                                              \
    }

        LOAD32(I32_LOAD, 4, tomte_get_le32(p))
        LOAD32(F32_LOAD, 4, tomte_get_le32(p))
        LOAD32(I32_LOAD8_S, 1, (int8_t)*p)
        LOAD32(I32_LOAD8_U, 1, *p)
        LOAD32(I32_LOAD16_S, 2, (int16_t)tomte_get_le16(p))
        LOAD32(I32_LOAD16_U, 2, tomte_get_le16(p))
        LOAD64(I64_LOAD, 8, tomte_get_le64(p))
        LOAD64(F64_LOAD, 8, tomte_get_le64(p))
        LOAD64(I64_LOAD8_S, 1, (int8_t)*p)
        LOAD64(I64_LOAD8_U, 1, *p)
        LOAD64(I64_LOAD16_S, 2, (int16_t)tomte_get_le16(p))
        LOAD64(I64_LOAD16_U, 2, tomte_get_le16(p))
        LOAD64(I64_LOAD32_S, 4, (int32_t)tomte_get_le32(p))
        LOAD64(I64_LOAD32_U, 4, tomte_get_le32(p))
        STORE32(I32_STORE, 4, tomte_put_le32(p, v))
        STORE32(F32_STORE, 4, tomte_put_le32(p, v))
        STORE32(I32_STORE8, 1, *p = (uint8_t)v)
        STORE32(I32_STORE16, 2, tomte_put_le16(p, (uint16_t)v))
        STORE64(I64_STORE, 8, tomte_put_le64(p, v))
        STORE64(F64_STORE, 8, tomte_put_le64(p, v))
        STORE64(I64_STORE8, 1, *p = (uint8_t)v)
        STORE64(I64_STORE16, 2, tomte_put_le16(p, (uint16_t)v))
        STORE64(I64_STORE32, 4, tomte_put_le32(p, (uint32_t)v))

        BINARY32(I32_EQ, a == b)
        BINARY32(I32_NE, a != b)
        BINARY32(I32_LT_S, (int32_t)a < (int32_t)b)
        BINARY32(I32_LT_U, a < b)
        BINARY32(I32_GT_S, (int32_t)a > (int32_t)b)
        BINARY32(I32_GT_U, a > b)
        BINARY32(I32_LE_S, (int32_t)a <= (int32_t)b)
        BINARY32(I32_LE_U, a <= b)
        BINARY32(I32_GE_S, (int32_t)a >= (int32_t)b)
        BINARY32(I32_GE_U, a >= b)
        BINARY32(I32_ADD, a + b)
        BINARY32(I32_SUB, a - b)
        BINARY32(I32_MUL, a * b)
        BINARY32(I32_AND, a & b)
        BINARY32(I32_OR, a | b)
        BINARY32(I32_XOR, a ^ b)
        BINARY32(I32_SHL, a << (b & 31))
        BINARY32(I32_SHR_U, a >> (b & 31))
        BINARY32(I32_SHR_S, (int32_t)a >> (b & 31))

        COMPARE64(I64_EQ, a == b)
        COMPARE64(I64_NE, a != b)
        COMPARE64(I64_LT_S, (int64_t)a < (int64_t)b)
        COMPARE64(I64_LT_U, a < b)
        COMPARE64(I64_GT_S, (int64_t)a > (int64_t)b)
        COMPARE64(I64_GT_U, a > b)
        COMPARE64(I64_LE_S, (int64_t)a <= (int64_t)b)
        COMPARE64(I64_LE_U, a <= b)
        COMPARE64(I64_GE_S, (int64_t)a >= (int64_t)b)
        COMPARE64(I64_GE_U, a >= b)
        BINARY64(I64_ADD, a + b)
        BINARY64(I64_SUB, a - b)
        BINARY64(I64_MUL, a * b)
        BINARY64(I64_AND, a & b)
        BINARY64(I64_OR, a | b)
        BINARY64(I64_XOR, a ^ b)
        BINARY64(I64_SHL, a << (b & 63))
        BINARY64(I64_SHR_U, a >> (b & 63))
        BINARY64(I64_SHR_S, (int64_t)a >> (b & 63))

    case WASM_OP_I64_EQZ:
        sp--;
        sp[-1] = (sp[-1] | sp[0]) == 0;
        continue;
    case WASM_OP_I32_WRAP_I64:
        sp--;
        continue;
    case WASM_OP_I32_EXTEND8_S:
        sp[-1] = (uint32_t)(int8_t)sp[-1];
        continue;
    case WASM_OP_I32_EXTEND16_S:
        sp[-1] = (uint32_t)(int16_t)sp[-1];
        continue;
        WIDEN(I64_EXTEND_I32_S, (int32_t)a)
        WIDEN(I64_EXTEND_I32_U, a)
        UNARY64(I64_EXTEND8_S, (int8_t)a)
        UNARY64(I64_EXTEND16_S, (int16_t)a)
        UNARY64(I64_EXTEND32_S, (int32_t)a)
    case WASM_OP_I32_REINTERPRET_F32:
    case WASM_OP_I64_REINTERPRET_F64:
    case WASM_OP_F32_REINTERPRET_I32:
    case WASM_OP_F64_REINTERPRET_I64:
        continue;

