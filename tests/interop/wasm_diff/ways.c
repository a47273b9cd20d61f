/* SPDX-License-Identifier: Apache-2.0 */
#include "diff.h"

#include <string.h>

#define STACK_BYTES   (256u << 10)
#define CALL_DEPTH    2048
#define MEMORY_BYTES  (4u << 20)
#define TABLE_ENTRIES 4096
#define BUDGET        10000000u
#define MOVES_MAX     24 /* of one module: then a call stays where it is */
#define MOVES_CALL    6  /* and of one call */
#define SNAPSHOT_MAX  (8u << 20)
#define GLOBALS_MAX   1000

static enum tomte_wasm_host_result log_it(struct tomte_wasm_call *call);
static bool instantiate(struct diff_module *m, struct diff_way *w,
                        struct tomte_wasm_instance **at,
                        const struct tomte_wasm_code *code);
static void finish(struct diff_module *m, struct diff_way *w, const char **why);
static const char *move(struct diff_module *m, struct diff_way *w);
static const char *compare_end(const struct tomte_wasm_instance *a,
                               const struct tomte_wasm_instance *b);
static struct tomte_span snapshot(struct tomte_wasm_instance *wasm,
                                  unsigned at);

/* The tag is the number of slots. */
static const struct tomte_wasm_host_func host[] = {
    {"fuzzing-support", "log-i32", "i:", log_it, 1},
    {"fuzzing-support", "log-i64", "I:", log_it, 2},
    {"fuzzing-support", "log-f32", "f:", log_it, 1},
    {"fuzzing-support", "log-f64", "F:", log_it, 2},
};

static const struct tomte_span id = {(const uint8_t *)"diff", 4};
static uint8_t snapshots[2][SNAPSHOT_MAX];

enum diff_end diff_make(struct diff_module *m, struct tomte_span bytes,
                        struct tomte_arena *arena, uint64_t seed,
                        const char **why)
{
    struct tomte_wasm_error error;
    const struct tomte_wasm_code *code;
    *m = (struct diff_module){.arena = arena, .random = seed};
    if (tomte_wasm_load(bytes, &tomte_wasm_limits_hub, arena, &m->wasm,
                        &error) != TOMTE_OK) {
        *why = error.what;
        return DIFF_REFUSED;
    }
    *why = "it cannot be made";
    if (tomte_wasm_translate(m->wasm, arena, &code) != TOMTE_OK ||
        !instantiate(m, &m->ways[DIFF_BYTES], NULL, NULL) ||
        !instantiate(m, &m->ways[DIFF_SLOTS], NULL, code) ||
        !instantiate(m, &m->ways[DIFF_MOVING], NULL, NULL) ||
        !instantiate(m, &m->ways[DIFF_MOVING], &m->ways[DIFF_MOVING].other,
                     code))
        return DIFF_REFUSED;
    m->ways[DIFF_MOVING].log.waits = true;
    *why = NULL;
    for (unsigned i = 0; i < DIFF_WAYS && *why == NULL; i++) {
        tomte_wasm_set_budget(m->ways[i].now, BUDGET);
        finish(m, &m->ways[i], why);
        if (*why == NULL)
            *why = compare_end(m->ways[0].now, m->ways[i].now);
    }
    return *why == NULL ? DIFF_AGREED : DIFF_DIFFERS;
}

enum diff_end diff_call(struct diff_module *m, uint32_t func,
                        const uint32_t *args, uint32_t arg_slots,
                        const char **why)
{
    *why = NULL;
    for (unsigned i = 0; i < DIFF_WAYS && *why == NULL; i++) {
        if (tomte_wasm_start(m->ways[i].now, func, args, arg_slots, BUDGET) !=
            TOMTE_OK)
            *why = "it does not start";
        if (*why == NULL)
            finish(m, &m->ways[i], why);
        if (*why == NULL)
            *why = compare_end(m->ways[0].now, m->ways[i].now);
    }
    if (*why != NULL)
        return DIFF_DIFFERS;
    return tomte_wasm_trap(m->ways[0].now)->reason == TOMTE_WASM_TRAP_FUEL
               ? DIFF_TOO_LONG
               : DIFF_AGREED;
}

/* After a trap there is no snapshot until the call is given up. */
enum diff_end diff_compare_state(struct diff_module *m, const char **why)
{
    *why = NULL;
    for (unsigned i = 0; i < DIFF_WAYS; i++)
        tomte_wasm_abandon(m->ways[i].now);
    struct tomte_span first = snapshot(m->ways[0].now, 0);
    for (unsigned i = 1; i < DIFF_WAYS; i++) {
        if (!tomte_span_equal(first, snapshot(m->ways[i].now, 1)))
            *why = "another state in the end";
        if (m->ways[0].log.hash != m->ways[i].log.hash)
            *why = "the host was told something else";
    }
    return *why == NULL ? DIFF_AGREED : DIFF_DIFFERS;
}

