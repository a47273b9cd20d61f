/* SPDX-License-Identifier: Apache-2.0 */
/* Generated modules, run by us and by others.
 *
 * A module is first widened (widen.c): all its globals are exported, so that
 * others can be asked for them, its calls may go deeper, and its memory is
 * small. Then it is run here in three ways (ways.c): from its bytes, from slot
 * code, and moving from the one to the other, as a snapshot, at stops of random
 * distance. All three must agree. What they did is said (say.c) as a script of
 * assertions in the JSON of wabt's wast2json, which wabt's spectest-interp and
 * node (node.mjs) carry out with the same files. A NaN is expected bit by
 * bit. */
#pragma once

#include "wasm/wasm.h"

#include <stdio.h>

#define DIFF_SLOTS_MAX        64
#define DIFF_MODULE_BYTES_MAX (1u << 20)

/* ---- widen.c ---- */

/* Export own global i as "g!i", let a call go round `rounds` (at most 63) loops
 * and calls in all, where the generator allows 10, and make its memory of 16
 * pages, which may grow by one, a memory of one page. `out` has room for
 * DIFF_MODULE_BYTES_MAX; empty when the module is not understood. */
struct tomte_span diff_widen(struct tomte_span module, uint8_t rounds,
                             uint8_t *out);

/* ---- ways.c ---- */

enum { DIFF_BYTES, DIFF_SLOTS, DIFF_MOVING, DIFF_WAYS };

/* What a host is told, folded: FNV-1a by words. */
struct diff_log {
    uint32_t hash;
    bool waits; /* the host answers later: the call is suspended */
};

struct diff_way {
    struct tomte_wasm_instance *now, *other; /* other: NULL, it never moves */
    struct diff_log log;
};

struct diff_module {
    const struct tomte_wasm_module *wasm;
    struct diff_way ways[DIFF_WAYS];
    struct tomte_arena *arena;
    uint64_t random; /* state of the generator */
    unsigned moves;  /* made so far, of at most DIFF_MOVES_MAX */
};

enum diff_end {
    DIFF_AGREED,
    DIFF_DIFFERS, /* between our own ways: *why says how */
    DIFF_REFUSED, /* not loaded, or not linked */
    DIFF_TOO_LONG,
};

#define DIFF_FNV_START 0x811c9dc5u
#define DIFF_FNV_PRIME 0x01000193u

static inline uint32_t diff_fold(uint32_t hash, uint32_t word)
{
    return (hash ^ word) * DIFF_FNV_PRIME;
}

/* Make the instances, and run what they start with. AGREED may mean that all
 * trapped alike: then the status of each says TRAPPED. */
enum diff_end diff_make(struct diff_module *m, struct tomte_span bytes,
                        struct tomte_arena *arena, uint64_t seed,
                        const char **why);

/* Call a function in all ways. */
enum diff_end diff_call(struct diff_module *m, uint32_t func,
                        const uint32_t *args, uint32_t arg_slots,
                        const char **why);

/* Are memory, globals, tables and what the host was told the same? */
enum diff_end diff_compare_state(struct diff_module *m, const char **why);

uint64_t diff_random(uint64_t *state);

/* ---- say.c ----
 *
 * Lines of the script; `line` numbers them for who finds a difference. */

struct diff_script {
    FILE *out;
    unsigned line;
    bool begun;
};

void diff_say_begin(struct diff_script *s);
void diff_say_end(struct diff_script *s);

/* The module FILE, with its imports and under the name "m" for the hasher. */
void diff_say_module(struct diff_script *s, const char *file, bool trapped);

/* A call and what way DIFF_BYTES ended with. */
void diff_say_call(struct diff_script *s, const struct diff_module *m,
                   const struct tomte_wasm_export *e, const uint32_t *args);

/* Globals, memory's digest and the log's, as they are now. */
void diff_say_state(struct diff_script *s, struct diff_module *m);
