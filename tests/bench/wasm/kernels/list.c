/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel.h"

typedef struct N {
    struct N *next;
    u32 key;
    u32 val;
} N;
static N pool[1500];
static u32 rs;
static u32 rnd(void)
{
    rs ^= rs << 13;
    rs ^= rs >> 17;
    rs ^= rs << 5;
    return rs;
}

static NI N *merge(N *a, N *b)
{
    N h;
    N *t = &h;
    while (a && b) {
        if (a->key <= b->key) {
            t->next = a;
            t = a;
            a = a->next;
        } else {
            t->next = b;
            t = b;
            b = b->next;
        }
    }
    t->next = a ? a : b;
    return h.next;
}

static NI N *msort(N *l)
{
    if (!l || !l->next)
        return l;
    N *s = l, *f = l->next;
    while (f && f->next) {
        s = s->next;
        f = f->next->next;
    }
    N *m = s->next;
    s->next = 0;
    return merge(msort(l), msort(m));
}

static u32 arr[1500];
static NI void qs(u32 *a, int lo, int hi)
{
    while (lo < hi) {
        u32 p = a[(lo + hi) >> 1];
        int i = lo, j = hi;
        while (i <= j) {
            while (a[i] < p)
                i++;
            while (a[j] > p)
                j--;
            if (i <= j) {
                u32 t = a[i];
                a[i] = a[j];
                a[j] = t;
                i++;
                j--;
            }
        }
        if (j - lo < hi - i) {
            qs(a, lo, j);
            lo = i;
        } else {
            qs(a, i, hi);
            hi = j;
        }
    }
}

u32 run(u32 n)
{
    rs = 12345;
    u32 h = 0;
    for (u32 r = 0; r < n; r++) {
        N *l = 0;
        for (u32 i = 0; i < 1500; i++) {
            N *x = &pool[(i * 769) % 1500];
            x->key = rnd() & 0xffff;
            x->val = i;
            x->next = l;
            l = x;
            arr[i] = rnd();
        }
        l = msort(l);
        u32 k = 0;
        for (N *x = l; x; x = x->next)
            h = h * 33 + x->key + (x->val ^ k++);
        qs(arr, 0, 1499);
        h += arr[750];
    }
    return h;
}
