/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/instance.h"

#include "base/assert.h"
#include "wasm/slotcode.h"

#include <string.h>

static bool build(struct tomte_wasm_instance *inst,
                  const struct tomte_wasm_config *c, struct tomte_arena *arena);
static bool build_memory(struct tomte_wasm_instance *inst,
                         const struct tomte_wasm_config *c,
                         struct tomte_arena *arena);
static bool build_tables(struct tomte_wasm_instance *inst,
                         const struct tomte_wasm_config *c,
                         struct tomte_arena *arena);
static void build_globals(struct tomte_wasm_instance *inst);
static uint32_t memory_room(const struct tomte_wasm_module *m,
                            const struct tomte_wasm_config *c);
static uint32_t table_room(const struct wasm_table *t,
                           const struct tomte_wasm_config *c);
static enum tomte_err join(struct tomte_wasm_instance *inst,
                           struct tomte_wasm_store *store,
                           struct wasm_reader *r);

struct tomte_wasm_store *tomte_wasm_store_new(struct tomte_arena *arena,
                                              uint32_t instances)
{
    TOMTE_ASSERT(instances < 1u << (32 - WASM_FUNC_BITS));
    struct tomte_wasm_store *s = tomte_arena_take(
        arena, sizeof *s + instances * sizeof s->instances[0], sizeof(void *));
    if (s != NULL)
        s->cap = instances;
    return s;
}

enum tomte_err tomte_wasm_instantiate(const struct tomte_wasm_module *module,
                                      const struct tomte_wasm_config *config,
                                      struct tomte_arena *arena,
                                      struct tomte_wasm_instance **instance,
                                      struct tomte_wasm_error *error)
{
    TOMTE_ASSERT(config->code == NULL || config->code->m == module);
    size_t mark = tomte_arena_mark(arena);
    struct wasm_reader r = wasm_section_reader(module, WASM_SECTION_IMPORT);
    struct tomte_wasm_instance *inst = tomte_arena_take(
        arena, sizeof *inst, _Alignof(struct tomte_wasm_instance));
    *instance = NULL;
    if (inst != NULL)
        inst->m = module;
    if (inst == NULL || !build(inst, config, arena))
        wasm_fail(&r, TOMTE_ERR_NO_MEMORY, "not enough memory");
    enum tomte_err err = r.err;
    if (err == TOMTE_OK)
        err = wasm_link(inst, config, &r);
    if (err == TOMTE_OK)
        err = join(inst, config->store, &r);
    if (err == TOMTE_OK) {
        err = wasm_begin(inst);
        *instance = inst;
        if (err != TOMTE_OK)
            wasm_fail(&r, err, inst->trap.text);
    } else {
        tomte_arena_release(arena, mark);
    }
    if (error != NULL)
        *error = (struct tomte_wasm_error){err, r.err_offset, r.what};
    return err;
}

uint64_t tomte_wasm_instance_bytes(const struct tomte_wasm_module *module,
                                   const struct tomte_wasm_config *config)
{
    const struct tomte_wasm_module *m = module;
    uint64_t tables = 0;
    for (uint32_t i = m->imported.of[TOMTE_WASM_TABLE];
         i < m->all.of[TOMTE_WASM_TABLE]; i++)
        tables += 8 + 4 * (uint64_t)table_room(&m->tables[i], config);
    uint64_t memory = 0;
    if (m->memory.present && !m->memory.imported && config->memory.cap == 0)
        memory = memory_room(m, config);
    return sizeof(struct tomte_wasm_instance) + config->stack_bytes + 4 +
           m->all.of[TOMTE_WASM_TABLE] * (uint64_t)sizeof(void *) +
           m->all.of[TOMTE_WASM_TABLE] * sizeof(struct wasm_table_inst) +
           m->all.of[TOMTE_WASM_GLOBAL] * (sizeof(void *) + 8) +
           m->imported.of[TOMTE_WASM_FUNC] * sizeof(struct wasm_binding) +
           m->elem_count + m->data_count + tables + memory + 16 * 12;
}

enum tomte_err tomte_wasm_reset(struct tomte_wasm_instance *instance)
{
    if (instance->busy)
        return TOMTE_ERR_STATE;
    if (instance->linked)
        return TOMTE_ERR_UNSUPPORTED;
    return wasm_begin(instance);
}

const struct tomte_wasm_module *
tomte_wasm_module_of(const struct tomte_wasm_instance *instance)
{
    return instance->m;
}

void *tomte_wasm_user_of(const struct tomte_wasm_instance *instance)
{
    return instance->user;
}

struct tomte_wasm_instance *wasm_find_func(struct tomte_wasm_instance *from,
                                           uint32_t func, uint32_t *index)
{
    uint32_t id = func >> WASM_FUNC_BITS;
    struct tomte_wasm_instance *owner = NULL;
    if (id == from->id)
        owner = from;
    else if (from->store != NULL && id < from->store->count)
        owner = from->store->instances[id];
    *index = func & WASM_FUNC_MASK;
    if (owner == NULL || *index >= owner->m->all.of[TOMTE_WASM_FUNC])
        return NULL;
    return owner;
}

bool wasm_ref_ok(struct tomte_wasm_instance *from, uint32_t ref)
{
    uint32_t index;
    return ref == 0 || wasm_find_func(from, ref - 1, &index) != NULL;
}

