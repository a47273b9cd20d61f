/* SPDX-License-Identifier: Apache-2.0 */
#include "coap/proxy.h"

#include <string.h>

static enum tomte_err take_authority(struct tomte_span authority,
                                     struct tomte_coap_uri *u);
static bool is_known(uint16_t number);
static uint8_t target_of(struct tomte_span options, bool *whole,
                         struct tomte_coap_uri *to);
static uint8_t hop(struct tomte_span options, uint32_t *left);
static bool is_address(const struct tomte_coap_uri *u);
static void copy_options(struct tomte_coap_options *o,
                         struct tomte_span options, bool whole);

static size_t index_of(struct tomte_span s, const char *any)
{
    for (size_t i = 0; i < s.len; i++)
        for (const char *c = any; *c != 0; c++)
            if (s.data[i] == (uint8_t)*c)
                return i;
    return s.len;
}

enum tomte_err tomte_coap_uri_parse(struct tomte_span text,
                                    struct tomte_coap_uri *u)
{
    size_t colon = index_of(text, ":");
    *u = (struct tomte_coap_uri){.scheme = tomte_span_slice(text, 0, colon)};
    struct tomte_span rest = tomte_span_slice(text, colon, text.len);
    bool slashes = rest.len >= 3 && memcmp(rest.data, "://", 3) == 0;
    if (colon == 0 || index_of(u->scheme, "/?#[]@ ") != colon || !slashes ||
        index_of(text, "#") != text.len)
        return TOMTE_ERR_MALFORMED;
    rest = tomte_span_slice(rest, 3, rest.len);
    size_t path = index_of(rest, "/?");
    size_t query = index_of(rest, "?");
    u->path = tomte_span_slice(rest, path, query - path);
    u->query = tomte_span_slice(rest, query + 1, rest.len);
    return take_authority(tomte_span_slice(rest, 0, path), u);
}

bool tomte_coap_is_for_proxy(struct tomte_span options)
{
    struct tomte_span value;
    return tomte_coap_find(options, TOMTE_COAP_OPT_PROXY_URI, &value) ||
           tomte_coap_find(options, TOMTE_COAP_OPT_PROXY_SCHEME, &value);
}

static bool all_safe(struct tomte_span options)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option o;
    tomte_coap_iter_init(&it, options);
    while (tomte_coap_iter_next(&it, &o))
        if (tomte_coap_is_unsafe(o.number) && !is_known(o.number))
            return false;
    return true;
}

uint8_t tomte_coap_proxy_request(const struct tomte_coap_msg *request,
                                 struct tomte_buf memory,
                                 struct tomte_coap_forward *out)
{
    struct tomte_coap_options o;
    uint32_t left;
    bool whole; /* the target is a URI, not a scheme and other options */
    uint8_t code = target_of(request->options, &whole, &out->to);
    if (code == 0 && !all_safe(request->options))
        code = TOMTE_COAP_BAD_OPTION;
    if (code == 0)
        code = hop(request->options, &left);
    if (code != 0)
        return code;
    tomte_coap_options_init(&o, memory);
    copy_options(&o, request->options, whole);
    if (!is_address(&out->to))
        tomte_coap_put(&o, TOMTE_COAP_OPT_URI_HOST, out->to.host);
    if (whole) {
        tomte_coap_put_path(&o, out->to.path);
        tomte_coap_put_query(&o, out->to.query);
    }
    tomte_coap_put_uint(&o, TOMTE_COAP_OPT_HOP_LIMIT, left);
    enum tomte_err err = tomte_coap_options_end(&o, &out->options);
    return err == TOMTE_OK         ? 0
           : err == TOMTE_ERR_FULL ? TOMTE_COAP_REQUEST_ENTITY_TOO_LARGE
                                   : TOMTE_COAP_BAD_REQUEST;
}

void tomte_coap_proxy_answer(const struct tomte_coap_msg *answer,
                             struct tomte_span name, struct tomte_buf memory,
                             struct tomte_coap_parts *out)
{
    if (!all_safe(answer->options)) {
        *out = (struct tomte_coap_parts){.code = TOMTE_COAP_BAD_GATEWAY};
        return;
    }
    *out = (struct tomte_coap_parts){.code = answer->code,
                                     .options = answer->options,
                                     .payload = answer->payload};
    bool space = answer->payload.len != 0;
    size_t len = name.len + space + answer->payload.len;
    if (answer->code != TOMTE_COAP_HOP_LIMIT_REACHED || name.len == 0 ||
        len > memory.cap)
        return;
    memcpy(memory.data, name.data, name.len);
    if (space) {
        memory.data[name.len] = ' ';
        memcpy(memory.data + name.len + 1, answer->payload.data,
               answer->payload.len);
    }
    out->payload = TOMTE_SPAN(memory.data, len);
}

static enum tomte_err take_port(struct tomte_span digits,
                                struct tomte_coap_uri *u)
{
    uint32_t port = 0;
    u->has_port = digits.len != 0; /* "host:" is the default port */
    for (size_t i = 0; i < digits.len; i++) {
        uint8_t c = digits.data[i];
        if (c < '0' || c > '9')
            return TOMTE_ERR_MALFORMED;
        port = port * 10 + (uint32_t)(c - '0');
        if (port > UINT16_MAX)
            return TOMTE_ERR_MALFORMED;
    }
    u->port = u->has_port ? (uint16_t)port : TOMTE_COAP_PORT;
    return u->port == 0 ? TOMTE_ERR_MALFORMED : TOMTE_OK;
}

