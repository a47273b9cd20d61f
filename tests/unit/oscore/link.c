/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include <stdlib.h>

enum { CLIENT, SERVER };

#define STEP_MS   10
#define MAX_AGE_S 5          /* hidden from the endpoint, which must be told */
#define COUNTER   7          /* resource */
#define OBSERVE   UINT64_MAX /* cookie of the observation */

static void drain(struct link *w, int who);
static void notify(struct link *w);

/* ---- set-up ---- */

static void start_side(struct link *w, int who)
{
    struct link_side *s = &w->side[who];
    struct tomte_coap_config c = tomte_coap_config_default(0);
    struct tomte_oscore_config config = pair_config(who == CLIENT);
    struct tomte_arena arena;
    c.peers = 2;
    c.exchanges = 64;
    c.inbound = c.inbound_per_peer = 128;
    c.observers = 4;
    c.blocks = 512;
    c.seed = tomte_random_next(&w->random);
    size_t size = tomte_coap_memory(&c);
    if (s->memory == NULL)
        s->memory = malloc(size);
    CHECK(s->memory != NULL);
    tomte_arena_init(&arena, s->memory, size);
    CHECK_OK(tomte_coap_init(&s->ep, &c, &arena));
    CHECK_OK(tomte_coap_link(&s->ep, w->now_ms, &w->side[1 - who].addr));
    config.volatile_keys = false;
    config.restarted = s->started;
    config.stored = s->flash;
    config.step = 16;
    tomte_random_fill(&w->random, TOMTE_BUF_ARRAY(config.echo));
    CHECK_OK(tomte_oscore_init(&s->o, &tomte_crypto_fake, &config));
    s->started = true;
}

void link_start(struct link *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    tomte_random_init(&w->random, seed);
    for (uint8_t i = 0; i < 2; i++)
        w->side[i].addr = tomte_addr_ipv4((uint8_t[]){10, 0, 0, i}, 5683);
    start_side(w, CLIENT);
    start_side(w, SERVER);
}

void link_restart(struct link *w)
{
    w->restarts++;
    w->observer.handle = 0;
    start_side(w, SERVER);
}

void link_end(struct link *w)
{
    for (int i = 0; i < 2; i++) {
        tomte_coap_wipe(&w->side[i].ep);
        tomte_oscore_wipe(&w->side[i].o);
        free(w->side[i].memory);
    }
}

/* ---- the network ---- */

static void transmit(struct link *w, int from, struct tomte_span bytes)
{
    int copies = tomte_random_chance(&w->random, w->twice) ? 2 : 1;
    for (; copies > 0; copies--) {
        if (tomte_random_chance(&w->random, w->loss))
            continue;
        CHECK(w->on_wire < LINK_PACKETS);
        struct link_packet *p = &w->wire[w->on_wire++];
        p->at_ms = w->now_ms + tomte_random_below(&w->random, w->delay_ms + 1);
        p->to = (uint8_t)(1 - from);
        p->len = bytes.len;
        memcpy(p->bytes, bytes.data, bytes.len);
    }
}

static void deliver(struct link *w)
{
    for (int i = 0; i < w->on_wire;) {
        if (w->wire[i].at_ms > w->now_ms) {
            i++;
            continue;
        }
        static struct link_packet p;
        p = w->wire[i];
        w->wire[i] = w->wire[--w->on_wire];
        (void)tomte_coap_step(
            &w->side[p.to].ep,
            &(struct tomte_coap_event){.kind = TOMTE_COAP_EVENT_DATAGRAM,
                                       .now_ms = w->now_ms,
                                       .from = w->side[1 - p.to].addr,
                                       .bytes = TOMTE_SPAN(p.bytes, p.len)});
        drain(w, p.to);
        i = 0;
    }
}

/* ---- storing ---- */

/* Stored at once: nothing leaves in between. */
static void store(struct link_side *s)
{
    struct tomte_oscore_effect e;
    while (tomte_oscore_poll(&s->o, &e)) {
        CHECK(e.sequence > s->flash);
        s->flash = e.sequence;
        tomte_oscore_stored(&s->o, e.sequence);
    }
}

