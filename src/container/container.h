/* SPDX-License-Identifier: Apache-2.0 */
/* container/container.h: one running container: an image, a Wasm instance and
 * the history that makes it survive.
 *
 *            load            start, or recover .. replay*
 *   EMPTY ----------> LOADED --------------------------> READY <-----------+
 *                                                          | begin         |
 *                                                          v        commit |
 *                        undo (after a trap)            RUNNING -----------+
 *   RECOVERING <-------------------------------------------+ run*
 *        | replay*
 *        +--> READY, or QUARANTINED (release when its time is over)
 *
 * FAILED, with a reason for people, is reached when nothing can go on; STOPPED
 * when a plain loop returned. Both end with another load.
 *
 * One event:
 *
 *   begin(c, now_ms, &event);
 *   while ((r = run(c, slice)) == TOMTE_RUN_MORE)
 *       ;                                     // other work in between
 *   DONE:    read outputs, record, log; commit(c) -> the record is appended;
 *            after the store's sync (and the standbys' answers): outputs leave
 *   TRAPPED: undo(c, now_ms) -> a record that says so is appended, the last
 *            checkpoint is restored; replay(c, slice) until RECOVERED
 *
 * begin gives STATE while there is no checkpoint of the container's epoch: the
 * first one follows start or recover, then they are taken when
 * tomte_container_wants_checkpoint says so.
 *
 * Recovery: `recover` restores the checkpoint, `replay` runs the records of
 * the log again, in slices. The inputs come from the records; outputs are made
 * again and their digest is compared. After a take-over or a restart the node
 * collects them, event by event (REPLAYED), to rebuild its outboxes and latest
 * values; after an undo it has them already.
 *
 * Everything lies in the arena of the config; nothing is freed but by resetting
 * it after wipe. All times that come in are the node's monotonic milliseconds.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/name.h"
#include "base/span.h"
#include "container/abi.h"
#include "container/history.h"
#include "container/image.h"
#include "container/manifest.h"
#include "container/record.h"

struct tomte_crypto;
struct tomte_wasm_error;
struct tomte_wasm_instance;
struct tomte_wasm_limits;
struct tomte_wasm_module;
struct tomte_container_work;

enum tomte_container_state {
    TOMTE_CONTAINER_EMPTY,
    TOMTE_CONTAINER_LOADED,
    TOMTE_CONTAINER_RECOVERING,
    TOMTE_CONTAINER_READY,
    TOMTE_CONTAINER_RUNNING,
    TOMTE_CONTAINER_QUARANTINED,
    TOMTE_CONTAINER_STOPPED,
    TOMTE_CONTAINER_FAILED,
};

/* "ready", for people. */
const char *tomte_container_state_name(enum tomte_container_state state);

/* The latest representation on an in state port, into `out` (which has
 * TOMTE_LIMIT_MESSAGE_BYTES): its length, or TOMTE_ABI_NOT_FOUND. Called while
 * an event runs, never in a replay; the answer is recorded. */
typedef int32_t (*tomte_container_get_fn)(void *ctx, unsigned port,
                                          struct tomte_buf out);

struct tomte_container_config {
    struct tomte_name identity;
    uint64_t epoch;
    bool trial; /* of a new version: checkpoints keep what to go back to */
    const struct tomte_crypto *crypto;
    const struct tomte_wasm_limits *wasm_limits; /* hub's or mcu's */

    /* All that the container keeps, see tomte_container_memory. */
    struct tomte_arena *arena;

    /* Lent during load, checkpoint, recover and undo, and as it was after
     * them; containers may share one. */
    struct tomte_arena *scratch;

    struct tomte_history *history; /* open; borrowed */
    tomte_container_get_fn get_state;
    void *get_ctx;
};

/* An event as the node hands it in. Everything is copied by begin.
 *
 * While a container gets no events nothing tells its history that time goes on,
 * and a take-over would set its timers back by as much. A TICK is for that: a
 * record of some 30 bytes that the container does not see. A node gives one now
 * and then to a container that waits for a timer: see tomte_container_tick_ms.
 * So a take-over sets timers back by TOMTE_TICK_MS at most. */
struct tomte_event {
    enum tomte_event_kind kind;
    unsigned port;             /* MESSAGE, STATE: handle; TIMER: its id */
    struct tomte_span payload; /* at most TOMTE_LIMIT_MESSAGE_BYTES */
    struct tomte_span origin;  /* at most TOMTE_RECORD_ORIGIN_MAX */
    uint64_t seed;
    uint64_t unix_lo_ms; /* Unix time is in [lo, hi]: 0 and UINT64_MAX when */
    uint64_t unix_hi_ms; /* nothing is known */
};

