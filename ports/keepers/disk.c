/* SPDX-License-Identifier: Apache-2.0 */
#include "keepers/disk.h"

#include "base/assert.h"
#include "base/bytes.h"

#include <string.h>

#define VOTE TOMTE_SPAN_LIT("raft/vote")
#define LOG  TOMTE_SPAN_LIT("raft")

#define HEAD        24u /* of an entry's first piece */
#define ENTRY_BYTES 4096u
#define STORE_HEAD  32u /* of an entry of the store: store.h */

enum { FLAG_MORE = 1, FLAG_GOES_ON = 2 };
enum { KIND_ENTRY = 0, KIND_CUT = 1 };

struct record {
    uint8_t kind;
    uint16_t type;
    uint64_t term;
    uint64_t index;
    struct tomte_span bytes; /* of the first piece */
    bool more;
};

static struct keepers_place *place(const struct keepers_disk *d,
                                   raft_index index)
{
    return &d->places[index % KEEPERS_INDEX_MAX];
}

static bool has(const struct keepers_disk *d, raft_index index)
{
    return index >= d->first && index - d->first < d->count;
}

raft_term keepers_disk_term(const struct keepers_disk *d, raft_index index)
{
    return has(d, index) ? place(d, index)->term : 0;
}

/* ---- term and vote ---- */

enum tomte_err keepers_disk_vote(struct keepers_disk *d, raft_term *term,
                                 raft_id *vote)
{
    uint8_t value[16];
    size_t len = 0;
    enum tomte_err err =
        tomte_store_get(d->store, VOTE, TOMTE_BUF_ARRAY(value), &len);
    *term = *vote = 0;
    if (err == TOMTE_ERR_NOT_FOUND)
        return TOMTE_OK;
    if (err == TOMTE_OK && len != sizeof value)
        err = TOMTE_ERR_CORRUPT;
    if (err != TOMTE_OK)
        return err;
    *term = tomte_get_le64(value);
    *vote = tomte_get_le64(value + 8);
    return TOMTE_OK;
}

enum tomte_err keepers_disk_set_vote(struct keepers_disk *d, raft_term term,
                                     raft_id vote)
{
    uint8_t value[16];
    tomte_put_le64(value, term);
    tomte_put_le64(value + 8, vote);
    d->writes++;
    return tomte_store_put(d->store, VOTE, TOMTE_SPAN_ARRAY(value));
}

/* ---- writing the log ---- */

static uint32_t piece_cap(const struct keepers_disk *d)
{
    uint32_t max = tomte_store_value_max(d->store, 0);
    return max < ENTRY_BYTES ? max : ENTRY_BYTES;
}

/* What an entry takes on the device, at most. */
static size_t cost(const struct keepers_disk *d, size_t bytes)
{
    size_t pieces = 1 + (bytes + HEAD) / (piece_cap(d) - 1);
    return bytes + HEAD + pieces * (STORE_HEAD + 1 + TOMTE_BLOCK_UNIT_MAX);
}

static size_t free_bytes(const struct keepers_disk *d)
{
    struct tomte_store_log_range range;
    struct tomte_store_usage usage;
    if (tomte_store_log_range(d->store, d->log, &range) != TOMTE_OK)
        return 0;
    tomte_store_usage(d->store, &usage);
    size_t log =
        range.bytes < KEEPERS_LOG_BYTES ? KEEPERS_LOG_BYTES - range.bytes : 0;
    size_t live = usage.live_bytes < usage.live_max
                      ? usage.live_max - usage.live_bytes
                      : 0;
    return log < live ? log : live;
}

bool keepers_disk_has_room(const struct keepers_disk *d, size_t bytes)
{
    return d->count + 16 < KEEPERS_INDEX_MAX &&
           cost(d, bytes) + KEEPERS_LOG_RESERVE <= free_bytes(d);
}

