/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints of a container: made, read, digested. */
#include "container/checkpoint.h"
#include "base/crc.h"
#include "container/internal.h"
#include "crypto/crypto.h"

#include <string.h>

/* ---- encoding ---------------------------------------------------------- */

static struct tomte_span module_id(const struct tomte_container *c)
{
    return TOMTE_SPAN_ARRAY(c->digest);
}

/* The engine's snapshot, in `scratch`. */
static enum tomte_err take_snapshot(const struct tomte_container *c,
                                    struct tomte_arena *scratch,
                                    struct tomte_span *snapshot)
{
    size_t size;
    enum tomte_err err =
        tomte_wasm_snapshot_size(c->instance, module_id(c), &size);
    if (err != TOMTE_OK)
        return err;
    uint8_t *memory = tomte_arena_take(scratch, size, 1);
    if (memory == NULL)
        return TOMTE_ERR_NO_MEMORY;
    return tomte_wasm_snapshot_encode(c->instance, module_id(c),
                                      TOMTE_BUF(memory, size), snapshot);
}

static enum tomte_err take_body(const struct tomte_container *c,
                                uint64_t time_ms, struct tomte_arena *scratch,
                                struct tomte_span *bytes)
{
    size_t cap = TOMTE_CHECKPOINT_BODY_BYTES;
    struct tomte_checkpoint_body *body =
        tomte_arena_take(scratch, sizeof(*body), _Alignof(uint64_t));
    uint8_t *memory = tomte_arena_take(scratch, cap, 1);
    if (body == NULL || memory == NULL)
        return TOMTE_ERR_NO_MEMORY;
    body->time_ms = time_ms;
    memcpy(body->timers, c->timers, sizeof(body->timers));
    body->started = c->started;
    body->ended = c->ended;
    body->ports_len = c->work->manifest.ports_len;
    memcpy(body->bound, c->work->bound, sizeof(body->bound));
    *bytes = tomte_checkpoint_body_encode(body, TOMTE_BUF(memory, cap));
    return TOMTE_OK;
}

/* The pieces go into the history one by one; the first error sticks. */
struct writer {
    struct tomte_history *history;
    uint32_t crc;
    enum tomte_err err;
};

static void put(struct writer *w, struct tomte_span piece)
{
    if (w->err != TOMTE_OK)
        return;
    w->crc = tomte_crc32c(w->crc, piece);
    w->err = tomte_history_checkpoint_write(w->history, piece);
}

static void put_string(struct writer *w, struct tomte_span bytes)
{
    uint8_t head[5];
    put(w, tomte_checkpoint_string_head((uint32_t)bytes.len, head));
    put(w, bytes);
}

static uint32_t string_bytes(struct tomte_span bytes)
{
    uint8_t head[5];
    return (
        uint32_t)(tomte_checkpoint_string_head((uint32_t)bytes.len, head).len +
                  bytes.len);
}

static size_t fallback_bytes(const struct container_fallback *f)
{
    size_t bytes = f->log_bytes;
    for (size_t i = 0; i < f->parts_len; i++)
        bytes += f->parts[i].len;
    return bytes;
}

/* What the log has gained since goes behind what the fallback had before. */
static void put_fallback(struct writer *w, struct container_fallback *f)
{
    uint8_t memory[TOMTE_RECORD_BYTES];
    struct tomte_span record;
    put(w, tomte_checkpoint_string_head((uint32_t)fallback_bytes(f), memory));
    for (size_t i = 0; i < f->parts_len; i++)
        put(w, f->parts[i]);
    for (size_t left = f->log_bytes; left > 0 && w->err == TOMTE_OK;
         left -= record.len) {
        w->err = tomte_history_next(w->history, &f->cursor,
                                    TOMTE_BUF_ARRAY(memory), &record);
        put(w, record);
    }
}

static uint32_t whole_bytes(size_t first, struct tomte_span node_part,
                            struct tomte_span snapshot,
                            const struct container_fallback *f)
{
    uint8_t head[5];
    size_t bytes = first + string_bytes(node_part) + string_bytes(snapshot) +
                   TOMTE_CHECKPOINT_TAIL_BYTES;
    if (f->parts_len > 0)
        bytes +=
            fallback_bytes(f) +
            tomte_checkpoint_string_head((uint32_t)fallback_bytes(f), head).len;
    return (uint32_t)bytes;
}

