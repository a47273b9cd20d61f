/* SPDX-License-Identifier: Apache-2.0 */
/* All but control instructions, sections 3.3.1 to 3.3.7. */
#include "wasm/validate.h"

static void charge(struct wasm_validator *v, uint8_t op);
static void check_by_table(struct wasm_validator *v,
                           const struct wasm_insn *in);
static bool check_memory(struct wasm_validator *v, const struct wasm_insn *in);
static void check_parametric(struct wasm_validator *v,
                             const struct wasm_insn *in, uint32_t at);
static void check_variable(struct wasm_validator *v,
                           const struct wasm_insn *in);
static void check_reference(struct wasm_validator *v,
                            const struct wasm_insn *in);
static void check_table(struct wasm_validator *v, const struct wasm_insn *in);
static void check_two_tables(struct wasm_validator *v,
                             const struct wasm_insn *in);
static void check_bulk_memory(struct wasm_validator *v,
                              const struct wasm_insn *in);
static void pop_three(struct wasm_validator *v);

void wasm_check_insn(struct wasm_validator *v, const struct wasm_insn *in,
                     uint32_t at)
{
    charge(v, in->op);
    if ((in->info & WASM_INFO_CHECKED) == 0)
        check_by_table(v, in);
    else if (in->op < WASM_OP_DROP)
        wasm_check_control(v, in, at);
    else if (in->op < WASM_OP_LOCAL_GET)
        check_parametric(v, in, at);
    else if (in->op < WASM_OP_TABLE_GET)
        check_variable(v, in);
    else if (in->op >= WASM_OP_REF_NULL && in->op <= WASM_OP_REF_FUNC)
        check_reference(v, in);
    else if (in->op >= WASM_OP_MEMORY_INIT && in->op <= WASM_OP_MEMORY_FILL)
        check_bulk_memory(v, in);
    else if (in->op >= WASM_OP_TABLE_INIT && in->op <= WASM_OP_TABLE_COPY)
        check_two_tables(v, in);
    else
        check_table(v, in);
}

/* One for each instruction that does something, in the innermost loop around
 * it; `loop` itself was counted when the loop was opened. */
static void charge(struct wasm_validator *v, uint8_t op)
{
    uint32_t *cost = &v->blocks[v->loop].cost;
    if (op == WASM_OP_NOP || op == WASM_OP_BLOCK || op == WASM_OP_LOOP ||
        op == WASM_OP_ELSE || op == WASM_OP_END)
        return;
    if (*cost < WASM_COST_MAX)
        ++*cost;
}

static void check_by_table(struct wasm_validator *v, const struct wasm_insn *in)
{
    enum wasm_imm imm = wasm_info_imm(in->info);
    if (imm >= WASM_IMM_MEMORY && imm <= WASM_IMM_MEM8 && !check_memory(v, in))
        return;
    uint8_t first = wasm_info_first(in->info);
    uint8_t second = wasm_info_second(in->info);
    uint8_t result = wasm_info_result(in->info);
    if (second != 0)
        wasm_pop(v, second);
    if (first != 0)
        wasm_pop(v, first);
    if (result != 0)
        wasm_push(v, result);
}

static bool check_memory(struct wasm_validator *v, const struct wasm_insn *in)
{
    enum wasm_imm imm = wasm_info_imm(in->info);
    if (!v->m->memory.present)
        wasm_invalid(v, "unknown memory");
    else if (imm >= WASM_IMM_MEM1 && in->a > wasm_access_shift(in->info))
        wasm_invalid(v, "alignment must not be larger than natural");
    return v->r.err == TOMTE_OK;
}

static void check_parametric(struct wasm_validator *v,
                             const struct wasm_insn *in, uint32_t at)
{
    if (in->op == WASM_OP_SELECT_T) {
        if (in->a == 0)
            wasm_invalid(v, "invalid result arity");
        wasm_pop(v, TOMTE_WASM_I32);
        wasm_pop(v, (uint8_t)in->a);
        wasm_pop(v, (uint8_t)in->a);
        wasm_push(v, (uint8_t)in->a);
        return;
    }
    if (in->op == WASM_OP_SELECT)
        wasm_pop(v, TOMTE_WASM_I32);
    uint8_t type = wasm_pop_any(v);
    if (in->op == WASM_OP_SELECT) {
        uint8_t other = wasm_pop_any(v);
        if (type == 0)
            type = other;
        if (wasm_is_ref(type) || (other != 0 && other != type))
            wasm_invalid(v, "type mismatch");
        wasm_push(v, type);
    }
    /* The bytes do not say how wide the operand is. */
    if (wasm_width(type) == 2)
        wasm_side_mark(&v->side, WASM_SIDE_WIDE, at);
}

