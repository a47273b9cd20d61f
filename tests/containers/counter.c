/* SPDX-License-Identifier: Apache-2.0 */
/* Counts messages on "in" and puts the count on "count". A message that is a
 * number adds that many. */
#include "tomte.h"

static int out;
static double count;

TOMTE_ON_EVENT(event)
{
    double step = 1;
    if (event->kind == TOMTE_START) {
        out = tomte_port("count");
        tomte_log("counting");
        return;
    }
    tomte_read_number(&step);
    count += step;
    tomte_put_number(out, count);
}
