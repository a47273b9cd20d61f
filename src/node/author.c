/* SPDX-License-Identifier: Apache-2.0 */
/* Whose code runs here: an image in the store is held against the owner's list
 * of authors, by the keeper before it takes the command, and by each node
 * before it runs anything. The module is read in pieces: it need not
 * fit in memory. */
#include "node/internal.h"

#include <string.h>

#define PIECE_BYTES 256u

static enum tomte_err say(struct tomte_image_report *report, enum tomte_err err,
                          const char *text)
{
    struct tomte_text t;
    tomte_text_init(&t, report->text, sizeof report->text);
    tomte_text_str(&t, text);
    return err;
}

/* The module's digest, from its place in the blob to the end. */
static enum tomte_err digest_from(struct tomte_node *n,
                                  const struct tomte_store_blob_info *info,
                                  size_t at, uint8_t digest[TOMTE_SHA256_BYTES])
{
    uint8_t piece[PIECE_BYTES];
    struct tomte_sha256 hash;
    tomte_sha256_init(&hash, n->config.crypto);
    while (at < info->size) {
        size_t left = info->size - at;
        struct tomte_buf out =
            TOMTE_BUF(piece, left < sizeof piece ? left : sizeof piece);
        enum tomte_err err =
            tomte_store_blob_read(&n->store, info, (uint32_t)at, out);
        if (err != TOMTE_OK)
            return err;
        tomte_sha256_update(&hash, TOMTE_SPAN(out.data, out.cap));
        at += out.cap;
    }
    tomte_sha256_final(&hash, digest);
    return TOMTE_OK;
}

static enum tomte_err judge(struct tomte_node *n,
                            const struct tomte_store_blob_info *info,
                            const struct tomte_name *identity,
                            struct tomte_span manifest, struct tomte_buf memory,
                            struct tomte_image_report *report)
{
    uint8_t digest[TOMTE_SHA256_BYTES];
    struct tomte_image image;
    size_t module_at;
    if (memory.cap > info->size)
        memory.cap = info->size;
    enum tomte_err err = tomte_store_blob_read(&n->store, info, 0, memory);
    if (err != TOMTE_OK)
        return say(report, err, "its image cannot be read");
    err = tomte_image_open_head(TOMTE_SPAN(memory.data, memory.cap), info->size,
                                &image, &module_at);
    if (err != TOMTE_OK)
        return say(report, err,
                   err == TOMTE_ERR_DENIED ? "its image is not signed"
                                           : "its image is none");
    if (manifest.data != NULL && !tomte_span_equal(manifest, image.manifest))
        return say(report, TOMTE_ERR_INVALID, "not the manifest of its image");
    err = digest_from(n, info, module_at, digest);
    if (err != TOMTE_OK)
        return say(report, err, "its image cannot be read");
    image.module.data = NULL; /* compared here, not again there */
    err = tomte_image_judge(n->config.crypto, &image, n->config.authors,
                            identity, report);
    if (err == TOMTE_OK &&
        !tomte_span_equal(image.module_digest, TOMTE_SPAN_ARRAY(digest)))
        err = say(report, TOMTE_ERR_DENIED,
                  "the module is not the one that its author signed");
    return err;
}

enum tomte_err node_author_judge(struct tomte_node *n,
                                 const struct tomte_store_blob_info *info,
                                 const struct tomte_name *identity,
                                 struct tomte_span manifest,
                                 struct tomte_image_report *report)
{
    size_t mark = tomte_arena_mark(&n->scratch);
    uint8_t *memory = tomte_arena_take(&n->scratch, TOMTE_IMAGE_HEAD_BYTES, 1);
    enum tomte_err err =
        memory == NULL
            ? say(report, TOMTE_ERR_NO_MEMORY, "its image cannot be read")
            : judge(n, info, identity, manifest,
                    TOMTE_BUF(memory, TOMTE_IMAGE_HEAD_BYTES), report);
    tomte_arena_release(&n->scratch, mark);
    return err;
}
