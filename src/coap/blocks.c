/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies as they pass; who gets a place is coap/blocks_place.c's. */
#include "coap/blocks_place.h"

#include "base/assert.h"

#include <stdalign.h>
#include <string.h>

#define PLACES_MAX 256
#define BODY_MAX   ((uint32_t)1 << 28)
#define ALIGN      alignof(max_align_t)

static void take_block1(struct tomte_coap_blocks *b,
                        const struct tomte_coap_from *from,
                        const struct tomte_coap_msg *msg,
                        const struct tomte_coap_block *block,
                        struct tomte_coap_blocks_result *result);
static void take_arrival(struct tomte_coap_blocks *b,
                         struct tomte_coap_blocks_place *p,
                         const struct tomte_coap_msg *msg,
                         const struct tomte_coap_arrival *a,
                         struct tomte_coap_blocks_result *result);
static void give_block2(struct tomte_coap_blocks *b,
                        struct tomte_coap_blocks_place *p,
                        const struct tomte_coap_msg *msg,
                        struct tomte_coap_blocks_result *result);
static enum tomte_err keep(struct tomte_coap_blocks *b,
                           const struct tomte_coap_from *from,
                           uint64_t operation,
                           const struct tomte_coap_parts *whole);
static void refuse(struct tomte_coap_blocks *b, uint8_t code, uint16_t number,
                   uint32_t value, struct tomte_coap_parts *parts);
static void unavailable(struct tomte_coap_blocks *b,
                        struct tomte_coap_parts *parts);
static bool is_safe(uint8_t code);

struct tomte_coap_blocks_config tomte_coap_blocks_config_default(void)
{
    return (struct tomte_coap_blocks_config){
#ifdef TOMTE_MCU
        .places = 2,
        .per_peer = 1,
        .open = 2,
        .body_bytes = 1024,
#else
        .places = 4,
        .per_peer = 2,
        .open = 4,
        .body_bytes = 4096,
#endif
        .kept_ms = 30000,
        .szx = TOMTE_COAP_SZX_MAX};
}

static bool is_sensible(const struct tomte_coap_blocks_config *c)
{
    return c->places != 0 && c->places <= PLACES_MAX && c->per_peer != 0 &&
           c->per_peer <= c->places && c->open <= c->places &&
           c->body_bytes != 0 && c->body_bytes <= BODY_MAX &&
           c->szx <= TOMTE_COAP_SZX_MAX;
}

size_t tomte_coap_blocks_memory(const struct tomte_coap_blocks_config *config)
{
    return ALIGN + config->places * (sizeof(struct tomte_coap_blocks_place) +
                                     config->body_bytes);
}

enum tomte_err
tomte_coap_blocks_init(struct tomte_coap_blocks *b,
                       const struct tomte_coap_blocks_config *config,
                       struct tomte_arena *arena)
{
    memset(b, 0, sizeof *b);
    if (!is_sensible(config))
        return TOMTE_ERR_RANGE;
    size_t mark = tomte_arena_mark(arena), n = config->places;
    b->config = *config;
    b->places = tomte_arena_take(
        arena, n * sizeof(struct tomte_coap_blocks_place), ALIGN);
    b->bytes = tomte_arena_take(arena, n * config->body_bytes, 1);
    if (b->places == NULL || b->bytes == NULL) {
        tomte_arena_release(arena, mark);
        return TOMTE_ERR_NO_MEMORY;
    }
    memset(b->places, 0, n * sizeof(struct tomte_coap_blocks_place));
    return TOMTE_OK;
}

void tomte_coap_blocks_wipe(struct tomte_coap_blocks *b)
{
    size_t n = b->config.places;
    if (n != 0) {
        tomte_wipe(b->places, n * sizeof(struct tomte_coap_blocks_place));
        tomte_wipe(b->bytes, n * b->config.body_bytes);
    }
    tomte_wipe(b, sizeof *b);
}

