/* SPDX-License-Identifier: Apache-2.0 */
#include "store/names.h"

#include "base/assert.h"
#include "base/crc.h"

#include <string.h>

/* ---- the tables ------------------------------------------------------- */

uint32_t store_table_slots(uint32_t records_max)
{
    uint32_t slots = 4;
    while (slots - slots / 4 < records_max)
        slots *= 2;
    return slots;
}

/* How many slots a kind has, and the i-th. Records lie in a hash table with
 * linear probing, logs and blobs, of which there are few, anywhere in theirs.
 */
static uint32_t slot_count(const struct tomte_store *s, enum store_kind kind)
{
    return kind == STORE_RECORD ? s->slot_mask + 1
           : kind == STORE_LOG  ? s->logs_max
                                : s->blobs_max;
}

static struct tomte_store_slot *slot_at(const struct tomte_store *s,
                                        enum store_kind kind, uint32_t i)
{
    return kind == STORE_RECORD ? &s->slots[i]
           : kind == STORE_LOG  ? &s->logs[i].name
                                : &s->blobs[i].name;
}

/* The slots that may hold a hash: begin with *i 0, NULL after the last. */
static struct tomte_store_slot *candidate(const struct tomte_store *s,
                                          enum store_kind kind, uint32_t hash,
                                          uint32_t *i)
{
    while (*i < slot_count(s, kind)) {
        uint32_t n = (*i)++;
        if (kind == STORE_RECORD)
            n = (hash + n) & s->slot_mask;
        struct tomte_store_slot *slot = slot_at(s, kind, n);
        if (kind == STORE_RECORD && slot->at == 0)
            return NULL;
        if (slot->at != 0 && slot->hash == hash)
            return slot;
    }
    return NULL;
}

bool store_has_room(const struct tomte_store *s, enum store_kind kind)
{
    if (kind == STORE_RECORD)
        return s->records < s->records_max;
    for (uint32_t i = 0; i < slot_count(s, kind); i++)
        if (slot_at(s, kind, i)->at == 0)
            return true;
    return false;
}

static struct tomte_store_slot *add(struct tomte_store *s, enum store_kind kind,
                                    uint32_t hash)
{
    TOMTE_ASSERT(store_has_room(s, kind));
    uint32_t i = kind == STORE_RECORD ? hash & s->slot_mask : 0;
    while (slot_at(s, kind, i)->at != 0)
        i = kind == STORE_RECORD ? (i + 1) & s->slot_mask : i + 1;
    s->records += kind == STORE_RECORD;
    if (kind == STORE_LOG)
        memset(&s->logs[i], 0, sizeof s->logs[i]);
    return slot_at(s, kind, i);
}

struct tomte_store_slot *store_set(struct tomte_store *s,
                                   struct tomte_store_slot *slot,
                                   const struct store_entry *e)
{
    if (slot == NULL) {
        slot = add(s, (enum store_kind)e->kind, e->hash);
        slot->size = 0;
    }
    s->live += e->size - slot->size;
    slot->hash = e->hash;
    slot->at = e->at;
    slot->size = e->size;
    slot->damaged = (e->flags & STORE_DAMAGED) != 0;
    return slot;
}

/* Take a record out of the hash table: close the gap with each later one that
 * its own place in the chain allows to move there. */
static void unlink_record(struct tomte_store *s, uint32_t gap)
{
    uint32_t mask = s->slot_mask;
    for (uint32_t i = (gap + 1) & mask; s->slots[i].at != 0;
         i = (i + 1) & mask) {
        uint32_t home = s->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            s->slots[gap] = s->slots[i];
            gap = i;
        }
    }
    s->slots[gap].at = 0;
    s->records--;
}

void store_drop(struct tomte_store *s, enum store_kind kind,
                struct tomte_store_slot *slot)
{
    s->live -= slot->size;
    if (kind == STORE_RECORD) {
        unlink_record(s, (uint32_t)(slot - s->slots));
        return;
    }
    slot->at = 0;
    if (kind == STORE_LOG)
        s->live -= ((struct tomte_store_log *)slot)->bytes;
}

/* ---- finding ---------------------------------------------------------- */

/* The name of a slot is `key`, or nobody can tell any more. */
static enum tomte_err is_name(struct tomte_store *s,
                              struct tomte_store_slot *slot,
                              struct tomte_span key, bool *same)
{
    uint8_t name[TOMTE_STORE_KEY_MAX];
    struct store_entry e;
    *same = slot->damaged;
    if (slot->damaged)
        return TOMTE_OK;
    enum tomte_err err = store_entry_read(s, store_seq_of(s, slot->at),
                                          slot->at % s->block.sector_bytes, &e);
    if (err == TOMTE_OK)
        err = store_read(s, e.at + STORE_ENTRY_BYTES, name, e.key_len);
    if (err == TOMTE_OK) {
        *same = tomte_span_equal(key, TOMTE_SPAN(name, e.key_len));
        if (!*same)
            err = store_body_check(s, &e);
    }
    if (err == TOMTE_ERR_CORRUPT) {
        *same = slot->damaged = true;
        err = TOMTE_OK;
    }
    return err;
}

