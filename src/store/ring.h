/* SPDX-License-Identifier: Apache-2.0 */
/* store/ring.h: the ring of segments, read (ring.c) and written (write.c).
 * Private to the room.
 *
 * Segments tail to head are in use, in that order of time; segment number n
 * lies in sector n modulo ring, so the next one to be opened always takes the
 * place of the oldest that is not in use. */
#pragma once

#include "store/format.h"
#include "store/store.h"

/* Offset on the device of byte `off` of segment `seq`, and back again. */
uint32_t store_at(const struct tomte_store *s, uint32_t seq, uint32_t off);
uint32_t store_seq_of(const struct tomte_store *s, uint32_t at);

/* Sectors of the ring that are not in use. */
uint32_t store_free(const struct tomte_store *s);

/* The size on the device of an entry, or 0 when there can be none so large. */
uint32_t store_entry_size(const struct tomte_store *s, size_t key_len,
                          size_t value_len);

enum tomte_err store_read(const struct tomte_store *s, uint32_t at, void *out,
                          size_t len);

/* OK; CORRUPT: there is no header of segment `seq` in its sector. */
enum tomte_err store_segment_read(const struct tomte_store *s, uint32_t seq,
                                  struct store_segment *g);

/* OK; CORRUPT: no header of an entry there. Says nothing about the body. */
enum tomte_err store_entry_read(const struct tomte_store *s, uint32_t seq,
                                uint32_t off, struct store_entry *e);

/* Key and value against their checksum: OK or CORRUPT. */
enum tomte_err store_body_check(const struct tomte_store *s,
                                const struct store_entry *e);

/* The next entry header of segment `seq` at or after *off and before `end`;
 * *off is then behind it. What lies between and is none is passed over: compare
 * e->off. NOT_FOUND at the end. */
enum tomte_err store_walk(const struct tomte_store *s, uint32_t seq,
                          uint32_t *off, uint32_t end, struct store_entry *e);

/* Where the entries of a segment end that has no successor to say so: behind
 * the last one that a cut cannot have undone. */
struct store_end {
    uint32_t off;
    uint32_t torn; /* bytes behind it up to the last that is not blank */
    bool barrier;  /* an entry says that this segment was durable */
};
enum tomte_err store_find_end(const struct tomte_store *s, uint32_t seq,
                              struct store_end *end);

/* Where the entries of segment `seq` end, tail <= seq <= head. */
enum tomte_err store_segment_end(const struct tomte_store *s, uint32_t seq,
                                 uint32_t *end);

/* A walk over the ring, from anywhere in it to the head's end. */
struct store_place {
    uint32_t seq;
    uint32_t off;
    uint32_t end;
};
enum tomte_err store_place_set(const struct tomte_store *s,
                               struct store_place *p, uint32_t seq,
                               uint32_t off);
enum tomte_err store_place_next(const struct tomte_store *s,
                                struct store_place *p, struct store_entry *e);

/* ---- writing ---------------------------------------------------------- */

/* An entry of `size` bytes fits behind the head's last one. */
bool store_fits(const struct tomte_store *s, uint32_t size);

/* Make the next segment the head. The caller made sure that one is free. */
enum tomte_err store_open(struct tomte_store *s);

/* Write an entry where it fits. In: kind, flags, number, hash. Out: the rest.
 * After an error the head is closed and nothing else changed. */
enum tomte_err store_append(struct tomte_store *s, struct store_entry *e,
                            struct tomte_span key, struct tomte_span value);

/* The same with the body of another entry, whose checksum was seen to match. */
enum tomte_err store_append_copy(struct tomte_store *s,
                                 const struct store_entry *from,
                                 struct store_entry *e);

/* Erase the sector behind the head, if that is due and allowed. */
enum tomte_err store_erase_ahead(struct tomte_store *s);

/* ---- cleaning (clean.c) ----------------------------------------------- */

/* Make room for an entry of `size` bytes that takes the place of `freed` live
 * bytes; `freed` above `size` is for entries that are not live themselves. */
enum tomte_err store_admit(struct tomte_store *s, uint32_t size,
                           uint32_t freed);
