/* SPDX-License-Identifier: Apache-2.0 */
/* Life of a container up to its first event, and what can be asked of it. */
#include "container/container.h"

#include "base/assert.h"
#include "base/text.h"
#include "container/internal.h"

#include <string.h>

const char *tomte_container_state_name(enum tomte_container_state state)
{
    static const char *const names[] = {"empty",   "loaded",  "recovering",
                                        "ready",   "running", "quarantined",
                                        "stopped", "failed"};
    return state <= TOMTE_CONTAINER_FAILED ? names[state] : "?";
}

void tomte_container_init(struct tomte_container *c,
                          const struct tomte_container_config *config)
{
    *c = (struct tomte_container){.config = *config};
    for (size_t i = 0; i < TOMTE_LIMIT_TIMERS; i++)
        c->timers[i] = UINT64_MAX;
}

/* The module's own start function, if it has one, runs now: no event is at
 * hand, so it can neither put nor get. */
enum tomte_err container_run_start(struct tomte_container *c)
{
    if (tomte_wasm_status(c->instance) != TOMTE_WASM_READY)
        return TOMTE_OK;
    tomte_wasm_set_budget(c->instance, c->work->manifest.fuel_per_event);
    while (tomte_wasm_run(c->instance, UINT32_MAX) == TOMTE_WASM_READY)
        ;
    if (tomte_wasm_status(c->instance) == TOMTE_WASM_DONE)
        return TOMTE_OK;
    container_trap_reason(c);
    c->state = TOMTE_CONTAINER_FAILED;
    return TOMTE_ERR_TRAP;
}

enum tomte_err tomte_container_start(struct tomte_container *c, uint64_t now_ms)
{
    if (c->state != TOMTE_CONTAINER_LOADED)
        return TOMTE_ERR_STATE;
    if (tomte_history_has_checkpoint(c->config.history))
        return TOMTE_ERR_EXISTS;
    enum tomte_err err = container_run_start(c);
    if (err != TOMTE_OK)
        return err;
    c->time_base = 0 - now_ms;
    c->state = TOMTE_CONTAINER_READY;
    return TOMTE_OK;
}

void tomte_container_wipe(struct tomte_container *c)
{
    tomte_wipe(c, sizeof(*c));
}

const struct tomte_manifest *
tomte_container_manifest(const struct tomte_container *c)
{
    return &c->work->manifest;
}

/* ---- ports ------------------------------------------------------------- */

enum tomte_err tomte_container_bind(struct tomte_container *c, unsigned port,
                                    const struct tomte_channel_name *channel)
{
    if (c->state != TOMTE_CONTAINER_READY)
        return TOMTE_ERR_STATE;
    if (port >= c->work->manifest.ports_len)
        return TOMTE_ERR_RANGE;
    struct tomte_channel_name *bound = &c->work->bound[port];
    if (tomte_channel_name_equal(bound, channel))
        return TOMTE_OK;
    *bound = *channel;
    c->rebound = true;
    return TOMTE_OK;
}

/* ---- time -------------------------------------------------------------- */

uint64_t tomte_container_time_ms(const struct tomte_container *c,
                                 uint64_t now_ms)
{
    uint64_t time_ms = now_ms + c->time_base;
    bool back = (int64_t)(time_ms - c->time_ms) < 0;
    return back ? c->time_ms : time_ms;
}

int tomte_container_due(const struct tomte_container *c, uint64_t now_ms)
{
    uint64_t time_ms = tomte_container_time_ms(c, now_ms);
    int due = -1;
    for (int i = 0; i < TOMTE_LIMIT_TIMERS; i++)
        if (c->timers[i] <= time_ms &&
            (due < 0 || c->timers[i] < c->timers[due]))
            due = i;
    return due;
}

/* The node's time at a moment of the container's; 0 when that is before the
 * node's time began. */
static uint64_t node_time(const struct tomte_container *c, uint64_t time_ms)
{
    uint64_t now_ms = time_ms - c->time_base;
    return (int64_t)now_ms < 0 ? 0 : now_ms;
}

/* Nothing to write down means nothing to do, however old the checkpoint. */
static bool ages(const struct tomte_container *c)
{
    return c->sequence > tomte_history_base(c->config.history);
}

