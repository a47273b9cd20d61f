/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a module. All of it was checked when it was loaded, so the readers
 * here cannot fail. */
#include "wasm/module.h"

#include "base/assert.h"

#include <string.h>

struct tomte_span tomte_wasm_bytes(const struct tomte_wasm_module *module)
{
    return module->bytes;
}

bool tomte_wasm_export_at(const struct tomte_wasm_module *module, uint32_t i,
                          struct tomte_wasm_export *out)
{
    struct wasm_reader r = wasm_section_reader(module, WASM_SECTION_EXPORT);
    if (i >= wasm_read_u32(&r))
        return false;
    for (uint32_t k = 0; k <= i; k++)
        wasm_read_export(&r, out);
    return r.err == TOMTE_OK;
}

bool tomte_wasm_import_at(const struct tomte_wasm_module *module, uint32_t i,
                          struct tomte_wasm_import *out)
{
    struct wasm_reader r = wasm_section_reader(module, WASM_SECTION_IMPORT);
    struct wasm_counts seen = {{0}};
    if (i >= wasm_read_u32(&r))
        return false;
    for (uint32_t k = 0; k <= i; k++) {
        struct wasm_import_entry e;
        wasm_read_import(&r, module->limits.features, &e);
        out->module = e.module;
        out->name = e.name;
        out->kind = (enum tomte_wasm_kind)e.kind;
        out->index = seen.of[e.kind & 3]++;
    }
    return r.err == TOMTE_OK;
}

bool tomte_wasm_export_find(const struct tomte_wasm_module *module,
                            struct tomte_span name,
                            struct tomte_wasm_export *out)
{
    struct wasm_reader r = wasm_section_reader(module, WASM_SECTION_EXPORT);
    uint32_t count = wasm_read_u32(&r);
    for (uint32_t i = 0; i < count; i++) {
        wasm_read_export(&r, out);
        if (tomte_span_equal(out->name, name))
            return true;
    }
    return false;
}

uint32_t tomte_wasm_func_count(const struct tomte_wasm_module *module)
{
    return module->all.of[TOMTE_WASM_FUNC];
}

struct tomte_wasm_type
tomte_wasm_func_type(const struct tomte_wasm_module *module, uint32_t func)
{
    TOMTE_ASSERT(func < module->all.of[TOMTE_WASM_FUNC]);
    return wasm_type_spans(module, module->funcs[func].type);
}

bool tomte_wasm_custom_find(const struct tomte_wasm_module *module,
                            struct tomte_span name, struct tomte_span *content)
{
    struct wasm_reader r =
        wasm_reader_over(module->bytes, 8, module->bytes.len);
    while (wasm_left(&r) != 0) {
        uint8_t id = wasm_read_u8(&r);
        uint32_t len = wasm_read_u32(&r);
        size_t from = wasm_offset(&r);
        wasm_read_bytes(&r, len);
        if (id != WASM_SECTION_CUSTOM)
            continue;
        struct wasm_reader s =
            wasm_reader_over(module->bytes, from, from + len);
        if (tomte_span_equal(wasm_read_name(&s), name)) {
            *content = TOMTE_SPAN(s.at, wasm_left(&s));
            return true;
        }
    }
    return false;
}

struct tomte_wasm_memory_type
tomte_wasm_memory_type(const struct tomte_wasm_module *module)
{
    const struct wasm_memory *t = &module->memory;
    if (!t->present)
        return (struct tomte_wasm_memory_type){0};
    return (struct tomte_wasm_memory_type){
        .min_bytes = (uint64_t)t->min << t->page_shift,
        .max_bytes = (uint64_t)t->max << t->page_shift,
        .page_bytes = 1u << t->page_shift,
    };
}

uint32_t tomte_wasm_slots(struct tomte_span valtypes)
{
    uint32_t slots = 0;
    for (size_t i = 0; i < valtypes.len; i++)
        slots += wasm_width(valtypes.data[i]);
    return slots;
}

/* An absent section reads as one that holds no items. */
struct wasm_reader wasm_section_reader(const struct tomte_wasm_module *m,
                                       enum wasm_section id)
{
    static const uint8_t no_items = 0;
    struct tomte_span content = m->sections[id];
    if (content.data == NULL)
        return wasm_reader_over(TOMTE_SPAN(&no_items, 1), 0, 1);
    size_t from = (size_t)(content.data - m->bytes.data);
    return wasm_reader_over(m->bytes, from, from + content.len);
}

struct tomte_wasm_type wasm_type_spans(const struct tomte_wasm_module *m,
                                       uint32_t type)
{
    const struct wasm_type *t = &m->types[type];
    return (struct tomte_wasm_type){
        .params = TOMTE_SPAN(m->bytes.data + t->params, t->param_count),
        .results = TOMTE_SPAN(m->bytes.data + t->results, t->result_count),
    };
}

bool wasm_type_equal(const struct tomte_wasm_module *a, uint32_t ta,
                     const struct tomte_wasm_module *b, uint32_t tb)
{
    struct tomte_wasm_type x = wasm_type_spans(a, ta);
    struct tomte_wasm_type y = wasm_type_spans(b, tb);
    return tomte_span_equal(x.params, y.params) &&
           tomte_span_equal(x.results, y.results);
}
