/* SPDX-License-Identifier: Apache-2.0 */
/* Placements: where a container is, and who else holds its history. */
#include "home/apply.h"

#include <string.h>

static enum tomte_err check_epoch(const struct tomte_home *home,
                                  const struct tomte_command *c, unsigned state,
                                  struct tomte_home_report *report);
static enum tomte_err check_standbys_of(const struct tomte_home *home,
                                        const struct tomte_command *c,
                                        const struct tomte_name *owner,
                                        struct tomte_home_report *report);
static void set_standbys(const struct tomte_home *home,
                         const struct tomte_command *c,
                         struct tomte_placement *p);
static void keep_insync(struct tomte_placement *p);
static struct tomte_placement *placement(struct tomte_home *home,
                                         const struct tomte_command *c);

enum tomte_err tomte_home_check_place(const struct tomte_home *home,
                                      const struct tomte_command *c,
                                      struct tomte_home_report *report)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    if (container == NONE)
        return tomte_home_check_exists(home, c, report);
    const struct tomte_home_container *k = &home->containers[container];
    const struct tomte_placement *p = &k->placement;
    if (k->stopped)
        return SAY(report, TOMTE_ERR_STATE, LIT("container "), NAME(c->name),
                   LIT(" is stopped"));
    if (c->epoch != p->epoch + 1)
        return SAY(report, TOMTE_ERR_STALE, LIT("container "), NAME(c->name),
                   LIT(": that is not its next epoch"));
    uint16_t owner = tomte_home_find_node(home, &c->node);
    if (owner == NONE)
        return SAY(report, TOMTE_ERR_NOT_FOUND, LIT("there is no node "),
                   NAME(c->node));
    if (c->anew && p->insync_len > 0 && k->durability != TOMTE_DURABILITY_NONE)
        return SAY(report, TOMTE_ERR_DENIED, LIT("the history of container "),
                   NAME(c->name), LIT(" must not be given up"));
    if (!c->anew && p->insync_len > 0 && !tomte_home_is_insync(p, owner))
        return SAY(report, TOMTE_ERR_DENIED, LIT("node "), NAME(c->node),
                   LIT(" does not hold the history of container "),
                   NAME(c->name));
    uint16_t other = tomte_home_beside(home, container, owner);
    if (other != NONE)
        return SAY(report, TOMTE_ERR_DENIED, LIT("container "), NAME(c->name),
                   LIT(" must not be at one node with container "),
                   NAME(home->containers[other].identity));
    return check_standbys_of(home, c, &c->node, report);
}

void tomte_home_do_place(struct tomte_home *home, const struct tomte_command *c)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    struct tomte_placement *p = placement(home, c);
    tomte_home_touch(home, container);
    tomte_home_count(home, container, -1);
    if (p->state == TOMTE_PLACEMENT_ACTIVE)
        p->ended = home->version;
    p->state = TOMTE_PLACEMENT_PENDING;
    p->epoch = c->epoch;
    p->granted = home->version;
    p->agreed = home->version;
    p->elapsed_ms = 0;
    p->owner = tomte_home_find_node(home, &c->node);
    if (c->anew)
        p->insync_len = 0;
    if (p->insync_len == 0)
        p->born = 0;
    set_standbys(home, c, p);
    home->containers[container].shed_for.len = 0;
    tomte_home_count(home, container, 1);
    tomte_home_touch(home, container);
    tomte_home_free_retired(home);
}

enum tomte_err tomte_home_check_shed(const struct tomte_home *home,
                                     const struct tomte_command *c,
                                     struct tomte_home_report *report)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    uint16_t other = tomte_home_find_container(home, &c->node);
    if (container == NONE)
        return tomte_home_check_exists(home, c, report);
    const struct tomte_home_container *k = &home->containers[container];
    if (c->epoch != k->placement.epoch || k->placement.owner == NONE)
        return SAY(report, TOMTE_ERR_STALE, LIT("container "), NAME(c->name),
                   LIT(" is not there with that epoch"));
    if (other == NONE || home->containers[other].priority <= k->priority)
        return SAY(report, TOMTE_ERR_DENIED, LIT("container "), NAME(c->name),
                   LIT(" makes room only for one that matters more"));
    return TOMTE_OK;
}

