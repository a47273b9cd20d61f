/* SPDX-License-Identifier: Apache-2.0 */
/* Names of functions, for people: the name section (appendix "Custom
 * Sections", "Name Section"), which nobody has checked, else exports and
 * imports. */
#include "wasm/module.h"

#define NAMES_OF_FUNCTIONS 1

static struct tomte_span find_in_section(const struct tomte_wasm_module *m,
                                         uint32_t func);
static struct tomte_span find_in_map(struct wasm_reader *r, uint32_t func);
static struct tomte_span find_export(const struct tomte_wasm_module *m,
                                     uint32_t func);
static struct tomte_span find_import(const struct tomte_wasm_module *m,
                                     uint32_t func);

struct tomte_span tomte_wasm_func_name(const struct tomte_wasm_module *module,
                                       uint32_t func)
{
    struct tomte_span name = find_in_section(module, func);
    if (name.len == 0)
        name = find_export(module, func);
    if (name.len == 0 && func < module->imported.of[TOMTE_WASM_FUNC])
        name = find_import(module, func);
    return name;
}

static struct tomte_span find_in_section(const struct tomte_wasm_module *m,
                                         uint32_t func)
{
    struct tomte_span content;
    if (!tomte_wasm_custom_find(m, TOMTE_SPAN_LIT("name"), &content))
        return TOMTE_SPAN_NONE;
    struct wasm_reader r = wasm_reader_over(content, 0, content.len);
    while (wasm_left(&r) != 0) {
        uint8_t id = wasm_read_u8(&r);
        struct tomte_span map = wasm_read_bytes(&r, wasm_read_u32(&r));
        if (id == NAMES_OF_FUNCTIONS && r.err == TOMTE_OK) {
            struct wasm_reader names = wasm_reader_over(map, 0, map.len);
            return find_in_map(&names, func);
        }
    }
    return TOMTE_SPAN_NONE;
}

static struct tomte_span find_in_map(struct wasm_reader *r, uint32_t func)
{
    uint32_t count = wasm_read_u32(r);
    for (uint32_t i = 0; i < count && r->err == TOMTE_OK; i++) {
        uint32_t index = wasm_read_u32(r);
        struct tomte_span name = wasm_read_name(r);
        if (index == func && r->err == TOMTE_OK)
            return name;
    }
    return TOMTE_SPAN_NONE;
}

static struct tomte_span find_export(const struct tomte_wasm_module *m,
                                     uint32_t func)
{
    struct wasm_reader r = wasm_section_reader(m, WASM_SECTION_EXPORT);
    uint32_t count = wasm_read_u32(&r);
    for (uint32_t i = 0; i < count; i++) {
        struct tomte_wasm_export e;
        wasm_read_export(&r, &e);
        if (e.kind == TOMTE_WASM_FUNC && e.index == func)
            return e.name;
    }
    return TOMTE_SPAN_NONE;
}

static struct tomte_span find_import(const struct tomte_wasm_module *m,
                                     uint32_t func)
{
    struct wasm_reader r = wasm_section_reader(m, WASM_SECTION_IMPORT);
    uint32_t count = wasm_read_u32(&r), seen = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct wasm_import_entry e;
        wasm_read_import(&r, m->limits.features, &e);
        if (e.kind == TOMTE_WASM_FUNC && seen++ == func)
            return e.name;
    }
    return TOMTE_SPAN_NONE;
}
