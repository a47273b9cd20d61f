/* SPDX-License-Identifier: Apache-2.0 */
/* The second version: a message adds ten; "new" makes it trap, "worse" breaks
 * a rule about its count. Saves what the third would load. */
#include "tally.h"

TOMTE_SAVE
{
    return TOMTE_SAVED(tally.count);
}

TOMTE_LOAD(version, len)
{
    if (version != 1 || len != sizeof(tally.count))
        __builtin_trap();
    (void)tomte_read(&tally.count, sizeof(tally.count));
    tally_ports();
    if (tally.count == 13)
        __builtin_trap();
}

TOMTE_ON_EVENT(event)
{
    if (event->kind == TOMTE_START)
        tally_ports();
    if (event->kind == TOMTE_TIMER)
        tally_add(1000);
    if (event->kind != TOMTE_MESSAGE)
        return;
    if (tally_is("new", 3))
        __builtin_trap();
    (void)tomte_timer(1, 5000);
    tally_add(tally_is("worse", 5) ? 1000000 : 10);
}
