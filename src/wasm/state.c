/* SPDX-License-Identifier: Apache-2.0 */
/* The host looks at an instance's memory, globals and tables. */
#include "wasm/instance.h"
#include "wasm/segment.h"

uint8_t *tomte_wasm_memory_at(struct tomte_wasm_instance *instance, uint32_t at,
                              uint32_t len)
{
    struct wasm_memory_inst *mem = instance->memory;
    if (mem->data == NULL || !wasm_in_range(at, len, mem->len))
        return NULL;
    return mem->data + at;
}

struct tomte_buf tomte_wasm_memory(struct tomte_wasm_instance *instance)
{
    return TOMTE_BUF(instance->memory->data, instance->memory->len);
}

enum tomte_err tomte_wasm_global_get(const struct tomte_wasm_instance *instance,
                                     uint32_t global,
                                     enum tomte_wasm_valtype *type,
                                     uint32_t value[2])
{
    if (global >= instance->m->all.of[TOMTE_WASM_GLOBAL])
        return TOMTE_ERR_NOT_FOUND;
    uint8_t t = instance->m->globals[global].type;
    *type = (enum tomte_wasm_valtype)t;
    value[0] = instance->globals[global][0];
    value[1] = wasm_width(t) == 2 ? instance->globals[global][1] : 0;
    return TOMTE_OK;
}

enum tomte_err tomte_wasm_table_size(const struct tomte_wasm_instance *instance,
                                     uint32_t table, uint32_t *entries)
{
    if (table >= instance->m->all.of[TOMTE_WASM_TABLE])
        return TOMTE_ERR_NOT_FOUND;
    *entries = instance->tables[table]->len;
    return TOMTE_OK;
}

enum tomte_err tomte_wasm_table_get(const struct tomte_wasm_instance *instance,
                                    uint32_t table, uint32_t entry,
                                    uint32_t *ref)
{
    if (table >= instance->m->all.of[TOMTE_WASM_TABLE] ||
        entry >= instance->tables[table]->len)
        return TOMTE_ERR_NOT_FOUND;
    *ref = instance->tables[table]->refs[entry];
    return TOMTE_OK;
}
