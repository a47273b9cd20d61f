/* SPDX-License-Identifier: Apache-2.0 */
#include "container/history.h"

#include "base/crc.h"
#include "container/checkpoint.h"
#include "container/history_log.h"

#include <string.h>

_Static_assert(sizeof(((struct tomte_history *)0)->write_head) ==
                   TOMTE_CHECKPOINT_HEAD_BYTES,
               "the head of a checkpoint is kept while it is written");
_Static_assert(sizeof(((struct tomte_history *)0)->write_tail) ==
                   TOMTE_CHECKPOINT_TAIL_BYTES,
               "and so is its tail");

static enum tomte_err find_checkpoint(struct tomte_history *h);

enum tomte_err tomte_history_open(struct tomte_history *h,
                                  const struct tomte_history_config *config)
{
    *h = (struct tomte_history){
        .store = config->store,
        .identity = config->identity,
        .log_bytes_max = config->log_bytes_max,
        .ring = config->ring,
    };
    enum tomte_err err = find_checkpoint(h);
    if (err == TOMTE_OK)
        err = history_log_open(h);
    return err;
}

enum tomte_err tomte_history_remove(struct tomte_history *h)
{
    uint8_t key[HISTORY_KEY_BYTES];
    tomte_history_checkpoint_abort(h);
    enum tomte_err err = tomte_store_blob_remove(h->store, history_key(h, key));
    if (err != TOMTE_OK && err != TOMTE_ERR_NOT_FOUND)
        return err;
    h->has_checkpoint = false;
    h->damaged = false;
    h->epoch = h->base = h->held = 0;
    return history_log_remove(h);
}

bool tomte_history_has_checkpoint(const struct tomte_history *h)
{
    return h->has_checkpoint;
}

uint64_t tomte_history_epoch(const struct tomte_history *h)
{
    return h->epoch;
}

uint64_t tomte_history_base(const struct tomte_history *h)
{
    return h->base;
}

uint64_t tomte_history_held(const struct tomte_history *h)
{
    return h->held;
}

const uint8_t *tomte_history_image(const struct tomte_history *h)
{
    return h->has_checkpoint ? h->image : NULL;
}

bool tomte_history_has_fallback(const struct tomte_history *h)
{
    return h->has_checkpoint && h->fallback;
}

bool tomte_history_damaged(const struct tomte_history *h)
{
    return h->damaged;
}

/* "history/IDENTITY", of the blob and of the log. */
struct tomte_span history_key(const struct tomte_history *h,
                              uint8_t key[HISTORY_KEY_BYTES])
{
    static const char prefix[] = "history/";
    size_t n = sizeof(prefix) - 1;
    memcpy(key, prefix, n);
    memcpy(key + n, h->identity.text, h->identity.len);
    return TOMTE_SPAN(key, n + h->identity.len);
}

/* ---- the checkpoint in force ------------------------------------------- */

static enum tomte_err read_head(struct tomte_history *h,
                                struct tomte_checkpoint_head *head)
{
    uint8_t prefix[TOMTE_CHECKPOINT_HEAD_BYTES];
    struct tomte_span piece;
    enum tomte_err err =
        tomte_history_checkpoint_read(h, 0, TOMTE_BUF_ARRAY(prefix), &piece);
    if (err != TOMTE_OK)
        return err;
    err = tomte_checkpoint_head_decode(piece, head);
    if (err != TOMTE_OK || !tomte_name_equal(&head->identity, &h->identity))
        return TOMTE_ERR_CORRUPT;
    return TOMTE_OK;
}

static void take_image(struct tomte_history *h,
                       const struct tomte_checkpoint_head *head)
{
    h->fallback = head->fallback;
    memcpy(h->image, head->image, sizeof(h->image));
}

static enum tomte_err find_checkpoint(struct tomte_history *h)
{
    uint8_t key[HISTORY_KEY_BYTES];
    enum tomte_err err =
        tomte_store_blob_find(h->store, history_key(h, key), &h->checkpoint);
    if (err == TOMTE_ERR_NOT_FOUND)
        return TOMTE_OK;
    if (err != TOMTE_OK)
        return err;
    struct tomte_checkpoint_head head;
    h->has_checkpoint = true;
    err = tomte_store_blob_check(h->store, &h->checkpoint);
    if (err == TOMTE_OK)
        err = read_head(h, &head);
    if (err != TOMTE_OK) {
        h->has_checkpoint = false;
        return err;
    }
    h->epoch = head.epoch;
    h->base = h->held = head.sequence;
    take_image(h, &head);
    return TOMTE_OK;
}

uint32_t tomte_history_checkpoint_size(const struct tomte_history *h)
{
    return h->has_checkpoint ? h->checkpoint.size : 0;
}

enum tomte_err tomte_history_checkpoint_read(const struct tomte_history *h,
                                             uint32_t offset,
                                             struct tomte_buf out,
                                             struct tomte_span *piece)
{
    *piece = TOMTE_SPAN_NONE;
    if (!h->has_checkpoint)
        return TOMTE_ERR_NOT_FOUND;
    if (offset > h->checkpoint.size)
        return TOMTE_ERR_RANGE;
    size_t left = h->checkpoint.size - offset;
    if (out.cap > left)
        out.cap = left;
    enum tomte_err err =
        tomte_store_blob_read(h->store, &h->checkpoint, offset, out);
    if (err == TOMTE_OK)
        *piece = TOMTE_SPAN(out.data, out.cap);
    return err;
}

