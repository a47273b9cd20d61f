/* SPDX-License-Identifier: Apache-2.0 */
/* Element and data segments, sections 5.5.12 and 5.5.14 to 5.5.15, and the
 * constant expressions in them. */
#include "wasm/decode.h"
#include "wasm/insn.h"

static void read_elem(struct wasm_decoder *d, struct wasm_elem *e);
static void read_elem_items(struct wasm_decoder *d, struct wasm_elem *e);
static void read_data(struct wasm_decoder *d, struct wasm_data *s);
static void declare(struct wasm_decoder *d, uint32_t func);

/* The types of a constant expression's values so far. */
struct const_stack {
    uint8_t types[WASM_CONST_STACK];
    uint32_t count;
    uint32_t at; /* offset of the expression */
};

static void check_const_insn(struct wasm_decoder *d, struct const_stack *s,
                             const struct wasm_insn *in);
static bool is_extended(const struct wasm_decoder *d, uint8_t op);
static uint8_t const_type(struct wasm_decoder *d, const struct wasm_insn *in);
static uint8_t global_type(struct wasm_decoder *d, uint32_t global);

void wasm_decode_elements(struct wasm_decoder *d)
{
    struct tomte_wasm_module *m = d->m;
    uint32_t count =
        wasm_read_count(&d->r, m->limits.segments, "too many element segments");
    m->elems = wasm_take(d, count, sizeof *m->elems);
    m->elem_count = d->r.err == TOMTE_OK ? count : 0;
    for (uint32_t i = 0; i < count && d->r.err == TOMTE_OK; i++)
        read_elem(d, &m->elems[i]);
}

void wasm_decode_data_count(struct wasm_decoder *d)
{
    uint32_t count = wasm_read_u32(&d->r);
    if (count > d->m->limits.segments)
        wasm_fail(&d->r, TOMTE_ERR_TOO_LARGE, "too many data segments");
    else
        d->m->data_count = count;
}

void wasm_decode_data(struct wasm_decoder *d)
{
    struct tomte_wasm_module *m = d->m;
    uint32_t count =
        wasm_read_count(&d->r, m->limits.segments, "too many data segments");
    if (m->sections[WASM_SECTION_DATA_COUNT].data != NULL &&
        count != m->data_count)
        wasm_fail(&d->r, TOMTE_ERR_MALFORMED,
                  "data count and data section have inconsistent lengths");
    m->datas = wasm_take(d, count, sizeof *m->datas);
    m->data_count = d->r.err == TOMTE_OK ? count : 0;
    for (uint32_t i = 0; i < count && d->r.err == TOMTE_OK; i++)
        read_data(d, &m->datas[i]);
}

/* In 2.0 such an expression is one instruction; with proposal extended-const,
 * sums and products of several. What is left over or missing is a mismatch of
 * types, of other instructions it is said that they are not constant (section
 * 3.3.10). */
void wasm_check_const(struct wasm_decoder *d, uint8_t type)
{
    struct wasm_reader *r = &d->r;
    struct const_stack stack = {.at = wasm_offset(r)};
    for (;;) {
        struct wasm_insn in;
        wasm_read_insn(r, &in);
        if (r->err != TOMTE_OK)
            return;
        if (in.op == WASM_OP_END)
            break;
        check_const_insn(d, &stack, &in);
    }
    if (stack.count != 1 || stack.types[0] != type)
        wasm_fail_at(r, stack.at, TOMTE_ERR_INVALID, "type mismatch");
}

/* The flags of section 5.5.12. */
#define ELEM_NOT_ACTIVE 1u
#define ELEM_EXPLICIT   2u /* a table if active, else: only declared */
#define ELEM_EXPRS      4u

static void read_elem(struct wasm_decoder *d, struct wasm_elem *e)
{
    struct wasm_reader *r = &d->r;
    uint32_t flags = wasm_read_u32(r);
    if (flags > 7)
        wasm_fail(r, TOMTE_ERR_MALFORMED, "malformed elements segment kind");
    e->mode = WASM_ACTIVE;
    if (flags & ELEM_NOT_ACTIVE)
        e->mode = flags & ELEM_EXPLICIT ? WASM_DECLARED : WASM_PASSIVE;
    else if (flags & ELEM_EXPLICIT)
        e->table = wasm_read_u32(r);
    bool known = e->table < d->m->all.of[TOMTE_WASM_TABLE];
    if (e->mode == WASM_ACTIVE && !known)
        wasm_fail(r, TOMTE_ERR_INVALID, "unknown table");
    if (e->mode == WASM_ACTIVE) {
        e->where = wasm_offset(r);
        wasm_check_const(d, TOMTE_WASM_I32);
    }
    e->type = TOMTE_WASM_FUNCREF;
    e->exprs = flags & ELEM_EXPRS;
    if (flags & (ELEM_NOT_ACTIVE | ELEM_EXPLICIT)) {
        if (e->exprs)
            e->type = wasm_read_reftype(r);
        else if (wasm_read_u8(r) != 0)
            wasm_fail(r, TOMTE_ERR_MALFORMED, "malformed element kind");
    }
    if (e->mode == WASM_ACTIVE && r->err == TOMTE_OK &&
        e->type != d->m->tables[e->table].type)
        wasm_fail(r, TOMTE_ERR_INVALID, "type mismatch");
    read_elem_items(d, e);
}

