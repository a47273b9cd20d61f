/* SPDX-License-Identifier: Apache-2.0 */
/* A reactor that remembers everything, in memory. */
#include "mix.h"

static uint64_t mix;
static uint64_t past[64];
static uint32_t events;

TOMTE_ON_EVENT(event)
{
    mix = stir_event(mix, event);
    past[events++ % 64] = mix;
}