void tomte_home_do_shed(struct tomte_home *home, const struct tomte_command *c)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    tomte_home_take_down(home, container);
    home->containers[container].shed_for = c->node;
}

void tomte_home_take_down(struct tomte_home *home, uint16_t container)
{
    struct tomte_placement *p = &home->containers[container].placement;
    tomte_home_touch(home, container);
    tomte_home_count(home, container, -1);
    if (p->state == TOMTE_PLACEMENT_ACTIVE)
        p->ended = home->version;
    p->state = TOMTE_PLACEMENT_NONE;
    p->owner = NONE;
    p->standbys_len = 0;
    p->agreed = home->version;
    tomte_home_count(home, container, 1);
    tomte_home_free_retired(home);
}

static bool may_run(const struct tomte_home *home, uint16_t container,
                    uint16_t node)
{
    const struct tomte_placement *p = &home->containers[container].placement;
    return p->owner == node ||
           (p->state == TOMTE_PLACEMENT_PENDING && p->runner == node);
}

uint16_t tomte_home_beside(const struct tomte_home *home, uint16_t container,
                           uint16_t node)
{
    const struct tomte_home_container *c = &home->containers[container];
    for (unsigned i = 0; i < c->apart_from_len; i++) {
        uint16_t other = tomte_home_find_container(home, &c->apart_from[i]);
        if (other != NONE && other != container && may_run(home, other, node))
            return other;
    }
    uint32_t at;
    uint16_t other = tomte_home_first_apart(home, &c->identity, &at);
    while (other != NONE) {
        if (other != container && may_run(home, other, node))
            return other;
        other = tomte_home_next_apart(home, &c->identity, &at);
    }
    return NONE;
}

enum tomte_err tomte_home_check_activate(const struct tomte_home *home,
                                         const struct tomte_command *c,
                                         struct tomte_home_report *report)
{
    enum tomte_err err = check_epoch(home, c, TOMTE_PLACEMENT_PENDING, report);
    if (err != TOMTE_OK)
        return err;
    const struct tomte_placement *p =
        &home->containers[tomte_home_find_container(home, &c->name)].placement;
    if (home->nodes[p->owner].retired)
        return SAY(report, TOMTE_ERR_STATE, LIT("node "),
                   NAME(home->nodes[p->owner].name), LIT(" was removed"));
    if (p->ended > p->granted)
        return SAY(report, TOMTE_ERR_STATE, LIT("container "), NAME(c->name),
                   LIT(": this epoch was active before and is over"));
    if (p->insync_len > 0 && !tomte_home_is_insync(p, p->owner))
        return SAY(report, TOMTE_ERR_STATE, LIT("node "),
                   NAME(home->nodes[p->owner].name),
                   LIT(" does not hold the history of container "),
                   NAME(c->name));
    return TOMTE_OK;
}

void tomte_home_do_activate(struct tomte_home *home,
                            const struct tomte_command *c)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    struct tomte_placement *p = placement(home, c);
    tomte_home_touch_holders(home, container);
    tomte_home_count(home, container, -1);
    if (p->insync_len == 0) {
        p->born = p->epoch;
        p->insync[p->insync_len++] = p->owner;
    }
    keep_insync(p);
    p->state = TOMTE_PLACEMENT_ACTIVE;
    p->runner = p->owner;
    p->ended = 0;
    p->elapsed_ms = c->elapsed_ms;
    p->agreed = home->version;
    tomte_home_count(home, container, 1);
    home->containers[container].owed_len = 0;
    tomte_home_free_retired(home);
}

enum tomte_err tomte_home_check_insync(const struct tomte_home *home,
                                       const struct tomte_command *c,
                                       struct tomte_home_report *report)
{
    enum tomte_err err = check_epoch(home, c, TOMTE_PLACEMENT_ACTIVE, report);
    if (err != TOMTE_OK)
        return err;
    const struct tomte_placement *p =
        &home->containers[tomte_home_find_container(home, &c->name)].placement;
    bool owner = false;
    for (unsigned i = 0; i < c->nodes_len; i++) {
        uint16_t node = tomte_home_find_node(home, &c->nodes[i]);
        owner |= node == p->owner;
        if (node == NONE ||
            (node != p->owner && !tomte_home_is_standby(p, node)))
            return SAY(report, TOMTE_ERR_INVALID, LIT("node "),
                       NAME(c->nodes[i]),
                       LIT(" does not stand by for container "), NAME(c->name));
    }
    if (!owner)
        return SAY(report, TOMTE_ERR_INVALID, LIT("the owner of container "),
                   NAME(c->name), LIT(" must be in its in-sync set"));
    return TOMTE_OK;
}

