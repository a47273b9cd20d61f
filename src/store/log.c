/* SPDX-License-Identifier: Apache-2.0 */
/* Logs.
 *
 * The entries of all logs lie mixed in the ring, each with the id of its log
 * and its number. RAM knows only the first and the next number of a log, and
 * where the first entry is; from there a reader walks the ring. Cleaning moves
 * the oldest entries behind younger ones, so an entry that is not found up to
 * the head is looked for from the tail on. */
#include "store/names.h"

#include "base/bytes.h"
#include "base/crc.h"

#define NAME_BYTES 24u

/* id, a reserved word, first, next */
static void encode_name(uint8_t out[NAME_BYTES], uint32_t id, uint64_t first,
                        uint64_t next)
{
    tomte_put_le32(out, id);
    tomte_put_le32(out + 4, 0);
    tomte_put_le64(out + 8, first);
    tomte_put_le64(out + 16, next);
}

/* A log whose name was found damaged meanwhile can be read, not written. */
static enum tomte_err find_log(const struct tomte_store *s, uint32_t id,
                               bool write, struct tomte_store_log **out)
{
    *out = store_log_of(s, id);
    if (*out == NULL)
        return TOMTE_ERR_NOT_FOUND;
    return write && (*out)->name.damaged ? TOMTE_ERR_CORRUPT : TOMTE_OK;
}

enum tomte_err tomte_store_log_open(struct tomte_store *s,
                                    struct tomte_span name, uint32_t max_bytes,
                                    uint32_t *log)
{
    uint8_t value[NAME_BYTES];
    struct tomte_store_slot *slot;
    enum tomte_err err = store_find(s, STORE_LOG, name, &slot);
    if (err == TOMTE_OK && slot != NULL && slot->damaged)
        err = TOMTE_ERR_CORRUPT;
    if (err == TOMTE_OK && slot == NULL) {
        encode_name(value, s->log_id_next, 0, 0);
        err =
            store_name_put(s, STORE_LOG, name, TOMTE_SPAN_ARRAY(value), &slot);
        if (err == TOMTE_OK)
            ((struct tomte_store_log *)slot)->id = s->log_id_next++;
    }
    if (err != TOMTE_OK)
        return err;
    ((struct tomte_store_log *)slot)->bytes_max = max_bytes;
    *log = ((struct tomte_store_log *)slot)->id;
    return TOMTE_OK;
}

enum tomte_err tomte_store_log_append(struct tomte_store *s, uint32_t log,
                                      struct tomte_span entry,
                                      uint64_t *sequence)
{
    struct tomte_store_log *l;
    enum tomte_err err = find_log(s, log, true, &l);
    if (err != TOMTE_OK)
        return err;
    uint32_t size = store_entry_size(s, 0, entry.len);
    if (size == 0)
        return TOMTE_ERR_TOO_LARGE;
    if (l->bytes > l->bytes_max || size > l->bytes_max - l->bytes)
        return TOMTE_ERR_FULL;
    struct store_entry e = {
        .kind = STORE_ENTRY, .number = l->next, .hash = log};
    err = store_admit(s, size, 0);
    if (err == TOMTE_OK)
        err = store_append(s, &e, TOMTE_SPAN_NONE, entry);
    if (err != TOMTE_OK)
        return err;
    if (l->first == l->next)
        l->first_at = e.at;
    l->last_at = e.at;
    if (sequence != NULL)
        *sequence = l->next;
    l->next++;
    l->bytes += size;
    s->live += size;
    return TOMTE_OK;
}

enum tomte_err tomte_store_log_range(const struct tomte_store *s, uint32_t log,
                                     struct tomte_store_log_range *out)
{
    struct tomte_store_log *l;
    enum tomte_err err = find_log(s, log, false, &l);
    if (err == TOMTE_OK)
        *out = (struct tomte_store_log_range){
            .first = l->first, .next = l->next, .bytes = l->bytes};
    return err;
}

