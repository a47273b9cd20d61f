/* SPDX-License-Identifier: Apache-2.0 */
/*
 *            2.31, more to send              Block2 with M
 *            +--------+                      +--------+
 *            v        |                      v        |
 *   init -> SENDING --+---- last block ---> FETCHING -+--> ENDED
 *                                            ^
 *   follow ----------------------------------+
 *
 * `emit` says what poll still has to tell, in the order of its bits. */
#include "coap/transfer.h"

#include "base/assert.h"
#include "base/bytes.h"

#include <string.h>

enum phase { SENDING, FETCHING, ENDED };

enum emit {
    EMIT_RESTART = 1,
    EMIT_PIECE = 2,
    EMIT_ASK = 4,
    EMIT_END = 8,
};

static bool challenged(struct tomte_coap_transfer *t,
                       const struct tomte_coap_msg *msg);
static bool take_acknowledgement(struct tomte_coap_transfer *t,
                                 const struct tomte_coap_msg *msg);
static void take_answer(struct tomte_coap_transfer *t,
                        const struct tomte_coap_msg *msg);
static void begin(struct tomte_coap_transfer *t);
static void ask(struct tomte_coap_transfer *t);
static bool restart(struct tomte_coap_transfer *t);
static void done(struct tomte_coap_transfer *t,
                 const struct tomte_coap_msg *msg);
static void failed(struct tomte_coap_transfer *t, enum tomte_err err);
static enum tomte_err compose(struct tomte_coap_transfer *t,
                              struct tomte_coap_transfer_effect *effect);
static bool is_repeatable(const struct tomte_coap_transfer *t);

void tomte_coap_transfer_init(struct tomte_coap_transfer *t,
                              const struct tomte_coap_transfer_config *config,
                              struct tomte_buf memory)
{
    TOMTE_ASSERT(tomte_coap_is_request(config->code));
    TOMTE_ASSERT(config->szx <= TOMTE_COAP_SZX_MAX);
    memset(t, 0, sizeof *t);
    t->config = *config;
    t->memory = memory;
    t->szx = config->szx;
    t->in_blocks = config->body_len > tomte_coap_szx_bytes(t->szx);
    begin(t);
}

void tomte_coap_transfer_follow(struct tomte_coap_transfer *t,
                                const struct tomte_coap_msg *notification)
{
    TOMTE_ASSERT((t->emit & ~EMIT_ASK) == 0);
    bool told = t->got != 0 && t->phase != ENDED;
    t->phase = FETCHING;
    t->follows = true;
    t->got = t->size = 0;
    t->restarts = t->challenges = t->echo_len = 0;
    t->asked_block2 = false;
    t->szx = t->config.szx;
    t->emit = told ? EMIT_RESTART : 0;
    take_answer(t, notification);
}

void tomte_coap_transfer_step(struct tomte_coap_transfer *t,
                              const struct tomte_coap_msg *msg)
{
    TOMTE_ASSERT(t->emit == 0);
    if (t->phase == ENDED)
        return;
    if (challenged(t, msg))
        return;
    t->echo_len = t->challenges = 0;
    if (t->phase == SENDING && take_acknowledgement(t, msg))
        return;
    t->phase = FETCHING;
    take_answer(t, msg);
}

void tomte_coap_transfer_again(struct tomte_coap_transfer *t)
{
    if (t->phase != ENDED)
        ask(t);
}

bool tomte_coap_transfer_poll(struct tomte_coap_transfer *t,
                              struct tomte_coap_transfer_effect *effect)
{
    if (t->emit & EMIT_RESTART) {
        t->emit &= (uint8_t)~EMIT_RESTART;
        *effect = (struct tomte_coap_transfer_effect){
            .kind = TOMTE_COAP_TRANSFER_RESTART};
        return true;
    }
    if (t->emit & EMIT_PIECE) {
        t->emit &= (uint8_t)~EMIT_PIECE;
        *effect = t->piece;
        return true;
    }
    if (t->emit & EMIT_ASK) {
        t->emit &= (uint8_t)~EMIT_ASK;
        enum tomte_err err = compose(t, effect);
        if (err == TOMTE_OK)
            return true;
        failed(t, err);
    }
    if (t->emit & EMIT_END) {
        t->emit &= (uint8_t)~EMIT_END;
        *effect = t->end;
        return true;
    }
    return false;
}

void tomte_coap_transfer_wipe(struct tomte_coap_transfer *t)
{
    if (t->memory.cap != 0)
        tomte_wipe(t->memory.data, t->memory.cap);
    tomte_wipe(t, sizeof *t);
}

/* 4.01 with Echo: the same request once more, with that value (RFC 9175 section
 * 2.3). */
