/* SPDX-License-Identifier: Apache-2.0 */
/* The state in which an instance begins, section 4.5.4. */
#include "wasm/instance.h"
#include "wasm/insn.h"
#include "wasm/segment.h"

#include <string.h>

static uint64_t const_value(const struct tomte_wasm_instance *inst,
                            const struct wasm_insn *in);
static void clear(struct tomte_wasm_instance *inst);
static void set_globals(struct tomte_wasm_instance *inst);
static bool copy_segments(struct tomte_wasm_instance *inst);
static void trap(struct tomte_wasm_instance *inst,
                 enum tomte_wasm_trap_reason reason, uint32_t offset);
static uint32_t place_of(struct tomte_wasm_instance *inst, uint32_t offset);

enum tomte_err wasm_begin(struct tomte_wasm_instance *inst)
{
    clear(inst);
    set_globals(inst);
    if (!copy_segments(inst))
        return TOMTE_ERR_TRAP;
    if (inst->m->start != WASM_NONE)
        wasm_enter_first(inst, inst->m->start);
    return TOMTE_OK;
}

/* Of 32 bits too: the lower half of a sum or product does not depend on the
 * upper halves. */
void wasm_eval(struct tomte_wasm_instance *inst, struct wasm_reader *r,
               uint32_t value[2])
{
    uint64_t stack[WASM_CONST_STACK + 1] = {0}, *top = stack;
    struct wasm_insn in;
    for (wasm_read_insn(r, &in); in.op != WASM_OP_END; wasm_read_insn(r, &in)) {
        uint64_t b = *top;
        if (wasm_info_second(in.info) == 0)
            *++top = const_value(inst, &in);
        else if (in.op == WASM_OP_I32_ADD || in.op == WASM_OP_I64_ADD)
            *--top += b;
        else if (in.op == WASM_OP_I32_SUB || in.op == WASM_OP_I64_SUB)
            *--top -= b;
        else
            *--top *= b;
    }
    tomte_wasm_put64(value, *top);
}

static uint64_t const_value(const struct tomte_wasm_instance *inst,
                            const struct wasm_insn *in)
{
    if (in->op == WASM_OP_REF_NULL)
        return 0;
    if (in->op == WASM_OP_REF_FUNC)
        return wasm_func_number(inst, in->a) + 1;
    if (in->op != WASM_OP_GLOBAL_GET)
        return in->value;
    const uint32_t *g = inst->globals[in->a];
    return wasm_width(inst->m->globals[in->a].type) == 2 ? wasm_get64(g) : g[0];
}

static void clear(struct tomte_wasm_instance *inst)
{
    const struct tomte_wasm_module *m = inst->m;
    inst->status = TOMTE_WASM_IDLE;
    inst->sp = inst->depth = inst->result_slots = 0;
    inst->pending = WASM_NONE;
    inst->spent = 0;
    inst->budget = UINT64_MAX;
    inst->trap = (struct tomte_wasm_trap){
        .text = tomte_wasm_trap_text(TOMTE_WASM_TRAP_NONE)};
    if (m->elem_count != 0)
        memset(inst->dropped_elems, 0, m->elem_count);
    if (m->data_count != 0)
        memset(inst->dropped_datas, 0, m->data_count);
    if (m->memory.present && !m->memory.imported) {
        struct wasm_memory_inst *mem = inst->memory;
        mem->len = (uint32_t)((uint64_t)m->memory.min << mem->page_shift);
        if (mem->len != 0)
            memset(mem->data, 0, mem->len);
    }
    uint32_t imported = m->imported.of[TOMTE_WASM_TABLE];
    for (uint32_t i = imported; i < m->all.of[TOMTE_WASM_TABLE]; i++) {
        struct wasm_table_inst *t = inst->tables[i];
        t->len = m->tables[i].min;
        if (t->len != 0)
            memset(t->refs, 0, t->len * sizeof *t->refs);
    }
}

static void set_globals(struct tomte_wasm_instance *inst)
{
    const struct tomte_wasm_module *m = inst->m;
    uint32_t imported = m->imported.of[TOMTE_WASM_GLOBAL];
    for (uint32_t i = imported; i < m->all.of[TOMTE_WASM_GLOBAL]; i++) {
        struct wasm_reader r =
            wasm_reader_over(m->bytes, m->globals[i].init, m->bytes.len);
        wasm_eval(inst, &r, inst->globals[i]);
    }
}

/* Elements first, then data, each in order; what went before a segment that
 * does not fit stays. */
static bool copy_segments(struct tomte_wasm_instance *inst)
{
    const struct tomte_wasm_module *m = inst->m;
    for (uint32_t i = 0; i < m->elem_count; i++) {
        const struct wasm_elem *e = &m->elems[i];
        if (e->mode == WASM_ACTIVE &&
            !wasm_copy_elems(inst, i, e->table, place_of(inst, e->where), 0,
                             e->count)) {
            trap(inst, TOMTE_WASM_TRAP_TABLE, e->where);
            return false;
        }
        inst->dropped_elems[i] = e->mode != WASM_PASSIVE;
    }
    for (uint32_t i = 0; i < m->data_count; i++) {
        const struct wasm_data *s = &m->datas[i];
        if (s->mode == WASM_ACTIVE &&
            !wasm_copy_data(inst, i, place_of(inst, s->where), 0, s->len)) {
            trap(inst, TOMTE_WASM_TRAP_MEMORY, s->where);
            return false;
        }
        inst->dropped_datas[i] = s->mode != WASM_PASSIVE;
    }
    return true;
}

static void trap(struct tomte_wasm_instance *inst,
                 enum tomte_wasm_trap_reason reason, uint32_t offset)
{
    wasm_set_trap(inst, reason, tomte_wasm_trap_text(reason), inst, WASM_NONE,
                  offset);
}

static uint32_t place_of(struct tomte_wasm_instance *inst, uint32_t offset)
{
    struct wasm_reader r =
        wasm_reader_over(inst->m->bytes, offset, inst->m->bytes.len);
    uint32_t value[2];
    wasm_eval(inst, &r, value);
    return value[0];
}
