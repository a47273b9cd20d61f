/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "audit.h"

#include <stdlib.h>

#define STEP_MS 10
#define COUNTER 7          /* resource */
#define NO_ID   0xffffffff /* of a request for the counter */

static void deliver(struct world *w);
static void timers(struct world *w);
static void act(struct world *w, int who);
static void keep_promises(struct world *w, int who);
static void notify(struct world *w);
static void drain(struct world *w, int who);

void world_start(struct world *w, const struct tomte_coap_config *config,
                 uint64_t seed)
{
    memset(w, 0, sizeof *w);
    tomte_random_init(&w->random, seed);
    size_t size = tomte_coap_memory(config);
    for (int i = 0; i < 2; i++) {
        struct tomte_coap_config c = *config;
        struct tomte_arena arena;
        c.seed = tomte_random_next(&w->random);
        w->memory[i] = malloc(size);
        CHECK(w->memory[i] != NULL);
        tomte_arena_init(&arena, w->memory[i], size);
        CHECK_OK(tomte_coap_init(&w->ep[i], &c, &arena));
        w->addr[i] = tomte_addr_ipv4((uint8_t[]){10, 0, 0, (uint8_t)i}, 1);
    }
    for (int i = 0; i < 2; i++)
        CHECK_OK(tomte_coap_link(&w->ep[i], 0, &w->addr[1 - i]));
}

void world_run(struct world *w, uint64_t ms)
{
    for (uint64_t end = w->now_ms + ms; w->now_ms < end; w->now_ms += STEP_MS) {
        deliver(w);
        timers(w);
        for (int i = 0; i < 2; i++) {
            keep_promises(w, i);
            if (tomte_random_chance(&w->random, w->busy))
                act(w, i);
            drain(w, i);
            audit(&w->ep[i]);
        }
    }
}

/* Max-Age, its grace, and a renewal that has to be asked for twice. */
void world_calm(struct world *w)
{
    w->loss = w->twice = w->busy = 0;
    world_run(w, 200000);
    for (uint32_t i = 0; i < w->ask_count; i++) {
        const struct world_ask *a = &w->asks[i];
        CHECK_EQ(1, a->answered + a->failed + a->cancelled);
        CHECK(a->answered == 0 || a->delivered != 0);
    }
    CHECK_EQ(w->counter, w->seen);
    CHECK(w->observation != 0);
    CHECK_EQ(1, w->ep[0].used.exchanges);
    CHECK_EQ(0, w->ep[1].used.exchanges);
}

void world_end(struct world *w)
{
    for (int i = 0; i < 2; i++) {
        tomte_coap_wipe(&w->ep[i]);
        free(w->memory[i]);
    }
}

/* In a random order among those that are due. */
static void deliver(struct world *w)
{
    int i = 0;
    while (i < w->on_wire) {
        if (w->wire[i].at_ms > w->now_ms) {
            i++;
            continue;
        }
        static struct world_packet p;
        p = w->wire[i];
        w->wire[i] = w->wire[--w->on_wire];
        (void)tomte_coap_step(
            &w->ep[p.to],
            &(struct tomte_coap_event){.kind = TOMTE_COAP_EVENT_DATAGRAM,
                                       .now_ms = w->now_ms,
                                       .from = w->addr[1 - p.to],
                                       .bytes = TOMTE_SPAN(p.bytes, p.len)});
        drain(w, p.to);
        i = 0;
    }
}

static void timers(struct world *w)
{
    for (int i = 0; i < 2; i++) {
        if (tomte_coap_deadline(&w->ep[i]) > w->now_ms)
            continue;
        (void)tomte_coap_step(&w->ep[i], &(struct tomte_coap_event){
                                             .kind = TOMTE_COAP_EVENT_TIMER,
                                             .now_ms = w->now_ms});
        CHECK(tomte_coap_deadline(&w->ep[i]) > w->now_ms);
        drain(w, i);
    }
}

