/* SPDX-License-Identifier: Apache-2.0 */
/* wasm/validate.h: one pass over a function's code, section 3.3 and the
 * appendix "Validation Algorithm".
 *
 * The pass checks the types, makes the side table, and finds out how deep the
 * operand stack gets and what the code costs. The blocks and the types on the
 * stack are kept in two arrays of bounded size, so there is no recursion.
 *
 * The same pass, without writing anything, finds the state in which execution
 * is at a place of the code: that is how a snapshot is checked. */
#pragma once

#include "wasm/decode.h"
#include "wasm/insn.h"

/* Costs stop growing here, so that a counter of fuel cannot run over. */
#define WASM_COST_MAX 0x3fffffffu

/* A block that is open. */
struct wasm_block {
    uint8_t op;       /* BLOCK, LOOP, IF, ELSE; END for the function itself */
    bool unreachable; /* what follows in this block is never executed */
    bool dead;        /* nor is the block itself */
    bool by_type;     /* `type` is an index, else a byte or EMPTY */
    uint16_t outer;   /* the innermost loop around it, or 0 the function */
    uint16_t height;  /* entries of the stack below its parameters */
    uint16_t slots;   /* slots of the frame below its parameters */
    uint32_t type;
    uint32_t chain; /* branches to its end; LOOP: its offset in the code */
    uint32_t entry; /* LOOP: its entry; IF: the chain of its own branch */
    uint32_t cost;  /* LOOP and function: fuel found so far */
};

struct wasm_validator {
    const struct tomte_wasm_module *m;
    struct wasm_reader r;
    struct wasm_side_builder side;

    struct wasm_block *blocks;
    uint8_t *types; /* locals first, then operands; 0 is any type */
    uint32_t block_max;
    uint32_t slot_max;

    const struct wasm_type *type; /* of the function */
    uint32_t code;
    uint32_t block_count;
    uint32_t type_count;
    uint32_t local_count;
    uint32_t local_slots;
    uint32_t slots;
    uint32_t slots_most;
    uint32_t loop; /* innermost, or 0 the function */
    bool wide;
    bool tail_calls; /* one was seen, in any function so far */

    uint32_t stop;         /* offset of the code to stop at, or WASM_NONE */
    struct wasm_insn last; /* the instruction before it */
};

/* Arrays from the end of `arena`; NO_MEMORY through v->r. `m` must have all
 * but its code decoded. `side_arena` is NULL when only a state is wanted. */
void wasm_validator_init(struct wasm_validator *v,
                         const struct tomte_wasm_module *m,
                         struct tomte_arena *arena,
                         struct tomte_arena *side_arena);

/* Validate one function's body, its bytes in `body` (locals and code); fill in
 * all of `f` but its type. */
void wasm_validate_func(struct wasm_validator *v, struct tomte_span body,
                        struct wasm_func *f);

/* Bring the validator to the state at offset `pc` of a function that is valid.
 * False when no instruction begins there or none can ever get there. */
bool wasm_validate_until(struct wasm_validator *v, const struct wasm_func *f,
                         struct tomte_span body, uint32_t pc);

/* Stack and blocks as they are before a function's first instruction: for who
 * reads instructions and has them checked one by one. */
void wasm_validate_begin(struct wasm_validator *v, struct tomte_span body,
                         const struct wasm_func *f);

/* ---- between the files of the validator ---- */

/* One instruction, which begins at offset `at` of the module. */
void wasm_check_insn(struct wasm_validator *v, const struct wasm_insn *in,
                     uint32_t at);

/* Control instructions. */
void wasm_check_control(struct wasm_validator *v, const struct wasm_insn *in,
                        uint32_t at);

/* The operand stack. Popping from below a block's own operands gives any type
 * where code is unreachable, and fails elsewhere. */
void wasm_push(struct wasm_validator *v, uint8_t type);
void wasm_push_all(struct wasm_validator *v, struct tomte_span types);
uint8_t wasm_pop_any(struct wasm_validator *v);
void wasm_pop(struct wasm_validator *v, uint8_t type);
void wasm_pop_all(struct wasm_validator *v, struct tomte_span types);

/* Blocks: open one that takes its parameters; close it, popping its results. */
void wasm_open(struct wasm_validator *v, uint8_t op,
               const struct wasm_insn *in);
struct wasm_block wasm_close(struct wasm_validator *v);
struct tomte_span wasm_block_params(const struct wasm_validator *v,
                                    const struct wasm_block *b);
struct tomte_span wasm_block_results(const struct wasm_validator *v,
                                     const struct wasm_block *b);

/* A breach of the rules. */
void wasm_invalid(struct wasm_validator *v, const char *what);
