/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a module, run three times: from its bytes, from slot code, and
 * moving from the one to the other as a snapshot after each slice. All three
 * end with the same state, results, trap and fuel. */
#include "base/base.h"
#include "wasm/wasm.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BUDGET 2000u
#define SLICE  97u
#define RUNS   3u /* from bytes, from slot code, moving */

static enum tomte_wasm_host_result nothing(struct tomte_wasm_call *call)
{
    (void)call;
    return TOMTE_WASM_HOST_DONE;
}

static enum tomte_wasm_host_result wait(struct tomte_wasm_call *call)
{
    (void)call;
    return TOMTE_WASM_HOST_SUSPEND;
}

static enum tomte_wasm_host_result costly(struct tomte_wasm_call *call)
{
    call->fuel = 100;
    return TOMTE_WASM_HOST_DONE;
}

/* Those of wasm_load.c. */
static const struct tomte_wasm_host_func host[] = {
    {"", "n", ":", nothing, 0},          {"", "i", "i:i", nothing, 0},
    {"", "w", "i:i", wait, 0},           {"", "W", ":I", wait, 0},
    {"host", "add", "ii:i", nothing, 0}, {"host", "fail", ":", nothing, 0},
    {"host", "wait", "i:i", wait, 0},    {"host", "wait64", "I:Ir", wait, 0},
    {"host", "costly", "i:", costly, 0}, {"host", "peek", "i:i", nothing, 0},
};

/* One run: the instance that is ahead, and where it can move to. */
struct run {
    struct tomte_wasm_instance *now, *other;
};

static uint64_t memory[1 << 17];
static uint8_t snapshots[RUNS][1 << 18];
static struct tomte_arena arena;
static struct run runs[RUNS];

static void require(bool ok, const char *what)
{
    if (!ok)
        tomte_panic(__FILE__, __LINE__, what);
}

static struct tomte_span snapshot(struct tomte_wasm_instance *inst, unsigned at)
{
    struct tomte_span s = TOMTE_SPAN_NONE;
    enum tomte_err err = tomte_wasm_snapshot_encode(
        inst, TOMTE_SPAN_NONE, TOMTE_BUF_ARRAY(snapshots[at]), &s);
    require(err == TOMTE_OK || err == TOMTE_ERR_NO_SPACE, "no snapshot");
    return s;
}

/* Into the other form, unless there is no room for it. */
static void move(struct run *r)
{
    struct tomte_span s = snapshot(r->now, 0);
    struct tomte_wasm_instance *from = r->now;
    if (s.len == 0)
        return;
    enum tomte_err err =
        tomte_wasm_restore(r->other, TOMTE_SPAN_NONE, s, &arena, NULL);
    if (err == TOMTE_ERR_NO_MEMORY)
        return;
    require(err == TOMTE_OK, "a snapshot of one form does not fit the other");
    r->now = r->other;
    r->other = from;
}

/* To its end, waits answered. */
static enum tomte_wasm_status finish(struct run *r)
{
    static const uint32_t answers[3] = {1, 2, 0};
    for (unsigned i = 0; i < 200; i++) {
        enum tomte_wasm_status status = tomte_wasm_run(r->now, SLICE);
        struct tomte_wasm_pending p;
        if (status != TOMTE_WASM_READY && status != TOMTE_WASM_SUSPENDED)
            return status;
        if (r->other != NULL)
            move(r);
        if (status == TOMTE_WASM_SUSPENDED && tomte_wasm_pending(r->now, &p))
            require(tomte_wasm_resume(r->now, answers, p.result_slots) ==
                        TOMTE_OK,
                    "a wait that cannot be answered");
    }
    tomte_wasm_abandon(r->now);
    return TOMTE_WASM_IDLE;
}

static void same_end(const struct run *a, const struct run *b)
{
    uint32_t slots, slots_b;
    const uint32_t *results = tomte_wasm_results(a->now, &slots);
    const uint32_t *results_b = tomte_wasm_results(b->now, &slots_b);
    const struct tomte_wasm_trap *t = tomte_wasm_trap(a->now);
    const struct tomte_wasm_trap *u = tomte_wasm_trap(b->now);
    require(slots == slots_b &&
                (slots == 0 || memcmp(results, results_b, 4 * slots) == 0),
            "other results");
    require(t->reason == u->reason && t->func == u->func &&
                t->offset == u->offset,
            "another trap");
    require(tomte_wasm_fuel_used(a->now) == tomte_wasm_fuel_used(b->now),
            "another price");
}

