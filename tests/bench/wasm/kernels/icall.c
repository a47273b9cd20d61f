/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel.h"

typedef struct S S;
typedef u32 (*h_t)(S *, u32);
struct S {
    h_t h;
    u32 cnt[8];
    u32 x;
};
static u32 st_idle(S *, u32), st_arm(S *, u32), st_run(S *, u32),
    st_err(S *, u32), st_wait(S *, u32), st_stop(S *, u32);
static u32 st_idle(S *s, u32 e)
{
    s->cnt[0]++;
    s->h = (e & 1) ? st_arm : st_wait;
    return e + 1;
}

static u32 st_arm(S *s, u32 e)
{
    s->cnt[1]++;
    s->h = (e & 2) ? st_run : st_idle;
    return e ^ 5;
}

static u32 st_run(S *s, u32 e)
{
    s->cnt[2]++;
    s->x += e;
    if ((e & 7) == 7)
        s->h = st_err;
    else if ((e & 7) == 3)
        s->h = st_stop;
    return e * 3;
}

static u32 st_err(S *s, u32 e)
{
    s->cnt[3]++;
    s->h = st_idle;
    return e - 2;
}

static u32 st_wait(S *s, u32 e)
{
    s->cnt[4]++;
    s->h = (e & 4) ? st_arm : st_idle;
    return e >> 1;
}

static u32 st_stop(S *s, u32 e)
{
    s->cnt[5]++;
    s->h = (e & 8) ? st_run : st_wait;
    return ~e;
}

static S s;
static h_t volatile init_h = st_idle;
u32 run(u32 n)
{
    s.h = init_h;
    s.x = 0;
    for (int i = 0; i < 8; i++)
        s.cnt[i] = 0;
    u32 r = 2463534242u, a = 0;
    for (u32 i = 0; i < n; i++) {
        r ^= r << 13;
        r ^= r >> 17;
        r ^= r << 5;
        a += s.h(&s, r);
    }
    return a ^ s.x ^ s.cnt[2];
}
