/* SPDX-License-Identifier: Apache-2.0 */
/* container/history.h: checkpoint and event log of one container, in a node's
 * store.
 *
 * Owner and standby keep the same history in the same format, so taking over is
 * opening it. Nothing runs here, and nothing is read but the heads of records
 * and checkpoints.
 *
 *   checkpoint          log
 *   [epoch 8, up to 41] [42] [43] [44]      held: 44
 *
 * The log has no holes. All its records are of the checkpoint's epoch: each
 * take-over begins with a checkpoint, and committing one of a new epoch drops
 * what was there. A checkpoint is written beside the old one and replaces it at
 * once; then the log up to its sequence is trimmed. After a power cut there is
 * the old or the new one, and a log that fits it.
 *
 * The log is bounded. Past half of the bound the owner must checkpoint; at the
 * bound append gives FULL. With durability `none` the records are kept in
 * memory
 * (`ring`) and only checkpoints are stored: records are then gone after a
 * restart, and are not to be sent to standbys.
 *
 * What is written is on stable storage after the next sync of the store, which
 * is the node's to call: a step ends with it, before anything is sent.
 *
 * Life: open -> (append | checkpoint_* | seek, next)* ; remove ends it. */
#pragma once

#include "base/err.h"
#include "base/name.h"
#include "base/span.h"
#include "container/image.h"
#include "container/record.h"
#include "store/store.h"

struct tomte_history_config {
    struct tomte_store *store; /* borrowed */
    struct tomte_name identity;
    uint32_t log_bytes_max; /* as the manifest says */
    struct tomte_buf ring;  /* durability none: log_bytes_max bytes, borrowed;
                               else empty */
};

/* Read through the functions below. */
struct tomte_history {
    struct tomte_store *store;
    struct tomte_name identity;
    uint32_t log_bytes_max;

    bool has_checkpoint;
    bool damaged;
    uint64_t epoch;
    uint64_t base; /* sequence of the last event in the checkpoint */
    uint64_t held; /* sequence of the last record, or base */
    bool fallback; /* the checkpoint has one */
    uint8_t image[TOMTE_IMAGE_DIGEST_BYTES]; /* whose state the history is */
    struct tomte_store_blob_info checkpoint;

    bool log_open;
    uint32_t log;     /* the store's handle */
    uint64_t log_own; /* the store's number of record base + 1 */

    struct tomte_buf ring;
    uint32_t ring_used;

    bool writing; /* a checkpoint, as far as `written` of `write_bytes` */
    uint32_t write_bytes;
    uint32_t written;
    uint32_t crc;
    uint8_t write_head[96];
    uint8_t write_tail[5];
    struct tomte_store_writer writer;
};

/* Finds what is stored; nothing is an empty history, not an error. CORRUPT when
 * the checkpoint, which is read to its end, is damaged: remove it, then get
 * another. A log that is damaged ends before the damage, see
 * tomte_history_damaged. */
TOMTE_MUST_CHECK enum tomte_err
tomte_history_open(struct tomte_history *h,
                   const struct tomte_history_config *config);

/* Everything of it leaves the store; the history is empty. */
TOMTE_MUST_CHECK enum tomte_err tomte_history_remove(struct tomte_history *h);

bool tomte_history_has_checkpoint(const struct tomte_history *h);
uint64_t tomte_history_epoch(const struct tomte_history *h);
uint64_t tomte_history_base(const struct tomte_history *h);
uint64_t tomte_history_held(const struct tomte_history *h);

/* The image whose state the checkpoint is (32 bytes); NULL without one. */
const uint8_t *tomte_history_image(const struct tomte_history *h);

/* The checkpoint is of a new version on trial, with what to go back to. */
bool tomte_history_has_fallback(const struct tomte_history *h);

/* Bit rot took records after `held`. A standby gets them again with the owner's
 * checkpoint; for an owner they are lost, which is to be said aloud. append
 * gives CORRUPT until a checkpoint was committed. */
bool tomte_history_damaged(const struct tomte_history *h);

/* Past half of the bound. */
bool tomte_history_must_checkpoint(const struct tomte_history *h);

/* One more record of any size fits into the log. */
bool tomte_history_has_room(const struct tomte_history *h);

/* ---- records ---- */

/* Appends one encoded record.
 *   STATE      there is no checkpoint yet
 *   CORRUPT    see tomte_history_damaged
 *   STALE      already held (harmless), or of a lower epoch
 *   FENCED     of a higher epoch than the history: fetch a checkpoint first
 *   MISSING    a hole: sequence is above held + 1
 *   FULL       the bound is reached
 *   and what the decoder and the store say */
TOMTE_MUST_CHECK enum tomte_err tomte_history_append(struct tomte_history *h,
                                                     struct tomte_span record);

/* Walks the records. Appending does not disturb a cursor; committing a
 * checkpoint does. */
struct tomte_history_cursor {
    uint64_t sequence; /* of the next one */
    uint32_t ring_at;
    struct tomte_store_cursor in_log;
};

/* To the first record with a sequence above `after`. STALE when that record has
 * been trimmed: only the checkpoint has it now. */
TOMTE_MUST_CHECK enum tomte_err
tomte_history_seek(const struct tomte_history *h, uint64_t after,
                   struct tomte_history_cursor *cursor);

/* The next record, copied into `out` (TOMTE_RECORD_BYTES are always enough);
 * NOT_FOUND after the last. */
TOMTE_MUST_CHECK enum tomte_err
tomte_history_next(const struct tomte_history *h,
                   struct tomte_history_cursor *cursor, struct tomte_buf out,
                   struct tomte_span *record);

/* ---- the checkpoint ----
 *
 * Bytes of the format that checkpoint.h describes. They are written in order,
 * in pieces of any size: by the owner as it makes them, by a standby as they
 * arrive. Until commit the old checkpoint and the log stay in force, and
 * records can be appended. */

/* Starts over when one was being written. `bytes` is the size it will have. */
TOMTE_MUST_CHECK enum tomte_err
tomte_history_checkpoint_begin(struct tomte_history *h, uint32_t bytes);

TOMTE_MUST_CHECK enum tomte_err
tomte_history_checkpoint_write(struct tomte_history *h,
                               struct tomte_span piece);

/* Checks the whole (structure, checksum, identity) and puts it in force. The
 * log keeps the records after its sequence when the epoch is the same, else
 * nothing. CORRUPT, MALFORMED, DENIED (another identity) or STALE (an older
 * epoch, or an older sequence of the same) leave the old one in force. */
TOMTE_MUST_CHECK enum tomte_err
tomte_history_checkpoint_commit(struct tomte_history *h);

/* Gives up what is being written; nothing when nothing is. */
void tomte_history_checkpoint_abort(struct tomte_history *h);

/* Size of the one in force; 0: none. */
uint32_t tomte_history_checkpoint_size(const struct tomte_history *h);

/* Reads up to out.cap bytes at `offset`; fewer only at the end. */
TOMTE_MUST_CHECK enum tomte_err
tomte_history_checkpoint_read(const struct tomte_history *h, uint32_t offset,
                              struct tomte_buf out, struct tomte_span *piece);

/* All of it in place, until another is committed; UNSUPPORTED where the store
 * cannot map. */
TOMTE_MUST_CHECK enum tomte_err
tomte_history_checkpoint_map(const struct tomte_history *h,
                             struct tomte_span *bytes);