static void send(struct world *w, int from, struct tomte_span bytes)
{
    int copies = tomte_random_chance(&w->random, w->twice) ? 2 : 1;
    w->repeated += copies == 2;
    for (; copies > 0; copies--) {
        if (tomte_random_chance(&w->random, w->loss)) {
            w->lost++;
            continue;
        }
        CHECK(w->on_wire < WORLD_PACKETS);
        struct world_packet *p = &w->wire[w->on_wire++];
        p->at_ms = w->now_ms + tomte_random_below(&w->random, w->delay_ms + 1);
        p->to = (uint8_t)(1 - from);
        p->len = bytes.len;
        memcpy(p->bytes, bytes.data, bytes.len);
    }
}

static struct tomte_coap_parts parts(uint8_t code, const uint32_t *value)
{
    return (struct tomte_coap_parts){
        .code = code, .payload = TOMTE_SPAN(value, sizeof *value)};
}

static uint32_t value_of(const struct tomte_coap_msg *m)
{
    uint32_t v;
    CHECK_EQ(sizeof v, m->payload.len);
    memcpy(&v, m->payload.data, sizeof v);
    return v;
}

/* A request that carries its number, now and then far longer than that. */
static void ask(struct world *w, int who)
{
    if (w->ask_count == WORLD_ASKS)
        return;
    uint32_t id = w->ask_count;
    struct world_ask *a = &w->asks[id];
    static uint8_t fill[600];
    uint8_t memory[700];
    struct tomte_coap_options o;
    *a = (struct world_ask){.from = (uint8_t)who,
                            .safe = tomte_random_chance(&w->random, 300)};
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    if (tomte_random_chance(&w->random, 100))
        tomte_coap_put(
            &o, 2050,
            TOMTE_SPAN(fill, tomte_random_below(&w->random, sizeof fill)));
    struct tomte_coap_request r = {
        .to = w->addr[1 - who],
        .parts = parts(a->safe ? TOMTE_COAP_GET : TOMTE_COAP_POST, &id),
        .cookie = id,
        .confirmable = tomte_random_chance(&w->random, 800)};
    CHECK_OK(tomte_coap_options_end(&o, &r.parts.options));
    if (tomte_coap_request(&w->ep[who], w->now_ms, &r, &a->handle) == TOMTE_OK)
        w->ask_count++;
}

static void cancel(struct world *w, int who)
{
    if (w->ask_count == 0)
        return;
    struct world_ask *a =
        &w->asks[tomte_random_below(&w->random, w->ask_count)];
    if (a->from != who || a->answered + a->failed + a->cancelled != 0)
        return;
    tomte_coap_cancel(&w->ep[who], a->handle);
    a->cancelled = 1;
}

/* The counter's value travels as the payload, the request has none. */
static void observe(struct world *w)
{
    static const uint8_t observe_0[] = {0x60};
    struct tomte_coap_request r = {
        .to = w->addr[1],
        .parts = {.code = TOMTE_COAP_GET,
                  .options = TOMTE_SPAN_ARRAY(observe_0)},
        .cookie = NO_ID,
        .confirmable = true};
    enum tomte_err err =
        w->observation == 0
            ? tomte_coap_request(&w->ep[0], w->now_ms, &r, &w->observation)
            : tomte_coap_renew(&w->ep[0], w->now_ms, w->observation, &r.parts);
    if (err != TOMTE_OK && err != TOMTE_ERR_STATE)
        CHECK(err == TOMTE_ERR_FULL || err == TOMTE_ERR_AGAIN);
}

static void act(struct world *w, int who)
{
    uint64_t choice = tomte_random_below(&w->random, 100);
    if (choice < 70) {
        ask(w, who);
    } else if (choice < 75) {
        cancel(w, who);
    } else if (who == 1) {
        w->counter++;
        notify(w);
    }
}

static void notify(struct world *w)
{
    uint32_t at = 0;
    struct tomte_coap_parts p = parts(TOMTE_COAP_CONTENT, &w->counter);
    w->dirty = false;
    while ((at = tomte_coap_next_observer(&w->ep[1], COUNTER, at)) != 0) {
        bool confirm = tomte_random_chance(&w->random, 500);
        enum tomte_err err =
            tomte_coap_notify(&w->ep[1], w->now_ms, at, &p, confirm);
        CHECK(err == TOMTE_OK || err == TOMTE_ERR_FULL);
        w->dirty |= err != TOMTE_OK;
    }
}