unsigned keepers_disk_fill(const struct keepers_disk *d)
{
    size_t bytes = free_bytes(d);
    size_t by_log =
        bytes < KEEPERS_LOG_BYTES ? 1000 - 1000 * bytes / KEEPERS_LOG_BYTES : 0;
    size_t by_index = (size_t)1000 * d->count / KEEPERS_INDEX_MAX;
    return (unsigned)(by_log > by_index ? by_log : by_index);
}

static enum tomte_err put_record(struct keepers_disk *d, uint8_t kind,
                                 uint16_t type, raft_term term,
                                 raft_index index, struct tomte_span bytes,
                                 uint64_t *sequence)
{
    uint8_t piece[ENTRY_BYTES] = {0};
    size_t cap = piece_cap(d), head = HEAD, at = 0;
    piece[1] = kind;
    piece[2] = (uint8_t)type;
    tomte_put_le64(piece + 8, term);
    tomte_put_le64(piece + 16, index);
    d->writes++;
    for (bool first = true; first || at < bytes.len; first = false) {
        struct tomte_span part = tomte_span_slice(bytes, at, cap - head);
        uint64_t number;
        at += part.len;
        piece[0] = (uint8_t)((at < bytes.len ? FLAG_MORE : 0) |
                             (first ? 0 : FLAG_GOES_ON));
        if (part.len > 0)
            memcpy(piece + head, part.data, part.len);
        enum tomte_err err = tomte_store_log_append(
            d->store, d->log, TOMTE_SPAN(piece, head + part.len), &number);
        if (err != TOMTE_OK)
            return err;
        if (first)
            *sequence = number;
        head = 1;
    }
    return TOMTE_OK;
}

/* The entry becomes the last one. */
static void note(struct keepers_disk *d, raft_index index,
                 struct keepers_place where)
{
    d->count = (uint32_t)(index - d->first) + 1;
    *place(d, index) = where;
}

enum tomte_err keepers_disk_append(struct keepers_disk *d, raft_index first,
                                   const struct raft_entry *entries, unsigned n)
{
    size_t need = 0;
    if (first < d->first || first > keepers_disk_last(d) + 1)
        return TOMTE_ERR_RANGE;
    for (unsigned i = 0; i < n; i++)
        need += cost(d, entries[i].buf.len);
    if (first - d->first + n > KEEPERS_INDEX_MAX || need > free_bytes(d))
        return TOMTE_ERR_NO_SPACE;
    d->count = (uint32_t)(first - d->first);
    for (unsigned i = 0; i < n; i++) {
        const struct raft_entry *e = &entries[i];
        struct keepers_place where = {
            .term = e->term, .size = (uint32_t)e->buf.len, .type = e->type};
        enum tomte_err err =
            put_record(d, KIND_ENTRY, e->type, e->term, first + i,
                       TOMTE_SPAN(e->buf.base, e->buf.len), &where.sequence);
        if (err != TOMTE_OK)
            return err;
        note(d, first + i, where);
    }
    return TOMTE_OK;
}

enum tomte_err keepers_disk_cut(struct keepers_disk *d, raft_index from)
{
    uint64_t sequence;
    if (!has(d, from))
        return TOMTE_OK;
    enum tomte_err err =
        put_record(d, KIND_CUT, 0, 0, from, TOMTE_SPAN_NONE, &sequence);
    if (err == TOMTE_OK)
        d->count = (uint32_t)(from - d->first);
    return err;
}

enum tomte_err keepers_disk_trim(struct keepers_disk *d, raft_index first)
{
    if (first <= d->first)
        return TOMTE_OK;
    if (!has(d, first))
        return keepers_disk_clear(d, first);
    d->writes++;
    enum tomte_err err =
        tomte_store_log_trim(d->store, d->log, place(d, first)->sequence);
    if (err != TOMTE_OK)
        return err;
    d->count -= (uint32_t)(first - d->first);
    d->first = first;
    return TOMTE_OK;
}

enum tomte_err keepers_disk_clear(struct keepers_disk *d, raft_index next)
{
    struct tomte_store_log_range range;
    enum tomte_err err = tomte_store_log_range(d->store, d->log, &range);
    d->writes++;
    if (err == TOMTE_OK)
        err = tomte_store_log_trim(d->store, d->log, range.next);
    if (err != TOMTE_OK)
        return err;
    d->first = next;
    d->count = 0;
    return TOMTE_OK;
}

