/* SPDX-License-Identifier: Apache-2.0 */
/* Writing at the head of the ring.
 *
 * Every byte is programmed once between two erases, in units of the device, so
 * an entry goes through a small stage that gathers its header, key and value: a
 * small entry is one program call. A long value goes straight from the caller's
 * memory in the middle. */
#include "store/ring.h"

#include "base/assert.h"
#include "base/crc.h"

#include <string.h>

enum tomte_err tomte_store_sync(struct tomte_store *s)
{
    if (s->failed)
        return TOMTE_ERR_IO;
    if (!s->dirty)
        return TOMTE_OK;
    enum tomte_err err = s->block.sync(s->block.ctx);
    if (err != TOMTE_OK) {
        s->failed = true; /* what is durable now, nobody knows */
        return err;
    }
    s->dirty = false;
    s->freed = false;
    return TOMTE_OK;
}

static enum tomte_err program(struct tomte_store *s, const uint8_t *data,
                              uint32_t len)
{
    s->dirty = true;
    enum tomte_err err =
        s->block.program(s->block.ctx, s->stage_at, TOMTE_SPAN(data, len));
    s->stage_at += len;
    return err;
}

static enum tomte_err flush(struct tomte_store *s)
{
    uint32_t len = s->stage_len;
    s->stage_len = 0;
    return len == 0 ? TOMTE_OK : program(s, s->stage, len);
}

static enum tomte_err emit(struct tomte_store *s, struct tomte_span bytes)
{
    enum tomte_err err = TOMTE_OK;
    while (bytes.len > 0 && err == TOMTE_OK) {
        size_t n = bytes.len - bytes.len % sizeof s->stage;
        if (s->stage_len == 0 && n > 0) {
            err = program(s, bytes.data, (uint32_t)n);
        } else {
            n = sizeof s->stage - s->stage_len;
            n = n < bytes.len ? n : bytes.len;
            memcpy(s->stage + s->stage_len, bytes.data, n);
            s->stage_len += (uint32_t)n;
            if (s->stage_len == sizeof s->stage)
                err = flush(s);
        }
        bytes = tomte_span_slice(bytes, n, bytes.len);
    }
    return err;
}

/* The room at the end of every segment where one note fits. */
static uint32_t spare(const struct tomte_store *s)
{
    return store_entry_size(s, 0, 0);
}

bool store_fits(const struct tomte_store *s, uint32_t size)
{
    return !s->head_closed &&
           s->head_end + size + spare(s) <= s->block.sector_bytes;
}

/* Fill in where and when, and write the header. */
static enum tomte_err begin(struct tomte_store *s, struct store_entry *e)
{
    uint8_t header[STORE_ENTRY_BYTES];
    if (!s->dirty)
        e->flags |= STORE_BARRIER;
    e->tail = s->tail;
    e->tail_off = s->tail_off;
    e->seq = s->head;
    e->off = s->head_end;
    e->at = store_at(s, s->head, s->head_end);
    e->size = store_entry_size(s, e->key_len, e->value_len);
    TOMTE_ASSERT(e->size != 0 &&
                 e->size <= s->block.sector_bytes - s->head_end);
    store_entry_encode(e, header);
    s->stage_at = e->at;
    s->stage_len = 0;
    return emit(s, TOMTE_SPAN_ARRAY(header));
}

/* Pad and flush; then the entry counts, or the head is closed. */
static enum tomte_err finish(struct tomte_store *s, const struct store_entry *e,
                             enum tomte_err err)
{
    while (err == TOMTE_OK && s->stage_len % s->align != 0)
        s->stage[s->stage_len++] = 0xff;
    if (err == TOMTE_OK)
        err = flush(s);
    if (err != TOMTE_OK) {
        s->head_closed = true; /* these bytes are used up */
        return err;
    }
    s->head_end += e->size;
    s->tail_known = s->tail;
    return TOMTE_OK;
}

