/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that a container imports (docs/spec/abi.md). Every pointer is
 * checked against the container's memory, every port against its manifest. A
 * result depends on the record, the manifest and the bindings alone, so that a
 * replay sees the same. */
#include "container/internal.h"

#include "base/bytes.h"
#include "base/text.h"

#include <string.h>

#define RANDOM_BYTES_MAX 256u
#define FUEL_PER(len)    ((len) / 16u)

typedef struct tomte_wasm_call call_t;

static enum tomte_wasm_host_result done(call_t *call, int32_t result)
{
    call->results[0] = (uint32_t)result;
    return TOMTE_WASM_HOST_DONE;
}

/* A host function of one result that needs an event at hand. */
#define NEED_EVENT(call, c)                                                    \
    struct tomte_container *c = (call)->user;                                  \
    if (!c->work->event)                                                       \
    return done(call, TOMTE_ABI_CLOSED)

static uint8_t *memory(call_t *call, uint32_t at, uint32_t len)
{
    return tomte_wasm_memory_at(call->instance, at, len);
}

static const struct tomte_port *port_at(const struct tomte_container *c,
                                        uint32_t handle)
{
    const struct tomte_manifest *m = &c->work->manifest;
    return handle < m->ports_len ? &m->ports[handle] : NULL;
}

/* ---- port -------------------------------------------------------------- */

static int find_port(const struct tomte_container *c, struct tomte_span name)
{
    const struct tomte_manifest *m = &c->work->manifest;
    for (int i = 0; i < m->ports_len; i++) {
        struct tomte_span bound = tomte_channel_name_span(&c->work->bound[i]);
        if (bound.len != 0 && tomte_span_equal(bound, name))
            return i;
    }
    return tomte_manifest_port(m, name);
}

static void note_denied(struct tomte_container *c, struct tomte_span name)
{
    struct tomte_text t;
    c->denied++;
    if (c->work->replay || c->notice[0] != 0)
        return;
    tomte_text_init(&t, c->notice, sizeof(c->notice));
    tomte_text_str(&t, "container ");
    tomte_text_span(&t, tomte_name_span(&c->config.identity));
    tomte_text_str(&t, " named ");
    tomte_text_span(&t, name);
    tomte_text_str(&t, ", which it was not granted");
}

static enum tomte_wasm_host_result abi_port(call_t *call)
{
    struct tomte_container *c = call->user;
    uint32_t len = call->args[1];
    const uint8_t *text = memory(call, call->args[0], len);
    if (text == NULL || len == 0 || len > TOMTE_CHANNEL_MAX)
        return done(call, TOMTE_ABI_BAD_ARGUMENT);
    call->fuel = len;
    int handle = find_port(c, TOMTE_SPAN(text, len));
    if (handle >= 0)
        return done(call, handle);
    note_denied(c, TOMTE_SPAN(text, len));
    return done(call, TOMTE_ABI_DENIED);
}

/* ---- put, get, read ---------------------------------------------------- */

static enum tomte_wasm_host_result abi_put(call_t *call)
{
    NEED_EVENT(call, c);
    struct tomte_container_work *w = c->work;
    uint32_t len = call->args[2];
    if (w->record.kind ==
        TOMTE_EVENT_LOAD) /* not of the old version's making */
        return done(call, TOMTE_ABI_CLOSED);
    const struct tomte_port *p = port_at(c, call->args[0]);
    const uint8_t *data = memory(call, call->args[1], len);
    if (p == NULL || data == NULL)
        return done(call, TOMTE_ABI_BAD_ARGUMENT);
    if (p->direction != TOMTE_PORT_OUT) {
        c->denied++;
        return done(call, TOMTE_ABI_DENIED);
    }
    if (len > TOMTE_LIMIT_MESSAGE_BYTES)
        return done(call, TOMTE_ABI_TOO_LARGE);
    if (w->outputs_len == TOMTE_LIMIT_OUTPUTS ||
        len > sizeof(w->output_bytes) - w->outputs_used)
        return done(call, TOMTE_ABI_FULL);
    call->fuel = FUEL_PER(len);
    memcpy(w->output_bytes + w->outputs_used, data, len);
    w->outputs[w->outputs_len++] =
        (struct container_output){.port = (uint8_t)call->args[0],
                                  .at = w->outputs_used,
                                  .len = (uint16_t)len};
    w->outputs_used = (uint16_t)(w->outputs_used + len);
    return done(call, 0);
}

