/* SPDX-License-Identifier: Apache-2.0 */
/* The naive store: arrays, compared as bytes. And a rig: a disk, memory and a
 * store on it, with the model of what it should hold beside it. */
#pragma once

#include "sim/disk.h"
#include "store/store.h"

#include "base/random.h"

#define MODEL_RECORDS 10
#define MODEL_LOGS    3
#define MODEL_ENTRIES 48 /* that a log keeps at most */
#define MODEL_BLOBS   3
#define MODEL_LONGEST 9000 /* bytes of a blob */

/* A value is known by its length and a tag that its bytes are made from. */
struct model_value {
    uint32_t there;
    uint32_t tag;
    uint32_t len;
};

/* Zero where nothing is, and without padding, so that two models are equal when
 * their bytes are. */
struct model {
    struct model_value records[MODEL_RECORDS];
    struct model_log {
        uint64_t there;
        uint64_t first;
        uint64_t next;
        struct model_value kept[MODEL_ENTRIES]; /* first, first + 1, ... */
    } logs[MODEL_LOGS];
    struct model_value blobs[MODEL_BLOBS];
    uint32_t zero;
};

_Static_assert(sizeof(struct model) % 8 == 0, "no padding");

struct rig {
    struct tomte_disk *disk;
    struct tomte_store store;
    struct tomte_store_report report;
    struct tomte_random random;
    uint32_t tag; /* of the next value */
    bool crowded; /* long values, few removals: the store is nearly full */
    struct model now;
    /* The states since the last sync: after a cut it is one of them. */
    struct model since[128];
    uint32_t since_count;
    uint8_t memory[16384];
};

/* A formatted and mounted store; 4 KiB sectors, `ring` and `blobs` of them. */
void rig_init(struct rig *r, uint32_t ring, uint32_t blobs, uint32_t unit,
              uint64_t seed);
void rig_free(struct rig *r);
enum tomte_err rig_mount(struct rig *r);

/* One random operation on store and model. An error other than those that the
 * model foresees leaves the model undecided between before and after: both are
 * in `since`. `sync_permille` of the operations are a sync. */
enum tomte_err rig_step(struct rig *r, unsigned sync_permille);

/* What the store holds, as a model; fails the test on any error. */
void rig_read_back(struct rig *r, struct model *out);

/* The store must hold one of the states since the last sync; that is then the
 * state. */
void rig_settle(struct rig *r);

/* The store must hold exactly what the model says. */
void rig_check(struct rig *r);

/* The bytes of a value. */
struct tomte_span model_bytes(uint32_t tag, uint32_t len);
