/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/assert.h"

#include <string.h>

void tomte_text_init(struct tomte_text *t, char *data, size_t cap)
{
    TOMTE_ASSERT(cap >= 4);
    *t = (struct tomte_text){.data = data, .cap = cap};
    data[0] = 0;
}

static void cut(struct tomte_text *t)
{
    t->cut = true;
    t->len = t->cap - 1;
    memcpy(t->data + t->len - 3, "...", 4);
}

static void put(struct tomte_text *t, char c)
{
    if (t->cut)
        return;
    if (t->len + 1 >= t->cap) {
        cut(t);
        return;
    }
    t->data[t->len++] = c;
    t->data[t->len] = 0;
}

void tomte_text_char(struct tomte_text *t, char c)
{
    put(t, c >= 0x20 && c < 0x7f ? c : '?');
}

void tomte_text_span(struct tomte_text *t, struct tomte_span s)
{
    for (size_t i = 0; i < s.len && !t->cut; i++)
        tomte_text_char(t, (char)s.data[i]);
}

void tomte_text_str(struct tomte_text *t, const char *s)
{
    tomte_text_span(t, tomte_span_str(s));
}

void tomte_text_u64(struct tomte_text *t, uint64_t v)
{
    char digits[20];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    while (n > 0)
        put(t, digits[--n]);
}

void tomte_text_i64(struct tomte_text *t, int64_t v)
{
    if (v < 0)
        put(t, '-');
    tomte_text_u64(t, v < 0 ? (uint64_t)0 - (uint64_t)v : (uint64_t)v);
}

void tomte_text_hex(struct tomte_text *t, struct tomte_span s)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < s.len && !t->cut; i++) {
        put(t, hex[s.data[i] >> 4]);
        put(t, hex[s.data[i] & 15]);
    }
}
