/* SPDX-License-Identifier: Apache-2.0 */
/* Instances that import from each other. */
#include "bench.h"

static struct asm_module a, b;
static struct tomte_wasm_instance *owner, *guest;

/* The owner has a table, a memory, a global and f(x) = x + global, which also
 * stores x. The guest imports all of it: it puts its own g(x) = f(2 x) into
 * the table, and calls through the table. */
static const struct tomte_wasm_module *load_owner(void)
{
    asm_begin(&a);
    asm_type(&a, "i:i");
    asm_func(&a, 0);
    asm_func(&a, 0);
    asm_table(&a, B(FUNCREF, 1, 4, 8));
    asm_memory(&a, B(8, 16, 0));
    asm_global(&a, B(I32, 1, CONST(10), END));
    asm_export(&a, "f", TOMTE_WASM_FUNC, 0);
    asm_export(&a, "via", TOMTE_WASM_FUNC, 1);
    asm_export(&a, "t", TOMTE_WASM_TABLE, 0);
    asm_export(&a, "m", TOMTE_WASM_MEMORY, 0);
    asm_export(&a, "n", TOMTE_WASM_GLOBAL, 0);
    asm_body(&a, B(NO_LOCALS, CONST(0), GET(0), OP(I32_STORE), 2, 0, GET(0),
                   GGET(0), OP(I32_ADD), END));
    asm_body(&a, B(NO_LOCALS, GET(0), CONST(1), OP(CALL_INDIRECT), 0, 0, END));
    asm_code(&a);
    return bench_load(asm_end(&a));
}

static const struct tomte_wasm_module *load_guest(void)
{
    asm_begin(&b);
    asm_type(&b, "I:I");
    asm_type(&b, "i:i");
    asm_import(&b, "owner", "f", B(TOMTE_WASM_FUNC, 1));
    asm_import(&b, "owner", "t", B(TOMTE_WASM_TABLE, FUNCREF, 0, 2));
    asm_import(&b, "owner", "m", B(TOMTE_WASM_MEMORY, 8, 4, 0));
    asm_import(&b, "owner", "n", B(TOMTE_WASM_GLOBAL, I32, 1));
    asm_func(&b, 1);
    asm_func(&b, 1);
    asm_func(&b, 1);
    asm_func(&b, 1);
    asm_export(&b, "g", TOMTE_WASM_FUNC, 1);
    asm_export(&b, "deep", TOMTE_WASM_FUNC, 2);
    asm_export(&b, "tail", TOMTE_WASM_FUNC, 4);
    asm_elem(&b, B(0, CONST(1), END, 1, 1));
    asm_body(&b, B(NO_LOCALS, GET(0), CONST(1), OP(I32_SHL), CALL(0), END));
    /* Recursion across both instances: n times the table's entry 1. */
    asm_body(&b, B(NO_LOCALS, GGET(0), CONST(1), OP(I32_ADD), GSET(0), GET(0),
                   CONST(1), OP(CALL_INDIRECT), 1, 0, CONST(4), OP(I32_LOAD), 2,
                   0, OP(I32_ADD), END));
    /* The owner's f in a tail, and that not in a tail, twice. */
    asm_body(&b, B(1, 1, I64, GET(0), CONST(2), OP(I32_MUL),
                   WASM_OP_RETURN_CALL, 0, END));
    asm_body(&b,
             B(NO_LOCALS, GET(0), CALL(3), GET(0), CALL(3), OP(I32_ADD), END));
    asm_code(&b);
    return bench_load(asm_end(&b));
}

static struct tomte_wasm_config config_of(struct tomte_wasm_store *store)
{
    struct tomte_wasm_config c = bench_config();
    c.store = store;
    return c;
}

static void link_both(void)
{
    bench_reset();
    struct tomte_wasm_config c = config_of(tomte_wasm_store_new(&bench, 2));
    CHECK_OK(tomte_wasm_instantiate(load_owner(), &c, &bench, &owner, NULL));
    struct tomte_wasm_namespace n = {TOMTE_SPAN_LIT("owner"), owner};
    c.namespaces = &n;
    c.namespace_count = 1;
    CHECK_OK(tomte_wasm_instantiate(load_guest(), &c, &bench, &guest, NULL));
    struct tomte_wasm_instance *third;
    CHECK_EQ(TOMTE_ERR_FULL, tomte_wasm_instantiate(tomte_wasm_module_of(owner),
                                                    &c, &bench, &third, NULL));
}

