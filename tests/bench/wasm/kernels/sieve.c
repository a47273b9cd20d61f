/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel.h"

static u8 f[32768];
u32 run(u32 n)
{
    u32 c = 0;
    for (u32 r = 0; r < n; r++) {
        c = 0;
        for (u32 i = 0; i < sizeof f; i++)
            f[i] = 1;
        for (u32 i = 2; i * i < sizeof f; i++)
            if (f[i])
                for (u32 j = i * i; j < sizeof f; j += i)
                    f[j] = 0;
        for (u32 i = 2; i < sizeof f; i++)
            c += f[i];
        __asm__ volatile("" ::: "memory");
    }
    return c;
}
