/* SPDX-License-Identifier: Apache-2.0 */
/* From the protected message to the original one (RFC 8613 sections 8.2 and
 * 8.4). What is outside of the ciphertext is looked at only to find the key and
 * the nonce, and for the options that are for proxies. */
#include "oscore_private.h"

#include <string.h>

static enum tomte_err accept(struct tomte_oscore *o,
                             struct tomte_oscore_exchange *x,
                             struct tomte_span options);
static enum tomte_err open_inner(struct tomte_span plaintext,
                                 struct tomte_coap_parts *plain);
static bool is_kept(uint16_t number);
static bool any_kept(struct tomte_span outer);
static void add_outer(struct tomte_span outer, struct tomte_buf room,
                      struct tomte_span *options);
static bool is_old(const struct tomte_oscore_exchange *x,
                   const struct tomte_oscore_option *option);

enum tomte_err tomte_oscore_find(struct tomte_span options,
                                 struct tomte_oscore_option *out)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option each;
    enum tomte_err err = TOMTE_ERR_NOT_FOUND;
    *out = (struct tomte_oscore_option){.has_piv = false};
    tomte_coap_iter_init(&it, options);
    while (tomte_coap_iter_next(&it, &each)) {
        if (each.number != TOMTE_COAP_OPT_OSCORE)
            continue;
        if (err != TOMTE_ERR_NOT_FOUND)
            return TOMTE_ERR_MALFORMED;
        err = tomte_oscore_option_decode(each.value, out);
    }
    return err;
}

bool tomte_oscore_is_for(const struct tomte_oscore *o,
                         const struct tomte_oscore_option *option)
{
    if (!option->has_kid || !tomte_span_equal(option->kid, oscore_recipient(o)))
        return false;
    return !option->has_kid_context ||
           (o->has_id_context &&
            tomte_span_equal(option->kid_context,
                             TOMTE_SPAN(o->id_context, o->id_context_len)));
}

/* ---- requests ---- */

enum tomte_err tomte_oscore_unprotect_request(
    struct tomte_oscore *o, const struct tomte_coap_parts *message,
    struct tomte_buf out, struct tomte_oscore_exchange *x,
    struct tomte_coap_parts *plain)
{
    struct tomte_oscore_option option;
    struct tomte_span plaintext;
    *x = (struct tomte_oscore_exchange){.client = false};
    enum tomte_err err = tomte_oscore_find(message->options, &option);
    if (err != TOMTE_OK)
        return err;
    if (!option.has_piv || !option.has_kid || message->payload.len == 0)
        return TOMTE_ERR_MALFORMED;
    if (!tomte_oscore_is_for(o, &option))
        return TOMTE_ERR_NOT_FOUND;
    if (!tomte_oscore_window_check(o->window, option.piv))
        return TOMTE_ERR_STALE;
    bool joins = any_kept(message->options);
    if (joins && out.cap < 2 * message->payload.len + message->options.len)
        return TOMTE_ERR_FULL; /* now: after decryption it would be taken */
    x->piv = option.piv;
    struct oscore_seal how = {.key = TOMTE_SPAN(o->recipient_key, o->key_len),
                              .nonce_id = oscore_recipient(o),
                              .nonce_piv = x->piv,
                              .request_kid = oscore_recipient(o),
                              .request_piv = x->piv};
    err = oscore_decrypt(o, &how, message->payload, out, &plaintext);
    if (err != TOMTE_OK)
        return err;
    enum tomte_err inner = open_inner(plaintext, plain);
    err = accept(o, x, plain->options);
    if (err != TOMTE_OK)
        return err;
    if (inner == TOMTE_OK && !tomte_coap_is_request(plain->code))
        inner = TOMTE_ERR_INVALID;
    if (inner != TOMTE_OK)
        return inner;
    uint32_t observe;
    x->observe = tomte_coap_find_uint(plain->options, TOMTE_COAP_OPT_OBSERVE,
                                      &observe) &&
                 observe == 0;
    if (joins)
        add_outer(message->options,
                  TOMTE_BUF(out.data + plaintext.len, out.cap - plaintext.len),
                  &plain->options);
    return TOMTE_OK;
}

/* An authentic request: not one from before the start (appendix B.1.2), and
 * from now on taken. */
static enum tomte_err accept(struct tomte_oscore *o,
                             struct tomte_oscore_exchange *x,
                             struct tomte_span options)
{
    struct tomte_span echo;
    x->fresh = o->has_echo &&
               tomte_coap_find(options, TOMTE_COAP_OPT_ECHO, &echo) &&
               tomte_span_equal_ct(echo, TOMTE_SPAN_ARRAY(o->echo));
    if (o->window_lost && !x->fresh) {
        x->answered = true;
        return TOMTE_ERR_AGAIN;
    }
    if (o->window_lost)
        tomte_oscore_window_start(&o->window, x->piv);
    else
        tomte_oscore_window_take(&o->window, x->piv);
    o->window_lost = false;
    if (x->fresh)
        o->has_echo = false;
    return TOMTE_OK;
}

