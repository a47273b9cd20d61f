/* SPDX-License-Identifier: Apache-2.0 */
#include "coap/link_format.h"

#include <string.h>

struct writer {
    struct tomte_buf buf;
    size_t len;
    bool full;
};

static enum tomte_err check(const struct tomte_coap_link_attrs *link);
static void append(struct writer *w, struct tomte_span s);
static void attribute(struct writer *w, struct tomte_span name,
                      struct tomte_span value);
static void number(struct writer *w, uint32_t v);

void tomte_coap_link_format_init(struct tomte_coap_link_format *w,
                                 struct tomte_buf buf)
{
    *w = (struct tomte_coap_link_format){.buf = buf};
}

void tomte_coap_link_format_put(struct tomte_coap_link_format *w,
                                const struct tomte_coap_link_attrs *link)
{
    if (w->err != TOMTE_OK)
        return;
    w->err = check(link);
    if (w->err != TOMTE_OK)
        return;
    struct writer out = {.buf = w->buf, .len = w->len};
    if (w->len != 0)
        append(&out, TOMTE_SPAN_LIT(","));
    append(&out, TOMTE_SPAN_LIT("<"));
    append(&out, link->path);
    append(&out, TOMTE_SPAN_LIT(">"));
    attribute(&out, TOMTE_SPAN_LIT(";rt=\""), link->type);
    attribute(&out, TOMTE_SPAN_LIT(";if=\""), link->interface);
    if (link->content_format >= 0) {
        append(&out, TOMTE_SPAN_LIT(";ct="));
        number(&out, (uint32_t)link->content_format);
    }
    if (link->observable)
        append(&out, TOMTE_SPAN_LIT(";obs"));
    if (out.full)
        w->err = TOMTE_ERR_FULL;
    else
        w->len = out.len;
}

enum tomte_err
tomte_coap_link_format_end(const struct tomte_coap_link_format *w,
                           struct tomte_span *text)
{
    *text =
        w->err == TOMTE_OK ? TOMTE_SPAN(w->buf.data, w->len) : TOMTE_SPAN_NONE;
    return w->err;
}

/* Within quotes: printable ASCII but the quote and the backslash; a path has
 * no space and no angle bracket either. */
static bool clean(struct tomte_span s, bool is_path)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.data[i];
        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
            return false;
        if (is_path && (c == ' ' || c == '<' || c == '>'))
            return false;
    }
    return true;
}

static enum tomte_err check(const struct tomte_coap_link_attrs *link)
{
    bool path = link->path.len != 0 && link->path.data[0] == '/' &&
                clean(link->path, true);
    bool format = link->content_format <= UINT16_MAX;
    return path && format && clean(link->type, false) &&
                   clean(link->interface, false)
               ? TOMTE_OK
               : TOMTE_ERR_INVALID;
}

static void append(struct writer *w, struct tomte_span s)
{
    if (s.len > w->buf.cap - w->len)
        w->full = true;
    if (w->full || s.len == 0)
        return;
    memcpy(w->buf.data + w->len, s.data, s.len);
    w->len += s.len;
}

static void attribute(struct writer *w, struct tomte_span name,
                      struct tomte_span value)
{
    if (value.len == 0)
        return;
    append(w, name);
    append(w, value);
    append(w, TOMTE_SPAN_LIT("\""));
}

static void number(struct writer *w, uint32_t v)
{
    char digits[10];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    append(w, TOMTE_SPAN(digits + at, sizeof digits - at));
}
