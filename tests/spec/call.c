/* SPDX-License-Identifier: Apache-2.0 */
/* Calls, plain and beside a twin. */
#include "spec.h"

#include <string.h>

#define SLICES_SMALL 64

static struct spec_outcome outcome_of(struct spec_instance *i, uint32_t func);

struct spec_outcome spec_call(struct spec_world *w,
                              struct spec_instance *instance, uint32_t func,
                              const uint32_t *args, uint32_t arg_slots)
{
    struct spec_outcome out = {.end = SPEC_REFUSED};
    enum tomte_err err =
        tomte_wasm_start(instance->wasm, func, args, arg_slots, w->budget);
    w->tally->calls++;
    if (err != TOMTE_OK) {
        out.text = tomte_err_text(err);
        return out;
    }
    const char *differs =
        spec_twin_start(w, &instance->twin, func, args, arg_slots);
    spec_run(w, instance->wasm);
    out = outcome_of(instance, func);
    if (differs == NULL)
        differs = spec_twin_run(w, &instance->twin, instance->wasm);
    if (differs != NULL) {
        out.end = SPEC_DIVERGED;
        out.text = differs;
    }
    return out;
}

/* First unit by unit, then in large slices, so that what runs long ends. */
void spec_run(struct spec_world *w, struct tomte_wasm_instance *wasm)
{
    unsigned slices = 0;
    while (tomte_wasm_status(wasm) == TOMTE_WASM_READY) {
        bool small = w->mode.snapshot && slices++ < SLICES_SMALL;
        tomte_wasm_run(wasm, small ? slices % 8 : UINT32_MAX);
    }
}

static struct spec_outcome outcome_of(struct spec_instance *i, uint32_t func)
{
    struct spec_outcome out = {.end = SPEC_REFUSED, .text = "still running"};
    uint32_t slots;
    const uint32_t *results = tomte_wasm_results(i->wasm, &slots);
    switch (tomte_wasm_status(i->wasm)) {
    case TOMTE_WASM_DONE:
        if (slots > SPEC_SLOTS_MAX) {
            out.text = "more results than the runner holds";
            break;
        }
        out.end = SPEC_RETURNED;
        out.types =
            tomte_wasm_func_type(tomte_wasm_module_of(i->wasm), func).results;
        if (slots != 0)
            memcpy(out.slots, results, slots * sizeof *results);
        break;
    case TOMTE_WASM_TRAPPED:
        out.end = SPEC_TRAP;
        out.text = tomte_wasm_trap(i->wasm)->text;
        break;
    default:
        break;
    }
    return out;
}
