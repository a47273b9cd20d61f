/* SPDX-License-Identifier: Apache-2.0 */
/* The first version: a message adds one; "old" makes it trap. */
#include "tally.h"

TOMTE_SAVE
{
    return TOMTE_SAVED(tally.count);
}

TOMTE_ON_EVENT(event)
{
    if (event->kind == TOMTE_START)
        tally_ports();
    if (event->kind == TOMTE_TIMER)
        tally_add(100);
    if (event->kind != TOMTE_MESSAGE)
        return;
    if (tally_is("old", 3))
        __builtin_trap();
    (void)tomte_timer(0, 60000);
    tally_add(1);
}
