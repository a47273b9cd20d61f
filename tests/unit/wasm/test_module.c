/* SPDX-License-Identifier: Apache-2.0 */
/* What a module tells about itself. */
#include "bench.h"
#include "wasm/opinfo.h"

static struct asm_module a;

static const struct tomte_wasm_module *example(void)
{
    bench_reset();
    asm_begin(&a);
    asm_type(&a, "ii:i");
    asm_type(&a, "F:");
    asm_import(&a, "host", "add", B(TOMTE_WASM_FUNC, 0));
    asm_func(&a, 1);
    asm_func(&a, 1);
    asm_memory(&a, B(1, 1, 3));
    asm_global(&a, B(I64, 1, CONST64(5), END));
    asm_export(&a, "tick", TOMTE_WASM_FUNC, 1);
    asm_export(&a, "count", TOMTE_WASM_GLOBAL, 0);
    asm_body(&a, B(NO_LOCALS, END));
    asm_body(&a, B(NO_LOCALS, END));
    asm_code(&a);
    asm_raw(&a, 0,
            B(4, 'n', 'a', 'm', 'e', 1, 8, 1, 2, 5, 'i', 'n', 'n', 'e', 'r'));
    asm_raw(&a, 0, B(4, 't', 'a', 'i', 'l', 1, 2, 3));
    return bench_load(asm_end(&a));
}

TEST(exports_and_imports_are_found)
{
    const struct tomte_wasm_module *m = example();
    struct tomte_wasm_export e;
    CHECK(tomte_wasm_export_find(m, TOMTE_SPAN_LIT("count"), &e));
    CHECK(e.kind == TOMTE_WASM_GLOBAL && e.index == 0);
    CHECK(!tomte_wasm_export_find(m, TOMTE_SPAN_LIT("coun"), &e));
    CHECK(tomte_wasm_export_at(m, 0, &e) && e.kind == TOMTE_WASM_FUNC);
    CHECK_BYTES(TOMTE_SPAN_LIT("tick"), e.name);
    CHECK(!tomte_wasm_export_at(m, 2, &e));
    struct tomte_wasm_import i;
    CHECK(tomte_wasm_import_at(m, 0, &i) && i.kind == TOMTE_WASM_FUNC);
    CHECK_BYTES(TOMTE_SPAN_LIT("host"), i.module);
    CHECK_BYTES(TOMTE_SPAN_LIT("add"), i.name);
    CHECK(!tomte_wasm_import_at(m, 1, &i));
}

TEST(functions_have_types_and_names)
{
    const struct tomte_wasm_module *m = example();
    CHECK_EQ(3, tomte_wasm_func_count(m));
    struct tomte_wasm_type t = tomte_wasm_func_type(m, 0);
    CHECK_BYTES(B(I32, I32), t.params);
    CHECK_BYTES(B(I32), t.results);
    CHECK_EQ(2, tomte_wasm_slots(tomte_wasm_func_type(m, 1).params));
    CHECK_BYTES(TOMTE_SPAN_LIT("add"), tomte_wasm_func_name(m, 0));
    CHECK_BYTES(TOMTE_SPAN_LIT("tick"), tomte_wasm_func_name(m, 1));
    CHECK_BYTES(TOMTE_SPAN_LIT("inner"), tomte_wasm_func_name(m, 2));
    CHECK_EQ(0, tomte_wasm_func_name(m, 99).len);
}

TEST(custom_sections_are_found)
{
    const struct tomte_wasm_module *m = example();
    struct tomte_span content;
    CHECK(tomte_wasm_custom_find(m, TOMTE_SPAN_LIT("tail"), &content));
    CHECK_BYTES(B(1, 2, 3), content);
    CHECK(!tomte_wasm_custom_find(m, TOMTE_SPAN_LIT("tai"), &content));
    struct tomte_wasm_memory_type t = tomte_wasm_memory_type(m);
    CHECK(t.min_bytes == 65536 && t.max_bytes == 3 * 65536);
}