static void check_variable(struct wasm_validator *v, const struct wasm_insn *in)
{
    bool global = in->op == WASM_OP_GLOBAL_GET || in->op == WASM_OP_GLOBAL_SET;
    uint32_t count = global ? v->m->all.of[TOMTE_WASM_GLOBAL] : v->local_count;
    if (in->a >= count) {
        wasm_invalid(v, global ? "unknown global" : "unknown local");
        return;
    }
    uint8_t type = global ? v->m->globals[in->a].type : v->types[in->a];
    bool gets = in->op == WASM_OP_LOCAL_GET || in->op == WASM_OP_GLOBAL_GET;
    if (in->op == WASM_OP_GLOBAL_SET && !v->m->globals[in->a].is_mutable)
        wasm_invalid(v, "global is immutable");
    if (!gets)
        wasm_pop(v, type);
    if (gets || in->op == WASM_OP_LOCAL_TEE)
        wasm_push(v, type);
}

static void check_reference(struct wasm_validator *v,
                            const struct wasm_insn *in)
{
    if (in->op == WASM_OP_REF_NULL) {
        wasm_push(v, (uint8_t)in->a);
    } else if (in->op == WASM_OP_REF_IS_NULL) {
        uint8_t type = wasm_pop_any(v);
        if (type != 0 && !wasm_is_ref(type))
            wasm_invalid(v, "type mismatch");
        wasm_push(v, TOMTE_WASM_I32);
    } else if (in->a >= v->m->all.of[TOMTE_WASM_FUNC]) {
        wasm_invalid(v, "unknown function");
    } else {
        if (!v->m->funcs[in->a].declared)
            wasm_invalid(v, "undeclared function reference");
        wasm_push(v, TOMTE_WASM_FUNCREF);
    }
}

static void check_table(struct wasm_validator *v, const struct wasm_insn *in)
{
    if (in->a >= v->m->all.of[TOMTE_WASM_TABLE]) {
        wasm_invalid(v, "unknown table");
        return;
    }
    uint8_t type = v->m->tables[in->a].type;
    if (in->op == WASM_OP_TABLE_GROW || in->op == WASM_OP_TABLE_FILL)
        wasm_pop(v, TOMTE_WASM_I32);
    if (in->op != WASM_OP_TABLE_GET && in->op != WASM_OP_TABLE_SIZE)
        wasm_pop(v, type);
    if (in->op != WASM_OP_TABLE_GROW && in->op != WASM_OP_TABLE_SIZE)
        wasm_pop(v, TOMTE_WASM_I32);
    if (in->op == WASM_OP_TABLE_GET)
        wasm_push(v, type);
    else if (in->op == WASM_OP_TABLE_GROW || in->op == WASM_OP_TABLE_SIZE)
        wasm_push(v, TOMTE_WASM_I32);
}

/* table.copy between tables; table.init and elem.drop of a segment. */
static void check_two_tables(struct wasm_validator *v,
                             const struct wasm_insn *in)
{
    bool copy = in->op == WASM_OP_TABLE_COPY;
    uint32_t table = copy ? in->a : in->b, from = copy ? in->b : in->a;
    if (!copy && from >= v->m->elem_count) {
        wasm_invalid(v, "unknown elem segment");
        return;
    }
    if (in->op == WASM_OP_ELEM_DROP)
        return;
    uint32_t tables = v->m->all.of[TOMTE_WASM_TABLE];
    if (table >= tables || (copy && from >= tables)) {
        wasm_invalid(v, "unknown table");
        return;
    }
    uint8_t type = copy ? v->m->tables[from].type : v->m->elems[from].type;
    if (type != v->m->tables[table].type)
        wasm_invalid(v, "type mismatch");
    pop_three(v);
}

static void check_bulk_memory(struct wasm_validator *v,
                              const struct wasm_insn *in)
{
    bool segment = in->op == WASM_OP_MEMORY_INIT || in->op == WASM_OP_DATA_DROP;
    if (in->op != WASM_OP_DATA_DROP && !v->m->memory.present)
        wasm_invalid(v, "unknown memory");
    if (segment && v->m->sections[WASM_SECTION_DATA_COUNT].data == NULL &&
        v->m->sections[WASM_SECTION_DATA].data != NULL)
        wasm_fail(&v->r, TOMTE_ERR_MALFORMED, "data count section required");
    else if (segment && in->a >= v->m->data_count)
        wasm_invalid(v, "unknown data segment");
    if (in->op != WASM_OP_DATA_DROP)
        pop_three(v);
}

static void pop_three(struct wasm_validator *v)
{
    wasm_pop(v, TOMTE_WASM_I32);
    wasm_pop(v, TOMTE_WASM_I32);
    wasm_pop(v, TOMTE_WASM_I32);
}
