/* SPDX-License-Identifier: Apache-2.0 */
/* From one version of a container to another, and back (docs/spec/abi.md,
 * "Another version"; docs/design/0005). */
#include "cbor/cbor.h"
#include "container/checkpoint.h"
#include "container/internal.h"

#include <string.h>

static enum tomte_err find_export(struct tomte_container *c, const char *name,
                                  const char *type, uint32_t *func);
static enum tomte_err call(struct tomte_container *c, const char *what,
                           uint32_t func, const uint32_t *args, uint32_t len);
static enum tomte_err take_state(struct tomte_container *c,
                                 const struct tomte_carry *carry);
static enum tomte_err take_memory(struct tomte_container *c,
                                  const struct tomte_carry *carry);
static enum tomte_err to_fallback(struct tomte_container *c, bool first);

/* ---- forward ----------------------------------------------------------- */

enum tomte_hand_over tomte_container_how(const struct tomte_manifest *m,
                                         uint32_t version, bool afresh)
{
    if (afresh)
        return TOMTE_HAND_OVER_AFRESH;
    return m->memory_from != 0 && version >= m->memory_from
               ? TOMTE_HAND_OVER_MEMORY
               : TOMTE_HAND_OVER_STATE;
}

void tomte_container_carry(const struct tomte_container *c,
                           struct tomte_carry *carry)
{
    *carry = (struct tomte_carry){
        .version = c->work->manifest.version,
        .sequence = c->sequence,
        .time_ms = c->time_ms,
        .time_base = c->time_base,
    };
    memcpy(carry->image, c->digest, sizeof(carry->image));
    memcpy(carry->timers, c->timers, sizeof(carry->timers));
}

enum tomte_err tomte_container_save(struct tomte_container *c,
                                    struct tomte_buf out,
                                    struct tomte_span *saved)
{
    uint32_t func = 0, slots;
    enum tomte_err err = find_export(c, "tomte_save", ":I", &func);
    if (err != TOMTE_OK)
        return err;
    tomte_wasm_abandon(c->instance); /* a loop waits no more */
    err = call(c, "save", func, NULL, 0);
    if (err != TOMTE_OK)
        return err;
    const uint32_t *results = tomte_wasm_results(c->instance, &slots);
    uint64_t packed = tomte_wasm_get64(results);
    uint32_t len = (uint32_t)packed;
    const uint8_t *at =
        tomte_wasm_memory_at(c->instance, (uint32_t)(packed >> 32), len);
    if (at == NULL)
        return container_fail(c, TOMTE_ERR_RANGE, "save",
                              "what it gives is not in its memory");
    if (len > out.cap || len > TOMTE_SAVED_BYTES_MAX)
        return container_fail(c, TOMTE_ERR_FULL, "save", "it gives too much");
    if (len > 0)
        memcpy(out.data, at, len);
    *saved = TOMTE_SPAN(out.data, len);
    return TOMTE_OK;
}

enum tomte_err tomte_container_take(struct tomte_container *c,
                                    enum tomte_hand_over how,
                                    const struct tomte_carry *carry)
{
    enum tomte_err err = TOMTE_OK;
    if (c->state != TOMTE_CONTAINER_LOADED)
        return TOMTE_ERR_STATE;
    c->sequence = carry->sequence;
    c->time_ms = carry->time_ms;
    c->time_base = carry->time_base;
    if (how != TOMTE_HAND_OVER_AFRESH)
        memcpy(c->timers, carry->timers, sizeof(c->timers));
    if (how == TOMTE_HAND_OVER_MEMORY)
        err = take_memory(c, carry);
    else
        err = container_run_start(c);
    if (err == TOMTE_OK && how == TOMTE_HAND_OVER_STATE)
        err = take_state(c, carry);
    if (err != TOMTE_OK)
        return err;
    c->sequence++; /* the switch is an event that needs no record */
    c->switched_ms = c->time_ms;
    c->started = how != TOMTE_HAND_OVER_AFRESH && !c->loop;
    c->state = TOMTE_CONTAINER_READY;
    return TOMTE_OK;
}

static enum tomte_err take_memory(struct tomte_container *c,
                                  const struct tomte_carry *carry)
{
    struct tomte_arena *scratch = c->config.scratch;
    struct tomte_checkpoint *checkpoint;
    if (c->loop)
        return container_fail(c, TOMTE_ERR_UNSUPPORTED, "memory",
                              "a plain loop cannot go on in another version");
    size_t mark = tomte_arena_mark(scratch);
    enum tomte_err err = container_checkpoint_load(c, scratch, &checkpoint);
    if (err == TOMTE_OK)
        err = tomte_wasm_restore(c->instance, TOMTE_SPAN_ARRAY(carry->image),
                                 checkpoint->snapshot, scratch, NULL);
    tomte_arena_release(scratch, mark);
    if (err != TOMTE_OK)
        return container_fail(c, err, "the old version's memory does not fit",
                              tomte_err_text(err));
    return TOMTE_OK;
}

