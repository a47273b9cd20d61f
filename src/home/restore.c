/* SPDX-License-Identifier: Apache-2.0 */
/* A home from a snapshot. The bytes may come from a broken store or another
 * keeper, so whatever the rest of the room relies on is checked here. */
#include "home/snapshot.h"

#include "base/text.h"
#include "home/rank.h"

#define MEMORY_KIB_MAX                                                         \
    ((TOMTE_MEMORY_BYTES_MAX + TOMTE_STACK_BYTES_MAX) / 1024 + 1)
#define FLASH_KIB_MAX (2 * MEMORY_KIB_MAX + TOMTE_LOG_BYTES_MAX / 1024)
/* Versions and epochs can be counted on from here. */
#define LATEST_MAX (UINT64_MAX / 2)

static void get_head(struct tomte_cbor_dec *d, struct tomte_home *home);
static void get_node_of(struct tomte_cbor_dec *d, struct tomte_home *home);
static void get_key(struct tomte_cbor_dec *d, struct tomte_home_node *n);
static void get_resources(struct tomte_cbor_dec *d, struct tomte_home *home,
                          uint16_t node);
static void get_container(struct tomte_cbor_dec *d, struct tomte_home *home);
static void get_needs(struct tomte_cbor_dec *d, struct tomte_home *home,
                      uint16_t container);
static void get_ports(struct tomte_cbor_dec *d, struct tomte_home *home,
                      uint16_t container);
static void get_placement(struct tomte_cbor_dec *d,
                          const struct tomte_home *home,
                          struct tomte_placement *p);
static void get_owed(struct tomte_cbor_dec *d, const struct tomte_home *home,
                     struct tomte_home_container *c);
static void get_gave_up(struct tomte_cbor_dec *d,
                        struct tomte_home_container *c);
static void get_before(struct tomte_cbor_dec *d, struct tomte_home *home,
                       uint16_t container);
static bool is_sound(const struct tomte_home *home,
                     const struct tomte_home_container *c);

enum tomte_err tomte_home_snapshot_decode(struct tomte_home *home,
                                          struct tomte_span bytes,
                                          struct tomte_home_report *report)
{
    struct tomte_cbor_dec d;
    tomte_home_clear(home);
    tomte_cbor_decode_init(&d, bytes, 0);
    tomte_cbor_enter_map(&d);
    get_head(&d, home);
    tomte_cbor_need_key(&d, SNAPSHOT_NODES);
    tomte_cbor_enter_array(&d);
    while (tomte_cbor_more(&d))
        get_node_of(&d, home);
    tomte_cbor_leave(&d);
    if (tomte_home_keepers(home) > TOMTE_HOME_KEEPERS_MAX)
        tomte_cbor_fail(&d, TOMTE_ERR_RANGE);
    tomte_cbor_need_key(&d, SNAPSHOT_CONTAINERS);
    tomte_cbor_enter_array(&d);
    while (tomte_cbor_more(&d))
        get_container(&d, home);
    tomte_cbor_leave(&d);
    tomte_cbor_leave(&d);
    enum tomte_err err = tomte_cbor_decode_done(&d);
    if (report != NULL)
        *report = (struct tomte_home_report){0};
    if (err == TOMTE_OK)
        return err;
    tomte_home_clear(home);
    char at[24];
    struct tomte_text t;
    tomte_text_init(&t, at, sizeof(at));
    tomte_text_u64(&t, d.err_at);
    return SAY(report, err, LIT("snapshot, byte "), tomte_span_str(at),
               LIT(": "), tomte_span_str(tomte_err_text(err)));
}

static uint64_t get_counted(struct tomte_cbor_dec *d, uint64_t max)
{
    uint64_t v = tomte_cbor_get_uint(d);
    if (v > max)
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    return v > max ? 0 : v;
}

