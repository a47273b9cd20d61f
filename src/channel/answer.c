/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor/cbor.h"
#include "channel/message.h"

static enum tomte_err encode_pair(const struct tomte_channel_pair *pair,
                                  struct tomte_buf out,
                                  struct tomte_span *payload);
static enum tomte_err decode_pair(struct tomte_span payload,
                                  struct tomte_channel_pair *pair);

enum tomte_err
tomte_channel_answer_encode(enum tomte_err err,
                            const struct tomte_channel_pair *pair,
                            struct tomte_buf options, struct tomte_buf payload,
                            struct tomte_coap_parts *parts)
{
    struct tomte_coap_options o;
    tomte_coap_options_init(&o, options);
    parts->code = (uint8_t)tomte_err_coap_code(err);
    parts->payload = TOMTE_SPAN_NONE;
    if (pair) {
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_CONTENT_FORMAT,
                            TOMTE_FORMAT_CBOR);
        enum tomte_err full = encode_pair(pair, payload, &parts->payload);
        if (full != TOMTE_OK)
            return full;
    }
    return tomte_coap_options_end(&o, &parts->options);
}

enum tomte_err tomte_channel_answer_decode(const struct tomte_coap_msg *msg,
                                           struct tomte_channel_answer *out)
{
    *out = (struct tomte_channel_answer){.has_pair = false};
    out->err = msg->code == TOMTE_COAP_CONFLICT
                   ? TOMTE_ERR_STATE
                   : tomte_err_from_coap_code(msg->code);
    uint32_t format;
    if (msg->payload.len == 0 ||
        !tomte_coap_find_uint(msg->options, TOMTE_COAP_OPT_CONTENT_FORMAT,
                              &format) ||
        format != TOMTE_FORMAT_CBOR)
        return TOMTE_OK;
    enum tomte_err err = decode_pair(msg->payload, &out->pair);
    out->has_pair = err == TOMTE_OK;
    return err;
}

static enum tomte_err encode_pair(const struct tomte_channel_pair *pair,
                                  struct tomte_buf out,
                                  struct tomte_span *payload)
{
    struct tomte_cbor_enc e;
    tomte_cbor_encode_init(&e, out);
    tomte_cbor_put_array(&e, 2);
    tomte_cbor_put_uint(&e, pair->first);
    tomte_cbor_put_uint(&e, pair->second);
    return tomte_cbor_encode_done(&e, payload);
}

static enum tomte_err decode_pair(struct tomte_span payload,
                                  struct tomte_channel_pair *pair)
{
    struct tomte_cbor_dec d;
    tomte_cbor_decode_init(&d, payload, 0);
    tomte_cbor_enter_array(&d);
    pair->first = tomte_cbor_get_uint(&d);
    pair->second = tomte_cbor_get_uint(&d);
    tomte_cbor_leave(&d);
    return tomte_cbor_decode_done(&d);
}
