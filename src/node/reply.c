/* SPDX-License-Identifier: Apache-2.0 */
/* Answers. A representation longer than a block is served in blocks (RFC 7959
 * section 2.4) without state where it can be cut from what is stored, and from
 * a page where it is made afresh: block 0 makes the page, later blocks of the
 * same peer are cut from it; the ETag tells a client that a page is gone. */
#include "node/internal.h"

#include "coap/link_format.h"

#include <string.h>

#define OPTIONS_BYTES 48
#define PAGE_KEPT_MS  10000u

void node_reply_error(struct tomte_node *n, uint32_t request,
                      enum tomte_err err, const char *text)
{
    struct tomte_coap_parts parts = {
        .code = (uint8_t)tomte_err_coap_code(err),
        .payload = tomte_span_str(text != NULL ? text : tomte_err_text(err))};
    node_link_respond(n, request, &parts);
}

void node_reply_cbor(struct tomte_node *n, uint32_t request, uint8_t code,
                     struct tomte_span payload)
{
    uint8_t memory[OPTIONS_BYTES];
    struct tomte_coap_options o;
    struct tomte_coap_parts parts = {.code = code, .payload = payload};
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    if (payload.len > 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_CONTENT_FORMAT,
                            TOMTE_FORMAT_CBOR);
    if (tomte_coap_options_end(&o, &parts.options) == TOMTE_OK)
        node_link_respond(n, request, &parts);
}

/* The block asked for, at most of our size. */
static enum tomte_err wanted(const struct tomte_coap_msg *msg,
                             struct tomte_coap_block *block)
{
    *block = (struct tomte_coap_block){.szx = 6};
    enum tomte_err err =
        tomte_coap_find_block(msg->options, TOMTE_COAP_OPT_BLOCK2, block);
    return err == TOMTE_ERR_NOT_FOUND ? TOMTE_OK : err;
}

static enum tomte_err block_options(struct tomte_buf memory,
                                    const struct tomte_coap_block *block,
                                    struct tomte_span etag, uint32_t format,
                                    uint32_t size, struct tomte_span *options)
{
    struct tomte_coap_options o;
    tomte_coap_options_init(&o, memory);
    tomte_coap_put(&o, TOMTE_COAP_OPT_ETAG, etag);
    tomte_coap_put_uint(&o, TOMTE_COAP_OPT_CONTENT_FORMAT, format);
    tomte_coap_put_block(&o, TOMTE_COAP_OPT_BLOCK2, block);
    if (block->num == 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_SIZE2, size);
    return tomte_coap_options_end(&o, options);
}

static void reply_block(struct tomte_node *n, uint32_t request,
                        const struct tomte_coap_msg *msg, uint32_t size,
                        struct tomte_span etag, uint32_t format,
                        node_read_fn read, void *ctx)
{
    uint8_t memory[OPTIONS_BYTES], data[TOMTE_LIMIT_BLOCK_BYTES];
    struct tomte_coap_parts parts = {.code = TOMTE_COAP_CONTENT};
    struct tomte_coap_block block;
    enum tomte_err err = wanted(msg, &block);
    uint64_t at = (uint64_t)block.num * tomte_coap_block_size(&block);
    if (err == TOMTE_OK && at >= size && block.num > 0)
        err = TOMTE_ERR_RANGE;
    if (err == TOMTE_OK) {
        size_t cap = tomte_coap_block_size(&block);
        err = read(n, ctx, (uint32_t)at, TOMTE_BUF(data, cap), &parts.payload);
        block.more = at + parts.payload.len < size;
    }
    if (err == TOMTE_OK)
        err = block_options(TOMTE_BUF_ARRAY(memory), &block, etag, format, size,
                            &parts.options);
    if (err != TOMTE_OK)
        node_reply_error(n, request, err, NULL);
    else
        node_link_respond(n, request, &parts);
}

void node_reply_block(struct tomte_node *n, uint32_t request,
                      const struct tomte_coap_msg *msg, uint32_t size,
                      struct tomte_span etag, node_read_fn read, void *ctx)
{
    reply_block(n, request, msg, size, etag, TOMTE_FORMAT_CBOR, read, ctx);
}

/* ---- pages ---- */

static enum tomte_err read_page(struct tomte_node *n, void *ctx,
                                uint32_t offset, struct tomte_buf out,
                                struct tomte_span *piece)
{
    const struct page *p = ctx;
    (void)n;
    *piece = tomte_span_slice(TOMTE_SPAN(p->data, p->len), offset, out.cap);
    return TOMTE_OK;
}

static struct page *page_of(struct tomte_node *n, const struct tomte_addr *peer,
                            uint32_t bond, uint8_t kind)
{
    for (int i = 0; i < NODE_PAGES; i++) {
        struct page *p = &n->pages[i];
        if (p->kind == kind && p->bond == bond &&
            tomte_addr_equal(&p->peer, peer))
            return p;
    }
    return NULL;
}

/* The peer's own, else the one that was used least lately. */
static struct page *page_for(struct tomte_node *n,
                             const struct tomte_addr *peer, uint32_t bond,
                             uint8_t kind)
{
    struct page *oldest = page_of(n, peer, bond, kind);
    if (oldest != NULL)
        return oldest;
    oldest = &n->pages[0];
    for (int i = 1; i < NODE_PAGES; i++)
        if (n->pages[i].kind == 0 || n->pages[i].used_ms < oldest->used_ms)
            oldest = &n->pages[i];
    return oldest;
}

static enum tomte_err page_make(struct tomte_node *n, struct page *p,
                                const struct tomte_addr *peer, uint8_t kind,
                                node_make_fn make, void *ctx)
{
    struct tomte_span bytes;
    p->kind = 0;
    enum tomte_err err = make(n, ctx, TOMTE_BUF(p->data, p->cap), &bytes);
    if (err != TOMTE_OK)
        return err;
    p->kind = kind;
    p->peer = *peer;
    p->len = (uint32_t)bytes.len;
    p->etag = tomte_crc32c(0, bytes);
    return TOMTE_OK;
}

void node_reply_page(struct tomte_node *n, uint32_t request,
                     const struct tomte_addr *peer,
                     const struct tomte_coap_msg *msg, uint8_t kind,
                     node_make_fn make, void *ctx)
{
    struct tomte_coap_block block;
    enum tomte_err err = wanted(msg, &block);
    uint32_t bond = node_link_bond(n, request);
    struct page *p = page_of(n, peer, bond, kind);
    if (err == TOMTE_OK && block.num == 0) {
        p = page_for(n, peer, bond, kind);
        p->bond = bond;
        err = page_make(n, p, peer, kind, make, ctx);
    } else if (err == TOMTE_OK &&
               (p == NULL || n->now_ms - p->used_ms > PAGE_KEPT_MS)) {
        err = TOMTE_ERR_AGAIN;
    }
    if (err != TOMTE_OK) {
        node_reply_error(n, request, err, NULL);
        return;
    }
    uint8_t etag[4];
    p->used_ms = n->now_ms;
    tomte_put_be32(etag, p->etag);
    reply_block(n, request, msg, p->len, TOMTE_SPAN_ARRAY(etag),
                kind == PAGE_LINKS ? TOMTE_COAP_FORMAT_LINK : TOMTE_FORMAT_CBOR,
                read_page, p);
}