enum tomte_err tomte_store_log_remove(struct tomte_store *s,
                                      struct tomte_span name)
{
    return store_name_remove(s, STORE_LOG, name);
}

enum tomte_err tomte_store_log_name_next(struct tomte_store *s,
                                         struct tomte_span prefix,
                                         uint32_t *cursor,
                                         uint8_t name[TOMTE_STORE_KEY_MAX],
                                         size_t *name_len)
{
    return store_name_next(s, STORE_LOG, prefix, cursor, name, name_len);
}

/* ---- reading ---------------------------------------------------------- */

enum tomte_err tomte_store_log_seek(const struct tomte_store *s, uint32_t log,
                                    uint64_t from,
                                    struct tomte_store_cursor *out)
{
    struct tomte_store_log *l;
    enum tomte_err err = find_log(s, log, false, &l);
    if (err != TOMTE_OK)
        return err;
    *out = (struct tomte_store_cursor){
        .log = log,
        .sequence = from < l->first ? l->first : from,
        .at = from > l->first && from + 1 == l->next ? l->last_at : l->first_at,
    };
    return TOMTE_OK;
}

/* Walk from `p` on, while before `stop`, for entry `want` of a log; `best` is
 * the lowest numbered one above it that was passed. */
static enum tomte_err search(const struct tomte_store *s, struct store_place *p,
                             uint32_t stop_seq, uint32_t stop_off,
                             const struct tomte_store_cursor *c,
                             struct store_entry *best)
{
    struct store_entry e;
    enum tomte_err err;
    while ((err = store_place_next(s, p, &e)) == TOMTE_OK) {
        if (e.seq > stop_seq || (e.seq == stop_seq && e.off >= stop_off))
            return TOMTE_ERR_NOT_FOUND;
        if (e.kind != STORE_ENTRY || e.hash != c->log ||
            e.number < c->sequence || e.number >= best->number)
            continue;
        *best = e;
        if (e.number == c->sequence)
            return TOMTE_OK;
    }
    return err;
}

/* The entry that the cursor stands before, or the first one after it; its
 * number is `next` of the log when there is none. */
static enum tomte_err find_entry(const struct tomte_store *s,
                                 const struct tomte_store_log *l,
                                 const struct tomte_store_cursor *c,
                                 struct store_entry *e)
{
    uint32_t seq = s->tail, off = s->tail_off;
    if (c->at != 0 && store_seq_of(s, c->at) <= s->head) {
        uint32_t at_off = c->at % s->block.sector_bytes;
        uint32_t at_seq = store_seq_of(s, c->at);
        if (at_seq > seq || at_off > off) {
            seq = at_seq;
            off = at_off;
        }
    }
    struct store_place p;
    e->number = l->next;
    enum tomte_err err = store_place_set(s, &p, seq, off);
    if (err == TOMTE_OK)
        err = search(s, &p, UINT32_MAX, 0, c, e);
    if (err != TOMTE_ERR_NOT_FOUND)
        return err;
    err = store_place_set(s, &p, s->tail, s->tail_off);
    if (err == TOMTE_OK)
        err = search(s, &p, seq, off, c, e);
    return err == TOMTE_ERR_NOT_FOUND ? TOMTE_OK : err;
}

static enum tomte_err read_entry(const struct tomte_store *s,
                                 const struct store_entry *e,
                                 struct tomte_buf out)
{
    enum tomte_err err =
        store_read(s, e->at + STORE_ENTRY_BYTES, out.data, e->value_len);
    if (err != TOMTE_OK)
        return err;
    uint32_t crc = tomte_crc32c(0, TOMTE_SPAN(out.data, e->value_len));
    return crc == e->body_crc ? TOMTE_OK : TOMTE_ERR_CORRUPT;
}