/* splitmix64 */
uint64_t diff_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void fold(struct diff_log *log, const uint32_t *slots, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        log->hash = diff_fold(log->hash, slots[i]);
}

static enum tomte_wasm_host_result log_it(struct tomte_wasm_call *call)
{
    struct diff_log *log = call->user;
    if (log->waits)
        return TOMTE_WASM_HOST_SUSPEND;
    fold(log, call->args, call->func->tag);
    return TOMTE_WASM_HOST_DONE;
}

static bool instantiate(struct diff_module *m, struct diff_way *w,
                        struct tomte_wasm_instance **at,
                        const struct tomte_wasm_code *code)
{
    struct tomte_wasm_config config = {
        .stack_bytes = STACK_BYTES,
        .call_depth = CALL_DEPTH,
        .memory_bytes = MEMORY_BYTES,
        .table_entries = TABLE_ENTRIES,
        .user = &w->log,
        .host = host,
        .host_count = sizeof host / sizeof host[0],
        .code = code,
    };
    w->log.hash = DIFF_FNV_START;
    enum tomte_err err = tomte_wasm_instantiate(
        m->wasm, &config, m->arena, at != NULL ? at : &w->now, NULL);
    return err == TOMTE_OK || err == TOMTE_ERR_TRAP;
}

/* To the end. What moves is told by pending calls what it waits for. */
static void finish(struct diff_module *m, struct diff_way *w, const char **why)
{
    struct tomte_wasm_pending p;
    unsigned moves = 0;
    for (;;) {
        enum tomte_wasm_status status = tomte_wasm_status(w->now);
        if (status != TOMTE_WASM_READY && status != TOMTE_WASM_SUSPENDED)
            return;
        bool moving =
            w->other != NULL && m->moves < MOVES_MAX && moves < MOVES_CALL;
        if (moving && (diff_random(&m->random) & 1) != 0) {
            moves++;
            *why = move(m, w);
            if (*why != NULL)
                return;
        }
        if (tomte_wasm_pending(w->now, &p)) {
            fold(&w->log, p.args, p.arg_slots);
            if (tomte_wasm_resume(w->now, NULL, 0) != TOMTE_OK) {
                *why = "the wait does not end";
                return;
            }
        }
        uint32_t slice = (uint32_t)diff_random(&m->random);
        tomte_wasm_run(w->now, moving ? slice >> 24 >> slice % 8 : UINT32_MAX);
    }
}

static const char *move(struct diff_module *m, struct diff_way *w)
{
    struct tomte_wasm_error error = {.what = "no snapshot can be made"};
    struct tomte_wasm_instance *from = w->now;
    struct tomte_span bytes = snapshot(from, 0);
    if (bytes.len == 0 ||
        tomte_wasm_restore(w->other, id, bytes, m->arena, &error) != TOMTE_OK)
        return error.what;
    m->moves++;
    w->now = w->other;
    w->other = from;
    tomte_wasm_abandon(from);
    return NULL;
}

static const char *compare_end(const struct tomte_wasm_instance *a,
                               const struct tomte_wasm_instance *b)
{
    uint32_t a_slots, b_slots;
    const uint32_t *a_results = tomte_wasm_results(a, &a_slots);
    const uint32_t *b_results = tomte_wasm_results(b, &b_slots);
    const struct tomte_wasm_trap *t = tomte_wasm_trap(a);
    const struct tomte_wasm_trap *u = tomte_wasm_trap(b);
    if (tomte_wasm_status(a) != tomte_wasm_status(b))
        return "another end";
    if (t->reason != u->reason || t->func != u->func || t->offset != u->offset)
        return "another trap";
    if (!tomte_span_equal(TOMTE_SPAN(a_results, a_slots * sizeof *a_results),
                          TOMTE_SPAN(b_results, b_slots * sizeof *b_results)))
        return "other results";
    if (tomte_wasm_fuel_used(a) != tomte_wasm_fuel_used(b))
        return "another use of fuel";
    return NULL;
}

static struct tomte_span snapshot(struct tomte_wasm_instance *wasm, unsigned at)
{
    struct tomte_span s = TOMTE_SPAN_NONE;
    if (tomte_wasm_snapshot_encode(wasm, id, TOMTE_BUF_ARRAY(snapshots[at]),
                                   &s) != TOMTE_OK)
        return TOMTE_SPAN_NONE;
    return s;
}
