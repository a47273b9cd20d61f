/* SPDX-License-Identifier: Apache-2.0 */
/* The reading half of coap/link_format.h (RFC 6690 section 2):
 *
 *   link   = "<" target ">" *( ";" param )      links apart by ","
 *   param  = name [ "=" ( token / quoted ) ] */
#include "coap/link_format.h"

#include <string.h>

static bool take_param(struct tomte_span *rest,
                       struct tomte_coap_link_param *out);
static bool take_char(struct tomte_span *s, char c);
static struct tomte_span take(struct tomte_span *s, size_t len);
static bool is_list(struct tomte_span name);
static bool word_matches(struct tomte_span word, struct tomte_span pattern);

void tomte_coap_links(struct tomte_coap_links *it, struct tomte_span text)
{
    *it = (struct tomte_coap_links){.rest = text};
}

bool tomte_coap_next_link(struct tomte_coap_links *it,
                          struct tomte_coap_link *link)
{
    struct tomte_span rest = it->rest;
    struct tomte_coap_link_param param;
    size_t end = 0;
    if (it->err != TOMTE_OK || rest.len == 0)
        return false;
    it->err = TOMTE_ERR_MALFORMED;
    if (!take_char(&rest, '<'))
        return false;
    while (end < rest.len && rest.data[end] != '>' && rest.data[end] != '<')
        end++;
    link->target = take(&rest, end);
    if (!take_char(&rest, '>'))
        return false;
    link->params = rest;
    while (rest.len != 0 && rest.data[0] == ';')
        if (!take_param(&rest, &param))
            return false;
    link->params.len -= rest.len;
    if (rest.len != 0 && !(take_char(&rest, ',') && rest.len != 0))
        return false;
    it->rest = rest;
    it->err = TOMTE_OK;
    return true;
}

bool tomte_coap_next_param(struct tomte_span *params,
                           struct tomte_coap_link_param *out)
{
    return take_param(params, out);
}

bool tomte_coap_link_param(const struct tomte_coap_link *link,
                           struct tomte_span name, struct tomte_span *value)
{
    struct tomte_span rest = link->params;
    struct tomte_coap_link_param p;
    while (take_param(&rest, &p))
        if (tomte_span_equal(p.name, name)) {
            *value = p.value;
            return true;
        }
    return false;
}

bool tomte_coap_link_matches(const struct tomte_coap_link *link,
                             struct tomte_span query)
{
    size_t equals = 0;
    while (equals < query.len && query.data[equals] != '=')
        equals++;
    struct tomte_span name = tomte_span_slice(query, 0, equals);
    struct tomte_span pattern = tomte_span_slice(query, equals + 1, query.len);
    struct tomte_span value = link->target;
    if (!tomte_span_equal(name, TOMTE_SPAN_LIT("href")) &&
        !tomte_coap_link_param(link, name, &value))
        return false;
    return equals == query.len ||
           tomte_coap_link_value_matches(name, value, pattern);
}

bool tomte_coap_link_value_matches(struct tomte_span name,
                                   struct tomte_span value,
                                   struct tomte_span pattern)
{
    if (!is_list(name))
        return word_matches(value, pattern);
    while (value.len != 0) {
        size_t end = 0;
        while (end < value.len && value.data[end] != ' ')
            end++;
        struct tomte_span word = take(&value, end);
        (void)take_char(&value, ' ');
        if (word.len != 0 && word_matches(word, pattern))
            return true;
    }
    return false;
}

/* parmname and ptoken: visible ASCII, without what separates. */
static size_t token_len(struct tomte_span s, bool is_name)
{
    size_t n = 0;
    while (n < s.len && s.data[n] > 0x20 && s.data[n] < 0x7f &&
           s.data[n] != '"' && s.data[n] != ',' && s.data[n] != ';' &&
           s.data[n] != '\\' && !(is_name && s.data[n] == '='))
        n++;
    return n;
}

static bool take_quoted(struct tomte_span *rest, struct tomte_span *out)
{
    size_t n = 0;
    while (n < rest->len && rest->data[n] != '"')
        n += rest->data[n] == '\\' ? 2 : 1;
    if (n >= rest->len)
        return false;
    *out = take(rest, n);
    return take_char(rest, '"');
}

static bool take_param(struct tomte_span *rest,
                       struct tomte_coap_link_param *out)
{
    if (!take_char(rest, ';'))
        return false;
    out->name = take(rest, token_len(*rest, true));
    out->value = TOMTE_SPAN_NONE;
    if (out->name.len == 0)
        return false;
    if (!take_char(rest, '='))
        return true;
    if (take_char(rest, '"'))
        return take_quoted(rest, &out->value);
    out->value = take(rest, token_len(*rest, false));
    return out->value.len != 0;
}

static bool take_char(struct tomte_span *s, char c)
{
    if (s->len == 0 || s->data[0] != (uint8_t)c)
        return false;
    (void)take(s, 1);
    return true;
}

static struct tomte_span take(struct tomte_span *s, size_t len)
{
    struct tomte_span head = TOMTE_SPAN(s->data, len);
    *s = TOMTE_SPAN(len == 0 ? s->data : s->data + len, s->len - len);
    return head;
}

static bool is_list(struct tomte_span name)
{
    return tomte_span_equal(name, TOMTE_SPAN_LIT("rt")) ||
           tomte_span_equal(name, TOMTE_SPAN_LIT("if")) ||
           tomte_span_equal(name, TOMTE_SPAN_LIT("rel"));
}

static bool word_matches(struct tomte_span word, struct tomte_span pattern)
{
    if (pattern.len == 0 || pattern.data[pattern.len - 1] != '*')
        return tomte_span_equal(word, pattern);
    struct tomte_span prefix = TOMTE_SPAN(pattern.data, pattern.len - 1);
    return tomte_span_equal(tomte_span_slice(word, 0, prefix.len), prefix);
}
