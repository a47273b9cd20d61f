/* SPDX-License-Identifier: Apache-2.0 */
/* The server of coap_test.py.
 *
 *   /.well-known/core   what there is
 *   /state              GET, PUT: a text; PUT notifies its observers
 *   /counter            GET: goes up five times a second; to be observed
 *   /slow               GET: answered after a second, apart
 *   /echo               POST: its query, "?", its payload
 *   /large              GET: 3000 bytes, in blocks (RFC 7959)
 *   /upload             PUT: in blocks; the answer is how many bytes came */
#include "coap_peer.h"

#include "coap/link_format.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define COUNTER_MS 200
#define SLOW_MS    1000
#define TEXT       0 /* Content-Format */

enum { STATE = 1, COUNTER };

struct call {
    const struct tomte_coap_effect *effect;
    uint8_t code;
    uint8_t memory[128]; /* of the options */
    struct tomte_coap_options options;
    struct tomte_span payload;
};

static struct peer *peer;
static uint8_t state[1024] = "unset";
static size_t state_len = 5;
static unsigned counter;
static uint32_t slow_handle[16];
static uint64_t slow_ms[16];
static uint8_t text[TOMTE_LIMIT_DATAGRAM_BYTES], large[3000];

static void finish(struct call *c)
{
    struct tomte_coap_parts parts = {.code = c->code, .payload = c->payload};
    if (tomte_coap_options_end(&c->options, &parts.options) != TOMTE_OK ||
        tomte_coap_respond(&peer->ep, peer_now_ms(), c->effect->handle,
                           &parts) != TOMTE_OK)
        fprintf(stderr, "no answer\n");
}

static void content(struct call *c, uint32_t format, struct tomte_span payload)
{
    c->code = TOMTE_COAP_CONTENT;
    c->payload = payload;
    tomte_coap_put_uint(&c->options, TOMTE_COAP_OPT_CONTENT_FORMAT, format);
}

static struct tomte_span counter_text(void)
{
    int n = snprintf((char *)text, sizeof text, "%u", counter);
    return TOMTE_SPAN(text, (size_t)n);
}

static void notify(uint32_t resource, struct tomte_span payload)
{
    static const uint8_t content_format_text[] = {0xc0};
    struct tomte_coap_parts parts = {.code = TOMTE_COAP_CONTENT,
                                     .options =
                                         TOMTE_SPAN_ARRAY(content_format_text),
                                     .payload = payload};
    uint32_t at = 0;
    while ((at = tomte_coap_next_observer(&peer->ep, resource, at)) != 0)
        if (tomte_coap_notify(&peer->ep, peer_now_ms(), at, &parts, false) !=
            TOMTE_OK)
            fprintf(stderr, "no notification\n");
}

/* Registers when the request asks for it, and answers in either case. */
static void observable(struct call *c, uint32_t resource)
{
    uint32_t handle;
    enum tomte_err err =
        tomte_coap_observe(&peer->ep, c->effect->handle, resource, 0, &handle);
    if (err != TOMTE_OK && err != TOMTE_ERR_STATE)
        fprintf(stderr, "no observer\n");
}

static void on_core(struct call *c)
{
    struct tomte_coap_link_format w;
    tomte_coap_link_format_init(&w, TOMTE_BUF_ARRAY(text));
    tomte_coap_link_format_put(
        &w, &(struct tomte_coap_link_attrs){.path = TOMTE_SPAN_LIT("/state"),
                                            .type = TOMTE_SPAN_LIT("text"),
                                            .content_format = TEXT,
                                            .observable = true});
    tomte_coap_link_format_put(&w, &(struct tomte_coap_link_attrs){
                                       .path = TOMTE_SPAN_LIT("/counter"),
                                       .interface = TOMTE_SPAN_LIT("core.s"),
                                       .content_format = -1,
                                       .observable = true});
    struct tomte_span links;
    if (tomte_coap_link_format_end(&w, &links) == TOMTE_OK)
        content(c, TOMTE_COAP_FORMAT_LINK, links);
}

static void on_state(struct call *c)
{
    const struct tomte_coap_msg *m = &c->effect->msg;
    if (m->code == TOMTE_COAP_GET) {
        observable(c, STATE);
        content(c, TEXT, TOMTE_SPAN(state, state_len));
    } else if (m->code == TOMTE_COAP_PUT && m->payload.len <= sizeof state) {
        state_len = m->payload.len;
        memcpy(state, m->payload.data, state_len);
        c->code = TOMTE_COAP_CHANGED;
        notify(STATE, TOMTE_SPAN(state, state_len));
    } else {
        c->code = TOMTE_COAP_METHOD_NOT_ALLOWED;
    }
}

static void on_counter(struct call *c)
{
    observable(c, COUNTER);
    content(c, TEXT, counter_text());
}

static void on_echo(struct call *c)
{
    struct tomte_span query, payload = c->effect->msg.payload;
    if (tomte_coap_get_query(c->effect->msg.options,
                             TOMTE_BUF(text, sizeof text / 2),
                             &query) != TOMTE_OK ||
        query.len + 1 + payload.len > sizeof text) {
        c->code = TOMTE_COAP_BAD_REQUEST;
        return;
    }
    text[query.len] = '?';
    if (payload.len != 0)
        memcpy(text + query.len + 1, payload.data, payload.len);
    content(c, TEXT, TOMTE_SPAN(text, query.len + 1 + payload.len));
}

