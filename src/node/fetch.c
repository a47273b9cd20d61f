/* SPDX-License-Identifier: Apache-2.0 */
/* The client's side of block-wise transfer (RFC 7959 section 2.4): one block
 * asked for at a time, in order, for views, images and checkpoints. Each block
 * must carry the ETag of the first; when it changes, or a block is refused, the
 * transfer begins again. What arrived is put in force only when it is whole. */
#include "node/internal.h"

#include <string.h>

#define RETRY_MS     200u
#define FAILURES_MAX 20u

static uint32_t size_max(const struct tomte_node *n, const struct fetch *f)
{
    if (f->kind == FETCH_VIEW)
        return NODE_VIEW_BYTES;
    return f->kind == FETCH_IMAGE ? TOMTE_IMAGE_BYTES_MAX
                                  : 2 * n->config.sizes.slot_bytes;
}

static void copy_str(char *out, size_t cap, const char *in)
{
    size_t len = in == NULL ? 0 : strlen(in);
    TOMTE_ASSERT(len < cap);
    if (len > 0)
        memcpy(out, in, len);
    out[len] = 0;
}

uint16_t node_fetch_begin(struct tomte_node *n, enum fetch_kind kind,
                          uint16_t slot, const struct tomte_addr *addr,
                          const char *path, const char *query)
{
    for (uint16_t i = 0; i < NODE_FETCHES; i++) {
        struct fetch *f = &n->fetches[i];
        if (f->kind != FETCH_FREE)
            continue;
        uint32_t generation = f->generation + 1;
        memset(f, 0, sizeof *f);
        f->kind = (uint8_t)kind;
        f->slot = slot;
        f->addr = *addr;
        f->generation = generation;
        f->retry_ms = n->now_ms;
        copy_str(f->path, sizeof f->path, path);
        copy_str(f->query, sizeof f->query, query);
        n->again = true;
        return i;
    }
    return NODE_FETCHES;
}

/* What was received so far is dropped. */
static void drop_received(struct tomte_node *n, struct fetch *f)
{
    if (f->kind == FETCH_IMAGE && f->writing)
        tomte_store_blob_abort(&n->store, &f->writer);
    if (f->kind == FETCH_CHECKPOINT && f->writing)
        tomte_history_checkpoint_abort(&n->slots[f->slot].history);
    f->writing = false;
    f->at = 0;
    f->size = 0;
    f->etag_len = 0;
}

void node_fetch_cancel(struct tomte_node *n, uint16_t fetch)
{
    if (fetch >= NODE_FETCHES)
        return;
    struct fetch *f = &n->fetches[fetch];
    if (f->kind == FETCH_FREE)
        return;
    drop_received(n, f);
    node_link_cancel(n, f->handle);
    f->kind = FETCH_FREE;
}

/* It is over, well or not; whoever asked for it hears. */
static void finish(struct tomte_node *n, struct fetch *f, enum tomte_err err)
{
    enum fetch_kind kind = (enum fetch_kind)f->kind;
    size_t len = f->at;
    if (err != TOMTE_OK)
        drop_received(n, f);
    f->kind = FETCH_FREE;
    n->again = true;
    if (kind != FETCH_VIEW)
        node_start_fetched(n, &n->slots[f->slot], kind, err);
    else if (err == TOMTE_OK)
        node_view_arrived(n, len);
}

static void again_later(struct tomte_node *n, struct fetch *f,
                        enum tomte_err err)
{
    f->handle = 0;
    if (++f->failures >= FAILURES_MAX) {
        finish(n, f, err);
        return;
    }
    f->retry_ms = n->now_ms + (uint64_t)RETRY_MS * f->failures;
}

static void ask(struct tomte_node *n, struct fetch *f)
{
    struct tomte_coap_block block = {.num = f->at / TOMTE_LIMIT_BLOCK_BYTES,
                                     .szx = 6};
    uint16_t index = (uint16_t)(f - n->fetches);
    struct node_ask a = {.to = f->addr,
                         .code = TOMTE_COAP_GET,
                         .confirmable = true,
                         .path = f->path,
                         .query = f->query[0] != 0 ? f->query : NULL,
                         .block2 = &block,
                         .cookie = cookie(COOKIE_FETCH, index, f->generation)};
    /* Of a keeper under its key; of another node not yet. */
    if (f->kind != FETCH_CHECKPOINT)
        a.bond = node_bond_to_keeper(n, &f->addr);
    enum tomte_err err = node_ask(n, &a, &f->handle);
    f->retry_ms = UINT64_MAX;
    if (err != TOMTE_OK)
        again_later(n, f, err);
}

void node_fetch_work(struct tomte_node *n)
{
    for (int i = 0; i < NODE_FETCHES; i++) {
        struct fetch *f = &n->fetches[i];
        if (f->kind != FETCH_FREE && f->handle == 0 && f->retry_ms <= n->now_ms)
            ask(n, f);
    }
}

uint64_t node_fetch_deadline(const struct tomte_node *n)
{
    uint64_t at = UINT64_MAX;
    for (int i = 0; i < NODE_FETCHES; i++) {
        const struct fetch *f = &n->fetches[i];
        if (f->kind != FETCH_FREE && f->handle == 0 && f->retry_ms < at)
            at = f->retry_ms;
    }
    return at;
}

static struct fetch *of_cookie(struct tomte_node *n, uint64_t c)
{
    struct fetch *f = &n->fetches[cookie_a(c) % NODE_FETCHES];
    return f->kind != FETCH_FREE && f->generation == cookie_b(c) ? f : NULL;
}

void node_fetch_failed(struct tomte_node *n, uint64_t c)
{
    struct fetch *f = of_cookie(n, c);
    if (f != NULL)
        again_later(n, f, TOMTE_ERR_TIMEOUT);
}

