/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/disasm.h"
#include "wasm/machine.h"

#include <inttypes.h>
#include <string.h>

#define FRAMES_SHOWN 12

static int ended(struct machine *m);
static void print_value(FILE *out, uint8_t type, const uint32_t *slots);
static void print_results(const struct machine *m);
static void json_results(const struct machine *m);
static void say_trap(const struct machine *m);
static void json_trap(const struct machine *m);

int wasm_run(struct wasm_file *f, const struct wasm_run_options *o)
{
    static struct machine m;
    const struct tomte_wasm_code *code = NULL;
    int status = machine_init(&m, f, o);
    if (status != 0)
        return status;
    if (o->tier == 1 &&
        tomte_wasm_translate(f->module, &f->arena, &code) != TOMTE_OK) {
        fprintf(stderr, "tomte: no memory for the slot code of %s\n", f->path);
        return 4;
    }
    status = machine_make(&m, code);
    if (status != 0)
        return status;
    if (machine_begin(&m))
        machine_call(&m);
    fflush(stdout);
    return ended(&m);
}

static int ended(struct machine *m)
{
    bool json = m->options->json;
    uint64_t fuel = tomte_wasm_fuel_used(m->wasm);
    if (m->wasi.exited) {
        if (json)
            printf("{\"ended\":\"exited\",\"status\":%d,\"fuel\":%" PRIu64
                   "}\n",
                   m->wasi.status, fuel);
        return m->wasi.status;
    }
    if (tomte_wasm_status(m->wasm) == TOMTE_WASM_DONE) {
        if (json) {
            printf("{\"ended\":\"returned\",\"results\":[");
            json_results(m);
            printf("],\"fuel\":%" PRIu64 "}\n", fuel);
        } else if (m->options->invoke != NULL) {
            print_results(m);
        }
        return 0;
    }
    if (json)
        json_trap(m);
    else
        say_trap(m);
    return 1;
}

static void print_value(FILE *out, uint8_t type, const uint32_t *slots)
{
    uint64_t wide = (uint64_t)slots[0];
    float f;
    double d;
    if (type == TOMTE_WASM_I64 || type == TOMTE_WASM_F64)
        wide = tomte_wasm_get64(slots);
    switch (type) {
    case TOMTE_WASM_I32:
        fprintf(out, "%" PRId32, (int32_t)slots[0]);
        break;
    case TOMTE_WASM_I64:
        fprintf(out, "%" PRId64, (int64_t)wide);
        break;
    case TOMTE_WASM_F32:
        memcpy(&f, slots, sizeof f);
        fprintf(out, "%.9g", (double)f);
        break;
    case TOMTE_WASM_F64:
        memcpy(&d, &wide, sizeof d);
        fprintf(out, "%.17g", d);
        break;
    default:
        fprintf(out, slots[0] == 0 ? "null" : "a reference");
        break;
    }
}

static void print_results(const struct machine *m)
{
    struct tomte_span types =
        tomte_wasm_func_type(m->file->module, m->entry.index).results;
    uint32_t slots;
    const uint32_t *v = tomte_wasm_results(m->wasm, &slots);
    for (size_t i = 0; i < types.len; i++) {
        print_value(stdout, types.data[i], v);
        putchar('\n');
        v += tomte_wasm_slots(tomte_span_slice(types, i, 1));
    }
}

/* As texts: JSON's numbers are no NaNs, and not of 64 bits for all. */
static void json_results(const struct machine *m)
{
    struct tomte_span types =
        tomte_wasm_func_type(m->file->module, m->entry.index).results;
    uint32_t slots;
    const uint32_t *v = tomte_wasm_results(m->wasm, &slots);
    for (size_t i = 0; i < types.len; i++) {
        printf("%s{\"type\":\"%s\",\"value\":\"", i == 0 ? "" : ",",
               module_type_text(types.data[i]));
        print_value(stdout, types.data[i], v);
        printf("\"}");
        v += tomte_wasm_slots(tomte_span_slice(types, i, 1));
    }
}

static void say_trap(const struct machine *m)
{
    const struct tomte_wasm_trap *trap = tomte_wasm_trap(m->wasm);
    struct wasm_place place;
    uint32_t func, offset;
    fprintf(stderr, "tomte: %s traps: %s\n", m->file->path, trap->text);
    if (trap->func == UINT32_MAX)
        return;
    wasm_file_place(m->file, trap->offset, &place);
    fputs("  at ", stderr);
    wasm_place_print(stderr, &place, trap->offset);
    fputs(": ", stderr);
    disasm_one(stderr, &m->file->map, trap->offset);
    fputc('\n', stderr);
    for (uint32_t depth = 1;
         tomte_wasm_backtrace(m->wasm, depth, &func, &offset); depth++) {
        if (depth == FRAMES_SHOWN) {
            fputs("  and so on\n", stderr);
            break;
        }
        /* It is where the call returns to: behind it. */
        wasm_file_place(m->file, offset - 1, &place);
        fputs("  called before ", stderr);
        wasm_place_print(stderr, &place, offset);
        fputc('\n', stderr);
    }
}

static void json_trap(const struct machine *m)
{
    const struct tomte_wasm_trap *trap = tomte_wasm_trap(m->wasm);
    struct wasm_place place;
    printf("{\"ended\":\"trapped\",\"reason\":");
    wasm_json_text(stdout, tomte_span_str(trap->text));
    if (trap->func != UINT32_MAX) {
        wasm_file_place(m->file, trap->offset, &place);
        wasm_place_json(stdout, &place, trap->offset);
    }
    printf(",\"fuel\":%" PRIu64 "}\n", tomte_wasm_fuel_used(m->wasm));
}