/* What the record says about a port; NULL: nothing yet. */
static const struct tomte_record_get *recorded(const struct tomte_record *r,
                                               uint32_t port)
{
    for (size_t i = 0; i < r->gets_len; i++)
        if (r->gets[i].port == port)
            return &r->gets[i];
    return NULL;
}

/* What a value costs in the record beyond an error, which has its room. */
static uint32_t value_cost(uint32_t len)
{
    return len + (len < 24 ? 0 : len < 256 ? 1 : 2);
}

/* The first `get` on a port in this event: asks the node, and writes down what
 * it said, or that the record has no room for it. */
static const struct tomte_record_get *record_get(struct tomte_container *c,
                                                 uint32_t port)
{
    struct tomte_container_work *w = c->work;
    struct tomte_record_get *g = &w->record.gets[w->record.gets_len++];
    uint8_t *value = w->gets + w->gets_used;
    int32_t len = c->config.get_state(
        c->config.get_ctx, port, TOMTE_BUF(value, TOMTE_LIMIT_MESSAGE_BYTES));
    *g = (struct tomte_record_get){.port = (uint8_t)port};
    if (len < 0 || len > TOMTE_LIMIT_MESSAGE_BYTES) {
        g->error = TOMTE_ABI_NOT_FOUND;
        return g;
    }
    uint32_t n = (uint32_t)len;
    if (value_cost(n) > w->gets_room) {
        g->error = TOMTE_ABI_FULL;
        return g;
    }
    w->gets_room -= value_cost(n);
    g->value = TOMTE_SPAN(value, n);
    w->gets_used += n;
    return g;
}

static enum tomte_wasm_host_result abi_get(call_t *call)
{
    NEED_EVENT(call, c);
    struct tomte_container_work *w = c->work;
    uint32_t port = call->args[0];
    uint32_t cap = call->args[2];
    if (w->record.kind == TOMTE_EVENT_LOAD)
        return done(call, TOMTE_ABI_CLOSED);
    const struct tomte_port *p = port_at(c, port);
    uint8_t *out = memory(call, call->args[1], cap);
    if (p == NULL || out == NULL || p->kind != TOMTE_PORT_STATE)
        return done(call, TOMTE_ABI_BAD_ARGUMENT);
    if (p->direction != TOMTE_PORT_IN) {
        c->denied++;
        return done(call, TOMTE_ABI_DENIED);
    }
    const struct tomte_record_get *g = recorded(&w->record, port);
    if (g == NULL && w->replay && !w->rerun) {
        w->diverged = true;
        return done(call, TOMTE_ABI_NOT_FOUND);
    }
    if (g == NULL)
        g = record_get(c, port);
    if (g->error != 0)
        return done(call, g->error);
    if (g->value.len > cap)
        return done(call, TOMTE_ABI_TOO_LARGE);
    call->fuel = FUEL_PER((uint32_t)g->value.len);
    memcpy(out, g->value.data, g->value.len);
    return done(call, (int32_t)g->value.len);
}

static enum tomte_wasm_host_result abi_read(call_t *call)
{
    NEED_EVENT(call, c);
    struct tomte_span payload = c->work->record.payload;
    uint32_t cap = call->args[1];
    uint8_t *out = memory(call, call->args[0], cap);
    if (out == NULL)
        return done(call, TOMTE_ABI_BAD_ARGUMENT);
    if (payload.len > cap)
        return done(call, TOMTE_ABI_TOO_LARGE);
    call->fuel = FUEL_PER((uint32_t)payload.len);
    if (payload.len != 0)
        memcpy(out, payload.data, payload.len);
    return done(call, (int32_t)payload.len);
}

/* ---- timer, time, random, log ------------------------------------------ */

