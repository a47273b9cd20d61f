/* SPDX-License-Identifier: Apache-2.0 */
#include "ferry.h"

enum { OBSERVE, DOWN, UP }; /* cookies */

static const uint8_t path[] = {0xb1, 's'};
static const uint8_t observe_path[] = {0x60, 0x51, 's'};

static void sail(struct ferry *f, int who, struct ferry_trip *t,
                 uint64_t cookie);

static void begin(struct ferry *f, int who, struct ferry_trip *t,
                  uint64_t cookie)
{
    struct tomte_coap_transfer_config c = {
        .code = cookie == UP ? TOMTE_COAP_PUT : TOMTE_COAP_GET,
        .options = TOMTE_SPAN_ARRAY(path),
        .body_len = cookie == UP ? ferry_len(t->number) : 0,
        .answer_max = FERRY_BYTES,
        .szx = 6,
        .restarts = 3,
        .tag = cookie == UP ? (uint64_t)t->number * 16 : 0};
    t->busy = true;
    t->len = 0;
    tomte_coap_transfer_init(&t->transfer, &c, TOMTE_BUF_ARRAY(t->memory));
    sail(f, who, t, cookie);
}

static void ask(struct ferry *f, int who, struct ferry_trip *t, uint64_t cookie,
                const struct tomte_coap_transfer_effect *e)
{
    static uint8_t payload[1024];
    CHECK(e->body_len <= sizeof payload);
    for (uint32_t i = 0; i < e->body_len; i++)
        payload[i] = ferry_byte(t->number, e->body_at + i);
    struct tomte_coap_request r = {
        .to = f->addr[FERRY_SERVER],
        .parts = {.code = e->code,
                  .options = e->options,
                  .payload = TOMTE_SPAN(payload, e->body_len)},
        .cookie = cookie,
        .confirmable = true};
    if (t->handle != 0)
        tomte_coap_cancel(&f->ep[who], t->handle);
    t->handle = 0;
    if (tomte_coap_request(&f->ep[who], f->now_ms, &r, &t->handle) != TOMTE_OK)
        t->busy = false; /* later, from the start */
}

static void arrived(struct ferry_client *c, struct ferry_trip *t,
                    const struct tomte_coap_transfer_effect *e)
{
    struct tomte_span etag;
    uint32_t version;
    t->busy = false;
    if (e->code != TOMTE_COAP_CONTENT) {
        c->failed++;
        return;
    }
    CHECK_EQ(e->at, t->len);
    ferry_check_body(TOMTE_SPAN(t->body, t->len), &version);
    CHECK(tomte_coap_find(e->options, TOMTE_COAP_OPT_ETAG, &etag));
    CHECK_EQ(tomte_get_le32(etag.data), version);
    CHECK(version >= c->seen);
    c->seen = version;
    c->whole++;
}

static void sail(struct ferry *f, int who, struct ferry_trip *t,
                 uint64_t cookie)
{
    struct ferry_client *c = &f->client[who];
    struct tomte_coap_transfer_effect e;
    while (tomte_coap_transfer_poll(&t->transfer, &e)) {
        switch (e.kind) {
        case TOMTE_COAP_TRANSFER_ASK:
            ask(f, who, t, cookie, &e);
            break;
        case TOMTE_COAP_TRANSFER_PIECE:
            if (e.at == 0)
                t->len = 0;
            CHECK_EQ(t->len, e.at);
            CHECK(e.at + e.bytes.len <= sizeof t->body);
            memcpy(t->body + e.at, e.bytes.data, e.bytes.len);
            t->len += (uint32_t)e.bytes.len;
            break;
        case TOMTE_COAP_TRANSFER_RESTART:
            c->restarts++;
            t->len = 0;
            break;
        case TOMTE_COAP_TRANSFER_DONE:
            if (cookie == UP) {
                t->busy = false;
                c->uploads += e.code == TOMTE_COAP_CHANGED;
            } else {
                arrived(c, t, &e);
            }
            break;
        default:
            t->busy = false;
            c->failed++;
        }
    }
}

/* A notification: what its blocks are of is fetched; an older transfer is
 * given up. */
static void notified(struct ferry *f, int who, const struct tomte_coap_msg *m)
{
    struct ferry_trip *t = &f->client[who].down;
    if (!t->busy)
        begin(f, who, t, DOWN);
    if (t->handle != 0)
        tomte_coap_cancel(&f->ep[who], t->handle);
    t->handle = 0;
    t->busy = true;
    tomte_coap_transfer_follow(&t->transfer, m);
    sail(f, who, t, DOWN);
}

static void failed(struct ferry *f, int who, uint64_t cookie)
{
    struct ferry_client *c = &f->client[who];
    struct ferry_trip *t = cookie == UP ? &c->up : &c->down;
    if (cookie == OBSERVE) {
        c->observation = 0;
        c->register_ms = f->now_ms + 1000;
        return;
    }
    t->handle = 0;
    tomte_coap_transfer_again(&t->transfer);
    sail(f, who, t, cookie);
}

static void renew(struct ferry *f, int who)
{
    struct ferry_client *c = &f->client[who];
    struct tomte_coap_parts p = {.code = TOMTE_COAP_GET,
                                 .options = TOMTE_SPAN_ARRAY(observe_path)};
    (void)!tomte_coap_renew(&f->ep[who], f->now_ms, c->observation, &p);
}

void ferry_client_effect(struct ferry *f, int who,
                         const struct tomte_coap_effect *e)
{
    struct ferry_client *c = &f->client[who];
    if (e->kind == TOMTE_COAP_STALE) {
        renew(f, who);
    } else if (e->kind == TOMTE_COAP_FAILED) {
        failed(f, who, e->cookie);
    } else if (e->kind == TOMTE_COAP_RESPONSE && e->cookie == OBSERVE) {
        notified(f, who, &e->msg);
        if (e->last)
            failed(f, who, OBSERVE);
    } else if (e->kind == TOMTE_COAP_RESPONSE) {
        struct ferry_trip *t = e->cookie == UP ? &c->up : &c->down;
        CHECK_EQ(t->handle, e->handle);
        t->handle = 0;
        tomte_coap_transfer_step(&t->transfer, &e->msg);
        sail(f, who, t, e->cookie);
    }
}

void ferry_client_act(struct ferry *f, int who)
{
    struct ferry_client *c = &f->client[who];
    if (c->observation == 0 && c->register_ms <= f->now_ms) {
        struct tomte_coap_request r = {
            .to = f->addr[FERRY_SERVER],
            .parts = {.code = TOMTE_COAP_GET,
                      .options = TOMTE_SPAN_ARRAY(observe_path)},
            .cookie = OBSERVE,
            .confirmable = true};
        c->register_ms = f->now_ms + 1000;
        (void)!tomte_coap_request(&f->ep[who], f->now_ms, &r, &c->observation);
    }
    if (!c->up.busy && tomte_random_below(&f->random, 100000) < f->busy) {
        c->up.number = ++f->numbers;
        begin(f, who, &c->up, UP);
    }
}
