/* SPDX-License-Identifier: Apache-2.0 */
/* A view that opens can be walked to its end, and has what it announced. */
#include "base/assert.h"
#include "home/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk_peers(struct tomte_span peers, unsigned announced)
{
    struct tomte_view_iter it;
    struct tomte_view_peer peer;
    unsigned len = 0;
    tomte_view_peers(peers, &it);
    while (tomte_view_next_peer(&it, &peer))
        len++;
    TOMTE_ASSERT(len == announced && len <= TOMTE_HOME_PEERS_MAX);
}

static void walk_ports(const struct tomte_view_placement *p)
{
    struct tomte_view_iter it;
    struct tomte_view_port port;
    unsigned len = 0;
    tomte_view_ports(p, &it);
    while (tomte_view_next_port(&it, &port)) {
        walk_peers(port.peers, port.peers_len);
        len++;
    }
    TOMTE_ASSERT(len == p->ports_len && len <= TOMTE_LIMIT_PORTS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tomte_view view;
    struct tomte_view_iter it;
    struct tomte_view_node node;
    struct tomte_view_placement placement, found;
    struct tomte_view_resource resource;
    unsigned len = 0;
    if (tomte_view_open(TOMTE_SPAN(data, size), &view) != TOMTE_OK)
        return 0;
    tomte_view_keepers(&view, &it);
    while (tomte_view_next_keeper(&it, &node))
        len++;
    TOMTE_ASSERT(len == view.keepers_len);
    len = 0;
    tomte_view_placements(&view, &it);
    while (tomte_view_next_placement(&it, &placement)) {
        walk_ports(&placement);
        TOMTE_ASSERT(tomte_view_find(&view, &placement.identity, &found) ==
                     TOMTE_OK);
        len++;
    }
    TOMTE_ASSERT(len == view.placements_len);
    len = 0;
    tomte_view_resources(&view, &it);
    while (tomte_view_next_resource(&it, &resource)) {
        walk_peers(resource.peers, resource.peers_len);
        len++;
    }
    TOMTE_ASSERT(len == view.resources_len);
    return 0;
}
