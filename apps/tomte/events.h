/* SPDX-License-Identifier: Apache-2.0 */
/* tomte/events.h: what the nodes of a home say, as they say it: the new lines
 * of their log files, in the order of their times. */
#pragma once

#include "home_run.h"

#define EVENTS_KEPT 64

struct event_line {
    char time[24]; /* "2026-11-24T11:21:32.012" */
    char level;    /* i, w or e */
    uint8_t node;  /* its index in the home file */
    char text[200];
};

struct events {
    long at[HOME_NODES_MAX]; /* how far each log was read */
    size_t len;              /* of the lines kept, oldest first */
    struct event_line lines[EVENTS_KEPT];
};

/* What the logs hold by now is no news. */
void events_skip(struct events *e, const struct home_run *run);

/* Reads what is new, the youngest EVENTS_KEPT lines of it; how many of those
 * kept are new, at the end of `lines`. */
size_t events_read(struct events *e, const struct home_run *run);

/* As an object, a line of its own, to standard output. */
void event_json(const struct event_line *line, const struct home_run *run);

/* "11:21:32.012 attic    holds a lease", at most `cap` bytes. */
void event_text(const struct event_line *line, const struct home_run *run,
                char *out, size_t cap);
