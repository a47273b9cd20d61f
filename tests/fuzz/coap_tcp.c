/* SPDX-License-Identifier: Apache-2.0 */
/* Any stream, in pieces that the input chooses, gives what it gives as a whole;
 * what is sent and what is handed up encodes and decodes to itself.
 *
 *   [length, that many bytes]... */
#include "base/base.h"
#include "coap/tcp.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
    struct tomte_coap_tcp tcp;
    uint8_t in[128], out[128];
    uint64_t digest; /* of all that it said */
    bool closed;
};

static void note(struct run *r, struct tomte_span s)
{
    for (size_t i = 0; i < s.len; i++)
        r->digest = (r->digest ^ s.data[i]) * 0x100000001b3u;
}

static void check_message(const struct tomte_coap_msg *msg)
{
    uint8_t bytes[256];
    struct tomte_span s;
    struct tomte_coap_msg again;
    size_t used;
    TOMTE_ASSERT(tomte_coap_tcp_encode(msg, TOMTE_BUF_ARRAY(bytes), &s) ==
                 TOMTE_OK);
    TOMTE_ASSERT(tomte_coap_tcp_decode(s, sizeof bytes, &again, &used) ==
                 TOMTE_OK);
    TOMTE_ASSERT(used == s.len && again.code == msg->code);
    TOMTE_ASSERT(tomte_span_equal(again.options, msg->options));
    TOMTE_ASSERT(tomte_span_equal(again.payload, msg->payload));
}

static void drain(struct run *r)
{
    struct tomte_coap_tcp_effect e;
    while (tomte_coap_tcp_poll(&r->tcp, &e)) {
        uint8_t kind = (uint8_t)e.kind;
        TOMTE_ASSERT(!r->closed);
        if (e.kind == TOMTE_COAP_TCP_SEND) {
            note(r, e.bytes);
            continue;
        }
        note(r, TOMTE_SPAN(&kind, 1));
        if (e.kind == TOMTE_COAP_TCP_MESSAGE) {
            check_message(&e.msg);
            note(r, e.msg.payload);
        }
        r->closed = e.kind == TOMTE_COAP_TCP_CLOSE;
    }
}

static void begin(struct run *r)
{
    memset(r, 0, sizeof *r);
    struct tomte_coap_tcp_config c = {.in = TOMTE_BUF_ARRAY(r->in),
                                      .out = TOMTE_BUF_ARRAY(r->out),
                                      .block_wise = true};
    TOMTE_ASSERT(tomte_coap_tcp_init(&r->tcp, &c) == TOMTE_OK);
    drain(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run pieces, whole;
    static uint8_t stream[4096];
    size_t len = 0;
    if (size > sizeof stream)
        return 0;
    begin(&pieces);
    begin(&whole);
    while (size >= 2) {
        size_t part = data[0] < size - 1 ? data[0] : size - 1;
        if (part != 0) {
            memcpy(stream + len, data + 1, part);
            len += part;
            tomte_coap_tcp_take(&pieces.tcp, TOMTE_SPAN(data + 1, part));
            drain(&pieces);
        }
        data += 1 + part;
        size -= 1 + part;
    }
    if (len != 0)
        tomte_coap_tcp_take(&whole.tcp, TOMTE_SPAN(stream, len));
    drain(&whole);
    struct run *runs[] = {&pieces, &whole};
    for (int i = 0; i < 2; i++) {
        tomte_coap_tcp_take(&runs[i]->tcp, TOMTE_SPAN_NONE);
        drain(runs[i]);
        TOMTE_ASSERT(runs[i]->closed);
    }
    TOMTE_ASSERT(pieces.digest == whole.digest);
    return 0;
}
