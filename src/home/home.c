/* SPDX-License-Identifier: Apache-2.0 */
#include "home/home.h"

#include "base/assert.h"
#include "home/apply.h"
#include "home/rank.h"

#include <stdalign.h>
#include <string.h>

struct op {
    tomte_home_check_fn *check;
    tomte_home_do_fn *act;
};

static const struct op *op_of(unsigned op);
static uint16_t buckets_for(struct tomte_home_limits limits);

struct tomte_home_limits tomte_home_limits_default(void)
{
    return (struct tomte_home_limits){
        .nodes = TOMTE_LIMIT_HOME_NODES,
        .resources = TOMTE_LIMIT_HOME_RESOURCES,
        .containers = TOMTE_LIMIT_HOME_CONTAINERS,
        .ports = TOMTE_LIMIT_HOME_PORTS,
    };
}

size_t tomte_home_bytes(struct tomte_home_limits limits)
{
    size_t slots = (size_t)limits.nodes + 2u * limits.containers +
                   5u * buckets_for(limits);
    return limits.nodes * sizeof(struct tomte_home_node) +
           limits.containers * sizeof(struct tomte_home_container) +
           limits.resources * sizeof(struct tomte_home_resource) +
           limits.ports * sizeof(struct tomte_home_port) +
           slots * sizeof(uint16_t) + buckets_for(limits) * sizeof(uint32_t) +
           tomte_home_ranks(limits.nodes) * sizeof(struct tomte_home_rank) +
           14 * alignof(max_align_t);
}

enum tomte_err tomte_home_init(struct tomte_home *home,
                               struct tomte_arena *arena,
                               struct tomte_home_limits limits)
{
    TOMTE_ASSERT(limits.nodes < NONE && limits.containers < NONE);
    TOMTE_ASSERT(limits.resources < NONE && limits.ports < NONE);
    *home = (struct tomte_home){
        .limits = limits,
        .buckets = buckets_for(limits),
    };
#define TAKE(field, count)                                                     \
    home->field = tomte_arena_take(arena, (count) * sizeof(*home->field),      \
                                   alignof(max_align_t));                      \
    if (home->field == NULL)                                                   \
    return TOMTE_ERR_NO_MEMORY
    TAKE(nodes, limits.nodes);
    TAKE(containers, limits.containers);
    TAKE(resources, limits.resources);
    TAKE(ports, limits.ports);
    TAKE(node_order, limits.nodes);
    TAKE(container_order, limits.containers);
    TAKE(priority_order, limits.containers);
    TAKE(resource_by_channel, home->buckets);
    TAKE(resource_by_role, home->buckets);
    TAKE(resource_by_place, home->buckets);
    TAKE(node_by_place, home->buckets);
    TAKE(apart_by_name, home->buckets);
    TAKE(ranks, tomte_home_ranks(limits.nodes));
    TAKE(port_by_channel, home->buckets);
#undef TAKE
    tomte_home_clear(home);
    return TOMTE_OK;
}

void tomte_home_clear(struct tomte_home *home)
{
    home->version = 0;
    home->epoch_floor = 0;
    home->lease_ms = TOMTE_LEASE_MS_DEFAULT;
    home->lease_longest_ms = TOMTE_LEASE_MS_DEFAULT;
    home->nodes_len = 0;
    home->containers_len = 0;
    home->resources_used = 0;
    home->ports_used = 0;
    home->retired = 0;
    home->trials = 0;
    memset(home->nodes, 0, home->limits.nodes * sizeof(*home->nodes));
    memset(home->containers, 0,
           home->limits.containers * sizeof(*home->containers));
    home->resource_free = home->limits.resources > 0 ? 0 : NONE;
    for (unsigned i = 0; i < home->limits.resources; i++)
        home->resources[i] = (struct tomte_home_resource){
            .node = NONE,
            .next = (uint16_t)(i + 1 < home->limits.resources ? i + 1 : NONE),
        };
    home->port_free = home->limits.ports > 0 ? 0 : NONE;
    for (unsigned i = 0; i < home->limits.ports; i++)
        home->ports[i] = (struct tomte_home_port){
            .container = NONE,
            .next = (uint16_t)(i + 1 < home->limits.ports ? i + 1 : NONE),
        };
    for (unsigned i = 0; i < home->buckets; i++) {
        home->resource_by_channel[i] = NONE;
        home->resource_by_role[i] = NONE;
        home->resource_by_place[i] = NONE;
        home->node_by_place[i] = NONE;
        home->port_by_channel[i] = NONE;
        home->apart_by_name[i] = UINT32_MAX;
    }
    tomte_home_rank_all(home);
}