/* What the old version gave is the event's payload, for `read`. */
static enum tomte_err take_state(struct tomte_container *c,
                                 const struct tomte_carry *carry)
{
    struct tomte_container_work *w = c->work;
    uint32_t func = 0;
    uint32_t args[2] = {carry->version, (uint32_t)carry->saved.len};
    enum tomte_err err = find_export(c, "tomte_load", "ii:", &func);
    if (err != TOMTE_OK)
        return err;
    w->record = (struct tomte_record){.kind = TOMTE_EVENT_LOAD,
                                      .sequence = carry->sequence + 1,
                                      .time_ms = carry->time_ms,
                                      .unix_hi_ms = UINT64_MAX,
                                      .payload = carry->saved};
    w->outputs_len = 0;
    w->log_used = 0;
    tomte_random_init(&w->random, carry->sequence);
    w->event = true;
    err = call(c, "load", func, args, 2);
    w->event = false;
    w->record.payload = TOMTE_SPAN_NONE;
    return err;
}

static enum tomte_err find_export(struct tomte_container *c, const char *name,
                                  const char *type, uint32_t *func)
{
    struct tomte_wasm_export e;
    if (!tomte_wasm_export_find(c->module, tomte_span_str(name), &e))
        return container_fail(c, TOMTE_ERR_UNSUPPORTED,
                              "its state cannot be handed over, it lacks",
                              name);
    if (e.kind != TOMTE_WASM_FUNC ||
        !container_type_matches(tomte_wasm_func_type(c->module, e.index), type))
        return container_fail(c, TOMTE_ERR_TYPE, name, "of another type");
    *func = e.index;
    return TOMTE_OK;
}

static enum tomte_err call(struct tomte_container *c, const char *what,
                           uint32_t func, const uint32_t *args, uint32_t len)
{
    uint64_t budget =
        (uint64_t)c->work->manifest.fuel_per_event * TOMTE_HAND_OVER_FUEL;
    enum tomte_err err = tomte_wasm_start(c->instance, func, args, len, budget);
    if (err != TOMTE_OK)
        return container_fail(c, err, what, tomte_err_text(err));
    while (tomte_wasm_run(c->instance, UINT32_MAX) == TOMTE_WASM_READY)
        ;
    if (tomte_wasm_status(c->instance) == TOMTE_WASM_DONE)
        return TOMTE_OK;
    if (tomte_wasm_status(c->instance) == TOMTE_WASM_TRAPPED)
        container_trap_reason(c);
    else
        container_reason(c, what, "it waits");
    c->state = TOMTE_CONTAINER_FAILED;
    return TOMTE_ERR_TRAP;
}

/* ---- what to go back to ------------------------------------------------ */

static enum tomte_err first_fallback(struct tomte_container *c,
                                     struct tomte_arena *scratch,
                                     const struct tomte_checkpoint *old,
                                     struct container_fallback *f)
{
    struct tomte_fallback head = {.sequence = old->head.sequence,
                                  .switched_ms = c->switched_ms};
    memcpy(head.image, old->head.image, sizeof(head.image));
    uint8_t *memory = tomte_arena_take(
        scratch, TOMTE_FALLBACK_HEAD_BYTES + TOMTE_CHECKPOINT_BODY_BYTES + 5,
        1);
    if (memory == NULL)
        return TOMTE_ERR_NO_MEMORY;
    f->parts[0] = tomte_fallback_head_encode(
        &head, TOMTE_BUF(memory, TOMTE_FALLBACK_HEAD_BYTES));
    memory += TOMTE_FALLBACK_HEAD_BYTES;
    f->parts[1] = tomte_checkpoint_body_encode(
        &old->body, TOMTE_BUF(memory, TOMTE_CHECKPOINT_BODY_BYTES));
    memory += TOMTE_CHECKPOINT_BODY_BYTES;
    f->parts[2] =
        tomte_checkpoint_string_head((uint32_t)old->snapshot.len, memory);
    f->parts[3] = old->snapshot;
    f->parts_len = 4;
    return TOMTE_OK;
}

/* The fallback so far, and the records since the last checkpoint; unless that
 * is more than a log of this container may have. */