void tomte_coap_blocks_take(struct tomte_coap_blocks *b, uint64_t now_ms,
                            const struct tomte_coap_from *from,
                            const struct tomte_coap_msg *msg,
                            struct tomte_coap_blocks_result *result)
{
    struct tomte_coap_block b1, b2 = {0};
    enum tomte_err err1 =
        tomte_coap_find_block(msg->options, TOMTE_COAP_OPT_BLOCK1, &b1);
    enum tomte_err err2 =
        tomte_coap_find_block(msg->options, TOMTE_COAP_OPT_BLOCK2, &b2);
    tomte_coap_place_tick(b, now_ms);
    *result = (struct tomte_coap_blocks_result){.kind = TOMTE_COAP_BLOCKS_PASS,
                                                .body = msg->payload};
    if (err1 == TOMTE_ERR_MALFORMED || err2 == TOMTE_ERR_MALFORMED) {
        result->kind = TOMTE_COAP_BLOCKS_ANSWER;
        refuse(b, TOMTE_COAP_BAD_REQUEST, 0, 0, &result->parts);
        return;
    }
    if (err1 == TOMTE_OK) {
        take_block1(b, from, msg, &b1, result);
        return;
    }
    struct tomte_coap_blocks_place *p =
        tomte_coap_place_find(b, from, tomte_coap_blocks_operation(msg));
    bool kept = p != NULL && (p->state == TOMTE_COAP_PLACE_GOING ||
                              p->state == TOMTE_COAP_PLACE_FETCHED);
    if (b2.num == 0 && kept)
        tomte_coap_place_free(b, p);
    else if (b2.num != 0 && kept)
        give_block2(b, p, msg, result);
    else if (b2.num != 0 && !is_safe(msg->code)) {
        result->kind = TOMTE_COAP_BLOCKS_ANSWER;
        b->stats.incomplete++;
        refuse(b, TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, 0, 0, &result->parts);
    }
}

/* The answer as one message: its options, with those of the blocks. */
static enum tomte_err compose(struct tomte_coap_blocks *b,
                              const struct tomte_coap_msg *msg,
                              const struct tomte_coap_slice *slice,
                              const struct tomte_coap_parts *whole,
                              struct tomte_coap_parts *first)
{
    struct tomte_coap_options o;
    struct tomte_coap_arrival a;
    bool answers = msg != NULL &&
                   tomte_coap_find_block(msg->options, TOMTE_COAP_OPT_BLOCK1,
                                         &a.block) == TOMTE_OK;
    bool ok = tomte_coap_class(whole->code) == 2;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(b->options));
    tomte_coap_put_all(&o, whole->options);
    if (answers && ok)
        tomte_coap_put_arrival(&o, &a, b->config.szx, false);
    if (ok)
        tomte_coap_put_slice(&o, slice);
    first->code = whole->code;
    first->payload = tomte_span_slice(whole->payload, slice->at, slice->len);
    return tomte_coap_options_end(&o, &first->options) == TOMTE_OK
               ? TOMTE_OK
               : TOMTE_ERR_TOO_LARGE;
}

enum tomte_err tomte_coap_blocks_answer(struct tomte_coap_blocks *b,
                                        uint64_t now_ms,
                                        const struct tomte_coap_from *from,
                                        const struct tomte_coap_msg *msg,
                                        const struct tomte_coap_parts *whole,
                                        struct tomte_coap_parts *first)
{
    TOMTE_ASSERT(whole->payload.len <= BODY_MAX);
    struct tomte_coap_slice slice = {0};
    uint64_t operation = tomte_coap_blocks_operation(msg);
    bool ok = tomte_coap_class(whole->code) == 2;
    tomte_coap_place_tick(b, now_ms);
    struct tomte_coap_blocks_place *p =
        tomte_coap_place_find(b, from, operation);
    if (p != NULL && p->state == TOMTE_COAP_PLACE_WHOLE)
        p->state = TOMTE_COAP_PLACE_FETCHED; /* the body has been read */
    enum tomte_err err =
        tomte_coap_slice(ok ? msg->options : TOMTE_SPAN_NONE,
                         (uint32_t)whole->payload.len, b->config.szx, &slice);
    if (err != TOMTE_OK) {
        refuse(b, TOMTE_COAP_BAD_REQUEST, 0, 0, first);
        return err;
    }
    if (ok && slice.block.more && slice.at == 0)
        err = keep(b, from, operation, whole);
    if (p != NULL && p->state == TOMTE_COAP_PLACE_FETCHED)
        tomte_coap_place_free(b, p); /* nothing in it is to be fetched */
    if (is_safe(msg->code))
        err = TOMTE_OK; /* it is asked again, and cut anew */
    if (err == TOMTE_OK)
        err = compose(b, msg, &slice, whole, first);
    if (err == TOMTE_ERR_FULL)
        unavailable(b, first);
    else if (err != TOMTE_OK)
        refuse(b, TOMTE_COAP_INTERNAL_SERVER_ERROR, 0, 0, first);
    return err;
}

