/* SPDX-License-Identifier: Apache-2.0 */
/* container/internal.h: what the files of the room share about a running
 * container; private to the room.
 *
 *   container.c    life: load, start; questions
 *   event.c        one event: begin, run, commit
 *   recover.c      undo, restore, replay, quarantine
 *   snapshot.c     checkpoints: made, read, digested
 *   handover.c     from one version to another, and back
 *   abi.c          the functions that a container imports */
#pragma once

#include "base/arena.h"
#include "base/random.h"
#include "container/container.h"
#include "wasm/wasm.h"

/* The same on every node, or a table could grow here and not there. */
#define CONTAINER_TABLE_ENTRIES 1024

/* Nested calls are bounded by the stack: a frame has 16 bytes. */
#define CONTAINER_FRAME_BYTES 16

/* Events that trap in the version that is gone back to; more end the rerun. */
#define CONTAINER_RERUN_SKIPS 8

struct container_output {
    uint8_t port;
    uint16_t at;
    uint16_t len;
};

/* In the container's arena. */
struct tomte_container_work {
    struct tomte_manifest manifest;
    struct tomte_channel_name bound[TOMTE_LIMIT_PORTS];

    /* the event at hand, or the last one */
    bool event;  /* the container is inside one: host functions work */
    bool replay; /* it is one of the log's */
    bool diverged;
    enum tomte_run result; /* MORE: not over */
    struct tomte_record record;
    struct tomte_span encoded; /* of `record`, in `bytes` */
    uint8_t bytes[TOMTE_RECORD_BYTES];
    uint8_t payload[TOMTE_LIMIT_MESSAGE_BYTES];
    uint8_t origin[TOMTE_RECORD_ORIGIN_MAX];
    /* values that `get` gave, and room for the next before it is known */
    uint8_t gets[TOMTE_RECORD_BYTES + TOMTE_LIMIT_MESSAGE_BYTES];
    uint32_t gets_used;
    uint32_t gets_room; /* what the record can still take of them */
    struct tomte_random random;
    uint8_t outputs_len;
    uint16_t outputs_used;
    struct container_output outputs[TOMTE_LIMIT_OUTPUTS];
    uint8_t output_bytes[TOMTE_EVENT_OUTPUT_BYTES];
    uint16_t log_used;
    char log[TOMTE_EVENT_LOG_BYTES];

    /* recovery */
    struct tomte_history_cursor cursor;
    bool moved;           /* to another node or start: time is set anew */
    uint64_t resume_base; /* then: elapsed - the node's time */

    /* going back to an older version: the events of the one that is given up */
    bool rerun;
    struct tomte_span rerun_records; /* in the container's arena */
    size_t rerun_at;
    uint8_t rerun_map[TOMTE_LIMIT_PORTS];
    uint8_t rerun_skips;
    uint64_t rerun_skip[CONTAINER_RERUN_SKIPS]; /* those that trap */

    uint8_t letters_len;
    uint8_t letters_first;
    struct tomte_dead_letter letters[TOMTE_DEAD_LETTERS];
};

/* The state FAILED, for `err`, with this reason. Returns err. */
enum tomte_err container_fail(struct tomte_container *c, enum tomte_err err,
                              const char *what, const char *detail);

/* c->reason: "what: detail"; either may be NULL. */
void container_reason(struct tomte_container *c, const char *what,
                      const char *detail);

/* The engine's trap as c->reason: "unreachable in tomte_event at 0x41". */
void container_trap_reason(struct tomte_container *c);

/* The module's own start function, if it has one, runs to its end. */
enum tomte_err container_run_start(struct tomte_container *c);

/* The type of an export or import, in the letters of the engine's tables. */
bool container_type_matches(struct tomte_wasm_type type, const char *letters);

/* The end of a recovery: READY, STOPPED or QUARANTINED. */
enum tomte_run container_recovered(struct tomte_container *c);

/* Start the event in work->record, a live one or one of the log. */
void container_event_start(struct tomte_container *c);

/* Go on with it; the same results as tomte_container_run. */
enum tomte_run container_event_run(struct tomte_container *c, uint32_t fuel);

/* The digest that goes into the record: outputs and timers. */
void container_effects_digest(const struct tomte_container *c,
                              uint8_t digest[TOMTE_RECORD_DIGEST_BYTES]);

/* Puts the container into the state of its history's checkpoint. */
enum tomte_err container_restore(struct tomte_container *c);

/* Reads the checkpoint of the history, with its parts; all of it in `scratch`,
 * or in place. */
struct tomte_checkpoint;
enum tomte_err container_checkpoint_load(const struct tomte_container *c,
                                         struct tomte_arena *scratch,
                                         struct tomte_checkpoint **checkpoint);

/* The state of a checkpoint's body and snapshot, of this image or one that has
 * the same memory. */
struct tomte_checkpoint_body;
enum tomte_err container_restore_from(struct tomte_container *c,
                                      struct tomte_span module,
                                      const struct tomte_checkpoint_body *body,
                                      struct tomte_span snapshot);

/* handover.c: the pieces of the fallback that goes into the next checkpoint.
 * `parts_len` 0: none. Spans lie in `scratch`. */
struct container_fallback {
    size_t parts_len;
    struct tomte_span parts[4];
    struct tomte_history_cursor cursor; /* then the records of the log */
    size_t log_bytes;
};
enum tomte_err container_fallback(struct tomte_container *c,
                                  struct tomte_arena *scratch,
                                  struct container_fallback *f);

/* handover.c: the next event of a rerun, see tomte_container_replay. */
enum tomte_run container_rerun(struct tomte_container *c, uint32_t fuel);

/* The functions of the ABI; `user` of the instance is the container. */
extern const struct tomte_wasm_host_func container_host[];
extern const size_t container_host_len;
