/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one connection: coap/tcp.h. */
#include "coap/tcp.h"

#include "base/assert.h"

#include <string.h>

#define ROOM_MIN 64

static bool next_message(struct tomte_coap_tcp *t,
                         struct tomte_coap_tcp_effect *effect);
static bool on_message(struct tomte_coap_tcp *t,
                       struct tomte_coap_tcp_effect *effect);
static void greet(struct tomte_coap_tcp *t);
static void abort_with(struct tomte_coap_tcp *t, enum tomte_err err,
                       uint16_t bad_option);

enum tomte_err tomte_coap_tcp_init(struct tomte_coap_tcp *t,
                                   const struct tomte_coap_tcp_config *config)
{
    memset(t, 0, sizeof *t);
    if (config->in.cap < ROOM_MIN || config->in.cap > UINT32_MAX / 2 ||
        config->out.cap < ROOM_MIN)
        return TOMTE_ERR_RANGE;
    t->config = *config;
    t->peer_max = TOMTE_COAP_TCP_MESSAGE_DEFAULT;
    greet(t);
    return TOMTE_OK;
}

void tomte_coap_tcp_wipe(struct tomte_coap_tcp *t)
{
    if (t->config.in.cap != 0)
        tomte_wipe(t->config.in.data, t->config.in.cap);
    if (t->config.out.cap != 0)
        tomte_wipe(t->config.out.data, t->config.out.cap);
    tomte_wipe(t, sizeof *t);
}

void tomte_coap_tcp_take(struct tomte_coap_tcp *t, struct tomte_span bytes)
{
    TOMTE_ASSERT(t->rest.len == 0);
    if (t->closing || t->closed)
        return;
    t->rest = bytes;
    if (bytes.len != 0)
        return;
    t->closing = true; /* there is nobody to send an Abort to */
    t->err = t->in_len == 0 || t->whole ? TOMTE_OK : TOMTE_ERR_TRUNCATED;
}

enum tomte_err tomte_coap_tcp_send(struct tomte_coap_tcp *t,
                                   const struct tomte_coap_msg *msg)
{
    struct tomte_span bytes;
    if (t->closing || t->closed)
        return TOMTE_ERR_STATE;
    struct tomte_buf room = TOMTE_BUF(t->config.out.data + t->out_len,
                                      t->config.out.cap - t->out_len);
    enum tomte_err err = tomte_coap_tcp_encode(msg, room, &bytes);
    if (err != TOMTE_OK)
        return err;
    if (bytes.len > t->peer_max)
        return TOMTE_ERR_TOO_LARGE;
    t->out_len += bytes.len;
    return TOMTE_OK;
}

bool tomte_coap_tcp_poll(struct tomte_coap_tcp *t,
                         struct tomte_coap_tcp_effect *effect)
{
    memset(effect, 0, sizeof *effect);
    while (t->out_len == 0 && !t->closing && !t->closed)
        if (!next_message(t, effect))
            break;
        else if (effect->kind != 0)
            return true;
    if (t->out_len != 0) {
        effect->kind = TOMTE_COAP_TCP_SEND;
        effect->bytes = TOMTE_SPAN(t->config.out.data, t->out_len);
        t->out_len = 0;
        return true;
    }
    if (!t->closing)
        return false;
    t->closing = false;
    t->closed = true;
    t->rest = TOMTE_SPAN_NONE;
    effect->kind = TOMTE_COAP_TCP_CLOSE;
    effect->err = t->err;
    return true;
}

uint32_t tomte_coap_tcp_peer(const struct tomte_coap_tcp *t, bool *block_wise)
{
    *block_wise = t->peer_block_wise;
    return t->peer_max;
}

/* Goes on with the next message; false when it is not there as a whole. */
static bool next_message(struct tomte_coap_tcp *t,
                         struct tomte_coap_tcp_effect *effect)
{
    uint8_t *in = t->config.in.data;
    size_t need = 0;
    if (t->whole)
        t->in_len = 0;
    t->whole = false;
    for (;;) {
        enum tomte_err err = tomte_coap_tcp_decode(
            TOMTE_SPAN(in, t->in_len), t->config.in.cap, &effect->msg, &need);
        if (err == TOMTE_OK)
            break;
        if (err != TOMTE_ERR_TRUNCATED) {
            abort_with(t, err, 0);
            return false;
        }
        size_t part = need - t->in_len;
        if (part > t->rest.len)
            part = t->rest.len;
        if (part == 0)
            return false;
        memcpy(in + t->in_len, t->rest.data, part);
        t->in_len += part;
        t->rest = TOMTE_SPAN(t->rest.data + part, t->rest.len - part);
    }
    t->whole = true;
    return on_message(t, effect);
}

/* Section 5.2: a critical option of a signal that is not known here. */
static bool is_bad_signal(const struct tomte_coap_msg *msg, uint16_t *number)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option o;
    tomte_coap_iter_init(&it, msg->options);
    while (tomte_coap_iter_next(&it, &o))
        if (tomte_coap_is_critical(o.number)) {
            *number = o.number;
            return true;
        }
    return false;
}