static enum tomte_err next_fallback(struct tomte_container *c,
                                    const struct tomte_checkpoint *last,
                                    struct container_fallback *f)
{
    struct tomte_history *h = c->config.history;
    struct tomte_fallback have;
    uint8_t memory[TOMTE_RECORD_BYTES];
    struct tomte_span record;
    enum tomte_err err = tomte_fallback_decode(last->fallback, &have);
    if (err == TOMTE_OK)
        err = tomte_history_seek(h, tomte_history_base(h), &f->cursor);
    struct tomte_history_cursor at = f->cursor;
    while (err == TOMTE_OK) {
        err = tomte_history_next(h, &at, TOMTE_BUF_ARRAY(memory), &record);
        f->log_bytes += err == TOMTE_OK ? record.len : 0;
    }
    if (err != TOMTE_ERR_NOT_FOUND)
        return err;
    if (have.records.len + f->log_bytes > c->work->manifest.log_bytes_max) {
        c->trial_full = true;
        *f = (struct container_fallback){0};
        return TOMTE_OK;
    }
    f->parts[0] = last->fallback;
    f->parts_len = 1;
    return TOMTE_OK;
}

enum tomte_err container_fallback(struct tomte_container *c,
                                  struct tomte_arena *scratch,
                                  struct container_fallback *f)
{
    struct tomte_checkpoint *last;
    *f = (struct container_fallback){0};
    if (!c->config.trial || !tomte_history_has_checkpoint(c->config.history))
        return TOMTE_OK;
    enum tomte_err err = container_checkpoint_load(c, scratch, &last);
    if (err != TOMTE_OK)
        return err;
    if (memcmp(last->head.image, c->digest, sizeof(c->digest)) != 0)
        return first_fallback(c, scratch, last, f);
    return last->head.fallback ? next_fallback(c, last, f) : TOMTE_OK;
}

uint64_t tomte_container_trial_ms(const struct tomte_container *c,
                                  uint64_t now_ms)
{
    return c->config.trial ? tomte_container_time_ms(c, now_ms) - c->switched_ms
                           : 0;
}

/* ---- back -------------------------------------------------------------- */

void tomte_container_map_ports(const struct tomte_manifest *from,
                               const struct tomte_manifest *to,
                               uint8_t map[TOMTE_LIMIT_PORTS])
{
    memset(map, TOMTE_PORT_GONE, TOMTE_LIMIT_PORTS);
    for (size_t i = 0; i < from->ports_len; i++) {
        const struct tomte_port *p = &from->ports[i];
        int k = tomte_manifest_port(to, tomte_name_span(&p->name));
        if (k >= 0 && to->ports[k].direction == p->direction &&
            to->ports[k].kind == p->kind)
            map[i] = (uint8_t)k;
    }
}

enum tomte_err tomte_container_fall_back(struct tomte_container *c,
                                         uint64_t time_base,
                                         const uint8_t map[TOMTE_LIMIT_PORTS])
{
    if (c->state != TOMTE_CONTAINER_LOADED)
        return TOMTE_ERR_STATE;
    memcpy(c->work->rerun_map, map, sizeof(c->work->rerun_map));
    enum tomte_err err = to_fallback(c, true);
    if (err != TOMTE_OK)
        return container_fail(c, err, "cannot go back", tomte_err_text(err));
    c->time_base = time_base;
    return TOMTE_OK;
}

/* The old version's state at the switch; the records are kept when it is the
 * first time. */
static enum tomte_err to_fallback(struct tomte_container *c, bool first)
{
    struct tomte_container_work *w = c->work;
    struct tomte_arena *scratch = c->config.scratch;
    struct tomte_checkpoint *last;
    struct tomte_fallback f;
    size_t mark = tomte_arena_mark(scratch);
    enum tomte_err err = container_checkpoint_load(c, scratch, &last);
    if (err == TOMTE_OK && !last->head.fallback)
        err = TOMTE_ERR_DENIED;
    if (err == TOMTE_OK)
        err = tomte_fallback_decode(last->fallback, &f);
    if (err == TOMTE_OK && memcmp(f.image, c->digest, sizeof(f.image)) != 0)
        err = TOMTE_ERR_DENIED;
    if (err == TOMTE_OK)
        err = container_restore_from(c, TOMTE_SPAN_ARRAY(c->digest), &f.body,
                                     f.snapshot);
    if (err == TOMTE_OK && first && f.records.len > 0) {
        uint8_t *memory = tomte_arena_take(c->config.arena, f.records.len, 1);
        if (memory == NULL)
            err = TOMTE_ERR_NO_MEMORY;
        else
            memcpy(memory, f.records.data, f.records.len);
        w->rerun_records = TOMTE_SPAN(memory, f.records.len);
    }
    tomte_arena_release(scratch, mark);
    if (err != TOMTE_OK)
        return err;
    c->sequence = f.sequence;
    w->rerun = w->replay = true;
    w->rerun_at = 0;
    w->moved = false;
    w->result = TOMTE_RUN_DONE; /* no event is under way */
    c->state = TOMTE_CONTAINER_RECOVERING;
    return TOMTE_OK;
}

