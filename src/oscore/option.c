/* SPDX-License-Identifier: Apache-2.0 */
#include "oscore/option.h"

#include "base/base.h"
#include "coap/option.h"

#include <string.h>

#define FLAG_PIV         0x07u
#define FLAG_KID         0x08u
#define FLAG_KID_CONTEXT 0x10u
#define FLAGS_RESERVED   0xe0u

static bool take(struct tomte_span *in, size_t len, struct tomte_span *out);
static bool get_piv(struct tomte_span bytes, uint64_t *piv);

enum tomte_err tomte_oscore_option_decode(struct tomte_span value,
                                          struct tomte_oscore_option *out)
{
    struct tomte_span rest = value, part;
    *out = (struct tomte_oscore_option){.has_piv = false};
    if (value.len == 0)
        return TOMTE_OK;
    if (value.len > TOMTE_OSCORE_OPTION_MAX)
        return TOMTE_ERR_MALFORMED;
    uint8_t flags = value.data[0];
    uint8_t n = flags & FLAG_PIV;
    /* all zero has the empty form only */
    if (flags == 0 || (flags & FLAGS_RESERVED) != 0 ||
        n > TOMTE_OSCORE_PIV_BYTES)
        return TOMTE_ERR_MALFORMED;
    rest = tomte_span_slice(rest, 1, rest.len);
    out->has_piv = n != 0;
    if (!take(&rest, n, &part) || !get_piv(part, &out->piv))
        return TOMTE_ERR_MALFORMED;
    if ((flags & FLAG_KID_CONTEXT) != 0) {
        out->has_kid_context = true;
        if (!take(&rest, 1, &part) ||
            !take(&rest, part.data[0], &out->kid_context))
            return TOMTE_ERR_MALFORMED;
    }
    out->has_kid = (flags & FLAG_KID) != 0;
    if (out->has_kid)
        out->kid = rest;
    else if (rest.len != 0)
        return TOMTE_ERR_MALFORMED;
    return TOMTE_OK;
}

static bool take(struct tomte_span *in, size_t len, struct tomte_span *out)
{
    if (in->len < len)
        return false;
    *out = tomte_span_slice(*in, 0, len);
    *in = tomte_span_slice(*in, len, in->len);
    return true;
}

static bool get_piv(struct tomte_span bytes, uint64_t *piv)
{
    *piv = 0;
    if (bytes.len > 1 && bytes.data[0] == 0)
        return false;
    for (size_t i = 0; i < bytes.len; i++)
        *piv = *piv << 8 | bytes.data[i];
    return true;
}

uint8_t tomte_oscore_piv_encode(uint64_t piv,
                                uint8_t bytes[TOMTE_OSCORE_PIV_BYTES])
{
    uint8_t n = 1;
    TOMTE_ASSERT(piv < TOMTE_OSCORE_PIV_LIMIT);
    while (n < TOMTE_OSCORE_PIV_BYTES && piv >> (8 * n) != 0)
        n++;
    for (uint8_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(piv >> (8 * (n - 1 - i)));
    return n;
}

static uint8_t *put(uint8_t *at, struct tomte_span bytes)
{
    if (bytes.len > 0)
        memcpy(at, bytes.data, bytes.len);
    return at + bytes.len;
}

enum tomte_err
tomte_oscore_option_encode(const struct tomte_oscore_option *option,
                           struct tomte_buf out, struct tomte_span *value)
{
    uint8_t piv[TOMTE_OSCORE_PIV_BYTES], n = 0, flags = 0;
    size_t len = 1;
    *value = TOMTE_SPAN_NONE;
    if (option->has_piv && option->piv >= TOMTE_OSCORE_PIV_LIMIT)
        return TOMTE_ERR_RANGE;
    if (option->has_piv)
        n = flags = tomte_oscore_piv_encode(option->piv, piv);
    if (option->has_kid_context)
        flags |= FLAG_KID_CONTEXT;
    if (option->has_kid)
        flags |= FLAG_KID;
    if (flags == 0)
        return TOMTE_OK;
    len += n + (option->has_kid_context ? 1 + option->kid_context.len : 0) +
           (option->has_kid ? option->kid.len : 0);
    if (len > TOMTE_OSCORE_OPTION_MAX)
        return TOMTE_ERR_RANGE;
    if (len > out.cap)
        return TOMTE_ERR_FULL;
    uint8_t *p = out.data;
    *p++ = flags;
    p = put(p, TOMTE_SPAN(piv, n));
    if (option->has_kid_context) {
        *p++ = (uint8_t)option->kid_context.len;
        p = put(p, option->kid_context);
    }
    if (option->has_kid)
        (void)put(p, option->kid);
    *value = TOMTE_SPAN(out.data, len);
    return TOMTE_OK;
}

/* RFC 8613 figure 5. EDHOC: RFC 9668 section 3.1. Hop-Limit: RFC 8768 does not
 * say, so it would be inner; but it is for proxies, and draft-ietf-core-oscore-
 * capable-proxies makes it U for that reason. */
enum tomte_oscore_class tomte_oscore_class(uint16_t number)
{
    switch (number) {
    case TOMTE_COAP_OPT_URI_HOST:
    case TOMTE_COAP_OPT_URI_PORT:
    case TOMTE_COAP_OPT_OSCORE:
    case TOMTE_COAP_OPT_HOP_LIMIT:
    case TOMTE_COAP_OPT_EDHOC:
    case TOMTE_COAP_OPT_PROXY_URI:
    case TOMTE_COAP_OPT_PROXY_SCHEME:
        return TOMTE_OSCORE_OUTER;
    case TOMTE_COAP_OPT_OBSERVE:
        return TOMTE_OSCORE_BOTH;
    default:
        return TOMTE_OSCORE_INNER;
    }
}
