/* SPDX-License-Identifier: Apache-2.0 */
/* channel/actuator.h: one actuator: who may drive it, and what it does now.
 *
 * Three can want something, the first of these that does is driven:
 *
 *   person      an override: until its time is over or it is released; kept
 *               over a restart
 *   container   the last accepted write, until `timeout_ms` after it came
 *   safe        the safe value: at boot, and whenever nobody else wants
 *
 * Fences. Which identities may write, and at which epoch, comes from the view.
 * A higher epoch shuts out the lower one for good, so it must not be forgotten:
 * it is stored before it is used. tomte_actuator_view only notes it; the caller
 * stores what encode gives, syncs, and says so with tomte_actuator_stored; from
 * then on it counts, and only then may the view be confirmed to the keeper. An
 * epoch never goes down while its identity is granted.
 *
 * The same for an override: set, then store; it is driven only when stored.
 *
 * Ticks. Answers tell the writer the actuator's tick, and a writer says up to
 * which tick its write may be accepted (grant.h). A tick is the node's
 * milliseconds with the number of its boot above them, so that a tick of an
 * earlier boot is always past.
 *
 * Life: init -> decode? -> (view | write | override | release | step, then
 * store when unstored, then poll until false)*. `deadline` says when to step.
 * No pointers are held. */
#pragma once

#include "base/base.h"
#include "channel/origin.h"
#include "channel/value.h"

/* Identities that may write one actuator: one, or an arbiter and those who
 * are being replaced. */
#define TOMTE_ACTUATOR_GRANTS_MAX 4

/* Of an override when none is said, and the longest. */
#define TOMTE_OVERRIDE_MS     3600000u
#define TOMTE_OVERRIDE_MS_MAX 604800000u

/* How much of an override's time a restart may give back: what is left of it
 * is stored anew after that long. */
#define TOMTE_OVERRIDE_STORE_MS 300000u

/* `not_after` of a writer that has seen no tick: expired at any time, and
 * answered with the tick. */
#define TOMTE_NOT_AFTER_PROBE 1u

struct tomte_actuator_config {
    struct tomte_value safe;
    uint32_t timeout_ms; /* 0: a write is wanted until the next */
    uint32_t boot;       /* number of this boot; rises with each */
};

struct tomte_fence {
    struct tomte_name identity;
    uint64_t epoch;
};

struct tomte_fences {
    uint8_t len;
    struct tomte_fence list[TOMTE_ACTUATOR_GRANTS_MAX]; /* by identity */
};

struct tomte_write_position {
    uint64_t stream, sequence; /* 0: none */
};

enum tomte_drive_source {
    TOMTE_DRIVE_SAFE,
    TOMTE_DRIVE_CONTAINER,
    TOMTE_DRIVE_PERSON,
};

/* What the actuator shall do. */
struct tomte_drive {
    enum tomte_drive_source source;
    struct tomte_value value;
};

struct tomte_actuator {
    struct tomte_actuator_config config;
    struct tomte_fences fences;  /* stored, in use */
    struct tomte_fences pending; /* by the newest view */
    /* accepted last, beside fences.list and in its epoch */
    struct tomte_write_position last[TOMTE_ACTUATOR_GRANTS_MAX];
    bool wants; /* a container does */
    struct tomte_name wants_identity;
    struct tomte_value wants_value;
    uint64_t wants_until_ms;
    bool override;
    bool override_stored;
    struct tomte_value override_value;
    uint64_t override_until_ms;
    uint64_t store_ms; /* an override's rest is stored again then */
    bool unstored;
    bool encoded;
    bool polled; /* `driven` was handed out */
    struct tomte_drive driven;
    uint64_t revision; /* rises with each change of what is driven */
};

void tomte_actuator_init(struct tomte_actuator *a,
                         const struct tomte_actuator_config *config);

/* The node's tick, for answers. */
uint64_t tomte_actuator_tick(const struct tomte_actuator *a, uint64_t now_ms);

/* ---- fences ---- */

/* The granted identities and their epochs, as the newest view has them. FULL
 * over TOMTE_ACTUATOR_GRANTS_MAX, DUPLICATE; nothing is changed then. */
