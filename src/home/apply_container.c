/* SPDX-License-Identifier: Apache-2.0 */
/* Containers: deployed, updated, stopped, bound, removed. */
#include "home/draft.h"
#include "home/evolve.h"

#include "base/assert.h"

#include <string.h>

#define OWED_MAX TOMTE_LIMIT_PORTS

static enum tomte_err check_owed(const struct tomte_home *home,
                                 const struct tomte_command *c, uint8_t len,
                                 struct tomte_home_report *report);
static uint8_t owed_after(const struct tomte_home *home, uint16_t container,
                          const struct tomte_home_draft *d, uint16_t *owed);
static uint8_t owed_add(const struct tomte_home *home, uint16_t *owed,
                        uint8_t len, const struct tomte_home_port *was);
static bool writes(const struct tomte_home_draft *d,
                   const struct tomte_channel_name *channel);
static bool is_same(const struct tomte_home *home, uint16_t container,
                    const struct tomte_command *c,
                    const struct tomte_home_draft *d);
static bool keeps_outputs(const struct tomte_home *home, uint16_t container,
                          const struct tomte_home_draft *d);
static void set_container(struct tomte_home *home, uint16_t container,
                          const struct tomte_command *c,
                          const struct tomte_home_draft *d);
static uint16_t port_of(const struct tomte_home *home, uint16_t container,
                        const struct tomte_name *name);

/* Another image where there is a history: that version is on trial. */
static bool begins_trial(const struct tomte_home *home, uint16_t container,
                         const struct tomte_command *c)
{
    if (container == NONE)
        return false;
    const struct tomte_home_container *k = &home->containers[container];
    return k->placement.born != 0 &&
           memcmp(k->digest, c->digest, sizeof(k->digest)) != 0;
}

/* The version before the one on trial is deployed again. */
static bool is_way_back(const struct tomte_home *home, uint16_t container,
                        const struct tomte_command *c)
{
    if (container == NONE)
        return false;
    const struct tomte_home_container *k = &home->containers[container];
    return k->trial &&
           memcmp(k->before.digest, c->digest, sizeof(c->digest)) == 0;
}

static bool writes_before(const struct tomte_home *home,
                          const struct tomte_home_container *k,
                          const struct tomte_channel_name *channel)
{
    uint16_t at = k->before.port;
    for (; at != NONE; at = home->ports[at].next)
        if (home->ports[at].direction == TOMTE_PORT_OUT &&
            tomte_channel_name_equal(&home->ports[at].channel, channel))
            return true;
    return false;
}

/* What is owed when the version before takes over again. */
static uint8_t owed_back(const struct tomte_home *home, uint16_t container,
                         uint16_t *owed)
{
    const struct tomte_home_container *k = &home->containers[container];
    uint8_t len = k->owed_len;
    memmove(owed, k->owed, sizeof(k->owed));
    if (k->placement.runner == NONE)
        return len;
    for (uint16_t at = k->port; at != NONE; at = home->ports[at].next)
        if (!writes_before(home, k, &home->ports[at].channel))
            len = owed_add(home, owed, len, &home->ports[at]);
    return len;
}

enum tomte_err tomte_home_check_back(const struct tomte_home *home,
                                     const struct tomte_command *c,
                                     uint16_t container,
                                     struct tomte_home_report *report)
{
    uint16_t owed[OWED_MAX];
    return check_owed(home, c, owed_back(home, container, owed), report);
}

void tomte_home_owe_back(struct tomte_home *home, uint16_t container)
{
    struct tomte_home_container *k = &home->containers[container];
    k->owed_len = owed_back(home, container, k->owed);
}

