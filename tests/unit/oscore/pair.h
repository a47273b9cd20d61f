/* SPDX-License-Identifier: Apache-2.0 */
/* A client and a server with one security context between them, and messages
 * to try it with. The crypto is the fake one: what it refuses and what it lets
 * pass is the same. */
#pragma once

#include "test.h"

#include "coap/message.h"
#include "oscore/oscore.h"

struct pair {
    struct tomte_oscore client, server;
};

static inline struct tomte_oscore_config pair_config(bool client)
{
    return (struct tomte_oscore_config){
        .master_secret = TOMTE_SPAN_LIT("a secret of ours"),
        .master_salt = TOMTE_SPAN_LIT("salt"),
        .sender_id = client ? TOMTE_SPAN_LIT("c") : TOMTE_SPAN_LIT("s"),
        .recipient_id = client ? TOMTE_SPAN_LIT("s") : TOMTE_SPAN_LIT("c"),
        .volatile_keys = true};
}

static inline void pair_make(struct pair *p)
{
    struct tomte_oscore_config c = pair_config(true), s = pair_config(false);
    CHECK_OK(tomte_oscore_init(&p->client, &tomte_crypto_fake, &c));
    CHECK_OK(tomte_oscore_init(&p->server, &tomte_crypto_fake, &s));
}

/* Messages in memory of their own. */
struct note {
    uint8_t bytes[512];
    struct tomte_coap_parts parts;
    struct tomte_oscore_exchange x;
};

struct list {
    uint8_t bytes[256];
    struct tomte_coap_options o;
};

static inline struct tomte_coap_options *list_start(struct list *l)
{
    tomte_coap_options_init(&l->o, TOMTE_BUF_ARRAY(l->bytes));
    return &l->o;
}

static inline struct tomte_span list_end(struct list *l)
{
    struct tomte_span options;
    CHECK_OK(tomte_coap_options_end(&l->o, &options));
    return options;
}

/* GET /t, `observe` below 0: without that option. */
static inline struct tomte_coap_parts get(struct list *l, int observe)
{
    list_start(l);
    tomte_coap_put_path(&l->o, TOMTE_SPAN_LIT("/t"));
    if (observe >= 0)
        tomte_coap_put_uint(&l->o, TOMTE_COAP_OPT_OBSERVE, (uint32_t)observe);
    return (struct tomte_coap_parts){.code = TOMTE_COAP_GET,
                                     .options = list_end(l)};
}

/* 2.05 with a payload, `observe` as above. */
static inline struct tomte_coap_parts content(struct list *l, const char *text,
                                              int observe)
{
    list_start(l);
    if (observe >= 0)
        tomte_coap_put_uint(&l->o, TOMTE_COAP_OPT_OBSERVE, (uint32_t)observe);
    return (struct tomte_coap_parts){.code = TOMTE_COAP_CONTENT,
                                     .options = list_end(l),
                                     .payload = tomte_span_str(text)};
}

static inline enum tomte_err ask(struct tomte_oscore *o,
                                 const struct tomte_coap_parts *plain,
                                 struct note *out)
{
    return tomte_oscore_protect_request(o, plain, TOMTE_BUF_ARRAY(out->bytes),
                                        &out->x, &out->parts);
}

static inline enum tomte_err serve(struct tomte_oscore *o,
                                   const struct note *in, struct note *out)
{
    return tomte_oscore_unprotect_request(
        o, &in->parts, TOMTE_BUF_ARRAY(out->bytes), &out->x, &out->parts);
}

static inline enum tomte_err answer(struct tomte_oscore *o,
                                    struct tomte_oscore_exchange *x,
                                    const struct tomte_coap_parts *plain,
                                    struct note *out)
{
    return tomte_oscore_protect_response(
        o, x, plain, TOMTE_BUF_ARRAY(out->bytes), &out->parts);
}

static inline enum tomte_err hear(struct tomte_oscore *o,
                                  struct tomte_oscore_exchange *x,
                                  const struct note *in, struct note *out)
{
    return tomte_oscore_unprotect_response(
        o, x, &in->parts, TOMTE_BUF_ARRAY(out->bytes), &out->parts);
}

/* The Partial IV in a message's OSCORE option; -1: none. */
static inline long long number_of(const struct note *n)
{
    struct tomte_oscore_option option;
    CHECK_OK(tomte_oscore_find(n->parts.options, &option));
    return option.has_piv ? (long long)option.piv : -1;
}
