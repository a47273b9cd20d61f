/* SPDX-License-Identifier: Apache-2.0 */
#include "store/ring.h"

#include "base/crc.h"

#define CHUNK 256u /* bytes of stack for reading */

uint32_t store_at(const struct tomte_store *s, uint32_t seq, uint32_t off)
{
    return seq % s->ring * s->block.sector_bytes + off;
}

uint32_t store_seq_of(const struct tomte_store *s, uint32_t at)
{
    uint32_t sector = at / s->block.sector_bytes;
    return s->tail + (sector + s->ring - s->tail % s->ring) % s->ring;
}

uint32_t store_free(const struct tomte_store *s)
{
    return s->ring - (s->head - s->tail + 1);
}

uint32_t store_entry_size(const struct tomte_store *s, size_t key_len,
                          size_t value_len)
{
    if (value_len > s->entry_max)
        return 0;
    uint32_t size = STORE_ENTRY_BYTES + (uint32_t)key_len + (uint32_t)value_len;
    size = (size + s->align - 1) & ~(s->align - 1);
    return size <= s->entry_max ? size : 0;
}

enum tomte_err store_read(const struct tomte_store *s, uint32_t at, void *out,
                          size_t len)
{
    return len == 0 ? TOMTE_OK
                    : s->block.read(s->block.ctx, at, TOMTE_BUF(out, len));
}

enum tomte_err store_segment_read(const struct tomte_store *s, uint32_t seq,
                                  struct store_segment *g)
{
    uint8_t bytes[STORE_SEGMENT_BYTES];
    enum tomte_err err =
        store_read(s, store_at(s, seq, 0), bytes, sizeof bytes);
    if (err != TOMTE_OK)
        return err;
    err = store_segment_decode(bytes, g);
    return err == TOMTE_OK && g->seq == seq ? TOMTE_OK : TOMTE_ERR_CORRUPT;
}

/* What a checksum cannot say: that the fields fit together. */
static bool is_plausible(const struct tomte_store *s,
                         const struct store_entry *e)
{
    static const uint8_t value_len[STORE_KIND_END] = {
        [STORE_LOG] = 24, [STORE_BLOB] = 12};
    if (e->tail == 0 || e->tail > e->seq || e->seq - e->tail >= s->ring ||
        e->tail_off < STORE_SEGMENT_BYTES ||
        e->tail_off > s->block.sector_bytes || e->size == 0 ||
        e->size > s->block.sector_bytes - e->off || e->flags > STORE_FLAGS)
        return false;
    if (e->kind == STORE_ENTRY)
        return e->key_len == 0 && e->number != UINT64_MAX;
    if (e->kind == STORE_NOTE || (e->flags & STORE_DAMAGED) != 0)
        return e->key_len == 0 && e->value_len == 0;
    if (e->key_len == 0 || e->key_len > TOMTE_STORE_KEY_MAX)
        return false;
    if ((e->flags & STORE_REMOVED) != 0)
        return e->value_len == 0;
    return e->kind == STORE_RECORD || e->value_len == value_len[e->kind];
}

enum tomte_err store_entry_read(const struct tomte_store *s, uint32_t seq,
                                uint32_t off, struct store_entry *e)
{
    uint8_t bytes[STORE_ENTRY_BYTES];
    uint32_t at = store_at(s, seq, off);
    enum tomte_err err = store_read(s, at, bytes, sizeof bytes);
    if (err != TOMTE_OK)
        return err;
    if (!store_entry_decode(bytes, seq, off, e))
        return TOMTE_ERR_CORRUPT;
    e->at = at;
    e->size = store_entry_size(s, e->key_len, e->value_len);
    return is_plausible(s, e) ? TOMTE_OK : TOMTE_ERR_CORRUPT;
}

enum tomte_err store_body_check(const struct tomte_store *s,
                                const struct store_entry *e)
{
    uint8_t chunk[CHUNK];
    uint32_t crc = 0, at = e->at + STORE_ENTRY_BYTES;
    uint32_t left = e->key_len + e->value_len;
    while (left > 0) {
        uint32_t n = left < CHUNK ? left : CHUNK;
        enum tomte_err err = store_read(s, at, chunk, n);
        if (err != TOMTE_OK)
            return err;
        crc = tomte_crc32c(crc, TOMTE_SPAN(chunk, n));
        at += n;
        left -= n;
    }
    return crc == e->body_crc ? TOMTE_OK : TOMTE_ERR_CORRUPT;
}

