/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a module to look into: sections, names, instructions and source
 * lines, of what is not valid too. Every line found is said with its file. */
#include "base/base.h"
#include "wasm/disasm.h"
#include "wasm/lines.h"

#include <string.h>

static void require(bool ok)
{
    if (!ok)
        tomte_panic(__FILE__, __LINE__, "the map contradicts itself");
}

static void look_up(const struct module_map *map, uint32_t offset)
{
    struct source_line line;
    struct module_body body;
    if (!module_map_body_at(map, offset, &body))
        return;
    require(body.size <= offset && offset < body.to && body.from <= body.to);
    if (source_line_find(map, &body, offset, &line))
        require(memchr(line.path, 0, sizeof line.path) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere;
    struct module_map map;
    bool broken;
    char text[64];
    if (nowhere == NULL)
        nowhere = fopen("/dev/null", "w");
    if (nowhere == NULL || !module_map_init(&map, TOMTE_SPAN(data, size)))
        return 0;
    for (uint32_t i = 0; i < map.section_count; i++) {
        const struct module_section *s = &map.sections[i];
        require(s->at <= size && s->len <= size - s->at);
        module_section_text(s, text, sizeof text);
    }
    disasm_module(nowhere, &map, NULL, &broken);
    disasm_module(nowhere, &map, "main", &broken);
    for (uint32_t at = 0; at < size; at += 1 + (uint32_t)(size / 16)) {
        look_up(&map, at);
        disasm_one(nowhere, &map, at);
    }
    return 0;
}