enum tomte_err tomte_coap_blocks_notify(struct tomte_coap_blocks *b,
                                        uint64_t now_ms,
                                        const struct tomte_coap_from *from,
                                        uint64_t operation, uint8_t szx,
                                        const struct tomte_coap_parts *whole,
                                        struct tomte_coap_parts *first)
{
    TOMTE_ASSERT(whole->payload.len <= BODY_MAX);
    struct tomte_coap_slice slice = {0};
    tomte_coap_place_tick(b, now_ms);
    struct tomte_coap_blocks_place *p =
        tomte_coap_place_find(b, from, operation);
    if (p != NULL && p->state != TOMTE_COAP_PLACE_COMING)
        tomte_coap_place_free(b, p);
    if (szx > b->config.szx)
        szx = b->config.szx;
    enum tomte_err err = tomte_coap_slice(
        TOMTE_SPAN_NONE, (uint32_t)whole->payload.len, szx, &slice);
    if (err != TOMTE_OK)
        return err;
    if (slice.block.more && tomte_coap_class(whole->code) == 2)
        (void)keep(b, from, operation, whole); /* else it is asked again */
    return compose(b, NULL, &slice, whole, first);
}

uint64_t tomte_coap_blocks_operation(const struct tomte_coap_msg *msg)
{
    struct tomte_coap_block b;
    uint64_t hash = tomte_coap_operation(msg->code, msg->options);
    if (msg->code != TOMTE_COAP_FETCH ||
        tomte_coap_find_block(msg->options, TOMTE_COAP_OPT_BLOCK1, &b) ==
            TOMTE_OK)
        return hash;
    for (size_t i = 0; i < msg->payload.len; i++)
        hash = (hash ^ msg->payload.data[i]) * 0x100000001b3u;
    return hash;
}

uint64_t tomte_coap_blocks_deadline(const struct tomte_coap_blocks *b)
{
    uint64_t at = UINT64_MAX;
    for (uint16_t i = 0; i < b->config.places; i++)
        if (b->places[i].state != TOMTE_COAP_PLACE_FREE &&
            b->places[i].until_ms < at)
            at = b->places[i].until_ms;
    return at;
}

/* ---- a request's body ---- */

static void take_block1(struct tomte_coap_blocks *b,
                        const struct tomte_coap_from *from,
                        const struct tomte_coap_msg *msg,
                        const struct tomte_coap_block *block,
                        struct tomte_coap_blocks_result *result)
{
    struct tomte_coap_cursor none = {0};
    struct tomte_coap_arrival a;
    uint64_t operation = tomte_coap_blocks_operation(msg);
    struct tomte_coap_blocks_place *p =
        tomte_coap_place_find(b, from, operation);
    struct tomte_coap_cursor *c = p == NULL ? &none : &p->cursor;
    enum tomte_err err =
        tomte_coap_cursor_take(c, msg, b->config.body_bytes, &a);
    TOMTE_ASSERT(err == TOMTE_OK); /* the option was read before */
    if (a.what == TOMTE_COAP_BLOCK1_TAKE && block->num == 0 && !block->more) {
        if (p != NULL)
            tomte_coap_place_free(b, p);
        result->kind = TOMTE_COAP_BLOCKS_WHOLE;
        return; /* the only one: it is in the message */
    }
    result->kind = TOMTE_COAP_BLOCKS_ANSWER;
    if (a.what == TOMTE_COAP_BLOCK1_TAKE && p == NULL) {
        p = tomte_coap_place_claim(b, from, operation);
        if (p == NULL) {
            b->stats.refused++;
            unavailable(b, &result->parts);
            return;
        }
        p->cursor = none;
    }
    take_arrival(b, p, msg, &a, result);
}

static void acknowledge(struct tomte_coap_blocks *b,
                        const struct tomte_coap_arrival *a,
                        struct tomte_coap_parts *parts)
{
    struct tomte_coap_options o;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(b->options));
    tomte_coap_put_arrival(&o, a, b->config.szx, true);
    parts->code = TOMTE_COAP_CONTINUE;
    parts->payload = TOMTE_SPAN_NONE;
    enum tomte_err err = tomte_coap_options_end(&o, &parts->options);
    TOMTE_ASSERT(err == TOMTE_OK);
}

/* `p` is NULL for what is refused and has no place. */
static void take_arrival(struct tomte_coap_blocks *b,
                         struct tomte_coap_blocks_place *p,
                         const struct tomte_coap_msg *msg,
                         const struct tomte_coap_arrival *a,
                         struct tomte_coap_blocks_result *result)
{
    size_t len = msg->payload.len;
    switch (a->what) {
    case TOMTE_COAP_BLOCK1_TAKE:
        if (len != 0)
            memcpy(tomte_coap_place_bytes(b, p) + a->at, msg->payload.data,
                   len);
        p->len = a->at + (uint32_t)len;
        p->until_ms = b->now_ms + b->config.kept_ms;
        p->state = a->more ? TOMTE_COAP_PLACE_COMING : TOMTE_COAP_PLACE_WHOLE;
        if (!a->more) {
            result->kind = TOMTE_COAP_BLOCKS_WHOLE;
            result->body = TOMTE_SPAN(tomte_coap_place_bytes(b, p), p->len);
            return;
        }
        acknowledge(b, a, &result->parts);
        return;
    case TOMTE_COAP_BLOCK1_REPEATED:
        acknowledge(b, a, &result->parts);
        return;
    case TOMTE_COAP_BLOCK1_TOO_LARGE: /* section 2.9.3 */
        b->stats.too_large++;
        if (p != NULL)
            tomte_coap_place_free(b, p);
        refuse(b, TOMTE_COAP_REQUEST_ENTITY_TOO_LARGE, TOMTE_COAP_OPT_SIZE1,
               b->config.body_bytes, &result->parts);
        return;
    case TOMTE_COAP_BLOCK1_INCOMPLETE: /* section 2.9.2 */
        b->stats.incomplete++;
        refuse(b, TOMTE_COAP_REQUEST_ENTITY_INCOMPLETE, 0, 0, &result->parts);
        return;
    default:
        refuse(b, TOMTE_COAP_BAD_REQUEST, 0, 0, &result->parts);
    }
}