static bool challenged(struct tomte_coap_transfer *t,
                       const struct tomte_coap_msg *msg)
{
    struct tomte_span echo;
    if (msg->code != TOMTE_COAP_UNAUTHORIZED ||
        !tomte_coap_find(msg->options, TOMTE_COAP_OPT_ECHO, &echo) ||
        t->challenges >= t->config.restarts)
        return false;
    t->challenges++;
    t->echo_len = (uint8_t)echo.len;
    memcpy(t->echo, echo.data, echo.len);
    ask(t);
    return true;
}

/* What answers a block of the request's body. False when it is the answer to
 * the whole, whether or not all of it was sent. */
static bool take_acknowledgement(struct tomte_coap_transfer *t,
                                 const struct tomte_coap_msg *msg)
{
    struct tomte_coap_block b;
    bool last = t->sent + t->sending == t->config.body_len;
    bool has = tomte_coap_find_block(msg->options, TOMTE_COAP_OPT_BLOCK1, &b) ==
               TOMTE_OK;
    bool smaller = has && b.szx < t->szx;
    if (msg->code == TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE && t->in_blocks)
        return restart(t);
    if (msg->code == TOMTE_COAP_REQUEST_ENTITY_TOO_LARGE && smaller &&
        t->sent == 0 && t->config.body_len > tomte_coap_szx_bytes(b.szx)) {
        t->szx = b.szx; /* section 2.9.3: it would take it in smaller ones */
        t->in_blocks = true;
        return restart(t);
    }
    if (tomte_coap_class(msg->code) != 2 || !t->in_blocks)
        return false;
    if (last && msg->code != TOMTE_COAP_CONTINUE)
        return false;
    if (!has && msg->code != TOMTE_COAP_CONTINUE)
        return false; /* it has no need of the rest */
    if (last || !has || b.num != t->sent >> (t->szx + 4)) {
        failed(t, TOMTE_ERR_MALFORMED);
        return true;
    }
    t->sent += t->sending;
    if (smaller)
        t->szx = b.szx;
    ask(t);
    return true;
}

static bool is_one(const struct tomte_coap_transfer *t,
                   const struct tomte_coap_msg *msg, struct tomte_span etag)
{
    return msg->code == t->code &&
           tomte_span_equal(etag, TOMTE_SPAN(t->etag, t->etag_len));
}

/* The answer's representation is another one now, or is lost. */
static void changed(struct tomte_coap_transfer *t)
{
    if (!is_repeatable(t) || !restart(t))
        failed(t, TOMTE_ERR_AGAIN);
}

static void first_block(struct tomte_coap_transfer *t,
                        const struct tomte_coap_msg *msg,
                        struct tomte_span etag)
{
    t->code = msg->code;
    t->etag_len = (uint8_t)etag.len;
    if (etag.len != 0)
        memcpy(t->etag, etag.data, etag.len);
    t->size = 0;
    (void)tomte_coap_find_uint(msg->options, TOMTE_COAP_OPT_SIZE2, &t->size);
}

static void hand_on(struct tomte_coap_transfer *t, struct tomte_span bytes)
{
    if (bytes.len == 0)
        return;
    t->piece =
        (struct tomte_coap_transfer_effect){.kind = TOMTE_COAP_TRANSFER_PIECE,
                                            .at = t->got,
                                            .size = t->size,
                                            .bytes = bytes};
    t->got += (uint32_t)bytes.len;
    t->emit |= EMIT_PIECE;
}

static void take_answer(struct tomte_coap_transfer *t,
                        const struct tomte_coap_msg *msg)
{
    struct tomte_coap_block b = {.szx = t->szx};
    struct tomte_span etag = TOMTE_SPAN_NONE;
    size_t len = msg->payload.len;
    enum tomte_err err =
        tomte_coap_find_block(msg->options, TOMTE_COAP_OPT_BLOCK2, &b);
    bool has = err == TOMTE_OK;
    (void)tomte_coap_find(msg->options, TOMTE_COAP_OPT_ETAG, &etag);
    if (err == TOMTE_ERR_MALFORMED || msg->code == TOMTE_COAP_CONTINUE) {
        failed(t, TOMTE_ERR_MALFORMED);
        return;
    }
    if (t->got != 0 && (!has || !is_one(t, msg, etag))) {
        changed(t);
        return;
    }
    if (tomte_coap_class(msg->code) != 2) {
        done(t, msg);
        return;
    }
    bool wrong_size = has && (b.more ? len != tomte_coap_block_size(&b)
                                     : len > tomte_coap_block_size(&b));
    bool larger = t->asked_block2 && b.szx > t->szx;
    if ((uint64_t)b.num << (b.szx + 4) != t->got || wrong_size || larger) {
        failed(t, TOMTE_ERR_MALFORMED);
        return;
    }
    if (t->got == 0)
        first_block(t, msg, etag);
    if (len > t->config.answer_max - t->got || t->size > t->config.answer_max) {
        failed(t, TOMTE_ERR_TOO_LARGE);
        return;
    }
    hand_on(t, msg->payload);
    if (has && b.szx < t->szx)
        t->szx = b.szx;
    if (b.more)
        ask(t);
    else
        done(t, msg);
}

