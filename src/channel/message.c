/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/message.h"

#include "cbor/cbor.h"

#define OBSERVE_REGISTER 0
#define OBSERVE_CANCEL   1

/* The longest query: "to=" and a name. */
#define QUERY_MAX 40

static bool combines(const struct tomte_channel_request *r);
static uint8_t code_of(enum tomte_channel_op op);
static void put_origin(struct tomte_coap_options *o, bool has,
                       const struct tomte_origin *origin);
static void put_for(struct tomte_coap_options *o, uint32_t for_s);
static void put_to(struct tomte_coap_options *o, const struct tomte_name *to);
static enum tomte_err get_op(const struct tomte_coap_msg *msg,
                             enum tomte_channel_op *op);
static enum tomte_err get_channel(struct tomte_span options,
                                  struct tomte_channel_name *channel);
static enum tomte_err get_content(const struct tomte_coap_msg *msg,
                                  struct tomte_channel_request *out);
static enum tomte_err get_origin(struct tomte_span options, bool *has,
                                 struct tomte_origin *origin);
static enum tomte_err get_query(struct tomte_span options,
                                struct tomte_channel_request *out);
static bool accepts(struct tomte_span options);

static const uint16_t known[] = {
    TOMTE_COAP_OPT_URI_HOST,  TOMTE_COAP_OPT_URI_PORT, TOMTE_COAP_OPT_URI_PATH,
    TOMTE_COAP_OPT_URI_QUERY, TOMTE_COAP_OPT_ACCEPT,   TOMTE_COAP_OPT_OSCORE,
};

static bool carries(enum tomte_channel_op op)
{
    return op == TOMTE_CHANNEL_WRITE || op == TOMTE_CHANNEL_SEND;
}

enum tomte_err
tomte_channel_request_encode(const struct tomte_channel_request *request,
                             struct tomte_buf options,
                             struct tomte_coap_parts *parts)
{
    if (!combines(request))
        return TOMTE_ERR_INVALID;
    if (request->payload.len > TOMTE_LIMIT_MESSAGE_BYTES)
        return TOMTE_ERR_TOO_LARGE;
    struct tomte_coap_options o;
    tomte_coap_options_init(&o, options);
    if (request->op == TOMTE_CHANNEL_OBSERVE)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_OBSERVE, OBSERVE_REGISTER);
    if (request->op == TOMTE_CHANNEL_FORGET)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_OBSERVE, OBSERVE_CANCEL);
    tomte_coap_put_path(&o, tomte_channel_name_span(&request->channel));
    if (carries(request->op))
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_CONTENT_FORMAT, request->format);
    if (request->has_for)
        put_for(&o, request->for_s);
    if (request->to.len > 0)
        put_to(&o, &request->to);
    put_origin(&o, request->has_origin, &request->origin);
    parts->code = code_of(request->op);
    parts->payload = carries(request->op) ? request->payload : TOMTE_SPAN_NONE;
    return tomte_coap_options_end(&o, &parts->options);
}

enum tomte_err tomte_channel_request_decode(const struct tomte_coap_msg *msg,
                                            struct tomte_channel_request *out)
{
    *out = (struct tomte_channel_request){.payload = TOMTE_SPAN_NONE};
    enum tomte_err err = get_channel(msg->options, &out->channel);
    if (err == TOMTE_OK)
        err = get_op(msg, &out->op);
    if (err == TOMTE_OK)
        err = tomte_coap_options_check(msg->options, known,
                                       sizeof known / sizeof *known, NULL);
    if (err == TOMTE_OK && carries(out->op))
        return get_content(msg, out);
    if (err == TOMTE_OK && !accepts(msg->options))
        err = TOMTE_ERR_FORMAT;
    return err;
}

enum tomte_err
tomte_channel_content_encode(const struct tomte_channel_content *content,
                             struct tomte_buf options,
                             struct tomte_coap_parts *parts)
{
    if (content->payload.len > TOMTE_LIMIT_MESSAGE_BYTES)
        return TOMTE_ERR_TOO_LARGE;
    struct tomte_coap_options o;
    tomte_coap_options_init(&o, options);
    tomte_coap_put_uint(&o, TOMTE_COAP_OPT_CONTENT_FORMAT, content->format);
    tomte_coap_put_uint(&o, TOMTE_COAP_OPT_MAX_AGE, content->max_age_s);
    put_origin(&o, content->has_origin, &content->origin);
    parts->code = TOMTE_COAP_CONTENT;
    parts->payload = content->payload;
    return tomte_coap_options_end(&o, &parts->options);
}

