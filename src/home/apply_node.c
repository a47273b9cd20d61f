/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes: added, changed, removed; and how long a lease is. */
#include "home/apply.h"

#include "base/assert.h"
#include "home/rank.h"

static enum tomte_err check_keepers(const struct tomte_home *home,
                                    const struct tomte_command *c,
                                    uint16_t node,
                                    struct tomte_home_report *report);
static enum tomte_err check_offer(const struct tomte_home *home,
                                  const struct tomte_command *c, uint16_t node,
                                  struct tomte_home_report *report);
static enum tomte_err check_key(const struct tomte_home *home,
                                const struct tomte_command *c, uint16_t node,
                                struct tomte_home_report *report);
static enum tomte_err check_resource(const struct tomte_home *home,
                                     const struct tomte_command *c,
                                     uint16_t node,
                                     const struct tomte_resource *r,
                                     struct tomte_home_report *report);
static void set_offer(struct tomte_home *home, uint16_t node,
                      struct tomte_span bytes);
static bool is_offered(const struct tomte_offer *offer,
                       const struct tomte_channel_name *channel);
static void drop_resource(struct tomte_home *home, uint16_t resource);
static void drop(uint16_t *slots, uint8_t *len, uint16_t slot);

enum tomte_err tomte_home_check_node(const struct tomte_home *home,
                                     const struct tomte_command *c,
                                     struct tomte_home_report *report)
{
    uint16_t node = tomte_home_any_node(home, &c->name);
    if (node == NONE && home->nodes_len == home->limits.nodes)
        return SAY(report, TOMTE_ERR_FULL, LIT("no room for node "),
                   NAME(c->name));
    if (c->has_addr && c->addr.port == 0)
        return SAY(report, TOMTE_ERR_INVALID, LIT("node "), NAME(c->name),
                   LIT(": its address has port 0"));
    enum tomte_err err = check_keepers(home, c, node, report);
    if (err == TOMTE_OK && c->has_offer)
        err = check_offer(home, c, node, report);
    if (err == TOMTE_OK && c->has_key)
        err = check_key(home, c, node, report);
    return err;
}

void tomte_home_do_node(struct tomte_home *home, const struct tomte_command *c)
{
    uint16_t node = tomte_home_any_node(home, &c->name);
    bool news = node == NONE || home->nodes[node].retired;
    if (node == NONE)
        node = tomte_home_node_new(home, &c->name);
    struct tomte_home_node *n = &home->nodes[node];
    home->retired = (uint16_t)(home->retired - n->retired);
    n->retired = false;
    uint32_t crc = c->has_offer ? tomte_offer_crc(c->offer) : n->offer_crc;
    bool moved = c->has_addr && !tomte_addr_equal(&c->addr, &n->addr);
    bool other = c->has_keeper && c->keeper != n->keeper;
    if (news || moved || other || crc != n->offer_crc)
        tomte_home_touch_node(home, node);
    if (c->has_addr)
        n->addr = c->addr;
    if (c->has_key) {
        n->has_key = true;
        memcpy(n->key, c->key, sizeof n->key);
    }
    if (c->has_keeper)
        n->keeper = c->keeper;
    if (crc != n->offer_crc)
        set_offer(home, node, c->offer);
    if (moved || other || crc != n->offer_crc)
        tomte_home_touch_node(home, node);
    n->offer_crc = crc;
    tomte_home_rank_node(home, node); /* one that comes back is none no more */
    if (!c->has_store || c->store == n->store)
        return;
    tomte_home_forget_histories(home, node);
    n->store = c->store;
    n->view = home->version; /* its view names the store */
}

enum tomte_err tomte_home_check_node_remove(const struct tomte_home *home,
                                            const struct tomte_command *c,
                                            struct tomte_home_report *report)
{
    uint16_t node = tomte_home_find_node(home, &c->name);
    if (node == NONE)
        return SAY(report, TOMTE_ERR_NOT_FOUND, LIT("there is no node "),
                   NAME(c->name));
    if (home->nodes[node].keeper && tomte_home_keepers(home) == 1)
        return SAY(report, TOMTE_ERR_STATE, LIT("node "), NAME(c->name),
                   LIT(" is the only keeper"));
    return TOMTE_OK;
}

