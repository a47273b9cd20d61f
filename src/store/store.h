/* SPDX-License-Identifier: Apache-2.0 */
/* store/store.h: what a node keeps through a power cut.
 *
 * One store per node, over one block device. It holds three kinds of things,
 * each with its own name space; a name (key) is 1 to 127 bytes, any bytes:
 *
 *   record   a small value: put, get, remove
 *   log      a stream of small entries, numbered from 0 without gaps:
 *            append, iterate, trim from the front
 *   blob     a large value (an image, a checkpoint): written in pieces, then
 *            committed under its name in one instant; read by offset, or in
 *            place where the device can map
 *
 * The promise. What a successful sync covers is there after any power cut. Of
 * what was done since, a prefix is: each call happened wholly or not at all,
 * and if one did, so did all before it. Nothing is ever half there. So a caller
 * batches the puts and appends of one step, calls sync once, then speaks.
 *
 * Damage. A torn end is what a power cut leaves; it is dropped and counted. Bit
 * rot elsewhere is found by checksum at mount and again at each read: what is
 * damaged answers CORRUPT until it is put or removed, all else stays readable,
 * and the report says how much and where. An older value never stands in for a
 * damaged one, unless the report counts it under `lost` (the damage took the
 * name too). Rot in what was written last, before anything was synced after it,
 * cannot be told from a torn end.
 *
 * Memory. All of it is taken from the caller's arena at mount, and its size is
 * tomte_store_memory(): no call takes more. Spans are borrowed until return.
 * Work per call is bounded: a call that writes n bytes to the ring looks at 8 n
 * bytes of it at most to clean up, and erases one sector or two; only right
 * after a cut or an error it may be more, at worst a lap of the ring. A partial
 * trim and an iteration read headers (docs/internals/store.md).
 *
 * Space. About half of the ring (the sectors that hold records and logs) may be
 * live; the rest is what cleaning needs. NO_SPACE comes before anything was
 * changed; remove and trim work even then. Blobs lie in the other sectors, each
 * in one contiguous run.
 *
 * Errors of all functions: NO_SPACE, FULL (a table of the configuration, or a
 * log's own limit), TOO_LARGE, NOT_FOUND, CORRUPT, MALFORMED (a key of no or
 * too many bytes), and IO: the device failed. After a failed sync every call
 * that writes returns IO until the store is mounted again. Another write that
 * failed has not happened; only if the power is cut before the next one
 * succeeds, mount may find that it has.
 *
 * Not secret: removed and replaced values stay on the device until their sector
 * is erased. Not thread-safe.
 *
 * Life: format (once) -> mount -> (anything)*. There is no unmount: a store may
 * be dropped at any instant. */
#pragma once

#include "base/arena.h"
#include "store/block.h"

#define TOMTE_STORE_KEY_MAX          127
#define TOMTE_STORE_RING_SECTORS_MIN 6 /* fewest that cleaning can work with */

struct tomte_store_config {
    struct tomte_block block; /* copied */
    struct tomte_arena *arena;
    uint32_t records_max; /* at most this many records ... */
    uint32_t logs_max;    /* ... and logs ... */
    uint32_t blobs_max;   /* ... and blobs at one time */
};

/* What mount found. */
struct tomte_store_report {
    uint32_t sectors;      /* of the device */
    uint32_t ring_sectors; /* of these, for records and logs */
    uint32_t ring_used;    /* of these, in use */
    uint32_t records;
    uint32_t logs;
    uint32_t log_entries;
    uint32_t blobs;
    uint32_t torn_bytes; /* dropped at the end: a power cut was here */
    uint32_t damaged;    /* places where a checksum failed ... */
    uint32_t damaged_at; /* ... and the first one's offset on the device */
    uint32_t lost;       /* of these, places whose name is not known */
};

/* How full it is. */
struct tomte_store_usage {
    uint32_t live_bytes; /* of records, logs and names */
    uint32_t live_max;   /* their limit */
    uint32_t ring_free;  /* sectors */
    uint32_t blob_free;  /* sectors that no blob uses */
    uint32_t blob_run;   /* the longest contiguous run of them */
    uint64_t written;    /* bytes that callers wrote since mount */
    uint64_t copied;     /* bytes that cleaning copied since mount */
    uint32_t erased;     /* sectors erased since mount */
};