static void promise(struct world *w, int who, uint64_t in_ms, uint32_t handle,
                    uint32_t id)
{
    if (w->answer_count[who] == 256)
        return;
    w->answers[who][w->answer_count[who]++] =
        (struct world_answer){w->now_ms + in_ms, handle, id};
}

/* NOT_FOUND: the endpoint gave up waiting for us. FULL: later. */
static void answer(struct world *w, int who, uint32_t handle, uint32_t id)
{
    uint32_t observer, value = id;
    if (id == NO_ID) {
        value = w->counter;
        if (tomte_coap_observe(&w->ep[who], handle, COUNTER, 0, &observer) !=
            TOMTE_OK)
            return;
    }
    struct tomte_coap_parts p = parts(TOMTE_COAP_CONTENT, &value);
    enum tomte_err err = tomte_coap_respond(&w->ep[who], w->now_ms, handle, &p);
    CHECK(err == TOMTE_OK || err == TOMTE_ERR_NOT_FOUND ||
          err == TOMTE_ERR_FULL || err == TOMTE_ERR_AGAIN);
    if (err == TOMTE_ERR_FULL || err == TOMTE_ERR_AGAIN)
        promise(w, who, 200, handle, id);
}

static void keep_promises(struct world *w, int who)
{
    for (int i = 0; i < w->answer_count[who];) {
        struct world_answer a = w->answers[who][i];
        if (a.at_ms > w->now_ms) {
            i++;
            continue;
        }
        w->answers[who][i] = w->answers[who][--w->answer_count[who]];
        answer(w, who, a.handle, a.id);
    }
    if (who == 1 && w->dirty)
        notify(w);
    if (who == 0 && w->observation == 0)
        observe(w);
}

static void on_request(struct world *w, int who,
                       const struct tomte_coap_effect *e)
{
    uint32_t id = e->msg.payload.len == 0 ? NO_ID : value_of(&e->msg);
    if (id != NO_ID) {
        CHECK(id < w->ask_count && w->asks[id].from == 1 - who);
        w->asks[id].delivered++;
        CHECK(w->asks[id].delivered == 1 || (w->small && w->asks[id].safe));
    }
    uint64_t choice = tomte_random_below(&w->random, 100);
    if (choice < 60)
        answer(w, who, e->handle, id);
    else if (choice < 95)
        promise(w, who, tomte_random_below(&w->random, 2000), e->handle, id);
    else
        tomte_coap_drop(&w->ep[who], w->now_ms, e->handle);
}

static void on_response(struct world *w, const struct tomte_coap_effect *e)
{
    if (e->cookie == NO_ID) {
        w->seen = value_of(&e->msg);
        if (e->last)
            w->observation = 0;
        return;
    }
    struct world_ask *a = &w->asks[e->cookie];
    CHECK(e->last);
    CHECK_EQ(e->cookie, value_of(&e->msg));
    CHECK_EQ(0, a->answered + a->failed + a->cancelled);
    a->answered = 1;
}

static void on_failed(struct world *w, const struct tomte_coap_effect *e)
{
    if (e->cookie == NO_ID) {
        w->observation = 0;
        return;
    }
    struct world_ask *a = &w->asks[e->cookie];
    CHECK_EQ(0, a->answered + a->failed + a->cancelled);
    a->failed = 1;
}

static void drain(struct world *w, int who)
{
    struct tomte_coap_effect e;
    while (tomte_coap_poll(&w->ep[who], &e)) {
        switch (e.kind) {
        case TOMTE_COAP_SEND:
            send(w, who, e.bytes);
            break;
        case TOMTE_COAP_REQUEST:
            on_request(w, who, &e);
            break;
        case TOMTE_COAP_RESPONSE:
            on_response(w, &e);
            break;
        case TOMTE_COAP_FAILED:
            on_failed(w, &e);
            break;
        case TOMTE_COAP_STALE:
            observe(w);
            break;
        default:
            CHECK_EQ(TOMTE_COAP_GONE, e.kind);
        }
    }
}