static uint32_t uint_option(const struct tomte_coap_msg *msg, uint16_t number,
                            uint32_t otherwise)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option o;
    tomte_coap_iter_init(&it, msg->options);
    while (tomte_coap_iter_next(&it, &o)) {
        uint32_t v = 0;
        if (o.number != number || o.value.len > 4)
            continue;
        for (size_t i = 0; i < o.value.len; i++)
            v = v << 8 | o.value.data[i];
        return v;
    }
    return otherwise;
}

/* Options of one CSM stay in force until another has them (section 5.3). */
static void on_csm(struct tomte_coap_tcp *t, const struct tomte_coap_msg *msg)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option o;
    t->greeted = true;
    t->peer_max =
        uint_option(msg, TOMTE_COAP_CSM_MAX_MESSAGE_SIZE, t->peer_max);
    tomte_coap_iter_init(&it, msg->options);
    while (tomte_coap_iter_next(&it, &o))
        t->peer_block_wise |= o.number == TOMTE_COAP_CSM_BLOCK_WISE;
}

static void on_ping(struct tomte_coap_tcp *t, const struct tomte_coap_msg *msg)
{
    struct tomte_coap_msg pong = {.code = TOMTE_COAP_SIGNAL_PONG,
                                  .token_len = msg->token_len};
    memcpy(pong.token, msg->token, sizeof pong.token);
    enum tomte_err err = tomte_coap_tcp_send(t, &pong);
    if (err != TOMTE_OK)
        abort_with(t, err, 0); /* it pings, and does not read */
}

static bool on_message(struct tomte_coap_tcp *t,
                       struct tomte_coap_tcp_effect *effect)
{
    const struct tomte_coap_msg *msg = &effect->msg;
    uint16_t bad = 0;
    bool signal = tomte_coap_class(msg->code) == 7;
    if (signal && is_bad_signal(msg, &bad)) {
        abort_with(t, TOMTE_ERR_OPTION,
                   msg->code == TOMTE_COAP_SIGNAL_CSM ? bad : 0);
        return false;
    }
    if (!t->greeted && msg->code != TOMTE_COAP_SIGNAL_CSM &&
        msg->code != TOMTE_COAP_SIGNAL_ABORT) {
        abort_with(t, TOMTE_ERR_STATE, 0);
        return false;
    }
    switch (msg->code) {
    case TOMTE_COAP_EMPTY: /* keeps the connection alive; no more to it */
        break;
    case TOMTE_COAP_SIGNAL_CSM:
        on_csm(t, msg);
        break;
    case TOMTE_COAP_SIGNAL_PING:
        on_ping(t, msg);
        break;
    case TOMTE_COAP_SIGNAL_PONG:
        effect->kind = TOMTE_COAP_TCP_PONG;
        break;
    case TOMTE_COAP_SIGNAL_RELEASE:
        effect->kind = TOMTE_COAP_TCP_RELEASED;
        effect->hold_off_s = uint_option(msg, TOMTE_COAP_RELEASE_HOLD_OFF, 0);
        break;
    case TOMTE_COAP_SIGNAL_ABORT:
        t->closing = true;
        t->err = TOMTE_ERR_RESET;
        t->rest = TOMTE_SPAN_NONE;
        break;
    default: /* an unknown signal is ignored (section 5.1) */
        if (!signal)
            effect->kind = TOMTE_COAP_TCP_MESSAGE;
    }
    return true;
}

static void greet(struct tomte_coap_tcp *t)
{
    uint8_t memory[16];
    struct tomte_coap_options o;
    struct tomte_coap_msg csm = {.code = TOMTE_COAP_SIGNAL_CSM};
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_uint(&o, TOMTE_COAP_CSM_MAX_MESSAGE_SIZE,
                        (uint32_t)t->config.in.cap);
    if (t->config.block_wise)
        tomte_coap_put(&o, TOMTE_COAP_CSM_BLOCK_WISE, TOMTE_SPAN_NONE);
    enum tomte_err err = tomte_coap_options_end(&o, &csm.options);
    TOMTE_ASSERT(err == TOMTE_OK);
    err = tomte_coap_tcp_send(t, &csm);
    TOMTE_ASSERT(err == TOMTE_OK); /* ROOM_MIN */
}

/* Section 5.6. Without room for the Abort the connection just ends. */
static void abort_with(struct tomte_coap_tcp *t, enum tomte_err err,
                       uint16_t bad_option)
{
    uint8_t memory[8];
    struct tomte_coap_options o;
    struct tomte_coap_msg msg = {.code = TOMTE_COAP_SIGNAL_ABORT,
                                 .payload =
                                     tomte_span_str(tomte_err_text(err))};
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    if (bad_option != 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_ABORT_BAD_OPTION, bad_option);
    if (tomte_coap_options_end(&o, &msg.options) == TOMTE_OK)
        (void)!tomte_coap_tcp_send(t, &msg);
    t->closing = true;
    t->err = err;
    t->rest = TOMTE_SPAN_NONE;
}