static enum tomte_wasm_host_result abi_timer(call_t *call)
{
    NEED_EVENT(call, c);
    uint32_t id = call->args[0];
    int64_t delay_ms = (int64_t)tomte_wasm_get64(call->args + 1);
    if (id >= TOMTE_LIMIT_TIMERS)
        return done(call, TOMTE_ABI_BAD_ARGUMENT);
    c->timers[id] = UINT64_MAX;
    if (delay_ms >= 0 && (uint64_t)delay_ms < UINT64_MAX - c->time_ms)
        c->timers[id] = c->time_ms + (uint64_t)delay_ms;
    return done(call, 0);
}

static enum tomte_wasm_host_result abi_time(call_t *call)
{
    NEED_EVENT(call, c);
    uint8_t *out = memory(call, call->args[0], 24);
    if (out == NULL)
        return done(call, TOMTE_ABI_BAD_ARGUMENT);
    tomte_put_le64(out, c->work->record.time_ms);
    tomte_put_le64(out + 8, c->work->record.unix_lo_ms);
    tomte_put_le64(out + 16, c->work->record.unix_hi_ms);
    return done(call, 0);
}

static enum tomte_wasm_host_result abi_random(call_t *call)
{
    NEED_EVENT(call, c);
    uint32_t len = call->args[1];
    uint8_t *out = memory(call, call->args[0], len);
    if (out == NULL)
        return done(call, TOMTE_ABI_BAD_ARGUMENT);
    if (len > RANDOM_BYTES_MAX)
        return done(call, TOMTE_ABI_TOO_LARGE);
    call->fuel = FUEL_PER(len);
    tomte_random_fill(&c->work->random, TOMTE_BUF(out, len));
    return done(call, 0);
}

/* Log lines are not part of what the container is: they are kept for people
 * when it runs for the first time and left out in a replay. */
static void keep_line(struct tomte_container_work *w, struct tomte_span text)
{
    for (size_t i = 0; i <= text.len; i++) {
        if (w->log_used == sizeof(w->log))
            break;
        uint8_t byte = i < text.len ? text.data[i] : '\n';
        bool plain = i == text.len || (byte >= 0x20 && byte < 0x7f);
        w->log[w->log_used++] = plain ? (char)byte : '?';
    }
    if (w->log_used == sizeof(w->log))
        w->log[w->log_used - 1] = '\n';
}

static enum tomte_wasm_host_result abi_log(call_t *call)
{
    struct tomte_container *c = call->user;
    uint32_t len = call->args[1];
    const uint8_t *text = memory(call, call->args[0], len);
    if (text == NULL)
        return done(call, TOMTE_ABI_BAD_ARGUMENT);
    if (len > TOMTE_EVENT_LOG_BYTES)
        return done(call, TOMTE_ABI_TOO_LARGE);
    call->fuel = FUEL_PER(len);
    if (!c->work->replay)
        keep_line(c->work, TOMTE_SPAN(text, len));
    return done(call, 0);
}

/* ---- wait -------------------------------------------------------------- */

/* Ends the event; event.c fills in the next one and answers. */
static enum tomte_wasm_host_result abi_wait(call_t *call)
{
    NEED_EVENT(call, c);
    if (!c->loop)
        return done(call, TOMTE_ABI_CLOSED);
    if (memory(call, call->args[0], TOMTE_ABI_EVENT_BYTES) == NULL)
        return done(call, TOMTE_ABI_BAD_ARGUMENT);
    return TOMTE_WASM_HOST_SUSPEND;
}

const struct tomte_wasm_host_func container_host[] = {
    {TOMTE_ABI_MODULE, "port", "ii:i", abi_port, 0},
    {TOMTE_ABI_MODULE, "put", "iii:i", abi_put, 0},
    {TOMTE_ABI_MODULE, "get", "iii:i", abi_get, 0},
    {TOMTE_ABI_MODULE, "read", "ii:i", abi_read, 0},
    {TOMTE_ABI_MODULE, "timer", "iI:i", abi_timer, 0},
    {TOMTE_ABI_MODULE, "time", "i:i", abi_time, 0},
    {TOMTE_ABI_MODULE, "random", "ii:i", abi_random, 0},
    {TOMTE_ABI_MODULE, "log", "ii:i", abi_log, 0},
    {TOMTE_ABI_MODULE, "wait", "i:i", abi_wait, 0},
};

const size_t container_host_len =
    sizeof(container_host) / sizeof(container_host[0]);