struct tomte_output {
    uint8_t port;
    struct tomte_span payload;
};

/* An event that was taken out because it trapped. */
struct tomte_dead_letter {
    uint64_t sequence;
    uint64_t time_ms; /* container time */
    uint8_t kind;
    uint8_t port;
    char reason[TOMTE_REASON_MAX]; /* NUL-terminated */
};

#define TOMTE_DEAD_LETTERS 8

/* Three traps in ten seconds: no events for 1 s, then 2, 4 ... 60 s; one
 * minute without a trap and it begins at 1 s again. */
#define TOMTE_TRAPS_MAX           3
#define TOMTE_TRAPS_WINDOW_MS     10000u
#define TOMTE_QUARANTINE_MIN_MS   1000u
#define TOMTE_QUARANTINE_MAX_MS   60000u
#define TOMTE_QUARANTINE_RESET_MS 60000u

/* A timer whose event trapped has not fired as far as the container can tell;
 * it fires again this much later. */
#define TOMTE_TIMER_RETRY_MS 1000u

#define TOMTE_TICK_MS 60000u

/* Fields are read through the functions below. */
struct tomte_container {
    struct tomte_container_config config;
    enum tomte_container_state state;
    char reason[TOMTE_REASON_MAX]; /* of the last trap or failure */
    char notice[TOMTE_REASON_MAX + 2 * TOMTE_CHANNEL_MAX];

    const struct tomte_wasm_module *module;
    struct tomte_wasm_instance *instance;
    struct tomte_container_work *work; /* manifest and buffers, in the arena */
    uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES];
    bool loop;      /* exports _start, not tomte_event */
    bool started;   /* a start event was committed */
    bool ended;     /* a plain loop returned */
    uint32_t entry; /* the exported function's index */

    uint64_t sequence;  /* of the last committed event */
    uint64_t time_ms;   /* container time of the last event */
    uint64_t time_base; /* container time = this + node's time, wrapping */
    uint64_t timers[TOMTE_LIMIT_TIMERS]; /* container time; UINT64_MAX: unset */
    uint64_t checkpoint_at_ms;           /* container time of the last one */
    bool rebound;         /* a binding changed since the last checkpoint */
    uint64_t switched_ms; /* on trial: container time of the switch */
    bool trial_full;      /* no more events can be kept: the trial is over */

    uint32_t denied; /* ports named that were not granted, ever */
    uint32_t traps;  /* ever */

    struct {
        uint64_t at_ms[TOMTE_TRAPS_MAX]; /* the last traps, node's time */
        uint8_t count;
        uint64_t last_ms;     /* the last trap of all */
        uint32_t back_off_ms; /* of the last quarantine; 0: none yet */
        uint64_t until_ms;    /* 0: not in quarantine */
    } quarantine;
};

/* ---- life ---- */

/* How much memory an image needs: `arena` bytes to keep (without the image's
 * own bytes, which may lie in flash or be read into the arena before), and
 * `scratch` bytes that checkpoint, recover and undo borrow at most, beside the
 * node part of the checkpoint. Decodes the manifest and loads the module into
 * `scratch` to find out. */
TOMTE_MUST_CHECK enum tomte_err tomte_container_memory(
    struct tomte_span image, const struct tomte_wasm_limits *limits,
    struct tomte_arena *scratch, size_t *arena_bytes, size_t *scratch_bytes);

/* EMPTY. The config is copied, what it points to is borrowed. */
void tomte_container_init(struct tomte_container *c,
                          const struct tomte_container_config *config);

/* LOADED, or FAILED with a reason. The image's bytes are borrowed as long as
 * the container lives. Checks the manifest, validates the module, and refuses
 * imports that are not of the ABI, by name. */
TOMTE_MUST_CHECK enum tomte_err tomte_container_load(struct tomte_container *c,
                                                     struct tomte_span image);

/* READY, from nothing: the history must be empty. */
TOMTE_MUST_CHECK enum tomte_err tomte_container_start(struct tomte_container *c,
                                                      uint64_t now_ms);

/* RECOVERING: restores the history's checkpoint. `elapsed_ms` is what is known
 * to have passed since the container's last sign of life; its time goes on from
 * there. DENIED when the checkpoint is another image's. */
TOMTE_MUST_CHECK enum tomte_err
tomte_container_recover(struct tomte_container *c, uint64_t now_ms,
                        uint64_t elapsed_ms);

/* ---- another version ---- */

