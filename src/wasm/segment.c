/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/segment.h"

#include <string.h>

bool wasm_copy_elems(struct tomte_wasm_instance *inst, uint32_t segment,
                     uint32_t table, uint32_t to, uint32_t from, uint32_t len)
{
    const struct wasm_elem *e = &inst->m->elems[segment];
    struct wasm_table_inst *t = inst->tables[table];
    uint32_t count = inst->dropped_elems[segment] ? 0 : e->count;
    if (!wasm_in_range(from, len, count) || !wasm_in_range(to, len, t->len))
        return false;
    struct wasm_reader r =
        wasm_reader_over(inst->m->bytes, e->items, inst->m->bytes.len);
    for (uint32_t i = 0; i < from + len && len != 0; i++) {
        uint32_t value[2];
        if (e->exprs)
            wasm_eval(inst, &r, value);
        else
            value[0] = wasm_func_number(inst, wasm_read_u32(&r)) + 1;
        if (i >= from)
            t->refs[to + (i - from)] = value[0];
    }
    return true;
}

bool wasm_copy_data(struct tomte_wasm_instance *inst, uint32_t segment,
                    uint32_t to, uint32_t from, uint32_t len)
{
    const struct wasm_data *s = &inst->m->datas[segment];
    struct wasm_memory_inst *mem = inst->memory;
    uint32_t count = inst->dropped_datas[segment] ? 0 : s->len;
    if (!wasm_in_range(from, len, count) || !wasm_in_range(to, len, mem->len))
        return false;
    if (len != 0)
        memcpy(mem->data + to, inst->m->bytes.data + s->bytes + from, len);
    return true;
}
