/* SPDX-License-Identifier: Apache-2.0 */
/* From the original message to the protected one (RFC 8613 sections 4, 8.1 and
 * 8.3), and the answers that are made without one. */
#include "oscore_private.h"

#include <string.h>

#define MARKER 0xff

static enum tomte_err seal(const struct tomte_oscore *o,
                           const struct oscore_seal *how,
                           const struct tomte_oscore_option *option,
                           const struct tomte_coap_parts *plain,
                           struct tomte_buf out,
                           struct tomte_coap_parts *message);
static enum tomte_err check_options(struct tomte_span options);
static enum tomte_err put_outer(const struct tomte_oscore_option *option,
                                struct tomte_span options, struct tomte_buf out,
                                struct tomte_span *outer);
static enum tomte_err put_inner(const struct tomte_coap_parts *plain,
                                struct tomte_buf out,
                                struct tomte_span *plaintext);
static enum tomte_err put_inner_options(const struct tomte_coap_parts *plain,
                                        struct tomte_buf out,
                                        struct tomte_span *options);
static bool is_all_inner(struct tomte_span options);

enum tomte_err tomte_oscore_protect_request(
    struct tomte_oscore *o, const struct tomte_coap_parts *plain,
    struct tomte_buf out, struct tomte_oscore_exchange *x,
    struct tomte_coap_parts *message)
{
    uint32_t observe;
    *x = (struct tomte_oscore_exchange){.client = true};
    enum tomte_err err = check_options(plain->options);
    if (err == TOMTE_OK)
        err = oscore_take_number(o, &x->piv);
    if (err != TOMTE_OK)
        return err;
    bool observes =
        tomte_coap_find_uint(plain->options, TOMTE_COAP_OPT_OBSERVE, &observe);
    x->observe = observes && observe == 0;
    struct tomte_oscore_option option = {
        .has_piv = true,
        .piv = x->piv,
        .has_kid = true,
        .kid = oscore_sender(o),
        .has_kid_context = o->send_id_context,
        .kid_context = TOMTE_SPAN(o->id_context, o->id_context_len)};
    struct oscore_seal how = {.key = TOMTE_SPAN(o->sender_key, o->key_len),
                              .nonce_id = oscore_sender(o),
                              .nonce_piv = x->piv,
                              .request_kid = oscore_sender(o),
                              .request_piv = x->piv};
    message->code = observes ? TOMTE_COAP_FETCH : TOMTE_COAP_POST;
    return seal(o, &how, &option, plain, out, message);
}

/* The request's nonce serves one answer; any other has a number of its own. */
enum tomte_err tomte_oscore_protect_response(
    struct tomte_oscore *o, struct tomte_oscore_exchange *x,
    const struct tomte_coap_parts *plain, struct tomte_buf out,
    struct tomte_coap_parts *message)
{
    struct tomte_oscore_option option = {.has_piv = x->answered};
    TOMTE_ASSERT(!x->client);
    enum tomte_err err = check_options(plain->options);
    if (err == TOMTE_OK && x->answered)
        err = oscore_take_number(o, &option.piv);
    if (err != TOMTE_OK)
        return err;
    struct oscore_seal how = {.key = TOMTE_SPAN(o->sender_key, o->key_len),
                              .nonce_id = x->answered ? oscore_sender(o)
                                                      : oscore_recipient(o),
                              .nonce_piv = x->answered ? option.piv : x->piv,
                              .request_kid = oscore_recipient(o),
                              .request_piv = x->piv};
    struct tomte_span observe;
    bool notifies =
        tomte_coap_find(plain->options, TOMTE_COAP_OPT_OBSERVE, &observe);
    message->code = notifies ? TOMTE_COAP_CONTENT : TOMTE_COAP_CHANGED;
    x->answered = true;
    return seal(o, &how, &option, plain, out, message);
}

/* Options that belong to a layer around this one. */
static enum tomte_err check_options(struct tomte_span options)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option option;
    tomte_coap_iter_init(&it, options);
    while (tomte_coap_iter_next(&it, &option))
        if (option.number == TOMTE_COAP_OPT_OSCORE ||
            option.number == TOMTE_COAP_OPT_EDHOC ||
            option.number == TOMTE_COAP_OPT_PROXY_URI)
            return TOMTE_ERR_OPTION;
    return TOMTE_OK;
}

/* Outer options, then the plaintext, which becomes the ciphertext. */
static enum tomte_err seal(const struct tomte_oscore *o,
                           const struct oscore_seal *how,
                           const struct tomte_oscore_option *option,
                           const struct tomte_coap_parts *plain,
                           struct tomte_buf out,
                           struct tomte_coap_parts *message)
{
    struct tomte_span plaintext;
    enum tomte_err err =
        put_outer(option, plain->options, out, &message->options);
    if (err != TOMTE_OK)
        return err;
    size_t at = message->options.len;
    struct tomte_buf room = TOMTE_BUF(out.data + at, out.cap - at);
    err = put_inner(plain, room, &plaintext);
    if (err == TOMTE_OK)
        err = oscore_encrypt(o, how, plaintext, room, &message->payload);
    return err;
}

