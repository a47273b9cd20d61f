/* SPDX-License-Identifier: Apache-2.0 */
/* A message taken apart (RFC 9052 sections 4.2, 5.2, 6.2). */
#include "cose/internal.h"

#include "cbor/cbor.h"

/* Senders encode an empty map as nothing; recipients take a map too, and treat
 * both alike (section 3). */
static struct tomte_span read_protected(struct tomte_cbor_dec *d)
{
    struct tomte_span map = tomte_cbor_get_bytes(d);
    if (map.len == 1 && map.data[0] == 0xa0)
        return TOMTE_SPAN(map.data, 0);
    return map;
}

static struct tomte_span read_unprotected(struct tomte_cbor_dec *d)
{
    bool map = tomte_cbor_peek(d) == TOMTE_CBOR_MAP;
    struct tomte_span raw = tomte_cbor_get_raw(d);
    if (!map)
        tomte_cbor_fail(d, TOMTE_ERR_TYPE);
    return raw;
}

static void read_message(struct tomte_cbor_dec *d, struct tomte_cose *m)
{
    size_t items = m->kind == TOMTE_COSE_ENCRYPT0 ? 3 : 4;
    m->tagged = tomte_cbor_has_tag(d, (uint64_t)m->kind);
    if (tomte_cbor_enter_array(d) != items)
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    m->protected_map = read_protected(d);
    m->unprotected_map = read_unprotected(d);
    m->detached = tomte_cbor_has_null(d);
    if (!m->detached)
        m->payload = tomte_cbor_get_bytes(d);
    if (m->kind != TOMTE_COSE_ENCRYPT0)
        m->signature = tomte_cbor_get_bytes(d);
    tomte_cbor_leave(d);
}

enum tomte_err tomte_cose_decode(struct tomte_cose *m,
                                 enum tomte_cose_kind kind,
                                 struct tomte_span in)
{
    struct tomte_cbor_dec d;
    *m = (struct tomte_cose){.kind = kind};
    tomte_cbor_decode_init(&d, in, 0);
    read_message(&d, m);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (err == TOMTE_OK)
        err = cose_header_decode(&m->header, m->protected_map,
                                 m->unprotected_map);
    if (err != TOMTE_OK)
        *m = (struct tomte_cose){.kind = 0};
    return err;
}

enum tomte_err cose_payload(const struct tomte_cose *m,
                            const struct tomte_cose_context *context,
                            struct tomte_span *payload)
{
    bool given = context != NULL && context->detached.data != NULL;
    if (m->detached && !given)
        return TOMTE_ERR_MISSING;
    if (!m->detached && given)
        return TOMTE_ERR_INVALID;
    *payload = m->detached ? context->detached : m->payload;
    return TOMTE_OK;
}
