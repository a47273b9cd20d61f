/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel.h"

typedef struct {
    float kp, ki, kd, i, pe, out, lo, hi;
} pid_t_;
static pid_t_ c[4];
static float temp[4];
static NI float step(pid_t_ *q, float sp, float pv, float dt)
{
    float e = sp - pv;
    float ni = q->i + e * dt;
    float d = (e - q->pe) / dt;
    float o = q->kp * e + q->ki * ni + q->kd * d;
    if (o > q->hi)
        o = q->hi;
    else if (o < q->lo)
        o = q->lo;
    else
        q->i = ni;
    q->pe = e;
    q->out = o;
    return o;
}

u32 run(u32 n)
{
    for (int k = 0; k < 4; k++) {
        c[k].kp = 2.0f + k;
        c[k].ki = 0.5f;
        c[k].kd = 0.05f;
        c[k].i = 0;
        c[k].pe = 0;
        c[k].lo = -10;
        c[k].hi = 100;
        temp[k] = 15.0f + k;
    }
    u32 h = 0;
    for (u32 i = 0; i < n; i++) {
        for (int k = 0; k < 4; k++) {
            float sp = 20.0f + (float)((i >> 8) & 7);
            float o = step(&c[k], sp, temp[k], 0.1f);
            temp[k] += (o * 0.02f - (temp[k] - 10.0f) * 0.01f) * 0.1f;
            if ((i & 63) == 0)
                h = h * 31 + (u32)(i32)(temp[k] * 10.0f);
        }
    }
    return h;
}
