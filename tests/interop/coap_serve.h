/* SPDX-License-Identifier: Apache-2.0 */
/* What coap_serve.c and coap_resources.c say to each other. */
#pragma once

#include "coap_peer.h"

#include "coap/blocks.h"

struct call {
    const struct tomte_coap_effect *effect;
    struct tomte_span body; /* of the request, whole */
    uint8_t code;           /* 0: no answer at all */
    uint8_t memory[64];     /* of the options */
    struct tomte_coap_options options;
    struct tomte_span payload; /* of the answer, whole */
};

/* coap_resources.c: answers by setting code, options and payload. */
void serve_resource(struct call *c);
void serve_count(void); /* five times a second */
void serve_tick(void);  /* less often */

/* coap_serve.c: registers when the request asks for it; tells observers. */
void serve_observable(struct call *c, uint32_t resource);
void serve_notify(uint32_t resource, const struct tomte_coap_parts *whole);