static void get_head(struct tomte_cbor_dec *d, struct tomte_home *home)
{
    tomte_cbor_need_key(d, SNAPSHOT_FORMAT);
    if (tomte_cbor_get_uint(d) != SNAPSHOT_FORMAT_VERSION)
        tomte_cbor_fail(d, TOMTE_ERR_VERSION);
    tomte_cbor_need_key(d, SNAPSHOT_VERSION);
    home->version = get_counted(d, LATEST_MAX);
    tomte_cbor_need_key(d, SNAPSHOT_EPOCH_FLOOR);
    home->epoch_floor = get_counted(d, LATEST_MAX);
    tomte_cbor_need_key(d, SNAPSHOT_LEASE);
    home->lease_ms =
        tomte_cbor_get_u32(d, TOMTE_LEASE_MS_MIN, TOMTE_LEASE_MS_MAX);
    tomte_cbor_need_key(d, SNAPSHOT_LEASE_LONGEST);
    home->lease_longest_ms =
        tomte_cbor_get_u32(d, home->lease_ms, TOMTE_LEASE_MS_MAX);
}

static void get_node_of(struct tomte_cbor_dec *d, struct tomte_home *home)
{
    tomte_cbor_enter_array(d);
    struct tomte_name name = tomte_cbor_get_name(d);
    if (home->nodes_len == home->limits.nodes)
        tomte_cbor_fail(d, TOMTE_ERR_FULL);
    if (home->nodes_len > 0) {
        uint16_t last = home->node_order[home->nodes_len - 1];
        if (tomte_span_compare(NAME(home->nodes[last].name), NAME(name)) >= 0)
            tomte_cbor_fail(d, TOMTE_ERR_NOT_CANONICAL);
    }
    if (!tomte_cbor_ok(d))
        return;
    uint16_t node = tomte_home_node_new(home, &name);
    struct tomte_home_node *n = &home->nodes[node];
    struct tomte_name place = get_optional_name(d);
    if (tomte_cbor_ok(d))
        tomte_home_set_place(home, node, &place);
    n->addr = get_addr(d);
    n->keeper = tomte_cbor_get_bool(d);
    n->retired = tomte_cbor_get_bool(d);
    home->retired = (uint16_t)(home->retired + n->retired);
    n->containers_max = (uint16_t)tomte_cbor_get_u32(d, 0, UINT16_MAX);
    n->memory_max_kib = tomte_cbor_get_u32(d, 0, UINT32_MAX);
    n->fuel_max = tomte_cbor_get_u32(d, 0, UINT32_MAX);
    n->flash_max_kib = tomte_cbor_get_u32(d, 0, UINT32_MAX);
    n->hops = (uint8_t)tomte_cbor_get_u32(d, 0, UINT8_MAX);
    n->battery = tomte_cbor_get_bool(d);
    n->offer_crc = tomte_cbor_get_u32(d, 0, UINT32_MAX);
    n->store = tomte_cbor_get_uint(d);
    get_key(d, n);
    n->added = get_counted(d, home->version);
    n->view = get_counted(d, home->version);
    get_resources(d, home, node);
    tomte_home_rank_node(home, node);
    if (n->retired && (n->keeper || n->resources > 0))
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    tomte_cbor_leave(d);
}

/* None is the empty string. */
static void get_key(struct tomte_cbor_dec *d, struct tomte_home_node *n)
{
    struct tomte_span key = tomte_cbor_get_bytes(d);
    n->has_key = key.len == sizeof n->key;
    if (n->has_key)
        memcpy(n->key, key.data, sizeof n->key);
    else if (key.len > 0)
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
}

static void get_resources(struct tomte_cbor_dec *d, struct tomte_home *home,
                          uint16_t node)
{
    tomte_cbor_enter_array(d);
    while (more_of(d, home->nodes[node].resources, TOMTE_LIMIT_RESOURCES)) {
        struct tomte_resource r = tomte_offer_get_resource(d);
        if (tomte_home_resources_left(home) == 0)
            tomte_cbor_fail(d, TOMTE_ERR_FULL);
        if (tomte_cbor_ok(d) &&
            tomte_home_find_resource(home, &r.channel) != NONE)
            tomte_cbor_fail(d, TOMTE_ERR_DUPLICATE);
        if (!tomte_cbor_ok(d))
            return;
        uint16_t slot = tomte_home_resource_new(home, node, &r);
        if (home->resources[slot].next != NONE)
            tomte_cbor_fail(d, TOMTE_ERR_NOT_CANONICAL);
    }
    tomte_cbor_leave(d);
}

