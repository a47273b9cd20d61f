/* SPDX-License-Identifier: Apache-2.0 */
/* A new view put into force.
 *
 * In order: a keeper of the charter must have signed it, for this node; it is
 * checked to the last peer, stored with its signature, and applied: what the
 * old one granted and this one does not stops here and now; fences are noted.
 * After the sync of this step the fences count, and only then does the next
 * lease request confirm the version. A view that cannot be stored is not
 * applied. */
#include "node/internal.h"

#include <string.h>

#define VIEW_KEY TOMTE_SPAN_LIT("view")

static enum tomte_err store_view(struct tomte_node *n, struct tomte_span bytes)
{
    struct tomte_store_writer w;
    enum tomte_err err =
        tomte_store_blob_begin(&n->store, &w, VIEW_KEY, (uint32_t)bytes.len);
    if (err == TOMTE_OK)
        err = tomte_store_blob_write(&n->store, &w, bytes);
    else
        return err;
    if (err == TOMTE_OK)
        err = tomte_store_blob_commit(&n->store, &w);
    if (err != TOMTE_OK)
        tomte_store_blob_abort(&n->store, &w);
    return err;
}

/* Nodes that this one talks to are links: never forgotten to make room. */
static void link_peer(struct tomte_node *n, const struct tomte_addr *addr)
{
    if (node_link_peer(n, addr) != TOMTE_OK)
        node_log(n, TOMTE_LOG_WARN, "no room for a link to another node");
}

static void link_peers(struct tomte_node *n, struct tomte_span peers)
{
    struct tomte_view_iter it;
    struct tomte_view_peer peer;
    tomte_view_peers(peers, &it);
    while (tomte_view_next_peer(&it, &peer))
        link_peer(n, &peer.node.addr);
}

static void link_placement(struct tomte_node *n,
                           const struct tomte_view_placement *p)
{
    struct tomte_view_iter it;
    struct tomte_view_port port;
    if (p->has_owner)
        link_peer(n, &p->owner.addr);
    for (unsigned i = 0; i < p->standbys_len; i++)
        link_peer(n, &p->standbys[i].addr);
    tomte_view_ports(p, &it);
    while (tomte_view_next_port(&it, &port))
        link_peers(n, port.peers);
}

static void apply(struct tomte_node *n)
{
    struct tomte_view_iter it;
    struct tomte_view_placement placement;
    struct tomte_view_resource resource;
    node_cell_view_begin(n);
    node_slot_view_begin(n);
    tomte_view_placements(&n->view, &it);
    while (tomte_view_next_placement(&it, &placement)) {
        link_placement(n, &placement);
        node_slot_view(n, &placement);
    }
    node_slot_view_end(n);
    node_cell_view_end(n);
    node_resource_view_begin(n);
    tomte_view_resources(&n->view, &it);
    while (tomte_view_next_resource(&it, &resource)) {
        link_peers(n, resource.peers);
        node_resource_view(n, &resource);
    }
    node_resource_view_end(n);
}

static void put_into_force(struct tomte_node *n, uint8_t at, size_t len,
                           const struct tomte_view *view)
{
    n->view_at = at;
    n->view_len = len;
    n->view = *view;
    n->has_view = true;
    apply(n);
    n->to_confirm = view->version;
    n->again = true;
}

/* Signed by a keeper, checked, and this node's own. Without a charter nobody is
 * a keeper. */
static enum tomte_err check(struct tomte_node *n, struct tomte_span bytes,
                            struct tomte_view *view)
{
    struct tomte_charter_said said;
    enum tomte_err err =
        tomte_charter_heard(n->config.crypto, &n->keys.charter,
                            TOMTE_CHARTER_VIEW_TYPE, bytes, &said);
    if (err == TOMTE_OK)
        err = tomte_view_open(said.payload, view);
    if (err == TOMTE_OK && !tomte_name_equal(&view->node, &n->config.name))
        err = TOMTE_ERR_DENIED;
    /* Of another store: it counts on histories that this one does not have. */
    if (err == TOMTE_OK && view->store != n->store_id)
        err = TOMTE_ERR_STALE;
    return err;
}

void node_view_arrived(struct tomte_node *n, size_t len)
{
    uint8_t at = (uint8_t)(1 - n->view_at);
    struct tomte_span bytes = TOMTE_SPAN(n->view_bytes[at], len);
    struct tomte_view view;
    enum tomte_err err = check(n, bytes, &view);
    if (err == TOMTE_OK && n->has_view && view.version == n->view.version)
        return; /* nothing new in it */
    if (err == TOMTE_OK)
        err = store_view(n, bytes);
    if (err != TOMTE_OK) {
        node_log_err(n, TOMTE_SPAN_LIT("view"), "cannot be put into force",
                     err);
        return;
    }
    put_into_force(n, at, len, &view);
    if (n->keeper == NULL)
        node_image_sweep(n); /* a keeper has what others may need */
}

void node_view_synced(struct tomte_node *n)
{
    if (n->to_confirm == n->confirmed || !n->fences_stored)
        return;
    n->confirmed = n->to_confirm;
    n->lease_now = true;
}

void node_view_load(struct tomte_node *n)
{
    struct tomte_store_blob_info info;
    struct tomte_view view;
    enum tomte_err err = tomte_store_blob_find(&n->store, VIEW_KEY, &info);
    if (err == TOMTE_ERR_NOT_FOUND)
        return;
    if (n->names_lost) {
        node_log(n, TOMTE_LOG_WARN,
                 "view: the stored one may be old, the keeper is asked");
        return;
    }
    if (err == TOMTE_OK && info.size > NODE_VIEW_BYTES)
        err = TOMTE_ERR_TOO_LARGE;
    if (err == TOMTE_OK)
        err = tomte_store_blob_check(&n->store, &info);
    if (err == TOMTE_OK)
        err = tomte_store_blob_read(&n->store, &info, 0,
                                    TOMTE_BUF(n->view_bytes[0], info.size));
    struct tomte_span bytes = TOMTE_SPAN(n->view_bytes[0], info.size);
    if (err == TOMTE_OK)
        err = check(n, bytes, &view);
    if (err != TOMTE_OK) {
        node_log_err(n, TOMTE_SPAN_LIT("view"), "the stored one is not usable",
                     err);
        return;
    }
    put_into_force(n, 0, info.size, &view);
    n->confirmed = n->to_confirm; /* it was stored when it was confirmed */
}