enum tomte_err tomte_home_check_container(const struct tomte_home *home,
                                          const struct tomte_command *c,
                                          struct tomte_home_report *report)
{
    struct tomte_home_draft d;
    enum tomte_err err = tomte_home_draft(home, c, &d, report);
    if (err == TOMTE_OK)
        err = tomte_home_check_draft(home, c, &d, report);
    if (err != TOMTE_OK)
        return err;
    uint16_t container = tomte_home_find_container(home, &c->name);
    if (container == NONE && home->containers_len == home->limits.containers)
        return SAY(report, TOMTE_ERR_FULL, LIT("no room for container "),
                   NAME(c->name));
    if (is_way_back(home, container, c))
        return tomte_home_check_back(home, c, container, report);
    bool trial = begins_trial(home, container, c);
    if (trial && home->containers[container].trial)
        return SAY(report, TOMTE_ERR_STATE, LIT("container "), NAME(c->name),
                   LIT(" has another version on trial; wait for its end, or "
                       "deploy the version before to end it"));
    unsigned has =
        container == NONE || trial ? 0 : home->containers[container].ports_len;
    if (d.manifest.ports_len > tomte_home_ports_left(home) + has)
        return SAY(report, TOMTE_ERR_FULL,
                   LIT("no room for the ports of container "), NAME(c->name));
    uint16_t owed[OWED_MAX];
    return check_owed(home, c, owed_after(home, container, &d, owed), report);
}

void tomte_home_do_container(struct tomte_home *home,
                             const struct tomte_command *c)
{
    struct tomte_home_draft d;
    TOMTE_ASSERT(tomte_home_draft(home, c, &d, NULL) == TOMTE_OK);
    uint16_t container = tomte_home_find_container(home, &c->name);
    if (is_way_back(home, container, c)) {
        tomte_home_go_back(home, container, LIT("its owner wants that"));
        return;
    }
    if (container != NONE && is_same(home, container, c, &d))
        return;
    if (container == NONE) {
        container = tomte_home_container_new(home, &c->name);
        home->containers[container].placement.epoch = home->epoch_floor;
    }
    struct tomte_home_container *k = &home->containers[container];
    if (memcmp(k->digest, c->digest, sizeof(k->digest)) != 0 ||
        !keeps_outputs(home, container, &d))
        k->changed = home->version;
    tomte_home_touch(home, container);
    k->owed_len = owed_after(home, container, &d, k->owed);
    tomte_home_count(home, container, -1);
    if (begins_trial(home, container, c)) {
        tomte_home_begin_trial(home, container);
        k->afresh = c->afresh;
    }
    set_container(home, container, c, &d);
    tomte_home_count(home, container, 1);
    tomte_home_touch(home, container);
}

enum tomte_err tomte_home_check_exists(const struct tomte_home *home,
                                       const struct tomte_command *c,
                                       struct tomte_home_report *report)
{
    if (tomte_home_find_container(home, &c->name) != NONE)
        return TOMTE_OK;
    return SAY(report, TOMTE_ERR_NOT_FOUND, LIT("there is no container "),
               NAME(c->name));
}

void tomte_home_do_container_remove(struct tomte_home *home,
                                    const struct tomte_command *c)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    tomte_home_touch(home, container);
    tomte_home_count(home, container, -1);
    uint64_t epoch = home->containers[container].placement.epoch;
    if (home->epoch_floor < epoch)
        home->epoch_floor = epoch;
    tomte_home_ports_free(home, container);
    tomte_home_end_trial(home, container);
    tomte_home_container_free(home, container);
    tomte_home_free_retired(home);
}

void tomte_home_do_stop(struct tomte_home *home, const struct tomte_command *c)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    struct tomte_home_container *k = &home->containers[container];
    if (k->stopped)
        return;
    k->stopped = true;
    k->shed_for.len = 0;
    tomte_home_take_down(home, container);
}

void tomte_home_do_start(struct tomte_home *home, const struct tomte_command *c)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    home->containers[container].stopped = false;
}

enum tomte_err tomte_home_check_pin(const struct tomte_home *home,
                                    const struct tomte_command *c,
                                    struct tomte_home_report *report)
{
    if (tomte_home_find_node(home, &c->node) == NONE)
        return SAY(report, TOMTE_ERR_NOT_FOUND, LIT("there is no node "),
                   NAME(c->node));
    return tomte_home_check_exists(home, c, report);
}

void tomte_home_do_pin(struct tomte_home *home, const struct tomte_command *c)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    home->containers[container].pin = tomte_home_find_node(home, &c->node);
}

