/* SPDX-License-Identifier: Apache-2.0 */
/* What the server of coap_test.py and coap_test.mjs serves.
 *
 *   /.well-known/core   what there is; takes filters
 *   /state              GET, PUT, DELETE: a text with an ETag, conditionally;
 *                       PUT notifies its observers
 *   /counter            GET: goes up five times a second; to be observed
 *   /clock              GET: "N" and 2000 times its last digit; to be observed
 *   /slow               GET: answered after a second, apart
 *   /echo               POST: its query, "?", its payload, of any length
 *   /large              GET: 3000 bytes, which are kept while they are fetched
 *   /huge               GET: 20000 bytes, which are not
 *   /upload             PUT: the answer is how many bytes came
 *   /fresh              GET: only with an Echo of ours */
#include "coap_serve.h"

#include "base/bytes.h"
#include "base/crc.h"
#include "coap/condition.h"
#include "coap/echo.h"
#include "coap/link_format.h"

#include <stdio.h>
#include <string.h>

#define TEXT  0 /* Content-Format */
#define CLOCK 2000

enum { STATE = 1, COUNTER, CLOCK_TEXT };

static uint8_t state[4096] = "unset";
static size_t state_len = 5;
static bool state_is = true;
static unsigned counter, ticks;
static uint8_t text[8192], big[20000];

static void content(struct call *c, uint32_t format, struct tomte_span payload)
{
    c->code = TOMTE_COAP_CONTENT;
    c->payload = payload;
    tomte_coap_put_uint(&c->options, TOMTE_COAP_OPT_CONTENT_FORMAT, format);
}

static void put_etag(struct tomte_coap_options *o, uint32_t etag)
{
    uint8_t bytes[4];
    tomte_put_be32(bytes, etag);
    tomte_coap_put(o, TOMTE_COAP_OPT_ETAG, TOMTE_SPAN_ARRAY(bytes));
}

/* ---- what there is ---- */

static void put_links(struct tomte_coap_link_format *w)
{
    static const struct tomte_coap_link_attrs links[] = {
        {.path = {(const uint8_t *)"/state", 6},
         .type = {(const uint8_t *)"text", 4},
         .content_format = TEXT,
         .observable = true},
        {.path = {(const uint8_t *)"/counter", 8},
         .interface = {(const uint8_t *)"core.s", 6},
         .content_format = -1,
         .observable = true},
        {.path = {(const uint8_t *)"/large", 6},
         .type = {(const uint8_t *)"text long", 9},
         .content_format = TEXT,
         .size = 3000}};
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        tomte_coap_link_format_put(w, &links[i]);
}

static void on_core(struct call *c)
{
    struct tomte_coap_link_format w;
    struct tomte_span links;
    tomte_coap_link_format_init(&w, TOMTE_BUF_ARRAY(text));
    tomte_coap_link_format_filter(&w, c->effect->msg.options);
    put_links(&w);
    put_etag(&c->options, w.etag);
    if (tomte_coap_link_format_end(&w, &links) == TOMTE_OK)
        content(c, TOMTE_COAP_FORMAT_LINK, links);
    if (c->effect->multicast && links.len == 0)
        c->code = 0; /* RFC 7252 section 8.2: nothing to say */
}

/* ---- a state ---- */

static uint32_t state_etag(void)
{
    return tomte_crc32c(0, TOMTE_SPAN(state, state_len));
}

static void get_state(struct call *c, struct tomte_span etag)
{
    if (!state_is) {
        c->code = TOMTE_COAP_NOT_FOUND;
        return;
    }
    serve_observable(c, STATE);
    put_etag(&c->options, state_etag());
    if (tomte_coap_has_etag(c->effect->msg.options, etag))
        c->code = TOMTE_COAP_VALID;
    else
        content(c, TEXT, TOMTE_SPAN(state, state_len));
}

static void put_state(struct call *c)
{
    uint8_t memory[16];
    struct tomte_coap_options o;
    struct tomte_coap_parts p = {.code = TOMTE_COAP_CONTENT};
    c->code = state_is ? TOMTE_COAP_CHANGED : TOMTE_COAP_CREATED;
    state_is = true;
    state_len = c->body.len;
    if (state_len != 0)
        memcpy(state, c->body.data, state_len);
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    put_etag(&o, state_etag());
    tomte_coap_put_uint(&o, TOMTE_COAP_OPT_CONTENT_FORMAT, TEXT);
    p.payload = TOMTE_SPAN(state, state_len);
    if (tomte_coap_options_end(&o, &p.options) == TOMTE_OK)
        serve_notify(STATE, &p);
}

static void on_state(struct call *c)
{
    uint8_t bytes[4];
    const struct tomte_coap_msg *m = &c->effect->msg;
    tomte_put_be32(bytes, state_etag());
    struct tomte_span etag = TOMTE_SPAN_ARRAY(bytes);
    if (tomte_coap_precondition(m->options, state_is, etag) != TOMTE_OK) {
        c->code = TOMTE_COAP_PRECONDITION_FAILED;
    } else if (m->code == TOMTE_COAP_GET) {
        get_state(c, etag);
    } else if (m->code == TOMTE_COAP_PUT && c->body.len <= sizeof state) {
        put_state(c);
    } else if (m->code == TOMTE_COAP_DELETE) {
        state_is = false;
        c->code = TOMTE_COAP_DELETED;
    } else {
        c->code = TOMTE_COAP_METHOD_NOT_ALLOWED;
    }
}

/* ---- what changes by itself ---- */