/* ---- reading the log ---- */

struct reader {
    struct keepers_disk *d;
    struct tomte_store_cursor cursor;
    uint8_t piece[ENTRY_BYTES];
    size_t len;
    uint64_t sequence;
    bool again; /* the piece that is there comes next once more */
};

static enum tomte_err next_piece(struct reader *r)
{
    if (r->again) {
        r->again = false;
        return TOMTE_OK;
    }
    enum tomte_err err =
        tomte_store_log_next(r->d->store, &r->cursor, TOMTE_BUF_ARRAY(r->piece),
                             &r->len, &r->sequence);
    if (err == TOMTE_ERR_TOO_LARGE || (err == TOMTE_OK && r->len < 1))
        err = TOMTE_ERR_CORRUPT;
    return err;
}

/* The first piece of the next record; what goes on from a piece that is not
 * there any more is passed over. */
static enum tomte_err next_record(struct reader *r, struct record *out)
{
    enum tomte_err err;
    do
        err = next_piece(r);
    while (err == TOMTE_OK && (r->piece[0] & FLAG_GOES_ON) != 0);
    if (err != TOMTE_OK)
        return err;
    if (r->len < HEAD || r->piece[1] > KIND_CUT ||
        (r->piece[1] == KIND_ENTRY &&
         (r->piece[2] < RAFT_COMMAND || r->piece[2] > RAFT_CHANGE)))
        return TOMTE_ERR_CORRUPT;
    *out = (struct record){
        .kind = r->piece[1],
        .type = r->piece[2],
        .term = tomte_get_le64(r->piece + 8),
        .index = tomte_get_le64(r->piece + 16),
        .bytes = TOMTE_SPAN(r->piece + HEAD, r->len - HEAD),
        .more = (r->piece[0] & FLAG_MORE) != 0,
    };
    return TOMTE_OK;
}

/* Takes the rest of a record, to `out` when that is not NULL. A power cut may
 * have left it without its end: then it is none, `*whole` is false, and what
 * was written after the cut comes next. */
static enum tomte_err rest(struct reader *r, const struct record *record,
                           uint8_t *out, size_t *size, bool *whole)
{
    bool more = record->more;
    *size = record->bytes.len;
    *whole = true;
    if (out != NULL && *size > 0)
        memcpy(out, record->bytes.data, *size);
    while (more) {
        enum tomte_err err = next_piece(r);
        if (err != TOMTE_OK && err != TOMTE_ERR_NOT_FOUND)
            return err;
        r->again = err == TOMTE_OK && (r->piece[0] & FLAG_GOES_ON) == 0;
        if (err == TOMTE_ERR_NOT_FOUND || r->again) {
            *whole = false;
            return TOMTE_OK;
        }
        if (out != NULL)
            memcpy(out + *size, r->piece + 1, r->len - 1);
        *size += r->len - 1;
        more = (r->piece[0] & FLAG_MORE) != 0;
    }
    return TOMTE_OK;
}

/* One record into the index. */
static enum tomte_err replay(struct keepers_disk *d, const struct record *r,
                             struct keepers_place where)
{
    if (d->count == 0 && r->kind == KIND_CUT)
        return TOMTE_OK;
    if (d->count == 0)
        d->first = r->index;
    if (r->index < d->first)
        return TOMTE_ERR_CORRUPT;
    if (r->index > d->first + d->count)
        return TOMTE_ERR_CORRUPT; /* a hole */
    d->count = (uint32_t)(r->index - d->first);
    if (r->kind == KIND_CUT)
        return TOMTE_OK;
    if (d->count == KEEPERS_INDEX_MAX || r->index == 0 || r->term == 0)
        return TOMTE_ERR_CORRUPT;
    note(d, r->index, where);
    return TOMTE_OK;
}

