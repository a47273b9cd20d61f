/* SPDX-License-Identifier: Apache-2.0 */
/* lamp: a button, a lamp, and nothing clever. */
#include "tomte.h"

static int lamp;
static bool on;

TOMTE_ON_EVENT(event)
{
    if (event->kind == TOMTE_START)
        lamp = tomte_port("lamp");
    if (event->kind == TOMTE_MESSAGE)
        on = !on;
    tomte_put_bool(lamp, on);
}
