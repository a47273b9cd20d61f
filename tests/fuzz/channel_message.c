/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers of anyone. A request that decodes can be encoded, and
 * that decodes to the same. The first byte is the code, the rest options and
 * payload. */
#include "base/base.h"
#include "channel/message.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_request(const struct tomte_coap_msg *msg)
{
    struct tomte_channel_request r, again;
    uint8_t options[TOMTE_CHANNEL_OPTIONS_MAX];
    struct tomte_coap_parts parts;
    if (tomte_channel_request_decode(msg, &r) != TOMTE_OK)
        return;
    TOMTE_ASSERT(r.payload.len <= TOMTE_LIMIT_MESSAGE_BYTES);
    TOMTE_ASSERT(tomte_channel_request_encode(&r, TOMTE_BUF_ARRAY(options),
                                              &parts) == TOMTE_OK);
    struct tomte_coap_msg back = {
        .code = parts.code, .options = parts.options, .payload = parts.payload};
    TOMTE_ASSERT(tomte_channel_request_decode(&back, &again) == TOMTE_OK);
    TOMTE_ASSERT(r.op == again.op && r.format == again.format &&
                 r.has_for == again.has_for && r.for_s == again.for_s &&
                 r.has_origin == again.has_origin &&
                 tomte_channel_name_equal(&r.channel, &again.channel) &&
                 tomte_span_equal(r.payload, again.payload));
    TOMTE_ASSERT(memcmp(&r.origin, &again.origin, sizeof r.origin) == 0);
}

static void check_content(const struct tomte_channel_content *c)
{
    uint8_t options[TOMTE_CHANNEL_OPTIONS_MAX];
    struct tomte_channel_content again;
    struct tomte_coap_parts parts;
    TOMTE_ASSERT(tomte_channel_content_encode(c, TOMTE_BUF_ARRAY(options),
                                              &parts) == TOMTE_OK);
    struct tomte_coap_msg back = {
        .code = parts.code, .options = parts.options, .payload = parts.payload};
    TOMTE_ASSERT(tomte_channel_content_decode(&back, &again) == TOMTE_OK);
    TOMTE_ASSERT(c->format == again.format && c->max_age_s == again.max_age_s &&
                 c->has_origin == again.has_origin &&
                 tomte_span_equal(c->payload, again.payload));
    TOMTE_ASSERT(memcmp(&c->origin, &again.origin, sizeof again.origin) == 0);
}

static void check_pair(const struct tomte_channel_pair *pair,
                       struct tomte_span payload)
{
    uint8_t options[8], bytes[TOMTE_CHANNEL_PAIR_BYTES_MAX];
    struct tomte_coap_parts parts;
    TOMTE_ASSERT(tomte_channel_answer_encode(
                     TOMTE_OK, pair, TOMTE_BUF_ARRAY(options),
                     TOMTE_BUF_ARRAY(bytes), &parts) == TOMTE_OK);
    TOMTE_ASSERT(tomte_span_equal(parts.payload, payload));
}

static void try_answer(const struct tomte_coap_msg *msg)
{
    struct tomte_channel_content content;
    struct tomte_channel_answer answer;
    if (tomte_channel_content_decode(msg, &content) == TOMTE_OK) {
        TOMTE_ASSERT(msg->code == TOMTE_COAP_CONTENT);
        check_content(&content);
    }
    if (tomte_channel_answer_decode(msg, &answer) != TOMTE_OK)
        TOMTE_ASSERT(!answer.has_pair);
    else if (answer.has_pair)
        check_pair(&answer.pair, msg->payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct tomte_coap_msg msg = {.code = data[0]};
    if (tomte_coap_split(TOMTE_SPAN(data + 1, size - 1), &msg.options,
                         &msg.payload) != TOMTE_OK)
        return 0;
    try_request(&msg);
    try_answer(&msg);
    return 0;
}