enum tomte_err tomte_channel_content_decode(const struct tomte_coap_msg *msg,
                                            struct tomte_channel_content *out)
{
    *out = (struct tomte_channel_content){.max_age_s =
                                              TOMTE_COAP_MAX_AGE_DEFAULT_S};
    if (msg->code != TOMTE_COAP_CONTENT)
        return TOMTE_ERR_STATE;
    uint32_t format;
    if (!tomte_coap_find_uint(msg->options, TOMTE_COAP_OPT_CONTENT_FORMAT,
                              &format))
        return TOMTE_ERR_FORMAT;
    if (msg->payload.len > TOMTE_LIMIT_MESSAGE_BYTES)
        return TOMTE_ERR_TOO_LARGE;
    out->format = (uint16_t)format;
    (void)tomte_coap_find_uint(msg->options, TOMTE_COAP_OPT_MAX_AGE,
                               &out->max_age_s);
    out->payload = msg->payload;
    return get_origin(msg->options, &out->has_origin, &out->origin);
}

/* What the table in the header has. */
static bool combines(const struct tomte_channel_request *r)
{
    switch (r->op) {
    case TOMTE_CHANNEL_SEND:
        return !r->has_for && r->has_origin == (r->to.len > 0);
    case TOMTE_CHANNEL_WRITE:
        return !(r->has_origin && r->has_for) && r->to.len == 0;
    default:
        return !r->has_origin && !r->has_for && r->to.len == 0 &&
               r->payload.len == 0;
    }
}

static uint8_t code_of(enum tomte_channel_op op)
{
    switch (op) {
    case TOMTE_CHANNEL_WRITE:
        return TOMTE_COAP_PUT;
    case TOMTE_CHANNEL_SEND:
        return TOMTE_COAP_POST;
    case TOMTE_CHANNEL_RELEASE:
        return TOMTE_COAP_DELETE;
    default:
        return TOMTE_COAP_GET;
    }
}

static void put_origin(struct tomte_coap_options *o, bool has,
                       const struct tomte_origin *origin)
{
    if (!has)
        return;
    uint8_t memory[TOMTE_ORIGIN_BYTES_MAX];
    struct tomte_span value;
    enum tomte_err err =
        tomte_origin_encode(origin, TOMTE_BUF_ARRAY(memory), &value);
    if (err == TOMTE_OK)
        tomte_coap_put(o, TOMTE_OPTION_ORIGIN, value);
    else if (o->err == TOMTE_OK)
        o->err = err;
}

static void put_for(struct tomte_coap_options *o, uint32_t for_s)
{
    char memory[QUERY_MAX];
    struct tomte_text text;
    tomte_text_init(&text, memory, sizeof memory);
    tomte_text_str(&text, "for=");
    tomte_text_u64(&text, for_s);
    tomte_coap_put_query(o, TOMTE_SPAN(text.data, text.len));
}

static void put_to(struct tomte_coap_options *o, const struct tomte_name *to)
{
    char memory[QUERY_MAX];
    struct tomte_text text;
    tomte_text_init(&text, memory, sizeof memory);
    tomte_text_str(&text, "to=");
    tomte_text_span(&text, tomte_name_span(to));
    tomte_coap_put_query(o, TOMTE_SPAN(text.data, text.len));
}

