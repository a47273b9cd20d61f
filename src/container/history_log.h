/* SPDX-License-Identifier: Apache-2.0 */
/* container/history_log.h: the log half of a history; private to the room.
 *
 * Two places for records: a log of the store, or memory (durability `none`).
 * In the store, records are numbered by the log itself; since neither numbers
 * nor sequences have holes, `log_own` (the number of record base + 1) converts
 * between them. In memory they lie one after the other, each behind its length
 * in two bytes. */
#pragma once

#include "container/history.h"

#define HISTORY_KEY_BYTES (8 + TOMTE_NAME_MAX)

struct tomte_span history_key(const struct tomte_history *h,
                              uint8_t key[HISTORY_KEY_BYTES]);

/* Reads the log of the store, if it is there that records are: sets held,
 * log_own and damaged, drops what does not belong to the checkpoint. */
enum tomte_err history_log_open(struct tomte_history *h);

enum tomte_err history_log_remove(struct tomte_history *h);

/* A checkpoint up to `base` is in force. The log keeps what is behind it when
 * it `fits`, else nothing. */
enum tomte_err history_log_rebase(struct tomte_history *h, uint64_t base,
                                  bool fits);
