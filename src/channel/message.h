/* SPDX-License-Identifier: Apache-2.0 */
/* channel/message.h: channel messages as CoAP messages, and back.
 *
 *   operation   CoAP                       carries
 *   READ        GET
 *   OBSERVE     GET, Observe 0
 *   FORGET      GET, Observe 1
 *   WRITE       PUT                        payload; origin when a container
 *                                          writes; else ?for=SECONDS
 *   SEND        POST                       payload; origin and ?to=IDENTITY,
 *                                          but neither when a person sends
 *   RELEASE     DELETE
 *
 * The path is the channel's name, one Uri-Path option for each part (RFC 7252
 * section 5.10.1). Payloads are SenML in CBOR (content-format 112, RFC 8428)
 * unless a channel uses another format.
 *
 * Answers: a representation (2.05 with Content-Format, Max-Age and origin), or
 * two numbers as a CBOR array (content-format 60): of an event's consumer the
 * cursor [stream, sequence], of an actuator [epoch, tick].
 *
 * Plain functions; what is decoded borrows from the message. */
#pragma once

#include "base/base.h"
#include "channel/origin.h"
#include "coap/endpoint.h"

#define TOMTE_FORMAT_CBOR       60
#define TOMTE_FORMAT_SENML_CBOR 112

/* All the options of a message that is made here. */
#define TOMTE_CHANNEL_OPTIONS_MAX 224

enum tomte_channel_op {
    TOMTE_CHANNEL_READ,
    TOMTE_CHANNEL_OBSERVE,
    TOMTE_CHANNEL_FORGET,
    TOMTE_CHANNEL_WRITE,
    TOMTE_CHANNEL_SEND,
    TOMTE_CHANNEL_RELEASE,
};

struct tomte_channel_request {
    enum tomte_channel_op op;
    struct tomte_channel_name channel;
    bool has_origin;
    struct tomte_origin origin;
    uint16_t format; /* of the payload */
    bool has_for;    /* WRITE without origin: for that long */
    uint32_t for_s;
    /* SEND with origin: which consumer, for a node may run several of one
     * channel, and each has a cursor of its own. */
    struct tomte_name to;
    struct tomte_span payload; /* WRITE, SEND */
};

/* Code, options (into `options`, TOMTE_CHANNEL_OPTIONS_MAX bytes are enough)
 * and payload (the request's own). TOO_LARGE over TOMTE_LIMIT_MESSAGE_BYTES;
 * INVALID for a combination that the table above does not have. */
TOMTE_MUST_CHECK enum tomte_err
tomte_channel_request_encode(const struct tomte_channel_request *request,
                             struct tomte_buf options,
                             struct tomte_coap_parts *parts);

/* NOT_FOUND when the path is no channel's name, METHOD for another method,
 * OPTION for a critical option that is not known here, FORMAT for content
 * without a Content-Format or an Accept that is neither of the two above,
 * USAGE for a query that does not belong or one that is missing, TOO_LARGE, and
 * those of the origin. The code that answers is the error's. */
TOMTE_MUST_CHECK enum tomte_err
tomte_channel_request_decode(const struct tomte_coap_msg *msg,
                             struct tomte_channel_request *out);

/* ---- answers ---- */

/* A representation, for an answer or a notification. Observe is the
 * endpoint's. */
struct tomte_channel_content {
    bool has_origin;
    struct tomte_origin origin;
    uint16_t format;
    uint32_t max_age_s;
    struct tomte_span payload;
};

TOMTE_MUST_CHECK enum tomte_err
tomte_channel_content_encode(const struct tomte_channel_content *content,
                             struct tomte_buf options,
                             struct tomte_coap_parts *parts);

/* Of a 2.05; STATE for another code. A malformed origin is its error: the
 * content is then not used. */
TOMTE_MUST_CHECK enum tomte_err
tomte_channel_content_decode(const struct tomte_coap_msg *msg,
                             struct tomte_channel_content *out);

/* Two numbers: [stream, sequence] or [epoch, tick]. */
struct tomte_channel_pair {
    uint64_t first, second;
};

#define TOMTE_CHANNEL_PAIR_BYTES_MAX 19

/* The answer to a SEND or a WRITE: the code of `err` (OK: 2.04). `pair` may be
 * NULL. `options` and `payload` are written to; 8 and
 * TOMTE_CHANNEL_PAIR_BYTES_MAX bytes are enough. */
TOMTE_MUST_CHECK enum tomte_err
tomte_channel_answer_encode(enum tomte_err err,
                            const struct tomte_channel_pair *pair,
                            struct tomte_buf options, struct tomte_buf payload,
                            struct tomte_coap_parts *parts);

struct tomte_channel_answer {
    enum tomte_err err; /* OK for 2.xx; STATE for 4.09: a hole before an event,
                           or a write older than one accepted; else as
                           tomte_err_from_coap_code */
    bool has_pair;
    struct tomte_channel_pair pair;
};

/* An answer without payload, or with one of another format, has no pair. The
 * errors of cbor/cbor.h for a pair that is none: treat as no answer. */
TOMTE_MUST_CHECK enum tomte_err
tomte_channel_answer_decode(const struct tomte_coap_msg *msg,
                            struct tomte_channel_answer *out);
