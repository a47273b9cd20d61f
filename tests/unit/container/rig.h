/* SPDX-License-Identifier: Apache-2.0 */
/* A store on a disk that can lose its power, and a container on it. */
#pragma once

#include "base/base.h"
#include "container/container.h"
#include "sim/disk.h"

#define RIG_FUEL 1000u /* of a slice */

/* ---- the store --------------------------------------------------------- */

struct rig_store {
    struct tomte_disk *disk;
    struct tomte_store store;
    struct tomte_store_report report;
    struct tomte_arena arena;
    uint8_t memory[65536];
};

/* A formatted store of 64 sectors of 4 KiB, 24 of them for the log. */
void rig_store_new(struct rig_store *r, uint64_t seed);
void rig_store_mount(struct rig_store *r);
void rig_store_free(struct rig_store *r);

/* Cut the power now and mount again. */
void rig_store_crash(struct rig_store *r);

/* ---- the container ----------------------------------------------------- */

struct rig {
    struct rig_store *on;
    struct tomte_history history;
    struct tomte_container c;
    uint64_t now_ms;
    uint64_t epoch;

    /* what `get` answers, by port; -2 at first */
    uint8_t state[TOMTE_LIMIT_PORTS][TOMTE_LIMIT_MESSAGE_BYTES];
    int32_t state_len[TOMTE_LIMIT_PORTS];
    unsigned gets;

    struct tomte_arena arena;
    struct tomte_arena scratch;
    uint8_t image[16384];
    struct tomte_span image_span;
    uint8_t ring[16384];
    uint8_t memory[131072];
    uint8_t scratch_memory[262144];
};

/* The module of tests/containers, as bytes; skips the test when containers
 * could not be built. Lasts until the next call. */
struct tomte_span rig_module(const char *name);

/* Puts the image together; the container is EMPTY. */
void rig_image(struct rig *r, const struct tomte_manifest *m,
               struct tomte_span module);

/* Opens the history and loads the image: LOADED. `identity` is "it". */
enum tomte_err rig_load(struct rig *r, struct rig_store *on, uint64_t epoch);

/* From nothing to READY, with the first checkpoint. */
void rig_start(struct rig *r, struct rig_store *on);

/* After a crash or on another store: to READY again, without checkpoint.
 * Counts the events that were replayed. */
unsigned rig_recover(struct rig *r, struct rig_store *on, uint64_t epoch,
                     uint64_t elapsed_ms);

void rig_checkpoint(struct rig *r);

/* Begins and runs to the end: DONE or TRAPPED. */
enum tomte_run rig_run(struct rig *r, const struct tomte_event *event);

/* The same, and commits it, or undoes it and replays. */
enum tomte_run rig_event(struct rig *r, const struct tomte_event *event);

/* Replays until RECOVERED; FAILED fails the test. Counts REPLAYED. */
unsigned rig_replay(struct rig *r);

enum tomte_run rig_send(struct rig *r, enum tomte_event_kind kind,
                        unsigned port, const char *payload);

/* Output `i` of the last event. */
struct tomte_span rig_output(const struct rig *r, size_t i);

/* The digest of its state, for comparisons. */
struct rig_digest {
    uint8_t bytes[TOMTE_IMAGE_DIGEST_BYTES];
};
struct rig_digest rig_digest(struct rig *r);
bool rig_digest_equal(struct rig_digest a, struct rig_digest b);
