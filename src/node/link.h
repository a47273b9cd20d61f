/* SPDX-License-Identifier: Apache-2.0 */
/* node/link.h: what is kept beside the CoAP endpoint's entries: which bond a
 * request or an observation goes by, and what binds its answers to it. */
#pragma once

#include "coap/endpoint.h"
#include "oscore/oscore.h"

struct kept {
    uint32_t handle;   /* 0: free, or not protected */
    uint32_t bond;     /* its number */
    uint32_t observer; /* a request that registers: the observer's handle */
    uint64_t ends_ms;  /* an observer that was told the end; 0: it was not */
    struct tomte_oscore_exchange x;
};

struct node_link {
    struct kept *asked;    /* beside exchanges */
    struct kept *served;   /* beside inbound */
    struct kept *observed; /* beside observers */
    uint16_t observers;
    uint16_t ending;
    uint8_t *in, *out; /* what was opened; what is sealed */
};

static inline struct kept *link_kept(struct kept *list, uint32_t handle)
{
    struct kept *k = &list[tomte_coap_place(handle)];
    return handle != 0 && k->handle == handle ? k : NULL;
}
