/* SPDX-License-Identifier: Apache-2.0 */
/* A transfer against any answers: pieces come in order and within the limit, an
 * ASK has options that decode, a body's parts are within it, there is at most
 * one end, and then nothing.
 *
 *   config (6 bytes), then [code, length, so many bytes of options and payload]
 */
#include "base/base.h"
#include "coap/transfer.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tomte_coap_transfer t;
static uint32_t got, sent_max;
static bool ended, asking;

static void check(const struct tomte_coap_transfer_effect *e)
{
    uint8_t bytes[256];
    struct tomte_coap_options o;
    struct tomte_span again;
    TOMTE_ASSERT(!ended);
    switch (e->kind) {
    case TOMTE_COAP_TRANSFER_ASK:
        asking = true;
        TOMTE_ASSERT(e->body_at + e->body_len <= t.config.body_len);
        TOMTE_ASSERT(e->body_at <= sent_max);
        if (e->body_at + e->body_len > sent_max)
            sent_max = e->body_at + e->body_len;
        tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(bytes));
        tomte_coap_put_all(&o, e->options);
        TOMTE_ASSERT(tomte_coap_options_end(&o, &again) == TOMTE_OK);
        TOMTE_ASSERT(tomte_span_equal(e->options, again));
        break;
    case TOMTE_COAP_TRANSFER_PIECE:
        TOMTE_ASSERT(e->at == 0 || e->at == got);
        got = e->at + (uint32_t)e->bytes.len;
        TOMTE_ASSERT(got <= t.config.answer_max);
        break;
    case TOMTE_COAP_TRANSFER_RESTART:
        got = 0;
        break;
    default:
        ended = true;
    }
}

static void drain(void)
{
    struct tomte_coap_transfer_effect e;
    while (tomte_coap_transfer_poll(&t, &e))
        check(&e);
    TOMTE_ASSERT(ended || asking);
}

static void feed(uint8_t code, struct tomte_span body)
{
    struct tomte_coap_msg m = {.code = (uint8_t)(code % 96 + 64)};
    if (!tomte_coap_is_response(m.code) ||
        tomte_coap_split(body, &m.options, &m.payload) != TOMTE_OK)
        return;
    asking = false;
    if (code >= 192) {
        ended = false;
        got = 0;
        tomte_coap_transfer_follow(&t, &m);
    } else if (!ended) {
        tomte_coap_transfer_step(&t, &m);
    } else {
        return;
    }
    drain();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t path[] = {0xb1, 'a'};
    uint8_t memory[128];
    if (size < 6)
        return 0;
    struct tomte_coap_transfer_config c = {
        .code = (uint8_t)(data[0] % 7 + 1),
        .options = TOMTE_SPAN(path, data[0] & 64 ? 2 : 0),
        .body_len = (uint32_t)(data[1] | (data[2] & 15) << 8),
        .answer_max = (uint32_t)(data[3] * 16),
        .szx = data[4] % 7,
        .restarts = data[4] >> 6,
        .early = (data[4] & 32) != 0,
        .tag = data[5]};
    got = sent_max = 0;
    ended = asking = false;
    tomte_coap_transfer_init(&t, &c, TOMTE_BUF_ARRAY(memory));
    drain();
    data += 6;
    size -= 6;
    while (size >= 2) {
        size_t len = data[1] < size - 2 ? data[1] : size - 2;
        feed(data[0], TOMTE_SPAN(data + 2, len));
        data += 2 + len;
        size -= 2 + len;
    }
    tomte_coap_transfer_wipe(&t);
    return 0;
}