static void get_container(struct tomte_cbor_dec *d, struct tomte_home *home)
{
    tomte_cbor_enter_array(d);
    struct tomte_name name = tomte_cbor_get_name(d);
    if (home->containers_len == home->limits.containers)
        tomte_cbor_fail(d, TOMTE_ERR_FULL);
    if (home->containers_len > 0) {
        uint16_t last = home->container_order[home->containers_len - 1];
        if (tomte_span_compare(NAME(home->containers[last].identity),
                               NAME(name)) >= 0)
            tomte_cbor_fail(d, TOMTE_ERR_NOT_CANONICAL);
    }
    if (!tomte_cbor_ok(d))
        return;
    uint16_t slot = tomte_home_container_new(home, &name);
    struct tomte_home_container *c = &home->containers[slot];
    c->stopped = tomte_cbor_get_bool(d);
    tomte_cbor_get_bytes_exact(d, c->digest, sizeof(c->digest));
    c->manifest_name = tomte_cbor_get_name(d);
    c->manifest_version = tomte_cbor_get_u32(d, 0, UINT32_MAX);
    get_needs(d, home, slot);
    c->added = get_counted(d, home->version);
    c->changed = get_counted(d, home->version);
    get_ports(d, home, slot);
    get_placement(d, home, &c->placement);
    get_owed(d, home, c);
    get_gave_up(d, c);
    get_before(d, home, slot);
    tomte_cbor_leave(d);
    if (tomte_cbor_ok(d) && !is_sound(home, c))
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    if (tomte_cbor_ok(d))
        tomte_home_count(home, slot, 1);
}

static uint16_t get_ref(struct tomte_cbor_dec *d, const struct tomte_home *home)
{
    struct tomte_name name = get_optional_name(d);
    if (name.len == 0)
        return NONE;
    uint16_t node = tomte_home_any_node(home, &name);
    if (node == NONE)
        tomte_cbor_fail(d, TOMTE_ERR_NOT_FOUND);
    return node;
}

/* Both lists of others have room for as many. */
static uint8_t get_list(struct tomte_cbor_dec *d,
                        struct tomte_name list[TOMTE_AWAY_FROM_MAX])
{
    uint8_t len = 0;
    tomte_cbor_enter_array(d);
    while (more_of(d, len, TOMTE_AWAY_FROM_MAX))
        list[len++] = tomte_cbor_get_name(d);
    tomte_cbor_leave(d);
    return len;
}

static void get_needs(struct tomte_cbor_dec *d, struct tomte_home *home,
                      uint16_t container)
{
    struct tomte_home_container *c = &home->containers[container];
    c->durability = (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_DURABILITY_SYNC);
    c->without_keeper =
        (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_WITHOUT_KEEPER_SAFE);
    c->standbys = (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_STANDBYS_MAX);
    tomte_home_set_priority(home, container,
                            (uint8_t)tomte_cbor_get_u32(d, 0, UINT8_MAX));
    c->memory_kib = tomte_cbor_get_u32(d, 0, MEMORY_KIB_MAX);
    c->fuel_per_second = tomte_cbor_get_u32(d, 0, UINT32_MAX);
    c->flash_kib = tomte_cbor_get_u32(d, 0, FLASH_KIB_MAX);
    c->near = get_optional_name(d);
    struct tomte_name list[TOMTE_APART_FROM_MAX];
    c->away_from_len = get_list(d, c->away_from);
    uint8_t len = get_list(d, list);
    if (tomte_cbor_ok(d))
        tomte_home_set_apart(home, container, list, len);
    c->shed_for = get_optional_name(d);
    c->pin = get_ref(d, home);
}