TEST(instances_tell_their_state)
{
    struct tomte_wasm_instance *inst = bench_instance(example());
    enum tomte_wasm_valtype type;
    uint32_t value[2], ref;
    CHECK_OK(tomte_wasm_global_get(inst, 0, &type, value));
    CHECK(type == TOMTE_WASM_I64 && value[0] == 5 && value[1] == 0);
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, tomte_wasm_global_get(inst, 1, &type, value));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, tomte_wasm_table_size(inst, 0, value));
    CHECK_EQ(TOMTE_ERR_NOT_FOUND, tomte_wasm_table_get(inst, 0, 0, &ref));
    CHECK_EQ(65536, tomte_wasm_memory(inst).cap);
    CHECK(tomte_wasm_memory_at(inst, 65535, 1) != NULL);
    CHECK(tomte_wasm_memory_at(inst, 65536, 0) != NULL);
    CHECK(tomte_wasm_memory_at(inst, 65535, 2) == NULL);
    CHECK(tomte_wasm_memory_at(inst, UINT32_MAX, UINT32_MAX) == NULL);
}

TEST(an_instance_takes_no_more_than_it_said)
{
    const struct tomte_wasm_module *m = example();
    struct tomte_wasm_config config = bench_config();
    size_t before = tomte_arena_mark(&bench);
    bench_instance(m);
    uint64_t taken = tomte_arena_mark(&bench) - before;
    uint64_t said = tomte_wasm_instance_bytes(m, &config);
    CHECK(taken <= said && said < taken + 512);
}

/* However little memory there is, it says so and takes none. */
TEST(an_instance_needs_its_memory)
{
    static uint64_t memory[32768];
    const struct tomte_wasm_module *m = example();
    struct tomte_wasm_config config = bench_config();
    struct tomte_wasm_instance *inst;
    for (size_t size = 0; size < sizeof memory; size += 4096) {
        struct tomte_arena arena;
        tomte_arena_init(&arena, memory, size);
        enum tomte_err err =
            tomte_wasm_instantiate(m, &config, &arena, &inst, NULL);
        CHECK(err == TOMTE_OK ? inst != NULL : arena.used == 0);
        CHECK(err == TOMTE_OK || err == TOMTE_ERR_NO_MEMORY);
    }
    config.memory_bytes = 65535;
    CHECK_EQ(TOMTE_ERR_NO_MEMORY,
             tomte_wasm_instantiate(m, &config, &bench, &inst, NULL));
}

TEST(imports_must_be_offered_and_match)
{
    struct tomte_wasm_config config = bench_config();
    struct tomte_wasm_instance *inst;
    struct tomte_wasm_error error;
    bench_reset();
    asm_begin(&a);
    asm_type(&a, "i:i");
    asm_import(&a, "host", "wait", B(TOMTE_WASM_FUNC, 0));
    asm_import(&a, "host", "add", B(TOMTE_WASM_FUNC, 0));
    const struct tomte_wasm_module *m = bench_load(asm_end(&a));
    CHECK_EQ(TOMTE_ERR_TYPE,
             tomte_wasm_instantiate(m, &config, &bench, &inst, &error));
    CHECK(inst == NULL && error.offset == a.len - 11);
    config.host_count = 0;
    CHECK_EQ(TOMTE_ERR_NOT_FOUND,
             tomte_wasm_instantiate(m, &config, &bench, &inst, &error));
    CHECK(strcmp("unknown import", error.what) == 0);
}

/* An opcode has a name exactly when it has an immediate, if only none. */
TEST(instructions_have_names)
{
    for (unsigned op = 0; op < 256; op++) {
        bool legal = wasm_info_imm(wasm_op_info[op]) != WASM_IMM_ILLEGAL;
        CHECK_EQ(legal, strcmp("?", wasm_op_name((uint8_t)op)) != 0);
    }
    CHECK(strcmp("i32.add", wasm_op_name(WASM_OP_I32_ADD)) == 0);
    CHECK(strcmp("memory.fill", wasm_op_name(WASM_OP_MEMORY_FILL)) == 0);
}
