/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "base/assert.h"

#include <string.h>

void tomte_arena_init(struct tomte_arena *a, void *base, size_t size)
{
    *a = (struct tomte_arena){.base = base, .size = size};
}

void *tomte_arena_take(struct tomte_arena *a, size_t size, size_t align)
{
    TOMTE_ASSERT(align != 0 && (align & (align - 1)) == 0);
    uintptr_t at = (uintptr_t)a->base + a->used;
    size_t pad = (size_t)(-at & (align - 1));
    if (pad > a->size - a->used || size > a->size - a->used - pad)
        return NULL;
    uint8_t *p = a->base + a->used + pad;
    a->used += pad + size;
    if (a->used > a->high)
        a->high = a->used;
    memset(p, 0, size);
    return p;
}

_Bool tomte_arena_split(struct tomte_arena *a, size_t size,
                        struct tomte_arena *out)
{
    void *p = tomte_arena_take(a, size, 16);
    if (p == NULL)
        return 0;
    tomte_arena_init(out, p, size);
    return 1;
}

size_t tomte_arena_mark(const struct tomte_arena *a)
{
    return a->used;
}

void tomte_arena_release(struct tomte_arena *a, size_t mark)
{
    TOMTE_ASSERT(mark <= a->used);
    a->used = mark;
}
