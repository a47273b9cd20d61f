/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/head.h"

#include <string.h>

static struct tomte_span get_string(struct tomte_cbor_dec *d, uint8_t major)
{
    struct tomte_cbor_head h;
    if (!tomte_cbor_head_expect(d, major, &h))
        return TOMTE_SPAN_NONE;
    struct tomte_span s =
        tomte_span_slice(d->in, d->at + h.len, (size_t)h.argument);
    if (h.info == INFO_INDEFINITE)
        tomte_cbor_fail_here(d, TOMTE_ERR_UNSUPPORTED);
    else if (major == MAJOR_TEXT && !tomte_cbor_utf8_valid(s))
        tomte_cbor_fail_here(d, TOMTE_ERR_MALFORMED);
    else
        tomte_cbor_item_pass(d, h.len + s.len);
    return d->err == TOMTE_OK ? s : TOMTE_SPAN_NONE;
}

struct tomte_span tomte_cbor_get_bytes(struct tomte_cbor_dec *d)
{
    return get_string(d, MAJOR_BYTES);
}

struct tomte_span tomte_cbor_get_text(struct tomte_cbor_dec *d)
{
    return get_string(d, MAJOR_TEXT);
}

void tomte_cbor_get_bytes_exact(struct tomte_cbor_dec *d, uint8_t *out,
                                size_t len)
{
    struct tomte_span s = get_string(d, MAJOR_BYTES);
    memset(out, 0, len);
    if (d->err != TOMTE_OK)
        return;
    if (s.len != len)
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    else if (len > 0)
        memcpy(out, s.data, len);
}

/* A string in chunks; `*used` bytes of `out` are filled after it. */
static void copy_chunks(struct tomte_cbor_dec *d, uint8_t major,
                        struct tomte_buf out, size_t *used)
{
    struct tomte_span chunk;
    uint32_t at = d->at + 1;
    while (tomte_cbor_next_chunk(d, major, &at, &chunk)) {
        if (chunk.len > out.cap - *used) {
            tomte_cbor_fail_here(d, TOMTE_ERR_TOO_LARGE);
            return;
        }
        if (chunk.len > 0)
            memcpy(out.data + *used, chunk.data, chunk.len);
        *used += chunk.len;
    }
    if (d->err == TOMTE_OK)
        tomte_cbor_item_pass(d, at - d->at);
}

static struct tomte_span copy_string(struct tomte_cbor_dec *d, uint8_t major,
                                     struct tomte_buf out)
{
    struct tomte_cbor_head h;
    size_t used = 0;
    if (!tomte_cbor_head_expect(d, major, &h))
        return TOMTE_SPAN_NONE;
    if (h.info == INFO_INDEFINITE) {
        copy_chunks(d, major, out, &used);
    } else {
        struct tomte_span s = get_string(d, major);
        if (s.len > out.cap)
            tomte_cbor_fail(d, TOMTE_ERR_TOO_LARGE);
        else if (s.len > 0)
            memcpy(out.data, s.data, s.len);
        used = s.len;
    }
    return d->err == TOMTE_OK ? TOMTE_SPAN(out.data, used) : TOMTE_SPAN_NONE;
}

struct tomte_span tomte_cbor_get_bytes_copy(struct tomte_cbor_dec *d,
                                            struct tomte_buf out)
{
    return copy_string(d, MAJOR_BYTES, out);
}

struct tomte_span tomte_cbor_get_text_copy(struct tomte_cbor_dec *d,
                                           struct tomte_buf out)
{
    return copy_string(d, MAJOR_TEXT, out);
}

struct tomte_name tomte_cbor_get_name(struct tomte_cbor_dec *d)
{
    struct tomte_name name = {0};
    struct tomte_span text = tomte_cbor_get_text(d);
    if (d->err == TOMTE_OK)
        tomte_cbor_fail(d, tomte_name_parse(text, &name));
    return name;
}

struct tomte_channel_name tomte_cbor_get_channel_name(struct tomte_cbor_dec *d)
{
    struct tomte_channel_name name = {0};
    struct tomte_span text = tomte_cbor_get_text(d);
    if (d->err == TOMTE_OK)
        tomte_cbor_fail(d, tomte_channel_name_parse(text, &name));
    return name;
}
