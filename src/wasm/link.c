/* SPDX-License-Identifier: Apache-2.0 */
/* Imports find what they name, section 4.5.1. */
#include "wasm/instance.h"

#include "base/assert.h"

static void resolve(struct tomte_wasm_instance *inst,
                    const struct tomte_wasm_config *c, struct wasm_reader *r,
                    const struct wasm_import_entry *e, uint32_t at,
                    uint32_t offset);
static bool resolve_host(struct tomte_wasm_instance *inst,
                         const struct tomte_wasm_config *c,
                         const struct wasm_import_entry *e, uint32_t at,
                         bool *fits);
static bool resolve_export(struct tomte_wasm_instance *inst,
                           const struct tomte_wasm_config *c,
                           const struct wasm_import_entry *e, uint32_t at,
                           bool *fits);
static bool take_export(struct tomte_wasm_instance *inst,
                        struct tomte_wasm_instance *from, uint32_t index,
                        const struct wasm_import_entry *e, uint32_t at);
static bool take_func(struct tomte_wasm_instance *inst,
                      struct tomte_wasm_instance *from, uint32_t index,
                      const struct wasm_import_entry *e, uint32_t at);
static bool signature_is(const char *text, struct tomte_wasm_type type);

enum tomte_err wasm_link(struct tomte_wasm_instance *inst,
                         const struct tomte_wasm_config *config,
                         struct wasm_reader *r)
{
    TOMTE_ASSERT(config->namespace_count == 0 || config->store != NULL);
    struct wasm_counts seen = {{0}};
    uint32_t count = wasm_read_u32(r);
    for (uint32_t i = 0; i < count && r->err == TOMTE_OK; i++) {
        uint32_t offset = wasm_offset(r);
        struct wasm_import_entry e;
        wasm_read_import(r, inst->m->limits.features, &e);
        resolve(inst, config, r, &e, seen.of[e.kind & 3]++, offset);
    }
    return r->err;
}

static void resolve(struct tomte_wasm_instance *inst,
                    const struct tomte_wasm_config *c, struct wasm_reader *r,
                    const struct wasm_import_entry *e, uint32_t at,
                    uint32_t offset)
{
    bool fits = true;
    bool found = resolve_host(inst, c, e, at, &fits) ||
                 resolve_export(inst, c, e, at, &fits);
    if (!found)
        wasm_fail_at(r, offset, TOMTE_ERR_NOT_FOUND, "unknown import");
    else if (!fits)
        wasm_fail_at(r, offset, TOMTE_ERR_TYPE, "incompatible import type");
}

static bool resolve_host(struct tomte_wasm_instance *inst,
                         const struct tomte_wasm_config *c,
                         const struct wasm_import_entry *e, uint32_t at,
                         bool *fits)
{
    for (size_t i = 0; i < c->host_count; i++) {
        const struct tomte_wasm_host_func *h = &c->host[i];
        if (!tomte_span_equal(e->module, tomte_span_str(h->module)) ||
            !tomte_span_equal(e->name, tomte_span_str(h->name)))
            continue;
        *fits = e->kind == TOMTE_WASM_FUNC &&
                signature_is(h->type, wasm_type_spans(inst->m, e->type));
        if (*fits)
            inst->bindings[at].host = h;
        return true;
    }
    return false;
}

static bool resolve_export(struct tomte_wasm_instance *inst,
                           const struct tomte_wasm_config *c,
                           const struct wasm_import_entry *e, uint32_t at,
                           bool *fits)
{
    for (size_t i = 0; i < c->namespace_count; i++) {
        const struct tomte_wasm_namespace *n = &c->namespaces[i];
        struct tomte_wasm_export x;
        if (!tomte_span_equal(e->module, n->name) ||
            !tomte_wasm_export_find(n->instance->m, e->name, &x))
            continue;
        TOMTE_ASSERT(n->instance->store == c->store);
        *fits =
            x.kind == e->kind && take_export(inst, n->instance, x.index, e, at);
        inst->linked = n->instance->linked = true;
        return true;
    }
    return false;
}

/* Sizes match when there is no less than the import asks for and it cannot
 * grow beyond (section 4.5.1.2, as of the current size). */
static bool sizes_match(uint32_t now, bool has_max, uint32_t max,
                        uint32_t want_min, bool want_max_set, uint32_t want_max)
{
    return now >= want_min && (!want_max_set || (has_max && max <= want_max));
}

static bool take_export(struct tomte_wasm_instance *inst,
                        struct tomte_wasm_instance *from, uint32_t index,
                        const struct wasm_import_entry *e, uint32_t at)
{
    const struct wasm_global *g;
    const struct wasm_memory_inst *mem = from->memory;
    const struct wasm_table_inst *t;
    switch (e->kind) {
    case TOMTE_WASM_FUNC:
        return take_func(inst, from, index, e, at);
    case TOMTE_WASM_TABLE:
        t = inst->tables[at] = from->tables[index];
        return t->type == e->table.type &&
               sizes_match(t->len, t->has_max, t->max, e->table.min,
                           e->table.has_max, e->table.max);
    case TOMTE_WASM_MEMORY:
        inst->memory = from->memory;
        return mem->page_shift == e->memory.page_shift &&
               sizes_match(mem->len >> mem->page_shift, mem->has_max, mem->max,
                           e->memory.min, e->memory.has_max, e->memory.max);
    default:
        g = &from->m->globals[index];
        inst->globals[at] = from->globals[index];
        return g->type == e->global.type &&
               g->is_mutable == e->global.is_mutable;
    }
}

static bool take_func(struct tomte_wasm_instance *inst,
                      struct tomte_wasm_instance *from, uint32_t index,
                      const struct wasm_import_entry *e, uint32_t at)
{
    if (index < from->m->imported.of[TOMTE_WASM_FUNC])
        inst->bindings[at] = from->bindings[index];
    else
        inst->bindings[at].func = wasm_func_number(from, index);
    return wasm_type_equal(from->m, from->m->funcs[index].type, inst->m,
                           e->type);
}

static uint8_t letter_type(char c)
{
    switch (c) {
    case 'i':
        return TOMTE_WASM_I32;
    case 'I':
        return TOMTE_WASM_I64;
    case 'f':
        return TOMTE_WASM_F32;
    case 'F':
        return TOMTE_WASM_F64;
    case 'r':
        return TOMTE_WASM_FUNCREF;
    case 'e':
        return TOMTE_WASM_EXTERNREF;
    default:
        return 0;
    }
}

static const char *list_is(const char *text, struct tomte_span types)
{
    for (size_t i = 0; i < types.len; i++, text++)
        if (*text == 0 || letter_type(*text) != types.data[i])
            return NULL;
    return text;
}

static bool signature_is(const char *text, struct tomte_wasm_type type)
{
    text = list_is(text, type.params);
    if (text == NULL || *text++ != ':')
        return false;
    text = list_is(text, type.results);
    return text != NULL && *text == 0;
}