TEST(calls_cross_instances)
{
    link_both();
    bench_call(guest, "g", ARGS(4));
    CHECK_EQ(18, bench_result(guest, 0));
    CHECK_EQ(8, *tomte_wasm_memory_at(owner, 0, 1));
    bench_call(owner, "via", ARGS(5));
    CHECK_EQ(20, bench_result(owner, 0));
    CHECK_EQ(TOMTE_WASM_DONE, bench_call(guest, "deep", ARGS(6)));
    CHECK_EQ(23, bench_result(guest, 0));
    enum tomte_wasm_valtype type;
    uint32_t value[2];
    CHECK_OK(tomte_wasm_global_get(owner, 0, &type, value));
    CHECK_EQ(11, value[0]);
}

TEST(slices_across_instances_change_nothing)
{
    for (uint32_t slice = 0; slice < 20; slice++) {
        link_both();
        uint32_t arg = 6;
        CHECK_OK(tomte_wasm_start(guest, 2, &arg, 1, UINT64_MAX));
        while (tomte_wasm_run(guest, slice) == TOMTE_WASM_READY)
            continue;
        CHECK_EQ(23, bench_result(guest, 0));
    }
}

TEST(a_tail_call_crosses_instances)
{
    for (uint32_t slice = 0; slice < 20; slice++) {
        link_both();
        uint32_t arg = 6;
        CHECK_OK(tomte_wasm_start(guest, 4, &arg, 1, UINT64_MAX));
        while (tomte_wasm_run(guest, slice) == TOMTE_WASM_READY)
            continue;
        CHECK_EQ(44, bench_result(guest, 0));
        CHECK_EQ(12, *tomte_wasm_memory_at(owner, 0, 1));
    }
}

TEST(a_trap_says_in_which_instance)
{
    link_both();
    struct tomte_wasm_export e;
    CHECK(tomte_wasm_export_find(tomte_wasm_module_of(owner),
                                 TOMTE_SPAN_LIT("f"), &e));
    uint32_t arg = 1;
    CHECK_OK(tomte_wasm_start(guest, 1, &arg, 1, 6));
    CHECK_EQ(TOMTE_WASM_TRAPPED, tomte_wasm_run(guest, 100));
    CHECK(tomte_wasm_trap(guest)->instance == owner);
    CHECK_EQ(e.index, tomte_wasm_trap(guest)->func);
}

TEST(linked_instances_are_not_put_into_snapshots)
{
    link_both();
    size_t size;
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             tomte_wasm_snapshot_size(owner, TOMTE_SPAN_NONE, &size));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             tomte_wasm_snapshot_size(guest, TOMTE_SPAN_NONE, &size));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED, tomte_wasm_reset(owner));
    CHECK_EQ(TOMTE_ERR_UNSUPPORTED,
             tomte_wasm_restore(owner, TOMTE_SPAN_NONE, TOMTE_SPAN_NONE, &bench,
                                NULL));
}

/* Each import of the guest, asked for in a way that the owner does not match.
 */
TEST(imports_must_match_what_is_exported)
{
    static const struct {
        const char *name;
        uint8_t desc[6];
        uint8_t len;
    } wrong[] = {
        {"f", {TOMTE_WASM_FUNC, 0}, 2},
        {"f", {TOMTE_WASM_GLOBAL, I32, 0}, 3},
        {"t", {TOMTE_WASM_TABLE, EXTERNREF, 0, 1}, 4},
        {"t", {TOMTE_WASM_TABLE, FUNCREF, 0, 5}, 4},
        {"t", {TOMTE_WASM_TABLE, FUNCREF, 1, 1, 7}, 5},
        {"m", {TOMTE_WASM_MEMORY, 8, 17, 0}, 4},
        {"m", {TOMTE_WASM_MEMORY, 0, 0}, 3},
        {"m", {TOMTE_WASM_MEMORY, 9, 1, 20, 0}, 5},
        {"n", {TOMTE_WASM_GLOBAL, I32, 0}, 3},
        {"n", {TOMTE_WASM_GLOBAL, I64, 1}, 3},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        bench_reset();
        struct tomte_wasm_config c = config_of(tomte_wasm_store_new(&bench, 2));
        CHECK_OK(
            tomte_wasm_instantiate(load_owner(), &c, &bench, &owner, NULL));
        struct tomte_wasm_namespace n = {TOMTE_SPAN_LIT("owner"), owner};
        c.namespaces = &n;
        c.namespace_count = 1;
        asm_begin(&b);
        asm_type(&b, "I:I");
        asm_import(&b, "owner", wrong[i].name,
                   TOMTE_SPAN(wrong[i].desc, wrong[i].len));
        CHECK_EQ(TOMTE_ERR_TYPE,
                 tomte_wasm_instantiate(bench_load(asm_end(&b)), &c, &bench,
                                        &guest, NULL));
        CHECK(guest == NULL);
    }
}
