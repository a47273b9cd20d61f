/* SPDX-License-Identifier: Apache-2.0 */
/* coap/link_format.h: writing /.well-known/core (RFC 6690).
 *
 *   </room/lamp/level>;rt="tomte.state";if="core.a";ct=112;obs
 *
 * Content-Format 40 (application/link-format).
 *
 * Life: init -> put* -> end. The memory of `buf` stays the caller's. The first
 * error sticks, and a link that does not fit is not written in part. */
#pragma once

#include "base/err.h"
#include "base/span.h"

#define TOMTE_COAP_FORMAT_LINK 40

/* Spans may be empty: the attribute is then left out. */
struct tomte_coap_link_attrs {
    struct tomte_span path;      /* begins with '/', percent-encoded */
    struct tomte_span type;      /* rt: what it is, names apart by a space */
    struct tomte_span interface; /* if: how to use it */
    int32_t content_format;      /* ct; -1 for none */
    bool observable;             /* obs */
};

struct tomte_coap_link_format {
    struct tomte_buf buf;
    size_t len;
    enum tomte_err err;
};

void tomte_coap_link_format_init(struct tomte_coap_link_format *w,
                                 struct tomte_buf buf);

/* FULL; INVALID for a character that its place does not allow (sections 2, 5:
 * a quote, a backslash, an angle bracket, anything not printable ASCII). */
void tomte_coap_link_format_put(struct tomte_coap_link_format *w,
                                const struct tomte_coap_link_attrs *link);

/* The text, borrowed from the buffer, or the first error. */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_link_format_end(const struct tomte_coap_link_format *w,
                           struct tomte_span *text);
