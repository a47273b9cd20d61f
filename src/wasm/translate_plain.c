/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions that are not control instructions. */
#include "wasm/translate.h"

static bool translate_class(struct wasm_translator *t,
                            const struct wasm_insn *in);
static void unary(struct wasm_translator *t, const struct wasm_insn *in);
static void binary(struct wasm_translator *t, const struct wasm_insn *in,
                   uint32_t to_k);
static void same(struct wasm_translator *t, const struct wasm_insn *in);
static void load(struct wasm_translator *t, const struct wasm_insn *in,
                 uint32_t to_a, uint32_t to_i);
static void store(struct wasm_translator *t, const struct wasm_insn *in,
                  uint32_t to_a, uint32_t to_i);
static void numeric(struct wasm_translator *t, const struct wasm_insn *in);
static void local_get(struct wasm_translator *t, uint32_t local);
static void local_set(struct wasm_translator *t, uint32_t local, bool tee);
static void global_get(struct wasm_translator *t, uint32_t global);
static void global_set(struct wasm_translator *t, uint32_t global);
static void select(struct wasm_translator *t);

bool wasm_translate_plain(struct wasm_translator *t, const struct wasm_insn *in)
{
    switch (in->op) {
    case WASM_OP_NOP:
        return true;
    case WASM_OP_DROP:
        wasm_take_operand(t);
        return true;
    case WASM_OP_SELECT:
    case WASM_OP_SELECT_T:
        select(t);
        return true;
    case WASM_OP_LOCAL_GET:
        local_get(t, in->a);
        return true;
    case WASM_OP_LOCAL_SET:
        local_set(t, in->a, false);
        return true;
    case WASM_OP_LOCAL_TEE:
        local_set(t, in->a, true);
        return true;
    case WASM_OP_GLOBAL_GET:
        global_get(t, in->a);
        return true;
    case WASM_OP_GLOBAL_SET:
        global_set(t, in->a);
        return true;
    case WASM_OP_I32_CONST:
    case WASM_OP_F32_CONST:
    case WASM_OP_REF_NULL:
        wasm_give(t, WASM_CONST, in->value, false);
        return true;
    case WASM_OP_I64_CONST:
    case WASM_OP_F64_CONST:
        wasm_give(t, WASM_CONST, in->value, true);
        return true;
    case WASM_OP_REF_FUNC:
        t->failed = t->failed || in->a > UINT16_MAX;
        WASM_EMIT(t, WASM_SLOT_REF_FUNC, (uint16_t)(4 * wasm_next_home(t)),
                  (uint16_t)in->a);
        wasm_give_made(t, false);
        return true;
    default:
        return translate_class(t, in);
    }
}

static bool translate_class(struct wasm_translator *t,
                            const struct wasm_insn *in)
{
    switch (wasm_op_class[in->op]) {
    case WASM_CLASS_UNARY:
        unary(t, in);
        return true;
    case WASM_CLASS_BINARY32:
        binary(t, in, WASM_SLOT_K32);
        return true;
    case WASM_CLASS_FLOAT32:
        binary(t, in, 0);
        return true;
    case WASM_CLASS_COMPARE32:
        binary(t, in, WASM_SLOT_K_COMP);
        return true;
    case WASM_CLASS_BINARY64:
        binary(t, in, WASM_SLOT_K64);
        return true;
    case WASM_CLASS_BINARY:
    case WASM_CLASS_DIVIDE:
        binary(t, in, 0);
        return true;
    case WASM_CLASS_SAME:
        same(t, in);
        return true;
    case WASM_CLASS_LOAD32:
        load(t, in, WASM_SLOT_I32_LOAD_A - WASM_SLOT_I32_LOAD,
             WASM_SLOT_I32_LOAD_I - WASM_SLOT_I32_LOAD);
        return true;
    case WASM_CLASS_LOAD64:
        load(t, in, WASM_SLOT_I64_LOAD_A - WASM_SLOT_I64_LOAD,
             WASM_SLOT_I64_LOAD_I - WASM_SLOT_I64_LOAD);
        return true;
    case WASM_CLASS_STORE32:
        store(t, in, WASM_SLOT_I32_STORE_A - WASM_SLOT_I32_STORE,
              WASM_SLOT_I32_STORE_I - WASM_SLOT_I32_STORE);
        return true;
    case WASM_CLASS_STORE64:
        store(t, in, WASM_SLOT_I64_STORE_A - WASM_SLOT_I64_STORE,
              WASM_SLOT_I64_STORE_I - WASM_SLOT_I64_STORE);
        return true;
    case WASM_CLASS_NUMERIC:
        numeric(t, in);
        return true;
    default:
        return false;
    }
}

/* The result of an instruction is of this type. */
static bool gives_wide(const struct wasm_insn *in)
{
    return wasm_width(wasm_info_result(in->info)) == 2;
}