static enum tomte_err put_outer(const struct tomte_oscore_option *option,
                                struct tomte_span options, struct tomte_buf out,
                                struct tomte_span *outer)
{
    uint8_t memory[TOMTE_OSCORE_OVERHEAD_BYTES];
    struct tomte_span value;
    struct tomte_coap_options list;
    struct tomte_coap_iter it;
    struct tomte_coap_option each;
    enum tomte_err err =
        tomte_oscore_option_encode(option, TOMTE_BUF_ARRAY(memory), &value);
    TOMTE_ASSERT(err == TOMTE_OK);
    tomte_coap_options_init(&list, out);
    tomte_coap_iter_init(&it, options);
    while (tomte_coap_iter_next(&it, &each))
        if (tomte_oscore_class(each.number) != TOMTE_OSCORE_INNER)
            tomte_coap_put(&list, each.number, each.value);
    tomte_coap_put(&list, TOMTE_COAP_OPT_OSCORE, value);
    return tomte_coap_options_end(&list, outer);
}

/* Code, class E options, marker, payload (section 5.3). A notification's inner
 * Observe is empty (section 4.1.3.5.2), a request's says what it says. */
static enum tomte_err put_inner(const struct tomte_coap_parts *plain,
                                struct tomte_buf out,
                                struct tomte_span *plaintext)
{
    struct tomte_span options;
    if (out.cap < 1)
        return TOMTE_ERR_FULL;
    out.data[0] = plain->code;
    enum tomte_err err = put_inner_options(
        plain, TOMTE_BUF(out.data + 1, out.cap - 1), &options);
    if (err != TOMTE_OK)
        return err;
    size_t len = 1 + options.len;
    if (plain->payload.len > 0) {
        if (out.cap - len <= plain->payload.len)
            return TOMTE_ERR_FULL;
        out.data[len++] = MARKER;
        memcpy(out.data + len, plain->payload.data, plain->payload.len);
        len += plain->payload.len;
    }
    *plaintext = TOMTE_SPAN(out.data, len);
    return TOMTE_OK;
}

/* Most lists have nothing but inner options, and are copied as they are. */
static enum tomte_err put_inner_options(const struct tomte_coap_parts *plain,
                                        struct tomte_buf out,
                                        struct tomte_span *options)
{
    struct tomte_coap_options list;
    struct tomte_coap_iter it;
    struct tomte_coap_option each;
    *options = TOMTE_SPAN(out.data, plain->options.len);
    if (is_all_inner(plain->options)) {
        if (plain->options.len > out.cap)
            return TOMTE_ERR_FULL;
        if (plain->options.len > 0)
            memcpy(out.data, plain->options.data, plain->options.len);
        return TOMTE_OK;
    }
    tomte_coap_options_init(&list, out);
    tomte_coap_iter_init(&it, plain->options);
    while (tomte_coap_iter_next(&it, &each)) {
        if (each.number == TOMTE_COAP_OPT_OBSERVE &&
            !tomte_coap_is_request(plain->code))
            each.value = TOMTE_SPAN_NONE;
        if (tomte_oscore_class(each.number) != TOMTE_OSCORE_OUTER)
            tomte_coap_put(&list, each.number, each.value);
    }
    return tomte_coap_options_end(&list, options);
}

static bool is_all_inner(struct tomte_span options)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option each;
    tomte_coap_iter_init(&it, options);
    while (tomte_coap_iter_next(&it, &each))
        if (tomte_oscore_class(each.number) != TOMTE_OSCORE_INNER)
            return false;
    return true;
}

/* ---- answers without an original ---- */

enum tomte_err tomte_oscore_challenge(struct tomte_oscore *o,
                                      struct tomte_oscore_exchange *x,
                                      struct tomte_buf out,
                                      struct tomte_coap_parts *message)
{
    uint8_t memory[3 + TOMTE_OSCORE_ECHO_BYTES];
    struct tomte_coap_options list;
    struct tomte_coap_parts plain = {.code = TOMTE_COAP_UNAUTHORIZED};
    if (!o->has_echo)
        return TOMTE_ERR_STATE;
    tomte_coap_options_init(&list, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put(&list, TOMTE_COAP_OPT_ECHO, TOMTE_SPAN_ARRAY(o->echo));
    enum tomte_err err = tomte_coap_options_end(&list, &plain.options);
    TOMTE_ASSERT(err == TOMTE_OK);
    x->answered = true; /* the request's nonce may have been used before */
    return tomte_oscore_protect_response(o, x, &plain, out, message);
}

void tomte_oscore_refuse(enum tomte_err err, struct tomte_buf out,
                         struct tomte_coap_parts *answer)
{
    static const struct {
        enum tomte_err err;
        uint8_t code;
        const char *text;
    } rows[] = {
        {TOMTE_ERR_MALFORMED, TOMTE_COAP_BAD_OPTION, "Failed to decode COSE"},
        {TOMTE_ERR_NOT_FOUND, TOMTE_COAP_UNAUTHORIZED,
         "Security context not found"},
        {TOMTE_ERR_STALE, TOMTE_COAP_UNAUTHORIZED, "Replay detected"},
        {TOMTE_ERR_DENIED, TOMTE_COAP_BAD_REQUEST, "Decryption failed"},
    };
    struct tomte_coap_options list;
    size_t i = 0;
    while (i < 3 && rows[i].err != err)
        i++;
    TOMTE_ASSERT(rows[i].err == err);
    answer->code = rows[i].code;
    answer->payload = tomte_span_str(rows[i].text);
    tomte_coap_options_init(&list, out);
    tomte_coap_put_uint(&list, TOMTE_COAP_OPT_MAX_AGE, 0);
    err = tomte_coap_options_end(&list, &answer->options);
    TOMTE_ASSERT(err == TOMTE_OK);
}
