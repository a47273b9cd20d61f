/* SPDX-License-Identifier: Apache-2.0 */
/* Counts messages, and its timer's events. Bad manners, by payload:
 *   "trap"     counts, puts, then traps
 *   "stack"    recurses without end
 *   "timer"    sets timer 3 to 100 ms, whose event traps while the count is odd
 */
#include "tomte.h"

static int out;
static uint32_t count;

static void change(void)
{
    count++;
    tomte_put_number(out, count);
}

__attribute__((noinline)) static void burst(void)
{
    __builtin_trap();
}

__attribute__((noinline)) static uint32_t dig(volatile uint32_t *up)
{
    volatile uint32_t here = *up + 1;
    return here == 0 ? 0 : dig(&here) + here;
}

TOMTE_ON_EVENT(event)
{
    char text[8] = {0};
    if (event->kind == TOMTE_START) {
        out = tomte_port("count");
        return;
    }
    tomte_read(text, sizeof(text) - 1);
    change();
    if (text[0] == 't' && text[1] == 'r')
        burst();
    if (text[0] == 's')
        count += dig(&count);
    if (text[0] == 't' && text[1] == 'i')
        tomte_timer(3, 100);
    if (event->kind == TOMTE_TIMER && count % 2 == 0)
        burst(); /* it was odd before this event */
}
