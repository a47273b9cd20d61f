/* SPDX-License-Identifier: Apache-2.0 */
/* home/codec.h: what the encodings of this room share. Private to the room. */
#pragma once

#include "base/addr.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/name.h"
#include "cbor/cbor.h"
#include "home/command.h"

#include <string.h>

/* An address: its 16 bytes and the port, in network order. */
#define ADDR_BYTES 18u

#define LIT(s)  TOMTE_SPAN_LIT(s)
#define NAME(n) tomte_name_span(&(n))
#define CHAN(n) tomte_channel_name_span(&(n))

/* Refuses with a text made of parts, when `report` is there:
 *   return SAY(report, TOMTE_ERR_EXISTS, LIT("node "), NAME(n), LIT("...")); */
#define SAY(report, err, ...)                                                  \
    tomte_home_say((report), (err), (struct tomte_span[]){__VA_ARGS__},        \
                   sizeof((struct tomte_span[]){__VA_ARGS__}) /                \
                       sizeof(struct tomte_span))

enum tomte_err tomte_home_say(struct tomte_home_report *report,
                              enum tomte_err err,
                              const struct tomte_span *parts, size_t len);

static inline void put_name(struct tomte_cbor_enc *e,
                            const struct tomte_name *n)
{
    tomte_cbor_put_text(e, tomte_name_span(n));
}

static inline void put_channel(struct tomte_cbor_enc *e,
                               const struct tomte_channel_name *n)
{
    tomte_cbor_put_text(e, tomte_channel_name_span(n));
}

/* The empty text stands for no name; only these getters take it. */
static inline struct tomte_name get_optional_name(struct tomte_cbor_dec *d)
{
    struct tomte_span text = tomte_cbor_get_text(d);
    struct tomte_name n = {0};
    if (text.len > 0)
        tomte_cbor_fail(d, tomte_name_parse(text, &n));
    return n;
}

static inline struct tomte_channel_name
get_optional_channel(struct tomte_cbor_dec *d)
{
    struct tomte_span text = tomte_cbor_get_text(d);
    struct tomte_channel_name n = {0};
    if (text.len > 0)
        tomte_cbor_fail(d, tomte_channel_name_parse(text, &n));
    return n;
}

static inline void put_addr(struct tomte_cbor_enc *e,
                            const struct tomte_addr *a)
{
    uint8_t bytes[ADDR_BYTES];
    memcpy(bytes, a->ip, sizeof(a->ip));
    tomte_put_be16(bytes + 16, a->port);
    tomte_cbor_put_bytes(e, TOMTE_SPAN_ARRAY(bytes));
}

static inline struct tomte_addr get_addr(struct tomte_cbor_dec *d)
{
    uint8_t bytes[ADDR_BYTES];
    struct tomte_addr a;
    tomte_cbor_get_bytes_exact(d, bytes, sizeof(bytes));
    memcpy(a.ip, bytes, sizeof(a.ip));
    a.port = tomte_get_be16(bytes + 16);
    return a;
}

/* Whether the open array has an item after these `have`; RANGE when it has
 * more than `max`. */
static inline bool more_of(struct tomte_cbor_dec *d, size_t have, size_t max)
{
    if (!tomte_cbor_more(d))
        return false;
    if (have >= max)
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    return have < max;
}
