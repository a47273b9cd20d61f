/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/lines.h: from an offset in a module to a line of its source.
 *
 * Reads what compilers leave in the custom section .debug_line: programs for a
 * state machine, DWARF version 4 (section 6.2) and 5 (the same). Of version 5
 * file names may be in .debug_line_str or .debug_str. Addresses count from the
 * first byte of the code section's content, as the tool conventions for DWARF
 * in WebAssembly say. */
#pragma once

#include "wasm/map.h"

#define SOURCE_PATH_MAX 512

struct source_line {
    char path[SOURCE_PATH_MAX]; /* with its folder, cut at the end */
    uint32_t line, column;      /* column 0: not said */
};

/* The line whose instructions `offset` is among; it must be in the body. False
 * when nothing is said about it. What is malformed ends the search. */
bool source_line_find(const struct module_map *map,
                      const struct module_body *body, uint32_t offset,
                      struct source_line *out);
