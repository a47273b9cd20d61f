/* SPDX-License-Identifier: Apache-2.0 */
/* Never comes back from a message "spin". */
#include "tomte.h"

static int out;
static uint32_t count;

__attribute__((noinline)) static void spin(void)
{
    for (volatile uint32_t i = 1; i != 0; i |= 1)
        ;
}

TOMTE_ON_EVENT(event)
{
    char text[8] = {0};
    if (event->kind == TOMTE_START) {
        out = tomte_port("count");
        return;
    }
    count++;
    tomte_read(text, sizeof(text));
    if (text[0] == 's')
        spin();
    tomte_put_number(out, count);
}