void tomte_home_do_node_remove(struct tomte_home *home,
                               const struct tomte_command *c)
{
    uint16_t node = tomte_home_find_node(home, &c->name);
    struct tomte_home_node *n = &home->nodes[node];
    tomte_home_touch_node(home, node);
    tomte_home_forget_histories(home, node);
    while (n->resource != NONE)
        drop_resource(home, n->resource);
    for (unsigned i = 0; i < home->containers_len; i++) {
        uint16_t slot = home->container_order[i];
        if (home->containers[slot].pin == node)
            home->containers[slot].pin = NONE;
    }
    n->retired = true;
    home->retired++;
    tomte_home_rank_node(home, node);
    n->keeper = false;
    n->has_key = false;
    memset(n->key, 0, sizeof n->key);
    n->offer_crc = 0;
    n->store = 0;
    tomte_home_free_retired(home);
}

enum tomte_err tomte_home_check_lease(const struct tomte_home *home,
                                      const struct tomte_command *c,
                                      struct tomte_home_report *report)
{
    (void)home;
    if (c->lease_ms < TOMTE_LEASE_MS_MIN || c->lease_ms > TOMTE_LEASE_MS_MAX)
        return SAY(report, TOMTE_ERR_RANGE,
                   LIT("a lease is from 200 to 600000 ms"));
    return TOMTE_OK;
}

void tomte_home_do_lease(struct tomte_home *home, const struct tomte_command *c)
{
    home->lease_ms = c->lease_ms;
    if (home->lease_longest_ms < c->lease_ms)
        home->lease_longest_ms = c->lease_ms;
    tomte_home_touch_all(home);
}

void tomte_home_forget_histories(struct tomte_home *home, uint16_t node)
{
    for (unsigned i = 0; i < home->containers_len; i++) {
        uint16_t slot = home->container_order[i];
        struct tomte_placement *p = &home->containers[slot].placement;
        if (!tomte_home_is_insync(p, node) && !tomte_home_is_standby(p, node))
            continue;
        tomte_home_touch_holders(home, slot);
        tomte_home_count(home, slot, -1);
        if (p->state == TOMTE_PLACEMENT_ACTIVE && p->owner == node) {
            p->state = TOMTE_PLACEMENT_PENDING; /* until there is another */
            p->ended = home->version;
        }
        drop(p->insync, &p->insync_len, node);
        drop(p->standbys, &p->standbys_len, node);
        tomte_home_count(home, slot, 1);
        p->agreed = home->version;
    }
}

void tomte_home_free_retired(struct tomte_home *home)
{
    for (unsigned i = 0; i < home->nodes_len && home->retired > 0; i++) {
        uint16_t node = home->node_order[i];
        if (!home->nodes[node].retired)
            continue;
        bool referred = false;
        for (unsigned k = 0; k < home->containers_len && !referred; k++) {
            const struct tomte_placement *p =
                &home->containers[home->container_order[k]].placement;
            referred = p->owner == node || p->runner == node;
        }
        if (referred)
            continue;
        tomte_home_node_free(home, node);
        i--;
    }
}

static enum tomte_err check_keepers(const struct tomte_home *home,
                                    const struct tomte_command *c,
                                    uint16_t node,
                                    struct tomte_home_report *report)
{
    bool is = node != NONE && home->nodes[node].keeper;
    if (!c->has_keeper || c->keeper == is)
        return TOMTE_OK;
    unsigned keepers = tomte_home_keepers(home);
    if (c->keeper && keepers == TOMTE_HOME_KEEPERS_MAX)
        return SAY(report, TOMTE_ERR_FULL, LIT("node "), NAME(c->name),
                   LIT(": 7 nodes are keepers already"));
    if (!c->keeper && keepers == 1)
        return SAY(report, TOMTE_ERR_STATE, LIT("node "), NAME(c->name),
                   LIT(" is the only keeper"));
    return TOMTE_OK;
}

static enum tomte_err check_offer(const struct tomte_home *home,
                                  const struct tomte_command *c, uint16_t node,
                                  struct tomte_home_report *report)
{
    struct tomte_offer offer;
    enum tomte_err err = tomte_offer_decode(c->offer, &offer);
    if (err != TOMTE_OK)
        return SAY(report, err, LIT("offer of node "), NAME(c->name), LIT(": "),
                   tomte_span_str(tomte_err_text(err)));
    struct tomte_offer_iter it;
    struct tomte_resource r;
    tomte_offer_iter_init(&it, &offer);
    while (tomte_offer_next(&it, &r)) {
        err = check_resource(home, c, node, &r, report);
        if (err != TOMTE_OK)
            return err;
    }
    unsigned has = node == NONE ? 0 : home->nodes[node].resources;
    if (offer.resources_len > tomte_home_resources_left(home) + has)
        return SAY(report, TOMTE_ERR_FULL,
                   LIT("no room for the resources of node "), NAME(c->name));
    return TOMTE_OK;
}

