/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/map.h: what lies where in a module's bytes, for people.
 *
 * It reads headers only, so it also serves modules that are not valid: an
 * error's offset gets a section and a function. Sections are those of the
 * WebAssembly core specification 2.0, section 5.5; what is malformed ends the
 * map there. Offsets count from the module's first byte. */
#pragma once

#include "wasm/reader.h"

#define MODULE_SECTIONS_MAX 64

struct module_section {
    uint8_t id;
    uint32_t at; /* of its content */
    uint32_t len;
    struct tomte_span name; /* of a custom section; its data follows */
    uint32_t data;          /* offset of that */
};

struct module_map {
    struct tomte_span bytes; /* borrowed */
    struct module_section sections[MODULE_SECTIONS_MAX];
    uint32_t section_count;
    uint32_t imported; /* functions */
};

/* One function's body: its locals and its code. */
struct module_body {
    uint32_t func; /* its index, imported ones counted */
    uint32_t size; /* offset of the size before it */
    uint32_t from, to;
};

/* False when `bytes` do not begin as a module does. */
bool module_map_init(struct module_map *map, struct tomte_span bytes);

/* The standard section of this id, or NULL. */
const struct module_section *module_map_section(const struct module_map *map,
                                                uint8_t id);
const struct module_section *module_map_custom(const struct module_map *map,
                                               const char *name);

/* "code", or of a custom section its name; `text` of `size` holds it. */
const char *module_section_text(const struct module_section *s, char *text,
                                size_t size);

/* The bodies one after the other: begin, then next until false. */
struct wasm_reader module_bodies(const struct module_map *map);
bool module_bodies_next(struct wasm_reader *r, struct module_body *body);

/* The body that `offset` is in, its size included; false when it is in none. */
bool module_map_body_at(const struct module_map *map, uint32_t offset,
                        struct module_body *body);

/* The function's name in the name section; empty when it has none there. */
struct tomte_span module_map_name(const struct module_map *map, uint32_t func);

/* "i32" for a value type's byte, "?" for any other. */
const char *module_type_text(uint8_t type);
