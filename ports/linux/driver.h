/* SPDX-License-Identifier: Apache-2.0 */
/* linux/driver.h: what a resource is on a Linux machine.
 *
 *   world: NAME   a thing of the process `world` (apps/world)
 *   file: PATH    a number in a file: a sensor of sysfs is read, an LED's
 *                 brightness written; relative to the home file; with
 *                 `scale`, what 1 in the file means
 *
 * A driver that fails says so once and goes on trying. */
#pragma once

#include "linux/homefile.h"

#include <uv.h>

/* A reading for resource `index`; the value is a number. */
typedef void (*driver_reading_fn)(void *ctx, size_t index, double value);
typedef void (*driver_line_fn)(void *ctx, const char *text);

struct drivers {
    uv_loop_t *loop;
    const struct home_file *home;
    const struct home_node *node;
    driver_reading_fn reading;
    driver_line_fn line;
    void *ctx;
    int fd; /* to the world; -1: none */
    uv_poll_t poll;
    uv_timer_t watch;
    uv_timer_t files;
    uint64_t due_ms[TOMTE_LIMIT_RESOURCES];
    bool failed[TOMTE_LIMIT_RESOURCES];
};

void drivers_start(struct drivers *d);

/* What the actuator shall do. */
void drivers_set(struct drivers *d, size_t index, double value);

void drivers_stop(struct drivers *d);
