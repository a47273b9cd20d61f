/* SPDX-License-Identifier: Apache-2.0 */
/* The client of coap_test.py and coap_test.mjs: the steps that coap_peer.c
 * describes, bodies of any length through coap/transfer.h. */
#include "coap_peer.h"

#include "base/text.h"
#include "coap/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORGET_MS 8000

enum { ASK, WATCH, PING }; /* cookies */

static struct peer *peer;
static struct tomte_addr server;
static int ended; /* requests that did, with a last line */

static struct tomte_coap_transfer transfer;
static uint8_t options[256], memory[384], received[32768];
static char body[32768];
static uint32_t received_len, asked;
static bool confirmable;

static void sail(void);

static struct tomte_span make_options(const char *uri, int observe)
{
    const char *mark = strchr(uri, '?');
    size_t path = mark != NULL ? (size_t)(mark - uri) : strlen(uri);
    struct tomte_coap_options o;
    struct tomte_span list;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(options));
    tomte_coap_put_path(&o, TOMTE_SPAN(uri, path));
    if (mark != NULL)
        tomte_coap_put_query(&o, tomte_span_str(mark + 1));
    if (observe >= 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_OBSERVE, (uint32_t)observe);
    if (tomte_coap_options_end(&o, &list) != TOMTE_OK)
        peer_fail("options");
    return list;
}

static void start(bool con, uint8_t code, const char *uri, const char *payload)
{
    static uint64_t tag = 1;
    size_t len = strlen(payload);
    if (payload[0] == '@') { /* so many bytes of the alphabet */
        len = strtoul(payload + 1, NULL, 10);
        for (size_t i = 0; i < len && i < sizeof body; i++)
            body[i] = (char)('a' + i % 26);
    } else if (len < sizeof body) {
        memcpy(body, payload, len);
    }
    if (len > sizeof body)
        peer_fail("long payload");
    struct tomte_coap_transfer_config c = {.code = code,
                                           .options = make_options(uri, -1),
                                           .body_len = (uint32_t)len,
                                           .answer_max = sizeof received,
                                           .szx = peer->szx,
                                           .restarts = 3,
                                           .early =
                                               peer->szx < TOMTE_COAP_SZX_MAX,
                                           .tag = tag};
    tag += 16;
    confirmable = con;
    tomte_coap_transfer_init(&transfer, &c, TOMTE_BUF_ARRAY(memory));
    sail();
}

static void ask_part(const struct tomte_coap_transfer_effect *e)
{
    struct tomte_coap_request r = {
        .to = server,
        .parts = {.code = e->code,
                  .options = e->options,
                  .payload = TOMTE_SPAN(body + e->body_at, e->body_len)},
        .cookie = ASK,
        .confirmable = confirmable};
    if (asked != 0)
        tomte_coap_cancel(&peer->ep, asked);
    if (tomte_coap_request(&peer->ep, peer_now_ms(), &r, &asked) != TOMTE_OK)
        peer_fail("request");
}

static void print_answer(uint8_t code, struct tomte_span payload)
{
    static char line[sizeof received + 16];
    struct tomte_text t;
    tomte_text_init(&t, line, sizeof line);
    tomte_text_span(&t, payload);
    printf("%u.%02u %s\n", code >> 5, code & 31u, line);
}

static void sail(void)
{
    struct tomte_coap_transfer_effect e;
    while (tomte_coap_transfer_poll(&transfer, &e)) {
        if (e.kind == TOMTE_COAP_TRANSFER_ASK) {
            ask_part(&e);
        } else if (e.kind == TOMTE_COAP_TRANSFER_PIECE) {
            memcpy(received + e.at, e.bytes.data, e.bytes.len);
            received_len = e.at + (uint32_t)e.bytes.len;
        } else if (e.kind == TOMTE_COAP_TRANSFER_DONE) {
            print_answer(e.code, tomte_coap_class(e.code) == 2
                                     ? TOMTE_SPAN(received, e.at)
                                     : e.bytes);
            ended++;
        } else if (e.kind == TOMTE_COAP_TRANSFER_FAILED) {
            printf("%s\n", tomte_err_name(e.err));
            ended++;
        }
    }
}

