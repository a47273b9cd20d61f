/* SPDX-License-Identifier: Apache-2.0 */
/* home/snapshot.h: what encoding and decoding a snapshot share. Private to the
 * room. */
#pragma once

#include "home/apply.h"
#include "home/codec.h"
#include "home/table.h"

#define SNAPSHOT_FORMAT_VERSION 3

enum {
    SNAPSHOT_FORMAT = 0,
    SNAPSHOT_VERSION = 1,
    SNAPSHOT_EPOCH_FLOOR = 2,
    SNAPSHOT_LEASE = 3,
    SNAPSHOT_LEASE_LONGEST = 4,
    SNAPSHOT_NODES = 5,
    SNAPSHOT_CONTAINERS = 6,
};

/* One resource, as an offer has it. */
void tomte_offer_put_resource(struct tomte_cbor_enc *e,
                              const struct tomte_resource *r);
struct tomte_resource tomte_offer_get_resource(struct tomte_cbor_dec *d);