static enum tomte_err take_authority(struct tomte_span authority,
                                     struct tomte_coap_uri *u)
{
    u->literal = authority.len != 0 && authority.data[0] == '[';
    size_t begin = u->literal ? 1 : 0;
    size_t end = index_of(authority, u->literal ? "]" : ":");
    if ((u->literal && end == authority.len) || end == begin ||
        index_of(authority, "@ %") != authority.len)
        return TOMTE_ERR_MALFORMED;
    u->host = tomte_span_slice(authority, begin, end - begin);
    if (u->literal)
        end++;
    struct tomte_span rest = tomte_span_slice(authority, end, authority.len);
    if (rest.len != 0 && rest.data[0] != ':')
        return TOMTE_ERR_MALFORMED;
    return take_port(tomte_span_slice(rest, 1, rest.len), u);
}

/* What this code knows how to treat, of the options that are unsafe to forward
 * without knowing them. */
static bool is_known(uint16_t number)
{
    static const uint16_t known[] = {
        TOMTE_COAP_OPT_URI_HOST,   TOMTE_COAP_OPT_OBSERVE,
        TOMTE_COAP_OPT_URI_PORT,   TOMTE_COAP_OPT_URI_PATH,
        TOMTE_COAP_OPT_MAX_AGE,    TOMTE_COAP_OPT_URI_QUERY,
        TOMTE_COAP_OPT_BLOCK1,     TOMTE_COAP_OPT_BLOCK2,
        TOMTE_COAP_OPT_PROXY_URI,  TOMTE_COAP_OPT_PROXY_SCHEME,
        TOMTE_COAP_OPT_NO_RESPONSE};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (number == known[i])
            return true;
    return false;
}

static bool is_coap(struct tomte_span scheme)
{
    static const char name[] = "coap";
    if (scheme.len != 4)
        return false;
    for (size_t i = 0; i < 4; i++)
        if ((scheme.data[i] | 0x20) != (uint8_t)name[i])
            return false;
    return true;
}

/* Section 5.10.2: Proxy-Uri takes precedence over Uri-*; Proxy-Scheme makes a
 * URI of them. */
static uint8_t target_of(struct tomte_span options, bool *whole,
                         struct tomte_coap_uri *to)
{
    struct tomte_span value;
    uint32_t port;
    *whole = tomte_coap_find(options, TOMTE_COAP_OPT_PROXY_URI, &value);
    if (*whole) {
        if (tomte_coap_uri_parse(value, to) != TOMTE_OK)
            return TOMTE_COAP_BAD_REQUEST;
    } else if (tomte_coap_find(options, TOMTE_COAP_OPT_PROXY_SCHEME, &value)) {
        *to = (struct tomte_coap_uri){.scheme = value, .port = TOMTE_COAP_PORT};
        if (!tomte_coap_find(options, TOMTE_COAP_OPT_URI_HOST, &to->host))
            return TOMTE_COAP_BAD_REQUEST;
        to->has_port =
            tomte_coap_find_uint(options, TOMTE_COAP_OPT_URI_PORT, &port);
        if (to->has_port)
            to->port = (uint16_t)port;
        size_t len = to->host.len;
        to->literal =
            len > 2 && to->host.data[0] == '[' && to->host.data[len - 1] == ']';
        if (to->literal)
            to->host = tomte_span_slice(to->host, 1, len - 2);
    } else {
        return TOMTE_COAP_BAD_REQUEST;
    }
    return is_coap(to->scheme) ? 0 : TOMTE_COAP_PROXYING_NOT_SUPPORTED;
}

static uint8_t hop(struct tomte_span options, uint32_t *left)
{
    if (!tomte_coap_find_uint(options, TOMTE_COAP_OPT_HOP_LIMIT, left)) {
        *left = TOMTE_COAP_HOP_LIMIT;
        return 0;
    }
    if (*left == 0)
        return TOMTE_COAP_BAD_REQUEST;
    --*left;
    return *left == 0 ? TOMTE_COAP_HOP_LIMIT_REACHED : 0;
}

/* A literal in the destination address says nothing anew in Uri-Host (section
 * 5.10.1). Whatever has only digits and dots cannot be a name. */
static bool is_address(const struct tomte_coap_uri *u)
{
    size_t i = 0;
    while (i < u->host.len &&
           (u->host.data[i] == '.' ||
            (u->host.data[i] >= '0' && u->host.data[i] <= '9')))
        i++;
    return u->literal || i == u->host.len;
}

static void copy_options(struct tomte_coap_options *o,
                         struct tomte_span options, bool whole)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option option;
    tomte_coap_iter_init(&it, options);
    while (tomte_coap_iter_next(&it, &option)) {
        switch (option.number) {
        case TOMTE_COAP_OPT_PROXY_URI:
        case TOMTE_COAP_OPT_PROXY_SCHEME:
        case TOMTE_COAP_OPT_HOP_LIMIT:
        case TOMTE_COAP_OPT_URI_HOST:
        case TOMTE_COAP_OPT_URI_PORT: /* that of the destination */
            break;
        case TOMTE_COAP_OPT_URI_PATH:
        case TOMTE_COAP_OPT_URI_QUERY:
            if (!whole)
                tomte_coap_put(o, option.number, option.value);
            break;
        default:
            tomte_coap_put(o, option.number, option.value);
        }
    }
}
