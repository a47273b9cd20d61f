/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/translate.h: from a module's bytes to slot code, in one pass a function.
 *
 * The validator runs along: it knows the blocks and the types on the stack, so
 * that translation only has to remember where each operand is. An operand that
 * was made by local.get or a constant is not made at all until something needs
 * it in its own slot, its home: then a MOVE or CONST puts it there.
 *
 * Before a block begins, before a branch and at each safepoint all operands are
 * brought home, so where control meets everybody agrees. */
#pragma once

#include "wasm/slotcode.h"
#include "wasm/validate.h"

/* Deeper stacks than this are not translated. */
#define WASM_TRANSLATE_OPERANDS 256

enum wasm_where {
    WASM_HOME,  /* in its own slot */
    WASM_LOCAL, /* in slot `value` */
    WASM_CONST, /* it is `value` */
};

struct wasm_operand {
    uint64_t value;
    uint16_t home;
    uint8_t where;
    bool wide;
};

/* What an open block needs beside what the validator knows of it: branches to
 * its end, and from an `if` to its else, each a chain of units, and where a
 * loop begins. 0 ends a chain. */
struct wasm_labels {
    uint32_t end;
    uint32_t other;
    uint32_t begin;
};

struct wasm_translator {
    struct wasm_validator v;
    const struct tomte_wasm_module *m;
    const struct wasm_func *f;
    struct tomte_arena *arena;
    uint16_t *units;
    uint32_t count; /* units so far */
    uint32_t last;  /* the instruction before this place; 0: a label is here */
    uint32_t constant; /* a comparison: CONST of its operand is before it */
    uint32_t making; /* operands, the top one being what `last` made; else 0 */
    uint32_t header; /* of this function: its unit */
    uint32_t height; /* operands below the block that is ending */
    bool failed;     /* this function cannot be slot code */
    bool full;       /* the arena is full */
    uint32_t operand_count;
    struct wasm_operand *operands;
    struct wasm_labels *labels;
};

/* ---- between the files of the translator ---- */

/* Write an instruction: its units but the first. */
void wasm_emit(struct wasm_translator *t, uint32_t op, const uint16_t *rest,
               uint32_t count);
#define WASM_EMIT(t, op, ...)                                                  \
    wasm_emit(t, op, (const uint16_t[]){__VA_ARGS__},                          \
              sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))

/* Add units to it, of 0. */
void wasm_emit_units(struct wasm_translator *t, uint32_t count);

/* Take back the last instruction; let its result go to another slot. */
void wasm_unemit(struct wasm_translator *t);
void wasm_redirect(struct wasm_translator *t, uint16_t slot4);

/* The last instruction made this operand, which was just taken. */
bool wasm_is_made(const struct wasm_translator *t,
                  const struct wasm_operand *o);

/* The comparison that is true when `op` is not. */
uint32_t wasm_opposite(uint32_t op);

/* Operands. Taking one leaves it to the caller where it is; wasm_use gives a
 * slot times four in which it is, bringing a constant home; wasm_put puts it
 * into another. */
struct wasm_operand wasm_take_operand(struct wasm_translator *t);
uint16_t wasm_use(struct wasm_translator *t, const struct wasm_operand *o);
void wasm_put(struct wasm_translator *t, const struct wasm_operand *o,
              uint16_t slot4);

/* Push one; the home of the next to be pushed; and one that the instruction
 * just written has made there. */
void wasm_give(struct wasm_translator *t, enum wasm_where where, uint64_t value,
               bool wide);
uint16_t wasm_next_home(const struct wasm_translator *t);
void wasm_give_made(struct wasm_translator *t, bool wide);

/* Bring home all operands from the i-th up; just that one. */
void wasm_settle_operands(struct wasm_translator *t, uint32_t from);
void wasm_settle_operand(struct wasm_translator *t, uint32_t i);

/* Code that the validator does not expect to be reached is not translated. */
bool wasm_is_live(const struct wasm_translator *t);

/* Control instructions: before the validator sees it, and after. */
void wasm_translate_control(struct wasm_translator *t,
                            const struct wasm_insn *in);
void wasm_translate_after(struct wasm_translator *t,
                          const struct wasm_insn *in);

/* All others; false when `in` is none of them. */
bool wasm_translate_plain(struct wasm_translator *t,
                          const struct wasm_insn *in);
