/* SPDX-License-Identifier: Apache-2.0 */
/* coap/link_format.h: writing and reading /.well-known/core (RFC 6690).
 *
 *   </room/lamp/level>;rt="tomte.state";if="core.a";ct=112;obs
 *
 * Content-Format 40 (application/link-format). */
#pragma once

#include "base/err.h"
#include "base/span.h"

#define TOMTE_COAP_FORMAT_LINK 40

/* ---- writing ----
 *
 * Life: init or window, perhaps filter -> put* -> end. The memory of `buf`
 * stays the caller's. The first error sticks, and a link that does not fit is
 * not written in part.
 *
 * A window is the text's bytes [at, at + cap) and no others, so a text of any
 * length is served in blocks from one block's memory: once over all links with
 * no memory for `total` and `etag`, then for what tomte_coap_slice says. */

/* Spans may be empty: the attribute is then left out. */
struct tomte_coap_link_attrs {
    struct tomte_span path;      /* begins with '/', percent-encoded */
    struct tomte_span type;      /* rt: what it is, names apart by a space */
    struct tomte_span interface; /* if: how to use it */
    int32_t content_format;      /* ct; -1 for none */
    bool observable;             /* obs */
    struct tomte_span title;     /* for people */
    uint32_t size;               /* sz: of a large representation; 0 for none */
};

struct tomte_coap_link_format {
    struct tomte_buf buf;
    size_t len;
    enum tomte_err err;
    struct tomte_span filter; /* a request's options */
    bool windowed;
    uint32_t at;    /* where the window begins */
    uint32_t total; /* of the text, in the window or not */
    uint32_t etag;  /* changes with the text: CRC-32C */
};

void tomte_coap_link_format_init(struct tomte_coap_link_format *w,
                                 struct tomte_buf buf);
void tomte_coap_link_format_window(struct tomte_coap_link_format *w,
                                   struct tomte_buf buf, uint32_t at);

/* Only links that each Uri-Query of a request matches (section 4.1): "rt=x",
 * "rt=x*" for all that begin with x, "href=/room*". The options are borrowed
 * until the end. */
void tomte_coap_link_format_filter(struct tomte_coap_link_format *w,
                                   struct tomte_span options);

/* FULL; INVALID for a character that its place does not allow (sections 2, 5:
 * a quote, a backslash, an angle bracket, anything not printable ASCII). */
void tomte_coap_link_format_put(struct tomte_coap_link_format *w,
                                const struct tomte_coap_link_attrs *link);

/* The text, borrowed from the buffer, or the first error. */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_link_format_end(const struct tomte_coap_link_format *w,
                           struct tomte_span *text);

/* ---- reading ----
 *
 * Life: links -> next_link* until false -> `err`. Spans are borrowed from the
 * text, quotes taken off; a backslash in a quoted value is left in place. */

struct tomte_coap_links {
    struct tomte_span rest;
    enum tomte_err err; /* MALFORMED */
};

struct tomte_coap_link {
    struct tomte_span target; /* what is between the angle brackets */
    struct tomte_span params; /* ;name=value..., well-formed */
};

struct tomte_coap_link_param {
    struct tomte_span name;
    struct tomte_span value; /* empty without one */
};

void tomte_coap_links(struct tomte_coap_links *it, struct tomte_span text);
bool tomte_coap_next_link(struct tomte_coap_links *it,
                          struct tomte_coap_link *link);

/* Takes the first parameter off `params`. */
bool tomte_coap_next_param(struct tomte_span *params,
                           struct tomte_coap_link_param *out);

/* The first parameter of that name. */
bool tomte_coap_link_param(const struct tomte_coap_link *link,
                           struct tomte_span name, struct tomte_span *value);

/* Whether a link matches one query, "rt=x*": section 4.1. Names without a
 * value, "obs", match links that have the parameter. */
bool tomte_coap_link_matches(const struct tomte_coap_link *link,
                             struct tomte_span query);

/* The same for one value of a parameter, of which rt, if and rel are lists with
 * spaces between. */
bool tomte_coap_link_value_matches(struct tomte_span name,
                                   struct tomte_span value,
                                   struct tomte_span pattern);
