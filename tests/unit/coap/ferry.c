/* SPDX-License-Identifier: Apache-2.0 */
/* The network and the server. */
#include "ferry.h"

#include "audit.h"

#include <stdlib.h>

#define STEP_MS 40
#define STATE   1 /* resource */

static void send(struct ferry *f, int from, const struct tomte_coap_effect *e);
static void serve(struct ferry *f, const struct tomte_coap_effect *e);
static void notify(struct ferry *f);
static void drain(struct ferry *f, int who);

void ferry_start(struct ferry *f, const struct tomte_coap_config *config,
                 uint16_t places, uint8_t szx, uint64_t seed)
{
    struct tomte_arena arena;
    memset(f, 0, sizeof *f);
    tomte_random_init(&f->random, seed);
    size_t size = tomte_coap_memory(config);
    for (int i = 0; i <= FERRY_CLIENTS; i++) {
        struct tomte_coap_config c = *config;
        c.seed = tomte_random_next(&f->random);
        f->memory[i] = malloc(size);
        CHECK(f->memory[i] != NULL);
        tomte_arena_init(&arena, f->memory[i], size);
        CHECK_OK(tomte_coap_init(&f->ep[i], &c, &arena));
        f->addr[i] = tomte_addr_ipv4((uint8_t[]){10, 0, 0, (uint8_t)i}, 1);
    }
    struct tomte_coap_blocks_config b = {.places = places,
                                         .per_peer = places > 1 ? 2 : 1,
                                         .open = places,
                                         .body_bytes = FERRY_BYTES,
                                         .kept_ms = 30000,
                                         .szx = szx};
    size = tomte_coap_blocks_memory(&b);
    f->block_memory = malloc(size);
    CHECK(f->block_memory != NULL);
    tomte_arena_init(&arena, f->block_memory, size);
    CHECK_OK(tomte_coap_blocks_init(&f->blocks, &b, &arena));
    f->version = 1;
}

void ferry_end(struct ferry *f)
{
    for (int i = 0; i <= FERRY_CLIENTS; i++) {
        tomte_coap_wipe(&f->ep[i]);
        free(f->memory[i]);
    }
    tomte_coap_blocks_wipe(&f->blocks);
    free(f->block_memory);
}

static void deliver(struct ferry *f)
{
    static struct ferry_packet p;
    for (int i = 0; i < f->on_wire;) {
        if (f->wire[i].at_ms > f->now_ms) {
            i++;
            continue;
        }
        p = f->wire[i];
        f->wire[i] = f->wire[--f->on_wire];
        (void)tomte_coap_step(
            &f->ep[p.to],
            &(struct tomte_coap_event){.kind = TOMTE_COAP_EVENT_DATAGRAM,
                                       .now_ms = f->now_ms,
                                       .from = f->addr[p.from],
                                       .bytes = TOMTE_SPAN(p.bytes, p.len)});
        drain(f, p.to);
        i = 0;
    }
}

void ferry_run(struct ferry *f, uint64_t ms)
{
    for (uint64_t end = f->now_ms + ms; f->now_ms < end; f->now_ms += STEP_MS) {
        deliver(f);
        for (int i = 0; i <= FERRY_CLIENTS; i++) {
            (void)tomte_coap_step(&f->ep[i], &(struct tomte_coap_event){
                                                 .kind = TOMTE_COAP_EVENT_TIMER,
                                                 .now_ms = f->now_ms});
            drain(f, i);
            if (i < FERRY_CLIENTS)
                ferry_client_act(f, i);
            else if (f->dirty)
                notify(f);
            drain(f, i);
            if (f->now_ms % 1000 == 0)
                audit(&f->ep[i]);
        }
    }
}

/* A Max-Age, its grace, and a place that someone left occupied. */
void ferry_calm(struct ferry *f)
{
    f->loss = f->twice = f->busy = 0;
    ferry_run(f, 250000);
    for (int i = 0; i < FERRY_CLIENTS; i++)
        CHECK_EQ(f->version, f->client[i].seen);
}

void ferry_check_body(struct tomte_span body, uint32_t *number)
{
    CHECK(body.len >= 4);
    *number = tomte_get_le32(body.data);
    CHECK_EQ(ferry_len(*number), body.len);
    for (uint32_t i = 0; i < body.len; i++)
        CHECK_EQ(ferry_byte(*number, i), body.data[i]);
}

/* What goes over the wire keeps to the pace of RFC 7641 section 4.5.1; what is
 * sent again is of its first time. */
