/* SPDX-License-Identifier: Apache-2.0 */
/* home/offer.h: what a node offers to its home.
 *
 * The place it stands in, room for containers, and its resources: the sensors,
 * buttons and actuators that it drives. A node encodes its offer once and sends
 * it when a keeper asks for it; the keeper passes the same bytes on in a NODE
 * command. So that nothing is sent while nothing changes, each lease request
 * names the offer by its CRC.
 *
 *   offer = {? 0: place, 1: containers, 2: memory in KiB, 3: [* resource],
 *            ? 4: fuel per second, ? 5: flash in KiB, ? 6: hops, ? 7: true}
 *   resource = [channel, type, kind, actuator, role, place]
 *
 * in deterministic CBOR; 4 to 7 (7: it runs on a battery) are there when they
 * are not 0 or false; resources sorted by channel. A role or place that is
 * not given is an empty text. An offer with TOMTE_LIMIT_RESOURCES resources
 * does not fit one datagram: it then travels in blocks. */
#pragma once

#include "base/err.h"
#include "base/limits.h"
#include "base/name.h"
#include "base/span.h"
#include "cbor/cbor.h"

/* An encoded offer is not larger. */
#define TOMTE_OFFER_BYTES_MAX (64 + TOMTE_LIMIT_RESOURCES * 176)

/* One thing of the world that a node drives. */
struct tomte_resource {
    struct tomte_channel_name channel; /* its name in the home */
    struct tomte_name type;            /* "temperature" */
    struct tomte_name role;            /* "thermometer"; empty: none */
    struct tomte_name place;           /* "kitchen"; empty: the node's */
    uint8_t kind;                      /* enum tomte_port_kind */
    bool actuator;                     /* can be written; kind is state */
};

struct tomte_offer {
    struct tomte_name place;  /* empty: none given */
    uint16_t containers;      /* whose history it can keep, at most */
    uint32_t memory_kib;      /* for the memories of containers */
    uint32_t fuel_per_second; /* for containers that say what they need; 0:
                                 without end, as is */
    uint32_t flash_kib;       /* for histories */
    uint8_t hops;             /* by radio to where wires begin; 0: wired */
    bool battery;             /* not on mains */
    uint16_t resources_len;
    struct tomte_span resources; /* encoded; see tomte_offer_next */
};

/* Resources must be sorted by channel (NOT_CANONICAL) and differ (DUPLICATE).
 * `*bytes` is borrowed from `out`; FULL when it is too small. */
TOMTE_MUST_CHECK enum tomte_err
tomte_offer_encode(const struct tomte_offer *offer,
                   const struct tomte_resource *resources, struct tomte_buf out,
                   struct tomte_span *bytes);

/* Checks all of it; `offer->resources` is borrowed from `bytes`. RANGE when it
 * has more than TOMTE_LIMIT_RESOURCES resources. */
TOMTE_MUST_CHECK enum tomte_err tomte_offer_decode(struct tomte_span bytes,
                                                   struct tomte_offer *offer);

/* The resources of a decoded offer, in order: init once, then next until it
 * gives false. */
struct tomte_offer_iter {
    struct tomte_cbor_dec dec;
};

void tomte_offer_iter_init(struct tomte_offer_iter *it,
                           const struct tomte_offer *offer);
bool tomte_offer_next(struct tomte_offer_iter *it, struct tomte_resource *r);

/* The name of an offer in lease requests. */
uint32_t tomte_offer_crc(struct tomte_span bytes);