/* A new version takes over between two events:
 *
 *   old: recover, replay*, checkpoint   the history is the old version's, whole
 *   old: save, then `carry`             for `take`
 *   new: load, take, bind*, checkpoint  the history is the new version's
 *
 * Each checkpoint replaces the one before in one instant, so a crash leaves the
 * old version or the new one. While `config.trial` is set, checkpoints of
 * the new version hold the old one's state at the switch and the events since.
 * Going back is:
 *
 *   new: recover, replay*, checkpoint
 *   old: load, fall_back, replay*, bind*, checkpoint
 *
 * where replay gives the old version the events that the new one had, and
 * what it puts meanwhile is dropped: the new one has answered them. Its own
 * timers are as they were at the switch, and fire late, once. */
enum tomte_hand_over {
    TOMTE_HAND_OVER_STATE,  /* save of the old, load of the new */
    TOMTE_HAND_OVER_MEMORY, /* its memory, as it is */
    TOMTE_HAND_OVER_AFRESH, /* nothing: the owner wants that */
};

/* What save may give. */
#define TOMTE_SAVED_BYTES_MAX 65536u

/* save and load may use so many times the fuel of an event. */
#define TOMTE_HAND_OVER_FUEL 16u

struct tomte_carry {
    uint8_t image[TOMTE_IMAGE_DIGEST_BYTES]; /* of the old version */
    uint32_t version;
    uint64_t sequence;
    uint64_t time_ms;
    uint64_t time_base;
    uint64_t timers[TOMTE_LIMIT_TIMERS];
    struct tomte_span saved; /* STATE */
};

/* How the state of that version gets into this one, by this manifest. */
enum tomte_hand_over tomte_container_how(const struct tomte_manifest *m,
                                         uint32_t version, bool afresh);

/* What goes over, of an old version between two events. */
void tomte_container_carry(const struct tomte_container *c,
                           struct tomte_carry *carry);

/* Calls the old version's save and copies what it gives into `out`. The
 * container is only good for wipe then. UNSUPPORTED: it has none, FULL: more
 * than `out` or the bound; TRAP: with a reason. */
TOMTE_MUST_CHECK enum tomte_err tomte_container_save(struct tomte_container *c,
                                                     struct tomte_buf out,
                                                     struct tomte_span *saved);

/* LOADED: READY with what the old version had, as the event after its last; or
 * FAILED with a reason. A plain loop, and a version that begins afresh, gets a
 * start event next. The history has the old version's checkpoint. */
TOMTE_MUST_CHECK enum tomte_err
tomte_container_take(struct tomte_container *c, enum tomte_hand_over how,
                     const struct tomte_carry *carry);

/* The ports of one version by those of another: `map` of its handles, 255 for
 * those that the other has not, or otherwise. */
#define TOMTE_PORT_GONE 255u
void tomte_container_map_ports(const struct tomte_manifest *from,
                               const struct tomte_manifest *to,
                               uint8_t map[TOMTE_LIMIT_PORTS]);

/* LOADED: RECOVERING, from the fallback of the history's checkpoint. `map` is
 * from the ports of the version that is given up. `time_base` as it was there.
 * DENIED when the fallback is another image's, or there is none. */
TOMTE_MUST_CHECK enum tomte_err
tomte_container_fall_back(struct tomte_container *c, uint64_t time_base,
                          const uint8_t map[TOMTE_LIMIT_PORTS]);

/* On trial: how long the version has been; else 0. */
uint64_t tomte_container_trial_ms(const struct tomte_container *c,
                                  uint64_t now_ms);

/* Drops everything; the arena and the history are the caller's to clear. */
void tomte_container_wipe(struct tomte_container *c);

/* ---- running ---- */

enum tomte_run {
    TOMTE_RUN_MORE,      /* the slice is used up: call again */
    TOMTE_RUN_DONE,      /* run: the event is over, commit it */
    TOMTE_RUN_TRAPPED,   /* run: undo it; the reason says why */
    TOMTE_RUN_REPLAYED,  /* replay: one event is over, its outputs are there */
    TOMTE_RUN_RECOVERED, /* replay: all are; READY, STOPPED or QUARANTINED */
    TOMTE_RUN_FAILED,    /* replay: FAILED, the reason says why */
};

/* The first event a container gets is a start; until one is committed (it may
 * trap) it gets no other. */
bool tomte_container_needs_start(const struct tomte_container *c);

/* RUNNING. Nothing has changed when it fails:
 *   STATE    not READY, or no checkpoint of this epoch
 *   FULL     the history has no room for a record: checkpoint first
 *   RANGE    no such port or timer, or not of this kind
 *   TOO_LARGE payload or origin */