static enum tomte_err scan(struct keepers_disk *d)
{
    struct reader r = {.d = d};
    struct record record;
    enum tomte_err err = tomte_store_log_seek(d->store, d->log, 0, &r.cursor);
    while (err == TOMTE_OK) {
        err = next_record(&r, &record);
        if (err != TOMTE_OK)
            break;
        size_t size;
        bool whole;
        struct keepers_place where = {
            .sequence = r.sequence, .term = record.term, .type = record.type};
        err = rest(&r, &record, NULL, &size, &whole);
        where.size = (uint32_t)size;
        if (err == TOMTE_OK && whole)
            err = replay(d, &record, where);
    }
    return err == TOMTE_ERR_NOT_FOUND ? TOMTE_OK : err;
}

/* The log goes on from the snapshot, or it does not count. */
static enum tomte_err reconcile(struct keepers_disk *d)
{
    raft_index at = d->snapshot_index;
    if (at == 0)
        return d->count == 0 || d->first == 1 ? TOMTE_OK : TOMTE_ERR_CORRUPT;
    if (d->count == 0 || keepers_disk_last(d) < at ||
        (has(d, at) && keepers_disk_term(d, at) != d->snapshot_term))
        return keepers_disk_clear(d, at + 1);
    return d->first <= at + 1 ? TOMTE_OK : TOMTE_ERR_CORRUPT;
}

static enum tomte_err read_entries(struct keepers_disk *d,
                                   struct raft_entry *entries, uint8_t *batch)
{
    struct reader r = {.d = d};
    struct record record;
    size_t used = 0;
    uint32_t n = 0;
    enum tomte_err err = tomte_store_log_seek(d->store, d->log, 0, &r.cursor);
    while (err == TOMTE_OK && n < d->count) {
        const struct keepers_place *p = place(d, d->first + n);
        err = next_record(&r, &record);
        if (err != TOMTE_OK || r.sequence != p->sequence)
            continue;
        entries[n++] = (struct raft_entry){.term = p->term,
                                           .type = p->type,
                                           .buf = {batch + used, p->size},
                                           .batch = batch};
        size_t size;
        bool whole;
        err = rest(&r, &record, batch + used, &size, &whole);
        TOMTE_ASSERT(err != TOMTE_OK || (whole && size == p->size));
        used += size;
    }
    return err == TOMTE_ERR_NOT_FOUND ? TOMTE_ERR_CORRUPT : err;
}

enum tomte_err keepers_disk_load(struct keepers_disk *d,
                                 struct raft_entry **entries)
{
    size_t bytes = 1;
    *entries = NULL;
    if (d->count == 0)
        return TOMTE_OK;
    for (uint32_t i = 0; i < d->count; i++)
        bytes += place(d, d->first + i)->size;
    uint8_t *batch = raft_malloc(bytes);
    struct raft_entry *all = raft_malloc(d->count * sizeof *all);
    enum tomte_err err = batch == NULL || all == NULL
                             ? TOMTE_ERR_NO_MEMORY
                             : read_entries(d, all, batch);
    if (err != TOMTE_OK) {
        raft_free(batch);
        raft_free(all);
        return err;
    }
    *entries = all;
    return TOMTE_OK;
}

/* ---- opening ---- */

bool keepers_disk_exists(struct tomte_store *store)
{
    uint8_t value[16];
    size_t len;
    return tomte_store_get(store, VOTE, TOMTE_BUF_ARRAY(value), &len) !=
           TOMTE_ERR_NOT_FOUND;
}

enum tomte_err keepers_disk_open(struct keepers_disk *d,
                                 struct tomte_store *store,
                                 struct keepers_place *places)
{
    *d = (struct keepers_disk){.store = store, .first = 1, .places = places};
    enum tomte_err err =
        tomte_store_log_open(store, LOG, KEEPERS_LOG_BYTES, &d->log);
    if (err == TOMTE_OK)
        err = keepers_disk_snapshot_find(d);
    if (err == TOMTE_OK)
        err = scan(d);
    return err == TOMTE_OK ? reconcile(d) : err;
}
