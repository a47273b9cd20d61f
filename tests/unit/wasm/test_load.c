/* SPDX-License-Identifier: Apache-2.0 */
/* Modules that are refused: why, where, and that nothing is left behind. */
#include "bench.h"

static struct asm_module a;
static struct tomte_wasm_error error;

static void refused(enum tomte_err err, const char *what,
                    struct tomte_span bytes)
{
    bench_reset();
    CHECK_EQ(err, bench_refused(bytes, &error));
    if (strcmp(what, error.what) != 0)
        test_fail(__FILE__, (int)error.offset, error.what);
}

/* A module with one function of type "i:i" that has this body. */
static void body_refused(enum tomte_err err, const char *what,
                         struct tomte_span body)
{
    refused(err, what, bench_one(&a, "i:i", body));
}

#define MALFORMED TOMTE_ERR_MALFORMED
#define INVALID   TOMTE_ERR_INVALID
#define TOO_LARGE TOMTE_ERR_TOO_LARGE

TEST(the_empty_module_loads)
{
    bench_reset();
    asm_begin(&a);
    const struct tomte_wasm_module *m = bench_load(asm_end(&a));
    CHECK_EQ(0, tomte_wasm_func_count(m));
    CHECK_EQ(0, tomte_wasm_memory_type(m).page_bytes);
    struct tomte_wasm_export e;
    CHECK(!tomte_wasm_export_at(m, 0, &e));
    CHECK_EQ(8, tomte_wasm_bytes(m).len);
}

TEST(a_preamble_is_eight_exact_bytes)
{
    refused(MALFORMED, "unexpected end", TOMTE_SPAN_NONE);
    refused(MALFORMED, "unexpected end", B(0, 'a', 's'));
    refused(MALFORMED, "magic header not detected",
            B(0, 'a', 's', 'M', 1, 0, 0, 0));
    refused(MALFORMED, "unknown binary version",
            B(0, 'a', 's', 'm', 2, 0, 0, 0));
    CHECK_EQ(4, error.offset);
}

TEST(sections_come_once_and_in_order)
{
    asm_begin(&a);
    asm_raw(&a, 3, B(0));
    asm_raw(&a, 1, B(0));
    refused(MALFORMED, "unexpected content after last section", asm_end(&a));
    asm_begin(&a);
    asm_raw(&a, 1, B(0));
    asm_raw(&a, 1, B(0));
    refused(MALFORMED, "unexpected content after last section", asm_end(&a));
    asm_begin(&a);
    asm_raw(&a, 13, B(0));
    refused(MALFORMED, "malformed section id", asm_end(&a));
    CHECK_EQ(8, error.offset);
    asm_begin(&a);
    asm_raw(&a, 1, B(0, 0));
    refused(MALFORMED, "section size mismatch", asm_end(&a));
}

/* Claims that cannot be true must not cost memory or time. */
TEST(claims_beyond_the_bytes_are_refused_at_once)
{
    static const uint8_t sections[] = {1, 2, 3, 4, 5, 6, 7, 9, 10, 11};
    for (size_t i = 0; i < sizeof sections; i++) {
        asm_begin(&a);
        asm_raw(&a, sections[i], B(0xff, 0xff, 0xff, 0xff, 0x0f));
        refused(MALFORMED, "unexpected end", asm_end(&a));
    }
    asm_begin(&a);
    struct tomte_span s = asm_end(&a);
    memcpy(a.bytes + s.len, "\x0a\x80\x80\x80\x80\x04", 6);
    refused(MALFORMED, "unexpected end", TOMTE_SPAN(a.bytes, s.len + 6));
    asm_begin(&a);
    asm_raw(&a, 12, B(0xff, 0xff, 0xff, 0xff, 0x0f));
    refused(TOO_LARGE, "too many data segments", asm_end(&a));
}

TEST(claims_of_locals_are_bounded)
{
    body_refused(MALFORMED, "too many locals",
                 B(2, 0xff, 0xff, 0xff, 0xff, 0x0f, I32, 1, I64, GET(0), END));
    body_refused(TOO_LARGE, "too many locals and operands",
                 B(1, 0xff, 0xff, 0xff, 0xff, 0x0e, I32, GET(0), END));
    body_refused(MALFORMED, "unexpected end", B(0xff, 0x7f, GET(0), END));
    body_refused(MALFORMED, "malformed value type", B(1, 1, 0x7b, END));
}

