/* SPDX-License-Identifier: Apache-2.0 */
/* The person of a simulated home: an ordinary CoAP client that sends images in
 * blocks, then the commands that use them, and presses buttons. What is not
 * answered is tried again, as a person would. */
#include "world.h"

#include "channel/message.h"
#include "coap/endpoint.h"
#include "container/container.h"
#include "crypto/crypto.h"
#include "home/command.h"

#include <stdlib.h>
#include <string.h>

#define DEPLOYS_MAX 64
#define BLOCK       1024u
#define RETRY_US    2000000u

struct deploy {
    char identity[32];
    uint8_t *image;
    size_t len;
    struct person_bind binds[TOMTE_LIMIT_PORTS];
};

struct person {
    struct sim *w;
    struct tomte_coap coap;
    struct tomte_arena arena;
    void *memory;
    struct deploy deploys[DEPLOYS_MAX];
    unsigned count, at;
    bool commanding; /* the image is there */
    uint32_t block;
    bool in_flight;
    uint64_t retry_us;
    uint64_t timer_us;
};

enum { COOKIE_DEPLOY = 1, COOKIE_PRESS };

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
    return p;
}

void person_free(struct person *p)
{
    for (unsigned i = 0; i < p->count; i++)
        free(p->deploys[i].image);
    free(p->memory);
    free(p);
}

static uint64_t now_ms(const struct person *p)
{
    return p->w->now_us / 1000;
}

bool person_done(const struct person *p)
{
    return p->at == p->count;
}

unsigned person_deployed(const struct person *p)
{
    return p->count;
}

/* ---- deploying ---- */

static uint8_t *read_image(const char *dir, const char *name, size_t *len)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.image", dir, name);
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        fprintf(stderr,
                "tomte-sim: %s cannot be read; build the containers "
                "first\n",
                path);
        exit(2);
    }
    uint8_t *data = malloc(TOMTE_IMAGE_BYTES_MAX);
    TOMTE_ASSERT(data != NULL);
    *len = fread(data, 1, TOMTE_IMAGE_BYTES_MAX, f);
    fclose(f);
    return data;
}

static enum tomte_err encode_command(const struct deploy *d,
                                     struct tomte_buf out,
                                     struct tomte_span *bytes)
{
    struct tomte_image image;
    struct tomte_name name;
    struct tomte_command c;
    enum tomte_err err = tomte_name_parse(tomte_span_str(d->identity), &name);
    if (err == TOMTE_OK)
        err = tomte_image_open(TOMTE_SPAN(d->image, d->len), &image);
    if (err != TOMTE_OK)
        return err;
    tomte_command_init(&c, TOMTE_COMMAND_CONTAINER, name);
    tomte_image_digest(&tomte_crypto_fake, image.bytes, c.digest);
    c.manifest = image.manifest;
    for (unsigned i = 0; err == TOMTE_OK && d->binds[i].port != NULL; i++) {
        struct tomte_bind *b = &c.binds[c.binds_len++];
        err = tomte_name_parse(tomte_span_str(d->binds[i].port), &b->port);
        if (err == TOMTE_OK && d->binds[i].channel != NULL)
            err = tomte_channel_name_parse(tomte_span_str(d->binds[i].channel),
                                           &b->channel);
        if (err == TOMTE_OK && d->binds[i].place != NULL)
            err =
                tomte_name_parse(tomte_span_str(d->binds[i].place), &b->place);
    }
    return err != TOMTE_OK ? err : tomte_command_encode(&c, out, bytes);
}

static void drain(struct person *p);

static void ask(struct person *p, uint8_t code, const char *path,
                struct tomte_span whole)
{
    uint8_t memory[256];
    struct tomte_coap_options o;
    struct tomte_coap_block block = {.num = p->block, .szx = 6};
    struct tomte_coap_request r = {.to = sim_addr(0),
                                   .cookie = COOKIE_DEPLOY,
                                   .confirmable = true,
                                   .timeout_ms = 8000};
    uint32_t handle;
    block.more = (size_t)(p->block + 1) * BLOCK < whole.len;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_path(&o, tomte_span_str(path));
    tomte_coap_put_block(&o, TOMTE_COAP_OPT_BLOCK1, &block);
    if (p->block == 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_SIZE1, (uint32_t)whole.len);
    r.parts.code = code;
    r.parts.payload = tomte_span_slice(whole, p->block * BLOCK, BLOCK);
    enum tomte_err err = tomte_coap_options_end(&o, &r.parts.options);
    TOMTE_ASSERT(err == TOMTE_OK);
    p->in_flight =
        tomte_coap_request(&p->coap, now_ms(p), &r, &handle) == TOMTE_OK;
}