/* A record in RAM: where the current entry of a key lies. */
struct tomte_store_slot {
    uint32_t hash;
    uint32_t at;   /* offset on the device; 0 is an empty slot */
    uint32_t size; /* of the entry, padded */
    bool damaged;
};

struct tomte_store_log;
struct tomte_store_blob;
struct tomte_store_writer;

#define TOMTE_STORE_STAGE_BYTES 256 /* small entries are one program call */

/* Private; public only so that callers can hold one. */
struct tomte_store {
    struct tomte_block block;
    uint32_t align; /* every entry begins and ends on a multiple of it */
    uint32_t ring;  /* sectors [0, ring) are the ring, the others for blobs */
    uint32_t entry_max;
    uint32_t live;
    uint32_t live_max;

    uint32_t head;       /* sequence of the segment that is written */
    uint32_t head_end;   /* offset in it behind the last entry */
    bool head_closed;    /* what follows is not blank: write elsewhere */
    uint32_t tail;       /* sequence of the oldest segment in use */
    uint32_t tail_off;   /* offset in it up to which it was cleaned */
    uint32_t tail_end;   /* where its entries end; 0 when not looked up */
    uint32_t tail_known; /* the tail as the ring itself tells it */
    bool next_erased;    /* the sector after the head is blank already */
    bool dirty;          /* something was written since the last sync */
    bool freed;          /* a blob's sectors were freed since the last sync */
    bool failed;         /* a sync failed: nothing is certain until mount */

    struct tomte_store_slot *slots;
    uint32_t slot_mask;
    uint32_t records;
    uint32_t records_max;
    struct tomte_store_log *logs;
    uint32_t logs_max;
    uint32_t log_id_next;
    struct tomte_store_blob *blobs;
    uint32_t blobs_max;
    uint32_t blob_next; /* sector where the search for room begins */
    struct tomte_store_writer *writers;

    uint64_t written;
    uint64_t tidied; /* of these, followed up by tomte_store_clean */
    uint64_t copied;
    uint32_t erased;

    uint32_t stage_at;
    uint32_t stage_len;
    uint8_t stage[TOMTE_STORE_STAGE_BYTES];
};

/* Make an empty store; whatever the ring held is gone. `ring_sectors` are for
 * records and logs, at least TOMTE_STORE_RING_SECTORS_MIN; the rest of the
 * device is for blobs. After a cut in the middle, mount says NOT_FOUND or finds
 * a damaged store; format again. RANGE when the geometry does not fit. */
TOMTE_MUST_CHECK enum tomte_err
tomte_store_format(const struct tomte_block *block, uint32_t ring_sectors);

/* The bytes that mount takes from the arena. */
size_t tomte_store_memory(const struct tomte_store_config *config);

/* Find what is there. Changes nothing on the device. Returns OK also when
 * something is damaged: look at the report, which is filled in every case.
 * NOT_FOUND: no store here, format it. VERSION: written by another version.
 * INVALID: formatted for another geometry. CORRUPT: nothing usable.
 * FULL: the tables are too small for what is there. NO_MEMORY: the arena is.
 * Only after OK may the other functions be called. */
TOMTE_MUST_CHECK enum tomte_err
tomte_store_mount(struct tomte_store *s,
                  const struct tomte_store_config *config,
                  struct tomte_store_report *report);

/* Everything done before is durable after it. Costs nothing when nothing was
 * written. */
TOMTE_MUST_CHECK enum tomte_err tomte_store_sync(struct tomte_store *s);

/* Optional, in idle time: clean up to `bytes` and erase the next sector ahead,
 * so that later calls need not wait for it. For each byte that was written it
 * looks at 8 at most, so calling it again and again wears nothing out. */
TOMTE_MUST_CHECK enum tomte_err tomte_store_clean(struct tomte_store *s,
                                                  uint32_t bytes);

void tomte_store_usage(const struct tomte_store *s,
                       struct tomte_store_usage *out);

