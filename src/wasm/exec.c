/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter: the module's bytes executed in place.
 *
 * wasm_exec is one long function, because all of it works on the same dozen of
 * locals, which the compiler is to keep in registers: it is a flat table of
 * short cases, one for each instruction, and behind it the few places that
 * several of them go to. Each case jumps to the next by a table of labels that
 * is made from opcodes.h: an instruction without a case does not compile. What
 * is rare or long is in functions of its own (numeric.c, bulk.c, host.c).
 *
 * The code was validated: operands, locals, labels and entries of the side
 * table are there, so nothing about them is checked again. What depends on
 * values is checked: addresses, divisors, table entries, the stack's end. */
#include "wasm/instance.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "wasm/numeric.h"
#include "wasm/opinfo.h"

#include <string.h>

/* Kept out of the loop, whose registers they would take. */
#define SELDOM __attribute__((noinline))

SELDOM static struct tomte_wasm_instance *
owner_of(struct tomte_wasm_instance *from, uint32_t func, uint32_t *index);
SELDOM static const uint8_t *leb_rest(const uint8_t *pc, uint32_t *v);
SELDOM static const uint8_t *leb_signed(const uint8_t *pc, uint64_t *v);
static bool same_type(const struct tomte_wasm_instance *a, uint32_t type,
                      const struct tomte_wasm_instance *b, uint32_t func);

/* An immediate; nearly all are one byte. */
#define LEB(v)                                                                 \
    do {                                                                       \
        (v) = *pc++;                                                           \
        if ((v)&0x80) {                                                        \
            uint32_t v_ = (v);                                                 \
            pc = leb_rest(pc, &v_);                                            \
            (v) = v_;                                                          \
        }                                                                      \
    } while (0)
#define SKIP_LEB()                                                             \
    while (*pc++ & 0x80) {                                                     \
    }

/* The operand of this drop or select takes two slots. */
#define IS_WIDE()                                                              \
    (st->slots == WASM_SIDE_WIDE &&                                            \
     wasm_side_word(st) == (uint32_t)(pc - 1 - bytes))

#define CASE(name) op_##name:
#define NEXT()                                                                 \
    do {                                                                       \
        op = *pc++;                                                            \
        goto *labels[op];                                                      \
    } while (0)

/* Between the locals here and the instance. */
#define SAVE()                                                                 \
    do {                                                                       \
        fp->pc = (uint32_t)(pc - bytes);                                       \
        fp->side = (uint32_t)(st - side);                                      \
        inst->sp = (uint32_t)(sp - slots);                                     \
        inst->depth = (uint32_t)(wasm_frames_end(inst) - fp);                  \
    } while (0)
#define LOAD_MEMORY()                                                          \
    do {                                                                       \
        mem = cur->memory->data;                                               \
        mem_len = cur->memory->len;                                            \
    } while (0)
#define LOAD_INSTANCE(instance)                                                \
    do {                                                                       \
        cur = (instance);                                                      \
        bytes = cur->m->bytes.data;                                            \
        LOAD_MEMORY();                                                         \
    } while (0)
#define LOAD_FRAME()                                                           \
    do {                                                                       \
        fn = &cur->m->funcs[fp->func & WASM_FUNC_MASK];                        \
        side = (const struct wasm_side *)(const void *)(cur->m->side.units +   \
                                                        fn->side);             \
        code = bytes + fn->code;                                               \
        last = bytes + fn->end + 1;                                            \
        wide = fn->wide;                                                       \
        base = slots + fp->base;                                               \
        pc = bytes + fp->pc;                                                   \
        st = side + fp->side;                                                  \
    } while (0)

/* A local's unit in the map of a function that has one. */
#define LOCAL(i) (((const uint16_t *)(const void *)side)[-1 - (int32_t)(i)])