enum tomte_err tomte_store_log_next(struct tomte_store *s,
                                    struct tomte_store_cursor *c,
                                    struct tomte_buf out, size_t *len,
                                    uint64_t *sequence)
{
    struct tomte_store_log *l;
    struct store_entry e;
    enum tomte_err err = find_log(s, c->log, false, &l);
    if (err != TOMTE_OK)
        return err;
    if (c->sequence < l->first) {
        c->sequence = l->first;
        c->at = l->first_at;
    }
    *sequence = c->sequence;
    *len = 0;
    if (c->sequence >= l->next)
        return TOMTE_ERR_NOT_FOUND;
    err = find_entry(s, l, c, &e);
    if (err != TOMTE_OK)
        return err;
    if (e.number != c->sequence) {
        c->sequence = e.number;
        return TOMTE_ERR_CORRUPT;
    }
    *len = e.value_len;
    if (e.value_len > out.cap)
        return TOMTE_ERR_TOO_LARGE;
    err = read_entry(s, &e, out);
    if (err == TOMTE_OK || err == TOMTE_ERR_CORRUPT) {
        c->sequence++;
        c->at = e.at;
    }
    return err;
}

/* ---- trimming --------------------------------------------------------- */

/* What the entries before `before` take up, and where that one is. */
static enum tomte_err measure(const struct tomte_store *s,
                              const struct tomte_store_log *l, uint64_t before,
                              uint32_t *bytes, uint32_t *at)
{
    *bytes = l->bytes;
    *at = 0;
    if (before == l->next)
        return TOMTE_OK;
    *bytes = 0;
    struct tomte_store_cursor c = {
        .log = l->id, .sequence = l->first, .at = l->first_at};
    for (;;) {
        struct store_entry e;
        enum tomte_err err = find_entry(s, l, &c, &e);
        if (err != TOMTE_OK || e.number > before || e.number == l->next)
            return err;
        *at = e.at;
        if (e.number == before)
            return TOMTE_OK;
        *bytes += e.size;
        c.sequence = e.number + 1;
        c.at = e.at;
    }
}

/* The name of a log, as it stands on the device. */
static enum tomte_err read_name(const struct tomte_store *s,
                                const struct tomte_store_log *l,
                                uint8_t name[TOMTE_STORE_KEY_MAX], size_t *len)
{
    struct store_entry e;
    enum tomte_err err = store_entry_read(
        s, store_seq_of(s, l->name.at), l->name.at % s->block.sector_bytes, &e);
    if (err == TOMTE_OK)
        err = store_body_check(s, &e);
    if (err != TOMTE_OK)
        return err;
    *len = e.key_len;
    return store_read(s, e.at + STORE_ENTRY_BYTES, name, e.key_len);
}

enum tomte_err tomte_store_log_trim(struct tomte_store *s, uint32_t log,
                                    uint64_t before)
{
    uint8_t name[TOMTE_STORE_KEY_MAX], value[NAME_BYTES];
    struct tomte_store_log *l;
    struct tomte_store_slot *slot;
    uint32_t bytes = 0, at = 0;
    size_t len = 0;
    enum tomte_err err = find_log(s, log, true, &l);
    if (err != TOMTE_OK)
        return err;
    if (before > l->next)
        return TOMTE_ERR_RANGE;
    if (before <= l->first)
        return TOMTE_OK;
    err = read_name(s, l, name, &len);
    if (err == TOMTE_OK)
        err = measure(s, l, before, &bytes, &at);
    if (err != TOMTE_OK)
        return err;
    encode_name(value, log, before, l->next);
    l->first_at = at; /* so that cleaning keeps it right meanwhile */
    err = store_name_put(s, STORE_LOG, TOMTE_SPAN(name, len),
                         TOMTE_SPAN_ARRAY(value), &slot);
    if (err != TOMTE_OK) {
        l->first_at = 0;
        return err;
    }
    store_log_shrink(s, l, bytes);
    l->first = before;
    return TOMTE_OK;
}