/* In container time; UINT64_MAX: none is set. */
static uint64_t first_timer(const struct tomte_container *c)
{
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; i < TOMTE_LIMIT_TIMERS; i++)
        if (c->timers[i] < first)
            first = c->timers[i];
    return first;
}

uint64_t tomte_container_tick_ms(const struct tomte_container *c)
{
    if (c->state != TOMTE_CONTAINER_READY || !c->started ||
        first_timer(c) == UINT64_MAX)
        return UINT64_MAX;
    return node_time(c, c->time_ms + TOMTE_TICK_MS);
}

uint64_t tomte_container_deadline_ms(const struct tomte_container *c)
{
    switch (c->state) {
    case TOMTE_CONTAINER_QUARANTINED:
        return c->quarantine.until_ms;
    case TOMTE_CONTAINER_RECOVERING:
    case TOMTE_CONTAINER_RUNNING:
        return 0;
    case TOMTE_CONTAINER_READY:
        break;
    default:
        return UINT64_MAX;
    }
    uint64_t first = first_timer(c);
    uint64_t aged = c->checkpoint_at_ms + c->work->manifest.age_ms_max;
    if (ages(c) && aged < first)
        first = aged;
    return first == UINT64_MAX ? UINT64_MAX : node_time(c, first);
}

bool tomte_container_wants_checkpoint(const struct tomte_container *c,
                                      uint64_t now_ms)
{
    const struct tomte_history *h = c->config.history;
    if (c->state != TOMTE_CONTAINER_READY)
        return false;
    if (!tomte_history_has_checkpoint(h) ||
        tomte_history_epoch(h) != c->config.epoch || c->rebound ||
        (tomte_history_has_fallback(h) && !c->config.trial) ||
        tomte_history_damaged(h) || tomte_history_must_checkpoint(h))
        return true;
    return ages(c) &&
           tomte_container_time_ms(c, now_ms) - c->checkpoint_at_ms >=
               c->work->manifest.age_ms_max;
}

/* ---- reasons ----------------------------------------------------------- */

void container_reason(struct tomte_container *c, const char *what,
                      const char *detail)
{
    struct tomte_text t;
    tomte_text_init(&t, c->reason, sizeof(c->reason));
    if (what != NULL)
        tomte_text_str(&t, what);
    if (what != NULL && detail != NULL)
        tomte_text_str(&t, ": ");
    if (detail != NULL)
        tomte_text_str(&t, detail);
}

enum tomte_err container_fail(struct tomte_container *c, enum tomte_err err,
                              const char *what, const char *detail)
{
    container_reason(c, what, detail);
    c->state = TOMTE_CONTAINER_FAILED;
    return err;
}

static void put_hex32(struct tomte_text *t, uint32_t v)
{
    static const char digits[] = "0123456789abcdef";
    int shift = 28;
    while (shift > 0 && v >> shift == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        tomte_text_char(t, digits[v >> shift & 15]);
}

/* "integer divide by zero in average at 0x1a2" */
void container_trap_reason(struct tomte_container *c)
{
    const struct tomte_wasm_trap *trap = tomte_wasm_trap(c->instance);
    struct tomte_text t;
    tomte_text_init(&t, c->reason, sizeof(c->reason));
    tomte_text_str(&t, trap->text);
    if (trap->reason == TOMTE_WASM_TRAP_FUEL) {
        tomte_text_str(&t, " (");
        tomte_text_u64(&t, c->work->manifest.fuel_per_event);
        tomte_text_char(&t, ')');
    }
    if (trap->func == UINT32_MAX)
        return;
    struct tomte_span name = tomte_wasm_func_name(c->module, trap->func);
    tomte_text_str(&t, " in ");
    if (name.len != 0) {
        tomte_text_span(&t, tomte_span_slice(name, 0, 40));
    } else {
        tomte_text_str(&t, "function ");
        tomte_text_u64(&t, trap->func);
    }
    tomte_text_str(&t, " at 0x");
    put_hex32(&t, trap->offset);
}

/* ---- dead letters ------------------------------------------------------ */

size_t tomte_container_dead_letters(const struct tomte_container *c)
{
    return c->work->letters_len;
}

const struct tomte_dead_letter *
tomte_container_dead_letter(const struct tomte_container *c, size_t i)
{
    const struct tomte_container_work *w = c->work;
    TOMTE_ASSERT(i < w->letters_len);
    return &w->letters[(w->letters_first + i) % TOMTE_DEAD_LETTERS];
}
