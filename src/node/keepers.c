/* SPDX-License-Identifier: Apache-2.0 */
/* Which keepers a node knows: it asks the one that leads who the others are,
 * remembers them in its storage, and tries the next when one is silent. */
#include "node/internal.h"

#include <string.h>

#define KEY        TOMTE_SPAN_LIT("keepers")
#define ADDR_BYTES 18u
#define SILENT     2u /* requests without an answer; then the next is asked */

static const struct tomte_addr *at(const struct tomte_node *n, unsigned i)
{
    return &n->keepers[i % n->keepers_len];
}

void node_keepers_load(struct tomte_node *n)
{
    uint8_t value[NODE_KEEPERS * ADDR_BYTES];
    size_t len = 0;
    n->keepers[0] = n->config.keeper;
    n->keepers_len = 1;
    if (tomte_store_get(&n->store, KEY, TOMTE_BUF_ARRAY(value), &len) ==
            TOMTE_OK &&
        len >= ADDR_BYTES && len % ADDR_BYTES == 0) {
        n->keepers_len = (uint8_t)(len / ADDR_BYTES);
        for (unsigned i = 0; i < n->keepers_len; i++) {
            memcpy(n->keepers[i].ip, value + i * ADDR_BYTES, 16);
            n->keepers[i].port = tomte_get_le16(value + i * ADDR_BYTES + 16);
        }
    }
    n->keeper_addr = n->keepers[0];
}

static void remember(struct tomte_node *n)
{
    uint8_t value[NODE_KEEPERS * ADDR_BYTES];
    for (unsigned i = 0; i < n->keepers_len; i++) {
        memcpy(value + i * ADDR_BYTES, n->keepers[i].ip, 16);
        tomte_put_le16(value + i * ADDR_BYTES + 16, n->keepers[i].port);
    }
    enum tomte_err err = tomte_store_put(
        &n->store, KEY, TOMTE_SPAN(value, n->keepers_len * ADDR_BYTES));
    if (err != TOMTE_OK)
        node_log_err(n, TOMTE_SPAN_LIT("keepers"), "cannot be stored", err);
}

static void link_to(struct tomte_node *n)
{
    n->unanswered = 0;
    if (node_link_peer(n, &n->keeper_addr) != TOMTE_OK)
        node_log(n, TOMTE_LOG_WARN, "no room for the link to a keeper");
}

/* The keeper of the configuration is the last resort. */
static void go_on(struct tomte_node *n)
{
    n->keeper_at = (uint8_t)((n->keeper_at + 1) % (n->keepers_len + 1u));
    n->keeper_addr = n->keeper_at == n->keepers_len ? n->config.keeper
                                                    : *at(n, n->keeper_at);
    link_to(n);
}

/* Before each request for a lease. */
void node_keepers_asking(struct tomte_node *n)
{
    if (n->unanswered++ >= SILENT)
        go_on(n);
}

void node_keepers_answered(struct tomte_node *n)
{
    n->unanswered = 0;
}

/* It answered that it has no lease to give and does not know who has. */
void node_keepers_refused(struct tomte_node *n)
{
    if (n->keepers_len > 1)
        go_on(n);
}

void node_keepers_leader(struct tomte_node *n, const struct tomte_addr *addr)
{
    n->keeper_addr = *addr;
    link_to(n);
}

/* A leader of a new term answered: who are the others? */
void node_keepers_ask(struct tomte_node *n)
{
    uint32_t handle;
    struct node_ask ask = {.to = n->keeper_addr,
                           .code = TOMTE_COAP_GET,
                           .bond = node_bond_to_keeper(n, &n->keeper_addr),
                           .path = "/.tomte/keepers",
                           .timeout_ms = 2000,
                           .cookie = cookie(COOKIE_KEEPERS, 0, 0)};
    if (ask.bond == NULL || node_ask(n, &ask, &handle) != TOMTE_OK)
        n->keepers_term = 0; /* with the next answer */
}

static struct tomte_addr get_member(struct tomte_cbor_dec *d)
{
    struct tomte_addr addr = {0};
    tomte_cbor_enter_array(d);
    (void)tomte_cbor_get_uint(d);
    (void)tomte_cbor_get_text(d);
    tomte_cbor_get_bytes_exact(d, addr.ip, sizeof addr.ip);
    addr.port = (uint16_t)tomte_cbor_get_u32(d, 1, UINT16_MAX);
    (void)tomte_cbor_get_uint(d);
    (void)tomte_cbor_get_uint(d);
    tomte_cbor_leave(d);
    return addr;
}

void node_keepers_answer(struct tomte_node *n, const struct tomte_coap_msg *msg)
{
    struct tomte_addr list[NODE_KEEPERS];
    struct tomte_cbor_dec d;
    uint8_t len = 0;
    if (msg->code != TOMTE_COAP_CONTENT)
        return;
    tomte_cbor_decode_init(&d, msg->payload, 0);
    tomte_cbor_enter_array(&d);
    (void)tomte_cbor_get_uint(&d);
    (void)tomte_cbor_get_uint(&d);
    (void)tomte_cbor_get_bool(&d);
    tomte_cbor_enter_array(&d);
    while (len < NODE_KEEPERS && tomte_cbor_more(&d))
        list[len++] = get_member(&d);
    tomte_cbor_leave(&d);
    tomte_cbor_leave(&d);
    if (tomte_cbor_decode_done(&d) != TOMTE_OK || len == 0)
        return;
    bool same = len == n->keepers_len;
    for (unsigned i = 0; same && i < len; i++)
        same = tomte_addr_equal(&list[i], &n->keepers[i]);
    if (same)
        return;
    memcpy(n->keepers, list, len * sizeof list[0]);
    n->keepers_len = len;
    n->keeper_at = 0;
    remember(n);
}
