/* SPDX-License-Identifier: Apache-2.0 */
/* coap/option.h: the options of a CoAP message (RFC 7252 sections 3.1, 5.10).
 *
 * A list of options is a span in wire form. The wire form of a list is unique,
 * so a decoded list is read in place and can be sent on as it is; nothing is
 * ever unpacked. Lists are read with an iterator or the find functions, and
 * written with struct tomte_coap_options, which keeps the order that the wire
 * demands whatever the order of the calls.
 *
 * The find functions skip an option whose length its definition does not
 * allow, as if it were not there (section 5.4.3); whether such an option is
 * critical is tomte_coap_options_check's question.
 *
 * Values are borrowed from the list; integers are in network order without
 * leading zeros (section 3.2). */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* O(name, number, shortest, longest, may be repeated): RFC 7252 table 4,
 * RFC 7641, 7959, 7967, 8613, 8768, 9175, 9668. */
#define TOMTE_COAP_OPTION_TABLE(O)                                             \
    O(IF_MATCH, 1, 0, 8, 1)                                                    \
    O(URI_HOST, 3, 1, 255, 0)                                                  \
    O(ETAG, 4, 1, 8, 1)                                                        \
    O(IF_NONE_MATCH, 5, 0, 0, 0)                                               \
    O(OBSERVE, 6, 0, 3, 0)                                                     \
    O(URI_PORT, 7, 0, 2, 0)                                                    \
    O(LOCATION_PATH, 8, 0, 255, 1)                                             \
    O(OSCORE, 9, 0, 255, 0)                                                    \
    O(URI_PATH, 11, 0, 255, 1)                                                 \
    O(CONTENT_FORMAT, 12, 0, 2, 0)                                             \
    O(MAX_AGE, 14, 0, 4, 0)                                                    \
    O(URI_QUERY, 15, 0, 255, 1)                                                \
    O(HOP_LIMIT, 16, 1, 1, 0)                                                  \
    O(ACCEPT, 17, 0, 2, 0)                                                     \
    O(LOCATION_QUERY, 20, 0, 255, 1)                                           \
    O(EDHOC, 21, 0, 0, 0)                                                      \
    O(BLOCK2, 23, 0, 3, 0)                                                     \
    O(BLOCK1, 27, 0, 3, 0)                                                     \
    O(SIZE2, 28, 0, 4, 0)                                                      \
    O(PROXY_URI, 35, 1, 1034, 0)                                               \
    O(PROXY_SCHEME, 39, 1, 255, 0)                                             \
    O(SIZE1, 60, 0, 4, 0)                                                      \
    O(ECHO, 252, 1, 40, 0)                                                     \
    O(NO_RESPONSE, 258, 0, 1, 0)                                               \
    O(REQUEST_TAG, 292, 0, 8, 1)

enum tomte_coap_option_number {
#define O(name, number, shortest, longest, repeat)                             \
    TOMTE_COAP_OPT_##name = (number),
    TOMTE_COAP_OPTION_TABLE(O)
#undef O
};

/* What Max-Age is when the option is absent (RFC 7252 section 5.10.5). */
#define TOMTE_COAP_MAX_AGE_DEFAULT_S 60

/* Section 5.4.6: what the number alone says of an option. */
static inline bool tomte_coap_is_critical(uint16_t number)
{
    return (number & 1) != 0;
}

static inline bool tomte_coap_is_unsafe(uint16_t number)
{
    return (number & 2) != 0;
}

static inline bool tomte_coap_is_no_cache_key(uint16_t number)
{
    return (number & 0x1e) == 0x1c;
}

/* ---- reading ---- */

struct tomte_coap_option {
    uint16_t number;
    struct tomte_span value;
};

/* Life: init -> next* until false. Safe on any bytes: it ends at the first
 * malformed option, at a payload marker and at the end. */
struct tomte_coap_iter {
    struct tomte_span rest;
    uint32_t number;
};

void tomte_coap_iter_init(struct tomte_coap_iter *it,
                          struct tomte_span options);
