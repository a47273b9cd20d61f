/* SPDX-License-Identifier: Apache-2.0 */
/* Could a call of this module be in this state?
 *
 * A frame says only which function and where in it. The validator, run up to
 * there, says what the stack must look like: how many slots, of which types,
 * and which function can have been called. So the frames must follow from each
 * other, and execution can go on with what validation has promised it. */
#include "wasm/snapshot.h"

#include "base/bytes.h"
#include "wasm/validate.h"

struct walk {
    struct tomte_wasm_instance *inst;
    struct wasm_call_state *call;
    struct wasm_reader *r;
    struct wasm_validator v;
    uint32_t func; /* the validator stands in it, */
    uint32_t pc;   /* here */
};

static void check_host_start(struct walk *w);
static void check_frames(struct walk *w);
static bool check_frame(struct walk *w, uint32_t i, uint32_t *base);
static bool reach(struct walk *w, uint32_t func, uint32_t pc);
static bool calls(const struct walk *w, uint32_t callee);
static bool refs_ok(const struct walk *w, struct tomte_span types,
                    uint32_t slot);
static bool is_import(const struct walk *w, uint32_t func);
static struct tomte_wasm_type type_of(const struct walk *w, uint32_t func);
static void refuse(struct walk *w, const char *what);

void wasm_check_call(struct tomte_wasm_instance *inst,
                     struct wasm_call_state *call, struct tomte_arena *scratch,
                     struct wasm_reader *r)
{
    struct walk w = {.inst = inst, .call = call, .r = r, .func = WASM_NONE};
    bool pending = call->pending != WASM_NONE;
    if (call->status == WASM_SNAPSHOT_IDLE)
        return;
    if (pending && !is_import(&w, call->pending))
        refuse(&w, "waits for a function that is not the host's");
    else if (call->status == WASM_SNAPSHOT_SUSPENDED && !pending)
        refuse(&w, "waits for nothing");
    else if (call->frame_count == 0 && !pending)
        refuse(&w, "a call without frames");
    else if (call->frame_count == 0)
        check_host_start(&w);
    else if (call->status == WASM_SNAPSHOT_READY && pending)
        refuse(&w, "goes on and waits");
    if (r->err != TOMTE_OK || call->frame_count == 0)
        return;
    call->built =
        wasm_scratch(scratch, call->frame_count * sizeof *call->built);
    wasm_validator_init(&w.v, inst->m, scratch, NULL);
    if (call->built == NULL || w.v.r.err != TOMTE_OK)
        wasm_fail(r, TOMTE_ERR_NO_MEMORY, "not enough scratch memory");
    else
        check_frames(&w);
}

/* The host's own function was started from outside: there are its arguments
 * and nothing else. */
static void check_host_start(struct walk *w)
{
    struct tomte_wasm_type type = type_of(w, w->call->pending);
    uint64_t params = tomte_wasm_slots(type.params);
    if (w->call->slot_count != params || !refs_ok(w, type.params, 0))
        refuse(w, "arguments do not match");
    if (params + tomte_wasm_slots(type.results) > w->inst->slot_count)
        wasm_fail(w->r, TOMTE_ERR_NO_MEMORY, "more stack than there is");
}

/* From the outermost frame in; `base` is where the next one's locals begin. */
static void check_frames(struct walk *w)
{
    struct wasm_call_state *c = w->call;
    uint32_t base = 0;
    for (uint32_t i = 0; i < c->frame_count; i++) {
        if (!check_frame(w, i, &base)) {
            refuse(w, "a frame that cannot be");
            return;
        }
    }
    /* `base` is now behind the innermost frame, or where the arguments of the
     * pending function begin. */
    if (c->status == WASM_SNAPSHOT_SUSPENDED) {
        struct tomte_span params = type_of(w, c->pending).params;
        if (c->slot_count - base != tomte_wasm_slots(params) ||
            !refs_ok(w, params, base))
            refuse(w, "arguments do not match");
    } else if (c->slot_count != base) {
        refuse(w, "more on the stack than belongs there");
    }
}