static struct tomte_home_port get_port(struct tomte_cbor_dec *d)
{
    struct tomte_home_port p = {0};
    tomte_cbor_enter_array(d);
    p.name = tomte_cbor_get_name(d);
    p.type = tomte_cbor_get_name(d);
    p.role = get_optional_name(d);
    p.place = get_optional_name(d);
    p.channel = get_optional_channel(d);
    p.direction = (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_PORT_OUT);
    p.kind = (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_PORT_EVENT);
    p.bound = (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_HOME_BOUND_ROLE);
    tomte_cbor_leave(d);
    bool by_role = p.bound == TOMTE_HOME_BOUND_ROLE;
    if (by_role ? p.role.len == 0 : p.channel.len == 0 || p.place.len > 0)
        tomte_cbor_fail(d, TOMTE_ERR_INVALID);
    return p;
}

/* One more port behind those from `first` on has its own name, and room. */
static bool may_add(struct tomte_cbor_dec *d, const struct tomte_home *home,
                    uint16_t first, const struct tomte_home_port *p)
{
    if (tomte_home_ports_left(home) == 0)
        tomte_cbor_fail(d, TOMTE_ERR_FULL);
    for (uint16_t o = first; o != NONE; o = home->ports[o].next)
        if (tomte_name_equal(&home->ports[o].name, &p->name))
            tomte_cbor_fail(d, TOMTE_ERR_DUPLICATE);
    return tomte_cbor_ok(d);
}

static void get_ports(struct tomte_cbor_dec *d, struct tomte_home *home,
                      uint16_t container)
{
    const struct tomte_home_container *c = &home->containers[container];
    tomte_cbor_enter_array(d);
    while (more_of(d, c->ports_len, TOMTE_LIMIT_PORTS)) {
        struct tomte_home_port p = get_port(d);
        if (!may_add(d, home, c->port, &p))
            return;
        uint16_t slot = tomte_home_port_new(home, container, &p);
        if (p.channel.len > 0 &&
            !tomte_home_is_free_for(home, &home->ports[slot], &p.channel))
            tomte_cbor_fail(d, TOMTE_ERR_EXISTS);
    }
    tomte_cbor_leave(d);
}

/* The version before one that is on trial; its ports' channels are reserved. */
static void get_before(struct tomte_cbor_dec *d, struct tomte_home *home,
                       uint16_t container)
{
    struct tomte_home_container *c = &home->containers[container];
    struct tomte_home_before *b = &c->before;
    tomte_cbor_enter_array(d);
    if (tomte_cbor_more(d)) {
        c->trial = true;
        home->trials++;
        c->afresh = tomte_cbor_get_bool(d);
        tomte_cbor_get_bytes_exact(d, b->digest, sizeof(b->digest));
        b->manifest_name = tomte_cbor_get_name(d);
        b->manifest_version = tomte_cbor_get_u32(d, 0, UINT32_MAX);
        b->durability =
            (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_DURABILITY_SYNC);
        b->without_keeper =
            (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_WITHOUT_KEEPER_SAFE);
        b->standbys = (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_STANDBYS_MAX);
        b->priority = (uint8_t)tomte_cbor_get_u32(d, 0, UINT8_MAX);
        b->memory_kib = tomte_cbor_get_u32(d, 0, MEMORY_KIB_MAX);
        b->fuel_per_second = tomte_cbor_get_u32(d, 0, UINT32_MAX);
        b->flash_kib = tomte_cbor_get_u32(d, 0, FLASH_KIB_MAX);
        b->near = get_optional_name(d);
        b->away_from_len = get_list(d, b->away_from);
        b->apart_from_len = get_list(d, b->apart_from);
        tomte_cbor_enter_array(d);
        while (more_of(d, b->ports_len, TOMTE_LIMIT_PORTS)) {
            struct tomte_home_port p = get_port(d);
            if (!may_add(d, home, b->port, &p))
                return;
            tomte_home_port_parked(home, container, &p);
        }
        tomte_cbor_leave(d);
    }
    tomte_cbor_leave(d);
}

