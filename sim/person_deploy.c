/* SPDX-License-Identifier: Apache-2.0 */
/* How the person deploys: images in blocks, then the commands that use them.
 * What is not answered is tried again. */
#include "person.h"

#include "author.h"
#include "container/container.h"
#include "crypto/crypto.h"
#include "home/command.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK    1024u
#define RETRY_US 2000000u

bool person_done(const struct person *p)
{
    return p->at == p->count;
}

unsigned person_deployed(const struct person *p)
{
    return p->count;
}

const char *person_identity(const struct person *p, unsigned i)
{
    return p->deploys[i].identity;
}

/* Nothing has to be sent before it. */
static bool is_command(const struct deploy *d)
{
    return d->lease_ms != 0 || d->admit;
}

static uint8_t *read_image(const struct sim *w, const char *name, size_t *len)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.image", w->containers, name);
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
    uint8_t *image = sim_author_sign(w->crypto, TOMTE_SPAN(data, *len), len);
    free(data);
    return image;
}

static enum tomte_err encode_command(const struct sim *w,
                                     const struct deploy *d,
                                     struct tomte_buf out,
                                     struct tomte_span *bytes)
{
    struct tomte_image image;
    struct tomte_name name;
    struct tomte_command c;
    if (d->admit) {
        const struct sim_node *n = &w->nodes[d->node];
        tomte_command_init(&c, TOMTE_COMMAND_NODE, n->config.name);
        c.has_key = true;
        memcpy(c.key, n->open, sizeof c.key);
        return tomte_command_encode(&c, out, bytes);
    }
    if (d->lease_ms != 0) {
        tomte_command_init(&c, TOMTE_COMMAND_LEASE, (struct tomte_name){0});
        c.lease_ms = d->lease_ms;
        return tomte_command_encode(&c, out, bytes);
    }
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

static void ask(struct person *p, uint8_t code, const char *path,
                struct tomte_span whole)
{
    uint8_t memory[256];
    struct tomte_coap_options o;
    struct tomte_coap_block block = {.num = p->block, .szx = 6};
    struct tomte_coap_parts parts = {.code = code};
    block.more = (size_t)(p->block + 1) * BLOCK < whole.len;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_path(&o, tomte_span_str(path));
    tomte_coap_put_block(&o, TOMTE_COAP_OPT_BLOCK1, &block);
    if (p->block == 0)
        tomte_coap_put_uint(&o, TOMTE_COAP_OPT_SIZE1, (uint32_t)whole.len);
    parts.payload = tomte_span_slice(whole, p->block * BLOCK, BLOCK);
    enum tomte_err err = tomte_coap_options_end(&o, &parts.options);
    TOMTE_ASSERT(err == TOMTE_OK);
    p->in_flight = person_send(p, 0, &parts, COOKIE_DEPLOY);
}

void person_go_on(struct person *p)
{
    static uint8_t command[TOMTE_COMMAND_BYTES_MAX];
    if (p->in_flight || person_done(p) || p->retry_us > p->w->now_us)
        return;
    const struct deploy *d = &p->deploys[p->at];
    struct tomte_span bytes = TOMTE_SPAN(d->image, d->len);
    if (p->commanding || is_command(d)) {
        enum tomte_err err =
            encode_command(p->w, d, TOMTE_BUF_ARRAY(command), &bytes);
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

void person_deploy_answer(struct person *p, const struct tomte_coap_msg *msg)
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
        const struct deploy *d = &p->deploys[p->at];
        bool command = p->commanding || is_command(d);
        p->block = 0;
        sim_trace(p->w, SIM_NODES_MAX, "%s: %s accepted", d->identity,
                  command ? "command" : "image");
        p->at += command;
        p->commanding = !command;
    }
}

void person_deploy(struct person *p, const char *identity, const char *image,
                   const struct person_bind *binds)
{
    TOMTE_ASSERT(p->count < DEPLOYS_MAX);
    struct deploy *d = &p->deploys[p->count++];
    snprintf(d->identity, sizeof d->identity, "%s", identity);
    d->image = read_image(p->w, image, &d->len);
    for (unsigned i = 0; binds[i].port != NULL; i++)
        d->binds[i] = binds[i];
    person_go_on(p);
    person_drain(p);
}

void person_lease(struct person *p, uint32_t lease_ms)
{
    TOMTE_ASSERT(p->count < DEPLOYS_MAX);
    p->deploys[p->count++].lease_ms = lease_ms;
}

/* A node that burned while it waited to be admitted has another key now: what
 * is sent is the one it has then. */
void person_admit(struct person *p, uint16_t node)
{
    for (unsigned i = p->at + p->in_flight; i < p->count; i++)
        if (p->deploys[i].admit && p->deploys[i].node == node)
            return;
    TOMTE_ASSERT(p->count < DEPLOYS_MAX);
    struct deploy *d = &p->deploys[p->count++];
    d->admit = true;
    d->node = node;
}

void person_deploy_failed(struct person *p)
{
    p->in_flight = false;
    p->block = 0;
    p->retry_us = p->w->now_us + RETRY_US;
}