enum tomte_err store_find(struct tomte_store *s, enum store_kind kind,
                          struct tomte_span key, struct tomte_store_slot **out)
{
    *out = NULL;
    if (key.len == 0 || key.len > TOMTE_STORE_KEY_MAX)
        return TOMTE_ERR_MALFORMED;
    uint32_t i = 0, hash = tomte_crc32c(0, key);
    struct tomte_store_slot *slot;
    while ((slot = candidate(s, kind, hash, &i)) != NULL) {
        bool same;
        enum tomte_err err = is_name(s, slot, key, &same);
        if (err != TOMTE_OK)
            return err;
        if (same) {
            *out = slot;
            return TOMTE_OK;
        }
    }
    return TOMTE_OK;
}

struct tomte_store_slot *store_find_hash(struct tomte_store *s,
                                         enum store_kind kind, uint32_t hash)
{
    uint32_t i = 0;
    return candidate(s, kind, hash, &i);
}

struct tomte_store_slot *store_owner(struct tomte_store *s,
                                     const struct store_entry *e)
{
    if (e->kind == STORE_ENTRY || e->kind == STORE_NOTE)
        return NULL;
    uint32_t i = 0;
    struct tomte_store_slot *slot;
    do
        slot = candidate(s, (enum store_kind)e->kind, e->hash, &i);
    while (slot != NULL && slot->at != e->at);
    return slot;
}

struct tomte_store_log *store_log_of(const struct tomte_store *s, uint32_t id)
{
    for (uint32_t i = 0; i < s->logs_max; i++)
        if (s->logs[i].name.at != 0 && s->logs[i].id == id)
            return &s->logs[i];
    return NULL;
}

void store_log_shrink(struct tomte_store *s, struct tomte_store_log *log,
                      uint32_t bytes)
{
    if (bytes > log->bytes)
        bytes = log->bytes; /* what rot took was not counted at mount */
    log->bytes -= bytes;
    s->live -= bytes;
}

/* ---- changing --------------------------------------------------------- */

enum tomte_err store_name_put(struct tomte_store *s, enum store_kind kind,
                              struct tomte_span key, struct tomte_span value,
                              struct tomte_store_slot **out)
{
    struct tomte_store_slot *slot;
    struct store_entry e = {.kind = (uint8_t)kind,
                            .hash = tomte_crc32c(0, key)};
    enum tomte_err err = store_find(s, kind, key, &slot);
    if (err != TOMTE_OK)
        return err;
    if (slot == NULL && !store_has_room(s, kind))
        return TOMTE_ERR_FULL;
    uint32_t size = store_entry_size(s, key.len, value.len);
    if (size == 0)
        return TOMTE_ERR_TOO_LARGE;
    err = store_admit(s, size, slot == NULL ? 0 : slot->size);
    if (err == TOMTE_OK)
        err = store_append(s, &e, key, value);
    if (err == TOMTE_OK)
        *out = store_set(s, slot, &e);
    return err;
}

enum tomte_err store_name_remove(struct tomte_store *s, enum store_kind kind,
                                 struct tomte_span key)
{
    struct tomte_store_slot *slot;
    struct store_entry e = {.kind = (uint8_t)kind,
                            .flags = STORE_REMOVED,
                            .hash = tomte_crc32c(0, key)};
    enum tomte_err err = store_find(s, kind, key, &slot);
    if (err != TOMTE_OK)
        return err;
    if (slot == NULL)
        return TOMTE_ERR_NOT_FOUND;
    uint32_t size = store_entry_size(s, key.len, 0);
    err = store_admit(s, size, size);
    if (err == TOMTE_OK)
        err = store_append(s, &e, key, TOMTE_SPAN_NONE);
    if (err == TOMTE_OK)
        store_drop(s, kind, slot);
    return err;
}

enum tomte_err store_name_next(struct tomte_store *s, enum store_kind kind,
                               struct tomte_span prefix, uint32_t *cursor,
                               uint8_t key[TOMTE_STORE_KEY_MAX],
                               size_t *key_len)
{
    while (*cursor < slot_count(s, kind)) {
        const struct tomte_store_slot *slot = slot_at(s, kind, (*cursor)++);
        struct store_entry e;
        if (slot->at == 0 || slot->damaged)
            continue;
        enum tomte_err err = store_entry_read(
            s, store_seq_of(s, slot->at), slot->at % s->block.sector_bytes, &e);
        if (err == TOMTE_OK)
            err = store_body_check(s, &e);
        if (err == TOMTE_ERR_CORRUPT)
            continue;
        if (err == TOMTE_OK)
            err = store_read(s, e.at + STORE_ENTRY_BYTES, key, e.key_len);
        if (err != TOMTE_OK)
            return err;
        struct tomte_span name = TOMTE_SPAN(key, e.key_len);
        if (!tomte_span_equal(prefix, tomte_span_slice(name, 0, prefix.len)))
            continue;
        *key_len = e.key_len;
        return TOMTE_OK;
    }
    return TOMTE_ERR_NOT_FOUND;
}
