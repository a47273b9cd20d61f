/* SPDX-License-Identifier: Apache-2.0 */
/* The half of link.c that answers: responses and notifications, sealed by the
 * bond that the request came by. */
#include "node/internal.h"

/* An observer that was told the end is forgotten after so long: it may have to
 * be told again. */
#define ENDING_MS 30000u

/* ---- answers ---- */

/* RFC 8613 section 4.1.3.5: inside, too, a notification says that it is one. */
static enum tomte_err with_observe(const struct tomte_coap_parts *plain,
                                   struct tomte_buf memory,
                                   struct tomte_coap_parts *out)
{
    struct tomte_coap_options o;
    *out = *plain;
    tomte_coap_options_init(&o, memory);
    tomte_coap_put_all(&o, plain->options);
    tomte_coap_put(&o, TOMTE_COAP_OPT_OBSERVE, TOMTE_SPAN_NONE);
    return tomte_coap_options_end(&o, &out->options);
}

static enum tomte_err seal(struct tomte_node *n, struct kept *k, bool observe,
                           const struct tomte_coap_parts *plain,
                           struct tomte_coap_parts *sealed)
{
    uint8_t memory[TOMTE_CHANNEL_OPTIONS_MAX + 2];
    struct tomte_coap_parts parts = *plain;
    struct bond *b = node_link_bond_of(n, k);
    enum tomte_err err = b == NULL ? TOMTE_ERR_NOT_FOUND : TOMTE_OK;
    if (err == TOMTE_OK && observe)
        err = with_observe(plain, TOMTE_BUF_ARRAY(memory), &parts);
    if (err == TOMTE_OK)
        err =
            node_bond_response(n, b, &k->x, &parts,
                               TOMTE_BUF(n->link.out, NODE_LINK_BYTES), sealed);
    return err;
}

/* An error goes out as a success that nobody can read: a registration that was
 * accepted for it is taken back here. */
static void respond_sealed(struct tomte_node *n, struct kept *k,
                           const struct tomte_coap_parts *parts)
{
    struct tomte_coap_parts sealed;
    uint32_t request = k->handle, observer = k->observer;
    bool ok = tomte_coap_class(parts->code) == 2;
    enum tomte_err err = seal(n, k, observer != 0 && ok, parts, &sealed);
    if (observer != 0 && (!ok || err != TOMTE_OK))
        tomte_coap_unobserve(&n->coap, observer);
    else if (observer != 0)
        n->link.observed[tomte_coap_place(observer)] =
            (struct kept){.handle = observer, .bond = k->bond, .x = k->x};
    k->handle = 0;
    if (err == TOMTE_OK)
        err = tomte_coap_respond(&n->coap, n->now_ms, request, &sealed);
    if (err != TOMTE_OK)
        node_link_drop(n, request);
}

void node_link_respond(struct tomte_node *n, uint32_t request,
                       const struct tomte_coap_parts *parts)
{
    struct kept *k = link_kept(n->link.served, request);
    if (k != NULL)
        respond_sealed(n, k, parts);
    else if (tomte_coap_respond(&n->coap, n->now_ms, request, parts) !=
             TOMTE_OK)
        node_link_drop(n, request);
}

void node_link_drop(struct tomte_node *n, uint32_t request)
{
    struct kept *k = link_kept(n->link.served, request);
    if (k != NULL)
        k->handle = 0;
    tomte_coap_drop(&n->coap, n->now_ms, request);
}

void node_link_numbered(struct tomte_node *n, uint32_t request)
{
    tomte_coap_numbered(&n->coap, request);
}

/* ---- observers ---- */

void node_link_gone(struct tomte_node *n, uint32_t observer)
{
    struct kept *k = link_kept(n->link.observed, observer);
    if (k == NULL)
        return;
    n->link.ending = (uint16_t)(n->link.ending - (k->ends_ms != 0));
    *k = (struct kept){.handle = 0};
}

enum tomte_err node_link_observe(struct tomte_node *n, uint32_t request,
                                 uint32_t resource)
{
    uint32_t observer;
    struct kept *k = link_kept(n->link.served, request);
    enum tomte_err err = tomte_coap_observe(&n->coap, request, resource + 1u,
                                            resource, &observer);
    if (err != TOMTE_OK)
        return err;
    node_link_gone(
        n, observer); /* registered again: bound to this request from now on */
    if (k != NULL)
        k->observer = observer;
    return TOMTE_OK;
}

static void unobserve(struct tomte_node *n, uint32_t observer)
{
    node_link_gone(n, observer);
    tomte_coap_unobserve(&n->coap, observer);
}

static void notify(struct tomte_node *n, uint32_t observer,
                   const struct tomte_coap_parts *parts, bool last)
{
    struct kept *k = link_kept(n->link.observed, observer);
    struct tomte_coap_parts sealed = *parts;
    enum tomte_err err = TOMTE_OK;
    bool ok = tomte_coap_class(parts->code) == 2;
    if (k != NULL && k->ends_ms != 0)
        return;
    if (k != NULL)
        err = seal(n, k, ok, parts, &sealed);
    if (err == TOMTE_OK)
        err = tomte_coap_notify(&n->coap, n->now_ms, observer, &sealed, last);
    if (err != TOMTE_OK) {
        unobserve(n, observer);
    } else if (k != NULL && !ok) {
        k->ends_ms = n->now_ms + ENDING_MS;
        n->link.ending++;
    }
}

void node_link_notify(struct tomte_node *n, uint32_t resource,
                      const struct tomte_coap_parts *parts, bool last)
{
    uint32_t observer = 0;
    while ((observer = tomte_coap_next_observer(&n->coap, resource + 1u,
                                                observer)) != 0)
        notify(n, observer, parts, last);
}

/* The endpoint cannot see that a protected notification was the last. */
void node_link_end_observers(struct tomte_node *n)
{
    struct node_link *l = &n->link;
    for (unsigned i = 0; l->ending > 0 && i < l->observers; i++)
        if (l->observed[i].handle != 0 && l->observed[i].ends_ms != 0 &&
            l->observed[i].ends_ms <= n->now_ms)
            unobserve(n, l->observed[i].handle);
}
