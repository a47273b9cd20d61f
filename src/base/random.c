/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

static uint64_t splitmix64(uint64_t *x)
{
    uint64_t z = *x += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t rotate(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

void tomte_random_init(struct tomte_random *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        r->s[i] = splitmix64(&seed);
}

uint64_t tomte_random_next(struct tomte_random *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t tomte_random_below(struct tomte_random *r, uint64_t bound)
{
    if (bound == 0)
        return 0;
    uint64_t floor = -bound % bound; /* what would favour small results */
    for (;;) {
        uint64_t x = tomte_random_next(r);
        if (x >= floor)
            return x % bound;
    }
}

bool tomte_random_chance(struct tomte_random *r, unsigned permille)
{
    return tomte_random_below(r, 1000) < permille;
}

void tomte_random_fill(struct tomte_random *r, struct tomte_buf out)
{
    for (size_t i = 0; i < out.cap; i += 8) {
        uint64_t x = tomte_random_next(r);
        for (size_t j = i; j < out.cap && j < i + 8; j++, x >>= 8)
            out.data[j] = (uint8_t)x;
    }
}