static enum tomte_err get_op(const struct tomte_coap_msg *msg,
                             enum tomte_channel_op *op)
{
    uint32_t observe;
    switch (msg->code) {
    case TOMTE_COAP_GET:
        *op = TOMTE_CHANNEL_READ;
        if (!tomte_coap_find_uint(msg->options, TOMTE_COAP_OPT_OBSERVE,
                                  &observe))
            return TOMTE_OK;
        if (observe == OBSERVE_REGISTER)
            *op = TOMTE_CHANNEL_OBSERVE;
        if (observe == OBSERVE_CANCEL)
            *op = TOMTE_CHANNEL_FORGET;
        return TOMTE_OK;
    case TOMTE_COAP_PUT:
        *op = TOMTE_CHANNEL_WRITE;
        return TOMTE_OK;
    case TOMTE_COAP_POST:
        *op = TOMTE_CHANNEL_SEND;
        return TOMTE_OK;
    case TOMTE_COAP_DELETE:
        *op = TOMTE_CHANNEL_RELEASE;
        return TOMTE_OK;
    default:
        return TOMTE_ERR_METHOD;
    }
}

static enum tomte_err get_channel(struct tomte_span options,
                                  struct tomte_channel_name *channel)
{
    uint8_t memory[TOMTE_CHANNEL_MAX];
    struct tomte_span path;
    enum tomte_err err =
        tomte_coap_get_path(options, TOMTE_BUF_ARRAY(memory), &path);
    if (err == TOMTE_OK)
        err = tomte_channel_name_parse(path, channel);
    return err == TOMTE_OK ? TOMTE_OK : TOMTE_ERR_NOT_FOUND;
}

static enum tomte_err get_content(const struct tomte_coap_msg *msg,
                                  struct tomte_channel_request *out)
{
    uint32_t format;
    if (!tomte_coap_find_uint(msg->options, TOMTE_COAP_OPT_CONTENT_FORMAT,
                              &format))
        return TOMTE_ERR_FORMAT;
    if (msg->payload.len > TOMTE_LIMIT_MESSAGE_BYTES)
        return TOMTE_ERR_TOO_LARGE;
    out->format = (uint16_t)format;
    out->payload = msg->payload;
    enum tomte_err err =
        get_origin(msg->options, &out->has_origin, &out->origin);
    if (err == TOMTE_OK)
        err = get_query(msg->options, out);
    if (err == TOMTE_OK && !combines(out))
        err = TOMTE_ERR_USAGE;
    return err;
}

static enum tomte_err get_origin(struct tomte_span options, bool *has,
                                 struct tomte_origin *origin)
{
    struct tomte_span value;
    *has = tomte_coap_find(options, TOMTE_OPTION_ORIGIN, &value);
    return *has ? tomte_origin_decode(value, origin) : TOMTE_OK;
}

/* At most nine digits. */
static enum tomte_err get_seconds(struct tomte_span digits, uint32_t *out)
{
    if (digits.len == 0 || digits.len > 9)
        return TOMTE_ERR_USAGE;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return TOMTE_ERR_USAGE;
        *out = *out * 10 + (uint32_t)(digits.data[i] - '0');
    }
    return TOMTE_OK;
}

static bool begins(struct tomte_span query, struct tomte_span with)
{
    return tomte_span_equal(tomte_span_slice(query, 0, with.len), with);
}

/* Nothing, or "for=" and a number, or "to=" and a name; what belongs to which
 * operation says `combines`. */
static enum tomte_err get_query(struct tomte_span options,
                                struct tomte_channel_request *out)
{
    const struct tomte_span for_ = TOMTE_SPAN_LIT("for=");
    const struct tomte_span to = TOMTE_SPAN_LIT("to=");
    uint8_t memory[QUERY_MAX];
    struct tomte_span query;
    if (tomte_coap_get_query(options, TOMTE_BUF_ARRAY(memory), &query) !=
        TOMTE_OK)
        return TOMTE_ERR_USAGE;
    if (query.len == 0)
        return TOMTE_OK;
    if (begins(query, to))
        return tomte_name_parse(tomte_span_slice(query, to.len, query.len),
                                &out->to) == TOMTE_OK
                   ? TOMTE_OK
                   : TOMTE_ERR_USAGE;
    out->has_for = begins(query, for_);
    return out->has_for
               ? get_seconds(tomte_span_slice(query, for_.len, query.len),
                             &out->for_s)
               : TOMTE_ERR_USAGE;
}

static bool accepts(struct tomte_span options)
{
    uint32_t format;
    return !tomte_coap_find_uint(options, TOMTE_COAP_OPT_ACCEPT, &format) ||
           format == TOMTE_FORMAT_SENML_CBOR || format == TOMTE_FORMAT_CBOR;
}
