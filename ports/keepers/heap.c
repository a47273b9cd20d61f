/* SPDX-License-Identifier: Apache-2.0 */
#include "keepers/heap.h"

#include "base/assert.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Stands before each allocation. */
struct keepers_block {
    alignas(max_align_t) struct keepers_block *next;
    struct keepers_block *before;
    size_t size;
};

static void *get(void *data, size_t size)
{
    struct keepers_heap *h = data;
    struct keepers_block *b =
        size < SIZE_MAX / 2 ? malloc(sizeof *b + size) : NULL;
    TOMTE_ASSERT(b != NULL);
    *b = (struct keepers_block){.next = h->blocks, .size = size};
    if (h->blocks != NULL)
        h->blocks->before = b;
    h->blocks = b;
    h->used += size;
    if (h->high < h->used)
        h->high = h->used;
    if (h->used > h->limit)
        h->over = true;
    return b + 1;
}

static void give(void *data, void *memory)
{
    struct keepers_heap *h = data;
    if (memory == NULL)
        return;
    struct keepers_block *b = (struct keepers_block *)memory - 1;
    if (b->next != NULL)
        b->next->before = b->before;
    if (b->before != NULL)
        b->before->next = b->next;
    else
        h->blocks = b->next;
    h->used -= b->size;
    free(b);
}

static void *get_zeroed(void *data, size_t count, size_t size)
{
    TOMTE_ASSERT(size == 0 || count <= SIZE_MAX / size);
    void *memory = get(data, count * size);
    memset(memory, 0, count * size);
    return memory;
}

static void *resize(void *data, void *memory, size_t size)
{
    void *larger = get(data, size);
    if (memory == NULL)
        return larger;
    size_t had = ((struct keepers_block *)memory - 1)->size;
    memcpy(larger, memory, had < size ? had : size);
    give(data, memory);
    return larger;
}

/* The core asks for none that is aligned further; its uv backend does. */
static void *get_aligned(void *data, size_t alignment, size_t size)
{
    TOMTE_ASSERT(alignment <= alignof(max_align_t));
    return get(data, size);
}

static void give_aligned(void *data, size_t alignment, void *memory)
{
    (void)alignment;
    give(data, memory);
}

void keepers_heap_init(struct keepers_heap *h, size_t limit)
{
    *h = (struct keepers_heap){.limit = limit};
    h->ops = (struct raft_heap){.data = h,
                                .malloc = get,
                                .free = give,
                                .calloc = get_zeroed,
                                .realloc = resize,
                                .aligned_alloc = get_aligned,
                                .aligned_free = give_aligned};
}

void keepers_heap_enter(struct keepers_heap *h)
{
    raft_heap_set(&h->ops);
}

void keepers_heap_drop(struct keepers_heap *h)
{
    while (h->blocks != NULL)
        give(h, h->blocks + 1);
    h->over = false;
}
