/* SPDX-License-Identifier: Apache-2.0 */
#include "container/history_log.h"

#include "base/assert.h"
#include "base/bytes.h"

#include <string.h>

/* What a record takes in the store's log at most, header and padding (see
 * store.h), and in memory. */
#define ROOM_BYTES (TOMTE_RECORD_BYTES + 32u + TOMTE_BLOCK_UNIT_MAX)
#define RING_HEAD  2u

static bool in_memory(const struct tomte_history *h)
{
    return h->ring.data != NULL;
}

static uint32_t used(const struct tomte_history *h)
{
    struct tomte_store_log_range range;
    if (in_memory(h))
        return h->ring_used;
    if (!h->log_open ||
        tomte_store_log_range(h->store, h->log, &range) != TOMTE_OK)
        return 0;
    return range.bytes;
}

static uint32_t bound(const struct tomte_history *h)
{
    if (in_memory(h) && h->ring.cap < h->log_bytes_max)
        return (uint32_t)h->ring.cap;
    return h->log_bytes_max;
}

bool tomte_history_must_checkpoint(const struct tomte_history *h)
{
    return used(h) > bound(h) / 2;
}

bool tomte_history_has_room(const struct tomte_history *h)
{
    return used(h) <= bound(h) && bound(h) - used(h) >= ROOM_BYTES;
}

/* ---- append ------------------------------------------------------------ */

static enum tomte_err ring_append(struct tomte_history *h,
                                  struct tomte_span record)
{
    if (record.len + RING_HEAD > bound(h) - h->ring_used)
        return TOMTE_ERR_FULL;
    uint8_t *at = h->ring.data + h->ring_used;
    tomte_put_le16(at, (uint16_t)record.len);
    memcpy(at + RING_HEAD, record.data, record.len);
    h->ring_used += (uint32_t)record.len + RING_HEAD;
    return TOMTE_OK;
}

static enum tomte_err open_log(struct tomte_history *h)
{
    uint8_t key[HISTORY_KEY_BYTES];
    if (h->log_open)
        return TOMTE_OK;
    enum tomte_err err = tomte_store_log_open(h->store, history_key(h, key),
                                              h->log_bytes_max, &h->log);
    h->log_open = err == TOMTE_OK;
    return err;
}

static enum tomte_err log_append(struct tomte_history *h,
                                 struct tomte_span record)
{
    uint64_t number;
    enum tomte_err err = open_log(h);
    if (err == TOMTE_OK)
        err = tomte_store_log_append(h->store, h->log, record, &number);
    if (err != TOMTE_OK)
        return err;
    if (h->held == h->base)
        h->log_own = number;
    TOMTE_ASSERT(number == h->log_own + (h->held - h->base));
    return TOMTE_OK;
}

enum tomte_err tomte_history_append(struct tomte_history *h,
                                    struct tomte_span record)
{
    struct tomte_record r;
    if (!h->has_checkpoint)
        return TOMTE_ERR_STATE;
    if (h->damaged)
        return TOMTE_ERR_CORRUPT;
    enum tomte_err err = tomte_record_decode(record, &r);
    if (err != TOMTE_OK)
        return err;
    if (r.epoch > h->epoch)
        return TOMTE_ERR_FENCED;
    if (r.epoch < h->epoch || r.sequence <= h->held)
        return TOMTE_ERR_STALE;
    if (r.sequence != h->held + 1)
        return TOMTE_ERR_MISSING;
    err = in_memory(h) ? ring_append(h, record) : log_append(h, record);
    if (err == TOMTE_OK)
        h->held = r.sequence;
    return err;
}

/* ---- walk -------------------------------------------------------------- */

/* Where record `sequence`, which is in the ring or its end, begins. */
static uint32_t ring_find(const struct tomte_history *h, uint64_t sequence)
{
    uint32_t at = 0;
    for (uint64_t s = h->base + 1; s < sequence && at < h->ring_used; s++)
        at += RING_HEAD + tomte_get_le16(h->ring.data + at);
    return at;
}

enum tomte_err tomte_history_seek(const struct tomte_history *h, uint64_t after,
                                  struct tomte_history_cursor *cursor)
{
    *cursor = (struct tomte_history_cursor){.sequence = after + 1};
    if (after < h->base)
        return TOMTE_ERR_STALE;
    if (after >= h->held)
        return TOMTE_OK;
    if (in_memory(h)) {
        cursor->ring_at = ring_find(h, after + 1);
        return TOMTE_OK;
    }
    return tomte_store_log_seek(
        h->store, h->log, h->log_own + (after - h->base), &cursor->in_log);
}

static enum tomte_err ring_next(const struct tomte_history *h,
                                struct tomte_history_cursor *cursor,
                                struct tomte_buf out, size_t *len)
{
    const uint8_t *at = h->ring.data + cursor->ring_at;
    *len = tomte_get_le16(at);
    if (*len > out.cap)
        return TOMTE_ERR_TOO_LARGE;
    memcpy(out.data, at + RING_HEAD, *len);
    cursor->ring_at += RING_HEAD + (uint32_t)*len;
    return TOMTE_OK;
}

