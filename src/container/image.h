/* SPDX-License-Identifier: Apache-2.0 */
/* container/image.h: a container as shipped: what its author signed, and the
 * Wasm module.
 *
 *   image     = [2, bstr .cbor statement, bstr module]   (deterministic CBOR)
 *   statement = COSE_Sign1 by the author (cose/signed.h), type
 *               TOMTE_IMAGE_TYPE, over  [module's SHA-256, manifest]
 *
 * So one signature covers the manifest as it is and the module by its digest:
 * who grants by the manifest knows which code it grants to. A version 1, not
 * signed, is DENIED.
 *
 * An image's name everywhere is the SHA-256 of all its bytes. Equal images are
 * equal bytes; the same content signed in ECDSA's other form is another image,
 * which does no harm, since a name is only ever what a placement says.
 *
 * Three steps, each by another: open checks the structure and believes nothing;
 * judge says whether the home's owner lets this author's code run as this
 * identity; manifest.h and the engine check what is inside. */
#pragma once

#include "base/err.h"
#include "base/name.h"
#include "base/span.h"

struct tomte_crypto;
struct tomte_key_pair;

#define TOMTE_IMAGE_VERSION      2
#define TOMTE_IMAGE_BYTES_MAX    (1u << 20)
#define TOMTE_IMAGE_DIGEST_BYTES 32

#define TOMTE_IMAGE_TYPE "application/vnd.tomte.image+cose"

/* What an image has beside manifest and module, at most. */
#define TOMTE_IMAGE_OVERHEAD 256

/* Room that tomte_image_build needs: for the image, and for what it signs. */
#define TOMTE_IMAGE_ROOM(manifest_bytes, module_bytes)                         \
    ((module_bytes) + 3 * ((manifest_bytes) + TOMTE_IMAGE_OVERHEAD))

/* What comes before the module, at most. */
#define TOMTE_IMAGE_HEAD_BYTES (4096 + TOMTE_IMAGE_OVERHEAD)

struct tomte_image {
    struct tomte_span bytes;     /* all of it */
    struct tomte_span statement; /* encoded */
    struct tomte_span manifest;  /* encoded */
    struct tomte_span module_digest;
    struct tomte_span module;
    struct tomte_span key_id; /* the author's, by the author's own word */
};

/* The parts, borrowed from `bytes`. DENIED for version 1, VERSION for another,
 * TOO_LARGE, and what a statement is refused with (tomte_signed_decode). */
TOMTE_MUST_CHECK enum tomte_err tomte_image_open(struct tomte_span bytes,
                                                 struct tomte_image *image);

/* An image of which only the beginning is at hand, TOMTE_IMAGE_HEAD_BYTES or
 * all of it: image->module is its place in the whole, its data NULL when that
 * is not at hand, and image->bytes what was given. Whoever has the module in
 * pieces compares its SHA-256 with image->module_digest. */
TOMTE_MUST_CHECK enum tomte_err tomte_image_open_head(struct tomte_span head,
                                                      size_t size,
                                                      struct tomte_image *image,
                                                      size_t *module_at);

/* Puts an image together in `out`, signed; `*bytes` is borrowed from it.
 * Neither part is looked into: tomte_manifest_encode has checked the one, and
 * whoever loads the image checks both. FULL when `out` has less than
 * TOMTE_IMAGE_ROOM bytes. */
TOMTE_MUST_CHECK enum tomte_err
tomte_image_build(const struct tomte_crypto *crypto, struct tomte_span manifest,
                  struct tomte_span module, const struct tomte_key_pair *author,
                  struct tomte_buf out, struct tomte_span *bytes);

/* SHA-256 over all of the image. */
void tomte_image_digest(const struct tomte_crypto *crypto,
                        struct tomte_span bytes,
                        uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES]);

/* Why an image may not run, for people: "author acme may not name the identity
 * heater". NUL-terminated; empty when it may. */
struct tomte_image_report {
    char text[160];
};

/* `authors` is the owner's list (container/authors.h). OK, or DENIED with the
 * reason in `report` (which may be NULL): no author of the list has the key,
 * the signature does not hold, or that author may not name the identity. The
 * module is compared with what was signed too when it is at hand. */
TOMTE_MUST_CHECK enum tomte_err
tomte_image_judge(const struct tomte_crypto *crypto,
                  const struct tomte_image *image, struct tomte_span authors,
                  const struct tomte_name *identity,
                  struct tomte_image_report *report);
