/* SPDX-License-Identifier: Apache-2.0 */
#include "queue.h"

#include <stdlib.h>

static bool before(const struct happening *a, const struct happening *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->number < b->number;
}

static void swap(struct happening *a, struct happening *b)
{
    struct happening t = *a;
    *a = *b;
    *b = t;
}

void queue_put(struct queue *q, struct happening h)
{
    if (q->len == q->cap) {
        q->cap = q->cap == 0 ? 1024 : 2 * q->cap;
        q->heap = realloc(q->heap, q->cap * sizeof *q->heap);
        TOMTE_ASSERT(q->heap != NULL);
    }
    h.number = q->number++;
    size_t at = q->len++;
    q->heap[at] = h;
    for (; at > 0 && before(&q->heap[at], &q->heap[(at - 1) / 2]);
         at = (at - 1) / 2)
        swap(&q->heap[at], &q->heap[(at - 1) / 2]);
}

static size_t lesser_child(const struct queue *q, size_t at)
{
    size_t child = 2 * at + 1;
    if (child + 1 < q->len && before(&q->heap[child + 1], &q->heap[child]))
        child++;
    return child;
}

bool queue_take(struct queue *q, struct happening *out)
{
    if (q->len == 0)
        return false;
    *out = q->heap[0];
    q->heap[0] = q->heap[--q->len];
    for (size_t at = 0; 2 * at + 1 < q->len;) {
        size_t child = lesser_child(q, at);
        if (!before(&q->heap[child], &q->heap[at]))
            break;
        swap(&q->heap[at], &q->heap[child]);
        at = child;
    }
    return true;
}

void queue_free(struct queue *q)
{
    for (size_t i = 0; i < q->len; i++)
        free(q->heap[i].bytes);
    free(q->heap);
    *q = (struct queue){0};
}
