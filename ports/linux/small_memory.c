/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/small_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 65536u

enum section { MEMORY = 5, GLOBAL = 6, EXPORT = 7 };

/* What is read; `failed` sticks, and then everything reads as 0. */
struct reader {
    const uint8_t *at, *end;
    bool failed;
};

static uint32_t byte(struct reader *r)
{
    if (r->at == r->end)
        r->failed = true;
    return r->failed ? 0 : *r->at++;
}

/* LEB128 of at most 32 bits; a signed one that is negative reads as large. */
static uint32_t number(struct reader *r)
{
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint32_t b = byte(r);
        n |= (uint64_t)(b & 0x7f) << shift;
        if ((b & 0x80) == 0)
            return (uint32_t)n;
    }
    r->failed = true;
    return 0;
}

static struct reader part(struct reader *r, uint32_t len)
{
    struct reader p = {r->at, r->at, true};
    if (r->failed || len > (size_t)(r->end - r->at)) {
        r->failed = true;
        return p;
    }
    p = (struct reader){r->at, r->at + len, false};
    r->at += len;
    return p;
}

/* The section of that kind; `whole` is where it begins, with its head. */
static bool find(struct tomte_span module, enum section kind,
                 struct reader *body, const uint8_t **whole)
{
    struct reader r = {module.data, module.data + module.len, false};
    (void)part(&r, 8); /* magic and version */
    while (!r.failed && r.at < r.end) {
        *whole = r.at;
        uint32_t id = byte(&r);
        *body = part(&r, number(&r));
        if (id == kind && !body->failed)
            return true;
    }
    return false;
}

/* The index of the exported global `__heap_base`. */
static bool heap_base_index(struct tomte_span module, uint32_t *index)
{
    static const char name[] = "__heap_base";
    struct reader r;
    const uint8_t *whole;
    if (!find(module, EXPORT, &r, &whole))
        return false;
    for (uint32_t left = number(&r); left > 0 && !r.failed; left--) {
        struct reader n = part(&r, number(&r));
        uint32_t kind = byte(&r);
        *index = number(&r);
        if (!r.failed && kind == 3 &&
            (size_t)(n.end - n.at) == sizeof name - 1 &&
            memcmp(n.at, name, sizeof name - 1) == 0)
            return true;
    }
    return false;
}

/* Its value. Globals are not imported, so the first of the section is 0. */
static bool heap_base(struct tomte_span module, uint32_t *value)
{
    uint32_t index;
    struct reader r;
    const uint8_t *whole;
    if (!heap_base_index(module, &index) || !find(module, GLOBAL, &r, &whole))
        return false;
    uint32_t count = number(&r);
    for (uint32_t i = 0; i < count && !r.failed; i++) {
        uint32_t type = byte(&r);
        (void)byte(&r);                       /* mutable or not */
        if (type != 0x7f || byte(&r) != 0x41) /* i32.const */
            return false;
        *value = number(&r);
        if (byte(&r) != 0x0b)
            return false;
        if (i == index)
            return !r.failed;
    }
    return false;
}

static size_t put_number(uint8_t *out, uint32_t n)
{
    size_t len = 0;
    do {
        out[len++] = (uint8_t)((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
        n >>= 7;
    } while (n > 0);
    return len;
}

/* One memory, with a maximum, of pages of one byte (2^0). */
static size_t put_memory(uint8_t out[24], uint32_t bytes)
{
    uint8_t body[16];
    size_t len = 0;
    body[len++] = 1;
    body[len++] = 0x09;
    len += put_number(body + len, bytes);
    len += put_number(body + len, bytes);
    body[len++] = 0;
    out[0] = MEMORY;
    out[1] = (uint8_t)len;
    memcpy(out + 2, body, len);
    return len + 2;
}

static bool replace(struct tomte_span module, const uint8_t *from,
                    const uint8_t *to, struct tomte_span by,
                    struct tomte_buf *out, char error[128])
{
    size_t before = (size_t)(from - module.data);
    size_t after = module.len - (size_t)(to - module.data);
    *out = TOMTE_BUF(malloc(before + by.len + after), before + by.len + after);
    if (out->data == NULL) {
        snprintf(error, 128, "out of memory");
        return false;
    }
    memcpy(out->data, module.data, before);
    memcpy(out->data + before, by.data, by.len);
    memcpy(out->data + before + by.len, to, after);
    return true;
}

bool small_memory(struct tomte_span module, uint32_t bytes,
                  struct tomte_buf *out, char error[128])
{
    struct reader r;
    const uint8_t *whole;
    uint8_t memory[24];
    uint32_t base = 0;
    *out = TOMTE_BUF(NULL, 0);
    if (bytes >= PAGE || !find(module, MEMORY, &r, &whole))
        return true;
    const uint8_t *end = r.end;
    if (number(&r) != 1 || number(&r) != 1 || number(&r) != 1 ||
        number(&r) != 1 || r.failed || r.at != end) {
        snprintf(error, 128,
                 "memory_bytes is less than a page of 65536, which asks for "
                 "a module with one page that does not grow");
        return false;
    }
    if (!heap_base(module, &base)) {
        snprintf(error, 128,
                 "memory_bytes is less than a page of 65536, which asks for "
                 "a module that exports __heap_base");
        return false;
    }
    if (base > bytes) {
        snprintf(error, 128,
                 "memory_bytes is %u, but its stack and data end at %u", bytes,
                 base);
        return false;
    }
    size_t len = put_memory(memory, bytes);
    return replace(module, whole, end, TOMTE_SPAN(memory, len), out, error);
}
