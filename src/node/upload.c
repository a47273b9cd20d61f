/* SPDX-License-Identifier: Apache-2.0 */
/* Images, by the name that their content gives them, and what people send in
 * several blocks (RFC 7959 section 2.5): an image into the store, a command to
 * the keeper. One upload at a time: a home has one owner, and deploying is
 * rare; another peer is told to come again while one is under way. */
#include "node/internal.h"

#include <string.h>

#define UPLOAD_KEPT_MS 10000u

void node_image_key(const uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES],
                    uint8_t key[NODE_IMAGE_KEY_LEN])
{
    static const char hex[] = "0123456789abcdef";
    memcpy(key, "image/", 6);
    for (int i = 0; i < TOMTE_IMAGE_DIGEST_BYTES; i++) {
        key[6 + 2 * i] = (uint8_t)hex[digest[i] >> 4];
        key[7 + 2 * i] = (uint8_t)hex[digest[i] & 15];
    }
}

bool node_image_here(struct tomte_node *n,
                     const uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES],
                     struct tomte_store_blob_info *info)
{
    uint8_t key[NODE_IMAGE_KEY_LEN];
    node_image_key(digest, key);
    return tomte_store_blob_find(&n->store, TOMTE_SPAN_ARRAY(key), info) ==
           TOMTE_OK;
}

enum tomte_err node_image_digest(struct tomte_node *n,
                                 const struct tomte_store_blob_info *info,
                                 uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES])
{
    uint8_t piece[256];
    struct tomte_sha256 hash;
    tomte_sha256_init(&hash, n->config.crypto);
    for (uint32_t at = 0; at < info->size; at += (uint32_t)sizeof piece) {
        size_t left = info->size - at;
        struct tomte_buf out =
            TOMTE_BUF(piece, left < sizeof piece ? left : sizeof piece);
        enum tomte_err err = tomte_store_blob_read(&n->store, info, at, out);
        if (err != TOMTE_OK)
            return err;
        tomte_sha256_update(&hash, TOMTE_SPAN(out.data, out.cap));
    }
    tomte_sha256_final(&hash, digest);
    return TOMTE_OK;
}

void node_image_remove(struct tomte_node *n, struct tomte_span key)
{
    enum tomte_err err = tomte_store_blob_remove(&n->store, key);
    if (err != TOMTE_OK && err != TOMTE_ERR_NOT_FOUND)
        node_log_err(n, key, "cannot be removed", err);
}

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_digest(struct tomte_span hex,
                         uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES])
{
    if (hex.len != 2 * TOMTE_IMAGE_DIGEST_BYTES)
        return false;
    for (size_t i = 0; i < hex.len; i++) {
        int d = digit(hex.data[i]);
        if (d < 0)
            return false;
        digest[i / 2] = (uint8_t)(i % 2 == 0 ? d << 4 : digest[i / 2] | d);
    }
    return true;
}

/* ---- GET ---- */

static enum tomte_err read_blob(struct tomte_node *n, void *ctx,
                                uint32_t offset, struct tomte_buf out,
                                struct tomte_span *piece)
{
    const struct tomte_store_blob_info *info = ctx;
    if (out.cap > info->size - offset)
        out.cap = info->size - offset;
    *piece = TOMTE_SPAN(out.data, out.cap);
    return tomte_store_blob_read(&n->store, info, offset, out);
}

void node_blob_get(struct tomte_node *n, uint32_t request,
                   const struct tomte_coap_msg *msg, struct tomte_span hex)
{
    uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES];
    struct tomte_store_blob_info info;
    if (!parse_digest(hex, digest))
        node_reply_error(n, request, TOMTE_ERR_INVALID,
                         "a blob is named by 64 lower-case hexadecimal digits");
    else if (!node_image_here(n, digest, &info))
        node_reply_error(n, request, TOMTE_ERR_NOT_FOUND, NULL);
    else
        node_reply_block(n, request, msg, info.size, TOMTE_SPAN(digest, 4),
                         read_blob, &info);
}

/* ---- Block1 ---- */

static void close_upload(struct tomte_node *n)
{
    struct upload *u = &n->upload;
    if (u->open && u->blob)
        tomte_store_blob_abort(&n->store, &u->writer);
    u->open = false;
}