/* Block2, as small as the client wants it. */
static void on_large(struct call *c)
{
    struct tomte_coap_block b = {.szx = 6};
    enum tomte_err err = tomte_coap_find_block(c->effect->msg.options,
                                               TOMTE_COAP_OPT_BLOCK2, &b);
    size_t at = b.num * tomte_coap_block_size(&b);
    if (err == TOMTE_ERR_MALFORMED || at >= sizeof large) {
        c->code = TOMTE_COAP_BAD_REQUEST;
        return;
    }
    b.more = sizeof large - at > tomte_coap_block_size(&b);
    content(c, TEXT,
            tomte_span_slice(TOMTE_SPAN_ARRAY(large), at,
                             tomte_coap_block_size(&b)));
    tomte_coap_put_block(&c->options, TOMTE_COAP_OPT_BLOCK2, &b);
    tomte_coap_put_uint(&c->options, TOMTE_COAP_OPT_SIZE2, sizeof large);
}

/* Block1, in order, one client at a time. */
static void on_upload(struct call *c)
{
    static size_t expected;
    struct tomte_coap_block b = {.szx = 6};
    const struct tomte_coap_msg *m = &c->effect->msg;
    enum tomte_err err =
        tomte_coap_find_block(m->options, TOMTE_COAP_OPT_BLOCK1, &b);
    if (b.num == 0)
        expected = 0;
    if (err == TOMTE_ERR_MALFORMED ||
        b.num * tomte_coap_block_size(&b) != expected) {
        c->code = TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE;
        return;
    }
    expected += m->payload.len;
    int n = snprintf((char *)text, sizeof text, "%zu", expected);
    c->code = b.more ? TOMTE_COAP_CONTINUE : TOMTE_COAP_CHANGED;
    if (err == TOMTE_OK)
        tomte_coap_put_block(&c->options, TOMTE_COAP_OPT_BLOCK1, &b);
    if (!b.more)
        c->payload = TOMTE_SPAN(text, (size_t)n);
}

static bool is_slow(uint32_t handle)
{
    for (int i = 0; i < 16; i++)
        if (slow_ms[i] == 0) {
            slow_ms[i] = peer_now_ms() + SLOW_MS;
            slow_handle[i] = handle;
            return true;
        }
    return false;
}

static void on_request(const struct tomte_coap_effect *e)
{
    static const struct {
        const char *path;
        uint8_t method; /* 0: looks itself */
        void (*run)(struct call *);
    } resources[] = {
        {"/.well-known/core", TOMTE_COAP_GET, on_core},
        {"/state", 0, on_state},
        {"/counter", TOMTE_COAP_GET, on_counter},
        {"/echo", TOMTE_COAP_POST, on_echo},
        {"/large", TOMTE_COAP_GET, on_large},
        {"/upload", TOMTE_COAP_PUT, on_upload},
    };
    uint8_t memory[256];
    struct tomte_span path;
    struct call c = {.effect = e, .code = TOMTE_COAP_NOT_FOUND};
    tomte_coap_options_init(&c.options, TOMTE_BUF_ARRAY(c.memory));
    if (tomte_coap_get_path(e->msg.options, TOMTE_BUF_ARRAY(memory), &path) !=
        TOMTE_OK)
        path = TOMTE_SPAN_NONE;
    if (tomte_span_equal(path, TOMTE_SPAN_LIT("/slow")) && is_slow(e->handle))
        return;
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        if (!tomte_span_equal(path, tomte_span_str(resources[i].path)))
            continue;
        if (resources[i].method == 0 || resources[i].method == e->msg.code)
            resources[i].run(&c);
        else
            c.code = TOMTE_COAP_METHOD_NOT_ALLOWED;
    }
    finish(&c);
}

static uint64_t run_clock(uint64_t count_ms)
{
    uint64_t now = peer_now_ms(), next = count_ms;
    if (count_ms <= now) {
        counter++;
        notify(COUNTER, counter_text());
        next = now + COUNTER_MS;
    }
    for (int i = 0; i < 16; i++) {
        if (slow_ms[i] == 0 || slow_ms[i] > now)
            continue;
        slow_ms[i] = 0;
        struct tomte_coap_parts parts = {.code = TOMTE_COAP_CONTENT,
                                         .payload = TOMTE_SPAN_LIT("slow")};
        if (tomte_coap_respond(&peer->ep, now, slow_handle[i], &parts) !=
            TOMTE_OK)
            fprintf(stderr, "no slow answer\n");
    }
    return next;
}

static bool stdin_ended(void)
{
    struct pollfd fd = {.fd = 0, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

void serve(struct peer *p)
{
    struct tomte_coap_effect e;
    uint64_t count_ms = peer_now_ms();
    peer = p;
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t)('a' + i % 26);
    printf("%u\n", p->port);
    while (!stdin_ended()) {
        count_ms = run_clock(count_ms);
        while (peer_poll(p, &e))
            if (e.kind == TOMTE_COAP_REQUEST)
                on_request(&e);
        peer_wait(p, count_ms);
    }
}
