/* SPDX-License-Identifier: Apache-2.0 */
/* valve: opens and shuts a valve that must be shut when nobody is sure, so its
 * manifest says `without_keeper: safe`. */
#include "tomte.h"

#define EVERY_MS 2000

static int valve;
static bool open;

TOMTE_ON_EVENT(event)
{
    if (event->kind == TOMTE_START)
        valve = tomte_port("valve");
    if (event->kind == TOMTE_TIMER)
        open = !open;
    tomte_put_bool(valve, open);
    tomte_timer(0, EVERY_MS);
}
