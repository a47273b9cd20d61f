/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel.h"

static u64 v0, v1, v2, v3;
#define ROT(x, b) (((x) << (b)) | ((x) >> (64 - (b))))
static u64 m[256];
u32 run(u32 n)
{
    for (u32 i = 0; i < 256; i++)
        m[i] = i * 0x9E3779B97F4A7C15ull;
    v0 = 0x736f6d6570736575ull;
    v1 = 0x646f72616e646f6dull;
    v2 = 0x6c7967656e657261ull;
    v3 = 0x7465646279746573ull;
    u64 a = v0, b = v1, c = v2, d = v3;
    for (u32 r = 0; r < n; r++)
        for (u32 i = 0; i < 256; i++) {
            d ^= m[i];
            for (int k = 0; k < 2; k++) {
                a += b;
                b = ROT(b, 13);
                b ^= a;
                a = ROT(a, 32);
                c += d;
                d = ROT(d, 16);
                d ^= c;
                a += d;
                d = ROT(d, 21);
                d ^= a;
                c += b;
                b = ROT(b, 17);
                b ^= c;
                c = ROT(c, 32);
            }
            a ^= m[i];
        }
    u64 x = a ^ b ^ c ^ d;
    return (u32)(x ^ (x >> 32));
}
