/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/value.h"

#include <string.h>

enum tomte_err tomte_value_set(struct tomte_value *out, uint16_t format,
                               struct tomte_span payload)
{
    if (payload.len > sizeof out->data)
        return TOMTE_ERR_TOO_LARGE;
    memset(out, 0, sizeof *out);
    out->format = format;
    out->len = (uint8_t)payload.len;
    if (payload.len > 0)
        memcpy(out->data, payload.data, payload.len);
    return TOMTE_OK;
}

struct tomte_span tomte_value_span(const struct tomte_value *v)
{
    return TOMTE_SPAN(v->data, v->len);
}

bool tomte_value_equal(const struct tomte_value *a, const struct tomte_value *b)
{
    return a->format == b->format &&
           tomte_span_equal(tomte_value_span(a), tomte_value_span(b));
}