TOMTE_MUST_CHECK enum tomte_err
tomte_actuator_view(struct tomte_actuator *a, const struct tomte_fence *grants,
                    size_t count);

/* ---- writes ---- */

enum tomte_write_verdict {
    TOMTE_WRITE_ACCEPTED,
    TOMTE_WRITE_OVERRIDDEN,    /* kept as wanted, a person's value is driven */
    TOMTE_WRITE_DENIED,        /* identity not granted */
    TOMTE_WRITE_FENCED,        /* its epoch is below the one held */
    TOMTE_WRITE_UNKNOWN_EPOCH, /* above: a newer view is needed */
    TOMTE_WRITE_EXPIRED,       /* its not_after has passed */
    TOMTE_WRITE_STALE,         /* a newer one of this writer was accepted */
};

struct tomte_write_report {
    enum tomte_write_verdict verdict;
    struct tomte_name identity;
    uint64_t epoch; /* of the write */
    uint64_t held;  /* of the fence; 0: not granted */
    uint64_t tick;  /* of the answer: [held, tick] */
};

/* A container's write. The very same one again is ACCEPTED and changes
 * nothing: it does not renew the value, a later number does. */
struct tomte_write_report
tomte_actuator_write(struct tomte_actuator *a,
                     const struct tomte_origin *origin,
                     const struct tomte_value *value, uint64_t now_ms);

/* OK for ACCEPTED and OVERRIDDEN (2.04), DENIED (4.03), FENCED (4.12), AGAIN
 * for UNKNOWN_EPOCH (5.03), TIMEOUT for EXPIRED (5.04), STALE (4.09). */
enum tomte_err tomte_write_verdict_err(enum tomte_write_verdict verdict);

/* "heater refused epoch 7, holds 8": what to log, for every verdict. */
void tomte_write_report_text(struct tomte_text *out, struct tomte_span actuator,
                             const struct tomte_write_report *report);

/* ---- a person ---- */

/* `for_ms` 0 stands for TOMTE_OVERRIDE_MS; more than the longest is RANGE. */
TOMTE_MUST_CHECK enum tomte_err
tomte_actuator_override(struct tomte_actuator *a,
                        const struct tomte_value *value, uint64_t for_ms,
                        uint64_t now_ms);
void tomte_actuator_release(struct tomte_actuator *a);

/* What is left of an override; 0 when there is none. */
uint64_t tomte_actuator_override_left_ms(const struct tomte_actuator *a,
                                         uint64_t now_ms);

/* ---- time and effects ---- */

/* Lets pass what is over. */
void tomte_actuator_step(struct tomte_actuator *a, uint64_t now_ms);

/* When to step at the latest; UINT64_MAX: not by time. */
uint64_t tomte_actuator_deadline(const struct tomte_actuator *a);

/* True when the actuator shall do something that poll has not said before;
 * always true the first time. */
bool tomte_actuator_poll(struct tomte_actuator *a, struct tomte_drive *drive);

/* ---- storage ---- */

/* What encode writes, at most. */
#define TOMTE_ACTUATOR_BYTES_MAX                                               \
    (3 + TOMTE_ACTUATOR_GRANTS_MAX * 43 + 15 + TOMTE_VALUE_BYTES_MAX)

/* Something that must survive a restart has changed: encode, write, sync,
 * stored. A new fence or override has no effect until then; the end of an
 * override has it at once. */
bool tomte_actuator_unstored(const struct tomte_actuator *a);

/* Deterministic CBOR: the fences of the newest view, and the override with the
 * time that is left of it. */
TOMTE_MUST_CHECK enum tomte_err tomte_actuator_encode(struct tomte_actuator *a,
                                                      uint64_t now_ms,
                                                      struct tomte_buf out,
                                                      struct tomte_span *bytes);

/* What encode gave last is on stable storage. Asserts that nothing changed in
 * between. */
void tomte_actuator_stored(struct tomte_actuator *a, uint64_t now_ms);

/* Replaces all but the config. The time the node was off is not known, so an
 * override has left what was stored. On an error the actuator is as after
 * init: it refuses everyone until the next view. */
TOMTE_MUST_CHECK enum tomte_err tomte_actuator_decode(struct tomte_actuator *a,
                                                      struct tomte_span bytes,
                                                      uint64_t now_ms);