static void unary(struct wasm_translator *t, const struct wasm_insn *in)
{
    struct wasm_operand a = wasm_take_operand(t);
    uint16_t home = (uint16_t)(4 * wasm_next_home(t));
    if (in->op == WASM_OP_I32_EQZ && wasm_is_made(t, &a)) {
        uint32_t op = t->units[t->last] / 4;
        if (op >= WASM_SLOT_I32_EQ && op <= WASM_SLOT_I32_GE_U_K) {
            t->units[t->last] = (uint16_t)(4 * wasm_opposite(op));
            wasm_give_made(t, false);
            return;
        }
    }
    WASM_EMIT(t, wasm_op_slot[in->op], home, wasm_use(t, &a));
    wasm_give_made(t, gives_wide(in));
}

/* The constant fits a unit with a sign. */
static bool is_small(const struct wasm_operand *o)
{
    return o->where == WASM_CONST &&
           (o->wide ? o->value == (uint64_t)(int16_t)o->value
                    : (uint32_t)o->value == (uint32_t)(int16_t)o->value);
}

/* a op b is b op a. */
static bool commutes(uint8_t op)
{
    switch (op) {
    case WASM_OP_I32_ADD:
    case WASM_OP_I32_MUL:
    case WASM_OP_I32_AND:
    case WASM_OP_I32_OR:
    case WASM_OP_I32_XOR:
    case WASM_OP_I64_ADD:
    case WASM_OP_I64_MUL:
    case WASM_OP_I64_AND:
    case WASM_OP_I64_OR:
    case WASM_OP_I64_XOR:
        return true;
    default:
        return false;
    }
}

/* How far it is to the form with a constant of 32 bits; 0: there is none. */
static uint32_t to_c(uint8_t op)
{
    if (op == WASM_OP_I32_ADD || op == WASM_OP_I32_AND)
        return WASM_SLOT_C32;
    return wasm_op_class[op] == WASM_CLASS_FLOAT32 ? WASM_SLOT_C_FLOAT : 0;
}

/* `to_k`: how far it is to the form with a constant; 0: there is none. */
static void binary(struct wasm_translator *t, const struct wasm_insn *in,
                   uint32_t to_k)
{
    struct wasm_operand b = wasm_take_operand(t), a = wasm_take_operand(t);
    uint32_t op = wasm_op_slot[in->op];
    uint16_t home = (uint16_t)(4 * wasm_next_home(t));
    if (a.where == WASM_CONST && commutes(in->op)) {
        struct wasm_operand swap = a;
        a = b;
        b = swap;
    }
    if (to_k != 0 && is_small(&b)) {
        uint16_t first = wasm_use(t, &a);
        WASM_EMIT(t, op + to_k, home, first, (uint16_t)b.value);
    } else if (b.where == WASM_CONST && to_c(in->op) != 0) {
        uint16_t first = wasm_use(t, &a);
        WASM_EMIT(t, op + to_c(in->op), home, first, (uint16_t)b.value,
                  (uint16_t)(b.value >> 16));
    } else {
        bool constant = b.where == WASM_CONST && !b.wide;
        uint16_t first = wasm_use(t, &a), second = wasm_use(t, &b);
        WASM_EMIT(t, op, home, first, second);
        t->constant = constant ? t->last : 0;
    }
    wasm_give_made(t, gives_wide(in));
}

/* The bits stay, or the lower half of them. */
static void same(struct wasm_translator *t, const struct wasm_insn *in)
{
    struct wasm_operand *o = &t->operands[t->operand_count - 1];
    bool wide = gives_wide(in);
    if (o->wide != wide)
        t->making = 0;
    o->wide = wide;
    if (!wide)
        o->value &= UINT32_MAX;
}

/* An offset that does not fit a unit is added to the address first. */
static uint16_t address_of(struct wasm_translator *t,
                           const struct wasm_operand *a, uint32_t *offset)
{
    uint16_t address = wasm_use(t, a);
    if (*offset <= UINT16_MAX)
        return address;
    uint16_t home = (uint16_t)(4 * a->home);
    WASM_EMIT(t, WASM_SLOT_ADDR, home, address, (uint16_t)*offset,
              (uint16_t)(*offset >> 16));
    *offset = 0;
    return home;
}

/* The address was just made by adding a constant: take that back, and say of
 * what and what. */
static bool was_added(struct wasm_translator *t, const struct wasm_operand *a,
                      const struct wasm_insn *in, uint16_t added[2])
{
    if (in->b != 0 || !wasm_is_made(t, a) ||
        t->units[t->last] != 4 * WASM_SLOT_I32_ADD_K)
        return false;
    added[0] = t->units[t->last + 2];
    added[1] = t->units[t->last + 3];
    wasm_unemit(t);
    return true;
}

