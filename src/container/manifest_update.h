/* SPDX-License-Identifier: Apache-2.0 */
/* container/manifest_update.h: the part of a manifest that says how a new
 * version takes over (docs/spec/manifest.md, "update"). Private to the room. */
#pragma once

#include "cbor/cbor.h"
#include "container/manifest.h"

/* It says something else than the defaults: else the part is left out. */
bool manifest_has_update(const struct tomte_manifest *m);

/* Reads the map; the decoder's error says what is wrong. The ports of `m` were
 * read before. */
void manifest_read_update(struct tomte_cbor_dec *d, struct tomte_manifest *m);

/* Writes the map. RANGE, DUPLICATE or INVALID when a reader would refuse it. */
TOMTE_MUST_CHECK enum tomte_err
manifest_write_update(struct tomte_cbor_enc *e, const struct tomte_manifest *m);
