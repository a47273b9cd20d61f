/* SPDX-License-Identifier: Apache-2.0 */
/* coap/message.h: one CoAP message to and from a datagram (RFC 7252
 * section 3).
 *
 *    0                   1                   2                   3
 *   |Ver| T |  TKL  |      Code     |          Message ID           |
 *   |   Token (if any, TKL bytes) ...
 *   |   Options (if any) ...        |1 1 1 1 1 1 1 1|    Payload ...
 *
 * Plain functions, spans in, spans out; nothing is owned, nothing allocated.
 * The same struct is what decode fills and encode reads, and decoding what was
 * encoded gives the same struct again. */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "coap/option.h"

#define TOMTE_COAP_TOKEN_MAX 8

/* Section 12.1 and RFC 8132, 8516, 9175, 7959: C(name, class, detail, text) */
#define TOMTE_COAP_CODE_TABLE(C)                                               \
    C(EMPTY, 0, 0, "Empty")                                                    \
    C(GET, 0, 1, "GET")                                                        \
    C(POST, 0, 2, "POST")                                                      \
    C(PUT, 0, 3, "PUT")                                                        \
    C(DELETE, 0, 4, "DELETE")                                                  \
    C(FETCH, 0, 5, "FETCH")                                                    \
    C(PATCH, 0, 6, "PATCH")                                                    \
    C(IPATCH, 0, 7, "iPATCH")                                                  \
    C(CREATED, 2, 1, "Created")                                                \
    C(DELETED, 2, 2, "Deleted")                                                \
    C(VALID, 2, 3, "Valid")                                                    \
    C(CHANGED, 2, 4, "Changed")                                                \
    C(CONTENT, 2, 5, "Content")                                                \
    C(CONTINUE, 2, 31, "Continue")                                             \
    C(BAD_REQUEST, 4, 0, "Bad Request")                                        \
    C(UNAUTHORIZED, 4, 1, "Unauthorized")                                      \
    C(BAD_OPTION, 4, 2, "Bad Option")                                          \
    C(FORBIDDEN, 4, 3, "Forbidden")                                            \
    C(NOT_FOUND, 4, 4, "Not Found")                                            \
    C(METHOD_NOT_ALLOWED, 4, 5, "Method Not Allowed")                          \
    C(NOT_ACCEPTABLE, 4, 6, "Not Acceptable")                                  \
    C(REQUEST_ENTITY_INCOMPLETE, 4, 8, "Request Entity Incomplete")            \
    C(CONFLICT, 4, 9, "Conflict")                                              \
    C(PRECONDITION_FAILED, 4, 12, "Precondition Failed")                       \
    C(REQUEST_ENTITY_TOO_LARGE, 4, 13, "Request Entity Too Large")             \
    C(UNSUPPORTED_FORMAT, 4, 15, "Unsupported Content-Format")                 \
    C(UNPROCESSABLE, 4, 22, "Unprocessable Entity")                            \
    C(TOO_MANY_REQUESTS, 4, 29, "Too Many Requests")                           \
    C(INTERNAL_SERVER_ERROR, 5, 0, "Internal Server Error")                    \
    C(NOT_IMPLEMENTED, 5, 1, "Not Implemented")                                \
    C(BAD_GATEWAY, 5, 2, "Bad Gateway")                                        \
    C(SERVICE_UNAVAILABLE, 5, 3, "Service Unavailable")                        \
    C(GATEWAY_TIMEOUT, 5, 4, "Gateway Timeout")                                \
    C(PROXYING_NOT_SUPPORTED, 5, 5, "Proxying Not Supported")                  \
    C(HOP_LIMIT_REACHED, 5, 8, "Hop Limit Reached")

enum tomte_coap_code {
#define C(name, class, detail, text)                                           \
    TOMTE_COAP_##name = TOMTE_COAP_CODE(class, detail),
    TOMTE_COAP_CODE_TABLE(C)
#undef C
};

/* "Content", "GET"; "?" for a code that is not in the table. */
const char *tomte_coap_code_name(uint8_t code);

static inline unsigned tomte_coap_class(uint8_t code)
{
    return code >> 5;
}

/* 0.01 to 0.31, known to this table or not. */
static inline bool tomte_coap_is_request(uint8_t code)
{
    return code != 0 && code < TOMTE_COAP_CODE(1, 0);
}

/* Classes 2, 4 and 5. */
static inline bool tomte_coap_is_response(uint8_t code)
{
    unsigned c = tomte_coap_class(code);
    return c == 2 || c == 4 || c == 5;
}

enum tomte_coap_type {
    TOMTE_COAP_CON, /* to be acknowledged */
    TOMTE_COAP_NON, /* not to be acknowledged */
    TOMTE_COAP_ACK,
    TOMTE_COAP_RST,
};

struct tomte_coap_msg {
    uint8_t type; /* enum tomte_coap_type */
    uint8_t code;
    uint16_t mid; /* message ID */
    uint8_t token_len;
    uint8_t token[TOMTE_COAP_TOKEN_MAX]; /* zero behind token_len */
    struct tomte_span options;           /* wire form, well-formed */
    struct tomte_span payload;
};

/* What a message says; options in wire form. */
struct tomte_coap_parts {
    uint8_t code;
    struct tomte_span options;
    struct tomte_span payload;
};

static inline struct tomte_span tomte_coap_token(const struct tomte_coap_msg *m)
{
    return TOMTE_SPAN(m->token, m->token_len);
}

/* Reads a datagram; `out` borrows from it.
 *
 *   TRUNCATED  less than the four bytes of a header
 *   VERSION    not version 1
 *   MALFORMED  a message format error, a reserved class (1, 6, 7), a message
 *              that is empty or not empty where its type forbids it
 *
 * With MALFORMED the type and message ID are set, for the answer. */
TOMTE_MUST_CHECK enum tomte_err tomte_coap_decode(struct tomte_span datagram,
                                                  struct tomte_coap_msg *out);

/* How a message that decode refused is to be treated: true, with a Reset that
 * carries its message ID (a Confirmable one, section 4.2); false, silently
 * ignored (section 3 for the version; section 4.2 for ACK and RST; section 4.3
 * leaves the choice for a Non-confirmable one, and silence cannot be misused).
 */
bool tomte_coap_wants_reset(enum tomte_err err,
                            const struct tomte_coap_msg *refused);

/* Writes a message; `datagram` points into `out`. FULL when it does not fit.
 * The caller vouches for the fields: token_len, a list of options that
 * tomte_coap_options_end or decode gave. */
TOMTE_MUST_CHECK enum tomte_err
tomte_coap_encode(const struct tomte_coap_msg *msg, struct tomte_buf out,
                  struct tomte_span *datagram);

/* Splits what follows a token, or the code inside an OSCORE plaintext (RFC
 * 8613 section 5.3): options, then perhaps the marker and a payload.
 * MALFORMED as decode. */
TOMTE_MUST_CHECK enum tomte_err tomte_coap_split(struct tomte_span body,
                                                 struct tomte_span *options,
                                                 struct tomte_span *payload);
