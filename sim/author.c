/* SPDX-License-Identifier: Apache-2.0 */
/* The author of all that a simulated home runs. Images come signed by the
 * tree's own key; here they are signed again, by the world's cryptography. */
#include "author.h"

#include "base/assert.h"
#include "container/authors.h"
#include "container/image.h"
#include "cose/signed.h"

#include <stdlib.h>
#include <string.h>

static const struct tomte_key_pair *pair(const struct tomte_crypto *c)
{
    static struct tomte_key_pair author;
    uint8_t random[TOMTE_P256_PRIVATE_BYTES] = {1};
    enum tomte_err err = tomte_key_pair_init(&author, c, random);
    TOMTE_ASSERT(err == TOMTE_OK);
    return &author;
}

struct tomte_span sim_authors(const struct tomte_crypto *c)
{
    static uint8_t memory[256];
    struct tomte_author author = {.name = {.len = 3, .text = "sim"},
                                  .patterns_len = 1,
                                  .patterns = {TOMTE_SPAN_LIT("*")}};
    struct tomte_span list;
    memcpy(author.open, pair(c)->open, sizeof author.open);
    enum tomte_err err =
        tomte_authors_encode(&author, 1, TOMTE_BUF_ARRAY(memory), &list);
    TOMTE_ASSERT(err == TOMTE_OK);
    return list;
}

uint8_t *sim_author_sign(const struct tomte_crypto *c, struct tomte_span bytes,
                         size_t *len)
{
    struct tomte_image image;
    struct tomte_span out;
    enum tomte_err err = tomte_image_open(bytes, &image);
    TOMTE_ASSERT(err == TOMTE_OK);
    size_t room = TOMTE_IMAGE_ROOM(image.manifest.len, image.module.len);
    uint8_t *memory = malloc(room);
    TOMTE_ASSERT(memory != NULL);
    err = tomte_image_build(c, image.manifest, image.module, pair(c),
                            TOMTE_BUF(memory, room), &out);
    TOMTE_ASSERT(err == TOMTE_OK);
    *len = out.len;
    return memory;
}