static void same_memory(const struct run *a, const struct run *b)
{
    struct tomte_buf m = tomte_wasm_memory(a->now);
    struct tomte_buf n = tomte_wasm_memory(b->now);
    enum tomte_wasm_valtype type, type_b;
    uint32_t value[2] = {0}, value_b[2] = {0};
    require(m.cap == n.cap &&
                (m.cap == 0 || memcmp(m.data, n.data, m.cap) == 0),
            "another memory");
    for (uint32_t i = 0; i < 100; i++) {
        if (tomte_wasm_global_get(a->now, i, &type, value) != TOMTE_OK)
            break;
        require(tomte_wasm_global_get(b->now, i, &type_b, value_b) ==
                        TOMTE_OK &&
                    type == type_b && memcmp(value, value_b, 8) == 0,
                "another global");
    }
}

/* All of it, tables too, as far as a snapshot can be taken. */
static void same_snapshot(unsigned b)
{
    if (tomte_wasm_status(runs[0].now) == TOMTE_WASM_TRAPPED)
        return;
    struct tomte_span first = snapshot(runs[0].now, 0);
    struct tomte_span second = snapshot(runs[b].now, b);
    require(tomte_span_equal(first, second), "another state");
}

static void run_all(void)
{
    enum tomte_wasm_status first = finish(&runs[0]);
    for (unsigned i = 1; i < RUNS; i++) {
        require(finish(&runs[i]) == first, "another end");
        if (first == TOMTE_WASM_IDLE)
            continue; /* given up, where does not say much */
        same_end(&runs[0], &runs[i]);
        same_memory(&runs[0], &runs[i]);
        same_snapshot(i);
    }
}

/* False: a module that cannot be an instance here, in any form. */
static bool make(const struct tomte_wasm_module *m)
{
    struct tomte_wasm_config config = {.stack_bytes = 2048,
                                       .call_depth = 16,
                                       .memory_bytes = 65536,
                                       .table_entries = 32,
                                       .host = host,
                                       .host_count =
                                           sizeof host / sizeof host[0]};
    const struct tomte_wasm_code *code;
    enum tomte_err first = TOMTE_OK;
    memset(runs, 0, sizeof runs);
    if (tomte_wasm_translate(m, &arena, &code) != TOMTE_OK)
        return false;
    for (unsigned i = 0; i < RUNS + 1; i++) {
        struct tomte_wasm_instance **at =
            i < RUNS ? &runs[i].now : &runs[RUNS - 1].other;
        config.code = i % 2 == 1 ? code : NULL;
        enum tomte_err err =
            tomte_wasm_instantiate(m, &config, &arena, at, NULL);
        if (err == TOMTE_ERR_NO_MEMORY)
            return false;
        first = i == 0 ? err : first;
        require(err == first, "another error");
    }
    return first == TOMTE_OK;
}

static void start_all(uint32_t func, uint32_t arg_slots)
{
    static const uint32_t args[64] = {3, 0, 7, 1};
    enum tomte_err first = TOMTE_OK;
    for (unsigned i = 0; i < RUNS; i++) {
        enum tomte_err err =
            tomte_wasm_start(runs[i].now, func, args, arg_slots, BUDGET);
        first = i == 0 ? err : first;
        require(err == first, "another start");
    }
    if (first == TOMTE_OK)
        run_all();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tomte_wasm_module *m;
    struct tomte_wasm_export e;
    tomte_arena_init(&arena, memory, sizeof memory);
    if (tomte_wasm_load(TOMTE_SPAN(data, size), &tomte_wasm_limits_mcu, &arena,
                        &m, NULL) != TOMTE_OK ||
        !make(m))
        return 0;
    if (tomte_wasm_status(runs[0].now) == TOMTE_WASM_READY) {
        for (unsigned i = 0; i < RUNS; i++)
            tomte_wasm_set_budget(runs[i].now, BUDGET);
        run_all();
    }
    for (uint32_t i = 0; tomte_wasm_export_at(m, i, &e) && i < 8; i++)
        if (e.kind == TOMTE_WASM_FUNC)
            start_all(e.index, tomte_wasm_slots(
                                   tomte_wasm_func_type(m, e.index).params));
    return 0;
}