static enum tomte_err write_all(struct tomte_container *c,
                                struct tomte_span body,
                                struct tomte_span node_part,
                                struct tomte_span snapshot,
                                struct container_fallback *f)
{
    uint8_t memory[TOMTE_CHECKPOINT_HEAD_BYTES];
    struct tomte_checkpoint_head fields = {.fallback = f->parts_len > 0,
                                           .identity = c->config.identity,
                                           .epoch = c->config.epoch,
                                           .sequence = c->sequence};
    memcpy(fields.image, c->digest, sizeof(fields.image));
    struct tomte_span head =
        tomte_checkpoint_head_encode(&fields, TOMTE_BUF_ARRAY(memory));
    struct tomte_history *h = c->config.history;
    struct writer w = {.history = h};
    w.err = tomte_history_checkpoint_begin(
        h, whole_bytes(head.len + body.len, node_part, snapshot, f));
    put(&w, head);
    put(&w, body);
    put_string(&w, node_part);
    put_string(&w, snapshot);
    if (f->parts_len > 0)
        put_fallback(&w, f);
    put(&w, tomte_checkpoint_tail_encode(w.crc, memory));
    if (w.err == TOMTE_OK)
        return tomte_history_checkpoint_commit(h);
    tomte_history_checkpoint_abort(h);
    return w.err;
}

static bool between_events(const struct tomte_container *c)
{
    return c->state == TOMTE_CONTAINER_READY ||
           c->state == TOMTE_CONTAINER_QUARANTINED ||
           c->state == TOMTE_CONTAINER_STOPPED;
}

enum tomte_err tomte_container_checkpoint(struct tomte_container *c,
                                          uint64_t now_ms,
                                          struct tomte_span node_part)
{
    struct tomte_arena *scratch = c->config.scratch;
    struct tomte_span body;
    struct tomte_span snapshot;
    struct container_fallback f;
    if (!between_events(c))
        return TOMTE_ERR_STATE;
    size_t mark = tomte_arena_mark(scratch);
    uint64_t time_ms = tomte_container_time_ms(c, now_ms);
    enum tomte_err err = take_body(c, time_ms, scratch, &body);
    if (err == TOMTE_OK)
        err = take_snapshot(c, scratch, &snapshot);
    if (err == TOMTE_OK)
        err = container_fallback(c, scratch, &f);
    if (err == TOMTE_OK)
        err = write_all(c, body, node_part, snapshot, &f);
    tomte_arena_release(scratch, mark);
    if (err != TOMTE_OK)
        return err;
    c->time_ms = time_ms;
    c->checkpoint_at_ms = time_ms;
    c->rebound = false;
    return TOMTE_OK;
}

/* Time is left out: it is an input, and idle time is none of the state. */
enum tomte_err
tomte_container_state_digest(struct tomte_container *c,
                             uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES])
{
    struct tomte_arena *scratch = c->config.scratch;
    struct tomte_span body;
    struct tomte_span snapshot;
    if (!between_events(c))
        return TOMTE_ERR_STATE;
    size_t mark = tomte_arena_mark(scratch);
    enum tomte_err err = take_body(c, 0, scratch, &body);
    if (err == TOMTE_OK)
        err = take_snapshot(c, scratch, &snapshot);
    if (err == TOMTE_OK) {
        struct tomte_sha256 h;
        tomte_sha256_init(&h, c->config.crypto);
        tomte_sha256_update(&h, body);
        tomte_sha256_update(&h, snapshot);
        tomte_sha256_final(&h, digest);
    }
    tomte_arena_release(scratch, mark);
    return err;
}

/* ---- decoding ---------------------------------------------------------- */

/* The checkpoint of the history, all of it: in place where the store can, else
 * copied into `scratch`. */
