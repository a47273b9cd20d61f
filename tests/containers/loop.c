/* SPDX-License-Identifier: Apache-2.0 */
/* A plain loop that remembers everything in local variables, two calls deep
 * where it waits. Returns on a payload that begins with 'e'. */
#include "mix.h"

__attribute__((noinline)) static bool next(struct tomte_event *event,
                                           uint64_t *mix)
{
    uint8_t first = 0;
    tomte_wait(event);
    *mix = stir_event(*mix, event);
    if (event->len == 1)
        tomte_read(&first, 1);
    return first != 'e';
}

TOMTE_LOOP
{
    struct tomte_event event;
    uint64_t mix = 42;
    uint32_t events = 0;
    tomte_timer(1, 50);
    while (next(&event, &mix)) {
        events++;
        if (events % 4 == 0)
            stir(&mix, &events, sizeof(events));
    }
    tomte_log("the end");
}
