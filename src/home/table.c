/* SPDX-License-Identifier: Apache-2.0 */
#include "home/table.h"

#include "home/rank.h"

#include "base/assert.h"

#include <string.h>

static void insert(uint16_t *order, uint16_t len, uint16_t at, uint16_t slot);
static void take_out(uint16_t *order, uint16_t len, uint16_t slot);
static uint16_t unused_node(const struct tomte_home *home);
static uint16_t unused_container(const struct tomte_home *home);
static uint16_t node_place(const struct tomte_home *home,
                           const struct tomte_name *name);
static uint16_t container_place(const struct tomte_home *home,
                                const struct tomte_name *identity);
static uint16_t priority_place(const struct tomte_home *home, uint16_t slot);

uint16_t tomte_home_node_new(struct tomte_home *home,
                             const struct tomte_name *name)
{
    uint16_t slot = unused_node(home);
    home->nodes[slot] = (struct tomte_home_node){
        .name = *name,
        .used = true,
        .resource = NONE,
        .owned = NONE,
        .added = home->version,
    };
    uint16_t at = node_place(home, name);
    insert(home->node_order, home->nodes_len++, at, slot);
    tomte_home_rank_all(home);
    return slot;
}

void tomte_home_node_free(struct tomte_home *home, uint16_t node)
{
    struct tomte_home_node *n = &home->nodes[node];
    TOMTE_ASSERT(n->resource == NONE && n->owned == NONE);
    tomte_home_set_place(home, node, &(struct tomte_name){0});
    home->retired = (uint16_t)(home->retired - n->retired);
    take_out(home->node_order, home->nodes_len--, node);
    *n = (struct tomte_home_node){.resource = NONE, .owned = NONE};
    tomte_home_rank_all(home);
}

uint16_t tomte_home_container_new(struct tomte_home *home,
                                  const struct tomte_name *identity)
{
    uint16_t slot = unused_container(home);
    home->containers[slot] = (struct tomte_home_container){
        .identity = *identity,
        .used = true,
        .port = NONE,
        .pin = NONE,
        .before = {.port = NONE},
        .added = home->version,
        .placement = {.owner = NONE, .runner = NONE},
    };
    uint16_t at = container_place(home, identity);
    insert(home->container_order, home->containers_len, at, slot);
    at = priority_place(home, slot);
    insert(home->priority_order, home->containers_len++, at, slot);
    return slot;
}

void tomte_home_container_free(struct tomte_home *home, uint16_t container)
{
    TOMTE_ASSERT(home->containers[container].port == NONE);
    TOMTE_ASSERT(!home->containers[container].trial);
    tomte_home_set_apart(home, container, NULL, 0);
    take_out(home->container_order, home->containers_len, container);
    take_out(home->priority_order, home->containers_len--, container);
    home->containers[container] = (struct tomte_home_container){
        .port = NONE, .pin = NONE, .before = {.port = NONE}};
}

void tomte_home_set_priority(struct tomte_home *home, uint16_t container,
                             uint8_t priority)
{
    uint16_t len = home->containers_len;
    take_out(home->priority_order, len, container);
    home->containers_len = (uint16_t)(len - 1);
    home->containers[container].priority = priority;
    insert(home->priority_order, (uint16_t)(len - 1),
           priority_place(home, container), container);
    home->containers_len = len;
}

uint16_t tomte_home_any_node(const struct tomte_home *home,
                             const struct tomte_name *name)
{
    uint16_t at = node_place(home, name);
    if (at == home->nodes_len)
        return NONE;
    uint16_t slot = home->node_order[at];
    return tomte_name_equal(&home->nodes[slot].name, name) ? slot : NONE;
}

uint16_t tomte_home_find_node(const struct tomte_home *home,
                              const struct tomte_name *name)
{
    uint16_t slot = tomte_home_any_node(home, name);
    return slot == NONE || home->nodes[slot].retired ? NONE : slot;
}

uint16_t tomte_home_find_container(const struct tomte_home *home,
                                   const struct tomte_name *identity)
{
    uint16_t at = container_place(home, identity);
    if (at == home->containers_len)
        return NONE;
    uint16_t slot = home->container_order[at];
    return tomte_name_equal(&home->containers[slot].identity, identity) ? slot
                                                                        : NONE;
}

/* Owner or not, each holder keeps the history. */
static void count_holder(struct tomte_home *home,
                         const struct tomte_home_container *c, uint16_t node,
                         int sign)
{
    struct tomte_home_node *n = &home->nodes[node];
    n->containers = (uint16_t)(n->containers + sign);
    n->flash_kib += sign > 0 ? c->flash_kib : 0 - c->flash_kib;
    if (c->placement.owner != node)
        tomte_home_rank_node(home, node);
}