/* `to_a`, `to_i`: how far it is to the forms with an address or an index. */
static void load(struct wasm_translator *t, const struct wasm_insn *in,
                 uint32_t to_a, uint32_t to_i)
{
    struct wasm_operand a = wasm_take_operand(t);
    uint32_t op = wasm_op_slot[in->op];
    uint16_t home = (uint16_t)(4 * wasm_next_home(t)), added[2];
    if (a.where == WASM_CONST && a.value + in->b <= UINT16_MAX) {
        WASM_EMIT(t, op + to_a, home, (uint16_t)(a.value + in->b));
    } else if (was_added(t, &a, in, added)) {
        WASM_EMIT(t, op + to_i, home, added[0], added[1]);
    } else {
        uint32_t offset = in->b;
        uint16_t address = address_of(t, &a, &offset);
        WASM_EMIT(t, op, home, address, (uint16_t)offset);
    }
    wasm_give_made(t, gives_wide(in));
}

static void store(struct wasm_translator *t, const struct wasm_insn *in,
                  uint32_t to_a, uint32_t to_i)
{
    struct wasm_operand v = wasm_take_operand(t), a = wasm_take_operand(t);
    uint32_t op = wasm_op_slot[in->op];
    uint16_t added[2];
    if (a.where == WASM_CONST && a.value + in->b <= UINT16_MAX) {
        uint16_t value = wasm_use(t, &v);
        WASM_EMIT(t, op + to_a, value, (uint16_t)(a.value + in->b));
    } else if (was_added(t, &a, in, added)) {
        uint16_t value = wasm_use(t, &v);
        WASM_EMIT(t, op + to_i, value, added[0], added[1]);
    } else {
        uint32_t offset = in->b;
        uint16_t value = wasm_use(t, &v);
        uint16_t address = address_of(t, &a, &offset);
        WASM_EMIT(t, op, value, address, (uint16_t)offset);
    }
}

/* What numeric.c does: operands on the stack, and the result there. */
static void numeric(struct wasm_translator *t, const struct wasm_insn *in)
{
    uint32_t operands = wasm_info_second(in->info) != 0 ? 2 : 1;
    wasm_settle_operands(t, t->operand_count - operands);
    uint16_t top = (uint16_t)(4 * wasm_next_home(t));
    WASM_EMIT(t, WASM_SLOT_NUMERIC, in->op, top);
    t->operand_count -= operands;
    wasm_give(t, WASM_HOME, 0, gives_wide(in));
}

/* A function that has locals of two widths has a map of them. */
static uint32_t slot_of(const struct wasm_translator *t, uint32_t local,
                        bool *wide)
{
    uint32_t unit = local;
    if (t->f->wide)
        unit = t->m->side.units[t->f->side - 1 - local];
    *wide = (unit & WASM_LOCAL_WIDE) != 0;
    return unit & ~WASM_LOCAL_WIDE;
}

static void local_get(struct wasm_translator *t, uint32_t local)
{
    bool wide;
    uint32_t slot = slot_of(t, local, &wide);
    wasm_give(t, WASM_LOCAL, slot, wide);
}

/* Operands that stand for the local have to be made before it changes. */
static void settle_local(struct wasm_translator *t, uint32_t slot)
{
    for (uint32_t i = 0; i < t->operand_count; i++) {
        const struct wasm_operand *o = &t->operands[i];
        if (o->where == WASM_LOCAL && o->value == slot)
            wasm_settle_operand(t, i);
    }
}

static void local_set(struct wasm_translator *t, uint32_t local, bool tee)
{
    bool wide;
    uint32_t slot = slot_of(t, local, &wide);
    struct wasm_operand o = wasm_take_operand(t);
    bool made = wasm_is_made(t, &o);
    uint32_t place = t->count;
    settle_local(t, slot);
    if (made && place == t->count)
        wasm_redirect(t, (uint16_t)(4 * slot));
    else if (o.where != WASM_LOCAL || o.value != slot)
        wasm_put(t, &o, (uint16_t)(4 * slot));
    if (tee)
        wasm_give(t, WASM_LOCAL, slot, wide);
}

static void global_get(struct wasm_translator *t, uint32_t global)
{
    bool wide = wasm_width(t->m->globals[global].type) == 2;
    t->failed = t->failed || global > UINT16_MAX;
    WASM_EMIT(t, wide ? WASM_SLOT_GET64 : WASM_SLOT_GET,
              (uint16_t)(4 * wasm_next_home(t)), (uint16_t)global);
    wasm_give_made(t, wide);
}

static void global_set(struct wasm_translator *t, uint32_t global)
{
    struct wasm_operand a = wasm_take_operand(t);
    uint16_t value = wasm_use(t, &a);
    t->failed = t->failed || global > UINT16_MAX;
    WASM_EMIT(t, a.wide ? WASM_SLOT_SET64 : WASM_SLOT_SET, (uint16_t)global,
              value);
}

static void select(struct wasm_translator *t)
{
    struct wasm_operand c = wasm_take_operand(t), b = wasm_take_operand(t);
    struct wasm_operand a = wasm_take_operand(t);
    uint16_t first = wasm_use(t, &a), second = wasm_use(t, &b);
    uint16_t condition = wasm_use(t, &c);
    WASM_EMIT(t, a.wide ? WASM_SLOT_SELECT64 : WASM_SLOT_SELECT,
              (uint16_t)(4 * wasm_next_home(t)), first, second, condition);
    wasm_give_made(t, a.wide);
}
