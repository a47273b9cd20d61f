/* SPDX-License-Identifier: Apache-2.0 */
/* tomte/table.h: a running home on one screen: nodes, containers, channels with
 * their values and rates, and events as they happen. */
#pragma once

#include "events.h"
#include "scene.h"

#define TABLE_RATES 256

/* How often a channel's value was renewed, over the last seconds. */
struct table_rate {
    struct tomte_channel_name channel;
    uint64_t revision, since_ms;
    double per_second; /* below 0: not known yet */
};

struct table {
    bool colour;
    uint64_t began_ms;
    struct events *events;
    size_t rates_len;
    struct table_rate rates[TABLE_RATES];
};

/* `events` is borrowed. */
void table_init(struct table *t, struct events *events);

/* Draws what scene_look saw last over the screen, cut to its size. */
void table_draw(struct table *t, const struct scene *s);

/* A node worth killing: the one that runs most, and is not the keeper. */
const struct tomte_name *table_victim(const struct scene *s);

/* The program as a person here would type it. */
const char *table_program(const struct scene *s);