static void count_owner(struct tomte_home *home, uint16_t container, int sign)
{
    struct tomte_home_container *c = &home->containers[container];
    uint16_t owner = c->placement.owner;
    struct tomte_home_node *n = &home->nodes[owner];
    count_holder(home, c, owner, sign);
    n->memory_kib += sign > 0 ? c->memory_kib : 0 - c->memory_kib;
    n->fuel += sign > 0 ? c->fuel_per_second : 0 - c->fuel_per_second;
    if (sign > 0) {
        c->next_owned = n->owned;
        n->owned = container;
    } else {
        uint16_t *at = &n->owned;
        while (*at != container)
            at = &home->containers[*at].next_owned;
        *at = c->next_owned;
    }
    tomte_home_rank_node(home, owner);
}

void tomte_home_count(struct tomte_home *home, uint16_t container, int sign)
{
    const struct tomte_home_container *c = &home->containers[container];
    const struct tomte_placement *p = &c->placement;
    if (p->owner != NONE)
        count_owner(home, container, sign);
    for (unsigned i = 0; i < p->standbys_len; i++)
        count_holder(home, c, p->standbys[i], sign);
    for (unsigned i = 0; i < p->insync_len; i++)
        if (p->insync[i] != p->owner && !tomte_home_is_standby(p, p->insync[i]))
            count_holder(home, c, p->insync[i], sign);
}

static void insert(uint16_t *order, uint16_t len, uint16_t at, uint16_t slot)
{
    memmove(&order[at + 1], &order[at], (size_t)(len - at) * sizeof(*order));
    order[at] = slot;
}

static void take_out(uint16_t *order, uint16_t len, uint16_t slot)
{
    uint16_t at = 0;
    while (at < len && order[at] != slot)
        at++;
    TOMTE_ASSERT(at < len);
    memmove(&order[at], &order[at + 1],
            (size_t)(len - at - 1) * sizeof(*order));
}

static uint16_t unused_node(const struct tomte_home *home)
{
    uint16_t slot = 0;
    while (slot < home->limits.nodes && home->nodes[slot].used)
        slot++;
    TOMTE_ASSERT(slot < home->limits.nodes);
    return slot;
}

static uint16_t unused_container(const struct tomte_home *home)
{
    uint16_t slot = 0;
    while (slot < home->limits.containers && home->containers[slot].used)
        slot++;
    TOMTE_ASSERT(slot < home->limits.containers);
    return slot;
}

/* The first place in the order whose name is not below this one. */
static uint16_t node_place(const struct tomte_home *home,
                           const struct tomte_name *name)
{
    uint16_t low = 0, high = home->nodes_len;
    while (low < high) {
        uint16_t mid = (uint16_t)((low + high) / 2);
        const struct tomte_name *n = &home->nodes[home->node_order[mid]].name;
        if (tomte_span_compare(tomte_name_span(n), tomte_name_span(name)) < 0)
            low = (uint16_t)(mid + 1);
        else
            high = mid;
    }
    return low;
}

static uint16_t container_place(const struct tomte_home *home,
                                const struct tomte_name *identity)
{
    struct tomte_span key = tomte_name_span(identity);
    uint16_t low = 0, high = home->containers_len;
    while (low < high) {
        uint16_t mid = (uint16_t)((low + high) / 2);
        uint16_t slot = home->container_order[mid];
        const struct tomte_name *n = &home->containers[slot].identity;
        if (tomte_span_compare(tomte_name_span(n), key) < 0)
            low = (uint16_t)(mid + 1);
        else
            high = mid;
    }
    return low;
}

/* Where a container stands among the others: higher priority first, then by
 * identity. */
static uint16_t priority_place(const struct tomte_home *home, uint16_t slot)
{
    const struct tomte_home_container *c = &home->containers[slot];
    struct tomte_span key = tomte_name_span(&c->identity);
    uint16_t low = 0, high = home->containers_len;
    while (low < high) {
        uint16_t mid = (uint16_t)((low + high) / 2);
        const struct tomte_home_container *o =
            &home->containers[home->priority_order[mid]];
        bool before =
            o->priority != c->priority
                ? o->priority > c->priority
                : tomte_span_compare(tomte_name_span(&o->identity), key) < 0;
        if (before)
            low = (uint16_t)(mid + 1);
        else
            high = mid;
    }
    return low;
}