TEST(a_branch_table_is_bounded)
{
    body_refused(MALFORMED, "unexpected end",
                 B(NO_LOCALS, GET(0), OP(BR_TABLE), 0xc0, 0x84, 0x3d, 0, END));
    static uint8_t body[2000];
    size_t n = 0;
    memcpy(body,
           (uint8_t[]){NO_LOCALS, OP(BLOCK), VOID, GET(0), OP(BR_TABLE), 0xe8,
                       0x0b},
           8);
    for (n = 8; n < 8 + 1512 + 1; n++)
        body[n] = 0;
    static uint8_t module[2100];
    asm_begin(&a);
    asm_type(&a, "i:");
    asm_func(&a, 0);
    struct tomte_span head = asm_end(&a);
    body[n++] = END;
    body[n++] = END;
    memcpy(module, head.data, head.len);
    size_t len = head.len;
    uint8_t sizes[] = {
        10, (uint8_t)((n + 3) & 0x7f) | 0x80, (uint8_t)((n + 3) >> 7),
        1,  (uint8_t)(n & 0x7f) | 0x80,       (uint8_t)(n >> 7)};
    memcpy(module + len, sizes, sizeof sizes);
    memcpy(module + len + sizeof sizes, body, n);
    struct tomte_span bytes = TOMTE_SPAN(module, len + sizeof sizes + n);
    refused(TOO_LARGE, "too many branch targets", bytes);
    const struct tomte_wasm_module *m;
    bench_reset();
    CHECK_OK(
        tomte_wasm_load(bytes, &tomte_wasm_limits_hub, &bench, &m, &error));
}

TEST(nesting_is_bounded)
{
    static uint8_t body[600];
    for (size_t depth = 100; depth < 200; depth += 50) {
        size_t n = 0;
        body[n++] = NO_LOCALS;
        for (size_t i = 0; i < depth; i++) {
            body[n++] = OP(BLOCK);
            body[n++] = VOID;
        }
        for (size_t i = 0; i < depth; i++)
            body[n++] = END;
        body[n++] = OP(LOCAL_GET);
        body[n++] = 0;
        body[n++] = END;
        struct tomte_span bytes = bench_one(&a, "i:i", TOMTE_SPAN(body, n));
        if (depth > tomte_wasm_limits_mcu.block_depth) {
            refused(TOO_LARGE, "blocks nested too deep", bytes);
        } else {
            bench_reset();
            bench_load(bytes);
        }
    }
}

TEST(integers_are_no_longer_than_their_type)
{
    body_refused(
        MALFORMED, "integer representation too long",
        B(NO_LOCALS, OP(LOCAL_GET), 0x80, 0x80, 0x80, 0x80, 0x80, 0, END));
    body_refused(
        MALFORMED, "integer too large",
        B(NO_LOCALS, OP(LOCAL_GET), 0x80, 0x80, 0x80, 0x80, 0x10, END));
    body_refused(
        MALFORMED, "integer too large",
        B(NO_LOCALS, OP(I32_CONST), 0x80, 0x80, 0x80, 0x80, 0x70, END));
    body_refused(MALFORMED, "integer representation too long",
                 B(NO_LOCALS, OP(I64_CONST), 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                   0x80, 0x80, 0x80, 0x80, 0, END));
    bench_reset();
    bench_load(
        bench_one(&a, "i:i",
                  B(NO_LOCALS, OP(LOCAL_GET), 0x80, 0x80, 0x80, 0x80, 0, END)));
}

TEST(types_must_match)
{
    body_refused(INVALID, "type mismatch", B(NO_LOCALS, END));
    body_refused(INVALID, "type mismatch", B(NO_LOCALS, CONST64(1), END));
    body_refused(INVALID, "type mismatch", B(NO_LOCALS, GET(0), GET(0), END));
    body_refused(INVALID, "type mismatch",
                 B(NO_LOCALS, GET(0), CONST64(0), OP(I32_ADD), END));
    CHECK_EQ(a.len - 1, error.offset);
    body_refused(INVALID, "type mismatch",
                 B(NO_LOCALS, GET(0), OP(IF), I32, CONST(1), END, END));
    body_refused(INVALID, "type mismatch",
                 B(NO_LOCALS, OP(UNREACHABLE), CONST64(0), OP(I32_EQZ), END));
    body_refused(INVALID, "unknown local", B(NO_LOCALS, GET(1), END));
    body_refused(INVALID, "unknown label", B(NO_LOCALS, GET(0), BR(1), END));
    body_refused(INVALID, "unknown function", B(NO_LOCALS, CALL(1), END));
    body_refused(INVALID, "unknown memory",
                 B(NO_LOCALS, GET(0), OP(I32_LOAD), 2, 0, END));
    body_refused(INVALID, "unknown global", B(NO_LOCALS, GGET(0), END));
    body_refused(INVALID, "unknown table",
                 B(NO_LOCALS, GET(0), OP(CALL_INDIRECT), 0, 0, END));
    body_refused(INVALID, "unknown type",
                 B(NO_LOCALS, OP(BLOCK), 9, GET(0), END, END));
}