/* Check one frame and build it. A frame in a call has popped the arguments and
 * not yet pushed the results; only the innermost may be elsewhere: where its
 * function or a loop begins, or just behind a call. */
static bool check_frame(struct walk *w, uint32_t i, uint32_t *base)
{
    struct wasm_call_state *c = w->call;
    uint32_t func = tomte_get_le32(c->frames + 8 * i);
    uint32_t pc = tomte_get_le32(c->frames + 8 * i + 4);
    if (func >= w->inst->m->all.of[TOMTE_WASM_FUNC] || is_import(w, func) ||
        !reach(w, func, pc))
        return false;
    const struct wasm_func *f = &w->inst->m->funcs[func];
    uint64_t frames = (uint64_t)(i + 1) * WASM_FRAME_WORDS;
    if (*base + f->frame_slots + frames > w->inst->slot_count)
        return false;
    bool innermost = i + 1 == c->frame_count;
    bool in_call = !innermost || c->status == WASM_SNAPSHOT_SUSPENDED;
    struct tomte_span types = TOMTE_SPAN(w->v.types, w->v.type_count);
    uint32_t slots = w->v.slots;
    if (in_call) {
        uint32_t callee =
            innermost ? c->pending : tomte_get_le32(c->frames + 8 * (i + 1));
        if (!calls(w, callee))
            return false;
        struct tomte_span results = type_of(w, callee).results;
        types.len -= results.len;
        slots -= tomte_wasm_slots(results);
    } else if (pc != f->code && w->v.last.op != WASM_OP_LOOP &&
               w->v.last.op != WASM_OP_CALL &&
               w->v.last.op != WASM_OP_CALL_INDIRECT) {
        return false;
    }
    if (slots > c->slot_count - *base || !refs_ok(w, types, *base))
        return false;
    c->built[i] = (struct wasm_frame){
        .func = func,
        .pc = pc,
        .side = wasm_side_at(&w->v.side),
        .base = *base,
    };
    *base += slots;
    return true;
}

/* Recursion leaves many frames in the same place: once is enough. */
static bool reach(struct walk *w, uint32_t func, uint32_t pc)
{
    if (w->func == func && w->pc == pc)
        return true;
    w->func = WASM_NONE;
    if (!wasm_validate_until(&w->v, &w->inst->m->funcs[func],
                             wasm_body_of(w->inst->m, func), pc))
        return false;
    w->func = func;
    w->pc = pc;
    return true;
}

/* The instruction before is a call that can have led to this function: it
 * called that, or one in whose place the function is by tail calls, which have
 * the same results. */
static bool calls(const struct walk *w, uint32_t callee)
{
    const struct tomte_wasm_module *m = w->inst->m;
    const struct wasm_insn *last = &w->v.last;
    bool indirect = last->op == WASM_OP_CALL_INDIRECT;
    if (callee >= m->all.of[TOMTE_WASM_FUNC] ||
        (!indirect && last->op != WASM_OP_CALL))
        return false;
    uint32_t type = indirect ? last->a : m->funcs[last->a].type;
    if (m->tail_calls)
        return tomte_span_equal(wasm_type_spans(m, type).results,
                                type_of(w, callee).results);
    return indirect
               ? m->types[type].same == m->types[m->funcs[callee].type].same
               : last->a == callee;
}

static bool refs_ok(const struct walk *w, struct tomte_span types,
                    uint32_t slot)
{
    for (size_t i = 0; i < types.len; i++) {
        uint32_t value = tomte_get_le32(w->call->slots + 4 * slot);
        if (types.data[i] == TOMTE_WASM_FUNCREF && !wasm_ref_ok(w->inst, value))
            return false;
        slot += wasm_width(types.data[i]);
    }
    return true;
}

static bool is_import(const struct walk *w, uint32_t func)
{
    return func < w->inst->m->imported.of[TOMTE_WASM_FUNC];
}

static struct tomte_wasm_type type_of(const struct walk *w, uint32_t func)
{
    return wasm_type_spans(w->inst->m, w->inst->m->funcs[func].type);
}

static void refuse(struct walk *w, const char *what)
{
    wasm_fail(w->r, TOMTE_ERR_INVALID, what);
}