/* ---- records ---------------------------------------------------------- */

/* The longest value that fits beside a key of this length; for records and,
 * with key_len 0, for log entries. At least 900 bytes. */
uint32_t tomte_store_value_max(const struct tomte_store *s, size_t key_len);

TOMTE_MUST_CHECK enum tomte_err tomte_store_put(struct tomte_store *s,
                                                struct tomte_span key,
                                                struct tomte_span value);

/* The value into `out`, its length into `len`. TOO_LARGE when `out` is too
 * small; `len` says what is needed. */
TOMTE_MUST_CHECK enum tomte_err tomte_store_get(struct tomte_store *s,
                                                struct tomte_span key,
                                                struct tomte_buf out,
                                                size_t *len);

/* NOT_FOUND when there is none. Works on a damaged record. */
TOMTE_MUST_CHECK enum tomte_err tomte_store_remove(struct tomte_store *s,
                                                   struct tomte_span key);

/* Walk the keys that begin with `prefix`, in no order. Begin with *cursor 0;
 * NOT_FOUND after the last. Damaged records are skipped. Nothing may be written
 * between two calls. */
TOMTE_MUST_CHECK enum tomte_err
tomte_store_next(struct tomte_store *s, struct tomte_span prefix,
                 uint32_t *cursor, uint8_t key[TOMTE_STORE_KEY_MAX],
                 size_t *key_len);

/* ---- logs ------------------------------------------------------------- */

/* Open a log, and create it when there is none. `max_bytes` bounds what it
 * holds on the device (headers included, 32 bytes an entry); it is not stored.
 * `log` is the handle; it is never reused for another log. CORRUPT when its
 * name record is damaged: remove it first. */
TOMTE_MUST_CHECK enum tomte_err tomte_store_log_open(struct tomte_store *s,
                                                     struct tomte_span name,
                                                     uint32_t max_bytes,
                                                     uint32_t *log);

/* The number of the new entry into `sequence` (may be NULL). FULL at max_bytes,
 * NO_SPACE when the ring is. Once synced, a number is never given again. */
TOMTE_MUST_CHECK enum tomte_err tomte_store_log_append(struct tomte_store *s,
                                                       uint32_t log,
                                                       struct tomte_span entry,
                                                       uint64_t *sequence);

/* Drop the entries before `before`; RANGE when that is past the end. Cheap when
 * all are dropped, else reads the headers of those that are. */
TOMTE_MUST_CHECK enum tomte_err
tomte_store_log_trim(struct tomte_store *s, uint32_t log, uint64_t before);

/* The first kept entry and the number that comes next; equal when empty. */
struct tomte_store_log_range {
    uint64_t first;
    uint64_t next;
    uint32_t bytes; /* on the device */
};
TOMTE_MUST_CHECK enum tomte_err
tomte_store_log_range(const struct tomte_store *s, uint32_t log,
                      struct tomte_store_log_range *out);

/* Drop a log and its entries. Takes the name, so that a damaged one can go. */
TOMTE_MUST_CHECK enum tomte_err tomte_store_log_remove(struct tomte_store *s,
                                                       struct tomte_span name);

/* Where an iteration stands. Stays usable while the store is written. */
struct tomte_store_cursor {
    uint32_t log;
    uint64_t sequence; /* of the entry that comes next */
    uint32_t at;       /* private: where to look for it */
};

/* From `from`, or from the first kept entry when that is later. */
TOMTE_MUST_CHECK enum tomte_err
tomte_store_log_seek(const struct tomte_store *s, uint32_t log, uint64_t from,
                     struct tomte_store_cursor *out);

/* The next entry: its bytes into `out`, their number into `len`, its sequence
 * into `sequence`. NOT_FOUND after the last. CORRUPT: the entries from
 * `sequence` up to where the cursor now stands are damaged or gone; call again
 * to go on. TOO_LARGE: `len` says what is needed, the cursor stands still. */
TOMTE_MUST_CHECK enum tomte_err
tomte_store_log_next(struct tomte_store *s, struct tomte_store_cursor *c,
                     struct tomte_buf out, size_t *len, uint64_t *sequence);