void wasm_exec(struct tomte_wasm_instance *inst)
{
    static const void *const labels[256] = {
#define OP(code, name, text, imm, types) [code] = &&op_##name,
        WASM_OP_TABLE(OP)
#undef OP
            [WASM_PREFIX] = &&op_PREFIXED,
    };
    uint32_t *const slots = inst->slots;
    struct wasm_frame *fp = wasm_frame(inst, inst->depth - 1);
    uint32_t *sp = slots + inst->sp, *base;
    int32_t fuel = inst->grant;

    struct tomte_wasm_instance *cur, *callee;
    uint32_t op, index;
    const uint8_t *bytes, *code, *pc, *at, *last;
    uint8_t *mem;
    uint32_t mem_len;
    const struct wasm_func *fn;
    const struct wasm_side *side, *st;
    bool wide;
    enum tomte_wasm_trap_reason reason;

    LOAD_INSTANCE(owner_of(inst, fp->func, &index));
    LOAD_FRAME();
    at = pc;
    if (inst->spent > inst->budget)
        goto out_of_fuel;
    NEXT();

    CASE(UNREACHABLE)
    {
        at = pc - 1;
        reason = TOMTE_WASM_TRAP_UNREACHABLE;
        goto trap;
    }
    CASE(BLOCK)
    {
        SKIP_LEB()
        NEXT();
    }
    CASE(LOOP)
    {
        at = pc - 1;
        SKIP_LEB()
        fuel -= (int32_t)wasm_side_word(st);
        st++;
        if (fuel < 0)
            goto out_of_fuel;
        NEXT();
    }
    CASE(IF)
    {
        if (*--sp == 0)
            goto branch;
        SKIP_LEB()
        st++;
        NEXT();
    }
    CASE(END)
    {
        if (pc == last)
            goto leave;
        NEXT();
    }
    CASE(ELSE)
    CASE(BR)
    goto branch;
    CASE(BR_IF)
    {
        if (*--sp != 0)
            goto branch;
        SKIP_LEB()
        st++;
        NEXT();
    }
    CASE(BR_TABLE)
    {
        uint32_t count, i = *--sp;
        LEB(count);
        st += i < count ? i : count;
        goto branch;
    }
    CASE(RETURN)
    goto leave;
    CASE(CALL)
    {
        at = pc - 1;
        LEB(index);
        callee = cur;
        goto call;
    }
    CASE(CALL_INDIRECT)
    {
        uint32_t type, table, i = *--sp, found = 0;
        at = pc - 1;
        LEB(type);
        LEB(table);
        const struct wasm_table_inst *t = cur->tables[table];
        reason = TOMTE_WASM_TRAP_UNDEFINED;
        if (i >= t->len)
            goto trap;
        reason = TOMTE_WASM_TRAP_UNINITIALIZED;
        if (t->refs[i] == 0)
            goto trap;
        callee = wasm_find_func(cur, t->refs[i] - 1, &found);
        reason = TOMTE_WASM_TRAP_INDIRECT_TYPE;
        if (callee == NULL || !same_type(cur, type, callee, found))
            goto trap;
        index = found;
        goto call;
    }

    CASE(DROP)
    {
        if (IS_WIDE()) {
            st++;
            sp--;
        }
        sp--;
        NEXT();
    }
    CASE(SELECT_T)
    {
        pc++;
        sp--;
        if (wasm_width(*pc++) == 2)
            goto select_wide;
        goto select_narrow;
    }
    CASE(SELECT)
    {
        sp--;
        if (IS_WIDE()) {
            st++;
            goto select_wide;
        }
        goto select_narrow;
    }
select_narrow:
    sp--;
    if (sp[1] == 0)
        sp[-1] = sp[0];
    NEXT();
select_wide:
    sp -= 2;
    if (sp[2] == 0) {
        sp[-2] = sp[0];
        sp[-1] = sp[1];
    }
    NEXT();

#include "wasm/exec_cases.inc"

op_PREFIXED:
    at = pc - 1;
    LEB(op);
    op += WASM_PREFIXED;
    goto *labels[op];

    /* What bulk.c does, behind the prefix but for the first four. */
    CASE(TABLE_GET)
    CASE(TABLE_SET)
    CASE(MEMORY_SIZE)
    CASE(MEMORY_GROW)
    at = pc - 1;
    CASE(MEMORY_INIT)
    CASE(DATA_DROP)
    CASE(MEMORY_COPY)
    CASE(MEMORY_FILL)
    CASE(TABLE_INIT)
    CASE(ELEM_DROP)
    CASE(TABLE_COPY)
    CASE(TABLE_GROW)
    CASE(TABLE_SIZE)
    CASE(TABLE_FILL)
    {
        enum wasm_imm imm = wasm_info_imm(wasm_op_info[op]);
        uint32_t a, b = 0, *top = sp;
        int32_t left = fuel;
        LEB(a);
        if (imm == WASM_IMM_TABLE_TABLE || imm == WASM_IMM_ELEM_TABLE ||
            imm == WASM_IMM_DATA_MEMORY || imm == WASM_IMM_MEMORY_MEMORY)
            LEB(b);
        reason = wasm_bulk(inst, cur, op, a, b, &top, &left);
        sp = top;
        fuel = left;
        LOAD_MEMORY();
        if (reason != TOMTE_WASM_TRAP_NONE)
            goto trap;
        NEXT();
    }

branch: /* as the entry `st` says */
    if (st->slots != 0) {
        struct wasm_far far = {st->pc, st->side, st->slots >> 12,
                               st->slots & 0xfff};
        if (st->slots >= WASM_SIDE_MARKS)
            far = cur->m->side.far[-1 - (int32_t)wasm_side_word(st)];
        const uint32_t *from = sp - far.keep;
        sp -= far.keep + far.drop;
        for (; far.keep > 0; far.keep--)
            *sp++ = *from++;
        pc = code + far.pc;
        st = side + far.side;
        NEXT();
    }
    pc = code + st->pc;
    st = side + st->side;
    NEXT();

call: /* function `index` of `callee`, arguments on the stack */
    if (index < callee->m->imported.of[TOMTE_WASM_FUNC]) {
        if (callee->bindings[index].host != NULL)
            goto call_host;
        callee = owner_of(callee, callee->bindings[index].func, &index);
    }
    {
        const struct wasm_func *f = &callee->m->funcs[index];
        uint32_t *first = sp - callee->m->types[f->type].param_slots;
        size_t room = (size_t)((const uint32_t *)(const void *)fp - first);
        SAVE();
        if (room < f->frame_slots + WASM_FRAME_WORDS ||
            inst->depth >= inst->depth_max) {
            reason = TOMTE_WASM_TRAP_STACK;
            goto trap;
        }
        fp--;
        *fp = (struct wasm_frame){
            .func = wasm_func_number(callee, index),
            .pc = f->code,
            .base = (uint32_t)(first - slots),
        };
        for (first += f->local_slots; sp < first;)
            *sp++ = 0;
        if (callee != cur)
            LOAD_INSTANCE(callee);
        LOAD_FRAME();
        at = pc;
        fuel -= (int32_t)fn->cost;
        if (fuel < 0)
            goto out_of_fuel;
        NEXT();
    }

call_host : {
    int32_t left = fuel;
    inst->pending = wasm_func_number(callee, index);
    SAVE();
    bool answered = wasm_call_host(inst, cur, &left, (uint32_t)(at - bytes));
    fuel = left;
    if (!answered) {
        wasm_settle(inst, fuel);
        return;
    }
    sp = slots + inst->sp;
    LOAD_MEMORY();
    NEXT();
}

leave : /* the function, results on top of the stack */
{
    uint32_t count = cur->m->types[fn->type].result_slots;
    const uint32_t *from = sp - count;
    for (sp = base; count > 0; count--)
        *sp++ = *from++;
    fp++;
    if (fp == wasm_frames_end(inst)) {
        inst->depth = 0;
        inst->sp = inst->result_slots = (uint32_t)(sp - slots);
        inst->status = TOMTE_WASM_DONE;
        wasm_settle(inst, fuel);
        return;
    }
    if (fp->func >> WASM_FUNC_BITS != cur->id)
        LOAD_INSTANCE(owner_of(inst, fp->func, &index));
    LOAD_FRAME();
    NEXT();
}

out_of_fuel:
    SAVE();
    fuel = wasm_settle(inst, fuel);
    if (inst->spent > inst->budget) {
        reason = TOMTE_WASM_TRAP_FUEL;
        goto trap;
    }
    if (inst->slice == 0)
        return;
    NEXT();

trap:
    SAVE();
    wasm_settle(inst, fuel);
    wasm_set_trap(inst, reason, tomte_wasm_trap_text(reason), cur,
                  (uint32_t)(fn - cur->m->funcs), (uint32_t)(at - bytes));
}