/* Whether this block goes on with what is under way, or begins. */
static enum tomte_err begin_or_continue(struct tomte_node *n,
                                        const struct tomte_addr *from,
                                        uint32_t bond,
                                        const struct tomte_coap_block *block,
                                        bool blob)
{
    struct upload *u = &n->upload;
    bool mine = u->open && tomte_addr_equal(&u->peer, from) &&
                u->bond == bond && u->blob == blob;
    if (u->open && !mine && n->now_ms - u->used_ms < UPLOAD_KEPT_MS)
        return TOMTE_ERR_AGAIN;
    if (block->num == 0) {
        close_upload(n);
        u->peer = *from;
        u->bond = bond;
        u->blob = blob;
        u->at = 0;
        return TOMTE_OK;
    }
    if (!mine || (uint64_t)block->num * tomte_coap_block_size(block) != u->at)
        return TOMTE_ERR_STATE;
    return TOMTE_OK;
}

/* RFC 7959 section 2.9.2: 4.08 when an earlier block is missing here. */
static void refuse(struct tomte_node *n, uint32_t request, enum tomte_err err,
                   const char *text)
{
    close_upload(n);
    if (err == TOMTE_ERR_STATE) {
        struct tomte_coap_parts parts = {
            .code = TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE};
        node_link_respond(n, request, &parts);
        return;
    }
    node_reply_error(n, request, err, text);
}

static void reply_block1(struct tomte_node *n, uint32_t request, uint8_t code,
                         const struct tomte_coap_block *block)
{
    uint8_t memory[16];
    struct tomte_coap_options o;
    struct tomte_coap_parts parts = {.code = code};
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_block(&o, TOMTE_COAP_OPT_BLOCK1, block);
    if (tomte_coap_options_end(&o, &parts.options) == TOMTE_OK)
        node_link_respond(n, request, &parts);
}

static enum tomte_err block_of(const struct tomte_coap_msg *msg,
                               struct tomte_coap_block *block)
{
    *block = (struct tomte_coap_block){.szx = 6};
    enum tomte_err err =
        tomte_coap_find_block(msg->options, TOMTE_COAP_OPT_BLOCK1, block);
    return err == TOMTE_ERR_NOT_FOUND ? TOMTE_OK : err;
}

static enum tomte_err take_blob(struct tomte_node *n,
                                const struct tomte_coap_msg *msg,
                                const struct tomte_coap_block *block,
                                const uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES])
{
    struct upload *u = &n->upload;
    uint8_t key[NODE_IMAGE_KEY_LEN];
    enum tomte_err err = TOMTE_OK;
    if (!u->open) {
        uint32_t size = TOMTE_IMAGE_BYTES_MAX;
        (void)tomte_coap_find_uint(msg->options, TOMTE_COAP_OPT_SIZE1, &size);
        if (size > TOMTE_IMAGE_BYTES_MAX)
            return TOMTE_ERR_TOO_LARGE;
        if (!block->more)
            size = (uint32_t)msg->payload.len;
        memcpy(u->digest, digest, sizeof u->digest);
        node_image_key(digest, key);
        err = tomte_store_blob_begin(&n->store, &u->writer,
                                     TOMTE_SPAN_ARRAY(key), size);
        u->open = err == TOMTE_OK;
    } else if (memcmp(u->digest, digest, sizeof u->digest) != 0) {
        return TOMTE_ERR_STATE;
    }
    if (err == TOMTE_OK)
        err = tomte_store_blob_write(&n->store, &u->writer, msg->payload);
    if (err == TOMTE_OK) {
        u->at += (uint32_t)msg->payload.len;
        u->used_ms = n->now_ms;
    }
    return err;
}

/* The whole image is here: it must be what its name says. */
static enum tomte_err close_blob(struct tomte_node *n)
{
    struct upload *u = &n->upload;
    struct tomte_store_blob_info info;
    uint8_t key[NODE_IMAGE_KEY_LEN], digest[TOMTE_IMAGE_DIGEST_BYTES];
    if (node_image_here(n, u->digest, &info)) {
        close_upload(n); /* it came another way, and may be in use in place */
        return TOMTE_OK;
    }
    enum tomte_err err = tomte_store_blob_commit(&n->store, &u->writer);
    if (err != TOMTE_OK)
        return err;
    u->open = false;
    node_image_key(u->digest, key);
    err = tomte_store_blob_find(&n->store, TOMTE_SPAN_ARRAY(key), &info);
    if (err == TOMTE_OK)
        err = node_image_digest(n, &info, digest);
    if (err == TOMTE_OK && memcmp(digest, u->digest, sizeof digest) != 0)
        err = TOMTE_ERR_CORRUPT;
    if (err != TOMTE_OK)
        node_image_remove(n, TOMTE_SPAN_ARRAY(key));
    return err;
}

