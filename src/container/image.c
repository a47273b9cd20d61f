/* SPDX-License-Identifier: Apache-2.0 */
#include "container/image.h"

#include "cbor/cbor.h"
#include "container/manifest.h"
#include "crypto/crypto.h"

_Static_assert(TOMTE_IMAGE_DIGEST_BYTES == TOMTE_SHA256_BYTES,
               "an image is named by its SHA-256");

enum tomte_err tomte_image_open(struct tomte_span bytes,
                                struct tomte_image *image)
{
    if (bytes.len > TOMTE_IMAGE_BYTES_MAX)
        return TOMTE_ERR_TOO_LARGE;
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_array(&d);
    uint64_t version = tomte_cbor_get_uint(&d);
    if (version != TOMTE_IMAGE_VERSION)
        tomte_cbor_fail(&d, TOMTE_ERR_VERSION);
    image->bytes = bytes;
    image->manifest = tomte_cbor_get_bytes(&d);
    if (image->manifest.len > TOMTE_MANIFEST_BYTES_MAX)
        tomte_cbor_fail(&d, TOMTE_ERR_TOO_LARGE);
    image->module = tomte_cbor_get_bytes(&d);
    tomte_cbor_leave(&d);
    return tomte_cbor_decode_done(&d);
}

enum tomte_err tomte_image_build(struct tomte_span manifest,
                                 struct tomte_span module, struct tomte_buf out,
                                 struct tomte_span *bytes)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, 3);
    tomte_cbor_put_uint(&e, TOMTE_IMAGE_VERSION);
    tomte_cbor_put_bytes(&e, manifest);
    tomte_cbor_put_bytes(&e, module);
    enum tomte_err err = tomte_cbor_encode_done(&e, bytes);
    if (err == TOMTE_OK && bytes->len > TOMTE_IMAGE_BYTES_MAX)
        err = TOMTE_ERR_TOO_LARGE;
    return err;
}

void tomte_image_digest(const struct tomte_crypto *crypto,
                        struct tomte_span bytes,
                        uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES])
{
    tomte_sha256(crypto, bytes, digest);
}
