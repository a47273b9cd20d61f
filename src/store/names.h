/* SPDX-License-Identifier: Apache-2.0 */
/* store/names.h: what is known in RAM, by name. Private to the room.
 *
 * Records, logs and blobs each have a table of names. A name is held as the
 * hash of its bytes and the place of its current entry on the device, where the
 * bytes are read to tell two names of one hash apart. */
#pragma once

#include "store/ring.h"

struct tomte_store_log {
    struct tomte_store_slot name; /* first: a slot may be cast to its log */
    uint32_t id;
    uint32_t bytes; /* of the entries that are kept */
    uint32_t bytes_max;
    uint32_t first_at; /* where entry `first` is; 0 when not known */
    uint32_t last_at;  /* the same of the last one */
    uint64_t first;
    uint64_t next;
};

struct tomte_store_blob {
    struct tomte_store_slot name; /* first: a slot may be cast to its blob */
    uint32_t first;               /* sector */
    uint32_t size;
    uint32_t crc;
};

/* Slots of the hash table for so many records. */
uint32_t store_table_slots(uint32_t records_max);

/* The slot of a name, or NULL when there is none. IO. */
enum tomte_err store_find(struct tomte_store *s, enum store_kind kind,
                          struct tomte_span key, struct tomte_store_slot **out);

/* The same by hash only, for names whose bytes are damaged. */
struct tomte_store_slot *store_find_hash(struct tomte_store *s,
                                         enum store_kind kind, uint32_t hash);

/* The slot whose current entry is this very one, or NULL: it is not live. */
struct tomte_store_slot *store_owner(struct tomte_store *s,
                                     const struct store_entry *e);

struct tomte_store_log *store_log_of(const struct tomte_store *s, uint32_t id);

/* A log keeps `bytes` less. */
void store_log_shrink(struct tomte_store *s, struct tomte_store_log *log,
                      uint32_t bytes);

/* The table has room for one more name. */
bool store_has_room(const struct tomte_store *s, enum store_kind kind);

/* Let `e` be the current entry of its name: in `slot`, or in a new slot when
 * that is NULL (the caller made sure of room). Keeps the count of live bytes.
 * The slot is returned. */
struct tomte_store_slot *store_set(struct tomte_store *s,
                                   struct tomte_store_slot *slot,
                                   const struct store_entry *e);

/* Forget a name. Of all slots of the kind, pointers are void afterwards. */
void store_drop(struct tomte_store *s, enum store_kind kind,
                struct tomte_store_slot *slot);

/* Write `value` under a name, and set its slot; FULL when the table is. */
enum tomte_err store_name_put(struct tomte_store *s, enum store_kind kind,
                              struct tomte_span key, struct tomte_span value,
                              struct tomte_store_slot **out);

/* Write that a name is gone, and drop it. NOT_FOUND. */
enum tomte_err store_name_remove(struct tomte_store *s, enum store_kind kind,
                                 struct tomte_span key);

/* The next name that begins with `prefix`, from slot *cursor on. */
enum tomte_err store_name_next(struct tomte_store *s, enum store_kind kind,
                               struct tomte_span prefix, uint32_t *cursor,
                               uint8_t key[TOMTE_STORE_KEY_MAX],
                               size_t *key_len);