/* ---- an answer's body ---- */

static void give_block2(struct tomte_coap_blocks *b,
                        struct tomte_coap_blocks_place *p,
                        const struct tomte_coap_msg *msg,
                        struct tomte_coap_blocks_result *result)
{
    struct tomte_coap_slice slice;
    struct tomte_coap_parts whole = {
        .code = p->code,
        .options = TOMTE_SPAN(p->options, p->options_len),
        .payload = TOMTE_SPAN(tomte_coap_place_bytes(b, p), p->len)};
    result->kind = TOMTE_COAP_BLOCKS_ANSWER;
    if (tomte_coap_slice(msg->options, p->len, b->config.szx, &slice) !=
        TOMTE_OK) {
        refuse(b, TOMTE_COAP_BAD_REQUEST, 0, 0, &result->parts);
        return;
    }
    if (!slice.block.more)
        p->state = TOMTE_COAP_PLACE_FETCHED;
    p->until_ms = b->now_ms + b->config.kept_ms;
    enum tomte_err err = compose(b, NULL, &slice, &whole, &result->parts);
    TOMTE_ASSERT(err == TOMTE_OK);
}

static enum tomte_err keep(struct tomte_coap_blocks *b,
                           const struct tomte_coap_from *from,
                           uint64_t operation,
                           const struct tomte_coap_parts *whole)
{
    if (whole->payload.len > b->config.body_bytes ||
        whole->options.len > TOMTE_COAP_BLOCKS_OPTIONS_MAX)
        return TOMTE_ERR_TOO_LARGE;
    struct tomte_coap_blocks_place *p =
        tomte_coap_place_find(b, from, operation);
    if (p != NULL && p->state == TOMTE_COAP_PLACE_COMING)
        return TOMTE_ERR_FULL; /* the same is being asked anew already */
    if (p == NULL)
        p = tomte_coap_place_claim(b, from, operation);
    if (p == NULL)
        return TOMTE_ERR_FULL;
    p->state = TOMTE_COAP_PLACE_GOING;
    p->cursor = (struct tomte_coap_cursor){0};
    p->until_ms = b->now_ms + b->config.kept_ms;
    p->code = whole->code;
    p->options_len = (uint8_t)whole->options.len;
    if (p->options_len != 0)
        memcpy(p->options, whole->options.data, p->options_len);
    p->len = (uint32_t)whole->payload.len;
    memmove(tomte_coap_place_bytes(b, p), whole->payload.data,
            p->len); /* may be its own */
    return TOMTE_OK;
}

/* ---- errors ---- */

/* `number` 0: without an option. */
static void refuse(struct tomte_coap_blocks *b, uint8_t code, uint16_t number,
                   uint32_t value, struct tomte_coap_parts *parts)
{
    struct tomte_coap_options o;
    *parts = (struct tomte_coap_parts){.code = code};
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(b->options));
    if (number != 0)
        tomte_coap_put_uint(&o, number, value);
    enum tomte_err err = tomte_coap_options_end(&o, &parts->options);
    TOMTE_ASSERT(err == TOMTE_OK);
}

/* When the first of those that are in the way may be gone. */
static void unavailable(struct tomte_coap_blocks *b,
                        struct tomte_coap_parts *parts)
{
    uint64_t at = tomte_coap_blocks_deadline(b);
    uint64_t wait_s =
        at <= b->now_ms || at == UINT64_MAX ? 1 : (at - b->now_ms + 999) / 1000;
    refuse(b, TOMTE_COAP_SERVICE_UNAVAILABLE, TOMTE_COAP_OPT_MAX_AGE,
           (uint32_t)wait_s, parts);
}

static bool is_safe(uint8_t code)
{
    return code == TOMTE_COAP_GET || code == TOMTE_COAP_FETCH;
}