void node_upload_blob(struct tomte_node *n, const struct tomte_addr *from,
                      uint32_t request, const struct tomte_coap_msg *msg,
                      struct tomte_span hex)
{
    uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES];
    struct tomte_coap_block block;
    struct tomte_store_blob_info info;
    enum tomte_err err = block_of(msg, &block);
    if (err == TOMTE_OK && !parse_digest(hex, digest))
        err = TOMTE_ERR_INVALID;
    if (err == TOMTE_OK && block.num == 0 &&
        node_image_here(n, digest, &info)) {
        block.more = false;
        reply_block1(n, request, TOMTE_COAP_CHANGED, &block);
        return; /* the same content under the same name */
    }
    if (err == TOMTE_OK)
        err = begin_or_continue(n, from, node_link_bond(n, request), &block,
                                true);
    if (err == TOMTE_OK)
        err = take_blob(n, msg, &block, digest);
    if (err == TOMTE_OK && !block.more)
        err = close_blob(n);
    if (err != TOMTE_OK)
        refuse(n, request, err, NULL);
    else
        reply_block1(n, request,
                     block.more ? TOMTE_COAP_CONTINUE : TOMTE_COAP_CREATED,
                     &block);
}

void node_upload_command(struct tomte_node *n, const struct tomte_addr *from,
                         uint32_t request, const struct tomte_coap_msg *msg)
{
    struct upload *u = &n->upload;
    struct tomte_coap_block block;
    enum tomte_err err = block_of(msg, &block);
    if (err == TOMTE_OK)
        err = begin_or_continue(n, from, node_link_bond(n, request), &block,
                                false);
    if (err == TOMTE_OK && msg->payload.len > TOMTE_COMMAND_BYTES_MAX - u->at)
        err = TOMTE_ERR_TOO_LARGE;
    if (err != TOMTE_OK) {
        refuse(n, request, err, NULL);
        return;
    }
    if (msg->payload.len > 0)
        memcpy(u->data + u->at, msg->payload.data, msg->payload.len);
    u->at += (uint32_t)msg->payload.len;
    u->used_ms = n->now_ms;
    u->open = block.more;
    if (block.more)
        reply_block1(n, request, TOMTE_COAP_CONTINUE, &block);
    else
        node_keeper_command(n, request, TOMTE_SPAN(u->data, u->at));
}

/* ---- what nobody needs any more ---- */

static bool is_key_of(const uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES],
                      struct tomte_span key)
{
    uint8_t other[NODE_IMAGE_KEY_LEN];
    node_image_key(digest, other);
    return tomte_span_equal(key, TOMTE_SPAN_ARRAY(other));
}

/* What it runs, shall run, may have to run again, and what its history is of:
 * who takes over starts from that. */
static bool slot_needs(const struct slot *s, struct tomte_span key)
{
    const uint8_t *held = tomte_history_image(&s->history);
    return is_key_of(s->digest, key) || is_key_of(s->target, key) ||
           (s->trial && is_key_of(s->before, key)) ||
           (s->history_open && held != NULL && is_key_of(held, key));
}

static bool needed(const struct tomte_node *n, struct tomte_span key)
{
    for (unsigned i = 0; i < n->config.sizes.slots; i++) {
        if (n->slots[i].phase == SLOT_FREE)
            continue;
        if (slot_needs(&n->slots[i], key))
            return true;
    }
    for (unsigned i = 0;
         n->keeper != NULL && i < n->keeper->home.limits.containers; i++) {
        const struct tomte_home_container *c = &n->keeper->home.containers[i];
        if (c->used && (is_key_of(c->digest, key) ||
                        (c->trial && is_key_of(c->before.digest, key))))
            return true;
    }
    return false;
}

void node_image_sweep(struct tomte_node *n)
{
    uint8_t key[TOMTE_STORE_KEY_MAX];
    size_t len;
    uint32_t cursor = 0;
    for (unsigned i = 0; i < n->config.sizes.slots; i++)
        if (n->slots[i].phase != SLOT_FREE && !n->slots[i].history_open)
            return; /* whose state a history is shows when it is open */
    while (tomte_store_blob_next(&n->store, TOMTE_SPAN_LIT("image/"), &cursor,
                                 key, &len) == TOMTE_OK) {
        if (needed(n, TOMTE_SPAN(key, len)))
            continue;
        node_image_remove(n, TOMTE_SPAN(key, len));
        cursor = 0; /* nothing may be written between two calls of a walk */
    }
}
