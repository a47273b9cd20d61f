/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and queries of coap/option.h as text (RFC 7252 sections 6.4, 6.5). */
#include "coap/option.h"

#define SEGMENT_MAX 255

/* One kind of text: which options, what stands between them, and what may
 * stand unescaped in them beside the unreserved characters. */
struct kind {
    uint16_t number;
    char separator;
    const char *plain;
};

static const struct kind path = {TOMTE_COAP_OPT_URI_PATH, '/',
                                 "-._~!$&'()*+,;=:@"};
static const struct kind query = {TOMTE_COAP_OPT_URI_QUERY, '&',
                                  "-._~!$'()*+,;=:@/?"};

struct writer {
    struct tomte_buf buf;
    size_t len;
    bool full;
};

static enum tomte_err join(struct writer *w, const struct kind *k,
                           struct tomte_span options, bool *any);
static void escape(struct writer *w, const struct kind *k,
                   struct tomte_span value);
static bool is_plain(const struct kind *k, uint8_t c);
static void append(struct writer *w, char c);
static void split(struct tomte_coap_options *o, const struct kind *k,
                  struct tomte_span text);
static enum tomte_err unescape(struct tomte_span text, uint8_t *out,
                               size_t *len);
static bool is_dots(struct tomte_span s);

enum tomte_err tomte_coap_get_path(struct tomte_span options,
                                   struct tomte_buf out,
                                   struct tomte_span *text)
{
    struct writer w = {.buf = out};
    bool any;
    *text = TOMTE_SPAN_NONE;
    enum tomte_err err = join(&w, &path, options, &any);
    if (err == TOMTE_OK && any && w.len == 1)
        err = TOMTE_ERR_INVALID;
    if (err != TOMTE_OK)
        return err;
    if (!any)
        append(&w, '/');
    if (w.full)
        return TOMTE_ERR_FULL;
    *text = TOMTE_SPAN(out.data, w.len);
    return TOMTE_OK;
}

enum tomte_err tomte_coap_get_query(struct tomte_span options,
                                    struct tomte_buf out,
                                    struct tomte_span *text)
{
    struct writer w = {.buf = out};
    bool any;
    *text = TOMTE_SPAN_NONE;
    enum tomte_err err = join(&w, &query, options, &any);
    if (err == TOMTE_OK && any && w.len == 0)
        err = TOMTE_ERR_INVALID;
    if (err == TOMTE_OK && any)
        *text = TOMTE_SPAN(out.data, w.len);
    return err;
}

void tomte_coap_put_path(struct tomte_coap_options *o, struct tomte_span text)
{
    if (text.len == 0 || (text.len == 1 && text.data[0] == '/'))
        return;
    if (text.data[0] != '/') {
        if (o->err == TOMTE_OK)
            o->err = TOMTE_ERR_MALFORMED;
        return;
    }
    split(o, &path, TOMTE_SPAN(text.data + 1, text.len - 1));
}

void tomte_coap_put_query(struct tomte_coap_options *o, struct tomte_span text)
{
    if (text.len != 0)
        split(o, &query, text);
}

/* Each value; a separator before each segment of a path, between the parts of a
 * query. A full writer goes on, without effect. */
static enum tomte_err join(struct writer *w, const struct kind *k,
                           struct tomte_span options, bool *any)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option o;
    *any = false;
    tomte_coap_iter_init(&it, options);
    while (tomte_coap_iter_next(&it, &o)) {
        if (o.number != k->number)
            continue;
        if (k == &path && is_dots(o.value))
            return TOMTE_ERR_INVALID;
        if (k == &path || *any)
            append(w, k->separator);
        *any = true;
        escape(w, k, o.value);
    }
    return w->full ? TOMTE_ERR_FULL : TOMTE_OK;
}

static void escape(struct writer *w, const struct kind *k,
                   struct tomte_span value)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        if (is_plain(k, c)) {
            append(w, (char)c);
        } else {
            append(w, '%');
            append(w, digits[c >> 4]);
            append(w, digits[c & 15]);
        }
    }
}

static bool is_plain(const struct kind *k, uint8_t c)
{
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
        (c >= 'A' && c <= 'Z'))
        return true;
    for (const char *p = k->plain; *p != 0; p++)
        if (c == (uint8_t)*p)
            return true;
    return false;
}

static void append(struct writer *w, char c)
{
    if (w->len == w->buf.cap) {
        w->full = true;
        return;
    }
    w->buf.data[w->len++] = (uint8_t)c;
}

static void split(struct tomte_coap_options *o, const struct kind *k,
                  struct tomte_span text)
{
    uint8_t value[SEGMENT_MAX];
    size_t at = 0;
    while (o->err == TOMTE_OK) {
        size_t end = at;
        while (end < text.len && text.data[end] != (uint8_t)k->separator)
            end++;
        size_t len = 0;
        o->err = unescape(tomte_span_slice(text, at, end - at), value, &len);
        if (o->err == TOMTE_OK && k == &path && is_dots(TOMTE_SPAN(value, len)))
            o->err = TOMTE_ERR_INVALID;
        tomte_coap_put(o, k->number, TOMTE_SPAN(value, len));
        if (end == text.len)
            return;
        at = end + 1;
    }
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum tomte_err unescape(struct tomte_span text, uint8_t *out,
                               size_t *len)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '%') {
            if (text.len - i < 3)
                return TOMTE_ERR_MALFORMED;
            int high = hex_digit(text.data[i + 1]);
            int low = hex_digit(text.data[i + 2]);
            if (high < 0 || low < 0)
                return TOMTE_ERR_MALFORMED;
            c = (uint8_t)(high << 4 | low);
            i += 2;
        }
        if (*len == SEGMENT_MAX)
            return TOMTE_ERR_TOO_LARGE;
        out[(*len)++] = c;
    }
    return TOMTE_OK;
}

static bool is_dots(struct tomte_span s)
{
    return s.len != 0 && s.len <= 2 && s.data[0] == '.' &&
           s.data[s.len - 1] == '.';
}
