/* SPDX-License-Identifier: Apache-2.0 */
/* base/arena.h: memory that the caller gave, handed out in order.
 *
 * The core takes no heap. A room that needs memory of a size known only at run
 * time takes it from an arena. There is no free: take a mark and release back
 * to it, or reset all. Not thread-safe.
 *
 * Life: init -> (take | mark | release)*. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct tomte_arena {
    uint8_t *base;
    size_t size;
    size_t used;
    size_t high; /* the most that was ever used */
};

/* `base` stays the caller's and must outlive the arena. */
void tomte_arena_init(struct tomte_arena *a, void *base, size_t size);

/* `size` zeroed bytes aligned to `align` (a power of two), or NULL when the
 * arena has no room. */
void *tomte_arena_take(struct tomte_arena *a, size_t size, size_t align);

/* A sub-arena of `size` bytes taken from this one; false when no room. */
_Bool tomte_arena_split(struct tomte_arena *a, size_t size,
                        struct tomte_arena *out);

/* Where the arena stands; give it to release to drop all taken since. */
size_t tomte_arena_mark(const struct tomte_arena *a);
void tomte_arena_release(struct tomte_arena *a, size_t mark);
