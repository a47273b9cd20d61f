/* SPDX-License-Identifier: Apache-2.0 */
#include "asm.h"

#include "test.h"

static void put(uint8_t *at, size_t *len, size_t cap, struct tomte_span s)
{
    CHECK(*len + s.len <= cap);
    if (s.len != 0)
        memcpy(at + *len, s.data, s.len);
    *len += s.len;
}

static struct tomte_span leb(uint32_t v, uint8_t out[5])
{
    size_t len = 0;
    do {
        out[len] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        v >>= 7;
        len++;
    } while (v != 0);
    return TOMTE_SPAN(out, len);
}

static void put_module(struct asm_module *m, struct tomte_span s)
{
    put(m->bytes, &m->len, sizeof m->bytes, s);
}

static void put_module_leb(struct asm_module *m, uint32_t v)
{
    uint8_t bytes[5];
    put_module(m, leb(v, bytes));
}

static void add(struct asm_module *m, struct tomte_span s)
{
    put(m->section, &m->section_len, sizeof m->section, s);
}

static void add_leb(struct asm_module *m, uint32_t v)
{
    uint8_t bytes[5];
    add(m, leb(v, bytes));
}

static void add_name(struct asm_module *m, const char *name)
{
    struct tomte_span s = tomte_span_str(name);
    add_leb(m, (uint32_t)s.len);
    add(m, s);
}

static void flush(struct asm_module *m)
{
    uint8_t count[5];
    if (m->count == 0)
        return;
    struct tomte_span c = leb(m->count, count);
    put_module(m, B(m->id));
    put_module_leb(m, (uint32_t)(c.len + m->section_len));
    put_module(m, c);
    put_module(m, TOMTE_SPAN(m->section, m->section_len));
    m->section_len = 0;
    m->count = 0;
}

/* One more item of section `id`. */
static void item(struct asm_module *m, uint8_t id)
{
    if (m->id != id)
        flush(m);
    m->id = id;
    m->count++;
}

void asm_begin(struct asm_module *m)
{
    *m = (struct asm_module){0};
    put_module(m, B(0, 'a', 's', 'm', 1, 0, 0, 0));
}

struct tomte_span asm_end(struct asm_module *m)
{
    flush(m);
    return TOMTE_SPAN(m->bytes, m->len);
}

static uint8_t type_of(char letter)
{
    switch (letter) {
    case 'i':
        return I32;
    case 'I':
        return I64;
    case 'f':
        return F32;
    case 'F':
        return F64;
    case 'r':
        return FUNCREF;
    default:
        return EXTERNREF;
    }
}

void asm_type(struct asm_module *m, const char *type)
{
    item(m, 1);
    add(m, B(0x60));
    for (int list = 0; list < 2; list++) {
        const char *end = type;
        while (*end != ':' && *end != 0)
            end++;
        add_leb(m, (uint32_t)(end - type));
        for (; type < end; type++)
            add(m, B(type_of(*type)));
        type = end + 1;
    }
}

void asm_import(struct asm_module *m, const char *module, const char *name,
                struct tomte_span desc)
{
    item(m, 2);
    add_name(m, module);
    add_name(m, name);
    add(m, desc);
}

void asm_func(struct asm_module *m, uint8_t type)
{
    item(m, 3);
    add_leb(m, type);
}

void asm_table(struct asm_module *m, struct tomte_span desc)
{
    item(m, 4);
    add(m, desc);
}

void asm_memory(struct asm_module *m, struct tomte_span desc)
{
    item(m, 5);
    add(m, desc);
}

void asm_global(struct asm_module *m, struct tomte_span desc)
{
    item(m, 6);
    add(m, desc);
}

void asm_export(struct asm_module *m, const char *name, uint8_t kind,
                uint8_t index)
{
    item(m, 7);
    add_name(m, name);
    add(m, B(kind, index));
}

void asm_start(struct asm_module *m, uint8_t func)
{
    flush(m);
    asm_raw(m, 8, B(func));
}

void asm_elem(struct asm_module *m, struct tomte_span desc)
{
    item(m, 9);
    add(m, desc);
}

void asm_data(struct asm_module *m, struct tomte_span desc)
{
    item(m, 11);
    add(m, desc);
}

void asm_body(struct asm_module *m, struct tomte_span body)
{
    uint8_t bytes[5];
    put(m->code, &m->code_len, sizeof m->code, leb((uint32_t)body.len, bytes));
    put(m->code, &m->code_len, sizeof m->code, body);
    m->code_count++;
}

void asm_code(struct asm_module *m)
{
    uint8_t count[5];
    struct tomte_span c = leb(m->code_count, count);
    flush(m);
    put_module(m, B(10));
    put_module_leb(m, (uint32_t)(c.len + m->code_len));
    put_module(m, c);
    put_module(m, TOMTE_SPAN(m->code, m->code_len));
    m->id = 10;
}

void asm_raw(struct asm_module *m, uint8_t id, struct tomte_span content)
{
    flush(m);
    put_module(m, B(id));
    put_module_leb(m, (uint32_t)content.len);
    put_module(m, content);
    m->id = id;
}