static void protect_request(struct link *w,
                            const struct tomte_coap_parts *plain,
                            struct note *out)
{
    struct link_side *s = &w->side[CLIENT];
    if (ask(&s->o, plain, out) == TOMTE_OK)
        return;
    store(s);
    CHECK_OK(ask(&s->o, plain, out));
}

static void protect_response(struct link *w, struct tomte_oscore_exchange *x,
                             const struct tomte_coap_parts *plain,
                             struct note *out)
{
    struct link_side *s = &w->side[SERVER];
    if (answer(&s->o, x, plain, out) == TOMTE_OK)
        return;
    store(s);
    CHECK_OK(answer(&s->o, x, plain, out));
}

/* ---- the client ---- */

/* One try of a message: [number, try] as payload, with an Echo or without. */
static void post(struct link *w, uint32_t id, struct tomte_span echo)
{
    struct link_ask *a = &w->asks[id];
    struct list list;
    struct note out;
    uint8_t payload[5] = {0, 0, 0, 0, a->try};
    tomte_put_be32(payload, id);
    list_start(&list);
    tomte_coap_put_path(&list.o, TOMTE_SPAN_LIT("/messages"));
    if (echo.len > 0)
        tomte_coap_put(&list.o, TOMTE_COAP_OPT_ECHO, echo);
    struct tomte_coap_parts plain = {.code = TOMTE_COAP_POST,
                                     .options = list_end(&list),
                                     .payload = TOMTE_SPAN_ARRAY(payload)};
    protect_request(w, &plain, &out);
    a->x = out.x;
    struct tomte_coap_request r = {.to = w->side[SERVER].addr,
                                   .parts = out.parts,
                                   .cookie = id,
                                   .confirmable =
                                       tomte_random_chance(&w->random, 800)};
    if (tomte_coap_request(&w->side[CLIENT].ep, w->now_ms, &r, &a->handle) !=
        TOMTE_OK)
        a->ended++;
}

void link_post(struct link *w)
{
    if (w->ask_count < LINK_ASKS)
        post(w, w->ask_count++, TOMTE_SPAN_NONE);
}

/* Registers, or registers again under the same token. */
static void observe(struct link *w, struct tomte_span echo)
{
    struct list list;
    struct note out;
    struct tomte_coap_parts plain = get(&list, 0);
    if (echo.len > 0)
        tomte_coap_put(&list.o, TOMTE_COAP_OPT_ECHO, echo);
    plain.options = list_end(&list);
    protect_request(w, &plain, &out);
    w->registration = out.x;
    w->registered_seen = 0;
    struct tomte_coap_request r = {.to = w->side[SERVER].addr,
                                   .parts = out.parts,
                                   .cookie = OBSERVE,
                                   .confirmable = true};
    struct tomte_coap *ep = &w->side[CLIENT].ep;
    enum tomte_err err =
        w->observation == 0
            ? tomte_coap_request(ep, w->now_ms, &r, &w->observation)
            : tomte_coap_renew(ep, w->now_ms, w->observation, &r.parts);
    CHECK(err == TOMTE_OK || err == TOMTE_ERR_STATE || err == TOMTE_ERR_FULL);
}

static void on_notification(struct link *w, const struct tomte_coap_effect *e,
                            const struct tomte_coap_parts *message)
{
    uint8_t memory[256];
    struct tomte_coap_parts plain;
    struct tomte_span echo;
    if (e->last)
        w->observation = 0;
    if (tomte_oscore_unprotect_response(&w->side[CLIENT].o, &w->registration,
                                        message, TOMTE_BUF_ARRAY(memory),
                                        &plain) != TOMTE_OK)
        return;
    if (tomte_coap_find(plain.options, TOMTE_COAP_OPT_ECHO, &echo)) {
        w->challenges++;
        observe(w, echo);
        return;
    }
    CHECK_EQ(TOMTE_COAP_CONTENT, plain.code);
    CHECK_EQ(4, plain.payload.len);
    uint32_t value = tomte_get_be32(plain.payload.data);
    CHECK(value >= w->registered_seen && value <= w->counter);
    w->seen = w->registered_seen = value;
    w->notifications++;
    uint32_t max_age_s = 0;
    CHECK(tomte_coap_find_uint(plain.options, TOMTE_COAP_OPT_MAX_AGE,
                               &max_age_s));
    CHECK_EQ(MAX_AGE_S, max_age_s);
    tomte_coap_set_max_age(&w->side[CLIENT].ep, w->now_ms, e->handle,
                           max_age_s);
}

