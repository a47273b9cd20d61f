/* SPDX-License-Identifier: Apache-2.0 */
/* container/authors.h: whose code may run in a home, and as what.
 *
 * The owner's list: authors' names, public keys, and the container identities
 * that each may name. An image is signed by its author (container/image.h); it
 * runs as an identity only when the list has the author's key and the author
 * may name that identity. Nobody in the list: nothing runs.
 *
 *   authors = [ + [name, COSE_Key, [ + pattern ]] ]    (deterministic CBOR)
 *
 * Sorted by name, no name or key twice. A pattern is an identity, or the
 * beginning of one and "*"; "*" alone is any. An identity is matched by its
 * bytes.
 *
 * The list is kept as it is encoded and looked through when it is needed: a
 * home has few authors. It is believed by its SHA-256, which the owner signs
 * (ace/charter.h), or because it was read from the owner's own file. */
#pragma once

#include "base/err.h"
#include "base/name.h"
#include "base/span.h"
#include "crypto/crypto.h"

#define TOMTE_AUTHORS_MAX          32
#define TOMTE_AUTHOR_PATTERNS_MAX  16
#define TOMTE_AUTHORS_BYTES_MAX    8192
#define TOMTE_AUTHOR_PATTERN_BYTES (TOMTE_NAME_MAX + 1)

struct tomte_author {
    struct tomte_name name;
    uint8_t open[TOMTE_P256_PUBLIC_BYTES];
    size_t patterns_len;
    struct tomte_span patterns[TOMTE_AUTHOR_PATTERNS_MAX]; /* borrowed */
};

/* All of it is as said above; OK for an empty span, which is nobody. TOO_LARGE,
 * RANGE (too many of something), DUPLICATE, NOT_CANONICAL (not sorted),
 * MALFORMED (a pattern), errors of decoding. Other functions take a list that
 * was checked. */
TOMTE_MUST_CHECK enum tomte_err tomte_authors_check(struct tomte_span list);

/* The author with this name, or NOT_FOUND. */
TOMTE_MUST_CHECK enum tomte_err tomte_authors_find(struct tomte_span list,
                                                   struct tomte_span name,
                                                   struct tomte_author *author);

/* The author whose key has this identifier (cose/signed.h), or NOT_FOUND. */
TOMTE_MUST_CHECK enum tomte_err
tomte_authors_by_key(const struct tomte_crypto *c, struct tomte_span list,
                     const uint8_t *key_id, struct tomte_author *author);

bool tomte_author_may(const struct tomte_author *author,
                      const struct tomte_name *identity);

/* The list of these authors, in any order; `*list` is borrowed from `out`. The
 * errors of tomte_authors_check, or FULL. */
TOMTE_MUST_CHECK enum tomte_err
tomte_authors_encode(const struct tomte_author *authors, size_t count,
                     struct tomte_buf out, struct tomte_span *list);
