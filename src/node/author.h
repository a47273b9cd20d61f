/* SPDX-License-Identifier: Apache-2.0 */
/* node/author.h: whose code runs here; for the files of this room. */
#pragma once

#include "node/state.h"

/* Whether a stored image may run as this identity: signed by an author of the
 * config's list who may name it, whole, and (unless it is NONE) with this
 * manifest. DENIED, or why it cannot be read; `report` says it for people. */
TOMTE_MUST_CHECK enum tomte_err
node_author_judge(struct tomte_node *n,
                  const struct tomte_store_blob_info *info,
                  const struct tomte_name *identity, struct tomte_span manifest,
                  struct tomte_image_report *report);
