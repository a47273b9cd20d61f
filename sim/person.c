/* SPDX-License-Identifier: Apache-2.0 */
/* The person of a simulated home: an ordinary CoAP client that deploys, presses
 * buttons and looks at channels. */
#include "person.h"

#include "channel/message.h"

#include <stdlib.h>
#include <string.h>

struct person *person_new(struct sim *w, uint64_t seed)
{
    struct person *p = calloc(1, sizeof *p);
    TOMTE_ASSERT(p != NULL);
    struct tomte_coap_config config = tomte_coap_config_default(seed);
    size_t size = tomte_coap_memory(&config);
    p->w = w;
    p->memory = malloc(size);
    tomte_arena_init(&p->arena, p->memory, size);
    enum tomte_err err = tomte_coap_init(&p->coap, &config, &p->arena);
    TOMTE_ASSERT(err == TOMTE_OK);
    p->timer_us = UINT64_MAX;
    p->asked = calloc(config.exchanges, sizeof *p->asked);
    TOMTE_ASSERT(p->asked != NULL);
    tomte_random_init(&p->random, seed + 1);
    for (uint16_t i = 0; i < w->nodes_len; i++)
        person_admit(p, i);
    return p;
}

void person_free(struct person *p)
{
    for (unsigned i = 0; i < p->count; i++)
        free(p->deploys[i].image);
    free(p->memory);
    free(p->asked);
    free(p);
}

uint64_t person_now_ms(const struct person *p)
{
    return p->w->now_us / 1000;
}

/* ---- presses and looks ---- */

static bool ask(struct person *p, uint16_t node,
                const struct tomte_channel_request *c, uint64_t cookie)
{
    uint8_t options[TOMTE_CHANNEL_OPTIONS_MAX];
    struct tomte_coap_parts parts;
    enum tomte_err err =
        tomte_channel_request_encode(c, TOMTE_BUF_ARRAY(options), &parts);
    TOMTE_ASSERT(err == TOMTE_OK);
    return person_send(p, node, &parts, cookie);
}

static void name_channel(struct tomte_channel_request *c, const char *channel)
{
    enum tomte_err err =
        tomte_channel_name_parse(tomte_span_str(channel), &c->channel);
    TOMTE_ASSERT(err == TOMTE_OK);
}

static uint16_t next_number(const struct person *p, uint16_t node)
{
    for (unsigned i = p->presses_len; i-- > 0;)
        if (p->presses[i].node == node)
            return (uint16_t)(p->presses[i].number + 1);
    return 0;
}

void person_press(struct person *p, uint16_t node, const char *channel)
{
    uint16_t n = next_number(p, node);
    uint8_t payload[] = {0x81, 0xa1, 0x02, 0x19, (uint8_t)(n >> 8), (uint8_t)n};
    size_t len = sizeof payload;
    if (n < 24) { /* deterministic CBOR: the shortest form */
        payload[3] = (uint8_t)n;
        len = 4;
    } else if (n < 256) {
        payload[3] = 0x18;
        payload[4] = (uint8_t)n;
        len = 5;
    }
    struct tomte_channel_request c = {.op = TOMTE_CHANNEL_SEND,
                                      .format = TOMTE_FORMAT_SENML_CBOR,
                                      .payload = TOMTE_SPAN(payload, len)};
    name_channel(&c, channel);
    if (p->presses_len == PRESSES_MAX ||
        !ask(p, node, &c, (uint64_t)p->presses_len << 8 | COOKIE_PRESS))
        return;
    p->presses[p->presses_len++] =
        (struct press){.node = node,
                       .number = n,
                       .open = true,
                       .boot = p->w->nodes[node].boot};
    p->w->counts.pressed++;
    person_drain(p);
}

static void press_answer(struct person *p, uint64_t i, enum tomte_err err)
{
    struct press *press = &p->presses[i];
    press->open = false;
    press->acknowledged = err == TOMTE_OK;
    press->refused = err != TOMTE_OK;
    press->boot_end = p->w->nodes[press->node].boot;
    p->w->counts.acknowledged += err == TOMTE_OK;
}

const struct press *person_presses(const struct person *p, unsigned *count)
{
    *count = p->presses_len;
    return p->presses;
}

