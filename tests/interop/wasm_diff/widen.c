/* SPDX-License-Identifier: Apache-2.0 */
#include "diff.h"

#include <string.h>

#define SECTION_MEMORY 5
#define SECTION_GLOBAL 6
#define SECTION_EXPORT 7
#define SECTION_CODE   10
#define HEADER_BYTES   8
#define NAME_BYTES     16

struct cursor {
    const uint8_t *at, *end;
    bool bad;
};

struct section {
    uint8_t id;
    struct tomte_span content;
};

static uint32_t read_u32(struct cursor *c);
static bool read_section(struct cursor *c, struct section *s);
static uint32_t first_count(struct tomte_span module, uint8_t id);
static void put(uint8_t **to, const void *bytes, size_t len);
static void put_u32(uint8_t **to, uint32_t v);
static void put_exports(uint8_t **to, struct tomte_span content,
                        uint32_t globals);
static void put_memory(uint8_t **to, struct tomte_span content);
static void put_code(uint8_t **to, struct tomte_span content, uint8_t rounds);

/* The generator imports functions only, so a global's number is its own. */
struct tomte_span diff_widen(struct tomte_span module, uint8_t rounds,
                             uint8_t *out)
{
    uint32_t globals = first_count(module, SECTION_GLOBAL);
    struct cursor c = {module.data + HEADER_BYTES, module.data + module.len,
                       module.len < HEADER_BYTES};
    struct section s;
    uint8_t *to = out;
    if (c.bad || module.len + NAME_BYTES * globals > DIFF_MODULE_BYTES_MAX / 2)
        return TOMTE_SPAN_NONE;
    put(&to, module.data, HEADER_BYTES);
    while (read_section(&c, &s)) {
        put(&to, &s.id, 1);
        if (s.id == SECTION_EXPORT) {
            put_exports(&to, s.content, globals);
        } else {
            put_u32(&to, (uint32_t)s.content.len);
            if (s.id == SECTION_MEMORY)
                put_memory(&to, s.content);
            else if (s.id == SECTION_CODE)
                put_code(&to, s.content, rounds);
            else
                put(&to, s.content.data, s.content.len);
        }
    }
    return c.bad ? TOMTE_SPAN_NONE : TOMTE_SPAN(out, (size_t)(to - out));
}

static uint32_t read_u32(struct cursor *c)
{
    uint32_t v = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        if (c->at == c->end)
            break;
        uint8_t byte = *c->at++;
        v |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return v;
    }
    c->bad = true;
    return 0;
}

static bool read_section(struct cursor *c, struct section *s)
{
    if (c->bad || c->at == c->end)
        return false;
    s->id = *c->at++;
    uint32_t len = read_u32(c);
    if (c->bad || len > (size_t)(c->end - c->at)) {
        c->bad = true;
        return false;
    }
    s->content = TOMTE_SPAN(c->at, len);
    c->at += len;
    return true;
}

/* How many entries the section has. */
static uint32_t first_count(struct tomte_span module, uint8_t id)
{
    struct cursor c = {module.data + HEADER_BYTES, module.data + module.len,
                       module.len < HEADER_BYTES};
    struct section s;
    while (read_section(&c, &s))
        if (s.id == id) {
            struct cursor in = {s.content.data, s.content.data + s.content.len,
                                false};
            return read_u32(&in);
        }
    return 0;
}

static void put(uint8_t **to, const void *bytes, size_t len)
{
    if (len != 0)
        memcpy(*to, bytes, len);
    *to += len;
}

static void put_u32(uint8_t **to, uint32_t v)
{
    for (; v >= 0x80; v >>= 7)
        *(*to)++ = (uint8_t)(v | 0x80);
    *(*to)++ = (uint8_t)v;
}

/* With its length: what it has, and all globals. */
static void put_exports(uint8_t **to, struct tomte_span content,
                        uint32_t globals)
{
    static uint8_t made[DIFF_MODULE_BYTES_MAX];
    struct cursor c = {content.data, content.data + content.len, false};
    uint8_t *at = made;
    put_u32(&at, read_u32(&c) + globals);
    put(&at, c.at, (size_t)(c.end - c.at));
    for (uint32_t i = 0; i < globals; i++) {
        char name[NAME_BYTES];
        int len = snprintf(name, sizeof name, "g!%u", i);
        put_u32(&at, (uint32_t)len);
        put(&at, name, (size_t)len);
        put_u32(&at, TOMTE_WASM_GLOBAL);
        put_u32(&at, i);
    }
    put_u32(to, (uint32_t)(at - made));
    put(to, made, (size_t)(at - made));
}

/* One page that may grow to two, for sixteen and seventeen. */
static void put_memory(uint8_t **to, struct tomte_span content)
{
    static const uint8_t large[] = {1, 1, 16, 17}, small[] = {1, 1, 1, 2};
    bool known = tomte_span_equal(content, TOMTE_SPAN_ARRAY(large));
    put(to, known ? small : content.data, content.len);
}

/* The last function sets how far a call may go: i32.const 10, global.set. Where
 * it does something else it stays as it is. */
static void put_code(uint8_t **to, struct tomte_span content, uint8_t rounds)
{
    uint8_t *end;
    put(to, content.data, content.len);
    end = *to;
    for (size_t back = 5; back <= 8 && back <= content.len; back++)
        if (end[-(ptrdiff_t)back] == 0x41 && end[1 - (ptrdiff_t)back] == 10 &&
            end[2 - (ptrdiff_t)back] == 0x24) {
            end[1 - (ptrdiff_t)back] = rounds;
            return;
        }
}