static void check_pace(struct ferry *f, int to, struct tomte_span bytes)
{
    struct tomte_coap_msg m;
    uint32_t observe;
    CHECK_OK(tomte_coap_decode(bytes, &m));
    if (!tomte_coap_find_uint(m.options, TOMTE_COAP_OPT_OBSERVE, &observe) ||
        m.type == TOMTE_COAP_ACK || m.mid == f->notified_mid[to])
        return;
    f->notified_mid[to] = m.mid;
    uint64_t last = f->notified_ms[to];
    CHECK(m.type == TOMTE_COAP_CON || last == 0 || f->now_ms - last >= 3000);
    f->notified_ms[to] = f->now_ms;
}

static void send(struct ferry *f, int from, const struct tomte_coap_effect *e)
{
    int to = e->peer.ip[15];
    if (from == FERRY_SERVER)
        check_pace(f, to, e->bytes);
    int copies = tomte_random_chance(&f->random, f->twice) ? 2 : 1;
    for (; copies > 0; copies--) {
        if (tomte_random_chance(&f->random, f->loss))
            continue;
        CHECK(f->on_wire < FERRY_PACKETS);
        struct ferry_packet *p = &f->wire[f->on_wire++];
        p->at_ms = f->now_ms + tomte_random_below(&f->random, f->delay_ms + 1u);
        p->from = (uint8_t)from;
        p->to = (uint8_t)to;
        p->len = (uint16_t)e->bytes.len;
        memcpy(p->bytes, e->bytes.data, e->bytes.len);
    }
}

static void drain(struct ferry *f, int who)
{
    struct tomte_coap_effect e;
    while (tomte_coap_poll(&f->ep[who], &e)) {
        if (e.kind == TOMTE_COAP_SEND)
            send(f, who, &e);
        else if (who != FERRY_SERVER)
            ferry_client_effect(f, who, &e);
        else if (e.kind == TOMTE_COAP_REQUEST)
            serve(f, &e);
    }
}

/* ---- the server ---- */

static struct tomte_coap_parts state(const struct ferry *f)
{
    static uint8_t body[FERRY_BYTES], etag[5] = {0x44};
    for (uint32_t i = 0; i < ferry_len(f->version); i++)
        body[i] = ferry_byte(f->version, i);
    tomte_put_le32(etag + 1, f->version);
    return (struct tomte_coap_parts){
        .code = TOMTE_COAP_CONTENT,
        .options = TOMTE_SPAN_ARRAY(etag),
        .payload = TOMTE_SPAN(body, ferry_len(f->version))};
}

static void change(struct ferry *f)
{
    f->version++;
    f->changes++;
    f->dirty = true;
}

static void serve(struct ferry *f, const struct tomte_coap_effect *e)
{
    struct tomte_coap *ep = &f->ep[FERRY_SERVER];
    struct tomte_coap_from from = {.peer = e->peer};
    struct tomte_coap_blocks_result r;
    struct tomte_coap_parts whole, first;
    uint32_t handle, number;
    tomte_coap_blocks_take(&f->blocks, f->now_ms, &from, &e->msg, &r);
    if (r.kind == TOMTE_COAP_BLOCKS_ANSWER) {
        (void)!tomte_coap_respond(ep, f->now_ms, e->handle, &r.parts);
        return;
    }
    if (e->msg.code == TOMTE_COAP_PUT) {
        ferry_check_body(r.body, &number);
        CHECK(number <= f->numbers);
        change(f);
        whole = (struct tomte_coap_parts){.code = TOMTE_COAP_CHANGED};
    } else {
        (void)!tomte_coap_observe(ep, e->handle, STATE,
                                  tomte_coap_blocks_operation(&e->msg),
                                  &handle);
        whole = state(f);
    }
    (void)!tomte_coap_blocks_answer(&f->blocks, f->now_ms, &from, &e->msg,
                                    &whole, &first);
    (void)!tomte_coap_respond(ep, f->now_ms, e->handle, &first);
}

static void notify(struct ferry *f)
{
    struct tomte_coap *ep = &f->ep[FERRY_SERVER];
    struct tomte_coap_parts whole = state(f), first;
    uint32_t at = 0;
    f->dirty = false;
    while ((at = tomte_coap_next_observer(ep, STATE, at)) != 0) {
        struct tomte_coap_from from = {.context = 0};
        uint64_t operation;
        CHECK(tomte_coap_observer(ep, at, &from.peer, &operation));
        CHECK_OK(tomte_coap_blocks_notify(&f->blocks, f->now_ms, &from,
                                          operation, 6, &whole, &first));
        if (tomte_coap_notify(ep, f->now_ms, at, &first, false) != TOMTE_OK)
            f->dirty = true;
    }
}
