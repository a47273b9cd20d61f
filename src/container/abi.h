/* SPDX-License-Identifier: Apache-2.0 */
/* container/abi.h: the numbers that a container and its host agree on, version
 * 1 (docs/spec/abi.md; the container's side is sdk/c/tomte.h).
 *
 * Whatever a container can observe must be the same on every node, or a replay
 * elsewhere would diverge: so these bounds do not differ between a
 * microcontroller and a hub. */
#pragma once

#include "base/limits.h"

#define TOMTE_ABI_MODULE "tomte" /* of the imports */

enum tomte_event_kind {
    TOMTE_EVENT_TICK = 0, /* time went on; the container does not see it */
    TOMTE_EVENT_START = 1,
    TOMTE_EVENT_MESSAGE = 2, /* of an event port */
    TOMTE_EVENT_STATE = 3,   /* a state port has a new representation */
    TOMTE_EVENT_TIMER = 4,
    TOMTE_EVENT_LOAD = 5, /* tomte_load: never in a record, never an event */
};

/* Results of host functions below zero. */
enum tomte_abi_error {
    TOMTE_ABI_DENIED = -1,
    TOMTE_ABI_NOT_FOUND = -2,
    TOMTE_ABI_FULL = -3,
    TOMTE_ABI_TOO_LARGE = -4,
    TOMTE_ABI_BAD_ARGUMENT = -5,
    TOMTE_ABI_CLOSED = -6, /* no event is at hand */
};

/* What `wait` fills in: kind u32, port u32, len u32, zero u32, time_ms u64. */
#define TOMTE_ABI_EVENT_BYTES 24

/* Outputs of one event, their bytes together; TOMTE_LIMIT_OUTPUTS of them. */
#define TOMTE_EVENT_OUTPUT_BYTES 2048

/* Log lines of one event, together; what is more is cut off. */
#define TOMTE_EVENT_LOG_BYTES 512