enum tomte_err store_append(struct tomte_store *s, struct store_entry *e,
                            struct tomte_span key, struct tomte_span value)
{
    e->key_len = (uint8_t)key.len;
    e->value_len = (uint32_t)value.len;
    e->body_crc = tomte_crc32c(tomte_crc32c(0, key), value);
    enum tomte_err err = begin(s, e);
    if (err == TOMTE_OK)
        err = emit(s, key);
    if (err == TOMTE_OK)
        err = emit(s, value);
    err = finish(s, e, err);
    if (err == TOMTE_OK)
        s->written += e->size;
    return err;
}

enum tomte_err store_append_copy(struct tomte_store *s,
                                 const struct store_entry *from,
                                 struct store_entry *e)
{
    uint8_t chunk[256];
    uint32_t at = from->at + STORE_ENTRY_BYTES;
    uint32_t left = e->key_len + e->value_len;
    enum tomte_err err = begin(s, e);
    while (left > 0 && err == TOMTE_OK) {
        uint32_t n = left < sizeof chunk ? left : (uint32_t)sizeof chunk;
        err = store_read(s, at, chunk, n);
        if (err == TOMTE_OK)
            err = emit(s, TOMTE_SPAN(chunk, n));
        at += n;
        left -= n;
    }
    err = finish(s, e, err);
    if (err == TOMTE_OK)
        s->copied += e->size;
    return err;
}

/* The sector that the next segment will take may only be erased when the ring
 * itself says, durably, that its old segment is not in use any more. */
static bool is_next_known_free(const struct tomte_store *s)
{
    return s->head - s->tail_known + 1 < s->ring;
}

/* Record how far cleaning has come, so that the next sector can be erased. */
static enum tomte_err note(struct tomte_store *s)
{
    struct store_entry e = {.kind = STORE_NOTE};
    if (s->head_closed) {
        s->failed = true; /* mount knows how to go on from here */
        return TOMTE_ERR_IO;
    }
    return store_append(s, &e, TOMTE_SPAN_NONE, TOMTE_SPAN_NONE);
}

/* Synced before, so that nothing that is still needed is erased, and after, so
 * that no entry of an attempt that a cut undid can come back. */
static enum tomte_err erase_next(struct tomte_store *s)
{
    enum tomte_err err = tomte_store_sync(s);
    if (err != TOMTE_OK || s->next_erased)
        return err;
    s->dirty = true;
    err = s->block.erase(s->block.ctx, (s->head + 1) % s->ring);
    if (err != TOMTE_OK)
        return err;
    s->erased++;
    err = tomte_store_sync(s);
    s->next_erased = err == TOMTE_OK;
    return err;
}

enum tomte_err store_erase_ahead(struct tomte_store *s)
{
    if (s->next_erased || !is_next_known_free(s))
        return TOMTE_OK;
    return erase_next(s);
}

enum tomte_err store_open(struct tomte_store *s)
{
    uint8_t bytes[STORE_SEGMENT_BYTES];
    if (s->head >= STORE_SEQ_MAX)
        return TOMTE_ERR_NO_SPACE; /* no flash lives that long */
    enum tomte_err err = is_next_known_free(s) ? TOMTE_OK : note(s);
    if (err == TOMTE_OK)
        err = erase_next(s);
    if (err != TOMTE_OK)
        return err;
    s->next_erased = false;
    store_segment_encode(
        &(struct store_segment){.sector_bytes = s->block.sector_bytes,
                                .ring = s->ring,
                                .align = s->align,
                                .seq = s->head + 1,
                                .tail = s->tail,
                                .tail_off = s->tail_off,
                                .prev_end = s->head_end},
        bytes);
    s->stage_at = store_at(s, s->head + 1, 0);
    err = program(s, bytes, sizeof bytes);
    if (err != TOMTE_OK)
        return err;
    s->head++;
    s->head_end = STORE_SEGMENT_BYTES;
    s->head_closed = false;
    s->tail_known = s->tail;
    return TOMTE_OK;
}