void tomte_home_do_unpin(struct tomte_home *home, const struct tomte_command *c)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    home->containers[container].pin = NONE;
}

enum tomte_err tomte_home_check_bind(const struct tomte_home *home,
                                     const struct tomte_command *c,
                                     struct tomte_home_report *report)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    if (container == NONE)
        return tomte_home_check_exists(home, c, report);
    const struct tomte_home_container *k = &home->containers[container];
    uint16_t owed[OWED_MAX];
    uint8_t owed_len = k->owed_len;
    memcpy(owed, k->owed, sizeof(owed));
    for (unsigned i = 0; i < c->binds_len; i++) {
        const struct tomte_bind *b = &c->binds[i];
        uint16_t port = port_of(home, container, &b->port);
        uint16_t r = tomte_home_find_resource(home, &b->channel);
        if (port == NONE || home->ports[port].bound != TOMTE_HOME_BOUND_ROLE)
            return SAY(report, TOMTE_ERR_NOT_FOUND, LIT("container "),
                       NAME(c->name), LIT(" has no port "), NAME(b->port),
                       LIT(" that is bound by a role"));
        const struct tomte_home_port *p = &home->ports[port];
        if (r == NONE || !tomte_home_fits_role(p, &home->resources[r].is))
            return SAY(report, TOMTE_ERR_INVALID, CHAN(b->channel),
                       LIT(" does not fit port "), NAME(b->port),
                       LIT(" of container "), NAME(c->name));
        bool taken = !tomte_home_is_free_for(home, p, &b->channel);
        for (unsigned n = 0; n < i && p->direction == TOMTE_PORT_OUT; n++)
            taken |=
                tomte_channel_name_equal(&c->binds[n].channel, &b->channel);
        if (taken)
            return SAY(report, TOMTE_ERR_EXISTS, CHAN(b->channel),
                       LIT(" is taken, port "), NAME(b->port),
                       LIT(" of container "), NAME(c->name),
                       LIT(" cannot have it"));
        if (k->placement.runner != NONE)
            owed_len = owed_add(home, owed, owed_len, p);
    }
    return check_owed(home, c, owed_len, report);
}

void tomte_home_do_bind(struct tomte_home *home, const struct tomte_command *c)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    struct tomte_home_container *k = &home->containers[container];
    tomte_home_touch(home, container);
    for (unsigned i = 0; i < c->binds_len; i++) {
        uint16_t port = port_of(home, container, &c->binds[i].port);
        const struct tomte_home_port *p = &home->ports[port];
        if (tomte_channel_name_equal(&p->channel, &c->binds[i].channel))
            continue;
        if (k->placement.runner != NONE)
            k->owed_len = owed_add(home, k->owed, k->owed_len, p);
        if (p->direction == TOMTE_PORT_OUT)
            k->changed = home->version;
        tomte_home_port_set(home, port, &c->binds[i].channel);
    }
    tomte_home_touch(home, container);
}

static enum tomte_err check_owed(const struct tomte_home *home,
                                 const struct tomte_command *c, uint8_t len,
                                 struct tomte_home_report *report)
{
    (void)home;
    if (len <= OWED_MAX)
        return TOMTE_OK;
    return SAY(report, TOMTE_ERR_FULL, LIT("container "), NAME(c->name),
               LIT(" changed its actuators too often since it last ran"));
}

/* What the container owes when the draft replaces it: actuators which it no
 * longer writes to, but which whoever ran it may. OWED_MAX + 1 when that is too
 * much. */
static uint8_t owed_after(const struct tomte_home *home, uint16_t container,
                          const struct tomte_home_draft *d, uint16_t *owed)
{
    if (container == NONE)
        return 0;
    const struct tomte_home_container *k = &home->containers[container];
    uint8_t len = k->owed_len;
    memmove(owed, k->owed, sizeof(k->owed));
    if (k->placement.runner == NONE)
        return len;
    for (uint16_t at = k->port; at != NONE; at = home->ports[at].next)
        if (!writes(d, &home->ports[at].channel))
            len = owed_add(home, owed, len, &home->ports[at]);
    return len;
}