bool tomte_coap_iter_next(struct tomte_coap_iter *it,
                          struct tomte_coap_option *out);

/* The first option of that number. */
bool tomte_coap_find(struct tomte_span options, uint16_t number,
                     struct tomte_span *value);
bool tomte_coap_find_uint(struct tomte_span options, uint16_t number,
                          uint32_t *value);

/* What a server does not understand, in one call (section 5.4): OPTION when
 * there is a critical option that is not in `known`, that is longer or shorter
 * than its definition, or one time too many; `bad` is then its number. A
 * request is then answered with 4.02, a response rejected. `bad` may be NULL.
 */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_options_check(struct tomte_span options, const uint16_t *known,
                         size_t known_count, uint16_t *bad);

/* The path as text, "/a/b", "/" when there is no Uri-Path; the query as text,
 * "a=1&b", empty when there is no Uri-Query. What RFC 3986 reserves is
 * percent-encoded (section 6.5), so two different lists never give one text.
 * `text` is at the start of `out`. FULL; INVALID for a segment "." or "..",
 * which section 5.10.1 forbids, and for a segment or an argument that is empty
 * and the only one, which would read as none. */
TOMTE_MUST_CHECK enum tomte_err tomte_coap_get_path(struct tomte_span options,
                                                    struct tomte_buf out,
                                                    struct tomte_span *text);
TOMTE_MUST_CHECK enum tomte_err tomte_coap_get_query(struct tomte_span options,
                                                     struct tomte_buf out,
                                                     struct tomte_span *text);

/* ---- writing ---- */

/* A list under construction. Options may be put in any order; those of one
 * number keep the order in which they were put. The first error sticks, later
 * puts do nothing, and tomte_coap_options_end tells.
 *
 * Life: init -> put* -> end. The memory of `buf` stays the caller's. */
struct tomte_coap_options {
    struct tomte_buf buf;
    size_t len;
    enum tomte_err err;
};

void tomte_coap_options_init(struct tomte_coap_options *o,
                             struct tomte_buf buf);

/* FULL when the buffer has no room, TOO_LARGE for a value over 65804 bytes. */
void tomte_coap_put(struct tomte_coap_options *o, uint16_t number,
                    struct tomte_span value);
void tomte_coap_put_uint(struct tomte_coap_options *o, uint16_t number,
                         uint32_t value);

/* Every option of a list in wire form, a decoded one for example. */
void tomte_coap_put_all(struct tomte_coap_options *o,
                        struct tomte_span options);

/* "/a/b" into Uri-Path options, percent-encoding undone (section 6.4); "/" and
 * "" put nothing. INVALID for "." and "..", MALFORMED for a bad escape,
 * TOO_LARGE for a segment over 255 bytes. */
void tomte_coap_put_path(struct tomte_coap_options *o, struct tomte_span text);

/* "a=1&b" into Uri-Query options, the same way. */
void tomte_coap_put_query(struct tomte_coap_options *o, struct tomte_span text);

/* The list, borrowed from the buffer, or the first error (and an empty one).
 */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_options_end(const struct tomte_coap_options *o,
                       struct tomte_span *options);

/* ---- blocks (RFC 7959 section 2.2) ---- */

struct tomte_coap_block {
    uint32_t num; /* which block, from 0; below 2^20 */
    bool more;    /* there are blocks behind this one */
    uint8_t szx;  /* the block's size is 16 << szx bytes; 0 to 6 */
};

static inline size_t tomte_coap_block_size(const struct tomte_coap_block *b)
{
    return (size_t)16 << b->szx;
}

/* NOT_FOUND, or MALFORMED for the reserved size exponent 7 (answered with
 * 4.00). `number` is Block1 or Block2. */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_find_block(struct tomte_span options, uint16_t number,
                      struct tomte_coap_block *out);

/* RANGE when a field is. */
void tomte_coap_put_block(struct tomte_coap_options *o, uint16_t number,
                          const struct tomte_coap_block *b);
