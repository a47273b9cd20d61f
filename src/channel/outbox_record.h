/* SPDX-License-Identifier: Apache-2.0 */
/* channel/outbox_record.h: the messages in an outbox's memory, one behind the
 * other, oldest first; for the room's own files.
 *
 *   stream: 8 | payload's length: 2 | format: 2 | payload      (little-endian)
 *
 * Dropping the oldest moves the rest down: the memory is small, and payloads
 * stay in one piece without a ring's odd end. Sequences are not written: the
 * first is tomte_outbox.first, and there are no holes. */
#pragma once

#include "channel/outbox.h"

struct tomte_outbox_record {
    uint64_t stream;
    uint16_t format;
    struct tomte_span payload; /* borrowed from the memory */
};

/* Asserts that it is held. */
void tomte_outbox_find(const struct tomte_outbox *o, uint64_t sequence,
                       struct tomte_outbox_record *record);

/* Behind the last one; asserts that there is room. */
void tomte_outbox_append(struct tomte_outbox *o,
                         const struct tomte_outbox_record *record);

/* Drops what every consumer has acknowledged; all when there is none. */
void tomte_outbox_release(struct tomte_outbox *o);
