/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the store on a device.
 *
 *   1  read the header of every sector of the ring: the highest number is the
 *      head
 *   2  find where the head ends: what a cut left behind does not count
 *   3  the head's last entry says how far cleaning has come: that is the tail
 *   4  from tail to head, enter every name into its table; later ones replace
 *      earlier ones
 *   5  once more, for the entries of logs, now that the logs are known */
#include "store/names.h"

#include "base/assert.h"
#include "base/bytes.h"

#include <string.h>

static enum tomte_err check_geometry(const struct tomte_block *b)
{
    uint32_t sector = b->sector_bytes, unit = b->program_unit;
    if (sector < TOMTE_BLOCK_SECTOR_MIN || sector > TOMTE_BLOCK_SECTOR_MAX ||
        (sector & (sector - 1)) != 0 || unit == 0 ||
        unit > TOMTE_BLOCK_UNIT_MAX || (unit & (unit - 1)) != 0 ||
        b->sector_count < TOMTE_STORE_RING_SECTORS_MIN ||
        b->sector_count > UINT32_MAX / sector)
        return TOMTE_ERR_RANGE;
    return TOMTE_OK;
}

static uint32_t align_for(const struct tomte_block *b)
{
    return b->program_unit > STORE_ALIGN_MIN ? b->program_unit
                                             : STORE_ALIGN_MIN;
}

static enum tomte_err read_header(const struct tomte_block *b, uint32_t sector,
                                  struct store_segment *g)
{
    uint8_t bytes[STORE_SEGMENT_BYTES];
    enum tomte_err err =
        b->read(b->ctx, sector * b->sector_bytes, TOMTE_BUF_ARRAY(bytes));
    return err == TOMTE_OK ? store_segment_decode(bytes, g) : err;
}

/* ---- format ----------------------------------------------------------- */

/* Erase what passes for a segment: all else is no store already. */
static enum tomte_err erase_old(const struct tomte_block *b, uint32_t ring)
{
    enum tomte_err err = TOMTE_OK;
    for (uint32_t i = 0; i < ring && err == TOMTE_OK; i++) {
        struct store_segment g;
        err = read_header(b, i, &g);
        if (err == TOMTE_ERR_CORRUPT)
            err = TOMTE_OK;
        else if (err == TOMTE_OK || err == TOMTE_ERR_VERSION)
            err = b->erase(b->ctx, i);
    }
    return err;
}

enum tomte_err tomte_store_format(const struct tomte_block *block,
                                  uint32_t ring_sectors)
{
    uint8_t header[STORE_SEGMENT_BYTES];
    enum tomte_err err = check_geometry(block);
    if (err != TOMTE_OK)
        return err;
    if (ring_sectors < TOMTE_STORE_RING_SECTORS_MIN ||
        ring_sectors > block->sector_count || ring_sectors > UINT16_MAX)
        return TOMTE_ERR_RANGE;
    store_segment_encode(
        &(struct store_segment){.sector_bytes = block->sector_bytes,
                                .ring = ring_sectors,
                                .align = align_for(block),
                                .seq = 1,
                                .tail = 1,
                                .tail_off = STORE_SEGMENT_BYTES,
                                .prev_end = STORE_SEGMENT_BYTES},
        header);
    err = erase_old(block, ring_sectors);
    if (err == TOMTE_OK)
        err = block->erase(block->ctx, 1);
    if (err == TOMTE_OK)
        err = block->sync(block->ctx);
    if (err == TOMTE_OK)
        err = block->program(block->ctx, block->sector_bytes,
                             TOMTE_SPAN_ARRAY(header));
    return err == TOMTE_OK ? block->sync(block->ctx) : err;
}

/* ---- memory ----------------------------------------------------------- */

size_t tomte_store_memory(const struct tomte_store_config *c)
{
    return 3 * 16 + /* alignment */
           store_table_slots(c->records_max) * sizeof(struct tomte_store_slot) +
           c->logs_max * sizeof(struct tomte_store_log) +
           c->blobs_max * sizeof(struct tomte_store_blob);
}

static enum tomte_err take_tables(struct tomte_store *s,
                                  const struct tomte_store_config *c)
{
    uint32_t slots = store_table_slots(c->records_max);
    s->slot_mask = slots - 1;
    s->records_max = c->records_max;
    s->logs_max = c->logs_max;
    s->blobs_max = c->blobs_max;
    s->slots = tomte_arena_take(c->arena, slots * sizeof *s->slots, 8);
    s->logs = tomte_arena_take(c->arena, c->logs_max * sizeof *s->logs, 8);
    s->blobs = tomte_arena_take(c->arena, c->blobs_max * sizeof *s->blobs, 8);
    return s->slots == NULL || s->logs == NULL || s->blobs == NULL
               ? TOMTE_ERR_NO_MEMORY
               : TOMTE_OK;
}

