/* SPDX-License-Identifier: Apache-2.0 */
/* coap/condition.h: requests that depend on the state of what they ask for
 * (RFC 7252 sections 5.10.6, 5.10.8), and answers nobody wants (RFC 7967).
 *
 * Plain functions over a request's options. */
#pragma once

#include "coap/message.h"

/* Whether a request may be carried out on a representation with this ETag.
 * `exists`: there is one; an ETag of length 0 is none, which no If-Match but
 * the empty one matches. FENCED is answered with 4.12 Precondition Failed.
 *
 *   If-Match       one of the values is the ETag, or empty and there is one
 *   If-None-Match  there is none */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_precondition(struct tomte_span options, bool exists,
                        struct tomte_span etag);

/* Whether a GET or FETCH has an ETag option with this value: the answer is then
 * 2.03 Valid with that ETag and without payload (section 5.10.6.2). */
bool tomte_coap_has_etag(struct tomte_span options, struct tomte_span etag);

/* The classes of answers that a client does not want, bit c for class c:
 * No-Response (RFC 7967 section 2). Without that option it wants all, but none
 * of the errors when it asked a group (RFC 7252 section 8.2). The endpoint
 * keeps to it by itself; whoever hides the option from it, OSCORE, asks here.
 */
uint8_t tomte_coap_unwanted(struct tomte_span options, bool multicast);
