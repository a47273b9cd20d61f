/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/disasm.h: instructions as text, from the engine's own table of opcodes.
 *
 * A function is a line that names it, then one line an instruction: its offset
 * in the module in six hexadecimal digits, and its text, indented by the blocks
 * it is in. As in the text format, but no operand is folded, and what an
 * instruction names is its number, with a name behind it where there is one. */
#pragma once

#include "wasm/map.h"

#include <stdio.h>

/* The body's instructions. False where one cannot be decoded: it is the last
 * line then, and says so. */
bool disasm_body(FILE *out, const struct module_map *map,
                 const struct module_body *body);

/* All functions, or those whose number or name is `which` (NULL: all). Returns
 * how many there were; *broken says that one could not be decoded. */
uint32_t disasm_module(FILE *out, const struct module_map *map,
                       const char *which, bool *broken);

/* The instruction at `offset`, on one line without its end; "?" when it is
 * none. */
void disasm_one(FILE *out, const struct module_map *map, uint32_t offset);