/* ---- steps 1 to 3: head and tail -------------------------------------- */

static void damage(struct tomte_store_report *r, uint32_t at)
{
    if (r->damaged++ == 0)
        r->damaged_at = at;
}

/* The first valid header tells the geometry, the highest number is the head. */
static enum tomte_err find_head(struct tomte_store *s)
{
    const struct tomte_block *b = &s->block;
    uint32_t sectors = b->sector_count;
    for (uint32_t i = 0; i < sectors; i++) {
        struct store_segment g;
        enum tomte_err err = read_header(b, i, &g);
        if (err == TOMTE_ERR_CORRUPT)
            continue;
        if (err != TOMTE_OK)
            return err;
        if (g.sector_bytes != b->sector_bytes || g.ring > b->sector_count ||
            g.ring < TOMTE_STORE_RING_SECTORS_MIN || g.ring > UINT16_MAX ||
            g.align < STORE_ALIGN_MIN || g.align > TOMTE_BLOCK_UNIT_MAX ||
            (g.align & (g.align - 1)) != 0 || g.align < b->program_unit)
            return TOMTE_ERR_INVALID;
        if (s->ring == 0) {
            s->ring = sectors = g.ring;
            s->align = g.align;
        }
        if (g.ring == s->ring && g.align == s->align && g.seq % s->ring == i &&
            g.seq > s->head && g.seq <= STORE_SEQ_MAX)
            s->head = g.seq;
    }
    if (s->head != 0)
        return TOMTE_OK;
    return s->ring == 0 ? TOMTE_ERR_NOT_FOUND : TOMTE_ERR_CORRUPT;
}

/* How far cleaning had come: by the head's header, by its last entry. `copies`:
 * the head holds nothing else. */
static enum tomte_err find_tail(struct tomte_store *s, bool *copies)
{
    struct store_segment g;
    struct store_entry e;
    uint32_t seq = s->head, off = STORE_SEGMENT_BYTES;
    enum tomte_err err = store_segment_read(s, seq, &g);
    if (err == TOMTE_ERR_CORRUPT && seq > 1)
        err = store_segment_read(s, seq - 1, &g);
    if (err == TOMTE_ERR_CORRUPT) {
        g.tail = 1;
        g.tail_off = STORE_SEGMENT_BYTES;
    } else if (err != TOMTE_OK) {
        return err;
    }
    *copies = true;
    while ((err = store_walk(s, seq, &off, s->head_end, &e)) == TOMTE_OK) {
        g.tail = e.tail;
        g.tail_off = e.tail_off;
        *copies = *copies && (e.kind == STORE_NOTE || (e.flags & STORE_COPY));
    }
    if (err != TOMTE_ERR_NOT_FOUND)
        return err;
    if (g.tail > s->head || g.tail == 0 || g.tail_off < STORE_SEGMENT_BYTES ||
        g.tail_off > s->block.sector_bytes)
        return TOMTE_ERR_CORRUPT;
    if (s->head - g.tail >= s->ring) {
        g.tail = s->head - s->ring + 1;
        g.tail_off = STORE_SEGMENT_BYTES;
    }
    s->tail = s->tail_known = g.tail;
    s->tail_off = g.tail_off;
    return TOMTE_OK;
}

/* Let segment `seq` be the head: where does it end, where is the tail? */
static enum tomte_err suppose_head(struct tomte_store *s, uint32_t seq,
                                   struct tomte_store_report *r, bool *copies)
{
    struct store_end end;
    enum tomte_err err = store_find_end(s, seq, &end);
    if (err != TOMTE_OK)
        return err;
    s->head = seq;
    s->head_end = end.off;
    s->head_closed = end.torn != 0;
    r->torn_bytes = end.torn;
    return find_tail(s, copies);
}

/* The head is the reserve, the last free sector, and all that it holds is still
 * in the tail: it can be given back (clean.c). */
static bool is_reserve(const struct tomte_store *s, bool copies)
{
    return store_free(s) == 0 && copies;
}

/* The header of the true head may have rotted: then the sector behind what
 * seems to be the head has entries that say it was durable. If that was the
 * reserve, it does not matter: a cut may have come while it was given back. */
static enum tomte_err find_head_end(struct tomte_store *s,
                                    struct tomte_store_report *r, bool *copies)
{
    struct store_end next;
    uint32_t seq = s->head;
    enum tomte_err err = store_find_end(s, seq + 1, &next);
    bool lost = err == TOMTE_OK && next.barrier;
    if (lost) {
        err = suppose_head(s, seq + 1, r, copies);
        lost = !is_reserve(s, *copies);
    }
    if (err == TOMTE_OK && !lost)
        err = suppose_head(s, seq, r, copies);
    return err;
}