enum tomte_err container_checkpoint_load(const struct tomte_container *c,
                                         struct tomte_arena *scratch,
                                         struct tomte_checkpoint **checkpoint)
{
    const struct tomte_history *h = c->config.history;
    struct tomte_span bytes;
    *checkpoint = tomte_arena_take(scratch, sizeof(**checkpoint),
                                   _Alignof(struct tomte_checkpoint));
    if (*checkpoint == NULL)
        return TOMTE_ERR_NO_MEMORY;
    enum tomte_err err = tomte_history_checkpoint_map(h, &bytes);
    if (err == TOMTE_ERR_UNSUPPORTED) {
        size_t size = tomte_history_checkpoint_size(h);
        uint8_t *memory = tomte_arena_take(scratch, size, 1);
        if (memory == NULL)
            return TOMTE_ERR_NO_MEMORY;
        err = tomte_history_checkpoint_read(h, 0, TOMTE_BUF(memory, size),
                                            &bytes);
    }
    return err == TOMTE_OK ? tomte_checkpoint_decode(bytes, *checkpoint) : err;
}

enum tomte_err container_restore_from(struct tomte_container *c,
                                      struct tomte_span module,
                                      const struct tomte_checkpoint_body *body,
                                      struct tomte_span snapshot)
{
    if (body->ports_len != c->work->manifest.ports_len)
        return TOMTE_ERR_INVALID;
    enum tomte_err err = tomte_wasm_restore(c->instance, module, snapshot,
                                            c->config.scratch, NULL);
    if (err != TOMTE_OK)
        return err;
    c->time_ms = body->time_ms;
    c->checkpoint_at_ms = body->time_ms;
    memcpy(c->timers, body->timers, sizeof(c->timers));
    memcpy(c->work->bound, body->bound, sizeof(c->work->bound));
    c->started = body->started;
    c->ended = body->ended;
    return TOMTE_OK;
}

/* Since when it is on trial. */
static enum tomte_err take_switch(struct tomte_container *c,
                                  struct tomte_arena *scratch,
                                  struct tomte_span fallback)
{
    struct tomte_fallback *f =
        tomte_arena_take(scratch, sizeof(*f), _Alignof(struct tomte_fallback));
    if (f == NULL)
        return TOMTE_ERR_NO_MEMORY;
    enum tomte_err err = tomte_fallback_decode(fallback, f);
    if (err == TOMTE_OK)
        c->switched_ms = f->switched_ms;
    return err;
}

enum tomte_err container_restore(struct tomte_container *c)
{
    struct tomte_arena *scratch = c->config.scratch;
    struct tomte_checkpoint *checkpoint;
    size_t mark = tomte_arena_mark(scratch);
    enum tomte_err err = container_checkpoint_load(c, scratch, &checkpoint);
    if (err == TOMTE_OK &&
        memcmp(checkpoint->head.image, c->digest, sizeof(c->digest)) != 0)
        err = TOMTE_ERR_DENIED;
    if (err == TOMTE_OK)
        err = container_restore_from(c, module_id(c), &checkpoint->body,
                                     checkpoint->snapshot);
    if (err == TOMTE_OK)
        c->sequence = checkpoint->head.sequence;
    if (err == TOMTE_OK && checkpoint->head.fallback)
        err = take_switch(c, scratch, checkpoint->fallback);
    tomte_arena_release(scratch, mark);
    return err;
}

enum tomte_err tomte_container_node_part(const struct tomte_container *c,
                                         struct tomte_buf out,
                                         struct tomte_span *node_part)
{
    struct tomte_arena *scratch = c->config.scratch;
    struct tomte_checkpoint *checkpoint;
    *node_part = TOMTE_SPAN_NONE;
    size_t mark = tomte_arena_mark(scratch);
    enum tomte_err err = container_checkpoint_load(c, scratch, &checkpoint);
    if (err == TOMTE_OK && checkpoint->node_part.len > out.cap)
        err = TOMTE_ERR_FULL;
    if (err == TOMTE_OK && checkpoint->node_part.len != 0) {
        size_t len = checkpoint->node_part.len;
        memcpy(out.data, checkpoint->node_part.data, len);
        *node_part = TOMTE_SPAN(out.data, len);
    }
    tomte_arena_release(scratch, mark);
    return err;
}