static void get_gave_up(struct tomte_cbor_dec *d,
                        struct tomte_home_container *c)
{
    c->gave_up_version = tomte_cbor_get_u32(d, 0, UINT32_MAX);
    struct tomte_span text = tomte_cbor_get_text(d);
    if (text.len > sizeof(c->gave_up))
        tomte_cbor_fail(d, TOMTE_ERR_RANGE);
    if (!tomte_cbor_ok(d))
        return;
    c->gave_up_len = (uint8_t)text.len;
    if (text.len > 0)
        memcpy(c->gave_up, text.data, text.len);
}

static uint8_t get_refs(struct tomte_cbor_dec *d, const struct tomte_home *home,
                        uint16_t *nodes, uint8_t max)
{
    uint8_t len = 0;
    tomte_cbor_enter_array(d);
    while (more_of(d, len, max)) {
        uint16_t node = get_ref(d, home);
        for (unsigned i = 0; i < len; i++)
            if (nodes[i] == node)
                tomte_cbor_fail(d, TOMTE_ERR_DUPLICATE);
        if (node == NONE || home->nodes[node].retired)
            tomte_cbor_fail(d, TOMTE_ERR_INVALID);
        if (!tomte_cbor_ok(d))
            return len;
        nodes[len++] = node;
    }
    tomte_cbor_leave(d);
    return len;
}

static void get_placement(struct tomte_cbor_dec *d,
                          const struct tomte_home *home,
                          struct tomte_placement *p)
{
    tomte_cbor_enter_array(d);
    p->state = (uint8_t)tomte_cbor_get_u32(d, 0, TOMTE_PLACEMENT_ACTIVE);
    p->epoch = get_counted(d, LATEST_MAX);
    p->born = get_counted(d, p->epoch);
    p->granted = get_counted(d, home->version);
    p->ended = get_counted(d, home->version);
    p->elapsed_ms = tomte_cbor_get_uint(d);
    p->agreed = get_counted(d, home->version);
    p->owner = get_ref(d, home);
    p->runner = get_ref(d, home);
    p->standbys_len = get_refs(d, home, p->standbys, TOMTE_HOME_STANDBYS_MAX);
    p->insync_len = get_refs(d, home, p->insync, TOMTE_HOME_HOLDERS_MAX);
    tomte_cbor_leave(d);
}

static void get_owed(struct tomte_cbor_dec *d, const struct tomte_home *home,
                     struct tomte_home_container *c)
{
    tomte_cbor_enter_array(d);
    while (more_of(d, c->owed_len, TOMTE_LIMIT_PORTS)) {
        struct tomte_channel_name channel = tomte_cbor_get_channel_name(d);
        if (!tomte_cbor_ok(d))
            return;
        uint16_t r = tomte_home_find_resource(home, &channel);
        if (r == NONE)
            tomte_cbor_fail(d, TOMTE_ERR_NOT_FOUND);
        for (unsigned i = 0; i < c->owed_len; i++)
            if (c->owed[i] == r)
                tomte_cbor_fail(d, TOMTE_ERR_DUPLICATE);
        c->owed[c->owed_len++] = r;
    }
    tomte_cbor_leave(d);
}

/* What holds between the parts of a placement after any commands. */
static bool is_sound(const struct tomte_home *home,
                     const struct tomte_home_container *c)
{
    const struct tomte_placement *p = &c->placement;
    bool active = p->state == TOMTE_PLACEMENT_ACTIVE;
    if ((p->state == TOMTE_PLACEMENT_NONE) != (p->owner == NONE))
        return false;
    if (p->owner == NONE && p->standbys_len > 0)
        return false;
    if (p->owner != NONE && (c->stopped || p->epoch == 0))
        return false;
    if (active && (p->runner != p->owner || p->ended != 0 ||
                   !tomte_home_is_insync(p, p->owner)))
        return false;
    if (!active && (p->runner == NONE) != (p->ended == 0))
        return false;
    if (c->pin != NONE && home->nodes[c->pin].retired)
        return false;
    if (c->shed_for.len > 0 && p->owner != NONE)
        return false;
    return !tomte_home_is_standby(p, p->owner);
}
