/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing about an instruction is said twice, and what is said in two places
 * about it fits together: opcodes.h has its code and types, operations.h what
 * it does. */
#include "test.h"
#include "wasm/opinfo.h"
#include "wasm/slotcode.h"

/* How many slots the operands and the result have in each list. */
static const struct {
    uint8_t op;
    uint8_t first, second, result;
} listed[] = {
#define ENTRY(name, a, b, r) {WASM_OP_##name, a, b, r},
#define UNARY32(name, ...)   ENTRY(name, 1, 0, 1)
#define BINARY32(name, ...)  ENTRY(name, 1, 1, 1)
#define UNARY64(name, ...)   ENTRY(name, 2, 0, 2)
#define BINARY64(name, ...)  ENTRY(name, 2, 2, 2)
#define TEST64(name, ...)    ENTRY(name, 2, 0, 1)
#define COMPARE64(name, ...) ENTRY(name, 2, 2, 1)
#define WIDEN(name, ...)     ENTRY(name, 1, 0, 2)
#define STORE32(name, ...)   ENTRY(name, 1, 1, 0)
#define STORE64(name, ...)   ENTRY(name, 1, 2, 0)
    WASM_UNARY32(UNARY32) WASM_BINARY32(BINARY32) WASM_TEST32(UNARY32)
        WASM_COMPARE32(BINARY32) WASM_UNARY64(UNARY64) WASM_BINARY64(BINARY64)
            WASM_TEST64(TEST64) WASM_COMPARE64(COMPARE64) WASM_WIDEN(WIDEN)
                WASM_NARROW(TEST64) WASM_DIVIDE32(BINARY32)
                    WASM_FLOAT32(BINARY32) WASM_COMPARE_F32(BINARY32)
                        WASM_FLOAT64(BINARY64) WASM_COMPARE_F64(COMPARE64)
                            WASM_LOAD32(UNARY32) WASM_LOAD64(WIDEN)
                                WASM_STORE32(STORE32) WASM_STORE64(STORE64)};

#define LISTED (sizeof listed / sizeof listed[0])

static uint32_t width(uint8_t type)
{
    return type == 0 ? 0 : wasm_width(type);
}

TEST(what_an_operation_does_fits_its_types)
{
    for (size_t i = 0; i < LISTED; i++) {
        uint16_t info = wasm_op_info[listed[i].op];
        CHECK(wasm_info_imm(info) != WASM_IMM_ILLEGAL);
        CHECK((info & WASM_INFO_CHECKED) == 0);
        CHECK_EQ(listed[i].first, width(wasm_info_first(info)));
        CHECK_EQ(listed[i].second, width(wasm_info_second(info)));
        CHECK_EQ(listed[i].result, width(wasm_info_result(info)));
    }
}

/* The width of an access is said by the immediate and by what is done. */
TEST(accesses_are_as_wide_as_their_alignment)
{
#define ACCESS(name, bytes, ...)                                               \
    CHECK_EQ(bytes, 1 << (wasm_info_imm(wasm_op_info[WASM_OP_##name]) -        \
                          WASM_IMM_MEM1));
    WASM_LOAD32(ACCESS)
    WASM_LOAD64(ACCESS)
    WASM_STORE32(ACCESS)
    WASM_STORE64(ACCESS)
}

TEST(every_instruction_is_in_one_list)
{
    unsigned count[256] = {0};
    for (size_t i = 0; i < LISTED; i++)
        count[listed[i].op]++;
#define COUNT(name, ...) count[WASM_OP_##name]++;
    WASM_ALIAS(COUNT)
    WASM_REINTERPRET(COUNT)
    WASM_NUMERIC(COUNT)
    WASM_BULK(COUNT)
    for (unsigned op = 0; op < 256; op++) {
        bool legal = wasm_info_imm(wasm_op_info[op]) != WASM_IMM_ILLEGAL;
        bool other = wasm_op_class[op] == WASM_CLASS_OTHER;
        CHECK_EQ(legal && !other ? 1 : 0, count[op]);
    }
}

/* An alias has the types of the other in slots, and its access. */
TEST(aliases_are_alike)
{
#define SAME(name, other)                                                      \
    CHECK_EQ(wasm_op_class[WASM_OP_##other], wasm_op_class[WASM_OP_##name]);   \
    CHECK_EQ(wasm_op_slot[WASM_OP_##other], wasm_op_slot[WASM_OP_##name]);     \
    CHECK_EQ(wasm_info_imm(wasm_op_info[WASM_OP_##other]),                     \
             wasm_info_imm(wasm_op_info[WASM_OP_##name]));
    WASM_ALIAS(SAME)
}

/* No code stands in the table twice. */
TEST(opcodes_are_different)
{
    static const uint8_t codes[] = {
#define OP(code, name, text, imm, types) (code),
        WASM_OP_TABLE(OP)
#undef OP
    };
    for (size_t i = 1; i < sizeof codes; i++)
        CHECK(codes[i] > codes[i - 1]);
}
