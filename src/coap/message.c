/* SPDX-License-Identifier: Apache-2.0 */
#include "coap/message.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "coap/option_wire.h"

#include <string.h>

#define VERSION    1
#define HEADER_LEN 4

static bool is_allowed(const struct tomte_coap_msg *m);

const char *tomte_coap_code_name(uint8_t code)
{
    switch (code) {
#define C(name, class, detail, text)                                           \
    case TOMTE_COAP_CODE(class, detail):                                       \
        return text;
        TOMTE_COAP_CODE_TABLE(C)
#undef C
    default:
        return "?";
    }
}

enum tomte_err tomte_coap_decode(struct tomte_span datagram,
                                 struct tomte_coap_msg *out)
{
    memset(out, 0, sizeof *out);
    if (datagram.len < HEADER_LEN)
        return TOMTE_ERR_TRUNCATED;
    const uint8_t *p = datagram.data;
    if (p[0] >> 6 != VERSION)
        return TOMTE_ERR_VERSION;
    out->type = p[0] >> 4 & 3;
    out->code = p[1];
    out->mid = tomte_get_be16(p + 2);
    uint8_t token_len = p[0] & 15;
    struct tomte_span body =
        TOMTE_SPAN(p + HEADER_LEN, datagram.len - HEADER_LEN);
    if (token_len > TOMTE_COAP_TOKEN_MAX || token_len > body.len)
        return TOMTE_ERR_MALFORMED;
    if (out->code == TOMTE_COAP_EMPTY && body.len + token_len != 0)
        return TOMTE_ERR_MALFORMED; /* section 4.1 */
    memcpy(out->token, body.data, token_len);
    out->token_len = token_len;
    if (!is_allowed(out))
        return TOMTE_ERR_MALFORMED;
    return tomte_coap_split(
        TOMTE_SPAN(body.data + token_len, body.len - token_len), &out->options,
        &out->payload);
}

bool tomte_coap_wants_reset(enum tomte_err err,
                            const struct tomte_coap_msg *refused)
{
    return err == TOMTE_ERR_MALFORMED && refused->type == TOMTE_COAP_CON;
}

enum tomte_err tomte_coap_encode(const struct tomte_coap_msg *msg,
                                 struct tomte_buf out,
                                 struct tomte_span *datagram)
{
    TOMTE_ASSERT(msg->token_len <= TOMTE_COAP_TOKEN_MAX && msg->type <= 3);
    size_t marker = msg->payload.len != 0;
    size_t room = out.cap;
    size_t fixed = HEADER_LEN + msg->token_len + marker;
    if (room < fixed || room - fixed < msg->options.len ||
        room - fixed - msg->options.len < msg->payload.len)
        return TOMTE_ERR_FULL;
    uint8_t *p = out.data;
    *p++ = (uint8_t)(VERSION << 6 | msg->type << 4 | msg->token_len);
    *p++ = msg->code;
    tomte_put_be16(p, msg->mid);
    p += 2;
    memcpy(p, msg->token, msg->token_len);
    p += msg->token_len;
    if (msg->options.len != 0)
        memcpy(p, msg->options.data, msg->options.len);
    p += msg->options.len;
    if (marker != 0) {
        *p++ = TOMTE_COAP_MARKER;
        memcpy(p, msg->payload.data, msg->payload.len);
    }
    *datagram =
        TOMTE_SPAN(out.data, fixed + msg->options.len + msg->payload.len);
    return TOMTE_OK;
}

enum tomte_err tomte_coap_split(struct tomte_span body,
                                struct tomte_span *options,
                                struct tomte_span *payload)
{
    size_t at = 0;
    uint32_t number = 0;
    *options = *payload = TOMTE_SPAN_NONE;
    while (at < body.len && body.data[at] != TOMTE_COAP_MARKER) {
        struct tomte_coap_head head;
        if (!tomte_coap_head_read(TOMTE_SPAN(body.data + at, body.len - at),
                                  &head))
            return TOMTE_ERR_MALFORMED;
        number += head.delta;
        if (number > UINT16_MAX)
            return TOMTE_ERR_MALFORMED;
        at += head.size + head.len;
    }
    if (body.len - at == 1) /* a marker, then nothing: section 3 */
        return TOMTE_ERR_MALFORMED;
    if (at != 0)
        *options = TOMTE_SPAN(body.data, at);
    if (at < body.len)
        *payload = TOMTE_SPAN(body.data + at + 1, body.len - at - 1);
    return TOMTE_OK;
}

/* Table 1 of section 4.3: which types may carry which codes. */
static bool is_allowed(const struct tomte_coap_msg *m)
{
    bool empty = m->code == TOMTE_COAP_EMPTY;
    bool request = tomte_coap_is_request(m->code);
    bool response = tomte_coap_is_response(m->code);
    switch (m->type) {
    case TOMTE_COAP_CON:
        return request || response || empty;
    case TOMTE_COAP_NON:
        return request || response;
    case TOMTE_COAP_ACK:
        return response || empty;
    default:
        return empty;
    }
}
