/* SPDX-License-Identifier: Apache-2.0 */
#include "switch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REORDER_MS 30
#define DOUBLE_MS  50

/* splitmix64's last steps: every bit of the result hangs on every bit of x. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* The draw number `what` for the k-th datagram of a pair: below `below`. */
static unsigned draw(const struct harm *h, int from, int to, unsigned what,
                     unsigned below)
{
    uint64_t k = h->count[from][to];
    uint64_t x = mix(h->seed + 0x9e3779b97f4a7c15u * (k + 1));
    x = mix(x ^ ((uint64_t)from << 32 | (uint64_t)to << 16 | what));
    return below == 0 ? 0 : (unsigned)(x % below);
}

/* ---- the heap ---- */

static bool before(const struct datagram *a, const struct datagram *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void keep(struct harm *h, const struct datagram *d, uint64_t due_ms)
{
    struct datagram *copy =
        h->waiting_len == WAITING_MAX ? NULL : malloc(sizeof *copy);
    if (copy == NULL) {
        h->full++;
        return;
    }
    memcpy(copy, d, offsetof(struct datagram, bytes) + d->len);
    copy->due_ms = due_ms;
    copy->order = h->order++;
    size_t at = h->waiting_len++;
    for (; at > 0 && before(copy, h->waiting[(at - 1) / 2]); at = (at - 1) / 2)
        h->waiting[at] = h->waiting[(at - 1) / 2];
    h->waiting[at] = copy;
}

static struct datagram *first(struct harm *h)
{
    struct datagram *top = h->waiting[0], *last = h->waiting[--h->waiting_len];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= h->waiting_len)
            break;
        if (child + 1 < h->waiting_len &&
            before(h->waiting[child + 1], h->waiting[child]))
            child++;
        if (!before(h->waiting[child], last))
            break;
        h->waiting[at] = h->waiting[child];
        at = child;
    }
    h->waiting[at] = last;
    return top;
}

/* ---- fates ---- */

void harm_do(struct harm *h, int from, int to, struct datagram *d)
{
    uint64_t now = switch_now_ms();
    unsigned late = h->delay_ms + draw(h, from, to, 0, h->jitter_ms + 1);
    bool lost = draw(h, from, to, 1, 100) < h->loss;
    bool twice = draw(h, from, to, 2, 100) < h->twice;
    bool held = draw(h, from, to, 3, 100) < h->reorder;
    unsigned gap = 1 + draw(h, from, to, 4, DOUBLE_MS);
    h->count[from][to]++;
    if (h->cut[from][to]) {
        h->severed++;
        return;
    }
    if (lost) {
        h->lost++;
        return;
    }
    h->passed++;
    h->late += held;
    keep(h, d, now + late + (held ? REORDER_MS : 0));
    if (twice) {
        h->doubled++;
        keep(h, d, now + late + gap);
    }
}

void harm_release(struct harm *h, void (*emit)(const struct datagram *d))
{
    uint64_t now = switch_now_ms();
    while (h->waiting_len > 0 && h->waiting[0]->due_ms <= now) {
        struct datagram *d = first(h);
        emit(d);
        free(d);
    }
}

int harm_wait_ms(const struct harm *h)
{
    uint64_t now = switch_now_ms();
    if (h->waiting_len == 0)
        return -1;
    uint64_t due = h->waiting[0]->due_ms;
    return due > now ? (int)(due - now) : 0;
}

/* ---- commands ---- */

void harm_silence(struct harm *h, int node)
{
    for (int i = 0; i <= NODES_MAX; i++)
        h->cut[i][node] = h->cut[node][i] = true;
}

void harm_split(struct harm *h, const int *list, int len)
{
    bool here[NODES_MAX + 1] = {false};
    for (int i = 0; i < len; i++)
        here[list[i]] = true;
    for (int i = 0; i <= NODES_MAX; i++)
        for (int k = 0; k <= NODES_MAX; k++)
            if (here[i] != here[k])
                h->cut[i][k] = true;
}

void harm_join(struct harm *h)
{
    memset(h->cut, 0, sizeof h->cut);
}

void harm_heal(struct harm *h)
{
    harm_join(h);
    h->loss = h->twice = h->reorder = 0;
    h->delay_ms = h->jitter_ms = 0;
}

void harm_print(const struct harm *h)
{
    printf("ok passed %llu lost %llu cut %llu doubled %llu late %llu full "
           "%llu\n",
           (unsigned long long)h->passed, (unsigned long long)h->lost,
           (unsigned long long)h->severed, (unsigned long long)h->doubled,
           (unsigned long long)h->late, (unsigned long long)h->full);
}
