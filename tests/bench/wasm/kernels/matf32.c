/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel.h"

#define N 40
static float a[N][N], b[N][N], c[N][N];
u32 run(u32 n)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = (i * j % 7) + 0.5f;
            b[i][j] = (i + j) % 5 - 1.25f;
        }
    for (u32 r = 0; r < n; r++) {
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                float s = 0;
                for (int k = 0; k < N; k++)
                    s += a[i][k] * b[k][j];
                c[i][j] = s;
            }
        a[r % N][(r * 3) % N] = c[(r * 7) % N][r % N] * 0.001f;
    }
    float s = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            s += c[i][j];
    return (u32)(i64)(s * 16.0f);
}
