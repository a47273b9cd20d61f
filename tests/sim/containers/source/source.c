/* SPDX-License-Identifier: Apache-2.0 */
/* source: numbers that begin at 1 and have no gap, as messages. What becomes of
 * them is ledger's to tell. */
#include "tomte.h"

#define EVERY_MS 4000

static int made, count;
static uint32_t last;

TOMTE_ON_EVENT(event)
{
    if (event->kind == TOMTE_START) {
        made = tomte_port("made");
        count = tomte_port("count");
    } else if (event->kind == TOMTE_TIMER) {
        last++;
        tomte_put_number(made, last);
    }
    tomte_put_number(count, last);
    tomte_timer(0, EVERY_MS);
}
