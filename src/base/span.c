/* SPDX-License-Identifier: Apache-2.0 */
#include "base/span.h"

#include <string.h>

struct tomte_span tomte_span_str(const char *s)
{
    return TOMTE_SPAN(s, strlen(s));
}

struct tomte_span tomte_span_slice(struct tomte_span s, size_t at, size_t len)
{
    if (at > s.len)
        at = s.len;
    if (len > s.len - at)
        len = s.len - at;
    return TOMTE_SPAN(s.data == NULL ? NULL : s.data + at, len);
}

bool tomte_span_equal(struct tomte_span a, struct tomte_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool tomte_span_equal_ct(struct tomte_span a, struct tomte_span b)
{
    if (a.len != b.len)
        return false;
    volatile uint8_t differ = 0;
    for (size_t i = 0; i < a.len; i++)
        differ = (uint8_t)(differ | (a.data[i] ^ b.data[i]));
    return differ == 0;
}

int tomte_span_compare(struct tomte_span a, struct tomte_span b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int c = common == 0 ? 0 : memcmp(a.data, b.data, common);
    if (c != 0)
        return c < 0 ? -1 : 1;
    return a.len == b.len ? 0 : a.len < b.len ? -1 : 1;
}

void tomte_wipe(void *data, size_t len)
{
    if (len > 0)
        memset(data, 0, len);
    /* whoever stands behind this may read the zeros: they must be written */
    __asm__ volatile("" : : "r"(data) : "memory");
}
