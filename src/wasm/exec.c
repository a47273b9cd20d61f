/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter: the module's bytes executed in place.
 *
 * wasm_exec is one long function, because all of it works on the same dozen of
 * locals, which the compiler is to keep in registers: it is a flat table of
 * short cases, one for each instruction, and behind it the few places that
 * several of them go to. What is rare or long is in functions of its own
 * (numeric.c, bulk.c, host.c).
 *
 * The code was validated: operands, locals, labels and entries of the side
 * table are there, so nothing about them is checked again. What depends on
 * values is checked: addresses, divisors, table entries, the stack's end. */
#include "wasm/instance.h"

#include "base/bytes.h"
#include "wasm/numeric.h"
#include "wasm/opinfo.h"

#include <string.h>

static const uint8_t *leb_rest(const uint8_t *pc, uint32_t *v);
static const uint8_t *leb_signed(const uint8_t *pc, uint64_t *v);
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
     wasm_side_word(st) == (uint32_t)(at - bytes))

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
        last = bytes + fn->end;                                                \
        wide = fn->wide;                                                       \
        base = slots + fp->base;                                               \
        pc = bytes + fp->pc;                                                   \
        st = side + fp->side;                                                  \
    } while (0)

/* A local's unit in the map of a function that has one. */
#define LOCAL(i) (((const uint16_t *)(const void *)side)[-1 - (int32_t)(i)])

