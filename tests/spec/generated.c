/* SPDX-License-Identifier: Apache-2.0 */
/* Modules that a generator made: nobody knows what they should do, only that it
 * is the same everywhere. Each function they export is called, as a plain call
 * and as one that moves between the forms of the module (twin.c). */
#include "spec.h"

#include <stdio.h>

/* Arguments by slot: small, large, and patterns of floats. */
static const uint32_t patterns[] = {
    0, 1, 0xffffffff, 0x7f, 0x80000000, 0x3f800000, 0x40490fdb, 0x7fc00000,
};

static void call_export(struct spec_world *w, const struct tomte_wasm_export *e,
                        uint32_t round)
{
    struct tomte_wasm_type type =
        tomte_wasm_func_type(tomte_wasm_module_of(w->current->wasm), e->index);
    uint32_t args[SPEC_SLOTS_MAX];
    uint32_t slots = tomte_wasm_slots(type.params);
    if (slots > SPEC_SLOTS_MAX)
        return;
    for (uint32_t i = 0; i < slots; i++)
        args[i] = patterns[(5 * round + i) % 8] ^ round << (i % 16);
    struct spec_outcome out = spec_call(w, w->current, e->index, args, slots);
    bool same = out.end == SPEC_RETURNED || out.end == SPEC_TRAP;
    spec_count(w->tally, same ? SPEC_PASSED : SPEC_WRONG_TWIN, "call",
               out.text != NULL ? out.text : "");
}

bool spec_generated_run(const char *path, struct spec_tally *tally,
                        struct spec_mode mode)
{
    struct spec_world w;
    struct tomte_wasm_export e;
    tally->file = path;
    tally->line = 0;
    spec_world_init(&w, tally, mode);
    w.budget = SPEC_GENERATED_BUDGET;
    struct spec_made made = spec_world_make(&w, path, NULL, true);
    if (made.stage != SPEC_MADE && made.stage != SPEC_TRAPPED)
        spec_count(tally, SPEC_NO_MODULE, "module", made.what);
    for (uint32_t round = 0; round < 3 && w.current != NULL; round++) {
        const struct tomte_wasm_module *m =
            tomte_wasm_module_of(w.current->wasm);
        for (uint32_t i = 0; tomte_wasm_export_at(m, i, &e); i++) {
            tally->line = (int)i;
            if (e.kind == TOMTE_WASM_FUNC)
                call_export(&w, &e, round);
        }
    }
    spec_world_wipe(&w);
    return made.err != TOMTE_ERR_NOT_FOUND;
}
