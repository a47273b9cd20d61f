/* SPDX-License-Identifier: Apache-2.0 */
/* lodger: tries to use what it was not granted, and tells what it was told. At
 * each press of its button it names the heater and tries the port numbers. */
#include "tomte.h"

static int answer;

TOMTE_ON_EVENT(event)
{
    if (event->kind == TOMTE_START)
        answer = tomte_port("answer");
    if (event->kind != TOMTE_MESSAGE)
        return;
    int told = tomte_port("/room/heater/power");
    for (int port = 0; port < 64; port++)
        if (port != answer && tomte_put_number(port, 1) >= 0)
            told = port; /* it got through: never seen */
    tomte_put_number(answer, told);
}