void wasm_exec(struct tomte_wasm_instance *inst)
{
    uint32_t *const slots = inst->slots;
    struct wasm_frame *fp = wasm_frame(inst, inst->depth - 1);
    uint32_t *sp = slots + inst->sp, *base;
    int32_t fuel = inst->grant;

    struct tomte_wasm_instance *cur, *callee;
    uint32_t index;
    const uint8_t *bytes, *pc, *at, *last;
    uint8_t *mem;
    uint32_t mem_len;
    const struct wasm_func *fn;
    const struct wasm_side *side, *st;
    bool wide;
    enum tomte_wasm_trap_reason reason;

    LOAD_INSTANCE(wasm_find_func(inst, fp->func, &index));
    LOAD_FRAME();
    at = pc;
    if (inst->spent > inst->budget)
        goto out_of_fuel;

    for (;;) {
        at = pc;
        uint32_t op = *pc++;
    prefixed:
        switch (op) {
        case WASM_OP_UNREACHABLE:
            reason = TOMTE_WASM_TRAP_UNREACHABLE;
            goto trap;
        case WASM_OP_NOP:
            continue;
        case WASM_OP_BLOCK:
            SKIP_LEB()
            continue;
        case WASM_OP_LOOP:
            SKIP_LEB()
            fuel -= (int32_t)wasm_side_word(st);
            st++;
            if (fuel < 0)
                goto out_of_fuel;
            continue;
        case WASM_OP_IF:
            if (*--sp == 0)
                goto branch;
            SKIP_LEB()
            st++;
            continue;
        case WASM_OP_END:
            if (at == last)
                goto leave;
            continue;
        case WASM_OP_ELSE:
        case WASM_OP_BR:
            goto branch;
        case WASM_OP_BR_IF:
            if (*--sp != 0)
                goto branch;
            SKIP_LEB()
            st++;
            continue;
        case WASM_OP_BR_TABLE: {
            uint32_t count, i = *--sp;
            LEB(count);
            st += i < count ? i : count;
            goto branch;
        }
        case WASM_OP_RETURN:
            goto leave;
        case WASM_OP_CALL:
            LEB(index);
            callee = cur;
            goto call;
        case WASM_OP_CALL_INDIRECT: {
            uint32_t type, table, i = *--sp;
            LEB(type);
            LEB(table);
            const struct wasm_table_inst *t = cur->tables[table];
            reason = TOMTE_WASM_TRAP_UNDEFINED;
            if (i >= t->len)
                goto trap;
            reason = TOMTE_WASM_TRAP_UNINITIALIZED;
            if (t->refs[i] == 0)
                goto trap;
            callee = wasm_find_func(cur, t->refs[i] - 1, &index);
            reason = TOMTE_WASM_TRAP_INDIRECT_TYPE;
            if (callee == NULL || !same_type(cur, type, callee, index))
                goto trap;
            goto call;
        }

        case WASM_OP_DROP:
            if (IS_WIDE()) {
                st++;
                sp--;
            }
            sp--;
            continue;
        case WASM_OP_SELECT_T:
            pc++;
            sp--;
            if (wasm_width(*pc++) == 2)
                goto select_wide;
            goto select_narrow;
        case WASM_OP_SELECT:
            sp--;
            if (IS_WIDE()) {
                st++;
                goto select_wide;
            }
        select_narrow:
            sp--;
            if (sp[1] == 0)
                sp[-1] = sp[0];
            continue;
        select_wide:
            sp -= 2;
            if (sp[2] == 0) {
                sp[-2] = sp[0];
                sp[-1] = sp[1];
            }
            continue;

        case WASM_OP_LOCAL_GET: {
            uint32_t i;
            LEB(i);
            if (wide) {
                uint32_t unit = LOCAL(i);
                i = unit & ~WASM_LOCAL_WIDE;
                if (unit & WASM_LOCAL_WIDE) {
                    sp[1] = base[i + 1];
                    *sp = base[i];
                    sp += 2;
                    continue;
                }
            }
            *sp++ = base[i];
            continue;
        }
        case WASM_OP_LOCAL_SET:
        case WASM_OP_LOCAL_TEE: {
            uint32_t i, keep = op - WASM_OP_LOCAL_SET;
            LEB(i);
            if (wide) {
                uint32_t unit = LOCAL(i);
                i = unit & ~WASM_LOCAL_WIDE;
                if (unit & WASM_LOCAL_WIDE) {
                    base[i] = sp[-2];
                    base[i + 1] = sp[-1];
                    sp += 2 * keep;
                    sp -= 2;
                    continue;
                }
            }
            base[i] = sp[-1];
            sp += keep;
            sp--;
            continue;
        }
        case WASM_OP_GLOBAL_GET: {
            uint32_t i;
            LEB(i);
            const uint32_t *g = cur->globals[i];
            *sp++ = g[0];
            if (wasm_width(cur->m->globals[i].type) == 2)
                *sp++ = g[1];
            continue;
        }
        case WASM_OP_GLOBAL_SET: {
            uint32_t i;
            LEB(i);
            uint32_t *g = cur->globals[i];
            if (wasm_width(cur->m->globals[i].type) == 2)
                g[1] = *--sp;
            g[0] = *--sp;
            continue;
        }

        case WASM_OP_I32_CONST: {
            uint32_t v = *pc++;
            if (v & 0x80) {
                uint64_t more = v;
                pc = leb_signed(pc, &more);
                *sp++ = (uint32_t)more;
            } else {
                *sp++ = (v ^ 0x40) - 0x40;
            }
            continue;
        }
        case WASM_OP_I64_CONST: {
            uint64_t v = *pc++;
            if (v & 0x80)
                pc = leb_signed(pc, &v);
            else
                v = (v ^ 0x40) - 0x40;
            tomte_wasm_put64(sp, v);
            sp += 2;
            continue;
        }
        case WASM_OP_F64_CONST:
            *sp++ = tomte_get_le32(pc);
            pc += 4;
            *sp++ = tomte_get_le32(pc);
            pc += 4;
            continue;
        case WASM_OP_F32_CONST:
            *sp++ = tomte_get_le32(pc);
            pc += 4;
            continue;
        case WASM_OP_REF_NULL:
            pc++;
            *sp++ = 0;
            continue;
        case WASM_OP_REF_FUNC: {
            uint32_t i;
            LEB(i);
            *sp++ = wasm_func_number(cur, i) + 1;
            continue;
        }
        case WASM_OP_REF_IS_NULL:
        case WASM_OP_I32_EQZ:
            sp[-1] = sp[-1] == 0;
            continue;

#include "wasm/exec_cases.inc"

        case WASM_PREFIX:
            LEB(op);
            op += WASM_PREFIXED;
            goto prefixed;
        default: {
            enum wasm_imm imm = wasm_info_imm(wasm_op_info[op]);
            uint32_t a, b = 0, *top = sp;
            if (imm == WASM_IMM_NONE) {
                reason = wasm_numeric(op, &top);
            } else {
                LEB(a);
                if (imm == WASM_IMM_TABLE_TABLE || imm == WASM_IMM_ELEM_TABLE ||
                    imm == WASM_IMM_DATA_MEMORY ||
                    imm == WASM_IMM_MEMORY_MEMORY)
                    LEB(b);
                int32_t left = fuel;
                reason = wasm_bulk(inst, cur, op, a, b, &top, &left);
                fuel = left;
                LOAD_MEMORY();
            }
            sp = top;
            if (reason != TOMTE_WASM_TRAP_NONE)
                goto trap;
            continue;
        }
        }

    branch: /* as the entry `st` says */
        if (st->slots == 0) {
            pc = bytes + fn->code + st->pc;
            st = side + st->side;
        } else if (st->slots < WASM_SIDE_MARKS) {
            uint32_t keep = st->slots >> 12, drop = st->slots & 0xfff;
            memmove(sp - keep - drop, sp - keep, keep * sizeof *sp);
            sp -= drop;
            pc = bytes + fn->code + st->pc;
            st = side + st->side;
        } else {
            const struct wasm_far *far =
                &cur->m->side.far[-1 - (int32_t)wasm_side_word(st)];
            memmove(sp - far->keep - far->drop, sp - far->keep,
                    far->keep * sizeof *sp);
            sp -= far->drop;
            pc = bytes + fn->code + far->pc;
            st = side + far->side;
        }
        continue;

    call: /* function `index` of `callee`, arguments on the stack */
        if (index < callee->m->imported.of[TOMTE_WASM_FUNC]) {
            if (callee->bindings[index].host != NULL) {
                inst->pending = wasm_func_number(callee, index);
                SAVE();
                int32_t left = fuel;
                bool answered =
                    wasm_call_host(inst, cur, &left, (uint32_t)(at - bytes));
                fuel = left;
                if (!answered) {
                    wasm_settle(inst, fuel);
                    return;
                }
                sp = slots + inst->sp;
                LOAD_MEMORY();
                continue;
            }
            callee =
                wasm_find_func(callee, callee->bindings[index].func, &index);
        }
        {
            const struct wasm_func *f = &callee->m->funcs[index];
            uint32_t *first = sp - callee->m->types[f->type].param_slots;
            SAVE();
            if (!wasm_frame_fits(inst, f, (uint32_t)(first - slots))) {
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
            continue;
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
            LOAD_INSTANCE(wasm_find_func(inst, fp->func, &index));
        LOAD_FRAME();
        continue;
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
        continue;

    trap:
        SAVE();
        wasm_settle(inst, fuel);
        wasm_set_trap(inst, reason, tomte_wasm_trap_text(reason), cur,
                      (uint32_t)(fn - cur->m->funcs), (uint32_t)(at - bytes));
        return;
    }
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
