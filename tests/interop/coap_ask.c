/* SPDX-License-Identifier: Apache-2.0 */
/* The client of coap_test.py: the steps that coap_peer.c describes. */
#include "coap_peer.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORGET_MS 8000

static struct peer *peer;
static struct tomte_addr server;
static int ended; /* requests that did, with a last line */

static uint32_t start(bool con, uint8_t code, const char *uri, int observe,
                      const char *payload)
{
    uint8_t memory[256];
    uint32_t handle;
    const char *mark = strchr(uri, '?');
    size_t path = mark != NULL ? (size_t)(mark - uri) : strlen(uri);
    struct tomte_coap_options o;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_path(&o, TOMTE_SPAN(uri, path));
    if (mark != NULL)
        tomte_coap_put_query(&o, tomte_span_str(mark + 1));
    if (observe >= 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_OBSERVE, (uint32_t)observe);
    struct tomte_coap_request r = {
        .to = server,
        .parts = {.code = code, .payload = tomte_span_str(payload)},
        .confirmable = con};
    if (tomte_coap_options_end(&o, &r.parts.options) != TOMTE_OK ||
        tomte_coap_request(&peer->ep, peer_now_ms(), &r, &handle) != TOMTE_OK)
        peer_fail("request");
    return handle;
}

static void print_response(const struct tomte_coap_msg *m)
{
    char line[2048];
    struct tomte_text t;
    tomte_text_init(&t, line, sizeof line);
    tomte_text_span(&t, m->payload);
    printf("%u.%02u %s\n", m->code >> 5, m->code & 31u, line);
}

static void drain(void)
{
    struct tomte_coap_effect e;
    while (peer_poll(peer, &e)) {
        ended +=
            e.last || e.kind == TOMTE_COAP_FAILED || e.kind == TOMTE_COAP_PONG;
        if (e.kind == TOMTE_COAP_RESPONSE)
            print_response(&e.msg);
        else if (e.kind == TOMTE_COAP_FAILED)
            printf("%s\n", tomte_err_name(e.err));
        else if (e.kind == TOMTE_COAP_PONG)
            printf("pong\n");
    }
}

static void run_until(uint64_t until_ms, bool to_the_end)
{
    ended = 0;
    for (;;) {
        drain();
        if ((to_the_end && ended != 0) || peer_now_ms() >= until_ms)
            return;
        peer_wait(peer, until_ms);
    }
}

static void observe(const char *uri, uint64_t ms)
{
    uint8_t memory[128];
    uint32_t handle = start(true, TOMTE_COAP_GET, uri, 0, "");
    run_until(peer_now_ms() + ms, true);
    if (ended != 0)
        return;
    struct tomte_coap_options o;
    struct tomte_coap_parts parts = {.code = TOMTE_COAP_GET};
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_path(&o, tomte_span_str(uri));
    tomte_coap_put_uint(&o, TOMTE_COAP_OPT_OBSERVE, 1);
    if (tomte_coap_options_end(&o, &parts.options) != TOMTE_OK ||
        tomte_coap_renew(&peer->ep, peer_now_ms(), handle, &parts) != TOMTE_OK)
        peer_fail("renew");
    run_until(UINT64_MAX, true);
    printf("end\n");
}

static void forget(const char *uri)
{
    uint32_t handle = start(true, TOMTE_COAP_GET, uri, 0, "");
    run_until(peer_now_ms() + 500, false);
    tomte_coap_cancel(&peer->ep, handle);
    run_until(peer_now_ms() + FORGET_MS, false);
    printf("strays %u\n", peer->ep.stats.stray_responses);
}

static uint8_t method(const char *name)
{
    static const char *const names[] = {"", "get", "post", "put", "delete"};
    for (uint8_t code = 1; code < 5; code++)
        if (strcmp(name, names[code]) == 0)
            return code;
    peer_fail("no such step");
}

/* Gives how many arguments the step took. */
static int step(int argc, char **argv)
{
    const char *uri = argc > 1 ? argv[1] : "/";
    if (strcmp(argv[0], "ping") == 0) {
        if (tomte_coap_ping(&peer->ep, peer_now_ms(), &server, 0) != TOMTE_OK)
            peer_fail("ping");
        run_until(UINT64_MAX, true);
        return 1;
    }
    if (strcmp(argv[0], "observe") == 0 && argc > 2) {
        observe(uri, strtoul(argv[2], NULL, 10) * 1000);
        return 3;
    }
    if (strcmp(argv[0], "forget") == 0) {
        forget(uri);
        return 2;
    }
    bool non = argv[0][0] == 'n';
    uint8_t code = method(argv[0] + non);
    bool has_payload = code == TOMTE_COAP_PUT || code == TOMTE_COAP_POST;
    if (has_payload && argc < 3)
        peer_fail("no payload");
    start(!non, code, uri, -1, has_payload ? argv[2] : "");
    run_until(UINT64_MAX, true);
    return has_payload ? 3 : 2;
}

int ask(struct peer *p, int argc, char **argv)
{
    static const uint8_t loopback[4] = {127, 0, 0, 1};
    if (argc < 2)
        peer_fail("ask PORT STEP...");
    peer = p;
    server = tomte_addr_ipv4(loopback, (uint16_t)strtoul(argv[0], NULL, 10));
    for (int i = 1; i < argc;)
        i += step(argc - i, argv + i);
    return 0;
}
