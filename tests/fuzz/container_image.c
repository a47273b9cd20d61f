/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an image that opens lie inside it and make up the rest; its
 * beginning alone says the same of it. What opens is built again to the same
 * bytes, and only a list with its author lets it run. */
#include "base/base.h"
#include "cbor/cbor.h"
#include "container/authors.h"
#include "container/image.h"
#include "cose/signed.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FAKE   (&tomte_crypto_fake)
#define MODULE TOMTE_SPAN_LIT("\0asm\1\0\0\0")

static uint8_t memory[1 << 18], again[1 << 18];

static struct tomte_key_pair author;

static struct tomte_span list(uint8_t key)
{
    static uint8_t bytes[256];
    struct tomte_author a = {.patterns_len = 1,
                             .patterns = {TOMTE_SPAN_LIT("*")}};
    struct tomte_span out;
    a.name.len = 1, a.name.text[0] = 'a';
    memcpy(a.open, author.open, sizeof a.open);
    a.open[0] ^= key;
    enum tomte_err err =
        tomte_authors_encode(&a, 1, TOMTE_BUF_ARRAY(bytes), &out);
    TOMTE_ASSERT(err == TOMTE_OK);
    return out;
}

static bool check_open(struct tomte_span in, struct tomte_image *image)
{
    struct tomte_image head;
    size_t at;
    struct tomte_span begin = tomte_span_slice(in, 0, TOMTE_IMAGE_HEAD_BYTES);
    enum tomte_err err = tomte_image_open(in, image);
    enum tomte_err other = tomte_image_open_head(begin, in.len, &head, &at);
    if (err != TOMTE_OK)
        return false;
    TOMTE_ASSERT(other == TOMTE_OK || image->statement.len > begin.len - 16);
    if (other == TOMTE_OK) {
        TOMTE_ASSERT(in.data + at == image->module.data);
        TOMTE_ASSERT(head.module.len == image->module.len);
        TOMTE_ASSERT(tomte_span_equal(head.manifest, image->manifest));
    }
    TOMTE_ASSERT(image->statement.data > in.data);
    TOMTE_ASSERT(image->module.data >
                 image->statement.data + image->statement.len);
    TOMTE_ASSERT(image->module.data + image->module.len == in.data + in.len);
    return true;
}

/* As if the author had signed this. */
static struct tomte_span signed_image(struct tomte_span content)
{
    struct tomte_cbor_enc e;
    struct tomte_span statement, out;
    struct tomte_signed_draft draft = {.type = TOMTE_IMAGE_TYPE,
                                       .payload = content};
    enum tomte_err err = tomte_signed_encode(
        FAKE, &draft, &author, TOMTE_BUF_ARRAY(again), &statement);
    TOMTE_ASSERT(err == TOMTE_OK);
    tomte_cbor_encode_init(&e, TOMTE_BUF_ARRAY(memory));
    tomte_cbor_put_array(&e, 3);
    tomte_cbor_put_uint(&e, TOMTE_IMAGE_VERSION);
    tomte_cbor_put_bytes(&e, statement);
    tomte_cbor_put_bytes(&e, MODULE);
    err = tomte_cbor_encode_done(&e, &out);
    TOMTE_ASSERT(err == TOMTE_OK);
    return out;
}

static void check_signed(struct tomte_span content)
{
    struct tomte_image image;
    struct tomte_name name = {.len = 1, .text = "x"};
    struct tomte_span bytes, in = signed_image(content);
    uint8_t digest[TOMTE_SHA256_BYTES];
    if (!check_open(in, &image))
        return;
    TOMTE_ASSERT(tomte_image_judge(FAKE, &image, list(1), &name, NULL) ==
                 TOMTE_ERR_DENIED);
    tomte_sha256(FAKE, MODULE, digest);
    bool same = tomte_span_equal(image.module_digest, TOMTE_SPAN_ARRAY(digest));
    TOMTE_ASSERT(tomte_image_judge(FAKE, &image, list(0), &name, NULL) ==
                 (same ? TOMTE_OK : TOMTE_ERR_DENIED));
    enum tomte_err err = tomte_image_build(
        FAKE, image.manifest, MODULE, &author, TOMTE_BUF_ARRAY(again), &bytes);
    TOMTE_ASSERT(err == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(bytes, in) == same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_image image;
    uint8_t random[TOMTE_P256_PRIVATE_BYTES] = {1};
    enum tomte_err err = tomte_key_pair_init(&author, FAKE, random);
    TOMTE_ASSERT(err == TOMTE_OK);
    if (size > sizeof memory / 2)
        return 0;
    check_open(TOMTE_SPAN(data, size), &image);
    check_signed(TOMTE_SPAN(data, size));
    return 0;
}