enum tomte_err tomte_history_checkpoint_map(const struct tomte_history *h,
                                            struct tomte_span *bytes)
{
    if (!h->has_checkpoint)
        return TOMTE_ERR_NOT_FOUND;
    return tomte_store_blob_map(h->store, &h->checkpoint, bytes);
}

/* ---- the checkpoint being written -------------------------------------- */

enum tomte_err tomte_history_checkpoint_begin(struct tomte_history *h,
                                              uint32_t bytes)
{
    uint8_t key[HISTORY_KEY_BYTES];
    tomte_history_checkpoint_abort(h);
    if (bytes <= TOMTE_CHECKPOINT_TAIL_BYTES)
        return TOMTE_ERR_RANGE;
    enum tomte_err err = tomte_store_blob_begin(h->store, &h->writer,
                                                history_key(h, key), bytes);
    if (err != TOMTE_OK)
        return err;
    h->writing = true;
    h->write_bytes = bytes;
    h->written = 0;
    h->crc = 0;
    return TOMTE_OK;
}

/* Keeps the part of `piece`, which begins at h->written, that lies in
 * [from, from + len) of the whole. */
static void keep(const struct tomte_history *h, struct tomte_span piece,
                 uint32_t from, uint8_t *out, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        uint32_t at = from + i;
        if (at >= h->written && at - h->written < piece.len)
            out[i] = piece.data[at - h->written];
    }
}

enum tomte_err tomte_history_checkpoint_write(struct tomte_history *h,
                                              struct tomte_span piece)
{
    if (!h->writing)
        return TOMTE_ERR_STATE;
    if (piece.len > h->write_bytes - h->written)
        return TOMTE_ERR_TOO_LARGE;
    enum tomte_err err = tomte_store_blob_write(h->store, &h->writer, piece);
    if (err != TOMTE_OK)
        return err;
    uint32_t tail_at = h->write_bytes - TOMTE_CHECKPOINT_TAIL_BYTES;
    keep(h, piece, 0, h->write_head, TOMTE_CHECKPOINT_HEAD_BYTES);
    keep(h, piece, tail_at, h->write_tail, TOMTE_CHECKPOINT_TAIL_BYTES);
    if (h->written < tail_at)
        h->crc = tomte_crc32c(h->crc,
                              tomte_span_slice(piece, 0, tail_at - h->written));
    h->written += (uint32_t)piece.len;
    return TOMTE_OK;
}

/* The whole was written: is it one, of this identity, and not an older one? */
static enum tomte_err check_written(const struct tomte_history *h,
                                    struct tomte_checkpoint_head *head)
{
    uint8_t tail[TOMTE_CHECKPOINT_TAIL_BYTES];
    if (h->written != h->write_bytes)
        return TOMTE_ERR_TRUNCATED;
    struct tomte_span prefix = TOMTE_SPAN_ARRAY(h->write_head);
    if (prefix.len > h->written)
        prefix.len = h->written;
    tomte_checkpoint_tail_encode(h->crc, tail);
    if (memcmp(tail, h->write_tail, sizeof(tail)) != 0)
        return TOMTE_ERR_CORRUPT;
    enum tomte_err err = tomte_checkpoint_head_decode(prefix, head);
    if (err != TOMTE_OK)
        return err;
    if (!tomte_name_equal(&head->identity, &h->identity))
        return TOMTE_ERR_DENIED;
    if (h->has_checkpoint &&
        (head->epoch < h->epoch ||
         (head->epoch == h->epoch && head->sequence < h->base)))
        return TOMTE_ERR_STALE;
    return TOMTE_OK;
}

enum tomte_err tomte_history_checkpoint_commit(struct tomte_history *h)
{
    struct tomte_checkpoint_head head;
    uint8_t key[HISTORY_KEY_BYTES];
    if (!h->writing)
        return TOMTE_ERR_STATE;
    enum tomte_err err = check_written(h, &head);
    if (err == TOMTE_OK)
        err = tomte_store_blob_commit(h->store, &h->writer);
    if (err != TOMTE_OK) {
        tomte_history_checkpoint_abort(h);
        return err;
    }
    h->writing = false;
    err = tomte_store_blob_find(h->store, history_key(h, key), &h->checkpoint);
    if (err != TOMTE_OK)
        return err;
    /* The store keeps the order of what it is told: after a power cut the
     * checkpoint may be there with an untrimmed log, never the reverse. */
    bool fits = h->has_checkpoint && h->epoch == head.epoch && !h->damaged;
    h->has_checkpoint = true;
    h->epoch = head.epoch;
    take_image(h, &head);
    return history_log_rebase(h, head.sequence, fits);
}

void tomte_history_checkpoint_abort(struct tomte_history *h)
{
    if (h->writing)
        tomte_store_blob_abort(h->store, &h->writer);
    h->writing = false;
}
