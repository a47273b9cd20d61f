/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions on memory and tables as a whole, sections 4.4.6 and 4.4.7. Each
 * checks its bounds, then charges, then acts. */
#include "wasm/segment.h"
#include "wasm/opcodes.h"

#include <string.h>

#define BYTES_PER_FUEL 16

typedef enum tomte_wasm_trap_reason reason;

struct work {
    struct tomte_wasm_instance *inst;  /* pays */
    struct tomte_wasm_instance *owner; /* of memory and tables */
    int32_t *fuel;
};

static reason table_get(const struct work *w, uint32_t table, uint32_t **sp);
static reason table_set(const struct work *w, uint32_t table, uint32_t **sp);
static reason table_grow(const struct work *w, uint32_t table, uint32_t **sp);
static reason table_fill(const struct work *w, uint32_t table, uint32_t **sp);
static reason table_copy(const struct work *w, uint32_t to, uint32_t from,
                         uint32_t **sp);
static reason table_init(const struct work *w, uint32_t segment, uint32_t table,
                         uint32_t **sp);
static reason memory_grow(const struct work *w, uint32_t **sp);
static reason memory_fill(const struct work *w, uint32_t **sp);
static reason memory_copy(const struct work *w, uint32_t **sp);
static reason memory_init(const struct work *w, uint32_t segment,
                          uint32_t **sp);

enum tomte_wasm_trap_reason wasm_bulk(struct tomte_wasm_instance *inst,
                                      struct tomte_wasm_instance *owner,
                                      uint32_t op, uint32_t a, uint32_t b,
                                      uint32_t **sp, int32_t *fuel)
{
    const struct work w = {inst, owner, fuel};
    switch (op) {
    case WASM_OP_TABLE_GET:
        return table_get(&w, a, sp);
    case WASM_OP_TABLE_SET:
        return table_set(&w, a, sp);
    case WASM_OP_TABLE_SIZE:
        *(*sp)++ = owner->tables[a]->len;
        return TOMTE_WASM_TRAP_NONE;
    case WASM_OP_TABLE_GROW:
        return table_grow(&w, a, sp);
    case WASM_OP_TABLE_FILL:
        return table_fill(&w, a, sp);
    case WASM_OP_TABLE_COPY:
        return table_copy(&w, a, b, sp);
    case WASM_OP_TABLE_INIT:
        return table_init(&w, a, b, sp);
    case WASM_OP_ELEM_DROP:
        owner->dropped_elems[a] = 1;
        return TOMTE_WASM_TRAP_NONE;
    case WASM_OP_MEMORY_SIZE:
        *(*sp)++ = owner->memory->len >> owner->memory->page_shift;
        return TOMTE_WASM_TRAP_NONE;
    case WASM_OP_MEMORY_GROW:
        return memory_grow(&w, sp);
    case WASM_OP_MEMORY_FILL:
        return memory_fill(&w, sp);
    case WASM_OP_MEMORY_COPY:
        return memory_copy(&w, sp);
    case WASM_OP_MEMORY_INIT:
        return memory_init(&w, a, sp);
    default: /* data.drop */
        owner->dropped_datas[a] = 1;
        return TOMTE_WASM_TRAP_NONE;
    }
}

static bool charge_bytes(const struct work *w, uint64_t bytes)
{
    return wasm_charge(w->inst, w->fuel, (uint32_t)(bytes / BYTES_PER_FUEL));
}

static reason table_get(const struct work *w, uint32_t table, uint32_t **sp)
{
    const struct wasm_table_inst *t = w->owner->tables[table];
    uint32_t *s = *sp;
    if (s[-1] >= t->len)
        return TOMTE_WASM_TRAP_TABLE;
    s[-1] = t->refs[s[-1]];
    return TOMTE_WASM_TRAP_NONE;
}

static reason table_set(const struct work *w, uint32_t table, uint32_t **sp)
{
    struct wasm_table_inst *t = w->owner->tables[table];
    uint32_t *s = *sp -= 2;
    if (s[0] >= t->len)
        return TOMTE_WASM_TRAP_TABLE;
    t->refs[s[0]] = s[1];
    return TOMTE_WASM_TRAP_NONE;
}

static reason table_grow(const struct work *w, uint32_t table, uint32_t **sp)
{
    struct wasm_table_inst *t = w->owner->tables[table];
    uint32_t *s = --*sp;
    uint32_t ref = s[-1], delta = s[0];
    s[-1] = UINT32_MAX;
    if (delta > t->room - t->len)
        return TOMTE_WASM_TRAP_NONE;
    if (!charge_bytes(w, (uint64_t)delta * 4))
        return TOMTE_WASM_TRAP_FUEL;
    s[-1] = t->len;
    for (uint32_t i = 0; i < delta; i++)
        t->refs[t->len + i] = ref;
    t->len += delta;
    return TOMTE_WASM_TRAP_NONE;
}