static void read_elem_items(struct wasm_decoder *d, struct wasm_elem *e)
{
    e->count = wasm_read_count(&d->r, UINT32_MAX, "");
    e->items = wasm_offset(&d->r);
    for (uint32_t i = 0; i < e->count && d->r.err == TOMTE_OK; i++) {
        if (e->exprs)
            wasm_check_const(d, e->type);
        else
            declare(d, wasm_read_u32(&d->r));
    }
}

/* The flags of section 5.5.14. */
enum { DATA_ACTIVE, DATA_PASSIVE, DATA_EXPLICIT };

static void read_data(struct wasm_decoder *d, struct wasm_data *s)
{
    struct wasm_reader *r = &d->r;
    uint32_t flags = wasm_read_u32(r), memory = 0;
    if (flags > DATA_EXPLICIT)
        wasm_fail(r, TOMTE_ERR_MALFORMED, "malformed data segment kind");
    if (flags == DATA_EXPLICIT)
        memory = wasm_read_u32(r);
    if (flags != DATA_PASSIVE) {
        s->mode = WASM_ACTIVE;
        if (memory != 0 || !d->m->memory.present)
            wasm_fail(r, TOMTE_ERR_INVALID, "unknown memory");
        s->where = wasm_offset(r);
        wasm_check_const(d, TOMTE_WASM_I32);
    }
    s->len = wasm_read_u32(r);
    s->bytes = wasm_offset(r);
    wasm_read_bytes(r, s->len);
}

static void declare(struct wasm_decoder *d, uint32_t func)
{
    if (d->r.err != TOMTE_OK)
        return;
    if (func >= d->m->all.of[TOMTE_WASM_FUNC])
        wasm_fail(&d->r, TOMTE_ERR_INVALID, "unknown function");
    else
        d->m->funcs[func].declared = true;
}

static void check_const_insn(struct wasm_decoder *d, struct const_stack *s,
                             const struct wasm_insn *in)
{
    uint8_t type = wasm_info_result(in->info);
    if (!is_extended(d, in->op)) {
        type = const_type(d, in);
    } else if (s->count < 2 || s->types[s->count - 1] != type ||
               s->types[s->count - 2] != type) {
        wasm_fail_at(&d->r, s->at, TOMTE_ERR_INVALID, "type mismatch");
        return;
    } else {
        s->count -= 2;
    }
    if (s->count == WASM_CONST_STACK)
        wasm_fail_at(&d->r, s->at, TOMTE_ERR_TOO_LARGE,
                     "constant expression too deep");
    else
        s->types[s->count++] = type;
}

static bool is_extended(const struct wasm_decoder *d, uint8_t op)
{
    return (d->m->limits.features & TOMTE_WASM_FEATURE_EXTENDED_CONST) != 0 &&
           ((op >= WASM_OP_I32_ADD && op <= WASM_OP_I32_MUL) ||
            (op >= WASM_OP_I64_ADD && op <= WASM_OP_I64_MUL));
}

static uint8_t const_type(struct wasm_decoder *d, const struct wasm_insn *in)
{
    switch (in->op) {
    case WASM_OP_I32_CONST:
    case WASM_OP_I64_CONST:
    case WASM_OP_F32_CONST:
    case WASM_OP_F64_CONST:
        return wasm_info_result(in->info);
    case WASM_OP_REF_NULL:
        return (uint8_t)in->a;
    case WASM_OP_REF_FUNC:
        declare(d, in->a);
        return TOMTE_WASM_FUNCREF;
    case WASM_OP_GLOBAL_GET:
        return global_type(d, in->a);
    default:
        wasm_fail(&d->r, TOMTE_ERR_INVALID, "constant expression required");
        return 0;
    }
}

/* Only imported globals are there when the expression is evaluated. */
static uint8_t global_type(struct wasm_decoder *d, uint32_t global)
{
    if (global >= d->m->imported.of[TOMTE_WASM_GLOBAL]) {
        wasm_fail(&d->r, TOMTE_ERR_INVALID, "unknown global");
        return 0;
    }
    if (d->m->globals[global].is_mutable)
        wasm_fail(&d->r, TOMTE_ERR_INVALID, "constant expression required");
    return d->m->globals[global].type;
}