enum tomte_err tomte_home_apply(struct tomte_home *home,
                                struct tomte_span command,
                                struct tomte_home_report *report)
{
    struct tomte_command c;
    if (report != NULL)
        *report = (struct tomte_home_report){0};
    enum tomte_err err = tomte_command_decode(command, &c, report);
    if (err == TOMTE_OK)
        err = op_of(c.op)->check(home, &c, report);
    if (err != TOMTE_OK)
        return err;
    home->version++;
    op_of(c.op)->act(home, &c);
    return TOMTE_OK;
}

enum tomte_err tomte_home_check(const struct tomte_home *home,
                                struct tomte_span command,
                                struct tomte_home_report *report)
{
    struct tomte_command c;
    if (report != NULL)
        *report = (struct tomte_home_report){0};
    enum tomte_err err = tomte_command_decode(command, &c, report);
    return err == TOMTE_OK ? op_of(c.op)->check(home, &c, report) : err;
}

bool tomte_home_is_insync(const struct tomte_placement *p, uint16_t node)
{
    for (unsigned i = 0; i < p->insync_len; i++)
        if (p->insync[i] == node)
            return true;
    return false;
}

bool tomte_home_is_standby(const struct tomte_placement *p, uint16_t node)
{
    for (unsigned i = 0; i < p->standbys_len; i++)
        if (p->standbys[i] == node)
            return true;
    return false;
}

unsigned tomte_home_keepers(const struct tomte_home *home)
{
    unsigned n = 0;
    for (unsigned i = 0; i < home->nodes_len; i++)
        n += home->nodes[home->node_order[i]].keeper;
    return n;
}

static const struct op *op_of(unsigned op)
{
    static const struct op ops[] = {
#define OP(name, check_fn, do_fn)                                              \
    [TOMTE_COMMAND_##                                                          \
        name] = {tomte_home_check_##check_fn, tomte_home_do_##do_fn}
        OP(NODE, node, node),
        OP(NODE_REMOVE, node_remove, node_remove),
        OP(CONTAINER, container, container),
        OP(CONTAINER_REMOVE, exists, container_remove),
        OP(STOP, exists, stop),
        OP(START, exists, start),
        OP(PIN, pin, pin),
        OP(UNPIN, exists, unpin),
        OP(LEASE, lease, lease),
        OP(BIND, bind, bind),
        OP(PLACE, place, place),
        OP(ACTIVATE, activate, activate),
        OP(INSYNC, insync, insync),
        OP(STANDBYS, standbys, standbys),
        OP(SHED, shed, shed),
        OP(KEEP, keep, keep),
        OP(ROLLBACK, rollback, rollback),
#undef OP
    };
    TOMTE_ASSERT(op < sizeof(ops) / sizeof(ops[0]) && ops[op].check != NULL);
    return &ops[op];
}

/* Half as many as what they hold, at least 16. */
static uint16_t buckets_for(struct tomte_home_limits limits)
{
    unsigned most =
        limits.ports > limits.resources ? limits.ports : limits.resources;
    uint16_t n = 16;
    while (n < most / 2 && n < 0x4000)
        n = (uint16_t)(n * 2);
    return n;
}
