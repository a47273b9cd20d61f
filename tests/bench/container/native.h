/* SPDX-License-Identifier: Apache-2.0 */
/* The thermostat compiled for this machine: what a container is compared with.
 * Its host does the least: `get` copies a value, `put` keeps one. */
#pragma once

#include "base/span.h"

#define NATIVE_PORTS 6

/* What `get` gives, by port; borrowed. */
extern struct tomte_span native_state[NATIVE_PORTS];

void native_start(void);
void native_tick(uint64_t time_ms);

/* How many `put` there were, and what the last one was. */
extern unsigned long native_puts;
extern uint8_t native_last[64];
extern size_t native_last_len;
