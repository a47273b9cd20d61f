/* SPDX-License-Identifier: Apache-2.0 */
/* A call that moves house at every slice: what it does must not depend on
 * that. The plain instance ran the same call in one place. */
#include "spec.h"

#include <stdlib.h>
#include <string.h>

#define CARRIES_MAX 32 /* in one call; then it runs on where it is */

static bool under_way(const struct tomte_wasm_instance *wasm);
static bool answer(struct tomte_wasm_instance *wasm);
static const char *carry(struct spec_world *w, struct spec_twin *twin);
static const char *compare(const struct tomte_wasm_instance *a,
                           const struct tomte_wasm_instance *b);
static const char *compare_trap(const struct tomte_wasm_trap *a,
                                const struct tomte_wasm_trap *b);
static const char *compare_state(const struct tomte_wasm_instance *a,
                                 const struct tomte_wasm_instance *b);
static bool snapshot(const struct tomte_wasm_instance *wasm,
                     struct tomte_span *out);

static const struct tomte_span id = {(const uint8_t *)"spec", 4};

const char *spec_twin_start(struct spec_world *w, struct spec_twin *twin,
                            uint32_t func, const uint32_t *args,
                            uint32_t arg_slots)
{
    if (twin->pair[0] == NULL)
        return NULL;
    enum tomte_err err = tomte_wasm_start(twin->pair[twin->at], func, args,
                                          arg_slots, w->budget);
    return err == TOMTE_OK ? NULL : "the twin does not start";
}

/* It moves before its first instruction too, and while it waits in a host
 * function (print, world.c). The slices grow, to get deep into long calls. */
const char *spec_twin_run(struct spec_world *w, struct spec_twin *twin,
                          const struct tomte_wasm_instance *plain)
{
    unsigned carries = 0;
    if (twin->pair[0] == NULL)
        return NULL;
    while (under_way(twin->pair[twin->at])) {
        bool last = carries == CARRIES_MAX;
        const char *differs = last ? NULL : carry(w, twin);
        if (differs != NULL)
            return differs;
        if (!answer(twin->pair[twin->at]))
            return "the wait does not end";
        tomte_wasm_run(twin->pair[twin->at],
                       last ? UINT32_MAX : 1u << carries / 4);
        carries += !last;
    }
    w->tally->carried_calls += carries != 0;
    w->tally->carried_again += carries > 1;
    w->tally->carries += carries;
    return compare(plain, twin->pair[twin->at]);
}

static bool under_way(const struct tomte_wasm_instance *wasm)
{
    enum tomte_wasm_status status = tomte_wasm_status(wasm);
    return status == TOMTE_WASM_READY || status == TOMTE_WASM_SUSPENDED;
}

/* What a call waits for, if it waits: spectest's functions give nothing. */
static bool answer(struct tomte_wasm_instance *wasm)
{
    struct tomte_wasm_pending pending;
    return !tomte_wasm_pending(wasm, &pending) ||
           tomte_wasm_resume(wasm, NULL, 0) == TOMTE_OK;
}

/* Into the other instance, and leave the one it was in. */
static const char *carry(struct spec_world *w, struct spec_twin *twin)
{
    struct tomte_span bytes;
    struct tomte_wasm_error error = {.what = "no snapshot"};
    struct tomte_wasm_instance *from = twin->pair[twin->at];
    if (!snapshot(from, &bytes))
        return "no snapshot can be made";
    twin->at ^= 1;
    enum tomte_err err = tomte_wasm_restore(twin->pair[twin->at], id, bytes,
                                            &w->scratch, &error);
    free((void *)(uintptr_t)bytes.data);
    tomte_wasm_abandon(from);
    return err == TOMTE_OK ? NULL : error.what;
}

static const char *compare(const struct tomte_wasm_instance *a,
                           const struct tomte_wasm_instance *b)
{
    uint32_t a_slots, b_slots;
    const uint32_t *a_results = tomte_wasm_results(a, &a_slots);
    const uint32_t *b_results = tomte_wasm_results(b, &b_slots);
    if (tomte_wasm_status(a) != tomte_wasm_status(b))
        return "one traps, the other does not";
    if (tomte_wasm_status(a) == TOMTE_WASM_TRAPPED)
        return compare_trap(tomte_wasm_trap(a), tomte_wasm_trap(b));
    if (!tomte_span_equal(TOMTE_SPAN(a_results, a_slots * sizeof *a_results),
                          TOMTE_SPAN(b_results, b_slots * sizeof *b_results)))
        return "other results";
    if (tomte_wasm_fuel_used(a) != tomte_wasm_fuel_used(b))
        return "another use of fuel";
    return compare_state(a, b);
}

static const char *compare_trap(const struct tomte_wasm_trap *a,
                                const struct tomte_wasm_trap *b)
{
    if (a->reason != b->reason)
        return "another trap";
    if (a->func != b->func || a->offset != b->offset)
        return "the same trap elsewhere";
    return NULL;
}

/* All that the future depends on, down to the byte. */
static const char *compare_state(const struct tomte_wasm_instance *a,
                                 const struct tomte_wasm_instance *b)
{
    struct tomte_span a_bytes = TOMTE_SPAN_NONE, b_bytes = TOMTE_SPAN_NONE;
    const char *differs = NULL;
    if (!snapshot(a, &a_bytes) || !snapshot(b, &b_bytes))
        differs = "no snapshot can be made";
    else if (!tomte_span_equal(a_bytes, b_bytes))
        differs = "another state in the end";
    free((void *)(uintptr_t)a_bytes.data);
    free((void *)(uintptr_t)b_bytes.data);
    return differs;
}

/* Into memory that is the caller's to free. */
static bool snapshot(const struct tomte_wasm_instance *wasm,
                     struct tomte_span *out)
{
    size_t size;
    *out = TOMTE_SPAN_NONE;
    if (tomte_wasm_snapshot_size(wasm, id, &size) != TOMTE_OK)
        return false;
    uint8_t *data = malloc(size);
    if (data != NULL && tomte_wasm_snapshot_encode(
                            wasm, id, TOMTE_BUF(data, size), out) == TOMTE_OK)
        return true;
    free(data);
    return false;
}