static enum tomte_err log_next(const struct tomte_history *h,
                               struct tomte_history_cursor *cursor,
                               struct tomte_buf out, size_t *len)
{
    uint64_t number;
    enum tomte_err err =
        tomte_store_log_next(h->store, &cursor->in_log, out, len, &number);
    if (err != TOMTE_OK)
        return err == TOMTE_ERR_NOT_FOUND ? TOMTE_ERR_CORRUPT : err;
    bool same = number - h->log_own == cursor->sequence - h->base - 1;
    return same ? TOMTE_OK : TOMTE_ERR_CORRUPT;
}

enum tomte_err tomte_history_next(const struct tomte_history *h,
                                  struct tomte_history_cursor *cursor,
                                  struct tomte_buf out,
                                  struct tomte_span *record)
{
    size_t len = 0;
    *record = TOMTE_SPAN_NONE;
    if (cursor->sequence > h->held)
        return TOMTE_ERR_NOT_FOUND;
    enum tomte_err err = in_memory(h) ? ring_next(h, cursor, out, &len)
                                      : log_next(h, cursor, out, &len);
    if (err != TOMTE_OK)
        return err;
    cursor->sequence++;
    *record = TOMTE_SPAN(out.data, len);
    return TOMTE_OK;
}

/* ---- open -------------------------------------------------------------- */

/* One entry of the log as it is found: does the history go on with it? */
static void take_entry(struct tomte_history *h, struct tomte_span bytes,
                       uint64_t number)
{
    uint64_t sequence, epoch;
    if (tomte_record_turn_decode(bytes, &sequence, &epoch) != TOMTE_OK) {
        h->damaged = true;
        return;
    }
    if (!h->has_checkpoint || epoch != h->epoch || sequence <= h->held)
        return; /* from before the checkpoint: a power cut before the trim */
    if (sequence != h->held + 1) {
        h->damaged = true;
        return;
    }
    if (h->held == h->base)
        h->log_own = number;
    h->held = sequence;
    h->damaged = false; /* what was damaged came before the checkpoint */
}

static enum tomte_err read_log(struct tomte_history *h)
{
    uint8_t bytes[TOMTE_RECORD_BYTES];
    struct tomte_store_cursor cursor;
    enum tomte_err err = tomte_store_log_seek(h->store, h->log, 0, &cursor);
    while (err == TOMTE_OK) {
        size_t len;
        uint64_t number;
        err = tomte_store_log_next(h->store, &cursor, TOMTE_BUF_ARRAY(bytes),
                                   &len, &number);
        if (err == TOMTE_OK)
            take_entry(h, TOMTE_SPAN(bytes, len), number);
        if (err == TOMTE_ERR_CORRUPT) {
            h->damaged = true;
            err = TOMTE_OK;
        }
    }
    return err == TOMTE_ERR_NOT_FOUND ? TOMTE_OK : err;
}

enum tomte_err history_log_open(struct tomte_history *h)
{
    if (in_memory(h))
        return TOMTE_OK;
    enum tomte_err err = open_log(h);
    if (err == TOMTE_OK)
        err = read_log(h);
    if (err != TOMTE_OK || h->damaged)
        return err;
    return history_log_rebase(h, h->base, h->held > h->base);
}

/* ---- trim -------------------------------------------------------------- */

enum tomte_err history_log_remove(struct tomte_history *h)
{
    uint8_t key[HISTORY_KEY_BYTES];
    h->ring_used = 0;
    h->log_open = false;
    enum tomte_err err = tomte_store_log_remove(h->store, history_key(h, key));
    return err == TOMTE_ERR_NOT_FOUND ? TOMTE_OK : err;
}

static enum tomte_err trim_log(struct tomte_history *h, bool all,
                               uint64_t before)
{
    struct tomte_store_log_range range;
    enum tomte_err err = open_log(h);
    if (err == TOMTE_OK)
        err = tomte_store_log_range(h->store, h->log, &range);
    if (err != TOMTE_OK)
        return err;
    if (all)
        before = range.next;
    if (range.first >= before)
        return TOMTE_OK;
    return tomte_store_log_trim(h->store, h->log, before);
}

static void trim_ring(struct tomte_history *h, uint32_t bytes)
{
    memmove(h->ring.data, h->ring.data + bytes, h->ring_used - bytes);
    h->ring_used -= bytes;
}

enum tomte_err history_log_rebase(struct tomte_history *h, uint64_t base,
                                  bool fits)
{
    bool all = !fits || h->held <= base;
    uint64_t before = h->log_own + (base - h->base);
    uint32_t ring_at = all ? h->ring_used : ring_find(h, base + 1);
    h->base = base;
    h->log_own = before;
    if (all)
        h->held = base;
    h->damaged = false;
    if (in_memory(h)) {
        trim_ring(h, ring_at);
        return TOMTE_OK;
    }
    return trim_log(h, all, before);
}
