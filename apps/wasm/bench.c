/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/machine.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define RUNS_MAX 1000

struct figures {
    double load_us, translate_us;
    size_t code_bytes;
    uint32_t translated;
    double run_us[2];
    uint64_t fuel;
};

static int measure(struct wasm_file *f, const struct wasm_run_options *o,
                   struct figures *out);
static int measure_tier(struct wasm_file *f, const struct wasm_run_options *o,
                        const struct tomte_wasm_code *code, double *median,
                        uint64_t *fuel);
static double now_us(void);
static double median_of(double *v, unsigned n);
static int hide_output(void);
static void show_output(int kept);

int wasm_bench(struct wasm_file *f, const struct wasm_run_options *o)
{
    struct figures v = {0};
    if (o->runs == 0 || o->runs > RUNS_MAX) {
        fprintf(stderr, "tomte: 1 to %d runs\n", RUNS_MAX);
        return 100;
    }
    int kept = hide_output();
    int status = measure(f, o, &v);
    show_output(kept);
    if (status != 0)
        return status;
    if (o->json) {
        printf("{\"load_us\":%.1f,\"translate_us\":%.1f,\"code_bytes\":%zu,"
               "\"translated\":%u,\"bytes_us\":%.1f,\"slots_us\":%.1f,"
               "\"fuel\":%" PRIu64 ",\"runs\":%u}\n",
               v.load_us, v.translate_us, v.code_bytes, v.translated,
               v.run_us[0], v.run_us[1], v.fuel, o->runs);
        return 0;
    }
    printf("load        %12.1f us\n", v.load_us);
    printf("translate   %12.1f us, %u functions, %zu bytes\n", v.translate_us,
           v.translated, v.code_bytes);
    printf("from bytes  %12.1f us\n", v.run_us[0]);
    printf("slot code   %12.1f us\n", v.run_us[1]);
    printf("fuel        %12" PRIu64 "\n", v.fuel);
    printf("(processor time, medians of %u)\n", o->runs);
    return 0;
}

static int measure(struct wasm_file *f, const struct wasm_run_options *o,
                   struct figures *out)
{
    static double load[RUNS_MAX], translate[RUNS_MAX];
    const struct tomte_wasm_module *module;
    const struct tomte_wasm_code *code = NULL;
    size_t mark = tomte_arena_mark(&f->arena);
    for (unsigned i = 0; i < o->runs; i++) {
        tomte_arena_release(&f->arena, mark);
        double start = now_us();
        if (tomte_wasm_load(f->bytes, &tomte_wasm_limits_hub, &f->arena,
                            &module, NULL) != TOMTE_OK)
            return 4;
        load[i] = now_us() - start;
        start = now_us();
        if (tomte_wasm_translate(module, &f->arena, &code) != TOMTE_OK)
            return 4;
        translate[i] = now_us() - start;
    }
    f->module = module;
    out->load_us = median_of(load, o->runs);
    out->translate_us = median_of(translate, o->runs);
    out->code_bytes = tomte_wasm_code_bytes(code);
    out->translated = tomte_wasm_translated(code);
    int status = measure_tier(f, o, NULL, &out->run_us[0], &out->fuel);
    return status != 0 ? status
                       : measure_tier(f, o, code, &out->run_us[1], &out->fuel);
}

/* Each run has an instance of its own; making it is not counted. */
static int measure_tier(struct wasm_file *f, const struct wasm_run_options *o,
                        const struct tomte_wasm_code *code, double *median,
                        uint64_t *fuel)
{
    static struct machine m;
    static double took[RUNS_MAX];
    size_t mark = tomte_arena_mark(&f->arena);
    for (unsigned i = 0; i < o->runs; i++) {
        tomte_arena_release(&f->arena, mark);
        int status = machine_init(&m, f, o);
        if (status == 0)
            status = machine_make(&m, code);
        if (status != 0)
            return status;
        bool begun = machine_begin(&m);
        double start = now_us();
        if (!begun || (machine_call(&m) != TOMTE_WASM_DONE && !m.wasi.exited)) {
            fprintf(stderr, "tomte: %s traps: %s\n", f->path,
                    tomte_wasm_trap(m.wasm)->text);
            return 1;
        }
        took[i] = now_us() - start;
        *fuel = tomte_wasm_fuel_used(m.wasm);
    }
    tomte_arena_release(&f->arena, mark);
    *median = median_of(took, o->runs);
    return 0;
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *v, unsigned n)
{
    qsort(v, n, sizeof *v, compare);
    return v[n / 2];
}

/* What the program says is not asked for. */
static int hide_output(void)
{
    fflush(stdout);
    int kept = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY);
    if (null >= 0) {
        dup2(null, STDOUT_FILENO);
        close(null);
    }
    return kept;
}

static void show_output(int kept)
{
    fflush(stdout);
    if (kept < 0)
        return;
    dup2(kept, STDOUT_FILENO);
    close(kept);
}