static void begin(struct tomte_coap_transfer *t)
{
    t->phase = SENDING;
    t->sent = t->got = t->size = 0;
    ask(t);
}

static void ask(struct tomte_coap_transfer *t)
{
    uint32_t left = t->config.body_len - t->sent;
    uint32_t bytes = tomte_coap_szx_bytes(t->szx);
    if (t->phase == SENDING)
        t->sending = t->in_blocks && left > bytes ? bytes : left;
    t->emit |= EMIT_ASK;
}

/* From the beginning; false when that was done often enough. */
static bool restart(struct tomte_coap_transfer *t)
{
    if (t->restarts >= t->config.restarts)
        return false;
    t->restarts++;
    if (t->got != 0)
        t->emit |= EMIT_RESTART;
    begin(t);
    return true;
}

static void done(struct tomte_coap_transfer *t,
                 const struct tomte_coap_msg *msg)
{
    bool ok = tomte_coap_class(msg->code) == 2;
    t->end = (struct tomte_coap_transfer_effect){
        .kind = TOMTE_COAP_TRANSFER_DONE,
        .code = msg->code,
        .options = msg->options,
        .at = t->got,
        .bytes = ok ? TOMTE_SPAN_NONE : msg->payload};
    t->phase = ENDED;
    t->emit |= EMIT_END;
}

static void failed(struct tomte_coap_transfer *t, enum tomte_err err)
{
    t->end = (struct tomte_coap_transfer_effect){
        .kind = TOMTE_COAP_TRANSFER_FAILED, .err = err};
    t->phase = ENDED;
    t->emit |= EMIT_END;
}

/* Request-Tag: the tag, and behind it which attempt this is, since an attempt
 * that was broken off must not be mixed with the next. */
static void put_tag(const struct tomte_coap_transfer *t,
                    struct tomte_coap_options *o)
{
    uint8_t bytes[8];
    uint64_t tag = t->config.tag + t->restarts;
    size_t zeros = 0;
    tomte_put_be64(bytes, tag);
    while (bytes[zeros] == 0)
        zeros++;
    tomte_coap_put(o, TOMTE_COAP_OPT_REQUEST_TAG,
                   TOMTE_SPAN(bytes + zeros, sizeof bytes - zeros));
}

static void put_options(struct tomte_coap_transfer *t,
                        struct tomte_coap_options *o)
{
    struct tomte_coap_iter it;
    struct tomte_coap_option option;
    bool observes = t->phase == SENDING && !t->follows;
    tomte_coap_iter_init(&it, t->config.options);
    while (tomte_coap_iter_next(&it, &option))
        if (observes || option.number != TOMTE_COAP_OPT_OBSERVE)
            tomte_coap_put(o, option.number, option.value);
    struct tomte_coap_block b = {.szx = t->szx};
    bool last = t->sent + t->sending == t->config.body_len;
    t->asked_block2 = t->phase == FETCHING || (t->config.early && last);
    if (t->phase == FETCHING)
        b.num = t->got >> (t->szx + 4);
    if (t->asked_block2)
        tomte_coap_put_block(o, TOMTE_COAP_OPT_BLOCK2, &b);
    if (t->phase == SENDING && t->in_blocks) {
        b.num = t->sent >> (t->szx + 4);
        b.more = !last;
        tomte_coap_put_block(o, TOMTE_COAP_OPT_BLOCK1, &b);
        if (b.num == 0)
            tomte_coap_put_uint(o, TOMTE_COAP_OPT_SIZE1, t->config.body_len);
    }
    if (t->in_blocks && t->config.tag != 0)
        put_tag(t, o); /* in the Block2 phase, too (RFC 9175 section 3.4) */
    if (t->echo_len != 0)
        tomte_coap_put(o, TOMTE_COAP_OPT_ECHO,
                       TOMTE_SPAN(t->echo, t->echo_len));
}

/* The payload of a request for a further block: none, but a FETCH is what its
 * payload says (RFC 8132 section 2), unless that went in blocks. */
static enum tomte_err compose(struct tomte_coap_transfer *t,
                              struct tomte_coap_transfer_effect *effect)
{
    struct tomte_coap_options o;
    bool payload = t->phase == SENDING ||
                   (t->config.code == TOMTE_COAP_FETCH && !t->in_blocks);
    tomte_coap_options_init(&o, t->memory);
    put_options(t, &o);
    *effect = (struct tomte_coap_transfer_effect){
        .kind = TOMTE_COAP_TRANSFER_ASK,
        .code = t->config.code,
        .body_at = payload ? t->sent : 0,
        .body_len = payload ? t->sending : 0};
    return tomte_coap_options_end(&o, &effect->options);
}

static bool is_repeatable(const struct tomte_coap_transfer *t)
{
    return t->config.code == TOMTE_COAP_GET ||
           t->config.code == TOMTE_COAP_FETCH;
}