/* A cut tore a copy in the reserve. Were that segment closed like any other,
 * there would be none left to go on with. */
static enum tomte_err give_back_reserve(struct tomte_store *s, bool *copies)
{
    struct store_segment g;
    if (!is_reserve(s, *copies) || !s->head_closed)
        return TOMTE_OK;
    enum tomte_err err = store_segment_read(s, s->head, &g);
    if (err != TOMTE_OK)
        return err;
    if (g.prev_end < STORE_SEGMENT_BYTES || g.prev_end > s->block.sector_bytes)
        return TOMTE_ERR_CORRUPT;
    s->head--;
    s->head_end = g.prev_end;
    return find_tail(s, copies);
}

/* ---- step 4: the names ------------------------------------------------ */

static void enter_log(struct tomte_store *s, struct tomte_store_slot *slot,
                      const uint8_t *value)
{
    struct tomte_store_log *l = (struct tomte_store_log *)slot;
    l->id = tomte_get_le32(value);
    l->first = tomte_get_le64(value + 8);
    l->next = tomte_get_le64(value + 16);
    if (l->id >= s->log_id_next)
        s->log_id_next = l->id + 1;
    if (l->first > l->next)
        slot->damaged = true;
}

static void enter_blob(struct tomte_store *s, struct tomte_store_slot *slot,
                       const struct store_entry *e, const uint8_t *value)
{
    struct tomte_store_blob *b = (struct tomte_store_blob *)slot;
    uint32_t sector = s->block.sector_bytes, count = s->block.sector_count;
    b->first = tomte_get_le32(value);
    b->size = tomte_get_le32(value + 4);
    b->crc = tomte_get_le32(value + 8);
    if (b->first < s->ring || b->first >= count ||
        b->size > (count - b->first) * sector) {
        b->first = b->size = 0;
        slot->damaged = true;
    } else if ((e->flags & STORE_COPY) == 0) {
        s->blob_next = b->first + 1 + (b->size > 0 ? b->size - 1 : 0) / sector;
    }
}

/* Let a name with an intact body be known, or be gone. */
static enum tomte_err enter(struct tomte_store *s, const struct store_entry *e)
{
    uint8_t body[TOMTE_STORE_KEY_MAX + 24];
    enum store_kind kind = (enum store_kind)e->kind;
    struct tomte_store_slot *slot;
    uint32_t len = e->key_len;
    if (kind != STORE_RECORD)
        len += e->value_len;
    TOMTE_ASSERT(len <= sizeof body);
    enum tomte_err err = store_read(s, e->at + STORE_ENTRY_BYTES, body, len);
    if (err == TOMTE_OK)
        err = store_find(s, kind, TOMTE_SPAN(body, e->key_len), &slot);
    if (err != TOMTE_OK)
        return err;
    if ((e->flags & STORE_REMOVED) != 0) {
        if (slot != NULL)
            store_drop(s, kind, slot);
        return TOMTE_OK;
    }
    if (slot == NULL && !store_has_room(s, kind))
        return TOMTE_ERR_FULL;
    slot = store_set(s, slot, e);
    if (kind == STORE_LOG)
        enter_log(s, slot, body + e->key_len);
    if (kind == STORE_BLOB)
        enter_blob(s, slot, e, body + e->key_len);
    return TOMTE_OK;
}

/* The same when only the hash of the name is known. */
static enum tomte_err enter_damaged(struct tomte_store *s,
                                    const struct store_entry *e)
{
    enum store_kind kind = (enum store_kind)e->kind;
    struct tomte_store_slot *slot = store_find_hash(s, kind, e->hash);
    if ((e->flags & STORE_REMOVED) != 0) {
        if (slot != NULL)
            store_drop(s, kind, slot);
        return TOMTE_OK;
    }
    if (slot == NULL && !store_has_room(s, kind))
        return TOMTE_ERR_FULL;
    store_set(s, slot, e)->damaged = true;
    return TOMTE_OK;
}

