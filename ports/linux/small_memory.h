/* SPDX-License-Identifier: Apache-2.0 */
/* linux/small_memory.h: a module for a node that has less than a page to give.
 *
 * Compilers and wasm-ld know memories of whole pages, 64 KiB each. Where the
 * manifest asks for less, the module's memory is declared anew in bytes
 * (proposal custom-page-sizes), at exactly what the manifest says. That is safe
 * where nothing lies above: the module must export `__heap_base` (wasm-ld
 * --export=__heap_base), the end of its stack and data, and it must not be
 * above. And the memory must not grow: its maximum is its minimum. A module
 * that asks memory.size would count in bytes; ours do not ask. */
#pragma once

#include "base/span.h"

/* True: *out is a module like `module` with a memory of `bytes` (malloc'ed, the
 * caller frees it); out->data NULL when it is right as it is. False: `error`
 * says why it cannot be. */
bool small_memory(struct tomte_span module, uint32_t bytes,
                  struct tomte_buf *out, char error[128]);