static uint8_t owed_add(const struct tomte_home *home, uint16_t *owed,
                        uint8_t len, const struct tomte_home_port *was)
{
    if (was->direction != TOMTE_PORT_OUT || was->channel.len == 0)
        return len;
    uint16_t r = tomte_home_find_resource(home, &was->channel);
    if (r == NONE)
        return len;
    for (unsigned i = 0; i < len && i < OWED_MAX; i++)
        if (owed[i] == r)
            return len;
    if (len >= OWED_MAX)
        return OWED_MAX + 1;
    owed[len] = r;
    return (uint8_t)(len + 1);
}

static bool writes(const struct tomte_home_draft *d,
                   const struct tomte_channel_name *channel)
{
    for (unsigned i = 0; i < d->manifest.ports_len; i++)
        if (d->ports[i].direction == TOMTE_PORT_OUT &&
            tomte_channel_name_equal(&d->ports[i].channel, channel))
            return true;
    return false;
}

static bool is_same(const struct tomte_home *home, uint16_t container,
                    const struct tomte_command *c,
                    const struct tomte_home_draft *d)
{
    const struct tomte_home_container *k = &home->containers[container];
    if (memcmp(k->digest, c->digest, sizeof(k->digest)) != 0 ||
        k->ports_len != d->manifest.ports_len)
        return false;
    uint16_t at = k->port;
    for (unsigned i = 0; i < k->ports_len; i++, at = home->ports[at].next) {
        const struct tomte_home_port *o = &home->ports[at], *p = &d->ports[i];
        if (o->bound != p->bound || o->direction != p->direction ||
            o->kind != p->kind || !tomte_name_equal(&o->name, &p->name) ||
            !tomte_name_equal(&o->type, &p->type) ||
            !tomte_name_equal(&o->role, &p->role) ||
            !tomte_name_equal(&o->place, &p->place) ||
            !tomte_channel_name_equal(&o->channel, &p->channel))
            return false;
    }
    return true;
}

/* The draft writes to the same channels. */
static bool keeps_outputs(const struct tomte_home *home, uint16_t container,
                          const struct tomte_home_draft *d)
{
    unsigned left = 0;
    for (unsigned i = 0; i < d->manifest.ports_len; i++)
        left += d->ports[i].direction == TOMTE_PORT_OUT;
    uint16_t at = home->containers[container].port;
    for (; at != NONE; at = home->ports[at].next) {
        if (home->ports[at].direction != TOMTE_PORT_OUT)
            continue;
        if (!writes(d, &home->ports[at].channel))
            return false;
        left--;
    }
    return left == 0;
}

static void set_container(struct tomte_home *home, uint16_t container,
                          const struct tomte_command *c,
                          const struct tomte_home_draft *d)
{
    struct tomte_home_container *k = &home->containers[container];
    const struct tomte_manifest *m = &d->manifest;
    memcpy(k->digest, c->digest, sizeof(k->digest));
    k->manifest_name = m->name;
    k->manifest_version = m->version;
    k->durability = m->durability;
    k->without_keeper = m->without_keeper;
    k->standbys = m->standbys;
    k->memory_kib = (m->memory_bytes + m->stack_bytes + 1023) / 1024;
    k->fuel_per_second = m->fuel_per_second;
    k->flash_kib = 2 * k->memory_kib + (m->log_bytes_max + 1023) / 1024;
    k->near = m->near;
    k->away_from_len = m->away_from_len;
    memcpy(k->away_from, m->away_from, sizeof(k->away_from));
    tomte_home_set_apart(home, container, m->apart_from, m->apart_from_len);
    tomte_home_set_priority(home, container, m->priority);
    tomte_home_ports_free(home, container);
    for (unsigned i = 0; i < m->ports_len; i++)
        (void)tomte_home_port_new(home, container, &d->ports[i]);
}

static uint16_t port_of(const struct tomte_home *home, uint16_t container,
                        const struct tomte_name *name)
{
    uint16_t at = home->containers[container].port;
    while (at != NONE && !tomte_name_equal(&home->ports[at].name, name))
        at = home->ports[at].next;
    return at;
}
