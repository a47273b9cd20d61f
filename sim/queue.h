/* SPDX-License-Identifier: Apache-2.0 */
/* sim/queue.h: what will happen, by virtual time.
 *
 * Ordered by (time, number), the number counting what was put: two things at
 * the same time happen in the order in which they were planned, on every
 * machine. */
#pragma once

#include "base/base.h"

enum happening_kind {
    HAPPEN_DATAGRAM, /* arrives at `node` from `from` */
    HAPPEN_TIMER,    /* the node's deadline */
    HAPPEN_TICK,     /* nature: readings of sensors */
    HAPPEN_FAULT,    /* faults.c decides what */
    HAPPEN_PERSON,   /* the person's deadline */
};

struct happening {
    uint64_t at_us;
    uint64_t number;
    uint8_t kind;  /* enum happening_kind */
    uint16_t node; /* or what the fault is about */
    uint64_t tag;  /* boot of the node it is meant for, or the fault's own */
    struct tomte_addr from;
    uint8_t *bytes; /* malloc'ed, freed by who takes it */
    uint16_t len;
};

struct queue {
    struct happening *heap;
    size_t len, cap;
    uint64_t number;
};

void queue_put(struct queue *q, struct happening h);

/* The earliest; false when there is none. */
bool queue_take(struct queue *q, struct happening *out);

void queue_free(struct queue *q);
