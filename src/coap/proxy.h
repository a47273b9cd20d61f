/* SPDX-License-Identifier: Apache-2.0 */
/* coap/proxy.h: a forward proxy's rewriting of messages (RFC 7252 sections
 * 5.7, 5.10.2, 6.4; RFC 8768).
 *
 * Plain functions: a request that was sent to a proxy becomes the request that
 * the proxy makes, the answer to that one becomes the answer. Whom the target's
 * name is, who may have what forwarded, and what is cached is the caller's.
 * Messages keep their payload and, Block options being options like others,
 * their blocks. An Observe option goes along: the proxy registers, and relays
 * what it is notified of. */
#pragma once

#include "coap/message.h"

#define TOMTE_COAP_PORT 5683

/* What a proxy puts in where there is none (RFC 8768 section 3). */
#define TOMTE_COAP_HOP_LIMIT 16

/* The parts of an absolute URI (RFC 7252 section 6.1), borrowed from it. */
struct tomte_coap_uri {
    struct tomte_span scheme; /* "coap" */
    struct tomte_span host;   /* as written, without the brackets of an IP
                                 literal */
    bool literal;             /* IPv6, in brackets */
    bool has_port;
    uint16_t port;
    struct tomte_span path;  /* begins with '/', or empty */
    struct tomte_span query; /* behind the '?' */
};

/* MALFORMED: not absolute, a fragment, user information, an empty host, a port
 * that is none. */
TOMTE_MUST_CHECK enum tomte_err tomte_coap_uri_parse(struct tomte_span text,
                                                     struct tomte_coap_uri *u);

/* Whether a request wants to be forwarded: Proxy-Uri or Proxy-Scheme. */
bool tomte_coap_is_for_proxy(struct tomte_span options);

struct tomte_coap_forward {
    struct tomte_coap_uri to; /* scheme, host, port; path and query are in the
                                 options. Borrowed from the request */
    struct tomte_span options;
};

/* What is asked of the target: without Proxy-Uri and Proxy-Scheme, those taken
 * apart into Uri-Path and Uri-Query; with Uri-Host where the host is a name;
 * with one hop less. `memory` is for the options, 1200 bytes for any request.
 *
 * Gives 0, or the code that the request is to be answered with:
 *   4.00  the URI makes no sense, names no host, or Hop-Limit is 0
 *   4.02  an option that is unsafe to forward and not known here
 *   4.13  it does not fit
 *   5.05  another scheme than coap
 *   5.08  Hop-Limit has run out; put one's name into the payload */
uint8_t tomte_coap_proxy_request(const struct tomte_coap_msg *request,
                                 struct tomte_buf memory,
                                 struct tomte_coap_forward *out);

/* The answer that goes back. An option that is unsafe to forward and not known
 * makes it 5.02 (section 5.7.1). `name` goes in front of the payload of a 5.08,
 * which so tells the way (RFC 8768 section 4); `memory` is for that, and what
 * does not fit is left as it is. An error of the endpoint has its code in
 * base/err.h: TIMEOUT is 5.04. */
void tomte_coap_proxy_answer(const struct tomte_coap_msg *answer,
                             struct tomte_span name, struct tomte_buf memory,
                             struct tomte_coap_parts *out);