static void on_answer(struct link *w, const struct tomte_coap_effect *e,
                      const struct tomte_coap_parts *message)
{
    struct link_ask *a = &w->asks[e->cookie];
    uint8_t memory[256];
    struct tomte_coap_parts plain;
    struct tomte_span echo;
    enum tomte_err err = tomte_oscore_unprotect_response(
        &w->side[CLIENT].o, &a->x, message, TOMTE_BUF_ARRAY(memory), &plain);
    if (err == TOMTE_ERR_NOT_FOUND) { /* a refusal: who knows by whom */
        w->refusals++;
        a->ended++;
        return;
    }
    CHECK_OK(err);
    if (tomte_coap_find(plain.options, TOMTE_COAP_OPT_ECHO, &echo) &&
        a->try + 1 < LINK_TRIES) {
        w->challenges++;
        a->try++;
        post(w, (uint32_t)e->cookie, echo);
        return;
    }
    a->ended++;
    if (plain.code != TOMTE_COAP_CHANGED)
        return;
    a->answered = true;
    w->answers++;
    CHECK_EQ(5, plain.payload.len);
    CHECK_EQ(e->cookie, tomte_get_be32(plain.payload.data));
    CHECK_EQ(a->try, plain.payload.data[4]);
    CHECK_EQ(1, a->delivered[a->try]);
}

/* ---- the server ---- */

static struct tomte_coap_parts
counter_parts(const struct link *w, struct list *list, uint8_t payload[4])
{
    struct tomte_coap_parts p = content(list, "", 0);
    tomte_coap_put_uint(&list->o, TOMTE_COAP_OPT_MAX_AGE, MAX_AGE_S);
    p.options = list_end(list);
    tomte_put_be32(payload, w->counter);
    p.payload = TOMTE_SPAN(payload, 4);
    return p;
}

static void notify(struct link *w)
{
    struct list list;
    struct note out;
    uint8_t payload[4];
    if (w->observer.handle == 0)
        return;
    struct tomte_coap_parts plain = counter_parts(w, &list, payload);
    protect_response(w, &w->observer.x, &plain, &out);
    enum tomte_err err =
        tomte_coap_notify(&w->side[SERVER].ep, w->now_ms, w->observer.handle,
                          &out.parts, tomte_random_chance(&w->random, 500));
    if (err != TOMTE_OK)
        w->observer.handle = 0;
}

static void respond(struct link *w, uint32_t handle,
                    const struct tomte_coap_parts *parts)
{
    enum tomte_err err =
        tomte_coap_respond(&w->side[SERVER].ep, w->now_ms, handle, parts);
    CHECK(err == TOMTE_OK || err == TOMTE_ERR_FULL);
    if (err == TOMTE_ERR_FULL)
        tomte_coap_drop(&w->side[SERVER].ep, w->now_ms, handle);
}

static void serve_plain(struct link *w, uint32_t handle,
                        struct tomte_oscore_exchange *x,
                        const struct tomte_coap_parts *plain)
{
    struct list list;
    struct note out;
    uint8_t payload[4];
    if (plain->code == TOMTE_COAP_GET) {
        CHECK(x->observe);
        if (tomte_coap_observe(&w->side[SERVER].ep, handle, COUNTER, 0,
                               &w->observer.handle) != TOMTE_OK)
            w->observer.handle = 0;
        struct tomte_coap_parts reply = counter_parts(w, &list, payload);
        protect_response(w, x, &reply, &out);
        w->observer.x = *x;
    } else {
        CHECK_EQ(TOMTE_COAP_POST, plain->code);
        CHECK_EQ(5, plain->payload.len);
        uint32_t id = tomte_get_be32(plain->payload.data);
        CHECK(id < w->ask_count);
        CHECK_EQ(0, w->asks[id].delivered[plain->payload.data[4]]++);
        struct tomte_coap_parts reply = {.code = TOMTE_COAP_CHANGED,
                                         .payload = plain->payload};
        protect_response(w, x, &reply, &out);
    }
    respond(w, handle, &out.parts);
}