static struct tomte_span counter_text(void)
{
    int n = snprintf((char *)text, sizeof text, "%u", counter);
    return TOMTE_SPAN(text, (size_t)n);
}

static void on_counter(struct call *c)
{
    serve_observable(c, COUNTER);
    content(c, TEXT, counter_text());
}

void serve_count(void)
{
    static const uint8_t content_format_text[] = {0xc0};
    counter++;
    serve_notify(COUNTER, &(struct tomte_coap_parts){
                              .code = TOMTE_COAP_CONTENT,
                              .options = TOMTE_SPAN_ARRAY(content_format_text),
                              .payload = counter_text()});
}

static struct tomte_span clock_text(void)
{
    int n = snprintf((char *)text, sizeof text, "%u:", ticks);
    memset(text + n, '0' + (int)(ticks % 10), CLOCK);
    return TOMTE_SPAN(text, (size_t)n + CLOCK);
}

static void on_clock(struct call *c)
{
    serve_observable(c, CLOCK_TEXT);
    put_etag(&c->options, ticks);
    content(c, TEXT, clock_text());
}

void serve_tick(void)
{
    uint8_t memory[16];
    struct tomte_coap_options o;
    struct tomte_coap_parts p = {.code = TOMTE_COAP_CONTENT};
    ticks++;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    put_etag(&o, ticks);
    tomte_coap_put_uint(&o, TOMTE_COAP_OPT_CONTENT_FORMAT, TEXT);
    p.payload = clock_text();
    if (tomte_coap_options_end(&o, &p.options) == TOMTE_OK)
        serve_notify(CLOCK_TEXT, &p);
}

/* ---- bodies ---- */

static void on_echo(struct call *c)
{
    struct tomte_span query;
    if (tomte_coap_get_query(c->effect->msg.options, TOMTE_BUF(text, 1024),
                             &query) != TOMTE_OK ||
        query.len + 1 + c->body.len > sizeof text) {
        c->code = TOMTE_COAP_BAD_REQUEST;
        return;
    }
    text[query.len] = '?';
    if (c->body.len != 0)
        memcpy(text + query.len + 1, c->body.data, c->body.len);
    content(c, TEXT, TOMTE_SPAN(text, query.len + 1 + c->body.len));
}

static void alphabet(struct call *c, size_t len)
{
    for (size_t i = 0; i < len; i++)
        big[i] = (uint8_t)('a' + i % 26);
    put_etag(&c->options, (uint32_t)len);
    content(c, TEXT, TOMTE_SPAN(big, len));
}

static void on_large(struct call *c)
{
    alphabet(c, 3000);
}

static void on_huge(struct call *c)
{
    alphabet(c, sizeof big);
}

static void on_upload(struct call *c)
{
    int n = snprintf((char *)text, sizeof text, "%zu", c->body.len);
    c->code = TOMTE_COAP_CHANGED;
    c->payload = TOMTE_SPAN(text, (size_t)n);
}

/* ---- Echo ---- */

/* For a test between two processes, this need not be a MAC. */
static void checksum(void *ctx, struct tomte_span in, uint8_t mac[8])
{
    (void)ctx;
    tomte_put_be32(mac, tomte_crc32c(1, in));
    tomte_put_be32(mac + 4, tomte_crc32c(2, in));
}

static void on_fresh(struct call *c)
{
    static struct tomte_coap_verified table[4];
    static struct tomte_coap_echo echo;
    uint8_t value[TOMTE_COAP_ECHO_BYTES];
    const struct tomte_coap_effect *e = c->effect;
    if (echo.config.mac == NULL)
        tomte_coap_echo_init(
            &echo, &(struct tomte_coap_echo_config){.mac = checksum,
                                                    .fresh_ms = 5000,
                                                    .verified_ms = 5000,
                                                    .table = table,
                                                    .table_len = 4});
    if (tomte_coap_echo_verify(&echo, peer_now_ms(), &e->peer, 0,
                               e->msg.options) == TOMTE_OK) {
        content(c, TEXT, TOMTE_SPAN_LIT("fresh"));
        return;
    }
    tomte_coap_echo_challenge(&echo, peer_now_ms(), &e->peer, 0, value);
    tomte_coap_put(&c->options, TOMTE_COAP_OPT_ECHO, TOMTE_SPAN_ARRAY(value));
    c->code = TOMTE_COAP_UNAUTHORIZED;
}

void serve_resource(struct call *c)
{
    static const struct {
        const char *path;
        uint8_t method; /* 0: looks itself */
        void (*run)(struct call *);
    } resources[] = {
        {"/.well-known/core", TOMTE_COAP_GET, on_core},
        {"/state", 0, on_state},
        {"/counter", TOMTE_COAP_GET, on_counter},
        {"/clock", TOMTE_COAP_GET, on_clock},
        {"/echo", TOMTE_COAP_POST, on_echo},
        {"/large", TOMTE_COAP_GET, on_large},
        {"/huge", TOMTE_COAP_GET, on_huge},
        {"/upload", TOMTE_COAP_PUT, on_upload},
        {"/fresh", TOMTE_COAP_GET, on_fresh},
    };
    uint8_t memory[256];
    struct tomte_span path;
    if (tomte_coap_get_path(c->effect->msg.options, TOMTE_BUF_ARRAY(memory),
                            &path) != TOMTE_OK)
        return;
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        if (!tomte_span_equal(path, tomte_span_str(resources[i].path)))
            continue;
        if (resources[i].method == 0 ||
            resources[i].method == c->effect->msg.code)
            resources[i].run(c);
        else
            c->code = TOMTE_COAP_METHOD_NOT_ALLOWED;
    }
}