/* Walk the names of logs, as tomte_store_next does those of records. */
TOMTE_MUST_CHECK enum tomte_err
tomte_store_log_name_next(struct tomte_store *s, struct tomte_span prefix,
                          uint32_t *cursor, uint8_t name[TOMTE_STORE_KEY_MAX],
                          size_t *name_len);

/* ---- blobs ------------------------------------------------------------ */

/* A blob that is being written. Caller's memory, until commit or abort. */
struct tomte_store_writer {
    struct tomte_store_writer *next;
    uint32_t first;    /* sector */
    uint32_t sectors;  /* held while it is written */
    uint32_t size_max; /* bytes */
    uint32_t size;     /* bytes taken so far */
    uint32_t at;       /* bytes programmed so far */
    uint32_t crc;
    bool broken; /* a write failed: nothing but abort is left */
    uint8_t key_len;
    uint8_t key[TOMTE_STORE_KEY_MAX];
    uint8_t stage[TOMTE_BLOCK_UNIT_MAX];
};

/* Begin a blob of at most `size_max` bytes. Several may be under way. NO_SPACE
 * when no run of sectors is long enough; nothing is erased yet. */
TOMTE_MUST_CHECK enum tomte_err
tomte_store_blob_begin(struct tomte_store *s, struct tomte_store_writer *w,
                       struct tomte_span name, uint32_t size_max);

/* The next piece, of any length; erases sectors as it comes to them. TOO_LARGE
 * past size_max. After any other error the blob cannot be completed: abort. */
TOMTE_MUST_CHECK enum tomte_err
tomte_store_blob_write(struct tomte_store *s, struct tomte_store_writer *w,
                       struct tomte_span piece);

/* Make it the blob of that name, in place of the one before; includes one sync
 * of the device for the data, the commit itself is durable after the next sync.
 * After an error it is still being written: make room and commit again, or
 * abort. */
TOMTE_MUST_CHECK enum tomte_err
tomte_store_blob_commit(struct tomte_store *s, struct tomte_store_writer *w);

/* Give it up. Does nothing after commit. */
void tomte_store_blob_abort(struct tomte_store *s,
                            struct tomte_store_writer *w);

/* A committed blob; the value stays right until it is removed or replaced. */
struct tomte_store_blob_info {
    uint32_t offset; /* on the device */
    uint32_t size;
    uint32_t crc; /* CRC-32C of the content */
};

/* NOT_FOUND; CORRUPT when its commit record is damaged. Does not read the
 * content: see tomte_store_blob_check. */
TOMTE_MUST_CHECK enum tomte_err
tomte_store_blob_find(struct tomte_store *s, struct tomte_span name,
                      struct tomte_store_blob_info *out);

/* All of `out` from `offset` in the blob; RANGE when that goes past its end. */
TOMTE_MUST_CHECK enum tomte_err
tomte_store_blob_read(struct tomte_store *s,
                      const struct tomte_store_blob_info *blob, uint32_t offset,
                      struct tomte_buf out);

/* The content in place, until the blob is removed or replaced. UNSUPPORTED when
 * the device cannot map. */
TOMTE_MUST_CHECK enum tomte_err
tomte_store_blob_map(struct tomte_store *s,
                     const struct tomte_store_blob_info *blob,
                     struct tomte_span *out);

/* Read all of it and compare the checksum: OK or CORRUPT. */
TOMTE_MUST_CHECK enum tomte_err
tomte_store_blob_check(struct tomte_store *s,
                       const struct tomte_store_blob_info *blob);

/* Works on a damaged one. Its sectors are used again after the next sync. */
TOMTE_MUST_CHECK enum tomte_err tomte_store_blob_remove(struct tomte_store *s,
                                                        struct tomte_span name);

/* Walk the names, as tomte_store_next does. */
TOMTE_MUST_CHECK enum tomte_err
tomte_store_blob_next(struct tomte_store *s, struct tomte_span prefix,
                      uint32_t *cursor, uint8_t key[TOMTE_STORE_KEY_MAX],
                      size_t *key_len);