/* Who speaks with a key is one node. */
static enum tomte_err check_key(const struct tomte_home *home,
                                const struct tomte_command *c, uint16_t node,
                                struct tomte_home_report *report)
{
    for (unsigned i = 0; i < home->nodes_len; i++) {
        uint16_t other = home->node_order[i];
        const struct tomte_home_node *n = &home->nodes[other];
        if (other != node && n->has_key &&
            memcmp(n->key, c->key, sizeof n->key) == 0)
            return SAY(report, TOMTE_ERR_EXISTS, LIT("node "), NAME(c->name),
                       LIT(": its key is that of node "), NAME(n->name));
    }
    return TOMTE_OK;
}

static enum tomte_err check_resource(const struct tomte_home *home,
                                     const struct tomte_command *c,
                                     uint16_t node,
                                     const struct tomte_resource *r,
                                     struct tomte_home_report *report)
{
    uint16_t other = tomte_home_find_resource(home, &r->channel);
    if (other != NONE && home->resources[other].node != node)
        return SAY(report, TOMTE_ERR_EXISTS, CHAN(r->channel), LIT(" of node "),
                   NAME(c->name), LIT(" is offered already, by node "),
                   NAME(home->nodes[home->resources[other].node].name));
    uint16_t writer = tomte_home_writer(home, &r->channel);
    if (writer == NONE || r->actuator)
        return TOMTE_OK;
    uint16_t by = home->ports[writer].container;
    return SAY(report, TOMTE_ERR_EXISTS, CHAN(r->channel), LIT(" of node "),
               NAME(c->name), LIT(" is written by container "),
               NAME(home->containers[by].identity));
}

static void set_offer(struct tomte_home *home, uint16_t node,
                      struct tomte_span bytes)
{
    struct tomte_offer offer;
    TOMTE_ASSERT(tomte_offer_decode(bytes, &offer) == TOMTE_OK);
    struct tomte_home_node *n = &home->nodes[node];
    tomte_home_set_place(home, node, &offer.place);
    n->containers_max = offer.containers;
    n->memory_max_kib = offer.memory_kib;
    n->fuel_max = offer.fuel_per_second;
    n->flash_max_kib = offer.flash_kib;
    n->hops = offer.hops;
    n->battery = offer.battery;
    tomte_home_rank_node(home, node);
    for (uint16_t old = n->resource; old != NONE;) {
        uint16_t next = home->resources[old].next;
        if (!is_offered(&offer, &home->resources[old].is.channel))
            drop_resource(home, old);
        old = next;
    }
    struct tomte_offer_iter it;
    struct tomte_resource r;
    tomte_offer_iter_init(&it, &offer);
    while (tomte_offer_next(&it, &r)) {
        if (r.place.len == 0)
            r.place = offer.place;
        uint16_t old = tomte_home_find_resource(home, &r.channel);
        if (old != NONE)
            tomte_home_resource_set(home, old, &r);
        else
            (void)tomte_home_resource_new(home, node, &r);
    }
}

static bool is_offered(const struct tomte_offer *offer,
                       const struct tomte_channel_name *channel)
{
    struct tomte_offer_iter it;
    struct tomte_resource r;
    tomte_offer_iter_init(&it, offer);
    while (tomte_offer_next(&it, &r))
        if (tomte_channel_name_equal(&r.channel, channel))
            return true;
    return false;
}

/* Nobody can drive it any more: it is owed to nobody. */
static void drop_resource(struct tomte_home *home, uint16_t resource)
{
    for (unsigned i = 0; i < home->containers_len; i++) {
        struct tomte_home_container *c =
            &home->containers[home->container_order[i]];
        drop(c->owed, &c->owed_len, resource);
    }
    tomte_home_resource_free(home, resource);
}

static void drop(uint16_t *slots, uint8_t *len, uint16_t slot)
{
    uint8_t kept = 0;
    for (uint8_t i = 0; i < *len; i++)
        if (slots[i] != slot)
            slots[kept++] = slots[i];
    *len = kept;
}
