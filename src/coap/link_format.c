/* SPDX-License-Identifier: Apache-2.0 */
/* The writing half of coap/link_format.h. */
#include "coap/link_format.h"

#include "base/crc.h"
#include "coap/option.h"

#include <string.h>

struct writer {
    struct tomte_coap_link_format to;
    bool full;
};

struct digits {
    char text[10];
    size_t at;
};

static enum tomte_err check(const struct tomte_coap_link_attrs *link);
static bool passes(const struct tomte_coap_link_format *w,
                   const struct tomte_coap_link_attrs *link);
static void append(struct writer *w, struct tomte_span s);
static void attribute(struct writer *w, struct tomte_span name,
                      struct tomte_span value);
static struct tomte_span number(uint32_t v, struct digits *d);

void tomte_coap_link_format_init(struct tomte_coap_link_format *w,
                                 struct tomte_buf buf)
{
    *w = (struct tomte_coap_link_format){.buf = buf};
}

void tomte_coap_link_format_window(struct tomte_coap_link_format *w,
                                   struct tomte_buf buf, uint32_t at)
{
    *w =
        (struct tomte_coap_link_format){.buf = buf, .windowed = true, .at = at};
}

void tomte_coap_link_format_filter(struct tomte_coap_link_format *w,
                                   struct tomte_span options)
{
    w->filter = options;
}

void tomte_coap_link_format_put(struct tomte_coap_link_format *w,
                                const struct tomte_coap_link_attrs *link)
{
    struct digits d;
    if (w->err != TOMTE_OK)
        return;
    w->err = check(link);
    if (w->err != TOMTE_OK || !passes(w, link))
        return;
    struct writer out = {.to = *w};
    if (w->total != 0)
        append(&out, TOMTE_SPAN_LIT(","));
    append(&out, TOMTE_SPAN_LIT("<"));
    append(&out, link->path);
    append(&out, TOMTE_SPAN_LIT(">"));
    attribute(&out, TOMTE_SPAN_LIT(";rt=\""), link->type);
    attribute(&out, TOMTE_SPAN_LIT(";if=\""), link->interface);
    attribute(&out, TOMTE_SPAN_LIT(";title=\""), link->title);
    if (link->content_format >= 0) {
        append(&out, TOMTE_SPAN_LIT(";ct="));
        append(&out, number((uint32_t)link->content_format, &d));
    }
    if (link->size != 0) {
        append(&out, TOMTE_SPAN_LIT(";sz="));
        append(&out, number(link->size, &d));
    }
    if (link->observable)
        append(&out, TOMTE_SPAN_LIT(";obs"));
    if (out.full)
        w->err = TOMTE_ERR_FULL;
    else
        *w = out.to;
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
                   clean(link->interface, false) && clean(link->title, false)
               ? TOMTE_OK
               : TOMTE_ERR_INVALID;
}

/* The value of an attribute by its name; false when the link has none. */
static bool value_of(const struct tomte_coap_link_attrs *link,
                     struct tomte_span name, struct digits *d,
                     struct tomte_span *value)
{
    const struct {
        struct tomte_span name, value;
    } texts[] = {{TOMTE_SPAN_LIT("href"), link->path},
                 {TOMTE_SPAN_LIT("rt"), link->type},
                 {TOMTE_SPAN_LIT("if"), link->interface},
                 {TOMTE_SPAN_LIT("title"), link->title}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (tomte_span_equal(name, texts[i].name)) {
            *value = texts[i].value;
            return value->len != 0;
        }
    *value = TOMTE_SPAN_NONE;
    if (tomte_span_equal(name, TOMTE_SPAN_LIT("obs")))
        return link->observable;
    if (tomte_span_equal(name, TOMTE_SPAN_LIT("sz"))) {
        *value = number(link->size, d);
        return link->size != 0;
    }
    if (!tomte_span_equal(name, TOMTE_SPAN_LIT("ct")) ||
        link->content_format < 0)
        return false;
    *value = number((uint32_t)link->content_format, d);
    return true;
}

static bool passes(const struct tomte_coap_link_format *w,
                   const struct tomte_coap_link_attrs *link)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option o;
    tomte_coap_iter_init(&it, w->filter);
    while (tomte_coap_iter_next(&it, &o)) {
        struct digits d;
        struct tomte_span value;
        size_t equals = 0;
        if (o.number != TOMTE_COAP_OPT_URI_QUERY)
            continue;
        while (equals < o.value.len && o.value.data[equals] != '=')
            equals++;
        struct tomte_span name = tomte_span_slice(o.value, 0, equals);
        if (!value_of(link, name, &d, &value))
            return false;
        if (equals < o.value.len &&
            !tomte_coap_link_value_matches(
                name, value,
                tomte_span_slice(o.value, equals + 1, o.value.len)))
            return false;
    }
    return true;
}

/* The part of `s` that is in the window. */
static struct tomte_span visible(const struct tomte_coap_link_format *to,
                                 struct tomte_span s)
{
    size_t skip = 0;
    if (to->total < to->at)
        skip = to->at - to->total;
    return tomte_span_slice(s, skip, to->buf.cap - to->len);
}

static void append(struct writer *w, struct tomte_span s)
{
    struct tomte_coap_link_format *to = &w->to;
    if (!to->windowed && s.len > to->buf.cap - to->len)
        w->full = true;
    if (w->full || s.len == 0)
        return;
    struct tomte_span part = to->windowed ? visible(to, s) : s;
    if (part.len != 0)
        memcpy(to->buf.data + to->len, part.data, part.len);
    to->len += part.len;
    to->total += (uint32_t)s.len;
    to->etag = tomte_crc32c(to->etag, s);
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

static struct tomte_span number(uint32_t v, struct digits *d)
{
    d->at = sizeof d->text;
    do {
        d->text[--d->at] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    return TOMTE_SPAN(d->text + d->at, sizeof d->text - d->at);
}
