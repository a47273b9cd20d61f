/* SPDX-License-Identifier: Apache-2.0 */
/* Cleaning: the live entries of the oldest segment are copied to the head, so
 * that its sector is free again.
 *
 * How it is paid for. About half of the ring may be live (live_max). While few
 * sectors are free, a call that writes n bytes first cleans PACE * n bytes. In
 * the time it takes to clean a whole lap of D bytes, callers write D / PACE and
 * cleaning copies at most live_max, so what is gained is more than what is used
 * and the free sectors come back. Damage and power cuts, which leave a segment
 * half used, can upset that for a while: then a call cleans until there is room
 * again, at most one lap.
 *
 * The reserve. What callers write may not open the last free sector: that one
 * is for copies only, and the live part of one segment always fits in it. If a
 * cut tears a copy in that very sector, all that it held is still in the tail,
 * and mount takes the sector back (mount.c). So no number of cuts uses up the
 * reserve. */
#include "store/names.h"

#define PACE 8u

/* Clean while fewer sectors than this are free. */
static uint32_t low_water(const struct tomte_store *s)
{
    return 2 + s->ring / 8;
}

static bool is_live(struct tomte_store *s, const struct store_entry *e)
{
    if (e->kind != STORE_ENTRY)
        return store_owner(s, e) != NULL;
    const struct tomte_store_log *log = store_log_of(s, e->hash);
    return log != NULL && !log->name.damaged && e->number >= log->first &&
           e->number < log->next;
}

/* Names and logs now know the copy instead of the original. */
static void relocate(struct tomte_store *s, const struct store_entry *from,
                     const struct store_entry *to)
{
    if (from->kind != STORE_ENTRY) {
        store_set(s, store_owner(s, from), to);
        return;
    }
    struct tomte_store_log *log = store_log_of(s, from->hash);
    if (log->first_at == from->at)
        log->first_at = to->at;
    if (log->last_at == from->at)
        log->last_at = to->at;
}

/* Room for a copy; the last free sector may be opened for it. */
static enum tomte_err room_for_copy(struct tomte_store *s, uint32_t size)
{
    if (store_fits(s, size))
        return TOMTE_OK;
    if (store_free(s) == 0) {
        s->failed = true; /* the reserve was hit by an error; see mount.c */
        return TOMTE_ERR_IO;
    }
    return store_open(s);
}

/* Copy a live entry; `off` is how far the tail is clean once that is done. A
 * damaged entry of a log is dropped, a damaged name lives on as a mark. */
static enum tomte_err move(struct tomte_store *s, const struct store_entry *e,
                           uint32_t off)
{
    struct store_entry copy = {.kind = e->kind,
                               .flags = STORE_COPY,
                               .key_len = e->key_len,
                               .value_len = e->value_len,
                               .number = e->number,
                               .hash = e->hash,
                               .body_crc = e->body_crc};
    enum tomte_err err = store_body_check(s, e);
    if (err == TOMTE_ERR_CORRUPT && e->kind == STORE_ENTRY) {
        store_log_shrink(s, store_log_of(s, e->hash), e->size);
        return TOMTE_OK;
    }
    if (err == TOMTE_ERR_CORRUPT || (e->flags & STORE_DAMAGED) != 0) {
        copy.flags |= STORE_DAMAGED;
        copy.key_len = 0;
        copy.value_len = 0;
        copy.body_crc = 0;
        err = TOMTE_OK;
    }
    if (err == TOMTE_OK)
        err = room_for_copy(s, e->size);
    if (err != TOMTE_OK)
        return err;
    uint32_t before = s->tail_off;
    s->tail_off = off;
    err = store_append_copy(s, e, &copy);
    if (err == TOMTE_OK)
        relocate(s, e, &copy);
    else
        s->tail_off = before;
    return err;
}

/* Look at the next entry of the tail. `seen` grows by the bytes passed. */
static enum tomte_err step(struct tomte_store *s, uint32_t *seen)
{
    struct store_entry e;
    uint32_t off = s->tail_off, from = off;
    enum tomte_err err = TOMTE_OK;
    if (s->tail_end == 0)
        err = store_segment_end(s, s->tail, &s->tail_end);
    if (err == TOMTE_OK)
        err = store_walk(s, s->tail, &off, s->tail_end, &e);
    if (err == TOMTE_ERR_NOT_FOUND) {
        *seen += s->block.sector_bytes - from;
        s->tail++;
        s->tail_off = STORE_SEGMENT_BYTES;
        s->tail_end = 0;
        return TOMTE_OK;
    }
    if (err == TOMTE_OK && is_live(s, &e))
        err = move(s, &e, off);
    if (err != TOMTE_OK)
        return err;
    s->tail_off = off;
    *seen += off - from;
    return TOMTE_OK;
}

static enum tomte_err clean(struct tomte_store *s, uint32_t enough,
                            uint32_t bytes)
{
    enum tomte_err err = TOMTE_OK;
    uint32_t seen = 0;
    while (err == TOMTE_OK && seen < bytes && store_free(s) < enough &&
           s->tail < s->head)
        err = step(s, &seen);
    return err;
}

/* Room for what a caller writes, whatever cleaning that takes; but when a whole
 * lap did not help, nothing will. */
static enum tomte_err make_room(struct tomte_store *s, uint32_t size)
{
    const uint32_t lap = s->head;
    for (;;) {
        uint32_t seen = 0;
        enum tomte_err err;
        if (store_free(s) >= 1 && store_fits(s, size))
            return TOMTE_OK;
        if (store_free(s) >= 2)
            err = store_open(s);
        else if (s->tail <= lap && s->tail < s->head)
            err = step(s, &seen);
        else
            err = TOMTE_ERR_NO_SPACE;
        if (err != TOMTE_OK)
            return err;
    }
}

enum tomte_err store_admit(struct tomte_store *s, uint32_t size, uint32_t freed)
{
    if (s->failed)
        return TOMTE_ERR_IO;
    if (size > freed && s->live + (size - freed) > s->live_max)
        return TOMTE_ERR_NO_SPACE;
    enum tomte_err err = clean(s, low_water(s), PACE * size);
    return err == TOMTE_OK ? make_room(s, size) : err;
}

enum tomte_err tomte_store_clean(struct tomte_store *s, uint32_t bytes)
{
    if (s->failed)
        return TOMTE_ERR_IO;
    /* Where live data leave no more free, it would go round for ever. */
    uint64_t fresh = s->written - s->tidied;
    if (fresh <= bytes / PACE)
        bytes = (uint32_t)fresh * PACE;
    s->tidied += (bytes + PACE - 1) / PACE;
    enum tomte_err err = clean(s, 2 * low_water(s), bytes);
    return err == TOMTE_OK ? store_erase_ahead(s) : err;
}
