/* SPDX-License-Identifier: Apache-2.0 */
/* An endpoint with small tables, stepped with datagrams and calls that the
 * input chooses. Whatever comes, every effect is drained, what is sent is a
 * CoAP message, and nothing is due that has passed.
 *
 *   command:1  argument:1  then, for a datagram, `argument & 63` bytes
 *
 * A datagram's command is its sender in two bits; with the next two set it came
 * by multicast. */
#include "base/base.h"
#include "coap/endpoint.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tomte_coap ep;
static uint64_t now_ms;
static uint32_t requests[4], exchanges[4], observers[4];
static unsigned request_at, exchange_at, observer_at;
static uint8_t last_sent[64]; /* to be thrown back at it */
static size_t last_len;

static struct tomte_addr address(unsigned n)
{
    return tomte_addr_ipv4((uint8_t[]){10, 0, 0, (uint8_t)(n & 3)}, 1);
}

static void drain(void)
{
    struct tomte_coap_effect e;
    struct tomte_coap_msg m;
    while (tomte_coap_poll(&ep, &e)) {
        if (e.kind == TOMTE_COAP_REQUEST)
            requests[request_at++ & 3] = e.handle;
        if (e.kind != TOMTE_COAP_SEND)
            continue;
        TOMTE_ASSERT(tomte_coap_decode(e.bytes, &m) == TOMTE_OK);
        last_len = e.bytes.len < 64 ? e.bytes.len : 64;
        memcpy(last_sent, e.bytes.data, last_len);
    }
}

static void feed(unsigned from, struct tomte_span bytes)
{
    (void)tomte_coap_step(
        &ep, &(struct tomte_coap_event){.kind = TOMTE_COAP_EVENT_DATAGRAM,
                                        .now_ms = now_ms,
                                        .from = address(from),
                                        .bytes = bytes,
                                        .multicast = (from & 12) == 12});
}

static void timer(unsigned ms)
{
    now_ms += ms * ms;
    (void)tomte_coap_step(
        &ep, &(struct tomte_coap_event){.kind = TOMTE_COAP_EVENT_TIMER,
                                        .now_ms = now_ms});
    TOMTE_ASSERT(tomte_coap_deadline(&ep) > now_ms);
}

/* A reply to what it sent last: its own message ID and token. */
static void throw_back(unsigned how)
{
    static const uint8_t codes[] = {0, 0x45, 0x84, 0x44};
    uint8_t bytes[70];
    memcpy(bytes, last_sent, sizeof last_sent);
    size_t len = 4 + (last_sent[0] & 15u);
    if (last_len < len)
        return;
    bytes[0] = (uint8_t)((bytes[0] & 0xcf) | (how & 3) << 4);
    bytes[1] = codes[how >> 2 & 3];
    if (how & 16) { /* Observe */
        bytes[len++] = 0x61;
        bytes[len++] = (uint8_t)(how >> 5);
    }
    feed(1, TOMTE_SPAN(bytes, bytes[1] == 0 ? 4 : len));
}

static void call(unsigned which, unsigned arg)
{
    static const uint8_t observe[] = {0x60};
    struct tomte_addr to = address(arg);
    struct tomte_coap_request r = {
        .to = to,
        .parts = {.code = TOMTE_COAP_GET,
                  .options = TOMTE_SPAN(observe, arg >> 3 & 1)},
        .timeout_ms = arg >> 4,
        .confirmable = (arg & 4) != 0};
    struct tomte_coap_parts p = {.code = arg & 64 ? TOMTE_COAP_CONTENT
                                                  : TOMTE_COAP_NOT_FOUND,
                                 .payload = TOMTE_SPAN(last_sent, arg & 63)};
    uint32_t *request = &requests[arg & 3], *exchange = &exchanges[arg & 3];
    uint32_t *observer = &observers[arg & 3];
    enum tomte_err err = TOMTE_OK;
    switch (which) {
    case 0:
        err =
            tomte_coap_request(&ep, now_ms, &r, &exchanges[exchange_at++ & 3]);
        break;
    case 1:
        err = tomte_coap_respond(&ep, now_ms, *request, &p);
        break;
    case 2:
        err = tomte_coap_observe(&ep, *request, arg >> 6, 1,
                                 &observers[observer_at++ & 3]);
        break;
    case 3:
        err = tomte_coap_notify(&ep, now_ms, *observer, &p, arg >> 7);
        break;
    case 4:
        err = tomte_coap_renew(&ep, now_ms, *exchange, &r.parts);
        break;
    case 5:
        tomte_coap_cancel(&ep, *exchange);
        break;
    case 6:
        if (arg & 8)
            tomte_coap_unobserve(&ep, *observer);
        else
            tomte_coap_drop(&ep, now_ms, *request);
        break;
    case 7:
        if (arg & 8)
            err = tomte_coap_ping(&ep, now_ms, &to, 1);
        else if (arg & 16)
            err = tomte_coap_link(&ep, now_ms, &to);
        else
            tomte_coap_unlink(&ep, &to);
        break;
    }
    (void)err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[1 << 15];
    struct tomte_arena arena;
    struct tomte_coap_config c = tomte_coap_config_default(1);
    c.peers = 3;
    c.exchanges = c.inbound = 6;
    c.observers = 3;
    c.blocks = 12;
    c.exchanges_per_peer = c.inbound_per_peer = 4;
    tomte_arena_init(&arena, memory, sizeof memory);
    TOMTE_ASSERT(tomte_coap_init(&ep, &c, &arena) == TOMTE_OK);
    now_ms = last_len = 0;
    request_at = exchange_at = observer_at = 0;
    memset(requests, 0, sizeof requests);
    memset(exchanges, 0, sizeof exchanges);
    memset(observers, 0, sizeof observers);
    while (size >= 2) {
        unsigned command = data[0], arg = data[1];
        data += 2;
        size -= 2;
        if (command < 64) {
            size_t len = (arg & 63) < size ? arg & 63 : size;
            feed(command, TOMTE_SPAN(data, len));
            data += len;
            size -= len;
        } else if (command < 96) {
            timer(arg);
        } else if (command < 128) {
            throw_back(arg);
        } else {
            call(command & 7, arg);
        }
        drain();
    }
    tomte_coap_wipe(&ep);
    return 0;
}