/* What is not even in the format is malformed, wrong types or not. */
TEST(malformed_goes_before_invalid)
{
    body_refused(MALFORMED, "illegal opcode", B(NO_LOCALS, 0xff, END));
    body_refused(MALFORMED, "illegal opcode", B(NO_LOCALS, 0xe0, END));
    body_refused(MALFORMED, "illegal opcode",
                 B(NO_LOCALS, GET(0), WASM_PREFIX, 0x92, 0x80, 0x04, END));
    body_refused(MALFORMED, "unexpected end", B(NO_LOCALS, GET(0)));
    body_refused(MALFORMED, "section size mismatch",
                 B(NO_LOCALS, GET(0), END, END));
    body_refused(MALFORMED, "illegal opcode",
                 B(NO_LOCALS, CONST64(1), OP(I32_EQZ), 0xff, END));
    body_refused(MALFORMED, "unexpected end",
                 B(NO_LOCALS, CONST64(1), OP(I32_EQZ), OP(BLOCK), VOID, END));
}

TEST(names_are_utf8)
{
    static const uint8_t bad[][4] = {
        {0x80}, {0xc0, 0x80}, {0xed, 0xa0, 0x80}, {0xf4, 0x90, 0x80, 0x80}};
    static const uint8_t len[] = {1, 2, 3, 4};
    for (size_t i = 0; i < 4; i++) {
        uint8_t content[6] = {len[i]};
        memcpy(content + 1, bad[i], len[i]);
        asm_begin(&a);
        asm_raw(&a, 0, TOMTE_SPAN(content, 1u + len[i]));
        refused(MALFORMED, "malformed UTF-8 encoding", asm_end(&a));
    }
}

TEST(an_export_is_named_once)
{
    asm_begin(&a);
    asm_type(&a, ":");
    asm_func(&a, 0);
    asm_export(&a, "door", TOMTE_WASM_FUNC, 0);
    asm_export(&a, "window", TOMTE_WASM_FUNC, 0);
    asm_export(&a, "door", TOMTE_WASM_FUNC, 0);
    asm_body(&a, B(NO_LOCALS, END));
    asm_code(&a);
    refused(INVALID, "duplicate export name", asm_end(&a));
}

/* However little memory there is, loading fails cleanly or succeeds. */
TEST(any_arena_will_do_or_say_so)
{
    static uint64_t memory[2048];
    struct tomte_span bytes = bench_one(
        &a, "iI:I",
        B(1, 1, F64, OP(BLOCK), VOID, GET(0), BR_IF(0), END, GET(1), END));
    bool loaded = false;
    for (size_t size = 0; size < sizeof memory; size += 8) {
        struct tomte_arena arena;
        const struct tomte_wasm_module *m;
        tomte_arena_init(&arena, memory, size);
        enum tomte_err err =
            tomte_wasm_load(bytes, &tomte_wasm_limits_mcu, &arena, &m, &error);
        CHECK(err == TOMTE_OK || (err == TOMTE_ERR_NO_MEMORY && !loaded));
        loaded = err == TOMTE_OK;
        CHECK(loaded || arena.used == 0);
        CHECK_EQ(size, arena.size);
    }
    CHECK(loaded);
}

TEST(custom_page_sizes_are_one_or_the_usual)
{
    asm_begin(&a);
    asm_memory(&a, B(8, 100, 0));
    bench_reset();
    const struct tomte_wasm_module *m = bench_load(asm_end(&a));
    CHECK_EQ(1, tomte_wasm_memory_type(m).page_bytes);
    CHECK_EQ(100, tomte_wasm_memory_type(m).min_bytes);
    asm_begin(&a);
    asm_memory(&a, B(8, 100, 1));
    refused(INVALID, "invalid custom page size", asm_end(&a));
    asm_begin(&a);
    asm_memory(&a, B(8, 100, 0x41));
    refused(MALFORMED, "invalid custom page size", asm_end(&a));
    struct tomte_wasm_limits limits = tomte_wasm_limits_mcu;
    limits.features = 0;
    asm_begin(&a);
    asm_memory(&a, B(8, 100, 0));
    CHECK_EQ(MALFORMED,
             tomte_wasm_load(asm_end(&a), &limits, &bench, &m, &error));
}
