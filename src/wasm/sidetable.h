/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/sidetable.h: where the branches go.
 *
 * Structured control says where a branch goes only after the code in between
 * has been read. The validator reads it all once and leaves an entry of six
 * bytes for every instruction that needs more than its own bytes tell, in the
 * order of the code; execution walks code and entries side by side. A function
 * begins with its local map when it needs one, then its entries:
 *
 *   br, br_if, if, else   one: the target
 *   br_table              one for each label, then the default's
 *   loop                  one: its fuel
 *   drop, select          one if the operand takes two slots, else none
 *
 * A target is a place in the code and in the entries (in units), both counted
 * from where the function begins, with the slots to keep and the slots to drop
 * below them. What does not fit an entry is held in a second table of `far`
 * targets; the entry then has its index. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct wasm_side {
    uint16_t pc;
    uint16_t side;
    uint16_t slots; /* keep << 12 | drop, or a mark */
};

/* keep is at most 14, so that all from here up is free for marks. */
#define WASM_SIDE_MARKS 0xf000u
#define WASM_SIDE_FAR   0xffffu /* pc and side are an index of far targets */
#define WASM_SIDE_LOOP  0xfffeu /* pc and side are a cost */
#define WASM_SIDE_WIDE  0xfffdu /* pc and side are its offset in the module */
#define WASM_SIDE_BACK  0xfffcu /* a target that is a loop, all operands stay */

#define WASM_SIDE_UNITS 3 /* the table counts in 16-bit units */

struct wasm_far {
    uint32_t pc;
    uint32_t side;
    uint32_t keep;
    uint32_t drop;
};

struct wasm_side_table {
    const uint16_t *units;      /* maps and entries */
    const struct wasm_far *far; /* index 0 is the last in memory: far[-1 - i] */
    uint32_t unit_count;
    uint32_t far_count;
};

/* A local map has one unit a local, the last first: its slot, and whether it
 * takes two. Slots end where a unit of a map could be taken for a mark. */
#define WASM_LOCAL_WIDE      0x8000u
#define WASM_FRAME_SLOTS_MAX 0x7000u

static inline uint32_t wasm_side_word(const struct wasm_side *e)
{
    return (uint32_t)e->side << 16 | e->pc;
}

/* Building it. Entries are taken from the arena one by one, far targets from
 * the arena's end (which must be aligned to 4) by moving that down; who gave
 * the arena moves it back up. Without an arena it only counts, to find where
 * in the table a place of the code is. NO_MEMORY is remembered in `err`. */
struct wasm_side_builder {
    struct tomte_arena *arena;
    uint16_t *units;
    struct wasm_far *far; /* its end: it grows down from the arena's end */
    uint32_t unit_count;
    uint32_t far_count;
    uint32_t base; /* unit where the current function's entries begin */
    enum tomte_err err;
};

void wasm_side_init(struct wasm_side_builder *b, struct tomte_arena *arena);

/* Begin the entries of a function, behind its map. Returns the unit. */
uint32_t wasm_side_begin(struct wasm_side_builder *b);
void wasm_side_map(struct wasm_side_builder *b, uint16_t unit);

/* How many units of entries the current function has so far. */
uint32_t wasm_side_at(const struct wasm_side_builder *b);

/* Add a target that is known, which is a loop, or one that is yet to be found:
 * those of one label are chained through `*chain`, WASM_SIDE_END at first. */
#define WASM_SIDE_END UINT32_MAX
void wasm_side_target(struct wasm_side_builder *b, uint32_t keep, uint32_t drop,
                      uint32_t pc, uint32_t side);
void wasm_side_forward(struct wasm_side_builder *b, uint32_t keep,
                       uint32_t drop, uint32_t *chain);

/* The label is here: fill in all of its chain. */
void wasm_side_resolve(struct wasm_side_builder *b, uint32_t chain, uint32_t pc,
                       uint32_t side);

/* Add an entry with a mark; change its word later. */
void wasm_side_mark(struct wasm_side_builder *b, uint16_t mark, uint32_t word);
void wasm_side_set_word(struct wasm_side_builder *b, uint32_t entry,
                        uint32_t word);

/* Copy the far targets behind the entries. */
void wasm_side_finish(struct wasm_side_builder *b,
                      struct wasm_side_table *table);
