/* SPDX-License-Identifier: Apache-2.0 */
#include "home/evolve.h"

#include "base/assert.h"

#include <string.h>

static void put_aside(struct tomte_home_container *c);
static void take_back(struct tomte_home *home, uint16_t container);

void tomte_home_begin_trial(struct tomte_home *home, uint16_t container)
{
    struct tomte_home_container *c = &home->containers[container];
    TOMTE_ASSERT(!c->trial);
    put_aside(c);
    tomte_home_ports_park(home, container);
    c->trial = true;
    c->gave_up_len = 0;
    home->trials++;
}

void tomte_home_end_trial(struct tomte_home *home, uint16_t container)
{
    struct tomte_home_container *c = &home->containers[container];
    if (!c->trial)
        return;
    tomte_home_parked_free(home, container);
    c->before = (struct tomte_home_before){.port = NONE};
    c->trial = false;
    c->afresh = false;
    home->trials--;
}

void tomte_home_go_back(struct tomte_home *home, uint16_t container,
                        struct tomte_span reason)
{
    struct tomte_home_container *c = &home->containers[container];
    tomte_home_touch(home, container);
    tomte_home_owe_back(home, container);
    tomte_home_count(home, container, -1);
    c->gave_up_version = c->manifest_version;
    c->gave_up_len = (uint8_t)reason.len;
    memcpy(c->gave_up, reason.data, reason.len);
    take_back(home, container);
    tomte_home_end_trial(home, container);
    c->changed = home->version;
    tomte_home_count(home, container, 1);
    tomte_home_touch(home, container);
}

enum tomte_err tomte_home_check_keep(const struct tomte_home *home,
                                     const struct tomte_command *c,
                                     struct tomte_home_report *report)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    if (container == NONE)
        return tomte_home_check_exists(home, c, report);
    const struct tomte_home_container *k = &home->containers[container];
    if (!k->trial || c->epoch != k->placement.epoch)
        return SAY(report, TOMTE_ERR_STALE, LIT("container "), NAME(c->name),
                   LIT(" is not on trial with that epoch"));
    return TOMTE_OK;
}

void tomte_home_do_keep(struct tomte_home *home, const struct tomte_command *c)
{
    uint16_t container = tomte_home_find_container(home, &c->name);
    tomte_home_end_trial(home, container);
    tomte_home_touch_holders(home, container);
}

enum tomte_err tomte_home_check_rollback(const struct tomte_home *home,
                                         const struct tomte_command *c,
                                         struct tomte_home_report *report)
{
    enum tomte_err err = tomte_home_check_keep(home, c, report);
    uint16_t container = tomte_home_find_container(home, &c->name);
    return err != TOMTE_OK ? err
                           : tomte_home_check_back(home, c, container, report);
}

void tomte_home_do_rollback(struct tomte_home *home,
                            const struct tomte_command *c)
{
    tomte_home_go_back(home, tomte_home_find_container(home, &c->name),
                       c->reason);
}

static bool on_trial(const struct tomte_home_container *c)
{
    return c->used && c->trial;
}

uint16_t tomte_home_kept_writer(const struct tomte_home *home, uint16_t but,
                                const struct tomte_channel_name *channel)
{
    for (uint16_t i = 0; home->trials > 0 && i < home->limits.containers; i++) {
        if (i == but || !on_trial(&home->containers[i]))
            continue;
        uint16_t p = home->containers[i].before.port;
        for (; p != NONE; p = home->ports[p].next)
            if (home->ports[p].direction == TOMTE_PORT_OUT &&
                tomte_channel_name_equal(&home->ports[p].channel, channel))
                return i;
    }
    return NONE;
}

unsigned tomte_home_kept_readers(const struct tomte_home *home, uint16_t but,
                                 const struct tomte_channel_name *channel)
{
    unsigned n = 0;
    for (uint16_t i = 0; home->trials > 0 && i < home->limits.containers; i++) {
        if (i == but || !on_trial(&home->containers[i]))
            continue;
        uint16_t p = home->containers[i].before.port;
        for (; p != NONE; p = home->ports[p].next)
            n += home->ports[p].direction == TOMTE_PORT_IN &&
                 tomte_channel_name_equal(&home->ports[p].channel, channel);
    }
    return n;
}

static void put_aside(struct tomte_home_container *c)
{
    struct tomte_home_before *b = &c->before;
    *b = (struct tomte_home_before){
        .port = NONE,
        .durability = c->durability,
        .without_keeper = c->without_keeper,
        .standbys = c->standbys,
        .priority = c->priority,
        .away_from_len = c->away_from_len,
        .apart_from_len = c->apart_from_len,
        .memory_kib = c->memory_kib,
        .fuel_per_second = c->fuel_per_second,
        .flash_kib = c->flash_kib,
        .manifest_name = c->manifest_name,
        .manifest_version = c->manifest_version,
        .near = c->near,
    };
    memcpy(b->digest, c->digest, sizeof(b->digest));
    memcpy(b->away_from, c->away_from, sizeof(b->away_from));
    memcpy(b->apart_from, c->apart_from, sizeof(b->apart_from));
}

static void take_back(struct tomte_home *home, uint16_t container)
{
    struct tomte_home_container *c = &home->containers[container];
    const struct tomte_home_before *b = &c->before;
    memcpy(c->digest, b->digest, sizeof(c->digest));
    c->manifest_name = b->manifest_name;
    c->manifest_version = b->manifest_version;
    c->durability = b->durability;
    c->without_keeper = b->without_keeper;
    c->standbys = b->standbys;
    c->memory_kib = b->memory_kib;
    c->fuel_per_second = b->fuel_per_second;
    c->flash_kib = b->flash_kib;
    c->near = b->near;
    c->away_from_len = b->away_from_len;
    memcpy(c->away_from, b->away_from, sizeof(c->away_from));
    tomte_home_set_apart(home, container, b->apart_from, b->apart_from_len);
    tomte_home_set_priority(home, container, b->priority);
    tomte_home_ports_unpark(home, container);
}
