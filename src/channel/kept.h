/* SPDX-License-Identifier: Apache-2.0 */
/* channel/kept.h: a representation as a checkpoint keeps it; for the room's
 * own files.
 *
 *   [1, format: uint, payload: bytes]   or, when there is none,   [1]
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* Beside the payload: 1 + 1 + 3 + 3. */
#define TOMTE_KEPT_OVERHEAD 8

struct tomte_kept {
    bool known;
    uint16_t format;
    struct tomte_span payload; /* decoded: borrowed from the bytes */
};

TOMTE_MUST_CHECK enum tomte_err tomte_kept_encode(const struct tomte_kept *kept,
                                                  struct tomte_buf out,
                                                  struct tomte_span *bytes);
TOMTE_MUST_CHECK enum tomte_err tomte_kept_decode(struct tomte_span bytes,
                                                  struct tomte_kept *kept);