/* The instance of a function that is known to be there. */
static struct tomte_wasm_instance *owner_of(struct tomte_wasm_instance *from,
                                            uint32_t func, uint32_t *index)
{
    struct tomte_wasm_instance *owner = wasm_find_func(from, func, index);
    TOMTE_ASSERT(owner != NULL);
    return owner;
}

/* The bytes after the first of an unsigned number of 32 bits. */
static const uint8_t *leb_rest(const uint8_t *pc, uint32_t *v)
{
    uint32_t value = *v & 0x7f;
    unsigned shift = 7;
    uint8_t byte;
    do {
        byte = *pc++;
        value |= (uint32_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    *v = value;
    return pc;
}

static const uint8_t *leb_signed(const uint8_t *pc, uint64_t *v)
{
    uint64_t value = *v & 0x7f;
    unsigned shift = 7;
    uint8_t byte;
    do {
        byte = *pc++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    if (shift < 64 && (byte & 0x40))
        value |= ~UINT64_C(0) << shift;
    *v = value;
    return pc;
}

/* The function is of the type that the call expects, section 4.4.8. */
static bool same_type(const struct tomte_wasm_instance *a, uint32_t type,
                      const struct tomte_wasm_instance *b, uint32_t func)
{
    uint32_t actual = b->m->funcs[func].type;
    if (a->m == b->m)
        return a->m->types[type].same == b->m->types[actual].same;
    return wasm_type_equal(a->m, type, b->m, actual);
}