/* Code, options, payload. What is for proxies has no place in here. */
static enum tomte_err open_inner(struct tomte_span plaintext,
                                 struct tomte_coap_parts *plain)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option each;
    *plain = (struct tomte_coap_parts){.code = 0};
    if (plaintext.len == 0)
        return TOMTE_ERR_INVALID;
    plain->code = plaintext.data[0];
    if (tomte_coap_split(tomte_span_slice(plaintext, 1, plaintext.len),
                         &plain->options, &plain->payload) != TOMTE_OK) {
        *plain = (struct tomte_coap_parts){.code = 0};
        return TOMTE_ERR_INVALID;
    }
    tomte_coap_iter_init(&it, plain->options);
    while (tomte_coap_iter_next(&it, &each))
        if (tomte_oscore_class(each.number) == TOMTE_OSCORE_OUTER)
            return TOMTE_ERR_OPTION;
    return TOMTE_OK;
}

/* Options that were outside because proxies need them; all other outer ones are
 * dropped (section 8.2 step 1). */
static bool is_kept(uint16_t number)
{
    return number != TOMTE_COAP_OPT_OSCORE &&
           tomte_oscore_class(number) == TOMTE_OSCORE_OUTER;
}

static bool any_kept(struct tomte_span outer)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option each;
    tomte_coap_iter_init(&it, outer);
    while (tomte_coap_iter_next(&it, &each))
        if (is_kept(each.number))
            return true;
    return false;
}

/* One list of both. It is not longer than the two: an option's head does not
 * grow when others come before it, and one that is left out made up for what
 * the next one's grows. */
static void add_outer(struct tomte_span outer, struct tomte_buf room,
                      struct tomte_span *options)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option each;
    struct tomte_coap_options list;
    tomte_coap_options_init(&list, room);
    tomte_coap_put_all(&list, *options);
    tomte_coap_iter_init(&it, outer);
    while (tomte_coap_iter_next(&it, &each))
        if (is_kept(each.number))
            tomte_coap_put(&list, each.number, each.value);
    enum tomte_err err = tomte_coap_options_end(&list, options);
    TOMTE_ASSERT(err == TOMTE_OK);
}

/* ---- responses ---- */

enum tomte_err tomte_oscore_unprotect_response(
    struct tomte_oscore *o, struct tomte_oscore_exchange *x,
    const struct tomte_coap_parts *message, struct tomte_buf out,
    struct tomte_coap_parts *plain)
{
    struct tomte_oscore_option option;
    struct tomte_span plaintext, observe;
    TOMTE_ASSERT(x->client);
    enum tomte_err err = tomte_oscore_find(message->options, &option);
    if (err != TOMTE_OK)
        return err;
    if (message->payload.len == 0)
        return TOMTE_ERR_MALFORMED;
    if (is_old(x, &option))
        return TOMTE_ERR_STALE;
    struct oscore_seal how = {.key = TOMTE_SPAN(o->recipient_key, o->key_len),
                              .nonce_id = option.has_piv ? oscore_recipient(o)
                                                         : oscore_sender(o),
                              .nonce_piv = option.has_piv ? option.piv : x->piv,
                              .request_kid = oscore_sender(o),
                              .request_piv = x->piv};
    err = oscore_decrypt(o, &how, message->payload, out, &plaintext);
    if (err == TOMTE_OK)
        err = open_inner(plaintext, plain);
    if (err != TOMTE_OK)
        return err;
    bool notifies =
        tomte_coap_find(plain->options, TOMTE_COAP_OPT_OBSERVE, &observe);
    if (!tomte_coap_is_response(plain->code) || (notifies && !x->observe))
        return TOMTE_ERR_INVALID;
    if (!x->observe || !option.has_piv)
        x->answered = true;
    if (option.has_piv) {
        x->notification = option.piv;
        x->notified = true;
    }
    return TOMTE_OK;
}

/* One answer without a number, before all that have one; and each of those
 * higher than the last (section 7.4.1). To what is no registration there is
 * one answer. */
static bool is_old(const struct tomte_oscore_exchange *x,
                   const struct tomte_oscore_option *option)
{
    if (!x->observe)
        return x->answered;
    if (!option->has_piv)
        return x->answered || x->notified;
    return x->notified && option->piv <= x->notification;
}
