/* SPDX-License-Identifier: Apache-2.0 */
/* store/format.h: the bytes on the device; docs/spec/store.md is their
 * reference. Private to the room. Integers are little-endian.
 *
 * A segment is a sector of the ring: one segment header, then entries. Segment
 * number n lies in sector n modulo ring. */
#pragma once

#include "base/err.h"
#include "base/span.h"

#define STORE_VERSION       1u
#define STORE_SEGMENT_BYTES 64u /* header of a segment */
#define STORE_ENTRY_BYTES   32u /* header of an entry */
#define STORE_ALIGN_MIN     8u

/* Segment numbers end here; at 64 KiB each that is 256 TiB of writing. */
#define STORE_SEQ_MAX (UINT32_MAX - UINT16_MAX)

/* The header of a segment. Its first 12 bytes and its checksum keep their place
 * in every version to come. */
struct store_segment {
    uint32_t sector_bytes;
    uint32_t ring;     /* sectors */
    uint32_t align;    /* of entries */
    uint32_t seq;      /* number of this segment */
    uint32_t tail;     /* oldest segment in use when this one was opened ... */
    uint32_t tail_off; /* ... and up to where it was cleaned */
    uint32_t prev_end; /* where the entries of segment seq - 1 end */
};

enum store_kind {
    STORE_RECORD = 1, /* key, value */
    STORE_LOG,        /* name of a log: id, first, next */
    STORE_ENTRY,      /* entry of a log: no key; number and log id in header */
    STORE_BLOB,       /* name of a blob: sector, size, crc */
    STORE_NOTE,       /* nothing but how far cleaning has come */
    STORE_KIND_END
};

enum store_flag {
    STORE_BARRIER = 1, /* all before this entry was durable when written */
    STORE_COPY = 2,    /* cleaning moved it here */
    STORE_REMOVED = 4, /* the name is gone */
    STORE_DAMAGED = 8, /* stands for an entry whose body was damaged: no key,
                          no value, only the hash of the key */
    STORE_FLAGS = 15
};

struct store_entry {
    uint8_t kind;
    uint8_t flags;
    uint8_t key_len;
    uint32_t value_len;
    uint64_t number;   /* STORE_ENTRY: its sequence */
    uint32_t hash;     /* of the key; STORE_ENTRY: the log's id */
    uint32_t tail;     /* oldest segment in use when this was written ... */
    uint32_t tail_off; /* ... and up to where it was cleaned */
    uint32_t body_crc; /* of key and value */
    /* not stored: where it is */
    uint32_t seq;
    uint32_t off;  /* in the segment */
    uint32_t at;   /* on the device */
    uint32_t size; /* padded */
};

void store_segment_encode(const struct store_segment *g,
                          uint8_t out[STORE_SEGMENT_BYTES]);

/* OK; CORRUPT: these bytes are no segment header; VERSION: they are, of another
 * version. */
enum tomte_err store_segment_decode(const uint8_t in[STORE_SEGMENT_BYTES],
                                    struct store_segment *g);

/* The checksum covers e->seq and e->off too: an entry is only valid where it
 * was written, so neither an older one nor one inside a value passes for one.
 */
void store_entry_encode(const struct store_entry *e,
                        uint8_t out[STORE_ENTRY_BYTES]);

/* Fills all but `at` and `size`; false when it is no entry of that place. */
bool store_entry_decode(const uint8_t in[STORE_ENTRY_BYTES], uint32_t seq,
                        uint32_t off, struct store_entry *e);
