/* SPDX-License-Identifier: Apache-2.0 */
/* channel/binding.h: which channel is whose, as one node's view has it.
 *
 *   kind       the OWNER row                    the PEER rows
 *   state      its writer; its node answers     none: consumers come by
 *              GET                              themselves
 *   event      its producer                     its consumers, who are sent to
 *   actuator   the resource: its node answers   the identities that may write,
 *              PUT; no identity, epoch 0        and their epochs: the fences
 *
 * Replaced as a whole with each view, never changed in between.
 *
 * Life: init -> (set | owner | peers | peer)*. The rows' memory is the
 * caller's; pointers to rows are good until the next set. */
#pragma once

#include "base/base.h"

enum tomte_channel_kind {
    TOMTE_CHANNEL_STATE,
    TOMTE_CHANNEL_EVENT,
    TOMTE_CHANNEL_ACTUATOR,
};

enum tomte_binding_role {
    TOMTE_BINDING_OWNER,
    TOMTE_BINDING_PEER,
};

struct tomte_binding {
    struct tomte_channel_name channel;
    struct tomte_name identity; /* empty: a resource of the node itself */
    uint64_t epoch;             /* of its placement; 0: not placed */
    struct tomte_addr addr;     /* of the node where it is now */
    uint8_t kind;               /* enum tomte_channel_kind */
    uint8_t role;               /* enum tomte_binding_role */
};

struct tomte_bindings {
    struct tomte_binding *rows; /* by channel, role, identity */
    uint16_t len, cap;
};

void tomte_bindings_init(struct tomte_bindings *t, struct tomte_binding *rows,
                         uint16_t cap);

/* All of the new view; rows in any order are copied and sorted (fastest when
 * they are sorted already). `rows` must not be the table's own memory. FULL;
 * DUPLICATE for two owners of a channel or twice the same peer; INVALID for
 * peers without an owner or rows of one channel that differ in kind. On an
 * error the table is empty: what is not bound is denied. */
TOMTE_MUST_CHECK enum tomte_err
tomte_bindings_set(struct tomte_bindings *t, const struct tomte_binding *rows,
                   size_t count);

/* The owner's row; NULL when the channel is not bound. */
const struct tomte_binding *
tomte_bindings_owner(const struct tomte_bindings *t,
                     const struct tomte_channel_name *channel);

/* The first of `*count` peers, one behind the other, sorted by identity. */
const struct tomte_binding *
tomte_bindings_peers(const struct tomte_bindings *t,
                     const struct tomte_channel_name *channel, size_t *count);

const struct tomte_binding *
tomte_bindings_peer(const struct tomte_bindings *t,
                    const struct tomte_channel_name *channel,
                    const struct tomte_name *identity);

/* "state", "event", "actuator"; "?" for a value outside the enum. */
const char *tomte_channel_kind_name(unsigned kind);