static reason table_fill(const struct work *w, uint32_t table, uint32_t **sp)
{
    struct wasm_table_inst *t = w->owner->tables[table];
    uint32_t *s = *sp -= 3;
    uint32_t at = s[0], ref = s[1], len = s[2];
    if (!wasm_in_range(at, len, t->len))
        return TOMTE_WASM_TRAP_TABLE;
    if (!charge_bytes(w, (uint64_t)len * 4))
        return TOMTE_WASM_TRAP_FUEL;
    for (uint32_t i = 0; i < len; i++)
        t->refs[at + i] = ref;
    return TOMTE_WASM_TRAP_NONE;
}

static reason table_copy(const struct work *w, uint32_t to, uint32_t from,
                         uint32_t **sp)
{
    struct wasm_table_inst *d = w->owner->tables[to];
    const struct wasm_table_inst *t = w->owner->tables[from];
    uint32_t *s = *sp -= 3;
    uint32_t len = s[2];
    if (!wasm_in_range(s[0], len, d->len) || !wasm_in_range(s[1], len, t->len))
        return TOMTE_WASM_TRAP_TABLE;
    if (!charge_bytes(w, (uint64_t)len * 4))
        return TOMTE_WASM_TRAP_FUEL;
    if (len != 0)
        memmove(d->refs + s[0], t->refs + s[1], len * sizeof *d->refs);
    return TOMTE_WASM_TRAP_NONE;
}

static reason table_init(const struct work *w, uint32_t segment, uint32_t table,
                         uint32_t **sp)
{
    uint32_t *s = *sp -= 3;
    uint32_t to = s[0], from = s[1], len = s[2];
    /* Items are passed over one by one: what is before `from` costs too. What
     * is out of bounds traps below and costs nothing. */
    uint32_t count = w->owner->m->elems[segment].count;
    bool walks = len != 0 && wasm_in_range(from, len, count);
    if (walks && !wasm_charge(w->inst, w->fuel, from + len))
        return TOMTE_WASM_TRAP_FUEL;
    return wasm_copy_elems(w->owner, segment, table, to, from, len)
               ? TOMTE_WASM_TRAP_NONE
               : TOMTE_WASM_TRAP_TABLE;
}

static reason memory_grow(const struct work *w, uint32_t **sp)
{
    struct wasm_memory_inst *mem = w->owner->memory;
    uint32_t *s = *sp;
    uint64_t delta = (uint64_t)s[-1] << mem->page_shift;
    s[-1] = UINT32_MAX;
    if (delta > mem->room - mem->len)
        return TOMTE_WASM_TRAP_NONE;
    if (!charge_bytes(w, delta))
        return TOMTE_WASM_TRAP_FUEL;
    s[-1] = mem->len >> mem->page_shift;
    if (delta != 0)
        memset(mem->data + mem->len, 0, (size_t)delta);
    mem->len += (uint32_t)delta;
    return TOMTE_WASM_TRAP_NONE;
}

static reason memory_fill(const struct work *w, uint32_t **sp)
{
    struct wasm_memory_inst *mem = w->owner->memory;
    uint32_t *s = *sp -= 3;
    if (!wasm_in_range(s[0], s[2], mem->len))
        return TOMTE_WASM_TRAP_MEMORY;
    if (!charge_bytes(w, s[2]))
        return TOMTE_WASM_TRAP_FUEL;
    if (s[2] != 0)
        memset(mem->data + s[0], (int)(s[1] & 0xff), s[2]);
    return TOMTE_WASM_TRAP_NONE;
}

static reason memory_copy(const struct work *w, uint32_t **sp)
{
    struct wasm_memory_inst *mem = w->owner->memory;
    uint32_t *s = *sp -= 3;
    uint32_t len = s[2];
    if (!wasm_in_range(s[0], len, mem->len) ||
        !wasm_in_range(s[1], len, mem->len))
        return TOMTE_WASM_TRAP_MEMORY;
    if (!charge_bytes(w, len))
        return TOMTE_WASM_TRAP_FUEL;
    if (len != 0)
        memmove(mem->data + s[0], mem->data + s[1], len);
    return TOMTE_WASM_TRAP_NONE;
}

static reason memory_init(const struct work *w, uint32_t segment, uint32_t **sp)
{
    uint32_t *s = *sp -= 3;
    uint32_t to = s[0], from = s[1], len = s[2];
    uint32_t end = w->owner->memory->len;
    bool fits = wasm_in_range(to, len, end);
    if (fits && !charge_bytes(w, len))
        return TOMTE_WASM_TRAP_FUEL;
    return wasm_copy_data(w->owner, segment, to, from, len)
               ? TOMTE_WASM_TRAP_NONE
               : TOMTE_WASM_TRAP_MEMORY;
}