void tomte_home_do_insync(struct tomte_home *home,
                          const struct tomte_command *c)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    struct tomte_placement *p = placement(home, c);
    tomte_home_touch_holders(home, container);
    tomte_home_count(home, container, -1);
    p->insync_len = 0;
    for (unsigned i = 0; i < c->nodes_len; i++)
        p->insync[p->insync_len++] = tomte_home_find_node(home, &c->nodes[i]);
    keep_insync(p);
    p->agreed = home->version;
    tomte_home_count(home, container, 1);
}

enum tomte_err tomte_home_check_standbys(const struct tomte_home *home,
                                         const struct tomte_command *c,
                                         struct tomte_home_report *report)
{
    enum tomte_err err = check_epoch(home, c, TOMTE_PLACEMENT_ACTIVE, report);
    if (err != TOMTE_OK)
        return err;
    const struct tomte_placement *p =
        &home->containers[tomte_home_find_container(home, &c->name)].placement;
    return check_standbys_of(home, c, &home->nodes[p->owner].name, report);
}

void tomte_home_do_standbys(struct tomte_home *home,
                            const struct tomte_command *c)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    struct tomte_placement *p = placement(home, c);
    tomte_home_touch_holders(home, container);
    tomte_home_count(home, container, -1);
    set_standbys(home, c, p);
    keep_insync(p);
    tomte_home_count(home, container, 1);
    p->agreed = home->version;
    tomte_home_touch_holders(home, container);
}

static enum tomte_err check_epoch(const struct tomte_home *home,
                                  const struct tomte_command *c, unsigned state,
                                  struct tomte_home_report *report)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    if (container == NONE)
        return tomte_home_check_exists(home, c, report);
    const struct tomte_placement *p = &home->containers[container].placement;
    if (c->epoch != p->epoch)
        return SAY(report, TOMTE_ERR_STALE, LIT("container "), NAME(c->name),
                   LIT(": that is not its epoch"));
    if (p->state != state)
        return SAY(report, TOMTE_ERR_STATE, LIT("container "), NAME(c->name),
                   LIT(" is not "),
                   state == TOMTE_PLACEMENT_ACTIVE ? LIT("active")
                                                   : LIT("pending"));
    return TOMTE_OK;
}

static enum tomte_err check_standbys_of(const struct tomte_home *home,
                                        const struct tomte_command *c,
                                        const struct tomte_name *owner,
                                        struct tomte_home_report *report)
{
    for (unsigned i = 0; i < c->nodes_len; i++) {
        if (tomte_home_find_node(home, &c->nodes[i]) == NONE)
            return SAY(report, TOMTE_ERR_NOT_FOUND, LIT("there is no node "),
                       NAME(c->nodes[i]));
        if (tomte_name_equal(&c->nodes[i], owner))
            return SAY(report, TOMTE_ERR_INVALID, LIT("node "),
                       NAME(c->nodes[i]), LIT(" cannot stand by for itself"));
    }
    return TOMTE_OK;
}

static void set_standbys(const struct tomte_home *home,
                         const struct tomte_command *c,
                         struct tomte_placement *p)
{
    p->standbys_len = 0;
    for (unsigned i = 0; i < c->nodes_len; i++)
        p->standbys[p->standbys_len++] =
            tomte_home_find_node(home, &c->nodes[i]);
}

/* Only who owns or stands by is kept up to date; in this order. */
static void keep_insync(struct tomte_placement *p)
{
    uint16_t kept[TOMTE_HOME_HOLDERS_MAX];
    uint8_t len = 0;
    if (tomte_home_is_insync(p, p->owner))
        kept[len++] = p->owner;
    for (unsigned i = 0; i < p->standbys_len; i++)
        if (tomte_home_is_insync(p, p->standbys[i]))
            kept[len++] = p->standbys[i];
    memcpy(p->insync, kept, len * sizeof(*kept));
    p->insync_len = len;
}

static struct tomte_placement *placement(struct tomte_home *home,
                                         const struct tomte_command *c)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    return &home->containers[container].placement;
}