static void go_on(struct person *p)
{
    static uint8_t command[TOMTE_COMMAND_BYTES_MAX];
    if (p->in_flight || person_done(p) || p->retry_us > p->w->now_us)
        return;
    const struct deploy *d = &p->deploys[p->at];
    struct tomte_span bytes = TOMTE_SPAN(d->image, d->len);
    if (p->commanding) {
        enum tomte_err err =
            encode_command(d, TOMTE_BUF_ARRAY(command), &bytes);
        TOMTE_ASSERT(err == TOMTE_OK);
        ask(p, TOMTE_COAP_POST, "/.tomte/command", bytes);
        return;
    }
    char path[128];
    struct tomte_text t;
    uint8_t digest[32];
    tomte_image_digest(&tomte_crypto_fake, bytes, digest);
    tomte_text_init(&t, path, sizeof path);
    tomte_text_str(&t, "/.tomte/blob/");
    tomte_text_hex(&t, TOMTE_SPAN_ARRAY(digest));
    ask(p, TOMTE_COAP_PUT, path, bytes);
}

static void deploy_answer(struct person *p, const struct tomte_coap_msg *msg)
{
    enum tomte_err err = tomte_err_from_coap_code(msg->code);
    p->in_flight = false;
    if (err != TOMTE_OK) {
        sim_trace(p->w, SIM_NODES_MAX, "%s: refused: %s: %.*s",
                  p->deploys[p->at].identity, tomte_err_name(err),
                  (int)msg->payload.len, (const char *)msg->payload.data);
        p->block = 0;
        p->commanding = false;
        p->retry_us = p->w->now_us + RETRY_US;
    } else if (msg->code == TOMTE_COAP_CONTINUE) {
        p->block++;
    } else {
        p->block = 0;
        sim_trace(p->w, SIM_NODES_MAX, "%s: %s accepted",
                  p->deploys[p->at].identity,
                  p->commanding ? "command" : "image");
        p->at += p->commanding;
        p->commanding = !p->commanding;
    }
}

void person_deploy(struct person *p, const char *identity, const char *image,
                   const struct person_bind *binds)
{
    TOMTE_ASSERT(p->count < DEPLOYS_MAX);
    struct deploy *d = &p->deploys[p->count++];
    snprintf(d->identity, sizeof d->identity, "%s", identity);
    d->image = read_image(p->w->containers, image, &d->len);
    for (unsigned i = 0; binds[i].port != NULL; i++)
        d->binds[i] = binds[i];
    go_on(p);
    drain(p);
}

/* ---- presses ---- */

void person_press(struct person *p, uint16_t node, const char *channel,
                  double value)
{
    uint8_t options[TOMTE_CHANNEL_OPTIONS_MAX];
    uint8_t payload[] = {0x81, 0xa1, 0x02, (uint8_t)value};
    struct tomte_channel_request c = {.op = TOMTE_CHANNEL_SEND,
                                      .format = TOMTE_FORMAT_SENML_CBOR,
                                      .payload = TOMTE_SPAN_ARRAY(payload)};
    struct tomte_coap_request r = {.to = sim_addr(node),
                                   .cookie = COOKIE_PRESS,
                                   .confirmable = true,
                                   .timeout_ms = 8000};
    uint32_t handle;
    enum tomte_err err =
        tomte_channel_name_parse(tomte_span_str(channel), &c.channel);
    if (err == TOMTE_OK)
        err = tomte_channel_request_encode(&c, TOMTE_BUF_ARRAY(options),
                                           &r.parts);
    TOMTE_ASSERT(err == TOMTE_OK);
    if (tomte_coap_request(&p->coap, now_ms(p), &r, &handle) == TOMTE_OK)
        p->w->counts.pressed++;
    drain(p);
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

static void on_effect(struct person *p, const struct tomte_coap_effect *e)
{
    if (e->kind == TOMTE_COAP_SEND)
        sim_send(p->w, SIM_NODES_MAX, &e->peer, e->bytes);
    else if (e->kind == TOMTE_COAP_RESPONSE && e->cookie == COOKIE_DEPLOY)
        deploy_answer(p, &e->msg);
    else if (e->kind == TOMTE_COAP_RESPONSE && e->cookie == COOKIE_PRESS)
        p->w->counts.acknowledged +=
            tomte_err_from_coap_code(e->msg.code) == TOMTE_OK;
    else if (e->kind == TOMTE_COAP_FAILED && e->cookie == COOKIE_DEPLOY) {
        p->in_flight = false;
        p->block = 0;
        p->retry_us = p->w->now_us + RETRY_US;
    }
}

static void drain(struct person *p)
{
    struct tomte_coap_effect e;
    do {
        while (tomte_coap_poll(&p->coap, &e))
            on_effect(p, &e);
        go_on(p);
    } while (tomte_coap_poll(&p->coap, &e) && (on_effect(p, &e), true));
    plan_timer(p);
}

static void step(struct person *p, const struct tomte_addr *from,
                 struct tomte_span bytes)
{
    struct tomte_coap_event e = {.kind = TOMTE_COAP_EVENT_TIMER,
                                 .now_ms = now_ms(p)};
    if (from != NULL) {
        e.kind = TOMTE_COAP_EVENT_DATAGRAM;
        e.from = *from;
        e.bytes = bytes;
    }
    (void)tomte_coap_step(&p->coap, &e);
    drain(p);
}

void person_datagram(struct person *p, const struct tomte_addr *from,
                     struct tomte_span bytes)
{
    step(p, from, bytes);
}

void person_timer(struct person *p)
{
    if (p->timer_us <= p->w->now_us)
        p->timer_us = UINT64_MAX;
    step(p, NULL, TOMTE_SPAN_NONE);
}
