/* SPDX-License-Identifier: Apache-2.0 */
/* container/image.h: a container as shipped: manifest and Wasm module.
 *
 *   image = [1, bstr .cbor manifest, bstr module]     (deterministic CBOR)
 *
 * Its name everywhere is its SHA-256: equal images are equal bytes. Opening
 * checks this structure only; the manifest is checked by manifest.h, the module
 * by the engine when it is loaded. */
#pragma once

#include "base/err.h"
#include "base/span.h"

struct tomte_crypto;

#define TOMTE_IMAGE_VERSION      1
#define TOMTE_IMAGE_BYTES_MAX    (1u << 20)
#define TOMTE_IMAGE_DIGEST_BYTES 32

/* What an image has beside manifest and module, at most. */
#define TOMTE_IMAGE_OVERHEAD 12

struct tomte_image {
    struct tomte_span bytes;    /* all of it */
    struct tomte_span manifest; /* encoded */
    struct tomte_span module;
};

/* The parts, borrowed from `bytes`. VERSION for another format version. */
TOMTE_MUST_CHECK enum tomte_err tomte_image_open(struct tomte_span bytes,
                                                 struct tomte_image *image);

/* Puts an image together in `out`; `*bytes` is borrowed from it. Neither part
 * is looked into: tomte_manifest_encode has checked the one, and whoever loads
 * the image checks both. FULL when `out` has not manifest.len + module.len +
 * TOMTE_IMAGE_OVERHEAD bytes. */
TOMTE_MUST_CHECK enum tomte_err tomte_image_build(struct tomte_span manifest,
                                                  struct tomte_span module,
                                                  struct tomte_buf out,
                                                  struct tomte_span *bytes);

/* SHA-256 over all of the image. */
void tomte_image_digest(const struct tomte_crypto *crypto,
                        struct tomte_span bytes,
                        uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES]);
