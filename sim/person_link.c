/* SPDX-License-Identifier: Apache-2.0 */
/* The person's way to the nodes: each request sealed for the node that it goes
 * to, and said again with its Echo when the node wants to see that it is fresh.
 */
#include "person.h"

#include <stdlib.h>
#include <string.h>

/* One for each node, of the key that the node has now. */
static struct tomte_oscore *context(struct person *p, uint16_t node)
{
    struct sim *w = p->w;
    const struct sim_node *n = &w->nodes[node];
    struct person_bond *b = &p->bonds[node];
    if (b->used && memcmp(b->open, n->open, sizeof b->open) == 0)
        return &b->o;
    uint8_t program[TOMTE_PERSON_PROGRAM_BYTES] = {0};
    tomte_put_le64(program, tomte_random_next(&p->random));
    enum tomte_err err = tomte_person_ask(&b->o, n->config.crypto, w->home_id,
                                          &w->owner, n->open, program);
    TOMTE_ASSERT(err == TOMTE_OK);
    memcpy(b->open, n->open, sizeof b->open);
    b->used = true;
    return &b->o;
}

static struct tomte_coap_parts plain_of(const struct person_asked *a)
{
    return (struct tomte_coap_parts){
        .code = a->code,
        .options = TOMTE_SPAN(a->bytes, a->options_len),
        .payload = TOMTE_SPAN(a->bytes + a->options_len, a->payload_len)};
}

static bool send_sealed(struct person *p, const struct person_asked *a)
{
    uint8_t out[2 * TOMTE_LIMIT_DATAGRAM_BYTES];
    struct tomte_coap_parts plain = plain_of(a);
    struct tomte_coap_request r = {.to = sim_addr(a->node),
                                   .cookie = a->cookie,
                                   .confirmable = true,
                                   .timeout_ms = PERSON_TIMEOUT_MS};
    struct tomte_oscore_exchange x;
    uint32_t handle;
    struct tomte_oscore *o = context(p, a->node);
    if (tomte_oscore_protect_request(o, &plain, TOMTE_BUF_ARRAY(out), &x,
                                     &r.parts) != TOMTE_OK ||
        tomte_coap_request(&p->coap, person_now_ms(p), &r, &handle) != TOMTE_OK)
        return false;
    struct person_asked *kept = &p->asked[tomte_coap_place(handle)];
    if (kept != a)
        *kept = *a;
    kept->handle = handle;
    kept->x = x;
    return true;
}

bool person_send(struct person *p, uint16_t node,
                 const struct tomte_coap_parts *parts, uint64_t cookie)
{
    struct person_asked a = {.node = node,
                             .cookie = cookie,
                             .code = parts->code,
                             .options_len = (uint16_t)parts->options.len,
                             .payload_len = (uint16_t)parts->payload.len};
    TOMTE_ASSERT(parts->options.len + parts->payload.len <= sizeof a.bytes);
    if (parts->options.len > 0)
        memcpy(a.bytes, parts->options.data, parts->options.len);
    if (parts->payload.len > 0)
        memcpy(a.bytes + parts->options.len, parts->payload.data,
               parts->payload.len);
    return send_sealed(p, &a);
}

/* The same again, and fresh. */
static bool again(struct person *p, const struct person_asked *asked,
                  struct tomte_span echo)
{
    struct person_asked a = *asked;
    uint8_t memory[sizeof a.bytes];
    struct tomte_coap_parts plain = plain_of(asked);
    struct tomte_coap_options o;
    if (a.challenged)
        return false;
    tomte_coap_options_init(&o, TOMTE_BUF_ARRAY(memory));
    tomte_coap_put_all(&o, plain.options);
    tomte_coap_put(&o, TOMTE_COAP_OPT_ECHO, echo);
    if (tomte_coap_options_end(&o, &plain.options) != TOMTE_OK ||
        plain.options.len + plain.payload.len > sizeof a.bytes)
        return false;
    memmove(a.bytes + plain.options.len, asked->bytes + asked->options_len,
            asked->payload_len);
    memcpy(a.bytes, plain.options.data, plain.options.len);
    a.options_len = (uint16_t)plain.options.len;
    a.challenged = true;
    return send_sealed(p, &a);
}

enum person_heard person_open(struct person *p, struct tomte_coap_effect *e,
                              struct tomte_buf room)
{
    struct person_asked *a = &p->asked[tomte_coap_place(e->handle)];
    struct tomte_coap_parts outer = {.code = e->msg.code,
                                     .options = e->msg.options,
                                     .payload = e->msg.payload};
    struct tomte_coap_parts plain;
    struct tomte_span echo;
    if (a->handle != e->handle ||
        tomte_oscore_unprotect_response(context(p, a->node), &a->x, &outer,
                                        room, &plain) != TOMTE_OK)
        return PERSON_HEARD_NOBODY;
    if (plain.code == TOMTE_COAP_UNAUTHORIZED &&
        tomte_coap_find(plain.options, TOMTE_COAP_OPT_ECHO, &echo))
        return again(p, a, echo) ? PERSON_ASKED_AGAIN : PERSON_HEARD_NOBODY;
    e->msg.code = plain.code;
    e->msg.options = plain.options;
    e->msg.payload = plain.payload;
    return PERSON_HEARD;
}