void person_look(struct person *p, uint16_t node, const char *channel)
{
    struct tomte_channel_request c = {.op = TOMTE_CHANNEL_READ};
    TOMTE_ASSERT(!p->look.open);
    name_channel(&c, channel);
    p->look = (struct look){.open = ask(p, node, &c, COOKIE_LOOK)};
    person_drain(p);
}

static void look_answer(struct person *p, const struct tomte_coap_msg *msg)
{
    struct tomte_channel_content content;
    p->look.open = false;
    if (tomte_channel_content_decode(msg, &content) != TOMTE_OK ||
        !content.has_origin)
        return;
    p->look.found = true;
    p->look.epoch = content.origin.epoch;
    p->look.len = (uint16_t)content.payload.len;
    memcpy(p->look.bytes, content.payload.data, content.payload.len);
}

const struct look *person_seen(const struct person *p)
{
    return &p->look;
}

/* ---- the endpoint ---- */

static void plan_timer(struct person *p)
{
    uint64_t ms = tomte_coap_deadline(&p->coap);
    uint64_t at = ms > UINT64_MAX / 2000 ? UINT64_MAX : ms * 1000 + 1000;
    if (!p->in_flight && !person_done(p) && p->retry_us < at)
        at = p->retry_us;
    if (at <= p->w->now_us)
        at = p->w->now_us + 1000;
    if (at == UINT64_MAX || (p->timer_us <= at && p->timer_us > p->w->now_us))
        return;
    p->timer_us = at;
    queue_put(&p->w->queue, (struct happening){.at_us = at,
                                               .kind = HAPPEN_PERSON,
                                               .node = SIM_NODES_MAX});
}

static void on_failure(struct person *p, uint64_t cookie)
{
    if ((cookie & 0xff) == COOKIE_DEPLOY)
        person_deploy_failed(p);
    else if ((cookie & 0xff) == COOKIE_PRESS)
        press_answer(p, cookie >> 8, TOMTE_ERR_TIMEOUT);
    else
        p->look.open = false;
}

static void on_answer(struct person *p, struct tomte_coap_effect *e)
{
    uint8_t room[2 * TOMTE_LIMIT_DATAGRAM_BYTES];
    uint64_t c = e->cookie;
    enum person_heard heard = person_open(p, e, TOMTE_BUF_ARRAY(room));
    if (heard == PERSON_ASKED_AGAIN)
        return;
    if (heard == PERSON_HEARD_NOBODY)
        on_failure(p, c);
    else if ((c & 0xff) == COOKIE_DEPLOY)
        person_deploy_answer(p, &e->msg);
    else if ((c & 0xff) == COOKIE_PRESS)
        press_answer(p, c >> 8, tomte_err_from_coap_code(e->msg.code));
    else
        look_answer(p, &e->msg);
}

static void on_effect(struct person *p, struct tomte_coap_effect *e)
{
    if (e->kind == TOMTE_COAP_SEND)
        sim_send(p->w, SIM_NODES_MAX, &e->peer, e->bytes);
    else if (e->kind == TOMTE_COAP_FAILED)
        on_failure(p, e->cookie);
    else if (e->kind == TOMTE_COAP_RESPONSE)
        on_answer(p, e);
}

void person_drain(struct person *p)
{
    struct tomte_coap_effect e;
    do {
        while (tomte_coap_poll(&p->coap, &e))
            on_effect(p, &e);
        person_go_on(p);
    } while (tomte_coap_poll(&p->coap, &e) && (on_effect(p, &e), true));
    plan_timer(p);
}

static void step_person(struct person *p, const struct tomte_addr *from,
                        struct tomte_span bytes)
{
    struct tomte_coap_event e = {.kind = TOMTE_COAP_EVENT_TIMER,
                                 .now_ms = person_now_ms(p)};
    if (from != NULL) {
        e.kind = TOMTE_COAP_EVENT_DATAGRAM;
        e.from = *from;
        e.bytes = bytes;
    }
    (void)tomte_coap_step(&p->coap, &e);
    person_drain(p);
}

void person_datagram(struct person *p, const struct tomte_addr *from,
                     struct tomte_span bytes)
{
    step_person(p, from, bytes);
}

void person_timer(struct person *p)
{
    if (p->timer_us <= p->w->now_us)
        p->timer_us = UINT64_MAX;
    step_person(p, NULL, TOMTE_SPAN_NONE);
}
