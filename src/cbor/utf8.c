/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/internal.h"

/* The length that a first byte announces, 0 for none, and its own bits. */
static size_t first_byte(uint8_t b, uint32_t *bits)
{
    if (b < 0x80)
        return *bits = b, 1;
    if (b >> 5 == 0x06)
        return *bits = b & 0x1f, 2;
    if (b >> 4 == 0x0e)
        return *bits = b & 0x0f, 3;
    if (b >> 3 == 0x1e)
        return *bits = b & 0x07, 4;
    return 0;
}

static bool shortest(uint32_t point, size_t len)
{
    static const uint32_t min[] = {0, 0, 0x80, 0x800, 0x10000};
    return point >= min[len];
}

size_t tomte_cbor_utf8_next(struct tomte_span s, size_t at, uint32_t *point)
{
    size_t len = first_byte(s.data[at], point);
    if (len > s.len - at)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if (s.data[at + i] >> 6 != 0x02)
            return 0;
        *point = *point << 6 | (s.data[at + i] & 0x3f);
    }
    bool surrogate = *point >= 0xd800 && *point <= 0xdfff;
    if (!shortest(*point, len) || surrogate || *point > 0x10ffff)
        return 0;
    return len;
}

bool tomte_cbor_utf8_valid(struct tomte_span s)
{
    uint32_t point = 0;
    for (size_t at = 0; at < s.len;) {
        size_t len = tomte_cbor_utf8_next(s, at, &point);
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}
