/* SPDX-License-Identifier: Apache-2.0 */
/* What a keeper tells: a node its view, signed, so that it can be told from
 * anybody else's; people why. */
#include "node/internal.h"

static enum tomte_err make_view(struct tomte_node *n, void *ctx,
                                struct tomte_buf out, struct tomte_span *bytes)
{
    const uint16_t *node = ctx;
    struct tomte_span view = TOMTE_SPAN_NONE;
    size_t mark = tomte_arena_mark(&n->scratch);
    uint8_t *data = tomte_arena_take(&n->scratch, NODE_VIEW_BYTES, 1);
    enum tomte_err err = tomte_view_encode(
        &n->keeper->home, *node,
        TOMTE_BUF(data, data == NULL ? 0 : NODE_VIEW_BYTES), &view);
    if (err == TOMTE_OK)
        err = tomte_charter_say(n->config.crypto, &n->keys.charter,
                                TOMTE_CHARTER_VIEW_TYPE, 0, view, &n->keys.own,
                                out, bytes);
    tomte_arena_release(&n->scratch, mark);
    return err;
}

void node_keeper_view(struct tomte_node *n, const struct tomte_addr *from,
                      uint32_t request, const struct tomte_coap_msg *msg)
{
    uint8_t memory[64];
    struct tomte_span query, prefix = TOMTE_SPAN_LIT("node=");
    struct tomte_name name;
    enum tomte_err err =
        tomte_coap_get_query(msg->options, TOMTE_BUF_ARRAY(memory), &query);
    if (err == TOMTE_OK &&
        !tomte_span_equal(tomte_span_slice(query, 0, prefix.len), prefix))
        err = TOMTE_ERR_USAGE;
    if (err == TOMTE_OK)
        err = tomte_name_parse(tomte_span_slice(query, prefix.len, query.len),
                               &name);
    uint16_t node = TOMTE_HOME_NONE;
    if (err == TOMTE_OK)
        err = node_gate_as(n, request, &name);
    if (err == TOMTE_OK)
        node = tomte_home_find_node(&n->keeper->home, &name);
    if (err == TOMTE_OK && node == TOMTE_HOME_NONE)
        err = TOMTE_ERR_NOT_FOUND;
    if (err != TOMTE_OK)
        node_reply_error(n, request, err, NULL);
    else
        node_reply_page(n, request, from, msg, PAGE_VIEW, make_view, &node);
}

/* IDENTITY, or IDENTITY/NODE: why not there. */
void node_keeper_why(struct tomte_node *n, uint32_t request,
                     struct tomte_span rest)
{
    char text[900];
    struct tomte_text t;
    struct tomte_name name, node = {0};
    size_t end = 0;
    while (end < rest.len && rest.data[end] != '/')
        end++;
    tomte_text_init(&t, text, sizeof text);
    enum tomte_err err =
        tomte_name_parse(tomte_span_slice(rest, 0, end), &name);
    if (err == TOMTE_OK && end < rest.len)
        err =
            tomte_name_parse(tomte_span_slice(rest, end + 1, rest.len), &node);
    if (err == TOMTE_OK && !n->keeper->leads)
        err = TOMTE_ERR_AGAIN;
    if (err == TOMTE_OK)
        err = tomte_keeper_why(&n->keeper->keeper, &name,
                               node.len > 0 ? &node : NULL, &t);
    struct tomte_coap_parts parts = {.code = TOMTE_COAP_CONTENT,
                                     .payload = TOMTE_SPAN(text, t.len)};
    if (err != TOMTE_OK)
        node_reply_error(n, request, err, NULL);
    else
        node_link_respond(n, request, &parts);
}