TOMTE_MUST_CHECK enum tomte_err
tomte_container_begin(struct tomte_container *c, uint64_t now_ms,
                      const struct tomte_event *event);

/* MORE, DONE or TRAPPED; stays so until commit or undo. */
enum tomte_run tomte_container_run(struct tomte_container *c, uint32_t fuel);

/* After DONE: appends the record; READY (or STOPPED). When the store refuses,
 * still RUNNING: try again or give the container up. */
TOMTE_MUST_CHECK enum tomte_err
tomte_container_commit(struct tomte_container *c);

/* After TRAPPED, or to give up an event that is under way (`reason` then says
 * why, else NULL): appends the record of the trap, restores the last
 * checkpoint; RECOVERING. FAILED when that cannot be done. */
TOMTE_MUST_CHECK enum tomte_err tomte_container_undo(struct tomte_container *c,
                                                     uint64_t now_ms,
                                                     const char *reason);

/* RECOVERING: MORE, REPLAYED, RECOVERED or FAILED. */
enum tomte_run tomte_container_replay(struct tomte_container *c, uint32_t fuel);

/* QUARANTINED and its time is over: READY. */
void tomte_container_release(struct tomte_container *c, uint64_t now_ms);

/* ---- what an event left: after DONE and REPLAYED, until the next call ---- */

size_t tomte_container_outputs(const struct tomte_container *c);
struct tomte_output tomte_container_output(const struct tomte_container *c,
                                           size_t i);

/* The record, decoded and encoded: also after undo. */
const struct tomte_record *
tomte_container_record(const struct tomte_container *c);
struct tomte_span tomte_container_record_bytes(const struct tomte_container *c);

/* Lines that the container logged, each ended by '\n'; empty in a replay. */
struct tomte_span tomte_container_log(const struct tomte_container *c);

/* A line for the node's own log, "" when there is none: "container hall named
 * /hall/door/lock, which it was not granted". */
const char *tomte_container_notice(const struct tomte_container *c);

/* ---- timers and time ---- */

/* Container time at a moment of the node's; never goes back. */
uint64_t tomte_container_time_ms(const struct tomte_container *c,
                                 uint64_t now_ms);

/* The timer that is due and was so first; -1: none. */
int tomte_container_due(const struct tomte_container *c, uint64_t now_ms);

/* When to come back, in the node's time: for a timer, the end of quarantine, or
 * a checkpoint by age; UINT64_MAX: no need. */
uint64_t tomte_container_deadline_ms(const struct tomte_container *c);

/* When a TICK is due, in the node's time: TOMTE_TICK_MS after the last event or
 * checkpoint of a container that waits for a timer; UINT64_MAX: none is. */
uint64_t tomte_container_tick_ms(const struct tomte_container *c);

/* ---- ports ---- */

/* The channel that a port is bound to (empty: none), so that the container can
 * find the port by that name too. READY only. What a container can see must be
 * in its history: a change makes a checkpoint due before the next event. */
TOMTE_MUST_CHECK enum tomte_err
tomte_container_bind(struct tomte_container *c, unsigned port,
                     const struct tomte_channel_name *channel);

const struct tomte_manifest *
tomte_container_manifest(const struct tomte_container *c);

/* ---- checkpoints ---- */

/* READY and: there is none of this epoch, the log is damaged or past half of
 * its bound, a binding changed, or it is older than the manifest says and there
 * are records since. */
bool tomte_container_wants_checkpoint(const struct tomte_container *c,
                                      uint64_t now_ms);

/* Takes one and commits it to the history. `node_part` is kept in it unread:
 * cursors of incoming streams, outboxes, latest values. READY only. */
TOMTE_MUST_CHECK enum tomte_err
tomte_container_checkpoint(struct tomte_container *c, uint64_t now_ms,
                           struct tomte_span node_part);

/* The node part of the checkpoint in the history. FULL when `out` is too
 * small; NOT_FOUND without a checkpoint. */
TOMTE_MUST_CHECK enum tomte_err
tomte_container_node_part(const struct tomte_container *c, struct tomte_buf out,
                          struct tomte_span *node_part);

/* A digest of all that the container's future depends on: equal on owner and
 * standby after the same events. READY only. */
TOMTE_MUST_CHECK enum tomte_err
tomte_container_state_digest(struct tomte_container *c,
                             uint8_t digest[TOMTE_IMAGE_DIGEST_BYTES]);

/* ---- dead letters ---- */

/* How many are kept, and the i-th, oldest first. */
size_t tomte_container_dead_letters(const struct tomte_container *c);
const struct tomte_dead_letter *
tomte_container_dead_letter(const struct tomte_container *c, size_t i);
