/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs: each in a contiguous run of sectors behind the ring, so that it can be
 * read in place; its name in the ring says where it is.
 *
 * The room is found by going round: the search begins behind the blob that was
 * committed last, so that all sectors wear alike. The sectors of a blob that
 * was removed or replaced are only used again after a sync made that durable.
 * */
#include "store/names.h"

#include "base/bytes.h"
#include "base/crc.h"

#include <string.h>

#define NAME_BYTES 12u

static uint32_t sectors_for(const struct tomte_store *s, uint32_t bytes)
{
    uint32_t sector = s->block.sector_bytes;
    return bytes == 0 ? 1 : (bytes - 1) / sector + 1;
}

static bool overlap(uint32_t a, uint32_t a_len, uint32_t b, uint32_t b_len)
{
    return a < b + b_len && b < a + a_len;
}

/* The end of what holds a sector of [first, first + sectors), or 0. */
static uint32_t holder_end(const struct tomte_store *s, uint32_t first,
                           uint32_t sectors)
{
    for (uint32_t i = 0; i < s->blobs_max; i++) {
        const struct tomte_store_blob *b = &s->blobs[i];
        uint32_t n = sectors_for(s, b->size);
        if (b->name.at != 0 && b->first != 0 &&
            overlap(first, sectors, b->first, n))
            return b->first + n;
    }
    for (const struct tomte_store_writer *w = s->writers; w != NULL;
         w = w->next)
        if (overlap(first, sectors, w->first, w->sectors))
            return w->first + w->sectors;
    return 0;
}

/* The first run of free sectors in [from, to); 0 when there is none. */
static uint32_t find_run(const struct tomte_store *s, uint32_t from,
                         uint32_t to, uint32_t sectors)
{
    while (from < to && to - from >= sectors) {
        uint32_t end = holder_end(s, from, sectors);
        if (end == 0)
            return from;
        from = end;
    }
    return 0;
}

enum tomte_err tomte_store_blob_begin(struct tomte_store *s,
                                      struct tomte_store_writer *w,
                                      struct tomte_span name, uint32_t size_max)
{
    struct tomte_store_slot *slot;
    enum tomte_err err = store_find(s, STORE_BLOB, name, &slot);
    if (err != TOMTE_OK)
        return err;
    if (slot == NULL && !store_has_room(s, STORE_BLOB))
        return TOMTE_ERR_FULL;
    if (s->freed)
        err = tomte_store_sync(s);
    if (s->failed)
        err = TOMTE_ERR_IO;
    if (err != TOMTE_OK)
        return err;
    uint32_t sectors = sectors_for(s, size_max);
    uint32_t first = find_run(s, s->blob_next, s->block.sector_count, sectors);
    if (first == 0)
        first = find_run(s, s->ring, s->block.sector_count, sectors);
    if (first == 0)
        return TOMTE_ERR_NO_SPACE;
    *w = (struct tomte_store_writer){
        .next = s->writers,
        .first = first,
        .sectors = sectors,
        .size_max = size_max,
        .key_len = (uint8_t)name.len,
    };
    memcpy(w->key, name.data, name.len);
    s->writers = w;
    return TOMTE_OK;
}

/* Program the next bytes, at most to the end of their sector. */
static enum tomte_err program(struct tomte_store *s,
                              struct tomte_store_writer *w,
                              struct tomte_span bytes)
{
    uint32_t sector = s->block.sector_bytes;
    enum tomte_err err = TOMTE_OK;
    s->dirty = true;
    if (w->at % sector == 0) {
        err = s->block.erase(s->block.ctx, w->first + w->at / sector);
        s->erased++;
    }
    if (err == TOMTE_OK)
        err = s->block.program(s->block.ctx, w->first * sector + w->at, bytes);
    w->at += (uint32_t)bytes.len;
    w->broken = err != TOMTE_OK;
    return err;
}

/* Whole program units straight from the caller, what is left over by way of the
 * stage. */
enum tomte_err tomte_store_blob_write(struct tomte_store *s,
                                      struct tomte_store_writer *w,
                                      struct tomte_span piece)
{
    if (s->failed || w->broken)
        return TOMTE_ERR_IO;
    if (piece.len > w->size_max - w->size)
        return TOMTE_ERR_TOO_LARGE;
    w->crc = tomte_crc32c(w->crc, piece);
    w->size += (uint32_t)piece.len;
    s->written += piece.len;
    enum tomte_err err = TOMTE_OK;
    while (piece.len > 0 && err == TOMTE_OK) {
        uint32_t staged = (w->size - (uint32_t)piece.len) - w->at;
        uint32_t left = s->block.sector_bytes - w->at % s->block.sector_bytes;
        size_t n = piece.len - piece.len % s->align;
        n = n < left ? n : left;
        if (staged == 0 && n > 0) {
            err = program(s, w, tomte_span_slice(piece, 0, n));
        } else {
            n = s->align - staged;
            n = n < piece.len ? n : piece.len;
            memcpy(w->stage + staged, piece.data, n);
            if (staged + n == s->align)
                err = program(s, w, TOMTE_SPAN(w->stage, s->align));
        }
        piece = tomte_span_slice(piece, n, piece.len);
    }
    return err;
}

static enum tomte_err flush(struct tomte_store *s, struct tomte_store_writer *w)
{
    if (w->at >= w->size)
        return TOMTE_OK;
    uint32_t staged = w->size - w->at;
    memset(w->stage + staged, 0xff, s->align - staged);
    return program(s, w, TOMTE_SPAN(w->stage, s->align));
}