/* The event means something to this version, in its ports. */
static bool means_something(const struct tomte_container *c,
                            struct tomte_record *r)
{
    const struct tomte_container_work *w = c->work;
    for (size_t i = 0; i < w->rerun_skips; i++)
        if (w->rerun_skip[i] == r->sequence)
            return false;
    switch (r->kind) {
    case TOMTE_EVENT_TIMER:
        return c->timers[r->port] <= r->time_ms;
    case TOMTE_EVENT_MESSAGE:
    case TOMTE_EVENT_STATE:
        r->port = w->rerun_map[r->port];
        break;
    default:
        return false;
    }
    return c->started && !c->ended && !r->trapped && r->port != TOMTE_PORT_GONE;
}

/* Answers of `get` are those of the other version's ports. */
static void map_gets(const struct tomte_container_work *w,
                     struct tomte_record *r)
{
    uint8_t kept = 0;
    for (size_t i = 0; i < r->gets_len; i++) {
        struct tomte_record_get g = r->gets[i];
        g.port = w->rerun_map[g.port];
        if (g.port != TOMTE_PORT_GONE)
            r->gets[kept++] = g;
    }
    r->gets_len = kept;
}

static enum tomte_run rerun_over(struct tomte_container *c)
{
    /* going back is an event that needs no record, as the switch was */
    c->sequence = tomte_history_base(c->config.history) + 1;
    c->work->rerun = false;
    return container_recovered(c);
}

static enum tomte_run next_rerun(struct tomte_container *c)
{
    struct tomte_container_work *w = c->work;
    struct tomte_cbor_dec d;
    struct tomte_span rest =
        tomte_span_slice(w->rerun_records, w->rerun_at, SIZE_MAX);
    if (rest.len == 0)
        return rerun_over(c);
    tomte_cbor_decode_init(&d, rest, TOMTE_CBOR_SEQUENCE);
    struct tomte_span one = tomte_cbor_get_raw(&d);
    if (!tomte_cbor_ok(&d) || tomte_record_decode(one, &w->record) != TOMTE_OK)
        return rerun_over(c); /* the checkpoint was whole: not reached */
    w->rerun_at += one.len;
    w->outputs_len = 0;
    c->sequence = w->record.sequence;
    c->time_ms = w->record.time_ms;
    if (!means_something(c, &w->record))
        return TOMTE_RUN_DONE;
    map_gets(w, &w->record);
    w->gets_used = 0;
    w->gets_room = TOMTE_RECORD_BYTES; /* nothing is written down */
    container_event_start(c);
    return TOMTE_RUN_MORE;
}

/* An event that this version cannot handle is left out: all is done again
 * without it. After too many of them, or when that fails, it goes on with the
 * state at the switch. */
static enum tomte_run leave_out(struct tomte_container *c)
{
    struct tomte_container_work *w = c->work;
    if (w->rerun_skips < CONTAINER_RERUN_SKIPS)
        w->rerun_skip[w->rerun_skips++] = w->record.sequence;
    else
        w->rerun_records = TOMTE_SPAN_NONE;
    enum tomte_err err = to_fallback(c, false);
    if (err == TOMTE_OK)
        return TOMTE_RUN_MORE;
    (void)container_fail(c, err, "cannot go back", tomte_err_text(err));
    return TOMTE_RUN_FAILED;
}

enum tomte_run container_rerun(struct tomte_container *c, uint32_t fuel)
{
    struct tomte_container_work *w = c->work;
    if (w->result != TOMTE_RUN_MORE) {
        enum tomte_run next = next_rerun(c);
        if (next == TOMTE_RUN_DONE)
            return TOMTE_RUN_MORE; /* passed over */
        if (next != TOMTE_RUN_MORE)
            return next;
    }
    switch (container_event_run(c, fuel)) {
    case TOMTE_RUN_MORE:
    case TOMTE_RUN_DONE:
        w->outputs_len = w->result == TOMTE_RUN_DONE ? 0 : w->outputs_len;
        return TOMTE_RUN_MORE;
    default:
        return leave_out(c);
    }
}
