/* SPDX-License-Identifier: Apache-2.0 */
#include "base/name.h"

#include <string.h>

#define CHANNEL_PARTS_MAX 4

static bool letter_or_digit(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static enum tomte_err check_plain(struct tomte_span s)
{
    if (s.len == 0)
        return TOMTE_ERR_MISSING;
    if (s.len > TOMTE_NAME_MAX)
        return TOMTE_ERR_TOO_LARGE;
    if (!letter_or_digit(s.data[0]))
        return TOMTE_ERR_MALFORMED;
    for (size_t i = 1; i < s.len; i++) {
        uint8_t c = s.data[i];
        if (!letter_or_digit(c) && c != '-' && c != '_' && c != '.')
            return TOMTE_ERR_MALFORMED;
    }
    return TOMTE_OK;
}

enum tomte_err tomte_name_parse(struct tomte_span text, struct tomte_name *out)
{
    memset(out, 0, sizeof *out);
    enum tomte_err err = check_plain(text);
    if (err != TOMTE_OK)
        return err;
    out->len = (uint8_t)text.len;
    memcpy(out->text, text.data, text.len);
    return TOMTE_OK;
}

enum tomte_err tomte_channel_name_parse(struct tomte_span text,
                                        struct tomte_channel_name *out)
{
    memset(out, 0, sizeof *out);
    if (text.len == 0)
        return TOMTE_ERR_MISSING;
    if (text.len > TOMTE_CHANNEL_MAX)
        return TOMTE_ERR_TOO_LARGE;
    if (text.data[0] != '/')
        return TOMTE_ERR_MALFORMED;
    size_t parts = 0;
    for (size_t at = 1; at <= text.len;) {
        size_t end = at;
        while (end < text.len && text.data[end] != '/')
            end++;
        enum tomte_err err = check_plain(tomte_span_slice(text, at, end - at));
        if (err != TOMTE_OK || ++parts > CHANNEL_PARTS_MAX)
            return err == TOMTE_ERR_TOO_LARGE ? err : TOMTE_ERR_MALFORMED;
        at = end + 1;
    }
    out->len = (uint8_t)text.len;
    memcpy(out->text, text.data, text.len);
    return TOMTE_OK;
}

bool tomte_name_equal(const struct tomte_name *a, const struct tomte_name *b)
{
    return tomte_span_equal(tomte_name_span(a), tomte_name_span(b));
}

bool tomte_channel_name_equal(const struct tomte_channel_name *a,
                              const struct tomte_channel_name *b)
{
    return tomte_span_equal(tomte_channel_name_span(a),
                            tomte_channel_name_span(b));
}

struct tomte_span tomte_name_span(const struct tomte_name *n)
{
    return TOMTE_SPAN(n->text, n->len);
}

struct tomte_span tomte_channel_name_span(const struct tomte_channel_name *n)
{
    return TOMTE_SPAN(n->text, n->len);
}
