/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "container/image.h"
#include "crypto/crypto.h"
#include "unit/container/make.h"

static uint8_t manifest_bytes[TOMTE_MANIFEST_BYTES_MAX];
static uint8_t bytes[8192];
static struct tomte_image image;

static struct tomte_span a_manifest(void)
{
    struct tomte_manifest m = make_manifest("min");
    struct tomte_span out;
    CHECK_OK(
        tomte_manifest_encode(&m, TOMTE_BUF_ARRAY(manifest_bytes), &out, NULL));
    return out;
}

TEST(image_opens_to_what_it_was_built_from)
{
    struct tomte_span manifest = a_manifest();
    struct tomte_span module = TOMTE_SPAN_LIT("\0asm\1\0\0\0");
    struct tomte_span out;
    CHECK_OK(tomte_image_build(manifest, module, TOMTE_BUF_ARRAY(bytes), &out));
    CHECK(out.len <= manifest.len + module.len + TOMTE_IMAGE_OVERHEAD);
    CHECK_OK(tomte_image_open(out, &image));
    CHECK_BYTES(manifest, image.manifest);
    CHECK_BYTES(module, image.module);
    CHECK_BYTES(out, image.bytes);
    for (size_t n = 0; n < out.len; n++)
        CHECK(tomte_image_open(TOMTE_SPAN(out.data, n), &image) != TOMTE_OK);
}

TEST(image_needs_room)
{
    struct tomte_span out;
    struct tomte_span manifest = a_manifest();
    CHECK_EQ(TOMTE_ERR_FULL,
             tomte_image_build(manifest, TOMTE_SPAN_LIT("x"),
                               TOMTE_BUF(bytes, manifest.len), &out));
}

static void refused(const char *hex, enum tomte_err err)
{
    CHECK_EQ(err,
             tomte_image_open(test_hex(hex, TOMTE_BUF_ARRAY(bytes)), &image));
}

TEST(image_refuses_what_is_none)
{
    refused("", TOMTE_ERR_TRUNCATED);
    refused("83 02 40 40", TOMTE_ERR_VERSION);
    refused("82 01 40", TOMTE_ERR_MISSING);
    refused("84 01 40 40 40", TOMTE_ERR_TRAILING);
    refused("83 01 40 40 00", TOMTE_ERR_TRAILING);
    refused("83 01 40 60", TOMTE_ERR_TYPE);
    refused("83 01 5800 40", TOMTE_ERR_NOT_CANONICAL);
    refused("83 01 591001", TOMTE_ERR_TRUNCATED);
}

TEST(image_digest_is_over_all_of_it)
{
    uint8_t a[TOMTE_IMAGE_DIGEST_BYTES];
    uint8_t b[TOMTE_IMAGE_DIGEST_BYTES];
    struct tomte_span in = test_hex("83 01 40 41 00", TOMTE_BUF_ARRAY(bytes));
    tomte_image_digest(&tomte_crypto_fake, in, a);
    tomte_sha256(&tomte_crypto_fake, in, b);
    CHECK_EQ(0, memcmp(a, b, sizeof(a)));
    bytes[4] = 1;
    tomte_image_digest(&tomte_crypto_fake, in, b);
    CHECK(memcmp(a, b, sizeof(a)) != 0);
}