enum tomte_err tomte_store_blob_commit(struct tomte_store *s,
                                       struct tomte_store_writer *w)
{
    uint8_t value[NAME_BYTES];
    struct tomte_store_slot *slot;
    enum tomte_err err = w->broken ? TOMTE_ERR_IO : flush(s, w);
    if (err == TOMTE_OK)
        err = tomte_store_sync(s);
    if (err != TOMTE_OK)
        return err;
    tomte_put_le32(value, w->first);
    tomte_put_le32(value + 4, w->size);
    tomte_put_le32(value + 8, w->crc);
    err = store_name_put(s, STORE_BLOB, TOMTE_SPAN(w->key, w->key_len),
                         TOMTE_SPAN_ARRAY(value), &slot);
    if (err != TOMTE_OK)
        return err;
    struct tomte_store_blob *b = (struct tomte_store_blob *)slot;
    b->first = w->first;
    b->size = w->size;
    b->crc = w->crc;
    s->blob_next = w->first + sectors_for(s, w->size);
    s->freed = true; /* the sectors of the one before, if there was one */
    tomte_store_blob_abort(s, w);
    return TOMTE_OK;
}

void tomte_store_blob_abort(struct tomte_store *s, struct tomte_store_writer *w)
{
    for (struct tomte_store_writer **at = &s->writers; *at != NULL;
         at = &(*at)->next)
        if (*at == w) {
            *at = w->next;
            return;
        }
}

enum tomte_err tomte_store_blob_remove(struct tomte_store *s,
                                       struct tomte_span name)
{
    enum tomte_err err = store_name_remove(s, STORE_BLOB, name);
    s->freed = s->freed || err == TOMTE_OK;
    return err;
}

/* ---- reading ---------------------------------------------------------- */

enum tomte_err tomte_store_blob_find(struct tomte_store *s,
                                     struct tomte_span name,
                                     struct tomte_store_blob_info *out)
{
    struct tomte_store_slot *slot;
    enum tomte_err err = store_find(s, STORE_BLOB, name, &slot);
    if (err != TOMTE_OK)
        return err;
    if (slot == NULL)
        return TOMTE_ERR_NOT_FOUND;
    if (slot->damaged)
        return TOMTE_ERR_CORRUPT;
    const struct tomte_store_blob *b = (const struct tomte_store_blob *)slot;
    *out = (struct tomte_store_blob_info){
        .offset = b->first * s->block.sector_bytes,
        .size = b->size,
        .crc = b->crc,
    };
    return TOMTE_OK;
}

enum tomte_err tomte_store_blob_read(struct tomte_store *s,
                                     const struct tomte_store_blob_info *blob,
                                     uint32_t offset, struct tomte_buf out)
{
    if (offset > blob->size || out.cap > blob->size - offset)
        return TOMTE_ERR_RANGE;
    if (out.cap == 0)
        return TOMTE_OK;
    return store_read(s, blob->offset + offset, out.data, out.cap);
}

enum tomte_err tomte_store_blob_map(struct tomte_store *s,
                                    const struct tomte_store_blob_info *blob,
                                    struct tomte_span *out)
{
    *out = TOMTE_SPAN_NONE;
    const uint8_t *p = NULL;
    if (s->block.map != NULL)
        p = s->block.map(s->block.ctx, blob->offset, blob->size);
    if (p == NULL)
        return TOMTE_ERR_UNSUPPORTED;
    *out = TOMTE_SPAN(p, blob->size);
    return TOMTE_OK;
}

enum tomte_err tomte_store_blob_check(struct tomte_store *s,
                                      const struct tomte_store_blob_info *blob)
{
    uint8_t chunk[256];
    uint32_t crc = 0;
    for (uint32_t at = 0; at < blob->size; at += sizeof chunk) {
        uint32_t n = blob->size - at;
        n = n < sizeof chunk ? n : (uint32_t)sizeof chunk;
        enum tomte_err err = store_read(s, blob->offset + at, chunk, n);
        if (err != TOMTE_OK)
            return err;
        crc = tomte_crc32c(crc, TOMTE_SPAN(chunk, n));
    }
    return crc == blob->crc ? TOMTE_OK : TOMTE_ERR_CORRUPT;
}

enum tomte_err tomte_store_blob_next(struct tomte_store *s,
                                     struct tomte_span prefix, uint32_t *cursor,
                                     uint8_t key[TOMTE_STORE_KEY_MAX],
                                     size_t *key_len)
{
    return store_name_next(s, STORE_BLOB, prefix, cursor, key, key_len);
}

/* ---- how full it is --------------------------------------------------- */

void tomte_store_usage(const struct tomte_store *s,
                       struct tomte_store_usage *out)
{
    *out = (struct tomte_store_usage){
        .live_bytes = s->live,
        .live_max = s->live_max,
        .ring_free = store_free(s),
        .written = s->written,
        .copied = s->copied,
        .erased = s->erased,
    };
    uint32_t run = 0;
    for (uint32_t i = s->ring; i < s->block.sector_count; i++) {
        bool used = holder_end(s, i, 1) != 0;
        run = used ? 0 : run + 1;
        out->blob_free += !used;
        if (run > out->blob_run)
            out->blob_run = run;
    }
}
