/* SPDX-License-Identifier: Apache-2.0 */
/* e2e/kills.h: the parts of the test of kills: the person who goes on pressing
 * the button, and the watch over what must never happen. */
#pragma once

#include "tomte/scene.h"

#include <stdio.h>

#define EVENTS_MAX 16384 /* as many as tally counts */
#define EVENT_PAGE 256

/* Counts and says what is wrong; the test goes on to its end. */
__attribute__((format(printf, 1, 2))) void wrong(const char *format, ...);
unsigned wrongs(void);

/* ---- kills_switch.c: the switch as a child, and the lines to it ---- */

struct lines {
    FILE *to, *from;
    pid_t pid;
};

bool switch_start(struct lines *l, const char *program,
                  const struct home_file *home);

/* Tells it a command (switch.c lists them); anything but "ok" is wrong. */
void switch_tell(struct lines *l, const char *line, char answer[128]);
void switch_set(struct lines *l, const char *what, unsigned value);
void switch_end(struct lines *l);

/* ---- kills_person.c: numbered presses, from a process of its own ---- */

enum event_state { EVENT_NONE, EVENT_SENT, EVENT_ACKNOWLEDGED };

struct person {
    uint32_t sent;             /* numbers 0 .. sent - 1 were pressed */
    bool stop;                 /* set it: no further press */
    uint8_t state[EVENTS_MAX]; /* enum event_state */
};

/* Begins to press; NULL when that is not possible. The memory is shared. */
struct person *person_start(const struct scene *s);
void person_stop(struct person *p);

struct tally {
    unsigned acknowledged, unanswered; /* as the person saw it */
    unsigned lost;                     /* acknowledged, and not counted */
    unsigned twice;                    /* counted more than once */
    unsigned unasked;                  /* counted, but never sent */
    unsigned late; /* counted, though the person got no answer */
};

/* Asks the container `tally` about every number so far; false: it cannot be
 * asked within `timeout_ms`. */
bool person_check(struct scene *s, const struct person *p, uint32_t timeout_ms,
                  struct tally *out);

/* ---- kills_watch.c: what must never go back ---- */

struct watch {
    double starts, energy; /* highest that the meter showed */
    uint64_t fence[2];     /* of heater and lamp, as their node showed it */
    unsigned samples;
};

/* Looks at every node but `blind` (-1: at all) and checks it. */
void watch_look(struct watch *w, struct scene *s, int blind);

/* Every node is here with a lease, every container runs once, on the node that
 * the keeper names, and all its standbys have all of it. What is missing goes
 * into `why`. */
bool watch_settled(const struct scene *s, char why[128]);