static enum tomte_err enter_segment(struct tomte_store *s, uint32_t seq,
                                    struct tomte_store_report *r)
{
    struct store_segment g;
    struct store_place p;
    struct store_entry e;
    uint32_t off = seq == s->tail ? s->tail_off : STORE_SEGMENT_BYTES;
    enum tomte_err err = store_segment_read(s, seq, &g);
    if (err == TOMTE_ERR_CORRUPT)
        damage(r, store_at(s, seq, 0));
    else if (err != TOMTE_OK)
        return err;
    err = store_place_set(s, &p, seq, off);
    while (err == TOMTE_OK &&
           (err = store_walk(s, seq, &p.off, p.end, &e)) == TOMTE_OK) {
        if (e.off != off) {
            damage(r, store_at(s, seq, off));
            r->lost++;
        }
        off = p.off;
        err = store_body_check(s, &e);
        if (err == TOMTE_ERR_CORRUPT)
            damage(r, e.at);
        bool bad = err == TOMTE_ERR_CORRUPT || (e.flags & STORE_DAMAGED) != 0;
        if (err != TOMTE_OK && err != TOMTE_ERR_CORRUPT)
            return err;
        err = TOMTE_OK;
        if (e.kind != STORE_ENTRY && e.kind != STORE_NOTE)
            err = bad ? enter_damaged(s, &e) : enter(s, &e);
    }
    if (err == TOMTE_ERR_NOT_FOUND && off < p.end) {
        damage(r, store_at(s, seq, off));
        r->lost++;
    }
    return err == TOMTE_ERR_NOT_FOUND ? TOMTE_OK : err;
}

/* ---- step 5: the entries of logs -------------------------------------- */

static void enter_entry(struct tomte_store *s, const struct store_entry *e,
                        struct tomte_store_report *r)
{
    struct tomte_store_log *l = store_log_of(s, e->hash);
    if (e->hash >= s->log_id_next)
        s->log_id_next = e->hash + 1; /* of a log that was removed */
    if (l == NULL)
        return;
    if (e->number >= l->next) {
        l->next = e->number + 1;
        l->last_at = e->at;
    }
    if (e->number < l->first)
        return;
    if (e->number == l->first)
        l->first_at = e->at;
    l->bytes += e->size;
    s->live += e->size;
    r->log_entries++;
}

static enum tomte_err enter_entries(struct tomte_store *s,
                                    struct tomte_store_report *r)
{
    struct store_place p;
    struct store_entry e;
    enum tomte_err err = store_place_set(s, &p, s->tail, s->tail_off);
    while (err == TOMTE_OK && (err = store_place_next(s, &p, &e)) == TOMTE_OK)
        if (e.kind == STORE_ENTRY)
            enter_entry(s, &e, r);
    return err == TOMTE_ERR_NOT_FOUND ? TOMTE_OK : err;
}

/* ---- all steps -------------------------------------------------------- */

static void set_limits(struct tomte_store *s)
{
    uint32_t spare =
        s->align > STORE_ENTRY_BYTES ? s->align : STORE_ENTRY_BYTES;
    uint32_t room = s->block.sector_bytes - STORE_SEGMENT_BYTES - spare;
    s->entry_max = room / 4 & ~(s->align - 1);
    s->live_max = room / 2 * (s->ring - 2);
    s->log_id_next = 1;
    s->blob_next = s->ring;
}

static void fill_report(const struct tomte_store *s,
                        struct tomte_store_report *r)
{
    r->ring_sectors = s->ring;
    r->ring_used = s->head - s->tail + 1;
    r->records = s->records;
    for (uint32_t i = 0; i < s->logs_max; i++)
        r->logs += s->logs[i].name.at != 0;
    for (uint32_t i = 0; i < s->blobs_max; i++)
        r->blobs += s->blobs[i].name.at != 0;
}

static enum tomte_err find_ring(struct tomte_store *s,
                                struct tomte_store_report *r)
{
    bool copies = false;
    enum tomte_err err = find_head(s);
    if (err != TOMTE_OK)
        return err;
    set_limits(s);
    err = find_head_end(s, r, &copies);
    if (err == TOMTE_OK)
        err = give_back_reserve(s, &copies);
    return err;
}

enum tomte_err tomte_store_mount(struct tomte_store *s,
                                 const struct tomte_store_config *config,
                                 struct tomte_store_report *report)
{
    memset(s, 0, sizeof *s);
    memset(report, 0, sizeof *report);
    s->block = config->block;
    report->sectors = s->block.sector_count;
    enum tomte_err err = check_geometry(&s->block);
    if (err == TOMTE_OK)
        err = find_ring(s, report);
    if (err == TOMTE_OK)
        err = take_tables(s, config);
    for (uint32_t seq = s->tail; err == TOMTE_OK && seq <= s->head; seq++)
        err = enter_segment(s, seq, report);
    if (err == TOMTE_OK)
        err = enter_entries(s, report);
    if (err == TOMTE_OK)
        err = s->block.sync(s->block.ctx);
    if (err == TOMTE_OK)
        fill_report(s, report);
    return err;
}