enum tomte_err store_walk(const struct tomte_store *s, uint32_t seq,
                          uint32_t *off, uint32_t end, struct store_entry *e)
{
    while (*off < end && end - *off >= STORE_ENTRY_BYTES) {
        enum tomte_err err = store_entry_read(s, seq, *off, e);
        if (err == TOMTE_OK && e->size <= end - *off) {
            *off += e->size;
            return TOMTE_OK;
        }
        if (err != TOMTE_OK && err != TOMTE_ERR_CORRUPT)
            return err;
        *off += s->align;
    }
    *off = end;
    return TOMTE_ERR_NOT_FOUND;
}

/* The offset behind the last byte of a segment that is not blank. */
static enum tomte_err find_used(const struct tomte_store *s, uint32_t seq,
                                uint32_t *used)
{
    uint8_t chunk[CHUNK];
    *used = STORE_SEGMENT_BYTES;
    for (uint32_t off = 0; off < s->block.sector_bytes; off += CHUNK) {
        enum tomte_err err = store_read(s, store_at(s, seq, off), chunk, CHUNK);
        if (err != TOMTE_OK)
            return err;
        uint32_t n = CHUNK;
        while (n > 0 && chunk[n - 1] == 0xff)
            n--;
        if (n > 0 && off + n > *used)
            *used = off + n;
    }
    return TOMTE_OK;
}

/* Walk all of it. After something that is no entry, what follows may be a write
 * that a cut kept while it lost an earlier one: that does not count, unless an
 * entry further on says that all before it was durable. Then it is bit rot. */
enum tomte_err store_find_end(const struct tomte_store *s, uint32_t seq,
                              struct store_end *end)
{
    uint32_t off = STORE_SEGMENT_BYTES, used;
    bool broken = false;
    *end = (struct store_end){.off = off};
    enum tomte_err err = find_used(s, seq, &used);
    if (err != TOMTE_OK)
        return err;
    while (off < used && s->block.sector_bytes - off >= STORE_ENTRY_BYTES) {
        struct store_entry e;
        err = store_entry_read(s, seq, off, &e);
        uint32_t step = err == TOMTE_OK ? e.size : s->align;
        if (err == TOMTE_OK)
            err = store_body_check(s, &e);
        if (err != TOMTE_OK && err != TOMTE_ERR_CORRUPT)
            return err;
        bool barrier = err == TOMTE_OK && (e.flags & STORE_BARRIER) != 0;
        broken = !barrier && (broken || err != TOMTE_OK);
        end->barrier = end->barrier || barrier;
        off += step;
        if (!broken)
            end->off = off;
    }
    end->torn = used > end->off ? used - end->off : 0;
    return TOMTE_OK;
}

enum tomte_err store_segment_end(const struct tomte_store *s, uint32_t seq,
                                 uint32_t *end)
{
    *end = s->head_end;
    if (seq == s->head)
        return TOMTE_OK;
    struct store_segment g;
    enum tomte_err err = store_segment_read(s, seq + 1, &g);
    if (err == TOMTE_OK && g.prev_end >= STORE_SEGMENT_BYTES &&
        g.prev_end <= s->block.sector_bytes) {
        *end = g.prev_end;
        return TOMTE_OK;
    }
    struct store_end found = {.off = STORE_SEGMENT_BYTES};
    if (err == TOMTE_OK || err == TOMTE_ERR_CORRUPT)
        err = store_find_end(s, seq, &found);
    *end = found.off;
    return err;
}

enum tomte_err store_place_set(const struct tomte_store *s,
                               struct store_place *p, uint32_t seq,
                               uint32_t off)
{
    *p = (struct store_place){.seq = seq, .off = off};
    return store_segment_end(s, seq, &p->end);
}

enum tomte_err store_place_next(const struct tomte_store *s,
                                struct store_place *p, struct store_entry *e)
{
    enum tomte_err err = store_walk(s, p->seq, &p->off, p->end, e);
    while (err == TOMTE_ERR_NOT_FOUND && p->seq < s->head) {
        err = store_place_set(s, p, p->seq + 1, STORE_SEGMENT_BYTES);
        if (err == TOMTE_OK)
            err = store_walk(s, p->seq, &p->off, p->end, e);
    }
    return err;
}