static void on_request(struct link *w, uint32_t handle,
                       const struct tomte_coap_parts *message)
{
    struct link_side *s = &w->side[SERVER];
    struct tomte_oscore_exchange x;
    struct tomte_coap_parts plain;
    struct note out;
    uint8_t memory[256];
    enum tomte_err err = tomte_oscore_unprotect_request(
        &s->o, message, TOMTE_BUF_ARRAY(memory), &x, &plain);
    if (err == TOMTE_OK) {
        serve_plain(w, handle, &x, &plain);
        return;
    }
    if (err == TOMTE_ERR_AGAIN) {
        if (tomte_oscore_challenge(&s->o, &x, TOMTE_BUF_ARRAY(out.bytes),
                                   &out.parts) != TOMTE_OK) {
            store(s);
            CHECK_OK(tomte_oscore_challenge(
                &s->o, &x, TOMTE_BUF_ARRAY(out.bytes), &out.parts));
        }
    } else {
        CHECK_EQ(TOMTE_ERR_STALE, err);
        tomte_oscore_refuse(err, TOMTE_BUF_ARRAY(out.bytes), &out.parts);
    }
    respond(w, handle, &out.parts);
}

/* ---- the loop ---- */

static void up(struct link *w, int who, const struct tomte_coap_effect *e)
{
    struct tomte_coap_parts message = {.code = e->msg.code,
                                       .options = e->msg.options,
                                       .payload = e->msg.payload};
    if (e->kind == TOMTE_COAP_REQUEST) {
        CHECK_EQ(SERVER, who);
        on_request(w, e->handle, &message);
    } else if (e->kind == TOMTE_COAP_RESPONSE && e->cookie == OBSERVE) {
        on_notification(w, e, &message);
    } else if (e->kind == TOMTE_COAP_RESPONSE) {
        on_answer(w, e, &message);
    } else if (e->kind == TOMTE_COAP_FAILED && e->cookie == OBSERVE) {
        w->observation = 0;
    } else if (e->kind == TOMTE_COAP_FAILED) {
        w->asks[e->cookie].ended++;
    } else if (e->kind == TOMTE_COAP_STALE) {
        observe(w, TOMTE_SPAN_NONE);
    } else if (e->kind == TOMTE_COAP_GONE && w->observer.handle == e->handle) {
        w->observer.handle = 0;
    }
}

static void drain(struct link *w, int who)
{
    struct tomte_coap_effect e;
    while (tomte_coap_poll(&w->side[who].ep, &e)) {
        if (e.kind == TOMTE_COAP_SEND)
            transmit(w, who, e.bytes);
        else
            up(w, who, &e);
    }
}

static void timers(struct link *w)
{
    for (int i = 0; i < 2; i++) {
        if (tomte_coap_deadline(&w->side[i].ep) <= w->now_ms)
            (void)tomte_coap_step(
                &w->side[i].ep,
                &(struct tomte_coap_event){.kind = TOMTE_COAP_EVENT_TIMER,
                                           .now_ms = w->now_ms});
        drain(w, i);
    }
}

void link_run(struct link *w, uint64_t ms)
{
    for (uint64_t end = w->now_ms + ms; w->now_ms < end; w->now_ms += STEP_MS) {
        deliver(w);
        timers(w);
        if (w->observation == 0)
            observe(w, TOMTE_SPAN_NONE);
        if (tomte_random_chance(&w->random, w->busy))
            link_post(w);
        if (tomte_random_chance(&w->random, w->busy)) {
            w->counter++;
            notify(w);
        }
        if (tomte_random_below(&w->random, 1000000) < w->restart)
            link_restart(w);
        drain(w, CLIENT);
        drain(w, SERVER);
    }
}

void link_calm(struct link *w)
{
    w->loss = w->twice = w->busy = w->restart = 0;
    link_run(w, 200000);
    for (uint32_t i = 0; i < w->ask_count; i++)
        CHECK_EQ(1, w->asks[i].ended);
    CHECK_EQ(w->counter, w->seen);
    CHECK(w->observation != 0 && w->observer.handle != 0);
}