static void *take(struct tomte_arena *arena, size_t count, size_t size,
                  bool *ok)
{
    void *p = NULL;
    if (*ok && count <= SIZE_MAX / size)
        p = tomte_arena_take(arena, count * size, 8);
    *ok = p != NULL;
    return p;
}

static bool build(struct tomte_wasm_instance *inst,
                  const struct tomte_wasm_config *c, struct tomte_arena *arena)
{
    const struct tomte_wasm_module *m = inst->m;
    uint32_t globals = m->all.of[TOMTE_WASM_GLOBAL];
    bool ok = true;
    inst->user = c->user;
    inst->code = c->code;
    inst->pending = WASM_NONE;
    inst->depth_max = c->call_depth;
    inst->slot_count = c->stack_bytes / 4;
    /* One more below the first: the interpreter's top of an empty stack. */
    inst->slots = take(arena, inst->slot_count + 1u, 4, &ok);
    if (ok)
        inst->slots++;
    inst->bindings = take(arena, m->imported.of[TOMTE_WASM_FUNC],
                          sizeof *inst->bindings, &ok);
    inst->dropped_elems = take(arena, m->elem_count, 1, &ok);
    inst->dropped_datas = take(arena, m->data_count, 1, &ok);
    inst->globals = take(arena, globals, sizeof *inst->globals, &ok);
    inst->own_globals =
        take(arena, globals - m->imported.of[TOMTE_WASM_GLOBAL], 8, &ok);
    if (!ok || !build_tables(inst, c, arena) || !build_memory(inst, c, arena))
        return false;
    build_globals(inst);
    return true;
}

static bool build_memory(struct tomte_wasm_instance *inst,
                         const struct tomte_wasm_config *c,
                         struct tomte_arena *arena)
{
    const struct wasm_memory *t = &inst->m->memory;
    struct wasm_memory_inst *mem = &inst->own_memory;
    inst->memory = mem;
    if (!t->present || t->imported)
        return true;
    bool ok = true;
    *mem = (struct wasm_memory_inst){
        .room = memory_room(inst->m, c),
        .page_shift = t->page_shift,
        .has_max = t->has_max,
        .max = t->max,
    };
    if ((uint64_t)t->min << t->page_shift > mem->room)
        return false;
    if (c->memory.cap == 0)
        mem->data = take(arena, mem->room, 1, &ok);
    else
        mem->data = c->memory.data;
    return ok;
}

static bool build_tables(struct tomte_wasm_instance *inst,
                         const struct tomte_wasm_config *c,
                         struct tomte_arena *arena)
{
    const struct tomte_wasm_module *m = inst->m;
    uint32_t count = m->all.of[TOMTE_WASM_TABLE];
    uint32_t imported = m->imported.of[TOMTE_WASM_TABLE];
    bool ok = true;
    inst->tables = take(arena, count, sizeof *inst->tables, &ok);
    inst->own_tables =
        take(arena, count - imported, sizeof *inst->own_tables, &ok);
    for (uint32_t i = imported; i < count && ok; i++) {
        const struct wasm_table *t = &m->tables[i];
        struct wasm_table_inst *own = &inst->own_tables[i - imported];
        *own = (struct wasm_table_inst){
            .room = table_room(t, c),
            .type = t->type,
            .has_max = t->has_max,
            .max = t->max,
        };
        inst->tables[i] = own;
        if (t->min > own->room)
            return false;
        own->refs = take(arena, own->room, sizeof *own->refs, &ok);
    }
    return ok;
}

static void build_globals(struct tomte_wasm_instance *inst)
{
    uint32_t imported = inst->m->imported.of[TOMTE_WASM_GLOBAL];
    for (uint32_t i = imported; i < inst->m->all.of[TOMTE_WASM_GLOBAL]; i++)
        inst->globals[i] = &inst->own_globals[2 * (i - imported)];
}

/* The least of what the module, the config and 32-bit lengths allow, in whole
 * pages. */
static uint32_t memory_room(const struct tomte_wasm_module *m,
                            const struct tomte_wasm_config *c)
{
    const struct wasm_memory *t = &m->memory;
    uint64_t room = (uint64_t)t->max << t->page_shift;
    if (room > c->memory_bytes)
        room = c->memory_bytes;
    if (c->memory.cap != 0 && room > c->memory.cap)
        room = c->memory.cap;
    return (uint32_t)(room >> t->page_shift << t->page_shift);
}

static uint32_t table_room(const struct wasm_table *t,
                           const struct tomte_wasm_config *c)
{
    return t->max < c->table_entries ? t->max : c->table_entries;
}

static enum tomte_err join(struct tomte_wasm_instance *inst,
                           struct tomte_wasm_store *store,
                           struct wasm_reader *r)
{
    inst->store = store;
    if (store == NULL)
        return TOMTE_OK;
    if (store->count == store->cap) {
        wasm_fail(r, TOMTE_ERR_FULL, "the store is full");
        return TOMTE_ERR_FULL;
    }
    inst->id = store->count;
    inst->linked = inst->linked || inst->id != 0;
    store->instances[store->count++] = inst;
    return TOMTE_OK;
}
