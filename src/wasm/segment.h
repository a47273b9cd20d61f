/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/segment.h: copying from passive and active segments. */
#pragma once

#include "wasm/instance.h"

/* Copy `len` items from item `from` of a segment to entry or byte `to`. False,
 * and nothing copied, when either does not reach that far; a dropped segment
 * has no items. */
bool wasm_copy_elems(struct tomte_wasm_instance *inst, uint32_t segment,
                     uint32_t table, uint32_t to, uint32_t from, uint32_t len);
bool wasm_copy_data(struct tomte_wasm_instance *inst, uint32_t segment,
                    uint32_t to, uint32_t from, uint32_t len);

static inline bool wasm_in_range(uint32_t at, uint32_t len, uint32_t end)
{
    return at <= end && len <= end - at;
}
