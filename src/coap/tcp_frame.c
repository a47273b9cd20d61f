/* SPDX-License-Identifier: Apache-2.0 */
/* The codec of coap/tcp.h (RFC 8323 section 3.2). */
#include "coap/tcp.h"

#include "base/bytes.h"

#include <string.h>

#define EXTENDED_1 13u
#define EXTENDED_2 269u
#define EXTENDED_4 65805u

/* Len, and how long the head is; TRUNCATED with what is needed of it. */
static enum tomte_err read_head(struct tomte_span s, uint64_t *len,
                                size_t *head)
{
    static const uint8_t extensions[] = {1, 2, 4};
    *head = 2;
    if (s.len < 1)
        return TOMTE_ERR_TRUNCATED;
    unsigned nibble = s.data[0] >> 4;
    *len = nibble;
    if (nibble < 13)
        return TOMTE_OK;
    size_t extension = extensions[nibble - 13];
    *head = 2 + extension;
    if (s.len < 1 + extension)
        return TOMTE_ERR_TRUNCATED;
    if (nibble == 13)
        *len = (uint64_t)s.data[1] + EXTENDED_1;
    else if (nibble == 14)
        *len = (uint64_t)tomte_get_be16(s.data + 1) + EXTENDED_2;
    else
        *len = (uint64_t)tomte_get_be32(s.data + 1) + EXTENDED_4;
    return TOMTE_OK;
}

static bool is_class(uint8_t code)
{
    unsigned c = tomte_coap_class(code);
    return c != 1 && c != 3 && c != 6;
}

enum tomte_err tomte_coap_tcp_decode(struct tomte_span stream, size_t max,
                                     struct tomte_coap_msg *msg, size_t *used)
{
    uint64_t len;
    size_t head;
    enum tomte_err err = read_head(stream, &len, &head);
    *used = head;
    if (err != TOMTE_OK)
        return err;
    size_t token = stream.data[0] & 15;
    if (token > TOMTE_COAP_TOKEN_MAX)
        return TOMTE_ERR_MALFORMED;
    if (len + head + token > max)
        return TOMTE_ERR_TOO_LARGE;
    *used = head + token + (size_t)len;
    if (stream.len < *used)
        return TOMTE_ERR_TRUNCATED;
    *msg = (struct tomte_coap_msg){.code = stream.data[head - 1],
                                   .token_len = (uint8_t)token};
    memcpy(msg->token, stream.data + head, token);
    if (!is_class(msg->code))
        return TOMTE_ERR_MALFORMED;
    return tomte_coap_split(TOMTE_SPAN(stream.data + head + token, (size_t)len),
                            &msg->options, &msg->payload);
}

/* Writes Len and TKL with the extension; gives where the code goes. */
static uint8_t *write_head(uint8_t *at, uint32_t len, uint8_t token_len)
{
    unsigned nibble = len < EXTENDED_1   ? len
                      : len < EXTENDED_2 ? 13u
                      : len < EXTENDED_4 ? 14u
                                         : 15u;
    *at++ = (uint8_t)(nibble << 4 | token_len);
    if (nibble == 13) {
        *at++ = (uint8_t)(len - EXTENDED_1);
    } else if (nibble == 14) {
        tomte_put_be16(at, (uint16_t)(len - EXTENDED_2));
        at += 2;
    } else if (nibble == 15) {
        tomte_put_be32(at, len - EXTENDED_4);
        at += 4;
    }
    return at;
}

enum tomte_err tomte_coap_tcp_encode(const struct tomte_coap_msg *msg,
                                     struct tomte_buf out,
                                     struct tomte_span *bytes)
{
    uint8_t head[TOMTE_COAP_TCP_HEAD_MAX];
    bool marker = msg->payload.len != 0;
    size_t len = msg->options.len + marker + msg->payload.len;
    if (len > UINT32_MAX - EXTENDED_4)
        return TOMTE_ERR_FULL;
    uint8_t *at = write_head(head, (uint32_t)len, msg->token_len);
    *at++ = msg->code;
    size_t head_len = (size_t)(at - head);
    if (out.cap < head_len + msg->token_len ||
        len > out.cap - head_len - msg->token_len)
        return TOMTE_ERR_FULL;
    memcpy(out.data, head, head_len);
    at = out.data + head_len;
    memcpy(at, msg->token, msg->token_len);
    at += msg->token_len;
    if (msg->options.len != 0)
        memcpy(at, msg->options.data, msg->options.len);
    at += msg->options.len;
    if (marker) {
        *at++ = 0xff;
        memcpy(at, msg->payload.data, msg->payload.len);
        at += msg->payload.len;
    }
    *bytes = TOMTE_SPAN(out.data, (size_t)(at - out.data));
    return TOMTE_OK;
}
