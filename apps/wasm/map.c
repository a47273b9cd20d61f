/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/map.h"

#include "base/text.h"
#include "wasm/module.h"

#include <stdio.h>
#include <string.h>

#define HEADER_BYTES       8
#define NAMES_OF_FUNCTIONS 1

static void add_section(struct module_map *map, struct wasm_reader *r);
static uint32_t count_imported(const struct module_map *map);
static struct wasm_reader reader_of(const struct module_map *map,
                                    const struct module_section *s);

bool module_map_init(struct module_map *map, struct tomte_span bytes)
{
    static const uint8_t magic[4] = {0, 'a', 's', 'm'};
    *map = (struct module_map){.bytes = bytes};
    if (bytes.len < HEADER_BYTES || bytes.len > UINT32_MAX ||
        memcmp(bytes.data, magic, sizeof magic) != 0)
        return false;
    struct wasm_reader r = wasm_reader_over(bytes, HEADER_BYTES, bytes.len);
    while (wasm_left(&r) != 0 && r.err == TOMTE_OK &&
           map->section_count < MODULE_SECTIONS_MAX)
        add_section(map, &r);
    map->imported = count_imported(map);
    return true;
}

const struct module_section *module_map_section(const struct module_map *map,
                                                uint8_t id)
{
    for (uint32_t i = 0; i < map->section_count; i++)
        if (map->sections[i].id == id)
            return &map->sections[i];
    return NULL;
}

const struct module_section *module_map_custom(const struct module_map *map,
                                               const char *name)
{
    struct tomte_span wanted = tomte_span_str(name);
    for (uint32_t i = 0; i < map->section_count; i++)
        if (map->sections[i].id == WASM_SECTION_CUSTOM &&
            tomte_span_equal(map->sections[i].name, wanted))
            return &map->sections[i];
    return NULL;
}

const char *module_section_text(const struct module_section *s, char *text,
                                size_t size)
{
    static const char *const names[WASM_SECTION_COUNT] = {
        "custom", "type",   "import",    "function", "table",
        "memory", "global", "export",    "start",    "element",
        "code",   "data",   "data count"};
    struct tomte_text t;
    if (s->id != WASM_SECTION_CUSTOM)
        return s->id < WASM_SECTION_COUNT ? names[s->id] : "unknown";
    tomte_text_init(&t, text, size);
    tomte_text_span(&t, s->name);
    return text;
}

struct wasm_reader module_bodies(const struct module_map *map)
{
    struct wasm_reader r =
        reader_of(map, module_map_section(map, WASM_SECTION_CODE));
    wasm_read_u32(&r);
    return r;
}

/* `func` of the one before is counted up; the first is the caller's to set. */
bool module_bodies_next(struct wasm_reader *r, struct module_body *body)
{
    if (wasm_left(r) == 0)
        return false;
    body->size = wasm_offset(r);
    uint32_t len = wasm_read_u32(r);
    body->from = wasm_offset(r);
    wasm_read_bytes(r, len);
    body->to = wasm_offset(r);
    body->func++;
    return r->err == TOMTE_OK;
}

bool module_map_body_at(const struct module_map *map, uint32_t offset,
                        struct module_body *body)
{
    struct wasm_reader r = module_bodies(map);
    body->func = map->imported - 1;
    while (module_bodies_next(&r, body))
        if (offset >= body->size && offset < body->to)
            return true;
    return false;
}

struct tomte_span module_map_name(const struct module_map *map, uint32_t func)
{
    const struct module_section *s = module_map_custom(map, "name");
    if (s == NULL)
        return TOMTE_SPAN_NONE;
    struct wasm_reader r =
        wasm_reader_over(map->bytes, s->data, (size_t)s->at + s->len);
    while (wasm_left(&r) != 0 && r.err == TOMTE_OK) {
        uint8_t id = wasm_read_u8(&r);
        struct tomte_span part = wasm_read_bytes(&r, wasm_read_u32(&r));
        if (id != NAMES_OF_FUNCTIONS || r.err != TOMTE_OK)
            continue;
        struct wasm_reader names = wasm_reader_over(part, 0, part.len);
        for (uint32_t n = wasm_read_u32(&names); n > 0; n--) {
            uint32_t index = wasm_read_u32(&names);
            struct tomte_span name = wasm_read_name(&names);
            if (names.err != TOMTE_OK)
                return TOMTE_SPAN_NONE;
            if (index == func)
                return name;
        }
    }
    return TOMTE_SPAN_NONE;
}

const char *module_type_text(uint8_t type)
{
    switch (type) {
    case TOMTE_WASM_I32:
        return "i32";
    case TOMTE_WASM_I64:
        return "i64";
    case TOMTE_WASM_F32:
        return "f32";
    case TOMTE_WASM_F64:
        return "f64";
    case TOMTE_WASM_FUNCREF:
        return "funcref";
    case TOMTE_WASM_EXTERNREF:
        return "externref";
    default:
        return "?";
    }
}

static void add_section(struct module_map *map, struct wasm_reader *r)
{
    struct module_section s = {.id = wasm_read_u8(r)};
    s.len = wasm_read_u32(r);
    s.at = wasm_offset(r);
    wasm_read_bytes(r, s.len);
    if (r->err != TOMTE_OK)
        return;
    if (s.id == WASM_SECTION_CUSTOM) {
        struct wasm_reader in = reader_of(map, &s);
        s.name = wasm_read_name(&in);
        s.data = wasm_offset(&in);
    }
    map->sections[map->section_count++] = s;
}

static uint32_t count_imported(const struct module_map *map)
{
    struct wasm_reader r =
        reader_of(map, module_map_section(map, WASM_SECTION_IMPORT));
    uint32_t funcs = 0;
    for (uint32_t n = wasm_read_u32(&r); n > 0 && r.err == TOMTE_OK; n--) {
        struct wasm_import_entry e;
        wasm_read_import(&r, TOMTE_WASM_FEATURES_ALL, &e);
        funcs += r.err == TOMTE_OK && e.kind == TOMTE_WASM_FUNC;
    }
    return funcs;
}

/* Over nothing where there is no such section. */
static struct wasm_reader reader_of(const struct module_map *map,
                                    const struct module_section *s)
{
    if (s == NULL)
        return wasm_reader_over(map->bytes, map->bytes.len, map->bytes.len);
    return wasm_reader_over(map->bytes, s->at, (size_t)s->at + s->len);
}
