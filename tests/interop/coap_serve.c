/* SPDX-License-Identifier: Apache-2.0 */
/* The server of coap_test.py and coap_test.mjs: requests and answers of any
 * length through coap/blocks.h. What it serves is coap_resources.c's. */
#include "coap_serve.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNTER_MS 200
#define CLOCK_MS   700
#define SLOW_MS    1000
#define WATCHERS   64

/* What an observer asked for; its cookie is the place. */
struct watcher {
    uint64_t operation;
    uint8_t szx;
};

static struct peer *peer;
static struct tomte_coap_blocks blocks;
static struct watcher watchers[WATCHERS];
static unsigned watcher_at;
static uint32_t slow_handle[16];
static uint64_t slow_ms[16];

static void respond(uint32_t handle, const struct tomte_coap_parts *parts)
{
    if (tomte_coap_respond(&peer->ep, peer_now_ms(), handle, parts) != TOMTE_OK)
        fprintf(stderr, "no answer\n");
}

void serve_observable(struct call *c, uint32_t resource)
{
    const struct tomte_coap_msg *m = &c->effect->msg;
    unsigned at = watcher_at++ % WATCHERS;
    struct tomte_coap_block b = {.szx = 6};
    uint32_t handle;
    (void)!tomte_coap_find_block(m->options, TOMTE_COAP_OPT_BLOCK2, &b);
    watchers[at] = (struct watcher){.operation = tomte_coap_blocks_operation(m),
                                    .szx = b.szx};
    enum tomte_err err =
        tomte_coap_observe(&peer->ep, c->effect->handle, resource, at, &handle);
    if (err != TOMTE_OK && err != TOMTE_ERR_STATE)
        fprintf(stderr, "no observer\n");
}

void serve_notify(uint32_t resource, const struct tomte_coap_parts *whole)
{
    uint32_t at = 0;
    while ((at = tomte_coap_next_observer(&peer->ep, resource, at)) != 0) {
        struct tomte_coap_from from = {.context = 0};
        struct tomte_coap_parts first;
        uint64_t cookie;
        if (!tomte_coap_observer(&peer->ep, at, &from.peer, &cookie) ||
            tomte_coap_blocks_notify(
                &blocks, peer_now_ms(), &from, watchers[cookie].operation,
                watchers[cookie].szx, whole, &first) != TOMTE_OK ||
            tomte_coap_notify(&peer->ep, peer_now_ms(), at, &first, false) !=
                TOMTE_OK)
            fprintf(stderr, "no notification\n");
    }
}

static bool is_slow(const struct tomte_coap_effect *e)
{
    uint8_t memory[256];
    struct tomte_span path;
    if (tomte_coap_get_path(e->msg.options, TOMTE_BUF_ARRAY(memory), &path) !=
            TOMTE_OK ||
        !tomte_span_equal(path, TOMTE_SPAN_LIT("/slow")))
        return false;
    for (int i = 0; i < 16; i++)
        if (slow_ms[i] == 0) {
            slow_ms[i] = peer_now_ms() + SLOW_MS;
            slow_handle[i] = e->handle;
            return true;
        }
    return false;
}

static void on_request(const struct tomte_coap_effect *e)
{
    struct tomte_coap_from from = {.peer = e->peer};
    struct tomte_coap_blocks_result r;
    struct tomte_coap_parts first, whole = {.code = 0};
    if (is_slow(e))
        return;
    tomte_coap_blocks_take(&blocks, peer_now_ms(), &from, &e->msg, &r);
    if (r.kind == TOMTE_COAP_BLOCKS_ANSWER) {
        respond(e->handle, &r.parts);
        return;
    }
    struct call c = {.effect = e, .code = TOMTE_COAP_NOT_FOUND, .body = r.body};
    tomte_coap_options_init(&c.options, TOMTE_BUF_ARRAY(c.memory));
    serve_resource(&c);
    if (c.code == 0) {
        tomte_coap_drop(&peer->ep, peer_now_ms(), e->handle);
        return;
    }
    whole.code = c.code;
    whole.payload = c.payload;
    if (tomte_coap_options_end(&c.options, &whole.options) != TOMTE_OK)
        fprintf(stderr, "no options\n");
    (void)!tomte_coap_blocks_answer(&blocks, peer_now_ms(), &from, &e->msg,
                                    &whole, &first);
    respond(e->handle, &first);
}

static void run_clocks(uint64_t now, uint64_t *count_ms, uint64_t *clock_ms)
{
    if (*count_ms <= now) {
        serve_count();
        *count_ms = now + COUNTER_MS;
    }
    if (*clock_ms <= now) {
        serve_tick();
        *clock_ms = now + CLOCK_MS;
    }
    for (int i = 0; i < 16; i++) {
        if (slow_ms[i] == 0 || slow_ms[i] > now)
            continue;
        slow_ms[i] = 0;
        respond(slow_handle[i],
                &(struct tomte_coap_parts){.code = TOMTE_COAP_CONTENT,
                                           .payload = TOMTE_SPAN_LIT("slow")});
    }
}

static bool stdin_ended(void)
{
    struct pollfd fd = {.fd = 0, .events = POLLIN};
    return poll(&fd, 1, 0) > 0;
}

void serve(struct peer *p)
{
    struct tomte_coap_effect e;
    struct tomte_arena arena;
    struct tomte_coap_blocks_config c = tomte_coap_blocks_config_default();
    uint64_t count_ms = peer_now_ms(), clock_ms = count_ms;
    c.szx = p->szx;
    size_t size = tomte_coap_blocks_memory(&c);
    void *memory = malloc(size);
    if (memory == NULL)
        peer_fail("no memory");
    tomte_arena_init(&arena, memory, size);
    if (tomte_coap_blocks_init(&blocks, &c, &arena) != TOMTE_OK)
        peer_fail("init");
    peer = p;
    printf("%u\n", p->port);
    while (!stdin_ended()) {
        run_clocks(peer_now_ms(), &count_ms, &clock_ms);
        while (peer_poll(p, &e))
            if (e.kind == TOMTE_COAP_REQUEST)
                on_request(&e);
        peer_wait(p, count_ms < clock_ms ? count_ms : clock_ms);
    }
    free(memory);
}