/* A notification does not end the watching; its last one does. */
static void on_notification(const struct tomte_coap_effect *e)
{
    int before = ended;
    if (asked != 0)
        tomte_coap_cancel(&peer->ep, asked);
    asked = 0;
    tomte_coap_transfer_follow(&transfer, &e->msg);
    sail();
    ended = before + e->last;
}

static void drain(void)
{
    struct tomte_coap_effect e;
    while (peer_poll(peer, &e)) {
        if (e.kind == TOMTE_COAP_RESPONSE && e.cookie == WATCH) {
            on_notification(&e);
        } else if (e.kind == TOMTE_COAP_RESPONSE) {
            asked = 0;
            tomte_coap_transfer_step(&transfer, &e.msg);
            sail();
        } else if (e.kind == TOMTE_COAP_FAILED) {
            printf("%s\n", tomte_err_name(e.err));
            ended++;
        } else if (e.kind == TOMTE_COAP_PONG) {
            printf("pong\n");
            ended++;
        }
    }
}

static void run_until(uint64_t until_ms, bool to_the_end)
{
    ended = 0;
    drain();
    while (!(to_the_end && ended != 0) && peer_now_ms() < until_ms) {
        peer_wait(peer, until_ms);
        drain();
    }
}

static uint32_t watch(const char *uri)
{
    uint32_t handle;
    struct tomte_coap_transfer_config c = {.code = TOMTE_COAP_GET,
                                           .options = make_options(uri, 0),
                                           .answer_max = sizeof received,
                                           .szx = peer->szx,
                                           .restarts = 3};
    struct tomte_coap_request r = {
        .to = server,
        .parts = {.code = TOMTE_COAP_GET, .options = c.options},
        .cookie = WATCH,
        .confirmable = true};
    confirmable = true;
    tomte_coap_transfer_init(&transfer, &c, TOMTE_BUF_ARRAY(memory));
    if (tomte_coap_request(&peer->ep, peer_now_ms(), &r, &handle) != TOMTE_OK)
        peer_fail("request");
    return handle;
}

/* Blocks of a notification end nothing, so it is the time that does. */
static void observe(const char *uri, uint64_t ms)
{
    uint32_t handle = watch(uri);
    run_until(peer_now_ms() + ms, false);
    struct tomte_coap_parts parts = {.code = TOMTE_COAP_GET,
                                     .options = make_options(uri, 1)};
    if (tomte_coap_renew(&peer->ep, peer_now_ms(), handle, &parts) != TOMTE_OK)
        peer_fail("renew");
    run_until(peer_now_ms() + 2000, true);
    printf("end\n");
}

static void forget(const char *uri)
{
    uint32_t handle = watch(uri);
    run_until(peer_now_ms() + 500, false);
    tomte_coap_cancel(&peer->ep, handle);
    run_until(peer_now_ms() + FORGET_MS, false);
    printf("strays %u\n", peer->ep.stats.stray_responses);
}

static uint8_t method(const char *name)
{
    static const char *const names[] = {"",    "get",    "post",
                                        "put", "delete", "fetch"};
    for (uint8_t code = 1; code < 6; code++)
        if (strcmp(name, names[code]) == 0)
            return code;
    peer_fail("no such step");
}

/* Gives how many arguments the step took. */
static int step(int argc, char **argv)
{
    const char *uri = argc > 1 ? argv[1] : "/";
    if (strcmp(argv[0], "ping") == 0) {
        if (tomte_coap_ping(&peer->ep, peer_now_ms(), &server, PING) !=
            TOMTE_OK)
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
    bool has_payload = code != TOMTE_COAP_GET && code != TOMTE_COAP_DELETE;
    if (has_payload && argc < 3)
        peer_fail("no payload");
    start(!non, code, uri, has_payload ? argv[2] : "");
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