/* ---- a block came ---- */

/* The first block opens what the bytes go into. */
static enum tomte_err open_target(struct tomte_node *n, struct fetch *f)
{
    uint8_t key[NODE_IMAGE_KEY_LEN];
    if (f->writing || f->kind == FETCH_VIEW)
        return TOMTE_OK;
    enum tomte_err err;
    if (f->kind == FETCH_IMAGE) {
        node_image_key(n->slots[f->slot].digest, key);
        err = tomte_store_blob_begin(&n->store, &f->writer,
                                     TOMTE_SPAN_ARRAY(key), f->size);
    } else {
        err =
            tomte_history_checkpoint_begin(&n->slots[f->slot].history, f->size);
    }
    f->writing = err == TOMTE_OK;
    return err;
}

static enum tomte_err take_bytes(struct tomte_node *n, struct fetch *f,
                                 struct tomte_span piece)
{
    if (piece.len > f->size - f->at)
        return TOMTE_ERR_TOO_LARGE;
    switch (f->kind) {
    case FETCH_VIEW:
        if (piece.len > 0)
            memcpy(n->view_bytes[1 - n->view_at] + f->at, piece.data,
                   piece.len);
        return TOMTE_OK;
    case FETCH_IMAGE:
        return tomte_store_blob_write(&n->store, &f->writer, piece);
    default:
        return tomte_history_checkpoint_write(&n->slots[f->slot].history,
                                              piece);
    }
}

/* An image is what its name says, or it is nothing. */
static enum tomte_err check_image(struct tomte_node *n, struct fetch *f)
{
    struct tomte_store_blob_info info;
    struct slot *s = &n->slots[f->slot];
    uint8_t key[NODE_IMAGE_KEY_LEN], digest[TOMTE_IMAGE_DIGEST_BYTES];
    if (node_image_here(n, s->digest, &info)) {
        drop_received(n, f); /* for another slot, which may use it in place */
        return TOMTE_OK;
    }
    enum tomte_err err = tomte_store_blob_commit(&n->store, &f->writer);
    if (err != TOMTE_OK)
        return err;
    f->writing = false;
    node_image_key(s->digest, key);
    err = tomte_store_blob_find(&n->store, TOMTE_SPAN_ARRAY(key), &info);
    if (err == TOMTE_OK)
        err = node_image_digest(n, &info, digest);
    if (err == TOMTE_OK && memcmp(digest, s->digest, sizeof digest) != 0)
        err = TOMTE_ERR_CORRUPT;
    if (err != TOMTE_OK)
        node_image_remove(n, TOMTE_SPAN_ARRAY(key));
    return err;
}

static enum tomte_err complete(struct tomte_node *n, struct fetch *f)
{
    if (f->kind == FETCH_VIEW)
        return TOMTE_OK;
    if (f->kind == FETCH_IMAGE)
        return check_image(n, f);
    f->writing = false;
    return tomte_history_checkpoint_commit(&n->slots[f->slot].history);
}

/* AGAIN when this block belongs to another representation than the first. */
static enum tomte_err take_block(struct tomte_node *n, struct fetch *f,
                                 const struct tomte_coap_msg *msg, bool *more)
{
    struct tomte_coap_block block = {0};
    struct tomte_span etag = TOMTE_SPAN_NONE;
    uint32_t size = (uint32_t)msg->payload.len;
    enum tomte_err err =
        tomte_coap_find_block(msg->options, TOMTE_COAP_OPT_BLOCK2, &block);
    if (err != TOMTE_OK && err != TOMTE_ERR_NOT_FOUND)
        return err;
    *more = block.more;
    (void)tomte_coap_find(msg->options, TOMTE_COAP_OPT_ETAG, &etag);
    if (f->at == 0) {
        (void)tomte_coap_find_uint(msg->options, TOMTE_COAP_OPT_SIZE2, &size);
        f->size = size;
        f->etag_len = (uint8_t)(etag.len <= sizeof f->etag ? etag.len : 0);
        if (f->etag_len > 0)
            memcpy(f->etag, etag.data, f->etag_len);
    }
    if ((uint64_t)block.num * tomte_coap_block_size(&block) != f->at ||
        !tomte_span_equal(etag, TOMTE_SPAN(f->etag, f->etag_len)))
        return TOMTE_ERR_AGAIN;
    if (f->size > size_max(n, f) || (block.more && msg->payload.len == 0))
        return TOMTE_ERR_TOO_LARGE;
    err = open_target(n, f);
    if (err == TOMTE_OK)
        err = take_bytes(n, f, msg->payload);
    if (err == TOMTE_OK)
        f->at += (uint32_t)msg->payload.len;
    return err;
}

void node_fetch_answer(struct tomte_node *n, uint64_t c,
                       const struct tomte_coap_msg *msg)
{
    struct fetch *f = of_cookie(n, c);
    bool more = false;
    if (f == NULL)
        return;
    f->handle = 0;
    enum tomte_err err = tomte_err_from_coap_code(msg->code);
    if (err == TOMTE_OK)
        err = take_block(n, f, msg, &more);
    else if (f->at > 0)
        err = TOMTE_ERR_AGAIN; /* gone under way: from the start */
    if (err == TOMTE_OK && more) {
        f->failures = 0;
        ask(n, f);
        return;
    }
    if (err == TOMTE_OK)
        err = f->at == f->size ? complete(n, f) : TOMTE_ERR_TRUNCATED;
    if (err == TOMTE_ERR_AGAIN) {
        drop_received(n, f);
        again_later(n, f, err);
        return;
    }
    finish(n, f, err);
}
