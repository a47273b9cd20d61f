/* SPDX-License-Identifier: Apache-2.0 */
/* keepers/heap.h: the memory of one libraft instance.
 *
 * libraft allocates through one table that is global to the process. Each
 * keeper installs its own before it enters the library, so that what it holds
 * is counted, is bounded, and can be dropped at once: that is how a core is
 * restarted without going through its shutdown.
 *
 * The bound is kept a little later: some of libraft's ways out of a refused
 * allocation free twice (found by failing each of them), so it is never
 * refused; a core that has taken too much is started anew when it returns. When
 * the machine itself has no memory the process panics, and starts again from
 * its storage. Not thread-safe, as libraft is not. */
#pragma once

#include <raft.h>

#include <stdbool.h>
#include <stddef.h>

struct keepers_block;

struct keepers_heap {
    struct raft_heap ops;
    struct keepers_block *blocks;
    size_t used; /* bytes, without our headers */
    size_t high; /* the most that was ever used */
    size_t limit;
    bool over; /* the limit was passed since the last drop */
};

/* The struct must not move afterwards. */
void keepers_heap_init(struct keepers_heap *h, size_t limit);

/* libraft allocates here from now on. */
void keepers_heap_enter(struct keepers_heap *h);

/* Gives back all of it. */
void keepers_heap_drop(struct keepers_heap *h);
